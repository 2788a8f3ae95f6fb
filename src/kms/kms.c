/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/log.h"
#include "base/mem.h"
#include "kms/msg.h"
#include "kms/priv.h"
#include "x509/x509.h"

/*
 * kms.c - a CA key's life: its pool, opening, trying again, closing.
 *
 * What is known from the certificate (algorithm, id, issuer name) is there at once, so that the
 * daemon starts while a derivation or an HSM takes its time. Opening is a job like any other; when
 * it fails the key is FAILED, with a reason that says what to do, and is tried again every 30 s: a
 * corrected password file needs no restart.
 *
 * Closing ends all waits, then the pool. A worker that does not come back is left behind with the
 * key's memory: freeing it would pull the handle away from under it.
 */
struct open_req {
	struct job job;
	struct kms_key *key;
	unsigned wanted; /* handles */
	struct buf request, answer;
	struct kms_opened opened;
	struct list handles;
};

static void start_opening(struct kms_key *k);

void kms_handles_free(struct list *handles)
{
	struct list *n;

	while ((n = list_pop(handles))) {
		struct kms_handle *h = LIST_ENTRY(n, struct kms_handle, node);

		key_free(h->key);
		mem_free(h);
	}
}

/* ---- opening ---- */

static void add_handle(struct list *handles, struct key *key)
{
	struct kms_handle *h = NEW(struct kms_handle);

	h->key = key;
	list_add_tail(handles, &h->node);
}

static void run_open(struct job *j)
{
	struct open_req *r = CONTAINER_OF(j, struct open_req, job);
	struct key *key = kms_worker_open(buf_view(&r->request), &r->opened, &r->answer);

	if (!key)
		return;
	for (unsigned i = 1; i < r->wanted; i++)
		add_handle(&r->handles, key_dup(key));
	add_handle(&r->handles, key);
}

static void open_failed(struct kms_key *k, const struct err *e)
{
	bool news = k->state != KMS_FAILED || strcmp(k->why.msg, e->msg) != 0;

	k->state = KMS_FAILED;
	k->why = *e;
	if (news)
		log_error("kms.failed", F_C("authority", k->name), F_ERR(e));
	timer_set(&k->retry, k->retry_ms);
}

static void on_open_done(struct job *j)
{
	struct open_req *r = CONTAINER_OF(j, struct open_req, job);
	struct kms_key *k = r->key;
	struct err e = ERR_INIT;
	struct str body;

	OBJ_CHECK(k, KMS_MAGIC);
	if (kms_answer_parse(buf_view(&r->answer), &body, &e) != 0) {
		open_failed(k, &e);
		return;
	}
	k->opened = r->opened;
	r->opened = (struct kms_opened){0};
	list_splice(&k->handles, &r->handles);
	k->state = KMS_READY;
	k->why = (struct err)ERR_INIT;
	log_info("kms.ready", F_C("authority", k->name),
		 F_C("algorithm", sig_alg_info(k->alg)->name), F_C("key", k->id),
		 F_U("workers", k->workers));
}

static void free_open(struct job *j)
{
	struct open_req *r = CONTAINER_OF(j, struct open_req, job);

	kms_handles_free(&r->handles);
	buf_release(&r->request);
	buf_release(&r->answer);
	buf_release(&r->opened.issuer);
	mem_free(r);
}

static void start_opening(struct kms_key *k)
{
	struct kms_request msg = {.type = KMS_MSG_OPEN,
				  .uri = str_c(k->uri),
				  .dir = str_c(k->dir),
				  .cert = buf_view(&k->cert)};
	struct open_req *r = NEW(struct open_req);
	struct err e = ERR_INIT;

	r->job = (struct job){
		.name = "kms.open", .run = run_open, .done = on_open_done, .free = free_open};
	r->key = k;
	r->wanted = 2 * k->workers;
	list_init(&r->handles);
	kms_request_write(&msg, &r->request);
	if (pool_submit(k->pool, &r->job, &e) != 0) {
		open_failed(k, &e);
		free_open(&r->job);
	}
}

static void on_retry(struct timer *t)
{
	start_opening(CONTAINER_OF(t, struct kms_key, retry));
}

/* ---- life ---- */

static int read_certificate(struct kms_key *k, struct str der, struct arena *a, struct err *e)
{
	unsigned char digest[HASH_MAX];
	struct cert c;
	struct key *pub;

	if (cert_parse(der, a, &c, e) != 0 || !(pub = key_from_spki(c.spki, e)))
		return err_wrap(e, "certificate of authority %s", k->name);
	k->alg = sig_alg_for_key(pub);
	key_free(pub);
	if (k->alg == SIG_NONE)
		return ERR(e, ERR_UNSUPPORTED, "certificate of authority %s: its key cannot sign",
			   k->name);
	hash(HASH_SHA256, c.spki, digest);
	for (unsigned i = 0; i < 16; i++)
		(void)snprintf(k->id + 2 * (size_t)i, 3, "%02x", digest[i]);
	buf_str(&k->cert, der);
	buf_str(&k->issuer, c.subject.der);
	return 0;
}

static unsigned worker_count(unsigned wanted)
{
	long n = wanted;

	if (n == 0)
		n = sysconf(_SC_NPROCESSORS_ONLN);
	return n < 1 ? 1 : n > (long)KMS_WORKERS_MAX ? KMS_WORKERS_MAX : (unsigned)n;
}

static int set_up(struct kms_key *k, const struct kms_key_config *c, struct arena *a, struct err *e)
{
	struct pool_config pool = {.thread_end = crypto_thread_end};
	struct key_uri u;

	if (key_uri_parse(c->uri, c->dir, a, &u, e) != 0)
		return err_wrap(e, "key of authority %s", k->name);
	if (read_certificate(k, c->cert_der, a, e) != 0)
		return -1;
	k->workers = worker_count(c->workers);
	k->slots_max = (c->bound ? c->bound : 256) + k->workers;
	k->pool_name = mem_asprintf("kms:%s", k->name);
	pool.name = k->pool_name;
	pool.threads = k->workers;
	pool.bound = 2 * k->workers + 1;
	k->pool = pool_new(k->loop, &pool, e);
	return k->pool ? 0 : -1;
}

static void destroy(struct kms_key *k)
{
	kms_handles_free(&k->handles);
	timer_release(&k->retry);
	buf_release(&k->opened.issuer);
	buf_release(&k->cert);
	buf_release(&k->issuer);
	mem_free(k->pool_name);
	mem_free(k->name);
	mem_free(k->uri);
	mem_free(k->dir);
	OBJ_DEAD(k);
	mem_free(k);
}

struct kms_key *kms_key_new(struct loop *l, const struct kms_key_config *c, struct err *e)
{
	struct kms_key *k = NEW(struct kms_key);
	struct arena *a = arena_new();
	int rc;

	OBJ_INIT(k, KMS_MAGIC);
	k->loop = l;
	k->name = mem_strdup(c->name ? c->name : "");
	k->uri = mem_strdup(c->uri ? c->uri : "");
	k->dir = mem_strdup(c->dir ? c->dir : "");
	k->breaker_ms = KMS_BREAKER_MS;
	k->retry_ms = KMS_RETRY_MS;
	list_init(&k->handles);
	list_init(&k->queue);
	list_init(&k->all);
	timer_init(&k->retry, l, "kms.retry", on_retry);
	rc = set_up(k, c, a, e);
	arena_free(a);
	if (rc != 0) {
		destroy(k);
		return NULL;
	}
	start_opening(k);
	return k;
}

void kms_maybe_free(struct kms_key *k)
{
	if (k->gone && k->slots == 0)
		destroy(k);
}

void kms_key_free(struct kms_key *k)
{
	struct err e = ERR_INIT;

	if (!k)
		return;
	OBJ_CHECK(k, KMS_MAGIC);
	k->closing = true;
	timer_clear(&k->retry);
	(void)ERR(&e, ERR_UNAVAILABLE, "key of authority %s: is being closed", k->name);
	kms_end_all(k, &e);
	if (!pool_free(k->pool, KMS_CLOSE_MS)) {
		log_warn("kms.stuck", F_C("authority", k->name),
			 F_C("effect", "a worker is left behind"));
		return;
	}
	k->pool = NULL;
	k->gone = true;
	kms_maybe_free(k);
}

enum kms_state kms_key_state(const struct kms_key *k, struct err *why)
{
	OBJ_CHECK(k, KMS_MAGIC);
	if (why)
		*why = k->why;
	return k->state;
}

enum sig_alg kms_key_alg(const struct kms_key *k)
{
	OBJ_CHECK(k, KMS_MAGIC);
	return k->alg;
}

const char *kms_key_id(const struct kms_key *k)
{
	OBJ_CHECK(k, KMS_MAGIC);
	return k->id;
}
