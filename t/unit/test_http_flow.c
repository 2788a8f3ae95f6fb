/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests that wait: flows, clients that leave, drain, the server's end. */
#include "base/compat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "http_run.h"

#define HOST "Host: ca\r\n"
#define WAIT "GET /wait HTTP/1.1\r\n" HOST "\r\n"

static void release(struct env *env)
{
	struct op *op = env->waiting;

	assert_non_null(op);
	env->waiting = NULL;
	wait_done(&op->wait, NULL);
}

static void test_flow_answers(void **state)
{
	struct env env;
	struct tap t;
	struct reply r;

	(void)state;
	start(&env);
	tap_open(&env, &t);
	/* The pipelined request behind it waits for its turn. */
	put(&env, t.fd, STR(WAIT "GET /hello HTTP/1.1\r\n" HOST "\r\n"));
	UNTIL(&env, env.waiting != NULL);
	for (int i = 0; i < 5; i++)
		loop_turn(env.loop, 2);
	assert_int_equal(env.runs, 1);
	assert_int_equal(http_server_busy(env.server), 1);
	release(&env);
	next_reply(&env, &t, &r, false);
	assert_true(str_eqc(r.body, "waited"));
	next_reply(&env, &t, &r, false);
	assert_true(str_eqc(r.body, "hello"));
	assert_int_equal(http_server_busy(env.server), 0);
	assert_int_equal(env.cancelled, 0);
	tap_close(&t);
	stop(&env);
}

static void test_flow_without_answer(void **state)
{
	struct env env;
	struct tap t;
	struct reply r;

	(void)state;
	start(&env);
	tap_open(&env, &t);
	put(&env, t.fd,
	    STR("GET /silent HTTP/1.1\r\n" HOST "\r\nGET /hello HTTP/1.1\r\n" HOST "\r\n"));
	next_reply(&env, &t, &r, false);
	assert_int_equal(r.status, 500);
	next_reply(&env, &t, &r, false);
	assert_int_equal(r.status, 200);
	assert_true(logged("http.no_answer"));
	tap_close(&t);
	stop(&env);
}

static void reset(int fd)
{
	struct linger l = {.l_onoff = 1, .l_linger = 0};

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l)), 0);
	close(fd);
}

static void test_client_gone(void **state)
{
	struct env env;
	int fd;

	(void)state;
	start(&env);
	/* It closes, ... */
	fd = dial(&env);
	put(&env, fd, STR(WAIT));
	UNTIL(&env, env.waiting != NULL);
	close(fd);
	UNTIL(&env, env.cancelled == 1 && http_server_connections(env.server) == 0);
	/* ... resets, ... */
	fd = dial(&env);
	put(&env, fd, STR(WAIT));
	UNTIL(&env, env.waiting != NULL);
	reset(fd);
	UNTIL(&env, env.cancelled == 2 && http_server_connections(env.server) == 0);
	/* ... resets with another request behind, ... */
	fd = dial(&env);
	put(&env, fd, STR(WAIT WAIT));
	UNTIL(&env, env.waiting != NULL);
	reset(fd);
	UNTIL(&env, env.cancelled == 3 && http_server_connections(env.server) == 0);
	assert_int_equal(env.runs, 3);
	/* ... is gone before the handler ran. */
	fd = dial(&env);
	assert_int_equal(send(fd, WAIT, sizeof(WAIT) - 1, 0), sizeof(WAIT) - 1);
	close(fd);
	UNTIL(&env, env.cancelled == 4 && http_server_connections(env.server) == 0);
	assert_int_equal(http_server_busy(env.server), 0);
	assert_int_equal(env.ended, 4);
	stop(&env);
}

/* A client that ends its side while its flow waits still gets what the flow says of it. */
static void test_half_close(void **state)
{
	struct env env;
	struct tap t;
	struct reply r;

	(void)state;
	start(&env);
	tap_open(&env, &t);
	put(&env, t.fd, STR(WAIT));
	UNTIL(&env, env.waiting != NULL);
	shutdown(t.fd, SHUT_WR);
	next_reply(&env, &t, &r, false);
	assert_int_equal(r.status, 503);
	assert_int_equal(env.cancelled, 1);
	expect_end(&env, &t);
	tap_close(&t);
	/* What needs no waiting is answered. */
	tap_open(&env, &t);
	put(&env, t.fd, STR("GET /hello HTTP/1.1\r\n" HOST "\r\n"));
	shutdown(t.fd, SHUT_WR);
	next_reply(&env, &t, &r, false);
	assert_int_equal(r.status, 200);
	expect_end(&env, &t);
	tap_close(&t);
	/* Ends that cut a request. */
	tap_open(&env, &t);
	put(&env, t.fd, STR("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nabc"));
	shutdown(t.fd, SHUT_WR);
	next_reply(&env, &t, &r, false);
	assert_int_equal(r.status, 400);
	tap_close(&t);
	tap_open(&env, &t);
	put(&env, t.fd, STR("POST /echo HT"));
	shutdown(t.fd, SHUT_WR);
	expect_end(&env, &t);
	tap_close(&t);
	stop(&env);
}

static void test_gone_in_body(void **state)
{
	struct env env;
	int fd;

	(void)state;
	start(&env);
	fd = dial(&env);
	put(&env, fd,
	    STR("POST /echo HTTP/1.1\r\n" HOST
		"X-Request-Id: cut-1\r\nContent-Length: 5\r\n\r\nabc"));
	UNTIL(&env, http_server_busy(env.server) == 1);
	reset(fd);
	UNTIL(&env, http_server_connections(env.server) == 0);
	assert_int_equal(http_server_busy(env.server), 0);
	assert_int_equal(env.runs, 0);
	assert_true(logged("id=cut-1"));
	assert_true(logged("status=499"));
	stop(&env);
}

/* After its FLOW_DETACH step began a flow outlives its client, and the request outlives the
 * connection. */
static void test_detached(void **state)
{
	struct env env;
	int fd;

	(void)state;
	start(&env);
	fd = dial(&env);
	put(&env, fd, STR("GET /detach HTTP/1.1\r\n" HOST "X-Request-Id: det-1\r\n\r\n"));
	UNTIL(&env, env.waiting != NULL);
	reset(fd);
	UNTIL(&env, metric_value(METRIC_HTTP_CONNECTIONS) == 0);
	for (int i = 0; i < 5; i++)
		loop_turn(env.loop, 2);
	assert_int_equal(http_server_busy(env.server), 1);
	assert_int_equal(env.cancelled, 0);
	assert_true(env.waiting->flow.abandoned);
	assert_memory_equal(env.waiting->r->peer, "127.0.0.1:", 10);
	release(&env);
	UNTIL(&env, http_server_connections(env.server) == 0);
	assert_int_equal(http_server_busy(env.server), 0);
	assert_int_equal(env.ended, 1);
	assert_int_equal(env.cancelled, 0);
	stop(&env);
}

static void test_drain(void **state)
{
	struct env env;
	struct tap idle, fresh, busy, body;
	struct reply r;

	(void)state;
	start(&env);
	tap_open(&env, &idle);
	put(&env, idle.fd, STR("GET /hello HTTP/1.1\r\n" HOST "\r\n"));
	next_reply(&env, &idle, &r, false);
	tap_open(&env, &fresh);
	tap_open(&env, &body);
	put(&env, body.fd, STR("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nab"));
	tap_open(&env, &busy);
	put(&env, busy.fd, STR(WAIT WAIT));
	UNTIL(&env, env.waiting != NULL && http_server_busy(env.server) == 2 &&
			    http_server_connections(env.server) == 4);
	listener_stop(env.listener);
	http_server_drain(env.server);
	expect_end(&env, &idle);
	expect_end(&env, &fresh);
	assert_int_equal(http_server_busy(env.server), 2);
	/* What began is answered; what was only sent ahead is not. */
	put(&env, body.fd, STR("cde"));
	next_reply(&env, &body, &r, false);
	assert_true(str_eqc(r.body, "abcde"));
	assert_true(str_eqc(field(&r, "Connection"), "close"));
	expect_end(&env, &body);
	release(&env);
	next_reply(&env, &busy, &r, false);
	assert_true(str_eqc(r.body, "waited"));
	assert_true(str_eqc(field(&r, "Connection"), "close"));
	expect_end(&env, &busy);
	assert_int_equal(http_server_connections(env.server), 0);
	assert_int_equal(env.cancelled, 0);
	tap_close(&idle);
	tap_close(&fresh);
	tap_close(&body);
	tap_close(&busy);
	stop(&env);
}

/* http_server_free with everything in flight: flows that can be are cancelled, the other one keeps
 * what it needs. */
static void test_free_in_flight(void **state)
{
	struct env env;
	struct op *detached;
	int fd[5];

	(void)state;
	start(&env);
	for (size_t i = 0; i < ARRAY_LEN(fd); i++)
		fd[i] = dial(&env);
	put(&env, fd[0], STR("GET /detach HTTP/1.1\r\n" HOST "\r\n"));
	UNTIL(&env, env.waiting != NULL);
	detached = env.waiting;
	env.waiting = NULL;
	put(&env, fd[1], STR(WAIT));
	put(&env, fd[2], STR("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nab"));
	put(&env, fd[3], STR("POST /ec"));
	UNTIL(&env, env.waiting != NULL && http_server_busy(env.server) == 3);
	http_server_free(env.server);
	UNTIL(&env, env.cancelled == 1);
	listener_free(env.listener);
	for (int i = 0; i < 5; i++)
		loop_turn(env.loop, 1);
	assert_int_equal(env.ended, 1);
	wait_done(&detached->wait, NULL);
	UNTIL(&env, env.ended == 2);
	loop_turn(env.loop, 0);
	loop_free(env.loop);
	for (size_t i = 0; i < ARRAY_LEN(fd); i++)
		close(fd[i]);
}

/* A handler ends the server under its own feet, before its flow began or after it answered. */
static void test_free_inside(void **state)
{
	static const char *const requests[] = {WAIT, "GET /hello HTTP/1.1\r\n" HOST "\r\n",
					       "GET /silent HTTP/1.1\r\n" HOST "\r\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		struct env env;
		int fd;

		start(&env);
		env.free_inside = true;
		fd = dial(&env);
		put(&env, fd, str_c(requests[i]));
		UNTIL(&env, env.runs == 1);
		for (int k = 0; k < 3; k++)
			loop_turn(env.loop, 1);
		assert_null(env.server);
		assert_int_equal(env.cancelled, i == 0);
		stop(&env);
		close(fd);
	}
}

/*
 * The end of a client whose input is held back is told before the last input: all that it had sent
 * is answered, because no more than what nobody sent is given up.
 */
static void test_early_end(void **state)
{
	struct env env;
	struct tap t;
	struct reply r;
	struct buf in = BUF_INIT;
	uint64_t until;

	(void)state;
	start(&env);
	tap_open(&env, &t);
	buf_puts(&in, WAIT);
	for (int i = 0; i < 4; i++)
		buf_printf(&in,
			   "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 30000\r\n\r\n%030000d",
			   i);
	put(&env, t.fd, buf_view(&in));
	shutdown(t.fd, SHUT_WR);
	for (until = clock_mono_ms() + 1200; clock_mono_ms() < until;)
		loop_turn(env.loop, 20);
	release(&env);
	for (int i = 0; i < 5; i++) {
		next_reply(&env, &t, &r, false);
		assert_int_equal(r.status, 200);
	}
	expect_end(&env, &t);
	tap_close(&t);
	buf_release(&in);
	stop(&env);
}

static void test_many(void **state)
{
	struct env env;
	struct tap t[60];
	struct reply r;

	(void)state;
	start(&env);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		tap_open(&env, &t[i]);
		put(&env, t[i].fd,
		    STR("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\na"));
	}
	UNTIL(&env, http_server_busy(env.server) == ARRAY_LEN(t));
	for (size_t i = ARRAY_LEN(t); i-- > 0;) {
		put(&env, t[i].fd, STR("bc"));
		next_reply(&env, &t[i], &r, false);
		assert_true(str_eqc(r.body, "abc"));
	}
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		tap_close(&t[i]);
	UNTIL(&env, http_server_connections(env.server) == 0);
	stop(&env);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flow_answers), cmocka_unit_test(test_flow_without_answer),
		cmocka_unit_test(test_client_gone),  cmocka_unit_test(test_half_close),
		cmocka_unit_test(test_gone_in_body), cmocka_unit_test(test_detached),
		cmocka_unit_test(test_drain),	     cmocka_unit_test(test_free_in_flight),
		cmocka_unit_test(test_free_inside),  cmocka_unit_test(test_early_end),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests_name("http_flow", tests, log_to_file, log_end);
}
