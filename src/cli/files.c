/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/cli.h"

#include "base/file.h"
#include "base/hook.h"
#include "base/mem.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

/*
 * files.c - what is found out about files before anything is used up, and reading what may be
 * standard input.
 */

#define ROOM_MIN 8192U /* for a certificate with its chain, or a key */

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

/* A full disk is noticed now, not when the token is gone. File systems that do not count pass. */
static int check_room(const char *path, struct err *e)
{
	char *dir = file_dirname(path);
	bool root = geteuid() == 0, full = false;
	struct statvfs v;

	if (statvfs(dir, &v) == 0 && v.f_blocks > 0)
		full = (root ? v.f_bfree : v.f_bavail) < (ROOM_MIN - 1) / v.f_frsize + 1;
	if (!full && v.f_files > 0)
		full = (root ? v.f_ffree : v.f_favail) == 0;
	mem_free(dir);
	return full ? err_errno(e, ENOSPC, "%s: cannot be written", path) : 0;
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
	return rc < 0 ? rc : check_room(path, e);
}

int can_write(const char *path, struct err *e)
{
	struct stat st;

	if (check_folder(path, e) < 0)
		return -1;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return ERR(e, ERR_INVALID, "%s: cannot be written: it is a folder", path);
	return 0;
}

int may_write(struct cli *c, const char *path, struct err *e)
{
	if (can_write(path, e) < 0)
		return -1;
	if (!file_exists(path) || cli_flag(c, "force"))
		return 0;
	if (prompt_available() &&
	    prompt_yes(arena_printf(c->arena, "%s exists. Overwrite it?", path)))
		return 0;
	return ERR(e, ERR_CONFLICT, "%s exists; give --force to overwrite it", path);
}

/* ---- writing ---- */

static int put_in_place(const char *from, const char *to, struct err *e)
{
	return rename(from, to) == 0 ? 0 : err_errno(e, errno, "%s", to);
}

static int write_both(struct cli *c, const struct file_text *a, const struct file_text *b,
		      struct err *e)
{
	const char *a_new = arena_printf(c->arena, "%s.new-%ld", a->path, (long)getpid());
	const char *b_new = arena_printf(c->arena, "%s.new-%ld", b->path, (long)getpid());
	int rc = file_replace(b_new, b->text, b->mode, e);

	if (rc < 0)
		return -1;
	rc = file_replace(a_new, a->text, a->mode, e);
	if (rc == 0)
		rc = put_in_place(a_new, a->path, e);
	test_crash("cli.pair");
	if (rc == 0)
		rc = put_in_place(b_new, b->path, e);
	if (rc < 0) {
		unlink(a_new);
		unlink(b_new);
	}
	return rc;
}

int write_pair(struct cli *c, const struct file_text *first, const struct file_text *second,
	       struct err *e)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	rc = write_both(c, first, second, e);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}

static int fill(int fd, const struct stat *st, struct str text)
{
	struct stat have;

	if (fstat(fd, &have) != 0 ||
	    ((have.st_uid != st->st_uid || have.st_gid != st->st_gid) &&
	     fchown(fd, st->st_uid, st->st_gid) != 0) ||
	    fchmod(fd, st->st_mode & 07777) != 0)
		return -1;
	while (text.n > 0) {
		ssize_t put = write(fd, text.p, text.n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -1;
		text.p += put;
		text.n -= (size_t)put;
	}
	return fsync(fd);
}

/* `path` is no symbolic link. */
static int rewrite(const char *path, struct str text, struct err *e)
{
	char *tmp = mem_asprintf("%s.tmp.XXXXXX", path);
	struct stat st;
	int rc = stat(path, &st), fd = rc == 0 ? mkostemp(tmp, O_CLOEXEC) : -1;

	if (fd < 0) {
		rc = err_errno(e, errno, "%s: cannot be written", path);
		mem_free(tmp);
		return rc;
	}
	rc = fill(fd, &st, text);
	if (rc < 0)
		err_errno(e, errno, "%s: cannot be written", path);
	close(fd);
	if (rc == 0)
		rc = put_in_place(tmp, path, e);
	if (rc < 0)
		unlink(tmp);
	mem_free(tmp);
	return rc;
}

int rewrite_file(const char *path, struct str text, struct err *e)
{
	char *real = realpath(path, NULL);
	int rc;

	if (real == NULL)
		return err_errno(e, errno, "%s", path);
	rc = rewrite(real, text, e);
	free(real);
	return rc;
}

/* ---- reading ---- */

int read_input(const char *path, size_t max, struct buf *out, struct err *e)
{
	char piece[4096];
	ssize_t got;

	if (strcmp(path, "-") != 0)
		return file_read(path, max, out, e);
	for (;;) {
		got = read(STDIN_FILENO, piece, sizeof(piece));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_errno(e, errno, "standard input");
		if (got == 0)
			return 0;
		if (out->n + (size_t)got > max)
			return ERR(e, ERR_TOO_LARGE, "standard input: larger than %zu bytes", max);
		buf_add(out, piece, (size_t)got);
	}
}

struct str trim_text(struct str s)
{
	while (s.n > 0 && strchr(" \t\r\n", s.p[s.n - 1]) != NULL)
		s.n--;
	while (s.n > 0 && strchr(" \t\r\n", s.p[0]) != NULL) {
		s.p++;
		s.n--;
	}
	return s;
}

int out_flush(struct err *e)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		return err_errno(e, errno ? errno : EIO, "standard output");
	return 0;
}
