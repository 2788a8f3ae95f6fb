/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ca/inventory_priv.h"

#include "base/bug.h"

/*
 * inventory_merge.c - the records of an import put over those of a list.
 *
 * Few records (SMALL_ROWS, SMALL_BYTES) become puts in the very commit that changes the list's row:
 * all of them are read, and for each it is looked whether the list has the key, for the count.
 *
 * More would be too much for one commit. Then it is the list's other records that are copied to the
 * rows of the import: both are walked in the order of their keys, as when two sorted lists are
 * merged, a page of each at a time. What is copied behind the import's own walk is never met by it,
 * since the walk has passed there. Afterwards the import's generation is the whole list.
 */
#define SMALL_ROWS  1000U
#define SMALL_BYTES (1U << 20)
#define PAGE_ROWS   1000U
#define SLICE_BYTES (512U << 10)

/* A walk through the rows of a generation. */
struct walk {
	uint64_t generation;
	struct arena *arena; /* of the page */
	struct store_page page;
	struct buf from; /* the key to go on with */
	size_t at;
	bool begun, fetching;
};

struct inventory_merge_state {
	struct arena *arena;
	struct walk list, import;
	bool committing;
	struct store_commit commit;
	uint64_t copied;
	/* small */
	struct str *keys, *values;
	size_t n, at;
	uint64_t known; /* keys that the list has */
	bool looking;
	struct store_get get;
	struct arena *scratch;
};

/* ---- walks ---- */

static void fetch(struct inventory_merge *m, struct walk *w, struct flow *f)
{
	struct arena *old = w->arena;
	struct buf to = BUF_INIT;

	if (!w->begun)
		buf_u64(&w->from, w->generation);
	buf_u64(&to, w->generation + 1);
	w->arena = arena_new();
	w->page = (struct store_page){.arena = w->arena};
	w->at = 0;
	w->begun = w->fetching = true;
	store_page(m->ca->store, CF_INVENTORY_RECORD, buf_view(&w->from), buf_view(&to), PAGE_ROWS,
		   &w->page, f, INVENTORY_READ_MS);
	buf_release(&to);
	arena_free(old);
}

/* What came; -1: nothing did. */
static int fetched(struct walk *w, struct err *e)
{
	const struct err *why = wait_error(&w->page.wait);

	w->fetching = false;
	if (why != NULL) {
		*e = *why;
		return -1;
	}
	if (w->page.n > 0) {
		buf_reset(&w->from);
		buf_str(&w->from, w->page.rows[w->page.n - 1].key);
		buf_u8(&w->from, 0);
	}
	return 0;
}

static bool used_up(const struct walk *w)
{
	return !w->begun || w->at == w->page.n;
}

static bool at_end(const struct walk *w)
{
	return w->begun && w->at == w->page.n && !w->page.more;
}

static struct str key_at(const struct walk *w)
{
	struct str k = w->page.rows[w->at].key;

	return str_mem(k.p + INVENTORY_GENERATION, k.n - INVENTORY_GENERATION);
}

static void walk_release(struct walk *w)
{
	buf_release(&w->from);
	arena_free(w->arena);
	w->arena = NULL;
}

/* ---- many: the list's others are copied ---- */

static void copy_row(struct inventory_merge *m, struct store_batch *b, size_t *bytes)
{
	const struct walk *w = &m->st->list;
	struct buf key = BUF_INIT;

	buf_u64(&key, m->import->generation);
	buf_str(&key, key_at(w));
	store_put(b, CF_INVENTORY_RECORD, buf_view(&key), w->page.rows[w->at].value);
	*bytes += key.n + w->page.rows[w->at].value.n;
	buf_release(&key);
	m->st->copied++;
}

/* As far as both pages, and one commit, go. NULL: there was nothing to copy. */
static struct store_batch *walk_on(struct inventory_merge *m)
{
	struct walk *l = &m->st->list, *i = &m->st->import;
	struct store_batch *b = store_batch_new(m->ca->store);
	uint64_t before = m->st->copied;
	size_t bytes = 0;

	while (l->at < l->page.n && bytes < SLICE_BYTES) {
		int order;

		if (used_up(i) && !at_end(i))
			break;
		order = at_end(i) ? -1 : str_cmp(key_at(l), key_at(i));
		if (order < 0)
			copy_row(m, b, &bytes);
		if (order <= 0)
			l->at++;
		if (order >= 0)
			i->at++;
	}
	if (m->st->copied > before)
		return b;
	store_batch_free(b);
	return NULL;
}

static int look_at_waits(struct inventory_merge *m, struct err *e)
{
	struct inventory_merge_state *st = m->st;
	const struct err *why = st->committing ? wait_error(&st->commit.wait) : NULL;

	st->committing = false;
	if (why != NULL) {
		*e = *why;
		return -1;
	}
	if (st->list.fetching && fetched(&st->list, e) < 0)
		return -1;
	return st->import.fetching ? fetched(&st->import, e) : 0;
}

static enum step copy(struct flow *f, void *op)
{
	struct inventory_merge *m = op;
	struct inventory_merge_state *st = m->st;
	struct store_batch *b;
	struct err e = ERR_INIT;

	if (m->small)
		return STEP_NEXT;
	if (look_at_waits(m, &e) < 0)
		return flow_fail(f, &e);
	while (!at_end(&st->list)) {
		if (used_up(&st->list)) {
			fetch(m, &st->list, f);
			return STEP_AGAIN;
		}
		if (used_up(&st->import) && !at_end(&st->import)) {
			fetch(m, &st->import, f);
			return STEP_AGAIN;
		}
		b = walk_on(m);
		if (b != NULL) {
			st->committing = true;
			store_commit(m->ca->store, b, &st->commit, f, INVENTORY_COMMIT_MS);
			return STEP_AGAIN;
		}
	}
	m->records = m->import->records + st->copied;
	return STEP_NEXT;
}

/* ---- few: they are put over the list's ---- */

static void keep_page(struct inventory_merge_state *st, size_t most)
{
	struct walk *w = &st->import;

	for (; w->at < w->page.n; w->at++) {
		ENSURE(st->n < most);
		st->keys[st->n] = arena_str(st->arena, key_at(w));
		st->values[st->n++] = arena_str(st->arena, w->page.rows[w->at].value);
	}
}

static enum step gather(struct flow *f, void *op)
{
	struct inventory_merge *m = op;
	struct inventory_merge_state *st = m->st;
	size_t most = (size_t)m->import->records;
	struct err e = ERR_INIT;

	if (!m->small)
		return STEP_NEXT;
	if (st->keys == NULL) {
		st->keys = ARENA_ARRAY(st->arena, struct str, most + 1);
		st->values = ARENA_ARRAY(st->arena, struct str, most + 1);
	}
	if (st->import.fetching && fetched(&st->import, &e) < 0)
		return flow_fail(f, &e);
	keep_page(st, most);
	if (at_end(&st->import))
		return STEP_NEXT;
	fetch(m, &st->import, f);
	return STEP_AGAIN;
}

static struct str list_key(const struct inventory_merge *m, struct arena *a, size_t i)
{
	return inventory_row_key(a, m->list.generation, false, m->st->keys[i]);
}

static enum step look_up(struct flow *f, void *op)
{
	struct inventory_merge *m = op;
	struct inventory_merge_state *st = m->st;
	const struct err *why = st->looking ? wait_error(&st->get.wait) : NULL;

	if (why != NULL)
		return flow_fail(f, why);
	if (st->looking) {
		st->known += st->get.found;
		st->at++;
		arena_free(st->scratch);
		st->scratch = NULL;
	}
	if (!m->small || st->at == st->n)
		return STEP_NEXT;
	st->looking = true;
	st->scratch = arena_new();
	st->get = (struct store_get){.arena = st->scratch};
	store_get(m->ca->store, CF_INVENTORY_RECORD, list_key(m, st->scratch, st->at), &st->get, f,
		  INVENTORY_READ_MS);
	return STEP_AGAIN;
}

static void put_over(struct inventory_merge *m)
{
	struct inventory_merge_state *st = m->st;

	m->b = store_batch_new(m->ca->store);
	for (size_t i = 0; i < st->n; i++)
		store_put(m->b, CF_INVENTORY_RECORD, list_key(m, st->arena, i), st->values[i]);
	m->records = m->list.count + st->n - st->known;
}

/* ---- the flow ---- */

static enum step end(struct flow *f, void *op)
{
	struct inventory_merge *m = op;

	if (!f->failed && m->small)
		put_over(m);
	walk_release(&m->st->list);
	walk_release(&m->st->import);
	arena_free(m->st->scratch);
	m->st->scratch = NULL;
	return STEP_DONE;
}

static const struct flow_step merge_steps[] = {
	{"inventory.gather", gather, 0},
	{"inventory.look_up", look_up, 0},
	{"inventory.copy", copy, 0},
	{"inventory.merged", end, 0},
	{NULL, NULL, 0},
};

void inventory_merge_init(struct inventory_merge *m, struct arena *arena)
{
	m->st = ARENA_NEW(arena, struct inventory_merge_state);
	m->st->arena = arena;
	m->st->list.generation = m->list.generation;
	m->st->import.generation = m->import->generation;
	m->small = m->import->records <= SMALL_ROWS && m->import->bytes <= SMALL_BYTES;
	m->b = NULL;
	flow_init(&m->flow, m->ca->loop, merge_steps, m, arena);
}
