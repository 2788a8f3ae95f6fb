/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CA_BACKUP_PRIV_H
#define SIGNET_CA_BACKUP_PRIV_H

#include "ca/ca.h"

/* Of backup.c (the flow) and backup_copy.c (what its jobs do). */

struct backup_place {
	char *dir;     /* what will be */
	char *partial; /* what is filled meanwhile, beside it; NULL: nothing is there yet */
	char *store;   /* where the store's copy is made: partial/db, or beside the store */
	bool staged;   /* the latter: it must be carried over */
	int64_t made;  /* all that was answered before is in it */
};
void backup_place_release(struct backup_place *p);
/*
 * Looks whether the backup may be made, makes `partial` and says where the store's copy goes.
 * Nothing is there after an error.
 */
int backup_prepare(const struct conf *c, const char *dir, struct backup_place *out,
		   struct err *e) NODISCARD;
/* Fills `partial` around the store's copy and gives it its name. */
int backup_finish(const struct conf *c, bool with_keys, struct backup_place *p,
		  struct err *e) NODISCARD;
/* Removes what is left of one that failed, and what only helped. */
void backup_clean(struct backup_place *p);

/* What a killed process has left beside the store. At the start. */
void backup_clean_stale(const struct conf *c);

#endif
