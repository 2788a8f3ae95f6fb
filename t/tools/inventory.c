/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * inventory.c - how long it takes to look up a record of an inventory.
 *
 *   inventory DIR [N]   a store in DIR (made when it is not there) gets a list "bench" of N
 *                       (100,000) records, put in as an import does; then some thousand lookups of
 *                       records that are in memory, and the same of any record
 *
 * What is printed is processor time of the loop's thread, of all that a lookup does: the flow, the
 * reads, decoding, JSON. The import of a million from a file is measured with the programs
 * themselves: time signet inventory import, and VmHWM of both.
 */
#include "base/compat.h"

#include "base/clock.h"
#include "base/mem.h"
#include "ca/inventory.h"
#include "crypto/crypto.h"

#define TURN_MS	 1000
#define AT_ONCE	 64
#define ROUNDS	 2000
#define HOT	 1000 /* records that are looked up again and again */
#define ADD_KEYS 4000

struct bench {
	struct ca ca;
	uint64_t n;
};

/* ---- flows ---- */

struct caller {
	struct flow flow;
	struct wait wait;
	struct flow *child;
	bool over;
};

static enum step call(struct flow *f, void *op)
{
	struct caller *c = op;

	flow_call(f, &c->wait, c->child);
	return STEP_WAIT;
}

static enum step called(struct flow *f, void *op)
{
	(void)f;
	(void)op;
	return STEP_DONE;
}

static void on_end(struct flow *f)
{
	CONTAINER_OF(f, struct caller, flow)->over = true;
}

static void finish(struct bench *b, struct flow *child, struct arena *a)
{
	static const struct flow_step steps[] = {
		{"bench.call", call, 0}, {"bench.called", called, 0}, {NULL, NULL, 0}};
	struct caller c = {.child = child};

	flow_init(&c.flow, b->ca.loop, steps, &c, a);
	c.flow.on_end = on_end;
	flow_start(&c.flow);
	while (!c.over)
		loop_turn(b->ca.loop, TURN_MS);
	if (child->failed) {
		fprintf(stderr, "inventory: %s\n", child->err.msg);
		exit(1);
	}
}

/* ---- the list ---- */

static void create(struct bench *b)
{
	struct arena *a = arena_new();
	struct inventory_change make = {
		.ca = &b->ca, .act = INVENTORY_CREATE, .list = STR("bench"), .actor = STR("bench")};

	inventory_change_init(&make, a);
	finish(b, &make.flow, a);
	arena_free(a);
}

static struct inventory_import import(struct bench *b, enum inventory_import_act act,
				      const char *id)
{
	return (struct inventory_import){.ca = &b->ca,
					 .act = act,
					 .list = STR("bench"),
					 .id = str_c(id),
					 .actor = STR("bench")};
}

static void fill(struct bench *b)
{
	struct arena *a = arena_new();
	struct inventory_import begin = import(b, INVENTORY_BEGIN, "");
	uint64_t started = clock_mono_ms();

	inventory_import_init(&begin, a);
	finish(b, &begin.flow, a);
	for (uint64_t i = 0; i < b->n;) {
		struct arena *one = arena_new();
		struct inventory_import add = import(b, INVENTORY_ADD, begin.new_id);
		struct buf text = BUF_INIT;

		for (unsigned k = 0; k < ADD_KEYS && i < b->n; k++, i++)
			buf_printf(&text,
				   "{\"key\":\"device-%08" PRIu64 "\",\"attributes\":{\"names\":["
				   "\"d%" PRIu64 ".example.com\",\"d%" PRIu64 ".example.net\"],"
				   "\"owner\":\"somebody@example.com\",\"site\":%" PRIu64 "}}\n",
				   i, i, i, i % 997);
		add.text = buf_view(&text);
		inventory_import_init(&add, one);
		finish(b, &add.flow, one);
		buf_release(&text);
		arena_free(one);
	}
	struct inventory_import commit = import(b, INVENTORY_COMMIT, begin.new_id);

	commit.expect = b->n;
	inventory_import_init(&commit, a);
	finish(b, &commit.flow, a);
	printf("%" PRIu64 " records in %" PRIu64 " ms\n", b->n, clock_mono_ms() - started);
	arena_free(a);
}

/* ---- lookups ---- */

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

struct lookup {
	struct inventory_get get;
	struct arena *arena;
	bool over;
};

static void on_get_end(struct flow *f)
{
	CONTAINER_OF(CONTAINER_OF(f, struct inventory_get, flow), struct lookup, get)->over = true;
}

static void look_up(struct bench *b, uint64_t of, uint64_t *random)
{
	struct lookup *l = mem_calloc(AT_ONCE, sizeof(*l));
	unsigned left = AT_ONCE;

	for (unsigned i = 0; i < AT_ONCE; i++) {
		*random = *random * 6364136223846793005U + 1442695040888963407U;
		l[i].arena = arena_new();
		l[i].over = false;
		l[i].get = (struct inventory_get){.ca = &b->ca, .list = STR("bench")};
		l[i].get.key =
			str_c(arena_printf(l[i].arena, "device-%08" PRIu64, (*random >> 33) % of));
		inventory_get_init(&l[i].get, l[i].arena);
		l[i].get.flow.on_end = on_get_end;
		flow_start(&l[i].get.flow);
	}
	while (left > 0) {
		loop_turn(b->ca.loop, TURN_MS);
		left = 0;
		for (unsigned i = 0; i < AT_ONCE; i++)
			left += !l[i].over;
	}
	for (unsigned i = 0; i < AT_ONCE; i++) {
		if (l[i].get.flow.failed || !l[i].get.found) {
			fprintf(stderr, "inventory: %s\n", l[i].get.flow.err.msg);
			exit(1);
		}
		arena_free(l[i].arena);
	}
	mem_free(l);
}

static void measure(struct bench *b, const char *what, uint64_t of)
{
	uint64_t random = 1, started, n = (uint64_t)ROUNDS * AT_ONCE;

	for (unsigned i = 0; i < ROUNDS / 10; i++)
		look_up(b, of, &random);
	started = cpu_ns();
	for (unsigned i = 0; i < ROUNDS; i++)
		look_up(b, of, &random);
	printf("%-24s %.2f us of the loop a lookup\n", what,
	       (double)(cpu_ns() - started) / (double)n / 1000);
}

/* ---- main ---- */

static int run(struct bench *b, const char *dir, struct err *e)
{
	struct store_config c = {.driver = "rocksdb", .path = dir, .readers = 2};
	struct pool_config slow = {.name = "slow", .threads = 1, .bound = 16};

	b->ca.loop = loop_new(e);
	if (b->ca.loop == NULL)
		return -1;
	b->ca.store = store_open(b->ca.loop, &c, e);
	if (b->ca.store == NULL)
		return -1;
	b->ca.slow = pool_new(b->ca.loop, &slow, e);
	if (b->ca.slow == NULL)
		return -1;
	b->ca.inventories = inventory_keeper_new(&b->ca);
	create(b);
	fill(b);
	measure(b, "in memory", b->n < HOT ? b->n : HOT);
	measure(b, "any record", b->n);
	inventory_keeper_stop(b->ca.inventories);
	while (inventory_keeper_busy(b->ca.inventories))
		loop_turn(b->ca.loop, 10);
	inventory_keeper_free(b->ca.inventories);
	store_close(b->ca.store);
	pool_free(b->ca.slow, 10000);
	for (int i = 0; i < 4; i++)
		loop_turn(b->ca.loop, 0);
	loop_free(b->ca.loop);
	return 0;
}

int main(int argc, char **argv)
{
	struct bench b = {.n = 100000};
	struct err e = ERR_INIT;

	if (argc < 2 || argc > 3 || argv[1][0] == '-' ||
	    (argc == 3 && (!str_u64(str_c(argv[2]), &b.n) || b.n < 1))) {
		fprintf(stderr, "usage: inventory DIR [N]\n");
		return 2;
	}
	if (crypto_init(NULL, &e) != 0 || run(&b, argv[1], &e) != 0) {
		fprintf(stderr, "inventory: %s\n", e.msg);
		return 1;
	}
	crypto_end();
	return 0;
}
