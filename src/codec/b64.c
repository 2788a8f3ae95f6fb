/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/mem.h"
#include "codec/b64.h"

static const char alphabet[2][65] = {
	[B64_STD] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
	[B64_URL] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
};

void b64_encode(enum b64_kind kind, struct str in, struct buf *out)
{
	const unsigned char *s = (const unsigned char *)in.p;
	const char *abc = alphabet[kind];
	size_t i;

	for (i = 0; i + 3 <= in.n; i += 3) {
		uint32_t v = (uint32_t)s[i] << 16 | (uint32_t)s[i + 1] << 8 | s[i + 2];
		char q[4] = {abc[v >> 18], abc[v >> 12 & 63], abc[v >> 6 & 63], abc[v & 63]};

		buf_add(out, q, sizeof(q));
	}
	if (in.n - i == 1) {
		buf_putc(out, abc[s[i] >> 2]);
		buf_putc(out, abc[(s[i] & 3) << 4]);
		if (kind == B64_STD)
			buf_puts(out, "==");
	} else if (in.n - i == 2) {
		uint32_t v = (uint32_t)s[i] << 8 | s[i + 1];

		buf_putc(out, abc[v >> 10]);
		buf_putc(out, abc[v >> 4 & 63]);
		buf_putc(out, abc[(v & 15) << 2]);
		if (kind == B64_STD)
			buf_putc(out, '=');
	}
}

static int digit64(enum b64_kind kind, unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == (kind == B64_STD ? '+' : '-'))
		return 62;
	if (c == (kind == B64_STD ? '/' : '_'))
		return 63;
	return -1;
}

/* Checks length and padding; cuts the padding off. */
static int strip_padding(enum b64_kind kind, struct str *in, struct err *e)
{
	if (kind == B64_URL) {
		if (in->n % 4 == 1)
			return ERR(e, ERR_INVALID, "base64: %zu characters cannot be right", in->n);
		return 0;
	}
	if (in->n % 4 != 0)
		return ERR(e, ERR_INVALID, "base64: length is not a multiple of 4");
	if (in->n > 0 && in->p[in->n - 1] == '=')
		in->n -= in->p[in->n - 2] == '=' ? 2 : 1;
	return 0;
}

/* Decodes what the caller has room for: in.n * 3 / 4 bytes. */
static int decode64(enum b64_kind kind, struct str in, unsigned char *p, struct err *e)
{
	uint32_t acc = 0;
	unsigned bits = 0;

	for (size_t i = 0; i < in.n; i++) {
		int d = digit64(kind, (unsigned char)in.p[i]);

		if (d < 0)
			return ERR(e, ERR_INVALID, "base64: character at offset %zu not allowed",
				   i);
		acc = (acc << 6 | (uint32_t)d) & 0xffffU;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			*p++ = (unsigned char)(acc >> bits);
		}
	}
	if ((acc & ((1U << bits) - 1)) != 0)
		return ERR(e, ERR_INVALID,
			   "base64: unused bits of the last character are not zero");
	return 0;
}

int b64_decode(enum b64_kind kind, struct str in, struct buf *out, struct err *e)
{
	size_t len;
	unsigned char *p;

	if (strip_padding(kind, &in, e) != 0)
		return -1;
	if (in.n == 0)
		return 0;
	len = in.n / 4 * 3 + in.n % 4 * 3 / 4;
	p = (unsigned char *)buf_reserve(out, len);
	if (p == NULL)
		return ERR(e, ERR_TOO_LARGE, "base64: more than %zu bytes", out->limit);
	if (decode64(kind, in, p, e) != 0) {
		mem_wipe(p, len);
		return -1;
	}
	out->n += len;
	out->p[out->n] = '\0';
	return 0;
}

void hex_encode(struct str in, struct buf *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < in.n; i++) {
		unsigned char c = (unsigned char)in.p[i];

		buf_putc(out, digits[c >> 4]);
		buf_putc(out, digits[c & 15]);
	}
}

static int digit16(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int hex_decode(struct str in, struct buf *out, struct err *e)
{
	unsigned char *p;

	if (in.n % 2 != 0)
		return ERR(e, ERR_INVALID, "hex: odd number of digits");
	if (in.n == 0)
		return 0;
	p = (unsigned char *)buf_reserve(out, in.n / 2);
	if (p == NULL)
		return ERR(e, ERR_TOO_LARGE, "hex: more than %zu bytes", out->limit);
	for (size_t i = 0; i < in.n; i += 2) {
		int hi = digit16(in.p[i]), lo = digit16(in.p[i + 1]);

		if (hi < 0 || lo < 0) {
			mem_wipe(p, in.n / 2);
			return ERR(e, ERR_INVALID, "hex: not a digit at offset %zu",
				   hi < 0 ? i : i + 1);
		}
		p[i / 2] = (unsigned char)(hi << 4 | lo);
	}
	out->n += in.n / 2;
	out->p[out->n] = '\0';
	return 0;
}
