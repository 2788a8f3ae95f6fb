/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store_run.h"
#include "base/file.h"
#include "store/driver.h"

#include <fcntl.h>
#include <sys/wait.h>

/*
 * What a store looks like after the worst: killed while writing, a log cut short, zeros after a
 * power loss, a flipped byte. Closing does not empty a short log, so it is there to be spoiled;
 * opening again replays it. An orderly end makes tables of a long one.
 */
#define ROWS 20

struct box {
	char path[64];
	struct loop *loop;
	struct store *store;
	struct err err;
};

static bool box_open(struct box *b)
{
	struct store_config c = {.driver = "rocksdb", .path = b->path, .readers = 1};

	b->err = (struct err)ERR_INIT;
	b->loop = loop_new(&b->err);
	assert_non_null(b->loop);
	b->store = store_open(b->loop, &c, &b->err);
	if (!b->store)
		loop_free(b->loop);
	return b->store != NULL;
}

static void box_close(struct box *b)
{
	store_close(b->store);
	loop_turn(b->loop, 0);
	loop_free(b->loop);
}

static int set_up(void **state)
{
	struct box *b = NEW(struct box);

	(void)snprintf(b->path, sizeof(b->path), "/tmp/signet-rec-XXXXXX");
	assert_non_null(mkdtemp(b->path));
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct box *b = *state;

	remove_folder(b->path);
	mem_free(b);
	return 0;
}

static void put_number(struct box *b, unsigned i, size_t size)
{
	struct store_batch *batch = store_batch_new(b->store);
	char key[16], *value = mem_alloc(size);

	memset(value, (int)(0x61 + i % 26), size);
	(void)snprintf(key, sizeof(key), "%06u", i);
	store_put_absent(batch, CF_CERT, str_c(key), str_mem(value, size));
	assert_int_equal(commit_now(b->loop, b->store, batch, NULL), ERR_OK);
	mem_free(value);
}

static bool has_number(struct box *b, unsigned i)
{
	char key[16];

	(void)snprintf(key, sizeof(key), "%06u", i);
	return get_now(b->loop, b->store, CF_CERT, str_c(key), NULL) == 1;
}

/* Rows 0..ROWS-1 of 100 bytes and a last one, closed: the log's path. */
static char *make_log(struct box *b, size_t last, size_t *size)
{
	char *name = NULL, *file;
	uint64_t n, best = 0;
	const struct dirent *entry;
	struct stat st;
	DIR *d;

	assert_true(box_open(b));
	for (unsigned i = 0; i < ROWS; i++)
		put_number(b, i, 100);
	put_number(b, ROWS, last);
	box_close(b);
	d = opendir(b->path);
	assert_non_null(d);
	while ((entry = readdir(d))) {
		struct str s = str_c(entry->d_name);

		if (str_ends(s, ".log") && str_u64(str_mem(s.p, s.n - 4), &n) && n >= best) {
			mem_free(name);
			name = mem_strdup(entry->d_name);
			best = n;
		}
	}
	closedir(d);
	assert_non_null(name);
	file = file_join(b->path, name);
	mem_free(name);
	assert_int_equal(stat(file, &st), 0);
	*size = (size_t)st.st_size;
	assert_true(*size > last + ROWS * 100);
	return file;
}

static void resize(const char *file, size_t n)
{
	assert_int_equal(truncate(file, (off_t)n), 0);
}

static void flip(const char *file, size_t at)
{
	int fd = open(file, O_RDWR);
	unsigned char c;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &c, 1, (off_t)at), 1);
	c ^= 0x10;
	assert_int_equal(pwrite(fd, &c, 1, (off_t)at), 1);
	close(fd);
}

static void assert_opens_without_last(struct box *b)
{
	for (unsigned again = 0; again < 2; again++) {
		if (!box_open(b))
			fail_msg("%s", b->err.msg);
		for (unsigned i = 0; i < ROWS; i++)
			assert_true(has_number(b, i));
		assert_false(has_number(b, ROWS));
		box_close(b);
	}
	assert_true(box_open(b));
	put_number(b, ROWS, 10);
	box_close(b);
	assert_true(box_open(b));
	assert_true(has_number(b, ROWS));
	box_close(b);
}

static void assert_refused(struct box *b)
{
	for (unsigned again = 0; again < 2; again++) {
		assert_false(box_open(b));
		assert_int_equal(b->err.code, ERR_INTERNAL);
		assert_non_null(strstr(b->err.msg, " is damaged: "));
		assert_non_null(strstr(b->err.msg, b->path));
	}
}

static void test_torn_end(void **state)
{
	struct box *b = *state;
	size_t n;
	char *file = make_log(b, 5000, &n);

	resize(file, n - 5);
	assert_opens_without_last(b);
	mem_free(file);
}

static void test_torn_header(void **state)
{
	struct box *b = *state;
	size_t n;
	char *file = make_log(b, 300, &n);

	/* the record is header, 12 bytes, family, key, value: cut within its first bytes */
	resize(file, n - 300 - 30);
	assert_opens_without_last(b);
	mem_free(file);
}

static void test_torn_zeros(void **state)
{
	struct box *b = *state;
	size_t n;
	char *file = make_log(b, 5000, &n);

	resize(file, (n - 2000) / 512 * 512);
	resize(file, n);
	assert_opens_without_last(b);
	mem_free(file);
}

/* The broken record is in fragments, the zeros begin in its second block and go beyond its end. */
static void test_torn_zeros_fragments(void **state)
{
	struct box *b = *state;
	size_t n;
	char *file = make_log(b, 100000, &n);

	resize(file, 32768 + 16384);
	resize(file, n + 8192);
	assert_opens_without_last(b);
	mem_free(file);
}

static void test_torn_zeros_at_block(void **state)
{
	struct box *b = *state;
	size_t n;
	char *file = make_log(b, 100000, &n);

	resize(file, 65536);
	resize(file, n);
	assert_opens_without_last(b);
	mem_free(file);
}

static void test_flipped_middle(void **state)
{
	struct box *b = *state;
	size_t n;
	char *file = make_log(b, 300, &n);

	flip(file, n / 2);
	assert_refused(b);
	flip(file, n / 2);
	assert_true(box_open(b));
	assert_true(has_number(b, ROWS));
	box_close(b);
	mem_free(file);
}

static void test_flipped_last(void **state)
{
	struct box *b = *state;
	size_t n;
	char *file = make_log(b, 3000, &n);

	flip(file, n - 10);
	assert_refused(b);
	mem_free(file);
}

/* A torn end does not excuse damage before it. */
static void test_flipped_and_torn(void **state)
{
	struct box *b = *state;
	size_t n;
	char *file = make_log(b, 5000, &n);

	flip(file, 1500);
	resize(file, (n - 2000) / 512 * 512);
	resize(file, n);
	assert_refused(b);
	mem_free(file);
}

/* ---- an older log, which no torn end can explain ---- */

static pid_t start_child(const char *job, const struct box *b, size_t size, int *from);

/* A child's work: several logs, the first of them with "old". */
static void fill_logs(struct box *b)
{
	struct store_batch *batch = store_batch_new(b->store);

	store_put(batch, CF_ENDPOINT, STR("old"), STR("answered"));
	assert_int_equal(commit_now(b->loop, b->store, batch, NULL), ERR_OK);
	for (unsigned i = 0; i < 20; i++)
		put_number(b, i, 700000);
}

/* Several logs, the first with an answered row that is in no table yet. The first one's path. */
static char *make_two_logs(struct box *b, size_t *size)
{
	char *name = NULL, *file, byte;
	uint64_t n, first = UINT64_MAX;
	unsigned count = 0;
	const struct dirent *entry;
	struct stat st;
	int from, status;
	pid_t pid;
	DIR *d;

	pid = start_child("logs", b, 0, &from);
	assert_int_equal(read(from, &byte, 1), 1);
	close(from);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	d = opendir(b->path);
	assert_non_null(d);
	while ((entry = readdir(d))) {
		struct str s = str_c(entry->d_name);

		if (!str_ends(s, ".log") || !str_u64(str_mem(s.p, s.n - 4), &n))
			continue;
		count++;
		if (n < first) {
			mem_free(name);
			name = mem_strdup(entry->d_name);
			first = n;
		}
	}
	closedir(d);
	assert_true(count >= 2);
	file = file_join(b->path, name);
	mem_free(name);
	assert_int_equal(stat(file, &st), 0);
	*size = (size_t)st.st_size;
	return file;
}

static void test_older_log_short(void **state)
{
	struct box *b = *state;
	size_t n;
	char *file = make_two_logs(b, &n);

	resize(file, n / 2 + 100);
	assert_refused(b);
	mem_free(file);
}

static void test_older_log_missing(void **state)
{
	struct box *b = *state;
	size_t n;
	char *file = make_two_logs(b, &n);

	assert_int_equal(unlink(file), 0);
	assert_refused(b);
	mem_free(file);
}

static void test_two_logs(void **state)
{
	struct box *b = *state;
	size_t n;
	char *file = make_two_logs(b, &n);

	assert_true(box_open(b));
	assert_int_equal(get_now(b->loop, b->store, CF_ENDPOINT, STR("old"), NULL), 0);
	for (unsigned i = 0; i < 20; i++)
		assert_true(has_number(b, i));
	box_close(b);
	mem_free(file);
}

static uint64_t log_bytes(const struct box *b)
{
	DIR *d = opendir(b->path);
	const struct dirent *entry;
	uint64_t sum = 0;
	struct stat st;

	assert_non_null(d);
	while ((entry = readdir(d))) {
		char *file = file_join(b->path, entry->d_name);

		if (str_ends(str_c(entry->d_name), ".log") && stat(file, &st) == 0)
			sum += (uint64_t)st.st_size;
		mem_free(file);
	}
	closedir(d);
	return sum;
}

/* Reading a long log back takes its time: an orderly end leaves none. */
static void test_orderly_end(void **state)
{
	struct box *b = *state;

	assert_true(box_open(b));
	for (unsigned i = 0; i < 8; i++)
		put_number(b, i, 700000);
	assert_true(log_bytes(b) > 4 << 20);
	box_close(b);
	assert_true(log_bytes(b) < 1 << 20);
	assert_true(box_open(b));
	for (unsigned i = 0; i < 8; i++)
		assert_true(has_number(b, i));
	box_close(b);
}

/* More tables than are opened at start: what a read finds in one that is not open is not taken for
 * an empty row. */
static void test_many_tables(void **state)
{
	struct box *b = *state;
	char key[16];

	for (unsigned round = 0; round < 4; round++) {
		struct store_batch *batch;

		assert_true(box_open(b));
		for (unsigned i = 0; i < round * CF_COUNT; i++) {
			char *value = NULL;

			(void)snprintf(key, sizeof(key), "k%u", i / CF_COUNT);
			assert_int_equal(get_now(b->loop, b->store, (enum cf)(i % CF_COUNT),
						 str_c(key), &value),
					 0);
			assert_string_equal(value, key);
			mem_free(value);
		}
		(void)snprintf(key, sizeof(key), "k%u", round);
		batch = store_batch_new(b->store);
		for (unsigned i = 0; i < CF_COUNT; i++)
			store_put(batch, (enum cf)i, str_c(key), str_c(key));
		assert_int_equal(commit_now(b->loop, b->store, batch, NULL), ERR_OK);
		box_close(b);
	}
}

/* ---- kill ---- */

/*
 * The processes that are killed are this program anew (child() below), not mere forks: RocksDB
 * keeps its background threads for the life of a process, and a fork of one that has used it has
 * none of them, so that its writes end in a stall that nobody lifts.
 */
static pid_t start_child(const char *job, const struct box *b, size_t size, int *from)
{
	int fds[2];
	char text[24];
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	(void)snprintf(text, sizeof(text), "%zu", size);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(fds[1], STDOUT_FILENO);
		close(fds[0]);
		close(fds[1]);
		execl("/proc/self/exe", "test_store_recovery", job, b->path, text, (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	*from = fds[0];
	return pid;
}

static int child(const char *job, const char *path, size_t size)
{
	struct box b = {0};

	(void)snprintf(b.path, sizeof(b.path), "%s", path);
	if (!box_open(&b))
		return 1;
	if (!strcmp(job, "hold")) {
		if (write(STDOUT_FILENO, "x", 1) == 1)
			pause();
		return 1;
	}
	if (!strcmp(job, "logs")) {
		fill_logs(&b);
		if (write(STDOUT_FILENO, "x", 1) == 1)
			pause();
		return 1;
	}
	for (unsigned next = 0;; next++) {
		while (has_number(&b, next))
			next++;
		put_number(&b, next, 1 + next * 7919 % size);
		if (write(STDOUT_FILENO, &next, sizeof(next)) != (ssize_t)sizeof(next))
			return 1;
	}
}

/* A child writes until it is killed; then everything that it reported must be there. How many it
 * reported. */
static unsigned write_and_kill(struct box *b, size_t size, unsigned want, unsigned *answered)
{
	unsigned count = 0, number;
	int from, status;
	pid_t pid = start_child("write", b, size, &from);

	while (count < want && read(from, &number, sizeof(number)) == (ssize_t)sizeof(number)) {
		*answered = number;
		count++;
	}
	assert_int_equal(kill(pid, SIGKILL), 0);
	while (read(from, &number, sizeof(number)) == (ssize_t)sizeof(number))
		*answered = number;
	close(from);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	return count;
}

static void kill_rounds(struct box *b, size_t size, unsigned rounds, unsigned step)
{
	unsigned answered = 0, want;

	for (unsigned round = 0; round < rounds; round++) {
		want = 5 + step * round;
		assert_int_equal(write_and_kill(b, size, want, &answered), want);
		if (!box_open(b))
			fail_msg("%s", b->err.msg);
		for (unsigned i = 0; i <= answered; i++)
			assert_true(has_number(b, i));
		box_close(b);
	}
	assert_true(answered + 1 >= rounds * 5 + step * rounds * (rounds - 1) / 2);
}

static void test_kill(void **state)
{
	kill_rounds(*state, 3000, 6, 37);
}

/* Large values: logs change, tables are written and merged meanwhile, and reads find tables that
 * are not open. */
static void test_kill_large(void **state)
{
	kill_rounds(*state, 400000, 6, 14);
}

static void test_in_use(void **state)
{
	struct box *b = *state, other = {0};
	int from, status;
	char byte, pid_text[40];
	pid_t pid = start_child("hold", b, 0, &from);

	assert_int_equal(read(from, &byte, 1), 1);
	assert_false(box_open(b));
	assert_int_equal(b->err.code, ERR_UNAVAILABLE);
	assert_non_null(strstr(b->err.msg, "is in use by another signetd"));
	(void)snprintf(pid_text, sizeof(pid_text), "process %d", (int)pid);
	assert_non_null(strstr(b->err.msg, pid_text));
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(from);
	/* the lock goes with its holder; a second one in this process is told apart */
	assert_true(box_open(b));
	memcpy(other.path, b->path, sizeof(other.path));
	assert_false(box_open(&other));
	assert_non_null(strstr(other.err.msg, "is in use by another signetd"));
	put_number(b, 0, 10);
	box_close(b);
}

static void test_bad_path(void **state)
{
	struct box *b = *state;
	struct box bad = {.path = "/proc/signet/none"};

	(void)b;
	assert_false(box_open(&bad));
	assert_non_null(strstr(bad.err.msg, "/proc/signet"));
	bad.path[0] = 0;
	assert_false(box_open(&bad));
	assert_int_equal(bad.err.code, ERR_INVALID);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_kill, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_kill_large, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_many_tables, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_in_use, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_torn_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_torn_header, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_torn_zeros, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_torn_zeros_fragments, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_torn_zeros_at_block, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_flipped_middle, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_flipped_last, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_flipped_and_torn, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_two_logs, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_orderly_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_older_log_short, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_older_log_missing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bad_path, set_up, tear_down),
	};

	if (MEMORY_ONLY) {
		puts("1..0 # SKIP RocksDB under the thread sanitizer");
		return 0;
	}
	if (argc == 4)
		return child(argv[1], argv[2], strtoul(argv[3], NULL, 10));
	return cmocka_run_group_tests_name("store_recovery", tests, NULL, NULL);
}
