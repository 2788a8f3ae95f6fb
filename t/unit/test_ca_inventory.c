/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inventories over both drivers: lists, records, pages, and the lines of an import. */
#include "base/compat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "inventory_run.h"

static void test_lists(void **state)
{
	static const char *const bad[] = {
		"",    "A",
		"-a",  "a b",
		"a/b", "\xc3\xa4",
		".x",  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
	struct fix *f = *state;
	struct inventory_lists *l = ARENA_NEW(f->arena, struct inventory_lists);
	struct inventory_change *c;

	create(f, "hosts", false);
	create(f, "0.a_b-c", true);
	assert_int_equal(do_change(f, change(f, INVENTORY_CREATE, "hosts", "")), ERR_CONFLICT);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(do_change(f, change(f, INVENTORY_CREATE, bad[i], "")),
				 ERR_INVALID);
	c = change(f, INVENTORY_CREATE, "more", "");
	c->kind = STR("tree");
	assert_int_equal(do_change(f, c), ERR_INVALID);
	c->kind = STR("device");
	assert_int_equal(do_change(f, c), ERR_OK);
	l->ca = &f->ca;
	inventory_lists_init(l, f->arena);
	assert_int_equal(finish(f, &l->flow), ERR_OK);
	assert_int_equal(l->n, 3);
	assert_true(str_eqc(l->lists[0].name, "0.a_b-c") && l->lists[0].fold_case);
	assert_true(str_eqc(l->lists[1].name, "hosts") && !l->lists[1].fold_case);
	assert_true(str_eqc(l->lists[2].kind, "device"));
	assert_int_equal(do_change(f, change(f, INVENTORY_DROP, "hosts", "")), ERR_OK);
	c = change(f, INVENTORY_DROP, "hosts", "");
	assert_int_equal(do_change(f, c), ERR_NOT_FOUND);
	assert_non_null(strstr(c->flow.err.msg, "`signet inventory list`"));
	assert_non_null(strstr(show(f, "hosts", "x"), "there is no inventory \"hosts\""));
	create(f, "hosts", false);
}

static void test_records(void **state)
{
	struct fix *f = *state;
	const struct inventory_get *g;
	struct inventory_change *c;

	create(f, "devices", false);
	assert_int_equal(set(f, "devices", "d1", "{\"names\":[\"a\",\"b\"],\"n\":1.5}"), ERR_OK);
	g = get(f, "devices", "d1");
	assert_true(g->found && g->version == 2);
	assert_string_equal(show(f, "devices", "d1"),
			    "{\"names\":[\"a\",\"b\"],\"n\":1.5,\"_key\":\"d1\"}");
	assert_string_equal(show(f, "devices", "D1"), "-");
	assert_string_equal(show(f, "devices", ""), "-");
	assert_string_equal(show(f, "devices", "a\nb"), "-");
	assert_int_equal(count_of(f, "devices"), 1);
	assert_int_equal(set(f, "devices", "d1", "{}"), ERR_OK);
	assert_int_equal(count_of(f, "devices"), 1);
	assert_string_equal(show(f, "devices", "d1"), "{\"_key\":\"d1\"}");
	assert_int_equal(set(f, "devices", "d2", "{\"x\":null}"), ERR_OK);
	c = change(f, INVENTORY_UNSET, "devices", "d1");
	assert_int_equal(do_change(f, c), ERR_OK);
	assert_int_equal(c->info.count, 1);
	assert_int_equal(c->info.version, 5);
	assert_int_equal(do_change(f, change(f, INVENTORY_UNSET, "devices", "d1")), ERR_NOT_FOUND);
	assert_string_equal(show(f, "devices", "d1"), "-");
	assert_int_equal(rows_in_store(f), 1);
	assert_int_equal(set(f, "nowhere", "d1", "{}"), ERR_NOT_FOUND);
	assert_int_equal(set(f, "devices", "", "{}"), ERR_INVALID);
	assert_int_equal(set(f, "devices", "x", "[]"), ERR_INVALID);
	assert_int_equal(set(f, "devices", "x", "{\"_key\":\"y\"}"), ERR_INVALID);
	assert_int_equal(do_change(f, change(f, INVENTORY_DROP, "devices", "")), ERR_OK);
	wait_swept(f);
	assert_int_equal(rows_in_store(f), 0);
}

static void test_versions(void **state)
{
	static const struct {
		const char *key;
		uint64_t if_version;
		enum inventory_act act;
		enum err_code want;
	} rows[] = {
		{"new", 0, INVENTORY_SET, ERR_OK},
		{"new", 0, INVENTORY_SET, ERR_CONFLICT},
		{"new", 1, INVENTORY_SET, ERR_CONFLICT},
		{"new", 2, INVENTORY_SET, ERR_OK},
		{"new", 2, INVENTORY_SET, ERR_CONFLICT},
		{"new", 2, INVENTORY_UNSET, ERR_CONFLICT},
		{"other", 9, INVENTORY_SET, ERR_CONFLICT},
		{"new", 3, INVENTORY_UNSET, ERR_OK},
		{"new", 3, INVENTORY_UNSET, ERR_CONFLICT},
	};
	struct fix *f = *state;

	create(f, "l", false);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct inventory_change *c = change(f, rows[i].act, "l", rows[i].key);

		c->attributes = object(f, "{\"a\":1}");
		c->has_if_version = true;
		c->if_version = rows[i].if_version;
		if (do_change(f, c) != rows[i].want)
			fail_msg("row %zu: %d %s", i, (int)c->flow.err.code, c->flow.err.msg);
	}
	assert_int_equal(count_of(f, "l"), 0);
}

static void test_fold(void **state)
{
	struct fix *f = *state;
	const char *id;

	create(f, "people", true);
	assert_int_equal(set(f, "people", "Jane@Example.com", "{\"user\":\"jane\"}"), ERR_OK);
	assert_string_equal(show(f, "people", "jane@EXAMPLE.com"),
			    "{\"user\":\"jane\",\"_key\":\"Jane@Example.com\"}");
	assert_int_equal(set(f, "people", "jane@example.com", "{\"user\":\"j\"}"), ERR_OK);
	assert_int_equal(count_of(f, "people"), 1);
	assert_string_equal(keys(f, "people", "JANE", 10), "jane@example.com");
	assert_string_equal(show(f, "people", "j\xc3\x84ne"), "-");
	id = begin_import(f, "people", false);
	assert_int_equal(add_text(f, "people", id,
				  "{\"key\":\"A@x\",\"attributes\":{}}\n"
				  "{\"key\":\"a@X\",\"attributes\":{}}\n",
				  NULL),
			 ERR_INVALID);
	assert_string_equal(keys(f, "people", "", 10), "jane@example.com");
}

/* Many at once: the count and versions are right, none is lost. */
static void test_many_changes(void **state)
{
	struct fix *f = *state;
	struct caller *callers = ARENA_ARRAY(f->arena, struct caller, 12);
	struct inventory_change *c[12];

	create(f, "l", false);
	for (unsigned i = 0; i < ARRAY_LEN(c); i++) {
		c[i] = change(f, INVENTORY_SET, "l", arena_printf(f->arena, "k%u", i / 2));
		c[i]->attributes = object(f, "{}");
		inventory_change_init(c[i], f->arena);
		start_call(f, &callers[i], &c[i]->flow);
	}
	for (unsigned i = 0; i < ARRAY_LEN(c); i++) {
		run_until(f->ca.loop, &callers[i].over);
		if (c[i]->flow.failed)
			fail_msg("%s", c[i]->flow.err.msg);
	}
	assert_int_equal(count_of(f, "l"), 6);
	assert_int_equal(page(f, "l", "", 1, STR_NULL)->info.version, 13);
	assert_string_equal(keys(f, "l", "", 4), "k0 k1 k2 k3 k4 k5");
}

static void test_pages(void **state)
{
	static const char *const names[] = {"a", "b", "ba", "bb", "b\xc3\xa4", "c/d", "c/e", "~"};
	static const char *const bad[] = {"!", "a", "====", "AA=="};
	struct fix *f = *state;
	struct buf big = BUF_INIT;

	create(f, "l", false);
	create(f, "m", false);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_int_equal(set(f, "l", names[i], "{\"x\":1}"), ERR_OK);
	assert_int_equal(set(f, "m", "zz", "{}"), ERR_OK);
	for (unsigned limit = 1; limit < 10; limit++) {
		assert_string_equal(keys(f, "l", "", limit), "a b ba bb b\xc3\xa4 c/d c/e ~");
		assert_string_equal(keys(f, "l", "b", limit), "b ba bb b\xc3\xa4");
	}
	assert_string_equal(keys(f, "l", "c/", 1), "c/d c/e");
	assert_string_equal(keys(f, "l", "x", 10), "");
	assert_int_equal(page(f, "l", "", 0, STR_NULL)->flow.err.code, ERR_INVALID);
	assert_int_equal(page(f, "l", "", 1001, STR_NULL)->flow.err.code, ERR_INVALID);
	assert_int_equal(page(f, "q", "", 1, STR_NULL)->flow.err.code, ERR_NOT_FOUND);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(page(f, "l", "", 1, str_c(bad[i]))->flow.err.code, ERR_INVALID);
	/* another list's cursor, and one before the prefix: a place, no secret */
	assert_int_equal(page(f, "m", "", 1, page(f, "l", "", 1, STR_NULL)->next)->n, 1);
	assert_int_equal(page(f, "l", "c", 9, page(f, "l", "", 1, STR_NULL)->next)->n, 2);
	assert_int_equal(page(f, "l", "a", 9, page(f, "l", "", 3, STR_NULL)->next)->n, 0);
	/* large records make short pages */
	buf_puts(&big, "{\"x\":\"");
	while (big.n < 16000)
		buf_putc(&big, 'x');
	buf_puts(&big, "\"}");
	for (unsigned i = 0; i < 40; i++)
		assert_int_equal(set(f, "m", arena_printf(f->arena, "b%02u", i), big.p), ERR_OK);
	assert_true(page(f, "m", "", 1000, STR_NULL)->n < 25);
	assert_int_equal(keys_counted(f, "m"), 41);
	buf_release(&big);
}

/* ---- lines ---- */

static void test_lines(void **state)
{
	static const struct {
		const char *text, *error; /* NULL: fine */
	} rows[] = {
		{"", NULL},
		{"\n\n", NULL},
		{"{\"key\":\"a\",\"attributes\":{}}", NULL},
		{"{\"attributes\":{\"a\":{\"b\":[1]}},\"key\":\"a\"}\n", NULL},
		{"{\"key\":\"a\"}", "line 1: attributes: missing"},
		{"\n{\"attributes\":{}}", "line 2: key: missing"},
		{"{\"key\":1,\"attributes\":{}}", "line 1: key: must be a string"},
		{"{\"key\":\"\",\"attributes\":{}}", "line 1: key: is empty"},
		{"{\"key\":\"a\\u0007\",\"attributes\":{}}",
		 "line 1: key: has a control character"},
		{"{\"key\":\"a\\u0085\",\"attributes\":{}}",
		 "line 1: key: has a control character"},
		{"{\"key\":\"a\",\"attributes\":[]}", "line 1: attributes: must be an object"},
		{"{\"key\":\"a\",\"attributes\":{},\"x\":1}",
		 "line 1: \"x\" is unknown: a record has key and attributes"},
		{"{\"key\":\"a\",\"attributes\":{\"x\":1,\"x\":2}}",
		 "line 1: JSON: line 1, column 34: duplicate member"},
		{"{\"key\":\"a\",\"attributes\":{\"\":1}}",
		 "line 1: an attribute has an empty name"},
		{"{\"key\":\"a\",\"attributes\":{\"x\":\"\\u0000\"}}",
		 "line 1: attribute \"x\": has the character U+0000"},
		{"{\"key\":\"a\",\"attributes\":{\"x\":[[[[[[[[1]]]]]]]]}}",
		 "line 1: attribute \"x\": nested deeper than 8"},
		{"{\"key\":\"a\",\"attributes\":{\"x\":[[[[[[[1]]]]]]]}}", NULL},
		{"{\"key\":\"b\",\"attributes\":{}}\n{\"key\":\"a\",\"attributes\":{}}\n"
		 "{\"key\":\"b\",\"attributes\":{}}",
		 "line 3: has the key of line 1"},
		{"x", "line 1: JSON: line 1, column 1: malformed"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct inventory_rows r = {.n = 0};
		struct err e = ERR_INIT;
		int rc = inventory_rows_read(str_c(rows[i].text), false, 7, 8, &r, &e);

		if (rc != (rows[i].error ? -1 : 0) ||
		    (rows[i].error && strcmp(rows[i].error, e.msg) != 0))
			fail_msg("%s: %d \"%s\"", rows[i].text, rc, e.msg);
		inventory_rows_release(&r);
	}
}

static void test_line_sizes(void **state)
{
	struct inventory_rows r = {.n = 0};
	struct err e = ERR_INIT;
	struct buf b = BUF_INIT;

	(void)state;
	for (unsigned over = 0; over < 2; over++) {
		buf_reset(&b);
		buf_puts(&b, "{\"key\":\"a\",\"attributes\":{\"x\":\"");
		for (size_t i = 0; i < INVENTORY_ATTRIBUTES_MAX - 8 + over; i++)
			buf_putc(&b, 'x');
		buf_puts(&b, "\"}}");
		assert_int_equal(inventory_rows_read(buf_view(&b), false, 1, 1, &r, &e),
				 over ? -1 : 0);
		inventory_rows_release(&r);
	}
	assert_string_equal(e.msg, "line 1: attributes: 16385 bytes, 16384 at most");
	for (unsigned over = 0; over < 2; over++) {
		buf_reset(&b);
		buf_puts(&b, "{\"key\":\"");
		for (size_t i = 0; i < INVENTORY_KEY_MAX + over; i++)
			buf_putc(&b, 'x');
		buf_puts(&b, "\",\"attributes\":{}}");
		assert_int_equal(inventory_rows_read(buf_view(&b), true, 1, 1, &r, &e),
				 over ? -1 : 0);
		inventory_rows_release(&r);
	}
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(test_lists),
		BOTH(test_records),
		BOTH(test_versions),
		BOTH(test_fold),
		BOTH(test_many_changes),
		BOTH(test_pages),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_line_sizes),
	};
	struct err e = ERR_INIT;

	if (crypto_init(NULL, &e) != 0)
		return 1;
	return cmocka_run_group_tests_name("ca_inventory", tests, NULL, NULL);
}
