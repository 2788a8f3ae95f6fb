/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_TMPL_ASN1_H
#define SIGNET_TMPL_ASN1_H

#include "tmpl/value.h"

/*
 * asn1.h - values as DER, as Go's encoding/asn1 and smallstep's asn1Enc make them. Also for the
 * names that a certificate's JSON describes in the same words.
 */

/*
 * base64.StdEncoding.DecodeString: line breaks anywhere are skipped, unused bits are not looked at,
 * padding is needed. Appends. -1: *bad is the offset that Go blames
 * ("illegal base64 data at input byte N").
 */
int b64_go_decode(struct str in, struct buf *out, size_t *bad) NODISCARD;

/*
 * `value` in the type that `params` name ("utf8", "int", "oid,tag:1" ...; the default is
 * printable): x509util's marshalValue. With `is_explicit`, inside [0] (or the tag of params), which
 * "raw" leaves out. Appends DER. -1: `why` has Go's text. `a` is scratch.
 */
int asn1_text_value(struct str value, struct str params, bool is_explicit, struct arena *a,
		    struct buf *out, struct buf *why) NODISCARD;

#endif
