/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/time_priv.h"

/*
 * time.c - time.Time of the template language: the calendar and the arithmetic.
 *
 * Go counts seconds in 64 bits and lets them wrap; its calendar covers all of them. So does this
 * one: days are counted unsigned from a first of March far before any int64 of seconds, in eras of
 * 400 years, and the leap day is the last of its year. Nothing here is undefined for any input.
 */
#define DAY	   86400
#define ERA_DAYS   UINT64_C(146097)
#define ERAS	   UINT64_C(730692556) /* from the first year of the count to year 0 */
#define DAYS_1970  (ERAS * ERA_DAYS + 719468)
#define FIRST_YEAR (-INT64_C(400) * (int64_t)ERAS)

bool year_is_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static const short month_starts[14] = {0,   0,	 31,  59,  90,	120, 151,
				       181, 212, 243, 273, 304, 334, 365};

int month_start(int month)
{
	return month_starts[month];
}

int month_days(int month, int64_t year)
{
	return month_starts[month + 1] - month_starts[month] +
	       (month == 2 && year_is_leap(year) ? 1 : 0);
}

void time_split(int64_t sec, struct time_fields *out)
{
	uint64_t abs = (uint64_t)sec + DAYS_1970 * DAY;
	uint64_t days = abs / DAY;
	unsigned rest = (unsigned)(abs % DAY);
	uint64_t in_era = days % ERA_DAYS;
	uint64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	int from_march = (int)(in_era - (365 * year + year / 4 - year / 100));
	int month = (5 * from_march + 2) / 153; /* 0 is March */
	bool next = from_march >= 306;		/* January and February */

	out->hour = (int)(rest / 3600);
	out->minute = (int)(rest / 60 % 60);
	out->second = (int)(rest % 60);
	out->weekday = (int)((days + 3) % 7);
	out->day = from_march - (153 * month + 2) / 5 + 1;
	out->month = month < 10 ? month + 3 : month - 9;
	out->year = FIRST_YEAR + (int64_t)(days / ERA_DAYS * 400 + year) + (next ? 1 : 0);
	out->yday = next ? from_march - 305 : from_march + 60 + (year_is_leap(out->year) ? 1 : 0);
}

void time_fields(const struct tv_time *t, struct time_fields *out, struct str *name, int *offset)
{
	struct zone_at at;

	zone_lookup(t->zone, t->sec, &at);
	time_split(wrap_add(t->sec, at.offset), out);
	if (name != NULL)
		*name = at.name;
	if (offset != NULL)
		*offset = at.offset;
}

/* *lo goes into [0, base); what flows over goes to *hi. */
static void carry(int64_t *hi, int64_t *lo, int64_t base)
{
	int64_t n = *lo / base - (*lo % base < 0 ? 1 : 0);

	*hi = wrap_add(*hi, n);
	*lo -= n * base;
}

static int64_t days_from_parts(int64_t year, int month, int64_t day)
{
	uint64_t y = (uint64_t)year - (uint64_t)FIRST_YEAR - (month <= 2 ? 1 : 0);
	unsigned m = (unsigned)(month > 2 ? month - 3 : month + 9);
	uint64_t in_era = y % 400;
	uint64_t days =
		y / 400 * ERA_DAYS + in_era * 365 + in_era / 4 - in_era / 100 + (153 * m + 2) / 5;

	return wrap_add((int64_t)(days - DAYS_1970), wrap_sub(day, 1));
}

struct tv_time time_from_parts(const struct time_parts *p, const struct tmpl_zone *zone)
{
	struct time_parts n = *p;
	struct zone_at at;

	n.month = wrap_sub(n.month, 1);
	carry(&n.year, &n.month, 12);
	carry(&n.second, &n.nsec, NS_PER_SECOND);
	carry(&n.minute, &n.second, 60);
	carry(&n.hour, &n.minute, 60);
	carry(&n.day, &n.hour, 24);
	int64_t sec = wrap_mul(days_from_parts(n.year, (int)n.month + 1, n.day), DAY);
	sec = wrap_add(sec, n.hour * 3600 + n.minute * 60 + n.second);

	/* The zone is asked with the local time; near a change of the offset once more, in UTC. */
	zone_lookup(zone, sec, &at);
	if (at.offset != 0) {
		int64_t utc = wrap_sub(sec, at.offset);
		if (utc < at.start || utc >= at.end)
			zone_lookup(zone, utc, &at);
		sec = wrap_sub(sec, at.offset);
	}
	return (struct tv_time){.sec = sec, .nsec = (uint32_t)n.nsec, .zone = zone};
}

int64_t time_internal(const struct tv_time *t)
{
	return wrap_sub(t->sec, YEAR_ONE);
}

int time_compare(const struct tv_time *a, const struct tv_time *b)
{
	int64_t x = time_internal(a), y = time_internal(b);

	if (x != y)
		return x < y ? -1 : 1;
	return a->nsec == b->nsec ? 0 : a->nsec < b->nsec ? -1 : 1;
}

/* In Go's count the sum stops at the ends instead of wrapping. */
static int64_t add_clamped(int64_t internal, int64_t d)
{
	int64_t sum;

	if (!__builtin_add_overflow(internal, d, &sum))
		return sum;
	return d > 0 ? INT64_MAX : -INT64_MAX;
}

struct tv_time time_add(struct tv_time t, int64_t ns)
{
	int64_t sec = ns / NS_PER_SECOND;
	int64_t nsec = (int64_t)t.nsec + ns % NS_PER_SECOND;

	carry(&sec, &nsec, NS_PER_SECOND);
	t.nsec = (uint32_t)nsec;
	t.sec = wrap_add(add_clamped(time_internal(&t), sec), YEAR_ONE);
	return t;
}

int64_t time_sub(const struct tv_time *a, const struct tv_time *b)
{
	int64_t d = wrap_mul(wrap_sub(time_internal(a), time_internal(b)), NS_PER_SECOND);

	d = wrap_add(d, (int64_t)a->nsec - (int64_t)b->nsec);
	struct tv_time back = time_add(*b, d);
	if (time_compare(&back, a) == 0)
		return d;
	return time_compare(a, b) < 0 ? INT64_MIN : INT64_MAX;
}

/* What is left of t - year 1 after whole multiples of ns > 0. */
static int64_t remainder_of(const struct tv_time *t, int64_t ns)
{
	__extension__ typedef __int128 wide;
	wide all = (wide)time_internal(t) * NS_PER_SECOND + t->nsec;
	wide r = all % ns;

	return (int64_t)(r < 0 ? r + ns : r);
}

struct tv_time time_truncate(struct tv_time t, int64_t ns)
{
	return ns <= 0 ? t : time_add(t, -remainder_of(&t, ns));
}

struct tv_time time_round(struct tv_time t, int64_t ns)
{
	if (ns <= 0)
		return t;
	int64_t r = remainder_of(&t, ns);
	return time_add(t, (uint64_t)r * 2 < (uint64_t)ns ? -r : ns - r);
}

struct tv_time time_from_float(double seconds)
{
	struct tv_time t = {0};

	/* What amd64 makes of a float64 that fits no int64. */
	t.sec = seconds >= -0x1p63 && seconds < 0x1p63 ? (int64_t)seconds : INT64_MIN;
	return t;
}

struct tv tv_time_in(struct arena *a, struct tv_time t)
{
	return tv_of(&tv_type_time, arena_dup(a, &t, sizeof(t)));
}

struct tv tv_time(struct arena *a, int64_t sec, uint32_t nsec)
{
	return tv_time_in(a, (struct tv_time){.sec = sec, .nsec = nsec});
}

/* ---- the types ---- */
const char *month_name(int64_t month)
{
	static const char *const names[] = {"January",	 "February", "March",	 "April",
					    "May",	 "June",     "July",	 "August",
					    "September", "October",  "November", "December"};

	return month >= 1 && month <= 12 ? names[month - 1] : NULL;
}

const char *weekday_name(int64_t day)
{
	static const char *const names[] = {"Sunday",	"Monday", "Tuesday", "Wednesday",
					    "Thursday", "Friday", "Saturday"};

	return day >= 0 && day <= 6 ? names[day] : NULL;
}

static void time_string(const struct tv *v, struct buf *out)
{
	const struct tv_time *t = v->p;

	time_format(t, str_c(time_layout_string), out);
}

/* RFC 3339 cannot hold every time: the year has four digits, the offset less than a day. */
static int time_json(const struct tv *v, struct buf *out, struct buf *why)
{
	const struct tv_time *t = v->p;
	struct time_fields f;
	int offset;

	time_fields(t, &f, NULL, &offset);
	if (f.year < 0 || f.year > 9999) {
		buf_puts(why, "Time.MarshalJSON: year outside of range [0,9999]");
		return -1;
	}
	if (offset >= DAY || offset <= -DAY) {
		buf_puts(why, "Time.MarshalJSON: timezone hour outside of range [0,23]");
		return -1;
	}
	buf_putc(out, '"');
	time_format(t, str_c(time_layout_rfc3339_nano), out);
	buf_putc(out, '"');
	return 0;
}

/* Go's == of the structs: the zone is part of a time. */
static bool time_equal(const struct tv *a, const struct tv *b)
{
	const struct tv_time *x = a->p, *y = b->p;

	return x->sec == y->sec && x->nsec == y->nsec && zone_same(x->zone, y->zone);
}

static void month_string(const struct tv *v, struct buf *out)
{
	const char *name = month_name(v->i);

	if (name != NULL)
		buf_puts(out, name);
	else
		buf_printf(out, "%%!Month(%" PRIu64 ")", (uint64_t)v->i);
}

static void weekday_string(const struct tv *v, struct buf *out)
{
	const char *name = weekday_name(v->i);

	if (name != NULL)
		buf_puts(out, name);
	else
		buf_printf(out, "%%!Weekday(%" PRIu64 ")", (uint64_t)v->i);
}

static void duration_string(const struct tv *v, struct buf *out)
{
	duration_go_text(v->i, out);
}

const struct tv_type tv_type_time = {.name = "time.Time",
				     .kind = TV_STRUCT,
				     .methods = time_methods,
				     .string = time_string,
				     .json = time_json,
				     .equal = time_equal};
const struct tv_type tv_type_duration = {.name = "time.Duration",
					 .kind = TV_INT64,
					 .methods = duration_methods,
					 .string = duration_string};
const struct tv_type tv_type_month = {
	.name = "time.Month", .kind = TV_INT, .methods = month_methods, .string = month_string};
const struct tv_type tv_type_weekday = {
	.name = "time.Weekday", .kind = TV_INT, .methods = month_methods, .string = weekday_string};
