/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_POLICY_CHECK_H
#define SIGNET_POLICY_CHECK_H

#include "policy/priv.h"

/* One run over the names of one certificate (check.c, x509.c, ssh.c). */
struct check {
	const struct rule_set *set;
	const struct policy_request *request;
	struct arena *arena;
	struct policy_verdict *verdict; /* may be NULL */
	struct err *e;
	size_t idn_budget;
};
/* What a refusal says to the client; the sentences are those of step's engine. */
enum why { WHY_NOT_ALLOWED, WHY_DOMAIN, WHY_MAILBOX, WHY_MATCH };
/* A name for messages: what kind it is taken for, and as it was written. */
struct named {
	const char *label;
	struct str text;
};

void check_begin(struct check *c);
/* -1, with the sentence, the operator's message and the verdict. */
int check_refuse(struct check *c, struct named n, enum why why, const char *fmt, ...) PRINTF(4, 5);
int check_denied(struct check *c, struct named n, const struct rule_list *l,
		 const struct rule *rule);
/* The same about all names together, in words of its own. */
int check_refuse_all(struct check *c, const char *fmt, ...) PRINTF(2, 3);
/* 0; what there is to say about an allowed name is added to the verdict. */
int check_pass(struct check *c, struct named n, const char *fmt, ...) PRINTF(3, 4);
/* Has the certificate too many internationalised names to look at this one too? Then refused. */
int check_spend(struct check *c, struct named n) NODISCARD;
/* There are rules that allow, but none at all about this kind: refused. */
int check_listed_kind(struct check *c, enum kind k, struct named n) NODISCARD;

/* One name each, by the rules of its kind. 0 or -1. */
int check_dns(struct check *c, struct named n) NODISCARD;
int check_ip(struct check *c, struct named n, struct str bytes) NODISCARD;
int check_email(struct check *c, struct named n) NODISCARD;
int check_uri(struct check *c, struct named n) NODISCARD;
int check_principal(struct check *c, struct named n) NODISCARD;
/* As what it looks like (policy_guess). */
int check_guessed(struct check *c, struct named n) NODISCARD;
/* Denying rules, then allowing ones. */
int check_rules(struct check *c, struct named n, const struct query *q) NODISCARD;
const struct rule *check_deny(const struct check *c, const struct query *q);

#endif
