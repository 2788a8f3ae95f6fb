/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_HTTP_REQ_H
#define SIGNET_HTTP_REQ_H

#include "base/arena.h"
#include "base/err.h"
#include "http/msg.h"
#include "loop/flow.h"
#include "net/stream.h"

/*
 * req.h - one request and its answer. The connection owns the request; a running flow holds it
 * (http_req_run). Both are freed in the reap phase. Everything a handler makes for the request
 * lives in req->arena.
 */
struct http_req;

/*
 * A route. `path` has literal segments and `{name}` for one segment (percent-decoded, never empty,
 * never with a slash or NUL inside after decoding); a literal wins over a parameter, wherever they
 * stand in the table. The handler runs on the loop when head and body are complete; it answers at
 * once (http_reply...) or starts a flow (http_req_run).
 */
struct http_route {
	const char *method; /* "GET", "POST"; GET serves HEAD too */
	const char *path;
	void (*handler)(struct http_req *r);
	size_t max_body;  /* 0: a body is refused with 413 when not empty */
	const char *name; /* for metrics and the access log */
};

struct http_req {
	struct arena *arena;
	struct loop *loop;
	void *app;
	const struct http_route *route;
	const struct http_head *head; /* method, target, headers */
	struct str path;	      /* as sent, without the query */
	struct str query;	      /* without '?' */
	struct str body;
	struct str host; /* Host header */
	/*
	 * Request id: from X-Request-Id or X-Smallstep-Id when 1-128 visible ASCII characters, else
	 * a new UUID v4; echoed as X-Request-Id.
	 */
	const char *id;
	const char *peer;
	bool is_tls;
	bool has_cred; /* came over a UNIX socket */
	struct stream_cred cred;
	struct stream_tls_info tls; /* copied: stays valid when the client is gone */
	int64_t received;	    /* wall clock, seconds */
};

/* A path parameter, decoded; STR_NULL when the route has none of that name. */
struct str http_req_param(const struct http_req *r, const char *name);
/* First value of a header, case-insensitive; STR_NULL when absent. */
struct str http_req_header(const struct http_req *r, const char *name);

/* The client's address: 4 or 16 bytes in the request's arena; empty over a UNIX socket. */
struct str http_req_source(const struct http_req *r);

/*
 * Answers. Exactly one per request. Content-Length, Date, X-Request-Id and Connection are added;
 * for HEAD the body is left out. Header values with control characters are a BUG. Extra headers (at
 * most 24) come before the reply: http_reply_header.
 */
void http_reply_header(struct http_req *r, const char *name, const char *value);
void http_reply(struct http_req *r, int status, const char *content_type, struct str body);
void http_reply_text(struct http_req *r, int status,
		     const char *text); /* text/plain; charset=utf-8, nosniff */
bool http_replied(const struct http_req *r);
/* A field for the access log's line, e.g. provisioner, serial; both are copied. 16 at most. */
void http_log_field(struct http_req *r, const char *key, struct str value);

/*
 * Starts a flow that belongs to the request: the request lives until the flow ended, and a client
 * that leaves (resets, or closes its side without having sent another request) cancels it. `f` is
 * initialised here and its on_end must stay NULL. The last step must have replied: if the flow ends
 * without an answer, 500 is given and http.no_answer logged.
 */
void http_req_run(struct http_req *r, struct flow *f, const struct flow_step *steps, void *op);

#endif
