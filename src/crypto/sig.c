/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/mem.h"
#include "codec/der.h"
#include "crypto/priv.h"

/*
 * Signing and verifying; RSA's part is in sig_rsa.c. What a signature may look like is decided
 * here, before wolfCrypt sees it: its own parser takes encodings that DER forbids, so one signature
 * could be written in several ways.
 */
#define MSG_MAX (1U << 30) /* wolfCrypt counts in 32 bits */

/* ---- ECDSA-Sig-Value ---- */

static bool get_scalar(struct str *in, size_t width, unsigned char *out)
{
	struct str v;

	if (!der_get_integer(in, &v) || v.n > width)
		return false;
	memset(out, 0, width - v.n);
	memcpy(out + width - v.n, v.p, v.n);
	return true;
}

bool ecdsa_decode(struct str der, size_t width, unsigned char *r, unsigned char *s)
{
	struct str seq;

	return der_get(&der, DER_SEQUENCE, &seq) && der.n == 0 && get_scalar(&seq, width, r) &&
	       get_scalar(&seq, width, s) && seq.n == 0;
}

void ecdsa_encode(const unsigned char *r, const unsigned char *s, size_t width, struct buf *der)
{
	struct der_mark m = der_begin(der, DER_SEQUENCE);

	der_put_integer(der, str_mem(r, width));
	der_put_integer(der, str_mem(s, width));
	der_end(der, m);
}

int sig_der_to_raw(enum key_type t, struct str der, struct buf *raw, struct err *e)
{
	unsigned char rs[2 * KEY_WIDTH_MAX];
	size_t width = key_type_info(t)->width;

	ENSURE(key_type_is_ec(t));
	if (!ecdsa_decode(der, width, rs, rs + width))
		return ERR(e, ERR_INVALID, "signature: malformed for %s", key_type_name(t));
	buf_add(raw, rs, 2 * width);
	return 0;
}

int sig_raw_to_der(enum key_type t, struct str raw, struct buf *der, struct err *e)
{
	size_t width = key_type_info(t)->width;

	ENSURE(key_type_is_ec(t));
	if (raw.n != 2 * width)
		return ERR(e, ERR_INVALID, "signature: %zu bytes, %s has %zu", raw.n,
			   key_type_name(t), 2 * width);
	const unsigned char *p = (const unsigned char *)raw.p;
	ecdsa_encode(p, p + width, width, der);
	return 0;
}

/* ---- sign ---- */

static int ecdsa_sign(struct key *k, const struct sig_alg_info *info, struct str msg,
		      struct buf *sig, struct err *e)
{
	unsigned char digest[HASH_MAX], out[ECC_MAX_SIG_SIZE];
	WC_RNG *rng = key_rng(k, e);
	word32 n = sizeof(out);

	if (rng == NULL)
		return -1;
	hash(info->hash, msg, digest);
	int rc = wc_ecc_sign_hash(digest, (word32)hash_size(info->hash), out, &n, rng, &k->w.ec);
	if (rc != 0)
		return ERR(e, ERR_INTERNAL, "signature: %s", wc_GetErrorString(rc));
	buf_add(sig, out, n);
	return 0;
}

static int ed25519_sign(struct key *k, struct str msg, struct buf *sig, struct err *e)
{
	unsigned char out[64];
	word32 n = sizeof(out);

	int rc = wc_ed25519_sign_msg((const byte *)(msg.n > 0 ? msg.p : ""), (word32)msg.n, out, &n,
				     &k->w.ed);
	if (rc != 0)
		return ERR(e, ERR_INTERNAL, "signature: %s", wc_GetErrorString(rc));
	buf_add(sig, out, n);
	return 0;
}

static int check(const struct key *k, enum sig_alg a, struct str msg, struct err *e)
{
	OBJ_CHECK(k, KEY_MAGIC);
	if (!sig_alg_fits(a, k->type))
		return ERR(e, ERR_UNAUTHORIZED,
			   "signature: the algorithm does not fit a key of type %s",
			   key_type_name(k->type));
	if (msg.n > MSG_MAX)
		return ERR(e, ERR_TOO_LARGE, "signature: message of more than 1 GiB");
	return 0;
}

int key_sign(struct key *k, enum sig_alg a, struct str msg, struct buf *sig, struct err *e)
{
	if (check(k, a, msg, e) != 0)
		return -1;
	ENSURE(k->is_private);
	if (a == SIG_ED25519)
		return ed25519_sign(k, msg, sig, e);
	if (k->type == KEY_RSA)
		return rsa_sign(k, sig_alg_info(a), msg, sig, e);
	return ecdsa_sign(k, sig_alg_info(a), msg, sig, e);
}

/* ---- verify ---- */

static int wrong(struct err *e)
{
	return ERR(e, ERR_UNAUTHORIZED, "signature: wrong");
}

static int ecdsa_verify(struct key *k, const struct sig_alg_info *info, struct str msg,
			struct str sig, struct err *e)
{
	const struct key_type_info *type = key_type_info(k->type);
	unsigned char digest[HASH_MAX], r[KEY_WIDTH_MAX], s[KEY_WIDTH_MAX];
	int fits = 0;

	if (!ecdsa_decode(sig, type->width, r, s) || !ec_scalar_in_range(type, r) ||
	    !ec_scalar_in_range(type, s))
		return wrong(e);
	hash(info->hash, msg, digest);
	int rc = wc_ecc_verify_hash((const byte *)sig.p, (word32)sig.n, digest,
				    (word32)hash_size(info->hash), &fits, &k->w.ec);
	return rc == 0 && fits == 1 ? 0 : wrong(e);
}

/* RFC 8032 5.1.7: S below the group's order, else a second signature could be made of each.
 * Little-endian. */
static bool ed25519_s_in_range(const unsigned char s[32])
{
	static const unsigned char order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
						0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
						0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
						0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10};

	for (size_t i = 32; i-- > 0;) {
		if (s[i] != order[i])
			return s[i] < order[i];
	}
	return false;
}

static int ed25519_verify(struct key *k, struct str msg, struct str sig, struct err *e)
{
	int fits = 0;

	if (sig.n != 64 || !ed25519_s_in_range((const unsigned char *)sig.p + 32))
		return wrong(e);
	int rc = wc_ed25519_verify_msg((const byte *)sig.p, 64,
				       (const byte *)(msg.n > 0 ? msg.p : ""), (word32)msg.n, &fits,
				       &k->w.ed);
	return rc == 0 && fits == 1 ? 0 : wrong(e);
}

int key_verify(struct key *k, enum sig_alg a, struct str msg, struct str sig, struct err *e)
{
	if (check(k, a, msg, e) != 0)
		return -1;
	if (a == SIG_ED25519)
		return ed25519_verify(k, msg, sig, e);
	if (k->type == KEY_RSA)
		return rsa_verify(k, sig_alg_info(a), msg, sig, e);
	return ecdsa_verify(k, sig_alg_info(a), msg, sig, e);
}
