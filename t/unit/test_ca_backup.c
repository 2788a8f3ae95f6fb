/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ca_world.h"

#include "ca/manifest.h"
#include "ca/restored.h"

#include <sys/stat.h>

/*
 * ca/backup as a flow: what is in it, what is never in it, and that a refused or failed one leaves
 * nothing. Restoring is t/24-backup.t's.
 */
static const char config[] =
	"dnsNames: [ca.example]\n"
	"authorities:\n"
	"- {name: default, root: r.crt, crt: i.crt, key: i.key, isolation: thread}\n";

static const char *store_hook UNUSED; /* state: of the group */

#ifdef ENABLE_TEST_HOOKS
static void store_tell(const char *text)
{
	struct err e = ERR_INIT;

	if (file_replace(store_hook, str_c(text), 0600, &e) < 0)
		fail_msg("%s", e.msg);
}
#endif

static char memory[] = "memory", rocksdb[] UNUSED = "rocksdb"; /* state: cmocka's initial state */

static int setup(void **state)
{
	struct world *w = world_new(*state, config);

	store_up(w, 0);
	ca_up(w);
	turn_until(w, is_ready);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	struct err e = ERR_INIT;
	char *out = mem_asprintf("%s-out", w->site.dir);

	assert_int_equal(tree_remove(out, &e), 0);
	mem_free(out);
	world_free(w);
	return 0;
}

/* ---- one backup ---- */

struct backing {
	struct backup b;
	struct arena *arena;
	bool over;
};

static void on_end(struct flow *f)
{
	CONTAINER_OF(CONTAINER_OF(f, struct backup, flow), struct backing, b)->over = true;
}

static void begin(struct world *w, struct backing *s, const char *dir, bool with_keys)
{
	memset(s, 0, sizeof(*s));
	s->arena = arena_new();
	s->b.ca = w->ca;
	s->b.dir = str_c(dir);
	s->b.with_keys = with_keys;
	s->b.actor = STR("uid 7");
	s->b.request_id = STR("req-9");
	backup_init(&s->b, s->arena);
	s->b.flow.on_end = on_end;
	flow_start(&s->b.flow);
}

static struct err end(struct world *w, struct backing *s)
{
	struct err e = ERR_INIT;

	run_until(w->loop, &s->over);
	if (s->b.flow.failed)
		e = s->b.flow.err;
	arena_free(s->arena);
	turn_until(w, is_idle);
	return e;
}

static struct err backup(struct world *w, const char *dir, bool with_keys)
{
	struct backing s;

	begin(w, &s, dir, with_keys);
	return end(w, &s);
}

static void good(struct world *w, const char *dir, bool with_keys)
{
	struct err e = backup(w, dir, with_keys);

	if (e.code != ERR_OK)
		fail_msg("%s", e.msg);
}

/* A folder of this world's own, outside of what is backed up. */
static char *out_dir(struct world *w, const char *name)
{
	char *dir = mem_asprintf("%s-out", w->site.dir), *path = file_join(dir, name);
	struct err e = ERR_INIT;

	assert_int_equal(file_mkdir_p(dir, 0700, &e), 0);
	mem_free(dir);
	return path;
}

/* Nothing begins with this name. */
static void assert_nothing(const char *path)
{
	char *dir = file_dirname(path), **names;
	struct err e = ERR_INIT;
	size_t n;

	assert_int_equal(folder_list(dir, &names, &n, &e), 0);
	for (size_t i = 0; i < n; i++)
		if (str_starts(str_c(names[i]), strrchr(path, '/') + 1))
			fail_msg("%s/%s is left", dir, names[i]);
	folder_list_free(names, n);
	mem_free(dir);
}

static void bad(struct world *w, const char *dir, enum err_code code, const char *text)
{
	struct err e = backup(w, dir, false);

	if (e.code != code || !strstr(e.msg, text))
		fail_msg("%s: %s", err_code_name(e.code), e.msg);
}

static bool is_in(const char *dir, const char *rel)
{
	char *path = file_join(dir, rel);
	bool there = file_exists(path);

	mem_free(path);
	return there;
}

/* Every file of backup.json is there with its content, and no other; the store opens. */
static void check(struct world *w, const char *dir, bool keys)
{
	struct arena *a = arena_new();
	struct manifest m;
	struct err e = ERR_INIT;
	struct stat st;
	char *db = file_join(dir, "db");
	struct store_config c = {.driver = "rocksdb", .path = db, .readers = 1};
	struct store *copy;

	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	if (manifest_read(dir, a, &m, &e) < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(m.version, PACKAGE_VERSION);
	assert_string_equal(m.config, w->ca->conf->file);
	assert_int_equal(m.schema, STORE_SCHEMA);
	assert_int_equal(m.keys, keys);
	for (size_t i = 0; i < m.n; i++) {
		char *path = file_join(dir, m.files[i].path);
		struct copied now;

		if (copy_digest(path, &now, &e) < 0)
			fail_msg("%s", e.msg);
		assert_int_equal(now.size, m.files[i].content.size);
		assert_string_equal(now.sha256, m.files[i].content.sha256);
		mem_free(path);
	}
	copy = store_open(w->loop, &c, &e);
	if (!copy)
		fail_msg("%s", e.msg);
	store_close(copy);
	mem_free(db);
	arena_free(a);
}

/* ---- */

static void in_memory(void **state)
{
	struct world *w = *state;
	char *dir = out_dir(w, "b");

	site_write(&w->site, "db/CURRENT", ""); /* the configuration says that there is one */
	bad(w, dir, ERR_UNSUPPORTED, "keeps nothing on disk");
	assert_nothing(dir);
	mem_free(dir);
}

static void whole(void **state)
{
	struct world *w = *state;
	char *dir = out_dir(w, "b"), *keys = out_dir(w, "k");
	struct rec_audit audit;
	struct run r;

	assert_int_equal(issue_once(w, "t1"), ERR_OK);
	site_write(&w->site, "certs/other.crt", "anything");
	site_write(&w->site, "certs/deep/er/more", "");
	site_write(&w->site, "certs/forgotten", "-----BEGIN EC PRIVATE KEY-----\nx\n");
	site_write(&w->site, "templates/t.tpl", "{}");
	site_write(&w->site, "secrets/password", "secret");
	site_write(&w->site, "tls/server.key", "secret");
	site_write(&w->site, "run/addresses", "no");
	good(w, dir, false);
	check(w, dir, false);
	for (size_t i = 0; i < 7; i++) {
		static const char *const files[] = {"signetd.yaml",
						    "provisioners.d/1.yaml",
						    "certs/other.crt",
						    "certs/deep/er/more",
						    "templates/t.tpl",
						    "r.crt",
						    "i.crt"};

		if (!is_in(dir, files[i]))
			fail_msg("%s is missing", files[i]);
	}
	for (size_t i = 0; i < 5; i++) {
		static const char *const files[] = {"certs/forgotten", "secrets", "tls", "i.key",
						    "run"};

		if (is_in(dir, files[i]))
			fail_msg("%s is in it", files[i]);
	}
	find_audit(w, "backup", &audit, &r);
	assert_true(str_eqc(audit.actor, "uid 7"));
	assert_true(str_eqc(audit.detail, dir));
	run_end(&r);
	good(w, keys, true);
	check(w, keys, true);
	assert_true(is_in(keys, "secrets/password") && is_in(keys, "tls/server.key") &&
		    is_in(keys, "i.key") && is_in(keys, "certs/forgotten"));
	assert_int_equal(issue_once(w, "t2"), ERR_OK);
	mem_free(dir);
	mem_free(keys);
}

static void refusals(void **state)
{
	struct world *w = *state;
	char *dir = out_dir(w, "b"), *path, *link;

	bad(w, "", ERR_INVALID, "not the absolute path of a new folder");
	bad(w, "relative", ERR_INVALID, "not the absolute path");
	bad(w, "/", ERR_INVALID, "not the absolute path");
	bad(w, "/tmp/..", ERR_INVALID, "not the absolute path");
	bad(w, "/no/such/folder", ERR_NOT_FOUND, "/no/such: ");
	assert_int_equal(mkdir(dir, 0700), 0);
	bad(w, dir, ERR_CONFLICT, "exists already: name a new folder");
	assert_int_equal(rmdir(dir), 0);
	path = file_join(w->site.dir, "db/b");
	bad(w, path, ERR_INVALID, "is part of the backup: choose a folder elsewhere");
	/* By another way. */
	link = out_dir(w, "link");
	mem_free(path);
	path = file_join(w->site.dir, "db");
	assert_int_equal(symlink(path, link), 0);
	mem_free(path);
	path = file_join(link, "b");
	bad(w, path, ERR_INVALID, "is part of the backup");
	mem_free(path);
	path = file_join(w->site.dir, "provisioners.d/b");
	bad(w, path, ERR_INVALID, "is part of the backup");
	mem_free(path);
	/* A slash at the end is nothing special; beside the store is fine. */
	path = file_join(w->site.dir, "b//");
	good(w, path, false);
	mem_free(path);
	mem_free(link);
	mem_free(dir);
}

/* Files that the configuration names elsewhere. */
static void elsewhere(void **state)
{
	struct world *w = *state;
	char *dir = out_dir(w, "b"), *root = out_dir(w, "root.crt"), *text, *rel;
	struct buf pem = BUF_INIT;
	struct err e = ERR_INIT;
	struct conf *c;

	rel = file_join(w->site.dir, "r.crt");
	assert_int_equal(file_read(rel, 65536, &pem, &e), 0);
	mem_free(rel);
	assert_int_equal(file_replace(root, buf_view(&pem), 0640, &e), 0);
	text = mem_asprintf("dnsNames: [ca.example]\nauthorities:\n- {name: default, root: [r.crt, "
			    "%s], crt: i.crt, key: i.key, isolation: thread}\n",
			    root);
	site_write(&w->site, "signetd.yaml", text);
	c = conf_load(w->ca->conf->file, &e);
	assert_non_null(c);
	conf_unref(w->ca->conf);
	w->ca->conf = c;
	good(w, dir, false);
	check(w, dir, false);
	rel = mem_asprintf("absolute%s", root);
	assert_true(is_in(dir, rel));
	mem_free(rel);
	mem_free(text);
	mem_free(dir);

	/* One with a key in it is no certificate file. */
	dir = out_dir(w, "c");
	assert_int_equal(file_replace(root, STR("-----BEGIN PRIVATE KEY-----\n"), 0640, &e), 0);
	bad(w, dir, ERR_INVALID, "holds a private key: split the file, or back up with keys");
	assert_nothing(dir);
	good(w, dir, true);
	mem_free(dir);

	dir = out_dir(w, "d");
	assert_int_equal(unlink(root), 0);
	bad(w, dir, ERR_NOT_FOUND, root);
	assert_nothing(dir);
	text = mem_asprintf("dnsNames: [ca.example]\nauthorities:\n- {name: default, root: r.crt, "
			    "crt: x/../i.crt, key: i.key, isolation: thread}\n");
	site_write(&w->site, "signetd.yaml", text);
	c = conf_load(w->ca->conf->file, &e);
	assert_non_null(c);
	conf_unref(w->ca->conf);
	w->ca->conf = c;
	bad(w, dir, ERR_INVALID, "write the path without it");
	assert_nothing(dir);
	mem_free(text);
	mem_free(dir);
	mem_free(root);
	buf_release(&pem);
}

static void other_file_system(void **state)
{
	struct world *w = *state;
	char dir[64] = "/dev/shm/signet-bk-XXXXXX", *path;
	struct err e = ERR_INIT;

	if (!mkdtemp(dir))
		skip();
	assert_int_equal(issue_once(w, "t1"), ERR_OK);
	path = file_join(dir, "b");
	site_write(&w->site, "db.backup/left", "of a killed process");
	good(w, path, false);
	check(w, path, false);
	assert_false(is_in(w->site.dir, "db.backup"));
	mem_free(path);
	/* What a kill leaves there goes at the next start. */
	site_write(&w->site, "db.backup/left", "of a killed process");
	ca_down(w);
	ca_up(w);
	assert_false(is_in(w->site.dir, "db.backup"));
	turn_until(w, is_ready);
	assert_int_equal(tree_remove(dir, &e), 0);
}

static void in_turn(void **state)
{
	struct world *w = *state;
	struct backing a, b;
	char *first = out_dir(w, "a"), *second = out_dir(w, "b");
	struct err e;

	begin(w, &a, first, false);
	begin(w, &b, second, false);
	e = end(w, &b);
	assert_int_equal(e.code, ERR_CONFLICT);
	e = end(w, &a);
	assert_int_equal(e.code, ERR_OK);
	assert_nothing(second);
	/* The client leaves: it is made. */
	begin(w, &a, second, false);
	loop_turn(w->loop, 0);
	flow_cancel(&a.b.flow);
	e = end(w, &a);
	assert_int_equal(e.code, ERR_OK);
	check(w, second, false);
	mem_free(first);
	mem_free(second);
}

#ifdef ENABLE_TEST_HOOKS
static void failing_disk(void **state)
{
	struct world *w = *state;
	char *dir = out_dir(w, "b");

	store_tell("fail");
	bad(w, dir, ERR_UNAVAILABLE, "the test wants it to fail");
	assert_nothing(dir);
	store_tell("");
	good(w, dir, false);
	check(w, dir, false);
	mem_free(dir);
}
#endif

static void restored_row(void **state)
{
	struct world *w = *state;
	struct rec_audit audit;
	struct run r;
	struct err e = ERR_INIT;
	int64_t when = 5;

	assert_int_equal(w->ca->restored, 0);
	assert_int_equal(restored_read(w->loop, w->store, &when, &e), 0);
	assert_int_equal(when, 0);
	assert_int_equal(restored_write(w->loop, w->store, 1234567890123, &e), 0);
	assert_int_equal(restored_write(w->loop, w->store, 1234567890124, &e), 0);
	assert_int_equal(restored_read(w->loop, w->store, &when, &e), 0);
	assert_true(when == 1234567890124);
	find_audit(w, "restored", &audit, &r);
	assert_true(str_eqc(audit.actor, "signetd --restore"));
	run_end(&r);
	ca_down(w);
	ca_up(w);
	assert_true(w->ca->restored == 1234567890124);
	turn_until(w, is_ready);
}

/* backup.json is read from a folder that may hold anything. */
static void manifests(void **state)
{
	static const char *const texts[] = {
		"", "[]", "{}", "{\"version\":\"1\"}", "nonsense",
	};
	static const char frame[] =
		"{\"version\":\"1\",\"made\":\"2026-01-01T00:00:00Z\",\"schema\":1,"
		"\"keys\":false,\"config\":\"c\",\"files\":[%s]}";
	static const char digest[] =
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	static const char *const paths[] = {"/etc/passwd", "../x", "a/../../x", "..", "a/..", ""};
	struct world *w = *state;
	struct arena *a = arena_new();
	struct manifest m;
	struct err e = ERR_INIT;
	char *file, *text;

	assert_int_equal(manifest_read(w->site.dir, a, &m, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		site_write(&w->site, "backup.json", texts[i]);
		assert_int_equal(manifest_read(w->site.dir, a, &m, &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
		assert_non_null(strstr(e.msg, "backup.json: damaged"));
	}
	for (size_t i = 0; i <= ARRAY_LEN(paths); i++) {
		bool fine = i == ARRAY_LEN(paths);

		file = mem_asprintf("{\"path\":\"%s\",\"size\":1,\"mode\":384,\"sha256\":\"%s\"}",
				    fine ? "db/..x" : paths[i], digest);
		text = mem_asprintf(frame, file);
		site_write(&w->site, "backup.json", text);
		if ((manifest_read(w->site.dir, a, &m, &e) == 0) != fine)
			fail_msg("%s", text);
		mem_free(text);
		mem_free(file);
	}
	assert_string_equal(m.files[0].path, "db/..x");
	arena_free(a);
}

#define T(f, d)                                                                                    \
	{                                                                                          \
#f, f, setup, teardown, d                                                          \
	}

static int tests(void)
{
	const struct CMUnitTest list[] = {
		T(in_memory, memory),
		T(restored_row, memory),
		T(manifests, memory),
#if !MEMORY_ONLY
		T(whole, rocksdb),
		T(refusals, rocksdb),
		T(elsewhere, rocksdb),
		T(other_file_system, rocksdb),
		T(in_turn, rocksdb),
#ifdef ENABLE_TEST_HOOKS
		T(failing_disk, rocksdb),
#endif
#endif
	};

	return cmocka_run_group_tests_name("ca/backup", list, NULL, NULL);
}

int main(void)
{
	static char path[] = "/tmp/signet-cabak-XXXXXX"; /* state: environment */
	int fd = mkstemp(path), rc;

	if (fd < 0 || setenv("SIGNET_TEST_STORE_FILE", path, 1) != 0)
		return 1;
	close(fd);
	store_hook = path;
	rc = world_group(tests);
	unlink(path);
	return rc;
}
