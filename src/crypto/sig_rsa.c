/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/mem.h"
#include "codec/der.h"
#include "crypto/priv.h"

/*
 * RSA signatures (RFC 8017). PKCS#1 v1.5 is verified by building the one encoding that is right and
 * comparing all of it, so that there is no parser to fool. Each signature made is checked with the
 * public key before it leaves: a fault in the CRT computation would give away a prime.
 */
#define RSA_BYTES_MAX 512U

static bool is_pss(enum sig_alg a)
{
	return a == SIG_PSS_SHA256 || a == SIG_PSS_SHA384 || a == SIG_PSS_SHA512;
}

static enum oid hash_oid(enum hash_alg a)
{
	if (a == HASH_SHA256)
		return OID_SHA256;
	return a == HASH_SHA384 ? OID_SHA384 : OID_SHA512;
}

static int mgf(enum hash_alg a)
{
	if (a == HASH_SHA256)
		return WC_MGF1SHA256;
	return a == HASH_SHA384 ? WC_MGF1SHA384 : WC_MGF1SHA512;
}

/* DigestInfo (9.2): the hash's algorithm with NULL parameters, and the digest. */
static void digest_info(enum hash_alg a, const unsigned char *digest, struct buf *out)
{
	struct der_mark info = der_begin(out, DER_SEQUENCE);
	struct der_mark alg = der_begin(out, DER_SEQUENCE);

	der_put_oid(out, oid_der(hash_oid(a)));
	der_put_null(out);
	der_end(out, alg);
	der_put(out, DER_OCTET_STRING, str_mem(digest, hash_size(a)));
	der_end(out, info);
}

/* EMSA-PKCS1-v1_5 (9.2) of n bytes. */
static void encode_v15(enum hash_alg a, const unsigned char *digest, unsigned char *em, size_t n)
{
	struct buf t = BUF_INIT;

	digest_info(a, digest, &t);
	ENSURE(t.n + 11 <= n);
	em[0] = 0;
	em[1] = 1;
	memset(em + 2, 0xff, n - t.n - 3);
	em[n - t.n - 1] = 0;
	memcpy(em + n - t.n, t.p, t.n);
	buf_release(&t);
}

/* RSAVP1 (5.2.2): exactly as long as the modulus and below it. */
static bool in_range(const struct key *k, struct str sig, size_t n)
{
	unsigned char modulus[RSA_BYTES_MAX];

	if (sig.n != n)
		return false;
	ENSURE(mp_to_unsigned_bin_len(&k->w.rsa.n, modulus, (int)n) == MP_OKAY);
	return memcmp(sig.p, modulus, n) < 0;
}

static bool check_v15(struct key *k, enum hash_alg a, const unsigned char *digest, struct str sig,
		      size_t n)
{
	unsigned char want[RSA_BYTES_MAX], got[RSA_BYTES_MAX];
	word32 got_n = (word32)n;

	encode_v15(a, digest, want, n);
	int rc = wc_RsaFunction((const byte *)sig.p, (word32)n, got, &got_n, RSA_PUBLIC_DECRYPT,
				&k->w.rsa, NULL);
	return rc == 0 && got_n == n && mem_ct_equal(want, got, n);
}

/* EMSA-PSS (9.1.2) with a salt as long as the hash: wolfCrypt's default, which takes no other. */
static bool check_pss(struct key *k, enum hash_alg a, const unsigned char *digest, struct str sig,
		      size_t n)
{
	unsigned char in[RSA_BYTES_MAX], out[RSA_BYTES_MAX];

	memcpy(in, sig.p, n);
	return wc_RsaPSS_VerifyCheck(in, (word32)n, out, (word32)n, digest, (word32)hash_size(a),
				     (enum wc_HashType)hash_wolf_type(a), mgf(a), &k->w.rsa) > 0;
}

static bool fits(struct key *k, const struct sig_alg_info *info, const unsigned char *digest,
		 struct str sig)
{
	size_t n = (size_t)wc_RsaEncryptSize(&k->w.rsa);

	ENSURE(n <= RSA_BYTES_MAX);
	if (!in_range(k, sig, n))
		return false;
	return is_pss(info->alg) ? check_pss(k, info->hash, digest, sig, n)
				 : check_v15(k, info->hash, digest, sig, n);
}

int rsa_verify(struct key *k, const struct sig_alg_info *info, struct str msg, struct str sig,
	       struct err *e)
{
	unsigned char digest[HASH_MAX];

	hash(info->hash, msg, digest);
	if (!fits(k, info, digest, sig))
		return ERR(e, ERR_UNAUTHORIZED, "signature: wrong");
	return 0;
}

static int sign_v15(struct key *k, enum hash_alg a, const unsigned char *digest, unsigned char *out,
		    WC_RNG *rng)
{
	struct buf t = BUF_INIT;

	digest_info(a, digest, &t);
	int rc = wc_RsaSSL_Sign((const byte *)t.p, (word32)t.n, out, RSA_BYTES_MAX, &k->w.rsa, rng);
	buf_release(&t);
	return rc;
}

int rsa_sign(struct key *k, const struct sig_alg_info *info, struct str msg, struct buf *sig,
	     struct err *e)
{
	unsigned char digest[HASH_MAX], out[RSA_BYTES_MAX];
	WC_RNG *rng = key_rng(k, e);
	int rc;

	if (rng == NULL)
		return -1;
	hash(info->hash, msg, digest);
	if (is_pss(info->alg))
		rc = wc_RsaPSS_Sign(digest, (word32)hash_size(info->hash), out, sizeof(out),
				    (enum wc_HashType)hash_wolf_type(info->hash), mgf(info->hash),
				    &k->w.rsa, rng);
	else
		rc = sign_v15(k, info->hash, digest, out, rng);
	if (rc <= 0)
		return ERR(e, ERR_INTERNAL, "signature: %s", wc_GetErrorString(rc));
	if (!fits(k, info, digest, str_mem(out, (size_t)rc))) {
		mem_wipe(out, sizeof(out));
		return ERR(e, ERR_INTERNAL,
			   "signature: the RSA computation went wrong; it was withheld");
	}
	buf_add(sig, out, (size_t)rc);
	return 0;
}
