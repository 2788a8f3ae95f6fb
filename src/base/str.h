/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_BASE_STR_H
#define SIGNET_BASE_STR_H

#include "base/compat.h"

/* A borrowed view of bytes. Not NUL-terminated unless said so. p may be NULL only when n is 0. */
struct str {
	const char *p;
	size_t n;
};

#define STR(lit)   ((struct str){(lit), sizeof(lit) - 1})
#define STR_NULL   ((struct str){NULL, 0})
#define STR_FMT	   "%.*s"
#define STR_ARG(s) (int)(s).n, (s).p ? (s).p : ""

static inline struct str str_c(const char *s)
{
	return s ? (struct str){s, strlen(s)} : STR_NULL;
}
static inline struct str str_mem(const void *p, size_t n)
{
	return (struct str){(const char *)p, n};
}

bool str_eq(struct str a, struct str b);
bool str_eqc(struct str a, const char *b);
bool str_ieq(struct str a, struct str b); /* ASCII case folded */
bool str_ieqc(struct str a, const char *b);
int str_cmp(struct str a, struct str b); /* bytes, then length */
bool str_starts(struct str s, const char *prefix);
bool str_ends(struct str s, const char *suffix);
bool str_has(struct str s, char c);
struct str str_trim(struct str s); /* SP and HTAB at both ends */
/*
 * Cuts s at the first c: returns what is before, *rest is what is after (empty, p NULL, when c is
 * absent).
 */
struct str str_cut(struct str s, char c, struct str *rest);
/* Decimal digits only, no sign, no space; false on empty, junk or overflow. */
bool str_u64(struct str s, uint64_t *out);
char ascii_lower(char c);

#endif
