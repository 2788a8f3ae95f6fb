/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/mem.h"
#include "bench.h"
#include "codec/pem.h"
#include "net/priv.h"

#include <event2/buffer.h>
#include <pthread.h>
#include <semaphore.h>

#include "net/wolf.h"

/*
 * bench_handshake.c - the server's side of a TLS handshake, as net's jobs do it; only the server's
 * calls are counted. The client has a thread of its own, so that what wolfCrypt keeps for a thread
 * (tables of points) is not shared with it; they never run at the same time. With mutual
 * authentication the clients take turns, each with a certificate of its own.
 */
#define CLIENTS 64
#define WARM	16

struct pair {
	struct evbuffer *to_client, *to_server;
};

static int client_recv(WOLFSSL *ssl, char *buf, int size, void *arg)
{
	struct pair *p = arg;
	int n = evbuffer_remove(p->to_client, buf, (size_t)size);

	(void)ssl;
	return n > 0 ? n : WOLFSSL_CBIO_ERR_WANT_READ;
}

static int client_send(WOLFSSL *ssl, char *buf, int size, void *arg)
{
	struct pair *p = arg;

	(void)ssl;
	evbuffer_add(p->to_server, buf, (size_t)size);
	return size;
}

static WOLFSSL *client_new(WOLFSSL_CTX *ctx, struct pair *p)
{
	WOLFSSL *ssl;

	wolfSSL_CTX_SetIORecv(ctx, client_recv);
	wolfSSL_CTX_SetIOSend(ctx, client_send);
	ssl = wolfSSL_new(ctx);
	if (ssl == NULL)
		die("cannot make a TLS session");
	wolfSSL_SetIOReadCtx(ssl, p);
	wolfSSL_SetIOWriteCtx(ssl, p);
	return ssl;
}

/* The client's thread: one step of the handshake each time. */
struct helper {
	pthread_t thread;
	sem_t go, done;
	WOLFSSL *ssl; /* NULL: the end */
	bool connected;
};

static void *help(void *arg)
{
	struct helper *h = arg;

	for (;;) {
		while (sem_wait(&h->go) < 0)
			;
		if (h->ssl == NULL)
			break;
		h->connected = wolfSSL_connect(h->ssl) == WOLFSSL_SUCCESS;
		wolfSSL_ERR_clear_error();
		sem_post(&h->done);
	}
	crypto_thread_end();
	return NULL;
}

static bool client_step(struct helper *h, WOLFSSL *ssl)
{
	h->ssl = ssl;
	sem_post(&h->go);
	while (ssl != NULL && sem_wait(&h->done) < 0)
		;
	return h->connected;
}

static void helper_init(struct helper *h)
{
	if (sem_init(&h->go, 0, 0) < 0 || sem_init(&h->done, 0, 0) < 0 ||
	    pthread_create(&h->thread, NULL, help, h) != 0)
		die("cannot make a thread");
}

static void helper_end(struct helper *h)
{
	(void)client_step(h, NULL);
	pthread_join(h->thread, NULL);
	sem_destroy(&h->go);
	sem_destroy(&h->done);
}

/* Nanoseconds of the server. */
static uint64_t shake(struct tls_context *server, WOLFSSL_CTX *ctx, struct helper *h)
{
	struct pair p = {evbuffer_new(), evbuffer_new()};
	WOLFSSL *client = client_new(ctx, &p);
	struct err e = ERR_INIT;
	uint64_t from = thread_cpu_ns(), spent;
	struct tls_session *s = tls_session_new(server);
	enum tls_verdict v = TLS_MORE;
	bool connected = false;

	spent = thread_cpu_ns() - from;
	for (unsigned i = 0; i < 8 && !(v == TLS_DONE && connected); i++) {
		connected = client_step(h, client);
		from = thread_cpu_ns();
		if (v == TLS_MORE && tls_session_feed(s, p.to_server))
			v = tls_session_handshake(s, &e);
		evbuffer_add_buffer(p.to_client, s->out);
		spent += thread_cpu_ns() - from;
		if (v == TLS_FAILED)
			die_err("a handshake", &e);
	}
	if (v != TLS_DONE || !connected)
		die("a handshake did not end");
	wolfSSL_free(client);
	wolfSSL_ERR_clear_error();
	from = thread_cpu_ns();
	tls_session_free(s);
	spent += thread_cpu_ns() - from;
	evbuffer_free(p.to_client);
	evbuffer_free(p.to_server);
	return spent;
}

static void chain_of(struct mini_ca *ca, struct key *k, const char *name, struct buf *pem)
{
	pem_write(pem, "CERTIFICATE", mini_ca_leaf(ca, k, name, ca->arena));
	pem_write(pem, "CERTIFICATE", ca->der);
}

/* As the daemon, it always asks for a certificate. */
static struct tls_context *make_server(struct mini_ca *ca, bool accelerated)
{
	struct err e = ERR_INIT;
	struct key *k = key_generate(KEY_P256, 0, &e);
	struct buf chain = BUF_INIT, roots = BUF_INIT;
	struct secret der = SECRET_INIT;
	struct tls_config c = {.chacha_first = !accelerated};
	struct tls_creds creds;
	struct tls_context *t;

	if (k == NULL)
		die_err("a key", &e);
	chain_of(ca, k, "localhost", &chain);
	pem_write(&roots, "CERTIFICATE", ca->root_der);
	pem_write(&roots, "CERTIFICATE", ca->der);
	key_to_pkcs8(k, &der);
	c.client_roots_pem = buf_view(&roots);
	creds = (struct tls_creds){.chain_pem = buf_view(&chain), .key_pkcs8 = secret_view(&der)};
	t = tls_context_new(&c, &creds, &e);
	if (t == NULL)
		die_err("the TLS server", &e);
	secret_release(&der);
	buf_release(&chain);
	buf_release(&roots);
	key_free(k);
	return t;
}

static void make_clients(struct mini_ca *ca, bool mutual, WOLFSSL_CTX **ctx)
{
	struct err e = ERR_INIT;

	for (unsigned i = 0; i < CLIENTS; i++) {
		struct buf chain = BUF_INIT;
		struct key *k = NULL;
		char name[64];

		if (mutual) {
			snprintf(name, sizeof(name), "client-%u.example.com", i);
			k = key_generate(KEY_P256, 0, &e);
			if (k == NULL)
				die_err("a key", &e);
			chain_of(ca, k, name, &chain);
		}
		ctx[i] = client_context(buf_view(&chain), k);
		key_free(k);
		buf_release(&chain);
	}
}

double handshake_cost(bool mutual, bool accelerated, double seconds)
{
	uint64_t spent = 0, n = 0, limit = (uint64_t)(seconds * 1e9);
	WOLFSSL_CTX *ctx[CLIENTS];
	struct mini_ca ca;
	struct tls_context *t;
	struct helper h = {0};

	mini_ca_init(&ca);
	helper_init(&h);
	t = make_server(&ca, accelerated);
	make_clients(&ca, mutual, ctx);
	for (unsigned i = 0; i < WARM; i++)
		(void)shake(t, ctx[i % CLIENTS], &h);
	while (spent < limit)
		spent += shake(t, ctx[n++ % CLIENTS], &h);
	helper_end(&h);
	for (unsigned i = 0; i < CLIENTS; i++)
		wolfSSL_CTX_free(ctx[i]);
	tls_context_unref(t);
	mini_ca_release(&ca);
	return (double)spent / (double)n / 1000.0;
}
