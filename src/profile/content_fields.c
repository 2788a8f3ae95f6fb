/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/b64.h"
#include "profile/content_priv.h"

/*
 * content_fields.c - from what the JSON says to what profile_tbs() takes.
 *
 * Strict (the daemon): where the model silently drops something or takes an odd form, there is an
 * error; a template that says something means it. As step (for comparing): everything is taken, and
 * what profile_fields has no room for goes to `odd`.
 */

/* ---- serial number ---- */

#define SERIAL_MAX 64U /* octets that are read; who signs takes 20 */

static int digit_value(char c, unsigned base)
{
	unsigned d = 99;

	if (c >= '0' && c <= '9')
		d = (unsigned)(c - '0');
	else if (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'f')
		d = (unsigned)(ascii_lower(c) - 'a') + 10;
	return d < base ? (int)d : -1;
}

/* Prefix of math/big for base 0; *underscore: one may follow at once. */
static unsigned base_of(struct str *s, bool *underscore)
{
	char c = s->n > 1 && s->p[0] == '0' ? ascii_lower(s->p[1]) : '\0';
	unsigned base = c == 'x' ? 16 : c == 'b' ? 2 : c == 'o' ? 8 : 10;

	*underscore = base != 10;
	if (base != 10) {
		s->p += 2;
		s->n -= 2;
	} else if (s->n > 1 && s->p[0] == '0') {
		base = 8;
		*underscore = true;
		s->p++;
		s->n--;
	}
	return base;
}

/* big.Int.SetString(s, 0): the magnitude without leading zeros, zero is one byte. */
static bool big_int(struct str s, bool *negative, unsigned char *out, size_t *n)
{
	bool underscore, digit = false;
	unsigned base;

	*negative = s.n > 0 && s.p[0] == '-';
	if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+')) {
		s.p++;
		s.n--;
	}
	base = base_of(&s, &underscore);
	memset(out, 0, SERIAL_MAX);
	*n = 1;
	for (size_t i = 0; i < s.n; i++) {
		int d = digit_value(s.p[i], base);
		unsigned carry = (unsigned)d;

		if (s.p[i] == '_' && underscore) {
			underscore = digit = false;
			continue;
		}
		if (d < 0)
			return false;
		for (size_t k = 0; k < *n || carry > 0; k++) { /* the lowest byte first */
			if (k == SERIAL_MAX)
				return false;
			*n = k < *n ? *n : k + 1;
			carry += out[k] * base;
			out[k] = (unsigned char)carry;
			carry >>= 8;
		}
		underscore = digit = true;
	}
	while (*n > 1 && out[*n - 1] == 0)
		--*n;
	return digit;
}

int content_serial_check(struct str text, struct err *e)
{
	unsigned char v[SERIAL_MAX];
	bool negative;
	size_t n;

	return big_int(text, &negative, v, &n) ? 0
					       : ERR(e, ERR_INVALID, "serialNumber: not a number");
}

static int odd_serial(const struct content *c, struct arena *a, struct content_odd *odd,
		      struct err *e)
{
	unsigned char v[SERIAL_MAX], *p;
	size_t n;

	if (!big_int(c->serial, &odd->negative, v, &n))
		return ERR(e, ERR_INVALID, "serialNumber: not a number");
	if (odd->negative && (n > 1 || v[0] != 0))
		return ERR(e, ERR_INVALID, "serialNumber: negative");
	p = arena_alloc(a, n);
	for (size_t i = 0; i < n; i++)
		p[i] = v[n - 1 - i];
	odd->has_serial = true;
	odd->serial = str_mem(p, n);
	return 0;
}

static int set_serial(const struct content *c, struct arena *a, struct profile_fields *f,
		      struct err *e)
{
	struct err why = ERR_INIT;

	if (!c->has_serial)
		return 0;
	if (f->odd != NULL)
		return odd_serial(c, a, f->odd, e);
	/* Plain decimal or 0x, as serial_parse(); a leading zero would be octal for the model. */
	if (c->serial_null ||
	    (c->serial.n > 1 && c->serial.p[0] == '0' && ascii_lower(c->serial.p[1]) != 'x') ||
	    serial_parse(c->serial, a, &f->serial, &why) < 0)
		return ERR(e, ERR_INVALID,
			   "serialNumber: not a positive number of at most 20 octets, decimal or "
			   "with 0x");
	return 0;
}

/* ---- names ---- */

static int set_subject(const struct content *c, struct arena *a, struct profile_fields *f,
		       struct err *e)
{
	struct buf der = BUF_INIT;
	struct err why = ERR_INIT;

	if (c->raw_subject.n > 0) {
		f->subject_der = c->raw_subject;
	} else {
		if (content_name_write(&c->subject, "subject", &der, e) < 0) {
			buf_release(&der);
			return -1;
		}
		f->subject_der = arena_str(a, buf_view(&der));
		buf_release(&der);
	}
	if (name_parse(f->subject_der, a, &f->subject, &why) < 0) {
		f->subject = (struct name){.der = f->subject_der};
		if (f->odd == NULL)
			return ERR(e, ERR_INVALID, "%s: %s",
				   c->raw_subject.n > 0 ? "rawSubject" : "subject", why.msg);
	}
	return 0;
}

/* Of the JSON's subject, whatever rawSubject says. */
static bool subject_empty(const struct content *c)
{
	struct buf der = BUF_INIT;
	struct err ignored = ERR_INIT;
	bool empty = content_name_write(&c->subject, "subject", &der, &ignored) == 0 && der.n == 2;

	buf_release(&der);
	return empty;
}

static bool has_ext(const struct content *c, enum oid id)
{
	for (size_t i = 0; i < c->n_exts; i++)
		if (str_eq(c->exts[i].oid, oid_der(id)))
			return true;
	return false;
}

#define SANS_MAX 1000U /* as many as can be read again */

static size_t sans_count(const struct content_sans *s)
{
	return s->dns.n + s->emails.n + s->n_ips + s->n_uris + s->n;
}

/* Those by OID, a SAN extension made by hand before them. */
static int set_exts(const struct content *c, struct arena *a, struct profile_fields *f,
		    struct err *e)
{
	struct ext *items = ARENA_ARRAY(a, struct ext, c->n_exts + 1);
	struct san_list sans;

	f->exts.items = items;
	if (sans_count(&c->sans) > SANS_MAX)
		return ERR(e, ERR_TOO_LARGE, "certificate: more than %u names", SANS_MAX);
	if (content_sans_extended(&c->sans) && !has_ext(c, OID_SAN)) {
		if (content_sans_by_hand(&c->sans, a, &sans, e) < 0)
			return -1;
		items[f->exts.n++] = ext_san(a, &sans, subject_empty(c));
	} else if (!has_ext(c, OID_SAN)) {
		if (content_sans_plain(&c->sans, f->odd == NULL, a, &f->sans, e) < 0)
			return -1;
	}
	for (size_t i = 0; i < c->n_exts; i++) {
		if (c->ext_no_id[i] && f->odd != NULL)
			continue;
		if (c->ext_no_id[i])
			return ERR(e, ERR_INVALID, "extensions: number %zu has no id", i + 1);
		if (c->exts[i].oid.n == 0)
			return content_oid_unencodable("extensions: id", e);
		items[f->exts.n++] = c->exts[i];
	}
	return 0;
}

/* ---- the rest ---- */

static int ascii_only(const struct text_list *l, const char *what, struct err *e)
{
	for (size_t i = 0; i < l->n; i++)
		for (size_t k = 0; k < l->items[i].n; k++)
			if (l->items[i].p[k] <= ' ' || l->items[i].p[k] > '~')
				return ERR(e, ERR_INVALID,
					   "%s: not ASCII, or with blanks or control characters",
					   what);
	return 0;
}

static int check_subtrees(const struct subtrees *s, struct err *e)
{
	if (ascii_only(&s->dns, "nameConstraints", e) < 0 ||
	    ascii_only(&s->emails, "nameConstraints", e) < 0)
		return -1;
	return ascii_only(&s->uris, "nameConstraints", e);
}

static int set_urls(const struct content *c, struct profile_fields *f, struct err *e)
{
	f->ocsp = c->ocsp;
	f->issuers = c->issuers;
	f->crls = c->crls;
	f->policies = c->policies;
	if (f->odd != NULL)
		return 0;
	if (ascii_only(&c->ocsp, "ocspServer", e) < 0 ||
	    ascii_only(&c->issuers, "issuingCertificateURL", e) < 0)
		return -1;
	return ascii_only(&c->crls, "crlDistributionPoints", e);
}

static int set_usages(const struct content *c, struct arena *a, struct profile_fields *f,
		      struct err *e)
{
	struct str *all = ARENA_ARRAY(a, struct str, c->ekus.n + c->unknown_ekus.n + 1);

	f->key_usage = c->key_usage;
	for (size_t i = 0; i < c->unknown_ekus.n && !has_ext(c, OID_EXT_KEY_USAGE); i++)
		if (c->unknown_ekus.items[i].n == 0)
			return content_oid_unencodable("unknownExtKeyUsage", e);
	for (size_t i = 0; i < c->ekus.n; i++)
		all[i] = c->ekus.items[i];
	for (size_t i = 0; i < c->unknown_ekus.n; i++)
		all[c->ekus.n + i] = c->unknown_ekus.items[i];
	f->eku_oids = (struct text_list){.items = all, .n = c->ekus.n + c->unknown_ekus.n};
	f->has_basic_constraints = c->has_constraints;
	f->is_ca = c->has_constraints && c->is_ca;
	f->max_path_len = -1;
	if (!f->is_ca || c->max_path_len < 0)
		return 0;
	if (c->max_path_len > INT32_MAX)
		return ERR(e, ERR_INVALID, "basicConstraints: maxPathLen is too large");
	f->max_path_len = (int)c->max_path_len;
	return 0;
}

static int set_alg(const struct content *c, struct profile_fields *f, struct err *e)
{
	if (c->alg == NULL)
		return 0;
	f->sig_alg = c->alg->alg;
	if (c->alg->alg != SIG_NONE)
		return 0;
	if (f->odd == NULL || c->alg->key == KEY_NONE)
		return ERR(e, ERR_INVALID, "signatureAlgorithm: %s is not used to sign",
			   c->alg->name);
	f->odd->sig_alg = str_c(c->alg->oid);
	f->sig_alg = c->alg->key == KEY_RSA ? SIG_RSA_SHA256 : SIG_ECDSA_SHA256;
	return 0;
}

/* What an extension given by OID says, which stands instead of the field. */
static void see_authority(struct profile_fields *f)
{
	const struct ext *x = ext_find(&f->exts, OID_BASIC_CONSTRAINTS);
	struct str cur = x != NULL ? x->value : STR_NULL, seq;
	bool ca = false;

	if (x != NULL && f->odd == NULL)
		f->is_ca = der_get(&cur, DER_SEQUENCE, &seq) && der_get_bool(&seq, &ca) && ca;
}

static int convert(const struct content *c, struct arena *a, struct profile_fields *f,
		   struct err *e)
{
	if (set_subject(c, a, f, e) < 0 || set_exts(c, a, f, e) < 0 || set_serial(c, a, f, e) < 0)
		return -1;
	if (set_usages(c, a, f, e) < 0 || set_urls(c, f, e) < 0 || set_alg(c, f, e) < 0)
		return -1;
	see_authority(f);
	f->has_ski = c->has_ski;
	f->ski = c->ski;
	f->aki = c->aki;
	f->has_not_before = c->has_not_before;
	f->has_not_after = c->has_not_after;
	f->not_before = c->not_before;
	f->not_after = c->not_after;
	f->constraints_critical = c->names_critical;
	f->permitted = c->permitted;
	f->excluded = c->excluded;
	if (check_subtrees(&f->permitted, e) < 0)
		return -1;
	return check_subtrees(&f->excluded, e);
}

int content_read(struct str json, struct arena *a, struct profile_fields *out, struct err *e)
{
	struct content *c = ARENA_NEW(a, struct content);

	*out = (struct profile_fields){0};
	if (content_parse(json, a, c, e) < 0)
		return -1;
	return convert(c, a, out, e);
}

int content_read_as_step(struct str json, struct arena *a, struct profile_fields *out,
			 struct err *e)
{
	struct content *c = ARENA_NEW(a, struct content);

	*out = (struct profile_fields){.odd = ARENA_NEW(a, struct content_odd)};
	if (content_parse(json, a, c, e) < 0)
		return -1;
	return convert(c, a, out, e);
}
