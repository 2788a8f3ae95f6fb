/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_DAEMON_RESTORE_PRIV_H
#define SIGNET_DAEMON_RESTORE_PRIV_H

#include "ca/manifest.h"
#include "conf/conf.h"
#include "daemon/daemon.h"
#include "store/store.h"

/* restore.c (the order of things) and restore_files.c (paths and files). */
struct restoring {
	const struct daemon_opts *opts;
	struct arena *arena;
	const char *dir; /* the backup, without links */
	struct manifest m;
	bool has_config;   /* FILE is there: it stays, and nothing beside it is restored */
	struct conf *conf; /* FILE, or the backup's */
	const char *config_dir, *data_dir, *store, *incoming;
	size_t n_files;
	int64_t when;
};
const char *restore_real_path(struct arena *a, const char *path, struct err *e) NODISCARD;
/* Loads the configuration and says where things go. */
int restore_settle_paths(struct restoring *r, struct err *e) NODISCARD;
/* The nearest folder at or above it that is there. */
const char *restore_existing(struct arena *a, const char *path);
/* All of the backup is there, and nothing in its way. */
int restore_check_files(struct restoring *r, struct err *e) NODISCARD;
/* Makes a folder and those above it; by root, they belong to whom the one above belongs to. */
int restore_folder(struct restoring *r, const char *path, struct err *e) NODISCARD;
int restore_own_tree(struct restoring *r, const char *path, struct err *e) NODISCARD;
/* One file, checked; its folder is not synced. */
int restore_copy(struct restoring *r, const struct manifest_file *f, const char *to,
		 struct err *e) NODISCARD;
/* All but the store and FILE itself. */
int restore_files(struct restoring *r, struct err *e) NODISCARD;
int restore_config(struct restoring *r, struct err *e) NODISCARD;

#endif
