/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CLI_ISSUE_H
#define SIGNET_CLI_ISSUE_H

#include "cli/cli.h"
#include "x509/x509.h"

/*
 * issue.h - what `certificate` and `sign` share: the request, the token, and asking (issue.c).
 * Order: issue_options, a request (own or from a file), issue_token, issue_ask. Everything that can
 * be wrong on this side is found before the token goes out.
 */
struct issue {
	const char *subject; /* NULL: a token from elsewhere decides */
	const char **sans;   /* arena */
	size_t n_sans;
	struct buf csr;	   /* DER */
	struct csr parsed; /* a request that was read */
	struct str token;  /* arena */
	struct str cnf;	   /* of a given token; arena */
	json_t *set;	   /* templateData, owned; may be NULL */
	const char *endpoint;
};
/* Rows of both commands' tables of options. */
/* clang-format off */
#define ISSUE_TIME_OPTS \
	{"not-before", "TIME", "start: RFC 3339, or a duration from now", false, false}, \
	{"not-after", "TIME", "end: RFC 3339, or a duration from the start, e.g. 1h", false, false}
#define ISSUE_OPTS \
	{"token", "TOKEN", "a token made by `signet token` or `step ca token`", false, false}, \
	{"token-file", "FILE", "the same, from a file, so that it is in no process list", \
	 false, false}, \
	{"provisioner", "NAME", "provisioner that vouches for it", false, false}, \
	{"issuer", "NAME", "the same as --provisioner", false, false}, \
	{"kid", "KID", "the provisioner with this key id", false, false}, \
	{"key", "FILE", "the provisioner's private key, PEM or JWK, instead of the CA's copy", \
	 false, false}, \
	{"password-file", "FILE", "file with the provisioner's password (default: ask)", \
	 false, false}, \
	{"provisioner-password-file", "FILE", "the same as --password-file", false, false}, \
	{"set", "KEY=VALUE", "data for templates: JSON or text", true, false}, \
	{"set-file", "FILE", "JSON object with data for templates", false, false}, \
	{"endpoint", "ID", "continue this endpoint, a UUID", false, false}
/* clang-format on */

void issue_release(struct issue *i);
/* --not-before, --not-after, --set, --endpoint; --token against --token-file. */
int issue_options(struct cli *c, struct issue *i, struct err *e) NODISCARD;
/* Reads a request, PEM or DER ("-": standard input), and checks its signature and key. */
int issue_read_csr(struct cli *c, const char *path, struct issue *i, struct err *e) NODISCARD;
/* Makes one from subject and names. */
int issue_make_csr(struct cli *c, struct issue *i, struct key *k, struct err *e) NODISCARD;
/* Subject and names of the request, as a token can have them. */
int issue_names_of_csr(struct cli *c, struct issue *i, struct err *e) NODISCARD;
/*
 * The token from --token or --token-file, if any: it must be for certificates, not be over, and fit
 * the subject. Names that nothing else gives are the token's.
 */
int issue_given_token(struct cli *c, struct issue *i, struct err *e) NODISCARD;
/* The token that --token says, or --token-file (-: standard input); never empty. */
int token_option(struct cli *c, struct str *out, struct err *e) NODISCARD;
/* A token that is bound to a request must be bound to this one. */
int issue_check_bound(struct cli *c, const struct issue *i, struct err *e) NODISCARD;
/* Makes a token, bound to the request. */
int issue_own_token(struct cli *c, struct issue *i, struct err *e) NODISCARD;
/* The chain that the CA gives, PEM. */
int issue_ask(struct cli *c, struct issue *i, struct buf *chain, struct err *e) NODISCARD;

/* The fingerprint of a request for cnf, x5rt#S256: base64url SHA-256 of its DER; arena. */
const char *csr_cnf(struct cli *c, struct str der);
/* --cnf or --cnf-file; *out NULL when neither is given. */
int cnf_option(struct cli *c, const char **out, struct err *e) NODISCARD;

#endif
