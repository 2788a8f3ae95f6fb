/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fill.c - a store with very many certificates, and how fast the catalogue reads it.
 *
 *   fill DIR [N]            adds N (1,000,000) made-up certificates, as issuing would: record,
 *                           listings, endpoint, audit entry; through the store, synced
 *   fill --measure DIR [N]  opens it and reads N (2,000) pages of 100 at random places
 *
 * DIR is the store's folder (`store.path`). One in four certificates is a renewal of the one before
 * it; their ends lie between 30 days ago and 60 days from now. What a record's DER holds is random,
 * as signatures and keys are.
 */
#include "base/compat.h"

#include "base/clock.h"
#include "base/mem.h"
#include "ca/ca.h"
#include "ca/index.h"
#include "codec/b64.h"
#include "crypto/crypto.h"

#define DAY	  86400
#define DER_SIZE  720
#define A_BATCH	  250 /* certificates in one commit */
#define IN_FLIGHT 8   /* commits handed over at once: the writer merges them */
#define PAGE	  100
#define TURN_MS	  1000
#define COMMIT_MS 600000
#define OPEN_ROWS 5

/* ---- filling ---- */

struct commit {
	struct flow flow;
	struct store_commit commit;
	struct store_batch *batch;
	struct store *store;
	struct arena *arena;
	bool over;
};

static enum step hand_over(struct flow *f, void *op)
{
	struct commit *c = op;

	store_commit(c->store, c->batch, &c->commit, f, COMMIT_MS);
	return STEP_WAIT;
}

static enum step look(struct flow *f, void *op)
{
	struct commit *c = op;
	const struct err *why = wait_error(&c->commit.wait);

	(void)f;
	if (why) {
		fprintf(stderr, "fill: %s\n", why->msg);
		exit(1);
	}
	return STEP_DONE;
}

static const struct flow_step commit_steps[] = {
	{"fill.commit", hand_over, 0},
	{"fill.look", look, 0},
	{NULL, NULL, 0},
};

static void on_commit_end(struct flow *f)
{
	CONTAINER_OF(f, struct commit, flow)->over = true;
}

struct maker {
	uint64_t made, seed;
	char endpoint[16];
	unsigned char der[DER_SIZE];
	char last[SERIAL_KEY];
};

static void make_names(struct maker *m, struct arena *a, struct rec_cert *rec)
{
	struct str *names = ARENA_ARRAY(a, struct str, 2);

	names[0] = str_c(arena_printf(a, "host-%07llu.site-%llu.example.com",
				      (unsigned long long)m->made,
				      (unsigned long long)(m->made % 997)));
	names[1] = str_c(arena_printf(
		a, "10.%llu.%llu.%llu", (unsigned long long)(m->made >> 16 & 255),
		(unsigned long long)(m->made >> 8 & 255), (unsigned long long)(m->made & 255)));
	rec->common_name = names[0];
	rec->names = (struct rec_list){names, 2};
}

static void add_one(struct maker *m, struct store_batch *b, struct arena *a, int64_t now)
{
	unsigned char serial[16], when[8];
	struct cert c = {.serial = str_mem(serial, sizeof(serial))};
	struct rec_cert rec = {
		.authority = STR("default"),
		.provisioner = m->made % 10 ? STR("admin") : STR("machines"),
		.provisioner_type = STR("JWK"),
		.key_id = STR("00112233445566778899aabbccddeeff"),
		.request_id = STR("3f0c8a52-9f6f-4d10-a4f0-2b1c0f4f9d11"),
		.kind = STR("x509"),
	};
	struct rec_endpoint ep = {.kind = STR("x509"), .authority = STR("default")};
	struct rec_audit audit = {.event = STR("certificate.issued"), .actor = STR("admin")};
	uint64_t r = 0;

	rand_bytes(serial, sizeof(serial));
	rand_bytes(when, sizeof(when));
	rand_bytes(m->der, sizeof(m->der));
	serial[0] = (unsigned char)(serial[0] % 0x7f + 1);
	for (size_t i = 0; i < sizeof(when); i++)
		r = r << 8 | when[i];
	rec.der = str_mem(m->der, sizeof(m->der));
	rec.not_after = now - 30 * DAY + (int64_t)(r % (90 * DAY));
	rec.not_before = rec.issued = rec.not_after - 30 * DAY;
	if (m->made % 4 == 3)
		rec.renewed_from = str_mem(m->last, sizeof(m->last));
	else
		rand_bytes(m->endpoint, sizeof(m->endpoint));
	rec.endpoint = str_mem(m->endpoint, sizeof(m->endpoint));
	make_names(m, a, &rec);
	if (m->made % 50 == 0) {
		rec.revoked_at = now;
		rec.revoked_reason = 4;
	}
	index_add_cert(b, a, &rec, &c);
	ep.provisioner = rec.provisioner;
	ep.common_name = rec.common_name;
	ep.created = rec.issued;
	index_put(b, CF_ENDPOINT, rec.endpoint, &rec_endpoint_info, &ep);
	audit.serial = index_serial_text(a, c.serial);
	index_add_audit(b, &audit);
	serial_key(c.serial, (unsigned char *)m->last);
	m->made++;
}

static void begin(struct commit *c, struct loop *l, struct store *s, struct maker *m, uint64_t n)
{
	int64_t now = clock_now();

	memset(c, 0, sizeof(*c));
	c->store = s;
	c->arena = arena_new();
	c->batch = store_batch_new(s);
	for (unsigned i = 0; i < A_BATCH && m->made < n; i++)
		add_one(m, c->batch, c->arena, now);
	flow_init(&c->flow, l, commit_steps, c, c->arena);
	c->flow.on_end = on_commit_end;
	flow_start(&c->flow);
}

static void fill(struct loop *l, struct store *s, uint64_t n)
{
	struct commit c[IN_FLIGHT] = {0};
	struct maker m = {0};
	uint64_t started = clock_mono_ms();
	unsigned running = 0;

	while (m.made < n || running > 0) {
		for (unsigned i = 0; i < IN_FLIGHT; i++) {
			if (c[i].over) {
				arena_free(c[i].arena);
				c[i].arena = NULL;
				c[i].over = false;
				running--;
			}
			if (!c[i].arena && m.made < n) {
				begin(&c[i], l, s, &m, n);
				running++;
			}
		}
		loop_turn(l, TURN_MS);
	}
	printf("%llu certificates in %llu ms\n", (unsigned long long)n,
	       (unsigned long long)(clock_mono_ms() - started));
}

/* ---- measuring ---- */

struct asked {
	struct catalog_list list;
	bool over;
};

static void on_list_end(struct flow *f)
{
	CONTAINER_OF(CONTAINER_OF(f, struct catalog_list, flow), struct asked, list)->over = true;
}

/* Microseconds of one page; its rows are counted. */
static uint64_t ask(struct ca *ca, const struct catalog_filter *filter, struct str cursor,
		    uint64_t *rows)
{
	struct arena *a = arena_new();
	struct asked q = {.list = {.ca = ca, .filter = *filter, .limit = PAGE, .cursor = cursor}};
	uint64_t started = clock_mono_us(), took;

	catalog_list_init(&q.list, a);
	q.list.flow.on_end = on_list_end;
	flow_start(&q.list.flow);
	while (!q.over)
		loop_turn(ca->loop, TURN_MS);
	took = clock_mono_us() - started;
	if (q.list.flow.failed) {
		fprintf(stderr, "fill: %s\n", q.list.flow.err.msg);
		exit(1);
	}
	*rows += q.list.n;
	arena_free(a);
	return took;
}

static int by_size(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void report(const char *what, uint64_t *us, size_t n, uint64_t rows)
{
	qsort(us, n, sizeof(*us), by_size);
	printf("%-28s p50 %6llu us  p99 %6llu us  max %6llu us  %.1f rows a page\n", what,
	       (unsigned long long)us[n / 2], (unsigned long long)us[n * 99 / 100],
	       (unsigned long long)us[n - 1], (double)rows / (double)n);
}

/* A cursor (ca/catalog.c) that stands at a random moment of the ends still to come. */
static void random_cursor(struct buf *text, int64_t now)
{
	unsigned char r[8];
	struct buf raw = BUF_INIT;
	uint64_t v = 0;

	rand_bytes(r, sizeof(r));
	for (size_t i = 0; i < sizeof(r); i++)
		v = v << 8 | r[i];
	buf_putc(&raw, 'x');
	buf_u64(&raw, (uint64_t)now + v % (55 * DAY));
	for (unsigned i = 0; i < SERIAL_KEY; i++)
		buf_u8(&raw, 0);
	b64_encode(B64_URL, buf_view(&raw), text);
	buf_release(&raw);
}

enum kind { K_CURRENT, K_VALID_PROV, K_PREFIX, K_NAME, K_COUNT };

static void measure_kind(struct ca *ca, enum kind kind, size_t n, uint64_t all)
{
	static const char *const names[] = {"current, anywhere", "valid, 1 in 10, anywhere",
					    "a name's beginning", "one name"};
	uint64_t *us = mem_calloc(n, sizeof(*us)), rows = 0;
	int64_t now = clock_now();
	char name[64];

	for (size_t i = 0; i < n; i++) {
		struct catalog_filter f = {.status = CATALOG_CURRENT};
		struct buf cursor = BUF_INIT;
		unsigned char r[4];
		uint64_t at;

		rand_bytes(r, sizeof(r));
		at = ((uint64_t)r[0] << 24 | r[1] << 16 | r[2] << 8 | r[3]) % all;
		if (kind == K_CURRENT || kind == K_VALID_PROV)
			random_cursor(&cursor, now);
		if (kind == K_VALID_PROV) {
			f.status = CATALOG_VALID;
			f.provisioner = STR("machines");
		} else if (kind == K_PREFIX) {
			f.status = CATALOG_ALL;
			snprintf(name, sizeof(name), "host-%05llu*", (unsigned long long)at / 100);
			f.name = str_c(name);
		} else if (kind == K_NAME) {
			f.status = CATALOG_ALL;
			snprintf(name, sizeof(name), "host-%07llu.site-%llu.example.com",
				 (unsigned long long)at, (unsigned long long)(at % 997));
			f.name = str_c(name);
		}
		us[i] = ask(ca, &f, buf_view(&cursor), &rows);
		buf_release(&cursor);
	}
	report(names[kind], us, n, rows);
	mem_free(us);
}

static void measure(struct loop *l, struct store *s, size_t n)
{
	struct ca ca = {.loop = l, .store = s}; /* all that the catalogue uses */
	uint64_t all = 1000000;

	for (unsigned round = 1; round <= 2; round++) {
		printf("round %u\n", round);
		for (unsigned k = 0; k < K_COUNT; k++)
			measure_kind(&ca, (enum kind)k, n, all);
	}
}

/* ---- main ---- */

static struct store *open_timed(struct loop *l, const char *path, struct err *e)
{
	struct store_config c = {.driver = "rocksdb", .path = path, .readers = 2};
	uint64_t started = clock_mono_us();
	struct store *s = store_open(l, &c, e);

	if (s)
		printf("open %llu ms\n", (unsigned long long)(clock_mono_us() - started) / 1000);
	return s;
}

static int usage(void)
{
	fprintf(stderr, "usage: fill [--measure] DIR [N]\n");
	return 2;
}

int main(int argc, char **argv)
{
	bool measuring = argc > 1 && strcmp(argv[1], "--measure") == 0;
	int at = measuring ? 2 : 1;
	uint64_t n = measuring ? 2000 : 1000000;
	struct err e = ERR_INIT;
	struct store *s = NULL;
	struct loop *l;

	if (argc <= at || argc > at + 2 || argv[at][0] == '-')
		return usage();
	if (argc == at + 2 && (!str_u64(str_c(argv[at + 1]), &n) || n < 1 || n > 100000000))
		return usage();
	if (crypto_init(NULL, &e) != 0)
		goto failed;
	l = loop_new(&e);
	if (l)
		s = open_timed(l, argv[at], &e);
	if (!s)
		goto failed;
	if (measuring)
		measure(l, s, (size_t)n);
	else
		fill(l, s, n);
	store_close(s);
	for (int i = 0; i < 4; i++)
		loop_turn(l, 0);
	loop_free(l);
	crypto_end();
	return 0;
failed:
	fprintf(stderr, "fill: %s\n", e.msg);
	return 1;
}
