/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "codec/pem.h"
#include "jose/jwk.h"
#include "jose/jws.h"
#include "profile/profile.h"
#include "bench.h"

/*
 * bench_make.c - everything that a run sends, made beforehand: as `step ca certificate` would make
 * it, each with a key, a name and a token of its own.
 */
#define KEY_MAX	   16384
#define TOKEN_LIFE 300
#define DAY	   86400

static void hex(const unsigned char *p, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[p[i] >> 4];
		out[2 * i + 1] = digits[p[i] & 15];
	}
	out[2 * n] = '\0';
}

void maker_init(struct maker *m, const char *key_file, const char *name)
{
	struct buf text = BUF_INIT;
	struct err e = ERR_INIT;
	unsigned char r[8];
	char kid[44];

	*m = (struct maker){.name = name, .audience = "https://localhost/1.0/sign"};
	rand_bytes(r, sizeof(r));
	hex(r, sizeof(r), m->prefix);
	if (key_file == NULL)
		return;
	if (file_read(key_file, KEY_MAX, &text, &e) < 0 ||
	    (m->provisioner = key_from_file_data(buf_view(&text), NULL, &e)) == NULL)
		die_err("the provisioner's key", &e);
	buf_wipe_release(&text);
	jwk_thumbprint(m->provisioner, kid);
	m->kid = mem_strdup(kid);
}

void maker_csr(struct maker *m, const char *name, struct key **key, struct buf *der)
{
	struct err e = ERR_INIT;
	struct arena *a = arena_new();
	struct name subject = name_from_cn(str_c(name), a);
	struct san san = {.type = SAN_DNS, .value = str_c(name)};
	struct san_list sans = {&san, 1};
	struct key *k = key_generate(KEY_P256, 0, &e);

	(void)m;
	if (k == NULL || csr_build(k, &subject, &sans, der, &e) < 0)
		die_err("a certificate request", &e);
	arena_free(a);
	if (key != NULL)
		*key = k;
	else
		key_free(k);
}

void maker_token(struct maker *m, const char *name, struct buf *token)
{
	struct err e = ERR_INIT;
	unsigned char r[32];
	char jti[65];
	int64_t now = clock_now();
	json_t *o;

	rand_bytes(r, sizeof(r));
	hex(r, sizeof(r), jti);
	o = json_pack("{s:s,s:s,s:s,s:[s],s:s,s:I,s:I,s:I}", "iss", m->name, "aud", m->audience,
		      "sub", name, "sans", name, "jti", jti, "iat", (json_int_t)now, "nbf",
		      (json_int_t)now, "exp", (json_int_t)(now + TOKEN_LIFE));
	if (o == NULL || jws_sign(m->provisioner, m->kid, NULL, o, token, &e) < 0)
		die_err("a token", &e);
	json_decref(o);
}

static void put_head(struct buf *http, const char *method, const char *path, bool close_after,
		     size_t body)
{
	buf_printf(http, "%s %s HTTP/1.1\r\nHost: localhost\r\n", method, path);
	if (close_after)
		buf_puts(http, "Connection: close\r\n");
	if (strcmp(method, "POST") == 0)
		buf_printf(http, "Content-Type: application/json\r\nContent-Length: %zu\r\n", body);
	buf_puts(http, "\r\n");
}

void make_plain(const char *method, const char *path, bool close_after, struct buf *http)
{
	put_head(http, method, path, close_after, 0);
}

void maker_sign(struct maker *m, bool close_after, struct key **key, struct buf *http)
{
	struct buf der = BUF_INIT, pem = BUF_INIT, token = BUF_INIT, body = BUF_INIT;
	char name[64];
	json_t *o;

	snprintf(name, sizeof(name), "host-%llu.%s.example.com", m->made++, m->prefix);
	maker_csr(m, name, key, &der);
	pem_write(&pem, "CERTIFICATE REQUEST", buf_view(&der));
	maker_token(m, name, &token);
	o = json_pack("{s:s#,s:s#}", "csr", pem.p, (int)pem.n, "ott", token.p, (int)token.n);
	if (o == NULL)
		die("cannot make a request");
	json_write(o, &body);
	json_decref(o);
	put_head(http, "POST", "/1.0/sign", close_after, body.n);
	buf_str(http, buf_view(&body));
	buf_release(&der);
	buf_release(&pem);
	buf_release(&token);
	buf_release(&body);
}

/* ---- a CA in memory ---- */

static struct str certify(struct str tbs, struct key *signer, struct arena *a)
{
	struct buf sig = BUF_INIT, der = BUF_INIT;
	struct err e = ERR_INIT;
	struct str out;

	if (key_sign(signer, SIG_ECDSA_SHA256, tbs, &sig, &e) < 0)
		die_err("a certificate", &e);
	cert_assemble(tbs, SIG_ECDSA_SHA256, buf_view(&sig), &der);
	out = arena_str(a, buf_view(&der));
	buf_release(&sig);
	buf_release(&der);
	return out;
}

static struct str make_tbs(const struct profile_fields *f, const struct cert *issuer,
			   struct key *subject, struct arena *a)
{
	unsigned char serial[16];
	int64_t now = clock_now();
	struct profile_tbs p = {
		.serial = str_mem(serial, sizeof(serial)),
		.issuer = issuer,
		.sig_alg = SIG_ECDSA_SHA256,
		.subject_key = subject,
		.not_before = now - 60,
		.not_after = now + (f->is_ca ? 2 * DAY : DAY),
	};
	struct buf tbs = BUF_INIT;
	struct err e = ERR_INIT;
	struct str out;

	profile_serial(serial);
	if (profile_tbs(f, &p, a, &tbs, &e) < 0)
		die_err("a certificate", &e);
	out = arena_str(a, buf_view(&tbs));
	buf_release(&tbs);
	return out;
}

static void make_ca_cert(struct mini_ca *c, const char *cn, int path_len, const struct cert *issuer,
			 struct str *der, struct cert *out)
{
	struct name subject = name_from_cn(str_c(cn), c->arena);
	struct profile_fields f = {0};
	struct err e = ERR_INIT;

	profile_ca_fields(&f, &subject, path_len);
	*der = certify(make_tbs(&f, issuer, issuer ? c->key : c->root_key, c->arena), c->root_key,
		       c->arena);
	if (cert_parse(*der, c->arena, out, &e) < 0)
		die_err("a certificate", &e);
}

void mini_ca_init(struct mini_ca *c)
{
	struct err e = ERR_INIT;

	c->arena = arena_new();
	c->root_key = key_generate(KEY_P256, 0, &e);
	c->key = key_generate(KEY_P256, 0, &e);
	if (c->root_key == NULL || c->key == NULL)
		die_err("a key", &e);
	make_ca_cert(c, "Bench Root CA", 1, NULL, &c->root_der, &c->root);
	make_ca_cert(c, "Bench Intermediate CA", 0, &c->root, &c->der, &c->cert);
}

void mini_ca_release(struct mini_ca *c)
{
	key_free(c->root_key);
	key_free(c->key);
	arena_free(c->arena);
}

struct str mini_ca_tbs(struct mini_ca *c, struct key *subject, const char *name, struct arena *a)
{
	struct san san = {.type = SAN_DNS, .value = str_c(name)};
	struct san_list sans = {&san, 1};
	struct profile_fields f = {0};

	profile_leaf_fields(&f, str_c(name), &sans, KEY_P256, a);
	return make_tbs(&f, &c->cert, subject, a);
}

struct str mini_ca_leaf(struct mini_ca *c, struct key *subject, const char *name, struct arena *a)
{
	return certify(mini_ca_tbs(c, subject, name, a), c->key, a);
}
