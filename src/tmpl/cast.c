/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/funcs_value.h"
#include "tmpl/print.h"

#include <math.h>

/* cast.c - lenient numbers, as spf13/cast 1.7.0 makes them: what cannot be converted is 0. */

static int digit(char ch)
{
	if (ch >= '0' && ch <= '9')
		return ch - '0';
	ch = ascii_lower(ch);
	return ch >= 'a' && ch <= 'z' ? ch - 'a' + 10 : 99;
}

/* The base by the prefix, and what is behind it. */
static unsigned prefix_base(struct str *s)
{
	if (s->n == 0 || s->p[0] != '0')
		return 10;
	unsigned base = 8;
	size_t skip = 1;
	if (s->n >= 3) {
		char c = ascii_lower(s->p[1]);
		base = c == 'b' ? 2 : c == 'x' ? 16 : 8;
		skip = c == 'b' || c == 'x' || c == 'o' ? 2 : 1;
	}
	*s = str_mem(s->p + skip, s->n - skip);
	return base;
}

enum parse_int parse_int(struct str s, unsigned base, int64_t *out)
{
	struct str whole = s;
	bool negative = false, underscores = false, any_base = base == 0, range = false;
	uint64_t v = 0;

	*out = 0;
	if (s.n > 0 && (s.p[0] == '+' || s.p[0] == '-')) {
		negative = s.p[0] == '-';
		s = str_mem(s.p + 1, s.n - 1);
	}
	if (s.n == 0)
		return PARSE_SYNTAX;
	if (any_base)
		base = prefix_base(&s);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '_' && any_base) {
			underscores = true;
			continue;
		}
		unsigned d = (unsigned)digit(s.p[i]);
		if (d >= base)
			return PARSE_SYNTAX;
		/* Go stops here, and does not see what follows. */
		if (__builtin_mul_overflow(v, (uint64_t)base, &v) ||
		    __builtin_add_overflow(v, (uint64_t)d, &v)) {
			range = true;
			break;
		}
	}
	if (!range && underscores && !go_underscores_ok(whole))
		return PARSE_SYNTAX;
	uint64_t most = negative ? UINT64_C(1) << 63 : INT64_MAX;
	if (range || v > most) {
		*out = negative ? INT64_MIN : INT64_MAX;
		return PARSE_RANGE;
	}
	*out = negative ? (int64_t)(0 - v) : (int64_t)v;
	return PARSE_OK;
}

/* "12.00" is "12". */
static struct str trim_zero_decimal(struct str s)
{
	bool zero = false;

	for (size_t i = s.n; i > 0; i--) {
		if (s.p[i - 1] == '.' && zero)
			return str_mem(s.p, i - 1);
		if (s.p[i - 1] == '0')
			zero = true;
		else if (s.p[i - 1] != '.')
			break;
	}
	return s;
}

/* As the processor does it for Go: what does not fit is the smallest number. */
static int64_t to_int64(double f)
{
	if (!(f >= -0x1p63 && f < 0x1p63))
		return INT64_MIN;
	return (int64_t)f;
}

/* Only the plain types, and two of package time. */
static bool is_integer(struct tv v)
{
	const struct tv_type *t = v.type;

	return t == &tv_type_int || t == &tv_type_int64 || t == &tv_type_int32 ||
	       (t->kind == TV_INT &&
		(strcmp(t->name, "time.Month") == 0 || strcmp(t->name, "time.Weekday") == 0));
}

static bool is_unsigned(struct tv v)
{
	return v.type == &tv_type_uint8 || v.type == &tv_type_uint32 || v.type == &tv_type_uint64;
}

int64_t cast_int64(struct tv v)
{
	int64_t i;

	if (v.type == NULL)
		return 0;
	if (is_integer(v))
		return v.i;
	if (is_unsigned(v))
		return (int64_t)v.u;
	if (v.type == &tv_type_float64)
		return to_int64(v.f);
	if (v.type == &tv_type_bool)
		return v.b;
	if (v.type == &tv_type_string && parse_int(trim_zero_decimal(v.s), 0, &i) == PARSE_OK)
		return i;
	return 0;
}

double cast_float64(struct tv v)
{
	double f;
	bool range;

	if (v.type == NULL)
		return 0;
	if (is_integer(v))
		return (double)v.i;
	if (is_unsigned(v))
		return (double)v.u;
	if (v.type == &tv_type_float64)
		return v.f;
	if (v.type == &tv_type_bool)
		return v.b;
	if (v.type == &tv_type_string && float_parse(v.s, &f, &range) && !range)
		return f;
	return 0;
}
