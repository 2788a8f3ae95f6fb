/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses and the listener. */
#include "base/compat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "net_plain.h"

#include <sys/resource.h>

/* ---- addresses ---- */

static void test_addr(void **state)
{
	static const char *const good[][2] = {
		{"127.0.0.1:0", "127.0.0.1:0"},
		{"192.0.2.1:65535", "192.0.2.1:65535"},
		{"[::1]:443", "[::1]:443"},
		{"[2001:DB8:0::1]:80", "[2001:db8::1]:80"},
		{"[::ffff:192.0.2.1]:1", "192.0.2.1:1"},
		{":9000", "[::]:9000"},
	};
	static const char *const bad[] = {
		"",	     "9000",  ":",    ":65536",	       ":-1",	  ": 1",  "localhost:1",
		"::1:443",   "[::1]", "[]:1", "[127.0.0.1]:1", "1.2.3:1", "[::1", "256.0.0.1:1",
		"[::1]:http"};
	struct err e = ERR_INIT;
	struct addr a;
	char out[ADDR_TEXT];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(addr_parse(good[i][0], &a, &e), 0);
		assert_string_equal(addr_format(&a, out), good[i][1]);
	}
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(addr_parse(bad[i], &a, &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
		assert_non_null(strstr(e.msg, bad[i]));
	}
}

static void test_listen(void **state)
{
	struct listener_config c = {.max_streams = 1, .on_accept = on_accept};
	struct err e = ERR_INIT;
	struct fix f;
	struct listener *any;
	char text[ADDR_TEXT];

	(void)state;
	start(&f, KEEP, 1);
	snprintf(text, sizeof(text), "127.0.0.1:%d", listener_port(f.l));
	assert_string_equal(listener_address(f.l), text);
	assert_true(listener_port(f.l) > 0);
	c.address = text;
	assert_null(listener_new(f.loop, &c, &e)); /* in use */
	assert_non_null(strstr(e.msg, text));
	c.address = "192.0.2.77:1";
	assert_null(listener_new(f.loop, &c, &e)); /* not ours */
	assert_non_null(strstr(e.msg, "192.0.2.77:1"));
	c.address = ":0";
	any = listener_new(f.loop, &c, &e);
	assert_non_null(any);
	assert_true(listener_port(any) > 0);
	listener_stop(any);
	listener_free(any);
	finish(&f);
}

/* ---- the listener ---- */

static void test_max_streams(void **state)
{
	struct fix f;
	int a, b, c;

	(void)state;
	start(&f, KEEP, 2);
	a = dial_ready(&f);
	b = dial_ready(&f);
	c = dial(&f);
	turns(&f, 10);
	assert_int_equal(f.n_peers, 2);
	stream_abort(f.peers[0].s);
	UNTIL(&f, f.n_peers == 3);
	assert_int_equal(listener_streams(f.l), 2);
	close(a);
	close(b);
	close(c);
	finish(&f); /* aborts the two that are left */
}

static void test_no_descriptors(void **state)
{
	struct rlimit old, low;
	struct fix f;
	int fd, spare;

	(void)state;
	start(&f, KEEP, 8);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	fd = dial(&f);
	spare = dup(fd);
	close(spare);
	low = old;
	low.rlim_cur = (rlim_t)spare; /* the lowest free number is above the limit */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	turns(&f, 20);
	assert_int_equal(f.n_peers, 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	UNTIL(&f, f.n_peers == 1 && f.peers[0].n[STREAM_READY] == 1);
	close(fd);
	finish(&f);
}

static void test_stop(void **state)
{
	struct fix f;
	char b[8];
	int fd;

	(void)state;
	start(&f, ECHO, 8);
	fd = dial_ready(&f);
	listener_stop(f.l);
	assert_int_equal(send(fd, "on", 2, 0), 2);
	UNTIL(&f, f.peers[0].n[STREAM_DRAINED] == 1);
	assert_int_equal(recv(fd, b, sizeof(b), 0), 2);
	assert_int_equal(listener_streams(f.l), 1);
	close(fd);
	finish(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addr),	    cmocka_unit_test(test_listen),
		cmocka_unit_test(test_max_streams), cmocka_unit_test(test_no_descriptors),
		cmocka_unit_test(test_stop),
	};

	return cmocka_run_group_tests_name("net_listen", tests, NULL, NULL);
}
