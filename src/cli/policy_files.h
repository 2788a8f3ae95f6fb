/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CLI_POLICY_FILES_H
#define SIGNET_CLI_POLICY_FILES_H

#include "cli/cli.h"
#include "policy/policy.h"

/* policy_files.c - the policies of `signet policy`, from whichever files hold them. */
#define MAX_LEVELS 1024U

struct level {
	const char *file, *where; /* where in it: "policy", "authorities[0].policy" */
	struct policy *policy;
	json_t *tree;
};
struct levels {
	struct cli *c;
	struct level items[MAX_LEVELS];
	size_t n;
	const char *authority; /* the one that counts; NULL: the first */
	bool all;	       /* of each authority */
};
/* The provisioner's, then the authority's, then that of --policy. */
int levels_load(struct levels *l, const char **provisioner, struct err *e) NODISCARD;
/* Those of the files on the command line, else of signetd.yaml and all its provisioners. */
int levels_load_all(struct levels *l, struct err *e) NODISCARD;
void levels_release(struct levels *l);

#endif
