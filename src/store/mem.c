/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/mem.h"
#include "store/driver.h"

#include <pthread.h>

/*
 * mem.c - the driver without a disk: one skip list per column family under one read-write lock. For
 * tests (also the thread sanitizer's) and trials; everything is gone when it is closed. It never
 * answers from "cache", so that every read takes the readers' path.
 */
#define LEVELS 16

struct node {
	char *key, *value;
	size_t key_n, value_n;
	struct node *next[]; /* as many as its height */
};

struct column {
	struct node *head[LEVELS];
};

struct mem_driver {
	struct driver base;
	pthread_rwlock_t lock;
	struct column columns[CF_COUNT];
	uint64_t random; /* heights need no secrecy */
};

static struct mem_driver *self(struct driver *d)
{
	return CONTAINER_OF(d, struct mem_driver, base);
}

static struct str node_key(const struct node *n)
{
	return str_mem(n->key, n->key_n);
}

/* First node with a key >= key. `at` (optional) gets the links that lead to it, one a level. */
static struct node *lower_bound(struct column *c, struct str key, struct node ***at)
{
	struct node **links = c->head;

	for (int level = LEVELS - 1; level >= 0; level--) {
		while (links[level] && str_cmp(node_key(links[level]), key) < 0)
			links = links[level]->next;
		if (at)
			at[level] = &links[level];
	}
	return links[0];
}

static unsigned random_height(struct mem_driver *m)
{
	unsigned h = 1;

	m->random ^= m->random << 13;
	m->random ^= m->random >> 7;
	m->random ^= m->random << 17;
	for (uint64_t r = m->random; h < LEVELS && (r & 3) == 0; r >>= 2)
		h++;
	return h;
}

static void set_value(struct node *n, struct str value)
{
	mem_free(n->value);
	n->value = mem_dup(value.p, value.n);
	n->value_n = value.n;
}

static void node_free(struct node *n)
{
	mem_free(n->key);
	mem_free(n->value);
	mem_free(n);
}

static void put(struct mem_driver *m, struct column *c, struct str key, struct str value)
{
	struct node **at[LEVELS];
	struct node *n = lower_bound(c, key, at);
	unsigned height;

	if (n && str_eq(node_key(n), key)) {
		set_value(n, value);
		return;
	}
	height = random_height(m);
	n = mem_alloc(sizeof(*n) + height * sizeof(n->next[0]));
	n->key = key.n ? mem_dup(key.p, key.n) : NULL;
	n->key_n = key.n;
	set_value(n, value);
	for (unsigned i = 0; i < height; i++) {
		n->next[i] = *at[i];
		*at[i] = n;
	}
}

static void del(struct column *c, struct str key)
{
	struct node **at[LEVELS];
	struct node *n = lower_bound(c, key, at);

	if (!n || !str_eq(node_key(n), key))
		return;
	for (unsigned i = 0; i < LEVELS && *at[i] == n; i++)
		*at[i] = n->next[i];
	node_free(n);
}

static struct driver *mem_open(const struct store_config *c UNUSED, struct err *e UNUSED)
{
	struct mem_driver *m = NEW(struct mem_driver);

	m->base.ops = &driver_memory;
	m->random = UINT64_C(0x9e3779b97f4a7c15);
	ENSURE(pthread_rwlock_init(&m->lock, NULL) == 0);
	return &m->base;
}

static void mem_close(struct driver *d)
{
	struct mem_driver *m = self(d);

	for (unsigned i = 0; i < CF_COUNT; i++)
		for (struct node *n = m->columns[i].head[0], *next; n; n = next) {
			next = n->next[0];
			node_free(n);
		}
	pthread_rwlock_destroy(&m->lock);
	mem_free(m);
}

static int mem_get(struct driver *d, enum cf cf, struct str key, bool cached, struct buf *out,
		   struct err *e UNUSED)
{
	struct mem_driver *m = self(d);
	const struct node *n;
	int rc = DRIVER_ABSENT;

	if (cached)
		return DRIVER_NOT_CACHED;
	pthread_rwlock_rdlock(&m->lock);
	n = lower_bound(&m->columns[cf], key, NULL);
	if (n && str_eq(node_key(n), key)) {
		buf_add(out, n->value, n->value_n);
		rc = DRIVER_FOUND;
	}
	pthread_rwlock_unlock(&m->lock);
	return rc;
}

static int mem_range(struct driver *d, enum cf cf, struct str from, struct str to,
		     const struct driver_visit *v, struct err *e UNUSED)
{
	struct mem_driver *m = self(d);
	const struct node *n;

	pthread_rwlock_rdlock(&m->lock);
	for (n = lower_bound(&m->columns[cf], from, NULL); n; n = n->next[0]) {
		if (to.n > 0 && str_cmp(node_key(n), to) >= 0)
			break;
		if (!v->row(v->arg, node_key(n), str_mem(n->value, n->value_n)))
			break;
	}
	pthread_rwlock_unlock(&m->lock);
	return 0;
}

static int mem_write(struct driver *d, const struct driver_op *ops, size_t n, struct err *e UNUSED)
{
	struct mem_driver *m = self(d);

	pthread_rwlock_wrlock(&m->lock);
	for (size_t i = 0; i < n; i++)
		if (ops[i].del)
			del(&m->columns[ops[i].cf], ops[i].key);
		else
			put(m, &m->columns[ops[i].cf], ops[i].key, ops[i].value);
	pthread_rwlock_unlock(&m->lock);
	return 0;
}

const struct driver_ops driver_memory = {
	.name = "memory",
	.on_disk = false,
	.open = mem_open,
	.close = mem_close,
	.get = mem_get,
	.range = mem_range,
	.write = mem_write,
};
