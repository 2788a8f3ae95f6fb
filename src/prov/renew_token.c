/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/metric.h"
#include "codec/b64.h"
#include "prov/priv.h"

/*
 * renew_token.c - a certificate's own word that it wants to be renewed: a JWS by its key, with the
 * certificate in the header `x5cInsecure` (step-api 2.3).
 *
 *     parse    form, the leaf, what the leaf may do; starts the job
 *     check    the signature was right: the claims
 *     end
 *
 * "Insecure" is the header's name because its chain is good for nothing: nobody has checked it, and
 * here nobody does. The leaf only says whose key made the signature. That it is one of ours, to the
 * byte, that it is not revoked and which provisioner it came from, ca/renew finds in the store; the
 * rest of the chain is not even parsed. Dates of the leaf are not looked at here either: renewing
 * after expiry is what these tokens are for.
 *
 * The key is new to us with each token, so it is loaded in the job as well: the job has copies of
 * everything, and nothing of the loop's.
 *
 * All refusals look alike to the client, but for a wrong subject, which `step` shows.
 */

#define CHAIN_MAX 10U
#define SENTENCE  "error validating renew token"

struct renew_token_state {
	struct arena *arena;
	struct renew_token_parts parts;
	struct wait wait;
};

/* ---- the signature ---- */

struct leaf_job {
	struct wait_job wj;
	enum sig_alg alg;
	struct buf spki, input, signature;
	int rc;
	struct err err;
};

static struct leaf_job *of_job(struct job *j)
{
	return CONTAINER_OF(CONTAINER_OF(j, struct wait_job, job), struct leaf_job, wj);
}

static void leaf_run(struct job *j)
{
	struct leaf_job *l = of_job(j);
	struct key *k = key_from_spki(buf_view(&l->spki), &l->err);

	l->rc = k ? jws_verify(k, l->alg, buf_view(&l->input), buf_view(&l->signature), &l->err)
		  : -1;
	key_free(k);
}

static int leaf_done(struct wait_job *wj, struct err *e)
{
	struct leaf_job *l = CONTAINER_OF(wj, struct leaf_job, wj);

	if (l->rc < 0)
		*e = l->err;
	return l->rc;
}

static void leaf_free(struct job *j)
{
	struct leaf_job *l = of_job(j);

	buf_release(&l->spki);
	buf_release(&l->input);
	buf_release(&l->signature);
	mem_free(l);
}

static int verify_start(struct renew_token *t, struct err *e)
{
	struct renew_token_state *st = t->st;
	struct leaf_job *l = NEW(struct leaf_job);

	l->wj.job.name = "prov.renew_token";
	l->wj.job.run = leaf_run;
	l->wj.job.free = leaf_free;
	l->wj.on_done = leaf_done;
	l->alg = st->parts.jws.alg;
	buf_str(&l->spki, st->parts.leaf.spki);
	buf_str(&l->input, st->parts.jws.signing_input);
	buf_str(&l->signature, st->parts.jws.signature);
	if (wait_submit(&st->wait, &t->flow, t->cpu, &l->wj, PROV_VERIFY_MS, e) < 0) {
		leaf_free(&l->wj.job);
		return -1;
	}
	return 0;
}

/* ---- parse ---- */

/* Except for what is our own trouble, nobody is authenticated. */
static enum step deny(struct flow *f, struct err *e, const char *sentence)
{
	err_wrap(e, "renew token");
	if (e->code == ERR_UNAVAILABLE || e->code == ERR_TIMEOUT || e->code == ERR_CANCELLED ||
	    e->code == ERR_INTERNAL)
		return flow_fail(f, e);
	e->code = ERR_UNAUTHORIZED;
	err_public(e, "%s", sentence);
	metric_inc(METRIC_TOKENS_REFUSED);
	return flow_fail(f, e);
}

static int read_leaf(struct renew_token_parts *p, struct arena *a, struct err *e)
{
	const json_t *chain = json_object_get(p->jws.header, "x5cInsecure");
	struct buf der = BUF_INIT;
	struct str copy;
	int rc;

	if (!json_is_array(chain) || json_array_size(chain) == 0 ||
	    json_array_size(chain) > CHAIN_MAX)
		return ERR(e, ERR_UNAUTHORIZED,
			   "header x5cInsecure: must be a list of 1 to %u certificates", CHAIN_MAX);
	for (size_t i = 0; i < json_array_size(chain); i++)
		if (!json_is_string(json_array_get(chain, i)))
			return ERR(e, ERR_UNAUTHORIZED,
				   "header x5cInsecure: element %zu is no string", i);
	rc = b64_decode(B64_STD, json_str_view(json_array_get(chain, 0)), &der, e);
	copy = arena_str(a, buf_view(&der));
	buf_release(&der);
	if (rc < 0 || cert_parse(copy, a, &p->leaf, e) < 0)
		return err_wrap(e, "header x5cInsecure: leaf");
	return 0;
}

/* The model asks for the usage bit to be there; ours always have it. */
static int check_usage(const struct cert *leaf, struct err *e)
{
	if (!leaf->has_key_usage || !(leaf->key_usage & KU_DIGITAL_SIGNATURE))
		return ERR(e, ERR_UNAUTHORIZED, "its certificate is not for digital signatures");
	if (!cert_eku_allows(leaf, OID_EKU_CLIENT_AUTH))
		return ERR(e, ERR_UNAUTHORIZED, "its certificate is not for client authentication");
	return 0;
}

static void release_jws(void *jws)
{
	jws_release(jws);
}

int renew_token_parse(struct str token, struct arena *a, struct renew_token_parts *p, struct err *e)
{
	memset(p, 0, sizeof(*p));
	if (token.n > PROV_TOKEN_MAX)
		return ERR(e, ERR_UNAUTHORIZED, "%zu bytes, at most %u are accepted", token.n,
			   PROV_TOKEN_MAX);
	if (jws_parse(token, a, &p->jws, e) < 0)
		return -1;
	arena_on_free(a, release_jws, &p->jws);
	if (jwt_claims(p->jws.payload, &p->claims, e) < 0 || read_leaf(p, a, e) < 0)
		return -1;
	return check_usage(&p->leaf, e);
}

static enum step parse(struct flow *f, void *op)
{
	struct renew_token *t = op;
	struct renew_token_state *st = t->st;
	struct err e = ERR_INIT;
	unsigned char h[HASH_MAX];
	struct buf hex = BUF_INIT;

	hash(HASH_SHA256, t->token, h);
	hex_encode(str_mem(h, 32), &hex);
	t->hash = arena_str(st->arena, buf_view(&hex));
	buf_release(&hex);
	if (renew_token_parse(t->token, st->arena, &st->parts, &e) < 0 || verify_start(t, &e) < 0)
		return deny(f, &e, SENTENCE);
	t->leaf_der = st->parts.leaf.der;
	return STEP_WAIT;
}

/* ---- check ---- */

static int check_claims(const struct renew_token *t, struct err *e)
{
	const struct jwt_claims *c = &t->st->parts.claims;
	struct prov_audiences au;

	if (jwt_check_time(c, clock_now(), PROV_TOKEN_AGE, e) < 0)
		return -1;
	if (t->issued_after > 0 && c->iat < t->issued_after)
		return ERR(e, ERR_UNAUTHORIZED, "issued before the backup was restored");
	prov_audiences_make(&au, SIGNET_RENEW, t->hosts, t->n_hosts, t->st->arena);
	if (!prov_audience_has(c->aud, au.op, au.n_op, NULL))
		return ERR(e, ERR_UNAUTHORIZED, "claims: aud: not for renewing at this server");
	return 0;
}

static enum step check(struct flow *f, void *op)
{
	struct renew_token *t = op;
	struct renew_token_state *st = t->st;
	const struct err *why = wait_error(&st->wait);
	struct err e = ERR_INIT;

	if (why) {
		e = *why;
		return deny(f, &e, SENTENCE);
	}
	if (check_claims(t, &e) < 0)
		return deny(f, &e, SENTENCE);
	if (!str_eq(st->parts.claims.sub, name_get(&st->parts.leaf.subject, OID_CN))) {
		ERR(&e, ERR_UNAUTHORIZED, "claims: sub: not the certificate's common name");
		return deny(f, &e, SENTENCE ": invalid subject claim (sub)");
	}
	t->iss = arena_str(st->arena, st->parts.claims.iss);
	t->expiry = st->parts.claims.exp;
	return STEP_NEXT;
}

static enum step end(struct flow *f, void *op)
{
	struct renew_token *t = op;

	if (f->failed)
		t->leaf_der = t->iss = STR_NULL; /* nobody has vouched for them */
	return STEP_DONE;
}

static const struct flow_step steps[] = {
	{"renew_token.parse", parse, 0},
	{"renew_token.check", check, 0},
	{"renew_token.end", end, 0},
	{NULL, NULL, 0},
};

void renew_token_init(struct renew_token *t, struct loop *l, struct arena *arena)
{
	ENSURE(t->cpu);
	t->st = ARENA_NEW(arena, struct renew_token_state);
	t->st->arena = arena;
	flow_init(&t->flow, l, steps, t, arena);
}

/*
 * SHA-256(provisioner 0 "renew" 0 SHA-256(leaf) id). The certificate is part of it, so that nobody
 * can use up an id of another one's, or of a one-time token's.
 */
void renew_token_once(const struct renew_token *t, struct grant *g)
{
	const struct renew_token_state *st = t->st;
	struct hash_ctx *h = hash_new(HASH_SHA256);
	unsigned char part[HASH_MAX];

	ENSURE(!t->flow.failed && t->leaf_der.n > 0 && g->prov);
	hash_update(h, str_c(g->prov->name));
	hash_update(h, STR("\0renew\0"));
	hash(HASH_SHA256, t->leaf_der, part);
	hash_update(h, str_mem(part, 32));
	/* Without the signature: ECDSA's (r, s) and (r, n - s) are two spellings of one token. */
	hash(HASH_SHA256, st->parts.jws.signing_input, part);
	hash_update(h, st->parts.claims.jti.n ? st->parts.claims.jti : str_mem(part, 32));
	hash_final(h, g->once);
	g->has_once = true;
	g->once_expiry = t->expiry + PROV_ONCE_GRACE;
}
