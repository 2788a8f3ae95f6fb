/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/cli.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "codec/b64.h"
#include "codec/uri.h"
#include "jose/jwe.h"
#include "jose/jwk.h"
#include "jose/jws.h"
#include "x509/x509.h"

/*
 * cmd_token.c - one-time tokens. The provisioner's private key comes from the CA, encrypted under
 * the provisioner's password (JWE), or from a file (--key). It is used in memory only.
 */

#define LIFETIME_DEFAULT (5 * 60)
#define LIFETIME_MIN	 10
#define LIFETIME_MAX	 3600

struct signer {
	struct key *key;
	char *kid;	  /* owned */
	const char *name; /* provisioner, arena */
};

static void signer_release(struct signer *s)
{
	key_free(s->key);
	mem_free(s->kid);
}

/* ---- choosing a provisioner ---- */

static json_t *fetch_provisioners(struct cli *c, struct err *e)
{
	json_t *all = json_array(), *v, *page;
	struct str next = STR_NULL;
	size_t i;
	json_t *p;

	json_free_with(all, c->arena);
	do {
		struct ca_call call = {.method = "GET", .path = "/provisioners?limit=100"};

		if (next.n > 0)
			call.path = arena_printf(
				c->arena, "/provisioners?limit=100&cursor=" STR_FMT, STR_ARG(next));
		v = ca_call(c, &call, e);
		if (v == NULL)
			return NULL;
		json_free_with(v, c->arena);
		page = json_member(v, "provisioners", 0);
		json_array_foreach(page, i, p) json_array_append(all, p);
		if (json_opt_str(v, "nextCursor", 0, &next, e) < 0)
			return NULL;
	} while (next.n > 0 && json_array_size(all) < 10000);
	return all;
}

static struct str text_of(const json_t *o, const char *key)
{
	return json_str_view(json_member(o, key, 0));
}

static const json_t *ask_which(struct cli *c, const json_t **jwks, size_t n, struct err *e)
{
	const char *answer;
	uint64_t k;

	fputs("Provisioners:\n", stderr);
	for (size_t i = 0; i < n; i++)
		fprintf(stderr, "  %zu  " STR_FMT "\n", i + 1, STR_ARG(text_of(jwks[i], "name")));
	if (prompt_line(c, "Which one", "1", &answer, e) < 0)
		return NULL;
	if (!str_u64(str_c(answer), &k) || k < 1 || k > n) {
		ERR(e, ERR_INVALID, "\"%s\" is not one of 1 to %zu", answer, n);
		return NULL;
	}
	return jwks[k - 1];
}

/*
 * The JWK provisioner that --provisioner names, the only one there is, or the one that the user
 * chooses.
 */
static const json_t *choose(struct cli *c, const json_t *all, struct err *e)
{
	const char *want = cli_value(c, "provisioner");
	const json_t *found[64];
	size_t n = 0, i;
	json_t *p;

	json_array_foreach(all, i, p)
	{
		if (!str_ieqc(text_of(p, "type"), "JWK") || n == ARRAY_LEN(found))
			continue;
		if (want == NULL || str_eqc(text_of(p, "name"), want))
			found[n++] = p;
	}
	if (n == 0 && want != NULL)
		ERR(e, ERR_NOT_FOUND, "the CA has no JWK provisioner \"%s\"", want);
	else if (n == 0)
		ERR(e, ERR_NOT_FOUND, "the CA has no JWK provisioner");
	else if (n == 1)
		return found[0];
	else if (prompt_available())
		return ask_which(c, found, n, e);
	else
		ERR(e, ERR_INVALID,
		    "the CA has %zu JWK provisioners: choose with --provisioner NAME", n);
	return NULL;
}

/* ---- its key ---- */

static int key_from_jwk_text(struct str text, struct signer *s, struct err *e)
{
	json_t *v =
		json_parse(text, &json_limits_request, JSON_REFUSE_DUPLICATES | JSON_TOP_OBJECT, e);
	struct jwk jwk;
	int rc;

	if (v == NULL)
		return -1;
	rc = jwk_parse(v, true, &jwk, e);
	json_decref(v);
	if (rc < 0)
		return -1;
	s->key = jwk.key;
	s->kid = jwk.kid;
	return 0;
}

static int decrypt_key(struct cli *c, const json_t *prov, struct signer *s, struct err *e)
{
	struct str kid = text_of(json_member(prov, "key", 0), "kid"), jwe;
	struct secret password = SECRET_INIT, plain = SECRET_INIT;
	struct buf path = BUF_INIT;
	struct ca_call call = {.method = "GET"};
	int rc = -1;
	json_t *v;

	buf_puts(&path, "/provisioners/");
	uri_escape(kid, &path);
	buf_puts(&path, "/encrypted-key");
	call.path = arena_cstr(c->arena, buf_view(&path));
	buf_release(&path);
	v = ca_call(c, &call, e);
	if (v == NULL)
		return -1;
	if (json_get_str(v, "key", 0, &jwe, e) == 0 &&
	    password_get(c, "password-file",
			 arena_printf(c->arena, "Password of provisioner %s", s->name), false,
			 &password, e) == 0) {
		rc = jwe_decrypt_password(jwe, &password, &plain, e);
		if (rc < 0 && e->code == ERR_UNAUTHORIZED)
			ERR(e, ERR_UNAUTHORIZED, "wrong password for provisioner %s", s->name);
		else if (rc == 0)
			rc = key_from_jwk_text(secret_view(&plain), s, e);
	}
	secret_release(&password);
	secret_release(&plain);
	json_decref(v);
	return rc;
}

/* --key: a PEM private key or a private JWK. */
static int key_from_option(struct cli *c, const char *path, struct signer *s, struct err *e)
{
	struct secret text = SECRET_INIT;
	struct str t;
	int rc;

	if (file_read_secret(path, 65536, &text, e) < 0)
		return -1;
	t = str_trim(secret_view(&text));
	if (t.n > 0 && t.p[0] == '{') {
		rc = key_from_jwk_text(t, s, e);
		secret_release(&text);
		return rc < 0 ? err_wrap(e, "%s", path) : 0;
	}
	secret_release(&text);
	return read_key_file(c, path, "password-file", &s->key, e);
}

static bool same_public(const struct key *a, const struct key *b)
{
	struct buf x = BUF_INIT, y = BUF_INIT;
	bool same;

	key_to_spki(a, &x);
	key_to_spki(b, &y);
	same = str_eq(buf_view(&x), buf_view(&y));
	buf_release(&x);
	buf_release(&y);
	return same;
}

static int signer_get(struct cli *c, struct signer *s, struct err *e)
{
	const char *file = cli_value(c, "key");
	const json_t *all, *prov;
	struct str kid;
	struct jwk public;
	bool same;

	all = fetch_provisioners(c, e);
	if (all == NULL)
		return -1;
	prov = choose(c, all, e);
	if (prov == NULL)
		return -1;
	s->name = arena_cstr(c->arena, text_of(prov, "name"));
	if (file == NULL)
		return decrypt_key(c, prov, s, e);
	if (key_from_option(c, file, s, e) < 0)
		return -1;
	if (jwk_parse(json_member(prov, "key", 0), false, &public, e) < 0)
		return err_wrap(e, "provisioner %s", s->name);
	same = same_public(s->key, public.key);
	key_free(public.key);
	mem_free(public.kid);
	if (!same)
		return ERR(e, ERR_INVALID, "%s is not the key of provisioner %s", file, s->name);
	kid = text_of(json_member(prov, "key", 0), "kid");
	if (s->kid == NULL && kid.n > 0)
		s->kid = mem_strndup(kid.p, kid.n);
	return 0;
}

/* ---- the token ---- */

static int lifetime(struct cli *c, const char *text, int64_t now, int64_t *exp, struct err *e)
{
	int64_t ns;

	*exp = now + LIFETIME_DEFAULT;
	if (text == NULL)
		return 0;
	if (duration_parse(str_c(text), &ns, e) == 0)
		*exp = now + ns / DURATION_SECOND;
	else if (time_parse_rfc3339(str_c(text), exp, e) < 0)
		return cli_misuse(c, e,
				  "--not-after %s: a duration such as 5m, or a time such as "
				  "2026-01-02T03:04:05Z",
				  text);
	if (*exp < now + LIFETIME_MIN || *exp > now + LIFETIME_MAX)
		return cli_misuse(c, e, "--not-after %s: a token lives 10s to 1h", text);
	return 0;
}

static int root_fingerprint(struct cli *c, char hex[65], struct err *e)
{
	struct buf pem = BUF_INIT;
	struct str *ders;
	size_t n;
	int rc = file_read(c->root, 1 << 20, &pem, e);

	if (rc == 0)
		rc = cert_pem_read(buf_view(&pem), c->arena, &ders, &n, e);
	if (rc == 0)
		cert_fingerprint(ders[0], hex);
	buf_release(&pem);
	return rc < 0 ? err_wrap(e, "%s", c->root) : 0;
}

static json_t *claims(struct cli *c, const struct token_request *r, const struct signer *s,
		      struct err *e)
{
	unsigned char random[32];
	struct buf jti = BUF_INIT;
	int64_t now = clock_now(), exp;
	char sha[65];
	json_t *v, *sans;

	if (lifetime(c, r->not_after, now, &exp, e) < 0 || root_fingerprint(c, sha, e) < 0)
		return NULL;
	rand_bytes(random, sizeof(random));
	hex_encode(str_mem(random, sizeof(random)), &jti);
	sans = json_array();
	for (size_t i = 0; i < r->n_sans; i++)
		json_array_append_new(sans, json_string(r->sans[i]));
	if (r->n_sans == 0)
		json_array_append_new(sans, json_string(r->subject));
	v = json_object();
	json_object_set_new(v, "aud",
			    json_string(arena_printf(c->arena, "%s/1.0/sign", c->ca_url)));
	json_object_set_new(v, "exp", json_integer(exp));
	json_object_set_new(v, "iat", json_integer(now));
	json_object_set_new(v, "nbf", json_integer(now));
	json_object_set_new(v, "iss", json_string(s->name));
	json_object_set_new(v, "jti", json_str_new(buf_view(&jti)));
	json_object_set_new(v, "sha", json_string(sha));
	json_object_set_new(v, "sub", json_string(r->subject));
	json_object_set_new(v, "sans", sans);
	buf_release(&jti);
	return v;
}

int names_check(struct cli *c, const char *subject, const char **sans, size_t n, bool others,
		struct err *e)
{
	struct san ignore;

	if (subject[0] == '\0')
		return cli_misuse(c, e, "SUBJECT is empty");
	for (size_t i = 0; i < n; i++)
		if (san_from_text(str_c(sans[i]), c->arena, &ignore, e) < 0)
			return cli_misuse(c, e, "--san: %s", e->msg);
	if (n == 0 && !others && san_from_text(str_c(subject), c->arena, &ignore, e) < 0)
		return cli_misuse(c, e, "SUBJECT: %s; give names with --san", e->msg);
	return 0;
}

int token_make(struct cli *c, const struct token_request *r, struct buf *out, struct err *e)
{
	struct signer s = {0};
	json_t *v;
	int rc = -1;

	if (signer_get(c, &s, e) < 0)
		goto done;
	v = claims(c, r, &s, e);
	if (v == NULL)
		goto done;
	rc = jws_sign(s.key, s.kid, NULL, v, out, e);
	json_decref(v);
done:
	signer_release(&s);
	return rc;
}

static int token(struct cli *c)
{
	const char *sans[CLI_MAX_OPTS];
	struct token_request r = {
		.subject = c->args[0], .sans = sans, .not_after = cli_value(c, "not-after")};
	struct buf out = BUF_INIT;
	struct err e = ERR_INIT;

	r.n_sans = cli_values(c, "san", sans, ARRAY_LEN(sans));
	if (names_check(c, r.subject, sans, r.n_sans, false, &e) < 0 ||
	    trust_load(c, true, &e) < 0 || token_make(c, &r, &out, &e) < 0) {
		buf_wipe_release(&out);
		return cli_fail(c, &e);
	}
	puts(out.p);
	buf_wipe_release(&out);
	return EXIT_DONE;
}

static const struct cli_opt opts[] = {
	{"san", "NAME", "allowed name: DNS, address, e-mail or URI (default: SUBJECT)", true,
	 false},
	{"provisioner", "NAME", "provisioner that vouches for it", false, false},
	{"password-file", "FILE", "file with the provisioner's (or the key's) password", false,
	 false},
	{"key", "FILE",
	 "the provisioner's private key, PEM or JWK, instead of the CA's encrypted copy", false,
	 false},
	{"not-after", "TIME", "end of the token: duration or RFC 3339, 10s to 1h (default 5m)",
	 false, false},
	{"cert-not-after", "TIME", "", false, true},
	{"revoke", NULL, "", false, true},
	{"renew", NULL, "", false, true},
	{NULL, NULL, NULL, false, false},
};
const struct cli_cmd cmd_token = {
	.name = "token",
	.args = "SUBJECT",
	.min_args = 1,
	.max_args = 1,
	.summary = "Make a one-time token with which somebody else can get one certificate",
	.about = "The token is printed on standard output. It is good for one certificate with the "
		 "names that it lists, and\n"
		 "ends after five minutes. Hand it over on a way that you trust.",
	.opts = opts,
	.run = token,
};
