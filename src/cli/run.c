/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/run.h"

#include "cli/options.h"
#include "crypto/crypto.h"
#include "http/client.h"

const struct cli_cmd *const cli_cmds[] = {
	&cmd_init,    &cmd_bootstrap,	&cmd_certificate, &cmd_renew, &cmd_token,
	&cmd_inspect, &cmd_fingerprint, &cmd_health,	  &cmd_root,  NULL,
};

static void usage(FILE *out)
{
	fputs("usage: signet COMMAND [arguments] [options]\n\n"
	      "Create a certificate authority, get certificates from it, keep them fresh, look at "
	      "them.\n\n"
	      "Commands:\n",
	      out);
	for (size_t i = 0; cli_cmds[i] != NULL; i++)
		fprintf(out, "  %-12s %s\n", cli_cmds[i]->name, cli_cmds[i]->summary);
	fputs("  version      print the version\n"
	      "\n`signet COMMAND --help` tells more of each.\n",
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

static const struct cli_cmd *find_cmd(const char *name)
{
	for (size_t i = 0; cli_cmds[i] != NULL; i++)
		if (strcmp(cli_cmds[i]->name, name) == 0)
			return cli_cmds[i];
	return NULL;
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

int cli_main(int argc, char **argv)
{
	struct cli c = {0};
	int rc;

	if (argc < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 ||
	    strcmp(argv[1], "-h") == 0) {
		c.cmd = argc > 2 ? find_cmd(argv[2]) : NULL;
		if (c.cmd != NULL)
			options_help(c.cmd);
		else
			usage(stdout);
		return EXIT_DONE;
	}
	if (strcmp(argv[1], "version") == 0 || strcmp(argv[1], "--version") == 0) {
		printf("signet %s\n", PACKAGE_VERSION);
		return EXIT_DONE;
	}
	c.cmd = find_cmd(argv[1]);
	if (c.cmd == NULL) {
		fprintf(stderr, "signet: unknown command \"%s\"\n", argv[1]);
		usage(stderr);
		return EXIT_USAGE;
	}
	rc = options_read(&c, argc - 2, argv + 2);
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
