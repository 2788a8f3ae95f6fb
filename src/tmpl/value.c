/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/value.h"

/* value.c - the language's own types, their names, truth, and values out of jansson's. */
const struct tv_type tv_type_bool = {.name = "bool", .kind = TV_BOOL};
const struct tv_type tv_type_int = {.name = "int", .kind = TV_INT};
const struct tv_type tv_type_int32 = {.name = "int32", .kind = TV_INT32};
const struct tv_type tv_type_int64 = {.name = "int64", .kind = TV_INT64};
const struct tv_type tv_type_uint8 = {.name = "uint8", .kind = TV_UINT8};
const struct tv_type tv_type_uint32 = {.name = "uint32", .kind = TV_UINT32};
const struct tv_type tv_type_uint64 = {.name = "uint64", .kind = TV_UINT64};
const struct tv_type tv_type_float64 = {.name = "float64", .kind = TV_FLOAT64};
const struct tv_type tv_type_complex128 = {.name = "complex128", .kind = TV_COMPLEX128};
const struct tv_type tv_type_string = {.name = "string", .kind = TV_STRING};
const struct tv_type tv_type_any = {.name = "interface {}", .kind = TV_INTERFACE};
const struct tv_type tv_type_list = {
	.name = "[]interface {}", .kind = TV_SLICE, .elem = &tv_type_any};
const struct tv_type tv_type_strings = {
	.name = "[]string", .kind = TV_SLICE, .elem = &tv_type_string};
const struct tv_type tv_type_ints = {.name = "[]int", .kind = TV_SLICE, .elem = &tv_type_int};
const struct tv_type tv_type_bytes = {.name = "[]uint8", .kind = TV_SLICE, .elem = &tv_type_uint8};
const struct tv_type tv_type_lists = {
	.name = "[][]interface {}", .kind = TV_SLICE, .elem = &tv_type_list};
const struct tv_type tv_type_map = {
	.name = "map[string]interface {}", .kind = TV_MAP, .elem = &tv_type_any};
const struct tv_type tv_type_string_map = {
	.name = "map[string]string", .kind = TV_MAP, .elem = &tv_type_string};

struct tv tv_strings(struct arena *a, const struct str *items, size_t n)
{
	struct tv *v = ARENA_ARRAY(a, struct tv, n);

	for (size_t i = 0; i < n; i++)
		v[i] = tv_str(items[i]);
	return tv_list(&tv_type_strings, v, n);
}

const char *tv_kind_name(enum tv_kind k)
{
	static const char *const names[] = {
		[TV_INVALID] = "invalid", [TV_BOOL] = "bool",
		[TV_INT] = "int",	  [TV_INT32] = "int32",
		[TV_INT64] = "int64",	  [TV_UINT8] = "uint8",
		[TV_UINT32] = "uint32",	  [TV_UINT64] = "uint64",
		[TV_FLOAT64] = "float64", [TV_COMPLEX128] = "complex128",
		[TV_STRING] = "string",	  [TV_INTERFACE] = "interface",
		[TV_SLICE] = "slice",	  [TV_ARRAY] = "array",
		[TV_MAP] = "map",	  [TV_STRUCT] = "struct",
		[TV_PTR] = "ptr",	  [TV_FUNC] = "func",
	};

	return (size_t)k < ARRAY_LEN(names) ? names[k] : "invalid";
}

const char *tv_type_name(struct tv v)
{
	return v.type ? v.type->name : "<nil>";
}

size_t tv_count(struct tv v)
{
	switch (tv_kind(v)) {
	case TV_STRING:
		return v.s.n;
	case TV_SLICE:
	case TV_ARRAY:
		if (v.nil)
			return 0;
		return tv_is_bytes(v) ? v.s.n : v.list.n;
	case TV_MAP:
		return v.nil || v.map == NULL ? 0 : v.map->n;
	case TV_INVALID:
	case TV_BOOL:
	case TV_INT:
	case TV_INT32:
	case TV_INT64:
	case TV_UINT8:
	case TV_UINT32:
	case TV_UINT64:
	case TV_FLOAT64:
	case TV_COMPLEX128:
	case TV_INTERFACE:
	case TV_STRUCT:
	case TV_PTR:
	case TV_FUNC:
		break;
	}
	return 0;
}

struct tv tv_item(struct tv v, size_t i)
{
	if (tv_kind(v) == TV_STRING || tv_is_bytes(v))
		return (struct tv){.type = &tv_type_uint8, .u = (uint8_t)v.s.p[i]};
	struct tv item = v.list.items[i];
	item.iface = v.type->elem != NULL && v.type->elem->kind == TV_INTERFACE;
	return item;
}

bool tv_truth(struct tv v, bool *ok)
{
	*ok = true;
	switch (tv_kind(v)) {
	case TV_INVALID:
		return false;
	case TV_BOOL:
		return v.b;
	case TV_INT:
	case TV_INT32:
	case TV_INT64:
		return v.i != 0;
	case TV_UINT8:
	case TV_UINT32:
	case TV_UINT64:
		return v.u != 0;
	case TV_FLOAT64:
		return v.f != 0;
	case TV_COMPLEX128:
		return v.c[0] != 0 || v.c[1] != 0;
	case TV_STRING:
	case TV_SLICE:
	case TV_ARRAY:
	case TV_MAP:
		return tv_count(v) > 0;
	case TV_STRUCT:
		return true;
	case TV_PTR:
	case TV_FUNC:
	case TV_INTERFACE:
		return !v.nil;
	}
	*ok = false;
	return false;
}

struct str tv_text_within(struct tv v, size_t max, struct arena *a, bool *cut)
{
	struct buf b = {.limit = max};

	*cut = false;
	if (v.type != NULL && v.type->string == NULL && v.type->kind == TV_STRING)
		return v.s;
	if (v.type == &tv_type_bytes)
		return v.nil ? STR_NULL : v.s;
	tv_print(v, a, &b);
	*cut = b.failed;
	struct str s = arena_str(a, buf_view(&b));
	buf_release(&b);
	return s;
}

struct str tv_text(struct tv v, struct arena *a)
{
	bool cut;

	return tv_text_within(v, TV_TEXT_MAX, a, &cut);
}

static struct str copy_text(struct arena *a, const char *p, size_t n)
{
	return n == 0 ? STR("") : str_mem(arena_dup(a, p, n), n);
}

static struct tv list_from_json(const json_t *v, struct arena *a)
{
	size_t n = json_array_size(v);
	struct tv *items = ARENA_ARRAY(a, struct tv, n);

	for (size_t i = 0; i < n; i++)
		items[i] = tv_any(tv_from_json(json_array_get(v, i), a));
	return tv_list(&tv_type_list, items, n);
}

/* jansson's own type for iteration is not const. */
static struct tv object_from_json(const json_t *v, struct arena *a)
{
	json_t *o = json_incref((json_t *)(uintptr_t)v);
	struct tv map = tv_map_new(a, &tv_type_map, json_object_size(o));

	for (void *it = json_object_iter(o); it != NULL; it = json_object_iter_next(o, it)) {
		struct str key =
			copy_text(a, json_object_iter_key(it), json_object_iter_key_len(it));
		tv_map_append(map.map, key, tv_from_json(json_object_iter_value(it), a));
	}
	json_decref(o);
	tv_map_sort(map.map);
	return map;
}

struct tv tv_from_json(const json_t *v, struct arena *a)
{
	if (v == NULL)
		return tv_null();
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		return object_from_json(v, a);
	case JSON_ARRAY:
		return list_from_json(v, a);
	case JSON_STRING:
		return tv_str(copy_text(a, json_string_value(v), json_string_length(v)));
	case JSON_INTEGER:
	case JSON_REAL:
		return tv_float(json_number_value(v));
	case JSON_TRUE:
	case JSON_FALSE:
		return tv_bool(json_is_true(v));
	case JSON_NULL:
		break;
	}
	return tv_null();
}
