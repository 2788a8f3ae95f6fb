/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/mem.h"
#include "crypto/priv.h"

/*
 * Generation. wolfCrypt (or the accelerator) makes EC and RSA keys in objects of its own, in secret
 * pages; the parts then pass the constructors' checks like those of any other key.
 */
struct maker {
	WC_RNG rng;
	union {
		ecc_key ec;
		RsaKey rsa;
	} w;
	unsigned char xy[2 * KEY_WIDTH_MAX], d[KEY_WIDTH_MAX];
};

static struct key *make_ec(struct maker *m, enum key_type t, struct err *e)
{
	const struct key_type_info *info = key_type_info(t);
	int width = (int)info->width;
	ecc_key *ec = &m->w.ec;
	struct key *k = NULL;

	int rc = wc_ecc_init_ex(ec, NULL, crypto_device());
	if (rc == 0)
		rc = wc_ecc_set_rng(ec, &m->rng);
	if (rc == 0)
		rc = wc_ecc_make_key_ex(&m->rng, width, ec, info->curve);
	if (rc == 0)
		rc = mp_to_unsigned_bin_len(ec->pubkey.x, m->xy, width);
	if (rc == 0)
		rc = mp_to_unsigned_bin_len(ec->pubkey.y, m->xy + width, width);
	if (rc == 0)
		rc = mp_to_unsigned_bin_len(&ec->k, m->d, width);
	if (rc == 0)
		k = key_ec_new(t, str_mem(m->xy, 2 * info->width), str_mem(m->d, info->width),
			       false, e);
	else
		ERR(e, ERR_INTERNAL, "key: cannot generate: %s", wc_GetErrorString(rc));
	wc_ecc_free(ec);
	return k;
}

static struct key *make_rsa(struct maker *m, unsigned bits, struct err *e)
{
	struct key_parts p = {0};
	RsaKey *rsa = &m->w.rsa;
	struct key *k = NULL;

	int rc = wc_InitRsaKey_ex(rsa, NULL, crypto_device());
	if (rc == 0)
		rc = wc_MakeRsaKey(rsa, (int)bits, 65537, &m->rng);
	if (rc == 0) {
		key_rsa_integer(&rsa->n, &p.n);
		key_rsa_integer(&rsa->e, &p.e);
		key_rsa_integer_secret(&rsa->d, &p.d);
		key_rsa_integer_secret(&rsa->p, &p.p);
		key_rsa_integer_secret(&rsa->q, &p.q);
		key_rsa_integer_secret(&rsa->dP, &p.dp);
		key_rsa_integer_secret(&rsa->dQ, &p.dq);
		key_rsa_integer_secret(&rsa->u, &p.qi);
		k = key_from_parts(KEY_RSA, &p, e);
	} else {
		ERR(e, ERR_INTERNAL, "key: cannot generate: %s", wc_GetErrorString(rc));
	}
	key_parts_release(&p);
	wc_FreeRsaKey(rsa);
	return k;
}

static struct key *make_okp(enum key_type t, struct err *e)
{
	unsigned char seed[32];
	struct key *k;

	rand_bytes(seed, sizeof(seed));
	k = key_okp_new(t, STR_NULL, str_mem(seed, sizeof(seed)), false, e);
	mem_wipe(seed, sizeof(seed));
	return k;
}

struct key *key_generate(enum key_type t, unsigned rsa_bits, struct err *e)
{
	struct secret home = SECRET_INIT;
	struct key *k = NULL;

	if (t == KEY_ED25519 || t == KEY_X25519)
		return make_okp(t, e);
	ENSURE(key_type_is_ec(t) || t == KEY_RSA);
	if (t == KEY_RSA && (rsa_bits < 2048 || rsa_bits > 4096 || rsa_bits % 64 != 0)) {
		ERR(e, ERR_INVALID, "key size: RSA keys have 2048 to 4096 bits, not %u", rsa_bits);
		return NULL;
	}
	secret_resize(&home, sizeof(struct maker));
	struct maker *m = (struct maker *)(void *)home.p;
	int rc = wc_InitRng_ex(&m->rng, NULL, crypto_device());
	if (rc == 0) {
		k = t == KEY_RSA ? make_rsa(m, rsa_bits, e) : make_ec(m, t, e);
		wc_FreeRng(&m->rng);
	} else {
		ERR(e, ERR_UNAVAILABLE, "key: no randomness: %s", wc_GetErrorString(rc));
	}
	secret_release(&home);
	return k;
}
