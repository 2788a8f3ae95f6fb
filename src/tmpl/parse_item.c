/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/mem.h"
#include "tmpl/parse.h"

/*
 * What the parser stands on: items with three of look-ahead, errors, nodes and the table of
 * declared variables. token[0] is the item read last from the lexer: an error carries its line, as
 * in Go, also when items were put back.
 */

struct item scope_next(struct scope *s)
{
	if (s->ahead > 0)
		s->ahead--;
	else
		s->token[0] = lex_next(&s->p->lex);
	return s->token[s->ahead];
}

void scope_back(struct scope *s)
{
	s->ahead++;
}

void scope_back2(struct scope *s, struct item first)
{
	s->token[1] = first;
	s->ahead = 2;
}

void scope_back3(struct scope *s, struct item second, struct item first)
{
	s->token[1] = first;
	s->token[2] = second;
	s->ahead = 3;
}

struct item scope_peek(struct scope *s)
{
	struct item i = scope_next(s);

	s->ahead++;
	return i;
}

struct item scope_next_solid(struct scope *s)
{
	struct item i;

	do
		i = scope_next(s);
	while (i.kind == ITEM_SPACE);
	return i;
}

struct item scope_peek_solid(struct scope *s)
{
	struct item i = scope_next_solid(s);

	s->ahead++;
	return i;
}

int parse_error_str(struct scope *s, struct str text)
{
	struct parse *p = s->p;
	struct buf b = BUF_INIT;

	if (p->failed)
		return -1;
	p->failed = true;
	buf_puts(&b, "template: ");
	buf_str(&b, p->t->name);
	buf_printf(&b, ":%u: ", s->token[0].line);
	buf_str(&b, text);
	*p->why = (struct tmpl_error_info){.class = TMPL_PARSE,
					   .message = arena_str(p->errors, buf_view(&b)),
					   .line = s->token[0].line,
					   .col = -1};
	buf_release(&b);
	return -1;
}

int parse_error(struct scope *s, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return parse_error_str(s, str_c(text));
}

int parse_unexpected(struct scope *s, struct item i, const char *where)
{
	struct buf b = BUF_INIT;

	if (i.kind == ITEM_ERROR) {
		buf_str(&b, i.text);
		if (s->action_line != 0 && s->action_line != i.line) {
			buf_puts(&b, str_ends(i.text, " action") ? " started at "
								 : " in action started at ");
			buf_str(&b, s->p->t->name);
			buf_printf(&b, ":%u", s->action_line);
		}
	} else {
		buf_puts(&b, "unexpected ");
		item_print(&i, &b);
		buf_puts(&b, " in ");
		buf_puts(&b, where);
	}
	parse_error_str(s, buf_view(&b));
	buf_release(&b);
	return -1;
}

struct node *parse_node(struct scope *s, enum node_kind kind, size_t pos)
{
	if (++s->p->nodes > PARSE_NODES_MAX) {
		parse_error(s, "the template has more than %d parts", PARSE_NODES_MAX);
		return NULL;
	}
	struct node *n = ARENA_NEW(s->p->arena, struct node);
	n->kind = kind;
	n->pos = (uint32_t)pos;
	return n;
}

void node_append(struct parse *p, struct node_list *l, struct node *n)
{
	if (l->n == l->cap) {
		size_t cap = l->cap == 0 ? 2 : l->cap * 2;
		struct node **items = ARENA_ARRAY(p->arena, struct node *, cap);
		if (l->n > 0)
			memcpy(items, l->items, l->n * sizeof(*items));
		l->items = items;
		l->cap = cap;
	}
	l->items[l->n++] = n;
}

unsigned parse_var_id(struct parse *p, struct str name)
{
	uintptr_t known = (uintptr_t)map_get(p->var_ids, name);

	if (known != 0)
		return (unsigned)(known - 1);
	if (p->nvar_ids == p->cap_var_ids) {
		p->cap_var_ids = p->cap_var_ids == 0 ? 16 : p->cap_var_ids * 2;
		p->var_places = mem_realloc(p->var_places, p->cap_var_ids * sizeof(*p->var_places));
	}
	p->var_places[p->nvar_ids++] = 0;
	(void)map_put(p->var_ids, name, (void *)(uintptr_t)p->nvar_ids);
	return (unsigned)(p->nvar_ids - 1);
}

void parse_declare(struct scope *s, unsigned id)
{
	struct parse *p = s->p;

	if (p->nvars == p->cap_vars) {
		p->cap_vars = p->cap_vars == 0 ? 16 : p->cap_vars * 2;
		p->vars = mem_realloc(p->vars, p->cap_vars * sizeof(*p->vars));
	}
	p->vars[p->nvars++] = (struct var_entry){.id = id, .before = p->var_places[id]};
	p->var_places[id] = (unsigned)p->nvars;
}

void parse_forget(struct parse *p, size_t down_to)
{
	while (p->nvars > down_to) {
		struct var_entry *e = &p->vars[--p->nvars];
		p->var_places[e->id] = e->before;
	}
}

bool parse_declared(const struct scope *s, unsigned id)
{
	return s->p->var_places[id] > s->vars_base;
}
