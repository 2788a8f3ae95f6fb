/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "daemon/outward.h"

static int rules_new(const struct conf *c, struct addr_rules **out, struct err *e)
{
	if (addr_rules_new(c->outbound.allow.items, c->outbound.allow.n, c->outbound.refuse.items,
			   c->outbound.refuse.n, out, e) < 0)
		return err_wrap(e, "%s: outbound", c->file);
	return 0;
}

int outward_open(struct outward *o, struct loop *l, const struct conf *c, struct err *e)
{
	const struct dns_config dc = {.resolver = c->outbound.resolver};
	struct outbound_config oc = {.loop = l};

	if (rules_new(c, &o->rules, e) < 0)
		return -1;
	o->dns = dns_new(l, &dc, e);
	if (o->dns == NULL)
		return err_wrap(e, "%s: outbound.resolver", c->file);
	oc.dns = o->dns;
	oc.rules = o->rules;
	o->outbound = outbound_new(&oc, e);
	return o->outbound == NULL ? -1 : 0;
}

void outward_close(struct outward *o)
{
	if (o->outbound != NULL)
		outbound_free(o->outbound);
	if (o->dns != NULL)
		dns_free(o->dns);
	if (o->rules != NULL)
		addr_rules_free(o->rules);
	*o = (struct outward){0};
}

int outward_check(const struct conf *c, struct err *e)
{
	struct addr_rules *r;

	if (rules_new(c, &r, e) < 0)
		return -1;
	addr_rules_free(r);
	return 0;
}
