/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/file.h"
#include "base/hook.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/metric.h"
#include "store/priv.h"

/*
 * merge.c - many commits, one synced write (writer thread).
 *
 * The commits are decided in the order in which they were asked for. An overlay holds what the
 * accepted ones will have written, so that a later commit of the same merge sees it: the
 * preconditions of a commit are looked up in the overlay, then in the driver, all of them before
 * its own writes count. One whose precondition fails adds nothing and stops nobody else. Then
 * everything accepted becomes one write; when that fails, each of its commits ends with the error.
 *
 * The disk's reserve is checked once per merge, before anything is decided: RocksDB aborts the
 * process on a full disk.
 */
struct seen {
	bool present;
	uint64_t version;
};

struct merge {
	struct store *store;
	struct map *overlay;
	struct buf key; /* scratch: column family, key */
	struct driver_op *ops;
	size_t n, cap;
};

static struct str overlay_key(struct merge *m, enum cf cf, struct str key)
{
	buf_reset(&m->key);
	buf_u8(&m->key, (uint8_t)cf);
	buf_str(&m->key, key);
	return buf_view(&m->key);
}

static int look_up(struct merge *m, enum cf cf, struct str key, struct seen *out, struct err *e)
{
	struct driver *d = m->store->driver;
	const struct seen *known = map_get(m->overlay, overlay_key(m, cf, key));
	struct buf stored = BUF_INIT;
	int rc;

	if (known) {
		*out = *known;
		return 0;
	}
	*out = (struct seen){0};
	rc = d->ops->get(d, cf, key, false, &stored, e);
	if (rc == DRIVER_FOUND && stored.n < VERSION_SIZE) {
		rc = ERR(e, ERR_INTERNAL, "store: a row of %s has no version: the store is damaged",
			 cf_name(cf));
	} else if (rc == DRIVER_FOUND) {
		out->present = true;
		out->version = version_get(buf_view(&stored));
	}
	buf_release(&stored);
	return rc < 0 ? -1 : 0;
}

static void overlay_set(struct merge *m, enum cf cf, struct str key, struct seen now)
{
	struct seen *v = NEW(struct seen);

	*v = now;
	mem_free(map_put(m->overlay, overlay_key(m, cf, key), v));
}

static int check(struct merge *m, struct req *r)
{
	const struct store_batch *b = r->batch;
	unsigned index = 0;

	for (size_t i = 0; i < b->n; i++) {
		const struct batch_op *op = &b->ops[i];
		struct seen now;
		bool holds;

		if (op->expect == EXPECT_NOTHING)
			continue;
		if (look_up(m, op->cf, batch_key(b, op), &now, &r->err) != 0)
			return -1;
		holds = op->expect == EXPECT_ABSENT ? !now.present
						    : now.present && now.version == op->version;
		if (!holds) {
			r->failed = index;
			return ERR(&r->err, ERR_CONFLICT,
				   "store: precondition %u does not hold: a row of %s %s", index,
				   cf_name(op->cf),
				   op->expect == EXPECT_ABSENT ? "is there already"
				   : now.present	       ? "has another version"
							       : "is not there");
		}
		index++;
	}
	return 0;
}

static void emit(struct merge *m, const struct store_batch *b, const struct batch_op *op)
{
	bool del = op->action == ACT_DEL;
	struct str key = batch_key(b, op);

	if (m->n == m->cap) {
		m->cap = m->cap ? m->cap * 2 : 64;
		m->ops = mem_realloc(m->ops, m->cap * sizeof(*m->ops));
	}
	m->ops[m->n++] = (struct driver_op){
		.cf = op->cf, .del = del, .key = key, .value = del ? STR_NULL : batch_value(b, op)};
	overlay_set(m, op->cf, key,
		    (struct seen){.present = !del, .version = del ? 0 : batch_new_version(op)});
}

/* Rows for put_if_absent are looked up first, so that a failing read leaves the merge as it was. */
static int apply(struct merge *m, struct req *r)
{
	const struct store_batch *b = r->batch;
	struct seen now;

	for (size_t i = 0; i < b->n; i++)
		if (b->ops[i].action == ACT_PUT_IF_ABSENT) {
			if (look_up(m, b->ops[i].cf, batch_key(b, &b->ops[i]), &now, &r->err) != 0)
				return -1;
			overlay_set(m, b->ops[i].cf, batch_key(b, &b->ops[i]), now);
		}
	for (size_t i = 0; i < b->n; i++) {
		const struct batch_op *op = &b->ops[i];

		if (op->action == ACT_NONE)
			continue;
		if (op->action == ACT_PUT_IF_ABSENT) {
			const struct seen *s =
				map_get(m->overlay, overlay_key(m, op->cf, batch_key(b, op)));

			if (s && s->present)
				continue;
		}
		emit(m, b, op);
	}
	return 0;
}

/* ---- the disk's reserve ---- */

static unsigned long long mib(uint64_t bytes)
{
	return (unsigned long long)(bytes >> 20);
}

static void note_fullness(struct store *s, uint64_t free_bytes)
{
	int now = (free_bytes < s->min_free) + (free_bytes < s->min_free_urgent);

	if (now > s->fullness)
		log_error("store.full", F_C("path", s->path), F_U("free_mib", mib(free_bytes)),
			  F_U("kept_back_mib", mib(now == 2 ? s->min_free_urgent : s->min_free)),
			  F_C("effect", now == 2 ? "nothing can be written"
						 : "no certificate can be issued"));
	else if (now == 0 && s->fullness != 0)
		log_info("store.full_over", F_C("path", s->path), F_U("free_mib", mib(free_bytes)));
	s->fullness = now;
}

/* Ends the commits for which there is no room; the rest stays in the list. */
static void check_room(struct store *s, struct list *commits, struct list *refused)
{
	struct list *n, *tmp;
	uint64_t free_bytes = 0;
	struct err e = ERR_INIT;

	if (!s->driver->ops->on_disk)
		return;
	if (file_free_space(s->path, &free_bytes, &e) == 0)
		note_fullness(s, free_bytes);
	LIST_EACH_SAFE(n, tmp, commits)
	{
		struct req *r = LIST_ENTRY(n, struct req, node);
		uint64_t kept = r->batch->urgent ? s->min_free_urgent : s->min_free;

		if (e.code != ERR_OK) {
			r->err = e;
		} else if (free_bytes < kept) {
			(void)ERR(&r->err, ERR_UNAVAILABLE,
				  "store: disk is nearly full: %llu MiB free, "
				  "%llu MiB are kept back",
				  mib(free_bytes), mib(kept));
			metric_inc(METRIC_STORE_REFUSED_FULL);
		} else {
			continue;
		}
		list_remove(n);
		list_add_tail(refused, n);
	}
}

static bool write_accepted(struct store *s, struct merge *m, struct list *commits)
{
	struct err e = ERR_INIT;
	struct list *n;
	int rc = 0;

	test_crash("store.before_write");
	if (m->n > 0)
		rc = inject_write(&e);
	if (m->n > 0 && rc == 0)
		rc = s->driver->ops->write(s->driver, m->ops, m->n, &e);
	test_crash("store.after_write");
	if (rc == 0 && m->n > 0)
		metric_inc(METRIC_STORE_SYNCS);
	if (rc == 0)
		return m->n > 0;
	LIST_EACH(n, commits)
	{
		struct req *r = LIST_ENTRY(n, struct req, node);

		if (r->accepted)
			r->err = e;
	}
	return false;
}

bool merge_write(struct store *s, struct list *commits)
{
	struct merge m = {.store = s, .overlay = map_new()};
	struct list refused, *n;
	bool synced;

	list_init(&refused);
	check_room(s, commits, &refused);
	LIST_EACH(n, commits)
	{
		struct req *r = LIST_ENTRY(n, struct req, node);

		r->accepted = check(&m, r) == 0 && apply(&m, r) == 0;
	}
	synced = write_accepted(s, &m, commits);
	LIST_EACH(n, commits)
	{
		if (LIST_ENTRY(n, struct req, node)->err.code == ERR_OK)
			metric_inc(METRIC_STORE_COMMITS);
	}
	list_splice(commits, &refused);
	map_free(m.overlay, mem_free);
	buf_release(&m.key);
	mem_free(m.ops);
	return synced;
}
