/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/file.h"
#include "base/mem.h"
#include "codec/b64.h"
#include "tmpl/time_priv.h"
#include "tmpl/tmpl.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MAX_FIELDS 24

static void read_vectors(const char *name, struct buf *out)
{
	const char *dir = getenv("SIGNET_SRCDIR");
	char *path = mem_asprintf("%s/t/vectors/time/%s", dir != NULL ? dir : ".", name);
	struct err e = ERR_INIT;

	if (file_read(path, 16U << 20, out, &e) != 0)
		fail_msg("%s", e.msg);
	mem_free(path);
}

static bool have_zones(void)
{
	const struct tmpl_zone *z;
	struct buf why = BUF_INIT;
	bool have = zone_find(STR("Europe/Berlin"), &z, &why) == 0;

	buf_release(&why);
	return have;
}

/* ---- against Go ---- */
struct line {
	struct arena *a;
	struct str field[MAX_FIELDS];
	struct str whole;
};

static struct str text(const struct line *l, size_t i)
{
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;
	struct str s = STR_NULL;

	if (!str_eqc(l->field[i], "-")) {
		assert_int_equal(hex_decode(l->field[i], &b, &e), 0);
		s = arena_str(l->a, buf_view(&b));
	}
	buf_release(&b);
	return s;
}

static int64_t number(const struct line *l, size_t i)
{
	return strtoll(arena_cstr(l->a, l->field[i]), NULL, 10);
}

static void same_text(const struct line *l, const char *what, struct str got, struct str want)
{
	if (!str_eq(got, want))
		fail_msg("%s: got \"" STR_FMT "\", Go has \"" STR_FMT "\" in " STR_FMT, what,
			 STR_ARG(got), STR_ARG(want), STR_ARG(l->whole));
}

static void same_time(const struct line *l, const char *what, struct tv_time got, size_t i)
{
	if (got.sec != number(l, i) || got.nsec != (uint64_t)number(l, i + 1))
		fail_msg("%s: got %" PRId64 ".%09u in " STR_FMT, what, got.sec, got.nsec,
			 STR_ARG(l->whole));
}

static bool case_zone(struct str name, const struct tmpl_zone **z)
{
	struct buf why = BUF_INIT;

	bool known = zone_find(name, z, &why) == 0;
	buf_release(&why);
	return known || !str_has(name, '/') || str_starts(name, "Nope") || str_starts(name, ".");
}

static void case_parse(const struct line *l, struct buf *out, struct buf *why)
{
	const struct tmpl_zone *z = NULL;
	struct str name = text(l, 1);
	bool plain = str_eqc(name, "!");
	struct tv_time t;

	if (!plain && !case_zone(name, &z))
		return;
	int rc = time_parse(text(l, 2), text(l, 3), plain ? NULL : z, plain ? &zone_local : z, l->a,
			    &t, why);
	same_text(l, "error", buf_view(why), text(l, 7));
	assert_int_equal(rc, why->n > 0 ? -1 : 0);
	same_time(l, "parsed", t, 4);
	time_format(&t, str_c(time_layout_string), out);
	same_text(l, "parsed", buf_view(out), text(l, 6));
}

static void case_arithmetic(const struct line *l, struct tv_time t)
{
	struct time_fields f;

	same_time(l, "Add", time_add(t, number(l, 4)), 5);
	same_time(l, "Truncate", time_truncate(t, number(l, 7)), 8);
	same_time(l, "Round", time_round(t, number(l, 7)), 10);
	time_fields(&t, &f, NULL, NULL);
	struct time_parts p = {.year = f.year + number(l, 12),
			       .month = f.month + number(l, 13),
			       .day = f.day + number(l, 14),
			       .hour = f.hour,
			       .minute = f.minute,
			       .second = f.second,
			       .nsec = t.nsec};
	assert_int_equal(time_from_parts(&p, t.zone).sec, number(l, 15));
	struct tv_time u = {.sec = number(l, 16), .nsec = (uint32_t)number(l, 17)};
	assert_int_equal(time_sub(&t, &u), number(l, 18));
	assert_int_equal(time_compare(&u, &t), number(l, 19));
}

static void case_duration(const struct line *l, struct buf *out, struct buf *why)
{
	int64_t ns;

	if (l->field[0].p[0] == 'D') {
		duration_go_text(number(l, 1), out);
		same_text(l, "Duration", buf_view(out), text(l, 3));
		assert_int_equal(duration_round(number(l, 1), number(l, 2)), number(l, 4));
		return;
	}
	int rc = duration_go_parse(text(l, 1), &ns, why);
	same_text(l, "error", buf_view(why), text(l, 3));
	assert_int_equal(rc, why->n > 0 ? -1 : 0);
	assert_int_equal(ns, number(l, 2));
}

static void case_time(const struct line *l, struct buf *out, struct buf *why)
{
	struct tv_time t = {.sec = number(l, 1), .nsec = (uint32_t)number(l, 2)};

	if (!case_zone(text(l, 3), &t.zone))
		return;
	if (l->field[0].p[0] == 'F') {
		time_format(&t, text(l, 4), out);
		same_text(l, "Format", buf_view(out), text(l, 5));
	} else if (l->field[0].p[0] == 'J') {
		struct tv v = tv_time_in(l->a, t);
		if (tv_type_time.json(&v, out, why) != 0)
			buf_reset(out);
		same_text(l, "JSON", buf_view(out), text(l, 4));
		same_text(l, "JSON error", buf_view(why), text(l, 5));
	} else {
		case_arithmetic(l, t);
	}
}

static void test_go_cases(void **state)
{
	struct buf file = BUF_INIT;
	size_t n = 0;

	(void)state;
	tmpl_zones_load();
	read_vectors("go-time.tsv", &file);
	for (struct str rest = buf_view(&file); rest.n > 0; n++) {
		struct line l = {.a = arena_new(), .whole = str_cut(rest, '\n', &rest)};
		struct buf out = BUF_INIT, why = BUF_INIT;
		struct str fields = l.whole;
		for (size_t i = 0; i < MAX_FIELDS && fields.n > 0; i++)
			l.field[i] = str_cut(fields, '\t', &fields);
		if (l.field[0].p[0] == 'P')
			case_parse(&l, &out, &why);
		else if (l.field[0].p[0] == 'D' || l.field[0].p[0] == 'Q')
			case_duration(&l, &out, &why);
		else
			case_time(&l, &out, &why);
		buf_release(&out);
		buf_release(&why);
		arena_free(l.a);
	}
	assert_true(n > 1000);
	buf_release(&file);
}

/* ---- zones ---- */
static void test_before_loading(void **state)
{
	const struct tmpl_zone *z;
	struct buf why = BUF_INIT;

	(void)state;
	/* Nothing is read by asking. */
	assert_int_equal(zone_find(STR("Europe/Berlin"), &z, &why), -1);
	assert_true(str_eqc(buf_view(&why), "unknown time zone Europe/Berlin"));
	buf_release(&why);
	assert_int_equal(zone_find(STR("UTC"), &z, &why), 0);
	assert_null(z);
	assert_int_equal(zone_find(STR("Local"), &z, &why), 0);
	assert_ptr_equal(z, &zone_local);
	assert_int_equal(zone_find(STR("/etc/passwd"), &z, &why), -1);
	assert_int_equal(zone_find(STR("a/../b"), &z, &why), -1);
	buf_release(&why);
}

static void rule_offset(const char *rule, int64_t sec, int32_t offset, const char *name)
{
	struct zone_rule r;
	struct zone_at at;

	assert_true(zone_rule_parse(str_c(rule), &r));
	zone_rule_at(&r, 0, sec, &at);
	assert_int_equal(at.offset, offset);
	assert_true(str_eqc(at.name, name));
	assert_true(at.start <= sec && sec - 2 * 86400 < at.end);
}

static void test_rules(void **state)
{
	static const char *const bad[] = {"",
					  "C",
					  "CET",
					  "CET-1CEST,M3.5.0",
					  "CET-1CEST,M13.5.0,M10.5.0",
					  "CET-1CEST,M3.6.0,M10.5.0",
					  "CET-1CEST,J0,J5",
					  "CET-1CEST,366,5",
					  "<+03-3",
					  "CET-200",
					  "CET-1CEST,M3.5.0,M10.5.0,x",
					  "CET-1:60",
					  "CET-1C"};
	static const char cet[] = "CET-1CEST,M3.5.0,M10.5.0/3";
	struct zone_rule r;

	(void)state;
	/* 2100-03-28 01:00 UTC is when summer begins; 2100-10-31 01:00 it ends. */
	rule_offset(cet, 4109878800 - 1, 3600, "CET");
	rule_offset(cet, 4109878800, 7200, "CEST");
	rule_offset(cet, 4128627600 - 1, 7200, "CEST");
	rule_offset(cet, 4128627600, 3600, "CET");
	rule_offset("<+0330>-3:30", 0, 12600, "+0330");
	rule_offset("AEST-10AEDT,M10.1.0,M4.1.0/3", 4102444800, 39600, "AEDT");
	rule_offset("EST5EDT", 4118083200, -14400, "EDT"); /* 2100-07-01 by the default rules */
	rule_offset("XXX3YYY,J60/0,300/-1", 4107542400, -10800, "XXX");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (zone_rule_parse(str_c(bad[i]), &r))
			fail_msg("\"%s\" passed", bad[i]);
}

/* A version 2 file: two kinds, two changes, a rule. */
static void make_zone(struct buf *b)
{
	for (int round = 0; round < 2; round++) {
		buf_puts(b, "TZif2");
		buf_add(b, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 15);
		for (uint32_t i = 0; i < 6; i++)
			buf_u32(b, i < 3 ? 0 : i == 3 ? 2 : i == 4 ? 2 : 8);
		for (uint32_t i = 0; i < 2; i++) {
			if (round == 1)
				buf_u32(b, 0);
			buf_u32(b, 1000 + 1000 * i);
		}
		buf_add(b, "\1\0", 2);
		buf_u32(b, 3600);
		buf_add(b, "\0\0", 2);
		buf_u32(b, 7200);
		buf_add(b, "\1\4", 2);
		buf_add(b, "CET\0DST\0", 8);
	}
	buf_puts(b, "\nCET-1\n");
}

static void test_zone_file(void **state)
{
	struct buf b = BUF_INIT;
	struct tmpl_zone z = {0};
	struct zone_at at;

	(void)state;
	struct arena *a = arena_new();
	make_zone(&b);
	assert_true(zone_parse(buf_view(&b), a, &z));
	zone_lookup(&z, 5, &at); /* before the table: the standard one */
	assert_int_equal(at.offset, 3600);
	assert_int_equal(at.end, 1000);
	zone_lookup(&z, 1000, &at);
	assert_int_equal(at.offset, 7200);
	assert_true(at.dst);
	assert_true(str_eqc(at.name, "DST"));
	zone_lookup(&z, 5000, &at);
	assert_int_equal(at.offset, 3600);
	/* Cut anywhere and with any byte changed, nothing bad happens. */
	for (size_t n = 0; n < b.n; n++) {
		struct tmpl_zone half = {0};
		char *copy = mem_dup(b.p, n + 1);
		bool whole = zone_parse(str_mem(copy, n), a, &half);
		assert_true(!whole || n + 7 >= b.n);
		mem_free(copy);
		copy = mem_dup(b.p, b.n);
		copy[n] = (char)0xff;
		if (zone_parse(str_mem(copy, b.n), a, &half))
			zone_lookup(&half, 1500, &at);
		mem_free(copy);
	}
	buf_release(&b);
	arena_free(a);
}

static void test_database(void **state)
{
	const struct tmpl_zone *z;
	struct buf why = BUF_INIT;
	struct zone_at at;

	(void)state;
	tmpl_zones_load();
	if (!have_zones())
		skip();
	assert_int_equal(zone_find(STR("Asia/Tokyo"), &z, &why), 0);
	zone_lookup(z, 1700000000, &at);
	assert_int_equal(at.offset, 9 * 3600);
	assert_int_equal(zone_find(STR("posix/Asia/Tokyo"), &z, &why), 0);
	assert_int_equal(zone_find(STR("asia/tokyo"), &z, &why), -1);
	assert_int_equal(zone_find(STR("Asia"), &z, &why), -1);
	assert_int_equal(zone_find(STR("zone.tab"), &z, &why), -1);
	buf_release(&why);
}

/* ---- ends and bounds ---- */
static void test_extremes(void **state)
{
	static const int64_t ends[] = {INT64_MIN, INT64_MIN + 1, -1, 0, INT64_MAX - 1, INT64_MAX};
	struct time_fields f;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		struct tv_time t = {.sec = ends[i], .nsec = 999999999};
		struct buf b = BUF_INIT;
		time_fields(&t, &f, NULL, NULL);
		struct time_parts p = {f.year, f.month, f.day, f.hour, f.minute, f.second, 0};
		assert_int_equal(time_from_parts(&p, NULL).sec, ends[i]);
		time_format(&t, str_c(time_layout_string), &b);
		assert_true(b.n > 20);
		buf_release(&b);
		for (size_t k = 0; k < ARRAY_LEN(ends); k++) {
			struct tv_time u = time_add(t, ends[k]);
			time_sub(&t, &u);
			time_round(t, ends[k]);
			time_truncate(u, ends[k]);
			duration_round(ends[i], ends[k]);
		}
	}
	struct time_parts wild = {INT64_MAX, INT64_MIN, INT64_MAX, INT64_MIN,
				  INT64_MAX, INT64_MIN, INT64_MAX};
	wild.hour = wild.minute = wild.second = INT32_MAX;
	time_from_parts(&wild, &zone_local);
	assert_int_equal(time_from_float(1e300).sec, INT64_MIN);
	assert_int_equal(time_from_float(-5.9).sec, -5);
}

static int run(const char *template, struct buf *out, struct tmpl_error_info *why, struct arena *a)
{
	struct tmpl_options o = {.name = STR("template"), .set = TMPL_STEP};
	struct tmpl *t;

	if (tmpl_compile(str_c(template), &o, a, &t, why) != 0)
		return -1;
	int rc = tmpl_run(t, tv_nil(), &tmpl_limits_loop, a, out, why);
	tmpl_unref(t);
	return rc;
}

/* What would be large is refused, not made. */
static void test_bounds(void **state)
{
	static const char *const heavy[] = {
		/* a name of a zone as long as one likes, written often */
		"{{$t := parseTime \"MST\" (printf \"+%s\" (repeat 60000 \"0\"))}}"
		"{{$t.Format (repeat 20000 \"MST\")}}",
		"{{now.Format (repeat 300000 \"Monday\")}}",
		"{{$l := list 1}}{{range $i := until 10000}}{{$l = list $l}}{{end}}"
		"{{asn1Marshal $l}}",
		"{{$l := list 1}}{{range $i := until 60}}{{$l = list $l $l}}{{end}}"
		"{{asn1Marshal $l}}",
		"{{$l := list 1}}{{range $i := until 60}}{{$l = list $l $l}}{{end}}"
		"{{asn1Marshal $l \"set\"}}",
		"{{$s := asn1Enc (repeat 100000 \"x\")}}{{range $i := until 100}}"
		"{{$s = asn1Seq $s $s}}{{end}}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(heavy); i++) {
		struct arena *a = arena_new();
		struct buf out = BUF_INIT;
		struct tmpl_error_info why;
		if (run(heavy[i], &out, &why, a) == 0)
			fail_msg("%s made %zu bytes", heavy[i], out.n);
		assert_true(why.class == TMPL_LIMIT || why.class == TMPL_EXEC);
		assert_true(arena_used(a) < 64U << 20);
		buf_release(&out);
		arena_free(a);
	}
}

static void test_now(void **state)
{
	struct arena *a = arena_new();
	struct buf error = BUF_INIT;
	struct tmpl_call c = {.arena = a,
			      .name = "ago",
			      .now = 1700000000,
			      .now_ns = 5,
			      .room = 1U << 20,
			      .error = &error};
	const struct tmpl_func *f = tmpl_funcs_date;
	struct tv out, args[1];

	(void)state;
	while (strcmp(f->name, "now") != 0)
		f++;
	assert_int_equal(f->call(&c, NULL, 0, &out), 0);
	assert_ptr_equal(out.type, &tv_type_time);
	assert_int_equal(((const struct tv_time *)out.p)->sec, 1700000000);
	assert_int_equal(((const struct tv_time *)out.p)->nsec, 5);
	f = tmpl_funcs_date;
	while (strcmp(f->name, "ago") != 0)
		f++;
	args[0] = tv_int64(1700000000 - 3661);
	assert_int_equal(f->call(&c, args, 1, &out), 0);
	assert_true(str_eqc(out.s, "1h1m1s"));
	buf_release(&error);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_before_loading), /* first */
		cmocka_unit_test(test_go_cases),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_zone_file),
		cmocka_unit_test(test_database),
		cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_now),
	};

	return cmocka_run_group_tests_name("tmpl/time", tests, NULL, NULL);
}
