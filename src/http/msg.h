/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_HTTP_MSG_H
#define SIGNET_HTTP_MSG_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/* HTTP/1.1 syntax, pure functions over bytes: what t/fuzz drives. */
struct http_header {
	struct str name, value; /* value trimmed */
};
struct http_head {
	struct str method, target;
	int minor; /* HTTP/1.minor */
	struct http_header *headers;
	unsigned n_headers;
	/* derived */
	bool has_length, chunked, keep_alive, expect_continue;
	uint64_t length;
	struct str path, query; /* of the target, origin form (or absolute form reduced to it) */
	struct str host;
	int status; /* on failure: 400, 414, 417, 431, 501, 505 */
};
struct http_limits {
	size_t max_head, max_target; /* target 8 KiB */
	unsigned max_headers;
};
/*
 * Length of the head including its empty line, 0 when more is needed, -1 when it passes max_head.
 * Lines end with CRLF only (RFC 9112 2.2: bare LF refused): at the first byte that cannot stand in
 * a head it returns what is there up to it, which http_head_parse then refuses.
 */
ssize_t http_head_length(struct str in, size_t max_head);
/*
 * Parses exactly one head. Views point into `in`, which must live as long. -1: out->status says
 * what to answer; the message never holds a header's value.
 */
int http_head_parse(struct str in, const struct http_limits *lim, struct arena *a,
		    struct http_head *out, struct err *e) NODISCARD;
struct str http_head_get(const struct http_head *h, const char *name);
/*
 * Chunked coding: an incremental decoder. Feeds on `in`, appends to `out`, returns bytes consumed
 * (fewer than given only when done) or -1: ERR_INVALID malformed, ERR_TOO_LARGE over max.
 */
struct http_chunked {
	int state;
	uint64_t left, total, max;
	unsigned line;
	bool done;
};
void http_chunked_init(struct http_chunked *c, uint64_t max);
ssize_t http_chunked_feed(struct http_chunked *c, struct str in, struct buf *out, struct err *e);
const char *http_reason(int status);
/*
 * Splits a path by '/', percent-decodes each segment; "/" has none, "/a/" has "a" and an empty one.
 * -1 on bad escapes, NUL, an encoded slash, "." or ".." segments, empty inner segments
 * (ERR_INVALID), and on more than max segments (ERR_TOO_LARGE).
 */
int http_path_split(struct str path, struct arena *a, struct str *segments, unsigned max,
		    unsigned *n, struct err *e) NODISCARD;

#endif
