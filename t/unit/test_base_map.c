/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/map.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define KEYS 5000

static struct str key_of(char *text, size_t size, int i)
{
	int n = snprintf(text, size, "key-%d", i);

	return str_mem(text, (size_t)n);
}

static bool add_up(struct str key, void *value, void *arg)
{
	assert_true(str_starts(key, "key-"));
	*(long *)arg += *(int *)value;
	return true;
}

static bool stop_at_once(struct str key, void *value, void *arg)
{
	(void)key;
	(void)value;
	++*(int *)arg;
	return false;
}

static void test_many(void **state)
{
	static int values[KEYS], other;
	struct map *m = map_new();
	char text[32];
	long sum = 0, want = 0;
	int calls = 0;

	(void)state;
	for (int i = 0; i < KEYS; i++) {
		values[i] = i;
		assert_null(map_put(m, key_of(text, sizeof(text), i), &values[i]));
	}
	assert_int_equal(map_count(m), KEYS);
	for (int i = 0; i < KEYS; i++)
		assert_ptr_equal(map_get(m, key_of(text, sizeof(text), i)), &values[i]);
	assert_null(map_get(m, STR("key-")));
	assert_ptr_equal(map_put(m, STR("key-7"), &other), &values[7]);
	assert_ptr_equal(map_put(m, STR("key-7"), &values[7]), &other);
	assert_int_equal(map_count(m), KEYS);

	/* take two of three away; the others must stay findable */
	for (int i = 0; i < KEYS; i++) {
		if (i % 3 == 0)
			continue;
		assert_ptr_equal(map_del(m, key_of(text, sizeof(text), i)), &values[i]);
		assert_null(map_del(m, key_of(text, sizeof(text), i)));
	}
	for (int i = 0; i < KEYS; i++) {
		void *found = map_get(m, key_of(text, sizeof(text), i));
		assert_ptr_equal(found, i % 3 == 0 ? &values[i] : NULL);
		want += i % 3 == 0 ? i : 0;
	}
	map_each(m, add_up, &sum);
	assert_int_equal(sum, want);
	map_each(m, stop_at_once, &calls);
	assert_int_equal(calls, 1);
	map_free(m, NULL);
}

static void test_keys(void **state)
{
	struct map *m = map_new();
	char key[] = "changes";

	(void)state;
	assert_null(map_get(m, STR("x")));
	assert_null(map_del(m, STR("x")));
	assert_null(map_put(m, STR_NULL, mem_strdup("empty")));
	assert_null(map_put(m, str_mem("a\0b", 3), mem_strdup("nul")));
	assert_null(map_put(m, str_c(key), mem_strdup("copied")));
	key[0] = 'X';
	assert_string_equal(map_get(m, STR("")), "empty");
	assert_string_equal(map_get(m, str_mem("a\0b", 3)), "nul");
	assert_null(map_get(m, STR("a")));
	assert_string_equal(map_get(m, STR("changes")), "copied");
	assert_int_equal(map_count(m), 3);
	map_free(m, mem_free); /* the leak checker counts */
	map_free(NULL, mem_free);
}

/* Puts and deletes that keep the map small: it may not fill with what was deleted. */
static void test_churn(void **state)
{
	struct map *m = map_new();
	char text[32], before[32];
	int v = 1;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		assert_null(map_put(m, key_of(text, sizeof(text), i), &v));
		if (i >= 8)
			assert_ptr_equal(map_del(m, key_of(before, sizeof(before), i - 8)), &v);
	}
	assert_int_equal(map_count(m), 8);
	map_free(m, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_churn),
	};
	return cmocka_run_group_tests_name("base_map", tests, NULL, NULL);
}
