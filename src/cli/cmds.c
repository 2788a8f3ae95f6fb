/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/cli.h"
#include "cli/options.h"

/*
 * cmds.c - the table of commands, in the order of `signet --help`, the manual and the completions.
 * A new command: its row below, where it stands among its kind.
 */

const struct cli_cmd *const cli_cmds[] = {
	/* create */
	&cmd_init,
	&cmd_key,
	/* get */
	&cmd_bootstrap,
	&cmd_certificate,
	&cmd_sign,
	&cmd_token,
	&cmd_root,
	&cmd_install,
	&cmd_uninstall,
	/* keep fresh */
	&cmd_renew,
	&cmd_rekey,
	&cmd_revoke,
	/* look */
	&cmd_inspect,
	&cmd_verify,
	&cmd_lint,
	&cmd_fingerprint,
	/* operate */
	&cmd_health,
	&cmd_status,
	&cmd_list,
	&cmd_show,
	&cmd_provisioner,
	&cmd_template,
	&cmd_inventory,
	&cmd_policy,
	&cmd_reload,
	&cmd_backup,
	NULL,
};

const struct cli_group cli_groups[] = {
	{"Create", &cmd_init},
	{"Get certificates, and trust them", &cmd_bootstrap},
	{"Keep them fresh, or end them", &cmd_renew},
	{"Look at them", &cmd_inspect},
	{"Operate a CA", &cmd_health},
	{NULL, NULL},
};

const char *group_title(const struct cli_cmd *cmd)
{
	for (const struct cli_group *g = cli_groups; g->title != NULL; g++)
		if (g->first == cmd)
			return g->title;
	return NULL;
}
