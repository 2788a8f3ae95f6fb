/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_BASE_MAP_H
#define SIGNET_BASE_MAP_H

#include "base/str.h"

/*
 * Hash map from bytes to a pointer; keys are copied, values borrowed. Hash seeded per process
 * (SipHash-1-3), so that a peer cannot choose collisions. Iteration in insertion order is not
 * promised.
 */
struct map;

struct map *map_new(void);
void map_free(struct map *m, void (*free_value)(void *)); /* free_value may be NULL */
void *map_get(const struct map *m, struct str key);	  /* NULL when absent */
void *map_put(struct map *m, struct str key,
	      void *value); /* returns the value that it replaces, or NULL; value not NULL */
void *map_del(struct map *m, struct str key); /* returns the value, or NULL */
size_t map_count(const struct map *m);
/* Calls fn for each until it returns false. The map may not be changed meanwhile. */
void map_each(const struct map *m, bool (*fn)(struct str key, void *value, void *arg), void *arg);

#endif
