/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/b64.h"
#include "codec/priv.h"

/* Well-formedness is that of the Unicode standard, table 3-7. */

size_t utf8_sequence(const unsigned char *s, size_t n)
{
	unsigned char lo = 0x80, hi = 0xbf;
	size_t len;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		len = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		len = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		len = 4;
	else
		return 0;
	if (s[0] == 0xe0)
		lo = 0xa0;
	else if (s[0] == 0xed)
		hi = 0x9f;
	else if (s[0] == 0xf0)
		lo = 0x90;
	else if (s[0] == 0xf4)
		hi = 0x8f;
	if (n < len || s[1] < lo || s[1] > hi)
		return 0;
	for (size_t i = 2; i < len; i++)
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	return len;
}

bool utf8_valid(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;

	for (size_t i = 0; i < s.n;) {
		size_t len = utf8_sequence(p + i, s.n - i);

		if (len == 0)
			return false;
		i += len;
	}
	return true;
}

void utf8_repair(struct str s, struct buf *out)
{
	const unsigned char *p = (const unsigned char *)s.p;

	for (size_t i = 0; i < s.n;) {
		size_t len = utf8_sequence(p + i, s.n - i);

		if (len == 0)
			buf_puts(out, "\xef\xbf\xbd");
		else
			buf_add(out, p + i, len);
		i += len == 0 ? 1 : len;
	}
}
