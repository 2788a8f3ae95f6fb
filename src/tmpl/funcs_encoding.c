/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/b64.h"
#include "tmpl/asn1.h"
#include "tmpl/funcs_text.h"

/* Base64 and base32. What cannot be decoded gives the text of the error as the result, as sprig. */
static TMPL_CALL(fn_b64enc)
{
	struct buf b = text_buf(c);

	(void)n;
	if (text_work(c, 2 * (uint64_t)args[0].s.n) != 0)
		return -1;
	b64_encode(B64_STD, args[0].s, &b);
	return tmpl_return_buf(c, &b, out);
}

static int corrupt(struct tmpl_call *c, const char *base, size_t at, struct buf *b, struct tv *out)
{
	buf_reset(b);
	buf_printf(b, "illegal %s data at input byte %zu", base, at);
	return tmpl_return_buf(c, b, out);
}

static TMPL_CALL(fn_b64dec)
{
	struct buf b = text_buf(c);
	size_t bad;

	(void)n;
	if (text_work(c, 2 * (uint64_t)args[0].s.n) != 0)
		return -1;
	if (b64_go_decode(args[0].s, &b, &bad) != 0)
		return corrupt(c, "base64", bad, &b, out);
	return tmpl_return_buf(c, &b, out);
}

static const char base32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

static TMPL_CALL(fn_b32enc)
{
	struct buf b = text_buf(c);
	struct str s = args[0].s;

	(void)n;
	if (text_work(c, 4 * (uint64_t)s.n) != 0)
		return -1;
	for (size_t i = 0; i < s.n && !b.failed; i += 5) {
		size_t have = s.n - i < 5 ? s.n - i : 5;
		uint64_t bits = 0;

		for (size_t k = 0; k < 5; k++)
			bits = bits << 8 | (k < have ? (unsigned char)s.p[i + k] : 0);
		for (size_t k = 0; k < 8; k++)
			buf_putc(&b, k * 5 < have * 8 ? base32[bits >> (35 - 5 * k) & 31] : '=');
	}
	return tmpl_return_buf(c, &b, out);
}

static int digit32(char ch)
{
	if (ch >= 'A' && ch <= 'Z')
		return ch - 'A';
	return ch >= '2' && ch <= '7' ? ch - '2' + 26 : -1;
}

/*
 * At the first '=' of s, behind `digits` digits of its group, of which `after` bytes follow. 0 when
 * the padding is right; else *bad is Go's offset.
 */
static int check_padding(struct str s, size_t at, size_t digits, size_t *bad)
{
	size_t after = s.n - at - 1;

	*bad = s.n;
	if (after + digits < 7)
		return -1;
	for (size_t k = 0; k < 7 - digits && k < after; k++)
		if (s.p[at + 1 + k] != '=') {
			*bad = at + k;
			return -1;
		}
	*bad = at;
	return digits == 3 || digits == 6 ? -1 : 0;
}

/* s has no line breaks. -1: *bad is Go's offset. */
static int decode32(struct str s, struct buf *out, size_t *bad)
{
	uint64_t bits = 0;
	size_t digits = 0;

	for (size_t i = 0; i < s.n; i++) {
		int d = digit32(s.p[i]);

		if (s.p[i] == '=' && digits >= 2 && s.n - i - 1 < 8) {
			if (check_padding(s, i, digits, bad) != 0)
				return -1;
			bits <<= 5 * (8 - digits);
			for (size_t k = 0; k < digits * 5 / 8; k++)
				buf_putc(out, (char)(bits >> (32 - 8 * k)));
			return 0;
		}
		if (d < 0) {
			*bad = i;
			return -1;
		}
		bits = bits << 5 | (uint64_t)d;
		if (++digits < 8)
			continue;
		for (size_t k = 0; k < 5; k++)
			buf_putc(out, (char)(bits >> (32 - 8 * k)));
		bits = 0;
		digits = 0;
	}
	*bad = s.n - digits;
	return digits == 0 ? 0 : -1;
}

static TMPL_CALL(fn_b32dec)
{
	struct buf b = text_buf(c), plain = text_buf(c);
	struct str s = args[0].s;
	size_t bad;
	int rc;

	(void)n;
	if (text_work(c, 4 * (uint64_t)s.n) != 0 || tmpl_room(c, s.n) != 0)
		return -1;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '\n' && s.p[i] != '\r')
			buf_putc(&plain, s.p[i]);
	rc = decode32(buf_view(&plain), &b, &bad);
	buf_release(&plain);
	if (rc != 0)
		return corrupt(c, "base32", bad, &b, out);
	return tmpl_return_buf(c, &b, out);
}

const struct tmpl_func tmpl_funcs_encoding[] = {{"b64enc", "s", 's', TMPL_FUNC_SPRIG, fn_b64enc},
						{"b64dec", "s", 's', TMPL_FUNC_SPRIG, fn_b64dec},
						{"b32enc", "s", 's', TMPL_FUNC_SPRIG, fn_b32enc},
						{"b32dec", "s", 's', TMPL_FUNC_SPRIG, fn_b32dec},
						{.name = NULL}};
