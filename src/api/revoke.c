/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "api/answer.h"
#include "api/body.h"

#include "base/bug.h"

/*
 * revoke.c - POST /revoke, by token or with the very certificate over mutual TLS (step-api 1.7).
 * Whether the one who asks may, and whether the serial was issued here, ca/revoke decides. The 200
 * means that the revocation is on disk.
 */

struct revoke_op {
	struct http_req *r;
	struct ca *ca;
	struct flow flow;
	struct wait wait;
	struct revoke_body body;
	struct prov_authorize auth;
	struct revoke revoke;
};

static enum step authorize(struct flow *f, struct revoke_op *s)
{
	struct prov_authorize *a = &s->auth;

	credentials_log_token(s->r, s->body.ott);
	a->set = s->ca->provs;
	a->method = SIGNET_REVOKE;
	a->token = s->body.ott;
	a->hosts = s->ca->conf->dns_names.items;
	a->n_hosts = s->ca->conf->dns_names.n;
	a->cpu = s->ca->cpu;
	a->issued_after = s->ca->restored;
	prov_authorize_init(a, f->loop, s->r->arena);
	flow_call(f, &s->wait, &a->flow);
	return STEP_WAIT;
}

static enum step parse(struct flow *f, void *op)
{
	struct revoke_op *s = op;
	struct str leaf = credentials_leaf(s->r);
	struct err e = ERR_INIT;

	if (revoke_body_parse(s->r->body, s->r->arena, &s->body, &e) < 0)
		return flow_fail(f, &e);
	http_log_field(s->r, "serial", s->body.decimal);
	if (s->body.ott.n > 0 && leaf.n > 0)
		return flow_failf(f, ERR_UNAUTHORIZED,
				  "a client certificate and a token are both present");
	if (s->body.ott.n > 0)
		return authorize(f, s);
	if (leaf.n == 0) {
		ERR(&e, ERR_INVALID, "neither a token nor a client certificate");
		err_public(&e, "missing ott or client certificate");
		return flow_fail(f, &e);
	}
	s->revoke.by = REVOKE_BY_CERT;
	s->revoke.leaf_der = leaf;
	return STEP_NEXT;
}

static enum step begin(struct flow *f, void *op)
{
	struct revoke_op *s = op;
	struct revoke *v = &s->revoke;

	if (s->body.ott.n > 0) {
		if (s->auth.flow.failed)
			return flow_fail(f, &s->auth.flow.err);
		ENSURE(s->auth.grant != NULL);
		http_log_field(s->r, "provisioner", str_c(s->auth.grant->prov->name));
		v->by = REVOKE_BY_TOKEN;
		v->grant = s->auth.grant;
	}
	v->ca = s->ca;
	v->serial = s->body.serial;
	v->reason = s->body.reason;
	v->text = s->body.text;
	v->request_id = str_c(s->r->id);
	revoke_init(v, s->r->arena);
	flow_call(f, &s->wait, &v->flow);
	return STEP_WAIT;
}

static enum step respond(struct flow *f, void *op)
{
	struct revoke_op *s = op;

	if (!f->failed && s->revoke.flow.failed) {
		f->failed = true;
		f->err = s->revoke.flow.err;
	}
	if (f->failed)
		api_error(s->r, &f->err);
	else
		http_reply(s->r, 200, "application/json", STR("{\"status\":\"ok\"}\n"));
	return STEP_DONE;
}

static const struct flow_step revoke_steps[] = {
	{"revoke.parse", parse, 0},
	{"revoke.begin", begin, 0},
	{"revoke.respond", respond, 0},
	{NULL, NULL, 0},
};

void api_revoke(struct http_req *r)
{
	struct revoke_op *s = ARENA_NEW(r->arena, struct revoke_op);

	s->r = r;
	s->ca = r->app;
	http_req_run(r, &s->flow, revoke_steps, s);
}
