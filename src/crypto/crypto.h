/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CRYPTO_CRYPTO_H
#define SIGNET_CRYPTO_CRYPTO_H

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"

/*
 * crypto.h - wolfCrypt behind one small interface. Asymmetric operations and derivations are slow
 * (DESIGN 2):
 * they run in jobs, never on the loop. Hash, MAC, random and AEAD may run anywhere.
 */

/*
 * Once per process, before threads. `accel` is NULL or the driver of an accelerator
 * (abi/accel.h): its device id goes through every call.
 */
struct signet_accel_driver;
int crypto_init(const struct signet_accel_driver *accel, struct err *e) NODISCARD;
void crypto_end(void);
void crypto_thread_end(void); /* frees the thread's fixed-point caches; every worker's last act */
int crypto_device(void);      /* wolfSSL device id, for net's contexts and keys */

void rand_bytes(void *p, size_t n); /* aborts when the system gives no randomness */

enum hash_alg {
	HASH_NONE,
	HASH_SHA1,
	HASH_SHA256,
	HASH_SHA384,
	HASH_SHA512,
	HASH_MD5 /* DEK-Info only */
};
#define HASH_MAX 64
size_t hash_size(enum hash_alg a);
void hash(enum hash_alg a, struct str in, unsigned char *out);
struct hash_ctx;
struct hash_ctx *hash_new(enum hash_alg a);
void hash_update(struct hash_ctx *h, struct str in);
void hash_final(struct hash_ctx *h, unsigned char *out); /* frees h */
void hmac(enum hash_alg a, struct str key, struct str in, unsigned char *out);

/*
 * PBKDF2 (RFC 8018) and scrypt (RFC 7914). Bounded: iterations 1..10,000,000; scrypt memory up to
 * 256 MiB. Counted in METRIC_KDF_DERIVATIONS.
 */
int kdf_pbkdf2(enum hash_alg a, struct str password, struct str salt, unsigned iterations, size_t n,
	       struct secret *out, struct err *e) NODISCARD;
int kdf_scrypt(struct str password, struct str salt, uint64_t cost, unsigned block,
	       unsigned parallel, size_t n, struct secret *out, struct err *e) NODISCARD;

/*
 * AES-GCM (key 16, 24, 32; iv 12; tag 16): ciphertext without tag appended to out.
 * ERR_UNAUTHORIZED when the tag does not fit.
 */
int aes_gcm_seal(struct str key, struct str iv, struct str aad, struct str plain, struct buf *out,
		 unsigned char tag[16], struct err *e) NODISCARD;
int aes_gcm_open(struct str key, struct str iv, struct str aad, struct str cipher, struct str tag,
		 struct secret *out, struct err *e) NODISCARD;
/* AES-CBC with PKCS#7 padding (PBES2, JWE); des_ede3_cbc for old key files, decryption only. */
int aes_cbc_encrypt(struct str key, struct str iv, struct str plain, struct buf *out,
		    struct err *e) NODISCARD;
int aes_cbc_decrypt(struct str key, struct str iv, struct str cipher, struct secret *out,
		    struct err *e) NODISCARD;
int des_ede3_cbc_decrypt(struct str key, struct str iv, struct str cipher, struct secret *out,
			 struct err *e) NODISCARD;
/* AES key wrap (RFC 3394). */
int aes_wrap(struct str kek, struct str key, struct buf *out, struct err *e) NODISCARD;
int aes_unwrap(struct str kek, struct str wrapped, struct secret *out, struct err *e) NODISCARD;

#endif
