/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/mem.h"
#include "codec/b64.h"
#include "jose/jwk.h"
#include "jose/priv.h"

/*
 * jwk.c - JSON Web Keys (RFC 7517, RFC 7518 6, RFC 8037 2).
 *
 * Reading is strict: one spelling for each key. EC and OKP coordinates have the full width, RSA
 * integers have no leading zero byte. Whether the point is on the curve and the numbers belong
 * together is checked by key_from_parts. What the JWK says about itself (use, key_ops, alg) can
 * only forbid: it never makes a key fit another algorithm. Symmetric keys are refused, always.
 */
#define KID_MAX 512U
#define RSA_MAX 512U /* bytes of a component: 4,096 bits */

static const struct jwk_curve {
	const char *kty, *crv;
	enum key_type type;
	size_t width;
	bool has_y;
} curves[] = {
	{"EC", "P-256", KEY_P256, 32, true},
	{"EC", "P-384", KEY_P384, 48, true},
	{"EC", "P-521", KEY_P521, 66, true},
	{"OKP", "Ed25519", KEY_ED25519, 32, false},
};

static const struct jwk_curve *curve_of(enum key_type t)
{
	for (size_t i = 0; i < ARRAY_LEN(curves); i++)
		if (curves[i].type == t)
			return &curves[i];
	return NULL;
}

static int member(const json_t *o, const char *key, struct buf *out, struct err *e)
{
	struct str s;

	if (json_get_str(o, key, 0, &s, e) < 0)
		return -1;
	if (s.n > 2 * RSA_MAX)
		return ERR(e, ERR_INVALID, "%s: too long", key);
	if (b64_decode(B64_URL, s, out, e) < 0)
		return err_wrap(e, "%s", key);
	return 0;
}

static int fixed(const json_t *o, const char *key, size_t width, struct buf *out, struct err *e)
{
	if (member(o, key, out, e) < 0)
		return -1;
	if (out->n != width)
		return ERR(e, ERR_INVALID, "%s: %zu bytes, must be %zu", key, out->n, width);
	return 0;
}

static int number(const json_t *o, const char *key, struct buf *out, struct err *e)
{
	if (member(o, key, out, e) < 0)
		return -1;
	if (out->n == 0 || out->p[0] == 0)
		return ERR(e, ERR_INVALID, "%s: empty or with a leading zero byte", key);
	if (out->n > RSA_MAX)
		return ERR(e, ERR_INVALID, "%s: more than %u bits", key, RSA_MAX * 8);
	return 0;
}

/* width 0: a number of RSA */
static int private_member(const json_t *o, const char *key, size_t width, struct secret *out,
			  struct err *e)
{
	struct buf b = BUF_INIT;
	int rc = width ? fixed(o, key, width, &b, e) : number(o, key, &b, e);

	if (rc == 0)
		secret_set(out, b.p, b.n);
	buf_wipe_release(&b);
	return rc;
}

static int load_curve(const json_t *o, struct str kty, bool want_private, enum key_type *type,
		      struct key_parts *p, struct err *e)
{
	const struct jwk_curve *c = NULL;
	struct str crv;

	if (json_get_str(o, "crv", 0, &crv, e) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(curves) && !c; i++)
		if (str_eqc(kty, curves[i].kty) && str_eqc(crv, curves[i].crv))
			c = &curves[i];
	if (!c)
		return ERR(
			e, ERR_UNSUPPORTED,
			"crv: not a curve that signs here (EC: P-256, P-384, P-521; OKP: Ed25519)");
	*type = c->type;
	if (fixed(o, "x", c->width, &p->x, e) < 0)
		return -1;
	if (c->has_y ? fixed(o, "y", c->width, &p->y, e) < 0 : json_object_get(o, "y") != NULL)
		return c->has_y ? -1 : ERR(e, ERR_INVALID, "y: not a member of this kind of key");
	return want_private ? private_member(o, "d", c->width, &p->d, e) : 0;
}

static int load_rsa(const json_t *o, bool want_private, enum key_type *type, struct key_parts *p,
		    struct err *e)
{
	*type = KEY_RSA;
	if (number(o, "n", &p->n, e) < 0 || number(o, "e", &p->e, e) < 0)
		return -1;
	if (!want_private)
		return 0;
	if (json_object_get(o, "oth"))
		return ERR(e, ERR_UNSUPPORTED,
			   "oth: keys of more than two primes are not supported");
	if (private_member(o, "d", 0, &p->d, e) < 0 || private_member(o, "p", 0, &p->p, e) < 0 ||
	    private_member(o, "q", 0, &p->q, e) < 0 || private_member(o, "dp", 0, &p->dp, e) < 0 ||
	    private_member(o, "dq", 0, &p->dq, e) < 0 || private_member(o, "qi", 0, &p->qi, e) < 0)
		return -1;
	return 0;
}

static int check_key_ops(const json_t *ops, struct err *e)
{
	bool signs = false;

	if (!ops)
		return 0;
	if (!json_is_array(ops) || json_array_size(ops) > 16)
		return ERR(e, ERR_INVALID, "key_ops: must be a list of at most 16 strings");
	for (size_t i = 0; i < json_array_size(ops); i++) {
		const json_t *op = json_array_get(ops, i);
		if (!json_is_string(op))
			return ERR(e, ERR_INVALID, "key_ops: element %zu is no string", i);
		for (size_t k = 0; k < i; k++)
			if (json_equal(json_array_get(ops, k), op))
				return ERR(e, ERR_INVALID, "key_ops: the same operation twice");
		if (str_eqc(json_str_view(op), "sign") || str_eqc(json_str_view(op), "verify"))
			signs = true;
	}
	return signs ? 0 : ERR(e, ERR_INVALID, "key_ops: neither sign nor verify");
}

/* What the key says about its own use. */
static int check_use(const json_t *o, enum key_type t, struct jwk *out, struct err *e)
{
	struct str use, alg, kid;

	if (jose_opt_str(o, "use", &use, e) < 0 || jose_opt_str(o, "alg", &alg, e) < 0 ||
	    jose_opt_str(o, "kid", &kid, e) < 0)
		return -1;
	if (json_object_get(o, "use") && !str_eqc(use, "sig"))
		return ERR(e, ERR_INVALID, "use: must be \"sig\"");
	if (check_key_ops(json_object_get(o, "key_ops"), e) < 0)
		return -1;
	if (json_object_get(o, "alg")) {
		out->alg = sig_alg_from_jose(alg);
		if (out->alg == SIG_NONE || sig_alg_info(out->alg)->jose_key != t)
			return ERR(e, ERR_INVALID, "alg: does not fit a %s key", key_type_name(t));
	}
	if (kid.n > KID_MAX || (kid.n && memchr(kid.p, 0, kid.n)))
		return ERR(e, ERR_INVALID, "kid: longer than %u bytes or with a NUL", KID_MAX);
	if (kid.n)
		out->kid = mem_strndup(kid.p, kid.n);
	return 0;
}

static int refuse_private(const json_t *o, struct err *e)
{
	static const char *const names[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (json_object_get(o, names[i]))
			return ERR(e, ERR_INVALID,
				   "%s: a private member where a public key is expected", names[i]);
	return 0;
}

static int load(const json_t *o, bool want_private, struct jwk *out, struct key_parts *parts,
		struct err *e)
{
	enum key_type t = KEY_NONE;
	struct str kty;
	int rc;

	if (!json_is_object(o))
		return ERR(e, ERR_INVALID, "must be an object");
	if (json_get_str(o, "kty", 0, &kty, e) < 0)
		return -1;
	if (str_eqc(kty, "RSA"))
		rc = load_rsa(o, want_private, &t, parts, e);
	else if (str_eqc(kty, "EC") || str_eqc(kty, "OKP"))
		rc = load_curve(o, kty, want_private, &t, parts, e);
	else
		return ERR(e, ERR_UNSUPPORTED, "kty: must be EC, OKP or RSA");
	if (rc < 0 || check_use(o, t, out, e) < 0 || (!want_private && refuse_private(o, e) < 0))
		return -1;
	if (t == KEY_RSA && rsa_modulus_check(buf_view(&parts->n), e) < 0)
		return -1;
	out->key = key_from_parts(t, parts, e);
	return out->key ? 0 : -1;
}

int jwk_parse(const json_t *o, bool want_private, struct jwk *out, struct err *e)
{
	struct key_parts parts;
	int rc;

	memset(&parts, 0, sizeof(parts));
	memset(out, 0, sizeof(*out));
	rc = load(o, want_private, out, &parts, e);
	key_parts_release(&parts);
	if (rc < 0) {
		jwk_release(out);
		return err_wrap(e, "jwk");
	}
	return 0;
}

void jwk_release(struct jwk *j)
{
	key_free(j->key);
	mem_free(j->kid);
	memset(j, 0, sizeof(*j));
}

static void put_b64(json_t *o, const char *key, struct str bytes)
{
	struct buf b = BUF_INIT;

	b64_encode(B64_URL, bytes, &b);
	json_object_set_new(o, key, json_str_new(buf_view(&b)));
	buf_wipe_release(&b);
}

void jwk_thumbprint(const struct key *k, char out[44])
{
	const struct jwk_curve *c = curve_of(key_type(k));
	json_t *o = json_object();
	struct key_parts p;
	struct buf text = BUF_INIT, b64 = BUF_INIT;
	unsigned char digest[HASH_MAX];

	memset(&p, 0, sizeof(p));
	key_parts(k, false, &p);
	/* Required members only, in lexicographic order (RFC 7638 3). */
	if (key_type(k) == KEY_RSA) {
		put_b64(o, "e", buf_view(&p.e));
		json_object_set_new(o, "kty", json_string("RSA"));
		put_b64(o, "n", buf_view(&p.n));
	} else {
		json_object_set_new(o, "crv", json_string(key_type_name(key_type(k))));
		json_object_set_new(o, "kty", json_string(c ? c->kty : "OKP"));
		put_b64(o, "x", buf_view(&p.x));
		if (c && c->has_y)
			put_b64(o, "y", buf_view(&p.y));
	}
	key_parts_release(&p);
	json_write(o, &text);
	json_decref(o);
	hash(HASH_SHA256, buf_view(&text), digest);
	b64_encode(B64_URL, str_mem(digest, 32), &b64);
	ENSURE(b64.n == 43);
	memcpy(out, b64.p, 44);
	buf_release(&text);
	buf_release(&b64);
}

static void put_private(json_t *o, const struct key_parts *p, bool rsa)
{
	put_b64(o, "d", secret_view(&p->d));
	if (!rsa)
		return;
	put_b64(o, "p", secret_view(&p->p));
	put_b64(o, "q", secret_view(&p->q));
	put_b64(o, "dp", secret_view(&p->dp));
	put_b64(o, "dq", secret_view(&p->dq));
	put_b64(o, "qi", secret_view(&p->qi));
}

json_t *jwk_json(const struct key *k, const char *kid, bool with_private)
{
	enum key_type t = key_type(k);
	const struct jwk_curve *c = curve_of(t);
	enum sig_alg alg = t == KEY_X25519 ? SIG_NONE : sig_alg_for_key(k);
	json_t *o = json_object();
	struct key_parts p;
	char thumb[44];

	ENSURE(!with_private || key_is_private(k));
	memset(&p, 0, sizeof(p));
	key_parts(k, with_private, &p);
	if (!kid)
		jwk_thumbprint(k, thumb);
	json_object_set_new(o, "use", json_string(alg == SIG_NONE ? "enc" : "sig"));
	json_object_set_new(o, "kty", json_string(t == KEY_RSA ? "RSA" : c ? c->kty : "OKP"));
	json_object_set_new(o, "kid", json_str_new(str_c(kid ? kid : thumb)));
	if (t != KEY_RSA)
		json_object_set_new(o, "crv", json_string(key_type_name(t)));
	if (alg != SIG_NONE)
		json_object_set_new(o, "alg", json_string(sig_alg_info(alg)->jose));
	if (t == KEY_RSA) {
		put_b64(o, "n", buf_view(&p.n));
		put_b64(o, "e", buf_view(&p.e));
	} else {
		put_b64(o, "x", buf_view(&p.x));
		if (c && c->has_y)
			put_b64(o, "y", buf_view(&p.y));
	}
	if (with_private)
		put_private(o, &p, t == KEY_RSA);
	key_parts_release(&p);
	return o;
}
