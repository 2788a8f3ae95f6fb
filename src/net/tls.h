/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_NET_TLS_H
#define SIGNET_NET_TLS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/secret.h"

/*
 * tls.h - the server's TLS by wolfSSL: versions 1.2 and 1.3, explicit suites, no sessions, no
 * renegotiation, ALPN "http/1.1".
 *
 * Handshakes run as jobs on the cpu pool over memory callbacks (stream.c); a tls_context is
 * immutable but for its credentials, which are a reference-counted snapshot: tls_creds_swap()
 * takes new ones, connections keep what they began with. A client certificate is verified if
 * given: its chain must lead to one of `client_roots` (intermediates given there help), now, for
 * client authentication; if it does not, the handshake fails. Nothing is resumed, so no session
 * authenticates without its certificate.
 */
struct tls_context;

struct tls_creds {
	struct str chain_pem; /* leaf first, without the root */
	struct str key_pkcs8; /* DER, plain; P-256 */
};
struct tls_config {
	struct str
		/*
		 * trust anchors and intermediates for client certificates; empty: never asked for
		 */
		client_roots_pem;
	bool chacha_first;	 /* true unless an accelerator is loaded */
	const char *const *alpn; /* NULL-terminated; NULL: http/1.1 */
};
struct tls_context *tls_context_new(const struct tls_config *c, const struct tls_creds *first,
				    struct err *e) NODISCARD;
void tls_context_unref(struct tls_context *t);
/* Any time on the loop; on error the old ones stay. */
int tls_creds_swap(struct tls_context *t, const struct tls_creds *c, struct err *e) NODISCARD;
/* Process-wide set-up and end of the TLS library; after crypto_init. */
int tls_global_init(struct err *e) NODISCARD;
void tls_global_end(void);

/*
 * tls_client.c: the certificates that a server shows, for the command. Blocks; needs no set-up but
 * crypto_init. Names are resolved as the system does. Nothing is trusted here: whoever looks at the
 * chain checks it. `complete` says that the handshake ended well, so that the peer has the leaf's
 * private key; without it the chain is only what somebody showed. RFC 6066 3: server_name is left
 * out for an address.
 */
struct tls_peer {
	const char *host, *server_name; /* server_name NULL: the host */
	uint16_t port;
	unsigned timeout_ms; /* connecting and handshake; 0: 10,000 */
	/* out, in the arena */
	struct str *chain; /* DER, as sent: leaf first */
	size_t n_chain;
	bool complete;
	struct err why; /* when it is not */
	const char *version, *suite, *address;
};
/*
 * 0: a chain came. ERR_UNAVAILABLE: no such host, no connection; ERR_TIMEOUT: not done in time;
 * ERR_INVALID: no TLS there, or it failed before a certificate came.
 */
int tls_peer_look(struct tls_peer *p, struct arena *a, struct err *e) NODISCARD;

#endif
