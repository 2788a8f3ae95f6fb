/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/mem.h"
#include "http/outbound_priv.h"

#include <event2/event.h>

/*
 * libcurl's multi handle on the loop.
 *
 * libcurl says which sockets it wants to watch (on_want), and when it wants to be called without
 * one (on_want_timer); each socket is a libevent event. After each call into libcurl, finished
 * transfers are collected: their flow is told by wait_done(), which only queues it, so no flow ever
 * runs below libcurl and none can remove a transfer from inside one of its callbacks.
 *
 * Connections are kept for the next call to the same host, a minute at most: libcurl compares the
 * files of trust and client certificate by name, and a file that was replaced takes effect when the
 * connections made before have gone.
 */
#define KEPT_COUNT 64L

struct sock {
	struct list node;
	struct outbound *o;
	struct event *ev;
};

/* Ends the waits of what has finished. */
static void collect(struct outbound *o)
{
	CURLMsg *m;
	int left;

	while ((m = o->lib->multi_info_read(o->multi, &left)) != NULL) {
		struct outbound_state *st = NULL;
		struct err e = ERR_INIT;
		CURLcode rc = m->data.result;

		if (m->msg != CURLMSG_DONE)
			continue;
		ENSURE(o->lib->easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &st) == CURLE_OK &&
		       st != NULL);
		if (outbound_easy_result(st, rc, &e) == 0)
			e.code = ERR_OK;
		outbound_easy_end(st); /* m is gone, too */
		wait_done(&st->wait, &e);
	}
}

static void act(struct outbound *o, curl_socket_t fd, int events)
{
	int running = 0;

	(void)o->lib->multi_socket_action(o->multi, fd, events, &running);
	collect(o);
}

static void on_timer(struct timer *t)
{
	act(CONTAINER_OF(t, struct outbound, timer), CURL_SOCKET_TIMEOUT, 0);
}

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
	struct sock *s = arg;
	struct outbound *o = s->o; /* s may go meanwhile */
	struct loop *l = o->loop;
	uint64_t token = loop_enter(l, "http.outbound");

	act(o, fd,
	    (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0));
	loop_leave(l, "http.outbound", token);
}

static void sock_free(struct sock *s)
{
	list_remove(&s->node);
	if (s->ev != NULL)
		event_free(s->ev);
	mem_free(s);
}

static int on_want(CURL *easy, curl_socket_t fd, int what, void *arg, void *assigned)
{
	struct outbound *o = arg;
	struct sock *s = assigned;
	short flags = (short)((what & CURL_POLL_IN ? EV_READ : 0) |
			      (what & CURL_POLL_OUT ? EV_WRITE : 0) | EV_PERSIST);

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (s != NULL)
			sock_free(s);
		return 0;
	}
	if (s == NULL) {
		s = NEW(struct sock);
		s->o = o;
		list_add_tail(&o->sockets, &s->node);
		(void)o->lib->multi_assign(o->multi, fd, s);
	} else {
		event_free(s->ev);
	}
	s->ev = event_new(loop_base(o->loop), fd, flags, on_socket, s);
	ENSURE(s->ev != NULL && event_add(s->ev, NULL) == 0);
	return 0;
}

static int on_want_timer(CURLM *multi, long ms, void *arg)
{
	struct outbound *o = arg;

	(void)multi;
	if (ms < 0)
		timer_clear(&o->timer);
	else
		timer_set(&o->timer, (uint64_t)ms);
	return 0;
}

#define SET(o, option, value) ((o)->lib->multi_setopt((o)->multi, (option), (value)) == CURLM_OK)

int outbound_multi_new(struct outbound *o, struct err *e)
{
	list_init(&o->sockets);
	timer_init(&o->timer, o->loop, "http.outbound", on_timer);
	o->multi = o->lib->multi_init();
	if (o->multi == NULL)
		return ERR(e, ERR_INTERNAL, "libcurl: out of memory");
	if (SET(o, CURLMOPT_SOCKETFUNCTION, on_want) && SET(o, CURLMOPT_SOCKETDATA, o) &&
	    SET(o, CURLMOPT_TIMERFUNCTION, on_want_timer) && SET(o, CURLMOPT_TIMERDATA, o) &&
	    SET(o, CURLMOPT_MAXCONNECTS, KEPT_COUNT) &&
	    SET(o, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING))
		return 0;
	return ERR(e, ERR_INTERNAL,
		   "libcurl: too old, an option of its multi interface is missing");
}

void outbound_multi_free(struct outbound *o)
{
	struct list *n, *tmp;

	if (o->multi != NULL)
		(void)o->lib->multi_cleanup(o->multi);
	o->multi = NULL;
	LIST_EACH_SAFE(n, tmp, &o->sockets)
	sock_free(LIST_ENTRY(n, struct sock, node));
	timer_release(&o->timer);
}
