/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "codec/pem.h"
#include "x509/priv.h"

/*
 * cert.c - reading a certificate (RFC 5280 4.1).
 *
 * What it guarantees: strict DER without a byte too many, both AlgorithmIdentifiers equal, serial
 * positive and at most 20 octets, extensions only in version 3 and each once, and those that are
 * decoded into struct cert well-formed. It decides nothing: an unknown algorithm, a past date or
 * an unknown critical extension is for chain.c. To decode another extension: a row in `decoders`.
 */

/* ---- extensions that we read ---- */

static int read_key_usage(struct str v, struct arena *a, struct cert *c, struct err *e)
{
	(void)a;
	if (!der_get_named_bits(&v, &c->key_usage) || v.n != 0 || c->key_usage == 0)
		return ERR(e, ERR_INVALID, "keyUsage: malformed or without a bit");
	c->has_key_usage = true;
	return 0;
}

static int read_basic_constraints(struct str v, struct arena *a, struct cert *c, struct err *e)
{
	struct str seq;
	uint64_t len;

	(void)a;
	if (!der_get(&v, DER_SEQUENCE, &seq) || v.n != 0)
		return ERR(e, ERR_INVALID, "basicConstraints: not a SEQUENCE");
	if (der_peek(seq, DER_BOOLEAN) && (!der_get_bool(&seq, &c->is_ca) || !c->is_ca))
		return ERR(e, ERR_INVALID, "basicConstraints: malformed cA");
	if (der_peek(seq, DER_INTEGER)) {
		if (!c->is_ca || !der_get_uint(&seq, &len) || len > 1000)
			return ERR(e, ERR_INVALID, "basicConstraints: malformed pathLenConstraint");
		c->max_path_len = (int)len;
	}
	if (seq.n != 0)
		return ERR(e, ERR_INVALID, "basicConstraints: trailing data");
	c->has_basic_constraints = true;
	return 0;
}

static int read_eku(struct str v, struct arena *a, struct cert *c, struct err *e)
{
	struct str seq, count, *items;
	size_t n = 0;

	if (!der_get(&v, DER_SEQUENCE, &seq) || v.n != 0 || seq.n == 0)
		return ERR(e, ERR_INVALID, "extKeyUsage: empty or not a SEQUENCE");
	for (count = seq; count.n > 0; n++)
		if (n == X509_MAX_ITEMS || !der_get_oid(&count, NULL))
			return ERR(e, ERR_INVALID, "extKeyUsage: malformed or too many");
	items = ARENA_ARRAY(a, struct str, n);
	for (size_t i = 0; i < n; i++)
		ENSURE(der_get_oid(&seq, &items[i]));
	c->ekus = items;
	c->n_ekus = n;
	c->has_eku = true;
	return 0;
}

static int read_ski(struct str v, struct arena *a, struct cert *c, struct err *e)
{
	(void)a;
	if (!der_get(&v, DER_OCTET_STRING, &c->ski) || v.n != 0 || c->ski.n == 0)
		return ERR(e, ERR_INVALID, "subjectKeyIdentifier: malformed");
	return 0;
}

static int read_aki(struct str v, struct arena *a, struct cert *c, struct err *e)
{
	struct str seq;
	bool id, issuer, serial;

	(void)a;
	if (!der_get(&v, DER_SEQUENCE, &seq) || v.n != 0 ||
	    !der_get_optional(&seq, DER_CTX(0), &id, &c->aki) ||
	    !der_get_optional(&seq, DER_CTX_CONS(1), &issuer, NULL) ||
	    !der_get_optional(&seq, DER_CTX(2), &serial, NULL) || seq.n != 0 || issuer != serial)
		return ERR(e, ERR_INVALID, "authorityKeyIdentifier: malformed");
	return 0;
}

static int read_sans(struct str v, struct arena *a, struct cert *c, struct err *e)
{
	return san_parse(v, a, &c->sans, e);
}

static int read_name_constraints(struct str v, struct arena *a, struct cert *c, struct err *e)
{
	(void)a;
	(void)c;
	return x509_name_constraints_form(v, e);
}

static const struct {
	enum oid oid;
	int (*read)(struct str v, struct arena *a, struct cert *c, struct err *e);
} decoders[] = {
	{OID_KEY_USAGE, read_key_usage},
	{OID_BASIC_CONSTRAINTS, read_basic_constraints},
	{OID_EXT_KEY_USAGE, read_eku},
	{OID_SUBJECT_KEY_ID, read_ski},
	{OID_AUTHORITY_KEY_ID, read_aki},
	{OID_SAN, read_sans},
	{OID_NAME_CONSTRAINTS, read_name_constraints},
};

static int decode_exts(struct cert *c, struct arena *a, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(decoders); i++) {
		const struct ext *x = ext_find(&c->exts, decoders[i].oid);

		if (x != NULL && decoders[i].read(x->value, a, c, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- the fixed part ---- */

static int read_version(struct str *tbs, struct cert *c, struct err *e)
{
	struct str v;
	bool present;
	uint64_t n = 0;

	if (!der_get_optional(tbs, DER_CTX_CONS(0), &present, &v))
		return ERR(e, ERR_INVALID, "malformed version");
	/* Version 1 is the default and not encoded in DER. */
	if (present && (!der_get_uint(&v, &n) || v.n != 0 || n < 1 || n > 2))
		return ERR(e, ERR_INVALID, "malformed or unknown version");
	c->version = (int)n + 1;
	return 0;
}

static int read_serial(struct str *tbs, struct cert *c, struct err *e)
{
	struct str peek = *tbs, contents;

	if (!der_get(&peek, DER_INTEGER, &contents) || !der_get_integer(tbs, &c->serial))
		return ERR(e, ERR_INVALID, "serial number malformed or negative");
	if (contents.n > 20)
		return ERR(e, ERR_INVALID, "serial number longer than 20 octets");
	if (c->serial.n == 1 && c->serial.p[0] == 0)
		return ERR(e, ERR_INVALID, "serial number is zero");
	return 0;
}

static int read_validity(struct str *tbs, struct cert *c, struct err *e)
{
	struct str v;

	if (!der_get(tbs, DER_SEQUENCE, &v) || !der_get_time(&v, &c->not_before) ||
	    !der_get_time(&v, &c->not_after) || v.n != 0)
		return ERR(e, ERR_INVALID, "malformed validity");
	return 0;
}

static int read_name(struct str *tbs, struct arena *a, struct name *out, struct err *e)
{
	struct str element;

	if (!der_get_element(tbs, DER_SEQUENCE, &element))
		return ERR(e, ERR_INVALID, "name: not a SEQUENCE");
	return name_parse(element, a, out, e);
}

/* issuerUniqueID, subjectUniqueID (obsolete, not looked at) and extensions. */
static int read_tail(struct str tbs, struct arena *a, struct cert *c, struct err *e)
{
	struct str outer, seq;
	bool ids[2], exts;

	if (!der_get_optional(&tbs, DER_CTX(1), &ids[0], NULL) ||
	    !der_get_optional(&tbs, DER_CTX(2), &ids[1], NULL) ||
	    !der_get_optional(&tbs, DER_CTX_CONS(3), &exts, &outer) || tbs.n != 0)
		return ERR(e, ERR_INVALID, "malformed data behind the public key");
	if ((c->version < 2 && (ids[0] || ids[1])) || (c->version < 3 && exts))
		return ERR(e, ERR_INVALID, "version %d may not have these fields", c->version);
	if (!exts)
		return 0;
	if (!der_get(&outer, DER_SEQUENCE, &seq) || outer.n != 0 || seq.n == 0)
		return ERR(e, ERR_INVALID, "extensions: empty or malformed");
	if (ext_list_parse(seq, a, &c->exts, e) < 0)
		return -1;
	return decode_exts(c, a, e);
}

static int read_tbs(struct cert *c, struct arena *a, struct err *e)
{
	struct str tbs, cur = c->tbs, inner;

	if (!der_get(&cur, DER_SEQUENCE, &tbs) || cur.n != 0)
		return ERR(e, ERR_INVALID, "malformed TBSCertificate");
	if (read_version(&tbs, c, e) < 0 || read_serial(&tbs, c, e) < 0)
		return -1;
	if (!der_get_element(&tbs, DER_SEQUENCE, &inner))
		return ERR(e, ERR_INVALID, "malformed signature algorithm");
	if (c->der.n == 0)
		c->sig_alg_der = inner; /* not signed yet */
	else if (!str_eq(inner, c->sig_alg_der))
		return ERR(e, ERR_INVALID, "the two signature algorithms differ");
	if (read_name(&tbs, a, &c->issuer, e) < 0)
		return err_wrap(e, "issuer");
	if (c->issuer.n == 0)
		return ERR(e, ERR_INVALID, "issuer is empty");
	if (read_validity(&tbs, c, e) < 0)
		return -1;
	if (read_name(&tbs, a, &c->subject, e) < 0)
		return err_wrap(e, "subject");
	if (!der_get_element(&tbs, DER_SEQUENCE, &c->spki))
		return ERR(e, ERR_INVALID, "malformed public key");
	return read_tail(tbs, a, c, e);
}

int cert_parse(struct str der, struct arena *a, struct cert *out, struct err *e)
{
	struct str cur = der, seq;

	*out = (struct cert){.der = der, .max_path_len = -1};
	if (der.n > X509_MAX_DER)
		return ERR(e, ERR_INVALID, "certificate: larger than %u bytes", X509_MAX_DER);
	if (!der_get(&cur, DER_SEQUENCE, &seq) || cur.n != 0)
		return ERR(e, ERR_INVALID, "certificate: not one DER SEQUENCE");
	if (!der_get_element(&seq, DER_SEQUENCE, &out->tbs) ||
	    !der_get_element(&seq, DER_SEQUENCE, &out->sig_alg_der) ||
	    !der_get_bit_string(&seq, &out->signature) || seq.n != 0)
		return ERR(e, ERR_INVALID, "certificate: malformed");
	out->sig_alg = x509_sig_alg_parse(out->sig_alg_der);
	if (read_tbs(out, a, e) < 0)
		return err_wrap(e, "certificate");
	return 0;
}

int cert_parse_tbs(struct str tbs, struct arena *a, struct cert *out, struct err *e)
{
	*out = (struct cert){.tbs = tbs, .max_path_len = -1};
	if (tbs.n > X509_MAX_DER)
		return ERR(e, ERR_TOO_LARGE, "certificate: larger than %u bytes", X509_MAX_DER);
	if (read_tbs(out, a, e) < 0)
		return err_wrap(e, "certificate");
	out->sig_alg = x509_sig_alg_parse(out->sig_alg_der);
	return 0;
}

bool cert_eku_allows(const struct cert *c, enum oid usage)
{
	if (!c->has_eku)
		return true;
	for (size_t i = 0; i < c->n_ekus; i++)
		if (str_eq(c->ekus[i], oid_der(usage)) || str_eq(c->ekus[i], oid_der(OID_EKU_ANY)))
			return true;
	return false;
}

/* ---- PEM, fingerprint ---- */

int cert_pem_read(struct str pem, struct arena *a, struct str **ders, size_t *n, struct err *e)
{
	struct str rest = pem;
	struct str *list = ARENA_ARRAY(a, struct str, X509_MAX_ITEMS);
	int rc;

	*ders = list;
	*n = 0;
	for (;;) {
		struct pem_block b = {0};

		rc = pem_next(&rest, &b, e);
		if (rc <= 0)
			break;
		if (str_eqc(b.label, "CERTIFICATE") && *n < X509_MAX_ITEMS)
			list[(*n)++] = arena_str(a, buf_view(&b.der));
		else if (str_eqc(b.label, "CERTIFICATE"))
			rc = ERR(e, ERR_INVALID, "more than %u certificates", X509_MAX_ITEMS);
		pem_block_release(&b);
		if (rc < 0)
			break;
	}
	if (rc < 0)
		return -1;
	return *n > 0 ? 0 : ERR(e, ERR_INVALID, "no PEM block CERTIFICATE");
}

void cert_to_pem(struct str der, struct buf *out)
{
	pem_write(out, "CERTIFICATE", der);
}

void cert_fingerprint(struct str der, char hex[65])
{
	unsigned char sum[32];

	hash(HASH_SHA256, der, sum);
	for (size_t i = 0; i < sizeof(sum); i++)
		snprintf(hex + 2 * i, 3, "%02x", sum[i]);
}

void cert_name_put(const struct cert *c, struct buf *out)
{
	if (c->subject.n > 0) {
		name_to_text(&c->subject, out);
	} else if (c->sans.n > 0) {
		san_to_text(&c->sans.items[0], out);
	} else {
		buf_puts(out, "serial ");
		serial_to_decimal(c->serial, out);
	}
}

const char *x509_who(const struct cert *c, char out[120])
{
	struct buf b = BUF_INIT;
	size_t n;

	cert_name_put(c, &b);
	n = b.n < 119 ? b.n : 119;
	while (n < b.n && n > 0 && ((unsigned char)b.p[n] & 0xc0) == 0x80)
		n--; /* never half a character */
	if (n > 0)
		memcpy(out, b.p, n);
	out[n] = '\0';
	buf_release(&b);
	return out;
}

int cert_check_signature(const struct cert *c, const struct cert *issuer, struct err *e)
{
	char who[120];
	struct key *k;
	int rc;

	if (c->sig_alg == SIG_NONE)
		return ERR(e, ERR_UNAUTHORIZED, "certificate %s: signature algorithm not accepted",
			   x509_who(c, who));
	k = key_from_spki(issuer->spki, e);
	if (k == NULL) {
		err_wrap(e, "certificate %s: key", x509_who(issuer, who));
		e->code = ERR_UNAUTHORIZED;
		return -1;
	}
	rc = key_verify(k, c->sig_alg, c->tbs, c->signature, e);
	key_free(k);
	if (rc < 0) {
		err_wrap(e, "certificate %s: signature", x509_who(c, who));
		e->code = ERR_UNAUTHORIZED;
	}
	return rc;
}
