/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef T_UNIT_HOOK_WORLD_H
#define T_UNIT_HOOK_WORLD_H

/*
 * hook_world.h - a TLS server on the test's loop that answers webhooks from a script and keeps what
 * it was asked, and a run of webhooks against it. Include after cmocka.h.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "codec/b64.h"
#include "codec/pem.h"
#include "crypto/crypto.h"
#include "hook/webhook_priv.h"
#include "http/client.h"
#include "http/server.h"
#include "net/tls.h"
#include "tls_vectors.h"

#include <fcntl.h>
#include <sys/stat.h>

#define GUARD_MS 30000

/* What POST /hook/NAME answers; the second time the second answer, when there is one. */
struct script {
	const char *name;
	int status;
	const char *body;
	int status2;
	const char *body2;
	bool hold; /* no answer, until the client leaves */
};
struct seen {
	struct buf body, headers, query, path;
	unsigned count;
	bool client_cert;
};

static struct world {
	struct loop *loop;
	struct pool *cpu;
	struct tls_context *tls;
	struct http_server *server;
	struct listener *listener;
	struct dns *dns;
	struct addr_rules *rules;
	struct outbound *outbound;
	struct webhook_set *set;
	const struct script *scripts; /* ends with a NULL name */
	struct seen seen[4];	      /* by the name's last character: 'a' ... */
	unsigned holding, left;
	char dir[64];
	char *root, *crt, *key;
} w;
static char log_path[64];

/* ---- the server ---- */

struct hold {
	struct flow flow;
	struct wait wait;
	struct http_req *r;
};

static void hold_left(struct wait *wait)
{
	(void)wait;
	w.left++;
}

static enum step hold_wait(struct flow *f, void *op)
{
	struct hold *h = op;

	wait_arm(&h->wait, f, "test.hold", 60000, hold_left);
	w.holding++;
	return STEP_WAIT;
}

static enum step hold_end(struct flow *f, void *op)
{
	struct hold *h = op;

	(void)f;
	http_reply_text(h->r, 503, "");
	return STEP_DONE;
}

static const struct flow_step hold_steps[] = {
	{"test.hold", hold_wait, 0}, {"test.hold_end", hold_end, 0}, {NULL, NULL, 0}};

static void keep(struct seen *s, const struct http_req *r)
{
	static const char *const names[] = {
		"Content-Type",	 "X-Smallstep-Signature", "X-Smallstep-Webhook-ID", "X-Request-Id",
		"Authorization", "Accept-Encoding",	  "Transfer-Encoding",	    "Expect",
		"Cookie"};

	buf_reset(&s->body);
	buf_reset(&s->headers);
	buf_reset(&s->query);
	buf_reset(&s->path);
	buf_str(&s->body, r->body);
	buf_str(&s->query, r->query);
	buf_str(&s->path, r->path);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct str v = http_req_header(r, names[i]);

		if (v.p != NULL)
			buf_printf(&s->headers, "%s: " STR_FMT "\n", names[i], STR_ARG(v));
	}
	s->client_cert = r->tls.peer_leaf.n > 0;
	s->count++;
}

static void on_hook(struct http_req *r)
{
	struct str name = http_req_param(r, "name");
	struct seen *s = &w.seen[(unsigned)(name.p[name.n - 1] - 'a') % ARRAY_LEN(w.seen)];
	const struct script *p = w.scripts;

	keep(s, r);
	while (p != NULL && p->name != NULL && !str_eqc(name, p->name))
		p++;
	if (p == NULL || p->name == NULL) {
		http_reply_text(r, 404, "no such script");
	} else if (p->hold) {
		struct hold *h = ARENA_NEW(r->arena, struct hold);

		h->r = r;
		http_req_run(r, &h->flow, hold_steps, h);
	} else {
		bool second = p->status2 != 0 && s->count > 1;
		int status = second ? p->status2 : p->status;

		if (status == 302)
			http_reply_header(r, "Location", "/hook/b");
		http_reply(r, status, "application/json", str_c(second ? p->body2 : p->body));
	}
}

static const struct http_route world_routes[] = {
	{"POST", "/hook/{name}", on_hook, 1 << 20, "hook"},
	{"POST", "/hook/{name}/{sub}", on_hook, 1 << 20, "hook"},
	{NULL, NULL, NULL, 0, NULL},
};

/* ---- files ---- */

static void put(const char *name, const char *text, unsigned mode)
{
	struct err e = ERR_INIT;
	char *path = file_join(w.dir, name);

	assert_int_equal(file_replace(path, str_c(text), mode, &e), 0);
	mem_free(path);
}

static void drop(const char *name)
{
	char *path = file_join(w.dir, name);

	unlink(path);
	mem_free(path);
}

static const char key_b64[] = "aG9vay1zZWNyZXQta2V5LW9mLTMyLWJ5dGVzLSEhISE=";
static const char key_raw[] = "hook-secret-key-of-32-bytes-!!!!";
#define BEARER	 "bearer-token-zzz"
#define PASSWORD "p\"ss:w0rd-zzz"

static void put_files(void)
{
	put("hook.b64", key_b64, 0600);
	put("short.b64", "c2hvcnQ=\n", 0644);
	put("bad.b64", "not base64!", 0600);
	put("bearer", BEARER "\n", 0600);
	put("split", "a b", 0600);
	put("password", PASSWORD "\nsecond line", 0600);
	put("empty", "", 0600);
	put("no.pem", "nothing", 0644);
}

static void drop_files(void)
{
	static const char *const names[] = {"hook.b64", "short.b64", "bad.b64", "bearer",
					    "split",	"password",  "empty",	"no.pem"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		drop(names[i]);
	rmdir(w.dir);
}

/* ---- set up ---- */

static void serve(void)
{
	struct http_server_config c;
	struct listener_config lc = {.address = "127.0.0.1:0",
				     .cpu = w.cpu,
				     .max_streams = 50,
				     .handshake_ms = 15000,
				     .on_accept = http_server_accept};
	struct err e = ERR_INIT;

	http_server_config_defaults(&c);
	c.loop = w.loop;
	c.routes = world_routes;
	c.server_name = "test";
	w.server = http_server_new(&c);
	w.tls = new_tls("server.chain", "server.key");
	lc.tls = w.tls;
	lc.arg = w.server;
	w.listener = listener_new(w.loop, &lc, &e);
	assert_non_null(w.listener);
}

static int world_up(void **state)
{
	struct pool_config pc = {
		.name = "cpu", .threads = 1, .bound = 64, .thread_end = crypto_thread_end};
	struct dns_config dc = {.resolver = "127.0.0.1:1"};
	struct outbound_config oc = {0};
	struct err e = ERR_INIT;

	(void)state;
	memset(&w, 0, sizeof(w));
	snprintf(w.dir, sizeof(w.dir), "/tmp/test_hook_XXXXXX");
	assert_non_null(mkdtemp(w.dir));
	put_files();
	w.loop = loop_new(&e);
	w.cpu = pool_new(w.loop, &pc, &e);
	serve();
	w.dns = dns_new(w.loop, &dc, &e);
	assert_int_equal(addr_rules_new(NULL, 0, NULL, 0, &w.rules, &e), 0);
	oc.loop = w.loop;
	oc.dns = w.dns;
	oc.rules = w.rules;
	w.outbound = outbound_new(&oc, &e);
	assert_non_null(w.outbound);
	w.root = vector("root.crt");
	w.crt = vector("p256.crt");
	w.key = vector("p256.key");
	return 0;
}

static int world_down(void **state)
{
	(void)state;
	webhook_set_free(w.set);
	outbound_free(w.outbound);
	dns_free(w.dns);
	for (int i = 0; i < 5; i++)
		loop_turn(w.loop, 0);
	addr_rules_free(w.rules);
	http_server_free(w.server);
	for (int i = 0; i < 3; i++)
		loop_turn(w.loop, 0);
	listener_free(w.listener);
	tls_context_unref(w.tls);
	pool_free(w.cpu, 5000);
	loop_turn(w.loop, 0);
	loop_free(w.loop);
	for (size_t i = 0; i < ARRAY_LEN(w.seen); i++) {
		buf_release(&w.seen[i].body);
		buf_release(&w.seen[i].headers);
		buf_release(&w.seen[i].query);
		buf_release(&w.seen[i].path);
	}
	mem_free(w.root);
	mem_free(w.crt);
	mem_free(w.key);
	drop_files();
	return 0;
}

/* ---- a set ---- */

static json_t *json_of(const char *text)
{
	struct err e = ERR_INIT;
	json_t *v = json_parse(str_c(text), &json_limits_request, 0, &e);

	if (v == NULL)
		fail_msg("%s: %s", text, e.msg);
	return v;
}

/* `text` with %P for the server's port. */
static char *with_port(const char *text)
{
	struct buf b = BUF_INIT;

	for (; *text != '\0'; text++) {
		if (strncmp(text, "%P", 2) == 0) {
			buf_printf(&b, "%d", listener_port(w.listener));
			text++;
		} else {
			buf_putc(&b, *text);
		}
	}
	return buf_steal(&b);
}

static int try_set(const char *text, struct webhook_set **out, struct err *e)
{
	const struct webhook_env env = {.dir = w.dir,
					.ca_file = w.root,
					.cert_file = w.crt,
					.key_file = w.key,
					.rules = w.rules};
	char *filled = with_port(text);
	json_t *list = json_of(filled);
	int rc = webhook_set_load(list, &env, "options.webhooks", out, e);

	json_decref(list);
	mem_free(filled);
	return rc;
}

static UNUSED void use_set(const char *text)
{
	struct err e = ERR_INIT;

	webhook_set_free(w.set);
	w.set = NULL;
	if (try_set(text, &w.set, &e) != 0)
		fail_msg("%s", e.msg);
}

/* ---- a run ---- */

struct ask {
	struct flow flow;
	struct wait wait;
	struct webhook_run run;
	json_t *body;
	bool ended;
	struct err err;
};

static enum step ask_run(struct flow *f, void *op)
{
	struct ask *a = op;

	webhook_run_init(&a->run, w.loop, f->arena);
	flow_call(f, &a->wait, &a->run.flow);
	return STEP_WAIT;
}

static enum step ask_end(struct flow *f, void *op)
{
	struct ask *a = op;
	const struct err *e = f->failed ? &f->err : wait_error(&a->wait);

	if (e != NULL)
		a->err = *e;
	return STEP_DONE;
}

static void ask_on_end(struct flow *f)
{
	struct ask *a = f->op;

	a->ended = true;
}

static const struct flow_step ask_steps[] = {
	{"test.run", ask_run, 0}, {"test.end", ask_end, 0}, {NULL, NULL, 0}};

/* The subject is what the token says; the arena is the flow's. */
static UNUSED void ask_begin(struct ask *a, enum webhook_kind kind, struct str sub)
{
	struct arena *arena = arena_new();
	struct tv token = tv_map_new(arena, &tv_type_map, 1);
	struct tv vars = tv_map_new(arena, &tv_type_map, 1);

	memset(a, 0, sizeof(*a));
	tv_map_set(token.map, STR("sub"), tv_str(sub));
	tv_map_set(vars.map, STR("Token"), token);
	a->body = json_of("{\"x509CertificateRequest\":{\"subject\":{\"commonName\":\"<a>\"}}}");
	a->run.set = w.set;
	a->run.outbound = w.outbound;
	a->run.pool = w.cpu;
	a->run.kind = kind;
	a->run.cert = WEBHOOK_X509;
	a->run.body = a->body;
	a->run.vars = vars;
	a->run.provisioner = STR("admin");
	a->run.request_id = STR("req-1");
	flow_init(&a->flow, w.loop, ask_steps, a, arena);
	a->flow.on_end = ask_on_end;
}

#define WHILE(cond)                                                                                \
	do {                                                                                       \
		uint64_t until_ = clock_mono_ms() + GUARD_MS;                                      \
		while ((cond) && clock_mono_ms() < until_)                                         \
			loop_turn(w.loop, 5);                                                      \
		assert_false(cond);                                                                \
	} while (0)

static UNUSED void ask_finish(struct ask *a)
{
	flow_start(&a->flow);
	WHILE(!a->ended);
}

static UNUSED void ask_free(struct ask *a)
{
	arena_free(a->flow.arena);
	json_decref(a->body);
}

static UNUSED void expect_allowed(enum webhook_kind kind, struct ask *a)
{
	ask_begin(a, kind, STR("host.example"));
	ask_finish(a);
	if (a->err.code != ERR_OK)
		fail_msg("%s", a->err.msg);
}

static UNUSED void expect_refused(enum webhook_kind kind, enum err_code code, const char *msg,
				  const char *pub)
{
	struct ask a;

	ask_begin(&a, kind, STR("host.example"));
	ask_finish(&a);
	if (a.err.code != code || strstr(a.err.msg, msg) == NULL || strcmp(a.err.pub, pub) != 0)
		fail_msg("%s: %s / %s", err_code_name(a.err.code), a.err.msg, a.err.pub);
	assert_null(a.run.data);
	ask_free(&a);
}

/* Does the log hold this text? */
static UNUSED bool logged(const char *text)
{
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;
	bool yes;

	log_flush();
	assert_int_equal(file_read(log_path, 1 << 24, &b, &e), 0);
	yes = b.n > 0 && strstr(b.p, text) != NULL;
	buf_release(&b);
	return yes;
}

static int group_up(void **state)
{
	struct err e = ERR_INIT;
	struct log_config c = {.format = LOG_LOGFMT, .level = LOG_DEBUG, .output = log_path};

	(void)state;
	snprintf(log_path, sizeof(log_path), "/tmp/test_hook_%d.log", (int)getpid());
	return log_start(&c, &e) != 0 || crypto_init(NULL, &e) != 0 || tls_global_init(&e) != 0;
}

static int group_down(void **state)
{
	(void)state;
	http_client_end();
	tls_global_end();
	crypto_end();
	log_stop();
	unlink(log_path);
	return 0;
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_up, world_down)

#endif
