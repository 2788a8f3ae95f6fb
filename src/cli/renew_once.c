/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/renew.h"

#include "base/clock.h"
#include "base/hook.h"
#include "cli/keyfile.h"
#include "codec/pem.h"

#include <sys/mman.h>

/*
 * renew_once.c - one attempt: the pair is read anew, the CA is asked, the answer is checked, the
 * files are replaced.
 *
 * The certificate is its own credential: by mutual TLS while it is valid; after its end no server
 * takes it in a handshake, so then (or with --mtls=false) a token signed by its key says the same.
 * Whether an expired one is renewed is the CA's decision (allowRenewalAfterExpiry). A rekey is by
 * mutual TLS only.
 *
 * The TLS library reads certificate and key from files only. It gets the very bytes that were
 * checked to belong together, in files that exist in memory: the ones on disk may be encrypted, and
 * may be replaced any moment.
 */

/* A file in memory with this content; its path, or NULL. */
static const char *memory_file(struct arena *a, struct str data, int *fd, struct err *e)
{
	ssize_t put;

	*fd = memfd_create("signet", MFD_CLOEXEC);
	put = *fd < 0 ? -1 : write(*fd, data.p, data.n);
	if (put < 0 || (size_t)put != data.n) {
		err_errno(e, errno, "memfd");
		return NULL;
	}
	return arena_printf(a, "/proc/self/fd/%d", *fd);
}

json_t *pair_call(struct cli *c, const struct pair *p, struct ca_call *call, struct err *e)
{
	struct buf pem = BUF_INIT;
	int crt_fd = -1, key_fd = -1;
	json_t *answer = NULL;

	if (key_to_pem(p->key, NULL, &pem, e) == 0 &&
	    (call->cert_file = memory_file(p->arena, p->credential, &crt_fd, e)) != NULL &&
	    (call->key_file = memory_file(p->arena, buf_view(&pem), &key_fd, e)) != NULL)
		answer = ca_call(c, call, e);
	buf_wipe_release(&pem);
	if (crt_fd >= 0)
		close(crt_fd);
	if (key_fd >= 0)
		close(key_fd);
	return answer;
}

static json_t *ask_with_token(struct renewal *r, const struct pair *p, struct ca_call *call,
			      struct err *e)
{
	struct buf token = BUF_INIT;
	json_t *answer = NULL;

	if (token_make_renew(r->c, p->ders, p->n_ders, p->key, &token, e) == 0) {
		call->bearer = token.p;
		answer = ca_call(r->c, call, e);
	}
	buf_wipe_release(&token);
	return answer;
}

static bool expired(const struct pair *p)
{
	return p->cert.not_after < clock_now();
}

static json_t *ask_renew(struct renewal *r, const struct pair *p, struct err *e)
{
	struct ca_call call = {.method = "POST", .path = "/renew"};
	json_t *answer = expired(p) || r->by_token ? ask_with_token(r, p, &call, e)
						   : pair_call(r->c, p, &call, e);

	r->status = call.status;
	return answer;
}

static json_t *ask_rekey(struct renewal *r, const struct pair *p, const json_t *body, struct err *e)
{
	struct ca_call call = {.method = "POST", .path = "/rekey", .body = body};
	json_t *answer = pair_call(r->c, p, &call, e);

	r->status = call.status;
	return answer;
}

/* ---- rekey: the new key and the request that proves that it is here ---- */

static struct key *new_key(struct renewal *r, const struct pair *p, struct err *e)
{
	struct cli *c = r->c;
	struct key_wanted want = {key_type(p->key), key_bits(p->key)};
	struct key *k = NULL;

	if (r->new_key != NULL)
		return read_key_file(c, r->new_key, "password-file", &k, e) < 0 ? NULL : k;
	if ((cli_value(c, "kty") != NULL || cli_value(c, "curve") != NULL ||
	     cli_value(c, "size") != NULL) &&
	    key_options(c, &want, e) < 0)
		return NULL;
	return key_make(&want, e);
}

static json_t *rekey_body(const struct pair *p, struct key *k, struct err *e)
{
	struct buf der = BUF_INIT, pem = BUF_INIT;
	json_t *body = NULL;

	if (csr_build(k, &p->cert.subject, &p->cert.sans, &der, e) == 0) {
		pem_write(&pem, "CERTIFICATE REQUEST", buf_view(&der));
		body = json_object();
		json_object_set_new(body, "csr", json_str_new(buf_view(&pem)));
	}
	buf_release(&der);
	buf_release(&pem);
	return body;
}

/* ---- the answer ---- */

static int check_chain(struct pair *p, struct str chain, const struct key *k, struct err *e)
{
	struct buf spki = BUF_INIT;
	struct cert cert;
	struct str *ders;
	size_t n;
	int rc = 0;

	if (cert_pem_read(chain, p->arena, &ders, &n, e) < 0 ||
	    cert_parse(ders[0], p->arena, &cert, e) < 0)
		return err_wrap(e, "the CA's answer");
	key_to_spki(k, &spki);
	if (!str_eq(buf_view(&spki), cert.spki))
		rc = ERR(e, ERR_INVALID,
			 "the CA's answer is a certificate for another key; nothing was written");
	buf_release(&spki);
	return rc;
}

/* Of the answer, which is released; NULL: there was none. */
static int take_chain(struct pair *p, json_t *answer, const struct key *k, struct buf *chain,
		      struct err *e)
{
	int rc = answer == NULL ? -1 : answer_chain(answer, chain, e);

	json_decref(answer);
	return rc < 0 ? -1 : check_chain(p, buf_view(chain), k, e);
}

struct result {
	struct key *key;	/* rekey: owned */
	struct buf chain, text; /* of the key's file */
};

/*
 * An expired certificate gets no new key, but may be renewed: then the renewed one, which nobody
 * else gets to see, asks for the new key.
 */
static int revive(struct renewal *r, struct pair *p, struct err *e)
{
	struct buf chain = BUF_INIT;
	int rc = take_chain(p, ask_renew(r, p, e), p->key, &chain, e);

	if (rc == 0)
		p->credential = arena_str(p->arena, buf_view(&chain));
	buf_release(&chain);
	return rc;
}

static int get_rekeyed(struct renewal *r, struct pair *p, struct result *out, struct err *e)
{
	json_t *body = NULL;
	int rc = -1;

	out->key = new_key(r, p, e);
	if (out->key != NULL && (body = rekey_body(p, out->key, e)) != NULL &&
	    (!expired(p) || revive(r, p, e) == 0))
		rc = take_chain(p, ask_rekey(r, p, body, e), out->key, &out->chain, e);
	json_decref(body);
	return rc;
}

static int get(struct renewal *r, struct pair *p, struct result *out, struct err *e)
{
	return r->rekey ? get_rekeyed(r, p, out, e)
			: take_chain(p, ask_renew(r, p, e), p->key, &out->chain, e);
}

static int key_text(const struct pair *p, struct result *out, struct err *e)
{
	const struct key_text t = {.key = out->key,
				   .form = KEY_FORM_PEM,
				   .password = p->encrypted ? &p->password : NULL};

	return out->key != NULL ? key_file_text(&t, &out->text, e) : 0;
}

int renew_once(struct renewal *r, struct err *e)
{
	struct pair p = {0};
	struct result res = {0};
	int rc = -1;

	r->status = 0;
	if (trust_load(r->c, true, e) == 0 && pair_read(r, &p, e) == 0 &&
	    pair_may_write(r, e) == 0 && get(r, &p, &res, e) == 0 && key_text(&p, &res, e) == 0) {
		test_crash("renew.answered");
		rc = pair_write(r, &p, buf_view(&res.chain), buf_view(&res.text), e);
	}
	key_free(res.key);
	buf_release(&res.chain);
	buf_wipe_release(&res.text);
	pair_release(&p);
	return rc;
}
