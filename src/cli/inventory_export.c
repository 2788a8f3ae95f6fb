/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/inventory.h"

#include "base/map.h"
#include "base/mem.h"
#include "cli/certs.h"
#include "codec/yaml.h"

#include <fcntl.h>

/*
 * inventory_export.c - `signet inventory export`: what import reads gives the same list again. A
 * page of the daemon is in memory at a time.
 *
 * CSV needs its columns in the first row, and knows texts and lists of texts only. So all pages are
 * looked at once before: which attributes there are, in the order in which they come, and of which
 * kind each is. What CSV cannot say (numbers, objects, an item with a '|') is refused by name,
 * rather than written in a way that reads back as something else.
 */
#define COLUMNS_MAX 255U

enum column_kind { COLUMN_TEXT, COLUMN_LIST };
struct column {
	const char *name;
	enum column_kind kind;
};
struct exporting {
	struct cli *c;
	const char *list, *key; /* key: what the key's column or member is called */
	enum inv_format format;
	struct column columns[COLUMNS_MAX];
	size_t n_columns;
	struct map *known; /* name -> struct column */
	FILE *out;
	const char *name; /* of the output, for messages */
	uint64_t n, count;
	struct progress progress;
	struct buf text; /* scratch */
};

/* ---- CSV: columns ---- */

void inv_csv_cell(struct buf *out, struct str s, bool present, bool last)
{
	bool quote = present && s.n == 0;

	for (size_t i = 0; i < s.n; i++)
		quote = quote || s.p[i] == '"' || s.p[i] == ',' || s.p[i] == '\r' || s.p[i] == '\n';
	if (!quote) {
		buf_str(out, s);
	} else {
		buf_putc(out, '"');
		for (size_t i = 0; i < s.n; i++) {
			if (s.p[i] == '"')
				buf_putc(out, '"');
			buf_putc(out, s.p[i]);
		}
		buf_putc(out, '"');
	}
	buf_puts(out, last ? "\r\n" : ",");
}

static int no_csv(const json_t *record, const char *name, const char *why, struct err *e)
{
	return ERR(e, ERR_INVALID,
		   "record \"" STR_FMT "\", attribute \"%.60s\": %s, which CSV cannot hold; export "
		   "JSON or YAML",
		   STR_ARG(json_text(record, "key")), name, why);
}

/* The kind of a value; -1: CSV has none for it. */
static int kind_of(const json_t *record, const char *name, const json_t *v, enum column_kind *out,
		   struct err *e)
{
	size_t i;
	json_t *item;

	*out = json_is_array(v) ? COLUMN_LIST : COLUMN_TEXT;
	if (json_is_string(v))
		return 0;
	if (!json_is_array(v))
		return no_csv(record, name, "is neither text nor a list of texts", e);
	json_array_foreach(v, i, item)
	{
		struct str s = json_str_view(item);

		if (!json_is_string(item))
			return no_csv(record, name, "is a list of other things than texts", e);
		if (str_has(s, '|') || (s.n == 0 && json_array_size(v) == 1))
			return no_csv(record, name,
				      "is a list with an item that has a \"|\" or is "
				      "empty",
				      e);
	}
	return 0;
}

static int note_column(struct exporting *x, const json_t *record, const char *name, const json_t *v,
		       struct err *e)
{
	struct column *col = map_get(x->known, str_c(name));
	enum column_kind kind;

	if (kind_of(record, name, v, &kind, e) < 0)
		return -1;
	if (col != NULL && col->kind != kind)
		return no_csv(record, name, "is a text in some records and a list in others", e);
	if (col != NULL)
		return 0;
	if (x->n_columns == COLUMNS_MAX)
		return ERR(
			e, ERR_INVALID,
			"the records have more than %u attributes, too many for CSV; export JSON "
			"or YAML",
			COLUMNS_MAX);
	col = &x->columns[x->n_columns++];
	*col = (struct column){.name = arena_strdup(x->c->arena, name), .kind = kind};
	map_put(x->known, str_c(name), col);
	return 0;
}

static int check_key_name(const struct exporting *x, const json_t *record, struct err *e)
{
	if (json_object_get(json_member(record, "attributes", 0), x->key) == NULL)
		return 0;
	return ERR(e, ERR_INVALID,
		   "record \"" STR_FMT "\" has an attribute \"%.60s\": give the key another name "
		   "with --key, e.g. --key _key",
		   STR_ARG(json_text(record, "key")), x->key);
}

static int note_page(void *arg, const json_t *page, struct err *e)
{
	struct exporting *x = arg;
	const json_t *record;
	const char *name;
	json_t *v;
	size_t i;

	json_array_foreach(json_member(page, "records", 0), i, record)
	{
		json_t *attributes = json_object_get(record, "attributes");

		if (check_key_name(x, record, e) < 0)
			return -1;
		json_object_foreach(attributes, name, v)
		{
			if (note_column(x, record, name, v, e) < 0)
				return -1;
		}
	}
	progress_tick(&x->progress, 0, 0);
	return 0;
}

/* ---- records ---- */

static void csv_head(struct exporting *x)
{
	buf_reset(&x->text);
	inv_csv_cell(&x->text, str_c(x->key), true, x->n_columns == 0);
	for (size_t i = 0; i < x->n_columns; i++)
		inv_csv_cell(&x->text, str_c(x->columns[i].name), true, i + 1 == x->n_columns);
	fwrite(x->text.p, 1, x->text.n, x->out);
}

static void csv_value(struct exporting *x, const json_t *v, bool last)
{
	struct buf joined = BUF_INIT;

	for (size_t i = 0; i < json_array_size(v); i++) {
		if (i > 0)
			buf_putc(&joined, '|');
		buf_str(&joined, json_str_view(json_array_get(v, i)));
	}
	inv_csv_cell(&x->text, json_is_array(v) ? buf_view(&joined) : json_str_view(v), v != NULL,
		     last);
	buf_release(&joined);
}

static int csv_record(struct exporting *x, const json_t *record, struct err *e)
{
	json_t *attributes = json_object_get(record, "attributes"), *v;
	const char *name;

	/* changed since the columns were looked at? */
	json_object_foreach(attributes, name, v)
	{
		const struct column *col = map_get(x->known, str_c(name));
		enum column_kind kind;

		if (kind_of(record, name, v, &kind, e) < 0)
			return -1;
		if (col == NULL || col->kind != kind)
			return ERR(e, ERR_CONFLICT,
				   "inventory \"%s\" was changed while it was read: try again",
				   x->list);
	}
	inv_csv_cell(&x->text, json_text(record, "key"), true, x->n_columns == 0);
	for (size_t i = 0; i < x->n_columns; i++)
		csv_value(x, json_object_get(attributes, x->columns[i].name),
			  i + 1 == x->n_columns);
	return 0;
}

static int put_record(struct exporting *x, const json_t *record, struct err *e)
{
	json_t *o, *list, *attributes = json_object_get(record, "attributes");

	if (x->format == INV_CSV)
		return csv_record(x, record, e);
	if (check_key_name(x, record, e) < 0)
		return -1;
	o = json_object(); /* the key first */
	json_object_set(o, x->key, json_object_get(record, "key"));
	json_object_update(o, attributes);
	if (x->format == INV_YAML) {
		list = json_array();
		json_array_append(list, o);
		yaml_write(list, &x->text);
		json_decref(list);
	} else {
		if (x->format == INV_JSON)
			buf_puts(&x->text, x->n > 0 ? ",\n" : "\n");
		json_write(o, &x->text);
		if (x->format == INV_JSONL)
			buf_putc(&x->text, '\n');
	}
	json_decref(o);
	return 0;
}

static int put_page(void *arg, const json_t *page, struct err *e)
{
	struct exporting *x = arg;
	const json_t *record;
	size_t i;

	buf_reset(&x->text);
	json_array_foreach(json_member(page, "records", 0), i, record)
	{
		if (put_record(x, record, e) < 0)
			return -1;
		x->n++;
	}
	if (x->text.n > 0 && fwrite(x->text.p, 1, x->text.n, x->out) != x->text.n)
		return err_errno(e, errno, "%s", x->name);
	if (x->out != stdout || !term_is_tty())
		progress_tick(&x->progress, x->n, x->count);
	return 0;
}

/* ---- the whole ---- */

static int run_pages(struct exporting *x, int (*fn)(void *arg, const json_t *page, struct err *e),
		     struct err *e)
{
	struct inv_pages p = {.c = x->c, .list = x->list, .limit = UINT64_MAX, .same = true};
	int rc = inv_pages_run(&p, fn, x, e);

	inv_pages_release(&p);
	return rc;
}

static int write_all(struct exporting *x, struct err *e)
{
	if (x->format == INV_CSV && run_pages(x, note_page, e) < 0)
		return -1;
	if (x->format == INV_CSV)
		csv_head(x);
	else if (x->format == INV_JSON)
		fputs("[", x->out);
	if (run_pages(x, put_page, e) < 0)
		return -1;
	if (x->format == INV_JSON)
		fputs(x->n > 0 ? "\n]\n" : "]\n", x->out);
	else if (x->format == INV_YAML && x->n == 0)
		fputs("[]\n", x->out);
	if (fflush(x->out) != 0 || ferror(x->out))
		return err_errno(e, errno != 0 ? errno : EIO, "%s", x->name);
	return 0;
}

/* Beside the file, then renamed: it is complete or as it was. */
static int write_file(struct exporting *x, const char *path, struct err *e)
{
	char *tmp = mem_asprintf("%s.tmp.XXXXXX", path);
	int fd = mkostemp(tmp, O_CLOEXEC), rc;

	if (fd < 0) {
		rc = err_errno(e, errno, "%s: cannot be written", path);
		mem_free(tmp);
		return rc;
	}
	x->out = fdopen(fd, "w");
	x->name = path;
	rc = write_all(x, e);
	if (rc == 0 && fsync(fd) != 0)
		rc = err_errno(e, errno, "%s", path);
	if (fclose(x->out) != 0 && rc == 0)
		rc = err_errno(e, errno, "%s", path);
	if (rc == 0 && rename(tmp, path) != 0)
		rc = err_errno(e, errno, "%s: cannot be replaced", path);
	if (rc != 0)
		unlink(tmp);
	mem_free(tmp);
	return rc;
}

/* What reading it again needs to be told. */
static void tell_options(const struct exporting *x)
{
	struct buf text = BUF_INIT;

	for (size_t i = 0; x->format == INV_CSV && i < x->n_columns; i++)
		if (x->columns[i].kind == COLUMN_LIST) {
			buf_puts(&text, " --list ");
			text_put_safe(&text, str_c(x->columns[i].name));
		}
	if (text.n > 0)
		fprintf(stderr, "To import it again, say which columns are lists:%s\n", text.p);
	buf_release(&text);
}

static int read_options(struct exporting *x, const char *file, struct err *e)
{
	struct cli *c = x->c;
	const char *format = cli_value(c, "format");

	x->key = cli_value(c, "key") != NULL ? cli_value(c, "key") : "key";
	if (x->key[0] == '\0')
		return cli_misuse(c, e, "--key is empty");
	x->format = inv_format_of(format, file);
	if (x->format == INV_NONE && format != NULL)
		return cli_misuse(c, e, "--format %s: csv, json, jsonl or yaml", format);
	if (x->format == INV_NONE && file != NULL)
		return cli_misuse(c, e, "%s: which format? Give --format csv, json, jsonl or yaml",
				  file);
	if (x->format == INV_NONE)
		x->format = INV_JSON;
	return file != NULL ? may_write(c, file, e) : 0;
}

int inventory_export(struct cli *c)
{
	struct exporting x = {.c = c, .list = c->args[0], .out = stdout, .name = "standard output"};
	const char *file = c->n_args > 1 && strcmp(c->args[1], "-") != 0 ? c->args[1] : NULL;
	const json_t *list;
	struct err e = ERR_INIT;
	int rc = read_options(&x, file, &e);

	if (rc < 0)
		return cli_fail(c, &e);
	list = inv_list(c, x.list, &e);
	if (list == NULL)
		return cli_fail(c, &e);
	x.count = (uint64_t)json_integer_value(json_member(list, "count", 0));
	x.known = map_new();
	progress_begin(&x.progress, "Exporting");
	rc = file != NULL ? write_file(&x, file, &e) : write_all(&x, &e);
	progress_end(&x.progress);
	if (rc == 0 && file != NULL)
		printf("%" PRIu64 " records are in %s.\n", x.n, file);
	if (rc == 0)
		tell_options(&x);
	map_free(x.known, NULL);
	buf_release(&x.text);
	return rc < 0 ? cli_fail(c, &e) : output_end(c);
}

const struct cli_opt inventory_export_opts[] = {
	{"format", "FORMAT",
	 "csv, json, jsonl or yaml (default: by the file's ending, json without a file)", false,
	 false},
	{"key", "NAME", "what the key's column or member is called (default: key)", false, false},
	{"force", NULL, "write over an existing file", false, false},
	{NULL, NULL, NULL, false, false},
};
