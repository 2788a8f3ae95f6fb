/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/uri.h"
#include "profile/content_priv.h"

/*
 * content_read.c - the JSON that a template yields, member by member.
 *
 * Members come in the text's order and a later one replaces, or adds to, what an earlier one of the
 * same name left, each kind in its way: lists and texts replace, basicConstraints and
 * nameConstraints merge, the elements of sans and extensions merge one by one. Names that are not
 * known are ignored. To add a member: a row in `members`, a reader above it.
 */

static int texts(struct str v, const char *what, struct arena *a, struct text_list *out,
		 struct err *e)
{
	struct str *items;
	size_t n;

	if (cj_get_text_or_texts(v, what, a, &items, &n, e) < 0)
		return -1;
	*out = (struct text_list){.items = items, .n = n};
	return 0;
}

#define YEAR_ONE INT64_C(-62135596800) /* 0001-01-01 00:00:00 */

#define WORK_MAX 5000U /* texts that are read further; repeated lists count again */

int content_charge(struct content *c, size_t n, struct err *e)
{
	c->work += n;
	return c->work <= WORK_MAX
		       ? 0
		       : ERR(e, ERR_TOO_LARGE, "certificate: more than %u values", WORK_MAX);
}

/* ---- readers ---- */

static int read_version(struct str v, struct arena *a, struct content *c, struct err *e)
{
	int64_t ignored;

	(void)a;
	(void)c;
	return cj_get_i64(v, "version", &ignored, e);
}

static int read_subject(struct str v, struct arena *a, struct content *c, struct err *e)
{
	return content_name_read(v, "subject", a, &c->subject, e);
}

static int read_issuer(struct str v, struct arena *a, struct content *c, struct err *e)
{
	struct content_name ignored;

	(void)c;
	return content_name_read(v, "issuer", a, &ignored, e);
}

static int read_raw_subject(struct str v, struct arena *a, struct content *c, struct err *e)
{
	return cj_get_base64(v, "rawSubject", a, &c->raw_subject, e);
}

/* Text or number; both are looked at when it is clear how strict to be. */
static int read_serial(struct str v, struct arena *a, struct content *c, struct err *e)
{
	int64_t n = 0;

	if (content_charge(c, 1, e) < 0)
		return -1;
	c->has_serial = true;
	c->serial_null = cj_is_null(v);
	c->serial_number = cj_kind(v) != CJ_STRING;
	if (!c->serial_number) {
		c->serial = cj_text(v, a);
		return content_serial_check(c->serial, e);
	}
	c->serial = c->serial_null ? STR("0") : v;
	return cj_get_i64(v, "serialNumber", &n, e);
}

static int read_dns(struct str v, struct arena *a, struct content *c, struct err *e)
{
	return texts(v, "dnsNames", a, &c->sans.dns, e);
}

static int read_emails(struct str v, struct arena *a, struct content *c, struct err *e)
{
	return texts(v, "emailAddresses", a, &c->sans.emails, e);
}

static int read_ips(struct str v, struct arena *a, struct content *c, struct err *e)
{
	return content_ips_read(v, a, c, e);
}

static int read_uris(struct str v, struct arena *a, struct content *c, struct err *e)
{
	return content_uris_read(v, a, c, e);
}

static int read_sans(struct str v, struct arena *a, struct content *c, struct err *e)
{
	struct content_sans *s = &c->sans;
	struct cj_walk w = cj_walk(v);
	size_t n = cj_count(v);
	struct content_san *items;

	if (!cj_is_null(v) && cj_kind(v) != CJ_ARRAY)
		return cj_wrong_type(v, "sans", "a list", e);
	if (n == 0) {
		s->n = s->cap = 0;
		return 0;
	}
	items = s->items;
	if (n > s->cap) {
		items = ARENA_ARRAY(a, struct content_san, n);
		if (s->cap > 0)
			memcpy(items, s->items, s->cap * sizeof(*items));
	}
	for (size_t i = 0; cj_item(&w); i++)
		if (content_san_read(w.value, a, &items[i], e) < 0)
			return -1;
	s->items = items;
	s->n = n;
	s->cap = n > s->cap ? n : s->cap;
	return 0;
}

/* Go's zero time is as good as none. */
static int read_time(struct str v, const char *what, bool *set, int64_t *out, struct err *e)
{
	if (cj_get_time(v, what, set, out, e) < 0)
		return -1;
	*set = *set && *out != YEAR_ONE;
	return 0;
}

static int read_not_before(struct str v, struct arena *a, struct content *c, struct err *e)
{
	(void)a;
	return read_time(v, "notBefore", &c->has_not_before, &c->not_before, e);
}

static int read_not_after(struct str v, struct arena *a, struct content *c, struct err *e)
{
	(void)a;
	return read_time(v, "notAfter", &c->has_not_after, &c->not_after, e);
}

static int read_extension(struct str v, struct arena *a, struct ext *out, bool *no_id,
			  struct err *e)
{
	static const char *const names[] = {"id", "critical", "value", NULL};
	struct cj_walk w = cj_walk(v);
	int rc = 0;

	if (cj_is_null(v))
		return 0;
	if (cj_kind(v) != CJ_OBJECT)
		return cj_wrong_type(v, "extensions", "an object", e);
	while (rc == 0 && cj_member(&w)) {
		struct str text = STR_NULL;

		switch (cj_key_index(w.key, names)) {
		case 0:
			if (cj_get_text(w.value, "extensions: id", a, &text, e) < 0)
				return -1;
			*no_id = text.n == 0;
			rc = content_oid(text, "extensions: id", a, &out->oid, e);
			break;
		case 1:
			rc = cj_get_bool(w.value, "extensions: critical", &out->critical, e);
			break;
		case 2:
			rc = cj_get_base64(w.value, "extensions: value", a, &out->value, e);
			break;
		default:
			break;
		}
	}
	return rc;
}

static int read_extensions(struct str v, struct arena *a, struct content *c, struct err *e)
{
	struct cj_walk w = cj_walk(v);
	struct ext *items = c->exts;
	bool *no_id = c->ext_no_id;
	size_t n = cj_count(v);

	if (!cj_is_null(v) && cj_kind(v) != CJ_ARRAY)
		return cj_wrong_type(v, "extensions", "a list", e);
	if (n == 0) {
		c->n_exts = c->cap_exts = 0;
		return 0;
	}
	if (n > c->cap_exts) {
		items = ARENA_ARRAY(a, struct ext, n);
		no_id = ARENA_ARRAY(a, bool, n);
		memset(no_id, true, n);
		if (c->cap_exts > 0) {
			memcpy(items, c->exts, c->cap_exts * sizeof(*items));
			memcpy(no_id, c->ext_no_id, c->cap_exts * sizeof(*no_id));
		}
	}
	for (size_t i = 0; cj_item(&w); i++)
		if (read_extension(w.value, a, &items[i], &no_id[i], e) < 0)
			return -1;
	c->exts = items;
	c->ext_no_id = no_id;
	c->n_exts = n;
	c->cap_exts = n > c->cap_exts ? n : c->cap_exts;
	return 0;
}

static int read_key_usage(struct str v, struct arena *a, struct content *c, struct err *e)
{
	return content_usage_read(v, a, &c->key_usage, e);
}

static int read_ekus(struct str v, struct arena *a, struct content *c, struct err *e)
{
	return content_ekus_read(v, a, &c->ekus, e);
}

static int read_unknown_ekus(struct str v, struct arena *a, struct content *c, struct err *e)
{
	struct str *items;
	size_t n;

	if (cj_get_text_or_texts(v, "unknownExtKeyUsage", a, &items, &n, e) < 0 ||
	    content_charge(c, n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (content_oid(items[i], "unknownExtKeyUsage", a, &items[i], e) < 0)
			return -1;
	c->unknown_ekus = (struct text_list){.items = items, .n = n};
	return 0;
}

static int read_ski(struct str v, struct arena *a, struct content *c, struct err *e)
{
	c->has_ski = !cj_is_null(v);
	return cj_get_base64(v, "subjectKeyId", a, &c->ski, e);
}

static int read_aki(struct str v, struct arena *a, struct content *c, struct err *e)
{
	return cj_get_base64(v, "authorityKeyId", a, &c->aki, e);
}

static int read_ocsp(struct str v, struct arena *a, struct content *c, struct err *e)
{
	return texts(v, "ocspServer", a, &c->ocsp, e);
}

static int read_issuers(struct str v, struct arena *a, struct content *c, struct err *e)
{
	return texts(v, "issuingCertificateURL", a, &c->issuers, e);
}

static int read_crls(struct str v, struct arena *a, struct content *c, struct err *e)
{
	return texts(v, "crlDistributionPoints", a, &c->crls, e);
}

static int read_policies(struct str v, struct arena *a, struct content *c, struct err *e)
{
	struct str *items;
	size_t n;

	if (cj_get_text_or_texts(v, "policyIdentifiers", a, &items, &n, e) < 0 ||
	    content_charge(c, n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (content_big_oid(items[i], "policyIdentifiers", a, &items[i], e) < 0)
			return -1;
	c->policies = (struct text_list){.items = items, .n = n};
	return 0;
}

static int read_alg(struct str v, struct arena *a, struct content *c, struct err *e)
{
	return content_alg_read(v, a, &c->alg, e);
}

static int read_basic_constraints(struct str v, struct arena *a, struct content *c, struct err *e)
{
	static const char *const names[] = {"isCA", "maxPathLen", NULL};
	struct cj_walk w = cj_walk(v);
	int rc = 0;

	(void)a;
	if (cj_is_null(v)) {
		c->has_constraints = c->is_ca = false;
		c->max_path_len = 0;
		return 0;
	}
	if (cj_kind(v) != CJ_OBJECT)
		return cj_wrong_type(v, "basicConstraints", "an object", e);
	c->has_constraints = true;
	while (rc == 0 && cj_member(&w)) {
		int k = cj_key_index(w.key, names);

		if (k == 0)
			rc = cj_get_bool(w.value, "basicConstraints: isCA", &c->is_ca, e);
		else if (k == 1)
			rc = cj_get_i64(w.value, "basicConstraints: maxPathLen", &c->max_path_len,
					e);
	}
	return rc;
}

/* ---- name constraints ---- */

/* "10.0.0.0/8" as address and mask, the bits behind the prefix zero. */
static bool read_range(struct str text, struct arena *a, struct str *out)
{
	struct str bits, address = str_cut(text, '/', &bits);
	unsigned char ip[16], *p;
	size_t n = ip_parse(address, ip);
	uint64_t prefix;

	if (n == 0 || bits.p == NULL || !str_u64(bits, &prefix) || prefix > 8 * n)
		return false;
	p = arena_alloc(a, 2 * n);
	for (size_t i = 0; i < n; i++) {
		uint64_t left = prefix > 8 * i ? prefix - 8 * i : 0;

		p[n + i] = (unsigned char)(left >= 8 ? 0xff : 0xff00U >> left);
		p[i] = ip[i] & p[n + i];
	}
	*out = str_mem(p, 2 * n);
	return true;
}

static int read_ranges(struct str v, const char *what, struct arena *a, struct content *c,
		       struct text_list *out, struct err *e)
{
	struct str *items;
	size_t n;

	if (cj_get_text_or_texts(v, what, a, &items, &n, e) < 0 || content_charge(c, n, e) < 0)
		return err_wrap(e, "nameConstraints");
	if (cj_is_null(v))
		return 0;
	for (size_t i = 0; i < n; i++)
		if (!read_range(items[i], a, &items[i]))
			return ERR(e, ERR_INVALID,
				   "nameConstraints: %s: '" STR_FMT "' is not a range of addresses",
				   what, SHORT_ARG(items[i]));
	*out = (struct text_list){.items = items, .n = n};
	return 0;
}

static int read_subtrees(int field, struct str v, const char *name, struct arena *a,
			 struct content *c, struct err *e)
{
	struct text_list *const lists[] = {
		&c->permitted.dns,    &c->excluded.dns,	   &c->permitted.ips,  &c->excluded.ips,
		&c->permitted.emails, &c->excluded.emails, &c->permitted.uris, &c->excluded.uris,
	};

	if (field == 2 || field == 3)
		return read_ranges(v, name, a, c, lists[field], e);
	return texts(v, name, a, lists[field], e) < 0 ? err_wrap(e, "nameConstraints") : 0;
}

int content_constraints_read(struct str v, struct arena *a, struct content *c, struct err *e)
{
	static const char *const names[] = {
		"permittedDNSDomains", "excludedDNSDomains",	  "permittedIPRanges",
		"excludedIPRanges",    "permittedEmailAddresses", "excludedEmailAddresses",
		"permittedURIDomains", "excludedURIDomains",	  NULL};
	struct cj_walk w = cj_walk(v);
	int rc = 0;

	if (cj_is_null(v)) {
		c->names_critical = false;
		c->permitted = c->excluded = (struct subtrees){0};
		return 0;
	}
	if (cj_kind(v) != CJ_OBJECT)
		return cj_wrong_type(v, "nameConstraints", "an object", e);
	while (rc == 0 && cj_member(&w)) {
		int k = cj_key_index(w.key, names);

		if (k >= 0)
			rc = read_subtrees(k, w.value, names[k], a, c, e);
		else if (cj_key_is(w.key, "critical"))
			rc = cj_get_bool(w.value, "nameConstraints: critical", &c->names_critical,
					 e);
	}
	return rc;
}

/* ---- all ---- */

#define MEMBERS(X)                                                                                 \
	X("subject", read_subject)                                                                 \
	X("sans", read_sans)                                                                       \
	X("keyUsage", read_key_usage)                                                              \
	X("extKeyUsage", read_ekus)                                                                \
	X("dnsNames", read_dns)                                                                    \
	X("emailAddresses", read_emails)                                                           \
	X("ipAddresses", read_ips)                                                                 \
	X("uris", read_uris)                                                                       \
	X("extensions", read_extensions)                                                           \
	X("unknownExtKeyUsage", read_unknown_ekus)                                                 \
	X("basicConstraints", read_basic_constraints)                                              \
	X("rawSubject", read_raw_subject)                                                          \
	X("version", read_version)                                                                 \
	X("issuer", read_issuer)                                                                   \
	X("serialNumber", read_serial)                                                             \
	X("notBefore", read_not_before)                                                            \
	X("notAfter", read_not_after)                                                              \
	X("subjectKeyId", read_ski)                                                                \
	X("authorityKeyId", read_aki)                                                              \
	X("ocspServer", read_ocsp)                                                                 \
	X("issuingCertificateURL", read_issuers)                                                   \
	X("crlDistributionPoints", read_crls)                                                      \
	X("policyIdentifiers", read_policies)                                                      \
	X("nameConstraints", content_constraints_read)                                             \
	X("signatureAlgorithm", read_alg)
#define MEMBER_NAME(name, read)	  name,
#define MEMBER_READER(name, read) read,
static const char *const members[] = {MEMBERS(MEMBER_NAME) NULL};
static int (*const readers[])(struct str v, struct arena *a, struct content *c,
			      struct err *e) = {MEMBERS(MEMBER_READER)};

int content_parse(struct str json, struct arena *a, struct content *c, struct err *e)
{
	struct cj_walk w;
	struct str value;

	*c = (struct content){0};
	if (cj_first(json, &value, e) < 0)
		return -1;
	if (cj_is_null(value))
		return 0;
	if (cj_kind(value) != CJ_OBJECT)
		return cj_wrong_type(value, "certificate", "an object", e);
	for (w = cj_walk(value); cj_member(&w);) {
		int i = cj_key_index(w.key, members);

		if (i >= 0 && readers[i](w.value, a, c, e) < 0)
			return -1;
	}
	return 0;
}
