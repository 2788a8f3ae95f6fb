/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_PROV_GRANT_H
#define SIGNET_PROV_GRANT_H

#include "abi/prov.h"
#include "codec/json.h"
#include "conf/conf.h"
#include "x509/x509.h"

/*
 * grant.h - the authorised object. Only an authorize step makes one (prov/authorize.c by token;
 * grant_for_renewal after ca's checks of a presented certificate), and ca/issue takes nothing else:
 * no code path signs without one. Lives in the arena of the flow that made it; strings too.
 */
struct prov_set;
struct provisioner;
struct grant {
	uint32_t magic;
	struct prov_set *set; /* reference held through the arena */
	const struct provisioner *prov;
	enum signet_prov_method method;
	struct str subject; /* common name that may be used */
	struct san_list names;
	bool match_csr;
	int64_t not_after;	/* 0: no limit of its own */
	unsigned char once[32]; /* SHA-256(provisioner 0 token id): key in `once` */
	bool has_once;
	int64_t once_expiry; /* token's exp and a grace: the row may be pruned after it */
	struct str credential_id;
	json_t *data;	       /* template data; { "Token": claims, ... } */
	struct str serial;     /* revoke: decimal */
	struct str token_hash; /* hex SHA-256 of the token, for the log */
	struct str endpoint; /* 16 bytes when the token names one (claim "endpoint"), else empty */
};
#define GRANT_MAGIC 0x6772616eU
/* Renewal: ca has checked that the certificate authenticates. once is not used. */
struct grant *grant_for_renewal(struct arena *a, struct prov_set *set, const struct provisioner *p);
/*
 * Whether the grant's provisioner is still in this set, after a reload: same name, type and id.
 * Also of the one that has no provisioner.
 */
bool grant_prov_remains(const struct grant *g, const struct prov_set *now) NODISCARD;
/* The daemon's own TLS leaf (ca/server_cert): no provisioner, no token; `names` is borrowed. */
struct grant *grant_for_self(struct arena *a, struct str subject, const struct san_list *names);
/* CN and SANs of a CSR against the grant (step-api 2.3, JWK). ERR_FORBIDDEN. */
int grant_check_csr(const struct grant *g, const struct csr *c, struct err *e) NODISCARD;

#endif
