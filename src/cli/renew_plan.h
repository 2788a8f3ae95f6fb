/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CLI_RENEW_PLAN_H
#define SIGNET_CLI_RENEW_PLAN_H

#include "base/compat.h"

/*
 * renew_plan.h - when `signet renew --daemon` renews. Pure: no clock, no files, no randomness of
 * its own. Times are milliseconds of the wall clock, spans milliseconds; `random` is any number,
 * all 32 bits used.
 */
struct renew_rule {
	int64_t expires_in; /* renew when this much is left; 0: two thirds of the life */
	int64_t period;	    /* renew this long after the last time; 0: as above */
};
struct renew_life {
	int64_t not_before, not_after;
	int64_t obtained; /* when it was got, if that is known; else 0 */
};

/*
 * The life counts from not_before, or from when the certificate was got, since one of ten seconds
 * that was backdated by a minute would otherwise be old when it comes. Up to a twentieth of it is
 * taken off at random, so that a thousand machines that were set up together do not come together.
 * A rule that the certificate is too short for (*misfit) gives way to two thirds. May be past.
 */
int64_t renew_due(const struct renew_rule *rule, const struct renew_life *life, int64_t now,
		  uint32_t random, bool *misfit);

/*
 * How long to wait after `failures` (from 1) attempts in a row that failed, with `left` until the
 * certificate ends: 1 s, doubled each time, at most a tenth of what is left and ten minutes, at
 * least a second, then between half and all of it at random; never past the end. When the CA
 * refused there is no point in being quick: the longest of these at once. After the end (left <= 0)
 * at most a tenth of its whole `span`, ten seconds to ten minutes.
 */
struct renew_state {
	unsigned failures;
	bool refused;
	int64_t left, span;
};
int64_t renew_retry(const struct renew_state *s, uint32_t random);

#endif
