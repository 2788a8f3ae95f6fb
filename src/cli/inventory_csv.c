/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/inventory.h"

#include "codec/b64.h"

/*
 * inventory_csv.c - records from CSV (RFC 4180): a header with the names of the columns, then a row
 * a record. Cells are texts. A cell with nothing in it is an attribute that the record does not
 * have; "" in quotes is an empty text. In the columns that are lists, a|b is ["a","b"], and "" is
 * the empty list.
 *
 * A row's end is looked for by counting quotes, since cells in quotes may have line ends; then the
 * row, which is in the window as a whole, is taken apart.
 */
#define COLUMNS_MAX 256U

struct csv {
	struct inv_reader *r;
	char *names[COLUMNS_MAX]; /* arena's */
	bool list[COLUMNS_MAX];
	size_t n, key;
	struct arena *arena;
	struct buf cell, key_text;
};

/* ---- rows ---- */

/* The next row without its end: 1, 0 at the end, -1. */
static int next_row(struct inv_source *s, struct str *row, struct err *e)
{
	size_t i = 0;
	bool quoted = false;

	for (;;) {
		struct str rest = inv_rest(s);
		int rc;

		for (; i < rest.n; i++) {
			if (rest.p[i] == '"')
				quoted = !quoted;
			else if (rest.p[i] == '\n' && !quoted)
				break;
			if (i > INVENTORY_LINE_MAX)
				return inv_error(s, s->line, e,
						 "a row of more than %u bytes: is a quote not "
						 "closed?",
						 INVENTORY_LINE_MAX);
		}
		if (i < rest.n) {
			*row = str_mem(rest.p, i > 0 && rest.p[i - 1] == '\r' ? i - 1 : i);
			return 1;
		}
		rc = inv_more(s, e);
		if (rc < 0)
			return -1;
		if (rc > 0)
			continue;
		if (quoted)
			return inv_error(s, s->line, e, "a quote is not closed");
		*row = inv_rest(s);
		return row->n > 0;
	}
}

/* ---- cells ---- */

struct cell {
	struct str text; /* in csv.cell or in the row */
	bool present, last;
};

/* Takes the quotes off; text goes to c->cell. */
static int quoted_cell(struct csv *c, struct str *row, struct cell *out, unsigned line,
		       struct err *e)
{
	size_t i = 1, from = 1;

	buf_reset(&c->cell);
	for (;; i++) {
		if (i >= row->n)
			return inv_error(c->r->src, line, e, "a quote is not closed");
		if (row->p[i] != '"')
			continue;
		buf_add(&c->cell, row->p + from, i - from);
		if (i + 1 == row->n || row->p[i + 1] != '"')
			break;
		from = ++i;
	}
	i++;
	if (i < row->n && row->p[i] != ',')
		return inv_error(c->r->src, line, e,
				 "text behind a closing quote; a quote in a cell is written \"\"");
	out->last = i == row->n;
	out->present = true;
	out->text = buf_view(&c->cell);
	*row = out->last ? STR_NULL : str_mem(row->p + i + 1, row->n - i - 1);
	return 0;
}

static int next_cell(struct csv *c, struct str *row, struct cell *out, unsigned line, struct err *e)
{
	struct str rest;

	if (row->n > 0 && row->p[0] == '"')
		return quoted_cell(c, row, out, line, e);
	out->text = str_cut(*row, ',', &rest);
	out->present = out->text.n > 0;
	out->last = rest.p == NULL;
	if (str_has(out->text, '"'))
		return inv_error(c->r->src, line, e,
				 "a quote within a cell: put the cell in quotes and double it");
	*row = rest;
	return 0;
}

static int check_text(struct csv *c, struct str text, unsigned line, struct err *e)
{
	if (!utf8_valid(text))
		return inv_error(c->r->src, line, e, "is not UTF-8");
	if (str_has(text, '\0'))
		return inv_error(c->r->src, line, e, "has a NUL");
	return 0;
}

/* ---- header ---- */

static int add_column(struct csv *c, const struct cell *cell, unsigned line, struct err *e)
{
	if (c->n == COLUMNS_MAX)
		return inv_error(c->r->src, line, e, "more than %u columns", COLUMNS_MAX);
	if (cell->text.n == 0)
		return inv_error(c->r->src, line, e, "column %zu has no name", c->n + 1);
	if (check_text(c, cell->text, line, e) < 0)
		return -1;
	c->names[c->n] = arena_cstr(c->arena, cell->text);
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->names[i], c->names[c->n]) == 0)
			return inv_error(c->r->src, line, e, "two columns are called \"%.60s\"",
					 c->names[i]);
	c->n++;
	return 0;
}

static int find_column(const struct csv *c, const char *name, const char *option, size_t *out,
		       struct err *e)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->names[i], name) == 0) {
			*out = i;
			return 0;
		}
	return inv_error(c->r->src, 1, e, "--%s: there is no column \"%.60s\"", option, name);
}

static int read_header(struct csv *c, struct err *e)
{
	const struct inv_options *o = c->r->options;
	struct cell cell = {.last = false};
	unsigned line = c->r->src->line;
	struct str row;
	size_t at;
	int rc = next_row(c->r->src, &row, e);

	if (rc < 0)
		return -1;
	if (rc == 0)
		return inv_error(c->r->src, 1, e, "is empty: the first row must name the columns");
	at = row.n;
	while (!cell.last)
		if (next_cell(c, &row, &cell, line, e) < 0 || add_column(c, &cell, line, e) < 0)
			return -1;
	inv_skip(c->r->src, at);
	if (c->n == 1 && strchr(c->names[0], ';') != NULL)
		return inv_error(c->r->src, line, e,
				 "the columns are separated by semicolons: commas are needed");
	if (o->key != NULL && find_column(c, o->key, "key", &c->key, e) < 0)
		return -1;
	for (size_t i = 0; i < o->n_lists; i++) {
		if (find_column(c, o->lists[i], "list", &at, e) < 0)
			return -1;
		if (at == c->key)
			return inv_error(c->r->src, line, e, "--list %.60s: the key is no list",
					 o->lists[i]);
		c->list[at] = true;
	}
	return 0;
}

/* ---- records ---- */

static json_t *list_value(struct str text)
{
	json_t *list = json_array();

	while (text.p != NULL && text.n > 0) {
		json_array_append_new(list, json_str_new(str_cut(text, '|', &text)));
		if (text.p != NULL && text.n == 0) /* "a|": the last one is empty */
			json_array_append_new(list, json_str_new(STR("")));
	}
	return list;
}

static int read_cells(struct csv *c, struct str row, json_t *o, unsigned line, struct err *e)
{
	struct cell cell = {.last = false};
	size_t i;

	for (i = 0; !cell.last; i++) {
		if (next_cell(c, &row, &cell, line, e) < 0 || check_text(c, cell.text, line, e) < 0)
			return -1;
		if (i >= c->n)
			continue;
		if (i == c->key)
			buf_str(&c->key_text, cell.text);
		else if (cell.present)
			json_object_set_new(o, c->names[i],
					    c->list[i] ? list_value(cell.text)
						       : json_str_new(cell.text));
	}
	if (i == c->n)
		return 0;
	return inv_error(c->r->src, line, e, "the row has %zu cells, the header %zu", i, c->n);
}

static int read_record(struct csv *c, struct str row, unsigned line, struct err *e)
{
	json_t *o = json_object();
	int rc;

	buf_reset(&c->key_text);
	rc = read_cells(c, row, o, line, e);
	if (rc == 0)
		rc = inv_put(c->r, buf_view(&c->key_text), o, line, e);
	json_decref(o);
	return rc;
}

static size_t line_end(struct str rest, size_t n)
{
	if (n < rest.n && rest.p[n] == '\r')
		n++;
	return n < rest.n ? n + 1 : n;
}

static int read_records(struct csv *c, struct err *e)
{
	struct inv_source *s = c->r->src;
	struct str row;
	int rc;

	inv_skip(s, line_end(inv_rest(s), 0));
	while ((rc = next_row(s, &row, e)) > 0) {
		unsigned line = s->line;
		size_t n = row.n;

		if (n > 0 && read_record(c, row, line, e) < 0)
			return -1;
		inv_skip(s, line_end(inv_rest(s), n));
	}
	return rc;
}

int inv_read_csv(struct inv_reader *r, struct err *e)
{
	struct csv c = {.r = r, .arena = arena_new()};
	int rc = read_header(&c, e);

	if (rc == 0)
		rc = read_records(&c, e);
	buf_release(&c.cell);
	buf_release(&c.key_text);
	arena_free(c.arena);
	return rc;
}
