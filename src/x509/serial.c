/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/mem.h"
#include "x509/priv.h"

#define SERIAL_MAX 20U

void serial_to_decimal(struct str magnitude, struct buf *out)
{
	unsigned char *n = mem_dup(magnitude.p, magnitude.n);
	size_t digits = 0, cap = magnitude.n * 3 + 1; /* 256 < 1000 */
	char *text = mem_alloc(cap);
	size_t first = 0;

	/* Long division by ten, the lowest digit first. */
	do {
		unsigned rest = 0;

		for (size_t i = first; i < magnitude.n; i++) {
			rest = rest << 8 | n[i];
			n[i] = (unsigned char)(rest / 10);
			rest %= 10;
		}
		while (first < magnitude.n && n[first] == 0)
			first++;
		text[cap - ++digits] = (char)('0' + rest);
	} while (first < magnitude.n);
	buf_add(out, text + cap - digits, digits);
	mem_free(text);
	mem_free(n);
}

static int digit_of(char c, unsigned base)
{
	int d = -1;

	c = ascii_lower(c);
	if (c >= '0' && c <= '9')
		d = c - '0';
	else if (c >= 'a' && c <= 'f')
		d = c - 'a' + 10;
	return d < (int)base ? d : -1;
}

/* n = n * base + d over SERIAL_MAX octets; false when it does not fit. */
static bool push_digit(unsigned char n[SERIAL_MAX], unsigned base, unsigned d)
{
	unsigned carry = d;

	for (size_t i = SERIAL_MAX; i-- > 0;) {
		carry += n[i] * base;
		n[i] = (unsigned char)(carry & 0xff);
		carry >>= 8;
	}
	return carry == 0;
}

int serial_parse(struct str text, struct arena *a, struct str *magnitude, struct err *e)
{
	unsigned char n[SERIAL_MAX] = {0};
	unsigned base = 10;
	struct str digits = text;
	size_t first = 0;

	if (str_starts(text, "0x")) {
		base = 16;
		digits.p += 2;
		digits.n -= 2;
	} else if (text.n > 1 && text.p[0] == '0') {
		return ERR(e, ERR_INVALID, "serial: a decimal number does not begin with 0");
	}
	if (digits.n == 0)
		return ERR(e, ERR_INVALID,
			   "serial: empty; give a decimal number or 0x and hexadecimal digits");
	for (size_t i = 0; i < digits.n; i++) {
		int d = digit_of(digits.p[i], base);

		if (d < 0)
			return ERR(e, ERR_INVALID,
				   "serial: not a decimal number nor 0x and hexadecimal digits");
		if (!push_digit(n, base, (unsigned)d))
			return ERR(e, ERR_INVALID, "serial: longer than 20 octets");
	}
	while (first < SERIAL_MAX && n[first] == 0)
		first++;
	if (first == SERIAL_MAX)
		return ERR(e, ERR_INVALID, "serial: zero");
	*magnitude = str_mem(arena_dup(a, n + first, SERIAL_MAX - first), SERIAL_MAX - first);
	return 0;
}
