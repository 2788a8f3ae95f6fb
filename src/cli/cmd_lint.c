/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/look.h"

#include "profile/lint.h"

/* cmd_lint.c - the linter (profile/lint.h) over files and servers. */

struct totals {
	unsigned certs, count[LINT_ERROR + 1];
	json_t *list;
};

static void show_text(const char *where, const struct lint_finding *f)
{
	static const enum table_colour colours[] = {TABLE_DIM, TABLE_WARN, TABLE_BAD};
	struct buf b = BUF_INIT;

	text_put_safe(&b, str_c(where));
	buf_puts(&b, ": ");
	text_put_coloured(&b, str_c(lint_severity_name(f->severity)), colours[f->severity]);
	buf_puts(&b, ": ");
	text_put_safe(&b, str_c(f->text));
	buf_printf(&b, " [%s, %s]\n", f->code, f->section);
	fwrite(b.p, 1, b.n, stdout);
	buf_release(&b);
}

static json_t *show_json(const struct lint_report *r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->n; i++) {
		json_t *o = json_object();

		json_object_set_new(o, "severity",
				    json_string(lint_severity_name(r->items[i].severity)));
		json_object_set_new(o, "code", json_string(r->items[i].code));
		json_object_set_new(o, "section", json_string(r->items[i].section));
		json_object_set_new(o, "message", json_str_new(str_c(r->items[i].text)));
		json_array_append_new(list, o);
	}
	return list;
}

static void lint_one(struct cli *c, const char *file, size_t number, struct str der,
		     struct totals *t)
{
	struct lint_report r = {.arena = c->arena};
	struct lint_options o = {.tls = cli_value(c, "profile") != NULL};
	const char *where = number > 1 ? arena_printf(c->arena, "%s(%zu)", file, number) : file;
	json_t *v;

	lint_der(der, &o, &r);
	t->certs++;
	for (size_t i = 0; i < ARRAY_LEN(r.count); i++)
		t->count[i] += r.count[i];
	if (t->list == NULL) {
		for (size_t i = 0; i < r.n; i++)
			show_text(where, &r.items[i]);
		return;
	}
	v = json_object();
	json_object_set_new(v, "file", json_str_new(str_c(file)));
	json_object_set_new(v, "number", json_integer((json_int_t)number));
	json_object_set_new(v, "findings", show_json(&r));
	json_array_append_new(t->list, v);
}

static int lint_file(struct cli *c, const char *file, struct totals *t, struct err *e)
{
	struct look_input in;
	size_t n = 0;

	if (look_read(c, file, &in, e) < 0)
		return -1;
	for (size_t i = 0; i < in.n; i++)
		if (in.items[i].kind == LOOK_CERT)
			lint_one(c, in.name, ++n, in.items[i].der, t);
	return n > 0 ? 0 : ERR(e, ERR_INVALID, "%s: no certificate in it", in.name);
}

static void finish_json(struct totals *t)
{
	json_t *v = json_object();
	struct buf out = BUF_INIT;

	json_object_set_new(v, "certificates", t->list);
	json_object_set_new(v, "errors", json_integer(t->count[LINT_ERROR]));
	json_object_set_new(v, "warnings", json_integer(t->count[LINT_WARNING]));
	json_object_set_new(v, "notices", json_integer(t->count[LINT_NOTICE]));
	json_write(v, &out);
	puts(out.p);
	buf_release(&out);
	json_decref(v);
}

static int lint(struct cli *c)
{
	const char *profile = cli_value(c, "profile");
	struct totals t = {0};
	struct err e = ERR_INIT;
	int rc = EXIT_DONE;

	if (profile != NULL && strcmp(profile, "tls") != 0)
		return cli_usage_error(c, "--profile %s: there is only tls", profile);
	if (cli_flag(c, "json"))
		t.list = json_array();
	for (size_t i = 0; i < c->n_args; i++) {
		int status;

		if (lint_file(c, c->args[i], &t, &e) == 0)
			continue;
		status = cli_fail(c, &e);
		rc = rc == EXIT_DONE ? status : rc;
		c->unreachable = c->misused = false;
	}
	if (t.list != NULL)
		finish_json(&t);
	else if (t.certs > 0)
		printf("%u certificate%s: %u error%s, %u warning%s, %u notice%s\n", t.certs,
		       t.certs == 1 ? "" : "s", t.count[LINT_ERROR],
		       t.count[LINT_ERROR] == 1 ? "" : "s", t.count[LINT_WARNING],
		       t.count[LINT_WARNING] == 1 ? "" : "s", t.count[LINT_NOTICE],
		       t.count[LINT_NOTICE] == 1 ? "" : "s");
	if (rc == EXIT_DONE &&
	    (t.count[LINT_ERROR] > 0 || (cli_flag(c, "strict") && t.count[LINT_WARNING] > 0)))
		rc = EXIT_FAILED;
	if (out_flush(&e) < 0)
		rc = cli_fail(c, &e);
	return rc;
}

static const struct cli_opt opts[] = {
	{"profile", "NAME", "tls: also the rules of public authorities for TLS servers", false,
	 false},
	{"strict", NULL, "warnings count as errors", false, false},
	{"servername", "NAME", "https://: the host to ask for, if another one", false, false},
	{NULL, NULL, NULL, false, false},
};
const struct cli_cmd cmd_lint = {
	.name = "lint",
	.args = "FILE|-|https://HOST[:PORT] ...",
	.min_args = 1,
	.max_args = CLI_MAX_ARGS,
	.summary = "Find what is wrong with certificates by the rules of RFC 5280",
	.about =
		"Every certificate of the files is looked at, malformed ones too. A finding is an "
		"error (against a MUST),\n"
		"a warning (against a SHOULD, or some programs will refuse it) or a notice, with a "
		"code that stays the\n"
		"same and the section that says so. Exit status 1 when there is an error.",
	.opts = opts,
	.offline = true,
	.json = true,
	.run = lint,
};
