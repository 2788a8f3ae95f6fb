/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "crypto/priv.h"
#include "crypto_util.h"

#include <pthread.h>
#include <sys/wait.h>

/* Signatures and key agreement: openssl's results (t/vectors/keys), our own, and whatever is nearly
 * one. */

static const enum sig_alg all_algs[] = {
	SIG_ECDSA_SHA256, SIG_ECDSA_SHA384, SIG_ECDSA_SHA512, SIG_ED25519,    SIG_RSA_SHA256,
	SIG_RSA_SHA384,	  SIG_RSA_SHA512,   SIG_PSS_SHA256,   SIG_PSS_SHA384, SIG_PSS_SHA512};
static const char *const names[] = {"p256", "p384", "p521", "ed25519", "x25519", "rsa2048"};

static struct key *pair(const char *name, bool is_private)
{
	char *file = mem_asprintf("%s%s.pem", name, is_private ? "" : ".pub");
	struct err e = ERR_INIT;
	struct key *k = must(is_private ? load_private(file, NULL, &e) : load_public(file, &e), &e);

	mem_free(file);
	return k;
}

static void test_table(void **state)
{
	static const struct {
		const char *jose, *name;
		enum sig_alg alg;
		enum key_type type;
	} rows[] = {
		{"ES256", "ECDSA-SHA256", SIG_ECDSA_SHA256, KEY_P256},
		{"ES384", "ECDSA-SHA384", SIG_ECDSA_SHA384, KEY_P384},
		{"ES512", "ECDSA-SHA512", SIG_ECDSA_SHA512, KEY_P521},
		{"EdDSA", "Ed25519", SIG_ED25519, KEY_ED25519},
		{"RS256", "SHA256-RSA", SIG_RSA_SHA256, KEY_RSA},
		{"RS384", "SHA384-RSA", SIG_RSA_SHA384, KEY_RSA},
		{"RS512", "SHA512-RSA", SIG_RSA_SHA512, KEY_RSA},
		{"PS256", "SHA256-RSAPSS", SIG_PSS_SHA256, KEY_RSA},
		{"PS384", "SHA384-RSAPSS", SIG_PSS_SHA384, KEY_RSA},
		{"PS512", "SHA512-RSAPSS", SIG_PSS_SHA512, KEY_RSA},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct sig_alg_info *info = sig_alg_info(rows[i].alg);

		assert_int_equal(sig_alg_from_jose(str_c(rows[i].jose)), rows[i].alg);
		assert_string_equal(info->jose, rows[i].jose);
		assert_string_equal(info->name, rows[i].name);
		assert_int_equal(info->jose_key, rows[i].type);
		assert_true(sig_alg_fits(rows[i].alg, rows[i].type));
		assert_false(sig_alg_fits(rows[i].alg, KEY_X25519));
		assert_false(sig_alg_fits(rows[i].alg, KEY_NONE));
	}
	assert_int_equal(sig_alg_from_jose(STR("none")), SIG_NONE);
	assert_int_equal(sig_alg_from_jose(STR("HS256")), SIG_NONE);
	assert_int_equal(sig_alg_from_jose(STR("es256")), SIG_NONE);
	assert_int_equal(sig_alg_from_jose(STR_NULL), SIG_NONE);
	assert_false(sig_alg_fits(SIG_NONE, KEY_P256));
}

static void test_openssl(void **state)
{
	static const struct {
		const char *key, *sig;
		enum sig_alg alg;
	} cases[] = {
		{"p256", "p256-sha256.sig", SIG_ECDSA_SHA256},
		{"p256", "p256-sha384.sig", SIG_ECDSA_SHA384},
		{"p256", "p256-sha512.sig", SIG_ECDSA_SHA512},
		{"p384", "p384-sha384.sig", SIG_ECDSA_SHA384},
		{"p521", "p521-sha512.sig", SIG_ECDSA_SHA512},
		{"ed25519", "ed25519.sig", SIG_ED25519},
		{"rsa2048", "rsa2048-sha256.sig", SIG_RSA_SHA256},
		{"rsa2048", "rsa2048-sha384.sig", SIG_RSA_SHA384},
		{"rsa2048", "rsa2048-sha512.sig", SIG_RSA_SHA512},
		{"rsa2048", "rsa2048-pss-sha256.sig", SIG_PSS_SHA256},
		{"rsa2048", "rsa2048-pss-sha384.sig", SIG_PSS_SHA384},
		{"rsa2048", "rsa2048-pss-sha512.sig", SIG_PSS_SHA512},
		{"rsa3072", "rsa3072-sha256.sig", SIG_RSA_SHA256},
		{"rsa4096", "rsa4096-pss-sha256.sig", SIG_PSS_SHA256},
	};
	struct buf msg = load("keys", "message");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct key *k = pair(cases[i].key, false);
		struct buf sig = load("keys", cases[i].sig);

		for (size_t a = 0; a < ARRAY_LEN(all_algs); a++) {
			struct err e = ERR_INIT;
			int rc = key_verify(k, all_algs[a], buf_view(&msg), buf_view(&sig), &e);

			if ((rc == 0) != (all_algs[a] == cases[i].alg))
				fail_msg("%s with %s: %d", cases[i].sig,
					 sig_alg_info(all_algs[a])->name, rc);
			if (rc != 0)
				assert_int_equal(e.code, ERR_UNAUTHORIZED);
		}
		key_free(k);
		buf_release(&sig);
	}
	/* a salt of another length */
	struct key *k = pair("rsa2048", false);
	struct buf sig = load("keys", "bad-rsa2048-pss-salt20.sig");
	struct err e = ERR_INIT;
	assert_int_equal(key_verify(k, SIG_PSS_SHA256, buf_view(&msg), buf_view(&sig), &e), -1);
	key_free(k);
	buf_release(&sig);
	buf_release(&msg);
}

static void one_pair(struct key *priv, struct key *pub, enum sig_alg alg)
{
	struct buf sig = BUF_INIT;
	struct err e = ERR_INIT;
	struct str msg = STR("to be signed");

	if (key_sign(priv, alg, msg, &sig, &e) != 0)
		fail_msg("%s: %s", sig_alg_info(alg)->name, e.msg);
	assert_int_equal(key_verify(pub, alg, msg, buf_view(&sig), &e), 0);
	assert_int_equal(key_verify(priv, alg, msg, buf_view(&sig), &e), 0);
	assert_int_equal(key_verify(pub, alg, STR("to be signee"), buf_view(&sig), &e), -1);
	assert_int_equal(e.code, ERR_UNAUTHORIZED);
	assert_int_equal(key_verify(pub, alg, STR_NULL, buf_view(&sig), &e), -1);
	for (size_t at = 0; at < sig.n; at += 1 + sig.n / 40) {
		sig.p[at] ^= 1;
		assert_int_equal(key_verify(pub, alg, msg, buf_view(&sig), &e), -1);
		sig.p[at] ^= 1;
	}
	for (size_t n = 0; n < sig.n; n++)
		assert_int_equal(key_verify(pub, alg, msg, str_mem(sig.p, n), &e), -1);
	buf_u8(&sig, 0);
	assert_int_equal(key_verify(pub, alg, msg, buf_view(&sig), &e), -1);
	buf_reset(&sig);
	assert_int_equal(key_sign(priv, alg, STR_NULL, &sig, &e), 0); /* the empty message */
	assert_int_equal(key_verify(pub, alg, STR_NULL, buf_view(&sig), &e), 0);
	buf_release(&sig);
}

static void test_sign_verify(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct key *priv = pair(names[i], true), *pub = pair(names[i], false);
		enum sig_alg dflt = sig_alg_for_key(pub);

		assert_int_equal(dflt == SIG_NONE, i == 4);
		for (size_t a = 0; a < ARRAY_LEN(all_algs); a++) {
			if (sig_alg_fits(all_algs[a], key_type(pub))) {
				one_pair(priv, pub, all_algs[a]);
				continue;
			}
			struct buf sig = BUF_INIT;
			struct err e = ERR_INIT;
			assert_int_equal(key_sign(priv, all_algs[a], STR("m"), &sig, &e), -1);
			assert_int_equal(e.code, ERR_UNAUTHORIZED);
			assert_int_equal(key_verify(pub, all_algs[a], STR("m"), STR("sig"), &e),
					 -1);
			assert_int_equal(e.code, ERR_UNAUTHORIZED);
		}
		key_free(priv);
		key_free(pub);
	}
}

/* RFC 8032 7.1: tests 1 and 3 (the second has an odd length). */
static void test_ed25519_known(void **state)
{
	static const struct {
		const char *seed, *msg, *sig;
	} cases[] = {
		{"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "",
		 "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc"
		 "61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
		{"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "af82",
		 "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290a"
		 "e67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf seed = unhex(cases[i].seed), msg = unhex(cases[i].msg), sig = BUF_INIT;
		struct err e = ERR_INIT;
		struct key *k =
			must(key_okp_new(KEY_ED25519, STR_NULL, buf_view(&seed), false, &e), &e);

		assert_int_equal(key_sign(k, SIG_ED25519, buf_view(&msg), &sig, &e), 0);
		assert_hex(sig.p, sig.n, cases[i].sig);
		key_free(k);
		buf_release(&seed);
		buf_release(&msg);
		buf_release(&sig);
	}
}

/* S + L is the same scalar to a careless verifier. */
static void test_ed25519_malleable(void **state)
{
	static const unsigned char order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a,	    0x63,
						0x12, 0x58, 0xd6, 0x9c, 0xf7,	    0xa2,
						0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
	struct key *k = pair("ed25519", true);
	struct buf sig = BUF_INIT;
	struct err e = ERR_INIT;
	unsigned carry = 0;

	(void)state;
	assert_int_equal(key_sign(k, SIG_ED25519, STR("m"), &sig, &e), 0);
	for (size_t i = 0; i < 32; i++) {
		unsigned v = (unsigned char)sig.p[32 + i] + order[i] + carry;
		sig.p[32 + i] = (char)v;
		carry = v >> 8;
	}
	assert_int_equal(carry, 0);
	assert_int_equal(key_verify(k, SIG_ED25519, STR("m"), buf_view(&sig), &e), -1);
	memcpy(sig.p + 32, order, 32);
	assert_int_equal(key_verify(k, SIG_ED25519, STR("m"), buf_view(&sig), &e), -1);
	key_free(k);
	buf_release(&sig);
}

static void verify_rs(struct key *k, const unsigned char *r, const unsigned char *s)
{
	struct buf der = BUF_INIT;
	struct err e = ERR_INIT;

	ecdsa_encode(r, s, key_type_info(key_type(k))->width, &der);
	assert_int_equal(key_verify(k, sig_alg_for_key(k), STR("m"), buf_view(&der), &e), -1);
	assert_int_equal(e.code, ERR_UNAUTHORIZED);
	buf_release(&der);
}

/* r and s of 0, n and more; encodings that DER forbids. */
static void test_ecdsa_range(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct key *k = pair(names[i], true);
		const struct key_type_info *info = key_type_info(key_type(k));
		unsigned char rs[2 * KEY_WIDTH_MAX], bad[KEY_WIDTH_MAX] = {0};
		struct buf sig = BUF_INIT, raw = BUF_INIT, again = BUF_INIT;
		struct err e = ERR_INIT;
		size_t w = info->width;

		assert_int_equal(key_sign(k, sig_alg_for_key(k), STR("m"), &sig, &e), 0);
		assert_int_equal(sig_der_to_raw(info->type, buf_view(&sig), &raw, &e), 0);
		assert_int_equal(raw.n, 2 * w);
		assert_int_equal(sig_raw_to_der(info->type, buf_view(&raw), &again, &e), 0);
		assert_true(str_eq(buf_view(&sig), buf_view(&again)));
		memcpy(rs, raw.p, 2 * w);
		verify_rs(k, bad, rs + w);
		verify_rs(k, rs, bad);
		verify_rs(k, bad, bad);
		verify_rs(k, info->order, rs + w);
		verify_rs(k, rs, info->order);
		memset(bad, 0xff, w);
		verify_rs(k, bad, rs + w);
		verify_rs(k, rs, bad);
		assert_int_equal(sig_raw_to_der(info->type, str_mem(raw.p, 2 * w - 1), &again, &e),
				 -1);
		assert_int_equal(e.code, ERR_INVALID);
		assert_int_equal(sig_raw_to_der(info->type, STR_NULL, &again, &e), -1);
		assert_int_equal(sig_der_to_raw(info->type, STR_NULL, &again, &e), -1);
		assert_int_equal(sig_der_to_raw(info->type, str_mem(sig.p, sig.n - 1), &again, &e),
				 -1);
		key_free(k);
		buf_release(&sig);
		buf_release(&raw);
		buf_release(&again);
	}
}

static void test_ecdh(void **state)
{
	static const char *const curves[] = {"p256", "p384", "p521", "x25519"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(curves); i++) {
		char *peer_name = mem_asprintf("%s-peer", curves[i]),
		     *file = mem_asprintf("%s.ecdh", curves[i]);
		struct key *priv = pair(curves[i], true), *peer = pair(peer_name, false),
			   *other = pair("rsa2048", false);
		struct buf want = load("keys", file);
		struct secret out = SECRET_INIT;
		struct err e = ERR_INIT;

		for (int again = 0; again < 3; again++) {
			assert_int_equal(key_ecdh(priv, peer, &out, &e), 0);
			assert_true(str_eq(secret_view(&out), buf_view(&want)));
		}
		assert_int_equal(key_ecdh(priv, other, &out, &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
		secret_release(&out);
		key_free(priv);
		key_free(peer);
		key_free(other);
		mem_free(peer_name);
		mem_free(file);
		buf_release(&want);
	}
	struct key *ed = pair("ed25519", true);
	struct secret out = SECRET_INIT;
	struct err e = ERR_INIT;
	assert_int_equal(key_ecdh(ed, ed, &out, &e), -1);
	assert_int_equal(e.code, ERR_UNSUPPORTED);
	key_free(ed);
}

/* Both sides agree, whatever the keys: leading zeros in the result keep their place. */
static void test_ecdh_agrees(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 300; i++) {
		enum key_type t = i % 2 == 0 ? KEY_P256 : KEY_X25519;
		struct err e = ERR_INIT;
		struct key *a = must(key_generate(t, 0, &e), &e),
			   *b = must(key_generate(t, 0, &e), &e);
		struct secret ab = SECRET_INIT, ba = SECRET_INIT;

		assert_int_equal(key_ecdh(a, b, &ab, &e), 0);
		assert_int_equal(key_ecdh(b, a, &ba, &e), 0);
		assert_int_equal(ab.n, 32);
		assert_true(str_eq(secret_view(&ab), secret_view(&ba)));
		secret_release(&ab);
		secret_release(&ba);
		key_free(a);
		key_free(b);
	}
}

/* A key that was used before a fork must not sign with the same nonce on both sides: two different
 * r. */
static void test_fork(void **state)
{
	struct key *k = pair("p256", true);
	struct buf before = BUF_INIT, ours = BUF_INIT, raw = BUF_INIT;
	unsigned char theirs[64] = {0};
	struct err e = ERR_INIT;
	int fds[2], status;

	(void)state;
	assert_int_equal(key_sign(k, SIG_ECDSA_SHA256, STR("one"), &before, &e), 0);
	assert_int_equal(pipe(fds), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct buf sig = BUF_INIT, out = BUF_INIT;
		bool ok = key_sign(k, SIG_ECDSA_SHA256, STR("child"), &sig, &e) == 0 &&
			  sig_der_to_raw(KEY_P256, buf_view(&sig), &out, &e) == 0 &&
			  write(fds[1], out.p, 64) == 64;
		_exit(ok ? 0 : 1);
	}
	assert_int_equal(key_sign(k, SIG_ECDSA_SHA256, STR("parent"), &ours, &e), 0);
	assert_int_equal(sig_der_to_raw(KEY_P256, buf_view(&ours), &raw, &e), 0);
	assert_int_equal(read(fds[0], theirs, 64), 64);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_memory_not_equal(theirs, raw.p, 32);
	close(fds[0]);
	close(fds[1]);
	key_free(k);
	buf_release(&before);
	buf_release(&ours);
	buf_release(&raw);
}

/* Each thread has copies of its own; what its fixed-point cache holds is freed at its end (the leak
 * checker looks). */
static void *on_thread(void *arg)
{
	static const enum sig_alg algs[] = {SIG_ECDSA_SHA256, SIG_ED25519, SIG_PSS_SHA256};
	struct key **keys = arg;
	uintptr_t failures = 0;

	for (size_t i = 0; i < ARRAY_LEN(algs); i++) {
		for (int n = 0; n < 5; n++) {
			struct buf sig = BUF_INIT;
			struct err e = ERR_INIT;

			if (key_sign(keys[i], algs[i], STR("m"), &sig, &e) != 0 ||
			    key_verify(keys[i], algs[i], STR("m"), buf_view(&sig), &e) != 0)
				failures++;
			buf_release(&sig);
		}
	}
	crypto_thread_end();
	return (void *)failures;
}

static void test_threads(void **state)
{
	struct key *base[] = {pair("p256", true), pair("ed25519", true), pair("rsa2048", true)};
	struct key *copies[4][3];
	pthread_t threads[4];

	(void)state;
	for (size_t t = 0; t < 4; t++) {
		for (size_t i = 0; i < 3; i++)
			copies[t][i] = key_dup(base[i]);
		assert_int_equal(pthread_create(&threads[t], NULL, on_thread, copies[t]), 0);
	}
	for (size_t t = 0; t < 4; t++) {
		void *failures;

		assert_int_equal(pthread_join(threads[t], &failures), 0);
		assert_null(failures);
		for (size_t i = 0; i < 3; i++)
			key_free(copies[t][i]);
	}
	for (size_t i = 0; i < 3; i++)
		key_free(base[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_openssl),
		cmocka_unit_test(test_sign_verify),
		cmocka_unit_test(test_ed25519_known),
		cmocka_unit_test(test_ed25519_malleable),
		cmocka_unit_test(test_ecdsa_range),
		cmocka_unit_test(test_ecdh),
		cmocka_unit_test(test_ecdh_agrees),
		cmocka_unit_test(test_fork),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests_name("crypto_sig", tests, crypto_up, crypto_down);
}
