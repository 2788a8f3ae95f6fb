/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "crypto/priv.h"

/* Keys as the integers and coordinates that JOSE and SSH carry. */

static void rsa_parts(const RsaKey *rsa, bool with_private, struct key_parts *out)
{
	key_rsa_integer(&rsa->n, &out->n);
	key_rsa_integer(&rsa->e, &out->e);
	if (!with_private)
		return;
	key_rsa_integer_secret(&rsa->d, &out->d);
	key_rsa_integer_secret(&rsa->p, &out->p);
	key_rsa_integer_secret(&rsa->q, &out->q);
	key_rsa_integer_secret(&rsa->dP, &out->dp);
	key_rsa_integer_secret(&rsa->dQ, &out->dq);
	key_rsa_integer_secret(&rsa->u, &out->qi);
}

void key_parts(const struct key *k, bool with_private, struct key_parts *out)
{
	const struct key_type_info *info = key_type_info(k->type);

	OBJ_CHECK(k, KEY_MAGIC);
	ENSURE(!with_private || k->is_private);
	*out = (struct key_parts){0};
	if (k->type == KEY_RSA) {
		rsa_parts(&k->w.rsa, with_private, out);
		return;
	}
	buf_add(&out->x, k->pub, info->width);
	if (key_type_is_ec(k->type))
		buf_add(&out->y, k->pub + info->width, info->width);
	if (with_private)
		secret_set(&out->d, k->d, info->width);
}

void key_parts_release(struct key_parts *p)
{
	buf_release(&p->x);
	buf_release(&p->y);
	buf_release(&p->n);
	buf_release(&p->e);
	secret_release(&p->d);
	secret_release(&p->p);
	secret_release(&p->q);
	secret_release(&p->dp);
	secret_release(&p->dq);
	secret_release(&p->qi);
}

static struct key *ec_from_parts(enum key_type t, const struct key_parts *p, struct err *e)
{
	const struct key_type_info *info = key_type_info(t);
	unsigned char xy[2 * KEY_WIDTH_MAX];

	if (p->x.n != info->width || p->y.n != info->width) {
		ERR(e, ERR_INVALID, "%s key: coordinates of %zu and %zu bytes, not %zu", info->name,
		    p->x.n, p->y.n, info->width);
		return NULL;
	}
	memcpy(xy, p->x.p, info->width);
	memcpy(xy + info->width, p->y.p, info->width);
	return key_ec_new(t, str_mem(xy, 2 * info->width), secret_view(&p->d), false, e);
}

static bool minimal(struct str s)
{
	return s.n > 0 && s.p[0] != '\0';
}

static struct key *rsa_from_parts(const struct key_parts *p, struct err *e)
{
	struct rsa_parts r = {
		.n = buf_view(&p->n),
		.e = buf_view(&p->e),
		.d = secret_view(&p->d),
		.p = secret_view(&p->p),
		.q = secret_view(&p->q),
		.dp = secret_view(&p->dp),
		.dq = secret_view(&p->dq),
		.qi = secret_view(&p->qi),
	};

	if (!minimal(r.n) || !minimal(r.e)) {
		ERR(e, ERR_INVALID, "RSA key: modulus or exponent is missing or has leading zeros");
		return NULL;
	}
	return key_rsa_new(&r, false, e);
}

struct key *key_from_parts(enum key_type t, const struct key_parts *p, struct err *e)
{
	switch (t) {
	case KEY_NONE:
		break;
	case KEY_P256:
	case KEY_P384:
	case KEY_P521:
		return ec_from_parts(t, p, e);
	case KEY_ED25519:
	case KEY_X25519:
		if (p->x.n == 32)
			return key_okp_new(t, buf_view(&p->x), secret_view(&p->d), false, e);
		ERR(e, ERR_INVALID, "%s key: %zu bytes, not 32", key_type_name(t), p->x.n);
		return NULL;
	case KEY_RSA:
		return rsa_from_parts(p, e);
	}
	ERR(e, ERR_UNSUPPORTED, "key: unknown type");
	return NULL;
}
