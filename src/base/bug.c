/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"

void bug(const char *file, int line, const char *func, const char *what)
{
	char text[512];
	int n = snprintf(text, sizeof(text), "BUG %s:%d %s: %s\n", file, line, func, what);

	if (n > 0) {
		size_t len = (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1;
		ssize_t written = write(2, text, len);
		(void)written;
	}
	abort();
}
