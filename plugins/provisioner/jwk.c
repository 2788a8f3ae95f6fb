/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * jwk.c - the JWK provisioner: a password and one-time tokens.
 *
 * The provisioner has a key pair. Its public half is `key`; its private half, encrypted under a
 * password, is `encryptedKey`, which the daemon hands out and never opens. Who knows the password
 * makes a token: a JWT that names the subject and its names, signed by the private key, good for
 * some minutes and one certificate. The same tokens revoke, with the serial number as subject.
 *
 * What is checked, in this order: the signature; exp, nbf, iat, aud, iss (the provisioner's name),
 * sub; then what the token is for. Nothing of the token is looked at for a decision before its
 * signature is right. `cnf` binds a token to one CSR: x5rt#S256 is the base64url SHA-256 of its
 * DER. Other headers and claims (sha, user, jwk, x5c ...) decide nothing here; the claims are there
 * for templates.
 */
#include "abi/abi.h"
#include "abi/host.h"
#include "abi/prov.h"

#include <stdlib.h>
#include <string.h>

#define NAMES_MAX 500

struct jwk_prov {
	struct signet_key *key;
	char id[256]; /* "name:kid" */
	char *name;
	const struct signet_value *config; /* the host's, as long as this */
};

enum { START, VERIFYING };
struct jwk_op {
	int state;
};

static struct signet_str text(const char *s)
{
	return (struct signet_str){s, strlen(s)};
}

/* ---- instance ---- */

static void jwk_destroy(const struct signet_host *host, void *instance)
{
	struct jwk_prov *p = instance;

	if (p->key)
		host->key_free(p->key);
	free(p->name);
	free(p);
}

static int set_id(struct jwk_prov *p, const struct signet_host *host, struct signet_err *e)
{
	struct signet_str kid = host->key_kid(p->key);
	size_t n = strlen(p->name);

	if (n + 1 + kid.n + 1 > sizeof(p->id))
		return host->error(e, SIGNET_INVALID,
				   "name and kid: longer than %zu bytes together",
				   sizeof(p->id) - 2);
	memcpy(p->id, p->name, n);
	p->id[n] = ':';
	memcpy(p->id + n + 1, kid.p, kid.n);
	p->id[n + 1 + kid.n] = 0;
	return 0;
}

static int jwk_create(const struct signet_host *host, const struct signet_prov_config *c,
		      void **instance, struct signet_err *e)
{
	struct jwk_prov *p = calloc(1, sizeof(*p));

	if (!p)
		return host->error(e, SIGNET_INTERNAL, "out of memory");
	p->config = c->value;
	p->name = strdup(c->name);
	if (!p->name) {
		jwk_destroy(host, p);
		return host->error(e, SIGNET_INTERNAL, "out of memory");
	}
	p->key = host->key_from_jwk(host->value_get(c->value, "key"), e);
	if (!p->key || set_id(p, host, e) < 0) {
		jwk_destroy(host, p);
		return -1;
	}
	*instance = p;
	return 0;
}

static int jwk_token_id(const void *instance, char out[256])
{
	const struct jwk_prov *p = instance;

	memcpy(out, p->id, sizeof(p->id));
	return 0;
}

static void jwk_describe(const void *instance, const struct signet_host *host,
			 struct signet_value *out)
{
	const struct jwk_prov *p = instance;
	const struct signet_value *v = host->value_get(p->config, "encryptedKey");
	struct signet_str s;

	host->out_value(out, "key", host->value_get(p->config, "key"));
	if (v && host->value_string(v, &s) && s.n)
		host->out_string(out, "encryptedKey", s);
}

/* ---- a token ---- */

/* base64url without padding of 32 bytes */
static void b64url_32(const unsigned char in[32], char out[43])
{
	static const char set[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned acc = 0, bits = 0;
	size_t o = 0;

	for (size_t i = 0; i < 32; i++) {
		acc = (acc << 8 | in[i]) & 0xffffU;
		for (bits += 8; bits >= 6; bits -= 6)
			out[o++] = set[acc >> (bits - 6) & 63U];
	}
	out[o] = set[acc << (6 - bits) & 63U];
}

/* An absent `cnf` binds to nothing; one that cannot be checked is a refusal. */
static int check_cnf(const struct signet_host *host, const struct signet_prov_op *op,
		     struct signet_err *e)
{
	const struct signet_value *cnf = host->value_get(host->op_token_claims(op), "cnf"), *v;
	struct signet_str want, der = host->op_csr_sha256(op);
	char got[43];
	unsigned differ = 0;

	if (!cnf)
		return 0;
	v = host->value_get(cnf, "x5rt#S256");
	if (!v || !host->value_string(v, &want) || host->value_count(cnf) != 1)
		return host->error(e, SIGNET_UNAUTHORIZED, "cnf: only x5rt#S256 can be checked");
	if (der.n != 32)
		return host->error(e, SIGNET_UNAUTHORIZED,
				   "cnf: bound to a certificate request, but there is none");
	b64url_32((const unsigned char *)der.p, got);
	differ = want.n != sizeof(got);
	for (size_t i = 0; i < sizeof(got); i++)
		differ |= (unsigned char)got[i] ^ (unsigned char)(i < want.n ? want.p[i] : 0);
	/* Not the token is wrong, but the request: 403, as for its names. */
	if (differ)
		return host->error(e, SIGNET_FORBIDDEN,
				   "cnf: bound to another certificate request");
	return 0;
}

/* `sans`, or the subject when it is absent or empty. */
static int grant_names(const struct signet_host *host, struct signet_prov_op *op,
		       struct signet_str sub, struct signet_err *e)
{
	const struct signet_value *sans = host->value_get(host->op_token_claims(op), "sans");
	size_t n = sans ? host->value_count(sans) : 0;
	struct signet_str s;

	if (sans && host->value_type(sans) != SIGNET_VALUE_LIST &&
	    host->value_type(sans) != SIGNET_VALUE_NULL)
		return host->error(e, SIGNET_UNAUTHORIZED, "sans: must be a list");
	if (n > NAMES_MAX)
		return host->error(e, SIGNET_UNAUTHORIZED, "sans: more than %d names", NAMES_MAX);
	if (n == 0)
		return host->grant_name(op, 0, sub, e);
	for (size_t i = 0; i < n; i++) {
		if (!host->value_string(host->value_at(sans, i), &s))
			return host->error(e, SIGNET_UNAUTHORIZED, "sans: element %zu is no string",
					   i);
		if (host->grant_name(op, 0, s, e) < 0)
			return -1;
	}
	return 0;
}

static int grant_sign(const struct jwk_prov *p, const struct signet_host *host,
		      struct signet_prov_op *op, struct signet_str sub, struct signet_err *e)
{
	if (check_cnf(host, op, e) < 0)
		return -1;
	host->grant_subject(op, sub);
	if (grant_names(host, op, sub, e) < 0)
		return -1;
	host->grant_match_csr(op);
	host->grant_credential(op, host->key_kid(p->key));
	return 0;
}

static int grant(const struct jwk_prov *p, const struct signet_host *host,
		 struct signet_prov_op *op, struct signet_err *e)
{
	const struct signet_value *claims = host->op_token_claims(op), *v;
	const struct signet_token_rules rules = {.issuer = text(p->name), .need_subject = true};
	struct signet_str sub = {0}, jti = {0};

	if (host->check_claims(op, &rules, e) < 0)
		return -1;
	v = host->value_get(claims, "sub");
	if (!v || !host->value_string(v, &sub) || sub.n == 0)
		return host->error(e, SIGNET_UNAUTHORIZED, "sub: missing");
	v = host->value_get(claims, "jti");
	if (v && !host->value_string(v, &jti))
		return host->error(e, SIGNET_UNAUTHORIZED, "jti: must be a string");
	host->grant_once(op, jti);
	if (host->op_method(op) == SIGNET_SIGN)
		return grant_sign(p, host, op, sub, e);
	host->grant_serial(op, sub); /* SIGNET_REVOKE */
	return 0;
}

static enum signet_prov_rc jwk_authorize(const void *instance, const struct signet_host *host,
					 struct signet_prov_op *op, void *scratch,
					 struct signet_err *e)
{
	const struct jwk_prov *p = instance;
	struct jwk_op *s = scratch;

	if (s->state == START) {
		enum signet_prov_method m = host->op_method(op);
		if (m != SIGNET_SIGN && m != SIGNET_REVOKE) {
			host->error(e, SIGNET_UNSUPPORTED,
				    "JWK: only sign and revoke are supported");
			return SIGNET_PROV_DENY;
		}
		s->state = VERIFYING;
		return host->verify_token(op, p->key, e) < 0 ? SIGNET_PROV_DENY : SIGNET_PROV_WAIT;
	}
	if (host->wait_result(op, e) < 0 || grant(p, host, op, e) < 0)
		return SIGNET_PROV_DENY;
	return SIGNET_PROV_GRANT;
}

static const struct signet_conf_key keys[] = {
	{"key", SIGNET_CONF_ANY, NULL, true, "Public key as a JWK; tokens are checked with it."},
	{"encryptedKey", SIGNET_CONF_STRING, NULL, false,
	 "Private key as a compact JWE under a password (PBES2); shown to every client, so that "
	 "who knows the password can make tokens."},
	{NULL, SIGNET_CONF_STRING, NULL, false, NULL},
};

static const struct signet_prov_driver driver = {
	.size = sizeof(driver),
	.scratch_size = sizeof(struct jwk_op),
	.step_type = 1,
	.create = jwk_create,
	.destroy = jwk_destroy,
	.token_id = jwk_token_id,
	.authorize = jwk_authorize,
	.describe = jwk_describe,
};

SIGNET_PLUGIN_DEFINE(jwk) = {
	SIGNET_PLUGIN_HEAD(SIGNET_PROVISIONER), .name = "JWK", .version = "1.0",
	.licence = "GPL-3.0-or-later",		.conf = keys,  .driver = &driver,
};
