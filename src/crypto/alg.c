/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "crypto/priv.h"

/*
 * The two tables: kinds of keys, and signature algorithms. To add a curve: a row here, its OID in
 * codec/oid.c, KEY_WIDTH_MAX if it is wider, and the switch statements that gcc then names.
 */
static const unsigned char order_p256[] = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00,
					   0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
					   0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84,
					   0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
static const unsigned char order_p384[] = {
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf, 0x58, 0x1a, 0x0d, 0xb2,
	0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73};
static const unsigned char order_p521[] = {
	0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xfa, 0x51, 0x86, 0x87, 0x83, 0xbf, 0x2f, 0x96, 0x6b,
	0x7f, 0xcc, 0x01, 0x48, 0xf7, 0x09, 0xa5, 0xd0, 0x3b, 0xb5, 0xc9, 0xb8, 0x89, 0x9c,
	0x47, 0xae, 0xbb, 0x6f, 0xb7, 0x1e, 0x91, 0x38, 0x64, 0x09};

static const struct key_type_info types[] = {
	[KEY_NONE] = {KEY_NONE, "none", 0, 0, 0, OID_NONE, NULL},
	[KEY_P256] = {KEY_P256, "P-256", 256, 32, ECC_SECP256R1, OID_P256, order_p256},
	[KEY_P384] = {KEY_P384, "P-384", 384, 48, ECC_SECP384R1, OID_P384, order_p384},
	[KEY_P521] = {KEY_P521, "P-521", 521, 66, ECC_SECP521R1, OID_P521, order_p521},
	[KEY_ED25519] = {KEY_ED25519, "Ed25519", 255, 32, 0, OID_ED25519, NULL},
	[KEY_X25519] = {KEY_X25519, "X25519", 255, 32, 0, OID_X25519, NULL},
	[KEY_RSA] = {KEY_RSA, "RSA", 0, 0, 0, OID_RSA_ENCRYPTION, NULL},
};

static const struct sig_alg_info algs[] = {
	{SIG_ECDSA_SHA256, "ES256", "ECDSA-SHA256", HASH_SHA256, KEY_P256},
	{SIG_ECDSA_SHA384, "ES384", "ECDSA-SHA384", HASH_SHA384, KEY_P384},
	{SIG_ECDSA_SHA512, "ES512", "ECDSA-SHA512", HASH_SHA512, KEY_P521},
	{SIG_ED25519, "EdDSA", "Ed25519", HASH_NONE, KEY_ED25519},
	{SIG_RSA_SHA256, "RS256", "SHA256-RSA", HASH_SHA256, KEY_RSA},
	{SIG_RSA_SHA384, "RS384", "SHA384-RSA", HASH_SHA384, KEY_RSA},
	{SIG_RSA_SHA512, "RS512", "SHA512-RSA", HASH_SHA512, KEY_RSA},
	{SIG_PSS_SHA256, "PS256", "SHA256-RSAPSS", HASH_SHA256, KEY_RSA},
	{SIG_PSS_SHA384, "PS384", "SHA384-RSAPSS", HASH_SHA384, KEY_RSA},
	{SIG_PSS_SHA512, "PS512", "SHA512-RSAPSS", HASH_SHA512, KEY_RSA},
};

const struct key_type_info *key_type_info(enum key_type t)
{
	ENSURE((unsigned)t < ARRAY_LEN(types));
	return &types[t];
}

const char *key_type_name(enum key_type t)
{
	return key_type_info(t)->name;
}

bool ec_scalar_in_range(const struct key_type_info *info, const unsigned char *v)
{
	unsigned any = 0;

	for (size_t i = 0; i < info->width; i++)
		any |= v[i];
	return any != 0 && memcmp(v, info->order, info->width) < 0;
}

static enum key_type curve_named(const char *name)
{
	for (size_t i = KEY_P256; i <= KEY_X25519; i++) {
		if (str_ieqc(str_c(name), types[i].name))
			return types[i].type;
	}
	return KEY_NONE;
}

static int parse_rsa(unsigned size, enum key_type *type, unsigned *bits, struct err *e)
{
	if (size == 0)
		size = 2048;
	if (size < 2048 || size > 4096 || size % 64 != 0)
		return ERR(e, ERR_INVALID, "key size: RSA keys have 2048 to 4096 bits, not %u",
			   size);
	*type = KEY_RSA;
	*bits = size;
	return 0;
}

int key_type_parse(const char *kind, const char *curve, unsigned size, enum key_type *type,
		   unsigned *bits, struct err *e)
{
	struct str k = str_c(kind);
	bool named = curve != NULL && curve[0] != '\0';
	enum key_type t;

	if (str_ieqc(k, "RSA")) {
		if (named)
			return ERR(e, ERR_INVALID, "key type: RSA has no curve");
		return parse_rsa(size, type, bits, e);
	}
	if (str_ieqc(k, "EC") || str_ieqc(k, "OKP")) {
		bool ec = str_ieqc(k, "EC");

		t = ec ? KEY_P256 : KEY_ED25519;
		if (named)
			t = curve_named(curve);
		if (t == KEY_NONE || key_type_is_ec(t) != ec)
			return ERR(e, ERR_INVALID, "key type: %s has no curve \"%s\"; %s",
				   ec ? "EC" : "OKP", named ? curve : "",
				   ec ? "P-256, P-384 and P-521 are known"
				      : "Ed25519 and X25519 are known");
	} else {
		t = curve_named(kind);
		if (t == KEY_NONE || (named && !str_ieqc(str_c(curve), key_type_name(t))))
			return ERR(e, ERR_INVALID,
				   "key type: \"%s\" is not known; EC, OKP and RSA are",
				   kind != NULL ? kind : "");
	}
	if (size != 0)
		return ERR(e, ERR_INVALID, "key size: only RSA keys have one");
	*type = t;
	*bits = types[t].bits;
	return 0;
}

const struct sig_alg_info *sig_alg_info(enum sig_alg a)
{
	ENSURE(a > SIG_NONE && (size_t)a <= ARRAY_LEN(algs) && algs[a - 1].alg == a);
	return &algs[a - 1];
}

enum sig_alg sig_alg_from_jose(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(algs); i++) {
		if (str_eqc(name, algs[i].jose))
			return algs[i].alg;
	}
	return SIG_NONE;
}

enum sig_alg sig_alg_for_key(const struct key *k)
{
	switch (k->type) {
	case KEY_NONE:
	case KEY_X25519:
		break;
	case KEY_P256:
		return SIG_ECDSA_SHA256;
	case KEY_P384:
		return SIG_ECDSA_SHA384;
	case KEY_P521:
		return SIG_ECDSA_SHA512;
	case KEY_ED25519:
		return SIG_ED25519;
	case KEY_RSA:
		return SIG_RSA_SHA256;
	}
	return SIG_NONE;
}

bool sig_alg_fits(enum sig_alg a, enum key_type t)
{
	switch (a) {
	case SIG_NONE:
		break;
	case SIG_ECDSA_SHA256:
	case SIG_ECDSA_SHA384:
	case SIG_ECDSA_SHA512:
		return key_type_is_ec(t);
	case SIG_ED25519:
		return t == KEY_ED25519;
	case SIG_RSA_SHA256:
	case SIG_RSA_SHA384:
	case SIG_RSA_SHA512:
	case SIG_PSS_SHA256:
	case SIG_PSS_SHA384:
	case SIG_PSS_SHA512:
		return t == KEY_RSA;
	}
	return false;
}
