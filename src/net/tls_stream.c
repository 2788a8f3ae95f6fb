/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tls_stream.c - the handshake of a TLS stream, as jobs on the cpu pool.
 *
 * wolfSSL cannot suspend on a signature or a key exchange, and the loop may not compute them. So
 * the stream collects whole records in `wire`, gives them with the session to a job, and gets the
 * session back with bytes to send and a verdict:
 *
 *	loop: collect ──▶ submit ─▶ worker: wolfSSL_accept ─▶ loop: send, then
 *	          ▲                                            MORE: collect
 *	          └──────────────────────────────────────────  DONE: ready, FAILED: refuse
 *
 * The session (WOLFSSL object, its buffers, the peer's certificates) has one owner at any time:
 * stream->tls is NULL while the job has it. A stream that ends meanwhile forgets its job
 * (stream_handshake_drop), and the job frees the session when it comes back. A pool that refuses is
 * asked again every 25 ms until the handshake's deadline.
 */
#include "base/compat.h"

#include "base/mem.h"
#include "base/metric.h"
#include "net/priv.h"

#include <event2/buffer.h>

struct handshake {
	struct job job;
	struct stream *stream; /* loop only; NULL: nobody waits */
	struct tls_session *session;
	enum tls_verdict verdict;
	struct err err;
};

static void arm_deadline(struct stream *s, uint64_t at_most)
{
	uint64_t now = loop_now_ms(s->loop), left = s->deadline_ms > now ? s->deadline_ms - now : 1;

	timer_set(&s->timer, left < at_most ? left : at_most);
}

static void handshake_run(struct job *job)
{
	struct handshake *h = CONTAINER_OF(job, struct handshake, job);

	h->verdict = tls_session_handshake(h->session, &h->err);
}

static void handshake_done(struct job *job)
{
	struct handshake *h = CONTAINER_OF(job, struct handshake, job);
	struct stream *s = h->stream;

	ENSURE(s && s->job == h && s->state == STREAM_S_HANDSHAKE);
	s->job = NULL;
	s->tls = h->session;
	h->stream = NULL;
	h->session = NULL;
	if (h->verdict == TLS_FAILED) {
		metric_inc(METRIC_TLS_HANDSHAKE_FAILURES);
		stream_refuse(s, &h->err);
		return;
	}
	stream_flush(s);
	if (s->state != STREAM_S_HANDSHAKE)
		return; /* it broke */
	if (h->verdict == TLS_DONE) {
		metric_inc(METRIC_TLS_HANDSHAKES);
		stream_ready(s);
	} else {
		stream_handshake_step(s);
		stream_watch(s);
	}
}

static void handshake_free(struct job *job)
{
	struct handshake *h = CONTAINER_OF(job, struct handshake, job);
	struct stream *s = h->stream;
	struct err e = ERR_INIT;

	if (s) { /* the pool ended before its stream */
		s->job = NULL;
		(void)ERR(&e, ERR_UNAVAILABLE, "TLS handshake: the worker pool has ended");
		stream_fail(s, &e);
	}
	tls_session_free(h->session);
	mem_free(h);
}

void stream_handshake_start(struct stream *s)
{
	s->deadline_ms = loop_now_ms(s->loop) + s->listener->handshake_ms;
	arm_deadline(s, UINT64_MAX);
	stream_watch(s);
}

static void left_early(struct stream *s)
{
	struct err e = ERR_INIT;

	if (s->heard)
		metric_inc(METRIC_TLS_HANDSHAKE_FAILURES);
	(void)ERR(&e, ERR_CANCELLED, "TLS handshake: the peer closed the connection");
	stream_fail(s, &e);
}

void stream_handshake_step(struct stream *s)
{
	struct handshake *h;
	struct err e = ERR_INIT;

	if (s->state != STREAM_S_HANDSHAKE || s->job)
		return;
	if (!tls_session_feed(s->tls, s->wire)) {
		if (s->fin)
			left_early(s);
		return;
	}
	h = NEW(struct handshake);
	h->job.name = "net.handshake";
	h->job.run = handshake_run;
	h->job.done = handshake_done;
	h->job.free = handshake_free;
	h->session = s->tls;
	if (pool_submit(s->listener->cpu, &h->job, &e) != 0) {
		mem_free(h);
		arm_deadline(s, NET_RETRY_MS);
		return;
	}
	h->stream = s;
	s->job = h;
	s->tls = NULL;
	arm_deadline(s, UINT64_MAX);
}

void stream_handshake_retry(struct stream *s)
{
	stream_handshake_step(s);
	if (s->state == STREAM_S_HANDSHAKE && !timer_pending(&s->timer))
		arm_deadline(s, UINT64_MAX);
}

void stream_handshake_drop(struct stream *s)
{
	struct handshake *h = s->job;

	if (!h)
		return;
	s->job = NULL;
	h->stream = NULL;
	job_cancel(&h->job);
}

void stream_refuse(struct stream *s, const struct err *e)
{
	s->err = *e;
	s->state = STREAM_S_REFUSED;
	evbuffer_drain(s->wire, evbuffer_get_length(s->wire));
	timer_set(&s->timer, NET_LINGER_MS);
	stream_flush(s);
	if (s->state == STREAM_S_REFUSED && s->fin)
		stream_fail(s, &s->err);
	stream_watch(s);
}
