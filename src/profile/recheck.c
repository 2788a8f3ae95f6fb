/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/b64.h"
#include "codec/uri.h"
#include "profile/content_priv.h"

/*
 * recheck.c - reads a TBSCertificate again that was just made.
 *
 * It takes and refuses what Go's crypto/x509 does when step reads its new certificate: that decides
 * whether a template works there. It is no full check (x509/cert.c is one): extensions that are not
 * known may hold anything, and data behind the value of some known ones is not looked at.
 */

static int bad(const char *what, struct err *e)
{
	return ERR(e, ERR_INVALID, "certificate: %s", what);
}

static bool is_ascii(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

/* An OID whose arcs fit 31 bits. */
static bool get_oid(struct str *in, struct str *oid)
{
	uint64_t v = 0;

	if (!der_get_oid(in, oid))
		return false;
	for (size_t i = 0; i < oid->n; i++) {
		v = v << 7 | ((unsigned char)oid->p[i] & 0x7fU);
		if (v > INT32_MAX)
			return false;
		if ((unsigned char)oid->p[i] < 0x80)
			v = 0;
	}
	return true;
}

/* ---- names ---- */

static bool is_printable(char c)
{
	char l = ascii_lower(c);

	return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr(" '()+,-./:=?*&", c) != NULL);
}

static bool bmp_ok(struct str s)
{
	if (s.n % 2 != 0)
		return false;
	for (size_t i = 0; i + 1 < s.n; i += 2) {
		unsigned c = (unsigned)(unsigned char)s.p[i] << 8 | (unsigned char)s.p[i + 1];

		if (c >= 0xfffe || (c >= 0xfdd0 && c <= 0xfdef) || (c >= 0xd800 && c <= 0xdfff))
			return false;
	}
	return true;
}

static bool string_ok(unsigned tag, struct str s)
{
	switch (tag) {
	case DER_T61_STRING:
		return true;
	case DER_PRINTABLE_STRING:
		for (size_t i = 0; i < s.n; i++)
			if (!is_printable(s.p[i]))
				return false;
		return true;
	case DER_UTF8_STRING:
		return utf8_valid(s);
	case DER_BMP_STRING:
		return bmp_ok(s);
	case DER_IA5_STRING:
		return is_ascii(s);
	case DER_NUMERIC_STRING:
		for (size_t i = 0; i < s.n; i++)
			if (s.p[i] != ' ' && (s.p[i] < '0' || s.p[i] > '9'))
				return false;
		return true;
	default:
		return false;
	}
}

static int check_name(struct str name, struct err *e)
{
	struct str seq, set, attr, oid, value;
	unsigned tag;

	if (!der_get(&name, DER_SEQUENCE, &seq))
		return bad("malformed subject", e);
	while (seq.n > 0) {
		if (!der_get(&seq, DER_SET, &set))
			return bad("malformed subject", e);
		while (set.n > 0) {
			if (!der_get(&set, DER_SEQUENCE, &attr) || !get_oid(&attr, &oid) ||
			    !der_get_any(&attr, &tag, &value, NULL))
				return bad("malformed attribute in the subject", e);
			if (!string_ok(tag, value))
				return bad("an attribute of the subject does not fit its type", e);
		}
	}
	return 0;
}

/* ---- domains and mailboxes ---- */

static bool domain_ok(struct str s, bool constraint)
{
	size_t label = 0;

	if (s.n == 0)
		return true;
	if (s.p[s.n - 1] == '.')
		return false;
	if (constraint && s.p[0] == '.') {
		s.p++;
		s.n--;
	}
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < 33 || s.p[i] > 126)
			return false;
		if (s.p[i] == '.' && label == 0)
			return false;
		label = s.p[i] == '.' ? 0 : label + 1;
	}
	return label > 0;
}

/* Behind the opening quote; *s moves behind the closing one. */
static bool quoted_local(struct str *s)
{
	while (s->n > 0) {
		unsigned char c = (unsigned char)*s->p++;

		s->n--;
		if (c == '"')
			return true;
		if (c == '\\') {
			unsigned char x = s->n > 0 ? (unsigned char)s->p[0] : 0;

			if (x == 0 || x == 10 || x == 13 || x > 127)
				return false;
			s->p++;
			s->n--;
		} else if (c == 0 || c == 9 || c == 10 || c == 13 || c > 127) {
			return false;
		}
	}
	return false;
}

static bool is_atext(char c)
{
	char l = ascii_lower(c);

	return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~.", c) != NULL);
}

static bool dotted_local(struct str *s)
{
	char last = '.';
	size_t n = 0;

	while (s->n > 0 && (s->p[0] == '\\' || is_atext(s->p[0]))) {
		if (s->p[0] == '\\') {
			s->p++;
			s->n--;
			if (s->n == 0)
				return false;
		}
		if (s->p[0] == '.' && last == '.')
			return false;
		last = s->p[0];
		s->p++;
		s->n--;
		n++;
	}
	return n > 0 && last != '.';
}

static bool mailbox_ok(struct str s)
{
	if (s.n > 0 && s.p[0] == '"') {
		s.p++;
		s.n--;
		if (!quoted_local(&s))
			return false;
	} else if (!dotted_local(&s)) {
		return false;
	}
	if (s.n == 0 || s.p[0] != '@')
		return false;
	return domain_ok((struct str){s.p + 1, s.n - 1}, false);
}

/* ---- extensions ---- */

struct view {
	struct arena *arena;
	bool critical;
	struct str value;
};

static int check_usage(const struct view *v, struct err *e)
{
	struct str cur = v->value, bits;
	unsigned pad;

	if (!der_get(&cur, DER_BIT_STRING, &bits) || bits.n == 0)
		return bad("malformed keyUsage", e);
	pad = (unsigned char)bits.p[0];
	if (pad > 7 || (bits.n == 1 && pad != 0) ||
	    (bits.n > 1 && ((unsigned char)bits.p[bits.n - 1] & ((1U << pad) - 1)) != 0))
		return bad("malformed keyUsage", e);
	return 0;
}

static int check_constraints(const struct view *v, struct err *e)
{
	struct str cur = v->value, seq;
	uint64_t n;
	bool ca;

	if (!der_get(&cur, DER_SEQUENCE, &seq) ||
	    (der_peek(seq, DER_BOOLEAN) && !der_get_bool(&seq, &ca)) ||
	    (der_peek(seq, DER_INTEGER) && (!der_get_uint(&seq, &n) || n > INT64_MAX)))
		return bad("malformed basicConstraints", e);
	return 0;
}

static int check_uri(struct str s, struct arena *a, struct err *e)
{
	struct content_url url;

	if (!is_ascii(s) || content_url(s, a, &url, e) < 0 || !domain_ok(url.host, false))
		return bad("a URI in subjectAltName is malformed or has no valid host", e);
	return 0;
}

static int check_sans(const struct view *v, struct err *e)
{
	struct str cur = v->value, seq, s;
	unsigned tag;

	if (!der_get(&cur, DER_SEQUENCE, &seq))
		return bad("malformed subjectAltName", e);
	while (seq.n > 0) {
		if (!der_get_any(&seq, &tag, &s, NULL))
			return bad("malformed subjectAltName", e);
		if ((tag == DER_CTX(SAN_EMAIL) || tag == DER_CTX(SAN_DNS)) && !is_ascii(s))
			return bad("a name in subjectAltName is not ASCII", e);
		if (tag == DER_CTX(SAN_URI) && check_uri(s, v->arena, e) < 0)
			return -1;
		if (tag == DER_CTX(SAN_IP) && s.n != 4 && s.n != 16)
			return bad("an address in subjectAltName is malformed", e);
	}
	return 0;
}

static bool mask_ok(struct str s)
{
	bool ended = false;

	for (size_t i = s.n / 2; i < s.n; i++) {
		for (unsigned bit = 0x80; bit != 0; bit >>= 1) {
			bool on = ((unsigned char)s.p[i] & bit) != 0;

			if (on && ended)
				return false;
			ended = !on;
		}
	}
	return true;
}

static bool base_ok(unsigned tag, struct str s)
{
	unsigned char ip[16];

	switch (tag) {
	case DER_CTX(SAN_DNS):
		return is_ascii(s) && domain_ok(s, true);
	case DER_CTX(SAN_IP):
		return (s.n == 8 || s.n == 32) && mask_ok(s);
	case DER_CTX(SAN_EMAIL):
		return is_ascii(s) && (str_has(s, '@') ? mailbox_ok(s) : domain_ok(s, true));
	case DER_CTX(SAN_URI):
		return is_ascii(s) && ip_parse(s, ip) == 0 && domain_ok(s, true);
	default:
		return true;
	}
}

static bool subtrees_ok(struct str trees)
{
	struct str seq, base;
	unsigned tag;

	while (trees.n > 0)
		if (!der_get(&trees, DER_SEQUENCE, &seq) || !der_get_any(&seq, &tag, &base, NULL) ||
		    !base_ok(tag, base))
			return false;
	return true;
}

static int check_name_constraints(const struct view *v, struct err *e)
{
	struct str cur = v->value, seq, permitted = STR_NULL, excluded = STR_NULL;
	bool has[2];

	if (!der_get(&cur, DER_SEQUENCE, &seq) || cur.n != 0 ||
	    !der_get_optional(&seq, DER_CTX_CONS(0), &has[0], &permitted) ||
	    !der_get_optional(&seq, DER_CTX_CONS(1), &has[1], &excluded) || seq.n != 0 ||
	    (!has[0] && !has[1]))
		return bad("malformed nameConstraints", e);
	permitted = has[0] ? permitted : STR_NULL;
	excluded = has[1] ? excluded : STR_NULL;
	if (permitted.n + excluded.n == 0 || !subtrees_ok(permitted) || !subtrees_ok(excluded))
		return bad("malformed nameConstraints", e);
	return 0;
}

static int check_crl_points(const struct view *v, struct err *e)
{
	struct str cur = v->value, seq, point, name = STR_NULL, full;
	bool present;

	if (!der_get(&cur, DER_SEQUENCE, &seq))
		return bad("malformed cRLDistributionPoints", e);
	while (seq.n > 0) {
		if (!der_get(&seq, DER_SEQUENCE, &point) ||
		    !der_get_optional(&point, DER_CTX_CONS(0), &present, &name))
			return bad("malformed cRLDistributionPoints", e);
		if (!present)
			continue;
		if (!der_get(&name, DER_CTX_CONS(0), &full))
			return bad("malformed cRLDistributionPoints", e);
		while (der_peek(full, DER_CTX(SAN_URI)))
			if (!der_get(&full, DER_CTX(SAN_URI), NULL))
				return bad("malformed cRLDistributionPoints", e);
	}
	return 0;
}

static int check_authority_id(const struct view *v, struct err *e)
{
	struct str cur = v->value, seq;

	if (v->critical || !der_get(&cur, DER_SEQUENCE, &seq) ||
	    (der_peek(seq, DER_CTX(0)) && !der_get(&seq, DER_CTX(0), NULL)))
		return bad("authorityKeyIdentifier critical or malformed", e);
	return 0;
}

static int check_subject_id(const struct view *v, struct err *e)
{
	struct str cur = v->value;

	if (v->critical || !der_get(&cur, DER_OCTET_STRING, NULL))
		return bad("subjectKeyIdentifier critical or malformed", e);
	return 0;
}

static int check_ekus(const struct view *v, struct err *e)
{
	struct str cur = v->value, seq, oid;

	if (!der_get(&cur, DER_SEQUENCE, &seq))
		return bad("malformed extKeyUsage", e);
	while (seq.n > 0)
		if (!get_oid(&seq, &oid))
			return bad("malformed extKeyUsage", e);
	return 0;
}

/* Not looked at as der_get_oid() does: arcs may have any size. */
static bool any_oid(struct str s)
{
	bool start = true;

	for (size_t i = 0; i < s.n; i++) {
		if (start && (unsigned char)s.p[i] == 0x80)
			return false;
		start = (unsigned char)s.p[i] < 0x80;
	}
	return s.n > 0 && start;
}

static int compare(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static bool has_twice(struct str *items, size_t n)
{
	qsort(items, n, sizeof(*items), compare);
	for (size_t i = 1; i < n; i++)
		if (str_eq(items[i - 1], items[i]))
			return true;
	return false;
}

static int check_policies(const struct view *v, struct err *e)
{
	struct str cur = v->value, seq, one, oid, *seen;
	size_t n = 0;

	if (!der_get(&cur, DER_SEQUENCE, &seq))
		return bad("malformed certificatePolicies", e);
	seen = ARENA_ARRAY(v->arena, struct str, seq.n / 5 + 1); /* 30 03 06 01 xx */
	while (seq.n > 0) {
		if (!der_get(&seq, DER_SEQUENCE, &one) || !der_get(&one, DER_OID, &oid) ||
		    !any_oid(oid))
			return bad("malformed certificatePolicies", e);
		seen[n++] = oid;
	}
	return has_twice(seen, n) ? bad("a policy is there twice", e) : 0;
}

static int check_aia(const struct view *v, struct err *e)
{
	struct str cur = v->value, seq, one;

	if (v->critical || !der_get(&cur, DER_SEQUENCE, &seq))
		return bad("authorityInfoAccess critical or malformed", e);
	while (seq.n > 0) {
		struct str method;

		if (!der_get(&seq, DER_SEQUENCE, &one) || !get_oid(&one, &method) ||
		    (der_peek(one, DER_CTX(SAN_URI)) && !der_get(&one, DER_CTX(SAN_URI), NULL)))
			return bad("malformed authorityInfoAccess", e);
	}
	return 0;
}

/* INTEGER contents in at most 64 bits, in the shortest form. */
static bool int64_ok(struct str s)
{
	if (s.n == 0 || s.n > 8)
		return false;
	return s.n == 1 || !((s.p[0] == 0 && (unsigned char)s.p[1] < 0x80) ||
			     ((unsigned char)s.p[0] == 0xff && (unsigned char)s.p[1] >= 0x80));
}

static int check_policy_constraints(const struct view *v, struct err *e)
{
	struct str cur = v->value, seq, n;

	if (!der_get(&cur, DER_SEQUENCE, &seq))
		return bad("malformed policyConstraints", e);
	for (unsigned tag = 0; tag <= 1; tag++)
		if (der_peek(seq, DER_CTX(tag)) &&
		    (!der_get(&seq, DER_CTX(tag), &n) || !int64_ok(n)))
			return bad("malformed policyConstraints", e);
	return 0;
}

static int check_policy_mappings(const struct view *v, struct err *e)
{
	struct str cur = v->value, seq, one;

	if (!der_get(&cur, DER_SEQUENCE, &seq))
		return bad("malformed policyMappings", e);
	while (seq.n > 0)
		if (!der_get(&seq, DER_SEQUENCE, &one) || !der_get(&one, DER_OID, NULL) ||
		    !der_get(&one, DER_OID, NULL))
			return bad("malformed policyMappings", e);
	return 0;
}

static int check_inhibit_any(const struct view *v, struct err *e)
{
	struct str cur = v->value, n;

	return der_get(&cur, DER_INTEGER, &n) && int64_ok(n) ? 0
							     : bad("malformed inhibitAnyPolicy", e);
}

static const struct {
	struct str oid;
	int (*check)(const struct view *v, struct err *e);
} checks[] = {
	{{"\x55\x1d\x0e", 3}, check_subject_id},
	{{"\x55\x1d\x0f", 3}, check_usage},
	{{"\x55\x1d\x11", 3}, check_sans},
	{{"\x55\x1d\x13", 3}, check_constraints},
	{{"\x55\x1d\x1e", 3}, check_name_constraints},
	{{"\x55\x1d\x1f", 3}, check_crl_points},
	{{"\x55\x1d\x20", 3}, check_policies},
	{{"\x55\x1d\x21", 3}, check_policy_mappings},
	{{"\x55\x1d\x23", 3}, check_authority_id},
	{{"\x55\x1d\x24", 3}, check_policy_constraints},
	{{"\x55\x1d\x25", 3}, check_ekus},
	{{"\x55\x1d\x36", 3}, check_inhibit_any},
	{{"\x2b\x06\x01\x05\x05\x07\x01\x01", 8}, check_aia},
};

static int check_extension(struct str ext, struct arena *a, struct str *oid, struct err *e)
{
	struct view v = {.arena = a};

	if (!get_oid(&ext, oid))
		return bad("an extension's OID is malformed or has a number over 31 bits", e);
	if ((der_peek(ext, DER_BOOLEAN) && !der_get_bool(&ext, &v.critical)) ||
	    !der_get(&ext, DER_OCTET_STRING, &v.value))
		return bad("malformed extension", e);
	for (size_t i = 0; i < ARRAY_LEN(checks); i++)
		if (str_eq(*oid, checks[i].oid))
			return checks[i].check(&v, e);
	return 0;
}

static int check_extensions(struct str seq, struct arena *a, struct err *e)
{
	struct str *seen = ARENA_ARRAY(a, struct str, seq.n / 7 + 1);
	struct str ext;
	size_t n = 0;

	while (seq.n > 0) {
		if (!der_get(&seq, DER_SEQUENCE, &ext))
			return bad("malformed extension", e);
		if (check_extension(ext, a, &seen[n++], e) < 0)
			return -1;
	}
	return has_twice(seen, n) ? bad("an extension is there twice", e) : 0;
}

int profile_recheck(struct str tbs, struct arena *a, struct err *e)
{
	struct str in, name, exts, outer, key, alg, oid;
	bool present;

	if (!der_get(&tbs, DER_SEQUENCE, &in) || !der_get(&in, DER_CTX_CONS(0), NULL) ||
	    !der_get(&in, DER_INTEGER, NULL) || !der_get(&in, DER_SEQUENCE, NULL) ||
	    !der_get(&in, DER_SEQUENCE, NULL) || !der_get(&in, DER_SEQUENCE, NULL))
		return bad("malformed", e);
	if (!der_get_element(&in, DER_SEQUENCE, &name))
		return bad("malformed subject", e);
	if (check_name(name, e) < 0)
		return -1;
	if (!der_get(&in, DER_SEQUENCE, &key) || !der_get(&key, DER_SEQUENCE, &alg) ||
	    !get_oid(&alg, &oid) || !der_get(&key, DER_BIT_STRING, NULL) ||
	    !der_get_optional(&in, DER_CTX(1), &present, NULL) ||
	    !der_get_optional(&in, DER_CTX(2), &present, NULL) ||
	    !der_get_optional(&in, DER_CTX_CONS(3), &present, &outer))
		return bad("malformed", e);
	if (!present)
		return 0;
	if (!der_get(&outer, DER_SEQUENCE, &exts))
		return bad("malformed extensions", e);
	return check_extensions(exts, a, e);
}
