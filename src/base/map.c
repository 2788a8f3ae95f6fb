/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/map.h"
#include "base/mem.h"

#include <pthread.h>
#include <sys/random.h>

/*
 * Open addressing with linear probing in a table of a power of two, at most three quarters full.
 * Deleting shifts the rest of the cluster back, so that there are no tombstones and a map that
 * lives long does not degrade.
 *
 * The hash is SipHash-1-3 under a key drawn once per process: names from clients are keys here, and
 * a client that could predict the hash could make every look-up linear.
 */
#define SLOTS_MIN 16

struct slot {
	char *key; /* NULL: free */
	size_t key_len;
	uint64_t hash;
	void *value;
};

struct map {
	struct slot *slots;
	size_t size; /* 0, or a power of two */
	size_t count;
};

static uint64_t seed[2];			  /* state: hash key, drawn once per process */
static pthread_once_t seeded = PTHREAD_ONCE_INIT; /* state: guards the seed */

static void draw_seed(void)
{
	ENSURE(getrandom(seed, sizeof(seed), 0) == (ssize_t)sizeof(seed));
}

static uint64_t rotate(uint64_t x, unsigned by)
{
	return x << by | x >> (64 - by);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

static uint64_t load_le(const unsigned char *p, size_t n)
{
	uint64_t x = 0;

	for (size_t i = 0; i < n; i++)
		x |= (uint64_t)p[i] << (8 * i);
	return x;
}

static uint64_t sip13(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	uint64_t v[4] = {
		seed[0] ^ UINT64_C(0x736f6d6570736575), seed[1] ^ UINT64_C(0x646f72616e646f6d),
		seed[0] ^ UINT64_C(0x6c7967656e657261), seed[1] ^ UINT64_C(0x7465646279746573)};
	size_t left = s.n;

	for (; left >= 8; p += 8, left -= 8) {
		uint64_t word = load_le(p, 8);
		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
	}
	uint64_t last = (uint64_t)s.n << 56 | load_le(p, left);
	v[3] ^= last;
	sip_round(v);
	v[0] ^= last;
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

struct map *map_new(void)
{
	ENSURE(pthread_once(&seeded, draw_seed) == 0);
	return NEW(struct map);
}

void map_free(struct map *m, void (*free_value)(void *))
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->size; i++) {
		if (m->slots[i].key == NULL)
			continue;
		mem_free(m->slots[i].key);
		if (free_value != NULL)
			free_value(m->slots[i].value);
	}
	mem_free(m->slots);
	mem_free(m);
}

/* The slot that holds key, or the free one where it belongs. The table has a free slot. */
static struct slot *find(const struct map *m, struct str key, uint64_t hash)
{
	size_t mask = m->size - 1;

	for (size_t i = hash & mask;; i = (i + 1) & mask) {
		struct slot *s = &m->slots[i];
		if (s->key == NULL)
			return s;
		if (s->hash == hash && str_eq(str_mem(s->key, s->key_len), key))
			return s;
	}
}

void *map_get(const struct map *m, struct str key)
{
	if (m->count == 0)
		return NULL;
	return find(m, key, sip13(key))->value; /* a free slot's value is NULL */
}

static void grow(struct map *m)
{
	struct slot *old = m->slots;
	size_t old_size = m->size;

	m->size = old_size > 0 ? 2 * old_size : SLOTS_MIN;
	m->slots = mem_calloc(m->size, sizeof(*m->slots));
	size_t mask = m->size - 1;
	for (size_t i = 0; i < old_size; i++) {
		if (old[i].key == NULL)
			continue;
		size_t at = old[i].hash & mask;
		while (m->slots[at].key != NULL)
			at = (at + 1) & mask;
		m->slots[at] = old[i];
	}
	mem_free(old);
}

void *map_put(struct map *m, struct str key, void *value)
{
	uint64_t hash = sip13(key);

	ENSURE(value != NULL);
	if (m->count + 1 > m->size / 4 * 3)
		grow(m);
	struct slot *s = find(m, key, hash);
	void *before = s->value;
	if (s->key == NULL) {
		s->key = mem_strndup(key.p, key.n);
		s->key_len = key.n;
		s->hash = hash;
		m->count++;
	}
	s->value = value;
	return before;
}

void *map_del(struct map *m, struct str key)
{
	if (m->count == 0)
		return NULL;
	struct slot *s = find(m, key, sip13(key));
	if (s->key == NULL)
		return NULL;
	void *value = s->value;
	mem_free(s->key);
	m->count--;

	/* Pull back what probed past the hole, so that no search stops at it. */
	size_t mask = m->size - 1, hole = (size_t)(s - m->slots);
	for (size_t i = (hole + 1) & mask; m->slots[i].key != NULL; i = (i + 1) & mask) {
		size_t home = m->slots[i].hash & mask;
		if (((i - home) & mask) >= ((i - hole) & mask)) {
			m->slots[hole] = m->slots[i];
			hole = i;
		}
	}
	memset(&m->slots[hole], 0, sizeof(m->slots[hole]));
	return value;
}

size_t map_count(const struct map *m)
{
	return m->count;
}

void map_each(const struct map *m, bool (*fn)(struct str key, void *value, void *arg), void *arg)
{
	for (size_t i = 0; i < m->size; i++) {
		const struct slot *s = &m->slots[i];
		if (s->key != NULL && !fn(str_mem(s->key, s->key_len), s->value, arg))
			return;
	}
}
