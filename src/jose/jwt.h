/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_JOSE_JWT_H
#define SIGNET_JOSE_JWT_H

#include "jose/jws.h"

/*
 * Registered claims (RFC 7519) under the rules of DESIGN 10: exp required, a life - exp less the
 * later of iat and nbf, or less now when it has neither - of at most max_age_s, leeway one
 * minute, nbf and iat checked when there. Numbers may be integers or finite floats; anything else
 * is malformed. `aud` is a string or an array of strings.
 */
struct jwt_claims {
	struct str iss, sub, jti;
	const json_t *aud;     /* string or array; NULL when absent */
	int64_t exp, nbf, iat; /* 0 when absent */
};
int jwt_claims(const json_t *payload, struct jwt_claims *out,
	       struct err *e) NODISCARD; /* views borrowed from payload */
int jwt_check_time(const struct jwt_claims *c, int64_t now, int64_t max_age_s,
		   struct err *e) NODISCARD; /* ERR_UNAUTHORIZED */
/* true when an element of aud equals one of `want` (URL compare: scheme and host case-folded, port
 * ignored, path exact; fragment exact). */
bool jwt_audience(const json_t *aud, const struct str *want, size_t n);
/* The same for one element. */
bool jwt_audience_one(struct str aud, const struct str *want, size_t n);

#endif
