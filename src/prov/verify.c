/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/mem.h"
#include "prov/priv.h"

/*
 * verify.c - signatures of tokens on the cpu pool.
 *
 * A job has copies of the signing input and the signature, a key handle that is its own until it
 * comes back, and a reference to the set, so that neither a reload nor a client that leaves can
 * free the key under it. What it found out goes to the operation in on_done, which the loop does
 * not call when the operation has ended meanwhile.
 */
struct verify_job {
	struct wait_job wj;
	struct prov_op *op; /* on_done only */
	struct prov_set *set;
	struct signet_key *key;
	struct key *handle;
	enum sig_alg alg;
	char *input, *signature;
	size_t input_n, signature_n;
	int rc;
	struct err err;
};

static struct verify_job *of_job(struct job *j)
{
	return CONTAINER_OF(CONTAINER_OF(j, struct wait_job, job), struct verify_job, wj);
}

static void verify_run(struct job *j)
{
	struct verify_job *v = of_job(j);

	v->rc = jws_verify(v->handle, v->alg, str_mem(v->input, v->input_n),
			   str_mem(v->signature, v->signature_n), &v->err);
}

static int verify_done(struct wait_job *j, struct err *e)
{
	struct verify_job *v = CONTAINER_OF(j, struct verify_job, wj);

	if (v->rc < 0) {
		*e = v->err;
		return -1;
	}
	v->op->verified = true;
	return 0;
}

static void verify_free(struct job *j)
{
	struct verify_job *v = of_job(j);

	signet_key_give(v->key, v->handle);
	prov_set_unref(v->set);
	mem_free(v->input);
	mem_free(v->signature);
	mem_free(v);
}

int prov_verify_start(struct prov_op *op, struct signet_key *k, struct err *e)
{
	struct prov_authorize *a = op->a;
	struct verify_job *v;

	OBJ_CHECK(k, SIGNET_KEY_MAGIC);
	if (op->waiting)
		return ERR(e, ERR_INTERNAL, "the plugin started a second wait");
	op->verified = op->checked = false;
	if (k->jwk.alg != SIG_NONE && k->jwk.alg != op->jws.alg)
		return ERR(e, ERR_UNAUTHORIZED, "token: algorithm %s, the key is for %s",
			   sig_alg_info(op->jws.alg)->jose, sig_alg_info(k->jwk.alg)->jose);
	v = NEW(struct verify_job);
	v->op = op;
	v->set = prov_set_ref(a->set);
	v->key = k;
	v->handle = signet_key_take(k);
	v->alg = op->jws.alg;
	v->input = mem_dup(op->jws.signing_input.p, op->jws.signing_input.n);
	v->input_n = op->jws.signing_input.n;
	v->signature = mem_dup(op->jws.signature.p, op->jws.signature.n);
	v->signature_n = op->jws.signature.n;
	v->wj.job.name = "prov.verify";
	v->wj.job.run = verify_run;
	v->wj.job.free = verify_free;
	v->wj.on_done = verify_done;
	if (wait_submit(&a->wait, &a->flow, a->cpu, &v->wj, PROV_VERIFY_MS, e) < 0) {
		verify_free(&v->wj.job);
		return -1;
	}
	op->waiting = true;
	return 0;
}

/* ---- keys ---- */

struct key *signet_key_take(struct signet_key *k)
{
	OBJ_CHECK(k, SIGNET_KEY_MAGIC);
	k->out++;
	return k->n_idle ? k->idle[--k->n_idle] : key_dup(k->jwk.key);
}

static void key_end(struct signet_key *k)
{
	while (k->n_idle)
		key_free(k->idle[--k->n_idle]);
	jwk_release(&k->jwk);
	OBJ_DEAD(k);
	mem_free(k);
}

void signet_key_give(struct signet_key *k, struct key *handle)
{
	OBJ_CHECK(k, SIGNET_KEY_MAGIC);
	ENSURE(k->out > 0);
	k->out--;
	if (!k->closed && k->n_idle < SIGNET_KEY_IDLE)
		k->idle[k->n_idle++] = handle;
	else
		key_free(handle);
	if (k->closed && k->out == 0)
		key_end(k);
}

struct signet_key *host_key_from_jwk(const struct signet_value *jwk, struct signet_err *se)
{
	struct signet_key *k = NEW(struct signet_key);
	struct err e = ERR_INIT;

	OBJ_INIT(k, SIGNET_KEY_MAGIC);
	if (jwk_parse(json_of_abi(jwk), false, &k->jwk, &e) < 0) {
		mem_free(k);
		err_to_abi(se, &e);
		return NULL;
	}
	jwk_thumbprint(k->jwk.key, k->thumbprint);
	return k;
}

struct signet_str host_key_kid(const struct signet_key *k)
{
	OBJ_CHECK(k, SIGNET_KEY_MAGIC);
	return str_to_abi(str_c(k->jwk.kid ? k->jwk.kid : k->thumbprint));
}

void host_key_free(struct signet_key *k)
{
	if (!k)
		return;
	OBJ_CHECK(k, SIGNET_KEY_MAGIC);
	ENSURE(!k->closed);
	k->closed = true;
	if (k->out == 0)
		key_end(k);
}
