/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_HTTP_OUTBOUND_H
#define SIGNET_HTTP_OUTBOUND_H

#include "base/buf.h"
#include "loop/flow.h"
#include "net/dns.h"

/*
 * outbound.h - the daemon's HTTP(S) calls, on the loop: libcurl's multi interface over libevent.
 * The host is resolved by net/dns, checked by the address rules, pinned (CURLOPT_RESOLVE), and
 * checked once more when the socket is opened. No proxy, no redirect, nothing from the environment.
 */
struct outbound;
struct outbound_config {
	struct loop *loop;
	struct dns *dns;
	const struct addr_rules *rules; /* borrowed */
	unsigned max_calls;		/* at a time; beyond it ERR_UNAVAILABLE. 0: 256 */
};
struct outbound *outbound_new(const struct outbound_config *c, struct err *e) NODISCARD;
void outbound_free(struct outbound *o); /* calls under way end with ERR_CANCELLED */

struct outbound_call { /* a child flow: outbound_call_init, then flow_call */
	/* in; borrowed until the end */
	struct outbound *outbound;
	const char *method, *url; /* http or https */
	const char *ca_file; /* PEM roots; NULL: the system's (10 ms a connection, on the loop) */
	const char *cert_file, *key_file;
	const char *const *headers; /* "Name: value", NULL-terminated; may be NULL */
	struct str body;
	unsigned timeout_ms; /* whole call; 0: 10,000 */
	size_t max_body;     /* 0: 1 MiB */
	/* out */
	int status;
	struct str answer; /* in the flow's arena */
	/* state */
	struct flow flow;
	struct outbound_state *st;
};
/*
 * Any HTTP status is success. ERR_UNAVAILABLE: no address, no connection or it broke;
 * ERR_FORBIDDEN: the address rules; ERR_UNAUTHORIZED: not trusted; ERR_TIMEOUT; ERR_TOO_LARGE;
 * ERR_UNSUPPORTED: a compressed answer; ERR_INVALID: the URL, a header, or files that cannot be
 * used. Messages never hold query, user or password.
 */
void outbound_call_init(struct outbound_call *c, struct arena *arena);

#endif
