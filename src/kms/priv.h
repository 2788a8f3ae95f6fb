/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_KMS_PRIV_H
#define SIGNET_KMS_PRIV_H

#include "base/bug.h"
#include "base/list.h"
#include "kms/kms.h"
#include "kms/worker.h"

/*
 * priv.h - a key's state, shared by kms.c (its life) and sign.c (slots, queue, breaker). Everything
 * is the loop's, but `opened`, which does not change once the key is ready.
 *
 * A worker needs a key handle of its own (wolfCrypt keeps scratch in it). Workers share no list,
 * since only pools have locks: the loop gives each job a handle as it hands it to the pool, and
 * takes it back with the job. There are two per worker, so that the next job waits in the pool
 * while one runs; what is beyond waits in `queue`.
 */
#define KMS_MAGIC	  0x6b6d736bU
#define KMS_RETRY_MS	  30000U
#define KMS_BREAKER_AFTER 5U
#define KMS_BREAKER_MS	  5000U
#define KMS_WORKERS_MAX	  64U
#define KMS_CLOSE_MS	  2000U

struct kms_handle {
	struct list node;
	struct key *key;
};

struct kms_key {
	uint32_t magic;
	struct loop *loop;
	struct pool *pool;
	char *pool_name, *name, *uri, *dir;
	struct buf cert, issuer;
	enum sig_alg alg;
	char id[33];
	unsigned workers;

	enum kms_state state;
	struct err why;
	struct timer retry;
	unsigned retry_ms;
	struct kms_opened opened;
	struct list handles; /* free ones */

	unsigned slots, slots_max;
	struct list queue, all; /* struct sign_req: not yet in the pool; every one */
	unsigned n_queue;
	bool closing, gone; /* gone: the pool has ended, the last slot frees the key */

	unsigned failures_in_row, breaker_ms;
	bool breaker_open;
	uint64_t next_try_ms;
	uint64_t signatures, failures, late;
};

void kms_dispatch(struct kms_key *k);
void kms_end_all(struct kms_key *k, const struct err *why);
void kms_maybe_free(struct kms_key *k);
void kms_handles_free(struct list *handles);

#endif
