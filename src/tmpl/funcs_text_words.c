/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/funcs_text.h"
#include "tmpl/unicode.h"

/*
 * Words: snake_case, kebab-case, PascalCase, and wrapping of lines. What a word is follows the
 * model, surprises included (README of the vectors).
 */
static bool is_connector(uint32_t r)
{
	return r == '-' || r == '_' || rune_is_space(r);
}

/* A letter, but not of the scripts that write no words (Han). */
static bool is_alphabet(uint32_t r)
{
	return rune_is_letter(r) && !(r >= 0x4e00 && r <= 0x9fcc) &&
	       !(r >= 0x3400 && r <= 0x4d85) && !(r >= 0x20000 && r <= 0x2b81d);
}

enum word {
	WORD_NONE,
	WORD_NUMBER,
	WORD_UPPER,
	WORD_ALPHABET,
	WORD_CONNECTOR,
	WORD_PUNCT,
	WORD_OTHER
};

struct words {
	struct str rest;
	enum word kind; /* of `text`, the word that was read last */
	struct str text;
};

/* The next code point that is none of U+FFFD and what stands before it; `prev` at the end. */
static size_t next_valid(struct str s, uint32_t prev, uint32_t *r)
{
	size_t width = 0;

	while (width < s.n) {
		width += rune_first(text_from(s, width), r);
		if (*r != RUNE_ERROR)
			return width;
	}
	*r = prev;
	return width;
}

static enum word kind_of(uint32_t r)
{
	if (is_connector(r))
		return WORD_CONNECTOR;
	if (rune_is_punct(r))
		return WORD_PUNCT;
	if (rune_is_upper(r))
		return WORD_UPPER;
	if (is_alphabet(r))
		return WORD_ALPHABET;
	return rune_is_number(r) ? WORD_NUMBER : WORD_OTHER;
}

/* Whether r carries on a word of `kind` (never asked of upper-case ones). */
static bool carries_on(enum word kind, uint32_t r)
{
	switch (kind) {
	case WORD_CONNECTOR:
		return is_connector(r);
	case WORD_PUNCT:
		return rune_is_punct(r);
	case WORD_ALPHABET:
		return is_alphabet(r) && !rune_is_upper(r);
	case WORD_NUMBER:
		return rune_is_number(r);
	case WORD_OTHER:
		return !is_connector(r) && !is_alphabet(r) && !rune_is_number(r) &&
		       !rune_is_punct(r);
	case WORD_NONE:
	case WORD_UPPER:
		break;
	}
	return false;
}

static size_t take_while(struct str s, size_t at, enum word kind, uint32_t r)
{
	while (at < s.n) {
		size_t w = next_valid(text_from(s, at), r, &r);

		if (!carries_on(kind, r))
			break;
		at += w;
	}
	return at;
}

/* From an upper-case letter on: "Word", or "WORD" - whose last letter may begin "Word". */
static size_t take_upper(struct str s, size_t at, uint32_t r)
{
	size_t last;

	if (at == s.n)
		return at;
	last = next_valid(text_from(s, at), r, &r);
	if (!rune_is_upper(r))
		return is_alphabet(r) ? take_while(s, at + last, WORD_ALPHABET, r) : at;
	at += last;
	while (at < s.n) {
		size_t w = next_valid(text_from(s, at), r, &r);

		if (!rune_is_upper(r))
			return is_alphabet(r) ? at - last : at;
		last = w;
		at += w;
	}
	return at;
}

static void next_word(struct words *w)
{
	struct str s = w->rest;
	uint32_t r;
	size_t at;

	w->kind = WORD_NONE;
	if (s.n == 0) {
		w->text = STR_NULL;
		return;
	}
	at = next_valid(s, RUNE_ERROR, &r);
	if (r != RUNE_ERROR) {
		w->kind = kind_of(r);
		at = w->kind == WORD_UPPER ? take_upper(s, at, r) : take_while(s, at, w->kind, r);
	}
	w->text = text_cut(s, 0, at);
	w->rest = text_from(s, at);
}

static void put_word(struct buf *b, enum word kind, struct str s, char connector)
{
	if (kind != WORD_UPPER && kind != WORD_CONNECTOR) {
		buf_str(b, s);
		return;
	}
	for (size_t i = 0; i < s.n;) {
		uint32_t r;

		i += rune_first(text_from(s, i), &r);
		if (is_connector(r))
			buf_putc(b, connector);
		else
			rune_add(b, rune_is_upper(r) ? rune_lower(r) : r);
	}
}

/* The words that belong to a number before them: "2xx" is one. */
static void put_after_number(struct words *w, struct buf *b, char connector)
{
	while (w->kind == WORD_ALPHABET || w->kind == WORD_NUMBER) {
		put_word(b, w->kind, w->text, connector);
		next_word(w);
	}
	if (w->kind != WORD_NONE && w->kind != WORD_CONNECTOR && w->kind != WORD_PUNCT)
		buf_putc(b, connector);
}

/* After a word of letters: where its connector goes, and whom a number belongs to. */
static void put_after_letters(struct words *w, struct buf *b, char connector)
{
	struct str number = w->text;

	if (w->kind != WORD_NUMBER) {
		if (w->kind != WORD_CONNECTOR && w->kind != WORD_PUNCT)
			buf_putc(b, connector);
		return;
	}
	if (w->rest.n == 0)
		return;
	next_word(w);
	if (w->kind == WORD_ALPHABET) { /* "HTTP2xx" is "http_2xx" */
		buf_putc(b, connector);
		buf_str(b, number);
		put_after_number(w, b, connector);
		return;
	}
	buf_str(b, number); /* "Bld4Floor" is "bld4_floor" */
	if (w->kind != WORD_CONNECTOR && w->kind != WORD_PUNCT)
		buf_putc(b, connector);
}

static int connected(struct tmpl_call *c, struct str s, char connector, struct tv *out)
{
	struct words w = {.rest = s};
	struct buf b = text_buf(c);

	if (text_work(c, 8 * (uint64_t)s.n) != 0)
		return -1;
	next_word(&w);
	while (w.rest.n > 0) {
		enum word prev = w.kind;
		struct str last = w.text;

		if (prev != WORD_CONNECTOR)
			put_word(&b, prev, last, connector);
		next_word(&w);
		switch (prev) {
		case WORD_NUMBER:
			put_after_number(&w, &b, connector);
			break;
		case WORD_CONNECTOR:
			put_word(&b, prev, last, connector);
			break;
		case WORD_PUNCT:
			break;
		case WORD_NONE:
		case WORD_UPPER:
		case WORD_ALPHABET:
		case WORD_OTHER:
			put_after_letters(&w, &b, connector);
			break;
		}
	}
	put_word(&b, w.kind, w.text, connector);
	return tmpl_return_buf(c, &b, out);
}

TMPL_CALL(fn_snakecase)
{
	(void)n;
	return connected(c, args[0].s, '_', out);
}

TMPL_CALL(fn_kebabcase)
{
	(void)n;
	return connected(c, args[0].s, '-', out);
}

TMPL_CALL(fn_camelcase)
{
	struct str s = args[0].s;
	struct buf b = text_buf(c);
	bool lowering; /* in a run of capitals */
	uint32_t r = 0, prev;
	size_t i = 0;

	(void)n;
	if (text_work(c, 4 * (uint64_t)s.n) != 0)
		return -1;
	if (s.n == 0) {
		*out = args[0];
		return 0;
	}
	/* connectors at the beginning stay; when there is nothing else, the last one twice */
	for (;;) {
		i += rune_first(text_from(s, i), &r);
		if (!is_connector(r))
			break;
		rune_add(&b, r);
		if (i == s.n)
			break;
	}
	lowering = rune_is_upper(r);
	r = is_connector(r) ? r : rune_upper(r);
	while (i < s.n) {
		prev = r;
		i += rune_first(text_from(s, i), &r);
		if (is_connector(prev) && is_connector(r)) {
			rune_add(&b, prev);
		} else if (is_connector(prev)) {
			lowering = rune_is_upper(r);
			r = rune_upper(r);
		} else {
			if (lowering && rune_is_upper(r))
				r = rune_lower(r);
			else
				lowering = false;
			rune_add(&b, prev);
		}
	}
	rune_add(&b, r);
	return tmpl_return_buf(c, &b, out);
}

static size_t last_space(struct str s, size_t from, size_t to)
{
	const char *at = to > from ? memrchr(s.p + from, ' ', to - from) : NULL;

	return at == NULL ? SIZE_MAX : (size_t)(at - s.p);
}

/* Breaks at spaces, so that lines have at most `width` bytes; `cut`: longer words too. */
static int wrap(struct tmpl_call *c, struct str s, int64_t want, struct str newline, bool cut,
		struct tv *out)
{
	struct buf b = text_buf(c);
	size_t width = want < 1 ? 1 : (size_t)want, at = 0;

	if (newline.n == 0)
		newline = STR("\n");
	if (text_work(c, 4 * (uint64_t)s.n) != 0)
		return -1;
	while (s.n - at > width && !b.failed) {
		size_t end, next;

		if (s.p[at] == ' ') {
			at++;
			continue;
		}
		end = last_space(s, at, at + width + 1);
		next = end + 1;
		if (end == SIZE_MAX && cut) {
			end = next = at + width;
		} else if (end == SIZE_MAX) {
			end = text_find(s, STR(" "), at + width);
			next = end + 1;
			if (end == SIZE_MAX)
				break;
		}
		buf_str(&b, text_cut(s, at, end));
		buf_str(&b, newline);
		at = next;
	}
	buf_str(&b, text_from(s, at));
	return tmpl_return_buf(c, &b, out);
}

TMPL_CALL(fn_wrap)
{
	(void)n;
	return wrap(c, args[1].s, args[0].i, STR_NULL, false, out);
}

TMPL_CALL(fn_wrap_with)
{
	(void)n;
	return wrap(c, args[2].s, args[0].i, args[1].s, true, out);
}
