/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/mem.h"
#include "conf/priv.h"

/*
 * conf.c - fills a struct from an object of a YAML file, driven by a table. What it guarantees:
 * every key of the object is in the table and every member that the table names has been written,
 * by the file or by its default; everything it made is in the arena. First the names are checked,
 * then the values in the table's order, so that a mistyped key is not reported as another one
 * missing. To add a type: enum conf_type, conf_scalar() or fill_value(), and describe.c.
 */

static void put_at(struct buf *b, const struct conf_at *at)
{
	if (at == NULL)
		return;
	put_at(b, at->up);
	if (at->index != CONF_AT_KEY) {
		buf_printf(b, "[%zu]", at->index);
		return;
	}
	if (b->n > 0)
		buf_putc(b, '.');
	buf_puts(b, at->name);
}

int conf_bad(const struct filler *f, const struct conf_at *at, unsigned line, const char *fmt, ...)
{
	struct buf path = {.limit = 200};
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	put_at(&path, at);
	ERR(f->e, ERR_INVALID, "%s:%u: %s%s%s", f->d->file, line, path.p != NULL ? path.p : "",
	    path.n > 0 ? ": " : "", text);
	buf_release(&path);
	return -1;
}

bool conf_is_null(const struct yaml_doc *d, const json_t *v)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};

	if (v == NULL)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(nulls); i++)
		if (json_is_string(v) && strcmp(json_string_value(v), nulls[i]) == 0)
			return yaml_is_plain(d, v);
	return false;
}

static void on_decref(void *v)
{
	json_decref(v);
}

void conf_own_json(struct arena *a, json_t *v)
{
	arena_on_free(a, on_decref, v);
}

/* ---- unknown keys ---- */

/* Edit distance with case folded, by rows; names are short. */
static size_t edit_distance(const char *a, const char *b)
{
	size_t row[65], n = strlen(a), m = strlen(b);

	if (n > 64 || m > 64)
		return SIZE_MAX;
	for (size_t j = 0; j <= m; j++)
		row[j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t best =
				diagonal + (ascii_lower(a[i - 1]) != ascii_lower(b[j - 1]) ? 1 : 0);

			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			diagonal = row[j];
			row[j] = best;
		}
	}
	return row[m];
}

void conf_near_offer(struct conf_near *n, const char *known)
{
	size_t distance = edit_distance(n->name, known), len = strlen(n->name);

	if (distance > (len < 4	  ? 1
			: len < 6 ? 2
				  : len / 3 + 1) ||
	    (n->best != NULL && distance >= n->distance))
		return;
	n->best = known;
	n->distance = distance;
}

int conf_bad_unknown(const struct filler *f, const struct conf_at *at, unsigned line,
		     const struct conf_near *n)
{
	if (n->best == NULL)
		return conf_bad(f, at, line, "unknown key");
	return conf_bad(f, at, line, "unknown key, did you mean %s?", n->best);
}

static const struct conf_key *find_key(const struct conf_table *t, const char *name)
{
	for (const struct conf_key *k = t->keys; k->name != NULL; k++)
		if (strcmp(k->name, name) == 0)
			return k;
	return NULL;
}

static int check_names(const struct filler *f, const struct conf_table *t, const struct conf_at *up,
		       const json_t *o)
{
	json_t *object = (json_t *)(uintptr_t)o; /* iterators want it mutable */
	const char *name;
	json_t *v;

	json_object_foreach(object, name, v)
	{
		struct conf_at at = {.up = up, .name = name, .index = CONF_AT_KEY};
		struct conf_near near = {.name = name};

		if (find_key(t, name) != NULL)
			continue;
		for (const struct conf_key *k = t->keys; k->name != NULL; k++)
			if (k->unsupported == NULL)
				conf_near_offer(&near, k->name);
		return conf_bad_unknown(f, &at, yaml_key_line(f->d, o, name), &near);
	}
	return 0;
}

/* ---- values ---- */

static int fill_scalar(const struct filler *f, const struct conf_key *k, const struct conf_at *at,
		       const json_t *v, void *slot)
{
	struct buf why = BUF_INIT;
	int rc = 0;

	if (!json_is_string(v))
		return conf_bad(f, at, yaml_line(f->d, v), "must be a single value");
	if (!conf_scalar(f, k, json_string_value(v), slot, &why))
		rc = conf_bad(f, at, yaml_line(f->d, v), STR_FMT, STR_ARG(buf_view(&why)));
	buf_release(&why);
	return rc;
}

static int fill_list(const struct filler *f, const struct conf_key *k, const struct conf_at *at,
		     const json_t *v, struct conf_strings *slot)
{
	const struct conf_key element = {.name = k->name,
					 .type = k->type == CONF_PATHS ? CONF_PATH : CONF_STRING};
	bool single = json_is_string(v) && k->type == CONF_PATHS;
	size_t n = single ? 1 : json_array_size(v);
	const char **items;

	if (!single && !json_is_array(v))
		return conf_bad(f, at, yaml_line(f->d, v),
				k->type == CONF_PATHS ? "must be a path or a list of paths"
						      : "must be a list");
	items = n > 0 ? ARENA_ARRAY(f->a, const char *, n) : NULL;
	for (size_t i = 0; i < n; i++) {
		struct conf_at here = {.up = at, .index = i};
		const json_t *item = single ? v : json_array_get(v, i);

		if (conf_is_null(f->d, item))
			return conf_bad(f, &here, yaml_line(f->d, item), "must not be empty");
		if (fill_scalar(f, &element, single ? at : &here, item, &items[i]) != 0)
			return -1;
	}
	*slot = (struct conf_strings){items, n};
	return 0;
}

static int fill_objects(const struct filler *f, const struct conf_key *k, const struct conf_at *at,
			const json_t *v, struct conf_objects *slot)
{
	size_t n = json_array_size(v);
	char *items;

	if (!json_is_array(v))
		return conf_bad(f, at, yaml_line(f->d, v), "must be a list");
	items = n > 0 ? arena_alloc(f->a, n * k->sub->size) : NULL;
	for (size_t i = 0; i < n; i++) {
		struct conf_at here = {.up = at, .index = i};

		if (conf_fill_object(f, k->sub, &here, json_array_get(v, i),
				     items + i * k->sub->size) != 0)
			return -1;
	}
	*slot = (struct conf_objects){items, n};
	return 0;
}

static int fill_any(const struct filler *f, const struct conf_key *k, const struct conf_at *at,
		    const json_t *v, json_t **slot)
{
	if (k->sub != NULL &&
	    conf_fill_object(f, k->sub, at, v, arena_alloc(f->a, k->sub->size)) != 0)
		return -1;
	*slot = yaml_core_value(f->d, v);
	conf_own_json(f->a, *slot);
	return 0;
}

static int fill_value(const struct filler *f, const struct conf_key *k, const struct conf_at *at,
		      const json_t *v, void *slot)
{
	switch (k->type) {
	case CONF_STRING:
	case CONF_PATH:
	case CONF_BOOL:
	case CONF_INT:
	case CONF_AUTO_INT:
	case CONF_DURATION:
	case CONF_SIZE:
	case CONF_ENUM:
		return fill_scalar(f, k, at, v, slot);
	case CONF_STRINGS:
	case CONF_PATHS:
		return fill_list(f, k, at, v, slot);
	case CONF_OBJECT:
		return conf_fill_object(f, k->sub, at, v, slot);
	case CONF_OBJECTS:
		return fill_objects(f, k, at, v, slot);
	case CONF_ANY:
		return fill_any(f, k, at, v, slot);
	}
	return -1;
}

/* ---- defaults ---- */

static struct conf_strings default_list(const struct filler *f, const struct conf_key *k)
{
	const struct conf_key element = {.name = k->name,
					 .type = k->type == CONF_PATHS ? CONF_PATH : CONF_STRING};
	struct str rest = str_c(k->dflt), count = rest;
	struct buf why = BUF_INIT;
	const char **items;
	size_t n = 0;

	for (; count.n > 0; n++)
		str_cut(count, ',', &count);
	items = n > 0 ? ARENA_ARRAY(f->a, const char *, n) : NULL;
	for (size_t i = 0; i < n; i++) {
		const char *text = arena_cstr(f->a, str_trim(str_cut(rest, ',', &rest)));

		ENSURE(conf_scalar(f, &element, text, &items[i], &why));
	}
	return (struct conf_strings){items, n};
}

static int fill_default(const struct filler *f, const struct conf_key *k, const struct conf_at *at,
			void *slot)
{
	struct buf why = BUF_INIT;
	json_t *empty;
	int rc;

	switch (k->type) {
	case CONF_DURATION:
		if (k->dflt == NULL)
			*(int64_t *)slot = -1;
		break;
	case CONF_STRINGS:
	case CONF_PATHS:
		if (k->dflt != NULL)
			*(struct conf_strings *)slot = default_list(f, k);
		return 0;
	case CONF_OBJECT:
		empty = json_object();
		rc = conf_fill_object(f, k->sub, at, empty, slot);
		json_decref(empty);
		return rc;
	case CONF_OBJECTS:
	case CONF_ANY:
		return 0;
	case CONF_STRING:
	case CONF_PATH:
	case CONF_BOOL:
	case CONF_INT:
	case CONF_AUTO_INT:
	case CONF_SIZE:
	case CONF_ENUM:
		break;
	}
	if (k->dflt != NULL)
		ENSURE(conf_scalar(f, k, k->dflt, slot, &why));
	return 0;
}

/* A key that does not work yet may say what is so anyway. */
static int check_unsupported(const struct filler *f, const struct conf_key *k,
			     const struct conf_at *at, const json_t *o, const json_t *v)
{
	bool same =
		k->dflt != NULL && json_is_string(v) && strcmp(json_string_value(v), k->dflt) == 0;

	if (conf_is_null(f->d, v) || same)
		return 0;
	return conf_bad(f, at, yaml_key_line(f->d, o, k->name), "%s", k->unsupported);
}

/*
 * An object that does not stand in the file itself, as the common part of a provisioner, is where
 * the file begins.
 */
static unsigned line_of(const struct filler *f, const json_t *o)
{
	unsigned line = yaml_line(f->d, o);

	return line > 0 ? line : yaml_line(f->d, f->d->root);
}

int conf_fill_object(const struct filler *f, const struct conf_table *t, const struct conf_at *up,
		     const json_t *o, void *out)
{
	if (!json_is_object(o))
		return conf_bad(f, up, yaml_line(f->d, o), "must be a mapping (key: value)");
	if (check_names(f, t, up, o) != 0)
		return -1;
	for (const struct conf_key *k = t->keys; k->name != NULL; k++) {
		struct conf_at at = {.up = up, .name = k->name, .index = CONF_AT_KEY};
		const json_t *v = json_object_get(o, k->name);
		void *slot = (char *)out + k->offset;
		int rc;

		if (k->unsupported != NULL) {
			if (check_unsupported(f, k, &at, o, v) != 0)
				return -1;
			if (k->type == CONF_ANY)
				continue;
			v = NULL;
		}
		if (!conf_is_null(f->d, v))
			rc = fill_value(f, k, &at, v, slot);
		else if (k->required)
			rc = conf_bad(f, &at, line_of(f, o), "missing; it is required");
		else
			rc = fill_default(f, k, &at, slot);
		if (rc != 0)
			return -1;
	}
	return 0;
}

int conf_fill(const struct conf_table *t, const struct yaml_doc *d, const json_t *o,
	      const char *dir, struct arena *a, void *out, struct err *e)
{
	const struct filler f = {.d = d, .dir = dir, .a = a, .e = e};

	memset(out, 0, t->size);
	return conf_fill_object(&f, t, NULL, o, out);
}
