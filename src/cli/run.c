/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/run.h"

#include "cli/certs.h"
#include "cli/options.h"
#include "crypto/crypto.h"
#include "http/client.h"

static void usage(FILE *out)
{
	fputs("usage: signet COMMAND [arguments] [options]\n\n"
	      "Create a certificate authority, get certificates from it, keep them fresh, look at "
	      "them.\n",
	      out);
	for (size_t i = 0; cli_cmds[i] != NULL; i++) {
		const char *title = group_title(cli_cmds[i]);

		if (title != NULL) {
			putc('\n', out);
			options_title(out, title);
		}
		fprintf(out, "  %-12s %s\n", cli_cmds[i]->name, cli_cmds[i]->summary);
	}
	putc('\n', out);
	options_title(out, "And");
	fputs("  help         tell more of a command: signet help COMMAND\n"
	      "  version      print the version\n"
	      "\n`signet COMMAND --help` tells more of each, as do man signet and man "
	      "signet-COMMAND.\n",
	      out);
}

int cli_fail(const struct cli *c, const struct err *e)
{
	fprintf(stderr, "signet: %s\n", e->msg);
	if (c->misused)
		return EXIT_USAGE;
	if (c->refused)
		return EXIT_REFUSED;
	return c->unreachable ? EXIT_UNREACHABLE : EXIT_FAILED;
}

/* A subcommand's name is "key make": its last word counts. */
static const struct cli_cmd *find_cmd(const struct cli_cmd *const *cmds, const char *name)
{
	for (size_t i = 0; cmds[i] != NULL; i++) {
		const char *word = strrchr(cmds[i]->name, ' ');

		if (strcmp(word ? word + 1 : cmds[i]->name, name) == 0)
			return cmds[i];
	}
	return NULL;
}

/* What argv[1..] names; *used words of it. With no such subcommand: the command with its subs. */
static const struct cli_cmd *find_words(int argc, char **argv, int *used)
{
	const struct cli_cmd *cmd = argc > 1 ? find_cmd(cli_cmds, argv[1]) : NULL, *sub;

	*used = 1;
	if (cmd == NULL || cmd->subs == NULL || argc < 3)
		return cmd;
	sub = find_cmd(cmd->subs, argv[2]);
	if (sub == NULL)
		return cmd;
	*used = 2;
	return sub;
}

static int run_cmd(struct cli *c)
{
	struct err e = ERR_INIT;
	int rc;

	signal(SIGPIPE, SIG_IGN); /* a reader that has gone does not leave files half done */
	if (crypto_init(NULL, &e) < 0)
		return cli_fail(c, &e);
	if (http_client_init(&e) < 0) {
		crypto_end();
		return cli_fail(c, &e);
	}
	rc = c->cmd->run(c);
	http_client_end();
	crypto_thread_end();
	crypto_end();
	return rc;
}

static int no_command(const char *name)
{
	fprintf(stderr, "signet: there is no command \"%s\"; signet --help lists them\n", name);
	return EXIT_USAGE;
}

static int help(int argc, char **argv)
{
	const struct cli_cmd *cmd;
	int used = 0;

	/* What the build makes manual pages and completions with. */
	if (argc > 2 && strcmp(argv[2], "--man") == 0)
		return manual_page(argc > 3 ? argv[3] : NULL);
	if (argc > 3 && strcmp(argv[2], "--completion") == 0)
		return completion_script(argv[3]);
	cmd = find_words(argc - 1, argv + 1, &used);
	if (cmd != NULL) {
		options_help(cmd);
		return EXIT_DONE;
	}
	if (argc > 2 && argv[2][0] != '-')
		return no_command(argv[2]);
	usage(stdout);
	return EXIT_DONE;
}

static int command(int argc, char **argv)
{
	struct cli c = {0};
	int rc, used = 0;

	if (argc < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 ||
	    strcmp(argv[1], "-h") == 0)
		return help(argc, argv);
	if (strcmp(argv[1], "version") == 0 || strcmp(argv[1], "--version") == 0) {
		printf("signet %s\n", PACKAGE_VERSION);
		return EXIT_DONE;
	}
	c.cmd = find_words(argc, argv, &used);
	if (c.cmd == NULL)
		return no_command(argv[1]);
	if (c.cmd->subs != NULL)
		return options_subs(c.cmd, argc > 2 ? argv[2] : NULL);
	rc = options_read(&c, argc - 1 - used, argv + 1 + used);
	if (rc != 0)
		return rc;
	if (cli_flag(&c, "help")) {
		options_help(c.cmd);
		return EXIT_DONE;
	}
	c.arena = arena_new();
	rc = run_cmd(&c);
	arena_free(c.arena);
	return rc;
}

/* What was printed counts when it is out: `signet root >FILE` on a full disk has failed. */
int cli_main(int argc, char **argv)
{
	int rc = command(argc, argv);
	struct err e = ERR_INIT;
	bool gone;

	errno = 0;
	if (rc != EXIT_DONE || output_done(&gone, &e) == 0)
		return rc;
	fprintf(stderr, "signet: %s\n", e.msg);
	return EXIT_FAILED;
}
