/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/clock.h"

/*
 * Calendar arithmetic without libc: no time zone, no static buffers, no limits of time_t. Days are
 * counted in eras of 400 years (146,097 days) that begin on the first of March, so that the leap
 * day is the last of its year. Times that no civil date of an int year can hold are clamped.
 */
#define ERA_DAYS    146097
#define EPOCH_SHIFT 719468 /* days from 0000-03-01 to 1970-01-01 */
#define TIME_LIMIT  INT64_C(60000000000000000)

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0 ? 1 : 0);
}

struct civil time_to_civil(int64_t t)
{
	struct civil c;

	if (t > TIME_LIMIT)
		t = TIME_LIMIT;
	if (t < -TIME_LIMIT)
		t = -TIME_LIMIT;
	int64_t days = floor_div(t, 86400);
	int64_t rest = t - days * 86400;
	c.hour = (int)(rest / 3600);
	c.minute = (int)(rest / 60 % 60);
	c.second = (int)(rest % 60);

	days += EPOCH_SHIFT;
	int64_t era = floor_div(days, ERA_DAYS);
	int64_t in_era = days - era * ERA_DAYS;
	int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * in_year + 2) / 153; /* 0 is March */
	c.day = (int)(in_year - (153 * month + 2) / 5 + 1);
	c.month = (int)(month < 10 ? month + 3 : month - 9);
	c.year = (int)(year + era * 400 + (c.month <= 2 ? 1 : 0));
	return c;
}

int64_t time_from_civil(const struct civil *c)
{
	int64_t year = (int64_t)c->year - (c->month <= 2 ? 1 : 0);
	int64_t era = floor_div(year, 400);
	int64_t in_era = year - era * 400;
	int64_t month = c->month > 2 ? c->month - 3 : c->month + 9;
	int64_t in_year = (153 * month + 2) / 5 + c->day - 1;
	int64_t days = era * ERA_DAYS + in_era * 365 + in_era / 4 - in_era / 100 + in_year;

	return (days - EPOCH_SHIFT) * 86400 + c->hour * INT64_C(3600) + c->minute * INT64_C(60) +
	       c->second;
}

bool civil_valid(const struct civil *c)
{
	static const unsigned char days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (c->month < 1 || c->month > 12 || c->hour < 0 || c->hour > 23 || c->minute < 0 ||
	    c->minute > 59 || c->second < 0 || c->second > 59)
		return false;
	bool leap = c->year % 4 == 0 && (c->year % 100 != 0 || c->year % 400 == 0);
	int last = days[c->month - 1] + (c->month == 2 && leap ? 1 : 0);
	return c->day >= 1 && c->day <= last;
}

/* Exactly `digits` decimal digits; false when there are not. */
static bool take_number(struct str *s, unsigned digits, int *out)
{
	int v = 0;

	if (s->n < digits)
		return false;
	for (unsigned i = 0; i < digits; i++) {
		if (s->p[i] < '0' || s->p[i] > '9')
			return false;
		v = v * 10 + (s->p[i] - '0');
	}
	s->p += digits;
	s->n -= digits;
	*out = v;
	return true;
}

static bool take_char(struct str *s, char c)
{
	if (s->n == 0 || ascii_lower(s->p[0]) != ascii_lower(c))
		return false;
	s->p++;
	s->n--;
	return true;
}

static bool take_offset(struct str *s, int *seconds)
{
	int hour, minute;

	*seconds = 0;
	if (take_char(s, 'Z'))
		return true;
	int sign = take_char(s, '+') ? 1 : take_char(s, '-') ? -1 : 0;
	if (sign == 0 || !take_number(s, 2, &hour) || !take_char(s, ':') ||
	    !take_number(s, 2, &minute) || hour > 23 || minute > 59)
		return false;
	*seconds = sign * (hour * 3600 + minute * 60);
	return true;
}

static bool parse_rfc3339(struct str s, int64_t *out)
{
	struct civil c;
	int offset, digit;

	if (!take_number(&s, 4, &c.year) || !take_char(&s, '-') || !take_number(&s, 2, &c.month) ||
	    !take_char(&s, '-') || !take_number(&s, 2, &c.day) || !take_char(&s, 'T') ||
	    !take_number(&s, 2, &c.hour) || !take_char(&s, ':') || !take_number(&s, 2, &c.minute) ||
	    !take_char(&s, ':') || !take_number(&s, 2, &c.second))
		return false;
	if (take_char(&s, '.')) {
		if (!take_number(&s, 1, &digit))
			return false;
		while (take_number(&s, 1, &digit))
			;
	}
	if (!take_offset(&s, &offset) || s.n > 0 || c.year < 1 || !civil_valid(&c))
		return false;
	*out = time_from_civil(&c) - offset;
	c = time_to_civil(*out);
	return c.year >= 1 && c.year <= 9999;
}

int time_parse_rfc3339(struct str s, int64_t *out, struct err *e)
{
	int64_t t = 0;

	if (!parse_rfc3339(s, &t))
		return ERR(e, ERR_INVALID, "time \"%.*s\": write it like 2026-01-02T03:04:05Z",
			   s.n < 60 ? (int)s.n : 60, s.p != NULL ? s.p : "");
	*out = t;
	return 0;
}

static char *put_number(char *at, int v, unsigned digits)
{
	for (unsigned i = digits; i > 0; i--) {
		at[i - 1] = (char)('0' + v % 10);
		v /= 10;
	}
	return at + digits;
}

static char *put_clock(char *at, const struct civil *c)
{
	at = put_number(at, c->hour, 2);
	*at++ = ':';
	at = put_number(at, c->minute, 2);
	*at++ = ':';
	return put_number(at, c->second, 2);
}

/* Both text forms have four digits for the year. */
static int64_t clamp_years(int64_t t)
{
	const int64_t first = INT64_C(-62135596800), last = INT64_C(253402300799);

	return t < first ? first : t > last ? last : t;
}

const char *time_format_rfc3339(int64_t t, char out[24])
{
	struct civil c = time_to_civil(clamp_years(t));
	char *at = put_number(out, c.year, 4);

	*at++ = '-';
	at = put_number(at, c.month, 2);
	*at++ = '-';
	at = put_number(at, c.day, 2);
	*at++ = 'T';
	at = put_clock(at, &c);
	*at++ = 'Z';
	*at = '\0';
	return out;
}

const char *time_format_http(int64_t t, char out[32])
{
	static const char day_names[] = "ThuFriSatSunMonTueWed"; /* the epoch was a Thursday */
	static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char *at = out;

	t = clamp_years(t);
	struct civil c = time_to_civil(t);
	int64_t days = floor_div(t, 86400);
	at = mempcpy(at, day_names + 3 * (days - 7 * floor_div(days, 7)), 3);
	*at++ = ',';
	*at++ = ' ';
	at = put_number(at, c.day, 2);
	*at++ = ' ';
	at = mempcpy(at, month_names + 3 * (c.month - 1), 3);
	*at++ = ' ';
	at = put_number(at, c.year, 4);
	*at++ = ' ';
	at = put_clock(at, &c);
	memcpy(at, " GMT", 5);
	return out;
}
