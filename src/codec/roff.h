/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CODEC_ROFF_H
#define SIGNET_CODEC_ROFF_H

#include "base/buf.h"

/* roff.h - writing man(7) source: the manual pages are made from the tables of options. Appends. */

/*
 * Plain text with `code` in backquotes, empty lines between paragraphs, and a space before lines
 * that stay as they are. Filled lines are wrapped.
 */
void roff_text(struct buf *out, const char *text);
/* Options, names, file names: every hyphen is one that can be copied. */
void roff_name(struct buf *out, struct str s);
void roff_prose(struct buf *out, struct str s); /* within a line: hyphens may be typographic */
void roff_bold(struct buf *out, struct str s);	/* as roff_name */
void roff_italic(struct buf *out, struct str s);
/* One paragraph behind a label (.TP); `doc` gets a full stop. */
void roff_doc(struct buf *out, struct str doc);

#endif
