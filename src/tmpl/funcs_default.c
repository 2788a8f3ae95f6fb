/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/funcs_value.h"

/* funcs_default.c - sprig's defaults and flow, and what the value functions share. */
bool value_empty(struct tv v)
{
	bool ok;

	return v.type == NULL || !tv_truth(v, &ok);
}

int value_error(struct tmpl_call *c, struct str text)
{
	buf_reset(c->error);
	buf_str(c->error, text);
	return -1;
}

int nil_error(struct tmpl_call *c)
{
	return value_error(c,
			   STR("runtime error: invalid memory address or nil pointer dereference"));
}

int tmpl_text(struct tmpl_call *c, struct tv v, struct str *out)
{
	struct buf b = BUF_INIT;
	struct tv text;

	if (v.type == &tv_type_string || v.type == &tv_type_bytes) {
		*out = v.nil ? STR_NULL : v.s;
		return 0;
	}
	if (tmpl_print(c, v, c->room, &b) < 0)
		b.failed = true;
	if (tmpl_return_buf(c, &b, &text) < 0)
		return -1;
	*out = text.s;
	return 0;
}

static FN(fn_default)
{
	*out = n < 2 || value_empty(args[1]) ? args[0] : args[1];
	return 0;
}

static FN(fn_empty)
{
	*out = tv_bool(value_empty(args[0]));
	return 0;
}

static FN(fn_coalesce)
{
	*out = tv_null();
	for (size_t i = 0; i < n; i++) {
		if (!value_empty(args[i])) {
			*out = args[i];
			break;
		}
	}
	return 0;
}

static FN(fn_all)
{
	bool all = true;

	for (size_t i = 0; i < n; i++)
		all &= !value_empty(args[i]);
	*out = tv_bool(all);
	return 0;
}

static FN(fn_any)
{
	bool any = false;

	for (size_t i = 0; i < n; i++)
		any |= !value_empty(args[i]);
	*out = tv_bool(any);
	return 0;
}

static FN(fn_ternary)
{
	*out = args[2].b ? args[0] : args[1];
	return 0;
}

static FN(fn_fail)
{
	c->failed = true;
	return value_error(c, args[0].s);
}

#define ROW(name, params, returns, fn)                                                             \
	{                                                                                          \
		name, params, returns, TMPL_FUNC_SPRIG, fn                                         \
	}
const struct tmpl_func tmpl_funcs_default[] = {
	ROW("default", "a*a", 'a', fn_default),
	ROW("empty", "a", 'b', fn_empty),
	ROW("coalesce", "*a", 'a', fn_coalesce),
	ROW("all", "*a", 'b', fn_all),
	ROW("any", "*a", 'b', fn_any),
	ROW("ternary", "aab", 'a', fn_ternary),
	ROW("fail", "s", 's', fn_fail),
	ROW("toJson", "a", 's', fn_to_json),
	ROW("mustToJson", "a", 's', fn_must_to_json),
	ROW("toPrettyJson", "a", 's', fn_to_pretty_json),
	ROW("mustToPrettyJson", "a", 's', fn_must_to_pretty_json),
	ROW("toRawJson", "a", 's', fn_to_raw_json),
	ROW("mustToRawJson", "a", 's', fn_to_raw_json),
	ROW("fromJson", "s", 'a', fn_from_json),
	ROW("mustFromJson", "s", 'a', fn_must_from_json),
	{0},
};
