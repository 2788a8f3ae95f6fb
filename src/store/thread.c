/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/clock.h"
#include "base/mem.h"
#include "store/priv.h"

/*
 * thread.c - the writer and the readers. One lock guards the three lists between them and the loop;
 * it is never held while a driver works. Each thread ends when the store is stopping and its queue
 * is empty, so that closing finishes what was accepted.
 */
void requests_done(struct store *s, struct list *list)
{
	pthread_mutex_lock(&s->lock);
	list_splice(&s->done, list);
	pthread_mutex_unlock(&s->lock);
	loop_post_remote(s->loop, &s->done_post);
}

/* ---- writer ---- */

/* Takes what waits, within the bounds of one merge; a backup goes alone. Lock held. */
static unsigned take_writes(struct store *s, struct list *out)
{
	unsigned count = 0;
	size_t bytes = 0;

	while (!list_empty(&s->writes) && count < MERGE_MAX) {
		struct req *r = LIST_ENTRY(s->writes.next, struct req, node);

		bool alone = r->kind == REQ_BACKUP;

		if (count > 0 && (alone || bytes + r->batch->bytes.n > MERGE_BYTES))
			break;
		list_remove(&r->node);
		list_add_tail(out, &r->node);
		count++;
		if (alone)
			break;
		bytes += r->batch->bytes.n;
	}
	return count;
}

static void count_merge(struct store *s, struct list *merge, unsigned count, bool synced)
{
	struct list *n;

	pthread_mutex_lock(&s->lock);
	LIST_EACH(n, merge)
	{
		const struct req *r = LIST_ENTRY(n, struct req, node);

		if (r->kind != REQ_COMMIT)
			continue;
		if (r->err.code == ERR_OK)
			s->commits++;
		else if (!r->accepted && r->err.code == ERR_UNAVAILABLE)
			s->refused_full++;
	}
	s->syncs += synced;
	s->n_writes -= count;
	pthread_mutex_unlock(&s->lock);
}

static void *writer_main(void *arg)
{
	struct store *s = arg;

	OBJ_CHECK(s, STORE_MAGIC);
	for (;;) {
		struct list merge;
		unsigned count;
		struct req *first;
		bool synced = false;

		list_init(&merge);
		pthread_mutex_lock(&s->lock);
		while (list_empty(&s->writes) && !s->stopping)
			pthread_cond_wait(&s->write_ready, &s->lock);
		count = take_writes(s, &merge);
		pthread_mutex_unlock(&s->lock);
		if (count == 0)
			return NULL;
		first = LIST_ENTRY(merge.next, struct req, node);
		if (first->kind == REQ_BACKUP)
			backup_make(s, first);
		else
			synced = merge_write(s, &merge);
		count_merge(s, &merge, count, synced);
		requests_done(s, &merge);
	}
}

/* ---- readers ---- */

bool read_get(struct store *s, struct req *r, bool cached)
{
	int rc;

	if (cached && inject_reads())
		return false;
	if (!cached && inject_read(&r->err) != 0)
		return true;
	rc = s->driver->ops->get(s->driver, r->cf, buf_view(&r->from), cached, &r->bytes, &r->err);
	if (rc == DRIVER_NOT_CACHED)
		return false;
	if (rc == DRIVER_FOUND && r->bytes.n < VERSION_SIZE)
		(void)ERR(&r->err, ERR_INTERNAL,
			  "store: a row of %s has no version: the store is damaged",
			  cf_name(r->cf));
	r->found = rc == DRIVER_FOUND;
	return true;
}

static bool on_row(void *arg, struct str key, struct str value)
{
	struct req *r = arg;

	OBJ_CHECK(r, REQ_MAGIC);
	if (r->n_rows > 0 &&
	    (r->n_rows == r->limit || r->bytes.n + key.n + value.n > PAGE_BYTES_MAX ||
	     (r->n_rows % 16 == 0 && clock_mono_us() > r->until_us))) {
		r->more = true;
		return false;
	}
	if (value.n < VERSION_SIZE) {
		(void)ERR(&r->err, ERR_INTERNAL,
			  "store: a row of %s has no version: the store is damaged",
			  cf_name(r->cf));
		return false;
	}
	r->rows[r->n_rows++] =
		(struct row_at){.key = r->bytes.n, .key_n = key.n, .value_n = value.n};
	buf_str(&r->bytes, key);
	buf_str(&r->bytes, value);
	return true;
}

void read_page(struct store *s, struct req *r)
{
	const struct driver_visit v = {.row = on_row, .arg = r};
	struct err e = ERR_INIT;

	r->rows = mem_calloc(r->limit, sizeof(*r->rows));
	if (inject_read(&r->err) != 0)
		return;
	r->until_us = clock_mono_us() + PAGE_US;
	if (s->driver->ops->range(s->driver, r->cf, buf_view(&r->from), buf_view(&r->to), &v, &e) !=
	    0)
		r->err = e;
}

static void *reader_main(void *arg)
{
	struct store *s = arg;

	OBJ_CHECK(s, STORE_MAGIC);
	for (;;) {
		struct list one, *n;
		struct req *r;

		pthread_mutex_lock(&s->lock);
		while (list_empty(&s->reads) && !s->stopping)
			pthread_cond_wait(&s->read_ready, &s->lock);
		n = list_pop(&s->reads);
		if (n)
			LIST_ENTRY(n, struct req, node)->waiting = false;
		pthread_mutex_unlock(&s->lock);
		if (!n)
			return NULL;
		r = LIST_ENTRY(n, struct req, node);
		if (r->kind == REQ_GET)
			(void)read_get(s, r, false);
		else
			read_page(s, r);
		pthread_mutex_lock(&s->lock);
		s->n_reads--;
		pthread_mutex_unlock(&s->lock);
		list_init(&one);
		list_add_tail(&one, n);
		requests_done(s, &one);
	}
}

/* ---- start and end ---- */

void signals_block(sigset_t *before)
{
	static const int synchronous[] = {SIGSEGV, SIGBUS,  SIGFPE, SIGILL,
					  SIGABRT, SIGTRAP, SIGSYS};
	sigset_t set;

	sigfillset(&set);
	for (size_t i = 0; i < ARRAY_LEN(synchronous); i++)
		sigdelset(&set, synchronous[i]);
	ENSURE(pthread_sigmask(SIG_SETMASK, &set, before) == 0);
}

void signals_restore(const sigset_t *before)
{
	ENSURE(pthread_sigmask(SIG_SETMASK, before, NULL) == 0);
}

static int thread_start(pthread_t *t, void *(*run)(void *), struct store *s, const char *name,
			struct err *e)
{
	sigset_t before;
	int rc;

	signals_block(&before);
	rc = pthread_create(t, NULL, run, s);
	if (rc == 0)
		pthread_setname_np(*t, name);
	signals_restore(&before);
	return rc == 0 ? 0 : err_errno(e, rc, "store: cannot start a thread");
}

int threads_start(struct store *s, unsigned readers, struct err *e)
{
	s->readers = mem_calloc(readers, sizeof(*s->readers));
	if (thread_start(&s->writer, writer_main, s, "store-write", e) != 0)
		return -1;
	s->writer_runs = true;
	for (unsigned i = 0; i < readers; i++) {
		if (thread_start(&s->readers[i], reader_main, s, "store-read", e) != 0)
			return -1;
		s->n_readers++;
	}
	return 0;
}

void threads_join(struct store *s)
{
	pthread_mutex_lock(&s->lock);
	s->stopping = true;
	pthread_cond_broadcast(&s->write_ready);
	pthread_cond_broadcast(&s->read_ready);
	pthread_mutex_unlock(&s->lock);
	if (s->writer_runs)
		pthread_join(s->writer, NULL);
	for (unsigned i = 0; i < s->n_readers; i++)
		pthread_join(s->readers[i], NULL);
}
