/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_DAEMON_DAEMON_H
#define SIGNET_DAEMON_DAEMON_H

#include "abi/abi.h"
#include "base/buf.h"
#include "base/err.h"

struct daemon_opts {
	const char *config;	/* path of signetd.yaml */
	const char *plugin_dir; /* wins over the file's pluginDir; NULL: not given */
	bool check_only;
	const char *restore; /* folder of a backup; NULL: not asked for */
};

/*
 * opts.c: reads the command line. 0: go on with *o. 1: everything was said (--help ...), exit 0.
 * -1: usage error, already printed, exit 2.
 */
int daemon_opts(int argc, char **argv, struct daemon_opts *o);

/*
 * Loads and checks what --check-config checks: configuration, certificates, plugins,
 * provisioners. Prints what is wrong to stderr. 0 or -1.
 */
int daemon_check(const struct daemon_opts *o, struct err *e) NODISCARD;

/*
 * Makes the store, and the configuration when there is none, from a backup (restore.c). Says what
 * it did on stdout. 0 or -1, and nothing is in the store's place then.
 */
int daemon_restore(const struct daemon_opts *o, struct err *e) NODISCARD;

/* Runs until a signal. 0 after an orderly end; -1 with *e when it could not start. */
int daemon_run(const struct daemon_opts *o, struct err *e) NODISCARD;

/* Plugins that are linked in; NULL-terminated (builtin.c). */
extern const struct signet_plugin *const daemon_builtin_plugins[];

/* man(7) source of signetd(8) from the text of --help and the tables of the configuration. */
void daemon_manual(const char *usage, struct buf *out);

#endif
