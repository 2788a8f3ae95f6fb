/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "profile/profile.h"

/*
 * tbs.c - the exact bytes that will be signed.
 *
 * Extensions of a new certificate come in a fixed order: key usage, extended key usage, basic
 * constraints, subject key id, authority key id, alternative names, provisioner. A renewal puts
 * the new key ids first and then copies the rest in its order, as clients have seen it. Names go
 * DNS, e-mail, IP, URI, then the other kinds. What is checked here holds for every certificate,
 * whoever asks: it names something, its dates are in order and within the issuer's, its serial
 * number is one, and a CA with path length 0 makes no CA.
 */

#define EXTS_MAX 110U /* what a certificate may have when parsed, and ours */

void profile_serial(unsigned char out[16])
{
	do {
		rand_bytes(out, 16);
		out[0] &= 0x7f;
	} while (out[0] == 0);
}

static int check_frame(const struct profile_tbs *p, struct err *e)
{
	const unsigned char *serial = (const unsigned char *)p->serial.p;

	if (p->serial.n == 0 || p->serial.n > 20 || serial[0] == 0 ||
	    (p->serial.n == 20 && serial[0] >= 0x80))
		return ERR(e, ERR_INTERNAL, "serial number: not 1 to 20 octets");
	if (p->sig_alg == SIG_NONE)
		return ERR(e, ERR_INTERNAL, "no signature algorithm");
	if (p->not_after < p->not_before)
		return ERR(e, ERR_INVALID, "not_after is before not_before");
	if (p->issuer != NULL && p->not_after > p->issuer->not_after)
		return ERR(e, ERR_FORBIDDEN, "not_after is beyond the issuing certificate's");
	return profile_key_check(p->subject_key, e);
}

static int check_issuer(const struct cert *issuer, bool for_ca, struct err *e)
{
	if (issuer == NULL)
		return 0;
	if (!issuer->is_ca || (issuer->has_key_usage && (issuer->key_usage & KU_CERT_SIGN) == 0))
		return ERR(e, ERR_FORBIDDEN, "the issuing certificate is not a CA's");
	if (for_ca && issuer->max_path_len == 0)
		return ERR(e, ERR_FORBIDDEN,
			   "the issuing certificate has path length 0: it may not issue to a CA");
	return 0;
}

/* The issuer's key identifier: what its certificate says, else computed from its key. */
static int issuer_key_id(const struct cert *issuer, struct arena *a, struct str *out, struct err *e)
{
	unsigned char id[20];
	struct key *k;

	*out = issuer->ski;
	if (out->n > 0)
		return 0;
	k = key_from_spki(issuer->spki, e);
	if (k == NULL)
		return err_wrap(e, "issuing certificate");
	x509_key_id(k, id);
	key_free(k);
	*out = str_mem(arena_dup(a, id, sizeof(id)), sizeof(id));
	return 0;
}

/* Stable, by kind: DNS, e-mail, IP, URI, others. */
static struct san_list order_sans(const struct san_list *in, struct arena *a)
{
	static const enum san_type kinds[] = {SAN_DNS, SAN_EMAIL, SAN_IP, SAN_URI};
	struct san_list out = {.items = ARENA_ARRAY(a, struct san, in->n)};

	for (size_t k = 0; k <= ARRAY_LEN(kinds); k++) {
		for (size_t i = 0; i < in->n; i++) {
			size_t kind = 0;

			while (kind < ARRAY_LEN(kinds) && kinds[kind] != in->items[i].type)
				kind++;
			if (kind == k)
				out.items[out.n++] = in->items[i];
		}
	}
	return out;
}

static void add(struct ext_list *l, struct ext x)
{
	ENSURE(l->n < EXTS_MAX);
	l->items[l->n++] = x;
}

static void add_key_id(struct ext_list *l, const struct key *k, struct arena *a)
{
	unsigned char id[20];

	x509_key_id(k, id);
	add(l, ext_ski(a, str_mem(id, sizeof(id))));
}

static int add_issuer_id(struct ext_list *l, const struct cert *issuer, struct arena *a,
			 struct err *e)
{
	struct str id;

	if (issuer == NULL)
		return 0;
	if (issuer_key_id(issuer, a, &id, e) < 0)
		return -1;
	add(l, ext_aki(a, id));
	return 0;
}

static int build(const struct profile_tbs *p, struct str subject_der, const struct ext_list *exts,
		 struct buf *out, struct err *e)
{
	struct buf spki = BUF_INIT;
	struct tbs_spec spec = {
		.serial = p->serial,
		.sig_alg = p->sig_alg,
		.issuer_der = p->issuer != NULL ? p->issuer->subject.der : subject_der,
		.subject_der = subject_der,
		.not_before = p->not_before,
		.not_after = p->not_after,
		.exts = *exts,
	};

	key_to_spki(p->subject_key, &spki);
	spec.spki = buf_view(&spki);
	tbs_build(&spec, out);
	buf_release(&spki);
	if (out->failed)
		return ERR(e, ERR_INVALID, "certificate: a date or a size is out of range");
	return 0;
}

static int fields_exts(const struct profile_fields *f, const struct profile_tbs *p, bool no_subject,
		       struct arena *a, struct ext_list *exts, struct err *e)
{
	struct san_list sans = order_sans(&f->sans, a);

	if (f->key_usage != 0)
		add(exts, ext_key_usage(a, f->key_usage));
	if (f->n_ekus > 0)
		add(exts, ext_eku(a, f->ekus, f->n_ekus));
	if (f->has_basic_constraints || f->is_ca)
		add(exts, ext_basic_constraints(a, f->is_ca, f->max_path_len));
	add_key_id(exts, p->subject_key, a);
	if (add_issuer_id(exts, p->issuer, a, e) < 0)
		return -1;
	if (sans.n > 0)
		add(exts, ext_san(a, &sans, no_subject));
	if (p->provisioner != NULL)
		add(exts, ext_step_provisioner(a, p->provisioner));
	return 0;
}

int profile_tbs(const struct profile_fields *f, const struct profile_tbs *p, struct arena *a,
		struct buf *out, struct err *e)
{
	struct ext_list exts = {.items = ARENA_ARRAY(a, struct ext, EXTS_MAX)};
	struct buf subject = BUF_INIT;
	bool no_subject;
	int rc = -1;

	if (f->sans.n > 1000)
		return ERR(e, ERR_INVALID, "certificate: more than 1,000 names");
	if (check_frame(p, e) < 0 || check_issuer(p->issuer, f->is_ca, e) < 0)
		return -1;
	if (f->subject_der.n > 0)
		buf_str(&subject, f->subject_der);
	else
		name_write(&f->subject, &subject);
	no_subject = subject.n <= 2; /* an empty SEQUENCE */
	if (no_subject && (f->sans.n == 0 || f->is_ca || p->issuer == NULL))
		ERR(e, ERR_INVALID,
		    "certificate: neither subject nor names, or a CA without subject");
	else if (fields_exts(f, p, no_subject, a, &exts, e) == 0)
		rc = build(p, buf_view(&subject), &exts, out, e);
	buf_release(&subject);
	return rc;
}

/*
 * What the old one has, for another key: a usage that only RSA keys have is not taken over by a key
 * of another type (RFC 8813 3).
 */
static struct ext rekeyed_usage(const struct cert *old, size_t at, const struct key *k,
				struct arena *a)
{
	uint32_t bits = old->key_usage & ~(uint32_t)(KU_KEY_ENCIPHERMENT | KU_DATA_ENCIPHERMENT);
	struct ext x = old->exts.items[at];

	if (key_type(k) != KEY_RSA && bits != 0 && bits != old->key_usage)
		x.value = ext_key_usage(a, bits).value;
	return x;
}

int profile_tbs_renew(const struct cert *old, const struct profile_tbs *p, struct arena *a,
		      struct buf *out, struct err *e)
{
	struct ext_list exts = {.items = ARENA_ARRAY(a, struct ext, EXTS_MAX)};
	struct buf spki = BUF_INIT;
	bool rekey;

	if (check_frame(p, e) < 0 || check_issuer(p->issuer, old->is_ca, e) < 0)
		return -1;
	key_to_spki(p->subject_key, &spki);
	rekey = !str_eq(buf_view(&spki), old->spki);
	buf_release(&spki);
	if (rekey)
		add_key_id(&exts, p->subject_key, a);
	if (add_issuer_id(&exts, p->issuer, a, e) < 0)
		return -1;
	for (size_t i = 0; i < old->exts.n; i++) {
		enum oid id = oid_find(old->exts.items[i].oid);

		if (id == OID_AUTHORITY_KEY_ID || (rekey && id == OID_SUBJECT_KEY_ID))
			continue;
		add(&exts, rekey && id == OID_KEY_USAGE ? rekeyed_usage(old, i, p->subject_key, a)
							: old->exts.items[i]);
	}
	return build(p, old->subject.der, &exts, out, e);
}
