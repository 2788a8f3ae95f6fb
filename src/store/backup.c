/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/file.h"
#include "base/mem.h"
#include "store/priv.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

/*
 * backup.c - a copy of the store while it is in use.
 *
 * The request goes through the writer's queue, behind the commits of its own iteration, and the
 * writer makes the copy between two merges: so it holds every commit that was answered before, and
 * no half of a later one. Commits wait meanwhile. Where that would be long - another file system,
 * where nothing can be linked - the caller makes the copy beside the store and carries it over in a
 * job (ca/backup.c).
 *
 * What a failed copy left is removed here, by the thread that made it, so that a caller whose wait
 * timed out has nothing to clean up either.
 */

#define COPY_ROOM (8U << 20) /* what the copying writes apart from the files' content */

static void on_backup_cancel(struct wait *w)
{
	struct store_backup *b = CONTAINER_OF(w, struct store_backup, wait);
	struct req *r = b->link;

	OBJ_CHECK(r, REQ_MAGIC);
	r->asker = NULL;
	b->link = NULL;
}

void store_backup(struct store *s, const char *path, struct store_backup *b, struct flow *f,
		  uint64_t deadline_ms)
{
	struct req *r = req_new(s, REQ_BACKUP, &b->wait);

	ENSURE(path && path[0] == '/');
	buf_puts(&r->from, path);
	b->link = r;
	wait_arm(&b->wait, f, "store.backup", deadline_ms, on_backup_cancel);
	queue_write(s, r);
}

/* ---- writer ---- */

/*
 * In the place of the copy: tables are linked where the file system is the same, and everything is
 * copied where it is not.
 */
static int check_room_there(struct store *s, const char *path, struct err *e)
{
	char *parent = file_dirname(path);
	struct stat here, there;
	uint64_t need = COPY_ROOM, have = 0;
	int rc = 0;

	if (stat(s->path, &here) != 0)
		rc = err_errno(e, errno, "store: %s", s->path);
	else if (stat(parent, &there) != 0)
		rc = err_errno(e, errno, "store: backup: %s", parent);
	else if (file_free_space(parent, &have, e) != 0)
		rc = err_wrap(e, "store: backup");
	if (rc == 0) {
		need += rdb_folder_bytes(s->path, here.st_dev == there.st_dev ? ".log" : "");
		if (have < need)
			rc = ERR(e, ERR_UNAVAILABLE,
				 "store: backup: %s: disk is full: %llu KiB free, %llu KiB are "
				 "needed: make room first",
				 parent, (unsigned long long)(have >> 10),
				 (unsigned long long)(need >> 10));
	}
	mem_free(parent);
	return rc;
}

static int check(struct store *s, const char *path, struct err *e)
{
	struct stat st;
	uint64_t have;

	if (!s->driver->ops->backup)
		return ERR(e, ERR_UNSUPPORTED,
			   "store: the driver \"%s\" keeps nothing on disk that could be backed up",
			   s->driver->ops->name);
	if (lstat(path, &st) == 0)
		return ERR(e, ERR_CONFLICT, "store: backup: %s exists already", path);
	if (errno != ENOENT)
		return err_errno(e, errno, "store: backup: %s", path);
	if (file_free_space(s->path, &have, e) != 0)
		return err_wrap(e, "store: backup");
	if (have < s->min_free)
		return ERR(e, ERR_UNAVAILABLE,
			   "store: disk is nearly full: %llu MiB free, %llu MiB are kept back",
			   (unsigned long long)(have >> 20),
			   (unsigned long long)(s->min_free >> 20));
	return check_room_there(s, path, e);
}

/* A folder of files; what is not there is fine. */
static void remove_copy(const char *path)
{
	DIR *d = opendir(path);
	const struct dirent *entry;

	if (!d)
		return;
	while ((entry = readdir(d)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			(void)unlinkat(dirfd(d), entry->d_name, 0);
	closedir(d);
	(void)rmdir(path);
}

/* The names in the folder, and the folder's own name in its parent. */
static int sync_copy(const char *path, struct err *e)
{
	char *parent = file_dirname(path);
	const char *const folders[] = {path, parent};
	int rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(folders) && rc == 0; i++) {
		int fd = open(folders[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0 || (fsync(fd) != 0 && errno != EINVAL))
			rc = err_errno(e, errno, "store: backup: %s", folders[i]);
		if (fd >= 0)
			close(fd);
	}
	mem_free(parent);
	return rc;
}

void backup_make(struct store *s, struct req *r)
{
	const char *path = r->from.p;
	char *tmp;

	if (inject_write(&r->err) != 0 || check(s, path, &r->err) != 0)
		return;
	if (s->driver->ops->backup(s->driver, path, &r->err) == 0 && sync_copy(path, &r->err) == 0)
		return;
	tmp = mem_asprintf("%s.tmp", path);
	remove_copy(tmp);
	remove_copy(path);
	mem_free(tmp);
}
