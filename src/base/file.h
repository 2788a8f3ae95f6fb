/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_BASE_FILE_H
#define SIGNET_BASE_FILE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"

/* Files. These block: start-up, reload on the slow pool, and the command. Errors name the path. */

/* Reads a regular file of at most `max` bytes. Appends to out. */
int file_read(const char *path, size_t max, struct buf *out, struct err *e) NODISCARD;
int file_read_secret(const char *path, size_t max, struct secret *out, struct err *e) NODISCARD;
/*
 * Writes a temporary file beside it, fsyncs, renames over `path`, fsyncs the folder: readers see
 * the old or the new content, never a part. On any failure the temporary file is removed and
 * `path` is as before.
 */
int file_replace(const char *path, struct str data, unsigned mode, struct err *e) NODISCARD;
/* As file_replace, but ERR_CONFLICT when path exists (link(2), no race). */
int file_create(const char *path, struct str data, unsigned mode, struct err *e) NODISCARD;
bool file_exists(const char *path);
int file_mkdir_p(const char *path, unsigned mode, struct err *e) NODISCARD;
/* base/rel, or rel itself when absolute. Caller frees with mem_free(). */
char *file_join(const char *base, const char *rel) NODISCARD;
char *file_dirname(const char *path) NODISCARD; /* "." when there is no slash; caller frees */
/* Free bytes for unprivileged users on the file system that holds path (statvfs). */
int file_free_space(const char *path, uint64_t *bytes, struct err *e) NODISCARD;

#endif
