/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/policy_files.h"

#include "base/file.h"
#include "codec/yaml.h"
#include "conf/conf.h"

/*
 * policy_files.c - a file is what its keys say: the daemon's (authorities), a provisioner's
 * (policy), or the policy block itself (x509, ssh).
 */
#ifndef SIGNET_SYSCONFDIR
#define SIGNET_SYSCONFDIR "/etc/signet"
#endif
#define DEFAULT_CONFIG SIGNET_SYSCONFDIR "/signetd.yaml"

static struct str text_of(const json_t *o, const char *key)
{
	return json_str_view(json_object_get(o, key));
}

static int add_level(struct levels *l, const struct yaml_doc *d, const char *where,
		     const json_t *block, struct err *e)
{
	struct level *new = &l->items[l->n];

	if (l->n == MAX_LEVELS)
		return ERR(e, ERR_INVALID, "more than %u policies", MAX_LEVELS);
	*new = (struct level){.file = arena_strdup(l->c->arena, d->file),
			      .where = arena_strdup(l->c->arena, where),
			      .tree = yaml_core_value(d, block)};
	l->n++;
	if (policy_compile(new->tree, where, &new->policy, e) < 0)
		return err_wrap(e, "%s:%u", d->file, yaml_line(d, block));
	return 0;
}

/* Absent and empty ("policy:" and nothing) is none. */
static const json_t *block_of(const struct yaml_doc *d, const json_t *o)
{
	const json_t *v = json_object_get(o, "policy");
	struct str s = json_str_view(v);

	if (v == NULL || (json_is_string(v) && yaml_is_plain(d, v) &&
			  (s.n == 0 || str_eqc(s, "null") || str_eqc(s, "~"))))
		return NULL;
	return v;
}

static int add_authorities(struct levels *l, const struct yaml_doc *d, struct err *e)
{
	const json_t *list = json_object_get(d->root, "authorities");
	bool found = false;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *a = json_array_get(list, i), *block = block_of(d, a);
		struct str name = text_of(a, "name");

		if (!l->all && (l->authority != NULL ? !str_eqc(name, l->authority) : i > 0))
			continue;
		found = true;
		if (block != NULL &&
		    add_level(l, d, arena_printf(l->c->arena, "authorities[%zu].policy", i), block,
			      e) < 0)
			return -1;
	}
	if (!found && l->authority != NULL)
		return ERR(e, ERR_NOT_FOUND, "%s: no authority \"%s\"", d->file, l->authority);
	return 0;
}

static int add_doc(struct levels *l, const struct yaml_doc *d, struct err *e)
{
	const json_t *root = d->root, *block = block_of(d, root);

	if (json_object_get(root, "authorities") != NULL)
		return add_authorities(l, d, e);
	if (block != NULL)
		return add_level(l, d, "policy", block, e);
	if (json_object_get(root, "x509") != NULL || json_object_get(root, "ssh") != NULL)
		return add_level(l, d, "policy", root, e);
	if (json_object_get(root, "type") != NULL || json_object_size(root) == 0)
		return 0;
	return ERR(e, ERR_INVALID,
		   "%s: no policy: neither x509 or ssh, nor policy, nor authorities", d->file);
}

static int add_file(struct levels *l, const char *file, struct err *e)
{
	struct yaml_doc d;
	int rc;

	if (yaml_read(file, &d, e) < 0)
		return -1;
	rc = add_doc(l, &d, e);
	yaml_release(&d);
	return rc;
}

/* What a provisioner's file says about itself. */
static int look_into(struct cli *c, const char *file, const char **name, const char **authority,
		     struct err *e)
{
	struct yaml_doc d;

	if (yaml_read(file, &d, e) < 0)
		return -1;
	if (*name == NULL && text_of(d.root, "name").n > 0)
		*name = arena_cstr(c->arena, text_of(d.root, "name"));
	if (text_of(d.root, "authority").n > 0)
		*authority = arena_cstr(c->arena, text_of(d.root, "authority"));
	yaml_release(&d);
	return 0;
}

static const char *folder_of(struct cli *c, const char *file)
{
	const char *slash = strrchr(file, '/');

	if (slash == NULL)
		return ".";
	return arena_cstr(c->arena, (struct str){file, slash == file ? 1 : (size_t)(slash - file)});
}

/* --config, or when no file is named at all, where a daemon's would be. */
static const char *config_file(const struct cli *c, bool others)
{
	const char *file = cli_value(c, "config");

	if (file != NULL || others)
		return file;
	if (file_exists("signetd.yaml"))
		return "signetd.yaml";
	return file_exists(DEFAULT_CONFIG) ? DEFAULT_CONFIG : NULL;
}

static int no_file(struct cli *c, struct err *e)
{
	return cli_misuse(c, e,
			  "which policy? There is no ./signetd.yaml and no " DEFAULT_CONFIG
			  "; give --policy, --provisioner-file or --config FILE");
}

int levels_load(struct levels *l, const char **provisioner, struct err *e)
{
	struct cli *c = l->c;
	const char *own = cli_value(c, "provisioner-file"), *single = cli_value(c, "policy");
	const char *config = config_file(c, own != NULL || single != NULL);

	if (config == NULL && own == NULL && single == NULL)
		return no_file(c, e);
	*provisioner = cli_value(c, "provisioner");
	if (own == NULL && config != NULL && *provisioner != NULL) {
		const struct conf at = {.dir = folder_of(c, config)}; /* all that is asked for */

		if (conf_provisioner_find(&at, str_c(*provisioner), c->arena, &own, e) < 0)
			return -1;
	}
	if (own != NULL &&
	    (look_into(c, own, provisioner, &l->authority, e) < 0 || add_file(l, own, e) < 0))
		return -1;
	if (cli_value(c, "authority") != NULL)
		l->authority = cli_value(c, "authority");
	if (config != NULL && add_file(l, config, e) < 0)
		return -1;
	return single != NULL ? add_file(l, single, e) : 0;
}

/* Of the daemon's file: every authority, and every provisioner in its folder. */
static int load_all(struct levels *l, const char *config, struct err *e)
{
	struct conf at = {.dir = folder_of(l->c, config)};
	const char **files;
	size_t n;

	if (add_file(l, config, e) < 0 ||
	    conf_provisioner_files(&at, l->c->arena, &files, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (add_file(l, files[i], e) < 0)
			return -1;
	return 0;
}

int levels_load_all(struct levels *l, struct err *e)
{
	struct cli *c = l->c;
	const char *config = config_file(c, c->n_args > 0);

	if (config == NULL && c->n_args == 0)
		return no_file(c, e);
	l->all = true;
	for (size_t i = 0; i < c->n_args; i++)
		if (add_file(l, c->args[i], e) < 0)
			return -1;
	return config != NULL ? load_all(l, config, e) : 0;
}

void levels_release(struct levels *l)
{
	for (size_t i = 0; i < l->n; i++) {
		policy_free(l->items[i].policy);
		json_decref(l->items[i].tree);
	}
}
