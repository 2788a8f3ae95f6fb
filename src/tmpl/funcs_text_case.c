/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/funcs_text.h"
#include "tmpl/unicode.h"

/* Changing the case of texts, code point by code point. A bad byte becomes U+FFFD. */

/* `prev` is the code point before, a space at the beginning. */
static int map_runes(struct tmpl_call *c, struct str s, uint32_t (*map)(uint32_t r, uint32_t prev),
		     struct tv *out)
{
	struct buf b = text_buf(c);
	uint32_t prev = ' ';

	if (text_work(c, 4 * (uint64_t)s.n) != 0)
		return -1;
	for (size_t i = 0; i < s.n;) {
		uint32_t r;

		i += rune_first(text_from(s, i), &r);
		rune_add(&b, map(r, prev));
		prev = r;
	}
	return tmpl_return_buf(c, &b, out);
}

static uint32_t to_upper(uint32_t r, uint32_t prev)
{
	(void)prev;
	return rune_upper(r);
}

static uint32_t to_lower(uint32_t r, uint32_t prev)
{
	(void)prev;
	return rune_lower(r);
}

/* Whether a word ends there. */
static bool ends_word(uint32_t r)
{
	if (r < 0x80)
		return !rune_is_letter(r) && !rune_is_digit(r) && r != '_';
	return rune_is_space(r);
}

static uint32_t to_title(uint32_t r, uint32_t prev)
{
	return ends_word(prev) ? rune_title(r) : r;
}

static uint32_t to_untitle(uint32_t r, uint32_t prev)
{
	return rune_is_space(prev) ? rune_lower(r) : r;
}

/* What is neither upper, title nor lower case counts as a space only if it is one. */
static uint32_t to_swapped(uint32_t r, uint32_t prev)
{
	if (rune_is_upper(r) || rune_is_title(r))
		return rune_lower(r);
	if (rune_is_lower(r))
		return rune_is_space(prev) ? rune_title(r) : rune_upper(r);
	return r;
}

TMPL_CALL(fn_upper)
{
	(void)n;
	return map_runes(c, args[0].s, to_upper, out);
}

TMPL_CALL(fn_lower)
{
	(void)n;
	return map_runes(c, args[0].s, to_lower, out);
}

TMPL_CALL(fn_title)
{
	(void)n;
	return map_runes(c, args[0].s, to_title, out);
}

TMPL_CALL(fn_untitle)
{
	(void)n;
	return map_runes(c, args[0].s, to_untitle, out);
}

TMPL_CALL(fn_swapcase)
{
	(void)n;
	return map_runes(c, args[0].s, to_swapped, out);
}

/* Bytes are taken as code points here (Latin-1), as in the model: right for ASCII only. */
TMPL_CALL(fn_nospace)
{
	struct str s = args[0].s;
	struct buf b = text_buf(c);
	size_t kept = 0;

	(void)n;
	if (text_work(c, 2 * (uint64_t)s.n) != 0)
		return -1;
	for (size_t i = 0; i < s.n; i++) {
		if (rune_is_space((unsigned char)s.p[i]))
			continue;
		rune_add(&b, (unsigned char)s.p[i]);
		kept++;
	}
	if (kept == s.n) {
		buf_release(&b);
		*out = args[0];
		return 0;
	}
	return tmpl_return_buf(c, &b, out);
}

TMPL_CALL(fn_initials)
{
	struct str s = args[0].s;
	struct buf b = text_buf(c);
	bool gap = true;

	(void)n;
	if (text_work(c, 2 * (uint64_t)s.n) != 0)
		return -1;
	for (size_t i = 0; i < s.n; i++) {
		uint32_t r = (unsigned char)s.p[i];

		if (rune_is_space(r)) {
			gap = true;
		} else if (gap) {
			rune_add(&b, r);
			gap = false;
		}
	}
	return tmpl_return_buf(c, &b, out);
}
