/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_TMPL_URL_H
#define SIGNET_TMPL_URL_H

#include "base/arena.h"
#include "base/buf.h"

/*
 * url.h - URLs as Go's net/url reads and writes them; codec/uri.h is strict RFC 3986 instead.
 * Texts are in the arena, decoded unless their name says raw.
 */
struct tmpl_url {
	struct str scheme; /* lower case */
	struct str opaque; /* "mailto:x": what follows the colon */
	struct str user, password, host, path, raw_path, raw_query, fragment, raw_fragment;
	bool has_user, has_password, force_query, omit_host;
};
/* url.Parse. -1: `why` has Go's text, `parse "...": ...`. */
int tmpl_url_parse(struct str s, struct arena *a, struct tmpl_url *out, struct buf *why) NODISCARD;
/* URL.String, URL.Hostname, Userinfo.String. */
void tmpl_url_string(const struct tmpl_url *u, struct buf *out);
struct str tmpl_url_hostname(const struct tmpl_url *u);
void tmpl_url_userinfo(const struct tmpl_url *u, struct buf *out);

#endif
