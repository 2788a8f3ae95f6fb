/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_LOOP_FLOW_H
#define SIGNET_LOOP_FLOW_H

#include "base/arena.h"
#include "loop/job.h"
#include "loop/timer.h"

/*
 * flow.h - a request is a table of named steps.
 *
 * A step returns STEP_NEXT (go on with the next), STEP_WAIT (exactly one wait is armed; the
 * *next* step runs when it is done;
 * use STEP_AGAIN to run the *same* step again after the wait), or STEP_DONE (the flow is over).
 * flow_fail() records the error and goes to the table's last
 * step, which responds or undoes; when the last step itself is where it fails, the flow is over.
 * A flow runs only from the loop's posted queue: wait_done() posts it, and never runs it inline.
 * When a wait ended with an
 * error (deadline, job refused, commit failed), the error is in wait_error() for the next step to
 * look at; a step flagged FLOW_AUTO_FAIL
 * is not run then: the flow fails with that error instead.
 *
 *     queue -> step -> STEP_WAIT --- wait_done() ---> queue -> step -> ... -> last step ->
 *     STEP_DONE -> on_end -> (reap) release
 *
 * Cancelling (the client left): before FLOW_DETACH the pending wait is cancelled and the flow
 * fails with ERR_CANCELLED; after a step flagged FLOW_DETACH has begun, flow_cancel() changes
 * nothing but flow->abandoned. A child flow is itself a wait: flow_call().
 */
struct flow;

enum step { STEP_NEXT, STEP_WAIT, STEP_AGAIN, STEP_DONE };
enum { FLOW_DETACH = 1, FLOW_AUTO_FAIL = 2 };

struct flow_step {
	const char *name; /* static; shown by the watchdog and in the log */
	enum step (*run)(struct flow *f, void *op);
	unsigned flags;
};

/*
 * One thing that is waited for, with a deadline; embedded in the operation's state. wait_arm by
 * the step (or by the function it calls), wait_done by the completion. wait_done on a wait that
 * is not armed (cancelled, timed out) does nothing. `cancel` is called when the wait ends before
 * its completion came (deadline, cancel): it must make sure that nothing writes into the waiter's
 * memory afterwards; it may be NULL when there is nothing to undo.
 */
struct wait {
	const char *name; /* static */
	struct flow *flow;
	void (*cancel)(struct wait *);
	void *arg; /* for the completion's owner */
	struct timer deadline;
	bool armed;
	struct err err;
};

struct flow {
	uint32_t magic;
	struct loop *loop;
	const struct flow_step *steps; /* ends with a NULL name */
	void *op;
	struct arena *arena; /* borrowed; lives until on_end returned */
	unsigned at;
	bool failed, detached, abandoned, ended, running, parked;
	bool again;	/* private: the step at `at` runs once more after the wait */
	struct err err; /* why it failed */
	struct wait *waiting;
	void (*on_end)(
		struct
		/* loop thread, posted queue; may release what holds the flow (by loop_reap) */
		flow *f);
	struct wait *parent; /* set by flow_call */
	struct post post;
};

void flow_init(struct flow *f, struct loop *l, const struct flow_step *steps, void *op,
	       struct arena *a);
void flow_start(struct flow *f);  /* posts its first step */
void flow_cancel(struct flow *f); /* the asker left; see above. Safe after the end. */
enum step flow_fail(struct flow *f, const struct err *e);
enum step flow_failf(struct flow *f, enum err_code code, const char *fmt, ...) PRINTF(3, 4);
/*
 * Starts child as a wait of parent; the parent's next step reads child->failed and child->err.
 * Return STEP_WAIT after it. The child has its own deadlines.
 */
void flow_call(struct flow *parent, struct wait *w, struct flow *child);
const char *flow_step_name(const struct flow *f);

void wait_arm(struct wait *w, struct flow *f, const char *name, uint64_t deadline_ms,
	      void (*cancel)(struct wait *));
/* e NULL or e->code ERR_OK: success. Loop thread. */
void wait_done(struct wait *w, const struct err *e);
/* The error that the wait just finished ended with; NULL on success. */
const struct err *wait_error(const struct wait *w);

/*
 * Runs a job as a wait. On success the wait is armed; refused (queue full): -1 with
 * ERR_UNAVAILABLE and the caller still owns the job. on_done (loop thread) moves results from the
 * job to the waiter; it is not called after a cancel or the deadline.
 */
struct wait_job {
	struct job job;
	struct wait *wait;
	int (*on_done)(struct wait_job *j, struct err *e); /* 0, or -1 to end the wait with *e */
};
int wait_submit(struct wait *w, struct flow *f, struct pool *p, struct wait_job *j,
		uint64_t deadline_ms, struct err *e) NODISCARD;

#endif
