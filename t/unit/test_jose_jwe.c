/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/metric.h"
#include "jose/jwe.h"
#include "jose/jwk.h"
#include "jose/priv.h"
#include "jose_util.h"

static enum err_code with_password(const char *token, const char *password, struct buf *plain)
{
	struct secret pw = SECRET_INIT, out = SECRET_INIT;
	struct err e = ERR_INIT;
	enum err_code code = ERR_OK;

	secret_set(&pw, password, strlen(password));
	if (jwe_decrypt_password(str_c(token), &pw, &out, &e) < 0) {
		code = e.code;
		assert_int_equal(out.n, 0);
	} else if (plain) {
		buf_str(plain, secret_view(&out));
	}
	secret_release(&pw);
	secret_release(&out);
	return code;
}

static enum err_code with_key(const char *token, struct str key, struct buf *plain)
{
	struct secret out = SECRET_INIT;
	struct err e = ERR_INIT;
	enum err_code code = ERR_OK;

	if (jwe_decrypt_key(str_c(token), key, &out, &e) < 0) {
		code = e.code;
		assert_int_equal(out.n, 0);
	} else if (plain) {
		buf_str(plain, secret_view(&out));
	}
	secret_release(&out);
	return code;
}

/* Both kinds of vector: `password` or `key`, `compact`, `plain`. */
static void answer(const char *name, const char *password, const char *key, const char *compact,
		   const char *plain)
{
	struct buf k = BUF_INIT, got = BUF_INIT;
	struct err e = ERR_INIT;
	enum err_code code;

	if (key && key[0]) {
		assert_int_equal(b64_decode(B64_URL, str_c(key), &k, &e), 0);
		code = with_key(compact, buf_view(&k), &got);
	} else {
		code = with_password(compact, password, &got);
	}
	if (code != ERR_OK || !str_eqc(buf_view(&got), plain))
		fail_msg("%s: %s", name, err_code_name(code));
	buf_release(&k);
	buf_release(&got);
}

static void known_answers(void **state)
{
	json_t *rfc = load_vectors("t/vectors/jose/rfc.json"),
	       *go = load_vectors("t/vectors/jose/go-jose.json"), *t;
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(rfc, "jwe"), i, t)
		answer(text_of(t, "name"), text_of(t, "password"), text_of(t, "key"),
		       text_of(t, "compact"), text_of(t, "plain"));
	assert_int_equal(i, 3);
	json_array_foreach(json_object_get(go, "Jwe"), i, t)
		answer(text_of(t, "Enc"), text_of(t, "Password"), text_of(t, "Key"),
		       text_of(t, "Compact"), text_of(t, "Plain"));
	assert_int_equal(i, 31);
	json_decref(rfc);
	json_decref(go);
}

/* What `step` wrote is taken up to the derivation; its password is not part of the recording. */
static void recorded_from_step(void **state)
{
	json_t *v = load_vectors("t/vectors/jose/step.json");
	const char *token = text_of(json_object_get(v, "provisioner"), "encryptedKey");
	int64_t before = metric_value(METRIC_KDF_DERIVATIONS);
	struct arena *a = arena_new();
	struct err e = ERR_INIT;
	struct jwe j;

	(void)state;
	assert_int_equal(jwe_parse(str_c(token), a, &j, &e), 0);
	assert_string_equal(j.alg->name, "PBES2-HS256+A128KW");
	assert_string_equal(j.enc->name, "A256GCM");
	assert_int_equal(j.p2c, 600000);
	assert_int_equal(j.p2s.n, 16);
	assert_int_equal(metric_value(METRIC_KDF_DERIVATIONS), before);
	assert_int_equal(with_password(token, "not its password", NULL), ERR_UNAUTHORIZED);
	assert_int_equal(metric_value(METRIC_KDF_DERIVATIONS), before + 1);
	arena_free(a);
	json_decref(v);
}

static void encrypt_like_step(void **state)
{
	struct err e = ERR_INIT;
	struct key *k = key_generate(KEY_P256, 0, &e);
	json_t *jwk = jwk_json(k, NULL, true), *again;
	struct buf plain = BUF_INIT, one = BUF_INIT, two = BUF_INIT, header = BUF_INIT,
		   got = BUF_INIT;
	struct secret pw = SECRET_INIT;
	struct jwk j;

	(void)state;
	secret_set(&pw, "p\xc3\xa4ss", 5);
	json_write(jwk, &plain);
	assert_int_equal(jwe_encrypt_password(buf_view(&plain), &pw, "jwk+json", &one, &e), 0);
	assert_int_equal(jwe_encrypt_password(buf_view(&plain), &pw, "jwk+json", &two, &e), 0);
	assert_string_not_equal(one.p, two.p);
	assert_int_equal(b64_decode(B64_URL, str_mem(one.p, (size_t)(strchr(one.p, '.') - one.p)),
				    &header, &e),
			 0);
	assert_true(str_starts(buf_view(&header),
			       "{\"alg\":\"PBES2-HS256+A128KW\",\"cty\":\"jwk+json\",\"enc\":"
			       "\"A256GCM\",\"p2c\":600000,\"p2s\":\""));
	assert_int_equal(with_password(one.p, "p\xc3\xa4ss", &got), ERR_OK);
	assert_string_equal(got.p, plain.p);
	assert_int_equal(with_password(one.p, "p\xc3\xa4sS", NULL), ERR_UNAUTHORIZED);
	assert_int_equal(with_password(one.p, "", NULL), ERR_UNAUTHORIZED);
	again = json_of(got.p);
	assert_int_equal(jwk_parse(again, true, &j, &e), 0);
	assert_true(key_equal(j.key, k));
	jwk_release(&j);
	json_decref(again);
	json_decref(jwk);
	buf_release(&plain);
	buf_release(&one);
	buf_release(&two);
	buf_release(&header);
	buf_release(&got);
	secret_release(&pw);
	key_free(k);
}

/* header + lengths of the other four parts, all zero bytes */
static void build(struct buf *out, const char *header, size_t ek, size_t iv, size_t ct, size_t tag)
{
	static const char zero[2048];
	const size_t n[] = {ek, iv, ct, tag};

	add_b64(out, str_c(header));
	for (size_t i = 0; i < ARRAY_LEN(n); i++) {
		buf_putc(out, '.');
		add_b64(out, str_mem(zero, n[i]));
	}
}

#define PB(p2c, rest)                                                                              \
	"{\"alg\":\"PBES2-HS256+A128KW\",\"enc\":\"A256GCM\",\"p2s\":\"AAAAAAAAAAAAAAAAAAAAAA\","  \
	"\"p2c\":" p2c rest "}"

/* J14, J15, J20 and the rest: refused without a derivation. */
static const struct {
	const char *header;
	size_t ek, iv, ct, tag;
} bad_jwe[] = {
	{PB("0", ""), 40, 12, 5, 16},
	{PB("1", ""), 40, 12, 5, 16},
	{PB("999", ""), 40, 12, 5, 16},
	{PB("1000001", ""), 40, 12, 5, 16},
	{PB("2147483648", ""), 40, 12, 5, 16},
	{PB("1000000000", ""), 40, 12, 5, 16},
	{PB("4294968296", ""), 40, 12, 5, 16},
	{PB("18446744073709552616", ""), 40, 12, 5, 16},
	{PB("-1000", ""), 40, 12, 5, 16},
	{PB("\"1000\"", ""), 40, 12, 5, 16},
	{PB("1000.0", ""), 40, 12, 5, 16},
	{PB("1e3", ""), 40, 12, 5, 16},
	{PB("null", ""), 40, 12, 5, 16},
	{PB("[1000]", ""), 40, 12, 5, 16},
	{PB("1000", ",\"p2c\":600000"), 40, 12, 5, 16},
	{PB("1000", ",\"zip\":\"DEF\""), 40, 12, 5, 16},
	{PB("1000", ",\"zip\":null"), 40, 12, 5, 16},
	{PB("1000", ",\"crit\":[\"p2c\"]"), 40, 12, 5, 16},
	{PB("1000", ",\"crit\":[]"), 40, 12, 5, 16},
	/* lengths */
	{PB("1000", ""), 0, 12, 5, 16},
	{PB("1000", ""), 39, 12, 5, 16},
	{PB("1000", ""), 48, 12, 5, 16},
	{PB("1000", ""), 40, 0, 5, 16},
	{PB("1000", ""), 40, 11, 5, 16},
	{PB("1000", ""), 40, 16, 5, 16},
	{PB("1000", ""), 40, 12, 5, 0},
	{PB("1000", ""), 40, 12, 5, 1},
	{PB("1000", ""), 40, 12, 5, 15},
	{PB("1000", ""), 40, 12, 5, 17},
	{PB("1000", ""), 40, 12, 5, 12},
	{"{\"alg\":\"PBES2-HS256+A128KW\",\"enc\":\"A128CBC-HS256\",\"p2s\":"
	 "\"AAAAAAAAAAAAAAAAAAAAAA\",\"p2c\":1000}",
	 40, 16, 15, 16},
	{"{\"alg\":\"PBES2-HS256+A128KW\",\"enc\":\"A128CBC-HS256\",\"p2s\":"
	 "\"AAAAAAAAAAAAAAAAAAAAAA\",\"p2c\":1000}",
	 40, 16, 0, 16},
	{"{\"alg\":\"PBES2-HS256+A128KW\",\"enc\":\"A256CBC-HS512\",\"p2s\":"
	 "\"AAAAAAAAAAAAAAAAAAAAAA\",\"p2c\":1000}",
	 72, 16, 16, 16},
	/* salt */
	{"{\"alg\":\"PBES2-HS256+A128KW\",\"enc\":\"A256GCM\",\"p2c\":1000}", 40, 12, 5, 16},
	{"{\"alg\":\"PBES2-HS256+A128KW\",\"enc\":\"A256GCM\",\"p2s\":\"\",\"p2c\":1000}", 40, 12,
	 5, 16},
	{"{\"alg\":\"PBES2-HS256+A128KW\",\"enc\":\"A256GCM\",\"p2s\":\"AAAAAAAAAA\","
	 "\"p2c\":1000}",
	 40, 12, 5, 16},
	{"{\"alg\":\"PBES2-HS256+A128KW\",\"enc\":\"A256GCM\",\"p2s\":\"AAAA AAAA "
	 "AAAAAAAAAAAAAA\",\"p2c\":1000}",
	 40, 12, 5, 16},
	{"{\"alg\":\"PBES2-HS256+A128KW\",\"enc\":\"A256GCM\",\"p2s\":7,\"p2c\":1000}", 40, 12, 5,
	 16},
	/* names */
	{"{\"alg\":\"RSA1_5\",\"enc\":\"A256GCM\"}", 256, 12, 5, 16},
	{"{\"alg\":\"ECDH-ES\",\"enc\":\"A256GCM\"}", 0, 12, 5, 16},
	{"{\"alg\":\"A256GCMKW\",\"enc\":\"A256GCM\"}", 32, 12, 5, 16},
	{"{\"alg\":\"A128KW\",\"enc\":\"A256GCM\"}", 40, 12, 5, 16},
	{"{\"alg\":\"dir\",\"enc\":\"A256GCM\"}", 0, 12, 5, 16},
	{"{\"enc\":\"A256GCM\"}", 0, 12, 5, 16},
	{"{}", 0, 12, 5, 16},
	{"[]", 0, 12, 5, 16},
	{"{\"alg\":\"PBES2-HS256+A128KW\",\"enc\":\"A256\",\"p2s\":"
	 "\"AAAAAAAAAAAAAAAAAAAAAA\",\"p2c\":1000}",
	 40, 12, 5, 16},
	{"{\"alg\":\"PBES2-HS256+A128KW\",\"p2s\":\"AAAAAAAAAAAAAAAAAAAAAA\",\"p2c\":1000}", 40, 12,
	 5, 16},
	{"{\"alg\":\"pbes2-hs256+a128kw\",\"enc\":\"A256GCM\",\"p2s\":"
	 "\"AAAAAAAAAAAAAAAAAAAAAA\",\"p2c\":1000}",
	 40, 12, 5, 16},
};

static void refused_before_derivation(void **state)
{
	int64_t before = metric_value(METRIC_KDF_DERIVATIONS);
	struct buf t = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad_jwe); i++) {
		enum err_code code;
		buf_reset(&t);
		build(&t, bad_jwe[i].header, bad_jwe[i].ek, bad_jwe[i].iv, bad_jwe[i].ct,
		      bad_jwe[i].tag);
		code = with_password(t.p, "pw", NULL);
		if (code != ERR_INVALID)
			fail_msg("%s: %s", bad_jwe[i].header, err_code_name(code));
	}
	buf_reset(&t);
	build(&t, "{\"alg\":\"A128KW\",\"enc\":\"A256GCM\"}", 0, 12, 5,
	      16); /* J20: empty encrypted key */
	assert_int_equal(with_key(t.p, STR("0123456789abcdef"), NULL), ERR_INVALID);
	buf_reset(&t);
	build(&t, PB("1000", ""), 40, 12, 5, 16); /* a key where a password belongs */
	assert_int_equal(with_key(t.p, STR("0123456789abcdef"), NULL), ERR_INVALID);
	assert_int_equal(metric_value(METRIC_KDF_DERIVATIONS), before);
	/* the same, well-formed: one derivation, and the wrong password */
	assert_int_equal(with_password(t.p, "pw", NULL), ERR_UNAUTHORIZED);
	assert_int_equal(metric_value(METRIC_KDF_DERIVATIONS), before + 1);
	buf_release(&t);
}

static void token_forms(void **state)
{
	static const char *const bad[] = {
		"",	   "....",     "a.b.c",	   "a.b.c.d",	 "{\"ciphertext\":\"\"}",
		"e30....", "e30.....", "e30=....", "e30.A.A.A.A"};
	struct err e = ERR_INIT;
	struct arena *a = arena_new();
	struct jwe j;
	char *big = mem_alloc(10U << 20);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(jwe_parse(str_c(bad[i]), a, &j, &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
	}
	assert_int_equal(jwe_parse(str_mem(big, 10U << 20), a, &j, &e), -1);
	assert_int_equal(e.code, ERR_TOO_LARGE);
	mem_free(big);
	arena_free(a);
}

/* Each part of a good token changed, one bit. */
static void one_bit(void **state)
{
	json_t *go = load_vectors("t/vectors/jose/go-jose.json"), *t;
	size_t i, changed = 0;

	(void)state;
	json_array_foreach(json_object_get(go, "Jwe"), i, t)
	{
		struct buf k = BUF_INIT;
		struct err e = ERR_INIT;
		char *token = mem_strdup(text_of(t, "Compact"));
		if (!text_of(t, "Key")[0]) {
			mem_free(token);
			continue;
		}
		assert_int_equal(b64_decode(B64_URL, str_c(text_of(t, "Key")), &k, &e), 0);
		for (char *p = strchr(token, '.'); p; p = strchr(p + 1, '.')) {
			char was = p[1];
			if (was == '.' || was == 0)
				continue;
			p[1] = was == 'A' ? 'B' : 'A';
			assert_int_equal(with_key(token, buf_view(&k), NULL), ERR_UNAUTHORIZED);
			p[1] = was;
			changed++;
		}
		assert_int_equal(with_key(token, str_mem(k.p, k.n - 1), NULL), ERR_INVALID);
		k.p[0] ^= 1;
		assert_int_equal(with_key(token, buf_view(&k), NULL), ERR_UNAUTHORIZED);
		buf_release(&k);
		mem_free(token);
	}
	assert_int_equal(changed, 18 * 4 + 6 * 3);
	json_decref(go);
}

static bool key_wrap_alg(const char *alg)
{
	return alg && (strcmp(alg, "A128KW") == 0 || strcmp(alg, "A192KW") == 0 ||
		       strcmp(alg, "A256KW") == 0 || strcmp(alg, "A128GCM") == 0);
}

static bool has_zip(const char *token)
{
	struct buf h = BUF_INIT;
	struct err e = ERR_INIT;
	bool zip = b64_decode(B64_URL, str_mem(token, strcspn(token, ".")), &h, &e) == 0 && h.p &&
		   strstr(h.p, "\"zip\"");

	buf_release(&h);
	return zip;
}

static void wycheproof(void **state)
{
	json_t *v = load_vectors("t/vectors/wycheproof/json_web_encryption_test.json"), *g, *t;
	size_t i, n, good = 0, total = 0;

	(void)state;
	json_array_foreach(json_object_get(v, "testGroups"), i, g)
	{
		const json_t *key = json_object_get(g, "private");
		const char *k64 = text_of(key, "k");
		struct buf k = BUF_INIT, got = BUF_INIT, want = BUF_INIT;
		struct err e = ERR_INIT;

		if (k64)
			assert_int_equal(b64_decode(B64_URL, str_c(k64), &k, &e), 0);
		json_array_foreach(json_object_get(g, "tests"), n, t)
		{
			/* asymmetric keys and A*GCMKW are not accepted at all; zip neither */
			bool ours = k64 && key_wrap_alg(text_of(key, "alg")) &&
				    !has_zip(text_of(t, "jwe"));
			bool valid = ours && strcmp(text_of(t, "result"), "valid") == 0;
			enum err_code code;
			buf_reset(&got);
			buf_reset(&want);
			code = with_key(text_of(t, "jwe"), buf_view(&k), &got);
			/* a raw key does not know which algorithm it is for: keys of other
			 * algorithms never reach this function */
			if (k64 && !key_wrap_alg(text_of(key, "alg")))
				continue;
			if ((code == ERR_OK) != valid)
				fail_msg("tcId %d: %s",
					 (int)json_integer_value(json_object_get(t, "tcId")),
					 err_code_name(code));
			if (valid) {
				assert_int_equal(hex_decode(str_c(text_of(t, "pt")), &want, &e), 0);
				assert_true(str_eq(buf_view(&got), buf_view(&want)));
				good++;
			}
			total++;
		}
		buf_release(&k);
		buf_release(&got);
		buf_release(&want);
	}
	assert_true(good >= 5);
	assert_true(total > 100);
	json_decref(v);
}

static int setup(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	return crypto_init(NULL, &e);
}

static int teardown(void **state)
{
	(void)state;
	crypto_thread_end();
	crypto_end();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answers),     cmocka_unit_test(recorded_from_step),
		cmocka_unit_test(encrypt_like_step), cmocka_unit_test(refused_before_derivation),
		cmocka_unit_test(token_forms),	     cmocka_unit_test(one_bit),
		cmocka_unit_test(wycheproof),
	};

	return cmocka_run_group_tests_name("jose jwe", tests, setup, teardown);
}
