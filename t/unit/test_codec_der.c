/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/clock.h"
#include "codec/der.h"
#include "codec/oid.h"

#include <setjmp.h>
#include <cmocka.h>

#define S(lit)                                                                                     \
	{                                                                                          \
		(lit), sizeof(lit) - 1                                                             \
	}

static void headers(void **state)
{
	static const struct {
		struct str in;
		bool ok;
	} cases[] = {
		{S("\x04\x00"), true},
		{S("\x04\x01\x61"), true},
		{S("\x04\x01\x61\x62"), true}, /* more behind */
		{S("\x24\x00"), false},	       /* constructed OCTET STRING */
		{S("\x10\x00"), false},	       /* primitive SEQUENCE */
		{S("\x00\x00"), false},	       /* end of contents */
		{S("\x04"), false},
		{S(""), false},
		{S("\x04\x02\x61"), false},
		{S("\x04\x80\x00\x00"), false}, /* indefinite */
		{S("\x04\x81\x01\x61"), false}, /* not minimal */
		{S("\x04\x82\x00\x80"), false}, /* leading zero */
		{S("\x04\x84\xff\xff\xff\xff"), false},
		{S("\x04\x85\x00\x00\x00\x00\x01\x61"), false},
		{S("\x04\xff\x00"), false},
		{S("\x1f\x01\x00"), false}, /* high tag number */
		{S("\xbf\x81\x01\x00"), false},
		{S("\x80\x00"), true},
		{S("\xa3\x00"), true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str in = cases[i].in, c, el;
		unsigned tag;
		bool ok = der_get_any(&in, &tag, &c, &el);

		assert_int_equal(ok, cases[i].ok);
		if (!ok) {
			assert_ptr_equal(in.p, cases[i].in.p);
			assert_int_equal(in.n, cases[i].in.n);
		} else {
			assert_ptr_equal(in.p, el.p + el.n);
			assert_ptr_equal(c.p + c.n, in.p);
		}
	}
}

typedef bool (*getter)(struct str *in);
static bool g_bool(struct str *in)
{
	bool v;
	return der_get_bool(in, &v);
}
static bool g_integer(struct str *in)
{
	struct str m;
	return der_get_integer(in, &m);
}
static bool g_uint(struct str *in)
{
	uint64_t v;
	return der_get_uint(in, &v);
}
static bool g_bits(struct str *in)
{
	struct str m;
	return der_get_bit_string(in, &m);
}
static bool g_named(struct str *in)
{
	uint32_t v;
	return der_get_named_bits(in, &v);
}
static bool g_oid(struct str *in)
{
	struct str m;
	return der_get_oid(in, &m);
}
static bool g_time(struct str *in)
{
	int64_t t;
	return der_get_time(in, &t);
}

static void values(void **state)
{
	static const struct {
		getter get;
		struct str in;
		bool ok;
	} cases[] = {
		{g_bool, S("\x01\x01\x00"), true},
		{g_bool, S("\x01\x01\xff"), true},
		{g_bool, S("\x01\x01\x01"), false},
		{g_bool, S("\x01\x00"), false},
		{g_bool, S("\x01\x02\xff\xff"), false},
		{g_integer, S("\x02\x01\x00"), true},
		{g_integer, S("\x02\x02\x00\x80"), true},
		{g_integer, S("\x02\x00"), false},
		{g_integer, S("\x02\x01\x80"), false},
		{g_integer, S("\x02\x02\x00\x7f"), false},
		{g_integer, S("\x02\x02\xff\x7f"), false},
		{g_uint, S("\x02\x09\x00\xff\xff\xff\xff\xff\xff\xff\xff"), true},
		{g_uint, S("\x02\x09\x01\x00\x00\x00\x00\x00\x00\x00\x00"), false},
		{g_bits, S("\x03\x01\x00"), true},
		{g_bits, S("\x03\x00"), false},
		{g_bits, S("\x03\x02\x01\x80"), false},
		{g_named, S("\x03\x01\x00"), true},
		{g_named, S("\x03\x01\x01"), false},
		{g_named, S("\x03\x02\x05\xa0"), true},
		{g_named, S("\x03\x02\x04\xa0"), false}, /* trailing zero bit */
		{g_named, S("\x03\x02\x05\xa1"), false}, /* unused bits set */
		{g_named, S("\x03\x02\x08\x00"), false},
		{g_named, S("\x03\x03\x07\x00\x80"), true},
		{g_named, S("\x03\x06\x00\x01\x01\x01\x01\x01"), false},
		{g_oid, S("\x06\x03\x55\x04\x03"), true},
		{g_oid, S("\x06\x00"), false},
		{g_oid, S("\x06\x02\x55\x80"), false},
		{g_oid, S("\x06\x03\x55\x80\x03"), false},
		{g_oid, S("\x06\x02\x55\x84"), false},
		{g_time,
		 S("\x17\x0d"
		   "260102030405Z"),
		 true},
		{g_time,
		 S("\x18\x0f"
		   "20260102030405Z"),
		 true},
		{g_time,
		 S("\x17\x0b"
		   "2601020304Z"),
		 false},
		{g_time,
		 S("\x17\x0d"
		   "261302030405Z"),
		 false},
		{g_time,
		 S("\x17\x0d"
		   "260230030405Z"),
		 false},
		{g_time,
		 S("\x17\x0d"
		   "260102240405Z"),
		 false},
		{g_time,
		 S("\x17\x0d"
		   "26010203040xZ"),
		 false},
		{g_time,
		 S("\x17\x0d"
		   "2601020304050"),
		 false},
		{g_time,
		 S("\x17\x11"
		   "260102030405+0000"),
		 false},
		{g_time,
		 S("\x18\x11"
		   "20260102030405.1Z"),
		 false},
		{g_time,
		 S("\x18\x0d"
		   "260102030405Z"),
		 false},
		{g_time,
		 S("\x18\x0f"
		   "99991231235959Z"),
		 true},
		{g_time,
		 S("\x04\x0d"
		   "260102030405Z"),
		 false},
		{der_get_null, S("\x05\x00"), true},
		{der_get_null, S("\x05\x01\x00"), false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str in = cases[i].in;

		assert_int_equal(cases[i].get(&in), cases[i].ok);
		assert_int_equal(in.n, cases[i].ok ? 0 : cases[i].in.n);
	}
}

static void named_bits_and_integers(void **state)
{
	struct buf b = BUF_INIT;
	struct str in, m;
	uint32_t bits;
	uint64_t v;

	(void)state;
	for (unsigned i = 0; i < 32; i++) {
		buf_reset(&b);
		der_put_named_bits(&b, UINT32_C(1) << i | 1U);
		in = buf_view(&b);
		assert_true(der_get_named_bits(&in, &bits));
		assert_int_equal(bits, UINT32_C(1) << i | 1U);
	}
	buf_reset(&b);
	der_put_named_bits(&b, 0);
	assert_true(str_eq(buf_view(&b), STR("\x03\x01\x00")));
	buf_reset(&b);
	der_put_named_bits(&b, 1U | 1U << 2); /* digitalSignature, keyEncipherment */
	assert_true(str_eq(buf_view(&b), STR("\x03\x02\x05\xa0")));
	for (unsigned i = 0; i < 64; i++) {
		buf_reset(&b);
		der_put_uint(&b, UINT64_MAX >> i);
		in = buf_view(&b);
		assert_true(der_get_uint(&in, &v));
		assert_true(v == UINT64_MAX >> i);
	}
	buf_reset(&b);
	der_put_integer(&b, STR("\0\0\0"));
	assert_true(str_eq(buf_view(&b), STR("\x02\x01\x00")));
	in = buf_view(&b);
	assert_true(der_get_integer(&in, &m));
	assert_true(str_eq(m, STR("\0")));
	buf_reset(&b);
	der_put_integer(&b, STR("\0\x80\x01"));
	assert_true(str_eq(buf_view(&b), STR("\x02\x03\x00\x80\x01")));
	in = buf_view(&b);
	assert_true(der_get_integer(&in, &m));
	assert_true(str_eq(m, STR("\x80\x01")));
	buf_release(&b);
}

static void nests_at_every_length(void **state)
{
	static const size_t sizes[] = {0,   1,	 100, 120, 124, 125,   126,   127,   128,
				       250, 254, 255, 256, 257, 65530, 65535, 65536, 70000};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct buf b = BUF_INIT, filler = BUF_INIT;
		struct der_mark outer, inner;
		struct str in, seq, ctx, c;

		for (size_t k = 0; k < sizes[i]; k++)
			buf_u8(&filler, (uint8_t)k);
		buf_puts(&b, "head");
		outer = der_begin(&b, DER_SEQUENCE);
		der_put_bool(&b, true);
		inner = der_begin(&b, DER_CTX_CONS(3));
		der_put(&b, DER_OCTET_STRING, buf_view(&filler));
		der_put_oid(&b, oid_der(OID_CN));
		der_end(&b, inner);
		der_put_null(&b);
		der_end(&b, outer);
		assert_false(b.failed);
		in = buf_view(&b);
		in.p += 4;
		in.n -= 4;
		assert_true(der_get(&in, DER_SEQUENCE, &seq));
		assert_int_equal(in.n, 0);
		assert_true(g_bool(&seq));
		assert_true(der_get(&seq, DER_CTX_CONS(3), &ctx));
		assert_true(der_get(&ctx, DER_OCTET_STRING, &c));
		assert_true(str_eq(c, buf_view(&filler)));
		assert_true(der_get_oid(&ctx, &c));
		assert_int_equal(oid_find(c), OID_CN);
		assert_true(der_get_null(&seq));
		assert_int_equal(seq.n + ctx.n, 0);
		buf_release(&b);
		buf_release(&filler);
	}
}

static void limit_is_sticky(void **state)
{
	struct buf b = {.limit = 10};
	struct der_mark m = der_begin(&b, DER_SEQUENCE);

	(void)state;
	der_put(&b, DER_OCTET_STRING, STR("123456789"));
	der_end(&b, m);
	assert_true(b.failed);
	buf_release(&b);
}

static void optional(void **state)
{
	struct str in = STR("\xa0\x02\x05\x00\x05\x00"), c;
	bool present;

	(void)state;
	assert_true(der_get_optional(&in, DER_CTX_CONS(1), &present, &c));
	assert_false(present);
	assert_int_equal(in.n, 6);
	assert_true(der_get_optional(&in, DER_CTX_CONS(0), &present, &c));
	assert_true(present);
	assert_int_equal(c.n, 2);
	assert_int_equal(in.n, 2);
	in = STR("\xa0\x05\x00");
	assert_false(der_get_optional(&in, DER_CTX_CONS(0), &present, &c));
	assert_int_equal(in.n, 3);
}

static void times(void **state)
{
	static const struct {
		int64_t t;
		const char *text; /* with its header */
	} cases[] = {
		{0, "\x17\x0d"
		    "700101000000Z"},
		{-631152000, "\x17\x0d"
			     "500101000000Z"},
		{-631152001, "\x18\x0f"
			     "19491231235959Z"},
		{2524607999, "\x17\x0d"
			     "491231235959Z"},
		{2524608000, "\x18\x0f"
			     "20500101000000Z"},
		{253402300799, "\x18\x0f"
			       "99991231235959Z"},
	};
	struct buf b = BUF_INIT;
	int64_t t;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str in;

		buf_reset(&b);
		der_put_time(&b, cases[i].t);
		assert_true(str_eqc(buf_view(&b), cases[i].text));
		in = buf_view(&b);
		assert_true(der_get_time(&in, &t));
		assert_true(t == cases[i].t);
	}
	buf_reset(&b);
	der_put_time(&b, 253402300800);
	assert_true(b.failed);
	buf_release(&b);
}

static void text(void **state)
{
	static const struct {
		struct str in;
		const char *want; /* NULL: refused */
	} cases[] = {
		{S("\x0c\x02\xc3\xa9"), "\xc3\xa9"},
		{S("\x0c\x01\xe9"), NULL},
		{S("\x0c\x02"
		   "a\0"),
		 NULL},
		{S("\x0c\x00"), ""},
		{S("\x13\x05"
		   "A z.?"),
		 "A z.?"},
		{S("\x13\x01"
		   "@"),
		 NULL},
		{S("\x13\x01"
		   "\0"),
		 NULL},
		{S("\x13\x03"
		   "*.a"),
		 "*.a"},
		{S("\x14\x02"
		   "a\xe9"),
		 "a\xc3\xa9"},
		{S("\x14\x01"
		   "\0"),
		 NULL},
		{S("\x16\x03"
		   "a@b"),
		 "a@b"},
		{S("\x16\x01"
		   "\x80"),
		 NULL},
		{S("\x16\x03"
		   "a\0b"),
		 NULL},
		{S("\x12\x03"
		   "1 2"),
		 "1 2"},
		{S("\x12\x01"
		   "a"),
		 NULL},
		{S("\x1a\x01"
		   "~"),
		 "~"},
		{S("\x1a\x01"
		   "\n"),
		 NULL},
		{S("\x1e\x04\x00\x41\x20\xac"), "A\xe2\x82\xac"},
		{S("\x1e\x03\x00\x41\x20"), NULL},
		{S("\x1e\x04\xd8\x00\xdc\x00"), NULL},
		{S("\x1e\x02\x00\x00"), NULL},
		{S("\x1c\x04\x00\x01\xf6\x00"), "\xf0\x9f\x98\x80"},
		{S("\x1c\x04\x00\x11\x00\x00"), NULL},
		{S("\x04\x01"
		   "a"),
		 NULL},
		{S("\x02\x01\x01"), NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out = BUF_INIT;
		struct str in = cases[i].in, got;
		unsigned tag = 0;
		bool ok;

		buf_puts(&out, ">");
		ok = der_get_text(&in, &tag, &out);
		got = buf_view(&out);
		assert_int_equal(ok, cases[i].want != NULL);
		assert_true(got.n >= 1);
		assert_true(str_eqc((struct str){got.p + 1, got.n - 1}, ok ? cases[i].want : ""));
		assert_int_equal(in.n, ok ? 0 : cases[i].in.n);
		if (ok)
			assert_int_equal(tag, (unsigned char)cases[i].in.p[0]);
		buf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers),
		cmocka_unit_test(values),
		cmocka_unit_test(named_bits_and_integers),
		cmocka_unit_test(nests_at_every_length),
		cmocka_unit_test(limit_is_sticky),
		cmocka_unit_test(optional),
		cmocka_unit_test(times),
		cmocka_unit_test(text),
	};

	return cmocka_run_group_tests_name("codec/der", tests, NULL, NULL);
}
