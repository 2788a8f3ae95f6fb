/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "codec/der.h"
#include "codec/pem.h"
#include "crypto/priv.h"

/* SubjectPublicKeyInfo, read and written. */

static struct key *bad(struct err *e, const char *why)
{
	ERR(e, ERR_INVALID, "public key: %s", why);
	return NULL;
}

struct key *key_from_point(enum key_type t, struct str point, struct str d, struct err *e)
{
	const struct key_type_info *info = key_type_info(t);

	if (point.n > 0 && (point.p[0] == 2 || point.p[0] == 3))
		return bad(e, "compressed points are not accepted");
	if (point.n != 1 + 2 * info->width || point.p[0] != 4)
		return bad(e, "no uncompressed point of this curve");
	return key_ec_new(t, str_mem(point.p + 1, point.n - 1), d, false, e);
}

static struct key *read_ec(struct str params, struct str bits, struct err *e)
{
	struct str oid;

	if (!der_get_oid(&params, &oid) || params.n > 0)
		return bad(e, "only named curves are accepted");
	enum oid curve = oid_find(oid);
	for (enum key_type t = KEY_P256; t <= KEY_P521; t++) {
		if (key_type_info(t)->oid == curve)
			return key_from_point(t, bits, STR_NULL, e);
	}
	ERR(e, ERR_UNSUPPORTED, "public key: only the curves P-256, P-384 and P-521 are supported");
	return NULL;
}

static struct key *read_rsa(struct str params, struct str bits, struct err *e)
{
	struct rsa_parts r = {0};
	struct str seq;

	if (!der_get_null(&params) || params.n > 0)
		return bad(e, "RSA parameters must be NULL");
	if (!der_get(&bits, DER_SEQUENCE, &seq) || bits.n > 0 || !der_get_integer(&seq, &r.n) ||
	    !der_get_integer(&seq, &r.e) || seq.n > 0)
		return bad(e, "malformed RSA key");
	return key_rsa_new(&r, false, e);
}

static struct key *read_okp(enum key_type t, struct str params, struct str bits, struct err *e)
{
	if (params.n > 0)
		return bad(e, "parameters where none belong");
	if (bits.n != 32)
		return bad(e, "wrong length");
	return key_okp_new(t, bits, STR_NULL, false, e);
}

struct key *key_from_spki(struct str der, struct err *e)
{
	struct str spki, alg, oid, bits;

	if (!der_get(&der, DER_SEQUENCE, &spki) || der.n > 0 ||
	    !der_get(&spki, DER_SEQUENCE, &alg) || !der_get_oid(&alg, &oid) ||
	    !der_get_bit_string(&spki, &bits) || spki.n > 0)
		return bad(e, "malformed");
	enum oid id = oid_find(oid);
	if (id == OID_EC_PUBLIC_KEY)
		return read_ec(alg, bits, e);
	if (id == OID_RSA_ENCRYPTION)
		return read_rsa(alg, bits, e);
	if (id == OID_ED25519)
		return read_okp(KEY_ED25519, alg, bits, e);
	if (id == OID_X25519)
		return read_okp(KEY_X25519, alg, bits, e);
	ERR(e, ERR_UNSUPPORTED,
	    "public key: only RSA, P-256, P-384, P-521, Ed25519 and X25519 are supported");
	return NULL;
}

void key_public_bits(const struct key *k, struct buf *out)
{
	const struct key_type_info *info = key_type_info(k->type);

	OBJ_CHECK(k, KEY_MAGIC);
	if (k->type == KEY_RSA) {
		struct key_parts p;

		key_parts(k, false, &p);
		struct der_mark m = der_begin(out, DER_SEQUENCE);
		der_put_integer(out, buf_view(&p.n));
		der_put_integer(out, buf_view(&p.e));
		der_end(out, m);
		key_parts_release(&p);
		return;
	}
	if (key_type_is_ec(k->type)) {
		buf_u8(out, 4);
		buf_add(out, k->pub, 2 * info->width);
	} else {
		buf_add(out, k->pub, info->width);
	}
}

void key_to_spki(const struct key *k, struct buf *out)
{
	const struct key_type_info *info = key_type_info(k->type);
	struct buf bits = BUF_INIT;

	key_public_bits(k, &bits);
	struct der_mark spki = der_begin(out, DER_SEQUENCE);
	struct der_mark alg = der_begin(out, DER_SEQUENCE);
	if (key_type_is_ec(k->type))
		der_put_oid(out, oid_der(OID_EC_PUBLIC_KEY));
	der_put_oid(out, oid_der(info->oid));
	if (k->type == KEY_RSA)
		der_put_null(out);
	der_end(out, alg);
	der_put_bit_string(out, buf_view(&bits));
	der_end(out, spki);
	buf_release(&bits);
}

void key_public_to_pem(const struct key *k, struct buf *pem)
{
	struct buf der = BUF_INIT;

	key_to_spki(k, &der);
	pem_write(pem, "PUBLIC KEY", buf_view(&der));
	buf_release(&der);
}
