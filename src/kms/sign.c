/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "kms/msg.h"
#include "kms/priv.h"

/*
 * sign.c - slots, the queue of signatures, and the breaker.
 *
 * A slot is a place for one signature, held from before the reservation until its job has come
 * back: also when the asker has stopped waiting, because a worker that is stuck must cost its pool
 * a place. A request is the queue's, then the pool's, which gives it back through finish() in every
 * case: signed, failed, cancelled while queued, or late. What it finds there decides the counters.
 *
 * The breaker counts what the key does - a failing operation, a deadline that passed - never what
 * the check refused. It opens after 5 in a row; while it is open, one slot is given every 5 s, and
 * its success closes it.
 */
#define SIGN_MAGIC 0x6b6d7371U

struct sign_req {
	uint32_t magic;
	struct job job;
	struct kms_key *key;
	struct list node, queue_node;
	struct kms_sign *asker;	   /* NULL: nobody waits any more */
	struct kms_handle *handle; /* while the pool has it */
	bool in_pool, ran;
	struct buf request, answer;
};

/* ---- breaker ---- */

static void note_success(struct kms_key *k)
{
	k->failures_in_row = 0;
	if (k->breaker_open)
		log_info("kms.breaker_closed", F_C("authority", k->name));
	k->breaker_open = false;
}

static void note_failure(struct kms_key *k, const struct err *e)
{
	k->failures++;
	metric_inc(METRIC_SIGNATURE_FAILURES);
	if (++k->failures_in_row < KMS_BREAKER_AFTER)
		return;
	k->next_try_ms = loop_now_ms(k->loop) + k->breaker_ms;
	if (!k->breaker_open)
		log_error("kms.breaker_open", F_C("authority", k->name), F_ERR(e));
	k->breaker_open = true;
}

static bool breaker_lets(struct kms_key *k)
{
	uint64_t now = loop_now_ms(k->loop);

	if (!k->breaker_open)
		return true;
	if (now < k->next_try_ms)
		return false;
	k->next_try_ms = now + k->breaker_ms;
	return true;
}

/* ---- slots ---- */

int kms_slot_take(struct kms_key *k, struct kms_slot *s, struct err *e)
{
	OBJ_CHECK(k, KMS_MAGIC);
	ENSURE(s->key == NULL);
	if (k->closing || k->state == KMS_OPENING)
		return ERR(e, ERR_UNAVAILABLE, "key of authority %s: is being %s", k->name,
			   k->closing ? "closed" : "opened");
	if (k->state == KMS_FAILED)
		return ERR(e, ERR_UNAVAILABLE, "key of authority %s: %s", k->name, k->why.msg);
	if (k->slots >= k->slots_max)
		return ERR(e, ERR_UNAVAILABLE,
			   "key of authority %s: %u signatures are waiting already", k->name,
			   k->slots);
	if (!breaker_lets(k))
		return ERR(e, ERR_UNAVAILABLE,
			   "key of authority %s: failed %u times in a row, tried again in a moment",
			   k->name, k->failures_in_row);
	k->slots++;
	s->key = k;
	return 0;
}

static void slot_back(struct kms_key *k)
{
	ENSURE(k->slots > 0);
	k->slots--;
	kms_maybe_free(k);
}

void kms_slot_release(struct kms_slot *s)
{
	struct kms_key *k = s->key;

	if (!k)
		return;
	OBJ_CHECK(k, KMS_MAGIC);
	s->key = NULL;
	slot_back(k);
}

/* ---- requests ---- */

static void req_free(struct sign_req *r)
{
	list_remove(&r->node);
	buf_release(&r->request);
	buf_release(&r->answer);
	OBJ_DEAD(r);
	mem_free(r);
}

static void answer(struct sign_req *r, struct str signature, const struct err *e)
{
	struct kms_sign *s = r->asker;

	r->asker = NULL;
	if (!s)
		return;
	s->link = NULL;
	if (!e)
		s->signature = arena_str(s->arena, signature);
	wait_done(&s->wait, e);
}

static void take_result(struct kms_key *k, struct sign_req *r)
{
	struct err e = ERR_INIT;
	struct str signature;

	if (r->answer.failed)
		(void)ERR(&e, ERR_INTERNAL, "kms message: the answer is too long");
	else if (kms_answer_parse(buf_view(&r->answer), &signature, &e) == 0 && signature.n == 0)
		(void)ERR(&e, ERR_INTERNAL, "kms message: an empty signature");
	if (e.code == ERR_OK && !r->asker) {
		k->late++;
		log_warn("kms.late", F_C("authority", k->name));
	} else if (e.code == ERR_OK) {
		k->signatures++;
		metric_inc(METRIC_SIGNATURES);
		note_success(k);
		answer(r, signature, NULL);
	} else {
		(void)err_wrap(&e, "key of authority %s", k->name);
		if (e.code == ERR_FORBIDDEN || e.code == ERR_INVALID) {
			k->failures++;
			metric_inc(METRIC_SIGNATURE_FAILURES);
		} else if (r->asker) { /* else its deadline has counted */
			note_failure(k, &e);
		}
		answer(r, STR_NULL, &e);
	}
}

/* The pool gives it back: with a result, or cancelled before it ran. */
static void finish(struct job *j)
{
	struct sign_req *r = CONTAINER_OF(j, struct sign_req, job);
	struct kms_key *k = r->key;

	OBJ_CHECK(r, SIGN_MAGIC);
	OBJ_CHECK(k, KMS_MAGIC);
	list_add_tail(&k->handles, &r->handle->node);
	if (r->ran)
		take_result(k, r);
	req_free(r);
	kms_dispatch(k);
	slot_back(k);
}

static void run_sign(struct job *j)
{
	struct sign_req *r = CONTAINER_OF(j, struct sign_req, job);

	kms_worker_sign(&r->key->opened, r->handle->key, buf_view(&r->request), &r->answer);
	r->ran = true;
}

void kms_dispatch(struct kms_key *k)
{
	while (!k->closing && !list_empty(&k->queue) && !list_empty(&k->handles)) {
		struct sign_req *r = LIST_ENTRY(list_pop(&k->queue), struct sign_req, queue_node);
		struct err e = ERR_INIT;

		k->n_queue--;
		r->handle = LIST_ENTRY(list_pop(&k->handles), struct kms_handle, node);
		r->in_pool = true;
		/* The pool has room for as many as there are handles. */
		ENSURE(pool_submit(k->pool, &r->job, &e) == 0);
	}
}

static void on_sign_cancel(struct wait *w)
{
	struct kms_sign *s = CONTAINER_OF(w, struct kms_sign, wait);
	struct sign_req *r = s->link;
	struct kms_key *k;

	OBJ_CHECK(r, SIGN_MAGIC);
	k = r->key;
	s->link = NULL;
	r->asker = NULL;
	if (w->err.code == ERR_TIMEOUT)
		note_failure(k, &w->err);
	if (r->in_pool) {
		job_cancel(&r->job); /* comes back through finish(), perhaps before this returns */
		return;
	}
	list_remove(&r->queue_node);
	k->n_queue--;
	req_free(r);
	slot_back(k);
}

static struct sign_req *req_new(struct kms_key *k, struct str tbs, struct kms_sign *s)
{
	struct kms_request msg = {
		.type = KMS_MSG_SIGN, .alg = k->alg, .issuer = buf_view(&k->issuer), .tbs = tbs};
	struct sign_req *r = NEW(struct sign_req);

	OBJ_INIT(r, SIGN_MAGIC);
	r->job = (struct job){.name = "kms.sign", .run = run_sign, .free = finish};
	r->key = k;
	r->asker = s;
	list_add_tail(&k->all, &r->node);
	kms_request_write(&msg, &r->request);
	return r;
}

void kms_sign(struct kms_slot *slot, struct str tbs, struct kms_sign *s, struct flow *f,
	      uint64_t deadline_ms)
{
	struct kms_key *k = slot->key;
	struct err e = ERR_INIT;
	struct sign_req *r;

	OBJ_CHECK(k, KMS_MAGIC);
	ENSURE(s->arena != NULL);
	slot->key = NULL;
	s->signature = STR_NULL;
	s->link = NULL;
	wait_arm(&s->wait, f, "kms.sign", deadline_ms, NULL);
	if (k->closing)
		(void)ERR(&e, ERR_UNAVAILABLE, "key of authority %s: is being closed", k->name);
	else if (tbs.n == 0 || tbs.n > KMS_TBS_MAX)
		(void)ERR(&e, ERR_TOO_LARGE, "key of authority %s: cannot sign %zu bytes", k->name,
			  tbs.n);
	if (e.code != ERR_OK) {
		wait_done(&s->wait, &e);
		slot_back(k);
		return;
	}
	s->wait.cancel = on_sign_cancel;
	r = req_new(k, tbs, s);
	s->link = r;
	list_add_tail(&k->queue, &r->queue_node);
	k->n_queue++;
	kms_dispatch(k);
}

void kms_end_all(struct kms_key *k, const struct err *why)
{
	struct list *n, *tmp;

	LIST_EACH_SAFE(n, tmp, &k->all)
	{
		struct sign_req *r = LIST_ENTRY(n, struct sign_req, node);

		answer(r, STR_NULL, why);
		if (r->in_pool)
			continue; /* pool_free gives it back */
		list_remove(&r->queue_node);
		k->n_queue--;
		req_free(r);
		slot_back(k);
	}
}

void kms_stats(const struct kms_key *k, struct kms_stats *out)
{
	struct pool_stats pool = {0};

	OBJ_CHECK(k, KMS_MAGIC);
	if (k->pool)
		pool_stats(k->pool, &pool);
	*out = (struct kms_stats){
		.queued = k->n_queue + pool.queued,
		.running = pool.running,
		.signatures = k->signatures,
		.failures = k->failures,
		.late = k->late,
		.breaker_open = k->breaker_open,
	};
}
