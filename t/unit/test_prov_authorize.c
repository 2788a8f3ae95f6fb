/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "prov_util.h"

/* No token flow. */
static int acme_instance;

static int acme_create(const struct signet_host *host, const struct signet_prov_config *c,
		       void **instance, struct signet_err *e)
{
	(void)host;
	(void)c;
	(void)e;
	*instance = &acme_instance;
	return 0;
}
static void acme_destroy(const struct signet_host *host, void *instance)
{
	(void)host;
	(void)instance;
}
static const struct signet_prov_driver acme_driver = {
	.size = sizeof(acme_driver), .create = acme_create, .destroy = acme_destroy};
static const struct signet_plugin acme = {SIGNET_PLUGIN_HEAD(SIGNET_PROVISIONER), .name = "ACME",
					  .version = "1", .licence = "none",
					  .driver = &acme_driver};

static const struct signet_plugin *const builtin[] = {&signet_plugin_jwk, &acme, NULL};

#include "prov_world.h"

static void more_provisioners(void)
{
	site_write(&w.site, "provisioners.d/5.yaml", "type: ACME\nname: acme\n");
}

static enum err_code timed(const char *fmt, int64_t seconds) PRINTF(1, 0);
static enum err_code timed(const char *fmt, int64_t seconds)
{
	char patch[200];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(patch, sizeof(patch), fmt, w.now + seconds);
#pragma GCC diagnostic pop
	return patched(SIGNET_SIGN, patch);
}

/* ---- good tokens ---- */

static void grants(void **state)
{
	int64_t refused = metric_value(METRIC_TOKENS_REFUSED);
	char *t = token("{\"user\":{\"a\":1},\"sha\":\"x\"}");
	unsigned char want[32];
	struct outcome o;
	const struct grant *g;

	(void)state;
	authorize(&o, SIGNET_SIGN, t, NULL);
	assert_int_equal(o.code, ERR_OK);
	g = o.a.grant;
	assert_int_equal(g->magic, GRANT_MAGIC);
	assert_ptr_equal(g->prov, prov_by_name(w.set, STR("admin")));
	assert_ptr_equal(g->set, w.set);
	assert_int_equal(g->method, SIGNET_SIGN);
	assert_true(str_eqc(g->subject, "a.example"));
	assert_int_equal(g->names.n, 1);
	assert_int_equal(g->names.items[0].type, SAN_DNS);
	assert_true(str_eqc(g->names.items[0].value, "a.example"));
	assert_true(g->match_csr);
	assert_int_equal(g->not_after, 0);
	assert_true(str_eqc(g->credential_id, w.kid));
	assert_true(g->has_once);
	hash(HASH_SHA256,
	     STR("admin\0"
		 "0123"),
	     want);
	assert_memory_equal(g->once, want, 32);
	assert_true(g->once_expiry > w.now + 300 + 60);
	assert_string_equal(text_of(json_object_get(g->data, "Token"), "sha"), "x");
	assert_int_equal(g->token_hash.n, 64);
	assert_int_equal(g->serial.n, 0);
	done(&o);
	assert_int_equal(metric_value(METRIC_TOKENS_REFUSED), refused);
	mem_free(t);
}

static void names(void **state)
{
	char *t = token("{\"sub\":\"the "
			"device\",\"sans\":[\"b.example\",\"10.1.2.3\",\"::1\",\"a@b.example\","
			"\"https://x.example/y\",\"B.EXAMPLE\",\"*.w.example\"]}");
	static const enum san_type types[] = {SAN_DNS, SAN_IP, SAN_IP, SAN_EMAIL, SAN_URI, SAN_DNS};
	struct outcome o;

	(void)state;
	authorize(&o, SIGNET_SIGN, t, NULL);
	assert_int_equal(o.code, ERR_OK);
	assert_true(str_eqc(o.a.grant->subject, "the device"));
	assert_int_equal(o.a.grant->names.n,
			 ARRAY_LEN(types)); /* the second spelling is not another name */
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		assert_int_equal(o.a.grant->names.items[i].type, types[i]);
	done(&o);
	mem_free(t);
	assert_int_equal(patched(SIGNET_SIGN, "{\"sans\":[]}"), ERR_OK);
	/* the same as null */
	assert_int_not_equal(patched(SIGNET_SIGN, "{\"sans\":\"b.example\"}"), ERR_OK);
	assert_int_not_equal(patched(SIGNET_SIGN, "{\"sans\":{\"a\":\"b.example\"}}"), ERR_OK);
	assert_int_not_equal(patched(SIGNET_SIGN, "{\"sans\":[1]}"), ERR_OK);
	assert_int_not_equal(patched(SIGNET_SIGN, "{\"sans\":[\"\"]}"), ERR_OK);
	assert_int_not_equal(patched(SIGNET_SIGN, "{\"sans\":[\"a b\"]}"), ERR_OK);
	assert_int_not_equal(patched(SIGNET_SIGN, "{\"sans\":[\"*\"]}"), ERR_OK);
	assert_int_not_equal(patched(SIGNET_SIGN, "{\"sans\":[\".\"]}"), ERR_OK);
	assert_int_not_equal(patched(SIGNET_SIGN, "{\"sans\":[\"a.example\\u0000.evil\"]}"),
			     ERR_OK);
}

static void other_algorithms(void **state)
{
	char *ed = token_by(w.second, SIG_ED25519, "{\"alg\":\"EdDSA\",\"kid\":\"k2\"}",
			    "{\"iss\":\"ed\"}");
	char *rs = token_by(w.rsa, SIG_RSA_SHA256, "{\"alg\":\"RS256\",\"kid\":\"k3\"}",
			    "{\"iss\":\"rsa\"}");
	char *ps = token_by(w.rsa, SIG_PSS_SHA256, "{\"alg\":\"PS256\",\"kid\":\"k3\"}",
			    "{\"iss\":\"rsa\"}");

	(void)state;
	assert_int_equal(code_of(SIGNET_SIGN, ed), ERR_OK);
	assert_int_equal(code_of(SIGNET_SIGN, rs), ERR_OK);
	assert_int_equal(code_of(SIGNET_SIGN, ps),
			 ERR_UNAUTHORIZED); /* J04: the key is for RS256 */
	mem_free(ed);
	mem_free(rs);
	mem_free(ps);
}

static void revocation(void **state)
{
	char *t = token(
		"{\"aud\":\"https://ca.example/1.0/revoke\",\"sub\":\"12345678901234567890\"}");
	struct outcome o;

	(void)state;
	authorize(&o, SIGNET_REVOKE, t, NULL);
	assert_int_equal(o.code, ERR_OK);
	assert_true(str_eqc(o.a.grant->serial, "12345678901234567890"));
	assert_int_equal(o.a.grant->names.n, 0);
	assert_true(o.a.grant->has_once);
	done(&o);
	mem_free(t);
}

/* Single use: what the key in `once` is made of. */
static void once_ids(void **state)
{
	char *with = token(NULL), *twin = token("{\"iss\":\"twin\"}"),
	     *without = token("{\"jti\":null}"), *empty = token("{\"jti\":\"\"}"),
	     *again = token("{\"jti\":null,\"n\":1}");
	unsigned char keys[5][32], hashed[32 + 6], want[32];
	const char *tokens[] = {with, twin, without, empty, again};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
		struct outcome o;
		authorize(&o, SIGNET_SIGN, tokens[i], NULL);
		assert_int_equal(o.code, ERR_OK);
		memcpy(keys[i], o.a.grant->once, 32);
		done(&o);
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(keys[i], keys[j],
						32); /* twin: same jti, another provisioner */
	}
	memcpy(hashed, "admin", 6);
	/* The token without its signature, of which there may be several. */
	hash(HASH_SHA256, str_mem(without, (size_t)(strrchr(without, '.') - without)), hashed + 6);
	hash(HASH_SHA256, str_mem(hashed, sizeof(hashed)), want);
	assert_memory_equal(keys[2], want, 32);
	for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
		/* the same token: the same key */
		struct outcome o;
		authorize(&o, SIGNET_SIGN, tokens[i], NULL);
		assert_memory_equal(o.a.grant->once, keys[i], 32);
		done(&o);
	}
	mem_free(with);
	mem_free(twin);
	mem_free(without);
	mem_free(empty);
	mem_free(again);
}

/* ---- what holds for every type ---- */

static void endpoints(void **state)
{
	static const char *const good[] = {"00112233-4455-6677-8899-aabbccddeeff",
					   "00112233-4455-6677-8899-AABBCCDDEEFF",
					   "00112233445566778899aabbccddeeff"};
	static const char *const bad[] = {"\"\"",
					  "7",
					  "[]",
					  "\"00112233445566778899aabbccddeef\"",
					  "\"00112233-4455-6677-8899-aabbccddeefg\"",
					  "\"0011223344556677-8899-aabb-ccddeeff-\"",
					  "\"{00112233-4455-6677-8899-aabbccddeeff}\""};
	static const unsigned char id[] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
					   0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
	struct outcome o;
	char patch[100], *t;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		snprintf(patch, sizeof(patch), "{\"endpoint\":\"%s\"}", good[i]);
		t = token(patch);
		authorize(&o, SIGNET_SIGN, t, NULL);
		assert_int_equal(o.code, ERR_OK);
		assert_int_equal(o.a.grant->endpoint.n, sizeof(id));
		assert_memory_equal(o.a.grant->endpoint.p, id, sizeof(id));
		done(&o);
		mem_free(t);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		snprintf(patch, sizeof(patch), "{\"endpoint\":%s}", bad[i]);
		t = token(patch);
		authorize(&o, SIGNET_SIGN, t, NULL);
		assert_int_equal(o.code, ERR_INVALID);
		assert_string_equal(o.err.pub, "endpoint must be a UUID or 32 hexadecimal digits");
		done(&o);
		mem_free(t);
	}
	t = token("{\"endpoint\":null}");
	authorize(&o, SIGNET_SIGN, t, NULL);
	assert_int_equal(o.code, ERR_OK);
	assert_int_equal(o.a.grant->endpoint.n, 0);
	done(&o);
	mem_free(t);
	/* of a token that is no good nothing is said */
	t = token_by(w.other, SIG_ECDSA_SHA256, NULL, "{\"endpoint\":7}");
	assert_int_equal(code_of(SIGNET_SIGN, t), ERR_UNAUTHORIZED);
	mem_free(t);
}

/* A backup was restored: what was issued before may have been used after it was made. */
static void restored(void **state)
{
	char *t = token(NULL), *no_iat = token("{\"iat\":null}");
	const struct {
		const char *token;
		int64_t after;
		enum err_code code;
	} rows[] = {
		{t, w.now - 1, ERR_OK},		  {t, w.now, ERR_OK},
		{t, w.now + 1, ERR_UNAUTHORIZED}, {no_iat, 0, ERR_OK},
		{no_iat, 1, ERR_UNAUTHORIZED},
	};
	struct outcome o;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		begin(&o, SIGNET_SIGN, rows[i].token, NULL);
		o.a.issued_after = rows[i].after;
		finish(&o);
		assert_int_equal(o.code, rows[i].code);
		if (o.code != ERR_OK)
			assert_non_null(
				strstr(o.err.msg, "token: issued before the backup was restored"));
		done(&o);
	}
	mem_free(no_iat);
	mem_free(t);
}

/* ---- J27 and friends ---- */

static void times(void **state)
{
	(void)state;
	assert_int_equal(timed("{\"exp\":%" PRId64 "}", -50), ERR_OK);
	assert_int_equal(timed("{\"exp\":%" PRId64 "}", -70), ERR_UNAUTHORIZED);
	assert_int_equal(timed("{\"exp\":%" PRId64 "}", 3590), ERR_OK);
	assert_int_equal(timed("{\"exp\":%" PRId64 "}", 3700), ERR_UNAUTHORIZED);
	assert_int_equal(timed("{\"exp\":%" PRId64 "}", INT64_C(315360000)), ERR_UNAUTHORIZED);
	assert_int_equal(timed("{\"nbf\":%" PRId64 "}", 50), ERR_OK);
	assert_int_equal(timed("{\"nbf\":%" PRId64 "}", 90), ERR_UNAUTHORIZED);
	assert_int_equal(timed("{\"iat\":%" PRId64 "}", 90), ERR_UNAUTHORIZED);
	assert_int_equal(timed("{\"iat\":%" PRId64 "}", -90000),
			 ERR_OK); /* the CA may have started since: no such rule here */
	assert_int_equal(timed("{\"exp\":%" PRId64 ".5}", 300), ERR_OK);
	assert_int_equal(patched(SIGNET_SIGN, "{\"exp\":null}"), ERR_UNAUTHORIZED);
	assert_int_equal(patched(SIGNET_SIGN, "{\"exp\":-1}"), ERR_UNAUTHORIZED);
	assert_int_equal(patched(SIGNET_SIGN, "{\"exp\":\"soon\"}"), ERR_UNAUTHORIZED);
	assert_int_equal(patched(SIGNET_SIGN, "{\"exp\":9e18}"), ERR_UNAUTHORIZED);
	assert_int_equal(patched(SIGNET_SIGN, "{\"iat\":null,\"nbf\":null}"), ERR_OK);
}

static void audiences(void **state)
{
	static const struct {
		enum signet_prov_method m;
		const char *aud;
		enum err_code code;
	} cases[] = {
		{SIGNET_SIGN, "\"https://ca.example/sign\"", ERR_OK},
		{SIGNET_SIGN, "\"https://ca.example/1.0/ssh/sign\"", ERR_OK},
		{SIGNET_SIGN, "\"https://127.0.0.1/1.0/sign\"", ERR_OK},
		{SIGNET_SIGN, "\"https://[::1]:8443/1.0/sign\"", ERR_OK},
		{SIGNET_SIGN, "\"step-certificate-authority\"", ERR_OK},
		{SIGNET_REVOKE, "\"step-certificate-authority\"", ERR_OK},
		{SIGNET_SIGN,
		 "[\"https://other.example/1.0/sign\",\"https://ca.example/1.0/sign\"]", ERR_OK},
		{SIGNET_REVOKE, "\"https://ca.example/revoke\"", ERR_OK},
		{SIGNET_SIGN, "\"https://other.example/1.0/sign\"", ERR_UNAUTHORIZED},
		{SIGNET_SIGN, "\"https://ca.example/1.0/revoke\"", ERR_UNAUTHORIZED},
		{SIGNET_SIGN, "\"https://ca.example/1.0/renew\"", ERR_UNAUTHORIZED},
		{SIGNET_REVOKE, "\"https://ca.example/1.0/sign\"", ERR_UNAUTHORIZED},
		{SIGNET_REVOKE, "\"https://ca.example/1.0/ssh/revoke\"", ERR_UNAUTHORIZED},
		{SIGNET_SIGN, "\"https://ca.example/1.0/sign/x\"", ERR_UNAUTHORIZED},
		{SIGNET_SIGN, "\"http://ca.example/1.0/sign\"", ERR_UNAUTHORIZED},
		{SIGNET_SIGN, "\"https://ca.example/1.0/sign#\"", ERR_UNAUTHORIZED},
		{SIGNET_SIGN, "\"https://ca.example/1.0/sign#x5c/admin\"", ERR_UNAUTHORIZED},
		{SIGNET_SIGN, "\"\"", ERR_UNAUTHORIZED},
		{SIGNET_SIGN, "[]", ERR_UNAUTHORIZED},
		{SIGNET_SIGN, "null", ERR_UNAUTHORIZED},
		{SIGNET_SIGN, "7", ERR_UNAUTHORIZED},
		{SIGNET_SIGN, "[7]", ERR_UNAUTHORIZED},
		/* methods that JWK does not serve in this version */
		{SIGNET_RENEW, "\"https://ca.example/1.0/renew\"", ERR_UNSUPPORTED},
		{SIGNET_SSH_SIGN, "\"https://ca.example/1.0/ssh/sign\"", ERR_UNSUPPORTED},
		{SIGNET_SSH_RENEW, "\"https://ca.example/1.0/ssh/renew\"", ERR_UNSUPPORTED},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char patch[200];
		enum err_code code;
		snprintf(patch, sizeof(patch), "{\"aud\":%s}", cases[i].aud);
		code = patched(cases[i].m, patch);
		if (code != cases[i].code)
			fail_msg("%d %s: %s", (int)cases[i].m, cases[i].aud, err_code_name(code));
	}
}

static void claims(void **state)
{
	int64_t refused = metric_value(METRIC_TOKENS_REFUSED);

	(void)state;
	assert_int_equal(patched(SIGNET_SIGN, "{\"iss\":\"nobody\"}"), ERR_UNAUTHORIZED);
	assert_int_equal(patched(SIGNET_SIGN, "{\"iss\":\"Admin\"}"), ERR_UNAUTHORIZED);
	assert_int_equal(patched(SIGNET_SIGN, "{\"iss\":null}"), ERR_UNAUTHORIZED);
	assert_int_equal(patched(SIGNET_SIGN, "{\"iss\":7}"), ERR_UNAUTHORIZED);
	assert_int_equal(patched(SIGNET_SIGN, "{\"sub\":null}"), ERR_UNAUTHORIZED);
	assert_int_equal(patched(SIGNET_SIGN, "{\"sub\":\"\"}"), ERR_UNAUTHORIZED);
	assert_int_equal(patched(SIGNET_SIGN, "{\"sub\":[\"a.example\"]}"), ERR_UNAUTHORIZED);
	assert_int_equal(patched(SIGNET_SIGN, "{\"jti\":1}"), ERR_UNAUTHORIZED);
	assert_int_equal(patched(SIGNET_SIGN, "{\"iss\":\"ed\"}"),
			 ERR_UNAUTHORIZED); /* kid of another provisioner */
	/* signed by the twin's key, which is the same: iss decides */
	assert_int_equal(patched(SIGNET_SIGN, "{\"iss\":\"twin\"}"), ERR_OK);
	assert_int_equal(metric_value(METRIC_TOKENS_REFUSED), refused + 9);
}

/* J01 to J10, as far as a provisioner's token goes. */
static void signatures(void **state)
{
	char *good = token(NULL), *stranger = token_by(w.other, SIG_ECDSA_SHA256, NULL, NULL),
	     header[200];
	struct outcome o;

	(void)state;
	assert_int_equal(code_of(SIGNET_SIGN, stranger), ERR_UNAUTHORIZED);
	mem_free(stranger);
	/* the right header over another payload */
	{
		char *other = token("{\"sub\":\"evil.example\"}"), *mixed;
		char *p1 = strchr(good, '.'), *p2 = strrchr(other, '.');
		mixed = mem_asprintf("%.*s%.*s%s", (int)(p1 - good), good,
				     (int)(p2 - strchr(other, '.')), strchr(other, '.'),
				     strrchr(good, '.'));
		assert_int_equal(code_of(SIGNET_SIGN, mixed), ERR_UNAUTHORIZED);
		mem_free(other);
		mem_free(mixed);
	}
	static const char *const headers[] = {
		"{\"alg\":\"none\",\"kid\":\"%s\"}",
		"{\"alg\":\"HS256\",\"kid\":\"%s\"}",
		"{\"alg\":\"ES384\",\"kid\":\"%s\"}",
		"{\"alg\":\"RS256\",\"kid\":\"%s\"}",
		"{\"alg\":\"EdDSA\",\"kid\":\"%s\"}",
		"{\"alg\":\"ES256\",\"kid\":\"%s\",\"crit\":[\"exp\"]}",
		"{\"alg\":\"ES256\",\"alg\":\"ES256\",\"kid\":\"%s\"}",
		"{\"alg\":\"ES256\",\"kid\":\"../../%s\"}",
		"{\"alg\":\"ES256\",\"kid\":[\"%s\"]}",
		"{\"alg\":\"ES256\",\"x\":\"%s\"}",
	};
	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		char *t;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(header, sizeof(header), headers[i], w.kid);
#pragma GCC diagnostic pop
		t = token_by(w.admin, SIG_ECDSA_SHA256, header, NULL);
		authorize(&o, SIGNET_SIGN, t, NULL);
		if (o.code != ERR_UNAUTHORIZED)
			fail_msg("%s: %s", header, err_code_name(o.code));
		assert_string_equal(o.err.pub, ""); /* the client learns nothing */
		done(&o);
		mem_free(t);
	}
	assert_int_equal(code_of(SIGNET_SIGN, ""), ERR_UNAUTHORIZED);
	assert_int_equal(code_of(SIGNET_SIGN, "x"), ERR_UNAUTHORIZED);
	assert_int_equal(code_of(SIGNET_SIGN, "e30.e30.e30"), ERR_UNAUTHORIZED);
	{
		char *big = mem_alloc(PROV_TOKEN_MAX + 2);
		memset(big, 'A', PROV_TOKEN_MAX + 1);
		assert_int_equal(code_of(SIGNET_SIGN, big), ERR_UNAUTHORIZED);
		mem_free(big);
	}
	mem_free(good);
}

/* CVE-2025-44005: no token ever reaches a provisioner without a token flow. */
static void no_token_flow(void **state)
{
	static const char *const patches[] = {
		"{\"aud\":\"https://ca.example/1.0/sign#acme/acme\"}",
		"{\"aud\":\"https://ca.example/1.0/sign#acme%2Facme\"}",
		"{\"aud\":[\"acme/acme\"]}",
		"{\"aud\":\"acme/acme\"}",
		"{\"aud\":\"x\",\"azp\":\"acme/acme\"}",
		"{\"aud\":\"x\",\"tid\":\"acme/acme\"}",
	};
	struct outcome o;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(patches); i++) {
		char *t =
			i & 1 ? token(patches[i])
			      : token_by(NULL, SIG_NONE, NULL, patches[i]); /* signed, or garbage */
		authorize(&o, SIGNET_SIGN, t, NULL);
		assert_int_equal(o.code, ERR_INVALID);
		assert_string_equal(o.err.pub, "token flow is not supported");
		done(&o);
		mem_free(t);
	}
	assert_int_equal(
		patched(SIGNET_SIGN, "{\"aud\":\"https://ca.example/1.0/sign#acme/other\"}"),
		ERR_UNAUTHORIZED);
	assert_int_equal(patched(SIGNET_SIGN, "{\"aud\":\"https://ca.example/1.0/sign#%ZZ\"}"),
			 ERR_UNAUTHORIZED);
	assert_int_equal(patched(SIGNET_SIGN,
				 "{\"aud\":\"kubernetes/serviceaccount\",\"iss\":\"kubernetes/"
				 "serviceaccount\"}"),
			 ERR_UNAUTHORIZED);
}

/* ---- cnf ---- */

static void make_csr(struct key *k, const char *cn, const char *dns, struct buf *der)
{
	struct arena *a = arena_new();
	struct err e = ERR_INIT;
	struct name n = name_from_cn(str_c(cn), a);
	struct san san = {SAN_DNS, str_c(dns)};
	struct san_list sans = {&san, 1};

	assert_int_equal(csr_build(k, &n, &sans, der, &e), 0);
	arena_free(a);
}

static void confirmation(void **state)
{
	struct buf der = BUF_INIT, x = BUF_INIT;
	struct arena *a = arena_new();
	struct err e = ERR_INIT;
	unsigned char digest[32];
	char patch[300], *t;
	struct outcome o;
	struct csr csr;

	(void)state;
	make_csr(w.other, "a.example", "a.example", &der);
	assert_int_equal(csr_parse(buf_view(&der), a, &csr, &e), 0);
	hash(HASH_SHA256, buf_view(&der), digest);
	add_b64(&x, str_mem(digest, 32));
	static const struct {
		const char *fmt;
		bool with_csr;
		enum err_code code;
	} cases[] = {
		{"{\"cnf\":{\"x5rt#S256\":\"%s\"}}", true, ERR_OK},
		{"{\"cnf\":{\"x5rt#S256\":\"%s\"}}", false, ERR_UNAUTHORIZED},
		{"{\"cnf\":{\"x5rt#S256\":\"%sA\"}}", true, ERR_FORBIDDEN},
		{"{\"cnf\":{\"x5rt#S256\":\"%.42s\"}}", true, ERR_FORBIDDEN},
		{"{\"cnf\":{\"x5rt#S256\":\"A%.42s\"}}", true, ERR_FORBIDDEN},
		{"{\"cnf\":{\"x5rt#S256\":\"\"},\"x\":\"%s\"}", true, ERR_FORBIDDEN},
		{"{\"cnf\":{},\"x\":\"%s\"}", true, ERR_UNAUTHORIZED},
		{"{\"cnf\":\"%s\"}", true, ERR_UNAUTHORIZED},
		{"{\"cnf\":{\"jkt\":\"%s\"}}", true, ERR_UNAUTHORIZED},
		{"{\"cnf\":{\"x5rt#S256\":\"%s\",\"jkt\":\"a\"}}", true, ERR_UNAUTHORIZED},
		{"{\"cnf\":[\"%s\"]}", true, ERR_UNAUTHORIZED},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(patch, sizeof(patch), cases[i].fmt, x.p);
#pragma GCC diagnostic pop
		t = token(patch);
		authorize(&o, SIGNET_SIGN, t, cases[i].with_csr ? &csr : NULL);
		if (o.code != cases[i].code)
			fail_msg("%s: %s (%s)", patch, err_code_name(o.code), o.err.msg);
		if (o.code == ERR_OK)
			assert_int_equal(grant_check_csr(o.a.grant, &csr, &e), 0);
		done(&o);
		mem_free(t);
	}
	buf_release(&der);
	buf_release(&x);
	arena_free(a);
}

/* ---- a recorded exchange of the real client ---- */

static void recorded_from_step(void **state)
{
#ifdef ENABLE_TEST_HOOKS
	static const char *const hosts[] = {"localhost"};
	json_t *v = load_vectors("t/vectors/jose/step.json");
	struct err e = ERR_INIT;
	struct prov_set *old = w.set;
	struct arena *a = arena_new();
	struct buf text = BUF_INIT;
	struct site s;
	struct csr csr;
	char offset[32];
	struct {
		enum signet_prov_method m;
		const char *token, *subject;
		const struct csr *csr;
	} cases[] = {
		{SIGNET_SIGN, text_of(v, "sign_token"), "b.example.com", NULL},
		{SIGNET_SIGN, text_of(v, "cnf_token"), "c.example.com", &csr},
		{SIGNET_REVOKE, text_of(v, "revoke_token"), NULL, NULL},
	};

	site_new(&s, builtin);
	json_object_del(json_object_get(v, "provisioner"), "claims");
	json_write(json_object_get(v, "provisioner"), &text);
	site_write(&s, "provisioners.d/admin.yaml", text.p);
	w.set = site_load(&s);
	assert_int_equal(csr_pem_parse(str_c(text_of(v, "cnf_csr")), a, &csr, &e), 0);
	snprintf(offset, sizeof(offset), "%" PRId64,
		 (int64_t)json_integer_value(json_object_get(v, "at")) + 5 - clock_now());
	setenv("SIGNET_TEST_CLOCK_OFFSET", offset, 1);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct outcome o;
		begin(&o, cases[i].m, cases[i].token, cases[i].csr);
		o.a.hosts = hosts;
		o.a.n_hosts = 1;
		finish(&o);
		if (o.code != ERR_OK)
			fail_msg("%s", o.err.msg);
		if (cases[i].subject)
			assert_true(str_eqc(o.a.grant->subject, cases[i].subject));
		else
			assert_true(str_eqc(o.a.grant->serial,
					    "70224372273482461449967841099856744104"));
		if (cases[i].csr)
			assert_int_equal(grant_check_csr(o.a.grant, &csr, &e), 0);
		done(&o);
	}
	unsetenv("SIGNET_TEST_CLOCK_OFFSET");
	loop_turn(w.loop, 5);
	prov_set_unref(w.set);
	w.set = old;
	site_free(&s);
	buf_release(&text);
	arena_free(a);
	json_decref(v);
#endif
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grants),	    cmocka_unit_test(names),
		cmocka_unit_test(other_algorithms), cmocka_unit_test(revocation),
		cmocka_unit_test(once_ids),	    cmocka_unit_test(endpoints),
		cmocka_unit_test(restored),	    cmocka_unit_test(times),
		cmocka_unit_test(audiences),	    cmocka_unit_test(claims),
		cmocka_unit_test(signatures),	    cmocka_unit_test(no_token_flow),
		cmocka_unit_test(confirmation),	    cmocka_unit_test(recorded_from_step),
	};

	return cmocka_run_group_tests_name("prov authorize", tests, setup, teardown);
}
