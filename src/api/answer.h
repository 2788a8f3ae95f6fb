/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_API_ANSWER_H
#define SIGNET_API_ANSWER_H

#include "api/api.h"

/* A certificate as the protocol writes it: a JSON string with one PEM block. New reference. */
json_t *answer_pem(struct str der);
/* 201 of /sign and /renew: crt, ca, certChain, tlsOptions. */
void answer_issued(struct http_req *r, const struct issue *i);
/* The authority whose certificates are shown for this request. */
const struct authority *answer_authority(const struct http_req *r);

/* Handlers, one file each. */
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

#endif
