/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/clock.h"
#include "base/metric.h"
#include "crypto/crypto.h"
#include "http/priv.h"
#include "http/syntax.h"
#include "net/addr.h"

/*
 * A request from its head to its line in the access log.
 *
 * It lives in its own arena, together with everything that a handler makes for it. Two things keep
 * it alive: its connection, until the answer was handed to the kernel, and the handler's flow,
 * until that ended. The flow is run as the child of `outer`, whose end is how the request learns of
 * it. A client that leaves cancels the child itself, never `outer`: a child that may no longer be
 * cancelled (FLOW_DETACH) goes on, and the request waits for it with its connection dead.
 *
 * Exactly one answer: a second one is a BUG; a flow that ends without one is answered 500 here,
 * since its last step may itself have failed. Bodies, queries and header values never reach the
 * log.
 */
#define TXN_MAGIC    0x68747265U
#define LOG_PATH_MAX 256
#define STATUS_GONE  499 /* in the log only: the client left before its answer */

static struct http_txn *txn_of(struct http_req *r)
{
	struct http_txn *t = CONTAINER_OF(r, struct http_txn, pub);

	OBJ_CHECK(t, TXN_MAGIC);
	return t;
}

static const struct http_txn *txn_of_const(const struct http_req *r)
{
	const struct http_txn *t =
		(const struct http_txn *)(const void *)((const char *)r -
							offsetof(struct http_txn, pub));

	OBJ_CHECK(t, TXN_MAGIC);
	return t;
}

struct http_txn *http_txn_new(struct http_conn *c, struct arena *a)
{
	struct http_txn *t = ARENA_NEW(a, struct http_txn);

	OBJ_INIT(t, TXN_MAGIC);
	t->server = c->server;
	t->conn = c;
	t->started_ms = clock_mono_ms();
	t->pub.arena = a;
	t->pub.loop = c->server->conf.loop;
	t->pub.app = c->server->conf.app;
	t->pub.head = &t->head;
	t->pub.peer = arena_strdup(a, c->peer);
	t->pub.is_tls = c->tls.version != NULL;
	t->pub.has_cred = c->has_cred;
	t->pub.cred = c->cred;
	t->pub.tls = c->tls; /* the connection outlives the request */
	t->pub.received = clock_now();
	t->head.path = STR("-");
	t->head.method = STR("-");
	return t;
}

struct str http_req_source(const struct http_req *r)
{
	struct err ignored = ERR_INIT;
	struct addr a;

	if (r->has_cred || addr_parse(r->peer, &a, &ignored) < 0)
		return STR_NULL;
	if (a.u.sa.sa_family == AF_INET)
		return str_mem(arena_dup(r->arena, &a.u.in.sin_addr, 4), 4);
	return str_mem(arena_dup(r->arena, &a.u.in6.sin6_addr, 16), 16);
}

static bool id_valid(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x21 || s.p[i] > 0x7e)
			return false;
	return s.n >= 1 && s.n <= 128;
}

static char *new_uuid(struct arena *a)
{
	unsigned char b[16];

	rand_bytes(b, sizeof(b));
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	return arena_printf(a,
			    "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
			    b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10],
			    b[11], b[12], b[13], b[14], b[15]);
}

void http_txn_identify(struct http_txn *t)
{
	struct str id = http_head_get(&t->head, "X-Request-Id");

	if (!id_valid(id))
		id = http_head_get(&t->head, "X-Smallstep-Id");
	t->pub.id = id_valid(id) ? arena_cstr(t->pub.arena, id) : new_uuid(t->pub.arena);
	t->pub.path = t->head.path;
	t->pub.query = t->head.query;
	t->pub.host = t->head.host;
}

struct str http_req_param(const struct http_req *r, const char *name)
{
	const struct http_txn *t = txn_of_const(r);

	for (unsigned i = 0; i < t->match.n_params; i++)
		if (str_eqc(t->match.names[i], name))
			return t->match.values[i];
	return STR_NULL;
}

struct str http_req_header(const struct http_req *r, const char *name)
{
	return http_head_get(r->head, name);
}

static bool value_clean(const char *v)
{
	for (; *v; v++)
		if (!http_is_field_char((unsigned char)*v))
			return false;
	return true;
}

void http_reply_header(struct http_req *r, const char *name, const char *value)
{
	struct http_txn *t = txn_of(r);

	ENSURE(!t->replied && t->n_extra < HTTP_MAX_EXTRA);
	ENSURE(http_is_token(str_c(name)) && value_clean(value));
	t->extra[t->n_extra].name = arena_str(r->arena, str_c(name));
	t->extra[t->n_extra++].value = arena_str(r->arena, str_c(value));
}

static void build_head(struct http_txn *t, const char *content_type, size_t length, struct buf *out)
{
	bool bodiless = t->status < 200 || t->status == 204 || t->status == 304;

	buf_printf(out, "HTTP/1.1 %d %s\r\nDate: %s\r\n", t->status, http_reason(t->status),
		   http_server_date(t->server));
	if (content_type != NULL && !bodiless)
		buf_printf(out, "Content-Type: %s\r\n", content_type);
	if (!bodiless)
		buf_printf(out, "Content-Length: %zu\r\n", length);
	buf_printf(out, "X-Request-Id: %s\r\n", t->pub.id);
	if (t->close)
		buf_puts(out, "Connection: close\r\n");
	else if (t->head.minor == 0)
		buf_puts(out, "Connection: keep-alive\r\n");
	for (unsigned i = 0; i < t->n_extra; i++) {
		buf_str(out, t->extra[i].name);
		buf_puts(out, ": ");
		buf_str(out, t->extra[i].value);
		buf_puts(out, "\r\n");
	}
	buf_puts(out, "\r\n");
}

void http_reply(struct http_req *r, int status, const char *content_type, struct str body)
{
	struct http_txn *t = txn_of(r);
	struct buf head = BUF_INIT;

	ENSURE(!t->replied && status >= 200 && status <= 599);
	ENSURE(content_type == NULL || value_clean(content_type));
	t->replied = true;
	t->status = status;
	t->close = t->close || t->server->draining;
	if (status == 204 || status == 304)
		body = STR_NULL;
	build_head(t, content_type, body.n, &head);
	if (str_eqc(t->head.method, "HEAD"))
		body = STR_NULL;
	t->bytes = body.n;
	http_conn_write(t->conn, buf_view(&head), body);
	buf_wipe_release(&head);
	if (t->flow == NULL)
		http_conn_kick(t->conn);
}

void http_reply_text(struct http_req *r, int status, const char *text)
{
	http_reply_header(r, "X-Content-Type-Options", "nosniff");
	http_reply(r, status, "text/plain; charset=utf-8", str_c(text));
}

bool http_replied(const struct http_req *r)
{
	return txn_of_const(r)->replied;
}

void http_log_field(struct http_req *r, const char *key, struct str value)
{
	struct http_txn *t = txn_of(r);

	if (t->n_fields < HTTP_MAX_FIELDS)
		t->fields[t->n_fields++] =
			F_STR(arena_strdup(r->arena, key), arena_str(r->arena, value));
}

void http_txn_log(const struct http_txn *t)
{
	struct log_field f[14 + HTTP_MAX_FIELDS];
	struct str path = t->head.path;
	bool gone = t->conn->stream == NULL;
	size_t n = 0;

	metric_inc(METRIC_HTTP_REQUESTS);
	if (!log_enabled(LOG_INFO))
		return;
	if (path.n > LOG_PATH_MAX)
		path.n = LOG_PATH_MAX;
	if (t->server->conf.server_name != NULL)
		f[n++] = F_C("server", t->server->conf.server_name);
	f[n++] = F_C("id", t->pub.id);
	f[n++] = F_C("peer", t->pub.peer);
	f[n++] = F_STR("method", t->head.method);
	f[n++] = F_STR("path", path);
	if (t->pub.route != NULL && t->pub.route->name != NULL)
		f[n++] = F_C("route", t->pub.route->name);
	f[n++] = F_I("status", t->replied ? t->status : STATUS_GONE);
	f[n++] = F_U("bytes", t->bytes);
	f[n++] = F_U("ms", clock_mono_ms() - t->started_ms);
	if (gone)
		f[n++] = F_BOOL("gone", true);
	if (t->refused != NULL)
		f[n++] = F_C("err", t->refused);
	for (unsigned i = 0; i < t->n_fields; i++)
		f[n++] = t->fields[i];
	f[n] = (struct log_field){.kind = LOG_END};
	log_write(LOG_INFO, "http.request", f);
}

/* ---- the flow ---- */

static enum step run_handler_flow(struct flow *f, void *op)
{
	struct http_txn *t = op;

	OBJ_CHECK(t, TXN_MAGIC);
	flow_call(f, &t->wait, t->flow);
	if (t->cancelled)
		flow_cancel(t->flow);
	return STEP_WAIT;
}

static enum step end_handler_flow(struct flow *f, void *op)
{
	(void)f;
	(void)op;
	return STEP_DONE;
}

static const struct flow_step outer_steps[] = {
	{"http.run", run_handler_flow, 0},
	{"http.end", end_handler_flow, 0},
	{NULL, NULL, 0},
};

static void on_outer_end(struct flow *f)
{
	struct http_txn *t = CONTAINER_OF(f, struct http_txn, outer);

	OBJ_CHECK(t, TXN_MAGIC);
	if (!t->replied) {
		log_error("http.no_answer", F_C("id", t->pub.id),
			  F_C("step", flow_step_name(t->flow)), F_ERR(&t->flow->err));
		t->n_extra = 0;
		http_reply_text(&t->pub, 500, "500 Internal Server Error\n");
	}
	t->flow = NULL;
	http_conn_kick(t->conn);
}

void http_req_run(struct http_req *r, struct flow *f, const struct flow_step *steps, void *op)
{
	struct http_txn *t = txn_of(r);

	ENSURE(t->flow == NULL && !t->replied);
	t->flow = f;
	flow_init(f, r->loop, steps, op, r->arena);
	flow_init(&t->outer, r->loop, outer_steps, t, r->arena);
	t->outer.on_end = on_outer_end;
	flow_start(&t->outer);
}

void http_txn_cancel(struct http_txn *t)
{
	bool called = t->outer.waiting != NULL;

	if (t->flow == NULL || t->cancelled)
		return;
	t->cancelled = true;
	if (called)
		flow_cancel(t->flow);
}

static void free_txn(struct http_txn *t)
{
	struct arena *a = t->pub.arena;

	ENSURE(t->flow == NULL);
	buf_wipe_release(&t->body);
	OBJ_DEAD(t);
	arena_free(a);
}

static void on_reap(struct post *p)
{
	free_txn(CONTAINER_OF(p, struct http_txn, reap));
}

void http_txn_reap(struct http_txn *t)
{
	t->reap = (struct post){.fn = on_reap, .name = "http.request"};
	loop_reap(t->pub.loop, &t->reap);
}
