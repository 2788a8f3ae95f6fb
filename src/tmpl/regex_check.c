/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/mem.h"
#include "tmpl/regex_priv.h"
#include "tmpl/unicode.h"

/*
 * RE2's syntax, read from left to right and written anew for PCRE2.
 *
 * What is not RE2 is refused here, with Go's text and the part of the pattern that Go blames. The
 * output uses few constructs of PCRE2: characters as \x{..}, ranges, \p, \A \z \b \B, groups, (?i),
 * repetitions, callouts. Differences that the output takes care of:
 *  - a repetition after (?i) or \Q\E applies to the item before, also when that is repeated itself;
 *  - ^ $ . are written by their meaning under the flags of the place; greediness too;
 *  - nested counts multiply to 1,000 at most, trees are at most 1,000 high.
 *
 * Callouts: one at the beginning, at the beginning and after every group, and after every repeated
 * item. Between two of them PCRE2 can do no more than read the text once and go along a straight
 * part of the pattern; it passes one on each way back. regex.c counts the distance between them,
 * and for each the weight of the longest such part.
 */
/* PCRE2 has little room for groups in groups that need not be (?:plain) ones. */
#define SPECIAL_DEPTH_MAX 200
#define OUTPUT_MAX	  (256 * 1024)

/* ---- items and levels ---- */
static void push_level(struct regex_check *k, struct regex_level l)
{
	if (k->n == k->cap) {
		k->cap = k->cap == 0 ? 16 : k->cap * 2;
		k->levels = mem_realloc(k->levels, k->cap * sizeof(*k->levels));
	}
	k->levels[k->n++] = l;
}

static uint32_t weight_sum(uint32_t a, uint32_t b)
{
	return a + b > REGEX_WEIGHT_MAX ? REGEX_WEIGHT_MAX : a + b;
}

/* A callout, or the end of a branch, ends a way without one. */
static void end_run(struct regex_level *l)
{
	if (l->passed)
		l->most = regex_greater(l->most, l->run);
	else
		l->firsts = weight_sum(l->firsts, l->run + 1);
	l->run = 0;
	l->passed = true;
}

/* The last item is not going to be repeated any more. */
static void settle(struct regex_level *l)
{
	l->times = regex_greater(l->times, l->last.times);
	if (!l->last.any)
		return;
	if (!l->last.group) {
		l->run = weight_sum(l->run, REGEX_ITEM_WEIGHT);
		return;
	}
	l->run = weight_sum(l->run, l->last.before);
	end_run(l);
	l->most = regex_greater(l->most, l->last.most);
}

/* The item is complete: what was written since `it.from` belongs to it. */
static int add_item(struct regex_check *k, struct regex_item it)
{
	struct regex_level *l = regex_top(k);
	bool joins = it.literal && l->last.any && l->last.literal; /* "ab" is one node in Go */

	it.any = true;
	it.to = k->p.out->n;
	settle(l);
	l->items += joins ? 0 : 1;
	l->height = regex_greater(l->height, it.height);
	l->last = it;
	if (it.height > REGEX_HEIGHT_MAX)
		return regex_error(&k->p, "expression nests too deeply", k->p.whole);
	return 0;
}

static int add_text(struct regex_check *k, const char *text, bool bare)
{
	struct regex_item it = {.from = k->p.out->n, .bare = bare, .times = 1, .height = 1};

	buf_puts(k->p.out, text);
	return add_item(k, it);
}

int regex_add_literal(struct regex_check *k, uint32_t r)
{
	struct regex_item it = {.from = k->p.out->n, .literal = true, .times = 1, .height = 1};

	regex_put_char(k->p.out, r);
	return add_item(k, it);
}

static unsigned branch_height(const struct regex_level *l)
{
	return l->items == 0 ? 1 : l->items == 1 ? l->height : l->height + 1;
}

static void end_branch(struct regex_level *l)
{
	settle(l);
	end_run(l);
	l->passed = false;
	l->branch_height = regex_greater(l->branch_height, branch_height(l));
	l->branches++;
	l->items = 0;
	l->height = 0;
	l->last = (struct regex_item){0};
}

static void put_fold(struct regex_check *k, unsigned flags)
{
	buf_puts(k->p.out, (flags & RE_FOLD) != 0 ? "(?i)" : "(?-i)");
}

static void open_group(struct regex_check *k, bool captures, unsigned flags)
{
	struct regex_level l = {.from = k->p.out->n, .flags = k->p.flags, .captures = captures};

	l.special = ((flags ^ k->p.flags) & RE_FOLD) != 0 || (!captures && k->capture);
	if (l.special)
		k->specials++;
	/* without REGEX_CAPTURE all brackets are plain: NO_AUTO_CAPTURE */
	buf_puts(k->p.out, captures || !k->capture ? "(" : "(?:");
	buf_puts(k->p.out, REGEX_CALLOUT);
	if (((flags ^ k->p.flags) & RE_FOLD) != 0)
		put_fold(k, flags);
	k->p.flags = flags;
	push_level(k, l);
}

static int close_group(struct regex_check *k)
{
	struct regex_item it = {0};
	struct regex_level l;

	if (k->n < 2)
		return regex_error(&k->p, "unexpected )", k->p.whole);
	end_branch(regex_top(k));
	l = *regex_top(k);
	k->n--;
	if (l.special)
		k->specials--;
	buf_putc(k->p.out, ')');
	k->p.flags = l.flags;
	it.from = l.from;
	it.times = regex_greater(l.times, 1);
	it.group = true;
	it.most = regex_greater(l.most, l.firsts);
	it.height = l.branch_height + (l.branches > 1) + l.captures;
	regex_skip(&k->p, 1);
	if (add_item(k, it) != 0)
		return -1;
	buf_puts(k->p.out, REGEX_CALLOUT);
	return 0;
}

static bool is_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c >= 0x80 || !(rune_is_letter(c) || rune_is_digit(c) || c == '_'))
			return false;
	}
	return s.n > 0;
}

static int add_name(struct regex_check *k, struct str name)
{
	struct regex_names *names = k->names;

	if (!k->capture)
		return 0;
	if (names->n == names->cap) {
		names->cap = names->cap == 0 ? 8 : names->cap * 2;
		names->names = mem_realloc(names->names, names->cap * sizeof(*names->names));
	}
	names->names[names->n++] = name;
	return 0;
}

/* At "(?P<" or "(?<", `prefix` bytes long. */
static int named_group(struct regex_check *k, size_t prefix)
{
	struct regex_parse *p = &k->p;
	struct str before = p->rest, name;
	const char *end = memchr(before.p, '>', before.n);
	uint32_t r;

	if (end == NULL) {
		while (p->rest.n > 0)
			if (regex_next(p, &r) != 0)
				return -1;
		return regex_error(p, "invalid named capture", before);
	}
	name = str_mem(before.p + prefix, (size_t)(end - before.p) - prefix);
	p->rest = name;
	while (p->rest.n > 0)
		if (regex_next(p, &r) != 0)
			return -1;
	p->rest = str_mem(end + 1, before.n - (size_t)(end + 1 - before.p));
	if (!is_name(name))
		return regex_error(p, "invalid named capture", regex_since(p, before));
	open_group(k, true, p->flags);
	return add_name(k, name);
}

static unsigned flag_of(uint32_t r)
{
	switch (r) {
	case 'i':
		return RE_FOLD;
	case 'm':
		return RE_LINES;
	case 's':
		return RE_DOT_ALL;
	case 'U':
		return RE_LAZY;
	default:
		return 0;
	}
}

/* At "(?": a group, or a change of flags. */
static int perl_group(struct regex_check *k)
{
	struct regex_parse *p = &k->p;
	struct str before = p->rest;
	unsigned flags = p->flags;
	bool minus = false, saw = false;

	if (p->rest.n > 4 && regex_peek(p, 2) == 'P' && regex_peek(p, 3) == '<')
		return named_group(k, 4);
	if (p->rest.n > 3 && regex_peek(p, 2) == '<')
		return named_group(k, 3);
	regex_skip(p, 2);
	while (p->rest.n > 0) {
		uint32_t r;
		unsigned flag;

		if (regex_next(p, &r) != 0)
			return -1;
		flag = flag_of(r);
		if (flag != 0) {
			flags = minus ? flags & ~flag : flags | flag;
			saw = true;
		} else if (r == '-' && !minus) {
			minus = true;
			saw = false;
		} else if (r == ':' && (!minus || saw)) {
			open_group(k, false, flags);
			return 0;
		} else if (r == ')' && (!minus || saw)) {
			if (((flags ^ p->flags) & RE_FOLD) != 0) {
				if (!regex_top(k)->special) {
					regex_top(k)->special = true;
					k->specials++;
				}
				put_fold(k, flags);
			}
			p->flags = flags;
			return 0;
		} else {
			break;
		}
	}
	return regex_error(p, "invalid or unsupported Perl syntax", regex_since(p, before));
}

/* ---- the whole ---- */
/* \Q...\E, after the \Q. */
static int quoted(struct regex_check *k)
{
	struct regex_parse *p = &k->p;
	const char *end = p->rest.n > 0 ? memmem(p->rest.p, p->rest.n, "\\E", 2) : NULL;
	struct str after = STR_NULL;

	if (end != NULL) {
		after = str_mem(end + 2, p->rest.n - (size_t)(end + 2 - p->rest.p));
		p->rest.n = (size_t)(end - p->rest.p);
	}
	while (p->rest.n > 0) {
		uint32_t r;

		if (regex_next(p, &r) != 0 || regex_add_literal(k, r) != 0)
			return -1;
	}
	p->rest = after;
	return 0;
}

static int backslash(struct regex_check *k)
{
	struct regex_parse *p = &k->p;
	struct regex_item it = {.from = p->out->n, .times = 1, .height = 1};
	uint32_t r;
	int got;

	switch (regex_peek(p, 1)) {
	case 'A':
		regex_skip(p, 2);
		return add_text(k, "\\A", true);
	case 'z':
		regex_skip(p, 2);
		return add_text(k, "\\z", true);
	case 'b':
		regex_skip(p, 2);
		return add_text(k, "\\b", true);
	case 'B':
		regex_skip(p, 2);
		return add_text(k, "\\B", true);
	case 'Q':
		regex_skip(p, 2);
		return quoted(k);
	case 'C':
		return regex_error(p, "invalid escape sequence", str_mem(p->rest.p, 2));
	default:
		break;
	}
	got = regex_class_escape(p);
	if (got != 0)
		return got < 0 ? -1 : add_item(k, it);
	return regex_escape(p, &r) != 0 ? -1 : regex_add_literal(k, r);
}

static int element(struct regex_check *k)
{
	struct regex_parse *p = &k->p;
	struct regex_item it = {.from = p->out->n, .times = 1, .height = 1};
	bool lines = (p->flags & RE_LINES) != 0;
	uint32_t r;

	switch (p->rest.p[0]) {
	case '(':
		if (regex_peek(p, 1) == '?')
			return perl_group(k);
		regex_skip(p, 1);
		open_group(k, true, p->flags);
		return add_name(k, STR_NULL);
	case ')':
		return close_group(k);
	case '|':
		regex_skip(p, 1);
		end_branch(regex_top(k));
		buf_putc(p->out, '|');
		return 0;
	case '^':
		regex_skip(p, 1);
		return add_text(k, lines ? "(?m:^)" : "\\A", true);
	case '$':
		regex_skip(p, 1);
		return add_text(k, lines ? "(?m:$)" : "\\z", true);
	case '.':
		regex_skip(p, 1);
		return add_text(k, (p->flags & RE_DOT_ALL) != 0 ? "." : "\\N", false);
	case '[':
		return regex_class(p) != 0 ? -1 : add_item(k, it);
	case '\\':
		return backslash(k);
	default:
		return regex_next(p, &r) != 0 ? -1 : regex_add_literal(k, r);
	}
}

static int parse(struct regex_check *k)
{
	struct regex_parse *p = &k->p;
	struct str last =
		STR_NULL; /* the repetition that was read last, if it was the last thing */

	push_level(k, (struct regex_level){0});
	buf_puts(p->out, REGEX_CALLOUT);
	while (p->rest.n > 0) {
		struct str before = p->rest;
		bool again = false;
		char c = before.p[0];
		int rc;

		if (c == '*' || c == '+' || c == '?' || c == '{')
			rc = regex_repetition(k, last, &again);
		else
			rc = element(k);
		if (rc != 0)
			return -1;
		last = again ? before : STR_NULL;
		if (p->out->failed || p->out->n > OUTPUT_MAX)
			return regex_too_large(p);
		if (k->specials > SPECIAL_DEPTH_MAX)
			return regex_error(p, "expression nests too deeply", p->whole);
	}
	if (k->n != 1)
		return regex_error(p, "missing closing )", p->whole);
	return 0;
}

int regex_translate(struct str pattern, bool capture, struct regex_names *names, struct buf *out,
		    struct buf *why)
{
	struct regex_check k = {.capture = capture,
				.names = names,
				.p = {.whole = pattern, .rest = pattern, .out = out, .why = why}};
	int rc;

	out->limit = 2 * OUTPUT_MAX;
	if (pattern.n > REGEX_PATTERN_MAX)
		return regex_error(&k.p, "expression too large", str_mem(pattern.p, 100));
	rc = parse(&k);
	if (rc == 0) {
		end_branch(regex_top(&k));
		names->weight = regex_greater(regex_top(&k)->most, regex_top(&k)->firsts);
	}
	mem_free(k.levels);
	return rc;
}
