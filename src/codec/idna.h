/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CODEC_IDNA_H
#define SIGNET_CODEC_IDNA_H

#include "base/arena.h"
#include "base/err.h"

/*
 * IDNA 2008 lookup form of a DNS name (libidn2, non-transitional): lower-case A-labels into the
 * arena.
 */
int idna_to_ascii(struct str name, struct arena *a, struct str *out, struct err *e) NODISCARD;
/*
 * LDH syntax of a DNS name in ASCII (RFC 1034 3.5, RFC 5890): labels 1-63 of letters, digits,
 * hyphen and
 * (as the field does) underscore, total 253, optional "*." first. No trailing dot. */
bool dns_name_valid(struct str name, bool allow_wildcard);

#endif
