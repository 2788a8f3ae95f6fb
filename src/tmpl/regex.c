/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/mem.h"
#include "tmpl/regex_priv.h"
#include "tmpl/unicode.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/*
 * Compiled patterns and searches. PCRE2's own limit of matching counts anew from each place where a
 * match may begin, so it does not bound a search; the callouts that regex_check.c writes do: each
 * costs a few steps, more by the weight of the pattern and the bytes passed since the last one.
 */
#define OPTIONS                                                                                    \
	(PCRE2_UTF | PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_CIRCUMFLEX |                  \
	 PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C)
#define CALLOUT_STEPS	4
#define BYTES_PER_STEP	2
#define WEIGHT_PER_STEP 4
#define START_STEPS	20
#define MATCH_LIMIT	10000000
#define STEPS_MAX	400000 /* of one search, whatever the meter says */

struct regex {
	pcre2_code *code;
	pcre2_compile_context *compile;
	pcre2_match_context *match;
	pcre2_match_data *data;
	struct regex_names names;
	struct str pattern; /* a copy: names are views of it */
	unsigned groups;
};

static bool no_room(int error)
{
	return error == PCRE2_ERROR_PATTERN_TOO_LARGE || error == PCRE2_ERROR_HEAP_FAILED ||
	       error == PCRE2_ERROR_PATTERN_TOO_COMPLICATED ||
	       error == PCRE2_ERROR_PARENTHESES_NEST_TOO_DEEP ||
	       error == PCRE2_ERROR_TOO_MANY_CAPTURES ||
	       error == PCRE2_ERROR_QUERY_BARJX_NEST_TOO_DEEP;
}

static int compile(struct regex *r, struct str text, bool capture, struct buf *why)
{
	int error = PCRE2_ERROR_HEAP_FAILED;
	size_t at;

	r->compile = pcre2_compile_context_create(NULL);
	r->match = pcre2_match_context_create(NULL);
	if (r->compile == NULL || r->match == NULL)
		goto failed;
	pcre2_set_newline(r->compile, PCRE2_NEWLINE_LF);
	pcre2_set_parens_nest_limit(r->compile, 2 * REGEX_PATTERN_MAX);
	pcre2_set_compile_extra_options(r->compile, PCRE2_EXTRA_ALLOW_SURROGATE_ESCAPES);
	pcre2_set_match_limit(r->match, MATCH_LIMIT);
	pcre2_set_heap_limit(r->match, REGEX_HEAP_KIB);
	r->code = pcre2_compile((PCRE2_SPTR)text.p, text.n,
				OPTIONS | (capture ? 0 : PCRE2_NO_AUTO_CAPTURE), &error, &at,
				r->compile);
	if (r->code == NULL)
		goto failed;
	r->groups = capture ? r->names.n : 0;
	r->data = pcre2_match_data_create(r->groups + 1, NULL);
	if (r->data != NULL)
		return 0;
failed:
	/* what PCRE2 has no room for; RE2's syntax itself was checked before */
	buf_reset(why);
	buf_printf(why, "error parsing regexp: %s: `",
		   no_room(error) ? "expression too large" : "regexp/syntax: internal error");
	buf_str(why, r->pattern);
	buf_putc(why, '`');
	return -1;
}

int regex_compile(struct str pattern, unsigned flags, struct regex **out, struct buf *why)
{
	bool capture = (flags & REGEX_CAPTURE) != 0;
	struct buf text = BUF_INIT;
	struct regex *r = NEW(struct regex);

	if (pattern.n > REGEX_PATTERN_MAX) /* refused below; no need to copy all of it */
		pattern.n = REGEX_PATTERN_MAX + 1;
	r->pattern = str_mem(mem_dup(pattern.n > 0 ? pattern.p : "", pattern.n + (pattern.n == 0)),
			     pattern.n);
	if (regex_translate(r->pattern, capture, &r->names, &text, why) != 0 ||
	    compile(r, buf_view(&text), capture, why) != 0) {
		buf_release(&text);
		regex_free(r);
		return -1;
	}
	buf_release(&text);
	*out = r;
	return 0;
}

void regex_free(struct regex *r)
{
	union {
		const char *in;
		char *out;
	} pattern;

	if (r == NULL)
		return;
	pcre2_match_data_free(r->data);
	pcre2_code_free(r->code);
	pcre2_match_context_free(r->match);
	pcre2_compile_context_free(r->compile);
	mem_free(r->names.names);
	pattern.in = r->pattern.p;
	mem_free(pattern.out);
	mem_free(r);
}

unsigned regex_groups(const struct regex *r)
{
	return r->groups;
}

struct str regex_group_name(const struct regex *r, unsigned i)
{
	return i >= 1 && i <= r->names.n ? r->names.names[i - 1] : STR_NULL;
}

/* ---- texts ---- */
static size_t count_bad(struct str s)
{
	size_t bad = 0;

	for (size_t i = 0; i < s.n;) {
		uint32_t r;
		size_t w = rune_first(str_mem(s.p + i, s.n - i), &r);

		bad += rune_bad(r, w);
		i += w;
	}
	return bad;
}

size_t regex_text_size(struct str s)
{
	size_t bad = count_bad(s);

	return bad == 0 ? 0 : s.n + bad * (2 + sizeof(size_t));
}

void regex_text_init(struct regex_text *t, struct str s)
{
	size_t bad = count_bad(s), n = 0;

	*t = (struct regex_text){.s = s, .seen = s};
	if (s.p == NULL)
		t->s = t->seen = STR("");
	if (bad == 0)
		return;
	t->copy = mem_alloc(s.n + 2 * bad);
	t->bad = mem_calloc(bad, sizeof(size_t));
	for (size_t i = 0; i < s.n;) {
		uint32_t r;
		size_t w = rune_first(str_mem(s.p + i, s.n - i), &r);

		if (rune_bad(r, w)) {
			t->bad[t->nbad++] = n;
			n += rune_encode(RUNE_ERROR, t->copy + n);
		} else {
			memcpy(t->copy + n, s.p + i, w);
			n += w;
		}
		i += w;
	}
	t->seen = str_mem(t->copy, n);
}

void regex_text_release(struct regex_text *t)
{
	mem_free(t->copy);
	mem_free(t->bad);
	*t = (struct regex_text){0};
}

/* Each bad byte before `at` is two bytes longer in the copy. */
static size_t original(const struct regex_text *t, size_t at)
{
	size_t low = 0, high = t->nbad;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (t->bad[mid] < at)
			low = mid + 1;
		else
			high = mid;
	}
	return at - 2 * low;
}

struct str regex_part(const struct regex_text *t, size_t from, size_t to)
{
	size_t first = original(t, from), last = original(t, to);

	return str_mem(t->s.p + first, last - first);
}

/* ---- searching ---- */
struct search {
	const struct regex_meter *meter;
	size_t last; /* where the last callout was */
	uint64_t left, each;
};

static int on_callout(pcre2_callout_block *block, void *arg)
{
	struct search *s = arg;
	size_t at = block->current_position;
	size_t way = at > s->last ? at - s->last : s->last - at;

	uint64_t steps = s->each + way / BYTES_PER_STEP;

	s->last = at;
	if (steps > s->left)
		return PCRE2_ERROR_CALLOUT;
	s->left -= steps;
	if (s->meter->steps(s->meter->arg, steps) != 0)
		return PCRE2_ERROR_CALLOUT;
	return 0;
}

enum regex_result regex_search(struct regex *r, const struct regex_text *t, size_t from,
			       const struct regex_meter *m, size_t *at)
{
	struct search s = {.meter = m,
			   .last = from,
			   .left = STEPS_MAX,
			   .each = CALLOUT_STEPS + r->names.weight / WEIGHT_PER_STEP};
	const PCRE2_SIZE *found;
	int rc;

	if (m->steps(m->arg, START_STEPS) != 0)
		return REGEX_STOPPED;
	pcre2_set_callout(r->match, on_callout, &s);
	rc = pcre2_match(r->code, (PCRE2_SPTR)t->seen.p, t->seen.n, from, PCRE2_NO_UTF_CHECK,
			 r->data, r->match);
	if (rc == PCRE2_ERROR_NOMATCH)
		return REGEX_NO;
	if (rc < 0)
		return REGEX_STOPPED;
	found = pcre2_get_ovector_pointer(r->data);
	for (size_t i = 0; i < 2 * ((size_t)r->groups + 1); i++)
		at[i] = i / 2 < (size_t)rc && found[i] != PCRE2_UNSET ? found[i] : REGEX_NONE;
	return REGEX_YES;
}
