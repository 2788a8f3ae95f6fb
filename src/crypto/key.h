/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CRYPTO_KEY_H
#define SIGNET_CRYPTO_KEY_H

#include "base/arena.h"
#include "crypto/crypto.h"

/*
 * key.h - asymmetric keys, private or public. A key is used by one thread at a time (wolfCrypt
 * keeps scratch in it): give each worker its own with key_dup(). Loading checks: point on the
 * curve, RSA 2048-4096 bits, odd e, 65537 <= e < 2^32, private part consistent with the public.
 */
enum key_type { KEY_NONE, KEY_P256, KEY_P384, KEY_P521, KEY_ED25519, KEY_X25519, KEY_RSA };
struct key;

enum key_type key_type(const struct key *k);
const char *key_type_name(enum key_type t); /* "P-256" "P-384" "P-521" "Ed25519" "X25519" "RSA" */
unsigned key_bits(const struct key *k);	    /* 256, 384, 521, 255, or the modulus' length */
bool key_is_private(const struct key *k);
/*
 * kind: "EC" "OKP" "RSA" (or a key_type_name: "P-256" ...); curve: NULL or "" for the default
 * (P-256, Ed25519); size 0: 2048.
 */
int key_type_parse(const char *kind, const char *curve, unsigned size, enum key_type *type,
		   unsigned *bits, struct err *e) NODISCARD;

struct key *key_generate(enum key_type t, unsigned rsa_bits,
			 struct err *e) NODISCARD;	  /* slow for RSA: pool "slow" */
struct key *key_dup(const struct key *k) NODISCARD;	  /* same kind (private stays private) */
struct key *key_public(const struct key *k) NODISCARD;	  /* only the public part */
void key_free(struct key *k);				  /* wipes; NULL is fine */
void key_free_with(struct key *k, struct arena *a);	  /* freed with the arena */
bool key_equal(const struct key *a, const struct key *b); /* public parts */

/*
 * ERR_FORBIDDEN for an RSA modulus that is known to be weak: a small factor, or the pattern of
 * CVE-2017-15361 (ROCA). n is big-endian.
 */
int rsa_modulus_check(struct str n, struct err *e) NODISCARD;
/* The same for a key, and RSA primes that lie close together (Fermat). About 0.1 ms for RSA. */
int key_weak_check(const struct key *k, struct err *e) NODISCARD;

/*
 * SubjectPublicKeyInfo (RFC 5280 4.1.2.7, RFC 5480 named curves and uncompressed points only, RFC
 * 8410). ERR_UNSUPPORTED for a kind that is well-formed but not ours (P-224, Ed448, DSA ...);
 * ERR_FORBIDDEN for RSA under 2048
 * bits; ERR_INVALID otherwise. */
struct key *key_from_spki(struct str der, struct err *e) NODISCARD;
void key_to_spki(const struct key *k, struct buf *out);
/* The bits inside subjectPublicKey (for SKI). */
void key_public_bits(const struct key *k, struct buf *out);

/*
 * Private key files. PEM or DER: PKCS#8 (plain; PBES2 with PBKDF2 or scrypt, AES-CBC or
 * DES-EDE3-CBC), PKCS#1, SEC1,
 * and PEM with DEK-Info (AES-CBC, DES-EDE3-CBC).
 * password NULL: an encrypted file is ERR_UNAUTHORIZED "is encrypted". Wrong password:
 * ERR_UNAUTHORIZED.
 */
struct key *key_from_file_data(struct str data, const struct secret *password,
			       struct err *e) NODISCARD;
void key_to_pkcs8(const struct key *k, struct secret *der); /* RFC 5958 v1, plain DER */
/* "PRIVATE KEY", or "ENCRYPTED PRIVATE KEY": PBES2, PBKDF2-HMAC-SHA256 600,000, AES-256-CBC */
int key_to_pem(const struct key *k, const struct secret *password, struct buf *pem,
	       struct err *e) NODISCARD;
bool key_file_is_encrypted(struct str data);
/* Any of a public key, certificate-less: PEM "PUBLIC KEY". */
void key_public_to_pem(const struct key *k, struct buf *pem);

/*
 * Big-endian unsigned components for JOSE, fixed width for EC and OKP (x, y, d) and minimal for
 * RSA (n, e, d, p, q, dp, dq, qi).
 */
struct key_parts {
	struct buf x, y, n, e;
	struct secret d, p, q, dp, dq, qi;
};
void key_parts(const struct key *k, bool with_private, struct key_parts *out);
void key_parts_release(struct key_parts *p);
/* private when d is not empty; RSA private needs p q dp dq qi */
struct key *key_from_parts(enum key_type t, const struct key_parts *p, struct err *e) NODISCARD;

/*
 * Signatures. ECDSA signatures are DER (SEQUENCE of r, s) here; sig_der_to_raw and back for JOSE.
 * Verify refuses r or s of 0 or >= n, non-minimal DER, and a key that does not fit the algorithm.
 * RSA-PSS: MGF1 with the same hash, salt as long as the hash.
 */
enum sig_alg {
	SIG_NONE,
	SIG_ECDSA_SHA256,
	SIG_ECDSA_SHA384,
	SIG_ECDSA_SHA512,
	SIG_ED25519,
	SIG_RSA_SHA256,
	SIG_RSA_SHA384,
	SIG_RSA_SHA512,
	SIG_PSS_SHA256,
	SIG_PSS_SHA384,
	SIG_PSS_SHA512
};
struct sig_alg_info {
	enum sig_alg alg;
	const char *jose;   /* "ES256" ... */
	const char *name;   /* "ECDSA-SHA256", "SHA256-RSAPSS" ... as in templates */
	enum hash_alg hash; /* HASH_NONE for Ed25519 */
	enum key_type
		jose_key; /* the only key type that JOSE lets it have; KEY_RSA, KEY_P256 ... */
};
const struct sig_alg_info *sig_alg_info(enum sig_alg a);
enum sig_alg sig_alg_from_jose(struct str name); /* SIG_NONE when unknown */
enum sig_alg sig_alg_for_key(
	const struct key *k); /* P-256 SHA256, P-384 SHA384, P-521 SHA512, Ed25519, RSA SHA256 */
bool sig_alg_fits(enum sig_alg a, enum key_type t);
int key_sign(struct key *k, enum sig_alg a, struct str msg, struct buf *sig,
	     struct err *e) NODISCARD;
/* ERR_UNAUTHORIZED when the signature is wrong. */
int key_verify(struct key *k, enum sig_alg a, struct str msg, struct str sig,
	       struct err *e) NODISCARD;
int sig_der_to_raw(enum key_type t, struct str der, struct buf *raw, struct err *e) NODISCARD;
int sig_raw_to_der(enum key_type t, struct str raw, struct buf *der,
		   struct err *e) NODISCARD; /* raw must have exactly twice the curve's length */
/* ECDH (P curves: x coordinate; X25519: RFC 7748, all-zero result refused). */
int key_ecdh(struct key *priv, struct key *pub, struct secret *out, struct err *e) NODISCARD;

#endif
