/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/mem.h"
#include "codec/b64.h"
#include "codec/der.h"
#include "codec/oid.h"
#include "codec/pem.h"
#include "crypto/key.h"
#include "tmpl/asn1.h"
#include "tmpl/func.h"

#include <crypt.h>

/*
 * funcs_crypto.c - passwords, AES and keys of sprig. What costs more than a millisecond is marked
 * TMPL_FUNC_SLOW: unknown to a template unless the caller allows it, and then the run belongs on a
 * worker. Like sprig, most of them give the text of an error as their result. What is not here:
 * functions that make certificates, and all that would reach outside (getHostByName, env).
 */
#define BCRYPT_MAX 72 /* bytes of a password that count */

static int return_text(struct tmpl_call *c, struct tv *out, const char *fmt, ...) PRINTF(3, 4);
static int return_text(struct tmpl_call *c, struct tv *out, const char *fmt, ...)
{
	struct buf b = BUF_INIT;
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_puts(&b, text);
	return tmpl_return_buf(c, &b, out);
}

/* ---- bcrypt ---- */
static void bcrypt_text(struct str password, struct buf *out)
{
	char setting[64], random[16];
	const char *hash = NULL;

	if (password.n > BCRYPT_MAX || memchr(password.p, 0, password.n) != NULL) {
		buf_printf(out, "failed to encrypt string with bcrypt: bcrypt: password %s",
			   password.n > BCRYPT_MAX ? "length exceeds 72 bytes" : "has a NUL byte");
		return;
	}
	/* 2b is today's name of what Go writes as 2a; libxcrypt's own 2a is another one. */
	char *word = mem_strndup(password.p != NULL ? password.p : "", password.n);
	struct crypt_data *data = mem_alloc(sizeof(*data));
	rand_bytes(random, sizeof(random));
	if (crypt_gensalt_rn("$2b$", 10, random, sizeof(random), setting, sizeof(setting)) != NULL)
		hash = crypt_r(word, setting, data);
	if (hash != NULL && strncmp(hash, "$2b$", 4) == 0) {
		buf_puts(out, "$2a$");
		buf_puts(out, hash + 4);
	} else {
		buf_puts(out, "failed to encrypt string with bcrypt: libcrypt does not have it");
	}
	mem_wipe(data, sizeof(*data));
	mem_free(data);
	mem_wipe(word, password.n);
	mem_free(word);
}

static int bcrypt(struct tmpl_call *c, const struct tv *args, size_t n UNUSED, struct tv *out)
{
	struct buf b = BUF_INIT;

	bcrypt_text(args[0].s, &b);
	return tmpl_return_buf(c, &b, out);
}

static int htpasswd(struct tmpl_call *c, const struct tv *args, size_t n UNUSED, struct tv *out)
{
	struct buf b = {.limit = c->room > 0 ? c->room : 1};

	if (str_has(args[0].s, ':')) {
		buf_puts(&b, "invalid username: ");
		buf_str(&b, args[0].s);
	} else {
		buf_str(&b, args[0].s);
		buf_putc(&b, ':');
		bcrypt_text(args[1].s, &b);
	}
	return tmpl_return_buf(c, &b, out);
}

/* ---- derivePassword: the Master Password algorithm, version 3 ---- */
#define MASTER_SCOPE "com.lyndir.masterpassword"

/* Each letter stands for a class of characters. */
static const char *class_characters(char class)
{
#define UPPER_VOWELS	 "AEIOU"
#define LOWER_VOWELS	 "aeiou"
#define UPPER_CONSONANTS "BCDFGHJKLMNPQRSTVWXYZ"
#define LOWER_CONSONANTS "bcdfghjklmnpqrstvwxyz"
#define DIGITS		 "0123456789"
#define LETTERS		 UPPER_VOWELS LOWER_VOWELS UPPER_CONSONANTS LOWER_CONSONANTS
	switch (class) {
	case 'V':
		return UPPER_VOWELS;
	case 'C':
		return UPPER_CONSONANTS;
	case 'v':
		return LOWER_VOWELS;
	case 'c':
		return LOWER_CONSONANTS;
	case 'A':
		return UPPER_VOWELS UPPER_CONSONANTS;
	case 'a':
		return LETTERS;
	case 'n':
		return DIGITS;
	case 'o':
		return "@&%?,=[]_:-+*$#!'^~;()/.";
	default:
		return LETTERS DIGITS "!@#$%^&*()";
	}
}

/* The patterns of a kind, separated by spaces; NULL: no such kind. */
static const char *password_patterns(struct str kind)
{
	static const struct {
		const char *name, *patterns;
	} kinds[] = {
		{"maximum", "anoxxxxxxxxxxxxxxxxx axxxxxxxxxxxxxxxxxno"},
		{"long", "CvcvnoCvcvCvcv CvcvCvcvnoCvcv CvcvCvcvCvcvno CvccnoCvcvCvcv "
			 "CvccCvcvnoCvcv CvccCvcvCvcvno CvcvnoCvccCvcv CvcvCvccnoCvcv "
			 "CvcvCvccCvcvno CvcvnoCvcvCvcc CvcvCvcvnoCvcc CvcvCvcvCvccno "
			 "CvccnoCvccCvcv CvccCvccnoCvcv CvccCvccCvcvno CvcvnoCvccCvcc "
			 "CvcvCvccnoCvcc CvcvCvccCvccno CvccnoCvcvCvcc CvccCvcvnoCvcc "
			 "CvccCvcvCvccno"},
		{"medium", "CvcnoCvc CvcCvcno"},
		{"short", "Cvcn"},
		{"basic", "aaanaaan aannaaan aaannaaa"},
		{"pin", "nnnn"},
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_eqc(kind, kinds[i].name))
			return kinds[i].patterns;
	return NULL;
}

static struct str pick_pattern(const char *patterns, unsigned char seed)
{
	struct str rest = str_c(patterns), one = STR_NULL;
	unsigned n = 1;

	for (const char *p = patterns; *p != '\0'; p++)
		n += *p == ' ';
	for (unsigned i = 0; i <= seed % n; i++)
		one = str_cut(rest, ' ', &rest);
	return one;
}

static void put_scoped(struct buf *b, struct str name)
{
	buf_puts(b, MASTER_SCOPE);
	buf_u32(b, (uint32_t)name.n);
	buf_str(b, name);
}

static int derive_password(struct tmpl_call *c, const struct tv *args, size_t n UNUSED,
			   struct tv *out)
{
	const char *patterns = password_patterns(args[1].s);
	struct buf salt = BUF_INIT, b = BUF_INIT;
	struct secret key = SECRET_INIT;
	struct err e = ERR_INIT;
	unsigned char seed[32];

	if (patterns == NULL) {
		b.limit = c->room > 0 ? c->room : 1;
		buf_puts(&b, "cannot find password template ");
		buf_str(&b, args[1].s);
		return tmpl_return_buf(c, &b, out);
	}
	put_scoped(&salt, args[3].s);
	if (kdf_scrypt(args[2].s, buf_view(&salt), 32768, 8, 2, 64, &key, &e) < 0) {
		buf_release(&salt);
		return return_text(c, out, "failed to derive password: %s", e.msg);
	}
	buf_reset(&salt);
	put_scoped(&salt, args[4].s);
	buf_u32(&salt, (uint32_t)args[0].u);
	hmac(HASH_SHA256, secret_view(&key), buf_view(&salt), seed);
	struct str pattern = pick_pattern(patterns, seed[0]);
	for (size_t i = 0; i < pattern.n; i++) {
		const char *from = class_characters(pattern.p[i]);
		buf_putc(&b, from[seed[i + 1] % strlen(from)]);
	}
	buf_release(&salt);
	secret_release(&key);
	return tmpl_return_buf(c, &b, out);
}

/* ---- AES-256-CBC, the password itself as the key ---- */
#define BLOCK 16

static struct str aes_key(struct str password, char key[32])
{
	memset(key, 0, 32);
	if (password.n > 0)
		memcpy(key, password.p, password.n < 32 ? password.n : 32);
	return str_mem(key, 32);
}

static int encrypt_aes(struct tmpl_call *c, const struct tv *args, size_t n UNUSED, struct tv *out)
{
	struct buf b = BUF_INIT, text = BUF_INIT;
	struct err e = ERR_INIT;
	char key[32], iv[BLOCK];

	if (args[1].s.n == 0) {
		*out = tv_str(STR(""));
		return 0;
	}
	if (tmpl_steps(c, args[1].s.n) < 0 || tmpl_room(c, args[1].s.n) < 0)
		return -1;
	rand_bytes(iv, sizeof(iv));
	buf_add(&b, iv, sizeof(iv));
	int r = aes_cbc_encrypt(aes_key(args[0].s, key), str_mem(iv, BLOCK), args[1].s, &b, &e);
	mem_wipe(key, sizeof(key));
	if (r < 0)
		r = tmpl_error(c, "%s", e.msg);
	else
		b64_encode(B64_STD, buf_view(&b), &text);
	buf_release(&b);
	return r < 0 ? r : tmpl_return_buf(c, &text, out);
}

/* Before anything is decrypted: 0, or the texts that Go's run-time errors would be. */
static int check_cipher_text(struct tmpl_call *c, struct str input, struct str bytes)
{
	if (bytes.n < BLOCK)
		return tmpl_error(
			c, "runtime error: slice bounds out of range [:16] with capacity %zu",
			input.n / 4 * 3);
	if (bytes.n % BLOCK != 0)
		return tmpl_error(c, "crypto/cipher: input not full blocks");
	if (bytes.n == BLOCK)
		return tmpl_error(c, "runtime error: index out of range [-1]");
	return 0;
}

static int decrypt_aes(struct tmpl_call *c, const struct tv *args, size_t n UNUSED, struct tv *out)
{
	struct buf b = BUF_INIT, text = BUF_INIT;
	struct secret plain = SECRET_INIT;
	struct err e = ERR_INIT;
	size_t bad;
	char key[32];

	if (args[1].s.n == 0) {
		*out = tv_str(STR(""));
		return 0;
	}
	if (tmpl_steps(c, args[1].s.n) < 0 || tmpl_room(c, args[1].s.n) < 0)
		return -1;
	int r = b64_go_decode(args[1].s, &b, &bad);
	if (r < 0)
		r = tmpl_error(c, "illegal base64 data at input byte %zu", bad);
	else
		r = check_cipher_text(c, args[1].s, buf_view(&b));
	if (r == 0) {
		/* Go takes any padding; a wrong password is better an error than rubbish. */
		r = aes_cbc_decrypt(aes_key(args[0].s, key), str_mem(b.p, BLOCK),
				    str_mem(b.p + BLOCK, b.n - BLOCK), &plain, &e);
		mem_wipe(key, sizeof(key));
		if (r < 0)
			r = tmpl_error(c, "%s", e.msg);
	}
	if (r == 0)
		buf_str(&text, secret_view(&plain));
	secret_release(&plain);
	buf_release(&b);
	return r < 0 ? r : tmpl_return_buf(c, &text, out);
}

/* ---- genPrivateKey ---- */
/* ECPrivateKey (RFC 5915) with its curve and public key. */
static void put_sec1(const struct key *k, struct buf *der)
{
	struct key_parts parts = {0};
	struct buf point = BUF_INIT;

	key_parts(k, true, &parts);
	key_public_bits(k, &point);
	struct der_mark seq = der_begin(der, DER_SEQUENCE);
	der_put_uint(der, 1);
	der_put(der, DER_OCTET_STRING, secret_view(&parts.d));
	struct der_mark curve = der_begin(der, DER_CTX_CONS(0));
	der_put_oid(der, oid_der(OID_P256));
	der_end(der, curve);
	struct der_mark public = der_begin(der, DER_CTX_CONS(1));
	der_put_bit_string(der, buf_view(&point));
	der_end(der, public);
	der_end(der, seq);
	buf_release(&point);
	key_parts_release(&parts);
}

/* RSAPrivateKey: what PKCS#8 has inside. */
static void put_pkcs1(struct str pkcs8, struct buf *der)
{
	struct str inner, ignored;

	if (der_get(&pkcs8, DER_SEQUENCE, &inner) && der_get_integer(&inner, &ignored) &&
	    der_get(&inner, DER_SEQUENCE, &ignored) && der_get(&inner, DER_OCTET_STRING, &ignored))
		buf_str(der, ignored);
}

static void put_key(const struct key *k, struct buf *pem)
{
	struct buf der = BUF_INIT;
	struct secret pkcs8 = SECRET_INIT;

	key_to_pkcs8(k, &pkcs8);
	if (key_type(k) == KEY_P256)
		put_sec1(k, &der);
	else if (key_type(k) == KEY_RSA)
		put_pkcs1(secret_view(&pkcs8), &der);
	if (key_type(k) == KEY_ED25519)
		pem_write(pem, "PRIVATE KEY", secret_view(&pkcs8));
	else
		pem_write(pem, key_type(k) == KEY_RSA ? "RSA PRIVATE KEY" : "EC PRIVATE KEY",
			  buf_view(&der));
	secret_release(&pkcs8);
	buf_wipe_release(&der);
}

static int gen_private_key(struct tmpl_call *c, const struct tv *args, size_t n UNUSED,
			   struct tv *out)
{
	static const struct {
		const char *name;
		enum key_type type;
	} kinds[] = {
		{"", KEY_RSA}, {"rsa", KEY_RSA}, {"ecdsa", KEY_P256}, {"ed25519", KEY_ED25519}};
	struct buf pem = {.limit = c->room > 0 ? c->room : 1};
	struct err e = ERR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (!str_eqc(args[0].s, kinds[i].name))
			continue;
		struct key *k = key_generate(kinds[i].type, 4096, &e);
		if (k == NULL)
			return return_text(c, out, "failed to generate private key: %s", e.msg);
		put_key(k, &pem);
		key_free(k);
		return tmpl_return_buf(c, &pem, out);
	}
	if (str_eqc(args[0].s, "dsa")) {
		buf_puts(&pem, "failed to generate private key: DSA is not supported");
		return tmpl_return_buf(c, &pem, out);
	}
	buf_puts(&pem, "Unknown type ");
	buf_str(&pem, args[0].s);
	return tmpl_return_buf(c, &pem, out);
}

#define SLOW (TMPL_FUNC_SPRIG | TMPL_FUNC_SLOW)
const struct tmpl_func tmpl_funcs_crypto[] = {
	{"bcrypt", "s", 's', SLOW, bcrypt},
	{"decryptAES", "ss", 's', TMPL_FUNC_SPRIG, decrypt_aes},
	{"derivePassword", "ussss", 's', SLOW, derive_password},
	{"encryptAES", "ss", 's', TMPL_FUNC_SPRIG, encrypt_aes},
	{"genPrivateKey", "s", 's', SLOW, gen_private_key},
	{"htpasswd", "ss", 's', SLOW, htpasswd},
	{0},
};
