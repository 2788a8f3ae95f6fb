/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ca/backup_priv.h"
#include "ca/copy.h"
#include "ca/manifest.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/hook.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"

#include <sys/stat.h>

/*
 * backup_copy.c - what a backup consists of and where it comes from (jobs on the slow pool).
 *
 * The configuration's folder is copied as far as it is configuration: signetd.yaml,
 * provisioners.d/, templates/ and certs/. Files that an authority names are added wherever they
 * are: inside the folder at their place, elsewhere under absolute/ with their whole path. Keys -
 * secrets/, tls/, the authorities' keys and passwords - only when they are asked for; without, no
 * file that holds a private key gets in by another way either.
 */
#define DEPTH_MAX 16
#define LOOK_MAX  (1U << 20) /* of a file, for a private key */
#define COPY_ROOM (8U << 20) /* for everything but the store */

struct copying {
	const struct conf *conf;
	const char *to;
	bool with_keys;
	struct arena *arena;
	struct map *done, *folders; /* paths from `to`; values mean nothing */
	struct manifest m;
	size_t cap;
	struct err *e;
};

void backup_place_release(struct backup_place *p)
{
	mem_free(p->dir);
	mem_free(p->partial);
	mem_free(p->store);
	*p = (struct backup_place){0};
}

/* ---- before ---- */

/* Not where the backup, or the store, would find itself again. */
static int check_outside(const struct conf *c, const char *dir, struct err *e)
{
	static const char *const folders[] = {"provisioners.d", "templates", "certs", "secrets"};
	char *taken[ARRAY_LEN(folders) + 2];
	int rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(folders); i++)
		taken[i] = file_join(c->dir, folders[i]);
	taken[ARRAY_LEN(folders)] = file_join(c->data_dir, BACKUP_TLS);
	taken[ARRAY_LEN(folders) + 1] = mem_strdup(c->store.path);
	for (size_t i = 0; i < ARRAY_LEN(taken); i++) {
		char *real = realpath(taken[i], NULL);

		if (rc == 0 && real != NULL && path_inside(real, dir) != NULL)
			rc = ERR(e, ERR_INVALID,
				 "backup: %s is inside %s, which is part of the backup: choose a "
				 "folder elsewhere",
				 dir, taken[i]);
		free(real);
		mem_free(taken[i]);
	}
	return rc;
}

/* The folder's path without links and dots, so that it can be compared. */
static char *settle_dir(const char *dir, struct err *e)
{
	char *copy = mem_strdup(dir), *parent, *real, *out = NULL;
	size_t n = strlen(copy);
	const char *name;

	while (n > 1 && copy[n - 1] == '/')
		copy[--n] = '\0';
	name = strrchr(copy, '/');
	name = name != NULL ? name + 1 : "";
	if (copy[0] != '/' || *name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
		(void)ERR(e, ERR_INVALID, "backup: \"%s\" is not the absolute path of a new folder",
			  dir);
		mem_free(copy);
		return NULL;
	}
	parent = file_dirname(copy);
	real = realpath(parent, NULL);
	if (real == NULL)
		(void)err_errno(e, errno, "backup: %s", parent);
	else
		out = file_join(real, name);
	free(real);
	mem_free(parent);
	mem_free(copy);
	return out;
}

static int check_place(const struct conf *c, const char *dir, struct err *e)
{
	struct stat st;

	if (c->store.driver != 0)
		return ERR(e, ERR_UNSUPPORTED,
			   "backup: the store is in memory: there is nothing on disk to back up");
	if (lstat(dir, &st) == 0)
		return ERR(e, ERR_CONFLICT, "backup: %s exists already: name a new folder", dir);
	return check_outside(c, dir, e);
}

static char *staging_path(const struct conf *c)
{
	return mem_asprintf("%s.backup", c->store.path);
}

/* Where the store is copied to, and whether there is room for it. */
static int choose_store_place(const struct conf *c, struct backup_place *p, struct err *e)
{
	char *parent = file_dirname(p->dir);
	struct stat here, there;
	uint64_t have = 0, need = COPY_ROOM;
	int rc = -1;

	if (stat(c->store.path, &here) != 0)
		(void)err_errno(e, errno, "backup: %s", c->store.path);
	else if (stat(parent, &there) != 0)
		(void)err_errno(e, errno, "backup: %s", parent);
	else
		rc = file_free_space(parent, &have, e);
	if (rc == 0 && here.st_dev != there.st_dev) {
		p->staged = true;
		p->store = staging_path(c);
		need += folder_size(c->store.path);
		rc = tree_remove(p->store, e);
	} else if (rc == 0) {
		p->store = file_join(p->partial, BACKUP_STORE);
		need += c->store.min_free;
	}
	if (rc == 0 && have < need)
		rc = ERR(e, ERR_UNAVAILABLE,
			 "backup: %s: disk is nearly full: %llu MiB free, %llu MiB are needed: "
			 "make room first",
			 parent, (unsigned long long)(have >> 20),
			 (unsigned long long)(need >> 20));
	mem_free(parent);
	return rc;
}

int backup_prepare(const struct conf *c, const char *dir, struct backup_place *out, struct err *e)
{
	char *settled = settle_dir(dir, e);

	if (settled == NULL)
		return -1;
	if (check_place(c, settled, e) != 0) {
		mem_free(settled);
		return -1;
	}
	out->dir = settled;
	out->made = clock_now();
	out->partial = mem_asprintf("%s.partial-XXXXXX", settled);
	if (mkdtemp(out->partial) == NULL) {
		(void)err_errno(e, errno, "backup: %s cannot be made", settled);
		mem_free(out->partial);
		out->partial = NULL;
	} else if (choose_store_place(c, out, e) == 0) {
		return 0;
	}
	backup_clean(out);
	backup_place_release(out);
	return -1;
}

/* ---- copying ---- */

/* The folders that lead to to/rel. */
static int make_folders(struct copying *c, const char *rel)
{
	char *path = file_join(c->to, rel), *folder = file_dirname(path), *above;
	int rc = file_mkdir_p(folder, 0700, c->e);

	mem_free(path);
	above = file_dirname(rel);
	while (rc == 0 && strcmp(above, ".") != 0) {
		char *next = file_dirname(above);

		map_put(c->folders, str_c(above), c);
		mem_free(above);
		above = next;
	}
	mem_free(above);
	mem_free(folder);
	return rc;
}

static void note_file(struct copying *c, const char *rel, unsigned mode, const struct copied *sum)
{
	if (c->m.n == c->cap) {
		c->cap = c->cap ? 2 * c->cap : 64;
		c->m.files = mem_realloc(c->m.files, c->cap * sizeof(*c->m.files));
	}
	c->m.files[c->m.n++] = (struct manifest_file){
		.path = arena_strdup(c->arena, rel), .mode = mode, .content = *sum};
}

static int add_file(struct copying *c, const char *from, const char *rel)
{
	struct copied sum;
	struct stat st;
	char *to;
	int rc;

	if (map_get(c->done, str_c(rel)) != NULL)
		return 0;
	if (stat(from, &st) != 0)
		return err_errno(c->e, errno, "backup: %s", from);
	if (make_folders(c, rel) != 0)
		return err_wrap(c->e, "backup");
	to = file_join(c->to, rel);
	rc = copy_regular(from, to, st.st_mode & 0777, &sum, c->e);
	mem_free(to);
	if (rc != 0)
		return err_wrap(c->e, "backup");
	map_put(c->done, str_c(rel), c);
	note_file(c, rel, st.st_mode & 0777, &sum);
	return 0;
}

/*
 * Whatever its name is, and encrypted or not. One that cannot be read is noticed when it is
 * copied.
 */
static bool holds_key(const char *path)
{
	static const char mark[] = "PRIVATE KEY-----";
	struct err ignored = ERR_INIT;
	struct buf text = BUF_INIT;
	bool found = false;

	if (file_read(path, LOOK_MAX, &text, &ignored) == 0 && text.n > 0)
		found = memmem(text.p, text.n, mark, sizeof(mark) - 1) != NULL;
	buf_wipe_release(&text);
	return found;
}

static bool same_file(const char *path, const struct stat *other)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_dev == other->st_dev && st.st_ino == other->st_ino;
}

/* A key or a password of an authority's, whatever it looks like. */
static bool is_secret(struct copying *c, const char *path)
{
	const struct conf_authority *list = c->conf->authorities.items;
	struct stat st;

	if (stat(path, &st) != 0)
		return false;
	for (size_t i = 0; i < c->conf->authorities.n; i++) {
		struct err ignored = ERR_INIT;
		struct key_uri u;

		if (key_uri_parse(list[i].key, c->conf->dir, c->arena, &u, &ignored) != 0)
			continue;
		if (same_file(u.path, &st) ||
		    (u.password_file != NULL && same_file(u.password_file, &st)))
			return true;
	}
	return holds_key(path);
}

static void leave_out(const char *path, const char *why)
{
	log_warn("backup.left_out", F_C("path", path), F_C("why", why));
}

static int add_tree(struct copying *c, const char *from, const char *rel, unsigned depth);

static int add_entry(struct copying *c, const char *from, const char *rel, unsigned depth)
{
	struct stat st;
	int rc;

	if (lstat(from, &st) == 0 && S_ISDIR(st.st_mode)) {
		if (depth < DEPTH_MAX)
			return add_tree(c, from, rel, depth + 1);
		leave_out(from, "too deep");
		return 0;
	}
	if (stat(from, &st) != 0 || !S_ISREG(st.st_mode)) {
		leave_out(from, "not a regular file");
		return 0;
	}
	if (!c->with_keys && is_secret(c, from)) {
		leave_out(from, "it is a key, and the backup is without keys");
		return 0;
	}
	rc = add_file(c, from, rel);
	if (rc == 0 || c->e->code != ERR_NOT_FOUND)
		return rc;
	*c->e = (struct err)ERR_INIT; /* replaced or removed at this moment */
	return 0;
}

/* A folder that is not there has nothing. */
static int add_tree(struct copying *c, const char *from, const char *rel, unsigned depth)
{
	char **names;
	size_t n;
	int rc = 0;

	if (folder_list(from, &names, &n, c->e) != 0)
		return err_wrap(c->e, "backup");
	for (size_t i = 0; i < n && rc == 0; i++) {
		char *path = file_join(from, names[i]), *inner = file_join(rel, names[i]);

		rc = add_entry(c, path, inner, depth);
		mem_free(inner);
		mem_free(path);
	}
	folder_list_free(names, n);
	return rc;
}

/* `what`: for messages, as "authority default: crt". */
static int add_named(struct copying *c, const char *path, const char *what)
{
	static const char *const taken[] = {BACKUP_STORE, BACKUP_ABSOLUTE, BACKUP_MANIFEST};
	const char *inside = path_inside(c->conf->dir, path);
	struct str first = str_c(inside), rest;
	char *rel;
	int rc;

	if (path_climbs(path))
		return ERR(c->e, ERR_INVALID,
			   "backup: %s: %s leads through \"..\": write the path without it", what,
			   path);
	first = str_cut(first, '/', &rest);
	for (size_t i = 0; i < ARRAY_LEN(taken); i++)
		if (inside != NULL && str_eqc(first, taken[i]))
			return ERR(c->e, ERR_INVALID,
				   "backup: %s: %s: a backup has another use for the name %s: "
				   "move the file",
				   what, path, taken[i]);
	rel = inside != NULL ? mem_strdup(inside) : mem_asprintf(BACKUP_ABSOLUTE "%s", path);
	rc = add_file(c, path, rel);
	if (rc != 0)
		(void)err_wrap(c->e, "%s", what);
	mem_free(rel);
	return rc;
}

static int add_certs(struct copying *c, const struct conf_strings *paths, const char *what)
{
	for (size_t i = 0; i < paths->n; i++) {
		if (!c->with_keys && holds_key(paths->items[i]))
			return ERR(c->e, ERR_INVALID,
				   "backup: %s: %s holds a private key: split the file, or back up "
				   "with keys",
				   what, paths->items[i]);
		if (add_named(c, paths->items[i], what) != 0)
			return -1;
	}
	return 0;
}

static int add_key(struct copying *c, const struct conf_authority *au, const char *what)
{
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");
	struct key_uri u;

	if (key_uri_parse(au->key, c->conf->dir, c->arena, &u, c->e) != 0)
		return err_wrap(c->e, "backup: %s", what);
	if (add_named(c, u.path, what) != 0)
		return -1;
	if (u.password_file == NULL)
		return 0;
	if (credentials != NULL && path_inside(credentials, u.password_file) != NULL) {
		leave_out(u.password_file, "it is the service manager's");
		return 0;
	}
	return add_named(c, u.password_file, what);
}

static int add_authorities(struct copying *c)
{
	const struct conf_authority *list = c->conf->authorities.items;

	for (size_t i = 0; i < c->conf->authorities.n; i++) {
		const struct conf_authority *au = &list[i];
		const struct conf_strings crt = {.items = &au->crt, .n = 1};
		const char *what = arena_printf(c->arena, "authority %s", au->name);

		if (add_certs(c, &au->root, what) != 0 ||
		    add_certs(c, &au->federated_roots, what) != 0 || add_certs(c, &crt, what) != 0)
			return -1;
		if (c->with_keys && add_key(c, au, what) != 0)
			return -1;
	}
	return 0;
}

static int add_config(struct copying *c)
{
	static const char *const folders[] = {"provisioners.d", "templates", "certs", "secrets"};
	char *tls;
	int rc = add_file(c, c->conf->file, BACKUP_CONFIG);

	for (size_t i = 0; i < ARRAY_LEN(folders) - (c->with_keys ? 0 : 1) && rc == 0; i++) {
		char *path = file_join(c->conf->dir, folders[i]);

		rc = add_tree(c, path, folders[i], 0);
		mem_free(path);
	}
	if (rc == 0 && c->with_keys) {
		tls = file_join(c->conf->data_dir, BACKUP_TLS);
		rc = add_tree(c, tls, BACKUP_TLS, 0);
		mem_free(tls);
	}
	return rc == 0 ? add_authorities(c) : rc;
}

/* The store's copy: looked at where it is, or carried over. */
static int add_store(struct copying *c, const struct backup_place *p)
{
	char **names;
	size_t n;
	int rc = 0;

	if (folder_list(p->store, &names, &n, c->e) != 0)
		return err_wrap(c->e, "backup");
	map_put(c->folders, STR(BACKUP_STORE), c);
	for (size_t i = 0; i < n && rc == 0; i++) {
		char *from = file_join(p->store, names[i]);
		char *rel = file_join(BACKUP_STORE, names[i]);
		struct copied sum;

		if (p->staged)
			rc = add_file(c, from, rel);
		else if ((rc = copy_digest(from, &sum, c->e)) == 0)
			note_file(c, rel, 0600, &sum);
		else
			(void)err_wrap(c->e, "backup");
		mem_free(rel);
		mem_free(from);
	}
	folder_list_free(names, n);
	return rc;
}

struct syncing {
	struct copying *c;
	int rc;
};

static bool sync_one(struct str rel, void *value, void *arg)
{
	struct syncing *s = arg;
	char *name = mem_strndup(rel.p, rel.n), *path = file_join(s->c->to, name);

	(void)value;
	s->rc = folder_sync(path, s->c->e);
	mem_free(path);
	mem_free(name);
	return s->rc == 0;
}

static int sync_folders(struct copying *c)
{
	struct syncing s = {.c = c};

	map_each(c->folders, sync_one, &s);
	return s.rc == 0 ? folder_sync(c->to, c->e) : s.rc;
}

int backup_finish(const struct conf *conf, bool with_keys, struct backup_place *p, struct err *e)
{
	struct copying c = {
		.conf = conf,
		.to = p->partial,
		.with_keys = with_keys,
		.arena = arena_new(),
		.done = map_new(),
		.folders = map_new(),
		.m = {.version = PACKAGE_VERSION,
		      .config = conf->file,
		      .made = p->made,
		      .schema = STORE_SCHEMA,
		      .keys = with_keys},
		.e = e,
	};
	int rc = add_config(&c);

	test_crash("backup.copying");
	if (rc == 0)
		rc = add_store(&c, p);
	if (rc == 0)
		rc = sync_folders(&c);
	if (rc == 0)
		rc = manifest_write(p->partial, &c.m, e);
	test_crash("backup.complete");
	if (rc == 0)
		rc = folder_rename(p->partial, p->dir, e);
	test_crash("backup.named");
	if (rc == 0) {
		mem_free(p->partial);
		p->partial = NULL;
	}
	mem_free(c.m.files);
	map_free(c.done, NULL);
	map_free(c.folders, NULL);
	arena_free(c.arena);
	return rc;
}

void backup_clean_stale(const struct conf *c)
{
	char *path = staging_path(c);
	struct err e = ERR_INIT;

	if (c->store.driver == 0 && tree_remove(path, &e) != 0)
		log_warn("backup.left_behind", F_C("dir", path), F_ERR(&e));
	mem_free(path);
}

void backup_clean(struct backup_place *p)
{
	struct err e = ERR_INIT;

	if (p->partial != NULL && tree_remove(p->partial, &e) != 0)
		log_error("backup.left_behind", F_C("dir", p->partial), F_ERR(&e));
	if (p->staged && tree_remove(p->store, &e) != 0)
		log_error("backup.left_behind", F_C("dir", p->store), F_ERR(&e));
}
