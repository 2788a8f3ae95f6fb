/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/mem.h"
#include "tmpl/print.h"

#include <math.h>

/*
 * float_read.c - strconv.ParseFloat(s, 64): decimal and hexadecimal (with p) floats, inf, infinity,
 * nan, and '_' between digits where Go's syntax has it. Short decimal numbers are computed exactly
 * here; the rest is the C library's strtod on a text without a decimal point (which would be the
 * locale's).
 */
struct scan {
	struct str s;
	size_t i;
	bool underscores, negative, hex;
	uint64_t mant;	   /* of the digits, as long as they fit */
	bool more;	   /* they did not */
	int64_t places;	   /* digits behind the point */
	int64_t e;	   /* the exponent that is written */
	size_t digits_end; /* where the digits end in s */
	bool any;
};

static bool has_fold(struct str s, const char *word)
{
	return str_ieq(s, str_c(word));
}

static bool special(struct str s, double *out)
{
	double sign = 1;

	if (s.n > 0 && (s.p[0] == '+' || s.p[0] == '-')) {
		sign = s.p[0] == '-' ? -1 : 1;
		s = str_mem(s.p + 1, s.n - 1);
		if (has_fold(s, "nan"))
			return false;
	}
	if (has_fold(s, "nan")) {
		*out = (double)NAN;
		return true;
	}
	if (has_fold(s, "inf") || has_fold(s, "infinity")) {
		*out = sign * (double)INFINITY;
		return true;
	}
	return false;
}

/* Go's rule: '_' only between digits, or between the base prefix and a digit. */
bool go_underscores_ok(struct str s)
{
	char before = '^';
	size_t i = 0;
	bool hex = false;

	if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+'))
		i++;
	if (s.n - i >= 2 && s.p[i] == '0') {
		char c = ascii_lower(s.p[i + 1]);
		if (c == 'b' || c == 'o' || c == 'x') {
			i += 2;
			before = '0';
			hex = c == 'x';
		}
	}
	for (; i < s.n; i++) {
		char c = ascii_lower(s.p[i]);
		if ((c >= '0' && c <= '9') || (hex && c >= 'a' && c <= 'f')) {
			before = '0';
		} else if (c == '_') {
			if (before != '0')
				return false;
			before = '_';
		} else {
			if (before == '_')
				return false;
			before = '!';
		}
	}
	return before != '_';
}

static int digit_of(const struct scan *x, char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = ascii_lower(c);
	return x->hex && c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void take_digit(struct scan *x, int d, bool after_point)
{
	x->any = true;
	x->places += after_point;
	if (x->mant >= UINT64_C(1) << 58)
		x->more = true;
	else
		x->mant = x->mant * (x->hex ? 16 : 10) + (unsigned)d;
}

/* Mantissa and exponent; false when the text is no float. */
static bool scan_float(struct scan *x)
{
	struct str s = x->s;
	bool point = false;

	if (x->i < s.n && (s.p[x->i] == '+' || s.p[x->i] == '-'))
		x->negative = s.p[x->i++] == '-';
	if (s.n - x->i > 2 && s.p[x->i] == '0' && ascii_lower(s.p[x->i + 1]) == 'x') {
		x->hex = true;
		x->i += 2;
	}
	for (; x->i < s.n; x->i++) {
		char c = s.p[x->i];
		if (c == '_') {
			x->underscores = true;
		} else if (c == '.' && !point) {
			point = true;
		} else {
			int d = digit_of(x, c);
			if (d < 0)
				break;
			take_digit(x, d, point);
		}
	}
	x->digits_end = x->i;
	return x->any;
}

static bool scan_exponent(struct scan *x)
{
	struct str s = x->s;
	int64_t e = 0;
	bool negative = false;

	if (x->i >= s.n || ascii_lower(s.p[x->i]) != (x->hex ? 'p' : 'e'))
		return !x->hex && x->i == s.n;
	if (++x->i < s.n && (s.p[x->i] == '+' || s.p[x->i] == '-'))
		negative = s.p[x->i++] == '-';
	if (x->i >= s.n || s.p[x->i] < '0' || s.p[x->i] > '9')
		return false;
	for (; x->i < s.n && ((s.p[x->i] >= '0' && s.p[x->i] <= '9') || s.p[x->i] == '_'); x->i++) {
		if (s.p[x->i] == '_')
			x->underscores = true;
		else if (e < 100000)
			e = e * 10 + (s.p[x->i] - '0');
	}
	x->e = negative ? -e : e;
	return x->i == s.n;
}

/* All digits, no point, and the exponent that makes up for it. */
static double by_library(const struct scan *x)
{
	size_t n = 0, i = (size_t)(x->s.p[0] == '+' || x->s.p[0] == '-');
	char *text = mem_alloc(x->s.n + 32);

	if (x->hex) {
		text[n++] = '0';
		text[n++] = 'x';
		i += 2;
	}
	for (; i < x->digits_end; i++) {
		if (x->s.p[i] != '_' && x->s.p[i] != '.')
			text[n++] = x->s.p[i];
	}
	snprintf(text + n, 32, "%c%lld", x->hex ? 'p' : 'e',
		 (long long)(x->e - x->places * (x->hex ? 4 : 1)));
	double f = strtod(text, NULL);
	mem_free(text);
	return f;
}

bool float_parse(struct str s, double *out, bool *range)
{
	static const double pow10[] = {1e0,  1e1,  1e2,	 1e3,  1e4,  1e5,  1e6,	 1e7,
				       1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
				       1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
	struct scan x = {.s = s};

	*range = false;
	*out = 0;
	if (special(s, out))
		return true;
	if (s.n == 0 || !scan_float(&x) || !scan_exponent(&x) ||
	    (x.underscores && !go_underscores_ok(s)))
		return false;
	int64_t exp = x.e - x.places;
	if (x.mant == 0 && !x.more)
		*out = 0;
	else if (!x.hex && !x.more && x.mant < (UINT64_C(1) << 53) && exp >= -22 && exp <= 22)
		*out = exp < 0 ? (double)x.mant / pow10[-exp] : (double)x.mant * pow10[exp];
	else
		*out = by_library(&x);
	if (isinf(*out))
		*range = true;
	if (x.negative)
		*out = -*out;
	return true;
}
