/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ca_world.h"

#include "base/metric.h"

/*
 * ca/revoke as a flow, against both store drivers: who may, what is on disk afterwards, and what a
 * refusal leaves alone. The race with renewing is in test_ca_race.c.
 */
static const char config[] =
	"dnsNames: [ca.example]\n"
	"authorities:\n"
	"- {name: default, root: r.crt, crt: i.crt, key: i.key, isolation: thread}\n";

static char memory[] = "memory", rocksdb[] UNUSED = "rocksdb"; /* state: cmocka's initial state */

static int setup(void **state)
{
	struct world *w = world_new(*state, config);

	site_jwk(&w->site, "provisioners.d/2.yaml", "second", w->admin, NULL, NULL);
	store_up(w, 0);
	ca_up(w);
	set_swap(w);
	turn_until(w, is_ready);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	clock_tell(0);
	world_free(*state);
	return 0;
}

static void assert_str(struct str got, struct str want)
{
	assert_int_equal(got.n, want.n);
	assert_memory_equal(got.p, want.p, want.n);
}

static void assert_says(const struct revoking *s, enum err_code code, const char *public)
{
	assert_true(s->r.flow.failed);
	assert_int_equal(s->r.flow.err.code, code);
	assert_string_equal(s->r.flow.err.pub, public);
}

/* As token: the grant that prov_authorize makes for a revocation of `sub`. */
static void by_token(struct world *w, struct revoking *s, const char *prov, const char *sub,
		     const char *token)
{
	struct grant *g = make_grant(w, s->arena, token);

	g->method = SIGNET_REVOKE;
	g->prov = prov_by_name(w->set, str_c(prov));
	g->serial = str_c(sub);
	s->r.by = REVOKE_BY_TOKEN;
	s->r.grant = g;
}

static void by_cert(struct revoking *s, struct str der)
{
	s->r.by = REVOKE_BY_CERT;
	s->r.leaf_der = der;
}

/* ---- what is written ---- */

static void check_listings(struct world *w, enum cf cf, size_t n, int64_t at, int64_t reason)
{
	struct rec_listing l;
	struct err e = ERR_INIT;
	struct run r;

	assert_int_equal(rows(w, cf, &r), n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(
			rec_decode(&rec_listing_info, r.page.rows[i].value, r.arena, &l, &e), 0);
		assert_int_equal(l.revoked_at, at);
		assert_int_equal(l.revoked_reason, reason);
	}
	run_end(&r);
}

static void check_record(struct world *w, const struct issuing *s, const struct revoking *v)
{
	struct rec_revoked rv;
	struct rec_cert c;
	struct run r;

	only_row(w, CF_REVOKED, &rec_revoked_info, &rv, &r);
	assert_int_equal(rv.at, v->r.at);
	assert_int_equal(rv.reason, 4);
	assert_int_equal(rv.not_after, s->i.not_after);
	assert_true(str_eqc(rv.text, "replaced \xc3\xa4") && str_eqc(rv.by, "uid 0"));
	run_end(&r);
	only_row(w, CF_CERT, &rec_cert_info, &c, &r);
	assert_str(c.der, s->i.der);
	assert_int_equal(c.revoked_at, v->r.at);
	assert_int_equal(c.revoked_reason, 4);
	assert_true(str_eqc(c.provisioner, "admin") && str_eqc(c.kind, "x509") &&
		    c.endpoint.n == 16 && c.not_after == s->i.not_after);
	run_end(&r);
}

static void by_operator(void **state)
{
	struct world *w = *state;
	int64_t revoked = metric_value(METRIC_CERTIFICATES_REVOKED);
	struct issuing s;
	struct revoking v;
	struct rec_audit a;
	struct run r;
	char *text;

	issue_one(w, &s, "t1");
	revoke_prepare(w, &v, s.i.serial);
	v.r.reason = 4;
	v.r.text = STR("replaced \xc3\xa4");
	assert_int_equal(revoke_run(w, &v), ERR_OK);
	assert_true(v.r.at > 0);
	check_record(w, &s, &v);
	check_listings(w, CF_CERT_BY_EXPIRY, 1, v.r.at, 4);
	check_listings(w, CF_CERT_BY_NAME, 2, v.r.at, 4);
	check_listings(w, CF_CERT_BY_ENDPOINT, 1, v.r.at, 4);
	find_audit(w, "certificate.revoked", &a, &r);
	assert_true(str_eqc(a.actor, "uid 0") &&
		    str_eqc(a.detail, "superseded: replaced \xc3\xa4") &&
		    str_eqc(a.request_id, "req-3"));
	assert_string_equal(arena_cstr(r.arena, a.serial), serial_text(&v, s.i.serial));
	run_end(&r);
	assert_int_equal(rows(w, CF_BLOCKED_KEY, NULL), 0);
	assert_int_equal(metric_value(METRIC_CERTIFICATES_REVOKED), revoked + 1);
	text = mem_asprintf("certificate with serial number '%s' is already revoked",
			    serial_text(&v, s.i.serial));
	arena_free(v.arena);
	revoke_prepare(w, &v, s.i.serial);
	v.r.reason = 1;
	revoke_run(w, &v);
	assert_says(&v, ERR_INVALID, text);
	arena_free(v.arena);
	mem_free(text);
	check_listings(w, CF_CERT_BY_EXPIRY, 1, a.at, 4); /* as it was */
	assert_int_equal(rows(w, CF_AUDIT, NULL), 2);
	assert_int_equal(rows(w, CF_BLOCKED_KEY, NULL), 0);
	assert_int_equal(metric_value(METRIC_CERTIFICATES_REVOKED), revoked + 1);
	issue_free(&s);
}

static void reasons(void **state)
{
	static const int64_t wrong[] = {-1, 7, 11, 100, INT64_MAX, INT64_MIN};
	struct world *w = *state;
	struct issuing s;
	struct revoking v;

	for (int64_t reason = 0; reason <= 10; reason++) {
		char token[8];

		if (reason == 7 || reason == 1) /* 1: see key_compromise */
			continue;
		snprintf(token, sizeof(token), "t%d", (int)reason);
		issue_one(w, &s, token);
		assert_int_equal(revoke_once(w, s.i.serial, reason), ERR_OK);
		issue_free(&s);
	}
	issue_one(w, &s, "last");
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		revoke_prepare(w, &v, s.i.serial);
		v.r.reason = wrong[i];
		revoke_run(w, &v);
		assert_says(&v, ERR_INVALID, "reasonCode out of bounds");
		arena_free(v.arena);
	}
	assert_int_equal(rows(w, CF_REVOKED, NULL), 9);
	issue_free(&s);
}

static void texts(void **state)
{
	static char long_text[1001]; /* state: zeroed once */
	static const struct str wrong[] = {{long_text, 1001}, {"\xff", 1}, {"a\0b", 3}};
	struct world *w = *state;
	struct issuing s;
	struct revoking v;

	memset(long_text, 'x', sizeof(long_text));
	issue_one(w, &s, "t1");
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		revoke_prepare(w, &v, s.i.serial);
		v.r.text = wrong[i];
		revoke_run(w, &v);
		assert_says(&v, ERR_INVALID, "reason: at most 1000 bytes of UTF-8");
		arena_free(v.arena);
	}
	assert_int_equal(rows(w, CF_REVOKED, NULL), 0);
	revoke_prepare(w, &v, s.i.serial);
	v.r.text = (struct str){long_text, 1000};
	assert_int_equal(revoke_run(w, &v), ERR_OK);
	arena_free(v.arena);
	issue_free(&s);
}

/* A full disk is no reason to keep trusting a certificate. */
static UNUSED void full_disk(void **state)
{
	struct world *w = *state;
	struct issuing s;

	issue_one(w, &s, "t1");
	ca_down(w);
	store_close(w->store);
	store_up(w, UINT64_C(1) << 60);
	ca_up(w);
	turn_until(w, is_ready);
	assert_int_equal(issue_once(w, "t2"), ERR_UNAVAILABLE);
	assert_int_equal(revoke_once(w, s.i.serial, 4), ERR_OK);
	assert_int_equal(rows(w, CF_REVOKED, NULL), 1);
	issue_free(&s);
}

/* ---- what is not there ---- */

static void never_issued(void **state)
{
	static const unsigned char some[16] = {1, 2, 3};
	struct world *w = *state;
	struct str serial = str_mem(some, sizeof(some));
	struct rec_revoked rv = {.at = clock_now()};
	unsigned char key[SERIAL_KEY];
	struct revoking v;
	struct store_batch *b;
	char *text;

	for (int i = 0; i < 2; i++) {
		revoke_prepare(w, &v, serial);
		if (i == 0)
			by_token(w, &v, "admin", serial_text(&v, serial), "t1");
		revoke_run(w, &v);
		text = mem_asprintf("certificate with serial number '%s' was not issued here",
				    serial_text(&v, serial));
		assert_says(&v, ERR_NOT_FOUND, text);
		mem_free(text);
		arena_free(v.arena);
	}
	assert_empty(w);
	/* What signing has failed for, or what was interrupted, nobody ever had. */
	b = store_batch_new(w->store);
	serial_key(serial, key);
	index_add_revoked(b, str_mem(key, sizeof(key)), &rv);
	assert_int_equal(commit_now(w->loop, w->store, b, NULL), ERR_OK);
	assert_int_equal(revoke_once(w, serial, 0), ERR_NOT_FOUND);
	assert_int_equal(rows(w, CF_REVOKED, NULL), 1);
	assert_int_equal(rows(w, CF_AUDIT, NULL) + rows(w, CF_CERT, NULL), 0);
}

/* ---- who may ---- */

static void token_may(void **state)
{
	struct world *w = *state;
	struct issuing s, other;
	struct revoking v;
	struct rec_audit a;
	struct rec_once once;
	struct run r;
	struct err e = ERR_INIT;
	size_t mine;

	issue_one(w, &s, "t1");
	issue_one(w, &other, "t2");
	revoke_prepare(w, &v, s.i.serial);
	by_token(w, &v, "admin", serial_text(&v, s.i.serial), "r1");
	assert_int_equal(revoke_run(w, &v), ERR_OK);
	find_audit(w, "certificate.revoked", &a, &r);
	assert_true(str_eqc(a.actor, "admin") && str_eqc(a.detail, "unspecified"));
	run_end(&r);
	assert_int_equal(rows(w, CF_ONCE, &r), 3);
	for (mine = 0; !str_eq(r.page.rows[mine].key, str_mem(v.r.grant->once, 32)); mine++)
		assert_true(mine < 2);
	assert_int_equal(rec_decode(&rec_once_info, r.page.rows[mine].value, r.arena, &once, &e),
			 0);
	assert_int_equal(once.expiry, v.r.grant->once_expiry);
	run_end(&r);
	arena_free(v.arena);
	/* the same token again: not "already revoked" */
	revoke_prepare(w, &v, s.i.serial);
	by_token(w, &v, "admin", serial_text(&v, s.i.serial), "r1");
	revoke_run(w, &v);
	assert_says(&v, ERR_UNAUTHORIZED, "");
	assert_string_equal(v.r.flow.err.msg, "token already used");
	arena_free(v.arena);
	/* another one: that is told, and it is not used up */
	revoke_prepare(w, &v, s.i.serial);
	by_token(w, &v, "admin", serial_text(&v, s.i.serial), "r2");
	assert_int_equal(revoke_run(w, &v), ERR_INVALID);
	arena_free(v.arena);
	assert_int_equal(rows(w, CF_ONCE, NULL), 3);
	assert_int_equal(rows(w, CF_REVOKED, NULL), 1);
	issue_free(&other);
	issue_free(&s);
}

static void token_may_not(void **state)
{
	struct world *w = *state;
	struct issuing s, other;
	struct revoking v;
	char *text;

	issue_one(w, &s, "t1");
	issue_one(w, &other, "t2");
	revoke_prepare(w, &v, s.i.serial);
	by_token(w, &v, "admin", serial_text(&v, other.i.serial), "r1");
	revoke_run(w, &v);
	text = mem_asprintf("request serial number \"%s\" and token subject \"%s\" do not match",
			    serial_text(&v, s.i.serial), serial_text(&v, other.i.serial));
	assert_says(&v, ERR_FORBIDDEN, text);
	mem_free(text);
	arena_free(v.arena);
	revoke_prepare(w, &v, s.i.serial);
	by_token(w, &v, "admin", "0x01", "r1");
	assert_int_equal(revoke_run(w, &v), ERR_FORBIDDEN);
	arena_free(v.arena);
	revoke_prepare(w, &v, s.i.serial);
	by_token(w, &v, "second", serial_text(&v, s.i.serial), "r1");
	revoke_run(w, &v);
	text = mem_asprintf("certificate with serial number '%s' was not issued by provisioner "
			    "'second'",
			    serial_text(&v, s.i.serial));
	assert_says(&v, ERR_FORBIDDEN, text);
	mem_free(text);
	arena_free(v.arena);
	/* the grant was made, then its provisioner is removed by a reload */
	revoke_prepare(w, &v, s.i.serial);
	by_token(w, &v, "admin", serial_text(&v, s.i.serial), "r1");
	site_jwk(&w->site, "provisioners.d/1.yaml", "admin", w->subject, NULL, NULL);
	set_swap(w);
	revoke_run(w, &v);
	assert_says(&v, ERR_UNAUTHORIZED, "");
	arena_free(v.arena);
	assert_int_equal(rows(w, CF_REVOKED, NULL), 0);
	assert_int_equal(rows(w, CF_ONCE, NULL), 2);
	issue_free(&other);
	issue_free(&s);
}

static void cert_may(void **state)
{
	struct world *w = *state;
	struct issuing s, other;
	struct revoking v;
	struct rec_audit a;
	struct run r;
	char *altered, *text;

	issue_one(w, &s, "t1");
	issue_one(w, &other, "t2");
	revoke_prepare(w, &v, other.i.serial);
	by_cert(&v, s.i.der);
	revoke_run(w, &v);
	text = mem_asprintf(
		"request serial number \"%s\" and certificate serial number \"%s\" do not match",
		serial_text(&v, other.i.serial), serial_text(&v, s.i.serial));
	assert_says(&v, ERR_FORBIDDEN, text);
	mem_free(text);
	arena_free(v.arena);
	altered = mem_dup(s.i.der.p, s.i.der.n); /* same serial, another signature */
	altered[s.i.der.n - 1] ^= 1;
	revoke_prepare(w, &v, s.i.serial);
	by_cert(&v, str_mem(altered, s.i.der.n));
	assert_int_equal(revoke_run(w, &v), ERR_UNAUTHORIZED);
	arena_free(v.arena);
	revoke_prepare(w, &v, s.i.serial);
	by_cert(&v, str_mem(altered, s.i.der.n - 1));
	assert_int_equal(revoke_run(w, &v), ERR_UNAUTHORIZED);
	arena_free(v.arena);
	mem_free(altered);
	assert_int_equal(rows(w, CF_REVOKED, NULL), 0);
	revoke_prepare(w, &v, s.i.serial);
	by_cert(&v, s.i.der);
	assert_int_equal(revoke_run(w, &v), ERR_OK);
	arena_free(v.arena);
	find_audit(w, "certificate.revoked", &a, &r);
	assert_true(str_eqc(a.actor, "certificate"));
	run_end(&r);
	/* It authenticates nothing any more, but may hear what it is. */
	revoke_prepare(w, &v, s.i.serial);
	by_cert(&v, s.i.der);
	assert_int_equal(revoke_run(w, &v), ERR_INVALID);
	assert_non_null(strstr(v.r.flow.err.pub, "is already revoked"));
	arena_free(v.arena);
	revoke_prepare(w, &v, other.i.serial);
	by_cert(&v, s.i.der);
	assert_int_equal(revoke_run(w, &v), ERR_FORBIDDEN);
	arena_free(v.arena);
	assert_int_equal(rows(w, CF_REVOKED, NULL), 1);
	issue_free(&other);
	issue_free(&s);
}

static void cert_out_of_time(void **state)
{
	struct world *w = *state;
	struct issuing s;
	struct revoking v;

	NEEDS_KEY_HOOK();
	issue_one(w, &s, "t1");
	for (int i = 0; i < 2; i++) {
		clock_tell(i == 0 ? 25 * 3600 : -3600);
		revoke_prepare(w, &v, s.i.serial);
		by_cert(&v, s.i.der);
		assert_int_equal(revoke_run(w, &v), ERR_UNAUTHORIZED);
		arena_free(v.arena);
	}
	clock_tell(25 * 3600);
	assert_int_equal(revoke_once(w, s.i.serial, 0), ERR_OK); /* the operator may */
	clock_tell(0);
	issue_free(&s);
}

/* ---- the key ---- */

static void key_compromise(void **state)
{
	struct world *w = *state;
	struct issuing s, twin, n;
	struct renewing rn;
	struct rec_blocked_key bk;
	struct run r;
	struct err e = ERR_INIT;
	struct buf spki = BUF_INIT;
	unsigned char id[HASH_MAX], serial[SERIAL_KEY];
	struct key *fresh = key_generate(KEY_P256, 0, &e);

	issue_one(w, &s, "t1");
	issue_one(w, &twin, "t2");
	assert_int_equal(revoke_once(w, s.i.serial, 1), ERR_OK);
	only_row(w, CF_BLOCKED_KEY, &rec_blocked_key_info, &bk, &r);
	key_to_spki(w->subject, &spki);
	hash(HASH_SHA256, buf_view(&spki), id);
	assert_str(r.page.rows[0].key, str_mem(id, 32));
	serial_key(s.i.serial, serial);
	assert_str(bk.serial, str_mem(serial, sizeof(serial)));
	run_end(&r);
	buf_release(&spki);
	/* no new certificate for it, and the token is not used up */
	issue_begin(w, &n, "t3");
	assert_int_equal(issue_finish(w, &n), ERR_INVALID);
	assert_string_equal(n.i.flow.err.pub, "the key was revoked for key compromise");
	issue_free(&n);
	issue_prepare(w, &n, "t3");
	n.i.subject_key = fresh;
	flow_start(&n.i.flow);
	assert_int_equal(issue_finish(w, &n), ERR_OK);
	issue_free(&n);
	/* nor may another certificate with this key be renewed, or lead to one with a good key */
	renew_begin(w, &rn, twin.i.der);
	assert_int_equal(renew_finish(w, &rn), ERR_INVALID);
	assert_string_equal(rn.r.flow.err.pub, "the key was revoked for key compromise");
	arena_free(rn.arena);
	renew_prepare(w, &rn, twin.i.der, NULL);
	rn.r.new_key = fresh;
	flow_start(&rn.r.flow);
	assert_int_equal(renew_finish(w, &rn), ERR_UNAUTHORIZED);
	arena_free(rn.arena);
	assert_int_equal(rows(w, CF_CERT, NULL), 3);
	assert_int_equal(rows(w, CF_RESERVATION, NULL), 0);
	/* the first row stays */
	assert_int_equal(revoke_once(w, twin.i.serial, 1), ERR_OK);
	only_row(w, CF_BLOCKED_KEY, &rec_blocked_key_info, &bk, &r);
	assert_str(bk.serial, str_mem(serial, sizeof(serial)));
	run_end(&r);
	key_free(fresh);
	issue_free(&twin);
	issue_free(&s);
}

/* ---- at the same time ---- */

static void one_of_many(void **state)
{
	struct world *w = *state;
	struct issuing s;
	struct revoking v[6];
	unsigned good = 0, used = 0, revoked = 0;

	issue_one(w, &s, "t1");
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		revoke_prepare(w, &v[i], s.i.serial);
		if (i % 3 == 1)
			by_token(w, &v[i], "admin", serial_text(&v[i], s.i.serial), "r1");
		if (i % 3 == 2)
			by_cert(&v[i], s.i.der);
		flow_start(&v[i].r.flow);
	}
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		enum err_code code = revoke_finish(w, &v[i]);

		good += code == ERR_OK;
		used += code == ERR_UNAUTHORIZED;
		revoked += code == ERR_INVALID;
		arena_free(v[i].arena);
	}
	assert_int_equal(good, 1);
	assert_int_equal(good + used + revoked, ARRAY_LEN(v));
	assert_int_equal(rows(w, CF_REVOKED, NULL), 1);
	assert_int_equal(rows(w, CF_AUDIT, NULL), 2);
	issue_free(&s);
}

static void cancelled(void **state)
{
	struct world *w = *state;
	struct issuing s;
	struct revoking v;

	issue_one(w, &s, "t1");
	revoke_prepare(w, &v, s.i.serial);
	flow_start(&v.r.flow);
	flow_cancel(&v.r.flow);
	assert_int_equal(revoke_finish(w, &v), ERR_CANCELLED);
	arena_free(v.arena);
	assert_int_equal(rows(w, CF_REVOKED, NULL), 0);
	/* from the commit on it is done to the end */
	revoke_prepare(w, &v, s.i.serial);
	flow_start(&v.r.flow);
	while (!v.over && !v.r.flow.detached)
		loop_turn(w->loop, 20);
	flow_cancel(&v.r.flow);
	assert_int_equal(revoke_finish(w, &v), ERR_OK);
	arena_free(v.arena);
	assert_int_equal(rows(w, CF_REVOKED, NULL), 1);
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
		BOTH(by_operator),
		MEMORY(reasons),
		MEMORY(texts),
#if !MEMORY_ONLY
		ROCKSDB(full_disk),
#endif
		BOTH(never_issued),
		BOTH(token_may),
		MEMORY(token_may_not),
		MEMORY(cert_may),
		MEMORY(cert_out_of_time),
		BOTH(key_compromise),
		BOTH(one_of_many),
		BOTH(cancelled),
	};

	return cmocka_run_group_tests_name("ca_revoke", tests, NULL, NULL);
}

int main(void)
{
	return world_group(run);
}
