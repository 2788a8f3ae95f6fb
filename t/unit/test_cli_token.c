/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/issue.h"
#include "cli/keyfile.h"

#include "base/file.h"
#include "base/mem.h"
#include "jose/jwk.h"
#include "jose/jws.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* What stands in tokens, and what the options that go into them say. No CA is asked. */

static const char *vector(struct cli *c, const char *name)
{
	const char *dir = getenv("SIGNET_SRCDIR");

	return arena_printf(c->arena, "%s/t/vectors/%s", dir ? dir : ".", name);
}

static struct cli fresh(void)
{
	struct cli c = {.arena = arena_new(), .ca_url = "https://ca.test:9000"};

	c.root = vector(&c, "ca/root.crt");
	return c;
}

static void give(struct cli *c, const char *name, const char *value)
{
	c->values[c->n_values++] = (struct cli_value){name, value};
}

static void test_time(void **state)
{
	static const struct {
		const char *text;
		int64_t want; /* -1: refused */
	} rows[] = {
		{"5m", 1300},
		{"0", 1000},
		{"-1m", 940},
		{"1.5s", 1001},
		{"1h30m", 6400},
		{"2026-01-02T03:04:05Z", 1767323045},
		{"", -1},
		{"5", -1},
		{"soon", -1},
		{"5 m", -1},
		{"2026-01-02", -1},
		{"2026-13-02T03:04:05Z", -1},
		{"5m ", -1},
		{"99999999999h", -1},
		{"2026-01-02T03:04:05+01:00", 1767319445},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct cli c = fresh();
		struct err e = ERR_INIT;
		int64_t got = 0;
		int rc = time_option(&c, "x", rows[i].text, 1000, &got, &e);

		assert_int_equal(rc, rows[i].want < 0 ? -1 : 0);
		assert_int_equal(c.misused, rc < 0);
		if (rc == 0)
			assert_int_equal(got, rows[i].want);
		else
			assert_non_null(strstr(e.msg, "--x "));
		arena_free(c.arena);
	}
}

static void test_set(void **state)
{
	static const char *const good[] = {
		"a=1", "b=x", "c={\"d\":[true]}", "e=", "f=\"q\"", "g=null", "h=x=y", "a=2"};
	static const char *const bad[] = {"", "=", "=x", "a", "a=\xff", "\xff=a"};
	struct cli c = fresh();
	struct err e = ERR_INIT;
	struct buf text = BUF_INIT;
	json_t *v = NULL;

	(void)state;
	assert_int_equal(set_options(&c, &v, &e), 0);
	assert_null(v);
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		give(&c, "set", good[i]);
	assert_int_equal(set_options(&c, &v, &e), 0);
	json_write(v, &text);
	assert_string_equal(text.p, "{\"a\":2,\"b\":\"x\",\"c\":{\"d\":[true]},\"e\":\"\","
				    "\"f\":\"q\",\"g\":null,\"h\":\"x=y\"}");
	json_decref(v);
	buf_release(&text);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		c.n_values = 0;
		c.misused = false;
		give(&c, "set", "good=1");
		give(&c, "set", bad[i]);
		assert_int_equal(set_options(&c, &v, &e), -1);
		assert_null(v);
		assert_true(c.misused);
	}
	arena_free(c.arena);
}

static void test_cnf(void **state)
{
	static const char zeros_hex[] =
		"0000000000000000000000000000000000000000000000000000000000000000";
	static const char zeros[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	static const char not_hex[] =
		"zz00000000000000000000000000000000000000000000000000000000000000";
	static const char *const bad[] = {"", "AAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB",
					  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", not_hex};
	struct cli c = fresh();
	struct err e = ERR_INIT;
	const char *out;

	(void)state;
	assert_int_equal(cnf_option(&c, &out, &e), 0);
	assert_null(out);
	give(&c, "cnf", zeros);
	assert_int_equal(cnf_option(&c, &out, &e), 0);
	assert_string_equal(out, zeros);
	c.values[0].value = zeros_hex;
	assert_int_equal(cnf_option(&c, &out, &e), 0);
	assert_string_equal(out, zeros);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		c.values[0].value = bad[i];
		assert_int_equal(cnf_option(&c, &out, &e), -1);
		assert_null(out);
	}
	arena_free(c.arena);
}

static void test_endpoint(void **state)
{
	static const char id[] = "00112233-4455-6677-8899-aabbccddeeff";
	static const char *const good[] = {id, "00112233-4455-6677-8899-AABBCCDDEEFF",
					   "00112233445566778899aabbccddeeff"};
	static const char *const bad[] = {"", "x", "00112233-4455-6677-8899-aabbccddeef",
					  "0011223344556677-8899-aabbccddeeff00"};
	struct cli c = fresh();
	struct err e = ERR_INIT;
	const char *out;

	(void)state;
	assert_int_equal(endpoint_option(&c, &out, &e), 0);
	assert_null(out);
	give(&c, "endpoint", "");
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		c.values[0].value = good[i];
		assert_int_equal(endpoint_option(&c, &out, &e), 0);
		assert_string_equal(out, id);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		c.values[0].value = bad[i];
		assert_int_equal(endpoint_option(&c, &out, &e), -1);
	}
	arena_free(c.arena);
}

/* Makes a token offline and takes it apart; the signature is checked. */
static void make(struct cli *c, const struct token_request *r, struct jws *jws)
{
	const char *file = vector(c, "ca/provisioner.key");
	struct buf out = BUF_INIT;
	struct err e = ERR_INIT;
	struct key *k;

	give(c, "offline", "");
	give(c, "provisioner", "admin");
	give(c, "key", file);
	assert_int_equal(token_make(c, r, &out, &e), 0);
	assert_int_equal(jws_parse(arena_str(c->arena, buf_view(&out)), c->arena, jws, &e), 0);
	assert_int_equal(read_key_file(c, file, "password-file", &k, &e), 0);
	assert_int_equal(jws_verify(k, SIG_ECDSA_SHA256, jws->signing_input, jws->signature, &e),
			 0);
	key_free(k);
	buf_release(&out);
}

static void assert_text(const json_t *o, const char *key, const char *want)
{
	assert_true(str_eqc(json_str_view(json_member(o, key, 0)), want));
}

static void test_sign_token(void **state)
{
	const char *sans[] = {"a.test", "10.0.0.1"};
	const struct token_request r = {.subject = "a.test",
					.sans = sans,
					.n_sans = 2,
					.cnf = "print",
					.endpoint = "id",
					.not_after = "10m"};
	struct cli c = fresh();
	struct err e = ERR_INIT;
	int64_t iat, nbf, exp;
	struct jws jws;

	(void)state;
	make(&c, &r, &jws);
	assert_text(jws.payload, "aud", "https://ca.test:9000/1.0/sign");
	assert_text(jws.payload, "iss", "admin");
	assert_text(jws.payload, "sub", "a.test");
	assert_text(jws.payload, "endpoint", "id");
	assert_text(json_member(jws.payload, "cnf", 0), "x5rt#S256", "print");
	assert_int_equal(json_str_view(json_member(jws.payload, "jti", 0)).n, 64);
	assert_int_equal(json_str_view(json_member(jws.payload, "sha", 0)).n, 64);
	assert_int_equal(json_array_size(json_member(jws.payload, "sans", 0)), 2);
	assert_null(json_member(jws.payload, "user", 0));
	assert_int_equal(json_get_i64(jws.payload, "iat", 0, &iat, &e), 0);
	assert_int_equal(json_get_i64(jws.payload, "nbf", 0, &nbf, &e), 0);
	assert_int_equal(json_get_i64(jws.payload, "exp", 0, &exp, &e), 0);
	assert_int_equal(iat, nbf);
	assert_int_equal(exp - iat, 600);
	jws_release(&jws);
	arena_free(c.arena);
}

static void test_revoke_token(void **state)
{
	const struct token_request r = {.subject = "4660", .aud_path = "/1.0/revoke"};
	struct cli c = fresh();
	struct jws jws;

	(void)state;
	make(&c, &r, &jws);
	assert_text(jws.payload, "aud", "https://ca.test:9000/1.0/revoke");
	assert_text(jws.payload, "sub", "4660");
	assert_null(json_member(jws.payload, "sans", 0));
	assert_null(json_member(jws.payload, "user", 0));
	jws_release(&jws);
	arena_free(c.arena);
}

/* Times are judged before a key is opened. */
static void test_lifetime(void **state)
{
	static const struct {
		const char *from, *to;
	} bad[] = {
		{NULL, "9s"},	{NULL, "61m"},	{NULL, "-5m"},	{"31m", NULL}, {"10m", "5m"},
		{"-2h", "10m"}, {"-1h", "10m"}, {"-10m", NULL}, {"x", NULL},   {NULL, "x"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		const struct token_request r = {
			.subject = "a", .not_before = bad[i].from, .not_after = bad[i].to};
		struct cli c = fresh();
		struct buf out = BUF_INIT;
		struct err e = ERR_INIT;

		give(&c, "key", "/nonexistent");
		assert_int_equal(token_make(&c, &r, &out, &e), -1);
		assert_true(c.misused);
		assert_int_equal(out.n, 0);
		arena_free(c.arena);
	}
}

static void test_renew_token(void **state)
{
	struct cli c = fresh();
	struct buf pem = BUF_INIT, out = BUF_INIT;
	struct err e = ERR_INIT;
	struct key *k;
	struct str *ders;
	struct jws jws;
	size_t n;

	(void)state;
	assert_int_equal(file_read(vector(&c, "tls/p256.crt"), 65536, &pem, &e), 0);
	assert_int_equal(cert_pem_read(buf_view(&pem), c.arena, &ders, &n, &e), 0);
	assert_int_equal(read_key_file(&c, vector(&c, "tls/p256.key"), "password-file", &k, &e), 0);
	assert_int_equal(token_make_renew(&c, ders, n, k, &out, &e), 0);
	assert_int_equal(jws_parse(buf_view(&out), c.arena, &jws, &e), 0);
	assert_int_equal(jws_verify(k, SIG_ECDSA_SHA256, jws.signing_input, jws.signature, &e), 0);
	assert_int_equal(json_array_size(json_member(jws.header, "x5cInsecure", 0)), n);
	assert_text(jws.payload, "aud", "https://ca.test:9000/renew");
	assert_text(jws.payload, "iss", "step-ca-client/1.0");
	assert_true(json_str_view(json_member(jws.payload, "sub", 0)).n > 0);
	jws_release(&jws);
	key_free(k);
	buf_release(&pem);
	buf_release(&out);
	arena_free(c.arena);
}

/* The subject and names of requests; kinds of names that no token can carry. */
static void test_request(void **state)
{
	static const struct {
		const char *file, *subject;
		size_t n;
		bool named;
	} rows[] = {
		{"x509/csr-good-p256.der", NULL, 0, true},
		{"x509/csr-good-rekey.der", NULL, 0, false},
		{"x509/csr-good-types.der", NULL, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct cli c = fresh();
		struct issue is = {0};
		struct err e = ERR_INIT;

		assert_int_equal(issue_read_csr(&c, vector(&c, rows[i].file), &is, &e), 0);
		assert_int_equal(issue_names_of_csr(&c, &is, &e), rows[i].named ? 0 : -1);
		if (rows[i].named)
			assert_true(is.subject[0] != '\0');
		assert_int_equal(strlen(csr_cnf(&c, buf_view(&is.csr))), 43);
		issue_release(&is);
		arena_free(c.arena);
	}
}

static void test_bad_requests(void **state)
{
	static const char *const files[] = {
		"x509/csr-bad-signature.der",
		"x509/csr-bad-trailing.der",
		"x509/csr-bad-short.der",
		"x509/csr-bad-key-rsa1024.der",
		"x509/csr-bad-key-dsa.der",
		"x509/csr-bad-two-sans.der",
		"x509/leaf.pem",
		"keys/p256.pem",
		"none",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct cli c = fresh();
		struct issue is = {0};
		struct err e = ERR_INIT;

		assert_int_equal(issue_read_csr(&c, vector(&c, files[i]), &is, &e), -1);
		assert_non_null(strstr(e.msg, files[i]));
		assert_int_equal(is.csr.n, 0);
		issue_release(&is);
		arena_free(c.arena);
	}
}

static int start(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	return crypto_init(NULL, &e);
}

static int end(void **state)
{
	(void)state;
	crypto_end();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_time),	   cmocka_unit_test(test_set),
		cmocka_unit_test(test_cnf),	   cmocka_unit_test(test_endpoint),
		cmocka_unit_test(test_sign_token), cmocka_unit_test(test_revoke_token),
		cmocka_unit_test(test_lifetime),   cmocka_unit_test(test_renew_token),
		cmocka_unit_test(test_request),	   cmocka_unit_test(test_bad_requests),
	};

	return cmocka_run_group_tests_name("cli_token", tests, start, end);
}
