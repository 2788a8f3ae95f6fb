/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_T_LOOP_FLOW_UTIL_H
#define SIGNET_T_LOOP_FLOW_UTIL_H

#include "base/compat.h"

#include "loop/flow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/*
 * Each test makes a flow from the steps below; a step notes its letter in `trace`, so that a test
 * compares one string. Capital letters are ends and cancels: E on_end, C a wait's cancel.
 */
static struct loop *l;
static char trace[64];
static size_t n_trace;

#define DEADLINE 60000 /* never reached in a test that does not want it */

struct op {
	struct flow flow;
	struct wait wait;
	struct wait_job *job;
	struct pool *pool;
	struct op *child;
	struct post later;
	struct err done_with; /* what `later` ends the wait with */
	enum err_code seen;   /* wait_error() in the step after the wait */
	int rounds, result;
	bool cancel_inside;
	struct arena *arena;
};

static UNUSED void note(char c)
{
	assert_true(n_trace < sizeof(trace) - 1);
	trace[n_trace++] = c;
}

static UNUSED int set_up(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	l = loop_new(&e);
	n_trace = 0;
	memset(trace, 0, sizeof(trace));
	return l == NULL;
}

static UNUSED int tear_down(void **state)
{
	(void)state;
	loop_free(l);
	return 0;
}

static UNUSED void free_op(struct op *o)
{
	assert_true(o->flow.ended);
	assert_false(o->wait.armed);
	assert_null(o->wait.deadline.ev); /* released when the wait ended */
	arena_free(o->arena);
}

static UNUSED void on_end(struct flow *f)
{
	assert_true(f->ended);
	note('E');
}

static UNUSED void on_later(struct post *p)
{
	struct op *o = CONTAINER_OF(p, struct op, later);

	note('l');
	wait_done(&o->wait, o->done_with.code != ERR_OK ? &o->done_with : NULL);
	wait_done(&o->wait, NULL); /* the second time does nothing */
	note('.');		   /* and neither ran the flow */
}

static UNUSED struct op *op_new(const struct flow_step *steps)
{
	struct arena *a = arena_new();
	struct op *o = ARENA_NEW(a, struct op);

	o->arena = a;
	o->later.fn = on_later;
	flow_init(&o->flow, l, steps, o, a);
	o->flow.on_end = on_end;
	return o;
}

static UNUSED void turns(int n)
{
	for (int i = 0; i < n; i++)
		loop_turn(l, 0);
}

static UNUSED void turn_until_end(struct op *o)
{
	for (int i = 0; i < 1000 && !o->flow.ended; i++)
		loop_turn(l, 100);
	assert_true(o->flow.ended);
}

/* ---- steps ---- */

static UNUSED enum step go(struct flow *f, void *op)
{
	(void)f;
	(void)op;
	note('g');
	return STEP_NEXT;
}

static UNUSED enum step finish(struct flow *f, void *op)
{
	(void)op;
	note(f->failed ? 'x' : 'f');
	return STEP_DONE;
}

static UNUSED void on_cancel(struct wait *w)
{
	struct op *o = w->arg;

	note('C');
	assert_false(w->armed);
	wait_done(w, NULL); /* harmless here */
	if (o != NULL)
		loop_unpost(l, &o->later);
}

/* Waits for `later`, which is posted. */
static UNUSED enum step ask(struct flow *f, void *op)
{
	struct op *o = op;

	note('a');
	o->wait.arg = o;
	wait_arm(&o->wait, f, "test.ask", DEADLINE, on_cancel);
	loop_post(l, &o->later);
	if (o->cancel_inside)
		flow_cancel(f);
	return STEP_WAIT;
}

/* Waits for somebody else. */
static UNUSED enum step hang(struct flow *f, void *op)
{
	struct op *o = op;

	note('h');
	o->wait.arg = NULL;
	wait_arm(&o->wait, f, "test.hang", DEADLINE, on_cancel);
	return STEP_WAIT;
}

static UNUSED enum step look(struct flow *f, void *op)
{
	struct op *o = op;
	const struct err *e = wait_error(&o->wait);

	(void)f;
	note('k');
	o->seen = e != NULL ? e->code : ERR_OK;
	return STEP_NEXT;
}

static UNUSED enum step refuse(struct flow *f, void *op)
{
	(void)op;
	note('!');
	return flow_failf(f, ERR_FORBIDDEN, "no %s today", "service");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
