/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/mem.h"
#include "tmpl/parse.h"

/*
 * Compiling: the text is copied, parsed into the template's own arena, and never changes again, so
 * any number of runs and threads may share it. The parser's tables live only here.
 */
#define TEXT_MAX (1024 * 1024)

const struct tmpl_limits tmpl_limits_loop = {.steps = 200000,
					     .output = 1024 * 1024,
					     .memory = 8 * 1024 * 1024,
					     .depth = 1000,
					     .time_ns = 8 * 1000 * 1000};

static void tmpl_free(struct tmpl *t)
{
	arena_free(t->arena);
	mem_free(t);
}

static void parse_release(struct parse *p)
{
	map_free(p->trees, NULL);
	map_free(p->var_ids, NULL);
	mem_free(p->var_places);
	mem_free(p->vars);
	mem_free(p);
}

int tmpl_compile(struct str text, const struct tmpl_options *o, struct arena *a, struct tmpl **out,
		 struct tmpl_error_info *why)
{
	struct tmpl *t = NULL;
	struct parse *p = NULL;

	if (text.n > TEXT_MAX) {
		*why = (struct tmpl_error_info){.class = TMPL_PARSE,
						.message = STR("the template is larger than 1 MiB"),
						.col = -1};
		return -1;
	}
	t = NEW(struct tmpl);
	ref_init(&t->ref);
	t->arena = arena_new();
	t->name = arena_str(t->arena, o->name);
	t->text = arena_str(t->arena, text);
	p = NEW(struct parse);
	p->t = t;
	p->arena = t->arena;
	p->errors = a;
	p->why = why;
	p->trees = map_new();
	p->var_ids = map_new();
	lex_init(&p->lex, t->text, t->arena);
	func_index_init(&p->funcs, o);
	int rc = parse_template(p);
	parse_release(p);
	if (rc != 0) {
		tmpl_free(t);
		return -1;
	}
	*why = (struct tmpl_error_info){.class = TMPL_OK, .col = -1};
	*out = t;
	return 0;
}

struct tmpl *tmpl_ref(struct tmpl *t)
{
	ref_get(&t->ref);
	return t;
}

void tmpl_unref(struct tmpl *t)
{
	if (t != NULL && ref_put(&t->ref))
		tmpl_free(t);
}

/* Without "template: NAME:1:2: " and what else precedes the text that matters to a reader. */
static struct str bare_text(const struct tmpl_error_info *why)
{
	struct str m = why->message, after;
	char place[64];

	if (why->class == TMPL_FAIL || why->line == 0)
		return m;
	if (why->col >= 0)
		snprintf(place, sizeof(place), ":%u:%d: ", why->line, why->col);
	else
		snprintf(place, sizeof(place), ":%u: ", why->line);
	const char *at = memmem(m.p, m.n, place, strlen(place));
	if (!str_starts(m, "template: ") || at == NULL)
		return m;
	after.p = at + strlen(place);
	after.n = m.n - (size_t)(after.p - m.p);
	return after;
}

void tmpl_error_describe(const struct tmpl_error_info *why, struct buf *out)
{
	if (why->line > 0)
		buf_printf(out, "line %u", why->line);
	if (why->line > 0 && why->col >= 0)
		buf_printf(out, ", column %d", why->col + 1);
	if (why->line > 0)
		buf_puts(out, ": ");
	buf_str(out, bare_text(why));
}
