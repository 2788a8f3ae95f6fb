/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "profile/content_priv.h"

/*
 * content_template.c - a provisioner's template, compiled once, and a certificate's run of it.
 *
 * What goes wrong in a run is the operator's matter: the client only learns that its template does
 * not work, except for what the template itself says by `fail`.
 */

#define JSON_MAX (256U << 10) /* four times what a certificate may have */

static int compile_error(const struct tmpl_error_info *why, struct err *e)
{
	struct buf text = BUF_INIT;

	tmpl_error_describe(why, &text);
	err_set(e, ERR_INVALID, "%s", text.p != NULL ? text.p : "malformed template");
	buf_release(&text);
	return -1;
}

int content_compile(struct str text, bool allow_slow, struct tmpl **out, struct err *e)
{
	const struct tmpl_options o = {
		.name = STR("template"),
		.set = TMPL_STEP,
		.flags = allow_slow ? TMPL_ALLOW_SLOW : 0,
	};
	struct tmpl_error_info why = {0};
	struct arena *a = arena_new();
	int rc = 0;

	if (text.n == 0)
		text = str_c(content_default_leaf);
	if (tmpl_compile(text, &o, a, out, &why) < 0)
		rc = compile_error(&why, e);
	arena_free(a);
	return rc;
}

static int run_error(const struct tmpl_error_info *why, struct err *e)
{
	if (why->class == TMPL_FAIL) {
		ERR(e, ERR_INVALID, STR_FMT, STR_ARG(why->message));
		return err_public(e, STR_FMT, STR_ARG(why->message));
	}
	return ERR(e, ERR_INTERNAL, "error applying certificate template: " STR_FMT,
		   STR_ARG(why->message));
}

int content_render(const struct tmpl *t, const struct content_input *in, struct arena *a,
		   struct profile_fields *out, struct buf *json, struct err *e)
{
	struct tmpl_limits limits = tmpl_limits_loop;
	struct tmpl_error_info why = {0};
	struct buf own = BUF_INIT, *text = json != NULL ? json : &own;
	struct str made = STR_NULL;
	size_t before = text->n;
	int rc;

	if (limits.output > JSON_MAX)
		limits.output = JSON_MAX;
	buf_reserve(text, 1024);
	rc = tmpl_run(t, content_vars(in, a), &limits, a, text, &why);
	if (rc == 0)
		made = arena_str(a, text->n > before ? str_mem(text->p + before, text->n - before)
						     : STR_NULL);
	buf_release(&own);
	if (rc < 0)
		return run_error(&why, e);
	if (content_read(made, a, out, e) == 0)
		return 0;
	/* What is only too much is whoever's who asked for it. */
	if (e->code != ERR_TOO_LARGE)
		e->code = ERR_INTERNAL;
	e->pub[0] = '\0';
	return err_wrap(e, "error applying certificate template");
}
