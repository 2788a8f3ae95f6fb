/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ca/inventory_priv.h"

#include "base/mem.h"

/*
 * inventory_rows.c - the lines of one call of an import: checked, encoded as they will be stored,
 * sorted by key, equal keys found. Runs in a job, since a call may have a megabyte.
 */

/* ---- one line ---- */

static int check_members(const json_t *o, struct str *key, const json_t **attributes, struct err *e)
{
	json_t *it = (json_t *)(uintptr_t)o, *v; /* iterators want it mutable */
	const char *name;

	json_object_foreach(it, name, v)
	{
		if (strcmp(name, "key") != 0 && strcmp(name, "attributes") != 0)
			return ERR(e, ERR_INVALID,
				   "\"%.60s\" is unknown: a record has key and "
				   "attributes",
				   name);
	}
	*attributes = json_object_get(o, "attributes");
	if (json_get_str(o, "key", 0, key, e) != 0)
		return -1;
	if (*attributes == NULL)
		return ERR(e, ERR_INVALID, "attributes: missing");
	return inventory_key_check(*key, e);
}

struct reader {
	struct inventory_rows *out;
	struct buf attributes; /* scratch */
	bool fold;
	uint64_t version;
	int64_t now;
};

static struct inventory_row *add_row(struct inventory_rows *out)
{
	if (out->n == out->cap) {
		out->cap = out->cap > 0 ? out->cap * 2 : 1024;
		out->rows = mem_realloc(out->rows, out->cap * sizeof(*out->rows));
	}
	return &out->rows[out->n++];
}

static void put_row(struct reader *r, struct str key, unsigned line)
{
	struct rec_inventory_record rec = {.key = key,
					   .attributes = buf_view(&r->attributes),
					   .version = r->version,
					   .changed = r->now};
	struct inventory_row row = {.key = r->out->bytes.n, .key_n = key.n, .line = line};

	if (r->fold)
		inventory_key_fold(key, &r->out->bytes);
	else
		buf_str(&r->out->bytes, key);
	row.value = r->out->bytes.n;
	rec_encode(&rec_inventory_record_info, &rec, &r->out->bytes);
	row.value_n = r->out->bytes.n - row.value;
	*add_row(r->out) = row;
}

static int read_line(struct reader *r, struct str line, unsigned n, struct err *e)
{
	json_t *o = json_parse(line, &inventory_line_limits,
			       JSON_REFUSE_DUPLICATES | JSON_TOP_OBJECT, e);
	const json_t *attributes = NULL;
	struct str key;
	int rc = -1;

	if (o == NULL)
		return -1;
	buf_reset(&r->attributes);
	if (check_members(o, &key, &attributes, e) == 0 &&
	    inventory_attributes_write(attributes, &r->attributes, e) == 0) {
		put_row(r, key, n);
		rc = 0;
	}
	json_decref(o);
	return rc;
}

/* ---- all lines ---- */

static int by_key(const void *a, const void *b, void *arg)
{
	const struct inventory_row *x = a, *y = b;
	const struct inventory_rows *r = arg;
	int order = str_cmp(str_mem(r->bytes.p + x->key, x->key_n),
			    str_mem(r->bytes.p + y->key, y->key_n));

	return order != 0 ? order : x->line < y->line ? -1 : x->line > y->line;
}

static int sort(struct inventory_rows *r, struct err *e)
{
	if (r->n > 1)
		qsort_r(r->rows, r->n, sizeof(*r->rows), by_key, r);
	for (size_t i = 1; i < r->n; i++) {
		const struct inventory_row *x = &r->rows[i - 1], *y = &r->rows[i];

		if (x->key_n == y->key_n &&
		    memcmp(r->bytes.p + x->key, r->bytes.p + y->key, x->key_n) == 0)
			return ERR(e, ERR_INVALID, "line %u: has the key of line %u", y->line,
				   x->line);
	}
	return 0;
}

int inventory_rows_read(struct str text, bool fold, uint64_t version, int64_t now,
			struct inventory_rows *out, struct err *e)
{
	struct reader r = {.out = out, .fold = fold, .version = version, .now = now};
	unsigned n = 0;
	int rc = 0;

	while (text.n > 0 && rc == 0) {
		struct str line = str_cut(text, '\n', &text);

		n++;
		if (line.n == 0)
			continue;
		rc = read_line(&r, line, n, e);
		if (rc != 0)
			err_wrap(e, "line %u", n);
	}
	buf_release(&r.attributes);
	return rc == 0 ? sort(out, e) : -1;
}

void inventory_rows_release(struct inventory_rows *r)
{
	buf_release(&r->bytes);
	mem_free(r->rows);
	*r = (struct inventory_rows){.n = 0};
}
