/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_HTTP_PRIV_H
#define SIGNET_HTTP_PRIV_H

#include "base/bug.h"
#include "base/list.h"
#include "base/log.h"
#include "http/server.h"

/* What conn.c, req.c, router.c and server.c share. */

#define HTTP_MAX_SEGMENTS 16 /* of a path; deeper is 404 */
#define HTTP_MAX_PARAMS	  8
#define HTTP_MAX_EXTRA	  24 /* reply headers by the handler */
#define HTTP_MAX_FIELDS	  16 /* access log fields by the handler; more are dropped */

/* ---- router.c ---- */
struct http_match {
	int status; /* 0: `route` serves it; else 400, 404, 405 or 501 */
	const struct http_route *route;
	const char *allow; /* for 405, in the arena */
	struct str names[HTTP_MAX_PARAMS], values[HTTP_MAX_PARAMS];
	unsigned n_params;
};
void http_route_find(const struct http_route *routes, const struct http_head *h, struct arena *a,
		     struct http_match *m);

/* ---- req.c ---- */
struct http_conn;

/*
 * A request with its private half. Made when a head is complete (or refused), released in the reap
 * phase after its answer was handed over and its flow ended.
 */
struct http_txn {
	uint32_t magic;
	struct http_req pub;
	struct http_server *server;
	struct http_conn *conn;
	struct http_head head;
	struct http_match match;
	struct http_chunked chunked;
	struct buf body;
	bool continue_due; /* 100 Continue has to be sent before the body comes */
	bool close;	   /* the answer says Connection: close */
	bool replied, cancelled;
	int status;
	size_t bytes; /* of the body sent */
	uint64_t started_ms;
	const char *refused; /* why the server itself refused it, for the access log */
	struct http_header extra[HTTP_MAX_EXTRA];
	unsigned n_extra;
	struct log_field fields[HTTP_MAX_FIELDS];
	unsigned n_fields;
	struct flow outer, *flow; /* flow: the handler's, while it runs */
	struct wait wait;
	struct post reap;
};
struct http_txn *http_txn_new(struct http_conn *c, struct arena *a);
/* Takes the request id from the head, or makes one. Before any answer. */
void http_txn_identify(struct http_txn *t);
/* The client left: cancels the flow, as far as it can be. */
void http_txn_cancel(struct http_txn *t);
/* Writes the access log's line and counts. */
void http_txn_log(const struct http_txn *t);
void http_txn_reap(struct http_txn *t); /* frees it in the reap phase */

/* ---- conn.c ---- */
enum http_conn_state {
	CONN_NEW,   /* accepted, not ready */
	CONN_IDLE,  /* waits for the first byte of a head */
	CONN_HEAD,  /* has a part of a head */
	CONN_BODY,  /* reads a body */
	CONN_RUN,   /* a handler or its flow is at work */
	CONN_WRITE, /* the answer is being written */
	CONN_DEAD   /* the stream is gone; waits for its flow, then for the reap phase */
};
struct http_conn {
	uint32_t magic;
	struct list node; /* server->conns */
	struct http_server *server;
	struct stream *stream; /* NULL when dead */
	enum http_conn_state state;
	bool eof, eof_early; /* the client closed its side; while input was unread */
	bool blank_skipped;  /* one empty line before a request line is forgiven (RFC 9112 2.2) */
	unsigned n_requests;
	size_t progress; /* body bytes read, or output pending, when the timer was set last */
	struct arena *arena;
	const char *peer;
	struct stream_tls_info tls;
	bool has_cred;
	struct stream_cred cred;
	struct http_txn *txn;
	struct timer timer;
	struct post post; /* runs conn_advance */
	struct post reap;
};
void http_conn_new(struct http_server *sv, struct stream *s);
/* Closes when nothing was received of a next request. */
void http_conn_drain(struct http_conn *c);
void http_conn_abort(struct http_conn *c);
/* From req.c: the answer was given or the flow ended; goes on from the posted queue. */
void http_conn_kick(struct http_conn *c);
/* Queues head and body; they are dropped when the client is gone. */
void http_conn_write(struct http_conn *c, struct str head, struct str body);

/* ---- server.c ---- */
struct http_server {
	uint32_t magic;
	struct http_server_config conf;
	struct list conns;
	size_t n_conns, n_busy;
	bool draining, freed;
	int64_t date_at;
	char date[32];
	struct post reap;
};
/* The Date field's value for now. */
const char *http_server_date(struct http_server *sv);
/* A connection ended: frees the server when it was the last one after http_server_free. */
void http_server_forget(struct http_server *sv, struct http_conn *c);

#endif
