/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/pem.h"

#include <setjmp.h>
#include <cmocka.h>

#define B(l) "-----BEGIN " l "-----\n"
#define E(l) "-----END " l "-----\n"

static void writes_and_reads(void **state)
{
	struct buf text = BUF_INIT, der = BUF_INIT;
	struct pem_block b;
	struct err e = ERR_INIT;
	struct str rest;

	(void)state;
	for (unsigned n = 1; n < 200; n++) {
		buf_u8(&der, (uint8_t)(n * 7));
		buf_reset(&text);
		pem_write(&text, "CERTIFICATE", buf_view(&der));
		for (struct str l = buf_view(&text); l.n > 0;)
			assert_true(str_cut(l, '\n', &l).n <= 64);
		rest = buf_view(&text);
		assert_int_equal(pem_next(&rest, &b, &e), 1);
		assert_true(str_eqc(b.label, "CERTIFICATE"));
		assert_int_equal(b.headers.n, 0);
		assert_true(str_eq(buf_view(&b.der), buf_view(&der)));
		assert_int_equal(rest.n, 0);
		pem_block_release(&b);
		assert_int_equal(pem_next(&rest, &b, &e), 0);
	}
	buf_release(&text);
	buf_release(&der);
}

static void several_with_text(void **state)
{
	struct str rest = STR(
		"subject: x\r\n-----BEGIN A B-----  \r\n\r\nAQID\r\nBA==\t\r\n-----END A B-----\r\n"
		"between -----BEGIN X----- here\n" B(
			"EC PRIVATE KEY") "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,\n "
					  "0011\n\nBQ==\n" E("EC PRIVATE KEY") "tail\n-----BEGIN "
									       "Z-----\nBg==\n-----"
									       "END Z-----");
	struct pem_block b;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(pem_next(&rest, &b, &e), 1);
	assert_true(str_eqc(b.label, "A B"));
	assert_true(str_eq(buf_view(&b.der), STR("\1\2\3\4")));
	pem_block_release(&b);
	assert_int_equal(pem_next(&rest, &b, &e), 1);
	assert_true(str_eqc(b.label, "EC PRIVATE KEY"));
	assert_true(str_eqc(b.headers, "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,\n 0011"));
	assert_true(str_eq(buf_view(&b.der), STR("\5")));
	pem_block_release(&b);
	assert_int_equal(pem_next(&rest, &b, &e), 1);
	assert_true(str_eq(buf_view(&b.der), STR("\6")));
	pem_block_release(&b);
	assert_int_equal(pem_next(&rest, &b, &e), 0);
	rest = STR_NULL;
	assert_int_equal(pem_next(&rest, &b, &e), 0);
}

static void refuses(void **state)
{
	static const char *const bad[] = {
		B("A") "AQID\n",
		B("A") "AQID\n" E("B"),
		B("A") "AQI\n" E("A"),
		B("A") "AQ==\nAQID\n" E("A"),
		B("A") "AQ ID\n" E("A"),
		B("A") " AQID\n" E("A"),
		B("A") "AQID\n\nAQID\n" E("A"),
		B("A") E("A"),
		B("A") "\n" E("A"),
		B("A") "AQID\n" B("A") "AQID\n" E("A"),
		B("A") "AQID\n-----END A----\n",
		"-----BEGIN A----\nAQID\n" E("A"),
		"-----BEGIN -----\nAQID\n-----END -----\n",
		"-----BEGIN A  B-----\nAQID\n-----END A  B-----\n",
		"-----BEGIN A------\nAQID\n-----END A------\n",
		E("A"),
		B("A") "X: y\nAQID\n" E("A"),
		B("A") "X: y\n",
		B("A") "AQ\rID\n" E("A"),
		"-----BEGIN ",
		"-----BEGIN A-----",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct str rest = str_c(bad[i]);
		struct pem_block b;
		struct err e = ERR_INIT;

		assert_int_equal(pem_next(&rest, &b, &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
		assert_true(str_starts(str_c(e.msg), "PEM: "));
		assert_ptr_equal(rest.p, bad[i]);
		assert_null(b.der.p);
	}
}

static void message_names_line(void **state)
{
	struct str rest = STR("x\ny\n" B("A") "AQID\n" E("B"));
	struct pem_block b;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(pem_next(&rest, &b, &e), -1);
	assert_string_equal(e.msg, "PEM: line 5: END does not match BEGIN A");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_and_reads),
		cmocka_unit_test(several_with_text),
		cmocka_unit_test(refuses),
		cmocka_unit_test(message_names_line),
	};

	return cmocka_run_group_tests_name("codec/pem", tests, NULL, NULL);
}
