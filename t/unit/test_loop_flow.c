/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "loop_flow_util.h"

#include <fcntl.h>
#include <sys/wait.h>

/* ---- order ---- */

static void test_order(void **state)
{
	static const struct flow_step steps[] = {
		{"go", go, 0},	       {"ask", ask, 0}, {"look", look, 0},
		{"finish", finish, 0}, {NULL, NULL, 0},
	};
	struct op *o = op_new(steps);

	(void)state;
	flow_start(&o->flow);
	assert_string_equal(trace, ""); /* posted, not inline */
	assert_string_equal(flow_step_name(&o->flow), "go");
	turns(1);
	assert_string_equal(trace, "gal.kfE");
	assert_false(o->flow.failed);
	assert_int_equal(o->seen, ERR_OK);
	assert_string_equal(flow_step_name(&o->flow), "end");
	flow_cancel(&o->flow); /* safe after the end */
	assert_false(o->flow.abandoned);
	free_op(o);
}

static enum step done_inside(struct flow *f, void *op)
{
	struct op *o = op;

	wait_arm(&o->wait, f, "test.inside", DEADLINE, on_cancel);
	wait_done(&o->wait, NULL); /* an answer that is there already */
	note('i');
	return STEP_WAIT;
}

static void test_done_inside_step(void **state)
{
	static const struct flow_step steps[] = {
		{"inside", done_inside, 0},
		{"look", look, 0},
		{"go", go, 0},
		{NULL, NULL, 0},
	};
	struct op *o = op_new(steps);

	(void)state;
	flow_start(&o->flow);
	turns(1);
	assert_string_equal(trace, "ikgE"); /* STEP_NEXT of the last step is the end as well */
	free_op(o);
}

static enum step again(struct flow *f, void *op)
{
	struct op *o = op;

	note('r');
	if (++o->rounds == 4)
		return STEP_NEXT;
	o->wait.arg = o;
	wait_arm(&o->wait, f, "test.again", DEADLINE, on_cancel); /* a wait is reusable */
	loop_post(l, &o->later);
	return STEP_AGAIN;
}

static void test_again(void **state)
{
	static const struct flow_step steps[] = {
		{"again", again, 0},
		{"finish", finish, 0},
		{NULL, NULL, 0},
	};
	struct op *o = op_new(steps);

	(void)state;
	flow_start(&o->flow);
	turns(1);
	assert_string_equal(trace, "rl.rl.rl.rfE");
	free_op(o);
}

/* ---- failing ---- */

static void test_fail(void **state)
{
	static const struct flow_step steps[] = {
		{"go", go, 0},	       {"refuse", refuse, 0}, {"go", go, 0},
		{"finish", finish, 0}, {NULL, NULL, 0},
	};
	struct op *o = op_new(steps);

	(void)state;
	flow_start(&o->flow);
	turns(1);
	assert_string_equal(trace, "g!xE");
	assert_true(o->flow.failed);
	assert_int_equal(o->flow.err.code, ERR_FORBIDDEN);
	assert_string_equal(o->flow.err.msg, "no service today");
	free_op(o);
}

static void test_fail_in_last(void **state)
{
	static const struct flow_step steps[] = {
		{"go", go, 0},
		{"refuse", refuse, 0},
		{NULL, NULL, 0},
	};
	struct op *o = op_new(steps);

	(void)state;
	flow_start(&o->flow);
	turns(1);
	assert_string_equal(trace, "g!E");
	assert_int_equal(o->flow.err.code, ERR_FORBIDDEN);
	free_op(o);
}

static enum step fail_differently(struct flow *f, void *op)
{
	(void)op;
	note('!');
	(void)flow_failf(f, ERR_CONFLICT, "first");
	return flow_failf(f, ERR_INTERNAL, "second");
}

static void test_first_failure_stays(void **state)
{
	static const struct flow_step steps[] = {
		{"both", fail_differently, 0},
		{"refuse", refuse, 0},
		{NULL, NULL, 0},
	};
	struct op *o = op_new(steps);

	(void)state;
	flow_start(&o->flow);
	turns(1);
	assert_string_equal(trace, "!!E");
	assert_int_equal(o->flow.err.code, ERR_CONFLICT);
	assert_string_equal(o->flow.err.msg, "first");
	free_op(o);
}

static enum step arm_and_fail(struct flow *f, void *op)
{
	(void)hang(f, op);
	return flow_failf(f, ERR_INVALID, "after all not");
}

static void test_fail_with_wait(void **state)
{
	static const struct flow_step steps[] = {
		{"arm", arm_and_fail, 0},
		{"go", go, 0},
		{"finish", finish, 0},
		{NULL, NULL, 0},
	};
	struct op *o = op_new(steps);

	(void)state;
	flow_start(&o->flow);
	turns(2);
	assert_string_equal(trace, "hCxE");
	free_op(o);
}

static void test_auto_fail(void **state)
{
	static const struct flow_step steps[] = {
		{"ask", ask, 0}, {"look", look, FLOW_AUTO_FAIL},
		{"go", go, 0},	 {"finish", finish, 0},
		{NULL, NULL, 0},
	};
	static const struct flow_step last[] = {
		{"ask", ask, 0},
		{"finish", finish, FLOW_AUTO_FAIL},
		{NULL, NULL, 0},
	};
	struct op *o = op_new(steps);

	(void)state;
	(void)ERR(&o->done_with, ERR_UNAVAILABLE, "store: full");
	flow_start(&o->flow);
	turns(1);
	assert_string_equal(trace, "al.xE");
	assert_int_equal(o->flow.err.code, ERR_UNAVAILABLE);
	assert_string_equal(o->flow.err.msg, "store: full");
	free_op(o);

	n_trace = 0;
	o = op_new(steps); /* no error: nothing special */
	flow_start(&o->flow);
	turns(1);
	assert_memory_equal(trace, "al.kgfE", 7);
	free_op(o);

	n_trace = 0;
	o = op_new(last); /* the last step is not run either: the flow is over */
	(void)ERR(&o->done_with, ERR_UNAVAILABLE, "store: full");
	flow_start(&o->flow);
	turns(1);
	assert_memory_equal(trace, "al.E", 4);
	assert_true(o->flow.failed);
	free_op(o);
}

static void test_error_for_next_step(void **state)
{
	static const struct flow_step steps[] = {
		{"ask", ask, 0},
		{"look", look, 0},
		{"finish", finish, 0},
		{NULL, NULL, 0},
	};
	struct op *o = op_new(steps);

	(void)state;
	(void)ERR(&o->done_with, ERR_CONFLICT, "taken");
	flow_start(&o->flow);
	turns(1);
	assert_string_equal(trace, "al.kfE");
	assert_int_equal(o->seen, ERR_CONFLICT);
	assert_false(o->flow.failed);
	free_op(o);
}

/* ---- deadline ---- */

static enum step hang_shortly(struct flow *f, void *op)
{
	struct op *o = op;

	note('h');
	wait_arm(&o->wait, f, "test.short", 5, on_cancel);
	return STEP_WAIT;
}

static void test_deadline(void **state)
{
	static const struct flow_step steps[] = {
		{"hang", hang_shortly, 0},
		{"look", look, 0},
		{"finish", finish, 0},
		{NULL, NULL, 0},
	};
	struct op *o = op_new(steps);

	(void)state;
	flow_start(&o->flow);
	turn_until_end(o);
	assert_string_equal(trace, "hCkfE");
	assert_int_equal(o->seen, ERR_TIMEOUT);
	wait_done(&o->wait, NULL); /* the answer comes late */
	turns(1);
	assert_string_equal(trace, "hCkfE");
	free_op(o);
}

/* ---- cancelling ---- */

static void test_cancel_waiting(void **state)
{
	static const struct flow_step steps[] = {
		{"hang", hang, 0},
		{"look", look, 0},
		{"finish", finish, 0},
		{NULL, NULL, 0},
	};
	struct op *o = op_new(steps);

	(void)state;
	flow_start(&o->flow);
	turns(1);
	flow_cancel(&o->flow);
	assert_string_equal(trace, "hC"); /* the wait is gone at once, the flow runs later */
	flow_cancel(&o->flow);
	turns(1);
	assert_string_equal(trace, "hCxE");
	assert_int_equal(o->flow.err.code, ERR_CANCELLED);
	assert_true(o->flow.abandoned);
	free_op(o);
}

static void test_cancel_other_times(void **state)
{
	static const struct flow_step steps[] = {
		{"ask", ask, 0},
		{"look", look, 0},
		{"finish", finish, 0},
		{NULL, NULL, 0},
	};
	static const struct flow_step in_last[] = {
		{"go", go, 0},
		{"hang", hang, 0},
		{NULL, NULL, 0},
	};
	struct op *o = op_new(steps);

	(void)state;
	flow_start(&o->flow);
	flow_cancel(&o->flow); /* before the first step: only the last one runs */
	turns(1);
	assert_string_equal(trace, "xE");
	free_op(o);

	n_trace = 0;
	o = op_new(steps);
	o->cancel_inside = true; /* by its own step, which then waits */
	flow_start(&o->flow);
	turns(1);
	assert_memory_equal(trace, "aCxE", 4);
	assert_int_equal(o->flow.err.code, ERR_CANCELLED);
	free_op(o);

	n_trace = 0;
	o = op_new(in_last); /* the last step waits: the flow is over */
	flow_start(&o->flow);
	turns(1);
	flow_cancel(&o->flow);
	turns(1);
	assert_memory_equal(trace, "ghCE", 4);
	assert_true(o->flow.failed);
	free_op(o);
}

/* The wait is done and the flow queued when the client leaves. */
static enum step done_and_cancelled(struct flow *f, void *op)
{
	struct op *o = op;

	note('d');
	wait_arm(&o->wait, f, "test.both", DEADLINE, on_cancel);
	wait_done(&o->wait, NULL);
	flow_cancel(f);
	return STEP_WAIT;
}

static void test_cancel_after_done(void **state)
{
	static const struct flow_step steps[] = {
		{"both", done_and_cancelled, 0},
		{"look", look, 0},
		{"finish", finish, 0},
		{NULL, NULL, 0},
	};
	struct op *o = op_new(steps);

	(void)state;
	flow_start(&o->flow);
	turns(1);
	assert_string_equal(trace, "dxE");
	free_op(o);
}

static void test_detach(void **state)
{
	static const struct flow_step steps[] = {
		{"go", go, 0},	   {"hang", hang, FLOW_DETACH},
		{"look", look, 0}, {"finish", finish, 0},
		{NULL, NULL, 0},
	};
	struct op *o = op_new(steps);

	(void)state;
	flow_start(&o->flow);
	assert_false(o->flow.detached);
	turns(1);
	assert_true(o->flow.detached);
	flow_cancel(&o->flow);
	turns(2);
	assert_string_equal(trace, "gh"); /* still waiting */
	assert_true(o->flow.abandoned);
	wait_done(&o->wait, NULL);
	turns(1);
	assert_string_equal(trace, "ghkfE");
	assert_false(o->flow.failed);
	free_op(o);
}

/* A flow that failed undoes something in its last step: leaving does not break this off. */
static void test_cancel_does_not_break_undo(void **state)
{
	static const struct flow_step steps[] = {
		{"hang", hang, 0},
		{"go", go, 0},
		{"undo", hang, 0},
		{NULL, NULL, 0},
	};
	struct op *o = op_new(steps);

	(void)state;
	flow_start(&o->flow);
	turns(1);
	flow_cancel(&o->flow);
	turns(1);
	assert_string_equal(trace, "hCh");
	flow_cancel(&o->flow);
	turns(1);
	assert_string_equal(trace, "hCh");
	wait_done(&o->wait, NULL);
	turns(1);
	assert_string_equal(trace, "hChE");
	assert_int_equal(o->flow.err.code, ERR_CANCELLED);
	free_op(o);
}

/* ---- bugs that are caught ---- */

static enum step wait_for_nothing(struct flow *f, void *op)
{
	(void)f;
	(void)op;
	return STEP_WAIT;
}

static enum step forget_wait(struct flow *f, void *op)
{
	(void)hang(f, op);
	return STEP_NEXT;
}

static bool aborts(enum step (*step)(struct flow *, void *))
{
	const struct flow_step steps[] = {
		{"bug", step, 0},
		{"finish", finish, 0},
		{NULL, NULL, 0},
	};
	int status, null;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		signal(SIGABRT, SIG_DFL);
		null = open("/dev/null", O_WRONLY);
		dup2(null, 2);
		struct op *o = op_new(steps);
		flow_start(&o->flow);
		loop_turn(l, 0);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void test_misuse(void **state)
{
	(void)state;
	assert_true(aborts(wait_for_nothing));
	assert_true(aborts(forget_wait));
	assert_false(aborts(go));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_order),
		TEST(test_done_inside_step),
		TEST(test_again),
		TEST(test_fail),
		TEST(test_fail_in_last),
		TEST(test_first_failure_stays),
		TEST(test_fail_with_wait),
		TEST(test_auto_fail),
		TEST(test_error_for_next_step),
		TEST(test_deadline),
		TEST(test_cancel_waiting),
		TEST(test_cancel_other_times),
		TEST(test_cancel_after_done),
		TEST(test_detach),
		TEST(test_cancel_does_not_break_undo),
		TEST(test_misuse),
	};
	return cmocka_run_group_tests_name("loop_flow", tests, NULL, NULL);
}
