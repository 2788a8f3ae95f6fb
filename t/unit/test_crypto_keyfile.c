/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/metric.h"
#include "crypto/priv.h"
#include "crypto_util.h"

/* Private key files as openssl, certtool and step write them (t/vectors/keys/make.sh), and ours. */

static const struct {
	const char *file, *public_file;
	enum { PLAIN, DEK, DERIVED, SLOW /* 600,000 iterations */ } form;
} files[] = {
	{"p256.pem", "p256", PLAIN},
	{"p384.pem", "p384", PLAIN},
	{"p521.pem", "p521", PLAIN},
	{"ed25519.pem", "ed25519", PLAIN},
	{"x25519.pem", "x25519", PLAIN},
	{"rsa2048.pem", "rsa2048", PLAIN},
	{"rsa3072.pem", "rsa3072", PLAIN},
	{"rsa4096.pem", "rsa4096", PLAIN},
	{"p256-sec1.pem", "p256", PLAIN},
	{"p384-sec1.pem", "p384", PLAIN},
	{"p521-sec1.pem", "p521", PLAIN},
	{"p256-params.pem", "p256", PLAIN},
	{"p256-nopub.pem", "p256", PLAIN},
	{"rsa2048-pkcs1.pem", "rsa2048", PLAIN},
	{"p256-dek-aes128.pem", "p256", DEK},
	{"p256-dek-aes192.pem", "p256", DEK},
	{"p256-dek-aes256.pem", "p256", DEK},
	{"p256-dek-des3.pem", "p256", DEK},
	{"p384-dek-aes256.pem", "p384", DEK},
	{"p521-dek-aes256.pem", "p521", DEK},
	{"rsa2048-dek-aes128.pem", "rsa2048", DEK},
	{"rsa2048-dek-aes192.pem", "rsa2048", DEK},
	{"rsa2048-dek-aes256.pem", "rsa2048", DEK},
	{"rsa2048-dek-des3.pem", "rsa2048", DEK},
	{"p256-pbes2-hmacWithSHA1.pem", "p256", DERIVED},
	{"p256-pbes2-hmacWithSHA256.pem", "p256", DERIVED},
	{"p256-pbes2-hmacWithSHA384.pem", "p256", DERIVED},
	{"p256-pbes2-hmacWithSHA512.pem", "p256", DERIVED},
	{"rsa2048-pbes2-aes-128-cbc.pem", "rsa2048", DERIVED},
	{"rsa2048-pbes2-aes-192-cbc.pem", "rsa2048", DERIVED},
	{"rsa2048-pbes2-des-ede3-cbc.pem", "rsa2048", DERIVED},
	{"p384-scrypt.pem", "p384", DERIVED},
	{"ed25519-scrypt.pem", "ed25519", DERIVED},
	{"p256-certtool-aes256.pem", "p256", DERIVED},
	{"rsa2048-certtool-3des.pem", "rsa2048", DERIVED},
	{"ed25519-certtool-aes128.pem", "ed25519", DERIVED},
	{"p256-step.pem", "p256", DEK},
	{"rsa2048-step.pem", "rsa2048", DEK},
	{"p256-step-pkcs8.pem", "p256", SLOW},
	{"rsa2048-step-pkcs8.pem", "rsa2048", SLOW},
	{"ed25519-step-pkcs8.pem", "ed25519", SLOW},
};

static void expect(struct key *k, const struct err *e, enum err_code code, const char *what)
{
	if (k != NULL || e->code != code)
		fail_msg("%s: %s, not %s: %s", what, err_code_name(e->code), err_code_name(code),
			 e->msg);
}

static void test_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		char *pub_name = mem_asprintf("%s.pub.pem", files[i].public_file);
		const char *pw = files[i].form != PLAIN ? FORMS_PASSWORD : NULL;
		int64_t before = metric_value(METRIC_KDF_DERIVATIONS);
		struct err e = ERR_INIT;
		struct buf data = load("keys", files[i].file);
		struct key *k = must(load_private(files[i].file, pw, &e), &e),
			   *pub = must(load_public(pub_name, &e), &e);

		assert_true(key_is_private(k));
		assert_true(key_equal(k, pub));
		assert_int_equal(key_file_is_encrypted(buf_view(&data)), files[i].form != PLAIN);
		assert_int_equal(metric_value(METRIC_KDF_DERIVATIONS),
				 before + (files[i].form >= DERIVED));
		key_free(k);
		key_free(pub);
		mem_free(pub_name);
		buf_release(&data);
	}
}

static void test_passwords(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct err e = ERR_INIT;
		int64_t before = metric_value(METRIC_KDF_DERIVATIONS);
		struct key *k;

		if (files[i].form == PLAIN) { /* a password that is not needed is no error */
			k = must(load_private(files[i].file, "unused", &e), &e);
			key_free(k);
			continue;
		}
		k = load_private(files[i].file, NULL, &e);
		expect(k, &e, ERR_UNAUTHORIZED, files[i].file);
		assert_non_null(strstr(e.msg, "is encrypted"));
		assert_int_equal(metric_value(METRIC_KDF_DERIVATIONS), before);
		if (files[i].form == SLOW)
			continue;
		k = load_private(files[i].file, "battery staple", &e);
		expect(k, &e, ERR_UNAUTHORIZED, files[i].file);
		assert_non_null(strstr(e.msg, "wrong password"));
		k = load_private(files[i].file, "", &e);
		expect(k, &e, ERR_UNAUTHORIZED, files[i].file);
	}
}

/* A wrong password whose garbage has a fitting padding by chance is still a wrong password: 1,500
 * tries see about six of them. */
static void test_many_passwords(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 1500; i++) {
		struct err e = ERR_INIT;
		char *pw = mem_asprintf("wrong %u", i);
		struct key *k = load_private("p256-dek-aes256.pem", pw, &e);

		expect(k, &e, ERR_UNAUTHORIZED, pw);
		mem_free(pw);
	}
}

static void test_der(void **state)
{
	static const char *const names[] = {"p256.pem",
					    "p384-sec1.pem",
					    "rsa2048-pkcs1.pem",
					    "rsa2048.pem",
					    "p256-pbes2-hmacWithSHA256.pem",
					    "ed25519.pem"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct buf pem = load("keys", names[i]);
		struct str rest = buf_view(&pem);
		struct secret pw = SECRET_INIT;
		struct pem_block block;
		struct err e = ERR_INIT;

		secret_set(&pw, FORMS_PASSWORD, strlen(FORMS_PASSWORD));
		assert_int_equal(pem_next(&rest, &block, &e), 1);
		struct key *k = must(key_from_file_data(buf_view(&block.der), &pw, &e), &e);
		assert_int_equal(key_file_is_encrypted(buf_view(&block.der)), i == 4);
		key_free(k);
		for (size_t n = 0; n < block.der.n; n++)
			assert_null(key_from_file_data(str_mem(block.der.p, n), NULL, &e));
		pem_block_release(&block);
		buf_release(&pem);
		secret_release(&pw);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *file;
		enum err_code code;
	} bad[] = {
		{"bad-rsa1024.pem", ERR_FORBIDDEN},
		{"bad-rsa-e3.pem", ERR_INVALID},
		{"bad-rsa-3primes.pem", ERR_UNSUPPORTED},
		{"bad-rsa4608.pem", ERR_UNSUPPORTED},
		{"bad-p224.pem", ERR_UNSUPPORTED},
		{"bad-k256.pem", ERR_UNSUPPORTED},
		{"bad-ed448.pem", ERR_UNSUPPORTED},
		{"bad-pbes1.pem", ERR_UNSUPPORTED},
		{"p256.pub.pem", ERR_INVALID},
		{"message", ERR_INVALID},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err e = ERR_INIT;
		struct key *k = load_private(bad[i].file, FORMS_PASSWORD, &e);

		expect(k, &e, bad[i].code, bad[i].file);
	}
	struct err e = ERR_INIT;
	expect(key_from_file_data(STR_NULL, NULL, &e), &e, ERR_INVALID, "empty");
	char *large = mem_alloc(70000);
	expect(key_from_file_data(str_mem(large, 70000), NULL, &e), &e, ERR_TOO_LARGE, "large");
	assert_false(key_file_is_encrypted(str_mem(large, 70000)));
	mem_free(large);
	struct str openssh = STR(
		"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n");
	expect(key_from_file_data(openssh, NULL, &e), &e, ERR_UNSUPPORTED, "openssh");
	struct str cut = STR("-----BEGIN PRIVATE KEY-----\nAAAA\n");
	expect(key_from_file_data(cut, NULL, &e), &e, ERR_INVALID, "cut");
}

/* Any one byte of a key that is damaged: refused, or another key where no public part contradicts.
 */
static void test_damage(void **state)
{
	static const char *const names[] = {"p256.pem", "ed25519.pem", "p384-sec1.pem",
					    "x25519.pem"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct buf pem = load("keys", names[i]);
		struct str rest = buf_view(&pem);
		struct pem_block block;
		struct err e = ERR_INIT;

		assert_int_equal(pem_next(&rest, &block, &e), 1);
		for (size_t at = 0; at < block.der.n; at++) {
			block.der.p[at] ^= 0x01;
			struct key *k = key_from_file_data(buf_view(&block.der), NULL, &e);
			if (k != NULL)
				if (i != 1 && i != 3)
					fail_msg("%s: byte %zu", names[i], at);
			key_free(k);
			block.der.p[at] ^= 0x01;
		}
		pem_block_release(&block);
		buf_release(&pem);
	}
}

/* RFC 5958 version 1 with the public part: RFC 8410 10.3's example, and the same with a wrong
 * public part. */
static void test_pkcs8_v2(void **state)
{
	struct buf der = unhex(
		"3072020101300506032b657004220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe0"
		"97a88f"
		"44755842a01f301d060a2a864886f70d01090914310f0c0d437572646c6520436861697273812100"
		"19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1");
	struct err e = ERR_INIT;

	(void)state;
	struct key *k = must(key_from_file_data(buf_view(&der), NULL, &e), &e);
	assert_int_equal(key_type(k), KEY_ED25519);
	key_free(k);
	der.p[der.n - 1] ^= 1;
	expect(key_from_file_data(buf_view(&der), NULL, &e), &e, ERR_INVALID, "wrong public part");
	der.p[der.n - 1] ^= 1;
	der.p[4] = 0; /* version 0 has no public part */
	expect(key_from_file_data(buf_view(&der), NULL, &e), &e, ERR_INVALID, "version");
	buf_release(&der);
}

/* What key_to_pem writes is read again; 600,000 iterations, once. */
static void test_write(void **state)
{
	struct secret pw = SECRET_INIT;
	struct buf pem = BUF_INIT;
	struct err e = ERR_INIT;
	struct pem_block block;
	struct pbes2 p;

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		struct buf plain = BUF_INIT;
		struct key *k = must(load_private(files[i].file, NULL, &e), &e);

		assert_int_equal(key_to_pem(k, NULL, &plain, &e), 0);
		assert_true(str_starts(buf_view(&plain), "-----BEGIN PRIVATE KEY-----\n"));
		struct key *back = must(key_from_file_data(buf_view(&plain), NULL, &e), &e);
		assert_true(key_equal(k, back));
		struct buf theirs = load("keys", files[i].file); /* openssl encodes the same */
		assert_true(str_eq(buf_view(&plain), buf_view(&theirs)));
		buf_release(&theirs);
		key_free(back);
		key_free(k);
		buf_wipe_release(&plain);
	}
	struct key *k = must(load_private("p256.pem", NULL, &e), &e);
	int64_t before = metric_value(METRIC_KDF_DERIVATIONS);
	secret_set(&pw, "pass", 4);
	assert_int_equal(key_to_pem(k, &pw, &pem, &e), 0);
	assert_true(key_file_is_encrypted(buf_view(&pem)));
	struct key *back = must(key_from_file_data(buf_view(&pem), &pw, &e), &e);
	assert_true(key_equal(k, back));
	assert_int_equal(metric_value(METRIC_KDF_DERIVATIONS), before + 2);
	struct str rest = buf_view(&pem);
	assert_int_equal(pem_next(&rest, &block, &e), 1);
	assert_true(str_eqc(block.label, "ENCRYPTED PRIVATE KEY"));
	assert_int_equal(pbes2_parse(buf_view(&block.der), &p, &e), 0);
	assert_int_equal(p.kdf, PBES2_PBKDF2);
	assert_int_equal(p.iterations, 600000);
	assert_int_equal(p.prf, HASH_SHA256);
	assert_int_equal(p.cipher, OID_AES256_CBC);
	assert_int_equal(p.salt.n, 16);
	pem_block_release(&block);
	key_free(back);
	key_free(k);
	secret_release(&pw);
	buf_release(&pem);
}

/* tag, length below 128, contents */
static void put(struct buf *out, unsigned char tag, const struct buf *contents)
{
	assert_true(contents->n < 128);
	buf_u8(out, tag);
	buf_u8(out, (uint8_t)contents->n);
	buf_str(out, buf_view(contents));
}

/* EncryptedPrivateKeyInfo with PBKDF2, what is given behind the salt, AES-256-CBC and an empty
 * cipher text. */
static struct buf encrypted_info(const char *behind_salt)
{
	struct buf tail = unhex(behind_salt), params = unhex("04080102030405060708"),
		   kdf = unhex("06092a864886f70d01050c"),
		   enc = unhex("301d060960864801650304012a0410000102030405060708090a0b0c0d0e0f"),
		   both = BUF_INIT, alg = unhex("06092a864886f70d01050d"), info = BUF_INIT,
		   out = BUF_INIT;

	buf_str(&params, buf_view(&tail));
	put(&kdf, 0x30, &params);
	put(&both, 0x30, &kdf);
	buf_str(&both, buf_view(&enc));
	put(&alg, 0x30, &both);
	put(&info, 0x30, &alg);
	buf_puts(&info, "\x04");
	buf_u8(&info, 0);
	put(&out, 0x30, &info);
	buf_release(&tail);
	buf_release(&params);
	buf_release(&kdf);
	buf_release(&enc);
	buf_release(&both);
	buf_release(&alg);
	buf_release(&info);
	return out;
}

/* Counts beyond the bound, and odd parameters, are refused before anything is derived. */
static void test_pbkdf2_params(void **state)
{
	static const struct {
		const char *behind_salt;
		enum err_code code;
	} cases[] = {
		{"020101", ERR_OK},
		{"0203989680", ERR_INVALID}, /* negative */
		{"020400989680", ERR_OK},    /* 10,000,000 */
		{"020400989681", ERR_INVALID},
		{"020100", ERR_INVALID},
		{"02020001", ERR_INVALID}, /* not minimal */
		{"020500ffffffff", ERR_INVALID},
		{"0209010000000000000001", ERR_INVALID},
		{"020101020120", ERR_OK},      /* keyLength 32 */
		{"020101020110", ERR_INVALID}, /* 16 does not fit AES-256 */
		{"020101020100", ERR_INVALID},
		{"020101300c06082a864886f70d02090500", ERR_OK},
		{"020101300a06082a864886f70d0209", ERR_OK},
		{"020101300c06082a864886f70d02080500", ERR_UNSUPPORTED}, /* hmacWithSHA224 */
		{"020101300d06082a864886f70d0209020101", ERR_INVALID},
		{"0201010500", ERR_INVALID},
		{"", ERR_INVALID},
	};
	int64_t before = metric_value(METRIC_KDF_DERIVATIONS);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf der = encrypted_info(cases[i].behind_salt);
		struct err e = ERR_INIT;
		struct pbes2 p;

		int rc = pbes2_parse(buf_view(&der), &p, &e);
		if (e.code != cases[i].code || (rc == 0) != (e.code == ERR_OK))
			fail_msg("%s: %s %s", cases[i].behind_salt, err_code_name(e.code), e.msg);
		if (rc != 0) { /* the same through the front door */
			struct secret pw = SECRET_INIT;
			secret_set(&pw, "x", 1);
			expect(key_from_file_data(buf_view(&der), &pw, &e), &e, cases[i].code,
			       cases[i].behind_salt);
			secret_release(&pw);
		}
		buf_release(&der);
	}
	assert_int_equal(metric_value(METRIC_KDF_DERIVATIONS), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),	       cmocka_unit_test(test_passwords),
		cmocka_unit_test(test_many_passwords), cmocka_unit_test(test_der),
		cmocka_unit_test(test_refused),	       cmocka_unit_test(test_damage),
		cmocka_unit_test(test_pkcs8_v2),       cmocka_unit_test(test_write),
		cmocka_unit_test(test_pbkdf2_params),
	};

	return cmocka_run_group_tests_name("crypto_keyfile", tests, crypto_up, crypto_down);
}
