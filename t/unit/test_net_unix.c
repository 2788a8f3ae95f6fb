/* SPDX-License-Identifier: GPL-3.0-or-later */
/* UNIX listeners: their file, who connects; and what SIGNET_TEST_NET_FILE does to TCP. */
#include "base/compat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/mem.h"
#include "net_plain.h"

#include <grp.h>
#include <sys/stat.h>
#include <sys/un.h>

#define NAME "control.sock"

static char folder[64]; /* state: the test's folder */

static char *at(const char *name)
{
	return file_join(folder, name);
}

static struct listener *try_listen(struct fix *f, const char *path, unsigned mode, int gid,
				   struct err *e)
{
	struct listener_config c = {
		.unix_path = path,
		.unix_mode = mode,
		.unix_gid = gid,
		.max_streams = 4,
		.on_accept = on_accept,
		.arg = f,
	};

	*e = (struct err)ERR_INIT;
	return listener_new(f->loop, &c, e);
}

static void start_unix(struct fix *f, const char *path, unsigned mode, int gid)
{
	struct err e = ERR_INIT;

	memset(f, 0, sizeof(*f));
	f->fds = count_fds();
	f->mode = ECHO;
	f->loop = loop_new(&e);
	assert_non_null(f->loop);
	f->l = try_listen(f, path, mode, gid, &e);
	if (!f->l)
		fail_msg("%s", e.msg);
}

static int bound(const char *path, bool listening)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	if (listening)
		assert_int_equal(listen(fd, 5), 0);
	return fd;
}

/* The connection, or -1 with errno. */
static int dial_unix(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true((size_t)snprintf(a.sun_path, sizeof(a.sun_path), "%s", path) <
		    sizeof(a.sun_path));
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0) {
		assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
		return fd;
	}
	close(fd);
	return -1;
}

static void echo_over(struct fix *f, int fd)
{
	unsigned n = f->n_peers;
	char b[8];

	UNTIL(f, f->n_peers > 0 && f->peers[f->n_peers - 1].n[STREAM_READY] == 1);
	n = f->n_peers - 1;
	assert_int_equal(send(fd, "hello", 5, 0), 5);
	UNTIL(f, f->peers[n].n[STREAM_DRAINED] == 1);
	assert_int_equal(recv(fd, b, sizeof(b), 0), 5);
	assert_memory_equal(b, "hello", 5);
}

static void test_who(void **state)
{
	char *path = at(NAME), *text = mem_asprintf("unix:%s", path);
	gid_t groups[64];
	struct stream_cred c;
	char want[64];
	struct fix f;
	int fd, n;

	(void)state;
	start_unix(&f, path, 0600, -1);
	assert_string_equal(listener_address(f.l), text);
	assert_int_equal(listener_port(f.l), 0);
	fd = dial_unix(path);
	assert_true(fd >= 0);
	echo_over(&f, fd);
	snprintf(want, sizeof(want), "unix:pid=%d uid=%u", (int)getpid(), (unsigned)geteuid());
	assert_string_equal(stream_peer(f.peers[0].s), want);
	assert_false(stream_is_tls(f.peers[0].s));
	assert_true(stream_cred(f.peers[0].s, &c));
	assert_int_equal(c.uid, geteuid());
	assert_int_equal(c.gid, getegid());
	assert_int_equal(c.pid, getpid());
	n = getgroups((int)ARRAY_LEN(groups), groups);
	assert_true(n >= 0);
	assert_int_equal(c.n_groups, n);
	close(fd);
	UNTIL(&f, f.peers[0].n[STREAM_EOF] == 1);
	finish(&f);
	assert_false(file_exists(path));
	mem_free(text);
	mem_free(path);
}

/* More groups than there is room for: the first ones, and no more. */
static void test_many_groups(void **state)
{
	gid_t groups[100], before[100];
	char *path = at(NAME);
	struct stream_cred c;
	struct fix f;
	int fd, n;

	(void)state;
	if (geteuid() != 0)
		skip();
	n = getgroups((int)ARRAY_LEN(before), before);
	for (unsigned i = 0; i < ARRAY_LEN(groups); i++)
		groups[i] = 5000 + i;
	assert_true(n >= 0);
	if (setgroups(ARRAY_LEN(groups), groups) != 0)
		skip();
	start_unix(&f, path, 0600, -1);
	fd = dial_unix(path);
	echo_over(&f, fd);
	assert_true(stream_cred(f.peers[0].s, &c));
	assert_int_equal(c.n_groups, ARRAY_LEN(c.groups));
	assert_int_equal(c.groups[0], 5000);
	assert_int_equal(c.groups[63], 5063);
	close(fd);
	finish(&f);
	assert_int_equal(setgroups((size_t)n, before), 0);
	mem_free(path);
}

static void test_mode(void **state)
{
	static const struct {
		mode_t umask;
		unsigned mode;
	} rows[] = {{0, 0600}, {077, 0660}, {0777, 0666}, {022, 0}};
	char *path = at(NAME);
	mode_t before = umask(0);
	struct stat st;
	struct fix f;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		umask(rows[i].umask);
		start_unix(&f, path, rows[i].mode, geteuid() == 0 ? 54321 : -1);
		assert_int_equal(lstat(path, &st), 0);
		assert_int_equal(st.st_mode, S_IFSOCK | rows[i].mode);
		assert_int_equal(st.st_gid, geteuid() == 0 ? 54321 : getegid());
		assert_int_equal(st.st_uid, geteuid());
		finish(&f);
		assert_false(file_exists(path));
	}
	umask(before);
	mem_free(path);
}

static void test_stale(void **state)
{
	char *path = at(NAME);
	struct stat old, new;
	struct fix f;
	int fd;

	(void)state;
	fd = bound(path, true);
	assert_int_equal(lstat(path, &old), 0);
	close(fd);
	start_unix(&f, path, 0600, -1);
	assert_int_equal(lstat(path, &new), 0);
	fd = dial_unix(path);
	assert_true(fd >= 0);
	echo_over(&f, fd);
	close(fd);
	finish(&f);
	mem_free(path);
}

static void refused(struct fix *f, const char *path, enum err_code code, const char *word)
{
	struct err e = ERR_INIT;

	assert_null(try_listen(f, path, 0600, -1, &e));
	if (e.code != code || !strstr(e.msg, word) || !strstr(e.msg, path))
		fail_msg("%s: %d %s", path, e.code, e.msg);
}

static void test_in_use(void **state)
{
	char *path = at(NAME), *pid = mem_asprintf("process %d", (int)getpid());
	struct fix f;
	int fd;

	(void)state;
	start_unix(&f, path, 0600, -1);
	refused(&f, path, ERR_CONFLICT, pid);
	assert_true(file_exists(path));
	fd = dial_unix(path); /* the refused one has not hurt the first */
	assert_true(fd >= 0);
	echo_over(&f, fd);
	close(fd);
	finish(&f);
	mem_free(pid);
	mem_free(path);
}

static void test_other_files(void **state)
{
	char *file = at("file"), *dir = at("dir"), *link = at("link"), *gone = at("gone");
	char *path = at(NAME);
	struct err e = ERR_INIT;
	struct stat st;
	struct fix f;

	(void)state;
	start_unix(&f, path, 0600, -1);
	assert_int_equal(file_create(file, STR("mine"), 0600, &e), 0);
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(symlink(gone, link), 0);
	refused(&f, file, ERR_CONFLICT, "no socket");
	refused(&f, dir, ERR_CONFLICT, "no socket");
	refused(&f, link, ERR_CONFLICT, "no socket");
	assert_int_equal(lstat(file, &st), 0);
	assert_int_equal(st.st_size, 4);
	assert_false(file_exists(gone));
	assert_int_equal(unlink(file) | rmdir(dir) | unlink(link), 0);
	finish(&f);
	mem_free(file);
	mem_free(dir);
	mem_free(link);
	mem_free(gone);
	mem_free(path);
}

static void test_bad_paths(void **state)
{
	char *path = at(NAME), *deep = at("missing/x.sock"), *slash = at("x/");
	struct fix f;

	(void)state;
	start_unix(&f, path, 0600, -1);
	refused(&f, "run/control.sock", ERR_INVALID, "absolute");
	refused(&f, "", ERR_INVALID, "absolute");
	refused(&f, slash, ERR_INVALID, "absolute");
	refused(&f, deep, ERR_NOT_FOUND, "missing");
	finish(&f);
	mem_free(slash);
	mem_free(deep);
	mem_free(path);
}

/* 107 bytes are the last that fit; beyond, the folder's descriptor helps. */
static void test_long_paths(void **state)
{
	char dir[240], path[400], word[101], by_fd[64];
	struct err e = ERR_INIT;
	struct fix f;
	int fd, d;

	(void)state;
	for (size_t length = 105; length < 112; length++) {
		snprintf(path, sizeof(path), "%s/", folder);
		memset(path + strlen(path), 'x', length - strlen(path));
		path[length] = '\0';
		start_unix(&f, path, 0600, -1);
		assert_true(file_exists(path));
		finish(&f);
		assert_false(file_exists(path));
	}
	memset(word, 'y', 100);
	word[100] = '\0';
	snprintf(dir, sizeof(dir), "%s/%s", folder, word);
	snprintf(path, sizeof(path), "%s/" NAME, dir);
	assert_int_equal(mkdir(dir, 0700), 0);
	start_unix(&f, path, 0600, -1);
	d = open(dir, O_PATH | O_CLOEXEC);
	snprintf(by_fd, sizeof(by_fd), "/proc/self/fd/%d/" NAME, d);
	fd = dial_unix(by_fd);
	assert_true(fd >= 0);
	echo_over(&f, fd);
	close(fd);
	refused(&f, path, ERR_CONFLICT, "in use");
	listener_stop(f.l);
	assert_false(file_exists(path));
	fd = bound(by_fd, false); /* stale, far down */
	close(fd);
	listener_free(f.l);
	f.l = try_listen(&f, path, 0600, -1, &e);
	assert_non_null(f.l);
	close(d);
	snprintf(path, sizeof(path), "%s/%s", dir, word);
	refused(&f, path, ERR_INVALID, "too long");
	finish(&f);
	assert_int_equal(rmdir(dir), 0);
}

/* What stands there by now is somebody else's. */
static void test_not_ours(void **state)
{
	char *path = at(NAME);
	struct err e = ERR_INIT;
	struct fix f;
	int fd;

	(void)state;
	start_unix(&f, path, 0600, -1);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(file_create(path, STR("x"), 0600, &e), 0);
	listener_stop(f.l);
	assert_true(file_exists(path));
	unlink(path);
	finish(&f);
	start_unix(&f, path, 0600, -1);
	assert_int_equal(unlink(path), 0);
	fd = bound(path, true);
	listener_stop(f.l);
	assert_true(file_exists(path));
	close(fd);
	finish(&f);
	unlink(path);
	start_unix(&f, path, 0600, -1);
	assert_int_equal(unlink(path), 0);
	finish(&f);
	mem_free(path);
}

static void test_tcp_is_nobody(void **state)
{
	struct stream_cred c;
	struct fix f;
	int fd;

	(void)state;
	start(&f, KEEP, 4);
	fd = dial_ready(&f);
	assert_false(stream_cred(f.peers[0].s, &c));
	close(fd);
	finish(&f);
}

/* ---- the network's faults ---- */

#ifdef ENABLE_TEST_HOOKS
static void tell(const char *text)
{
	struct err e = ERR_INIT;

	assert_int_equal(file_replace(getenv("SIGNET_TEST_NET_FILE"), str_c(text), 0600, &e), 0);
}

static void until_reset(struct fix *f, int fd)
{
	bool over = false;
	char b[8];

	UNTIL(f, over || (over = recv(fd, b, sizeof(b), 0) < 0 && errno == ECONNRESET));
}

static void test_refuse(void **state)
{
	struct fix f;
	int fd;

	(void)state;
	start(&f, ECHO, 4);
	tell("refuse");
	fd = dial(&f);
	until_reset(&f, fd);
	assert_int_equal(f.n_peers, 0);
	close(fd);
	tell("");
	close(dial_ready(&f));
	finish(&f);
}

static void test_delay(void **state)
{
	struct fix f;
	uint64_t sent;
	char b[8];
	int fd;

	(void)state;
	start(&f, ECHO, 4);
	fd = dial_ready(&f);
	tell("delay 300");
	for (unsigned i = 1; i <= 2; i++) {
		sent = clock_mono_ms();
		assert_int_equal(send(fd, "late", 4, 0), 4);
		UNTIL(&f, f.peers[0].n[STREAM_DRAINED] == i);
		assert_true(clock_mono_ms() - sent >= 200);
		assert_int_equal(recv(fd, b, sizeof(b), 0), 4);
		assert_int_equal(f.peers[0].n[STREAM_INPUT], i);
	}
	tell("delay 60000"); /* a stream ends while it is held */
	assert_int_equal(send(fd, "late", 4, 0), 4);
	turns(&f, 10);
	assert_int_equal(f.peers[0].n[STREAM_INPUT], 2);
	tell("");
	close(fd);
	finish(&f);
}

static void test_reset(void **state)
{
	struct fix f;
	int fd;

	(void)state;
	start(&f, ECHO, 4);
	tell("reset");
	fd = dial_ready(&f);
	assert_int_equal(send(fd, "hello", 5, 0), 5);
	until_reset(&f, fd);
	UNTIL(&f, f.peers[0].n[STREAM_GONE] == 1);
	assert_int_equal(f.peers[0].n[STREAM_INPUT], 1);
	close(fd);
	tell("");
	finish(&f);
}

/* The control socket stays usable while the network fails. */
static void test_unix_is_spared(void **state)
{
	static const char *const faults[] = {"refuse", "reset", "delay 60000"};
	char *path = at(NAME);
	struct fix f;
	int fd;

	(void)state;
	start_unix(&f, path, 0600, -1);
	for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
		tell(faults[i]);
		fd = dial_unix(path);
		UNTIL(&f, f.n_peers == i + 1);
		echo_over(&f, fd);
		close(fd);
	}
	tell("");
	finish(&f);
	mem_free(path);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who),	  cmocka_unit_test(test_many_groups),
		cmocka_unit_test(test_mode),	  cmocka_unit_test(test_stale),
		cmocka_unit_test(test_in_use),	  cmocka_unit_test(test_other_files),
		cmocka_unit_test(test_bad_paths), cmocka_unit_test(test_long_paths),
		cmocka_unit_test(test_not_ours),  cmocka_unit_test(test_tcp_is_nobody),
#ifdef ENABLE_TEST_HOOKS
		cmocka_unit_test(test_refuse),	  cmocka_unit_test(test_delay),
		cmocka_unit_test(test_reset),	  cmocka_unit_test(test_unix_is_spared),
#endif
	};
	char *fault;
	int rc;

	snprintf(folder, sizeof(folder), "/tmp/signet-unix-XXXXXX");
	if (!mkdtemp(folder))
		return 1;
	fault = at("fault");
	setenv("SIGNET_TEST_NET_FILE", fault, 1);
	rc = cmocka_run_group_tests_name("net_unix", tests, NULL, NULL);
	unlink(fault);
	mem_free(fault);
	rmdir(folder);
	return rc;
}
