/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/mem.h"
#include "base/metric.h"
#include "loop/job.h"

#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

static struct loop *l;
static atomic_int n_run, n_thread_end;
static int n_done, n_free;
static sem_t started, gate;

static int set_up(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	l = loop_new(&e);
	n_run = n_thread_end = 0;
	n_done = n_free = 0;
	sem_init(&started, 0, 0);
	sem_init(&gate, 0, 0);
	return l == NULL;
}

static int tear_down(void **state)
{
	(void)state;
	loop_free(l);
	sem_destroy(&started);
	sem_destroy(&gate);
	return 0;
}

struct work {
	int in, out;
	struct job job;
	pthread_t ran_on;
	bool blocks;
	struct job *cancel_in_done;
};

static void wait_sem(sem_t *s)
{
	while (sem_wait(s) != 0)
		;
}

static void run(struct job *j)
{
	struct work *w = CONTAINER_OF(j, struct work, job);
	sigset_t set;

	pthread_sigmask(SIG_SETMASK, NULL, &set);
	if (sigismember(&set, SIGTERM) && sigismember(&set, SIGHUP) && !sigismember(&set, SIGSEGV))
		w->out = w->in * w->in;
	w->ran_on = pthread_self();
	atomic_fetch_add(&n_run, 1);
	if (w->blocks) {
		sem_post(&started);
		wait_sem(&gate);
	}
}

static void done(struct job *j)
{
	struct work *w = CONTAINER_OF(j, struct work, job);

	assert_int_equal(w->out, w->in * w->in);
	assert_false(pthread_equal(w->ran_on, pthread_self()));
	n_done++;
	if (w->cancel_in_done != NULL)
		job_cancel(w->cancel_in_done);
	job_cancel(j); /* too late, and harmless */
}

static void free_work(struct job *j)
{
	n_free++;
	mem_free(CONTAINER_OF(j, struct work, job));
}

static struct work *work_new(int in, bool blocks)
{
	struct work *w = NEW(struct work);

	w->in = in;
	w->blocks = blocks;
	w->job.name = "test.work";
	w->job.run = run;
	w->job.done = done;
	w->job.free = free_work;
	return w;
}

static void thread_end(void)
{
	atomic_fetch_add(&n_thread_end, 1);
}

static struct pool *pool(unsigned threads, unsigned bound)
{
	const struct pool_config c = {
		.name = "test", .threads = threads, .bound = bound, .thread_end = thread_end};
	struct err e = ERR_INIT;
	struct pool *p = pool_new(l, &c, &e);

	assert_non_null(p);
	return p;
}

static void submit(struct pool *p, struct work *w)
{
	struct err e = ERR_INIT;

	if (pool_submit(p, &w->job, &e) != 0)
		fail_msg("%s", e.msg);
}

static void turn_until(const int *counter, int n)
{
	for (int i = 0; i < 1000 && *counter < n; i++)
		loop_turn(l, 100);
	assert_int_equal(*counter, n);
}

static void test_many(void **state)
{
	struct pool *p = pool(3, 100);
	struct pool_stats s;

	(void)state;
	for (int i = 0; i < 100; i++)
		submit(p, work_new(i, false));
	assert_int_equal(n_done, 0); /* never inside submit */
	turn_until(&n_free, 100);
	assert_int_equal(n_done, 100);
	pool_stats(p, &s);
	assert_int_equal(s.done, 100);
	assert_int_equal(s.queued, 0);
	assert_int_equal(s.running, 0);
	assert_int_equal(s.threads, 3);
	assert_int_equal(s.oldest_running_ms, 0);
	assert_true(pool_free(p, 5000));
	assert_int_equal(n_thread_end, 3);
	assert_true(pool_free(NULL, 0));
}

static void test_refuse(void **state)
{
	struct pool *p = pool(1, 2);
	struct work *extra = work_new(4, false);
	struct err e = ERR_INIT;
	struct pool_stats s;
	int64_t refused = metric_value(METRIC_JOBS_REFUSED);

	(void)state;
	submit(p, work_new(1, true));
	submit(p, work_new(2, false)); /* threads + bound fit, however far the worker is */
	submit(p, work_new(3, false));
	assert_int_equal(pool_submit(p, &extra->job, &e), -1);
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	wait_sem(&started);
	assert_int_equal(pool_submit(p, &extra->job, &e), -1);
	pool_stats(p, &s);
	assert_int_equal(s.queued, 2);
	assert_int_equal(s.running, 1);
	assert_int_equal(s.refused, 2);
	assert_int_equal(metric_value(METRIC_JOBS_REFUSED) - refused, 2);
	sem_post(&gate);
	turn_until(&n_free, 3);
	submit(p, extra); /* still the caller's: may try again */
	turn_until(&n_free, 4);
	assert_int_equal(n_done, 4);
	assert_true(pool_free(p, 5000));
}

static void test_cancel_queued(void **state)
{
	struct pool *p = pool(1, 10);
	struct work *queued = work_new(2, false), *never = work_new(3, false);

	(void)state;
	submit(p, work_new(1, true));
	wait_sem(&started);
	submit(p, queued);
	job_cancel(&queued->job);
	assert_int_equal(n_free, 1); /* at once */
	job_cancel(&never->job);     /* was never submitted: stays the caller's */
	mem_free(never);
	sem_post(&gate);
	turn_until(&n_free, 2);
	assert_int_equal(n_done, 1);
	assert_int_equal(n_run, 1);
	assert_true(pool_free(p, 5000));
}

static void test_cancel_running(void **state)
{
	struct pool *p = pool(1, 10);
	struct work *w = work_new(1, true);

	(void)state;
	submit(p, w);
	wait_sem(&started);
	job_cancel(&w->job);
	job_cancel(&w->job); /* twice is once */
	loop_turn(l, 0);
	assert_int_equal(n_free, 0); /* the worker still has it */
	sem_post(&gate);
	turn_until(&n_free, 1);
	assert_int_equal(n_done, 0);
	assert_true(pool_free(p, 5000));
}

/* Both have finished; the first one's done() cancels the other. */
static void test_cancel_finished(void **state)
{
	struct pool *p = pool(1, 10);
	struct work *a = work_new(1, false), *b = work_new(2, false);
	struct pool_stats s;

	(void)state;
	a->cancel_in_done = &b->job;
	submit(p, a);
	submit(p, b);
	do
		pool_stats(p, &s);
	while (s.done < 2);
	turn_until(&n_free, 2);
	assert_int_equal(n_done, 1);
	assert_int_equal(n_run, 2);
	assert_true(pool_free(p, 5000));
}

static void test_free_with_jobs(void **state)
{
	struct pool *p = pool(1, 10);
	struct pool_stats s;

	(void)state;
	submit(p, work_new(1, false)); /* finished, not delivered */
	do
		pool_stats(p, &s);
	while (s.done < 1);
	submit(p, work_new(2, true)); /* running */
	wait_sem(&started);
	submit(p, work_new(3, false)); /* queued */
	sem_post(&gate);
	assert_true(pool_free(p, 5000));
	assert_int_equal(n_free, 3);
	assert_int_equal(n_done, 0);
	assert_int_equal(n_thread_end, 1);
	loop_turn(l, 0); /* nothing is left behind in the loop */
}

/* A worker that does not come back: the pool is left behind and the loop may go. */
static void test_stuck(void **state)
{
	struct pool *p = pool(1, 10);
	struct work *w = work_new(1, true);

	(void)state;
	submit(p, w);
	wait_sem(&started);
	submit(p, work_new(2, false));
	assert_false(pool_free(p, 20));
	assert_int_equal(n_free, 1); /* the queued one */
	sem_post(&gate);
	while (atomic_load(&n_thread_end) == 0)
		loop_turn(l, 1);
	assert_int_equal(n_done, 0);
	assert_int_equal(n_free, 1);
	mem_free(w); /* nobody else can: the worker is gone */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_many),	   TEST(test_refuse),	       TEST(test_cancel_queued),
		TEST(test_cancel_running), TEST(test_cancel_finished), TEST(test_free_with_jobs),
		TEST(test_stuck),
	};
	return cmocka_run_group_tests_name("loop_job", tests, NULL, NULL);
}
