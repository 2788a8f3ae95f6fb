/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/funcs_value.h"

/*
 * funcs_map.c - sprig's functions of dictionaries. `set` and `unset` change the map that they are
 * given, whoever else holds it. What Go does in random order is done in the order of the keys.
 */
static struct tv as_map(struct tv_map *m)
{
	return (struct tv){.type = &tv_type_map, .map = m, .nil = m == NULL};
}

/* A new map with room for n entries. */
static int new_map(struct tmpl_call *c, size_t n, struct tv *out)
{
	if (tmpl_room(c, n * sizeof(struct tv_entry)) < 0 || tmpl_steps(c, n) < 0)
		return -1;
	*out = tv_map_new(c->arena, &tv_type_map, n);
	return 0;
}

static FN(fn_dict)
{
	if (new_map(c, n / 2 + n % 2, out) < 0)
		return -1;
	for (size_t i = 0; i < n; i += 2) {
		struct str key;
		if (tmpl_text(c, args[i], &key) < 0)
			return -1;
		tv_map_append(out->map, key, i + 1 < n ? args[i + 1] : tv_str(STR("")));
	}
	tv_map_sort(out->map);
	return 0;
}

static FN(fn_get)
{
	const struct tv *v = tv_map_get(args[0].map, args[1].s);

	*out = v != NULL ? *v : tv_str(STR(""));
	return 0;
}

static FN(fn_set)
{
	struct tv_map *m = args[0].map;

	if (m == NULL)
		return tmpl_error(c, "assignment to entry in nil map");
	/* an insert moves what is behind it */
	if (tmpl_steps(c, m->n / 4) < 0 ||
	    (m->n == m->cap && tmpl_room(c, 2 * (m->cap + 4) * sizeof(struct tv_entry)) < 0))
		return -1;
	tv_map_set(m, args[1].s, args[2]);
	*out = as_map(m);
	return 0;
}

static FN(fn_unset)
{
	struct tv_map *m = args[0].map;

	if (m != NULL && tmpl_steps(c, m->n / 4) < 0)
		return -1;
	tv_map_unset(m, args[1].s);
	*out = as_map(m);
	return 0;
}

static FN(fn_has_key)
{
	*out = tv_bool(tv_map_get(args[0].map, args[1].s) != NULL);
	return 0;
}

static FN(fn_pluck)
{
	bool ok;
	size_t count = 0;
	struct tv *items = value_array(c, n - 1, &ok);

	if (!ok)
		return -1;
	for (size_t i = 1; i < n; i++) {
		const struct tv *v = tv_map_get(args[i].map, args[0].s);
		if (v != NULL)
			items[count++] = tv_any(*v);
	}
	*out = tv_list(&tv_type_list, items, count);
	return 0;
}

static FN(fn_keys)
{
	size_t total = 0, at = 0;
	bool ok;

	for (size_t i = 0; i < n; i++)
		total += args[i].map != NULL ? args[i].map->n : 0;
	struct tv *items = value_array(c, total, &ok);
	if (!ok)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const struct tv_map *m = args[i].map;
		for (size_t j = 0; m != NULL && j < m->n; j++)
			items[at++] = tv_str(m->entries[j].key);
	}
	*out = tv_list(&tv_type_strings, items, total);
	return 0;
}

static FN(fn_values)
{
	const struct tv_map *m = args[0].map;
	size_t count = m != NULL ? m->n : 0;
	bool ok;
	struct tv *items = value_array(c, count, &ok);

	if (!ok)
		return -1;
	for (size_t i = 0; m != NULL && i < count; i++)
		items[i] = tv_any(m->entries[i].value);
	*out = tv_list(&tv_type_list, items, count);
	return 0;
}

static FN(fn_pick)
{
	if (new_map(c, n - 1, out) < 0)
		return -1;
	for (size_t i = 1; i < n; i++) {
		const struct tv *v = tv_map_get(args[0].map, args[i].s);
		if (v != NULL)
			tv_map_append(out->map, args[i].s, *v);
	}
	tv_map_sort(out->map);
	return 0;
}

static FN(fn_omit)
{
	const struct tv_map *m = args[0].map;

	if (new_map(c, m != NULL ? m->n : 0, out) < 0)
		return -1;
	for (size_t i = 0; m != NULL && i < m->n; i++) {
		bool skip = false;
		if (tmpl_steps(c, n) < 0)
			return -1;
		for (size_t k = 1; k < n && !skip; k++)
			skip = str_eq(args[k].s, m->entries[i].key);
		if (!skip)
			tv_map_append(out->map, m->entries[i].key, m->entries[i].value);
	}
	return 0;
}

/* Go's words for a failed type assertion. */
static int not_of_type(struct tmpl_call *c, struct tv v, const struct tv_type *type)
{
	return tmpl_error(c, "interface conversion: interface {} is %s, not %s",
			  v.type != NULL ? v.type->name : "nil", type->name);
}

static FN(fn_dig)
{
	if (n < 3)
		return tmpl_error(c, "dig needs at least three arguments");
	struct tv v = args[n - 1];
	if (v.type != &tv_type_map)
		return not_of_type(c, v, &tv_type_map);
	for (size_t i = 0; i < n - 2; i++) {
		if (args[i].type != &tv_type_string)
			return not_of_type(c, args[i], &tv_type_string);
	}
	for (size_t i = 0; i < n - 2; i++) {
		if (v.type != &tv_type_map)
			return not_of_type(c, v, &tv_type_map);
		const struct tv *step = tv_map_get(v.map, args[i].s);
		if (step == NULL) {
			*out = args[n - 2];
			return 0;
		}
		v = *step;
	}
	*out = v;
	return 0;
}

#define ROW(name, params, returns, fn)                                                             \
	{                                                                                          \
		name, params, returns, TMPL_FUNC_SPRIG, fn                                         \
	}
const struct tmpl_func tmpl_funcs_map[] = {
	ROW("dict", "*a", 'm', fn_dict),
	ROW("get", "ms", 'a', fn_get),
	ROW("set", "msa", 'm', fn_set),
	ROW("unset", "ms", 'm', fn_unset),
	ROW("hasKey", "ms", 'b', fn_has_key),
	ROW("pluck", "s*m", 'l', fn_pluck),
	ROW("keys", "*m", 'S', fn_keys),
	ROW("values", "m", 'l', fn_values),
	ROW("pick", "m*s", 'm', fn_pick),
	ROW("omit", "m*s", 'm', fn_omit),
	ROW("dig", "*a", 'a', fn_dig),
	ROW("merge", "m*m", 'a', fn_merge),
	ROW("mustMerge", "m*m", 'a', fn_merge),
	ROW("mergeOverwrite", "m*m", 'a', fn_merge_overwrite),
	ROW("mustMergeOverwrite", "m*m", 'a', fn_merge_overwrite),
	ROW("deepCopy", "a", 'a', fn_deep_copy),
	ROW("mustDeepCopy", "a", 'a', fn_deep_copy),
	{0},
};
