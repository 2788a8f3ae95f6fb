/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "codec/idna.h"
#include "codec/uri.h"
#include "x509/priv.h"

/*
 * san.c - GeneralNames (RFC 5280 4.2.1.6).
 *
 * Reading takes what is well-formed, so that certificates of others can be read: text is printable
 * ASCII and not empty, addresses have 4 or 16 bytes, the structured kinds have their structure.
 * What people and tokens name (san_from_text) is held to more: a DNS name in LDH form, a mailbox
 * without quoting, a URI that parses.
 */

/* ---- text ---- */

/* Where the domain of a mailbox begins (behind the last '@'); 0 when there is none. */
static size_t mail_domain(struct str s)
{
	size_t i = s.n;

	while (i > 0 && s.p[i - 1] != '@')
		i--;
	return i;
}

/* RFC 5321 Dot-string: quoted local parts are refused, nobody compares them alike. */
static bool local_part_valid(struct str s)
{
	bool dot = true;

	if (s.n == 0 || s.n > 64)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i], l = ascii_lower(c);

		if (c == '.') {
			if (dot)
				return false;
			dot = true;
			continue;
		}
		dot = false;
		if ((l < 'a' || l > 'z') && (c < '0' || c > '9') &&
		    (c == '\0' || strchr("!#$%&'*+-/=?^_`{|}~", c) == NULL))
			return false;
	}
	return !dot;
}

static bool mailbox_valid(struct str s)
{
	size_t at = mail_domain(s);

	return at > 0 && local_part_valid((struct str){s.p, at - 1}) &&
	       dns_name_valid((struct str){s.p + at, s.n - at}, false);
}

static bool is_uri(struct str s)
{
	struct uri u;
	struct err ignored = ERR_INIT;
	struct str rest, scheme = str_cut(s, ':', &rest);

	if (rest.p == NULL || scheme.n == 0)
		return false;
	return uri_parse(s, &u, &ignored) == 0 && u.scheme.n > 0;
}

static bool has_high_bytes(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return true;
	return false;
}

int san_from_text(struct str text, struct arena *a, struct san *out, struct err *e)
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
	unsigned char ip[16];
	size_t n;

	*out = (struct san){.type = SAN_DNS};
	if (text.n == 0 || text.n > 2048)
		return ERR(e, ERR_INVALID, "name: empty or longer than 2,048 bytes");
	n = ip_parse(text, ip);
	if (n > 0) {
		/*
		 * ::ffff:192.0.2.1 is 192.0.2.1: who connects compares four bytes, and so do
		 * clients that write requests.
		 */
		bool is_mapped = n == 16 && memcmp(ip, mapped, sizeof(mapped)) == 0;

		out->type = SAN_IP;
		out->value = is_mapped ? str_mem(arena_dup(a, ip + 12, 4), 4)
				       : str_mem(arena_dup(a, ip, n), n);
		return 0;
	}
	if (is_uri(text)) {
		out->type = SAN_URI;
		out->value = arena_str(a, text);
		return 0;
	}
	if (str_has(text, '@')) {
		if (!mailbox_valid(text))
			return ERR(e, ERR_INVALID, "name '" STR_FMT "': not an e-mail address",
				   STR_ARG(text));
		out->type = SAN_EMAIL;
		out->value = arena_str(a, text);
		return 0;
	}
	if (has_high_bytes(text)) {
		if (idna_to_ascii(text, a, &out->value, e) < 0)
			return -1;
	} else {
		out->value = arena_str(a, text);
	}
	if (!dns_name_valid(out->value, true))
		return ERR(e, ERR_INVALID,
			   "name '" STR_FMT "': not a DNS name, address, e-mail address or URI",
			   STR_ARG(text));
	return 0;
}

/* otherName is OID and [0]; its value is shown in hexadecimal. */
static void put_other(struct str v, struct buf *out)
{
	struct str oid;

	buf_puts(out, "otherName:");
	if (der_get_oid(&v, &oid)) {
		x509_put_oid(out, oid);
		buf_putc(out, ':');
	}
	for (size_t i = 0; i < v.n; i++)
		buf_printf(out, "%02x", (unsigned char)v.p[i]);
}

static void put_dirname(struct str v, struct buf *out)
{
	struct arena *a = arena_new();
	struct err ignored = ERR_INIT;
	struct name n;

	buf_puts(out, "dirName:");
	if (name_parse(v, a, &n, &ignored) == 0)
		name_to_text(&n, out);
	arena_free(a);
}

void san_to_text(const struct san *s, struct buf *out)
{
	char ip[46];

	switch (s->type) {
	case SAN_EMAIL:
	case SAN_DNS:
	case SAN_URI:
		x509_put_safe(out, s->value);
		return;
	case SAN_IP:
		if (s->value.n == 4 || s->value.n == 16)
			buf_puts(out, ip_format((const unsigned char *)s->value.p, s->value.n, ip));
		return;
	case SAN_OTHER:
		put_other(s->value, out);
		return;
	case SAN_DIRNAME:
		put_dirname(s->value, out);
		return;
	case SAN_RID:
		buf_puts(out, "RID:");
		x509_put_oid(out, s->value);
		return;
	case SAN_X400:
		buf_puts(out, "x400Address");
		return;
	case SAN_EDI:
		buf_puts(out, "ediPartyName");
		return;
	}
}

bool san_equal(const struct san *a, const struct san *b)
{
	size_t at;

	if (a->type != b->type || a->value.n != b->value.n)
		return false;
	if (a->type == SAN_DNS)
		return str_ieq(a->value, b->value);
	if (a->type != SAN_EMAIL)
		return str_eq(a->value, b->value);
	at = mail_domain(a->value);
	if (at != mail_domain(b->value))
		return false;
	return str_eq((struct str){a->value.p, at}, (struct str){b->value.p, at}) &&
	       str_ieq((struct str){a->value.p + at, a->value.n - at},
		       (struct str){b->value.p + at, b->value.n - at});
}

/* ---- DER ---- */

static bool text_ok(struct str s, enum san_type type, bool base)
{
	if (s.n == 0)
		return base;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] > 0x7e || (s.p[i] == ' ' && type != SAN_EMAIL))
			return false;
	return true;
}

/* Base of an iPAddress constraint: address and mask, the mask a prefix (RFC 4632). */
static bool cidr_ok(struct str s)
{
	const unsigned char *mask = (const unsigned char *)s.p + s.n / 2;
	bool ended = false;

	if (s.n != 8 && s.n != 32)
		return false;
	for (size_t i = 0; i < s.n / 2; i++) {
		for (unsigned bit = 0x80; bit != 0; bit >>= 1) {
			bool on = (mask[i] & bit) != 0;

			if (on && ended)
				return false;
			ended = !on;
		}
	}
	return true;
}

static bool other_ok(struct str s)
{
	struct str value;

	return der_get_oid(&s, NULL) && der_get(&s, DER_CTX_CONS(0), &value) && s.n == 0 &&
	       der_get_any(&value, NULL, NULL, NULL) && value.n == 0;
}

static int dirname_ok(struct str s, struct err *e)
{
	struct arena *a = arena_new();
	struct name n;
	int rc = name_parse(s, a, &n, e);

	arena_free(a);
	return rc;
}

static bool rid_ok(struct str s)
{
	struct buf b = BUF_INIT;
	struct str view;
	bool ok;

	der_put(&b, DER_OID, s);
	view = buf_view(&b);
	ok = der_get_oid(&view, NULL);
	buf_release(&b);
	return ok;
}

static int check_value(const struct san *s, bool base, struct err *e)
{
	bool ok = false;

	switch (s->type) {
	case SAN_EMAIL:
		ok = text_ok(s->value, s->type, base) && (base || str_has(s->value, '@'));
		break;
	case SAN_DNS:
	case SAN_URI:
		ok = text_ok(s->value, s->type, base);
		break;
	case SAN_IP:
		ok = base ? cidr_ok(s->value) : s->value.n == 4 || s->value.n == 16;
		break;
	case SAN_OTHER:
		ok = other_ok(s->value);
		break;
	case SAN_DIRNAME:
		return dirname_ok(s->value, e);
	case SAN_RID:
		ok = rid_ok(s->value);
		break;
	case SAN_X400:
	case SAN_EDI:
		ok = true;
		break;
	}
	return ok ? 0
		  : ERR(e, ERR_INVALID, "alternative name of type %d is malformed", (int)s->type);
}

static unsigned san_tag(enum san_type t)
{
	if (t == SAN_OTHER || t == SAN_X400 || t == SAN_DIRNAME || t == SAN_EDI)
		return DER_CTX_CONS((unsigned)t);
	return DER_CTX((unsigned)t);
}

int x509_general_name(struct str *in, bool base, struct san *out, struct err *e)
{
	unsigned tag, number;

	if (!der_get_any(in, &tag, &out->value, NULL))
		return ERR(e, ERR_INVALID, "alternative name: malformed DER");
	number = tag & 0x1fU;
	out->type = (enum san_type)number;
	if (number > SAN_RID || tag != san_tag(out->type))
		return ERR(e, ERR_INVALID, "alternative name: unknown type");
	return check_value(out, base, e);
}

int san_parse(struct str ext_value, struct arena *a, struct san_list *out, struct err *e)
{
	struct str seq, count;
	size_t n = 0;

	*out = (struct san_list){0};
	if (!der_get(&ext_value, DER_SEQUENCE, &seq) || ext_value.n != 0)
		return ERR(e, ERR_INVALID, "subjectAltName: not a SEQUENCE");
	if (seq.n == 0)
		return ERR(e, ERR_INVALID, "subjectAltName: empty");
	for (count = seq; count.n > 0; n++)
		if (n == X509_MAX_NAMES || !der_get_any(&count, NULL, NULL, NULL))
			return ERR(e, ERR_INVALID,
				   "subjectAltName: malformed or more than %u names",
				   X509_MAX_NAMES);
	out->items = ARENA_ARRAY(a, struct san, n);
	while (seq.n > 0) {
		ENSURE(out->n < n);
		if (x509_general_name(&seq, false, &out->items[out->n], e) < 0)
			return err_wrap(e, "subjectAltName");
		out->n++;
	}
	return 0;
}

void san_write(const struct san_list *l, struct buf *out)
{
	struct der_mark m = der_begin(out, DER_SEQUENCE);

	for (size_t i = 0; i < l->n; i++)
		der_put(out, san_tag(l->items[i].type), l->items[i].value);
	der_end(out, m);
}
