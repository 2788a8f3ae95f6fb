/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/uri.h"
#include "policy/check.h"

/*
 * listed.c - every name of a certificate must be one of a list (an inventory record's). Both sides
 * become keys "kind:spelling"; a wildcard in the list also stands for one label, under "below:".
 * A URI must be listed as a whole, a permanent identifier or the text of an otherName as it is.
 */

struct listed {
	struct map *keys;
	struct arena *a;
	struct err *e;
	size_t idn_budget; /* of the certificate's names */
};

static struct str key(struct listed *l, const char *kind, struct str s)
{
	return str_c(arena_printf(l->a, "%s:" STR_FMT, kind, STR_ARG(s)));
}

/* Scheme and host in one spelling, the rest as it is. */
static struct str uri_spelling(struct listed *l, struct str s)
{
	struct err ignored = ERR_INIT;
	struct str host, scheme;
	struct uri u;

	if (uri_parse(s, &u, &ignored) < 0 || u.scheme.n == 0)
		return s;
	scheme = policy_ascii_lower(u.scheme, l->a);
	if (!u.has_authority || policy_normalize_uri_host(s, l->a, &host, &ignored) < 0)
		return str_c(arena_printf(l->a, STR_FMT ":" STR_FMT, STR_ARG(scheme),
					  (int)(s.n - u.scheme.n - 1), s.p + u.scheme.n + 1));
	return str_c(arena_printf(l->a, STR_FMT "://" STR_FMT "@" STR_FMT ":%u" STR_FMT,
				  STR_ARG(scheme), STR_ARG(u.userinfo), STR_ARG(host),
				  u.has_port ? (unsigned)u.port : 0, (int)(s.p + s.n - u.path.p),
				  u.path.p));
}

/* The key of a name of this kind; n 0: it has no spelling. */
static struct str spell(struct listed *l, enum kind k, struct str s)
{
	struct str local, domain, out;
	struct err ignored = ERR_INIT;
	unsigned char ip[16];
	char text[46];

	switch (k) {
	case KIND_DNS:
		if (policy_normalize_dns(s, l->a, &out, &ignored) < 0)
			return STR_NULL;
		return key(l, "dns", out);
	case KIND_IP:
		if (ip_parse(s, ip) == 0)
			return STR_NULL;
		out = policy_unmapped(str_mem(ip, ip_parse(s, ip)));
		return key(l, "ip", str_c(ip_format((const unsigned char *)out.p, out.n, text)));
	case KIND_EMAIL:
		if (policy_normalize_email(s, l->a, &local, &domain, &ignored) < 0)
			return STR_NULL;
		return key(l, "email",
			   str_c(arena_printf(l->a, STR_FMT "@" STR_FMT, STR_ARG(local),
					      STR_ARG(domain))));
	case KIND_URI:
		return key(l, "uri", uri_spelling(l, s));
	case KIND_CN:
		return key(l, "cn", policy_squeeze(policy_fold(s, l->a), l->a));
	case KIND_PRINCIPAL:
	case KIND_OTHER:
	case KIND_PERMANENT:
	case KIND_COUNT:
		break;
	}
	return key(l, "text", s);
}

static void add(struct listed *l, struct str k)
{
	if (k.n > 0)
		map_put(l->keys, k, l);
}

static bool known(const struct listed *l, struct str k)
{
	return k.n > 0 && map_get(l->keys, k) != NULL;
}

static void add_name(struct listed *l, struct str s)
{
	enum kind k = policy_guess(s);
	struct str typed;

	if (s.n == 0 || s.n > 4096 || str_has(s, '\0'))
		return;
	typed = spell(l, k, s);
	add(l, typed);
	if (str_starts(typed, "dns:*."))
		add(l, key(l, "below", (struct str){typed.p + 6, typed.n - 6}));
	add(l, spell(l, KIND_CN, s));
	add(l, spell(l, KIND_OTHER, s));
}

static bool has_typed(struct listed *l, enum kind k, struct str s)
{
	struct str typed, parent;

	if (s.n == 0 || s.n > 4096 || str_has(s, '\0') || !policy_spend(&l->idn_budget, s))
		return false;
	typed = spell(l, k, s);
	if (known(l, typed))
		return true;
	if (k != KIND_DNS || typed.n == 0 || str_starts(typed, "dns:*."))
		return false;
	str_cut(typed, '.', &parent);
	return parent.n > 0 && known(l, key(l, "below", parent));
}

static bool has_other(struct listed *l, struct str value)
{
	struct other_name o;

	return policy_other_read(value, l->a, &o) && o.has_text && o.assigner.n == 0 &&
	       (o.kind == KIND_PERMANENT || o.is_upn) && has_typed(l, KIND_OTHER, o.text);
}

static int check_listed_san(struct listed *l, const struct san *san)
{
	static const enum kind kinds[] = {[SAN_EMAIL] = KIND_EMAIL,
					  [SAN_DNS] = KIND_DNS,
					  [SAN_URI] = KIND_URI,
					  [SAN_IP] = KIND_IP,
					  [SAN_RID] = KIND_COUNT};
	struct check c = {.arena = l->a, .e = l->e};
	struct buf text = BUF_INIT;
	struct named n = {.label = "other"};
	bool ok = false;
	int rc = 0;

	san_to_text(san, &text);
	n.text = arena_str(l->a, buf_view(&text));
	buf_release(&text);
	if (san->type == SAN_OTHER) {
		n.label = policy_kind_names[KIND_OTHER];
		ok = has_other(l, san->value);
	} else if (san->type == SAN_EMAIL || san->type == SAN_DNS || san->type == SAN_URI ||
		   san->type == SAN_IP) {
		n.label = policy_kind_names[kinds[san->type]];
		ok = has_typed(l, kinds[san->type], san->type == SAN_IP ? n.text : san->value);
	}
	if (!ok)
		rc = check_refuse(&c, n, WHY_NOT_ALLOWED, "not among the names of its record");
	return rc;
}

static int check_listed_subject(struct listed *l, const struct name *subject)
{
	struct check c = {.arena = l->a, .e = l->e};

	for (size_t i = 0; i < subject->n; i++) {
		struct named n = {policy_kind_names[KIND_CN], subject->attrs[i].value};
		enum oid attr = oid_find(subject->attrs[i].oid);
		bool ok = true;

		if (attr == OID_EMAIL_ADDRESS) {
			n.label = policy_kind_names[KIND_EMAIL];
			ok = has_typed(l, KIND_EMAIL, n.text);
		} else if (attr == OID_CN && n.text.n > 0) {
			ok = has_typed(l, policy_guess(n.text), n.text) ||
			     has_typed(l, KIND_CN, n.text);
		}
		if (!ok)
			return check_refuse(&c, n, WHY_NOT_ALLOWED,
					    "not among the names of its record");
	}
	return 0;
}

int policy_check_listed(const struct str *names, size_t n, const struct name *subject,
			const struct san_list *sans, struct err *e)
{
	struct listed l = {
		.keys = map_new(), .a = arena_new(), .e = e, .idn_budget = POLICY_IDN_BYTES};
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		add_name(&l, names[i]);
	for (size_t i = 0; i < sans->n && rc == 0; i++)
		rc = check_listed_san(&l, &sans->items[i]);
	if (rc == 0)
		rc = check_listed_subject(&l, subject);
	map_free(l.keys, NULL);
	arena_free(l.a);
	return rc;
}
