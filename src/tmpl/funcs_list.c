/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/funcs_value.h"

#include <math.h>

/*
 * funcs_list.c - sprig's functions of lists. The forms with `must` differ in Go only in how the
 * error travels; the text is the same, so they share the code here.
 */
static bool is_list(struct tv v)
{
	return tv_kind(v) == TV_SLICE || tv_kind(v) == TV_ARRAY;
}

static int not_a_list(struct tmpl_call *c, const char *what, struct tv v)
{
	if (v.type == NULL)
		return nil_error(c);
	return tmpl_error(c, "%s %s", what, tv_kind_name(tv_kind(v)));
}

struct tv *value_array(struct tmpl_call *c, size_t n, bool *ok)
{
	size_t most = SIZE_MAX / sizeof(struct tv);

	*ok = tmpl_room(c, n < most ? n * sizeof(struct tv) : SIZE_MAX) == 0 &&
	      tmpl_steps(c, n) == 0;
	return *ok && n > 0 ? ARENA_ARRAY(c->arena, struct tv, n) : NULL;
}

/* Elements [from, to) of v with `before` and `after` places around them. */
static int part(struct tmpl_call *c, struct tv v, size_t from, size_t to, size_t before,
		size_t after, struct tv *out)
{
	bool ok;
	size_t n = before + (to - from) + after;
	struct tv *items = value_array(c, n, &ok);

	if (!ok)
		return -1;
	for (size_t i = from; i < to; i++)
		items[before + i - from] = tv_any(tv_item(v, i));
	*out = tv_list(&tv_type_list, items, n);
	return 0;
}

/* Of a list made by part(). */
static struct tv *items_of(struct tv *list)
{
	return (struct tv *)(uintptr_t)list->list.items;
}

static FN(fn_list)
{
	bool ok;
	struct tv *items = value_array(c, n, &ok);

	if (!ok)
		return -1;
	for (size_t i = 0; i < n; i++)
		items[i] = tv_any(args[i]);
	*out = tv_list(&tv_type_list, items, n);
	return 0;
}

static FN(fn_append)
{
	if (!is_list(args[0]))
		return not_a_list(c, "Cannot push on type", args[0]);
	size_t count = tv_count(args[0]);
	if (part(c, args[0], 0, count, 0, 1, out) < 0)
		return -1;
	items_of(out)[count] = tv_any(args[1]);
	return 0;
}

static FN(fn_prepend)
{
	if (!is_list(args[0]))
		return not_a_list(c, "Cannot prepend on type", args[0]);
	if (part(c, args[0], 0, tv_count(args[0]), 1, 0, out) < 0)
		return -1;
	items_of(out)[0] = tv_any(args[1]);
	return 0;
}

static FN(fn_first)
{
	if (!is_list(args[0]))
		return not_a_list(c, "Cannot find first on type", args[0]);
	*out = tv_count(args[0]) == 0 ? tv_null() : tv_any(tv_item(args[0], 0));
	return 0;
}

static FN(fn_last)
{
	if (!is_list(args[0]))
		return not_a_list(c, "Cannot find last on type", args[0]);
	size_t count = tv_count(args[0]);
	*out = count == 0 ? tv_null() : tv_any(tv_item(args[0], count - 1));
	return 0;
}

static FN(fn_rest)
{
	if (!is_list(args[0]))
		return not_a_list(c, "Cannot find rest on type", args[0]);
	size_t count = tv_count(args[0]);
	*out = tv_nil_list(&tv_type_list);
	return count == 0 ? 0 : part(c, args[0], 1, count, 0, 0, out);
}

static FN(fn_initial)
{
	if (!is_list(args[0]))
		return not_a_list(c, "Cannot find initial on type", args[0]);
	size_t count = tv_count(args[0]);
	*out = tv_nil_list(&tv_type_list);
	return count == 0 ? 0 : part(c, args[0], 0, count - 1, 0, 0, out);
}

static FN(fn_reverse)
{
	if (!is_list(args[0]))
		return not_a_list(c, "Cannot find reverse on type", args[0]);
	size_t count = tv_count(args[0]);
	if (part(c, args[0], 0, count, 0, 0, out) < 0)
		return -1;
	struct tv *items = items_of(out);
	for (size_t i = 0; i < count / 2; i++) {
		struct tv t = items[i];
		items[i] = items[count - 1 - i];
		items[count - 1 - i] = t;
	}
	return 0;
}

static FN(fn_compact)
{
	if (!is_list(args[0]))
		return not_a_list(c, "Cannot compact on type", args[0]);
	size_t count = tv_count(args[0]), kept = 0;
	if (part(c, args[0], 0, count, 0, 0, out) < 0)
		return -1;
	struct tv *items = items_of(out);
	for (size_t i = 0; i < count; i++) {
		if (!value_empty(items[i]))
			items[kept++] = items[i];
	}
	out->list.n = kept;
	return 0;
}

/* Whether v is among the items: 1, 0, -1 past a bound. */
static int among(struct tmpl_call *c, struct tv v, const struct tv *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int e = value_equal(c, v, items[i]);
		if (e != 0)
			return e;
	}
	return 0;
}

static FN(fn_uniq)
{
	if (!is_list(args[0]))
		return not_a_list(c, "Cannot find uniq on type", args[0]);
	size_t count = tv_count(args[0]), kept = 0;
	if (part(c, args[0], 0, count, 0, 0, out) < 0)
		return -1;
	struct tv *items = items_of(out);
	for (size_t i = 0; i < count; i++) {
		int found = among(c, items[i], items, kept);
		if (found < 0)
			return -1;
		if (!found)
			items[kept++] = items[i];
	}
	out->list.n = kept;
	return 0;
}

static FN(fn_without)
{
	if (!is_list(args[0]))
		return not_a_list(c, "Cannot find without on type", args[0]);
	size_t count = tv_count(args[0]), kept = 0;
	if (part(c, args[0], 0, count, 0, 0, out) < 0)
		return -1;
	struct tv *items = items_of(out);
	for (size_t i = 0; i < count; i++) {
		int found = among(c, items[i], args + 1, n - 1);
		if (found < 0)
			return -1;
		if (!found)
			items[kept++] = items[i];
	}
	out->list.n = kept;
	return 0;
}

static FN(fn_has)
{
	*out = tv_bool(false);
	if (args[1].type == NULL)
		return 0;
	if (!is_list(args[1]))
		return not_a_list(c, "Cannot find has on type", args[1]);
	size_t count = tv_count(args[1]);
	for (size_t i = 0; i < count && !out->b; i++) {
		int e = value_equal(c, args[0], tv_item(args[1], i));
		if (e < 0)
			return -1;
		out->b = e > 0;
	}
	return 0;
}

static FN(fn_slice)
{
	struct tv v = args[0];

	if (!is_list(v))
		return not_a_list(c, "list should be type of slice or array but", v);
	size_t count = tv_count(v);
	*out = tv_null();
	if (count == 0)
		return 0;
	int64_t from = n > 1 ? cast_int64(args[1]) : 0;
	int64_t to = n > 2 ? cast_int64(args[2]) : (int64_t)count;
	if (from < 0 || to < from || to > (int64_t)count)
		return tmpl_error(c, "reflect.Value.Slice: slice index out of bounds");
	if (tv_is_bytes(v)) {
		v.s = str_mem(v.s.p + from, (size_t)(to - from));
	} else {
		v.list.items += from;
		v.list.n = (size_t)(to - from);
	}
	*out = v;
	return 0;
}

static FN(fn_concat)
{
	size_t total = 0, at = 0;
	bool ok;

	for (size_t i = 0; i < n; i++) {
		if (args[i].type == NULL)
			return nil_error(c);
		if (!is_list(args[i]))
			return tmpl_error(c, "Cannot concat type %s as list",
					  tv_kind_name(tv_kind(args[i])));
		total += tv_count(args[i]);
	}
	*out = tv_nil_list(&tv_type_list);
	if (total == 0)
		return 0;
	struct tv *items = value_array(c, total, &ok);
	if (!ok)
		return -1;
	for (size_t i = 0; i < n; i++) {
		size_t count = tv_count(args[i]);
		for (size_t j = 0; j < count; j++)
			items[at++] = tv_any(tv_item(args[i], j));
	}
	*out = tv_list(&tv_type_list, items, total);
	return 0;
}

/*
 * Go computes the number of chunks and the length of the last one in floats; a size that is not
 * positive ends in a panic of make(), or not, by the same arithmetic.
 */
static FN(fn_chunk)
{
	struct tv v = args[1];
	double size = (double)args[0].i;
	bool ok;

	if (!is_list(v))
		return not_a_list(c, "Cannot chunk type", v);
	size_t count = tv_count(v);
	double chunks = floor(((double)count - 1) / size) + 1;
	if (!(chunks >= 0 && chunks <= (double)count))
		return tmpl_error(c, "runtime error: makeslice: len out of range");
	size_t nchunks = (size_t)chunks;
	struct tv *items = value_array(c, nchunks, &ok);
	if (!ok)
		return -1;
	for (size_t i = 0; i < nchunks; i++) {
		double len = size;
		if (i == nchunks - 1) {
			len = floor(fmod((double)count, size));
			if (len == 0)
				len = size;
		}
		if (!(len >= 0))
			return tmpl_error(c, "runtime error: makeslice: len out of range");
		size_t from = i * (size_t)args[0].i;
		size_t to = from + (size_t)len < count ? from + (size_t)len : count;
		if (part(c, v, from, to, 0, 0, &items[i]) < 0)
			return -1;
	}
	*out = tv_list(&tv_type_lists, items, nchunks);
	return 0;
}

#define ROW(name, params, returns, fn)                                                             \
	{                                                                                          \
		name, params, returns, TMPL_FUNC_SPRIG, fn                                         \
	}
const struct tmpl_func tmpl_funcs_list[] = {
	ROW("list", "*a", 'l', fn_list),
	ROW("tuple", "*a", 'l', fn_list),
	ROW("first", "a", 'a', fn_first),
	ROW("mustFirst", "a", 'a', fn_first),
	ROW("last", "a", 'a', fn_last),
	ROW("mustLast", "a", 'a', fn_last),
	ROW("rest", "a", 'l', fn_rest),
	ROW("mustRest", "a", 'l', fn_rest),
	ROW("initial", "a", 'l', fn_initial),
	ROW("mustInitial", "a", 'l', fn_initial),
	ROW("append", "aa", 'l', fn_append),
	ROW("mustAppend", "aa", 'l', fn_append),
	ROW("push", "aa", 'l', fn_append),
	ROW("mustPush", "aa", 'l', fn_append),
	ROW("prepend", "aa", 'l', fn_prepend),
	ROW("mustPrepend", "aa", 'l', fn_prepend),
	ROW("concat", "*a", 'a', fn_concat),
	ROW("reverse", "a", 'l', fn_reverse),
	ROW("mustReverse", "a", 'l', fn_reverse),
	ROW("uniq", "a", 'l', fn_uniq),
	ROW("mustUniq", "a", 'l', fn_uniq),
	ROW("without", "a*a", 'l', fn_without),
	ROW("mustWithout", "a*a", 'l', fn_without),
	ROW("has", "aa", 'b', fn_has),
	ROW("mustHas", "aa", 'b', fn_has),
	ROW("compact", "a", 'l', fn_compact),
	ROW("mustCompact", "a", 'l', fn_compact),
	ROW("slice", "a*a", 'a', fn_slice),
	ROW("mustSlice", "a*a", 'a', fn_slice),
	ROW("chunk", "ia", 0, fn_chunk),
	ROW("mustChunk", "ia", 0, fn_chunk),
	{0},
};
