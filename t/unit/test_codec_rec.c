/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/rec.h"

#include <setjmp.h>
#include <cmocka.h>

struct thing {
	struct str raw, text;
	int64_t when;
	uint64_t count;
	bool yes;
	struct rec_list names;
};

static const struct rec_field fields[] = {
	REC_FIELD(REC_BYTES, struct thing, raw), REC_FIELD(REC_TEXT, struct thing, text),
	REC_FIELD(REC_I64, struct thing, when),	 REC_FIELD(REC_U64, struct thing, count),
	REC_FIELD(REC_BOOL, struct thing, yes),	 REC_FIELD(REC_LIST, struct thing, names),
};
static const struct rec_type_info info = {"thing", 1, fields, ARRAY_LEN(fields)};
static const struct rec_type_info older = {"thing", 1, fields, 3};

static void check_round(const struct thing *in)
{
	struct arena *a = arena_new();
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;
	struct thing out;

	rec_encode(&info, in, &b);
	assert_false(b.failed);
	memset(&out, 0xa5, sizeof(out));
	assert_int_equal(rec_decode(&info, buf_view(&b), a, &out, &e), 0);
	buf_wipe_release(&b); /* what was decoded does not live there */
	assert_true(str_eq(in->raw, out.raw));
	assert_true(str_eq(in->text, out.text));
	assert_true(in->when == out.when);
	assert_true(in->count == out.count);
	assert_int_equal(in->yes, out.yes);
	assert_int_equal(in->names.n, out.names.n);
	for (size_t i = 0; i < in->names.n; i++)
		assert_true(str_eq(in->names.items[i], out.names.items[i]));
	arena_free(a);
}

static void round_trips(void **state)
{
	static const int64_t whens[] = {0,   1,	   -1,	  127,	     128,      -32,
					-33, -129, 65536, INT64_MAX, INT64_MIN};
	static const uint64_t counts[] = {
		0, 1, 255, 65535, 65536, UINT32_MAX, UINT64_C(1) << 32, INT64_MAX, UINT64_MAX};
	const struct str names[] = {STR("a"), STR(""), STR("\xc3\xa9")};
	struct thing t = {0};

	(void)state;
	check_round(&t);
	for (size_t i = 0; i < ARRAY_LEN(whens); i++) {
		t.when = whens[i];
		check_round(&t);
	}
	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		t.count = counts[i];
		check_round(&t);
	}
	t = (struct thing){STR("\0\xff\x80"), STR("text"), 5, 6, true, {names, 3}};
	check_round(&t);
}

static void long_strings(void **state)
{
	static const size_t sizes[] = {31, 32, 255, 256, 65535, 65536, 900000};
	struct thing t = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct buf b = BUF_INIT;

		for (size_t k = 0; k < sizes[i]; k++)
			buf_putc(&b, 'x');
		t.raw = t.text = buf_view(&b);
		if (sizes[i] > 65536)
			t.text = STR_NULL;
		check_round(&t);
		buf_release(&b);
	}
}

static void newer_and_older(void **state)
{
	struct arena *a = arena_new();
	struct thing in = {STR("r"), STR("t"), 7, 8, true, {0}}, out;
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	rec_encode(&info, &in, &b); /* more fields than the reader knows */
	memset(&out, 0xa5, sizeof(out));
	assert_int_equal(rec_decode(&older, buf_view(&b), a, &out, &e), 0);
	assert_int_equal(out.when, 7);
	buf_reset(&b);
	rec_encode(&older, &in, &b); /* fewer: zero */
	memset(&out, 0xa5, sizeof(out));
	assert_int_equal(rec_decode(&info, buf_view(&b), a, &out, &e), 0);
	assert_int_equal(out.when, 7);
	assert_true(out.count == 0);
	assert_false(out.yes);
	assert_int_equal(out.names.n, 0);
	buf_release(&b);
	arena_free(a);
}

#define S(lit)                                                                                     \
	{                                                                                          \
		(lit), sizeof(lit) - 1                                                             \
	}

static void refuses_damage(void **state)
{
	static const struct str bad[] = {
		S(""),
		S("\xc1"),
		S("\x90"),			 /* no format */
		S("\x91\x00"),			 /* format 0 */
		S("\x91\xa1x"),			 /* format is text */
		S("\x01"),			 /* not a list */
		S("\x91\x01\x00"),		 /* trailing byte */
		S("\x92\x01"),			 /* cut off */
		S("\x92\x01\xa1r"),		 /* text where bytes belong */
		S("\x93\x01\xc4\x01r\xc4\x01t"), /* bytes where text belongs */
		S("\x93\x01\xc4\x00\xa1\xff"),	 /* not UTF-8 */
		S("\x94\x01\xc4\x00\xa0\xc0"),	 /* nil */
		S("\x94\x01\xc4\x00\xa0\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), /* over INT64_MAX */
		/* negative count */
		S("\x95\x01\xc4\x00\xa0\x00\xff"),
		/* number as bool */
		S("\x96\x01\xc4\x00\xa0\x00\x00\x01"),
		/* list of numbers */
		S("\x97\x01\xc4\x00\xa0\x00\x00\xc2\x91\x01"),
		S("\xdd\xff\xff\xff\xff\x01"), /* promises 2^32 values */
		S("\xdf\xff\xff\xff\xff\x01"),
		S("\x92\x01\xdd\x7f\xff\xff\xff"),
		S("\x92\x01\xc6\xff\xff\xff\xff"),
		S("\x92\x01\xc9\xff\xff\xff\xff"),
		S("\x92\x01\xdb\xff\xff\xff\xff"),
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err e = ERR_INIT;
		struct thing out;

		assert_int_equal(rec_decode(&info, bad[i], a, &out, &e), -1);
		assert_int_equal(e.code, ERR_INTERNAL);
		assert_true(str_starts(str_c(e.msg), "thing record: damaged"));
	}
	arena_free(a);
}

static void bounds(void **state)
{
	struct arena *a = arena_new();
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;
	struct str *names = ARENA_ARRAY(a, struct str, 10001);
	struct thing t = {.names = {names, 10000}}, out;

	(void)state;
	check_round(&t);
	t.names.n = 10001;
	rec_encode(&info, &t, &b);
	assert_true(b.failed);
	buf_release(&b);
	b = (struct buf)BUF_INIT;
	while (b.n <= 1U << 20) /* a stack of lists, each in the one before */
		buf_u8(&b, 0x91);
	assert_int_equal(rec_decode(&info, buf_view(&b), a, &out, &e), -1);
	b.n = 1000;
	buf_u8(&b, 0x01);
	assert_int_equal(rec_decode(&info, buf_view(&b), a, &out, &e), -1);
	buf_release(&b);
	arena_free(a);
}

static void bad_text_is_repaired(void **state)
{
	struct arena *a = arena_new();
	struct thing t = {.text = STR("a\xff")}, out;
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	rec_encode(&info, &t, &b);
	assert_int_equal(rec_decode(&info, buf_view(&b), a, &out, &e), 0);
	assert_true(str_eqc(out.text, "a\xef\xbf\xbd"));
	buf_release(&b);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trips),	   cmocka_unit_test(long_strings),
		cmocka_unit_test(newer_and_older), cmocka_unit_test(refuses_damage),
		cmocka_unit_test(bounds),	   cmocka_unit_test(bad_text_is_repaired),
	};

	return cmocka_run_group_tests_name("codec/rec", tests, NULL, NULL);
}
