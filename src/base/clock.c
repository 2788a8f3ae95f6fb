/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/clock.h"
#include "base/hook.h"

static void read_clock(clockid_t id, struct timespec *ts)
{
	ENSURE(clock_gettime(id, ts) == 0);
}

int64_t clock_now_ns(void)
{
	struct timespec ts;

	read_clock(CLOCK_REALTIME, &ts);
#ifdef ENABLE_TEST_HOOKS
	ts.tv_sec += test_clock_offset();
#endif
	return (int64_t)ts.tv_sec * DURATION_SECOND + ts.tv_nsec;
}

int64_t clock_now(void)
{
	struct timespec ts;

	read_clock(CLOCK_REALTIME, &ts);
#ifdef ENABLE_TEST_HOOKS
	ts.tv_sec += test_clock_offset();
#endif
	return ts.tv_sec;
}

uint64_t clock_mono_us(void)
{
	struct timespec ts;

	read_clock(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

uint64_t clock_mono_ms(void)
{
	return clock_mono_us() / 1000;
}
