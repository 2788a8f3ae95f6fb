/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/asn1.h"

/* Base64 with the laxities of Go's decoder, which templates see (codec/b64.h is strict). */
static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static size_t skip_breaks(struct str s, size_t at)
{
	while (at < s.n && (s.p[at] == '\n' || s.p[at] == '\r'))
		at++;
	return at;
}

/* Behind the first '=' of a group of `n` digits: where it went wrong, or in.n when all is well. */
static size_t end_of_padding(struct str in, size_t at, unsigned n)
{
	if (n < 2)
		return at - 1;
	if (n == 2) {
		at = skip_breaks(in, at);
		if (at == in.n)
			return SIZE_MAX; /* the end is what is wrong */
		if (in.p[at] != '=')
			return at - 1;
		at++;
	}
	return skip_breaks(in, at);
}

int b64_go_decode(struct str in, struct buf *out, size_t *bad)
{
	uint32_t bits = 0;
	unsigned n = 0;

	for (size_t at = 0; at < in.n; at++) {
		char c = in.p[at];
		int d = digit(c);
		if (d >= 0) {
			bits = bits << 6 | (uint32_t)d;
			if (++n == 4) {
				char three[3] = {(char)(bits >> 16), (char)(bits >> 8), (char)bits};
				buf_add(out, three, 3);
				bits = 0;
				n = 0;
			}
			continue;
		}
		if (c == '\n' || c == '\r')
			continue;
		*bad = at;
		if (c != '=')
			return -1;
		size_t end = end_of_padding(in, at + 1, n);
		if (end != in.n) {
			*bad = end == SIZE_MAX ? in.n : end;
			return -1;
		}
		char two[2] = {(char)(n == 2 ? bits >> 4 : bits >> 10), (char)(bits >> 2)};
		buf_add(out, two, n - 1);
		return 0;
	}
	*bad = in.n - n;
	return n == 0 ? 0 : -1;
}
