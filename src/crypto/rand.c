/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "crypto/crypto.h"

#include <sys/random.h>

/* The kernel's generator: no state here, so nothing to share between threads or to repeat after a
 * fork. */
void rand_bytes(void *p, size_t n)
{
	unsigned char *at = p;

	while (n > 0) {
		ssize_t got = getrandom(at, n < 256 ? n : 256, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			BUG("the system gives no randomness");
		at += got;
		n -= (size_t)got;
	}
}
