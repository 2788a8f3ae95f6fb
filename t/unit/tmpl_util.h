/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_T_TMPL_UTIL_H
#define SIGNET_T_TMPL_UTIL_H

#include "base/compat.h"

#include "codec/json.h"
#include "tmpl/tmpl.h"

#include <cmocka.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

/* A template and what it gives: its text, or (`error`) the end of its message. */
struct tmpl_case {
	const char *template, *want;
	bool error;
};

/* Runs `text` with the functions of sprig; 0, -1 with `why`. The result is in `out`. */
static inline int tmpl_try(const char *text, const char *json, struct arena *a, struct buf *out,
			   struct tmpl_error_info *why)
{
	const struct tmpl_options o = {.name = STR("template"), .set = TMPL_SPRIG};
	struct tmpl_limits limits = tmpl_limits_loop;
	struct tv dot = tv_null();
	struct tmpl *t;
	json_t *v;
	int rc;

	if (json != NULL) {
		v = json_loads(json, JSON_DECODE_INT_AS_REAL | JSON_DECODE_ANY, NULL);
		assert_non_null(v);
		dot = tv_from_json(v, a);
		json_decref(v);
	}
	if (tmpl_compile(str_c(text), &o, a, &t, why) != 0)
		return -1;
	limits.time_ns = UINT64_C(60000000000); /* a slow machine is no failure */
	rc = tmpl_run(t, dot, &limits, a, out, why);
	tmpl_unref(t);
	return rc;
}

static inline void tmpl_check(const struct tmpl_case *c, const char *json)
{
	struct arena *a = arena_new();
	struct tmpl_error_info why = {0};
	struct buf out = BUF_INIT;
	char message[1024];
	int rc = tmpl_try(c->template, json, a, &out, &why);

	snprintf(message, sizeof(message), STR_FMT, STR_ARG(why.message));
	if ((rc != 0) != c->error)
		print_error("%s: %s\n", c->template, rc != 0 ? message : "no error");
	assert_int_equal(rc != 0, c->error);
	if (!c->error)
		assert_string_equal(out.p != NULL ? out.p : "", c->want);
	else if (!str_ends(why.message, c->want))
		assert_string_equal(message, c->want); /* shows both */
	buf_release(&out);
	arena_free(a);
}

#endif
