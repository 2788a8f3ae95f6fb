/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/time_priv.h"

#include <limits.h>

/*
 * time_parse.c - Go's time.Parse, with its laxities (a fraction of a second needs no place in the
 * layout, runs of spaces are one, names in any case) and its words for errors. One layout element
 * at a time eats from the front of the value; what is read is put together at the end.
 */
struct parse {
	struct str layout, value; /* all of them, for errors */
	struct str rest;	  /* of the value */
	const char *range;	  /* "month": what was out of its range */
	int64_t year;
	int month, day, yday; /* -1: not seen */
	int hour, minute, second;
	int64_t nsec;
	bool am, pm;
	bool utc;	 /* Z, or "UTC" */
	bool has_offset; /* and -1 is none in Go */
	int offset;
	struct str zone_name;
};

void time_quote(struct str s, struct buf *out)
{
	static const char digits[] = "0123456789abcdef";

	buf_putc(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c >= 0x80 || c < ' ') {
			char hex[4] = {'\\', 'x', digits[c >> 4], digits[c & 15]};
			buf_add(out, hex, sizeof(hex));
			continue;
		}
		if (c == '"' || c == '\\')
			buf_putc(out, '\\');
		buf_putc(out, (char)c);
	}
	buf_putc(out, '"');
}

/* "as LAYOUT: cannot parse ..." of an element that does not fit. */
static int misfit(const struct parse *p, struct str value, struct str elem, struct buf *why)
{
	buf_puts(why, "parsing time ");
	time_quote(p->value, why);
	buf_puts(why, " as ");
	time_quote(p->layout, why);
	buf_puts(why, ": cannot parse ");
	time_quote(value, why);
	buf_puts(why, " as ");
	time_quote(elem, why);
	return -1;
}

static int refuse(const struct parse *p, const char *what, const char *more, struct buf *why)
{
	buf_puts(why, "parsing time ");
	time_quote(p->value, why);
	buf_printf(why, ": %s%s", what, more);
	return -1;
}

/* ---- pieces of the value ---- */
static bool digit_at(struct str s, size_t i)
{
	return i < s.n && s.p[i] >= '0' && s.p[i] <= '9';
}

static void drop(struct str *s, size_t n)
{
	s->p += n;
	s->n -= n;
}

/* One or two digits; `fixed`: two. */
static bool take_two(struct str *s, bool fixed, int *out)
{
	*out = 0;
	if (!digit_at(*s, 0) || (fixed && !digit_at(*s, 1)))
		return false;
	size_t n = digit_at(*s, 1) ? 2 : 1;
	*out = n == 2 ? (s->p[0] - '0') * 10 + (s->p[1] - '0') : s->p[0] - '0';
	drop(s, n);
	return true;
}

static bool take_three(struct str *s, bool fixed, int *out)
{
	size_t n = 0;

	for (*out = 0; n < 3 && digit_at(*s, n); n++)
		*out = *out * 10 + (s->p[n] - '0');
	if (n == 0 || (fixed && n != 3)) {
		*out = 0;
		return false;
	}
	drop(s, n);
	return true;
}

/* A whole short text as a number; Go lets it have a sign, even without digits. */
static bool number(struct str s, int64_t *out)
{
	bool negative = s.n > 0 && s.p[0] == '-';
	int64_t v = 0;

	if (negative || (s.n > 0 && s.p[0] == '+'))
		drop(&s, 1);
	for (size_t i = 0; i < s.n; i++) {
		if (!digit_at(s, i))
			return false;
		v = v * 10 + (s.p[i] - '0');
	}
	*out = negative ? -v : v;
	return true;
}

static bool take_sized(struct str *s, size_t n, int64_t *out)
{
	if (s->n < n)
		return false;
	struct str text = {s->p, n};
	drop(s, n);
	return number(text, out);
}

/* A name of the table by its first `width` bytes (0: all); *out is its index. */
static bool take_name(struct str *s, const char *(*name)(int64_t), int first, int last,
		      size_t width, int *out)
{
	for (int i = first; i <= last; i++) {
		struct str text = str_c(name(i));
		if (width > 0)
			text.n = width;
		if (s->n >= text.n && str_ieq(str_mem(s->p, text.n), text)) {
			drop(s, text.n);
			*out = i;
			return true;
		}
	}
	return false;
}

static bool take_half(struct str *s, const char *am, const char *pm, struct parse *p)
{
	if (s->n < 2)
		return false;
	if (memcmp(s->p, pm, 2) == 0)
		p->pm = true;
	else if (memcmp(s->p, am, 2) == 0)
		p->am = true;
	else
		return false;
	drop(s, 2);
	return true;
}

/* `n` bytes of s: a separator and digits. */
static bool take_fraction(struct parse *p, size_t n)
{
	struct str s = {p->rest.p, n < 10 ? n : 10};
	int64_t v = 0;

	if (s.n == 0 || (s.p[0] != '.' && s.p[0] != ','))
		return false;
	drop(&s, 1);
	if (!number(s, &v))
		return false;
	if (v < 0)
		p->range = "fractional second";
	for (size_t i = s.n; i < 9; i++)
		v *= 10;
	p->nsec = v;
	drop(&p->rest, n);
	return true;
}

/* Separator and digits at the front of the value: how many bytes; 0 when there are none. */
static size_t fraction_length(struct str s)
{
	size_t n = 1;

	if (s.n < 2 || (s.p[0] != '.' && s.p[0] != ',') || !digit_at(s, 1))
		return 0;
	while (digit_at(s, n))
		n++;
	return n;
}

/* ---- zones ---- */
/* "+03": sign and a number up to 23. Its length, or 0. */
static size_t signed_offset(struct str s)
{
	size_t n = 1;
	unsigned v = 0;

	if (s.n == 0 || (s.p[0] != '+' && s.p[0] != '-'))
		return 0;
	for (; digit_at(s, n); n++) {
		v = v * 10 + (unsigned)(s.p[n] - '0');
		if (v > 23)
			return 0;
	}
	return n == 1 ? 0 : n;
}

/* The length of what looks like a zone's abbreviation, or 0. */
static size_t zone_name_length(struct str s)
{
	size_t upper = 0;

	if (s.n < 3)
		return 0;
	if (str_starts(s, "ChST") || str_starts(s, "MeST"))
		return 4;
	if (str_starts(s, "GMT"))
		return 3 + signed_offset(str_mem(s.p + 3, s.n - 3));
	if (s.p[0] == '+' || s.p[0] == '-')
		return signed_offset(s);
	while (upper < 6 && upper < s.n && s.p[upper] >= 'A' && s.p[upper] <= 'Z')
		upper++;
	if (upper == 3 || (upper == 4 && (s.p[3] == 'T' || str_starts(s, "WITA"))) ||
	    (upper == 5 && s.p[4] == 'T'))
		return upper;
	return 0;
}

static bool take_zone_name(struct parse *p)
{
	if (str_starts(p->rest, "UTC")) {
		p->utc = true;
		drop(&p->rest, 3);
		return true;
	}
	size_t n = zone_name_length(p->rest);
	p->zone_name = str_mem(p->rest.p, n);
	drop(&p->rest, n);
	return n > 0;
}

static bool take_offset(struct parse *p, const struct layout_item *item)
{
	struct str s = p->rest;
	int part[3] = {0};
	size_t parts = item->seconds ? 3 : item->minutes ? 2 : 1;
	size_t gap = item->colon ? 1 : 0;
	size_t all = 1 + parts * 2 + (parts - 1) * gap;
	bool fine = true;

	if (item->zulu && s.n > 0 && s.p[0] == 'Z') {
		p->utc = true;
		drop(&p->rest, 1);
		return true;
	}
	if (s.n < all || (item->colon && s.p[3] != ':') ||
	    (item->colon && item->seconds && s.p[6] != ':'))
		return false;
	for (size_t i = 0; i < parts && fine; i++) {
		struct str two = {s.p + 1 + i * (2 + gap), 2};
		fine = take_two(&two, true, &part[i]);
	}
	/* 24 and 60 pass: some write them. */
	if (part[0] > 24)
		p->range = "time zone offset hour";
	if (part[1] > 60)
		p->range = "time zone offset minute";
	if (part[2] > 60)
		p->range = "time zone offset second";
	p->offset = (part[0] * 60 + part[1]) * 60 + part[2];
	if (s.p[0] == '-')
		p->offset = -p->offset;
	p->has_offset = p->offset != -1;
	drop(&p->rest, all);
	return fine && (s.p[0] == '+' || s.p[0] == '-');
}

/* ---- elements ---- */
static bool take_year(struct parse *p, bool whole)
{
	if (whole)
		return digit_at(p->rest, 0) && take_sized(&p->rest, 4, &p->year);
	if (!take_sized(&p->rest, 2, &p->year))
		return false;
	p->year += p->year >= 69 ? 1900 : 2000;
	return true;
}

static bool take_month(struct parse *p, bool fixed)
{
	if (!take_two(&p->rest, fixed, &p->month))
		return false;
	if (p->month < 1 || p->month > 12)
		p->range = "month";
	return true;
}

/* `most` spaces may stand for leading digits. */
static void skip_spaces(struct str *s, int most)
{
	for (; most > 0 && s->n > 0 && s->p[0] == ' '; most--)
		drop(s, 1);
}

static bool take_hour(struct parse *p, bool fixed, int limit)
{
	bool fine = take_two(&p->rest, fixed, &p->hour);

	if (p->hour >= limit)
		p->range = "hour";
	return fine;
}

static bool take_minute(struct parse *p, bool fixed)
{
	bool fine = take_two(&p->rest, fixed, &p->minute);

	if (p->minute >= 60)
		p->range = "minute";
	return fine;
}

static bool take_second(struct parse *p, bool fixed, struct str layout)
{
	struct layout_item next;

	if (!take_two(&p->rest, fixed, &p->second))
		return false;
	if (p->second >= 60) {
		p->range = "second";
		return true;
	}
	size_t n = fraction_length(p->rest);
	if (n == 0)
		return true;
	layout_next(&layout, &next);
	if (next.elem == LAYOUT_FRACTION || next.elem == LAYOUT_FRACTION_TRIM)
		return true;
	return take_fraction(p, n);
}

static bool take_exact_fraction(struct parse *p, const struct layout_item *item)
{
	size_t n = 1 + (size_t)item->digits;

	return p->rest.n >= n && take_fraction(p, n);
}

static bool take_element(struct parse *p, const struct layout_item *item, struct str layout)
{
	struct str *s = &p->rest;
	int ignored;
	size_t n;

	switch (item->elem) {
	case LAYOUT_YEAR:
	case LAYOUT_LONG_YEAR:
		return take_year(p, item->elem == LAYOUT_LONG_YEAR);
	case LAYOUT_MONTH:
		return take_name(s, month_name, 1, 12, 3, &p->month);
	case LAYOUT_LONG_MONTH:
		return take_name(s, month_name, 1, 12, 0, &p->month);
	case LAYOUT_NUM_MONTH:
	case LAYOUT_ZERO_MONTH:
		return take_month(p, item->elem == LAYOUT_ZERO_MONTH);
	case LAYOUT_WEEKDAY:
		return take_name(s, weekday_name, 0, 6, 3, &ignored);
	case LAYOUT_LONG_WEEKDAY:
		return take_name(s, weekday_name, 0, 6, 0, &ignored);
	case LAYOUT_UNDER_DAY:
	case LAYOUT_DAY:
	case LAYOUT_ZERO_DAY:
		skip_spaces(s, item->elem == LAYOUT_UNDER_DAY ? 1 : 0);
		return take_two(s, item->elem == LAYOUT_ZERO_DAY, &p->day);
	case LAYOUT_UNDER_YDAY:
	case LAYOUT_ZERO_YDAY:
		skip_spaces(s, item->elem == LAYOUT_UNDER_YDAY ? 2 : 0);
		return take_three(s, item->elem == LAYOUT_ZERO_YDAY, &p->yday);
	case LAYOUT_HOUR:
		return take_hour(p, false, 24);
	case LAYOUT_HOUR12:
	case LAYOUT_ZERO_HOUR12:
		return take_hour(p, item->elem == LAYOUT_ZERO_HOUR12, 13);
	case LAYOUT_MINUTE:
	case LAYOUT_ZERO_MINUTE:
		return take_minute(p, item->elem == LAYOUT_ZERO_MINUTE);
	case LAYOUT_SECOND:
	case LAYOUT_ZERO_SECOND:
		return take_second(p, item->elem == LAYOUT_ZERO_SECOND, layout);
	case LAYOUT_PM:
		return take_half(s, "AM", "PM", p);
	case LAYOUT_PM_LOWER:
		return take_half(s, "am", "pm", p);
	case LAYOUT_ZONE:
		return take_offset(p, item);
	case LAYOUT_ZONE_NAME:
		return take_zone_name(p);
	case LAYOUT_FRACTION:
		return take_exact_fraction(p, item);
	case LAYOUT_FRACTION_TRIM:
		n = fraction_length(*s);
		return n == 0 || take_fraction(p, n);
	case LAYOUT_END:
		break;
	}
	return true;
}

/* The literal text before an element: a run of spaces fits any run. */
static bool skip_literal(struct str *prefix, struct str *value)
{
	while (prefix->n > 0) {
		if (prefix->p[0] == ' ') {
			if (value->n > 0 && value->p[0] != ' ')
				return false;
			skip_spaces(prefix, INT_MAX);
			skip_spaces(value, INT_MAX);
			continue;
		}
		if (value->n == 0 || value->p[0] != prefix->p[0])
			return false;
		drop(prefix, 1);
		drop(value, 1);
	}
	return true;
}

static int read_all(struct parse *p, struct buf *why)
{
	struct str layout = p->layout;
	struct layout_item item;

	for (;;) {
		layout_next(&layout, &item);
		struct str prefix = item.prefix;
		if (!skip_literal(&prefix, &p->rest))
			return misfit(p, p->rest, item.prefix, why);
		if (item.elem == LAYOUT_END)
			break;
		struct str before = p->rest;
		bool fine = take_element(p, &item, layout);
		if (p->range != NULL)
			return refuse(p, p->range, " out of range", why);
		if (!fine)
			return misfit(p, before, item.text, why);
	}
	if (p->rest.n == 0)
		return 0;
	refuse(p, "extra text: ", "", why);
	time_quote(p->rest, why);
	return -1;
}

/* ---- putting together ---- */
static int settle_day(struct parse *p, struct buf *why)
{
	if (p->yday >= 0) {
		int leap = year_is_leap(p->year) ? 1 : 0;
		int day = p->yday, month = 1;
		/* Without the leap day, which is its own case, the year is a common one. */
		bool leap_day = leap == 1 && day == 60;
		if (leap == 1 && day > 60)
			day--;
		if (day < 1 || day > 365)
			return refuse(p, "day-of-year out of range", "", why);
		while (month_start(month + 1) < day)
			month++;
		day -= month_start(month);
		if (leap_day) {
			month = 2;
			day = 29;
		}
		if (p->month >= 0 && p->month != month)
			return refuse(p, "day-of-year does not match month", "", why);
		if (p->day >= 0 && p->day != day)
			return refuse(p, "day-of-year does not match day", "", why);
		p->month = month;
		p->day = day;
	}
	if (p->month < 0)
		p->month = 1;
	if (p->day < 0)
		p->day = 1;
	if (p->day < 1 || p->day > month_days(p->month, p->year))
		return refuse(p, "day out of range", "", why);
	return 0;
}

/* A zone by its name alone: its offset where `local` knows it, else 0, but GMT+3 says it. */
static void settle_name(const struct parse *p, const struct tmpl_zone *local, struct arena *a,
			struct tv_time *t)
{
	int32_t offset = 0;
	int64_t hours = 0;

	if (zone_lookup_name(local, p->zone_name, t->sec, &offset)) {
		t->sec = wrap_sub(t->sec, offset);
		t->zone = local;
		return;
	}
	if (p->zone_name.n > 3 && str_starts(p->zone_name, "GMT") &&
	    number(str_mem(p->zone_name.p + 3, p->zone_name.n - 3), &hours))
		offset = (int32_t)hours * 3600;
	t->zone = zone_fixed(a, p->zone_name, offset);
}

static void settle_offset(const struct parse *p, const struct tmpl_zone *local, struct arena *a,
			  struct tv_time *t)
{
	struct zone_at at;

	t->sec = wrap_sub(t->sec, p->offset);
	zone_lookup(local, t->sec, &at);
	if (at.offset == p->offset && (p->zone_name.n == 0 || str_eq(at.name, p->zone_name)))
		t->zone = local;
	else
		t->zone = zone_fixed(a, p->zone_name, p->offset);
}

int time_parse(struct str layout, struct str value, const struct tmpl_zone *fallback,
	       const struct tmpl_zone *local, struct arena *a, struct tv_time *out, struct buf *why)
{
	struct parse p = {.layout = layout,
			  .value = value,
			  .rest = value.n > 0 ? value : STR(""),
			  .month = -1,
			  .day = -1,
			  .yday = -1};

	*out = (struct tv_time){.sec = YEAR_ONE};
	if (read_all(&p, why) < 0)
		return -1;
	if (p.pm && p.hour < 12)
		p.hour += 12;
	else if (p.am && p.hour == 12)
		p.hour = 0;
	if (settle_day(&p, why) < 0)
		return -1;
	struct time_parts parts = {.year = p.year,
				   .month = p.month,
				   .day = p.day,
				   .hour = p.hour,
				   .minute = p.minute,
				   .second = p.second,
				   .nsec = p.nsec};
	bool bare = p.utc || p.has_offset || p.zone_name.n > 0;
	*out = time_from_parts(&parts, bare ? NULL : fallback);
	if (!p.utc && p.has_offset)
		settle_offset(&p, local, a, out);
	else if (!p.utc && p.zone_name.n > 0)
		settle_name(&p, local, a, out);
	return 0;
}
