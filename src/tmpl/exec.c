/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/clock.h"
#include "base/mem.h"
#include "tmpl/priv.h"

/*
 * Statements. The interpreter walks the tree as Go's does and sets r->at at the same moments, so
 * that an error is blamed on the same node. `break` and `continue` travel up as results.
 */
static enum walk walk_node(struct run *r, struct tv dot, const struct node *n);

enum walk walk_list(struct run *r, struct tv dot, const struct node_list *list)
{
	if (run_stack(r) != 0)
		return WALK_FAIL;
	for (size_t i = 0; i < list->n; i++) {
		enum walk w = walk_node(r, dot, list->items[i]);
		if (w != WALK_OK)
			return w;
	}
	return WALK_OK;
}

static enum walk written(struct run *r)
{
	if (!r->out->failed)
		return WALK_OK;
	run_limit(r, "the template prints more than %zu bytes", r->limits->output);
	return WALK_FAIL;
}

static enum walk walk_action(struct run *r, struct tv dot, const struct node *n)
{
	struct tv v;

	if (eval_pipe(r, dot, n->pipe, &v) != 0)
		return WALK_FAIL;
	if (n->pipe->pipeline.decl.n > 0)
		return WALK_OK;
	r->at = n;
	if (tv_is_string(v) && v.type->string == NULL) {
		buf_str(r->out, v.s);
		return written(r);
	}
	v = value_printable(v);
	if (v.type == NULL) {
		buf_puts(r->out, "<no value>");
	} else if (v.type->kind == TV_FUNC) {
		struct buf b = BUF_INIT;
		node_print(n, &b);
		run_error(r, "can't print " STR_FMT " of type %s", STR_ARG(buf_view(&b)),
			  v.type->name);
		buf_release(&b);
		return WALK_FAIL;
	} else {
		r->call.room = run_room(r);
		if (tmpl_print(&r->call, v, r->call.room, r->out) != 0)
			r->out->failed = true;
	}
	return written(r);
}

static enum walk walk_if_with(struct run *r, struct tv dot, const struct node *n)
{
	const struct node_branch *b = &n->branch;
	size_t vars = r->nvars;
	enum walk w = WALK_OK;
	struct tv v;
	bool ok;

	if (eval_pipe(r, dot, b->pipe, &v) != 0)
		return WALK_FAIL;
	if (tv_truth(tv_bare(v), &ok))
		w = walk_list(r, n->kind == NODE_WITH ? v : dot, &b->list);
	else if (b->has_else)
		w = walk_list(r, dot, &b->otherwise);
	r->nvars = vars;
	return w;
}

static enum walk walk_template(struct run *r, struct tv dot, const struct node *n)
{
	const struct tree *caller = r->tree, *t = n->tmpl.tree;
	size_t base = r->base, vars;
	struct tv arg = tv_nil();

	if (t == NULL) {
		struct buf b = BUF_INIT;
		tv_quote(n->tmpl.name, &b);
		run_error(r, "template " STR_FMT " not defined", STR_ARG(buf_view(&b)));
		buf_release(&b);
		return WALK_FAIL;
	}
	if (r->depth >= r->limits->depth) {
		run_limit(r, "exceeded maximum template depth (100000)"); /* Go's text */
		return WALK_FAIL;
	}
	if (n->tmpl.pipe != NULL && eval_pipe(r, dot, n->tmpl.pipe, &arg) != 0)
		return WALK_FAIL;
	vars = r->nvars;
	r->base = vars;
	run_push(r, VAR_DOLLAR, arg);
	r->tree = t;
	r->depth++;
	enum walk w = walk_list(r, arg, &t->root);
	r->depth--;
	r->tree = caller;
	r->base = base;
	r->nvars = vars;
	return w;
}

static enum walk walk_node(struct run *r, struct tv dot, const struct node *n)
{
	r->at = n;
	if (run_steps(r, 1) != 0)
		return WALK_FAIL;
	switch (n->kind) {
	case NODE_TEXT:
		buf_str(r->out, n->text);
		return written(r);
	case NODE_ACTION:
		return walk_action(r, dot, n);
	case NODE_IF:
	case NODE_WITH:
		return walk_if_with(r, dot, n);
	case NODE_RANGE:
		return walk_range(r, dot, n);
	case NODE_TEMPLATE:
		return walk_template(r, dot, n);
	case NODE_BREAK:
		return WALK_BREAK;
	case NODE_CONTINUE:
		return WALK_CONTINUE;
	case NODE_END:
	case NODE_ELSE:
	case NODE_PIPE:
	case NODE_COMMAND:
	case NODE_IDENT:
	case NODE_VARIABLE:
	case NODE_FIELD:
	case NODE_CHAIN:
	case NODE_DOT:
	case NODE_NIL:
	case NODE_BOOL:
	case NODE_NUMBER:
	case NODE_STRING:
		break;
	}
	run_error(r, "unknown node");
	return WALK_FAIL;
}

static void run_init(struct run *r, const struct tmpl *t, const struct tmpl_limits *l,
		     struct arena *a)
{
	int64_t now = clock_now_ns();

	*r = (struct run){.t = t,
			  .tree = t->main,
			  .arena = a,
			  .limits = l,
			  .steps = l->steps,
			  .deadline = run_clock_us() + l->time_ns / 1000,
			  .arena_start = arena_used(a),
			  .stack = __builtin_frame_address(0)};
	r->call = (struct tmpl_call){.arena = a,
				     .now = now / 1000000000,
				     .now_ns = (uint32_t)(now % 1000000000),
				     .error = &r->error,
				     .run = r};
	r->look = r->steps > 1000 ? r->steps - 1000 : 0;
	r->cap_args = 16; /* never NULL, since a call without arguments points there as well */
	r->args = mem_calloc(r->cap_args, sizeof(*r->args));
}

int tmpl_run(const struct tmpl *t, struct tv dot, const struct tmpl_limits *l, struct arena *a,
	     struct buf *out, struct tmpl_error_info *why)
{
	struct run r;
	size_t old = out->limit;

	run_init(&r, t, l, a);
	r.out = out;
	r.why = why;
	*why = (struct tmpl_error_info){.class = TMPL_OK, .col = -1};
	if (old == 0 || old > out->n + l->output)
		out->limit = out->n + l->output;
	run_push(&r, VAR_DOLLAR, dot);
	(void)walk_list(&r, dot, &t->main->root);
	out->limit = old;
	buf_release(&r.error);
	mem_free(r.vars);
	mem_free(r.args);
	return r.failed ? -1 : 0;
}
