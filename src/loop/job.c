/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/metric.h"
#include "loop/job.h"

#include <pthread.h>

/*
 * Pools of worker threads.
 *
 *     pool_submit        worker              worker             loop thread
 *     IDLE -> QUEUED -----------> RUNNING ------------> FINISHED -----------> DELIVERING -> free()
 *               | job_cancel        | job_cancel           | job_cancel
 *               free() at once      ABANDONED ------------>+-> free(), without done()
 *
 * A job has one owner at a time: its maker until it is submitted, the queue, a worker, the list of
 * finished ones, the loop. Its state changes under the pool's lock only. run() is called without
 * the lock; done() and free() on the loop's thread, without the lock, so that they may submit and
 * cancel other jobs of the same pool.
 *
 * The loop is woken once per batch: by the worker that finds the finished list empty. A batch is
 * delivered in one callback; each done() is timed by its job's name.
 *
 * The bound counts what waits beyond the idle threads: threads + bound jobs fit, the next one is
 * refused. Counted in this way the answer does not depend on how quickly a worker picks up what was
 * submitted a moment ago.
 *
 * pool_free() takes the queued jobs back, waits for the running ones and frees all without calling
 * done(): whoever waits for a job must be ended before the pool goes. A worker that does not come
 * back in time may be stuck in a vendor library for ever. It cannot be killed safely, so the pool
 * is marked `lost` and left behind with the jobs that it runs; a worker that returns later sees the
 * mark, touches neither the loop nor the job, and ends. The last one frees the pool, never a job:
 * what a job holds may only be freed on the loop's thread.
 */
#define POOL_MAGIC 0x706f6f6cU

enum { JOB_IDLE, JOB_QUEUED, JOB_RUNNING, JOB_ABANDONED, JOB_FINISHED, JOB_DELIVERING };

struct pool {
	uint32_t magic;
	struct loop *loop;
	const char *name;
	void (*thread_end)(void);
	unsigned threads, bound;
	pthread_t *thread;
	pthread_mutex_t lock;
	pthread_cond_t work, left;
	struct list queued, running, finished;
	unsigned n_queued, n_running, n_ended;
	uint64_t done, refused;
	bool stopping, lost, orphan, delivering;
	struct post post;
};

/* With the lock held. NULL when the pool stops. */
static struct job *next_job(struct pool *p)
{
	while (list_empty(&p->queued) && !p->stopping)
		pthread_cond_wait(&p->work, &p->lock);
	struct list *n = list_pop(&p->queued);
	if (n == NULL)
		return NULL;
	struct job *j = LIST_ENTRY(n, struct job, node);
	p->n_queued--;
	p->n_running++;
	j->state = JOB_RUNNING;
	j->started_ms = clock_mono_ms();
	list_add_tail(&p->running, &j->node);
	return j;
}

/* With the lock held. */
static void finish_job(struct pool *p, struct job *j)
{
	if (p->lost)
		return;
	bool wake = list_empty(&p->finished);
	list_remove(&j->node);
	p->n_running--;
	p->done++;
	if (j->state == JOB_RUNNING)
		j->state = JOB_FINISHED;
	list_add_tail(&p->finished, &j->node);
	if (wake)
		loop_post_remote(p->loop, &p->post);
}

static void pool_destroy(struct pool *p)
{
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->work);
	pthread_cond_destroy(&p->left);
	mem_free(p->thread);
	OBJ_DEAD(p);
	mem_free(p);
}

static void *worker(void *arg)
{
	struct pool *p = arg;
	struct job *j;

	pthread_mutex_lock(&p->lock);
	while ((j = next_job(p)) != NULL) {
		pthread_mutex_unlock(&p->lock);
		j->run(j);
		pthread_mutex_lock(&p->lock);
		finish_job(p, j);
	}
	pthread_mutex_unlock(&p->lock);
	if (p->thread_end != NULL)
		p->thread_end();
	pthread_mutex_lock(&p->lock);
	p->n_ended++;
	pthread_cond_signal(&p->left);
	bool last = p->orphan && p->n_ended == p->threads;
	pthread_mutex_unlock(&p->lock);
	if (last)
		pool_destroy(p);
	return NULL;
}

/* In the loop's thread, with a job that is in no list any more. */
static void deliver(struct pool *p, struct job *j, bool wanted)
{
	const char *name = j->name != NULL ? j->name : p->name;
	uint64_t token = loop_enter(p->loop, name);

	if (wanted && j->done != NULL)
		j->done(j);
	j->free(j);
	loop_leave(p->loop, name, token);
}

static void on_finished(struct post *post)
{
	struct pool *p = CONTAINER_OF(post, struct pool, post);
	struct list batch, *n;

	OBJ_CHECK(p, POOL_MAGIC);
	list_init(&batch);
	pthread_mutex_lock(&p->lock);
	list_splice(&batch, &p->finished);
	pthread_mutex_unlock(&p->lock);
	p->delivering = true;
	while ((n = list_pop(&batch)) != NULL) {
		struct job *j = LIST_ENTRY(n, struct job, node);
		pthread_mutex_lock(&p->lock);
		bool wanted = j->state == JOB_FINISHED;
		j->state = JOB_DELIVERING;
		pthread_mutex_unlock(&p->lock);
		deliver(p, j, wanted);
	}
	p->delivering = false;
}

int pool_submit(struct pool *p, struct job *j, struct err *e)
{
	OBJ_CHECK(p, POOL_MAGIC);
	ENSURE(j->run != NULL && j->free != NULL);
	ENSURE(j->state == JOB_IDLE);
	pthread_mutex_lock(&p->lock);
	unsigned idle = p->threads - p->n_running;
	if (p->stopping || p->n_queued >= p->bound + idle) {
		p->refused++;
		pthread_mutex_unlock(&p->lock);
		metric_inc(METRIC_JOBS_REFUSED);
		return ERR(e, ERR_UNAVAILABLE, "pool %s: the queue is full", p->name);
	}
	j->pool = p;
	j->state = JOB_QUEUED;
	j->queued_ms = clock_mono_ms();
	list_add_tail(&p->queued, &j->node);
	p->n_queued++;
	pthread_cond_signal(&p->work);
	pthread_mutex_unlock(&p->lock);
	return 0;
}

void job_cancel(struct job *j)
{
	struct pool *p = j->pool;
	bool free_now = false;

	if (p == NULL)
		return; /* never submitted */
	OBJ_CHECK(p, POOL_MAGIC);
	pthread_mutex_lock(&p->lock);
	switch (j->state) {
	case JOB_QUEUED:
		list_remove(&j->node);
		p->n_queued--;
		free_now = true;
		break;
	case JOB_RUNNING:
	case JOB_FINISHED:
		j->state = JOB_ABANDONED;
		break;
	default: /* abandoned already, or being delivered: free() follows */
		break;
	}
	pthread_mutex_unlock(&p->lock);
	if (free_now)
		j->free(j);
}

void pool_stats(struct pool *p, struct pool_stats *out)
{
	OBJ_CHECK(p, POOL_MAGIC);
	memset(out, 0, sizeof(*out));
	pthread_mutex_lock(&p->lock);
	out->queued = p->n_queued;
	out->running = p->n_running;
	out->threads = p->threads;
	out->done = p->done;
	out->refused = p->refused;
	if (!list_empty(&p->running)) { /* in the order in which they started */
		const struct job *j = LIST_ENTRY(p->running.next, struct job, node);
		out->oldest_running_ms = clock_mono_ms() - j->started_ms;
	}
	pthread_mutex_unlock(&p->lock);
}

/* Workers get no signals but those that their own instructions cause. */
static void block_signals(sigset_t *before)
{
	static const int synchronous[] = {SIGSEGV, SIGBUS,  SIGFPE, SIGILL,
					  SIGABRT, SIGTRAP, SIGSYS};
	sigset_t set;

	sigfillset(&set);
	for (size_t i = 0; i < ARRAY_LEN(synchronous); i++)
		sigdelset(&set, synchronous[i]);
	pthread_sigmask(SIG_SETMASK, &set, before);
}

static int start_threads(struct pool *p, unsigned wanted, struct err *e)
{
	sigset_t before;
	char name[16];
	int rc = 0;

	snprintf(name, sizeof(name), "%s", p->name);
	block_signals(&before);
	while (rc == 0 && p->threads < wanted) {
		rc = pthread_create(&p->thread[p->threads], NULL, worker, p);
		if (rc == 0)
			pthread_setname_np(p->thread[p->threads++], name);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc == 0 ? 0 : err_errno(e, rc, "pool %s: cannot start a thread", p->name);
}

struct pool *pool_new(struct loop *l, const struct pool_config *c, struct err *e)
{
	struct pool *p = NEW(struct pool);
	pthread_condattr_t attr;

	ENSURE(c->threads > 0 && c->threads <= 1024);
	OBJ_INIT(p, POOL_MAGIC);
	p->loop = l;
	p->name = c->name;
	p->bound = c->bound;
	p->thread_end = c->thread_end;
	p->thread = mem_calloc(c->threads, sizeof(*p->thread));
	p->post.fn = on_finished;
	p->post.name = "pool.finished";
	list_init(&p->queued);
	list_init(&p->running);
	list_init(&p->finished);
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&p->left, &attr);
	pthread_condattr_destroy(&attr);
	if (start_threads(p, c->threads, e) != 0) {
		(void)pool_free(p, 1000); /* the threads that did start are idle */
		return NULL;
	}
	return p;
}

/* With the lock held. False after ms. */
static bool wait_for_threads(struct pool *p, unsigned ms)
{
	struct timespec limit;

	clock_gettime(CLOCK_MONOTONIC, &limit);
	limit.tv_sec += ms / 1000;
	limit.tv_nsec += (long)(ms % 1000) * 1000000;
	if (limit.tv_nsec >= 1000000000) {
		limit.tv_nsec -= 1000000000;
		limit.tv_sec++;
	}
	while (p->n_ended < p->threads) {
		if (pthread_cond_timedwait(&p->left, &p->lock, &limit) == ETIMEDOUT)
			return p->n_ended >= p->threads;
	}
	return true;
}

static void free_jobs(struct pool *p, struct list *jobs)
{
	struct list *n;

	while ((n = list_pop(jobs)) != NULL)
		deliver(p, LIST_ENTRY(n, struct job, node), false);
}

bool pool_free(struct pool *p, unsigned ms)
{
	struct list back;

	if (p == NULL)
		return true;
	OBJ_CHECK(p, POOL_MAGIC);
	ENSURE(!p->delivering);
	list_init(&back);
	pthread_mutex_lock(&p->lock);
	p->stopping = true;
	list_splice(&back, &p->queued);
	p->n_queued = 0;
	pthread_cond_broadcast(&p->work);
	bool all = wait_for_threads(p, ms);
	p->lost = !all;
	list_splice(&back, &p->finished);
	pthread_mutex_unlock(&p->lock);
	loop_unpost(p->loop, &p->post);
	free_jobs(p, &back);
	for (unsigned i = 0; i < p->threads; i++) {
		if (all)
			pthread_join(p->thread[i], NULL);
		else
			pthread_detach(p->thread[i]);
	}
	pthread_mutex_lock(&p->lock);
	p->orphan = true; /* a worker that is late does the rest */
	bool last = p->n_ended == p->threads;
	pthread_mutex_unlock(&p->lock);
	if (last)
		pool_destroy(p);
	return all;
}
