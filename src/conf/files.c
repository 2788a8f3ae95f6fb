/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/mem.h"
#include "codec/json.h"
#include "conf/priv.h"

#include <dirent.h>

#define MAX_FILES 10000

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Editors' left-overs and hidden files are not configuration. */
static bool wanted(const char *name)
{
	return name[0] != '.' && str_ends(str_c(name), ".yaml");
}

static int read_folder(DIR *folder, const char *dir, struct arena *a, const char **list, size_t *n,
		       struct err *e)
{
	const struct dirent *entry;

	for (errno = 0; (entry = readdir(folder)) != NULL; errno = 0) {
		if (!wanted(entry->d_name))
			continue;
		if (*n == MAX_FILES)
			return ERR(e, ERR_INVALID, "%s: more than %d files", dir, MAX_FILES);
		list[(*n)++] = conf_path(a, dir, entry->d_name);
	}
	return errno != 0 ? err_errno(e, errno, "%s", dir) : 0;
}

int conf_provisioner_files(const struct conf *c, struct arena *a, const char ***paths, size_t *n,
			   struct err *e)
{
	const char *dir = conf_path(a, c->dir, "provisioners.d");
	DIR *folder = opendir(dir);
	const char **list;
	int rc;

	*paths = NULL;
	*n = 0;
	if (folder == NULL)
		return errno == ENOENT ? 0 : err_errno(e, errno, "%s", dir);
	list = mem_calloc(MAX_FILES, sizeof(*list));
	rc = read_folder(folder, dir, a, list, n, e);
	closedir(folder);
	if (rc == 0 && *n > 0) {
		qsort(list, *n, sizeof(*list), by_name);
		*paths = arena_dup(a, list, *n * sizeof(*list));
	}
	mem_free(list);
	return rc;
}

static bool is_named(const char *path, struct str name)
{
	struct err ignored = ERR_INIT;
	struct yaml_doc d;
	bool same;

	if (yaml_read(path, &d, &ignored) != 0)
		return false;
	same = str_eq(json_str_view(json_object_get(d.root, "name")), name);
	yaml_release(&d);
	return same;
}

int conf_provisioner_find(const struct conf *c, struct str name, struct arena *a, const char **path,
			  struct err *e)
{
	const char **paths;
	size_t n;

	if (conf_provisioner_files(c, a, &paths, &n, e) != 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (is_named(paths[i], name)) {
			*path = paths[i];
			return 0;
		}
	return ERR(e, ERR_NOT_FOUND, "no provisioner \"" STR_FMT "\" in %s", STR_ARG(name),
		   conf_path(a, c->dir, "provisioners.d"));
}
