/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "tmpl/funcs_value.h"
#include "tmpl/print.h"

#include <math.h>

/*
 * funcs_decimal.c - addf, subf, mulf, divf: exact decimal arithmetic on the shortest decimal text
 * of each float; only the end is rounded to a float again.
 *
 * The accumulator is a number of decimal digits, the lowest first, times a power of ten; what is
 * added or multiplied to it always comes from a float and has at most 17 digits. Sums and products
 * are exact, a quotient is rounded to 16 places, halves away from zero. The digits are bounded: a
 * float has 17, the widest sum of two 650; only long chains of products pass DIGITS.
 */
#define DIGITS 4096
#define PLACES 16

struct operand {
	bool negative;
	uint64_t coef; /* below 10^17 */
	int exp;
};
struct number {
	bool negative;
	int exp, n; /* digits; the highest is not 0; n 0: zero */
	unsigned char d[DIGITS];
};

static int too_long(struct tmpl_call *c)
{
	c->limited = true;
	return tmpl_error(c, "the numbers have more digits than can be computed with");
}

static int to_operand(struct tmpl_call *c, struct tv v, struct operand *o)
{
	double f = cast_float64(v);
	struct float_digits d;

	if (!isfinite(f))
		return tmpl_error(c, "Cannot create a Decimal from %s",
				  isnan(f) ? "NaN"
				  : f > 0  ? "+Inf"
					   : "-Inf");
	*o = (struct operand){.negative = f < 0};
	float_shortest(fabs(f), &d);
	for (int i = 0; i < d.n; i++)
		o->coef = o->coef * 10 + (unsigned)(d.d[i] - '0');
	o->exp = d.point - d.n;
	return 0;
}

static void trim(struct number *a)
{
	while (a->n > 0 && a->d[a->n - 1] == 0)
		a->n--;
	if (a->n == 0)
		a->negative = false;
}

static void set(struct number *a, const struct operand *o)
{
	a->negative = o->negative;
	a->exp = o->exp;
	a->n = 0;
	for (uint64_t u = o->coef; u != 0; u /= 10)
		a->d[a->n++] = (unsigned char)(u % 10);
}

/* Lets a's last digit stand at 10^exp, which is not above it. */
static int lower(struct tmpl_call *c, struct number *a, int exp)
{
	int by = a->exp - exp;

	ENSURE(by >= 0);
	if (a->n > 0) {
		if (by > DIGITS - 2 - a->n)
			return too_long(c);
		memmove(a->d + by, a->d, (size_t)a->n);
		memset(a->d, 0, (size_t)by);
		a->n += by;
	}
	a->exp = exp;
	return 0;
}

static void add_digits(struct number *a, const struct number *b)
{
	int n = a->n > b->n ? a->n : b->n;
	unsigned carry = 0;

	for (int i = 0; i < n || carry != 0; i++) {
		unsigned sum = carry + (i < a->n ? a->d[i] : 0u) + (i < b->n ? b->d[i] : 0u);
		a->d[i] = (unsigned char)(sum % 10);
		carry = sum / 10;
		if (i >= a->n)
			a->n = i + 1;
	}
}

/* to = a - b, where a >= b in magnitude; `to` may be either. */
static void sub_digits(struct number *to, const struct number *a, const struct number *b)
{
	int borrow = 0, n = a->n;

	for (int i = 0; i < n; i++) {
		int diff = a->d[i] - (i < b->n ? b->d[i] : 0) - borrow;
		borrow = diff < 0;
		to->d[i] = (unsigned char)(diff + 10 * borrow);
	}
	to->n = n;
}

static int compare(const struct number *a, const struct number *b)
{
	if (a->n != b->n)
		return a->n < b->n ? -1 : 1;
	for (int i = a->n - 1; i >= 0; i--) {
		if (a->d[i] != b->d[i])
			return a->d[i] < b->d[i] ? -1 : 1;
	}
	return 0;
}

static int add(struct tmpl_call *c, struct number *a, const struct operand *o)
{
	struct number b;

	set(&b, o);
	if (b.n == 0)
		b.exp = a->exp;
	if (a->n == 0)
		a->exp = b.exp;
	if ((a->exp > b.exp && lower(c, a, b.exp) < 0) ||
	    (b.exp > a->exp && lower(c, &b, a->exp) < 0))
		return -1;
	if (a->n >= DIGITS - 1 || b.n >= DIGITS - 1)
		return too_long(c);
	if (a->negative == b.negative) {
		add_digits(a, &b);
	} else if (compare(a, &b) >= 0) {
		sub_digits(a, a, &b);
	} else {
		sub_digits(a, &b, a);
		a->negative = b.negative;
	}
	trim(a);
	return 0;
}

static int subtract(struct tmpl_call *c, struct number *a, const struct operand *o)
{
	struct operand minus = *o;

	minus.negative = !o->negative;
	return add(c, a, &minus);
}

static int multiply(struct tmpl_call *c, struct number *a, const struct operand *o)
{
	uint64_t carry = 0;

	if (a->n > DIGITS - 20 || a->exp < -1000000 || a->exp > 1000000)
		return too_long(c);
	for (int i = 0; i < a->n || carry != 0; i++) {
		carry += (i < a->n ? a->d[i] : 0u) * o->coef;
		a->d[i] = (unsigned char)(carry % 10);
		carry /= 10;
		if (i >= a->n)
			a->n = i + 1;
	}
	a->exp += o->exp;
	a->negative ^= o->negative;
	trim(a);
	return 0;
}

/*
 * |a| / |o| down to 10^-PLACES: the digits of a, made longer or shorter so that an integer division
 * by the coefficient gives that many places. What is cut off only counts as "not zero".
 */
static int divide(struct tmpl_call *c, struct number *a, const struct operand *o)
{
	uint64_t rest = 0, cut = 0;
	int shift = a->exp - o->exp + PLACES; /* a.coef * 10^shift / o.coef */

	if (o->coef == 0)
		return tmpl_error(c, "decimal division by 0");
	if (shift >= 0) {
		a->exp += shift;
		if (lower(c, a, a->exp - shift) < 0)
			return -1;
	}
	for (int i = a->n - 1; i >= 0; i--) {
		rest = rest * 10 + a->d[i];
		a->d[i] = (unsigned char)(rest / o->coef);
		rest %= o->coef;
	}
	bool up = rest >= o->coef - rest; /* 2 * rest >= coef */
	if (shift < 0) { /* so far a.coef / o.coef: the last -shift digits go, and round */
		int drop = -shift < a->n ? -shift : a->n;
		cut = drop == -shift && drop > 0 ? a->d[drop - 1] : 0;
		memmove(a->d, a->d + drop, (size_t)(a->n - drop));
		a->n -= drop;
		up = cut >= 5;
	}
	a->exp = -PLACES;
	a->negative ^= o->negative;
	bool negative = a->negative;
	trim(a);
	if (up) {
		struct number one = {.n = 1, .d = {1}};
		add_digits(a, &one);
		a->negative = negative;
	}
	return 0;
}

/* The nearest float. */
static double to_float(const struct number *a)
{
	char text[DIGITS + 24];
	size_t n = 0;

	if (a->n == 0)
		return 0;
	if (a->negative)
		text[n++] = '-';
	for (int i = a->n - 1; i >= 0; i--)
		text[n++] = (char)('0' + a->d[i]);
	snprintf(text + n, 24, "e%d", a->exp);
	return strtod(text, NULL);
}

typedef int operation(struct tmpl_call *c, struct number *a, const struct operand *o);

static int chain(struct tmpl_call *c, operation *op, struct tv first, const struct tv *more,
		 size_t n, struct tv *out)
{
	struct number a;
	struct operand o;

	if (to_operand(c, first, &o) < 0)
		return -1;
	set(&a, &o);
	for (size_t i = 0; i < n; i++) {
		if (tmpl_steps(c, 16 + (uint64_t)a.n / 4) < 0 || to_operand(c, more[i], &o) < 0 ||
		    op(c, &a, &o) < 0)
			return -1;
	}
	*out = tv_float(to_float(&a));
	return 0;
}

FN(fn_addf)
{
	return chain(c, add, tv_float(0), args, n, out);
}

FN(fn_add1f)
{
	struct tv one = tv_int(1);

	return chain(c, add, args[0], &one, 1, out);
}

FN(fn_subf)
{
	return chain(c, subtract, args[0], args + 1, n - 1, out);
}

FN(fn_mulf)
{
	return chain(c, multiply, args[0], args + 1, n - 1, out);
}

FN(fn_divf)
{
	return chain(c, divide, args[0], args + 1, n - 1, out);
}
