/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_BASE_ARENA_H
#define SIGNET_BASE_ARENA_H

#include "base/str.h"

/*
 * Bump allocation for one request or flow. Everything is zeroed and freed at once by
 * arena_free(); what holds a handle registers a clean-up, run last in first out. With
 * -DARENA_MALLOC (sanitizer builds) every allocation is a malloc of its own, so that
 * use-after-free and overflow are seen. One thread at a time.
 */
struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a); /* runs the clean-ups, then frees; NULL is fine */

void *arena_alloc(struct arena *a, size_t n) NODISCARD; /* aligned for any type, zeroed */
void *arena_dup(struct arena *a, const void *p, size_t n) NODISCARD;
char *arena_strdup(struct arena *a, const char *s) NODISCARD;
struct str arena_str(struct arena *a,
		     struct str s) NODISCARD;		   /* copy; p is NUL-terminated as well */
char *arena_cstr(struct arena *a, struct str s) NODISCARD; /* NUL-terminated copy */
char *arena_printf(struct arena *a, const char *fmt, ...) NODISCARD PRINTF(2, 3);
void arena_on_free(struct arena *a, void (*fn)(void *), void *arg);
size_t arena_used(const struct arena *a); /* bytes handed out */

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n)                                                                    \
	((type *)arena_alloc((a), sizeof(type) * (n))) /* n bounded by the caller */

#endif
