/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_LOOP_JOB_H
#define SIGNET_LOOP_JOB_H

#include "loop/loop.h"

/*
 * job.h - bounded pools of worker threads for what may block or compute.
 *
 * Ownership: the maker allocates a job (embedded `struct job` first or anywhere), fills it with
 * *copies* of its input, and
 * submits it: from then on it is the pool's. A worker calls run() - the only code that runs off
 * the loop - then the job comes back to the loop
 * thread, where done() is called (posted, never inside submit), and then free(). job_cancel():
 * still queued - unlinked and freed now; running - done() is not
 * called, free() is when it comes back. run() never touches requests, flows, arenas of others, or
 * anything that a reload replaces.
 */
struct pool;

struct job {
	struct list node;
	struct pool *pool;
	const char *name;	    /* static */
	void (*run)(struct job *);  /* worker thread */
	void (*done)(struct job *); /* loop thread; may be NULL */
	void (*free)(struct job *); /* loop thread; must not be NULL */
	int state;		    /* private, under the pool's lock */
	uint64_t queued_ms, started_ms;
};

struct pool_config {
	const char *name;
	unsigned threads;
	unsigned bound;		  /* queued jobs at most; beyond it submit refuses */
	void (*thread_end)(void); /* on each worker as it ends (crypto_thread_end), or NULL */
};

struct pool *pool_new(struct loop *l, const struct pool_config *c, struct err *e) NODISCARD;
/* 0: the pool owns the job. -1 ERR_UNAVAILABLE: the queue is full; the caller still owns it. */
int pool_submit(struct pool *p, struct job *j, struct err *e) NODISCARD;
void job_cancel(struct job *j);
struct pool_stats {
	unsigned queued, running, threads;
	uint64_t oldest_running_ms; /* age of the longest-running job, 0 when none */
	uint64_t done, refused;
};
void pool_stats(struct pool *p, struct pool_stats *out);
/*
 * Stops taking jobs, waits for running ones at most ms, cancels queued ones, frees. true when all
 * threads ended
 * (a thread stuck in a vendor library is left behind, and the pool with it). */
bool pool_free(struct pool *p, unsigned ms);

#endif
