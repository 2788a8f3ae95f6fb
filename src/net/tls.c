/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tls.c - the server's TLS set-up: what is offered, whose certificates are taken, which certificate
 * is shown.
 *
 * A WOLFSSL_CTX is built whole from the configuration and one set of credentials, and is not
 * changed after that (wolfSSL itself caches intermediates there that it has verified, under its own
 * lock). A tls_context holds the newest as a counted snapshot; a connection takes a reference when
 * it is accepted. Workers and the loop share a snapshot; the context itself belongs to the loop.
 *
 * Debian's wolfSSL is built to behave as OpenSSL did: SSL 3.0 and anonymous suites allowed,
 * sessions kept, tickets given, certificates taken as "trusted peers" when loaded as CAs. Each of
 * these is set otherwise here, one by one.
 *
 * The dates of the anchors themselves are not looked at: a CA that expired, or an appliance whose
 * clock is not set yet, must not keep the daemon from starting. The authority checks the chain of a
 * client's certificate again before it trusts it with anything.
 */
#include "base/compat.h"

#include "base/clock.h"
#include "base/mem.h"
#include "codec/der.h"
#include "codec/pem.h"
#include "crypto/key.h"
#include "net/priv.h"

#include "net/wolf.h"

#define TLS13_CHACHA "TLS13-CHACHA20-POLY1305-SHA256"
#define TLS13_AES    "TLS13-AES128-GCM-SHA256:TLS13-AES256-GCM-SHA384"
#define TLS12_CHACHA "ECDHE-ECDSA-CHACHA20-POLY1305"
#define TLS12_AES    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384"

static const char suites_chacha[] = TLS13_CHACHA ":" TLS13_AES ":" TLS12_CHACHA ":" TLS12_AES;
static const char suites_aes[] = TLS13_AES ":" TLS13_CHACHA ":" TLS12_AES ":" TLS12_CHACHA;
static const char groups[] = "X25519:P-256:P-384";
/* What a client may sign with. TLS 1.3 in wolfSSL ignores this and names SHA-1 too. */
static const char signatures[] =
	"ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ED25519:RSA-PSS+SHA256:RSA-PSS+SHA384:"
	"RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384:RSA+SHA512";

struct tls_snap {
	struct ref ref;
	WOLFSSL_CTX *ctx;
	char *alpn; /* comma-separated, as wolfSSL takes it */
};

struct tls_context {
	struct ref ref;
	char *roots;
	size_t n_roots;
	bool chacha_first;
	char *alpn;
	struct tls_snap *snap;
};

static time_t on_time(time_t *out)
{
	time_t now = (time_t)clock_now();

	if (out)
		*out = now;
	return now;
}

int tls_global_init(struct err *e)
{
	if (wolfSSL_Init() != WOLFSSL_SUCCESS)
		return ERR(e, ERR_INTERNAL, "wolfSSL_Init failed");
	if (wc_SetTimeCb(on_time) != 0)
		return ERR(e, ERR_INTERNAL, "wc_SetTimeCb failed");
	return 0;
}

void tls_global_end(void)
{
	(void)wolfSSL_Cleanup();
}

static int fail(struct err *e, int number, const char *what)
{
	char text[WOLFSSL_MAX_ERROR_SZ];

	wolfSSL_ERR_error_string_n((unsigned long)number, text, sizeof(text));
	wolfSSL_ERR_clear_error();
	return ERR(e, ERR_INVALID, "%s: %s", what, text);
}

/* Versions, suites, groups, sizes; nothing is remembered from one connection to the next. */
static int set_protocol(WOLFSSL_CTX *ctx, bool chacha_first, struct err *e)
{
	if (wolfSSL_CTX_SetMinVersion(ctx, WOLFSSL_TLSV1_2) != WOLFSSL_SUCCESS)
		return ERR(e, ERR_INTERNAL, "TLS: cannot set the lowest version");
	if (wolfSSL_CTX_set_cipher_list(ctx, chacha_first ? suites_chacha : suites_aes) !=
	    WOLFSSL_SUCCESS)
		return ERR(e, ERR_INTERNAL, "TLS: cannot set the suites");
	if (wolfSSL_CTX_set1_curves_list(ctx, groups) != WOLFSSL_SUCCESS)
		return ERR(e, ERR_INTERNAL, "TLS: cannot set the groups");
	if (wolfSSL_CTX_set1_sigalgs_list(ctx, signatures) != WOLFSSL_SUCCESS)
		return ERR(e, ERR_INTERNAL, "TLS: cannot set the signature algorithms");
	if (wolfSSL_CTX_no_ticket_TLSv13(ctx) != 0 ||
	    wolfSSL_CTX_NoTicketTLSv12(ctx) != WOLFSSL_SUCCESS)
		return ERR(e, ERR_INTERNAL, "TLS: cannot turn tickets off");
	(void)wolfSSL_CTX_set_session_cache_mode(ctx, WOLFSSL_SESS_CACHE_OFF);
	(void)wolfSSL_CTX_set_options(ctx, WOLFSSL_OP_NO_TICKET | WOLFSSL_OP_NO_COMPRESSION);
	if (wolfSSL_CTX_SetMinRsaKey_Sz(ctx, 2048) != WOLFSSL_SUCCESS ||
	    wolfSSL_CTX_SetMinEccKey_Sz(ctx, 256) != WOLFSSL_SUCCESS)
		return ERR(e, ERR_INTERNAL, "TLS: cannot set the smallest keys");
	if (wolfSSL_CTX_SetDevId(ctx, crypto_device()) != WOLFSSL_SUCCESS)
		return ERR(e, ERR_INTERNAL, "TLS: cannot set the crypto device");
	wolfSSL_CTX_SetIORecv(ctx, tls_on_recv);
	wolfSSL_CTX_SetIOSend(ctx, tls_on_send);
	return 0;
}

/* Every certificate of the bundle becomes an anchor. verify mode is still "none": dates and
 * signatures are not looked at. */
static int load_roots(WOLFSSL_CTX *ctx, struct str pem, struct err *e)
{
	struct pem_block b = {0};
	unsigned n = 0;
	int rc, got;

	while ((got = pem_next(&pem, &b, e)) == 1) {
		if (!str_eqc(b.label, "CERTIFICATE")) {
			pem_block_release(&b);
			continue;
		}
		n++;
		rc = wolfSSL_CTX_load_verify_buffer_ex(ctx, (const unsigned char *)b.der.p,
						       (long)b.der.n, WOLFSSL_FILETYPE_ASN1, 0,
						       WOLFSSL_LOAD_FLAG_DATE_ERR_OKAY);
		pem_block_release(&b);
		if (rc != WOLFSSL_SUCCESS) {
			(void)fail(e, rc, "not usable");
			return err_wrap(e, "TLS client roots, certificate %u", n);
		}
	}
	if (got < 0)
		return err_wrap(e, "TLS client roots");
	if (n == 0)
		return ERR(e, ERR_INVALID, "TLS client roots: no certificate found");
	/* Loading a CA also makes it a trusted peer in this build, whose chain would not be
	 * checked. */
	if (wolfSSL_CTX_Unload_trust_peers(ctx) != WOLFSSL_SUCCESS)
		return ERR(e, ERR_INTERNAL, "TLS client roots: cannot drop trusted peers");
	wolfSSL_CTX_set_verify(ctx, WOLFSSL_VERIFY_PEER, tls_on_verify);
	return 0;
}

/* The public key in the chain's first certificate (RFC 5280 4.1). */
static struct key *leaf_key(struct str pem, struct err *e)
{
	struct pem_block b = {0};
	struct str der, cert, tbs, skip, spki;
	struct key *k = NULL;
	bool versioned, ok;
	int got = pem_next(&pem, &b, e);

	if (got < 0)
		return NULL;
	der = buf_view(&b.der);
	ok = got == 1 && der_get(&der, DER_SEQUENCE, &cert) && der_get(&cert, DER_SEQUENCE, &tbs) &&
	     der_get_optional(&tbs, DER_CTX_CONS(0), &versioned, &skip) &&
	     der_get_integer(&tbs, &skip) && der_get(&tbs, DER_SEQUENCE, &skip) &&
	     der_get(&tbs, DER_SEQUENCE, &skip) && der_get(&tbs, DER_SEQUENCE, &skip) &&
	     der_get(&tbs, DER_SEQUENCE, &skip) && der_get_element(&tbs, DER_SEQUENCE, &spki);
	if (ok)
		k = key_from_spki(spki, e);
	else
		(void)ERR(e, ERR_INVALID, "the first block is not a certificate");
	pem_block_release(&b);
	return k;
}

/*
 * The key must be the leaf's, and on P-256: the suites of TLS 1.2 here need an EC key, and RSA
 * would be slow. Our own check: wolfSSL_CTX_check_private_key() takes another P-256 key for the
 * right one.
 */
static int check_pair(const struct tls_creds *c, struct err *e)
{
	struct key *leaf, *priv;
	int rc = 0;

	leaf = leaf_key(c->chain_pem, e);
	if (!leaf)
		return err_wrap(e, "TLS certificate chain");
	priv = key_from_file_data(c->key_pkcs8, NULL, e);
	if (!priv)
		rc = err_wrap(e, "TLS key");
	else if (key_type(priv) != KEY_P256)
		rc = ERR(e, ERR_UNSUPPORTED, "TLS key: is %s, must be P-256",
			 key_type_name(key_type(priv)));
	else if (!key_equal(leaf, priv))
		rc = ERR(e, ERR_INVALID, "TLS key: does not belong to the certificate");
	key_free(leaf);
	key_free(priv);
	return rc;
}

static int load_creds(WOLFSSL_CTX *ctx, const struct tls_creds *c, struct err *e)
{
	int rc;

	if (check_pair(c, e) != 0)
		return -1;
	rc = wolfSSL_CTX_use_certificate_chain_buffer(ctx, (const unsigned char *)c->chain_pem.p,
						      (long)c->chain_pem.n);
	if (rc != WOLFSSL_SUCCESS)
		return fail(e, rc, "TLS certificate chain");
	rc = wolfSSL_CTX_use_PrivateKey_buffer(ctx, (const unsigned char *)c->key_pkcs8.p,
					       (long)c->key_pkcs8.n, WOLFSSL_FILETYPE_ASN1);
	if (rc != WOLFSSL_SUCCESS)
		return fail(e, rc, "TLS key");
	return 0;
}

static WOLFSSL_CTX *build(const struct tls_context *t, const struct tls_creds *c, struct err *e)
{
	WOLFSSL_CTX *ctx = wolfSSL_CTX_new(wolfSSLv23_server_method());

	if (!ctx) {
		(void)ERR(e, ERR_INTERNAL,
			  "TLS: cannot make a context (was tls_global_init called?)");
		return NULL;
	}
	if (set_protocol(ctx, t->chacha_first, e) != 0 || load_creds(ctx, c, e) != 0 ||
	    (t->n_roots > 0 && load_roots(ctx, str_mem(t->roots, t->n_roots), e) != 0)) {
		wolfSSL_CTX_free(ctx);
		return NULL;
	}
	return ctx;
}

static struct tls_snap *snap_new(const struct tls_context *t, const struct tls_creds *c,
				 struct err *e)
{
	WOLFSSL_CTX *ctx = build(t, c, e);
	struct tls_snap *s;

	if (!ctx)
		return NULL;
	s = NEW(struct tls_snap);
	ref_init(&s->ref);
	s->ctx = ctx;
	s->alpn = mem_strdup(t->alpn);
	return s;
}

void tls_snap_unref(struct tls_snap *s)
{
	if (!s || !ref_put(&s->ref))
		return;
	wolfSSL_CTX_free(s->ctx);
	mem_free(s->alpn);
	mem_free(s);
}

WOLFSSL *tls_snap_session(struct tls_snap *s)
{
	WOLFSSL *ssl = wolfSSL_new(s->ctx);

	if (ssl && wolfSSL_UseALPN(ssl, s->alpn, (unsigned)strlen(s->alpn),
				   WOLFSSL_ALPN_FAILED_ON_MISMATCH) != WOLFSSL_SUCCESS) {
		wolfSSL_free(ssl);
		return NULL;
	}
	return ssl;
}

static char *join(const char *const *names)
{
	struct buf b = BUF_INIT;

	for (; *names; names++) {
		if (b.n > 0)
			buf_putc(&b, ',');
		buf_puts(&b, *names);
	}
	return buf_steal(&b);
}

static void context_free(struct tls_context *t)
{
	tls_snap_unref(t->snap);
	mem_free(t->roots);
	mem_free(t->alpn);
	mem_free(t);
}

struct tls_context *tls_context_new(const struct tls_config *c, const struct tls_creds *first,
				    struct err *e)
{
	static const char *const http[] = {"http/1.1", NULL};
	struct tls_context *t = NEW(struct tls_context);

	ref_init(&t->ref);
	if (c->client_roots_pem.n > 0) {
		t->roots = mem_dup(c->client_roots_pem.p, c->client_roots_pem.n);
		t->n_roots = c->client_roots_pem.n;
	}
	t->chacha_first = c->chacha_first;
	t->alpn = join(c->alpn && c->alpn[0] ? c->alpn : http);
	t->snap = snap_new(t, first, e);
	if (!t->snap) {
		context_free(t);
		return NULL;
	}
	return t;
}

struct tls_context *tls_context_ref(struct tls_context *t)
{
	ref_get(&t->ref);
	return t;
}

void tls_context_unref(struct tls_context *t)
{
	if (t && ref_put(&t->ref))
		context_free(t);
}

int tls_creds_swap(struct tls_context *t, const struct tls_creds *c, struct err *e)
{
	struct tls_snap *s = snap_new(t, c, e);

	if (!s)
		return -1;
	tls_snap_unref(t->snap);
	t->snap = s;
	return 0;
}

struct tls_snap *tls_context_snap(struct tls_context *t)
{
	ref_get(&t->snap->ref);
	return t->snap;
}
