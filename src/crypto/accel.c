/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/mem.h"
#include "crypto/priv.h"

/*
 * The seam for an accelerator: wolfCrypt calls accel_on_device for each operation on an object that
 * bears the device's id; what the driver's table has is translated to its plain shapes, all else is
 * CRYPTOCB_UNAVAILABLE and stays in wolfCrypt. Any thread, concurrently: no state but the table.
 * Hashes are left out, because wolfCrypt asks piecewise (hash() in hash.c goes to the table
 * itself). To add a primitive: a function in abi/accel.h at the end of the table, a case here.
 */
#define RSA_BYTES_MAX 512U

/* The driver's answer as wolfCrypt's. */
static int answer(int rc, int failed)
{
	if (rc == 0)
		return 0;
	return rc == SIGNET_ACCEL_PASS ? CRYPTOCB_UNAVAILABLE : failed;
}

static bool is_p256(const ecc_key *k)
{
	return k != NULL && k->dp != NULL && k->dp->id == ECC_SECP256R1;
}

static bool p256_point(ecc_key *k, unsigned char x[32], unsigned char y[32])
{
	return mp_isone(k->pubkey.z) && mp_to_unsigned_bin_len(k->pubkey.x, x, 32) == MP_OKAY &&
	       mp_to_unsigned_bin_len(k->pubkey.y, y, 32) == MP_OKAY;
}

static int p256_sign(const struct signet_accel_driver *d, wc_CryptoInfo *info)
{
	unsigned char k[32], r[32], s[32];
	struct buf der = BUF_INIT;
	int rc;

	if (d->p256_sign == NULL || !is_p256(info->pk.eccsign.key) ||
	    mp_iszero(&info->pk.eccsign.key->k) ||
	    mp_to_unsigned_bin_len(&info->pk.eccsign.key->k, k, 32) != MP_OKAY)
		return CRYPTOCB_UNAVAILABLE;
	rc = d->p256_sign(k, info->pk.eccsign.in, info->pk.eccsign.inlen, r, s);
	mem_wipe(k, sizeof(k));
	if (rc != 0)
		return answer(rc, WC_HW_E);
	ecdsa_encode(r, s, 32, &der);
	if (der.n > *info->pk.eccsign.outlen) {
		rc = BUFFER_E;
	} else {
		memcpy(info->pk.eccsign.out, der.p, der.n);
		*info->pk.eccsign.outlen = (word32)der.n;
	}
	buf_release(&der);
	return rc;
}

static int p256_verify(const struct signet_accel_driver *d, wc_CryptoInfo *info)
{
	unsigned char x[32], y[32], r[32], s[32];
	struct str sig = str_mem(info->pk.eccverify.sig, info->pk.eccverify.siglen);

	if (d->p256_verify == NULL || !is_p256(info->pk.eccverify.key) ||
	    info->pk.eccverify.key->type == ECC_PRIVATEKEY_ONLY ||
	    !p256_point(info->pk.eccverify.key, x, y))
		return CRYPTOCB_UNAVAILABLE;
	*info->pk.eccverify.res = 0;
	if (!ecdsa_decode(sig, 32, r, s))
		return ASN_PARSE_E;
	int rc = d->p256_verify(x, y, info->pk.eccverify.hash, info->pk.eccverify.hashlen, r, s);
	*info->pk.eccverify.res = rc == 0;
	return answer(rc, 0);
}

static int p256_keygen(const struct signet_accel_driver *d, wc_CryptoInfo *info)
{
	ecc_key *key = info->pk.eckg.key;
	unsigned char k[32], x[32], y[32];

	if (d->p256_keygen == NULL || !is_p256(key))
		return CRYPTOCB_UNAVAILABLE;
	int rc = d->p256_keygen(k, x, y);
	if (rc == 0) {
		if (mp_read_unsigned_bin(&key->k, k, 32) != MP_OKAY ||
		    mp_read_unsigned_bin(key->pubkey.x, x, 32) != MP_OKAY ||
		    mp_read_unsigned_bin(key->pubkey.y, y, 32) != MP_OKAY ||
		    mp_set(key->pubkey.z, 1) != MP_OKAY)
			rc = 1;
		key->type = ECC_PRIVATEKEY;
	}
	mem_wipe(k, sizeof(k));
	return answer(rc, WC_HW_E);
}

static int p256_ecdh(const struct signet_accel_driver *d, wc_CryptoInfo *info)
{
	ecc_key *priv = info->pk.ecdh.private_key, *pub = info->pk.ecdh.public_key;
	unsigned char k[32], x[32], y[32];

	if (d->p256_ecdh == NULL || !is_p256(priv) || !is_p256(pub) || mp_iszero(&priv->k) ||
	    *info->pk.ecdh.outlen < 32 || !p256_point(pub, x, y) ||
	    mp_to_unsigned_bin_len(&priv->k, k, 32) != MP_OKAY)
		return CRYPTOCB_UNAVAILABLE;
	int rc = d->p256_ecdh(k, x, y, info->pk.ecdh.out);
	mem_wipe(k, sizeof(k));
	if (rc == 0)
		*info->pk.ecdh.outlen = 32;
	return answer(rc, WC_HW_E);
}

static int x25519(const struct signet_accel_driver *d, wc_CryptoInfo *info)
{
	const curve25519_key *priv = info->pk.curve25519.private_key,
			     *pub = info->pk.curve25519.public_key;
	unsigned char out[32];

	if (d->x25519 == NULL || *info->pk.curve25519.outlen < 32)
		return CRYPTOCB_UNAVAILABLE;
	int rc = d->x25519(priv->k, pub->p.point, out);
	if (rc == 0) {
		bool big = info->pk.curve25519.endian == EC25519_BIG_ENDIAN;

		for (size_t i = 0; i < 32; i++)
			info->pk.curve25519.out[i] = out[big ? 31 - i : i];
		*info->pk.curve25519.outlen = 32;
	}
	mem_wipe(out, sizeof(out));
	return answer(rc, WC_HW_E);
}

/* The integers of an RSA key on the stack, wiped by the caller. */
struct rsa_bytes {
	unsigned char bytes[8][RSA_BYTES_MAX];
	struct signet_str v[8]; /* n e d p q dp dq qi */
	unsigned char in[RSA_BYTES_MAX], out[RSA_BYTES_MAX];
};

static bool rsa_export(const RsaKey *key, bool is_private, struct rsa_bytes *out)
{
	const mp_int *m[8] = {&key->n, &key->e,	 &key->d,  &key->p,
			      &key->q, &key->dP, &key->dQ, &key->u};

	for (size_t i = 0; i < (is_private ? 8U : 2U); i++) {
		int n = mp_unsigned_bin_size(m[i]);

		if (n <= 0 || n > (int)RSA_BYTES_MAX || mp_iszero(m[i]) ||
		    mp_to_unsigned_bin_len(m[i], out->bytes[i], n) != MP_OKAY)
			return false;
		out->v[i] = (struct signet_str){(const char *)out->bytes[i], (size_t)n};
	}
	return true;
}

static int rsa_call(const struct signet_accel_driver *d, bool is_private, struct rsa_bytes *b)
{
	const struct signet_str *v = b->v;

	if (is_private)
		return d->rsa_private(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], b->in,
				      b->out);
	return d->rsa_public(v[0], v[1], b->in, b->out);
}

static int rsa(const struct signet_accel_driver *d, wc_CryptoInfo *info)
{
	bool is_private = info->pk.rsa.type == RSA_PRIVATE_ENCRYPT ||
			  info->pk.rsa.type == RSA_PRIVATE_DECRYPT;
	struct rsa_bytes b;
	int rc = SIGNET_ACCEL_PASS;

	if (is_private ? d->rsa_private == NULL : d->rsa_public == NULL)
		return CRYPTOCB_UNAVAILABLE;
	/* By way of copies, because wolfCrypt works in place and may need the input again. What is
	 * not below the modulus is left to wolfCrypt's own answer. */
	if (rsa_export(info->pk.rsa.key, is_private, &b) && info->pk.rsa.inLen == b.v[0].n &&
	    *info->pk.rsa.outLen >= b.v[0].n && memcmp(info->pk.rsa.in, b.v[0].p, b.v[0].n) < 0) {
		memcpy(b.in, info->pk.rsa.in, b.v[0].n);
		rc = rsa_call(d, is_private, &b);
		if (rc == 0) {
			memcpy(info->pk.rsa.out, b.out, b.v[0].n);
			*info->pk.rsa.outLen = (word32)b.v[0].n;
		}
	}
	if (is_private)
		mem_wipe(&b, sizeof(b));
	return answer(rc, WC_HW_E);
}

static int aes_gcm(const struct signet_accel_driver *d, wc_CryptoInfo *info)
{
	if (info->cipher.enc) {
		Aes *aes = info->cipher.aesgcm_enc.aes;
		struct signet_str key = {(const char *)aes->devKey, aes->keylen};
		struct signet_str aad = {(const char *)info->cipher.aesgcm_enc.authIn,
					 info->cipher.aesgcm_enc.authInSz};
		struct signet_str in = {(const char *)info->cipher.aesgcm_enc.in,
					info->cipher.aesgcm_enc.sz};

		if (d->aes_gcm_seal == NULL || info->cipher.aesgcm_enc.ivSz != 12 ||
		    info->cipher.aesgcm_enc.authTagSz != 16)
			return CRYPTOCB_UNAVAILABLE;
		return answer(d->aes_gcm_seal(key, info->cipher.aesgcm_enc.iv, aad, in,
					      info->cipher.aesgcm_enc.out,
					      info->cipher.aesgcm_enc.authTag),
			      WC_HW_E);
	}
	Aes *aes = info->cipher.aesgcm_dec.aes;
	struct signet_str key = {(const char *)aes->devKey, aes->keylen};
	struct signet_str aad = {(const char *)info->cipher.aesgcm_dec.authIn,
				 info->cipher.aesgcm_dec.authInSz};
	struct signet_str in = {(const char *)info->cipher.aesgcm_dec.in,
				info->cipher.aesgcm_dec.sz};

	if (d->aes_gcm_open == NULL || info->cipher.aesgcm_dec.ivSz != 12 ||
	    info->cipher.aesgcm_dec.authTagSz != 16)
		return CRYPTOCB_UNAVAILABLE;
	return answer(d->aes_gcm_open(key, info->cipher.aesgcm_dec.iv, aad, in,
				      info->cipher.aesgcm_dec.authTag, info->cipher.aesgcm_dec.out),
		      AES_GCM_AUTH_E);
}

int accel_on_device(int id, wc_CryptoInfo *info, void *driver)
{
	const struct signet_accel_driver *d = driver;

	(void)id;
	if (info->algo_type == WC_ALGO_TYPE_CIPHER && info->cipher.type == WC_CIPHER_AES_GCM)
		return aes_gcm(d, info);
	if (info->algo_type != WC_ALGO_TYPE_PK)
		return CRYPTOCB_UNAVAILABLE;
	switch (info->pk.type) {
	case WC_PK_TYPE_RSA:
		return rsa(d, info);
	case WC_PK_TYPE_EC_KEYGEN:
		return p256_keygen(d, info);
	case WC_PK_TYPE_ECDH:
		return p256_ecdh(d, info);
	case WC_PK_TYPE_ECDSA_SIGN:
		return p256_sign(d, info);
	case WC_PK_TYPE_ECDSA_VERIFY:
		return p256_verify(d, info);
	case WC_PK_TYPE_CURVE25519:
		return x25519(d, info);
	default:
		return CRYPTOCB_UNAVAILABLE;
	}
}
