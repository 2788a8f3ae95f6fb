/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_JOSE_JWS_H
#define SIGNET_JOSE_JWS_H

#include "base/arena.h"
#include "codec/json.h"
#include "crypto/key.h"

/*
 * JWS, compact serialisation only (RFC 7515). Parsing (loop, cheap) is apart from verifying (a
 * job). The algorithm that counts is the one that the caller pins through the key: header alg must
 * be asymmetric, known, and fit the key's type; `none` and HS* never pass here. `crit` is refused.
 */
struct jws {
	json_t *header;		  /* object, owned */
	json_t *payload;	  /* object, owned; NULL when the payload is no JSON object */
	struct str signing_input; /* header.payload; borrowed from the token */
	struct str payload_raw;	  /* decoded, in the arena */
	struct str signature;	  /* decoded, in the arena */
	enum sig_alg alg;
	struct str kid; /* borrowed from header; empty when absent */
};
/* Bounds: 64 KiB, header and payload by json_limits_request, duplicates refused. */
int jws_parse(struct str token, struct arena *a, struct jws *out, struct err *e) NODISCARD;
void jws_release(struct jws *j);
/* Any thread that owns `key`. ERR_UNAUTHORIZED when the algorithm does not fit or the signature is
 * wrong. */
int jws_verify(struct key *key, enum sig_alg alg, struct str signing_input, struct str signature,
	       struct err *e) NODISCARD;
/* Makes header {"alg","kid","typ":"JWT", …extra} and signs. Appends the compact form. */
int jws_sign(struct key *key, const char *kid, const json_t *extra_header, const json_t *payload,
	     struct buf *out, struct err *e) NODISCARD;

#endif
