/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CONTROL_CONTROL_H
#define SIGNET_CONTROL_CONTROL_H

#include "ca/ca.h"
#include "http/server.h"

/*
 * control.h - the operator's face: HTTP over a UNIX socket (DESIGN 11). Who is at the other end is
 * known by SO_PEERCRED: root and the daemon's own user may do everything, members of the configured
 * group may read (GET), everybody else is answered 403. There are no tokens.
 *
 *   GET    /control/v1/status
 *   GET    /control/v1/certificates?name=&provisioner=&authority=&status=&endpoint=
 *                                  &expiresWithin=&self=&pem=&limit=&cursor=
 *   GET    /control/v1/certificates/{serial}     decimal or 0x hex
 *   GET    /control/v1/endpoints/{id}
 *   POST   /control/v1/revoke                    {"serial","reasonCode","reason"}
 *                                             or {"endpoint","reasonCode","reason"}
 *   POST   /control/v1/reload
 *   POST   /control/v1/backup                    {"dir","withKeys"}
 *   GET    /control/v1/provisioners              without secrets
 *   POST   /control/v1/provisioners              the object as in its YAML file
 *   DELETE /control/v1/provisioners/{name}
 *
 *   GET    /control/v1/inventories
 *   PUT    /control/v1/inventories/{list}              {"kind","foldCase"}: makes it
 *   GET    /control/v1/inventories/{list}?prefix=&limit=&cursor=
 *   DELETE /control/v1/inventories/{list}
 *   GET    /control/v1/inventories/{list}/{key}
 *   PUT    /control/v1/inventories/{list}/{key}?ifVersion=   {"attributes":{}}
 *   DELETE /control/v1/inventories/{list}/{key}?ifVersion=
 *   POST   /control/v1/inventories/{list}/import             {"mode":"replace|merge"}
 *   POST   /control/v1/inventories/{list}/import/{id}        lines, 1 MiB at most
 *   POST   /control/v1/inventories/{list}/import/{id}/commit {"records":N}
 *   DELETE /control/v1/inventories/{list}/import/{id}
 *
 * Query parameters (control/query.c): status is current, valid, revoked, expired or all; what
 * expires within "72h" (a Go duration); self and pem are 0 or 1; limit 1 to 1,000, 100 by default
 * (and at most with pem=1). One that is unknown, given twice or malformed is refused by name; an
 * empty one counts as not given.
 *
 * Answers are JSON, with camelCase names, times in RFC 3339 and serials in decimal. A certificate:
 *   {"serial","serialHex","commonName","names":[],"authority","provisioner","endpoint","kind",
 *    "status":"valid|revoked|expired|notYetValid","notBefore","notAfter",
 *    "revokedAt","revocationReason"}            the last two only when it is revoked
 * and alone (certificates/{serial}) also
 *   {"provisionerType","issuedAt","renewedFrom","keyId","requestId","fingerprint","pem",
 *    "revokedBy","revocationText"}                likewise
 * Found by name, one with more than 2 KiB of names shows only some of them; alone it has all.
 * A page: {"certificates":[...],"nextCursor":""}; with pem=1 each has "pem" (limit 100 then).
 * An endpoint: {"id","kind","authority","provisioner","commonName","created","certificates":[...],
 * "nextCursor"}: its first 1,000; the rest by certificates?endpoint=ID&status=all&self=1&cursor=.
 * Revoked: {"status":"ok","serial","revokedAt"} or, of an endpoint, {"status":"ok","endpoint",
 * "revoked":N}: every certificate of it that was neither expired nor revoked.
 * Reloaded, added or removed: {"status":"ok","provisioners":N}. Backed up: {"status":"ok","dir"}.
 * Provisioners: {"provisioners":[...]}, as the public list with "authority".
 * Status (counts since the start, ages in milliseconds, keys that cannot be used say why in
 * "error", "reloaded" and "restored" only when that happened):
 *   {"version","pid","started","uptime":SECONDS,"config","dataDir","address","ready",
 *    "provisioners":N,"reloaded","restored",
 *    "authorities":[{"name","subject","notAfter","key":{"id","state":"opening|ready|failed",
 *      "error","queued","running","signatures","failures","late","breakerOpen"}}],
 *    "store":{"driver","commits","syncs","queued","refused"},
 *    "pools":{"cpu":{"queued","running","threads","oldest","done","refused"},"slow":{...}},
 *    "counters":{"certificatesIssued","certificatesRevoked","tokensRefused","requests",
 *      "connections","tlsHandshakes","tlsHandshakeFailures","loopStalls","jobsRefused",
 *      "logDropped"},
 *    "nextExpiries":[five certificates]}
 *
 * Inventories (ca/inventory.h, codec/inventory.h). A key in a path may always be written as "~" and
 * its base64url, and must be when it begins with "~", has a slash, or is "." or "..". A list:
 *   {"name","kind","foldCase","version":N,"count":N,"edition","created","changed"}
 * and all of them: {"inventories":[...]}. A page is the list with "records" and "nextCursor"; it
 * may be short (256 KiB) though more follow; "edition" is another one when all was replaced.
 * A record: {"key","version":N,"changed","attributes":{}}. Created: the list. Dropped: {"status":
 * "ok"}. Set: {"status":"ok","created":BOOL,"version":N}, removed without "created"; the version is
 * the list's, and from now on the record's. ifVersion is the record's version; 0: it must not be
 * there; 409 otherwise.
 * An import: begin gives {"import":ID,"version":N}; each add, lines of
 * {"key":KEY,"attributes":{}}, {"status":"ok","records":N}, all that were added so far; commit the
 * list as it is then. Nothing is seen before the commit; 409 when the list was changed since the
 * beginning. An import is over after any error, and when nothing came for two minutes.
 *
 * Errors: {"status":N,"message":"..."} with the operator's text, nothing hidden.
 */
extern const struct http_route control_routes[]; /* req->app is a struct control * */

struct control {
	struct ca *ca;
	const char *config_file;
	const char *address; /* of the HTTPS listener, "" before it listens */
	int64_t started;
	unsigned gid; /* members may read */
	bool has_gid;
};

#endif
