/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "jose/priv.h"

/*
 * weak.c - two cheap tests on an RSA modulus that somebody else made.
 *
 * A factor below 1,000 means that the number is no product of two large primes. CVE-2017-15361
 * (ROCA): the library of a chip made primes of the form k * M + (65537^a mod M), M a product of the
 * first primes, so that the modulus, taken modulo each of those primes, lies in the subgroup that
 * 65537 generates. For a random modulus this holds for all of them with probability below 2^-100;
 * primes modulo which 65537 generates everything say nothing and cost nothing to try.
 */
static unsigned mod_small(struct str n, unsigned m)
{
	unsigned r = 0;

	for (size_t i = 0; i < n.n; i++)
		r = (r << 8 | (unsigned char)n.p[i]) % m;
	return r;
}

static bool is_prime(unsigned v)
{
	for (unsigned d = 2; d * d <= v; d++)
		if (v % d == 0)
			return false;
	return true;
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

int jose_rsa_modulus_check(struct str n, struct err *e)
{
	bool pattern = true;

	for (unsigned p = 2; p < 1000; p++) {
		unsigned r;
		if (!is_prime(p))
			continue;
		r = mod_small(n, p);
		if (r == 0)
			return ERR(e, ERR_FORBIDDEN, "n: divisible by %u, not a usable modulus", p);
		/* The smallest keys that the chip made use the primes 2 to 167. */
		if (p > 2 && p <= 167 && pattern)
			pattern = power_of_f4(r, p);
	}
	if (pattern)
		return ERR(e, ERR_FORBIDDEN, "n: has the pattern of CVE-2017-15361 (ROCA)");
	return 0;
}
