/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_ABI_HOST_H
#define SIGNET_ABI_HOST_H

/*
 * What a plugin may ask of the host: a table of functions that only grows. Before a member that
 * came with a later minor is used, check `host->size > offsetof(struct signet_host, member)`.
 * Loop thread only (provisioners).
 */

#include "prov.h"
#include "types.h"

enum signet_log_level { SIGNET_LOG_ERROR, SIGNET_LOG_WARN, SIGNET_LOG_INFO, SIGNET_LOG_DEBUG };
enum signet_san_type {
	SIGNET_SAN_EMAIL = 1,
	SIGNET_SAN_DNS = 2,
	SIGNET_SAN_URI = 6,
	SIGNET_SAN_IP = 7
};
struct signet_key; /* a public key for verifying */

struct signet_token_rules {
	struct signet_str issuer; /* exact; n 0: not checked */
	const char *fragment;	  /* of the audience, e.g. "x5c/NAME"; NULL: none */
	bool need_subject;
	int64_t max_age; /* seconds, 0: the host's (one hour) */
};

struct signet_host {
	size_t size;
	/* logging: event and one detail; never a secret */
	void (*log)(enum signet_log_level level, const char *plugin, const char *event,
		    struct signet_str detail);
	/* errors: fills *e, returns -1 */
	int (*error)(struct signet_err *e, enum signet_err_code code, const char *fmt, ...)
		__attribute__((format(printf, 3, 4)));

	/* trees */
	enum signet_value_type (*value_type)(const struct signet_value *v);
	const struct signet_value *(*value_get)(const struct signet_value *object,
						const char *key); /* NULL when absent */
	const struct signet_value *(*value_at)(const struct signet_value *list, size_t i);
	size_t (*value_count)(const struct signet_value *list_or_object);
	bool (*value_string)(const struct signet_value *v, struct signet_str *out);
	bool (*value_int)(const struct signet_value *v, int64_t *out);
	bool (*value_bool)(const struct signet_value *v, bool *out);

	/* keys: from a public JWK; freed with key_free */
	struct signet_key *(*key_from_jwk)(const struct signet_value *jwk, struct signet_err *e);
	struct signet_str (*key_kid)(
		const struct signet_key *k); /* the JWK's, else its RFC 7638 thumbprint */
	void (*key_free)(struct signet_key *k);

	/* the authorization */
	enum signet_prov_method (*op_method)(const struct signet_prov_op *op);
	const struct signet_value *(*op_token_header)(
		const struct signet_prov_op *op); /* NULL when there is no token */
	const struct signet_value *(*op_token_claims)(
		const struct signet_prov_op
			*op); /* not yet verified until verify_token succeeded */
	int64_t (*op_now)(const struct signet_prov_op *op);
	struct signet_str (*op_csr_sha256)(
		const struct signet_prov_op
			*op); /* 32 bytes of the CSR's DER; n 0 when the request has none */

	/*
	 * Starts verifying the token's signature with the key on the cpu pool: 0 (return
	 * SIGNET_PROV_WAIT), or -1 with *e.
	 */
	int (*verify_token)(struct signet_prov_op *op, const struct signet_key *k,
			    struct signet_err *e);
	/* Result of the wait that just ended: 0 or -1 with *e. */
	int (*wait_result)(struct signet_prov_op *op, struct signet_err *e);
	/*
	 * exp, nbf, iat, aud (for the operation), iss, sub. After a successful verify_token only.
	 */
	int (*check_claims)(struct signet_prov_op *op, const struct signet_token_rules *rules,
			    struct signet_err *e);

	/* the grant */
	/*
	 * Single use: id is recorded under this provisioner in the reservation; n 0: SHA-256 of
	 * the token without
	 * its signature. Required for each token-based grant. */
	void (*grant_once)(struct signet_prov_op *op, struct signet_str id);
	void (*grant_subject)(struct signet_prov_op *op, struct signet_str common_name);
	/*
	 * An allowed name; text form for e-mail, DNS, URI and IP; type 0: the host guesses as
	 * `step` does. -1: no valid name.
	 */
	int (*grant_name)(struct signet_prov_op *op, int type, struct signet_str value,
			  struct signet_err *e);
	/*
	 * The CSR's names must be what was granted: CN one of subject and names or empty; each
	 * SAN type that the CSR has, equal as a set.
	 */
	void (*grant_match_csr)(struct signet_prov_op *op);
	void (*grant_not_after)(struct signet_prov_op *op, int64_t latest); /* never beyond */
	void (*grant_credential)(struct signet_prov_op *op,
				 struct signet_str id); /* credentialID of the extension */
	/*
	 * A top-level member of the template's data (`.Token` is set by the host to the verified
	 * claims).
	 */
	void (*grant_data)(struct signet_prov_op *op, const char *key,
			   const struct signet_value *v);
	/* For revoke: the serial (decimal) that may be revoked. */
	void (*grant_serial)(struct signet_prov_op *op, struct signet_str decimal);

	/* describe() */
	void (*out_string)(struct signet_value *object, const char *key, struct signet_str value);
	void (*out_value)(struct signet_value *object, const char *key,
			  const struct signet_value *v); /* copied */
};

#endif
