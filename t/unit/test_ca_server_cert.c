/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ca_world.h"

#include <semaphore.h>

/*
 * The daemon's own leaf: made, kept, made again; and what happens when the key or the disk does
 * not work.
 */
static const char plain[] =
	"dnsNames: [ca.example, 127.0.0.1]\n"
	"authorities:\n"
	"- {name: default, root: r.crt, crt: i.crt, key: i.key, isolation: thread}\n";
/* The backdating is more than two thirds of the lifetime. */
static const char backdated[] =
	"dnsNames: [ca.example, 127.0.0.1]\n"
	"claims: {defaultTLSCertDuration: 5m}\n"
	"authorities:\n"
	"- {name: default, root: r.crt, crt: i.crt, key: i.key, isolation: thread, backdate: 1h}\n";

struct creds {
	unsigned n;
	struct buf chain;
};

static void on_creds(void *arg, const struct tls_creds *c)
{
	struct creds *x = arg;

	x->n++;
	buf_reset(&x->chain);
	buf_str(&x->chain, c->chain_pem);
	assert_true(c->key_pkcs8.n > 0);
}

static struct creds got; /* the tests run one after the other */

static bool have_creds(struct world *w)
{
	(void)w;
	return got.n > 0;
}

static struct world *begin(const char *config)
{
	struct world *w = world_new("memory", config);

	buf_reset(&got.chain);
	got.n = 0;
	store_up(w, 0);
	ca_up(w);
	return w;
}

static void make_leaf(struct world *w)
{
	struct err e = ERR_INIT;

	w->ca->server_cert = server_cert_new(w->ca, on_creds, &got, &e);
	if (!w->ca->server_cert)
		fail_msg("%s", e.msg);
}

static void end(struct world *w)
{
	world_free(w);
	buf_release(&got.chain);
}

/* Two leaves and so on would come one second apart. */
static void wait_a_while(struct world *w)
{
	uint64_t until = clock_mono_ms() + 1500;

	while (clock_mono_ms() < until)
		loop_turn(w->loop, 50);
}

static bool leaf_on_disk(struct world *w, struct buf *out)
{
	char *path = file_join(w->site.dir, "tls/server.crt");
	struct err e = ERR_INIT;
	bool there = file_exists(path);

	if (there && out && file_read(path, 65536, out, &e) < 0)
		fail_msg("%s", e.msg);
	mem_free(path);
	return there;
}

static void made_and_kept(void **state)
{
	struct world *w = begin(plain);
	struct buf first = BUF_INIT;
	struct rec_endpoint ep;
	struct run r;

	(void)state;
	make_leaf(w);
	assert_int_equal(got.n, 0);
	turn_until(w, have_creds);
	assert_true(leaf_on_disk(w, &first));
	assert_true(str_eq(buf_view(&first), buf_view(&got.chain)));
	only_row(w, CF_ENDPOINT, &rec_endpoint_info, &ep, &r);
	assert_true(str_eqc(ep.kind, "self"));
	run_end(&r);
	ca_down(w);
	ca_up(w);
	got.n = 0;
	make_leaf(w);
	assert_int_equal(got.n, 1); /* at once, before the key is open */
	assert_true(str_eq(buf_view(&first), buf_view(&got.chain)));
	wait_a_while(w);
	assert_int_equal(got.n, 1);
	assert_int_equal(rows(w, CF_CERT, NULL), 1);
	buf_release(&first);
	end(w);
}

static void backdating(void **state)
{
	struct world *w = begin(backdated);

	(void)state;
	make_leaf(w);
	turn_until(w, have_creds);
	wait_a_while(w);
	assert_int_equal(got.n, 1);
	assert_int_equal(rows(w, CF_CERT, NULL), 1);
	end(w);
}

static bool has_failed(struct world *w)
{
	return rows(w, CF_REVOKED, NULL) > 0;
}

static void signing_fails(void **state)
{
	struct world *w;

	NEEDS_KEY_HOOK();
	w = begin(plain);
	(void)state;
	kms_tell("fail");
	make_leaf(w);
	turn_until(w, has_failed);
	assert_int_equal(got.n, 0);
	kms_tell("");
	turn_until(w, have_creds);
	assert_int_equal(rows(w, CF_CERT, NULL), 1);
	assert_true(leaf_on_disk(w, NULL));
	end(w);
}

struct blocker {
	struct job job;
	sem_t *until;
};

static void block_run(struct job *j)
{
	struct blocker *b = CONTAINER_OF(j, struct blocker, job);

	while (sem_wait(b->until) != 0)
		;
}

static void block_free(struct job *j)
{
	mem_free(CONTAINER_OF(j, struct blocker, job));
}

/* Nobody writes the file; the pair is used all the same. */
static void slow_pool_full(void **state)
{
	struct world *w = begin(plain);
	struct err e = ERR_INIT;
	sem_t until;
	unsigned n = 0;

	(void)state;
	assert_int_equal(sem_init(&until, 0, 0), 0);
	for (;;) {
		struct blocker *b = NEW(struct blocker);

		b->job.name = "block";
		b->job.run = block_run;
		b->job.free = block_free;
		b->until = &until;
		if (pool_submit(w->slow, &b->job, &e) < 0) {
			mem_free(b);
			break;
		}
		n++;
	}
	make_leaf(w);
	turn_until(w, have_creds);
	assert_false(leaf_on_disk(w, NULL));
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(sem_post(&until), 0);
	end(w);
	sem_destroy(&until);
}

static bool is_reserved(struct world *w)
{
	return rows(w, CF_RESERVATION, NULL) == 1;
}

/* The daemon ends while its leaf is being signed: that is finished and recorded, nobody is told. */
static void stopped_meanwhile(void **state)
{
	struct world *w;

	NEEDS_KEY_HOOK();
	w = begin(plain);
	(void)state;
	kms_tell("hold");
	make_leaf(w);
	turn_until(w, is_reserved);
	ca_stop(w->ca);
	loop_turn(w->loop, 20);
	assert_true(ca_busy(w->ca));
	kms_tell("");
	ca_down(w);
	assert_int_equal(got.n, 0);
	assert_int_equal(rows(w, CF_RESERVATION, NULL), 0);
	assert_int_equal(rows(w, CF_CERT, NULL), 1);
	assert_true(leaf_on_disk(w, NULL));
	end(w);
}

static void leaf_now(struct creds *x, struct arena *a, struct cert *out)
{
	struct err e = ERR_INIT;
	struct str *ders;
	size_t n;

	assert_int_equal(cert_pem_read(buf_view(&x->chain), a, &ders, &n, &e), 0);
	assert_int_equal(cert_parse(ders[0], a, out, &e), 0);
}

/* The key on disk is the leaf's. */
static void assert_key_of(struct world *w, const struct cert *c)
{
	char *path = file_join(w->site.dir, "tls/server.key");
	struct secret text = SECRET_INIT;
	struct buf spki = BUF_INIT;
	struct err e = ERR_INIT;
	struct key *k;

	assert_int_equal(file_read_secret(path, 65536, &text, &e), 0);
	k = key_from_file_data(secret_view(&text), NULL, &e);
	assert_non_null(k);
	key_to_spki(k, &spki);
	assert_true(str_eq(buf_view(&spki), c->spki));
	buf_release(&spki);
	key_free(k);
	secret_release(&text);
	mem_free(path);
}

static bool have_second(struct world *w)
{
	(void)w;
	return got.n > 1;
}

/* A revoked leaf is replaced; the key too, but only when it may not be used any more. */
static void replaced(struct world *w, int64_t reason, bool new_key)
{
	struct arena *a = arena_new();
	struct cert first, second;

	make_leaf(w);
	turn_until(w, have_creds);
	turn_until(w, is_ready);
	leaf_now(&got, a, &first);
	assert_int_equal(revoke_once(w, first.serial, reason), ERR_OK);
	turn_until(w, have_second);
	leaf_now(&got, a, &second);
	assert_false(str_eq(first.serial, second.serial));
	assert_int_equal(str_eq(first.spki, second.spki), !new_key);
	assert_key_of(w, &second);
	assert_true(leaf_on_disk(w, NULL));
	arena_free(a);
	end(w);
}

static void revoked(void **state)
{
	(void)state;
	replaced(begin(plain), 4, false);
}

static void key_blocked(void **state)
{
	(void)state;
	replaced(begin(plain), 1, true);
}

static int run(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(made_and_kept),     cmocka_unit_test(backdating),
		cmocka_unit_test(signing_fails),     cmocka_unit_test(slow_pool_full),
		cmocka_unit_test(stopped_meanwhile), cmocka_unit_test(revoked),
		cmocka_unit_test(key_blocked),
	};

	return cmocka_run_group_tests_name("ca_server_cert", tests, NULL, NULL);
}

int main(void)
{
	return world_group(run);
}
