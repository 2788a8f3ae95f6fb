/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/regex_priv.h"
#include "tmpl/unicode.h"

/* Errors, characters and escapes of a pattern. */
int regex_error(struct regex_parse *p, const char *code, struct str expr)
{
	buf_reset(p->why);
	buf_printf(p->why, "error parsing regexp: %s: `", code);
	buf_str(p->why, expr);
	buf_putc(p->why, '`');
	return -1;
}

int regex_too_large(struct regex_parse *p)
{
	return regex_error(p, "expression too large", p->whole);
}

struct str regex_since(const struct regex_parse *p, struct str before)
{
	return str_mem(before.p, before.n - p->rest.n);
}

int regex_next(struct regex_parse *p, uint32_t *r)
{
	size_t w = rune_first(p->rest, r);

	if (rune_bad(*r, w))
		return regex_error(p, "invalid UTF-8", p->rest);
	p->rest = str_mem(p->rest.p + w, p->rest.n - w);
	return 0;
}

static int hex_value(uint32_t r)
{
	if (r >= '0' && r <= '9')
		return (int)r - '0';
	if (r < 0x80 && (r | 32) >= 'a' && (r | 32) <= 'f')
		return (int)(r | 32) - 'a' + 10;
	return -1;
}

/* After "\x": 1, 0 when it is none, -1. */
static int hex_escape(struct regex_parse *p, uint32_t *r)
{
	uint32_t c, value = 0;
	int high, low;

	if (p->rest.n == 0)
		return 0;
	if (regex_next(p, &c) != 0)
		return -1;
	if (c != '{') {
		high = hex_value(c);
		if (regex_next(p, &c) != 0)
			return -1;
		low = hex_value(c);
		*r = (uint32_t)(high * 16 + low);
		return high >= 0 && low >= 0;
	}
	for (size_t digits = 0;; digits++) {
		if (p->rest.n == 0)
			return 0;
		if (regex_next(p, &c) != 0)
			return -1;
		if (c == '}') {
			*r = value;
			return digits > 0;
		}
		low = hex_value(c);
		if (low < 0)
			return 0;
		value = value * 16 + (uint32_t)low;
		if (value > 0x10ffff)
			return 0;
	}
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

int regex_escape(struct regex_parse *p, uint32_t *r)
{
	static const char letters[] = "a\ab f\fn\nr\rt\tv\v";
	struct str before = p->rest;
	uint32_t c;
	int got = 0;

	regex_skip(p, 1);
	if (p->rest.n == 0)
		return regex_error(p, "trailing backslash at end of expression", STR(""));
	if (regex_next(p, &c) != 0)
		return -1;
	if (c == '0' || (c >= '1' && c <= '7' && is_octal(regex_peek(p, 0)))) {
		*r = c - '0';
		for (int i = 1; i < 3 && is_octal(regex_peek(p, 0)); i++, regex_skip(p, 1))
			*r = *r * 8 + (uint32_t)(regex_peek(p, 0) - '0');
		return 0;
	}
	if (c == 'x') {
		got = hex_escape(p, r);
	} else if (c < 0x80 && !rune_is_letter(c) && !rune_is_digit(c)) {
		*r = c;
		return 0;
	} else {
		for (size_t i = 0; letters[i] != '\0'; i += 2)
			if ((uint32_t)letters[i] == c && c != 'b') {
				*r = (uint32_t)letters[i + 1];
				return 0;
			}
	}
	if (got == 0)
		return regex_error(p, "invalid escape sequence", regex_since(p, before));
	return got < 0 ? -1 : 0;
}
