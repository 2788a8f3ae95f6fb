/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "jose/jwk.h"
#include "jose/jws.h"
#include "jose_util.h"

static enum err_code parse(const char *text, bool want_private)
{
	json_t *o = json_of(text);
	struct err e = ERR_INIT;
	struct jwk j;
	enum err_code code = ERR_OK;

	if (jwk_parse(o, want_private, &j, &e) < 0) {
		assert_null(j.key);
		assert_null(j.kid);
		assert_true(e.msg[0] != 0);
		code = e.code;
	} else {
		assert_non_null(j.key);
		assert_int_equal(key_is_private(j.key), want_private);
		jwk_release(&j);
	}
	json_decref(o);
	return code;
}

static void thumbprint_is(const json_t *o, const char *want)
{
	struct err e = ERR_INIT;
	struct jwk j;
	char got[44];

	if (jwk_parse(o, json_object_get(o, "d") != NULL, &j, &e) < 0)
		fail_msg("%s", e.msg);
	jwk_thumbprint(j.key, got);
	assert_string_equal(got, want);
	jwk_release(&j);
}

static void thumbprints(void **state)
{
	json_t *rfc = load_vectors("t/vectors/jose/rfc.json"),
	       *go = load_vectors("t/vectors/jose/go-jose.json"),
	       *step = load_vectors("t/vectors/jose/step.json"), *t;
	size_t i, n = 0;

	(void)state;
	json_array_foreach(json_object_get(rfc, "thumbprints"), i, t)
		thumbprint_is(json_object_get(t, "jwk"), text_of(t, "thumbprint"));
	json_array_foreach(json_object_get(rfc, "jws"), i, t) if (text_of(t, "thumbprint"))
	{
		thumbprint_is(json_object_get(t, "jwk"), text_of(t, "thumbprint"));
		n++;
	}
	assert_int_equal(n, 1);
	json_array_foreach(json_object_get(go, "Jws"), i, t)
	{
		thumbprint_is(json_object_get(t, "Public"), text_of(t, "Thumb"));
		thumbprint_is(json_object_get(t, "Private"), text_of(t, "Thumb"));
	}
	t = json_object_get(json_object_get(step, "provisioner"), "key");
	thumbprint_is(t, text_of(t, "kid"));
	json_decref(rfc);
	json_decref(go);
	json_decref(step);
}

/* What another implementation wrote is read, and what is written is the same again. */
static void same_as_others(void **state)
{
	json_t *go = load_vectors("t/vectors/jose/go-jose.json"),
	       *step = load_vectors("t/vectors/jose/step.json"), *t, *again;
	struct err e = ERR_INIT;
	struct jwk j;
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(go, "Jws"), i, t)
	{
		assert_int_equal(jwk_parse(json_object_get(t, "Private"), true, &j, &e), 0);
		assert_string_equal(sig_alg_info(j.alg)->jose, text_of(t, "Alg"));
		again = jwk_json(j.key, j.kid, true);
		json_object_set(again, "alg",
				json_object_get(json_object_get(t, "Private"),
						"alg")); /* RSA: several fit */
		assert_true(json_equal(again, json_object_get(t, "Private")));
		json_decref(again);
		again = jwk_json(j.key, NULL, false);
		json_object_set(again, "alg", json_object_get(json_object_get(t, "Public"), "alg"));
		assert_true(json_equal(again, json_object_get(t, "Public")));
		json_decref(again);
		jwk_release(&j);
	}
	/* the listed form, byte for byte */
	t = json_object_get(json_object_get(step, "provisioner"), "key");
	assert_int_equal(jwk_parse(t, false, &j, &e), 0);
	again = jwk_json(j.key, j.kid, false);
	{
		struct buf a = BUF_INIT, b = BUF_INIT;
		json_write(t, &a);
		json_write(again, &b);
		assert_string_equal(a.p, b.p);
		buf_release(&a);
		buf_release(&b);
	}
	json_decref(again);
	jwk_release(&j);
	json_decref(go);
	json_decref(step);
}

#define X256 "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\""
#define Y256 "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\""
#define EC   "\"kty\":\"EC\",\"crv\":\"P-256\"," X256 "," Y256
#define D256 "\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI\""
#define ED                                                                                         \
	"\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_"                               \
	"7TyWQHOg7hcvPapiMlrwIaaPcHURo\""

static void accepted(void **state)
{
	(void)state;
	assert_int_equal(parse("{" EC "}", false), ERR_OK);
	assert_int_equal(parse("{" EC "," D256 "}", true), ERR_OK);
	assert_int_equal(parse("{" EC ",\"use\":\"sig\",\"alg\":\"ES256\",\"kid\":\"x\",\"key_"
			       "ops\":[\"verify\"],\"ext\":true}",
			       false),
			 ERR_OK);
	assert_int_equal(parse("{" EC ",\"key_ops\":[\"sign\",\"verify\"]}", false), ERR_OK);
	assert_int_equal(parse("{" ED "}", false), ERR_OK);
	assert_int_equal(parse("{" ED ",\"alg\":\"EdDSA\"}", false), ERR_OK);
}

/* J11, J26 for one key */
static const struct {
	const char *text;
	bool want_private;
} bad_jwk[] = {
	{"[]", false},
	{"\"x\"", false},
	{"{}", false},
	{"{\"kty\":1}", false},
	{"{\"kty\":\"oct\",\"k\":\"AAAA\"}", false},
	{"{\"kty\":\"oct\",\"k\":\"AAAA\"}", true},
	/* private where public is wanted, and the reverse */
	{"{" EC "," D256 "}", false},
	{"{" EC "}", true},
	{"{" EC ",\"d\":null}", false},
	{"{" ED ",\"d\":\"AAAA\"}", true},
	{"{" EC ",\"k\":\"AAAA\"}", false},
	/* not on the curve, infinity, x = p, too large, too long, too short, padding */
	{"{\"kty\":\"EC\",\"crv\":\"P-256\"," X256
	 ",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a1\"}",
	 false},
	{"{\"kty\":\"EC\",\"crv\":\"P-256\"," X256
	 ",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a4\"}",
	 false},
	{"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":"
	 "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"y\":"
	 "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
	 false},
	{"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"_____wAAAAEAAAAAAAAAAAAAAAD____________"
	 "___8\"," Y256 "}",
	 false},
	{"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"_______________________________________"
	 "___8\"," Y256 "}",
	 false},
	{"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AH_NzidnZsRdQYPL7m_bS3tYBzM1e-"
	 "nvE7rPbjx70VRF\"," Y256 "}",
	 false},
	{"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":"
	 "\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVA\"," Y256 "}",
	 false},
	{"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":"
	 "\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU=\"," Y256 "}",
	 false},
	{"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"\",\"y\":\"\"}", false},
	{"{\"kty\":\"EC\",\"crv\":\"P-256\"," X256 "}", false},
	{"{\"kty\":\"EC\",\"crv\":\"P-256\"," X256 ",\"y\":7}", false},
	{"{\"kty\":\"EC\",\"crv\":\"P-384\"," X256 "," Y256 "}", false},
	{"{\"kty\":\"EC\",\"crv\":\"P-224\"," X256 "," Y256 "}", false},
	{"{\"kty\":\"EC\",\"crv\":\"secp256k1\"," X256 "," Y256 "}", false},
	{"{\"kty\":\"EC\"," X256 "," Y256 "}", false},
	{"{\"kty\":\"EC\",\"crv\":\"Ed25519\"," X256 "}", false},
	{"{\"kty\":\"OKP\",\"crv\":\"P-256\"," X256 "," Y256 "}", false},
	{"{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"11qYAYKxCrfVS_"
	 "7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
	 false},
	{"{\"kty\":\"OKP\",\"crv\":\"Ed448\",\"x\":\"11qYAYKxCrfVS_"
	 "7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
	 false},
	{"{" ED "," Y256 "}", false},
	{"{\"kty\":\"ec\",\"crv\":\"P-256\"," X256 "," Y256 "}", false},
	/* what it says about its use */
	{"{" EC ",\"use\":\"enc\"}", false},
	{"{" EC ",\"use\":\"\"}", false},
	{"{" EC ",\"use\":1}", false},
	{"{" EC ",\"key_ops\":[\"encrypt\"]}", false},
	{"{" EC ",\"key_ops\":[]}", false},
	{"{" EC ",\"key_ops\":\"verify\"}", false},
	{"{" EC ",\"key_ops\":[\"verify\",\"verify\"]}", false},
	{"{" EC ",\"key_ops\":[1,\"verify\"]}", false},
	{"{" EC ",\"alg\":\"ES384\"}", false},
	{"{" EC ",\"alg\":\"HS256\"}", false},
	{"{" EC ",\"alg\":\"none\"}", false},
	{"{" EC ",\"alg\":\"RS256\"}", false},
	{"{" EC ",\"alg\":\"EdDSA\"}", false},
	{"{" EC ",\"alg\":1}", false},
	{"{" EC ",\"kid\":1}", false},
	{"{" EC ",\"kid\":\"a\\u0000b\"}", false},
	/* private part that does not belong to it */
	{"{" EC ",\"d\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}", true},
	{"{" EC ",\"d\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\"}", true},
	{"{" ED ",\"d\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}", true},
};

static void refused(void **state)
{

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad_jwk); i++)
		if (parse(bad_jwk[i].text, bad_jwk[i].want_private) == ERR_OK)
			fail_msg("accepted: %s", bad_jwk[i].text);
}

static enum err_code rsa_with(const json_t *base, const char *member, struct str bytes)
{
	json_t *o = json_deep_copy(base);
	struct buf b = BUF_INIT, text = BUF_INIT;
	enum err_code code;

	add_b64(&b, bytes);
	json_object_set_new(o, member, json_str_new(buf_view(&b)));
	json_write(o, &text);
	code = parse(text.p, false);
	buf_release(&b);
	buf_release(&text);
	json_decref(o);
	return code;
}

/* J12 */
static void rsa(void **state)
{
	json_t *go = load_vectors("t/vectors/jose/go-jose.json");
	json_t *pub = json_object_get(json_array_get(json_object_get(go, "Jws"), 4), "Public");
	struct buf n = BUF_INIT;
	struct err e = ERR_INIT;
	unsigned char big[2049];

	(void)state;
	assert_string_equal(text_of(pub, "kty"), "RSA");
	assert_int_equal(b64_decode(B64_URL, str_c(text_of(pub, "n")), &n, &e), 0);
	assert_int_equal(rsa_with(pub, "n", buf_view(&n)), ERR_OK);
	memset(big, 0, sizeof(big));
	memcpy(big + 1, n.p, n.n);
	assert_int_not_equal(rsa_with(pub, "n", str_mem(big, n.n + 1)), ERR_OK); /* leading zero */
	assert_int_not_equal(rsa_with(pub, "n", str_mem(n.p, 64)), ERR_OK);	 /* 512 */
	assert_int_not_equal(rsa_with(pub, "n", str_mem(n.p, 128)), ERR_OK);	 /* 1,024 */
	memset(big, 0x8f, sizeof(big));
	big[0] = 0x7f;
	big[255] |= 1;
	assert_int_not_equal(rsa_with(pub, "n", str_mem(big, 256)), ERR_OK);  /* 2,047 */
	assert_int_not_equal(rsa_with(pub, "n", str_mem(big, 2049)), ERR_OK); /* 16,391 */
	assert_int_not_equal(rsa_with(pub, "n", STR("")), ERR_OK);
	memcpy(big, n.p, 256);
	big[255] = (unsigned char)(big[255] & 0xfe);
	assert_int_not_equal(rsa_with(pub, "n", str_mem(big, 256)), ERR_OK); /* even */
	assert_int_not_equal(rsa_with(pub, "e", STR("\x01")), ERR_OK);
	assert_int_not_equal(rsa_with(pub, "e", STR("\x02")), ERR_OK);
	assert_int_not_equal(rsa_with(pub, "e", STR("\x03")), ERR_OK);
	assert_int_not_equal(rsa_with(pub, "e", STR("\x01\x00\x00")), ERR_OK);
	assert_int_not_equal(rsa_with(pub, "e", STR("\x01\x00\x00\x00\x01")),
			     ERR_OK); /* 2^32 + 1 */
	assert_int_equal(rsa_with(pub, "e", STR("\x01\x00\x01")), ERR_OK);
	buf_release(&n);
	json_decref(go);
}

/* A modulus with a small factor: the good one plus what makes it divisible by 751, still odd. */
static void small_factor(void **state)
{
	json_t *go = load_vectors("t/vectors/jose/go-jose.json");
	json_t *pub = json_object_get(json_array_get(json_object_get(go, "Jws"), 4), "Public");
	struct buf n = BUF_INIT;
	struct err e = ERR_INIT;
	bool found = false;

	(void)state;
	assert_int_equal(b64_decode(B64_URL, str_c(text_of(pub, "n")), &n, &e), 0);
	for (unsigned hi = 0; hi < 256 && !found; hi++)
		for (unsigned lo = 1; lo < 256 && !found; lo += 2) {
			unsigned r = 0;
			n.p[n.n - 2] = (char)hi;
			n.p[n.n - 1] = (char)lo;
			for (size_t i = 0; i < n.n; i++)
				r = (r << 8 | (unsigned char)n.p[i]) % 751;
			found = r == 0;
		}
	assert_true(found);
	assert_int_equal(rsa_with(pub, "n", buf_view(&n)), ERR_FORBIDDEN);
	buf_release(&n);
	json_decref(go);
}

/* The keys of a set that serve here; more than one with the token's kid, or a mixed set, is the
 * caller's refusal (tcId 1 to 4 need symmetric keys). */
static enum err_code wycheproof_case(const json_t *keys, const char *token)
{
	struct arena *a = arena_new();
	struct err e = ERR_INIT;
	enum err_code code = ERR_INVALID;
	struct jws j;

	if (jws_parse(str_c(token), a, &j, &e) < 0) {
		code = e.code;
	} else {
		for (size_t i = 0; i < json_array_size(keys); i++) {
			struct jwk k;
			if (jwk_parse(json_array_get(keys, i), false, &k, &e) < 0) {
				code = e.code;
				continue;
			}
			if (k.kid && str_eqc(j.kid, k.kid) && (k.alg == SIG_NONE || k.alg == j.alg))
				code = jws_verify(k.key, j.alg, j.signing_input, j.signature, &e) ==
						       0
					       ? ERR_OK
					       : e.code;
			jwk_release(&k);
		}
		jws_release(&j);
	}
	arena_free(a);
	return code;
}

static void wycheproof(void **state)
{
	json_t *v = load_vectors("t/vectors/wycheproof/json_web_key_test.json"), *g, *t;
	size_t i, k, good = 0, total = 0;

	(void)state;
	json_array_foreach(json_object_get(v, "testGroups"), i, g)
	{
		const json_t *keys = json_object_get(json_object_get(g, "public"), "keys");
		json_array_foreach(json_object_get(g, "tests"), k, t)
		{
			/* symmetric keys never verify here, so their valid cases are refused as
			 * well */
			bool symmetric = !keys;
			bool valid = strcmp(text_of(t, "result"), "valid") == 0 && !symmetric;
			enum err_code got = wycheproof_case(
				keys ? keys
				     : json_object_get(json_object_get(g, "private"), "keys"),
				text_of(t, "jws"));
			if ((got == ERR_OK) != valid)
				fail_msg("tcId %d %s: %s",
					 (int)json_integer_value(json_object_get(t, "tcId")),
					 text_of(t, "comment"), err_code_name(got));
			good += got == ERR_OK;
			total++;
		}
	}
	assert_int_equal(total, 26);
	assert_int_equal(good, 1); /* tcId 5, the only asymmetric one that is valid */
	json_decref(v);
}

static void round_trip(void **state)
{
	static const enum key_type types[] = {KEY_P256, KEY_P384, KEY_P521, KEY_ED25519, KEY_RSA};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct err e = ERR_INIT;
		struct key *k = key_generate(types[i], 2048, &e);
		json_t *o = jwk_json(k, "name", true);
		struct jwk j;

		if (jwk_parse(o, true, &j, &e) < 0)
			fail_msg("%s", e.msg);
		assert_true(key_equal(j.key, k));
		assert_string_equal(j.kid, "name");
		assert_int_equal(j.alg, sig_alg_for_key(k));
		jwk_release(&j);
		json_decref(o);
		o = jwk_json(k, NULL, false);
		assert_null(json_object_get(o, "d"));
		assert_null(json_object_get(o, "p"));
		assert_int_equal(jwk_parse(o, false, &j, &e), 0);
		assert_true(key_equal(j.key, k));
		assert_int_equal(strlen(j.kid), 43);
		jwk_release(&j);
		json_decref(o);
		key_free(k);
	}
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
		cmocka_unit_test(thumbprints), cmocka_unit_test(same_as_others),
		cmocka_unit_test(accepted),    cmocka_unit_test(refused),
		cmocka_unit_test(rsa),	       cmocka_unit_test(small_factor),
		cmocka_unit_test(wycheproof),  cmocka_unit_test(round_trip),
	};

	return cmocka_run_group_tests_name("jose jwk", tests, setup, teardown);
}
