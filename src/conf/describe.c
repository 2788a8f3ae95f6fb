/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/clock.h"
#include "conf/priv.h"

/*
 * describe.c - what the tables say, for people: --help-config, and the commented sample. The
 * sample loads as it is: what must be written is written, everything else is commented out and
 * shows its default (a part whose keys are all comments is an empty value, hence the defaults).
 * Keys that do not work yet are left out of both.
 */
#define SAMPLE_WIDTH 96

static bool hidden(const struct conf_key *k)
{
	return k->unsupported != NULL;
}

static bool any_shown(const struct conf_table *t)
{
	for (const struct conf_key *k = t->keys; k->name != NULL; k++)
		if (!hidden(k))
			return true;
	return false;
}

static void put_choices(struct buf *b, const struct conf_key *k)
{
	bool first = true;

	for (size_t i = 0; k->choices[i] != NULL; i++) {
		const char *choice = conf_choice(k->choices[i]);

		if (choice == NULL)
			continue;
		buf_printf(b, "%s%s", first ? "" : " or ", choice);
		first = false;
	}
}

static void put_bounds(struct buf *b, const struct conf_key *k)
{
	char low[40], high[40];

	if (k->min == 0 && k->max == 0)
		return;
	if (k->type != CONF_DURATION)
		buf_printf(b, " from %" PRId64 " to %" PRId64, k->min, k->max);
	else if (k->max == DURATION_MAX)
		buf_printf(b, ", at least %s", duration_format(k->min, low));
	else
		buf_printf(b, " from %s to %s", duration_format(k->min, low),
			   duration_format(k->max, high));
}

/* "a number from 1 to 16" */
static void put_type(struct buf *b, const struct conf_key *k)
{
	switch (k->type) {
	case CONF_STRING:
		buf_puts(b, "text");
		break;
	case CONF_PATH:
		buf_puts(b, "path");
		break;
	case CONF_BOOL:
		buf_puts(b, "true or false");
		break;
	case CONF_INT:
		buf_puts(b, "number");
		put_bounds(b, k);
		break;
	case CONF_AUTO_INT:
		buf_puts(b, "auto or number");
		put_bounds(b, k);
		break;
	case CONF_DURATION:
		buf_puts(b, "duration");
		put_bounds(b, k);
		break;
	case CONF_SIZE:
		buf_puts(b, "size");
		break;
	case CONF_ENUM:
		put_choices(b, k);
		break;
	case CONF_STRINGS:
		buf_puts(b, "list of texts");
		break;
	case CONF_PATHS:
		buf_puts(b, "path or list of paths");
		break;
	case CONF_OBJECT:
		buf_puts(b, "mapping");
		break;
	case CONF_OBJECTS:
		buf_puts(b, "list of mappings");
		break;
	case CONF_ANY:
		buf_puts(b, "any value");
		break;
	}
}

static bool plain_safe(struct str s)
{
	if (s.n == 0 || !((ascii_lower(s.p[0]) >= 'a' && ascii_lower(s.p[0]) <= 'z') ||
			  (s.p[0] >= '0' && s.p[0] <= '9') || s.p[0] == '.' || s.p[0] == '/'))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = ascii_lower(s.p[i]);

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && strchr("._-/", c) == NULL)
			return false;
	}
	return true;
}

static void put_scalar(struct buf *b, struct str s)
{
	if (plain_safe(s)) {
		buf_str(b, s);
		return;
	}
	buf_putc(b, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_putc(b, '\\');
		buf_putc(b, s.p[i]);
	}
	buf_putc(b, '"');
}

/* A default or sample as YAML. */
static void put_value(struct buf *b, const struct conf_key *k, const char *text)
{
	bool list = k->type == CONF_STRINGS ||
		    (k->type == CONF_PATHS && (text[0] == '\0' || strchr(text, ',') != NULL));
	struct str rest = str_c(text);

	if (!list) {
		put_scalar(b, rest);
		return;
	}
	buf_putc(b, '[');
	while (rest.n > 0) {
		put_scalar(b, str_trim(str_cut(rest, ',', &rest)));
		if (rest.n > 0)
			buf_puts(b, ", ");
	}
	buf_putc(b, ']');
}

/* ---- the sample ---- */

static void put_indent(struct buf *b, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		buf_puts(b, "  ");
}

/* Wraps at spaces. */
static void put_comment(struct buf *b, struct str text, unsigned depth)
{
	size_t room = SAMPLE_WIDTH - 2 * depth - 2;

	while (text.n > 0) {
		size_t n = text.n;

		if (n > room) {
			for (n = room; n > 0 && text.p[n] != ' '; n--)
				;
			if (n == 0)
				n = room;
		}
		put_indent(b, depth);
		buf_puts(b, "# ");
		buf_add(b, text.p, n);
		buf_putc(b, '\n');
		text.p += n;
		text.n -= n;
		while (text.n > 0 && text.p[0] == ' ') {
			text.p++;
			text.n--;
		}
	}
}

static void comment_key(struct buf *b, const struct conf_key *k, unsigned depth)
{
	struct buf text = BUF_INIT;

	buf_puts(&text, k->doc);
	if (k->type != CONF_OBJECT && k->type != CONF_OBJECTS && k->type != CONF_ANY &&
	    k->type != CONF_STRING && k->type != CONF_PATH) {
		buf_puts(&text, " (");
		put_type(&text, k);
		buf_putc(&text, ')');
	}
	put_comment(b, buf_view(&text), depth);
	buf_release(&text);
}

static void sample_table(struct buf *b, const struct conf_table *t, unsigned depth, bool in_list);

static void sample_key(struct buf *b, const struct conf_key *k, unsigned depth, bool dash)
{
	const char *text = k->sample != NULL ? k->sample : k->dflt;
	bool part = k->type == CONF_OBJECT || k->type == CONF_OBJECTS;

	comment_key(b, k, depth);
	put_indent(b, dash ? depth - 1 : depth);
	if (dash)
		buf_puts(b, "- ");
	if (k->sample == NULL && !part)
		buf_putc(b, '#');
	buf_printf(b, "%s:", k->name);
	if (!part && text != NULL) {
		buf_putc(b, ' ');
		put_value(b, k, text);
	}
	buf_putc(b, '\n');
	if (part)
		sample_table(b, k->sub, depth + 1, k->type == CONF_OBJECTS);
}

static void sample_table(struct buf *b, const struct conf_table *t, unsigned depth, bool in_list)
{
	bool first = true;

	for (const struct conf_key *k = t->keys; k->name != NULL; k++) {
		if (hidden(k) || (k->type == CONF_OBJECT && !any_shown(k->sub)))
			continue;
		if (depth == 0 && !first)
			buf_putc(b, '\n');
		sample_key(b, k, depth, in_list && first);
		first = false;
	}
}

/* ---- --help-config ---- */

static void help_table(struct buf *b, const struct conf_table *t, const char *prefix)
{
	for (const struct conf_key *k = t->keys; k->name != NULL; k++) {
		struct buf path = BUF_INIT;

		if (hidden(k))
			continue;
		buf_printf(&path, "%s%s", prefix, k->name);
		buf_str(b, buf_view(&path));
		buf_puts(b, ": ");
		put_type(b, k);
		if (k->required)
			buf_puts(b, ", required");
		if (k->dflt != NULL) {
			buf_puts(b, ", default ");
			put_value(b, k, k->dflt);
		}
		if (k->live)
			buf_puts(b, ", may change by a reload");
		buf_printf(b, "\n    %s\n", k->doc);
		if (k->sub != NULL && k->type != CONF_ANY) {
			buf_puts(&path, k->type == CONF_OBJECTS ? "[]." : ".");
			help_table(b, k->sub, path.p);
		}
		buf_release(&path);
	}
}

void conf_describe(const struct conf_table *t, bool sample, struct buf *out)
{
	if (!sample) {
		help_table(out, t, "");
		return;
	}
	buf_printf(out,
		   "# %s: every key that Signet knows. A key that is commented out shows its "
		   "default;\n"
		   "# where nothing is shown, nothing is set. Relative paths start at this file's "
		   "folder.\n\n",
		   t->name);
	sample_table(out, t, 0, false);
}
