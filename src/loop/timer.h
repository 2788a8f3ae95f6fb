/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_LOOP_TIMER_H
#define SIGNET_LOOP_TIMER_H

#include "loop/loop.h"

/* A one-shot timer on the monotonic clock, embedded in its owner. Loop thread. */
struct event;
struct timer {
	struct loop *loop;
	struct event *ev;
	const char *name; /* static */
	void (*fn)(struct timer *);
};
void timer_init(struct timer *t, struct loop *l, const char *name, void (*fn)(struct timer *));
void timer_set(struct timer *t, uint64_t ms); /* from now; replaces an earlier setting */
void timer_clear(struct timer *t);
bool timer_pending(const struct timer *t);
void timer_release(struct timer *t); /* clears and frees what is inside; zeroed timers are fine */

#endif
