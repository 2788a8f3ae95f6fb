/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/mem.h"
#include "tmpl/parse.h"

/*
 * Statements. The parser is Go's recursive descent, with one bound for all nesting (parentheses,
 * blocks, else-if chains), so that neither it nor anything that walks the tree later needs more
 * than a small stack. A text and each define or block in it is a tree of its own; trees of one
 * name: an empty one yields, two real ones are an error.
 */
static struct node *parse_statement(struct scope *s);

static void scope_init(struct scope *s, struct parse *p, struct str name)
{
	*s = (struct scope){.p = p, .name = name, .vars_base = p->nvars};
	parse_declare(s, parse_var_id(p, STR("$")));
}

static bool list_is_empty(const struct node_list *l);

static bool node_is_empty(const struct node *n)
{
	if (n->kind != NODE_TEXT)
		return false;
	for (size_t i = 0; i < n->text.n; i++)
		if (strchr(" \t\n\v\f\r", n->text.p[i]) == NULL || n->text.p[i] == '\0')
			return false;
	return true;
}

static bool list_is_empty(const struct node_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (!node_is_empty(l->items[i]))
			return false;
	return true;
}

/* Enters a finished tree under its name. */
static int add_tree(struct scope *s)
{
	struct parse *p = s->p;
	struct tree *old = map_get(p->trees, s->name), *t;
	struct buf b = BUF_INIT;

	parse_forget(p, s->vars_base);
	if (old != NULL && !list_is_empty(&old->root)) {
		if (list_is_empty(&s->root))
			return 0;
		buf_puts(&b, "template: multiple definition of template ");
		tv_quote(s->name, &b);
		parse_error_str(s, buf_view(&b));
		buf_release(&b);
		return -1;
	}
	t = ARENA_NEW(p->arena, struct tree);
	t->name = s->name;
	t->root = s->root;
	(void)map_put(p->trees, t->name, t);
	return 0;
}

static const char *end_text(const struct node *n)
{
	return n->kind == NODE_END ? "{{end}}" : "{{else}}";
}

/* Statements up to an `end` or `else`, which is *last. */
static int parse_list(struct scope *s, struct node_list *list, struct node **last)
{
	while (scope_peek_solid(s).kind != ITEM_EOF) {
		struct node *n = parse_statement(s);
		if (n == NULL)
			return -1;
		if (n->kind == NODE_END || n->kind == NODE_ELSE) {
			*last = n;
			return 0;
		}
		node_append(s->p, list, n);
	}
	return parse_error(s, "unexpected EOF");
}

static int expect(struct scope *s, enum item_kind kind, const char *context)
{
	struct item i = scope_next_solid(s);

	return i.kind == kind ? 0 : parse_unexpected(s, i, context);
}

static int enter(struct scope *s)
{
	if (s->p->nest >= PARSE_NEST_MAX)
		return parse_error(s, "blocks are nested more than %d deep", PARSE_NEST_MAX);
	s->p->nest++;
	return 0;
}

/* A tree of its own inside of `outer`, up to its end. */
static int parse_inner(struct scope *outer, struct scope *s, struct scope *blame,
		       const char *context)
{
	struct node *last;

	if (enter(outer) != 0 || parse_list(s, &s->root, &last) != 0)
		return -1;
	outer->p->nest--;
	if (last->kind != NODE_END)
		return parse_error(blame, "unexpected %s in %s", end_text(last), context);
	return add_tree(s);
}

/* {{define "name"}}, of which the keyword is passed. */
static int parse_define(struct scope *outer)
{
	static const char context[] = "define clause";
	struct scope s;

	scope_init(&s, outer->p, STR("definition"));
	struct item i = scope_next_solid(&s);
	if (i.kind != ITEM_STRING && i.kind != ITEM_RAW_STRING)
		return parse_unexpected(&s, i, context);
	if (!unquote(i.text, s.p->arena, &s.name))
		return parse_error(&s, "invalid syntax");
	if (expect(&s, ITEM_RIGHT_DELIM, context) != 0)
		return -1;
	return parse_inner(outer, &s, &s, context);
}

static struct node *parse_jump(struct scope *s, enum node_kind kind, const struct item *word)
{
	const char *name = kind == NODE_BREAK ? "{{break}}" : "{{continue}}";
	struct item i = scope_next_solid(s);

	if (i.kind != ITEM_RIGHT_DELIM) {
		parse_unexpected(s, i, name);
		return NULL;
	}
	if (s->ranges == 0) {
		parse_error(s, "%s outside {{range}}", name);
		return NULL;
	}
	return parse_node(s, kind, word->pos);
}

static struct node *parse_else(struct scope *s)
{
	struct item i = scope_peek_solid(s);

	if (i.kind != ITEM_IF && i.kind != ITEM_WITH && expect(s, ITEM_RIGHT_DELIM, "else") != 0)
		return NULL;
	return parse_node(s, NODE_ELSE, i.pos);
}

static struct node *parse_branch(struct scope *s, enum node_kind kind);

/* What follows an else: another if or with of the same kind, or statements up to the end. */
static int parse_otherwise(struct scope *s, enum node_kind kind, struct node_branch *b)
{
	enum item_kind same = kind == NODE_IF ? ITEM_IF : ITEM_WITH;
	struct node *last;

	b->has_else = true;
	if (kind != NODE_RANGE && scope_peek(s).kind == same) {
		(void)scope_next(s);
		struct node *n = parse_branch(s, kind);
		if (n == NULL)
			return -1;
		node_append(s->p, &b->otherwise, n);
		return 0;
	}
	if (parse_list(s, &b->otherwise, &last) != 0)
		return -1;
	if (last->kind != NODE_END)
		return parse_error(s, "expected end; found %s", end_text(last));
	return 0;
}

static int parse_branch_body(struct scope *s, enum node_kind kind, struct node_branch *b)
{
	const char *context = kind == NODE_IF ? "if" : kind == NODE_WITH ? "with" : "range";
	struct node *last;

	b->pipe = parse_pipe(s, context, ITEM_RIGHT_DELIM);
	if (b->pipe == NULL)
		return -1;
	s->ranges += kind == NODE_RANGE;
	if (parse_list(s, &b->list, &last) != 0)
		return -1;
	s->ranges -= kind == NODE_RANGE;
	return last->kind == NODE_END ? 0 : parse_otherwise(s, kind, b);
}

/* if, with, range; the keyword is passed. */
static struct node *parse_branch(struct scope *s, enum node_kind kind)
{
	size_t vars = s->p->nvars;
	struct node *n = parse_node(s, kind, 0);

	if (n == NULL || enter(s) != 0 || parse_branch_body(s, kind, &n->branch) != 0)
		return NULL;
	s->p->nest--;
	parse_forget(s->p, vars);
	n->pos = n->branch.pipe->pos;
	return n;
}

static int parse_name(struct scope *s, const struct item *i, const char *context, struct str *name)
{
	if (i->kind != ITEM_STRING && i->kind != ITEM_RAW_STRING)
		return parse_unexpected(s, *i, context);
	if (!unquote(i->text, s->p->arena, name))
		return parse_error(s, "invalid syntax");
	return 0;
}

static struct node *call_node(struct scope *s, size_t pos, struct str name, const struct node *pipe)
{
	struct node *n = parse_node(s, NODE_TEMPLATE, pos);

	if (n == NULL)
		return NULL;
	n->tmpl = (struct node_template){.name = name, .pipe = pipe, .next = s->p->templates};
	s->p->templates = n;
	return n;
}

static struct node *parse_block(struct scope *s)
{
	static const char context[] = "block clause";
	struct item i = scope_next_solid(s);
	struct str name;
	struct scope inner;
	struct node *pipe;

	if (parse_name(s, &i, context, &name) != 0)
		return NULL;
	pipe = parse_pipe(s, context, ITEM_RIGHT_DELIM);
	if (pipe == NULL)
		return NULL;
	scope_init(&inner, s->p, name);
	if (parse_inner(s, &inner, s, context) != 0)
		return NULL;
	return call_node(s, i.pos, name, pipe);
}

static struct node *parse_call(struct scope *s)
{
	static const char context[] = "template clause";
	struct item i = scope_next_solid(s);
	struct node *pipe = NULL;
	struct str name;

	if (parse_name(s, &i, context, &name) != 0)
		return NULL;
	if (scope_next_solid(s).kind != ITEM_RIGHT_DELIM) {
		scope_back(s);
		pipe = parse_pipe(s, context, ITEM_RIGHT_DELIM);
		if (pipe == NULL)
			return NULL;
	}
	return call_node(s, i.pos, name, pipe);
}

/* What stands between the delimiters, of which the left one is passed. */
static struct node *parse_action(struct scope *s)
{
	struct item i = scope_next_solid(s);
	struct node *n, *pipe;

	if (i.kind == ITEM_BLOCK)
		return parse_block(s);
	if (i.kind == ITEM_BREAK || i.kind == ITEM_CONTINUE)
		return parse_jump(s, i.kind == ITEM_BREAK ? NODE_BREAK : NODE_CONTINUE, &i);
	if (i.kind == ITEM_ELSE)
		return parse_else(s);
	if (i.kind == ITEM_END)
		return expect(s, ITEM_RIGHT_DELIM, "end") == 0 ? parse_node(s, NODE_END, i.pos)
							       : NULL;
	if (i.kind == ITEM_IF || i.kind == ITEM_RANGE || i.kind == ITEM_WITH)
		return parse_branch(s, i.kind == ITEM_IF     ? NODE_IF
				       : i.kind == ITEM_WITH ? NODE_WITH
							     : NODE_RANGE);
	if (i.kind == ITEM_TEMPLATE)
		return parse_call(s);
	scope_back(s);
	i = scope_peek(s);
	pipe = parse_pipe(s, "command", ITEM_RIGHT_DELIM);
	n = pipe != NULL ? parse_node(s, NODE_ACTION, i.pos) : NULL;
	if (n != NULL)
		n->pipe = pipe;
	return n;
}

static struct node *parse_statement(struct scope *s)
{
	struct item i = scope_next_solid(s);
	struct node *n = NULL;

	if (i.kind == ITEM_TEXT) {
		n = parse_node(s, NODE_TEXT, i.pos);
		if (n != NULL)
			n->text = i.text;
		return n;
	}
	if (i.kind != ITEM_LEFT_DELIM) {
		parse_unexpected(s, i, "input");
		return NULL;
	}
	s->action_line = i.line;
	n = parse_action(s);
	s->action_line = 0;
	return n;
}

int parse_template(struct parse *p)
{
	struct scope s;

	scope_init(&s, p, p->t->name);
	while (scope_peek(&s).kind != ITEM_EOF) {
		if (scope_peek(&s).kind == ITEM_LEFT_DELIM) {
			struct item delim = scope_next(&s);
			if (scope_next_solid(&s).kind == ITEM_DEFINE) {
				if (parse_define(&s) != 0)
					return -1;
				continue;
			}
			scope_back2(&s, delim);
		}
		struct node *n = parse_statement(&s);
		if (n == NULL)
			return -1;
		if (n->kind == NODE_END || n->kind == NODE_ELSE)
			return parse_error(&s, "unexpected %s", end_text(n));
		node_append(p, &s.root, n);
	}
	if (add_tree(&s) != 0)
		return -1;
	for (struct node *n = p->templates; n != NULL; n = n->tmpl.next)
		n->tmpl.tree = map_get(p->trees, n->tmpl.name);
	p->t->main = map_get(p->trees, p->t->name);
	ENSURE(p->t->main != NULL);
	return 0;
}
