/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_STORE_PRIV_H
#define SIGNET_STORE_PRIV_H

#include "base/list.h"
#include "store/driver.h"

#include <pthread.h>

/*
 * priv.h - what the front (store.c), the threads (thread.c) and the merge (merge.c) share.
 *
 * A request is a heap object that owns copies of its input and, later, its result. It belongs to
 * one side at a time: loop (fresh list) -> queue -> thread -> done list -> loop, which frees it.
 * `asker` is the loop's alone: the armed wait, NULL after it was cancelled; only through it a
 * result reaches the caller's memory.
 */
#define MERGE_MAX      32
#define MERGE_BYTES    (1U << 20)
#define QUEUE_MAX      10000U
#define PAGE_ROWS_MAX  1000U
#define PAGE_BYTES_MAX (1U << 20)
#define PAGE_US	       5000U
#define STORE_MAGIC    0x53746f72U
#define REQ_MAGIC      0x53726571U

enum expect { EXPECT_NOTHING, EXPECT_ABSENT, EXPECT_VERSION };
enum action { ACT_NONE, ACT_PUT, ACT_PUT_IF_ABSENT, ACT_DEL };

struct batch_op {
	enum cf cf;
	enum expect expect;
	enum action action;
	uint64_t version;      /* expected */
	size_t key, key_n;     /* offsets into the batch's bytes */
	size_t value, value_n; /* with its prefix */
};

struct store_batch {
	struct buf bytes;
	struct batch_op *ops;
	size_t n, cap;
	unsigned preconditions;
	bool urgent;
};
struct str batch_key(const struct store_batch *b, const struct batch_op *op);
struct str batch_value(const struct store_batch *b, const struct batch_op *op);
uint64_t batch_new_version(const struct batch_op *op); /* that the row has after this put */

enum req_kind { REQ_COMMIT, REQ_GET, REQ_PAGE, REQ_BACKUP };

struct row_at {
	size_t key, key_n, value_n; /* in the page's bytes: key, then the value behind it */
};

struct req {
	uint32_t magic;
	enum req_kind kind;
	struct store *store;
	struct list node;
	struct wait *asker; /* loop only */
	bool waiting;	    /* in the readers' queue; under the lock */
	struct err err;
	/* commit */
	struct store_batch *batch;
	unsigned failed;
	bool accepted; /* preconditions hold, part of this merge's write */
	/* get and page */
	enum cf cf;
	struct buf from, to;
	unsigned limit;
	bool found, more;
	struct buf bytes;
	struct row_at *rows;
	size_t n_rows;
	uint64_t until_us;
	/* backup: its path is `from` */
};

struct store {
	uint32_t magic;
	struct loop *loop;
	struct driver *driver;
	char *path;
	uint64_t min_free, min_free_urgent;

	/* loop only */
	struct list fresh; /* commits of this iteration */
	unsigned n_fresh;
	struct post before_sleep, done_post;

	/* under lock */
	pthread_mutex_t lock;
	pthread_cond_t write_ready, read_ready;
	struct list writes, reads, done;
	unsigned n_writes, n_reads; /* waiting or in work */
	bool stopping;
	uint64_t commits, syncs, refused_full;

	/* writer only */
	int fullness; /* 0 room, 1 below min_free, 2 below min_free_urgent */

	pthread_t writer, *readers;
	unsigned n_readers;
	bool writer_runs;
};

struct req *req_new(struct store *s, enum req_kind kind, struct wait *asker);
void req_free(struct req *r);
/* Loop: to the writer, with this iteration's commits; refuses when too much waits. */
void queue_write(struct store *s, struct req *r);
int threads_start(struct store *s, unsigned readers, struct err *e) NODISCARD;
void threads_join(struct store *s); /* after they did everything that waits */
/* Around the start of a thread: signals are the loop's. */
void signals_block(sigset_t *before);
void signals_restore(const sigset_t *before);
/* Writer: decides and writes at most MERGE_MAX commits, filling their err and failed. true when
 * something was synced. */
bool merge_write(struct store *s, struct list *commits);
/* Writer: makes the copy (backup.c). */
void backup_make(struct store *s, struct req *r);
/* Any thread. `cached`: false when the answer is not in memory, and nothing was done. */
bool read_get(struct store *s, struct req *r, bool cached);
void read_page(struct store *s, struct req *r);
/* Any thread: to the done list, and wakes the loop. Takes all of `list`; lock not held. */
void requests_done(struct store *s, struct list *list);

/* inject.c: what SIGNET_TEST_STORE_FILE wants; a normal build has none of it. */
#ifdef ENABLE_TEST_HOOKS
int inject_write(struct err *e) NODISCARD; /* writer, before each write */
int inject_read(struct err *e) NODISCARD;  /* a reader, before each read */
bool inject_reads(void);		   /* reads must go to the readers, not to the cache */
#else
#define inject_write(e) 0
#define inject_read(e)	0
#define inject_reads()	false
#endif

#endif
