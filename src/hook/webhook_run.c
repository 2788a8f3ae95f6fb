/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "codec/b64.h"
#include "crypto/crypto.h"
#include "hook/webhook_priv.h"

/*
 * Asking webhooks: all of a kind at the same time, and the first that does not allow decides.
 *
 * Each hook's call is a flow of its own with its own memory (struct asked), since a run that is
 * over - decided, cancelled, too late - cannot wait for the calls that are still under way: it lets
 * go of them (`run` becomes NULL) and cancels them, and each frees itself when it has ended. Until
 * it is let go, a call uses the run's memory (body, variables) and the set; afterwards it only
 * ends.
 *
 * A call may take CALL_MS in all. A connection that could not be made or that broke, and a status
 * of 500 or more, are tried once more after a second. Whatever else is not "allow": true in a 2xx
 * answer is a refusal; what the hook says goes to the log, its message, escaped and short, to the
 * client.
 *
 * Reading JSON costs up to 0.1 us a byte. A long answer is read on a worker, and without a pool it
 * is too large.
 */
#define CALL_MS	    10000
#define RETRY_MS    1000
#define GUARD_MS    (CALL_MS + 5000) /* never reached: the calls end before */
#define ON_LOOP	    (16 * 1024)	     /* bytes of an answer that is read at once */
#define ANSWER_MAX  (1024 * 1024)
#define NO_POOL_MAX (64 * 1024)

struct asked { /* one hook's call */
	struct list node;
	struct flow flow;
	struct wait wait, pause, reading;
	struct webhook_run *run; /* NULL: let go */
	const struct webhook *hook;
	size_t at; /* in run->st->data */
	struct arena *arena;
	struct outbound_call calls[2];
	unsigned tries;
	uint64_t until_ms;
	const char *headers[6];
	struct webhook_answer said;
	struct post reap;
};

struct reading { /* an answer on a worker */
	struct wait_job job;
	struct asked *asked;
	char *text;
	size_t n;
	struct webhook_answer said;
	int rc;
	struct err err;
};

struct webhook_state {
	struct wait wait;
	struct list asked;
	struct buf body;
	size_t n;
	json_t **data; /* n, one for each hook of the set; NULL: none */
};

/* ---- one call ---- */

static const char *kind_name(enum webhook_kind k)
{
	return k == WEBHOOK_ENRICHING ? "ENRICHING" : "AUTHORIZING";
}

/* Fills *e for the client: why is not said but for the hook's own words. */
static void not_allowed(const struct asked *a, const struct webhook_answer *said, struct err *e)
{
	char why[2 * WEBHOOK_TEXT_MAX + 4];

	snprintf(why, sizeof(why), "%s%s%s", said->code,
		 said->code[0] != '\0' && said->message[0] != '\0' ? ": " : "", said->message);
	(void)ERR(e, ERR_FORBIDDEN, "webhook \"%s\": denied%s%s", a->hook->name,
		  why[0] != '\0' ? ": " : "", why);
	(void)err_public(e, "webhook \"%s\" did not allow it%s%s", a->hook->name,
			 said->message[0] != '\0' ? ": " : "", said->message);
}

/* Any other end: *e says what happened, and becomes what the run fails with. */
static void failed(const struct asked *a, struct err *e)
{
	bool denied = e->code == ERR_FORBIDDEN;

	(void)err_wrap(e, "webhook \"%s\"", a->hook->name);
	if (denied)
		(void)err_public(e, "webhook \"%s\" did not allow it", a->hook->name);
	else
		(void)err_public(e, "webhook \"%s\" could not be asked", a->hook->name);
	e->code = denied ? ERR_FORBIDDEN : ERR_UNAVAILABLE;
}

static void sign(const struct webhook *h, struct str body, struct buf *out)
{
	unsigned char mac[HASH_MAX];

	hmac(HASH_SHA256, secret_view(&h->key), body, mac);
	hex_encode(str_mem(mac, hash_size(HASH_SHA256)), out);
}

/* step-api 3.5. No Content-Type. The secret one lives in the set. */
static void make_headers(struct asked *a, const struct webhook_run *w)
{
	struct buf mac = BUF_INIT;
	size_t n = 0;

	a->headers[n++] = arena_printf(a->arena, "X-Smallstep-Webhook-ID: %s", a->hook->id);
	if (a->hook->key.n > 0) {
		sign(a->hook, buf_view(&w->st->body), &mac);
		a->headers[n++] = arena_printf(a->arena, "X-Smallstep-Signature: %s", mac.p);
	}
	if (w->request_id.n > 0)
		a->headers[n++] =
			arena_printf(a->arena, "X-Request-Id: " STR_FMT, STR_ARG(w->request_id));
	if (a->hook->authorization.n > 0)
		a->headers[n++] = (const char *)a->hook->authorization.p;
	a->headers[n] = NULL;
	buf_release(&mac);
}

static enum step call(struct asked *a, const char *url)
{
	struct outbound_call *c = &a->calls[a->tries++];
	const struct webhook_run *w = a->run;

	c->outbound = w->outbound;
	c->method = "POST";
	c->url = url;
	c->ca_file = a->hook->ca_file;
	c->cert_file = a->hook->cert_file;
	c->key_file = a->hook->key_file;
	c->headers = a->headers;
	c->body = buf_view(&w->st->body);
	c->max_body = w->pool != NULL ? ANSWER_MAX : NO_POOL_MAX;
	c->timeout_ms = (unsigned)(a->until_ms - clock_mono_ms());
	outbound_call_init(c, a->arena);
	flow_call(&a->flow, &a->wait, &c->flow);
	return STEP_WAIT;
}

static enum step ask(struct flow *f, void *op)
{
	struct asked *a = op;
	struct webhook_run *w = a->run;
	const char *url = NULL;
	struct err e = ERR_INIT;

	a->until_ms = clock_mono_ms() + CALL_MS;
	if (webhook_url_render(a->hook, w->vars, w->flow.arena, &url, &e) != 0) {
		failed(a, &e);
		return flow_fail(f, &e);
	}
	make_headers(a, w);
	return call(a, arena_strdup(a->arena, url));
}

static bool worth_another(const struct asked *a)
{
	const struct outbound_call *c = &a->calls[0];

	if (a->until_ms < clock_mono_ms() + RETRY_MS + RETRY_MS)
		return false;
	return c->flow.failed ? c->flow.err.code == ERR_UNAVAILABLE : c->status >= 500;
}

static enum step pause_before(struct flow *f, void *op)
{
	struct asked *a = op;

	if (!worth_another(a))
		return STEP_NEXT;
	log_info("webhook.retry", F_C("webhook", a->hook->name), F_I("status", a->calls[0].status),
		 F_C("err", a->calls[0].flow.failed ? a->calls[0].flow.err.msg : ""));
	wait_arm(&a->pause, f, "hook.webhook.pause", RETRY_MS, NULL);
	return STEP_WAIT;
}

static enum step ask_again(struct flow *f, void *op)
{
	struct asked *a = op;

	(void)f;
	if (a->pause.name == NULL || a->until_ms <= clock_mono_ms())
		return STEP_NEXT; /* the first answer counts */
	return call(a, a->calls[0].url);
}

/* Is there an answer that is worth reading? */
static int check_status(const struct outbound_call *c, struct err *e)
{
	if (c->flow.failed) {
		*e = c->flow.err;
		if (e->code == ERR_TOO_LARGE || e->code == ERR_UNSUPPORTED)
			e->code = ERR_FORBIDDEN; /* it did answer */
		return -1;
	}
	if (c->status >= 500)
		return ERR(e, ERR_UNAVAILABLE, "status %d", c->status);
	if (c->status < 200 || c->status > 299)
		return ERR(e, ERR_FORBIDDEN, "status %d%s", c->status,
			   c->status < 400 ? ", a redirect that is not followed" : "");
	return 0;
}

static void read_run(struct job *job)
{
	struct reading *r = CONTAINER_OF(job, struct reading, job.job);

	r->rc = webhook_answer_parse(str_mem(r->text, r->n), &r->said, &r->err);
}

static int read_done(struct wait_job *job, struct err *e)
{
	struct reading *r = CONTAINER_OF(job, struct reading, job);

	if (r->rc != 0)
		*e = r->err;
	r->asked->said = r->said;
	r->said.data = NULL;
	return r->rc;
}

static void read_free(struct job *job)
{
	struct reading *r = CONTAINER_OF(job, struct reading, job.job);

	webhook_answer_release(&r->said);
	mem_free(r->text);
	mem_free(r);
}

static enum step read_on_worker(struct flow *f, struct asked *a, struct str text)
{
	struct reading *r = NEW(struct reading);
	struct err e = ERR_INIT;

	r->asked = a;
	r->text = mem_dup(text.p, text.n);
	r->n = text.n;
	r->job.job.name = "hook.webhook.read";
	r->job.job.run = read_run;
	r->job.job.free = read_free;
	r->job.on_done = read_done;
	if (wait_submit(&a->reading, f, a->run->pool, &r->job, CALL_MS, &e) == 0)
		return STEP_WAIT;
	read_free(&r->job.job);
	failed(a, &e);
	return flow_fail(f, &e);
}

static enum step read_answer(struct flow *f, void *op)
{
	struct asked *a = op;
	const struct outbound_call *c = &a->calls[a->tries - 1];
	struct err e = ERR_INIT;

	if (check_status(c, &e) == 0) {
		if (a->run->pool != NULL && c->answer.n > ON_LOOP)
			return read_on_worker(f, a, c->answer);
		if (webhook_answer_parse(c->answer, &a->said, &e) == 0)
			return STEP_NEXT;
	}
	failed(a, &e);
	return flow_fail(f, &e);
}

static enum step conclude(struct flow *f, void *op)
{
	struct asked *a = op;
	struct err e = ERR_INIT;

	if (f->failed || a->run == NULL)
		return STEP_DONE;
	if (wait_error(&a->reading) != NULL) {
		e = *wait_error(&a->reading);
		failed(a, &e);
		return flow_fail(f, &e);
	}
	if (!a->said.allow) {
		not_allowed(a, &a->said, &e);
		return flow_fail(f, &e);
	}
	a->run->st->data[a->at] = a->said.data;
	a->said.data = NULL;
	return STEP_DONE;
}

static const struct flow_step asked_steps[] = {
	{"hook.webhook.ask", ask, 0},		{"hook.webhook.pause", pause_before, 0},
	{"hook.webhook.again", ask_again, 0},	{"hook.webhook.read", read_answer, 0},
	{"hook.webhook.conclude", conclude, 0}, {NULL, NULL, 0},
};

/* ---- a call's end ---- */

static void on_reap(struct post *p)
{
	struct asked *a = CONTAINER_OF(p, struct asked, reap);

	webhook_answer_release(&a->said);
	arena_free(a->arena);
	mem_free(a);
}

/* The run is over for those that are still asked; they end by themselves. */
static void let_go(struct webhook_state *st)
{
	struct list *n;

	while ((n = list_pop(&st->asked)) != NULL) {
		struct asked *a = LIST_ENTRY(n, struct asked, node);

		a->run = NULL;
		a->hook = NULL;
		flow_cancel(&a->flow);
	}
}

static void log_end(const struct asked *a, const struct err *e)
{
	const struct webhook_run *w = a->run;

	if (e == NULL)
		log_debug("webhook.allowed", F_C("webhook", a->hook->name),
			  F_C("kind", kind_name(w->kind)), F_STR("provisioner", w->provisioner),
			  F_STR("request_id", w->request_id));
	else
		log_warn(e->code == ERR_FORBIDDEN ? "webhook.denied" : "webhook.failed",
			 F_C("webhook", a->hook->name), F_C("kind", kind_name(w->kind)),
			 F_STR("provisioner", w->provisioner), F_STR("request_id", w->request_id),
			 F_ERR(e));
}

static void on_asked_end(struct flow *f)
{
	struct asked *a = f->op;
	struct webhook_run *w = a->run;

	if (w != NULL) {
		struct err e = f->err;

		log_end(a, f->failed ? &e : NULL);
		list_remove(&a->node);
		a->run = NULL;
		if (f->failed) {
			let_go(w->st);
			wait_done(&w->st->wait, &e);
		} else if (list_empty(&w->st->asked)) {
			wait_done(&w->st->wait, NULL);
		}
	}
	loop_reap(f->loop, &a->reap);
}

/* ---- the run ---- */

/* Go's RFC 3339 with the fraction's zeros cut. */
static void add_timestamp(json_t *body)
{
	int64_t now = clock_now_ns(), sec = now / DURATION_SECOND;
	char whole[24], fraction[12], text[48];
	size_t n;

	snprintf(fraction, sizeof(fraction), ".%09u", (unsigned)(now % DURATION_SECOND));
	for (n = strlen(fraction); fraction[n - 1] == '0'; n--)
		;
	n = n == 1 ? 0 : n;
	(void)time_format_rfc3339(sec, whole);
	snprintf(text, sizeof(text), "%.19s%.*sZ", whole, (int)n, fraction);
	json_object_set_new(body, "timestamp", json_string(text));
}

static void make_body(struct webhook_run *w, struct buf *out)
{
	json_t *o = json_object();
	json_t *given = (json_t *)(uintptr_t)w->body; /* jansson: not changed, only counted */

	add_timestamp(o);
	if (w->provisioner.n > 0)
		json_object_set_new(o, "provisionerName", json_str_new(w->provisioner));
	if (given != NULL)
		json_object_update_missing(o, given);
	json_write(o, out);
	json_decref(o);
}

static void begin(struct webhook_run *w, size_t i)
{
	struct asked *a = NEW(struct asked);

	a->run = w;
	a->hook = &w->set->hooks[i];
	a->at = i;
	a->arena = arena_new();
	a->reap.fn = on_reap;
	a->reap.name = "hook.webhook";
	list_add_tail(&w->st->asked, &a->node);
	flow_init(&a->flow, w->flow.loop, asked_steps, a, a->arena);
	a->flow.on_end = on_asked_end;
	flow_start(&a->flow);
}

static void on_run_cancel(struct wait *w)
{
	let_go(CONTAINER_OF(w, struct webhook_state, wait));
}

static void on_arena_end(void *arg)
{
	struct webhook_state *st = arg;

	let_go(st);
	buf_release(&st->body);
	for (size_t i = 0; i < st->n; i++)
		json_decref(st->data[i]);
}

static bool is_asked(const struct webhook_run *w, const struct webhook *h)
{
	return h->kind == w->kind && (h->certs & w->cert) != 0 && (!w->renewal || h->on_renew);
}

static enum step ask_all(struct flow *f, void *op)
{
	struct webhook_run *w = op;
	struct webhook_state *st = ARENA_NEW(f->arena, struct webhook_state);

	w->st = st;
	list_init(&st->asked);
	if (!webhook_set_has(w->set, w->kind, w->cert, w->renewal))
		return STEP_NEXT;
	if (w->outbound == NULL)
		return flow_failf(f, ERR_UNAVAILABLE, "webhooks: no calls can be made here");
	st->n = w->set->n;
	st->data = ARENA_ARRAY(f->arena, json_t *, st->n);
	arena_on_free(f->arena, on_arena_end, st);
	make_body(w, &st->body);
	for (size_t i = 0; i < w->set->n; i++)
		if (is_asked(w, &w->set->hooks[i]))
			begin(w, i);
	wait_arm(&st->wait, f, "hook.webhook", GUARD_MS, on_run_cancel);
	return STEP_WAIT;
}

static enum step take_data(struct flow *f, void *op)
{
	struct webhook_run *w = op;
	const struct err *e = f->failed || w->st == NULL ? NULL : wait_error(&w->st->wait);

	if (f->failed)
		return STEP_DONE;
	if (e != NULL)
		return flow_fail(f, e);
	w->data = json_object();
	json_free_with(w->data, f->arena);
	for (size_t i = 0; w->kind == WEBHOOK_ENRICHING && i < w->st->n; i++) {
		const struct webhook *h = &w->set->hooks[i];
		json_t *data = w->st->data[i];

		if (is_asked(w, h))
			json_object_set_new(w->data, h->name,
					    data != NULL ? json_incref(data) : json_null());
	}
	return STEP_DONE;
}

static const struct flow_step run_steps[] = {
	{"hook.webhooks.ask", ask_all, 0},
	{"hook.webhooks.data", take_data, 0},
	{NULL, NULL, 0},
};

void webhook_run_init(struct webhook_run *w, struct loop *l, struct arena *arena)
{
	w->data = NULL;
	w->st = NULL;
	flow_init(&w->flow, l, run_steps, w, arena);
}
