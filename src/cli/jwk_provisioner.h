/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CLI_JWK_PROVISIONER_H
#define SIGNET_CLI_JWK_PROVISIONER_H

#include "cli/cli.h"

/* What a JWK provisioner's file holds of its key pair (jwk_provisioner.c). */
struct jwk_pair {
	json_t *key;	      /* public JWK, kid is the thumbprint */
	struct buf encrypted; /* the private JWK as a JWE, compact */
};
/* From k's private key, encrypted under the password. Slow: a derivation. */
int jwk_pair_make(const struct key *k, const struct secret *password, struct jwk_pair *out,
		  struct err *e) NODISCARD;
void jwk_pair_release(struct jwk_pair *p);

#endif
