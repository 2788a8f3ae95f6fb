/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/clock.h"
#include "base/hook.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>

#include <cmocka.h>

static int64_t ns(const char *text)
{
	struct err e = ERR_INIT;
	int64_t v = -1;

	if (duration_parse(str_c(text), &v, &e) != 0)
		fail_msg("%s: %s", text, e.msg);
	return v;
}

static void test_duration_parse(void **state)
{
	static const char *const bad[] = {"",
					  "-",
					  "+",
					  "1",
					  "1.5",
					  ".",
					  ".s",
					  "-.s",
					  "s",
					  "3000000h",
					  "24 h",
					  " 1h",
					  "1h ",
					  "1d",
					  "1H",
					  "9223372036854775808ns",
					  "0x1s",
					  "1e3s",
					  "1h-1m",
					  "--1h",
					  "9223372036854775807s",
					  "-9223372036854775809ns",
					  "99999999999999999999ns"};

	(void)state;
	assert_int_equal(ns("0"), 0);
	assert_int_equal(ns("-0"), 0);
	assert_int_equal(ns("5s"), 5 * DURATION_SECOND);
	assert_int_equal(ns("+5s"), 5 * DURATION_SECOND);
	assert_int_equal(ns("-5s"), -5 * DURATION_SECOND);
	assert_int_equal(ns("24h"), 86400 * DURATION_SECOND);
	assert_int_equal(ns("1h30m15.5s"), 5415 * DURATION_SECOND + 500000000);
	assert_int_equal(ns("3ns2us1ms"), 1002003);
	assert_int_equal(ns("1\xc2\xb5s"), 1000);
	assert_int_equal(ns("1\xce\xbcs"), 1000);
	assert_int_equal(ns("1.s"), DURATION_SECOND);
	assert_int_equal(ns(".5s"), DURATION_SECOND / 2);
	assert_int_equal(ns("0.3333333333333333333h"), INT64_C(1200000000000));
	assert_int_equal(ns("9007199254.740993s"), INT64_C(9007199254740993000));
	assert_int_equal(ns("9223372036854775807ns"), INT64_MAX);
	assert_int_equal(ns("-9223372036854775808ns"), INT64_MIN);
	assert_int_equal(ns("0.100000000000000000000h"), 360 * DURATION_SECOND);
	assert_int_equal(ns("0.830103483285477580700h"), INT64_C(2988372539827));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err e = ERR_INIT;
		int64_t v = 77;
		if (duration_parse(str_c(bad[i]), &v, &e) == 0)
			fail_msg("\"%s\" was accepted", bad[i]);
		assert_int_equal(e.code, ERR_INVALID);
		assert_int_equal(v, 77);
	}
}

static void test_duration_format(void **state)
{
	static const struct {
		int64_t ns;
		const char *text;
	} table[] = {
		{0, "0s"},
		{1, "1ns"},
		{1100, "1.1\xc2\xb5s"},
		{2200000, "2.2ms"},
		{100000000, "100ms"},
		{1500000000, "1.5s"},
		{90 * DURATION_SECOND, "1m30s"},
		{86400 * DURATION_SECOND, "24h0m0s"},
		{3600 * DURATION_SECOND + 1, "1h0m0.000000001s"},
		{-90 * DURATION_SECOND, "-1m30s"},
		{INT64_MAX, "2562047h47m16.854775807s"},
		{INT64_MIN, "-2562047h47m16.854775808s"},
	};
	char out[40];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		assert_string_equal(duration_format(table[i].ns, out), table[i].text);
		assert_int_equal(ns(table[i].text), table[i].ns);
	}
}

static void test_rfc3339(void **state)
{
	static const char *const bad[] = {"",
					  "2026-01-02",
					  "2026-01-02 03:04:05Z",
					  "2026-01-02T03:04:05",
					  "2026-02-29T00:00:00Z",
					  "2026-13-01T00:00:00Z",
					  "2026-00-01T00:00:00Z",
					  "2026-01-00T00:00:00Z",
					  "2026-01-02T24:00:00Z",
					  "2026-01-02T00:60:00Z",
					  "2026-01-02T00:00:60Z",
					  "2026-01-02T00:00:00.Z",
					  "2026-01-02T00:00:00Zx",
					  "2026-01-02T00:00:00+0100",
					  "2026-01-02T00:00:00+24:00",
					  "2026-01-02T00:00:00+01:60",
					  "0000-01-01T00:00:00Z",
					  "0001-01-01T00:00:00+00:01",
					  "9999-12-31T23:59:59-00:01",
					  "2026-1-2T00:00:00Z",
					  "1900-02-29T00:00:00Z"};
	struct err e = ERR_INIT;
	char out[32];
	int64_t t;

	(void)state;
	assert_int_equal(time_parse_rfc3339(STR("1970-01-01T00:00:00Z"), &t, &e), 0);
	assert_int_equal(t, 0);
	assert_int_equal(time_parse_rfc3339(STR("2026-01-02T03:04:05Z"), &t, &e), 0);
	assert_int_equal(t, 1767323045);
	assert_int_equal(time_parse_rfc3339(STR("2026-01-02T03:04:05.999999999+02:30"), &t, &e), 0);
	assert_int_equal(t, 1767323045 - 9000);
	assert_int_equal(time_parse_rfc3339(STR("2026-01-02t03:04:05-00:30"), &t, &e), 0);
	assert_int_equal(t, 1767323045 + 1800);
	assert_int_equal(time_parse_rfc3339(STR("2000-02-29T23:59:59Z"), &t, &e), 0);
	assert_string_equal(time_format_rfc3339(t, out), "2000-02-29T23:59:59Z");
	assert_int_equal(time_parse_rfc3339(STR("0001-01-01T00:00:00Z"), &t, &e), 0);
	assert_int_equal(t, INT64_C(-62135596800));
	assert_int_equal(time_parse_rfc3339(STR("9999-12-31T23:59:59Z"), &t, &e), 0);
	assert_int_equal(t, INT64_C(253402300799));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (time_parse_rfc3339(str_c(bad[i]), &t, &e) == 0)
			fail_msg("\"%s\" was accepted", bad[i]);
		assert_int_equal(e.code, ERR_INVALID);
	}
	assert_string_equal(time_format_rfc3339(1767323045, out), "2026-01-02T03:04:05Z");
	assert_string_equal(time_format_rfc3339(-1, out), "1969-12-31T23:59:59Z");
	assert_string_equal(time_format_rfc3339(INT64_MAX, out), "9999-12-31T23:59:59Z");
	assert_string_equal(time_format_rfc3339(INT64_MIN, out), "0001-01-01T00:00:00Z");
	assert_string_equal(time_format_http(784111777, out), "Sun, 06 Nov 1994 08:49:37 GMT");
	assert_string_equal(time_format_http(0, out), "Thu, 01 Jan 1970 00:00:00 GMT");
	assert_string_equal(time_format_http(-86400, out), "Wed, 31 Dec 1969 00:00:00 GMT");
}

static void test_civil(void **state)
{
	(void)state;
	/* every day of 800 years, against a calendar that counts up */
	struct civil c = {1600, 1, 1, 12, 34, 56};
	int64_t t = time_from_civil(&c);
	for (int i = 0; i < 292194; i++, t += 86400) {
		struct civil got = time_to_civil(t);
		assert_int_equal(memcmp(&got, &c, sizeof(c)), 0);
		assert_true(time_from_civil(&got) == t);
		c.day++;
		if (civil_valid(&c))
			continue;
		c.day = 1;
		if (++c.month > 12) {
			c.month = 1;
			c.year++;
		}
		assert_true(civil_valid(&c));
	}
	assert_int_equal(c.year, 2400);
	c = (struct civil){.year = 2026, .month = 4, .day = 31};
	assert_false(civil_valid(&c));
	c = time_to_civil(INT64_MIN);
	assert_true(c.year < -1000000);
	c = time_to_civil(INT64_MAX);
	assert_true(c.year > 1000000);
}

#ifdef ENABLE_TEST_HOOKS
static void test_movable(void **state)
{
	char path[] = "/tmp/signet-test-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	int64_t now = clock_now();
	assert_true(now > 1600000000);
	setenv("SIGNET_TEST_CLOCK_OFFSET", "100000000", 1);
	assert_true(clock_now() - now >= 100000000);
	assert_true(clock_now_ns() / DURATION_SECOND - now >= 100000000);
	setenv("SIGNET_TEST_CLOCK_FILE", path, 1);
	assert_true(clock_now() - now >= 100000000); /* an empty file says nothing */
	assert_int_equal(write(fd, "-100000000\n", 11), 11);
	assert_true(clock_now() < now - 90000000);
	close(fd);
	unlink(path);
	unsetenv("SIGNET_TEST_CLOCK_FILE");
	unsetenv("SIGNET_TEST_CLOCK_OFFSET");
	assert_true(clock_now() - now < 90000000);
}

/* The signal that ended a child which calls test_crash(name) `times` times, 0 when it lived. */
static int crash(const char *want, const char *name, int times)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		setenv("SIGNET_TEST_CRASH", want, 1);
		for (int i = 0; i < times; i++)
			test_crash(name);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void test_crash_points(void **state)
{
	(void)state;
	assert_int_equal(crash("here", "here", 1), SIGKILL);
	assert_int_equal(crash("here", "there", 1), 0);
	assert_int_equal(crash("here", "her", 1), 0);
	assert_int_equal(crash("here", "here-too", 1), 0);
	assert_int_equal(crash("here:3", "here", 2), 0);
	assert_int_equal(crash("here:3", "here", 3), SIGKILL);
}
#endif

static void test_mono(void **state)
{
	(void)state;
	uint64_t a = clock_mono_us();
	uint64_t b = clock_mono_us();
	assert_true(b >= a);
	assert_true(clock_mono_ms() >= a / 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_duration_parse), cmocka_unit_test(test_duration_format),
		cmocka_unit_test(test_rfc3339),	       cmocka_unit_test(test_civil),
#ifdef ENABLE_TEST_HOOKS
		cmocka_unit_test(test_movable),	       cmocka_unit_test(test_crash_points),
#endif
		cmocka_unit_test(test_mono),
	};
	return cmocka_run_group_tests_name("base_clock", tests, NULL, NULL);
}
