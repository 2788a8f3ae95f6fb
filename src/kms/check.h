/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_KMS_CHECK_H
#define SIGNET_KMS_CHECK_H

#include "crypto/key.h"

/*
 * check.h - what a CA key signs at all: a to-be-signed structure that names `issuer` (a whole Name,
 * compared by bytes) and `alg`. ERR_FORBIDDEN otherwise. Called by the worker, before the key is
 * touched; it trusts nothing that the daemon says.
 */
int kms_check_tbs(struct str tbs, struct str issuer, enum sig_alg alg, struct err *e) NODISCARD;

#endif
