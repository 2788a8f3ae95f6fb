/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/clock.h"

/*
 * Durations as Go writes and reads them, because tokens, provisioners and the `step` client carry
 * them as such text. Arithmetic is in unsigned 64 bits up to 2^63, as in Go, so that the most
 * negative value is reachable.
 */
#define LIMIT (UINT64_C(1) << 63)

static const struct unit {
	const char *name;
	uint64_t ns;
} units[] = {
	{"ns", 1},
	{"us", 1000},
	{"\xc2\xb5s", 1000}, /* U+00B5, micro sign */
	{"\xce\xbcs", 1000}, /* U+03BC, Greek mu */
	{"ms", 1000000},
	{"s", 1000000000},
	{"m", UINT64_C(60) * 1000000000},
	{"h", UINT64_C(3600) * 1000000000},
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Leading digits; false when the number passes 2^63. */
static bool take_int(struct str *s, uint64_t *v)
{
	*v = 0;
	while (s->n > 0 && is_digit(s->p[0])) {
		if (*v > LIMIT / 10)
			return false;
		*v = *v * 10 + (uint64_t)(s->p[0] - '0');
		if (*v > LIMIT)
			return false;
		s->p++;
		s->n--;
	}
	return true;
}

/* Digits after the point as v / scale; digits that do not fit are dropped. */
static void take_fraction(struct str *s, uint64_t *v, double *scale)
{
	bool full = false;

	*v = 0;
	*scale = 1;
	while (s->n > 0 && is_digit(s->p[0])) {
		uint64_t digit = (uint64_t)(s->p[0] - '0');
		if (!full && *v <= (LIMIT - 1) / 10 && *v * 10 + digit <= LIMIT) {
			*v = *v * 10 + digit;
			*scale *= 10;
		} else {
			full = true;
		}
		s->p++;
		s->n--;
	}
}

static const struct unit *take_unit(struct str *s, struct str *text)
{
	size_t n = 0;

	while (n < s->n && s->p[n] != '.' && !is_digit(s->p[n]))
		n++;
	*text = (struct str){s->p, n};
	s->p += n;
	s->n -= n;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (str_eqc(*text, units[i].name))
			return &units[i];
	}
	return NULL;
}

static int bad_duration(struct err *e, struct str s, const char *what)
{
	return ERR(e, ERR_INVALID, "duration \"%.*s\": %s", s.n < 60 ? (int)s.n : 60,
		   s.p != NULL ? s.p : "", what);
}

/* One number with its unit, added to *total. */
static int take_part(struct str *s, struct str whole, uint64_t *total, struct err *e)
{
	uint64_t v, fraction = 0;
	double scale = 1;
	struct str text;
	size_t before = s->n;

	if (!is_digit(s->p[0]) && s->p[0] != '.')
		return bad_duration(e, whole, "write a number with a unit, like 24h or 1h30m");
	if (!take_int(s, &v))
		return bad_duration(e, whole, "too long");
	bool digits = s->n != before;
	if (s->n > 0 && s->p[0] == '.') {
		s->p++;
		s->n--;
		before = s->n;
		take_fraction(s, &fraction, &scale);
		digits = digits || s->n != before;
	}
	if (!digits)
		return bad_duration(e, whole, "write a number with a unit, like 24h or 1h30m");
	const struct unit *u = take_unit(s, &text);
	if (u == NULL && text.n == 0)
		return bad_duration(e, whole, "the unit is missing (ns, us, ms, s, m, h)");
	if (u == NULL)
		return bad_duration(e, whole, "unknown unit (known: ns, us, ms, s, m, h)");
	if (v > LIMIT / u->ns)
		return bad_duration(e, whole, "too long");
	v *= u->ns;
	if (fraction > 0) {
		v += (uint64_t)((double)fraction * ((double)u->ns / scale));
		if (v > LIMIT)
			return bad_duration(e, whole, "too long");
	}
	*total += v;
	if (*total > LIMIT)
		return bad_duration(e, whole, "too long");
	return 0;
}

int duration_parse(struct str s, int64_t *ns, struct err *e)
{
	struct str whole = s;
	uint64_t total = 0;
	bool negative = false;

	if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+')) {
		negative = s.p[0] == '-';
		s.p++;
		s.n--;
	}
	if (str_eqc(s, "0")) {
		*ns = 0;
		return 0;
	}
	if (s.n == 0)
		return bad_duration(e, whole, "empty; write a number with a unit, like 24h");
	while (s.n > 0) {
		if (take_part(&s, whole, &total, e) != 0)
			return -1;
	}
	if (!negative && total > LIMIT - 1)
		return bad_duration(e, whole, "too long");
	*ns = negative ? (int64_t)(0 - total) : (int64_t)total;
	return 0;
}

/* Writes v / 10^places before `at`, without trailing zeros of the fraction; returns its start. */
static char *put_fraction(char *at, uint64_t *v, int places)
{
	bool shown = false;

	for (int i = 0; i < places; i++) {
		char digit = (char)('0' + *v % 10);
		shown = shown || digit != '0';
		if (shown)
			*--at = digit;
		*v /= 10;
	}
	if (shown)
		*--at = '.';
	return at;
}

static char *put_int(char *at, uint64_t v)
{
	do
		*--at = (char)('0' + v % 10);
	while ((v /= 10) > 0);
	return at;
}

static char *put_below_second(char *at, uint64_t v)
{
	int places = 0;

	*--at = 's';
	if (v < 1000) {
		*--at = 'n';
	} else if (v < 1000000) {
		places = 3;
		*--at = '\xb5';
		*--at = '\xc2';
	} else {
		places = 6;
		*--at = 'm';
	}
	at = put_fraction(at, &v, places);
	return put_int(at, v);
}

const char *duration_format(int64_t ns, char out[40])
{
	char text[40], *at = text + sizeof(text) - 1;
	uint64_t v = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;

	*at = '\0';
	if (v == 0) {
		*--at = 's';
		*--at = '0';
	} else if (v < (uint64_t)DURATION_SECOND) {
		at = put_below_second(at, v);
	} else {
		*--at = 's';
		at = put_fraction(at, &v, 9);
		at = put_int(at, v % 60);
		v /= 60;
		if (v > 0) {
			*--at = 'm';
			at = put_int(at, v % 60);
			v /= 60;
		}
		if (v > 0) {
			*--at = 'h';
			at = put_int(at, v);
		}
	}
	if (ns < 0)
		*--at = '-';
	memcpy(out, at, (size_t)(text + sizeof(text) - at));
	return out;
}
