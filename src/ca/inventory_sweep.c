/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ca/inventory_priv.h"

#include "base/bug.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "codec/b64.h"

/*
 * inventory_sweep.c - the imports that are open, and the rows that nobody needs any more.
 *
 * Which rows are needed is said by the lists' rows and by the open imports alone: every generation
 * in `inventory_record` that neither knows is garbage, whoever left it (a replaced or dropped list,
 * an import that was given up, a process that was killed). So nothing has to be remembered across a
 * crash. A pass first reads all lists, then walks the generations: one that is needed is jumped
 * over, another one is deleted, a page at a time and never faster than the disk takes it. What
 * begins while a pass runs, a list or an import, is not in what the pass read; its generation is
 * remembered for as long as the pass lasts (`fresh`), so it is never taken for garbage, also when
 * an import's has become a list's meanwhile. And where a commit of a list's row ended without
 * telling whether it was done (a disk that hangs, a write error), it may be done yet: the
 * generation is left alone until the next start (`doubtful`).
 *
 * A pass is made at the start, when an import or list ended, and every hour.
 *
 * Open imports are memory only: at most INVENTORY_IMPORTS places. One that nobody touched for
 * INVENTORY_IDLE_MS is closed here.
 */
#define PAGE_ROWS 1000
#define PERIOD_MS 3600000U
#define RETRY_MS  60000U
#define LOOK_MS	  5000U /* how often idle imports are looked for, while there are any */
#define PAUSE_MS  2U	/* between two pages: the store is everybody's */
#define YIELD_MS  20U	/* the same while an import is open: it has the disk first */

struct numbers {
	uint64_t *all;
	size_t n, cap;
};

enum todo { BEGIN, READ_LISTS, SWEEP, REST };
struct inventory_keeper {
	struct ca *ca;
	struct open_import imports[INVENTORY_IMPORTS];
	struct timer timer;
	struct flow flow;
	struct post again;
	struct arena *arena; /* of one page */
	struct store_page page;
	struct store_commit commit;
	enum todo todo;
	struct numbers needed;	 /* generations of lists; sorted when all are read */
	struct numbers fresh;	 /* made since the pass began, or of an import that was open then */
	struct numbers doubtful; /* of commits whose end is not known */
	struct buf from;	 /* the row to go on with */
	uint64_t removed, rested_ms;
	bool running, closing, wanted, failed;
};

/* ---- what is needed ---- */

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void add_number(struct numbers *l, uint64_t n)
{
	if (l->n == l->cap) {
		l->cap = l->cap > 0 ? l->cap * 2 : 8;
		l->all = mem_realloc(l->all, l->cap * sizeof(*l->all));
	}
	l->all[l->n++] = n;
}

static bool has_number(const struct numbers *l, uint64_t n)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->all[i] == n)
			return true;
	return false;
}

static bool is_needed(const struct inventory_keeper *k, uint64_t generation)
{
	return has_number(&k->fresh, generation) || has_number(&k->doubtful, generation) ||
	       (k->needed.n > 0 && bsearch(&generation, k->needed.all, k->needed.n,
					   sizeof(generation), by_number) != NULL);
}

static void go_on_with(struct inventory_keeper *k, uint64_t generation)
{
	buf_reset(&k->from);
	buf_u64(&k->from, generation);
}

static void begin_pass(struct inventory_keeper *k)
{
	k->fresh.n = 0;
	for (size_t i = 0; i < INVENTORY_IMPORTS; i++)
		if (k->imports[i].id[0] != '\0')
			add_number(&k->fresh, k->imports[i].generation);
	k->needed.n = 0;
	k->wanted = false;
	k->removed = 0;
}

/* The next page begins behind the last row of this one. */
static void go_on_behind(struct inventory_keeper *k, struct str key)
{
	buf_reset(&k->from);
	buf_str(&k->from, key);
	buf_u8(&k->from, 0);
}

/* -1: a list cannot be read; then nothing may be removed, since it may be that list's. */
static int take_lists(struct inventory_keeper *k, struct err *e)
{
	for (size_t i = 0; i < k->page.n; i++) {
		const struct store_row *row = &k->page.rows[i];
		struct rec_inventory rec;
		struct inventory_list info;

		if (inventory_list_decode(row->key, row->value, row->version, k->arena, &rec, &info,
					  e) < 0)
			return -1;
		add_number(&k->needed, rec.generation);
	}
	if (k->page.n > 0 && k->page.more) {
		go_on_behind(k, k->page.rows[k->page.n - 1].key);
		return 0;
	}
	if (k->needed.n > 0)
		qsort(k->needed.all, k->needed.n, sizeof(*k->needed.all), by_number);
	go_on_with(k, 0);
	k->todo = SWEEP;
	return 0;
}

/* ---- one page ---- */

static uint64_t generation_of(struct str key)
{
	uint64_t g = 0;

	for (size_t i = 0; i < INVENTORY_GENERATION; i++)
		g = g << 8 | (i < key.n ? (unsigned char)key.p[i] : 0);
	return g;
}

static enum step read_page(struct flow *f, void *op)
{
	struct inventory_keeper *k = op;

	k->page = (struct store_page){.arena = k->arena};
	if (k->todo == BEGIN) {
		begin_pass(k);
		buf_reset(&k->from);
		k->todo = READ_LISTS;
	}
	if (k->todo == READ_LISTS) {
		store_page(k->ca->store, CF_INVENTORY, buf_view(&k->from), STR_NULL, PAGE_ROWS,
			   &k->page, f, INVENTORY_READ_MS);
		return STEP_WAIT;
	}
	store_page(k->ca->store, CF_INVENTORY_RECORD, buf_view(&k->from), STR_NULL, PAGE_ROWS,
		   &k->page, f, INVENTORY_READ_MS);
	return STEP_WAIT;
}

/* Goes on behind them: what was deleted is still in the way of a scan for a while. */
static struct store_batch *remove_rows(struct inventory_keeper *k, uint64_t generation)
{
	struct store_batch *b = store_batch_new(k->ca->store);
	size_t i;

	for (i = 0; i < k->page.n && generation_of(k->page.rows[i].key) == generation; i++) {
		store_del(b, CF_INVENTORY_RECORD, k->page.rows[i].key);
		k->removed++;
	}
	go_on_behind(k, k->page.rows[i - 1].key);
	return b;
}

static enum step act(struct flow *f, void *op)
{
	struct inventory_keeper *k = op;
	struct err e = ERR_INIT;
	uint64_t first;

	if (k->todo == READ_LISTS) {
		return take_lists(k, &e) < 0 ? flow_fail(f, &e) : STEP_NEXT;
	}
	if (k->page.n == 0) {
		k->todo = REST;
		return STEP_NEXT;
	}
	first = generation_of(k->page.rows[0].key);
	if (is_needed(k, first)) {
		go_on_with(k, first + 1);
		return STEP_NEXT;
	}
	store_commit(k->ca->store, remove_rows(k, first), &k->commit, f, INVENTORY_COMMIT_MS);
	return STEP_WAIT;
}

static enum step acted(struct flow *f, void *op)
{
	(void)f;
	(void)op;
	return STEP_NEXT;
}

static enum step finish(struct flow *f, void *op)
{
	struct inventory_keeper *k = op;

	k->failed = f->failed;
	if (f->failed)
		log_warn("inventory.sweep_failed", F_ERR(&f->err));
	return STEP_DONE;
}

static const struct flow_step sweep_steps[] = {
	{"inventory.sweep_read", read_page, 0},
	{"inventory.sweep", act, FLOW_AUTO_FAIL},
	{"inventory.swept", acted, FLOW_AUTO_FAIL},
	{"inventory.sweep_end", finish, 0},
	{NULL, NULL, 0},
};

/* ---- passes ---- */

static void close_idle(struct inventory_keeper *k)
{
	uint64_t now = loop_now_ms(k->ca->loop);

	for (size_t i = 0; i < INVENTORY_IMPORTS; i++) {
		struct open_import *im = &k->imports[i];

		if (im->id[0] == '\0' || im->busy || now - im->touched_ms < INVENTORY_IDLE_MS)
			continue;
		log_warn("inventory.import_idle", F_C("list", im->list), F_C("import", im->id),
			 F_U("records", im->records));
		inventory_import_close(k->ca, im);
	}
}

static bool any_open(const struct inventory_keeper *k)
{
	for (size_t i = 0; i < INVENTORY_IMPORTS; i++)
		if (k->imports[i].id[0] != '\0')
			return true;
	return false;
}

/* Milliseconds until the timer runs again. */
static uint64_t next_in(struct inventory_keeper *k)
{
	if (k->failed) {
		k->todo = BEGIN;
		return RETRY_MS;
	}
	if (k->todo != REST)
		return any_open(k) ? YIELD_MS : PAUSE_MS;
	if (k->removed > 0)
		log_info("inventory.swept", F_U("records", k->removed));
	k->rested_ms = loop_now_ms(k->ca->loop);
	if (k->wanted)
		return 1;
	return any_open(k) ? LOOK_MS : PERIOD_MS;
}

static void after_page(struct post *p)
{
	struct inventory_keeper *k = CONTAINER_OF(p, struct inventory_keeper, again);

	arena_free(k->arena);
	k->arena = NULL;
	k->running = false;
	if (!k->closing)
		timer_set(&k->timer, next_in(k));
}

static void on_page_end(struct flow *f)
{
	struct inventory_keeper *k = CONTAINER_OF(f, struct inventory_keeper, flow);

	loop_reap(k->ca->loop, &k->again);
}

static void on_timer(struct timer *t)
{
	struct inventory_keeper *k = CONTAINER_OF(t, struct inventory_keeper, timer);

	if (k->running || k->closing)
		return;
	close_idle(k);
	if (k->todo == REST && !k->wanted && loop_now_ms(k->ca->loop) - k->rested_ms < PERIOD_MS) {
		timer_set(&k->timer, any_open(k) ? LOOK_MS : PERIOD_MS);
		return;
	}
	if (k->todo == REST)
		k->todo = BEGIN;
	k->running = true;
	k->arena = arena_new();
	flow_init(&k->flow, k->ca->loop, sweep_steps, k, k->arena);
	k->flow.on_end = on_page_end;
	flow_start(&k->flow);
}

void inventory_sweep_soon(struct ca *ca)
{
	struct inventory_keeper *k = ca->inventories;

	if (k == NULL || k->closing)
		return;
	k->wanted = true;
	if (!k->running && k->todo == REST)
		timer_set(&k->timer, 1);
}

void inventory_generation_keep(struct ca *ca, uint64_t generation)
{
	if (ca->inventories != NULL)
		add_number(&ca->inventories->fresh, generation);
}

void inventory_generation_doubt(struct ca *ca, uint64_t generation)
{
	if (ca->inventories != NULL)
		add_number(&ca->inventories->doubtful, generation);
}

/* ---- open imports ---- */

struct open_import *inventory_import_open(struct ca *ca, uint64_t generation, struct err *e)
{
	struct inventory_keeper *k = ca->inventories;
	unsigned char id[(INVENTORY_ID_SIZE - 1) / 2];
	struct buf hex = BUF_INIT;

	for (size_t i = 0; k != NULL && !k->closing && i < INVENTORY_IMPORTS; i++) {
		struct open_import *im = &k->imports[i];

		if (im->id[0] != '\0')
			continue;
		*im = (struct open_import){.generation = generation,
					   .touched_ms = loop_now_ms(ca->loop)};
		rand_bytes(id, sizeof(id));
		hex_encode(str_mem(id, sizeof(id)), &hex);
		memcpy(im->id, hex.p, INVENTORY_ID_SIZE);
		buf_release(&hex);
		inventory_generation_keep(ca, generation);
		if (!k->running && k->todo == REST)
			timer_set(&k->timer, LOOK_MS);
		return im;
	}
	(void)ERR(
		e, ERR_UNAVAILABLE,
		"%u imports are under way already: try again when one is over (one that was given "
		"up ends after two minutes)",
		INVENTORY_IMPORTS);
	return NULL;
}

struct open_import *inventory_import_find(struct ca *ca, struct str list, struct str id,
					  struct err *e)
{
	struct inventory_keeper *k = ca->inventories;

	for (size_t i = 0; k != NULL && i < INVENTORY_IMPORTS; i++) {
		struct open_import *im = &k->imports[i];

		if (im->id[0] == '\0' || !str_eqc(id, im->id) || !str_eqc(list, im->list))
			continue;
		if (im->busy) {
			(void)ERR(e, ERR_CONFLICT,
				  "another call of this import is under way: wait for its answer");
			return NULL;
		}
		im->touched_ms = loop_now_ms(ca->loop);
		return im;
	}
	(void)ERR(
		e, ERR_NOT_FOUND,
		"there is no such import (any more): it failed, or nobody went on with it for two "
		"minutes, or the daemon was restarted; import again");
	return NULL;
}

void inventory_import_close(struct ca *ca, struct open_import *i)
{
	i->id[0] = '\0';
	i->busy = false;
	inventory_sweep_soon(ca);
}

/* ---- life ---- */

struct inventory_keeper *inventory_keeper_new(struct ca *ca)
{
	struct inventory_keeper *k = NEW(struct inventory_keeper);

	k->ca = ca;
	k->again = (struct post){.fn = after_page, .name = "inventory.after_page"};
	timer_init(&k->timer, ca->loop, "inventory.timer", on_timer);
	timer_set(&k->timer, 0);
	return k;
}

void inventory_keeper_stop(struct inventory_keeper *k)
{
	if (k != NULL)
		k->closing = true;
}

bool inventory_keeper_busy(const struct inventory_keeper *k)
{
	return k != NULL && k->running;
}

bool inventory_keeper_idle(const struct inventory_keeper *k)
{
	return !k->running && !k->wanted && k->todo == REST;
}

void inventory_keeper_free(struct inventory_keeper *k)
{
	if (k == NULL)
		return;
	ENSURE(!k->running);
	timer_release(&k->timer);
	mem_free(k->needed.all);
	mem_free(k->fresh.all);
	mem_free(k->doubtful.all);
	buf_release(&k->from);
	mem_free(k);
}
