/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_TMPL_UNICODE_H
#define SIGNET_TMPL_UNICODE_H

#include "base/buf.h"

/*
 * unicode.h - code points as Go sees them: a byte that begins no well-formed UTF-8 sequence is one
 * U+FFFD of width 1. Case mappings are the simple ones (one code point to one), by GNU
 * libunistring. Any thread.
 */
#define RUNE_ERROR UINT32_C(0xfffd)

/* The first code point of s and, as the result, its bytes: 0 only when s is empty. */
size_t rune_first(struct str s, uint32_t *r);
/* The last one, as utf8.DecodeLastRune. */
size_t rune_last(struct str s, uint32_t *r);
size_t rune_count(struct str s);
/* Whether what rune_first() gave was a bad byte, not a U+FFFD in the text. */
static inline bool rune_bad(uint32_t r, size_t width)
{
	return r == RUNE_ERROR && width == 1;
}
/* 1 to 4 bytes; what is no code point becomes U+FFFD. */
size_t rune_encode(uint32_t r, char out[4]);
void rune_add(struct buf *b, uint32_t r);

uint32_t rune_upper(uint32_t r), rune_lower(uint32_t r), rune_title(uint32_t r);
bool rune_is_space(uint32_t r);	 /* White_Space */
bool rune_is_letter(uint32_t r); /* L */
bool rune_is_digit(uint32_t r);	 /* Nd */
bool rune_is_number(uint32_t r); /* N */
bool rune_is_upper(uint32_t r);	 /* Lu */
bool rune_is_lower(uint32_t r);	 /* Ll */
bool rune_is_title(uint32_t r);	 /* Lt */
bool rune_is_punct(uint32_t r);	 /* P */
bool rune_is_print(uint32_t r);	 /* strconv.IsPrint: L, M, N, P, S and the ASCII space */

#endif
