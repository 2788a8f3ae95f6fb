/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CLI_INIT_H
#define SIGNET_CLI_INIT_H

#include "cli/cli.h"
#include "x509/x509.h"

/* What `signet init` was asked for (cmd_init.c) and how it becomes a data folder (init_make.c). */
struct init {
	struct cli *c;
	const char *dir, *name, *address, *provisioner;
	const char *dns[CLI_MAX_OPTS];
	size_t n_dns;
	enum key_type key_type;
	unsigned key_bits;
	struct secret root_password, password, provisioner_password;
	/* own root */
	const char *root_file, *root_key_file;
	/* made */
	struct key *root_key, *ca_key, *prov_key;
	struct str root_der, ca_der; /* arena */
};

/*
 * Makes everything in a folder beside dir, then renames it: dir is complete or not there. Says on
 * stderr what takes long.
 */
int init_make(struct init *in, struct err *e) NODISCARD;
void init_release(struct init *in);

#endif
