/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/inventory.h"

#include "base/clock.h"
#include "cli/certs.h"

/* inventory_list.c - `signet inventory list`: all lists, or the records of one. */
#define LIMIT_DEFAULT 100

static struct str number(struct arena *a, const json_t *o, const char *key)
{
	return str_c(arena_printf(a, "%" JSON_INTEGER_FORMAT,
				  json_integer_value(json_member(o, key, 0))));
}

/* ---- list: all lists ---- */

static void lists_csv(struct cli *c, const json_t *lists)
{
	static const char *const columns[] = {"name",	  "kind",    "count",  "version",
					      "foldCase", "created", "changed"};
	struct buf out = BUF_INIT;

	for (size_t k = 0; k < ARRAY_LEN(columns); k++)
		inv_csv_cell(&out, str_c(columns[k]), true, k + 1 == ARRAY_LEN(columns));
	for (size_t i = 0; i < json_array_size(lists); i++)
		for (size_t k = 0; k < ARRAY_LEN(columns); k++) {
			const json_t *o = json_array_get(lists, i);
			const json_t *v = json_member(o, columns[k], 0);
			struct str s = json_is_integer(v) ? number(c->arena, o, columns[k])
				       : json_is_boolean(v)
					       ? str_c(json_is_true(v) ? "true" : "false")
					       : json_str_view(v);

			inv_csv_cell(&out, s, false, k + 1 == ARRAY_LEN(columns));
		}
	fwrite(out.p, 1, out.n, stdout);
	buf_release(&out);
}

static void lists_table(struct cli *c, const json_t *lists)
{
	static const char *const headers[] = {"NAME", "KIND", "RECORDS", "CASE", "CHANGED"};
	struct table *t = table_new(c->arena, headers, ARRAY_LEN(headers));
	int64_t now = clock_now(), when;

	for (size_t i = 0; i < json_array_size(lists); i++) {
		const json_t *o = json_array_get(lists, i);
		bool fold = json_is_true(json_member(o, "foldCase", 0));
		struct str changed = json_text(o, "changed");

		if (term_is_tty() && json_time(o, "changed", &when))
			changed = str_c(time_distance(c->arena, when, now));
		table_cell(t, json_text(o, "name"), TABLE_PLAIN);
		table_cell(t, json_text(o, "kind"), TABLE_PLAIN);
		table_cell(t, number(c->arena, o, "count"), TABLE_PLAIN);
		table_cell(t, fold ? STR("folded") : STR("exact"), TABLE_PLAIN);
		table_cell(t, changed, TABLE_PLAIN);
	}
	if (json_array_size(lists) > 0)
		table_print(t);
	else if (term_is_tty())
		fputs("There is no inventory; `signet inventory create NAME` makes one.\n", stderr);
}

static int list_lists(struct cli *c)
{
	static const char *const of_records[] = {"prefix", "limit", "cursor", "all"};
	struct control_call call = {.method = "GET", .path = "/control/v1/inventories"};
	struct err e = ERR_INIT;
	const json_t *lists;
	json_t *v;

	for (size_t i = 0; i < ARRAY_LEN(of_records); i++)
		if (cli_value(c, of_records[i]) != NULL)
			return cli_usage_error(c, "--%s is for the records of a list: name it",
					       of_records[i]);
	v = control_call(c, &call, &e);
	if (v == NULL)
		return cli_fail(c, &e);
	json_free_with(v, c->arena);
	lists = json_member(v, "inventories", 0);
	if (cli_flag(c, "json"))
		inv_print_json(v);
	else if (cli_flag(c, "csv"))
		lists_csv(c, lists);
	else
		lists_table(c, lists);
	return output_end(c);
}

/* ---- list: records of one ---- */

struct listing {
	struct cli *c;
	uint64_t n;
	bool begun, gone; /* gone: nobody reads any more */
};

static void records_table(const json_t *records)
{
	static const char *const headers[] = {"KEY", "ATTRIBUTES"};
	struct arena *a = arena_new();
	struct table *t = table_new(a, headers, ARRAY_LEN(headers));

	for (size_t i = 0; i < json_array_size(records); i++) {
		const json_t *o = json_array_get(records, i);
		struct buf text = BUF_INIT;

		json_write(json_member(o, "attributes", 0), &text);
		table_cell(t, json_text(o, "key"), TABLE_PLAIN);
		table_cell(t, arena_str(a, buf_view(&text)), TABLE_PLAIN);
		buf_release(&text);
	}
	if (json_array_size(records) > 0)
		table_print(t);
	arena_free(a);
}

static void records_csv(const json_t *records, bool head)
{
	struct buf out = BUF_INIT;

	if (head)
		buf_puts(&out, "key,version,changed,attributes\r\n");
	for (size_t i = 0; i < json_array_size(records); i++) {
		const json_t *o = json_array_get(records, i);
		struct buf text = BUF_INIT;

		json_write(json_member(o, "attributes", 0), &text);
		inv_csv_cell(&out, json_text(o, "key"), true, false);
		buf_printf(&out, "%" JSON_INTEGER_FORMAT ",",
			   json_integer_value(json_member(o, "version", 0)));
		inv_csv_cell(&out, json_text(o, "changed"), true, false);
		inv_csv_cell(&out, buf_view(&text), true, true);
		buf_release(&text);
	}
	fwrite(out.p != NULL ? out.p : "", 1, out.n, stdout);
	buf_release(&out);
}

static void records_json(const json_t *records, bool first, bool none)
{
	struct buf out = BUF_INIT;

	if (first)
		buf_puts(&out, "{\"records\":[");
	for (size_t i = 0; i < json_array_size(records); i++) {
		buf_puts(&out, none && i == 0 ? "\n" : ",\n");
		json_write(json_array_get(records, i), &out);
	}
	fwrite(out.p != NULL ? out.p : "", 1, out.n, stdout);
	buf_release(&out);
}

static int show_page(void *arg, const json_t *page, struct err *e)
{
	struct listing *l = arg;
	const json_t *records = json_member(page, "records", 0);
	bool first = !l->begun;

	errno = 0;
	if (cli_flag(l->c, "json"))
		records_json(records, first, l->n == 0);
	else if (cli_flag(l->c, "csv"))
		records_csv(records, first);
	else
		records_table(records);
	l->begun = true;
	l->n += json_array_size(records);
	if (output_done(&l->gone, e) < 0)
		return -1;
	return l->gone;
}

static void say_end(const struct listing *l, const struct inv_pages *p)
{
	struct buf out = BUF_INIT;
	json_t *next;

	if (cli_flag(l->c, "json")) {
		next = json_str_new(buf_view(&p->cursor));
		buf_puts(&out, l->n > 0 ? "\n],\"nextCursor\":" : "],\"nextCursor\":");
		json_write(next, &out);
		buf_putc(&out, '}');
		puts(out.p);
		json_decref(next);
		buf_release(&out);
		return;
	}
	fflush(stdout);
	if (p->cursor.n > 0)
		fprintf(stderr,
			"There is more; the next page (or --all instead): --cursor " STR_FMT "\n",
			STR_ARG(buf_view(&p->cursor)));
	else if (l->n == 0 && term_is_tty() && !cli_flag(l->c, "csv"))
		fputs("No record matches.\n", stderr);
}

static int list_records(struct cli *c)
{
	struct inv_pages p = {.c = c,
			      .list = c->args[0],
			      .prefix = cli_value(c, "prefix"),
			      .limit = cli_flag(c, "all") ? UINT64_MAX : LIMIT_DEFAULT};
	struct listing l = {.c = c};
	const char *limit = cli_value(c, "limit"), *cursor = cli_value(c, "cursor");
	struct err e = ERR_INIT;
	int rc;

	if (limit != NULL && cli_flag(c, "all"))
		return cli_usage_error(c, "--limit and --all exclude each other");
	if (limit != NULL && (!str_u64(str_c(limit), &p.limit) || p.limit == 0))
		return cli_usage_error(c, "--limit %s: a number from 1", limit);
	if (cursor != NULL)
		buf_puts(&p.cursor, cursor);
	rc = inv_pages_run(&p, show_page, &l, &e);
	if (rc == 0 && !l.gone)
		say_end(&l, &p);
	inv_pages_release(&p);
	if (l.gone)
		return EXIT_DONE;
	return rc < 0 ? cli_fail(c, &e) : output_end(c);
}

int inventory_list(struct cli *c)
{
	if (cli_flag(c, "json") && cli_flag(c, "csv"))
		return cli_usage_error(c, "--json and --csv exclude each other");
	return c->n_args > 0 ? list_records(c) : list_lists(c);
}

const struct cli_opt inventory_list_opts[] = {
	{"prefix", "TEXT", "records whose key begins so", false, false},
	{"limit", "N", "how many at most (default 100)", false, false},
	{"cursor", "TEXT", "go on where an earlier list ended", false, false},
	{"all", NULL, "all of them", false, false},
	{"csv", NULL, "print CSV (RFC 4180) with a header", false, false},
	{NULL, NULL, NULL, false, false},
};
