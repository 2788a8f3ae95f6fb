/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CA_INDEX_H
#define SIGNET_CA_INDEX_H

#include "ca/ca.h"

/*
 * index.h - the rows that belong together. Each function adds to a batch; a certificate and
 * everything that finds it change in one commit.
 */

/*
 * The certificate's record and its rows in cert_by_expiry, cert_by_name and cert_by_endpoint. Again
 * with revoked_at set, when it is revoked.
 */
void index_add_cert(struct store_batch *b, struct arena *a, const struct rec_cert *rec,
		    const struct cert *c);
/* What a list shows of it; borrows from rec. */
struct rec_listing index_listing(const struct rec_cert *rec);
/* An audit entry at the present time. `serial` is decimal text or empty. */
void index_add_audit(struct store_batch *b, struct rec_audit *entry);
/* A serial that is to be treated as revoked. */
void index_add_revoked(struct store_batch *b, struct str serial_key, const struct rec_revoked *rec);
/* Encodes any record and puts it blindly. */
void index_put(struct store_batch *b, enum cf cf, struct str key, const struct rec_type_info *t,
	       const void *obj);

/*
 * Subject CN and every SAN as text, lower-cased for names, without repetition; at most n SANs + 1
 * items, in the arena.
 */
struct rec_list index_names(struct arena *a, const struct cert *c);
struct str index_serial_text(struct arena *a, struct str serial); /* decimal */

#endif
