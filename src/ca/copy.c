/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ca/copy.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/b64.h"
#include "crypto/crypto.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

#define PIECE	  65536U
#define NFTW_OPEN 16

/* ---- files ---- */

static int open_regular(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return err_errno(e, errno, "%s", path);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return ERR(e, ERR_INVALID, "%s: not a regular file", path);
}

static int write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t put = write(fd, p, n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -1;
		p += put;
		n -= (size_t)put;
	}
	return 0;
}

/* out < 0: only looks. */
static int pump(int in, int out, const char *from, const char *to, struct copied *sum,
		struct err *e)
{
	struct hash_ctx *h = hash_new(HASH_SHA256);
	char *piece = mem_alloc(PIECE);
	unsigned char digest[32];
	struct buf hex = BUF_INIT;
	ssize_t got;
	int rc = 0;

	*sum = (struct copied){0};
	while (rc == 0 && (got = read(in, piece, PIECE)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			rc = err_errno(e, errno, "%s", from);
			break;
		}
		hash_update(h, str_mem(piece, (size_t)got));
		sum->size += (uint64_t)got;
		if (out >= 0 && write_all(out, piece, (size_t)got) != 0)
			rc = err_errno(e, errno, "%s", to);
	}
	mem_wipe(piece, PIECE);
	mem_free(piece);
	hash_final(h, digest);
	hex_encode(str_mem(digest, sizeof(digest)), &hex);
	memcpy(sum->sha256, hex.p, sizeof(sum->sha256));
	buf_release(&hex);
	return rc;
}

int copy_regular(const char *from, const char *to, unsigned mode, struct copied *sum, struct err *e)
{
	int in = open_regular(from, e), out, rc;

	if (in < 0)
		return -1;
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0) {
		rc = errno == EEXIST ? ERR(e, ERR_CONFLICT, "%s: exists already", to)
				     : err_errno(e, errno, "%s", to);
		close(in);
		return rc;
	}
	rc = pump(in, out, from, to, sum, e);
	if (rc == 0 && (fchmod(out, (mode_t)mode) != 0 || fsync(out) != 0))
		rc = err_errno(e, errno, "%s", to);
	if (close(out) != 0 && rc == 0)
		rc = err_errno(e, errno, "%s", to);
	close(in);
	if (rc != 0)
		(void)unlink(to);
	return rc;
}

int copy_digest(const char *path, struct copied *out, struct err *e)
{
	int in = open_regular(path, e), rc;

	if (in < 0)
		return -1;
	rc = pump(in, -1, path, "", out, e);
	close(in);
	return rc;
}

/* ---- folders ---- */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

int tree_remove(const char *path, struct err *e)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return errno == ENOENT ? 0 : err_errno(e, errno, "%s", path);
	if (nftw(path, remove_one, NFTW_OPEN, FTW_DEPTH | FTW_PHYS) != 0)
		return err_errno(e, errno, "%s: cannot be removed", path);
	return 0;
}

/* nftw() has no argument for its function. */
int tree_chown(const char *path, unsigned uid, unsigned gid, struct err *e)
{
	char **names;
	size_t n;
	struct stat st;
	int rc = 0;

	if (lchown(path, uid, gid) != 0)
		return err_errno(e, errno, "%s: owner", path);
	if (lstat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		return 0;
	if (folder_list(path, &names, &n, e) != 0)
		return -1;
	for (size_t i = 0; i < n && rc == 0; i++) {
		char *inner = file_join(path, names[i]);

		rc = tree_chown(inner, uid, gid, e);
		mem_free(inner);
	}
	folder_list_free(names, n);
	return rc;
}

int folder_sync(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;

	if (fd < 0)
		return err_errno(e, errno, "%s", path);
	if (fsync(fd) != 0 && errno != EINVAL)
		rc = err_errno(e, errno, "%s: fsync", path);
	close(fd);
	return rc;
}

int folder_rename(const char *from, const char *to, struct err *e)
{
	char *parent;
	struct stat st;
	int rc = renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);

	/* A file system that cannot promise it: nearly as good. */
	if (rc != 0 && (errno == EINVAL || errno == ENOSYS)) {
		errno = EEXIST;
		rc = lstat(to, &st) == 0 ? -1 : rename(from, to);
	}
	if (rc != 0)
		return errno == EEXIST ? ERR(e, ERR_CONFLICT, "%s exists already", to)
				       : err_errno(e, errno, "%s", to);
	parent = file_dirname(to);
	rc = folder_sync(parent, e);
	mem_free(parent);
	return rc;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void folder_list_free(char **names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		mem_free(names[i]);
	mem_free(names);
}

int folder_list(const char *path, char ***names, size_t *n, struct err *e)
{
	DIR *d = opendir(path);
	const struct dirent *entry;
	int rc = 0;

	*names = NULL;
	*n = 0;
	if (d == NULL)
		return errno == ENOENT ? 0 : err_errno(e, errno, "%s", path);
	for (errno = 0; (entry = readdir(d)) != NULL; errno = 0) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		*names = mem_realloc(*names, (*n + 1) * sizeof(**names));
		(*names)[(*n)++] = mem_strdup(entry->d_name);
	}
	if (errno != 0)
		rc = err_errno(e, errno, "%s", path);
	closedir(d);
	if (rc != 0) {
		folder_list_free(*names, *n);
		*names = NULL;
		*n = 0;
	}
	if (*n > 0)
		qsort(*names, *n, sizeof(**names), by_text);
	return rc;
}

uint64_t folder_size(const char *path)
{
	struct err ignored = ERR_INIT;
	uint64_t sum = 0;
	char **names;
	size_t n;

	if (folder_list(path, &names, &n, &ignored) != 0)
		return 0;
	for (size_t i = 0; i < n; i++) {
		char *file = file_join(path, names[i]);
		struct stat st;

		if (stat(file, &st) == 0 && S_ISREG(st.st_mode))
			sum += (uint64_t)st.st_size;
		mem_free(file);
	}
	folder_list_free(names, n);
	return sum;
}

/* ---- paths ---- */

const char *path_inside(const char *folder, const char *path)
{
	size_t n = strlen(folder);

	while (n > 0 && folder[n - 1] == '/')
		n--;
	if (strncmp(folder, path, n) != 0 || path[n] != '/')
		return NULL;
	path += n;
	while (*path == '/')
		path++;
	return path;
}

bool path_climbs(const char *path)
{
	struct str rest = str_c(path);

	while (rest.n > 0)
		if (str_eqc(str_cut(rest, '/', &rest), ".."))
			return true;
	return false;
}
