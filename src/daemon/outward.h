/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_DAEMON_OUTWARD_H
#define SIGNET_DAEMON_OUTWARD_H

#include "conf/conf.h"
#include "http/outbound.h"

/* What the daemon needs to call others: names, rules, HTTP. All NULL before outward_open(). */
struct outward {
	struct dns *dns;
	struct addr_rules *rules;
	struct outbound *outbound;
};
int outward_open(struct outward *o, struct loop *l, const struct conf *c, struct err *e) NODISCARD;
void outward_close(struct outward *o);
/* What outward_open() would say of the configuration. */
int outward_check(const struct conf *c, struct err *e) NODISCARD;

#endif
