/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_T_CONF_UTIL_H
#define SIGNET_T_CONF_UTIL_H

#include "base/file.h"
#include "base/mem.h"

/* A fresh folder for configuration files. */
struct conf_dir {
	char path[64];
};

static inline void conf_dir_init(struct conf_dir *d)
{
	snprintf(d->path, sizeof(d->path), "/tmp/signet-conf-XXXXXX");
	if (mkdtemp(d->path) == NULL)
		abort();
}

/* Writes DIR/name; the path is freed with mem_free. */
static inline char *conf_dir_write(const struct conf_dir *d, const char *name, const char *text)
{
	char *path = file_join(d->path, name);
	struct err e = ERR_INIT;

	if (file_replace(path, str_c(text), 0600, &e) != 0) {
		fprintf(stderr, "%s\n", e.msg);
		abort();
	}
	return path;
}

/* Removes DIR/name (a file or an empty folder). */
static inline void conf_dir_remove(const struct conf_dir *d, const char *name)
{
	char *path = file_join(d->path, name);

	(void)remove(path);
	mem_free(path);
}

static inline void conf_dir_release(const struct conf_dir *d)
{
	(void)rmdir(d->path);
}

static inline const char *conf_srcdir(void)
{
	const char *dir = getenv("SIGNET_SRCDIR");

	return dir != NULL ? dir : ".";
}

#endif
