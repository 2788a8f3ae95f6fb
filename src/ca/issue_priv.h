/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CA_ISSUE_PRIV_H
#define SIGNET_CA_ISSUE_PRIV_H

#include "ca/ca.h"
#include "ca/inventory.h"
#include "ca/rules.h"

/*
 * Shared by issue.c (the flow), issue_build.c (what will be signed, and of which endpoint) and
 * issue_content.c (what the operator's rules make of it).
 */

#define ENDPOINT_ID 16

struct issue_state {
	struct arena *arena;
	const struct ca_rules *rules; /* NULL: the daemon's own leaf */
	struct content_input in;
	struct inventory_get record;
	struct webhook_run hooks;
	struct wait child;
	bool looked_up, asked; /* a record; webhooks: the wait that just ended was for them */
	struct profile_fields fields;
	struct cert made;	/* tbs, decoded */
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

/* Key and names of the request against the grant, before anybody else is asked. Sets st->spki. */
int issue_check_request(struct issue *i, struct err *e) NODISCARD;
/* The TBS into st->tbs. */
int issue_build_tbs(struct issue *i, struct err *e) NODISCARD;

/* ---- issue_content.c ---- */
/* Sets st->rules and st->in. The endpoint is chosen. */
void issue_prepare_content(struct issue *i);
/* Whether a record is looked up, and its key; an empty one when the template yields nothing. */
bool issue_wants_record(const struct issue *i);
int issue_record_key(struct issue *i, struct str *key, struct err *e) NODISCARD;
/* NULL: there is none. ERR_FORBIDDEN when one is required. */
int issue_record_found(struct issue *i, const json_t *record, struct err *e) NODISCARD;
/* Whether webhooks of a kind are asked; asks them: the flow waits for st->hooks. */
bool issue_wants_hooks(const struct issue *i, enum webhook_kind kind);
void issue_call_hooks(struct flow *f, struct issue *i, enum webhook_kind kind);
/* st->tbs is built: may it be signed? Sets st->made. */
int issue_check_content(struct issue *i, struct err *e) NODISCARD;

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
