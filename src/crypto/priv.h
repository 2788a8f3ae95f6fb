/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CRYPTO_PRIV_H
#define SIGNET_CRYPTO_PRIV_H

/* priv.h - what the files of this folder share. Nobody else includes it, but for the tests and fuzz
 * targets of crypto. */

#include "abi/accel.h"
#include "codec/oid.h"
#include "crypto/key.h"

#include "crypto/wolf.h"

/* ---- init.c, accel.c ---- */
/* NULL when there is none; functions that it does not have are NULL. */
const struct signet_accel_driver *crypto_accel(void);
int accel_on_device(int id, wc_CryptoInfo *info, void *driver);

/* ---- hash.c ---- */
int hash_wolf_type(enum hash_alg a); /* enum wc_HashType */

/* ---- alg.c ---- */
#define KEY_WIDTH_MAX 66 /* bytes of a P-521 coordinate */
struct key_type_info {
	enum key_type type;
	const char *name;
	unsigned bits;
	size_t width;		    /* bytes of a coordinate or OKP key; 0 for RSA */
	int curve;		    /* wolfCrypt's curve id; 0 unless EC */
	enum oid oid;		    /* named curve, or the algorithm itself for OKP */
	const unsigned char *order; /* of the base point, `width` bytes; NULL unless EC */
};
const struct key_type_info *key_type_info(enum key_type t);
static inline bool key_type_is_ec(enum key_type t)
{
	return t == KEY_P256 || t == KEY_P384 || t == KEY_P521;
}
/* Is 1 <= v < order? Both `width` bytes, big-endian. */
bool ec_scalar_in_range(const struct key_type_info *info, const unsigned char *v);

/* ---- key.c ---- */
#define KEY_MAGIC 0x6b657931U
struct key {
	uint32_t magic;
	enum key_type type;
	bool is_private;
	struct secret home; /* private keys: the pages that this struct lives in, so that they are
			       locked, not dumped, and wiped */
	WC_RNG rng;	    /* made at first use, see key_rng() */
	bool rng_ready;
	pid_t rng_pid;
	unsigned char pub[2 * KEY_WIDTH_MAX]; /* EC: x and y; OKP: the key */
	/* EC: scalar; OKP: the 32 bytes of RFC 8032 or 7748, unclamped */
	unsigned char d[KEY_WIDTH_MAX];
	union {
		ecc_key ec;
		ed25519_key ed;
		curve25519_key x;
		RsaKey rsa;
	} w;
};
struct rsa_parts {
	struct str n, e, d, p, q, dp, dq, qi;
};
/*
 * Constructors. `trusted`: the parts come from another struct key, so checks are left out. d empty:
 * a public key. EC: xy is both coordinates, or empty when d is there (computed then). OKP: the same
 * with 32 bytes.
 */
struct key *key_ec_new(enum key_type t, struct str xy, struct str d, bool trusted,
		       struct err *e) NODISCARD;
struct key *key_okp_new(enum key_type t, struct str pub, struct str d, bool trusted,
			struct err *e) NODISCARD;
struct key *key_rsa_new(const struct rsa_parts *r, bool trusted, struct err *e) NODISCARD;
/* key_rsa.c: the checks behind key_rsa_new. */
int key_rsa_fill(RsaKey *rsa, const struct rsa_parts *r, bool trusted, struct err *e) NODISCARD;
/* The key's own generator, also set as the source of blinding. NULL: no randomness. */
WC_RNG *key_rng(struct key *k, struct err *e);
void key_rsa_integer(const mp_int *m, struct buf *out); /* minimal, big-endian, appended */
void key_rsa_integer_secret(const mp_int *m, struct secret *out); /* the same, replacing */

/* ---- key_spki.c ---- */
/* RSAPublicKey (RFC 8017 A.1.1) and the point of SEC1 2.3.4. */
struct key *key_from_point(enum key_type t, struct str point, struct str d,
			   struct err *e) NODISCARD;

/* ---- key_file.c, key_pkcs8.c, key_pbes2.c ---- */
#define KEY_FILE_MAX (64U << 10)
/* Plain private keys in DER. They say ERR_INVALID, ERR_UNSUPPORTED or ERR_FORBIDDEN. */
struct key *key_from_pkcs8(struct str der, struct err *e) NODISCARD;
struct key *key_from_sec1(struct str der, enum key_type t,
			  struct err *e) NODISCARD; /* t: KEY_NONE, or from the PKCS#8 header */
struct key *key_from_pkcs1(struct str der, struct err *e) NODISCARD;

/* EncryptedPrivateKeyInfo (RFC 5958 3, RFC 8018 6.2, A.4), read without deriving anything. Views
 * into the input. */
enum pbes2_kdf { PBES2_PBKDF2, PBES2_SCRYPT };
struct pbes2 {
	enum pbes2_kdf kdf;
	struct str salt;
	enum hash_alg prf;   /* PBKDF2 */
	unsigned iterations; /* PBKDF2 */
	uint64_t cost;	     /* scrypt N */
	unsigned block, parallel;
	enum oid cipher;
	size_t key_size;
	struct str iv;
	struct str cipher_text;
};
int pbes2_parse(struct str der, struct pbes2 *out, struct err *e) NODISCARD;
int pbes2_decrypt(const struct pbes2 *p, const struct secret *password, struct secret *plain,
		  struct err *e) NODISCARD;
int pbes2_encrypt(struct str plain, const struct secret *password, struct buf *der,
		  struct err *e) NODISCARD;
/* OpenSSL's old PEM encryption (RFC 1421 headers, one round of MD5). */
bool dek_is_encrypted(struct str headers);
int dek_decrypt(struct str headers, struct str cipher_text, const struct secret *password,
		struct secret *plain, struct err *e) NODISCARD;

/* ---- sig_rsa.c ---- */
int rsa_sign(struct key *k, const struct sig_alg_info *info, struct str msg, struct buf *sig,
	     struct err *e) NODISCARD;
int rsa_verify(struct key *k, const struct sig_alg_info *info, struct str msg, struct str sig,
	       struct err *e) NODISCARD;

/* ---- sig.c ---- */
/* ECDSA-Sig-Value (RFC 3279 2.2.3) to r and s of `width` bytes each; strict DER. */
bool ecdsa_decode(struct str der, size_t width, unsigned char *r, unsigned char *s);
void ecdsa_encode(const unsigned char *r, const unsigned char *s, size_t width, struct buf *der);

#endif
