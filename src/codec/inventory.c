/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/inventory.h"

#include "codec/b64.h"

/* inventory.c - the rules for names, keys and attributes (inventory.h). Pure functions. */

const struct json_limits inventory_line_limits = {
	.max_bytes = INVENTORY_LINE_MAX,
	.max_depth = 4 * INVENTORY_DEPTH_MAX, /* what is too deep is told by its name below */
	.max_values = 2 * INVENTORY_VALUES_MAX,
};

const char *const inventory_kinds[] = {"free", "host", "service", "person", "device", NULL};

static bool name_char(char c, bool first)
{
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
		return true;
	return !first && (c == '.' || c == '_' || c == '-');
}

bool inventory_name_valid(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!name_char(name.p[i], i == 0))
			return false;
	return name.n > 0 && name.n <= INVENTORY_NAME_MAX;
}

bool inventory_kind_valid(struct str kind)
{
	for (size_t i = 0; inventory_kinds[i] != NULL; i++)
		if (str_eqc(kind, inventory_kinds[i]))
			return true;
	return false;
}

int inventory_name_check(struct str name, struct err *e)
{
	if (inventory_name_valid(name))
		return 0;
	return ERR(e, ERR_INVALID,
		   "name of an inventory: 1 to %d of a-z 0-9 . _ - are needed, a letter or digit "
		   "first",
		   INVENTORY_NAME_MAX);
}

static bool has_control(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f ||
		    ((unsigned char)s.p[i] == 0xc2 && i + 1 < s.n &&
		     (unsigned char)s.p[i + 1] < 0xa0))
			return true;
	return false;
}

int inventory_key_check(struct str key, struct err *e)
{
	if (key.n == 0)
		return ERR(e, ERR_INVALID, "key: is empty");
	if (key.n > INVENTORY_KEY_MAX)
		return ERR(e, ERR_INVALID, "key: longer than %d bytes", INVENTORY_KEY_MAX);
	if (!utf8_valid(key))
		return ERR(e, ERR_INVALID, "key: is not UTF-8");
	if (has_control(key))
		return ERR(e, ERR_INVALID, "key: has a control character");
	return 0;
}

/* ---- attributes ---- */

static int check_member(const char *name, struct err *e)
{
	struct str s = str_c(name);

	if (s.n == 0)
		return ERR(e, ERR_INVALID, "an attribute has an empty name");
	if (s.n > INVENTORY_KEY_MAX)
		return ERR(e, ERR_INVALID,
			   "attribute \"%.40s...\": its name is longer than %d bytes", name,
			   INVENTORY_KEY_MAX);
	if (has_control(s))
		return ERR(e, ERR_INVALID, "attribute \"%.60s\": a control character in its name",
			   name);
	return 0;
}

/* Bounded by depth and, through *values, in time. `at` is the attribute for messages. */
static int check_value(const json_t *v, const char *at, unsigned depth, unsigned *values,
		       struct err *e)
{
	json_t *o = (json_t *)(uintptr_t)v, *child; /* iterators want it mutable */
	const char *name;
	size_t i;

	if (++*values > INVENTORY_VALUES_MAX)
		return ERR(e, ERR_INVALID, "attributes: more than %u values", INVENTORY_VALUES_MAX);
	if (json_is_string(v) && str_has(json_str_view(v), '\0'))
		return ERR(e, ERR_INVALID, "attribute \"%.60s\": has the character U+0000", at);
	if ((json_is_object(v) || json_is_array(v)) && depth > INVENTORY_DEPTH_MAX)
		return ERR(e, ERR_INVALID, "attribute \"%.60s\": nested deeper than %u", at,
			   INVENTORY_DEPTH_MAX);
	json_object_foreach(o, name, child)
	{
		if (check_member(name, e) != 0 ||
		    check_value(child, depth == 1 ? name : at, depth + 1, values, e) != 0)
			return -1;
	}
	json_array_foreach(v, i, child)
	{
		if (check_value(child, at, depth + 1, values, e) != 0)
			return -1;
	}
	return 0;
}

int inventory_attributes_write(const json_t *attributes, struct buf *out, struct err *e)
{
	size_t before = out->n;
	unsigned values = 0;

	if (!json_is_object(attributes))
		return ERR(e, ERR_INVALID, "attributes: must be an object");
	if (json_object_get(attributes, INVENTORY_KEY_MEMBER) != NULL)
		return ERR(e, ERR_INVALID,
			   "attribute \"" INVENTORY_KEY_MEMBER
			   "\": the name is taken: it is what a "
			   "record's key is called");
	if (check_value(attributes, "", 1, &values, e) != 0)
		return -1;
	json_write(attributes, out);
	if (out->n - before <= INVENTORY_ATTRIBUTES_MAX)
		return 0;
	values = (unsigned)(out->n - before);
	out->n = before;
	if (out->p != NULL)
		out->p[before] = '\0';
	return ERR(e, ERR_TOO_LARGE, "attributes: %u bytes, %u at most", values,
		   INVENTORY_ATTRIBUTES_MAX);
}

void inventory_key_fold(struct str key, struct buf *out)
{
	char *p = buf_reserve(out, key.n);

	for (size_t i = 0; p != NULL && i < key.n; i++)
		p[i] = ascii_lower(key.p[i]);
	out->n += p != NULL ? key.n : 0;
}

static bool plain(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '"' || s.p[i] == '\\')
			return false;
	return true;
}

void inventory_line_write(struct str key, struct str attributes, struct buf *out)
{
	json_t *v;

	buf_puts(out, "{\"key\":");
	if (plain(key)) { /* nearly all; it has no control characters */
		buf_putc(out, '"');
		buf_str(out, key);
		buf_putc(out, '"');
	} else {
		v = json_str_new(key);
		json_write(v, out);
		json_decref(v);
	}
	buf_puts(out, ",\"attributes\":");
	buf_str(out, attributes);
	buf_puts(out, "}\n");
}
