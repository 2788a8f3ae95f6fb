/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "jose/jwt.h"
#include "jose_util.h"

#define NOW  INT64_C(1800000000)
#define HOUR 3600

static enum err_code claims(const char *text, struct jwt_claims *c)
{
	struct err e = ERR_INIT;
	json_t *o = json_of(text);
	enum err_code code = jwt_claims(o, c, &e) < 0 ? e.code : ERR_OK;

	json_decref(o); /* c's views are not looked at */
	return code;
}

static void members(void **state)
{
	struct err e = ERR_INIT;
	struct jwt_claims c;
	json_t *o = json_of("{\"iss\":\"i\",\"sub\":\"s\",\"jti\":\"j\",\"aud\":[\"a\",\"b\"],"
			    "\"exp\":3,\"nbf\":2.9,\"iat\":-1}");

	(void)state;
	assert_int_equal(jwt_claims(o, &c, &e), 0);
	assert_true(str_eqc(c.iss, "i") && str_eqc(c.sub, "s") && str_eqc(c.jti, "j"));
	assert_int_equal(c.exp, 3);
	assert_int_equal(c.nbf, 2);
	assert_int_equal(c.iat, -1);
	assert_int_equal(json_array_size(c.aud), 2);
	json_decref(o);
	assert_int_equal(claims("{}", &c), ERR_OK);
	assert_null(c.aud);
	assert_int_equal(c.iss.n + c.sub.n + c.jti.n, 0);
	assert_int_equal(jwt_claims(NULL, &c, &e), -1);
}

static void malformed(void **state)
{
	static const char *const bad[] = {
		"[]",
		"{\"iss\":1}",
		"{\"sub\":null}",
		"{\"jti\":[]}",
		"{\"aud\":1}",
		"{\"aud\":null}",
		"{\"aud\":{}}",
		"{\"aud\":[1]}",
		"{\"aud\":[\"a\",null]}",
		"{\"exp\":\"1800000000\"}",
		"{\"exp\":null}",
		"{\"exp\":true}",
		"{\"exp\":[1]}",
		"{\"exp\":1e30}",
		"{\"exp\":-1e300}",
		"{\"exp\":9223372036854775807}",
		"{\"nbf\":9223372036854775807}",
		"{\"iat\":-9223372036854775807}",
		"{\"nbf\":\"x\"}",
		"{\"iat\":{}}",
	};
	struct buf many = BUF_INIT;
	struct jwt_claims c;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (claims(bad[i], &c) != ERR_INVALID)
			fail_msg("accepted: %s", bad[i]);
	buf_puts(&many, "{\"aud\":[\"a\"");
	for (int i = 0; i < 32; i++)
		buf_puts(&many, ",\"a\"");
	buf_puts(&many, "]}");
	assert_int_equal(claims(many.p, &c), ERR_INVALID);
	buf_release(&many);
}

static bool in_time(int64_t exp, int64_t nbf, int64_t iat)
{
	struct jwt_claims c = {.exp = exp, .nbf = nbf, .iat = iat};
	struct err e = ERR_INIT;

	if (jwt_check_time(&c, NOW, HOUR, &e) == 0)
		return true;
	assert_int_equal(e.code, ERR_UNAUTHORIZED);
	return false;
}

static void times(void **state)
{
	(void)state;
	assert_true(in_time(NOW + 300, NOW, NOW));
	assert_true(in_time(NOW + 300, 0, 0));
	assert_false(in_time(0, NOW, NOW)); /* no exp */
	/* leeway: exactly one minute */
	assert_true(in_time(NOW - 60, 0, 0));
	assert_false(in_time(NOW - 61, 0, 0));
	assert_true(in_time(NOW + 300, NOW + 60, 0));
	assert_false(in_time(NOW + 300, NOW + 61, 0));
	assert_true(in_time(NOW + 300, 0, NOW + 60));
	assert_false(in_time(NOW + 300, 0, NOW + 61));
	assert_false(in_time(-5, 0, 0));
	/* a life of at most one hour: from iat or nbf, from now when it has neither */
	assert_true(in_time(NOW + HOUR, 0, 0));
	assert_false(in_time(NOW + HOUR + 1, 0, 0));
	assert_true(in_time(NOW + HOUR + 30, NOW, NOW + 30));
	assert_false(in_time(NOW + HOUR + 31, NOW, NOW + 30));
	assert_true(in_time(NOW - 5000 + HOUR + 2000, NOW - 3000, NOW - 5000));
	assert_false(in_time(NOW + HOUR, 0, NOW - 5000)); /* its last hour of a longer life */
	assert_false(in_time(NOW + HOUR, NOW - 5000, 0));
	assert_true(in_time(NOW + HOUR - 100, 0, NOW - 100));
	assert_false(in_time(NOW + HOUR - 99, 0, NOW - 100));
	assert_false(in_time(NOW + 300, 0, -5));
	assert_false(in_time(NOW + INT64_C(315360000), NOW, NOW)); /* ten years */
	assert_false(in_time(INT64_C(253402300799), NOW, NOW));
}

static bool aud(const char *text, const char *want)
{
	json_t *o = json_of(text);
	struct str w = str_c(want);
	bool ok = jwt_audience(o, &w, 1);

	json_decref(o);
	return ok;
}

static void audiences(void **state)
{
	static const struct {
		const char *aud, *want;
		bool match;
	} cases[] = {
		{"\"https://ca.example/1.0/sign\"", "https://ca.example/1.0/sign", true},
		{"\"https://ca.example:9000/1.0/sign\"", "https://ca.example/1.0/sign", true},
		{"\"https://ca.example/1.0/sign\"", "https://ca.example:443/1.0/sign", true},
		{"\"HTTPS://CA.Example/1.0/sign\"", "https://ca.example/1.0/sign", true},
		{"\"https://[::1]:9000/sign\"", "https://[::1]/sign", true},
		{"\"https://ca.example/1.0/Sign\"", "https://ca.example/1.0/sign", false},
		{"\"https://ca.example/1.0/sign/\"", "https://ca.example/1.0/sign", false},
		{"\"https://ca.example/1.0/sign?a=1\"", "https://ca.example/1.0/sign", false},
		{"\"https://ca.example/1.0/sign#\"", "https://ca.example/1.0/sign", false},
		{"\"https://ca.example/1.0/sign#x5c/a\"", "https://ca.example/1.0/sign", false},
		{"\"https://ca.example/1.0/sign#x5c/a\"", "https://ca.example/1.0/sign#x5c/a",
		 true},
		{"\"https://ca.example/1.0/sign#x5c/A\"", "https://ca.example/1.0/sign#x5c/a",
		 false},
		{"\"https://ca.example/1.0/%73ign\"", "https://ca.example/1.0/sign", false},
		{"\"http://ca.example/1.0/sign\"", "https://ca.example/1.0/sign", false},
		{"\"https://user@ca.example/1.0/sign\"", "https://ca.example/1.0/sign", false},
		{"\"https://ca.example.evil/1.0/sign\"", "https://ca.example/1.0/sign", false},
		{"\"https://evil.ca.example/1.0/sign\"", "https://ca.example/1.0/sign", false},
		{"\"https://ca.example/../ca.example/1.0/sign\"", "https://ca.example/1.0/sign",
		 false},
		{"\"//ca.example/1.0/sign\"", "https://ca.example/1.0/sign", false},
		{"\"/1.0/sign\"", "https://ca.example/1.0/sign", false},
		{"\"https:\"", "https://ca.example/1.0/sign", false},
		{"\"\"", "https://ca.example/1.0/sign", false},
		{"\"https://ca.example:99999/1.0/sign\"", "https://ca.example/1.0/sign", false},
		{"\"step-certificate-authority\"", "step-certificate-authority", true},
		{"\"Step-certificate-authority\"", "step-certificate-authority", false},
		{"[\"x\",\"https://ca.example/1.0/sign\"]", "https://ca.example/1.0/sign", true},
		{"[]", "https://ca.example/1.0/sign", false},
		{"7", "https://ca.example/1.0/sign", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (aud(cases[i].aud, cases[i].want) != cases[i].match)
			fail_msg("%s against %s", cases[i].aud, cases[i].want);
	assert_false(jwt_audience(NULL, NULL, 0));
}

/* Claims of tokens that `step` made. */
static void recorded_from_step(void **state)
{
	json_t *v = load_vectors("t/vectors/jose/step.json");
	int64_t at = json_integer_value(json_object_get(v, "at"));
	static const char *const names[] = {"sign_token", "cnf_token", "revoke_token"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct arena *a = arena_new();
		struct err e = ERR_INIT;
		struct jwt_claims c;
		struct jws j;
		struct str sign = STR("https://localhost/1.0/sign"),
			   revoke = STR("https://localhost/1.0/revoke");

		assert_int_equal(jws_parse(str_c(text_of(v, names[i])), a, &j, &e), 0);
		assert_int_equal(jwt_claims(j.payload, &c, &e), 0);
		assert_int_equal(jwt_check_time(&c, at, HOUR, &e), 0);
		assert_int_equal(jwt_check_time(&c, at + 400, HOUR, &e), -1);
		assert_true(str_eqc(c.iss, "admin"));
		assert_int_equal(c.jti.n, 64);
		assert_int_equal(jwt_audience(c.aud, &sign, 1), i < 2);
		assert_int_equal(jwt_audience(c.aud, &revoke, 1), i == 2);
		jws_release(&j);
		arena_free(a);
	}
	json_decref(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members),
		cmocka_unit_test(malformed),
		cmocka_unit_test(times),
		cmocka_unit_test(audiences),
		cmocka_unit_test(recorded_from_step),
	};

	return cmocka_run_group_tests_name("jose jwt", tests, NULL, NULL);
}
