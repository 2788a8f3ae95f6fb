/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include <setjmp.h>
#include <cmocka.h>

#include "base/clock.h"
#include "profile/profile.h"

/* Dates: what is asked, what the claims allow, where the issuer ends. Messages are those that
 * clients know. */

#define NOW	 INT64_C(1800000000) /* 2027-01-15T08:00:00Z */
#define MINUTE	 INT64_C(60)
#define HOUR	 INT64_C(3600)
#define DAY	 (24 * HOUR)
#define BACKDATE MINUTE

static const struct claims standard = {
	.min_tls = 5 * MINUTE * DURATION_SECOND,
	.max_tls = DAY * DURATION_SECOND,
	.default_tls = DAY * DURATION_SECOND,
};

static void parse(void **state)
{
	static const struct {
		const char *text;
		int64_t out; /* relative to NOW */
		int rc;	     /* 1: nothing set */
	} rows[] = {
		{"", 0, 1},
		{"2027-01-15T08:00:05Z", 5, 0},
		{"2027-01-15T09:00:05+01:00", 5, 0},
		{"2027-01-15T08:00:05.999Z", 5, 0},
		{"1h", HOUR, 0},
		{"1h0m0s", HOUR, 0},
		{"-1h30m", -90 * MINUTE, 0},
		{"1.5s", 1, 0},
		{"-1.5s", -2, 0},
		{"0", 0, 0},
		{"1", 0, -1},
		{"tomorrow", 0, -1},
		{"2027-01-15", 0, -1},
		{"2027-13-15T08:00:05Z", 0, -1},
		{"1h ", 0, -1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = ERR_INIT;
		int64_t out = 0;
		bool set = false;
		int rc = profile_time_parse(str_c(rows[i].text), NOW, &set, &out, &e);

		if (rc != (rows[i].rc < 0 ? -1 : 0))
			fail_msg("'%s': %d %s", rows[i].text, rc, e.msg);
		if (rc < 0) {
			assert_int_equal(e.code, ERR_INVALID);
			continue;
		}
		assert_int_equal(set, rows[i].rc == 0);
		if (set)
			assert_int_equal(out - NOW, rows[i].out);
	}
}

#define NONE INT64_MIN
struct row {
	int64_t asked_nb, asked_na; /* relative to NOW, NONE: not asked */
	int64_t grant, issuer;	    /* relative to NOW, NONE: no limit */
	int64_t nb, na;		    /* the result */
	enum err_code code;
	const char *text;
};

static const struct row rows[] = {
	{NONE, NONE, NONE, 365 * DAY, -MINUTE, DAY, ERR_OK, NULL},
	{0, NONE, NONE, 365 * DAY, 0, DAY, ERR_OK, NULL},
	{HOUR, NONE, NONE, 365 * DAY, HOUR, DAY + HOUR, ERR_OK, NULL},
	{-HOUR, HOUR, NONE, 365 * DAY, -HOUR, HOUR, ERR_OK, NULL},
	{NONE, HOUR, NONE, 365 * DAY, -MINUTE, HOUR, ERR_OK, NULL},
	/* The minimum counts the back-dating. */
	{NONE, 4 * MINUTE, NONE, 365 * DAY, -MINUTE, 4 * MINUTE, ERR_OK, NULL},
	{NONE, 4 * MINUTE - 1, NONE, 365 * DAY, 0, 0, ERR_FORBIDDEN,
	 "requested duration of 4m59s is less than the authorized minimum certificate duration of "
	 "5m0s"},
	{0, 4 * MINUTE, NONE, 365 * DAY, 0, 0, ERR_FORBIDDEN,
	 "requested duration of 4m0s is less than the authorized minimum certificate duration of "
	 "5m0s"},
	{NONE, 0, NONE, 365 * DAY, 0, 0, ERR_FORBIDDEN,
	 "requested duration of 1m0s is less than the authorized minimum certificate duration of "
	 "5m0s"},
	/* So does the maximum. */
	{NONE, DAY, NONE, 365 * DAY, -MINUTE, DAY, ERR_OK, NULL},
	{0, DAY + MINUTE, NONE, 365 * DAY, 0, DAY + MINUTE, ERR_OK, NULL},
	{NONE, DAY + 1, NONE, 365 * DAY, 0, 0, ERR_FORBIDDEN,
	 "requested duration of 24h1m1s is more than the authorized maximum certificate duration "
	 "of 24h1m0s"},
	{NONE, 2 * DAY, NONE, 365 * DAY, 0, 0, ERR_FORBIDDEN,
	 "requested duration of 48h1m0s is more than the authorized maximum certificate duration "
	 "of 24h1m0s"},
	{NONE, 2 * DAY, NONE, DAY, 0, 0, ERR_FORBIDDEN,
	 "requested duration of 48h1m0s is more than the authorized maximum certificate duration "
	 "of 24h1m0s"},
	/* The past, and the wrong order. */
	{NONE, -1, NONE, 365 * DAY, 0, 0, ERR_INVALID,
	 "notAfter cannot be in the past; na=2027-01-15 07:59:59 +0000 UTC"},
	{-2 * DAY, -DAY, NONE, 365 * DAY, 0, 0, ERR_INVALID,
	 "notAfter cannot be in the past; na=2027-01-14 08:00:00 +0000 UTC"},
	{2 * HOUR, HOUR, NONE, 365 * DAY, 0, 0, ERR_INVALID,
	 "notAfter cannot be before notBefore; na=2027-01-15 09:00:00 +0000 UTC, nb=2027-01-15 "
	 "10:00:00 +0000 UTC"},
	/* What the credential limits: clipped by default, refused on demand. */
	{NONE, NONE, HOUR, 365 * DAY, -MINUTE, HOUR, ERR_OK, NULL},
	{NONE, HOUR, HOUR, 365 * DAY, -MINUTE, HOUR, ERR_OK, NULL},
	{NONE, HOUR + 1, HOUR, 365 * DAY, 0, 0, ERR_FORBIDDEN,
	 "requested certificate notAfter (2027-01-15 09:00:01 +0000 UTC) is after the expiration "
	 "of the "
	 "provisioning credential (2027-01-15 09:00:00 +0000 UTC)"},
	{NONE, NONE, MINUTE, 365 * DAY, 0, 0, ERR_FORBIDDEN,
	 "requested duration of 2m0s is less than the authorized minimum certificate duration of "
	 "5m0s"},
	/* The issuer's end, the same way. */
	{NONE, NONE, NONE, HOUR, -MINUTE, HOUR, ERR_OK, NULL},
	{NONE, 2 * HOUR, NONE, HOUR, 0, 0, ERR_FORBIDDEN,
	 "requested certificate notAfter (2027-01-15 10:00:00 +0000 UTC) is after the expiration "
	 "of the "
	 "issuing certificate (2027-01-15 09:00:00 +0000 UTC)"},
	{NONE, NONE, NONE, 0, 0, 0, ERR_UNAVAILABLE, NULL},
	{NONE, NONE, NONE, -DAY, 0, 0, ERR_UNAVAILABLE, NULL},
	/* What no certificate can say. */
	{INT64_C(300000000000), NONE, NONE, 365 * DAY, 0, 0, ERR_INVALID,
	 "notBefore or notAfter out of range"},
	{NONE, INT64_C(300000000000), NONE, 365 * DAY, 0, 0, ERR_INVALID,
	 "notBefore or notAfter out of range"},
	{INT64_C(-5000000000), HOUR, NONE, 365 * DAY, 0, 0, ERR_INVALID,
	 "notBefore or notAfter out of range"},
	{INT64_C(-1900000000), HOUR, NONE, 365 * DAY, 0, 0, ERR_FORBIDDEN,
	 "requested duration of 527778h46m40s is more than the authorized maximum certificate "
	 "duration of 24h1m0s"},
};

static void resolve(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *r = &rows[i];
		struct profile_validity v = {
			.has_not_before = r->asked_nb != NONE,
			.has_not_after = r->asked_na != NONE,
			.not_before = r->asked_nb != NONE ? NOW + r->asked_nb : 0,
			.not_after = r->asked_na != NONE ? NOW + r->asked_na : 0,
		};
		struct err e = ERR_INIT;
		int64_t nb = 0, na = 0;
		int rc = profile_validity_resolve(
			&v, &standard, BACKDATE, NOW, r->grant != NONE ? NOW + r->grant : 0,
			r->issuer != NONE ? NOW + r->issuer : 0, &nb, &na, &e);

		if (rc != (r->code == ERR_OK ? 0 : -1) || (rc < 0 && e.code != r->code))
			fail_msg("row %zu: %d, code %d: %s", i, rc, (int)e.code, e.msg);
		if (rc == 0) {
			assert_int_equal(nb - NOW, r->nb);
			assert_int_equal(na - NOW, r->na);
		} else if (r->text != NULL) {
			assert_string_equal(e.msg, r->text);
			assert_string_equal(e.pub, r->text);
		}
	}
}

/* However odd the request: an answer keeps the rules. */
static void rules_hold(void **state)
{
	static const int64_t points[] = {NONE,	     -3 * DAY, -DAY, -1,      0,      1,
					 4 * MINUTE, HOUR,     DAY,  DAY + 1, 3 * DAY};
	unsigned good = 0;

	(void)state;
	for (size_t a = 0; a < ARRAY_LEN(points); a++) {
		for (size_t b = 0; b < ARRAY_LEN(points); b++) {
			for (size_t c = 1; c < ARRAY_LEN(points); c++) {
				struct profile_validity v = {
					points[a] != NONE, points[b] != NONE,
					NOW + (points[a] != NONE ? points[a] : 0),
					NOW + (points[b] != NONE ? points[b] : 0)};
				struct err e = ERR_INIT;
				int64_t nb, na;

				if (profile_validity_resolve(&v, &standard, BACKDATE, NOW, 0,
							     NOW + points[c], &nb, &na, &e) < 0)
					continue;
				good++;
				assert_true(na <= NOW + points[c] && na >= NOW && nb <= na);
				assert_true(na - nb >= 5 * MINUTE && na - nb <= DAY + MINUTE);
			}
		}
	}
	assert_true(good > 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse),
		cmocka_unit_test(resolve),
		cmocka_unit_test(rules_hold),
	};

	return cmocka_run_group_tests_name("profile_validity", tests, NULL, NULL);
}
