/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_JOSE_JWK_H
#define SIGNET_JOSE_JWK_H

#include "codec/json.h"
#include "crypto/key.h"

/*
 * JSON Web Keys (RFC 7517, 7518, 8037). Members strict: base64url without padding, full-width
 * coordinates, point on the curve. `use`, when there, must be "sig" (or "enc" with want_enc);
 * key_ops must contain "verify" or "sign"; alg must fit the key.
 */
struct jwk {
	struct key *key;  /* owned */
	char *kid;	  /* owned; NULL when absent */
	enum sig_alg alg; /* SIG_NONE when absent */
};
int jwk_parse(const json_t *o, bool want_private, struct jwk *out,
	      struct err *e) NODISCARD; /* want_private false: private members are refused */
void jwk_release(struct jwk *j);
/* RFC 7638 thumbprint, SHA-256, base64url: 43 characters and NUL. */
void jwk_thumbprint(const struct key *k, char out[44]);
/* {"use":"sig","kty":…,"kid":…,"crv":…,"alg":…,"x":…,"y":…} (kid NULL: thumbprint), with d when
 * with_private. New reference; wipe is up to the caller's use. */
json_t *jwk_json(const struct key *k, const char *kid, bool with_private);

#endif
