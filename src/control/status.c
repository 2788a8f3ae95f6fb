/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "control/priv.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"

/*
 * status.c - GET status. Everything but the next expiries is at hand; these are read from the
 * catalogue. When that fails the rest is answered all the same: a status is wanted most when
 * something is wrong.
 */
#define EXPIRIES 5

struct status_op {
	struct http_req *r;
	struct flow flow;
	struct wait wait;
	struct catalog_list list;
};

static void set_number(json_t *o, const char *key, uint64_t n)
{
	json_object_set_new(o, key, json_integer((json_int_t)n));
}

static json_t *key_json(const struct kms_key *k)
{
	static const char *const states[] = {
		[KMS_OPENING] = "opening",
		[KMS_READY] = "ready",
		[KMS_FAILED] = "failed",
	};
	struct err why = ERR_INIT;
	enum kms_state state = kms_key_state(k, &why);
	json_t *o = json_object();
	struct kms_stats st;

	kms_stats(k, &st);
	json_object_set_new(o, "id", json_string(kms_key_id(k)));
	json_object_set_new(o, "state", json_string(states[state]));
	if (state == KMS_FAILED)
		control_set_text(o, "error", str_c(why.msg));
	set_number(o, "queued", st.queued);
	set_number(o, "running", st.running);
	set_number(o, "signatures", st.signatures);
	set_number(o, "failures", st.failures);
	set_number(o, "late", st.late);
	json_object_set_new(o, "breakerOpen", json_boolean(st.breaker_open));
	return o;
}

static json_t *authorities_json(const struct ca *ca)
{
	json_t *list = json_array();

	for (size_t i = 0; i < ca->n_authorities; i++) {
		const struct authority *au = &ca->authorities[i];
		struct buf subject = BUF_INIT;
		json_t *o = json_object();

		name_to_text(&au->cert.subject, &subject);
		json_object_set_new(o, "name", json_string(au->name));
		control_set_text(o, "subject", buf_view(&subject));
		control_set_time(o, "notAfter", au->cert.not_after);
		json_object_set_new(o, "key", key_json(au->key));
		json_array_append_new(list, o);
		buf_release(&subject);
	}
	return list;
}

static json_t *store_json(struct store *store)
{
	json_t *o = json_object();
	struct store_stats st;

	store_stats(store, &st);
	json_object_set_new(o, "driver", json_string(st.driver));
	set_number(o, "commits", st.commits);
	set_number(o, "syncs", st.syncs);
	set_number(o, "queued", st.queued);
	set_number(o, "refused", st.refused_full);
	return o;
}

static json_t *pool_json(struct pool *p)
{
	json_t *o = json_object();
	struct pool_stats st;

	pool_stats(p, &st);
	set_number(o, "queued", st.queued);
	set_number(o, "running", st.running);
	set_number(o, "threads", st.threads);
	set_number(o, "oldest", st.oldest_running_ms);
	set_number(o, "done", st.done);
	set_number(o, "refused", st.refused);
	return o;
}

static json_t *counters_json(void)
{
	static const struct {
		const char *name;
		enum metric_id id;
	} all[] = {
		{"certificatesIssued", METRIC_CERTIFICATES_ISSUED},
		{"certificatesRevoked", METRIC_CERTIFICATES_REVOKED},
		{"tokensRefused", METRIC_TOKENS_REFUSED},
		{"requests", METRIC_HTTP_REQUESTS},
		{"connections", METRIC_HTTP_CONNECTIONS},
		{"tlsHandshakes", METRIC_TLS_HANDSHAKES},
		{"tlsHandshakeFailures", METRIC_TLS_HANDSHAKE_FAILURES},
		{"loopStalls", METRIC_LOOP_STALLS},
		{"jobsRefused", METRIC_JOBS_REFUSED},
		{"logDropped", METRIC_LOG_DROPPED},
	};
	json_t *o = json_object();

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		json_object_set_new(o, all[i].name, json_integer(metric_value(all[i].id)));
	return o;
}

static json_t *status_json(const struct control *c, const struct catalog_list *l)
{
	json_t *o = json_object(), *pools = json_object(), *next = json_array();
	const struct ca *ca = c->ca;
	int64_t now = clock_now();

	json_object_set_new(o, "version", json_string(PACKAGE_VERSION));
	json_object_set_new(o, "pid", json_integer(getpid()));
	control_set_time(o, "started", c->started);
	json_object_set_new(o, "uptime", json_integer(now > c->started ? now - c->started : 0));
	control_set_text(o, "config", str_c(c->config_file));
	control_set_text(o, "dataDir", str_c(ca->conf->data_dir));
	control_set_text(o, "address", str_c(c->address));
	json_object_set_new(o, "ready", json_boolean(ca->ready));
	set_number(o, "provisioners", prov_count(ca->provs));
	if (ca->reloaded != 0)
		control_set_time(o, "reloaded", ca->reloaded);
	if (ca->restored != 0)
		control_set_time(o, "restored", ca->restored);
	json_object_set_new(o, "authorities", authorities_json(ca));
	json_object_set_new(o, "store", store_json(ca->store));
	json_object_set_new(pools, "cpu", pool_json(ca->cpu));
	json_object_set_new(pools, "slow", pool_json(ca->slow));
	json_object_set_new(o, "pools", pools);
	json_object_set_new(o, "counters", counters_json());
	for (size_t i = 0; i < l->n; i++)
		json_array_append_new(next, control_cert_json(&l->rows[i], now));
	json_object_set_new(o, "nextExpiries", next);
	return o;
}

static enum step begin(struct flow *f, void *op)
{
	struct status_op *s = op;

	s->list = (struct catalog_list){
		.ca = control_of(s->r)->ca,
		.filter = {.status = CATALOG_VALID},
		.limit = EXPIRIES,
	};
	catalog_list_init(&s->list, s->r->arena);
	flow_call(f, &s->wait, &s->list.flow);
	return STEP_WAIT;
}

static enum step respond(struct flow *f, void *op)
{
	struct status_op *s = op;

	if (f->failed) { /* the client left */
		control_error(s->r, &f->err);
		return STEP_DONE;
	}
	if (s->list.flow.failed) {
		log_error("control.no_expiries", F_C("request", s->r->id),
			  F_ERR(&s->list.flow.err));
		s->list.n = 0;
	}
	control_reply(s->r, status_json(control_of(s->r), &s->list));
	return STEP_DONE;
}

static const struct flow_step steps[] = {
	{"control.status", begin, 0},
	{"control.status_respond", respond, 0},
	{NULL, NULL, 0},
};

void control_status(struct http_req *r)
{
	struct status_op *s = ARENA_NEW(r->arena, struct status_op);

	s->r = r;
	http_req_run(r, &s->flow, steps, s);
}
