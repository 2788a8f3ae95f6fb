/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/print.h"
#include "tmpl/unicode.h"

/* quote.c - strconv.Quote and its relatives. */
static void put_hex(struct buf *out, const char *lead, uint32_t v, int digits)
{
	char text[8];

	for (int i = digits; i-- > 0; v >>= 4)
		text[i] = "0123456789abcdef"[v & 15];
	buf_puts(out, lead);
	buf_add(out, text, (size_t)digits);
}

static const char *short_escape(uint32_t r)
{
	switch (r) {
	case '\a':
		return "\\a";
	case '\b':
		return "\\b";
	case '\f':
		return "\\f";
	case '\n':
		return "\\n";
	case '\r':
		return "\\r";
	case '\t':
		return "\\t";
	case '\v':
		return "\\v";
	}
	return NULL;
}

static void put_rune(uint32_t r, char quote, unsigned flags, struct buf *out)
{
	if (r == (unsigned char)quote || r == '\\') {
		buf_putc(out, '\\');
		buf_putc(out, (char)r);
		return;
	}
	if ((r < 0x80 || !(flags & QUOTE_ASCII)) && rune_is_print(r)) {
		rune_add(out, r);
		return;
	}
	const char *s = short_escape(r);
	if (s != NULL)
		buf_puts(out, s);
	else if (r < ' ' || r == 0x7f)
		put_hex(out, "\\x", r, 2);
	else if (r > 0x10ffff || (r >= 0xd800 && r < 0xe000))
		buf_puts(out, "\\ufffd");
	else if (r < 0x10000)
		put_hex(out, "\\u", r, 4);
	else
		put_hex(out, "\\U", r, 8);
}

void quote_text(struct str s, unsigned flags, struct buf *out)
{
	size_t i = 0;

	buf_putc(out, '"');
	while (i < s.n && !out->failed) {
		size_t from = i;
		while (i < s.n && s.p[i] >= ' ' && s.p[i] < 0x7f && s.p[i] != '"' && s.p[i] != '\\')
			i++;
		buf_add(out, s.p + from, i - from);
		if (i >= s.n)
			break;
		uint32_t r;
		size_t w = rune_first(str_mem(s.p + i, s.n - i), &r);
		if (rune_bad(r, w))
			put_hex(out, "\\x", (unsigned char)s.p[i], 2);
		else
			put_rune(r, '"', flags, out);
		i += w;
	}
	buf_putc(out, '"');
}

void quote_rune(uint32_t r, unsigned flags, struct buf *out)
{
	if (r > 0x10ffff || (r >= 0xd800 && r < 0xe000))
		r = RUNE_ERROR;
	buf_putc(out, '\'');
	put_rune(r, '\'', flags, out);
	buf_putc(out, '\'');
}

bool quote_raw_possible(struct str s)
{
	for (size_t i = 0; i < s.n;) {
		uint32_t r;
		size_t w = rune_first(str_mem(s.p + i, s.n - i), &r);
		i += w;
		if (w > 1) {
			if (r == 0xfeff)
				return false;
			continue;
		}
		if (r == RUNE_ERROR || (r < ' ' && r != '\t') || r == '`' || r == 0x7f)
			return false;
	}
	return true;
}

void tv_quote(struct str s, struct buf *out)
{
	quote_text(s, 0, out);
}
