/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stream_io.c - moves bytes between the socket, TLS and the user's buffers. What a state means is
 * stream.c's.
 *
 * Bounds, so that no callback holds the loop: one callback reads at most 32 KiB plain or one 16 KiB
 * piece of records (each record may be a key update that costs a derivation), and writes at most
 * 128 KiB. Sockets are level-triggered: what is left makes the next event.
 */
#include "base/compat.h"

#include "net/priv.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <sys/uio.h>

#define PLAIN_READ   (2 * NET_SCRATCH)
#define DISCARD_READ (4 * NET_SCRATCH)
#define IOVECS	     16

/*
 * Reads at most max bytes into `to` (NULL: drops them). 0, or -1 when the connection broke. Sets
 * fin at the peer's FIN.
 */
static int receive(struct stream *s, struct evbuffer *to, size_t max, struct err *e)
{
	size_t want;
	ssize_t n;

	while (max > 0) {
		want = max < NET_SCRATCH ? max : NET_SCRATCH;
		n = recv(s->fd, s->listener->scratch, want, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0) {
			err_errno(e, errno, "connection lost");
			e->code = ERR_CANCELLED;
			return -1;
		}
		if (n == 0) {
			s->fin = true;
			return 0;
		}
		s->heard = true;
		if (to && evbuffer_add(to, s->listener->scratch, (size_t)n) != 0)
			BUG("out of memory");
		max -= (size_t)n;
		if ((size_t)n < want)
			return 0;
	}
	return 0;
}

static void read_plain(struct stream *s, struct err *e)
{
	size_t before = evbuffer_get_length(s->in), room = NET_READ_AHEAD - before;
	int rc;

	if (before >= NET_READ_AHEAD)
		return;
	rc = receive(s, s->in, room < PLAIN_READ ? room : PLAIN_READ, e);
	if (evbuffer_get_length(s->in) > before)
		stream_tell(s, STREAM_INPUT);
	if (rc != 0)
		stream_fail(s, e);
	else if (s->fin)
		stream_tell(s, STREAM_EOF);
}

static void read_tls(struct stream *s, struct err *e)
{
	int rc = receive(s, s->ended ? NULL : s->tls->in, NET_SCRATCH, e);

	/* What came before the break is still the user's. */
	stream_decrypt(s);
	if (rc != 0 && s->state == STREAM_S_OPEN)
		stream_fail(s, e);
}

void stream_on_readable(struct stream *s)
{
	struct err e = ERR_INIT;

	switch (s->state) {
	case STREAM_S_HANDSHAKE:
		if (receive(s, s->wire, NET_SCRATCH, &e) != 0)
			stream_fail(s, &e);
		else
			stream_handshake_step(s);
		break;
	case STREAM_S_OPEN:
		if (s->is_tls)
			read_tls(s, &e);
		else
			read_plain(s, &e);
		break;
	case STREAM_S_REFUSED:
		if (receive(s, NULL, DISCARD_READ, &e) != 0 || s->fin)
			stream_fail(s, &s->err);
		break;
	case STREAM_S_FLUSH:
	case STREAM_S_LINGER:
		if (receive(s, NULL, DISCARD_READ, &e) != 0 ||
		    (s->fin && s->state == STREAM_S_LINGER))
			stream_die(s);
		break;
	case STREAM_S_GONE:
	case STREAM_S_DEAD:
		break;
	}
	stream_watch(s);
}

void stream_decrypt(struct stream *s)
{
	size_t before = evbuffer_get_length(s->in);
	enum tls_verdict v = TLS_MORE;
	struct err e = ERR_INIT;

	if (s->state != STREAM_S_OPEN || s->ended)
		return;
	if (before >= NET_READ_AHEAD || evbuffer_get_length(s->tls->out) >= 2 * NET_WRITE_PIECE)
		return;
	v = tls_session_read(s->tls, s->in, NET_READ_AHEAD, s->listener->scratch, &e);
	if (evbuffer_get_length(s->in) > before)
		stream_tell(s, STREAM_INPUT);
	if (v == TLS_CLOSED) {
		s->ended = true;
		stream_tell(s, STREAM_EOF);
	} else if (v == TLS_FAILED) {
		stream_flush(s); /* the alert */
		if (s->state == STREAM_S_OPEN)
			stream_fail(s, &e);
		return;
	} else if (s->fin && evbuffer_get_length(s->in) < NET_READ_AHEAD) {
		(void)ERR(&e, ERR_CANCELLED, "connection closed without a TLS close_notify");
		stream_fail(s, &e);
		return;
	}
	if (evbuffer_get_length(s->tls->out) > 0)
		loop_post(s->loop, &s->flush);
}

/* Hands over at most max bytes: their number, 0 when the socket is full, -1 when it broke. */
static ssize_t send_some(int fd, struct evbuffer *b, size_t max)
{
	struct evbuffer_iovec piece[IOVECS];
	struct iovec v[IOVECS];
	struct msghdr m;
	size_t total = 0;
	ssize_t sent;
	int i, n;

	n = evbuffer_peek(b, (ev_ssize_t)max, NULL, piece, IOVECS);
	if (n > IOVECS)
		n = IOVECS;
	for (i = 0; i < n && total < max; i++) {
		v[i].iov_base = piece[i].iov_base;
		v[i].iov_len = piece[i].iov_len < max - total ? piece[i].iov_len : max - total;
		total += v[i].iov_len;
	}
	memset(&m, 0, sizeof(m));
	m.msg_iov = v;
	m.msg_iovlen = (size_t)i;
	do {
		sent = sendmsg(fd, &m, MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	if (sent < 0 && errno == EAGAIN)
		return 0;
	if (sent > 0)
		evbuffer_drain(b, (size_t)sent);
	return sent;
}

/* What goes to the socket next. NULL: nothing may be sent now (a job has the session), or *e says
 * what broke. */
static struct evbuffer *next_output(struct stream *s, struct err *e)
{
	if (!s->is_tls)
		return s->out;
	if (!s->tls)
		return NULL;
	if (s->state == STREAM_S_OPEN || s->state == STREAM_S_FLUSH)
		if (tls_session_write(s->tls, s->out, NET_WRITE_PIECE, e) != 0)
			return NULL;
	if (s->state == STREAM_S_FLUSH && evbuffer_get_length(s->out) == 0 && !s->notified) {
		s->notified = true;
		tls_session_close(s->tls);
	}
	return s->tls->out;
}

static void want_write(struct stream *s, bool want)
{
	if (s->writing == want)
		return;
	s->writing = want;
	if (want)
		event_add(s->ev_write, NULL);
	else
		event_del(s->ev_write);
}

#ifdef ENABLE_TEST_HOOKS
/* Instead of what the user has written. */
static bool cut_off(struct stream *s)
{
	struct err e = ERR_INIT;
	unsigned ms;

	if (s->cred || evbuffer_get_length(s->out) == 0 || net_fault(&ms) != NET_FAULT_RESET)
		return false;
	net_reset_on_close(s->fd);
	(void)ERR(&e, ERR_CANCELLED, "connection lost: the test wants it");
	stream_fail(s, &e);
	return true;
}
#else
#define cut_off(s) false
#endif

void stream_flush(struct stream *s)
{
	size_t budget = NET_WRITE_PIECE;
	struct err e = ERR_INIT;
	struct evbuffer *b;
	ssize_t n = 1;

	if (s->state == STREAM_S_GONE || s->state == STREAM_S_DEAD || s->state == STREAM_S_LINGER)
		return;
	if (cut_off(s))
		return;
	while ((b = next_output(s, &e)) != NULL && evbuffer_get_length(b) > 0 && budget > 0) {
		n = send_some(s->fd, b, budget);
		if (n <= 0)
			break;
		budget -= (size_t)n;
	}
	if (n < 0) {
		err_errno(&e, errno, "connection lost");
		e.code = ERR_CANCELLED;
	}
	if (e.code != ERR_OK) {
		stream_fail(s, s->state == STREAM_S_REFUSED ? &s->err : &e);
		return;
	}
	want_write(s, b && evbuffer_get_length(b) > 0);
	stream_flushed(s, budget < NET_WRITE_PIECE);
}
