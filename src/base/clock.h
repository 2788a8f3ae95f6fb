/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_BASE_CLOCK_H
#define SIGNET_BASE_CLOCK_H

#include "base/err.h"
#include "base/str.h"

/*
 * Time. Wall-clock times are `int64_t` seconds since the Unix epoch, UTC; durations that a person
 * configures are nanoseconds (as in Go); intervals inside the program are monotonic milliseconds.
 * With --enable-test-hooks clock_now() adds an offset: seconds in the environment variable
 * SIGNET_TEST_CLOCK_OFFSET, or in the file that SIGNET_TEST_CLOCK_FILE names (read at each call).
 */
int64_t clock_now(void);    /* seconds, wall */
int64_t clock_now_ns(void); /* nanoseconds, wall */
uint64_t clock_mono_ms(void);
uint64_t clock_mono_us(void);

#define DURATION_SECOND INT64_C(1000000000)
#define DURATION_MAX	(INT64_C(100) * 365 * 86400 * DURATION_SECOND)

/*
 * Go's time.ParseDuration: [+-]digits[.digits](ns|us|µs|ms|s|m|h)..., "0" alone is fine.
 * Nanoseconds.
 */
int duration_parse(struct str s, int64_t *ns, struct err *e) NODISCARD;
/* Go's Duration.String(): "24h0m0s", "1m30s", "1.5s", "100ms", "0s". out holds 40 bytes. */
const char *duration_format(int64_t ns, char out[40]);

/* RFC 3339; fractions are accepted and dropped, any offset. Years 0001-9999. */
int time_parse_rfc3339(struct str s, int64_t *out, struct err *e) NODISCARD;
/* "2026-01-02T03:04:05Z"; out holds 24 bytes. */
const char *time_format_rfc3339(int64_t t, char out[24]);
/* RFC 9110 IMF-fixdate "Sun, 06 Nov 1994 08:49:37 GMT"; out holds 32 bytes. */
const char *time_format_http(int64_t t, char out[32]);
/* Civil date from seconds and back, proleptic Gregorian, UTC. */
struct civil {
	int year, month, day, hour, minute, second;
};
struct civil time_to_civil(int64_t t);
int64_t time_from_civil(const struct civil *c);
bool civil_valid(const struct civil *c);

#endif
