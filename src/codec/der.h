/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CODEC_DER_H
#define SIGNET_CODEC_DER_H

#include "base/buf.h"
#include "base/err.h"

/*
 * der.h - a DER reader and builder (X.690), in the manner of a byte-string cursor.
 *
 * The reader moves a `struct str` cursor forward and returns views into it; it accepts DER only:
 * definite, minimal lengths, low tag numbers (0-30), nothing deeper than what the caller descends
 * into by hand. Every getter returns false on anything else and leaves the cursor where it was;
 * the caller knows what it was reading and says so.
 */
enum {
	DER_BOOLEAN = 0x01,
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_NULL = 0x05,
	DER_OID = 0x06,
	DER_ENUMERATED = 0x0a,
	DER_UTF8_STRING = 0x0c,
	DER_NUMERIC_STRING = 0x12,
	DER_PRINTABLE_STRING = 0x13,
	DER_T61_STRING = 0x14,
	DER_IA5_STRING = 0x16,
	DER_UTC_TIME = 0x17,
	DER_GENERALIZED_TIME = 0x18,
	DER_VISIBLE_STRING = 0x1a,
	DER_UNIVERSAL_STRING = 0x1c,
	DER_BMP_STRING = 0x1e,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31
};
#define DER_CTX(n)	(0x80U | (n)) /* primitive context tag [n] IMPLICIT */
#define DER_CTX_CONS(n) (0xa0U | (n)) /* constructed context tag [n] */

/* Any element: tag, its contents, and (optional) the whole element with its header. */
bool der_get_any(struct str *in, unsigned *tag, struct str *contents, struct str *element);
bool der_get(struct str *in, unsigned tag, struct str *contents); /* element of exactly this tag */
bool der_get_element(struct str *in, unsigned tag,
		     struct str *element);  /* the same, header included */
bool der_peek(struct str in, unsigned tag); /* is the next element's tag this one */
bool der_get_optional(struct str *in, unsigned tag, bool *present, struct str *contents);
bool der_get_bool(struct str *in, bool *out); /* 0x00 or 0xff */
bool der_get_integer(
	struct str *in,
	struct str *magnitude); /* non-negative, minimal; leading 0 removed; 0 is one zero byte */
bool der_get_uint(struct str *in, uint64_t *out);
bool der_get_bit_string(struct str *in, struct str *bits); /* no unused bits: keys and signatures */
/* Bit 0, the most significant of the first byte, is 1U << 0; DER form: no trailing zero bits. */
bool der_get_named_bits(struct str *in, uint32_t *bits);
bool der_get_oid(struct str *in, struct str *oid); /* contents, checked for well-formed arcs */
bool der_get_null(struct str *in);
bool der_get_time(struct str *in,
		  int64_t *out); /* UTCTime or GeneralizedTime, RFC 5280 4.1.2.5 forms only */
/*
 * A string type of RFC 5280's DirectoryString or IA5String -> UTF-8 appended to out; false on bad
 * contents or a NUL character.
 */
bool der_get_text(struct str *in, unsigned *tag, struct buf *out);

/*
 * The builder writes into a struct buf. der_begin writes a tag and remembers where; der_end closes
 * the innermost with the shortest length. Errors are sticky in buf->failed.
 */
struct der_mark {
	size_t at;
};
struct der_mark der_begin(struct buf *b, unsigned tag);
void der_end(struct buf *b, struct der_mark m);
void der_put(struct buf *b, unsigned tag, struct str contents);
void der_put_bool(struct buf *b, bool v);
void der_put_uint(struct buf *b, uint64_t v);
void der_put_integer(struct buf *b,
		     struct str magnitude); /* big-endian, unsigned; minimal form is made here */
void der_put_bit_string(struct buf *b, struct str bits);
void der_put_named_bits(struct buf *b, uint32_t bits);
void der_put_oid(struct buf *b, struct str oid); /* contents */
void der_put_null(struct buf *b);
void der_put_time(struct buf *b,
		  int64_t t); /* UTCTime to 2049, GeneralizedTime from 2050 (RFC 5280 4.1.2.5) */

#endif
