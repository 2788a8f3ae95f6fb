/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_ABI_ACCEL_H
#define SIGNET_ABI_ACCEL_H

/*
 * Any thread, concurrently. An accelerator replaces primitives: each function does exactly what
 * its comment says, or returns SIGNET_ACCEL_PASS and the built-in implementation is used. A NULL
 * pointer passes always. Private scalars are wiped by the accelerator before it returns.
 */
#include "types.h"

#define SIGNET_ACCEL_PASS (-1)

enum signet_accel_hash {
	SIGNET_ACCEL_SHA256 = 1,
	SIGNET_ACCEL_SHA384 = 2,
	SIGNET_ACCEL_SHA512 = 3
};

struct signet_accel_driver {
	size_t size;
	/*
	 * 0 done, SIGNET_ACCEL_PASS, or a positive number: failed (verify: the signature is
	 * wrong).
	 */
	/* P-256: private scalar d and digest in; r and s out, 32 bytes each, big-endian. */
	int (*p256_sign)(const unsigned char d[32], const unsigned char *digest, size_t n,
			 unsigned char r[32], unsigned char s[32]);
	int (*p256_verify)(const unsigned char x[32], const unsigned char y[32],
			   const unsigned char *digest, size_t n, const unsigned char r[32],
			   const unsigned char s[32]);
	int (*p256_keygen)(unsigned char d[32], unsigned char x[32], unsigned char y[32]);
	int (*p256_ecdh)(const unsigned char d[32], const unsigned char x[32],
			 const unsigned char y[32], unsigned char out[32]);
	/* RFC 7748, little-endian. */
	int (*x25519)(const unsigned char scalar[32], const unsigned char point[32],
		      unsigned char out[32]);
	/* Raw RSA: in and out as long as the modulus. Private with CRT parts. */
	int (*rsa_public)(struct signet_str n, struct signet_str e, const unsigned char *in,
			  unsigned char *out);
	int (*rsa_private)(struct signet_str n, struct signet_str e, struct signet_str d,
			   struct signet_str p, struct signet_str q, struct signet_str dp,
			   struct signet_str dq, struct signet_str qi, const unsigned char *in,
			   unsigned char *out);
	/*
	 * AES-GCM with a 12-byte nonce and a 16-byte tag; open returns positive when the tag is
	 * wrong.
	 */
	int (*aes_gcm_seal)(struct signet_str key, const unsigned char iv[12],
			    struct signet_str aad, struct signet_str in, unsigned char *out,
			    unsigned char tag[16]);
	int (*aes_gcm_open)(struct signet_str key, const unsigned char iv[12],
			    struct signet_str aad, struct signet_str in,
			    const unsigned char tag[16], unsigned char *out);
	int (*digest)(enum signet_accel_hash alg, struct signet_str in, unsigned char *out);
};

#endif
