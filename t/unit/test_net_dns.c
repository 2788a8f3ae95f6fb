/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Name resolution on the loop against a name server of the test's own. */
#include "base/compat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "dns_server.h"
#include "net/dns.h"

#define GUARD_MS 30000

static const struct dns_entry table[] = {
	{"two.example", {"192.0.2.7", "2001:db8::7", NULL}},
	{"only6.example", {"2001:db8::6", NULL}},
	{"none.example", {NULL}},
	{"_srv-a.x-1.example", {"192.0.2.9", NULL}},
	{"many.example",
	 {"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5", "192.0.2.6", "192.0.2.7",
	  "192.0.2.8", "192.0.2.9", "192.0.2.10", "192.0.2.11", "192.0.2.12", "192.0.2.13", NULL}},
	{"3box", {"192.0.2.33", NULL}},
	{NULL, {NULL}},
};

static struct side {
	struct loop *loop;
	struct dns_server server;
	struct dns *dns;
} s;

/* A flow that looks one name up. */
struct ask {
	struct flow flow;
	struct dns_addrs q;
	const char *name;
	uint64_t deadline_ms;
	bool ended;
	struct err err;
};

static enum step look_up(struct flow *f, void *op)
{
	struct ask *a = op;

	a->q.arena = f->arena;
	dns_resolve(s.dns, str_c(a->name), &a->q, f, a->deadline_ms);
	return STEP_WAIT;
}

static enum step take(struct flow *f, void *op)
{
	struct ask *a = op;
	const struct err *e = f->failed ? &f->err : wait_error(&a->q.wait);

	if (e != NULL)
		a->err = *e;
	return STEP_DONE;
}

static void on_end(struct flow *f)
{
	struct ask *a = f->op;

	a->ended = true;
}

static const struct flow_step steps[] = {
	{"test.look_up", look_up, 0}, {"test.take", take, 0}, {NULL, NULL, 0}};

static int set_up(void **state)
{
	struct err e = ERR_INIT;
	struct dns_config c = {0};
	char resolver[40];

	(void)state;
	s.loop = loop_new(&e);
	dns_server_start(&s.server, table);
	snprintf(resolver, sizeof(resolver), "127.0.0.1:%d", s.server.port);
	c.resolver = resolver;
	s.dns = dns_new(s.loop, &c, &e);
	return s.dns == NULL;
}

static int tear_down(void **state)
{
	(void)state;
	dns_free(s.dns);
	dns_server_stop(&s.server);
	loop_turn(s.loop, 0);
	loop_free(s.loop);
	return 0;
}

static void begin(struct ask *a, const char *name, uint64_t deadline_ms)
{
	memset(a, 0, sizeof(*a));
	a->name = name;
	a->deadline_ms = deadline_ms;
	flow_init(&a->flow, s.loop, steps, a, arena_new());
	a->flow.on_end = on_end;
	flow_start(&a->flow);
}

static void turn(void)
{
	loop_turn(s.loop, 5);
	dns_serve(&s.server);
}

static void finish(struct ask *a)
{
	uint64_t until = clock_mono_ms() + GUARD_MS;

	while (!a->ended && clock_mono_ms() < until)
		turn();
	assert_true(a->ended);
}

static void end(struct ask *a)
{
	arena_free(a->flow.arena);
}

/* The addresses as text, sorted by nothing, with spaces between. */
static const char *found(const struct ask *a)
{
	char text[ADDR_TEXT];
	struct buf b = BUF_INIT;
	const char *p;

	for (size_t i = 0; i < a->q.n; i++) {
		assert_int_equal(addr_port(&a->q.addrs[i]), 0);
		buf_printf(&b, "%s%s", i ? " " : "", addr_format(&a->q.addrs[i], text));
	}
	p = arena_cstr(a->flow.arena, buf_view(&b));
	buf_release(&b);
	return p;
}

static void expect_found(const char *name, const char *want)
{
	struct ask a;

	begin(&a, name, GUARD_MS);
	finish(&a);
	if (a.err.code != ERR_OK)
		fail_msg("%s", a.err.msg);
	assert_string_equal(found(&a), want);
	end(&a);
}

static void expect_error(const char *name, enum err_code code, const char *part)
{
	struct ask a;

	begin(&a, name, GUARD_MS);
	finish(&a);
	if (a.err.code != code || strstr(a.err.msg, part) == NULL)
		fail_msg("%s: %s: %s", name, err_code_name(a.err.code), a.err.msg);
	assert_int_equal(a.q.n, 0);
	end(&a);
}

static void test_found(void **state)
{
	struct ask a;

	(void)state;
	begin(&a, "two.example", GUARD_MS);
	finish(&a);
	assert_int_equal(a.q.n, 2);
	assert_non_null(strstr(found(&a), "192.0.2.7:0"));
	assert_non_null(strstr(found(&a), "[2001:db8::7]:0"));
	end(&a);
	expect_found("only6.example", "[2001:db8::6]:0");
	expect_found("_srv-a.X-1.example", "192.0.2.9:0");
	expect_found("3box", "192.0.2.33:0");
	assert_string_equal(s.server.last, "3box"); /* no search list */
}

static void test_numbers(void **state)
{
	unsigned asked = s.server.asked;

	(void)state;
	expect_found("192.0.2.1", "192.0.2.1:0");
	expect_found("::1", "[::1]:0");
	expect_found("::ffff:192.0.2.1", "192.0.2.1:0");
	assert_int_equal(s.server.asked, asked);
}

static void test_hosts_file(void **state)
{
	struct ask a;
	unsigned asked = s.server.asked;

	(void)state;
	begin(&a, "localhost", GUARD_MS);
	finish(&a);
	assert_int_equal(a.err.code, ERR_OK);
	assert_non_null(strstr(found(&a), "127.0.0.1:0"));
	assert_int_equal(s.server.asked, asked);
	end(&a);
}

static void test_not_found(void **state)
{
	(void)state;
	expect_error("absent.example", ERR_UNAVAILABLE, "absent.example: there is no such host");
	expect_error("none.example", ERR_UNAVAILABLE, "it has no address");
}

static void test_no_name(void **state)
{
	static const char *const names[] = {
		"",
		".",
		"a..b",
		".a",
		"a.",
		"127.1",
		"2130706433",
		"0x7f.1",
		"a.0x7F",
		"a b",
		"a/b",
		"a@b",
		"[::1]",
		"fe80::1%lo",
		"a\x80.b",
		"host:80",
		"1.2.3.4.5",
		"\x01",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example"};
	unsigned asked = s.server.asked;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		expect_error(names[i], ERR_UNAVAILABLE, "neither a host name nor an address");
	assert_int_equal(s.server.asked, asked);
}

/* A long answer is cut. */
static void test_many(void **state)
{
	struct ask a;

	(void)state;
	begin(&a, "many.example", GUARD_MS);
	finish(&a);
	assert_int_equal(a.q.n, 8);
	end(&a);
}

/* The waiter leaves by its deadline, and the late answer finds nobody. */
static void test_deadline(void **state)
{
	struct ask a;

	(void)state;
	s.server.silent = true;
	begin(&a, "two.example", 30);
	finish(&a);
	assert_int_equal(a.err.code, ERR_TIMEOUT);
	end(&a);
	s.server.silent = false;
	expect_found("3box", "192.0.2.33:0");
	for (int i = 0; i < 20; i++)
		turn();
}

static void test_cancel(void **state)
{
	struct ask a;

	(void)state;
	s.server.silent = true;
	begin(&a, "two.example", GUARD_MS);
	while (s.server.asked == 0)
		turn();
	flow_cancel(&a.flow);
	finish(&a);
	assert_int_equal(a.err.code, ERR_CANCELLED);
	end(&a);
	s.server.silent = false;
	expect_found("3box", "192.0.2.33:0");
}

/* A server that answers late is asked again. */
static void test_retry(void **state)
{
	struct ask a;
	unsigned first;

	(void)state;
	s.server.silent = true;
	begin(&a, "only6.example", GUARD_MS);
	while (s.server.asked == 0)
		turn();
	first = s.server.asked;
	s.server.silent = false;
	finish(&a);
	assert_int_equal(a.err.code, ERR_OK);
	assert_true(s.server.asked > first);
	end(&a);
}

/* The resolver's end ends what is under way; too many are refused. */
static void test_end(void **state)
{
	static struct ask many[513];
	uint64_t until = clock_mono_ms() + GUARD_MS;
	size_t left = ARRAY_LEN(many);

	(void)state;
	s.server.silent = true;
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		begin(&many[i], "two.example", GUARD_MS);
	while (!many[512].ended && clock_mono_ms() < until)
		turn();
	assert_int_equal(many[512].err.code, ERR_UNAVAILABLE);
	assert_non_null(strstr(many[512].err.msg, "too many"));
	dns_free(s.dns);
	s.dns = NULL;
	while (left > 0 && clock_mono_ms() < until) {
		turn();
		while (left > 0 && many[left - 1].ended)
			left--;
	}
	assert_int_equal(left, 0);
	for (size_t i = 0; i < ARRAY_LEN(many); i++) {
		if (i < 512)
			assert_int_equal(many[i].err.code, ERR_CANCELLED);
		end(&many[i]);
	}
}

static void write_conf(const char *path, const char *text)
{
	struct err e = ERR_INIT;

	assert_int_equal(file_replace(path, str_c(text), 0644, &e), 0);
}

/* resolv.conf changes: look-ups that are under way end as they began, new ones go by the new. */
static void test_resolv_conf(void **state)
{
	struct dns_config c = {0};
	struct ask a, old[3];
	struct err e = ERR_INIT;
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "/tmp/test_net_dns_%d.conf", (int)getpid());
	c.resolv_conf = path;
	write_conf(path, "nameserver 127.0.0.1\nsearch wrong.example\n");
	dns_free(s.dns);
	s.dns = dns_new(s.loop, &c, &e);
	assert_non_null(s.dns);
	for (size_t i = 0; i < ARRAY_LEN(old); i++) {
		begin(&old[i], "two.example", 200);
		turn();
		write_conf(path, i % 2 ? "nameserver 127.0.0.1\n" : "nameserver 127.0.0.2\n# a\n");
		begin(&a, "localhost", GUARD_MS);
		finish(&a);
		assert_int_equal(a.err.code, ERR_OK);
		end(&a);
	}
	for (size_t i = 0; i < ARRAY_LEN(old); i++) {
		finish(&old[i]); /* refused or too late: nobody answers there */
		assert_true(old[i].err.code == ERR_UNAVAILABLE || old[i].err.code == ERR_TIMEOUT);
		end(&old[i]);
	}
	begin(&old[0], "two.example", GUARD_MS);
	turn();
	dns_free(s.dns); /* with one under way, and old channels */
	s.dns = NULL;
	finish(&old[0]);
	assert_int_not_equal(old[0].err.code, ERR_OK);
	end(&old[0]);
	unlink(path);
}

static void test_words(void **state)
{
	static const char *const wrong[] = {"nonsense", "127.0.0.1:x", "localhost:53"};
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct dns_config c = {.resolver = wrong[i]};
		struct dns *d = dns_new(s.loop, &c, &e);

		if (d != NULL)
			fail_msg("%s is taken", wrong[i]);
		assert_int_equal(e.code, ERR_INVALID);
		assert_non_null(strstr(e.msg, wrong[i]));
	}
	struct dns_config several = {.resolver = "192.0.2.1,[::1]:5353,127.0.0.1:53"};
	struct dns *d = dns_new(s.loop, &several, &e);

	assert_non_null(d);
	dns_free(d);
	several.resolver = "";
	d = dns_new(s.loop, &several, &e); /* resolv.conf */
	assert_non_null(d);
	dns_free(d);
	dns_free(NULL);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_found),	 T(test_numbers), T(test_hosts_file), T(test_not_found),
		T(test_no_name), T(test_many),	  T(test_deadline),   T(test_cancel),
		T(test_retry),	 T(test_end),	  T(test_words),      T(test_resolv_conf),
	};

	return cmocka_run_group_tests_name("net_dns", tests, NULL, NULL);
}
