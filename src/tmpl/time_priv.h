/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_TMPL_TIME_PRIV_H
#define SIGNET_TMPL_TIME_PRIV_H

#include "tmpl/func.h"

/*
 * time_priv.h - what the files about time share: the calendar (time.c), layouts (time_layout.c),
 * parsing (time_parse.c), zones (zone.c, zone_rule.c) and durations (duration_go.c).
 *
 * The process zone of a CA is UTC by definition (a certificate must not depend on the machine's
 * setting), but it is a zone of its own, as Go's Local is.
 */
#define NS_PER_SECOND INT64_C(1000000000)
#define YEAR_ONE      INT64_C(-62135596800) /* Go's zero time: 0001-01-01 00:00:00 */

static inline int64_t wrap_add(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}
static inline int64_t wrap_sub(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a - (uint64_t)b);
}
static inline int64_t wrap_mul(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a * (uint64_t)b);
}

/* ---- calendar (time.c) ---- */
struct time_fields {
	int64_t year;
	int month, day; /* from 1 */
	int yday;	/* from 1 */
	int weekday;	/* Sunday is 0 */
	int hour, minute, second;
};
/* `sec` already has the zone's offset added. Every int64 is a date. */
void time_split(int64_t sec, struct time_fields *out);
/* The fields of t in its zone; `name` and `offset` of that zone may be NULL. */
void time_fields(const struct tv_time *t, struct time_fields *out, struct str *name, int *offset);
struct time_parts {
	int64_t year, month, day, hour, minute, second, nsec;
};
/* Go's time.Date: parts out of their range flow over into the next. zone NULL: UTC. */
struct tv_time time_from_parts(const struct time_parts *p, const struct tmpl_zone *zone);
int64_t time_internal(const struct tv_time *t); /* seconds since year 1, as Go compares them */
int time_compare(const struct tv_time *a, const struct tv_time *b);
struct tv_time time_add(struct tv_time t, int64_t ns);
int64_t time_sub(const struct tv_time *a, const struct tv_time *b); /* ns, clamped */
struct tv_time time_truncate(struct tv_time t, int64_t ns);
struct tv_time time_round(struct tv_time t, int64_t ns);
struct tv_time time_from_float(double seconds);
struct tv tv_time_in(struct arena *a, struct tv_time t);
bool year_is_leap(int64_t year);
int month_days(int month, int64_t year);
int month_start(int month); /* days before it in a common year; month 13: 365 */
const char *month_name(int64_t month);
const char *weekday_name(int64_t day);
extern const struct tmpl_func time_methods[], duration_methods[], month_methods[];

/* ---- layouts (time_layout.c) ---- */
enum layout_elem {
	LAYOUT_END,
	LAYOUT_LONG_MONTH,
	LAYOUT_MONTH,
	LAYOUT_NUM_MONTH,
	LAYOUT_ZERO_MONTH,
	LAYOUT_LONG_WEEKDAY,
	LAYOUT_WEEKDAY,
	LAYOUT_DAY,
	LAYOUT_UNDER_DAY,
	LAYOUT_ZERO_DAY,
	LAYOUT_UNDER_YDAY,
	LAYOUT_ZERO_YDAY,
	LAYOUT_HOUR,
	LAYOUT_HOUR12,
	LAYOUT_ZERO_HOUR12,
	LAYOUT_MINUTE,
	LAYOUT_ZERO_MINUTE,
	LAYOUT_SECOND,
	LAYOUT_ZERO_SECOND,
	LAYOUT_LONG_YEAR,
	LAYOUT_YEAR,
	LAYOUT_PM,
	LAYOUT_PM_LOWER,
	LAYOUT_ZONE_NAME,
	LAYOUT_ZONE,	      /* an offset: see struct layout_item */
	LAYOUT_FRACTION,      /* .000: always so many digits */
	LAYOUT_FRACTION_TRIM, /* .999: without zeros at the end */
};
struct layout_item {
	struct str prefix; /* literal text before it */
	enum layout_elem elem;
	struct str text;	      /* the element as written */
	unsigned digits;	      /* of a fraction */
	char separator;		      /* of a fraction: '.' or ',' */
	bool zulu;		      /* of an offset: Z for UTC */
	bool colon, minutes, seconds; /* of an offset */
};
/* The next element of *layout, which moves behind it. At the end elem is LAYOUT_END. */
void layout_next(struct str *layout, struct layout_item *out);
extern const char time_layout_rfc3339[], time_layout_rfc3339_nano[], time_layout_string[];
/* A name of Go's constants in any case ("RFC3339", "time.UnixDate"), or the text itself. */
struct str time_layout_named(struct str name);
void time_format(const struct tv_time *t, struct str layout, struct buf *out);
/* The same as the result of a function, within the run's bounds. */
int time_return(struct tmpl_call *c, const struct tv_time *t, struct str layout,
		struct tv *out) NODISCARD;
void time_put_int(struct buf *out, int64_t v, int width);

/* ---- parsing (time_parse.c) ---- */
/* Go's parse(): `fallback` is the zone of a text without one, `local` where names are looked up. */
int time_parse(struct str layout, struct str value, const struct tmpl_zone *fallback,
	       const struct tmpl_zone *local, struct arena *a, struct tv_time *out,
	       struct buf *why) NODISCARD;
void time_quote(struct str s, struct buf *out); /* as package time quotes in its errors */

/* ---- durations (duration_go.c) ---- */
int duration_go_parse(struct str s, int64_t *ns, struct buf *why) NODISCARD;
void duration_go_text(int64_t ns, struct buf *out);
int64_t duration_round(int64_t d, int64_t m);

/* ---- zones (zone.c) ---- */
struct zone_kind { /* "CET", 3600, false */
	struct str name;
	int32_t offset;
	bool dst;
};
struct zone_rule_day {
	enum { RULE_JULIAN, RULE_DAY, RULE_WEEKDAY } kind;
	int day, week, month;
	int32_t time;
};
struct zone_rule { /* the POSIX TZ text behind the table (RFC 9636 3.3) */
	struct zone_kind std, dst;
	bool has_dst;
	struct zone_rule_day begin, end;
};
struct tmpl_zone {
	struct str name; /* as it was asked for */
	const struct zone_kind *kinds;
	size_t n_kinds;	     /* 0: UTC */
	const int64_t *when; /* ascending */
	const uint8_t *kind_at;
	size_t n;
	bool has_rule;
	bool hours; /* a nameless fixed offset of whole hours: equal offsets are one zone */
	struct zone_rule rule;
};
struct zone_at {
	struct str name;
	int32_t offset;
	int64_t start, end; /* [start, end) has it */
	bool dst;
};
extern const struct tmpl_zone zone_local;
void zone_lookup(const struct tmpl_zone *z, int64_t sec, struct zone_at *out); /* NULL: UTC */
/* The offset that `name` has in z, preferably at that time of day. */
bool zone_lookup_name(const struct tmpl_zone *z, struct str name, int64_t sec, int32_t *offset);
bool zone_same(const struct tmpl_zone *a, const struct tmpl_zone *b);
const struct tmpl_zone *zone_fixed(struct arena *a, struct str name, int32_t offset);
/* time.LoadLocation: 0 and *out (NULL: UTC), or -1 and Go's text. */
int zone_find(struct str name, const struct tmpl_zone **out, struct buf *why);
/* A TZif file (RFC 9636). What it points to is in `a` or in `data`, which must stay. */
bool zone_parse(struct str data, struct arena *a, struct tmpl_zone *out);

/* ---- zone_rule.c ---- */
bool zone_rule_parse(struct str text, struct zone_rule *out);
void zone_rule_at(const struct zone_rule *r, int64_t last, int64_t sec, struct zone_at *out);

#endif
