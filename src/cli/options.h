/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CLI_OPTIONS_H
#define SIGNET_CLI_OPTIONS_H

#include "cli/cli.h"

/* Reads what follows the command's name. 0, or an exit status (the message is printed). */
int options_read(struct cli *c, int argc, char **argv);
void options_help(const struct cli_cmd *cmd);

#endif
