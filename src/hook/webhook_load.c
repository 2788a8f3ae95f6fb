/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "codec/b64.h"
#include "codec/pem.h"
#include "hook/webhook_priv.h"

#include <sys/stat.h>

/*
 * Webhooks as options.webhooks of a provisioner describes them.
 *
 * Secrets come from files alone, so that the configuration can be shown, sent and kept in version
 * control; a member that looks like the secret itself is refused with words. They are read when the
 * configuration is, live in wiped memory, and are in no listing and no message. A new member is a
 * row in `members`, a field of struct webhook and a taker.
 *
 * There is no signature without a secret: one by an empty key, as other programs send it, proves
 * nothing and looks as if it did.
 */
#define HOOKS_MAX	32
#define NAME_MAX_LENGTH 64
#define SECRET_SHORT	16 /* bytes; fewer can be guessed */
#define CA_FILE_MAX	(4 * 1024 * 1024)

static const struct {
	const char *name;
	json_type type;
} members[] = {
	{"name", JSON_STRING},
	{"url", JSON_STRING},
	{"kind", JSON_STRING},
	{"certType", JSON_STRING},
	{"disableTLSClientAuth", JSON_TRUE}, /* either boolean */
	{"caFile", JSON_STRING},
	{"secretFile", JSON_STRING},
	{"bearerTokenFile", JSON_STRING},
	{"basicUser", JSON_STRING},
	{"basicPasswordFile", JSON_STRING},
	{"id", JSON_STRING},
	{"onRenew", JSON_TRUE},
};
static const char *const inline_secrets[] = {"secret",	 "bearerToken",	  "basicAuth",
					     "password", "basicPassword", "signingSecret"};

/* What one hook is read from. */
struct source {
	const json_t *o;
	const struct webhook_env *env;
};

/* ---- members ---- */

static int check_member(const char *name, const json_t *v, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(inline_secrets); i++)
		if (str_ieqc(str_c(name), inline_secrets[i]))
			return ERR(e, ERR_INVALID,
				   "%s: put it into a file, and name that in secretFile, "
				   "bearerTokenFile or basicPasswordFile",
				   name);
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		if (strcmp(name, members[i].name) != 0)
			continue;
		if (members[i].type == JSON_TRUE ? json_is_boolean(v) : json_is_string(v))
			return 0;
		return ERR(e, ERR_INVALID, "%s: must be %s", name,
			   members[i].type == JSON_TRUE ? "true or false" : "a text");
	}
	return ERR(e, ERR_INVALID, "%s: there is no such setting of a webhook", name);
}

static int check_members(json_t *o, struct err *e)
{
	const char *name;
	json_t *v;

	json_object_foreach(o, name, v) if (check_member(name, v, e) != 0) return -1;
	return 0;
}

static struct str text_of(const struct source *s, const char *name)
{
	return json_str_view(json_object_get(s->o, name));
}

static bool is_true(const struct source *s, const char *name)
{
	return json_is_true(json_object_get(s->o, name));
}

/* A copy; NUL inside is refused, and so is an empty text. NULL when absent. */
static int take_text(const struct source *s, const char *name, char **out, struct err *e)
{
	struct str v = text_of(s, name);

	if (json_object_get(s->o, name) == NULL)
		return 0;
	if (v.n == 0 || str_has(v, '\0'))
		return ERR(e, ERR_INVALID, "%s: %s", name, v.n == 0 ? "empty" : "has a NUL in it");
	*out = mem_strndup(v.p, v.n);
	return 0;
}

/* As take_text, a path seen from the configuration's folder. */
static int take_path(const struct source *s, const char *name, char **out, struct err *e)
{
	char *rel = NULL;

	if (take_text(s, name, &rel, e) != 0)
		return -1;
	if (rel != NULL)
		*out = file_join(s->env->dir, rel);
	mem_free(rel);
	return 0;
}

static bool only(struct str s, const char *extra)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = ascii_lower(s.p[i]);

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    (c == '\0' || strchr(extra, c) == NULL))
			return false;
	}
	return true;
}

/* Visible ASCII without a space: what may stand in a header's value as it is. */
static bool is_token(struct str s, bool space)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < (space ? 0x20 : 0x21) || (unsigned char)s.p[i] > 0x7e)
			return false;
	return s.n > 0;
}

/* ---- names and kinds ---- */

static int take_name(const struct source *s, struct webhook *h, struct err *e)
{
	if (take_text(s, "name", &h->name, e) != 0 || take_text(s, "id", &h->id, e) != 0)
		return -1;
	if (h->name == NULL)
		return ERR(e, ERR_INVALID, "name: missing");
	if (strlen(h->name) > NAME_MAX_LENGTH || !only(str_c(h->name), "_-"))
		return ERR(e, ERR_INVALID,
			   "name: at most %d letters, digits, \"_\" and \"-\": templates find its "
			   "data "
			   "under .Webhooks.NAME",
			   NAME_MAX_LENGTH);
	if (h->id == NULL)
		h->id = mem_strdup(h->name);
	if (strlen(h->id) > 128 || !is_token(str_c(h->id), false))
		return ERR(e, ERR_INVALID,
			   "id: it is sent in a header: at most 128 visible ASCII characters");
	return 0;
}

static int take_kind(const struct source *s, struct webhook *h, struct err *e)
{
	struct str kind = text_of(s, "kind");

	if (str_eqc(kind, "ENRICHING"))
		h->kind = WEBHOOK_ENRICHING;
	else if (str_eqc(kind, "AUTHORIZING"))
		h->kind = WEBHOOK_AUTHORIZING;
	else if (str_eqc(kind, "SCEPCHALLENGE") || str_eqc(kind, "NOTIFYING"))
		return ERR(e, ERR_UNSUPPORTED,
			   "kind: " STR_FMT
			   " is not supported by this version: SCEPCHALLENGE and NOTIFYING come "
			   "with SCEP",
			   STR_ARG(kind));
	else
		return ERR(e, kind.n > 0 ? ERR_UNSUPPORTED : ERR_INVALID,
			   "kind: %s: ENRICHING or AUTHORIZING",
			   kind.n > 0 ? "there is no such kind" : "missing");
	return 0;
}

static int take_certs(const struct source *s, struct webhook *h, struct err *e)
{
	struct str type = text_of(s, "certType");

	if (type.n == 0 || str_eqc(type, "ALL"))
		h->certs = WEBHOOK_CERT_ALL;
	else if (str_eqc(type, "X509"))
		h->certs = WEBHOOK_X509;
	else if (str_eqc(type, "SSH"))
		h->certs = WEBHOOK_SSH;
	else
		return ERR(e, ERR_INVALID, "certType: ALL, X509 or SSH");
	h->on_renew = is_true(s, "onRenew");
	return 0;
}

static int take_url(const struct source *s, struct webhook *h, struct err *e)
{
	if (take_text(s, "url", &h->url, e) != 0)
		return -1;
	if (h->url == NULL)
		return ERR(e, ERR_INVALID, "url: missing");
	if (webhook_url_load(h, s->env->rules, e) != 0)
		return err_wrap(e, "url");
	return 0;
}

/* ---- secrets ---- */

/* First line of the file. Its mode is only warned about: the owner may be right. */
static int read_secret(const char *path, struct secret *out, struct err *e)
{
	struct stat st;

	if (secret_read_password(out, path, e) != 0)
		return -1;
	if (stat(path, &st) == 0 && (st.st_mode & (S_IRWXO | S_IWGRP)) != 0)
		log_warn("webhook.secret_file_open", F_C("path", path),
			 F_C("do", "chmod 0600, or 0640 with a group of its own"));
	return 0;
}

static int take_key(const struct source *s, struct webhook *h, struct err *e)
{
	struct secret text = SECRET_INIT;
	struct buf key = BUF_INIT;
	char *path = NULL;
	int rc = take_path(s, "secretFile", &path, e);

	if (rc == 0 && path != NULL)
		rc = read_secret(path, &text, e);
	if (rc == 0 && path != NULL &&
	    (b64_decode(B64_STD, str_trim(secret_view(&text)), &key, e) != 0 || key.n == 0))
		rc = ERR(e, ERR_INVALID,
			 "%s: the secret is not base64; `openssl rand -base64 32` makes one", path);
	if (rc == 0 && key.n > 0) {
		secret_set(&h->key, key.p, key.n);
		if (key.n < SECRET_SHORT)
			log_warn("webhook.secret_short", F_C("path", path), F_U("bytes", key.n),
				 F_C("do", "openssl rand -base64 32"));
	}
	buf_wipe_release(&key);
	secret_release(&text);
	mem_free(path);
	return rc == 0 ? 0 : err_wrap(e, "secretFile");
}

/* Appends a C string's bytes. */
static void add(struct secret *s, const char *text)
{
	secret_append(s, text, strlen(text));
}

static int take_bearer(const char *path, struct webhook *h, struct err *e)
{
	struct secret token = SECRET_INIT;
	int rc = read_secret(path, &token, e);

	if (rc == 0 && !is_token(secret_view(&token), false))
		rc = ERR(e, ERR_INVALID, "%s: the token has characters that no token has", path);
	if (rc == 0) {
		add(&h->authorization, "Authorization: Bearer ");
		secret_append(&h->authorization, token.p, token.n);
		secret_append(&h->authorization, "", 1);
	}
	secret_release(&token);
	return rc == 0 ? 0 : err_wrap(e, "bearerTokenFile");
}

static int take_basic(const char *user, const char *path, struct webhook *h, struct err *e)
{
	struct secret pair = SECRET_INIT, password = SECRET_INIT;
	struct buf text = BUF_INIT;
	int rc;

	if (strchr(user, ':') != NULL || !is_token(str_c(user), true))
		return ERR(e, ERR_INVALID, "basicUser: visible ASCII characters without \":\"");
	rc = read_secret(path, &password, e);
	if (rc == 0) {
		add(&pair, user);
		add(&pair, ":");
		secret_append(&pair, password.p, password.n);
		b64_encode(B64_STD, secret_view(&pair), &text);
		add(&h->authorization, "Authorization: Basic ");
		secret_append(&h->authorization, text.p, text.n);
		secret_append(&h->authorization, "", 1);
	}
	buf_wipe_release(&text);
	secret_release(&pair);
	secret_release(&password);
	return rc == 0 ? 0 : err_wrap(e, "basicPasswordFile");
}

static int take_authorization(const struct source *s, struct webhook *h, struct err *e)
{
	char *bearer = NULL, *user = NULL, *password = NULL;
	int rc = -1;

	if (take_path(s, "bearerTokenFile", &bearer, e) != 0 ||
	    take_text(s, "basicUser", &user, e) != 0 ||
	    take_path(s, "basicPasswordFile", &password, e) != 0)
		goto out;
	if ((user == NULL) != (password == NULL))
		(void)ERR(e, ERR_INVALID, "basicUser and basicPasswordFile belong together");
	else if (bearer != NULL && user != NULL)
		(void)ERR(e, ERR_INVALID, "bearerTokenFile and basicUser exclude each other");
	else if (bearer != NULL)
		rc = take_bearer(bearer, h, e);
	else
		rc = user != NULL ? take_basic(user, password, h, e) : 0;
out:
	mem_free(bearer);
	mem_free(user);
	mem_free(password);
	return rc;
}

/* ---- TLS ---- */

static int check_ca_file(const char *path, struct err *e)
{
	struct pem_block b = {0};
	struct buf text = BUF_INIT;
	struct str rest;
	int rc = file_read(path, CA_FILE_MAX, &text, e);

	if (rc == 0) {
		rest = buf_view(&text);
		if (pem_next(&rest, &b, e) != 1 || !str_eqc(b.label, "CERTIFICATE"))
			rc = ERR(e, ERR_INVALID, "%s: does not begin with a certificate in PEM",
				 path);
		pem_block_release(&b);
	}
	buf_release(&text);
	return rc;
}

static int take_tls(const struct source *s, struct webhook *h, struct err *e)
{
	const struct webhook_env *env = s->env;

	if (str_eqc(text_of(s, "caFile"), "system")) {
		h->ca_file = NULL;
	} else if (json_object_get(s->o, "caFile") != NULL) {
		if (take_path(s, "caFile", &h->ca_file, e) != 0)
			return -1;
		if (check_ca_file(h->ca_file, e) != 0)
			return err_wrap(e, "caFile");
	} else if (env->ca_file != NULL) {
		h->ca_file = mem_strdup(env->ca_file);
	} else {
		return ERR(e, ERR_INVALID, "caFile: missing");
	}
	if (is_true(s, "disableTLSClientAuth") || env->cert_file == NULL)
		return 0;
	h->cert_file = mem_strdup(env->cert_file);
	h->key_file = mem_strdup(env->key_file);
	return 0;
}

/* ---- the set ---- */

static int load_one(json_t *o, const struct webhook_env *env, struct webhook *h, struct err *e)
{
	const struct source s = {.o = o, .env = env};

	if (!json_is_object(o))
		return ERR(e, ERR_INVALID, "must be a mapping with name, url and kind");
	if (check_members(o, e) != 0 || take_name(&s, h, e) != 0 || take_kind(&s, h, e) != 0 ||
	    take_certs(&s, h, e) != 0 || take_url(&s, h, e) != 0 || take_tls(&s, h, e) != 0 ||
	    take_key(&s, h, e) != 0 || take_authorization(&s, h, e) != 0)
		return -1;
	return 0;
}

static bool name_taken(const struct webhook_set *set, const char *name)
{
	for (size_t i = 0; i < set->n; i++)
		if (strcmp(set->hooks[i].name, name) == 0)
			return true;
	return false;
}

static void release(struct webhook *h)
{
	mem_free(h->name);
	mem_free(h->id);
	mem_free(h->url);
	tmpl_unref(h->url_tmpl);
	mem_free(h->ca_file);
	mem_free(h->cert_file);
	mem_free(h->key_file);
	secret_release(&h->key);
	secret_release(&h->authorization);
}

int webhook_set_load(const json_t *list, const struct webhook_env *env, const char *where,
		     struct webhook_set **out, struct err *e)
{
	size_t n = json_array_size(list);
	struct webhook_set *set;

	if (!json_is_array(list))
		return ERR(e, ERR_INVALID, "%s: must be a list of webhooks", where);
	if (n > HOOKS_MAX)
		return ERR(e, ERR_INVALID, "%s: more than %d webhooks", where, HOOKS_MAX);
	set = NEW(struct webhook_set);
	set->hooks = mem_calloc(n + 1, sizeof(*set->hooks));
	for (size_t i = 0; i < n; i++) {
		struct webhook *h = &set->hooks[i];
		int rc = load_one(json_array_get(list, i), env, h, e);

		if (rc == 0 && name_taken(set, h->name))
			rc = ERR(e, ERR_INVALID, "name: \"%s\" is there already", h->name);
		set->n++;
		if (rc == 0)
			continue;
		(void)err_wrap(e, "%s[%zu]", where, i);
		webhook_set_free(set);
		return -1;
	}
	*out = set;
	return 0;
}

void webhook_set_free(struct webhook_set *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++)
		release(&s->hooks[i]);
	mem_free(s->hooks);
	mem_free(s);
}

bool webhook_set_has(const struct webhook_set *s, enum webhook_kind k, enum webhook_cert c,
		     bool renewal)
{
	for (size_t i = 0; s != NULL && i < s->n; i++) {
		const struct webhook *h = &s->hooks[i];

		if (h->kind == k && (h->certs & c) != 0 && (!renewal || h->on_renew))
			return true;
	}
	return false;
}

/* Scheme, host and port: in path and query some keep a key. */
static struct str shown(const char *url)
{
	const char *host = strstr(url, "://");

	return str_mem(url,
		       host != NULL ? (size_t)(host - url) + 3 + strcspn(host + 3, "/?#{") : 0);
}

json_t *webhook_set_listed(const struct webhook_set *s)
{
	json_t *list = json_array();

	for (size_t i = 0; s != NULL && i < s->n; i++) {
		const struct webhook *h = &s->hooks[i];
		json_t *o = json_object();

		json_object_set_new(o, "name", json_string(h->name));
		json_object_set_new(o, "url", json_str_new(shown(h->url)));
		json_object_set_new(
			o, "kind",
			json_string(h->kind == WEBHOOK_ENRICHING ? "ENRICHING" : "AUTHORIZING"));
		json_object_set_new(o, "certType",
				    json_string(h->certs == WEBHOOK_CERT_ALL ? "ALL"
						: h->certs == WEBHOOK_X509   ? "X509"
									     : "SSH"));
		json_array_append_new(list, o);
	}
	return list;
}
