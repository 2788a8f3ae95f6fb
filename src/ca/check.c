/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ca/check.h"

#include "base/bug.h"
#include "base/list.h"
#include "base/mem.h"

#define SPARE_MAX 16

struct verify_handles {
	struct key *first; /* the one that others are copied from; never lent */
	struct key *spare[SPARE_MAX];
	size_t n_spare;
	unsigned lent;
	bool closed;
};

struct verify_handles *verify_handles_new(const struct cert *c, struct err *e)
{
	struct key *k = key_from_spki(c->spki, e);
	struct verify_handles *v;

	if (k == NULL)
		return NULL;
	v = NEW(struct verify_handles);
	v->first = k;
	return v;
}

static void handles_end(struct verify_handles *v)
{
	for (size_t i = 0; i < v->n_spare; i++)
		key_free(v->spare[i]);
	key_free(v->first);
	mem_free(v);
}

void verify_handles_free(struct verify_handles *v)
{
	if (v == NULL)
		return;
	v->closed = true;
	if (v->lent == 0)
		handles_end(v);
}

static struct key *handle_take(struct verify_handles *v)
{
	v->lent++;
	return v->n_spare > 0 ? v->spare[--v->n_spare] : key_dup(v->first);
}

static void handle_give(struct verify_handles *v, struct key *k)
{
	ENSURE(v->lent > 0);
	v->lent--;
	if (v->n_spare < SPARE_MAX)
		v->spare[v->n_spare++] = k;
	else
		key_free(k);
	if (v->closed && v->lent == 0)
		handles_end(v);
}

struct check_job {
	struct wait_job wj;
	struct verify_handles *handles;
	struct key *key;
	enum sig_alg alg;
	struct buf tbs, sig;
	struct err err;
	int rc;
};

static void check_run(struct job *j)
{
	struct check_job *c = CONTAINER_OF(j, struct check_job, wj.job);

	c->rc = key_verify(c->key, c->alg, buf_view(&c->tbs), buf_view(&c->sig), &c->err);
}

static void check_free(struct job *j)
{
	struct check_job *c = CONTAINER_OF(j, struct check_job, wj.job);

	handle_give(c->handles, c->key);
	buf_release(&c->tbs);
	buf_release(&c->sig);
	mem_free(c);
}

static int check_done(struct wait_job *wj, struct err *e)
{
	struct check_job *c = CONTAINER_OF(wj, struct check_job, wj);

	if (c->rc < 0)
		return ERR(e, ERR_INTERNAL, "the key back-end returned a wrong signature: %s",
			   c->err.msg);
	return 0;
}

int check_signature(struct wait *w, struct flow *f, struct pool *cpu, struct verify_handles *v,
		    enum sig_alg alg, struct str tbs, struct str sig, struct err *e)
{
	struct check_job *c = NEW(struct check_job);

	c->wj.job.name = "ca.check_signature";
	c->wj.job.run = check_run;
	c->wj.job.free = check_free;
	c->wj.on_done = check_done;
	c->handles = v;
	c->key = handle_take(v);
	c->alg = alg;
	buf_str(&c->tbs, tbs);
	buf_str(&c->sig, sig);
	if (wait_submit(w, f, cpu, &c->wj, 15000, e) < 0) {
		check_free(&c->wj.job);
		return -1;
	}
	return 0;
}

struct csr_job {
	struct wait_job wj;
	struct arena *mine; /* for parsing on the worker */
	struct str der;
	struct key *key;
	struct err err;
	int rc;
	struct arena *arena; /* the waiter's */
	struct key **out;
};

static void csr_run(struct job *j)
{
	struct csr_job *c = CONTAINER_OF(j, struct csr_job, wj.job);
	struct csr csr;

	c->rc = csr_parse(c->der, c->mine, &csr, &c->err);
	if (c->rc == 0)
		c->rc = csr_verify(&csr, &c->key, &c->err);
}

static void csr_free(struct job *j)
{
	struct csr_job *c = CONTAINER_OF(j, struct csr_job, wj.job);

	key_free(c->key);
	arena_free(c->mine);
	mem_free(c);
}

static int csr_done(struct wait_job *wj, struct err *e)
{
	struct csr_job *c = CONTAINER_OF(wj, struct csr_job, wj);

	if (c->rc < 0) {
		*e = c->err;
		return -1;
	}
	*c->out = c->key;
	key_free_with(c->key, c->arena);
	c->key = NULL;
	return 0;
}

int check_csr(struct wait *w, struct flow *f, struct pool *cpu, struct str csr_der, struct arena *a,
	      struct key **key, struct err *e)
{
	struct csr_job *c = NEW(struct csr_job);

	c->wj.job.name = "ca.check_csr";
	c->wj.job.run = csr_run;
	c->wj.job.free = csr_free;
	c->wj.on_done = csr_done;
	c->mine = arena_new();
	c->der = arena_str(c->mine, csr_der);
	c->arena = a;
	c->out = key;
	*key = NULL;
	if (wait_submit(w, f, cpu, &c->wj, 15000, e) < 0) {
		csr_free(&c->wj.job);
		return -1;
	}
	return 0;
}
