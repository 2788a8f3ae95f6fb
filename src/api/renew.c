/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "api/answer.h"

/*
 * renew.c - POST /renew over mutual TLS: the client's certificate is what is renewed. The body is
 * ignored.
 */

struct renew_op {
	struct http_req *r;
	struct flow flow;
	struct wait wait;
	struct renew renew;
};

static enum step begin(struct flow *f, void *op)
{
	struct renew_op *s = op;
	struct http_req *r = s->r;
	bool token = http_req_header(r, "Authorization").n > 0;
	struct err e = ERR_INIT;

	if (r->is_tls && r->tls.peer_leaf.n > 0 && token)
		return flow_failf(f, ERR_UNAUTHORIZED,
				  "a client certificate and a token are both present");
	if (token)
		return flow_failf(f, ERR_UNAUTHORIZED,
				  "renewal by token is not supported by this version");
	if (!r->is_tls || r->tls.peer_leaf.n == 0) {
		ERR(&e, ERR_INVALID, "missing client certificate");
		err_public(&e, "missing client certificate");
		return flow_fail(f, &e);
	}
	s->renew.ca = r->app;
	s->renew.leaf_der = r->tls.peer_leaf;
	s->renew.request_id = str_c(r->id);
	renew_init(&s->renew, r->arena);
	flow_call(f, &s->wait, &s->renew.flow);
	return STEP_WAIT;
}

static enum step respond(struct flow *f, void *op)
{
	struct renew_op *s = op;

	if (!f->failed && s->renew.flow.failed) {
		f->failed = true;
		f->err = s->renew.flow.err;
	}
	if (f->failed)
		api_error(s->r, &f->err);
	else
		answer_issued(s->r, &s->renew.issue);
	return STEP_DONE;
}

static const struct flow_step renew_steps[] = {
	{"renew.begin", begin, 0},
	{"renew.respond", respond, 0},
	{NULL, NULL, 0},
};

void api_renew(struct http_req *r)
{
	struct renew_op *s = ARENA_NEW(r->arena, struct renew_op);

	s->r = r;
	http_req_run(r, &s->flow, renew_steps, s);
}
