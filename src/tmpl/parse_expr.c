/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "tmpl/parse.h"

/*
 * Pipelines, commands, operands and terms. All return NULL after parse_error(), except that a term
 * or operand may be absent: then *none is set.
 */
static struct node *parse_operand(struct scope *s, bool *none);

static struct node *variable_node(struct scope *s, size_t pos, struct str name)
{
	struct node *n = parse_node(s, NODE_VARIABLE, pos);

	if (n == NULL)
		return NULL;
	n->variable.id = parse_var_id(s->p, name);
	n->variable.names.items = arena_dup(s->p->arena, &name, sizeof(name));
	n->variable.names.n = 1;
	return n;
}

static int declare(struct scope *s, struct node *pipe, const struct item *v)
{
	struct node *n = variable_node(s, v->pos, v->text);

	if (n == NULL)
		return -1;
	node_append(s->p, &pipe->pipeline.decl, n);
	parse_declare(s, n->variable.id);
	return 0;
}

/* The variables before := or = or, in a range, a comma. */
static int parse_declarations(struct scope *s, struct node *pipe, const char *context)
{
	for (;;) {
		struct item v = scope_peek_solid(s);
		if (v.kind != ITEM_VARIABLE)
			return 0;
		(void)scope_next(s);
		struct item after = scope_peek(s), i = scope_peek_solid(s);
		if (i.kind == ITEM_ASSIGN || i.kind == ITEM_DECLARE) {
			pipe->pipeline.assign = i.kind == ITEM_ASSIGN;
			(void)scope_next_solid(s);
			return declare(s, pipe, &v);
		}
		if (i.kind != ITEM_CHAR || !str_eqc(i.text, ",")) {
			if (after.kind == ITEM_SPACE)
				scope_back3(s, v, after);
			else
				scope_back2(s, v);
			return 0;
		}
		(void)scope_next_solid(s);
		if (declare(s, pipe, &v) != 0)
			return -1;
		if (strcmp(context, "range") != 0 || pipe->pipeline.decl.n >= 2)
			return parse_error(s, "too many declarations in %s", context);
		enum item_kind k = scope_peek_solid(s).kind;
		if (k != ITEM_VARIABLE && k != ITEM_RIGHT_DELIM && k != ITEM_RIGHT_PAREN)
			return parse_error(s, "range can only initialize variables");
	}
}

static int check_pipe(struct scope *s, const struct node *pipe, const char *context)
{
	const struct node_list *l = &pipe->pipeline.commands;

	if (l->n == 0)
		return parse_error(s, "missing value for %s", context);
	for (size_t i = 1; i < l->n; i++) {
		enum node_kind k = l->items[i]->args.items[0]->kind;
		if (k == NODE_BOOL || k == NODE_DOT || k == NODE_NIL || k == NODE_NUMBER ||
		    k == NODE_STRING)
			return parse_error(s, "non executable command in pipeline stage %zu",
					   i + 1);
	}
	return 0;
}

/* Operands up to a pipe sign (taken), a parenthesis or the delimiter (left). */
static struct node *parse_command(struct scope *s)
{
	struct node *cmd = parse_node(s, NODE_COMMAND, scope_peek_solid(s).pos);

	if (cmd == NULL)
		return NULL;
	for (;;) {
		bool none = false;
		(void)scope_peek_solid(s);
		struct node *n = parse_operand(s, &none);
		if (n == NULL && !none)
			return NULL;
		if (n != NULL)
			node_append(s->p, &cmd->args, n);
		struct item i = scope_next(s);
		if (i.kind == ITEM_SPACE)
			continue;
		if (i.kind == ITEM_RIGHT_DELIM || i.kind == ITEM_RIGHT_PAREN) {
			scope_back(s);
		} else if (i.kind != ITEM_PIPE) {
			parse_unexpected(s, i, "operand");
			return NULL;
		}
		break;
	}
	if (cmd->args.n == 0) {
		parse_error(s, "empty command");
		return NULL;
	}
	return cmd;
}

static bool begins_command(enum item_kind k)
{
	return k == ITEM_BOOL || k == ITEM_CHAR_CONSTANT || k == ITEM_COMPLEX || k == ITEM_DOT ||
	       k == ITEM_FIELD || k == ITEM_IDENTIFIER || k == ITEM_NUMBER || k == ITEM_NIL ||
	       k == ITEM_RAW_STRING || k == ITEM_STRING || k == ITEM_VARIABLE ||
	       k == ITEM_LEFT_PAREN;
}

struct node *parse_pipe(struct scope *s, const char *context, enum item_kind end)
{
	struct node *pipe = parse_node(s, NODE_PIPE, scope_peek_solid(s).pos);

	if (pipe == NULL || parse_declarations(s, pipe, context) != 0)
		return NULL;
	for (;;) {
		struct item i = scope_next_solid(s);
		if (i.kind == end)
			return check_pipe(s, pipe, context) == 0 ? pipe : NULL;
		if (!begins_command(i.kind)) {
			parse_unexpected(s, i, context);
			return NULL;
		}
		scope_back(s);
		struct node *cmd = parse_command(s);
		if (cmd == NULL)
			return NULL;
		node_append(s->p, &pipe->pipeline.commands, cmd);
	}
}

/* "what "name" rest" */
static struct node *quoted_error(struct scope *s, const char *what, struct str name,
				 const char *more)
{
	struct buf b = BUF_INIT;

	buf_puts(&b, what);
	tv_quote(name, &b);
	buf_puts(&b, more);
	parse_error_str(s, buf_view(&b));
	buf_release(&b);
	return NULL;
}

static struct node *ident_node(struct scope *s, const struct item *i)
{
	const struct func_entry *e = func_index_find(&s->p->funcs, i->text);

	if (e == NULL || e->hidden)
		return quoted_error(s, "function ", i->text,
				    e == NULL ? " not defined"
					      : " not defined (it is slow, and slow functions are "
						"not allowed here)");
	if (tmpl_func_needs_zones(i->text))
		tmpl_zones_load();
	struct node *n = parse_node(s, NODE_IDENT, i->pos);
	if (n == NULL)
		return NULL;
	struct func_shape shape = func_shape(e->fn);
	n->ident = (struct node_ident){.name = i->text,
				       .fn = e->fn,
				       .fixed = shape.fixed,
				       .more = shape.more,
				       .cheap = func_is_cheap(e->fn->name)};
	return n;
}

static struct node *use_variable(struct scope *s, const struct item *i)
{
	struct node *n = variable_node(s, i->pos, i->text);

	if (n != NULL && !parse_declared(s, n->variable.id))
		return quoted_error(s, "undefined variable ", i->text, "");
	return n;
}

static struct node *constant_node(struct scope *s, const struct item *i)
{
	struct node *n = NULL;

	if (i->kind == ITEM_STRING || i->kind == ITEM_RAW_STRING) {
		struct str value;
		if (!unquote(i->text, s->p->arena, &value)) {
			parse_error(s, "invalid syntax");
			return NULL;
		}
		n = parse_node(s, NODE_STRING, i->pos);
		if (n != NULL)
			n->string = (struct node_string){.quoted = i->text, .value = value};
		return n;
	}
	struct node_number *number = ARENA_NEW(s->p->arena, struct node_number);
	if (parse_number(s, i, number) != 0)
		return NULL;
	n = parse_node(s, NODE_NUMBER, i->pos);
	if (n != NULL)
		n->number = number;
	return n;
}

static struct node *parse_paren(struct scope *s)
{
	if (s->p->nest >= PARSE_NEST_MAX) {
		parse_error(s, "max expression depth exceeded");
		return NULL;
	}
	s->p->nest++;
	struct node *n = parse_pipe(s, "parenthesized pipeline", ITEM_RIGHT_PAREN);
	s->p->nest--;
	return n;
}

/* A term whose item is one of those that begin a command. */
static struct node *parse_term(struct scope *s, const struct item *i)
{
	struct node *n = NULL;

	if (i->kind == ITEM_IDENTIFIER)
		return ident_node(s, i);
	if (i->kind == ITEM_VARIABLE)
		return use_variable(s, i);
	if (i->kind == ITEM_LEFT_PAREN)
		return parse_paren(s);
	if (i->kind == ITEM_DOT)
		return parse_node(s, NODE_DOT, i->pos);
	if (i->kind == ITEM_NIL)
		return parse_node(s, NODE_NIL, i->pos);
	if (i->kind == ITEM_BOOL) {
		n = parse_node(s, NODE_BOOL, i->pos);
		if (n != NULL)
			n->b = str_eqc(i->text, "true");
		return n;
	}
	if (i->kind == ITEM_FIELD) {
		struct str name = {i->text.p + 1, i->text.n - 1};
		n = parse_node(s, NODE_FIELD, i->pos);
		if (n != NULL) {
			n->field.items = arena_dup(s->p->arena, &name, sizeof(name));
			n->field.n = 1;
		}
		return n;
	}
	return constant_node(s, i);
}

/* Appends the fields that follow to `names` (which may have one already). */
static void take_fields(struct scope *s, struct names *names)
{
	size_t cap = 8;
	struct str *items = ARENA_ARRAY(s->p->arena, struct str, cap);

	if (names->n > 0)
		memcpy(items, names->items, names->n * sizeof(*items));
	while (scope_peek(s).kind == ITEM_FIELD) {
		struct str f = scope_next(s).text;
		if (names->n == cap) {
			struct str *more = ARENA_ARRAY(s->p->arena, struct str, cap * 2);
			memcpy(more, items, cap * sizeof(*items));
			items = more;
			cap *= 2;
		}
		items[names->n++] = (struct str){f.p + 1, f.n - 1};
	}
	names->items = items;
}

/* A term with the fields behind it. */
static struct node *parse_operand(struct scope *s, bool *none)
{
	struct item i = scope_next_solid(s);
	struct buf b = BUF_INIT;

	if (!begins_command(i.kind)) {
		scope_back(s);
		*none = true;
		return NULL;
	}
	struct node *n = parse_term(s, &i);
	if (n == NULL)
		return NULL;
	struct item field = scope_peek(s);
	if (field.kind != ITEM_FIELD)
		return n;
	if (n->kind == NODE_FIELD) { /* of a longer chain the second field is the place */
		n->pos = field.pos;
		take_fields(s, &n->field);
		return n;
	}
	if (n->kind == NODE_VARIABLE) {
		n->pos = field.pos;
		take_fields(s, &n->variable.names);
		return n;
	}
	struct node *chain = parse_node(s, NODE_CHAIN, field.pos);
	if (chain == NULL)
		return NULL;
	chain->chain.inner = n;
	take_fields(s, &chain->chain.names);
	if (n->kind != NODE_IDENT && n->kind != NODE_PIPE) {
		node_print(n, &b);
		quoted_error(s, "unexpected . after term ", buf_view(&b), "");
		buf_release(&b);
		return NULL;
	}
	return chain;
}
