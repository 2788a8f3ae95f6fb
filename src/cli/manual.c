/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/cli.h"
#include "cli/options.h"
#include "codec/roff.h"

/*
 * manual.c - manual pages in man(7), from the tables that parse the command line: what is not there
 * is not documented, and what is documented is there. The build writes them with `signet help --man
 * [COMMAND]`: one page for signet, one for each command; subcommands stand on the page of theirs.
 */

#define MANUAL_DATE "2026-11-24" /* of the last change of what is written by hand below */

/* ---- parts of a page ---- */

static void put_head(struct buf *out, const char *name, const char *summary)
{
	buf_puts(out, ".\\\" Made from the tables of the command: do not edit.\n.TH \"SIGNET");
	if (name != NULL)
		buf_putc(out, '-');
	for (const char *p = name; p != NULL && *p != '\0'; p++)
		buf_putc(out, *p >= 'a' && *p <= 'z' ? (char)(*p - 32) : *p);
	buf_puts(out, "\" 1 " MANUAL_DATE " \"signet " PACKAGE_VERSION "\" \"Signet manual\"\n"
		      ".SH NAME\nsignet");
	if (name != NULL) {
		buf_puts(out, "\\-");
		roff_name(out, str_c(name));
	}
	buf_puts(out, " \\- ");
	buf_putc(out, ascii_lower(summary[0]));
	roff_prose(out, str_c(summary + 1));
	buf_putc(out, '\n');
}

static void put_usage(struct buf *out, const struct cli_cmd *cmd)
{
	roff_bold(out, STR("signet"));
	buf_putc(out, ' ');
	roff_bold(out, str_c(cmd->name));
	if (cmd->args[0] != '\0') {
		buf_putc(out, ' ');
		roff_italic(out, str_c(cmd->args));
	}
	buf_puts(out, " [\\fIoptions\\fR]\n");
}

static void put_option(struct buf *out, const struct cli_opt *o)
{
	struct buf text = BUF_INIT;

	buf_printf(&text, "--%s", o->name);
	buf_puts(out, ".TP\n");
	roff_bold(out, buf_view(&text));
	if (o->arg != NULL) {
		buf_putc(out, ' ');
		roff_italic(out, str_c(o->arg));
	}
	buf_putc(out, '\n');
	roff_doc(out, str_c(o->doc));
	if (o->repeated)
		buf_puts(out, "It may be given several times.\n");
	buf_release(&text);
}

static void put_options(struct buf *out, const struct cli_cmd *cmd)
{
	const struct cli_opt *opts[CLI_MAX_OPTS];
	size_t n = options_of(cmd, opts, CLI_MAX_OPTS);

	for (size_t i = 0; i < n; i++)
		put_option(out, opts[i]);
}

static void put_about(struct buf *out, const struct cli_cmd *cmd)
{
	roff_doc(out, str_c(cmd->summary));
	if (cmd->about == NULL)
		return;
	buf_puts(out, ".PP\n");
	roff_text(out, cmd->about);
}

static void put_exit(struct buf *out)
{
	buf_puts(out, ".SH \"EXIT STATUS\"\n"
		      ".TP\n0\nDone.\n"
		      ".TP\n1\nFailed; one line on standard error says why.\n"
		      ".TP\n2\nThe command line is wrong.\n"
		      ".TP\n3\nThe CA refused.\n"
		      ".TP\n4\nThe CA, the daemon or the server cannot be reached.\n");
}

static void put_environment(struct buf *out)
{
	buf_puts(out, ".SH ENVIRONMENT\n"
		      ".TP\n\\fBSIGNETPATH\\fR\n"
		      "Where \\fBsignet bootstrap\\fR keeps what it learned (default: "
		      "\\fI~/.signet\\fR).\n"
		      ".TP\n\\fBNO_COLOR\\fR\nNo colours, on terminals either.\n"
		      ".SH FILES\n"
		      ".TP\n\\fI~/.signet/defaults.json\\fR\n"
		      "Address of the CA and the path of its root certificate.\n"
		      ".TP\n\\fI~/.signet/certs/root_ca.crt\\fR\n"
		      "The root certificate.\n"
		      ".TP\n\\fI/etc/signet/signetd.yaml\\fR\n"
		      "Configuration of the daemon on this machine, where the control socket is "
		      "named.\n");
}

static void put_ref(struct buf *out, const char *name, unsigned section, bool last)
{
	buf_puts(out, ".BR ");
	roff_name(out, str_c(name));
	buf_printf(out, " (%u)%s\n", section, last ? "" : ",");
}

/* The commands of the same group, then the two overviews. */
static void put_see_also(struct buf *out, const struct cli_cmd *cmd)
{
	size_t at = 0, from, to;

	while (cli_cmds[at] != cmd)
		at++;
	from = at;
	while (from > 0 && group_title(cli_cmds[from]) == NULL)
		from--;
	to = at + 1;
	while (cli_cmds[to] != NULL && group_title(cli_cmds[to]) == NULL)
		to++;
	buf_puts(out, ".SH \"SEE ALSO\"\n");
	put_ref(out, "signet", 1, false);
	for (size_t i = from; i < to; i++) {
		struct buf name = BUF_INIT;

		if (i == at)
			continue;
		buf_printf(&name, "signet-%s", cli_cmds[i]->name);
		put_ref(out, name.p, 1, false);
		buf_release(&name);
	}
	put_ref(out, "signetd", 8, true);
}

/* ---- pages ---- */

static void page_of_command(struct buf *out, const struct cli_cmd *cmd)
{
	put_head(out, cmd->name, cmd->summary);
	buf_puts(out, ".SH SYNOPSIS\n");
	if (cmd->subs == NULL) {
		put_usage(out, cmd);
		buf_puts(out, ".SH DESCRIPTION\n");
		put_about(out, cmd);
		buf_puts(out, ".SH OPTIONS\n");
		put_options(out, cmd);
	} else {
		for (size_t i = 0; cmd->subs[i] != NULL; i++) {
			buf_puts(out, i > 0 ? ".br\n" : "");
			put_usage(out, cmd->subs[i]);
		}
		buf_puts(out, ".SH DESCRIPTION\n");
		put_about(out, cmd);
		buf_puts(out, ".SH COMMANDS\n");
		for (size_t i = 0; cmd->subs[i] != NULL; i++) {
			buf_puts(out, ".SS \"signet ");
			roff_name(out, str_c(cmd->subs[i]->name));
			buf_puts(out, "\"\n");
			put_about(out, cmd->subs[i]);
			put_options(out, cmd->subs[i]);
		}
	}
	put_exit(out);
	put_see_also(out, cmd);
}

static void page_of_all(struct buf *out)
{
	put_head(out, NULL, "command of a certificate authority");
	buf_puts(out, ".SH SYNOPSIS\n\\fBsignet\\fR \\fICOMMAND\\fR [\\fIarguments\\fR] "
		      "[\\fIoptions\\fR]\n.SH DESCRIPTION\n");
	roff_text(
		out,
		"Creates a certificate authority, gets certificates from it, keeps them fresh and "
		"looks at them. Each command has a page of its own, signet-COMMAND, and `signet "
		"COMMAND --help` shows its options.\n\n"
		"Before the first certificate a machine needs the authority's root: `signet "
		"bootstrap` gets it, checks it by its fingerprint, and remembers the address, so "
		"that other commands need neither --ca-url nor --root.\n\n"
		"Secrets are read from files or asked for on the terminal, and never taken from "
		"the command line. A file is written whole or not at all. With --json a "
		"command prints JSON for scripts; tables are for terminals, and where standard "
		"output is something else, the same rows are separated by tabs.");
	buf_puts(out, ".SH COMMANDS\n");
	for (size_t i = 0; cli_cmds[i] != NULL; i++) {
		const char *title = group_title(cli_cmds[i]);

		if (title != NULL)
			buf_printf(out, ".SS \"%s\"\n", title);
		buf_puts(out, ".TP\n\\fBsignet\\-");
		roff_name(out, str_c(cli_cmds[i]->name));
		buf_puts(out, "\\fR(1)\n");
		roff_doc(out, str_c(cli_cmds[i]->summary));
	}
	put_exit(out);
	put_environment(out);
	buf_puts(out, ".SH \"SEE ALSO\"\n");
	put_ref(out, "signetd", 8, true);
}

static int print(struct buf *out)
{
	struct err e = ERR_INIT;
	int rc;

	fwrite(out->p, 1, out->n, stdout);
	buf_release(out);
	rc = out_flush(&e);
	if (rc < 0)
		fprintf(stderr, "signet: %s\n", e.msg);
	return rc < 0 ? EXIT_FAILED : EXIT_DONE;
}

int manual_page(const char *command)
{
	struct buf out = BUF_INIT;

	if (command == NULL) {
		page_of_all(&out);
		return print(&out);
	}
	for (size_t i = 0; cli_cmds[i] != NULL; i++) {
		if (strcmp(cli_cmds[i]->name, command) != 0)
			continue;
		page_of_command(&out, cli_cmds[i]);
		return print(&out);
	}
	fprintf(stderr, "signet: there is no command \"%s\" to describe\n", command);
	return EXIT_USAGE;
}
