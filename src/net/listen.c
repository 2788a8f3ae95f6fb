/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * listen.c - a listening socket and the streams that came from it.
 *
 * A listener owns its streams: it counts them, stops accepting at max_streams (what waits then
 * waits in the kernel's queue) and goes on when one has ended. When the process is short of
 * descriptors or buffers it waits 100 ms, and says so once until an accept succeeds again: a
 * level-triggered event would spin otherwise. Everything here runs on the loop thread. Freed in the
 * reap phase, after its streams.
 */
#include "base/compat.h"

#include "base/log.h"
#include "base/mem.h"
#include "net/priv.h"

#include <event2/event.h>
#include <netinet/tcp.h>

#define ACCEPTS_A_CALLBACK 32
#define PAUSE_MS	   100

static void watch(struct listener *l)
{
	if (l->fd < 0)
		return;
	if (l->n_streams < l->max_streams && !timer_pending(&l->pause))
		event_add(l->ev, NULL);
	else
		event_del(l->ev);
}

static void on_pause_over(struct timer *t)
{
	watch(CONTAINER_OF(t, struct listener, pause));
}

static void pause_accepting(struct listener *l, int errnum)
{
	struct err e = ERR_INIT;

	if (!l->complained) {
		err_errno(&e, errnum, "accept");
		log_warn("listener.paused", F_C("address", l->address),
			 F_U("streams", l->n_streams), F_ERR(&e));
		l->complained = true;
	}
	timer_set(&l->pause, PAUSE_MS);
}

static void begin(struct listener *l, int fd, const struct addr *peer)
{
	struct stream *s;
	int one = 1;

	if (!l->is_unix)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	s = stream_new(l, fd, l->is_unix ? NULL : peer);
	l->on_accept(l->arg, s);
	if (s->state == STREAM_S_DEAD)
		return;
	if (!s->user.on_event)
		stream_die(s); /* nobody wants it */
	else if (s->is_tls)
		stream_handshake_start(s);
	else
		stream_ready(s);
}

#ifdef ENABLE_TEST_HOOKS
static bool refused(const struct listener *l, int fd)
{
	unsigned ms;

	if (l->is_unix || net_fault(&ms) != NET_FAULT_REFUSE)
		return false;
	net_reset_on_close(fd);
	close(fd);
	return true;
}
#else
#define refused(l, fd) false
#endif

/* False when there is nothing more to accept now. */
static bool accept_one(struct listener *l)
{
	struct addr peer;
	int fd, errnum;

	memset(&peer, 0, sizeof(peer));
	peer.len = sizeof(peer.u.storage);
	fd = accept4(l->fd, &peer.u.sa, &peer.len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0) {
		l->complained = false;
		if (!refused(l, fd))
			begin(l, fd, &peer);
		return true;
	}
	errnum = errno;
	if (errnum == EAGAIN)
		return false;
	if (errnum == EMFILE || errnum == ENFILE || errnum == ENOBUFS || errnum == ENOMEM) {
		pause_accepting(l, errnum);
		return false;
	}
	return true; /* that connection failed (accept(2) lists why): the next one may not */
}

static void on_acceptable(evutil_socket_t fd, short what, void *arg)
{
	struct listener *l = arg;
	uint64_t token;
	unsigned i;

	(void)fd;
	(void)what;
	OBJ_CHECK(l, LISTENER_MAGIC);
	token = loop_enter(l->loop, "net.accept");
	for (i = 0; i < ACCEPTS_A_CALLBACK && l->fd >= 0 && l->n_streams < l->max_streams; i++)
		if (!accept_one(l))
			break;
	watch(l);
	loop_leave(l->loop, "net.accept", token);
}

/* A bound, listening socket, or -1 with errno. */
static int open_socket(const struct addr *a)
{
	int fd, one = 1, zero = 0, saved;

	fd = socket(a->u.sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
	    (a->u.sa.sa_family == AF_INET6 &&
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, a->any ? &zero : &one, sizeof(one)) != 0) ||
	    bind(fd, &a->u.sa, a->len) != 0 || listen(fd, SOMAXCONN) != 0) {
		saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

static int bind_address(const char *text, struct addr *a, struct err *e)
{
	int fd;

	if (addr_parse(text, a, e) != 0)
		return -1;
	fd = open_socket(a);
	if (fd < 0 && a->any && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL)) {
		addr_wildcard(a, AF_INET, addr_port(a));
		fd = open_socket(a);
	}
	if (fd < 0)
		return err_errno(e, errno, "address \"%s\": cannot listen", text);
	a->len = sizeof(a->u.storage);
	if (getsockname(fd, &a->u.sa, &a->len) != 0) {
		err_errno(e, errno, "address \"%s\": getsockname", text);
		close(fd);
		return -1;
	}
	return fd;
}

/* Fills in where it listens. -1: it cannot. */
static int open_listener(struct listener *l, const struct listener_config *c, struct err *e)
{
	char text[ADDR_TEXT];
	struct addr a;

	l->is_unix = c->unix_path != NULL;
	l->place.dir = -1;
	if (l->is_unix) {
		l->fd = unix_listen(c, &l->place, e);
		l->address = mem_asprintf("unix:%s", c->unix_path);
		return l->fd < 0 ? -1 : 0;
	}
	l->fd = bind_address(c->address, &a, e);
	if (l->fd < 0)
		return -1;
	l->port = addr_port(&a);
	l->address = mem_strdup(addr_format(&a, text));
	return 0;
}

struct listener *listener_new(struct loop *loop, const struct listener_config *c, struct err *e)
{
	struct listener *l;

	ENSURE((c->address || c->unix_path) && c->on_accept && c->max_streams > 0);
	ENSURE(!c->tls || c->cpu);
	l = NEW(struct listener);
	if (open_listener(l, c, e) != 0) {
		mem_free(l->address);
		mem_free(l);
		return NULL;
	}
	OBJ_INIT(l, LISTENER_MAGIC);
	l->loop = loop;
	l->tls = c->tls ? tls_context_ref(c->tls) : NULL;
	l->cpu = c->cpu;
	l->max_streams = c->max_streams;
	l->handshake_ms = c->handshake_ms ? c->handshake_ms : 15000;
	l->on_accept = c->on_accept;
	l->arg = c->arg;
	list_init(&l->streams);
	l->scratch = mem_alloc(NET_SCRATCH);
	timer_init(&l->pause, loop, "net.accept_pause", on_pause_over);
	l->ev = event_new(loop_base(loop), l->fd, EV_READ | EV_PERSIST, on_acceptable, l);
	ENSURE(l->ev);
	watch(l);
	return l;
}

int listener_port(const struct listener *l)
{
	return l->port;
}

const char *listener_address(const struct listener *l)
{
	return l->address;
}

size_t listener_streams(const struct listener *l)
{
	return l->n_streams;
}

void listener_stop(struct listener *l)
{
	OBJ_CHECK(l, LISTENER_MAGIC);
	timer_clear(&l->pause);
	if (l->fd < 0)
		return;
	event_free(l->ev);
	l->ev = NULL;
	unix_remove(&l->place);
	close(l->fd);
	l->fd = -1;
}

static void reap(struct post *p)
{
	struct listener *l = CONTAINER_OF(p, struct listener, reap);

	OBJ_DEAD(l);
	mem_free(l->scratch);
	mem_free(l->address);
	mem_free(l);
}

void listener_free(struct listener *l)
{
	struct list *pos, *next;

	if (!l)
		return;
	listener_stop(l);
	LIST_EACH_SAFE(pos, next, &l->streams)
	stream_die(LIST_ENTRY(pos, struct stream, node));
	timer_release(&l->pause);
	if (l->tls)
		tls_context_unref(l->tls);
	l->tls = NULL;
	l->reap.fn = reap;
	l->reap.name = "net.listener_free";
	loop_reap(l->loop, &l->reap);
}

void listener_stream_gone(struct listener *l, struct stream *s)
{
	OBJ_CHECK(l, LISTENER_MAGIC);
	ENSURE(l->n_streams > 0);
	list_remove(&s->node);
	l->n_streams--;
	watch(l);
}
