/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_STORE_DRIVER_H
#define SIGNET_STORE_DRIVER_H

#include "base/buf.h"
#include "store/store.h"

/*
 * driver.h - what a store driver must do. It knows bytes only: versions, preconditions, merging,
 * the schema and the disk's reserve are decided above it. `write` is called by one thread at a
 * time; `get` and `range` by any thread, also while a write is under way, and see every write that
 * has returned. A driver embeds struct driver as its first member.
 */
struct driver;

struct driver_op {
	enum cf cf;
	bool del;
	struct str key, value; /* value includes the version prefix; borrowed for the call */
};

/* Called for each row in order; views live during the call; false ends the scan. */
struct driver_visit {
	bool (*row)(void *arg, struct str key, struct str value);
	void *arg;
};

enum { DRIVER_ABSENT = 0, DRIVER_FOUND = 1, DRIVER_NOT_CACHED = 2 };

struct driver_ops {
	const char *name;
	bool on_disk; /* the reserve of free space is checked before writes */
	struct driver *(*open)(const struct store_config *c, struct err *e);
	void (*close)(struct driver *d);
	/*
	 * DRIVER_FOUND: the value is appended to out. `cached`: must not touch the disk,
	 * DRIVER_NOT_CACHED when it would have to. -1: *e is set.
	 */
	int (*get)(struct driver *d, enum cf cf, struct str key, bool cached, struct buf *out,
		   struct err *e);
	/* from <= key < to, ascending; `to` empty: no end. */
	int (*range)(struct driver *d, enum cf cf, struct str from, struct str to,
		     const struct driver_visit *v, struct err *e);
	/* All of it or nothing, in order; on return it is on stable storage. */
	int (*write)(struct driver *d, const struct driver_op *ops, size_t n, struct err *e);
	/*
	 * A copy of everything that `write` has returned for, as the folder `path`, which does not
	 * exist; it must open as a store. Called by the thread that writes. On failure there may be
	 * `path` or path.tmp, for the caller to remove. NULL: this driver cannot.
	 */
	int (*backup)(struct driver *d, const char *path, struct err *e);
};

struct driver {
	const struct driver_ops *ops;
};

extern const struct driver_ops driver_rocksdb, driver_memory;

/* Each value is stored with its record's version in front, big-endian. */
#define VERSION_SIZE 8
uint64_t version_get(struct str stored);
void version_put(unsigned char out[VERSION_SIZE], uint64_t v);

/* Reads meta/schema, writes it into a new store; refuses a store of a newer format. */
int schema_check(struct driver *d, const char *path, struct err *e) NODISCARD;

/* Sum of the sizes of the files in a folder whose names end so. */
uint64_t rdb_folder_bytes(const char *path, const char *suffix);

/*
 * Looks at the write-ahead log that RocksDB refused: when its damage is a torn end only (zeros from
 * a sector's border on, as a power loss leaves them), the end is cut off. 1: cut, opening again is
 * worth it; 0: the damage is of another kind; -1: error.
 */
int rdb_wal_repair(const char *path, struct err *e) NODISCARD;

#endif
