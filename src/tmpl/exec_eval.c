/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/priv.h"

/*
 * Pipelines, commands, variables and field chains.
 *
 * A value carries whether it came out of a slot of type interface {} (an element of a JSON object,
 * say): a nil there is an error to walk into, an absent key is not. At the end of each command of a
 * pipeline the slot is left behind.
 */
static int assign(struct run *r, const struct node *decl, struct tv v)
{
	struct run_var *var = run_find_var(r, decl->variable.id);

	if (var == NULL)
		return run_error(r, "undefined variable: " STR_FMT,
				 STR_ARG(decl->variable.names.items[0]));
	var->value = v;
	return 0;
}

static int not_a_function(struct run *r, const struct call_args *c)
{
	struct buf b = BUF_INIT;

	if (c->n <= 1 && c->final == NULL)
		return 0;
	buf_puts(&b, "can't give argument to non-function ");
	node_print(c->args[0], &b);
	run_error_str(r, TMPL_EXEC, buf_view(&b));
	buf_release(&b);
	return -1;
}

static int eval_word(struct run *r, const struct node *n, const struct call_args *c, struct tv *out)
{
	r->at = n;
	if (not_a_function(r, c) != 0)
		return -1;
	if (n->kind == NODE_BOOL)
		*out = tv_bool(n->b);
	else if (n->kind == NODE_DOT)
		*out = c->dot;
	else if (n->kind == NODE_STRING)
		*out = tv_str(n->string.value);
	else if (n->kind == NODE_NUMBER)
		return eval_constant(r, n, out);
	else
		return run_error(r, "nil is not a command");
	return 0;
}

static int eval_command(struct run *r, struct tv dot, const struct node *cmd,
			const struct tv *final, struct tv *out)
{
	const struct node *first = cmd->args.items[0];
	struct call_args c = {.dot = dot,
			      .node = first,
			      .args = cmd->args.items,
			      .n = cmd->args.n,
			      .final = final};

	if (run_steps(r, 1) != 0)
		return -1;
	if (first->kind == NODE_FIELD)
		return eval_field(r, first, &c, out);
	if (first->kind == NODE_IDENT) {
		c.node = cmd;
		return eval_function(r, first, &c, out);
	}
	if (first->kind == NODE_VARIABLE)
		return eval_variable(r, first, &c, out);
	if (first->kind == NODE_CHAIN)
		return eval_chain(r, first, &c, out);
	if (first->kind != NODE_PIPE)
		return eval_word(r, first, &c, out);
	if (not_a_function(r, &c) != 0)
		return -1;
	return eval_pipe(r, dot, first, out);
}

int eval_pipe(struct run *r, struct tv dot, const struct node *pipe, struct tv *out)
{
	const struct node_pipe *p = &pipe->pipeline;
	struct tv v = tv_nil();

	r->at = pipe;
	if (run_stack(r) != 0)
		return -1;
	for (size_t i = 0; i < p->commands.n; i++) {
		struct tv previous = v;
		if (eval_command(r, dot, p->commands.items[i], i > 0 ? &previous : NULL, &v) != 0)
			return -1;
		v.iface = false;
	}
	for (size_t i = 0; i < p->decl.n; i++) {
		if (!p->assign)
			run_push(r, p->decl.items[i]->variable.id, v);
		else if (assign(r, p->decl.items[i], v) != 0)
			return -1;
	}
	*out = v;
	return 0;
}

static bool is_hex_int(struct str s)
{
	if (s.n <= 2 || s.p[0] != '0' || (s.p[1] != 'x' && s.p[1] != 'X'))
		return false;
	return !str_has(s, 'p') && !str_has(s, 'P');
}

static bool looks_like_float(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (strchr(".eEpP", s.p[i]) != NULL && s.p[i] != '\0')
			return true;
	return false;
}

int eval_constant(struct run *r, const struct node *n, struct tv *out)
{
	const struct node_number *c = n->number;

	r->at = n;
	if (c->is_complex)
		*out = (struct tv){.type = &tv_type_complex128, .c = {c->f, c->imaginary}};
	else if (c->is_float && c->text.p[0] != '\'' && !is_hex_int(c->text) &&
		 looks_like_float(c->text))
		*out = tv_float(c->f);
	else if (c->is_int)
		*out = tv_int(c->i);
	else
		return run_error(r, STR_FMT " overflows int", STR_ARG(c->text));
	return 0;
}

int eval_variable(struct run *r, const struct node *n, const struct call_args *c, struct tv *out)
{
	const struct names *names = &n->variable.names;

	r->at = n;
	struct run_var *var = run_find_var(r, n->variable.id);
	if (var == NULL)
		return run_error(r, "undefined variable: " STR_FMT, STR_ARG(names->items[0]));
	if (names->n > 1)
		return eval_field_chain(r, var->value, names->items + 1, names->n - 1, c, out);
	if (not_a_function(r, c) != 0)
		return -1;
	*out = var->value;
	return 0;
}

int eval_field(struct run *r, const struct node *n, const struct call_args *c, struct tv *out)
{
	r->at = n;
	return eval_field_chain(r, c->dot, n->field.items, n->field.n, c, out);
}

int eval_chain(struct run *r, const struct node *n, const struct call_args *c, struct tv *out)
{
	struct tv v;

	r->at = n;
	if (eval_arg(r, c->dot, 0, n->chain.inner, &v) != 0)
		return -1;
	return eval_field_chain(r, v, n->chain.names.items, n->chain.names.n, c, out);
}

static const struct tmpl_func *find_method(const struct tv_type *t, struct str name)
{
	for (int i = 0; i < 2 && t != NULL; i++) {
		for (const struct tmpl_func *m = t->methods; m != NULL && m->name != NULL; m++)
			if (str_eqc(name, m->name))
				return m;
		t = t->kind == TV_PTR ? t->elem : NULL;
	}
	return NULL;
}

static const struct tv_field *find_field(const struct tv_type *t, struct str name)
{
	for (const struct tv_field *f = t->fields; f != NULL && f->name != NULL; f++)
		if (str_eqc(name, f->name))
			return f;
	return NULL;
}

static int no_such_field(struct run *r, const char *what, struct str name, const char *in,
			 const char *type)
{
	return run_error(r, "%s" STR_FMT "%s%s", what, STR_ARG(name), in, type);
}

static int field_of_struct(struct run *r, const struct tv *v, struct str name, bool has_args,
			   struct tv *out, bool *found)
{
	const struct tv_field *f = find_field(v->type, name);

	*found = f != NULL;
	if (f == NULL)
		return 0;
	if (has_args)
		return no_such_field(r, "", name,
				     " has arguments but cannot be invoked as function", "");
	*out = f->get(v, r->arena);
	return 0;
}

static int one_field(struct run *r, struct tv receiver, struct str name, const struct call_args *c,
		     struct tv *out)
{
	const char *type = value_static_type(receiver);
	bool nil, has_args = c->n > 1 || c->final != NULL, found = false;

	*out = tv_nil();
	if (receiver.type == NULL && !receiver.iface)
		return 0;
	struct tv v = value_indirect(receiver, &nil);
	if (v.type == NULL)
		return run_error(r, "nil pointer evaluating %s." STR_FMT, type, STR_ARG(name));
	const struct tmpl_func *m = find_method(receiver.type, name);
	if (m != NULL)
		return eval_call(r, m, name, &receiver, c, out);
	if (v.type->kind == TV_MAP) {
		if (has_args)
			return no_such_field(r, "", name, " is not a method but has arguments", "");
		const struct tv *e = tv_count(v) > 0 ? tv_map_get(v.map, name) : NULL;
		if (e != NULL)
			*out = *e;
		return 0;
	}
	if (v.type->kind == TV_STRUCT) {
		if (field_of_struct(r, &v, name, has_args, out, &found) != 0 || found)
			return r->failed ? -1 : 0;
	} else if (v.type->kind == TV_PTR && nil) {
		if (v.type->elem->kind != TV_STRUCT || find_field(v.type->elem, name) != NULL)
			return run_error(r, "nil pointer evaluating %s." STR_FMT, type,
					 STR_ARG(name));
	}
	return no_such_field(r, "can't evaluate field ", name, " in type ", type);
}

int eval_field_chain(struct run *r, struct tv receiver, const struct str *names, size_t n,
		     const struct call_args *c, struct tv *out)
{
	struct call_args bare = {.dot = c->dot, .node = c->node};

	if (run_steps(r, n) != 0)
		return -1;
	for (size_t i = 0; i + 1 < n; i++)
		if (one_field(r, receiver, names[i], &bare, &receiver) != 0)
			return -1;
	return one_field(r, receiver, names[n - 1], c, out);
}
