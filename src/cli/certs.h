/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CLI_CERTS_H
#define SIGNET_CLI_CERTS_H

#include "cli/cli.h"

/*
 * certs.h - certificates as the control socket describes them (control/control.h), for the
 * operator's commands (certs.c).
 */

/* Text of a member; empty when it is absent or something else. Borrowed. */
struct str json_text(const json_t *o, const char *key);
/* A member in RFC 3339 as seconds; false when it is none. */
bool json_time(const json_t *o, const char *key, int64_t *out);

/* "a=b" with the value escaped, after an '&' where something stands before. */
void query_add(struct buf *q, const char *key, struct str value);
/*
 * A page of certificates for the query's filters: at most `limit` (fewer where they would not fit
 * into an answer), from the cursor (empty: from the start). New reference.
 */
json_t *certs_page(struct cli *c, struct str query, unsigned limit, struct str cursor,
		   struct err *e) NODISCARD;
/* The cursor of the next page, empty after the last one; borrowed. */
struct str certs_next(const json_t *page);

enum table_colour cert_colour(struct str status);
/* How far away the end is, with a colour that warns in the last fifth of the lifetime. */
struct str cert_expiry(struct arena *a, const json_t *cert, int64_t now, enum table_colour *colour);
/* The common name, else the first of the other names, else "-". */
struct str cert_label(const json_t *cert);
/* All names, separated by blanks. */
struct str cert_names(struct arena *a, const json_t *cert);

/* Reasons for revoking: NULL when no number of one; -1 when no name ("key-compromise" is one). */
const char *reason_name(int64_t n);
int reason_number(const char *text);

/* 16 bytes as a UUID or 32 hex digits, a serial in decimal or hex: what `show` takes. */
struct cert_id {
	const char *serial;   /* decimal or 0x hex; NULL: it can only be an endpoint */
	const char *endpoint; /* UUID; NULL: it can only be a serial */
};
int cert_id_parse(struct cli *c, const char *text, struct cert_id *out, struct err *e) NODISCARD;

/*
 * Standard output flushed, and whether all of it was taken: -1 when the disk is full. A reader that
 * has gone (`| head`) is no failure: *gone. Comes directly after the writes, whose errno it reads.
 */
int output_done(bool *gone, struct err *e) NODISCARD;
/* The end of a command whose results were printed: its exit status. */
int output_end(struct cli *c);

#endif
