/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/time_priv.h"

/*
 * time_methods.c - methods of time.Time, Duration, Month and Weekday. Left out are those with
 * several results, which no template can call, and those that need a value which no template has.
 */
static const struct tv_time *self(const struct tv *args)
{
	return args[0].p;
}

static int give(struct tv *out, const struct tv_type *type, int64_t v)
{
	*out = (struct tv){.type = type, .i = v};
	return 0;
}

static int give_time(struct tmpl_call *c, struct tv *out, struct tv_time t)
{
	*out = tv_time_in(c->arena, t);
	return 0;
}

#define METHOD(name)                                                                               \
	static int name(struct tmpl_call *c UNUSED, const struct tv *args, size_t n UNUSED,        \
			struct tv *out)
#define FIELD_METHOD(name, type, expr)                                                             \
	METHOD(name)                                                                               \
	{                                                                                          \
		struct time_fields f;                                                              \
                                                                                                   \
		time_fields(self(args), &f, NULL, NULL);                                           \
		return give(out, &(type), (expr));                                                 \
	}

FIELD_METHOD(year, tv_type_int, f.year)
FIELD_METHOD(month, tv_type_month, f.month)
FIELD_METHOD(day, tv_type_int, f.day)
FIELD_METHOD(hour, tv_type_int, f.hour)
FIELD_METHOD(minute, tv_type_int, f.minute)
FIELD_METHOD(second, tv_type_int, f.second)
FIELD_METHOD(weekday, tv_type_weekday, f.weekday)
FIELD_METHOD(year_day, tv_type_int, f.yday)

METHOD(nanosecond)
{
	return give(out, &tv_type_int, self(args)->nsec);
}

METHOD(unix_seconds)
{
	return give(out, &tv_type_int64, self(args)->sec);
}

static int64_t unix_in(const struct tv_time *t, int64_t per_second)
{
	return wrap_add(wrap_mul(t->sec, per_second), t->nsec / (NS_PER_SECOND / per_second));
}

METHOD(unix_milli)
{
	return give(out, &tv_type_int64, unix_in(self(args), 1000));
}

METHOD(unix_micro)
{
	return give(out, &tv_type_int64, unix_in(self(args), 1000000));
}

METHOD(unix_nano)
{
	return give(out, &tv_type_int64, unix_in(self(args), NS_PER_SECOND));
}

METHOD(add)
{
	return give_time(c, out, time_add(*self(args), args[1].i));
}

METHOD(add_date)
{
	const struct tv_time *t = self(args);
	struct time_fields f;

	time_fields(t, &f, NULL, NULL);
	struct time_parts p = {.year = wrap_add(f.year, args[1].i),
			       .month = wrap_add(f.month, args[2].i),
			       .day = wrap_add(f.day, args[3].i),
			       .hour = f.hour,
			       .minute = f.minute,
			       .second = f.second,
			       .nsec = t->nsec};
	return give_time(c, out, time_from_parts(&p, t->zone));
}

METHOD(sub)
{
	return give(out, &tv_type_duration, time_sub(self(args), args[1].p));
}

METHOD(before)
{
	*out = tv_bool(time_compare(self(args), args[1].p) < 0);
	return 0;
}

METHOD(after)
{
	*out = tv_bool(time_compare(self(args), args[1].p) > 0);
	return 0;
}

METHOD(equal)
{
	*out = tv_bool(time_compare(self(args), args[1].p) == 0);
	return 0;
}

METHOD(compare)
{
	return give(out, &tv_type_int, time_compare(self(args), args[1].p));
}

METHOD(is_zero)
{
	*out = tv_bool(self(args)->sec == YEAR_ONE && self(args)->nsec == 0);
	return 0;
}

METHOD(is_dst)
{
	struct zone_at at;

	zone_lookup(self(args)->zone, self(args)->sec, &at);
	*out = tv_bool(at.dst);
	return 0;
}

METHOD(in_utc)
{
	struct tv_time t = *self(args);

	t.zone = NULL;
	return give_time(c, out, t);
}

METHOD(in_local)
{
	struct tv_time t = *self(args);

	t.zone = &zone_local;
	return give_time(c, out, t);
}

METHOD(truncated)
{
	return give_time(c, out, time_truncate(*self(args), args[1].i));
}

METHOD(rounded)
{
	return give_time(c, out, time_round(*self(args), args[1].i));
}

METHOD(format)
{
	return time_return(c, self(args), args[1].s, out);
}

/* String() of any of the four types. */
METHOD(text)
{
	struct buf b = {.limit = c->room > 0 ? c->room : 1};

	args[0].type->string(&args[0], &b);
	return tmpl_return_buf(c, &b, out);
}

/* ---- Duration ---- */
static double duration_in(int64_t d, int64_t unit)
{
	return (double)(d / unit) + (double)(d % unit) / (double)unit;
}

METHOD(hours)
{
	*out = tv_float(duration_in(args[0].i, 3600 * NS_PER_SECOND));
	return 0;
}

METHOD(minutes)
{
	*out = tv_float(duration_in(args[0].i, 60 * NS_PER_SECOND));
	return 0;
}

METHOD(seconds)
{
	*out = tv_float(duration_in(args[0].i, NS_PER_SECOND));
	return 0;
}

METHOD(milliseconds)
{
	return give(out, &tv_type_int64, args[0].i / 1000000);
}

METHOD(microseconds)
{
	return give(out, &tv_type_int64, args[0].i / 1000);
}

METHOD(nanoseconds)
{
	return give(out, &tv_type_int64, args[0].i);
}

METHOD(duration_truncated)
{
	int64_t d = args[0].i, m = args[1].i;

	return give(out, &tv_type_duration, m <= 0 ? d : d - d % m);
}

METHOD(duration_rounded)
{
	return give(out, &tv_type_duration, duration_round(args[0].i, args[1].i));
}

METHOD(duration_abs)
{
	int64_t d = args[0].i;

	return give(out, &tv_type_duration, d == INT64_MIN ? INT64_MAX : d < 0 ? -d : d);
}

const struct tmpl_func time_methods[] = {
	{"Add", "d", 0, 0, add},
	{"AddDate", "iii", 0, 0, add_date},
	{"After", "t", 'b', 0, after},
	{"Before", "t", 'b', 0, before},
	{"Compare", "t", 'i', 0, compare},
	{"Day", "", 'i', 0, day},
	{"Equal", "t", 'b', 0, equal},
	{"Format", "s", 's', 0, format},
	{"Hour", "", 'i', 0, hour},
	{"IsDST", "", 'b', 0, is_dst},
	{"IsZero", "", 'b', 0, is_zero},
	{"Local", "", 't', 0, in_local},
	{"Minute", "", 'i', 0, minute},
	{"Month", "", 0, 0, month},
	{"Nanosecond", "", 'i', 0, nanosecond},
	{"Round", "d", 't', 0, rounded},
	{"Second", "", 'i', 0, second},
	{"String", "", 's', 0, text},
	{"Sub", "t", 0, 0, sub},
	{"Truncate", "d", 't', 0, truncated},
	{"UTC", "", 't', 0, in_utc},
	{"Unix", "", 'I', 0, unix_seconds},
	{"UnixMicro", "", 'I', 0, unix_micro},
	{"UnixMilli", "", 'I', 0, unix_milli},
	{"UnixNano", "", 'I', 0, unix_nano},
	{"Weekday", "", 0, 0, weekday},
	{"Year", "", 'i', 0, year},
	{"YearDay", "", 'i', 0, year_day},
	{0},
};
const struct tmpl_func duration_methods[] = {
	{"Abs", "", 0, 0, duration_abs},
	{"Hours", "", 'f', 0, hours},
	{"Microseconds", "", 'I', 0, microseconds},
	{"Milliseconds", "", 'I', 0, milliseconds},
	{"Minutes", "", 'f', 0, minutes},
	{"Nanoseconds", "", 'I', 0, nanoseconds},
	{"Round", "d", 0, 0, duration_rounded},
	{"Seconds", "", 'f', 0, seconds},
	{"String", "", 's', 0, text},
	{"Truncate", "d", 0, 0, duration_truncated},
	{0},
};
const struct tmpl_func month_methods[] = {
	{"String", "", 's', 0, text},
	{0},
};
