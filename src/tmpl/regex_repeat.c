/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/regex_priv.h"
#include "tmpl/unicode.h"

/* Repetitions: what they apply to, how often, and how PCRE2 is told. */

/* Puts `text` into the output at `at`. */
static void insert(struct regex_check *k, size_t at, const char *text)
{
	struct buf *out = k->p.out;
	size_t n = strlen(text), after = out->n - at;

	buf_puts(out, text); /* makes room, or fails */
	if (out->failed)
		return;
	memmove(out->p + at + n, out->p + at, after);
	memcpy(out->p + at, text, n);
}

/* A number of at most 9 digits without leading zeros, or -1 when there are more; false: none. */
static bool read_count(struct regex_parse *p, int *count)
{
	size_t digits = 0;

	while (rune_is_digit((unsigned char)regex_peek(p, digits)) && digits < p->rest.n)
		digits++;
	if (digits == 0 || (digits > 1 && regex_peek(p, 0) == '0'))
		return false;
	*count = 0;
	for (size_t i = 0; i < digits && *count >= 0; i++)
		*count = *count >= 100000000 ? -1 : *count * 10 + (regex_peek(p, i) - '0');
	regex_skip(p, digits);
	return true;
}

/* {n} {n,} {n,m}; max -1: no limit. False: it is a literal brace, and nothing was read. */
static bool read_counts(struct regex_parse *p, int *min, int *max)
{
	struct str before = p->rest;
	bool ok;

	regex_skip(p, 1);
	ok = read_count(p, min);
	*max = *min;
	if (ok && regex_peek(p, 0) == ',') {
		regex_skip(p, 1);
		*max = -1;
		if (regex_peek(p, 0) != '}') {
			ok = read_count(p, max);
			if (ok && *max < 0)
				*min = -1;
		}
	}
	if (ok && regex_peek(p, 0) == '}') {
		regex_skip(p, 1);
		return true;
	}
	p->rest = before;
	return false;
}

struct repeat {
	struct str before; /* from the operator on */
	int min, max;	   /* max -1: no limit */
	bool counted;
};

/*
 * PCRE2 makes copies of a counted group, one in the other, and leaves all of them at once; of a
 * counted character it reads all that must be there.
 */
static void weigh_repeat(struct regex_item *it, const struct repeat *rep)
{
	uint32_t copies =
		(uint32_t)regex_greater((unsigned)rep->min, rep->max > 0 ? (unsigned)rep->max : 1);

	if (it->group)
		it->most = regex_greater(it->most, copies);
	else
		it->before = (uint32_t)rep->min * REGEX_ITEM_WEIGHT;
	it->group = true;
}

static int put_repeat(struct regex_check *k, const struct repeat *rep, bool lazy)
{
	struct regex_item *it = &regex_top(k)->last;
	char text[48];
	const char *mark = lazy ? "?" : "";

	if (rep->max == -1 && rep->min < 2)
		snprintf(text, sizeof(text), "%c%s" REGEX_CALLOUT, rep->min == 0 ? '*' : '+', mark);
	else if (rep->max == -1)
		snprintf(text, sizeof(text), "{%d,}%s" REGEX_CALLOUT, rep->min, mark);
	else
		snprintf(text, sizeof(text), "{%d,%d}%s" REGEX_CALLOUT, rep->min, rep->max, mark);
	if (it->bare) {
		insert(k, it->to, ")");
		insert(k, it->from, "(?:");
		it->to += 4;
	}
	insert(k, it->to, text);
	it->to += strlen(text);
	it->bare = true;
	it->literal = false;
	it->height++;
	weigh_repeat(it, rep);
	if (rep->counted) {
		unsigned times = (unsigned)(rep->max < 0 ? rep->min : rep->max);

		it->times = rep->max == 0 ? 1 : it->times * regex_greater(times, 1);
	}
	return 0;
}

/* `last`: the repetition that stands directly before, if any. */
static int repeat(struct regex_check *k, struct repeat rep, struct str last)
{
	struct regex_parse *p = &k->p;
	struct regex_item *it = &regex_top(k)->last;
	bool lazy = (p->flags & RE_LAZY) != 0;

	if (regex_peek(p, 0) == '?') {
		regex_skip(p, 1);
		lazy = !lazy;
	}
	if (last.p != NULL)
		return regex_error(p, "invalid nested repetition operator", regex_since(p, last));
	if (!it->any)
		return regex_error(p, "missing argument to repetition operator",
				   regex_since(p, rep.before));
	put_repeat(k, &rep, lazy);
	regex_top(k)->height = regex_greater(regex_top(k)->height, it->height);
	if (it->height > REGEX_HEIGHT_MAX)
		return regex_error(p, "expression nests too deeply", p->whole);
	if (rep.counted && (rep.min >= 2 || rep.max >= 2) && it->times > REGEX_REPEAT_MAX)
		return regex_error(p, "invalid repeat count", regex_since(p, rep.before));
	return 0;
}

/* At * + ? {: *again is set when it was a repetition. */
int regex_repetition(struct regex_check *k, struct str last, bool *again)
{
	struct regex_parse *p = &k->p;
	struct repeat rep = {.before = p->rest, .max = -1};
	char c = regex_peek(p, 0);

	if (c == '{') {
		if (!read_counts(p, &rep.min, &rep.max)) {
			regex_skip(p, 1);
			return regex_add_literal(k, '{');
		}
		rep.counted = true;
		if (rep.min < 0 || rep.min > REGEX_REPEAT_MAX || rep.max > REGEX_REPEAT_MAX ||
		    (rep.max >= 0 && rep.min > rep.max))
			return regex_error(p, "invalid repeat count", regex_since(p, rep.before));
	} else {
		regex_skip(p, 1);
		rep.min = c == '+';
		rep.max = c == '?' ? 1 : -1;
	}
	*again = true;
	return repeat(k, rep, last);
}
