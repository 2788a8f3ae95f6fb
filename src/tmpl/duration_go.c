/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/time_priv.h"

/*
 * duration_go.c - time.Duration as Go reads and writes it, with Go's words for errors (base/clock.h
 * has the same form for configurations, with ours). Nanoseconds in an int64.
 */
#define TWO_63 (UINT64_C(1) << 63)

static int bad(struct str all, const char *what, struct buf *why)
{
	buf_printf(why, "time: %s ", what);
	time_quote(all, why);
	return -1;
}

/* Leading digits; false when they pass 2^63. */
static bool take_digits(struct str *s, uint64_t *out)
{
	uint64_t v = 0;

	while (s->n > 0 && s->p[0] >= '0' && s->p[0] <= '9') {
		if (v > TWO_63 / 10)
			return false;
		v = v * 10 + (uint64_t)(s->p[0] - '0');
		if (v > TWO_63)
			return false;
		s->p++;
		s->n--;
	}
	*out = v;
	return true;
}

/* Digits behind the point, as many as fit; the rest only passes by. */
static uint64_t take_fraction(struct str *s, double *scale)
{
	uint64_t v = 0;
	bool full = false;

	for (*scale = 1; s->n > 0 && s->p[0] >= '0' && s->p[0] <= '9'; s->p++, s->n--) {
		uint64_t next = v * 10 + (uint64_t)(s->p[0] - '0');
		if (full || v > (TWO_63 - 1) / 10 || next > TWO_63) {
			full = true;
			continue;
		}
		v = next;
		*scale *= 10;
	}
	return v;
}

static uint64_t unit_of(struct str name)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{"ns", 1},
		{"us", 1000},
		{"\xc2\xb5s", 1000}, /* micro sign */
		{"\xce\xbcs", 1000}, /* Greek mu */
		{"ms", 1000000},
		{"s", 1000000000},
		{"m", UINT64_C(60000000000)},
		{"h", UINT64_C(3600000000000)},
	};

	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (str_eqc(name, units[i].name))
			return units[i].ns;
	return 0;
}

/* "1.5h" of s; 0, or -1 with the text. */
static int take_term(struct str *s, struct str all, uint64_t *out, struct buf *why)
{
	uint64_t v = 0, fraction = 0;
	double scale = 1;
	const char *from = s->p;

	if (!take_digits(s, &v))
		return bad(all, "invalid duration", why);
	bool digits = s->p != from;
	if (s->n > 0 && s->p[0] == '.') {
		from = ++s->p;
		s->n--;
		fraction = take_fraction(s, &scale);
		digits = digits || s->p != from;
	}
	if (!digits)
		return bad(all, "invalid duration", why);
	struct str unit = {s->p, 0};
	while (s->n > 0 && s->p[0] != '.' && (s->p[0] < '0' || s->p[0] > '9')) {
		unit.n++;
		s->p++;
		s->n--;
	}
	if (unit.n == 0)
		return bad(all, "missing unit in duration", why);
	uint64_t ns = unit_of(unit);
	if (ns == 0) {
		buf_puts(why, "time: unknown unit ");
		time_quote(unit, why);
		buf_puts(why, " in duration ");
		time_quote(all, why);
		return -1;
	}
	if (v > TWO_63 / ns)
		return bad(all, "invalid duration", why);
	v *= ns;
	if (fraction > 0)
		v += (uint64_t)((double)fraction * ((double)ns / scale));
	if (v > TWO_63)
		return bad(all, "invalid duration", why);
	*out = v;
	return 0;
}

int duration_go_parse(struct str all, int64_t *ns, struct buf *why)
{
	struct str s = all;
	uint64_t sum = 0, v = 0;
	bool negative = false;

	*ns = 0;
	if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+')) {
		negative = s.p[0] == '-';
		s = str_mem(s.p + 1, s.n - 1);
	}
	if (str_eqc(s, "0"))
		return 0;
	if (s.n == 0)
		return bad(all, "invalid duration", why);
	while (s.n > 0) {
		if (take_term(&s, all, &v, why) < 0)
			return -1;
		sum += v; /* both are at most 2^63 */
		if (sum > TWO_63 || sum < v)
			return bad(all, "invalid duration", why);
	}
	if (!negative && sum > TWO_63 - 1)
		return bad(all, "invalid duration", why);
	*ns = (int64_t)(negative ? 0 - sum : sum);
	return 0;
}

/* v / 10^places in decimal, without zeros at the end. */
static void put_decimal(struct buf *out, uint64_t v, unsigned places)
{
	char fraction[10];
	unsigned n = places;

	for (unsigned i = places; i > 0; i--) {
		fraction[i - 1] = (char)('0' + v % 10);
		v /= 10;
	}
	while (n > 0 && fraction[n - 1] == '0')
		n--;
	buf_printf(out, "%" PRIu64, v);
	if (n > 0) {
		buf_putc(out, '.');
		buf_add(out, fraction, n);
	}
}

void duration_go_text(int64_t ns, struct buf *out)
{
	uint64_t u = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;

	if (ns < 0)
		buf_putc(out, '-');
	if (u == 0) {
		buf_puts(out, "0s");
	} else if (u < 1000) {
		buf_printf(out, "%" PRIu64 "ns", u);
	} else if (u < 1000000) {
		put_decimal(out, u, 3);
		buf_puts(out, "\xc2\xb5s");
	} else if (u < 1000000000) {
		put_decimal(out, u, 6);
		buf_puts(out, "ms");
	} else {
		uint64_t minutes = u / UINT64_C(60000000000);
		if (minutes >= 60)
			buf_printf(out, "%" PRIu64 "h", minutes / 60);
		if (minutes > 0)
			buf_printf(out, "%" PRIu64 "m", minutes % 60);
		put_decimal(out, u % UINT64_C(60000000000), 9);
		buf_putc(out, 's');
	}
}

int64_t duration_round(int64_t d, int64_t m)
{
	__extension__ typedef __int128 wide;

	if (m <= 0)
		return d;
	/* Halves go away from zero; what no int64 holds stops at its end. */
	wide rest = d < 0 ? -(wide)(d % m) : d % m;
	wide up = rest * 2 < m ? -rest : m - rest;
	wide r = d < 0 ? (wide)d - up : (wide)d + up;
	return r > INT64_MAX ? INT64_MAX : r < INT64_MIN ? INT64_MIN : (int64_t)r;
}
