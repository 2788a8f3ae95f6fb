/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tls_client.c - asks a server for its certificates: resolve, connect, handshake, hang up. For the
 * command, which has no loop: the socket is non-blocking and every wait is a poll(2) against one
 * deadline, so that a peer that dribbles bytes is cut as well.
 *
 * wolfSSL judges nothing here: the callback takes every chain and keeps a copy of it, in the order
 * in which it was sent. What wolfSSL still checks is the handshake itself, that is, whether the
 * peer holds the leaf's key. All versions and suites that the library offers are offered, since
 * old servers are looked at too; no data is ever sent over the connection.
 */
#define COMPAT_ALLOW_RESOLVER
#include "base/compat.h"

#include "base/clock.h"
#include "net/tls.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include "net/wolf.h"

#define DEFAULT_TIMEOUT_MS 10000U
#define HEARD_MAX	   16U

struct look {
	struct tls_peer *p;
	struct arena *a;
	int fd;
	uint64_t deadline;
	enum { ENDED_NOT, ENDED_TIMEOUT, ENDED_CLOSED, ENDED_ERROR } ended;
	int error; /* errno */
	char heard[HEARD_MAX];
	size_t n_heard; /* of the first bytes */
};

/* 1 ready, 0 the deadline is over, -1 error. */
static int wait_for(const struct look *l, int fd, short events, uint64_t deadline)
{
	for (;;) {
		struct pollfd p = {.fd = fd, .events = events};
		uint64_t now = clock_mono_ms();
		int rc;

		(void)l;
		if (now >= deadline)
			return 0;
		rc = poll(&p, 1, (int)(deadline - now));
		if (rc >= 0 || errno != EINTR)
			return rc;
	}
}

/* ---- connecting ---- */

static const char *address_text(struct arena *a, const struct addrinfo *ai)
{
	char text[INET6_ADDRSTRLEN] = "?";
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (ai->ai_family == AF_INET6) {
		memcpy(&v6, ai->ai_addr, sizeof(v6));
		inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof(text));
		return arena_printf(a, "[%s]:%u", text, ntohs(v6.sin6_port));
	}
	memcpy(&v4, ai->ai_addr, sizeof(v4));
	inet_ntop(AF_INET, &v4.sin_addr, text, sizeof(text));
	return arena_printf(a, "%s:%u", text, ntohs(v4.sin_port));
}

/* A connected socket, or -1 with errno. */
static int connect_to(struct look *l, const struct addrinfo *ai, uint64_t deadline)
{
	int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error = 0, rc;
	socklen_t size = sizeof(error);

	if (fd < 0)
		return -1;
	rc = connect(fd, ai->ai_addr, ai->ai_addrlen);
	if (rc < 0 && errno == EINPROGRESS) {
		rc = wait_for(l, fd, POLLOUT, deadline);
		if (rc == 0)
			error = ETIMEDOUT;
		else if (rc < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
			error = errno;
	} else if (rc < 0) {
		error = errno;
	}
	if (error == 0)
		return fd;
	close(fd);
	errno = error;
	return -1;
}

/*
 * The addresses in their order. One that is silent may use up at most half of what time is left
 * while there are others.
 */
static int connect_any(struct look *l, const struct addrinfo *list, struct err *e)
{
	const char *host = l->p->host;

	for (const struct addrinfo *ai = list; ai != NULL; ai = ai->ai_next) {
		uint64_t now = clock_mono_ms(), left = l->deadline > now ? l->deadline - now : 0;

		l->fd = connect_to(l, ai, ai->ai_next != NULL ? now + left / 2 : l->deadline);
		if (l->fd < 0) {
			l->error = errno;
			continue;
		}
		l->p->address = address_text(l->a, ai);
		return 0;
	}
	if (l->error == ETIMEDOUT)
		return ERR(e, ERR_TIMEOUT, "%s:%u: no connection within %u s", host, l->p->port,
			   (l->p->timeout_ms + 999) / 1000);
	err_errno(e, l->error, "%s:%u: could not connect", host, l->p->port);
	e->code = ERR_UNAVAILABLE;
	return -1;
}

static int open_socket(struct look *l, struct err *e)
{
	struct addrinfo want = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *list = NULL;
	char port[8];
	int rc;

	snprintf(port, sizeof(port), "%u", l->p->port);
	rc = getaddrinfo(l->p->host, port, &want, &list);
	if (rc != 0)
		return ERR(e, ERR_UNAVAILABLE, "%s: could not be resolved: %s", l->p->host,
			   gai_strerror(rc));
	l->deadline = clock_mono_ms() + l->p->timeout_ms;
	rc = connect_any(l, list, e);
	freeaddrinfo(list);
	return rc;
}

/* ---- wolfSSL's callbacks ---- */

static int on_recv(WOLFSSL *ssl, char *buf, int size, void *arg)
{
	struct look *l = arg;
	ssize_t n;

	(void)ssl;
	for (;;) {
		n = recv(l->fd, buf, (size_t)size, 0);
		if (n > 0)
			break;
		if (n == 0) {
			l->ended = ENDED_CLOSED;
			return WOLFSSL_CBIO_ERR_CONN_CLOSE;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN) {
			l->ended = ENDED_ERROR;
			l->error = errno;
			return WOLFSSL_CBIO_ERR_CONN_RST;
		}
		if (wait_for(l, l->fd, POLLIN, l->deadline) <= 0) {
			l->ended = ENDED_TIMEOUT;
			return WOLFSSL_CBIO_ERR_GENERAL;
		}
	}
	for (ssize_t i = 0; i < n && l->n_heard < HEARD_MAX; i++)
		l->heard[l->n_heard++] = buf[i];
	return (int)n;
}

static int on_send(WOLFSSL *ssl, char *buf, int size, void *arg)
{
	struct look *l = arg;
	ssize_t n;

	(void)ssl;
	for (;;) {
		n = send(l->fd, buf, (size_t)size, MSG_NOSIGNAL);
		if (n >= 0)
			return (int)n;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN) {
			l->ended = ENDED_ERROR;
			l->error = errno;
			return WOLFSSL_CBIO_ERR_CONN_RST;
		}
		if (wait_for(l, l->fd, POLLOUT, l->deadline) <= 0) {
			l->ended = ENDED_TIMEOUT;
			return WOLFSSL_CBIO_ERR_GENERAL;
		}
	}
}

/* Called for each certificate and each complaint: the chain is copied once, everything is taken. */
static int on_verify(int ok, WOLFSSL_X509_STORE_CTX *store)
{
	struct look *l = store->userCtx;
	size_t n = store->totalCerts > 0 ? (size_t)store->totalCerts : 0;

	(void)ok;
	if (l->p->n_chain > 0 || n == 0 || store->certs == NULL)
		return 1;
	l->p->chain = ARENA_ARRAY(l->a, struct str, n);
	for (size_t i = 0; i < n; i++)
		l->p->chain[i] =
			arena_str(l->a, str_mem(store->certs[i].buffer, store->certs[i].length));
	l->p->n_chain = n;
	return 1;
}

/* ---- the handshake ---- */

static WOLFSSL_CTX *make_context(struct err *e)
{
	WOLFSSL_CTX *ctx = wolfSSL_CTX_new(wolfSSLv23_client_method());

	if (ctx == NULL) {
		(void)ERR(e, ERR_INTERNAL, "TLS: cannot make a context");
		return NULL;
	}
	wolfSSL_CTX_set_verify(ctx, WOLFSSL_VERIFY_PEER, on_verify);
	wolfSSL_CTX_SetIORecv(ctx, on_recv);
	wolfSSL_CTX_SetIOSend(ctx, on_send);
	(void)wolfSSL_CTX_set_session_cache_mode(ctx, WOLFSSL_SESS_CACHE_OFF);
	return ctx;
}

static bool is_address(const char *host)
{
	unsigned char any[16];

	return inet_pton(AF_INET, host, any) == 1 || inet_pton(AF_INET6, host, any) == 1;
}

static int name_session(WOLFSSL *ssl, const struct tls_peer *p, struct err *e)
{
	const char *name = p->server_name != NULL ? p->server_name : p->host;
	size_t n = strlen(name);

	if (is_address(name))
		return 0;
	if (n > 0 && name[n - 1] == '.')
		n--;
	if (n == 0 || n > UINT16_MAX ||
	    wolfSSL_UseSNI(ssl, WOLFSSL_SNI_HOST_NAME, name, (unsigned short)n) != WOLFSSL_SUCCESS)
		return ERR(e, ERR_INVALID, "TLS: cannot ask for the name %s", name);
	return 0;
}

/* Why the handshake did not end well. */
static int explain(const struct look *l, int number, struct err *e)
{
	const struct tls_peer *p = l->p;
	char text[WOLFSSL_MAX_ERROR_SZ];

	if (l->ended == ENDED_TIMEOUT)
		return ERR(e, ERR_TIMEOUT, "%s:%u: no TLS handshake within %u s", p->host, p->port,
			   (p->timeout_ms + 999) / 1000);
	/* 22 handshake, 21 alert (RFC 8446 5.1) */
	if (l->n_heard > 0 && l->heard[0] != 22 && l->heard[0] != 21)
		return ERR(e, ERR_INVALID, "%s:%u: does not speak TLS%s", p->host, p->port,
			   l->n_heard >= 5 && memcmp(l->heard, "HTTP/", 5) == 0
				   ? " (it answers with plain HTTP)"
				   : "");
	if (l->ended == ENDED_CLOSED)
		return ERR(e, ERR_INVALID, "%s:%u: closed the connection during the TLS handshake",
			   p->host, p->port);
	if (l->ended == ENDED_ERROR) {
		err_errno(e, l->error, "%s:%u: TLS handshake", p->host, p->port);
		e->code = ERR_INVALID;
		return -1;
	}
	wolfSSL_ERR_error_string_n((unsigned long)number, text, sizeof(text));
	return ERR(e, ERR_INVALID, "%s:%u: TLS handshake: %s", p->host, p->port, text);
}

static void handshake(struct look *l, WOLFSSL *ssl)
{
	struct tls_peer *p = l->p;
	int rc;

	wolfSSL_SetIOReadCtx(ssl, l);
	wolfSSL_SetIOWriteCtx(ssl, l);
	wolfSSL_SetCertCbCtx(ssl, l);
	rc = wolfSSL_connect(ssl);
	p->complete = rc == WOLFSSL_SUCCESS;
	if (p->complete) {
		p->version = arena_strdup(l->a, wolfSSL_get_version(ssl));
		p->suite = arena_strdup(l->a, wolfSSL_get_cipher(ssl));
		(void)wolfSSL_shutdown(ssl);
	} else {
		(void)explain(l, wolfSSL_get_error(ssl, rc), &p->why);
	}
	wolfSSL_ERR_clear_error();
}

static int look(struct look *l, struct err *e)
{
	WOLFSSL_CTX *ctx = make_context(e);
	WOLFSSL *ssl;
	int rc;

	if (ctx == NULL)
		return -1;
	ssl = wolfSSL_new(ctx);
	rc = ssl == NULL ? ERR(e, ERR_INTERNAL, "TLS: cannot make a session")
			 : name_session(ssl, l->p, e);
	if (rc == 0) {
		handshake(l, ssl);
		if (l->p->n_chain == 0) {
			*e = l->p->why;
			rc = l->p->complete ? ERR(e, ERR_INVALID, "%s:%u: shows no certificate",
						  l->p->host, l->p->port)
					    : -1;
		}
	}
	wolfSSL_free(ssl);
	wolfSSL_CTX_free(ctx);
	return rc;
}

int tls_peer_look(struct tls_peer *p, struct arena *a, struct err *e)
{
	struct look l = {.p = p, .a = a, .fd = -1};
	int rc;

	if (p->timeout_ms == 0)
		p->timeout_ms = DEFAULT_TIMEOUT_MS;
	if (open_socket(&l, e) < 0)
		return -1;
	if (wolfSSL_Init() != WOLFSSL_SUCCESS) {
		rc = ERR(e, ERR_INTERNAL, "wolfSSL_Init failed");
	} else {
		rc = look(&l, e);
		(void)wolfSSL_Cleanup();
	}
	close(l.fd);
	return rc;
}
