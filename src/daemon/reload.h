/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_DAEMON_RELOAD_H
#define SIGNET_DAEMON_RELOAD_H

#include "ca/ca.h"

/* What SIGHUP does (reload.c): the log's file is opened anew, the configuration is read anew. */
struct hup {
	struct pool *slow;
	struct reload reload;
	struct arena *arena; /* of the reload; NULL: none is under way */
	struct post reap;
	struct timer retry;
	struct loop *loop;
	struct ca *ca;
	bool again; /* the signal came meanwhile, or somebody else was reloading */
};
void hup_init(struct hup *h, struct loop *l, struct pool *slow);
/* ca NULL: there is none yet, or no more; only the log then. */
void hup_signal(struct hup *h, struct ca *ca);
bool hup_busy(const struct hup *h);
void hup_release(struct hup *h); /* not while it is busy; a zeroed one is fine */

/* For ca->on_reload: what the daemon itself takes from the new configuration. */
void daemon_on_reload(void *arg, const struct conf *conf);

#endif
