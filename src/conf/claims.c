/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/clock.h"
#include "conf/conf.h"

/*
 * claims.c - lifetimes and switches, inherited: built-in, then signetd.yaml, then the
 * provisioner. A level that sets a default outside of the inherited bounds without setting the
 * bound moves the bound; one that sets a bound alone pulls the inherited default inside. What
 * comes out holds 0 < min <= default <= max.
 */
enum { UNSET, NO, YES };

static bool choose(int own, bool inherited)
{
	return own == UNSET ? inherited : own == YES;
}

static int check(const struct claims *c, struct err *e)
{
	char a[40], b[40];

	if (c->min_tls <= 0)
		return ERR(e, ERR_INVALID, "claims: minTLSCertDuration must be greater than 0");
	if (c->max_tls < c->min_tls)
		return ERR(e, ERR_INVALID,
			   "claims: maxTLSCertDuration %s is less than minTLSCertDuration %s",
			   duration_format(c->max_tls, a), duration_format(c->min_tls, b));
	if (c->default_tls < c->min_tls)
		return ERR(e, ERR_INVALID,
			   "claims: defaultTLSCertDuration %s is less than minTLSCertDuration %s",
			   duration_format(c->default_tls, a), duration_format(c->min_tls, b));
	if (c->default_tls > c->max_tls)
		return ERR(e, ERR_INVALID,
			   "claims: defaultTLSCertDuration %s is more than maxTLSCertDuration %s",
			   duration_format(c->default_tls, a), duration_format(c->max_tls, b));
	return 0;
}

static int apply(const struct conf_claims *own, struct claims *c, struct err *e)
{
	if (own == NULL)
		return 0;
	if (own->default_tls >= 0)
		c->default_tls = own->default_tls;
	if (own->min_tls >= 0)
		c->min_tls = own->min_tls;
	else if (own->default_tls >= 0 && own->default_tls < c->min_tls)
		c->min_tls = own->default_tls;
	if (own->max_tls >= 0)
		c->max_tls = own->max_tls;
	else if (own->default_tls >= 0 && own->default_tls > c->max_tls)
		c->max_tls = own->default_tls;
	if (own->default_tls < 0 && c->default_tls > c->max_tls)
		c->default_tls = c->max_tls;
	if (own->default_tls < 0 && c->default_tls < c->min_tls)
		c->default_tls = c->min_tls;
	c->disable_renewal = choose(own->disable_renewal, c->disable_renewal);
	c->allow_renewal_after_expiry =
		choose(own->allow_renewal_after_expiry, c->allow_renewal_after_expiry);
	c->disable_smallstep_extensions =
		choose(own->disable_smallstep_extensions, c->disable_smallstep_extensions);
	return check(c, e);
}

int claims_resolve(const struct conf_claims *global, const struct conf_claims *own,
		   struct claims *out, struct err *e)
{
	*out = (struct claims){
		.min_tls = 5 * 60 * DURATION_SECOND,
		.max_tls = 24 * 3600 * DURATION_SECOND,
		.default_tls = 24 * 3600 * DURATION_SECOND,
	};
	if (apply(global, out, e) != 0)
		return -1;
	return apply(own, out, e);
}
