/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "tmpl/value.h"

/*
 * map.c - maps with text keys: an array sorted by key. Template data has few members, so a search
 * by halves wins over hashing, and Go's order of range, print and JSON comes for nothing. A map
 * that is filled in order of its keys costs no moves.
 */
static inline int key_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int d = n == 0 ? 0 : memcmp(a.p, b.p, n);

	return d != 0 ? d : (a.n > b.n) - (a.n < b.n);
}

struct tv tv_map_new(struct arena *a, const struct tv_type *type, size_t room)
{
	struct tv_map *m = ARENA_NEW(a, struct tv_map);

	m->type = type;
	m->arena = a;
	m->cap = room;
	m->entries = room == 0 ? NULL : ARENA_ARRAY(a, struct tv_entry, room);
	return (struct tv){.type = type, .map = m};
}

/* Where the key is, or should stand. */
static size_t find(const struct tv_map *m, struct str key, bool *found)
{
	size_t lo = 0, hi = m->n;

	*found = false;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int d = key_cmp(m->entries[mid].key, key);
		if (d == 0) {
			*found = true;
			return mid;
		}
		if (d < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void grow(struct tv_map *m)
{
	if (m->n < m->cap)
		return;
	size_t cap = m->cap < 4 ? 4 : m->cap * 2;
	struct tv_entry *e = ARENA_ARRAY(m->arena, struct tv_entry, cap);
	if (m->n > 0)
		memcpy(e, m->entries, m->n * sizeof(*e));
	m->entries = e;
	m->cap = cap;
}

static struct tv in_slot(const struct tv_map *m, struct tv v)
{
	v.iface = m->type->elem == NULL || m->type->elem->kind == TV_INTERFACE;
	return v;
}

void tv_map_set(struct tv_map *m, struct str key, struct tv v)
{
	bool found = false;
	size_t at = m->n;

	ENSURE(m != NULL);
	if (m->n > 0 && key_cmp(m->entries[m->n - 1].key, key) >= 0)
		at = find(m, key, &found);
	if (!found) {
		grow(m);
		memmove(&m->entries[at + 1], &m->entries[at], (m->n - at) * sizeof(*m->entries));
		m->n++;
	}
	m->entries[at] = (struct tv_entry){.key = key, .value = in_slot(m, v)};
}

const struct tv *tv_map_get(const struct tv_map *m, struct str key)
{
	bool found;

	if (m == NULL || m->n == 0)
		return NULL;
	size_t at = find(m, key, &found);
	return found ? &m->entries[at].value : NULL;
}

bool tv_map_unset(struct tv_map *m, struct str key)
{
	bool found;

	if (m == NULL)
		return false;
	size_t at = find(m, key, &found);
	if (!found)
		return false;
	m->n--;
	memmove(&m->entries[at], &m->entries[at + 1], (m->n - at) * sizeof(*m->entries));
	return true;
}

void tv_map_append(struct tv_map *m, struct str key, struct tv v)
{
	grow(m);
	m->entries[m->n++] = (struct tv_entry){.key = key, .value = in_slot(m, v)};
}

static void merge_runs(const struct tv_entry *from, struct tv_entry *to, size_t n, size_t width)
{
	for (size_t lo = 0; lo < n; lo += 2 * width) {
		size_t mid = lo + width < n ? lo + width : n;
		size_t hi = lo + 2 * width < n ? lo + 2 * width : n;
		size_t i = lo, j = mid;
		for (size_t k = lo; k < hi; k++) {
			if (i < mid && (j >= hi || key_cmp(from[i].key, from[j].key) <= 0))
				to[k] = from[i++];
			else
				to[k] = from[j++];
		}
	}
}

/* Equal keys stand in the order in which they came: the last one wins. */
static void drop_repeats(struct tv_map *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++) {
		if (n > 0 && key_cmp(m->entries[n - 1].key, m->entries[i].key) == 0)
			m->entries[n - 1] = m->entries[i];
		else
			m->entries[n++] = m->entries[i];
	}
	m->n = n;
}

void tv_map_sort(struct tv_map *m)
{
	bool sorted = true;

	for (size_t i = 1; i < m->n && sorted; i++)
		sorted = key_cmp(m->entries[i - 1].key, m->entries[i].key) < 0;
	if (sorted)
		return;
	struct tv_entry *other = ARENA_ARRAY(m->arena, struct tv_entry, m->cap);
	for (size_t width = 1; width < m->n; width *= 2) {
		struct tv_entry *from = m->entries;
		merge_runs(from, other, m->n, width);
		m->entries = other;
		other = from;
	}
	drop_repeats(m);
}
