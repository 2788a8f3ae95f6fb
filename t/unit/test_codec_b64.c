/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/b64.h"

#include <setjmp.h>
#include <cmocka.h>

static void check_encode(enum b64_kind kind, struct str in, const char *want)
{
	struct buf out = BUF_INIT, back = BUF_INIT;
	struct err e = ERR_INIT;

	b64_encode(kind, in, &out);
	assert_true(str_eqc(buf_view(&out), want));
	assert_int_equal(b64_decode(kind, buf_view(&out), &back, &e), 0);
	assert_true(str_eq(buf_view(&back), in));
	buf_release(&out);
	buf_release(&back);
}

static void rfc4648_vectors(void **state)
{
	(void)state;
	check_encode(B64_STD, STR(""), "");
	check_encode(B64_STD, STR("f"), "Zg==");
	check_encode(B64_STD, STR("fo"), "Zm8=");
	check_encode(B64_STD, STR("foo"), "Zm9v");
	check_encode(B64_STD, STR("foob"), "Zm9vYg==");
	check_encode(B64_STD, STR("fooba"), "Zm9vYmE=");
	check_encode(B64_STD, STR("foobar"), "Zm9vYmFy");
	check_encode(B64_URL, STR("f"), "Zg");
	check_encode(B64_URL, STR("fo"), "Zm8");
	check_encode(B64_URL, STR("\xfb\xff\xbf"), "-_-_");
	check_encode(B64_STD, STR("\xfb\xff\xbf"), "+/+/");
	check_encode(B64_STD, STR("\0\0\0\0"), "AAAAAA==");
}

static void check_refused(enum b64_kind kind, const char *text)
{
	struct buf out = BUF_INIT;
	struct err e = ERR_INIT;

	buf_puts(&out, "before");
	assert_int_equal(b64_decode(kind, str_c(text), &out, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_true(str_eqc(buf_view(&out), "before"));
	buf_release(&out);
}

static void refuses(void **state)
{
	static const char *const std[] = {"Z",		"Zg",	    "Zg=",  "Zm8",  "Zg==\n",
					  " Zg==",	"Zm9v=",    "====", "Z===", "Zh==",
					  "Zm9=",	"Zg==Zg==", "-_-_", "Zm=v", "Zm9vZg=a",
					  "Zm\xc3\xa9", "=Zm9"};
	static const char *const url[] = {"Z",	  "Zg==",   "Zm8=",  "Zh",   "Zm9",
					  "+/+/", "Zm9v\n", "Zm 9v", "Zm9vZ"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(std); i++)
		check_refused(B64_STD, std[i]);
	for (size_t i = 0; i < ARRAY_LEN(url); i++)
		check_refused(B64_URL, url[i]);
}

static void respects_limit(void **state)
{
	struct buf out = {.limit = 3};
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(b64_decode(B64_STD, STR("Zm9v"), &out, &e), 0);
	assert_int_equal(b64_decode(B64_STD, STR("Zg=="), &out, &e), -1);
	assert_int_equal(e.code, ERR_TOO_LARGE);
	buf_release(&out);
}

static void hex(void **state)
{
	struct buf out = BUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	hex_encode(STR("\x00\x9f\xff"), &out);
	assert_true(str_eqc(buf_view(&out), "009fff"));
	buf_reset(&out);
	assert_int_equal(hex_decode(STR("00aF9f"), &out, &e), 0);
	assert_true(str_eq(buf_view(&out), STR("\x00\xaf\x9f")));
	assert_int_equal(hex_decode(STR("0"), &out, &e), -1);
	assert_int_equal(hex_decode(STR("0g"), &out, &e), -1);
	assert_int_equal(hex_decode(STR("0x11"), &out, &e), -1);
	assert_int_equal(hex_decode(STR("00 1"), &out, &e), -1);
	assert_int_equal(out.n, 3);
	buf_release(&out);
}

static void utf8(void **state)
{
	static const struct {
		struct str s;
		bool valid;
	} cases[] = {
		{{"", 0}, true},
		{{"a\0b", 3}, true},
		{{"\xc3\xa9", 2}, true},
		{{"\xe2\x82\xac", 3}, true},
		{{"\xf0\x9f\x98\x80", 4}, true},
		{{"\xf4\x8f\xbf\xbf", 4}, true},
		{{"\xef\xbf\xbf", 3}, true},
		{{"\xc3", 1}, false},
		{{"\x80", 1}, false},
		{{"\xc0\x80", 2}, false},
		{{"\xc1\xbf", 2}, false},
		{{"\xe0\x9f\xbf", 3}, false},
		{{"\xed\xa0\x80", 3}, false},
		{{"\xed\x9f\xbf", 3}, true},
		{{"\xf0\x8f\xbf\xbf", 4}, false},
		{{"\xf4\x90\x80\x80", 4}, false},
		{{"\xf5\x80\x80\x80", 4}, false},
		{{"\xe2\x82", 2}, false},
		{{"\xe2\x82\x28", 3}, false},
		{{"\xff", 1}, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(utf8_valid(cases[i].s), cases[i].valid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc4648_vectors),
		cmocka_unit_test(refuses),
		cmocka_unit_test(respects_limit),
		cmocka_unit_test(hex),
		cmocka_unit_test(utf8),
	};

	return cmocka_run_group_tests_name("codec/b64", tests, NULL, NULL);
}
