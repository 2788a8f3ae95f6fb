/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "profile/content_types.h"

/*
 * content_pubkey.c - public keys in templates: *rsa.PublicKey, *ecdsa.PublicKey,
 * ed25519.PublicKey. Which type it is decides about most templates, and that its
 * SubjectPublicKeyInfo says; numbers are only made when asked for.
 */

enum { ALG_UNKNOWN, ALG_RSA, ALG_DSA, ALG_ECDSA, ALG_ED25519 };

static enum oid spki_alg(struct str spki, struct str *curve)
{
	struct str seq, alg, oid;

	*curve = STR_NULL;
	if (!der_get(&spki, DER_SEQUENCE, &seq) || !der_get(&seq, DER_SEQUENCE, &alg) ||
	    !der_get_oid(&alg, &oid))
		return OID_NONE;
	if (der_peek(alg, DER_OID) && !der_get_oid(&alg, curve))
		*curve = STR_NULL;
	return oid_find(oid);
}

static int alg_number(struct str spki)
{
	struct str curve;

	enum oid id = spki_alg(spki, &curve);

	if (id == OID_RSA_ENCRYPTION)
		return ALG_RSA;
	if (id == OID_EC_PUBLIC_KEY)
		return ALG_ECDSA;
	return id == OID_ED25519 ? ALG_ED25519 : ALG_UNKNOWN;
}

static const char *alg_text(int64_t n)
{
	static const char *const names[] = {"0", "RSA", "DSA", "ECDSA", "Ed25519"};

	return names[n];
}

static void alg_string(const struct tv *v, struct buf *out)
{
	buf_puts(out, alg_text(v->i));
}

static int alg_method(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	(void)c;
	(void)n;
	*out = tv_str(str_c(alg_text(args[0].i)));
	return 0;
}

static const struct tmpl_func alg_methods[] = {{"String", "", 's', 0, alg_method}, {0}};
static const struct tv_type type_alg = {.name = "x509.PublicKeyAlgorithm",
					.kind = TV_INT,
					.methods = alg_methods,
					.string = alg_string};

struct tv content_tv_key_alg(struct str spki)
{
	return (struct tv){.type = &type_alg, .i = alg_number(spki)};
}

const char *content_key_alg_name(struct str spki)
{
	return alg_text(alg_number(spki));
}

/* ---- curves: p is a struct curve ---- */

struct curve {
	const char *name;
	int64_t bits;
};
static const struct curve curves[] = {{"P-256", 256}, {"P-384", 384}, {"P-521", 521}};

static struct tv curve_name(const struct tv *self, struct arena *a)
{
	(void)a;
	return tv_str(str_c(((const struct curve *)self->p)->name));
}

static struct tv curve_bits(const struct tv *self, struct arena *a)
{
	(void)a;
	return tv_int(((const struct curve *)self->p)->bits);
}

static const struct tv_field params_fields[] = {
	{"BitSize", "BitSize", false, curve_bits},
	{"Name", "Name", false, curve_name},
	{0},
};
static const struct tv_type type_params = {
	.name = "elliptic.CurveParams", .kind = TV_STRUCT, .fields = params_fields};
static const struct tv_type type_params_ptr = {
	.name = "*elliptic.CurveParams", .kind = TV_PTR, .elem = &type_params};

static int curve_params(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	(void)c;
	(void)n;
	*out = tv_of(&type_params_ptr, args[0].p);
	return 0;
}

static const struct tmpl_func curve_methods[] = {{"Params", "", 0, 0, curve_params}, {0}};
static const struct tv_type type_curve = {.name = "elliptic.nistCurve", .kind = TV_STRUCT};
static const struct tv_type type_curve_ptr = {.name = "*elliptic.nistCurve",
					      .kind = TV_PTR,
					      .elem = &type_curve,
					      .methods = curve_methods};

/* ---- keys: p is a struct pub ---- */

struct pub {
	struct key *key; /* NULL: not loaded yet */
	struct str spki;
	const struct curve *curve;
};

/* The numbers, in the arena. */
struct numbers {
	struct str n, e, x, y;
};

static struct str copy(struct arena *a, const struct buf *b)
{
	return arena_str(a, buf_view(b));
}

static struct numbers numbers_of(const struct pub *p, struct arena *a)
{
	struct err ignored = ERR_INIT;
	struct key *k = p->key != NULL ? p->key : key_from_spki(p->spki, &ignored);
	struct numbers out = {0};
	struct key_parts parts = {0};

	if (k == NULL)
		return out;
	key_parts(k, false, &parts);
	out = (struct numbers){copy(a, &parts.n), copy(a, &parts.e), copy(a, &parts.x),
			       copy(a, &parts.y)};
	key_parts_release(&parts);
	if (k != p->key)
		key_free(k);
	return out;
}

static struct tv rsa_n(const struct tv *self, struct arena *a)
{
	return content_tv_big(numbers_of(self->p, a).n, a);
}

static struct tv rsa_e(const struct tv *self, struct arena *a)
{
	struct str e = numbers_of(self->p, a).e;
	uint64_t v = 0;

	for (size_t i = 0; i < e.n; i++)
		v = v << 8 | (unsigned char)e.p[i];
	return tv_int((int64_t)v);
}

static int rsa_size(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	(void)n;
	*out = tv_int((int64_t)numbers_of(args[0].p, c->arena).n.n);
	return 0;
}

static const struct tv_field rsa_fields[] = {
	{"N", "N", false, rsa_n},
	{"E", "E", false, rsa_e},
	{0},
};
static const struct tmpl_func rsa_methods[] = {{"Size", "", 'i', 0, rsa_size}, {0}};
static const struct tv_type type_rsa = {
	.name = "rsa.PublicKey", .kind = TV_STRUCT, .fields = rsa_fields};
static const struct tv_type type_rsa_ptr = {
	.name = "*rsa.PublicKey", .kind = TV_PTR, .elem = &type_rsa, .methods = rsa_methods};

static struct tv ec_curve(const struct tv *self, struct arena *a)
{
	(void)a;
	return tv_any(tv_of(&type_curve_ptr, ((const struct pub *)self->p)->curve));
}

static struct tv ec_x(const struct tv *self, struct arena *a)
{
	return content_tv_big(numbers_of(self->p, a).x, a);
}

static struct tv ec_y(const struct tv *self, struct arena *a)
{
	return content_tv_big(numbers_of(self->p, a).y, a);
}

static int ec_params(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	(void)c;
	(void)n;
	*out = tv_of(&type_params_ptr, ((const struct pub *)args[0].p)->curve);
	return 0;
}

static const struct tv_field ec_fields[] = {
	{"Curve", "Curve", false, ec_curve},
	{"X", "X", false, ec_x},
	{"Y", "Y", false, ec_y},
	{0},
};
/* Go's struct embeds the curve, so the curve's methods are the key's. */
static const struct tmpl_func ec_methods[] = {{"Params", "", 0, 0, ec_params}, {0}};
static const struct tv_type type_ec = {
	.name = "ecdsa.PublicKey", .kind = TV_STRUCT, .fields = ec_fields};
static const struct tv_type type_ec_ptr = {
	.name = "*ecdsa.PublicKey", .kind = TV_PTR, .elem = &type_ec, .methods = ec_methods};

static const struct tv_type type_ed25519 = {
	.name = "ed25519.PublicKey", .kind = TV_SLICE, .elem = &tv_type_uint8};

static struct tv ed25519(struct str spki)
{
	struct tv v = {.type = &type_ed25519};

	if (spki.n >= 32)
		v.s = (struct str){spki.p + spki.n - 32, 32};
	return v;
}

static const struct curve *curve_of(struct str oid)
{
	static const enum oid ids[] = {OID_P256, OID_P384, OID_P521};

	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		if (str_eq(oid, oid_der(ids[i])))
			return &curves[i];
	return NULL;
}

struct tv content_tv_public_key(struct key *k, struct str spki, struct arena *a)
{
	struct pub *p = ARENA_NEW(a, struct pub);
	struct str curve;
	enum oid id;

	if (spki.n == 0 && k != NULL) {
		struct buf b = BUF_INIT;

		key_to_spki(k, &b);
		spki = copy(a, &b);
		buf_release(&b);
	}
	*p = (struct pub){.key = k, .spki = spki};
	id = spki_alg(spki, &curve);
	if (id == OID_RSA_ENCRYPTION)
		return tv_any(tv_of(&type_rsa_ptr, p));
	if (id == OID_ED25519)
		return tv_any(ed25519(spki));
	p->curve = id == OID_EC_PUBLIC_KEY ? curve_of(curve) : NULL;
	return p->curve != NULL ? tv_any(tv_of(&type_ec_ptr, p)) : tv_null();
}
