/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "x509/priv.h"

/*
 * name.c - distinguished names (RFC 5280 4.1.2.4).
 *
 * A parsed name keeps its bytes (`der`), and name_write gives those back: subject and issuer are
 * compared and copied as bytes, never by way of their text. A name that is built has no `der`; it
 * is written from its attributes, each in the string type that the RFC or custom wants for it.
 * Text is UTF-8 without NUL on both ways.
 */

struct str x509_take(struct arena *a, struct buf *b)
{
	struct str s = arena_str(a, buf_view(b));

	buf_release(b);
	return s;
}

/* X.690 11.6: the elements of a SET OF are in ascending order, a shorter one padded with zeros. */
static bool set_sorted(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = memcmp(a.p, b.p, n);

	return c < 0 || (c == 0 && a.n <= b.n);
}

static int parse_attr(struct str contents, struct arena *a, struct name_attr *out, struct err *e)
{
	struct buf text = BUF_INIT;

	if (!der_get_oid(&contents, &out->oid))
		return ERR(e, ERR_INVALID, "name: malformed attribute type");
	if (!der_get_text(&contents, &out->tag, &text) || contents.n != 0) {
		buf_release(&text);
		return ERR(e, ERR_INVALID,
			   "name: an attribute's value is not a string, is malformed or holds NUL");
	}
	out->value = x509_take(a, &text);
	return 0;
}

/* Number of attributes in all, which also checks the outer form. */
static int count_attrs(struct str seq, size_t *count, struct err *e)
{
	*count = 0;
	while (seq.n > 0) {
		struct str set;

		if (!der_get(&seq, DER_SET, &set) || set.n == 0)
			return ERR(e, ERR_INVALID, "name: malformed RelativeDistinguishedName");
		while (set.n > 0) {
			if (!der_get(&set, DER_SEQUENCE, NULL))
				return ERR(e, ERR_INVALID, "name: malformed attribute");
			if (++*count > X509_MAX_ITEMS)
				return ERR(e, ERR_INVALID, "name: more than %u attributes",
					   X509_MAX_ITEMS);
		}
	}
	return 0;
}

int name_parse(struct str element, struct arena *a, struct name *out, struct err *e)
{
	struct str cur = element, seq, set, last;
	unsigned rdn = 0;
	size_t count;

	*out = (struct name){.der = element};
	if (!der_get(&cur, DER_SEQUENCE, &seq) || cur.n != 0)
		return ERR(e, ERR_INVALID, "name: not a SEQUENCE");
	if (count_attrs(seq, &count, e) < 0)
		return -1;
	out->attrs = ARENA_ARRAY(a, struct name_attr, count);
	for (; der_get(&seq, DER_SET, &set); rdn++) {
		last = STR_NULL;
		while (set.n > 0) {
			struct name_attr *attr = &out->attrs[out->n];
			struct str whole = {set.p, 0}, contents;

			ENSURE(out->n < count);
			if (!der_get(&set, DER_SEQUENCE, &contents))
				return ERR(e, ERR_INVALID, "name: malformed attribute");
			whole.n = (size_t)(set.p - whole.p);
			if (last.p != NULL && !set_sorted(last, whole))
				return ERR(e, ERR_INVALID, "name: a SET is not in DER order");
			last = whole;
			if (parse_attr(contents, a, attr, e) < 0)
				return -1;
			attr->rdn = rdn;
			out->n++;
		}
	}
	return 0;
}

static bool all_printable(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		char l = ascii_lower(c);

		if ((l >= 'a' && l <= 'z') || (c >= '0' && c <= '9'))
			continue;
		if (c == '\0' || strchr(" '()+,-./:=?", c) == NULL)
			return false;
	}
	return true;
}

static bool all_ascii(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

/*
 * The string type to write: as it was found when it holds the same bytes, else what custom wants.
 */
static unsigned string_type(const struct name_attr *at)
{
	enum oid id = oid_find(at->oid);

	if (at->tag == DER_UTF8_STRING || at->tag == DER_VISIBLE_STRING ||
	    at->tag == DER_NUMERIC_STRING || at->tag == DER_IA5_STRING ||
	    at->tag == DER_PRINTABLE_STRING)
		return at->tag;
	if (at->tag != 0)
		return DER_UTF8_STRING;
	if ((id == OID_C || id == OID_SERIAL_NUMBER || id == OID_DN_QUALIFIER) &&
	    all_printable(at->value))
		return DER_PRINTABLE_STRING;
	if ((id == OID_EMAIL_ADDRESS || id == OID_DC) && all_ascii(at->value))
		return DER_IA5_STRING;
	return DER_UTF8_STRING;
}

static void write_attr(const struct name_attr *at, struct buf *out)
{
	struct der_mark m = der_begin(out, DER_SEQUENCE);

	der_put_oid(out, at->oid);
	der_put(out, string_type(at), at->value);
	der_end(out, m);
}

/*
 * One RDN of attrs[0..n): written one by one, the smallest encoding that has not been written yet
 * first.
 */
static void write_rdn(const struct name_attr *attrs, size_t n, struct buf *out)
{
	struct der_mark m = der_begin(out, DER_SET);
	bool done[X509_MAX_ITEMS] = {false};
	struct buf one[2] = {BUF_INIT, BUF_INIT};

	ENSURE(n <= X509_MAX_ITEMS);
	for (size_t written = 0; written < n; written++) {
		size_t best = n;

		for (size_t i = 0; i < n; i++) {
			if (done[i])
				continue;
			buf_reset(&one[1]);
			write_attr(&attrs[i], &one[1]);
			if (best < n && set_sorted(buf_view(&one[0]), buf_view(&one[1])))
				continue;
			best = i;
			buf_reset(&one[0]);
			buf_str(&one[0], buf_view(&one[1]));
		}
		ENSURE(best < n);
		done[best] = true;
		buf_str(out, buf_view(&one[0]));
	}
	buf_release(&one[0]);
	buf_release(&one[1]);
	der_end(out, m);
}

void name_write(const struct name *n, struct buf *out)
{
	struct der_mark m;

	if (n->der.n > 0) {
		buf_str(out, n->der);
		return;
	}
	m = der_begin(out, DER_SEQUENCE);
	for (size_t i = 0, k; i < n->n; i = k) {
		for (k = i + 1; k < n->n && n->attrs[k].rdn == n->attrs[i].rdn; k++)
			;
		write_rdn(&n->attrs[i], k - i, out);
	}
	der_end(out, m);
}

struct str name_get(const struct name *n, enum oid attr)
{
	for (size_t i = n->n; i-- > 0;)
		if (str_eq(n->attrs[i].oid, oid_der(attr)))
			return n->attrs[i].value;
	return STR_NULL;
}

bool name_der_equal(struct str a, struct str b)
{
	return str_eq(a, b);
}

struct name name_from_cn(struct str cn, struct arena *a)
{
	struct name n = {0};

	if (cn.n == 0)
		return n;
	n.attrs = ARENA_NEW(a, struct name_attr);
	n.attrs[0].oid = oid_der(OID_CN);
	n.attrs[0].value = arena_str(a, cn);
	n.n = 1;
	return n;
}

/* ---- text, RFC 4514 ---- */

static void put_value(struct str v, struct buf *out)
{
	for (size_t i = 0; i < v.n;) {
		struct str rest = {v.p + i, v.n - i};
		size_t unsafe = x509_unsafe_len(rest);
		char c = v.p[i];

		if (i + 1 == v.n && c == ' ')
			unsafe = 1; /* as \20, so that no line ends in a space */
		if (unsafe > 0) {
			for (size_t k = 0; k < unsafe; k++)
				buf_printf(out, "\\%02x", (unsigned char)rest.p[k]);
			i += unsafe;
			continue;
		}
		if (strchr("\"+,;<>\\", c) != NULL || (i == 0 && (c == '#' || c == ' ')))
			buf_putc(out, '\\');
		buf_putc(out, c);
		i++;
	}
}

static void put_attr(const struct name_attr *at, struct buf *out)
{
	enum oid id = oid_find(at->oid);
	struct buf ber = BUF_INIT;

	if (id != OID_NONE) {
		buf_puts(out, oid_short_name(id));
		buf_putc(out, '=');
		put_value(at->value, out);
		return;
	}
	x509_put_oid(out, at->oid);
	buf_puts(out, "=#");
	der_put(&ber, string_type(at), at->value);
	for (size_t i = 0; i < ber.n; i++)
		buf_printf(out, "%02x", (unsigned char)ber.p[i]);
	buf_release(&ber);
}

void name_to_text(const struct name *n, struct buf *out)
{
	size_t end = n->n;

	/* The most specific RDN comes first in text, last in DER. */
	while (end > 0) {
		size_t start = end - 1;

		while (start > 0 && n->attrs[start - 1].rdn == n->attrs[end - 1].rdn)
			start--;
		if (end < n->n)
			buf_putc(out, ',');
		for (size_t i = start; i < end; i++) {
			if (i > start)
				buf_putc(out, '+');
			put_attr(&n->attrs[i], out);
		}
		end = start;
	}
}
