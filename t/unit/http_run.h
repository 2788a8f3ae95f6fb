/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef T_UNIT_HTTP_RUN_H
#define T_UNIT_HTTP_RUN_H

/*
 * http_run.h - a real server on 127.0.0.1 and raw sockets that the test drives in the same thread.
 * Include after cmocka.h.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/metric.h"
#include "http/server.h"

#include <event2/buffer.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define GUARD_MS 20000

struct op {
	struct flow flow;
	struct wait wait;
	struct http_req *r;
};
struct env {
	struct loop *loop;
	struct http_server *server;
	struct listener *listener;
	unsigned runs;	    /* handlers that ran */
	unsigned cancelled; /* flows that ended by a cancel */
	unsigned ended;	    /* last steps that ran */
	struct op *waiting; /* of /wait and /detach */
	bool free_inside;   /* a handler ends the server */
};

/* ---- handlers ---- */

static struct env *env_of(struct http_req *r)
{
	struct env *env = r->app;

	env->runs++;
	return env;
}

static void free_inside(struct http_req *r)
{
	struct env *env = r->app;

	if (!env->free_inside)
		return;
	http_server_free(env->server);
	env->server = NULL;
}

static void on_hello(struct http_req *r)
{
	(void)env_of(r);
	http_reply_text(r, 200, "hello");
	free_inside(r);
}

static void on_echo(struct http_req *r)
{
	(void)env_of(r);
	http_reply(r, 200, "application/octet-stream", r->body);
}

static void on_name(struct http_req *r)
{
	(void)env_of(r);
	http_log_field(r, "name", http_req_param(r, "name"));
	http_reply(r, 200, "text/plain", http_req_param(r, "name"));
}

static void on_info(struct http_req *r)
{
	struct str agent = http_req_header(r, "user-agent");
	char *text =
		arena_printf(r->arena, "path=%.*s query=%.*s host=%.*s agent=%.*s id=%s tls=%d",
			     STR_ARG(r->path), STR_ARG(r->query), STR_ARG(r->host), STR_ARG(agent),
			     r->id, r->is_tls);

	(void)env_of(r);
	assert_null(http_req_param(r, "none").p);
	assert_memory_equal(r->peer, "127.0.0.1:", 10);
	assert_false(http_replied(r));
	http_reply(r, 200, "text/plain", str_c(text));
	assert_true(http_replied(r));
}

static void on_empty(struct http_req *r)
{
	(void)env_of(r);
	http_reply_header(r, "Retry-After", "7");
	http_reply_header(r, "X-Second", "a b");
	http_reply(r, 204, "text/plain", STR("never sent"));
}

#define BIG (3U << 20)
static void on_big(struct http_req *r)
{
	char *p = arena_alloc(r->arena, BIG);

	(void)env_of(r);
	memset(p, 'x', BIG);
	http_reply(r, 200, "text/plain", str_mem(p, BIG));
}

static void on_moved(struct http_req *r)
{
	(void)env_of(r);
	http_reply_header(r, "Location", "/hello");
	http_reply(r, 302, NULL, STR_NULL);
}

static void on_tls(struct http_req *r)
{
	char *text = arena_printf(r->arena, "%s name=%.*s leaf=%zu chain=%zu",
				  r->is_tls ? r->tls.version : "plain", STR_ARG(r->tls.server_name),
				  r->tls.peer_leaf.n, r->tls.n_peer_chain);

	(void)env_of(r);
	http_reply(r, 200, "text/plain", str_c(text));
}

static void on_wait_cancel(struct wait *w)
{
	struct op *op = CONTAINER_OF(w, struct op, wait);
	struct env *env = op->r->app;

	env->waiting = NULL;
}

static enum step wait_long(struct flow *f, void *arg)
{
	struct op *op = arg;
	struct env *env = op->r->app;

	wait_arm(&op->wait, f, "test.wait", 60000, on_wait_cancel);
	env->waiting = op;
	return STEP_WAIT;
}

static enum step respond(struct flow *f, void *arg)
{
	struct op *op = arg;
	struct env *env = op->r->app;

	env->ended++;
	env->cancelled += f->failed && f->err.code == ERR_CANCELLED;
	http_reply_text(op->r, f->failed ? 503 : 200, f->failed ? "failed" : "waited");
	return STEP_DONE;
}

static enum step stay_silent(struct flow *f, void *arg)
{
	(void)arg;
	return flow_failf(f, ERR_INTERNAL, "the last step failed");
}

static const struct flow_step wait_steps[] = {
	{"test.wait", wait_long, 0}, {"test.respond", respond, 0}, {NULL, NULL, 0}};
static const struct flow_step detach_steps[] = {
	{"test.detach", wait_long, FLOW_DETACH}, {"test.respond", respond, 0}, {NULL, NULL, 0}};
static const struct flow_step silent_steps[] = {{"test.silent", stay_silent, 0}, {NULL, NULL, 0}};

static void run_flow(struct http_req *r, const struct flow_step *steps)
{
	struct op *op = ARENA_NEW(r->arena, struct op);

	(void)env_of(r);
	op->r = r;
	http_req_run(r, &op->flow, steps, op);
	free_inside(r);
}

static void on_wait(struct http_req *r)
{
	run_flow(r, wait_steps);
}

static void on_detach(struct http_req *r)
{
	run_flow(r, detach_steps);
}

static void on_silent(struct http_req *r)
{
	run_flow(r, silent_steps);
}

static const struct http_route routes[] = {
	{"GET", "/hello", on_hello, 0, "hello"},
	{"POST", "/echo", on_echo, 100000, "echo"},
	{"POST", "/small", on_echo, 5, "small"},
	{"POST", "/none", on_echo, 0, "none"},
	{"GET", "/name/{name}", on_name, 0, "name"},
	{"GET", "/info", on_info, 0, "info"},
	{"GET", "/empty", on_empty, 0, "empty"},
	{"GET", "/big", on_big, 0, "big"},
	{"GET", "/moved", on_moved, 0, "moved"},
	{"GET", "/tls", on_tls, 0, "tls"},
	{"GET", "/wait", on_wait, 0, "wait"},
	{"POST", "/wait", on_wait, 100, "wait"},
	{"GET", "/detach", on_detach, 0, "detach"},
	{"GET", "/silent", on_silent, 0, "silent"},
	{NULL, NULL, NULL, 0, NULL},
};

/* ---- the server ---- */

#define UNTIL(env, cond)                                                                           \
	do {                                                                                       \
		uint64_t until_ = clock_mono_ms() + GUARD_MS;                                      \
		while (!(cond) && clock_mono_ms() < until_)                                        \
			loop_turn((env)->loop, 5);                                                 \
		assert_true(cond);                                                                 \
	} while (0)

static UNUSED void start_with(struct env *env, void (*change)(struct http_server_config *),
			      unsigned max_streams)
{
	struct http_server_config c;
	struct listener_config lc = {.address = "127.0.0.1:0", .max_streams = max_streams};
	struct err e = ERR_INIT;

	memset(env, 0, sizeof(*env));
	env->loop = loop_new(&e);
	assert_non_null(env->loop);
	http_server_config_defaults(&c);
	c.loop = env->loop;
	c.routes = routes;
	c.app = env;
	c.server_name = "test";
	if (change != NULL)
		change(&c);
	env->server = http_server_new(&c);
	lc.on_accept = http_server_accept;
	lc.arg = env->server;
	env->listener = listener_new(env->loop, &lc, &e);
	if (env->listener == NULL)
		fail_msg("%s", e.msg);
}

static UNUSED void start(struct env *env)
{
	start_with(env, NULL, 100);
}

/* Everything must be gone by itself: the loop's end checks it. */
static UNUSED void stop(struct env *env)
{
	http_server_free(env->server);
	loop_turn(env->loop, 0);
	loop_turn(env->loop, 0);
	listener_free(env->listener);
	loop_turn(env->loop, 0);
	loop_free(env->loop);
	assert_int_equal(metric_value(METRIC_HTTP_CONNECTIONS), 0);
}

/* ---- the client ---- */

static UNUSED int dial(struct env *env)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons((uint16_t)listener_port(env->listener))};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

static UNUSED void put(struct env *env, int fd, struct str s)
{
	uint64_t until = clock_mono_ms() + GUARD_MS;

	while (s.n > 0 && clock_mono_ms() < until) {
		ssize_t n = send(fd, s.p, s.n, MSG_NOSIGNAL);

		if (n < 0)
			assert_true(errno == EAGAIN);
		s.p += n > 0 ? n : 0;
		s.n -= n > 0 ? (size_t)n : 0;
		loop_turn(env->loop, n > 0 ? 0 : 5);
	}
	assert_int_equal(s.n, 0);
}

/* What a client holds of a connection's answers. */
struct tap {
	int fd;
	struct buf in;
	size_t at; /* where the next answer begins */
	bool eof, broken;
};

struct reply {
	int status;
	struct str head, body;
};

static UNUSED void pull(struct env *env, struct tap *t)
{
	char b[8192];
	ssize_t n;

	n = recv(t->fd, b, sizeof(b), 0);
	if (n < 0 && errno == EAGAIN) {
		loop_turn(env->loop, 5);
		return;
	}
	loop_turn(env->loop, 0);
	if (n > 0)
		buf_add(&t->in, b, (size_t)n);
	else if (n == 0)
		t->eof = true;
	else
		t->broken = t->eof = true;
}

static UNUSED struct str field(const struct reply *r, const char *name)
{
	struct str rest = r->head, value;

	while (rest.n > 0) {
		struct str line = str_cut(rest, '\n', &rest);
		struct str n = str_cut(line, ':', &value);

		if (str_ieqc(n, name)) {
			value.n -= value.n > 0 && value.p[value.n - 1] == '\r';
			return str_trim(value);
		}
	}
	return STR_NULL;
}

/* Is a whole answer there? bodiless: to a HEAD. */
static UNUSED bool have_reply(const struct tap *t, struct reply *r, bool bodiless)
{
	struct str in = str_mem(t->in.p + t->at, t->in.n - t->at);
	const char *end = in.n ? memmem(in.p, in.n, "\r\n\r\n", 4) : NULL;
	uint64_t length = 0;

	if (end == NULL)
		return false;
	assert_memory_equal(in.p, "HTTP/1.1 ", 9);
	r->status = (in.p[9] - '0') * 100 + (in.p[10] - '0') * 10 + in.p[11] - '0';
	r->head = str_mem(in.p, (size_t)(end - in.p) + 2);
	if (field(r, "Content-Length").n > 0)
		assert_true(str_u64(field(r, "Content-Length"), &length));
	if (bodiless)
		length = 0;
	if (in.n - (r->head.n + 2) < length)
		return false;
	r->body = str_mem(end + 4, length);
	return true;
}

/* The next answer; its views hold until the next pull. */
static UNUSED void next_reply(struct env *env, struct tap *t, struct reply *r, bool bodiless)
{
	uint64_t until = clock_mono_ms() + GUARD_MS;

	memset(r, 0, sizeof(*r));
	while (!have_reply(t, r, bodiless)) {
		if (t->eof || clock_mono_ms() > until)
			fail_msg("no answer, eof=%d: %.*s", t->eof, (int)(t->in.n - t->at),
				 t->in.p + t->at);
		pull(env, t);
	}
	t->at += r->head.n + 2 + r->body.n;
}

/* The server closes in order, without another byte. */
static UNUSED void expect_end(struct env *env, struct tap *t)
{
	UNTIL(env, (pull(env, t), t->eof));
	assert_false(t->broken);
	assert_int_equal(t->in.n, t->at);
}

static UNUSED void tap_open(struct env *env, struct tap *t)
{
	memset(t, 0, sizeof(*t));
	t->fd = dial(env);
}

static UNUSED void tap_close(struct tap *t)
{
	close(t->fd);
	buf_release(&t->in);
}

/* One request on a connection of its own: the status; *closed: the server ended the connection
 * after it. */
static UNUSED int ask(struct env *env, struct str request, bool *closed)
{
	struct tap t;
	struct reply r;

	tap_open(env, &t);
	put(env, t.fd, request);
	next_reply(env, &t, &r, false);
	*closed = str_ieqc(field(&r, "Connection"), "close");
	if (*closed)
		expect_end(env, &t);
	tap_close(&t);
	return r.status;
}

/* ---- the log ---- */

static char log_path[64];

static UNUSED int log_to_file(void **state)
{
	struct err e = ERR_INIT;
	struct log_config c = {.format = LOG_LOGFMT, .level = LOG_INFO, .output = log_path};

	(void)state;
	snprintf(log_path, sizeof(log_path), "/tmp/test_http_%d.log", (int)getpid());
	return log_start(&c, &e);
}

static UNUSED int log_end(void **state)
{
	(void)state;
	log_stop();
	unlink(log_path);
	return 0;
}

/* Does the log hold this text? */
static UNUSED bool logged(const char *text)
{
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;
	bool yes;

	log_flush();
	assert_int_equal(file_read(log_path, 16 << 20, &b, &e), 0);
	yes = memmem(b.p, b.n, text, strlen(text)) != NULL;
	buf_release(&b);
	return yes;
}

#endif
