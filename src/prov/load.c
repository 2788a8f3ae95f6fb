/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "prov/priv.h"

/*
 * load.c - provisioners.d -> set. Start-up and reload on the slow pool: reads files, opens plugins.
 * Any error ends it: a reload keeps the set that it has. What a plugin shows in describe() becomes
 * part of what GET /provisioners answers, in the order of step's ca.json: type, name, the plugin's
 * members, claims as configured, options.
 */
static const struct signet_conf_key no_keys[] = {{NULL, SIGNET_CONF_STRING, NULL, false, NULL}};

/* What keys_of found, to be used after the file was read. */
struct lookup {
	struct plugin_registry *plugins;
	const struct signet_plugin *plugin;
	struct err err;
};

static const struct signet_conf_key *keys_of(void *arg, const char *type)
{
	struct lookup *l = arg;

	l->plugin = plugin_find(l->plugins, SIGNET_PROVISIONER, type, &l->err);
	if (!l->plugin)
		return NULL;
	return l->plugin->conf ? l->plugin->conf : no_keys;
}

/* "file:line: key: " before a message about a key of the top level. */
static int at_key(const struct prov_entry *p, const char *key, struct err *e)
{
	unsigned line = yaml_key_line(&p->conf.doc, p->conf.doc.root, key);

	return line ? err_wrap(e, "%s:%u: %s", p->conf.file, line, key)
		    : err_wrap(e, "%s: %s", p->conf.file, key);
}

static int check_authority(const struct conf *c, struct prov_entry *p, struct err *e)
{
	const struct conf_authority *a = c->authorities.items;
	const char *want = p->conf.authority ? p->conf.authority : "";

	for (size_t i = 0; i < c->authorities.n; i++)
		if (a[i].name && strcmp(a[i].name, want) == 0) {
			p->pub.authority = want;
			return 0;
		}
	ERR(e, ERR_INVALID, "no authority \"%.60s\" in %s", want,
	    c->file ? c->file : "signetd.yaml");
	return at_key(p, "authority", e);
}

static int check_driver(const struct prov_entry *p, struct err *e)
{
	const struct signet_prov_driver *d = p->pub.driver;

	if (!d->create || !d->destroy || (d->token_id && !d->authorize))
		return ERR(e, ERR_INVALID,
			   "plugin %s: create, destroy or authorize is missing in its table",
			   p->plugin->name);
	if (d->scratch_size > PROV_SCRATCH_MAX)
		return ERR(e, ERR_INVALID,
			   "plugin %s: wants %zu bytes for each authorization, at most %u",
			   p->plugin->name, d->scratch_size, PROV_SCRATCH_MAX);
	return 0;
}

static int make_instance(struct prov_entry *p, struct arena *a, struct err *e)
{
	const struct signet_prov_driver *d = p->pub.driver;
	const struct signet_prov_config config = {.name = p->pub.name,
						  .authority = p->pub.authority,
						  .value = json_to_abi(p->conf.plugin)};
	struct signet_err se = {.code = SIGNET_OK};
	char id[256] = "", *type;
	void *instance = NULL;

	if (check_driver(p, e) < 0)
		return err_wrap(e, "%s", p->conf.file);
	if (d->create(&prov_host, &config, &instance, &se) < 0) {
		err_from_abi(e, &se);
		return err_wrap(e, "%s", p->conf.file);
	}
	if (!instance)
		return ERR(e, ERR_INTERNAL, "%s: plugin %s: made no instance", p->conf.file,
			   p->plugin->name);
	p->pub.instance = instance;
	p->pub.accepts_tokens = d->token_id != NULL;
	if (d->token_id &&
	    (d->token_id(instance, id) < 0 || id[0] == 0 || !memchr(id, 0, sizeof(id))))
		return ERR(e, ERR_INVALID,
			   "%s: plugin %s: no token id for this provisioner (name too long?)",
			   p->conf.file, p->plugin->name);
	if (d->token_id) {
		p->pub.id = arena_strdup(a, id);
		return 0;
	}
	/* "acme/NAME": a token that names it is told that there is no token flow, instead of "not
	 * found". */
	type = arena_strdup(a, p->plugin->name);
	for (char *s = type; *s; s++)
		*s = ascii_lower(*s);
	p->pub.id = arena_printf(a, "%s/%s", type, p->pub.name);
	return 0;
}

static void put_duration(json_t *o, const char *key, int64_t ns)
{
	char text[40];

	if (ns >= 0)
		json_object_set_new(o, key, json_string(duration_format(ns, text)));
}

static void put_switch(json_t *o, const char *key, int v)
{
	if (v)
		json_object_set_new(o, key,
				    json_boolean(v == 2)); /* conf_claims: 1 false, 2 true */
}

static void make_listed(const struct prov_set *s, struct prov_entry *p)
{
	const struct conf_claims *c = &p->conf.claims;
	json_t *o = json_object(), *claims = json_object(), *options = json_object();

	json_object_set_new(o, "type", json_str_new(str_c(p->plugin->name)));
	json_object_set_new(o, "name", json_str_new(str_c(p->pub.name)));
	if (p->pub.driver->describe)
		p->pub.driver->describe(p->pub.instance, &prov_host,
					(struct signet_value *)(void *)o);
	put_duration(claims, "minTLSCertDuration", c->min_tls);
	put_duration(claims, "maxTLSCertDuration", c->max_tls);
	put_duration(claims, "defaultTLSCertDuration", c->default_tls);
	put_switch(claims, "disableRenewal", c->disable_renewal);
	put_switch(claims, "allowRenewalAfterExpiry", c->allow_renewal_after_expiry);
	put_switch(claims, "disableSmallstepExtensions", c->disable_smallstep_extensions);
	if (json_object_size(claims))
		json_object_set(o, "claims", claims);
	json_decref(claims);
	if (s->rules && s->rules->describe)
		s->rules->describe(p->pub.rules, options);
	if (json_object_size(options))
		json_object_set(o, "options", options);
	json_decref(options);
	p->listed = o;
	p->pub.listed = o;
	p->encrypted_key = json_str_view(json_object_get(o, "encryptedKey"));
}

/* Two provisioners that a client or a token could not tell apart. */
static int add_indexes(struct prov_set *s, struct prov_entry *p, struct err *e)
{
	const struct prov_entry *other = map_get(s->by_name, str_c(p->pub.name));

	if (other) {
		ERR(e, ERR_INVALID, "\"%.60s\" is also the name in %s", p->pub.name,
		    other->conf.file);
		return at_key(p, "name", e);
	}
	map_put(s->by_name, str_c(p->pub.name), p);
	other = map_get(s->by_id, str_c(p->pub.id));
	if (other) {
		ERR(e, ERR_INVALID, "tokens cannot tell it from %s: both have the id \"%.100s\"",
		    other->conf.file, p->pub.id);
		return at_key(p, "type", e);
	}
	map_put(s->by_id, str_c(p->pub.id), p);
	return 0;
}

static bool is_overlaid(const struct prov_source *from, const char *path)
{
	return from->overlay && strcmp(from->overlay->path, path) == 0;
}

static int read_one(const struct prov_source *from, const char *path, struct lookup *l,
		    struct conf_provisioner *out, struct err *e)
{
	if (is_overlaid(from, path))
		return conf_provisioner_parse(path, from->overlay->text, keys_of, l, out, e);
	return conf_provisioner_load(path, keys_of, l, out, e);
}

static int load_one(struct prov_set *s, const struct prov_source *from, const char *path,
		    struct err *e)
{
	struct prov_entry *p = &s->entries[s->n];
	struct lookup l = {.plugins = from->plugins};

	if (read_one(from, path, &l, &p->conf, e) < 0) {
		/* There is such a plugin, but it is refused: that is what must be said. */
		if (!l.plugin && l.err.code != ERR_OK && l.err.code != ERR_NOT_FOUND) {
			*e = l.err;
			err_wrap(e, "%s: type", path);
		} else if (!l.plugin && l.err.code == ERR_NOT_FOUND) {
			const struct err found = *e;

			ERR(e, found.code, "%s (%s)", found.msg,
			    l.err.msg); /* where it was looked for */
		}
		return -1;
	}
	s->n++; /* from here on the set frees it */
	p->plugin = l.plugin;
	p->pub.name = p->conf.name;
	p->pub.type = l.plugin->name;
	p->pub.driver = l.plugin->driver;
	p->pub.step_type = p->pub.driver->step_type;
	p->pub.options = &p->conf.options;
	if (check_authority(from->conf, p, e) < 0)
		return -1;
	if (claims_resolve(&from->conf->claims, &p->conf.claims, &p->pub.claims, e) < 0)
		return at_key(p, "claims", e);
	if (make_instance(p, s->arena, e) < 0)
		return -1;
	if (s->rules && s->rules->make(from->conf, s->common, &p->conf, &p->pub.rules, e) < 0)
		return -1;
	make_listed(s, p);
	return add_indexes(s, p, e);
}

/* The files to read, in order; the overlay's among them. */
static int list_files(const struct prov_source *from, struct arena *a, const char ***out, size_t *n,
		      struct err *e)
{
	const struct prov_overlay *o = from->overlay;
	const char **found, **paths;
	size_t count, at = 0;
	bool listed = !o || !o->text.p;

	if (conf_provisioner_files(from->conf, a, &found, &count, e) < 0)
		return -1;
	paths = ARENA_ARRAY(a, const char *, count + 1);
	for (size_t i = 0; i < count; i++) {
		int order = o ? strcmp(o->path, found[i]) : 1;

		if (order == 0 && !o->text.p)
			continue;
		if (!listed && order <= 0) {
			paths[at++] = o->path;
			listed = true;
		}
		if (order != 0)
			paths[at++] = found[i];
	}
	if (!listed)
		paths[at++] = o->path;
	*out = paths;
	*n = at;
	return 0;
}

int prov_set_load_with(const struct prov_source *from, struct prov_set **out, struct err *e)
{
	struct prov_set *s = NEW(struct prov_set);
	const char **paths = NULL;
	size_t n = 0;
	int rc;

	ref_init(&s->ref);
	s->rules = from->rules;
	s->arena = arena_new();
	s->by_name = map_new();
	s->by_id = map_new();
	rc = list_files(from, s->arena, &paths, &n, e);
	s->entries = mem_calloc(n ? n : 1, sizeof(*s->entries));
	if (rc == 0 && s->rules)
		rc = s->rules->begin(from->conf, &s->common, e);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = load_one(s, from, paths[i], e);
	if (s->common)
		s->rules->end(s->common);
	s->common = NULL;
	if (rc < 0) {
		prov_set_unref(s);
		return -1;
	}
	*out = s;
	return 0;
}

int prov_set_load(struct conf *c, struct plugin_registry *plugins, struct prov_set **out,
		  struct err *e)
{
	const struct prov_source from = {.conf = c, .plugins = plugins};

	return prov_set_load_with(&from, out, e);
}

/* ---- one set after another ---- */

static bool same_claims(const struct claims *a, const struct claims *b)
{
	return a->min_tls == b->min_tls && a->max_tls == b->max_tls &&
	       a->default_tls == b->default_tls && a->disable_renewal == b->disable_renewal &&
	       a->allow_renewal_after_expiry == b->allow_renewal_after_expiry &&
	       a->disable_smallstep_extensions == b->disable_smallstep_extensions;
}

static bool same_entry(const struct prov_entry *a, const struct prov_entry *b)
{
	return a->plugin == b->plugin && strcmp(a->pub.authority, b->pub.authority) == 0 &&
	       json_equal(a->conf.doc.root, b->conf.doc.root) &&
	       json_equal(a->conf.plugin, b->conf.plugin) && json_equal(a->listed, b->listed) &&
	       same_claims(&a->pub.claims, &b->pub.claims);
}

void prov_set_compare(const struct prov_set *before, const struct prov_set *after,
		      struct prov_changes *out)
{
	*out = (struct prov_changes){0};
	for (size_t i = 0; i < after->n; i++) {
		const struct prov_entry *now = &after->entries[i];
		const struct prov_entry *old = map_get(before->by_name, str_c(now->pub.name));

		out->added += old == NULL;
		out->changed += old != NULL && !same_entry(old, now);
	}
	for (size_t i = 0; i < before->n; i++)
		out->removed += map_get(after->by_name, str_c(before->entries[i].pub.name)) == NULL;
}
