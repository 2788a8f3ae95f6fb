/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stream.c - the life of a connection: states, events for the user, closing.
 *
 *	            plain                                 stream_close
 *	accept ──────────────────────────▶ OPEN ───────────────────────▶ FLUSH ──▶ LINGER ──▶ DEAD
 *	   │ TLS                            ▲ │ reset, broken records      output out,   peer's FIN
 *	   ▼         handshake done         │ ▼                             FIN sent      or 2 s
 *	HANDSHAKE ──────────────────────────┘ GONE ──── close, abort ──▶ DEAD
 *	   │ refused (alert sent)             ▲
 *	   └──▶ REFUSED ── FIN or 2 s ────────┘
 *
 * Who owns what. The listener owns the stream (its list, its count); the user has the handle from
 * on_accept until it calls stream_close or stream_abort, also after STREAM_GONE. After that the
 * stream ends by itself and says nothing more. stream_die() closes the descriptor at once; the
 * memory goes in the reap phase, so the user may look at the stream until its own callback returns.
 * All on the loop thread; only a TLS session travels to a worker (tls_stream.c).
 *
 * Events are bits in `events`, told by a posted callback in the order READY, INPUT, DRAINED, EOF,
 * GONE; each once, INPUT again when new input came. A user that reads nothing finds its input held
 * at 64 KiB: the read event is off then, so that TCP slows the peer down. A level-triggered loop
 * cannot watch for the end without watching for input (libevent reports a reset as readable and
 * writable, never as closed alone, and a broken socket that nobody reads spins), therefore the peer
 * is looked at with poll(2) every 500 ms while input is held back: a reset is GONE; its FIN is EOF
 * although some input is still to come.
 *
 * One timer, its meaning by state: HANDSHAKE deadline (or the next try of a job that the pool
 * refused), REFUSED and LINGER the end of waiting, OPEN the look at the peer, FLUSH the end of
 * patience with a peer that takes nothing.
 *
 * To add a state: name it in priv.h, and the compiler shows each switch to extend.
 */
#include "base/compat.h"

#include "base/mem.h"
#include "base/metric.h"
#include "net/priv.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <poll.h>

#ifdef ENABLE_TEST_HOOKS
static void on_held_over(struct timer *t)
{
	struct stream *s = CONTAINER_OF(t, struct stream, held);

	s->let_through = true;
	stream_watch(s);
}

/* True: the input there is will be looked at later. */
static bool hold_back(struct stream *s)
{
	unsigned ms;
	bool now = s->cred || s->let_through || net_fault(&ms) != NET_FAULT_DELAY;

	s->let_through = false;
	if (now || (s->state != STREAM_S_HANDSHAKE && s->state != STREAM_S_OPEN))
		return false;
	timer_set(&s->held, ms);
	stream_watch(s);
	return true;
}
#define is_held(s) timer_pending(&(s)->held)
#else
#define hold_back(s) false
#define is_held(s)   false
#endif

/* ---- events of the socket and the timer ---- */

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct stream *s = arg;
	uint64_t token;

	(void)fd;
	(void)what;
	OBJ_CHECK(s, STREAM_MAGIC);
	token = loop_enter(s->loop, "net.read");
	if (!hold_back(s))
		stream_on_readable(s);
	loop_leave(s->loop, "net.read", token);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct stream *s = arg;
	uint64_t token;

	(void)fd;
	(void)what;
	OBJ_CHECK(s, STREAM_MAGIC);
	token = loop_enter(s->loop, "net.write");
	stream_flush(s);
	stream_watch(s);
	loop_leave(s->loop, "net.write", token);
}

static void on_flush(struct post *p)
{
	struct stream *s = CONTAINER_OF(p, struct stream, flush);

	OBJ_CHECK(s, STREAM_MAGIC);
	stream_flush(s);
	stream_watch(s);
}

/* The user took input, or output that held reading back is out. */
static void on_resume(struct post *p)
{
	struct stream *s = CONTAINER_OF(p, struct stream, resume);

	OBJ_CHECK(s, STREAM_MAGIC);
	if (s->is_tls)
		stream_decrypt(s);
	stream_watch(s);
}

static void on_input_change(struct evbuffer *b, const struct evbuffer_cb_info *info, void *arg)
{
	struct stream *s = arg;

	(void)b;
	if (info->n_deleted > 0 && !s->reading && s->state == STREAM_S_OPEN)
		loop_post(s->loop, &s->resume);
}

static void look_at_peer(struct stream *s)
{
	struct pollfd p = {.fd = s->fd, .events = POLLRDHUP};
	socklen_t n = sizeof(int);
	struct err e = ERR_INIT;
	int errnum = 0;

	if (poll(&p, 1, 0) <= 0)
		return;
	if (p.revents & (POLLERR | POLLHUP | POLLNVAL)) {
		(void)getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &errnum, &n);
		err_errno(&e, errnum ? errnum : ECONNRESET, "connection lost");
		e.code = ERR_CANCELLED;
		stream_fail(s, &e);
	} else if (p.revents & POLLRDHUP) {
		stream_tell(s, STREAM_EOF);
	}
}

static void handshake_timer(struct stream *s)
{
	struct err e = ERR_INIT;

	if (loop_now_ms(s->loop) < s->deadline_ms) {
		stream_handshake_retry(s);
		return;
	}
	if (s->heard)
		metric_inc(METRIC_TLS_HANDSHAKE_FAILURES);
	(void)ERR(&e, ERR_TIMEOUT, "TLS handshake: not finished in %u ms",
		  s->listener->handshake_ms);
	stream_fail(s, &e);
}

static void on_timer(struct timer *t)
{
	struct stream *s = CONTAINER_OF(t, struct stream, timer);

	OBJ_CHECK(s, STREAM_MAGIC);
	switch (s->state) {
	case STREAM_S_HANDSHAKE:
		handshake_timer(s);
		break;
	case STREAM_S_REFUSED:
		stream_fail(s, &s->err);
		break;
	case STREAM_S_OPEN:
		look_at_peer(s);
		break;
	case STREAM_S_FLUSH:
	case STREAM_S_LINGER:
		stream_die(s);
		break;
	case STREAM_S_GONE:
	case STREAM_S_DEAD:
		break;
	}
	stream_watch(s);
}

/* Is there room for what the peer sends? */
static bool may_read(const struct stream *s)
{
	switch (s->state) {
	case STREAM_S_HANDSHAKE:
		return evbuffer_get_length(s->wire) < NET_READ_AHEAD;
	case STREAM_S_OPEN:
		if (s->is_tls && s->ended)
			return true; /* dropped; watched for a reset */
		return evbuffer_get_length(s->in) < NET_READ_AHEAD &&
		       (!s->is_tls || evbuffer_get_length(s->tls->out) < 2 * NET_WRITE_PIECE);
	case STREAM_S_REFUSED:
	case STREAM_S_FLUSH:
	case STREAM_S_LINGER:
		return true;
	case STREAM_S_GONE:
	case STREAM_S_DEAD:
		break;
	}
	return false;
}

void stream_watch(struct stream *s)
{
	bool want = s->fd >= 0 && !s->fin && may_read(s) && !is_held(s);

	if (s->fd < 0)
		return;
	if (want != s->reading) {
		s->reading = want;
		if (want)
			event_add(s->ev_read, NULL);
		else
			event_del(s->ev_read);
	}
	if (s->state != STREAM_S_OPEN)
		return;
	if (want || s->fin || s->told_eof || is_held(s))
		timer_clear(&s->timer);
	else if (!timer_pending(&s->timer))
		timer_set(&s->timer, NET_WATCH_MS);
}

/* ---- telling the user ---- */

void stream_tell(struct stream *s, enum stream_event ev)
{
	if (ev == STREAM_EOF) {
		if (s->told_eof)
			return;
		s->told_eof = true;
	}
	s->events |= 1U << ev;
	loop_post(s->loop, &s->tell);
}

static void on_tell(struct post *p)
{
	struct stream *s = CONTAINER_OF(p, struct stream, tell);
	unsigned ev;

	OBJ_CHECK(s, STREAM_MAGIC);
	for (ev = STREAM_READY; ev <= STREAM_GONE; ev++) {
		if (!(s->events & (1U << ev)) || !s->user.on_event)
			continue;
		s->events &= ~(1U << ev);
		if (ev == STREAM_INPUT && evbuffer_get_length(s->in) == 0)
			continue;
		s->user.on_event(s->user.arg, s, (enum stream_event)ev);
	}
}

static void close_socket(struct stream *s)
{
	timer_clear(&s->timer);
#ifdef ENABLE_TEST_HOOKS
	timer_clear(&s->held);
#endif
	loop_unpost(s->loop, &s->flush);
	loop_unpost(s->loop, &s->resume);
	if (s->fd < 0)
		return;
	event_free(s->ev_read);
	event_free(s->ev_write);
	s->ev_read = s->ev_write = NULL;
	s->reading = s->writing = false;
	close(s->fd);
	s->fd = -1;
}

void stream_ready(struct stream *s)
{
	s->state = STREAM_S_OPEN;
	timer_clear(&s->timer);
	stream_tell(s, STREAM_READY);
	if (s->is_tls) {
		/* What came behind the handshake's last record is data. */
		evbuffer_add_buffer(s->tls->in, s->wire);
		loop_post(s->loop, &s->resume);
	}
	if (evbuffer_get_length(s->out) > 0)
		loop_post(s->loop, &s->flush);
	stream_watch(s);
}

void stream_fail(struct stream *s, const struct err *e)
{
	switch (s->state) {
	case STREAM_S_HANDSHAKE:
	case STREAM_S_REFUSED:
	case STREAM_S_OPEN:
		break;
	case STREAM_S_FLUSH:
	case STREAM_S_LINGER:
		stream_die(s);
		return;
	case STREAM_S_GONE:
	case STREAM_S_DEAD:
		return;
	}
	if (e != &s->err)
		s->err = *e;
	if (!s->user.on_event) { /* closed while it was refused */
		stream_die(s);
		return;
	}
	s->state = STREAM_S_GONE;
	stream_handshake_drop(s);
	close_socket(s);
	evbuffer_drain(s->out, evbuffer_get_length(s->out));
	s->events &= ~(1U << STREAM_DRAINED);
	stream_tell(s, STREAM_GONE);
}

/* ---- output is out, closing ---- */

static uint64_t patience(const struct stream *s)
{
	uint64_t now = loop_now_ms(s->loop), left = s->deadline_ms > now ? s->deadline_ms - now : 0;

	return left < NET_CLOSE_STALL_MS ? left : NET_CLOSE_STALL_MS;
}

void stream_flushed(struct stream *s, bool progress)
{
	switch (s->state) {
	case STREAM_S_OPEN:
		if (s->undrained && stream_pending(s) == 0) {
			s->undrained = false;
			stream_tell(s, STREAM_DRAINED);
		}
		if (s->is_tls && !s->reading && !s->fin)
			loop_post(s->loop, &s->resume); /* output may have held reading back */
		break;
	case STREAM_S_REFUSED:
		if (stream_pending(s) == 0 && !s->shut) {
			s->shut = true;
			(void)shutdown(s->fd, SHUT_WR);
		}
		break;
	case STREAM_S_FLUSH:
		if (stream_pending(s) > 0) {
			if (progress)
				timer_set(&s->timer, patience(s));
			break;
		}
		(void)shutdown(s->fd, SHUT_WR);
		if (s->fin) {
			stream_die(s);
			break;
		}
		s->state = STREAM_S_LINGER;
		timer_set(&s->timer, NET_LINGER_MS);
		break;
	case STREAM_S_HANDSHAKE:
	case STREAM_S_LINGER:
	case STREAM_S_GONE:
	case STREAM_S_DEAD:
		break;
	}
}

static void detach(struct stream *s)
{
	memset(&s->user, 0, sizeof(s->user));
	s->events = 0;
	loop_unpost(s->loop, &s->tell);
}

void stream_close(struct stream *s)
{
	OBJ_CHECK(s, STREAM_MAGIC);
	detach(s);
	switch (s->state) {
	case STREAM_S_OPEN:
		s->state = STREAM_S_FLUSH;
		s->deadline_ms = loop_now_ms(s->loop) + NET_CLOSE_MAX_MS;
		timer_set(&s->timer, NET_CLOSE_STALL_MS);
		stream_watch(s);
		loop_post(s->loop, &s->flush);
		break;
	case STREAM_S_HANDSHAKE:
	case STREAM_S_GONE:
		stream_die(s);
		break;
	case STREAM_S_REFUSED: /* the alert still gets its time */
	case STREAM_S_FLUSH:
	case STREAM_S_LINGER:
	case STREAM_S_DEAD:
		break;
	}
}

void stream_abort(struct stream *s)
{
	OBJ_CHECK(s, STREAM_MAGIC);
	stream_die(s);
}

static void reap(struct post *p)
{
	struct stream *s = CONTAINER_OF(p, struct stream, reap);

	OBJ_CHECK(s, STREAM_MAGIC);
	OBJ_DEAD(s);
	tls_session_free(s->tls);
	evbuffer_free(s->in);
	evbuffer_free(s->out);
	evbuffer_free(s->wire);
	timer_release(&s->timer);
#ifdef ENABLE_TEST_HOOKS
	timer_release(&s->held);
#endif
	mem_free(s->cred);
	mem_free(s);
}

void stream_die(struct stream *s)
{
	if (s->state == STREAM_S_DEAD)
		return;
	s->state = STREAM_S_DEAD;
	detach(s);
	stream_handshake_drop(s);
	close_socket(s);
	listener_stream_gone(s->listener, s);
	s->listener = NULL;
	loop_reap(s->loop, &s->reap);
}

/* ---- making one, and what the user asks ---- */

static void set_post(struct post *p, const char *name, void (*fn)(struct post *))
{
	p->name = name;
	p->fn = fn;
}

static void name_peer(struct stream *s, const struct addr *peer)
{
	if (peer) {
		addr_format(peer, s->peer);
		return;
	}
	s->cred = NEW(struct stream_cred);
	if (!unix_peer(s->fd, s->cred)) {
		s->cred->uid = s->cred->gid = (unsigned)-1; /* nobody */
		s->cred->pid = -1;
	}
	snprintf(s->peer, sizeof(s->peer), "unix:pid=%d uid=%u", s->cred->pid, s->cred->uid);
}

static struct evbuffer *new_buffer(void)
{
	struct evbuffer *b = evbuffer_new();

	ENSURE(b);
	return b;
}

struct stream *stream_new(struct listener *l, int fd, const struct addr *peer)
{
	struct stream *s = NEW(struct stream);

	OBJ_INIT(s, STREAM_MAGIC);
	s->state = STREAM_S_HANDSHAKE;
	s->loop = l->loop;
	s->listener = l;
	list_add_tail(&l->streams, &s->node);
	l->n_streams++;
	s->fd = fd;
	s->is_tls = l->tls != NULL;
	if (l->tls)
		s->tls = tls_session_new(l->tls);
	s->in = new_buffer();
	s->out = new_buffer();
	s->wire = new_buffer();
	ENSURE(evbuffer_add_cb(s->in, on_input_change, s));
	s->ev_read = event_new(loop_base(s->loop), fd, EV_READ | EV_PERSIST, on_readable, s);
	s->ev_write = event_new(loop_base(s->loop), fd, EV_WRITE | EV_PERSIST, on_writable, s);
	ENSURE(s->ev_read && s->ev_write);
	timer_init(&s->timer, s->loop, "net.timer", on_timer);
	set_post(&s->tell, "net.event", on_tell);
	set_post(&s->flush, "net.flush", on_flush);
	set_post(&s->resume, "net.resume", on_resume);
	set_post(&s->reap, "net.free", reap);
#ifdef ENABLE_TEST_HOOKS
	timer_init(&s->held, s->loop, "net.held", on_held_over);
#endif
	name_peer(s, peer);
	return s;
}

struct evbuffer *stream_input(struct stream *s)
{
	return s->in;
}

static bool writable(const struct stream *s)
{
	return s->state == STREAM_S_HANDSHAKE || s->state == STREAM_S_OPEN;
}

static void written(struct stream *s)
{
	if (evbuffer_get_length(s->out) == 0)
		return;
	s->undrained = true;
	if (s->state == STREAM_S_OPEN)
		loop_post(s->loop, &s->flush);
}

void stream_write(struct stream *s, struct evbuffer *data)
{
	OBJ_CHECK(s, STREAM_MAGIC);
	if (!writable(s)) {
		evbuffer_drain(data, evbuffer_get_length(data));
		return;
	}
	ENSURE(evbuffer_add_buffer(s->out, data) == 0);
	written(s);
}

void stream_write_str(struct stream *s, struct str data)
{
	OBJ_CHECK(s, STREAM_MAGIC);
	if (!writable(s))
		return;
	ENSURE(evbuffer_add(s->out, data.p, data.n) == 0);
	written(s);
}

size_t stream_pending(const struct stream *s)
{
	size_t n = evbuffer_get_length(s->out);

	if (s->is_tls && s->tls)
		n += evbuffer_get_length(s->tls->out);
	return n;
}

void stream_set_user(struct stream *s, const struct stream_user *u)
{
	OBJ_CHECK(s, STREAM_MAGIC);
	if (s->state != STREAM_S_DEAD)
		s->user = *u;
}

const struct err *stream_error(const struct stream *s)
{
	return &s->err;
}

const char *stream_peer(const struct stream *s)
{
	return s->peer;
}

bool stream_is_tls(const struct stream *s)
{
	return s->is_tls;
}

bool stream_cred(const struct stream *s, struct stream_cred *out)
{
	if (!s->cred)
		return false;
	*out = *s->cred;
	return true;
}

bool stream_tls_info(const struct stream *s, struct stream_tls_info *out)
{
	const struct tls_session *t = s->tls;

	memset(out, 0, sizeof(*out));
	if (!s->is_tls || !t || !t->version)
		return false;
	out->version = t->version;
	out->suite = t->suite;
	out->server_name = t->server_name;
	out->peer_chain = t->chain;
	out->n_peer_chain = t->n_chain;
	if (t->n_chain > 0)
		out->peer_leaf = t->chain[0];
	return true;
}
