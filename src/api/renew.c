/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "api/answer.h"
#include "api/body.h"

#include "ca/check.h"

/*
 * renew.c - POST /renew and POST /rekey. What is renewed is the certificate that the client
 * presents: over mutual TLS, or for /renew alone inside a token that it signed with the
 * certificate's key, which also works after its end where the provisioner allows it. The body of
 * /renew is ignored; /rekey takes a CSR for the sake of its key, proof of possession included.
 * Everything else is ca/renew.
 */

struct renew_op {
	struct http_req *r;
	struct ca *ca;
	struct flow flow;
	struct wait wait;
	struct rekey_body body;
	struct renew renew;
};

static enum step call_renew(struct flow *f, struct renew_op *s)
{
	s->renew.ca = s->ca;
	s->renew.request_id = str_c(s->r->id);
	s->renew.source = http_req_source(s->r);
	renew_init(&s->renew, s->r->arena);
	flow_call(f, &s->wait, &s->renew.flow);
	return STEP_WAIT;
}

static enum step renew(struct flow *f, void *op)
{
	struct renew_op *s = op;
	struct credentials c;
	struct err e = ERR_INIT;

	if (credentials_read(s->r, &c, &e) < 0)
		return flow_fail(f, &e);
	if (c.bearer.n > 0)
		credentials_log_token(s->r, c.bearer);
	else if (c.leaf.n == 0) {
		credentials_missing(&e);
		return flow_fail(f, &e);
	}
	s->renew.leaf_der = c.leaf;
	s->renew.token = c.bearer;
	return call_renew(f, s);
}

static enum step parse_rekey(struct flow *f, void *op)
{
	struct renew_op *s = op;
	struct http_req *r = s->r;
	struct credentials c;
	struct err e = ERR_INIT;

	if (credentials_read(r, &c, &e) < 0)
		return flow_fail(f, &e);
	if (c.leaf.n == 0) {
		credentials_missing(&e);
		return flow_fail(f, &e);
	}
	s->renew.leaf_der = c.leaf;
	if (rekey_body_parse(r->body, r->arena, &s->body, &e) < 0 ||
	    check_csr(&s->wait, f, s->ca->cpu, s->body.csr.der, r->arena, &s->renew.new_key, &e) <
		    0)
		return flow_fail(f, &e);
	return STEP_WAIT;
}

static enum step rekey(struct flow *f, void *op)
{
	struct renew_op *s = op;
	const struct err *why = wait_error(&s->wait);
	struct err e = ERR_INIT;

	if (why != NULL) {
		e = *why;
		/* A weak key is a bad request here, not a name that is not granted. */
		if (e.code == ERR_UNSUPPORTED || e.code == ERR_UNAUTHORIZED ||
		    e.code == ERR_FORBIDDEN)
			e.code = ERR_INVALID;
		if (e.pub[0] == '\0' && e.code == ERR_INVALID)
			err_public(&e, "invalid csr");
		return flow_fail(f, &e);
	}
	return call_renew(f, s);
}

static enum step respond(struct flow *f, void *op)
{
	struct renew_op *s = op;

	if (!f->failed && s->renew.flow.failed) {
		f->failed = true;
		f->err = s->renew.flow.err;
	}
	if (f->failed && s->renew.bare != NULL)
		answer_bare(s->r, &f->err, s->renew.bare);
	else if (f->failed)
		api_error(s->r, &f->err);
	else
		answer_issued(s->r, &s->renew.issue);
	return STEP_DONE;
}

static const struct flow_step renew_steps[] = {
	{"renew.begin", renew, 0},
	{"renew.respond", respond, 0},
	{NULL, NULL, 0},
};

static const struct flow_step rekey_steps[] = {
	{"rekey.parse", parse_rekey, 0},
	{"rekey.begin", rekey, 0},
	{"rekey.respond", respond, 0},
	{NULL, NULL, 0},
};

static void run(struct http_req *r, const struct flow_step *steps)
{
	struct renew_op *s = ARENA_NEW(r->arena, struct renew_op);

	s->r = r;
	s->ca = r->app;
	http_req_run(r, &s->flow, steps, s);
}

void api_renew(struct http_req *r)
{
	run(r, renew_steps);
}

void api_rekey(struct http_req *r)
{
	run(r, rekey_steps);
}
