/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/metric.h"
#include "crypto_util.h"

/* Derivations and ciphers: known answers (RFC 6070, RFC 7914, `openssl enc`), bounds, and what a
 * wrong key gives. */

static void test_pbkdf2(void **state)
{
	static const struct {
		enum hash_alg alg;
		const char *out;
	} cases[] = {
		{HASH_SHA1, "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957cae93136266537a8d7bf4b76c51094"
			    "cc1ae010b1"},
		{HASH_SHA256, "ae4d0c95af6b46d32d0adff928f06dd02a303f8ef3c251dfd6e2d85a95474c438306"
			      "51afcb5c862f"},
		{HASH_SHA384, "54f775c6d790f21930459162fc535dbf04a939185127016a04176a0730c6f1f4fb48"
			      "832ad1261baa"},
		{HASH_SHA512, "e1d9c16aa681708a45f5c7c4e215ceb66e011a2e9f0040713f18aefdb866d53cf76c"
			      "ab2868a39b9f"},
	};
	struct secret out = SECRET_INIT;
	struct err e = ERR_INIT;
	int64_t before = metric_value(METRIC_KDF_DERIVATIONS);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(
			kdf_pbkdf2(cases[i].alg, STR("password"), STR("salt"), 2, 40, &out, &e), 0);
		assert_hex(out.p, out.n, cases[i].out);
	}
	assert_int_equal(kdf_pbkdf2(HASH_SHA1, STR("password"), STR("salt"), 4096, 20, &out, &e),
			 0);
	assert_hex(out.p, out.n, "4b007901b765489abead49d926f721d065a429c1");
	assert_int_equal(metric_value(METRIC_KDF_DERIVATIONS), before + 5);
	secret_release(&out);
}

/* RFC 7914 section 12. */
static void test_scrypt(void **state)
{
	struct secret out = SECRET_INIT;
	struct err e = ERR_INIT;
	int64_t before = metric_value(METRIC_KDF_DERIVATIONS);

	(void)state;
	assert_int_equal(kdf_scrypt(STR_NULL, STR_NULL, 16, 1, 1, 64, &out, &e), 0);
	assert_hex(out.p, out.n,
		   "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
		   "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906");
	assert_int_equal(kdf_scrypt(STR("password"), STR("NaCl"), 1024, 8, 16, 64, &out, &e), 0);
	assert_hex(out.p, out.n,
		   "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
		   "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640");
	assert_int_equal(metric_value(METRIC_KDF_DERIVATIONS), before + 2);
	secret_release(&out);
}

/* What is refused costs no derivation. */
static void test_kdf_bounds(void **state)
{
	static const struct {
		uint64_t cost;
		unsigned block, parallel;
		enum err_code code;
	} bad[] = {
		{0, 8, 1, ERR_INVALID},
		{1, 8, 1, ERR_INVALID},
		{1000, 8, 1, ERR_INVALID},
		{1024, 0, 1, ERR_INVALID},
		{1024, 8, 0, ERR_INVALID},
		{1U << 19, 8, 1, ERR_INVALID},
		{UINT64_C(1) << 63, 8, 1, ERR_INVALID},
		{1024, 8, 2000, ERR_INVALID},
		{1U << 16, 1, 1, ERR_INVALID},
		{1024, 16, 1, ERR_UNSUPPORTED},
		{1024, UINT32_MAX, 1, ERR_UNSUPPORTED},
		{1024, 8, UINT32_MAX, ERR_INVALID},
	};
	struct secret out = SECRET_INIT;
	struct err e = ERR_INIT;
	int64_t before = metric_value(METRIC_KDF_DERIVATIONS);
	struct str pw = STR("password"), salt = STR("salt");
	char *large = mem_alloc(70000);

	(void)state;
	assert_int_equal(kdf_pbkdf2(HASH_SHA256, pw, salt, 0, 32, &out, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_int_equal(kdf_pbkdf2(HASH_SHA256, pw, salt, 10000001, 32, &out, &e), -1);
	assert_int_equal(kdf_pbkdf2(HASH_SHA256, pw, salt, 1, 0, &out, &e), -1);
	assert_int_equal(kdf_pbkdf2(HASH_SHA256, pw, salt, 1, 5000, &out, &e), -1);
	assert_int_equal(kdf_pbkdf2(HASH_SHA256, str_mem(large, 70000), salt, 1, 32, &out, &e), -1);
	assert_int_equal(kdf_pbkdf2(HASH_SHA256, pw, str_mem(large, 70000), 1, 32, &out, &e), -1);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(kdf_scrypt(pw, salt, bad[i].cost, bad[i].block, bad[i].parallel,
					    32, &out, &e),
				 -1);
		assert_int_equal(e.code, bad[i].code);
	}
	assert_int_equal(metric_value(METRIC_KDF_DERIVATIONS), before);
	assert_null(out.p);
	mem_free(large);
}

#define K256 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define IV   "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"

static void cbc_case(const char *key_hex, struct str plain, const char *cipher_hex)
{
	struct buf key = unhex(key_hex), iv = unhex(IV), out = BUF_INIT;
	struct secret back = SECRET_INIT;
	struct err e = ERR_INIT;

	assert_int_equal(aes_cbc_encrypt(buf_view(&key), buf_view(&iv), plain, &out, &e), 0);
	assert_hex(out.p, out.n, cipher_hex);
	assert_int_equal(aes_cbc_decrypt(buf_view(&key), buf_view(&iv), buf_view(&out), &back, &e),
			 0);
	assert_true(str_eq(secret_view(&back), plain));
	secret_release(&back);
	buf_release(&key);
	buf_release(&iv);
	buf_release(&out);
}

static void test_cbc(void **state)
{
	(void)state;
	cbc_case(K256, STR_NULL, "edaf9e57d045ac857f023f9dc238b14e");
	cbc_case(K256, STR("xxxxxxxxxxxxxxx"), "ca220f97a05efe1d204b9732ca26de97");
	cbc_case(K256, STR("xxxxxxxxxxxxxxxx"),
		 "c290ef01ee97f700f8e45efeefa87bfacfb6030ca7db3db491cf7f2077ad7570");
	cbc_case(K256, STR("xxxxxxxxxxxxxxxxx"),
		 "c290ef01ee97f700f8e45efeefa87bfaf434decc059314f88e272c9081c24d24");
	cbc_case("000102030405060708090a0b0c0d0e0f", STR("attack at dawn"),
		 "42dc38c83f17989430c92522fd8b1b06");
	cbc_case("000102030405060708090a0b0c0d0e0f1011121314151617", STR("attack at dawn"),
		 "ef041d56631918ab969a4ff358d5179b");
}

/* Every padding that is not PKCS#7: the bytes are made by decrypting with another initialisation
 * vector. */
static void test_cbc_padding(void **state)
{
	struct buf key = unhex(K256), iv = unhex(IV), out = BUF_INIT;
	struct secret back = SECRET_INIT;
	struct err e = ERR_INIT;
	unsigned accepted = 0;

	(void)state;
	assert_int_equal(aes_cbc_encrypt(buf_view(&key), buf_view(&iv), STR_NULL, &out, &e), 0);
	for (unsigned last = 0; last < 256; last++) {
		/* plaintext 16 times 0x10; the last byte becomes `last` */
		iv.p[15] = (char)(0xff ^ 0x10 ^ last);
		int rc = aes_cbc_decrypt(buf_view(&key), buf_view(&iv), buf_view(&out), &back, &e);
		if (last == 16 || last == 1) {
			assert_int_equal(rc, 0);
			assert_int_equal(back.n, 16 - last);
			accepted++;
		} else {
			assert_int_equal(rc, -1);
			assert_int_equal(e.code, ERR_UNAUTHORIZED);
			assert_int_equal(back.n, 0);
		}
	}
	assert_int_equal(accepted, 2);
	assert_int_equal(aes_cbc_decrypt(buf_view(&key), buf_view(&iv), STR_NULL, &back, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_int_equal(
		aes_cbc_decrypt(buf_view(&key), buf_view(&iv), STR("15 bytes only.."), &back, &e),
		-1);
	assert_int_equal(
		aes_cbc_decrypt(STR("short key"), buf_view(&iv), buf_view(&out), &back, &e), -1);
	assert_int_equal(aes_cbc_decrypt(buf_view(&key), STR("iv"), buf_view(&out), &back, &e), -1);
	secret_release(&back);
	buf_release(&key);
	buf_release(&iv);
	buf_release(&out);
}

static void test_des3(void **state)
{
	struct buf key = unhex("0123456789abcdef23456789abcdef01456789abcdef0123"),
		   iv = unhex("0011223344556677"), in = unhex("cad85e82cdadde6315f21cc944b0654d");
	struct secret out = SECRET_INIT;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(
		des_ede3_cbc_decrypt(buf_view(&key), buf_view(&iv), buf_view(&in), &out, &e), 0);
	assert_true(str_eqc(secret_view(&out), "attack at dawn"));
	key.p[0] ^= 2;
	assert_int_equal(
		des_ede3_cbc_decrypt(buf_view(&key), buf_view(&iv), buf_view(&in), &out, &e), -1);
	assert_int_equal(e.code, ERR_UNAUTHORIZED);
	assert_int_equal(
		des_ede3_cbc_decrypt(buf_view(&key), buf_view(&iv), STR("short"), &out, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	secret_release(&out);
	buf_release(&key);
	buf_release(&iv);
	buf_release(&in);
}

static void test_gcm(void **state)
{
	struct buf key = unhex(K256), iv = unhex("000102030405060708090a0b"), out = BUF_INIT;
	struct str aad = STR("header"), plain = STR("some text that is longer than a block");
	struct secret back = SECRET_INIT;
	struct err e = ERR_INIT;
	unsigned char tag[16];

	(void)state;
	buf_puts(&out, "prefix");
	assert_int_equal(aes_gcm_seal(buf_view(&key), buf_view(&iv), aad, plain, &out, tag, &e), 0);
	assert_int_equal(out.n, 6 + plain.n);
	struct str cipher = str_mem(out.p + 6, plain.n);
	assert_int_equal(aes_gcm_open(buf_view(&key), buf_view(&iv), aad, cipher, str_mem(tag, 16),
				      &back, &e),
			 0);
	assert_true(str_eq(secret_view(&back), plain));
	for (unsigned bit = 0; bit < 128; bit++) {
		tag[bit / 8] ^= (unsigned char)(1U << bit % 8);
		assert_int_equal(aes_gcm_open(buf_view(&key), buf_view(&iv), aad, cipher,
					      str_mem(tag, 16), &back, &e),
				 -1);
		assert_int_equal(e.code, ERR_UNAUTHORIZED);
		assert_null(back.p);
		tag[bit / 8] ^= (unsigned char)(1U << bit % 8);
	}
	assert_int_equal(aes_gcm_open(buf_view(&key), buf_view(&iv), STR("Header"), cipher,
				      str_mem(tag, 16), &back, &e),
			 -1);
	assert_int_equal(aes_gcm_open(buf_view(&key), buf_view(&iv), aad, cipher, str_mem(tag, 12),
				      &back, &e),
			 -1);
	assert_int_equal(e.code, ERR_INVALID);
	/* a full buffer */
	struct buf small = {.limit = 8};
	assert_int_equal(aes_gcm_seal(buf_view(&key), buf_view(&iv), aad, plain, &small, tag, &e),
			 -1);
	assert_int_equal(e.code, ERR_TOO_LARGE);
	buf_release(&small);
	buf_release(&key);
	buf_release(&iv);
	buf_release(&out);
}

/* RFC 3394 4.6, and lengths that cannot be. */
static void test_wrap(void **state)
{
	struct buf kek = unhex(K256),
		   key = unhex("00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f"),
		   out = BUF_INIT;
	struct secret back = SECRET_INIT;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(aes_wrap(buf_view(&kek), buf_view(&key), &out, &e), 0);
	assert_hex(
		out.p, out.n,
		"28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21");
	assert_int_equal(aes_unwrap(buf_view(&kek), buf_view(&out), &back, &e), 0);
	assert_true(str_eq(secret_view(&back), buf_view(&key)));
	out.p[3] ^= 1;
	assert_int_equal(aes_unwrap(buf_view(&kek), buf_view(&out), &back, &e), -1);
	assert_int_equal(e.code, ERR_UNAUTHORIZED);
	for (size_t n = 0; n <= out.n; n++) {
		if (n >= 24 && n % 8 == 0)
			continue;
		assert_int_equal(aes_unwrap(buf_view(&kek), str_mem(out.p, n), &back, &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
		assert_int_equal(
			aes_wrap(buf_view(&kek), str_mem(out.p, n < 16 ? n : n | 1), &key, &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
	}
	secret_release(&back);
	buf_release(&kek);
	buf_release(&key);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pbkdf2),	    cmocka_unit_test(test_scrypt),
		cmocka_unit_test(test_kdf_bounds),  cmocka_unit_test(test_cbc),
		cmocka_unit_test(test_cbc_padding), cmocka_unit_test(test_des3),
		cmocka_unit_test(test_gcm),	    cmocka_unit_test(test_wrap),
	};

	return cmocka_run_group_tests_name("crypto_cipher", tests, crypto_up, crypto_down);
}
