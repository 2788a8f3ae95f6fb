/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Imports over both drivers: replacing, merging, what is refused, readers meanwhile, sweeping. */
#include "base/compat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "inventory_run.h"

static void test_import(void **state)
{
	struct fix *f = *state;
	struct inventory_import *i;
	const char *id;

	create(f, "l", false);
	assert_int_equal(set(f, "l", "old", "{}"), ERR_OK);
	id = begin_import(f, "l", false);
	assert_int_equal(add_many(f, "l", id, 0, 5000, 1, "a"), ERR_OK);
	assert_int_equal(add_many(f, "l", id, 5000, 500, 1, "b"), ERR_OK);
	assert_string_equal(keys(f, "l", "", 10), "old");
	assert_string_equal(show(f, "l", "k000001"), "-");
	i = commit_import(f, "l", id, 5500);
	if (i->flow.failed)
		fail_msg("%s", i->flow.err.msg);
	assert_int_equal(i->info.version, 3);
	assert_int_equal(i->info.count, 5500);
	assert_string_equal(show(f, "l", "old"), "-");
	assert_string_equal(show(f, "l", "k000001"), "{\"v\":\"a\",\"_key\":\"k000001\"}");
	assert_string_equal(show(f, "l", "k005499"), "{\"v\":\"b\",\"_key\":\"k005499\"}");
	assert_int_equal(get(f, "l", "k000001")->version, 3);
	assert_int_equal(keys_counted(f, "l"), 5500);
	wait_swept(f);
	assert_int_equal(rows_in_store(f), 5500);
	/* the import is over */
	assert_int_equal(commit_import(f, "l", id, 5500)->flow.err.code, ERR_NOT_FOUND);
	/* an empty file is an empty list */
	id = begin_import(f, "l", false);
	assert_int_equal(add_text(f, "l", id, "\n", NULL), ERR_OK);
	assert_false(commit_import(f, "l", id, 0)->flow.failed);
	assert_int_equal(count_of(f, "l"), 0);
	wait_swept(f);
	assert_int_equal(rows_in_store(f), 0);
}

static void test_import_refused(void **state)
{
	struct fix *f = *state;
	struct inventory_import *i;
	const char *id;

	create(f, "l", false);
	assert_int_equal(set(f, "l", "old", "{}"), ERR_OK);
	/* a key again, in another call and slice */
	id = begin_import(f, "l", false);
	assert_int_equal(add_many(f, "l", id, 0, 3000, 1, "a"), ERR_OK);
	assert_int_equal(add_text(f, "l", id,
				  "{\"key\":\"new\",\"attributes\":{}}\n\n"
				  "{\"key\":\"k002999\",\"attributes\":{}}\n",
				  &i),
			 ERR_INVALID);
	assert_string_equal(i->flow.err.msg, "line 3: its key was added before");
	assert_int_equal(add_many(f, "l", id, 9000, 1, 1, "a"), ERR_NOT_FOUND);
	/* a wrong number */
	id = begin_import(f, "l", false);
	assert_int_equal(add_many(f, "l", id, 0, 3, 1, "a"), ERR_OK);
	assert_int_equal(commit_import(f, "l", id, 4)->flow.err.code, ERR_INVALID);
	/* changed meanwhile */
	id = begin_import(f, "l", false);
	assert_int_equal(add_many(f, "l", id, 0, 3, 1, "a"), ERR_OK);
	assert_int_equal(set(f, "l", "other", "{}"), ERR_OK);
	i = commit_import(f, "l", id, 3);
	assert_int_equal(i->flow.err.code, ERR_CONFLICT);
	assert_non_null(strstr(i->flow.err.msg, "import again"));
	/* another list's */
	create(f, "m", false);
	id = begin_import(f, "l", false);
	assert_int_equal(add_many(f, "m", id, 0, 3, 1, "a"), ERR_NOT_FOUND);
	i = import(f, INVENTORY_ABANDON, "l", id);
	assert_int_equal(do_import(f, i), ERR_OK);
	assert_int_equal(do_import(f, import(f, INVENTORY_ABANDON, "l", id)), ERR_NOT_FOUND);
	assert_int_equal(do_import(f, import(f, INVENTORY_BEGIN, "none", "")), ERR_NOT_FOUND);
	assert_string_equal(keys(f, "l", "", 10), "old other");
	wait_swept(f);
	assert_int_equal(rows_in_store(f), 2);
}

static void test_import_places(void **state)
{
	struct fix *f = *state;
	const char *ids[INVENTORY_IMPORTS];
	struct inventory_import *i = import(f, INVENTORY_BEGIN, "l", "");
	struct inventory_import *a, *b;
	struct caller ca, cb;

	create(f, "l", false);
	for (unsigned n = 0; n < INVENTORY_IMPORTS; n++)
		ids[n] = begin_import(f, "l", false);
	assert_int_equal(do_import(f, i), ERR_UNAVAILABLE);
	/* two calls of one at once */
	a = import(f, INVENTORY_ADD, "l", ids[0]);
	b = import(f, INVENTORY_ADD, "l", ids[0]);
	a->text = STR("{\"key\":\"a\",\"attributes\":{}}\n");
	b->text = STR("{\"key\":\"b\",\"attributes\":{}}\n");
	inventory_import_init(a, f->arena);
	inventory_import_init(b, f->arena);
	start_call(f, &ca, &a->flow);
	start_call(f, &cb, &b->flow);
	run_until(f->ca.loop, &ca.over);
	run_until(f->ca.loop, &cb.over);
	assert_false(a->flow.failed);
	assert_int_equal(b->flow.err.code, ERR_CONFLICT);
	assert_false(commit_import(f, "l", ids[0], 1)->flow.failed);
	/* the second one began before that */
	assert_int_equal(commit_import(f, "l", ids[1], 0)->flow.err.code, ERR_CONFLICT);
	assert_int_equal(do_import(f, import(f, INVENTORY_BEGIN, "l", "")), ERR_OK);
}

/* One that nobody goes on with ends, and its rows with it. */
static void test_import_idle(void **state)
{
	struct fix *f = *state;
	struct open_import *im;
	struct err e = ERR_INIT;
	const char *id, *other;

	create(f, "l", false);
	id = begin_import(f, "l", false);
	other = begin_import(f, "l", false);
	assert_int_equal(add_many(f, "l", id, 0, 5, 1, "a"), ERR_OK);
	assert_int_equal(add_many(f, "l", other, 0, 5, 1, "a"), ERR_OK);
	im = inventory_import_find(&f->ca, STR("l"), str_c(id), &e);
	assert_non_null(im);
	im->touched_ms -= INVENTORY_IDLE_MS + 1;
	inventory_sweep_soon(&f->ca);
	wait_swept(f);
	assert_int_equal(commit_import(f, "l", id, 5)->flow.err.code, ERR_NOT_FOUND);
	wait_swept(f);
	assert_int_equal(rows_in_store(f), 5);
	assert_false(commit_import(f, "l", other, 5)->flow.failed);
	assert_int_equal(count_of(f, "l"), 5);
}

static void test_merge_small(void **state)
{
	struct fix *f = *state;
	struct inventory_import *i;
	uint64_t edition;
	const char *id;

	create(f, "l", true);
	assert_int_equal(set(f, "l", "A", "{\"v\":1}"), ERR_OK);
	assert_int_equal(set(f, "l", "b", "{\"v\":1}"), ERR_OK);
	edition = page(f, "l", "", 1, STR_NULL)->info.edition;
	id = begin_import(f, "l", true);
	assert_int_equal(add_text(f, "l", id,
				  "{\"key\":\"c\",\"attributes\":{\"v\":2}}\n"
				  "{\"key\":\"a\",\"attributes\":{\"v\":2}}\n",
				  NULL),
			 ERR_OK);
	i = commit_import(f, "l", id, 2);
	if (i->flow.failed)
		fail_msg("%s", i->flow.err.msg);
	assert_int_equal(i->info.count, 3);
	assert_int_equal(i->info.edition, edition);
	assert_string_equal(show(f, "l", "A"), "{\"v\":2,\"_key\":\"a\"}");
	assert_string_equal(show(f, "l", "b"), "{\"v\":1,\"_key\":\"b\"}");
	assert_string_equal(show(f, "l", "c"), "{\"v\":2,\"_key\":\"c\"}");
	assert_int_equal(get(f, "l", "c")->version, 4);
	wait_swept(f);
	assert_int_equal(rows_in_store(f), 3);
	/* nothing, onto something */
	id = begin_import(f, "l", true);
	assert_int_equal(commit_import(f, "l", id, 0)->info.count, 3);
}

/* Walks of several pages, in every order of the two. */
static void test_merge_large(void **state)
{
	static const struct {
		unsigned from, n, step, want;
	} rows[] = {
		{0, 1500, 2, 3500},    /* each second one is there */
		{3499, 2500, 1, 5999}, /* behind */
		{1, 1001, 7, 6143},    /* wide, partly beyond */
		{0, 6000, 1, 6144},    /* all but some */
	};
	struct fix *f = *state;
	uint64_t count = 0;

	create(f, "l", false);
	for (size_t r = 0; r <= ARRAY_LEN(rows); r++) {
		const char *id = begin_import(f, "l", true);
		unsigned n = r == 0 ? 3500 : rows[r - 1].n, from = r == 0 ? 0 : rows[r - 1].from;
		unsigned step = r == 0 ? 1 : rows[r - 1].step;
		const char *value = arena_printf(f->arena, "%zu", r);
		struct inventory_import *i;

		assert_int_equal(add_many(f, "l", id, from, n, step, value), ERR_OK);
		i = commit_import(f, "l", id, n);
		if (i->flow.failed)
			fail_msg("%s", i->flow.err.msg);
		count = i->info.count;
		assert_int_equal(keys_counted(f, "l"), count);
		if (r > 0)
			assert_int_equal(count, rows[r - 1].want);
		assert_string_equal(
			show(f, "l", arena_printf(f->arena, "k%06u", from)),
			arena_printf(f->arena, "{\"v\":\"%zu\",\"_key\":\"k%06u\"}", r, from));
		assert_string_equal(
			show(f, "l", arena_printf(f->arena, "k%06u", from + (n - 1) * step)),
			arena_printf(f->arena, "{\"v\":\"%zu\",\"_key\":\"k%06u\"}", r,
				     from + (n - 1) * step));
		if (r == 1) /* an untouched one */
			assert_string_equal(show(f, "l", "k000001"),
					    "{\"v\":\"0\",\"_key\":\"k000001\"}");
	}
	wait_swept(f);
	assert_int_equal(rows_in_store(f), count);
}

/* ---- readers while the list is replaced ---- */

struct reader {
	struct fix *f;
	struct inventory_get g;
	struct caller c;
	struct arena *arena;
	unsigned found;
};

static void read_again(struct reader *r)
{
	if (r->arena)
		arena_free(r->arena);
	r->arena = arena_new();
	r->g = (struct inventory_get){.ca = &r->f->ca, .list = STR("l"), .key = STR("k000500")};
	inventory_get_init(&r->g, r->arena);
	start_call(r->f, &r->c, &r->g.flow);
}

static void check_reader(struct reader *r)
{
	if (!r->c.over)
		return;
	if (r->g.flow.failed)
		fail_msg("%s", r->g.flow.err.msg);
	assert_true(r->g.found);
	r->found++;
	read_again(r);
}

static void finish_reading(struct fix *f, struct flow *child, struct reader *r, size_t n)
{
	uint64_t guard = clock_mono_ms() + 30000;
	struct caller c;

	start_call(f, &c, child);
	while (!c.over) {
		loop_turn(f->ca.loop, 10);
		for (size_t i = 0; i < n; i++)
			check_reader(&r[i]);
		if (clock_mono_ms() > guard)
			fail_msg("hangs");
	}
}

static void test_readers(void **state)
{
	struct fix *f = *state;
	struct reader readers[4] = {{.f = f}, {.f = f}, {.f = f}, {.f = f}};
	const char *id;

	create(f, "l", false);
	id = begin_import(f, "l", false);
	assert_int_equal(add_many(f, "l", id, 0, 1000, 1, "x"), ERR_OK);
	assert_false(commit_import(f, "l", id, 1000)->flow.failed);
	for (size_t i = 0; i < ARRAY_LEN(readers); i++)
		read_again(&readers[i]);
	for (unsigned round = 0; round < 15; round++) {
		struct inventory_import *i;

		id = begin_import(f, "l", round % 3 == 2);
		assert_int_equal(add_many(f, "l", id, 0, 1200, 1, "y"), ERR_OK);
		i = import(f, INVENTORY_COMMIT, "l", id);
		i->expect = 1200;
		inventory_import_init(i, f->arena);
		finish_reading(f, &i->flow, readers, ARRAY_LEN(readers));
		assert_false(i->flow.failed);
	}
	for (size_t i = 0; i < ARRAY_LEN(readers); i++) {
		run_until(f->ca.loop, &readers[i].c.over);
		assert_true(readers[i].found > 0);
		arena_free(readers[i].arena);
	}
	wait_swept(f);
	assert_int_equal(rows_in_store(f), 1200);
}

/* ---- the end of a process ---- */

static void test_restart(void **state)
{
	struct fix *f = *state;
	const char *id;

	create(f, "l", false);
	assert_int_equal(set(f, "l", "kept", "{\"v\":1}"), ERR_OK);
	id = begin_import(f, "l", false);
	assert_int_equal(add_many(f, "l", id, 0, 2500, 1, "x"), ERR_OK);
	assert_int_equal(rows_in_store(f), 2501);
	if (strcmp(f->driver, "rocksdb") == 0) {
		close_all(f);
		open_all(f);
	} else {
		close_keeper(f);
		f->ca.inventories = inventory_keeper_new(&f->ca);
	}
	assert_string_equal(show(f, "l", "kept"), "{\"v\":1,\"_key\":\"kept\"}");
	assert_int_equal(commit_import(f, "l", id, 2500)->flow.err.code, ERR_NOT_FOUND);
	wait_swept(f);
	assert_int_equal(rows_in_store(f), 1);
	assert_string_equal(show(f, "l", "kept"), "{\"v\":1,\"_key\":\"kept\"}");
}

/* A list that cannot be read might own any rows: nothing is swept. Others go on. */
static void test_damage(void **state)
{
	struct fix *f = *state;
	struct store_batch *b = store_batch_new(f->ca.store);

	create(f, "l", false);
	assert_int_equal(set(f, "l", "a", "{}"), ERR_OK);
	store_put(b, CF_INVENTORY, STR("bad"), STR("\xc1"));
	store_put(b, CF_INVENTORY_RECORD, STR("whatever"), STR("x"));
	store_put(b, CF_INVENTORY_RECORD, STR("\xff\xff\xff\xff\xff\xff\xff\xff"), STR("x"));
	assert_int_equal(commit_now(f->ca.loop, f->ca.store, b, NULL), ERR_OK);
	close_keeper(f);
	f->ca.inventories = inventory_keeper_new(&f->ca);
	for (unsigned i = 0; i < 20; i++)
		loop_turn(f->ca.loop, 5);
	assert_int_equal(rows_in_store(f), 3);
	assert_int_equal(get(f, "bad", "a")->flow.err.code, ERR_INTERNAL);
	assert_string_equal(keys(f, "l", "", 5), "a");
	b = store_batch_new(f->ca.store);
	store_del(b, CF_INVENTORY, STR("bad"));
	assert_int_equal(commit_now(f->ca.loop, f->ca.store, b, NULL), ERR_OK);
	close_keeper(f);
	f->ca.inventories = inventory_keeper_new(&f->ca);
	wait_swept(f);
	assert_int_equal(rows_in_store(f), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(test_import),	BOTH(test_import_refused), BOTH(test_import_places),
		BOTH(test_import_idle), BOTH(test_merge_small),	   BOTH(test_merge_large),
		BOTH(test_readers),	BOTH(test_restart),	   BOTH(test_damage),
	};
	struct err e = ERR_INIT;

	if (crypto_init(NULL, &e) != 0)
		return 1;
	return cmocka_run_group_tests_name("ca_inventory_import", tests, NULL, NULL);
}
