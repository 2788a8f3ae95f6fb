/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_HTTP_SERVER_H
#define SIGNET_HTTP_SERVER_H

#include "http/req.h"
#include "net/stream.h"

/*
 * server.h - the HTTP/1.1 server (RFC 9110, RFC 9112) over our streams.
 *
 * One request at a time per connection: the next pipelined one is parsed when the answer to the
 * last is written. HEAD is served as GET without body. 404 and 405 (with Allow) come from the
 * router, 501 for methods that HTTP does not define. `Expect: 100-continue` is answered when the
 * route takes a body, other expectations 417. A body is Content-Length or chunked, never both;
 * bounded by the route. Obsolete folding, bare CR, space before the colon, two Content-Lengths, a
 * Transfer-Encoding other than chunked, a missing or second Host, control characters and NUL are
 * 400 and close; so is every refusal of a request whose body was not read. Each connection has
 * deadlines: head 15 s, body 10 s (again for each 8 KiB), idle 15 s, write 15 s without progress;
 * a late head or body is 408. A client that leaves while a flow waits cancels it (flow_cancel).
 */
struct http_server;
struct http_server_config {
	struct loop *loop;
	const struct http_route *routes; /* ends with a NULL path; static */
	void *app;			 /* handed to the handlers as req->app */
	size_t max_head;		 /* 16 KiB */
	unsigned max_headers;		 /* 64 */
	unsigned max_requests;		 /* a connection, then it is closed; 1,000 */
	unsigned head_ms, body_ms, idle_ms, write_ms;
	const char *server_name; /* for the access log: "https", "http" */
};
void http_server_config_defaults(struct http_server_config *c);
struct http_server *http_server_new(const struct http_server_config *c);
/* Give as listener_config.on_accept with the server as arg. */
void http_server_accept(void *server, struct stream *s);
/* Drain: no keep-alive from now on, idle connections close; running requests go on. */
void http_server_drain(struct http_server *s);
size_t http_server_busy(const struct http_server *s); /* requests in flight */
size_t http_server_connections(const struct http_server *s);
/* Aborts what is left. Before listener_free() of the listeners that feed it. */
void http_server_free(struct http_server *s);

#endif
