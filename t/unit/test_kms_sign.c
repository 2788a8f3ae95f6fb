/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "kms_run.h"
#include "kms/check.h"

#define SIGNATURES 40

static void one_type(enum key_type type, enum sig_alg alg)
{
	struct ca *x = ca_new(type);
	struct asking *s = mem_calloc(SIGNATURES, sizeof(*s));
	struct kms_stats st;
	struct str tbs;

	assert_int_equal(kms_open(x, "ca.key", 3, 0), KMS_READY);
	assert_int_equal(kms_key_alg(x->kms), alg);
	assert_int_equal(strlen(kms_key_id(x->kms)), 32);
	tbs = make_tbs(x, x->name, alg);
	for (size_t i = 0; i < SIGNATURES; i++)
		start(x, &s[i], tbs, 30000);
	finish_all(x, s, SIGNATURES);
	for (size_t i = 0; i < SIGNATURES; i++) {
		assert_signature(x, &s[i]);
		arena_free(s[i].arena);
	}
	kms_stats(x->kms, &st);
	assert_int_equal(st.signatures, SIGNATURES);
	assert_int_equal(st.queued + st.running, 0);
	assert_int_equal(x->kms->slots, 0);
	mem_free(s);
	ca_free(x);
}

static void test_types(void **state)
{
	(void)state;
	one_type(KEY_P256, SIG_ECDSA_SHA256);
	one_type(KEY_P384, SIG_ECDSA_SHA384);
	one_type(KEY_ED25519, SIG_ED25519);
	one_type(KEY_RSA, SIG_RSA_SHA256);
}

static void test_refused(void **state)
{
	struct ca *x = ca_new(KEY_P256);
	struct kms_stats st;

	(void)state;
	assert_int_equal(kms_open(x, "ca.key", 2, 0), KMS_READY);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(sign_once(x,
					   make_tbs(x, make_name(x, "Other CA"), SIG_ECDSA_SHA256),
					   30000),
				 ERR_FORBIDDEN);
	assert_int_equal(sign_once(x, make_tbs(x, x->name, SIG_ECDSA_SHA384), 30000),
			 ERR_FORBIDDEN);
	assert_int_equal(sign_once(x, make_tbs(x, x->name, SIG_RSA_SHA256), 30000), ERR_FORBIDDEN);
	assert_int_equal(sign_once(x, x->cert, 30000), ERR_FORBIDDEN);
	assert_int_equal(sign_once(x, STR("anything"), 30000), ERR_FORBIDDEN);
	assert_int_equal(sign_once(x, STR_NULL, 30000), ERR_TOO_LARGE);
	/* that was the asker's fault, not the key's: no breaker */
	kms_stats(x->kms, &st);
	assert_false(st.breaker_open);
	assert_int_equal(st.signatures, 0);
	assert_int_equal(st.failures, 14);
	assert_int_equal(sign_once(x, make_tbs(x, x->name, SIG_ECDSA_SHA256), 30000), ERR_OK);
	ca_free(x);
}

static int check(struct ca *x, struct str tbs)
{
	struct err e = ERR_INIT;
	int rc = kms_check_tbs(tbs, x->name, SIG_ECDSA_SHA256, &e);

	if (rc != 0)
		assert_int_equal(e.code, ERR_FORBIDDEN);
	return rc;
}

/* Each byte cut off or appended, and bytes changed in what is compared. */
static void test_check(void **state)
{
	struct ca *x = ca_new(KEY_P256);
	struct str tbs = make_tbs(x, x->name, SIG_ECDSA_SHA256);
	char *copy = mem_alloc(tbs.n + 1);

	(void)state;
	assert_int_equal(check(x, tbs), 0);
	for (size_t n = 0; n < tbs.n; n++) {
		char *part = mem_dup(tbs.p, n ? n : 1);

		assert_int_equal(check(x, str_mem(part, n)), -1);
		mem_free(part);
	}
	memcpy(copy, tbs.p, tbs.n);
	copy[tbs.n] = 0;
	assert_int_equal(check(x, str_mem(copy, tbs.n + 1)), -1);
	for (size_t i = 0; i + x->name.n <= tbs.n; i++)
		if (memcmp(copy + i, x->name.p, x->name.n) == 0) {
			copy[i + x->name.n - 1] ^= 1; /* the issuer comes first */
			break;
		}
	assert_int_equal(check(x, str_mem(copy, tbs.n)), -1);
	/* another version: something else might begin like that */
	memcpy(copy, tbs.p, tbs.n);
	for (size_t i = 0; i + 5 <= tbs.n; i++)
		if (memcmp(copy + i, "\xa0\x03\x02\x01\x02", 5) == 0) {
			copy[i + 4] = 1;
			assert_int_equal(check(x, str_mem(copy, tbs.n)), -1);
			copy[i + 4] = 2;
			break;
		}
	assert_int_equal(check(x, str_mem(copy, tbs.n)), 0);
	mem_free(copy);
	ca_free(x);
}

static void test_slots(void **state)
{
	struct ca *x = ca_new(KEY_P256);
	struct kms_slot s[4] = {0};
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(kms_open(x, "ca.key", 1, 2), KMS_READY);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(kms_slot_take(x->kms, &s[i], &e), 0);
	assert_int_equal(kms_slot_take(x->kms, &s[3], &e), -1);
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	kms_slot_release(&s[0]);
	kms_slot_release(&s[0]); /* holds none: nothing */
	assert_int_equal(kms_slot_take(x->kms, &s[3], &e), 0);
	kms_slot_release(&s[1]);
	kms_slot_release(&s[2]);
	/* a slot outlives its key */
	kms_key_free(x->kms);
	x->kms = NULL;
	kms_slot_release(&s[3]);
	assert_null(s[3].key);
	ca_free(x);
}

#ifdef ENABLE_TEST_HOOKS /* the worker is told to fail or to wait */
/* The worker hangs: askers time out, their slots stay taken until it comes back, and what it brings
 * is dropped. */
static void test_late(void **state)
{
	struct ca *x = ca_new(KEY_P256);
	struct str tbs = make_tbs(x, x->name, SIG_ECDSA_SHA256);
	struct asking s[3];
	struct kms_slot none = {0};
	struct kms_stats st;
	struct err e = ERR_INIT;
	uint64_t guard = clock_mono_ms() + 30000;

	(void)state;
	assert_int_equal(kms_open(x, "ca.key", 1, 2), KMS_READY);
	control(x, "hold");
	start(x, &s[0], tbs, 1500);
	do {
		loop_turn(x->loop, 10);
		kms_stats(x->kms, &st);
	} while (st.running == 0 && clock_mono_ms() < guard);
	assert_int_equal(st.running, 1);
	start(x, &s[1], tbs, 100);
	start(x, &s[2], tbs, 100);
	assert_int_equal(kms_slot_take(x->kms, &none, &e), -1);
	finish_all(x, s, 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(s[i].err.code, ERR_TIMEOUT);
		assert_int_equal(s[i].sign.signature.n, 0);
		arena_free(s[i].arena); /* nobody may write here any more */
	}
	/* the two that only waited have given their places back, the stuck one has not */
	assert_int_equal(x->kms->slots, 1);
	control(x, "");
	while (x->kms->slots > 0 && clock_mono_ms() < guard)
		loop_turn(x->loop, 50);
	kms_stats(x->kms, &st);
	assert_int_equal(st.late, 1);
	assert_int_equal(st.signatures, 0);
	assert_int_equal(st.failures, 3);
	assert_int_equal(sign_once(x, tbs, 30000), ERR_OK);
	ca_free(x);
}

static void test_breaker(void **state)
{
	struct ca *x = ca_new(KEY_P256);
	struct str tbs = make_tbs(x, x->name, SIG_ECDSA_SHA256);
	struct kms_slot slot = {0};
	struct kms_stats st;
	struct err e = ERR_INIT;
	uint64_t guard;

	(void)state;
	assert_int_equal(kms_open(x, "ca.key", 1, 0), KMS_READY);
	assert_int_equal(x->kms->breaker_ms, 5000);
	control(x, "fail");
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(sign_once(x, tbs, 30000), ERR_INTERNAL);
	control(x, "");
	assert_int_equal(sign_once(x, tbs, 30000), ERR_OK); /* in a row, it says */
	control(x, "fail");
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(sign_once(x, tbs, 30000), ERR_INTERNAL);
	kms_stats(x->kms, &st);
	assert_true(st.breaker_open);
	assert_int_equal(st.failures, 9);
	assert_int_equal(kms_slot_take(x->kms, &slot, &e), -1);
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	/* one try when its time has come; it fails, so the next waits again */
	x->kms->next_try_ms = loop_now_ms(x->loop);
	assert_int_equal(sign_once(x, tbs, 30000), ERR_INTERNAL);
	assert_int_equal(kms_slot_take(x->kms, &slot, &e), -1);
	x->kms->next_try_ms = loop_now_ms(x->loop);
	assert_int_equal(kms_slot_take(x->kms, &slot, &e), 0);
	kms_slot_release(&slot); /* given back unused: not a success */
	assert_int_equal(kms_slot_take(x->kms, &slot, &e), -1);
	/* by the clock, this time */
	control(x, "");
	x->kms->next_try_ms = loop_now_ms(x->loop) + 50;
	guard = clock_mono_ms() + 30000;
	while (kms_slot_take(x->kms, &slot, &e) != 0 && clock_mono_ms() < guard)
		loop_turn(x->loop, 10);
	assert_non_null(slot.key);
	kms_slot_release(&slot);
	x->kms->next_try_ms = 0;
	assert_int_equal(sign_once(x, tbs, 30000), ERR_OK);
	kms_stats(x->kms, &st);
	assert_false(st.breaker_open);
	assert_int_equal(sign_once(x, tbs, 30000), ERR_OK);
	ca_free(x);
}

/* Closing with signatures waiting and running: every asker is answered, nothing leaks. */
static void test_close(void **state)
{
	struct ca *x = ca_new(KEY_P256);
	struct str tbs = make_tbs(x, x->name, SIG_ECDSA_SHA256);
	struct asking *s = mem_calloc(SIGNATURES, sizeof(*s));

	(void)state;
	assert_int_equal(kms_open(x, "ca.key", 2, 0), KMS_READY);
	control(x, "delay 30");
	for (size_t i = 0; i < SIGNATURES; i++)
		start(x, &s[i], tbs, 30000);
	loop_turn(x->loop, 0);
	kms_key_free(x->kms);
	x->kms = NULL;
	finish_all(x, s, SIGNATURES);
	for (size_t i = 0; i < SIGNATURES; i++) {
		assert_int_equal(s[i].err.code, ERR_UNAVAILABLE);
		arena_free(s[i].arena);
	}
	mem_free(s);
	ca_free(x);
}
#endif

/* Asking with a slot of a key that was closed meanwhile. */
static void test_sign_after_close(void **state)
{
	struct ca *x = ca_new(KEY_P256);
	struct asking s;

	(void)state;
	assert_int_equal(kms_open(x, "ca.key", 1, 0), KMS_READY);
	start(x, &s, make_tbs(x, x->name, SIG_ECDSA_SHA256), 30000);
	kms_key_free(x->kms); /* its first step has not run yet */
	x->kms = NULL;
	finish_all(x, &s, 1);
	assert_int_equal(s.err.code, ERR_UNAVAILABLE);
	arena_free(s.arena);
	ca_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_slots),
#ifdef ENABLE_TEST_HOOKS
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_breaker),
		cmocka_unit_test(test_close),
#endif
		cmocka_unit_test(test_sign_after_close),
	};

	return run_group("kms_sign", tests);
}
