/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "daemon/daemon.h"
#include "daemon/restore_priv.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/hook.h"
#include "base/mem.h"
#include "ca/restored.h"
#include "crypto/crypto.h"
#include "kms/kms.h"
#include "loop/loop.h"

#include <sys/stat.h>

/*
 * restore.c - signetd --restore DIR --config FILE.
 *
 *     look      backup.json; the configuration, from the backup when there is none; is the way free
 *     store     a copy beside the store's place, checked file by file, opened, marked with the time
 *     files     configuration, certificates, keys - unless FILE is there
 *     names     the store gets its name, then FILE its own: without either no signetd starts
 *
 * Nothing that is there is overwritten: a store is refused, a file that differs is refused. So a
 * restore that was killed is simply run again; only between the two names a store is there already,
 * and has to be moved away first. The mark is what makes old tokens useless: some of
 * them were used after the backup, and the restored store cannot know which.
 */
static int look(struct restoring *r, struct err *e)
{
	r->dir = restore_real_path(r->arena, r->opts->restore, e);
	if (r->dir == NULL)
		return -1;
	if (manifest_read(r->dir, r->arena, &r->m, e) != 0)
		return e->code != ERR_NOT_FOUND
			       ? -1
			       : ERR(e, ERR_NOT_FOUND,
				     "%s is no complete backup: it has no " BACKUP_MANIFEST,
				     r->dir);
	if (r->m.schema > STORE_SCHEMA)
		return ERR(e, ERR_UNSUPPORTED,
			   "%s was made by a newer version of Signet (%s, format %" PRId64
			   "; this one knows %u): install that version",
			   r->dir, r->m.version, r->m.schema, STORE_SCHEMA);
	r->has_config = file_exists(r->opts->config);
	return restore_settle_paths(r, e);
}

/* ---- the store ---- */

static int check_way(struct restoring *r, struct err *e)
{
	char **names;
	size_t n;

	if (r->conf->store.driver != 0)
		return ERR(e, ERR_INVALID,
			   "store.driver of %s is memory: a backup needs a store on disk",
			   r->opts->config);
	if (folder_list(r->store, &names, &n, e) != 0)
		return -1;
	folder_list_free(names, n);
	if (n > 0)
		return ERR(e, ERR_CONFLICT,
			   "%s holds a store already: stop signetd and move the folder away first",
			   r->store);
	return restore_check_files(r, e);
}

static int check_room(struct restoring *r, struct err *e)
{
	uint64_t have, need = r->conf->store.min_free + (8U << 20);
	const char *above = restore_existing(r->arena, r->store);

	for (size_t i = 0; i < r->m.n; i++)
		need += r->m.files[i].content.size;
	if (file_free_space(above, &have, e) != 0)
		return -1;
	if (have >= need)
		return 0;
	return ERR(e, ERR_UNAVAILABLE,
		   "%s: %llu MiB free, the backup and the reserve take %llu MiB: make room first",
		   above, (unsigned long long)(have >> 20), (unsigned long long)(need >> 20));
}

/* It opens, and gets the time of the restore. */
static int mark(struct restoring *r, struct err *e)
{
	struct store_config sc = {.driver = "rocksdb", .path = r->incoming, .readers = 1};
	struct loop *l = loop_new(e);
	struct store *s;
	int rc = -1;

	if (l == NULL)
		return -1;
	s = store_open(l, &sc, e);
	if (s != NULL) {
		r->when = clock_now();
		rc = restored_write(l, s, r->when, e);
		store_close(s);
	}
	for (int i = 0; i < 4; i++)
		loop_turn(l, 0);
	loop_free(l);
	return rc;
}

static int restore_store(struct restoring *r, struct err *e)
{
	if (tree_remove(r->incoming, e) != 0 || restore_folder(r, r->incoming, e) != 0)
		return -1;
	for (size_t i = 0; i < r->m.n; i++) {
		const char *name = path_inside(BACKUP_STORE, r->m.files[i].path);

		if (name != NULL &&
		    restore_copy(r, &r->m.files[i],
				 arena_printf(r->arena, "%s/%s", r->incoming, name), e) != 0)
			return -1;
	}
	if (folder_sync(r->incoming, e) != 0 || mark(r, e) != 0)
		return -1;
	return restore_own_tree(r, r->incoming, e);
}

/* An empty folder may be in the place. */
static int name_store(struct restoring *r, struct err *e)
{
	if (rmdir(r->store) != 0 && errno != ENOENT)
		return err_errno(
			e, errno,
			"%s: cannot be replaced (a mount point? let store.path be a folder "
			"in it)",
			r->store);
	return folder_rename(r->incoming, r->store, e);
}

/* ---- what is said ---- */

static const char *missing_keys(struct restoring *r, struct buf *out)
{
	struct err ignored = ERR_INIT;
	struct conf *c = conf_load(r->opts->config, &ignored);
	const struct conf_authority *au = c != NULL ? c->authorities.items : NULL;

	for (size_t i = 0; c != NULL && i < c->authorities.n; i++) {
		struct key_uri u;

		if (key_uri_parse(au[i].key, c->dir, r->arena, &u, &ignored) < 0)
			continue;
		if (!file_exists(u.path))
			buf_printf(out, "  %s (authority %s)\n", u.path, au[i].name);
		if (u.password_file != NULL && !file_exists(u.password_file))
			buf_printf(out, "  %s (its password)\n", u.password_file);
	}
	conf_unref(c);
	return out->n > 0 ? out->p : NULL;
}

static void report(struct restoring *r)
{
	struct buf keys = BUF_INIT;
	const char *missing = missing_keys(r, &keys);
	char made[24];

	time_format_rfc3339(r->m.made, made);
	printf("restored the backup of %s, made by Signet %s\n", made, r->m.version);
	printf("  store          %s\n", r->store);
	if (r->has_config)
		printf("  configuration  %s, as it was\n", r->opts->config);
	else
		printf("  configuration  %s and %zu more files\n", r->opts->config, r->n_files);
	printf("  keys           %s\n", r->has_config ? "as they were"
					: r->m.keys   ? "restored"
						      : "not in the backup");
	if (missing != NULL)
		printf("Put these keys in place before signetd is started:\n%s", missing);
	printf("What happened after %s is not known any more: certificates that were issued since\n"
	       "cannot be renewed, and what was revoked since must be revoked again. Tokens that\n"
	       "were made before this restore are refused. Next: start signetd.\n",
	       made);
	buf_release(&keys);
}

static int run(struct restoring *r, struct err *e)
{
	struct err ignored = ERR_INIT;

	if (look(r, e) != 0 || check_way(r, e) != 0 || check_room(r, e) != 0)
		return -1;
	if (restore_store(r, e) == 0 && restore_files(r, e) == 0) {
		test_crash("restore.copied");
		if (name_store(r, e) == 0) {
			test_crash("restore.named");
			return restore_config(r, e);
		}
	}
	if (tree_remove(r->incoming, &ignored) != 0)
		fprintf(stderr, "signetd: %s\n", ignored.msg);
	return -1;
}

int daemon_restore(const struct daemon_opts *o, struct err *e)
{
	struct restoring r = {.opts = o, .arena = arena_new()};
	int rc = -1;

	umask(077);
	if (crypto_init(NULL, e) == 0) {
		rc = run(&r, e);
		if (rc == 0)
			report(&r);
		else
			(void)err_wrap(e, "restore");
		crypto_end();
	}
	conf_unref(r.conf);
	arena_free(r.arena);
	return rc;
}
