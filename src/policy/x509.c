/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "policy/check.h"

/*
 * x509.c - all names of an X.509 certificate, in step's order (DNS, addresses, e-mail, URIs, common
 * name), so that of several wrong ones the same is reported; what step does not look at comes in
 * between and after: other kinds of alternative names, e-mail addresses in the subject, more
 * common names than one. A kind that no list can name is refused where anything is allowed by name.
 *
 * The common name: a name that the list `cn` allows, or, with denying rules alone, one that it does
 * not deny, is fine; any other is held against the rules of what it looks like. Unlike step's
 * engine a denied one stays denied, also when it is a DNS name that is allowed.
 */

/* ---- otherName ---- */

/* "user@host" of a SmtpUTF8Mailbox, "_service.host" of an SRVName, as a query. */
static bool alias_query(struct check *c, const struct other_name *o, struct query *q)
{
	struct str local = o->text, host;
	struct err ignored = ERR_INIT;

	if (o->is_srv) {
		q->kind = KIND_DNS;
		str_cut(o->text, '.', &host);
		return policy_normalize_dns(host, c->arena, &q->name, &ignored) == 0;
	}
	q->kind = KIND_EMAIL;
	while (local.n > 0 && local.p[local.n - 1] != '@')
		local.n--;
	host = (struct str){o->text.p + local.n, o->text.n - local.n};
	if (local.n < 2 || policy_normalize_dns(host, c->arena, &q->domain, &ignored) < 0)
		return false;
	local.n--;
	q->folded = policy_fold(str_c(arena_printf(c->arena, STR_FMT "@" STR_FMT, STR_ARG(local),
						   STR_ARG(q->domain))),
				c->arena);
	return true;
}

/* Types that hold what another list is about: its denying rules count here too. */
static int check_alias(struct check *c, struct named n, const struct other_name *o)
{
	const struct rule_list *deny = &c->set->deny[o->is_mail ? KIND_EMAIL : KIND_DNS];
	const struct rule *rule;
	struct query q = {0};

	if ((!o->is_mail && !o->is_srv) || deny->n == 0)
		return 0;
	if (!alias_query(c, o, &q))
		return check_refuse(c, n, WHY_MATCH, "cannot be compared with %s", deny->path);
	rule = check_deny(c, &q);
	return rule != NULL ? check_denied(c, n, deny, rule) : 0;
}

static void other_query(struct check *c, const struct other_name *o, struct query *q)
{
	struct str text = o->text, local, domain;
	struct err ignored = ERR_INIT;

	q->domain = o->dotted;
	if (o->is_upn) {
		text = policy_upn_key(o->text, c->arena);
		if (policy_normalize_email(o->text, c->arena, &local, &domain, &ignored) == 0)
			q->also = domain;
	}
	if (o->has_text)
		q->name = str_c(arena_printf(c->arena, STR_FMT ":" STR_FMT, STR_ARG(o->dotted),
					     STR_ARG(text)));
	q->folded = policy_fold(q->name, c->arena);
}

static void permanent_query(struct check *c, const struct other_name *o, struct query *q)
{
	q->name = o->text;
	q->folded = policy_fold(o->text, c->arena);
	if (o->assigner.n == 0)
		return;
	q->name = str_c(arena_printf(c->arena, STR_FMT "/" STR_FMT, STR_ARG(o->assigner),
				     STR_ARG(o->text)));
	q->deny_also[0] = policy_fold(q->name, c->arena);
}

static int check_other(struct check *c, const struct san *san)
{
	struct named n = {.label = policy_kind_names[KIND_OTHER]};
	struct buf text = BUF_INIT;
	struct other_name o;
	struct query q = {0};

	if (!policy_other_read(san->value, c->arena, &o)) {
		san_to_text(san, &text);
		n.text = arena_str(c->arena, buf_view(&text));
		buf_release(&text);
		return check_refuse(c, n, WHY_MATCH, "cannot be compared: malformed");
	}
	policy_other_put(&o, &text);
	n = (struct named){policy_kind_names[o.kind], arena_str(c->arena, buf_view(&text))};
	buf_release(&text);
	q.kind = o.kind;
	if (check_listed_kind(c, o.kind, n) < 0 || check_spend(c, n) < 0 ||
	    check_alias(c, n, &o) < 0)
		return -1;
	if (o.kind == KIND_PERMANENT)
		permanent_query(c, &o, &q);
	else
		other_query(c, &o, &q);
	return check_rules(c, n, &q);
}

/* registeredID, directoryName, x400Address, ediPartyName: no list names them. */
static int check_unlisted(struct check *c, const struct san *san, const char *label)
{
	struct named n = {.label = label};
	struct buf text = BUF_INIT;
	int rc;

	san_to_text(san, &text);
	n.text = arena_str(c->arena, buf_view(&text));
	buf_release(&text);
	if (c->set->n_allow == 0)
		rc = check_pass(c, n, "allowed: no rule is against it");
	else
		rc = check_refuse(c, n, WHY_NOT_ALLOWED,
				  "%s.allow lists names, and names of this kind cannot be listed",
				  c->set->path);
	return rc;
}

static int check_san(struct check *c, const struct san *san)
{
	switch (san->type) {
	case SAN_DNS:
		return check_dns(c, (struct named){policy_kind_names[KIND_DNS], san->value});
	case SAN_IP:
		return check_ip(c, (struct named){policy_kind_names[KIND_IP], STR("")}, san->value);
	case SAN_EMAIL:
		return check_email(c, (struct named){policy_kind_names[KIND_EMAIL], san->value});
	case SAN_URI:
		return check_uri(c, (struct named){policy_kind_names[KIND_URI], san->value});
	case SAN_OTHER:
		return check_other(c, san);
	case SAN_DIRNAME:
		return check_unlisted(c, san, "dirName");
	case SAN_RID:
		return check_unlisted(c, san, "registeredID");
	case SAN_X400:
		return check_unlisted(c, san, "x400Address");
	case SAN_EDI:
		return check_unlisted(c, san, "ediPartyName");
	}
	return -1;
}

/* ---- subject ---- */

static const struct rule *cn_denied(struct check *c, struct str cn)
{
	struct query q = {.kind = KIND_CN};
	struct err ignored = ERR_INIT;

	if (c->set->deny[KIND_CN].n == 0)
		return NULL;
	q.folded = policy_fold(cn, c->arena);
	q.deny_also[0] = policy_squeeze(q.folded, c->arena);
	if (policy_normalize_dns(cn, c->arena, &q.deny_also[1], &ignored) < 0)
		q.deny_also[1] = STR_NULL;
	return check_deny(c, &q);
}

/* Is the list `cn` content with it? */
static bool cn_fine(struct check *c, struct named n)
{
	const struct rule_list *allow = &c->set->allow[KIND_CN];
	struct query q = {.kind = KIND_CN, .name = policy_fold(n.text, c->arena)};
	const struct rule *rule;

	if (allow->n == 0) {
		check_pass(c, n, "allowed: %s does not deny it", c->set->deny[KIND_CN].path);
		return true;
	}
	rule = policy_find(allow, &q, c->request);
	if (rule != NULL)
		check_pass(c, n, "allowed by %s[%u]", allow->path, rule->index);
	return rule != NULL;
}

static int check_cn(struct check *c, struct str cn)
{
	struct named n = {policy_kind_names[KIND_CN], cn};
	const struct rule_list *deny = &c->set->deny[KIND_CN];
	const struct rule *rule;
	char sentence[sizeof(c->e->pub)];
	int rc;

	if (cn.n == 0)
		return 0;
	if (deny->n > 0 && check_spend(c, n) < 0)
		return -1;
	rule = cn_denied(c, cn);
	if (rule == NULL && c->set->allow[KIND_CN].n + deny->n > 0 && cn_fine(c, n))
		return 0;
	rc = check_guessed(c, n);
	if (rule == NULL)
		return rc;
	/* The client is told what step's engine would find; the operator, which rule it was. */
	snprintf(sentence, sizeof(sentence), "%s", rc < 0 ? c->e->pub : "");
	check_denied(c, n, deny, rule);
	if (rc < 0)
		err_public(c->e, "%s", sentence);
	return -1;
}

static int check_subject(struct check *c, const struct name *subject, enum oid attr)
{
	struct named n = {.label = policy_kind_names[KIND_EMAIL]};

	for (size_t i = 0; i < subject->n; i++) {
		if (oid_find(subject->attrs[i].oid) != attr)
			continue;
		n.text = subject->attrs[i].value;
		if (attr == OID_CN ? check_cn(c, n.text) < 0 : check_email(c, n) < 0)
			return -1;
	}
	return 0;
}

static int check_all(struct check *c, const struct name *subject, const struct san_list *sans)
{
	static const enum san_type order[] = {SAN_DNS, SAN_IP,	    SAN_EMAIL, SAN_URI, SAN_OTHER,
					      SAN_RID, SAN_DIRNAME, SAN_X400,  SAN_EDI};

	for (size_t t = 0; t < ARRAY_LEN(order); t++)
		for (size_t i = 0; i < sans->n; i++)
			if (sans->items[i].type == order[t] && check_san(c, &sans->items[i]) < 0)
				return -1;
	if (check_subject(c, subject, OID_CN) < 0)
		return -1;
	return check_subject(c, subject, OID_EMAIL_ADDRESS);
}

int policy_check_x509(const struct policy *p, const struct name *subject,
		      const struct san_list *sans, const struct policy_request *r,
		      struct policy_verdict *v, struct err *e)
{
	struct check c = {.request = r, .verdict = v, .e = e};
	int rc;

	check_begin(&c);
	if (p == NULL || p->x509.n_allow + p->x509.n_deny == 0) {
		if (v != NULL)
			buf_puts(&v->text, "allowed: there is no rule at all");
		return 0;
	}
	c.set = &p->x509;
	c.arena = arena_new();
	rc = check_all(&c, subject, sans);
	arena_free(c.arena);
	return rc;
}
