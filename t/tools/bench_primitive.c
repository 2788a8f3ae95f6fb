/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/mem.h"
#include "bench.h"
#include "jose/jws.h"
#include "kms/check.h"

/*
 * bench_primitive.c - what one certificate costs at the least: each part in a loop by itself, with
 * the functions that the daemon calls for it, in CPU time of this thread.
 *
 * Inputs are made before a loop and used once or twice, as in the daemon: the tokens are of one
 * key, the requests each of their own.
 */
#define A_BATCH 64
#define WARM	8

struct parts {
	struct maker maker;
	struct mini_ca ca;
	struct key *issuer_public, *token_key;
	struct arena *arena;
	struct buf csr[A_BATCH], token[A_BATCH], sig;
	struct jws jws[A_BATCH];
	struct str tbs;
};

static void must(int rc, const char *what, const struct err *e)
{
	if (rc < 0)
		die_err(what, e);
}

static void refill(struct parts *p)
{
	struct err e = ERR_INIT;

	if (p->arena != NULL) {
		for (unsigned i = 0; i < A_BATCH; i++)
			jws_release(&p->jws[i]);
		arena_free(p->arena);
	}
	p->arena = arena_new();
	for (unsigned i = 0; i < A_BATCH; i++) {
		buf_reset(&p->csr[i]);
		buf_reset(&p->token[i]);
		maker_csr(&p->maker, "host.example.com", NULL, &p->csr[i]);
		maker_token(&p->maker, "host.example.com", &p->token[i]);
		must(jws_parse(buf_view(&p->token[i]), p->arena, &p->jws[i], &e), "a token", &e);
	}
}

static void verify_token(struct parts *p, unsigned i)
{
	struct err e = ERR_INIT;
	const struct jws *j = &p->jws[i];

	must(jws_verify(p->token_key, j->alg, j->signing_input, j->signature, &e), "a token", &e);
}

static void verify_csr(struct parts *p, unsigned i)
{
	struct err e = ERR_INIT;
	struct arena *a = arena_new();
	struct key *k;
	struct csr csr;

	must(csr_parse(buf_view(&p->csr[i]), a, &csr, &e), "a request", &e);
	must(csr_verify(&csr, &k, &e), "a request", &e);
	key_free(k);
	arena_free(a);
}

static void sign(struct parts *p, unsigned i)
{
	struct err e = ERR_INIT;

	(void)i;
	buf_reset(&p->sig);
	must(kms_check_tbs(p->tbs, p->ca.cert.subject.der, SIG_ECDSA_SHA256, &e), "the TBS", &e);
	must(key_sign(p->ca.key, SIG_ECDSA_SHA256, p->tbs, &p->sig, &e), "signing", &e);
}

static void check(struct parts *p, unsigned i)
{
	struct err e = ERR_INIT;

	(void)i;
	must(key_verify(p->issuer_public, SIG_ECDSA_SHA256, p->tbs, buf_view(&p->sig), &e),
	     "a signature", &e);
}

static double cost(struct parts *p, void (*fn)(struct parts *p, unsigned i), double seconds)
{
	uint64_t spent = 0, limit = (uint64_t)(seconds * 1e9), n = 0, from;

	for (unsigned i = 0; i < WARM; i++)
		fn(p, i);
	while (spent < limit) {
		refill(p);
		from = thread_cpu_ns();
		for (unsigned i = 0; i < A_BATCH; i++)
			fn(p, i);
		spent += thread_cpu_ns() - from;
		n += A_BATCH;
	}
	return (double)spent / (double)n / 1000.0;
}

static void parts_init(struct parts *p)
{
	struct err e = ERR_INIT;
	struct key *subject = key_generate(KEY_P256, 0, &e);

	*p = (struct parts){0};
	maker_init(&p->maker, NULL, "bench");
	p->maker.provisioner = key_generate(KEY_P256, 0, &e);
	if (subject == NULL || p->maker.provisioner == NULL)
		die_err("a key", &e);
	p->maker.kid = "bench";
	p->token_key = key_public(p->maker.provisioner);
	mini_ca_init(&p->ca);
	p->issuer_public = key_public(p->ca.key);
	p->tbs = mini_ca_tbs(&p->ca, subject, "host.example.com", p->ca.arena);
	key_free(subject);
	refill(p);
}

json_t *primitives_run(const char *dir, bool accelerated, unsigned clients, double seconds)
{
	json_t *o = json_object();
	struct parts p;

	parts_init(&p);
	json_object_set_new(o, "token", json_real(cost(&p, verify_token, seconds)));
	json_object_set_new(o, "csr", json_real(cost(&p, verify_csr, seconds)));
	json_object_set_new(o, "sign", json_real(cost(&p, sign, seconds)));
	json_object_set_new(o, "check", json_real(cost(&p, check, seconds)));
	json_object_set_new(o, "handshake", json_real(handshake_cost(false, accelerated, seconds)));
	json_object_set_new(o, "handshake_mutual",
			    json_real(handshake_cost(true, accelerated, seconds)));
	json_object_set_new(o, "store", json_real(store_cost(dir, false, clients, seconds)));
	json_object_set_new(o, "store_renewal", json_real(store_cost(dir, true, clients, seconds)));
	return o;
}
