/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_NET_ADDR_H
#define SIGNET_NET_ADDR_H

#include "base/err.h"
#include "base/str.h"

#include <netinet/in.h>
#include <sys/socket.h>

/* Socket addresses as text and back. Numbers only: nothing here resolves a name. */
struct addr {
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_storage storage;
	} u;
	socklen_t len;
	bool any; /* there was no host: every address of this machine */
};

#define ADDR_TEXT 64 /* room for "[...]:65535" with its NUL */

/* ":9000" (any), "192.0.2.1:80", "[2001:db8::1]:443". The error names the text. */
int addr_parse(const char *text, struct addr *out, struct err *e) NODISCARD;
/* "192.0.2.1:4711", "[::1]:4711"; IPv4 mapped into IPv6 is written as IPv4. */
const char *addr_format(const struct addr *a, char out[ADDR_TEXT]);
int addr_port(const struct addr *a);
/* The wildcard address of a family, with port. */
void addr_wildcard(struct addr *a, int family, int port);

#endif
