/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The server on a real socket: answers, keep-alive, pipelining, bodies, the access log. */
#include "base/compat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "http_run.h"

#define HOST "Host: ca\r\n"

static void test_answer(void **state)
{
	struct env env;
	struct tap t;
	struct reply r;

	(void)state;
	start(&env);
	tap_open(&env, &t);
	put(&env, t.fd, STR("GET /hello HTTP/1.1\r\n" HOST "X-Request-Id: abc-1\r\n\r\n"));
	next_reply(&env, &t, &r, false);
	assert_int_equal(r.status, 200);
	assert_true(str_starts(r.head, "HTTP/1.1 200 OK\r\n"));
	assert_true(str_eqc(r.body, "hello"));
	assert_true(str_eqc(field(&r, "X-Request-Id"), "abc-1"));
	assert_true(str_eqc(field(&r, "Content-Type"), "text/plain; charset=utf-8"));
	assert_true(str_eqc(field(&r, "X-Content-Type-Options"), "nosniff"));
	assert_true(str_ends(field(&r, "Date"), " GMT"));
	assert_null(field(&r, "Connection").p);
	/* Keep-alive: the same connection again. */
	put(&env, t.fd,
	    STR("GET /name/a%20b HTTP/1.1\r\n" HOST
		"X-Smallstep-Id: two\r\nX-Request-Id: b d\r\n\r\n"));
	next_reply(&env, &t, &r, false);
	assert_true(str_eqc(r.body, "a b"));
	assert_true(str_eqc(field(&r, "X-Request-Id"), "two"));
	put(&env, t.fd, STR("GET /empty HTTP/1.1\r\n" HOST "\r\n"));
	next_reply(&env, &t, &r, false);
	assert_int_equal(r.status, 204);
	assert_null(field(&r, "Content-Length").p);
	assert_null(field(&r, "Content-Type").p);
	assert_true(str_eqc(field(&r, "Retry-After"), "7"));
	assert_true(str_eqc(field(&r, "X-Second"), "a b"));
	assert_int_equal(field(&r, "X-Request-Id").n, 36);
	assert_int_equal(field(&r, "X-Request-Id").p[14], '4');
	assert_int_equal(http_server_connections(env.server), 1);
	assert_int_equal(http_server_busy(env.server), 0);
	assert_int_equal(metric_value(METRIC_HTTP_CONNECTIONS), 1);
	tap_close(&t);
	UNTIL(&env, http_server_connections(env.server) == 0);
	stop(&env);
}

static void test_request_parts(void **state)
{
	struct env env;
	struct tap t;
	struct reply r;

	(void)state;
	start(&env);
	tap_open(&env, &t);
	put(&env, t.fd,
	    STR("GET http://Other:1/info?a=%20b HTTP/1.1\r\n" HOST
		"User-Agent: x/1\r\nX-Request-Id: 7\r\n\r\n"));
	next_reply(&env, &t, &r, false);
	assert_true(str_eqc(r.body, "path=/info query=a=%20b host=Other:1 agent=x/1 id=7 tls=0"));
	/* One empty line before a request is forgiven, Upgrade is ignored. */
	put(&env, t.fd,
	    STR("\r\nGET /info HTTP/1.1\r\nHost:ca\r\nX-Request-Id: 8\r\nConnection: "
		"Upgrade\r\nUpgrade: h2c\r\n\r\n"));
	next_reply(&env, &t, &r, false);
	assert_true(str_eqc(r.body, "path=/info query= host=ca agent= id=8 tls=0"));
	put(&env, t.fd, STR("\r\n\r\nGET /info HTTP/1.1\r\n" HOST "\r\n"));
	next_reply(&env, &t, &r, false);
	assert_int_equal(r.status, 400);
	expect_end(&env, &t);
	tap_close(&t);
	stop(&env);
}

static void test_versions(void **state)
{
	struct env env;
	struct tap t;
	struct reply r;
	bool closed;

	(void)state;
	start(&env);
	assert_int_equal(ask(&env, STR("GET /hello HTTP/1.0\r\n\r\n"), &closed), 200);
	assert_true(closed);
	assert_int_equal(
		ask(&env, STR("GET /hello HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"), &closed),
		200);
	assert_true(closed);
	tap_open(&env, &t);
	for (int i = 0; i < 2; i++) {
		put(&env, t.fd, STR("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
		next_reply(&env, &t, &r, false);
		assert_true(str_eqc(field(&r, "Connection"), "keep-alive"));
	}
	tap_close(&t);
	assert_int_equal(ask(&env, STR("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), &closed), 505);
	assert_true(closed);
	stop(&env);
}

static void test_head_method(void **state)
{
	struct env env;
	struct tap t;
	struct reply r;

	(void)state;
	start(&env);
	tap_open(&env, &t);
	put(&env, t.fd,
	    STR("HEAD /hello HTTP/1.1\r\n" HOST "\r\nHEAD /nowhere HTTP/1.1\r\n" HOST "\r\n"
		"GET /hello HTTP/1.1\r\n" HOST "\r\n"));
	next_reply(&env, &t, &r, true);
	assert_int_equal(r.status, 200);
	assert_true(str_eqc(field(&r, "Content-Length"), "5"));
	next_reply(&env, &t, &r, true);
	assert_int_equal(r.status, 404);
	next_reply(&env, &t, &r, false);
	assert_true(str_eqc(r.body, "hello"));
	tap_close(&t);
	stop(&env);
}

static void test_router_answers(void **state)
{
	struct env env;
	struct tap t;
	struct reply r;

	(void)state;
	start(&env);
	tap_open(&env, &t);
	put(&env, t.fd, STR("GET /nowhere HTTP/1.1\r\n" HOST "X-Request-Id: i\r\n\r\n"));
	next_reply(&env, &t, &r, false);
	assert_int_equal(r.status, 404);
	assert_true(str_eqc(r.body, "404 page not found\n"));
	assert_true(str_eqc(field(&r, "Content-Type"), "text/plain; charset=utf-8"));
	assert_true(str_eqc(field(&r, "X-Content-Type-Options"), "nosniff"));
	assert_true(str_eqc(field(&r, "X-Request-Id"), "i"));
	put(&env, t.fd, STR("POST /hello HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n"));
	next_reply(&env, &t, &r, false);
	assert_int_equal(r.status, 405);
	assert_true(str_eqc(field(&r, "Allow"), "GET, HEAD"));
	assert_true(str_eqc(field(&r, "Content-Length"), "0"));
	put(&env, t.fd, STR("OPTIONS * HTTP/1.1\r\n" HOST "\r\n"));
	next_reply(&env, &t, &r, false);
	assert_int_equal(r.status, 405);
	assert_true(str_eqc(field(&r, "Allow"), "GET, HEAD, POST"));
	put(&env, t.fd, STR("BREW /hello HTTP/1.1\r\n" HOST "\r\n"));
	next_reply(&env, &t, &r, false);
	assert_int_equal(r.status, 501);
	/* With a body that nobody reads the connection ends. */
	put(&env, t.fd, STR("POST /nowhere HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc"));
	next_reply(&env, &t, &r, false);
	assert_int_equal(r.status, 404);
	assert_true(str_eqc(field(&r, "Connection"), "close"));
	expect_end(&env, &t);
	tap_close(&t);
	stop(&env);
}

#define PIPELINED 1000
static void test_pipelining(void **state)
{
	struct env env;
	struct tap t;
	struct reply r;
	struct buf in = BUF_INIT;
	char want[16];

	(void)state;
	start(&env);
	tap_open(&env, &t);
	for (int i = 0; i < PIPELINED; i++)
		buf_printf(&in, "GET /name/%d HTTP/1.1\r\n" HOST "X-Filler: %080d\r\n\r\n", i, 0);
	assert_true(in.n > 65536);
	put(&env, t.fd, buf_view(&in));
	for (int i = 0; i < PIPELINED; i++) {
		next_reply(&env, &t, &r, false);
		snprintf(want, sizeof(want), "%d", i);
		assert_true(str_eqc(r.body, want));
		assert_int_equal(str_eqc(field(&r, "Connection"), "close"), i == PIPELINED - 1);
	}
	expect_end(&env, &t);
	assert_int_equal(env.runs, PIPELINED);
	tap_close(&t);
	buf_release(&in);
	stop(&env);
}

/* The client ends its side behind many requests: all of them are answered, also what the kernel
 * still held. */
static void test_pipelining_then_end(void **state)
{
	struct env env;
	struct tap t;
	struct reply r;
	struct buf in = BUF_INIT;

	(void)state;
	start(&env);
	tap_open(&env, &t);
	for (int i = 0; i < 900; i++)
		buf_printf(&in, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 200\r\n\r\n%0200d",
			   i);
	put(&env, t.fd, buf_view(&in));
	shutdown(t.fd, SHUT_WR);
	for (int i = 0; i < 900; i++) {
		next_reply(&env, &t, &r, false);
		assert_int_equal(r.body.n, 200);
	}
	expect_end(&env, &t);
	tap_close(&t);
	buf_release(&in);
	stop(&env);
}

/* A client that pipelines without reading gets no memory of ours but the bounded input. */
static void test_unread_answers(void **state)
{
	struct env env;
	struct tap t;
	struct reply r;

	(void)state;
	start(&env);
	tap_open(&env, &t);
	for (int i = 0; i < 5; i++)
		put(&env, t.fd, STR("GET /big HTTP/1.1\r\n" HOST "\r\n"));
	for (int i = 0; i < 50; i++)
		loop_turn(env.loop, 5);
	assert_true(env.runs < 5);
	for (int i = 0; i < 5; i++) {
		next_reply(&env, &t, &r, false);
		assert_int_equal(r.body.n, BIG);
	}
	tap_close(&t);
	stop(&env);
}

static void few_requests(struct http_server_config *c)
{
	c->max_requests = 2;
}

static void test_max_requests(void **state)
{
	struct env env;
	struct tap t;
	struct reply r;

	(void)state;
	start_with(&env, few_requests, 10);
	tap_open(&env, &t);
	put(&env, t.fd,
	    STR("GET /hello HTTP/1.1\r\n" HOST "\r\nGET /hello HTTP/1.1\r\n" HOST
		"\r\nGET /hello HTTP/1.1\r\n" HOST "\r\n"));
	next_reply(&env, &t, &r, false);
	assert_null(field(&r, "Connection").p);
	next_reply(&env, &t, &r, false);
	assert_true(str_eqc(field(&r, "Connection"), "close"));
	expect_end(&env, &t);
	assert_int_equal(env.runs, 2);
	tap_close(&t);
	stop(&env);
}

/* ---- bodies ---- */

static void test_bodies(void **state)
{
	struct env env;
	struct tap t;
	struct reply r;
	struct buf in = BUF_INIT;

	(void)state;
	start(&env);
	tap_open(&env, &t);
	put(&env, t.fd,
	    STR("POST /echo HTTP/1.1\r\n" HOST
		"Content-Length: 5\r\n\r\nhelloPOST /echo HTTP/1.1\r\n" HOST
		"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\nT: v\r\n\r\nPOST "
		"/echo HTTP/1.1\r\n" HOST "\r\n"));
	next_reply(&env, &t, &r, false);
	assert_true(str_eqc(r.body, "hello"));
	next_reply(&env, &t, &r, false);
	assert_true(str_eqc(r.body, "abcde"));
	next_reply(&env, &t, &r, false);
	assert_int_equal(r.status, 200);
	assert_int_equal(r.body.n, 0);
	/* Byte by byte. */
	struct str slow = STR("POST /echo HTTP/1.1\r\n" HOST
			      "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
	for (size_t i = 0; i < slow.n; i++)
		put(&env, t.fd, str_mem(slow.p + i, 1));
	next_reply(&env, &t, &r, false);
	assert_true(str_eqc(r.body, "hello"));
	/* Large ones, both ways. */
	buf_printf(&in, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 100000\r\n\r\n%0100000d",
		   1);
	buf_printf(&in,
		   "POST /echo HTTP/1.1\r\n" HOST
		   "Transfer-Encoding: chunked\r\n\r\n%x\r\n%0100000d\r\n0\r\n\r\n",
		   100000, 2);
	put(&env, t.fd, buf_view(&in));
	next_reply(&env, &t, &r, false);
	assert_int_equal(r.body.n, 100000);
	assert_int_equal(r.body.p[99999], '1');
	next_reply(&env, &t, &r, false);
	assert_int_equal(r.body.n, 100000);
	assert_int_equal(r.body.p[99999], '2');
	tap_close(&t);
	buf_release(&in);
	stop(&env);
}

static void test_continue(void **state)
{
	static const struct {
		const char *head;
		int status;
	} refused[] = {
		{"POST /nowhere HTTP/1.1\r\n" HOST
		 "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n",
		 404},
		{"POST /hello HTTP/1.1\r\n" HOST
		 "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n",
		 405},
		{"POST /none HTTP/1.1\r\n" HOST "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n",
		 413},
		{"POST /none HTTP/1.1\r\n" HOST
		 "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n",
		 413},
		{"POST /small HTTP/1.1\r\n" HOST
		 "Content-Length: 6\r\nExpect: 100-continue\r\n\r\n",
		 413},
		{"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 6\r\nExpect: magic\r\n\r\n", 417},
		{"POST /a/../b HTTP/1.1\r\n" HOST
		 "Content-Length: 6\r\nExpect: 100-continue\r\n\r\n",
		 400},
	};
	struct env env;
	struct tap t;
	struct reply r;
	bool closed;

	(void)state;
	start(&env);
	tap_open(&env, &t);
	put(&env, t.fd,
	    STR("POST /echo HTTP/1.1\r\n" HOST
		"Content-Length: 5\r\nExpect: 100-continue\r\n\r\n"));
	next_reply(&env, &t, &r, false);
	assert_int_equal(r.status, 100);
	assert_true(str_eqc(r.head, "HTTP/1.1 100 Continue\r\n"));
	assert_int_equal(http_server_busy(env.server), 1);
	put(&env, t.fd, STR("hello"));
	next_reply(&env, &t, &r, false);
	assert_true(str_eqc(r.body, "hello"));
	/* The body is there already, or there is none: no 100. */
	put(&env, t.fd,
	    STR("POST /echo HTTP/1.1\r\n" HOST
		"Content-Length: 2\r\nExpect: 100-continue\r\n\r\nhi"));
	next_reply(&env, &t, &r, false);
	assert_true(str_eqc(r.body, "hi"));
	put(&env, t.fd,
	    STR("POST /echo HTTP/1.1\r\n" HOST
		"Content-Length: 0\r\nExpect: 100-continue\r\n\r\n"));
	next_reply(&env, &t, &r, false);
	assert_int_equal(r.status, 200);
	tap_close(&t);
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		assert_int_equal(ask(&env, str_c(refused[i].head), &closed), refused[i].status);
		assert_true(closed);
	}
	stop(&env);
}

/* ---- the log ---- */

static void test_access_log(void **state)
{
	struct env env;
	struct buf in = BUF_INIT;
	int64_t before = metric_value(METRIC_HTTP_REQUESTS);
	bool closed;

	(void)state;
	start(&env);
	assert_int_equal(ask(&env,
			     STR("GET /name/marked?token=hidden1 HTTP/1.1\r\n" HOST
				 "Authorization: Bearer hidden2\r\nX-Request-Id: log-1\r\n\r\n"),
			     &closed),
			 200);
	assert_int_equal(ask(&env,
			     STR("POST /small HTTP/1.1\r\n" HOST
				 "Content-Length: 7\r\nX-Request-Id: log-2\r\n\r\nhidden3"),
			     &closed),
			 413);
	assert_int_equal(
		ask(&env,
		    STR("GET /name/x HTTP/1.1\r\nHost: a\r\nAuthorization: hidden4\x01\r\n\r\n"),
		    &closed),
		400);
	buf_printf(&in, "GET /longpath%0600d HTTP/1.1\r\n" HOST "X-Request-Id: log-3\r\n\r\n", 0);
	assert_int_equal(ask(&env, buf_view(&in), &closed), 404);
	buf_release(&in);
	UNTIL(&env, metric_value(METRIC_HTTP_REQUESTS) == before + 4);
	assert_true(logged("id=log-1"));
	assert_true(logged("method=GET path=/name/marked route=name status=200 bytes=6"));
	assert_true(logged("name=marked"));
	assert_true(logged("status=413"));
	assert_true(logged("err=\"body: more than the route takes\""));
	assert_true(logged("err=\"request: "));
	assert_true(logged("path=/longpath"));
	assert_false(logged("0000000000000000000000000000000000000000000000000000000000000000000000"
			    "000000000000000000"
			    "0000000000000000000000000000000000000000000000000000000000000000000000"
			    "000000000000000000"
			    "0000000000000000000000000000000000000000000000000000000000000000000000"
			    "000000000000000000"));
	assert_false(logged("hidden"));
	stop(&env);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_request_parts),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_head_method),
		cmocka_unit_test(test_router_answers),
		cmocka_unit_test(test_pipelining),
		cmocka_unit_test(test_pipelining_then_end),
		cmocka_unit_test(test_unread_answers),
		cmocka_unit_test(test_max_requests),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_continue),
		cmocka_unit_test(test_access_log),
	};

	return cmocka_run_group_tests_name("http_server", tests, log_to_file, log_end);
}
