/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_PROFILE_LINT_H
#define SIGNET_PROFILE_LINT_H

#include "x509/x509.h"

/*
 * lint.h - what is wrong with a certificate, judged by RFC 5280 and what updates it, or by the
 * rules of public TLS authorities too. Pure: bytes in, findings out; nothing is trusted, no date is
 * compared with now. A malformed certificate is judged as far as it can be read.
 */
enum lint_severity {
	LINT_NOTICE,  /* odd, allowed */
	LINT_WARNING, /* against a SHOULD, or some programs will refuse it */
	LINT_ERROR    /* against a MUST */
};
struct lint_finding {
	enum lint_severity severity;
	const char *code;    /* "san_not_critical": never renamed */
	const char *section; /* "RFC 5280 4.2.1.6" */
	const char *text;    /* a sentence without a full stop; holds text of the certificate */
};
struct lint_options {
	bool tls;      /* as public authorities must make them for TLS servers */
	bool no_names; /* of lint_refusal(): neither subject nor names is allowed by name */
};
#define LINT_MAX 200U /* findings; more are counted, not kept */
struct lint_report {
	struct arena *arena; /* set by the caller, the rest zero */
	struct lint_finding *items;
	size_t n;
	unsigned count[LINT_ERROR + 1]; /* by severity */
};
void lint_cert(const struct cert *c, const struct lint_options *o, struct lint_report *out);
/* Also what cert_parse() refuses. */
void lint_der(struct str der, const struct lint_options *o, struct lint_report *out);
/* Before it is signed: a whole TBSCertificate. */
void lint_tbs(struct str tbs, const struct lint_options *o, struct lint_report *out);
/*
 * The first finding for which a certificate is not signed, NULL when there is none: an error. Two
 * kinds count only with `tls`, since programs do not mind them: the bounds on the length of a
 * name's attributes (hosts' names are longer), and the string type of domainComponent and
 * emailAddress (templates written for step give another one).
 */
const struct lint_finding *lint_refusal(const struct lint_report *r, const struct lint_options *o);
const char *lint_severity_name(enum lint_severity s); /* "error" "warning" "notice" */

#endif
