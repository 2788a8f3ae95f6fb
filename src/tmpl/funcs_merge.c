/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/funcs_value.h"
#include "tmpl/print.h"

/*
 * funcs_merge.c - merge and mergeOverwrite (mergo 1.0.1's rules) and deepCopy.
 *
 * A key of the source goes into the destination when it is absent or empty there, or always when
 * overwriting; where both hold maps these are merged in place. Maps that are taken over are shared
 * with the source, as in Go. A map that holds itself would merge for ever: depth, steps and memory
 * bound it.
 */
static bool is_map(struct tv v)
{
	return tv_kind(v) == TV_MAP;
}

/* mergo's isEmptyValue: nil, zero, or of no length; structs never. */
static bool merge_empty(struct tv v)
{
	return v.type == NULL || (v.type->kind != TV_STRUCT && value_empty(v));
}

static int store(struct tmpl_call *c, struct tv_map *dst, struct str key, struct tv v)
{
	if (dst->type->elem == &tv_type_string && !tv_is_string(v)) {
		/* texts and maps come out of an interface {}; lists are taken out of it before */
		const char *name = tv_kind(v) == TV_SLICE ? v.type->name : "interface {}";
		return tmpl_error(
			c,
			"reflect.Value.SetMapIndex: value of type %s is not assignable to "
			"type string",
			name);
	}
	if (tmpl_steps(c, dst->n / 4) < 0 ||
	    (dst->n == dst->cap && tmpl_room(c, 2 * (dst->cap + 4) * sizeof(struct tv_entry)) < 0))
		return -1;
	tv_map_set(dst, key, v);
	return 0;
}

static int merge_maps(struct tmpl_call *c, struct tv_map *dst, const struct tv_map *src,
		      bool overwrite, unsigned depth);

static int merge_key(struct tmpl_call *c, struct tv_map *dst, struct tv_entry e, bool overwrite,
		     unsigned depth)
{
	const struct tv *there = tv_map_get(dst, e.key);

	if (e.value.type == NULL) /* null */
		return overwrite ? store(c, dst, e.key, e.value) : 0;
	struct tv old = there != NULL ? *there : tv_nil();
	if (is_map(e.value) && there != NULL && is_map(old) && !old.nil &&
	    merge_maps(c, old.map, e.value.map, overwrite, depth + 1) < 0)
		return -1;
	if (there != NULL && !merge_empty(old)) {
		if (is_map(e.value) && is_map(old))
			return 0;
		if (!overwrite)
			return 0;
	}
	return store(c, dst, e.key, e.value);
}

static int merge_maps(struct tmpl_call *c, struct tv_map *dst, const struct tv_map *src,
		      bool overwrite, unsigned depth)
{
	if (src == NULL || src == dst || src->n == 0)
		return 0;
	if (depth > TV_DEPTH_MAX / 10)
		return tmpl_error(c, "the maps are nested too deep to merge");
	if (tmpl_steps(c, src->n) < 0 || tmpl_room(c, src->n * sizeof(struct tv_entry)) < 0)
		return -1;
	/* src may be changed on the way, when the maps share parts: go by what it was. */
	size_t n = src->n;
	const struct tv_entry *entries = arena_dup(c->arena, src->entries, n * sizeof(*entries));
	for (size_t i = 0; i < n; i++) {
		struct tv_entry e = entries[i];
		const struct tv *now = tv_map_get(src, e.key);
		if (now == NULL)
			continue;
		e.value = *now;
		if (merge_key(c, dst, e, overwrite, depth) < 0)
			return -1;
	}
	return 0;
}

static int merge(struct tmpl_call *c, const struct tv *args, size_t n, bool overwrite,
		 struct tv *out)
{
	struct tv_map *dst = args[0].map;

	for (size_t i = 1; i < n; i++) {
		if (dst == NULL && args[i].map != NULL)
			dst = tv_map_new(c->arena, &tv_type_map, 0).map;
		if (dst != NULL && merge_maps(c, dst, args[i].map, overwrite, 0) < 0)
			return -1;
	}
	*out = (struct tv){.type = &tv_type_map, .map = dst, .nil = dst == NULL};
	return 0;
}

FN(fn_merge)
{
	return merge(c, args, n, false, out);
}

FN(fn_merge_overwrite)
{
	return merge(c, args, n, true, out);
}

static int copy(struct tmpl_call *c, struct tv v, unsigned depth, struct tv *out)
{
	bool ok;
	size_t n = tv_count(v);

	*out = v;
	bool list = (tv_kind(v) == TV_SLICE || tv_kind(v) == TV_ARRAY) && !tv_is_bytes(v);
	if (v.nil || (!list && !is_map(v)))
		return 0;
	if (depth > TV_DEPTH_MAX / 10)
		return tmpl_error(c, "the value is nested too deep to copy");
	if (list) {
		struct tv *items = value_array(c, n, &ok);
		for (size_t i = 0; ok && i < n; i++)
			ok = copy(c, tv_item(v, i), depth + 1, &items[i]) == 0;
		out->list.items = items;
		return ok ? 0 : -1;
	}
	if (tmpl_room(c, sizeof(struct tv_map) + n * sizeof(struct tv_entry)) < 0 ||
	    tmpl_steps(c, n + 4) < 0)
		return -1;
	out->map = tv_map_new(c->arena, v.type, n).map;
	for (size_t i = 0; i < n; i++) {
		struct tv item;
		if (copy(c, v.map->entries[i].value, depth + 1, &item) < 0)
			return -1;
		tv_map_append(out->map, v.map->entries[i].key, item);
	}
	return 0;
}

FN(fn_deep_copy)
{
	if (args[0].type == NULL)
		return tmpl_error(c, "reflect: call of reflect.Value.Type on zero Value");
	return copy(c, args[0], 0, out);
}
