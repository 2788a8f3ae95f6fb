/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/time_priv.h"

/*
 * time_layout.c - Go's layouts: a format is an example of how Mon Jan 2 15:04:05 -0700 MST 2006
 * would be written. To add an element: a row in `elements` (the first that fits wins, so the longer
 * ones come first), and a case in time_format() and in time_parse.c.
 */
const char time_layout_rfc3339[] = "2006-01-02T15:04:05Z07:00";
const char time_layout_rfc3339_nano[] = "2006-01-02T15:04:05.999999999Z07:00";
const char time_layout_string[] = "2006-01-02 15:04:05.999999999 -0700 MST";

enum { /* of an offset */
       Z_ZULU = 1,
       Z_COLON = 2,
       Z_MINUTES = 4,
       Z_SECONDS = 8,
       NOT_LOWER = 16 /* no lower-case letter may follow: "Month" is no "Mon" */
};
static const struct {
	const char *text;
	unsigned char elem, flags;
} elements[] = {
	{"January", LAYOUT_LONG_MONTH, 0},
	{"Jan", LAYOUT_MONTH, NOT_LOWER},
	{"Monday", LAYOUT_LONG_WEEKDAY, 0},
	{"Mon", LAYOUT_WEEKDAY, NOT_LOWER},
	{"MST", LAYOUT_ZONE_NAME, 0},
	{"01", LAYOUT_ZERO_MONTH, 0},
	{"02", LAYOUT_ZERO_DAY, 0},
	{"03", LAYOUT_ZERO_HOUR12, 0},
	{"04", LAYOUT_ZERO_MINUTE, 0},
	{"05", LAYOUT_ZERO_SECOND, 0},
	{"06", LAYOUT_YEAR, 0},
	{"002", LAYOUT_ZERO_YDAY, 0},
	{"15", LAYOUT_HOUR, 0},
	{"1", LAYOUT_NUM_MONTH, 0},
	{"2006", LAYOUT_LONG_YEAR, 0},
	{"2", LAYOUT_DAY, 0},
	{"_2", LAYOUT_UNDER_DAY, 0}, /* but _2006 is a year behind a literal: see layout_next() */
	{"__2", LAYOUT_UNDER_YDAY, 0},
	{"3", LAYOUT_HOUR12, 0},
	{"4", LAYOUT_MINUTE, 0},
	{"5", LAYOUT_SECOND, 0},
	{"PM", LAYOUT_PM, 0},
	{"pm", LAYOUT_PM_LOWER, 0},
	{"-070000", LAYOUT_ZONE, Z_MINUTES | Z_SECONDS},
	{"-07:00:00", LAYOUT_ZONE, Z_COLON | Z_MINUTES | Z_SECONDS},
	{"-0700", LAYOUT_ZONE, Z_MINUTES},
	{"-07:00", LAYOUT_ZONE, Z_COLON | Z_MINUTES},
	{"-07", LAYOUT_ZONE, 0},
	{"Z070000", LAYOUT_ZONE, Z_ZULU | Z_MINUTES | Z_SECONDS},
	{"Z07:00:00", LAYOUT_ZONE, Z_ZULU | Z_COLON | Z_MINUTES | Z_SECONDS},
	{"Z0700", LAYOUT_ZONE, Z_ZULU | Z_MINUTES},
	{"Z07:00", LAYOUT_ZONE, Z_ZULU | Z_COLON | Z_MINUTES},
	{"Z07", LAYOUT_ZONE, Z_ZULU},
};

/* Bytes that an element can begin with. */
static const char beginnings[] = "0123456_JMPpZ-.,";

static bool is_digit_at(struct str s, size_t i)
{
	return i < s.n && s.p[i] >= '0' && s.p[i] <= '9';
}

/* ".000" or ",999": a run of one digit that no other digit follows. Its length, or 0. */
static size_t fraction_at(struct str s)
{
	if (s.n < 2 || (s.p[1] != '0' && s.p[1] != '9'))
		return 0;
	size_t n = 1;
	while (n < s.n && s.p[n] == s.p[1])
		n++;
	return is_digit_at(s, n) ? 0 : n;
}

static bool element_at(struct str s, struct layout_item *out)
{
	if (s.p[0] == '.' || s.p[0] == ',') {
		size_t n = fraction_at(s);
		if (n == 0)
			return false;
		out->elem = s.p[1] == '0' ? LAYOUT_FRACTION : LAYOUT_FRACTION_TRIM;
		out->text = str_mem(s.p, n);
		out->digits = (unsigned)((n - 1) & 0xfff); /* Go keeps twelve bits */
		out->separator = s.p[0];
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(elements); i++) {
		if (elements[i].text[0] != s.p[0] || !str_starts(s, elements[i].text))
			continue;
		size_t n = strlen(elements[i].text);
		unsigned flags = elements[i].flags;
		if ((flags & NOT_LOWER) && n < s.n && s.p[n] >= 'a' && s.p[n] <= 'z')
			continue;
		out->elem = elements[i].elem;
		out->text = str_mem(s.p, n);
		out->zulu = (flags & Z_ZULU) != 0;
		out->colon = (flags & Z_COLON) != 0;
		out->minutes = (flags & Z_MINUTES) != 0;
		out->seconds = (flags & Z_SECONDS) != 0;
		return true;
	}
	return false;
}

void layout_next(struct str *layout, struct layout_item *out)
{
	struct str s = *layout;

	*out = (struct layout_item){.elem = LAYOUT_END, .prefix = s};
	for (size_t i = 0; i < s.n; i++) {
		struct str at = str_mem(s.p + i, s.n - i);
		if (memchr(beginnings, s.p[i], sizeof(beginnings) - 1) == NULL)
			continue;
		if (str_starts(at, "_2006") || !element_at(at, out))
			continue;
		out->prefix = str_mem(s.p, i);
		*layout = str_mem(at.p + out->text.n, at.n - out->text.n);
		return;
	}
	*layout = STR("");
}

struct str time_layout_named(struct str name)
{
	static const struct {
		const char *name, *layout;
	} named[] = {
		{"Layout", "01/02 03:04:05PM '06 -0700"},
		{"ANSIC", "Mon Jan _2 15:04:05 2006"},
		{"UnixDate", "Mon Jan _2 15:04:05 MST 2006"},
		{"RubyDate", "Mon Jan 02 15:04:05 -0700 2006"},
		{"RFC822", "02 Jan 06 15:04 MST"},
		{"RFC822Z", "02 Jan 06 15:04 -0700"},
		{"RFC850", "Monday, 02-Jan-06 15:04:05 MST"},
		{"RFC1123", "Mon, 02 Jan 2006 15:04:05 MST"},
		{"RFC1123Z", "Mon, 02 Jan 2006 15:04:05 -0700"},
		{"RFC3339", time_layout_rfc3339},
		{"RFC3339Nano", time_layout_rfc3339_nano},
		{"Kitchen", "3:04PM"},
		{"Stamp", "Jan _2 15:04:05"},
		{"StampMilli", "Jan _2 15:04:05.000"},
		{"StampMicro", "Jan _2 15:04:05.000000"},
		{"StampNano", "Jan _2 15:04:05.000000000"},
		{"DateTime", "2006-01-02 15:04:05"},
		{"DateOnly", "2006-01-02"},
		{"TimeOnly", "15:04:05"},
	};
	struct str bare = name;

	if (str_starts(name, "time."))
		bare = str_mem(name.p + 5, name.n - 5);
	for (size_t i = 0; i < ARRAY_LEN(named); i++)
		if (str_ieqc(bare, named[i].name))
			return str_c(named[i].layout);
	return name;
}

/* ---- writing ---- */
void time_put_int(struct buf *out, int64_t v, int width)
{
	char digits[24];
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	int at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + u % 10);
		u /= 10;
		width--;
	} while (u > 0 || width > 0);
	if (v < 0)
		digits[--at] = '-';
	buf_add(out, digits + at, sizeof(digits) - (size_t)at);
}

static void put_padded(struct buf *out, int v, int width) /* with spaces */
{
	char text[8];

	buf_add(out, text, (size_t)snprintf(text, sizeof(text), "%*d", width, v));
}

static void put_zone(struct buf *out, const struct layout_item *item, int offset)
{
	int minutes = offset / 60, all = offset;

	if (item->zulu && offset == 0) {
		buf_putc(out, 'Z');
		return;
	}
	/* By the minutes: an offset of -30 seconds is written with a plus and a negative rest. */
	if (minutes < 0) {
		buf_putc(out, '-');
		minutes = -minutes;
		all = -all;
	} else {
		buf_putc(out, '+');
	}
	time_put_int(out, minutes / 60, 2);
	if (item->minutes) {
		if (item->colon)
			buf_putc(out, ':');
		time_put_int(out, minutes % 60, 2);
	}
	if (item->seconds) {
		if (item->colon)
			buf_putc(out, ':');
		time_put_int(out, all % 60, 2);
	}
}

static void put_fraction(struct buf *out, const struct layout_item *item, uint32_t nsec)
{
	char digits[12];
	bool trim = item->elem == LAYOUT_FRACTION_TRIM;
	size_t n = item->digits < 9 ? item->digits : 9;

	if (trim && (n == 0 || nsec == 0))
		return;
	snprintf(digits, sizeof(digits), "%09u", (unsigned)nsec);
	while (trim && n > 0 && digits[n - 1] == '0')
		n--;
	if (trim && n == 0)
		return;
	buf_putc(out, item->separator);
	buf_add(out, digits, n);
}

static void put_date(struct buf *out, enum layout_elem elem, const struct time_fields *f)
{
	if (elem == LAYOUT_YEAR) {
		int64_t two = f->year % 100;
		time_put_int(out, two < 0 ? -two : two, 2);
	} else if (elem == LAYOUT_LONG_YEAR) {
		time_put_int(out, f->year, 4);
	} else if (elem == LAYOUT_MONTH) {
		buf_add(out, month_name(f->month), 3);
	} else if (elem == LAYOUT_LONG_MONTH) {
		buf_puts(out, month_name(f->month));
	} else if (elem == LAYOUT_NUM_MONTH || elem == LAYOUT_ZERO_MONTH) {
		time_put_int(out, f->month, elem == LAYOUT_ZERO_MONTH ? 2 : 1);
	} else if (elem == LAYOUT_WEEKDAY) {
		buf_add(out, weekday_name(f->weekday), 3);
	} else if (elem == LAYOUT_LONG_WEEKDAY) {
		buf_puts(out, weekday_name(f->weekday));
	} else if (elem == LAYOUT_UNDER_DAY) {
		put_padded(out, f->day, 2);
	} else if (elem == LAYOUT_DAY || elem == LAYOUT_ZERO_DAY) {
		time_put_int(out, f->day, elem == LAYOUT_ZERO_DAY ? 2 : 1);
	} else if (elem == LAYOUT_UNDER_YDAY) {
		put_padded(out, f->yday, 3);
	} else if (elem == LAYOUT_ZERO_YDAY) {
		time_put_int(out, f->yday, 3);
	}
}

static void put_clock(struct buf *out, enum layout_elem elem, const struct time_fields *f)
{
	int hour12 = f->hour % 12 == 0 ? 12 : f->hour % 12;

	if (elem == LAYOUT_HOUR)
		time_put_int(out, f->hour, 2);
	else if (elem == LAYOUT_HOUR12 || elem == LAYOUT_ZERO_HOUR12)
		time_put_int(out, hour12, elem == LAYOUT_ZERO_HOUR12 ? 2 : 1);
	else if (elem == LAYOUT_MINUTE || elem == LAYOUT_ZERO_MINUTE)
		time_put_int(out, f->minute, elem == LAYOUT_ZERO_MINUTE ? 2 : 1);
	else if (elem == LAYOUT_SECOND || elem == LAYOUT_ZERO_SECOND)
		time_put_int(out, f->second, elem == LAYOUT_ZERO_SECOND ? 2 : 1);
	else if (elem == LAYOUT_PM)
		buf_puts(out, f->hour >= 12 ? "PM" : "AM");
	else if (elem == LAYOUT_PM_LOWER)
		buf_puts(out, f->hour >= 12 ? "pm" : "am");
}

void time_format(const struct tv_time *t, struct str layout, struct buf *out)
{
	static const struct layout_item unnamed = {.elem = LAYOUT_ZONE, .minutes = true};
	struct layout_item item;
	struct time_fields f;
	struct str name;
	int offset;

	time_fields(t, &f, &name, &offset);
	do {
		layout_next(&layout, &item);
		buf_str(out, item.prefix);
		switch (item.elem) {
		case LAYOUT_END:
			break;
		case LAYOUT_LONG_MONTH:
		case LAYOUT_MONTH:
		case LAYOUT_NUM_MONTH:
		case LAYOUT_ZERO_MONTH:
		case LAYOUT_LONG_WEEKDAY:
		case LAYOUT_WEEKDAY:
		case LAYOUT_DAY:
		case LAYOUT_UNDER_DAY:
		case LAYOUT_ZERO_DAY:
		case LAYOUT_UNDER_YDAY:
		case LAYOUT_ZERO_YDAY:
		case LAYOUT_LONG_YEAR:
		case LAYOUT_YEAR:
			put_date(out, item.elem, &f);
			break;
		case LAYOUT_HOUR:
		case LAYOUT_HOUR12:
		case LAYOUT_ZERO_HOUR12:
		case LAYOUT_MINUTE:
		case LAYOUT_ZERO_MINUTE:
		case LAYOUT_SECOND:
		case LAYOUT_ZERO_SECOND:
		case LAYOUT_PM:
		case LAYOUT_PM_LOWER:
			put_clock(out, item.elem, &f);
			break;
		case LAYOUT_ZONE_NAME:
			if (name.n > 0)
				buf_str(out, name);
			else
				put_zone(out, &unnamed, offset);
			break;
		case LAYOUT_ZONE:
			put_zone(out, &item, offset);
			break;
		case LAYOUT_FRACTION:
		case LAYOUT_FRACTION_TRIM:
			put_fraction(out, &item, t->nsec);
			break;
		}
	} while (item.elem != LAYOUT_END && !out->failed);
}
