/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/mem.h"
#include "crypto/priv.h"

/*
 * weak.c - cheap tests on an RSA modulus that somebody else made.
 *
 * A factor below 1,000 means that the number is no product of two large primes. CVE-2017-15361
 * (ROCA): the library of a chip made primes of the form k * M + (65537^a mod M), M a product of the
 * first primes, so that the modulus, taken modulo each of those primes, lies in the subgroup that
 * 65537 generates. For a random modulus this holds for all of them with probability below 2^-100;
 * primes modulo which 65537 generates everything say nothing and cost nothing to try.
 *
 * CVE-2022-26320: primes that were made one after the other from the same start lie so close
 * together that Fermat finds them: n = a^2 - b^2 with a just above the root of n. Random primes of
 * 1,024 bits do not in the lifetime of the universe; the broken generators' do in a few steps.
 */
#define SMALL_PRIMES 1000U
#define ROCA_PRIMES  167U /* the smallest keys that the chip made use the primes 2 to 167 */
#define FERMAT_STEPS 100

/* n modulo m, which is below 2^32: four bytes at a time. */
static uint32_t mod_u32(struct str n, uint32_t m)
{
	uint64_t r = 0;
	size_t i = 0;

	for (; n.n % 4 != 0 && i < n.n % 4; i++)
		r = (r << 8 | (unsigned char)n.p[i]) % m;
	for (; i < n.n; i += 4) {
		const unsigned char *p = (const unsigned char *)n.p + i;

		r = (r << 32 | (uint64_t)p[0] << 24 | (uint64_t)p[1] << 16 | (uint64_t)p[2] << 8 |
		     p[3]) %
		    m;
	}
	return (uint32_t)r;
}

static bool is_prime(unsigned v)
{
	for (unsigned d = 2; d * d <= v; d++)
		if (v % d == 0)
			return false;
	return v > 1;
}

static bool power_of_f4(unsigned r, unsigned prime)
{
	unsigned g = 65537U % prime, v = 1;

	do {
		if (v == r)
			return true;
		v = v * g % prime;
	} while (v != 1);
	return false;
}

/* The next primes from *p on whose product fits; their residues come from one pass over n. */
static uint32_t next_product(unsigned *p, unsigned primes[8], unsigned *count)
{
	uint64_t m = 1;

	*count = 0;
	for (; *p < SMALL_PRIMES && *count < 8; ++*p) {
		if (!is_prime(*p))
			continue;
		if (m * *p > UINT32_MAX)
			break;
		m *= *p;
		primes[(*count)++] = *p;
	}
	return (uint32_t)m;
}

int rsa_modulus_check(struct str n, struct err *e)
{
	unsigned p = 2, primes[8], count;
	bool pattern = true;

	while (p < SMALL_PRIMES) {
		uint32_t m = next_product(&p, primes, &count), r = mod_u32(n, m);

		for (unsigned i = 0; i < count; i++) {
			unsigned prime = primes[i];

			if (r % prime == 0)
				return ERR(e, ERR_FORBIDDEN,
					   "n: divisible by %u, not a usable modulus", prime);
			if (prime > 2 && prime <= ROCA_PRIMES && pattern)
				pattern = power_of_f4(r % prime, prime);
		}
	}
	if (pattern)
		return ERR(e, ERR_FORBIDDEN, "n: has the pattern of CVE-2017-15361 (ROCA)");
	return 0;
}

/* ---- Fermat ---- */

struct fermat {
	mp_int a, b2, t, q, step;
};

/* The largest r with r^2 <= v, by Newton from above. */
static bool root(mp_int *v, mp_int *r, mp_int *q, mp_int *t)
{
	if (mp_set(r, 1) != MP_OKAY || mp_mul_2d(r, (mp_count_bits(v) + 1) / 2, r) != MP_OKAY)
		return false;
	for (;;) {
		if (mp_div(v, r, q, NULL) != MP_OKAY || mp_add(q, r, t) != MP_OKAY ||
		    mp_div_2(t, t) != MP_OKAY)
			return false;
		if (mp_cmp(t, r) != MP_LT)
			return true;
		if (mp_copy(t, r) != MP_OKAY)
			return false;
	}
}

/* Most numbers are no squares modulo 64 or modulo 3 * 5 * 7 * 11 * 13 already. */
static bool may_be_square(mp_int *v)
{
	static const uint64_t mod64 = UINT64_C(0x0202021202030213); /* squares modulo 64 */
	static const unsigned primes[] = {3, 5, 7, 11, 13};
	mp_digit r;

	if (mp_mod_d(v, 64, &r) != MP_OKAY || (mod64 >> r & 1) == 0)
		return false;
	for (size_t i = 0; i < sizeof(primes) / sizeof(primes[0]); i++) {
		unsigned p = primes[i], x = 0;

		if (mp_mod_d(v, p, &r) != MP_OKAY)
			return false;
		while (x < p && x * x % p != r)
			x++;
		if (x == p)
			return false;
	}
	return true;
}

static bool is_square(mp_int *v, mp_int *r, mp_int *q, mp_int *t)
{
	if (mp_iszero(v))
		return true;
	return may_be_square(v) && root(v, r, q, t) && mp_sqr(r, t) == MP_OKAY &&
	       mp_cmp(t, v) == MP_EQ;
}

/* b2 = a^2 - n for a from the root upwards: the next one is b2 + 2a + 1. */
static bool primes_are_close(mp_int *n, struct fermat *f, mp_int *r)
{
	if (!root(n, &f->a, &f->q, &f->t) || mp_sqr(&f->a, &f->t) != MP_OKAY)
		return false;
	if (mp_cmp(&f->t, n) == MP_EQ)
		return true; /* one prime twice */
	if (mp_add_d(&f->a, 1, &f->a) != MP_OKAY || mp_sqr(&f->a, &f->t) != MP_OKAY ||
	    mp_sub(&f->t, n, &f->b2) != MP_OKAY || mp_mul_2d(&f->a, 1, &f->step) != MP_OKAY ||
	    mp_add_d(&f->step, 1, &f->step) != MP_OKAY)
		return false;
	for (int i = 0; i < FERMAT_STEPS; i++) {
		if (is_square(&f->b2, r, &f->q, &f->t))
			return true;
		if (mp_add(&f->b2, &f->step, &f->b2) != MP_OKAY ||
		    mp_add_d(&f->step, 2, &f->step) != MP_OKAY)
			return false;
	}
	return false;
}

int key_weak_check(const struct key *k, struct err *e)
{
	struct key_parts parts = {0};
	struct {
		struct fermat f;
		mp_int n, r;
	} * m;
	bool close;
	int rc;

	if (k->type != KEY_RSA)
		return 0;
	key_parts(k, false, &parts);
	rc = rsa_modulus_check(buf_view(&parts.n), e);
	if (rc == 0) {
		m = mem_alloc(sizeof(*m));
		close = mp_init_multi(&m->f.a, &m->f.b2, &m->f.t, &m->f.q, &m->f.step, &m->r) ==
				MP_OKAY &&
			mp_init(&m->n) == MP_OKAY &&
			mp_read_unsigned_bin(&m->n, (const byte *)parts.n.p, (word32)parts.n.n) ==
				MP_OKAY &&
			primes_are_close(&m->n, &m->f, &m->r);
		mem_free(m);
		if (close)
			rc = ERR(e, ERR_FORBIDDEN,
				 "n: its primes lie so close together that they are found at once "
				 "(CVE-2022-26320)");
	}
	key_parts_release(&parts);
	return rc;
}
