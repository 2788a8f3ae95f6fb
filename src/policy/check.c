/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/idna.h"
#include "codec/uri.h"
#include "policy/check.h"

/*
 * check.c - one name against the rules of its kind, in step's order:
 *
 *   1. something is allowed, but no rule at all is about this kind: refused
 *   2. the name is brought to its one spelling; one that has none is refused
 *   3. a denying rule matches: refused
 *   4. allowing rules of this kind exist and none matches: refused
 *
 * Deliberately stricter than step's engine, which takes these: a wildcard that would hold a denied
 * name, or one where names of hosts are ruled but wildcards are not allowed; the local part of an
 * e-mail address that differs from a denied one in case; names that are longer than a DNS name can
 * be, e-mail addresses whose domain is no DNS name, URIs whose host is none; an address that is
 * denied and comes as a DNS name.
 */

/* ---- what is said ---- */

static struct str quoted(struct str s, struct arena *a)
{
	struct buf b = BUF_INIT;
	struct str out;

	policy_quote(s, &b);
	out = arena_str(a, buf_view(&b));
	buf_release(&b);
	return out;
}

void check_begin(struct check *c)
{
	c->idn_budget = POLICY_IDN_BYTES;
	if (c->verdict == NULL)
		return;
	c->verdict->allowed = true;
	buf_reset(&c->verdict->text);
}

static void set_verdict(struct check *c, const char *text)
{
	if (c->verdict == NULL)
		return;
	c->verdict->allowed = false;
	buf_reset(&c->verdict->text);
	buf_puts(&c->verdict->text, text);
}

static void PRINTF(3, 0) explain(const struct named *n, struct str name, const char *fmt,
				 va_list ap, struct buf *out)
{
	char why[600];

	vsnprintf(why, sizeof(why), fmt, ap);
	buf_printf(out, "%s name " STR_FMT ": %s", n->label, STR_ARG(name), why);
}

int check_refuse(struct check *c, struct named n, enum why why, const char *fmt, ...)
{
	struct str name = quoted(n.text, c->arena);
	struct buf text = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	explain(&n, name, fmt, ap, &text);
	va_end(ap);
	err_set(c->e, ERR_FORBIDDEN, "%s", text.p);
	set_verdict(c, text.p);
	buf_release(&text);
	switch (why) {
	case WHY_NOT_ALLOWED:
		return err_public(c->e, "%s name " STR_FMT " not allowed", n.label, STR_ARG(name));
	case WHY_DOMAIN:
		return err_public(c->e, "cannot parse %s domain " STR_FMT, n.label, STR_ARG(name));
	case WHY_MAILBOX:
		return err_public(c->e, "cannot parse %s rfc822Name " STR_FMT, n.label,
				  STR_ARG(name));
	case WHY_MATCH:
		return err_public(c->e, "error matching %s name " STR_FMT " to constraint", n.label,
				  STR_ARG(name));
	}
	return -1;
}

int check_denied(struct check *c, struct named n, const struct rule_list *l,
		 const struct rule *rule)
{
	struct str text = quoted(rule->text, c->arena);

	return check_refuse(c, n, WHY_NOT_ALLOWED, "denied by %s[%u] " STR_FMT, l->path,
			    rule->index, STR_ARG(text));
}

int check_refuse_all(struct check *c, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	err_set(c->e, ERR_FORBIDDEN, "%s", text);
	err_public(c->e, "%s", text);
	set_verdict(c, text);
	return -1;
}

int check_pass(struct check *c, struct named n, const char *fmt, ...)
{
	va_list ap;

	if (c->verdict == NULL)
		return 0;
	if (c->verdict->text.n > 0)
		buf_putc(&c->verdict->text, '\n');
	va_start(ap, fmt);
	explain(&n, quoted(n.text, c->arena), fmt, ap, &c->verdict->text);
	va_end(ap);
	return 0;
}

int check_spend(struct check *c, struct named n)
{
	if (policy_spend(&c->idn_budget, n.text))
		return 0;
	return check_refuse(c, n, WHY_DOMAIN,
			    "more than %u bytes of internationalised names in one certificate",
			    POLICY_IDN_BYTES);
}

/* ---- rules ---- */

int check_listed_kind(struct check *c, enum kind k, struct named n)
{
	const struct rule_set *s = c->set;

	if (s->n_allow == 0 || s->allow[k].n + s->deny[k].n > 0)
		return 0;
	return check_refuse(c, n, WHY_NOT_ALLOWED, "%s.allow lists names, but none of the kind %s",
			    s->path, policy_kind_names[k]);
}

const struct rule *check_deny(const struct check *c, const struct query *q)
{
	return policy_find(&c->set->deny[q->kind], q, c->request);
}

int check_rules(struct check *c, struct named n, const struct query *q)
{
	const struct rule_list *allow = &c->set->allow[q->kind], *deny = &c->set->deny[q->kind];
	const struct rule *rule = check_deny(c, q);
	struct str text;

	if (rule != NULL)
		return check_denied(c, n, deny, rule);
	if (q->wildcard && !c->set->wildcards && allow->n + deny->n > 0)
		return check_refuse(c, n, WHY_NOT_ALLOWED,
				    "a wildcard needs %s.allowWildcardNames: true", c->set->path);
	if (allow->n == 0)
		return check_pass(c, n, "allowed: no rule is against it");
	rule = policy_find(allow, q, c->request);
	if (rule == NULL)
		return check_refuse(c, n, WHY_NOT_ALLOWED, "no rule of %s allows it", allow->path);
	text = c->verdict != NULL ? quoted(rule->text, c->arena) : STR_NULL;
	return check_pass(c, n, "allowed by %s[%u] " STR_FMT, allow->path, rule->index,
			  STR_ARG(text));
}

/* ---- kinds ---- */

/* step's engine can read ".x" too, but then no rule matches it. */
static enum why dns_sentence(struct check *c, struct str name)
{
	struct err ignored = ERR_INIT;
	struct str out;

	if (str_starts(name, ".") &&
	    policy_strict_dns((struct str){name.p + 1, name.n - 1}, c->arena, &out, &ignored) == 0)
		return WHY_NOT_ALLOWED;
	return WHY_DOMAIN;
}

int check_dns(struct check *c, struct named n)
{
	struct query q = {.kind = KIND_DNS}, address = {.kind = KIND_IP};
	struct err why = ERR_INIT;
	unsigned char ip[16];
	size_t bytes;

	if (check_listed_kind(c, KIND_DNS, n) < 0 || check_spend(c, n) < 0)
		return -1;
	if (policy_strict_dns(n.text, c->arena, &q.name, &why) < 0)
		return check_refuse(c, n, dns_sentence(c, n.text), "cannot be compared: %.200s",
				    why.msg);
	if (str_starts(q.name, "*.")) {
		q.wildcard = true;
		q.name.p += 2;
		q.name.n -= 2;
	}
	bytes = ip_parse(q.name, ip);
	address.name = str_mem(ip, bytes);
	if (bytes > 0 && check_deny(c, &address) != NULL)
		return check_denied(c, n, &c->set->deny[KIND_IP], check_deny(c, &address));
	return check_rules(c, n, &q);
}

int check_ip(struct check *c, struct named n, struct str bytes)
{
	struct query q = {.kind = KIND_IP, .name = bytes};
	struct str plain = policy_unmapped(bytes);
	char text[46];

	if (bytes.n == 4 || bytes.n == 16)
		n.text = str_c(ip_format((const unsigned char *)plain.p, plain.n, text));
	if (check_listed_kind(c, KIND_IP, n) < 0)
		return -1;
	if (bytes.n != 4 && bytes.n != 16)
		return check_refuse(c, n, WHY_MATCH, "cannot be compared: %zu bytes", bytes.n);
	return check_rules(c, n, &q);
}

int check_email(struct check *c, struct named n)
{
	struct query q = {.kind = KIND_EMAIL};
	struct err why = ERR_INIT;
	struct str local, host;

	if (check_listed_kind(c, KIND_EMAIL, n) < 0 || check_spend(c, n) < 0)
		return -1;
	if (!policy_mailbox(n.text, c->arena, &local, &host))
		return check_refuse(c, n, WHY_MAILBOX, "not an e-mail address");
	for (size_t i = 0; i < host.n; i++)
		if ((unsigned char)host.p[i] >= 0x80)
			return check_refuse(c, n, WHY_MAILBOX, "the domain must be in A-labels");
	if (host.p[host.n - 1] == '.' || !dns_name_valid(host, false))
		return check_refuse(c, n, WHY_MAILBOX, "the domain is no DNS name");
	if (policy_normalize_dns(host, c->arena, &q.domain, &why) < 0)
		return check_refuse(c, n, WHY_DOMAIN, "cannot be compared: %.200s", why.msg);
	q.name = str_c(
		arena_printf(c->arena, STR_FMT "@" STR_FMT, STR_ARG(local), STR_ARG(q.domain)));
	q.folded = policy_ascii_lower(q.name, c->arena);
	return check_rules(c, n, &q);
}

/* "scheme://" first, by the look of it */
static bool has_authority(struct str s)
{
	struct str rest;

	str_cut(s, ':', &rest);
	return str_starts(rest, "//");
}

int check_uri(struct check *c, struct named n)
{
	const struct rule_set *s = c->set;
	struct query q = {.kind = KIND_URI};
	struct err why = ERR_INIT;
	struct uri u;

	if (check_listed_kind(c, KIND_URI, n) < 0)
		return -1;
	if (s->allow[KIND_URI].n + s->deny[KIND_URI].n == 0) {
		if (has_authority(n.text) && uri_parse(n.text, &u, &why) < 0)
			return check_refuse(c, n, WHY_DOMAIN, "cannot be compared: %.200s",
					    why.msg);
		return check_pass(c, n, "allowed: no rule is against it");
	}
	if (check_spend(c, n) < 0)
		return -1;
	if (policy_plain_uri_host(n.text, c->arena, &q.name, &why) < 0)
		return check_refuse(c, n, WHY_MATCH, "cannot be compared: %.200s", why.msg);
	return check_rules(c, n, &q);
}

int check_principal(struct check *c, struct named n)
{
	struct query q = {.kind = KIND_PRINCIPAL};

	if (check_listed_kind(c, KIND_PRINCIPAL, n) < 0)
		return -1;
	q.name = policy_fold(n.text, c->arena);
	q.folded = q.name;
	return check_rules(c, n, &q);
}

int check_guessed(struct check *c, struct named n)
{
	unsigned char ip[16];

	switch (policy_guess(n.text)) {
	case KIND_IP:
		return check_ip(c, n, str_mem(ip, ip_parse(n.text, ip)));
	case KIND_URI:
		return check_uri(c, n);
	case KIND_EMAIL:
		return check_email(c, n);
	case KIND_DNS:
	case KIND_CN:
	case KIND_PRINCIPAL:
	case KIND_OTHER:
	case KIND_PERMANENT:
	case KIND_COUNT:
		break;
	}
	return check_dns(c, n);
}
