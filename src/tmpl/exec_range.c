/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/priv.h"

/*
 * range over integers, lists and maps. Each iteration costs a step, so that a huge integer ends at
 * the run's bound. A map is copied first, since the body may change it.
 */
struct loop {
	struct run *r;
	const struct node_branch *b;
	size_t mark; /* variables below belong to the loop, above to one iteration */
};

static int set_var(struct run *r, const struct node *v, struct tv value)
{
	struct run_var *var = run_find_var(r, v->variable.id);

	if (var == NULL)
		return run_error(r, "undefined variable: " STR_FMT,
				 STR_ARG(v->variable.names.items[0]));
	var->value = value;
	return 0;
}

static int set_loop_vars(struct loop *l, struct tv index, struct tv elem)
{
	const struct node_pipe *p = &l->b->pipe->pipeline;
	struct run *r = l->r;

	if (p->decl.n == 0)
		return 0;
	if (!p->assign) { /* eval_pipe pushed them */
		r->vars[r->nvars - 1].value = elem;
		if (p->decl.n > 1)
			r->vars[r->nvars - 2].value = index;
		return 0;
	}
	if (set_var(r, p->decl.items[0], p->decl.n > 1 ? index : elem) != 0)
		return -1;
	return p->decl.n > 1 ? set_var(r, p->decl.items[1], elem) : 0;
}

static enum walk iterate(struct loop *l, struct tv index, struct tv elem)
{
	if (run_steps(l->r, 1) != 0 || set_loop_vars(l, index, elem) != 0)
		return WALK_FAIL;
	enum walk w = walk_list(l->r, elem, &l->b->list);
	l->r->nvars = l->mark;
	return w == WALK_CONTINUE ? WALK_OK : w;
}

static enum walk range_int(struct loop *l, struct tv v)
{
	bool is_unsigned =
		v.type->kind == TV_UINT8 || v.type->kind == TV_UINT32 || v.type->kind == TV_UINT64;
	uint64_t n = is_unsigned ? v.u : (uint64_t)v.i;

	for (uint64_t i = 0; i < n; i++) {
		struct tv elem = {.type = v.type};
		if (is_unsigned)
			elem.u = i;
		else
			elem.i = (int64_t)i;
		enum walk w = iterate(l, tv_nil(), elem);
		if (w != WALK_OK)
			return w;
	}
	return WALK_OK;
}

static enum walk range_list(struct loop *l, struct tv v)
{
	size_t n = tv_count(v);

	for (size_t i = 0; i < n; i++) {
		enum walk w = iterate(l, tv_int((int64_t)i), tv_item(v, i));
		if (w != WALK_OK)
			return w;
	}
	return WALK_OK;
}

static enum walk range_map(struct loop *l, struct tv v)
{
	size_t n = tv_count(v), size = n * sizeof(struct tv_entry);
	struct run *r = l->r;

	if (size > run_room(r)) {
		run_limit(r, "the template needs more than %zu bytes of memory", r->limits->memory);
		return WALK_FAIL;
	}
	const struct tv_entry *e = arena_dup(r->arena, v.map->entries, size);
	for (size_t i = 0; i < n; i++) {
		enum walk w = iterate(l, tv_str(e[i].key), e[i].value);
		if (w != WALK_OK)
			return w;
	}
	return WALK_OK;
}

static enum walk cannot_range(struct run *r, const char *before, struct tv v, const char *after)
{
	struct buf b = BUF_INIT, value = {.limit = 60000};

	tv_print(v, r->arena, &value);
	buf_puts(&b, before);
	buf_str(&b, buf_view(&value));
	buf_puts(&b, after);
	run_error_str(r, TMPL_EXEC, buf_view(&b));
	buf_release(&value);
	buf_release(&b);
	return WALK_FAIL;
}

/* The iterations. *none: there was nothing to go through. */
static enum walk range_over(struct loop *l, struct tv v, bool *none)
{
	enum tv_kind k = tv_kind(v);
	bool number = k == TV_INT || k == TV_INT32 || k == TV_INT64,
	     size = k == TV_UINT8 || k == TV_UINT32 || k == TV_UINT64;

	if (number || size) {
		if (l->b->pipe->pipeline.decl.n > 1)
			return cannot_range(l->r, "can't use ", v,
					    " to iterate over more than one variable");
		*none = number ? v.i <= 0 : v.u == 0;
		return *none ? WALK_OK : range_int(l, v);
	}
	if (k == TV_INVALID) {
		*none = true;
		return WALK_OK;
	}
	if (k != TV_SLICE && k != TV_ARRAY && k != TV_MAP)
		return cannot_range(l->r, "range can't iterate over ", v, "");
	*none = tv_count(v) == 0;
	if (*none)
		return WALK_OK;
	return k == TV_MAP ? range_map(l, v) : range_list(l, v);
}

enum walk walk_range(struct run *r, struct tv dot, const struct node *n)
{
	struct loop l = {.r = r, .b = &n->branch};
	size_t vars = r->nvars;
	bool nil, none = false;
	struct tv v;

	if (eval_pipe(r, dot, n->branch.pipe, &v) != 0)
		return WALK_FAIL;
	v = value_indirect(v, &nil);
	l.mark = r->nvars;
	enum walk w = range_over(&l, v, &none);
	if (none && w == WALK_OK && n->branch.has_else)
		w = walk_list(r, dot, &n->branch.otherwise);
	r->nvars = vars;
	return w == WALK_BREAK ? WALK_OK : w; /* also out of the else list, as in Go */
}
