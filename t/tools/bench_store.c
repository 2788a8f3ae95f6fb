/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/clock.h"
#include "base/mem.h"
#include "bench.h"
#include "ca/ca.h"
#include "ca/index.h"

#include <sys/stat.h>

/*
 * bench_store.c - the two commits of a certificate (ca/issue.c), synced, as many at a time as there
 * are clients; CPU time of the whole process: loop, writer, and what RocksDB does behind.
 */
#define TURN_MS	  1000
#define COMMIT_MS 60000
#define WARM	  100

struct filed {
	struct flow flow;
	struct store_commit commit;
	struct store *store;
	struct arena *arena;
	struct maker_of_rows *from;
	unsigned char key[SERIAL_KEY], endpoint[16], once[32];
	bool renewal, running, over;
};

struct maker_of_rows {
	struct str der, tbs;
	struct cert cert;
};

static struct str serial_of(const struct filed *r)
{
	return str_mem(r->key, sizeof(r->key));
}

static enum step reserve(struct flow *f, void *op)
{
	struct filed *r = op;
	struct store_batch *b = store_batch_new(r->store);
	struct rec_reservation row = {
		.tbs = r->from->tbs,
		.key_id = STR("00112233445566778899aabbccddeeff"),
		.authority = STR("default"),
		.provisioner = STR("bench"),
		.made = clock_now(),
		.once = r->renewal ? STR_NULL : str_mem(r->once, sizeof(r->once)),
		.endpoint = str_mem(r->endpoint, sizeof(r->endpoint)),
		.renewed_from = r->renewal ? serial_of(r) : STR_NULL,
		.not_after = r->from->cert.not_after,
	};
	struct rec_once once = {.expiry = clock_now() + 300, .serial = serial_of(r)};
	struct buf v = BUF_INIT;

	if (!r->renewal) {
		rec_encode(&rec_once_info, &once, &v);
		store_put_absent(b, CF_ONCE, row.once, buf_view(&v));
		buf_reset(&v);
	} else {
		store_expect_absent(b, CF_REVOKED, serial_of(r));
	}
	store_expect_absent(b, CF_BLOCKED_KEY, str_mem(r->once, sizeof(r->once)));
	store_expect_absent(b, CF_CERT, serial_of(r));
	rec_encode(&rec_reservation_info, &row, &v);
	store_put_absent(b, CF_RESERVATION, serial_of(r), buf_view(&v));
	buf_release(&v);
	store_commit(r->store, b, &r->commit, f, COMMIT_MS);
	return STEP_WAIT;
}

static void put_rows(struct filed *r, struct store_batch *b)
{
	const struct cert *c = &r->from->cert;
	struct rec_cert rec = {
		.der = r->from->der,
		.authority = STR("default"),
		.provisioner = STR("bench"),
		.provisioner_type = STR("JWK"),
		.provisioner_id = STR("bench:00112233445566778899aabbccddeeff0011223344"),
		.endpoint = str_mem(r->endpoint, sizeof(r->endpoint)),
		.key_id = STR("00112233445566778899aabbccddeeff"),
		.common_name = name_get(&c->subject, OID_CN),
		.names = index_names(r->arena, c),
		.not_before = c->not_before,
		.not_after = c->not_after,
		.issued = clock_now(),
		.renewed_from = r->renewal ? serial_of(r) : STR_NULL,
		.request_id = STR("3f0c8a52-9f6f-4d10-a4f0-2b1c0f4f9d11"),
		.kind = STR("x509"),
	};
	struct rec_endpoint ep = {.kind = STR("x509"), .authority = STR("default")};
	struct rec_audit audit = {.event = STR("certificate.issued"), .actor = STR("bench")};
	struct cert mine = *c;
	struct buf v = BUF_INIT;

	mine.serial = serial_of(r);
	index_add_cert(b, r->arena, &rec, &mine);
	ep.provisioner = rec.provisioner;
	ep.common_name = audit.detail = rec.common_name;
	ep.created = rec.issued;
	rec_encode(&rec_endpoint_info, &ep, &v);
	store_put_if_absent(b, CF_ENDPOINT, rec.endpoint, buf_view(&v));
	buf_release(&v);
	audit.serial = index_serial_text(r->arena, mine.serial);
	audit.request_id = rec.request_id;
	index_add_audit(b, &audit);
}

static void look(struct filed *r)
{
	const struct err *why = wait_error(&r->commit.wait);

	if (why != NULL)
		die_err("the store", why);
}

static enum step record(struct flow *f, void *op)
{
	struct filed *r = op;
	struct store_batch *b = store_batch_new(r->store);

	look(r);
	store_expect_version(b, CF_RESERVATION, serial_of(r), 1);
	store_expect_absent(b, CF_BLOCKED_KEY, str_mem(r->once, sizeof(r->once)));
	store_del(b, CF_RESERVATION, serial_of(r));
	put_rows(r, b);
	store_commit(r->store, b, &r->commit, f, COMMIT_MS);
	return STEP_WAIT;
}

static enum step done(struct flow *f, void *op)
{
	(void)f;
	look(op);
	return STEP_DONE;
}

static const struct flow_step steps[] = {
	{"bench.reserve", reserve, 0},
	{"bench.record", record, 0},
	{"bench.done", done, 0},
	{NULL, NULL, 0},
};

static void on_end(struct flow *f)
{
	CONTAINER_OF(f, struct filed, flow)->over = true;
}

static void begin(struct filed *r, struct loop *l)
{
	rand_bytes(r->key, sizeof(r->key));
	rand_bytes(r->endpoint, sizeof(r->endpoint));
	rand_bytes(r->once, sizeof(r->once));
	r->key[0] = 0;
	r->key[1] = 1;
	r->over = false;
	r->running = true;
	r->arena = arena_new();
	flow_init(&r->flow, l, steps, r, r->arena);
	r->flow.on_end = on_end;
	flow_start(&r->flow);
}

/* Files n of them, or for so many CPU seconds when n is 0. How many there were. */
static uint64_t file_some(struct loop *l, struct filed *r, unsigned in_flight, uint64_t n,
			  double seconds)
{
	uint64_t made = 0, begun = 0;
	double until = own_cpu_ms() + seconds * 1e3;
	bool more = true;

	while (more || made < begun) {
		more = n > 0 ? begun < n : own_cpu_ms() < until;
		for (unsigned i = 0; i < in_flight; i++) {
			if (r[i].over) {
				arena_free(r[i].arena);
				r[i].over = r[i].running = false;
				made++;
			}
			if (more && !r[i].running) {
				begin(&r[i], l);
				begun++;
			}
		}
		if (made < begun)
			loop_turn(l, TURN_MS);
	}
	return made;
}

static void rows_init(struct maker_of_rows *m, struct mini_ca *ca)
{
	struct err e = ERR_INIT;
	struct key *k = key_generate(KEY_P256, 0, &e);

	if (k == NULL)
		die_err("a key", &e);
	m->der = mini_ca_leaf(ca, k, "host-12345.0123456789abcdef.example.com", ca->arena);
	m->tbs = mini_ca_tbs(ca, k, "host-12345.0123456789abcdef.example.com", ca->arena);
	if (cert_parse(m->der, ca->arena, &m->cert, &e) < 0)
		die_err("a certificate", &e);
	key_free(k);
}

double store_cost(const char *dir, bool renewal, unsigned in_flight, double seconds)
{
	struct store_config sc = {.driver = "rocksdb", .readers = 2};
	struct err e = ERR_INIT;
	struct filed *r = mem_calloc(in_flight, sizeof(*r));
	struct maker_of_rows rows;
	struct mini_ca ca;
	struct loop *l = loop_new(&e);
	struct store *s;
	double from, spent;
	uint64_t n;

	mini_ca_init(&ca);
	rows_init(&rows, &ca);
	sc.path = arena_printf(ca.arena, "%s/store-%d-%d", dir, getpid(), renewal);
	s = l ? store_open(l, &sc, &e) : NULL;
	if (s == NULL)
		die_err("the store", &e);
	for (unsigned i = 0; i < in_flight; i++)
		r[i] = (struct filed){.store = s, .from = &rows, .renewal = renewal};
	(void)file_some(l, r, in_flight, WARM, 0);
	from = own_cpu_ms();
	n = file_some(l, r, in_flight, 0, seconds);
	spent = own_cpu_ms() - from;
	store_close(s);
	for (int i = 0; i < 4; i++)
		loop_turn(l, 0);
	loop_free(l);
	mem_free(r);
	mini_ca_release(&ca);
	return spent * 1000.0 / (double)n;
}
