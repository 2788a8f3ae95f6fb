/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "codec/oid.h"
#include "codec/uri.h"
#include "policy/priv.h"

/*
 * rules.c - the lists of rules, compiled so that a decision costs a few look-ups however many rules
 * there are: texts in hash maps, networks sorted with a link from each to the one around it.
 *
 * Networks are nested or disjoint, never crossing. So every network that holds an address is found
 * by going from the last one that begins at or before it outwards along `up`.
 *
 * A rule is stored under its name's one spelling. Several rules may stand under one key, when their
 * conditions differ: the chain keeps their order, and the first that fits decides.
 *
 * What is denied is looked up more widely than what is allowed: letters of an e-mail's local part
 * and of texts folded, wildcards also against the names that they would stand for.
 */

/* ---- conditions ---- */

static bool has(const struct strs *l, struct str s)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->items[i], s))
			return true;
	return false;
}

static bool cidr_holds(const struct cidr *c, const unsigned char *ip, size_t n)
{
	unsigned whole = c->bits / 8, rest = c->bits % 8;

	if (c->n != n || memcmp(c->ip, ip, whole) != 0)
		return false;
	return rest == 0 || ((c->ip[whole] ^ ip[whole]) >> (8 - rest)) == 0;
}

static bool fits(const struct cond *c, const struct policy_request *r)
{
	struct str source;
	bool ok = true;

	if (c == NULL)
		return true;
	if (r == NULL || (c->provisioners.n > 0 && !has(&c->provisioners, r->provisioner)))
		return false;
	for (size_t i = 0; c->groups.n > 0 && i <= r->n_groups; i++) {
		ok = i < r->n_groups && has(&c->groups, r->groups[i]);
		if (ok)
			break;
	}
	source = policy_unmapped(r->source);
	for (size_t i = 0; ok && c->n_networks > 0; i++) {
		if (i == c->n_networks)
			return false;
		if (cidr_holds(&c->networks[i], (const unsigned char *)source.p, source.n))
			break;
	}
	return ok;
}

/* ---- finding ---- */

struct long_key {
	char bytes[6144];
	struct str key;
};

static const struct rule *earlier(const struct rule *a, const struct rule *b)
{
	if (a == NULL || (b != NULL && b->index < a->index))
		return b;
	return a;
}

static const struct rule *chain(const struct link *l, const struct policy_request *r)
{
	for (; l != NULL; l = l->next)
		if (fits(l->rule->when, r))
			return l->rule;
	return NULL;
}

/* The key of a rule that needs this group ('g') or provisioner ('p'): names hold no NUL. */
static bool long_key(struct str key, char kind, struct str word, struct long_key *out)
{
	if (key.n + 2 + word.n > sizeof(out->bytes))
		return false;
	memcpy(out->bytes, key.p, key.n);
	out->bytes[key.n] = '\0';
	out->bytes[key.n + 1] = kind;
	if (word.n > 0)
		memcpy(out->bytes + key.n + 2, word.p, word.n);
	out->key = (struct str){out->bytes, key.n + 2 + word.n};
	return true;
}

static const struct rule *look(const struct rule_list *l, const struct map *m, struct str key,
			       const struct policy_request *r)
{
	const struct rule *found;
	struct long_key k;

	if (m == NULL || key.n == 0 || str_has(key, '\0'))
		return NULL;
	found = chain(map_get(m, key), r);
	for (size_t i = 0; l->by_group && r != NULL && i < r->n_groups; i++)
		if (long_key(key, 'g', r->groups[i], &k))
			found = earlier(found, chain(map_get(m, k.key), r));
	if (l->by_provisioner && r != NULL && long_key(key, 'p', r->provisioner, &k))
		found = earlier(found, chain(map_get(m, k.key), r));
	return found;
}

static const struct rule *find_ip(const struct ip_set *s, struct str ip,
				  const struct policy_request *r)
{
	const unsigned char *p = (const unsigned char *)ip.p;
	const struct rule *found = NULL;
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (memcmp(s->items[mid].net.ip, p, ip.n) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (size_t i = low; i > 0; i = s->items[i - 1].up) {
		const struct ip_net *n = &s->items[i - 1];

		if (cidr_holds(&n->net, p, ip.n) && fits(n->rule->when, r))
			found = earlier(found, n->rule);
	}
	return found;
}

static const struct rule *find_dns(const struct rule_list *l, const struct query *q,
				   const struct policy_request *r)
{
	struct str parent;

	if (q->wildcard)
		return earlier(look(l, l->below, q->name, r), look(l, l->over, q->name, r));
	str_cut(q->name, '.', &parent);
	return earlier(look(l, l->exact, q->name, r), look(l, l->below, parent, r));
}

const struct rule *policy_find(const struct rule_list *l, const struct query *q,
			       const struct policy_request *r)
{
	const struct rule *found;
	struct str unmapped;

	switch (q->kind) {
	case KIND_DNS:
	case KIND_URI:
		return find_dns(l, q, r);
	case KIND_IP:
		unmapped = policy_unmapped(q->name);
		/* A mapped address is encoded as an IPv6 one: denied as either, allowed as IPv4. */
		return earlier(find_ip(unmapped.n == 4 ? &l->v4 : &l->v6, unmapped, r),
			       l->deny && unmapped.n != q->name.n ? find_ip(&l->v6, q->name, r)
								  : NULL);
	case KIND_EMAIL:
	case KIND_CN:
	case KIND_PRINCIPAL:
	case KIND_OTHER:
	case KIND_PERMANENT:
		break;
	case KIND_COUNT:
		return NULL;
	}
	found = earlier(
		earlier(look(l, l->exact, l->deny ? q->folded : q->name, r), chain(l->any, r)),
		earlier(look(l, l->below, q->domain, r), look(l, l->over, q->also, r)));
	for (size_t i = 0; l->deny && i < ARRAY_LEN(q->deny_also); i++)
		found = earlier(found, look(l, l->exact, q->deny_also[i], r));
	return found;
}

/* ---- building: rules come from the last to the first, so that chains are in order ---- */

static void put_key(struct map **m, struct str key, const struct rule *rule, struct arena *a)
{
	struct link *l = ARENA_NEW(a, struct link);

	if (*m == NULL)
		*m = map_new();
	l->rule = rule;
	l->next = map_get(*m, key);
	map_put(*m, key, l);
}

/*
 * Ten thousand rules about one name that differ in their groups must not be walked through: a rule
 * that needs a group, else one that needs a provisioner, stands under the name and each of these.
 */
static void put(struct rule_list *l, struct map **m, struct str key, const struct rule *rule,
		struct arena *a)
{
	const struct strs *words = NULL;
	struct long_key k;

	if (rule->when != NULL && rule->when->groups.n > 0)
		words = &rule->when->groups;
	else if (rule->when != NULL && rule->when->provisioners.n > 0)
		words = &rule->when->provisioners;
	if (words == NULL || key.n == 0) {
		put_key(m, key, rule, a);
		return;
	}
	*(words == &rule->when->groups ? &l->by_group : &l->by_provisioner) = true;
	for (size_t i = 0; i < words->n; i++) {
		/* Bounded when read: a rule's text and a word by 1,024 bytes. */
		bool fits_in = long_key(key, words == &rule->when->groups ? 'g' : 'p',
					words->items[i], &k);

		ENSURE(fits_in);
		put_key(m, k.key, rule, a);
	}
}

bool policy_cidr(struct str s, struct cidr *out)
{
	struct str bits, address = str_cut(s, '/', &bits), ip;
	unsigned char raw[16];
	size_t n = ip_parse(address, raw);
	uint64_t number = 8 * n;

	*out = (struct cidr){0};
	if (n == 0 || (bits.p != NULL && (!str_u64(bits, &number) || number > 8 * n)))
		return false;
	ip = str_mem(raw, n);
	/* A prefix that reaches into ::ffff: is one of IPv4; a shorter one holds no IPv4. */
	if (number >= 96 && policy_unmapped(ip).n != n) {
		ip = policy_unmapped(ip);
		number -= 96;
	}
	out->n = (unsigned)ip.n;
	out->bits = (unsigned)number;
	memcpy(out->ip, ip.p, ip.n);
	for (unsigned i = 0; i < out->n; i++) {
		unsigned keep = out->bits > 8 * i ? out->bits - 8 * i : 0;

		if (keep < 8)
			out->ip[i] &= (unsigned char)(0xff00U >> keep);
	}
	return true;
}

static int add_ip(struct rule_list *l, const struct rule *rule, struct arena *a, struct err *e)
{
	struct ip_net net = {.rule = rule};
	struct ip_set *s;

	if (!policy_cidr(rule->text, &net.net))
		return ERR(e, ERR_INVALID,
			   "neither an IP address nor a network such as 10.0.0.0/8");
	s = net.net.n == 4 ? &l->v4 : &l->v6;
	if (s->items == NULL)
		s->items = ARENA_ARRAY(a, struct ip_net, l->n);
	s->items[s->n++] = net;
	return 0;
}

/* "x.y", "*.x.y" */
static int add_host(struct rule_list *l, const struct rule *rule, bool uri, struct arena *a,
		    struct err *e)
{
	struct str text = policy_squeeze(rule->text, a), name, parent;
	unsigned char ip[16];

	if (policy_strict_dns(text, a, &name, e) < 0)
		return err_wrap(e, "not a DNS name, or *. and one");
	if (str_starts(name, "*.")) {
		put(l, &l->below, (struct str){name.p + 2, name.n - 2}, rule, a);
		return 0;
	}
	if (uri && ip_parse(name, ip) > 0)
		return ERR(e, ERR_INVALID, "a URI's host is compared as a name, not an address");
	put(l, &l->exact, name, rule, a);
	str_cut(name, '.', &parent);
	if (l->deny && parent.n > 0)
		put(l, &l->over, parent, rule, a);
	return 0;
}

/* "user@host", "@host", "host" */
static int add_email(struct rule_list *l, const struct rule *rule, struct arena *a, struct err *e)
{
	struct str text = policy_ascii_lower(policy_squeeze(rule->text, a), a);
	struct str local = STR_NULL, domain = text;

	if (str_has(text, '*'))
		return ERR(e, ERR_INVALID, "'*' in an e-mail address; @host stands for all of it");
	if (text.n > 0 && text.p[0] == '@')
		domain = (struct str){text.p + 1, text.n - 1};
	else if (str_has(text, '@') && !policy_mailbox(text, a, &local, &domain))
		return ERR(e, ERR_INVALID, "not an e-mail address");
	if (policy_strict_dns(domain, a, &domain, e) < 0)
		return err_wrap(e, "not an e-mail address, or @ and a host");
	if (local.n == 0) {
		put(l, &l->below, domain, rule, a);
		return 0;
	}
	put(l, &l->exact,
	    str_c(arena_printf(a, STR_FMT "@" STR_FMT, STR_ARG(local), STR_ARG(domain))), rule, a);
	return 0;
}

static int add_cn(struct rule_list *l, const struct rule *rule, struct arena *a, struct err *e)
{
	struct str text = str_trim(rule->text), folded = policy_fold(text, a), other;
	struct err ignored = ERR_INIT;

	if (policy_squeeze(text, a).n == 0)
		return ERR(e, ERR_INVALID, "empty");
	if (str_eqc(text, "*"))
		return ERR(e, ERR_INVALID, "'*' is not supported for common names");
	put(l, &l->exact, folded, rule, a);
	if (!l->deny)
		return 0;
	other = policy_squeeze(folded, a);
	if (!str_eq(other, folded))
		put(l, &l->exact, other, rule, a);
	if (policy_normalize_dns(text, a, &other, &ignored) == 0 && !str_eq(other, folded))
		put(l, &l->exact, other, rule, a);
	return 0;
}

static void add_any(struct rule_list *l, const struct rule *rule, struct arena *a)
{
	struct link *link = ARENA_NEW(a, struct link);

	link->rule = rule;
	link->next = l->any;
	l->any = link;
}

/* "OID", "OID:TEXT", "upn:user@host", "upn:@host" */
static int add_other(struct rule_list *l, const struct rule *rule, struct arena *a, struct err *e)
{
	struct str value, oid = str_cut(rule->text, ':', &value);
	struct buf der = BUF_INIT;
	int rc;

	if (str_eqc(oid, "upn"))
		oid = str_c(POLICY_UPN);
	if (str_eqc(oid, POLICY_PERMANENT))
		return ERR(e, ERR_INVALID, "a permanent identifier: list permanentIdentifier");
	rc = oid_from_dotted(oid, &der, e);
	buf_release(&der);
	if (rc < 0)
		return err_wrap(e, "not OID, OID:TEXT or upn:TEXT");
	if (value.p == NULL) {
		put(l, &l->below, oid, rule, a);
		return 0;
	}
	if (!str_eqc(oid, POLICY_UPN)) {
		value = l->deny ? policy_fold(value, a) : value;
	} else if (value.n > 0 && value.p[0] == '@') {
		value.p++;
		value.n--;
		if (policy_strict_dns(value, a, &value, e) < 0)
			return err_wrap(e, "not upn:@ and a host");
		put(l, &l->over, value, rule, a);
		return 0;
	} else {
		value = policy_upn_key(value, a);
	}
	put(l, &l->exact, str_c(arena_printf(a, STR_FMT ":" STR_FMT, STR_ARG(oid), STR_ARG(value))),
	    rule, a);
	return 0;
}

int policy_rule_add(struct rule_list *l, enum kind k, size_t i, struct arena *a, struct err *e)
{
	const struct rule *rule = &l->rules[i];
	struct str text = rule->text;

	if (str_has(text, '\0') || text.n > 1024)
		return ERR(e, ERR_INVALID, "holds NUL, or is longer than 1,024 bytes");
	switch (k) {
	case KIND_DNS:
	case KIND_URI:
		return add_host(l, rule, k == KIND_URI, a, e);
	case KIND_IP:
		return add_ip(l, rule, a, e);
	case KIND_EMAIL:
		return add_email(l, rule, a, e);
	case KIND_CN:
		return add_cn(l, rule, a, e);
	case KIND_OTHER:
		return add_other(l, rule, a, e);
	case KIND_PRINCIPAL:
	case KIND_PERMANENT:
		break;
	case KIND_COUNT:
		return 0;
	}
	if (text.n == 0 && k == KIND_PERMANENT)
		return ERR(e, ERR_INVALID, "empty");
	if (str_eqc(text, "*"))
		add_any(l, rule, a);
	else
		put(l, &l->exact, k == KIND_PRINCIPAL || l->deny ? policy_fold(text, a) : text,
		    rule, a);
	return 0;
}

static int by_network(const void *x, const void *y)
{
	const struct ip_net *a = x, *b = y;
	int c = memcmp(a->net.ip, b->net.ip, sizeof(a->net.ip));

	if (c != 0)
		return c;
	if (a->net.bits != b->net.bits)
		return a->net.bits < b->net.bits ? -1 : 1;
	return a->rule->index < b->rule->index ? -1 : 1;
}

/* Sorted, each one linked to the one around it. */
static void nest(struct ip_set *s)
{
	if (s->n > 0)
		qsort(s->items, s->n, sizeof(*s->items), by_network);
	for (size_t i = 0; i < s->n; i++) {
		size_t up = i;

		while (up > 0 &&
		       !cidr_holds(&s->items[up - 1].net, s->items[i].net.ip, s->items[i].net.n))
			up = s->items[up - 1].up;
		s->items[i].up = up;
	}
}

void policy_list_done(struct rule_list *l)
{
	nest(&l->v4);
	nest(&l->v6);
}

void policy_list_free(struct rule_list *l)
{
	map_free(l->exact, NULL);
	map_free(l->below, NULL);
	map_free(l->over, NULL);
}
