/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "profile/content_priv.h"

/*
 * tbs.c - the exact bytes that will be signed.
 *
 * Extensions of a new certificate come in a fixed order: key usage, extended key usage, basic
 * constraints, subject key id, authority key id, authority information, alternative names,
 * policies, name constraints, CRL points, what the fields give by OID, provisioner. What is given
 * by OID takes the place of the generated one away. A renewal puts
 * the new key ids first and then copies the rest in its order, as clients have seen it. Names go
 * DNS, e-mail, IP, URI, then the other kinds. What is checked here holds for every certificate,
 * whoever asks: it names something, its dates are in order and within the issuer's, its serial
 * number is one, and a CA with path length 0 makes no CA. The bytes are read again at the end.
 * With fields->odd (for comparing with step, never signed) only what step checks is checked.
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
	if (p->issuer != NULL && !p->past_issuer && p->not_after > p->issuer->not_after)
		return ERR(e, ERR_FORBIDDEN, "not_after is beyond the issuing certificate's");
	return profile_key_check(p->subject_key, e);
}

static int check_issuer(const struct cert *issuer, bool for_ca, struct err *e)
{
	if (issuer == NULL)
		return 0;
	if (!issuer->is_ca || (issuer->has_key_usage && (issuer->key_usage & KU_CERT_SIGN) == 0))
		return ERR(e, ERR_FORBIDDEN, "the issuing certificate is not a CA's");
	if (for_ca && issuer->max_path_len == 0) {
		ERR(e, ERR_FORBIDDEN,
		    "the issuing certificate has path length 0: it may not issue to a CA");
		return err_public(e, "%s", e->msg);
	}
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
		 const struct content_odd *odd, struct buf *out, struct err *e)
{
	struct buf spki = BUF_INIT;
	struct tbs_spec spec = {
		.serial = odd != NULL && odd->has_serial ? odd->serial : p->serial,
		.sig_alg = p->sig_alg,
		.sig_alg_oid = odd != NULL ? odd->sig_alg : STR_NULL,
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

/* Generated, unless the fields give it by OID. */
static void add_generated(struct ext_list *l, const struct profile_fields *f, struct ext x)
{
	for (size_t i = 0; i < f->exts.n; i++)
		if (str_eq(f->exts.items[i].oid, x.oid))
			return;
	l->items[l->n++] = x;
}

static void add_subject_id(const struct profile_fields *f, const struct profile_tbs *p,
			   struct arena *a, struct ext_list *exts)
{
	unsigned char id[32];
	struct str ski = f->ski;

	if (!f->has_ski) {
		x509_key_id(p->subject_key, id);
		ski = str_mem(id, 20);
	} else if (ski.n == 0 && f->is_ca) {
		/* A CA without one does not exist; this is how step's library computes it then. */
		struct buf bits = BUF_INIT;

		key_public_bits(p->subject_key, &bits);
		hash(HASH_SHA256, buf_view(&bits), id);
		buf_release(&bits);
		ski = str_mem(id, 20);
	}
	if (ski.n > 0)
		add_generated(exts, f, ext_ski(a, ski));
}

static int add_authority_id(const struct profile_fields *f, const struct profile_tbs *p,
			    struct str subject, struct arena *a, struct ext_list *exts,
			    struct err *e)
{
	struct str id = STR_NULL;

	if (p->issuer == NULL)
		return 0;
	if (f->odd == NULL) {
		if (issuer_key_id(p->issuer, a, &id, e) < 0)
			return -1;
	} else {
		id = name_der_equal(p->issuer->subject.der, subject) || p->issuer->ski.n == 0
			     ? f->aki
			     : p->issuer->ski;
	}
	if (id.n > 0)
		add_generated(exts, f, ext_aki(a, id));
	return 0;
}

/* Whose provisioner extension it is, the daemon says; it steers renewal. */
static void add_given(const struct profile_fields *f, const struct profile_tbs *p, struct arena *a,
		      struct ext_list *exts)
{
	for (size_t i = 0; i < f->exts.n; i++) {
		bool ours = oid_find(f->exts.items[i].oid) == OID_STEP_PROVISIONER;

		if (!ours || (f->odd != NULL && p->provisioner == NULL))
			exts->items[exts->n++] = f->exts.items[i];
	}
	if (p->provisioner != NULL)
		exts->items[exts->n++] = ext_step_provisioner(a, p->provisioner);
}

static int fields_exts(const struct profile_fields *f, const struct profile_tbs *p,
		       struct str subject, struct arena *a, struct ext_list *exts, struct err *e)
{
	struct san_list sans = order_sans(&f->sans, a);

	if (f->key_usage != 0)
		add_generated(exts, f, ext_key_usage(a, f->key_usage));
	if (f->n_ekus + f->eku_oids.n > 0)
		add_generated(exts, f, ext_eku_oids(a, f->ekus, f->n_ekus, &f->eku_oids));
	if (f->has_basic_constraints || f->is_ca)
		add_generated(exts, f, ext_basic_constraints(a, f->is_ca, f->max_path_len));
	add_subject_id(f, p, a, exts);
	if (add_authority_id(f, p, subject, a, exts, e) < 0)
		return -1;
	if (f->ocsp.n + f->issuers.n > 0)
		add_generated(exts, f, ext_aia(a, &f->ocsp, &f->issuers));
	if (sans.n > 0)
		add_generated(exts, f, ext_san(a, &sans, subject.n <= 2));
	if (f->policies.n > 0)
		add_generated(exts, f, ext_policies(a, &f->policies));
	if (!subtrees_empty(&f->permitted) || !subtrees_empty(&f->excluded))
		add_generated(exts, f,
			      ext_name_constraints(a, f->constraints_critical, &f->permitted,
						   &f->excluded));
	if (f->crls.n > 0)
		add_generated(exts, f, ext_crl_points(a, &f->crls));
	add_given(f, p, a, exts);
	return 0;
}

#define TBS_MAX	   60000U /* with its signature a certificate that can be read again */
#define MAX_SANS   1000U
#define MAX_LISTED 1000U
#define MAX_GIVEN  90U

static size_t subtree_count(const struct subtrees *s)
{
	return s->dns.n + s->ips.n + s->emails.n + s->uris.n;
}

static bool gives(const struct profile_fields *f, enum oid id)
{
	return ext_find(&f->exts, id) != NULL;
}

static int check_fields(const struct profile_fields *f, const struct profile_tbs *p,
			struct str subject, struct err *e)
{
	struct str cur = subject;
	size_t listed = f->eku_oids.n + f->ocsp.n + f->issuers.n + f->crls.n + f->policies.n +
			subtree_count(&f->permitted) + subtree_count(&f->excluded);

	if (listed > MAX_LISTED)
		return ERR(e, ERR_TOO_LARGE,
			   "certificate: more than %u usages, URLs, policies and constraints",
			   MAX_LISTED);
	if (f->sans.n > MAX_SANS || f->exts.n > MAX_GIVEN)
		return ERR(e, ERR_TOO_LARGE, "certificate: more than %u names or %u extensions",
			   MAX_SANS, MAX_GIVEN);
	/* Exactly one element: what follows it would be read as the key and the extensions. */
	if (!der_get(&cur, DER_SEQUENCE, NULL) || cur.n != 0)
		return ERR(e, ERR_INVALID, "certificate: the subject is not one SEQUENCE");
	if (f->sig_alg != SIG_NONE && f->sig_alg != p->sig_alg)
		return ERR(e, ERR_INVALID, "signatureAlgorithm: the issuer signs with %s",
			   sig_alg_info(p->sig_alg)->name);
	if (check_frame(p, e) < 0 || check_issuer(p->issuer, f->is_ca, e) < 0)
		return -1;
	if (subject.n <= 2 && (f->is_ca || p->issuer == NULL ||
			       (f->sans.n == 0 && !gives(f, OID_SAN) && !p->no_names)))
		return ERR(e, ERR_INVALID,
			   "certificate: neither subject nor names, or a CA without subject");
	return 0;
}

/* What step's library checks when it makes one, before it reads it again. */
static int check_odd(const struct profile_fields *f, const struct profile_tbs *p, struct err *e)
{
	enum sig_alg alg;

	return f->sig_alg == SIG_NONE ? 0 : profile_sig_alg(f, p->sig_alg, &alg, e);
}

int profile_sig_alg(const struct profile_fields *f, enum sig_alg issuers, enum sig_alg *out,
		    struct err *e)
{
	static const enum key_type types[] = {KEY_P256, KEY_RSA, KEY_ED25519};

	*out = f->sig_alg != SIG_NONE ? f->sig_alg : issuers;
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (sig_alg_fits(issuers, types[i]) && sig_alg_fits(*out, types[i]))
			return 0;
	return ERR(e, ERR_INVALID, "signatureAlgorithm: %s does not fit the issuer's key",
		   sig_alg_info(*out)->name);
}

int profile_tbs(const struct profile_fields *f, const struct profile_tbs *p, struct arena *a,
		struct buf *out, struct err *e)
{
	struct ext_list exts = {.items = ARENA_ARRAY(a, struct ext, EXTS_MAX + f->exts.n)};
	struct buf made = BUF_INIT;
	struct str subject = f->subject_der;

	if (subject.n == 0) {
		name_write(&f->subject, &made);
		subject = arena_str(a, buf_view(&made));
		buf_release(&made);
	}
	if ((f->odd == NULL ? check_fields(f, p, subject, e) : check_odd(f, p, e)) < 0)
		return -1;
	if (fields_exts(f, p, subject, a, &exts, e) < 0 ||
	    build(p, subject, &exts, f->odd, out, e) < 0)
		return -1;
	if (f->odd == NULL && out->n > TBS_MAX)
		return ERR(e, ERR_TOO_LARGE, "certificate: larger than %u bytes", TBS_MAX);
	return profile_recheck(buf_view(out), a, e);
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
	return build(p, old->subject.der, &exts, NULL, out, e);
}
