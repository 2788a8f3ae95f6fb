/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ca/issue_priv.h"

#include "base/bug.h"
#include "base/clock.h"
#include "base/log.h"
#include "codec/uuid.h"
#include "profile/lint.h"

/*
 * issue_content.c - what an operator's rules make of a request (ca/rules.h): the variables that
 * templates see, what webhooks are told, and the checks of what will be signed.
 *
 * The checks judge the exact bytes, decoded, not what went into the template: whichever way a name
 * or an extension got in, by field, by raw extension or from the old certificate of a renewal, it
 * is seen here. In this order: what a leaf may not say, the issuers' name constraints, the
 * provisioner's policy, the authority's policy, the inventory's allowed names, lint.
 */
#define GROUPS_MAX 1000U

/* ---- variables ---- */

/* What the provisioner's plugin adds, over the operator's templateData. */
static const json_t *top_level(const struct issue *i)
{
	const json_t *own = i->st->rules->template_data;
	json_t *granted = i->grant->data, *merged;
	const char *key;
	json_t *v;

	if (json_object_size(granted) <= 1 && json_object_get(granted, "Token") != NULL)
		return own;
	merged = own != NULL ? json_copy((json_t *)(uintptr_t)own) : json_object();
	json_object_foreach(granted, key, v)
	{
		if (strcmp(key, "Token") != 0)
			json_object_set(merged, key, v);
	}
	json_free_with(merged, i->st->arena);
	return merged;
}

static struct str endpoint_text(const struct issue *i)
{
	char *text = arena_alloc(i->st->arena, 37);

	uuid_format(i->st->endpoint, text);
	return str_c(text);
}

void issue_prepare_content(struct issue *i)
{
	struct issue_state *st = i->st;
	struct content_input *in = &st->in;

	st->rules = ca_rules_of(i->grant->prov);
	if (st->rules == NULL)
		return;
	*in = (struct content_input){
		.endpoint = endpoint_text(i),
		.now = clock_now(),
		.subject_key = i->subject_key,
	};
	if (i->old != NULL) {
		in->common_name = name_get(&i->old->subject, OID_CN);
		in->sans = &i->old->sans;
		return;
	}
	in->common_name = i->grant->subject;
	in->sans = &i->grant->names;
	in->token = json_object_get(i->grant->data, "Token");
	in->csr = i->csr;
	in->user = st->rules->own_template ? i->user : NULL;
	in->data = top_level(i);
}

/* ---- inventory ---- */

bool issue_wants_record(const struct issue *i)
{
	const struct ca_rules *r = i->st->rules;

	return r != NULL && r->inventory != NULL && (i->old == NULL || r->inventory->on_renew);
}

int issue_record_key(struct issue *i, struct str *key, struct err *e)
{
	struct issue_state *st = i->st;
	struct tmpl_error_info why = {0};
	struct buf out = BUF_INIT;
	int rc = 0;

	if (tmpl_run(st->rules->inventory_key, content_vars(&st->in, st->arena), &tmpl_limits_loop,
		     st->arena, &out, &why) < 0)
		rc = ERR(e, ERR_INTERNAL, "inventory.key: " STR_FMT, STR_ARG(why.message));
	*key = arena_str(st->arena, str_trim(buf_view(&out)));
	buf_release(&out);
	/* what is absent prints so: it is no key */
	if (str_eqc(*key, "<no value>"))
		*key = STR_NULL;
	return rc;
}

static int refuse(struct err *e, const char *text)
{
	ERR(e, ERR_FORBIDDEN, "%s", text);
	return err_public(e, "%s", text);
}

int issue_record_found(struct issue *i, const json_t *record, struct err *e)
{
	const struct conf_inventory *inv = i->st->rules->inventory;

	i->st->in.inventory = record;
	/* without a record there is no name that it allows */
	if (record != NULL || (!inv->required && inv->allowed_names == NULL))
		return 0;
	ERR(e, ERR_FORBIDDEN, "no record in the inventory %s", inv->list);
	return err_public(e, "there is no inventory record for this request");
}

/* ---- webhooks ---- */

bool issue_wants_hooks(const struct issue *i, enum webhook_kind kind)
{
	const struct ca_rules *r = i->st->rules;

	return r != NULL && r->hooks != NULL &&
	       webhook_set_has(r->hooks, kind, WEBHOOK_X509, i->old != NULL);
}

static json_t *hook_body(struct issue *i, enum webhook_kind kind)
{
	struct issue_state *st = i->st;
	json_t *body = i->csr != NULL ? content_request_json(&st->in, st->arena) : json_object();

	if (kind == WEBHOOK_AUTHORIZING)
		json_object_set_new(body, "x509Certificate",
				    content_certificate_json(&st->fields, &st->made, st->arena));
	json_free_with(body, st->arena);
	return body;
}

void issue_call_hooks(struct flow *f, struct issue *i, enum webhook_kind kind)
{
	struct issue_state *st = i->st;

	st->hooks = (struct webhook_run){
		.set = st->rules->hooks,
		.outbound = i->ca->outbound,
		.pool = i->ca->cpu,
		.kind = kind,
		.cert = WEBHOOK_X509,
		.renewal = i->old != NULL,
		.body = hook_body(i, kind),
		.vars = content_vars(&st->in, st->arena),
		.provisioner = str_c(i->grant->prov->name),
		.request_id = i->request_id,
	};
	webhook_run_init(&st->hooks, i->ca->loop, st->arena);
	flow_call(f, &st->child, &st->hooks.flow);
}

/* ---- checks of what will be signed ---- */

/* RFC 5280 4.2.1.9; also what came as a raw extension. */
static int check_path_length(const struct issue *i, struct err *e)
{
	if (!i->st->made.is_ca || i->authority->cert.max_path_len != 0)
		return 0;
	return refuse(e, "the issuing certificate has path length 0: it may not issue to a CA");
}

/* RFC 5280 4.2.1.10 over every CA on the path. */
static int check_constraints(const struct issue *i, struct err *e)
{
	const struct authority *au = i->authority;

	for (size_t k = 0; k < au->n_chain; k++)
		if (name_constraints_check(&au->chain_certs[k], &i->st->made, e) < 0)
			return -1;
	for (size_t k = 0; k < au->n_roots; k++)
		if (name_constraints_check(&au->root_certs[k], &i->st->made, e) < 0)
			return -1;
	return 0;
}

/*
 * Of the token's claim "groups": a text or a list of them. One that cannot be read, or not to its
 * end, is refused: a rule may be against a group in it.
 */
static int find_groups(const struct issue *i, struct policy_request *r, struct err *e)
{
	const json_t *g = json_object_get(i->st->in.token, "groups");
	bool list = json_is_array(g);
	size_t n = list ? json_array_size(g) : g != NULL && !json_is_null(g);
	struct str *out;

	if (n > GROUPS_MAX)
		return refuse(e, "the token names more groups than are looked at");
	out = ARENA_ARRAY(i->st->arena, struct str, n + 1);
	for (size_t k = 0; k < n; k++) {
		const json_t *one = list ? json_array_get(g, k) : g;

		if (!json_is_string(one))
			return refuse(e, "the token's groups are not texts");
		out[r->n_groups++] = json_str_view(one);
	}
	r->groups = out;
	return 0;
}

static int check_policies(const struct issue *i, struct err *e)
{
	const struct ca_rules *rules = i->st->rules;
	const struct cert *c = &i->st->made;
	struct policy_request r = {.provisioner = str_c(i->grant->prov->name), .source = i->source};

	if (rules->policy == NULL && rules->authority_policy == NULL)
		return 0;
	if (find_groups(i, &r, e) < 0)
		return -1;
	if (policy_check_x509(rules->policy, &c->subject, &c->sans, &r, NULL, e) < 0)
		return err_wrap(e, "provisioner %s", i->grant->prov->name);
	if (policy_check_x509(rules->authority_policy, &c->subject, &c->sans, &r, NULL, e) < 0)
		return err_wrap(e, "authority %s", i->authority->name);
	return 0;
}

/* The record's attribute that lists the names: a text or a list of them. */
static int check_listed(const struct issue *i, struct err *e)
{
	const struct conf_inventory *inv = i->st->rules->inventory;
	const struct cert *c = &i->st->made;
	const json_t *v;
	struct str *names;
	size_t n;

	if (inv == NULL || inv->allowed_names == NULL || i->st->in.inventory == NULL)
		return 0;
	v = json_object_get(i->st->in.inventory, inv->allowed_names);
	n = json_is_array(v) ? json_array_size(v) : v != NULL;
	names = ARENA_ARRAY(i->st->arena, struct str, n + 1);
	for (size_t k = 0; k < n; k++) {
		const json_t *one = json_is_array(v) ? json_array_get(v, k) : v;

		if (!json_is_string(one))
			return refuse(e, "the inventory record's allowed names are not texts");
		names[k] = json_str_view(one);
	}
	return policy_check_listed(names, n, &c->subject, &c->sans, e);
}

static int check_lint(struct issue *i, struct err *e)
{
	const struct lint_options o = {
		.tls = i->st->rules->lint_tls,
		.no_names = (i->st->rules->allow & CONTENT_NO_NAMES) != 0,
	};
	struct lint_report report = {.arena = i->st->arena};
	const struct lint_finding *l;

	lint_tbs(i->st->tbs, &o, &report);
	l = lint_refusal(&report, &o);
	if (l == NULL)
		return 0;
	ERR(e, ERR_FORBIDDEN, "lint: %s: %s (%s)", l->code, l->text, l->section);
	return err_public(e, "the certificate would not conform to %s: %s", l->section, l->text);
}

static int check_names(struct issue *i, struct err *e)
{
	if (check_policies(i, e) < 0)
		return -1;
	return check_listed(i, e);
}

int issue_check_content(struct issue *i, struct err *e)
{
	struct issue_state *st = i->st;

	if (cert_parse_tbs(st->tbs, st->arena, &st->made, e) < 0)
		return err_wrap(e, "the certificate that would be signed");
	if (st->rules != NULL &&
	    content_check_forbidden(&st->made, &i->authority->cert, st->rules->allow, e) < 0)
		return -1;
	if (check_path_length(i, e) < 0 || check_constraints(i, e) < 0)
		return -1;
	if (st->rules == NULL)
		return 0;
	if (check_names(i, e) < 0)
		return -1;
	return i->old == NULL ? check_lint(i, e) : 0;
}
