/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CA_CHECK_H
#define SIGNET_CA_CHECK_H

#include "crypto/key.h"
#include "loop/flow.h"
#include "x509/x509.h"

/*
 * check.h - public-key work of the CA as jobs on the cpu pool: the signature that a key back-end
 * gave back, and a CSR's proof of possession.
 */

/*
 * Handles of one public key. A key is used by one thread at a time, and building one for each
 * check would lose what
 * verifying has learned; so a job borrows a handle and the loop takes it back. Loop thread. */
struct verify_handles;
struct verify_handles *verify_handles_new(const struct cert *c, struct err *e) NODISCARD;
void verify_handles_free(
	struct verify_handles *v); /* those that are lent are freed when they come back */

/*
 * Waits until sig over tbs was verified with a handle of v; the wait's error is ERR_INTERNAL when
 * it is wrong. Copies its input.
 */
int check_signature(struct wait *w, struct flow *f, struct pool *cpu, struct verify_handles *v,
		    enum sig_alg alg, struct str tbs, struct str sig, struct err *e) NODISCARD;

/*
 * Verifies a CSR's own signature: *key is the subject's key afterwards (released by the arena),
 * NULL on error.
 * `csr_der` is copied; `a` and `key` must live until the wait ended. */
int check_csr(struct wait *w, struct flow *f, struct pool *cpu, struct str csr_der, struct arena *a,
	      struct key **key, struct err *e) NODISCARD;

#endif
