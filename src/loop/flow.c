/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "loop/flow.h"

/*
 * Flows: tables of steps, run from the loop's posted queue and from nowhere else.
 *
 * What wakes a flow. A flow is idle, queued (its post is in the loop's queue), running (a step is
 * on the stack) or parked (a wait is armed). Only flow_run() calls steps. wait_done(), a deadline
 * and flow_cancel() mark what happened and queue the flow; so a completion may be called from
 * anywhere, even inside the step that armed the wait, and never finds a step above it on the stack.
 * Steps that return STEP_NEXT follow each other in one callback, each timed under its own name.
 *
 * Waits. A step that returns STEP_WAIT or STEP_AGAIN has armed exactly one wait; any other
 * combination is a bug and is checked. A wait ends once: by wait_done(), by its deadline or by a
 * cancel, whichever comes first; what comes later finds it not armed and does nothing. Its timer is
 * released at that moment, and the wait can be armed again. When it ends before its completion
 * came, its `cancel` is called: after that nobody may write into the waiter's memory, because the
 * flow goes on and may end.
 *
 * Failing goes to the table's last step, once. The first error stays. A failure in the last step
 * ends the flow. flow_fail() in a step that had armed a wait already cancels this wait.
 *
 * Cancelling is noted in `abandoned`; it breaks the pending wait and takes effect before the next
 * step begins, unless the flow is detached by then. It takes effect once: a flow that has failed
 * (also by a cancel) runs its last step, with its waits, to the end, because that step may have to
 * undo something.
 *
 * Child flows. flow_call() arms a wait of the parent that has no deadline of its own and that only
 * the child's end can end, because child and operation usually live in the parent's arena: the
 * parent must never go on, and perhaps free it, while the child runs. So cancelling a parent
 * cancels the child and leaves the parent parked. A child that is not detached comes to its end by
 * its last step, then the parent fails with ERR_CANCELLED. A child that is detached does its work,
 * and so does the parent: a child that begins a FLOW_DETACH step detaches all its ancestors, since
 * what was committed below must be finished above (the order that records its certificate). For the
 * same reason a child of a parent that is detached, or that undoes in its last step, is detached
 * from its start.
 *
 * End: on_end, then the parent's wait_done(). Neither the flow nor its operation is touched
 * afterwards.
 */
#define FLOW_MAGIC 0x666c6f77U

static void cancel_child(struct wait *w);

static const struct flow_step *step_at(const struct flow *f, unsigned at)
{
	return &f->steps[at];
}

static unsigned last_step(const struct flow *f)
{
	unsigned n = f->at;

	while (f->steps[n].name != NULL)
		n++;
	return n - 1;
}

const char *flow_step_name(const struct flow *f)
{
	const char *name = f->ended ? NULL : step_at(f, f->at)->name;

	return name != NULL ? name : "end";
}

/* ---- waits ---- */

static bool is_call(const struct wait *w)
{
	return w->cancel == cancel_child;
}

/* The wait is over with *e (NULL: success). The flow runs later. */
static void end_wait(struct wait *w, const struct err *e)
{
	w->armed = false;
	if (e != NULL) {
		w->err = *e;
	} else {
		w->err.code = ERR_OK;
		w->err.msg[0] = w->err.pub[0] = '\0';
	}
	timer_release(&w->deadline);
	loop_post(w->flow->loop, &w->flow->post);
}

/* As end_wait, for a wait whose completion has not come. */
static void break_wait(struct wait *w, const struct err *e)
{
	end_wait(w, e);
	if (w->cancel != NULL)
		w->cancel(w);
}

static void on_deadline(struct timer *t)
{
	struct wait *w = CONTAINER_OF(t, struct wait, deadline);
	struct err e = ERR_INIT;

	(void)ERR(&e, ERR_TIMEOUT, "%s: no answer in time", w->name);
	break_wait(w, &e);
}

static void arm(struct wait *w, struct flow *f, const char *name, void (*cancel)(struct wait *))
{
	OBJ_CHECK(f, FLOW_MAGIC);
	ENSURE(f->running); /* only a step, or what it calls, arms a wait */
	ENSURE(!w->armed && f->waiting == NULL);
	w->name = name;
	w->flow = f;
	w->cancel = cancel;
	w->err.code = ERR_OK;
	w->armed = true;
	f->waiting = w;
	timer_init(&w->deadline, f->loop, name, on_deadline);
}

void wait_arm(struct wait *w, struct flow *f, const char *name, uint64_t deadline_ms,
	      void (*cancel)(struct wait *))
{
	ENSURE(deadline_ms > 0);
	arm(w, f, name, cancel);
	timer_set(&w->deadline, deadline_ms);
}

void wait_done(struct wait *w, const struct err *e)
{
	if (!w->armed)
		return;
	end_wait(w, e != NULL && e->code != ERR_OK ? e : NULL);
}

const struct err *wait_error(const struct wait *w)
{
	return w->err.code != ERR_OK ? &w->err : NULL;
}

/* ---- the runner ---- */

static void record_failure(struct flow *f, const struct err *e)
{
	if (f->failed)
		return; /* the first failure stays */
	f->failed = true;
	if (e != &f->err)
		f->err = *e;
	if (f->err.code == ERR_OK)
		f->err.code = ERR_INTERNAL;
}

/*
 * Makes the last step the next one. `begun`: the step at `at` has run or is running. False when it
 * is the last step that failed: the flow is over.
 */
static bool go_to_last(struct flow *f, bool begun)
{
	unsigned last = last_step(f);

	if (begun && f->at == last)
		return false;
	f->at = last;
	f->again = true;
	return true;
}

enum step flow_fail(struct flow *f, const struct err *e)
{
	struct wait *w = f->waiting;

	OBJ_CHECK(f, FLOW_MAGIC);
	ENSURE(f->running);
	if (f->again)
		return STEP_NEXT; /* this step has failed already */
	record_failure(f, e);
	if (w != NULL) {
		ENSURE(!is_call(w));
		if (w->armed)
			break_wait(w, &f->err);
		f->waiting = NULL;
		loop_unpost(f->loop, &f->post);
	}
	return go_to_last(f, true) ? STEP_NEXT : STEP_DONE;
}

enum step flow_failf(struct flow *f, enum err_code code, const char *fmt, ...)
{
	struct err e = ERR_INIT;
	char text[sizeof(e.msg)];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)ERR(&e, code, "%s", n >= 0 ? text : fmt);
	return flow_fail(f, &e);
}

static void end_flow(struct flow *f)
{
	struct wait *parent = f->parent;
	bool failed = f->failed;
	struct err e;

	ENSURE(f->waiting == NULL);
	f->ended = true;
	f->running = false;
	loop_unpost(f->loop, &f->post);
	if (parent != NULL && failed)
		e = f->err;
	if (f->on_end != NULL)
		f->on_end(f);
	if (parent != NULL)
		wait_done(parent, failed ? &e : NULL);
}

static void detach(struct flow *f)
{
	while (f != NULL && !f->detached) {
		f->detached = true;
		f = f->parent != NULL ? f->parent->flow : NULL;
	}
}

/*
 * Runs the step at `at`; afterwards `at` is the step to run next, or `again` is false and it is the
 * one that ran.
 */
static enum step run_step(struct flow *f)
{
	const struct flow_step *s = step_at(f, f->at);

	f->again = false;
	if (s->flags & FLOW_DETACH)
		detach(f);
	uint64_t token = loop_enter(f->loop, s->name);
	enum step what = s->run(f, f->op);
	loop_leave(f->loop, s->name, token);
	return what;
}

/*
 * The asker left and nothing keeps the flow alive: on to the last step, or false when the flow is
 * over.
 */
static bool leave_if_abandoned(struct flow *f, bool begun)
{
	struct err e = ERR_INIT;

	if (!f->abandoned || f->detached || f->failed)
		return true;
	(void)ERR(&e, ERR_CANCELLED, "%s: the client left", flow_step_name(f));
	record_failure(f, &e);
	return go_to_last(f, begun);
}

/*
 * After a wait: moves to the step that is next and looks at how the wait ended. False: the flow is
 * over.
 */
static bool resume(struct flow *f)
{
	struct wait *w = f->waiting;

	ENSURE(w != NULL && !w->armed);
	f->waiting = NULL;
	f->parked = false;
	if (f->abandoned && !f->detached && !f->failed)
		return leave_if_abandoned(f, true);
	unsigned next = f->again ? f->at : f->at + 1;
	const struct flow_step *s = step_at(f, next);
	if (s->name == NULL)
		return false;
	const struct err *e = wait_error(w);
	if (e != NULL && (s->flags & FLOW_AUTO_FAIL)) {
		record_failure(f, e);
		if (next == last_step(f))
			return false;
		return go_to_last(f, false);
	}
	f->at = next;
	return true;
}

/* Runs steps until one waits (true) or the flow is over (false). */
static bool run_steps(struct flow *f)
{
	for (;;) {
		enum step what = run_step(f);

		switch (what) {
		case STEP_WAIT:
		case STEP_AGAIN:
			ENSURE(f->waiting != NULL);
			f->again = what == STEP_AGAIN;
			f->parked = true;
			if (f->abandoned)
				flow_cancel(f); /* asked for while the step ran */
			return true;
		case STEP_NEXT:
			ENSURE(f->waiting == NULL);
			if (!f->again && step_at(f, f->at + 1)->name == NULL)
				return false;
			if (!f->again)
				f->at++;
			break;
		case STEP_DONE:
			ENSURE(f->waiting == NULL);
			return false;
		}
		if (!leave_if_abandoned(f, false))
			return false;
	}
}

static void flow_run(struct post *post)
{
	struct flow *f = CONTAINER_OF(post, struct flow, post);

	OBJ_CHECK(f, FLOW_MAGIC);
	ENSURE(!f->running && !f->ended);
	bool alive = f->parked ? resume(f) : leave_if_abandoned(f, false);
	f->running = true;
	if (alive)
		alive = run_steps(f);
	f->running = false;
	if (!alive)
		end_flow(f);
}

void flow_init(struct flow *f, struct loop *l, const struct flow_step *steps, void *op,
	       struct arena *a)
{
	ENSURE(steps[0].name != NULL);
	memset(f, 0, sizeof(*f));
	OBJ_INIT(f, FLOW_MAGIC);
	f->loop = l;
	f->steps = steps;
	f->op = op;
	f->arena = a;
	f->post.fn = flow_run;
	f->post.name = "flow";
}

void flow_start(struct flow *f)
{
	OBJ_CHECK(f, FLOW_MAGIC);
	ENSURE(!f->running && !f->ended && !f->parked);
	loop_post(f->loop, &f->post);
}

void flow_cancel(struct flow *f)
{
	struct wait *w = f->waiting;
	struct err e = ERR_INIT;

	OBJ_CHECK(f, FLOW_MAGIC);
	if (f->ended)
		return;
	f->abandoned = true;
	if (!f->parked || w == NULL || !w->armed)
		return; /* seen before its next step */
	if (is_call(w)) {
		flow_cancel(w->arg); /* its end ends the wait, see the head of the file */
		return;
	}
	if (f->detached || f->failed)
		return;
	(void)ERR(&e, ERR_CANCELLED, "%s: the client left", w->name);
	break_wait(w, &e);
}

/* ---- child flows ---- */

/* Marks the wait of a flow_call(); such a wait is never broken, see is_call(). */
static void cancel_child(struct wait *w)
{
	(void)w;
	BUG("a child flow's wait was broken");
}

void flow_call(struct flow *parent, struct wait *w, struct flow *child)
{
	OBJ_CHECK(child, FLOW_MAGIC);
	ENSURE(child->parent == NULL && child->on_end == NULL);
	arm(w, parent, "flow.call", cancel_child);
	w->arg = child;
	child->parent = w;
	child->detached = parent->detached || parent->failed;
	flow_start(child);
}

/* ---- jobs ---- */

static void on_job_done(struct job *job)
{
	struct wait_job *j = CONTAINER_OF(job, struct wait_job, job);
	struct wait *w = j->wait;
	struct err e = ERR_INIT;

	if (w == NULL)
		return;
	int rc = j->on_done != NULL ? j->on_done(j, &e) : 0;
	if (rc != 0 && e.code == ERR_OK)
		e.code = ERR_INTERNAL;
	wait_done(w, rc != 0 ? &e : NULL);
}

static void cancel_job(struct wait *w)
{
	struct wait_job *j = w->arg;

	w->arg = NULL;
	j->wait = NULL;
	job_cancel(&j->job);
}

int wait_submit(struct wait *w, struct flow *f, struct pool *p, struct wait_job *j,
		uint64_t deadline_ms, struct err *e)
{
	j->wait = w;
	j->job.done = on_job_done;
	if (pool_submit(p, &j->job, e) != 0)
		return -1;
	wait_arm(w, f, j->job.name != NULL ? j->job.name : "job", deadline_ms, cancel_job);
	w->arg = j;
	return 0;
}
