/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/json.h"

/*
 * json_get.c - members of objects. With JSON_FOLD_KEYS all members are looked at and the last
 * match counts: json_parse() sees to it that they stand in the text's order even when a key
 * occurred twice.
 */

/* jansson's iterators want a mutable object although they change nothing. */
static json_t *iterable(const json_t *o)
{
	return (json_t *)(uintptr_t)o;
}

json_t *json_member(const json_t *o, const char *key, unsigned flags)
{
	json_t *v, *found = NULL;
	struct str want = str_c(key);
	const char *name;

	if (!(flags & JSON_FOLD_KEYS))
		return json_object_get(o, key);
	json_object_foreach(iterable(o), name, v) if (str_ieqc(want, name)) found = v;
	return found;
}

struct str json_str_view(const json_t *s)
{
	return json_is_string(s) ? (struct str){json_string_value(s), json_string_length(s)}
				 : STR_NULL;
}

/* 1: there, 0: absent or null. */
static int present(const json_t *o, const char *key, unsigned flags, json_t **v)
{
	*v = json_member(o, key, flags);
	return *v != NULL && !json_is_null(*v);
}

int json_opt_str(const json_t *o, const char *key, unsigned flags, struct str *out, struct err *e)
{
	json_t *v;

	*out = STR_NULL;
	if (!present(o, key, flags, &v))
		return 0;
	if (!json_is_string(v))
		return ERR(e, ERR_INVALID, "%s: must be a string", key);
	*out = json_str_view(v);
	return 0;
}

int json_get_str(const json_t *o, const char *key, unsigned flags, struct str *out, struct err *e)
{
	json_t *v;

	if (!present(o, key, flags, &v))
		return ERR(e, ERR_INVALID, "%s: missing", key);
	return json_opt_str(o, key, flags, out, e);
}

int json_get_i64(const json_t *o, const char *key, unsigned flags, int64_t *out, struct err *e)
{
	json_t *v;

	if (!present(o, key, flags, &v))
		return ERR(e, ERR_INVALID, "%s: missing", key);
	if (!json_is_integer(v))
		return ERR(e, ERR_INVALID, "%s: must be an integer", key);
	*out = json_integer_value(v);
	return 0;
}

int json_opt_bool(const json_t *o, const char *key, unsigned flags, bool dflt, bool *out,
		  struct err *e)
{
	json_t *v;

	*out = dflt;
	if (!present(o, key, flags, &v))
		return 0;
	if (!json_is_boolean(v))
		return ERR(e, ERR_INVALID, "%s: must be true or false", key);
	*out = json_is_true(v);
	return 0;
}
