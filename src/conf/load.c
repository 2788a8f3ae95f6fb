/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/file.h"
#include "base/mem.h"
#include "conf/priv.h"

/*
 * load.c - signetd.yaml as an immutable snapshot. It is made by one thread (start-up, or the slow
 * pool on reload) and never changed once conf_load() has returned it; the last reference, on
 * whatever thread, frees it with all that its arena holds.
 */

#ifndef SIGNET_PLUGINDIR
#define SIGNET_PLUGINDIR "/usr/lib/signet"
#endif

static int absolute_path(const char *path, struct arena *a, const char **out, struct err *e)
{
	char cwd[4096];

	if (path[0] == '/') {
		*out = arena_strdup(a, path);
		return 0;
	}
	if (getcwd(cwd, sizeof(cwd)) == NULL)
		return err_errno(e, errno, "%s: working directory", path);
	*out = conf_path(a, cwd, path);
	return 0;
}

/* Paths that do not start at the file's folder, and what has no default in the table. */
static void settle_paths(struct conf *c)
{
	c->store.path = c->store.path[0] == '\0' ? c->store.path
						 : conf_path(c->arena, c->data_dir, c->store.path);
	if (c->control.socket[0] != '\0')
		c->control.socket = conf_path(c->arena, c->data_dir, c->control.socket);
	if (strcmp(c->log.output, "stderr") != 0 && strcmp(c->log.output, "stdout") != 0)
		c->log.output = conf_path(c->arena, c->dir, c->log.output);
	if (c->plugin_dir == NULL)
		c->plugin_dir = arena_strdup(c->arena, SIGNET_PLUGINDIR);
}

static int read_conf(struct conf *c, const char *path, struct err *e)
{
	struct filler f = {.d = &c->doc, .a = c->arena, .e = e};
	char *dir;

	if (absolute_path(path, c->arena, &c->file, e) != 0)
		return -1;
	dir = file_dirname(c->file);
	c->dir = arena_strdup(c->arena, dir);
	mem_free(dir);
	if (yaml_read(path, &c->doc, e) != 0)
		return -1;
	f.dir = c->dir;
	if (conf_fill_object(&f, &conf_table_daemon, NULL, c->doc.root, c) != 0)
		return -1;
	settle_paths(c);
	return conf_check(c, e);
}

struct conf *conf_load(const char *path, struct err *e)
{
	struct arena *a = arena_new();
	struct conf *c = NEW(struct conf);

	ref_init(&c->ref);
	c->arena = a;
	if (read_conf(c, path, e) != 0) {
		conf_unref(c);
		return NULL;
	}
	return c;
}

struct conf *conf_ref(struct conf *c)
{
	ref_get(&c->ref);
	return c;
}

void conf_unref(struct conf *c)
{
	if (c == NULL || !ref_put(&c->ref))
		return;
	conf_unref(c->origin);
	yaml_release(&c->doc);
	arena_free(c->arena);
	mem_free(c);
}
