/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "loop/loop.h"
#include "loop/timer.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct loop *l;
static char trace[64];
static size_t n_trace;

static int set_up(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	l = loop_new(&e);
	n_trace = 0;
	memset(trace, 0, sizeof(trace));
	return l == NULL;
}

static int tear_down(void **state)
{
	(void)state;
	loop_free(l);
	return 0;
}

static void note(char c)
{
	assert_true(n_trace < sizeof(trace) - 1);
	trace[n_trace++] = c;
}

struct item {
	struct post post;
	char c;
	int again;
	struct item *other;
};

static void on_item(struct post *p)
{
	struct item *i = CONTAINER_OF(p, struct item, post);

	note(i->c);
	if (i->again > 0) {
		i->again--;
		loop_post(l, p);
	}
	if (i->other != NULL) {
		loop_post(l, &i->other->post);
		note('.'); /* what was posted did not run inside this call */
	}
}

#define ITEM(ch)                                                                                   \
	{                                                                                          \
		.post = {.fn = on_item, .name = "item"}, .c = (ch)                                 \
	}

static void test_order(void **state)
{
	struct item a = ITEM('a'), b = ITEM('b'), c = ITEM('c'), d = ITEM('d');

	(void)state;
	a.other = &d;
	c.again = 1;
	loop_post(l, &a.post);
	loop_post(l, &b.post);
	loop_post(l, &a.post); /* once */
	loop_post(l, &c.post);
	assert_string_equal(trace, "");
	loop_turn(l, 0);
	assert_string_equal(trace, "a.bcdc");
}

static void test_unpost(void **state)
{
	struct item a = ITEM('a'), b = ITEM('b'), c = ITEM('c');

	(void)state;
	loop_unpost(l, &a.post); /* zeroed: no effect */
	loop_post(l, &a.post);
	loop_post(l, &b.post);
	loop_unpost(l, &a.post);
	loop_post_remote(l, &c.post);
	loop_unpost(l, &c.post);
	loop_turn(l, 0);
	assert_string_equal(trace, "b");
	loop_post(l, &a.post); /* usable again */
	loop_turn(l, 0);
	assert_string_equal(trace, "ba");
}

static struct item *victim;

static void unpost_victim(struct post *p)
{
	(void)p;
	note('u');
	loop_unpost(l, &victim->post);
}

/* Taken off while its own round is already running. */
static void test_unpost_in_round(void **state)
{
	struct post p = {.fn = unpost_victim};
	struct item a = ITEM('a');

	(void)state;
	victim = &a;
	loop_post(l, &p);
	loop_post(l, &a.post);
	loop_turn(l, 0);
	assert_string_equal(trace, "u");
}

static void count_post(struct post *p)
{
	struct item *i = CONTAINER_OF(p, struct item, post);

	i->again++;
	loop_post(l, p);
}

static void on_timer_note(struct timer *t)
{
	(void)t;
	note('t');
}

/* A post that posts itself for ever leaves room for timers. */
static void test_no_starvation(void **state)
{
	struct item a = {.post = {.fn = count_post}};
	struct timer t;

	(void)state;
	timer_init(&t, l, "t", on_timer_note);
	timer_set(&t, 1);
	loop_post(l, &a.post);
	loop_turn(l, 1000);
	assert_int_equal(a.again, 64);
	for (int i = 0; i < 100000 && n_trace == 0; i++)
		loop_turn(l, 1000);
	assert_string_equal(trace, "t");
	loop_unpost(l, &a.post);
	timer_release(&t);
}

static void free_item(struct post *p)
{
	struct item *i = CONTAINER_OF(p, struct item, post);

	note(i->c);
	mem_free(i);
}

static void on_hook(struct post *p)
{
	struct item *i = CONTAINER_OF(p, struct item, post);

	note(i->c);
	if (i->other != NULL) {
		loop_post(l, &i->other->post);
		i->other = NULL;
	}
	if (i->again-- == 1)
		loop_unpost(l, p);
}

static void test_phases(void **state)
{
	struct item a = ITEM('a'), b = ITEM('b');
	struct item hook = {.post = {.fn = on_hook}, .c = 'h', .again = 2, .other = &b};
	struct item *dead = NEW(struct item);

	(void)state;
	dead->post.fn = free_item;
	dead->c = 'r';
	loop_before_sleep(l, &hook.post);
	loop_reap(l, &dead->post);
	loop_reap(l, &dead->post);
	loop_post(l, &a.post);
	loop_turn(l, 1000);
	assert_string_equal(trace, "ahr"); /* posted, before sleep, reap */
	/* the hook posted b: the loop does not sleep. The hook takes itself off this time. */
	loop_turn(l, 60000);
	assert_string_equal(trace, "ahrbh");
	loop_turn(l, 0);
	assert_string_equal(trace, "ahrbh");
}

static void *post_from_thread(void *arg)
{
	loop_post_remote(l, arg);
	return NULL;
}

static void test_remote(void **state)
{
	struct item a = ITEM('a'), b = ITEM('b');
	pthread_t t;

	(void)state;
	loop_post_remote(l, &a.post);
	loop_post_remote(l, &a.post);
	loop_post_remote(l, &b.post);
	loop_turn(l, 60000);
	assert_string_equal(trace, "ab");
	for (int i = 0; i < 20; i++) {
		assert_int_equal(pthread_create(&t, NULL, post_from_thread, &a.post), 0);
		size_t before = n_trace;
		while (n_trace == before)
			loop_turn(l, 60000); /* is woken */
		pthread_join(t, NULL);
	}
	assert_int_equal(n_trace, 22);
}

static void on_timer_stop(struct timer *t)
{
	note('s');
	timer_release(t);
	loop_stop(l);
}

static void test_timers(void **state)
{
	struct err e = ERR_INIT;
	struct timer a, b, zero = {0};

	(void)state;
	timer_release(&zero);
	assert_false(timer_pending(&zero));
	timer_init(&a, l, "a", on_timer_note);
	timer_init(&b, l, "b", on_timer_stop);
	assert_false(timer_pending(&a));
	timer_clear(&a);
	timer_set(&a, UINT64_MAX); /* far away, and replaced */
	assert_true(timer_pending(&a));
	timer_set(&a, 0);
	timer_set(&b, 20);
	assert_int_equal(loop_run(l, &e), 0);
	assert_string_equal(trace, "ts");
	assert_false(timer_pending(&a)); /* one shot */
	timer_set(&a, 1);
	timer_clear(&a);
	assert_false(timer_pending(&a));
	timer_set(&b, 20); /* usable after its release */
	assert_int_equal(loop_run(l, &e), 0);
	assert_string_equal(trace, "tss");
	timer_set(&a, 0);
	timer_release(&a);
	timer_release(&a);
	loop_turn(l, 10);
	assert_string_equal(trace, "tss");
}

static void on_stop_post(struct post *p)
{
	(void)p;
	loop_stop(l);
}

static void test_stop(void **state)
{
	struct post p = {.fn = on_stop_post};
	struct err e = ERR_INIT;

	(void)state;
	loop_post(l, &p);
	assert_int_equal(loop_run(l, &e), 0);
	loop_stop(l); /* asked for before: returns at once */
	assert_int_equal(loop_run(l, &e), 0);
}

static void on_signal(void *arg)
{
	note(*(char *)arg);
}

static void test_signal(void **state)
{
	char c = 'h';
	struct loop_signal *s = loop_signal_new(l, SIGHUP, on_signal, &c);

	(void)state;
	kill(getpid(), SIGHUP);
	for (int i = 0; i < 100 && n_trace == 0; i++)
		loop_turn(l, 100);
	assert_string_equal(trace, "h");
	loop_signal_free(s);
	loop_signal_free(NULL);
}

static void burn(unsigned ms)
{
	uint64_t end = clock_mono_us() + ms * 1000;

	while (clock_mono_us() < end)
		;
}

static void on_slow(struct post *p)
{
	(void)p;
	burn(11);
}

static void on_slow_inside(struct post *p)
{
	uint64_t token = loop_enter(l, "inner");

	(void)p;
	burn(11);
	loop_leave(l, "inner", token);
}

static void test_stall(void **state)
{
	char path[] = "/tmp/signet-test-XXXXXX", text[4096] = "";
	const struct log_config c = {.level = LOG_WARN, .output = path};
	struct err e = ERR_INIT;
	int fd = mkstemp(path);
	struct post p = {.fn = on_slow, .name = "slow"};
	struct post q = {.fn = on_slow_inside, .name = "outer"};
	int64_t before = metric_value(METRIC_LOOP_STALLS);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(log_start(&c, &e), 0);
	loop_post(l, &p);
	loop_turn(l, 0);
	assert_true(metric_value(METRIC_LOOP_STALLS) >= before + 1);
	/* The inner bracket answers for the time. */
	before = metric_value(METRIC_LOOP_STALLS);
	loop_post(l, &q);
	loop_turn(l, 0);
	assert_true(metric_value(METRIC_LOOP_STALLS) >= before + 1);
	log_stop();
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	assert_non_null(strstr(text, "event=loop.stall name=slow ms="));
	assert_non_null(strstr(text, "event=loop.stall name=inner ms="));
	close(fd);
	unlink(path);
}

static void test_now(void **state)
{
	(void)state;
	uint64_t token = loop_enter(l, "a");
	uint64_t first = loop_now_ms(l);
	burn(3);
	uint64_t inner = loop_enter(l, "b");
	assert_int_equal(loop_now_ms(l), first); /* cached */
	loop_leave(l, "b", inner);
	loop_leave(l, "a", token);
	token = loop_enter(l, "c");
	assert_true(loop_now_ms(l) >= first + 2);
	loop_leave(l, "c", token);
}

static void test_two_loops(void **state)
{
	struct err e = ERR_INIT;
	struct item a = ITEM('a');
	struct loop *other = loop_new(&e);

	(void)state;
	assert_non_null(other);
	loop_post(other, &a.post);
	loop_turn(l, 0);
	assert_string_equal(trace, "");
	loop_turn(other, 0);
	assert_string_equal(trace, "a");
	loop_free(other);
	loop_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_order),  TEST(test_unpost), TEST(test_unpost_in_round),
		TEST(test_phases), TEST(test_remote), TEST(test_no_starvation),
		TEST(test_timers), TEST(test_stop),   TEST(test_signal),
		TEST(test_stall),  TEST(test_now),    TEST(test_two_loops),
	};
	return cmocka_run_group_tests_name("loop_loop", tests, NULL, NULL);
}
