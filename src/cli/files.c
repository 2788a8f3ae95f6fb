/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/cli.h"

#include "base/file.h"
#include "base/mem.h"
#include "crypto/key.h"

#include <sys/stat.h>

#define KEY_MAX (64 * 1024)

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool same_place(const char *a, const char *b)
{
	char *dir_a = file_dirname(a), *dir_b = file_dirname(b);
	struct stat x, y;
	bool same = strcmp(base_name(a), base_name(b)) == 0 && stat(dir_a, &x) == 0 &&
		    stat(dir_b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;

	mem_free(dir_a);
	mem_free(dir_b);
	return same;
}

static int check_folder(const char *path, struct err *e)
{
	char *dir = file_dirname(path);
	struct stat st;
	int rc = 0;

	if (stat(dir, &st) != 0)
		rc = err_errno(e, errno, "%s: cannot be written: folder %s", path, dir);
	else if (!S_ISDIR(st.st_mode))
		rc = ERR(e, ERR_INVALID, "%s: cannot be written: %s is not a folder", path, dir);
	else if (access(dir, W_OK | X_OK) != 0)
		rc = err_errno(e, errno, "%s: cannot be written: folder %s", path, dir);
	mem_free(dir);
	return rc;
}

int may_write(struct cli *c, const char *path, struct err *e)
{
	struct stat st;

	if (check_folder(path, e) < 0)
		return -1;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return ERR(e, ERR_INVALID, "%s: cannot be written: it is a folder", path);
	if (!file_exists(path) || cli_flag(c, "force"))
		return 0;
	if (prompt_available() &&
	    prompt_yes(arena_printf(c->arena, "%s exists. Overwrite it?", path)))
		return 0;
	return ERR(e, ERR_CONFLICT, "%s exists; give --force to overwrite it", path);
}

int read_key_file(struct cli *c, const char *path, const char *password_opt, struct key **out,
		  struct err *e)
{
	struct secret text = SECRET_INIT, password = SECRET_INIT;
	bool encrypted;

	*out = NULL;
	if (file_read_secret(path, KEY_MAX, &text, e) < 0)
		return -1;
	encrypted = key_file_is_encrypted(secret_view(&text));
	if (encrypted &&
	    password_get(c, password_opt, arena_printf(c->arena, "Password of %s", path), false,
			 &password, e) < 0) {
		secret_release(&text);
		return -1;
	}
	*out = key_from_file_data(secret_view(&text), encrypted ? &password : NULL, e);
	secret_release(&text);
	secret_release(&password);
	return *out == NULL ? err_wrap(e, "%s", path) : 0;
}
