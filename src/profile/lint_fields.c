/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "profile/lint_priv.h"

/* lint_fields.c - the fields that every certificate has: RFC 5280 4.1. */

static void check_serial(struct lint_view *v)
{
	static const char section[] = "RFC 5280 4.1.2.2";
	const unsigned char *p = (const unsigned char *)v->serial.p;
	size_t n = v->serial.n;

	if (n == 0) {
		lint_add(v, LINT_ERROR, "serial_malformed", section,
			 "the serial number is an integer without a byte");
		return;
	}
	if ((p[0] & 0x80) != 0)
		lint_add(v, LINT_ERROR, "serial_negative", section,
			 "the serial number is negative");
	if (n == 1 && p[0] == 0)
		lint_add(v, LINT_ERROR, "serial_zero", section, "the serial number is zero");
	if (n > 1 && ((p[0] == 0 && p[1] < 0x80) || (p[0] == 0xff && p[1] >= 0x80)))
		lint_add(v, LINT_ERROR, "serial_not_minimal", "X.690 8.3.2",
			 "the serial number is not in its shortest form");
	if (n > 20)
		lint_add(v, LINT_ERROR, "serial_long", section,
			 "the serial number has %zu octets, more than 20", n);
}

static void check_version(struct lint_view *v)
{
	if (v->version != 3 && v->n_exts == 0)
		lint_add(v, LINT_WARNING, "version_old", "RFC 5280 4.1.2.1",
			 "version is %d: what the certificate may be used for is not limited",
			 v->version);
	if (v->unique_ids)
		lint_add(v, LINT_ERROR, "unique_id", "RFC 5280 4.1.2.8",
			 "issuer or subject have a unique identifier");
}

/* ---- dates ---- */

static bool digits(struct str s, size_t n)
{
	if (s.n < n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return true;
}

static void check_time(struct lint_view *v, unsigned i)
{
	static const char *const names[] = {"notBefore", "notAfter"};
	static const char section[] = "RFC 5280 4.1.2.5";
	struct str t = v->time[i];

	if (v->time_tag[i] != DER_UTC_TIME && v->time_tag[i] != DER_GENERALIZED_TIME) {
		lint_add(v, LINT_ERROR, "time_type", section,
			 "%s is neither UTCTime nor GeneralizedTime", names[i]);
		return;
	}
	if (!v->time_ok[i])
		lint_add(v, LINT_ERROR, "time_form", section,
			 "%s is \"" STR_FMT "\", not a date with seconds in UTC (Z)", names[i],
			 STR_ARG(t));
	if (v->time_tag[i] == DER_GENERALIZED_TIME && digits(t, 4) && strncmp(t.p, "2050", 4) < 0)
		lint_add(v, LINT_ERROR, "time_not_utctime", section,
			 "%s lies before 2050 and must be a UTCTime", names[i]);
}

static void check_dates(struct lint_view *v)
{
	check_time(v, 0);
	check_time(v, 1);
	if (v->time_ok[0] && v->time_ok[1] && v->at[1] < v->at[0])
		lint_add(v, LINT_ERROR, "validity_order", "RFC 5280 4.1.2.5",
			 "notAfter comes before notBefore");
}

/* ---- the signature's algorithm ---- */

static enum oid algorithm(struct str element, struct str *oid)
{
	struct str seq;

	*oid = STR_NULL;
	if (!der_get(&element, DER_SEQUENCE, &seq) || !der_get_oid(&seq, oid))
		return OID_NONE;
	return oid_find(*oid);
}

static void check_algorithm(struct lint_view *v)
{
	struct str oid;
	enum oid id = algorithm(v->inner_alg, &oid);

	if (v->outer_alg.n > 0 && !str_eq(v->inner_alg, v->outer_alg))
		lint_add(v, LINT_ERROR, "algorithm_differs", "RFC 5280 4.1.1.2",
			 "the two signature algorithms are not the same");
	if (x509_sig_alg_parse(v->inner_alg) != SIG_NONE)
		return;
	if (id == OID_SHA1_RSA || id == OID_ECDSA_SHA1)
		/* Nobody looks at the signature of a root. */
		lint_add(v, v->self_signed ? LINT_NOTICE : LINT_ERROR, "algorithm_sha1", "RFC 9155",
			 "the signature is made with SHA-1");
	else if (id != OID_NONE)
		lint_add(v, LINT_ERROR, "algorithm_parameters", "RFC 4055, RFC 5758",
			 "the signature algorithm %s has parameters that it must not have, or "
			 "lacks some",
			 oid_name(id));
	else
		lint_add(v, LINT_WARNING, "algorithm_unusual", "RFC 5280 4.1.1.2",
			 "the signature algorithm %s is not one that everybody knows",
			 lint_oid_text(v, oid));
}

/* ---- the key ---- */

static unsigned bit_length(struct str m)
{
	unsigned n = (unsigned)m.n * 8;

	for (unsigned bit = 0x80; n > 0 && bit != 0 && ((unsigned char)m.p[0] & bit) == 0;
	     bit >>= 1)
		n--;
	return n;
}

static void check_exponent(struct lint_view *v, struct str e)
{
	const unsigned char *p = (const unsigned char *)e.p;
	bool small = e.n < 3 && !(e.n == 2 && p[0] == 0xff && p[1] == 0xff);

	if ((p[e.n - 1] & 1) == 0 || (e.n == 1 && p[0] < 3))
		lint_add(v, LINT_ERROR, "rsa_exponent", "RFC 8017 3.1",
			 "the public exponent of the RSA key is even or 1");
	else if (small)
		lint_add(v, LINT_WARNING, "rsa_exponent_small", "SP 800-56B 6.2",
			 "the public exponent of the RSA key is below 65537");
}

static void check_rsa(struct lint_view *v, struct str bits)
{
	struct str seq, n, e;
	unsigned size;

	if (!der_get(&bits, DER_SEQUENCE, &seq) || !der_get_integer(&seq, &n) ||
	    !der_get_integer(&seq, &e) || seq.n != 0) {
		lint_add(v, LINT_ERROR, "key_malformed", "RFC 8017 A.1.1",
			 "the RSA key is malformed");
		return;
	}
	size = bit_length(n);
	if (size < 2048)
		lint_add(v, LINT_ERROR, "rsa_short", "SP 800-131A", "the RSA key has %u bits only",
			 size);
	else if (size % 8 != 0)
		lint_add(v, v->o->tls ? LINT_ERROR : LINT_NOTICE, "rsa_odd_size", "BR 6.1.5",
			 "the size of the RSA key, %u bits, is no multiple of 8", size);
	check_exponent(v, e);
}

static void check_key(struct lint_view *v)
{
	struct str spki = v->spki, seq, alg, oid, bits;
	struct err e = ERR_INIT;
	struct key *k;

	if (!der_get(&spki, DER_SEQUENCE, &seq) || !der_get(&seq, DER_SEQUENCE, &alg) ||
	    !der_get_oid(&alg, &oid) || !der_get_bit_string(&seq, &bits) || seq.n != 0) {
		lint_add(v, LINT_ERROR, "key_malformed", "RFC 5280 4.1.2.7",
			 "the public key is malformed");
		return;
	}
	if (oid_find(oid) == OID_RSA_ENCRYPTION) {
		if (!der_get_null(&alg) || alg.n != 0)
			lint_add(v, LINT_ERROR, "key_parameters", "RFC 3279 2.3.1",
				 "the algorithm of the RSA key must have NULL as its parameters");
		check_rsa(v, bits);
		return;
	}
	k = key_from_spki(v->spki, &e);
	if (k == NULL && e.code == ERR_UNSUPPORTED)
		lint_add(v, LINT_WARNING, "key_unusual", "RFC 5280 4.1.2.7",
			 "the kind of public key is not one that everybody knows");
	else if (k == NULL)
		lint_add(v, LINT_ERROR, "key_malformed", "RFC 5280 4.1.2.7", "%s", e.msg);
	key_free(k);
}

/* ---- who is who ---- */

static bool empty_name(struct str element)
{
	struct str seq;

	return der_get(&element, DER_SEQUENCE, &seq) && seq.n == 0;
}

static void check_parties(struct lint_view *v)
{
	const struct lint_ext *san = lint_ext(v, OID_SAN);

	if (empty_name(v->issuer))
		lint_add(v, LINT_ERROR, "issuer_empty", "RFC 5280 4.1.2.4", "the issuer is empty");
	if (empty_name(v->subject)) {
		if (v->is_ca)
			lint_add(v, LINT_ERROR, "subject_empty_ca", "RFC 5280 4.1.2.6",
				 "the subject of a CA is empty");
		else if (san == NULL)
			lint_add(v, LINT_ERROR, "subject_empty", "RFC 5280 4.1.2.6",
				 "the subject is empty and there is no subjectAltName");
		else if (!san->critical)
			lint_add(v, LINT_ERROR, "san_not_critical", "RFC 5280 4.2.1.6",
				 "the subject is empty, so subjectAltName must be critical");
	} else if (san != NULL && san->critical) {
		lint_add(v, LINT_WARNING, "san_critical", "RFC 5280 4.2.1.6",
			 "there is a subject, so subjectAltName should not be critical");
	}
}

void lint_fields(struct lint_view *v)
{
	check_version(v);
	check_serial(v);
	check_dates(v);
	check_algorithm(v);
	check_key(v);
	check_parties(v);
}
