/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef T_UNIT_NET_TLS_H
#define T_UNIT_NET_TLS_H

/*
 * net_tls.h - a TLS listener on a loop in this thread, and clients (wolfSSL, blocking) in threads
 * of their own. Certificates: t/vectors/tls (make.sh there says which is which). Include after
 * cmocka.h.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/metric.h"
#include "codec/pem.h"
#include "crypto/crypto.h"
#include "loop/job.h"
#include "loop/loop.h"
#include "net/stream.h"
#include "net/tls.h"

#include <event2/buffer.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "accel_util.h"
#include "tls_vectors.h"
#include "net/wolf.h"

#define GUARD_MS  30000
#define MAX_PEERS 16

enum mode { KEEP, ECHO, ECHO_CLOSE, REPLY_AT_EOF };

struct peer {
	struct stream *s; /* NULL after its close */
	unsigned n[STREAM_GONE + 1];
	bool has_info;
	char version[16], suite[64], name[64];
	struct buf leaf;
	size_t n_chain;
	struct err err;
};

struct fix {
	struct loop *loop;
	struct pool *cpu;
	struct tls_context *tls;
	struct listener *l;
	enum mode mode;
	struct peer peers[MAX_PEERS];
	unsigned n_peers;
	int64_t done, failed; /* counters at the start */
};

struct fix_config {
	enum mode mode;
	bool aes_first, no_roots;
	unsigned threads, bound, handshake_ms;
};

/* The first PEM block's DER. */
static UNUSED void load_der(const char *name, struct buf *der)
{
	struct buf pem = BUF_INIT;
	struct pem_block b = {0};
	struct err e = ERR_INIT;
	struct str rest;

	load(name, &pem);
	rest = buf_view(&pem);
	assert_int_equal(pem_next(&rest, &b, &e), 1);
	buf_str(der, buf_view(&b.der));
	pem_block_release(&b);
	buf_release(&pem);
}

struct creds {
	struct buf chain, key;
	struct tls_creds c;
};

static UNUSED void creds_load(struct creds *c, const char *chain, const char *key)
{
	memset(c, 0, sizeof(*c));
	load(chain, &c->chain);
	load_der(key, &c->key);
	c->c.chain_pem = buf_view(&c->chain);
	c->c.key_pkcs8 = buf_view(&c->key);
}

static UNUSED void creds_release(struct creds *c)
{
	buf_release(&c->chain);
	buf_wipe_release(&c->key);
}

/* ---- the server ---- */

static void take_info(struct peer *p, struct stream *s)
{
	struct stream_tls_info i;

	p->has_info = stream_tls_info(s, &i);
	assert_true(p->has_info);
	snprintf(p->version, sizeof(p->version), "%s", i.version);
	snprintf(p->suite, sizeof(p->suite), "%s", i.suite);
	snprintf(p->name, sizeof(p->name), STR_FMT, STR_ARG(i.server_name));
	buf_str(&p->leaf, i.peer_leaf);
	p->n_chain = i.n_peer_chain;
	if (i.n_peer_chain > 0)
		assert_true(str_eq(i.peer_chain[0], i.peer_leaf));
}

static void on_event(void *arg, struct stream *s, enum stream_event ev)
{
	struct fix *f = arg;
	unsigned i = f->n_peers - 1;
	struct peer *p;

	while (f->peers[i].s != s && i > 0)
		i--;
	p = &f->peers[i];
	assert_ptr_equal(p->s, s);
	p->n[ev]++;
	if (ev == STREAM_READY)
		take_info(p, s);
	if (ev == STREAM_EOF && f->mode == REPLY_AT_EOF)
		stream_write(s, stream_input(s));
	if (ev == STREAM_INPUT && (f->mode == ECHO || f->mode == ECHO_CLOSE))
		stream_write(s, stream_input(s));
	if (ev == STREAM_GONE)
		p->err = *stream_error(s);
	if (ev == STREAM_GONE ||
	    (ev == STREAM_EOF && (f->mode == ECHO || f->mode == REPLY_AT_EOF)) ||
	    (ev == STREAM_DRAINED && f->mode == ECHO_CLOSE)) {
		stream_close(s);
		p->s = NULL;
	}
}

static void on_accept(void *arg, struct stream *s)
{
	struct fix *f = arg;
	struct stream_user u = {on_event, f};

	assert_true(f->n_peers < MAX_PEERS);
	assert_true(stream_is_tls(s));
	f->peers[f->n_peers++].s = s;
	stream_set_user(s, &u);
}

static UNUSED void start(struct fix *f, const struct fix_config *c)
{
	struct pool_config pc = {"cpu", c->threads ? c->threads : 2, c->bound ? c->bound : 64,
				 crypto_thread_end};
	struct tls_config tc = {.chacha_first = !c->aes_first};
	struct listener_config lc = {
		.address = "127.0.0.1:0", .max_streams = 64, .on_accept = on_accept, .arg = f};
	struct err e = ERR_INIT;
	struct buf roots = BUF_INIT;
	struct creds creds;

	memset(f, 0, sizeof(*f));
	f->mode = c->mode;
	f->done = metric_value(METRIC_TLS_HANDSHAKES);
	f->failed = metric_value(METRIC_TLS_HANDSHAKE_FAILURES);
	f->loop = loop_new(&e);
	assert_non_null(f->loop);
	f->cpu = pool_new(f->loop, &pc, &e);
	assert_non_null(f->cpu);
	creds_load(&creds, "server.chain", "server.key");
	load("roots.pem", &roots);
	if (!c->no_roots)
		tc.client_roots_pem = buf_view(&roots);
	f->tls = tls_context_new(&tc, &creds.c, &e);
	if (!f->tls)
		fail_msg("%s", e.msg);
	creds_release(&creds);
	buf_release(&roots);
	lc.tls = f->tls;
	lc.cpu = f->cpu;
	lc.handshake_ms = c->handshake_ms;
	f->l = listener_new(f->loop, &lc, &e);
	if (!f->l)
		fail_msg("%s", e.msg);
}

static UNUSED void finish(struct fix *f)
{
	unsigned i;

	listener_free(f->l);
	tls_context_unref(f->tls);
	loop_turn(f->loop, 0);
	assert_true(pool_free(f->cpu, 10000));
	loop_turn(f->loop, 0);
	loop_free(f->loop);
	for (i = 0; i < MAX_PEERS; i++)
		buf_release(&f->peers[i].leaf);
}

#define UNTIL(f, cond)                                                                             \
	do {                                                                                       \
		uint64_t end_ = clock_mono_ms() + GUARD_MS;                                        \
		while (!(cond) && clock_mono_ms() < end_)                                          \
			loop_turn((f)->loop, 5);                                                   \
		assert_true(cond);                                                                 \
	} while (0)

static UNUSED int64_t n_done(const struct fix *f)
{
	return metric_value(METRIC_TLS_HANDSHAKES) - f->done;
}

static UNUSED int64_t n_failed(const struct fix *f)
{
	return metric_value(METRIC_TLS_HANDSHAKE_FAILURES) - f->failed;
}

/* ---- the clients ---- */

struct client {
	/* what to do */
	const char *cert; /* "p256": p256.crt and p256.key; NULL: none */
	const char *key;  /* another's key; NULL: its own */
	bool with_chain;  /* the intermediate too */
	int version;	  /* 0: 1.2 and 1.3; 11, 12, 13 */
	const char *suites, *groups, *alpn, *sni;
	size_t bytes;	      /* to send and get back */
	bool cut;	      /* end without close_notify */
	bool half;	      /* send close_notify before reading */
	bool wait_close;      /* until the server's close_notify */
	unsigned key_updates; /* TLS 1.3, before the data */
	/* what came of it */
	bool connected, echoed, closed_in_order;
	int alert; /* the server's, -1 none */
	char got_alpn[16], got_version[16], got_suite[64];
	struct buf server_leaf;
	int port;
	pthread_t thread;
	atomic_bool over;
};

static UNUSED int dial_port(int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static int client_verify(int ok, WOLFSSL_X509_STORE_CTX *store)
{
	struct client *c = store->userCtx;

	if (ok && store->error_depth == 0) {
		buf_reset(&c->server_leaf);
		buf_add(&c->server_leaf, store->certs[0].buffer, store->certs[0].length);
	}
	return ok;
}

static WOLFSSL_CTX *client_ctx(struct client *c)
{
	WOLFSSL_METHOD *m = c->version == 11   ? wolfTLSv1_1_client_method()
			    : c->version == 13 ? wolfTLSv1_3_client_method()
					       : wolfSSLv23_client_method();
	WOLFSSL_CTX *ctx = m ? wolfSSL_CTX_new(m) : NULL;
	char *root = vector("root.crt"), *name, *path;
	struct buf chain = BUF_INIT;
	bool ok;

	if (!ctx) {
		mem_free(root);
		return NULL;
	}
	if (c->version == 0 || c->version == 12)
		(void)wolfSSL_CTX_SetMinVersion(ctx, WOLFSSL_TLSV1_2);
	if (c->version == 12) /* not the method of 1.2, for which groups cannot be chosen */
		(void)wolfSSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
	ok = wolfSSL_CTX_load_verify_locations(ctx, root, NULL) == WOLFSSL_SUCCESS;
	mem_free(root);
	wolfSSL_CTX_set_verify(ctx, WOLFSSL_VERIFY_PEER, client_verify);
	if (c->suites)
		ok = ok && wolfSSL_CTX_set_cipher_list(ctx, c->suites) == WOLFSSL_SUCCESS;
	if (c->groups)
		ok = ok && wolfSSL_CTX_set1_curves_list(ctx, c->groups) == WOLFSSL_SUCCESS;
	if (c->cert) {
		name = mem_asprintf("%s.crt", c->cert);
		load(name, &chain);
		mem_free(name);
		if (c->with_chain)
			load("inter.crt", &chain);
		ok = ok && wolfSSL_CTX_use_certificate_chain_buffer(
				   ctx, (unsigned char *)chain.p, (long)chain.n) == WOLFSSL_SUCCESS;
		name = mem_asprintf("%s.key", c->key ? c->key : c->cert);
		path = vector(name);
		ok = ok && wolfSSL_CTX_use_PrivateKey_file(ctx, path, WOLFSSL_FILETYPE_PEM) ==
				   WOLFSSL_SUCCESS;
		mem_free(name);
		mem_free(path);
		buf_release(&chain);
	}
	if (!ok) {
		wolfSSL_CTX_free(ctx);
		return NULL;
	}
	return ctx;
}

static char sample(size_t at)
{
	return (char)((at * 2654435761U) >> 11);
}

/* Sends in pieces and reads what comes back: one thread, as wolfSSL wants it. */
static bool client_echo(WOLFSSL *ssl, size_t bytes, bool half)
{
	static _Thread_local char b[16384];
	size_t sent = 0, got = 0, i, n;
	int rc;

	while (got < bytes) {
		if (half && sent == bytes && got == 0)
			(void)wolfSSL_shutdown(ssl);
		if (sent < bytes) {
			n = bytes - sent < sizeof(b) ? bytes - sent : sizeof(b);
			for (i = 0; i < n; i++)
				b[i] = sample(sent + i);
			if (wolfSSL_write(ssl, b, (int)n) != (int)n)
				return false;
			sent += n;
			if (half || (sent < bytes && sent - got < 4 * sizeof(b)))
				continue;
		}
		rc = wolfSSL_read(ssl, b, sizeof(b));
		if (rc <= 0)
			return false;
		for (i = 0; i < (size_t)rc; i++)
			if (b[i] != sample(got + i))
				return false;
		got += (size_t)rc;
	}
	return true;
}

static void client_talk(struct client *c, WOLFSSL *ssl)
{
	WOLFSSL_ALERT_HISTORY h;
	char *alpn = NULL, b[64];
	unsigned short n = 0;
	unsigned i;
	int rc;

	c->connected = wolfSSL_connect(ssl) == WOLFSSL_SUCCESS;
	if (c->connected) {
		snprintf(c->got_version, sizeof(c->got_version), "%s", wolfSSL_get_version(ssl));
		snprintf(c->got_suite, sizeof(c->got_suite), "%s", wolfSSL_get_cipher(ssl));
		if (wolfSSL_ALPN_GetProtocol(ssl, &alpn, &n) == WOLFSSL_SUCCESS &&
		    n < sizeof(c->got_alpn))
			memcpy(c->got_alpn, alpn, n);
		for (i = 0; i < c->key_updates; i++)
			(void)wolfSSL_update_keys(ssl);
		c->echoed = client_echo(ssl, c->bytes, c->half);
		if (c->wait_close) {
			rc = wolfSSL_read(ssl, b, sizeof(b));
			c->closed_in_order =
				rc == 0 && wolfSSL_get_error(ssl, rc) == WOLFSSL_ERROR_ZERO_RETURN;
		}
	}
	c->alert = -1;
	if (wolfSSL_get_alert_history(ssl, &h) == WOLFSSL_SUCCESS && h.last_rx.level == alert_fatal)
		c->alert = h.last_rx.code;
	if (c->connected && !c->cut && !c->half)
		(void)wolfSSL_shutdown(ssl);
}

static void *client_main(void *arg)
{
	struct client *c = arg;
	WOLFSSL_CTX *ctx = client_ctx(c);
	WOLFSSL *ssl = ctx ? wolfSSL_new(ctx) : NULL;
	struct timeval limit = {20, 0};
	char alpn[64];
	int fd = -1;

	if (ssl) {
		fd = dial_port(c->port);
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
		wolfSSL_set_fd(ssl, fd);
		wolfSSL_SetCertCbCtx(ssl, c);
		if (c->alpn) {
			snprintf(alpn, sizeof(alpn), "%s", c->alpn);
			(void)wolfSSL_UseALPN(ssl, alpn, (unsigned)strlen(alpn),
					      WOLFSSL_ALPN_CONTINUE_ON_MISMATCH);
		}
		if (c->sni)
			(void)wolfSSL_UseSNI(ssl, WOLFSSL_SNI_HOST_NAME, c->sni,
					     (unsigned short)strlen(c->sni));
		client_talk(c, ssl);
	} else {
		fprintf(stderr, "client: no session\n");
	}
	wolfSSL_free(ssl);
	wolfSSL_CTX_free(ctx);
	if (fd >= 0)
		close(fd);
	crypto_thread_end();
	atomic_store(&c->over, true);
	return NULL;
}

static UNUSED void client_start(struct fix *f, struct client *c)
{
	c->port = listener_port(f->l);
	atomic_store(&c->over, false);
	assert_int_equal(pthread_create(&c->thread, NULL, client_main, c), 0);
}

static UNUSED void client_join(struct fix *f, struct client *c)
{
	uint64_t end = clock_mono_ms() + 60000;

	while (!atomic_load(&c->over) && clock_mono_ms() < end)
		loop_turn(f->loop, 5);
	assert_true(atomic_load(&c->over));
	pthread_join(c->thread, NULL);
}

/* Runs one client to its end, and the server until its stream is gone too (unless it keeps it). */
static UNUSED struct peer *run(struct fix *f, struct client *c)
{
	unsigned n = f->n_peers;

	client_start(f, c);
	client_join(f, c);
	UNTIL(f, f->n_peers == n + 1);
	if (f->mode == ECHO)
		UNTIL(f, listener_streams(f->l) == 0);
	buf_release(&c->server_leaf);
	return &f->peers[n];
}

static UNUSED int tls_setup(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	if (crypto_init(t_accelerator(), &e) != 0 || tls_global_init(&e) != 0) {
		fprintf(stderr, "%s\n", e.msg);
		return -1;
	}
	return 0;
}

static UNUSED int tls_teardown(void **state)
{
	(void)state;
	tls_global_end();
	crypto_thread_end();
	crypto_end();
	return 0;
}

#endif
