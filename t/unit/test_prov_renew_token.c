/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "prov_util.h"

static const struct signet_plugin *const builtin[] = {&signet_plugin_jwk, NULL};

#include "prov_world.h"

/*
 * Renew tokens: form, signature by the leaf's key, claims, what the leaf may do; and the sentences
 * that clients are told. Whose the leaf is nobody asks here: it is signed by nobody in particular.
 */
#define SENTENCE     "error validating renew token"
#define SENTENCE_SUB SENTENCE ": invalid subject claim (sub)"

static const char *const hosts[] = {"ca.example", "127.0.0.1", "::1"};

static void more_provisioners(void)
{
}

/* ---- leaves ---- */

struct leaf {
	const char *cn; /* NULL: no subject */
	uint32_t usage; /* 0: no key usage */
	const enum oid *ekus;
	size_t n_ekus;
};
static const enum oid both[] = {OID_EKU_SERVER_AUTH, OID_EKU_CLIENT_AUTH};
static const enum oid server[] = {OID_EKU_SERVER_AUTH};
static const enum oid any[] = {OID_EKU_ANY};
static const struct leaf usual = {"a.example", KU_DIGITAL_SIGNATURE, both, 2};

/* A certificate of this key, long expired, with a signature that says nothing. */
static void make_leaf(const struct leaf *l, const struct key *k, struct buf *der)
{
	struct arena *a = arena_new();
	struct name subject = l->cn ? name_from_cn(str_c(l->cn), a) : (struct name){.n = 0};
	struct name issuer = name_from_cn(STR("Somebody"), a);
	struct buf s = BUF_INIT, i = BUF_INIT, spki = BUF_INIT, tbs = BUF_INIT;
	struct ext exts[2];
	struct tbs_spec spec = {.serial = STR("\x01\x02\x03"),
				.sig_alg = SIG_ECDSA_SHA256,
				.not_before = 1000000000,
				.not_after = 1000003600,
				.exts = {exts, 0}};

	if (l->usage)
		exts[spec.exts.n++] = ext_key_usage(a, l->usage);
	if (l->n_ekus)
		exts[spec.exts.n++] = ext_eku(a, l->ekus, l->n_ekus);
	name_write(&subject, &s);
	name_write(&issuer, &i);
	key_to_spki(k, &spki);
	spec.subject_der = buf_view(&s);
	spec.issuer_der = buf_view(&i);
	spec.spki = buf_view(&spki);
	tbs_build(&spec, &tbs);
	cert_assemble(buf_view(&tbs), SIG_ECDSA_SHA256, STR("\x30\x06\x02\x01\x01\x02\x01\x01"),
		      der);
	buf_release(&s);
	buf_release(&i);
	buf_release(&spki);
	buf_release(&tbs);
	arena_free(a);
}

/* {"alg":..,"x5cInsecure":[leaf, more]}; heap */
static char *header_of(const char *alg, struct str leaf, const char *more)
{
	struct buf b64 = BUF_INIT;
	char *h;

	b64_encode(B64_STD, leaf, &b64);
	h = mem_asprintf(
		"{\"alg\":\"%s\",\"kid\":\"any\",\"typ\":\"JWT\",\"x5cInsecure\":[\"%s\"%s]}", alg,
		b64.p, more ? more : "");
	buf_release(&b64);
	return h;
}

/* A token by `admin`'s key with this header; prov_world's good claims are of another kind. */
static char *renew_token_by(struct key *k, enum sig_alg alg, const char *header, const char *patch)
{
	json_t *p = json_of("{\"iss\":\"step-ca-client/1.0\",\"jti\":null,"
			    "\"aud\":\"https://ca.example:9000/renew\"}");
	json_t *more = json_of(patch ? patch : "{}");
	struct buf text = BUF_INIT;
	char *t;

	json_object_update(p, more);
	json_write(p, &text);
	t = token_by(k, alg, header, text.p);
	buf_release(&text);
	json_decref(more);
	json_decref(p);
	return t;
}

static char *usual_token(const char *patch)
{
	struct buf der = BUF_INIT;
	char *h, *t;

	make_leaf(&usual, w.admin, &der);
	h = header_of("ES256", buf_view(&der), NULL);
	t = renew_token_by(w.admin, SIG_ECDSA_SHA256, h, patch);
	buf_release(&der);
	mem_free(h);
	return t;
}

/* ---- one check ---- */

struct checking {
	struct renew_token t;
	struct arena *arena;
	bool over;
};

static void on_check_end(struct flow *f)
{
	CONTAINER_OF(CONTAINER_OF(f, struct renew_token, flow), struct checking, t)->over = true;
}

static void check_begin(struct checking *c, const char *token, int64_t issued_after)
{
	memset(c, 0, sizeof(*c));
	c->arena = arena_new();
	c->t.token = str_c(token);
	c->t.hosts = hosts;
	c->t.n_hosts = ARRAY_LEN(hosts);
	c->t.cpu = w.cpu;
	c->t.issued_after = issued_after;
	renew_token_init(&c->t, w.loop, c->arena);
	c->t.flow.on_end = on_check_end;
	flow_start(&c->t.flow);
}

static enum err_code check_finish(struct checking *c)
{
	while (!c->over)
		loop_turn(w.loop, 1000);
	if (!c->t.flow.failed)
		return ERR_OK;
	assert_int_equal(c->t.leaf_der.n + c->t.iss.n, 0);
	return c->t.flow.err.code;
}

/* Checks a token and frees it. NULL: it is good. Else ERR_UNAUTHORIZED with this sentence. */
static void expect(char *token, const char *sentence, const char *what)
{
	struct checking c;
	enum err_code code;

	check_begin(&c, token, 0);
	code = check_finish(&c);
	if (code != (sentence ? ERR_UNAUTHORIZED : ERR_OK))
		fail_msg("%s: %s: %s", what, err_code_name(code), c.t.flow.err.msg);
	if (sentence && strcmp(c.t.flow.err.pub, sentence) != 0)
		fail_msg("%s: \"%s\"", what, c.t.flow.err.pub);
	arena_free(c.arena);
	mem_free(token);
}

static void expect_patched(const char *patch, const char *sentence)
{
	expect(usual_token(patch), sentence, patch);
}

/* ---- good ones ---- */

static void good(void **state)
{
	int64_t refused = metric_value(METRIC_TOKENS_REFUSED);
	struct buf der = BUF_INIT;
	char *t = usual_token("{\"iss\":\"some provisioner\"}");
	struct checking c;

	(void)state;
	make_leaf(&usual, w.admin, &der);
	check_begin(&c, t, 0);
	assert_int_equal(check_finish(&c), ERR_OK);
	assert_int_equal(c.t.leaf_der.n, der.n);
	assert_memory_equal(c.t.leaf_der.p, der.p, der.n);
	assert_true(str_eqc(c.t.iss, "some provisioner")); /* ca/renew compares */
	assert_int_equal(c.t.expiry, w.now + 300);
	assert_int_equal(c.t.hash.n, 64);
	arena_free(c.arena);
	mem_free(t);
	buf_release(&der);
	expect_patched(NULL, NULL);
	expect_patched("{\"aud\":\"https://127.0.0.1/1.0/renew\"}", NULL);
	expect_patched("{\"aud\":[\"x\",\"https://[::1]:8443/renew\"]}", NULL);
	assert_int_equal(metric_value(METRIC_TOKENS_REFUSED), refused);
}

static void algorithms(void **state)
{
	const struct {
		struct key *k;
		enum sig_alg alg;
		const char *name, *sentence;
	} rows[] = {
		{w.second, SIG_ED25519, "EdDSA", NULL},
		{w.rsa, SIG_RSA_SHA256, "RS256", NULL},
		{w.rsa, SIG_PSS_SHA256, "PS256", NULL},
		{w.admin, SIG_ECDSA_SHA256, "ES384", SENTENCE},
		{w.admin, SIG_ECDSA_SHA256, "EdDSA", SENTENCE},
		{w.admin, SIG_ECDSA_SHA256, "HS256", SENTENCE},
		{w.admin, SIG_ECDSA_SHA256, "none", SENTENCE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf der = BUF_INIT;
		char *h;

		make_leaf(&usual, rows[i].k, &der);
		h = header_of(rows[i].name, buf_view(&der), NULL);
		expect(renew_token_by(rows[i].k, rows[i].alg, h, NULL), rows[i].sentence,
		       rows[i].name);
		mem_free(h);
		buf_release(&der);
	}
}

/* ---- the leaf ---- */

static void leaves(void **state)
{
	static const struct {
		const char *name;
		struct leaf leaf;
		const char *sub, *sentence;
	} rows[] = {
		{"any usage", {"a.example", KU_DIGITAL_SIGNATURE, any, 1}, "a.example", NULL},
		{"no list of usages",
		 {"a.example", KU_DIGITAL_SIGNATURE, NULL, 0},
		 "a.example",
		 NULL},
		{"server only",
		 {"a.example", KU_DIGITAL_SIGNATURE, server, 1},
		 "a.example",
		 SENTENCE},
		{"no digitalSignature",
		 {"a.example", KU_KEY_AGREEMENT, both, 2},
		 "a.example",
		 SENTENCE},
		{"no key usage", {"a.example", 0, both, 2}, "a.example", SENTENCE},
		{"another name",
		 {"b.example", KU_DIGITAL_SIGNATURE, both, 2},
		 "a.example",
		 SENTENCE_SUB},
		{"another case",
		 {"A.example", KU_DIGITAL_SIGNATURE, both, 2},
		 "a.example",
		 SENTENCE_SUB},
		{"no name", {NULL, KU_DIGITAL_SIGNATURE, both, 2}, "a.example", SENTENCE_SUB},
		{"no name, none claimed", {NULL, KU_DIGITAL_SIGNATURE, both, 2}, "", NULL},
		{"none claimed", {"a.example", KU_DIGITAL_SIGNATURE, both, 2}, "", SENTENCE_SUB},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf der = BUF_INIT;
		char *h, *patch = mem_asprintf("{\"sub\":\"%s\"}", rows[i].sub);

		make_leaf(&rows[i].leaf, w.admin, &der);
		h = header_of("ES256", buf_view(&der), NULL);
		expect(renew_token_by(w.admin, SIG_ECDSA_SHA256, h, patch), rows[i].sentence,
		       rows[i].name);
		mem_free(h);
		mem_free(patch);
		buf_release(&der);
	}
}

/* The rest of the chain is counted, and no more. */
static void chains(void **state)
{
	struct buf der = BUF_INIT, nine = BUF_INIT;
	char *h;

	(void)state;
	make_leaf(&usual, w.admin, &der);
	h = header_of("ES256", buf_view(&der), ",\"not even base64\"");
	expect(renew_token_by(w.admin, SIG_ECDSA_SHA256, h, NULL), NULL, "junk behind it");
	mem_free(h);
	h = header_of("ES256", buf_view(&der), ",7");
	expect(renew_token_by(w.admin, SIG_ECDSA_SHA256, h, NULL), SENTENCE, "a number behind it");
	mem_free(h);
	for (int i = 0; i < 9; i++)
		buf_puts(&nine, ",\"x\"");
	h = header_of("ES256", buf_view(&der), nine.p);
	expect(renew_token_by(w.admin, SIG_ECDSA_SHA256, h, NULL), NULL, "ten");
	mem_free(h);
	buf_puts(&nine, ",\"x\"");
	h = header_of("ES256", buf_view(&der), nine.p);
	expect(renew_token_by(w.admin, SIG_ECDSA_SHA256, h, NULL), SENTENCE, "eleven");
	mem_free(h);
	/* cut, and with something behind it */
	h = header_of("ES256", str_mem(der.p, der.n - 1), NULL);
	expect(renew_token_by(w.admin, SIG_ECDSA_SHA256, h, NULL), SENTENCE, "cut");
	mem_free(h);
	buf_putc(&der, 0);
	h = header_of("ES256", buf_view(&der), NULL);
	expect(renew_token_by(w.admin, SIG_ECDSA_SHA256, h, NULL), SENTENCE, "longer");
	mem_free(h);
	buf_release(&nine);
	buf_release(&der);
}

static void headers(void **state)
{
	static const char *const rows[] = {
		"{\"alg\":\"ES256\"}",
		"{\"alg\":\"ES256\",\"x5cInsecure\":null}",
		"{\"alg\":\"ES256\",\"x5cInsecure\":\"MIIB\"}",
		"{\"alg\":\"ES256\",\"x5cInsecure\":{}}",
		"{\"alg\":\"ES256\",\"x5cInsecure\":[]}",
		"{\"alg\":\"ES256\",\"x5cInsecure\":[\"\"]}",
		"{\"alg\":\"ES256\",\"x5cInsecure\":[\"MIIB\"]}",
		"{\"alg\":\"ES256\",\"x5cInsecure\":[\"!\"]}",
	};
	struct buf der = BUF_INIT, b64 = BUF_INIT;
	char *h;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		expect(renew_token_by(w.admin, SIG_ECDSA_SHA256, rows[i], NULL), SENTENCE, rows[i]);
	/* the header of another kind of token */
	make_leaf(&usual, w.admin, &der);
	b64_encode(B64_STD, buf_view(&der), &b64);
	h = mem_asprintf("{\"alg\":\"ES256\",\"x5c\":[\"%s\"]}", b64.p);
	expect(renew_token_by(w.admin, SIG_ECDSA_SHA256, h, NULL), SENTENCE, "x5c");
	mem_free(h);
	buf_release(&b64);
	buf_release(&der);
	expect(mem_strdup(""), SENTENCE, "empty");
	expect(mem_strdup("a.b"), SENTENCE, "two parts");
	expect(mem_strdup("e30.e30.AAAA"), SENTENCE, "empty objects");
	h = mem_calloc(1, 70001);
	memset(h, 'a', 70000);
	expect(h, SENTENCE, "too long");
}

/* Somebody else's certificate in the header, or something else under the signature. */
static void signatures(void **state)
{
	struct buf der = BUF_INIT;
	char *h, *t, *other, *mixed;
	struct checking c;

	(void)state;
	make_leaf(&usual, w.admin, &der);
	h = header_of("ES256", buf_view(&der), NULL);
	expect(renew_token_by(w.other, SIG_ECDSA_SHA256, h, NULL), SENTENCE, "another's key");
	t = renew_token_by(w.admin, SIG_ECDSA_SHA256, h, NULL);
	other = renew_token_by(w.admin, SIG_ECDSA_SHA256, h, "{\"jti\":\"x\"}");
	mixed = mem_asprintf("%.*s%s", (int)(strrchr(t, '.') - t), t, strrchr(other, '.'));
	expect(mixed, SENTENCE, "another's signature");
	/* who leaves is refused nothing */
	mem_free(other);
	check_begin(&c, t, 0);
	flow_cancel(&c.t.flow);
	assert_int_equal(check_finish(&c), ERR_CANCELLED);
	assert_string_equal(c.t.flow.err.pub, "");
	arena_free(c.arena);
	mem_free(t);
	mem_free(h);
	buf_release(&der);
}

/* ---- claims ---- */

static void timed(const char *claim, int64_t seconds, const char *sentence)
{
	char patch[100];

	snprintf(patch, sizeof(patch), "{\"%s\":%" PRId64 "}", claim, w.now + seconds);
	expect_patched(patch, sentence);
}

static void times(void **state)
{
	(void)state;
	timed("exp", -40, NULL);
	timed("exp", -70, SENTENCE);
	timed("exp", 3590, NULL);
	timed("exp", 3700, SENTENCE);
	timed("nbf", 40, NULL);
	timed("nbf", 90, SENTENCE);
	timed("iat", 40, NULL);
	timed("iat", 90, SENTENCE);
	expect_patched("{\"exp\":null}", SENTENCE);
	expect_patched("{\"exp\":\"soon\"}", SENTENCE);
	expect_patched("{\"exp\":9e18}", SENTENCE);
}

static void audiences(void **state)
{
	static const char *const rows[] = {
		"\"https://ca.example/sign\"",
		"\"https://ca.example/1.0/revoke\"",
		"\"https://other.example/renew\"",
		"\"http://ca.example/renew\"",
		"\"https://ca.example/renew#x\"",
		"\"https://ca.example/ssh/renew\"",
		"\"step-certificate-authority\"",
		"\"\"",
		"[]",
		"null",
		"7",
		"\"https://ca.example/rekey\"",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char patch[100];

		snprintf(patch, sizeof(patch), "{\"aud\":%s}", rows[i]);
		expect_patched(patch, SENTENCE);
	}
	expect_patched("{\"iss\":7}", SENTENCE);
	expect_patched("{\"jti\":7}", SENTENCE);
	expect_patched("{\"sub\":[\"a.example\"]}", SENTENCE);
}

static void restored(void **state)
{
	struct checking c;
	char *t = usual_token(NULL), *no_iat = usual_token("{\"iat\":null}");
	const struct {
		const char *token;
		int64_t after;
		enum err_code code;
	} rows[] = {
		{t, w.now - 1, ERR_OK},
		{t, w.now, ERR_OK},
		{t, w.now + 1, ERR_UNAUTHORIZED},
		{no_iat, 1, ERR_UNAUTHORIZED},
		{no_iat, 0, ERR_OK},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		check_begin(&c, rows[i].token, rows[i].after);
		assert_int_equal(check_finish(&c), rows[i].code);
		if (rows[i].code != ERR_OK) {
			assert_string_equal(c.t.flow.err.pub, SENTENCE);
			assert_non_null(
				strstr(c.t.flow.err.msg, "issued before the backup was restored"));
		}
		arena_free(c.arena);
	}
	mem_free(no_iat);
	mem_free(t);
}

/* ---- single use ---- */

static void once_of(char *token, const char *prov, unsigned char out[32])
{
	struct checking c;
	struct grant *g;

	check_begin(&c, token, 0);
	assert_int_equal(check_finish(&c), ERR_OK);
	g = grant_for_renewal(c.arena, w.set, prov_by_name(w.set, str_c(prov)));
	renew_token_once(&c.t, g);
	assert_true(g->has_once && g->once_expiry > c.t.expiry + 60);
	memcpy(out, g->once, 32);
	arena_free(c.arena);
	mem_free(token);
}

static void once_ids(void **state)
{
	struct leaf twin = usual;
	struct buf der = BUF_INIT;
	unsigned char keys[6][32], again[32];
	char *h, *t;

	(void)state;
	once_of(usual_token("{\"jti\":\"j\"}"), "admin", keys[0]);
	once_of(usual_token("{\"jti\":\"j\",\"more\":1}"), "admin", again);
	assert_memory_equal(keys[0], again, 32); /* the id counts, not the token */
	once_of(usual_token("{\"jti\":\"j\"}"), "twin", keys[1]);
	once_of(usual_token("{\"jti\":\"k\"}"), "admin", keys[2]);
	once_of(usual_token("{\"more\":1}"), "admin", keys[3]);
	once_of(usual_token("{\"more\":2}"), "admin", keys[4]);
	twin.usage |= KU_CONTENT_COMMITMENT; /* another certificate, same key, same id */
	make_leaf(&twin, w.admin, &der);
	h = header_of("ES256", buf_view(&der), NULL);
	once_of(renew_token_by(w.admin, SIG_ECDSA_SHA256, h, "{\"jti\":\"j\"}"), "admin", keys[5]);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		for (size_t k = 0; k < i; k++)
			assert_memory_not_equal(keys[i], keys[k], 32);
	/* signed anew, it is the same token */
	t = renew_token_by(w.admin, SIG_ECDSA_SHA256, h, "{\"more\":1}");
	once_of(t, "admin", keys[0]);
	t = renew_token_by(w.admin, SIG_ECDSA_SHA256, h, "{\"more\":1}");
	once_of(t, "admin", again);
	assert_memory_equal(keys[0], again, 32);
	mem_free(h);
	buf_release(&der);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),	    cmocka_unit_test(algorithms),
		cmocka_unit_test(leaves),   cmocka_unit_test(chains),
		cmocka_unit_test(headers),  cmocka_unit_test(signatures),
		cmocka_unit_test(times),    cmocka_unit_test(audiences),
		cmocka_unit_test(restored), cmocka_unit_test(once_ids),
	};

	return cmocka_run_group_tests_name("prov_renew_token", tests, setup, teardown);
}
