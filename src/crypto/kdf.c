/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/metric.h"
#include "crypto/priv.h"

/*
 * Password-based derivations. Slow by design, so each one is counted before it runs: tests assert
 * with the counter that hostile input (an iteration count of 2^31, a token that is refused anyway)
 * starts none.
 */
#define PASSWORD_MAX   65536U
#define SALT_MAX       65536U
#define OUT_MAX	       1024U
#define ITERATIONS_MAX 10000000U
#define SCRYPT_MEMORY  (256U << 20)
#define SCRYPT_WORK    (1024U << 20) /* bytes mixed by all lanes: a few seconds */

static int check_lengths(const char *what, struct str password, struct str salt, size_t n,
			 struct err *e)
{
	if (password.n > PASSWORD_MAX)
		return ERR(e, ERR_INVALID, "%s: password of more than %u bytes", what,
			   PASSWORD_MAX);
	if (salt.n > SALT_MAX)
		return ERR(e, ERR_INVALID, "%s: salt of more than %u bytes", what, SALT_MAX);
	if (n == 0 || n > OUT_MAX)
		return ERR(e, ERR_INVALID, "%s: %zu bytes of key asked for, 1 to %u are allowed",
			   what, n, OUT_MAX);
	return 0;
}

static const byte *bytes(struct str s)
{
	return (const byte *)(s.n > 0 ? s.p : "");
}

static int finish(const char *what, int rc, struct secret *out, struct err *e)
{
	if (rc == 0)
		return 0;
	secret_release(out);
	return ERR(e, ERR_INTERNAL, "%s: %s", what, wc_GetErrorString(rc));
}

int kdf_pbkdf2(enum hash_alg a, struct str password, struct str salt, unsigned iterations, size_t n,
	       struct secret *out, struct err *e)
{
	if (check_lengths("PBKDF2", password, salt, n, e) != 0)
		return -1;
	if (iterations == 0 || iterations > ITERATIONS_MAX)
		return ERR(e, ERR_INVALID, "PBKDF2: %u iterations, 1 to %u are allowed", iterations,
			   ITERATIONS_MAX);
	metric_inc(METRIC_KDF_DERIVATIONS);
	secret_release(out);
	secret_resize(out, n);
	/* No device: the accelerator has no HMAC, and asking it twice a round costs more than a
	 * tenth. */
	int rc = wc_PBKDF2_ex(out->p, bytes(password), (int)password.n, bytes(salt), (int)salt.n,
			      (int)iterations, (int)n, hash_wolf_type(a), NULL, INVALID_DEVID);
	return finish("PBKDF2", rc, out, e);
}

int kdf_scrypt(struct str password, struct str salt, uint64_t cost, unsigned block,
	       unsigned parallel, size_t n, struct secret *out, struct err *e)
{
	int log2 = 0;

	if (check_lengths("scrypt", password, salt, n, e) != 0)
		return -1;
	if (cost < 2 || (cost & (cost - 1)) != 0 || block == 0 || parallel == 0)
		return ERR(e, ERR_INVALID, "scrypt: bad parameters");
	if (block > 8) /* wolfCrypt's limit; everybody writes 8 */
		return ERR(e, ERR_UNSUPPORTED, "scrypt: block size %u, at most 8 is supported",
			   block);
	if (cost > SCRYPT_MEMORY / (128 * block))
		return ERR(e, ERR_INVALID, "scrypt: more than 256 MiB of memory");
	if (parallel > SCRYPT_WORK / (128 * block * cost))
		return ERR(e, ERR_INVALID, "scrypt: too much work");
	while ((UINT64_C(1) << log2) < cost)
		log2++;
	if (log2 >= (int)(16 * block)) /* RFC 7914 2: N < 2^(128 r / 8) */
		return ERR(e, ERR_INVALID, "scrypt: cost too large for the block size");
	metric_inc(METRIC_KDF_DERIVATIONS);
	secret_release(out);
	secret_resize(out, n);
	int rc = wc_scrypt(out->p, bytes(password), (int)password.n, bytes(salt), (int)salt.n, log2,
			   (int)block, (int)parallel, (int)n);
	return finish("scrypt", rc, out, e);
}
