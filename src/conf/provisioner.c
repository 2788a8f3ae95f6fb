/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "abi/abi.h"
#include "base/bug.h"
#include "base/file.h"
#include "base/mem.h"
#include "codec/json.h"
#include "conf/priv.h"

/*
 * provisioner.c - files of provisioners.d. Common keys go by our table, the others by the
 * plugin's, which is known once `type` was read. The plugin gets a tree of JSON types: a duration
 * as an integer of nanoseconds, a list as an array of strings. Everything made here is in the
 * provisioner's arena. Claims are not judged here: that takes the global ones (claims_resolve).
 */

static const struct signet_conf_key *find_plugin_key(const struct signet_conf_key *keys,
						     const char *name)
{
	for (const struct signet_conf_key *k = keys; k->name != NULL; k++)
		if (strcmp(k->name, name) == 0)
			return k;
	return NULL;
}

/* The same type in our terms, for the scalar reader. */
static enum conf_type conf_type_of(enum signet_conf_type type)
{
	switch (type) {
	case SIGNET_CONF_STRING:
		return CONF_STRING;
	case SIGNET_CONF_BOOL:
		return CONF_BOOL;
	case SIGNET_CONF_INT:
		return CONF_INT;
	case SIGNET_CONF_DURATION:
		return CONF_DURATION;
	case SIGNET_CONF_STRINGS:
		return CONF_STRINGS;
	case SIGNET_CONF_ANY:
		return CONF_ANY;
	}
	return CONF_ANY;
}

/* New reference, or NULL and `why`. */
static json_t *scalar_json(const struct filler *f, const struct signet_conf_key *pk,
			   const char *text, struct buf *why)
{
	const struct conf_key k = {.name = pk->name, .type = conf_type_of(pk->type)};
	const char *s = NULL;
	int64_t number = 0;
	bool yes = false;

	switch (k.type) {
	case CONF_BOOL:
		return conf_scalar(f, &k, text, &yes, why) ? json_boolean(yes) : NULL;
	case CONF_INT:
	case CONF_DURATION:
		return conf_scalar(f, &k, text, &number, why) ? json_integer(number) : NULL;
	case CONF_STRING:
		return conf_scalar(f, &k, text, &s, why) ? json_str_new(str_c(s)) : NULL;
	case CONF_PATH:
	case CONF_AUTO_INT:
	case CONF_SIZE:
	case CONF_ENUM:
	case CONF_STRINGS:
	case CONF_PATHS:
	case CONF_OBJECT:
	case CONF_OBJECTS:
	case CONF_ANY:
		break;
	}
	BUG("not a scalar type");
}

static json_t *list_json(const struct filler *f, const struct conf_at *at, const json_t *v)
{
	json_t *out;

	if (!json_is_array(v)) {
		conf_bad(f, at, yaml_line(f->d, v), "must be a list");
		return NULL;
	}
	out = json_array();
	for (size_t i = 0; i < json_array_size(v); i++) {
		const struct conf_at here = {.up = at, .index = i};
		const json_t *item = json_array_get(v, i);

		if (!json_is_string(item) || conf_is_null(f->d, item)) {
			conf_bad(f, &here, yaml_line(f->d, item),
				 "must be a single value, not empty");
			json_decref(out);
			return NULL;
		}
		ENSURE(json_array_append_new(out, json_str_new(json_str_view(item))) == 0);
	}
	return out;
}

static json_t *value_json(const struct filler *f, const struct conf_at *at,
			  const struct signet_conf_key *k, const json_t *v)
{
	struct buf why = BUF_INIT;
	json_t *out = NULL;

	if (k->type == SIGNET_CONF_ANY)
		return yaml_core_value(f->d, v);
	if (k->type == SIGNET_CONF_STRINGS)
		return list_json(f, at, v);
	if (json_is_string(v))
		out = scalar_json(f, k, json_string_value(v), &why);
	else
		buf_puts(&why, "must be a single value");
	if (out == NULL)
		conf_bad(f, at, yaml_line(f->d, v), STR_FMT, STR_ARG(buf_view(&why)));
	buf_release(&why);
	return out;
}

/* A plugin's own default; one that does not parse is the plugin's fault, not the operator's. */
static json_t *default_json(const struct filler *f, const struct conf_at *at,
			    const struct signet_conf_key *k)
{
	struct buf why = BUF_INIT;
	struct yaml_doc doc;
	struct err ignored = ERR_INIT;
	json_t *out = NULL;

	if (k->type == SIGNET_CONF_ANY || k->type == SIGNET_CONF_STRINGS) {
		if (yaml_parse("default", str_c(k->dflt), &doc, &ignored) == 0) {
			const struct filler inner = {.d = &doc, .a = f->a, .e = &ignored};

			out = value_json(&inner, at, k, doc.root);
			yaml_release(&doc);
		}
	} else {
		out = scalar_json(f, k, k->dflt, &why);
	}
	if (out == NULL)
		conf_bad(f, at, 0, "the plugin's default is not valid");
	buf_release(&why);
	return out;
}

static int fill_plugin(const struct filler *f, const struct signet_conf_key *keys,
		       const json_t *root, json_t *out)
{
	for (const struct signet_conf_key *k = keys; k->name != NULL; k++) {
		const struct conf_at at = {.name = k->name, .index = CONF_AT_KEY};
		const json_t *v = json_object_get(root, k->name);
		json_t *made;

		if (!conf_is_null(f->d, v))
			made = value_json(f, &at, k, v);
		else if (k->required)
			return conf_bad(f, &at, yaml_line(f->d, root), "missing; it is required");
		else if (k->dflt != NULL)
			made = default_json(f, &at, k);
		else
			continue;
		if (made == NULL)
			return -1;
		ENSURE(json_object_set_new(out, k->name, made) == 0);
	}
	return 0;
}

static bool common_key(const char *name)
{
	for (const struct conf_key *k = conf_table_provisioner.keys; k->name != NULL; k++)
		if (strcmp(k->name, name) == 0)
			return true;
	return false;
}

/*
 * Neither a common key nor one of the plugin's is an error. `common` gets the members for our
 * table (borrowed values).
 */
static int split_keys(const struct filler *f, const struct signet_conf_key *keys, json_t *root,
		      json_t *common)
{
	const char *name;
	json_t *v;

	json_object_foreach(root, name, v)
	{
		const struct conf_at at = {.name = name, .index = CONF_AT_KEY};
		struct conf_near near = {.name = name};

		if (common_key(name)) {
			ENSURE(json_object_set(common, name, v) == 0);
			continue;
		}
		if (find_plugin_key(keys, name) != NULL)
			continue;
		for (const struct conf_key *k = conf_table_provisioner.keys; k->name != NULL; k++)
			conf_near_offer(&near, k->name);
		for (const struct signet_conf_key *k = keys; k->name != NULL; k++)
			conf_near_offer(&near, k->name);
		return conf_bad_unknown(f, &at, yaml_key_line(f->d, root, name), &near);
	}
	return 0;
}

static int check_name(const struct filler *f, const struct conf_provisioner *p)
{
	const struct conf_at at = {.name = "name", .index = CONF_AT_KEY};
	struct str s = str_c(p->name);
	bool ok = s.n > 0 && s.n <= 255;

	for (size_t i = 0; i < s.n; i++)
		ok = ok && (unsigned char)s.p[i] >= 0x20 && s.p[i] != 0x7f;
	if (ok)
		return 0;
	return conf_bad(f, &at, yaml_key_line(f->d, f->d->root, "name"),
			"must have 1 to 255 characters, no control characters");
}

/* `type`, before anything else: it decides on the other keys. */
static const char *read_type(const struct filler *f)
{
	const struct conf_at at = {.name = "type", .index = CONF_AT_KEY};
	const json_t *v;

	if (!json_is_object(f->d->root)) {
		conf_bad(f, NULL, yaml_line(f->d, f->d->root), "must be a mapping (key: value)");
		return NULL;
	}
	v = json_object_get(f->d->root, "type");
	if (conf_is_null(f->d, v)) {
		conf_bad(f, &at, yaml_line(f->d, f->d->root), "missing; it is required");
		return NULL;
	}
	if (!json_is_string(v)) {
		conf_bad(f, &at, yaml_line(f->d, v), "must be a single value");
		return NULL;
	}
	return json_string_value(v);
}

typedef const struct signet_conf_key *(*keys_of_fn)(void *arg, const char *type);

static int read_provisioner(const struct filler *f, keys_of_fn keys_of, void *arg,
			    struct conf_provisioner *out)
{
	const struct conf_at at = {.name = "type", .index = CONF_AT_KEY};
	const struct signet_conf_key *keys;
	const char *type = read_type(f);
	json_t *common;

	if (type == NULL)
		return -1;
	keys = keys_of(arg, type);
	if (keys == NULL)
		return conf_bad(f, &at, yaml_key_line(f->d, f->d->root, "type"),
				"no plugin for provisioners of type \"%.60s\" is loaded", type);
	common = json_object();
	conf_own_json(f->a, common);
	if (split_keys(f, keys, f->d->root, common) != 0 ||
	    conf_fill_object(f, &conf_table_provisioner, NULL, common, out) != 0 ||
	    check_name(f, out) != 0)
		return -1;
	out->plugin = json_object();
	conf_own_json(f->a, out->plugin);
	return fill_plugin(f, keys, f->d->root, out->plugin);
}

/* text NULL: what stands in the file. */
static int load(const char *path, const struct str *text, keys_of_fn keys_of, void *arg,
		struct conf_provisioner *out, struct err *e)
{
	struct filler f = {.d = &out->doc, .e = e};
	char *dir;
	int rc;

	*out = (struct conf_provisioner){.arena = arena_new()};
	f.a = out->arena;
	out->file = arena_strdup(out->arena, path);
	dir = file_dirname(path);
	f.dir = dir;
	rc = text ? yaml_parse(path, *text, &out->doc, e) : yaml_read(path, &out->doc, e);
	if (rc == 0)
		rc = read_provisioner(&f, keys_of, arg, out);
	mem_free(dir);
	if (rc != 0)
		conf_provisioner_release(out);
	return rc;
}

int conf_provisioner_load(const char *path,
			  const struct signet_conf_key *(*keys_of)(void *arg, const char *type),
			  void *arg, struct conf_provisioner *out, struct err *e)
{
	return load(path, NULL, keys_of, arg, out, e);
}

int conf_provisioner_parse(const char *path, struct str text,
			   const struct signet_conf_key *(*keys_of)(void *arg, const char *type),
			   void *arg, struct conf_provisioner *out, struct err *e)
{
	return load(path, &text, keys_of, arg, out, e);
}

void conf_provisioner_release(struct conf_provisioner *p)
{
	yaml_release(&p->doc);
	arena_free(p->arena);
	*p = (struct conf_provisioner){0};
}
