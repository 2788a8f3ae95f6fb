/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/clock.h"
#include "profile/content_json.h"
#include "tmpl/asn1.h"
#include "tmpl/time_priv.h"

/* content_json_get.c - typed readers over content_json.c. */

int cj_wrong_type(struct str v, const char *what, const char *needed, struct err *e)
{
	return ERR(e, ERR_INVALID, "%s: %s where %s is needed", what, cj_kind_name(cj_kind(v)),
		   needed);
}

int cj_get_text(struct str v, const char *what, struct arena *a, struct str *out, struct err *e)
{
	if (cj_is_null(v))
		return 0;
	if (cj_kind(v) != CJ_STRING)
		return cj_wrong_type(v, what, "a string", e);
	*out = cj_text(v, a);
	return 0;
}

int cj_get_bool(struct str v, const char *what, bool *out, struct err *e)
{
	if (cj_is_null(v))
		return 0;
	if (cj_kind(v) != CJ_BOOL)
		return cj_wrong_type(v, what, "a boolean", e);
	*out = v.p[0] == 't';
	return 0;
}

/* The magnitude of an integer literal; false when it is none, or does not fit 64 bits. */
static bool integer(struct str v, bool *negative, uint64_t *out)
{
	*negative = v.p[0] == '-';
	if (*negative) {
		v.p++;
		v.n--;
	}
	return str_u64(v, out);
}

int cj_get_i64(struct str v, const char *what, int64_t *out, struct err *e)
{
	uint64_t n;
	bool negative;

	if (cj_is_null(v))
		return 0;
	if (cj_kind(v) != CJ_NUMBER)
		return cj_wrong_type(v, what, "an integer", e);
	if (!integer(v, &negative, &n) || n > (uint64_t)INT64_MAX + negative)
		return ERR(e, ERR_INVALID, "%s: " STR_FMT " is not an integer of 64 bits", what,
			   STR_ARG(v));
	*out = negative ? (int64_t)(0 - n) : (int64_t)n;
	return 0;
}

int cj_get_u64(struct str v, const char *what, uint64_t *out, struct err *e)
{
	uint64_t n;
	bool negative;

	if (cj_is_null(v))
		return 0;
	if (cj_kind(v) != CJ_NUMBER)
		return cj_wrong_type(v, what, "an integer", e);
	if (!integer(v, &negative, &n) || negative)
		return ERR(e, ERR_INVALID, "%s: " STR_FMT " is not an unsigned integer of 64 bits",
			   what, STR_ARG(v));
	*out = n;
	return 0;
}

/* ---- base64 ---- */

int cj_base64(struct str text, const char *what, struct arena *a, struct str *out, struct err *e)
{
	struct buf b = BUF_INIT;
	size_t bad;

	if (b64_go_decode(text, &b, &bad) < 0) {
		buf_release(&b);
		return ERR(e, ERR_INVALID, "%s: not base64 with padding, at byte %zu", what, bad);
	}
	*out = arena_str(a, buf_view(&b));
	buf_release(&b);
	return 0;
}

/* Go also reads a list of numbers as bytes. */
static int byte_list(struct str v, const char *what, struct arena *a, struct str *out,
		     struct err *e)
{
	struct cj_walk w = cj_walk(v);
	size_t n = 0;
	char *p = arena_alloc(a, cj_count(v) + 1);

	while (cj_item(&w)) {
		uint64_t byte = 0;

		if (cj_get_u64(w.value, what, &byte, e) < 0)
			return -1;
		if (byte > 255)
			return ERR(e, ERR_INVALID, "%s: a number over 255 in a list of bytes",
				   what);
		p[n++] = (char)byte;
	}
	*out = str_mem(p, n);
	return 0;
}

int cj_get_base64(struct str v, const char *what, struct arena *a, struct str *out, struct err *e)
{
	*out = STR_NULL;
	if (cj_is_null(v))
		return 0;
	if (cj_kind(v) == CJ_ARRAY)
		return byte_list(v, what, a, out, e);
	if (cj_kind(v) != CJ_STRING)
		return cj_wrong_type(v, what, "a string of base64", e);
	return cj_base64(cj_text(v, a), what, a, out, e);
}

/* ---- times ---- */

/* The form only: "2006-01-02T15:04:05[.digits](Z|+hh:mm)", as it stands in the text. */
static bool time_form(struct str s)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd";
	size_t i = 0;

	for (; i < sizeof(form) - 1; i++)
		if (i >= s.n || (form[i] == 'd' ? s.p[i] < '0' || s.p[i] > '9' : s.p[i] != form[i]))
			return false;
	if (i < s.n && s.p[i] == '.') {
		size_t at = ++i;

		while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
			i++;
		if (i == at)
			return false;
	}
	if (i + 1 == s.n)
		return s.p[i] == 'Z';
	return i + 6 == s.n && (s.p[i] == '+' || s.p[i] == '-') && s.p[i + 3] == ':';
}

/* What Go takes beyond RFC 3339: hours of one digit, a comma, the year 0. */
static bool go_time(struct str s, int64_t *out)
{
	struct arena *a = arena_new();
	struct buf why = BUF_INIT;
	struct tv_time t;
	bool ok =
		s.n < 64 && time_parse(str_c(time_layout_rfc3339), s, NULL, NULL, a, &t, &why) == 0;

	if (ok)
		*out = t.sec;
	buf_release(&why);
	arena_free(a);
	return ok;
}

int cj_get_time(struct str v, const char *what, bool *set, int64_t *out, struct err *e)
{
	struct err second = ERR_INIT;
	struct str s;

	if (cj_is_null(v))
		return 0;
	if (cj_kind(v) != CJ_STRING)
		return cj_wrong_type(v, what, "a time as a string", e);
	s = (struct str){v.p + 1, v.n - 2};
	if ((!time_form(s) || time_parse_rfc3339(s, out, &second) < 0) && !go_time(s, out))
		return ERR(e, ERR_INVALID, "%s: not a time (RFC 3339)", what);
	*set = true;
	return 0;
}

/* ---- lists of texts ---- */

int cj_get_texts(struct str v, const char *what, struct arena *a, struct str **out, size_t *n,
		 struct err *e)
{
	struct cj_walk w;

	*out = NULL;
	*n = 0;
	if (cj_is_null(v))
		return 0;
	if (cj_kind(v) != CJ_ARRAY)
		return cj_wrong_type(v, what, "a list of strings", e);
	*out = ARENA_ARRAY(a, struct str, cj_count(v) + 1);
	for (w = cj_walk(v); cj_item(&w); (*n)++)
		if (cj_get_text(w.value, what, a, &(*out)[*n], e) < 0)
			return -1;
	return 0;
}

int cj_get_text_or_texts(struct str v, const char *what, struct arena *a, struct str **out,
			 size_t *n, struct err *e)
{
	if (cj_kind(v) != CJ_STRING)
		return cj_get_texts(v, what, a, out, n, e);
	*out = ARENA_NEW(a, struct str);
	**out = cj_text(v, a);
	*n = 1;
	return 0;
}
