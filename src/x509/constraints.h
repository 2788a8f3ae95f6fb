/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_X509_CONSTRAINTS_H
#define SIGNET_X509_CONSTRAINTS_H

#include "x509/priv.h"

/* Of constraints.c alone: is this name inside of this subtree's base? */
bool nc_dns_inside(struct str name, struct str base, bool excluded);
bool nc_host_inside(struct str host, struct str base); /* of a URI, of a mailbox */
bool nc_mail_inside(struct str name, struct str base, bool excluded);
bool nc_upn_inside(struct str name, struct str base);
bool nc_ip_inside(struct str name, struct str base, bool excluded); /* base: address and mask */
bool nc_dirname_inside(const struct name *name, const struct name *base);

/* Can names be compared with it? SAN_OTHER: the text of a user principal name. */
bool nc_base_valid(enum san_type type, struct str base);

struct str nc_without_dot(struct str s);
/* At the last '@'; the host without a dot at its end. */
bool nc_mail_split(struct str s, struct str *local, struct str *host);

#endif
