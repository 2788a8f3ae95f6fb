/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_KMS_MSG_H
#define SIGNET_KMS_MSG_H

#include "base/buf.h"
#include "crypto/key.h"

/*
 * msg.h - what goes to a signing worker and what comes back: flat bytes, the same within the daemon
 * and, later, over a signer child's socket.
 *
 *     request: "SGKQ" version(1) type(1) alg(2) 3 x [ length(4) bytes ]     open: uri, dir,
 * certificate; sign: issuer, tbs, nothing answer:  "SGKA" version(1) code(1) zero(2)    [ length(4)
 * bytes ]     code 0: the signature; else a text
 *
 * Numbers are big-endian. Nothing may follow. Both directions are parsed as if a stranger had
 * written them; views point into the message.
 */
#define KMS_MSG_VERSION 1
#define KMS_TBS_MAX	(16U << 20) /* a large CRL */
#define KMS_FIELD_MAX	65536U	    /* anything else */
#define KMS_TEXT_MAX	390U

enum kms_msg_type { KMS_MSG_OPEN = 1, KMS_MSG_SIGN = 2 };

struct kms_request {
	enum kms_msg_type type;
	struct str uri, dir, cert; /* open; dir may be empty */
	enum sig_alg alg;	   /* sign */
	struct str issuer;	   /* whole Name */
	struct str tbs;
};
/* Sticky failure in out when a field is beyond its bound. */
void kms_request_write(const struct kms_request *r, struct buf *out);
int kms_request_parse(struct str msg, struct kms_request *out, struct err *e) NODISCARD;

struct kms_answer {
	enum err_code code;
	struct str body; /* signature, or text */
};
void kms_answer_ok(struct str signature, struct buf *out);
void kms_answer_error(const struct err *why, struct buf *out);
/* 0: *body is the signature (may be empty after open). -1: *e is the worker's error, or
 * ERR_INTERNAL when the message is malformed. */
int kms_answer_parse(struct str msg, struct str *body, struct err *e) NODISCARD;

#endif
