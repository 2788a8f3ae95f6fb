/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/mem.h"
#include "base/metric.h"
#include "http/priv.h"

#include <event2/buffer.h>

/*
 * A connection is a state machine over a stream:
 *
 *     NEW -> IDLE -> HEAD -> (BODY) -> RUN -> WRITE -> IDLE ...          any -> DEAD
 *
 * One request at a time. What a client sends ahead stays in the stream's input, which is bounded
 * there, until the answer before it was handed to the kernel: the memory of a connection does not
 * depend on how much is pipelined. After each request the others on the loop get their turn
 * (http_conn_kick posts).
 *
 * The stream belongs to the connection until stream_close or stream_abort; then the connection is
 * DEAD, and lives on only for a flow that is not over yet. It is freed in the reap phase, after its
 * request.
 *
 * Whatever is refused before its body was read ends the connection, because what follows cannot be
 * told from a body: the answer says `Connection: close`, input is thrown away while it is written,
 * and stream_close lingers, so that the client reads the answer even though it is still sending.
 *
 * A client that closes its side while a flow runs has left (as servers usually take it), unless it
 * had sent another request before. To add a state: a line in conn_advance, in on_timer, and in
 * conn_end if it owns something.
 */
#define CONN_MAGIC     0x6874636eU
#define TARGET_MAX     8192
#define PROGRESS_BYTES 8192 /* of a body: buys it another body_ms */
#define EARLY_EOF_MS                                                                               \
	500 /* how long input is awaited that the kernel may still hold, see input_over() */

static const char body_cut[] = "body: the client closed before its end";

static void conn_advance(struct http_conn *c);

static struct http_conn *conn_of(void *arg)
{
	struct http_conn *c = arg;

	OBJ_CHECK(c, CONN_MAGIC);
	return c;
}

static struct evbuffer *input(struct http_conn *c)
{
	return stream_input(c->stream);
}

/*
 * Nothing more will come. A stream whose input is full may tell the end before the last input: an
 * EOF that finds input unread is believed only when nothing followed for EARLY_EOF_MS.
 */
static bool input_over(struct http_conn *c)
{
	return c->eof && !c->eof_early;
}

static bool client_left(struct http_conn *c)
{
	return input_over(c) && evbuffer_get_length(input(c)) == 0;
}

static void set_read_timer(struct http_conn *c, unsigned ms)
{
	timer_set(&c->timer, c->eof && ms > EARLY_EOF_MS ? EARLY_EOF_MS : ms);
}

static void discard_input(struct http_conn *c)
{
	ENSURE(evbuffer_drain(input(c), evbuffer_get_length(input(c))) == 0);
}

/* ---- the end ---- */

static void on_reap(struct post *p)
{
	struct http_conn *c = CONTAINER_OF(p, struct http_conn, reap);

	ENSURE(c->txn == NULL && c->stream == NULL);
	loop_unpost(c->server->conf.loop, &c->post);
	timer_release(&c->timer);
	http_server_forget(c->server, c);
	arena_free(c->arena);
	OBJ_DEAD(c);
	mem_free(c);
}

static void finish_txn(struct http_conn *c)
{
	http_txn_log(c->txn);
	http_txn_reap(c->txn);
	c->txn = NULL;
	c->server->n_busy--;
}

/* DEAD and nothing runs any more: reaped after the request, which was handed over first. */
static void reap_when_over(struct http_conn *c)
{
	if (c->txn != NULL && c->txn->flow != NULL)
		return;
	if (c->txn != NULL)
		finish_txn(c);
	loop_reap(c->server->conf.loop, &c->reap);
}

static void conn_end(struct http_conn *c, void (*end)(struct stream *))
{
	if (c->state == CONN_DEAD)
		return;
	c->state = CONN_DEAD;
	end(c->stream);
	c->stream = NULL;
	timer_clear(&c->timer);
	metric_add(METRIC_HTTP_CONNECTIONS, -1);
	if (c->txn != NULL)
		http_txn_cancel(c->txn);
	reap_when_over(c);
}

static void conn_close(struct http_conn *c)
{
	discard_input(c);
	conn_end(c, stream_close);
}

void http_conn_abort(struct http_conn *c)
{
	conn_end(c, stream_abort);
}

void http_conn_drain(struct http_conn *c)
{
	if (c->state == CONN_IDLE && evbuffer_get_length(input(c)) == 0)
		conn_close(c);
}

/* ---- answers ---- */

void http_conn_kick(struct http_conn *c)
{
	loop_post(c->server->conf.loop, &c->post);
}

void http_conn_write(struct http_conn *c, struct str head, struct str body)
{
	struct evbuffer *out;

	if (c->stream == NULL)
		return;
	out = evbuffer_new();
	ENSURE(out != NULL && evbuffer_expand(out, head.n + body.n) == 0);
	ENSURE(evbuffer_add(out, head.p, head.n) == 0);
	ENSURE(body.n == 0 || evbuffer_add(out, body.p, body.n) == 0);
	stream_write(c->stream, out);
	evbuffer_free(out);
}

/* The server itself answers. */
static void refuse(struct http_conn *c, int status, const char *why, bool close)
{
	struct http_txn *t = c->txn;

	timer_clear(&c->timer);
	c->state = CONN_RUN;
	t->refused = why;
	t->close = t->close || close;
	if (status == 405) {
		http_reply_header(&t->pub, "Allow", t->match.allow);
		http_reply(&t->pub, 405, NULL, STR_NULL);
	} else if (status == 404) {
		http_reply_text(&t->pub, 404, "404 page not found\n");
	} else {
		http_reply_text(&t->pub, status,
				arena_printf(t->pub.arena, "%d %s\n", status, http_reason(status)));
	}
}

static void write_answer(struct http_conn *c)
{
	if (!c->txn->replied || c->txn->flow != NULL)
		return;
	c->state = CONN_WRITE;
	c->progress = stream_pending(c->stream);
	timer_set(&c->timer, c->server->conf.write_ms);
	conn_advance(c);
}

static void end_answer(struct http_conn *c)
{
	bool close = c->txn->close || c->server->draining;
	bool more;

	if (close)
		discard_input(c);
	if (stream_pending(c->stream) > 0)
		return;
	finish_txn(c);
	more = evbuffer_get_length(input(c)) > 0;
	if (close || client_left(c)) {
		conn_close(c);
		return;
	}
	c->state = CONN_IDLE;
	c->blank_skipped = false;
	set_read_timer(c, c->server->conf.idle_ms);
	if (more)
		http_conn_kick(c);
}

/* ---- head and body ---- */

static void dispatch(struct http_conn *c)
{
	struct http_txn *t = c->txn;

	timer_clear(&c->timer);
	c->state = CONN_RUN;
	t->pub.body = buf_view(&t->body);
	t->pub.route->handler(&t->pub);
	ENSURE(t->replied || t->flow != NULL);
}

/* Moves body bytes from the stream. 1: complete, 0: more to come, -1: malformed or too many, *e
 * says which. */
static int take_body(struct http_conn *c, struct err *e)
{
	struct http_txn *t = c->txn;
	struct evbuffer *in = input(c);
	size_t n;

	if (!t->head.chunked) {
		n = evbuffer_get_length(in);
		if (n > t->head.length - t->body.n)
			n = (size_t)(t->head.length - t->body.n);
		if (n > 0) {
			char *to = buf_reserve(&t->body, n);

			ENSURE(to != NULL && evbuffer_remove(in, to, n) == (int)n);
			t->body.n += n;
		}
		return t->body.n == t->head.length;
	}
	while (!t->chunked.done && (n = evbuffer_get_contiguous_space(in)) > 0) {
		const char *p = (const char *)evbuffer_pullup(in, (ssize_t)n);
		ssize_t used = http_chunked_feed(&t->chunked, str_mem(p, n), &t->body, e);

		if (used < 0)
			return -1;
		ENSURE(evbuffer_drain(in, (size_t)used) == 0);
	}
	return t->chunked.done;
}

static void read_body(struct http_conn *c)
{
	struct http_txn *t = c->txn;
	struct err e = ERR_INIT;
	int r = take_body(c, &e);

	if (r < 0) {
		refuse(c, e.code == ERR_TOO_LARGE ? 413 : 400, arena_strdup(t->pub.arena, e.msg),
		       true);
	} else if (r > 0) {
		dispatch(c);
	} else if (input_over(c)) {
		refuse(c, 400, body_cut, true);
	} else if (t->body.n - c->progress >= PROGRESS_BYTES) {
		c->progress = t->body.n;
		set_read_timer(c, c->server->conf.body_ms);
	}
}

/* The head is good: what becomes of it? */
static void begin_request(struct http_conn *c)
{
	struct http_txn *t = c->txn;
	const struct http_head *h = &t->head;
	bool body = h->chunked || h->length > 0;
	size_t max;

	http_route_find(c->server->conf.routes, h, t->pub.arena, &t->match);
	if (t->match.status != 0) {
		refuse(c, t->match.status, NULL, body || t->match.status == 400);
		return;
	}
	t->pub.route = t->match.route;
	max = t->match.route->max_body;
	if (h->length > max || (h->chunked && h->expect_continue && max == 0)) {
		refuse(c, 413, "body: more than the route takes", true);
		return;
	}
	if (!body) {
		dispatch(c);
		return;
	}
	c->state = CONN_BODY;
	c->progress = 0;
	set_read_timer(c, c->server->conf.body_ms);
	http_chunked_init(&t->chunked, max);
	if (h->expect_continue && evbuffer_get_length(input(c)) == 0)
		stream_write_str(c->stream, STR("HTTP/1.1 100 Continue\r\n\r\n"));
	read_body(c);
}

static struct http_txn *new_txn(struct http_conn *c)
{
	c->n_requests++;
	c->server->n_busy++;
	c->txn = http_txn_new(c, arena_new());
	c->txn->close = c->n_requests >= c->server->conf.max_requests || c->server->draining;
	return c->txn;
}

/* `n` bytes of input are a head, or what shows that it cannot become one. */
static void take_head(struct http_conn *c, const char *p, size_t n)
{
	const struct http_server_config *conf = &c->server->conf;
	struct http_limits lim = {
		.max_head = conf->max_head,
		.max_target = TARGET_MAX,
		.max_headers = conf->max_headers,
	};
	struct http_txn *t = new_txn(c);
	struct str head = arena_str(t->pub.arena, str_mem(p, n));
	struct err e = ERR_INIT;
	int status;

	ENSURE(evbuffer_drain(input(c), n) == 0);
	if (http_head_parse(head, &lim, t->pub.arena, &t->head, &e) < 0) {
		status = t->head.status;
		t->head = (struct http_head){.method = STR("-"), .path = STR("-"), .minor = 1};
		http_txn_identify(t);
		refuse(c, status, arena_strdup(t->pub.arena, e.msg), true);
		return;
	}
	http_txn_identify(t);
	t->close = t->close || !t->head.keep_alive;
	begin_request(c);
}

/* Answers a head that was never complete. */
static void refuse_head(struct http_conn *c, int status, const char *why)
{
	struct http_txn *t = new_txn(c);

	t->head.minor = 1;
	http_txn_identify(t);
	refuse(c, status, why, true);
}

static void read_head(struct http_conn *c)
{
	const struct http_server_config *conf = &c->server->conf;
	size_t have = evbuffer_get_length(input(c));
	const char *p;
	ssize_t n;

	if (have > 0 && c->state == CONN_IDLE) {
		c->state = CONN_HEAD;
		set_read_timer(c, conf->head_ms);
	}
	if (have > conf->max_head)
		have = conf->max_head;
	p = (const char *)evbuffer_pullup(input(c), (ssize_t)have);
	if (have >= 2 && !c->blank_skipped && p[0] == '\r' && p[1] == '\n') {
		ENSURE(evbuffer_drain(input(c), 2) == 0);
		c->blank_skipped = true;
		read_head(c); /* once */
		return;
	}
	n = have > 0 ? http_head_length(str_mem(p, have), conf->max_head) : 0;
	if (n > 0)
		take_head(c, p, (size_t)n);
	else if (n < 0 && memchr(p, '\r', have) == NULL)
		refuse_head(c, 414, "request: the target is too long");
	else if (n < 0)
		refuse_head(c, 431, "request: the head is too long");
	else if (input_over(c))
		conn_close(c);
}

/* ---- events ---- */

static void conn_advance(struct http_conn *c)
{
	switch (c->state) {
	case CONN_NEW:
		break;
	case CONN_IDLE:
	case CONN_HEAD:
		read_head(c);
		break;
	case CONN_BODY:
		read_body(c);
		break;
	case CONN_RUN:
		write_answer(c);
		break;
	case CONN_WRITE:
		end_answer(c);
		break;
	case CONN_DEAD:
		reap_when_over(c);
		break;
	}
}

static void on_post(struct post *p)
{
	struct http_conn *c = CONTAINER_OF(p, struct http_conn, post);

	OBJ_CHECK(c, CONN_MAGIC);
	conn_advance(c);
}

static void on_timer(struct timer *tm)
{
	struct http_conn *c = CONTAINER_OF(tm, struct http_conn, timer);
	size_t pending;

	OBJ_CHECK(c, CONN_MAGIC);
	switch (c->state) {
	case CONN_IDLE:
		conn_close(c);
		break;
	case CONN_HEAD:
		if (c->eof)
			conn_close(c);
		else
			refuse_head(c, 408, "request: the head came too slowly");
		break;
	case CONN_BODY:
		if (c->eof)
			refuse(c, 400, body_cut, true);
		else
			refuse(c, 408, "body: came too slowly", true);
		break;
	case CONN_WRITE:
		pending = stream_pending(c->stream);
		if (pending >= c->progress) {
			http_conn_abort(c);
			break;
		}
		c->progress = pending;
		timer_set(&c->timer, c->server->conf.write_ms);
		break;
	case CONN_NEW:
	case CONN_RUN:
	case CONN_DEAD:
		break;
	}
}

/* The stream's description of the peer, copied: a request may outlive the stream. */
static void take_tls(struct http_conn *c)
{
	struct stream_tls_info *t = &c->tls;
	struct str *chain;

	if (!stream_tls_info(c->stream, t))
		return;
	t->version = arena_strdup(c->arena, t->version ? t->version : "");
	t->suite = arena_strdup(c->arena, t->suite ? t->suite : "");
	t->server_name = arena_str(c->arena, t->server_name);
	t->peer_leaf = arena_str(c->arena, t->peer_leaf);
	chain = ARENA_ARRAY(c->arena, struct str, t->n_peer_chain + 1);
	for (size_t i = 0; i < t->n_peer_chain; i++)
		chain[i] = arena_str(c->arena, t->peer_chain[i]);
	t->peer_chain = chain;
}

static void on_ready(struct http_conn *c)
{
	if (c->state != CONN_NEW)
		return;
	take_tls(c);
	c->state = CONN_IDLE;
	timer_set(&c->timer, c->server->conf.idle_ms);
}

static void on_eof(struct http_conn *c)
{
	c->eof = true;
	c->eof_early = evbuffer_get_length(input(c)) > 0;
	if (c->state == CONN_NEW)
		http_conn_abort(c);
	else if (c->state == CONN_RUN && client_left(c))
		http_txn_cancel(c->txn);
	else if (c->eof_early && (c->state == CONN_HEAD || c->state == CONN_BODY))
		timer_set(&c->timer, EARLY_EOF_MS);
}

static void on_event(void *arg, struct stream *s, enum stream_event ev)
{
	struct http_conn *c = conn_of(arg);

	ENSURE(c->stream == s);
	switch (ev) {
	case STREAM_READY:
		on_ready(c);
		break;
	case STREAM_INPUT:
	case STREAM_DRAINED:
		break;
	case STREAM_EOF:
		on_eof(c);
		break;
	case STREAM_GONE:
		http_conn_abort(c);
		return;
	}
	conn_advance(c);
}

void http_conn_new(struct http_server *sv, struct stream *s)
{
	struct http_conn *c = NEW(struct http_conn);

	OBJ_INIT(c, CONN_MAGIC);
	c->server = sv;
	c->stream = s;
	c->state = CONN_NEW;
	c->arena = arena_new();
	c->peer = arena_strdup(c->arena, stream_peer(s));
	c->has_cred = stream_cred(s, &c->cred);
	c->post = (struct post){.fn = on_post, .name = "http.conn"};
	c->reap = (struct post){.fn = on_reap, .name = "http.conn"};
	timer_init(&c->timer, sv->conf.loop, "http.conn", on_timer);
	list_add_tail(&sv->conns, &c->node);
	sv->n_conns++;
	metric_inc(METRIC_HTTP_CONNECTIONS);
	stream_set_user(s, &(struct stream_user){.on_event = on_event, .arg = c});
}
