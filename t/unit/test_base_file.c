/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/file.h"
#include "base/mem.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>

#include <cmocka.h>

static char dir[] = "/tmp/signet-test-XXXXXX";

static char *in_dir(const char *name)
{
	return file_join(dir, name);
}

static int count_entries(void)
{
	DIR *d = opendir(dir);
	int n = 0;

	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n - 2;
}

static void test_replace(void **state)
{
	CLEANUP(buf_release) struct buf b = BUF_INIT;
	struct err e = ERR_INIT;
	char *path = in_dir("a");
	struct stat st;

	(void)state;
	assert_int_equal(file_replace(path, STR("one"), 0600, &e), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(file_replace(path, STR("two!"), 0644, &e), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	buf_puts(&b, "before:");
	assert_int_equal(file_read(path, 4, &b, &e), 0);
	assert_string_equal(b.p, "before:two!");
	assert_int_equal(file_read(path, 3, &b, &e), -1);
	assert_int_equal(e.code, ERR_TOO_LARGE);
	assert_non_null(strstr(e.msg, path));
	assert_string_equal(b.p, "before:two!");
	assert_int_equal(file_create(path, STR("three"), 0600, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(count_entries(), 1); /* no temporary file is left */
	unlink(path);
	assert_int_equal(file_create(path, STR_NULL, 0600, &e), 0);
	assert_true(file_exists(path));
	buf_reset(&b);
	assert_int_equal(file_read(path, 0, &b, &e), 0);
	assert_int_equal(b.n, 0);
	assert_int_equal(count_entries(), 1);
	unlink(path);
	mem_free(path);
}

static void test_errors(void **state)
{
	CLEANUP(buf_release) struct buf b = BUF_INIT;
	CLEANUP(secret_release) struct secret s = SECRET_INIT;
	struct err e = ERR_INIT;
	char *missing = in_dir("no/file"), *folder = in_dir("folder"), *fifo = in_dir("fifo");

	(void)state;
	assert_int_equal(file_read(missing, 10, &b, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(file_read_secret(missing, 10, &s, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(file_replace(missing, STR("x"), 0600, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(file_read(dir, 10, &b, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(file_read(fifo, 10, &b, &e), -1); /* does not hang */
	assert_int_equal(e.code, ERR_INVALID);
	unlink(fifo);
	/* a folder is in the way: the rename fails, and the temporary file goes */
	assert_int_equal(mkdir(folder, 0700), 0);
	assert_int_equal(file_replace(folder, STR("x"), 0600, &e), -1);
	assert_int_equal(count_entries(), 1);
	rmdir(folder);
	assert_int_equal(file_read("/dev/zero", 10, &b, &e), -1);
	mem_free(missing);
	mem_free(folder);
	mem_free(fifo);
}

static void test_big(void **state)
{
	CLEANUP(buf_release) struct buf in = BUF_INIT, out = BUF_INIT;
	CLEANUP(secret_release) struct secret s = SECRET_INIT;
	struct err e = ERR_INIT;
	char *path = in_dir("big");

	(void)state;
	for (int i = 0; i < 30000; i++)
		buf_printf(&in, "%d\n", i);
	assert_int_equal(file_replace(path, buf_view(&in), 0600, &e), 0);
	assert_int_equal(file_read(path, in.n, &out, &e), 0);
	assert_true(str_eq(buf_view(&in), buf_view(&out)));
	assert_int_equal(file_read_secret(path, in.n, &s, &e), 0);
	assert_true(str_eq(buf_view(&in), secret_view(&s)));
	assert_int_equal(file_read_secret(path, in.n - 1, &s, &e), -1);
	assert_int_equal(e.code, ERR_TOO_LARGE);
	assert_true(str_eq(buf_view(&in), secret_view(&s)));
	out.limit = out.n + 10;
	assert_int_equal(file_read(path, SIZE_MAX, &out, &e), -1);
	assert_int_equal(e.code, ERR_TOO_LARGE);
	unlink(path);
	mem_free(path);
}

static void test_mkdir(void **state)
{
	struct err e = ERR_INIT;
	char *deep = in_dir("x/y//z/"), *file = in_dir("x/f"), *below = in_dir("x/f/g");
	uint64_t space = 0;

	(void)state;
	assert_int_equal(file_mkdir_p(deep, 0700, &e), 0);
	assert_int_equal(file_mkdir_p(deep, 0700, &e), 0);
	assert_true(file_exists(deep));
	assert_int_equal(file_create(file, STR("x"), 0600, &e), 0);
	assert_int_equal(file_mkdir_p(file, 0700, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(file_mkdir_p(below, 0700, &e), -1);
	assert_int_equal(file_mkdir_p("/", 0700, &e), 0);
	assert_int_equal(file_mkdir_p("", 0700, &e), -1);
	assert_int_equal(file_free_space(dir, &space, &e), 0);
	assert_true(space > 0);
	assert_int_equal(file_free_space("/nonexistent/x", &space, &e), -1);
	unlink(file);
	rmdir(deep);
	mem_free(deep);
	mem_free(file);
	mem_free(below);
	deep = in_dir("x/y");
	rmdir(deep);
	mem_free(deep);
	deep = in_dir("x");
	rmdir(deep);
	mem_free(deep);
}

static void test_paths(void **state)
{
	static const struct {
		const char *base, *rel, *want;
	} joins[] =
		{
			{"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"a", "/b", "/b"},
			{"", "b", "b"},	   {"/", "b", "/b"},
		},
	  names[] = {
		  {"a/b", NULL, "a"}, {"a", NULL, "."},	   {"/a", NULL, "/"}, {"a/b/", NULL, "a"},
		  {"/", NULL, "/"},   {"a//b", NULL, "a"}, {"", NULL, "."},   {"//a", NULL, "/"},
	  };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(joins); i++) {
		char *got = file_join(joins[i].base, joins[i].rel);
		assert_string_equal(got, joins[i].want);
		mem_free(got);
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char *got = file_dirname(names[i].base);
		assert_string_equal(got, names[i].want);
		mem_free(got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replace), cmocka_unit_test(test_errors),
		cmocka_unit_test(test_big),	cmocka_unit_test(test_mkdir),
		cmocka_unit_test(test_paths),
	};
	if (mkdtemp(dir) == NULL)
		return 99;
	int rc = cmocka_run_group_tests_name("base_file", tests, NULL, NULL);
	rmdir(dir);
	return rc;
}
