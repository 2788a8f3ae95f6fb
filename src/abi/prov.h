/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_ABI_PROV_H
#define SIGNET_ABI_PROV_H

/*
 * authorize, cancel and token_id run on the loop thread: they may not block, and are timed; what
 * takes long is a wait started through the host. create, destroy and describe run at start-up and
 * on reload, off the loop.
 */

#include "types.h"

struct signet_host;
struct signet_prov_op; /* one authorization in progress; opaque, read and filled through the host */

enum signet_prov_method {
	SIGNET_SIGN = 1, /* a new X.509 certificate by token */
	SIGNET_RENEW = 2,
	SIGNET_REVOKE = 3,
	SIGNET_SSH_SIGN = 4,
	SIGNET_SSH_RENEW = 5,
	SIGNET_SSH_REKEY = 6,
	SIGNET_SSH_REVOKE = 7
};

enum signet_prov_rc {
	SIGNET_PROV_GRANT = 0, /* authorised; the grant was filled through host->grant_* */
	SIGNET_PROV_WAIT =
		/*
		 * one wait was started through the host: call again with the same scratch when it
		 * is over
		 */
	1,
	SIGNET_PROV_DENY = 2 /* *e says why (UNAUTHORIZED, FORBIDDEN, INVALID, UNAVAILABLE ...) */
};

struct signet_prov_config {
	const char *name; /* the provisioner's */
	const char *authority;
	const struct signet_value *
		/*
		 * object: the plugin's own keys, defaults filled in; lives as long as the
		 * instance
		 */
		value;
};

struct signet_prov_driver {
	size_t size;	     /* sizeof(struct signet_prov_driver) */
	size_t scratch_size; /* zeroed memory for each authorization */
	/*
	 * Provisioner type number of the certificate extension 1.3.6.1.4.1.37476.9000.64.1 (1 JWK
	 * ...; 0: not written).
	 */
	int64_t step_type;
	/*
	 * Makes an instance, const from then on and shared by all authorizations. 0, or -1 with
	 * *e.
	 */
	int (*create)(const struct signet_host *host, const struct signet_prov_config *c,
		      void **instance, struct signet_err *e);
	void (*destroy)(const struct signet_host *host, void *instance);
	/*
	 * The instance's token id by which /sign finds it ("name:kid" for JWK), or a fragment
	 * "x5c/NAME"; into out (256 bytes),
	 * 0. May be NULL: never found by token.
	 */
	int (*token_id)(const void *instance, char out[256]);
	/*
	 * Decides. Called first with zeroed scratch, and again after each wait. Must verify the
	 * token's signature before it asks for anything else to happen; the token's id is burned
	 * by the host in the reservation, not here.
	 */
	enum signet_prov_rc (*authorize)(const void *instance, const struct signet_host *host,
					 struct signet_prov_op *op, void *scratch,
					 struct signet_err *e);
	/*
	 * The authorization ends before a GRANT or DENY (client left, deadline). The host has
	 * cancelled its wait. May be NULL.
	 */
	void (*cancel)(const void *instance, const struct signet_host *host,
		       struct signet_prov_op *op, void *scratch);
	/*
	 * Members for GET /provisioners beside type, name, claims, options: called with a new
	 * object of the host's (host->out_*). May be NULL. Never a secret.
	 */
	void (*describe)(const void *instance, const struct signet_host *host,
			 struct signet_value *out);
};

#endif
