/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "control/priv.h"

#include "base/clock.h"

/*
 * list.c - GET certificates: one page. The rows are listings; with pem=1 the certificates
 * themselves are read one after the other, at most 100.
 */
#define READ_MS 30000

struct list_op {
	struct http_req *r;
	struct flow flow;
	struct wait wait;
	struct control_query q;
	struct catalog_list list;
	json_t *certs;
	size_t at; /* the row whose certificate is read */
	bool reading;
	struct store_get get;
};

static enum step begin(struct flow *f, void *op)
{
	struct list_op *s = op;
	struct err e = ERR_INIT;

	if (control_query_parse(s->r->query, s->r->arena, &s->q, &e) != 0)
		return flow_fail(f, &e);
	s->list.ca = control_of(s->r)->ca;
	s->list.filter = s->q.filter;
	s->list.limit = s->q.limit;
	s->list.cursor = s->q.cursor;
	catalog_list_init(&s->list, s->r->arena);
	flow_call(f, &s->wait, &s->list.flow);
	return STEP_WAIT;
}

static enum step show(struct flow *f, void *op)
{
	struct list_op *s = op;
	int64_t now = clock_now();

	if (s->list.flow.failed)
		return flow_fail(f, &s->list.flow.err);
	s->certs = json_array();
	json_free_with(s->certs, s->r->arena);
	for (size_t i = 0; i < s->list.n; i++)
		json_array_append_new(s->certs, control_cert_json(&s->list.rows[i], now));
	return STEP_NEXT;
}

static int add_pem(struct list_op *s, struct err *e)
{
	json_t *o = json_array_get(s->certs, s->at);
	struct buf pem = BUF_INIT;
	struct rec_cert rec;

	if (!s->get.found)
		return 0;
	if (rec_decode(&rec_cert_info, s->get.value, s->r->arena, &rec, e) != 0)
		return -1;
	cert_to_pem(rec.der, &pem);
	control_set_text(o, "pem", buf_view(&pem));
	buf_release(&pem);
	return 0;
}

static enum step add_pems(struct flow *f, void *op)
{
	struct list_op *s = op;
	const struct err *why = s->reading ? wait_error(&s->get.wait) : NULL;
	struct err e = ERR_INIT;

	if (why != NULL)
		return flow_fail(f, why);
	if (s->reading) {
		if (add_pem(s, &e) != 0)
			return flow_fail(f, &e);
		s->at++;
	}
	if (!s->q.pem || s->at == s->list.n)
		return STEP_NEXT;
	s->reading = true;
	s->get.arena = s->r->arena;
	store_get(s->list.ca->store, CF_CERT, s->list.rows[s->at].serial, &s->get, f, READ_MS);
	return STEP_AGAIN;
}

static enum step respond(struct flow *f, void *op)
{
	struct list_op *s = op;
	json_t *v;

	if (f->failed) {
		control_error(s->r, &f->err);
		return STEP_DONE;
	}
	v = json_object();
	json_object_set(v, "certificates", s->certs);
	control_set_text(v, "nextCursor", s->list.next);
	control_reply(s->r, v);
	return STEP_DONE;
}

static const struct flow_step steps[] = {
	{"control.list", begin, 0},
	{"control.list_show", show, 0},
	{"control.list_pem", add_pems, 0},
	{"control.list_respond", respond, 0},
	{NULL, NULL, 0},
};

void control_certificates(struct http_req *r)
{
	struct list_op *s = ARENA_NEW(r->arena, struct list_op);

	s->r = r;
	http_req_run(r, &s->flow, steps, s);
}
