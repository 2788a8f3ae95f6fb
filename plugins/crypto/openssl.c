/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * openssl.c - the default accelerator: P-256, X25519, RSA, AES-GCM and SHA-2 by libcrypto, which
 * has assembly for them where Debian's wolfSSL has none, and whose P-256 signing is constant in
 * time. Linked with libcrypto alone, never libssl.
 *
 * Everything is a pure function: bytes in, bytes out. What is dear to make is made once: the
 * group, and for each thread the cipher contexts and a number context. Low-level calls are used
 * where the newer interface costs several times the operation itself (EC keys, hashes); X25519
 * and AES-GCM have no lower level. Whatever libcrypto refuses for a reason other than a wrong
 * signature or tag is passed back to the built-in implementation.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <pthread.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

#include "abi/abi.h"
#include "abi/accel.h"

#define FAILED 1
#define PASS   SIGNET_ACCEL_PASS

/* ---- what is made once ---- */

struct local { /* of a thread */
	BN_CTX *bn;
	EVP_CIPHER_CTX *seal, *open;
};

static pthread_once_t once = PTHREAD_ONCE_INIT; /* state: guards the four below */
static pthread_key_t local_key;			/* state: set once, then read only */
static EC_GROUP *p256;				/* state: the same */
static EVP_CIPHER *gcm[3];			/* state: the same */
static int usable;				/* state: the same */

static void local_free(void *p)
{
	struct local *l = p;

	BN_CTX_free(l->bn);
	EVP_CIPHER_CTX_free(l->seal);
	EVP_CIPHER_CTX_free(l->open);
	OPENSSL_free(l);
}

static void set_up(void)
{
	/* no atexit handler: threads of ours may outlive it */
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT | OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1 ||
	    pthread_key_create(&local_key, local_free) != 0)
		return;
	p256 = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	gcm[0] = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
	gcm[1] = EVP_CIPHER_fetch(NULL, "AES-192-GCM", NULL);
	gcm[2] = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	usable = p256 != NULL && gcm[0] != NULL && gcm[1] != NULL && gcm[2] != NULL;
}

static struct local *local(void)
{
	struct local *l;

	if (pthread_once(&once, set_up) != 0 || !usable)
		return NULL;
	l = pthread_getspecific(local_key);
	if (l != NULL)
		return l;
	l = OPENSSL_zalloc(sizeof(*l));
	if (l == NULL)
		return NULL;
	l->bn = BN_CTX_secure_new();
	l->seal = EVP_CIPHER_CTX_new();
	l->open = EVP_CIPHER_CTX_new();
	if (l->bn == NULL || l->seal == NULL || l->open == NULL ||
	    pthread_setspecific(local_key, l) != 0) {
		local_free(l);
		return NULL;
	}
	return l;
}

/* libcrypto's error queue is the thread's: nothing stays in it. */
static int result(int rc)
{
	if (rc != 0)
		ERR_clear_error();
	return rc;
}

/* ---- P-256 ---- */

static EC_KEY *ec_key(void)
{
	EC_KEY *k = local() != NULL ? EC_KEY_new() : NULL;

	if (k != NULL && EC_KEY_set_group(k, p256) == 1)
		return k;
	EC_KEY_free(k);
	return NULL;
}

static EC_KEY *private_key(const unsigned char d[32])
{
	EC_KEY *k = ec_key();
	BIGNUM *n = k != NULL ? BN_secure_new() : NULL;
	int ok;

	if (n != NULL)
		BN_set_flags(n, BN_FLG_CONSTTIME);
	ok = n != NULL && BN_bin2bn(d, 32, n) != NULL && EC_KEY_set_private_key(k, n) == 1;
	BN_clear_free(n);
	if (ok)
		return k;
	EC_KEY_free(k);
	return NULL;
}

/* Checks that the point is on the curve. */
static EC_POINT *point(const unsigned char x[32], const unsigned char y[32], BN_CTX *bn)
{
	unsigned char octets[65] = {POINT_CONVERSION_UNCOMPRESSED};
	EC_POINT *p = EC_POINT_new(p256);

	memcpy(octets + 1, x, 32);
	memcpy(octets + 33, y, 32);
	if (p != NULL && EC_POINT_oct2point(p256, p, octets, sizeof(octets), bn) == 1)
		return p;
	EC_POINT_free(p);
	return NULL;
}

static int p256_sign(const unsigned char d[32], const unsigned char *digest, size_t n,
		     unsigned char r[32], unsigned char s[32])
{
	EC_KEY *k = private_key(d);
	ECDSA_SIG *sig = k != NULL && n <= 64 ? ECDSA_do_sign(digest, (int)n, k) : NULL;
	int rc = PASS;

	if (sig != NULL)
		rc = BN_bn2binpad(ECDSA_SIG_get0_r(sig), r, 32) == 32 &&
				     BN_bn2binpad(ECDSA_SIG_get0_s(sig), s, 32) == 32
			     ? 0
			     : FAILED;
	ECDSA_SIG_free(sig);
	EC_KEY_free(k);
	return result(rc);
}

static ECDSA_SIG *signature(const unsigned char r[32], const unsigned char s[32])
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *a = BN_bin2bn(r, 32, NULL), *b = BN_bin2bn(s, 32, NULL);

	if (sig != NULL && a != NULL && b != NULL && ECDSA_SIG_set0(sig, a, b) == 1)
		return sig;
	BN_free(a);
	BN_free(b);
	ECDSA_SIG_free(sig);
	return NULL;
}

static int p256_verify(const unsigned char x[32], const unsigned char y[32],
		       const unsigned char *digest, size_t n, const unsigned char r[32],
		       const unsigned char s[32])
{
	EC_KEY *k = ec_key();
	EC_POINT *p = k != NULL ? point(x, y, local()->bn) : NULL;
	ECDSA_SIG *sig = p != NULL && n <= 64 ? signature(r, s) : NULL;
	int rc = PASS;

	if (sig != NULL && EC_KEY_set_public_key(k, p) == 1) {
		int v = ECDSA_do_verify(digest, (int)n, sig, k);

		/* -1 is for numbers out of range, too: no signature is wrong by accident */
		rc = v == 1 ? 0 : FAILED;
	}
	ECDSA_SIG_free(sig);
	EC_POINT_free(p);
	EC_KEY_free(k);
	return result(rc);
}

static int point_bytes(const EC_POINT *p, unsigned char x[32], unsigned char y[32], BN_CTX *bn)
{
	unsigned char octets[65];

	if (EC_POINT_point2oct(p256, p, POINT_CONVERSION_UNCOMPRESSED, octets, sizeof(octets),
			       bn) != sizeof(octets))
		return 0;
	memcpy(x, octets + 1, 32);
	if (y != NULL)
		memcpy(y, octets + 33, 32);
	OPENSSL_cleanse(octets, sizeof(octets));
	return 1;
}

static int p256_keygen(unsigned char d[32], unsigned char x[32], unsigned char y[32])
{
	EC_KEY *k = ec_key();
	int rc = PASS;

	if (k != NULL && EC_KEY_generate_key(k) == 1)
		rc = BN_bn2binpad(EC_KEY_get0_private_key(k), d, 32) == 32 &&
				     point_bytes(EC_KEY_get0_public_key(k), x, y, local()->bn)
			     ? 0
			     : FAILED;
	EC_KEY_free(k);
	return result(rc);
}

static int p256_ecdh(const unsigned char d[32], const unsigned char x[32],
		     const unsigned char y[32], unsigned char out[32])
{
	struct local *l = local();
	EC_POINT *p = l != NULL ? point(x, y, l->bn) : NULL, *shared = NULL;
	BIGNUM *n = p != NULL ? BN_secure_new() : NULL;
	int rc = PASS;

	if (n != NULL && BN_bin2bn(d, 32, n) != NULL)
		shared = EC_POINT_new(p256);
	if (shared != NULL) {
		BN_set_flags(n, BN_FLG_CONSTTIME);
		if (EC_POINT_mul(p256, shared, NULL, p, n, l->bn) == 1)
			rc = point_bytes(shared, out, NULL, l->bn) ? 0 : FAILED;
	}
	BN_clear_free(n);
	EC_POINT_clear_free(shared);
	EC_POINT_free(p);
	return result(rc);
}

/* ---- X25519 ---- */

static int x25519(const unsigned char scalar[32], const unsigned char u[32], unsigned char out[32])
{
	EVP_PKEY *own = NULL, *peer = NULL;
	EVP_PKEY_CTX *c = NULL;
	size_t n = 32;
	int rc = PASS;

	if (local() == NULL)
		return PASS;
	own = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, scalar, 32);
	peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, u, 32);
	if (own != NULL && peer != NULL)
		c = EVP_PKEY_CTX_new(own, NULL);
	/* an all-zero result is refused there: what that means is for the built-in to say */
	if (c != NULL && EVP_PKEY_derive_init(c) == 1 && EVP_PKEY_derive_set_peer(c, peer) == 1 &&
	    EVP_PKEY_derive(c, out, &n) == 1 && n == 32)
		rc = 0;
	EVP_PKEY_CTX_free(c);
	EVP_PKEY_free(own);
	EVP_PKEY_free(peer);
	return result(rc);
}

/* ---- RSA ---- */

static BIGNUM *number(struct signet_str s, int secret)
{
	BIGNUM *n = secret ? BN_secure_new() : BN_new();

	if (n != NULL && secret)
		BN_set_flags(n, BN_FLG_CONSTTIME);
	if (n != NULL && BN_bin2bn((const unsigned char *)s.p, (int)s.n, n) != NULL)
		return n;
	BN_clear_free(n);
	return NULL;
}

/* Takes the three over; d may be NULL. */
static RSA *rsa_new(BIGNUM *n, BIGNUM *e, BIGNUM *d)
{
	RSA *k = local() != NULL ? RSA_new() : NULL;

	if (k != NULL && n != NULL && e != NULL && RSA_set0_key(k, n, e, d) == 1)
		return k;
	BN_free(n);
	BN_free(e);
	BN_clear_free(d);
	RSA_free(k);
	return NULL;
}

static int rsa_public(struct signet_str n, struct signet_str e, const unsigned char *in,
		      unsigned char *out)
{
	RSA *k = rsa_new(number(n, 0), number(e, 0), NULL);
	int rc = PASS;

	if (k != NULL && RSA_public_decrypt((int)n.n, in, out, k, RSA_NO_PADDING) == (int)n.n)
		rc = 0;
	RSA_free(k);
	return result(rc);
}

static int set_crt(RSA *k, BIGNUM *p, BIGNUM *q, BIGNUM *dp, BIGNUM *dq, BIGNUM *qi)
{
	if (p == NULL || q == NULL || RSA_set0_factors(k, p, q) != 1) {
		BN_clear_free(p);
		BN_clear_free(q);
		p = NULL;
	}
	if (p != NULL && dp != NULL && dq != NULL && qi != NULL &&
	    RSA_set0_crt_params(k, dp, dq, qi) == 1)
		return 1;
	BN_clear_free(dp);
	BN_clear_free(dq);
	BN_clear_free(qi);
	return 0;
}

/* With blinding, which is on unless it is switched off. */
static int rsa_private(struct signet_str n, struct signet_str e, struct signet_str d,
		       struct signet_str p, struct signet_str q, struct signet_str dp,
		       struct signet_str dq, struct signet_str qi, const unsigned char *in,
		       unsigned char *out)
{
	RSA *k = rsa_new(number(n, 0), number(e, 0), number(d, 1));
	int rc = PASS;

	if (k != NULL &&
	    set_crt(k, number(p, 1), number(q, 1), number(dp, 1), number(dq, 1), number(qi, 1)) &&
	    RSA_private_encrypt((int)n.n, in, out, k, RSA_NO_PADDING) == (int)n.n)
		rc = 0;
	RSA_free(k);
	return result(rc);
}

/* ---- AES-GCM ---- */

static const EVP_CIPHER *gcm_of(struct signet_str key)
{
	switch (key.n) {
	case 16:
		return gcm[0];
	case 24:
		return gcm[1];
	case 32:
		return gcm[2];
	default:
		return NULL;
	}
}

#define BYTES(s) ((const unsigned char *)(s).p)

static int aes_gcm_seal(struct signet_str key, const unsigned char iv[12], struct signet_str aad,
			struct signet_str in, unsigned char *out, unsigned char tag[16])
{
	struct local *l = local();
	int n = 0, rest = 0;

	if (l == NULL || gcm_of(key) == NULL || in.n > INT32_MAX || aad.n > INT32_MAX)
		return PASS;
	if (EVP_EncryptInit_ex(l->seal, gcm_of(key), NULL, BYTES(key), iv) == 1 &&
	    (aad.n == 0 || EVP_EncryptUpdate(l->seal, NULL, &n, BYTES(aad), (int)aad.n) == 1) &&
	    (in.n == 0 || EVP_EncryptUpdate(l->seal, out, &n, BYTES(in), (int)in.n) == 1) &&
	    EVP_EncryptFinal_ex(l->seal, tag, &rest) == 1 && rest == 0 &&
	    EVP_CIPHER_CTX_ctrl(l->seal, EVP_CTRL_AEAD_GET_TAG, 16, tag) == 1)
		return 0;
	return result(FAILED);
}

static int aes_gcm_open(struct signet_str key, const unsigned char iv[12], struct signet_str aad,
			struct signet_str in, const unsigned char tag[16], unsigned char *out)
{
	struct local *l = local();
	unsigned char none[16], expected[16];
	int n = 0, rest = 0;

	if (l == NULL || gcm_of(key) == NULL || in.n > INT32_MAX || aad.n > INT32_MAX)
		return PASS;
	memcpy(expected, tag, sizeof(expected));
	if (EVP_DecryptInit_ex(l->open, gcm_of(key), NULL, BYTES(key), iv) == 1 &&
	    (aad.n == 0 || EVP_DecryptUpdate(l->open, NULL, &n, BYTES(aad), (int)aad.n) == 1) &&
	    (in.n == 0 || EVP_DecryptUpdate(l->open, out, &n, BYTES(in), (int)in.n) == 1) &&
	    EVP_CIPHER_CTX_ctrl(l->open, EVP_CTRL_AEAD_SET_TAG, 16, expected) == 1 &&
	    EVP_DecryptFinal_ex(l->open, none, &rest) == 1 && rest == 0)
		return 0;
	OPENSSL_cleanse(out, in.n);
	return result(FAILED);
}

/* ---- hashes ---- */

static int digest(enum signet_accel_hash alg, struct signet_str in, unsigned char *out)
{
	switch (alg) {
	case SIGNET_ACCEL_SHA256: {
		SHA256_CTX c;

		return SHA256_Init(&c) == 1 && SHA256_Update(&c, in.p, in.n) == 1 &&
				       SHA256_Final(out, &c) == 1
			       ? 0
			       : PASS;
	}
	case SIGNET_ACCEL_SHA384: {
		SHA512_CTX c;

		return SHA384_Init(&c) == 1 && SHA384_Update(&c, in.p, in.n) == 1 &&
				       SHA384_Final(out, &c) == 1
			       ? 0
			       : PASS;
	}
	case SIGNET_ACCEL_SHA512: {
		SHA512_CTX c;

		return SHA512_Init(&c) == 1 && SHA512_Update(&c, in.p, in.n) == 1 &&
				       SHA512_Final(out, &c) == 1
			       ? 0
			       : PASS;
	}
	}
	return PASS;
}

static const struct signet_accel_driver driver = {
	.size = sizeof(struct signet_accel_driver),
	.p256_sign = p256_sign,
	.p256_verify = p256_verify,
	.p256_keygen = p256_keygen,
	.p256_ecdh = p256_ecdh,
	.x25519 = x25519,
	.rsa_public = rsa_public,
	.rsa_private = rsa_private,
	.aes_gcm_seal = aes_gcm_seal,
	.aes_gcm_open = aes_gcm_open,
	.digest = digest,
};

SIGNET_PLUGIN_DEFINE(openssl) = {
	SIGNET_PLUGIN_HEAD(SIGNET_ACCELERATOR), .name = "openssl", .version = "1",
	.licence = "GPL-3.0-or-later",		.driver = &driver,
};
