/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CA_RULES_H
#define SIGNET_CA_RULES_H

#include "hook/webhook.h"
#include "policy/policy.h"
#include "profile/content.h"
#include "prov/prov.h"

/*
 * rules.h - what an operator decided about the content of a provisioner's certificates, compiled:
 * template, policies, webhooks, inventory. Made off the loop with the set of provisioners, of which
 * it is a part; immutable.
 */
struct ca_common { /* by all provisioners of a set */
	struct ref ref;
	struct policy **policies; /* of the authorities, in their order; NULL: none */
	size_t n_policies;
	struct key_blocklist *blocked; /* NULL: none */
};
struct ca_rules {
	struct ca_common *common;
	struct tmpl *x509;
	bool own_template;	     /* not the default one: the request's templateData counts */
	const json_t *template_data; /* borrowed from the provisioner's configuration; or NULL */
	unsigned allow;		     /* enum content_allow */
	bool lint_tls;
	const struct policy *authority_policy;	/* of `common`; NULL: none */
	struct policy *policy;			/* NULL: none */
	struct webhook_set *hooks;		/* NULL: none */
	const struct conf_inventory *inventory; /* NULL: none */
	struct tmpl *inventory_key;
};
extern const struct prov_rules_ops ca_rules_ops;

/* Of the grant's provisioner; NULL for the daemon's own leaf. */
static inline const struct ca_rules *ca_rules_of(const struct provisioner *p)
{
	return p != NULL ? p->rules : NULL;
}

/* run/roots.pem: every root of every authority, what webhooks are checked against by default. */
#define CA_ROOTS_FILE "run/roots.pem"

#endif
