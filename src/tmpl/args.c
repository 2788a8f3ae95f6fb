/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/priv.h"

/*
 * Arguments against parameters. A constant takes the type that the parameter wants; everything
 * else must have exactly that type, where types of the same shape of which one has no name (maps
 * and lists) are the same. What is said about nil follows Go to the letter.
 */
static const struct param {
	char letter;
	const struct tv_type *type;
	const char *name; /* when there is no type */
	bool can_be_nil;
} params[] = {{'s', &tv_type_string, NULL, false},
	      {'b', &tv_type_bool, NULL, false},
	      {'i', &tv_type_int, NULL, false},
	      {'I', &tv_type_int64, NULL, false},
	      {'d', &tv_type_duration, NULL, false},
	      {'f', &tv_type_float64, NULL, false},
	      {'u', &tv_type_uint32, NULL, false},
	      {'n', &tv_type_uint64, NULL, false},
	      {'a', &tv_type_any, NULL, true},
	      {'l', &tv_type_list, NULL, true},
	      {'S', &tv_type_strings, NULL, true},
	      {'m', &tv_type_map, NULL, true},
	      {'M', &tv_type_string_map, NULL, true},
	      {'t', &tv_type_time, NULL, false},
	      {'c', NULL, "sprig.certificate", false},
	      {'v', NULL, "reflect.Value", true},
	      {0}};

static const struct param *param_of(char letter)
{
	const struct param *p = params;

	while (p->letter != 0 && p->letter != letter)
		p++;
	return p;
}

const char *letter_type_name(char letter)
{
	const struct param *p = param_of(letter);

	return p->type != NULL ? p->type->name : p->name != NULL ? p->name : "interface {}";
}

static bool assignable(const struct tv_type *have, const struct param *p)
{
	if (p->type == NULL)
		return strcmp(have->name, p->name) == 0;
	if (have == p->type)
		return true;
	return (have->kind == TV_MAP || have->kind == TV_SLICE) && have->kind == p->type->kind &&
	       have->elem == p->type->elem;
}

static int check_nothing(struct run *r, const struct param *p, struct tv *out)
{
	if (p->letter != 0 && !p->can_be_nil)
		return run_error(r, "invalid value; expected %s", letter_type_name(p->letter));
	*out = tv_nil();
	if (p->letter == 'a')
		*out = tv_null();
	else if (p->type != NULL)
		*out = (struct tv){.type = p->type, .nil = true};
	return 0;
}

int check_arg(struct run *r, struct tv v, char letter, struct tv *out)
{
	const struct param *p = param_of(letter);

	*out = v;
	if (letter == 0 || (letter == 'v' && v.type != NULL))
		return 0;
	if (v.type == NULL && !v.iface)
		return check_nothing(r, p, out);
	if (letter == 'a') {
		out->iface = true;
		return 0;
	}
	if (letter == 'v')
		return 0;
	if (v.type != NULL && assignable(v.type, p)) {
		if (p->type != NULL)
			out->type = p->type;
		out->iface = false;
		return 0;
	}
	if (v.type != NULL && v.type->kind == TV_PTR && assignable(v.type->elem, p)) {
		if (v.nil)
			return run_error(r, "dereference of nil pointer of type %s",
					 letter_type_name(letter));
		*out = (struct tv){.type = v.type->elem, .p = v.p};
		return 0;
	}
	return run_error(r, "wrong type for value; expected %s; got %s", letter_type_name(letter),
			 v.type != NULL ? v.type->name : tv_type_any.name);
}

static int unfit(struct run *r, const char *what, const struct node *n, const char *after)
{
	struct buf b = BUF_INIT;

	buf_puts(&b, what);
	node_print(n, &b);
	buf_puts(&b, after);
	run_error_str(r, TMPL_EXEC, buf_view(&b));
	buf_release(&b);
	return -1;
}

static int integer_arg(struct run *r, char letter, const struct node *n, struct tv *out)
{
	const struct node_number *c = n->kind == NODE_NUMBER ? n->number : NULL;

	*out = (struct tv){.type = param_of(letter)->type};
	if (letter == 'u' || letter == 'n') {
		if (c == NULL || !c->is_uint)
			return unfit(r, "expected unsigned integer; found ", n, "");
		out->u = letter == 'u' ? (uint32_t)c->u : c->u;
		return 0;
	}
	if (c == NULL || !c->is_int)
		return unfit(r, "expected integer; found ", n, "");
	out->i = c->i;
	return 0;
}

static int any_constant(struct run *r, char letter, const struct node *n, struct tv *out)
{
	if (n->kind == NODE_BOOL)
		*out = tv_bool(n->b);
	else if (n->kind == NODE_STRING)
		*out = tv_str(n->string.value);
	else if (eval_constant(r, n, out) != 0)
		return -1;
	if (letter == 'a')
		out->iface = true;
	return 0;
}

static int constant_arg(struct run *r, char letter, const struct node *n, struct tv *out)
{
	char type[100];

	switch (letter) {
	case 'a':
	case 'v':
		return any_constant(r, letter, n, out);
	case 'b':
		if (n->kind != NODE_BOOL)
			return unfit(r, "expected bool; found ", n, "");
		*out = tv_bool(n->b);
		return 0;
	case 's':
		if (n->kind != NODE_STRING)
			return unfit(r, "expected string; found ", n, "");
		*out = tv_str(n->string.value);
		return 0;
	case 'f':
		if (n->kind != NODE_NUMBER || !n->number->is_float)
			return unfit(r, "expected float; found ", n, "");
		*out = tv_float(n->number->f);
		return 0;
	case 'i':
	case 'I':
	case 'd':
	case 'u':
	case 'n':
		return integer_arg(r, letter, n, out);
	default:
		snprintf(type, sizeof(type), " for arg of type %s", letter_type_name(letter));
		return unfit(r, "can't handle ", n, type);
	}
}

static int nil_arg(struct run *r, char letter, struct tv *out)
{
	const struct param *p = param_of(letter);

	if (p->can_be_nil)
		return check_nothing(r, p, out);
	return run_error(r, "cannot assign nil to %s", letter_type_name(letter));
}

int eval_arg(struct run *r, struct tv dot, char letter, const struct node *n, struct tv *out)
{
	struct call_args c = {.dot = dot, .node = n};
	struct tv v;
	int rc = -1;

	r->at = n;
	if (run_steps(r, 1) != 0)
		return -1;
	if (n->kind == NODE_DOT)
		return check_arg(r, dot, letter, out);
	if (n->kind == NODE_NIL)
		return nil_arg(r, letter, out);
	if (n->kind == NODE_FIELD)
		rc = eval_field(r, n, &c, &v);
	else if (n->kind == NODE_VARIABLE)
		rc = eval_variable(r, n, &c, &v);
	else if (n->kind == NODE_PIPE)
		rc = eval_pipe(r, dot, n, &v);
	else if (n->kind == NODE_IDENT)
		rc = eval_function(r, n, &c, &v);
	else if (n->kind == NODE_CHAIN)
		rc = eval_chain(r, n, &c, &v);
	else
		return constant_arg(r, letter, n, out);
	return rc == 0 ? check_arg(r, v, letter, out) : -1;
}
