/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_JOSE_PRIV_H
#define SIGNET_JOSE_PRIV_H

#include "base/arena.h"
#include "codec/json.h"
#include "crypto/key.h"

/* Shared by the files of this folder; nobody else includes it (tests and fuzzers do). */

/* A compact token, JWS or JWE, is never longer. */
#define JOSE_MAX_TOKEN 65536U

/* Splits at the dots into exactly n parts (the last part too may be empty). false otherwise. */
bool jose_split(struct str token, struct str *parts, size_t n);
/* Decodes base64url into the arena. `what` starts the message. */
int jose_b64(struct str in, struct arena *a, const char *what, struct str *out,
	     struct err *e) NODISCARD;
/* Protected header: base64url, an object without duplicates, no `crit`. New reference. */
int jose_header(struct str in, struct arena *a, json_t **out, struct err *e) NODISCARD;
/* A member that must be a string when it is there. */
int jose_opt_str(const json_t *o, const char *key, struct str *out, struct err *e) NODISCARD;

/* ---- JWE before any key is derived ---- */
enum jwe_wrap { JWE_PBES2, JWE_KW, JWE_DIR };
struct jwe_alg {
	const char *name;
	enum jwe_wrap wrap;
	enum hash_alg hash; /* PBES2 */
	size_t kek;	    /* bytes; 0 for dir */
};
struct jwe_enc {
	const char *name;
	size_t cek, iv, tag;
	enum hash_alg mac; /* HASH_NONE: GCM */
};
struct jwe {
	const struct jwe_alg *alg;
	const struct jwe_enc *enc;
	unsigned p2c;
	struct str p2s;
	struct str aad; /* the encoded header; borrowed from the token */
	struct str encrypted_key, iv, ciphertext, tag; /* decoded, in the arena */
};
/* Everything that can be refused without a key is refused here: lengths of all parts, p2c, p2s,
 * zip, crit. */
int jwe_parse(struct str compact, struct arena *a, struct jwe *out, struct err *e) NODISCARD;

#endif
