/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "x509/priv.h"

/*
 * ext.c - extensions (RFC 5280 4.2): the list, and the builders. What a certificate's own mean is
 * decoded in cert.c.
 */

/* The extensions that a path check or a request understands, whatever it does with them. */
bool x509_ext_known(struct str oid)
{
	static const enum oid known[] = {
		OID_SUBJECT_KEY_ID,
		OID_KEY_USAGE,
		OID_SAN,
		OID_BASIC_CONSTRAINTS,
		OID_NAME_CONSTRAINTS,
		OID_CRL_DP,
		OID_CERT_POLICIES,
		OID_AUTHORITY_KEY_ID,
		OID_EXT_KEY_USAGE,
		OID_AIA,
		OID_STEP_PROVISIONER,
	};
	enum oid id = oid_find(oid);

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (known[i] == id)
			return true;
	return false;
}

const struct ext *ext_find(const struct ext_list *l, enum oid oid)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->items[i].oid, oid_der(oid)))
			return &l->items[i];
	return NULL;
}

static bool has_oid(const struct ext_list *l, struct str oid)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->items[i].oid, oid))
			return true;
	return false;
}

static int parse_one(struct str contents, struct ext *out, struct err *e)
{
	*out = (struct ext){0};
	if (!der_get_oid(&contents, &out->oid))
		return ERR(e, ERR_INVALID, "extensions: malformed identifier");
	/* FALSE is the default, which DER leaves out (X.690 11.5). */
	if (der_peek(contents, DER_BOOLEAN) &&
	    (!der_get_bool(&contents, &out->critical) || !out->critical))
		return ERR(e, ERR_INVALID, "extensions: malformed critical flag");
	if (!der_get(&contents, DER_OCTET_STRING, &out->value) || contents.n != 0)
		return ERR(e, ERR_INVALID, "extensions: malformed value");
	return 0;
}

int ext_list_parse(struct str seq, struct arena *a, struct ext_list *out, struct err *e)
{
	struct str count = seq;
	size_t n = 0;

	*out = (struct ext_list){0};
	for (; count.n > 0; n++)
		if (n == X509_MAX_ITEMS || !der_get(&count, DER_SEQUENCE, NULL))
			return ERR(e, ERR_INVALID, "extensions: malformed or more than %u",
				   X509_MAX_ITEMS);
	out->items = ARENA_ARRAY(a, struct ext, n);
	while (out->n < n) {
		struct ext one;
		struct str contents = STR_NULL;

		ENSURE(der_get(&seq, DER_SEQUENCE, &contents));
		if (parse_one(contents, &one, e) < 0)
			return -1;
		if (has_oid(out, one.oid)) {
			struct buf text = BUF_INIT;

			x509_put_oid(&text, one.oid);
			err_set(e, ERR_INVALID, "extensions: %s is there twice", text.p);
			buf_release(&text);
			return -1;
		}
		out->items[out->n++] = one;
	}
	return 0;
}

void ext_list_write(const struct ext_list *l, struct buf *out)
{
	struct der_mark all = der_begin(out, DER_SEQUENCE);

	for (size_t i = 0; i < l->n; i++) {
		struct der_mark m = der_begin(out, DER_SEQUENCE);

		der_put_oid(out, l->items[i].oid);
		if (l->items[i].critical)
			der_put_bool(out, true);
		der_put(out, DER_OCTET_STRING, l->items[i].value);
		der_end(out, m);
	}
	der_end(out, all);
}

/* ---- builders ---- */

static struct ext make(struct arena *a, enum oid id, bool critical, struct buf *value)
{
	ENSURE(!value->failed);
	return (struct ext){.oid = oid_der(id), .critical = critical, .value = x509_take(a, value)};
}

struct ext ext_key_usage(struct arena *a, uint32_t bits)
{
	struct buf b = BUF_INIT;

	der_put_named_bits(&b, bits);
	return make(a, OID_KEY_USAGE, true, &b);
}

struct ext ext_eku_oids(struct arena *a, const enum oid *usages, size_t n,
			const struct text_list *more)
{
	struct buf b = BUF_INIT;
	struct der_mark m = der_begin(&b, DER_SEQUENCE);

	for (size_t i = 0; i < n; i++)
		der_put_oid(&b, oid_der(usages[i]));
	for (size_t i = 0; i < more->n; i++)
		der_put_oid(&b, more->items[i]);
	der_end(&b, m);
	return make(a, OID_EXT_KEY_USAGE, false, &b);
}

struct ext ext_eku(struct arena *a, const enum oid *usages, size_t n)
{
	return ext_eku_oids(a, usages, n, &(struct text_list){0});
}

struct ext ext_basic_constraints(struct arena *a, bool is_ca, int max_path_len)
{
	struct buf b = BUF_INIT;
	struct der_mark m = der_begin(&b, DER_SEQUENCE);

	if (is_ca) {
		der_put_bool(&b, true);
		if (max_path_len >= 0)
			der_put_uint(&b, (uint64_t)max_path_len);
	}
	der_end(&b, m);
	return make(a, OID_BASIC_CONSTRAINTS, true, &b);
}

struct ext ext_ski(struct arena *a, struct str id)
{
	struct buf b = BUF_INIT;

	der_put(&b, DER_OCTET_STRING, id);
	return make(a, OID_SUBJECT_KEY_ID, false, &b);
}

struct ext ext_aki(struct arena *a, struct str id)
{
	struct buf b = BUF_INIT;
	struct der_mark m = der_begin(&b, DER_SEQUENCE);

	der_put(&b, DER_CTX(0), id);
	der_end(&b, m);
	return make(a, OID_AUTHORITY_KEY_ID, false, &b);
}

struct ext ext_san(struct arena *a, const struct san_list *l, bool critical)
{
	struct buf b = BUF_INIT;

	san_write(l, &b);
	return make(a, OID_SAN, critical, &b);
}

static void put_access(struct buf *b, enum oid method, const struct text_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		struct der_mark m = der_begin(b, DER_SEQUENCE);

		der_put_oid(b, oid_der(method));
		der_put(b, DER_CTX(SAN_URI), l->items[i]);
		der_end(b, m);
	}
}

struct ext ext_aia(struct arena *a, const struct text_list *ocsp, const struct text_list *issuers)
{
	struct buf b = BUF_INIT;
	struct der_mark m = der_begin(&b, DER_SEQUENCE);

	put_access(&b, OID_AD_OCSP, ocsp);
	put_access(&b, OID_AD_CA_ISSUERS, issuers);
	der_end(&b, m);
	return make(a, OID_AIA, false, &b);
}

struct ext ext_crl_points(struct arena *a, const struct text_list *uris)
{
	struct buf b = BUF_INIT;
	struct der_mark all = der_begin(&b, DER_SEQUENCE);

	for (size_t i = 0; i < uris->n; i++) {
		struct der_mark point = der_begin(&b, DER_SEQUENCE);
		struct der_mark name = der_begin(&b, DER_CTX_CONS(0));
		struct der_mark full = der_begin(&b, DER_CTX_CONS(0));

		der_put(&b, DER_CTX(SAN_URI), uris->items[i]);
		der_end(&b, full);
		der_end(&b, name);
		der_end(&b, point);
	}
	der_end(&b, all);
	return make(a, OID_CRL_DP, false, &b);
}

struct ext ext_policies(struct arena *a, const struct text_list *oids)
{
	struct buf b = BUF_INIT;
	struct der_mark all = der_begin(&b, DER_SEQUENCE);

	for (size_t i = 0; i < oids->n; i++) {
		struct der_mark m = der_begin(&b, DER_SEQUENCE);

		der_put_oid(&b, oids->items[i]);
		der_end(&b, m);
	}
	der_end(&b, all);
	return make(a, OID_CERT_POLICIES, false, &b);
}

static void put_bases(struct buf *b, enum san_type type, const struct text_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		struct der_mark m = der_begin(b, DER_SEQUENCE);

		der_put(b, DER_CTX((unsigned)type), l->items[i]);
		der_end(b, m);
	}
}

static void put_subtrees(struct buf *b, unsigned tag, const struct subtrees *s)
{
	struct der_mark m;

	if (subtrees_empty(s))
		return;
	m = der_begin(b, DER_CTX_CONS(tag));
	put_bases(b, SAN_DNS, &s->dns);
	put_bases(b, SAN_IP, &s->ips);
	put_bases(b, SAN_EMAIL, &s->emails);
	put_bases(b, SAN_URI, &s->uris);
	der_end(b, m);
}

struct ext ext_name_constraints(struct arena *a, bool critical, const struct subtrees *permitted,
				const struct subtrees *excluded)
{
	struct buf b = BUF_INIT;
	struct der_mark m = der_begin(&b, DER_SEQUENCE);

	put_subtrees(&b, 0, permitted);
	put_subtrees(&b, 1, excluded);
	der_end(&b, m);
	return make(a, OID_NAME_CONSTRAINTS, critical, &b);
}

void x509_key_id(const struct key *k, unsigned char out[20])
{
	struct buf bits = BUF_INIT;

	key_public_bits(k, &bits);
	hash(HASH_SHA1, buf_view(&bits), out);
	buf_release(&bits);
}

/* ---- the provisioner ---- */

void x509_put_text(struct buf *b, struct str s)
{
	bool printable = true;

	for (size_t i = 0; i < s.n && printable; i++) {
		char c = s.p[i], l = ascii_lower(c);

		printable = (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') ||
			    (c != '\0' && strchr(" '()+,-./:=?", c) != NULL);
	}
	der_put(b, printable ? DER_PRINTABLE_STRING : DER_UTF8_STRING, s);
}

struct ext ext_step_provisioner(struct arena *a, const struct step_provisioner *p)
{
	struct buf b = BUF_INIT;
	struct der_mark m = der_begin(&b, DER_SEQUENCE);

	ENSURE(p->type >= 0);
	der_put_uint(&b, (uint64_t)p->type);
	der_put(&b, DER_OCTET_STRING, p->name);
	der_put(&b, DER_OCTET_STRING, p->credential_id);
	if (p->n_pairs > 0) {
		struct der_mark pairs = der_begin(&b, DER_SEQUENCE);

		for (size_t i = 0; i < p->n_pairs; i++)
			x509_put_text(&b, p->pairs[i]);
		der_end(&b, pairs);
	}
	der_end(&b, m);
	return make(a, OID_STEP_PROVISIONER, false, &b);
}

static int parse_pairs(struct str seq, struct arena *a, struct step_provisioner *out, struct err *e)
{
	struct str count = seq, *items;
	size_t n = 0;

	for (; count.n > 0; n++)
		if (n == X509_MAX_ITEMS || !der_get_any(&count, NULL, NULL, NULL))
			return ERR(e, ERR_INVALID,
				   "provisioner extension: malformed or too many pairs");
	items = ARENA_ARRAY(a, struct str, n);
	for (size_t i = 0; i < n; i++) {
		struct buf text = BUF_INIT;

		if (!der_get_text(&seq, NULL, &text)) {
			buf_release(&text);
			return ERR(e, ERR_INVALID, "provisioner extension: malformed string");
		}
		items[i] = x509_take(a, &text);
	}
	out->pairs = items;
	out->n_pairs = n;
	return 0;
}

int ext_step_provisioner_parse(struct str value, struct arena *a, struct step_provisioner *out,
			       struct err *e)
{
	struct str seq, pairs;
	uint64_t type;
	bool present;

	*out = (struct step_provisioner){0};
	if (!der_get(&value, DER_SEQUENCE, &seq) || value.n != 0)
		return ERR(e, ERR_INVALID, "provisioner extension: not a SEQUENCE");
	if (!der_get_uint(&seq, &type) || type > INT64_MAX)
		return ERR(e, ERR_INVALID, "provisioner extension: malformed type");
	out->type = (int64_t)type;
	if (!der_get(&seq, DER_OCTET_STRING, &out->name) ||
	    !der_get(&seq, DER_OCTET_STRING, &out->credential_id))
		return ERR(e, ERR_INVALID, "provisioner extension: malformed name");
	if (!der_get_optional(&seq, DER_SEQUENCE, &present, &pairs) || seq.n != 0)
		return ERR(e, ERR_INVALID, "provisioner extension: trailing data");
	return present ? parse_pairs(pairs, a, out, e) : 0;
}
