/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/time_priv.h"

/*
 * zone_rule.c - the text behind a zone's table, for the years after it:
 * "CET-1CEST,M3.5.0,M10.5.0/3" (POSIX.1-2017 8.3 with the extensions of RFC 9636 3.3.2). Read once,
 * when the zone is loaded.
 */
#define HOUR 3600
#define DAY  86400

static bool take(struct str *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	s->p++;
	s->n--;
	return true;
}

static bool take_number(struct str *s, int min, int max, int *out)
{
	int v = 0;
	size_t n = 0;

	for (; n < s->n && s->p[n] >= '0' && s->p[n] <= '9'; n++) {
		v = v * 10 + (s->p[n] - '0');
		if (v > max)
			return false;
	}
	if (n == 0 || v < min)
		return false;
	*s = str_mem(s->p + n, s->n - n);
	*out = v;
	return true;
}

static bool take_name(struct str *s, struct str *out)
{
	size_t n = 0;

	if (take(s, '<')) {
		*out = str_cut(*s, '>', s);
		return s->p != NULL;
	}
	while (n < s->n && strchr("0123456789,-+", s->p[n]) == NULL)
		n++;
	if (n < 3)
		return false;
	*out = str_mem(s->p, n);
	*s = str_mem(s->p + n, s->n - n);
	return true;
}

/* [+-]hours[:minutes[:seconds]] */
static bool take_offset(struct str *s, int32_t *out)
{
	int hour, minute = 0, second = 0;
	bool negative = take(s, '-');

	if (!negative)
		take(s, '+');
	if (!take_number(s, 0, 24 * 7, &hour) ||
	    (take(s, ':') && (!take_number(s, 0, 59, &minute) ||
			      (take(s, ':') && !take_number(s, 0, 59, &second)))))
		return false;
	int32_t v = hour * HOUR + minute * 60 + second;
	*out = negative ? -v : v;
	return true;
}

static bool take_day(struct str *s, struct zone_rule_day *out)
{
	bool fine;

	if (take(s, 'J')) {
		out->kind = RULE_JULIAN;
		fine = take_number(s, 1, 365, &out->day);
	} else if (take(s, 'M')) {
		out->kind = RULE_WEEKDAY;
		fine = take_number(s, 1, 12, &out->month) && take(s, '.') &&
		       take_number(s, 1, 5, &out->week) && take(s, '.') &&
		       take_number(s, 0, 6, &out->day);
	} else {
		out->kind = RULE_DAY;
		fine = take_number(s, 0, 365, &out->day);
	}
	out->time = 2 * HOUR;
	return fine && (!take(s, '/') || take_offset(s, &out->time));
}

bool zone_rule_parse(struct str s, struct zone_rule *out)
{
	int32_t offset;

	*out = (struct zone_rule){0};
	if (!take_name(&s, &out->std.name) || !take_offset(&s, &offset))
		return false;
	out->std.offset = -offset; /* here east is negative */
	if (s.n == 0 || s.p[0] == ',')
		return true;
	out->has_dst = true;
	out->dst.dst = true;
	out->dst.offset = out->std.offset + HOUR;
	if (!take_name(&s, &out->dst.name))
		return false;
	if (s.n > 0 && s.p[0] != ',') {
		if (!take_offset(&s, &offset))
			return false;
		out->dst.offset = -offset;
	}
	if (s.n == 0)
		s = STR(",M3.2.0,M11.1.0");
	if (!take(&s, ',') && !take(&s, ';'))
		return false;
	return take_day(&s, &out->begin) && take(&s, ',') && take_day(&s, &out->end) && s.n == 0;
}

/* Seconds from the start of the year, in UTC of a zone with that offset. */
static int64_t day_second(const struct zone_rule_day *d, int64_t year, int32_t offset)
{
	int64_t day;

	if (d->kind == RULE_JULIAN) {
		day = d->day - 1 + (year_is_leap(year) && d->day >= 60 ? 1 : 0);
	} else if (d->kind == RULE_DAY) {
		day = d->day;
	} else {
		struct time_parts first = {.year = year, .month = d->month, .day = 1};
		struct time_fields f;
		time_split(time_from_parts(&first, NULL).sec, &f);
		day = d->day - f.weekday + (d->day < f.weekday ? 7 : 0);
		/* The fifth is the last, and so is a fourth that would leave the month. */
		for (int i = 1; i < d->week && day + 7 < month_days(d->month, year); i++)
			day += 7;
		day += f.yday - 1;
	}
	return day * DAY + d->time - offset;
}

void zone_rule_at(const struct zone_rule *r, int64_t last, int64_t sec, struct zone_at *out)
{
	struct time_fields f;
	const struct zone_kind *outer = &r->std, *inner = &r->dst;

	if (!r->has_dst) {
		*out = (struct zone_at){.name = r->std.name,
					.offset = r->std.offset,
					.start = last,
					.end = INT64_MAX};
		return;
	}
	time_split(sec, &f);
	int64_t in_year = (int64_t)(f.yday - 1) * DAY + sec % DAY;
	int64_t year_start = sec - in_year;
	int64_t begin = day_second(&r->begin, f.year, r->std.offset);
	int64_t end = day_second(&r->end, f.year, r->dst.offset);
	if (end < begin) { /* the south: summer at both ends of the year */
		int64_t swap = begin;
		begin = end;
		end = swap;
		outer = &r->dst;
		inner = &r->std;
	}
	const struct zone_kind *k = in_year >= begin && in_year < end ? inner : outer;
	*out = (struct zone_at){.name = k->name, .offset = k->offset, .dst = k->dst};
	/* Exact near a change, otherwise the ends of the year: enough for time_from_parts(). */
	if (in_year < begin) {
		out->start = year_start;
		out->end = wrap_add(begin, year_start);
	} else if (in_year >= end) {
		out->start = wrap_add(end, year_start);
		out->end = wrap_add(year_start, INT64_C(365) * DAY);
	} else {
		out->start = wrap_add(begin, year_start);
		out->end = wrap_add(end, year_start);
	}
}
