/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CA_MANIFEST_H
#define SIGNET_CA_MANIFEST_H

#include "base/arena.h"
#include "base/err.h"
#include "ca/copy.h"

/*
 * manifest.h - backup.json: what a backup is and what is in it.
 *
 *   backup.json       {version, made, schema, keys, config, files: [{path, size, sha256, mode}]}
 *   signetd.yaml      and beside it what the configuration's folder has: provisioners.d/,
 *                     templates/, certs/, with keys secrets/
 *   db/               the store
 *   tls/              of the data folder, with keys
 *   absolute/...      files that the configuration names elsewhere, under their whole path
 */
#define BACKUP_MANIFEST "backup.json"
#define BACKUP_CONFIG	"signetd.yaml"
#define BACKUP_STORE	"db"
#define BACKUP_TLS	"tls"
#define BACKUP_ABSOLUTE "absolute"

struct manifest_file {
	const char *path; /* from the backup's folder; never leads out of it */
	unsigned mode;
	struct copied content;
};
struct manifest {
	const char *version, *config;
	int64_t made;
	int64_t schema;
	bool keys;
	struct manifest_file *files;
	size_t n;
};
/* Writes DIR/backup.json. */
int manifest_write(const char *dir, const struct manifest *m, struct err *e) NODISCARD;
/* ERR_NOT_FOUND: the folder is no backup. Strings in the arena. */
int manifest_read(const char *dir, struct arena *a, struct manifest *out, struct err *e) NODISCARD;

#endif
