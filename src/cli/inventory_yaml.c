/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/inventory.h"

#include "codec/yaml.h"

/*
 * inventory_yaml.c - records from YAML: a list of mappings that have their key as a member, or a
 * mapping from keys to attributes.
 *
 * In block style a new item, or a new member, of the outermost level begins in the first column,
 * and nothing else does but comments. So the file is cut there into pieces of some thousand bytes,
 * each of which is a document of its own for the parser: a file may be larger than memory should
 * be. One that is written in flow style ([...] or {...}) is read as a whole, up to the parser's own
 * megabyte.
 *
 * Plain scalars are what YAML 1.2's core schema says; keys are texts, however they look (007).
 */
#define PIECE (32U << 10)

enum style { NOT_KNOWN, ITEMS, MEMBERS, FLOW };
struct pieces {
	struct inv_reader *r;
	enum style style;
	struct buf text;
	unsigned begin; /* line of the piece's first */
};

/* "name:LINE:COLUMN: what" of the piece, as of the file. */
static int fail_yaml(const struct pieces *p, struct err *e)
{
	const char *rest = e->msg + strlen("yaml");
	char text[sizeof(e->msg)];
	unsigned line, column;
	int n = 0;

	if (sscanf(rest, ":%u:%u: %n", &line, &column, &n) != 2 || n == 0) {
		snprintf(text, sizeof(text), "%s", rest[0] == ':' ? rest + 2 : e->msg);
		return inv_error(p->r->src, p->begin, e,
				 "%s, from here on; in block style, a record an item, there is no "
				 "such limit",
				 text);
	}
	snprintf(text, sizeof(text), "%s", rest + n);
	return inv_error(p->r->src, p->begin + line - 1, e, "YAML: column %u: %s", column, text);
}

static unsigned line_of(const struct pieces *p, unsigned line)
{
	return p->begin + (line > 0 ? line - 1 : 0);
}

static int put_item(struct pieces *p, const struct yaml_doc *d, const json_t *item, struct err *e)
{
	unsigned line = line_of(p, yaml_line(d, item));
	const json_t *raw;
	const char *member;
	json_t *v;
	int rc;

	if (!json_is_object(item))
		return inv_error(p->r->src, line, e, "a record must be a mapping");
	v = yaml_core_value(d, item);
	member = inv_key_member(p->r, item);
	raw = json_object_get(item, member);
	if (json_is_string(raw)) /* the key as it is written */
		json_object_set_new(v, member, json_str_new(json_str_view(raw)));
	rc = inv_put_object(p->r, v, line, e);
	json_decref(v);
	return rc;
}

static int put_members(struct pieces *p, const struct yaml_doc *d, struct err *e)
{
	const char *key;
	json_t *raw;
	int rc = 0;

	if (p->r->options->key != NULL)
		return inv_error(p->r->src, p->begin, e,
				 "--key is for a list: in a mapping the members' names are the "
				 "keys");
	json_object_foreach(d->root, key, raw)
	{
		unsigned line = line_of(p, yaml_key_line(d, d->root, key));
		json_t *v = yaml_core_value(d, raw);

		if (json_is_object(v))
			rc = inv_put(p->r, str_c(key), v, line, e);
		else
			rc = inv_error(p->r->src, line, e,
				       "a mapping is needed: a record's attributes (or is this one "
				       "record alone? Then begin it with \"- \")");
		json_decref(v);
		if (rc < 0)
			break;
	}
	return rc;
}

static int read_piece(struct pieces *p, struct err *e)
{
	struct yaml_doc d;
	size_t i;
	json_t *item;
	int rc = 0;

	if (yaml_parse("yaml", buf_view(&p->text), &d, e) < 0)
		return fail_yaml(p, e);
	if (json_is_array(d.root)) {
		json_array_foreach(d.root, i, item)
		{
			rc = put_item(p, &d, item, e);
			if (rc < 0)
				break;
		}
	} else if (json_is_object(d.root)) {
		rc = put_members(p, &d, e);
	} else {
		rc = inv_error(p->r->src, p->begin, e,
			       "a list of records, or a mapping from keys to attributes, is "
			       "needed");
	}
	yaml_release(&d);
	return rc;
}

/* ---- cutting ---- */

static bool is_item(struct str line)
{
	return line.n > 0 && line.p[0] == '-' &&
	       (line.n == 1 || line.p[1] == ' ' || line.p[1] == '\t');
}

static bool is_marker(struct str line)
{
	return (str_starts(line, "---") || str_starts(line, "...")) &&
	       (line.n == 3 || line.p[3] == ' ' || line.p[3] == '\t');
}

static bool is_nothing(struct str line)
{
	size_t i = 0;

	while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'))
		i++;
	return i == line.n || line.p[i] == '#';
}

/* Something new of the outermost level begins in this line. */
static bool begins(const struct pieces *p, struct str line)
{
	switch (p->style) {
	case ITEMS:
		return is_item(line);
	case MEMBERS:
		return line.n > 0 && line.p[0] != ' ' && line.p[0] != '\t' && line.p[0] != '#';
	case FLOW:
	case NOT_KNOWN:
		break;
	}
	return false;
}

static enum style style_of(struct str line)
{
	if (is_item(line))
		return ITEMS;
	return line.p[0] == '[' || line.p[0] == '{' ? FLOW : MEMBERS;
}

static int take_line(struct pieces *p, struct str line, unsigned number, struct err *e)
{
	int rc = 0;

	if (p->style == NOT_KNOWN && (is_nothing(line) || str_eqc(line, "---")))
		return 0;
	if (p->style == NOT_KNOWN) {
		p->style = style_of(line);
		p->begin = number;
	} else if (is_marker(line)) {
		return inv_error(p->r->src, number, e, "YAML: only one document is read");
	} else if (p->text.n >= PIECE && begins(p, line)) {
		rc = read_piece(p, e);
		buf_reset(&p->text);
		p->begin = number;
	}
	if (p->text.n > (1U << 20)) /* the parser says it */
		return rc;
	buf_str(&p->text, line);
	buf_putc(&p->text, '\n');
	return rc;
}

int inv_read_yaml(struct inv_reader *r, struct err *e)
{
	struct pieces p = {.r = r};
	unsigned number = r->src->line;
	struct str line;
	int rc;

	while ((rc = inv_line(r->src, &line, e)) > 0) {
		if (take_line(&p, line, number, e) < 0) {
			rc = -1;
			break;
		}
		number = r->src->line;
	}
	if (rc == 0 && p.text.n > 0)
		rc = read_piece(&p, e);
	buf_release(&p.text);
	return rc;
}
