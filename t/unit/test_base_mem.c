/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/arena.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_mem(void **state)
{
	static const char zero[64];

	(void)state;
	char *p = mem_alloc(64);
	assert_memory_equal(p, zero, 64);
	memset(p, 'x', 64);
	p = mem_realloc(p, 128);
	assert_int_equal(p[63], 'x');
	mem_free(p);
	p = mem_calloc(8, 8);
	assert_memory_equal(p, zero, 64);
	mem_free(p);
	p = mem_alloc(0);
	assert_non_null(p);
	mem_free(p);
	mem_free(NULL);
	p = mem_strndup("abcdef", 3);
	assert_string_equal(p, "abc");
	mem_free(p);
	p = mem_strndup(NULL, 0);
	assert_string_equal(p, "");
	mem_free(p);
	p = mem_asprintf("%d-%s", 5, "x");
	assert_string_equal(p, "5-x");
	mem_free(p);
	p = mem_dup("ab\0c", 4);
	assert_memory_equal(p, "ab\0c", 4);
	mem_wipe(p, 4);
	assert_memory_equal(p, zero, 4);
	mem_free(p);
	assert_true(mem_ct_equal("abc", "abd", 2));
	assert_false(mem_ct_equal("abc", "abd", 3));
	assert_true(mem_ct_equal(NULL, NULL, 0));
}

static char order[8];
static size_t n_order;

static void note(void *arg)
{
	order[n_order++] = *(const char *)arg;
}

static struct arena *late_arena;

static void note_late(void *arg)
{
	static char d = 'd';

	note(arg);
	memset(arena_alloc(late_arena, 100), 1, 100); /* a clean-up may use the arena */
	arena_on_free(late_arena, note, &d);
}

static void test_arena(void **state)
{
	struct arena *a = arena_new();
	char c1 = 'a', c2 = 'b', c3 = 'c';
	size_t total = 0;

	(void)state;
	for (size_t n = 0; n < 3000; n += 37) {
		unsigned char *p = arena_alloc(a, n);
		assert_int_equal((uintptr_t)p % 16, 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xee, n);
		total += n;
	}
	assert_int_equal(arena_used(a), total);
	unsigned char *big = arena_alloc(a, 300000);
	memset(big, 0xaa, 300000);
	int *array = ARENA_ARRAY(a, int, 10);
	assert_int_equal(array[9], 0);
	struct str s = arena_str(a, STR("hello"));
	assert_string_equal(s.p, "hello");
	assert_int_equal(s.n, 5);
	assert_string_equal(arena_cstr(a, STR_NULL), "");
	assert_string_equal(arena_strdup(a, "x"), "x");
	assert_memory_equal(arena_dup(a,
				      "1\0"
				      "2",
				      3),
			    "1\0"
			    "2",
			    3);
	assert_string_equal(arena_printf(a, "%s=%d", "k", 42), "k=42");

	late_arena = a;
	arena_on_free(a, note, &c1);
	arena_on_free(a, note, &c2);
	arena_on_free(a, note_late, &c3);
	arena_free(a);
	assert_memory_equal(order, "cdba", 4); /* last in, first out */
	arena_free(NULL);
}

static void test_secret(void **state)
{
	struct secret s = SECRET_INIT;

	(void)state;
	assert_int_equal(secret_view(&s).n, 0);
	secret_set(&s, "hunter2", 7);
	assert_true(str_eqc(secret_view(&s), "hunter2"));
	secret_append(&s, "-more", 5);
	assert_true(str_eqc(secret_view(&s), "hunter2-more"));
	secret_resize(&s, 6);
	assert_true(str_eqc(secret_view(&s), "hunter"));
	secret_resize(&s, 10);
	assert_memory_equal(s.p, "hunter\0\0\0\0", 10); /* what was cut is gone */
	secret_resize(&s, 100000);
	assert_memory_equal(s.p, "hunter\0\0\0\0", 10);
	assert_int_equal(s.p[99999], 0);
	secret_set(&s, s.p + 1, 3); /* from itself */
	assert_true(str_eqc(secret_view(&s), "unt"));
	secret_append(&s, NULL, 0);
	secret_release(&s);
	assert_null(s.p);
	secret_release(&s);
	secret_set(&s, "again", 5);
	assert_true(str_eqc(secret_view(&s), "again"));
	secret_release(&s);
}

static void with_file(const char *content, size_t n, int want, const char *password)
{
	char path[] = "/tmp/signet-test-XXXXXX";
	struct secret s = SECRET_INIT;
	struct err e = ERR_INIT;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, n), n);
	close(fd);
	secret_set(&s, "old", 3);
	int rc = secret_read_password(&s, path, &e);
	unlink(path);
	if (want == ERR_OK) {
		assert_int_equal(rc, 0);
		assert_true(str_eqc(secret_view(&s), password));
	} else {
		assert_int_equal(rc, -1);
		assert_int_equal(e.code, want);
		assert_non_null(strstr(e.msg, path));
		assert_true(str_eqc(secret_view(&s), "old"));
	}
	secret_release(&s);
}

static void test_password_file(void **state)
{
	char big[6000];
	struct secret s = SECRET_INIT;
	struct err e = ERR_INIT;

	(void)state;
	with_file("pass word\nsecond\n", 17, ERR_OK, "pass word");
	with_file("crlf\r\n", 6, ERR_OK, "crlf");
	with_file("no newline", 10, ERR_OK, "no newline");
	with_file("", 0, ERR_INVALID, NULL);
	with_file("\nx\n", 3, ERR_INVALID, NULL);
	with_file("\r\n", 2, ERR_INVALID, NULL);
	memset(big, 'p', sizeof(big));
	with_file(big, sizeof(big), ERR_TOO_LARGE, NULL);
	with_file(big, 4097, ERR_TOO_LARGE, NULL);
	big[4096] = '\0';
	with_file(big, 4096, ERR_OK, big);
	big[4096] = '\n';
	char expect[4097];
	memset(expect, 'p', 4096);
	expect[4096] = '\0';
	with_file(big, sizeof(big), ERR_OK, expect);
	assert_int_equal(secret_read_password(&s, "/nonexistent/x", &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

struct item {
	int v;
	struct list node;
};

static void test_list(void **state)
{
	struct list a, b, *n, *tmp;
	struct item items[4] = {{.v = 0}, {.v = 1}, {.v = 2}, {.v = 3}};
	int sum = 0;

	(void)state;
	list_init(&a);
	list_init(&b);
	assert_true(list_empty(&a));
	assert_null(list_pop(&a));
	assert_false(list_linked(&items[0].node)); /* zeroed */
	list_remove(&items[0].node);
	list_add_tail(&a, &items[0].node);
	list_add_tail(&a, &items[1].node);
	list_add_tail(&b, &items[2].node);
	list_add_tail(&b, &items[3].node);
	list_splice(&a, &b);
	assert_true(list_empty(&b));
	LIST_EACH(n, &a)
	sum = sum * 10 + LIST_ENTRY(n, struct item, node)->v;
	assert_int_equal(sum, 123);
	LIST_EACH_SAFE(n, tmp, &a)
	{
		if (LIST_ENTRY(n, struct item, node)->v % 2 == 0)
			list_remove(n);
	}
	assert_false(list_linked(&items[0].node));
	assert_ptr_equal(list_pop(&a), &items[1].node);
	assert_ptr_equal(list_pop(&a), &items[3].node);
	assert_true(list_empty(&a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mem),    cmocka_unit_test(test_arena),
		cmocka_unit_test(test_secret), cmocka_unit_test(test_password_file),
		cmocka_unit_test(test_list),
	};
	return cmocka_run_group_tests_name("base_mem", tests, NULL, NULL);
}
