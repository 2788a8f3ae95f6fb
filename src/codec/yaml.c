/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/file.h"
#include "base/mem.h"
#include "codec/b64.h"
#include "codec/yaml.h"

#include <yaml.h>

/*
 * yaml.c - libyaml's events into a json_t tree of objects, arrays and strings.
 *
 * The reader keeps a stack of open containers of a fixed depth, so that nothing recurses. `info`
 * holds, under the address of each value, its line and whether it was a plain scalar; and under
 * the address of an object and a key's name, the line of the key. Addresses are unique because
 * only objects, arrays and strings are made (jansson's true, false and null are shared). Messages
 * name position and rule; they never quote a value.
 */
#define YAML_MAX_BYTES	(1U << 20)
#define YAML_MAX_DEPTH	32
#define YAML_MAX_VALUES 20000U

struct reader {
	yaml_parser_t parser;
	struct yaml_doc *doc;
	struct {
		json_t *v;
		/* in an object: the key whose value comes next; NULL: a key comes next */
		char *key;
	} stack[YAML_MAX_DEPTH];
	unsigned depth;
	unsigned values, documents;
	struct err *e;
};

static int fail(struct reader *r, const yaml_mark_t *at, const char *what)
{
	return ERR(r->e, ERR_INVALID, "%s:%zu:%zu: %s", r->doc->file, at->line + 1, at->column + 1,
		   what);
}

/* ---- what is remembered of a value ---- */

static void *pack_info(unsigned line, bool plain)
{
	return (void *)((uintptr_t)line << 2 | (plain ? 2U : 0U) | 1U);
}

static struct str info_key(struct buf *b, char kind, const json_t *v, const char *key)
{
	buf_putc(b, kind);
	buf_add(b, &v, sizeof(const json_t *));
	buf_puts(b, key);
	return buf_view(b);
}

static uintptr_t info_get(const struct yaml_doc *d, char kind, const json_t *v, const char *key)
{
	struct buf b = BUF_INIT;
	uintptr_t found;

	if (d->info == NULL)
		return 0;
	found = (uintptr_t)map_get(d->info, info_key(&b, kind, v, key));
	buf_release(&b);
	return found;
}

static void info_put(struct yaml_doc *d, char kind, const json_t *v, const char *key, void *info)
{
	struct buf b = BUF_INIT;

	map_put(d->info, info_key(&b, kind, v, key), info);
	buf_release(&b);
}

unsigned yaml_line(const struct yaml_doc *d, const json_t *v)
{
	return (unsigned)(info_get(d, 'v', v, "") >> 2);
}

bool yaml_is_plain(const struct yaml_doc *d, const json_t *v)
{
	return (info_get(d, 'v', v, "") & 2U) != 0;
}

unsigned yaml_key_line(const struct yaml_doc *d, const json_t *object, const char *key)
{
	return (unsigned)(info_get(d, 'k', object, key) >> 2);
}

/* ---- events ---- */

static json_t *top(struct reader *r)
{
	return r->depth > 0 ? r->stack[r->depth - 1].v : NULL;
}

/* A mapping is waiting for a key. */
static bool wants_key(struct reader *r)
{
	return r->depth > 0 && json_is_object(top(r)) && r->stack[r->depth - 1].key == NULL;
}

static int on_key(struct reader *r, const yaml_event_t *ev)
{
	const char *key = (const char *)ev->data.scalar.value;
	json_t *object = top(r);

	if (ev->data.scalar.length == 0)
		return fail(r, &ev->start_mark, "empty key");
	if (json_object_get(object, key) != NULL)
		return fail(r, &ev->start_mark, "key occurs twice");
	info_put(r->doc, 'k', object, key, pack_info((unsigned)ev->start_mark.line + 1, false));
	r->stack[r->depth - 1].key = mem_strdup(key);
	return 0;
}

/* Hangs v (whose reference is taken over) where it belongs. */
static int attach(struct reader *r, json_t *v, const yaml_event_t *ev, bool plain)
{
	json_t *parent = top(r);

	ENSURE(v != NULL);
	if (++r->values > YAML_MAX_VALUES) {
		json_decref(v);
		return fail(r, &ev->start_mark, "more than 20,000 values");
	}
	info_put(r->doc, 'v', v, "", pack_info((unsigned)ev->start_mark.line + 1, plain));
	if (parent == NULL) {
		r->doc->root = v;
	} else if (json_is_array(parent)) {
		ENSURE(json_array_append_new(parent, v) == 0);
	} else {
		char *key = r->stack[r->depth - 1].key;

		ENSURE(json_object_set_new(parent, key, v) == 0);
		mem_free(key);
		r->stack[r->depth - 1].key = NULL;
	}
	return 0;
}

static int check_scalar(struct reader *r, const yaml_event_t *ev)
{
	struct str s = str_mem(ev->data.scalar.value, ev->data.scalar.length);
	const char *tag = (const char *)ev->data.scalar.tag;

	if (ev->data.scalar.anchor != NULL)
		return fail(r, &ev->start_mark, "anchors are not supported");
	if (tag != NULL && strcmp(tag, YAML_STR_TAG) != 0 && strcmp(tag, "!") != 0)
		return fail(r, &ev->start_mark, "tags other than !!str are not supported");
	if (str_has(s, '\0') || !utf8_valid(s))
		return fail(r, &ev->start_mark, "NUL character or bad UTF-8");
	return 0;
}

static int on_scalar(struct reader *r, const yaml_event_t *ev)
{
	bool plain =
		ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && ev->data.scalar.tag == NULL;

	if (check_scalar(r, ev) != 0)
		return -1;
	if (wants_key(r))
		return on_key(r, ev);
	return attach(r, json_stringn((const char *)ev->data.scalar.value, ev->data.scalar.length),
		      ev, plain);
}

static int on_open(struct reader *r, const yaml_event_t *ev, bool object)
{
	const yaml_char_t *anchor =
		object ? ev->data.mapping_start.anchor : ev->data.sequence_start.anchor;
	const yaml_char_t *tag = object ? ev->data.mapping_start.tag : ev->data.sequence_start.tag;
	json_t *v;

	if (anchor != NULL)
		return fail(r, &ev->start_mark, "anchors are not supported");
	if (tag != NULL)
		return fail(r, &ev->start_mark, "tags other than !!str are not supported");
	if (wants_key(r))
		return fail(r, &ev->start_mark, "a key must be a scalar");
	if (r->depth == YAML_MAX_DEPTH)
		return fail(r, &ev->start_mark, "nested deeper than 32");
	v = object ? json_object() : json_array();
	if (attach(r, v, ev, false) != 0)
		return -1;
	r->stack[r->depth].v = v;
	r->stack[r->depth++].key = NULL;
	return 0;
}

static int on_event(struct reader *r, const yaml_event_t *ev)
{
	switch (ev->type) {
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		return 0;
	case YAML_DOCUMENT_START_EVENT:
		if (++r->documents > 1)
			return fail(r, &ev->start_mark, "more than one document");
		return 0;
	case YAML_ALIAS_EVENT:
		return fail(r, &ev->start_mark, "aliases are not supported");
	case YAML_SCALAR_EVENT:
		return on_scalar(r, ev);
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		return on_open(r, ev, ev->type == YAML_MAPPING_START_EVENT);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		r->depth--;
		return 0;
	}
	return 0;
}

/* libyaml's own complaint; the reader's (encoding) has an offset only. */
static int fail_parser(struct reader *r, struct str text)
{
	const yaml_parser_t *p = &r->parser;
	yaml_mark_t at = p->problem_mark;

	if (p->error == YAML_READER_ERROR) {
		at = (yaml_mark_t){0};
		for (size_t i = 0; i < p->problem_offset && i < text.n; i++) {
			at.column++;
			if (text.p[i] == '\n') {
				at.line++;
				at.column = 0;
			}
		}
	}
	return fail(r, &at, p->problem != NULL ? p->problem : "malformed");
}

static int read_events(struct reader *r, struct str text)
{
	for (;;) {
		yaml_event_t ev;
		bool end;
		int rc;

		if (!yaml_parser_parse(&r->parser, &ev))
			return fail_parser(r, text);
		end = ev.type == YAML_STREAM_END_EVENT;
		rc = on_event(r, &ev);
		yaml_event_delete(&ev);
		if (rc != 0 || end)
			return rc;
	}
}

static void finish_empty(struct yaml_doc *d)
{
	struct str s;

	if (d->root != NULL) {
		s = str_mem(json_string_value(d->root), json_string_length(d->root));
		if (!json_is_string(d->root) || s.n > 0 || !yaml_is_plain(d, d->root))
			return;
		json_decref(d->root);
	}
	d->root = json_object();
	info_put(d, 'v', d->root, "", pack_info(1, false));
}

int yaml_parse(const char *file, struct str text, struct yaml_doc *out, struct err *e)
{
	struct reader r = {.doc = out, .e = e};
	int rc;

	*out = (struct yaml_doc){.file = mem_strdup(file), .info = map_new()};
	if (text.n > YAML_MAX_BYTES) {
		yaml_release(out);
		return ERR(e, ERR_TOO_LARGE, "%s: more than 1 MiB", file);
	}
	ENSURE(yaml_parser_initialize(&r.parser));
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)(text.n > 0 ? text.p : ""),
				     text.n);
	rc = read_events(&r, text);
	for (unsigned i = 0; i < r.depth; i++)
		mem_free(r.stack[i].key);
	yaml_parser_delete(&r.parser);
	if (rc != 0) {
		yaml_release(out);
		return -1;
	}
	finish_empty(out);
	return 0;
}

int yaml_read(const char *path, struct yaml_doc *out, struct err *e)
{
	struct buf text = BUF_INIT;
	int rc = -1;

	*out = (struct yaml_doc){0};
	if (file_read(path, YAML_MAX_BYTES, &text, e) == 0)
		rc = yaml_parse(path, buf_view(&text), out, e);
	buf_wipe_release(&text);
	return rc;
}

void yaml_release(struct yaml_doc *d)
{
	mem_free(d->file);
	if (d->root != NULL)
		json_decref(d->root);
	if (d->info != NULL)
		map_free(d->info, NULL);
	*d = (struct yaml_doc){0};
}
