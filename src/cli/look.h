/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CLI_LOOK_H
#define SIGNET_CLI_LOOK_H

#include "cli/cli.h"
#include "x509/x509.h"

/*
 * look.h - what inspect, verify, lint and fingerprint share: reading what stands in a file or what
 * a server shows, finding the roots to trust, and the question whether a certificate is good.
 */
#define LOOK_MAX (1U << 20) /* bytes of a file */

enum look_kind { LOOK_CERT, LOOK_CSR, LOOK_PRIVATE_KEY, LOOK_PUBLIC_KEY, LOOK_OTHER };
struct look_item {
	enum look_kind kind;
	const char *label; /* of the PEM block, or NULL */
	struct str der;	   /* empty for a private key */
	struct str text;   /* a private key as it stands in the file */
};
struct look_input {
	const char *name; /* for messages: the path, "standard input", or the URL */
	struct look_item *items;
	size_t n;
	/* of a server */
	bool is_url, complete; /* complete: it has the leaf's key */
	const char *host, *version, *suite, *address;
	struct err why; /* not complete */
};
/* FILE, "-" or https://host[:port]. At least one item; messages name the input. */
int look_read(struct cli *c, const char *what, struct look_input *out, struct err *e) NODISCARD;
bool look_is_url(const char *what);
/* tls_peer.c: the URL alone; --servername is read when the command has it. */
int look_server(struct cli *c, const char *url, struct look_input *out, struct err *e) NODISCARD;
/* All certificates of an input, parsed, in their order; an error names the one that is bad. */
int look_certs(struct cli *c, const struct look_input *in, struct cert **out, size_t *n,
	       struct err *e) NODISCARD;

struct look_trust {
	const char *from; /* the file */
	struct cert *roots;
	size_t n;
};
/* --roots FILE, else the CA's from bootstrap, else the system's. */
int look_roots(struct cli *c, struct look_trust *out, struct err *e) NODISCARD;

struct look_check {
	const struct cert *certs; /* leaf first */
	size_t n;
	const struct cert *more; /* intermediates from elsewhere */
	size_t n_more;
	const struct look_trust *trust;
	const char *host; /* NULL: any name */
	enum oid usage;	  /* OID_NONE: any */
	int64_t now;
};
/* The chain leads to a root, now, for that use and that name. The error is one sentence. */
int look_check(struct cli *c, const struct look_check *q, struct err *e) NODISCARD;
/*
 * Whether a certificate names a host (RFC 6125, RFC 9525): addresses exactly, DNS names with a
 * wildcard for the whole left-most label only; the common name is never looked at.
 */
int cert_names_host(const struct cert *c, const char *host, struct arena *a,
		    struct err *e) NODISCARD;
const char *cert_name_text(const struct cert *c, struct arena *a); /* for messages: one line */

/* ---- describe_json.c: new references ---- */
json_t *cert_to_json(const struct cert *c, struct arena *a);
json_t *csr_to_json(const struct csr *c, struct arena *a);
json_t *spki_to_json(struct str spki);
/* The type of a public key of whatever kind, and its bits (0: not known). Appends the type. */
unsigned spki_kind(struct str spki, struct buf *type);

#endif
