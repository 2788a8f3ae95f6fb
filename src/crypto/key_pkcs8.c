/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/mem.h"
#include "codec/der.h"
#include "crypto/priv.h"

/* Plain private keys in DER: PKCS#8 (RFC 5958, RFC 5208), SEC1 (RFC 5915), PKCS#1 (RFC 8017 A.1.2),
 * and writing PKCS#8. */

static struct key *bad(struct err *e, const char *why)
{
	ERR(e, ERR_INVALID, "private key: %s", why);
	return NULL;
}

struct key *key_from_pkcs1(struct str der, struct err *e)
{
	struct rsa_parts r = {0};
	struct str seq;
	uint64_t version;

	if (!der_get(&der, DER_SEQUENCE, &seq) || der.n > 0 || !der_get_uint(&seq, &version))
		return bad(e, "malformed RSA key");
	if (version != 0) {
		ERR(e, ERR_UNSUPPORTED,
		    "private key: RSA keys of more than two primes are not supported");
		return NULL;
	}
	if (!der_get_integer(&seq, &r.n) || !der_get_integer(&seq, &r.e) ||
	    !der_get_integer(&seq, &r.d) || !der_get_integer(&seq, &r.p) ||
	    !der_get_integer(&seq, &r.q) || !der_get_integer(&seq, &r.dp) ||
	    !der_get_integer(&seq, &r.dq) || !der_get_integer(&seq, &r.qi) || seq.n > 0)
		return bad(e, "malformed RSA key");
	return key_rsa_new(&r, false, e);
}

/* KEY_NONE and e when the OID is none of our curves. */
static enum key_type curve_of(struct str oid, struct err *e)
{
	enum oid id = oid_find(oid);

	for (enum key_type t = KEY_P256; t <= KEY_P521; t++) {
		if (key_type_info(t)->oid == id)
			return t;
	}
	ERR(e, ERR_UNSUPPORTED,
	    "private key: only the curves P-256, P-384 and P-521 are supported");
	return KEY_NONE;
}

/* The curve inside of ECPrivateKey, which must be what PKCS#8 said, if it did. */
static int sec1_curve(struct str params, enum key_type *t, struct err *e)
{
	struct str oid;

	if (!der_get_oid(&params, &oid) || params.n > 0)
		return ERR(e, ERR_INVALID, "private key: only named curves are accepted");
	enum key_type inner = curve_of(oid, e);
	if (inner == KEY_NONE)
		return -1;
	if (*t != KEY_NONE && *t != inner)
		return ERR(e, ERR_INVALID, "private key: two different curves are named");
	*t = inner;
	return 0;
}

struct key *key_from_sec1(struct str der, enum key_type t, struct err *e)
{
	struct str seq, d, params, pub = STR_NULL, bits = STR_NULL;
	unsigned char padded[KEY_WIDTH_MAX] = {0};
	bool has_params, has_pub;
	uint64_t version;
	struct key *k;

	if (!der_get(&der, DER_SEQUENCE, &seq) || der.n > 0 || !der_get_uint(&seq, &version) ||
	    version != 1 || !der_get(&seq, DER_OCTET_STRING, &d) ||
	    !der_get_optional(&seq, DER_CTX_CONS(0), &has_params, &params) ||
	    !der_get_optional(&seq, DER_CTX_CONS(1), &has_pub, &pub) || seq.n > 0 ||
	    (has_pub && (!der_get_bit_string(&pub, &bits) || pub.n > 0)))
		return bad(e, "malformed EC key");
	if (has_params && sec1_curve(params, &t, e) != 0)
		return NULL;
	if (t == KEY_NONE)
		return bad(e, "the curve is not named");
	size_t width = key_type_info(t)->width;
	if (d.n == 0 || d.n > width)
		return bad(e, "EC value of a wrong length");
	memcpy(padded + width - d.n, d.p, d.n); /* some writers drop leading zeros */
	if (has_pub)
		k = key_from_point(t, bits, str_mem(padded, width), e);
	else
		k = key_ec_new(t, STR_NULL, str_mem(padded, width), false, e);
	mem_wipe(padded, sizeof(padded));
	return k;
}

static struct key *okp_from_octets(enum key_type t, struct str params, struct str octets,
				   struct err *e)
{
	struct str seed;

	if (params.n > 0 || !der_get(&octets, DER_OCTET_STRING, &seed) || octets.n > 0 ||
	    seed.n != 32)
		return bad(e, "malformed");
	return key_okp_new(t, STR_NULL, seed, false, e);
}

static struct key *by_algorithm(struct str alg, struct str octets, struct err *e)
{
	struct str oid, curve;

	if (!der_get_oid(&alg, &oid))
		return bad(e, "malformed algorithm");
	enum oid id = oid_find(oid);
	if (id == OID_RSA_ENCRYPTION)
		return der_get_null(&alg) && alg.n == 0 ? key_from_pkcs1(octets, e)
							: bad(e, "RSA parameters must be NULL");
	if (id == OID_EC_PUBLIC_KEY) {
		if (!der_get_oid(&alg, &curve) || alg.n > 0)
			return bad(e, "only named curves are accepted");
		enum key_type t = curve_of(curve, e);
		return t == KEY_NONE ? NULL : key_from_sec1(octets, t, e);
	}
	if (id == OID_ED25519)
		return okp_from_octets(KEY_ED25519, alg, octets, e);
	if (id == OID_X25519)
		return okp_from_octets(KEY_X25519, alg, octets, e);
	ERR(e, ERR_UNSUPPORTED,
	    "private key: only RSA, P-256, P-384, P-521, Ed25519 and X25519 are supported");
	return NULL;
}

/* RFC 5958's publicKey, [1] IMPLICIT BIT STRING, must be this key's. */
static bool public_matches(const struct key *k, struct str bits)
{
	struct buf mine = BUF_INIT;
	bool same;

	key_public_bits(k, &mine);
	same = bits.n > 0 && bits.p[0] == 0 &&
	       str_eq(str_mem(bits.p + 1, bits.n - 1), buf_view(&mine));
	buf_release(&mine);
	return same;
}

struct key *key_from_pkcs8(struct str der, struct err *e)
{
	struct str seq, alg, octets, attributes, bits;
	bool has_attributes, has_public;
	uint64_t version;

	if (!der_get(&der, DER_SEQUENCE, &seq) || der.n > 0 || !der_get_uint(&seq, &version) ||
	    version > 1 || !der_get(&seq, DER_SEQUENCE, &alg) ||
	    !der_get(&seq, DER_OCTET_STRING, &octets) ||
	    !der_get_optional(&seq, DER_CTX_CONS(0), &has_attributes, &attributes) ||
	    !der_get_optional(&seq, DER_CTX(1), &has_public, &bits) || seq.n > 0 ||
	    has_public != (version == 1))
		return bad(e, "malformed PKCS#8");
	struct key *k = by_algorithm(alg, octets, e);
	if (k != NULL && has_public && !public_matches(k, bits)) {
		key_free(k);
		return bad(e, "the public part belongs to another private key");
	}
	return k;
}

static void put_rsa(const struct key *k, struct buf *out)
{
	struct key_parts p;

	key_parts(k, true, &p);
	struct der_mark m = der_begin(out, DER_SEQUENCE);
	der_put_uint(out, 0);
	der_put_integer(out, buf_view(&p.n));
	der_put_integer(out, buf_view(&p.e));
	der_put_integer(out, secret_view(&p.d));
	der_put_integer(out, secret_view(&p.p));
	der_put_integer(out, secret_view(&p.q));
	der_put_integer(out, secret_view(&p.dp));
	der_put_integer(out, secret_view(&p.dq));
	der_put_integer(out, secret_view(&p.qi));
	der_end(out, m);
	key_parts_release(&p);
}

static void put_ec(const struct key *k, struct buf *out)
{
	struct buf point = BUF_INIT;

	key_public_bits(k, &point);
	struct der_mark m = der_begin(out, DER_SEQUENCE);
	der_put_uint(out, 1);
	der_put(out, DER_OCTET_STRING, str_mem(k->d, key_type_info(k->type)->width));
	struct der_mark pub = der_begin(out, DER_CTX_CONS(1));
	der_put_bit_string(out, buf_view(&point));
	der_end(out, pub);
	der_end(out, m);
	buf_release(&point);
}

void key_to_pkcs8(const struct key *k, struct secret *der)
{
	const struct key_type_info *info = key_type_info(k->type);
	struct buf out = BUF_INIT;

	OBJ_CHECK(k, KEY_MAGIC);
	ENSURE(k->is_private);
	struct der_mark all = der_begin(&out, DER_SEQUENCE);
	der_put_uint(&out, 0);
	struct der_mark alg = der_begin(&out, DER_SEQUENCE);
	if (key_type_is_ec(k->type))
		der_put_oid(&out, oid_der(OID_EC_PUBLIC_KEY));
	der_put_oid(&out, oid_der(info->oid));
	if (k->type == KEY_RSA)
		der_put_null(&out);
	der_end(&out, alg);
	struct der_mark octets = der_begin(&out, DER_OCTET_STRING);
	if (k->type == KEY_RSA)
		put_rsa(k, &out);
	else if (key_type_is_ec(k->type))
		put_ec(k, &out);
	else
		der_put(&out, DER_OCTET_STRING, str_mem(k->d, info->width));
	der_end(&out, octets);
	der_end(&out, all);
	ENSURE(!out.failed);
	secret_set(der, out.p, out.n);
	buf_wipe_release(&out);
}
