/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/idna.h"
#include "codec/uri.h"
#include "x509/priv.h"

/*
 * constraints.c - name constraints (RFC 5280 4.2.1.10).
 *
 * What it guarantees: every name of the certificate (alternative names, subject as a directory
 * name, e-mail addresses in the subject, a common name that looks like a host when a leaf has no
 * DNS name) is inside the permitted subtrees of its type, if there are any, and outside all
 * excluded ones. In doubt it refuses: a name that cannot be compared (a URI without a host under a
 * URI constraint, a DNS name that is none) and a constraint of a type that is not implemented when
 * a name of that type is there.
 *
 *   DNS    label by label from the right; "example.com" holds itself and what is below,
 *          ".example.com" only what is below, "" everything. A wildcard is excluded too when it
 *          could stand for an excluded name.
 *   IP     address and prefix mask of the same family; an IPv4-mapped IPv6 address is excluded as
 *          IPv4 as well.
 *   e-mail "user@host", "host" (exactly) or ".domain" (below).
 *   URI    "host" (exactly) or ".domain" (below); an address in place of a host name is refused.
 *   name   the first RDNs are equal, ASCII case and runs of spaces ignored (a cut of RFC 5280 7.1).
 *
 * To add a type: a case in name_inside() and one in supported().
 */

/* Comparisons for one path: far above what is used, far below what costs a second. */
#define BUDGET 250000U

/* ---- matching one name against one base ---- */

static struct str without_dot(struct str s)
{
	if (s.n > 1 && s.p[s.n - 1] == '.')
		s.n--;
	return s;
}

/* Is name below domain, with at least one more label? */
static bool below(struct str name, struct str domain)
{
	struct str tail;

	if (name.n < domain.n + 2)
		return false;
	tail = (struct str){name.p + name.n - domain.n, domain.n};
	return tail.p[-1] == '.' && str_ieq(tail, domain);
}

static bool dns_inside(struct str name, struct str base, bool excluded)
{
	struct str rest;

	name = without_dot(name);
	base = without_dot(base);
	if (base.n == 0)
		return true;
	if (base.p[0] == '.')
		return below(name, (struct str){base.p + 1, base.n - 1});
	if (str_ieq(name, base) || below(name, base))
		return true;
	/* "*.example.com" may be used as "host.example.com". */
	if (!excluded || !str_starts(name, "*."))
		return false;
	str_cut(base, '.', &rest);
	return rest.p != NULL && str_ieq((struct str){name.p + 2, name.n - 2}, rest);
}

static bool host_inside(struct str host, struct str base)
{
	base = without_dot(base);
	if (base.n == 0)
		return true;
	if (base.p[0] == '.')
		return below(host, (struct str){base.p + 1, base.n - 1});
	return str_ieq(host, base);
}

static bool mail_split(struct str s, struct str *local, struct str *host)
{
	size_t at = s.n;

	while (at > 0 && s.p[at - 1] != '@')
		at--;
	if (at == 0)
		return false;
	*local = (struct str){s.p, at - 1};
	*host = without_dot((struct str){s.p + at, s.n - at});
	return true;
}

static bool mail_inside(struct str name, struct str base)
{
	struct str local, host, base_local, base_host;

	if (!mail_split(name, &local, &host))
		return false;
	if (!mail_split(base, &base_local, &base_host))
		return host_inside(host, base);
	return str_eq(local, base_local) && str_ieq(host, base_host);
}

static bool uri_host(struct str name, struct str *host)
{
	struct err ignored = ERR_INIT;
	struct uri u;

	if (uri_parse(name, &u, &ignored) < 0 || !u.has_authority || u.host_is_ipv6)
		return false;
	*host = without_dot(u.host);
	return true;
}

static bool ip_inside(struct str name, struct str base, bool excluded)
{
	static const char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (char)0xff, (char)0xff};
	const unsigned char *a, *net, *mask;

	if (excluded && name.n == 16 && base.n == 8 && memcmp(name.p, mapped, 12) == 0)
		name = (struct str){name.p + 12, 4};
	if (base.n != 2 * name.n)
		return false;
	a = (const unsigned char *)name.p;
	net = (const unsigned char *)base.p;
	mask = net + name.n;
	for (size_t i = 0; i < name.n; i++)
		if (((a[i] ^ net[i]) & mask[i]) != 0)
			return false;
	return true;
}

/* Next character of s[*i..] with spaces squeezed and ASCII case folded; -1 at the end. */
static int next_folded(struct str s, size_t *i)
{
	bool space = false, first = *i == 0;

	while (*i < s.n && s.p[*i] == ' ') {
		space = true;
		(*i)++;
	}
	if (*i == s.n)
		return -1;
	if (space && !first)
		return ' ';
	return (unsigned char)ascii_lower(s.p[(*i)++]);
}

static bool text_alike(struct str a, struct str b)
{
	size_t i = 0, k = 0;
	int x, y;

	do {
		x = next_folded(a, &i);
		y = next_folded(b, &k);
		if (x != y)
			return false;
	} while (x >= 0);
	return true;
}

/* RDN number `rdn` of both: the same attributes, in any order. */
static bool rdn_alike(const struct name *a, const struct name *b, unsigned rdn)
{
	size_t na = 0, nb = 0;

	for (size_t i = 0; i < b->n; i++)
		nb += b->attrs[i].rdn == rdn;
	for (size_t i = 0; i < a->n; i++) {
		bool found = false;

		if (a->attrs[i].rdn != rdn)
			continue;
		na++;
		for (size_t k = 0; k < b->n && !found; k++)
			found = b->attrs[k].rdn == rdn &&
				str_eq(a->attrs[i].oid, b->attrs[k].oid) &&
				text_alike(a->attrs[i].value, b->attrs[k].value);
		if (!found)
			return false;
	}
	return na == nb && na > 0;
}

static bool dirname_inside(const struct name *name, const struct name *base)
{
	unsigned rdns = base->n > 0 ? base->attrs[base->n - 1].rdn + 1 : 0;

	for (unsigned r = 0; r < rdns; r++)
		if (!rdn_alike(name, base, r))
			return false;
	return true;
}

/* ---- the extension ---- */

/* Next subtree's base; minimum and maximum must be at their defaults, that is absent. */
static int next_base(struct str *trees, struct san *base, struct err *e)
{
	struct str tree;

	if (!der_get(trees, DER_SEQUENCE, &tree))
		return ERR(e, ERR_INVALID, "nameConstraints: malformed subtree");
	if (x509_general_name(&tree, true, base, e) < 0)
		return err_wrap(e, "nameConstraints");
	if (tree.n != 0)
		return ERR(e, ERR_INVALID,
			   "nameConstraints: minimum and maximum are not supported");
	return 0;
}

static int split(struct str value, struct str *permitted, struct str *excluded, struct err *e)
{
	struct str seq;
	bool p, x;

	if (!der_get(&value, DER_SEQUENCE, &seq) || value.n != 0 ||
	    !der_get_optional(&seq, DER_CTX_CONS(0), &p, permitted) ||
	    !der_get_optional(&seq, DER_CTX_CONS(1), &x, excluded) || seq.n != 0)
		return ERR(e, ERR_INVALID, "nameConstraints: malformed");
	if ((!p && !x) || (p && permitted->n == 0) || (x && excluded->n == 0))
		return ERR(e, ERR_INVALID, "nameConstraints: empty");
	return 0;
}

int x509_name_constraints_form(struct str value, struct err *e)
{
	struct str part[2];
	struct san base;

	if (split(value, &part[0], &part[1], e) < 0)
		return -1;
	for (size_t i = 0; i < 2; i++)
		while (part[i].n > 0)
			if (next_base(&part[i], &base, e) < 0)
				return -1;
	return 0;
}

/* ---- applying it ---- */

struct check {
	const struct cert *leaf;
	struct arena *arena;
	struct san *bases; /* permitted first */
	struct name *dirs; /* the bases of type SAN_DIRNAME, decoded */
	size_t n_permitted, n;
	size_t *budget;
	char who[120];
};

static bool supported(enum san_type t)
{
	return t == SAN_DNS || t == SAN_IP || t == SAN_EMAIL || t == SAN_URI || t == SAN_DIRNAME;
}

/* A name as it is compared: the URI's host, the decoded directory name. */
struct subject_name {
	const struct san *san;
	struct str host;
	struct name dir;
};

static bool name_inside(struct check *c, const struct subject_name *n, size_t i)
{
	const struct san *base = &c->bases[i];
	bool excluded = i >= c->n_permitted;

	switch (n->san->type) {
	case SAN_DNS:
		return dns_inside(n->san->value, base->value, excluded);
	case SAN_IP:
		return ip_inside(n->san->value, base->value, excluded);
	case SAN_EMAIL:
		return mail_inside(n->san->value, base->value);
	case SAN_URI:
		return host_inside(n->host, base->value);
	case SAN_DIRNAME:
		return dirname_inside(&n->dir, &c->dirs[i]);
	case SAN_OTHER:
	case SAN_X400:
	case SAN_EDI:
	case SAN_RID:
		break;
	}
	return excluded;
}

/* Takes the name apart; false when it cannot be compared. */
static bool prepare(struct check *c, const struct san *san, struct subject_name *out)
{
	struct err ignored = ERR_INIT;
	struct str local, host;

	*out = (struct subject_name){.san = san};
	switch (san->type) {
	case SAN_DNS:
		return dns_name_valid(without_dot(san->value), true);
	case SAN_EMAIL:
		return mail_split(san->value, &local, &host) && dns_name_valid(host, false);
	case SAN_URI: {
		unsigned char ip[16];

		return uri_host(san->value, &out->host) && dns_name_valid(out->host, false) &&
		       ip_parse(out->host, ip) == 0;
	}
	case SAN_DIRNAME:
		return name_parse(san->value, c->arena, &out->dir, &ignored) == 0;
	case SAN_IP:
		return true;
	case SAN_OTHER:
	case SAN_X400:
	case SAN_EDI:
	case SAN_RID:
		break;
	}
	return false;
}

static int refuse(struct check *c, const struct san *san, const char *why, struct err *e)
{
	struct buf text = BUF_INIT;

	san_to_text(san, &text);
	err_set(e, ERR_FORBIDDEN, "name constraints of %s: '%.200s' %s", c->who,
		text.p != NULL ? text.p : "", why);
	err_public(e, "name constraints: '%.120s' %s", text.p != NULL ? text.p : "", why);
	buf_release(&text);
	return -1;
}

static int check_name(struct check *c, const struct san *san, struct err *e)
{
	struct subject_name n;
	bool constrained = false, permitted = false, needed = false;

	for (size_t i = 0; i < c->n && !constrained; i++)
		constrained = c->bases[i].type == san->type;
	if (!constrained)
		return 0;
	if (!supported(san->type))
		return refuse(c, san, "is of a type whose constraints are not supported", e);
	if (!prepare(c, san, &n))
		return refuse(c, san, "cannot be compared", e);
	for (size_t i = 0; i < c->n; i++) {
		if (c->bases[i].type != san->type)
			continue;
		if (*c->budget == 0)
			return ERR(e, ERR_FORBIDDEN, "name constraints of %s: too many", c->who);
		--*c->budget;
		if (i >= c->n_permitted) {
			if (name_inside(c, &n, i))
				return refuse(c, san, "is excluded", e);
			continue;
		}
		needed = true;
		permitted = permitted || name_inside(c, &n, i);
	}
	return needed && !permitted ? refuse(c, san, "is not permitted", e) : 0;
}

/*
 * Does the common name of a leaf without DNS names look like a host (and would an old client take
 * it for one)?
 */
static bool cn_is_host(const struct cert *leaf, struct str cn)
{
	if (leaf->is_ca || !str_has(cn, '.') || !dns_name_valid(without_dot(cn), true))
		return false;
	for (size_t i = 0; i < leaf->sans.n; i++)
		if (leaf->sans.items[i].type == SAN_DNS)
			return false;
	return true;
}

static int check_subject(struct check *c, struct err *e)
{
	const struct name *subject = &c->leaf->subject;
	struct str cn = name_get(subject, OID_CN);
	struct san san = {.type = SAN_DIRNAME, .value = subject->der};
	unsigned char ip[16];

	if (subject->n == 0)
		return 0;
	if (san.value.n == 0) {
		struct buf built = BUF_INIT;

		name_write(subject, &built);
		san.value = x509_take(c->arena, &built);
	}
	if (check_name(c, &san, e) < 0)
		return -1;
	for (size_t i = 0; i < subject->n; i++) {
		if (oid_find(subject->attrs[i].oid) != OID_EMAIL_ADDRESS)
			continue;
		san = (struct san){.type = SAN_EMAIL, .value = subject->attrs[i].value};
		if (check_name(c, &san, e) < 0)
			return -1;
	}
	if (!cn_is_host(c->leaf, cn) || ip_parse(cn, ip) != 0)
		return 0;
	san = (struct san){.type = SAN_DNS, .value = cn};
	return check_name(c, &san, e);
}

static int load_bases(struct check *c, struct str value, struct err *e)
{
	struct str part[2], count;
	size_t n = 0;

	if (split(value, &part[0], &part[1], e) < 0)
		return -1;
	for (size_t i = 0; i < 2; i++)
		for (count = part[i]; der_get(&count, DER_SEQUENCE, NULL);)
			n++;
	c->bases = ARENA_ARRAY(c->arena, struct san, n);
	c->dirs = ARENA_ARRAY(c->arena, struct name, n);
	for (size_t i = 0; i < 2; i++) {
		while (part[i].n > 0) {
			if (next_base(&part[i], &c->bases[c->n], e) < 0)
				return -1;
			if (c->bases[c->n].type == SAN_DIRNAME &&
			    name_parse(c->bases[c->n].value, c->arena, &c->dirs[c->n], e) < 0)
				return -1;
			c->n++;
		}
		if (i == 0)
			c->n_permitted = c->n;
	}
	return 0;
}

int x509_name_constraints_apply(const struct cert *ca, const struct cert *leaf, size_t *budget,
				struct err *e)
{
	const struct ext *x = ext_find(&ca->exts, OID_NAME_CONSTRAINTS);
	struct check c = {.leaf = leaf, .budget = budget};
	int rc;

	if (x == NULL)
		return 0;
	c.arena = arena_new();
	x509_who(ca, c.who);
	rc = load_bases(&c, x->value, e);
	if (rc == 0)
		rc = check_subject(&c, e);
	for (size_t i = 0; i < leaf->sans.n && rc == 0; i++)
		rc = check_name(&c, &leaf->sans.items[i], e);
	arena_free(c.arena);
	return rc;
}

int name_constraints_check(const struct cert *ca, const struct cert *leaf, struct err *e)
{
	size_t budget = BUDGET;

	return x509_name_constraints_apply(ca, leaf, &budget, e);
}
