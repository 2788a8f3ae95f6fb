/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/cli.h"
#include "cli/options.h"

/*
 * completion.c - completions for bash and zsh, from the same tables as the parser. What an argument
 * is, its metavariable says: FILE and its like are names of files, DIR one of a folder, a|b|c one
 * of these words; nothing is guessed for others.
 */

enum arg_kind { ARG_NONE, ARG_FILE, ARG_DIR, ARG_WORDS };

static bool one_of(struct str s, const char *const *words)
{
	for (; *words != NULL; words++)
		if (str_eqc(s, *words))
			return true;
	return false;
}

static enum arg_kind kind_of(struct str arg)
{
	static const char *const files[] = {"FILE", "CRT", "KEY",  "CSR", "CERT",
					    "ROOT", "OUT", "PATH", NULL};
	static const char *const dirs[] = {"DIR", "FOLDER", NULL};
	struct str rest, first = str_cut(arg, '|', &rest);

	if (one_of(first, files))
		return ARG_FILE;
	if (one_of(first, dirs))
		return ARG_DIR;
	if (rest.p == NULL || first.n == 0)
		return ARG_NONE;
	for (size_t i = 0; i < arg.n; i++)
		if ((arg.p[i] < 'a' || arg.p[i] > 'z') && (arg.p[i] < '0' || arg.p[i] > '9') &&
		    arg.p[i] != '|' && arg.p[i] != '-')
			return ARG_NONE;
	return ARG_WORDS;
}

static void put_words(struct buf *out, struct str arg)
{
	struct str one;

	do {
		one = str_cut(arg, '|', &arg);
		buf_str(out, one);
		buf_puts(out, arg.p != NULL ? " " : "");
	} while (arg.p != NULL);
}

/* The arguments of "CRT [KEY] ...": the kind of number i. */
static enum arg_kind positional(const struct cli_cmd *cmd, size_t i)
{
	struct str rest = str_c(cmd->args), word = STR_NULL, last = STR_NULL;

	for (size_t k = 0; rest.n > 0; k++) {
		word = str_cut(rest, ' ', &rest);
		if (str_starts(word, "..."))
			return kind_of(last);
		while (word.n > 0 && word.p[0] == '[')
			word = (struct str){word.p + 1, word.n - 1};
		while (word.n > 0 && (word.p[word.n - 1] == ']' || word.p[word.n - 1] == '.'))
			word.n--;
		last = word;
		if (k == i)
			return kind_of(word);
	}
	return ARG_NONE;
}

/* ---- bash ---- */

static const char *const bash_kinds[] = {"-", "file", "dir", "words"};

/* --opt options that take a value: "--opt:kind[:words]" lines for the function's case. */
static void bash_values(struct buf *out, const struct cli_opt *const *opts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct str arg = str_c(opts[i]->arg);

		if (opts[i]->arg == NULL)
			continue;
		buf_printf(out, "\t\t--%s) kind=%s;", opts[i]->name, bash_kinds[kind_of(arg)]);
		if (kind_of(arg) == ARG_WORDS) {
			buf_puts(out, " words='");
			put_words(out, arg);
			buf_puts(out, "';");
		}
		buf_puts(out, ";\n");
	}
}

static void bash_command(struct buf *out, const struct cli_cmd *cmd)
{
	const struct cli_opt *opts[CLI_MAX_OPTS];
	size_t n = options_of(cmd, opts, CLI_MAX_OPTS);

	buf_printf(out, "\t\"%s\")\n\t\topts='", cmd->name);
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s--%s", i > 0 ? " " : "", opts[i]->name);
	buf_puts(out, "'\n\t\targs=(");
	for (unsigned i = 0; i < cmd->max_args && i < 8; i++)
		buf_printf(out, "%s%s", i > 0 ? " " : "", bash_kinds[positional(cmd, i)]);
	buf_printf(out, ")\n\t\tmany=%s\n", cmd->max_args > 8 ? "yes" : "");
	buf_puts(out, "\t\tcase $option in\n");
	bash_values(out, opts, n);
	buf_puts(out, "\t\tesac\n\t\t;;\n");
}

static void names_of(struct buf *out, const struct cli_cmd *const *cmds)
{
	for (size_t i = 0; cmds[i] != NULL; i++) {
		const char *word = strrchr(cmds[i]->name, ' ');

		buf_printf(out, "%s%s", i > 0 ? " " : "", word ? word + 1 : cmds[i]->name);
	}
}

/* What stands behind the tables. bash cuts words at "=": "--opt", "=", "value". */
static const char bash_function[] =
	"_signet()\n{\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	"\tlocal command=${COMP_WORDS[1]} option='' opts args many kind words subs\n"
	"\tlocal i=2 at=0\n"
	"\tCOMPREPLY=()\n"
	"\tif ((COMP_CWORD == 1)) || { [[ $command == help ]] && ((COMP_CWORD == 2)); "
	"}; then\n"
	"\t\tCOMPREPLY=($(compgen -W \"$_signet_commands --help\" -- \"$cur\"))\n"
	"\t\treturn\n"
	"\tfi\n"
	"\t[[ $command == help ]] && { command=${COMP_WORDS[2]}; i=3; }\n"
	"\tsubs=$(_signet_subs \"$command\")\n"
	"\tif [[ -n $subs ]]; then\n"
	"\t\tif ((COMP_CWORD == i)); then\n"
	"\t\t\tCOMPREPLY=($(compgen -W \"$subs --help\" -- \"$cur\"))\n"
	"\t\t\treturn\n"
	"\t\tfi\n"
	"\t\tcommand=\"$command ${COMP_WORDS[i]}\"\n"
	"\t\t((i++))\n"
	"\tfi\n"
	"\t[[ ${COMP_WORDS[1]} == help ]] && return\n"
	"\t# bash cuts words at \"=\": \"--opt\", \"=\", \"value\".\n"
	"\tif [[ $cur == = ]]; then\n"
	"\t\toption=$prev cur=''\n"
	"\telif [[ $prev == = ]]; then\n"
	"\t\toption=${COMP_WORDS[COMP_CWORD-2]}\n"
	"\telif [[ $prev == --* ]]; then\n"
	"\t\toption=$prev\n"
	"\tfi\n"
	"\t_signet_table\n"
	"\tif [[ -z $kind && $cur == -* ]]; then\n"
	"\t\tCOMPREPLY=($(compgen -W \"$opts\" -- \"$cur\"))\n"
	"\t\treturn\n"
	"\tfi\n"
	"\tif [[ -z $kind ]]; then\n"
	"\t\tfor (( ; i < COMP_CWORD; i++)); do\n"
	"\t\t\toption=${COMP_WORDS[i]}\n"
	"\t\t\tif [[ $option == --* ]]; then\n"
	"\t\t\t\t_signet_table\n"
	"\t\t\t\t[[ ${COMP_WORDS[i+1]} == = ]] && ((i++))\n"
	"\t\t\t\t[[ -n $kind ]] && ((i++))\n"
	"\t\t\telse\n"
	"\t\t\t\t((at++))\n"
	"\t\t\tfi\n"
	"\t\tdone\n"
	"\t\t[[ -n $many && $at -ge ${#args[@]} ]] && at=$((${#args[@]} - 1))\n"
	"\t\tkind=${args[at]}\n"
	"\tfi\n"
	"\tcase $kind in\n"
	"\tfile)\n"
	"\t\tcompopt -o filenames 2>/dev/null\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	"\t\t;;\n"
	"\tdir)\n"
	"\t\tcompopt -o filenames 2>/dev/null\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -d -- \"$cur\")\n"
	"\t\t;;\n"
	"\twords) COMPREPLY=($(compgen -W \"$words\" -- \"$cur\")) ;;\n"
	"\t'') COMPREPLY=($(compgen -W \"$opts\" -- \"$cur\")) ;;\n"
	"\tesac\n"
	"}\n\n"
	"complete -F _signet signet\n";

static void bash_script(struct buf *out)
{
	buf_puts(out, "# bash completion for signet. Made from the tables of the command: do not "
		      "edit.\n\n"
		      "# What the command `command` has: options, the kinds of its arguments, and "
		      "what follows `option`.\n"
		      "_signet_table()\n{\n"
		      "\topts='' args=() many='' kind='' words=''\n"
		      "\tcase $command in\n");
	for (size_t i = 0; cli_cmds[i] != NULL; i++) {
		if (cli_cmds[i]->subs == NULL) {
			bash_command(out, cli_cmds[i]);
			continue;
		}
		for (size_t k = 0; cli_cmds[i]->subs[k] != NULL; k++)
			bash_command(out, cli_cmds[i]->subs[k]);
	}
	buf_puts(out, "\tesac\n}\n\n_signet_subs()\n{\n\tcase $1 in\n");
	for (size_t i = 0; cli_cmds[i] != NULL; i++) {
		if (cli_cmds[i]->subs == NULL)
			continue;
		buf_printf(out, "\t%s) echo '", cli_cmds[i]->name);
		names_of(out, cli_cmds[i]->subs);
		buf_puts(out, "' ;;\n");
	}
	buf_puts(out, "\tesac\n}\n\n_signet_commands='");
	names_of(out, cli_cmds);
	buf_puts(out, " help version'\n\n");
	buf_puts(out, bash_function);
}

/* ---- zsh ---- */

/* Inside '...' and inside brackets of a specification. */
static void zsh_text(struct buf *out, const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '\'')
			buf_puts(out, "'\\''");
		else if (strchr("[]:\\", *s) != NULL)
			buf_printf(out, "\\%c", *s);
		else
			buf_putc(out, *s);
	}
}

static void zsh_action(struct buf *out, enum arg_kind kind, struct str arg)
{
	switch (kind) {
	case ARG_NONE:
		buf_puts(out, ": ");
		return;
	case ARG_FILE:
		buf_puts(out, ":_files");
		return;
	case ARG_DIR:
		buf_puts(out, ":_files -/");
		return;
	case ARG_WORDS:
		buf_puts(out, ":(");
		put_words(out, arg);
		buf_putc(out, ')');
		return;
	}
}

static void zsh_command(struct buf *out, const struct cli_cmd *cmd, const char *name)
{
	const struct cli_opt *opts[CLI_MAX_OPTS];
	size_t n = options_of(cmd, opts, CLI_MAX_OPTS);

	buf_printf(out, "\t(%s)\n\t\t_arguments", name);
	for (size_t i = 0; i < n; i++) {
		const struct cli_opt *o = opts[i];

		buf_printf(out, " \\\n\t\t\t'%s--%s%s[", o->repeated ? "*" : "", o->name,
			   o->arg != NULL ? "=" : "");
		zsh_text(out, o->doc);
		buf_putc(out, ']');
		if (o->arg != NULL) {
			buf_putc(out, ':');
			zsh_text(out, o->arg);
			zsh_action(out, kind_of(str_c(o->arg)), str_c(o->arg));
		}
		buf_putc(out, '\'');
	}
	for (unsigned i = 0; i < cmd->max_args && i < 8; i++) {
		buf_printf(out, " \\\n\t\t\t'%u:argument", i + 1);
		zsh_action(out, positional(cmd, i), STR_NULL);
		buf_putc(out, '\'');
	}
	if (cmd->max_args > 8) {
		buf_puts(out, " \\\n\t\t\t'*:argument");
		zsh_action(out, positional(cmd, 8), STR_NULL);
		buf_putc(out, '\'');
	}
	buf_puts(out, "\n\t\t;;\n");
}

static void zsh_list(struct buf *out, const char *var, const struct cli_cmd *const *cmds)
{
	buf_printf(out, "\t%s=(\n", var);
	for (size_t i = 0; cmds[i] != NULL; i++) {
		const char *word = strrchr(cmds[i]->name, ' ');

		buf_printf(out, "\t\t'%s:", word ? word + 1 : cmds[i]->name);
		zsh_text(out, cmds[i]->summary);
		buf_puts(out, "'\n");
	}
	buf_puts(out, "\t)\n");
}

/* `name` stands in $words[1] when this is called, as in _arguments' own '*::'. */
static void zsh_subs(struct buf *out, const struct cli_cmd *cmd)
{
	buf_printf(out, "_signet_%s()\n{\n\tlocal -a subs\n", cmd->name);
	zsh_list(out, "subs", cmd->subs);
	buf_puts(out, "\tif ((CURRENT == 2)); then\n\t\t_describe command subs\n\t\treturn\n\tfi\n"
		      "\tshift words\n\t((CURRENT--))\n\tcase $words[1] in\n");
	for (size_t i = 0; cmd->subs[i] != NULL; i++)
		zsh_command(out, cmd->subs[i], strrchr(cmd->subs[i]->name, ' ') + 1);
	buf_puts(out, "\tesac\n}\n\n");
}

static void zsh_script(struct buf *out)
{
	buf_puts(out, "#compdef signet\n"
		      "# zsh completion for signet. Made from the tables of the command: do not "
		      "edit.\n\n");
	for (size_t i = 0; cli_cmds[i] != NULL; i++)
		if (cli_cmds[i]->subs != NULL)
			zsh_subs(out, cli_cmds[i]);
	buf_puts(out, "_signet()\n{\n\tlocal -a commands\n");
	zsh_list(out, "commands", cli_cmds);
	buf_puts(out, "\tcommands+=('help:tell more of a command' 'version:print the version')\n"
		      "\tif ((CURRENT == 2)); then\n\t\t_describe command commands\n\t\treturn\n"
		      "\tfi\n"
		      "\tshift words\n\t((CURRENT--))\n\tcase $words[1] in\n"
		      "\t(help) ((CURRENT == 2)) && _describe command commands ;;\n");
	for (size_t i = 0; cli_cmds[i] != NULL; i++) {
		if (cli_cmds[i]->subs != NULL)
			buf_printf(out, "\t(%s) _signet_%s ;;\n", cli_cmds[i]->name,
				   cli_cmds[i]->name);
		else
			zsh_command(out, cli_cmds[i], cli_cmds[i]->name);
	}
	buf_puts(out, "\tesac\n}\n\n_signet \"$@\"\n");
}

int completion_script(const char *shell)
{
	struct buf out = BUF_INIT;
	struct err e = ERR_INIT;
	int rc;

	if (strcmp(shell, "bash") == 0) {
		bash_script(&out);
	} else if (strcmp(shell, "zsh") == 0) {
		zsh_script(&out);
	} else {
		fprintf(stderr, "signet: completions are there for bash and zsh\n");
		return EXIT_USAGE;
	}
	fwrite(out.p, 1, out.n, stdout);
	buf_release(&out);
	rc = out_flush(&e);
	if (rc < 0)
		fprintf(stderr, "signet: %s\n", e.msg);
	return rc < 0 ? EXIT_FAILED : EXIT_DONE;
}
