/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ca_world.h"

/*
 * Renewing against revoking: one loop, the in-memory store, a thousand rounds around the moment at
 * which it is decided; and that moment held open. After a revocation was answered no renewed
 * certificate is recorded, and none is given out that is not.
 */
static const char config[] =
	"dnsNames: [ca.example]\n"
	"authorities:\n"
	"- {name: default, root: r.crt, crt: i.crt, key: i.key, isolation: thread}\n";

static char memory[] = "memory", rocksdb[] UNUSED = "rocksdb"; /* state: cmocka's initial state */

static int setup(void **state)
{
	struct world *w = world_new(*state, config);

	store_up(w, 0);
	ca_up(w);
	turn_until(w, is_ready);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	world_free(*state);
	return 0;
}

#define ROUNDS 1000

/* How many certificates the endpoint has; read when the revocation is answered. */
struct watch {
	struct revoking v;
	struct world *w;
	struct run r;
	struct str endpoint;
};

static void on_answered(struct flow *f)
{
	struct watch *x = CONTAINER_OF(CONTAINER_OF(f, struct revoke, flow), struct watch, v.r);

	x->v.over = true;
	x->r.cf = CF_CERT_BY_ENDPOINT;
	x->r.key = x->endpoint;
	x->r.limit = 10;
	run_begin(&x->r, x->w->loop, x->w->store, RUN_PAGE);
}

static size_t of_endpoint(const struct run *r, struct str endpoint)
{
	size_t n = 0;

	while (n < r->page.n && r->page.rows[n].key.n > endpoint.n &&
	       memcmp(r->page.rows[n].key.p, endpoint.p, endpoint.n) == 0)
		n++;
	return n;
}

static size_t count_now(struct world *w, struct str endpoint)
{
	struct run r = {.cf = CF_CERT_BY_ENDPOINT, .key = endpoint, .limit = 10};
	size_t n;

	run_begin(&r, w->loop, w->store, RUN_PAGE);
	run_until(w->loop, &r.over);
	n = of_endpoint(&r, endpoint);
	run_end(&r);
	return n;
}

static void turn_for(struct world *w, uint64_t us)
{
	uint64_t end = clock_mono_us() + us;

	while (clock_mono_us() < end)
		loop_turn(w->loop, 0);
}

/*
 * One round: renewing begins `lead` microseconds before revoking. True when a renewed certificate
 * was given out.
 */
static bool race(struct world *w, struct str der, struct str serial, struct str endpoint,
		 uint64_t lead)
{
	struct watch x = {.w = w, .endpoint = endpoint};
	struct renewing n;
	enum err_code code;
	size_t before, after;

	renew_prepare(w, &n, der, NULL);
	revoke_prepare(w, &x.v, serial);
	x.v.r.flow.on_end = on_answered;
	flow_start(&n.r.flow);
	turn_for(w, lead);
	flow_start(&x.v.r.flow);
	code = renew_finish(w, &n);
	assert_int_equal(revoke_finish(w, &x.v), ERR_OK);
	run_until(w->loop, &x.r.over);
	before = of_endpoint(&x.r, endpoint);
	after = count_now(w, endpoint);
	assert_int_equal(before, after); /* nothing is recorded after the answer */
	if (code != ERR_OK && code != ERR_UNAUTHORIZED)
		fail_msg("%s", n.r.flow.err.msg);
	assert_int_equal(after, code == ERR_OK ? 2 : 1); /* what is not given out is not there */
	run_end(&x.r);
	arena_free(x.v.arena);
	arena_free(n.arena);
	return code == ERR_OK;
}

/*
 * The lead follows the outcome: longer while revoking wins, shorter while renewing does, in uneven
 * steps. So most rounds are close to the point where it turns, on any machine.
 */
static void against_renewing(void **state)
{
	struct world *w = *state;
	unsigned renewed = 0, streak = 0;
	uint64_t lead = 0;
	bool last = false;

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct issuing s;
		unsigned char endpoint[16];
		uint64_t step = 10 + i * 37 % 190;
		bool won;
		char token[16];

		snprintf(token, sizeof(token), "t%u", i);
		issue_prepare(w, &s, token);
		rand_bytes(endpoint, sizeof(endpoint));
		s.i.endpoint = str_mem(endpoint, sizeof(endpoint));
		flow_start(&s.i.flow);
		assert_int_equal(issue_finish(w, &s), ERR_OK);
		won = race(w, s.i.der, s.i.serial, s.i.endpoint, lead);
		renewed += won;
		streak = i > 0 && won == last ? streak + 1 : 0;
		last = won;
		step <<= streak < 8 ? streak : 8; /* a slow machine: found soon all the same */
		if (won)
			lead = lead > step ? lead - step : 0;
		else
			lead += step;
		issue_free(&s);
	}
	print_message("# %u renewed, %u not\n", renewed, ROUNDS - renewed);
	assert_true(renewed > 0 && renewed < ROUNDS);
	assert_int_equal(w->ca->authorities[0].key->slots, 0);
}

/*
 * The narrow place of it, held open: reserved, then revoked, then signed. Nothing is recorded, and
 * the serial that may have been signed is on record as revoked.
 */
static void revoked_while_signing(void **state)
{
	struct world *w = *state;
	struct issuing s;
	struct renewing n;
	struct rec_reservation rv;
	struct rec_audit a;
	struct run r;

	NEEDS_KEY_HOOK();
	issue_one(w, &s, "t1");
	kms_tell("hold");
	renew_begin(w, &n, s.i.der);
	while (rows(w, CF_RESERVATION, NULL) == 0)
		loop_turn(w->loop, 20);
	assert_int_equal(revoke_once(w, s.i.serial, 4), ERR_OK);
	kms_tell("");
	assert_int_equal(renew_finish(w, &n), ERR_UNAUTHORIZED);
	assert_string_equal(n.r.flow.err.msg, "the certificate is revoked");
	assert_null(n.r.bare);
	only_row(w, CF_RESERVATION, &rec_reservation_info, &rv, &r);
	assert_int_equal(rv.state, 1);
	assert_true(str_eqc(rv.why, "the certificate is revoked") && rv.renewed_from.n == 20);
	run_end(&r);
	assert_int_equal(rows(w, CF_CERT, NULL), 1);
	assert_int_equal(rows(w, CF_CERT_BY_NAME, NULL), 2);
	assert_int_equal(rows(w, CF_REVOKED, NULL), 2);
	find_audit(w, "certificate.failed", &a, &r);
	run_end(&r);
	assert_int_equal(w->ca->authorities[0].key->slots, 0);
	arena_free(n.arena);
	issue_free(&s);
}

/* The same for a key: a certificate for it was being made. */
static void key_blocked_while_signing(void **state)
{
	struct world *w = *state;
	struct issuing s, n;

	NEEDS_KEY_HOOK();
	issue_one(w, &s, "t1");
	kms_tell("hold");
	issue_begin(w, &n, "t2");
	while (rows(w, CF_RESERVATION, NULL) == 0)
		loop_turn(w->loop, 20);
	assert_int_equal(rows(w, CF_ONCE, NULL), 2);
	assert_int_equal(revoke_once(w, s.i.serial, 1), ERR_OK);
	kms_tell("");
	assert_int_equal(issue_finish(w, &n), ERR_INVALID);
	assert_int_equal(rows(w, CF_CERT, NULL), 1);
	assert_int_equal(rows(w, CF_REVOKED, NULL), 2);
	assert_int_equal(rows(w, CF_ONCE, NULL), 1);
	issue_free(&n);
	issue_free(&s);
}

#if MEMORY_ONLY
#define ROCKSDB(f)                                                                                 \
	{                                                                                          \
		"memory: " #f ", again", f, setup, teardown, memory                                \
	}
#else
#define ROCKSDB(f)                                                                                 \
	{                                                                                          \
		"rocksdb: " #f, f, setup, teardown, rocksdb                                        \
	}
#endif
#define MEMORY(f)                                                                                  \
	{                                                                                          \
		"memory: " #f, f, setup, teardown, memory                                          \
	}
#define BOTH(f) MEMORY(f), ROCKSDB(f)

static int run(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(revoked_while_signing),
		BOTH(key_blocked_while_signing),
		MEMORY(against_renewing),
	};

	return cmocka_run_group_tests_name("ca_race", tests, NULL, NULL);
}

int main(void)
{
	return world_group(run);
}
