/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "jose/jwk.h"
#include "jose/jws.h"
#include "jose/priv.h"
#include "jose_util.h"

/* Parses and verifies; the error's code, ERR_OK when the signature is right. */
static enum err_code check(struct str token, struct key *k)
{
	struct arena *a = arena_new();
	struct err e = ERR_INIT;
	struct jws j;
	enum err_code code = ERR_OK;

	if (jws_parse(token, a, &j, &e) < 0) {
		assert_null(j.header);
		assert_null(j.payload);
		code = e.code;
	} else {
		if (jws_verify(k, j.alg, j.signing_input, j.signature, &e) < 0)
			code = e.code;
		jws_release(&j);
	}
	if (code != ERR_OK)
		assert_true(e.msg[0] != 0);
	arena_free(a);
	return code;
}

static struct key *key_of(const json_t *o)
{
	struct jwk j;
	struct err e = ERR_INIT;

	if (jwk_parse(o, json_object_get(o, "d") != NULL, &j, &e) < 0)
		fail_msg("jwk: %s", e.msg);
	mem_free(j.kid);
	return j.key;
}

static void flip_last(char *token)
{
	char *p = strrchr(token, '.') + 3;

	*p = *p == 'A' ? 'B' : 'A';
}

static void known_answers(void **state)
{
	json_t *v = load_vectors("t/vectors/jose/rfc.json");
	size_t i;
	json_t *t;

	(void)state;
	json_array_foreach(json_object_get(v, "jws"), i, t)
	{
		char *token = mem_strdup(text_of(t, "compact"));
		struct key *k = key_of(json_object_get(t, "jwk"));
		assert_int_equal(check(str_c(token), k), ERR_OK);
		flip_last(token);
		assert_int_equal(check(str_c(token), k), ERR_UNAUTHORIZED);
		key_free(k);
		mem_free(token);
	}
	assert_int_equal(i, 6);
	json_decref(v);
}

static void other_implementation(void **state)
{
	json_t *v = load_vectors("t/vectors/jose/go-jose.json");
	size_t i;
	json_t *t;

	(void)state;
	json_array_foreach(json_object_get(v, "Jws"), i, t)
	{
		struct arena *a = arena_new();
		struct err e = ERR_INIT;
		struct jws j;
		char *token = mem_strdup(text_of(t, "Compact"));
		struct key *pub = key_of(json_object_get(t, "Public"));

		assert_int_equal(jws_parse(str_c(token), a, &j, &e), 0);
		assert_string_equal(sig_alg_info(j.alg)->jose, text_of(t, "Alg"));
		assert_true(str_eqc(j.kid, text_of(t, "Thumb")));
		assert_true(str_eqc(j.payload_raw, text_of(t, "Payload")));
		assert_string_equal(text_of(j.payload, "iss"), "admin");
		jws_release(&j);
		assert_int_equal(check(str_c(token), pub), ERR_OK);
		flip_last(token);
		assert_int_equal(check(str_c(token), pub), ERR_UNAUTHORIZED);
		key_free(pub);
		mem_free(token);
		arena_free(a);
	}
	assert_int_equal(i, 10);
	json_decref(v);
}

static void sign_and_verify(void **state)
{
	static const enum key_type types[] = {KEY_P256, KEY_P384, KEY_P521, KEY_ED25519, KEY_RSA};
	json_t *payload = json_of("{\"sub\":\"a\",\"n\":1}"), *extra = json_of("{\"x\":[\"y\"]}");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct err e = ERR_INIT;
		struct key *k = key_generate(types[i], 2048, &e), *pub;
		struct arena *a = arena_new();
		struct buf out = BUF_INIT;
		struct jws j;

		assert_non_null(k);
		pub = key_public(k);
		assert_int_equal(jws_sign(k, "the-kid", extra, payload, &out, &e), 0);
		assert_int_equal(check(buf_view(&out), pub), ERR_OK);
		assert_int_equal(jws_parse(buf_view(&out), a, &j, &e), 0);
		assert_true(str_eqc(j.kid, "the-kid"));
		assert_string_equal(text_of(j.header, "typ"), "JWT");
		assert_true(json_equal(j.payload, payload));
		assert_true(
			json_equal(json_object_get(j.header, "x"), json_object_get(extra, "x")));
		jws_release(&j);
		/* a public key cannot sign, and nothing is appended */
		buf_reset(&out);
		assert_int_equal(jws_sign(pub, NULL, NULL, payload, &out, &e), -1);
		assert_int_equal(out.n, 0);
		buf_release(&out);
		key_free(k);
		key_free(pub);
		arena_free(a);
	}
	json_decref(payload);
	json_decref(extra);
}

/* J01 to J09, J16 to J19: what parsing decides. */
static const struct bad {
	const char *id, *header, *payload;
	enum err_code code;
} bad_headers[] = {
	{"J01 none", "{\"alg\":\"none\"}", "{}", ERR_UNAUTHORIZED},
	{"J01 None", "{\"alg\":\"None\"}", "{}", ERR_UNAUTHORIZED},
	{"J01 NONE", "{\"alg\":\"NONE\"}", "{}", ERR_UNAUTHORIZED},
	{"J01 empty", "{\"alg\":\"\"}", "{}", ERR_UNAUTHORIZED},
	{"J01 absent", "{}", "{}", ERR_UNAUTHORIZED},
	{"J01 null", "{\"alg\":null}", "{}", ERR_INVALID},
	{"J01 list", "{\"alg\":[\"ES256\"]}", "{}", ERR_INVALID},
	{"J01 case", "{\"alg\":\"es256\"}", "{}", ERR_UNAUTHORIZED},
	{"J01 NUL", "{\"alg\":\"ES256\\u0000\"}", "{}", ERR_UNAUTHORIZED},
	{"J02 HS256", "{\"alg\":\"HS256\"}", "{}", ERR_UNAUTHORIZED},
	{"J03 HS512", "{\"alg\":\"HS512\"}", "{}", ERR_UNAUTHORIZED},
	{"J05 kid number", "{\"alg\":\"ES256\",\"kid\":1}", "{}", ERR_INVALID},
	{"J08 crit b64", "{\"alg\":\"ES256\",\"crit\":[\"b64\"],\"b64\":false}", "{}", ERR_INVALID},
	{"J08 b64 alone", "{\"alg\":\"ES256\",\"b64\":false}", "{}", ERR_INVALID},
	{"J08 crit empty", "{\"alg\":\"ES256\",\"crit\":[]}", "{}", ERR_INVALID},
	{"J08 crit unknown", "{\"alg\":\"ES256\",\"crit\":[\"x\"],\"x\":1}", "{}", ERR_INVALID},
	{"J08 crit twice", "{\"alg\":\"ES256\",\"crit\":[\"exp\",\"exp\"],\"exp\":1}", "{}",
	 ERR_INVALID},
	{"J08 crit string", "{\"alg\":\"ES256\",\"crit\":\"exp\"}", "{}", ERR_INVALID},
	{"J08 crit missing", "{\"alg\":\"ES256\",\"crit\":[\"exp\"]}", "{}", ERR_INVALID},
	{"J08 crit null", "{\"alg\":\"ES256\",\"crit\":null}", "{}", ERR_INVALID},
	{"J09 alg twice", "{\"alg\":\"none\",\"alg\":\"ES256\"}", "{}", ERR_INVALID},
	{"J09 kid twice", "{\"alg\":\"ES256\",\"kid\":\"a\",\"kid\":\"b\"}", "{}", ERR_INVALID},
	{"J09 empty header", "", "{}", ERR_INVALID},
	{"J17 top list", "[]", "{}", ERR_INVALID},
	{"J17 top number", "1", "{}", ERR_INVALID},
	{"J17 NaN", "{\"alg\":\"ES256\",\"x\":NaN}", "{}", ERR_INVALID},
	{"J17 1e400", "{\"alg\":\"ES256\",\"x\":1e400}", "{}", ERR_INVALID},
	{"J17 BOM", "\xef\xbb\xbf{\"alg\":\"ES256\"}", "{}", ERR_INVALID},
	{"J17 UTF-8", "{\"alg\":\"ES256\",\"x\":\"\xff\"}", "{}", ERR_INVALID},
	{"J17 surrogate", "{\"alg\":\"ES256\",\"x\":\"\\ud800\"}", "{}", ERR_INVALID},
	{"J17 comma", "{\"alg\":\"ES256\",}", "{}", ERR_INVALID},
	{"J17 comment", "{\"alg\":\"ES256\"/**/}", "{}", ERR_INVALID},
	{"J17 rest", "{\"alg\":\"ES256\"}{}", "{}", ERR_INVALID},
};

static void refused_headers(void **state)
{
	struct err e = ERR_INIT;
	struct key *k = key_generate(KEY_P256, 0, &e);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad_headers); i++) {
		const struct bad *b = &bad_headers[i];
		struct buf t = BUF_INIT;
		enum err_code got;
		make_token(&t, b->header, b->payload, k, SIG_ECDSA_SHA256);
		got = check(buf_view(&t), k);
		if (got != b->code)
			fail_msg("%s: %s, expected %s", b->id, err_code_name(got),
				 err_code_name(b->code));
		buf_release(&t);
	}
	key_free(k);
}

/* What is in the header decides nothing: J06. */
static void ignored_headers(void **state)
{
	static const char *const headers[] = {
		"{\"alg\":\"ES256\",\"jku\":\"https://canary.example/\"}",
		"{\"alg\":\"ES256\",\"x5u\":\"https://canary.example/\"}",
		"{\"alg\":\"ES256\",\"x5c\":[\"AAAA\"]}",
		"{\"alg\":\"ES256\",\"kid\":\"../../etc/passwd\"}",
		"{\"alg\":\"ES256\",\"kid\":\"'; DROP\\u0000\"}",
	};
	struct err e = ERR_INIT;
	struct key *mine = key_generate(KEY_P256, 0, &e), *other = key_generate(KEY_P256, 0, &e);
	struct buf t = BUF_INIT, h = BUF_INIT, text = BUF_INIT;
	json_t *jwk = jwk_json(other, NULL, false);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		buf_reset(&t);
		make_token(&t, headers[i], "{}", mine, SIG_ECDSA_SHA256);
		assert_int_equal(check(buf_view(&t), mine), ERR_OK);
		assert_int_equal(check(buf_view(&t), other), ERR_UNAUTHORIZED);
	}
	json_write(jwk, &text);
	buf_printf(&h, "{\"alg\":\"ES256\",\"jwk\":%s}", text.p);
	buf_reset(&t);
	make_token(&t, h.p, "{}", other,
		   SIG_ECDSA_SHA256); /* signed by the key that it brings along */
	assert_int_equal(check(buf_view(&t), mine), ERR_UNAUTHORIZED);
	json_decref(jwk);
	buf_release(&t);
	buf_release(&h);
	buf_release(&text);
	key_free(mine);
	key_free(other);
}

/* J04: each algorithm against a key of another kind. The signature is right for what it is. */
static void algorithm_follows_key(void **state)
{
	static const struct {
		enum key_type t;
		enum sig_alg real;
		const char *said;
	} cases[] = {
		{KEY_P256, SIG_ECDSA_SHA256, "RS256"}, {KEY_P256, SIG_ECDSA_SHA384, "ES384"},
		{KEY_P256, SIG_ECDSA_SHA512, "ES512"}, {KEY_P256, SIG_ECDSA_SHA256, "EdDSA"},
		{KEY_P384, SIG_ECDSA_SHA256, "ES256"}, {KEY_ED25519, SIG_ED25519, "ES256"},
		{KEY_RSA, SIG_RSA_SHA256, "ES256"},    {KEY_RSA, SIG_RSA_SHA256, "PS256"},
		{KEY_RSA, SIG_PSS_SHA256, "RS256"},    {KEY_RSA, SIG_RSA_SHA256, "RS384"},
		{KEY_RSA, SIG_RSA_SHA256, "EdDSA"},    {KEY_P384, SIG_ECDSA_SHA384, "ES512"},
	};
	struct err e = ERR_INIT;
	struct key *keys[] = {[KEY_P256] = key_generate(KEY_P256, 0, &e),
			      [KEY_P384] = key_generate(KEY_P384, 0, &e),
			      [KEY_ED25519] = key_generate(KEY_ED25519, 0, &e),
			      [KEY_RSA] = key_generate(KEY_RSA, 2048, &e)};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf t = BUF_INIT, h = BUF_INIT;
		struct key *k = keys[cases[i].t];
		/* key_sign may refuse an ECDSA digest that is not the curve's: then the curve's own
		 * is just as wrong */
		enum sig_alg real = sig_alg_fits(cases[i].real, cases[i].t) ? cases[i].real
									    : sig_alg_for_key(k);
		buf_printf(&h, "{\"alg\":\"%s\"}", cases[i].said);
		make_token(&t, h.p, "{}", k, real);
		assert_int_equal(check(buf_view(&t), k), ERR_UNAUTHORIZED);
		buf_release(&t);
		buf_release(&h);
	}
	assert_int_equal(jws_verify(keys[KEY_P256], SIG_NONE, STR("a.b"), STR("x"), &e), -1);
	assert_int_equal(e.code, ERR_UNAUTHORIZED);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		key_free(keys[i]);
}

/* Order of P-256. */
static const unsigned char n256[32] = {0xff, 0xff, 0xff, 0xff, 0,    0,	   0,	 0,
				       0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
				       0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84,
				       0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};

static enum err_code with_signature(struct key *k, const char *header, struct str sig)
{
	struct buf t = BUF_INIT;
	enum err_code code;

	add_b64(&t, str_c(header));
	buf_puts(&t, ".e30.");
	add_b64(&t, sig);
	code = check(buf_view(&t), k);
	buf_release(&t);
	return code;
}

/* J10, J18 */
static void ecdsa_signatures(void **state)
{
	struct err e = ERR_INIT;
	struct key *k = key_generate(KEY_P256, 0, &e);
	const char *h = "{\"alg\":\"ES256\"}";
	unsigned char s[80];
	struct buf input = BUF_INIT, der = BUF_INIT, raw = BUF_INIT;

	(void)state;
	memset(s, 0, sizeof(s));
	assert_int_equal(with_signature(k, h, str_mem(s, 64)), ERR_UNAUTHORIZED); /* r = s = 0 */
	s[31] = s[63] = 1;
	assert_int_equal(with_signature(k, h, str_mem(s, 64)), ERR_UNAUTHORIZED);
	memcpy(s, n256, 32);
	assert_int_equal(with_signature(k, h, str_mem(s, 64)), ERR_UNAUTHORIZED); /* r = n */
	memset(s, 0, 32);
	s[31] = 1;
	memcpy(s + 32, n256, 32);
	assert_int_equal(with_signature(k, h, str_mem(s, 64)), ERR_UNAUTHORIZED); /* s = n */
	memset(s, 0xff, 64);
	assert_int_equal(with_signature(k, h, str_mem(s, 64)), ERR_UNAUTHORIZED);
	add_b64(&input, str_c(h));
	buf_puts(&input, ".e30");
	assert_int_equal(key_sign(k, SIG_ECDSA_SHA256, buf_view(&input), &der, &e), 0);
	assert_int_equal(with_signature(k, h, buf_view(&der)),
			 ERR_UNAUTHORIZED); /* DER instead of raw */
	assert_int_equal(sig_der_to_raw(KEY_P256, buf_view(&der), &raw, &e), 0);
	assert_int_equal(raw.n, 64);
	assert_int_equal(with_signature(k, h, buf_view(&raw)), ERR_OK);
	assert_int_equal(with_signature(k, h, str_mem(raw.p, 63)), ERR_UNAUTHORIZED);
	buf_putc(&raw, 0);
	assert_int_equal(with_signature(k, h, buf_view(&raw)), ERR_UNAUTHORIZED);
	assert_int_equal(with_signature(k, h, STR("")), ERR_UNAUTHORIZED);
	buf_release(&input);
	buf_release(&der);
	buf_release(&raw);
	key_free(k);
}

static void long_signatures(void **state)
{
	static const enum key_type types[] = {KEY_P256, KEY_RSA, KEY_ED25519};
	char *big = mem_alloc(40000);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct err e = ERR_INIT;
		struct key *k = key_generate(types[i], 2048, &e);
		char h[32];
		snprintf(h, sizeof(h), "{\"alg\":\"%s\"}", sig_alg_info(sig_alg_for_key(k))->jose);
		assert_int_equal(with_signature(k, h, str_mem(big, 16372)),
				 ERR_UNAUTHORIZED); /* 21,830 characters */
		assert_int_equal(with_signature(k, h, str_mem(big, 257)), ERR_UNAUTHORIZED);
		assert_int_equal(with_signature(k, h, str_mem(big, 255)), ERR_UNAUTHORIZED);
		assert_int_equal(with_signature(k, h, str_mem(big, 40000 / 4 * 4)),
				 ERR_UNAUTHORIZED);
		key_free(k);
	}
	mem_free(big);
}

static void token_forms(void **state)
{
	static const char *const bad[] = {
		"",
		".",
		"..",
		"...",
		"a",
		"e30.e30",
		"eyJhbGciOiJFUzI1NiJ9.e30",
		"eyJhbGciOiJFUzI1NiJ9.e30.AAAA.AAAA",
		"{\"payload\":\"e30\",\"signatures\":[]}",
		/* J16 */
		"eyJhbGciOiJFUzI1NiJ9=.e30.AAAA",
		"eyJhbGciOiJFUzI1NiJ9.e30=.AAAA",
		"eyJhbGciOiJFUzI1NiJ9.e30.AAA=",
		"eyJhbGciOiJFUzI1NiJ9 .e30.AAAA",
		"eyJhbGciOiJFUzI1NiJ9.e30.AAAA\n",
		"\neyJhbGciOiJFUzI1NiJ9.e30.AAAA",
		"eyJhbGciOiJFUzI1NiJ9.e30.A+/A",
		"eyJhbGciOiJFUzI1NiJ9.e31.AAAA",
		"eyJhbGciOiJFUzI1NiJ9.e30.AB",
		"eyJhbGciOiJFUzI1NiJ9.e30.A",
		"eyJhbGciOiJFUzI1NiJ9.e3.AAAA",
		"eyJhbGciOiJFUzI1NiJ9.e30.\xc3\xa4\xc3\xa4",
		"eyJhbGciOiJFUzI1NiJ9.e 30.AAAA",
	};
	struct err e = ERR_INIT;
	struct arena *a = arena_new();
	struct jws j;
	char *big = mem_alloc(10U << 20);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (jws_parse(str_c(bad[i]), a, &j, &e) == 0 || e.code != ERR_INVALID)
			fail_msg("accepted or %s: %s", err_code_name(e.code), bad[i]);
	assert_int_equal(jws_parse(STR("eyJhbGciOiJFUzI1NiJ9.e30."), a, &j, &e), -1);
	assert_int_equal(e.code, ERR_UNAUTHORIZED);
	memset(big, 'A', 10U << 20); /* J19 */
	assert_int_equal(jws_parse(str_mem(big, 10U << 20), a, &j, &e), -1);
	assert_int_equal(e.code, ERR_TOO_LARGE);
	big[30000] = big[60000] = '.';
	assert_int_equal(jws_parse(str_mem(big, JOSE_MAX_TOKEN), a, &j, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	mem_free(big);
	arena_free(a);
}

/* A payload that is no JSON object is kept as bytes; J17 for payloads. */
static void payloads(void **state)
{
	static const char *const none[] = {
		"",	"[]", "1", "x", "{\"a\":1,\"a\":2}", "{\"a\":1e400}", "{\"a\":\"\\ud800\"}",
		"{} {}"};
	struct err e = ERR_INIT;
	struct arena *a = arena_new();
	struct buf deep = BUF_INIT, t = BUF_INIT;
	struct jws j;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(none); i++) {
		buf_reset(&t);
		make_token(&t, "{\"alg\":\"ES256\"}", none[i], NULL, SIG_NONE);
		assert_int_equal(jws_parse(buf_view(&t), a, &j, &e), 0);
		assert_null(j.payload);
		assert_true(str_eqc(j.payload_raw, none[i]));
		jws_release(&j);
	}
	for (size_t i = 0; i < 10000; i++)
		buf_putc(&deep, '[');
	buf_reset(&t);
	make_token(&t, "{\"alg\":\"ES256\"}", deep.p, NULL, SIG_NONE);
	assert_int_equal(jws_parse(buf_view(&t), a, &j, &e), 0);
	assert_null(j.payload);
	jws_release(&j);
	buf_reset(&t);
	make_token(&t, deep.p, "{}", NULL, SIG_NONE);
	assert_int_equal(jws_parse(buf_view(&t), a, &j, &e), -1);
	buf_release(&deep);
	buf_release(&t);
	arena_free(a);
}

/* J21: EMSA-PKCS1 with junk, PSS with another salt length, made by raw RSA in the vectors'
 * generator. */
static void rsa_padding(void **state)
{
	json_t *v = load_vectors("t/vectors/jose/rsa-bad.json"), *t;
	struct key *k = key_of(json_object_get(v, "jwk"));
	size_t i, good = 0;

	(void)state;
	json_array_foreach(json_object_get(v, "tokens"), i, t)
	{
		enum err_code want =
			json_is_true(json_object_get(t, "valid")) ? ERR_OK : ERR_UNAUTHORIZED;
		if (check(str_c(text_of(t, "compact")), k) != want)
			fail_msg("%s", text_of(t, "name"));
		good += want == ERR_OK;
	}
	assert_int_equal(good, 2);
	assert_true(i > 6);
	key_free(k);
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
		cmocka_unit_test(known_answers),    cmocka_unit_test(other_implementation),
		cmocka_unit_test(sign_and_verify),  cmocka_unit_test(refused_headers),
		cmocka_unit_test(ignored_headers),  cmocka_unit_test(algorithm_follows_key),
		cmocka_unit_test(ecdsa_signatures), cmocka_unit_test(long_signatures),
		cmocka_unit_test(token_forms),	    cmocka_unit_test(payloads),
		cmocka_unit_test(rsa_padding),
	};

	return cmocka_run_group_tests_name("jose jws", tests, setup, teardown);
}
