/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store_run.h"
#include "base/file.h"

/*
 * store_backup: what was answered before is in the copy, which opens as a store; what fails leaves
 * nothing. And the test hook by which the disk is slow or fails.
 */
#define ROWS 400

struct box {
	char dir[64], other[64]; /* `other` on another file system, "" when there is none */
	char *path;
	struct loop *loop;
	struct store *store;
};

static const char *hook_file; /* state: set before there are threads */

#ifdef ENABLE_TEST_HOOKS
static void tell(const char *text)
{
	struct err e = ERR_INIT;

	if (file_replace(hook_file, str_c(text), 0600, &e) < 0)
		fail_msg("%s", e.msg);
}
#endif

static struct store *open_at(struct box *b, const char *driver, const char *path, uint64_t min_free)
{
	struct store_config c = {
		.driver = driver, .path = path, .readers = 1, .min_free = min_free};
	struct err e = ERR_INIT;
	struct store *s = store_open(b->loop, &c, &e);

	if (!s)
		fail_msg("%s", e.msg);
	return s;
}

static int set_up(void **state)
{
	struct box *b = NEW(struct box);
	struct err e = ERR_INIT;

	(void)snprintf(b->dir, sizeof(b->dir), "/tmp/signet-bak-XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	(void)snprintf(b->other, sizeof(b->other), "/dev/shm/signet-bak-XXXXXX");
	if (!mkdtemp(b->other))
		b->other[0] = '\0';
	b->path = file_join(b->dir, "db");
	b->loop = loop_new(&e);
	assert_non_null(b->loop);
	b->store = open_at(b, "rocksdb", b->path, 0);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct box *b = *state;
	char cmd[200];

	store_close(b->store);
	loop_turn(b->loop, 0);
	loop_free(b->loop);
	for (int i = 0; i < 2; i++) {
		const char *dir = i ? b->other : b->dir;
		static const char *const names[] = {"db", "copy", "second", "third"};

		if (!*dir)
			continue;
		for (size_t k = 0; k < ARRAY_LEN(names); k++) {
			(void)snprintf(cmd, sizeof(cmd), "%s/%s", dir, names[k]);
			remove_folder(cmd);
		}
		assert_int_equal(rmdir(dir), 0);
	}
	mem_free(b->path);
	mem_free(b);
	return 0;
}

static struct store_batch *row(struct store *s, unsigned i)
{
	struct store_batch *batch = store_batch_new(s);
	char key[16];

	(void)snprintf(key, sizeof(key), "%06u", i);
	store_put_absent(batch, CF_CERT, str_c(key), str_c(key));
	store_put(batch, CF_CERT_BY_NAME, str_c(key), STR("index"));
	return batch;
}

static void put(struct box *b, unsigned i)
{
	assert_int_equal(commit_now(b->loop, b->store, row(b->store, i), NULL), ERR_OK);
}

static bool has(struct box *b, struct store *s, unsigned i)
{
	char key[16], *value = NULL;
	bool found;

	(void)snprintf(key, sizeof(key), "%06u", i);
	found = get_now(b->loop, s, CF_CERT, str_c(key), &value) == 1;
	if (found)
		assert_string_equal(value, key);
	mem_free(value);
	/* Both rows of a commit, or none. */
	assert_int_equal(get_now(b->loop, s, CF_CERT_BY_NAME, str_c(key), NULL), found ? 0 : -1);
	return found;
}

static enum err_code backup_now(struct box *b, const char *path)
{
	struct run r = {.path = path};
	enum err_code code;

	run_begin(&r, b->loop, b->store, RUN_BACKUP);
	run_until(b->loop, &r.over);
	code = r.err.code;
	run_end(&r);
	return code;
}

static bool is_there(const char *path)
{
	struct stat st;
	char *tmp = mem_asprintf("%s.tmp", path);
	bool found = lstat(path, &st) == 0 || lstat(tmp, &st) == 0;

	mem_free(tmp);
	return found;
}

/* ---- */

/* Commits that wait for their turn before and behind the backup. */
static void in_use(void **state)
{
	struct box *b = *state;
	struct run *runs = mem_calloc(ROWS, sizeof(*runs)), backup = {0};
	bool answered[ROWS] = {false};
	unsigned finished = 0, before = 0;
	char *path = file_join(b->dir, "copy");
	struct store *copy;

	for (unsigned i = 0; i < ROWS; i++) {
		runs[i].batch = row(b->store, i);
		runs[i].finished = &finished;
		run_begin(&runs[i], b->loop, b->store, RUN_COMMIT);
		if (i % 10 == 9)
			loop_turn(b->loop, 0);
		if (i != ROWS / 2)
			continue;
		while (finished < ROWS / 4) /* most of them, but some wait still */
			loop_turn(b->loop, 100);
		for (unsigned k = 0; k <= i; k++) {
			answered[k] = runs[k].over;
			before += answered[k];
			if (answered[k])
				assert_int_equal(runs[k].err.code, ERR_OK);
		}
		backup.path = path;
		run_begin(&backup, b->loop, b->store, RUN_BACKUP);
	}
	run_until(b->loop, &backup.over);
	assert_int_equal(backup.err.code, ERR_OK);
	while (finished < ROWS)
		loop_turn(b->loop, 100);
	assert_true(before >= ROWS / 4);

	copy = open_at(b, "rocksdb", path, 0);
	for (unsigned i = 0; i < ROWS; i++) {
		bool found = has(b, copy, i);

		assert_int_equal(runs[i].err.code, ERR_OK);
		if (answered[i] && !found)
			fail_msg("row %u was answered and is not in the copy", i);
	}
	/* It is a store of its own. */
	assert_int_equal(commit_now(b->loop, copy, row(copy, ROWS), NULL), ERR_OK);
	store_close(copy);
	assert_false(has(b, b->store, ROWS));
	for (unsigned i = 0; i < ROWS; i++) {
		assert_true(has(b, b->store, i));
		run_end(&runs[i]);
	}
	run_end(&backup);
	mem_free(runs);
	mem_free(path);
}

static void check_copy(struct box *b, const char *path, unsigned rows)
{
	struct store *copy = open_at(b, "rocksdb", path, 0);

	for (unsigned i = 0; i < rows; i++)
		assert_true(has(b, copy, i));
	assert_false(has(b, copy, rows));
	store_close(copy);
	copy = open_at(b, "rocksdb", path, 0); /* and again, as at each start */
	assert_true(has(b, copy, 0));
	store_close(copy);
}

/* The original goes on, is backed up again, and may go away. */
static void again(void **state)
{
	struct box *b = *state;
	char *first = file_join(b->dir, "copy"), *second = file_join(b->dir, "second");

	put(b, 0);
	put(b, 1);
	assert_int_equal(backup_now(b, first), ERR_OK);
	put(b, 2);
	assert_int_equal(backup_now(b, second), ERR_OK);
	put(b, 3);
	store_close(b->store);
	remove_folder(b->path);
	b->store = open_at(b, "rocksdb", second, 0); /* a copy of the copy */
	check_copy(b, first, 2);
	mem_free(first);
	first = file_join(b->dir, "third");
	assert_int_equal(backup_now(b, first), ERR_OK);
	check_copy(b, first, 3);
	mem_free(first);
	mem_free(second);
}

static void empty(void **state)
{
	struct box *b = *state;
	char *path = file_join(b->dir, "copy");
	struct store *copy;

	assert_int_equal(backup_now(b, path), ERR_OK);
	copy = open_at(b, "rocksdb", path, 0);
	assert_false(has(b, copy, 0));
	store_close(copy);
	mem_free(path);
}

static void other_file_system(void **state)
{
	struct box *b = *state;
	char *path;

	if (!*b->other)
		skip();
	path = file_join(b->other, "copy");
	for (unsigned i = 0; i < 50; i++)
		put(b, i);
	assert_int_equal(backup_now(b, path), ERR_OK);
	check_copy(b, path, 50);
	mem_free(path);
}

static void exists(void **state)
{
	struct box *b = *state;
	char *path = file_join(b->dir, "copy");
	struct stat st;

	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(backup_now(b, path), ERR_CONFLICT);
	assert_int_equal(stat(path, &st), 0); /* left alone */
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(symlink("nowhere", path), 0);
	assert_int_equal(backup_now(b, path), ERR_CONFLICT);
	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(backup_now(b, b->path), ERR_CONFLICT);
	put(b, 0);
	mem_free(path);
}

static void failures(void **state)
{
	struct box *b = *state;
	char *path = file_join(b->dir, "no/such/copy");
	struct store *s = b->store;

	put(b, 0);
	assert_int_equal(backup_now(b, path), ERR_NOT_FOUND);
	assert_false(is_there(path));
	mem_free(path);
	path = file_join(b->dir, "copy");

	b->store = open_at(b, "memory", NULL, 0);
	assert_int_equal(backup_now(b, path), ERR_UNSUPPORTED);
	store_close(b->store);
	b->store = s;

	store_close(b->store);
	b->store = open_at(b, "rocksdb", b->path, UINT64_C(1) << 60);
	assert_int_equal(backup_now(b, path), ERR_UNAVAILABLE);
	assert_false(is_there(path));
	store_close(b->store);
	b->store = open_at(b, "rocksdb", b->path, 0);
	assert_int_equal(backup_now(b, path), ERR_OK);
	mem_free(path);
}

/* Nobody waits any more: the copy is made, and nothing of the waiter's is touched. */
static void abandoned(void **state)
{
	struct box *b = *state;
	char *path = file_join(b->dir, "copy");
	struct run r = {.path = path};

	put(b, 0);
	run_begin(&r, b->loop, b->store, RUN_BACKUP);
	loop_turn(b->loop, 0);
	flow_cancel(&r.flow);
	run_until(b->loop, &r.over);
	run_end(&r);
	store_close(b->store);
	b->store = open_at(b, "rocksdb", b->path, 0);
	mem_free(path);
}

#ifdef ENABLE_TEST_HOOKS
static void hook_writes(void **state)
{
	struct box *b = *state;
	char *path = file_join(b->dir, "copy");
	struct run r = {0};

	put(b, 0);
	tell("fail\n");
	assert_int_equal(commit_now(b->loop, b->store, row(b->store, 1), NULL), ERR_UNAVAILABLE);
	assert_int_equal(backup_now(b, path), ERR_UNAVAILABLE);
	assert_false(is_there(path));
	tell("");
	assert_false(has(b, b->store, 1)); /* nothing was written */
	put(b, 1);
	tell("delay 20");
	put(b, 2);
	tell("hold");
	r.batch = row(b->store, 3);
	run_begin(&r, b->loop, b->store, RUN_COMMIT);
	for (int i = 0; i < 5; i++)
		loop_turn(b->loop, 10);
	assert_false(r.over);
	assert_true(has(b, b->store, 2)); /* reads go on */
	tell("nonsense\n\ndelayed\n");
	run_until(b->loop, &r.over);
	assert_int_equal(r.err.code, ERR_OK);
	run_end(&r);
	assert_true(has(b, b->store, 3));
	mem_free(path);
}

static void hook_reads(void **state)
{
	struct box *b = *state;
	struct run r = {.cf = CF_CERT, .key = STR("000000"), .limit = 10};

	put(b, 0);
	tell("delay 1\nread-fail\n");
	run_begin(&r, b->loop, b->store, RUN_GET);
	run_until(b->loop, &r.over);
	assert_int_equal(r.err.code, ERR_UNAVAILABLE);
	run_end(&r);
	r = (struct run){.cf = CF_CERT, .limit = 10};
	run_begin(&r, b->loop, b->store, RUN_PAGE);
	run_until(b->loop, &r.over);
	assert_int_equal(r.err.code, ERR_UNAVAILABLE);
	run_end(&r);
	put(b, 1); /* the writer's look-ups are not reads of the caller's */
	tell("read-delay 20");
	assert_true(has(b, b->store, 0));
	r = (struct run){.cf = CF_CERT, .limit = 10};
	run_begin(&r, b->loop, b->store, RUN_PAGE);
	run_until(b->loop, &r.over);
	assert_int_equal(r.err.code, ERR_OK);
	assert_int_equal(r.page.n, 2);
	run_end(&r);
	tell("");
}
#endif

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	static char path[] = "/tmp/signet-bakctl-XXXXXX"; /* state: environment */
	const struct CMUnitTest tests[] = {
		T(in_use),	T(again),      T(empty),     T(other_file_system),
		T(exists),	T(failures),   T(abandoned),
#ifdef ENABLE_TEST_HOOKS
		T(hook_writes), T(hook_reads),
#endif
	};
	int fd, rc;

	if (MEMORY_ONLY) {
		printf("1..0 # SKIP RocksDB is not instrumented\n");
		return 0;
	}
	fd = mkstemp(path);
	if (fd < 0 || setenv("SIGNET_TEST_STORE_FILE", path, 1) != 0)
		return 1;
	close(fd);
	hook_file = path;
	rc = cmocka_run_group_tests_name("store backup", tests, NULL, NULL);
	unlink(path);
	return rc;
}
