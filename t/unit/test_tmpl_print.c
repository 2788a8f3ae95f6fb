/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl_util.h"

#include <float.h>
#include <math.h>

/* fmt and strconv: what is wanted is what Go prints. */

static void check(const char *format, const struct tv *args, size_t n, const char *want)
{
	struct arena *a = arena_new();
	struct buf out = BUF_INIT;

	assert_int_equal(tv_sprintf(str_c(format), args, n, 1 << 20, a, &out), 0);
	if (strcmp(out.p != NULL ? out.p : "", want) != 0)
		print_error("format %s\n", format);
	assert_string_equal(out.p != NULL ? out.p : "", want);
	buf_release(&out);
	arena_free(a);
}

static void numbers(void **state)
{
	static const struct {
		const char *format;
		int64_t i;
		const char *want;
	} cases[] = {
		{"%d", 42, "42"},
		{"%5d|", 42, "   42|"},
		{"%-5d|", 42, "42   |"},
		{"%05d", -42, "-0042"},
		{"%+d", 42, "+42"},
		{"% d", 42, " 42"},
		{"%+.4d", 7, "+0007"},
		{"%06.3d|", 7, "   007|"},
		{"%.0d|", 0, "|"},
		{"%3.0d|", 0, "   |"},
		{"%x", 255, "ff"},
		{"%#X", 255, "0XFF"},
		{"%x", -255, "-ff"},
		{"%o", 8, "10"},
		{"%#o", 8, "010"},
		{"%O", 8, "0o10"},
		{"%b", 5, "101"},
		{"%#b", 5, "0b101"},
		{"%c", 0x2603, "\xe2\x98\x83"},
		{"%c", -1, "\xef\xbf\xbd"},
		{"%q", 'x', "'x'"},
		{"%q", '\'', "'\\''"},
		{"%+q", 0x2603, "'\\u2603'"},
		{"%U", 0x2603, "U+2603"},
		{"%#U", 0x2603, "U+2603 '\xe2\x98\x83'"},
		{"%U", -1, "U+FFFFFFFFFFFFFFFF"},
		{"%v", INT64_MIN, "-9223372036854775808"},
		{"%020d", INT64_MIN, "-9223372036854775808"},
		{"%s", 3, "%!s(int=3)"},
		{"%5t", 3, "%!t(int=    3)"},
		{"%T", 3, "int"},
		{"%6T|", 3, "   int|"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct tv v = tv_int(cases[i].i);
		check(cases[i].format, &v, 1, cases[i].want);
	}
	struct tv u = {.type = &tv_type_uint8, .u = 200};
	check("%#v %v %x", (struct tv[]){u, u, u}, 3, "0xc8 200 c8");
}

static void floats(void **state)
{
	static const struct {
		const char *format;
		double f;
		const char *want;
	} cases[] = {
		{"%v", 123456, "123456"},
		{"%v", 1000000, "1e+06"},
		{"%v", 1234567, "1.234567e+06"},
		{"%v", 0.0001, "0.0001"},
		{"%v", 0.00001, "1e-05"},
		{"%v", -0.0, "-0"},
		{"%v", 0.1, "0.1"},
		{"%v", 5e-324, "5e-324"},
		{"%v", DBL_MAX, "1.7976931348623157e+308"},
		{"%v", 0x1p-44, "5.684341886080802e-14"},
		{"%v", 0x1p-1022, "2.2250738585072014e-308"},
		{"%v", 100000.5, "100000.5"},
		{"%6.2f|", 3.14159, "  3.14|"},
		{"%-8.3f|", 3.14159, "3.142   |"},
		{"%08.3f", -3.14159, "-003.142"},
		{"%+.2e", 12345.678, "+1.23e+04"},
		{"%E", 1e100, "1.000000E+100"},
		{"%g", 1e21, "1e+21"},
		{"%.3g", 1234.5678, "1.23e+03"},
		{"%.3g", 100, "100"},
		{"%#g", 1, "1.00000"},
		{"%#.3x", 1.5, "0x1.800p+00"},
		{"%x", 0.1, "0x1.999999999999ap-04"},
		{"%b", 1, "4503599627370496p-52"},
		{"%.1f", 0.25, "0.2"},
		{"%.0f", 2.5, "2"},
		{"%5.1f|", (double)INFINITY, " +Inf|"},
		{"%05f|", (double)NAN, "  NaN|"},
		{"%d", 3.5, "%!d(float64=3.5)"},
		{"%.40f", 0.1, "0.1000000000000000055511151231257827021182"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct tv v = tv_float(cases[i].f);
		check(cases[i].format, &v, 1, cases[i].want);
	}
}

/* The shortest text reads back as the same number, and none that is shorter does. */
static void shortest(void **state)
{
	uint64_t seed = 88172645463325252U;
	char less[64];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct buf b = BUF_INIT;
		double f;
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		memcpy(&f, &seed, sizeof(f));
		if (!isfinite(f))
			continue;
		tv_float_text(f, 'e', -1, &b);
		assert_true(strtod(b.p, NULL) == f);
		const char *point = strchr(b.p, '.');
		int digits = point != NULL ? (int)(strchr(b.p, 'e') - point) : 1;
		if (digits > 1) {
			snprintf(less, sizeof(less), "%.*e", digits - 2, f);
			assert_false(strtod(less, NULL) == f);
		}
		buf_release(&b);
	}
}

static void texts(void **state)
{
	static const struct {
		const char *format;
		struct str s;
		const char *want;
	} cases[] = {
		{"%s", STR("hi"), "hi"},
		{"%5s|", STR("\xc3\xa9"), "    \xc3\xa9|"},
		{"%-4s|", STR("ab"), "ab  |"},
		{"%.2s", STR("\xc3\xa9\xc3\xa9\xc3\xa9"), "\xc3\xa9\xc3\xa9"},
		{"%05s", STR("ab"), "000ab"},
		{"%q", STR("a\"\\\n\x01\x7f\xff\xe2\x80\xa8\xc3\xa9"),
		 "\"a\\\"\\\\\\n\\x01\\x7f\\xff\\u2028\xc3\xa9\""},
		{"%+q", STR("\xc3\xa9\xf0\x9f\x98\x80"), "\"\\u00e9\\U0001f600\""},
		{"%#q", STR("a\tb"), "`a\tb`"},
		{"%#q", STR("a`b"), "\"a`b\""},
		{"%8q|", STR("x"), "     \"x\"|"},
		{"%x", STR("hi\xff"), "6869ff"},
		{"% X", STR("hi"), "68 69"},
		{"%#x", STR("hi"), "0x6869"},
		{"%# x", STR("hi"), "0x68 0x69"},
		{"%.1x", STR("hi"), "68"},
		{"%6x|", STR("a"), "    61|"},
		{"%#v", STR("a\"b"), "\"a\\\"b\""},
		{"%d", STR("x"), "%!d(string=x)"},
		{"%w", STR("x"), "%!w(string=x)"},
		{"%\xe2\x98\x83", STR("x"), "%!\xe2\x98\x83(string=x)"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct tv v = tv_str(cases[i].s);
		check(cases[i].format, &v, 1, cases[i].want);
	}
}

static void formats(void **state)
{
	struct tv two[] = {tv_int(1), tv_str(STR("b"))},
		  three[] = {tv_int(8), tv_int(2), tv_float(3.14159)};
	struct tv nothing = tv_nil(), yes = tv_bool(true), neg = tv_int(-5);

	(void)state;
	check("100%%", NULL, 0, "100%");
	check("%d", NULL, 0, "%!d(MISSING)");
	check("%", NULL, 0, "%!(NOVERB)");
	check("x %5", NULL, 0, "x %!(NOVERB)");
	check("x", two, 2, "x%!(EXTRA int=1, string=b)");
	check("x", &nothing, 1, "x%!(EXTRA <nil>)");
	check("%[2]s %[1]d", two, 2, "b 1");
	check("%[1]d %[1]v", two, 2, "1 1");
	check("%[3]d", two, 2, "%!d(BADINDEX)");
	check("%[0]d %[x]d %[]d", two, 2, "%!d(BADINDEX) %!d(BADINDEX) %!d(BADINDEX)");
	check("%[1", two, 2, "%!(NOVERB)");
	check("%[3]*.[2]*[3]f|", three, 3, "%!(BADWIDTH)3.14|");
	check("%*.*f|", three, 3, "    3.14|");
	check("%[1]*.[2]*[3]f|", three, 3, "    3.14|");
	check("%*d|", (struct tv[]){neg, tv_int(7)}, 2, "7    |");
	check("%.*d|", (struct tv[]){neg, tv_int(7)}, 2, "%!(BADPREC)7|");
	check("%*d", (struct tv[]){tv_str(STR("w")), tv_int(7)}, 2, "%!(BADWIDTH)7");
	check("%*d", (struct tv[]){tv_int(1000001), tv_int(7)}, 2, "%!(BADWIDTH)7");
	check("%v %s %5v|", (struct tv[]){nothing, nothing, nothing}, 3, "<nil> %!s(<nil>) <nil>|");
	check("%t %6t %v", (struct tv[]){yes, yes, yes}, 3, "true   true true");
	check("%!", two, 1, "%!!(int=1)");
	check("%100000000000d", two, 1, "%!(NOVERB)%!(EXTRA int=1)");
}

static void nested(void **state)
{
	struct arena *a = arena_new();
	struct tv items[] = {tv_any(tv_float(1.5)), tv_any(tv_str(STR("x"))), tv_null()};
	struct tv list = tv_list(&tv_type_list, items, 3), map = tv_map_new(a, &tv_type_map, 0);
	struct tv bytes = {.type = &tv_type_bytes, .s = STR("ab")};
	struct tv c = {.type = &tv_type_complex128, .c = {1, -2.5}};

	(void)state;
	tv_map_set(map.map, STR("l"), list);
	tv_map_set(map.map, STR("b"), tv_bool(true));
	check("%v", &list, 1, "[1.5 x <nil>]");
	check("%s", &list, 1, "[%!s(float64=1.5) x <nil>]");
	check("%d", &map, 1,
	      "map[%!d(string=b):%!d(bool=true) %!d(string=l):[%!d(float64=1.5) %!d(string=x) "
	      "<nil>]]");
	check("%#v", &map, 1,
	      "map[string]interface {}{\"b\":true, \"l\":[]interface {}{1.5, \"x\", interface "
	      "{}(nil)}}");
	check("%6.2f", &list, 1, "[  1.50 %!f(string=     x) <nil>]");
	check("%v %s %x %q %d %#v", (struct tv[]){bytes, bytes, bytes, bytes, bytes, bytes}, 6,
	      "[97 98] ab 6162 \"ab\" [97 98] []byte{0x61, 0x62}");
	check("%t", &bytes, 1, "[%!t(uint8=97) %!t(uint8=98)]");
	check("%v %.1f %s", (struct tv[]){c, c, c}, 3,
	      "(1-2.5i) (1.0-2.5i) %!s(complex128=(1-2.5i))");
	struct tv none = tv_nil_list(&tv_type_list);
	check("%v %#v", (struct tv[]){none, none}, 2, "[] []interface {}(nil)");
	arena_free(a);
}

/* A struct, a pointer to it, and a type that prints itself. */
static struct tv field_a(const struct tv *self, struct arena *a)
{
	(void)a;
	return tv_int(*(const int *)self->p);
}

static struct tv field_b(const struct tv *self, struct arena *a)
{
	(void)self;
	(void)a;
	return tv_any(tv_str(STR("t")));
}

static void put_moo(const struct tv *v, struct buf *out)
{
	(void)v;
	buf_puts(out, "moo");
}

static void structs(void **state)
{
	static const struct tv_field fields[] = {
		{"A", "a", false, field_a}, {"B", NULL, false, field_b}, {NULL, NULL, false, NULL}};
	static const struct tv_type s = {.name = "x.S", .kind = TV_STRUCT, .fields = fields};
	static const struct tv_type ps = {.name = "*x.S", .kind = TV_PTR, .elem = &s};
	static const struct tv_type cow = {.name = "x.Cow", .kind = TV_INT, .string = put_moo};
	int seven = 7;
	struct tv v = tv_of(&s, &seven), p = tv_of(&ps, &seven), none = tv_of(&ps, NULL);
	struct tv moo = {.type = &cow, .i = 3}, list = tv_list(&tv_type_list, &moo, 1);

	(void)state;
	check("%v %+v %#v", (struct tv[]){v, v, v}, 3, "{7 t} {A:7 B:t} x.S{A:7, B:\"t\"}");
	check("%v %+v", (struct tv[]){p, p}, 2, "&{7 t} &{A:7 B:t}");
	check("%v %+v", (struct tv[]){none, none}, 2, "<nil> <nil>");
	check("%v %s %d %q %x %#v %5v", (struct tv[]){moo, moo, moo, moo, moo, moo, moo}, 7,
	      "moo moo 3 \"moo\" 6d6f6f 3   moo");
	check("%v %t", (struct tv[]){list, list}, 2, "[moo] [%!t(x.Cow=3)]");
}

static void joined(void **state)
{
	struct arena *a = arena_new();
	struct tv v[] = {tv_int(1), tv_int(2), tv_str(STR("x")), tv_int(3), tv_nil(), tv_nil()};
	struct buf out = BUF_INIT;

	(void)state;
	assert_int_equal(tv_sprint(v, ARRAY_LEN(v), 1000, a, &out), 0);
	assert_string_equal(out.p, "1 2x3 <nil> <nil>");
	buf_reset(&out);
	assert_int_equal(tv_sprintln(v, 3, 1000, a, &out), 0);
	assert_string_equal(out.p, "1 2 x\n");
	buf_reset(&out);
	assert_int_equal(tv_sprintln(v, 3, 6, a, &out), 0); /* fits exactly */
	buf_reset(&out);
	assert_int_equal(tv_sprintln(v, 3, 5, a, &out), -1);
	buf_release(&out);
	arena_free(a);
}

/* Widths and precisions are refused before memory is taken. */
static void limits(void **state)
{
	static const char *const formats[] = {"%9999999d",   "%.9999999d", "%.9999999f",
					      "%9999999.2e", "%-9999999s", "%9999999q",
					      "%9999999c",   "%.9999999U", "%#.9999999g",
					      "%.9999999x",  "%9999999x",  "%09999999f"};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		struct tv v[] = {tv_int(3), tv_float(2.5), tv_str(STR("x"))};
		for (size_t k = 0; k < ARRAY_LEN(v); k++) {
			struct buf out = BUF_INIT;
			int rc = tv_sprintf(str_c(formats[i]), &v[k], 1, 1000, a, &out);
			assert_true(out.n <= 1000);
			assert_true(out.cap <= 4096);
			assert_true(rc == 0 || out.failed);
			buf_release(&out);
		}
	}
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers), cmocka_unit_test(floats),  cmocka_unit_test(shortest),
		cmocka_unit_test(texts),   cmocka_unit_test(formats), cmocka_unit_test(nested),
		cmocka_unit_test(structs), cmocka_unit_test(joined),  cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests_name("tmpl_print", tests, NULL, NULL);
}
