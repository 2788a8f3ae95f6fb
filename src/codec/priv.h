/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CODEC_PRIV_H
#define SIGNET_CODEC_PRIV_H

#include "base/buf.h"

/* Of this folder alone. */

/* Length of the well-formed UTF-8 sequence at s (1..4), 0 when there is none; n > 0. */
size_t utf8_sequence(const unsigned char *s, size_t n);
/* Appends s, each byte that is not part of a well-formed sequence replaced by U+FFFD. */
void utf8_repair(struct str s, struct buf *out);

#endif
