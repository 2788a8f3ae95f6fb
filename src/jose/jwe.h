/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_JOSE_JWE_H
#define SIGNET_JOSE_JWE_H

#include "codec/json.h"
#include "crypto/crypto.h"

/*
 * JWE, compact, for passwords (RFC 7516, 7518 4.8): PBES2-HS256+A128KW, -HS384+A192KW,
 * -HS512+A256KW with A128GCM, A192GCM, A256GCM, A128CBC-HS256, A192CBC-HS384, A256CBC-HS512 and,
 * when the caller gives a raw key, A128KW..A256KW, dir. `p2c` is an integer 1,000..1,000,000,
 * checked before any derivation; p2s 8..1,024 bytes; `zip` and `crit` are refused.
 */
/* What `step` writes: PBES2-HS256+A128KW, A256GCM, p2c 600000, cty "jwk+json". Slow. */
int jwe_encrypt_password(struct str plain, const struct secret *password, const char *cty,
			 struct buf *out, struct err *e) NODISCARD;
/* Slow (a derivation). ERR_UNAUTHORIZED: wrong password; ERR_INVALID: malformed or not accepted. */
int jwe_decrypt_password(struct str compact, const struct secret *password, struct secret *plain,
			 struct err *e) NODISCARD;
/* Symmetric key (A*KW or dir). */
int jwe_decrypt_key(struct str compact, struct str key, struct secret *plain,
		    struct err *e) NODISCARD;

#endif
