/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/driver.h"

#include <rocksdb/c.h>

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#define OPEN_ROOM (8U << 20) /* what opening writes apart from the logs' content */
#define REOPEN_MS 1000U	     /* from one try to the next */
#define LOG_KEPT  (4U << 20) /* reading a MiB of the log back takes 20 ms when opening */

/*
 * rdb.c - the RocksDB driver, through its C API.
 *
 * Every write is synced. Opening replays the write-ahead log in the mode that takes a record cut
 * short by the file's end as never written (it was never answered), and refuses everything else
 * that does not check: "point in time" would silently forget all answered commits behind a flipped
 * bit. Closed logs are tracked in the manifest, so that one that is missing or short is noticed.
 * What power loss leaves on some file systems - the right length, but zeros - is not told from
 * damage by RocksDB: see rdb_wal.c.
 *
 * After a write that failed (a disk's error, no space) RocksDB refuses every further one, and which
 * part of it reached the disk is unknown. So the database is closed and opened again, as after a
 * crash: the log is read back from the disk, and what was answered is there. What the failed write
 * held may be there too; those who asked were told that it failed, as they would be by a crash.
 * Whoever next wants something tries it, once a second, and the others wait; a read that may not
 * wait says "not cached" meanwhile.
 *
 * Families that this build does not know (made by a newer one of the same schema) are opened, since
 * RocksDB wants that, and left alone.
 */
struct rdb {
	struct driver base;
	char *path;
	pthread_rwlock_t lock; /* taken for writing to open the database again */
	rocksdb_t *db;	       /* NULL while it could not be opened again */
	bool broken;	       /* a write failed */
	uint64_t tried_ms;
	rocksdb_options_t *options;
	rocksdb_cache_t *cache;
	rocksdb_readoptions_t *read, *read_cached;
	rocksdb_writeoptions_t *write_synced;
	/* "default" first, then ours in the order of enum cf, then unknown ones */
	char **names;
	rocksdb_column_family_handle_t **handles;
	size_t n;
};

static struct rdb *self(struct driver *d)
{
	return CONTAINER_OF(d, struct rdb, base);
}

static rocksdb_column_family_handle_t *family(const struct rdb *r, enum cf cf)
{
	return r->handles[1 + (unsigned)cf];
}

/* Takes RocksDB's message. */
static int fail(const struct rdb *r, const char *what, char *text, struct err *e)
{
	enum err_code code = strstr(text, "No space left") ? ERR_UNAVAILABLE : ERR_INTERNAL;

	(void)ERR(e, code, "store: %s: %s: %s", r->path, what, text);
	rocksdb_free(text);
	return -1;
}

/* ---- opening ---- */

static rocksdb_options_t *with_tracked_logs(rocksdb_options_t *o, struct err *e)
{
	rocksdb_options_t *out = rocksdb_options_create();
	char *text = NULL;

	rocksdb_get_options_from_string(o, "track_and_verify_wals_in_manifest=true", out, &text);
	rocksdb_options_destroy(o);
	if (!text)
		return out;
	(void)ERR(e, ERR_INTERNAL, "store: rocksdb options: %s", text);
	rocksdb_free(text);
	rocksdb_options_destroy(out);
	return NULL;
}

static rocksdb_options_t *make_options(rocksdb_cache_t *cache, struct err *e)
{
	rocksdb_block_based_table_options_t *table = rocksdb_block_based_options_create();
	rocksdb_options_t *o = with_tracked_logs(rocksdb_options_create(), e);

	if (o) {
		rocksdb_block_based_options_set_block_cache(table, cache);
		rocksdb_block_based_options_set_filter_policy(
			table, rocksdb_filterpolicy_create_bloom_full(10));
		rocksdb_options_set_block_based_table_factory(o, table);
		rocksdb_options_set_create_if_missing(o, 1);
		rocksdb_options_set_create_missing_column_families(o, 1);
		rocksdb_options_set_paranoid_checks(o, 1);
		rocksdb_options_set_wal_recovery_mode(
			o, rocksdb_tolerate_corrupted_tail_records_recovery);
		rocksdb_options_set_compression(o, rocksdb_lz4_compression);
		rocksdb_options_set_write_buffer_size(o, 8U << 20);
		rocksdb_options_set_db_write_buffer_size(o, 32U << 20);
		rocksdb_options_set_max_total_wal_size(o, 32U << 20);
		rocksdb_options_set_target_file_size_base(o, 8U << 20);
		rocksdb_options_set_max_compaction_bytes(
			o, 32U << 20); /* what a compaction writes must fit into the reserve */
		rocksdb_options_set_max_background_jobs(o, 2);
		rocksdb_options_set_max_open_files(o, 256);
		rocksdb_options_set_info_log_level(o, 2); /* warnings and above */
		rocksdb_options_set_max_log_file_size(o, 1U << 20);
		rocksdb_options_set_keep_log_file_num(o, 3);
		rocksdb_options_set_max_manifest_file_size(o, 4U << 20);
	}
	rocksdb_block_based_options_destroy(table);
	return o;
}

static void add_name(struct rdb *r, const char *name)
{
	r->names = mem_realloc(r->names, (r->n + 1) * sizeof(*r->names));
	r->names[r->n++] = mem_strdup(name);
}

static bool has_name(const struct rdb *r, const char *name)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->names[i], name) == 0)
			return true;
	return false;
}

static int list_families(struct rdb *r, struct err *e)
{
	char *current = file_join(r->path, "CURRENT");
	bool exists = file_exists(current);
	char *text = NULL, **found;
	size_t n = 0;

	mem_free(current);
	add_name(r, "default");
	for (unsigned i = 0; i < CF_COUNT; i++)
		add_name(r, cf_name((enum cf)i));
	if (!exists)
		return 0;
	found = rocksdb_list_column_families(r->options, r->path, &n, &text);
	if (text) {
		rocksdb_list_column_families_destroy(found, n); /* empty, but there */
		return fail(r, "cannot be opened", text, e);
	}
	for (size_t i = 0; i < n; i++)
		if (!has_name(r, found[i]))
			add_name(r, found[i]);
	rocksdb_list_column_families_destroy(found, n);
	return 0;
}

/* Who holds the lock file, 0 when that cannot be told. Never asked when this process holds it:
 * closing the file would drop its lock. */
static int lock_holder(const struct rdb *r)
{
	char *path = file_join(r->path, "LOCK");
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = open(path, O_RDWR | O_CLOEXEC), pid = 0;

	mem_free(path);
	if (fd < 0)
		return 0;
	if (fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
		pid = (int)lock.l_pid;
	close(fd);
	return pid;
}

static int fail_in_use(const struct rdb *r, const char *text, struct err *e)
{
	int pid = strstr(text, "current process") ? (int)getpid() : lock_holder(r);

	if (pid > 0)
		return ERR(e, ERR_UNAVAILABLE,
			   "store: %s is in use by another signetd (process %d): stop it first",
			   r->path, pid);
	return ERR(e, ERR_UNAVAILABLE, "store: %s is in use by another signetd: stop it first",
		   r->path);
}

uint64_t rdb_folder_bytes(const char *path, const char *suffix)
{
	DIR *d = opendir(path);
	const struct dirent *entry;
	uint64_t sum = 0;

	while (d && (entry = readdir(d))) {
		char *file;
		struct stat st;

		if (!str_ends(str_c(entry->d_name), suffix))
			continue;
		file = file_join(path, entry->d_name);
		if (stat(file, &st) == 0 && S_ISREG(st.st_mode))
			sum += (uint64_t)st.st_size;
		mem_free(file);
	}
	if (d)
		closedir(d);
	return sum;
}

/* Opening writes what the logs hold into tables, and RocksDB aborts the process when that does not
 * fit. */
static int check_room(const struct rdb *r, struct err *e)
{
	uint64_t have, need = rdb_folder_bytes(r->path, ".log") + OPEN_ROOM;

	if (file_free_space(r->path, &have, e) != 0)
		return err_wrap(e, "store");
	if (have >= need)
		return 0;
	return ERR(e, ERR_UNAVAILABLE,
		   "store: %s: disk is full: %llu KiB free, opening may need %llu KiB: make room "
		   "first",
		   r->path, (unsigned long long)(have >> 10), (unsigned long long)(need >> 10));
}

static char *try_open(struct rdb *r)
{
	const rocksdb_options_t **options = mem_calloc(r->n, sizeof(const rocksdb_options_t *));
	const char **names = mem_calloc(r->n, sizeof(const char *));
	char *text = NULL;

	for (size_t i = 0; i < r->n; i++) {
		options[i] = r->options;
		names[i] = r->names[i];
	}
	r->db = rocksdb_open_column_families(r->options, r->path, (int)r->n, names, options,
					     r->handles, &text);
	if (!r->db && !text)
		text = strdup("unknown error");
	mem_free(options);
	mem_free(names);
	return text;
}

static int open_db(struct rdb *r, struct err *e)
{
	char *text = try_open(r);

	if (text && strstr(text, "Compression type")) {
		rocksdb_free(text);
		rocksdb_options_set_compression(r->options, rocksdb_no_compression);
		text = try_open(r);
	}
	if (text && strncmp(text, "Corruption", 10) == 0) {
		int rc = rdb_wal_repair(r->path, e);

		if (rc != 0) {
			rocksdb_free(text);
			if (rc < 0)
				return -1;
			text = try_open(r);
		}
	}
	if (!text)
		return 0;
	if (strstr(text, "LOCK") || strstr(text, "lock ")) {
		(void)fail_in_use(r, text, e);
	} else if (strncmp(text, "Corruption", 10) == 0) {
		(void)ERR(e, ERR_INTERNAL,
			  "store: %s is damaged: %s: check the disk, then restore a backup",
			  r->path, text);
	} else {
		return fail(r, "cannot be opened", text, e);
	}
	rocksdb_free(text);
	return -1;
}

static void close_db(struct rdb *r)
{
	if (!r->db)
		return;
	for (size_t i = 0; i < r->n; i++)
		rocksdb_column_family_handle_destroy(r->handles[i]);
	rocksdb_close(r->db);
	r->db = NULL;
}

/*
 * An orderly end leaves little to be read back: a long log becomes tables now. Not when the disk is
 * nearly full, where RocksDB would abort the process.
 */
static void shorten_log(struct rdb *r)
{
	struct err e = ERR_INIT;
	rocksdb_flushoptions_t *o;

	if (!r->db || r->broken || rdb_folder_bytes(r->path, ".log") < LOG_KEPT ||
	    check_room(r, &e) != 0)
		return;
	o = rocksdb_flushoptions_create();
	for (size_t i = 0; i < r->n; i++) {
		char *text = NULL;

		rocksdb_flush_cf(r->db, o, r->handles[i], &text);
		rocksdb_free(text); /* the log is still there */
	}
	rocksdb_flushoptions_destroy(o);
}

static void rdb_close(struct driver *d)
{
	struct rdb *r = self(d);

	shorten_log(r);
	close_db(r);
	for (size_t i = 0; i < r->n; i++)
		mem_free(r->names[i]);
	mem_free(r->names);
	mem_free(r->handles);
	rocksdb_readoptions_destroy(r->read);
	rocksdb_readoptions_destroy(r->read_cached);
	rocksdb_writeoptions_destroy(r->write_synced);
	if (r->options)
		rocksdb_options_destroy(r->options);
	rocksdb_cache_destroy(r->cache);
	pthread_rwlock_destroy(&r->lock);
	mem_free(r->path);
	mem_free(r);
}

/* Reads come without a pause; they must not keep the writer out. */
static void init_lock(struct rdb *r)
{
	pthread_rwlockattr_t a;

	ENSURE(pthread_rwlockattr_init(&a) == 0);
	ENSURE(pthread_rwlockattr_setkind_np(&a, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP) ==
	       0);
	ENSURE(pthread_rwlock_init(&r->lock, &a) == 0);
	pthread_rwlockattr_destroy(&a);
}

static struct driver *rdb_open(const struct store_config *c, struct err *e)
{
	struct rdb *r;
	bool ok;

	if (!c->path || !*c->path) {
		(void)ERR(e, ERR_INVALID, "store: path is empty");
		return NULL;
	}
	if (file_mkdir_p(c->path, 0700, e) != 0) {
		(void)err_wrap(e, "store");
		return NULL;
	}
	r = NEW(struct rdb);
	r->base.ops = &driver_rocksdb;
	init_lock(r);
	r->path = mem_strdup(c->path);
	r->cache = rocksdb_cache_create_lru(32U << 20);
	r->read = rocksdb_readoptions_create();
	r->read_cached = rocksdb_readoptions_create();
	rocksdb_readoptions_set_read_tier(r->read_cached, 1);
	r->write_synced = rocksdb_writeoptions_create();
	rocksdb_writeoptions_set_sync(r->write_synced, 1);
	r->options = make_options(r->cache, e);
	ok = r->options && check_room(r, e) == 0 && list_families(r, e) == 0;
	if (ok) {
		r->handles = mem_calloc(r->n, sizeof(rocksdb_column_family_handle_t *));
		ok = open_db(r, e) == 0;
	}
	if (!ok) {
		rdb_close(&r->base);
		return NULL;
	}
	return &r->base;
}

/* ---- work ---- */

/* After a failed write; not on a full disk, where opening would abort the process. */
static void reopen(struct rdb *r)
{
	uint64_t now = clock_mono_ms();
	struct err e = ERR_INIT;

	pthread_rwlock_wrlock(&r->lock);
	if (r->broken && (r->tried_ms == 0 || now - r->tried_ms >= REOPEN_MS)) {
		r->tried_ms = now;
		if (check_room(r, &e) == 0) {
			close_db(r);
			r->broken = open_db(r, &e) != 0;
		}
		if (r->broken)
			log_error("store.reopen_failed", F_C("path", r->path), F_ERR(&e));
		else
			log_warn("store.reopened", F_C("path", r->path));
	}
	pthread_rwlock_unlock(&r->lock);
}

/* For work that may wait; pthread_rwlock_unlock() ends it. */
static void enter(struct rdb *r)
{
	pthread_rwlock_rdlock(&r->lock);
	if (!r->broken)
		return;
	pthread_rwlock_unlock(&r->lock);
	reopen(r);
	pthread_rwlock_rdlock(&r->lock);
}

static int fail_closed(const struct rdb *r, struct err *e)
{
	return ERR(e, ERR_UNAVAILABLE, "store: %s: cannot be opened again after an error", r->path);
}

static int get(struct rdb *r, enum cf cf, struct str key, bool cached, struct buf *out,
	       struct err *e)
{
	char *text = NULL;
	rocksdb_pinnableslice_t *found;
	const char *value;
	size_t n = 0;
	bool unknown;

	found = rocksdb_get_pinned_cf(r->db, cached ? r->read_cached : r->read, family(r, cf),
				      key.p ? key.p : "", key.n, &text);
	if (text && cached) { /* "incomplete"; a real error will come again, to the reader */
		rocksdb_free(text);
		return DRIVER_NOT_CACHED;
	}
	if (text)
		return fail(r, "reading failed", text, e);
	if (!found)
		return DRIVER_ABSENT;
	value = rocksdb_pinnableslice_value(found, &n);
	/* A table whose file is not open counts as "found", with an empty value, for a read that
	 * may not touch the disk. */
	unknown = cached && n < VERSION_SIZE;
	if (!unknown)
		buf_add(out, value, n);
	rocksdb_pinnableslice_destroy(found);
	return unknown ? DRIVER_NOT_CACHED : DRIVER_FOUND;
}

static int rdb_get(struct driver *d, enum cf cf, struct str key, bool cached, struct buf *out,
		   struct err *e)
{
	struct rdb *r = self(d);
	int rc;

	if (cached && pthread_rwlock_tryrdlock(&r->lock) != 0)
		return DRIVER_NOT_CACHED;
	if (!cached)
		enter(r);
	if (r->db)
		rc = get(r, cf, key, cached, out, e);
	else
		rc = cached ? DRIVER_NOT_CACHED : fail_closed(r, e);
	pthread_rwlock_unlock(&r->lock);
	return rc;
}

static int range(struct rdb *r, enum cf cf, struct str from, struct str to,
		 const struct driver_visit *v, struct err *e)
{
	rocksdb_readoptions_t *o = rocksdb_readoptions_create();
	rocksdb_iterator_t *it;
	char *text = NULL;

	rocksdb_readoptions_set_fill_cache(o,
					   0); /* a scan must not push out what single reads need */
	if (to.n > 0)
		rocksdb_readoptions_set_iterate_upper_bound(o, to.p, to.n);
	it = rocksdb_create_iterator_cf(r->db, o, family(r, cf));
	for (rocksdb_iter_seek(it, from.p ? from.p : "", from.n); rocksdb_iter_valid(it);
	     rocksdb_iter_next(it)) {
		size_t key_n, value_n;
		const char *key = rocksdb_iter_key(it, &key_n);
		const char *value = rocksdb_iter_value(it, &value_n);

		if (!v->row(v->arg, str_mem(key, key_n), str_mem(value, value_n)))
			break;
	}
	rocksdb_iter_get_error(it, &text);
	rocksdb_iter_destroy(it);
	rocksdb_readoptions_destroy(o);
	return text ? fail(r, "reading failed", text, e) : 0;
}

static int rdb_range(struct driver *d, enum cf cf, struct str from, struct str to,
		     const struct driver_visit *v, struct err *e)
{
	struct rdb *r = self(d);
	int rc;

	enter(r);
	rc = r->db ? range(r, cf, from, to, v, e) : fail_closed(r, e);
	pthread_rwlock_unlock(&r->lock);
	return rc;
}

static int write_batch(struct rdb *r, const struct driver_op *ops, size_t n, struct err *e)
{
	rocksdb_writebatch_t *b = rocksdb_writebatch_create();
	char *text = NULL;

	for (size_t i = 0; i < n; i++) {
		const char *key = ops[i].key.p ? ops[i].key.p : "";

		if (ops[i].del)
			rocksdb_writebatch_delete_cf(b, family(r, ops[i].cf), key, ops[i].key.n);
		else
			rocksdb_writebatch_put_cf(b, family(r, ops[i].cf), key, ops[i].key.n,
						  ops[i].value.p, ops[i].value.n);
	}
	rocksdb_write(r->db, r->write_synced, b, &text);
	rocksdb_writebatch_destroy(b);
	return text ? fail(r, "writing failed", text, e) : 0;
}

static int rdb_write(struct driver *d, const struct driver_op *ops, size_t n, struct err *e)
{
	struct rdb *r = self(d);
	int rc;
	bool tried;

	enter(r);
	tried = r->db != NULL;
	rc = tried ? write_batch(r, ops, n, e) : fail_closed(r, e);
	pthread_rwlock_unlock(&r->lock);
	if (rc != 0 && tried) {
		log_error("store.write_failed", F_C("path", r->path), F_ERR(e));
		pthread_rwlock_wrlock(&r->lock);
		r->broken = true;
		pthread_rwlock_unlock(&r->lock);
		reopen(r);
	}
	return rc;
}

/* ---- backup ---- */

static int checkpoint(struct rdb *r, const char *path, struct err *e)
{
	char *text = NULL;
	rocksdb_checkpoint_t *c = rocksdb_checkpoint_object_create(r->db, &text);

	if (!text)
		rocksdb_checkpoint_create(c, path, 0, &text); /* 0: logs become tables before */
	if (c)
		rocksdb_checkpoint_object_destroy(c);
	return text ? fail(r, "backup failed", text, e) : 0;
}

static int rdb_backup(struct driver *d, const char *path, struct err *e)
{
	struct rdb *r = self(d);
	int rc;

	enter(r);
	if (!r->db)
		rc = fail_closed(r, e);
	else
		rc = checkpoint(r, path, e);
	pthread_rwlock_unlock(&r->lock);
	return rc;
}

const struct driver_ops driver_rocksdb = {
	.name = "rocksdb",
	.on_disk = true,
	.open = rdb_open,
	.close = rdb_close,
	.get = rdb_get,
	.range = rdb_range,
	.write = rdb_write,
	.backup = rdb_backup,
};
