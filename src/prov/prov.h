/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_PROV_PROV_H
#define SIGNET_PROV_PROV_H

#include "abi/host.h"
#include "conf/conf.h"
#include "jose/jws.h"
#include "loop/flow.h"
#include "plugin/plugin.h"
#include "prov/grant.h"
#include "x509/x509.h"

/*
 * prov.h - the set of provisioners, and turning a token into a grant.
 *
 * A prov_set is an immutable, reference-counted snapshot: made at start-up or on reload (slow
 * pool), swapped on the loop. An authorization holds a reference to the set, so a reload never
 * frees what it uses.
 */
struct prov_set;
struct provisioner {
	const char *name, *type, *authority;
	/* step-api 1.8: "<name>:<kid>" for JWK, else the token id or name */
	const char *id;
	struct claims claims; /* resolved */
	const json_t *listed; /* object for GET /provisioners */
	int64_t step_type;
	bool accepts_tokens;
	const struct conf_options *options;
	const struct signet_prov_driver *driver;
	void *instance;
	void *rules; /* made by prov_source.make_rules; NULL without it */
};
/*
 * What the layers above make of a provisioner's configuration, kept with it in the snapshot:
 * templates, policy (ca/rules.c). Off the loop; the error names file and line.
 */
struct prov_rules_ops {
	/* what all of a set have in common; kept by those that `make` makes with it */
	int (*begin)(const struct conf *c, void **common, struct err *e);
	int (*make)(const struct conf *c, void *common, const struct conf_provisioner *pc,
		    void **rules, struct err *e);
	void (*end)(void *common); /* all are made, or one has failed */
	void (*free)(void *rules);
	/* adds what /provisioners shows of it, to the object `options`; may be NULL */
	void (*describe)(const void *rules, json_t *options);
};
/* Loads every provisioners.d file. A name used twice, an unknown authority or type, bad claims: an
 * error with file and line. */
int prov_set_load(struct conf *c, struct plugin_registry *plugins, struct prov_set **out,
		  struct err *e) NODISCARD;
/* As if one file held another text, were there or were not. */
struct prov_overlay {
	const char *path;
	struct str text; /* p NULL: the file is not there */
};
struct prov_source {
	struct conf *conf;
	struct plugin_registry *plugins;
	const struct prov_overlay *overlay; /* may be NULL */
	const struct prov_rules_ops *rules; /* may be NULL */
};
int prov_set_load_with(const struct prov_source *from, struct prov_set **out,
		       struct err *e) NODISCARD;
/* By name; changed: another type, authority, configuration or resolved claims. */
struct prov_changes {
	size_t added, removed, changed;
};
void prov_set_compare(const struct prov_set *before, const struct prov_set *after,
		      struct prov_changes *out);
struct prov_set *prov_set_ref(struct prov_set *s);
void prov_set_unref(struct prov_set *s);
size_t prov_count(const struct prov_set *s);
const struct provisioner *prov_at(const struct prov_set *s, size_t i); /* load order */
const struct provisioner *prov_by_name(const struct prov_set *s, struct str name);
/* `kid` of a JWK provisioner -> its encryptedKey; empty when unknown or none. */
struct str prov_encrypted_key(const struct prov_set *s, struct str kid);
extern const struct signet_host prov_host; /* the table handed to plugins */

/*
 * Authorize by token: a child flow (flow_call). Finds the provisioner from unverified claims
 * (step-api 2.1), lets its plugin decide, and leaves a grant. Failures are ERR_UNAUTHORIZED (401)
 * unless the plugin said otherwise; "token flow is not supported" is ERR_INVALID (400) for
 * provisioners that do not take tokens.
 */
struct prov_authorize {
	/* in */
	struct prov_set *set; /* the flow takes its own reference */
	enum signet_prov_method method;
	struct str token;
	const char *const *hosts; /* dnsNames: the accepted audiences are built from them */
	size_t n_hosts;
	const struct csr *csr; /* may be NULL */
	struct pool *cpu;
	int64_t issued_after; /* tokens with an earlier iat are refused (restored backup) */
	/* out */
	struct grant *grant; /* NULL unless the flow succeeded; in the flow's arena */
	/* state */
	struct flow flow;
	struct wait wait;
	struct prov_op *op;
};
/* Prepares a->flow; then flow_call(parent, &wait, &a->flow). `a` is zeroed but for "in". */
void prov_authorize_init(struct prov_authorize *a, struct loop *l, struct arena *arena);

/*
 * A renew token (step-api 2.3): a JWS by a certificate's own key, the chain in its header
 * `x5cInsecure`. A child flow: checks form, signature (job), claims and that the leaf may sign
 * (clientAuth, digitalSignature). Whether the leaf is one of ours, not revoked and of which
 * provisioner, ca/renew looks up; then renew_token_once() scopes the token's id by it. Failures are
 * ERR_UNAUTHORIZED with the public sentences that step-ca gives.
 */
struct renew_token {
	/* in */
	struct str token;
	const char *const *hosts;
	size_t n_hosts;
	struct pool *cpu;
	int64_t issued_after;
	/* out, in the flow's arena */
	struct str leaf_der;
	struct str iss;	 /* "step-ca-client/1.0" or a provisioner's name: ca/renew compares */
	int64_t expiry;	 /* exp */
	struct str hash; /* hex SHA-256 of the token, for the log */
	/* state */
	struct flow flow;
	struct renew_token_state *st;
};
void renew_token_init(struct renew_token *t, struct loop *l, struct arena *arena);
/* Sets once, has_once and once_expiry of the grant for this token. */
void renew_token_once(const struct renew_token *t, struct grant *g);

#endif
