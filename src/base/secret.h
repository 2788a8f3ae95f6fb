/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_BASE_SECRET_H
#define SIGNET_BASE_SECRET_H

#include "base/err.h"
#include "base/str.h"

/*
 * Key material and passwords. Lives in locked memory where the limit allows (mlock), left out of
 * core dumps (MADV_DONTDUMP), wiped when released. There is deliberately no printing and no
 * conversion to a string other than secret_view(), which is borrowed.
 */
struct secret {
	unsigned char *p;
	size_t n;
	size_t cap;
};

#define SECRET_INIT                                                                                \
	{                                                                                          \
		0                                                                                  \
	}

void secret_set(struct secret *s, const void *p, size_t n); /* copies; wipes what was there */
void secret_append(struct secret *s, const void *p, size_t n);
void secret_resize(struct secret *s, size_t n); /* new bytes are zero */
struct str secret_view(const struct secret *s);
void secret_release(struct secret *s); /* wipes; s may be reused */

/*
 * Reads a password file: first line without its end of line, at most 4,096 bytes. Empty is an
 * error.
 */
int secret_read_password(struct secret *s, const char *path, struct err *e) NODISCARD;

#endif
