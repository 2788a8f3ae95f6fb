/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/funcs_text.h"
#include "tmpl/unicode.h"

/* Texts to lists and back. */

/* The parts of s, at most `max` (negative: no limit), as a []string of `count` elements. */
static int split(struct tmpl_call *c, struct str sep, struct str s, int64_t max, struct tv **items,
		 size_t *count)
{
	uint64_t parts = 0;
	size_t at = 0;

	*count = 0;
	*items = NULL;
	if (max == 0)
		return 0;
	if (text_work(c, 2 * (uint64_t)s.n) != 0)
		return -1;
	if (sep.n == 0) {
		parts = rune_count(s);
	} else {
		for (size_t i = text_find(s, sep, 0); i != SIZE_MAX;
		     i = text_find(s, sep, i + sep.n))
			parts++;
		parts++;
	}
	if (max > 0 && parts > (uint64_t)max)
		parts = (uint64_t)max;
	*items = text_array(c, parts, sizeof(struct tv));
	if (*items == NULL || tmpl_steps(c, parts) != 0)
		return -1;
	while (*count < parts) {
		size_t end = s.n, next = s.n;
		uint32_t r;

		if (*count + 1 < parts && sep.n == 0) {
			end = next = at + rune_first(text_from(s, at), &r);
		} else if (*count + 1 < parts) {
			end = text_find(s, sep, at);
			next = end + sep.n;
		}
		(*items)[(*count)++] = tv_str(text_cut(s, at, end));
		at = next;
	}
	return 0;
}

/* The number that follows `i` among 0 .. n-1 in the order of their decimal texts. */
static size_t next_by_text(size_t i, size_t n)
{
	if (i == 0)
		return 1;
	if (i * 10 < n)
		return i * 10;
	while (i % 10 == 9 || i + 1 >= n)
		i /= 10;
	return i + 1;
}

/* "_0", "_1" ...: entries are put in the order of the map, so that each is an append. */
static int numbered(struct tmpl_call *c, const struct tv *items, size_t count, struct tv *out)
{
	char *keys = text_array(c, count, 24);
	size_t i = 0;

	if (keys == NULL || tmpl_room(c, (uint64_t)count * sizeof(struct tv_entry)) != 0 ||
	    tmpl_steps(c, 8 * (uint64_t)count) != 0)
		return -1;
	*out = tv_map_new(c->arena, &tv_type_string_map, count);
	for (size_t k = 0; k < count; k++) {
		int len = snprintf(keys, 24, "_%zu", i);

		tv_map_set(out->map, str_mem(keys, (size_t)len), items[i]);
		keys += len;
		if (k + 1 < count)
			i = next_by_text(i, count);
	}
	return 0;
}

TMPL_CALL(fn_split)
{
	struct tv *items;
	size_t count;

	(void)n;
	if (split(c, args[0].s, args[1].s, -1, &items, &count) != 0)
		return -1;
	return numbered(c, items, count, out);
}

TMPL_CALL(fn_splitn)
{
	struct tv *items;
	size_t count;

	(void)n;
	if (split(c, args[0].s, args[2].s, args[1].i, &items, &count) != 0)
		return -1;
	return numbered(c, items, count, out);
}

TMPL_CALL(fn_split_list)
{
	struct tv *items;
	size_t count;

	(void)n;
	if (split(c, args[0].s, args[1].s, -1, &items, &count) != 0)
		return -1;
	*out = tv_list(&tv_type_strings, items, count);
	return 0;
}

static bool is_list(struct tv v)
{
	return tv_kind(v) == TV_SLICE || tv_kind(v) == TV_ARRAY;
}

/* sprig's strslice: any list as a []string without nils; another value is its one element. */
static int to_strings(struct tmpl_call *c, struct tv v, struct tv *out)
{
	struct tv *items;
	size_t count = 0, bytes;

	if (v.type == &tv_type_strings) {
		*out = tv_bare(v);
		return 0;
	}
	bytes = is_list(v) ? tv_count(v) : 1;
	items = text_array(c, bytes, sizeof(*items));
	if (items == NULL || tmpl_steps(c, 4 * (uint64_t)bytes) != 0)
		return -1;
	if (v.type == &tv_type_bytes) {
		for (size_t i = 0; i < v.s.n; i++) {
			char *p = arena_printf(c->arena, "%u", (unsigned char)v.s.p[i]);

			items[count++] = tv_str(str_c(p));
		}
	} else if (is_list(v)) {
		for (size_t i = 0; i < bytes; i++) {
			struct tv item = tv_item(v, i);
			struct str s;

			if (item.type == NULL)
				continue;
			if (tmpl_text(c, item, &s) != 0)
				return -1;
			items[count++] = tv_str(s);
		}
	} else if (v.type != NULL) {
		items[count] = tv_str(STR(""));
		if (tmpl_text(c, v, &items[count++].s) != 0)
			return -1;
	}
	*out = tv_list(&tv_type_strings, items, count);
	return 0;
}

TMPL_CALL(fn_to_strings)
{
	(void)n;
	return to_strings(c, args[0], out);
}

TMPL_CALL(fn_join)
{
	struct str sep = args[0].s;
	struct tv list;
	uint64_t size = 0;
	char *p, *to;

	(void)n;
	if (to_strings(c, args[1], &list) != 0)
		return -1;
	for (size_t i = 0; i < list.list.n; i++)
		size += list.list.items[i].s.n + (i > 0 ? sep.n : 0);
	to = p = text_alloc(c, size);
	if (p == NULL || text_work(c, size) != 0)
		return -1;
	for (size_t i = 0; i < list.list.n; i++) {
		struct str s = list.list.items[i].s;

		if (i > 0 && sep.n > 0) {
			memcpy(to, sep.p, sep.n);
			to += sep.n;
		}
		if (s.n > 0)
			memcpy(to, s.p, s.n);
		to += s.n;
	}
	*out = tv_str(str_mem(p, (size_t)size));
	return 0;
}

struct sorting {
	struct tmpl_call *c;
	bool failed;
};

static int by_bytes(const void *a, const void *b, void *arg)
{
	const struct tv *x = a, *y = b;
	struct sorting *sorting = arg;
	size_t common = x->s.n < y->s.n ? x->s.n : y->s.n;

	if (sorting->failed || (x->s.p == y->s.p && x->s.n == y->s.n))
		return 0;
	if (tmpl_steps(sorting->c, 3 + common / 64) != 0) {
		sorting->failed = true;
		return 0;
	}
	return str_cmp(x->s, y->s);
}

TMPL_CALL(fn_sort_alpha)
{
	struct sorting sorting = {.c = c};
	struct tv list, *items;
	size_t count;

	(void)n;
	if (!is_list(args[0])) {
		items = ARENA_NEW(c->arena, struct tv);
		*items = tv_str(STR(""));
		if (tmpl_text(c, args[0], &items->s) != 0)
			return -1;
		*out = tv_list(&tv_type_strings, items, 1);
		return 0;
	}
	if (to_strings(c, args[0], &list) != 0)
		return -1;
	*out = list;
	count = list.list.n;
	if (count == 0)
		return 0;
	items = text_array(c, 2 * (uint64_t)count, sizeof(*items)); /* qsort_r's own room, too */
	if (items == NULL)
		return -1;
	memcpy(items, list.list.items, count * sizeof(*items));
	qsort_r(items, count, sizeof(*items), by_bytes, &sorting);
	*out = tv_list(&tv_type_strings, items, count);
	return sorting.failed ? -1 : 0;
}
