/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/oid.h"

#include <setjmp.h>
#include <cmocka.h>

static void table_agrees(void **state)
{
	(void)state;
	for (unsigned i = OID_NONE + 1; i < OID_COUNT; i++) {
		struct buf der = BUF_INIT, dotted = BUF_INIT;
		struct err e = ERR_INIT;
		enum oid id = (enum oid)i;

		assert_int_equal(oid_from_dotted(str_c(oid_dotted(id)), &der, &e), 0);
		assert_true(str_eq(buf_view(&der), oid_der(id)));
		assert_int_equal(oid_to_dotted(oid_der(id), &dotted, &e), 0);
		assert_true(str_eqc(buf_view(&dotted), oid_dotted(id)));
		assert_int_equal(oid_find(oid_der(id)), id);
		assert_true(strlen(oid_name(id)) > 0);
		assert_true(strlen(oid_short_name(id)) > 0);
		buf_release(&der);
		buf_release(&dotted);
	}
	assert_int_equal(oid_find(STR("\x2a")), OID_NONE);
	assert_int_equal(oid_find(STR_NULL), OID_NONE);
	assert_int_equal(oid_der(OID_NONE).n, 0);
	assert_string_equal(oid_name(OID_CN), "commonName");
	assert_string_equal(oid_short_name(OID_CN), "CN");
	assert_string_equal(oid_short_name(OID_TITLE), "title");
}

static void arcs(void **state)
{
	static const struct {
		const char *dotted;
		struct str der;
	} good[] = {
		{"0.0", {"\x00", 1}},
		{"0.39", {"\x27", 1}},
		{"1.39", {"\x4f", 1}},
		{"2.0", {"\x50", 1}},
		{"2.47", {"\x7f", 1}},
		{"2.48", {"\x81\x00", 2}},
		{"2.999.3", {"\x88\x37\x03", 3}},
		{"1.2.128", {"\x2a\x81\x00", 3}},
		{"1.2.9223372036854775807", {"\x2a\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 10}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct buf b = BUF_INIT;
		struct err e = ERR_INIT;

		assert_int_equal(oid_from_dotted(str_c(good[i].dotted), &b, &e), 0);
		assert_true(str_eq(buf_view(&b), good[i].der));
		buf_reset(&b);
		assert_int_equal(oid_to_dotted(good[i].der, &b, &e), 0);
		assert_true(str_eqc(buf_view(&b), good[i].dotted));
		buf_release(&b);
	}
}

static void refuses(void **state)
{
	static const char *const dotted[] = {
		"",
		"1",
		"1.",
		".1",
		"1..2",
		"3.1",
		"0.40",
		"1.40",
		"01.2",
		"1.02",
		"1.2.",
		"1.2a",
		"1.-2",
		"1.2 .3",
		"2.9223372036854775807",
		"1.2.9223372036854775808",
		"1.2.99999999999999999999",
	};
	static const struct str der[] = {
		{"", 0},
		{"\x80\x01", 2},
		{"\x2a\x80\x01", 3},
		{"\x2a\x86", 2},
		{"\x2a\x81\x80\x80\x80\x80\x80\x80\x80\x80\x00", 11},
		{"\x2a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 11},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(dotted); i++) {
		struct buf b = BUF_INIT;
		struct err e = ERR_INIT;

		assert_int_equal(oid_from_dotted(str_c(dotted[i]), &b, &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
		assert_int_equal(b.n, 0);
		buf_release(&b);
	}
	for (size_t i = 0; i < ARRAY_LEN(der); i++) {
		struct buf b = BUF_INIT;
		struct err e = ERR_INIT;

		assert_int_equal(oid_to_dotted(der[i], &b, &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
		assert_int_equal(b.n, 0);
		buf_release(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_agrees),
		cmocka_unit_test(arcs),
		cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests_name("codec/oid", tests, NULL, NULL);
}
