/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/mem.h"
#include "policy/priv.h"

/*
 * compile.c - from the configuration's tree to lists of rules (rules.c). Strict: a key that is not
 * known, a list that is none, a rule that can never match is an error that names its place, for a
 * rule that is skipped silently would open a door.
 */

#define RULES_MAX 100000U /* in one list */
#define WORDS_MAX 1000U	  /* in one condition */

const char *const policy_kind_names[KIND_COUNT] = {
	"dns", "ip", "email", "uri", "cn", "principal", "otherName", "permanentIdentifier",
};
static const unsigned x509_kinds = 1U << KIND_DNS | 1U << KIND_IP | 1U << KIND_EMAIL |
				   1U << KIND_URI | 1U << KIND_CN | 1U << KIND_OTHER |
				   1U << KIND_PERMANENT;
static const unsigned ssh_kinds =
	1U << KIND_DNS | 1U << KIND_IP | 1U << KIND_EMAIL | 1U << KIND_PRINCIPAL;

/* ---- the tree ---- */

/* An object whose members are all among `keys`; null and absent are none. */
static int get_object(const json_t *v, const char *path, const char *const *keys, size_t n,
		      struct err *e)
{
	struct buf known = BUF_INIT;
	const char *key;
	json_t *member;

	if (!json_is_object(v))
		return ERR(e, ERR_INVALID, "%s: not an object", path);
	json_object_foreach((json_t *)(uintptr_t)v, key, member)
	{
		size_t i = 0;

		while (i < n && strcmp(keys[i], key) != 0)
			i++;
		if (i < n)
			continue;
		for (i = 0; i < n; i++)
			buf_printf(&known, "%s%s", i > 0 ? ", " : "", keys[i]);
		err_set(e, ERR_INVALID, "%s.%.60s: unknown key; there are %s", path, key, known.p);
		buf_release(&known);
		return -1;
	}
	return 0;
}

static const json_t *member(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	return json_is_null(v) ? NULL : v;
}

static int get_words(const json_t *o, const char *key, const char *path, struct arena *a,
		     struct strs *out, struct err *e)
{
	const json_t *l = member(o, key);

	if (l == NULL)
		return 0;
	if (!json_is_array(l) || json_array_size(l) == 0 || json_array_size(l) > WORDS_MAX)
		return ERR(e, ERR_INVALID, "%s.%s: not a list of 1 to %u texts", path, key,
			   WORDS_MAX);
	out->items = ARENA_ARRAY(a, struct str, json_array_size(l));
	for (size_t i = 0; i < json_array_size(l); i++) {
		struct str s = json_str_view(json_array_get(l, i));

		if (s.n == 0 || s.n > 1024)
			return ERR(e, ERR_INVALID, "%s.%s[%zu]: not a text of 1 to 1,024 bytes",
				   path, key, i);
		out->items[out->n++] = arena_str(a, s);
	}
	return 0;
}

static int get_networks(const json_t *o, const char *path, struct arena *a, struct cond *c,
			struct err *e)
{
	struct strs texts = {0};

	if (get_words(o, "networks", path, a, &texts, e) < 0)
		return -1;
	c->networks = ARENA_ARRAY(a, struct cidr, texts.n + 1);
	for (; c->n_networks < texts.n; c->n_networks++)
		if (!policy_cidr(texts.items[c->n_networks], &c->networks[c->n_networks]))
			return ERR(e, ERR_INVALID,
				   "%s.networks[%zu]: neither an IP address nor a network such as "
				   "10.0.0.0/8",
				   path, c->n_networks);
	return 0;
}

/* {name: TEXT, groups: [...], networks: [...], provisioners: [...]} */
static int get_conditional(const json_t *v, const char *path, struct arena *a, struct rule *out,
			   struct err *e)
{
	static const char *const keys[] = {"name", "groups", "networks", "provisioners"};
	struct cond *c = ARENA_NEW(a, struct cond);
	const json_t *name;

	if (get_object(v, path, keys, ARRAY_LEN(keys), e) < 0 ||
	    get_words(v, "groups", path, a, &c->groups, e) < 0 ||
	    get_words(v, "provisioners", path, a, &c->provisioners, e) < 0 ||
	    get_networks(v, path, a, c, e) < 0)
		return -1;
	name = member(v, "name");
	if (!json_is_string(name))
		return ERR(e, ERR_INVALID, "%s.name: missing, or not a text", path);
	out->text = arena_str(a, json_str_view(name));
	if (c->groups.n + c->provisioners.n + c->n_networks > 0)
		out->when = c;
	return 0;
}

static int get_rule(const json_t *v, const char *path, struct arena *a, struct rule *out,
		    struct err *e)
{
	if (json_is_object(v))
		return get_conditional(v, path, a, out, e);
	if (!json_is_string(v))
		return ERR(e, ERR_INVALID,
			   "%s: neither a text (in quotes, if it looks like a number) nor an "
			   "object with a name",
			   path);
	out->text = arena_str(a, json_str_view(v));
	return 0;
}

static int get_list(const json_t *v, enum kind k, struct rule_list *l, struct arena *a,
		    struct err *e)
{
	size_t n = json_array_size(v);

	if (!json_is_array(v) || n > RULES_MAX)
		return ERR(e, ERR_INVALID, "%s: not a list of at most %u names", l->path,
			   RULES_MAX);
	l->rules = ARENA_ARRAY(a, struct rule, n + 1);
	l->n = n;
	for (size_t i = n; i-- > 0;) {
		char path[200];

		snprintf(path, sizeof(path), "%s[%zu]", l->path, i);
		l->rules[i].index = (unsigned)i;
		if (get_rule(json_array_get(v, i), path, a, &l->rules[i], e) < 0)
			return -1;
		if (policy_rule_add(l, k, i, a, e) < 0) {
			struct buf text = BUF_INIT;

			policy_quote(l->rules[i].text, &text);
			err_wrap(e, "%s: %s", path, text.p);
			buf_release(&text);
			return -1;
		}
	}
	policy_list_done(l);
	return 0;
}

/* The lists of allow or deny. */
static int get_side(const json_t *v, struct rule_set *s, bool deny, unsigned kinds, struct arena *a,
		    struct err *e)
{
	const char *path = arena_printf(a, "%s.%s", s->path, deny ? "deny" : "allow");
	const char *keys[KIND_COUNT];
	size_t n = 0;

	for (unsigned k = 0; k < KIND_COUNT; k++) {
		struct rule_list *l = deny ? &s->deny[k] : &s->allow[k];

		l->path = arena_printf(a, "%s.%s", path, policy_kind_names[k]);
		l->deny = deny;
		if ((kinds & 1U << k) != 0)
			keys[n++] = policy_kind_names[k];
	}
	if (v == NULL)
		return 0;
	if (get_object(v, path, keys, n, e) < 0)
		return -1;
	for (unsigned k = 0; k < KIND_COUNT; k++) {
		struct rule_list *l = deny ? &s->deny[k] : &s->allow[k];
		const json_t *list = member(v, policy_kind_names[k]);

		if (list != NULL && get_list(list, (enum kind)k, l, a, e) < 0)
			return -1;
		*(deny ? &s->n_deny : &s->n_allow) += l->n;
	}
	return 0;
}

static int get_set(const json_t *v, struct rule_set *s, unsigned kinds, struct arena *a,
		   struct err *e)
{
	static const char *const keys[] = {"allow", "deny", "allowWildcardNames"};
	size_t n = kinds == x509_kinds ? 3 : 2;

	if (v != NULL && get_object(v, s->path, keys, n, e) < 0)
		return -1;
	if (get_side(v != NULL ? member(v, "allow") : NULL, s, false, kinds, a, e) < 0 ||
	    get_side(v != NULL ? member(v, "deny") : NULL, s, true, kinds, a, e) < 0)
		return -1;
	if (v != NULL && member(v, keys[2]) != NULL && !json_is_boolean(member(v, keys[2])))
		return ERR(e, ERR_INVALID, "%s.%s: neither true nor false", s->path, keys[2]);
	s->wildcards = v != NULL && json_is_true(member(v, keys[2]));
	return 0;
}

static int fill(const json_t *conf, const char *where, struct policy *p, struct err *e)
{
	static const char *const keys[] = {"x509", "ssh"}, *const ssh_keys[] = {"user", "host"};
	const json_t *ssh = member(conf, "ssh");
	char path[120];

	if (strlen(where) > sizeof(path) - 10)
		return ERR(e, ERR_INVALID, "policy: its place has too long a name");
	if (get_object(conf, where, keys, ARRAY_LEN(keys), e) < 0)
		return -1;
	p->x509.path = arena_printf(p->arena, "%s.x509", where);
	if (get_set(member(conf, "x509"), &p->x509, x509_kinds, p->arena, e) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s.ssh", where);
	if (ssh != NULL && get_object(ssh, path, ssh_keys, ARRAY_LEN(ssh_keys), e) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(ssh_keys); i++) {
		p->ssh[i].path = arena_printf(p->arena, "%s.%s", path, ssh_keys[i]);
		if (get_set(ssh != NULL ? member(ssh, ssh_keys[i]) : NULL, &p->ssh[i], ssh_kinds,
			    p->arena, e) < 0)
			return -1;
	}
	return 0;
}

static void set_free(struct rule_set *s)
{
	for (unsigned k = 0; k < KIND_COUNT; k++) {
		policy_list_free(&s->allow[k]);
		policy_list_free(&s->deny[k]);
	}
}

int policy_compile(const json_t *conf, const char *where, struct policy **out, struct err *e)
{
	struct policy *p = NEW(struct policy);

	*out = NULL;
	p->arena = arena_new();
	if (fill(conf, where, p, e) < 0) {
		policy_free(p);
		return -1;
	}
	*out = p;
	return 0;
}

void policy_free(struct policy *p)
{
	if (p == NULL)
		return;
	set_free(&p->x509);
	set_free(&p->ssh[POLICY_SSH_USER]);
	set_free(&p->ssh[POLICY_SSH_HOST]);
	arena_free(p->arena);
	mem_free(p);
}
