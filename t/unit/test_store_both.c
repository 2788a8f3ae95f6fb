/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store_run.h"
#include "base/metric.h"
#include "store/driver.h"

/* The same suite for both drivers: what a store promises must not depend on which one is behind it.
 */
struct fixture {
	const char *driver;
	char path[64];
	struct loop *loop;
	struct store *store;
};

static struct store *reopen(struct fixture *x, uint64_t min_free, uint64_t min_free_urgent)
{
	struct store_config c = {.driver = x->driver,
				 .path = x->path,
				 .min_free = min_free,
				 .min_free_urgent = min_free_urgent,
				 .readers = 2};
	struct err e = ERR_INIT;

	store_close(x->store);
	x->store = store_open(x->loop, &c, &e);
	if (!x->store)
		fail_msg("%s", e.msg);
	return x->store;
}

static int set_up(void **state, const char *driver)
{
	struct fixture *x = NEW(struct fixture);
	struct err e = ERR_INIT;

	x->driver = driver;
	(void)snprintf(x->path, sizeof(x->path), "/tmp/signet-store-XXXXXX");
	assert_non_null(mkdtemp(x->path));
	x->loop = loop_new(&e);
	assert_non_null(x->loop);
	reopen(x, 0, 0);
	*state = x;
	return 0;
}

static int set_up_rocksdb(void **state)
{
	return set_up(state, "rocksdb");
}

static int set_up_memory(void **state)
{
	return set_up(state, "memory");
}

static int tear_down(void **state)
{
	struct fixture *x = *state;

	store_close(x->store);
	loop_turn(x->loop, 0);
	loop_free(x->loop);
	remove_folder(x->path);
	mem_free(x);
	return 0;
}

static void put(struct fixture *x, enum cf cf, const char *key, const char *value)
{
	struct store_batch *b = store_batch_new(x->store);

	store_put(b, cf, str_c(key), str_c(value));
	assert_int_equal(commit_now(x->loop, x->store, b, NULL), ERR_OK);
}

static void assert_row(struct fixture *x, enum cf cf, const char *key, int64_t version,
		       const char *value)
{
	char *found = NULL;

	assert_int_equal(get_now(x->loop, x->store, cf, str_c(key), &found), version);
	if (value)
		assert_string_equal(found, value);
	else
		assert_null(found);
	mem_free(found);
}

static void test_put_get_del(void **state)
{
	struct fixture *x = *state;
	struct store_batch *b = store_batch_new(x->store);

	assert_row(x, CF_CERT, "a", -1, NULL);
	store_put(b, CF_CERT, STR("a"), STR("one"));
	store_put(b, CF_ENDPOINT, STR("a"), STR("other family"));
	store_put(b, CF_CERT, STR("empty"), STR_NULL);
	store_put(b, CF_CERT, STR_NULL, STR("empty key"));
	assert_int_equal(commit_now(x->loop, x->store, b, NULL), ERR_OK);
	assert_row(x, CF_CERT, "a", 0, "one");
	assert_row(x, CF_ENDPOINT, "a", 0, "other family");
	assert_row(x, CF_CERT, "empty", 0, "");
	assert_row(x, CF_CERT, "", 0, "empty key");
	b = store_batch_new(x->store);
	store_del(b, CF_CERT, STR("a"));
	store_del(b, CF_CERT, STR("never there"));
	assert_int_equal(commit_now(x->loop, x->store, b, NULL), ERR_OK);
	assert_row(x, CF_CERT, "a", -1, NULL);
	assert_row(x, CF_ENDPOINT, "a", 0, "other family");
	b = store_batch_new(x->store);
	store_put(b, CF_CERT, STR("x"), STR("never committed"));
	store_batch_free(b);
	assert_row(x, CF_CERT, "x", -1, NULL);
}

static void test_versions(void **state)
{
	struct fixture *x = *state;
	struct store_batch *b = store_batch_new(x->store);
	unsigned failed = 99;

	assert_int_equal(store_put_absent(b, CF_RESERVATION, STR("r"), STR("open")), 0);
	assert_int_equal(store_expect_absent(b, CF_REVOKED, STR("r")), 1);
	assert_int_equal(commit_now(x->loop, x->store, b, &failed), ERR_OK);
	assert_row(x, CF_RESERVATION, "r", 1, "open");

	b = store_batch_new(x->store);
	assert_int_equal(store_expect_absent(b, CF_REVOKED, STR("r")), 0);
	assert_int_equal(store_put_version(b, CF_RESERVATION, STR("r"), STR("signed"), 1), 1);
	store_put(b, CF_CERT, STR("r"), STR("cert"));
	assert_int_equal(commit_now(x->loop, x->store, b, &failed), ERR_OK);
	assert_row(x, CF_RESERVATION, "r", 2, "signed");

	/* the same again: the version moved, and nothing of the batch is written */
	b = store_batch_new(x->store);
	store_put(b, CF_CERT, STR("r2"), STR("cert"));
	store_expect_absent(b, CF_REVOKED, STR("r"));
	store_put_version(b, CF_RESERVATION, STR("r"), STR("twice"), 1);
	store_expect_version(b, CF_RESERVATION, STR("r"), 7);
	assert_int_equal(commit_now(x->loop, x->store, b, &failed), ERR_CONFLICT);
	assert_int_equal(failed, 1);
	assert_row(x, CF_RESERVATION, "r", 2, "signed");
	assert_row(x, CF_CERT, "r2", -1, NULL);

	/* version 0 is a blind row's, never an absent one's */
	b = store_batch_new(x->store);
	store_put_version(b, CF_CERT, STR("nothing"), STR("x"), 0);
	assert_int_equal(commit_now(x->loop, x->store, b, &failed), ERR_CONFLICT);
	assert_int_equal(failed, 0);
	b = store_batch_new(x->store);
	store_put_version(b, CF_CERT, STR("r"), STR("cert+"), 0);
	assert_int_equal(commit_now(x->loop, x->store, b, &failed), ERR_OK);
	assert_row(x, CF_CERT, "r", 1, "cert+");
	/* a blind put starts again at 0 */
	put(x, CF_CERT, "r", "blind");
	assert_row(x, CF_CERT, "r", 0, "blind");
}

static void test_absent_and_if_absent(void **state)
{
	struct fixture *x = *state;
	struct store_batch *b = store_batch_new(x->store);
	unsigned failed = 99;

	store_put_if_absent(b, CF_ENDPOINT, STR("e"), STR("first"));
	store_put_if_absent(b, CF_ENDPOINT, STR("e"), STR("second of the same batch"));
	assert_int_equal(commit_now(x->loop, x->store, b, NULL), ERR_OK);
	assert_row(x, CF_ENDPOINT, "e", 1, "first");
	b = store_batch_new(x->store);
	store_put_if_absent(b, CF_ENDPOINT, STR("e"), STR("later"));
	store_put(b, CF_CERT, STR("c"), STR("goes on"));
	assert_int_equal(commit_now(x->loop, x->store, b, NULL), ERR_OK);
	assert_row(x, CF_ENDPOINT, "e", 1, "first");
	assert_row(x, CF_CERT, "c", 0, "goes on");
	b = store_batch_new(x->store);
	store_put_absent(b, CF_ENDPOINT, STR("e"), STR("x"));
	assert_int_equal(commit_now(x->loop, x->store, b, &failed), ERR_CONFLICT);
	assert_int_equal(failed, 0);
	/* deleted and put again within one batch */
	b = store_batch_new(x->store);
	store_del(b, CF_ENDPOINT, STR("e"));
	store_put_if_absent(b, CF_ENDPOINT, STR("e"), STR("new"));
	assert_int_equal(commit_now(x->loop, x->store, b, NULL), ERR_OK);
	assert_row(x, CF_ENDPOINT, "e", 1, "new");
}

#define RACERS 200

/* Everybody wants the same token; exactly one gets it. All in one iteration, so merges decide among
 * themselves too. */
static void test_race(void **state)
{
	struct fixture *x = *state;
	struct run *runs = mem_calloc(RACERS, sizeof(*runs));
	struct store_stats before, after;
	unsigned finished = 0, won = 0, conflicts = 0;
	uint64_t guard = clock_mono_ms() + 20000;
	char key[32];

	store_stats(x->store, &before);
	for (unsigned i = 0; i < RACERS; i++) {
		runs[i].batch = store_batch_new(x->store);
		(void)snprintf(key, sizeof(key), "serial%03u", i);
		store_put_absent(runs[i].batch, CF_RESERVATION, str_c(key), STR("tbs"));
		store_put_absent(runs[i].batch, CF_ONCE, STR("token"), str_c(key));
		runs[i].finished = &finished;
		run_begin(&runs[i], x->loop, x->store, RUN_COMMIT);
	}
	while (finished < RACERS && clock_mono_ms() < guard)
		loop_turn(x->loop, 100);
	assert_int_equal(finished, RACERS);
	for (unsigned i = 0; i < RACERS; i++) {
		(void)snprintf(key, sizeof(key), "serial%03u", i);
		if (runs[i].err.code == ERR_OK) {
			won++;
			assert_row(x, CF_ONCE, "token", 1, key);
			assert_row(x, CF_RESERVATION, key, 1, "tbs");
		} else {
			assert_int_equal(runs[i].err.code, ERR_CONFLICT);
			assert_int_equal(runs[i].commit.failed, 1);
			assert_row(x, CF_RESERVATION, key, -1, NULL);
			conflicts++;
		}
		run_end(&runs[i]);
	}
	assert_int_equal(won, 1);
	assert_int_equal(conflicts, RACERS - 1);
	store_stats(x->store, &after);
	assert_int_equal(after.commits - before.commits, 1);
	assert_int_equal(after.syncs - before.syncs, 1);
	assert_int_equal(after.queued, 0);
	mem_free(runs);
}

/* Versions chain within one merge: each sees the one before. A loser in between stops nobody. */
static void test_merge(void **state)
{
	struct fixture *x = *state;
	struct run *runs = mem_calloc(RACERS, sizeof(*runs));
	struct store_stats before, after;
	unsigned finished = 0, i;
	int64_t syncs = metric_value(METRIC_STORE_SYNCS),
		commits = metric_value(METRIC_STORE_COMMITS);
	uint64_t guard = clock_mono_ms() + 20000;

	put(x, CF_META, "counter", "");
	store_stats(x->store, &before);
	for (i = 0; i < RACERS; i++) {
		runs[i].batch = store_batch_new(x->store);
		if (i % 4 == 3)
			store_put_version(runs[i].batch, CF_META, STR("counter"), STR("loser"),
					  100000);
		else
			store_put_version(runs[i].batch, CF_META, STR("counter"), STR("v"),
					  i - i / 4);
		runs[i].finished = &finished;
		run_begin(&runs[i], x->loop, x->store, RUN_COMMIT);
	}
	while (finished < RACERS && clock_mono_ms() < guard)
		loop_turn(x->loop, 100);
	assert_int_equal(finished, RACERS);
	for (i = 0; i < RACERS; i++) {
		assert_int_equal(runs[i].err.code, i % 4 == 3 ? ERR_CONFLICT : ERR_OK);
		run_end(&runs[i]);
	}
	assert_row(x, CF_META, "counter", RACERS * 3 / 4, "v");
	store_stats(x->store, &after);
	assert_int_equal(after.commits - before.commits, RACERS * 3 / 4);
	/* they were handed over together: at most one sync per 32 */
	assert_in_range(after.syncs - before.syncs, 1, (RACERS + 31) / 32);
	assert_int_equal(metric_value(METRIC_STORE_COMMITS) - commits, RACERS * 3 / 4 + 1);
	assert_in_range(metric_value(METRIC_STORE_SYNCS) - syncs, 2, (RACERS + 31) / 32 + 1);
	mem_free(runs);
}

static void page(struct fixture *x, struct run *r, struct str from, struct str to, unsigned limit)
{
	*r = (struct run){.cf = CF_CERT_BY_EXPIRY, .key = from, .to = to, .limit = limit};
	run_begin(r, x->loop, x->store, RUN_PAGE);
	run_until(x->loop, &r->over);
	assert_int_equal(r->err.code, ERR_OK);
}

static void test_pages(void **state)
{
	struct fixture *x = *state;
	struct store_batch *b = store_batch_new(x->store);
	struct run r;
	unsigned seen = 0, pages = 0;
	char key[16], from[32] = "";
	size_t from_n = 0;
	bool more;

	for (unsigned i = 0; i < 2500; i++) {
		(void)snprintf(key, sizeof(key), "k%05u", i * 7919 % 2500);
		store_put(b, CF_CERT_BY_EXPIRY, str_c(key), str_c(key + 1));
	}
	store_put(b, CF_CERT_BY_NAME, STR("k00000"), STR("of another family"));
	assert_int_equal(commit_now(x->loop, x->store, b, NULL), ERR_OK);

	do {
		page(x, &r, str_mem(from, from_n), STR_NULL, 1000);
		pages++;
		assert_true(r.page.n > 0 || !r.page.more);
		assert_true(r.page.n <= 1000);
		for (size_t i = 0; i < r.page.n; i++, seen++) {
			(void)snprintf(key, sizeof(key), "k%05u", seen);
			assert_true(str_eqc(r.page.rows[i].key, key));
			assert_true(str_eqc(r.page.rows[i].value, key + 1));
			assert_int_equal(r.page.rows[i].version, 0);
		}
		if (r.page.n > 0) {
			struct str last = r.page.rows[r.page.n - 1].key;

			memcpy(from, last.p, last.n);
			from[last.n] = 0; /* last key + NUL */
			from_n = last.n + 1;
		}
		more = r.page.more;
		run_end(&r);
	} while (more);
	assert_int_equal(seen, 2500);
	assert_true(pages >= 3);

	page(x, &r, STR("k00010"), STR("k00013"), 10);
	assert_int_equal(r.page.n, 3);
	assert_false(r.page.more);
	assert_true(str_eqc(r.page.rows[2].key, "k00012"));
	run_end(&r);
	page(x, &r, STR("k00010"), STR("k00013"), 3);
	assert_int_equal(r.page.n, 3);
	assert_false(r.page.more);
	run_end(&r);
	page(x, &r, STR("k00010"), STR("k00013"), 1);
	assert_int_equal(r.page.n, 1);
	assert_true(r.page.more);
	run_end(&r);
	page(x, &r, STR("k02499x"), STR_NULL, 5);
	assert_int_equal(r.page.n, 0);
	assert_false(r.page.more);
	run_end(&r);
	page(x, &r, STR("k00013"), STR("k00010"), 5);
	assert_int_equal(r.page.n, 0);
	run_end(&r);
}

/* A page is bounded in bytes as well, and still moves on. */
static void test_large_rows(void **state)
{
	struct fixture *x = *state;
	struct store_batch *b = store_batch_new(x->store);
	char *big = mem_alloc(700 << 10);
	struct run r;

	memset(big, 'x', 700 << 10);
	store_put(b, CF_CERT_BY_EXPIRY, STR("a"), str_mem(big, 700 << 10));
	store_put(b, CF_CERT_BY_EXPIRY, STR("b"), str_mem(big, 700 << 10));
	assert_int_equal(commit_now(x->loop, x->store, b, NULL), ERR_OK);
	page(x, &r, STR_NULL, STR_NULL, 1000);
	assert_int_equal(r.page.n, 1);
	assert_true(r.page.more);
	assert_int_equal(r.page.rows[0].value.n, 700 << 10);
	run_end(&r);
	mem_free(big);
}

/* The asker leaves: its memory is not written any more, the commit happens nevertheless. */
static void test_cancel(void **state)
{
	struct fixture *x = *state;
	struct run *c = NEW(struct run), *g = NEW(struct run), *p = NEW(struct run);
	uint64_t guard = clock_mono_ms() + 20000;

	put(x, CF_CERT, "k", "v");
	for (unsigned turns = 1; turns < 4; turns++) {
		char key = (char)('0' + turns);

		c->batch = store_batch_new(x->store);
		store_put(c->batch, CF_CERT, str_mem(&key, 1), STR("there"));
		*g = (struct run){.cf = CF_CERT, .key = STR("k")};
		*p = (struct run){.cf = CF_CERT, .limit = 10};
		run_begin(c, x->loop, x->store, RUN_COMMIT);
		run_begin(g, x->loop, x->store, RUN_GET);
		run_begin(p, x->loop, x->store, RUN_PAGE);
		for (unsigned i = 0; i < turns; i++)
			loop_turn(x->loop, 0);
		flow_cancel(&c->flow);
		flow_cancel(&g->flow);
		flow_cancel(&p->flow);
		while (!(c->over && g->over && p->over) && clock_mono_ms() < guard)
			loop_turn(x->loop, 10);
		assert_true(c->over && g->over && p->over);
		run_end(c);
		run_end(g);
		run_end(p);
	}
	mem_free(c);
	mem_free(g);
	mem_free(p);
	/* not answered, so perhaps not written yet: but it will be */
	for (char key = '1'; key <= '3'; key++)
		while (get_now(x->loop, x->store, CF_CERT, str_mem(&key, 1), NULL) != 0)
			assert_true(clock_mono_ms() < guard);
}

static void test_close_finishes(void **state)
{
	struct fixture *x = *state;
	struct run r = {.batch = store_batch_new(x->store)};
	struct run g = {.cf = CF_CERT, .key = STR("last")};

	store_put(r.batch, CF_CERT, STR("last"), STR("words"));
	run_begin(&r, x->loop, x->store, RUN_COMMIT);
	run_begin(&g, x->loop, x->store, RUN_GET);
	loop_turn(x->loop, 0);
	store_close(x->store);
	x->store = NULL;
	run_until(x->loop, &r.over);
	run_until(x->loop, &g.over);
	assert_int_equal(r.err.code, ERR_OK);
	assert_int_equal(g.err.code, ERR_OK);
	run_end(&r);
	run_end(&g);
	reopen(x, 0, 0);
	if (strcmp(x->driver, "rocksdb") == 0)
		assert_row(x, CF_CERT, "last", 0, "words");
}

/* The reserve is more than there is: refused before anything is written, but the smaller one lets
 * through. */
static void test_full_disk(void **state)
{
	struct fixture *x = *state;
	bool disk = strcmp(x->driver, "rocksdb") == 0;
	struct store_stats st;
	struct run r = {0};
	int64_t before = metric_value(METRIC_STORE_REFUSED_FULL);

	reopen(x, UINT64_MAX / 2, 1);
	r.batch = store_batch_new(x->store);
	store_put(r.batch, CF_CERT, STR("k"), STR("v"));
	run_begin(&r, x->loop, x->store, RUN_COMMIT);
	run_until(x->loop, &r.over);
	assert_int_equal(r.err.code, disk ? ERR_UNAVAILABLE : ERR_OK);
	if (disk) {
		assert_non_null(strstr(r.err.msg, "store: disk is nearly full: "));
		assert_non_null(strstr(r.err.msg, " MiB are kept back"));
	}
	run_end(&r);
	assert_row(x, CF_CERT, "k", disk ? -1 : 0, disk ? NULL : "v");
	r.batch = store_batch_new(x->store);
	store_put(r.batch, CF_CERT, STR("u"), STR("revoked"));
	store_batch_urgent(r.batch);
	run_begin(&r, x->loop, x->store, RUN_COMMIT);
	run_until(x->loop, &r.over);
	assert_int_equal(r.err.code, ERR_OK);
	run_end(&r);
	assert_row(x, CF_CERT, "u", 0, "revoked");
	store_stats(x->store, &st);
	assert_int_equal(st.refused_full, disk ? 1 : 0);
	assert_int_equal(metric_value(METRIC_STORE_REFUSED_FULL) - before, disk ? 1 : 0);

	reopen(x, UINT64_MAX / 2, UINT64_MAX / 2);
	r.batch = store_batch_new(x->store);
	store_put(r.batch, CF_CERT, STR("u2"), STR("revoked"));
	store_batch_urgent(r.batch);
	assert_int_equal(commit_now(x->loop, x->store, r.batch, NULL),
			 disk ? ERR_UNAVAILABLE : ERR_OK);
}

static void test_schema(void **state)
{
	struct fixture *x = *state;
	struct store_config c = {.driver = x->driver, .path = x->path, .readers = 1};
	struct err e = ERR_INIT;

	assert_row(x, CF_META, "schema", 1, "1");
	put(x, CF_META, "schema", "2");
	store_close(x->store);
	x->store = store_open(x->loop, &c, &e);
	if (strcmp(x->driver, "memory") == 0) {
		assert_non_null(x->store); /* it forgets */
		return;
	}
	assert_null(x->store);
	assert_int_equal(e.code, ERR_UNSUPPORTED);
	assert_non_null(strstr(e.msg, "made by a newer version of Signet"));
}

static void test_stats_and_names(void **state)
{
	struct fixture *x = *state;
	struct store_config c = {.driver = "postgresql", .path = x->path};
	struct store_stats st;
	struct err e = ERR_INIT;

	store_stats(x->store, &st);
	assert_string_equal(st.driver, x->driver);
	assert_string_equal(cf_name(CF_CERT_BY_EXPIRY), "cert_by_expiry");
	for (unsigned i = 0; i < CF_COUNT; i++)
		assert_non_null(cf_name((enum cf)i));
	assert_null(store_open(x->loop, &c, &e));
	assert_int_equal(e.code, ERR_INVALID);
}

/* Against a plain model: many random batches, each then checked by reading all. */
static void test_random(void **state)
{
	struct fixture *x = *state;
	int64_t model[16];
	uint32_t rnd = 12345;

	for (unsigned i = 0; i < 16; i++)
		model[i] = -1;
	for (unsigned round = 0; round < 100; round++) {
		struct store_batch *b = store_batch_new(x->store);
		int64_t next[16];
		bool conflict = false;

		memcpy(next, model, sizeof(next));
		for (unsigned i = 0; i < 4; i++) {
			char key = (char)('a' + (rnd >> 8) % 16);
			unsigned k = (unsigned)(key - 'a');

			switch ((rnd >> 16) % 5) {
			case 0:
				store_put(b, CF_AUDIT, str_mem(&key, 1), STR("v"));
				next[k] = 0;
				break;
			case 1:
				store_del(b, CF_AUDIT, str_mem(&key, 1));
				next[k] = -1;
				break;
			case 2:
				store_put_absent(b, CF_AUDIT, str_mem(&key, 1), STR("v"));
				conflict |= model[k] >= 0;
				next[k] = 1;
				break;
			case 3:
				store_put_version(b, CF_AUDIT, str_mem(&key, 1), STR("v"), 1);
				conflict |= model[k] != 1;
				next[k] = 2;
				break;
			default:
				store_put_if_absent(b, CF_AUDIT, str_mem(&key, 1), STR("v"));
				next[k] = next[k] < 0 ? 1 : next[k];
			}
			rnd = rnd * 1103515245U + 12345U;
		}
		assert_int_equal(commit_now(x->loop, x->store, b, NULL),
				 conflict ? ERR_CONFLICT : ERR_OK);
		if (!conflict)
			memcpy(model, next, sizeof(model));
		for (unsigned k = 0; k < 16; k++) {
			char key = (char)('a' + k);

			assert_int_equal(
				get_now(x->loop, x->store, CF_AUDIT, str_mem(&key, 1), NULL),
				model[k]);
		}
	}
}

#define BOTH(fn)                                                                                   \
	{"memory: " #fn, fn, set_up_memory, tear_down, NULL},                                      \
	{                                                                                          \
		"rocksdb: " #fn, fn, set_up_rocksdb, tear_down, NULL                               \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(test_put_get_del), BOTH(test_versions), BOTH(test_absent_and_if_absent),
		BOTH(test_race),	BOTH(test_merge),    BOTH(test_pages),
		BOTH(test_large_rows),	BOTH(test_cancel),   BOTH(test_close_finishes),
		BOTH(test_full_disk),	BOTH(test_schema),   BOTH(test_stats_and_names),
		BOTH(test_random),
	};

	if (MEMORY_ONLY)
		cmocka_set_test_filter("memory:*");
	return cmocka_run_group_tests_name("store_both", tests, NULL, NULL);
}
