/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/tmpl.h"

#include <setjmp.h>
#include <cmocka.h>

/*
 * Runs: the bounds, structs and methods by type tables (Go's vectors reach them only through
 * certificates), arguments of every parameter type.
 */
static const struct tmpl_limits small = {
	.steps = 10000, .output = 1000, .memory = 100000, .depth = 50};

static int call_any(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < n; i++) {
		buf_printf(&b, "%s%s%s", i > 0 ? " " : "", tv_type_name(args[i]),
			   args[i].nil	   ? "(nil)"
			   : args[i].iface ? "(any)"
					   : "");
	}
	return tmpl_return_buf(c, &b, out);
}

static int call_room(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	(void)n;
	if (tmpl_room(c, (uint64_t)args[0].i) != 0)
		return -1;
	*out = tv_int((int64_t)c->room);
	return 0;
}

static int call_steps(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	(void)n;
	*out = args[0];
	return tmpl_steps(c, (uint64_t)args[0].i);
}

static int call_fail(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	(void)n;
	(void)out;
	c->failed = true;
	buf_reset(c->error);
	buf_str(c->error, args[0].s);
	return -1;
}

static const struct tmpl_func extra[] = {{"ints", "iIun", 's', TMPL_FUNC_SPRIG, call_any},
					 {"lists", "lSmM", 's', TMPL_FUNC_SPRIG, call_any},
					 {"anys", "*a", 's', TMPL_FUNC_SPRIG, call_any},
					 {"mixed", "sbf*i", 's', TMPL_FUNC_SPRIG, call_any},
					 {"room", "i", 'i', TMPL_FUNC_SPRIG, call_room},
					 {"steps", "i", 'i', TMPL_FUNC_SPRIG, call_steps},
					 {"failing", "s", 's', TMPL_FUNC_SPRIG, call_fail},
					 {0}};

struct point {
	int64_t x, y;
};
static struct tv get_x(const struct tv *self, struct arena *a)
{
	(void)a;
	return tv_int(((const struct point *)self->p)->x);
}
static struct tv get_name(const struct tv *self, struct arena *a)
{
	(void)self;
	(void)a;
	return tv_str(STR("point"));
}
static int sum(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	const struct point *p = args[0].p;
	int64_t total = p->x + p->y;

	(void)c;
	for (size_t i = 1; i < n; i++)
		total += args[i].i;
	*out = tv_int(total);
	return 0;
}
static const struct tv_field point_fields[] = {
	{"X", "x", false, get_x}, {"Name", NULL, false, get_name}, {0}};
static const struct tmpl_func point_methods[] = {{"Sum", "*i", 'i', 0, sum}, {0}};
static const struct tv_type point_type = {
	.name = "geo.Point", .kind = TV_STRUCT, .fields = point_fields, .methods = point_methods};
static const struct tv_type point_ptr = {.name = "*geo.Point", .kind = TV_PTR, .elem = &point_type};
static const struct tv_type named_map = {.name = "geo.Map", .kind = TV_MAP, .elem = &tv_type_any};

struct world {
	struct arena *a;
	struct buf out;
	struct tmpl_error_info why;
	struct tv dot;
};

static void world_init(struct world *w)
{
	static const struct point p = {3, 4};

	*w = (struct world){.a = arena_new()};
	w->dot = tv_map_new(w->a, &tv_type_map, 8);
	tv_map_set(w->dot.map, STR("p"), tv_of(&point_type, &p));
	tv_map_set(w->dot.map, STR("ptr"), tv_of(&point_ptr, &p));
	tv_map_set(w->dot.map, STR("none"), tv_of(&point_ptr, NULL));
	tv_map_set(w->dot.map, STR("named"), tv_map_new(w->a, &named_map, 1));
	tv_map_set(w->dot.map, STR("f"), tv_float(1.5));
	tv_map_set(w->dot.map, STR("null"), tv_null());
}

static void world_release(struct world *w)
{
	buf_release(&w->out);
	arena_free(w->a);
}

static int render(struct world *w, const char *text, const struct tmpl_limits *l)
{
	struct tmpl_options o = {.name = STR("t"), .set = TMPL_STEP, .extra = extra};
	struct tmpl *t;

	buf_reset(&w->out);
	if (tmpl_compile(str_c(text), &o, w->a, &t, &w->why) != 0)
		fail_msg("%s: %s", text, w->why.message.p);
	int rc = tmpl_run(t, w->dot, l, w->a, &w->out, &w->why);
	tmpl_unref(t);
	return rc;
}

static void gives(const char *text, const char *want)
{
	struct world w;

	world_init(&w);
	if (render(&w, text, &tmpl_limits_loop) != 0)
		fail_msg("%s: %s", text, w.why.message.p);
	assert_string_equal(w.out.p, want);
	world_release(&w);
}

static void fails(const char *text, enum tmpl_class class, const char *message)
{
	struct world w;

	world_init(&w);
	assert_int_equal(render(&w, text, &small), -1);
	assert_int_equal(w.why.class, class);
	if (strstr(w.why.message.p, message) == NULL)
		fail_msg("%s: got \"%s\", not \"%s\"", text, w.why.message.p, message);
	world_release(&w);
}

static void bounds(void **state)
{
	(void)state;
	fails("{{range 1000000000}}{{end}}", TMPL_LIMIT, "takes more than 10000 steps");
	fails("{{range 1000}}0123456789{{end}}", TMPL_LIMIT, "prints more than 1000 bytes");
	fails("{{printf \"%900d%900d\" 1 2}}", TMPL_LIMIT, "prints more than 1000 bytes");
	fails("{{printf \"%900000d\" 1}}", TMPL_LIMIT, "larger than it may");
	fails("{{define \"a\"}}{{template \"a\"}}{{end}}{{template \"a\"}}", TMPL_LIMIT,
	      "template: t:1:25: executing \"a\" at <{{template \"a\"}}>: exceeded maximum");
	fails("{{room 200000}}", TMPL_LIMIT, "needs more memory");
	fails("{{room -1}}", TMPL_LIMIT, "needs more memory");
	fails("{{steps 1000000}}", TMPL_LIMIT, "takes more than 10000 steps");
	fails("{{$x := .}}{{range 3000}}{{$y := 1}}{{$z := 2}}{{end}}", TMPL_LIMIT, "steps");
	gives("{{range $i := 3}}{{$y := $i}}{{$y}}{{end}}", "012");
}

/* A text is paid for wherever it stands, and every time that it is written. */
static void texts_inside(void **state)
{
	static const char *const calls[] = {
		"toJson $l",	    "toPrettyJson $l",
		"toRawJson $l",	    "toJson (dict $x $x)",
		"printf \"%q\" $l", "printf \"%#v\" $l",
		"printf \"%x\" $l", "printf \"%[1]q%[1]q\" $x",
		"html $l",	    "js $l",
		"urlquery $l",	    "quote $l",
		"asn1Marshal $l",   "printf \"%.900000f\" 1.5",
	};
	struct tmpl_limits l = {.steps = 30000, .output = 1 << 20, .memory = 8 << 20, .depth = 50};
	struct world w;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		char text[200];

		world_init(&w);
		snprintf(text, sizeof(text),
			 "{{$x := repeat 30000 \"\\n\"}}{{$l := list $x $x $x $x $x}}{{$y := %s}}",
			 calls[i]);
		if (render(&w, text, &l) != -1 || w.why.class != TMPL_LIMIT)
			fail_msg("%s: not stopped", calls[i]);
		world_release(&w);
	}
	gives("{{js \"<\\u2028\\U000e0001\\x00\"}}", "\\u003C\\u2028\\uE0001\\u0000");
}

static void stacks(void **state)
{
	static const char deep[] = "{{define \"a\"}}{{if 1}}{{with 1}}{{range 1}}{{template \"a\" "
				   "(or 0 (and 1 (or 0 1)))}}{{end}}{{end}}{{end}}{{end}}"
				   "{{template \"a\"}}";
	struct tmpl_limits l = {
		.steps = 100000000, .output = 1000, .memory = 100 * 1000 * 1000, .depth = 1000000};
	struct world w;

	(void)state;
	world_init(&w);
	assert_int_equal(render(&w, deep, &l), -1);
	assert_int_equal(w.why.class, TMPL_LIMIT);
	l.depth = 1000;
	assert_int_equal(
		render(&w, "{{define \"a\"}}{{template \"a\"}}{{end}}{{template \"a\"}}", &l), -1);
	assert_non_null(strstr(w.why.message.p, "exceeded maximum template depth"));
	world_release(&w);
}

static void time_bound(void **state)
{
	struct tmpl_limits l = {.steps = UINT64_C(1) << 60,
				.output = 1000,
				.memory = 1000 * 1000,
				.depth = 10,
				.time_ns = 20 * 1000 * 1000};
	struct world w;

	(void)state;
	world_init(&w);
	assert_int_equal(render(&w, "{{range 1000000000000}}{{end}}", &l), -1);
	assert_int_equal(w.why.class, TMPL_LIMIT);
	assert_non_null(strstr(w.why.message.p, "takes longer than 20 ms"));
	world_release(&w);
}

static void structs(void **state)
{
	(void)state;
	gives("{{.p.X}} {{.ptr.X}} {{.ptr.Name | len}}", "3 3 5");
	gives("{{.p.Sum}} {{.ptr.Sum 1 2}} {{3 | .p.Sum 1}}", "7 10 11");
	gives("{{with .p}}{{.X}}{{.Sum}}{{end}}{{$q := .ptr}}{{$q.X}}", "373");
	gives("{{if .none}}a{{else}}b{{end}}{{if .p}}c{{end}}", "bc");
	fails("{{.p.Y}}", TMPL_EXEC,
	      "t:1:4: executing \"t\" at <.p.Y>: can't evaluate field Y in type "
	      "interface {}");
	fails("{{$q := .p}}{{$q.x}}", TMPL_EXEC, "can't evaluate field x in type geo.Point");
	fails("{{.none.X}}", TMPL_EXEC, "nil pointer evaluating interface {}.X");
	fails("{{.none.Z}}", TMPL_EXEC, "can't evaluate field Z in type interface {}");
	fails("{{.none.Sum}}", TMPL_EXEC,
	      "error calling Sum: runtime error: invalid memory address");
	fails("{{.p.X 1}}", TMPL_EXEC, "X has arguments but cannot be invoked as function");
	fails("{{.p.Sum 1.5}}", TMPL_EXEC, "expected integer; found 1.5");
	fails("{{range .p}}{{end}}", TMPL_EXEC, "range can't iterate over");
}

static void arguments(void **state)
{
	(void)state;
	gives("{{ints 1 'a' 2.0 0x10}}", "int int64 uint32 uint64");
	gives("{{lists nil nil nil nil}}",
	      "[]interface {}(nil) []string(nil) map[string]interface {}(nil) "
	      "map[string]string(nil)");
	gives("{{lists .gone .gone .named .gone}}",
	      "[]interface {}(nil) []string(nil) map[string]interface {} "
	      "map[string]string(nil)");
	gives("{{anys 1 2.5 \"x\" true .f .gone nil (len \"x\")}}",
	      "int(any) float64(any) string(any) bool(any) float64(any) <nil>(any) <nil>(any) "
	      "int(any)");
	gives("{{mixed \"a\" true 1}} {{2 | mixed \"a\" false 1.5 1}}",
	      "string bool float64 string bool float64 int int");
	fails("{{mixed \"a\" true}}", TMPL_EXEC,
	      "wrong number of args for mixed: want at least 3 got 2");
	fails("{{mixed .f true 1}}", TMPL_EXEC, "expected string; got float64");
	fails("{{mixed .null true 1}}", TMPL_EXEC, "expected string; got interface {}");
	fails("{{mixed .gone true 1}}", TMPL_EXEC, "invalid value; expected string");
	fails("{{mixed nil true 1}}", TMPL_EXEC, "cannot assign nil to string");
	fails("{{ints 1 1 -1 1}}", TMPL_EXEC, "expected unsigned integer; found -1");
	fails("{{lists 1 nil nil nil}}", TMPL_EXEC,
	      "can't handle 1 for arg of type []interface {}");
	fails("{{lists nil nil .null nil}}", TMPL_EXEC,
	      "expected map[string]interface {}; got interface {}");
}

static void failing(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	assert_int_equal(render(&w, "\n {{failing \"no\\x00way\"}}", &small), -1);
	assert_int_equal(w.why.class, TMPL_FAIL);
	assert_int_equal(w.why.message.n, 6);
	assert_memory_equal(w.why.message.p, "no\0way", 6);
	assert_int_equal(w.why.line, 2);
	assert_int_equal(w.why.col, 3);
	assert_true(str_starts(w.why.whole, "template: t:2:3: executing \"t\" at <failing "));
	assert_int_equal(render(&w, "{{failing \"\"}}", &small), -1);
	assert_int_equal(w.why.class, TMPL_EXEC);
	world_release(&w);
}

/* The caller's own limit on the buffer stays what it was. */
static void output_limit(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	w.out.limit = 5;
	assert_int_equal(render(&w, "abc", &small), 0);
	assert_int_equal(w.out.limit, 5);
	assert_int_equal(render(&w, "abcdefgh", &small), -1);
	assert_int_equal(w.why.class, TMPL_LIMIT);
	world_release(&w);
}

static void deep_equal(void **state)
{
	struct arena *a = arena_new();
	struct tv x = tv_int(1), y = tv_int64(1), list, nil = tv_nil_list(&tv_type_list);
	struct tv m = tv_map_new(a, &tv_type_map, 1), n = tv_map_new(a, &tv_type_map, 1);

	(void)state;
	list = tv_list(&tv_type_list, NULL, 0);
	assert_true(tv_deep_equal(x, tv_any(x)));
	assert_false(tv_deep_equal(x, y));
	assert_false(tv_deep_equal(list, nil));
	assert_true(tv_deep_equal(nil, nil));
	tv_map_set(m.map, STR("k"), x);
	assert_false(tv_deep_equal(m, n));
	tv_map_set(n.map, STR("k"), x);
	assert_true(tv_deep_equal(m, n));
	tv_map_set(n.map, STR("k"), y);
	assert_false(tv_deep_equal(m, n));
	/* 2^60 leaves behind 60 shared lists: an answer, soon */
	struct tv p = x, q = x;
	for (int i = 0; i < 60; i++) {
		struct tv two[2] = {tv_any(p), tv_any(p)}, other[2] = {tv_any(q), tv_any(q)};
		p = tv_list(&tv_type_list, arena_dup(a, two, sizeof(two)), 2);
		q = tv_list(&tv_type_list, arena_dup(a, other, sizeof(other)), 2);
	}
	assert_false(tv_deep_equal(p, q));
	assert_true(tv_deep_equal(p, p));
	/* a map that holds itself */
	tv_map_set(m.map, STR("k"), m);
	tv_map_set(n.map, STR("k"), n);
	assert_false(tv_deep_equal(m, n));
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds),	cmocka_unit_test(stacks),
		cmocka_unit_test(time_bound),	cmocka_unit_test(structs),
		cmocka_unit_test(arguments),	cmocka_unit_test(failing),
		cmocka_unit_test(texts_inside), cmocka_unit_test(output_limit),
		cmocka_unit_test(deep_equal),
	};

	return cmocka_run_group_tests_name("tmpl_exec", tests, NULL, NULL);
}
