/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CODEC_PEM_H
#define SIGNET_CODEC_PEM_H

#include "base/buf.h"
#include "base/err.h"

/*
 * PEM (RFC 7468, strict on boundaries and base64, lax on text between blocks, CRLF taken).
 * pem_next finds the next block in *rest and moves *rest behind it: 1 found, 0 no further block,
 * -1 malformed.
 * `headers` are RFC 1421 lines ("Proc-Type", "DEK-Info") verbatim, or empty. The DER goes to a
 * fresh `der`.
 */
struct pem_block {
	struct str label;   /* borrowed from the input: "CERTIFICATE" */
	struct str headers; /* borrowed */
	struct buf der;	    /* owned: pem_block_release */
};
int pem_next(struct str *rest, struct pem_block *out, struct err *e) NODISCARD;
void pem_block_release(struct pem_block *b); /* wipes */

/* Appends a block, 64 columns, ending in a newline. */
void pem_write(struct buf *out, const char *label, struct str der);

#endif
