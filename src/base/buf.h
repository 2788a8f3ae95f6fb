/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_BASE_BUF_H
#define SIGNET_BASE_BUF_H

#include "base/str.h"

/*
 * A growing byte builder. With a limit, an append that would pass it sets `failed` (sticky), and
 * nothing more is appended: check once, at the end. `p` is always NUL-terminated when not NULL.
 */
struct buf {
	char *p;
	size_t n, cap;
	size_t limit; /* 0: none */
	bool failed;
};

#define BUF_INIT                                                                                   \
	{                                                                                          \
		0                                                                                  \
	}

void buf_add(struct buf *b, const void *p, size_t n);
void buf_str(struct buf *b, struct str s);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
void buf_u8(struct buf *b, uint8_t v);
void buf_u16(struct buf *b, uint16_t v); /* big-endian, as keys in the store */
void buf_u32(struct buf *b, uint32_t v);
void buf_u64(struct buf *b, uint64_t v);
char *
buf_reserve(struct buf *b,
	    /* room for n bytes that the caller fills and then counts in b->n; NULL when failed */
	    size_t n);
struct str buf_view(const struct buf *b);
char *buf_steal(struct buf *b);	      /* caller frees with mem_free(); b is empty again */
void buf_reset(struct buf *b);	      /* keeps the memory and the limit */
void buf_release(struct buf *b);      /* frees; reusable */
void buf_wipe_release(struct buf *b); /* wipes first */

#endif
