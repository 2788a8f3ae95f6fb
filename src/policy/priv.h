/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_POLICY_PRIV_H
#define SIGNET_POLICY_PRIV_H

#include "base/map.h"
#include "policy/policy.h"

/* Inside the folder only. */

enum kind {
	KIND_DNS,
	KIND_IP,
	KIND_EMAIL,
	KIND_URI,
	KIND_CN,
	KIND_PRINCIPAL,
	KIND_OTHER,
	KIND_PERMANENT,
	KIND_COUNT
};
extern const char *const policy_kind_names[KIND_COUNT]; /* keys of the lists, and in sentences */

/* ---- normalize.c ---- */
/* What a name without a type is, as step's SplitSANs: address, scheme, '@', else DNS. */
enum kind policy_guess(struct str name);
/*
 * As policy_normalize_dns, but by the rules that step's lookup profile adds: no dot at the end, no
 * underscore, "--" in third place only in A-labels. "*." may stand first.
 */
int policy_strict_dns(struct str name, struct arena *a, struct str *out, struct err *e) NODISCARD;
/* RFC 5321 mailbox: the local part in its one spelling, the domain as it stands. */
bool policy_mailbox(struct str s, struct arena *a, struct str *local, struct str *domain);
/* Host of a URI that a rule can be held against: a DNS name, spelled without escapes. */
int policy_plain_uri_host(struct str uri, struct arena *a, struct str *host,
			  struct err *e) NODISCARD;
/*
 * Libidn2 takes a microsecond for two bytes: what one certificate may ask of it is bounded. False
 * when the budget, which begins with POLICY_IDN_BYTES, is used up by this name.
 */
#define POLICY_IDN_BYTES 8192U
bool policy_spend(size_t *budget, struct str name);
/* 4 or 16 bytes; an IPv4-mapped address is one of 4. */
struct str policy_unmapped(struct str ip);
/* Case folded as by Go's EqualFold (simple folding); bytes that are not UTF-8 stay. */
struct str policy_fold(struct str s, struct arena *a);
struct str policy_ascii_lower(struct str s, struct arena *a);
/* Runs of blanks as one, none at the ends (RFC 5280 7.1); a view when there is nothing to do. */
struct str policy_squeeze(struct str s, struct arena *a);
/* In quotes, as Go's %q; at most about 160 bytes. Appends. */
void policy_quote(struct str s, struct buf *out);

/* ---- other.c: otherName ---- */
struct other_name {
	enum kind kind; /* KIND_OTHER, KIND_PERMANENT */
	struct str oid; /* contents octets of the type's identifier */
	struct str dotted;
	bool has_text;
	struct str text;     /* of the value, or the permanent identifier */
	struct str assigner; /* dotted; empty when absent */
	bool is_upn, is_mail, is_srv;
};
/* false: malformed */
bool policy_other_read(struct str value, struct arena *a, struct other_name *out);
void policy_other_put(const struct other_name *o, struct buf *out); /* as a rule spells it */
#define POLICY_UPN	 "1.3.6.1.4.1.311.20.2.3"
#define POLICY_PERMANENT "1.3.6.1.5.5.7.8.3"
/* The spelling under which a user principal name is compared. */
struct str policy_upn_key(struct str text, struct arena *a);

/* ---- rules.c: the compiled lists ---- */
struct cidr {
	unsigned char ip[16];
	unsigned n, bits; /* n: 4 or 16 */
};
/* "10.0.0.0/8" or one address; host bits are cleared; an IPv4-mapped one becomes IPv4. */
bool policy_cidr(struct str s, struct cidr *out);

struct strs {
	struct str *items;
	size_t n;
};
struct cond {
	struct strs groups, provisioners;
	struct cidr *networks;
	size_t n_networks;
};
struct rule {
	struct str text; /* as configured */
	unsigned index;
	const struct cond *when; /* NULL: always */
};
struct link { /* rules under one key, in their order */
	const struct rule *rule;
	const struct link *next;
};
struct ip_net {
	struct cidr net;
	const struct rule *rule;
	size_t up; /* the smallest one that holds this one, + 1; 0: none */
};
struct ip_set {
	struct ip_net *items; /* sorted by address, then by length of the prefix */
	size_t n;
};
struct rule_list {
	char *path; /* "policy.x509.deny.dns" */
	struct rule *rules;
	size_t n;
	bool deny, by_group, by_provisioner;
	/*
	 * `exact` by name; `below` by what one label stands before (dns, uri), by the domain
	 * (email) or by the type alone (otherName); `over`, of denied DNS names: by what is left
	 * without the first label, for wildcards that would hold them; of user principal names: by
	 * the domain.
	 */
	struct map *exact, *below, *over;
	const struct link *any; /* "*" */
	struct ip_set v4, v6;
};
struct rule_set {
	char *path; /* "policy.x509" */
	struct rule_list allow[KIND_COUNT], deny[KIND_COUNT];
	size_t n_allow, n_deny;
	bool wildcards;
};
struct policy {
	struct arena *arena;
	struct rule_set x509, ssh[2];
};
/* Reads rule number i's text into the list's look-up; called from the last to the first. */
int policy_rule_add(struct rule_list *l, enum kind k, size_t i, struct arena *a,
		    struct err *e) NODISCARD;
void policy_list_done(struct rule_list *l); /* after the last one */
/* map_free for the maps; the rest is the arena's. */
void policy_list_free(struct rule_list *l);

/* A name in its one spelling, as the rules of its kind are asked for it. */
struct query {
	enum kind kind;
	struct str name;   /* dns without "*.", uri's host, e-mail "local@domain", text, address */
	struct str folded; /* what denying rules are asked for */
	struct str domain; /* an e-mail address's; the type of an otherName */
	struct str also;   /* the domain of a user principal name */
	struct str deny_also[2]; /* further spellings that are denied too */
	bool wildcard;
};
/* The first rule in the list's order that matches and whose conditions fit; NULL: none. */
const struct rule *policy_find(const struct rule_list *l, const struct query *q,
			       const struct policy_request *r);

#endif
