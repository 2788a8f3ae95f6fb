/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/err.h"
#include "base/ref.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>

#include <cmocka.h>

static void test_set(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(ERR(&e, ERR_INVALID, "csr: %d bytes\ntoo\x7fmany", 3), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_string_equal(e.msg, "csr: 3 bytes?too?many");
	assert_string_equal(e.pub, "");
	assert_int_equal(err_public(&e, "the request is %s", "broken"), -1);
	assert_string_equal(e.pub, "the request is broken");
	/* a new error takes the client's sentence away; its arguments may point into the old one */
	assert_int_equal(ERR(&e, ERR_CONFLICT, "again: %s", e.msg), -1);
	assert_string_equal(e.msg, "again: csr: 3 bytes?too?many");
	assert_string_equal(e.pub, "");
}

static void test_wrap_and_errno(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(err_errno(&e, ENOENT, "file %s", "x"), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_string_equal(e.msg, "file x: No such file or directory");
	assert_int_equal(err_wrap(&e, "key %d", 7), -1);
	assert_string_equal(e.msg, "key 7: file x: No such file or directory");
	assert_int_equal(e.code, ERR_NOT_FOUND);
	(void)err_errno(&e, ENOSPC, "w");
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	(void)err_errno(&e, EIO, "w");
	assert_int_equal(e.code, ERR_INTERNAL);
}

static void test_cut(void **state)
{
	struct err e = ERR_INIT;
	char text[1000];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	(void)ERR(&e, ERR_INVALID, "%s", text);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
	(void)err_wrap(&e, "%s", text);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
	(void)err_public(&e, "%s", text);
	assert_int_equal(strlen(e.pub), sizeof(e.pub) - 1);

	/* a two-byte character that straddles the end goes as a whole */
	memcpy(text + sizeof(e.msg) - 2, "\xc3\xa9", 2);
	(void)ERR(&e, ERR_INVALID, "%s", text);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 2);
	/* one that just fits stays */
	memcpy(text + sizeof(e.msg) - 3, "\xc3\xa9zz", 4);
	(void)ERR(&e, ERR_INVALID, "%s", text);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(err_code_name(ERR_OK), "ok");
	assert_string_equal(err_code_name(ERR_RATE_LIMITED), "rate_limited");
	assert_string_equal(err_code_name(ERR_INTERNAL), "internal");
}

/* Runs fn in a child with stderr in a pipe; true when it died by SIGABRT. Its text is in out. */
static bool dies(void (*fn)(void), char *out, size_t size)
{
	int fds[2], status;
	size_t n = 0;

	assert_int_equal(pipe(fds), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		signal(SIGABRT, SIG_DFL);
		dup2(fds[1], 2);
		fn();
		_exit(0);
	}
	close(fds[1]);
	for (;;) {
		ssize_t got = read(fds[0], out + n, size - 1 - n);
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	out[n] = '\0';
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void break_ensure(void)
{
	int one = (int)getpid() != 0;

	ENSURE(one == 1);
	ENSURE(one == 2);
}

struct object {
	uint32_t magic;
};

static void use_dead_object(void)
{
	struct object o;

	OBJ_INIT(&o, 0x1234U);
	OBJ_CHECK(&o, 0x1234U);
	OBJ_DEAD(&o);
	OBJ_CHECK(&o, 0x1234U);
}

static void put_twice(void)
{
	struct ref r;

	ref_init(&r);
	(void)ref_put(&r);
	(void)ref_put(&r);
}

static void test_bug(void **state)
{
	char out[1024];

	(void)state;
	assert_true(dies(break_ensure, out, sizeof(out)));
	assert_non_null(strstr(out, "BUG "));
	assert_non_null(strstr(out, "break_ensure: one == 2"));
	assert_true(dies(use_dead_object, out, sizeof(out)));
	assert_true(dies(put_twice, out, sizeof(out)));
}

static void test_ref(void **state)
{
	struct ref r;

	(void)state;
	ref_init(&r);
	ref_get(&r);
	assert_false(ref_put(&r));
	assert_true(ref_put(&r));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set), cmocka_unit_test(test_wrap_and_errno),
		cmocka_unit_test(test_cut), cmocka_unit_test(test_names),
		cmocka_unit_test(test_bug), cmocka_unit_test(test_ref),
	};
	return cmocka_run_group_tests_name("base_err", tests, NULL, NULL);
}
