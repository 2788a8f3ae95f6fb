/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_HTTP_SYNTAX_H
#define SIGNET_HTTP_SYNTAX_H

#include "base/str.h"

/* Character classes of RFC 9110 5.6 and RFC 3986, private to this folder. */

/* tchar: what a method, a header's name and a coding's name are made of. */
bool http_is_tchar(unsigned char c);
bool http_is_token(struct str s); /* one or more of them */
/* What may stand inside a field value: VCHAR, SP, HTAB, obs-text. */
bool http_is_field_char(unsigned char c);
/* pchar of a path, '%' included (escapes are judged by http_path_split). */
bool http_is_path_char(unsigned char c);
/* Value of a hexadecimal digit, -1 when it is none. */
int http_hex_value(unsigned char c);

#endif
