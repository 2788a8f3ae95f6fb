/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "tmpl/regex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take(void *arg, uint64_t n)
{
	uint64_t *left = arg;

	if (n > *left)
		return -1;
	*left -= n;
	return 0;
}

static void search(struct regex *r, const struct regex_text *t, size_t *at)
{
	uint64_t left = 50000;
	const struct regex_meter m = {.steps = take, .arg = &left};
	size_t n = 2 * ((size_t)regex_groups(r) + 1);

	for (size_t pos = 0; pos <= t->seen.n;) {
		if (regex_search(r, t, pos, &m, at) != REGEX_YES)
			return;
		ENSURE(at[0] >= pos && at[1] >= at[0] && at[1] <= t->seen.n);
		for (size_t i = 0; i < n; i += 2) {
			struct str part;

			if (at[i] == REGEX_NONE)
				continue;
			ENSURE(at[i] <= at[i + 1] && at[i + 1] <= t->seen.n);
			part = regex_part(t, at[i], at[i + 1]);
			ENSURE(part.p >= t->s.p && part.p + part.n <= t->s.p + t->s.n);
		}
		pos = at[1] > pos ? at[1] : pos + 1;
		while (pos < t->seen.n && ((unsigned char)t->seen.p[pos] & 0xc0) == 0x80)
			pos++;
	}
}

static bool too_much(struct str why)
{
	return memmem(why.p, why.n, "expression too large", 20) != NULL;
}

/*
 * A pattern, a line feed, a text. What our check accepts PCRE2 must compile, unless it is too large
 * for it; with and without groups a pattern is accepted alike; searches end.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_mem(data, size), text = STR(""), pattern;
	const char *nl = size > 0 ? memrchr(in.p, '\n', in.n) : NULL;
	struct buf why = BUF_INIT, why2 = BUF_INIT;
	struct regex *plain = NULL, *groups = NULL;
	struct regex_text t;

	pattern = nl == NULL ? in : str_mem(in.p, (size_t)(nl - in.p));
	if (nl != NULL)
		text = str_mem(nl + 1, in.n - pattern.n - 1);
	regex_text_init(&t, text);
	if (regex_compile(pattern, 0, &plain, &why) == 0) {
		size_t at[2];

		search(plain, &t, at);
	} else {
		ENSURE(str_starts(buf_view(&why), "error parsing regexp: "));
		ENSURE(!str_starts(buf_view(&why), "error parsing regexp: regexp/syntax"));
		/* only our own check may refuse a small pattern as too large: see regex_class.c */
		ENSURE(!too_much(buf_view(&why)) || pattern.n > 20);
	}
	if (regex_compile(pattern, REGEX_CAPTURE, &groups, &why2) == 0) {
		size_t *at = calloc(2 * ((size_t)regex_groups(groups) + 1), sizeof(*at));

		ENSURE(at != NULL);
		search(groups, &t, at);
		free(at);
	} else {
		ENSURE(plain == NULL || too_much(buf_view(&why2)) ||
		       memmem(why2.p, why2.n, "nests too deeply", 16) != NULL);
	}
	ENSURE(plain != NULL || groups == NULL);
	regex_free(plain);
	regex_free(groups);
	regex_text_release(&t);
	buf_release(&why);
	buf_release(&why2);
	return 0;
}
