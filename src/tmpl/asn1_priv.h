/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_TMPL_ASN1_PRIV_H
#define SIGNET_TMPL_ASN1_PRIV_H

#include "tmpl/asn1.h"
#include "tmpl/time_priv.h"

/* asn1_priv.h - the encoder behind asn1.h and funcs_asn1.c. */

/* encoding/asn1's field parameters. */
struct asn1_params {
	bool optional, is_explicit, application, private_class, set, omit_empty, has_default,
		has_tag;
	int64_t default_value;
	int64_t tag;
	unsigned string_tag; /* 0: not said */
	unsigned time_tag;
};
void asn1_params_read(struct str text, struct asn1_params *out); /* adds to what is there */

/* Universal tags that differ from DER_... by the constructed bit. */
enum { ASN1_SEQUENCE = 16, ASN1_SET = 17 };

/* What an encoding may use; `call` may be NULL (no bound but the depth). */
struct asn1_out {
	struct arena *arena;
	struct buf *out;
	struct buf *why;
	struct tmpl_call *call;
	bool limited; /* a bound was passed: the call has its error */
};
/* A value by its Go type. */
int asn1_marshal(struct asn1_out *o, struct tv v, const struct asn1_params *p, unsigned depth);
/* A body that is already encoded, with its header. */
int asn1_wrap(struct asn1_out *o, struct str body, unsigned tag, bool constructed,
	      const struct asn1_params *p);
/* strconv.ParseInt(s, 10, 64): NULL, or "invalid syntax", "value out of range". */
const char *asn1_read_int(struct str s, int64_t *out);

#endif
