/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_NET_DNS_H
#define SIGNET_NET_DNS_H

#include "loop/flow.h"
#include "net/addr.h"

/*
 * dns.h - name resolution for the daemon's outbound calls, on the loop, by c-ares: A and AAAA (TXT
 * and CAA come with ACME). Numbers are taken as they are; /etc/hosts is honoured; no search list.
 */
struct dns;
struct dns_config {
	const char
		*resolver; /* "192.0.2.1:53", several with commas between; "", NULL: resolv.conf */
	const char *resolv_conf; /* tests: instead of /etc/resolv.conf; looked at each time */
};
struct dns *dns_new(struct loop *l, const struct dns_config *c, struct err *e) NODISCARD;
void dns_free(struct dns *d); /* pending look-ups end with ERR_CANCELLED */

struct dns_addrs {
	struct wait wait;
	/* out, in `arena` */
	struct arena *arena;
	struct addr *addrs; /* port 0; in the order to try */
	size_t n;
	void *link; /* private */
};
/* Ends with ERR_UNAVAILABLE "NAME: ..." when there is none. Starts a wait. */
void dns_resolve(struct dns *d, struct str name, struct dns_addrs *q, struct flow *f,
		 uint64_t deadline_ms);

/*
 * Address rules of outbound calls (outbound in signetd.yaml): refused are those of `refuse`, unless
 * one of `allow` covers them; by default link-local, multicast, unspecified, broadcast and the
 * cloud metadata addresses are refused, private and loopback ones are not.
 */
struct addr_rules;
int addr_rules_new(const char *const *allow, size_t n_allow, const char *const *refuse,
		   size_t n_refuse, struct addr_rules **out, struct err *e) NODISCARD;
void addr_rules_free(struct addr_rules *r);
/* An IPv6 address that wraps an IPv4 one is judged by that, too. */
bool addr_rules_permit(const struct addr_rules *r, const struct addr *a);

#endif
