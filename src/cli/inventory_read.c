/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/inventory.h"

/* inventory_read.c - records of a file in any of the formats: what all of them have in common. */

static const char *const names[] = {
	[INV_CSV] = "csv", [INV_JSON] = "json", [INV_JSONL] = "jsonl", [INV_YAML] = "yaml"};

enum inv_format inv_format_of(const char *name, const char *path)
{
	static const struct {
		const char *ending;
		enum inv_format format;
	} endings[] = {{".csv", INV_CSV},      {".json", INV_JSON}, {".jsonl", INV_JSONL},
		       {".ndjson", INV_JSONL}, {".yaml", INV_YAML}, {".yml", INV_YAML}};

	for (size_t i = INV_CSV; name != NULL && i < ARRAY_LEN(names); i++)
		if (str_ieqc(str_c(name), names[i]))
			return (enum inv_format)i;
	for (size_t i = 0; name == NULL && path != NULL && i < ARRAY_LEN(endings); i++)
		if (str_ends(str_c(path), endings[i].ending))
			return endings[i].format;
	return INV_NONE;
}

int inv_put(struct inv_reader *r, struct str key, const json_t *attributes, unsigned line,
	    struct err *e)
{
	buf_reset(&r->attributes);
	if (inventory_key_check(key, e) < 0 ||
	    inventory_attributes_write(attributes, &r->attributes, e) < 0)
		return inv_wrap(r->src, line, e);
	return r->sink->record(r->sink, key, buf_view(&r->attributes), line, e);
}

const char *inv_key_member(const struct inv_reader *r, const json_t *o)
{
	if (r->options->key != NULL)
		return r->options->key;
	return json_object_get(o, INVENTORY_KEY_MEMBER) != NULL ? INVENTORY_KEY_MEMBER : "key";
}

int inv_put_object(struct inv_reader *r, json_t *o, unsigned line, struct err *e)
{
	const char *member = inv_key_member(r, o);
	json_t *key = json_object_get(o, member);
	int rc;

	if (key == NULL)
		return inv_error(r->src, line, e,
				 "the record has no \"%.60s\"; name the member that is its key "
				 "with --key",
				 member);
	if (!json_is_string(key))
		return inv_error(r->src, line, e, "\"%.60s\", the key, must be a string", member);
	json_incref(key);
	json_object_del(o, member);
	rc = inv_put(r, json_str_view(key), o, line, e);
	json_decref(key);
	return rc;
}

/* Byte order marks are what spreadsheets begin with. */
static int skip_mark(struct inv_source *s, struct err *e)
{
	int rc = 1;

	while (inv_rest(s).n < 3 && rc > 0)
		rc = inv_more(s, e);
	if (rc >= 0 && str_starts(inv_rest(s), "\xef\xbb\xbf"))
		inv_skip(s, 3);
	return rc < 0 ? -1 : 0;
}

int inv_read(struct inv_source *s, const struct inv_options *o, struct inv_sink *sink,
	     struct err *e)
{
	struct inv_reader r = {.src = s, .options = o, .sink = sink};
	int rc = skip_mark(s, e);

	if (rc == 0)
		switch (o->format) {
		case INV_CSV:
			rc = inv_read_csv(&r, e);
			break;
		case INV_JSON:
			rc = inv_read_json(&r, e);
			break;
		case INV_JSONL:
			rc = inv_read_jsonl(&r, e);
			break;
		case INV_YAML:
			rc = inv_read_yaml(&r, e);
			break;
		case INV_NONE:
			rc = ERR(e, ERR_INVALID, "%s: which format?", s->name);
			break;
		}
	buf_release(&r.attributes);
	return rc;
}
