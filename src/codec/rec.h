/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CODEC_REC_H
#define SIGNET_CODEC_REC_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/*
 * rec.h - what is stored: msgpack records described by a table of fields.
 *
 * A record is a msgpack array [format, field, field ...] in the table's order. A newer format may
 * only append fields: a reader takes what it knows, gives absent ones their zero value, and
 * ignores what is beyond. A field is never removed or changed in type. One table per record type
 * stands beside its struct; encode and decode are driven by it.
 */
enum rec_type {
	REC_BYTES, /* struct str  : bin */
	REC_TEXT,  /* struct str  : str, UTF-8 */
	REC_I64,   /* int64_t */
	REC_U64,   /* uint64_t */
	REC_BOOL,  /* bool */
	REC_LIST   /* struct rec_list : array of str */
};
struct rec_list {
	const struct str *items;
	size_t n;
};
struct rec_field {
	const char *name; /* for messages and dumps */
	enum rec_type type;
	size_t offset;
};
struct rec_type_info {
	const char *name;
	unsigned format; /* 1.. */
	const struct rec_field *fields;
	size_t n_fields;
};
#define REC_FIELD(type, st, member)                                                                \
	{                                                                                          \
#member, (type), offsetof(st, member)                                              \
	}

/*
 * Text that is not UTF-8 is stored with U+FFFD for each bad byte; a list over the bound sets
 * out->failed.
 */
void rec_encode(const struct rec_type_info *t, const void *obj, struct buf *out);
/*
 * Fills the table's fields of *obj (each zeroed first); strings are copied into the arena.
 * Bounded: 1 MiB, lists of at most 10,000.
 * Anything damaged is ERR_INTERNAL. */
int rec_decode(const struct rec_type_info *t, struct str data, struct arena *a, void *obj,
	       struct err *e) NODISCARD;

#endif
