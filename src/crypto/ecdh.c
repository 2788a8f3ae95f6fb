/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "crypto/priv.h"

/* Key agreement: SEC1 3.3.1 for the P curves (cofactor 1, points checked when the keys were made),
 * RFC 7748 6.1 for X25519. */

static int x25519(struct key *priv, struct key *pub, struct secret *out, struct err *e)
{
	word32 n = 32;
	unsigned any = 0;

	secret_resize(out, 32);
	int rc = wc_curve25519_shared_secret_ex(&priv->w.x, &pub->w.x, out->p, &n,
						EC25519_LITTLE_ENDIAN);
	if (rc == 0 && n == 32) {
		for (size_t i = 0; i < 32; i++)
			any |= out->p[i];
	}
	if (any != 0)
		return 0;
	secret_release(out);
	return ERR(e, ERR_INVALID, "X25519: the peer's key is of small order");
}

static int p_curve(struct key *priv, struct key *pub, struct secret *out, struct err *e)
{
	size_t width = key_type_info(priv->type)->width;
	word32 n = (word32)width;

	if (key_rng(priv, e) == NULL)
		return -1;
	secret_resize(out, width);
	int rc = wc_ecc_shared_secret(&priv->w.ec, &pub->w.ec, out->p, &n);
	if (rc == 0 && n == width)
		return 0;
	secret_release(out);
	return ERR(e, ERR_INTERNAL, "ECDH: %s", wc_GetErrorString(rc));
}

int key_ecdh(struct key *priv, struct key *pub, struct secret *out, struct err *e)
{
	OBJ_CHECK(priv, KEY_MAGIC);
	OBJ_CHECK(pub, KEY_MAGIC);
	ENSURE(priv->is_private);
	if (priv->type != pub->type)
		return ERR(e, ERR_INVALID, "key agreement: %s with %s", key_type_name(priv->type),
			   key_type_name(pub->type));
	secret_release(out);
	if (priv->type == KEY_X25519)
		return x25519(priv, pub, out, e);
	if (key_type_is_ec(priv->type))
		return p_curve(priv, pub, out, e);
	return ERR(e, ERR_UNSUPPORTED, "key agreement: not with %s keys",
		   key_type_name(priv->type));
}
