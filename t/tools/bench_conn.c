/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/pem.h"
#include "bench.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "net/wolf.h"

/*
 * bench_conn.c - a client's connection: TLS 1.3 over a non-blocking socket, one request at a time,
 * answers with a length, in chunks, or up to the end of the connection.
 *
 * Whom it speaks to is not checked: it costs the server nothing and would only slow down the
 * client. Nothing is resumed. Each client has a loopback address of its own.
 */
#define READ_SIZE 16384

struct WOLFSSL_CTX *client_context(struct str chain_pem, const struct key *key)
{
	WOLFSSL_CTX *ctx = wolfSSL_CTX_new(wolfTLSv1_3_client_method());
	struct secret der = SECRET_INIT;

	if (ctx == NULL || wolfSSL_CTX_set1_curves_list(ctx, "X25519:P-256") != WOLFSSL_SUCCESS ||
	    wolfSSL_CTX_SetDevId(ctx, crypto_device()) != WOLFSSL_SUCCESS)
		die("cannot set up TLS");
	wolfSSL_CTX_set_verify(ctx, WOLFSSL_VERIFY_NONE, NULL);
	(void)wolfSSL_CTX_set_session_cache_mode(ctx, WOLFSSL_SESS_CACHE_OFF);
	if (key == NULL)
		return ctx;
	key_to_pkcs8(key, &der);
	if (wolfSSL_CTX_use_certificate_chain_buffer(ctx, (const unsigned char *)chain_pem.p,
						     (long)chain_pem.n) != WOLFSSL_SUCCESS ||
	    wolfSSL_CTX_use_PrivateKey_buffer(ctx, (const unsigned char *)der.p, (long)der.n,
					      WOLFSSL_FILETYPE_ASN1) != WOLFSSL_SUCCESS)
		die("cannot use a client certificate");
	secret_release(&der);
	return ctx;
}

static enum conn_result broken(struct conn *c, const char *what, int number)
{
	char text[WOLFSSL_MAX_ERROR_SZ] = "";

	if (number != 0)
		wolfSSL_ERR_error_string_n((unsigned long)number, text, sizeof(text));
	snprintf(c->why, sizeof(c->why), "%s%s%.120s", what, number ? ": " : "", text);
	wolfSSL_ERR_clear_error();
	return CONN_BROKEN;
}

/* 127.0.x.y, so that limits by address and the 28,000 ports of one are not in the way. */
static void choose_source(struct conn *c, const struct addr *to)
{
	struct sockaddr_in from = {.sin_family = AF_INET};
	int yes = 1;

	if (to->u.sa.sa_family != AF_INET || ntohl(to->u.in.sin_addr.s_addr) >> 24 != 127)
		return;
	from.sin_addr.s_addr =
		htonl(0x7f000100U + (c->number / 250 << 8) % 0xff00U + 1 + c->number % 250);
	(void)setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof(yes));
	(void)bind(c->fd, (const struct sockaddr *)&from, sizeof(from));
}

int conn_open(struct conn *c, const struct addr *to, WOLFSSL_CTX *ctx)
{
	int yes = 1;

	c->fd = socket(to->u.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd < 0)
		return -1;
	choose_source(c, to);
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	if (connect(c->fd, &to->u.sa, to->len) < 0 && errno != EINPROGRESS) {
		close(c->fd);
		return -1;
	}
	c->ssl = wolfSSL_new(ctx);
	if (c->ssl == NULL || wolfSSL_set_fd(c->ssl, c->fd) != WOLFSSL_SUCCESS)
		die("cannot make a TLS session");
	c->state = CONN_CONNECTING;
	c->want_write = true;
	return 0;
}

void conn_close(struct conn *c, bool in_order)
{
	if (c->state == CONN_CLOSED)
		return;
	if (in_order && c->state >= CONN_READY)
		(void)wolfSSL_shutdown(c->ssl);
	wolfSSL_free(c->ssl);
	wolfSSL_ERR_clear_error();
	close(c->fd);
	c->ssl = NULL;
	c->state = CONN_CLOSED;
	c->want_write = false;
}

void conn_ask(struct conn *c, struct str request)
{
	c->out = request;
	c->sent = 0;
	buf_reset(&c->in);
	if (c->state == CONN_READY)
		c->state = CONN_SENDING;
}

/* ---- the answer ---- */

static bool header_value(struct str head, const char *name, struct str *value)
{
	size_t n = strlen(name);

	for (size_t i = 0; i + n < head.n; i++) {
		struct str at = {head.p + i, n};

		if ((i == 0 || head.p[i - 1] == '\n') && head.p[i + n] == ':' &&
		    str_ieqc(at, name)) {
			const char *end = memchr(at.p, '\r', head.n - i);

			at = str_mem(at.p + n + 1, (size_t)(end - at.p) - n - 1);
			*value = str_trim(at);
			return true;
		}
	}
	return false;
}

/* Chunks (RFC 9112 7.1) are joined in place. 1 whole, 0 more is to come, -1 malformed. */
static int join_chunks(char *p, size_t n, struct str *body)
{
	char *to = p, *from = p, *end = p + n, *line;
	unsigned long size;

	/* first pass: is it all there? */
	for (;;) {
		line = memmem(from, (size_t)(end - from), "\r\n", 2);
		if (line == NULL)
			return 0;
		size = strtoul(from, NULL, 16);
		if (size > (1U << 24))
			return -1;
		if ((size_t)(end - line) < size + 4)
			return 0;
		from = line + 2 + size + 2;
		if (size == 0)
			break;
	}
	for (from = p;;) {
		line = memmem(from, (size_t)(end - from), "\r\n", 2);
		size = strtoul(from, NULL, 16);
		if (size == 0)
			break;
		memmove(to, line + 2, size);
		to += size;
		from = line + 2 + size + 2;
	}
	*body = str_mem(p, (size_t)(to - p));
	return 1;
}

/* 1: whole. at_end: the connection is over. */
static int look(struct conn *c, bool at_end)
{
	char *end = c->in.n ? memmem(c->in.p, c->in.n, "\r\n\r\n", 4) : NULL;
	struct str head, value;
	uint64_t length;
	size_t rest;

	if (end == NULL)
		return at_end ? -1 : 0;
	head = str_mem(c->in.p, (size_t)(end - c->in.p) + 2);
	rest = c->in.n - head.n - 2;
	if (head.n < 12 || memcmp(head.p, "HTTP/1.1 ", 9) != 0)
		return -1;
	c->status = (head.p[9] - '0') * 100 + (head.p[10] - '0') * 10 + head.p[11] - '0';
	c->last = header_value(head, "Connection", &value) && str_ieqc(value, "close");
	if (header_value(head, "Transfer-Encoding", &value))
		return join_chunks(end + 4, rest, &c->body);
	if (header_value(head, "Content-Length", &value)) {
		if (!str_u64(value, &length) || length > (1U << 24))
			return -1;
		c->body = str_mem(end + 4, (size_t)length);
		return rest >= length ? 1 : at_end ? -1 : 0;
	}
	c->body = str_mem(end + 4, rest);
	return at_end;
}

/* ---- going on ---- */

static enum conn_result finish_connect(struct conn *c)
{
	int error = 0;
	socklen_t n = sizeof(error);
	struct sockaddr_storage peer;
	socklen_t peer_n = sizeof(peer);

	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0 || error != 0) {
		snprintf(c->why, sizeof(c->why), "connect: error %d", error);
		return CONN_BROKEN;
	}
	if (getpeername(c->fd, (struct sockaddr *)&peer, &peer_n) < 0)
		return CONN_WAIT;
	c->state = CONN_HANDSHAKE;
	return CONN_DONE;
}

static enum conn_result wait_or_break(struct conn *c, int rc, const char *what)
{
	int number = wolfSSL_get_error(c->ssl, rc);

	c->want_write = number == WOLFSSL_ERROR_WANT_WRITE;
	if (number == WOLFSSL_ERROR_WANT_READ || c->want_write)
		return CONN_WAIT;
	return broken(c, what, number);
}

static enum conn_result shake(struct conn *c)
{
	int rc = wolfSSL_connect(c->ssl);

	if (rc != WOLFSSL_SUCCESS)
		return wait_or_break(c, rc, "handshake");
	c->want_write = false;
	c->state = c->out.n > 0 ? CONN_SENDING : CONN_READY;
	return CONN_DONE;
}

static enum conn_result send_some(struct conn *c)
{
	int rc = wolfSSL_write(c->ssl, c->out.p + c->sent, (int)(c->out.n - c->sent));

	if (rc <= 0)
		return wait_or_break(c, rc, "sending");
	c->want_write = false;
	c->sent += (size_t)rc;
	if (c->sent == c->out.n)
		c->state = CONN_READING;
	return CONN_DONE;
}

static enum conn_result read_some(struct conn *c)
{
	int rc = wolfSSL_read(c->ssl, buf_reserve(&c->in, READ_SIZE), READ_SIZE), whole;
	bool over = false;

	if (rc > 0) {
		c->in.n += (size_t)rc;
	} else {
		int number = wolfSSL_get_error(c->ssl, rc);

		over = number == WOLFSSL_ERROR_ZERO_RETURN;
		if (!over)
			return wait_or_break(c, rc, "reading");
	}
	whole = look(c, over);
	if (whole < 0)
		return broken(c, over ? "closed before an answer" : "a malformed answer", 0);
	if (whole == 0)
		return CONN_WAIT;
	c->out = STR_NULL;
	c->state = CONN_READY;
	return CONN_DONE;
}

enum conn_result conn_go(struct conn *c)
{
	enum conn_result r = CONN_WAIT;

	for (;;) {
		switch (c->state) {
		case CONN_CLOSED:
			return CONN_WAIT;
		case CONN_CONNECTING:
			r = finish_connect(c);
			break;
		case CONN_HANDSHAKE:
			r = shake(c);
			if (r == CONN_DONE && c->state == CONN_READY)
				return r;
			break;
		case CONN_READY: /* nothing was asked: bytes are tickets, or the end */
			if (wolfSSL_peek(c->ssl, &(char){0}, 1) > 0)
				return broken(c, "data without a request", 0);
			return wait_or_break(c, -1, "idle");
		case CONN_SENDING:
			r = send_some(c);
			break;
		case CONN_READING:
			r = read_some(c);
			if (r != CONN_WAIT)
				return r;
			if (wolfSSL_pending(c->ssl) > 0)
				continue;
			break;
		}
		if (r != CONN_DONE)
			return r;
	}
}

bool conn_dribble(struct conn *c)
{
	static const char head[] = "POST /1.0/sign HTTP/1.1\r\nHost: localhost\r\nX-Slow: ";
	char byte = c->sent < sizeof(head) - 1 ? head[c->sent] : 'x';
	int rc;

	if (c->state != CONN_READY)
		return true;
	rc = wolfSSL_write(c->ssl, &byte, 1);
	c->sent++;
	return rc == 1 || wait_or_break(c, rc, "sending") == CONN_WAIT;
}
