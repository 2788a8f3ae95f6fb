/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "daemon/restore_priv.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

#include <sys/stat.h>

/*
 * restore_files.c - where each file of a backup goes: signetd.yaml is FILE, what stood beside it
 * stands beside FILE, tls/ and the store go to the data folder, absolute/... to the path that it
 * names. Relative paths of the configuration start at its folder, so those of a backup's
 * configuration, read where the backup is, are carried over to FILE's folder.
 *
 * A file that is there with the very content is left: it is from a restore that was killed.
 */
const char *restore_real_path(struct arena *a, const char *path, struct err *e)
{
	char *real = realpath(path, NULL);
	const char *out = NULL;

	if (real == NULL)
		(void)err_errno(e, errno, "%s", path);
	else
		out = arena_strdup(a, real);
	free(real);
	return out;
}

/* ---- paths ---- */

/* From the backup's folder to FILE's. */
static const char *carry(struct restoring *r, const char *path)
{
	const char *inside = path_inside(r->dir, path);

	if (r->has_config)
		return path;
	if (strcmp(path, r->dir) == 0)
		return r->config_dir;
	return inside != NULL ? arena_printf(r->arena, "%s/%s", r->config_dir, inside) : path;
}

int restore_settle_paths(struct restoring *r, struct err *e)
{
	char *dir = file_dirname(r->opts->config), cwd[4096];
	const char *file = r->has_config ? r->opts->config
					 : arena_printf(r->arena, "%s/" BACKUP_CONFIG, r->dir);

	if (dir[0] != '/' && getcwd(cwd, sizeof(cwd)) == NULL) {
		mem_free(dir);
		return err_errno(e, errno, "working directory");
	}
	r->config_dir = strcmp(dir, ".") == 0 ? arena_strdup(r->arena, cwd)
			: dir[0] == '/'	      ? arena_strdup(r->arena, dir)
					      : arena_printf(r->arena, "%s/%s", cwd, dir);
	mem_free(dir);
	r->conf = conf_load(file, e);
	if (r->conf == NULL)
		return -1;
	r->data_dir = carry(r, r->conf->data_dir);
	r->store = carry(r, r->conf->store.path);
	r->incoming = arena_printf(r->arena, "%s.restoring", r->store);
	if (path_inside(r->store, r->dir) != NULL || path_inside(r->incoming, r->dir) != NULL)
		return ERR(e, ERR_INVALID, "%s is inside the store: move it elsewhere first",
			   r->dir);
	return 0;
}

const char *restore_existing(struct arena *a, const char *path)
{
	char *at = mem_strdup(path);
	const char *out;

	while (!file_exists(at) && strcmp(at, "/") != 0 && strcmp(at, ".") != 0) {
		char *up = file_dirname(at);

		mem_free(at);
		at = up;
	}
	out = arena_strdup(a, at);
	mem_free(at);
	return out;
}

/* NULL: not restored, or by itself (the store, FILE). */
static const char *target(struct restoring *r, const struct manifest_file *f)
{
	const char *inner;

	if (r->has_config || path_inside(BACKUP_STORE, f->path) != NULL ||
	    strcmp(f->path, BACKUP_CONFIG) == 0)
		return NULL;
	if ((inner = path_inside(BACKUP_ABSOLUTE, f->path)) != NULL)
		return arena_printf(r->arena, "/%s", inner);
	if (path_inside(BACKUP_TLS, f->path) != NULL)
		return arena_printf(r->arena, "%s/%s", r->data_dir, f->path);
	return arena_printf(r->arena, "%s/%s", r->config_dir, f->path);
}

/* ---- before anything is written ---- */

static const char *source(struct restoring *r, const struct manifest_file *f)
{
	return arena_printf(r->arena, "%s/%s", r->dir, f->path);
}

static int check_size(struct restoring *r, const struct manifest_file *f, struct err *e)
{
	const char *path = source(r, f);
	struct stat st;

	if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode))
		return ERR(e, ERR_INVALID, "%s is damaged: %s is missing", r->dir, f->path);
	if ((uint64_t)st.st_size == f->content.size)
		return 0;
	return ERR(e, ERR_INVALID, "%s is damaged: %s has %llu bytes instead of %llu", r->dir,
		   f->path, (unsigned long long)st.st_size, (unsigned long long)f->content.size);
}

static bool same_content(const char *path, const struct manifest_file *f)
{
	struct err ignored = ERR_INIT;
	struct copied now;

	return copy_digest(path, &now, &ignored) == 0 && now.size == f->content.size &&
	       strcmp(now.sha256, f->content.sha256) == 0;
}

int restore_check_files(struct restoring *r, struct err *e)
{
	bool store = false;

	for (size_t i = 0; i < r->m.n; i++) {
		const struct manifest_file *f = &r->m.files[i];
		const char *to = target(r, f);
		struct stat st;

		store = store || strcmp(f->path, BACKUP_STORE "/CURRENT") == 0;
		if (check_size(r, f, e) != 0)
			return -1;
		if (to != NULL && lstat(to, &st) == 0 && !same_content(to, f))
			return ERR(e, ERR_CONFLICT,
				   "%s is there and differs from the backup: move it away first",
				   to);
	}
	return store ? 0 : ERR(e, ERR_INVALID, "%s is damaged: it has no store", r->dir);
}

/* ---- writing ---- */

/* Root makes them for the daemon's user, who owns what is above. */
static int own(const char *path, struct err *e)
{
	char *above;
	struct stat st;
	int rc = 0;

	if (geteuid() != 0)
		return 0;
	above = file_dirname(path);
	if (stat(above, &st) != 0)
		rc = err_errno(e, errno, "%s", above);
	else if (lchown(path, st.st_uid, st.st_gid) != 0)
		rc = err_errno(e, errno, "%s: owner", path);
	mem_free(above);
	return rc;
}

int restore_own_tree(struct restoring *r, const char *path, struct err *e)
{
	char *above = file_dirname(path);
	struct stat st;
	int rc = 0;

	(void)r;
	if (geteuid() == 0 && stat(above, &st) == 0)
		rc = tree_chown(path, st.st_uid, st.st_gid, e);
	mem_free(above);
	return rc;
}

int restore_folder(struct restoring *r, const char *path, struct err *e)
{
	char *above;
	struct stat st;
	int rc;

	if (stat(path, &st) == 0)
		return S_ISDIR(st.st_mode)
			       ? 0
			       : ERR(e, ERR_CONFLICT, "%s is there and is no folder", path);
	above = file_dirname(path);
	rc = restore_folder(r, above, e);
	if (rc == 0 && mkdir(path, 0700) != 0)
		rc = err_errno(e, errno, "%s", path);
	if (rc == 0)
		rc = own(path, e);
	if (rc == 0)
		rc = folder_sync(above, e);
	mem_free(above);
	return rc;
}

int restore_copy(struct restoring *r, const struct manifest_file *f, const char *to, struct err *e)
{
	struct copied now;

	if (same_content(to, f))
		return 0;
	if (copy_regular(source(r, f), to, f->mode, &now, e) != 0)
		return -1;
	if (now.size != f->content.size || strcmp(now.sha256, f->content.sha256) != 0) {
		(void)unlink(to);
		return ERR(e, ERR_INVALID, "%s is damaged: %s is not what was backed up", r->dir,
			   f->path);
	}
	return own(to, e);
}

static int restore_to(struct restoring *r, const struct manifest_file *f, const char *to,
		      struct err *e)
{
	char *folder = file_dirname(to);
	int rc = restore_folder(r, folder, e);

	if (rc == 0)
		rc = restore_copy(r, f, to, e);
	if (rc == 0)
		rc = folder_sync(folder, e);
	mem_free(folder);
	return rc;
}

int restore_files(struct restoring *r, struct err *e)
{
	for (size_t i = 0; i < r->m.n; i++) {
		const char *to = target(r, &r->m.files[i]);

		if (to == NULL)
			continue;
		if (restore_to(r, &r->m.files[i], to, e) != 0)
			return -1;
		r->n_files++;
	}
	return 0;
}

int restore_config(struct restoring *r, struct err *e)
{
	for (size_t i = 0; i < r->m.n && !r->has_config; i++)
		if (strcmp(r->m.files[i].path, BACKUP_CONFIG) == 0)
			return restore_to(r, &r->m.files[i], r->opts->config, e);
	return 0;
}
