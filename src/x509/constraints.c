/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/idna.h"
#include "codec/uri.h"
#include "x509/constraints.h"

/*
 * constraints.c - name constraints (RFC 5280 4.2.1.10).
 *
 * What it guarantees: every name of the certificate (alternative names, subject as a directory
 * name, e-mail addresses in the subject, a common name that looks like a host when a leaf has no
 * DNS name, or like an address when it has no alternative name) is inside the permitted subtrees
 * of its type, if there are any, and outside all excluded ones. Issuers add up, since each one's
 * subtrees are held against all that is below it. In doubt it refuses: a name that cannot be
 * compared (a URI without a host under a URI constraint, a DNS name that is none), a constraint of
 * a type that is not implemented when a name of that type is there; an excluded host that is none
 * ("*.example.com") excludes everything.
 *
 *   DNS    label by label from the right; "example.com" holds itself and what is below,
 *          ".example.com" only what is below, "" everything. A wildcard is excluded too when it
 *          could stand for an excluded name.
 *   IP     address and prefix mask of the same family; an IPv4-mapped IPv6 address is excluded as
 *          IPv4 as well, and the other way round.
 *   e-mail "user@host", "host" (exactly) or ".domain" (below); an excluded user also in quotes.
 *          The otherName SmtpUTF8Mailbox is one of these names too (RFC 9598 6).
 *   other  of the type of the subtree alone; user principal names as e-mail, with "@host" for
 *          "host", case ignored; other types are not implemented.
 *   URI    "host" (exactly) or ".domain" (below); an address in place of a host name is refused.
 *   name   the first RDNs are equal, ASCII case and runs of spaces ignored (a cut of RFC 5280 7.1).
 *
 * To add a type: a case in name_inside(), one in prepare() and one in supported().
 */

/* Comparisons for one path: far above what is used, far below what costs a second. */
#define BUDGET 250000U
/* What the conversion of a host costs, in comparisons. */
#define IDNA_COST 5000U

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
	struct str *texts; /* those of user principal names */
	bool *doubtful;	   /* no base of its type: excludes everything, permits nothing */
	size_t n_permitted, n;
	size_t *budget;
	char who[120];
};

static bool is_upn(const struct san *s)
{
	struct str value = s->value, oid;

	return der_get_oid(&value, &oid) && str_eq(oid, oid_der(OID_UPN));
}

static bool supported(const struct san *s)
{
	switch (s->type) {
	case SAN_DNS:
	case SAN_IP:
	case SAN_EMAIL:
	case SAN_URI:
	case SAN_DIRNAME:
		return true;
	case SAN_OTHER:
		return is_upn(s);
	case SAN_X400:
	case SAN_EDI:
	case SAN_RID:
		break;
	}
	return false;
}

/* Of one form: the same kind and, of otherNames, the same type. */
static bool same_form(const struct san *a, const struct san *b)
{
	struct str va = a->value, vb = b->value, oa, ob;

	if (a->type != b->type)
		return false;
	return a->type != SAN_OTHER || !der_get_oid(&va, &oa) || !der_get_oid(&vb, &ob) ||
	       str_eq(oa, ob);
}

/* The one string that an otherName's value is; false when it is none. */
static bool other_text(struct check *c, const struct san *s, struct str *out)
{
	struct str value = s->value, inner;
	struct buf text = BUF_INIT;
	unsigned tag;
	bool ok;

	ok = der_get_oid(&value, NULL) && der_get(&value, DER_CTX_CONS(0), &inner) &&
	     der_get_text(&inner, &tag, &text) && inner.n == 0;
	*out = x509_take(c->arena, &text);
	return ok;
}

/* A name as it is compared: the URI's host, the decoded directory name, the otherName's text. */
struct subject_name {
	const struct san *san;
	struct str host, text;
	struct name dir;
};

static bool name_inside(struct check *c, const struct subject_name *n, size_t i)
{
	const struct san *base = &c->bases[i];
	bool excluded = i >= c->n_permitted;

	if (c->doubtful[i])
		return excluded;
	switch (n->san->type) {
	case SAN_DNS:
		return nc_dns_inside(n->san->value, base->value, excluded);
	case SAN_IP:
		return nc_ip_inside(n->san->value, base->value, excluded);
	case SAN_EMAIL:
		return nc_mail_inside(n->san->value, base->value, excluded);
	case SAN_URI:
		return nc_host_inside(n->host, base->value);
	case SAN_DIRNAME:
		return nc_dirname_inside(&n->dir, &c->dirs[i]);
	case SAN_OTHER:
		return nc_upn_inside(n->text, c->texts[i]);
	case SAN_X400:
	case SAN_EDI:
	case SAN_RID:
		break;
	}
	return excluded;
}

static bool uri_host(struct str name, struct str *host)
{
	struct err ignored = ERR_INIT;
	struct uri u;

	if (uri_parse(name, &u, &ignored) < 0 || !u.has_authority || u.host_is_ipv6)
		return false;
	*host = nc_without_dot(u.host);
	return true;
}

/* Takes the name apart; false when it cannot be compared. */
static bool prepare(struct check *c, const struct san *san, struct subject_name *out)
{
	struct err ignored = ERR_INIT;
	struct str local, host;

	*out = (struct subject_name){.san = san};
	switch (san->type) {
	case SAN_DNS:
		return dns_name_valid(nc_without_dot(san->value), true);
	case SAN_EMAIL:
		return nc_mail_split(san->value, &local, &host) && dns_name_valid(host, false);
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
		return other_text(c, san, &out->text) && nc_mail_split(out->text, &local, &host) &&
		       dns_name_valid(host, false);
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
		constrained = same_form(&c->bases[i], san);
	if (!constrained)
		return 0;
	if (!supported(san))
		return refuse(c, san, "is of a type whose constraints are not supported", e);
	if (!prepare(c, san, &n))
		return refuse(c, san, "cannot be compared", e);
	for (size_t i = 0; i < c->n; i++) {
		if (!same_form(&c->bases[i], san))
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

/* A mailbox whose local part may be beyond ASCII is an e-mail address (RFC 9598 6). */
static int check_smtp_mailbox(struct check *c, const struct san *san, struct err *e)
{
	/* 1.3.6.1.5.5.7.8.9 */
	static const struct str type = STR("\x2b\x06\x01\x05\x05\x07\x08\x09");
	struct str value = san->value, oid, text, local, host;
	struct err ignored = ERR_INIT;
	struct san mail = {.type = SAN_EMAIL};
	bool constrained = false;

	if (san->type != SAN_OTHER || !der_get_oid(&value, &oid) || !str_eq(oid, type))
		return 0;
	for (size_t i = 0; i < c->n; i++)
		constrained = constrained || c->bases[i].type == SAN_EMAIL;
	if (!constrained)
		return 0;
	if (*c->budget < IDNA_COST)
		return ERR(e, ERR_FORBIDDEN, "name constraints of %s: too many", c->who);
	*c->budget -= IDNA_COST;
	if (!other_text(c, san, &text) || !nc_mail_split(text, &local, &host) ||
	    idna_to_ascii(host, c->arena, &host, &ignored) < 0)
		return refuse(c, san, "cannot be compared", e);
	mail.value =
		str_c(arena_printf(c->arena, STR_FMT "@" STR_FMT, STR_ARG(local), STR_ARG(host)));
	return check_name(c, &mail, e);
}

static int check_alternative(struct check *c, const struct san *san, struct err *e)
{
	if (check_smtp_mailbox(c, san, e) < 0)
		return -1;
	return check_name(c, san, e);
}

/*
 * Does the common name of a leaf without DNS names look like a host (and would an old client take
 * it for one)?
 */
static bool cn_is_host(const struct cert *leaf, struct str cn)
{
	if (leaf->is_ca || !str_has(cn, '.') || !dns_name_valid(nc_without_dot(cn), true))
		return false;
	for (size_t i = 0; i < leaf->sans.n; i++)
		if (leaf->sans.items[i].type == SAN_DNS)
			return false;
	return true;
}

/* The same about an address, where the leaf has no alternative name at all. */
static int check_cn(struct check *c, struct str cn, struct err *e)
{
	unsigned char ip[16];
	size_t n = ip_parse(cn, ip);
	struct san san = {.type = SAN_IP, .value = str_mem(ip, n)};

	if (n > 0)
		return c->leaf->is_ca || c->leaf->sans.n > 0 ? 0 : check_name(c, &san, e);
	if (!cn_is_host(c->leaf, cn))
		return 0;
	san = (struct san){.type = SAN_DNS, .value = cn};
	return check_name(c, &san, e);
}

static int check_subject(struct check *c, struct err *e)
{
	const struct name *subject = &c->leaf->subject;
	struct san san = {.type = SAN_DIRNAME, .value = subject->der};

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
		enum oid type = oid_find(subject->attrs[i].oid);

		san = (struct san){.type = SAN_EMAIL, .value = subject->attrs[i].value};
		if (type == OID_EMAIL_ADDRESS && check_name(c, &san, e) < 0)
			return -1;
		if (type == OID_CN && check_cn(c, subject->attrs[i].value, e) < 0)
			return -1;
	}
	return 0;
}

static int load_base(struct check *c, struct str *trees, struct err *e)
{
	struct san *base = &c->bases[c->n];

	if (next_base(trees, base, e) < 0)
		return -1;
	if (base->type == SAN_DIRNAME && name_parse(base->value, c->arena, &c->dirs[c->n], e) < 0)
		return -1;
	if (base->type == SAN_OTHER && is_upn(base))
		c->doubtful[c->n] = !other_text(c, base, &c->texts[c->n]) ||
				    !nc_base_valid(SAN_OTHER, c->texts[c->n]);
	else if (base->type != SAN_OTHER)
		c->doubtful[c->n] = !nc_base_valid(base->type, base->value);
	c->n++;
	return 0;
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
	c->texts = ARENA_ARRAY(c->arena, struct str, n);
	c->doubtful = ARENA_ARRAY(c->arena, bool, n);
	for (size_t i = 0; i < 2; i++) {
		while (part[i].n > 0)
			if (load_base(c, &part[i], e) < 0)
				return -1;
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
		rc = check_alternative(&c, &leaf->sans.items[i], e);
	arena_free(c.arena);
	return rc;
}

int name_constraints_check(const struct cert *ca, const struct cert *leaf, struct err *e)
{
	size_t budget = BUDGET;

	return x509_name_constraints_apply(ca, leaf, &budget, e);
}
