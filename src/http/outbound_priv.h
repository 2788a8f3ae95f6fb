/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_HTTP_OUTBOUND_PRIV_H
#define SIGNET_HTTP_OUTBOUND_PRIV_H

#include "base/list.h"
#include "codec/uri.h"
#include "http/libcurl.h"
#include "http/outbound.h"

/*
 * outbound_priv.h - between the files of the outbound client: outbound.c (calls as flows),
 * outbound_multi.c (libcurl's sockets and timer on the loop), outbound_easy.c (one transfer: its
 * options, its callbacks, what its result means).
 */
struct outbound {
	struct loop *loop;
	struct dns *dns;
	const struct addr_rules *rules;
	unsigned max_calls, n_calls;
	const struct libcurl *lib;
	CURLM *multi;
	struct timer timer;
	struct list calls; /* struct outbound_state, from the first step to the last */
	struct list sockets;
};

struct outbound_state {
	struct list node;
	struct outbound *o; /* NULL: it has ended */
	struct outbound_call *call;
	const struct libcurl *lib;
	struct uri uri;
	const char *shown; /* the URL as messages show it */
	unsigned port;
	uint64_t until_ms; /* monotonic */
	struct dns_addrs dns;
	struct wait wait; /* for the answer */

	CURL *easy; /* in o->multi */
	struct curl_slist *headers, *resolve;
	struct buf answer;
	size_t head; /* bytes of header lines so far */
	bool head_large, encoded, address_refused;
	char text[CURL_ERROR_SIZE];
};

/* ---- outbound_multi.c ---- */
int outbound_multi_new(struct outbound *o, struct err *e) NODISCARD;
void outbound_multi_free(struct outbound *o); /* without transfers */

/* ---- outbound_easy.c ---- */
/* Makes the transfer and starts it; the addresses in st->dns have been checked. */
int outbound_easy_start(struct outbound_state *st, struct err *e) NODISCARD;
/* Takes it out of the multi handle, and frees it. No effect when there is none. */
void outbound_easy_end(struct outbound_state *st);
/* What libcurl's code means. 0 for an answer: status and text are taken. */
int outbound_easy_result(struct outbound_state *st, CURLcode rc, struct err *e) NODISCARD;

#endif
