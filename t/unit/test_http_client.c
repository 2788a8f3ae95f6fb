/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The blocking client against our own server, which runs in a thread: answers, bounds, errors,
 * trust. */
#include "base/compat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "codec/pem.h"
#include "crypto/crypto.h"
#include "http/client.h"
#include "http_run.h"
#include "net/tls.h"
#include "tls_vectors.h"

#include <pthread.h>
#include <stdatomic.h>

enum { PLAIN, PLAIN6, TLS, TLS_OTHER, N_LISTENERS };

static struct side {
	struct env env;
	struct pool *cpu;
	struct tls_context *tls, *tls_other;
	struct listener *l[N_LISTENERS];
	pthread_t thread;
	atomic_bool stop;
} side;

static struct listener *listen_at(const char *address, struct tls_context *tls)
{
	struct listener_config c = {
		.address = address,
		.tls = tls,
		.cpu = side.cpu,
		.max_streams = 20,
		.handshake_ms = 15000,
		.on_accept = http_server_accept,
		.arg = side.env.server,
	};
	struct err e = ERR_INIT;

	return listener_new(side.env.loop, &c, &e);
}

static void *serve(void *arg)
{
	(void)arg;
	while (!atomic_load(&side.stop))
		loop_turn(side.env.loop, 20);
	return NULL;
}

static int set_up(void **state)
{
	struct pool_config pc = {
		.name = "cpu", .threads = 1, .bound = 16, .thread_end = crypto_thread_end};
	struct http_server_config c;
	struct err e = ERR_INIT;

	(void)log_to_file(state);
	if (crypto_init(NULL, &e) != 0 || tls_global_init(&e) != 0 || http_client_init(&e) != 0)
		return -1;
	side.env.loop = loop_new(&e);
	side.cpu = pool_new(side.env.loop, &pc, &e);
	side.tls = new_tls("server.chain", "server.key");
	side.tls_other = new_tls("stranger.crt", "stranger.key");
	http_server_config_defaults(&c);
	c.loop = side.env.loop;
	c.routes = routes;
	c.app = &side.env;
	side.env.server = http_server_new(&c);
	side.l[PLAIN] = listen_at("127.0.0.1:0", NULL);
	side.l[PLAIN6] = listen_at("[::1]:0", NULL); /* NULL where there is no IPv6 */
	side.l[TLS] = listen_at("127.0.0.1:0", side.tls);
	side.l[TLS_OTHER] = listen_at("127.0.0.1:0", side.tls_other);
	if (!side.l[PLAIN] || !side.l[TLS] || !side.l[TLS_OTHER])
		return -1;
	return pthread_create(&side.thread, NULL, serve, NULL);
}

static int tear_down(void **state)
{
	atomic_store(&side.stop, true);
	pthread_join(side.thread, NULL);
	http_server_free(side.env.server);
	for (int i = 0; i < 3; i++)
		loop_turn(side.env.loop, 0);
	for (int i = 0; i < N_LISTENERS; i++)
		if (side.l[i] != NULL)
			listener_free(side.l[i]);
	pool_free(side.cpu, 5000);
	loop_turn(side.env.loop, 0);
	tls_context_unref(side.tls);
	tls_context_unref(side.tls_other);
	loop_free(side.env.loop);
	http_client_end();
	tls_global_end();
	crypto_end();
	return log_end(state);
}

/* A call to a path of one of the listeners; text holds the URL. */
static struct http_call call_to(int which, const char *host, const char *path, char text[200])
{
	struct http_call c = {.method = "GET", .url = text};

	snprintf(text, 200, "%s://%s:%d%s", which < TLS ? "http" : "https", host,
		 listener_port(side.l[which]), path);
	return c;
}

static void expect_ok(struct http_call *c, int status)
{
	struct err e = ERR_INIT;

	if (http_call_run(c, &e) != 0)
		fail_msg("%s", e.msg);
	assert_int_equal(c->status, status);
}

/* The call fails like this, and the message holds that. */
static void expect_error(struct http_call *c, enum err_code code, const char *part)
{
	struct err e = ERR_INIT;

	assert_int_equal(http_call_run(c, &e), -1);
	if (e.code != code || strstr(e.msg, part) == NULL)
		fail_msg("%s: %s", err_code_name(e.code), e.msg);
	http_call_release(c);
}

static void test_plain(void **state)
{
	static const char *const headers[] = {"X-Request-Id: mine", "User-Agent: other/2", NULL};
	char url[200];
	struct http_call c = call_to(PLAIN, "127.0.0.1", "/hello", url);

	(void)state;
	expect_ok(&c, 200);
	assert_true(str_eqc(buf_view(&c.answer), "hello"));
	assert_int_equal(strlen(c.request_id), 36);
	/* The same call again, with headers. */
	c.headers = headers;
	expect_ok(&c, 200);
	assert_true(str_eqc(buf_view(&c.answer), "hello"));
	assert_string_equal(c.request_id, "mine");
	http_call_release(&c);
	c = call_to(PLAIN, "localhost", "/info?q=1", url);
	expect_ok(&c, 200);
	assert_true(str_starts(buf_view(&c.answer), "path=/info query=q=1 host=localhost:"));
	assert_non_null(strstr(c.answer.p, "agent=signet/"));
	http_call_release(&c);
	c = call_to(PLAIN, "127.0.0.1", "/nowhere", url);
	expect_ok(&c, 404);
	http_call_release(&c);
	c = call_to(PLAIN, "127.0.0.1", "/moved", url);
	expect_ok(&c, 302);
	http_call_release(&c);
	c = call_to(PLAIN, "127.0.0.1", "/hello", url);
	c.method = "HEAD";
	expect_ok(&c, 200);
	assert_int_equal(c.answer.n, 0);
	http_call_release(&c);
	c = call_to(PLAIN, "127.0.0.1", "/hello", url);
	c.method = "DELETE";
	expect_ok(&c, 405);
	http_call_release(&c);
}

static void test_post(void **state)
{
	char url[200];
	struct http_call c = call_to(PLAIN, "127.0.0.1", "/echo", url);
	struct buf big = BUF_INIT;

	(void)state;
	c.method = "POST";
	expect_ok(&c, 200);
	assert_int_equal(c.answer.n, 0);
	c.body = STR("a\0b");
	expect_ok(&c, 200);
	assert_true(str_eq(buf_view(&c.answer), STR("a\0b")));
	buf_printf(&big, "%0100000d", 7);
	c.body = buf_view(&big);
	expect_ok(&c, 200);
	assert_true(str_eq(buf_view(&c.answer), buf_view(&big)));
	/* The server refuses it while it is being sent. */
	buf_printf(&big, "%03000000d", 7);
	c.body = buf_view(&big);
	expect_ok(&c, 413);
	http_call_release(&c);
	buf_release(&big);
}

static void test_ipv6(void **state)
{
	char url[200];
	struct http_call c;

	(void)state;
	if (side.l[PLAIN6] == NULL)
		return;
	c = call_to(PLAIN6, "[::1]", "/hello", url);
	expect_ok(&c, 200);
	assert_true(str_eqc(buf_view(&c.answer), "hello"));
	http_call_release(&c);
}

static void test_environment(void **state)
{
	char url[200];
	struct http_call c = call_to(PLAIN, "127.0.0.1", "/hello", url);

	(void)state;
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	expect_ok(&c, 200);
	http_call_release(&c);
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
}

static void test_bounds(void **state)
{
	char url[200];
	struct http_call c = call_to(PLAIN, "127.0.0.1", "/big", url);

	(void)state;
	expect_error(&c, ERR_TOO_LARGE, "more than 1048576 bytes");
	c.max_body = BIG;
	expect_ok(&c, 200);
	assert_int_equal(c.answer.n, BIG);
	http_call_release(&c);
	c = call_to(PLAIN, "127.0.0.1", "/hello", url);
	c.max_body = 4;
	expect_error(&c, ERR_TOO_LARGE, "more than 4 bytes");
	c = call_to(PLAIN, "127.0.0.1", "/wait", url);
	c.timeout_ms = 150;
	expect_error(&c, ERR_TIMEOUT, "/wait: no answer in time");
}

static void test_unreachable(void **state)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char url[200], want[250];
	struct http_call c = {.method = "GET", .url = url};

	(void)state;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0); /* bound, nobody listens */
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/health?secret=1", ntohs(a.sin_port));
	snprintf(want, sizeof(want),
		 "http://127.0.0.1:%d/health: could not connect: Connection refused",
		 ntohs(a.sin_port));
	expect_error(&c, ERR_UNAVAILABLE, want);
	close(fd);
	c.url = "http://no-such-host.invalid/";
	c.timeout_ms = 5000;
	expect_error(&c, ERR_UNAVAILABLE, "http://no-such-host.invalid/: could not");
}

static void test_bad_urls(void **state)
{
	static const char *const urls[] = {
		"ftp://127.0.0.1/", "file:///etc/passwd",	    "gopher://a/", "http://", "",
		"http://a:99999/",  "http://user:pass@127.0.0.1:1/"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		struct http_call c = {.method = "GET", .url = urls[i]};
		struct err e = ERR_INIT;

		if (http_call_run(&c, &e) != -1 || e.code != ERR_INVALID)
			fail_msg("%s: %s", urls[i], e.msg);
		assert_null(strstr(e.msg, "pass@"));
		http_call_release(&c);
	}
}

static void test_trust(void **state)
{
	char url[200];
	char *root = vector("root.crt"), *other = vector("other.crt"), *key = vector("server.key");
	struct http_call c = call_to(TLS, "127.0.0.1", "/tls", url);

	(void)state;
	c.ca_file = root;
	expect_ok(&c, 200);
	assert_true(str_eqc(buf_view(&c.answer), "TLSv1.3 name= leaf=0 chain=0"));
	http_call_release(&c);
	c = call_to(TLS, "localhost", "/tls", url);
	c.ca_file = root;
	expect_ok(&c, 200);
	assert_true(str_eqc(buf_view(&c.answer), "TLSv1.3 name=localhost leaf=0 chain=0"));
	/* Another root, another name, no root at all. */
	c.ca_file = other;
	expect_error(&c, ERR_UNAUTHORIZED, "is not trusted");
	c = call_to(TLS_OTHER, "localhost", "/tls", url);
	c.ca_file = other;
	expect_error(&c, ERR_UNAUTHORIZED, "is for another name");
	c.ca_file = NULL;
	expect_error(&c, ERR_INVALID, "no root certificate");
	c.insecure = true;
	expect_ok(&c, 200);
	http_call_release(&c);
	c = call_to(TLS, "127.0.0.1", "/tls", url);
	c.ca_file = "/nonexistent/root.crt";
	expect_error(&c, ERR_INVALID, "/nonexistent/root.crt: ");
	c.ca_file = key;
	expect_error(&c, ERR_UNAUTHORIZED, "server.key the root of this CA");
	mem_free(root);
	mem_free(other);
	mem_free(key);
}

static void test_client_certificate(void **state)
{
	char url[200];
	char *root = vector("root.crt"), *crt = vector("p256.crt"), *key = vector("p256.key");
	char *bad_crt = vector("stranger.crt"), *bad_key = vector("stranger.key");
	struct http_call c = call_to(TLS, "localhost", "/tls", url);

	(void)state;
	c.ca_file = root;
	c.cert_file = crt;
	expect_error(&c, ERR_INVALID, "needs its key");
	c.key_file = key;
	expect_ok(&c, 200);
	assert_true(str_starts(buf_view(&c.answer), "TLSv1.3 name=localhost leaf="));
	assert_null(strstr(c.answer.p, "leaf=0"));
	http_call_release(&c);
	/* A pair that does not fit, files that are none, a certificate that the server does not
	 * take. */
	c.key_file = bad_key;
	expect_error(&c, ERR_INVALID, "cannot be read or do not fit together");
	c.key_file = "/nonexistent";
	expect_error(&c, ERR_INVALID, "cannot be read or do not fit together");
	c.cert_file = bad_crt;
	c.key_file = bad_key;
	expect_error(&c, ERR_UNAVAILABLE, "https://localhost:");
	mem_free(root);
	mem_free(crt);
	mem_free(key);
	mem_free(bad_crt);
	mem_free(bad_key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_post),
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_unreachable),
		cmocka_unit_test(test_bad_urls),
		cmocka_unit_test(test_trust),
		cmocka_unit_test(test_client_certificate),
	};

	return cmocka_run_group_tests_name("http_client", tests, set_up, tear_down);
}
