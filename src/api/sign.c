/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "api/answer.h"

#include "base/bug.h"
#include "ca/check.h"

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
	json_t *body;
	struct csr csr;
	struct key *key;
	struct str ott;
	struct prov_authorize auth;
	struct issue issue;
};

static int invalid(struct err *e, const char *text)
{
	ERR(e, ERR_INVALID, "%s", text);
	return err_public(e, "%s", text);
}

static int parse_body(struct sign_op *s, struct err *e)
{
	struct err why = ERR_INIT;
	struct str pem;

	s->body = json_parse(s->r->body, &json_limits_request, JSON_ALLOW_TRAILING | JSON_FOLD_KEYS,
			     &why);
	if (s->body == NULL || !(json_is_object(s->body) || json_is_null(s->body))) {
		if (s->body != NULL)
			json_decref(s->body);
		ERR(e, why.code == ERR_TOO_LARGE ? ERR_TOO_LARGE : ERR_INVALID, "body: %s",
		    why.msg);
		return err_public(e, "error decoding json");
	}
	if (json_is_null(s->body)) {
		json_decref(s->body);
		return invalid(e, "missing csr");
	}
	json_free_with(s->body, s->r->arena);
	if (json_opt_str(s->body, "csr", JSON_FOLD_KEYS, &pem, &why) < 0 ||
	    json_opt_str(s->body, "ott", JSON_FOLD_KEYS, &s->ott, &why) < 0 ||
	    json_opt_str(s->body, "notBefore", JSON_FOLD_KEYS, &s->issue.asked.not_before, &why) <
		    0 ||
	    json_opt_str(s->body, "notAfter", JSON_FOLD_KEYS, &s->issue.asked.not_after, &why) <
		    0) {
		ERR(e, ERR_INVALID, "body: %s", why.msg);
		return err_public(e, "error decoding json");
	}
	if (pem.n == 0 || str_eqc(pem, "null"))
		return invalid(e, "missing csr");
	if (csr_pem_parse(pem, s->r->arena, &s->csr, &why) < 0) {
		ERR(e, why.code == ERR_TOO_LARGE ? ERR_TOO_LARGE : ERR_INVALID, "csr: %s", why.msg);
		return err_public(e, "invalid csr");
	}
	return 0;
}

static enum step parse(struct flow *f, void *op)
{
	struct sign_op *s = op;
	struct err e = ERR_INIT;

	if (parse_body(s, &e) < 0 ||
	    check_csr(&s->wait, f, s->ca->cpu, s->csr.der, s->r->arena, &s->key, &e) < 0)
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
	if (s->ott.n == 0) {
		invalid(&e, "missing ott");
		return flow_fail(f, &e);
	}
	s->auth.set = s->ca->provs;
	s->auth.method = SIGNET_SIGN;
	s->auth.token = s->ott;
	s->auth.hosts = s->ca->conf->dns_names.items;
	s->auth.n_hosts = s->ca->conf->dns_names.n;
	s->auth.csr = &s->csr;
	s->auth.cpu = s->ca->cpu;
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
	http_log_field(s->r, "provisioner", str_c(s->auth.grant->prov->name));
	http_log_field(s->r, "token", s->auth.grant->token_hash);
	i->ca = s->ca;
	i->grant = s->auth.grant;
	i->authority = ca_authority(s->ca, str_c(i->grant->prov->authority));
	if (i->authority == NULL)
		return flow_failf(f, ERR_INTERNAL, "provisioner %s: no authority %s",
				  i->grant->prov->name, i->grant->prov->authority);
	i->csr = &s->csr;
	i->subject_key = s->key;
	i->request_id = str_c(s->r->id);
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

/* ---- the answer that sign and renew share ---- */

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

	serial_to_decimal(i->serial, &serial);
	http_log_field(r, "serial", buf_view(&serial));
	buf_release(&serial);
	json_object_set_new(v, "crt", answer_pem(i->der));
	json_object_set_new(v, "ca", au->n_chain > 0 ? answer_pem(au->chain[0]) : json_null());
	json_array_append_new(chain, answer_pem(i->der));
	for (size_t k = 0; k < au->n_chain; k++)
		json_array_append_new(chain, answer_pem(au->chain[k]));
	json_object_set_new(v, "certChain", chain);
	json_object_set_new(v, "tlsOptions", tls_options());
	api_reply_json(r, 201, v);
	json_decref(v);
}
