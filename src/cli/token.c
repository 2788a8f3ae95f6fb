/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/cli.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "codec/b64.h"
#include "codec/uuid.h"
#include "jose/jwk.h"
#include "jose/jws.h"
#include "x509/x509.h"

/*
 * token.c - what stands in a one-time token (step-api 2.2), and in a renew token (2.3).
 *
 * A token for /sign carries the names, one for /revoke the serial alone. `sha` lets whoever gets
 * the token trust the CA by it. The lifetime of the certificate is not in it: whoever asks for the
 * certificate chooses it, within the provisioner's limits.
 */

#define LIFETIME_DEFAULT (5 * 60)
#define LIFETIME_MIN	 10
#define LIFETIME_MAX	 3600
#define DELAY_MAX	 (30 * 60)

/* ---- options ---- */

int time_option(struct cli *c, const char *opt, const char *text, int64_t base, int64_t *out,
		struct err *e)
{
	int64_t ns;

	if (duration_parse(str_c(text), &ns, e) == 0)
		*out = base + ns / DURATION_SECOND;
	else if (time_parse_rfc3339(str_c(text), out, e) < 0)
		return cli_misuse(c, e,
				  "--%s %s: a duration such as 5m, or a time such as "
				  "2026-01-02T03:04:05Z",
				  opt, text);
	return 0;
}

int endpoint_option(struct cli *c, const char **out, struct err *e)
{
	const char *text = cli_value(c, "endpoint");
	unsigned char id[16];
	char uuid[37];

	*out = NULL;
	if (text == NULL)
		return 0;
	if (uuid_parse(str_c(text), id) < 0)
		return cli_misuse(c, e, "--endpoint %s: an id such as `signet list` shows, a UUID",
				  text);
	uuid_format(id, uuid);
	*out = arena_strdup(c->arena, uuid);
	return 0;
}

static int set_from_file(const char *path, json_t **out, struct err *e)
{
	struct buf text = BUF_INIT;
	int rc = file_read(path, json_limits_request.max_bytes, &text, e);

	if (rc < 0)
		return -1;
	*out = json_parse(buf_view(&text), &json_limits_request, JSON_TOP_OBJECT, e);
	buf_release(&text);
	return *out ? 0 : err_wrap(e, "%s", path);
}

/* KEY=VALUE as `step` reads it: JSON when it is some, else a string. */
static int set_one(struct cli *c, json_t *data, const char *text, struct err *e)
{
	const char *eq = strchr(text, '=');
	struct err ignore = ERR_INIT;
	json_t *v;

	if (eq == NULL || eq == text)
		return cli_misuse(c, e, "--set %s: KEY=VALUE is needed", text);
	if (!utf8_valid(str_c(text)))
		return cli_misuse(c, e, "--set: not UTF-8");
	v = json_parse(str_c(eq + 1), &json_limits_request, 0, &ignore);
	if (v == NULL)
		v = json_string(eq + 1);
	json_object_set_new(data, arena_cstr(c->arena, (struct str){text, (size_t)(eq - text)}), v);
	return 0;
}

int set_options(struct cli *c, json_t **out, struct err *e)
{
	const char *file = cli_value(c, "set-file"), *set[CLI_MAX_OPTS];
	size_t n = cli_values(c, "set", set, ARRAY_LEN(set));

	*out = NULL;
	if (file != NULL && set_from_file(file, out, e) < 0)
		return -1;
	if (n > 0 && *out == NULL)
		*out = json_object();
	for (size_t i = 0; i < n; i++) {
		if (set_one(c, *out, set[i], e) < 0) {
			json_decref(*out);
			*out = NULL;
			return -1;
		}
	}
	return 0;
}

int names_check(struct cli *c, const char *subject, const char **sans, size_t n, bool others,
		struct err *e)
{
	struct san ignore;

	for (size_t i = 0; i < n; i++)
		if (san_from_text(str_c(sans[i]), c->arena, &ignore, e) < 0)
			return cli_misuse(c, e, "--san: %s", e->msg);
	if (n == 0 && !others && san_from_text(str_c(subject), c->arena, &ignore, e) < 0)
		return cli_misuse(c, e, "SUBJECT: %s; give names with --san", e->msg);
	return 0;
}

/* ---- claims ---- */

static int lifetime(struct cli *c, const struct token_request *r, int64_t now, int64_t *nbf,
		    int64_t *exp, struct err *e)
{
	*nbf = now;
	if (r->not_before != NULL) {
		if (time_option(c, "not-before", r->not_before, now, nbf, e) < 0)
			return -1;
		if (*nbf < now - LIFETIME_MAX || *nbf > now + DELAY_MAX)
			return cli_misuse(c, e, "--not-before %s: a token begins within 30m",
					  r->not_before);
	}
	*exp = *nbf + LIFETIME_DEFAULT;
	if (r->not_after != NULL && time_option(c, "not-after", r->not_after, now, exp, e) < 0)
		return -1;
	if (*exp - *nbf < LIFETIME_MIN || *exp - *nbf > LIFETIME_MAX || *exp < now + LIFETIME_MIN)
		return cli_misuse(c, e, "%s %s: a token lives 10s to 1h",
				  r->not_after ? "--not-after" : "--not-before",
				  r->not_after ? r->not_after : r->not_before);
	return 0;
}

static int root_fingerprint(struct cli *c, char hex[65], struct err *e)
{
	struct buf pem = BUF_INIT;
	struct str *ders;
	size_t n;
	int rc;

	if (file_read(c->root, 1 << 20, &pem, e) < 0)
		return -1;
	rc = cert_pem_read(buf_view(&pem), c->arena, &ders, &n, e);
	if (rc == 0)
		cert_fingerprint(ders[0], hex);
	buf_release(&pem);
	return rc < 0 ? err_wrap(e, "%s", c->root) : 0;
}

static void put_jti(json_t *v)
{
	unsigned char random[32];
	struct buf jti = BUF_INIT;

	rand_bytes(random, sizeof(random));
	hex_encode(str_mem(random, sizeof(random)), &jti);
	json_object_set_new(v, "jti", json_str_new(buf_view(&jti)));
	buf_release(&jti);
}

static void put_names(json_t *v, const struct token_request *r)
{
	json_t *sans = json_array();

	for (size_t i = 0; i < r->n_sans; i++)
		json_array_append_new(sans, json_string(r->sans[i]));
	if (r->n_sans == 0)
		json_array_append_new(sans, json_string(r->subject));
	json_object_set_new(v, "sans", sans);
}

static json_t *claims(struct cli *c, const struct token_request *r, const struct token_key *k,
		      struct err *e)
{
	const char *path = r->aud_path ? r->aud_path : "/1.0/sign";
	int64_t now = clock_now(), nbf, exp;
	char sha[65];
	json_t *v;

	if (lifetime(c, r, now, &nbf, &exp, e) < 0 || root_fingerprint(c, sha, e) < 0)
		return NULL;
	v = json_object();
	json_object_set_new(v, "aud", json_string(arena_printf(c->arena, "%s%s", c->ca_url, path)));
	json_object_set_new(v, "exp", json_integer(exp));
	json_object_set_new(v, "iat", json_integer(now));
	json_object_set_new(v, "nbf", json_integer(nbf));
	json_object_set_new(v, "iss", json_string(k->name));
	put_jti(v);
	json_object_set_new(v, "sha", json_string(sha));
	json_object_set_new(v, "sub", json_string(r->subject));
	if (r->aud_path == NULL)
		put_names(v, r);
	if (r->cnf != NULL)
		json_object_set_new(v, "cnf", json_pack("{s:s}", "x5rt#S256", r->cnf));
	if (r->set != NULL)
		json_object_set_new(v, "user", json_deep_copy(r->set));
	if (r->endpoint != NULL)
		json_object_set_new(v, "endpoint", json_string(r->endpoint));
	return v;
}

/* What is wrong on the command line is said before a password is asked for. */
static int check_request(struct cli *c, const struct token_request *r, struct err *e)
{
	int64_t nbf, exp;

	if (!utf8_valid(str_c(r->subject)))
		return cli_misuse(c, e, "SUBJECT: not UTF-8");
	return lifetime(c, r, clock_now(), &nbf, &exp, e);
}

int token_make(struct cli *c, const struct token_request *r, struct buf *out, struct err *e)
{
	struct token_key k = {0};
	json_t *v;
	int rc = -1;

	if (check_request(c, r, e) < 0)
		return -1;
	if (token_key_get(c, &k, e) == 0) {
		v = claims(c, r, &k, e);
		if (v != NULL)
			rc = jws_sign(k.key, k.kid, NULL, v, out, e);
		json_decref(v);
	}
	token_key_release(&k);
	return rc;
}

/* ---- renew token ---- */

static json_t *chain_header(const struct str *chain, size_t n)
{
	json_t *list = json_array();
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < n; i++) {
		buf_reset(&text);
		b64_encode(B64_STD, chain[i], &text);
		json_array_append_new(list, json_str_new(buf_view(&text)));
	}
	buf_release(&text);
	return json_pack("{s:o}", "x5cInsecure", list);
}

int token_make_renew(struct cli *c, const struct str *chain, size_t n, struct key *k,
		     struct buf *out, struct err *e)
{
	int64_t now = clock_now();
	struct cert leaf;
	struct str cn;
	char kid[44];
	json_t *v, *header;
	int rc;

	if (cert_parse(chain[0], c->arena, &leaf, e) < 0)
		return -1;
	cn = name_get(&leaf.subject, OID_CN);
	jwk_thumbprint(k, kid);
	header = chain_header(chain, n);
	v = json_object();
	json_object_set_new(v, "aud", json_string(arena_printf(c->arena, "%s/renew", c->ca_url)));
	json_object_set_new(v, "exp", json_integer(now + LIFETIME_DEFAULT));
	json_object_set_new(v, "iat", json_integer(now));
	json_object_set_new(v, "nbf", json_integer(now));
	json_object_set_new(v, "iss", json_string("step-ca-client/1.0"));
	put_jti(v);
	json_object_set_new(v, "sub", json_str_new(cn));
	rc = jws_sign(k, kid, header, v, out, e);
	json_decref(v);
	json_decref(header);
	return rc;
}
