/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/mem.h"
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
