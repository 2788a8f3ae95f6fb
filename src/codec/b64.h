/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CODEC_B64_H
#define SIGNET_CODEC_B64_H

#include "base/buf.h"
#include "base/err.h"

/*
 * Base64 (RFC 4648). Decoding is strict: no white space, no foreign characters, the unused bits of
 * the last character zero, padding exactly as the kind demands. Appends to out.
 */
enum b64_kind {
	B64_STD, /* +/ with padding */
	B64_URL	 /* -_ without padding (JOSE) */
};
void b64_encode(enum b64_kind kind, struct str in, struct buf *out);
int b64_decode(enum b64_kind kind, struct str in, struct buf *out, struct err *e) NODISCARD;

/* Lower-case hexadecimal; decoding takes both cases, an even number of digits, nothing else. */
void hex_encode(struct str in, struct buf *out);
int hex_decode(struct str in, struct buf *out, struct err *e) NODISCARD;

/* Well-formed UTF-8 (no overlong forms, no surrogates, at most U+10FFFF). NUL is well-formed. */
bool utf8_valid(struct str s);

#endif
