/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/tmpl.h"

#include <setjmp.h>
#include <cmocka.h>

/* What the vectors do not reach: bounds of the parser, the functions of each set, sharing. */
static int compile_in(enum tmpl_set set, unsigned flags, struct str text, struct arena *a,
		      struct tmpl **t, struct tmpl_error_info *why)
{
	struct tmpl_options o = {.name = STR("template"), .set = set, .flags = flags};

	*t = NULL;
	return tmpl_compile(text, &o, a, t, why);
}

static void refused(struct str text, const char *message)
{
	struct arena *a = arena_new();
	struct tmpl_error_info why;
	struct tmpl *t;

	assert_int_equal(compile_in(TMPL_GO, 0, text, a, &t, &why), -1);
	assert_null(t);
	assert_int_equal(why.class, TMPL_PARSE);
	assert_int_equal(why.col, -1);
	assert_string_equal(why.message.p, message);
	arena_free(a);
}

static void accepted(struct str text)
{
	struct arena *a = arena_new();
	struct tmpl_error_info why;
	struct tmpl *t;

	assert_int_equal(compile_in(TMPL_GO, 0, text, a, &t, &why), 0);
	assert_int_equal(why.class, TMPL_OK);
	tmpl_unref(t);
	arena_free(a);
}

static void repeat(struct buf *b, const char *what, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_puts(b, what);
}

static void nested(size_t n, const char *open, const char *middle, const char *close,
		   const char *message)
{
	struct buf b = BUF_INIT;

	repeat(&b, open, n);
	buf_puts(&b, middle);
	repeat(&b, close, n);
	if (message != NULL)
		refused(buf_view(&b), message);
	else
		accepted(buf_view(&b));
	buf_release(&b);
}

static void nesting(void **state)
{
	(void)state;
	nested(1000, "{{if .}}", "x", "{{end}}", NULL);
	nested(1001, "{{if .}}", "x", "{{end}}",
	       "template: template:1: blocks are nested more than 1000 deep");
	nested(1001, "{{range .}}", "x", "{{end}}",
	       "template: template:1: blocks are nested more than 1000 deep");
	nested(1001, "{{block \"a\" .}}", "x", "{{end}}",
	       "template: template:1: blocks are nested more than 1000 deep");
}

static void parentheses(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_puts(&b, "{{");
	repeat(&b, "(", 1000);
	buf_puts(&b, "1");
	repeat(&b, ")", 1000);
	buf_puts(&b, "}}");
	accepted(buf_view(&b));
	buf_reset(&b);
	buf_puts(&b, "{{");
	repeat(&b, "(", 100000);
	refused(buf_view(&b), "template: template:1: max expression depth exceeded");
	buf_release(&b);
}

static void else_chain(size_t n, const char *message)
{
	struct buf b = BUF_INIT;

	buf_puts(&b, "{{if .}}");
	repeat(&b, "{{else if .}}", n);
	buf_puts(&b, "{{end}}");
	if (message != NULL)
		refused(buf_view(&b), message);
	else
		accepted(buf_view(&b));
	buf_release(&b);
}

static void else_chains(void **state)
{
	(void)state;
	else_chain(999, NULL);
	else_chain(1000, "template: template:1: blocks are nested more than 1000 deep");
}

static void size(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	repeat(&b, "x", 1024 * 1024);
	accepted(buf_view(&b));
	buf_putc(&b, 'x');
	refused(buf_view(&b), "the template is larger than 1 MiB");
	buf_reset(&b);
	repeat(&b, "{{1}}", 60000);
	refused(buf_view(&b), "template: template:1: the template has more than 200000 parts");
	buf_release(&b);
}

static void many_variables(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	for (int i = 0; i < 20000; i++)
		buf_printf(&b, "{{$v%d := $}}", i);
	accepted(buf_view(&b));
	buf_puts(&b, "{{define \"x\"}}{{$v3}}{{end}}");
	refused(buf_view(&b), "template: template:1: undefined variable \"$v3\"");
	buf_release(&b);
}

static void scopes(void **state)
{
	(void)state;
	accepted(STR("{{$x := 1}}{{if $x}}{{$x := 2}}{{$y := $x}}{{end}}{{$x}}"));
	refused(STR("{{if 1}}{{$y := 1}}{{end}}{{$y}}"),
		"template: template:1: undefined variable \"$y\"");
	accepted(STR("{{$x := 1}}{{block \"b\" .}}{{$x := 3}}{{$x}}{{end}}{{$x}}"));
	refused(STR("{{$x := 1}}\n{{block \"b\" .}}{{$x}}{{end}}"),
		"template: template:2: undefined variable \"$x\"");
	accepted(STR("{{define \"a\"}} {{end}}{{define \"a\"}}x{{end}}{{define \"a\"}}\n{{end}}"));
	refused(STR("{{define \"a\"}}y{{end}}{{define \"a\"}}x{{end}}"),
		"template: template:1: template: multiple definition of template \"a\"");
}

static void sets(void **state)
{
	static const struct {
		enum tmpl_set set;
		const char *text;
		bool good;
	} rows[] = {{TMPL_GO, "{{toJson 1}}", false},
		    {TMPL_SPRIG, "{{toJson 1}}", true},
		    {TMPL_SPRIG, "{{formatTime 1}}", false},
		    {TMPL_STEP_SSH, "{{formatTime 1}}", true},
		    {TMPL_STEP_SSH, "{{asn1Enc \"a\"}}", false},
		    {TMPL_STEP, "{{asn1Enc \"a\"}}", true},
		    {TMPL_SPRIG, "{{env \"HOME\"}}", false},
		    {TMPL_STEP, "{{expandenv \"x\"}}", false}};
	struct tmpl_error_info why;
	struct tmpl *t;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_new();
		int rc = compile_in(rows[i].set, 0, str_c(rows[i].text), a, &t, &why);
		assert_int_equal(rc, rows[i].good ? 0 : -1);
		tmpl_unref(t);
		arena_free(a);
	}
}

static int extra_call(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	(void)c;
	(void)args;
	*out = tv_int((int64_t)n);
	return 0;
}

static void slow_and_extra(void **state)
{
	static const struct tmpl_func extra[] = {
		{"dear", "", 'i', TMPL_FUNC_SPRIG | TMPL_FUNC_SLOW, extra_call},
		{"len", "*a", 'i', TMPL_FUNC_SPRIG, extra_call},
		{0}};
	struct tmpl_options o = {.name = STR("n"), .set = TMPL_SPRIG, .extra = extra};
	struct arena *a = arena_new();
	struct buf out = BUF_INIT;
	struct tmpl_error_info why;
	struct tmpl *t = NULL;

	(void)state;
	assert_int_equal(tmpl_compile(STR("{{dear}}"), &o, a, &t, &why), -1);
	assert_true(str_starts(why.message,
			       "template: n:1: function \"dear\" not defined (it is slow"));
	o.flags = TMPL_ALLOW_SLOW;
	assert_int_equal(tmpl_compile(STR("{{dear}} {{len 1 2 3}}"), &o, a, &t, &why), 0);
	assert_int_equal(tmpl_run(t, tv_nil(), &tmpl_limits_loop, a, &out, &why), 0);
	assert_string_equal(out.p, "0 3"); /* the caller's function hides Go's */
	tmpl_unref(t);
	buf_release(&out);
	arena_free(a);
}

static void shared(void **state)
{
	struct arena *a = arena_new();
	struct buf out = BUF_INIT;
	struct tmpl_error_info why;
	struct tmpl *t;

	(void)state;
	assert_int_equal(compile_in(TMPL_GO, 0, STR("{{$x := .}}{{$x}}{{.}}"), a, &t, &why), 0);
	assert_ptr_equal(tmpl_ref(t), t);
	tmpl_unref(t);
	for (int i = 0; i < 3; i++)
		assert_int_equal(tmpl_run(t, tv_int(i), &tmpl_limits_loop, a, &out, &why), 0);
	assert_string_equal(out.p, "001122");
	tmpl_unref(t);
	tmpl_unref(NULL);
	buf_release(&out);
	arena_free(a);
}

static void described(void **state)
{
	struct arena *a = arena_new();
	struct buf out = BUF_INIT;
	struct tmpl_error_info why;
	struct tmpl *t;

	(void)state;
	assert_int_equal(compile_in(TMPL_GO, 0, STR("a\n{{.x"), a, &t, &why), -1);
	tmpl_error_describe(&why, &out);
	assert_string_equal(out.p, "line 2: unclosed action");
	buf_reset(&out);
	assert_int_equal(compile_in(TMPL_GO, 0, STR("ab {{len 3}}"), a, &t, &why), 0);
	assert_int_equal(tmpl_run(t, tv_nil(), &tmpl_limits_loop, a, &out, &why), -1);
	buf_reset(&out);
	tmpl_error_describe(&why, &out);
	assert_string_equal(out.p, "line 1, column 6: executing \"template\" at <len 3>: error "
				   "calling len: len of type int");
	tmpl_unref(t);
	buf_release(&out);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nesting),	  cmocka_unit_test(parentheses),
		cmocka_unit_test(else_chains),	  cmocka_unit_test(size),
		cmocka_unit_test(many_variables), cmocka_unit_test(scopes),
		cmocka_unit_test(sets),		  cmocka_unit_test(slow_and_extra),
		cmocka_unit_test(shared),	  cmocka_unit_test(described),
	};

	return cmocka_run_group_tests_name("tmpl_parse", tests, NULL, NULL);
}
