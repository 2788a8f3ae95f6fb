/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_POLICY_POLICY_H
#define SIGNET_POLICY_POLICY_H

#include "base/buf.h"
#include "codec/json.h"
#include "x509/x509.h"

/*
 * policy.h - which names a certificate may have: step-api 3.4. Compiled once (start-up, reload),
 * immutable, shared by threads. Pure: no loop, no store.
 *
 *   policy:
 *     x509: {allow: {dns: [...], ip: [...], email: [...], uri: [...], cn: [...]}, deny: {...},
 *            allowWildcardNames: false}
 *     ssh: {user: {allow: {email, principal}, deny}, host: {allow: {dns, ip, principal}, deny}}
 *
 * and beyond step's model: lists `otherName` (OID, OID:TEXT, upn:user@host, upn:@host) and
 * `permanentIdentifier` (ID, OID/ID of an assigner, "*") in x509; in place of a text an object
 * {name: TEXT, groups: [...], networks: [CIDR...], provisioners: [...]}: a rule that holds only
 * when one of the groups, the network and the provisioner fit the request.
 */
struct policy;
/*
 * `where`: begins messages ("policy"), at most 110 bytes. Unknown keys and bad names are
 * ERR_INVALID with their path.
 */
int policy_compile(const json_t *conf, const char *where, struct policy **out,
		   struct err *e) NODISCARD;
void policy_free(struct policy *p); /* NULL is fine */

struct policy_request { /* what a rule's conditions are held against; all may be empty */
	struct str provisioner;
	const struct str *groups;
	size_t n_groups;
	struct str source; /* 4 or 16 bytes */
};
struct policy_verdict { /* why, for people: which rule decided */
	bool allowed;
	struct buf text; /* "dns name \"x\": denied by policy.x509.deny.dns[2] \"*.x\"" */
};
/*
 * Common name, serialless subject attributes of kind e-mail, and every SAN of the certificate's
 * final form. ERR_FORBIDDEN with step's public sentence: `dns name "x" not allowed`. v may be NULL.
 * NULL policy: allows all.
 */
int policy_check_x509(const struct policy *p, const struct name *subject,
		      const struct san_list *sans, const struct policy_request *r,
		      struct policy_verdict *v, struct err *e) NODISCARD;
enum policy_ssh { POLICY_SSH_USER, POLICY_SSH_HOST };
int policy_check_ssh(const struct policy *p, enum policy_ssh type, const struct str *principals,
		     size_t n, const struct policy_request *r, struct policy_verdict *v,
		     struct err *e) NODISCARD;
/*
 * Every name (as above) must be one of `names`, after normalising both: allowedNames of an
 * inventory record. "*.x" there allows exactly the wildcard name and any one label under x.
 */
int policy_check_listed(const struct str *names, size_t n, const struct name *subject,
			const struct san_list *sans, struct err *e) NODISCARD;

/*
 * One spelling for each name (normalize.c): lower case, no trailing dot, A-labels, IPv4-mapped
 * addresses as IPv4, e-mail local part unquoted where that is the same, domain as DNS; a URI's host
 * likewise, without userinfo and port. ERR_INVALID: no such name. In the arena.
 */
int policy_normalize_dns(struct str name, struct arena *a, struct str *out,
			 struct err *e) NODISCARD;
int policy_normalize_email(struct str name, struct arena *a, struct str *local, struct str *domain,
			   struct err *e) NODISCARD;
int policy_normalize_uri_host(struct str uri, struct arena *a, struct str *host,
			      struct err *e) NODISCARD;
/*
 * What a name without a type is, by step's guess, however malformed it may be: an address, a URI
 * (it has a scheme), an e-mail address ('@'), else a DNS name. In the arena.
 */
void policy_guess_san(struct str name, struct arena *a, struct san *out);

#endif
