/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CA_ISSUE_PRIV_H
#define SIGNET_CA_ISSUE_PRIV_H

#include "ca/ca.h"
#include "profile/profile.h"

/* Shared by issue.c (the flow) and issue_build.c (what will be signed, and of which endpoint). */

#define ENDPOINT_ID 16

struct issue_state {
	struct arena *arena;
	struct profile_fields fields;
	struct str tbs, serial; /* serial: magnitude */
	unsigned char serial_bytes[16];
	unsigned char key[SERIAL_KEY], old_key[SERIAL_KEY];
	unsigned char endpoint[ENDPOINT_ID];
	unsigned char spki[32], old_spki[32]; /* SHA-256 of the subject's key, and the old one's */
	int64_t not_before;
	struct kms_slot slot;
	struct kms_sign sign;
	struct store_get get;
	struct store_commit commit;
	struct wait check;
	/* index of the precondition in the batch committed last; -1 none */
	int once_at, revoked_at, blocked_at, old_blocked_at, endpoint_at;
	/* An endpoint named by token or request, its row is read; there was none: it is made. */
	bool named, named_by_token, creates_endpoint, rereading;
	bool reserved, undo, undo_sent;
};

/* The TBS into st->tbs, and st->spki. */
int issue_build_tbs(struct issue *i, struct err *e) NODISCARD;

/*
 * Which endpoint it will be. Sets st->endpoint, and st->named when its row must be looked at by
 * issue_join_endpoint() before anything else.
 */
void issue_choose_endpoint(struct issue *i);
/* st->get has a named endpoint's row, or found none. ERR_FORBIDDEN: not this grant's to join. */
int issue_join_endpoint(struct issue *i, struct err *e) NODISCARD;
/* Its value as a new endpoint's row. */
void issue_endpoint_row(const struct issue *i, struct str common_name, struct buf *out);

#endif
