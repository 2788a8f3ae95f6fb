/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CA_COPY_H
#define SIGNET_CA_COPY_H

#include "base/buf.h"
#include "base/err.h"

/*
 * copy.h - files and folders for backup and restore. All of it blocks: in a job, or in `signetd
 * --restore`. Errors name the path.
 */
struct copied {
	uint64_t size;
	char sha256[65]; /* hex */
};
/*
 * The content of a regular file (`from` may be a link to one) as a new file of this mode, synced.
 * On an error there is no `to`.
 */
int copy_regular(const char *from, const char *to, unsigned mode, struct copied *out,
		 struct err *e) NODISCARD;
/* The same without writing. */
int copy_digest(const char *path, struct copied *out, struct err *e) NODISCARD;
/* The folder and all in it, no link followed. One that is not there is fine. */
int tree_remove(const char *path, struct err *e) NODISCARD;
/* Everything in it, and itself. */
int tree_chown(const char *path, unsigned uid, unsigned gid, struct err *e) NODISCARD;
/* Its entries are on stable storage. */
int folder_sync(const char *path, struct err *e) NODISCARD;
/* Renames a folder to a name that nobody has, and syncs the parent. ERR_CONFLICT. */
int folder_rename(const char *from, const char *to, struct err *e) NODISCARD;
/*
 * What is in a folder: names in order, but for "." and "..". A folder that is not there has
 * nothing. mem_free() each and the list.
 */
int folder_list(const char *path, char ***names, size_t *n, struct err *e) NODISCARD;
void folder_list_free(char **names, size_t n);
/* Sum of the sizes of the regular files right in it. */
uint64_t folder_size(const char *path);
/* What leads from the folder to the path, by the letters; NULL when it is not inside. */
const char *path_inside(const char *folder, const char *path);
/* A component of it is "..". */
bool path_climbs(const char *path);

#endif
