/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/buf.h"
#include "base/bug.h"
#include "base/mem.h"

/*
 * A buffer grows by allocating, copying and wiping the old memory rather than by realloc: a builder
 * may hold a password or a private key, and buf_wipe_release() could not reach copies that
 * realloc left behind.
 */

/* Makes room for n more bytes and the NUL. False (and failed) when the limit forbids it. */
static bool make_room(struct buf *b, size_t n)
{
	size_t need;

	if (b->failed)
		return false;
	if (b->limit > 0 && (n > b->limit || b->n > b->limit - n)) {
		b->failed = true;
		return false;
	}
	ENSURE(!__builtin_add_overflow(b->n, n, &need) && need < SIZE_MAX / 2);
	if (need < b->cap)
		return true;

	size_t cap = b->cap < 64 ? 64 : b->cap;
	while (cap <= need)
		cap *= 2;
	char *p = mem_alloc(cap);
	if (b->p != NULL) {
		memcpy(p, b->p, b->n);
		mem_wipe(b->p, b->cap);
		mem_free(b->p);
	}
	b->p = p;
	b->cap = cap;
	return true;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
	const char *from = p;
	bool inside = b->p != NULL && (uintptr_t)from >= (uintptr_t)b->p &&
		      (uintptr_t)from < (uintptr_t)(b->p + b->cap);
	size_t at = inside ? (size_t)(from - b->p) : 0;

	if (!make_room(b, n))
		return;
	if (n > 0)
		memmove(b->p + b->n, inside ? b->p + at : from, n);
	b->n += n;
	b->p[b->n] = '\0';
}

void buf_str(struct buf *b, struct str s)
{
	buf_add(b, s.p, s.n);
}

void buf_puts(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_putc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		b->failed = true;
	else if (make_room(b, (size_t)n)) {
		vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
		b->n += (size_t)n;
	}
	va_end(again);
}

static void add_be(struct buf *b, uint64_t v, size_t bytes)
{
	unsigned char be[8];

	for (size_t i = 0; i < bytes; i++)
		be[i] = (unsigned char)(v >> (8 * (bytes - 1 - i)));
	buf_add(b, be, bytes);
}

void buf_u8(struct buf *b, uint8_t v)
{
	add_be(b, v, 1);
}

void buf_u16(struct buf *b, uint16_t v)
{
	add_be(b, v, 2);
}

void buf_u32(struct buf *b, uint32_t v)
{
	add_be(b, v, 4);
}

void buf_u64(struct buf *b, uint64_t v)
{
	add_be(b, v, 8);
}

char *buf_reserve(struct buf *b, size_t n)
{
	if (!make_room(b, n))
		return NULL;
	memset(b->p + b->n, 0, n + 1); /* stays terminated however many bytes the caller counts */
	return b->p + b->n;
}

struct str buf_view(const struct buf *b)
{
	return (struct str){b->p, b->n};
}

char *buf_steal(struct buf *b)
{
	char *p = b->p != NULL ? b->p : mem_alloc(1);

	b->p = NULL;
	b->n = b->cap = 0;
	b->failed = false;
	return p;
}

void buf_reset(struct buf *b)
{
	b->n = 0;
	b->failed = false;
	if (b->p != NULL)
		b->p[0] = '\0';
}

void buf_release(struct buf *b)
{
	mem_free(b->p);
	b->p = NULL;
	b->n = b->cap = 0;
	b->failed = false;
}

void buf_wipe_release(struct buf *b)
{
	if (b->p != NULL)
		mem_wipe(b->p, b->cap);
	buf_release(b);
}
