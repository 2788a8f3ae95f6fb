/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/buf.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_compare(void **state)
{
	(void)state;
	assert_true(str_eq(STR("ab"), STR("ab")));
	assert_true(str_eq(STR_NULL, STR("")));
	assert_false(str_eq(STR("ab"), STR("abc")));
	assert_true(str_eqc(STR("ab"), "ab"));
	assert_true(str_eqc(STR_NULL, NULL));
	assert_true(str_ieq(STR("aB-1"), STR("Ab-1")));
	assert_false(str_ieq(STR("a\xc4"), STR("a\xe4"))); /* ASCII only */
	assert_false(str_ieqc(STR("["), "{"));
	assert_true(str_ieqc(STR("X"), "x"));
	assert_true(str_cmp(STR("a"), STR("b")) < 0);
	assert_true(str_cmp(STR("ab"), STR("a")) > 0);
	assert_true(str_cmp(STR("a"), STR("ab")) < 0);
	assert_true(str_cmp(STR("\xff"), STR("a")) > 0); /* bytes are unsigned */
	assert_int_equal(str_cmp(STR_NULL, STR("")), 0);
	assert_true(str_starts(STR("abc"), "ab"));
	assert_false(str_starts(STR("a"), "ab"));
	assert_true(str_starts(STR_NULL, ""));
	assert_true(str_ends(STR("abc"), "bc"));
	assert_false(str_ends(STR("c"), "bc"));
	assert_true(str_has(STR("abc"), 'c'));
	assert_false(str_has(STR_NULL, 'c'));
}

static void test_cut(void **state)
{
	struct str rest;

	(void)state;
	struct str head = str_cut(STR("a:b:c"), ':', &rest);
	assert_true(str_eqc(head, "a"));
	assert_true(str_eqc(rest, "b:c"));
	head = str_cut(STR("abc"), ':', &rest);
	assert_true(str_eqc(head, "abc"));
	assert_null(rest.p);
	assert_int_equal(rest.n, 0);
	head = str_cut(STR("a:"), ':', &rest);
	assert_true(str_eqc(head, "a"));
	assert_non_null(rest.p); /* present but empty */
	assert_int_equal(rest.n, 0);
	head = str_cut(STR_NULL, ':', &rest);
	assert_int_equal(head.n, 0);
	assert_true(str_eqc(str_trim(STR(" \t a b\t ")), "a b"));
	assert_int_equal(str_trim(STR(" \t ")).n, 0);
	assert_true(str_eqc(str_trim(STR("\na\n")), "\na\n"));
}

static void test_u64(void **state)
{
	uint64_t v = 7;

	(void)state;
	assert_true(str_u64(STR("18446744073709551615"), &v));
	assert_true(v == UINT64_MAX);
	assert_false(str_u64(STR("18446744073709551616"), &v));
	assert_false(str_u64(STR("99999999999999999999"), &v));
	assert_true(str_u64(STR("0007"), &v));
	assert_int_equal(v, 7);
	assert_false(str_u64(STR(""), &v));
	assert_false(str_u64(STR("+1"), &v));
	assert_false(str_u64(STR("-1"), &v));
	assert_false(str_u64(STR(" 1"), &v));
	assert_false(str_u64(STR("1x"), &v));
	assert_int_equal(v, 7);
}

static void test_build(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_puts(&b, "abc");
	buf_putc(&b, '-');
	buf_str(&b, STR("def"));
	buf_printf(&b, "%04d", 42);
	assert_string_equal(b.p, "abc-def0042");
	buf_add(&b, b.p, b.n); /* from itself, growing or not */
	buf_add(&b, b.p, b.n);
	buf_add(&b, b.p, b.n);
	assert_int_equal(b.n, 88);
	assert_string_equal(b.p + 77, "abc-def0042");
	buf_reset(&b);
	assert_string_equal(b.p, "");
	buf_u8(&b, 0x01);
	buf_u16(&b, 0x0203);
	buf_u32(&b, 0x04050607);
	buf_u64(&b, UINT64_C(0x08090a0b0c0d0e0f));
	assert_int_equal(b.n, 15);
	for (int i = 0; i < 15; i++)
		assert_int_equal(b.p[i], i + 1);
	buf_release(&b);
	assert_null(b.p);
	for (int i = 0; i < 10000; i++)
		buf_printf(&b, "%d,", i);
	assert_int_equal(strlen(b.p), b.n);
	assert_non_null(strstr(b.p, ",9999,"));
	char *p = buf_steal(&b);
	assert_null(b.p);
	assert_int_equal(b.n, 0);
	mem_free(p);
	p = buf_steal(&b); /* an empty one is a string as well */
	assert_string_equal(p, "");
	mem_free(p);
	buf_puts(&b, "secret");
	buf_wipe_release(&b);
	assert_int_equal(buf_view(&b).n, 0);
}

static void test_limit(void **state)
{
	struct buf b = {.limit = 5};

	(void)state;
	buf_puts(&b, "abcde");
	assert_false(b.failed);
	buf_puts(&b, "");
	assert_false(b.failed);
	buf_putc(&b, 'f');
	assert_true(b.failed);
	assert_string_equal(b.p, "abcde");
	buf_reset(&b);
	assert_false(b.failed);
	buf_printf(&b, "%s", "abcdef");
	assert_true(b.failed);
	assert_int_equal(b.n, 0);
	buf_puts(&b, "a"); /* sticky */
	assert_int_equal(b.n, 0);
	assert_null(buf_reserve(&b, 1));
	buf_reset(&b);
	assert_int_equal(b.limit, 5);
	char *p = buf_reserve(&b, 5);
	assert_non_null(p);
	memcpy(p, "xyz", 3);
	b.n += 3;
	assert_string_equal(b.p, "xyz");
	assert_null(buf_reserve(&b, SIZE_MAX));
	assert_true(b.failed);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compare), cmocka_unit_test(test_cut),
		cmocka_unit_test(test_u64),	cmocka_unit_test(test_build),
		cmocka_unit_test(test_limit),
	};
	return cmocka_run_group_tests_name("base_str", tests, NULL, NULL);
}
