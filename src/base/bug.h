/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_BASE_BUG_H
#define SIGNET_BASE_BUG_H

#include "base/compat.h"

/*
 * What cannot be. On in release builds: prints "BUG file:line function: condition" to stderr
 * (fd 2, no allocation) and aborts. Never used for what input, a peer or the disk can cause.
 */
#define ENSURE(cond)                                                                               \
	do {                                                                                       \
		if (__builtin_expect(!(cond), 0))                                                  \
			bug(__FILE__, __LINE__, __func__, #cond);                                  \
	} while (0)
#define BUG(text) bug(__FILE__, __LINE__, __func__, text)

void bug(const char *file, int line, const char *func, const char *what) NORETURN;

/*
 * Magic-number objects: what travels through void * starts with `uint32_t magic` and is checked
 * when it is taken back. OBJ_INIT in the constructor, OBJ_TAKE on the way back, OBJ_DEAD before
 * free.
 */
#define OBJ_INIT(o, m)	((o)->magic = (m))
#define OBJ_CHECK(o, m) ENSURE((o) != NULL && (o)->magic == (m))
#define OBJ_DEAD(o)	((o)->magic = 0xdeadbeefU)

#endif
