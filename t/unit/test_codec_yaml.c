/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/json.h"
#include "codec/yaml.h"

#include <setjmp.h>
#include <cmocka.h>

static void reads_tree_and_lines(void **state)
{
	struct yaml_doc d;
	struct err e = ERR_INIT;
	const json_t *list, *o;

	(void)state;
	assert_int_equal(yaml_parse("f",
				    STR("# c\na: 1\nb:\n- x\n- \"y\"\n- !!str z\nc: {d: , e: 'f', "
					"g: [1, 2]}\nh: |\n  t\n"),
				    &d, &e),
			 0);
	assert_string_equal(json_string_value(json_object_get(d.root, "a")), "1");
	assert_true(yaml_is_plain(&d, json_object_get(d.root, "a")));
	assert_int_equal(yaml_key_line(&d, d.root, "a"), 2);
	assert_int_equal(yaml_key_line(&d, d.root, "b"), 3);
	assert_int_equal(yaml_key_line(&d, d.root, "nope"), 0);
	list = json_object_get(d.root, "b");
	assert_int_equal(json_array_size(list), 3);
	assert_int_equal(yaml_line(&d, json_array_get(list, 1)), 5);
	assert_true(yaml_is_plain(&d, json_array_get(list, 0)));
	assert_false(yaml_is_plain(&d, json_array_get(list, 1)));
	assert_false(yaml_is_plain(&d, json_array_get(list, 2)));
	o = json_object_get(d.root, "c");
	assert_string_equal(json_string_value(json_object_get(o, "d")), "");
	assert_int_equal(yaml_key_line(&d, o, "e"), 7);
	assert_int_equal(yaml_key_line(&d, d.root, "e"), 0);
	assert_false(yaml_is_plain(&d, json_object_get(d.root, "h")));
	assert_string_equal(json_string_value(json_object_get(d.root, "h")), "t\n");
	yaml_release(&d);
}

static void empty_is_an_object(void **state)
{
	static const char *const texts[] = {"",	     "\n\n",	   "# only\n",
					    "---\n", "---\n...\n", "%YAML 1.1\n---\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct yaml_doc d;
		struct err e = ERR_INIT;

		assert_int_equal(yaml_parse("f", str_c(texts[i]), &d, &e), 0);
		assert_true(json_is_object(d.root));
		assert_int_equal(json_object_size(d.root), 0);
		yaml_release(&d);
	}
}

static void refuses(void **state)
{
	static const struct {
		const char *text, *want;
	} bad[] = {
		{"a: 1\na: 2\n", "f:2:1: key occurs twice"},
		{"x:\n  b: 1\n  \"b\": 2\n", "f:3:3: key occurs twice"},
		{"a: &x 1\n", "f:1:4: anchors are not supported"},
		{"a: &x [1]\n", "f:1:4: anchors are not supported"},
		{"a: *x\n", "f:1:4: aliases are not supported"},
		{"a: !!int 1\n", "f:1:4: tags other than !!str are not supported"},
		{"a: !foo {}\n", "f:1:4: tags other than !!str are not supported"},
		{"a: !!map {}\n", "f:1:4: tags other than !!str are not supported"},
		{"[a]: 1\n", "f:1:1: a key must be a scalar"},
		{"? {a: b}\n: 1\n", "f:1:3: a key must be a scalar"},
		{"\"\": 1\n", "f:1:1: empty key"},
		{"a: 1\n---\nb: 2\n", "f:2:1: more than one document"},
		{"a: \"x\\0y\"\n", "f:1:4: NUL character or bad UTF-8"},
		{"a: [1\nb: 2\n", "f:"},
		{"a:\n\t- b\n", "f:2:1:"},
		{"a: 1\nb: \xff\n", "f:2:4:"},
		{"a: 'x\n", "f:"},
		{"a: b: c\n", "f:1:5:"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct yaml_doc d;
		struct err e = ERR_INIT;

		assert_int_equal(yaml_parse("f", str_c(bad[i].text), &d, &e), -1);
		if (!str_starts(str_c(e.msg), bad[i].want))
			print_error("%s: %s\n", bad[i].text, e.msg);
		assert_true(str_starts(str_c(e.msg), bad[i].want));
		assert_int_equal(e.code, ERR_INVALID);
		assert_null(d.root);
	}
}

static void bounds(void **state)
{
	struct buf b = BUF_INIT;
	struct yaml_doc d;
	struct err e = ERR_INIT;

	(void)state;
	for (unsigned depth = 32; depth <= 33; depth++) {
		buf_reset(&b);
		for (unsigned i = 0; i < depth; i++)
			buf_putc(&b, '[');
		for (unsigned i = 0; i < depth; i++)
			buf_putc(&b, ']');
		assert_int_equal(yaml_parse("f", buf_view(&b), &d, &e), depth == 32 ? 0 : -1);
		if (depth == 32)
			yaml_release(&d);
	}
	assert_non_null(strstr(e.msg, "nested deeper than 32"));
	buf_reset(&b);
	for (unsigned i = 0; i < 20001; i++)
		buf_puts(&b, "- x\n");
	assert_int_equal(yaml_parse("f", buf_view(&b), &d, &e), -1);
	assert_non_null(strstr(e.msg, "more than 20,000 values"));
	while (b.n <= 1U << 20)
		buf_puts(&b, "# filler filler filler filler filler\n");
	assert_int_equal(yaml_parse("f", buf_view(&b), &d, &e), -1);
	assert_int_equal(e.code, ERR_TOO_LARGE);
	buf_release(&b);
	assert_int_equal(yaml_read("/nonexistent/x.yaml", &d, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	yaml_release(&d);
}

static void core_schema(void **state)
{
	static const struct {
		const char *yaml, *json;
	} cases[] = {
		{"[~, null, Null, NULL, '', \"null\", nULL]",
		 "[null,null,null,null,\"\",\"null\",\"nULL\"]"},
		{"[true, True, TRUE, tRUE, yes, on, 'true']",
		 "[true,true,true,\"tRUE\",\"yes\",\"on\",\"true\"]"},
		{"[false, False, FALSE, no, off]", "[false,false,false,\"no\",\"off\"]"},
		{"[0, -19, +5, 007, 0o17, 0x1F, 0o8, 0xg, 0x, -0x1, 1_000]",
		 "[0,-19,5,7,15,31,\"0o8\",\"0xg\",\"0x\",\"-0x1\",\"1_000\"]"},
		{"[1.5, .5, -2., 1e3, 12e03, +1.5E-2, ., -, 1e, 1.2.3, e5]",
		 "[1.5,0.5,-2,1000,12000,0.015,\".\",\"-\",\"1e\",\"1.2.3\",\"e5\"]"},
		{"[9223372036854775807, 9223372036854775808, .inf, .nan, 1e999]",
		 "[9223372036854775807,9223372036854776000,\".inf\",\".nan\",\"1e999\"]"},
		{"{a: {b: [1, \"1\"]}, c: 12:30}", "{\"a\":{\"b\":[1,\"1\"]},\"c\":\"12:30\"}"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct yaml_doc d;
		struct err e = ERR_INIT;
		struct buf out = BUF_INIT;
		json_t *v;

		assert_int_equal(yaml_parse("f", str_c(cases[i].yaml), &d, &e), 0);
		v = yaml_core_value(&d, d.root);
		json_write(v, &out);
		if (!str_eqc(buf_view(&out), cases[i].json))
			print_error("%s\n", out.p);
		assert_true(str_eqc(buf_view(&out), cases[i].json));
		json_decref(v);
		buf_release(&out);
		yaml_release(&d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_tree_and_lines),
		cmocka_unit_test(empty_is_an_object),
		cmocka_unit_test(refuses),
		cmocka_unit_test(bounds),
		cmocka_unit_test(core_schema),
	};

	return cmocka_run_group_tests_name("codec/yaml", tests, NULL, NULL);
}
