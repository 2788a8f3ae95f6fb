/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_STORE_STORE_H
#define SIGNET_STORE_STORE_H

#include "base/arena.h"
#include "base/err.h"
#include "loop/flow.h"

/*
 * store.h - where everything that must survive lives: an asynchronous key-value store in column
 * families.
 *
 * Two drivers, RocksDB and in-memory, behind one interface; nothing of either leaks through. One
 * writer thread merges all waiting commits into one synced write and then answers each; the loop
 * hands it one batch an iteration. `readers` threads serve what is not in cache and range scans.
 * Every function: loop thread. Results arrive through the wait, never inside the call.
 *
 * A record has a version: 1 when it was put with `absent`, v+1 when put with `version` v, 0 for a
 * blind put. Preconditions decide all races:
 * a commit whose precondition does not hold changes nothing, ends with ERR_CONFLICT and names the
 * failed precondition by index.
 * A full disk: below minFree (minFreeRevoke for urgent commits) a commit ends with
 * ERR_UNAVAILABLE "disk is nearly full" before anything is written.
 */
enum cf {
	CF_META,
	CF_CERT,
	CF_CERT_BY_EXPIRY,
	CF_CERT_BY_NAME,
	CF_CERT_BY_ENDPOINT,
	CF_ENDPOINT,
	CF_REVOKED,
	CF_ONCE,
	CF_RESERVATION,
	CF_AUDIT,
	CF_BLOCKED_KEY,
	CF_INVENTORY,
	CF_INVENTORY_RECORD,
	CF_COUNT
};
const char *
cf_name(enum cf cf); /* "cert", "cert_by_expiry" ...; on disk the names, never the numbers */

struct store;
struct store_config {
	const char *driver; /* "rocksdb" | "memory" */
	const char *path;   /* folder; created 0700 */
	uint64_t min_free;  /* bytes */
	uint64_t min_free_urgent;
	unsigned readers;
};
/*
 * The format that this build writes; a store whose meta/schema is higher is refused: "made by a
 * newer version".
 */
#define STORE_SCHEMA 1

/*
 * Blocks (start-up only). A torn end of the write-ahead log is cut off; other damage is refused
 * with a message.
 */
struct store *store_open(struct loop *l, const struct store_config *c, struct err *e) NODISCARD;
void store_close(struct store *s); /* finishes what was accepted, joins threads, frees */

/* ---- writing ---- */
struct store_batch; /* keys and values are copied into it */
struct store_batch *store_batch_new(struct store *s);
void store_batch_free(struct store_batch *b); /* only for one that was not committed */
void store_put(struct store_batch *b, enum cf cf, struct str key, struct str value); /* blind */
void store_del(struct store_batch *b, enum cf cf, struct str key);
/* Each returns the precondition's index, from 0. put_absent / put_version also write. */
unsigned store_expect_absent(struct store_batch *b, enum cf cf, struct str key);
unsigned store_expect_version(struct store_batch *b, enum cf cf, struct str key, uint64_t version);
unsigned store_put_absent(struct store_batch *b, enum cf cf, struct str key, struct str value);
unsigned store_put_version(struct store_batch *b, enum cf cf, struct str key, struct str value,
			   uint64_t version);
void store_put_if_absent(struct store_batch *b, enum cf cf, struct str key,
			 struct str value);	/* no conflict: keeps the old row */
void store_batch_urgent(struct store_batch *b); /* may use the smaller reserve */

struct store_commit {
	struct wait wait;
	unsigned failed; /* index of the precondition that did not hold, after ERR_CONFLICT */
	void *link;	 /* private */
};
/*
 * Takes the batch. The wait ends when the write is synced to disk. A cancelled or timed-out wait
 * does not undo the commit.
 */
void store_commit(struct store *s, struct store_batch *b, struct store_commit *c, struct flow *f,
		  uint64_t deadline_ms);

/* ---- reading ---- */
struct store_get {
	struct wait wait;
	struct arena *arena; /* set by the caller: where the value is copied */
	bool found;
	struct str value;
	uint64_t version;
	void *link; /* private */
};
/*
 * Sees every commit that was answered before. The wait ends with success when the key is absent
 * too.
 */
void store_get(struct store *s, enum cf cf, struct str key, struct store_get *g, struct flow *f,
	       uint64_t deadline_ms);

struct store_row {
	struct str key, value;
	uint64_t version;
};
struct store_page {
	struct wait wait;
	struct arena *arena;
	struct store_row *rows;
	size_t n;
	bool more;  /* there may be rows beyond the last */
	void *link; /* private */
};
/*
 * Rows with from <= key < to (to empty: no end), ascending, at most `limit` (1..1,000) and about
 * 5 ms of work. Continue from the last key + NUL.
 */
void store_page(struct store *s, enum cf cf, struct str from, struct str to, unsigned limit,
		struct store_page *p, struct flow *f, uint64_t deadline_ms);

/* ---- backup ---- */
struct store_backup {
	struct wait wait;
	void *link; /* private */
};
/*
 * Makes the folder `path` (absolute, must not exist yet, its parent must) a copy of the store as it
 * is now: every commit that was answered before is in it, and it opens as a store of its own. On
 * the writer's thread, between two commits: hard links where the file system is the same, copies
 * otherwise. The wait's error: ERR_CONFLICT when path exists, ERR_UNSUPPORTED for the in-memory
 * driver, ERR_UNAVAILABLE when the disk is nearly full. A backup that failed leaves nothing behind.
 */
void store_backup(struct store *s, const char *path, struct store_backup *b, struct flow *f,
		  uint64_t deadline_ms);

struct store_stats {
	uint64_t commits, syncs, refused_full, queued;
	const char *driver;
};
void store_stats(struct store *s, struct store_stats *out);

#endif
