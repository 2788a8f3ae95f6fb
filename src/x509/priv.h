/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_X509_PRIV_H
#define SIGNET_X509_PRIV_H

#include "x509/x509.h"

/* Inside the folder only. */

#define X509_MAX_DER   65536U
#define X509_MAX_NAMES 1000U
#define X509_MAX_ITEMS 100U

/*
 * One GeneralName. With `base` it is the base of a name constraint: an address carries its mask,
 * host parts may be empty or begin with a dot. A view; nothing is allocated.
 */
int x509_general_name(struct str *in, bool base, struct san *out, struct err *e) NODISCARD;

/* Whole NameConstraints value: form and limits only. */
int x509_name_constraints_form(struct str value, struct err *e) NODISCARD;
/* As name_constraints_check; *budget is the number of comparisons left. */
int x509_name_constraints_apply(const struct cert *ca, const struct cert *leaf, size_t *budget,
				struct err *e) NODISCARD;

/* Is the extension one that a path check understands (so that it may be critical)? */
bool x509_ext_known(struct str oid);

/* What a certificate is called in messages: subject, else its first name, else its serial. */
const char *x509_who(const struct cert *c, char out[120]);

/* Text from a certificate for a terminal: what is not printable becomes \xx. */
void x509_put_safe(struct buf *out, struct str s);
/*
 * Length in bytes of what begins at s and may not be shown as it is (controls, bidirectional
 * overrides); 0 if harmless.
 */
size_t x509_unsafe_len(struct str s);
/* Name of an object identifier, else its dotted form. */
void x509_put_oid(struct buf *out, struct str oid);
/* Bytes as "ab:cd". */
void x509_put_colons(struct buf *out, struct str s);

/* Copies what a buffer holds into the arena and releases the buffer. */
struct str x509_take(struct arena *a, struct buf *b);

#endif
