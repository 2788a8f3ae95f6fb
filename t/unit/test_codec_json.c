/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/json.h"

#include <setjmp.h>
#include <cmocka.h>

static const struct json_limits *const LIM = &json_limits_request;

static json_t *parse(const char *text, unsigned flags)
{
	struct err e = ERR_INIT;
	json_t *v = json_parse(str_c(text), LIM, flags, &e);

	if (v == NULL)
		print_error("%s: %s\n", text, e.msg);
	assert_non_null(v);
	return v;
}

static void check_refused(struct str text, unsigned flags)
{
	struct err e = ERR_INIT;
	json_t *v = json_parse(text, LIM, flags, &e);

	if (v != NULL)
		print_error("accepted: " STR_FMT "\n", STR_ARG(text));
	assert_null(v);
	assert_int_equal(e.code, ERR_INVALID);
	assert_true(str_starts(str_c(e.msg), "JSON: "));
}

static void refuses(void **state)
{
	static const char *const bad[] = {
		"",
		" ",
		"{",
		"[",
		"}",
		"]",
		"{]",
		"[}",
		"[1,]",
		"{\"a\":1,}",
		"{a:1}",
		"{'a':1}",
		"nul",
		"NaN",
		"-",
		"01",
		"1.",
		".1",
		"+1",
		"1e",
		"1e400",
		"-Infinity",
		"\"a",
		"\"\\x\"",
		"\"\\u12\"",
		"\"\\ud800\"",
		"\"\\udc00\"",
		"\"\\ud800\\u0041\"",
		"\"a\nb\"",
		"\"\x01\"",
		"\"\xff\"",
		"\"\xc0\x80\"",
		"\xef\xbb\xbf{}",
		"// c\n{}",
		"/* */{}",
		"{\"a\" 1}",
		"{\"a\":}",
		"{\"a\"}",
		"{1:2}",
		"[1 2]",
		"{} x",
		"{}{}",
		"1 2",
		"{\"\\u0000\":1}",
		"99999999999999999999",
		"{\"a\":1}}",
		"[\"\\\"]",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		check_refused(str_c(bad[i]), 0);
	check_refused(STR("{\"a\":1}\0"), 0);
	check_refused(STR("[1]"), JSON_TOP_OBJECT);
	check_refused(STR("1"), JSON_TOP_OBJECT);
}

static void message_hides_text(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_null(json_parse(STR("{\"password\":\n \"s3cret\" \"x\"}"), LIM, 0, &e));
	assert_null(strstr(e.msg, "s3cret"));
	assert_non_null(strstr(e.msg, "line 2"));
}

static void takes_all_values(void **state)
{
	static const char *const good[] = {"null",
					   "true",
					   "1",
					   "-0",
					   "1.5e3",
					   "\"\\ud83d\\ude00\"",
					   " [ ] ",
					   "{}",
					   "[[[]]]",
					   "\"]}\"",
					   "[\"a\\\\\",\"\\\"\"]"};
	json_t *v;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		json_decref(parse(good[i], 0));
	v = parse("\"a\\u0000b\"", 0);
	assert_true(str_eq(json_str_view(v), STR("a\0b")));
	json_decref(v);
}

static void bounds_depth_and_count(void **state)
{
	struct json_limits lim = {.max_bytes = 1000000, .max_depth = 4, .max_values = 5};
	struct err e = ERR_INIT;
	struct buf b = BUF_INIT;

	(void)state;
	json_decref(json_parse(STR("[[[[]]]]"), &lim, 0, &e));
	assert_int_equal(e.code, ERR_OK);
	assert_null(json_parse(STR("[[[[[]]]]]"), &lim, 0, &e));
	assert_non_null(strstr(e.msg, "deeper than 4"));
	e = (struct err)ERR_INIT;
	json_decref(json_parse(STR("{\"a\":[1,2,3],\"b\":\"[,,,,,{{{{{\"}"), &lim, 0, &e));
	assert_int_equal(e.code, ERR_OK);
	assert_null(json_parse(STR("{\"a\":[1,2,3],\"b\":[4]}"), &lim, 0, &e));
	assert_non_null(strstr(e.msg, "more than 5 values"));
	for (size_t i = 0; i < 500000; i++)
		buf_putc(&b, i % 2 == 0 ? '[' : '{');
	assert_null(json_parse(buf_view(&b), &lim, 0, &e));
	assert_int_equal(e.code, ERR_INVALID);
	lim.max_bytes = b.n - 1;
	assert_null(json_parse(buf_view(&b), &lim, 0, &e));
	assert_int_equal(e.code, ERR_TOO_LARGE);
	buf_release(&b);
}

static void trailing_data(void **state)
{
	static const char *const texts[] = {"{\"a\":1} garbage", "{\"a\":1}{\"a\":2}",
					    "{\"a\":1}]]]]", "{\"a\":1}\"", " {\"a\":1}\xff"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		json_t *v = parse(texts[i], JSON_ALLOW_TRAILING | JSON_TOP_OBJECT);

		assert_int_equal(json_integer_value(json_object_get(v, "a")), 1);
		json_decref(v);
		check_refused(str_c(texts[i]), 0);
	}
	check_refused(STR("{]}"), JSON_ALLOW_TRAILING);
	json_decref(parse("{}  \r\n\t", 0));
}

static void check_fold(const char *text, const char *key, int64_t want)
{
	json_t *v = parse(text, JSON_FOLD_KEYS);
	struct err e = ERR_INIT;
	int64_t got = -1;

	assert_int_equal(json_get_i64(v, key, JSON_FOLD_KEYS, &got, &e), 0);
	if (got != want)
		print_error("%s: %s is %d\n", text, key, (int)got);
	assert_int_equal(got, want);
	json_decref(v);
}

static void last_in_text_order_wins(void **state)
{
	json_t *v;

	(void)state;
	check_fold("{\"a\":1}", "A", 1);
	check_fold("{\"a\":1,\"A\":2}", "a", 2);
	check_fold("{\"A\":1,\"a\":2}", "A", 2);
	check_fold("{\"a\":1,\"A\":2,\"a\":3}", "a", 3);
	check_fold("{\"a\":1,\"A\":2,\"a\":3,\"A\":4}", "a", 4);
	check_fold("{ \"a\" : 1 , \"x\":0,\"A\":2,\"\\u0061\":3, \"y\":{\"a\":9} }", "A", 3);
	check_fold("{\"a\":{\"q\":[1,{\"a\":5,\"a\":6}]},\"b\":7,\"A\":8,\"a\":10}", "a", 10);
	check_fold("{\"a\":\"},\\\"a\\\":1\",\"A\":2,\"a\":3}", "a", 3);
	v = parse("{\"t\":{\"k\":1,\"K\":2,\"k\":3},\"l\":[{\"x\":1,\"x\":[2,3]}]}", 0);
	assert_int_equal(json_object_size(json_object_get(v, "t")), 2);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(v, "t"), "k")), 3);
	assert_int_equal(
		json_integer_value(json_member(json_object_get(v, "t"), "k", JSON_FOLD_KEYS)), 3);
	assert_int_equal(
		json_array_size(json_object_get(json_array_get(json_object_get(v, "l"), 0), "x")),
		2);
	json_decref(v);
}

static void duplicates_refused(void **state)
{
	(void)state;
	check_refused(STR("{\"a\":1,\"a\":2}"), JSON_REFUSE_DUPLICATES);
	check_refused(STR("{\"a\":1,\"\\u0061\":2}"), JSON_REFUSE_DUPLICATES);
	check_refused(STR("[{\"x\":{\"a\":1,\"a\":2}}]"), JSON_REFUSE_DUPLICATES);
	json_decref(parse("{\"a\":1,\"A\":2}", JSON_REFUSE_DUPLICATES));
	check_refused(STR("{\"a\":1,\"A\":2}"), JSON_REFUSE_DUPLICATES | JSON_FOLD_KEYS);
	check_refused(STR("{\"o\":[{\"Ab\":1,\"aB\":2}]}"),
		      JSON_REFUSE_DUPLICATES | JSON_FOLD_KEYS);
	json_decref(parse("{\"a\":{\"a\":1},\"b\":{\"a\":1}}",
			  JSON_REFUSE_DUPLICATES | JSON_FOLD_KEYS));
}

static void getters(void **state)
{
	json_t *v = parse("{\"s\":\"x\",\"n\":null,\"i\":5,\"r\":1.5,\"b\":true}", 0);
	struct err e = ERR_INIT;
	struct str s;
	int64_t i;
	bool b;

	(void)state;
	assert_int_equal(json_get_str(v, "s", 0, &s, &e), 0);
	assert_true(str_eqc(s, "x"));
	assert_int_equal(json_get_str(v, "n", 0, &s, &e), -1);
	assert_string_equal(e.msg, "n: missing");
	assert_int_equal(json_get_str(v, "i", 0, &s, &e), -1);
	assert_string_equal(e.msg, "i: must be a string");
	assert_int_equal(json_get_str(v, "S", 0, &s, &e), -1);
	assert_int_equal(json_get_str(v, "S", JSON_FOLD_KEYS, &s, &e), 0);
	assert_int_equal(json_opt_str(v, "zz", 0, &s, &e), 0);
	assert_int_equal(s.n, 0);
	assert_int_equal(json_opt_str(v, "b", 0, &s, &e), -1);
	assert_int_equal(json_get_i64(v, "i", 0, &i, &e), 0);
	assert_int_equal(i, 5);
	assert_int_equal(json_get_i64(v, "r", 0, &i, &e), -1);
	assert_string_equal(e.msg, "r: must be an integer");
	assert_int_equal(json_get_i64(v, "zz", 0, &i, &e), -1);
	assert_int_equal(json_opt_bool(v, "zz", 0, true, &b, &e), 0);
	assert_true(b);
	assert_int_equal(json_opt_bool(v, "b", 0, false, &b, &e), 0);
	assert_true(b);
	assert_int_equal(json_opt_bool(v, "s", 0, false, &b, &e), -1);
	assert_int_equal(json_str_view(json_object_get(v, "i")).n, 0);
	json_decref(v);
}

static void writes_as_go(void **state)
{
	static const char *const same[] = {
		"{\"b\":1,\"a\":[true,false,null]}",
		"\"\\u003c\\u003e\\u0026\\u2028\\u2029\xe2\x82\xac\"",
		"\"\\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001f/\"",
		"[0.1,1.5,100.25,1e-7,1.5e+21,123456789012345680000,0.000001,-2.5,1e+100,5e-324]",
		"[-9223372036854775808,9223372036854775807]",
	};
	struct buf b = BUF_INIT;
	json_t *v;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(same); i++) {
		v = parse(i == 3 ? "[0.1,1.5,100.25,1e-7,1.5e21,123456789012345680000.0,1e-6,-2.5,"
				   "1e100,5e-324]"
				 : same[i],
			  0);
		buf_reset(&b);
		json_write(v, &b);
		if (!str_eqc(buf_view(&b), same[i]))
			print_error("%s\n", b.p);
		assert_true(str_eqc(buf_view(&b), same[i]));
		json_decref(v);
	}
	v = json_str_new(STR("a\xff\xe2\x82z"));
	assert_true(str_eqc(json_str_view(v), "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz"));
	json_decref(v);
	v = json_str_new(STR_NULL);
	assert_true(json_is_string(v) && json_string_length(v) == 0);
	json_decref(v);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses),
		cmocka_unit_test(message_hides_text),
		cmocka_unit_test(takes_all_values),
		cmocka_unit_test(bounds_depth_and_count),
		cmocka_unit_test(trailing_data),
		cmocka_unit_test(last_in_text_order_wins),
		cmocka_unit_test(duplicates_refused),
		cmocka_unit_test(getters),
		cmocka_unit_test(writes_as_go),
	};

	return cmocka_run_group_tests_name("codec/json", tests, NULL, NULL);
}
