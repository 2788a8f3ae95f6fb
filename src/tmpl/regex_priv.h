/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_TMPL_REGEX_PRIV_H
#define SIGNET_TMPL_REGEX_PRIV_H

#include "tmpl/regex.h"

/* regex_priv.h - the translation of a pattern, shared by regex_check.c and regex_class.c. */
struct regex_names {	   /* of capturing groups, from 1; empty: none */
	struct str *names; /* views of the pattern */
	unsigned n, cap;
	uint32_t weight; /* of the pattern: what PCRE2 may do at most between two callouts */
};

/* What may be switched inside of a pattern. */
enum { RE_FOLD = 1, RE_LINES = 2 /* (?m) */, RE_DOT_ALL = 4, RE_LAZY = 8 };

struct regex_parse {
	struct str whole, rest; /* `rest` is what is still to be read */
	unsigned flags;
	struct buf *out; /* for PCRE2 */
	struct buf *why; /* Go's error */
	uint32_t folded; /* code points in ranges that PCRE2 must fold one by one */
};

#define REGEX_REPEAT_MAX  1000
#define REGEX_HEIGHT_MAX  1000
#define REGEX_ITEM_WEIGHT 2
#define REGEX_WEIGHT_MAX  UINT32_C(1000000)
#define REGEX_CALLOUT	  "(?C1)"

/* The item that a repetition would apply to. */
struct regex_item {
	bool any;
	bool bare; /* must be put into a group before it is repeated */
	bool literal;
	size_t from, to; /* in the output */
	unsigned times;	 /* the greatest product of counts in it */
	unsigned height;
	bool group;	 /* or something repeated: there are callouts in it, and one after it */
	uint32_t before; /* weight of what comes before the first callout of a repeated character */
	uint32_t most;	 /* weight between two callouts in it */
};
/* What is between two brackets: the branches so far, and the items of the last one. */
struct regex_level {
	struct regex_item last;
	unsigned times; /* of the items before `last` and of other branches */
	/* weights: since the last callout; of the branches' beginnings; between two callouts */
	uint32_t run, firsts, most;
	bool passed;		/* a callout in this branch */
	unsigned items, height; /* of this branch */
	unsigned branches, branch_height;
	/* of the group: */
	size_t from;
	unsigned flags; /* to return to */
	bool captures, special;
};
struct regex_check {
	struct regex_parse p;
	struct regex_level *levels;
	size_t n, cap;
	unsigned specials;
	bool capture;
	struct regex_names *names;
};

static inline void regex_skip(struct regex_parse *p, size_t n)
{
	p->rest = str_mem(p->rest.p + n, p->rest.n - n);
}

/* The character n places on; NUL past the end (which no syntax uses). */
static inline char regex_peek(const struct regex_parse *p, size_t n)
{
	return n < p->rest.n ? p->rest.p[n] : '\0';
}

static inline struct regex_level *regex_top(struct regex_check *k)
{
	return &k->levels[k->n - 1];
}

static inline unsigned regex_greater(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

/* Writes a character; it is the last item then. */
int regex_add_literal(struct regex_check *k, uint32_t r) NODISCARD;
/*
 * At * + ? {. `last` is the repetition that stands directly before, if any; *again is set when this
 * was one.
 */
int regex_repetition(struct regex_check *k, struct str last, bool *again) NODISCARD;

/*
 * Writes the pattern for PCRE2: in UTF mode with DOTALL, DOLLAR_ENDONLY, ALT_CIRCUMFLEX, and
 * NO_AUTO_CAPTURE unless `capture`. Without `capture` all groups are plain ones. Callouts stand
 * wherever matching may go on for long. -1: `why` has Go's text.
 */
int regex_translate(struct str pattern, bool capture, struct regex_names *names, struct buf *out,
		    struct buf *why) NODISCARD;

/* "error parsing regexp: CODE: `EXPR`"; -1. */
int regex_error(struct regex_parse *p, const char *code, struct str expr);
int regex_too_large(struct regex_parse *p);
/* What was read since `before`, a former value of p->rest. */
struct str regex_since(const struct regex_parse *p, struct str before);
/* The next code point; U+FFFD at the end. -1: bad UTF-8, with the error set. */
int regex_next(struct regex_parse *p, uint32_t *r) NODISCARD;
/* At a backslash that begins no class: the character that it stands for. */
int regex_escape(struct regex_parse *p, uint32_t *r) NODISCARD;

/* At '[': the whole class. */
int regex_class(struct regex_parse *p) NODISCARD;
/* At a backslash: 1 when it begins a class (\d \pL ...), which is then written; 0; -1. */
int regex_class_escape(struct regex_parse *p) NODISCARD;
void regex_put_char(struct buf *out, uint32_t r);

#endif
