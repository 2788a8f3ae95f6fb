/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/cli.h"

#include "crypto/crypto.h"

#include <pthread.h>

/*
 * slow.c - what takes over a second (RSA keys, deriving keys from passwords) tells the person who
 * waits. The work runs on a thread of its own only while somebody watches: standard error is a
 * terminal. The command itself does nothing but wait and draw, so nothing needs a lock.
 */

struct work {
	int (*fn)(void *arg, struct err *e);
	void *arg;
	struct err *e;
	int rc;
};

static void *work_run(void *arg)
{
	struct work *w = arg;

	w->rc = w->fn(w->arg, w->e);
	crypto_thread_end();
	return NULL;
}

static void in_200_ms(struct timespec *t)
{
	clock_gettime(CLOCK_REALTIME, t);
	t->tv_nsec += 200 * 1000 * 1000;
	if (t->tv_nsec >= 1000 * 1000 * 1000) {
		t->tv_nsec -= 1000 * 1000 * 1000;
		t->tv_sec++;
	}
}

int slow_run(const char *what, int (*fn)(void *arg, struct err *e), void *arg, struct err *e)
{
	struct work w = {.fn = fn, .arg = arg, .e = e};
	struct progress p;
	struct timespec until;
	pthread_t thread;

	if (isatty(STDERR_FILENO) != 1 || pthread_create(&thread, NULL, work_run, &w) != 0)
		return fn(arg, e);
	progress_begin(&p, what);
	do {
		in_200_ms(&until);
		progress_tick(&p, 0, 0);
	} while (pthread_timedjoin_np(thread, NULL, &until) != 0);
	progress_end(&p);
	return w.rc;
}
