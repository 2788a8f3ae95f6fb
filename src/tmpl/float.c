/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/print.h"

#include <float.h>
#include <math.h>

/*
 * float.c - floats as strconv.FormatFloat writes them.
 *
 * The shortest digits that read back: a double keeps 15 digits, so when the value rounded to 15
 * digits reads back, its digits without trailing zeros are the shortest ones; else 16 are tried,
 * then 17. Two things are special: below the normal range fewer digits are significant, and at a
 * power of two the gap below is half the gap above, where the nearest 16 digits may miss and the
 * next ones hit. Given precisions are the C library's: it rounds exactly, halves to even, as Go
 * does. Its decimal point may be the locale's and is therefore never looked at.
 */
#define DIGITS_MAX 1100 /* no double has more significant digits, nor digits behind the point */

static void put_u64(char *p, uint64_t v, int n)
{
	while (n-- > 0) {
		p[n] = (char)('0' + v % 10);
		v /= 10;
	}
}

static int count_digits(uint64_t v)
{
	int n = 1;

	while (v >= 10) {
		v /= 10;
		n++;
	}
	return n;
}

static void trim_zeros(struct float_digits *d)
{
	while (d->n > 0 && d->d[d->n - 1] == '0')
		d->n--;
	if (d->n == 0)
		d->point = 0;
}

/* Integers, and up to three places: exact in 15 digits without asking the C library. */
static bool digits_fast(double v, struct float_digits *d)
{
	static const double pow10[] = {1, 10, 100, 1000};

	for (int k = 0; k <= 3; k += 1 + (k == 0)) {
		double w = v * pow10[k];
		if (!(w < 9e15 && w >= 1))
			continue;
		uint64_t u = (uint64_t)w;
		if ((double)u != w ||
		    (k > 0 && (u >= UINT64_C(1000000000000000) || (double)u / pow10[k] != v)))
			continue;
		d->n = count_digits(u);
		put_u64(d->d, u, d->n);
		d->point = d->n - k;
		trim_zeros(d);
		return true;
	}
	return false;
}

/* n significant digits of v > 0, rounded exactly. */
static void digits_exact(double v, int n, struct float_digits *d)
{
	char text[DIGITS_MAX + 32];
	int len = snprintf(text, sizeof(text), "%.*e", n - 1, v);
	char *e = memchr(text, 'e', (size_t)len);

	d->n = 0;
	for (const char *p = text; p < e && d->n < (int)sizeof(d->d); p++) {
		if (*p >= '0' && *p <= '9')
			d->d[d->n++] = *p;
	}
	d->point = (int)strtol(e + 1, NULL, 10) + 1;
}

static double read_back(const struct float_digits *d)
{
	char text[64];

	snprintf(text, sizeof(text), "%.*se%d", d->n, d->d, d->point - d->n);
	return strtod(text, NULL);
}

/* The 16 digits above those that d holds. */
static void next_up(struct float_digits *d)
{
	for (int i = d->n - 1; i >= 0; i--) {
		if (d->d[i] != '9') {
			d->d[i]++;
			return;
		}
		d->d[i] = '0';
	}
	d->d[0] = '1';
	d->point++;
}

void float_shortest(double v, struct float_digits *d)
{
	int exp;

	if (v == 0) {
		d->n = d->point = 0;
		return;
	}
	if (digits_fast(v, d))
		return;
	for (int n = v < DBL_MIN ? 1 : 15; n <= 17; n++) {
		digits_exact(v, n, d);
		if (read_back(d) == v)
			break;
		if (n == 16 && frexp(v, &exp) == 0.5) {
			next_up(d);
			if (read_back(d) == v)
				break;
		}
	}
	trim_zeros(d);
}

static void put_exponent(int exp, char letter, struct buf *out)
{
	buf_putc(out, letter);
	buf_putc(out, exp < 0 ? '-' : '+');
	if (exp < 0)
		exp = -exp;
	char text[8];
	int n = exp < 100 ? 2 : count_digits((uint64_t)exp);
	put_u64(text, (uint64_t)exp, n);
	buf_add(out, text, (size_t)n);
}

/* d.ddde+dd with `precision` digits behind the point */
static void format_e(const struct float_digits *d, int precision, char letter, struct buf *out)
{
	buf_putc(out, d->n > 0 ? d->d[0] : '0');
	if (precision > 0) {
		int have = d->n - 1 < precision ? d->n - 1 : precision;
		buf_putc(out, '.');
		if (have > 0)
			buf_add(out, d->d + 1, (size_t)have);
		else
			have = 0;
		buf_fill(out, '0', (size_t)(precision - have));
	}
	put_exponent(d->n > 0 ? d->point - 1 : 0, letter, out);
}

static void format_f(const struct float_digits *d, int precision, struct buf *out)
{
	if (d->point > 0) {
		int have = d->n < d->point ? d->n : d->point;
		buf_add(out, d->d, (size_t)have);
		buf_fill(out, '0', (size_t)(d->point - have));
	} else {
		buf_putc(out, '0');
	}
	if (precision <= 0)
		return;
	buf_putc(out, '.');
	int zeros = d->point < 0 ? -d->point : 0;
	if (zeros > precision)
		zeros = precision;
	buf_fill(out, '0', (size_t)zeros);
	int from = d->point > 0 ? d->point : 0;
	int have = d->n - from;
	if (have > precision - zeros)
		have = precision - zeros;
	if (have > 0)
		buf_add(out, d->d + from, (size_t)have);
	else
		have = 0;
	buf_fill(out, '0', (size_t)(precision - zeros - have));
}

static void format_g(double v, int precision, char letter, struct buf *out)
{
	struct float_digits d;
	bool shortest = precision < 0;

	if (shortest) {
		float_shortest(v, &d);
		precision = 6;
	} else {
		if (precision == 0)
			precision = 1;
		d.n = d.point = 0;
		if (v != 0)
			digits_exact(v, precision < FLOAT_DIGITS ? precision : FLOAT_DIGITS, &d);
		trim_zeros(&d);
	}
	int eprec = precision;
	if (!shortest && eprec > d.n && d.n >= d.point)
		eprec = d.n;
	int exp = d.point - 1;
	if (exp < -4 || exp >= eprec) {
		int p = shortest || precision > d.n ? d.n : precision;
		format_e(&d, p - 1, letter, out);
	} else {
		format_f(&d, d.n > d.point ? d.n - d.point : 0, out);
	}
}

/* "%.*f" of the C library, with a point whatever its locale says. */
static void format_fixed(double v, int precision, struct buf *out)
{
	char text[DIGITS_MAX + 400];
	int have = precision < DIGITS_MAX ? precision : DIGITS_MAX;
	int n = snprintf(text, sizeof(text), "%.*f", have, v);

	for (int i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			text[i] = '.';
	}
	buf_add(out, text, (size_t)n);
	buf_fill(out, '0', (size_t)(precision - have));
}

/* Mantissa and exponent so that v is mant * 2^(exp - 52) with bit 52 set, if v is normal. */
static uint64_t split(double v, int *exp)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	uint64_t mant = bits & ((UINT64_C(1) << 52) - 1);
	*exp = (int)(bits >> 52 & 0x7ff);
	if (*exp == 0)
		++*exp;
	else
		mant |= UINT64_C(1) << 52;
	*exp -= 1023;
	return mant;
}

static void format_b(double v, struct buf *out)
{
	int exp;
	uint64_t mant = split(v, &exp);
	char text[24];
	int n = count_digits(mant);

	put_u64(text, mant, n);
	buf_add(out, text, (size_t)n);
	buf_printf(out, "p%+d", exp - 52);
}

static void format_x(double v, int precision, bool upper, struct buf *out)
{
	const char *hex = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	int exp;
	uint64_t mant = split(v, &exp) << 8;

	if (mant == 0)
		exp = 0;
	for (; mant != 0 && (mant & UINT64_C(1) << 60) == 0; exp--)
		mant <<= 1;
	if (precision >= 0 && precision < 15) {
		unsigned shift = (unsigned)precision * 4;
		uint64_t extra = (mant << shift) & ((UINT64_C(1) << 60) - 1);
		mant >>= 60 - shift;
		if ((extra | (mant & 1)) > UINT64_C(1) << 59)
			mant++;
		mant <<= 60 - shift;
		if (mant & UINT64_C(1) << 61) {
			mant >>= 1;
			exp++;
		}
	}
	buf_putc(out, '0');
	buf_putc(out, upper ? 'X' : 'x');
	buf_putc(out, (char)('0' + (mant >> 60 & 1)));
	mant <<= 4;
	if (precision > 0 || (precision < 0 && mant != 0))
		buf_putc(out, '.');
	int i = 0;
	for (; mant != 0 && (precision < 0 || i < precision); i++) {
		buf_putc(out, hex[mant >> 60 & 15]);
		mant <<= 4;
	}
	if (precision > i)
		buf_fill(out, '0', (size_t)(precision - i));
	put_exponent(exp, upper ? 'P' : 'p', out);
}

static void format_exp(double v, int precision, char letter, struct buf *out)
{
	struct float_digits d;

	if (precision < 0) {
		float_shortest(v, &d);
		format_e(&d, d.n > 1 ? d.n - 1 : 0, letter, out);
		return;
	}
	d.n = d.point = 0;
	if (v != 0)
		digits_exact(v, precision < FLOAT_DIGITS ? precision + 1 : FLOAT_DIGITS, &d);
	format_e(&d, precision, letter, out);
}

void tv_float_text(double f, char fmt, int precision, struct buf *out)
{
	if (isnan(f)) {
		buf_puts(out, "NaN");
		return;
	}
	if (isinf(f)) {
		buf_puts(out, f > 0 ? "+Inf" : "-Inf");
		return;
	}
	if (signbit(f)) {
		buf_putc(out, '-');
		f = -f;
	}
	struct float_digits d;
	switch (fmt) {
	case 'e':
	case 'E':
		format_exp(f, precision, fmt, out);
		break;
	case 'f':
		if (precision >= 0) {
			format_fixed(f, precision, out);
			break;
		}
		float_shortest(f, &d);
		format_f(&d, d.n > d.point ? d.n - d.point : 0, out);
		break;
	case 'b':
		format_b(f, out);
		break;
	case 'x':
	case 'X':
		format_x(f, precision, fmt == 'X', out);
		break;
	default:
		format_g(f, precision, fmt == 'G' ? 'E' : 'e', out);
		break;
	}
}
