/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/idna.h"
#include "x509/constraints.h"

/* constraints_match.c - one name against one subtree's base, by kind (rules: constraints.c). */

struct str nc_without_dot(struct str s)
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

/* Is it a host, or "." and one, or nothing at all? */
static bool host_base_valid(struct str base)
{
	if (base.n == 0)
		return true;
	if (base.p[0] == '.')
		base = (struct str){base.p + 1, base.n - 1};
	return dns_name_valid(nc_without_dot(base), false);
}

bool nc_base_valid(enum san_type type, struct str base)
{
	struct str local, host;

	switch (type) {
	case SAN_DNS:
	case SAN_URI:
		return host_base_valid(base);
	case SAN_EMAIL:
	case SAN_OTHER:
		if (!nc_mail_split(base, &local, &host))
			return host_base_valid(base);
		return dns_name_valid(host, false) || (type == SAN_OTHER && base.n == 1);
	case SAN_IP:
	case SAN_DIRNAME:
	case SAN_X400:
	case SAN_EDI:
	case SAN_RID:
		break;
	}
	return true;
}

bool nc_dns_inside(struct str name, struct str base, bool excluded)
{
	struct str rest;

	name = nc_without_dot(name);
	base = nc_without_dot(base);
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

bool nc_host_inside(struct str host, struct str base)
{
	base = nc_without_dot(base);
	if (base.n == 0)
		return true;
	if (base.p[0] == '.')
		return below(host, (struct str){base.p + 1, base.n - 1});
	return str_ieq(host, base);
}

bool nc_mail_split(struct str s, struct str *local, struct str *host)
{
	size_t at = s.n;

	while (at > 0 && s.p[at - 1] != '@')
		at--;
	if (at == 0)
		return false;
	*local = (struct str){s.p, at - 1};
	*host = nc_without_dot((struct str){s.p + at, s.n - at});
	return true;
}

/* Next character of a local part that may be quoted, without quotes and escapes; -1 at the end. */
static int next_local(struct str s, size_t *i)
{
	bool quoted = s.n > 1 && s.p[0] == '"' && s.p[s.n - 1] == '"';
	size_t end = quoted ? s.n - 1 : s.n;

	if (quoted && *i == 0)
		*i = 1;
	if (*i + 1 < end && s.p[*i] == '\\')
		(*i)++;
	return *i < end ? (unsigned char)s.p[(*i)++] : -1;
}

static bool local_alike(struct str a, struct str b)
{
	size_t i = 0, k = 0;
	int x, y;

	do {
		x = next_local(a, &i);
		y = next_local(b, &k);
		if (x != y)
			return false;
	} while (x >= 0);
	return true;
}

bool nc_mail_inside(struct str name, struct str base, bool excluded)
{
	struct str local, host, base_local, base_host;

	if (!nc_mail_split(name, &local, &host))
		return false;
	if (!nc_mail_split(base, &base_local, &base_host))
		return nc_host_inside(host, base);
	if (excluded && base_local.n == 0)
		return str_ieq(host, base_host);
	return (excluded ? local_alike(local, base_local) : str_eq(local, base_local)) &&
	       str_ieq(host, base_host);
}

/* "user@host", "@host", "host", ".domain" of user principal names */
bool nc_upn_inside(struct str name, struct str base)
{
	struct str local, host, base_local, base_host;

	if (!nc_mail_split(name, &local, &host))
		return false;
	if (!nc_mail_split(base, &base_local, &base_host) || base_local.n == 0)
		return nc_host_inside(host, base.n > 0 && base.p[0] == '@' ? base_host : base);
	return str_ieq(local, base_local) && str_ieq(host, base_host);
}

static bool masked_equal(const unsigned char *a, const unsigned char *net,
			 const unsigned char *mask, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (((a[i] ^ net[i]) & mask[i]) != 0)
			return false;
	return true;
}

bool nc_ip_inside(struct str name, struct str base, bool excluded)
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
	const unsigned char *a = (const unsigned char *)name.p,
			    *net = (const unsigned char *)base.p, *mask = net + base.n / 2;
	unsigned char as_v6[16];

	if (base.n == 2 * name.n && masked_equal(a, net, mask, name.n))
		return true;
	if (!excluded)
		return false;
	if (name.n == 16 && base.n == 8)
		return memcmp(a, mapped, 12) == 0 && masked_equal(a + 12, net, mask, 4);
	if (name.n != 4 || base.n != 32 || memcmp(net, mapped, 12) != 0)
		return false;
	memcpy(as_v6, mapped, 12);
	memcpy(as_v6 + 12, a, 4);
	return masked_equal(as_v6, net, mask, 16);
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

bool nc_dirname_inside(const struct name *name, const struct name *base)
{
	unsigned rdns = base->n > 0 ? base->attrs[base->n - 1].rdn + 1 : 0;

	for (unsigned r = 0; r < rdns; r++)
		if (!rdn_alike(name, base, r))
			return false;
	return true;
}
