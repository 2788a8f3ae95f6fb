/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CA_RESTORED_H
#define SIGNET_CA_RESTORED_H

#include "store/store.h"

/*
 * When the store was last made from a backup: the row meta/restored, seconds in decimal. Tokens
 * that were issued before it may have been used after the backup, and nothing knows of it any
 * more.
 *
 * Both turn the loop until they are done: for start-up and `signetd --restore`.
 */
int restored_read(struct loop *l, struct store *s, int64_t *when /* 0: never */,
		  struct err *e) NODISCARD;
/* With an audit entry. */
int restored_write(struct loop *l, struct store *s, int64_t when, struct err *e) NODISCARD;

#endif
