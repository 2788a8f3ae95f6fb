/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/time_priv.h"

/*
 * funcs_date.c - dates: sprig's functions and smallstep's. The only clock is the run's `now`.
 * Surprises kept, since templates live with them: what is no time (a JSON number, too) means now
 * for sprig's functions; toTime and formatTime do take numbers, but a text means now.
 */
static struct tv_time now_of(const struct tmpl_call *c)
{
	return (struct tv_time){.sec = c->now, .nsec = c->now_ns, .zone = &zone_local};
}

/* A byte of a layout may be an element, of a text be quoted in an error: 80 ns at most. */
static int charge(struct tmpl_call *c, size_t n)
{
	return tmpl_steps(c, (uint64_t)n * 8);
}

int time_return(struct tmpl_call *c, const struct tv_time *t, struct str layout, struct tv *out)
{
	struct buf b = {.limit = c->room > 0 ? c->room : 1};

	if (charge(c, layout.n) < 0)
		return -1;
	time_format(t, layout, &b);
	return tmpl_return_buf(c, &b, out);
}

/* The error text of a parser; it may be several times as long as what it quotes. */
static int fail_with(struct tmpl_call *c, struct buf *why)
{
	int r = tmpl_room(c, why->n);

	if (r == 0)
		r = tmpl_error(c, STR_FMT, STR_ARG(buf_view(why)));
	buf_release(why);
	return r;
}

/* What dateInZone takes: time, int, int64, int32. */
static bool time_from_integer(struct tv v, struct tv_time *out)
{
	if (v.type == &tv_type_time) {
		*out = *(const struct tv_time *)v.p;
		return true;
	}
	if (v.type != &tv_type_int && v.type != &tv_type_int64 && v.type != &tv_type_int32)
		return false;
	*out = (struct tv_time){.sec = v.i, .zone = &zone_local};
	return true;
}

static int in_zone(struct tmpl_call *c, struct str layout, struct tv when, struct str zone,
		   struct tv *out)
{
	struct tv_time t;
	struct buf why = BUF_INIT;

	if (!time_from_integer(when, &t))
		t = now_of(c);
	if (zone_find(zone, &t.zone, &why) < 0)
		t.zone = NULL;
	buf_release(&why);
	return time_return(c, &t, layout, out);
}

static int date(struct tmpl_call *c, const struct tv *args, size_t n UNUSED, struct tv *out)
{
	return in_zone(c, args[0].s, args[1], STR("Local"), out);
}

static int date_in_zone(struct tmpl_call *c, const struct tv *args, size_t n UNUSED, struct tv *out)
{
	return in_zone(c, args[0].s, args[1], args[2].s, out);
}

static int html_date(struct tmpl_call *c, const struct tv *args, size_t n UNUSED, struct tv *out)
{
	return in_zone(c, STR("2006-01-02"), args[0], STR("Local"), out);
}

static int html_date_in_zone(struct tmpl_call *c, const struct tv *args, size_t n UNUSED,
			     struct tv *out)
{
	return in_zone(c, STR("2006-01-02"), args[0], args[1].s, out);
}

static int must_date_modify(struct tmpl_call *c, const struct tv *args, size_t n UNUSED,
			    struct tv *out)
{
	const struct tv_time *t = args[1].p;
	struct buf why = BUF_INIT;
	int64_t ns;

	if (charge(c, args[0].s.n) < 0)
		return -1;
	if (duration_go_parse(args[0].s, &ns, &why) < 0)
		return fail_with(c, &why);
	*out = tv_time_in(c->arena, time_add(*t, ns));
	return 0;
}

static int date_modify(struct tmpl_call *c, const struct tv *args, size_t n UNUSED, struct tv *out)
{
	const struct tv_time *t = args[1].p;
	struct buf why = BUF_INIT;
	int64_t ns;

	if (charge(c, args[0].s.n) < 0)
		return -1;
	if (duration_go_parse(args[0].s, &ns, &why) < 0)
		ns = 0;
	buf_release(&why);
	*out = tv_time_in(c->arena, time_add(*t, ns));
	return 0;
}

static int return_duration(struct tmpl_call *c, int64_t ns, struct tv *out)
{
	struct buf b = BUF_INIT;

	duration_go_text(ns, &b);
	return tmpl_return_buf(c, &b, out);
}

static int64_t since(const struct tmpl_call *c, const struct tv_time *t)
{
	struct tv_time now = now_of(c);

	return time_sub(&now, t);
}

static int ago(struct tmpl_call *c, const struct tv *args, size_t n UNUSED, struct tv *out)
{
	struct tv_time t;

	if (args[0].type == &tv_type_int32 || !time_from_integer(args[0], &t))
		t = now_of(c);
	return return_duration(c, duration_round(since(c, &t), NS_PER_SECOND), out);
}

/* strconv.ParseInt(s, 10, 64): out of range gives the nearest, anything else 0. */
static int64_t decimal(struct str s)
{
	bool negative = s.n > 0 && s.p[0] == '-';
	uint64_t v = 0, limit = negative ? UINT64_C(1) << 63 : INT64_MAX;

	if (negative || (s.n > 0 && s.p[0] == '+'))
		s = str_mem(s.p + 1, s.n - 1);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return 0;
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (unsigned)(s.p[i] - '0'), &v)) {
			v = UINT64_MAX; /* what comes behind is not looked at */
			break;
		}
	}
	v = v > limit ? limit : v;
	return (int64_t)(negative ? 0 - v : v);
}

static int duration(struct tmpl_call *c, const struct tv *args, size_t n UNUSED, struct tv *out)
{
	int64_t seconds = 0;

	if (args[0].type == &tv_type_string)
		seconds = decimal(args[0].s);
	else if (args[0].type == &tv_type_int64)
		seconds = args[0].i;
	return return_duration(c, wrap_mul(seconds, NS_PER_SECOND), out);
}

static int duration_round_text(struct tmpl_call *c, const struct tv *args, size_t n UNUSED,
			       struct tv *out)
{
	static const struct {
		uint64_t seconds;
		const char *name;
	} units[] = {{365 * 86400, "y"}, {30 * 86400, "mo"}, {86400, "d"},
		     {3600, "h"},	 {60, "m"},	     {1, "s"}};
	struct buf b = BUF_INIT;
	int64_t ns = 0;

	if (args[0].type == &tv_type_string) {
		if (charge(c, args[0].s.n) < 0)
			return -1;
		if (duration_go_parse(args[0].s, &ns, &b) < 0)
			ns = 0;
		buf_release(&b);
	} else if (args[0].type == &tv_type_int64) {
		ns = args[0].i;
	} else if (args[0].type == &tv_type_time) {
		ns = since(c, args[0].p);
	}
	uint64_t u = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
	for (size_t i = 0; i < ARRAY_LEN(units) && b.n == 0; i++)
		if (u > units[i].seconds * NS_PER_SECOND)
			buf_printf(&b, "%" PRIu64 "%s", u / (units[i].seconds * NS_PER_SECOND),
				   units[i].name);
	if (b.n == 0)
		buf_puts(&b, "0s");
	return tmpl_return_buf(c, &b, out);
}

static int unix_epoch(struct tmpl_call *c, const struct tv *args, size_t n UNUSED, struct tv *out)
{
	const struct tv_time *t = args[0].p;
	struct buf b = BUF_INIT;

	buf_printf(&b, "%" PRId64, t->sec);
	return tmpl_return_buf(c, &b, out);
}

static int now(struct tmpl_call *c, const struct tv *args UNUSED, size_t n UNUSED, struct tv *out)
{
	*out = tv_time_in(c->arena, now_of(c));
	return 0;
}

/* ---- reading ---- */
struct reading {
	struct str layout, value;
	const struct tmpl_zone *fallback, *local;
};

static int read_time(struct tmpl_call *c, const struct reading *r, bool must, struct tv *out)
{
	struct buf why = {.limit = c->room > 0 ? c->room : 1};
	struct tv_time t;

	if (charge(c, r->layout.n) < 0 || charge(c, r->value.n) < 0)
		return -1;
	if (time_parse(r->layout, r->value, r->fallback, r->local, c->arena, &t, &why) < 0 && must)
		return fail_with(c, &why);
	buf_release(&why);
	*out = tv_time_in(c->arena, t);
	return 0;
}

static int to_date(struct tmpl_call *c, const struct tv *args, size_t n UNUSED, struct tv *out)
{
	struct reading r = {args[0].s, args[1].s, &zone_local, &zone_local};

	return read_time(c, &r, false, out);
}

static int must_to_date(struct tmpl_call *c, const struct tv *args, size_t n UNUSED, struct tv *out)
{
	struct reading r = {args[0].s, args[1].s, &zone_local, &zone_local};

	return read_time(c, &r, true, out);
}

/* (), (text), (layout, text), (layout, text, zone) */
static int parse_any(struct tmpl_call *c, const struct tv *args, size_t n, bool must,
		     struct tv *out)
{
	struct reading r = {.fallback = NULL, .local = &zone_local};
	struct buf why = BUF_INIT;

	if (n == 0) {
		*out = tv_time(c->arena, c->now, c->now_ns);
		return 0;
	}
	*out = tv_time(c->arena, YEAR_ONE, 0);
	if (n > 3)
		return must ? tmpl_error(c, "unsupported number of parameters") : 0;
	r.layout = n == 1 ? str_c(time_layout_rfc3339) : time_layout_named(args[0].s);
	r.value = args[n == 1 ? 0 : 1].s;
	if (n == 3) {
		if (zone_find(args[2].s, &r.fallback, &why) < 0 && must)
			return fail_with(c, &why);
		bool unknown = why.n > 0;
		buf_release(&why);
		if (unknown)
			return 0;
		r.local = r.fallback;
	}
	return read_time(c, &r, must, out);
}

static int parse_time(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	return parse_any(c, args, n, false, out);
}

static int must_parse_time(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	return parse_any(c, args, n, true, out);
}

static struct tv_time to_utc(const struct tmpl_call *c, struct tv v)
{
	struct tv_time t;

	if (v.type == &tv_type_float64)
		t = time_from_float(v.f);
	else if (!time_from_integer(v, &t))
		t = now_of(c);
	t.zone = NULL;
	return t;
}

static int to_time(struct tmpl_call *c, const struct tv *args, size_t n UNUSED, struct tv *out)
{
	*out = tv_time_in(c->arena, to_utc(c, args[0]));
	return 0;
}

static int format_time(struct tmpl_call *c, const struct tv *args, size_t n UNUSED, struct tv *out)
{
	struct tv_time t = to_utc(c, args[0]);

	return time_return(c, &t, str_c(time_layout_rfc3339), out);
}

static int to_time_layout(struct tmpl_call *c UNUSED, const struct tv *args, size_t n UNUSED,
			  struct tv *out)
{
	*out = tv_str(time_layout_named(args[0].s));
	return 0;
}

const struct tmpl_func tmpl_funcs_date[] = {
	{"ago", "a", 's', TMPL_FUNC_SPRIG, ago},
	{"date", "sa", 's', TMPL_FUNC_SPRIG, date},
	{"date_in_zone", "sas", 's', TMPL_FUNC_SPRIG, date_in_zone},
	{"date_modify", "st", 't', TMPL_FUNC_SPRIG, date_modify},
	{"dateInZone", "sas", 's', TMPL_FUNC_SPRIG, date_in_zone},
	{"dateModify", "st", 't', TMPL_FUNC_SPRIG, date_modify},
	{"duration", "a", 's', TMPL_FUNC_SPRIG, duration},
	{"durationRound", "a", 's', TMPL_FUNC_SPRIG, duration_round_text},
	{"htmlDate", "a", 's', TMPL_FUNC_SPRIG, html_date},
	{"htmlDateInZone", "as", 's', TMPL_FUNC_SPRIG, html_date_in_zone},
	{"must_date_modify", "st", 't', TMPL_FUNC_SPRIG, must_date_modify},
	{"mustDateModify", "st", 't', TMPL_FUNC_SPRIG, must_date_modify},
	{"mustToDate", "ss", 't', TMPL_FUNC_SPRIG, must_to_date},
	{"now", "", 't', TMPL_FUNC_SPRIG, now},
	{"toDate", "ss", 't', TMPL_FUNC_SPRIG, to_date},
	{"unixEpoch", "t", 's', TMPL_FUNC_SPRIG, unix_epoch},
	{"formatTime", "a", 's', TMPL_FUNC_STEP, format_time},
	{"mustParseTime", "*s", 't', TMPL_FUNC_STEP, must_parse_time},
	{"parseTime", "*s", 't', TMPL_FUNC_STEP, parse_time},
	{"toTime", "a", 't', TMPL_FUNC_STEP, to_time},
	{"toTimeLayout", "s", 's', TMPL_FUNC_STEP, to_time_layout},
	{0},
};
