/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl_util.h"

#include <math.h>

/* Values: kinds and names, truth, maps, JSON in and out. */

static void names(void **state)
{
	struct arena *a = arena_new();
	struct str one = STR("x");

	(void)state;
	assert_string_equal(tv_type_name(tv_nil()), "<nil>");
	assert_string_equal(tv_type_name(tv_int(1)), "int");
	assert_string_equal(tv_type_name(tv_any(tv_float(1))), "float64");
	assert_string_equal(tv_type_name(tv_nil_list(&tv_type_lists)), "[][]interface {}");
	assert_string_equal(tv_type_name(tv_strings(a, &one, 1)), "[]string");
	assert_string_equal(tv_type_name(tv_map_new(a, &tv_type_string_map, 0)),
			    "map[string]string");
	assert_string_equal(tv_kind_name(TV_INVALID), "invalid");
	assert_string_equal(tv_kind_name(TV_UINT8), "uint8");
	assert_string_equal(tv_kind_name(TV_COMPLEX128), "complex128");
	assert_string_equal(tv_kind_name(TV_PTR), "ptr");
	assert_string_equal(tv_kind_name(TV_FUNC), "func");
	arena_free(a);
}

static void truth(void **state)
{
	struct arena *a = arena_new();
	struct tv item = tv_int(0), map = tv_map_new(a, &tv_type_map, 0);
	bool ok;

	(void)state;
	assert_false(tv_truth(tv_nil(), &ok));
	assert_true(ok);
	assert_false(tv_truth(tv_bool(false), &ok));
	assert_true(tv_truth(tv_bool(true), &ok));
	assert_false(tv_truth(tv_float(-0.0), &ok));
	assert_true(tv_truth(tv_float((double)NAN), &ok));
	assert_false(tv_truth(tv_str(STR("")), &ok));
	assert_true(tv_truth(tv_str(STR("\0")), &ok));
	assert_false(tv_truth(tv_nil_list(&tv_type_list), &ok));
	assert_true(tv_truth(tv_list(&tv_type_list, &item, 1), &ok));
	assert_false(tv_truth(map, &ok));
	tv_map_set(map.map, STR("k"), tv_nil());
	assert_true(tv_truth(map, &ok));
	arena_free(a);
}

static void maps(void **state)
{
	struct arena *a = arena_new();
	struct tv_map *m = tv_map_new(a, &tv_type_map, 0).map;
	char key[16];

	(void)state;
	assert_null(tv_map_get(NULL, STR("a")));
	assert_null(tv_map_get(m, STR("a")));
	assert_false(tv_map_unset(NULL, STR("a")));
	for (int i = 0; i < 500; i++) { /* in an order that is none */
		int n = snprintf(key, sizeof(key), "%03d", i * 7 % 500);
		tv_map_set(m, arena_str(a, str_mem(key, (size_t)n)), tv_int(i));
	}
	assert_int_equal(m->n, 500);
	for (size_t i = 1; i < m->n; i++)
		assert_true(str_cmp(m->entries[i - 1].key, m->entries[i].key) < 0);
	assert_int_equal(tv_map_get(m, STR("007"))->i, 1);
	assert_true(tv_map_get(m, STR("007"))->iface);
	tv_map_set(m, STR("007"), tv_str(STR("new")));
	assert_int_equal(m->n, 500);
	assert_true(tv_is_string(*tv_map_get(m, STR("007"))));
	assert_true(tv_map_unset(m, STR("007")));
	assert_false(tv_map_unset(m, STR("007")));
	assert_null(tv_map_get(m, STR("007")));
	assert_int_equal(m->n, 499);

	/* Many at once: sorted, of repeats the last one. */
	m = tv_map_new(a, &tv_type_string_map, 2).map;
	tv_map_append(m, STR("b"), tv_int(1));
	tv_map_append(m, STR("a"), tv_int(2));
	tv_map_append(m, STR("b"), tv_int(3));
	tv_map_append(m, STR(""), tv_int(4));
	tv_map_append(m, STR("a"), tv_int(5));
	tv_map_sort(m);
	assert_int_equal(m->n, 3);
	assert_int_equal(m->entries[0].value.i, 4);
	assert_int_equal(m->entries[1].value.i, 5);
	assert_int_equal(m->entries[2].value.i, 3);
	assert_false(m->entries[0].value.iface); /* of a map[string]string */
	arena_free(a);
}

static void parse_fails(const char *text, const char *want, struct arena *a)
{
	struct buf why = BUF_INIT;
	struct tv v;

	assert_int_equal(tv_parse_json(str_c(text), a, &v, &why), -1);
	assert_string_equal(why.p, want);
	assert_null(v.type);
	buf_release(&why);
}

static void json_errors(void **state)
{
	static const char *const cases[][2] = {
		{"", "unexpected end of JSON input"},
		{"  ", "unexpected end of JSON input"},
		{"[1", "unexpected end of JSON input"},
		{"{\"a\"", "unexpected end of JSON input"},
		{"\"abc", "unexpected end of JSON input"},
		{"tru", "invalid character ' ' in literal true (expecting 'e')"},
		{"nulx", "invalid character 'x' in literal null (expecting 'l')"},
		{"-", "invalid character ' ' in numeric literal"},
		{"-a", "invalid character 'a' in numeric literal"},
		{"1.", "invalid character ' ' after decimal point in numeric literal"},
		{"1e+", "invalid character ' ' in exponent of numeric literal"},
		{"01", "invalid character '1' after top-level value"},
		{"1 2", "invalid character '2' after top-level value"},
		{"[1 2]", "invalid character '2' after array element"},
		{"[1,]", "invalid character ']' looking for beginning of value"},
		{"{,}", "invalid character ',' looking for beginning of object key string"},
		{"{\"a\":1,}", "invalid character '}' looking for beginning of object key string"},
		{"{\"a\" 1}", "invalid character '1' after object key"},
		{"{\"a\":1]", "invalid character ']' after object key:value pair"},
		{"\"\n\"", "invalid character '\\n' in string literal"},
		{"\"\\x\"", "invalid character 'x' in string escape code"},
		{"\"\\u12g4\"", "invalid character 'g' in \\u hexadecimal character escape"},
		{"'", "invalid character '\\'' looking for beginning of value"},
		{"[\"\"\"", "invalid character '\"' after array element"},
		{"\xef\xbb\xbf{}", "invalid character '\xc3\xaf' looking for beginning of value"},
	};
	struct arena *a = arena_new();
	struct buf deep = BUF_INIT, why = BUF_INIT;
	struct tv v;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		parse_fails(cases[i][0], cases[i][1], a);
	for (int i = 0; i < 10001; i++)
		buf_putc(&deep, '[');
	parse_fails(deep.p, "invalid character '[' exceeded max depth", a);

	/* A number out of range leaves a null behind, and a syntax error wins. */
	assert_int_equal(tv_parse_json(STR("[1,1e400]"), a, &v, &why), -1);
	assert_string_equal(why.p,
			    "json: cannot unmarshal number 1e400 into Go value of type float64");
	assert_int_equal(tv_count(v), 2);
	assert_null(v.list.items[1].type);
	parse_fails("[1e400", "unexpected end of JSON input", a);
	buf_release(&deep);
	buf_release(&why);
	arena_free(a);
}

static void round_trip(const char *text, const char *want)
{
	struct arena *a = arena_new();
	struct buf out = BUF_INIT, why = BUF_INIT;
	struct tv v;

	assert_int_equal(tv_parse_json(str_c(text), a, &v, &why), 0);
	assert_int_equal(tv_to_json(v, 0, a, &out, &why), 0);
	assert_string_equal(out.p, want);
	buf_release(&out);
	buf_release(&why);
	arena_free(a);
}

static void json_round(void **state)
{
	(void)state;
	round_trip(" {\"b\":1,\"a\":[null,true,{}],\"b\":2} ", "{\"a\":[null,true,{}],\"b\":2}");
	round_trip("[1e20,1e21,123456789,0.000001,1e-7,-0,1.50]",
		   "[100000000000000000000,1e+21,123456789,0.000001,1e-7,-0,1.5]");
	round_trip("9007199254740993", "9007199254740992");
	round_trip("\"<>&\xe2\x80\xa8\\u2029\\u0001\\b\\f\\n\\r\\t\\/\\\"\x7f\"",
		   "\"\\u003c\\u003e\\u0026\\u2028\\u2029\\u0001\\b\\f\\n\\r\\t/\\\"\x7f\"");
	round_trip("\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\"");
	round_trip("\"\\ud83d\\u0041\"", "\"\xef\xbf\xbd"
					 "A\"");
	round_trip("\"\\ude00\"", "\"\xef\xbf\xbd\"");
	round_trip("\"\xff\"", "\"\xef\xbf\xbd\""); /* repaired when it is read */
	round_trip("{\"\":{\"\\u0061\":[]}}", "{\"\":{\"a\":[]}}");
}

static void encode(struct tv v, unsigned flags, int rc, const char *want)
{
	struct arena *a = arena_new();
	struct buf out = BUF_INIT, why = BUF_INIT;

	assert_int_equal(tv_to_json(v, flags, a, &out, &why), rc);
	assert_string_equal(rc == 0 ? out.p : why.p, want);
	buf_release(&out);
	buf_release(&why);
	arena_free(a);
}

static void json_encode_values(void **state)
{
	struct arena *a = arena_new();
	struct tv list[2] = {tv_any(tv_int(-5)), tv_null()}, empty = tv_map_new(a, &tv_type_map, 0);
	struct tv bytes = {.type = &tv_type_bytes, .s = STR("\0\xff hi")};
	struct tv cx = {.type = &tv_type_complex128};

	(void)state;
	encode(tv_nil(), 0, 0, "null");
	encode(tv_int(INT64_MIN), 0, 0, "-9223372036854775808");
	encode((struct tv){.type = &tv_type_uint64, .u = UINT64_MAX}, 0, 0, "18446744073709551615");
	encode(tv_nil_list(&tv_type_list), 0, 0, "null");
	encode(tv_list(&tv_type_list, NULL, 0), TV_JSON_INDENT, 0, "[]");
	encode(tv_list(&tv_type_list, list, 2), TV_JSON_INDENT, 0, "[\n  -5,\n  null\n]");
	encode(bytes, 0, 0, "\"AP8gaGk=\"");
	encode(tv_nil_list(&tv_type_bytes), 0, 0, "null");
	encode(tv_str(STR("a\xff<")), 0, 0, "\"a\\ufffd\\u003c\"");
	encode(tv_str(STR("<\xe2\x80\xa8")), TV_JSON_RAW, 0, "\"<\\u2028\"");
	encode(tv_float((double)NAN), 0, -1, "json: unsupported value: NaN");
	encode(tv_float(-(double)INFINITY), 0, -1, "json: unsupported value: -Inf");
	encode(cx, 0, -1, "json: unsupported type: complex128");
	encode(empty, TV_JSON_INDENT, 0, "{}");
	tv_map_set(empty.map, STR("k\"]"), tv_list(&tv_type_list, list, 1));
	encode(empty, TV_JSON_INDENT, 0, "{\n  \"k\\\"]\": [\n    -5\n  ]\n}");
	tv_map_set(empty.map, STR("self"), empty);
	encode(empty, 0, -1,
	       "json: unsupported value: encountered a cycle via map[string]interface {}");
	arena_free(a);
}

/* A limit ends the encoding of a value that has the same part over and over. */
static void json_limit(void **state)
{
	struct arena *a = arena_new();
	struct buf out = {.limit = 10000}, why = BUF_INIT;
	struct tv v = tv_list(&tv_type_list, NULL, 0);

	(void)state;
	for (int i = 0; i < 60; i++) {
		struct tv *two = ARENA_ARRAY(a, struct tv, 2);
		two[0] = two[1] = tv_any(v);
		v = tv_list(&tv_type_list, two, 2);
	}
	assert_int_equal(tv_to_json(v, 0, a, &out, &why), -1);
	assert_true(out.failed);
	assert_true(out.n <= 10000);
	buf_release(&out);
	out.failed = false;
	tv_print(v, a, &out);
	assert_true(out.failed);
	buf_release(&out);
	buf_release(&why);
	arena_free(a);
}

static void from_jansson(void **state)
{
	struct arena *a = arena_new();
	json_t *j = json_loads("{\"z\":[1,-0.0,\"x\\u0000y\",null],\"a\":true,\"\":{}}",
			       JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, NULL);
	struct tv v = tv_from_json(j, a);
	struct buf out = BUF_INIT;

	(void)state;
	json_decref(j); /* all was copied */
	assert_true(v.type == &tv_type_map);
	const struct tv *z = tv_map_get(v.map, STR("z"));
	assert_true(z->iface && z->type == &tv_type_list);
	assert_int_equal(z->list.items[2].s.n, 3);
	assert_true(z->list.items[3].iface && z->list.items[3].type == NULL);
	tv_print(v, a, &out);
	assert_int_equal(out.n, strlen("map[:map[] a:true z:[1 -0 x?y <nil>]]"));
	assert_memory_equal(out.p, "map[:map[] a:true z:[1 -0 x\0y <nil>]]", out.n);
	buf_release(&out);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),      cmocka_unit_test(truth),
		cmocka_unit_test(maps),	      cmocka_unit_test(json_errors),
		cmocka_unit_test(json_round), cmocka_unit_test(json_encode_values),
		cmocka_unit_test(json_limit), cmocka_unit_test(from_jansson),
	};

	return cmocka_run_group_tests_name("tmpl_value", tests, NULL, NULL);
}
