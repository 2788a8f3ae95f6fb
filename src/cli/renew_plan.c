/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/renew_plan.h"

#define SECOND	      INT64_C(1000)
#define RETRY_LONGEST (600 * SECOND)
#define RETRY_LEAST   50

/* A share of `span`: none of it for 0, nearly all of it for the largest number. */
static int64_t share(int64_t span, uint32_t random)
{
	return span / 65536 * (random >> 16) + span % 65536 * (random >> 16) / 65536;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t renew_due(const struct renew_rule *rule, const struct renew_life *life, int64_t now,
		  uint32_t random, bool *misfit)
{
	bool known = life->obtained > life->not_before && life->obtained < life->not_after;
	int64_t start = known ? life->obtained : life->not_before;
	int64_t span = life->not_after - start;
	int64_t due = life->not_after - span / 3;

	*misfit = false;
	if (span <= 0)
		return now;
	if (rule->period > 0) {
		int64_t base = known ? start : now;

		*misfit = rule->period >= life->not_after - span / 20 - base;
		if (!*misfit)
			due = base + rule->period;
	} else if (rule->expires_in > 0) {
		*misfit = rule->expires_in >= span;
		if (!*misfit)
			due = life->not_after - rule->expires_in;
	}
	due -= share(least(span / 20, (due - start) / 2), random);
	/* Not in a tight loop, whatever the rule says. */
	return due < start + SECOND && span > 2 * SECOND ? start + SECOND : due;
}

static int64_t longest_wait(int64_t left, int64_t span)
{
	int64_t longest = least((left > 0 ? left : span) / 10, RETRY_LONGEST);
	int64_t floor = left > 0 ? SECOND : 10 * SECOND;

	return longest > floor ? longest : floor;
}

int64_t renew_retry(const struct renew_state *s, uint32_t random)
{
	int64_t longest = longest_wait(s->left, s->span), wait = RETRY_LONGEST;

	if (s->failures > 0 && s->failures < 20)
		wait = SECOND << (s->failures - 1);
	if (s->refused || wait > longest)
		wait = longest;
	wait = wait / 2 + share(wait / 2, random);
	if (s->left > 0 && wait >= s->left)
		wait = s->left / 2 > RETRY_LEAST ? s->left / 2 : RETRY_LEAST;
	return wait;
}
