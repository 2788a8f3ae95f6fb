/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The daemon's HTTP calls on the loop: against our own server on the same loop, a server that says
 * what it should not, and a name server that changes its mind.
 */
#include "base/compat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "outbound_world.h"

static void test_plain(void **state)
{
	struct ask_op a;

	(void)state;
	to_plain(&a, "127.0.0.1", "/hello");
	expect_answer(&a, 200, "hello");
	to_plain(&a, "here.example", "/hello");
	expect_answer(&a, 200, "hello");
	to_plain(&a, "HERE.Example", "/hello");
	expect_answer(&a, 200, "hello");
	to_plain(&a, "second.example", "/hello"); /* nobody is at its first address */
	expect_answer(&a, 200, "hello");
	to_plain(&a, "127.0.0.1", "/moved"); /* not followed */
	expect_answer(&a, 302, NULL);
	to_plain(&a, "127.0.0.1", "/nowhere");
	expect_answer(&a, 404, NULL);
	to_plain(&a, "127.0.0.1", "/empty");
	expect_answer(&a, 204, "");
	to_plain(&a, "127.0.0.1", "/echo");
	a.call.method = "POST";
	a.call.body = STR("a body");
	expect_answer(&a, 200, "a body");
}

/* The whole request, and nothing from the environment in it. */
static void test_request(void **state)
{
	static const char *const headers[] = {"X-One: 1", "Authorization: Bearer b", NULL};
	struct ask_op a;
	char want[300];

	(void)state;
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	canned_say(&s.canned, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	to_canned(&a, "here.example");
	a.call.method = "POST";
	a.call.headers = headers;
	a.call.body = STR("{}");
	expect_answer(&a, 200, "ok");
	snprintf(want, sizeof(want),
		 "POST /hook?secret=1 HTTP/1.1\r\nHost: here.example:%d\r\n"
		 "User-Agent: signet/" PACKAGE_VERSION "\r\nAccept: */*\r\nX-One: 1\r\n"
		 "Authorization: Bearer b\r\nContent-Length: 2\r\n\r\n{}",
		 s.canned.port);
	assert_string_equal(s.canned.in.p, want);
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
}

static void test_answers(void **state)
{
	static const struct {
		const char *say, *repeat;
		enum err_code code;
		const char *part;
	} cases[] = {
		{"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", NULL,
		 ERR_UNSUPPORTED, "is compressed"},
		{"HTTP/1.1 200 OK\r\ncontent-encoding:identity, br\r\n\r\nabc", NULL,
		 ERR_UNSUPPORTED, "is compressed"},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", NULL,
		 ERR_UNSUPPORTED, "is compressed"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n", "x", ERR_TOO_LARGE,
		 "more than 1048576 bytes"},
		{"HTTP/1.1 200 OK\r\n\r\n",
		 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		 "xxx",
		 ERR_TOO_LARGE, "more than 1048576 bytes"},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
		 "40\r\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n",
		 ERR_TOO_LARGE, "more than 1048576 bytes"},
		{"HTTP/1.1 200 OK\r\n", "X-Flood: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n",
		 ERR_TOO_LARGE, "header has more than"},
		{"HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n", ERR_TOO_LARGE,
		 "header has more than"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", NULL, ERR_UNAVAILABLE,
		 "the connection broke"},
		{"SSH-2.0-OpenSSH\r\n", NULL, ERR_UNAVAILABLE, "/hook: "},
		{"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", NULL, ERR_UNAVAILABLE, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ask_op a;

		canned_say(&s.canned, cases[i].say);
		s.canned.repeat = cases[i].repeat;
		to_canned(&a, "127.0.0.1");
		expect_error(&a, cases[i].code, cases[i].part);
	}
}

static void test_broken(void **state)
{
	struct ask_op a;
	char want[100];

	(void)state;
	canned_say(&s.canned, "");
	s.canned.reset = true;
	to_canned(&a, "127.0.0.1");
	expect_error(&a, ERR_UNAVAILABLE, "the connection broke");
	canned_say(&s.canned, "");
	to_canned(&a, "127.0.0.1"); /* closed without an answer */
	expect_error(&a, ERR_UNAVAILABLE, "the connection broke");
	close(s.canned.listener);
	s.canned.listener = -1;
	to_canned(&a, "127.0.0.1");
	snprintf(want, sizeof(want),
		 "http://127.0.0.1:%d/hook: could not connect: Connection refused", s.canned.port);
	expect_error(&a, ERR_UNAVAILABLE, want);
	to_plain(&a, "absent.example", "/?secret");
	expect_error(&a, ERR_UNAVAILABLE, "/: absent.example: there is no such host");
}

static void test_time(void **state)
{
	struct ask_op a;

	(void)state;
	canned_say(&s.canned,
		   "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\na few bytes, then none");
	s.canned.keep = true;
	to_canned(&a, "127.0.0.1");
	a.call.timeout_ms = 200;
	expect_error(&a, ERR_TIMEOUT, "/hook: no answer in time");
	s.dns_server.silent = true;
	to_plain(&a, "here.example", "/hello");
	a.call.timeout_ms = 50;
	expect_error(&a, ERR_TIMEOUT, "/hello: net.dns: no answer in time");
}

static void test_urls(void **state)
{
	static const struct {
		const char *url;
		enum err_code code;
	} cases[] = {
		{"ftp://127.0.0.1/secret", ERR_INVALID},
		{"file:///etc/secret", ERR_INVALID},
		{"gopher://a/", ERR_INVALID},
		{"http:///a", ERR_INVALID},
		{"http:a", ERR_INVALID},
		{"//127.0.0.1/", ERR_INVALID},
		{"", ERR_INVALID},
		{"http://user:secret@127.0.0.1:1/", ERR_INVALID},
		{"http://@127.0.0.1:1/", ERR_INVALID},
		{"http://127.0.0.1:0/", ERR_INVALID},
		{"http://127.0.0.1:99999/", ERR_INVALID},
		{"http://127.0.0.1:1/a b", ERR_INVALID},
		{"http://127.0.0.1:1/a\r\nX: y", ERR_INVALID},
		{"http://2130706433/", ERR_UNAVAILABLE},
		{"http://0x7f000001/", ERR_UNAVAILABLE},
		{"http://0177.0.0.1/", ERR_UNAVAILABLE},
		{"http://127.1/", ERR_UNAVAILABLE},
		{"http://127.0.0.1./", ERR_UNAVAILABLE},
		{"http://%31%32%37.0.0.1/", ERR_UNAVAILABLE},
		{"http://[fe80::1]/", ERR_FORBIDDEN},
		{"http://169.254.169.254/latest/meta-data/", ERR_FORBIDDEN},
		{"http://[::ffff:169.254.169.254]/", ERR_FORBIDDEN},
		{"http://[64:ff9b::a9fe:a9fe]/", ERR_FORBIDDEN},
		{"http://0.0.0.0/", ERR_FORBIDDEN},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ask_op a;

		prepare(&a, cases[i].url);
		expect_error(&a, cases[i].code, "");
	}
	assert_int_equal(s.dns_server.asked, 0);
}

static void test_headers(void **state)
{
	static const char *const split[] = {"X-A: b\r\nX-Evil: c", NULL};
	static const char *const nameless[] = {"nothing", NULL};
	struct ask_op a;

	(void)state;
	to_plain(&a, "127.0.0.1", "/hello");
	a.call.headers = split;
	expect_error(&a, ERR_INVALID, "header 1 is malformed");
	to_plain(&a, "127.0.0.1", "/hello");
	a.call.headers = nameless;
	expect_error(&a, ERR_INVALID, "header 1 is malformed");
	to_plain(&a, "127.0.0.1", "/hello");
	a.call.cert_file = s.root;
	expect_error(&a, ERR_INVALID, "needs its key");
}

/* Names that lead where no call may go. */
static void test_rules(void **state)
{
	static const char *const hosts[] = {"metadata.example", "mixed.example", "mapped.example"};
	struct outbound *strict = outbound_with(s.strict, 0);
	struct ask_op a;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		to_canned(&a, hosts[i]);
		expect_error(&a, ERR_FORBIDDEN, "calls to 169.254.169.254:");
	}
	to_canned(&a, "here.example");
	a.call.outbound = strict;
	expect_error(&a, ERR_FORBIDDEN, "calls to 127.0.0.1:");
	to_canned(&a, "localhost");
	a.call.outbound = strict;
	expect_error(&a, ERR_FORBIDDEN, "are refused by the address rules");
	assert_int_equal(s.canned.accepted, 0);
	outbound_free(strict);
}

/* A name whose address changes after the check: one question of each type, and its answer stays. */
static void test_rebinding(void **state)
{
	struct ask_op a;

	(void)state;
	canned_say(&s.canned, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	to_canned(&a, "turn.example");
	expect_answer(&a, 200, "ok");
	assert_int_equal(s.dns_server.turn, 1);
	assert_int_equal(s.dns_server.asked, 2);
	canned_say(&s.canned, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	to_canned(&a, "turn.example"); /* the old answer is not used again */
	expect_error(&a, ERR_FORBIDDEN, "calls to 169.254.169.254:");
	assert_int_equal(s.canned.accepted, 1);
}

static void test_trust(void **state)
{
	char *key = vector("server.key");
	struct ask_op a;

	(void)state;
	to_tls(&a, "127.0.0.1", "/tls");
	expect_answer(&a, 200, "TLSv1.3 name= leaf=0 chain=0");
	to_tls(&a, "localhost", "/tls");
	expect_answer(&a, 200, "TLSv1.3 name=localhost leaf=0 chain=0");
	/* The connections are there still; another trust must not use them. */
	to_tls(&a, "localhost", "/tls");
	a.call.ca_file = s.other;
	expect_error(&a, ERR_UNAUTHORIZED, "is not trusted by");
	to_tls(&a, "localhost", "/tls");
	a.call.ca_file = NULL;
	expect_error(&a, ERR_UNAUTHORIZED, "is not trusted by /etc/ssl/certs/ca-certificates.crt");
	to_tls(&a, "here.example", "/tls"); /* a name that is not in the certificate */
	expect_error(&a, ERR_UNAUTHORIZED, "is not trusted by");
	to_tls(&a, "localhost", "/tls");
	a.call.ca_file = "/nonexistent/root.crt";
	expect_error(&a, ERR_INVALID, "could be read from /nonexistent/root.crt");
	to_tls(&a, "localhost", "/tls");
	a.call.ca_file = key;
	expect_error(&a, ERR_UNAUTHORIZED, "is not trusted by");
	prepare_at(&a, "https", "127.0.0.1", listener_port(s.env.listener), "/hello");
	expect_error(&a, ERR_UNAVAILABLE, "/hello: TLS handshake");
	mem_free(key);
}

static int64_t handshakes(void)
{
	return metric_value(METRIC_TLS_HANDSHAKES);
}

/* A connection serves the next call, but only one with the same client certificate and trust. */
static void test_reuse(void **state)
{
	char *crt = vector("p256.crt"), *key = vector("p256.key");
	char *crt2 = vector("rsa.crt"), *key2 = vector("rsa.key");
	char leaf[3][64];
	int64_t before = handshakes();

	(void)state;
	for (int i = 0; i < 6; i++) {
		struct ask_op a;

		to_tls(&a, "localhost", "/tls");
		a.call.cert_file = i % 3 == 1 ? crt : i % 3 == 2 ? crt2 : NULL;
		a.call.key_file = i % 3 == 1 ? key : i % 3 == 2 ? key2 : NULL;
		run(&a);
		assert_int_equal(a.err.code, ERR_OK);
		assert_int_equal(a.call.status, 200);
		if (i < 3)
			snprintf(leaf[i], sizeof(leaf[i]), "%.*s", STR_ARG(a.call.answer));
		else
			assert_true(str_eqc(a.call.answer, leaf[i % 3]));
		end(&a);
	}
	assert_string_not_equal(leaf[0], leaf[1]);
	assert_string_not_equal(leaf[1], leaf[2]);
	assert_int_equal(handshakes() - before, 3);
	mem_free(crt);
	mem_free(key);
	mem_free(crt2);
	mem_free(key2);
}

static void test_client_files(void **state)
{
	char *crt = vector("p256.crt"), *key2 = vector("rsa.key");
	struct ask_op a;

	(void)state;
	to_tls(&a, "localhost", "/tls");
	a.call.cert_file = crt;
	a.call.key_file = key2;
	expect_error(&a, ERR_INVALID, "do not fit together");
	to_tls(&a, "localhost", "/tls");
	a.call.cert_file = crt;
	a.call.key_file = "/nonexistent";
	expect_error(&a, ERR_INVALID, "cannot be read");
	mem_free(crt);
	mem_free(key2);
}

/* Many at a time, and one too many. */
static void test_many(void **state)
{
	static struct ask_op a[9];
	struct outbound *small = outbound_with(s.rules, 8);
	unsigned refused = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(a); i++) {
		to_plain(&a[i], "here.example", "/hello");
		a[i].call.outbound = small;
		flow_start(&a[i].flow);
	}
	finish_all(a, ARRAY_LEN(a));
	for (size_t i = 0; i < ARRAY_LEN(a); i++) {
		refused += a[i].err.code == ERR_UNAVAILABLE;
		assert_true(a[i].err.code != ERR_OK || str_eqc(a[i].call.answer, "hello"));
		end(&a[i]);
	}
	assert_int_equal(refused, 1);
	to_plain(&a[0], "here.example", "/hello"); /* the places are free again */
	a[0].call.outbound = small;
	expect_answer(&a[0], 200, "hello");
	outbound_free(small);
}

/* Cancelled while it resolves, connects and waits; the memory goes at once. */
static void test_cancel(void **state)
{
	struct ask_op a;

	(void)state;
	for (int turns = 0; turns < 12; turns++) {
		to_plain(&a, "here.example", "/wait");
		flow_start(&a.flow);
		for (int i = 0; i < turns; i++)
			turn();
		flow_cancel(&a.flow);
		finish_all(&a, 1);
		assert_int_equal(a.err.code, ERR_CANCELLED);
		end(&a);
	}
	to_plain(&a, "127.0.0.1", "/wait");
	flow_start(&a.flow);
	WHILE(s.env.waiting == NULL);
	flow_cancel(&a.flow);
	finish_all(&a, 1);
	end(&a);
	WHILE(s.env.waiting != NULL); /* the server saw it leave */
	to_plain(&a, "here.example", "/hello");
	expect_answer(&a, 200, "hello");
}

/* The client ends under calls that resolve and that wait for their answer. */
static void test_end(void **state)
{
	struct ask_op a[3];

	(void)state;
	to_plain(&a[0], "127.0.0.1", "/wait");
	flow_start(&a[0].flow);
	WHILE(s.env.waiting == NULL);
	s.dns_server.silent = true;
	to_plain(&a[1], "here.example", "/hello");
	flow_start(&a[1].flow);
	WHILE(s.dns_server.asked == 0);
	canned_say(&s.canned, "");
	s.canned.keep = true;
	to_canned(&a[2], "127.0.0.1");
	flow_start(&a[2].flow);
	WHILE(s.canned.in.n == 0);
	outbound_free(s.outbound);
	s.outbound = NULL;
	dns_free(s.dns);
	s.dns = NULL;
	finish_all(a, ARRAY_LEN(a));
	for (size_t i = 0; i < ARRAY_LEN(a); i++) {
		assert_int_equal(a[i].err.code, ERR_CANCELLED);
		end(&a[i]);
	}
}

static int group_up(void **state)
{
	struct err e = ERR_INIT;

	(void)log_to_file(state);
	return crypto_init(NULL, &e) != 0 || tls_global_init(&e) != 0;
}

static int group_down(void **state)
{
	http_client_end();
	tls_global_end();
	crypto_end();
	return log_end(state);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_plain),	   T(test_request), T(test_answers), T(test_broken),
		T(test_time),	   T(test_urls),    T(test_headers), T(test_rules),
		T(test_rebinding), T(test_trust),   T(test_reuse),   T(test_client_files),
		T(test_many),	   T(test_cancel),  T(test_end),
	};

	return cmocka_run_group_tests_name("http_outbound", tests, group_up, group_down);
}
