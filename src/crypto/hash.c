/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/mem.h"
#include "crypto/priv.h"

/*
 * Hashes and HMAC. wolfCrypt's own hash callbacks are incremental, the accelerator's table is not:
 * one-shot hashes ask the table directly, incremental ones are always wolfCrypt's.
 */
struct hash_ctx {
	enum wc_HashType type;
	wc_HashAlg alg;
};

size_t hash_size(enum hash_alg a)
{
	switch (a) {
	case HASH_NONE:
		break;
	case HASH_MD5:
		return WC_MD5_DIGEST_SIZE;
	case HASH_SHA1:
		return WC_SHA_DIGEST_SIZE;
	case HASH_SHA256:
		return WC_SHA256_DIGEST_SIZE;
	case HASH_SHA384:
		return WC_SHA384_DIGEST_SIZE;
	case HASH_SHA512:
		return WC_SHA512_DIGEST_SIZE;
	}
	BUG("no hash algorithm");
}

int hash_wolf_type(enum hash_alg a)
{
	switch (a) {
	case HASH_NONE:
		break;
	case HASH_MD5:
		return WC_HASH_TYPE_MD5;
	case HASH_SHA1:
		return WC_HASH_TYPE_SHA;
	case HASH_SHA256:
		return WC_HASH_TYPE_SHA256;
	case HASH_SHA384:
		return WC_HASH_TYPE_SHA384;
	case HASH_SHA512:
		return WC_HASH_TYPE_SHA512;
	}
	BUG("no hash algorithm");
}

static void ctx_init(struct hash_ctx *h, enum hash_alg a)
{
	h->type = (enum wc_HashType)hash_wolf_type(a);
	ENSURE(wc_HashInit_ex(&h->alg, h->type, NULL, crypto_device()) == 0);
}

void hash_update(struct hash_ctx *h, struct str in)
{
	while (in.n > 0) { /* wolfCrypt counts in 32 bits */
		word32 n = in.n > (1U << 30) ? 1U << 30 : (word32)in.n;

		ENSURE(wc_HashUpdate(&h->alg, h->type, (const byte *)in.p, n) == 0);
		in.p += n;
		in.n -= n;
	}
}

static void ctx_end(struct hash_ctx *h, unsigned char *out)
{
	ENSURE(wc_HashFinal(&h->alg, h->type, out) == 0);
	ENSURE(wc_HashFree(&h->alg, h->type) == 0);
	mem_wipe(h, sizeof(*h));
}

/* True when the accelerator did it. */
static bool accelerated(enum hash_alg a, struct str in, unsigned char *out)
{
	const struct signet_accel_driver *d = crypto_accel();
	enum signet_accel_hash alg;

	if (d == NULL || d->digest == NULL)
		return false;
	if (a == HASH_SHA256)
		alg = SIGNET_ACCEL_SHA256;
	else if (a == HASH_SHA384)
		alg = SIGNET_ACCEL_SHA384;
	else if (a == HASH_SHA512)
		alg = SIGNET_ACCEL_SHA512;
	else
		return false;
	return d->digest(alg, (struct signet_str){in.p, in.n}, out) == 0;
}

void hash(enum hash_alg a, struct str in, unsigned char *out)
{
	struct hash_ctx h;

	if (accelerated(a, in, out))
		return;
	ctx_init(&h, a);
	hash_update(&h, in);
	ctx_end(&h, out);
}

struct hash_ctx *hash_new(enum hash_alg a)
{
	struct hash_ctx *h = NEW(struct hash_ctx);

	ctx_init(h, a);
	return h;
}

void hash_final(struct hash_ctx *h, unsigned char *out)
{
	ctx_end(h, out);
	mem_free(h);
}

void hmac(enum hash_alg a, struct str key, struct str in, unsigned char *out)
{
	Hmac h;

	ENSURE(key.n <= INT32_MAX);
	ENSURE(wc_HmacInit(&h, NULL, crypto_device()) == 0);
	ENSURE(wc_HmacSetKey(&h, hash_wolf_type(a), (const byte *)(key.n > 0 ? key.p : ""),
			     (word32)key.n) == 0);
	while (in.n > 0) {
		word32 n = in.n > (1U << 30) ? 1U << 30 : (word32)in.n;

		ENSURE(wc_HmacUpdate(&h, (const byte *)in.p, n) == 0);
		in.p += n;
		in.n -= n;
	}
	ENSURE(wc_HmacFinal(&h, out) == 0);
	wc_HmacFree(&h);
	mem_wipe(&h, sizeof(h));
}
