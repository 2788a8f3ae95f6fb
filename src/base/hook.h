/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_BASE_HOOK_H
#define SIGNET_BASE_HOOK_H

#include "base/compat.h"

/*
 * Test hooks, only with --enable-test-hooks; a normal build contains none of their strings.
 * test_crash("name") kills the process with SIGKILL when SIGNET_TEST_CRASH is "name" or "name:N"
 * (the Nth time). The names are listed in t/README.
 */
#ifdef ENABLE_TEST_HOOKS
void test_crash(const char *name);
/* Offset in seconds for clock_now(), see clock.h. */
int64_t test_clock_offset(void);
#else
#define test_crash(name) ((void)0)
#endif

#endif
