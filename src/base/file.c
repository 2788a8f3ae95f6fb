/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/file.h"
#include "base/mem.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

/*
 * Writing. A temporary file with a random name is made in the target's folder, filled, given its
 * mode and fsynced before it gets the target's name by rename(2) or, when nothing may be there yet,
 * by link(2). Then the folder is fsynced. The folder is opened first: after the rename nothing is
 * left that could fail for a reason other than a broken disk.
 */

static int open_regular(const char *path, size_t max, int *out, struct err *e)
{
	struct stat st;
	/* O_NONBLOCK: opening a fifo must not hang; without effect on regular files. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return err_errno(e, errno, "%s", path);
	if (fstat(fd, &st) != 0) {
		err_errno(e, errno, "%s", path);
	} else if (!S_ISREG(st.st_mode)) {
		ERR(e, ERR_INVALID, "%s: not a regular file", path);
	} else if (st.st_size < 0 || (uint64_t)st.st_size > max) {
		ERR(e, ERR_TOO_LARGE, "%s: larger than %zu bytes", path, max);
	} else {
		*out = fd;
		return 0;
	}
	close(fd);
	return -1;
}

/* Up to n bytes; fewer only at the end of the file. -1 with errno. */
static ssize_t read_full(int fd, void *p, size_t n)
{
	size_t have = 0;

	while (have < n) {
		ssize_t got = read(fd, (char *)p + have, n - have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		have += (size_t)got;
	}
	return (ssize_t)have;
}

static int read_into_buf(int fd, const char *path, size_t max, struct buf *out, struct err *e)
{
	size_t total = 0;

	for (;;) {
		char piece[4096];
		/* One byte more than is allowed, to see that the file is longer. */
		size_t want = max - total < sizeof(piece) ? max - total + 1 : sizeof(piece);
		ssize_t got = read_full(fd, piece, want);
		if (got < 0)
			return err_errno(e, errno, "%s", path);
		total += (size_t)got;
		if (total > max)
			return ERR(e, ERR_TOO_LARGE, "%s: larger than %zu bytes", path, max);
		buf_add(out, piece, (size_t)got);
		mem_wipe(piece, (size_t)got);
		if (out->failed)
			return ERR(e, ERR_TOO_LARGE, "%s: larger than there is room for", path);
		if ((size_t)got < want)
			return 0;
	}
}

int file_read(const char *path, size_t max, struct buf *out, struct err *e)
{
	size_t before = out->n;
	int fd;

	if (open_regular(path, max, &fd, e) != 0)
		return -1;
	int rc = read_into_buf(fd, path, max, out, e);
	close(fd);
	if (rc != 0 && out->p != NULL) {
		out->n = before;
		out->p[before] = '\0';
	}
	return rc;
}

int file_read_secret(const char *path, size_t max, struct secret *out, struct err *e)
{
	struct secret fresh = SECRET_INIT;
	struct stat st;
	int fd, rc = 0;

	if (open_regular(path, max, &fd, e) != 0)
		return -1;
	if (fstat(fd, &st) != 0 || st.st_size < 0)
		st.st_size = 0;
	size_t size = (size_t)st.st_size < max ? (size_t)st.st_size : max;
	secret_resize(&fresh, size + 1); /* one more than expected: notices a file that grew */
	ssize_t got = read_full(fd, fresh.p, fresh.n);
	if (got < 0)
		rc = err_errno(e, errno, "%s", path);
	else if ((size_t)got > size)
		rc = ERR(e, ERR_UNAVAILABLE, "%s: changed while it was read; try again", path);
	close(fd);
	if (rc != 0) {
		secret_release(&fresh);
		return -1;
	}
	secret_resize(&fresh, (size_t)got);
	secret_release(out);
	*out = fresh;
	return 0;
}

static int write_full(int fd, struct str data)
{
	while (data.n > 0) {
		ssize_t put = write(fd, data.p, data.n);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -1;
		data.p += put;
		data.n -= (size_t)put;
	}
	return 0;
}

/* A filled and synced temporary file beside path; its name, which the caller frees, or NULL. */
static char *write_temporary(const char *path, struct str data, unsigned mode, struct err *e)
{
	char *tmp = mem_asprintf("%s.tmp.XXXXXX", path);
	int fd = mkostemp(tmp, O_CLOEXEC);

	if (fd < 0) {
		err_errno(e, errno, "%s: cannot create a temporary file beside it", path);
		mem_free(tmp);
		return NULL;
	}
	int rc = fchmod(fd, (mode_t)mode) != 0 || write_full(fd, data) != 0 || fsync(fd) != 0;
	if (rc != 0)
		err_errno(e, errno, "%s: write", tmp);
	if (close(fd) != 0 && rc == 0) {
		err_errno(e, errno, "%s: close", tmp);
		rc = 1;
	}
	if (rc == 0)
		return tmp;
	unlink(tmp);
	mem_free(tmp);
	return NULL;
}

static int sync_folder(int fd, const char *path, struct err *e)
{
	/* EINVAL: a file system that does not sync folders; nothing more can be done there. */
	if (fsync(fd) != 0 && errno != EINVAL)
		return err_errno(e, errno, "%s: fsync of its folder (the file is in place)", path);
	return 0;
}

static int put_file(const char *path, struct str data, unsigned mode, bool replace, struct err *e)
{
	char *folder = file_dirname(path);
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0) {
		err_errno(e, errno, "%s", folder);
		mem_free(folder);
		return -1;
	}
	mem_free(folder);
	char *tmp = write_temporary(path, data, mode, e);
	if (tmp == NULL) {
		close(dir);
		return -1;
	}
	int rc = replace ? rename(tmp, path) : link(tmp, path);
	if (rc != 0 && errno == EEXIST)
		rc = ERR(e, ERR_CONFLICT, "%s: exists already", path);
	else if (rc != 0)
		rc = err_errno(e, errno, "%s", path);
	if (rc != 0 || !replace)
		unlink(tmp);
	if (rc == 0)
		rc = sync_folder(dir, path, e);
	mem_free(tmp);
	close(dir);
	return rc;
}

int file_replace(const char *path, struct str data, unsigned mode, struct err *e)
{
	return put_file(path, data, mode, true, e);
}

int file_create(const char *path, struct str data, unsigned mode, struct err *e)
{
	return put_file(path, data, mode, false, e);
}

bool file_exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

static int make_folder(const char *path, unsigned mode, struct err *e)
{
	struct stat st;

	if (mkdir(path, (mode_t)mode) == 0)
		return 0;
	int why = errno;
	/* A component that exists may also answer EROFS or EACCES. */
	if (stat(path, &st) == 0) {
		if (S_ISDIR(st.st_mode))
			return 0;
		return ERR(e, ERR_CONFLICT, "%s: exists and is not a folder", path);
	}
	return err_errno(e, why, "%s", path);
}

int file_mkdir_p(const char *path, unsigned mode, struct err *e)
{
	char *copy = mem_strdup(path);
	int rc = 0;

	for (char *p = copy + 1; rc == 0 && copy[0] != '\0' && *p != '\0'; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		rc = make_folder(copy, mode, e);
		*p = '/';
	}
	if (rc == 0)
		rc = make_folder(copy, mode, e);
	mem_free(copy);
	return rc;
}

char *file_join(const char *base, const char *rel)
{
	size_t n = strlen(base);

	if (rel[0] == '/' || n == 0)
		return mem_strdup(rel);
	return mem_asprintf("%s%s%s", base, base[n - 1] == '/' ? "" : "/", rel);
}

char *file_dirname(const char *path)
{
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		n--;
	while (n > 0 && path[n - 1] != '/')
		n--;
	if (n == 0)
		return mem_strdup(".");
	while (n > 1 && path[n - 1] == '/')
		n--;
	return mem_strndup(path, n);
}

int file_free_space(const char *path, uint64_t *bytes, struct err *e)
{
	struct statvfs fs;

	if (statvfs(path, &fs) != 0)
		return err_errno(e, errno, "%s", path);
	*bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	return 0;
}
