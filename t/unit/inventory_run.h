/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_T_INVENTORY_RUN_H
#define SIGNET_T_INVENTORY_RUN_H

/*
 * inventory_run.h - for the tests of ca/inventory: a store of either driver with the keeper, each
 * operation as a child flow run to its end.
 */
#include "store_run.h"

#include "ca/inventory_priv.h"
#include "crypto/crypto.h"

#include <ftw.h>
#include <sys/stat.h>

struct fix {
	struct ca ca; /* loop, store, the slow pool and the keeper are all that is used */
	struct arena *arena;
	const char *driver;
	char path[64];
};

static UNUSED void open_all(struct fix *f)
{
	struct store_config c = {.driver = f->driver, .path = f->path, .readers = 2};
	struct pool_config slow = {.name = "slow", .threads = 1, .bound = 16};
	struct err e = ERR_INIT;

	f->ca.loop = loop_new(&e);
	f->ca.store = store_open(f->ca.loop, &c, &e);
	if (!f->ca.store)
		fail_msg("%s", e.msg);
	f->ca.slow = pool_new(f->ca.loop, &slow, &e);
	assert_non_null(f->ca.slow);
	f->ca.inventories = inventory_keeper_new(&f->ca);
}

static UNUSED void close_keeper(struct fix *f)
{
	inventory_keeper_stop(f->ca.inventories);
	while (inventory_keeper_busy(f->ca.inventories))
		loop_turn(f->ca.loop, 10);
	inventory_keeper_free(f->ca.inventories);
}

static UNUSED void close_all(struct fix *f)
{
	close_keeper(f);
	store_close(f->ca.store);
	assert_true(pool_free(f->ca.slow, 10000));
	for (int i = 0; i < 4; i++)
		loop_turn(f->ca.loop, 0);
	loop_free(f->ca.loop);
}

static UNUSED int up(void **state, const char *driver)
{
	struct fix *f = NEW(struct fix);

	f->driver = driver;
	f->arena = arena_new();
	snprintf(f->path, sizeof(f->path), "/tmp/signet-inventory-XXXXXX");
	if (!mkdtemp(f->path))
		return -1;
	open_all(f);
	*state = f;
	return 0;
}

static UNUSED int up_memory(void **state)
{
	return up(state, "memory");
}

static UNUSED int up_rocksdb(void **state)
{
	return up(state, MEMORY_ONLY ? "memory" : "rocksdb");
}

static UNUSED int rm_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static UNUSED int down(void **state)
{
	struct fix *f = *state;

	close_all(f);
	arena_free(f->arena);
	nftw(f->path, rm_one, 8, FTW_DEPTH | FTW_PHYS);
	mem_free(f);
	return 0;
}

/* ---- flows to their end ---- */

struct caller {
	struct flow flow;
	struct wait wait;
	struct flow *child;
	bool over;
};

static UNUSED enum step call(struct flow *f, void *op)
{
	struct caller *c = op;

	flow_call(f, &c->wait, c->child);
	return STEP_WAIT;
}

static UNUSED enum step called(struct flow *f, void *op)
{
	(void)f;
	(void)op;
	return STEP_DONE;
}

static const struct flow_step call_steps[] = {
	{"call", call, 0},
	{"called", called, 0},
	{NULL, NULL, 0},
};

static UNUSED void on_caller_end(struct flow *f)
{
	CONTAINER_OF(f, struct caller, flow)->over = true;
}

static UNUSED void start_call(struct fix *f, struct caller *c, struct flow *child)
{
	memset(c, 0, sizeof(*c));
	c->child = child;
	flow_init(&c->flow, f->ca.loop, call_steps, c, f->arena);
	c->flow.on_end = on_caller_end;
	flow_start(&c->flow);
}

static UNUSED enum err_code finish(struct fix *f, struct flow *child)
{
	struct caller c;

	start_call(f, &c, child);
	run_until(f->ca.loop, &c.over);
	return child->failed ? child->err.code : ERR_OK;
}

/* ---- operations ---- */

static UNUSED struct inventory_change *change(struct fix *f, enum inventory_act act,
					      const char *list, const char *key)
{
	struct inventory_change *c = ARENA_NEW(f->arena, struct inventory_change);

	c->ca = &f->ca;
	c->act = act;
	c->list = str_c(list);
	c->key = str_c(key);
	c->actor = STR("uid 0");
	return c;
}

static UNUSED enum err_code do_change(struct fix *f, struct inventory_change *c)
{
	inventory_change_init(c, f->arena);
	return finish(f, &c->flow);
}

static UNUSED void create(struct fix *f, const char *list, bool fold)
{
	struct inventory_change *c = change(f, INVENTORY_CREATE, list, "");

	c->fold_case = fold;
	assert_int_equal(do_change(f, c), ERR_OK);
	assert_int_equal(c->info.version, 1);
	assert_int_equal(c->info.count, 0);
	assert_true(str_eqc(c->info.kind, "free"));
}

static UNUSED json_t *object(struct fix *f, const char *text)
{
	struct err e = ERR_INIT;
	json_t *v = json_parse(str_c(text), &json_limits_request, 0, &e);

	if (!v)
		fail_msg("%s: %s", text, e.msg);
	json_free_with(v, f->arena);
	return v;
}

static UNUSED enum err_code set(struct fix *f, const char *list, const char *key,
				const char *attributes)
{
	struct inventory_change *c = change(f, INVENTORY_SET, list, key);

	c->attributes = object(f, attributes);
	return do_change(f, c);
}

static UNUSED struct inventory_get *get(struct fix *f, const char *list, const char *key)
{
	struct inventory_get *g = ARENA_NEW(f->arena, struct inventory_get);

	g->ca = &f->ca;
	g->list = str_c(list);
	g->key = str_c(key);
	inventory_get_init(g, f->arena);
	(void)finish(f, &g->flow);
	return g;
}

/* The record as text, "-" when there is none, or the error. */
static UNUSED const char *show(struct fix *f, const char *list, const char *key)
{
	const struct inventory_get *g = get(f, list, key);
	struct buf b = BUF_INIT;
	const char *text;

	if (g->flow.failed)
		return arena_strdup(f->arena, g->flow.err.msg);
	if (!g->found)
		return "-";
	json_write(g->record, &b);
	text = arena_cstr(f->arena, buf_view(&b));
	buf_release(&b);
	return text;
}

static UNUSED struct inventory_page *page(struct fix *f, const char *list, const char *prefix,
					  unsigned limit, struct str cursor)
{
	struct inventory_page *p = ARENA_NEW(f->arena, struct inventory_page);

	p->ca = &f->ca;
	p->list = str_c(list);
	p->prefix = str_c(prefix);
	p->limit = limit;
	p->cursor = cursor;
	inventory_page_init(p, f->arena);
	(void)finish(f, &p->flow);
	return p;
}

static UNUSED uint64_t count_of(struct fix *f, const char *list)
{
	const struct inventory_page *p = page(f, list, "", 1, STR_NULL);

	assert_false(p->flow.failed);
	return p->info.count;
}

/* All keys, by pages. */
static UNUSED const char *keys(struct fix *f, const char *list, const char *prefix, unsigned limit)
{
	struct str cursor = STR_NULL;
	struct buf b = BUF_INIT;
	const char *text;

	do {
		const struct inventory_page *p = page(f, list, prefix, limit, cursor);

		if (p->flow.failed)
			fail_msg("%s", p->flow.err.msg);
		assert_true(p->n <= limit);
		for (size_t i = 0; i < p->n; i++) {
			if (b.n > 0)
				buf_putc(&b, ' ');
			buf_str(&b, p->records[i].key);
		}
		cursor = p->next;
	} while (cursor.n > 0);
	text = arena_cstr(f->arena, buf_view(&b));
	buf_release(&b);
	return text;
}

static UNUSED uint64_t keys_counted(struct fix *f, const char *list)
{
	struct str cursor = STR_NULL;
	uint64_t n = 0;

	do {
		const struct inventory_page *p = page(f, list, "", 1000, cursor);

		assert_false(p->flow.failed);
		n += p->n;
		cursor = p->next;
	} while (cursor.n > 0);
	return n;
}

/* Rows of records in the store, whoever's. */
static UNUSED size_t rows_in_store(struct fix *f)
{
	struct buf from = BUF_INIT;
	size_t n = 0;
	bool more = true;

	while (more) {
		struct run r = {.cf = CF_INVENTORY_RECORD, .key = buf_view(&from), .limit = 1000};

		run_begin(&r, f->ca.loop, f->ca.store, RUN_PAGE);
		run_until(f->ca.loop, &r.over);
		assert_int_equal(r.err.code, ERR_OK);
		n += r.page.n;
		more = r.page.more;
		if (r.page.n > 0) {
			buf_reset(&from);
			buf_str(&from, r.page.rows[r.page.n - 1].key);
			buf_u8(&from, 0);
		}
		run_end(&r);
	}
	buf_release(&from);
	return n;
}

static UNUSED void wait_swept(struct fix *f)
{
	uint64_t guard = clock_mono_ms() + 30000;

	while (!inventory_keeper_idle(f->ca.inventories)) {
		loop_turn(f->ca.loop, 20);
		if (clock_mono_ms() > guard)
			fail_msg("the sweep hangs");
	}
}

/* ---- imports ---- */

static UNUSED struct inventory_import *import(struct fix *f, enum inventory_import_act act,
					      const char *list, const char *id)
{
	struct inventory_import *i = ARENA_NEW(f->arena, struct inventory_import);

	i->ca = &f->ca;
	i->act = act;
	i->list = str_c(list);
	i->id = str_c(id);
	i->actor = STR("uid 0");
	return i;
}

static UNUSED enum err_code do_import(struct fix *f, struct inventory_import *i)
{
	inventory_import_init(i, f->arena);
	return finish(f, &i->flow);
}

static UNUSED const char *begin_import(struct fix *f, const char *list, bool merge)
{
	struct inventory_import *i = import(f, INVENTORY_BEGIN, list, "");

	i->merge = merge;
	if (do_import(f, i) != ERR_OK)
		fail_msg("%s", i->flow.err.msg);
	assert_int_equal(strlen(i->new_id), 32);
	return i->new_id;
}

static UNUSED enum err_code add_text(struct fix *f, const char *list, const char *id,
				     const char *text, struct inventory_import **out)
{
	struct inventory_import *i = import(f, INVENTORY_ADD, list, id);

	i->text = str_c(text);
	if (out)
		*out = i;
	return do_import(f, i);
}

/* Keys "k000007" from `from`, in steps. */
static UNUSED enum err_code add_many(struct fix *f, const char *list, const char *id, unsigned from,
				     unsigned n, unsigned step, const char *value)
{
	struct buf b = BUF_INIT;
	enum err_code code;

	for (unsigned i = 0; i < n; i++)
		buf_printf(&b, "{\"key\":\"k%06u\",\"attributes\":{\"v\":\"%s\"}}\n",
			   from + i * step, value);
	code = add_text(f, list, id, b.p, NULL);
	buf_release(&b);
	return code;
}

static UNUSED struct inventory_import *commit_import(struct fix *f, const char *list,
						     const char *id, uint64_t expect)
{
	struct inventory_import *i = import(f, INVENTORY_COMMIT, list, id);

	i->expect = expect;
	(void)do_import(f, i);
	return i;
}

#define BOTH(t)                                                                                    \
	cmocka_unit_test_setup_teardown(t, up_memory, down),                                       \
		cmocka_unit_test_setup_teardown(t, up_rocksdb, down)

#endif
