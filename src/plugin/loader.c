/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "plugin/priv.h"

#include <dlfcn.h>

/*
 * loader.c - from a type in the configuration to a descriptor.
 *
 * A module's code runs in the daemon, so before it is opened: the file is regular, and neither it
 * nor a folder from the plugin folder down to it can be changed by anyone but root and the daemon's
 * own user. The name of the file is made from the type, which holds letters, digits and '-' only,
 * so no configuration reaches another file. RTLD_NOW and RTLD_LOCAL: a module that needs a symbol
 * which is not there fails here, not in a request; and modules do not see each other. Modules are
 * never closed: a library that has registered a clean-up, a thread or a pointer somewhere survives;
 * also one that failed its handshake, since its constructors have already run. A descriptor
 * therefore lives as long as the process, whatever happens to the registry.
 *
 * Built-in descriptors win over files: what was linked in cannot be replaced by putting a file
 * somewhere.
 */
struct plugin_registry {
	char *dir;
	const struct signet_plugin *const *builtin;
	struct map *found; /* "KIND/type" -> struct found */
};
struct found {
	const struct signet_plugin *plugin;
};

struct plugin_registry *plugin_registry_new(const char *dir,
					    const struct signet_plugin *const *builtin)
{
	struct plugin_registry *r = NEW(struct plugin_registry);

	r->dir = mem_strdup(dir ? dir : "");
	r->builtin = builtin;
	r->found = map_new();
	return r;
}

void plugin_registry_free(struct plugin_registry *r)
{
	if (!r)
		return;
	map_free(r->found, mem_free);
	mem_free(r->dir);
	mem_free(r);
}

static const struct signet_plugin *find_builtin(struct plugin_registry *r,
						enum signet_plugin_kind kind, const char *type,
						struct err *e)
{
	for (const struct signet_plugin *const *p = r->builtin; p && *p; p++) {
		if ((*p)->kind != (uint32_t)kind || !str_ieqc(str_c((*p)->name), type))
			continue;
		return plugin_handshake(*p, kind, "built-in", e) < 0 ? NULL : *p;
	}
	ERR(e, ERR_NOT_FOUND, "plugin %s: not built in", type);
	return NULL;
}

static const struct signet_plugin *open_module(const char *path, enum signet_plugin_kind kind,
					       const char *type, struct err *e)
{
	const struct signet_plugin *p;
	void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

	if (!module) {
		const char *why = dlerror();
		ERR(e, ERR_INVALID, "plugin %s: %s", path, why ? why : "cannot be opened");
		return NULL;
	}
	p = dlsym(module, "signet_plugin");
	if (!p) {
		ERR(e, ERR_INVALID, "plugin %s: does not export signet_plugin", path);
		return NULL;
	}
	if (plugin_handshake(p, kind, path, e) < 0)
		return NULL;
	if (!str_ieqc(str_c(p->name), type)) {
		ERR(e, ERR_INVALID, "plugin %s: is for another type than %s", path, type);
		return NULL;
	}
	return p;
}

/* The file and the folders that lead to it from the plugin folder on. */
static int check_file(const char *dir, const char *sub, const char *path, struct err *e)
{
	char *folder;
	int rc;

	if (plugin_check_path(path, false, e) < 0 || plugin_check_path(dir, true, e) < 0)
		return -1;
	for (const char *slash = sub;; slash++) {
		if (*slash != '/' && *slash != 0)
			continue;
		folder = mem_asprintf("%s/%.*s", dir, (int)(slash - sub), sub);
		rc = plugin_check_path(folder, true, e);
		mem_free(folder);
		if (rc < 0 || *slash == 0)
			return rc;
	}
}

static const struct signet_plugin *find_file(struct plugin_registry *r,
					     enum signet_plugin_kind kind, const char *type,
					     const char *name, struct err *e)
{
	const struct signet_plugin *p = NULL;

	for (int libs = 0; libs < 2 && !p; libs++) {
		char *sub = mem_asprintf("%s%s", plugin_kind_folder(kind), libs ? "/.libs" : "");
		char *path = mem_asprintf("%s/%s/%s.so", r->dir, sub, name);
		int rc = check_file(r->dir, sub, path, e);
		if (rc == 0)
			p = open_module(path, kind, type, e);
		mem_free(sub);
		mem_free(path);
		/* Only "no such file" leads to the next place: a module that is refused is not
		 * replaced by another one. */
		if (!p && e->code != ERR_NOT_FOUND)
			return NULL;
	}
	if (!p)
		ERR(e, ERR_NOT_FOUND, "plugin %s: no %s/%s/%s.so", type, r->dir,
		    plugin_kind_folder(kind), name);
	return p;
}

const struct signet_plugin *plugin_find(struct plugin_registry *r, enum signet_plugin_kind kind,
					const char *type, struct err *e)
{
	const struct signet_plugin *p;
	struct found *f;
	char name[64], key[96];

	if (!plugin_kind_folder(kind) || !plugin_file_name(type, name, sizeof(name))) {
		ERR(e, ERR_NOT_FOUND,
		    "plugin \"%.64s\": a type has 1 to 63 letters, digits and '-'", type);
		return NULL;
	}
	snprintf(key, sizeof(key), "%s/%s", plugin_kind_folder(kind), name);
	f = map_get(r->found, str_c(key));
	if (f)
		return f->plugin;
	p = find_builtin(r, kind, type, e);
	if (!p && e->code == ERR_NOT_FOUND && r->dir[0])
		p = find_file(r, kind, type, name, e);
	if (p) {
		f = NEW(struct found);
		f->plugin = p;
		map_put(r->found, str_c(key), f);
	}
	return p;
}
