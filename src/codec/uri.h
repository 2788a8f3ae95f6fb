/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CODEC_URI_H
#define SIGNET_CODEC_URI_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/*
 * URIs (RFC 3986). Components are views into the input, still percent-encoded; `host` is without
 * brackets. What the grammar does not allow is refused: control characters, space, bytes over
 * 0x7f, a bad escape. A relative reference is taken too; its scheme is empty.
 */
struct uri {
	struct str scheme, userinfo, host, path, query, fragment;
	bool has_authority, has_port, has_query, has_fragment, host_is_ipv6;
	uint16_t port;
};
int uri_parse(struct str s, struct uri *out, struct err *e) NODISCARD;
/* Decodes %XX into the arena; refuses a bad escape and NUL. '+' stays. */
int uri_unescape(struct str s, struct arena *a, struct str *out, struct err *e) NODISCARD;
/* Percent-encodes everything but RFC 3986 unreserved. Appends. */
void uri_escape(struct str s, struct buf *out);
/*
 * Value of `key` in a query "a=1&b=2", unescaped into the arena ('+' is a space). false when
 * absent or malformed.
 */
bool uri_query(struct str query, const char *key, struct arena *a, struct str *out);
/*
 * Textual addresses: 4 or 16 bytes to out, the length returned, 0 when s is no IPv4 or IPv6
 * literal (no zone, no brackets).
 */
size_t ip_parse(struct str s, unsigned char out[16]);
/* Canonical text (RFC 5952); out holds 46 bytes. n is 4 or 16. */
const char *ip_format(const unsigned char *p, size_t n, char out[46]);

#endif
