/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/mem.h"
#include "crypto/priv.h"

#include <stdalign.h>

/*
 * key.c - what a key is: construction with every check, duplication, end.
 *
 * All keys are made here, whatever they were read from: key_ec_new, key_okp_new and key_rsa_new
 * take plain big-endian parts (OKP: the bytes of RFC 8032 and 7748) and check them, so that a
 * struct key that exists is a good one. wolfCrypt's own import functions check less (points off the
 * curve, public parts that belong to another private key). The bytes are kept besides wolfCrypt's
 * object, because wolfCrypt clamps X25519 scalars when it takes them and export must give back what
 * was read. A private key's struct lives in the locked pages of a secret.
 */
static int wolf_init(struct key *k)
{
	int dev = crypto_device();

	switch (k->type) {
	case KEY_NONE:
		break;
	case KEY_P256:
	case KEY_P384:
	case KEY_P521:
		return wc_ecc_init_ex(&k->w.ec, NULL, dev);
	case KEY_ED25519:
		return wc_ed25519_init_ex(&k->w.ed, NULL, dev);
	case KEY_X25519:
		return wc_curve25519_init_ex(&k->w.x, NULL, dev);
	case KEY_RSA:
		return wc_InitRsaKey_ex(&k->w.rsa, NULL, dev);
	}
	BUG("a key of no type");
}

static void wolf_free(struct key *k)
{
	switch (k->type) {
	case KEY_NONE:
		break;
	case KEY_P256:
	case KEY_P384:
	case KEY_P521:
		wc_ecc_free(&k->w.ec);
		break;
	case KEY_ED25519:
		wc_ed25519_free(&k->w.ed);
		break;
	case KEY_X25519:
		wc_curve25519_free(&k->w.x);
		break;
	case KEY_RSA:
		wc_FreeRsaKey(&k->w.rsa);
		break;
	}
}

static struct key *alloc(enum key_type t, bool is_private)
{
	struct secret home = SECRET_INIT;
	struct key *k;

	if (is_private) {
		secret_resize(&home, sizeof(*k));
		k = (struct key *)(void *)home.p;
		ENSURE((uintptr_t)home.p % alignof(struct key) == 0);
	} else {
		k = NEW(struct key);
	}
	OBJ_INIT(k, KEY_MAGIC);
	k->home = home;
	k->type = t;
	k->is_private = is_private;
	ENSURE(wolf_init(k) == 0);
	return k;
}

void key_free(struct key *k)
{
	if (k == NULL)
		return;
	OBJ_CHECK(k, KEY_MAGIC);
	wolf_free(k);
	if (k->rng_ready)
		wc_FreeRng(&k->rng);
	OBJ_DEAD(k);
	if (k->is_private) {
		struct secret home = k->home;
		secret_release(&home);
	} else {
		mem_free(k);
	}
}

WC_RNG *key_rng(struct key *k, struct err *e)
{
	/* After a fork both processes would draw the same nonces from the same state: one of the
	 * two starts afresh. */
	if (k->rng_ready && k->rng_pid != getpid()) {
		wc_FreeRng(&k->rng);
		k->rng_ready = false;
	}
	if (!k->rng_ready) {
		int rc = wc_InitRng_ex(&k->rng, NULL, crypto_device());
		if (rc != 0) {
			ERR(e, ERR_UNAVAILABLE, "key: no randomness: %s", wc_GetErrorString(rc));
			return NULL;
		}
		k->rng_ready = true;
		k->rng_pid = getpid();
	}
	if (key_type_is_ec(k->type))
		wc_ecc_set_rng(&k->w.ec, &k->rng);
	if (k->type == KEY_RSA)
		wc_RsaSetRNG(&k->w.rsa, &k->rng);
	return &k->rng;
}

/* ---- elliptic curves ---- */

static int ec_set_public(struct key *k, const struct key_type_info *info, struct str xy,
			 struct err *e)
{
	memcpy(k->pub, xy.p, xy.n);
	int rc = wc_ecc_import_unsigned(&k->w.ec, k->pub, k->pub + info->width, NULL, info->curve);
	if (rc == 0)
		rc = wc_ecc_point_is_on_curve(&k->w.ec.pubkey, k->w.ec.idx);
	if (rc != 0)
		return ERR(e, ERR_INVALID, "%s key: the point is not on the curve", info->name);
	return 0;
}

/* Computes the public point, and compares it with xy unless that is empty. */
static int ec_set_private(struct key *k, const struct key_type_info *info, struct str xy,
			  struct err *e)
{
	ecc_key *ec = &k->w.ec;
	WC_RNG *rng = key_rng(k, e);
	unsigned char *y = k->pub + info->width;
	int width = (int)info->width;

	if (rng == NULL)
		return -1;
	int rc = wc_ecc_import_private_key_ex(k->d, (word32)width, NULL, 0, ec, info->curve);
	if (rc == 0)
		rc = wc_ecc_make_pub_ex(ec, NULL, rng);
	if (rc == 0)
		rc = mp_to_unsigned_bin_len(ec->pubkey.x, k->pub, width);
	if (rc == 0)
		rc = mp_to_unsigned_bin_len(ec->pubkey.y, y, width);
	if (rc != 0)
		return ERR(e, ERR_INVALID, "%s key: bad private key", info->name);
	if (xy.n > 0 && memcmp(xy.p, k->pub, xy.n) != 0)
		return ERR(e, ERR_INVALID, "%s key: the public part belongs to another private key",
			   info->name);
	return 0;
}

struct key *key_ec_new(enum key_type t, struct str xy, struct str d, bool trusted, struct err *e)
{
	const struct key_type_info *info = key_type_info(t);
	struct key *k;
	int rc;

	ENSURE(key_type_is_ec(t) && (xy.n > 0 || d.n > 0));
	if ((xy.n > 0 && xy.n != 2 * info->width) || (d.n > 0 && d.n != info->width)) {
		ERR(e, ERR_INVALID, "%s key: wrong length", info->name);
		return NULL;
	}
	k = alloc(t, d.n > 0);
	if (d.n > 0)
		memcpy(k->d, d.p, d.n);
	if (d.n > 0 && !ec_scalar_in_range(info, k->d)) {
		rc = ERR(e, ERR_INVALID, "%s key: private value out of range", info->name);
	} else if (d.n > 0 && trusted) {
		memcpy(k->pub, xy.p, xy.n);
		rc = wc_ecc_import_unsigned(&k->w.ec, k->pub, k->pub + info->width, k->d,
					    info->curve);
		ENSURE(rc == 0);
	} else if (d.n > 0) {
		rc = ec_set_private(k, info, xy, e);
	} else {
		rc = ec_set_public(k, info, xy, e);
	}
	if (rc != 0) {
		key_free(k);
		return NULL;
	}
	return k;
}

/* ---- Ed25519, X25519 ---- */

/* The y coordinates of the points of order 1, 2, 4 and 8, little-endian: with such a key any
 * message has a valid signature. */
static const unsigned char ed25519_small[][32] = {
	{0x01},
	{0x00},
	{0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
	{0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
	 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
	 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
	{0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
	 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
	 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
};

/* RFC 8032 5.1.3: y below p. And none of the points above. */
static bool ed25519_canonical(const unsigned char pub[32])
{
	unsigned char y[32];
	bool large = true;

	memcpy(y, pub, 32);
	y[31] &= 0x7f;
	for (size_t i = 1; i < 31; i++)
		large = large && y[i] == 0xff;
	if (large && y[31] == 0x7f && y[0] >= 0xed)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(ed25519_small); i++) {
		if (memcmp(y, ed25519_small[i], 32) == 0)
			return false;
	}
	return true;
}

/*
 * wolfCrypt exports no decoding of a point: its verify says BAD_FUNC_ARG when the key does not
 * decode, and something else for this signature otherwise.
 */
static bool ed25519_on_curve(ed25519_key *ed)
{
	static const unsigned char zero[64];
	int fits;

	return wc_ed25519_verify_msg(zero, sizeof(zero), zero, 1, &fits, ed) != BAD_FUNC_ARG;
}

static int ed25519_set(struct key *k, bool trusted, struct err *e)
{
	ed25519_key *ed = &k->w.ed;
	int rc;

	if (k->is_private)
		rc = wc_ed25519_import_private_key_ex(k->d, 32, k->pub, 32, ed, 1);
	else
		rc = wc_ed25519_import_public_ex(k->pub, 32, ed, 1);
	if (rc == 0 && !trusted && !k->is_private &&
	    (!ed25519_canonical(k->pub) || !ed25519_on_curve(ed)))
		rc = PUBLIC_KEY_E;
	if (rc != 0)
		return ERR(e, ERR_INVALID, "Ed25519 key: the point is not on the curve");
	return 0;
}

static int x25519_set(struct key *k, struct err *e)
{
	unsigned char point[32];
	int rc = 0;

	memcpy(point, k->pub, 32);
	point[31] &= 0x7f; /* RFC 7748 5: the unused bit is ignored; wolfCrypt refuses it */
	if (k->is_private)
		rc = wc_curve25519_import_private_ex(k->d, 32, &k->w.x, EC25519_LITTLE_ENDIAN);
	if (rc == 0)
		rc = wc_curve25519_import_public_ex(point, 32, &k->w.x, EC25519_LITTLE_ENDIAN);
	if (rc != 0)
		return ERR(e, ERR_INVALID, "X25519 key: %s", wc_GetErrorString(rc));
	return 0;
}

static int okp_compute_public(const struct key *k, unsigned char pub[32])
{
	unsigned char scalar[32];
	ed25519_key ed;
	int rc;

	if (k->type == KEY_ED25519) {
		rc = wc_ed25519_init_ex(&ed, NULL, crypto_device());
		if (rc == 0)
			rc = wc_ed25519_import_private_only(k->d, 32, &ed);
		if (rc == 0)
			rc = wc_ed25519_make_public(&ed, pub, 32);
		wc_ed25519_free(&ed);
		return rc;
	}
	memcpy(scalar, k->d, 32);
	scalar[0] &= 248;
	scalar[31] = (unsigned char)((scalar[31] & 127) | 64);
	rc = wc_curve25519_make_pub(32, pub, 32, scalar);
	mem_wipe(scalar, sizeof(scalar));
	return rc;
}

struct key *key_okp_new(enum key_type t, struct str pub, struct str d, bool trusted, struct err *e)
{
	const char *name = key_type_name(t);
	struct key *k;
	int rc = 0;

	ENSURE((t == KEY_ED25519 || t == KEY_X25519) && (pub.n > 0 || d.n > 0));
	if ((pub.n > 0 && pub.n != 32) || (d.n > 0 && d.n != 32)) {
		ERR(e, ERR_INVALID, "%s key: wrong length", name);
		return NULL;
	}
	k = alloc(t, d.n > 0);
	if (d.n > 0)
		memcpy(k->d, d.p, 32);
	if (d.n > 0 && !trusted) {
		if (okp_compute_public(k, k->pub) != 0)
			rc = ERR(e, ERR_INTERNAL, "%s key: cannot compute the public part", name);
		else if (pub.n > 0 && memcmp(pub.p, k->pub, 32) != 0)
			rc = ERR(e, ERR_INVALID,
				 "%s key: the public part belongs to another private key", name);
	} else {
		memcpy(k->pub, pub.p, 32);
	}
	if (rc == 0)
		rc = t == KEY_ED25519 ? ed25519_set(k, trusted, e) : x25519_set(k, e);
	if (rc != 0) {
		key_free(k);
		return NULL;
	}
	return k;
}

/* ---- RSA ---- */

struct key *key_rsa_new(const struct rsa_parts *r, bool trusted, struct err *e)
{
	struct key *k = alloc(KEY_RSA, r->d.n > 0);

	if (key_rsa_fill(&k->w.rsa, r, trusted, e) != 0) {
		key_free(k);
		return NULL;
	}
	return k;
}

/* ---- shared ---- */

enum key_type key_type(const struct key *k)
{
	OBJ_CHECK(k, KEY_MAGIC);
	return k->type;
}

unsigned key_bits(const struct key *k)
{
	OBJ_CHECK(k, KEY_MAGIC);
	if (k->type == KEY_RSA)
		return (unsigned)mp_count_bits(&k->w.rsa.n);
	return key_type_info(k->type)->bits;
}

bool key_is_private(const struct key *k)
{
	OBJ_CHECK(k, KEY_MAGIC);
	return k->is_private;
}

bool key_equal(const struct key *a, const struct key *b)
{
	OBJ_CHECK(a, KEY_MAGIC);
	OBJ_CHECK(b, KEY_MAGIC);
	if (a->type != b->type)
		return false;
	if (a->type == KEY_RSA)
		return mp_cmp(&a->w.rsa.n, &b->w.rsa.n) == MP_EQ &&
		       mp_cmp(&a->w.rsa.e, &b->w.rsa.e) == MP_EQ;
	return memcmp(a->pub, b->pub, sizeof(a->pub)) == 0;
}

static struct key *copy(const struct key *k, bool is_private)
{
	const struct key_type_info *info = key_type_info(k->type);
	struct str d = str_mem(k->d, is_private ? info->width : 0);
	struct err e = ERR_INIT;
	struct key *out;

	OBJ_CHECK(k, KEY_MAGIC);
	if (key_type_is_ec(k->type)) {
		out = key_ec_new(k->type, str_mem(k->pub, 2 * info->width), d, true, &e);
	} else if (k->type != KEY_RSA) {
		out = key_okp_new(k->type, str_mem(k->pub, 32), d, true, &e);
	} else {
		struct key_parts p;

		key_parts(k, is_private, &p);
		struct rsa_parts r = {
			.n = buf_view(&p.n),
			.e = buf_view(&p.e),
			.d = secret_view(&p.d),
			.p = secret_view(&p.p),
			.q = secret_view(&p.q),
			.dp = secret_view(&p.dp),
			.dq = secret_view(&p.dq),
			.qi = secret_view(&p.qi),
		};
		out = key_rsa_new(&r, true, &e);
		key_parts_release(&p);
	}
	ENSURE(out != NULL);
	return out;
}

struct key *key_dup(const struct key *k)
{
	return copy(k, k->is_private);
}

struct key *key_public(const struct key *k)
{
	return copy(k, false);
}

static void free_key(void *k)
{
	key_free(k);
}

void key_free_with(struct key *k, struct arena *a)
{
	arena_on_free(a, free_key, k);
}
