/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The server on a real socket: limits, what it refuses and how the connection then ends, deadlines.
 */
#include "base/compat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "http_run.h"

#define HOST "Host: ca\r\n"

/* 413 while the client still sends: it reads its answer, then the end, and no reset. */
static void test_too_large_unread(void **state)
{
	static const char *const heads[] = {
		"POST /small HTTP/1.1\r\n" HOST "Content-Length: 3000000\r\n\r\n",
		"POST /small HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n2dc6c0\r\n",
	};
	struct env env;
	struct tap t;
	struct reply r;

	(void)state;
	start(&env);
	for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
		struct buf in = BUF_INIT;

		tap_open(&env, &t);
		buf_puts(&in, heads[i]);
		buf_printf(&in, "%01000000d%01000000d%01000000d", 0, 0, 0);
		put(&env, t.fd, buf_view(&in));
		next_reply(&env, &t, &r, false);
		assert_int_equal(r.status, 413);
		assert_true(str_eqc(field(&r, "Connection"), "close"));
		expect_end(&env, &t);
		tap_close(&t);
		buf_release(&in);
	}
	assert_int_equal(env.runs, 0);
	stop(&env);
}

static void test_body_limits(void **state)
{
	static const struct {
		const char *in;
		int status;
		bool closed;
	} t[] = {
		{"POST /small HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello", 200, false},
		{"POST /small HTTP/1.1\r\n" HOST "Content-Length: 6\r\n\r\nhello!", 413, true},
		{"POST /small HTTP/1.1\r\n" HOST
		 "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		 200, false},
		{"POST /small HTTP/1.1\r\n" HOST
		 "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n",
		 413, true},
		{"POST /small HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400,
		 true},
		{"POST /none HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", 200, false},
		{"POST /none HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nx", 413, true},
		{"POST /none HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200,
		 false},
		{"POST /none HTTP/1.1\r\n" HOST
		 "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
		 413, true},
		{"GET /hello HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nx", 413, true},
	};
	struct env env;
	bool closed;

	(void)state;
	start(&env);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		assert_int_equal(ask(&env, str_c(t[i].in), &closed), t[i].status);
		assert_int_equal(closed, t[i].closed);
	}
	stop(&env);
}

/* ---- what is refused ---- */

static void test_head_limits(void **state)
{
	struct env env;
	struct buf in = BUF_INIT;
	bool closed;

	(void)state;
	start(&env);
	buf_printf(&in, "GET /%08191d HTTP/1.1\r\n" HOST "\r\n", 0);
	assert_int_equal(ask(&env, buf_view(&in), &closed), 404);
	buf_reset(&in);
	buf_printf(&in, "GET /%08192d HTTP/1.1\r\n" HOST "\r\n", 0);
	assert_int_equal(ask(&env, buf_view(&in), &closed), 414);
	assert_true(closed);
	buf_reset(&in);
	buf_printf(&in, "GET /%020000d", 0);
	assert_int_equal(ask(&env, buf_view(&in), &closed), 414);
	buf_reset(&in);
	buf_printf(&in, "GET /hello HTTP/1.1\r\n" HOST "X: %020000d", 0);
	assert_int_equal(ask(&env, buf_view(&in), &closed), 431);
	assert_true(closed);
	buf_reset(&in);
	buf_puts(&in, "GET /hello HTTP/1.1\r\n" HOST);
	for (int i = 0; i < 64; i++)
		buf_puts(&in, "A: b\r\n");
	buf_puts(&in, "\r\n");
	assert_int_equal(ask(&env, buf_view(&in), &closed), 431);
	assert_true(closed);
	buf_release(&in);
	stop(&env);
}

/* Each is refused at once and the connection ends: what follows is never taken for a request. */
static void test_smuggling(void **state)
{
	static const char *const t[] = {
		"POST /echo HTTP/1.1\r\n" HOST
		"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"POST /echo HTTP/1.1\r\n" HOST
		"Content-Length: 4\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
		"POST /echo HTTP/1.1\r\n" HOST "Content-Length: +4\r\n\r\n0\r\n\r\n",
		"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
		"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
		"POST /echo HTTP/1.1\r\n" HOST
		"X: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"POST /echo HTTP/1.1\r\n" HOST "X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"POST /echo HTTP/1.1\r\n" HOST "X: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\n\n",
		"POST /echo HTTP/1.1\r\n" HOST
		"Transfer-Encoding: chunked\r\n\r\n1 \r\nx\r\n0\r\n\r\n",
		"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1\r\nxx0\r\n\r\n",
		"GET /hello HTTP/1.1\n" HOST "\n",
		"GET /hello HTTP/1.1\r\n\r\n",
		"GET /hello HTTP/1.1\r\n" HOST "Host: other\r\n\r\n",
		"GET  /hello HTTP/1.1\r\n" HOST "\r\n",
		"CONNECT ca:443 HTTP/1.1\r\nHost: ca:443\r\n\r\n",
		"GET /hello\r\n",
	};
	struct env env;
	bool closed;

	(void)state;
	start(&env);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct buf in = BUF_INIT;

		buf_puts(&in, t[i]);
		buf_puts(&in, "GET /name/smuggled HTTP/1.1\r\n" HOST "\r\n");
		if (ask(&env, buf_view(&in), &closed) != 400 || !closed)
			fail_msg("not refused: %s", t[i]);
		buf_release(&in);
	}
	assert_int_equal(ask(&env, STR("GET /hello HTTP/1.1\r\n" HOST "X: a\0b\r\n\r\n"), &closed),
			 400);
	assert_int_equal(ask(&env, STR("\x16\x03\x01\x02\x00\x01\x00"), &closed), 400);
	assert_int_equal(env.runs, 0);
	stop(&env);
}

/* ---- time ---- */

static void short_times(struct http_server_config *c)
{
	c->head_ms = c->body_ms = c->idle_ms = c->write_ms = 60;
}

static void test_slow(void **state)
{
	struct env env;
	struct tap t;
	struct reply r;
	bool closed;

	(void)state;
	start_with(&env, short_times, 10);
	assert_int_equal(ask(&env, STR("GET /hel"), &closed), 408);
	assert_true(closed);
	assert_int_equal(ask(&env,
			     STR("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhel"),
			     &closed),
			 408);
	assert_true(closed);
	/* Idle: closed without a word. */
	tap_open(&env, &t);
	expect_end(&env, &t);
	tap_close(&t);
	tap_open(&env, &t);
	put(&env, t.fd, STR("GET /hello HTTP/1.1\r\n" HOST "\r\n"));
	next_reply(&env, &t, &r, false);
	expect_end(&env, &t);
	tap_close(&t);
	/* A client that takes nothing of its answers. */
	tap_open(&env, &t);
	for (int i = 0; i < 5; i++)
		put(&env, t.fd, STR("GET /big HTTP/1.1\r\n" HOST "\r\n"));
	UNTIL(&env, http_server_connections(env.server) == 0);
	assert_true(env.runs < 6);
	tap_close(&t);
	stop(&env);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_too_large_unread),
		cmocka_unit_test(test_body_limits),
		cmocka_unit_test(test_head_limits),
		cmocka_unit_test(test_smuggling),
		cmocka_unit_test(test_slow),
	};

	return cmocka_run_group_tests_name("http_refuse", tests, log_to_file, log_end);
}
