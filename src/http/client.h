/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_HTTP_CLIENT_H
#define SIGNET_HTTP_CLIENT_H

#include "base/buf.h"
#include "base/err.h"

/*
 * client.h - outbound HTTP(S) by libcurl (GnuTLS flavour). The blocking form serves the command; it
 * resolves names as the system does. http and https only, no proxy from the environment, no
 * redirects, answers of at most max_body bytes. Only ca_file is trusted, never the system's roots.
 */
struct http_call {
	const char *method; /* "GET", "POST" */
	const char *url;
	const char *unix_socket; /* path: the call goes there, the URL's host is only a name */
	const char *ca_file;	 /* PEM roots; NULL with insecure */
	/* bootstrap only: the answer is checked by fingerprint */
	bool insecure;
	const char *cert_file, *key_file; /* client certificate; NULL: none */
	const char *const *headers;	  /* "Name: value", NULL-terminated; may be NULL */
	struct str body;
	unsigned timeout_ms; /* whole call; 0: 30,000 */
	size_t max_body;     /* 0: 1 MiB */
	/* out */
	int status;
	struct buf answer;
	char request_id[130];
};
int http_client_init(struct err *e) NODISCARD; /* once per process */
void http_client_end(void);
/*
 * Blocks. Any HTTP status is success. ERR_UNAVAILABLE: no connection, or it broke (exit 4 in the
 * command; also a server that refused the client's certificate); ERR_UNAUTHORIZED: the server's
 * certificate is not trusted; ERR_TIMEOUT: connected, but no answer in time; ERR_TOO_LARGE: more
 * than max_body; ERR_INVALID: a URL or file that cannot be used. May be called again with the same
 * struct; the last answer is released first.
 */
int http_call_run(struct http_call *c, struct err *e) NODISCARD;
void http_call_release(struct http_call *c);

#endif
