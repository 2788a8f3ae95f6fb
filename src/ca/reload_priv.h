/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CA_RELOAD_PRIV_H
#define SIGNET_CA_RELOAD_PRIV_H

#include "ca/ca.h"

/*
 * reload_edit.c: one file of provisioners.d is written or removed as part of a reload. Slow: for
 * the reload's job.
 */
struct reload_edit_in {
	enum reload_edit kind;
	char *name, *actor;
	json_t *object;
};
struct reload_edit_plan {
	struct arena *arena;
	enum reload_edit kind;
	const char *path; /* NULL: nothing is edited */
	struct buf text;
	unsigned mode;
	struct prov_overlay overlay; /* how the folder will be */
};
/*
 * Which file and what will be in it. ERR_CONFLICT: there already; ERR_NOT_FOUND: no such
 * provisioner; ERR_INVALID. Writes nothing. `out` is zeroed but for the arena; buf_release(&text).
 */
int reload_edit_plan(const struct conf *c, const struct reload_edit_in *in,
		     struct reload_edit_plan *out, struct err *e) NODISCARD;
/* On stable storage when it returns; on an error the folder is as it was. */
int reload_edit_write(const struct reload_edit_plan *p, struct err *e) NODISCARD;
/* The file that a new provisioner of this name gets, without its folder. Arena. */
const char *reload_edit_file_name(struct arena *a, struct str name);

#endif
