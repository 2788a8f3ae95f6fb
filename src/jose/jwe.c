/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/mem.h"
#include "codec/b64.h"
#include "jose/jwe.h"
#include "jose/priv.h"

/*
 * jwe.c - compact JWE with passwords and symmetric keys (RFC 7516, RFC 7518 4.4, 4.5, 4.8, 5).
 *
 * Two stages. jwe_parse looks at everything that needs no key: names of algorithms, every length,
 * the number of rounds. A hostile header therefore costs no derivation (METRIC_KDF_DERIVATIONS
 * stays as it is) and no decompression, since `zip` is refused. Then the content key is unwrapped
 * and the content is authenticated before it is decrypted. All failures of the second stage are
 * ERR_UNAUTHORIZED with one text, so that nobody learns which step it was.
 *
 * To add an algorithm: a line in `algs` or `encs`; asymmetric key management is left out on
 * purpose.
 */
#define P2C_MIN	 1000
#define P2C_MAX	 1000000
#define P2C_OURS 600000
#define P2S_MIN	 8
#define P2S_MAX	 1024
#define P2S_OURS 16

static const struct jwe_alg algs[] = {
	{"PBES2-HS256+A128KW", JWE_PBES2, HASH_SHA256, 16},
	{"PBES2-HS384+A192KW", JWE_PBES2, HASH_SHA384, 24},
	{"PBES2-HS512+A256KW", JWE_PBES2, HASH_SHA512, 32},
	{"A128KW", JWE_KW, HASH_NONE, 16},
	{"A192KW", JWE_KW, HASH_NONE, 24},
	{"A256KW", JWE_KW, HASH_NONE, 32},
	{"dir", JWE_DIR, HASH_NONE, 0},
};
static const struct jwe_enc encs[] = {
	{"A128GCM", 16, 12, 16, HASH_NONE},	    {"A192GCM", 24, 12, 16, HASH_NONE},
	{"A256GCM", 32, 12, 16, HASH_NONE},	    {"A128CBC-HS256", 32, 16, 16, HASH_SHA256},
	{"A192CBC-HS384", 48, 16, 24, HASH_SHA384}, {"A256CBC-HS512", 64, 16, 32, HASH_SHA512},
};

static int parse_pbes2(const json_t *h, struct arena *a, struct jwe *out, struct err *e)
{
	const json_t *p2c = json_object_get(h, "p2c");
	struct str p2s;

	/* The number first: no other part of the token makes us do so much work. */
	if (!json_is_integer(p2c) || json_integer_value(p2c) < P2C_MIN ||
	    json_integer_value(p2c) > P2C_MAX)
		return ERR(e, ERR_INVALID, "header: p2c: must be an integer between %d and %d",
			   P2C_MIN, P2C_MAX);
	out->p2c = (unsigned)json_integer_value(p2c);
	if (json_get_str(h, "p2s", 0, &p2s, e) < 0)
		return err_wrap(e, "header");
	if (jose_b64(p2s, a, "header: p2s", &out->p2s, e) < 0)
		return -1;
	if (out->p2s.n < P2S_MIN || out->p2s.n > P2S_MAX)
		return ERR(e, ERR_INVALID, "header: p2s: %zu bytes, must be between %d and %d",
			   out->p2s.n, P2S_MIN, P2S_MAX);
	return 0;
}

static int parse_header(const json_t *h, struct arena *a, struct jwe *out, struct err *e)
{
	struct str alg, enc;

	if (json_object_get(h, "zip"))
		return ERR(e, ERR_INVALID, "header: zip: compressed content is not accepted");
	if (json_get_str(h, "alg", 0, &alg, e) < 0 || json_get_str(h, "enc", 0, &enc, e) < 0)
		return err_wrap(e, "header");
	for (size_t i = 0; i < ARRAY_LEN(algs); i++)
		if (str_eqc(alg, algs[i].name))
			out->alg = &algs[i];
	for (size_t i = 0; i < ARRAY_LEN(encs); i++)
		if (str_eqc(enc, encs[i].name))
			out->enc = &encs[i];
	if (!out->alg)
		return ERR(e, ERR_INVALID, "header: alg: not accepted");
	if (!out->enc)
		return ERR(e, ERR_INVALID, "header: enc: not accepted");
	return out->alg->wrap == JWE_PBES2 ? parse_pbes2(h, a, out, e) : 0;
}

static int check_lengths(const struct jwe *j, struct err *e)
{
	size_t wrapped = j->alg->wrap == JWE_DIR ? 0 : j->enc->cek + 8;

	if (j->encrypted_key.n != wrapped)
		return ERR(e, ERR_INVALID, "encrypted key: %zu bytes, must be %zu",
			   j->encrypted_key.n, wrapped);
	if (j->iv.n != j->enc->iv)
		return ERR(e, ERR_INVALID, "initialization vector: %zu bytes, must be %zu", j->iv.n,
			   j->enc->iv);
	if (j->tag.n != j->enc->tag)
		return ERR(e, ERR_INVALID, "tag: %zu bytes, must be %zu", j->tag.n, j->enc->tag);
	if (j->enc->mac != HASH_NONE && (j->ciphertext.n == 0 || j->ciphertext.n % 16))
		return ERR(e, ERR_INVALID,
			   "ciphertext: %zu bytes, must be a positive multiple of 16",
			   j->ciphertext.n);
	return 0;
}

int jwe_parse(struct str compact, struct arena *a, struct jwe *out, struct err *e)
{
	struct str parts[5];
	json_t *h = NULL;
	int rc;

	memset(out, 0, sizeof(*out));
	if (compact.n > JOSE_MAX_TOKEN)
		return ERR(e, ERR_TOO_LARGE, "jwe: %zu bytes, at most %u are accepted", compact.n,
			   JOSE_MAX_TOKEN);
	if (!jose_split(compact, parts, ARRAY_LEN(parts)))
		return ERR(e, ERR_INVALID,
			   "jwe: not in compact form (five parts separated by dots)");
	rc = jose_header(parts[0], a, &h, e);
	if (rc == 0)
		rc = parse_header(h, a, out, e);
	json_decref(h);
	if (rc < 0 || jose_b64(parts[1], a, "encrypted key", &out->encrypted_key, e) < 0 ||
	    jose_b64(parts[2], a, "initialization vector", &out->iv, e) < 0 ||
	    jose_b64(parts[3], a, "ciphertext", &out->ciphertext, e) < 0 ||
	    jose_b64(parts[4], a, "tag", &out->tag, e) < 0 || check_lengths(out, e) < 0)
		return err_wrap(e, "jwe");
	out->aad = parts[0];
	return 0;
}

/* RFC 7518 5.2.2.1: the first half of the key authenticates, the second encrypts; the MAC is cut to
 * half its length. */
static int open_cbc(const struct jwe *j, struct str cek, struct secret *plain, struct err *e)
{
	struct str mac_key = str_mem(cek.p, cek.n / 2),
		   enc_key = str_mem(cek.p + cek.n / 2, cek.n / 2);
	unsigned char mac[HASH_MAX];
	struct buf in = BUF_INIT;
	bool ok;

	buf_str(&in, j->aad);
	buf_str(&in, j->iv);
	buf_str(&in, j->ciphertext);
	buf_u64(&in, (uint64_t)j->aad.n * 8);
	hmac(j->enc->mac, mac_key, buf_view(&in), mac);
	buf_release(&in);
	ok = mem_ct_equal(mac, j->tag.p, j->tag.n);
	mem_wipe(mac, sizeof(mac));
	if (!ok)
		return ERR(e, ERR_UNAUTHORIZED, "wrong tag");
	return aes_cbc_decrypt(enc_key, j->iv, j->ciphertext, plain, e);
}

static int open_content(const struct jwe *j, struct str cek, struct secret *plain, struct err *e)
{
	if (cek.n != j->enc->cek)
		return ERR(e, ERR_UNAUTHORIZED, "wrong key length");
	if (j->enc->mac != HASH_NONE)
		return open_cbc(j, cek, plain, e);
	return aes_gcm_open(cek, j->iv, j->aad, j->ciphertext, j->tag, plain, e);
}

static int unwrap_and_open(const struct jwe *j, struct str kek, struct secret *plain, struct err *e)
{
	struct secret cek = SECRET_INIT;
	int rc = aes_unwrap(kek, j->encrypted_key, &cek, e);

	if (rc == 0)
		rc = open_content(j, secret_view(&cek), plain, e);
	secret_release(&cek);
	return rc;
}

static int derive(const struct jwe_alg *alg, struct str p2s, unsigned p2c,
		  const struct secret *password, struct secret *kek, struct err *e)
{
	struct buf salt = BUF_INIT;
	int rc;

	buf_puts(&salt, alg->name);
	buf_putc(&salt, 0);
	buf_str(&salt, p2s);
	rc = kdf_pbkdf2(alg->hash, secret_view(password), buf_view(&salt), p2c, alg->kek, kek, e);
	buf_release(&salt);
	return rc;
}

static int no_key_fits(struct secret *plain, struct err *e)
{
	secret_release(plain);
	return ERR(e, ERR_UNAUTHORIZED, "jwe: wrong password or key, or damaged content");
}

int jwe_decrypt_password(struct str compact, const struct secret *password, struct secret *plain,
			 struct err *e)
{
	struct arena *a = arena_new();
	struct secret kek = SECRET_INIT;
	struct jwe j;
	int rc = jwe_parse(compact, a, &j, e);

	if (rc == 0 && j.alg->wrap != JWE_PBES2)
		rc = ERR(e, ERR_INVALID, "jwe: header: alg: %s does not use a password",
			 j.alg->name);
	if (rc == 0)
		rc = derive(j.alg, j.p2s, j.p2c, password, &kek, e);
	if (rc == 0 && unwrap_and_open(&j, secret_view(&kek), plain, e) < 0)
		rc = no_key_fits(plain, e);
	secret_release(&kek);
	arena_free(a);
	return rc;
}

int jwe_decrypt_key(struct str compact, struct str key, struct secret *plain, struct err *e)
{
	struct arena *a = arena_new();
	struct jwe j;
	int rc = jwe_parse(compact, a, &j, e);

	if (rc == 0) {
		size_t want = j.alg->wrap == JWE_DIR ? j.enc->cek : j.alg->kek;
		if (j.alg->wrap == JWE_PBES2)
			rc = ERR(e, ERR_INVALID, "jwe: header: alg: %s needs a password",
				 j.alg->name);
		else if (key.n != want)
			rc = ERR(e, ERR_INVALID, "jwe: the key has %zu bytes, %s with %s needs %zu",
				 key.n, j.alg->name, j.enc->name, want);
		else if ((j.alg->wrap == JWE_DIR ? open_content(&j, key, plain, e)
						 : unwrap_and_open(&j, key, plain, e)) < 0)
			rc = no_key_fits(plain, e);
	}
	arena_free(a);
	return rc;
}

/* Members in the order in which `step` writes them. */
static void our_header(const struct jwe_alg *alg, const struct jwe_enc *enc, const char *cty,
		       struct str p2s, struct buf *out)
{
	json_t *h = json_object();
	struct buf text = BUF_INIT, b64 = BUF_INIT;

	b64_encode(B64_URL, p2s, &b64);
	json_object_set_new(h, "alg", json_string(alg->name));
	if (cty)
		json_object_set_new(h, "cty", json_str_new(str_c(cty)));
	json_object_set_new(h, "enc", json_string(enc->name));
	json_object_set_new(h, "p2c", json_integer(P2C_OURS));
	json_object_set_new(h, "p2s", json_str_new(buf_view(&b64)));
	json_write(h, &text);
	json_decref(h);
	b64_encode(B64_URL, buf_view(&text), out);
	buf_release(&text);
	buf_release(&b64);
}

int jwe_encrypt_password(struct str plain, const struct secret *password, const char *cty,
			 struct buf *out, struct err *e)
{
	const struct jwe_alg *alg = &algs[0];
	const struct jwe_enc *enc = &encs[2];
	struct secret kek = SECRET_INIT, cek = SECRET_INIT;
	struct buf header = BUF_INIT, wrapped = BUF_INIT, cipher = BUF_INIT;
	unsigned char p2s[P2S_OURS], iv[12], tag[16];
	int rc;

	if (plain.n > JOSE_MAX_TOKEN / 2)
		return ERR(e, ERR_TOO_LARGE, "jwe: %zu bytes to encrypt, at most %u", plain.n,
			   JOSE_MAX_TOKEN / 2);
	rand_bytes(p2s, sizeof(p2s));
	rand_bytes(iv, sizeof(iv));
	secret_resize(&cek, enc->cek);
	rand_bytes(cek.p, cek.n);
	our_header(alg, enc, cty, str_mem(p2s, sizeof(p2s)), &header);
	rc = derive(alg, str_mem(p2s, sizeof(p2s)), P2C_OURS, password, &kek, e);
	if (rc == 0)
		rc = aes_wrap(secret_view(&kek), secret_view(&cek), &wrapped, e);
	if (rc == 0)
		rc = aes_gcm_seal(secret_view(&cek), str_mem(iv, sizeof(iv)), buf_view(&header),
				  plain, &cipher, tag, e);
	if (rc == 0) {
		const struct str parts[] = {buf_view(&wrapped), str_mem(iv, sizeof(iv)),
					    buf_view(&cipher), str_mem(tag, sizeof(tag))};
		buf_str(out, buf_view(&header));
		for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
			buf_putc(out, '.');
			b64_encode(B64_URL, parts[i], out);
		}
	} else {
		err_wrap(e, "jwe");
	}
	secret_release(&kek);
	secret_release(&cek);
	buf_release(&header);
	buf_release(&wrapped);
	buf_release(&cipher);
	return rc;
}
