/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CONF_PRIV_H
#define SIGNET_CONF_PRIV_H

#include "conf/conf.h"

#include <stdarg.h>

/* Of this folder alone. */

#define CONF_NOT_YET "not supported by this version"

/* Where a value stands: printed as "authorities[1].key". */
struct conf_at {
	const struct conf_at *up;
	const char *name;
	size_t index; /* CONF_AT_KEY, or the place in the list `name` */
};
#define CONF_AT_KEY SIZE_MAX

struct filler {
	const struct yaml_doc *d;
	const char *dir; /* relative paths start here; NULL: they stay as they are */
	struct arena *a;
	struct err *e;
};

/* "file:line: path: text". -1. */
int conf_bad(const struct filler *f, const struct conf_at *at, unsigned line, const char *fmt, ...)
	PRINTF(4, 5);

int conf_fill_object(const struct filler *f, const struct conf_table *t, const struct conf_at *up,
		     const json_t *o, void *out) NODISCARD;

/* null, ~ or nothing at all */
bool conf_is_null(const struct yaml_doc *d, const json_t *v);
/*
 * Reads the scalar types (up to CONF_ENUM, and CONF_PATH) from text; false: `why` got a sentence
 * with what is allowed.
 */
bool conf_scalar(const struct filler *f, const struct conf_key *k, const char *text, void *slot,
		 struct buf *why);
bool conf_bool(const char *text, bool *out);
/* rel against dir, in the arena. */
const char *conf_path(struct arena *a, const char *dir, const char *rel);
/* The known name nearest to `name`, NULL when none is near. */
struct conf_near {
	const char *name;
	const char *best;
	size_t distance;
};
void conf_near_offer(struct conf_near *n, const char *known);
/* "unknown key" with the nearest name. -1. */
int conf_bad_unknown(const struct filler *f, const struct conf_at *at, unsigned line,
		     const struct conf_near *n);

/* Text of a choice as a person writes it, NULL when it cannot be written. */
const char *conf_choice(const char *choice);

/* Hangs a reference on the arena. */
void conf_own_json(struct arena *a, json_t *v);

extern const struct conf_table conf_table_claims;

/* Cross-field checks of signetd.yaml. */
int conf_check(const struct conf *c, struct err *e) NODISCARD;

#endif
