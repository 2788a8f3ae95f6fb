/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef T_UNIT_OUTBOUND_WORLD_H
#define T_UNIT_OUTBOUND_WORLD_H

/*
 * outbound_world.h - an outbound client with what it can call: our own server, plain and with TLS,
 * a server that says what it should not, a name server; all on one loop. Include after cmocka.h.
 */
#include "base/mem.h"
#include "codec/pem.h"
#include "crypto/crypto.h"
#include "dns_server.h"
#include "http/client.h"
#include "http/outbound.h"
#include "http_canned.h"
#include "http_run.h"
#include "net/tls.h"
#include "tls_vectors.h"

static const struct dns_entry table[] = {
	{"here.example", {"127.0.0.1", NULL}},
	{"second.example", {"127.0.0.9", "127.0.0.1", NULL}},
	{"metadata.example", {"169.254.169.254", NULL}},
	{"mixed.example", {"127.0.0.1", "169.254.169.254", NULL}},
	{"mapped.example", {"::ffff:169.254.169.254", NULL}},
	{"turn.example", {"127.0.0.1", "169.254.169.254", "169.254.169.254", NULL}},
	{NULL, {NULL}},
};

static struct side {
	struct env env;
	struct pool *cpu;
	struct tls_context *tls;
	struct listener *tls_listener;
	struct dns_server dns_server;
	struct canned canned;
	struct dns *dns;
	struct addr_rules *rules, *strict;
	struct outbound *outbound;
	char *root, *other;
} s;

static struct outbound *outbound_with(const struct addr_rules *rules, unsigned max)
{
	struct outbound_config c = {
		.loop = s.env.loop, .dns = s.dns, .rules = rules, .max_calls = max};
	struct err e = ERR_INIT;
	struct outbound *o = outbound_new(&c, &e);

	if (o == NULL)
		fail_msg("%s", e.msg);
	return o;
}

static void listen_tls(void)
{
	struct listener_config c = {
		.address = "127.0.0.1:0",
		.tls = s.tls,
		.cpu = s.cpu,
		.max_streams = 20,
		.handshake_ms = 15000,
		.on_accept = http_server_accept,
		.arg = s.env.server,
	};
	struct err e = ERR_INIT;

	s.tls_listener = listener_new(s.env.loop, &c, &e);
	assert_non_null(s.tls_listener);
}

static int set_up(void **state)
{
	static const char *const refuse[] = {"127.0.0.0/8"};
	struct pool_config pc = {
		.name = "cpu", .threads = 1, .bound = 16, .thread_end = crypto_thread_end};
	struct err e = ERR_INIT;
	char resolver[40];
	struct dns_config dc = {.resolver = resolver};

	(void)state;
	memset(&s, 0, sizeof(s));
	start(&s.env);
	s.cpu = pool_new(s.env.loop, &pc, &e);
	s.tls = new_tls("server.chain", "server.key");
	listen_tls();
	dns_server_start(&s.dns_server, table);
	canned_start(&s.canned, "127.0.0.1");
	snprintf(resolver, sizeof(resolver), "127.0.0.1:%d", s.dns_server.port);
	s.dns = dns_new(s.env.loop, &dc, &e);
	assert_non_null(s.dns);
	assert_int_equal(addr_rules_new(NULL, 0, NULL, 0, &s.rules, &e), 0);
	assert_int_equal(addr_rules_new(NULL, 0, refuse, 1, &s.strict, &e), 0);
	s.outbound = outbound_with(s.rules, 0);
	s.root = vector("root.crt");
	s.other = vector("other.crt");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	outbound_free(s.outbound);
	dns_free(s.dns);
	addr_rules_free(s.rules);
	addr_rules_free(s.strict);
	canned_stop(&s.canned);
	dns_server_stop(&s.dns_server);
	http_server_free(s.env.server); /* before what feeds it */
	for (int i = 0; i < 3; i++)
		loop_turn(s.env.loop, 0);
	listener_free(s.tls_listener);
	listener_free(s.env.listener);
	tls_context_unref(s.tls);
	pool_free(s.cpu, 5000);
	loop_turn(s.env.loop, 0);
	loop_free(s.env.loop);
	assert_int_equal(metric_value(METRIC_HTTP_CONNECTIONS), 0);
	mem_free(s.root);
	mem_free(s.other);
	return 0;
}

/* ---- calls ---- */

/* A call with a flow around it, as its users make it. */
struct ask_op {
	struct flow flow;
	struct wait wait;
	struct outbound_call call;
	bool ended;
	struct err err;
	char url[300];
};

static enum step ask_call(struct flow *f, void *op)
{
	struct ask_op *a = op;

	outbound_call_init(&a->call, f->arena);
	flow_call(f, &a->wait, &a->call.flow);
	return STEP_WAIT;
}

static enum step ask_end(struct flow *f, void *op)
{
	struct ask_op *a = op;
	const struct err *e = f->failed ? &f->err : wait_error(&a->wait);

	if (e != NULL)
		a->err = *e;
	return STEP_DONE;
}

static void ask_on_end(struct flow *f)
{
	struct ask_op *a = f->op;

	a->ended = true;
}

static const struct flow_step ask_steps[] = {
	{"test.call", ask_call, 0}, {"test.end", ask_end, 0}, {NULL, NULL, 0}};

static void prepare(struct ask_op *a, const char *url)
{
	memset(a, 0, sizeof(*a));
	snprintf(a->url, sizeof(a->url), "%s", url);
	a->call.outbound = s.outbound;
	a->call.method = "GET";
	a->call.url = a->url;
	a->call.ca_file = s.root;
	a->call.timeout_ms = GUARD_MS;
	flow_init(&a->flow, s.env.loop, ask_steps, a, arena_new());
	a->flow.on_end = ask_on_end;
}

static void prepare_at(struct ask_op *a, const char *scheme, const char *host, int port,
		       const char *path)
{
	char url[300];

	snprintf(url, sizeof(url), "%s://%s:%d%s", scheme, host, port, path);
	prepare(a, url);
}

static void to_plain(struct ask_op *a, const char *host, const char *path)
{
	prepare_at(a, "http", host, listener_port(s.env.listener), path);
}

static void to_tls(struct ask_op *a, const char *host, const char *path)
{
	prepare_at(a, "https", host, listener_port(s.tls_listener), path);
}

static void to_canned(struct ask_op *a, const char *host)
{
	prepare_at(a, "http", host, s.canned.port, "/hook?secret=1");
}

static void turn(void)
{
	loop_turn(s.env.loop, 2);
	dns_serve(&s.dns_server);
	canned_serve(&s.canned);
}

#define WHILE(cond)                                                                                \
	do {                                                                                       \
		uint64_t until_ = clock_mono_ms() + GUARD_MS;                                      \
		while ((cond) && clock_mono_ms() < until_)                                         \
			turn();                                                                    \
		assert_false(cond);                                                                \
	} while (0)

static void finish_all(struct ask_op *a, size_t n)
{
	for (size_t i = 0; i < n; i++)
		WHILE(!a[i].ended);
}

static void run(struct ask_op *a)
{
	flow_start(&a->flow);
	finish_all(a, 1);
}

static void end(struct ask_op *a)
{
	arena_free(a->flow.arena);
}

static void expect_answer(struct ask_op *a, int status, const char *text)
{
	run(a);
	if (a->err.code != ERR_OK)
		fail_msg("%s", a->err.msg);
	assert_int_equal(a->call.status, status);
	if (text != NULL && !str_eqc(a->call.answer, text))
		fail_msg("%.*s", STR_ARG(a->call.answer));
	end(a);
}

/* Fails like this. No message holds a query, user or password. */
static void expect_error(struct ask_op *a, enum err_code code, const char *part)
{
	run(a);
	if (a->err.code != code || strstr(a->err.msg, part) == NULL)
		fail_msg("%s: %s: %s", a->url, err_code_name(a->err.code), a->err.msg);
	assert_null(strstr(a->err.msg, "secret"));
	assert_int_equal(a->call.status, 0);
	end(a);
}

#endif
