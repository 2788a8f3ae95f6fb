/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/clock.h"
#include "conf/conf.h"

#include <setjmp.h>
#include <cmocka.h>

#define MIN  (60 * DURATION_SECOND)
#define HOUR (60 * MIN)
#define UNSET                                                                                      \
	{                                                                                          \
		-1, -1, -1, 0, 0, 0                                                                \
	}

static void check(const struct conf_claims *global, const struct conf_claims *own, int64_t min,
		  int64_t dflt, int64_t max)
{
	struct err e = ERR_INIT;
	struct claims c;

	assert_int_equal(claims_resolve(global, own, &c, &e), 0);
	assert_true(c.min_tls == min);
	assert_true(c.default_tls == dflt);
	assert_true(c.max_tls == max);
}

static void durations(void **state)
{
	static const struct conf_claims none = UNSET;
	struct conf_claims g = UNSET, o = UNSET;

	(void)state;
	check(NULL, NULL, 5 * MIN, 24 * HOUR, 24 * HOUR);
	check(&none, &none, 5 * MIN, 24 * HOUR, 24 * HOUR);
	g.default_tls = 48 * HOUR; /* moves the bound */
	check(&g, NULL, 5 * MIN, 48 * HOUR, 48 * HOUR);
	o.default_tls = MIN;
	check(&g, &o, MIN, MIN, 48 * HOUR);
	check(NULL, &o, MIN, MIN, 24 * HOUR);
	o = none;
	o.max_tls = 10 * MIN; /* pulls the default */
	check(NULL, &o, 5 * MIN, 10 * MIN, 10 * MIN);
	o = none;
	g.default_tls = 10 * MIN;
	o.min_tls = 20 * MIN;
	check(&g, &o, 20 * MIN, 20 * MIN, 24 * HOUR);
	o = (struct conf_claims){MIN, 2 * MIN, 2 * MIN, 0, 0, 0};
	check(&g, &o, MIN, 2 * MIN, 2 * MIN);
}

static void check_refused(struct conf_claims own, const char *want)
{
	struct err e = ERR_INIT;
	struct claims c;

	assert_int_equal(claims_resolve(NULL, &own, &c, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_string_equal(e.msg, want);
	assert_int_equal(claims_resolve(&own, NULL, &c, &e), -1);
}

static void refuses(void **state)
{
	(void)state;
	check_refused((struct conf_claims){0, -1, -1, 0, 0, 0},
		      "claims: minTLSCertDuration must be greater than 0");
	check_refused((struct conf_claims){2 * HOUR, HOUR, -1, 0, 0, 0},
		      "claims: maxTLSCertDuration 1h0m0s is less than minTLSCertDuration 2h0m0s");
	check_refused((struct conf_claims){-1, MIN, -1, 0, 0, 0},
		      "claims: maxTLSCertDuration 1m0s is less than minTLSCertDuration 5m0s");
	check_refused(
		(struct conf_claims){2 * HOUR, -1, HOUR, 0, 0, 0},
		"claims: defaultTLSCertDuration 1h0m0s is less than minTLSCertDuration 2h0m0s");
	check_refused(
		(struct conf_claims){-1, HOUR, 2 * HOUR, 0, 0, 0},
		"claims: defaultTLSCertDuration 2h0m0s is more than maxTLSCertDuration 1h0m0s");
}

static void switches(void **state)
{
	struct conf_claims g = UNSET, o = UNSET;
	struct err e = ERR_INIT;
	struct claims c;

	(void)state;
	assert_int_equal(claims_resolve(&g, &o, &c, &e), 0);
	assert_false(c.disable_renewal || c.allow_renewal_after_expiry ||
		     c.disable_smallstep_extensions);
	g.disable_renewal = 2;
	g.allow_renewal_after_expiry = 2;
	o.allow_renewal_after_expiry = 1;
	o.disable_smallstep_extensions = 2;
	assert_int_equal(claims_resolve(&g, &o, &c, &e), 0);
	assert_true(c.disable_renewal);
	assert_false(c.allow_renewal_after_expiry);
	assert_true(c.disable_smallstep_extensions);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations),
		cmocka_unit_test(refuses),
		cmocka_unit_test(switches),
	};

	return cmocka_run_group_tests_name("conf/claims", tests, NULL, NULL);
}
