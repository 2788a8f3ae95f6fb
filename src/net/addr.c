/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "net/addr.h"

#include <arpa/inet.h>

void addr_wildcard(struct addr *a, int family, int port)
{
	memset(a, 0, sizeof(*a));
	if (family == AF_INET6) {
		a->u.in6.sin6_family = AF_INET6;
		a->u.in6.sin6_port = htons((uint16_t)port);
		a->len = sizeof(a->u.in6);
	} else {
		a->u.in.sin_family = AF_INET;
		a->u.in.sin_port = htons((uint16_t)port);
		a->u.in.sin_addr.s_addr = htonl(INADDR_ANY);
		a->len = sizeof(a->u.in);
	}
	a->any = true;
}

/* Splits "host:port"; the host of an IPv6 address stands in brackets. */
static bool split(struct str s, struct str *host, struct str *port, bool *v6)
{
	size_t i = s.n;

	*v6 = false;
	while (i > 0 && s.p[i - 1] != ':')
		i--;
	if (i == 0)
		return false;
	*port = str_mem(s.p + i, s.n - i);
	*host = str_mem(s.p, i - 1);
	if (host->n >= 2 && host->p[0] == '[' && host->p[host->n - 1] == ']') {
		*host = str_mem(host->p + 1, host->n - 2);
		*v6 = true;
		return host->n > 0;
	}
	return !str_has(*host, ':');
}

int addr_parse(const char *text, struct addr *out, struct err *e)
{
	struct str host, port;
	char name[INET6_ADDRSTRLEN];
	uint64_t number;
	bool v6;

	if (!split(str_c(text), &host, &port, &v6))
		return ERR(e, ERR_INVALID,
			   "address \"%s\": not of the form \":port\", \"IPv4:port\" or "
			   "\"[IPv6]:port\"",
			   text);
	if (!str_u64(port, &number) || number > 65535)
		return ERR(e, ERR_INVALID,
			   "address \"%s\": the port is not a number from 0 to 65535", text);
	if (host.n == 0) {
		addr_wildcard(out, AF_INET6, (int)number);
		return 0;
	}
	if (host.n < sizeof(name)) {
		memcpy(name, host.p, host.n);
		name[host.n] = '\0';
		addr_wildcard(out, v6 ? AF_INET6 : AF_INET, (int)number);
		out->any = false;
		if (v6 && inet_pton(AF_INET6, name, &out->u.in6.sin6_addr) == 1)
			return 0;
		if (!v6 && inet_pton(AF_INET, name, &out->u.in.sin_addr) == 1)
			return 0;
	}
	return ERR(e, ERR_INVALID,
		   "address \"%s\": the host is not an IP address (names are not looked up here)",
		   text);
}

const char *addr_format(const struct addr *a, char out[ADDR_TEXT])
{
	char ip[INET6_ADDRSTRLEN] = "?";

	if (a->u.sa.sa_family == AF_INET) {
		inet_ntop(AF_INET, &a->u.in.sin_addr, ip, sizeof(ip));
		snprintf(out, ADDR_TEXT, "%s:%d", ip, addr_port(a));
	} else if (a->u.sa.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&a->u.in6.sin6_addr)) {
		inet_ntop(AF_INET, a->u.in6.sin6_addr.s6_addr + 12, ip, sizeof(ip));
		snprintf(out, ADDR_TEXT, "%s:%d", ip, addr_port(a));
	} else if (a->u.sa.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &a->u.in6.sin6_addr, ip, sizeof(ip));
		snprintf(out, ADDR_TEXT, "[%s]:%d", ip, addr_port(a));
	} else {
		snprintf(out, ADDR_TEXT, "?");
	}
	return out;
}

int addr_port(const struct addr *a)
{
	if (a->u.sa.sa_family == AF_INET6)
		return ntohs(a->u.in6.sin6_port);
	return ntohs(a->u.in.sin_port);
}
