/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/inventory.h"

/*
 * inventory_json.c - records from JSON: an array of objects that have their key as a member, an
 * object from keys to attributes, or one object a line (JSON Lines).
 *
 * The outer array or object is walked here, element by element, and only an element is parsed: a
 * file may be larger than memory should be. Where an element ends is found by its brackets and
 * strings; whether it is JSON is for the parser to say.
 */

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The next character that is no space: 1, 0 at the end, -1. It stays. */
static int peek(struct inv_source *s, char *c, struct err *e)
{
	for (;;) {
		struct str rest = inv_rest(s);
		size_t i = 0;
		int rc;

		while (i < rest.n && is_space(rest.p[i]))
			i++;
		inv_skip(s, i);
		if (i < rest.n) {
			*c = rest.p[i];
			return 1;
		}
		rc = inv_more(s, e);
		if (rc <= 0)
			return rc;
	}
}

struct scan {
	size_t i;
	unsigned depth;
	bool string, escaped;
};

/* Moves on; true when the value that began at 0 is over, i behind it. */
static bool scan_on(struct scan *sc, struct str in)
{
	for (; sc->i < in.n; sc->i++) {
		char c = in.p[sc->i];

		if (sc->string) {
			if (sc->escaped)
				sc->escaped = false;
			else if (c == '\\')
				sc->escaped = true;
			else if (c == '"')
				sc->string = false;
			if (sc->string || sc->depth > 0)
				continue;
			sc->i++;
			return true;
		}
		if (c == '"') {
			sc->string = true;
		} else if (c == '{' || c == '[') {
			sc->depth++;
		} else if (c == '}' || c == ']') {
			if (sc->depth <= 1) {
				sc->i += sc->depth;
				return true;
			}
			sc->depth--;
		} else if (sc->depth == 0 && (c == ',' || c == ':' || is_space(c))) {
			return true;
		}
	}
	return false;
}

/* The value that begins here, whole in the window; not taken. -1 also when there is none. */
static int value_at(struct inv_source *s, struct str *out, struct err *e)
{
	struct scan sc = {.i = 0};

	while (!scan_on(&sc, inv_rest(s))) {
		int rc;

		if (sc.i > INVENTORY_LINE_MAX)
			break;
		rc = inv_more(s, e);
		if (rc < 0)
			return -1;
		if (rc == 0)
			return inv_error(s, s->line, e, "JSON: ends too early");
	}
	if (sc.i > INVENTORY_LINE_MAX)
		return inv_error(s, s->line, e, "a record of more than %u bytes",
				 INVENTORY_LINE_MAX);
	if (sc.i == 0)
		return inv_error(s, s->line, e, "JSON: a value is missing");
	*out = str_mem(inv_rest(s).p, sc.i);
	return 0;
}

static json_t *parse(struct inv_source *s, struct str text, struct err *e)
{
	json_t *v = json_parse(text, &inventory_line_limits, JSON_REFUSE_DUPLICATES, e);

	if (v == NULL)
		inv_wrap(s, s->line, e);
	return v;
}

/* ---- elements ---- */

static int read_object(struct inv_reader *r, struct str text, unsigned line, struct err *e)
{
	json_t *v = parse(r->src, text, e);
	int rc;

	if (v == NULL)
		return -1;
	if (json_is_object(v))
		rc = inv_put_object(r, v, line, e);
	else
		rc = inv_error(r->src, line, e, "a record must be an object");
	json_decref(v);
	return rc;
}

static int read_element(struct inv_reader *r, struct err *e)
{
	struct str text;

	if (value_at(r->src, &text, e) < 0 || read_object(r, text, r->src->line, e) < 0)
		return -1;
	inv_skip(r->src, text.n);
	return 0;
}

static int skip_colon(struct inv_source *s, struct err *e)
{
	char c = '\0';
	int rc = peek(s, &c, e);

	if (rc < 0)
		return -1;
	if (c != ':')
		return inv_error(s, s->line, e, "JSON: a colon is missing behind a member's name");
	inv_skip(s, 1);
	return peek(s, &c, e) < 0 ? -1 : 0;
}

static int read_attributes(struct inv_reader *r, struct str key, unsigned line, struct err *e)
{
	struct inv_source *s = r->src;
	struct str text;
	json_t *v;
	int rc;

	if (skip_colon(s, e) < 0 || value_at(s, &text, e) < 0)
		return -1;
	v = parse(s, text, e);
	if (v == NULL)
		return -1;
	if (json_is_object(v))
		rc = inv_put(r, key, v, line, e);
	else
		rc = inv_error(s, line, e,
			       "an object is needed: a record's attributes (or is this one record "
			       "alone? Then put it in an array)");
	json_decref(v);
	if (rc == 0)
		inv_skip(s, text.n);
	return rc;
}

static int read_member(struct inv_reader *r, struct err *e)
{
	unsigned line = r->src->line;
	struct str text;
	json_t *key;
	int rc = -1;

	if (value_at(r->src, &text, e) < 0)
		return -1;
	key = parse(r->src, text, e);
	if (key == NULL)
		return -1;
	if (json_is_string(key)) {
		inv_skip(r->src, text.n);
		rc = read_attributes(r, json_str_view(key), line, e);
	} else {
		inv_error(r->src, line, e, "JSON: the name of a member must be a string");
	}
	json_decref(key);
	return rc;
}

/* ---- the whole ---- */

static int read_elements(struct inv_reader *r, bool object, struct err *e)
{
	struct inv_source *s = r->src;
	bool first = true;
	char c = '\0';

	for (;; first = false) {
		int rc = peek(s, &c, e);

		if (rc < 0)
			return -1;
		if (rc == 0)
			return inv_error(s, s->line, e, "JSON: ends too early");
		if (c == (object ? '}' : ']') && first)
			break;
		if ((object ? read_member(r, e) : read_element(r, e)) < 0)
			return -1;
		rc = peek(s, &c, e);
		if (rc < 0)
			return -1;
		if (rc > 0 && c == (object ? '}' : ']'))
			break;
		if (rc == 0 || c != ',')
			return inv_error(s, s->line, e, "JSON: a comma or the end is missing");
		inv_skip(s, 1);
	}
	inv_skip(s, 1);
	if (peek(s, &c, e) != 0)
		return e->code != ERR_OK ? -1
					 : inv_error(s, s->line, e, "JSON: text after the end");
	return 0;
}

int inv_read_json(struct inv_reader *r, struct err *e)
{
	struct inv_source *s = r->src;
	char c = '\0';
	int rc = peek(s, &c, e);

	if (rc < 0)
		return -1;
	if (rc == 0 || (c != '[' && c != '{'))
		return inv_error(s, s->line, e,
				 "an array of records, or an object from keys to attributes, is "
				 "needed");
	if (c == '{' && r->options->key != NULL)
		return inv_error(s, s->line, e,
				 "--key is for an array: in an object the members' names are the "
				 "keys");
	inv_skip(s, 1);
	return read_elements(r, c == '{', e);
}

static bool is_blank(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_space(s.p[i]))
			return false;
	return true;
}

int inv_read_jsonl(struct inv_reader *r, struct err *e)
{
	unsigned line = r->src->line;
	struct str text;
	int rc;

	while ((rc = inv_line(r->src, &text, e)) > 0) {
		unsigned next = r->src->line;

		r->src->line = line; /* for messages */
		if (!is_blank(text) && read_object(r, text, line, e) < 0)
			return -1;
		r->src->line = line = next;
	}
	return rc;
}
