/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/priv.h"

/*
 * eq, ne, lt, le, gt, ge as text/template has them: by basic kind, signed and unsigned integers
 * together, anything else an error; and reflect.DeepEqual.
 */
enum basic {
	BASIC_NONE,
	BASIC_BOOL,
	BASIC_COMPLEX,
	BASIC_INT,
	BASIC_FLOAT,
	BASIC_STRING,
	BASIC_UINT
};

static enum basic basic_kind(struct tv v)
{
	switch (tv_kind(v)) {
	case TV_BOOL:
		return BASIC_BOOL;
	case TV_INT:
	case TV_INT32:
	case TV_INT64:
		return BASIC_INT;
	case TV_UINT8:
	case TV_UINT32:
	case TV_UINT64:
		return BASIC_UINT;
	case TV_FLOAT64:
		return BASIC_FLOAT;
	case TV_COMPLEX128:
		return BASIC_COMPLEX;
	case TV_STRING:
		return BASIC_STRING;
	case TV_INVALID:
	case TV_INTERFACE:
	case TV_SLICE:
	case TV_ARRAY:
	case TV_MAP:
	case TV_STRUCT:
	case TV_PTR:
	case TV_FUNC:
		break;
	}
	return BASIC_NONE;
}

static int incompatible(struct tmpl_call *c, struct tv a, struct tv b)
{
	return tmpl_error(c, "incompatible types for comparison: %s and %s", tv_type_name(a),
			  tv_type_name(b));
}

static bool same_basic(enum basic k, struct tv a, struct tv b)
{
	switch (k) {
	case BASIC_BOOL:
		return a.b == b.b;
	case BASIC_COMPLEX:
		return a.c[0] == b.c[0] && a.c[1] == b.c[1];
	case BASIC_INT:
		return a.i == b.i;
	case BASIC_FLOAT:
		return a.f == b.f;
	case BASIC_STRING:
		return str_eq(a.s, b.s);
	case BASIC_UINT:
		return a.u == b.u;
	case BASIC_NONE:
		break;
	}
	return false;
}

/* A value in an error text. */
static void add_value(struct tmpl_call *c, const char *verb, struct tv v)
{
	struct buf text = {.limit = 4096};

	(void)tv_sprintf(str_c(verb), &v, 1, 4000, c->arena, &text);
	buf_str(c->error, buf_view(&text));
	buf_release(&text);
}

static int non_comparable_pair(struct tmpl_call *c, struct tv a, struct tv b)
{
	buf_reset(c->error);
	buf_puts(c->error, "non-comparable types ");
	add_value(c, "%s", a);
	buf_printf(c->error, ": %s, %s: ", tv_type_name(a), tv_type_name(b));
	struct buf text = {.limit = 4096};
	tv_print(b, c->arena, &text); /* this one by %v */
	buf_str(c->error, buf_view(&text));
	buf_release(&text);
	return -1;
}

static int same_other(struct tmpl_call *c, struct tv a, struct tv b, bool *same)
{
	enum tv_kind ka = tv_kind(a), kb = tv_kind(b);

	if (ka != kb && ka != TV_INVALID && kb != TV_INVALID)
		return non_comparable_pair(c, a, b);
	if (value_is_nil(a) || value_is_nil(b)) {
		*same = value_is_nil(a) == value_is_nil(b);
		return 0;
	}
	if (kb == TV_PTR) {
		*same = a.type == b.type && a.p == b.p;
		return 0;
	}
	if (b.type->equal == NULL) {
		buf_reset(c->error);
		buf_puts(c->error, "non-comparable type ");
		add_value(c, "%s", b);
		buf_printf(c->error, ": %s", b.type->name);
		return -1;
	}
	*same = a.type == b.type && b.type->equal(&a, &b);
	return 0;
}

static int same_value(struct tmpl_call *c, struct tv a, struct tv b, bool *same)
{
	enum basic ka = basic_kind(a), kb = basic_kind(b);

	*same = false;
	if (ka == kb && ka != BASIC_NONE)
		*same = same_basic(ka, a, b);
	else if (ka == kb)
		return same_other(c, a, b, same);
	else if (ka == BASIC_INT && kb == BASIC_UINT)
		*same = a.i >= 0 && (uint64_t)a.i == b.u;
	else if (ka == BASIC_UINT && kb == BASIC_INT)
		*same = b.i >= 0 && (uint64_t)b.i == a.u;
	else if (a.type != NULL && b.type != NULL)
		return incompatible(c, a, b);
	return 0;
}

int compare_eq(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	bool same = false;

	if (n < 2)
		return tmpl_error(c, "missing argument for comparison");
	for (size_t i = 1; i < n && !same; i++)
		if (same_value(c, args[0], args[i], &same) != 0)
			return -1;
	*out = tv_bool(same);
	return 0;
}

int compare_ne(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	if (compare_eq(c, args, n, out) != 0)
		return -1;
	out->b = !out->b;
	return 0;
}

int compare_lt(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	struct tv a = args[0], b = args[1];
	enum basic ka = basic_kind(a), kb = basic_kind(b);
	bool less = false;

	(void)n;
	if (ka == BASIC_NONE || kb == BASIC_NONE ||
	    (ka == kb && (ka == BASIC_BOOL || ka == BASIC_COMPLEX)))
		return tmpl_error(c, "invalid type for comparison");
	if (ka == BASIC_INT && kb == BASIC_UINT)
		less = a.i < 0 || (uint64_t)a.i < b.u;
	else if (ka == BASIC_UINT && kb == BASIC_INT)
		less = b.i >= 0 && a.u < (uint64_t)b.i;
	else if (ka != kb)
		return incompatible(c, a, b);
	else if (ka == BASIC_FLOAT)
		less = a.f < b.f;
	else if (ka == BASIC_INT)
		less = a.i < b.i;
	else if (ka == BASIC_UINT)
		less = a.u < b.u;
	else
		less = str_cmp(a.s, b.s) < 0;
	*out = tv_bool(less);
	return 0;
}

int compare_le(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	if (compare_lt(c, args, n, out) != 0)
		return -1;
	return out->b ? 0 : compare_eq(c, args, n, out);
}

int compare_gt(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	if (compare_le(c, args, n, out) != 0)
		return -1;
	out->b = !out->b;
	return 0;
}

int compare_ge(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	if (compare_lt(c, args, n, out) != 0)
		return -1;
	out->b = !out->b;
	return 0;
}

/* ---- reflect.DeepEqual ---- */
/* Values that share parts may be far larger than they are: past these bounds they are unequal. */
#define DEEP_NODES 200000
#define DEEP_LEVEL 1000

static bool deep(struct tv a, struct tv b, unsigned level, size_t *left);

static bool deep_lists(struct tv a, struct tv b, unsigned level, size_t *left)
{
	size_t n = tv_count(a);

	if (n != tv_count(b) || a.nil != b.nil)
		return false;
	if (tv_is_bytes(a))
		return str_eq(a.s, b.s);
	if (a.list.items == b.list.items)
		return true;
	for (size_t i = 0; i < n; i++)
		if (!deep(a.list.items[i], b.list.items[i], level, left))
			return false;
	return true;
}

static bool deep_maps(struct tv a, struct tv b, unsigned level, size_t *left)
{
	size_t n = tv_count(a);

	if (n != tv_count(b) || a.nil != b.nil)
		return false;
	if (a.nil || a.map == b.map || n == 0)
		return true;
	for (size_t i = 0; i < n; i++)
		if (!str_eq(a.map->entries[i].key, b.map->entries[i].key) ||
		    !deep(a.map->entries[i].value, b.map->entries[i].value, level, left))
			return false;
	return true;
}

static bool deep_structs(struct tv a, struct tv b, unsigned level, size_t *left)
{
	const struct tv_field *f = a.type->fields;
	struct arena *tmp = NULL;
	bool same = true;

	if (a.p == b.p)
		return true;
	if (a.type->equal != NULL)
		return a.type->equal(&a, &b);
	if (f == NULL)
		return false;
	tmp = arena_new();
	for (; f->name != NULL && same; f++)
		same = deep(f->get(&a, tmp), f->get(&b, tmp), level, left);
	arena_free(tmp);
	return same;
}

static bool deep(struct tv a, struct tv b, unsigned level, size_t *left)
{
	enum basic k = basic_kind(a);

	if (a.type != b.type)
		return false;
	if (a.type == NULL)
		return true;
	if (level > DEEP_LEVEL || *left == 0)
		return false;
	--*left;
	if (k != BASIC_NONE)
		return same_basic(k, a, b);
	if (a.type->kind == TV_SLICE || a.type->kind == TV_ARRAY)
		return deep_lists(a, b, level + 1, left);
	if (a.type->kind == TV_MAP)
		return deep_maps(a, b, level + 1, left);
	if (a.type->kind == TV_PTR) {
		if (a.nil || b.nil)
			return a.nil == b.nil;
		a.type = b.type = a.type->elem;
	}
	return a.type->kind == TV_STRUCT && deep_structs(a, b, level + 1, left);
}

bool tv_deep_equal_within(struct tv a, struct tv b, size_t *left)
{
	return deep(a, b, 0, left);
}

bool tv_deep_equal(struct tv a, struct tv b)
{
	size_t left = DEEP_NODES;

	return deep(a, b, 0, &left);
}
