/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/buf.h"
#include "codec/uri.h"
#include "prov/priv.h"

/*
 * audience.c - the audiences of step-api 2.1, and the way from a token to its provisioner.
 *
 * Finding happens before the signature is checked: it only chooses whose key decides. So it is
 * generous (any operation's audience), and check_claims is strict (this operation's, after the
 * signature).
 */
#define LEGACY "step-certificate-authority"

static const struct paths {
	enum signet_prov_method method;
	const char *paths[4];
	bool legacy;
} table[] = {
	{SIGNET_SIGN, {"/1.0/sign", "/sign", "/1.0/ssh/sign", "/ssh/sign"}, true},
	{SIGNET_SSH_SIGN, {"/1.0/sign", "/sign", "/1.0/ssh/sign", "/ssh/sign"}, false},
	{SIGNET_RENEW, {"/1.0/renew", "/renew"}, false},
	{SIGNET_REVOKE, {"/1.0/revoke", "/revoke"}, true},
	{SIGNET_SSH_RENEW, {"/1.0/ssh/renew", "/ssh/renew"}, false},
	{SIGNET_SSH_REKEY, {"/1.0/ssh/rekey", "/ssh/rekey"}, false},
	{SIGNET_SSH_REVOKE, {"/1.0/ssh/revoke", "/ssh/revoke"}, false},
};

static void add(struct str *list, size_t *n, const struct paths *t, const char *const *hosts,
		size_t n_hosts, struct arena *a)
{
	unsigned char ip[16];

	for (size_t h = 0; h < n_hosts; h++) {
		bool v6 = ip_parse(str_c(hosts[h]), ip) == 16;
		for (size_t i = 0; i < ARRAY_LEN(t->paths) && t->paths[i]; i++)
			list[(*n)++] = str_c(arena_printf(a, "https://%s%s%s%s", v6 ? "[" : "",
							  hosts[h], v6 ? "]" : "", t->paths[i]));
	}
	if (t->legacy)
		list[(*n)++] = STR(LEGACY);
}

void prov_audiences_make(struct prov_audiences *out, enum signet_prov_method m,
			 const char *const *hosts, size_t n_hosts, struct arena *a)
{
	memset(out, 0, sizeof(*out));
	out->op = ARENA_ARRAY(a, struct str, n_hosts * 4 + 1);
	out->all = ARENA_ARRAY(a, struct str, ARRAY_LEN(table) * (n_hosts * 4 + 1));
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (table[i].method == m)
			add(out->op, &out->n_op, &table[i], hosts, n_hosts, a);
		if (table[i].method != SIGNET_SSH_SIGN) /* the same as SIGN */
			add(out->all, &out->n_all, &table[i], hosts, n_hosts, a);
	}
}

/* Element i of a string or a list of strings. */
static struct str element(const json_t *aud, size_t i)
{
	return json_str_view(json_is_array(aud) ? json_array_get(aud, i) : aud);
}

static size_t elements(const json_t *aud)
{
	return json_is_array(aud) ? json_array_size(aud) : json_is_string(aud) ? 1 : 0;
}

/* Splits at '#'; *fragment unescaped, empty when there is none. false when it is malformed. */
static bool split(struct str s, struct arena *a, struct str *base, struct str *fragment)
{
	struct err ignored = ERR_INIT;
	struct str raw;

	*base = str_cut(s, '#', &raw);
	*fragment = STR_NULL;
	return raw.n == 0 || uri_unescape(raw, a, fragment, &ignored) == 0;
}

bool prov_audience_has(const json_t *aud, const struct str *want, size_t n, const char *fragment)
{
	struct arena *a;
	bool found = false;

	if (!fragment)
		return jwt_audience(aud, want, n);
	a = arena_new();
	for (size_t i = 0; i < elements(aud) && !found; i++) {
		struct str base, f;
		/* the legacy string has no form with a fragment */
		found = split(element(aud, i), a, &base, &f) && str_eqc(f, fragment) &&
			!str_eqc(base, LEGACY) && jwt_audience_one(base, want, n);
	}
	arena_free(a);
	return found;
}

static const struct prov_entry *by_id(const struct prov_set *s, struct str id)
{
	return id.n ? map_get(s->by_id, id) : NULL;
}

/* "<iss>:<kid>", the id of JWK provisioners. */
static const struct prov_entry *by_issuer(const struct prov_set *s, const struct jws *j,
					  const struct jwt_claims *c)
{
	const struct prov_entry *p;
	struct buf id = BUF_INIT;

	buf_str(&id, c->iss);
	buf_putc(&id, ':');
	buf_str(&id, j->kid);
	p = by_id(s, buf_view(&id));
	buf_release(&id);
	return p;
}

const struct prov_entry *prov_find(const struct prov_set *s, const struct jws *j,
				   const struct jwt_claims *c, const struct prov_audiences *au,
				   struct arena *a)
{
	const json_t *azp = json_object_get(j->payload, "azp"),
		     *tid = json_object_get(j->payload, "tid"),
		     *email = json_object_get(j->payload, "email");

	for (size_t i = 0; i < elements(c->aud); i++) {
		struct str base, fragment;
		if (split(element(c->aud, i), a, &base, &fragment) &&
		    jwt_audience_one(base, au->all, au->n_all))
			return fragment.n ? by_id(s, fragment) : by_issuer(s, j, c);
	}
	if (str_eqc(c->iss, "kubernetes/serviceaccount"))
		return by_id(s, c->iss);
	if (json_is_string(azp) && json_string_length(azp) > 0)
		return by_id(s, json_str_view(azp));
	if (json_is_string(tid) && json_string_length(tid) > 0 &&
	    !(json_is_string(email) && json_string_length(email) > 0))
		return by_id(s, json_str_view(tid));
	return elements(c->aud) ? by_id(s, element(c->aud, 0)) : NULL;
}
