/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CLI_OPTIONS_H
#define SIGNET_CLI_OPTIONS_H

#include "cli/cli.h"

/* Reads what follows the command's name. 0, or an exit status (the message is printed). */
int options_read(struct cli *c, int argc, char **argv);
void options_help(const struct cli_cmd *cmd);
/* What --help lists, in its order: the command's own and the global ones that it has. */
size_t options_of(const struct cli_cmd *cmd, const struct cli_opt **out, size_t max);
void options_title(FILE *out, const char *text);
/*
 * A command of commands without one that is known: lists them. `word` is what stood there, or NULL;
 * exit status.
 */
int options_subs(const struct cli_cmd *cmd, const char *word);

/* cmds.c: where a group of commands begins, in --help and in the manual. */
struct cli_group {
	const char *title;
	const struct cli_cmd *first;
};
extern const struct cli_group cli_groups[]; /* title NULL ends it */
/* The title when a group begins with this command, else NULL. */
const char *group_title(const struct cli_cmd *cmd);

/* ---- manual.c, completion.c: written from the tables; exit status ---- */
/* `signet help --man [COMMAND]`: man(7) source of a page. */
int manual_page(const char *command);
/* `signet help --completion bash|zsh`. */
int completion_script(const char *shell);

#endif
