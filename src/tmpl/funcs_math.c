/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/funcs_value.h"

#include <math.h>

/*
 * funcs_math.c - sprig's numbers. Integers wrap as Go's do (therefore the unsigned arithmetic);
 * floats are IEEE 754 in both languages, except for Go's own power function.
 */
static int64_t wrap_add(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

static FN(fn_int)
{
	*out = tv_int(cast_int64(args[0]));
	return 0;
}

static FN(fn_int64)
{
	*out = tv_int64(cast_int64(args[0]));
	return 0;
}

static FN(fn_float64)
{
	*out = tv_float(cast_float64(args[0]));
	return 0;
}

static FN(fn_atoi)
{
	int64_t i;

	parse_int(args[0].s, 10, &i);
	*out = tv_int(i);
	return 0;
}

static FN(fn_to_decimal)
{
	struct str s;
	int64_t i;

	if (tmpl_text(c, args[0], &s) < 0)
		return -1;
	*out = tv_int64(parse_int(s, 8, &i) == PARSE_OK ? i : 0);
	return 0;
}

static FN(fn_add)
{
	int64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum = wrap_add(sum, cast_int64(args[i]));
	*out = tv_int64(sum);
	return 0;
}

static FN(fn_add1)
{
	*out = tv_int64(wrap_add(cast_int64(args[0]), 1));
	return 0;
}

static FN(fn_sub)
{
	uint64_t a = (uint64_t)cast_int64(args[0]), b = (uint64_t)cast_int64(args[1]);

	*out = tv_int64((int64_t)(a - b));
	return 0;
}

static FN(fn_mul)
{
	uint64_t v = (uint64_t)cast_int64(args[0]);

	for (size_t i = 1; i < n; i++)
		v *= (uint64_t)cast_int64(args[i]);
	*out = tv_int64((int64_t)v);
	return 0;
}

static int division(struct tmpl_call *c, const struct tv *args, bool rest, struct tv *out)
{
	int64_t a = cast_int64(args[0]), b = cast_int64(args[1]);

	if (b == 0)
		return tmpl_error(c, "runtime error: integer divide by zero");
	if (b == -1) /* the smallest number has no opposite */
		*out = tv_int64(rest ? 0 : (int64_t)(0 - (uint64_t)a));
	else
		*out = tv_int64(rest ? a % b : a / b);
	return 0;
}

static FN(fn_div)
{
	return division(c, args, false, out);
}

static FN(fn_mod)
{
	return division(c, args, true, out);
}

static FN(fn_max)
{
	int64_t v = cast_int64(args[0]);

	for (size_t i = 1; i < n; i++) {
		int64_t w = cast_int64(args[i]);
		v = w > v ? w : v;
	}
	*out = tv_int64(v);
	return 0;
}

static FN(fn_min)
{
	int64_t v = cast_int64(args[0]);

	for (size_t i = 1; i < n; i++) {
		int64_t w = cast_int64(args[i]);
		v = w < v ? w : v;
	}
	*out = tv_int64(v);
	return 0;
}

/* math.Max (sign 1) and math.Min (-1): NaN wins over numbers, not over the right infinity. */
static double extreme(double a, double b, double sign)
{
	if (a * sign == (double)INFINITY || b * sign == (double)INFINITY)
		return sign * (double)INFINITY;
	if (isnan(a) || isnan(b))
		return (double)NAN;
	if (a == 0 && b == 0)
		return (signbit(a) != 0) == (sign < 0) ? a : b;
	return a * sign > b * sign ? a : b;
}

static FN(fn_maxf)
{
	double v = cast_float64(args[0]);

	for (size_t i = 1; i < n; i++)
		v = extreme(v, cast_float64(args[i]), 1);
	*out = tv_float(v);
	return 0;
}

static FN(fn_minf)
{
	double v = cast_float64(args[0]);

	for (size_t i = 1; i < n; i++)
		v = extreme(v, cast_float64(args[i]), -1);
	*out = tv_float(v);
	return 0;
}

static FN(fn_floor)
{
	*out = tv_float(floor(cast_float64(args[0])));
	return 0;
}

static FN(fn_ceil)
{
	*out = tv_float(ceil(cast_float64(args[0])));
	return 0;
}

/* 10^places as Go multiplies it together: by squares of a mantissa in [1/2, 1). */
static double power_of_ten(int64_t places)
{
	int e, exp = 0;
	double mant = 1, x = frexp(10, &e);
	uint64_t k = places < 0 ? 0 - (uint64_t)places : (uint64_t)places;

	if (places == 0)
		return 1;
	if (places == 1)
		return 10;
	for (; k != 0; k >>= 1) {
		if (e > 1 << 12) {
			exp += e;
			break;
		}
		if (k & 1) {
			mant *= x;
			exp += e;
		}
		x *= x;
		e *= 2;
		if (x < .5) {
			x += x;
			e--;
		}
	}
	return places < 0 ? ldexp(1 / mant, -exp) : ldexp(mant, exp);
}

static FN(fn_round)
{
	double on = n > 2 ? args[2].f : .5, whole;
	double v = cast_float64(args[0]), power = power_of_ten(args[1].i);
	double digit = power * v;
	double rest = modf(digit, &whole);

	/* of an infinity Go has no rest; below zero the rest is negative and is never enough */
	v = !isinf(digit) && rest >= on ? ceil(digit) : floor(digit);
	*out = tv_float(v / power);
	return 0;
}

/* How many numbers `for i := start; i < stop; i += step` sees (or >, going down). */
static uint64_t steps_of(int64_t start, int64_t stop, int64_t step)
{
	uint64_t way, by;

	if (stop < start) {
		if (step >= 0)
			return 0;
		way = (uint64_t)start - (uint64_t)stop;
		by = 0 - (uint64_t)step;
	} else {
		if (step <= 0)
			return 0;
		way = (uint64_t)stop - (uint64_t)start;
		by = (uint64_t)step;
	}
	return way / by + (way % by != 0);
}

static int until(struct tmpl_call *c, int64_t start, int64_t stop, int64_t step, struct tv *out)
{
	bool ok;
	uint64_t count = steps_of(start, stop, step);
	struct tv *items = value_array(c, count, &ok);

	if (!ok)
		return -1;
	for (uint64_t i = 0; i < count; i++)
		items[i] = tv_int((int64_t)((uint64_t)start + i * (uint64_t)step));
	*out = tv_list(&tv_type_ints, items, count);
	return 0;
}

static FN(fn_until)
{
	return until(c, 0, args[0].i, args[0].i < 0 ? -1 : 1, out);
}

static FN(fn_until_step)
{
	return until(c, args[0].i, args[1].i, args[2].i, out);
}

static FN(fn_seq)
{
	int64_t start = 1, step, end;

	*out = tv_str(STR(""));
	if (n == 0 || n > 3)
		return 0;
	end = args[n - 1].i;
	if (n > 1)
		start = args[0].i;
	int64_t way = end < start ? -1 : 1;
	step = n == 3 ? args[1].i : way;
	if (n == 3 && way < 0 && step > 0)
		return 0;
	uint64_t count = steps_of(start, wrap_add(end, way), step);
	if (tmpl_room(c, count > SIZE_MAX / 2 ? SIZE_MAX : 2 * count) < 0 ||
	    tmpl_steps(c, 8 * count) < 0)
		return -1;
	struct buf b = {.limit = c->room + 1};
	for (uint64_t i = 0; i < count && !b.failed; i++)
		buf_printf(&b, i > 0 ? " %lld" : "%lld",
			   (long long)((uint64_t)start + i * (uint64_t)step));
	return tmpl_return_buf(c, &b, out);
}

#define ROW(name, params, returns, fn)                                                             \
	{                                                                                          \
		name, params, returns, TMPL_FUNC_SPRIG, fn                                         \
	}
const struct tmpl_func tmpl_funcs_math[] = {
	ROW("int", "a", 'i', fn_int),
	ROW("int64", "a", 'I', fn_int64),
	ROW("float64", "a", 'f', fn_float64),
	ROW("atoi", "s", 'i', fn_atoi),
	ROW("toDecimal", "a", 'I', fn_to_decimal),
	ROW("add", "*a", 'I', fn_add),
	ROW("add1", "a", 'I', fn_add1),
	ROW("sub", "aa", 'I', fn_sub),
	ROW("mul", "a*a", 'I', fn_mul),
	ROW("div", "aa", 'I', fn_div),
	ROW("mod", "aa", 'I', fn_mod),
	ROW("max", "a*a", 'I', fn_max),
	ROW("biggest", "a*a", 'I', fn_max),
	ROW("min", "a*a", 'I', fn_min),
	ROW("maxf", "a*a", 'f', fn_maxf),
	ROW("minf", "a*a", 'f', fn_minf),
	ROW("floor", "a", 'f', fn_floor),
	ROW("ceil", "a", 'f', fn_ceil),
	ROW("round", "ai*f", 'f', fn_round),
	ROW("addf", "*a", 'f', fn_addf),
	ROW("add1f", "a", 'f', fn_add1f),
	ROW("subf", "a*a", 'f', fn_subf),
	ROW("mulf", "a*a", 'f', fn_mulf),
	ROW("divf", "a*a", 'f', fn_divf),
	ROW("until", "i", 0, fn_until),
	ROW("untilStep", "iii", 0, fn_until_step),
	ROW("seq", "*i", 's', fn_seq),
	{0},
};
