/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CODEC_JSON_H
#define SIGNET_CODEC_JSON_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#include <jansson.h>

/*
 * JSON over jansson, with limits. A scan before jansson bounds depth, members and size, so that
 * hostile text costs linear time and no stack.
 */
struct json_limits {
	size_t max_bytes; /* whole text */
	unsigned max_depth;
	size_t max_values; /* members and elements together */
};
enum {
	JSON_REFUSE_DUPLICATES = 1, /* JOSE, configuration; otherwise the last one wins */
	JSON_ALLOW_TRAILING = 2, /* data after the first value is ignored (as Go's Decoder does) */
	JSON_FOLD_KEYS = 4,	 /* duplicates are judged with ASCII case folded */
	JSON_TOP_OBJECT = 8	 /* top level must be an object */
};
extern const struct json_limits json_limits_request; /* 64 KiB, depth 32, 2,000 values */

/*
 * Strict RFC 8259 (no NaN, no BOM, valid UTF-8, no lone surrogates, U+0000 in strings taken, not
 * in names; an integer that does not fit 64 bits is refused). Of equal members that are not
 * refused only the last one stays, at its place in the text. ERR_TOO_LARGE for max_bytes, else
 * ERR_INVALID; messages never quote the text. New reference; json_decref.
 */
json_t *json_parse(struct str text, const struct json_limits *lim, unsigned flags,
		   struct err *e) NODISCARD;

/*
 * Getters for an object's member. Absent or null: found=false (the _opt forms) or an error that
 * names the key. Wrong type: an error with the key. With JSON_FOLD_KEYS in `flags` the key
 * matches with ASCII case folded, the last member of that name in text order winning. Views are
 * borrowed from `o`.
 */
json_t *json_member(const json_t *o, const char *key,
		    unsigned flags); /* borrowed; NULL when absent */
int json_get_str(const json_t *o, const char *key, unsigned flags, struct str *out,
		 struct err *e) NODISCARD;
int json_opt_str(const json_t *o, const char *key, unsigned flags, struct str *out,
		 struct err *e) NODISCARD; /* empty when absent */
int json_get_i64(const json_t *o, const char *key, unsigned flags, int64_t *out,
		 struct err *e) NODISCARD;
int json_opt_bool(const json_t *o, const char *key, unsigned flags, bool dflt, bool *out,
		  struct err *e) NODISCARD;
struct str json_str_view(const json_t *s); /* of a string value; STR_NULL otherwise */

/*
 * Serialises compactly, members in insertion order, with Go's escapes of < > & U+2028 U+2029.
 * Appends.
 */
void json_write(const json_t *v, struct buf *out);
/* v loses a reference when the arena is freed. */
void json_free_with(json_t *v, struct arena *a);
json_t *
json_str_new(struct str s); /* new string; s must be UTF-8, else each bad byte becomes U+FFFD */

#endif
