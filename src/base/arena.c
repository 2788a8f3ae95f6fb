/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/arena.h"
#include "base/bug.h"
#include "base/mem.h"

#include <stdalign.h>

/*
 * An arena is a list of blocks. The newest block is bumped; when it is full, another one is made,
 * twice as large up to BLOCK_MAX; what is larger than a quarter of a block gets a block of its own
 * behind the newest one, so that the newest one's rest is not lost. Memory comes zeroed from
 * mem_alloc and is never reused before the arena is freed, therefore needs no clearing here.
 *
 * Clean-ups are kept apart from the blocks. They run before any block is freed, last in first out,
 * and may still allocate or register further clean-ups.
 */
#define BLOCK_MIN 2048
#define BLOCK_MAX 65536
#define ALIGN	  alignof(max_align_t)

struct block {
	struct block *next;
	size_t size, used;
	alignas(max_align_t) char data[];
};

struct cleanup {
	struct cleanup *next;
	void (*fn)(void *);
	void *arg;
};

struct arena {
	struct block *blocks;
	struct cleanup *cleanups;
	size_t used;
	size_t next_size;
};

struct arena *arena_new(void)
{
	struct arena *a = NEW(struct arena);

	a->next_size = BLOCK_MIN;
	return a;
}

void arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	while (a->cleanups != NULL) {
		struct cleanup *c = a->cleanups;
		a->cleanups = c->next;
		c->fn(c->arg);
		mem_free(c);
	}
	while (a->blocks != NULL) {
		struct block *b = a->blocks;
		a->blocks = b->next;
		mem_free(b);
	}
	mem_free(a);
}

static struct block *block_new(size_t size)
{
	struct block *b = mem_alloc(sizeof(*b) + size);

	b->size = size;
	return b;
}

#ifdef ARENA_MALLOC
void *arena_alloc(struct arena *a, size_t n)
{
	ENSURE(n < SIZE_MAX / 2);
	struct block *b = block_new(n); /* exactly n: one byte further is seen */

	b->used = n;
	b->next = a->blocks;
	a->blocks = b;
	a->used += n;
	return b->data;
}
#else
void *arena_alloc(struct arena *a, size_t n)
{
	struct block *b = a->blocks;

	ENSURE(n < SIZE_MAX / 2);
	size_t want = (n + ALIGN - 1) / ALIGN * ALIGN;
	if (want == 0)
		want = ALIGN;
	a->used += n;
	if (b != NULL && b->size - b->used >= want) {
		void *p = b->data + b->used;
		b->used += want;
		return p;
	}
	if (b != NULL && want > a->next_size / 4) {
		struct block *own = block_new(want);
		own->used = want;
		own->next = b->next;
		b->next = own;
		return own->data;
	}
	b = block_new(want > a->next_size ? want : a->next_size);
	if (a->next_size < BLOCK_MAX)
		a->next_size *= 2;
	b->used = want;
	b->next = a->blocks;
	a->blocks = b;
	return b->data;
}
#endif

void *arena_dup(struct arena *a, const void *p, size_t n)
{
	void *q = arena_alloc(a, n);

	if (n > 0)
		memcpy(q, p, n);
	return q;
}

char *arena_cstr(struct arena *a, struct str s)
{
	char *q = arena_alloc(a, s.n + 1);

	if (s.n > 0)
		memcpy(q, s.p, s.n);
	return q;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_cstr(a, str_c(s));
}

struct str arena_str(struct arena *a, struct str s)
{
	return (struct str){arena_cstr(a, s), s.n};
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	char *p = NULL;

	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	ENSURE(n >= 0);
	p = arena_alloc(a, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return p;
}

void arena_on_free(struct arena *a, void (*fn)(void *), void *arg)
{
	struct cleanup *c = NEW(struct cleanup);

	c->fn = fn;
	c->arg = arg;
	c->next = a->cleanups;
	a->cleanups = c;
}

size_t arena_used(const struct arena *a)
{
	return a->used;
}
