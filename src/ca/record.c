/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ca/ca.h"

/*
 * record.c - what the CA stores, as tables of fields (codec/rec.h).
 *
 * A field may only be appended at the end of its table; the struct beside it is in ca.h. The keys
 * of every column family are documented where they are built: ca/index.c.
 */

static const struct rec_field cert_fields[] = {
	REC_FIELD(REC_BYTES, struct rec_cert, der),
	REC_FIELD(REC_TEXT, struct rec_cert, authority),
	REC_FIELD(REC_TEXT, struct rec_cert, provisioner),
	REC_FIELD(REC_TEXT, struct rec_cert, provisioner_type),
	REC_FIELD(REC_BYTES, struct rec_cert, endpoint),
	REC_FIELD(REC_TEXT, struct rec_cert, key_id),
	REC_FIELD(REC_TEXT, struct rec_cert, common_name),
	REC_FIELD(REC_LIST, struct rec_cert, names),
	REC_FIELD(REC_I64, struct rec_cert, not_before),
	REC_FIELD(REC_I64, struct rec_cert, not_after),
	REC_FIELD(REC_I64, struct rec_cert, issued),
	REC_FIELD(REC_BYTES, struct rec_cert, renewed_from),
	REC_FIELD(REC_TEXT, struct rec_cert, request_id),
	REC_FIELD(REC_I64, struct rec_cert, revoked_at),
	REC_FIELD(REC_I64, struct rec_cert, revoked_reason),
	REC_FIELD(REC_TEXT, struct rec_cert, kind),
	REC_FIELD(REC_TEXT, struct rec_cert, provisioner_id),
};
const struct rec_type_info rec_cert_info = {"certificate", 1, cert_fields, ARRAY_LEN(cert_fields)};

static const struct rec_field listing_fields[] = {
	REC_FIELD(REC_TEXT, struct rec_listing, common_name),
	REC_FIELD(REC_TEXT, struct rec_listing, authority),
	REC_FIELD(REC_TEXT, struct rec_listing, provisioner),
	REC_FIELD(REC_BYTES, struct rec_listing, endpoint),
	REC_FIELD(REC_LIST, struct rec_listing, names),
	REC_FIELD(REC_I64, struct rec_listing, not_before),
	REC_FIELD(REC_I64, struct rec_listing, not_after),
	REC_FIELD(REC_I64, struct rec_listing, revoked_at),
	REC_FIELD(REC_I64, struct rec_listing, revoked_reason),
	REC_FIELD(REC_TEXT, struct rec_listing, kind),
	REC_FIELD(REC_TEXT, struct rec_listing, before),
};
const struct rec_type_info rec_listing_info = {"listing", 1, listing_fields,
					       ARRAY_LEN(listing_fields)};

static const struct rec_field blocked_key_fields[] = {
	REC_FIELD(REC_I64, struct rec_blocked_key, at),
	REC_FIELD(REC_BYTES, struct rec_blocked_key, serial),
};
const struct rec_type_info rec_blocked_key_info = {"blocked key", 1, blocked_key_fields,
						   ARRAY_LEN(blocked_key_fields)};

static const struct rec_field reservation_fields[] = {
	REC_FIELD(REC_BYTES, struct rec_reservation, tbs),
	REC_FIELD(REC_TEXT, struct rec_reservation, key_id),
	REC_FIELD(REC_TEXT, struct rec_reservation, authority),
	REC_FIELD(REC_TEXT, struct rec_reservation, provisioner),
	REC_FIELD(REC_I64, struct rec_reservation, made),
	REC_FIELD(REC_BYTES, struct rec_reservation, once),
	REC_FIELD(REC_BYTES, struct rec_reservation, endpoint),
	REC_FIELD(REC_BYTES, struct rec_reservation, renewed_from),
	REC_FIELD(REC_U64, struct rec_reservation, state),
	REC_FIELD(REC_TEXT, struct rec_reservation, why),
	REC_FIELD(REC_I64, struct rec_reservation, not_after),
};
const struct rec_type_info rec_reservation_info = {"reservation", 1, reservation_fields,
						   ARRAY_LEN(reservation_fields)};

static const struct rec_field once_fields[] = {
	REC_FIELD(REC_I64, struct rec_once, expiry),
	REC_FIELD(REC_BYTES, struct rec_once, serial),
};
const struct rec_type_info rec_once_info = {"once", 1, once_fields, ARRAY_LEN(once_fields)};

static const struct rec_field endpoint_fields[] = {
	REC_FIELD(REC_TEXT, struct rec_endpoint, kind),
	REC_FIELD(REC_TEXT, struct rec_endpoint, authority),
	REC_FIELD(REC_TEXT, struct rec_endpoint, provisioner),
	REC_FIELD(REC_TEXT, struct rec_endpoint, common_name),
	REC_FIELD(REC_I64, struct rec_endpoint, created),
};
const struct rec_type_info rec_endpoint_info = {"endpoint", 1, endpoint_fields,
						ARRAY_LEN(endpoint_fields)};

static const struct rec_field revoked_fields[] = {
	REC_FIELD(REC_I64, struct rec_revoked, at),
	REC_FIELD(REC_I64, struct rec_revoked, reason),
	REC_FIELD(REC_TEXT, struct rec_revoked, text),
	REC_FIELD(REC_TEXT, struct rec_revoked, by),
	REC_FIELD(REC_I64, struct rec_revoked, not_after),
};
const struct rec_type_info rec_revoked_info = {"revoked", 1, revoked_fields,
					       ARRAY_LEN(revoked_fields)};

static const struct rec_field audit_fields[] = {
	REC_FIELD(REC_TEXT, struct rec_audit, event),
	REC_FIELD(REC_TEXT, struct rec_audit, actor),
	REC_FIELD(REC_TEXT, struct rec_audit, serial),
	REC_FIELD(REC_TEXT, struct rec_audit, detail),
	REC_FIELD(REC_TEXT, struct rec_audit, request_id),
	REC_FIELD(REC_I64, struct rec_audit, at),
};
const struct rec_type_info rec_audit_info = {"audit", 1, audit_fields, ARRAY_LEN(audit_fields)};
