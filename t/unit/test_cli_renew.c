/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/renew_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* When the daemon renews, and when it tries again. */
#define S   INT64_C(1000)
#define M   (60 * S)
#define H   (60 * M)
#define NOW (INT64_C(1800000000) * S)

static const uint32_t randoms[] = {0,	       1,	   65535,      65536,	   0x12345678,
				   0x7fffffff, 0x80000000, 0xdeadbeef, 0xfffffffe, 0xffffffff};

static int64_t due(struct renew_rule rule, struct renew_life life, int64_t now, uint32_t random)
{
	bool misfit;

	return renew_due(&rule, &life, now, random, &misfit);
}

static bool misfits(struct renew_rule rule, struct renew_life life, int64_t now)
{
	bool misfit;

	(void)renew_due(&rule, &life, now, 0, &misfit);
	return misfit;
}

static int64_t retry(unsigned failures, bool refused, int64_t left, uint32_t random)
{
	const struct renew_state s = {failures, refused, left, 1000 * H};

	return renew_retry(&s, random);
}

static void test_two_thirds(void **state)
{
	const struct renew_rule rule = {0};
	const struct renew_life day = {NOW, NOW + 24 * H, 0};

	(void)state;
	assert_int_equal(due(rule, day, NOW, 0), NOW + 16 * H);
	/* up to a twentieth of the life earlier, never later */
	for (size_t i = 0; i < ARRAY_LEN(randoms); i++) {
		int64_t t = due(rule, day, NOW, randoms[i]);

		assert_in_range(t, NOW + 16 * H - 72 * M, NOW + 16 * H);
	}
	assert_true(due(rule, day, NOW, UINT32_MAX) < NOW + 16 * H - 71 * M);
	assert_int_equal(due(rule, day, NOW, 0x80000000), NOW + 16 * H - 36 * M);
	/* where one looks from does not matter, also after the end */
	assert_int_equal(due(rule, day, NOW + 100 * H, 0), NOW + 16 * H);
	assert_int_equal(due(rule, day, NOW - 100 * H, 0), NOW + 16 * H);
	assert_false(misfits(rule, day, NOW));
	/* ten years do not overflow */
	assert_int_equal(due(rule, (struct renew_life){NOW, NOW + 87600 * H, 0}, NOW, 0),
			 NOW + 58400 * H);
}

/* A certificate of ten seconds that was backdated by a minute has just been got. */
static void test_backdated(void **state)
{
	const struct renew_rule rule = {0};
	struct renew_life life = {NOW - M, NOW + 10 * S, NOW};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(randoms); i++)
		assert_in_range(due(rule, life, NOW, randoms[i]), NOW + 6 * S, NOW + 7 * S);
	/* when that is not known, it is due */
	life.obtained = 0;
	assert_true(due(rule, life, NOW, 0) <= NOW);
	/* nonsense as a time of arrival is left alone */
	life.obtained = NOW - 10 * M;
	assert_true(due(rule, life, NOW, 0) <= NOW);
	life.obtained = NOW + 10 * M;
	assert_true(due(rule, life, NOW, 0) <= NOW);
}

static void test_expires_in(void **state)
{
	const struct renew_life day = {NOW, NOW + 24 * H, NOW};

	(void)state;
	assert_int_equal(due((struct renew_rule){8 * H, 0}, day, NOW, 0), NOW + 16 * H);
	assert_int_equal(due((struct renew_rule){H, 0}, day, NOW, 0), NOW + 23 * H);
	assert_in_range(due((struct renew_rule){H, 0}, day, NOW, UINT32_MAX), NOW + 23 * H - 72 * M,
			NOW + 23 * H);
	/* nearly the whole life: still not at once, again and again */
	for (size_t i = 0; i < ARRAY_LEN(randoms); i++)
		assert_in_range(due((struct renew_rule){23 * H + 59 * M, 0}, day, NOW, randoms[i]),
				NOW + 30 * S, NOW + M);
	assert_false(misfits((struct renew_rule){23 * H, 0}, day, NOW));
	/* more than it lives */
	assert_true(misfits((struct renew_rule){24 * H, 0}, day, NOW));
	assert_true(misfits((struct renew_rule){48 * H, 0}, day, NOW));
	assert_int_equal(due((struct renew_rule){48 * H, 0}, day, NOW, 0), NOW + 16 * H);
}

static void test_period(void **state)
{
	struct renew_life day = {NOW, NOW + 24 * H, NOW};

	(void)state;
	assert_int_equal(due((struct renew_rule){0, H}, day, NOW, 0), NOW + H);
	assert_in_range(due((struct renew_rule){0, H}, day, NOW, UINT32_MAX), NOW + 30 * M,
			NOW + H);
	assert_int_equal(due((struct renew_rule){0, 20 * H}, day, NOW, 0), NOW + 20 * H);
	assert_true(misfits((struct renew_rule){0, 24 * H}, day, NOW));
	assert_int_equal(due((struct renew_rule){0, 24 * H}, day, NOW, 0), NOW + 16 * H);
	/* not known when it was got: from now on */
	day.obtained = 0;
	assert_int_equal(due((struct renew_rule){0, H}, day, NOW + 5 * H, 0), NOW + 6 * H);
	assert_true(misfits((struct renew_rule){0, H}, day, NOW + 23 * H));
	/* a second at least, so that a tiny period is no attack */
	assert_int_equal(due((struct renew_rule){0, 1}, (struct renew_life){NOW, NOW + H, NOW}, NOW,
			     UINT32_MAX),
			 NOW + S);
}

static void test_nonsense(void **state)
{
	const struct renew_rule rule = {0};

	(void)state;
	assert_int_equal(due(rule, (struct renew_life){NOW, NOW, 0}, NOW + 5, 7), NOW + 5);
	assert_int_equal(due(rule, (struct renew_life){NOW, NOW - H, 0}, NOW + 5, 7), NOW + 5);
	assert_in_range(due(rule, (struct renew_life){NOW, NOW + S, 0}, NOW, 7), NOW, NOW + S);
}

static void test_retry_grows(void **state)
{
	int64_t whole = S;

	(void)state;
	for (unsigned n = 1; n < 40; n++) {
		for (size_t i = 0; i < ARRAY_LEN(randoms); i++)
			assert_in_range(retry(n, false, 1000 * H, randoms[i]), whole / 2, whole);
		if (whole < 512 * S)
			whole *= 2;
		else
			whole = 600 * S;
	}
	assert_int_equal(retry(0, false, 1000 * H, 0), 300 * S);
}

static void test_retry_short(void **state)
{
	(void)state;
	/* at most a tenth of what is left */
	assert_in_range(retry(30, false, 100 * S, 0), 5 * S, 5 * S);
	assert_in_range(retry(30, false, 100 * S, UINT32_MAX), 9 * S, 10 * S);
	/* but a second */
	assert_in_range(retry(30, false, 3 * S, UINT32_MAX), 900, S);
	/* and before the end, as long as there is one */
	for (int64_t left = 1; left < 2 * S; left++)
		for (size_t i = 0; i < ARRAY_LEN(randoms); i++) {
			int64_t wait = retry(9, i % 2 == 0, left, randoms[i]);

			assert_in_range(wait, 50, S);
			if (left > 100)
				assert_true(wait < left);
		}
	/* after it: up to ten minutes, or a tenth of the whole */
	assert_in_range(retry(1, false, 0, 0), 500, S);
	assert_in_range(retry(3, false, -5 * S, UINT32_MAX), 3 * S, 4 * S);
	assert_in_range(retry(50, false, -1000 * H, UINT32_MAX), 590 * S, 600 * S);
}

static void test_retry_late(void **state)
{
	struct renew_state s = {.failures = 12, .left = 0, .span = 10 * S};

	(void)state;
	assert_in_range(renew_retry(&s, UINT32_MAX), 9 * S, 10 * S);
	s.span = 10 * M;
	assert_in_range(renew_retry(&s, UINT32_MAX), 59 * S, M);
	s.span = 24 * H;
	assert_in_range(renew_retry(&s, UINT32_MAX), 590 * S, 600 * S);
	s.failures = 1;
	assert_in_range(renew_retry(&s, UINT32_MAX), 900, S);
}

static void test_retry_refused(void **state)
{
	(void)state;
	assert_in_range(retry(1, true, 1000 * H, 0), 300 * S, 300 * S);
	assert_in_range(retry(1, true, 100 * S, 0), 5 * S, 5 * S);
	assert_in_range(retry(1, true, -1, UINT32_MAX), 590 * S, 600 * S);
}

/*
 * The CA is away from two thirds of the life to the end: a whole life of failures has a sane number
 * of attempts, whatever the life.
 */
static void test_attempts(void **state)
{
	static const int64_t lives[] = {10 * S, M, H, 24 * H, 24 * 90 * H};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lives); i++) {
		int64_t t = NOW + lives[i] * 2 / 3, end = NOW + lives[i];
		unsigned n = 0;

		while (t < end && n < 100000)
			t += retry(++n, false, end - t, 0x80000000);
		assert_in_range(n, 4, lives[i] / 3 / (400 * S) + 120);
		/* the last one was in the last tenth of the rest */
		assert_true(t - end < 2 * S);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_thirds),  cmocka_unit_test(test_backdated),
		cmocka_unit_test(test_expires_in),  cmocka_unit_test(test_period),
		cmocka_unit_test(test_nonsense),    cmocka_unit_test(test_retry_grows),
		cmocka_unit_test(test_retry_short), cmocka_unit_test(test_retry_refused),
		cmocka_unit_test(test_retry_late),  cmocka_unit_test(test_attempts),
	};

	return cmocka_run_group_tests_name("cli_renew", tests, NULL, NULL);
}
