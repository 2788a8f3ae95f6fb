/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "codec/uri.h"

#include <arpa/inet.h>

size_t ip_parse(struct str s, unsigned char out[16])
{
	char text[INET6_ADDRSTRLEN];

	if (s.n == 0 || s.n >= sizeof(text) || str_has(s, '\0'))
		return 0;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	if (inet_pton(AF_INET, text, out) == 1)
		return 4;
	return inet_pton(AF_INET6, text, out) == 1 ? 16 : 0;
}

/* The longest run of two or more zero groups, the first of equals; len 0: none. */
static size_t longest_zeros(const unsigned g[8], size_t *len)
{
	size_t at = 8;

	*len = 0;
	for (size_t i = 0; i < 8; i++) {
		size_t n = 0;

		while (i + n < 8 && g[i + n] == 0)
			n++;
		if (n >= 2 && n > *len) {
			at = i;
			*len = n;
		}
	}
	return at;
}

/* RFC 5952 by hand: the C library writes ::1:2 as ::0.1.0.2, which nobody compares equal. */
const char *ip_format(const unsigned char *p, size_t n, char out[46])
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
	unsigned g[8];
	size_t run, at, used = 0;

	ENSURE(n == 4 || n == 16);
	if (n == 4) {
		snprintf(out, 46, "%u.%u.%u.%u", p[0], p[1], p[2], p[3]);
		return out;
	}
	if (memcmp(p, mapped, sizeof(mapped)) == 0) {
		snprintf(out, 46, "::ffff:%u.%u.%u.%u", p[12], p[13], p[14], p[15]);
		return out;
	}
	for (size_t i = 0; i < 8; i++)
		g[i] = (unsigned)p[2 * i] << 8 | p[2 * i + 1];
	at = longest_zeros(g, &run);
	for (size_t i = 0; i < 8; i++) {
		if (i == at) {
			used += (size_t)snprintf(out + used, 46 - used, "::");
			i += run - 1;
			continue;
		}
		used += (size_t)snprintf(out + used, 46 - used, "%s%x",
					 i == 0 || i == at + run ? "" : ":", g[i]);
	}
	return out;
}
