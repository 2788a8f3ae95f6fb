/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/priv.h"

/*
 * Calls of functions and methods: the arguments are counted, evaluated and checked in Go's order,
 * collected on the run's stack of arguments (nested calls use it above them), and handed over. The
 * builtins `and`, `or` (which stop early) and `call` are made here.
 */
#define FAIL_MAX   65536 /* bytes of what `fail` says */
#define CALL_STEPS 4	 /* a call costs about as much as that many nodes */

static bool is_builtin(const struct tmpl_func *fn, const char *name)
{
	return (fn->flags & TMPL_FUNC_BUILTIN) != 0 && strcmp(fn->name, name) == 0;
}

/*
 * Work that depends on the size of what is handed over, asked for before it is done: a call cannot
 * be interrupted. A slow function takes some 25 ns for a byte or element, a step is about 50.
 */
static uint64_t weight(bool cheap, const struct tv *args, size_t n)
{
	uint64_t w = CALL_STEPS;

	for (size_t i = 0; i < n; i++)
		w += tv_count(args[i]) / (cheap ? 256 : 2);
	return w;
}

/* The function's error as the run's. `node` is the whole call. */
static int call_failed(struct run *r, struct str name, const struct node *node)
{
	struct tmpl_call *call = &r->call;
	struct str text = buf_view(&r->error);
	struct buf b = BUF_INIT;

	if (r->failed)
		return -1;
	r->at = node;
	buf_puts(&b, "error calling ");
	buf_str(&b, name);
	buf_puts(&b, ": ");
	buf_str(&b, text);
	bool fail = call->failed && text.n > 0;
	run_error_str(r, call->limited ? TMPL_LIMIT : fail ? TMPL_FAIL : TMPL_EXEC, buf_view(&b));
	buf_release(&b);
	if (fail && !call->limited) {
		r->why->whole = r->why->message;
		text.n = text.n < FAIL_MAX ? text.n : FAIL_MAX;
		r->why->message = arena_str(r->arena, text);
	}
	return -1;
}

static int call_now(struct run *r, const struct tmpl_func *fn, struct str name,
		    const struct call_args *c, size_t mark, struct tv *out)
{
	size_t n = r->nargs - mark;
	struct tmpl_call *call = &r->call;

	if (run_steps(r, weight(c->cheap, r->args + mark, n)) != 0)
		return -1;
	call->name = fn->name;
	call->room = run_room(r);
	call->failed = call->limited = false;
	buf_reset(&r->error);
	*out = tv_nil();
	if (fn->call(call, r->args + mark, n, out) != 0)
		return call_failed(r, name, c->node);
	if (r->failed)
		return -1;
	if (fn->returns == 'a' || (fn->returns == 0 && fn->flags != 0))
		out->iface = true;
	return run_memory(r);
}

static int check_count(struct run *r, struct func_shape shape, struct str name, size_t given,
		       size_t in)
{
	if (shape.more != 0 && in < shape.fixed)
		return run_error(r,
				 "wrong number of args for " STR_FMT ": want at least %u got %zu",
				 STR_ARG(name), shape.fixed, given);
	if (shape.more == 0 && in != shape.fixed)
		return run_error(r, "wrong number of args for " STR_FMT ": want %u got %zu",
				 STR_ARG(name), shape.fixed, in);
	return 0;
}

/* Stops at the first that decides; `final` is looked at last. */
static int and_or(struct run *r, bool or, const struct call_args *c, struct tv *out)
{
	bool ok;

	for (size_t i = 1; i < c->n; i++) {
		if (eval_arg(r, c->dot, 'v', c->args[i], out) != 0)
			return -1;
		if (tv_truth(tv_bare(*out), &ok) == or)
			return 0;
	}
	return c->final != NULL ? check_arg(r, *c->final, 'v', out) : 0;
}

/* `call`: nothing in templates of this program is a function value. */
static int call_call(struct run *r, const struct call_args *c, size_t mark)
{
	const struct tv *v = &r->args[mark];

	buf_reset(&r->error);
	r->call.failed = r->call.limited = false;
	if (v->type == NULL) {
		buf_puts(&r->error, "call of nil");
	} else {
		buf_puts(&r->error, "non-function ");
		if (c->n > 1)
			node_print(c->args[1], &r->error);
		else if (tv_is_string(*v))
			buf_str(&r->error, v->s);
		else
			buf_printf(&r->error, "<%s Value>", v->type->name);
		buf_printf(&r->error, " of type %s", v->type->name);
	}
	return call_failed(r, STR("call"), c->node);
}

static int push_args(struct run *r, const struct tmpl_func *fn, struct func_shape shape,
		     const struct call_args *c)
{
	struct tv v;
	size_t i = 0;

	for (; i + 1 < c->n; i++) {
		if (eval_arg(r, c->dot, i < shape.fixed ? fn->params[i] : shape.more,
			     c->args[i + 1], &v) != 0)
			return -1;
		run_push_arg(r, v);
	}
	if (c->final == NULL)
		return 0;
	if (check_arg(r, *c->final, i < shape.fixed ? fn->params[i] : shape.more, &v) != 0)
		return -1;
	run_push_arg(r, v);
	return 0;
}

static int nil_receiver(struct run *r, struct str name, const struct node *node)
{
	r->call.failed = r->call.limited = false;
	buf_reset(&r->error);
	buf_puts(&r->error, "runtime error: invalid memory address or nil pointer dereference");
	return call_failed(r, name, node);
}

int eval_call(struct run *r, const struct tmpl_func *fn, struct str name, const struct tv *receiver,
	      const struct call_args *c, struct tv *out)
{
	struct func_shape shape = func_shape(fn);
	size_t given = c->n > 0 ? c->n - 1 : 0, mark = r->nargs;

	if (check_count(r, shape, name, given, given + (c->final != NULL)) != 0)
		return -1;
	if (is_builtin(fn, "and") || is_builtin(fn, "or"))
		return and_or(r, fn->name[0] == 'o', c, out);
	if (receiver != NULL)
		run_push_arg(r, tv_bare(*receiver));
	int rc = push_args(r, fn, shape, c);
	if (rc == 0 && receiver != NULL && receiver->nil && receiver->type->kind == TV_PTR)
		rc = nil_receiver(r, name, c->node);
	else if (rc == 0 && is_builtin(fn, "call"))
		rc = call_call(r, c, mark);
	else if (rc == 0)
		rc = call_now(r, fn, name, c, mark, out);
	r->nargs = mark;
	return rc;
}

int eval_function(struct run *r, const struct node *ident, const struct call_args *c,
		  struct tv *out)
{
	struct call_args with = *c;

	r->at = ident;
	with.cheap = ident->ident.cheap;
	return eval_call(r, ident->ident.fn, ident->ident.name, NULL, &with, out);
}
