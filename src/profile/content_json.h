/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_PROFILE_CONTENT_JSON_H
#define SIGNET_PROFILE_CONTENT_JSON_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/*
 * content_json.h - JSON as Go's encoding/json reads it into typed fields: for what a template
 * yields, X.509 and SSH alike (not for requests and configuration: codec/json.h).
 *
 * A value is a view of its bytes in a text whose grammar cj_first() has checked as a whole; walking
 * cannot fail after that, allocates nothing and shows members in the text's order, repeated ones
 * too. Which of them counts is the reader's business: in Go the last one, or all one after the
 * other. All readers take `what`, the field's name, for their message: ERR_INVALID
 * "subject.country: not a string ...".
 */
enum cj_kind { CJ_NULL, CJ_BOOL, CJ_NUMBER, CJ_STRING, CJ_ARRAY, CJ_OBJECT };

#define CJ_MAX_DEPTH 10000U /* as Go */

/*
 * The first value of `text`, without white space; what follows it is not looked at. The whole value
 * is checked (RFC 8259, at most CJ_MAX_DEPTH deep), without recursion. Bytes that are not UTF-8
 * pass: they are U+FFFD when read.
 */
int cj_first(struct str text, struct str *value, struct err *e) NODISCARD;
/* The same, and nothing but white space may follow: json.Unmarshal. */
int cj_only(struct str text, struct str *value, struct err *e) NODISCARD;

enum cj_kind cj_kind(struct str value);
const char *cj_kind_name(enum cj_kind k); /* "null" "a boolean" "a number" "a string" ... */
static inline bool cj_is_null(struct str value)
{
	return cj_kind(value) == CJ_NULL;
}

/*
 * struct cj_walk w = cj_walk(value);		 an object or array, else nothing comes
 * while (cj_member(&w)) ... w.key, w.value	 w.key is the raw string, with its quotes
 * while (cj_item(&w)) ... w.value
 */
struct cj_walk {
	struct str rest, key, value;
};
struct cj_walk cj_walk(struct str value);
bool cj_member(struct cj_walk *w);
bool cj_item(struct cj_walk *w);
size_t cj_count(struct str array); /* items; 0 for other kinds */

/* Is this (raw) member name the field `name` (ASCII)? Unicode's simple case folding. */
bool cj_key_is(struct str raw_key, const char *name);
/* Which of `names` (NULL-terminated) it is; -1: none. */
int cj_key_index(struct str raw_key, const char *const *names);

/* Text of a string, decoded into the arena (or a view, when there is nothing to decode). */
struct str cj_text(struct str string, struct arena *a);

/*
 * Typed readers. `null` leaves *out as it is and is no error, as in Go; a wrong type is one.
 */
int cj_get_text(struct str v, const char *what, struct arena *a, struct str *out,
		struct err *e) NODISCARD;
int cj_get_bool(struct str v, const char *what, bool *out, struct err *e) NODISCARD;
/* No fraction, no exponent: "1.0" and "1e2" are refused. */
int cj_get_i64(struct str v, const char *what, int64_t *out, struct err *e) NODISCARD;
int cj_get_u64(struct str v, const char *what, uint64_t *out, struct err *e) NODISCARD;
/* Standard base64 with padding; line breaks are skipped, as Go does. null gives no bytes. */
int cj_get_base64(struct str v, const char *what, struct arena *a, struct str *out,
		  struct err *e) NODISCARD;
int cj_base64(struct str text, const char *what, struct arena *a, struct str *out,
	      struct err *e) NODISCARD; /* of a text that is not in JSON */
/* RFC 3339 as Go's time.Time reads it from JSON; *set false for null. Fractions are dropped. */
int cj_get_time(struct str v, const char *what, bool *set, int64_t *out, struct err *e) NODISCARD;
/* A list of texts; a null item is "". null: none. */
int cj_get_texts(struct str v, const char *what, struct arena *a, struct str **out, size_t *n,
		 struct err *e) NODISCARD;
/* The same, or one text alone. */
int cj_get_text_or_texts(struct str v, const char *what, struct arena *a, struct str **out,
			 size_t *n, struct err *e) NODISCARD;
/* ERR_INVALID "WHAT: a number where a string is needed". */
int cj_wrong_type(struct str v, const char *what, const char *needed, struct err *e);

#endif
