/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "crypto_util.h"

/* Hashes, HMAC and randomness against known answers (FIPS 180-4, RFC 1321, RFC 4231). */

static const struct {
	enum hash_alg alg;
	const char *empty, *abc;
} answers[] = {
	{HASH_MD5, "d41d8cd98f00b204e9800998ecf8427e", "900150983cd24fb0d6963f7d28e17f72"},
	{HASH_SHA1, "da39a3ee5e6b4b0d3255bfef95601890afd80709",
	 "a9993e364706816aba3e25717850c26c9cd0d89d"},
	{HASH_SHA256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	{HASH_SHA384,
	 "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14"
	 "898b95b",
	 "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca13"
	 "4c825a7"},
	{HASH_SHA512,
	 "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
	 "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
	 "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
	 "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
};

static void test_hash(void **state)
{
	unsigned char out[HASH_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		size_t n = hash_size(answers[i].alg);

		hash(answers[i].alg, STR_NULL, out);
		assert_hex(out, n, answers[i].empty);
		hash(answers[i].alg, STR("abc"), out);
		assert_hex(out, n, answers[i].abc);
	}
}

/* The same bytes in pieces of every size around a block. */
static void test_incremental(void **state)
{
	struct buf b = BUF_INIT;
	unsigned char whole[HASH_MAX], parts[HASH_MAX];

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		buf_u8(&b, (uint8_t)(i * 7));
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		enum hash_alg a = answers[i].alg;

		hash(a, buf_view(&b), whole);
		for (size_t step = 1; step <= 130; step++) {
			struct hash_ctx *h = hash_new(a);

			hash_update(h, STR_NULL);
			for (size_t at = 0; at < b.n; at += step)
				hash_update(h,
					    str_mem(b.p + at, b.n - at < step ? b.n - at : step));
			hash_final(h, parts);
			assert_memory_equal(whole, parts, hash_size(a));
		}
	}
	buf_release(&b);
}

static void test_million(void **state)
{
	char *m = mem_alloc(1000000);
	unsigned char out[HASH_MAX];

	(void)state;
	memset(m, 'a', 1000000);
	hash(HASH_SHA256, str_mem(m, 1000000), out);
	assert_hex(out, 32, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	hash(HASH_SHA512, str_mem(m, 1000000), out);
	assert_hex(out, 64,
		   "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb"
		   "de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b");
	mem_free(m);
}

static void test_hmac(void **state)
{
	struct str key = STR("Jefe"), in = STR("what do ya want for nothing?");
	unsigned char out[HASH_MAX];
	char long_key[131];

	(void)state;
	hmac(HASH_SHA256, key, in, out);
	assert_hex(out, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	hmac(HASH_SHA384, key, in, out);
	assert_hex(out, 48,
		   "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
		   "8e2240ca5e69e2c78b3239ecfab21649");
	hmac(HASH_SHA512, key, in, out);
	assert_hex(out, 64,
		   "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
		   "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
	memset(long_key, 0xaa, sizeof(long_key));
	hmac(HASH_SHA256, str_mem(long_key, sizeof(long_key)),
	     STR("Test Using Larger Than Block-Size Key - Hash Key First"), out);
	assert_hex(out, 32, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	hmac(HASH_SHA256, STR_NULL, STR_NULL, out);
	assert_hex(out, 32, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void test_rand(void **state)
{
	unsigned char a[1000] = {0}, b[1000] = {0};
	unsigned zeros = 0;

	(void)state;
	rand_bytes(a, sizeof(a));
	rand_bytes(b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
	for (size_t i = 0; i < sizeof(a); i++)
		zeros += a[i] == 0;
	assert_true(zeros < 40); /* 4 expected: the whole was filled */
	memset(b, 0, sizeof(b));
	rand_bytes(b, 0);
	assert_int_equal(b[0], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hash),	cmocka_unit_test(test_incremental),
		cmocka_unit_test(test_million), cmocka_unit_test(test_hmac),
		cmocka_unit_test(test_rand),
	};

	return cmocka_run_group_tests_name("crypto_hash", tests, crypto_up, crypto_down);
}
