/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_KMS_KMS_H
#define SIGNET_KMS_KMS_H

#include "crypto/key.h"
#include "loop/flow.h"

/*
 * kms.h - CA keys by URI, and signing with them.
 *
 * One pool of workers per key back-end. A job carries one flat message (kms/msg.h: TBS,
 * algorithm, expected issuer) and brings one flat message back, so that the pool can live in
 * another process without a change here. The worker opens the key once and keeps its own handle;
 * it refuses a TBS whose issuer is not the CA it was opened for. A breaker opens after 5 failures
 * in a row and lets one try through every 5 s; while it is open, or the queue is full, kms_slot
 * says ERR_UNAVAILABLE - before anything was reserved.
 */
struct kms_key;
struct kms_key_config {
	const char *uri; /* "file:PATH?passwordFile=PATH", a bare path; relative to dir */
	const char *dir;
	struct str
		cert_der; /* the CA certificate: public key compared at open, issuer name pinned */
	const char *name; /* authority, for logs */
	unsigned workers; /* 0: one per processor */
	unsigned bound;	  /* queued signatures, 256 */
};
/*
 * Starts opening on the pool's first worker (a derivation may take a second). State goes OPENING
 * -> READY or FAILED.
 */
struct kms_key *kms_key_new(struct loop *l, const struct kms_key_config *c,
			    struct err *e) NODISCARD;
void kms_key_free(struct kms_key *k);
enum kms_state { KMS_OPENING, KMS_READY, KMS_FAILED };
enum kms_state kms_key_state(const struct kms_key *k, struct err *why /* may be NULL */);
enum sig_alg
kms_key_alg(const struct kms_key
		    *k); /* the algorithm that this key signs with, known from the certificate */
const char *
kms_key_id(const struct kms_key *k); /* stable: hex SHA-256 of the SPKI, first 16 bytes */

/*
 * A place in the queue. Taken before the reservation; given back by kms_sign's end or
 * kms_slot_release.
 */
struct kms_slot {
	struct kms_key *key; /* NULL: none held */
};
int kms_slot_take(struct kms_key *k, struct kms_slot *s, struct err *e) NODISCARD;
void kms_slot_release(struct kms_slot *s);

struct kms_sign {
	struct wait wait;
	struct arena *arena; /* by the caller: where the signature is copied */
	struct str signature;
	void *link; /* private */
};
/*
 * Signs tbs (a to-be-signed certificate, CRL or OCSP part) with the slot. A signature that comes
 * after the deadline is dropped and counted.
 */
void kms_sign(struct kms_slot *slot, struct str tbs, struct kms_sign *s, struct flow *f,
	      uint64_t deadline_ms);
struct kms_stats {
	unsigned queued, running;
	uint64_t signatures, failures, late;
	bool breaker_open;
};
void kms_stats(const struct kms_key *k, struct kms_stats *out);

/* ---- key URIs, for the daemon and the command ---- */
struct key_uri {
	const char *scheme;	   /* "file" */
	const char *path;	   /* absolute after join with dir */
	const char *password_file; /* absolute, or NULL */
};
int key_uri_parse(const char *uri, const char *dir, struct arena *a, struct key_uri *out,
		  struct err *e) NODISCARD;
/*
 * softkms: reads the file (and the password file; $CREDENTIALS_DIRECTORY/NAME for a relative name
 * that is not beside the configuration). Slow.
 */
struct key *softkms_load(const struct key_uri *u,
			 const struct secret *password /* NULL: from password_file */,
			 struct err *e) NODISCARD;

#endif
