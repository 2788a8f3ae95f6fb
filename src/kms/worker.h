/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_KMS_WORKER_H
#define SIGNET_KMS_WORKER_H

#include "base/buf.h"
#include "crypto/key.h"

/*
 * worker.h - what runs on a key back-end's threads: a flat request goes in, a flat answer comes out
 * (kms/msg.h). Nothing here knows the loop, so a signer child can call the same two functions. May
 * block.
 */
struct kms_opened {	   /* immutable once open; shared by the threads */
	struct buf issuer; /* the CA's subject: the only issuer that is signed for */
	enum sig_alg alg;
};
/* Opens the key and compares it with the certificate. NULL: the answer says why. */
struct key *kms_worker_open(struct str request, struct kms_opened *out, struct buf *answer);
/* k is this thread's for the call. */
void kms_worker_sign(const struct kms_opened *o, struct key *k, struct str request,
		     struct buf *answer);

#endif
