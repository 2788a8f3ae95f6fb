/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "kms_run.h"

static void assert_failed(struct ca *x, const char *uri, const char *part)
{
	struct kms_slot slot = {0};
	struct err why = ERR_INIT, e = ERR_INIT;

	assert_int_equal(kms_open(x, uri, 1, 0), KMS_FAILED);
	assert_int_equal(kms_key_state(x->kms, &why), KMS_FAILED);
	if (!strstr(why.msg, part))
		fail_msg("\"%s\" lacks \"%s\"", why.msg, part);
	assert_int_equal(kms_slot_take(x->kms, &slot, &e), -1);
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_null(slot.key);
	assert_true(timer_pending(&x->kms->retry));
	kms_key_free(x->kms);
	x->kms = NULL;
}

static void test_passwords(void **state)
{
	struct ca *x = ca_new(KEY_P256);

	(void)state;
	write_key(x, x->key, &x->password);
	write_file(x->password_path, STR("correct horse\n"));
	assert_int_equal(kms_open(x, "file:ca.key?passwordFile=password", 1, 0), KMS_READY);
	assert_int_equal(sign_once(x, make_tbs(x, x->name, SIG_ECDSA_SHA256), 30000), ERR_OK);
	kms_key_free(x->kms);
	assert_failed(x, "ca.key", "is encrypted: name the file with its password");
	assert_failed(x, "file:ca.key?passwordFile=none", "none");
	write_file(x->password_path, STR("wrong horse\n"));
	assert_failed(x, "file:ca.key?passwordFile=password", "is wrong: correct that file");
	ca_free(x);
}

/* softkms_load as the command uses it: the password from elsewhere. */
static void test_load(void **state)
{
	struct ca *x = ca_new(KEY_P256);
	struct key_uri u;
	struct err e = ERR_INIT;
	struct secret wrong = SECRET_INIT;
	struct key *k;

	(void)state;
	write_key(x, x->key, &x->password);
	assert_int_equal(key_uri_parse("ca.key", x->dir, x->arena, &u, &e), 0);
	k = softkms_load(&u, &x->password, &e);
	assert_non_null(k);
	assert_true(key_is_private(k));
	assert_true(key_equal(k, x->key));
	key_free(k);
	secret_set(&wrong, "x", 1);
	assert_null(softkms_load(&u, &wrong, &e));
	assert_int_equal(e.code, ERR_UNAUTHORIZED);
	secret_release(&wrong);
	write_file(x->key_path, STR("-----BEGIN NOTHING-----\n"));
	assert_null(softkms_load(&u, NULL, &e));
	assert_non_null(strstr(e.msg, x->key_path));
	ca_free(x);
}

static void test_files(void **state)
{
	struct ca *x = ca_new(KEY_P256);
	struct err e = ERR_INIT;
	struct key *other = key_generate(KEY_P256, 0, &e);
	struct kms_key_config c = {
		.uri = "pkcs11:token=x", .dir = x->dir, .cert_der = x->cert, .name = "default"};

	(void)state;
	assert_failed(x, "absent.key", "absent.key");
	write_file(x->key_path, STR("no key at all"));
	assert_failed(x, "ca.key", "ca.key");
	write_key(x, other, NULL);
	assert_failed(x, "ca.key", "`crt` and `key` must belong together");
	key_free(other);
	assert_null(kms_key_new(x->loop, &c, &e));
	assert_int_equal(e.code, ERR_UNSUPPORTED);
	c.uri = "ca.key";
	c.cert_der = STR("junk");
	assert_null(kms_key_new(x->loop, &c, &e));
	assert_int_equal(e.code, ERR_INVALID);
	ca_free(x);
}

/* What was wrong is put right: the key comes up without a restart. */
static void test_retry(void **state)
{
	struct ca *x = ca_new(KEY_P256);
	uint64_t guard = clock_mono_ms() + 30000;

	(void)state;
	unlink(x->key_path);
	assert_int_equal(kms_open(x, "ca.key", 1, 0), KMS_FAILED);
	x->kms->retry_ms = 10;
	timer_set(&x->kms->retry, 10);
	for (unsigned i = 0; i < 5; i++)
		loop_turn(x->loop, 20);
	assert_int_equal(kms_key_state(x->kms, NULL), KMS_FAILED);
	write_key(x, x->key, NULL);
	while (kms_key_state(x->kms, NULL) != KMS_READY && clock_mono_ms() < guard)
		loop_turn(x->loop, 50);
	assert_int_equal(sign_once(x, make_tbs(x, x->name, SIG_ECDSA_SHA256), 30000), ERR_OK);
	ca_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_passwords),
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_retry),
	};

	return run_group("kms_open", tests);
}
