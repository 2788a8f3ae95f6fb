/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/inventory.h"

#include "base/mem.h"
#include "crypto/crypto.h"

/*
 * inventory_seen.c - which keys of a file came already, and in which line: a table of 16 bytes a
 * key, 12 of them of its SHA-256 (two different keys that have these in common are not to be
 * found), 4 its line. A million keys take 32 MiB; the keys themselves are not kept.
 */
#define BEGIN_SLOTS 1024U /* a power of two */

struct slot {
	unsigned char id[12];
	uint32_t line; /* 0: free */
};
struct inv_seen {
	struct slot *slots;
	size_t n_slots;
	uint64_t n;
	bool fold;
	struct buf folded;
};

struct inv_seen *inv_seen_new(bool fold)
{
	struct inv_seen *s = NEW(struct inv_seen);

	s->fold = fold;
	s->n_slots = BEGIN_SLOTS;
	s->slots = mem_calloc(s->n_slots, sizeof(*s->slots));
	return s;
}

void inv_seen_free(struct inv_seen *s)
{
	if (s == NULL)
		return;
	mem_free(s->slots);
	buf_release(&s->folded);
	mem_free(s);
}

uint64_t inv_seen_count(const struct inv_seen *s)
{
	return s->n;
}

/* The slot that has the id, or the free one where it belongs. */
static struct slot *find(struct slot *slots, size_t n_slots, const unsigned char *id)
{
	uint64_t at;

	memcpy(&at, id, sizeof(at));
	for (at &= n_slots - 1;; at = (at + 1) & (n_slots - 1))
		if (slots[at].line == 0 || memcmp(slots[at].id, id, sizeof(slots[at].id)) == 0)
			return &slots[at];
}

static void grow(struct inv_seen *s)
{
	size_t n = s->n_slots * 2;
	struct slot *bigger = mem_calloc(n, sizeof(*bigger));

	for (size_t i = 0; i < s->n_slots; i++)
		if (s->slots[i].line != 0)
			*find(bigger, n, s->slots[i].id) = s->slots[i];
	mem_free(s->slots);
	s->slots = bigger;
	s->n_slots = n;
}

unsigned inv_seen_add(struct inv_seen *s, struct str key, unsigned line)
{
	unsigned char digest[HASH_MAX];
	struct slot *slot;

	if (s->fold) {
		buf_reset(&s->folded);
		inventory_key_fold(key, &s->folded);
		key = buf_view(&s->folded);
	}
	hash(HASH_SHA256, key, digest);
	slot = find(s->slots, s->n_slots, digest);
	if (slot->line != 0)
		return slot->line;
	memcpy(slot->id, digest, sizeof(slot->id));
	slot->line = line;
	s->n++;
	if (s->n * 4 > s->n_slots * 3)
		grow(s);
	return 0;
}
