/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "crypto/priv.h"
#include "crypto_util.h"

/*
 * The accelerator seam, with a driver made of wolfCrypt itself (objects without a device), which
 * counts its calls and can be told to pass or to fail. What it makes must verify without it and the
 * other way round.
 */
enum mode { MODE_WORK, MODE_PASS, MODE_FAIL };
static enum mode mode;
static struct {
	unsigned sign, verify, keygen, ecdh, x25519, rsa_public, rsa_private, seal, open, digest;
} calls;

static int outcome(bool ok)
{
	if (mode == MODE_PASS)
		return SIGNET_ACCEL_PASS;
	return mode == MODE_FAIL || !ok ? 1 : 0;
}

static bool p256_key(ecc_key *k, const unsigned char *x, const unsigned char *y,
		     const unsigned char *d)
{
	return wc_ecc_init_ex(k, NULL, INVALID_DEVID) == 0 &&
	       (x != NULL ? wc_ecc_import_unsigned(k, x, y, d, ECC_SECP256R1)
			  : wc_ecc_import_private_key_ex(d, 32, NULL, 0, k, ECC_SECP256R1)) == 0;
}

static int fake_sign(const unsigned char d[32], const unsigned char *digest, size_t n,
		     unsigned char r[32], unsigned char s[32])
{
	unsigned char out[ECC_MAX_SIG_SIZE];
	word32 size = sizeof(out);
	WC_RNG rng;
	ecc_key k;

	calls.sign++;
	assert_int_equal(wc_InitRng(&rng), 0);
	bool ok = p256_key(&k, NULL, NULL, d) &&
		  wc_ecc_sign_hash(digest, (word32)n, out, &size, &rng, &k) == 0 &&
		  ecdsa_decode(str_mem(out, size), 32, r, s);
	wc_ecc_free(&k);
	wc_FreeRng(&rng);
	return outcome(ok);
}

static int fake_verify(const unsigned char x[32], const unsigned char y[32],
		       const unsigned char *digest, size_t n, const unsigned char r[32],
		       const unsigned char s[32])
{
	struct buf der = BUF_INIT;
	int fits = 0;
	ecc_key k;

	calls.verify++;
	ecdsa_encode(r, s, 32, &der);
	bool ok = p256_key(&k, x, y, NULL) &&
		  wc_ecc_verify_hash((const byte *)der.p, (word32)der.n, digest, (word32)n, &fits,
				     &k) == 0 &&
		  fits == 1;
	wc_ecc_free(&k);
	buf_release(&der);
	return outcome(ok);
}

static int fake_keygen(unsigned char d[32], unsigned char x[32], unsigned char y[32])
{
	word32 nx = 32, ny = 32, nd = 32;
	WC_RNG rng;
	ecc_key k;

	calls.keygen++;
	assert_int_equal(wc_InitRng(&rng), 0);
	assert_int_equal(wc_ecc_init_ex(&k, NULL, INVALID_DEVID), 0);
	bool ok = wc_ecc_make_key_ex(&rng, 32, &k, ECC_SECP256R1) == 0 &&
		  wc_ecc_export_private_raw(&k, x, &nx, y, &ny, d, &nd) == 0;
	wc_ecc_free(&k);
	wc_FreeRng(&rng);
	return outcome(ok);
}

static int fake_ecdh(const unsigned char d[32], const unsigned char x[32],
		     const unsigned char y[32], unsigned char out[32])
{
	ecc_key priv, pub;
	word32 n = 32;
	WC_RNG rng;

	calls.ecdh++;
	assert_int_equal(wc_InitRng(&rng), 0);
	bool ok = p256_key(&priv, NULL, NULL, d) && p256_key(&pub, x, y, NULL) &&
		  wc_ecc_set_rng(&priv, &rng) == 0 &&
		  wc_ecc_shared_secret(&priv, &pub, out, &n) == 0 && n == 32;
	wc_ecc_free(&priv);
	wc_ecc_free(&pub);
	wc_FreeRng(&rng);
	return outcome(ok);
}

static int fake_x25519(const unsigned char scalar[32], const unsigned char point[32],
		       unsigned char out[32])
{
	calls.x25519++;
	return outcome(wc_curve25519_generic(32, out, 32, scalar, 32, point) == 0);
}

static bool modexp(struct signet_str n, struct signet_str exponent, const unsigned char *in,
		   unsigned char *out)
{
	mp_int m, x, e;

	return mp_init_multi(&m, &x, &e, NULL, NULL, NULL) == 0 &&
	       mp_read_unsigned_bin(&m, (const byte *)n.p, (word32)n.n) == 0 &&
	       mp_read_unsigned_bin(&e, (const byte *)exponent.p, (word32)exponent.n) == 0 &&
	       mp_read_unsigned_bin(&x, in, (word32)n.n) == 0 && mp_exptmod(&x, &e, &m, &x) == 0 &&
	       mp_to_unsigned_bin_len(&x, out, (int)n.n) == 0;
}

static int fake_rsa_public(struct signet_str n, struct signet_str e, const unsigned char *in,
			   unsigned char *out)
{
	calls.rsa_public++;
	return outcome(modexp(n, e, in, out));
}

static bool break_rsa;
static int fake_rsa_private(struct signet_str n, struct signet_str e, struct signet_str d,
			    struct signet_str p, struct signet_str q, struct signet_str dp,
			    struct signet_str dq, struct signet_str qi, const unsigned char *in,
			    unsigned char *out)
{
	calls.rsa_private++;
	assert_int_equal(p.n + q.n, n.n);
	assert_true(e.n > 0 && dp.n > 0 && dq.n > 0 && qi.n > 0);
	bool ok = modexp(n, d, in, out);
	out[n.n - 1] ^= break_rsa;
	return outcome(ok);
}

static int fake_seal(struct signet_str key, const unsigned char iv[12], struct signet_str aad,
		     struct signet_str in, unsigned char *out, unsigned char tag[16])
{
	Aes aes;

	calls.seal++;
	bool ok = wc_AesInit(&aes, NULL, INVALID_DEVID) == 0 &&
		  wc_AesGcmSetKey(&aes, (const byte *)key.p, (word32)key.n) == 0 &&
		  wc_AesGcmEncrypt(&aes, out, (const byte *)in.p, (word32)in.n, iv, 12, tag, 16,
				   (const byte *)aad.p, (word32)aad.n) == 0;
	wc_AesFree(&aes);
	return outcome(ok);
}

static int fake_open(struct signet_str key, const unsigned char iv[12], struct signet_str aad,
		     struct signet_str in, const unsigned char tag[16], unsigned char *out)
{
	Aes aes;

	calls.open++;
	bool ok = wc_AesInit(&aes, NULL, INVALID_DEVID) == 0 &&
		  wc_AesGcmSetKey(&aes, (const byte *)key.p, (word32)key.n) == 0 &&
		  wc_AesGcmDecrypt(&aes, out, (const byte *)in.p, (word32)in.n, iv, 12, tag, 16,
				   (const byte *)aad.p, (word32)aad.n) == 0;
	wc_AesFree(&aes);
	return outcome(ok);
}

static int fake_digest(enum signet_accel_hash alg, struct signet_str in, unsigned char *out)
{
	calls.digest++;
	if (alg != SIGNET_ACCEL_SHA256)
		return SIGNET_ACCEL_PASS;
	return outcome(wc_Sha256Hash((const byte *)in.p, (word32)in.n, out) == 0);
}

static const struct signet_accel_driver driver = {
	.size = sizeof(driver),
	.p256_sign = fake_sign,
	.p256_verify = fake_verify,
	.p256_keygen = fake_keygen,
	.p256_ecdh = fake_ecdh,
	.x25519 = fake_x25519,
	.rsa_public = fake_rsa_public,
	.rsa_private = fake_rsa_private,
	.aes_gcm_seal = fake_seal,
	.aes_gcm_open = fake_open,
	.digest = fake_digest,
};

static int up(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	return crypto_init(&driver, &e);
}

static int reset(void **state)
{
	(void)state;
	mode = MODE_WORK;
	break_rsa = false;
	memset(&calls, 0, sizeof(calls));
	return 0;
}

static void sign_and_verify(const char *name, enum sig_alg alg, const char *openssl_sig)
{
	char *priv_name = mem_asprintf("%s.pem", name),
	     *pub_name = mem_asprintf("%s.pub.pem", name);
	struct err e = ERR_INIT;
	struct key *priv = must(load_private(priv_name, NULL, &e), &e),
		   *pub = must(load_public(pub_name, &e), &e);
	struct buf sig = BUF_INIT, msg = load("keys", "message"),
		   theirs = load("keys", openssl_sig);
	enum mode kept = mode;

	assert_int_equal(key_verify(pub, alg, buf_view(&msg), buf_view(&theirs), &e), 0);
	assert_int_equal(key_verify(pub, alg, STR("other"), buf_view(&theirs), &e), -1);
	assert_int_equal(e.code, ERR_UNAUTHORIZED);
	assert_int_equal(key_sign(priv, alg, STR("m"), &sig, &e), 0);
	assert_int_equal(key_verify(pub, alg, STR("m"), buf_view(&sig), &e), 0);
	mode = MODE_PASS; /* wolfCrypt's own opinion */
	assert_int_equal(key_verify(pub, alg, STR("m"), buf_view(&sig), &e), 0);
	assert_int_equal(key_verify(pub, alg, STR("n"), buf_view(&sig), &e), -1);
	mode = kept;
	key_free(priv);
	key_free(pub);
	buf_release(&sig);
	buf_release(&msg);
	buf_release(&theirs);
	mem_free(priv_name);
	mem_free(pub_name);
}

static void test_signatures(void **state)
{
	(void)state;
	assert_int_not_equal(crypto_device(), INVALID_DEVID);
	sign_and_verify("p256", SIG_ECDSA_SHA256, "p256-sha256.sig");
	assert_int_equal(calls.sign, 1);
	assert_int_equal(calls.verify, 5);
	sign_and_verify("p256", SIG_ECDSA_SHA512, "p256-sha512.sig");
	assert_int_equal(calls.sign, 2);
	sign_and_verify("rsa2048", SIG_RSA_SHA256, "rsa2048-sha256.sig");
	assert_int_equal(calls.rsa_private, 1);
	assert_true(calls.rsa_public >= 4);
	sign_and_verify("rsa2048", SIG_PSS_SHA384, "rsa2048-pss-sha384.sig");
	assert_int_equal(calls.rsa_private, 2);
	assert_true(calls.digest > 0);
	/* these stay where they are faster */
	unsigned sign = calls.sign, verify = calls.verify;
	sign_and_verify("p384", SIG_ECDSA_SHA384, "p384-sha384.sig");
	sign_and_verify("p521", SIG_ECDSA_SHA512, "p521-sha512.sig");
	sign_and_verify("ed25519", SIG_ED25519, "ed25519.sig");
	assert_int_equal(calls.sign, sign);
	assert_int_equal(calls.verify, verify);
}

static void test_pass(void **state)
{
	(void)state;
	mode = MODE_PASS;
	sign_and_verify("p256", SIG_ECDSA_SHA256, "p256-sha256.sig");
	sign_and_verify("rsa2048", SIG_RSA_SHA256, "rsa2048-sha256.sig");
	sign_and_verify("rsa2048", SIG_PSS_SHA256, "rsa2048-pss-sha256.sig");
	assert_true(calls.sign > 0 && calls.verify > 0 && calls.rsa_private > 0 &&
		    calls.rsa_public > 0);
}

/* A driver that fails is an error, not a fall-back: a device that signs wrongly must be seen. */
static void test_fail(void **state)
{
	struct err e = ERR_INIT;
	struct key *ec = must(load_private("p256.pem", NULL, &e), &e),
		   *rsa = must(load_private("rsa2048.pem", NULL, &e), &e);
	struct buf sig = BUF_INIT;

	(void)state;
	break_rsa = true; /* the result does not verify: withheld */
	assert_int_equal(key_sign(rsa, SIG_RSA_SHA256, STR("m"), &sig, &e), -1);
	assert_int_equal(key_sign(rsa, SIG_PSS_SHA256, STR("m"), &sig, &e), -1);
	assert_int_equal(e.code, ERR_INTERNAL);
	assert_int_equal(sig.n, 0);
	break_rsa = false;
	mode = MODE_FAIL;
	assert_int_equal(key_sign(ec, SIG_ECDSA_SHA256, STR("m"), &sig, &e), -1);
	assert_int_equal(e.code, ERR_INTERNAL);
	assert_int_equal(key_sign(rsa, SIG_RSA_SHA256, STR("m"), &sig, &e), -1);
	assert_null(key_generate(KEY_P256, 0, &e));
	assert_int_equal(sig.n, 0);
	key_free(ec);
	key_free(rsa);
	buf_release(&sig);
}

static void test_agreement(void **state)
{
	static const char *const curves[] = {"p256", "x25519", "p384"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(curves); i++) {
		char *a = mem_asprintf("%s.pem", curves[i]),
		     *b = mem_asprintf("%s-peer.pub.pem", curves[i]),
		     *c = mem_asprintf("%s.ecdh", curves[i]);
		struct err e = ERR_INIT;
		struct key *priv = must(load_private(a, NULL, &e), &e),
			   *pub = must(load_public(b, &e), &e);
		struct buf want = load("keys", c);
		struct secret out = SECRET_INIT;

		assert_int_equal(key_ecdh(priv, pub, &out, &e), 0);
		assert_true(str_eq(secret_view(&out), buf_view(&want)));
		secret_release(&out);
		key_free(priv);
		key_free(pub);
		buf_release(&want);
		mem_free(a);
		mem_free(b);
		mem_free(c);
	}
	assert_int_equal(calls.ecdh, 1);
	assert_int_equal(calls.x25519, 1);
}

static void test_keygen(void **state)
{
	struct buf sig = BUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	struct key *k = must(key_generate(KEY_P256, 0, &e), &e);
	assert_int_equal(calls.keygen, 1);
	assert_int_equal(key_sign(k, SIG_ECDSA_SHA256, STR("m"), &sig, &e), 0);
	assert_int_equal(key_verify(k, SIG_ECDSA_SHA256, STR("m"), buf_view(&sig), &e), 0);
	key_free(k);
	k = must(key_generate(KEY_P384, 0, &e), &e);
	assert_int_equal(calls.keygen, 1);
	key_free(k);
	buf_release(&sig);
}

static void test_gcm(void **state)
{
	struct str key = STR("0123456789abcdef0123456789abcdef"), iv = STR("012345678901"),
		   aad = STR("aad"), plain = STR("some plain text, twenty");
	struct buf ours = BUF_INIT, theirs = BUF_INIT;
	struct secret back = SECRET_INIT;
	unsigned char tag[16], tag2[16];
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(aes_gcm_seal(key, iv, aad, plain, &ours, tag, &e), 0);
	assert_int_equal(aes_gcm_open(key, iv, aad, buf_view(&ours), str_mem(tag, 16), &back, &e),
			 0);
	assert_true(str_eq(secret_view(&back), plain));
	mode = MODE_PASS;
	assert_int_equal(aes_gcm_seal(key, iv, aad, plain, &theirs, tag2, &e), 0);
	assert_true(str_eq(buf_view(&ours), buf_view(&theirs)));
	assert_memory_equal(tag, tag2, 16);
	mode = MODE_WORK;
	assert_int_equal(calls.seal, 2);
	assert_int_equal(calls.open, 1);
	tag[0] ^= 1;
	assert_int_equal(aes_gcm_open(key, iv, aad, buf_view(&ours), str_mem(tag, 16), &back, &e),
			 -1);
	assert_int_equal(e.code, ERR_UNAUTHORIZED);
	assert_null(back.p);
	buf_release(&ours);
	buf_release(&theirs);
}

static void test_digest(void **state)
{
	unsigned char out[HASH_MAX];

	(void)state;
	hash(HASH_SHA256, STR("abc"), out);
	assert_hex(out, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	hash(HASH_SHA384, STR("abc"), out); /* the driver passes */
	assert_hex(out, 48,
		   "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2"
		   "358baeca134c825a7");
	hash(HASH_SHA1, STR("abc"), out);
	assert_hex(out, 20, "a9993e364706816aba3e25717850c26c9cd0d89d");
	assert_int_equal(calls.digest, 2);
	struct hash_ctx *h = hash_new(HASH_SHA256);
	hash_update(h, STR("abc"));
	hash_final(h, out);
	assert_hex(out, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_int_equal(calls.digest, 2);
}

/* An older driver's table ends early: what it does not have is wolfCrypt's. */
static void test_old_table(void **state)
{
	struct signet_accel_driver old = driver;
	struct err e = ERR_INIT;

	(void)state;
	crypto_end();
	old.size = offsetof(struct signet_accel_driver, p256_verify);
	assert_int_equal(crypto_init(&old, &e), 0);
	sign_and_verify("p256", SIG_ECDSA_SHA256, "p256-sha256.sig");
	assert_int_equal(calls.sign, 1);
	assert_int_equal(calls.verify, 0);
	assert_int_equal(calls.digest, 0);
	crypto_end();
	old.size = 3;
	assert_int_equal(crypto_init(&old, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_int_equal(crypto_device(), INVALID_DEVID);
	assert_int_equal(crypto_init(NULL, &e), 0);
	assert_int_equal(crypto_device(), INVALID_DEVID);
	sign_and_verify("p256", SIG_ECDSA_SHA256, "p256-sha256.sig");
	assert_int_equal(calls.sign, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_signatures, reset),
		cmocka_unit_test_setup(test_pass, reset),
		cmocka_unit_test_setup(test_fail, reset),
		cmocka_unit_test_setup(test_agreement, reset),
		cmocka_unit_test_setup(test_keygen, reset),
		cmocka_unit_test_setup(test_gcm, reset),
		cmocka_unit_test_setup(test_digest, reset),
		cmocka_unit_test_setup(test_old_table, reset),
	};

	return cmocka_run_group_tests_name("crypto_accel", tests, up, crypto_down);
}
