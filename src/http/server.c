/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/clock.h"
#include "base/mem.h"
#include "http/priv.h"

/*
 * A set of connections that share routes, limits and a fate. The server outlives its connections:
 * after http_server_free() it stays until the last of them, held by a flow that could not be
 * cancelled, was reaped.
 */
#define SERVER_MAGIC 0x68747376U

void http_server_config_defaults(struct http_server_config *c)
{
	*c = (struct http_server_config){
		.max_head = 16 * 1024,
		.max_headers = 64,
		.max_requests = 1000,
		.head_ms = 15000,
		.body_ms = 10000,
		.idle_ms = 15000,
		.write_ms = 15000,
	};
}

struct http_server *http_server_new(const struct http_server_config *c)
{
	struct http_server *sv = NEW(struct http_server);

	ENSURE(c->loop != NULL && c->routes != NULL && c->max_head > 0 && c->max_requests > 0);
	OBJ_INIT(sv, SERVER_MAGIC);
	sv->conf = *c;
	list_init(&sv->conns);
	return sv;
}

void http_server_accept(void *server, struct stream *s)
{
	struct http_server *sv = server;

	OBJ_CHECK(sv, SERVER_MAGIC);
	if (sv->freed)
		stream_abort(s);
	else
		http_conn_new(sv, s);
}

const char *http_server_date(struct http_server *sv)
{
	int64_t now = clock_now();

	if (sv->date_at != now || sv->date[0] == 0) {
		time_format_http(now, sv->date);
		sv->date_at = now;
	}
	return sv->date;
}

void http_server_drain(struct http_server *sv)
{
	struct list *pos, *tmp;

	OBJ_CHECK(sv, SERVER_MAGIC);
	sv->draining = true;
	LIST_EACH_SAFE(pos, tmp, &sv->conns)
	http_conn_drain(LIST_ENTRY(pos, struct http_conn, node));
}

size_t http_server_busy(const struct http_server *sv)
{
	return sv->n_busy;
}

size_t http_server_connections(const struct http_server *sv)
{
	return sv->n_conns;
}

static void on_reap(struct post *p)
{
	struct http_server *sv = CONTAINER_OF(p, struct http_server, reap);

	OBJ_DEAD(sv);
	mem_free(sv);
}

static void free_when_empty(struct http_server *sv)
{
	if (!sv->freed || sv->n_conns > 0)
		return;
	sv->reap = (struct post){.fn = on_reap, .name = "http.server"};
	loop_reap(sv->conf.loop, &sv->reap);
}

void http_server_forget(struct http_server *sv, struct http_conn *c)
{
	OBJ_CHECK(sv, SERVER_MAGIC);
	list_remove(&c->node);
	sv->n_conns--;
	free_when_empty(sv);
}

void http_server_free(struct http_server *sv)
{
	struct list *pos, *tmp;

	if (sv == NULL)
		return;
	OBJ_CHECK(sv, SERVER_MAGIC);
	ENSURE(!sv->freed);
	sv->freed = true;
	sv->draining = true;
	LIST_EACH_SAFE(pos, tmp, &sv->conns)
	http_conn_abort(LIST_ENTRY(pos, struct http_conn, node));
	free_when_empty(sv);
}
