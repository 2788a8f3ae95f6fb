/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_LOOP_LOOP_H
#define SIGNET_LOOP_LOOP_H

#include "base/err.h"
#include "base/list.h"

/*
 * loop.h - the one thread that owns every connection, timer and flow (libevent behind it).
 *
 * An iteration: libevent's callbacks, then the posted queue until it is empty (things posted
 * meanwhile run in the next round of the same phase, at most 64 rounds before sockets get a
 * turn), then the hooks of "before sleep" (the store hands its batch over), then the reap phase,
 * where objects are freed. Nothing is ever freed, and no completion runs, inside the call that
 * started it. Every callback is timed; one over 10 ms is logged as loop.stall with its name and
 * counted.
 *
 * All functions: loop thread only, unless said otherwise. Several loops in one process are fine
 * (tests).
 */
struct loop;
struct event_base;

/*
 * Something to run on the loop soon. Embedded in its owner; posting it twice before it ran is
 * once.
 */
struct post {
	struct list node;
	void (*fn)(struct post *);
	const char *name; /* static, for the stall log */
};

struct loop *loop_new(struct err *e) NODISCARD;
/* everything must have been closed before: ENSURE */
void loop_free(struct loop *l);
int loop_run(struct loop *l, struct err *e); /* until loop_stop */
void loop_stop(struct loop *l);
/* Runs one iteration, waiting at most max_ms. For tests and the command. */
void loop_turn(struct loop *l, unsigned max_ms);
struct event_base *loop_base(struct loop *l); /* for net and http */

void loop_post(struct loop *l, struct post *p);
void loop_unpost(struct loop *l, struct post *p); /* no effect when not posted */
void loop_reap(struct loop *l,
	       struct post *p); /* as loop_post, in the reap phase: fn may free p's owner */
/* fn runs before each sleep while `p` is registered. */
void loop_before_sleep(struct loop *l, struct post *p);
/* From any thread: wakes the loop and posts p once (used by pools; bounded by its callers). */
void loop_post_remote(struct loop *l, struct post *p);

/*
 * Bracket what libevent calls directly, so that it is timed: LOOP_TIMED(l, "net.read",
 * conn_read(c));
 */
uint64_t loop_enter(struct loop *l, const char *name);
void loop_leave(struct loop *l, const char *name, uint64_t token);
uint64_t loop_now_ms(struct loop *l); /* monotonic, cached for this iteration */

/* Signals on the loop. fn on the loop thread. */
struct loop_signal;
struct loop_signal *loop_signal_new(struct loop *l, int signo, void (*fn)(void *arg), void *arg);
void loop_signal_free(struct loop_signal *s);

#endif
