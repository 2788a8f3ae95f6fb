/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_BASE_MEM_H
#define SIGNET_BASE_MEM_H

#include "base/compat.h"

/*
 * Allocation that cannot fail: out of memory aborts with a message (sizes that come from the
 * network are bounded before). Zeroed. Freed with mem_free() (NULL is fine). Any thread.
 */
void *mem_alloc(size_t n) NODISCARD;
void *mem_calloc(size_t count, size_t size) NODISCARD; /* overflow aborts */
void *mem_realloc(void *p, size_t n) NODISCARD;	       /* new part not zeroed */
void *mem_dup(const void *p, size_t n) NODISCARD;
char *mem_strdup(const char *s) NODISCARD;
char *mem_strndup(const char *s, size_t n) NODISCARD; /* always NUL-terminated */
char *mem_asprintf(const char *fmt, ...) NODISCARD PRINTF(1, 2);
void mem_free(void *p);

/* Overwrites n bytes in a way that the compiler keeps. */
void mem_wipe(void *p, size_t n);
/* Constant-time compare; true when equal. */
bool mem_ct_equal(const void *a, const void *b, size_t n);

#define NEW(type) ((type *)mem_alloc(sizeof(type)))

#endif
