/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CODEC_UUID_H
#define SIGNET_CODEC_UUID_H

#include "base/str.h"

/*
 * 16 bytes as people see them: the UUID form (RFC 9562 4). The version bits mean nothing here. Also
 * read: 32 hexadecimal digits without dashes, and upper case. -1: neither, `out` is unchanged.
 */
int uuid_parse(struct str text, unsigned char out[16]) NODISCARD;
/* Lower case, 36 characters and NUL. */
void uuid_format(const unsigned char id[16], char out[37]);

#endif
