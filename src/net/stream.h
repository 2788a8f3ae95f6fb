/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_NET_STREAM_H
#define SIGNET_NET_STREAM_H

#include "base/err.h"
#include "base/str.h"
#include "loop/job.h"

/*
 * stream.h - a connection as bytes in and bytes out, plain or TLS, on the loop.
 *
 * Events are posted: on_event is never called inside a stream_ function. Input that was decrypted
 * or received is in an evbuffer that the user drains. The socket stays watched while the user
 * does not read (bounded by a read-ahead of 64 KiB), so that a peer that leaves is seen
 * (STREAM_GONE). A user that leaves 64 KiB unread may be told STREAM_EOF before the last
 * STREAM_INPUT: what the kernel holds still comes when it drains. GONE is the last event; the
 * user still has to call stream_close or stream_abort, once. A TLS peer that goes without
 * close_notify is GONE, not EOF. A refused handshake is GONE only when its alert had time to
 * arrive (the peer's FIN, or 2 s); METRIC_TLS_HANDSHAKE_FAILURES counts it at once. Output is
 * queued and written in pieces of at most 128 KiB a callback. A stream is freed in the reap
 * phase.
 */
struct evbuffer;
struct stream;
struct tls_context;

enum stream_event {
	STREAM_READY,	/* accepted; for TLS the handshake is over */
	STREAM_INPUT,	/* there is new input */
	STREAM_DRAINED, /* all output has been handed to the kernel */
	/* the peer closed its side in order (FIN or close_notify); output may still be written */
	STREAM_EOF,
	STREAM_GONE /* reset, error or timeout: nothing can be written; stream_error() says why */
};
struct stream_user {
	void (*on_event)(void *arg, struct stream *s, enum stream_event ev);
	void *arg;
};

struct evbuffer *stream_input(struct stream *s);
void stream_write(struct stream *s, struct evbuffer *data); /* moves all of it */
void stream_write_str(struct stream *s, struct str data);
size_t stream_pending(const struct stream *s); /* bytes not yet handed to the kernel */
/*
 * Sends what is queued, then close_notify and FIN, waits for the peer's FIN at most 2 s
 * (lingering close), then frees. No event comes after it.
 */
void stream_close(struct stream *s);
void stream_abort(struct stream *s); /* closes at once; no event comes after it */
void stream_set_user(struct stream *s, const struct stream_user *u);
const struct err *stream_error(const struct stream *s);
const char *stream_peer(const struct stream *s); /* "192.0.2.1:4711" */
bool stream_is_tls(const struct stream *s);
/* Who is at the other end of a UNIX socket (SO_PEERCRED, SO_PEERGROUPS). */
struct stream_cred {
	unsigned uid, gid;
	int pid;
	unsigned groups[64]; /* supplementary; the first 64 */
	size_t n_groups;
};
bool stream_cred(const struct stream *s, struct stream_cred *out); /* false: not a UNIX socket */

struct stream_tls_info {
	const char *version; /* "TLSv1.3" */
	const char *suite;
	struct str server_name; /* SNI, may be empty */
	struct str
		/* DER of the client's certificate as sent and chain-verified, empty when none */
		peer_leaf;
	const struct str *peer_chain; /* leaf first */
	size_t n_peer_chain;
};
/* Valid from STREAM_READY; borrowed from the stream. False when it is plain. */
bool stream_tls_info(const struct stream *s, struct stream_tls_info *out);

/* ---- listening ---- */
struct listener;
struct listener_config {
	const char *address; /* ":9000", "127.0.0.1:0", "[::1]:443"; NULL with unix_path */
	/*
	 * A UNIX socket: its absolute path (a stale socket there is replaced, one in use or any
	 * other file is an error), mode and group (-1: as it is). The socket is removed by
	 * listener_stop.
	 */
	const char *unix_path;
	unsigned unix_mode;
	int unix_gid;
	struct tls_context *tls; /* NULL: plain */
	struct pool *cpu;	 /* where handshakes run */
	unsigned max_streams;	 /* accepting pauses above it */
	unsigned handshake_ms;	 /* whole handshake; 15,000 */
	void (*on_accept)(void *arg,
			  struct stream *s); /* before the handshake: set the user here */
	void *arg;
};
/*
 * Binds (SO_REUSEADDR; ":port" is IPv6 with IPv4 mapped, or IPv4 alone where there is no IPv6)
 * and starts accepting. One listener; errors name the address.
 */
struct listener *listener_new(struct loop *l, const struct listener_config *c,
			      struct err *e) NODISCARD;
int listener_port(const struct listener *l);
const char *listener_address(const struct listener *l); /* "[::]:9000", with the real port */
void listener_stop(struct listener *l);			/* stops accepting, keeps streams */
void listener_free(struct listener *l);			/* aborts the streams left */
size_t listener_streams(const struct listener *l);

#endif
