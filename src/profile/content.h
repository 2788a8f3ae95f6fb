/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_PROFILE_CONTENT_H
#define SIGNET_PROFILE_CONTENT_H

#include "profile/profile.h"
#include "tmpl/tmpl.h"

/*
 * content.h - X.509 content by template (step-api 4): the variables, the JSON that comes out, what
 * it may say. Pure, as all of profile.
 */

/* ---- variables (content_data.c) ---- */
struct content_input {		/* borrowed for the run; what is absent is absent in the template */
	struct str common_name; /* .Subject */
	const struct san_list *sans;	  /* .SANs */
	const json_t *token;		  /* .Token */
	const struct csr *csr;		  /* .Insecure.CR */
	struct key *subject_key;	  /* its PublicKey; NULL: from csr->spki when asked for */
	const json_t *user;		  /* .Insecure.User: the request's templateData */
	const json_t *webhooks;		  /* .Webhooks */
	const json_t *inventory;	  /* .Inventory: the record */
	const json_t *data;		  /* options.x509.templateData: top-level variables */
	const struct cert *authorization; /* .AuthorizationCrt */
	struct str endpoint;		  /* .Endpoint: UUID text */
	int64_t now;			  /* .Now: time.Time */
};
struct tv content_vars(const struct content_input *in, struct arena *a);
/*
 * The members of a webhook's body for this request: x509CertificateRequest (step-api 3.5). In
 * content_webhook.c.
 */
json_t *content_request_json(const struct content_input *in, struct arena *a); /* new reference */

/* ---- compiled template of a provisioner (content_template.c, templates.c) ---- */
extern const char content_default_leaf[]; /* text of conf/templates/leaf.tpl */
/* All of conf/templates, by name without ".tpl"; a NULL name ends the list. */
struct content_builtin {
	const char *name, *text;
};
extern const struct content_builtin content_builtins[];
/* `text` empty: the default leaf. Errors: "line L, column C: ...". */
int content_compile(struct str text, bool allow_slow, struct tmpl **out, struct err *e) NODISCARD;

/* ---- from the rendered text to what will be signed (content_json.c, content_fields.c) ---- */
/*
 * Runs the template and reads what came out. `fail` in the template: ERR_INVALID with its text,
 * bare, as the public sentence; anything else: ERR_INTERNAL "error applying certificate template".
 */
int content_render(const struct tmpl *t, const struct content_input *in, struct arena *a,
		   struct profile_fields *out, struct buf *json /* may be NULL */,
		   struct err *e) NODISCARD;
/*
 * The text alone, for tests and `signet template render`. Where step drops or takes something odd
 * (step-api 4.1 [!]) it is refused.
 */
int content_read(struct str json, struct arena *a, struct profile_fields *out,
		 struct err *e) NODISCARD;

/*
 * As step does it, for comparing with its results: the odd things are taken, and what a certificate
 * needs for them is in out->odd, which profile_tbs() then follows instead of its own checks. Never
 * for a certificate that will be signed.
 */
struct content_odd {
	bool has_serial;
	struct str serial; /* also zero or negative */
	bool negative;
	struct str sig_alg; /* contents octets of the algorithm's OID; empty: by the issuer's key */
};
int content_read_as_step(struct str json, struct arena *a, struct profile_fields *out,
			 struct err *e) NODISCARD;

/*
 * ---- what a leaf provisioner's template may not say (content_forbid.c) ----
 * options.x509.allow names what is allowed nevertheless.
 */
enum content_allow {
	CONTENT_CA = 1,		  /* isCA: basicConstraints CA:TRUE, certSign and crlSign */
	CONTENT_OCSP_SIGNING = 2, /* ocspSigning */
	CONTENT_ANY_USAGE = 4,	  /* anyExtendedKeyUsage */
	CONTENT_PAST_ISSUER = 8,  /* notAfterBeyondIssuer */
	CONTENT_VALIDITY = 16,	  /* validityBeyondClaims: dates outside of min and max claims */
	CONTENT_NO_NAMES = 32	  /* noNames: neither SAN nor subject */
};
/* Names as in the configuration; ERR_INVALID lists the known ones. */
int content_allow_parse(const json_t *list, unsigned *out, struct err *e) NODISCARD;
/*
 * Over the exact TBS, decoded: also what came in through raw extensions. ERR_FORBIDDEN with a
 * public sentence that names the word for `allow`.
 */
int content_check_forbidden(const struct cert *tbs, const struct cert *issuer, unsigned allow,
			    struct err *e) NODISCARD;

/* x509Certificate of an AUTHORIZING webhook's body (step-api 3.5). New reference. */
json_t *content_certificate_json(const struct profile_fields *f, const struct cert *tbs,
				 struct arena *a);

#endif
