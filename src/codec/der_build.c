/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/clock.h"
#include "codec/der.h"

/*
 * der_build.c - the builder. An element is opened with one octet for its length; closing it moves
 * the contents when the length needs more. Elements must be closed in the reverse order of opening:
 * a mark is an offset that outer elements, not yet closed, cannot move.
 */

static void put_tag(struct buf *b, unsigned tag)
{
	ENSURE(tag <= 0xff && (tag & 0x1fU) != 0x1f);
	buf_u8(b, (uint8_t)tag);
}

/* Length octets behind the first one; fills out, returns how many. */
static size_t long_length(size_t n, unsigned char out[8])
{
	size_t count = 0, v;

	if (n < 0x80)
		return 0;
	for (v = n; v != 0; v >>= 8)
		count++;
	for (size_t i = 0; i < count; i++)
		out[i] = (unsigned char)(n >> 8 * (count - 1 - i));
	return count;
}

static void put_length(struct buf *b, size_t n)
{
	unsigned char more[8];
	size_t count = long_length(n, more);

	buf_u8(b, (uint8_t)(count == 0 ? n : 0x80 | count));
	buf_add(b, more, count);
}

struct der_mark der_begin(struct buf *b, unsigned tag)
{
	struct der_mark m;

	put_tag(b, tag);
	m.at = b->n;
	buf_u8(b, 0);
	return m;
}

void der_end(struct buf *b, struct der_mark m)
{
	unsigned char more[8] = {0};
	size_t n, count;
	char *p;

	if (b->failed)
		return;
	ENSURE(m.at < b->n);
	n = b->n - m.at - 1;
	count = long_length(n, more);
	if (count == 0) {
		b->p[m.at] = (char)n;
		return;
	}
	buf_add(b, more, count);
	if (b->failed)
		return;
	p = b->p + m.at + 1;
	memmove(p + count, p, n);
	memcpy(p, more, count);
	p[-1] = (char)(unsigned char)(0x80 | count);
}

void der_put(struct buf *b, unsigned tag, struct str contents)
{
	put_tag(b, tag);
	put_length(b, contents.n);
	buf_str(b, contents);
}

void der_put_bool(struct buf *b, bool v)
{
	der_put(b, DER_BOOLEAN, v ? STR("\xff") : STR("\0"));
}

void der_put_integer(struct buf *b, struct str magnitude)
{
	bool pad;

	while (magnitude.n > 0 && magnitude.p[0] == 0) {
		magnitude.p++;
		magnitude.n--;
	}
	pad = magnitude.n == 0 || (unsigned char)magnitude.p[0] >= 0x80;
	put_tag(b, DER_INTEGER);
	put_length(b, magnitude.n + (pad ? 1 : 0));
	if (pad)
		buf_u8(b, 0);
	buf_str(b, magnitude);
}

void der_put_uint(struct buf *b, uint64_t v)
{
	unsigned char be[8];

	for (size_t i = 0; i < 8; i++)
		be[i] = (unsigned char)(v >> (56 - 8 * i));
	der_put_integer(b, str_mem(be, sizeof(be)));
}

void der_put_bit_string(struct buf *b, struct str bits)
{
	put_tag(b, DER_BIT_STRING);
	put_length(b, bits.n + 1);
	buf_u8(b, 0);
	buf_str(b, bits);
}

void der_put_named_bits(struct buf *b, uint32_t bits)
{
	unsigned char c[5] = {0};
	unsigned used = 0;

	for (unsigned i = 0; i < 32; i++) {
		if ((bits >> i & 1U) == 0)
			continue;
		c[1 + i / 8] = (unsigned char)(c[1 + i / 8] | 0x80U >> i % 8);
		used = i + 1;
	}
	c[0] = (unsigned char)((8 - used % 8) % 8);
	der_put(b, DER_BIT_STRING, str_mem(c, 1 + (used + 7) / 8));
}

void der_put_oid(struct buf *b, struct str oid)
{
	ENSURE(oid.n > 0);
	der_put(b, DER_OID, oid);
}

void der_put_null(struct buf *b)
{
	der_put(b, DER_NULL, STR_NULL);
}

void der_put_time(struct buf *b, int64_t t)
{
	struct civil c = time_to_civil(t);
	char text[32];
	bool utc = c.year >= 1950 && c.year <= 2049;

	if (c.year < 0 || c.year > 9999) {
		b->failed = true;
		return;
	}
	if (utc)
		snprintf(text, sizeof(text), "%02d%02d%02d%02d%02d%02dZ", c.year % 100, c.month,
			 c.day, c.hour, c.minute, c.second);
	else
		snprintf(text, sizeof(text), "%04d%02d%02d%02d%02d%02dZ", c.year, c.month, c.day,
			 c.hour, c.minute, c.second);
	der_put(b, utc ? DER_UTC_TIME : DER_GENERALIZED_TIME, str_c(text));
}
