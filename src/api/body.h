/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_API_BODY_H
#define SIGNET_API_BODY_H

#include "codec/json.h"
#include "x509/x509.h"

/*
 * body.h - JSON bodies turned into requests: pure functions over bytes, what t/fuzz drives. Errors
 * are ERR_INVALID (ERR_TOO_LARGE for a text over the limits) with the protocol's public sentences;
 * ERR_UNSUPPORTED for what is understood and not done. Views live as long as the arena.
 */

/* POST /sign (step-api 1.5). No ott is no error here: the proof of possession comes first. */
struct sign_body {
	struct csr csr;
	struct str ott, not_before, not_after;
	struct str endpoint;	     /* 16 bytes, or empty: our own addition */
	const json_t *template_data; /* object or NULL */
};
int sign_body_parse(struct str text, struct arena *a, struct sign_body *out,
		    struct err *e) NODISCARD;

/* POST /rekey: of the CSR only the key is used. */
struct rekey_body {
	struct csr csr;
};
int rekey_body_parse(struct str text, struct arena *a, struct rekey_body *out,
		     struct err *e) NODISCARD;

/* POST /revoke (step-api 1.7). */
#define REVOKE_TEXT_MAX 1000
struct revoke_body {
	struct str serial;  /* magnitude */
	struct str decimal; /* the same, as the protocol writes it */
	struct str ott;	    /* may be empty: then by client certificate */
	int64_t reason;	    /* RFC 5280 5.3.1: 0 to 10 without 7 */
	struct str text;    /* UTF-8, at most REVOKE_TEXT_MAX bytes */
};
int revoke_body_parse(struct str text, struct arena *a, struct revoke_body *out,
		      struct err *e) NODISCARD;

#endif
