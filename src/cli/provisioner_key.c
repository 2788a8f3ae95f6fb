/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/keyfile.h"

#include "base/mem.h"
#include "codec/uri.h"
#include "jose/jwe.h"
#include "jose/jwk.h"

/*
 * provisioner_key.c - the key that signs tokens. It comes from the CA, encrypted under the
 * provisioner's password (JWE), or from a file (--key); with --offline the CA is not asked at all.
 * It is used in memory only.
 *
 * Which provisioner: --provisioner and --kid narrow the CA's list down, and so does --key (it is
 * the key of one of them). What is left is it, or the person at the terminal chooses.
 */

#define TRIES 3

static const char *wanted_name(struct cli *c)
{
	const char *name = cli_value(c, "provisioner");

	return name ? name : cli_value(c, "issuer");
}

static const char *password_option(struct cli *c)
{
	return cli_value(c, "provisioner-password-file") ? "provisioner-password-file"
							 : "password-file";
}

void token_key_release(struct token_key *k)
{
	key_free(k->key);
	k->key = NULL;
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

static struct str kid_of(const json_t *prov)
{
	return text_of(json_member(prov, "key", 0), "kid");
}

static void list_provisioners(const json_t **list, size_t n)
{
	struct buf text = BUF_INIT;

	buf_puts(&text, "Provisioners:\n");
	for (size_t i = 0; i < n; i++) {
		struct str kid = kid_of(list[i]);

		buf_printf(&text, "  %2zu  ", i + 1);
		text_put_safe(&text, text_of(list[i], "name"));
		buf_puts(&text, " (");
		text_put_safe(&text, text_of(list[i], "type"));
		buf_puts(&text, ") [kid: ");
		text_put_safe(&text, (struct str){kid.p, kid.n < 8 ? kid.n : 8});
		buf_puts(&text, kid.n > 8 ? "...]\n" : "]\n");
	}
	prompt_text(text.p);
	buf_release(&text);
}

static const json_t *ask_which(struct cli *c, const json_t **list, size_t n, struct err *e)
{
	const char *answer;
	uint64_t k;

	list_provisioners(list, n);
	for (unsigned try = 0; try < TRIES; try++) {
		if (prompt_line(c, "Which one", "1", &answer, e) < 0)
			return NULL;
		if (str_u64(str_trim(str_c(answer)), &k) && k >= 1 && k <= n)
			return list[k - 1];
		for (size_t i = 0; i < n; i++)
			if (str_eqc(text_of(list[i], "name"), answer))
				return list[i];
		ERR(e, ERR_INVALID, "\"%s\" is not one of 1 to %zu", answer, n);
		prompt_text(arena_printf(c->arena, "%s. Try again.\n", e->msg));
	}
	return NULL;
}

static bool has_key(const json_t *prov, const struct key *k)
{
	struct err ignore = ERR_INIT;
	struct jwk public;
	bool same;

	if (jwk_parse(json_member(prov, "key", 0), false, &public, &ignore) < 0)
		return false;
	same = key_equal(k, public.key);
	jwk_release(&public);
	return same;
}

static const json_t *none_fits(struct cli *c, size_t before_key, size_t keyless, struct err *e)
{
	const char *name = wanted_name(c), *kid = cli_value(c, "kid"), *file = cli_value(c, "key");

	if (before_key > 0 && name != NULL)
		ERR(e, ERR_INVALID, "%s is not the key of provisioner %s", file, name);
	else if (before_key > 0)
		ERR(e, ERR_INVALID, "%s is not the key of a provisioner of this CA", file);
	else if (name != NULL || kid != NULL)
		ERR(e, ERR_NOT_FOUND, "the CA has no JWK provisioner \"%s\"%s%s%s",
		    name ? name : kid, name && kid ? " with the kid " : "", name && kid ? kid : "",
		    name ? "" : " (by --kid)");
	else if (keyless > 0)
		ERR(e, ERR_NOT_FOUND,
		    "the CA keeps no provisioner's private key: give one with --key FILE");
	else
		ERR(e, ERR_NOT_FOUND, "the CA has no JWK provisioner");
	return NULL;
}

static bool kept_by_ca(const json_t *prov)
{
	return text_of(prov, "encryptedKey").n > 0;
}

static const json_t *choose(struct cli *c, const json_t *all, const struct key *k, struct err *e)
{
	const char *name = wanted_name(c), *kid = cli_value(c, "kid");
	const json_t **found = ARENA_ARRAY(c->arena, const json_t *, json_array_size(all) + 1);
	size_t n = 0, before_key = 0, keyless = 0, i;
	json_t *p;

	json_array_foreach(all, i, p)
	{
		if (!str_ieqc(text_of(p, "type"), "JWK") ||
		    (name != NULL && !str_eqc(text_of(p, "name"), name)) ||
		    (kid != NULL && !str_eqc(kid_of(p), kid)))
			continue;
		/* Its private key is somewhere else: nothing to choose without that. */
		if (k == NULL && name == NULL && kid == NULL && !kept_by_ca(p)) {
			keyless++;
			continue;
		}
		before_key++;
		if (k == NULL || has_key(p, k))
			found[n++] = p;
	}
	if (n == 0)
		return none_fits(c, before_key, keyless, e);
	if (n == 1)
		return found[0];
	if (prompt_available())
		return ask_which(c, found, n, e);
	ERR(e, ERR_INVALID, "the CA has %zu JWK provisioners: choose with --provisioner NAME", n);
	return NULL;
}

/* ---- its key ---- */

struct opening {
	struct cli *c;
	struct str jwe;
	const struct secret *password;
	struct token_key *k;
};

static int decrypt(void *arg, struct err *e)
{
	struct opening *o = arg;
	struct key_file f = {0};

	if (key_from_jwe(o->c, o->jwe, o->password, &f, e) < 0)
		return e->code != ERR_UNAUTHORIZED
			       ? -1
			       : ERR(e, ERR_UNAUTHORIZED, "wrong password for provisioner %s",
				     o->k->name);
	o->k->key = f.key;
	o->k->kid = f.kid;
	return 0;
}

static int try_password(void *arg, const struct secret *password, struct err *e)
{
	struct opening *o = arg;

	o->password = password;
	return slow_run("Opening the provisioner's key", decrypt, o, e);
}

static int key_from_ca(struct cli *c, const json_t *prov, struct token_key *k, struct err *e)
{
	struct buf path = BUF_INIT;
	struct ca_call call = {.method = "GET"};
	struct opening o = {.c = c, .k = k};
	json_t *v;

	if (!kept_by_ca(prov))
		return ERR(e, ERR_NOT_FOUND,
			   "the CA does not keep the private key of provisioner %s: give it with "
			   "--key FILE",
			   k->name);
	buf_puts(&path, "/provisioners/");
	uri_escape(kid_of(prov), &path);
	buf_puts(&path, "/encrypted-key");
	call.path = arena_cstr(c->arena, buf_view(&path));
	buf_release(&path);
	v = ca_call(c, &call, e);
	if (v == NULL)
		return -1;
	json_free_with(v, c->arena);
	if (json_get_str(v, "key", 0, &o.jwe, e) < 0)
		return -1;
	return password_try(c, password_option(c),
			    arena_printf(c->arena, "Password of provisioner %s", k->name),
			    try_password, &o, e);
}

static int key_from_file(struct cli *c, struct token_key *k, struct err *e)
{
	struct key_file f;

	if (key_file_read(c, cli_value(c, "key"), password_option(c), &f, e) < 0)
		return -1;
	k->key = f.key;
	k->kid = f.kid;
	return 0;
}

/* The kid is what the CA finds the provisioner by: said, in the key's JWK, or its thumbprint. */
static int key_offline(struct cli *c, struct token_key *k, struct err *e)
{
	const char *kid = cli_value(c, "kid");
	char thumb[44];

	if (cli_value(c, "key") == NULL || wanted_name(c) == NULL)
		return cli_misuse(
			c, e,
			"--offline asks no CA: it needs --key FILE, the provisioner's private "
			"key, and --provisioner NAME");
	if (key_from_file(c, k, e) < 0)
		return -1;
	k->name = wanted_name(c);
	if (kid != NULL)
		k->kid = kid;
	if (k->kid == NULL) {
		jwk_thumbprint(k->key, thumb);
		k->kid = arena_strdup(c->arena, thumb);
	}
	return 0;
}

int token_key_get(struct cli *c, struct token_key *k, struct err *e)
{
	const json_t *all, *prov;
	struct str kid;

	memset(k, 0, sizeof(*k));
	if (cli_flag(c, "offline"))
		return key_offline(c, k, e);
	if (cli_value(c, "key") != NULL && key_from_file(c, k, e) < 0)
		return -1;
	all = fetch_provisioners(c, e);
	prov = all ? choose(c, all, k->key, e) : NULL;
	if (prov == NULL)
		return -1;
	k->name = arena_cstr(c->arena, text_of(prov, "name"));
	if (k->key == NULL && key_from_ca(c, prov, k, e) < 0)
		return -1;
	kid = kid_of(prov);
	if (kid.n > 0)
		k->kid = arena_cstr(c->arena, kid);
	return 0;
}
