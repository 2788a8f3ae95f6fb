/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tls_session.c - one TLS connection in wolfSSL, between two buffers of records. No socket, no
 * loop: whoever owns the session (the loop, or the worker that runs its handshake) calls these, one
 * at a time.
 *
 * The peer's certificates are copied in the verify callback, which Debian's build calls for each
 * certificate, the leaf last: wolfSSL_get_peer_certificate() has none for Ed25519, and the
 * session's chain silently leaves out what is longer than 2 KB, so that its first entry may be the
 * issuer. The callback's answer is wolfSSL's own verdict: it never turns a failure into success.
 */
#include "base/compat.h"

#include "base/mem.h"
#include "net/priv.h"

#include <event2/buffer.h>

#include "net/wolf.h"

#define RECORD_HEADER 5
#define RECORD_MAX    (16384 + 2048) /* RFC 5246 6.2.3, the wider of the two versions */

static struct evbuffer *new_buffer(void)
{
	struct evbuffer *b = evbuffer_new();

	ENSURE(b);
	return b;
}

struct tls_session *tls_session_new(struct tls_context *c)
{
	struct tls_session *t = NEW(struct tls_session);

	t->snap = tls_context_snap(c);
	t->in = new_buffer();
	t->out = new_buffer();
	return t;
}

static void drop_chain(struct tls_session *t)
{
	mem_free(t->chain);
	mem_free(t->chain_bytes);
	t->chain = NULL;
	t->chain_bytes = NULL;
	t->n_chain = 0;
}

void tls_session_free(struct tls_session *t)
{
	if (!t)
		return;
	wolfSSL_free(t->ssl);
	drop_chain(t);
	mem_free(t->name);
	evbuffer_free(t->in);
	evbuffer_free(t->out);
	tls_snap_unref(t->snap);
	mem_free(t);
}

/* ---- wolfSSL's callbacks ---- */

int tls_on_recv(WOLFSSL *ssl, char *buf, int size, void *arg)
{
	struct tls_session *t = arg;
	int n;

	(void)ssl;
	n = evbuffer_remove(t->in, buf, (size_t)size);
	return n > 0 ? n : WOLFSSL_CBIO_ERR_WANT_READ;
}

int tls_on_send(WOLFSSL *ssl, char *buf, int size, void *arg)
{
	struct tls_session *t = arg;

	(void)ssl;
	ENSURE(evbuffer_add(t->out, buf, (size_t)size) == 0);
	return size;
}

static void copy_chain(struct tls_session *t, const WOLFSSL_X509_STORE_CTX *store)
{
	size_t i, n = (size_t)store->totalCerts, total = 0;
	unsigned char *p;

	drop_chain(t);
	for (i = 0; i < n; i++)
		total += store->certs[i].length;
	t->chain = mem_calloc(n, sizeof(*t->chain));
	t->chain_bytes = p = mem_alloc(total);
	for (i = 0; i < n; i++) {
		t->chain[i] = str_mem(p, store->certs[i].length);
		memcpy(p, store->certs[i].buffer, store->certs[i].length);
		p += store->certs[i].length;
	}
	t->n_chain = n;
}

int tls_on_verify(int ok, WOLFSSL_X509_STORE_CTX *store)
{
	if (ok && store->error_depth == 0 && store->certs && store->totalCerts > 0)
		copy_chain(store->userCtx, store);
	return ok;
}

/* ---- the handshake ---- */

static int fail(struct err *e, enum err_code code, const char *what, int number)
{
	char text[WOLFSSL_MAX_ERROR_SZ];

	wolfSSL_ERR_error_string_n((unsigned long)number, text, sizeof(text));
	return ERR(e, code, "%s: %s", what, text);
}

static int begin(struct tls_session *t, struct err *e)
{
	t->ssl = tls_snap_session(t->snap);
	if (!t->ssl)
		return ERR(e, ERR_INTERNAL, "TLS handshake: cannot make a session");
	wolfSSL_SetIOReadCtx(t->ssl, t);
	wolfSSL_SetIOWriteCtx(t->ssl, t);
	wolfSSL_SetCertCbCtx(t->ssl, t);
	return 0;
}

static void note_result(struct tls_session *t)
{
	void *name = NULL;
	size_t n;

	n = wolfSSL_SNI_GetRequest(t->ssl, WOLFSSL_SNI_HOST_NAME, &name);
	if (name && n > 0 && !t->name) {
		t->name = mem_dup(name, n);
		t->server_name = str_mem(t->name, n);
	}
	t->version = wolfSSL_get_version(t->ssl);
	t->suite = wolfSSL_get_cipher(t->ssl);
}

static enum err_code code_of(int number)
{
	if (number == ASN_NO_SIGNER_E || number == ASN_AFTER_DATE_E ||
	    number == ASN_BEFORE_DATE_E || number == VERIFY_CERT_ERROR ||
	    number == EXTKEYUSE_AUTH_E || number == ASN_SIG_CONFIRM_E)
		return ERR_UNAUTHORIZED;
	return ERR_INVALID;
}

enum tls_verdict tls_session_handshake(struct tls_session *t, struct err *e)
{
	int rc, number;

	if (!t->ssl && begin(t, e) != 0)
		return TLS_FAILED;
	rc = wolfSSL_accept(t->ssl);
	if (rc == WOLFSSL_SUCCESS) {
		note_result(t);
		return TLS_DONE;
	}
	number = wolfSSL_get_error(t->ssl, rc);
	wolfSSL_ERR_clear_error();
	if (number == WOLFSSL_ERROR_WANT_READ)
		return TLS_MORE;
	(void)fail(e, code_of(number), "TLS handshake", number);
	return TLS_FAILED;
}

bool tls_session_feed(struct tls_session *t, struct evbuffer *wire)
{
	size_t whole = 0, total = evbuffer_get_length(wire), size;
	struct evbuffer_ptr at;
	unsigned char h[RECORD_HEADER];

	while (total - whole >= RECORD_HEADER) {
		ENSURE(evbuffer_ptr_set(wire, &at, whole, EVBUFFER_PTR_SET) == 0);
		ENSURE(evbuffer_copyout_from(wire, &at, h, sizeof(h)) == (ev_ssize_t)sizeof(h));
		size = RECORD_HEADER + ((size_t)h[3] << 8 | h[4]);
		if (h[0] < 20 || h[0] > 24 || size > RECORD_HEADER + RECORD_MAX) {
			whole = total; /* not TLS: wolfSSL says so to the peer */
			break;
		}
		if (total - whole < size)
			break;
		whole += size;
	}
	if (whole > 0)
		ENSURE(evbuffer_remove_buffer(wire, t->in, whole) == (int)whole);
	return evbuffer_get_length(t->in) > 0;
}

/* ---- records ---- */

enum tls_verdict tls_session_read(struct tls_session *t, struct evbuffer *plain, size_t limit,
				  unsigned char *scratch, struct err *e)
{
	size_t have, want;
	int n, number;

	while ((have = evbuffer_get_length(plain)) < limit) {
		want = limit - have < NET_SCRATCH ? limit - have : NET_SCRATCH;
		n = wolfSSL_read(t->ssl, scratch, (int)want);
		if (n > 0) {
			ENSURE(evbuffer_add(plain, scratch, (size_t)n) == 0);
			continue;
		}
		number = wolfSSL_get_error(t->ssl, n);
		wolfSSL_ERR_clear_error();
		if (number == WOLFSSL_ERROR_WANT_READ)
			return TLS_MORE;
		if (number == WOLFSSL_ERROR_ZERO_RETURN)
			return TLS_CLOSED;
		(void)fail(e, ERR_INVALID, "TLS", number);
		return TLS_FAILED;
	}
	return TLS_MORE;
}

int tls_session_write(struct tls_session *t, struct evbuffer *plain, size_t limit, struct err *e)
{
	size_t n;
	int rc;

	while ((n = evbuffer_get_length(plain)) > 0 && evbuffer_get_length(t->out) < limit) {
		if (n > NET_SCRATCH)
			n = NET_SCRATCH;
		rc = wolfSSL_write(t->ssl, evbuffer_pullup(plain, (ev_ssize_t)n), (int)n);
		if (rc <= 0) {
			(void)fail(e, ERR_INTERNAL, "TLS", wolfSSL_get_error(t->ssl, rc));
			wolfSSL_ERR_clear_error();
			return -1;
		}
		evbuffer_drain(plain, (size_t)rc);
	}
	return 0;
}

void tls_session_close(struct tls_session *t)
{
	(void)wolfSSL_shutdown(t->ssl);
	wolfSSL_ERR_clear_error();
}
