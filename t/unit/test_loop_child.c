/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/mem.h"
#include "base/metric.h"
#include "loop_flow_util.h"

#include <semaphore.h>

/* ---- child flows ---- */

static enum step call(struct flow *f, void *op)
{
	struct op *o = op;

	note('c');
	flow_call(f, &o->wait, &o->child->flow);
	return STEP_WAIT;
}

static enum step after_call(struct flow *f, void *op)
{
	struct op *o = op;

	(void)f;
	note('p');
	assert_true(o->child->flow.ended);
	o->seen = o->child->flow.failed ? o->child->flow.err.code : ERR_OK;
	return STEP_NEXT;
}

static const struct flow_step caller[] = {
	{"go", go, 0},	       {"call", call, 0}, {"after", after_call, 0},
	{"finish", finish, 0}, {NULL, NULL, 0},
};

static struct op *parent_of(const struct flow_step *steps)
{
	struct op *o = op_new(caller);

	/* As in life: the child is in the parent's arena. */
	o->child = ARENA_NEW(o->arena, struct op);
	o->child->later.fn = on_later;
	flow_init(&o->child->flow, l, steps, o->child, o->arena);
	return o;
}

static void test_child(void **state)
{
	static const struct flow_step good[] = {
		{"ask", ask, 0},
		{"look", look, 0},
		{NULL, NULL, 0},
	};
	static const struct flow_step bad[] = {
		{"refuse", refuse, 0},
		{"finish", finish, 0},
		{NULL, NULL, 0},
	};
	struct op *o = parent_of(good);

	(void)state;
	flow_start(&o->flow);
	turns(1);
	assert_string_equal(trace, "gcal.kpfE");
	assert_int_equal(o->seen, ERR_OK);
	assert_null(wait_error(&o->wait));
	free_op(o);

	n_trace = 0;
	o = parent_of(bad);
	flow_start(&o->flow);
	turns(1);
	assert_memory_equal(trace, "gc!xpfE", 7);
	assert_int_equal(o->seen, ERR_FORBIDDEN);
	assert_int_equal(wait_error(&o->wait)->code, ERR_FORBIDDEN);
	assert_false(o->flow.failed);
	free_op(o);
}

/* Child not detached: it ends by its last step, then the parent fails; not the other way round. */
static void test_cancel_parent(void **state)
{
	static const struct flow_step child[] = {
		{"hang", hang, 0},
		{"go", go, 0},
		{"undo", hang, 0},
		{NULL, NULL, 0},
	};
	struct op *o = parent_of(child);

	(void)state;
	flow_start(&o->flow);
	turns(1);
	flow_cancel(&o->flow);
	assert_string_equal(trace, "gchC");
	turns(2);
	assert_string_equal(trace, "gchCh"); /* the child undoes; the parent keeps its arena */
	assert_false(o->flow.ended);
	assert_true(o->wait.armed);
	flow_cancel(&o->flow);
	turns(1);
	wait_done(&o->child->wait, NULL);
	turns(1);
	assert_string_equal(trace, "gchChxE");
	assert_int_equal(o->child->flow.err.code, ERR_CANCELLED);
	assert_int_equal(o->flow.err.code, ERR_CANCELLED);
	free_op(o);
}

static void test_cancel_parent_of_detached(void **state)
{
	static const struct flow_step child[] = {
		{"go", go, 0},
		{"hang", hang, FLOW_DETACH},
		{"look", look, 0},
		{NULL, NULL, 0},
	};
	struct op *o = parent_of(child);

	(void)state;
	flow_start(&o->flow);
	turns(1);
	assert_true(o->child->flow.detached);
	assert_true(o->flow.detached); /* what was committed below is finished above */
	flow_cancel(&o->flow);
	turns(2);
	assert_string_equal(trace, "gcgh");
	assert_true(o->flow.abandoned);
	assert_true(o->child->flow.abandoned);
	wait_done(&o->child->wait, NULL);
	turns(1);
	assert_string_equal(trace, "gcghkpfE");
	assert_false(o->flow.failed);
	assert_false(o->child->flow.failed);
	free_op(o);
}

/* A parent that is detached calls a child that is not: leaving must not cancel the child. */
static void test_detached_parent(void **state)
{
	static const struct flow_step child[] = {
		{"hang", hang, 0},
		{"look", look, 0},
		{NULL, NULL, 0},
	};
	static const struct flow_step parent[] = {
		{"call", call, FLOW_DETACH},
		{"after", after_call, 0},
		{NULL, NULL, 0},
	};
	struct op *o = parent_of(child);

	(void)state;
	flow_init(&o->flow, l, parent, o, o->arena);
	o->flow.on_end = on_end;
	flow_start(&o->flow);
	turns(1);
	flow_cancel(&o->flow);
	turns(1);
	assert_string_equal(trace, "ch");
	wait_done(&o->child->wait, NULL);
	turns(1);
	assert_string_equal(trace, "chkpE");
	assert_false(o->child->flow.failed);
	free_op(o);
}

/* Three levels: the detach at the bottom holds all. */
static void test_grandchild(void **state)
{
	static const struct flow_step bottom[] = {
		{"hang", hang, FLOW_DETACH},
		{"go", go, 0},
		{NULL, NULL, 0},
	};
	struct op *o = parent_of(caller), *mid = o->child;

	(void)state;
	mid->child = ARENA_NEW(o->arena, struct op);
	flow_init(&mid->child->flow, l, bottom, mid->child, o->arena);
	flow_start(&o->flow);
	turns(1);
	flow_cancel(&o->flow);
	turns(2);
	assert_string_equal(trace, "gcgch");
	wait_done(&mid->child->wait, NULL);
	turns(1);
	assert_string_equal(trace, "gcgchgpfpfE");
	assert_false(o->flow.failed);
	free_op(o);
}

/* ---- jobs ---- */

struct square {
	struct wait_job wj;
	int in, out;
	sem_t *gate;
};

static int n_freed, n_job_done;
static sem_t started, gate;

static void square_run(struct job *j)
{
	struct square *s = CONTAINER_OF(j, struct square, wj.job);

	sem_post(&started);
	while (s->gate != NULL && sem_wait(s->gate) != 0)
		;
	s->out = s->in * s->in;
}

static void square_free(struct job *j)
{
	n_freed++;
	mem_free(CONTAINER_OF(j, struct square, wj.job));
}

static int square_done(struct wait_job *wj, struct err *e)
{
	struct square *s = CONTAINER_OF(wj, struct square, wj);
	struct op *o = wj->wait->flow->op;

	n_job_done++;
	if (s->out < 0 || s->in == 13)
		return ERR(e, ERR_INVALID, "unlucky");
	o->result = s->out;
	return 0;
}

static enum step submit(struct flow *f, void *op)
{
	struct op *o = op;
	struct err e = ERR_INIT;
	struct square *s = NEW(struct square);

	note('s');
	s->in = o->rounds;
	s->gate = o->cancel_inside ? &gate : NULL;
	s->wj.job.name = "test.square";
	s->wj.job.run = square_run;
	s->wj.job.free = square_free;
	s->wj.on_done = square_done;
	if (wait_submit(&o->wait, f, o->pool, &s->wj, DEADLINE, &e) != 0) {
		mem_free(s); /* still ours */
		return flow_fail(f, &e);
	}
	return STEP_WAIT;
}

static const struct flow_step with_job[] = {
	{"submit", submit, 0},
	{"look", look, 0},
	{"finish", finish, 0},
	{NULL, NULL, 0},
};

static struct pool *one_thread(void)
{
	const struct pool_config c = {.name = "test", .threads = 1, .bound = 0};
	struct err e = ERR_INIT;
	struct pool *p = pool_new(l, &c, &e);

	assert_non_null(p);
	n_freed = n_job_done = 0;
	sem_init(&gate, 0, 0);
	sem_init(&started, 0, 0);
	return p;
}

static struct op *job_op(struct pool *p, int in, bool gated)
{
	struct op *o = op_new(with_job);

	o->pool = p;
	o->rounds = in;
	o->cancel_inside = gated;
	flow_start(&o->flow);
	return o;
}

static void test_job(void **state)
{
	struct pool *p = one_thread();
	struct op *o = job_op(p, 12, false);

	(void)state;
	turn_until_end(o);
	assert_string_equal(trace, "skfE");
	assert_int_equal(o->result, 144);
	assert_int_equal(n_freed, 1);
	free_op(o);
	n_trace = 0;
	o = job_op(p, 13, false); /* on_done refuses the result */
	turn_until_end(o);
	assert_int_equal(o->seen, ERR_INVALID);
	assert_int_equal(n_freed, 2);
	free_op(o);
	assert_true(pool_free(p, 5000));
}

static void test_job_refused(void **state)
{
	struct pool *p = one_thread();
	int64_t refused = metric_value(METRIC_JOBS_REFUSED);
	struct op *a = job_op(p, 2, true), *b = job_op(p, 3, true);

	(void)state;
	turn_until_end(b);
	assert_string_equal(trace, "ssxE");
	assert_int_equal(b->flow.err.code, ERR_UNAVAILABLE);
	assert_int_equal(metric_value(METRIC_JOBS_REFUSED) - refused, 1);
	sem_post(&gate);
	turn_until_end(a);
	assert_int_equal(a->result, 4);
	assert_int_equal(n_freed, 1);
	free_op(a);
	free_op(b);
	assert_true(pool_free(p, 5000));
}

/* The flow ends and its arena is freed while the worker still runs. */
static void test_cancel_running_job(void **state)
{
	struct pool *p = one_thread();
	struct op *o = job_op(p, 2, true);

	(void)state;
	turns(1);
	while (sem_wait(&started) != 0)
		;
	flow_cancel(&o->flow);
	turn_until_end(o);
	assert_string_equal(trace, "sxE");
	free_op(o);
	assert_int_equal(n_freed, 0);
	sem_post(&gate);
	for (int i = 0; i < 1000 && n_freed == 0; i++)
		loop_turn(l, 100);
	assert_int_equal(n_freed, 1);
	assert_int_equal(n_job_done, 0);
	assert_true(pool_free(p, 5000));
}

static void test_cancel_queued_job(void **state)
{
	const struct pool_config c = {.name = "test", .threads = 1, .bound = 5};
	struct err e = ERR_INIT;
	struct pool *p = one_thread();

	(void)state;
	assert_true(pool_free(p, 5000));
	p = pool_new(l, &c, &e);
	assert_non_null(p);
	struct op *a = job_op(p, 2, true), *b = job_op(p, 3, true);
	turns(1);
	while (sem_wait(&started) != 0)
		;
	flow_cancel(&b->flow);
	assert_int_equal(n_freed, 1); /* at once */
	turn_until_end(b);
	sem_post(&gate);
	turn_until_end(a);
	assert_int_equal(n_freed, 2);
	assert_int_equal(n_job_done, 1);
	free_op(a);
	free_op(b);
	assert_true(pool_free(p, 5000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_child),
		TEST(test_cancel_parent),
		TEST(test_cancel_parent_of_detached),
		TEST(test_detached_parent),
		TEST(test_grandchild),
		TEST(test_job),
		TEST(test_job_refused),
		TEST(test_cancel_running_job),
		TEST(test_cancel_queued_job),
	};
	return cmocka_run_group_tests_name("loop_child", tests, NULL, NULL);
}
