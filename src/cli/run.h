/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CLI_RUN_H
#define SIGNET_CLI_RUN_H

/* The whole command; returns the exit status. */
int cli_main(int argc, char **argv);

#endif
