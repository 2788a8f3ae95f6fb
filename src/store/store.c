/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/file.h"
#include "base/mem.h"
#include "store/priv.h"

/*
 * store.c - the loop's side: batches, handing over, and bringing results back.
 *
 * Guarantees: nothing completes inside the call that started it - also what fails at once, or is
 * read from the cache at once, goes through the done list. The commits of one iteration reach the
 * writer together, so that it can merge them. A result is copied into the caller's memory (its
 * arena) only while its wait is armed: cancelling sets req->asker to NULL, and the request goes on
 * alone.
 *
 * To add a kind of request: enum req_kind, its start function here or beside its work (backup.c),
 * its work in thread.c, and its case in deliver().
 */
static const char *const cf_names[CF_COUNT] = {
	[CF_META] = "meta",
	[CF_CERT] = "cert",
	[CF_CERT_BY_EXPIRY] = "cert_by_expiry",
	[CF_CERT_BY_NAME] = "cert_by_name",
	[CF_CERT_BY_ENDPOINT] = "cert_by_endpoint",
	[CF_ENDPOINT] = "endpoint",
	[CF_REVOKED] = "revoked",
	[CF_ONCE] = "once",
	[CF_RESERVATION] = "reservation",
	[CF_AUDIT] = "audit",
	[CF_BLOCKED_KEY] = "blocked_key",
	[CF_INVENTORY] = "inventory",
	[CF_INVENTORY_RECORD] = "inventory_record",
};

const char *cf_name(enum cf cf)
{
	ENSURE((unsigned)cf < CF_COUNT);
	return cf_names[cf];
}

/* ---- batches ---- */

struct store_batch *store_batch_new(struct store *s)
{
	OBJ_CHECK(s, STORE_MAGIC);
	return NEW(struct store_batch);
}

void store_batch_free(struct store_batch *b)
{
	if (!b)
		return;
	buf_release(&b->bytes);
	mem_free(b->ops);
	mem_free(b);
}

struct str batch_key(const struct store_batch *b, const struct batch_op *op)
{
	return str_mem(b->bytes.p + op->key, op->key_n);
}

struct str batch_value(const struct store_batch *b, const struct batch_op *op)
{
	return str_mem(b->bytes.p + op->value, op->value_n);
}

uint64_t batch_new_version(const struct batch_op *op)
{
	switch (op->expect) {
	case EXPECT_ABSENT:
		return 1;
	case EXPECT_VERSION:
		return op->version + 1;
	case EXPECT_NOTHING:
		break;
	}
	return op->action == ACT_PUT_IF_ABSENT ? 1 : 0;
}

static struct batch_op *batch_add(struct store_batch *b, enum cf cf, struct str key)
{
	struct batch_op *op;

	ENSURE(b != NULL && (unsigned)cf < CF_COUNT);
	if (b->n == b->cap) {
		b->cap = b->cap ? b->cap * 2 : 8;
		b->ops = mem_realloc(b->ops, b->cap * sizeof(*b->ops));
	}
	op = &b->ops[b->n++];
	*op = (struct batch_op){.cf = cf, .key = b->bytes.n, .key_n = key.n};
	buf_str(&b->bytes, key);
	return op;
}

static void batch_set_value(struct store_batch *b, struct batch_op *op, struct str value)
{
	unsigned char v[VERSION_SIZE];

	version_put(v, batch_new_version(op));
	op->value = b->bytes.n;
	op->value_n = VERSION_SIZE + value.n;
	buf_add(&b->bytes, v, sizeof(v));
	buf_str(&b->bytes, value);
}

void store_put(struct store_batch *b, enum cf cf, struct str key, struct str value)
{
	struct batch_op *op = batch_add(b, cf, key);

	op->action = ACT_PUT;
	batch_set_value(b, op, value);
}

void store_del(struct store_batch *b, enum cf cf, struct str key)
{
	batch_add(b, cf, key)->action = ACT_DEL;
}

unsigned store_expect_absent(struct store_batch *b, enum cf cf, struct str key)
{
	batch_add(b, cf, key)->expect = EXPECT_ABSENT;
	return b->preconditions++;
}

unsigned store_expect_version(struct store_batch *b, enum cf cf, struct str key, uint64_t version)
{
	struct batch_op *op = batch_add(b, cf, key);

	op->expect = EXPECT_VERSION;
	op->version = version;
	return b->preconditions++;
}

unsigned store_put_absent(struct store_batch *b, enum cf cf, struct str key, struct str value)
{
	struct batch_op *op = batch_add(b, cf, key);

	op->expect = EXPECT_ABSENT;
	op->action = ACT_PUT;
	batch_set_value(b, op, value);
	return b->preconditions++;
}

unsigned store_put_version(struct store_batch *b, enum cf cf, struct str key, struct str value,
			   uint64_t version)
{
	struct batch_op *op = batch_add(b, cf, key);

	op->expect = EXPECT_VERSION;
	op->version = version;
	op->action = ACT_PUT;
	batch_set_value(b, op, value);
	return b->preconditions++;
}

void store_put_if_absent(struct store_batch *b, enum cf cf, struct str key, struct str value)
{
	struct batch_op *op = batch_add(b, cf, key);

	op->action = ACT_PUT_IF_ABSENT;
	batch_set_value(b, op, value);
}

void store_batch_urgent(struct store_batch *b)
{
	b->urgent = true;
}

/* ---- requests ---- */

struct req *req_new(struct store *s, enum req_kind kind, struct wait *asker)
{
	struct req *r = NEW(struct req);

	OBJ_CHECK(s, STORE_MAGIC);
	OBJ_INIT(r, REQ_MAGIC);
	r->store = s;
	r->kind = kind;
	r->asker = asker;
	return r;
}

void req_free(struct req *r)
{
	OBJ_CHECK(r, REQ_MAGIC);
	store_batch_free(r->batch);
	buf_release(&r->from);
	buf_release(&r->to);
	buf_release(&r->bytes);
	mem_free(r->rows);
	OBJ_DEAD(r);
	mem_free(r);
}

static void done_one(struct store *s, struct req *r)
{
	struct list one;

	list_init(&one);
	list_add_tail(&one, &r->node);
	requests_done(s, &one);
}

static void on_commit_cancel(struct wait *w)
{
	struct store_commit *c = CONTAINER_OF(w, struct store_commit, wait);
	struct req *r = c->link;

	OBJ_CHECK(r, REQ_MAGIC);
	r->asker = NULL;
	c->link = NULL;
}

/* A read that no reader has taken yet goes at once; another goes on without an asker, and deliver()
 * frees it. */
static void read_cancel(struct req *r)
{
	struct store *s = r->store;
	bool waiting;

	OBJ_CHECK(r, REQ_MAGIC);
	r->asker = NULL;
	pthread_mutex_lock(&s->lock);
	waiting = r->waiting;
	if (waiting) {
		list_remove(&r->node);
		s->n_reads--;
	}
	pthread_mutex_unlock(&s->lock);
	if (waiting)
		req_free(r);
}

static void on_get_cancel(struct wait *w)
{
	struct store_get *g = CONTAINER_OF(w, struct store_get, wait);

	read_cancel(g->link);
	g->link = NULL;
}

static void on_page_cancel(struct wait *w)
{
	struct store_page *p = CONTAINER_OF(w, struct store_page, wait);

	read_cancel(p->link);
	p->link = NULL;
}

void store_commit(struct store *s, struct store_batch *b, struct store_commit *c, struct flow *f,
		  uint64_t deadline_ms)
{
	struct req *r = req_new(s, REQ_COMMIT, &c->wait);

	ENSURE(b != NULL);
	r->batch = b;
	c->failed = 0;
	c->link = r;
	wait_arm(&c->wait, f, "store.commit", deadline_ms, on_commit_cancel);
	queue_write(s, r);
}

void queue_write(struct store *s, struct req *r)
{
	unsigned waiting;

	pthread_mutex_lock(&s->lock);
	waiting = s->n_writes;
	pthread_mutex_unlock(&s->lock);
	if (waiting + s->n_fresh >= QUEUE_MAX) {
		(void)ERR(&r->err, ERR_UNAVAILABLE, "store: %u writes are waiting already",
			  QUEUE_MAX);
		done_one(s, r);
		return;
	}
	list_add_tail(&s->fresh, &r->node);
	s->n_fresh++;
}

static void hand_over(struct store *s)
{
	if (list_empty(&s->fresh))
		return;
	pthread_mutex_lock(&s->lock);
	list_splice(&s->writes, &s->fresh);
	s->n_writes += s->n_fresh;
	pthread_cond_signal(&s->write_ready);
	pthread_mutex_unlock(&s->lock);
	s->n_fresh = 0;
}

static void on_before_sleep(struct post *p)
{
	hand_over(CONTAINER_OF(p, struct store, before_sleep));
}

static void queue_read(struct store *s, struct req *r)
{
	bool full;

	pthread_mutex_lock(&s->lock);
	full = s->n_reads >= QUEUE_MAX;
	if (!full) {
		list_add_tail(&s->reads, &r->node);
		r->waiting = true;
		s->n_reads++;
		pthread_cond_signal(&s->read_ready);
	}
	pthread_mutex_unlock(&s->lock);
	if (full) {
		(void)ERR(&r->err, ERR_UNAVAILABLE, "store: %u reads are waiting already",
			  QUEUE_MAX);
		done_one(s, r);
	}
}

void store_get(struct store *s, enum cf cf, struct str key, struct store_get *g, struct flow *f,
	       uint64_t deadline_ms)
{
	struct req *r = req_new(s, REQ_GET, &g->wait);

	ENSURE((unsigned)cf < CF_COUNT && g->arena != NULL);
	r->cf = cf;
	buf_str(&r->from, key);
	g->found = false;
	g->value = STR_NULL;
	g->version = 0;
	g->link = r;
	wait_arm(&g->wait, f, "store.get", deadline_ms, on_get_cancel);
	if (read_get(s, r, true))
		done_one(s, r);
	else
		queue_read(s, r);
}

void store_page(struct store *s, enum cf cf, struct str from, struct str to, unsigned limit,
		struct store_page *p, struct flow *f, uint64_t deadline_ms)
{
	struct req *r = req_new(s, REQ_PAGE, &p->wait);

	ENSURE((unsigned)cf < CF_COUNT && p->arena != NULL);
	ENSURE(limit >= 1 && limit <= PAGE_ROWS_MAX);
	r->cf = cf;
	r->limit = limit;
	buf_str(&r->from, from);
	buf_str(&r->to, to);
	p->rows = NULL;
	p->n = 0;
	p->more = false;
	p->link = r;
	wait_arm(&p->wait, f, "store.page", deadline_ms, on_page_cancel);
	queue_read(s, r);
}

/* ---- results ---- */

static void deliver_get(struct req *r, struct store_get *g)
{
	struct str stored = buf_view(&r->bytes);

	g->link = NULL;
	g->found = r->found;
	if (!r->found || r->err.code != ERR_OK)
		return;
	g->version = version_get(stored);
	g->value = arena_str(g->arena, str_mem(stored.p + VERSION_SIZE, stored.n - VERSION_SIZE));
}

static void deliver_page(struct req *r, struct store_page *p)
{
	const char *bytes;

	p->link = NULL;
	if (r->err.code != ERR_OK)
		return;
	p->more = r->more;
	p->n = r->n_rows;
	if (r->n_rows == 0)
		return;
	bytes = arena_dup(p->arena, r->bytes.p, r->bytes.n);
	p->rows = ARENA_ARRAY(p->arena, struct store_row, r->n_rows);
	for (size_t i = 0; i < r->n_rows; i++) {
		const struct row_at *at = &r->rows[i];
		struct str stored = str_mem(bytes + at->key + at->key_n, at->value_n);

		p->rows[i].key = str_mem(bytes + at->key, at->key_n);
		p->rows[i].version = version_get(stored);
		p->rows[i].value = str_mem(stored.p + VERSION_SIZE, stored.n - VERSION_SIZE);
	}
}

static void deliver(struct req *r)
{
	struct wait *w = r->asker;
	struct store_commit *c;

	OBJ_CHECK(r, REQ_MAGIC);
	if (w) {
		switch (r->kind) {
		case REQ_COMMIT:
			c = CONTAINER_OF(w, struct store_commit, wait);
			c->link = NULL;
			c->failed = r->failed;
			break;
		case REQ_GET:
			deliver_get(r, CONTAINER_OF(w, struct store_get, wait));
			break;
		case REQ_PAGE:
			deliver_page(r, CONTAINER_OF(w, struct store_page, wait));
			break;
		case REQ_BACKUP:
			CONTAINER_OF(w, struct store_backup, wait)->link = NULL;
			break;
		}
		wait_done(w, r->err.code == ERR_OK ? NULL : &r->err);
	}
	req_free(r);
}

static void deliver_all(struct store *s)
{
	struct list done, *n;

	list_init(&done);
	pthread_mutex_lock(&s->lock);
	list_splice(&done, &s->done);
	pthread_mutex_unlock(&s->lock);
	while ((n = list_pop(&done)))
		deliver(LIST_ENTRY(n, struct req, node));
}

static void on_done(struct post *p)
{
	deliver_all(CONTAINER_OF(p, struct store, done_post));
}

/* ---- open and close ---- */

static const struct driver_ops *driver_find(const char *name, struct err *e)
{
	static const struct driver_ops *const all[] = {&driver_rocksdb, &driver_memory};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (name && strcmp(all[i]->name, name) == 0)
			return all[i];
	(void)ERR(e, ERR_INVALID, "store: driver \"%s\" is unknown: use rocksdb or memory",
		  name ? name : "");
	return NULL;
}

static struct store *store_init(struct loop *l, const struct store_config *c, struct driver *d)
{
	struct store *s = NEW(struct store);

	OBJ_INIT(s, STORE_MAGIC);
	s->loop = l;
	s->driver = d;
	s->path = mem_strdup(c->path ? c->path : "");
	s->min_free = c->min_free;
	s->min_free_urgent = c->min_free_urgent < c->min_free ? c->min_free_urgent : c->min_free;
	list_init(&s->fresh);
	list_init(&s->writes);
	list_init(&s->reads);
	list_init(&s->done);
	s->before_sleep = (struct post){.fn = on_before_sleep, .name = "store.hand_over"};
	s->done_post = (struct post){.fn = on_done, .name = "store.done"};
	ENSURE(pthread_mutex_init(&s->lock, NULL) == 0);
	ENSURE(pthread_cond_init(&s->write_ready, NULL) == 0);
	ENSURE(pthread_cond_init(&s->read_ready, NULL) == 0);
	return s;
}

static void store_free(struct store *s)
{
	s->driver->ops->close(s->driver);
	pthread_cond_destroy(&s->read_ready);
	pthread_cond_destroy(&s->write_ready);
	pthread_mutex_destroy(&s->lock);
	mem_free(s->path);
	mem_free(s->readers);
	OBJ_DEAD(s);
	mem_free(s);
}

static struct driver *driver_open(const struct store_config *c, struct err *e)
{
	const struct driver_ops *ops = driver_find(c->driver, e);
	struct driver *d;
	sigset_t before;

	if (!ops)
		return NULL;
	signals_block(&before); /* a driver's own threads inherit it */
	d = ops->open(c, e);
	signals_restore(&before);
	if (d && schema_check(d, c->path, e) != 0) {
		ops->close(d);
		return NULL;
	}
	return d;
}

struct store *store_open(struct loop *l, const struct store_config *c, struct err *e)
{
	struct driver *d = driver_open(c, e);
	struct store *s;

	if (!d)
		return NULL;
	s = store_init(l, c, d);
	if (threads_start(s, c->readers ? c->readers : 1, e) != 0) {
		threads_join(s);
		store_free(s);
		return NULL;
	}
	loop_before_sleep(l, &s->before_sleep);
	return s;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	OBJ_CHECK(s, STORE_MAGIC);
	loop_unpost(s->loop, &s->before_sleep);
	hand_over(s);
	threads_join(s);
	deliver_all(s);
	loop_unpost(s->loop, &s->done_post);
	store_free(s);
}

void store_stats(struct store *s, struct store_stats *out)
{
	OBJ_CHECK(s, STORE_MAGIC);
	pthread_mutex_lock(&s->lock);
	*out = (struct store_stats){
		.commits = s->commits,
		.syncs = s->syncs,
		.refused_full = s->refused_full,
		.queued = s->n_writes + s->n_fresh,
		.driver = s->driver->ops->name,
	};
	pthread_mutex_unlock(&s->lock);
}
