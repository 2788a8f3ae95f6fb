/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/keyfile.h"

#include "base/file.h"
#include "base/mem.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

/* Writing what belongs together, replacing, and private keys in all their forms. */

struct world {
	struct cli c;
	const char *dir;
};

static int set_up(void **state)
{
	struct world *w = NEW(struct world);
	const char *tmp = getenv("TMPDIR");
	char *dir;

	w->c.arena = arena_new();
	dir = arena_printf(w->c.arena, "%s/cli-files.XXXXXX", tmp ? tmp : "/tmp");
	w->dir = mkdtemp(dir);
	*state = w;
	return w->dir ? 0 : -1;
}

static void wipe(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *ent;

	while (d != NULL && (ent = readdir(d)) != NULL)
		if (strcmp(ent->d_name, ".") != 0 && strcmp(ent->d_name, "..") != 0)
			unlinkat(dirfd(d), ent->d_name, 0);
	if (d != NULL)
		closedir(d);
	rmdir(dir);
}

static int tear_down(void **state)
{
	struct world *w = *state;

	wipe(w->dir);
	arena_free(w->c.arena);
	mem_free(w);
	return 0;
}

static const char *path(struct world *w, const char *name)
{
	return arena_printf(w->c.arena, "%s/%s", w->dir, name);
}

static void put(const char *file, const char *text, unsigned mode)
{
	struct err e = ERR_INIT;

	assert_int_equal(file_replace(file, str_c(text), mode, &e), 0);
}

static void assert_file(const char *file, const char *want)
{
	struct buf text = BUF_INIT;
	struct err e = ERR_INIT;

	assert_int_equal(file_read(file, 65536, &text, &e), 0);
	assert_true(str_eqc(buf_view(&text), want));
	buf_release(&text);
}

static unsigned count(const char *dir)
{
	DIR *d = opendir(dir);
	unsigned n = 0;

	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n - 2;
}

static void test_pair(void **state)
{
	struct world *w = *state;
	const struct file_text key = {path(w, "key"), STR("new key"), 0600};
	const struct file_text crt = {path(w, "crt"), STR("new crt"), 0644};
	struct err e = ERR_INIT;
	struct stat st;

	assert_int_equal(write_pair(&w->c, &key, &crt, &e), 0);
	assert_file(key.path, "new key");
	assert_file(crt.path, "new crt");
	assert_int_equal(stat(key.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(count(w->dir), 2);
	put(key.path, "old key", 0644);
	put(crt.path, "old crt", 0600);
	assert_int_equal(write_pair(&w->c, &key, &crt, &e), 0);
	assert_file(key.path, "new key");
	assert_file(crt.path, "new crt");
	assert_int_equal(stat(key.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(count(w->dir), 2);
}

/* One of the two cannot be written: both are as before. */
static void test_pair_fails(void **state)
{
	struct world *w = *state;
	const struct file_text key = {path(w, "key"), STR("new key"), 0600};
	const struct file_text nowhere = {path(w, "none/x"), STR("x"), 0600};
	struct err e = ERR_INIT;

	put(key.path, "old key", 0600);
	assert_int_equal(write_pair(&w->c, &key, &nowhere, &e), -1);
	assert_file(key.path, "old key");
	assert_int_equal(write_pair(&w->c, &nowhere, &key, &e), -1);
	assert_file(key.path, "old key");
	assert_int_equal(count(w->dir), 1);
}

static void test_rewrite(void **state)
{
	struct world *w = *state;
	const char *file = path(w, "f"), *link = path(w, "link");
	struct err e = ERR_INIT;
	struct stat st;

	put(file, "old", 0640);
	assert_int_equal(symlink("f", link), 0);
	assert_int_equal(rewrite_file(link, STR("new"), &e), 0);
	assert_file(file, "new");
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(count(w->dir), 2);
	assert_int_equal(rewrite_file(path(w, "none"), STR("new"), &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(count(w->dir), 2);
}

static void test_can_write(void **state)
{
	struct world *w = *state;
	struct err e = ERR_INIT;

	put(path(w, "f"), "x", 0600);
	assert_int_equal(can_write(path(w, "f"), &e), 0);
	assert_int_equal(can_write(path(w, "new"), &e), 0);
	assert_int_equal(can_write(w->dir, &e), -1);
	assert_int_equal(can_write(path(w, "none/x"), &e), -1);
	assert_int_equal(can_write(path(w, "f/x"), &e), -1);
	w->c.values[0] = (struct cli_value){"force", ""};
	w->c.n_values = 1;
	assert_int_equal(may_write(&w->c, path(w, "f"), &e), 0);
	assert_true(same_place(path(w, "f"), path(w, "./f")));
	assert_false(same_place(path(w, "f"), path(w, "g")));
}

static void test_input(void **state)
{
	struct world *w = *state;
	struct buf text = BUF_INIT;
	struct err e = ERR_INIT;
	int keep = dup(STDIN_FILENO), fd;

	put(path(w, "in"), "twelve bytes", 0600);
	for (unsigned max = 11; max <= 12; max++) {
		fd = open(path(w, "in"), O_RDONLY | O_CLOEXEC);
		assert_true(fd >= 0);
		dup2(fd, STDIN_FILENO);
		close(fd);
		assert_int_equal(read_input("-", max, &text, &e), max == 12 ? 0 : -1);
	}
	dup2(keep, STDIN_FILENO);
	close(keep);
	assert_true(str_eqc(buf_view(&text), "twelve bytes"));
	buf_reset(&text);
	assert_int_equal(read_input(path(w, "in"), 12, &text, &e), 0);
	assert_true(str_eqc(buf_view(&text), "twelve bytes"));
	buf_release(&text);
}

/* Each kind of key in each form, with and without a password: read back, it is the same. */
static void test_key_forms(void **state)
{
	static const enum key_type types[] = {KEY_P256, KEY_P384, KEY_P521, KEY_ED25519};
	struct world *w = *state;
	struct secret password = SECRET_INIT;
	struct err e = ERR_INIT;

	secret_set(&password, "secret", 6);
	put(path(w, "pw"), "secret\n", 0600);
	w->c.values[0] = (struct cli_value){"pw", path(w, "pw")};
	w->c.n_values = 1;
	for (unsigned i = 0; i < 4 * ARRAY_LEN(types); i++) {
		const struct key_wanted wanted = {types[i / 4], 0};
		struct key *k = key_make(&wanted, &e);
		const struct key_text t = {k, i & 1 ? KEY_FORM_JWK : KEY_FORM_PEM, NULL,
					   (i & 2) && types[i / 4] == KEY_P256 ? &password : NULL};
		struct buf text = BUF_INIT;
		struct key_file f;

		assert_non_null(k);
		assert_int_equal(key_file_text(&t, &text, &e), 0);
		assert_int_equal(file_replace(path(w, "k"), buf_view(&text), 0600, &e), 0);
		assert_int_equal(key_file_read(&w->c, path(w, "k"), "pw", &f, &e), 0);
		assert_true(key_equal(f.key, k));
		assert_true(key_is_private(f.key));
		assert_int_equal(f.form, t.form);
		assert_int_equal(f.encrypted, t.password != NULL);
		assert_int_equal(f.kid != NULL, t.form == KEY_FORM_JWK);
		key_free(f.key);
		key_free(k);
		buf_wipe_release(&text);
	}
	secret_release(&password);
}

static void test_key_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"{",
		"{}",
		"{\"kty\":\"EC\"}",
		"{\"ciphertext\":\"x\"}",
		"eyJ",
		"eyJ.eyJ.eyJ.eyJ.eyJ",
		"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
		"nonsense",
	};
	struct world *w = *state;
	struct err e = ERR_INIT;
	struct key_file f;

	put(path(w, "pw"), "secret\n", 0600);
	w->c.values[0] = (struct cli_value){"pw", path(w, "pw")};
	w->c.n_values = 1;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		put(path(w, "k"), texts[i], 0600);
		assert_int_equal(key_file_read(&w->c, path(w, "k"), "pw", &f, &e), -1);
		assert_non_null(strstr(e.msg, path(w, "k")));
		assert_null(f.key);
	}
}

static int wrong_password(void *arg, const struct secret *password, struct err *e)
{
	unsigned *tries = arg;

	(void)password;
	(*tries)++;
	return ERR(e, ERR_UNAUTHORIZED, "wrong");
}

/* A wrong one from a file is not tried again. */
static void test_password_from_file(void **state)
{
	struct world *w = *state;
	struct err e = ERR_INIT;
	unsigned tries = 0;

	put(path(w, "pw"), "secret\n", 0600);
	w->c.values[0] = (struct cli_value){"pw", path(w, "pw")};
	w->c.n_values = 1;
	assert_int_equal(password_try(&w->c, "pw", "x", wrong_password, &tries, &e), -1);
	assert_int_equal(tries, 1);
	assert_int_equal(e.code, ERR_UNAUTHORIZED);
}

static int slow(void *arg, struct err *e)
{
	int *what = arg;

	return *what < 0 ? ERR(e, ERR_INVALID, "no") : ++*what;
}

static void test_slow(void **state)
{
	struct err e = ERR_INIT;
	int what = 6;

	(void)state;
	assert_int_equal(slow_run("Waiting", slow, &what, &e), 7);
	what = -1;
	assert_int_equal(slow_run("Waiting", slow, &what, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
}

static int start(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	return crypto_init(NULL, &e);
}

static int end(void **state)
{
	(void)state;
	crypto_end();
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_pair),	TEST(test_pair_fails),
		TEST(test_rewrite),	TEST(test_can_write),
		TEST(test_input),	TEST(test_key_forms),
		TEST(test_key_refused), TEST(test_password_from_file),
		TEST(test_slow),
	};

	return cmocka_run_group_tests_name("cli_files", tests, start, end);
}
