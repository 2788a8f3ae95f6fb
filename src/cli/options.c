/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/options.h"

#include "cli/cli.h"

/* options.c - reading a command line by the command's table; --help from the same table. */

#define LABEL_WIDTH 35

static const struct cli_opt global_opts[] = {
	{"help", NULL, "this text", false, false},
	{"json", NULL, "print JSON", false, false},
	{"socket", "PATH", "the daemon's control socket (default: from signetd.yaml)", false,
	 false},
	{"ca-url", "URL", "address of the CA, https://host:port (default: from `signet bootstrap`)",
	 false, false},
	{"root", "FILE", "root certificate to trust (default: from `signet bootstrap`)", false,
	 false},
	{"config", "FILE",
	 "defaults file (default: $SIGNETPATH/defaults.json, ~/.signet/defaults.json)", false,
	 false},
	{NULL, NULL, NULL, false, false},
};

static const struct cli_opt *find_in(const struct cli_opt *t, const char *name, size_t n)
{
	for (; t != NULL && t->name != NULL; t++)
		if (strlen(t->name) == n && strncmp(t->name, name, n) == 0)
			return t;
	return NULL;
}

/* The command's own option wins over a global one of the same name (init's --root). */
static const struct cli_opt *find_opt(const struct cli_cmd *cmd, const char *name, size_t n)
{
	const struct cli_opt *o = find_in(cmd->opts, name, n);

	if (o != NULL)
		return o;
	o = find_in(global_opts, name, n);
	return o != NULL && strcmp(o->name, "socket") == 0 && !cmd->operator? NULL : o;
}

/* --config means another file to the operator's commands: theirs comes from this table. */
static const struct cli_opt operator_opts[] = {
	{"config", "FILE",
	 "signetd.yaml of the daemon (default: ./signetd.yaml, /etc/signet/signetd.yaml)", false,
	 false},
	{NULL, NULL, NULL, false, false},
};

/* Whether this command has a global option. */
static bool global_shown(const struct cli_cmd *cmd, const struct cli_opt *o)
{
	if (strcmp(o->name, "help") == 0)
		return true;
	if (strcmp(o->name, "json") == 0)
		return cmd->json;
	if (strcmp(o->name, "socket") == 0)
		return cmd->operator;
	return !cmd->offline && !cmd->operator;
}

const char *cli_value(const struct cli *c, const char *name)
{
	for (size_t i = c->n_values; i-- > 0;)
		if (strcmp(c->values[i].name, name) == 0)
			return c->values[i].value;
	return NULL;
}

bool cli_flag(const struct cli *c, const char *name)
{
	return cli_value(c, name) != NULL;
}

size_t cli_values(const struct cli *c, const char *name, const char **out, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_values && n < max; i++)
		if (strcmp(c->values[i].name, name) == 0)
			out[n++] = c->values[i].value;
	return n;
}

int cli_usage_error(const struct cli *c, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "signet %s: ", c->cmd->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\nTry: signet %s --help\n", c->cmd->name);
	return EXIT_USAGE;
}

int cli_misuse(struct cli *c, struct err *e, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	c->misused = true;
	return ERR(e, ERR_INVALID, "%s", text);
}

size_t options_of(const struct cli_cmd *cmd, const struct cli_opt **out, size_t max)
{
	const struct cli_opt *o;
	size_t n = 0;

	for (o = cmd->opts; o != NULL && o->name != NULL && n < max; o++)
		if (!o->unsupported)
			out[n++] = o;
	for (o = global_opts; o->name != NULL && n < max; o++)
		if (global_shown(cmd, o) && find_in(cmd->opts, o->name, strlen(o->name)) == NULL)
			out[n++] = o;
	for (o = operator_opts; cmd->operator&& o->name != NULL && n<max; o++)
		out[n++] = o;
	return n;
}

/* Bold on a terminal. */
void options_title(FILE *out, const char *text)
{
	bool bold = out == stdout && term_colour();

	fprintf(out, "%s%s%s\n", bold ? "\033[1m" : "", text, bold ? "\033[0m" : "");
}

static void print_opt(const struct cli_opt *o)
{
	int n = printf("  --%s%s%s", o->name, o->arg ? " " : "", o->arg ? o->arg : "");

	if (n > LABEL_WIDTH - 2) {
		putchar('\n');
		n = 0;
	}
	printf("%*s%s%s\n", LABEL_WIDTH - n, "", o->doc, o->repeated ? " (repeatable)" : "");
}

void options_help(const struct cli_cmd *cmd)
{
	const struct cli_opt *opts[CLI_MAX_OPTS];
	size_t n;

	if (cmd->subs != NULL) {
		(void)options_subs(cmd, "--help");
		return;
	}
	n = options_of(cmd, opts, CLI_MAX_OPTS);
	printf("usage: signet %s%s%s [options]\n\n%s\n", cmd->name, cmd->args[0] ? " " : "",
	       cmd->args, cmd->summary);
	if (cmd->about != NULL)
		printf("\n%s\n", cmd->about);
	putchar('\n');
	options_title(stdout, "Options:");
	for (size_t i = 0; i < n; i++)
		print_opt(opts[i]);
	puts("\nExit status: 0 done, 1 failed, 2 usage, 3 refused by the CA, 4 the CA cannot be "
	     "reached.");
}

int options_subs(const struct cli_cmd *cmd, const char *word)
{
	bool help = word != NULL && (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0);
	FILE *out = help ? stdout : stderr;

	if (!help && word == NULL)
		fprintf(out, "signet %s: what to do is missing\n", cmd->name);
	else if (!help)
		fprintf(out, "signet %s: there is no \"%s\"\n", cmd->name, word);
	fprintf(out, "usage: signet %s COMMAND [arguments] [options]\n\n%s\n\n", cmd->name,
		cmd->summary);
	options_title(out, "Commands:");
	for (size_t i = 0; cmd->subs[i] != NULL; i++)
		fprintf(out, "  %-20s %s\n", cmd->subs[i]->name, cmd->subs[i]->summary);
	fprintf(out, "\n`signet %s COMMAND --help` tells more of each.\n", cmd->name);
	return help ? EXIT_DONE : EXIT_USAGE;
}

static int add_value(struct cli *c, const struct cli_opt *o, const char *value)
{
	if (o->unsupported || (strcmp(o->name, "json") == 0 && !c->cmd->json))
		return cli_usage_error(c, "--%s: not supported by this version", o->name);
	if (c->n_values == CLI_MAX_OPTS)
		return cli_usage_error(c, "too many options");
	if (!o->repeated && cli_value(c, o->name) != NULL)
		return cli_usage_error(c, "--%s is given twice", o->name);
	c->values[c->n_values++] = (struct cli_value){o->name, value};
	return 0;
}

/* One "--name", "--name=value" or "--name value". *i moves over a value that stands apart. */
static int take_option(struct cli *c, int argc, char **argv, int *i)
{
	const char *text = argv[*i] + 2;
	const char *eq = strchr(text, '=');
	const struct cli_opt *o = find_opt(c->cmd, text, eq ? (size_t)(eq - text) : strlen(text));

	if (o == NULL)
		return cli_usage_error(c, "unknown option %s", argv[*i]);
	if (o->arg == NULL)
		return eq ? cli_usage_error(c, "--%s takes no value", o->name)
			  : add_value(c, o, "");
	if (eq != NULL)
		return add_value(c, o, eq + 1);
	if (*i + 1 >= argc)
		return cli_usage_error(c, "--%s needs a value: %s", o->name, o->arg);
	return add_value(c, o, argv[++*i]);
}

/* "CRT" of "SUBJECT CRT [KEY]" for 1, "FILE" of "FILE|-" for 0. */
static struct str arg_name(const struct cli_cmd *cmd, size_t n)
{
	struct str rest = str_c(cmd->args), name, next;

	name = str_cut(rest, ' ', &rest);
	while (n-- > 0 && rest.p != NULL) {
		next = str_cut(rest, ' ', &rest);
		if (!str_eqc(next, "..."))
			name = next;
	}
	if (str_starts(name, "["))
		name = str_mem(name.p + 1, name.n - 1);
	return str_mem(name.p, strcspn(name.p, "]|. ") < name.n ? strcspn(name.p, "]|. ") : name.n);
}

int options_read(struct cli *c, int argc, char **argv)
{
	bool only_args = false;
	int rc;

	for (int i = 0; i < argc; i++) {
		if (!only_args && strcmp(argv[i], "--") == 0) {
			only_args = true;
		} else if (!only_args && strcmp(argv[i], "-h") == 0) {
			if (!cli_flag(c, "help") && c->n_values < CLI_MAX_OPTS)
				c->values[c->n_values++] = (struct cli_value){"help", ""};
		} else if (!only_args && strncmp(argv[i], "--", 2) == 0) {
			rc = take_option(c, argc, argv, &i);
			if (rc != 0)
				return rc;
		} else if (!only_args && argv[i][0] == '-' && argv[i][1] != '\0') {
			return cli_usage_error(c, "unknown option %s", argv[i]);
		} else if (c->n_args == CLI_MAX_ARGS) {
			return cli_usage_error(c, "too many arguments");
		} else {
			c->args[c->n_args++] = argv[i];
		}
	}
	if (cli_flag(c, "help"))
		return 0;
	if (c->n_args < c->cmd->min_args)
		return cli_usage_error(c, "missing argument: usage is signet %s %s", c->cmd->name,
				       c->cmd->args);
	for (size_t i = 0; i < c->n_args && i < c->cmd->max_args; i++)
		if (c->args[i][0] == '\0')
			return cli_usage_error(c, STR_FMT " is empty",
					       STR_ARG(arg_name(c->cmd, i)));
	if (c->n_args > c->cmd->max_args)
		return cli_usage_error(c, "unexpected argument \"%s\"", c->args[c->cmd->max_args]);
	return 0;
}
