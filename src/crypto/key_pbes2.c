/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/mem.h"
#include "codec/b64.h"
#include "codec/der.h"
#include "crypto/priv.h"

/*
 * Password-encrypted private keys: PBES2 (RFC 8018) read and written, and the DEK-Info headers of
 * old OpenSSL, read only. Parsing is apart from deriving, so that every bound is checked before a
 * password costs time.
 */
#define ITERATIONS     600000U
#define ITERATIONS_MAX 10000000U

static const struct cipher {
	enum oid oid;
	const char *dek; /* OpenSSL's name */
	size_t key_size, iv_size;
} ciphers[] = {
	{OID_AES256_CBC, "AES-256-CBC", 32, 16},
	{OID_AES192_CBC, "AES-192-CBC", 24, 16},
	{OID_AES128_CBC, "AES-128-CBC", 16, 16},
	{OID_DES_EDE3_CBC, "DES-EDE3-CBC", 24, 8},
};

static int malformed(struct err *e, const char *what)
{
	return ERR(e, ERR_INVALID, "encrypted key: malformed %s", what);
}

static int decrypt(enum oid cipher, struct str key, struct str iv, struct str text,
		   struct secret *plain, struct err *e)
{
	int rc = cipher == OID_DES_EDE3_CBC ? des_ede3_cbc_decrypt(key, iv, text, plain, e)
					    : aes_cbc_decrypt(key, iv, text, plain, e);

	if (rc != 0 && e->code == ERR_UNAUTHORIZED)
		return ERR(e, ERR_UNAUTHORIZED, "encrypted key: wrong password, or damaged");
	return rc;
}

static int parse_prf(struct str params, enum hash_alg *out, struct err *e)
{
	static const struct {
		enum oid oid;
		enum hash_alg hash;
	} prfs[] = {{OID_HMAC_SHA256, HASH_SHA256},
		    {OID_HMAC_SHA1, HASH_SHA1},
		    {OID_HMAC_SHA384, HASH_SHA384},
		    {OID_HMAC_SHA512, HASH_SHA512}};
	struct str alg, oid;

	*out = HASH_SHA1;
	if (params.n == 0)
		return 0;
	if (!der_get(&params, DER_SEQUENCE, &alg) || params.n > 0 || !der_get_oid(&alg, &oid) ||
	    (alg.n > 0 && (!der_get_null(&alg) || alg.n > 0)))
		return malformed(e, "PBKDF2 parameters");
	for (size_t i = 0; i < ARRAY_LEN(prfs); i++) {
		if (oid_find(oid) == prfs[i].oid) {
			*out = prfs[i].hash;
			return 0;
		}
	}
	return ERR(e, ERR_UNSUPPORTED,
		   "encrypted key: PBKDF2 with another function than HMAC-SHA1, -SHA256, "
		   "-SHA384 or -SHA512");
}

/* keyLength is optional in both; 0 when absent. */
static bool get_key_size(struct str *params, uint64_t *n)
{
	*n = 0;
	return !der_peek(*params, DER_INTEGER) || (der_get_uint(params, n) && *n > 0);
}

static int parse_pbkdf2(struct str params, struct pbes2 *out, uint64_t *key_size, struct err *e)
{
	uint64_t iterations;

	out->kdf = PBES2_PBKDF2;
	if (!der_get(&params, DER_OCTET_STRING, &out->salt) ||
	    !der_get_uint(&params, &iterations) || !get_key_size(&params, key_size))
		return malformed(e, "PBKDF2 parameters");
	if (iterations == 0 || iterations > ITERATIONS_MAX)
		return ERR(e, ERR_INVALID,
			   "encrypted key: %" PRIu64 " iterations, 1 to %u are allowed", iterations,
			   ITERATIONS_MAX);
	out->iterations = (unsigned)iterations;
	return parse_prf(params, &out->prf, e);
}

static int parse_scrypt(struct str params, struct pbes2 *out, uint64_t *key_size, struct err *e)
{
	uint64_t block, parallel;

	out->kdf = PBES2_SCRYPT;
	if (!der_get(&params, DER_OCTET_STRING, &out->salt) || !der_get_uint(&params, &out->cost) ||
	    !der_get_uint(&params, &block) || !der_get_uint(&params, &parallel) ||
	    !get_key_size(&params, key_size) || params.n > 0 || block > UINT32_MAX ||
	    parallel > UINT32_MAX)
		return malformed(e, "scrypt parameters");
	out->block = (unsigned)block;
	out->parallel = (unsigned)parallel;
	return 0;
}

static int parse_kdf(struct str kdf, struct pbes2 *out, uint64_t *key_size, struct err *e)
{
	struct str oid, params;

	if (!der_get_oid(&kdf, &oid) || !der_get(&kdf, DER_SEQUENCE, &params) || kdf.n > 0)
		return malformed(e, "PBES2 parameters");
	enum oid id = oid_find(oid);
	if (id == OID_PBKDF2)
		return parse_pbkdf2(params, out, key_size, e);
	if (id == OID_SCRYPT)
		return parse_scrypt(params, out, key_size, e);
	return ERR(e, ERR_UNSUPPORTED, "encrypted key: only PBKDF2 and scrypt are supported");
}

static int parse_cipher(struct str enc, struct pbes2 *out, struct err *e)
{
	struct str oid;

	if (!der_get_oid(&enc, &oid))
		return malformed(e, "PBES2 parameters");
	for (size_t i = 0; i < ARRAY_LEN(ciphers); i++) {
		if (ciphers[i].oid != oid_find(oid))
			continue;
		if (!der_get(&enc, DER_OCTET_STRING, &out->iv) || enc.n > 0 ||
		    out->iv.n != ciphers[i].iv_size)
			return malformed(e, "cipher parameters");
		out->cipher = ciphers[i].oid;
		out->key_size = ciphers[i].key_size;
		return 0;
	}
	return ERR(e, ERR_UNSUPPORTED,
		   "encrypted key: only AES-CBC and DES-EDE3-CBC are supported");
}

int pbes2_parse(struct str der, struct pbes2 *out, struct err *e)
{
	struct str info, alg, oid, params, kdf, enc;
	uint64_t key_size;

	*out = (struct pbes2){0};
	if (!der_get(&der, DER_SEQUENCE, &info) || der.n > 0 ||
	    !der_get(&info, DER_SEQUENCE, &alg) ||
	    !der_get(&info, DER_OCTET_STRING, &out->cipher_text) || info.n > 0 ||
	    !der_get_oid(&alg, &oid))
		return malformed(e, "PKCS#8");
	if (oid_find(oid) != OID_PBES2)
		return ERR(e, ERR_UNSUPPORTED,
			   "encrypted key: only PBES2 is supported; convert it with "
			   "`openssl pkcs8 -topk8`");
	if (!der_get(&alg, DER_SEQUENCE, &params) || alg.n > 0 ||
	    !der_get(&params, DER_SEQUENCE, &kdf) || !der_get(&params, DER_SEQUENCE, &enc) ||
	    params.n > 0)
		return malformed(e, "PBES2 parameters");
	if (parse_kdf(kdf, out, &key_size, e) != 0 || parse_cipher(enc, out, e) != 0)
		return -1;
	if (key_size != 0 && key_size != out->key_size)
		return ERR(e, ERR_INVALID, "encrypted key: the key length does not fit the cipher");
	return 0;
}

int pbes2_decrypt(const struct pbes2 *p, const struct secret *password, struct secret *plain,
		  struct err *e)
{
	struct str pw = secret_view(password);
	struct secret key = SECRET_INIT;
	int rc;

	if (p->kdf == PBES2_PBKDF2)
		rc = kdf_pbkdf2(p->prf, pw, p->salt, p->iterations, p->key_size, &key, e);
	else
		rc = kdf_scrypt(pw, p->salt, p->cost, p->block, p->parallel, p->key_size, &key, e);
	if (rc == 0)
		rc = decrypt(p->cipher, secret_view(&key), p->iv, p->cipher_text, plain, e);
	else
		err_wrap(e, "encrypted key");
	secret_release(&key);
	return rc;
}

static void put_pbes2(struct str salt, struct str iv, struct str text, struct buf *der)
{
	struct der_mark info = der_begin(der, DER_SEQUENCE);
	struct der_mark alg = der_begin(der, DER_SEQUENCE);
	der_put_oid(der, oid_der(OID_PBES2));
	struct der_mark params = der_begin(der, DER_SEQUENCE);

	struct der_mark kdf = der_begin(der, DER_SEQUENCE);
	der_put_oid(der, oid_der(OID_PBKDF2));
	struct der_mark kdf_params = der_begin(der, DER_SEQUENCE);
	der_put(der, DER_OCTET_STRING, salt);
	der_put_uint(der, ITERATIONS);
	struct der_mark prf = der_begin(der, DER_SEQUENCE);
	der_put_oid(der, oid_der(OID_HMAC_SHA256));
	der_put_null(der);
	der_end(der, prf);
	der_end(der, kdf_params);
	der_end(der, kdf);

	struct der_mark enc = der_begin(der, DER_SEQUENCE);
	der_put_oid(der, oid_der(OID_AES256_CBC));
	der_put(der, DER_OCTET_STRING, iv);
	der_end(der, enc);

	der_end(der, params);
	der_end(der, alg);
	der_put(der, DER_OCTET_STRING, text);
	der_end(der, info);
}

int pbes2_encrypt(struct str plain, const struct secret *password, struct buf *der, struct err *e)
{
	unsigned char salt[16], iv[16];
	struct secret key = SECRET_INIT;
	struct buf text = BUF_INIT;
	int rc;

	rand_bytes(salt, sizeof(salt));
	rand_bytes(iv, sizeof(iv));
	rc = kdf_pbkdf2(HASH_SHA256, secret_view(password), str_mem(salt, sizeof(salt)), ITERATIONS,
			32, &key, e);
	if (rc == 0)
		rc = aes_cbc_encrypt(secret_view(&key), str_mem(iv, sizeof(iv)), plain, &text, e);
	if (rc == 0)
		put_pbes2(str_mem(salt, sizeof(salt)), str_mem(iv, sizeof(iv)), buf_view(&text),
			  der);
	secret_release(&key);
	buf_release(&text);
	return rc;
}

/* ---- DEK-Info ---- */

/* The value of a header, "Name: value" on a line of its own; empty when absent. */
static struct str header(struct str headers, const char *name)
{
	while (headers.n > 0) {
		struct str line = str_cut(headers, '\n', &headers), value;
		struct str key = str_cut(line, ':', &value);

		if (str_eqc(str_trim(key), name)) {
			while (value.n > 0 && value.p[value.n - 1] == '\r')
				value.n--;
			return str_trim(value);
		}
	}
	return STR_NULL;
}

bool dek_is_encrypted(struct str headers)
{
	struct str kind, version = str_cut(header(headers, "Proc-Type"), ',', &kind);

	return str_eqc(str_trim(version), "4") && str_eqc(str_trim(kind), "ENCRYPTED");
}

/* OpenSSL's EVP_BytesToKey with MD5 and one round: D(i) = MD5(D(i-1) || password || salt). */
static void bytes_to_key(const struct secret *password, struct str salt, size_t n,
			 struct secret *key)
{
	struct secret in = SECRET_INIT, digest = SECRET_INIT;

	secret_resize(&digest, hash_size(HASH_MD5));
	secret_release(key);
	while (key->n < n) {
		secret_resize(&in, 0);
		if (key->n > 0)
			secret_append(&in, digest.p, digest.n);
		secret_append(&in, password->p, password->n);
		secret_append(&in, salt.p, salt.n);
		hash(HASH_MD5, secret_view(&in), digest.p);
		secret_append(key, digest.p, digest.n < n - key->n ? digest.n : n - key->n);
	}
	secret_release(&in);
	secret_release(&digest);
}

static const struct cipher *dek_cipher(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(ciphers); i++) {
		if (str_eqc(name, ciphers[i].dek))
			return &ciphers[i];
	}
	return NULL;
}

int dek_decrypt(struct str headers, struct str cipher_text, const struct secret *password,
		struct secret *plain, struct err *e)
{
	struct str hex, name = str_cut(header(headers, "DEK-Info"), ',', &hex);
	const struct cipher *c = dek_cipher(str_trim(name));
	struct secret key = SECRET_INIT;
	struct buf iv = BUF_INIT;
	int rc;

	if (c == NULL)
		return ERR(e, ERR_UNSUPPORTED,
			   "encrypted key: DEK-Info with another cipher than AES-CBC or "
			   "DES-EDE3-CBC");
	rc = hex_decode(str_trim(hex), &iv, e);
	if (rc == 0 && iv.n != c->iv_size)
		rc = malformed(e, "DEK-Info");
	if (rc == 0) {
		bytes_to_key(password, str_mem(iv.p, 8), c->key_size, &key);
		rc = decrypt(c->oid, secret_view(&key), buf_view(&iv), cipher_text, plain, e);
	}
	secret_release(&key);
	buf_release(&iv);
	return rc;
}
