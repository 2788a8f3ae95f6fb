/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/clock.h"
#include "codec/b64.h"
#include "codec/der.h"

/*
 * der.c - the reader. What it guarantees: a getter that returns true consumed exactly one
 * well-formed DER element and its views lie inside the input; one that returns false changed
 * nothing. Nothing here recurses or allocates (but der_get_text, which appends to the caller's
 * buffer). To add a type: take the contents with der_get on a copy of the cursor, check, then store
 * the copy.
 */

/* X.690 8.1.2, 10.2: of the universal types only these are constructed in DER, and they always are.
 */
static bool tag_valid(unsigned tag)
{
	unsigned number = tag & 0x1fU;
	bool constructed = (tag & 0x20U) != 0;

	if (number == 0x1f)
		return false;
	if ((tag & 0xc0U) != 0)
		return true;
	if (number == 0)
		return false;
	return constructed == (number == 8 || number == 11 || number == 16 || number == 17);
}

/* Reads the length octets at p[1..]; returns the size of the header, 0 when it is not DER. */
static size_t read_length(const unsigned char *p, size_t n, size_t *len)
{
	size_t count, v = 0;

	if (p[1] < 0x80) {
		*len = p[1];
		return 2;
	}
	count = p[1] & 0x7fU;
	if (count == 0 || count > 4 || n < 2 + count)
		return 0;
	for (size_t i = 0; i < count; i++)
		v = v << 8 | p[2 + i];
	if (v < 0x80 || p[2] == 0)
		return 0;
	*len = v;
	return 2 + count;
}

bool der_get_any(struct str *in, unsigned *tag, struct str *contents, struct str *element)
{
	const unsigned char *p = (const unsigned char *)in->p;
	size_t head, len = 0;

	if (in->n < 2 || !tag_valid(p[0]))
		return false;
	head = read_length(p, in->n, &len);
	if (head == 0 || len > in->n - head)
		return false;
	if (tag != NULL)
		*tag = p[0];
	if (contents != NULL)
		*contents = (struct str){in->p + head, len};
	if (element != NULL)
		*element = (struct str){in->p, head + len};
	in->p += head + len;
	in->n -= head + len;
	return true;
}

bool der_peek(struct str in, unsigned tag)
{
	return in.n > 0 && (unsigned char)in.p[0] == tag;
}

bool der_get(struct str *in, unsigned tag, struct str *contents)
{
	return der_peek(*in, tag) && der_get_any(in, NULL, contents, NULL);
}

bool der_get_element(struct str *in, unsigned tag, struct str *element)
{
	return der_peek(*in, tag) && der_get_any(in, NULL, NULL, element);
}

bool der_get_optional(struct str *in, unsigned tag, bool *present, struct str *contents)
{
	struct str c = STR_NULL;
	bool there = der_peek(*in, tag);

	if (there && !der_get_any(in, NULL, &c, NULL))
		return false;
	if (present != NULL)
		*present = there;
	if (contents != NULL)
		*contents = c;
	return true;
}

bool der_get_bool(struct str *in, bool *out)
{
	struct str cur = *in, c;
	unsigned char v;

	if (!der_get(&cur, DER_BOOLEAN, &c) || c.n != 1)
		return false;
	v = (unsigned char)c.p[0];
	if (v != 0 && v != 0xff)
		return false;
	*out = v != 0;
	*in = cur;
	return true;
}

bool der_get_integer(struct str *in, struct str *magnitude)
{
	struct str cur = *in, c;
	const unsigned char *p;

	if (!der_get(&cur, DER_INTEGER, &c) || c.n == 0)
		return false;
	p = (const unsigned char *)c.p;
	if (p[0] >= 0x80)
		return false;
	if (c.n > 1 && p[0] == 0) {
		if (p[1] < 0x80)
			return false;
		c.p++;
		c.n--;
	}
	if (magnitude != NULL)
		*magnitude = c;
	*in = cur;
	return true;
}

bool der_get_uint(struct str *in, uint64_t *out)
{
	struct str cur = *in, m;
	uint64_t v = 0;

	if (!der_get_integer(&cur, &m) || m.n > 8)
		return false;
	for (size_t i = 0; i < m.n; i++)
		v = v << 8 | (unsigned char)m.p[i];
	*out = v;
	*in = cur;
	return true;
}

bool der_get_bit_string(struct str *in, struct str *bits)
{
	struct str cur = *in, c;

	if (!der_get(&cur, DER_BIT_STRING, &c) || c.n == 0 || c.p[0] != 0)
		return false;
	if (bits != NULL)
		*bits = (struct str){c.p + 1, c.n - 1};
	*in = cur;
	return true;
}

bool der_get_named_bits(struct str *in, uint32_t *bits)
{
	struct str cur = *in, c;
	const unsigned char *p;
	unsigned spare;
	uint32_t v = 0;

	if (!der_get(&cur, DER_BIT_STRING, &c) || c.n == 0 || c.n > 5)
		return false;
	p = (const unsigned char *)c.p;
	spare = p[0];
	if (c.n == 1) {
		if (spare != 0)
			return false;
	} else {
		unsigned char last = p[c.n - 1];

		/* X.690 11.2.2: the last bit used is a one, those behind it are zero. */
		if (spare > 7 || (last & ((1U << spare) - 1)) != 0 || (last >> spare & 1U) == 0)
			return false;
	}
	for (size_t i = 0; i < (c.n - 1) * 8; i++)
		if ((p[1 + i / 8] & 0x80U >> i % 8) != 0)
			v |= UINT32_C(1) << i;
	*bits = v;
	*in = cur;
	return true;
}

bool der_get_oid(struct str *in, struct str *oid)
{
	struct str cur = *in, c;
	bool start = true;

	if (!der_get(&cur, DER_OID, &c) || c.n == 0)
		return false;
	for (size_t i = 0; i < c.n; i++) {
		unsigned char b = (unsigned char)c.p[i];

		if (start && b == 0x80)
			return false;
		start = b < 0x80;
	}
	if (!start)
		return false;
	if (oid != NULL)
		*oid = c;
	*in = cur;
	return true;
}

bool der_get_null(struct str *in)
{
	struct str cur = *in, c;

	if (!der_get(&cur, DER_NULL, &c) || c.n != 0)
		return false;
	*in = cur;
	return true;
}

static bool two_digits(const char *p, int *out)
{
	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return false;
	*out = (p[0] - '0') * 10 + (p[1] - '0');
	return true;
}

/* RFC 5280 4.1.2.5: YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ; no fraction, no offset. */
static bool parse_time(struct str s, bool utc, int64_t *out)
{
	struct civil c;
	int hi, lo;

	if (s.n != (utc ? 13U : 15U) || s.p[s.n - 1] != 'Z')
		return false;
	if (!two_digits(s.p, &hi))
		return false;
	if (utc) {
		c.year = hi + (hi >= 50 ? 1900 : 2000);
		s.p += 2;
	} else {
		if (!two_digits(s.p + 2, &lo))
			return false;
		c.year = hi * 100 + lo;
		s.p += 4;
	}
	if (!two_digits(s.p, &c.month) || !two_digits(s.p + 2, &c.day) ||
	    !two_digits(s.p + 4, &c.hour) || !two_digits(s.p + 6, &c.minute) ||
	    !two_digits(s.p + 8, &c.second) || !civil_valid(&c))
		return false;
	*out = time_from_civil(&c);
	return true;
}

bool der_get_time(struct str *in, int64_t *out)
{
	struct str cur = *in, c;
	unsigned tag;

	if (!der_get_any(&cur, &tag, &c, NULL))
		return false;
	if (tag != DER_UTC_TIME && tag != DER_GENERALIZED_TIME)
		return false;
	if (!parse_time(c, tag == DER_UTC_TIME, out))
		return false;
	*in = cur;
	return true;
}

/* Strict, but for '*' and '&', which real certificates have in PrintableStrings. */
static bool printable(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       (c != 0 && strchr(" '()+,-./:=?*&", c) != NULL);
}

static bool put_utf8(struct buf *out, uint32_t c)
{
	if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return false;
	if (c < 0x80) {
		buf_u8(out, (uint8_t)c);
	} else if (c < 0x800) {
		buf_u8(out, (uint8_t)(0xc0 | c >> 6));
		buf_u8(out, (uint8_t)(0x80 | (c & 63)));
	} else if (c < 0x10000) {
		buf_u8(out, (uint8_t)(0xe0 | c >> 12));
		buf_u8(out, (uint8_t)(0x80 | (c >> 6 & 63)));
		buf_u8(out, (uint8_t)(0x80 | (c & 63)));
	} else {
		buf_u8(out, (uint8_t)(0xf0 | c >> 18));
		buf_u8(out, (uint8_t)(0x80 | (c >> 12 & 63)));
		buf_u8(out, (uint8_t)(0x80 | (c >> 6 & 63)));
		buf_u8(out, (uint8_t)(0x80 | (c & 63)));
	}
	return true;
}

static bool byte_allowed(unsigned tag, unsigned char c)
{
	switch (tag) {
	case DER_PRINTABLE_STRING:
		return printable(c);
	case DER_NUMERIC_STRING:
		return (c >= '0' && c <= '9') || c == ' ';
	case DER_VISIBLE_STRING:
		return c >= 0x20 && c <= 0x7e;
	case DER_IA5_STRING:
		return c != 0 && c < 0x80;
	default:
		return c != 0;
	}
}

static bool convert_text(unsigned tag, struct str c, struct buf *out)
{
	const unsigned char *p = (const unsigned char *)c.p;
	size_t width = tag == DER_BMP_STRING ? 2 : tag == DER_UNIVERSAL_STRING ? 4 : 1;

	if (tag == DER_UTF8_STRING) {
		if (!utf8_valid(c) || str_has(c, '\0'))
			return false;
		buf_str(out, c);
		return true;
	}
	if (c.n % width != 0)
		return false;
	for (size_t i = 0; i < c.n; i += width) {
		uint32_t v = 0;

		for (size_t k = 0; k < width; k++)
			v = v << 8 | p[i + k];
		/* TeletexString is read as Latin-1, which is what those who wrote it meant. */
		if ((width == 1 && !byte_allowed(tag, p[i])) || !put_utf8(out, v))
			return false;
	}
	return true;
}

bool der_get_text(struct str *in, unsigned *tag, struct buf *out)
{
	struct str cur = *in, c;
	size_t before = out->n;
	unsigned t;

	if (!der_get_any(&cur, &t, &c, NULL))
		return false;
	if (t != DER_UTF8_STRING && t != DER_PRINTABLE_STRING && t != DER_T61_STRING &&
	    t != DER_IA5_STRING && t != DER_NUMERIC_STRING && t != DER_VISIBLE_STRING &&
	    t != DER_BMP_STRING && t != DER_UNIVERSAL_STRING)
		return false;
	if (!convert_text(t, c, out) || out->failed) {
		if (out->n > before) {
			out->n = before;
			out->p[before] = '\0';
		}
		return false;
	}
	if (tag != NULL)
		*tag = t;
	*in = cur;
	return true;
}
