/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/mem.h"
#include "crypto/priv.h"

/*
 * RSA keys from their integers. wolfCrypt takes whatever it is given; here the public part must be
 * odd, 2048 to 4096 bits, with an odd exponent of 65537 to 2^32-1, and the private part must fit
 * it: n = pq, ed = 1 modulo p-1 and q-1, dp, dq and qi as they follow. That the primes are prime is
 * not tested.
 */
#define RSA_BITS_MIN  2048
#define RSA_BITS_MAX  4096
#define RSA_BYTES_MAX (RSA_BITS_MAX / 8)

static bool read_integer(mp_int *m, struct str bytes)
{
	while (bytes.n > 0 && bytes.p[0] == '\0') {
		bytes.p++;
		bytes.n--;
	}
	return bytes.n > 0 && bytes.n <= RSA_BYTES_MAX &&
	       mp_read_unsigned_bin(m, (const byte *)bytes.p, (word32)bytes.n) == MP_OKAY;
}

static int set_public(RsaKey *rsa, const struct rsa_parts *r, struct err *e)
{
	struct str n = r->n;

	while (n.n > 0 && n.p[0] == '\0') {
		n.p++;
		n.n--;
	}
	if (n.n > RSA_BYTES_MAX)
		return ERR(e, ERR_UNSUPPORTED, "RSA key: more than %d bits", RSA_BITS_MAX);
	if (!read_integer(&rsa->n, n) || !read_integer(&rsa->e, r->e))
		return ERR(e, ERR_INVALID, "RSA key: bad modulus or exponent");
	if (mp_count_bits(&rsa->n) < RSA_BITS_MIN)
		return ERR(e, ERR_FORBIDDEN, "RSA key: %d bits, at least %d are needed",
			   mp_count_bits(&rsa->n), RSA_BITS_MIN);
	if (!mp_isodd(&rsa->n))
		return ERR(e, ERR_INVALID, "RSA key: the modulus is even");
	if (mp_count_bits(&rsa->e) > 32 || mp_cmp_d(&rsa->e, 65537) == MP_LT || !mp_isodd(&rsa->e))
		return ERR(e, ERR_INVALID, "RSA key: the exponent must be odd and 65537 to 2^32-1");
	return 0;
}

/* t = a * b mod m; true when it is 1. */
static bool product_is_one(mp_int *a, mp_int *b, mp_int *m, mp_int *t)
{
	return mp_mulmod(a, b, m, t) == MP_OKAY && mp_isone(t);
}

struct scratch {
	mp_int p1, q1, r, t;
};

/* The relations of RFC 8017 3.2. */
static bool consistent(RsaKey *rsa, struct scratch *s)
{
	int bits = mp_count_bits(&rsa->n);

	if (mp_count_bits(&rsa->p) < bits / 4 || mp_count_bits(&rsa->q) < bits / 4 ||
	    mp_count_bits(&rsa->p) + mp_count_bits(&rsa->q) > bits + 1 || !mp_isodd(&rsa->p) ||
	    !mp_isodd(&rsa->q) || mp_cmp(&rsa->d, &rsa->n) != MP_LT)
		return false;
	if (mp_mul(&rsa->p, &rsa->q, &s->t) != MP_OKAY || mp_cmp(&s->t, &rsa->n) != MP_EQ)
		return false;
	if (mp_sub_d(&rsa->p, 1, &s->p1) != MP_OKAY || mp_sub_d(&rsa->q, 1, &s->q1) != MP_OKAY)
		return false;
	if (mp_mod(&rsa->d, &s->p1, &s->r) != MP_OKAY || mp_cmp(&s->r, &rsa->dP) != MP_EQ ||
	    !product_is_one(&s->r, &rsa->e, &s->p1, &s->t))
		return false;
	if (mp_mod(&rsa->d, &s->q1, &s->r) != MP_OKAY || mp_cmp(&s->r, &rsa->dQ) != MP_EQ ||
	    !product_is_one(&s->r, &rsa->e, &s->q1, &s->t))
		return false;
	return mp_cmp(&rsa->u, &rsa->p) == MP_LT &&
	       product_is_one(&rsa->u, &rsa->q, &rsa->p, &s->t);
}

static int set_private(RsaKey *rsa, const struct rsa_parts *r, bool trusted, struct err *e)
{
	struct secret home = SECRET_INIT;
	bool ok;

	if (!read_integer(&rsa->d, r->d) || !read_integer(&rsa->p, r->p) ||
	    !read_integer(&rsa->q, r->q) || !read_integer(&rsa->dP, r->dp) ||
	    !read_integer(&rsa->dQ, r->dq) || !read_integer(&rsa->u, r->qi))
		return ERR(e, ERR_INVALID, "RSA key: bad private part");
	rsa->type = RSA_PRIVATE;
	if (trusted)
		return 0;
	secret_resize(&home, sizeof(struct scratch));
	struct scratch *s = (struct scratch *)(void *)home.p;
	ok = mp_init_multi(&s->p1, &s->q1, &s->r, &s->t, NULL, NULL) == MP_OKAY &&
	     consistent(rsa, s);
	secret_release(&home);
	if (!ok)
		return ERR(e, ERR_INVALID,
			   "RSA key: the private part does not fit the public part");
	return 0;
}

int key_rsa_fill(RsaKey *rsa, const struct rsa_parts *r, bool trusted, struct err *e)
{
	if (set_public(rsa, r, e) != 0)
		return -1;
	rsa->type = RSA_PUBLIC;
	return r->d.n > 0 ? set_private(rsa, r, trusted, e) : 0;
}

void key_rsa_integer(const mp_int *m, struct buf *out)
{
	int n = mp_unsigned_bin_size(m);
	char *room = buf_reserve(out, (size_t)n);

	if (room == NULL)
		return;
	ENSURE(mp_to_unsigned_bin_len(m, (byte *)room, n) == MP_OKAY);
	out->n += (size_t)n;
}

void key_rsa_integer_secret(const mp_int *m, struct secret *out)
{
	int n = mp_unsigned_bin_size(m);

	secret_release(out);
	secret_resize(out, (size_t)n);
	ENSURE(mp_to_unsigned_bin_len(m, out->p, n) == MP_OKAY);
}
