/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_NET_PRIV_H
#define SIGNET_NET_PRIV_H

#include "base/bug.h"
#include "base/ref.h"
#include "loop/job.h"
#include "loop/timer.h"
#include "net/addr.h"
#include "net/stream.h"
#include "net/tls.h"

/* What the files of this folder share. stream.c's essay explains the states. */

#define NET_READ_AHEAD	(64U * 1024)  /* input held for a user that does not read */
#define NET_WRITE_PIECE (128U * 1024) /* output handed to the kernel in one callback */
#define NET_SCRATCH	(16U * 1024)  /* one read, one TLS record */
#define NET_LINGER_MS	2000
#define NET_CLOSE_STALL_MS                                                                         \
	15000 /* a closing stream whose peer takes nothing for so long is cut   \
				  */
#define NET_CLOSE_MAX_MS 120000
#define NET_WATCH_MS	 500 /* how often a peer is looked at whose input is held back */
#define NET_RETRY_MS	 25  /* handshake job refused: try again */

#define STREAM_MAGIC   0x5354524dU
#define LISTENER_MAGIC 0x4c53544eU

enum stream_state {
	STREAM_S_HANDSHAKE, /* TLS: bytes are collected, or a job runs */
	STREAM_S_REFUSED,   /* TLS: handshake failed, the alert is sent; waits for the peer's FIN,
			       then tells */
	STREAM_S_OPEN,
	STREAM_S_GONE,	 /* the user was told, or will be; waits for its close or abort */
	STREAM_S_FLUSH,	 /* closed by the user, output still goes out */
	STREAM_S_LINGER, /* FIN sent, waits for the peer's */
	STREAM_S_DEAD	 /* waits for the reap phase */
};

/*
 * One TLS connection's side in wolfSSL, with its bytes in and out. Owned by one thread at a time:
 * the loop, or the worker that runs its handshake job.
 */
struct tls_snap;
struct tls_session {
	struct tls_snap *snap;
	struct WOLFSSL *ssl;	   /* made by the first job */
	struct evbuffer *in, *out; /* records */
	struct str *chain;	   /* leaf first, views of chain_bytes */
	unsigned char *chain_bytes;
	size_t n_chain;
	struct str server_name; /* view of name */
	char *name;
	const char *version, *suite;
};

enum tls_verdict {
	TLS_MORE,   /* wants more input */
	TLS_DONE,   /* handshake: done */
	TLS_CLOSED, /* read: close_notify came */
	TLS_FAILED  /* the error says why; an alert may be in `out` */
};

struct tls_session *tls_session_new(struct tls_context *t);
void tls_session_free(struct tls_session *t);
enum tls_verdict tls_session_handshake(struct tls_session *t, struct err *e); /* worker */
/* Decrypts until `plain` holds `limit` bytes or the input is used up. scratch: NET_SCRATCH bytes.
 */
enum tls_verdict tls_session_read(struct tls_session *t, struct evbuffer *plain, size_t limit,
				  unsigned char *scratch, struct err *e);
/* Encrypts until `out` holds `limit` bytes or plain is empty. */
int tls_session_write(struct tls_session *t, struct evbuffer *plain, size_t limit,
		      struct err *e) NODISCARD;
void tls_session_close(struct tls_session *t); /* close_notify goes to `out` */
/* Moves whole records from `wire` to the session: wolfSSL is not woken for less. True when there is
 * something to work on. */
bool tls_session_feed(struct tls_session *t, struct evbuffer *wire);

struct tls_context *tls_context_ref(struct tls_context *t);
struct tls_snap *tls_context_snap(struct tls_context *t); /* with a reference */
void tls_snap_unref(struct tls_snap *s);
/* A new WOLFSSL with everything set but its callbacks' contexts; any thread. NULL when there is no
 * memory. */
struct WOLFSSL *tls_snap_session(struct tls_snap *s);
/* Callbacks of every context; arg and userCtx are the session. */
struct WOLFSSL_X509_STORE_CTX;
int tls_on_recv(struct WOLFSSL *ssl, char *buf, int size, void *arg);
int tls_on_send(struct WOLFSSL *ssl, char *buf, int size, void *arg);
int tls_on_verify(int ok, struct WOLFSSL_X509_STORE_CTX *store);

/* unix.c: where a socket's name stands. dir: of its folder, -1 when there is none. */
struct unix_place {
	int dir;
	char *name;
	dev_t dev; /* of the socket itself */
	ino_t ino;
};
/* A bound, listening socket; -1 with *e, and nothing is left behind. Blocks: start-up. */
int unix_listen(const struct listener_config *c, struct unix_place *p, struct err *e) NODISCARD;
void unix_remove(struct unix_place *p); /* before the socket is closed; releases the place */
bool unix_peer(int fd, struct stream_cred *out);

#ifdef ENABLE_TEST_HOOKS
enum net_fault { NET_FAULT_NONE, NET_FAULT_REFUSE, NET_FAULT_DELAY, NET_FAULT_RESET };
enum net_fault net_fault(unsigned *ms); /* fault.c; ms only with NET_FAULT_DELAY */
void net_reset_on_close(int fd);
#endif

struct listener {
	uint32_t magic;
	struct loop *loop;
	struct tls_context *tls;
	struct pool *cpu;
	unsigned max_streams, handshake_ms;
	void (*on_accept)(void *arg, struct stream *s);
	void *arg;
	int fd, port;
	char *address;
	bool is_unix;
	struct unix_place place;
	struct event *ev;
	struct timer pause; /* set while descriptors are short */
	struct post reap;
	struct list streams;
	size_t n_streams;
	bool complained;
	unsigned char *scratch; /* loop thread, within one callback */
};

struct handshake;
struct stream {
	uint32_t magic;
	enum stream_state state;
	struct loop *loop;
	struct listener *listener; /* NULL when dead */
	struct list node;
	int fd;
	struct event *ev_read, *ev_write;
	bool reading, writing;	 /* the events are set */
	struct evbuffer *in;	 /* for the user */
	struct evbuffer *out;	 /* from the user; TLS: not yet encrypted */
	struct evbuffer *wire;	 /* TLS handshake: received, not yet given to a job */
	struct tls_session *tls; /* NULL: plain, or the job has it */
	struct handshake *job;
	struct stream_user user;
	unsigned events; /* bits of enum stream_event, to be told */
	bool is_tls;
	bool heard; /* a byte came */
	bool fin;   /* the peer's FIN was seen */
	bool ended; /* TLS: its close_notify was read */
	bool told_eof;
	bool undrained;	    /* the user wrote and was not told that all is out */
	bool notified;	    /* TLS: our close_notify is queued */
	bool shut;	    /* our FIN is sent */
	struct timer timer; /* what for depends on the state */
	uint64_t deadline_ms;
	struct post tell, flush, resume, reap;
	struct err err;
	char peer[ADDR_TEXT];
	struct stream_cred *cred; /* NULL: not a UNIX socket */
#ifdef ENABLE_TEST_HOOKS
	struct timer held; /* input is seen when it is over */
	bool let_through;  /* it is over: the next input is seen */
#endif
};

/* stream.c */
/* peer NULL: a UNIX socket. */
struct stream *stream_new(struct listener *l, int fd, const struct addr *peer);
void stream_die(struct stream *s); /* closes at once, frees in the reap phase */
void stream_tell(struct stream *s, enum stream_event ev);
void stream_fail(struct stream *s, const struct err *e); /* -> GONE */
void stream_ready(struct stream *s);			 /* -> OPEN */
/* sets the events as the state wants them */
void stream_watch(struct stream *s);
void stream_flushed(struct stream *s, bool progress); /* after each flush: what follows from it */
/* stream_io.c */
void stream_on_readable(struct stream *s);
void stream_flush(struct stream *s);
void stream_decrypt(struct stream *s);
/* tls_stream.c */
void stream_handshake_start(struct stream *s);
void stream_handshake_step(struct stream *s);  /* there is more input */
void stream_handshake_retry(struct stream *s); /* the timer came before the deadline */
void stream_handshake_drop(struct stream *s);  /* forgets the job that runs */
void stream_refuse(struct stream *s,
		   const struct err *e); /* sends what is in tls->out, then REFUSED */
/* listen.c */
void listener_stream_gone(struct listener *l, struct stream *s);

#endif
