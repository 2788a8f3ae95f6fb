/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/mem.h"
#include "crypto/priv.h"

/* Symmetric ciphers, one shot each. The key schedule lives on the stack and is wiped in every path.
 */

#define BLOCK	 16U
#define DES_SIZE 8U

static const byte *bytes(struct str s)
{
	return (const byte *)(s.n > 0 ? s.p : "");
}

static void aes_end(Aes *aes)
{
	wc_AesFree(aes);
	mem_wipe(aes, sizeof(*aes));
}

static int check_key(const char *what, struct str key, struct err *e)
{
	if (key.n != 16 && key.n != 24 && key.n != 32)
		return ERR(e, ERR_INVALID, "%s: key of %zu bytes", what, key.n);
	return 0;
}

static int check_size(const char *what, struct str in, struct err *e)
{
	if (in.n > (1U << 30))
		return ERR(e, ERR_TOO_LARGE, "%s: %zu bytes are too many", what, in.n);
	return 0;
}

static int gcm_start(Aes *aes, struct str key, struct str iv, struct str aad, struct str in,
		     struct err *e)
{
	if (check_key("AES-GCM", key, e) != 0 || check_size("AES-GCM", in, e) != 0 ||
	    check_size("AES-GCM", aad, e) != 0)
		return -1;
	if (iv.n != 12)
		return ERR(e, ERR_INVALID, "AES-GCM: nonce of %zu bytes, not 12", iv.n);
	ENSURE(wc_AesInit(aes, NULL, crypto_device()) == 0);
	ENSURE(wc_AesGcmSetKey(aes, bytes(key), (word32)key.n) == 0);
	return 0;
}

int aes_gcm_seal(struct str key, struct str iv, struct str aad, struct str plain, struct buf *out,
		 unsigned char tag[16], struct err *e)
{
	Aes aes;

	if (gcm_start(&aes, key, iv, aad, plain, e) != 0)
		return -1;
	char *room = buf_reserve(out, plain.n);
	if (room == NULL) {
		aes_end(&aes);
		return ERR(e, ERR_TOO_LARGE, "AES-GCM: the output does not fit");
	}
	int rc = wc_AesGcmEncrypt(&aes, (byte *)room, bytes(plain), (word32)plain.n, bytes(iv), 12,
				  tag, 16, bytes(aad), (word32)aad.n);
	aes_end(&aes);
	if (rc != 0)
		return ERR(e, ERR_INTERNAL, "AES-GCM: %s", wc_GetErrorString(rc));
	out->n += plain.n;
	return 0;
}

int aes_gcm_open(struct str key, struct str iv, struct str aad, struct str cipher, struct str tag,
		 struct secret *out, struct err *e)
{
	byte none[1];
	Aes aes;

	if (tag.n != 16)
		return ERR(e, ERR_INVALID, "AES-GCM: tag of %zu bytes, not 16", tag.n);
	if (gcm_start(&aes, key, iv, aad, cipher, e) != 0)
		return -1;
	secret_release(out);
	secret_resize(out, cipher.n);
	int rc = wc_AesGcmDecrypt(&aes, out->n > 0 ? out->p : none, bytes(cipher), (word32)cipher.n,
				  bytes(iv), 12, bytes(tag), 16, bytes(aad), (word32)aad.n);
	aes_end(&aes);
	if (rc == 0)
		return 0;
	secret_release(out);
	if (rc == AES_GCM_AUTH_E)
		return ERR(e, ERR_UNAUTHORIZED, "AES-GCM: the tag does not fit");
	return ERR(e, ERR_INTERNAL, "AES-GCM: %s", wc_GetErrorString(rc));
}

int aes_cbc_encrypt(struct str key, struct str iv, struct str plain, struct buf *out, struct err *e)
{
	size_t whole = plain.n / BLOCK * BLOCK, pad = BLOCK - plain.n % BLOCK;
	byte last[BLOCK];
	Aes aes;

	if (check_key("AES-CBC", key, e) != 0 || check_size("AES-CBC", plain, e) != 0)
		return -1;
	if (iv.n != BLOCK)
		return ERR(e, ERR_INVALID, "AES-CBC: initialisation vector of %zu bytes, not 16",
			   iv.n);
	char *room = buf_reserve(out, plain.n + pad);
	if (room == NULL)
		return ERR(e, ERR_TOO_LARGE, "AES-CBC: the output does not fit");
	memset(last, (int)pad, sizeof(last));
	if (plain.n > whole)
		memcpy(last, plain.p + whole, plain.n - whole);

	ENSURE(wc_AesInit(&aes, NULL, crypto_device()) == 0);
	ENSURE(wc_AesSetKey(&aes, bytes(key), (word32)key.n, bytes(iv), AES_ENCRYPTION) == 0);
	int rc = whole > 0 ? wc_AesCbcEncrypt(&aes, (byte *)room, bytes(plain), (word32)whole) : 0;
	if (rc == 0)
		rc = wc_AesCbcEncrypt(&aes, (byte *)room + whole, last, BLOCK);
	aes_end(&aes);
	mem_wipe(last, sizeof(last));
	if (rc != 0)
		return ERR(e, ERR_INTERNAL, "AES-CBC: %s", wc_GetErrorString(rc));
	out->n += plain.n + pad;
	return 0;
}

/* Takes the padding off, looking at the same bytes whatever they are. */
static int unpad(const char *what, struct secret *out, size_t block, struct err *e)
{
	unsigned n = out->p[out->n - 1], bad = n == 0 || n > block;

	for (unsigned i = 0; i < block; i++) {
		unsigned in_pad = i < n;
		bad |= in_pad & (out->p[out->n - 1 - i] != n);
	}
	if (bad) {
		secret_release(out);
		return ERR(e, ERR_UNAUTHORIZED, "%s: bad padding", what);
	}
	secret_resize(out, out->n - n);
	return 0;
}

int aes_cbc_decrypt(struct str key, struct str iv, struct str cipher, struct secret *out,
		    struct err *e)
{
	Aes aes;

	if (check_key("AES-CBC", key, e) != 0 || check_size("AES-CBC", cipher, e) != 0)
		return -1;
	if (iv.n != BLOCK)
		return ERR(e, ERR_INVALID, "AES-CBC: initialisation vector of %zu bytes, not 16",
			   iv.n);
	if (cipher.n == 0 || cipher.n % BLOCK != 0)
		return ERR(e, ERR_INVALID, "AES-CBC: %zu bytes are no whole blocks", cipher.n);
	secret_release(out);
	secret_resize(out, cipher.n);
	ENSURE(wc_AesInit(&aes, NULL, crypto_device()) == 0);
	ENSURE(wc_AesSetKey(&aes, bytes(key), (word32)key.n, bytes(iv), AES_DECRYPTION) == 0);
	int rc = wc_AesCbcDecrypt(&aes, out->p, bytes(cipher), (word32)cipher.n);
	aes_end(&aes);
	if (rc != 0) {
		secret_release(out);
		return ERR(e, ERR_INTERNAL, "AES-CBC: %s", wc_GetErrorString(rc));
	}
	return unpad("AES-CBC", out, BLOCK, e);
}

int des_ede3_cbc_decrypt(struct str key, struct str iv, struct str cipher, struct secret *out,
			 struct err *e)
{
	Des3 des;

	if (key.n != 3 * DES_SIZE || iv.n != DES_SIZE)
		return ERR(e, ERR_INVALID, "DES-EDE3-CBC: key of %zu and vector of %zu bytes",
			   key.n, iv.n);
	if (check_size("DES-EDE3-CBC", cipher, e) != 0)
		return -1;
	if (cipher.n == 0 || cipher.n % DES_SIZE != 0)
		return ERR(e, ERR_INVALID, "DES-EDE3-CBC: %zu bytes are no whole blocks", cipher.n);
	secret_release(out);
	secret_resize(out, cipher.n);
	ENSURE(wc_Des3Init(&des, NULL, crypto_device()) == 0);
	ENSURE(wc_Des3_SetKey(&des, bytes(key), bytes(iv), DES_DECRYPTION) == 0);
	int rc = wc_Des3_CbcDecrypt(&des, out->p, bytes(cipher), (word32)cipher.n);
	wc_Des3Free(&des);
	mem_wipe(&des, sizeof(des));
	if (rc != 0) {
		secret_release(out);
		return ERR(e, ERR_INTERNAL, "DES-EDE3-CBC: %s", wc_GetErrorString(rc));
	}
	return unpad("DES-EDE3-CBC", out, DES_SIZE, e);
}

#define WRAP_MAX 65536U

int aes_wrap(struct str kek, struct str key, struct buf *out, struct err *e)
{
	Aes aes;

	if (check_key("AES key wrap", kek, e) != 0)
		return -1;
	if (key.n < 16 || key.n % 8 != 0 || key.n > WRAP_MAX)
		return ERR(e, ERR_INVALID, "AES key wrap: %zu bytes cannot be wrapped", key.n);
	char *room = buf_reserve(out, key.n + 8);
	if (room == NULL)
		return ERR(e, ERR_TOO_LARGE, "AES key wrap: the output does not fit");
	ENSURE(wc_AesInit(&aes, NULL, crypto_device()) == 0);
	ENSURE(wc_AesSetKey(&aes, bytes(kek), (word32)kek.n, NULL, AES_ENCRYPTION) == 0);
	int rc = wc_AesKeyWrap_ex(&aes, bytes(key), (word32)key.n, (byte *)room, (word32)key.n + 8,
				  NULL);
	aes_end(&aes);
	if (rc != (int)key.n + 8)
		return ERR(e, ERR_INTERNAL, "AES key wrap: %s", wc_GetErrorString(rc));
	out->n += key.n + 8;
	return 0;
}

int aes_unwrap(struct str kek, struct str wrapped, struct secret *out, struct err *e)
{
	Aes aes;

	if (check_key("AES key wrap", kek, e) != 0)
		return -1;
	if (wrapped.n < 24 || wrapped.n % 8 != 0 || wrapped.n > WRAP_MAX)
		return ERR(e, ERR_INVALID, "AES key wrap: %zu bytes are no wrapped key", wrapped.n);
	secret_release(out);
	secret_resize(out, wrapped.n - 8);
	ENSURE(wc_AesInit(&aes, NULL, crypto_device()) == 0);
	ENSURE(wc_AesSetKey(&aes, bytes(kek), (word32)kek.n, NULL, AES_DECRYPTION) == 0);
	int rc = wc_AesKeyUnWrap_ex(&aes, bytes(wrapped), (word32)wrapped.n, out->p, (word32)out->n,
				    NULL);
	aes_end(&aes);
	if (rc == (int)wrapped.n - 8)
		return 0;
	secret_release(out);
	if (rc == BAD_KEYWRAP_IV_E)
		return ERR(e, ERR_UNAUTHORIZED, "AES key wrap: wrong key, or damaged");
	return ERR(e, ERR_INTERNAL, "AES key wrap: %s", wc_GetErrorString(rc));
}
