/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/funcs_value.h"

/* funcs_reflect.c - sprig's questions about types. */
static FN(fn_type_of)
{
	*out = tv_str(str_c(tv_type_name(args[0])));
	return 0;
}

static FN(fn_type_is)
{
	*out = tv_bool(str_eqc(args[0].s, tv_type_name(args[1])));
	return 0;
}

static FN(fn_type_is_like)
{
	struct str name = str_c(tv_type_name(args[1])), want = args[0].s;
	bool pointer =
		name.n > 0 && name.p[0] == '*' && str_eq(want, str_mem(name.p + 1, name.n - 1));

	*out = tv_bool(pointer || str_eq(want, name));
	return 0;
}

static FN(fn_kind_of)
{
	*out = tv_str(str_c(tv_kind_name(tv_kind(args[0]))));
	return 0;
}

static FN(fn_kind_is)
{
	*out = tv_bool(str_eqc(args[0].s, tv_kind_name(tv_kind(args[1]))));
	return 0;
}

int value_equal(struct tmpl_call *c, struct tv a, struct tv b)
{
	size_t left = SIZE_MAX / 2;

	/* most comparisons end here, and cost nothing worth counting */
	if (a.type != b.type || a.type == NULL)
		return tmpl_steps(c, 1) < 0 ? -1 : a.type == b.type;
	left = 1000000;
	size_t before = left;
	bool same = tv_deep_equal_within(a, b, &left);
	if (tmpl_steps(c, before - left + 1) < 0)
		return -1;
	return same;
}

static FN(fn_deep_equal)
{
	int e = value_equal(c, args[0], args[1]);

	*out = tv_bool(e > 0);
	return e < 0 ? -1 : 0;
}

#define ROW(name, params, returns, fn)                                                             \
	{                                                                                          \
		name, params, returns, TMPL_FUNC_SPRIG, fn                                         \
	}
const struct tmpl_func tmpl_funcs_reflect[] = {
	ROW("typeOf", "a", 's', fn_type_of),
	ROW("typeIs", "sa", 'b', fn_type_is),
	ROW("typeIsLike", "sa", 'b', fn_type_is_like),
	ROW("kindOf", "a", 's', fn_kind_of),
	ROW("kindIs", "sa", 'b', fn_kind_is),
	ROW("deepEqual", "aa", 'b', fn_deep_equal),
	{0},
};
