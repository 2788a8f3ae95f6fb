/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "api/answer.h"
#include "api/body.h"

#include "base/bug.h"
#include "ca/check.h"
#include "codec/uuid.h"

/*
 * sign.c - POST /sign. DESIGN 5: parse and proof of possession, authorize by token, ca/issue,
 * respond. The order of the answers is the protocol's: missing csr, invalid csr, missing ott
 * (400), token (401), names and limits (403).
 */

struct sign_op {
	struct http_req *r;
	struct ca *ca;
	struct flow flow;
	struct wait wait;
	struct sign_body body;
	struct key *key;
	struct prov_authorize auth;
	struct issue issue;
};

static enum step parse(struct flow *f, void *op)
{
	struct sign_op *s = op;
	struct err e = ERR_INIT;

	if (sign_body_parse(s->r->body, s->r->arena, &s->body, &e) < 0 ||
	    check_csr(&s->wait, f, s->ca->cpu, s->body.csr.der, s->r->arena, &s->key, &e) < 0)
		return flow_fail(f, &e);
	return STEP_WAIT;
}

static enum step authorize(struct flow *f, void *op)
{
	struct sign_op *s = op;
	const struct err *why = wait_error(&s->wait);
	struct err e = ERR_INIT;

	if (why != NULL) {
		e = *why;
		if (e.code == ERR_UNSUPPORTED || e.code == ERR_UNAUTHORIZED)
			e.code = ERR_INVALID;
		if (e.pub[0] == '\0' && e.code == ERR_INVALID)
			err_public(&e, "invalid csr");
		return flow_fail(f, &e);
	}
	if (s->body.ott.n == 0) {
		ERR(&e, ERR_INVALID, "body: missing ott");
		err_public(&e, "missing ott");
		return flow_fail(f, &e);
	}
	credentials_log_token(s->r, s->body.ott);
	s->auth.set = s->ca->provs;
	s->auth.method = SIGNET_SIGN;
	s->auth.token = s->body.ott;
	s->auth.hosts = s->ca->conf->dns_names.items;
	s->auth.n_hosts = s->ca->conf->dns_names.n;
	s->auth.csr = &s->body.csr;
	s->auth.cpu = s->ca->cpu;
	s->auth.issued_after = s->ca->restored;
	prov_authorize_init(&s->auth, f->loop, s->r->arena);
	flow_call(f, &s->wait, &s->auth.flow);
	return STEP_WAIT;
}

static enum step issue(struct flow *f, void *op)
{
	struct sign_op *s = op;
	struct issue *i = &s->issue;

	if (s->auth.flow.failed)
		return flow_fail(f, &s->auth.flow.err);
	ENSURE(s->auth.grant != NULL);
	i->ca = s->ca;
	i->grant = s->auth.grant;
	i->authority = ca_authority(s->ca, str_c(i->grant->prov->authority));
	if (i->authority == NULL)
		return flow_failf(f, ERR_INTERNAL, "provisioner %s: no authority %s",
				  i->grant->prov->name, i->grant->prov->authority);
	i->csr = &s->body.csr;
	i->subject_key = s->key;
	i->asked.not_before = s->body.not_before;
	i->asked.not_after = s->body.not_after;
	i->endpoint = s->body.endpoint;
	i->request_id = str_c(s->r->id);
	i->user = s->body.template_data;
	i->source = http_req_source(s->r);
	issue_init(i, s->r->arena);
	flow_call(f, &s->wait, &i->flow);
	return STEP_WAIT;
}

static enum step respond(struct flow *f, void *op)
{
	struct sign_op *s = op;

	if (!f->failed && s->issue.flow.failed) {
		f->failed = true;
		f->err = s->issue.flow.err;
	}
	if (f->failed)
		api_error(s->r, &f->err);
	else
		answer_issued(s->r, &s->issue);
	return STEP_DONE;
}

static const struct flow_step sign_steps[] = {
	{"sign.parse", parse, 0}, {"sign.authorize", authorize, 0},
	{"sign.issue", issue, 0}, {"sign.respond", respond, 0},
	{NULL, NULL, 0},
};

void api_sign(struct http_req *r)
{
	struct sign_op *s = ARENA_NEW(r->arena, struct sign_op);

	s->r = r;
	s->ca = r->app;
	http_req_run(r, &s->flow, sign_steps, s);
}

/* ---- the answer that sign, renew and rekey share ---- */

static json_t *tls_options(void)
{
	json_t *v = json_object(), *suites = json_array();

	json_array_append_new(suites, json_string("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"));
	json_array_append_new(suites, json_string("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"));
	json_object_set_new(v, "cipherSuites", suites);
	json_object_set_new(v, "minVersion", json_real(1.2));
	json_object_set_new(v, "maxVersion", json_real(1.3));
	json_object_set_new(v, "renegotiation", json_false());
	return v;
}

void answer_issued(struct http_req *r, const struct issue *i)
{
	const struct authority *au = i->authority;
	json_t *chain = json_array(), *v = json_object();
	struct buf serial = BUF_INIT;
	char endpoint[37];

	serial_to_decimal(i->serial, &serial);
	http_log_field(r, "serial", buf_view(&serial));
	buf_release(&serial);
	if (i->grant != NULL && i->grant->prov != NULL)
		http_log_field(r, "provisioner", str_c(i->grant->prov->name));
	json_object_set_new(v, "crt", answer_pem(i->der));
	json_object_set_new(v, "ca", au->n_chain > 0 ? answer_pem(au->chain[0]) : json_null());
	json_array_append_new(chain, answer_pem(i->der));
	for (size_t k = 0; k < au->n_chain; k++)
		json_array_append_new(chain, answer_pem(au->chain[k]));
	json_object_set_new(v, "certChain", chain);
	json_object_set_new(v, "tlsOptions", tls_options());
	if (i->endpoint.n == 16) {
		uuid_format((const unsigned char *)i->endpoint.p, endpoint);
		json_object_set_new(v, "endpoint", json_string(endpoint));
	}
	api_reply_json(r, 201, v);
	json_decref(v);
}
