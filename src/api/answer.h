/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_API_ANSWER_H
#define SIGNET_API_ANSWER_H

#include "api/api.h"

/* A certificate as the protocol writes it: a JSON string with one PEM block. New reference. */
json_t *answer_pem(struct str der);
/* 201 of /sign, /renew and /rekey: crt, ca, certChain, tlsOptions; and our own: endpoint. */
void answer_issued(struct http_req *r, const struct issue *i);
/* The authority whose certificates are shown for this request. */
const struct authority *answer_authority(const struct http_req *r);
/* An error whose whole message is `text`, without the standard words around it. */
void answer_bare(struct http_req *r, const struct err *e, const char *text);

/*
 * What a request authenticates with: at most one of the two is not empty. Both, or two
 * Authorization headers, are ERR_UNAUTHORIZED: which one would count, client and server could see
 * differently. Another scheme than Bearer beside no certificate counts as nothing.
 */
struct credentials {
	struct str leaf;   /* DER, chain verified by TLS */
	struct str bearer; /* Authorization: Bearer */
};
int credentials_read(struct http_req *r, struct credentials *out, struct err *e) NODISCARD;
/* The client's certificate, chain verified by TLS; empty when there is none. */
struct str credentials_leaf(const struct http_req *r);
/* ERR_INVALID as the protocol says it. Evaluates to -1. */
int credentials_missing(struct err *e);
/* The token's hash, for the access log: hexadecimal SHA-256, never the token. */
void credentials_log_token(struct http_req *r, struct str token);

/* Handlers, one file each. */
void api_page(struct http_req *r);
void api_version(struct http_req *r);
void api_health(struct http_req *r);
void api_root(struct http_req *r);
void api_roots(struct http_req *r);
void api_roots_pem(struct http_req *r);
void api_intermediates(struct http_req *r);
void api_intermediates_pem(struct http_req *r);
void api_federation(struct http_req *r);
void api_provisioners(struct http_req *r);
void api_encrypted_key(struct http_req *r);
void api_sign(struct http_req *r);
void api_renew(struct http_req *r);
void api_rekey(struct http_req *r);
void api_revoke(struct http_req *r);

#endif
