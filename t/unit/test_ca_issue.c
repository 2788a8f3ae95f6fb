/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ca_world.h"

/*
 * ca/issue and ca/renew as flows, against both store drivers: what is on disk after each way in
 * which an issuance can end. The rows are read back from the store itself.
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

static struct str index_key(struct buf *b, struct str prefix, int64_t not_after, struct str serial)
{
	unsigned char key[SERIAL_KEY];

	serial_key(serial, key);
	buf_reset(b);
	buf_str(b, prefix);
	buf_u64(b, (uint64_t)not_after);
	buf_add(b, key, sizeof(key));
	return buf_view(b);
}

static void assert_str(struct str got, struct str want)
{
	assert_int_equal(got.n, want.n);
	assert_memory_equal(got.p, want.p, want.n);
}

static void check_indexes(struct world *w, const struct issuing *s, struct str endpoint)
{
	struct run r;
	struct buf key = BUF_INIT;

	assert_int_equal(rows(w, CF_CERT_BY_EXPIRY, &r), 1);
	assert_str(r.page.rows[0].key, index_key(&key, STR_NULL, s->i.not_after, s->i.serial));
	run_end(&r);
	assert_int_equal(rows(w, CF_CERT_BY_NAME, &r),
			 2); /* the common name is a SAN in other case: once */
	assert_str(r.page.rows[0].key,
		   index_key(&key, str_mem("10.1.2.3\0", 9), s->i.not_after, s->i.serial));
	assert_str(r.page.rows[1].key,
		   index_key(&key, str_mem("host.example.com\0", 17), s->i.not_after, s->i.serial));
	run_end(&r);
	assert_int_equal(rows(w, CF_CERT_BY_ENDPOINT, &r), 1);
	assert_str(r.page.rows[0].key, index_key(&key, endpoint, s->i.not_after, s->i.serial));
	run_end(&r);
	buf_release(&key);
}

static void success(void **state)
{
	struct world *w = *state;
	struct issuing s;
	struct rec_cert c;
	struct rec_once once;
	struct rec_endpoint ep;
	struct rec_audit audit;
	struct run r, x;
	struct kms_stats st;

	issue_begin(w, &s, "t1");
	assert_int_equal(issue_finish(w, &s), ERR_OK);
	only_row(w, CF_CERT, &rec_cert_info, &c, &r);
	assert_str(c.der, s.i.der);
	assert_int_equal(c.not_after, s.i.not_after);
	assert_true(str_eqc(c.provisioner, "admin") && str_eqc(c.provisioner_type, "JWK") &&
		    str_eqc(c.authority, "default"));
	assert_true(str_eqc(c.request_id, "req-1") && c.renewed_from.n == 0 && c.endpoint.n == 16);
	check_indexes(w, &s, c.endpoint);
	only_row(w, CF_ENDPOINT, &rec_endpoint_info, &ep, &x);
	assert_str(x.page.rows[0].key, c.endpoint);
	assert_true(str_eqc(ep.kind, "x509") && str_eqc(ep.provisioner, "admin"));
	run_end(&x);
	only_row(w, CF_ONCE, &rec_once_info, &once, &x);
	assert_str(x.page.rows[0].key, str_mem(s.i.grant->once, 32));
	assert_str(once.serial, r.page.rows[0].key);
	run_end(&x);
	only_row(w, CF_AUDIT, &rec_audit_info, &audit, &x);
	assert_true(str_eqc(audit.event, "certificate.issued"));
	run_end(&x);
	assert_int_equal(rows(w, CF_RESERVATION, NULL) + rows(w, CF_REVOKED, NULL), 0);
	run_end(&r);
	issue_free(&s);
	kms_stats(w->ca->authorities[0].key, &st);
	assert_int_equal(st.signatures, 1);
	assert_int_equal(w->ca->authorities[0].key->slots, 0);
}

static void token_twice(void **state)
{
	struct world *w = *state;
	struct issuing s[4];
	unsigned good = 0;

	for (int i = 0; i < 4; i++)
		issue_begin(w, &s[i], "t1"); /* of one iteration: one merged write */
	for (int i = 0; i < 4; i++) {
		enum err_code code = issue_finish(w, &s[i]);

		good += code == ERR_OK;
		if (code != ERR_OK) {
			assert_int_equal(code, ERR_UNAUTHORIZED);
			assert_string_equal(s[i].i.flow.err.msg, "token already used");
		}
	}
	assert_int_equal(good, 1);
	assert_int_equal(issue_once(w, "t1"), ERR_UNAUTHORIZED);
	assert_int_equal(issue_once(w, "t2"), ERR_OK);
	assert_int_equal(rows(w, CF_CERT, NULL), 2);
	assert_int_equal(rows(w, CF_RESERVATION, NULL) + rows(w, CF_REVOKED, NULL), 0);
	assert_int_equal(w->ca->authorities[0].key->slots, 0);
	for (int i = 0; i < 4; i++)
		issue_free(&s[i]);
}

static void cancel_before(void **state)
{
	struct world *w = *state;
	struct issuing s;

	issue_begin(w, &s, "t1");
	flow_cancel(&s.i.flow);
	assert_int_equal(issue_finish(w, &s), ERR_CANCELLED);
	issue_free(&s);
	assert_empty(w);
	assert_int_equal(w->ca->authorities[0].key->slots, 0);
	assert_int_equal(issue_once(w, "t1"), ERR_OK);
}

static bool is_reserved(struct world *w)
{
	return rows(w, CF_RESERVATION, NULL) == 1;
}

static void cancel_after(void **state)
{
	struct world *w = *state;
	struct issuing s;
	struct rec_cert c;
	struct run r;

	NEEDS_KEY_HOOK();
	kms_tell("hold");
	issue_begin(w, &s, "t1");
	turn_until(w, is_reserved);
	assert_int_equal(rows(w, CF_ONCE, NULL), 1); /* in the same commit */
	assert_int_equal(rows(w, CF_CERT, NULL), 0);
	flow_cancel(&s.i.flow);
	loop_turn(w->loop, 10);
	assert_false(s.over);
	kms_tell("");
	assert_int_equal(issue_finish(w, &s), ERR_OK);
	only_row(w, CF_CERT, &rec_cert_info, &c, &r);
	assert_str(c.der, s.i.der);
	run_end(&r);
	assert_int_equal(rows(w, CF_RESERVATION, NULL), 0);
	issue_free(&s);
}

/* What an issuance that got no signature leaves behind. */
static void check_failed(struct world *w, const char *why)
{
	struct rec_reservation rv;
	struct rec_revoked revoked;
	struct rec_audit audit;
	struct run r, x;

	assert_int_equal(rows(w, CF_CERT, NULL) + rows(w, CF_CERT_BY_NAME, NULL) +
				 rows(w, CF_ENDPOINT, NULL),
			 0);
	assert_int_equal(rows(w, CF_ONCE, NULL), 0);
	only_row(w, CF_RESERVATION, &rec_reservation_info, &rv, &r);
	assert_int_equal(rv.state, 1);
	assert_non_null(strstr(arena_cstr(r.arena, rv.why), why));
	assert_true(rv.tbs.n > 100 && rv.once.n == 32);
	only_row(w, CF_REVOKED, &rec_revoked_info, &revoked, &x);
	assert_str(x.page.rows[0].key, r.page.rows[0].key);
	assert_int_equal(revoked.not_after, rv.not_after);
	run_end(&x);
	run_end(&r);
	only_row(w, CF_AUDIT, &rec_audit_info, &audit, &x);
	assert_true(str_eqc(audit.event, "certificate.failed"));
	run_end(&x);
	assert_int_equal(w->ca->authorities[0].key->slots, 0);
}

static void signing_fails(void **state)
{
	struct world *w = *state;

	NEEDS_KEY_HOOK();
	kms_tell("fail");
	assert_int_equal(issue_once(w, "t1"), ERR_INTERNAL);
	check_failed(w, "signing failed");
	kms_tell("");
	assert_int_equal(issue_once(w, "t1"), ERR_OK); /* the token was given back */
	assert_int_equal(issue_once(w, "t1"), ERR_UNAUTHORIZED);
}

/* The signer refuses what was made here: the asker is told of our fault, not of his. */
static void signer_refuses(void **state)
{
	struct world *w = *state;
	struct buf *issuer = &w->ca->authorities[0].key->opened.issuer;

	issuer->p[issuer->n - 1] ^= 1;
	assert_int_equal(issue_once(w, "t1"), ERR_INTERNAL);
	check_failed(w, "signer");
}

static bool key_is_free(struct world *w)
{
	return w->ca->authorities[0].key->slots == 0;
}

static void signing_too_slow(void **state)
{
	struct world *w = *state;
	struct kms_stats st;
	struct issuing s;

	NEEDS_KEY_HOOK();
	kms_tell("hold");
	issue_begin(w, &s, "t1");
	turn_until(w, is_reserved);
	assert_string_equal(s.i.flow.waiting->name, "kms.sign");
	timer_set(&s.i.flow.waiting->deadline, 1); /* instead of 15 s */
	assert_int_equal(issue_finish(w, &s), ERR_TIMEOUT);
	issue_free(&s);
	kms_tell("");
	turn_until(w, key_is_free); /* the late signature came, and changed nothing */
	check_failed(w, "in time");
	kms_stats(w->ca->authorities[0].key, &st);
	assert_int_equal(st.late, 1);
	assert_int_equal(st.signatures, 0);
	assert_int_equal(issue_once(w, "t1"), ERR_OK);
}

static UNUSED void full_disk(void **state)
{
	struct world *w = *state;
	struct issuing s;

	ca_down(w);
	store_close(w->store);
	store_up(w, UINT64_C(1) << 60);
	ca_up(w);
	turn_until(w, is_ready);
	issue_begin(w, &s, "t1");
	assert_int_equal(issue_finish(w, &s), ERR_UNAVAILABLE);
	issue_free(&s);
	assert_empty(w);
	assert_int_equal(w->ca->authorities[0].key->slots, 0);
	ca_down(w);
	store_close(w->store);
	store_up(w, 0);
	ca_up(w);
	turn_until(w, is_ready);
	assert_int_equal(issue_once(w, "t1"), ERR_OK);
}

/* ---- renewing ---- */

static void put_revoked(struct world *w, struct str serial)
{
	struct store_batch *b = store_batch_new(w->store);
	struct rec_revoked rv = {.at = clock_now(), .reason = 1};
	unsigned char key[SERIAL_KEY];

	serial_key(serial, key);
	index_add_revoked(b, str_mem(key, sizeof(key)), &rv);
	assert_int_equal(commit_now(w->loop, w->store, b, NULL), ERR_OK);
}

static void renew_keeps_endpoint(void **state)
{
	struct world *w = *state;
	struct issuing s;
	struct renewing n;
	struct rec_cert c[2];
	struct run r;
	struct err e = ERR_INIT;
	unsigned char old[SERIAL_KEY];
	size_t newer;

	issue_begin(w, &s, "t1");
	assert_int_equal(issue_finish(w, &s), ERR_OK);
	renew_begin(w, &n, s.i.der);
	assert_int_equal(renew_finish(w, &n), ERR_OK);
	assert_int_equal(rows(w, CF_CERT, &r), 2);
	for (int i = 0; i < 2; i++)
		assert_int_equal(
			rec_decode(&rec_cert_info, r.page.rows[i].value, r.arena, &c[i], &e), 0);
	newer = str_eq(c[1].der, n.r.issue.der);
	assert_str(c[newer].der, n.r.issue.der);
	assert_str(c[0].endpoint, c[1].endpoint);
	serial_key(s.i.serial, old);
	assert_str(c[newer].renewed_from, str_mem(old, sizeof(old)));
	assert_int_equal(c[newer].not_after - c[newer].not_before,
			 c[!newer].not_after - c[!newer].not_before);
	assert_true(str_eqc(c[newer].request_id, "req-2"));
	run_end(&r);
	assert_int_equal(rows(w, CF_ENDPOINT, NULL), 1);
	assert_int_equal(rows(w, CF_CERT_BY_ENDPOINT, NULL), 2);
	assert_int_equal(rows(w, CF_ONCE, NULL), 1);
	assert_int_equal(rows(w, CF_RESERVATION, NULL), 0);
	arena_free(n.arena);
	issue_free(&s);
}

static void renew_refused(void **state)
{
	struct world *w = *state;
	struct issuing s;
	struct renewing n;
	char *other;

	issue_begin(w, &s, "t1");
	assert_int_equal(issue_finish(w, &s), ERR_OK);
	other = mem_dup(s.i.der.p, s.i.der.n); /* same serial, another signature */
	other[s.i.der.n - 1] ^= 1;
	renew_begin(w, &n, str_mem(other, s.i.der.n));
	assert_int_equal(renew_finish(w, &n), ERR_UNAUTHORIZED);
	arena_free(n.arena);
	mem_free(other);
	put_revoked(w, s.i.serial);
	renew_begin(w, &n, s.i.der);
	assert_int_equal(renew_finish(w, &n), ERR_UNAUTHORIZED);
	arena_free(n.arena);
	assert_int_equal(rows(w, CF_CERT, NULL), 1);
	issue_free(&s);
}

/* Revoked between the check and the reservation: the reservation itself decides. */
static void revoked_in_reservation(void **state)
{
	struct world *w = *state;
	struct issuing s, n;
	struct cert old;
	struct err e = ERR_INIT;

	issue_begin(w, &s, "t1");
	assert_int_equal(issue_finish(w, &s), ERR_OK);
	assert_int_equal(cert_parse(s.i.der, s.arena, &old, &e), 0);
	put_revoked(w, s.i.serial);
	memset(&n, 0, sizeof(n));
	n.arena = arena_new();
	n.i.ca = w->ca;
	n.i.grant = grant_for_renewal(n.arena, w->set, prov_by_name(w->set, STR("admin")));
	n.i.authority = &w->ca->authorities[0];
	n.i.subject_key = w->subject;
	n.i.old = &old;
	issue_init(&n.i, n.arena);
	n.i.flow.on_end = on_issue_end;
	flow_start(&n.i.flow);
	assert_int_equal(issue_finish(w, &n), ERR_UNAUTHORIZED);
	assert_string_equal(n.i.flow.err.msg, "the certificate is revoked");
	issue_free(&n);
	issue_free(&s);
	assert_int_equal(rows(w, CF_CERT, NULL), 1);
	assert_int_equal(rows(w, CF_RESERVATION, NULL), 0);
	assert_int_equal(w->ca->authorities[0].key->slots, 0);
}

/* ---- open reservations ---- */

static void put_row(struct world *w, enum cf cf, struct str key, struct str value)
{
	struct store_batch *b = store_batch_new(w->store);

	store_put_absent(b, cf, key, value);
	assert_int_equal(commit_now(w->loop, w->store, b, NULL), ERR_OK);
}

static void put_reservation(struct world *w, const char *key, uint64_t state)
{
	struct rec_reservation r = {.tbs = STR("tbs"),
				    .key_id = STR("k"),
				    .authority = STR("default"),
				    .provisioner = STR("admin"),
				    .made = clock_now(),
				    .state = state,
				    .not_after = clock_now() + 3600};
	struct buf v = BUF_INIT;

	rec_encode(&rec_reservation_info, &r, &v);
	put_row(w, CF_RESERVATION, str_mem(key, SERIAL_KEY), buf_view(&v));
	buf_release(&v);
}

static void put_once(struct world *w, const char *key, int64_t expiry)
{
	struct rec_once o = {.expiry = expiry, .serial = STR("s")};
	struct buf v = BUF_INIT;

	rec_encode(&rec_once_info, &o, &v);
	put_row(w, CF_ONCE, str_c(key), buf_view(&v));
	buf_release(&v);
}

static bool is_pruned(struct world *w)
{
	return rows(w, CF_ONCE, NULL) == 2;
}

/* Those of a process that died become orphaned; a damaged row neither stops that nor the start. */
static void orphans(void **state)
{
	struct world *w = *state;
	struct rec_reservation rv;
	struct run r;
	struct err e = ERR_INIT;

	ca_down(w);
	put_reservation(w, "aaaaaaaaaaaaaaaaaaaa", 0);
	put_row(w, CF_RESERVATION, STR("bbbbbbbbbbbbbbbbbbbb"), STR("\xc1 is never a record"));
	put_reservation(w, "cccccccccccccccccccc", 0);
	put_reservation(w, "dddddddddddddddddddd", 1);
	put_once(w, "1 old", clock_now() - 2 * 86400);
	put_row(w, CF_ONCE, STR("2 damaged"), STR("\xc1"));
	put_once(w, "3 old", clock_now() - 2 * 86400);
	put_once(w, "4 new", clock_now() - 3600);
	ca_up(w);
	assert_int_equal(issue_once(w, "t1"), ERR_UNAVAILABLE); /* not before they are resolved */
	turn_until(w, is_ready);
	assert_int_equal(rows(w, CF_RESERVATION, &r), 4);
	for (int i = 0; i < 4; i++) {
		static const unsigned want[] = {2, 0, 2, 1};

		if (i == 1)
			continue;
		assert_int_equal(
			rec_decode(&rec_reservation_info, r.page.rows[i].value, r.arena, &rv, &e),
			0);
		assert_int_equal(rv.state, want[i]);
	}
	run_end(&r);
	assert_int_equal(rows(w, CF_REVOKED, &r), 2);
	assert_str(r.page.rows[0].key, STR("aaaaaaaaaaaaaaaaaaaa"));
	assert_str(r.page.rows[1].key, STR("cccccccccccccccccccc"));
	run_end(&r);
	assert_int_equal(rows(w, CF_AUDIT, NULL), 2);
	turn_until(w, is_pruned);
	assert_int_equal(issue_once(w, "t2"), ERR_OK);
}

/*
 * A reservation that was taken for interrupted while its signature was made: nothing is given
 * out.
 */
static void orphaned_meanwhile(void **state)
{
	struct world *w = *state;
	struct issuing s;
	struct store_batch *b;
	struct run r;

	NEEDS_KEY_HOOK();
	kms_tell("hold");
	issue_begin(w, &s, "t1");
	turn_until(w, is_reserved);
	assert_int_equal(rows(w, CF_RESERVATION, &r), 1);
	b = store_batch_new(w->store);
	store_put_version(b, CF_RESERVATION, r.page.rows[0].key, r.page.rows[0].value, 1);
	assert_int_equal(commit_now(w->loop, w->store, b, NULL), ERR_OK);
	run_end(&r);
	kms_tell("");
	assert_int_equal(issue_finish(w, &s), ERR_INTERNAL);
	issue_free(&s);
	assert_int_equal(rows(w, CF_CERT, NULL) + rows(w, CF_CERT_BY_NAME, NULL) +
				 rows(w, CF_ENDPOINT, NULL),
			 0);
	assert_int_equal(rows(w, CF_RESERVATION, NULL), 1);
	assert_int_equal(rows(w, CF_ONCE, NULL), 1); /* stays used */
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
#define BOTH(f) {"memory: " #f, f, setup, teardown, memory}, ROCKSDB(f)

static int run(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(success),
		BOTH(token_twice),
		BOTH(cancel_before),
		BOTH(cancel_after),
		BOTH(signing_fails),
		BOTH(signer_refuses),
		BOTH(signing_too_slow),
#if !MEMORY_ONLY
		ROCKSDB(full_disk),
#endif
		BOTH(renew_keeps_endpoint),
		BOTH(renew_refused),
		BOTH(revoked_in_reservation),
		BOTH(orphans),
		BOTH(orphaned_meanwhile),
	};

	return cmocka_run_group_tests_name("ca_issue", tests, NULL, NULL);
}

int main(void)
{
	return world_group(run);
}
