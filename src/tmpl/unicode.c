/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/unicode.h"

#include <unicase.h>
#include <unictype.h>

static bool continues(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

/* The bytes of a well-formed sequence that begins with a byte over 0x7f, or 0. */
static size_t sequence(const unsigned char *p, size_t n, uint32_t *r)
{
	unsigned char c = p[0];

	if (c < 0xc2 || c > 0xf4 || n < 2 || !continues(p[1]))
		return 0;
	if (c < 0xe0) {
		*r = (uint32_t)(c & 0x1f) << 6 | (p[1] & 0x3f);
		return 2;
	}
	if (n < 3 || !continues(p[2]))
		return 0;
	if (c < 0xf0) {
		*r = (uint32_t)(c & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
		return *r < 0x800 || (*r >= 0xd800 && *r <= 0xdfff) ? 0 : 3;
	}
	if (n < 4 || !continues(p[3]))
		return 0;
	*r = (uint32_t)(c & 0x07) << 18 | (uint32_t)(p[1] & 0x3f) << 12 |
	     (uint32_t)(p[2] & 0x3f) << 6 | (p[3] & 0x3f);
	return *r < 0x10000 || *r > 0x10ffff ? 0 : 4;
}

size_t rune_first(struct str s, uint32_t *r)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t w;

	if (s.n == 0) {
		*r = RUNE_ERROR;
		return 0;
	}
	if (p[0] < 0x80) {
		*r = p[0];
		return 1;
	}
	w = sequence(p, s.n, r);
	if (w > 0)
		return w;
	*r = RUNE_ERROR;
	return 1;
}

size_t rune_last(struct str s, uint32_t *r)
{
	for (size_t w = 2; w <= 4 && w <= s.n; w++) {
		const char *p = s.p + s.n - w;

		if (continues((unsigned char)p[0]))
			continue;
		if (rune_first(str_mem(p, w), r) == w)
			return w;
		break;
	}
	return s.n > 0 ? rune_first(str_mem(s.p + s.n - 1, 1), r) : rune_first(s, r);
}

size_t rune_count(struct str s)
{
	size_t count = 0;

	for (size_t i = 0; i < s.n; count++) {
		uint32_t r;

		i += rune_first(str_mem(s.p + i, s.n - i), &r);
	}
	return count;
}

size_t rune_encode(uint32_t r, char out[4])
{
	if (r > 0x10ffff || (r >= 0xd800 && r <= 0xdfff))
		r = RUNE_ERROR;
	if (r < 0x80) {
		out[0] = (char)r;
		return 1;
	}
	if (r < 0x800) {
		out[0] = (char)(0xc0 | r >> 6);
		out[1] = (char)(0x80 | (r & 0x3f));
		return 2;
	}
	if (r < 0x10000) {
		out[0] = (char)(0xe0 | r >> 12);
		out[1] = (char)(0x80 | (r >> 6 & 0x3f));
		out[2] = (char)(0x80 | (r & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | r >> 18);
	out[1] = (char)(0x80 | (r >> 12 & 0x3f));
	out[2] = (char)(0x80 | (r >> 6 & 0x3f));
	out[3] = (char)(0x80 | (r & 0x3f));
	return 4;
}

void rune_add(struct buf *b, uint32_t r)
{
	char t[4];

	buf_add(b, t, rune_encode(r, t));
}

uint32_t rune_upper(uint32_t r)
{
	return r < 0x80 ? (r >= 'a' && r <= 'z' ? r - 32 : r) : uc_toupper(r);
}

uint32_t rune_lower(uint32_t r)
{
	return r < 0x80 ? (r >= 'A' && r <= 'Z' ? r + 32 : r) : uc_tolower(r);
}

uint32_t rune_title(uint32_t r)
{
	return r < 0x80 ? rune_upper(r) : uc_totitle(r);
}

bool rune_is_space(uint32_t r)
{
	return (r >= 0x09 && r <= 0x0d) || r == 0x20 || r == 0x85 || r == 0xa0 || r == 0x1680 ||
	       (r >= 0x2000 && r <= 0x200a) || r == 0x2028 || r == 0x2029 || r == 0x202f ||
	       r == 0x205f || r == 0x3000;
}

/* What Unicode 15.0, Go's, has and that of an older libunistring lacks; S for S and M alike. */
static const struct {
	uint32_t first, last, mask;
} newer[] = {
	{0xcf3, 0xcf3, UC_CATEGORY_MASK_S},	 {0xece, 0xece, UC_CATEGORY_MASK_S},
	{0x10efd, 0x10eff, UC_CATEGORY_MASK_S},	 {0x1123f, 0x11240, UC_CATEGORY_MASK_Lo},
	{0x11241, 0x11241, UC_CATEGORY_MASK_S},	 {0x11b00, 0x11b09, UC_CATEGORY_MASK_Po},
	{0x11f00, 0x11f01, UC_CATEGORY_MASK_S},	 {0x11f02, 0x11f02, UC_CATEGORY_MASK_Lo},
	{0x11f03, 0x11f03, UC_CATEGORY_MASK_S},	 {0x11f04, 0x11f10, UC_CATEGORY_MASK_Lo},
	{0x11f12, 0x11f33, UC_CATEGORY_MASK_Lo}, {0x11f34, 0x11f3a, UC_CATEGORY_MASK_S},
	{0x11f3e, 0x11f42, UC_CATEGORY_MASK_S},	 {0x11f43, 0x11f4f, UC_CATEGORY_MASK_Po},
	{0x11f50, 0x11f59, UC_CATEGORY_MASK_Nd}, {0x1342f, 0x1342f, UC_CATEGORY_MASK_Lo},
	{0x13440, 0x13440, UC_CATEGORY_MASK_S},	 {0x13441, 0x13446, UC_CATEGORY_MASK_Lo},
	{0x13447, 0x13455, UC_CATEGORY_MASK_S},	 {0x1b132, 0x1b132, UC_CATEGORY_MASK_Lo},
	{0x1b155, 0x1b155, UC_CATEGORY_MASK_Lo}, {0x1d2c0, 0x1d2d3, UC_CATEGORY_MASK_No},
	{0x1df25, 0x1df2a, UC_CATEGORY_MASK_Ll}, {0x1e030, 0x1e06d, UC_CATEGORY_MASK_Lo},
	{0x1e08f, 0x1e08f, UC_CATEGORY_MASK_S},	 {0x1e4d0, 0x1e4eb, UC_CATEGORY_MASK_Lo},
	{0x1e4ec, 0x1e4ef, UC_CATEGORY_MASK_S},	 {0x1e4f0, 0x1e4f9, UC_CATEGORY_MASK_Nd},
	{0x1f6dc, 0x1f6dc, UC_CATEGORY_MASK_S},	 {0x1f774, 0x1f776, UC_CATEGORY_MASK_S},
	{0x1f77b, 0x1f77f, UC_CATEGORY_MASK_S},	 {0x1f7d9, 0x1f7d9, UC_CATEGORY_MASK_S},
	{0x1fa75, 0x1fa77, UC_CATEGORY_MASK_S},	 {0x1fa87, 0x1fa88, UC_CATEGORY_MASK_S},
	{0x1faad, 0x1faaf, UC_CATEGORY_MASK_S},	 {0x1fabb, 0x1fabd, UC_CATEGORY_MASK_S},
	{0x1fabf, 0x1fabf, UC_CATEGORY_MASK_S},	 {0x1face, 0x1facf, UC_CATEGORY_MASK_S},
	{0x1fada, 0x1fadb, UC_CATEGORY_MASK_S},	 {0x1fae8, 0x1fae8, UC_CATEGORY_MASK_S},
	{0x1faf7, 0x1faf8, UC_CATEGORY_MASK_S},	 {0x2b739, 0x2b739, UC_CATEGORY_MASK_Lo},
	{0x31350, 0x323af, UC_CATEGORY_MASK_Lo},
};

static bool in_newer(uint32_t r, uint32_t mask)
{
	size_t low = 0, high = ARRAY_LEN(newer);

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (r > newer[mid].last)
			low = mid + 1;
		else if (r < newer[mid].first)
			high = mid;
		else
			return (newer[mid].mask & mask) != 0;
	}
	return false;
}

static bool in(uint32_t r, uint32_t mask)
{
	return r <= 0x10ffff && (uc_is_general_category_withtable(r, mask) || in_newer(r, mask));
}

bool rune_is_letter(uint32_t r)
{
	return r < 0x80 ? (r | 32) >= 'a' && (r | 32) <= 'z' : in(r, UC_CATEGORY_MASK_L);
}

bool rune_is_digit(uint32_t r)
{
	return r < 0x80 ? r >= '0' && r <= '9' : in(r, UC_CATEGORY_MASK_Nd);
}

bool rune_is_number(uint32_t r)
{
	return r < 0x80 ? r >= '0' && r <= '9' : in(r, UC_CATEGORY_MASK_N);
}

bool rune_is_upper(uint32_t r)
{
	return r < 0x80 ? r >= 'A' && r <= 'Z' : in(r, UC_CATEGORY_MASK_Lu);
}

bool rune_is_lower(uint32_t r)
{
	return r < 0x80 ? r >= 'a' && r <= 'z' : in(r, UC_CATEGORY_MASK_Ll);
}

bool rune_is_title(uint32_t r)
{
	return in(r, UC_CATEGORY_MASK_Lt);
}

bool rune_is_punct(uint32_t r)
{
	return in(r, UC_CATEGORY_MASK_P);
}

bool rune_is_print(uint32_t r)
{
	if (r < 0x7f)
		return r >= 0x20;
	return in(r, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_M | UC_CATEGORY_MASK_N |
			     UC_CATEGORY_MASK_P | UC_CATEGORY_MASK_S);
}
