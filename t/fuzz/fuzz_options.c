/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define WORDS_MAX 200

/* The k-th command that can run, subcommands counted; NULL behind the last. */
static const struct cli_cmd *nth(const struct cli_cmd *const *cmds, size_t *k)
{
	for (; *cmds != NULL; cmds++) {
		const struct cli_cmd *found;

		if ((*cmds)->subs == NULL) {
			if ((*k)-- == 0)
				return *cmds;
			continue;
		}
		found = nth((*cmds)->subs, k);
		if (found != NULL)
			return found;
	}
	return NULL;
}

static const struct cli_cmd *command(uint8_t byte)
{
	size_t n = 0, k;

	for (;; n++) {
		k = n;
		if (nth(cli_cmds, &k) == NULL)
			break;
	}
	k = byte % n;
	return nth(cli_cmds, &k);
}

static const struct cli_opt *own_option(const struct cli_cmd *cmd, const char *name)
{
	for (const struct cli_opt *o = cmd->opts; o != NULL && o->name != NULL; o++)
		if (strcmp(o->name, name) == 0)
			return o;
	return NULL;
}

/* Whether a text is one of the words, or stands in one behind '='. */
static bool stands_in(char **argv, int argc, const char *text)
{
	for (int i = 0; i < argc; i++)
		if (text >= argv[i] && text <= argv[i] + strlen(argv[i]))
			return true;
	return false;
}

/* What was taken is what stood there, within the table's and the struct's bounds. */
static void check(const struct cli *c, char **argv, int argc)
{
	const char *many[CLI_MAX_OPTS];

	ENSURE(c->n_values <= CLI_MAX_OPTS && c->n_args <= CLI_MAX_ARGS);
	for (size_t i = 0; i < c->n_args; i++)
		ENSURE(stands_in(argv, argc, c->args[i]));
	for (size_t i = 0; i < c->n_values; i++) {
		const char *name = c->values[i].name, *value = c->values[i].value;
		const struct cli_opt *o = own_option(c->cmd, name);
		size_t n = cli_values(c, name, many, CLI_MAX_OPTS);

		ENSURE(cli_flag(c, name) && cli_value(c, name) != NULL && n >= 1);
		ENSURE(o == NULL || !o->unsupported);
		ENSURE(o == NULL || o->repeated || n == 1);
		ENSURE(value[0] == '\0' || stands_in(argv, argc, value));
		ENSURE(o == NULL || o->arg != NULL || value[0] == '\0');
	}
	if (!cli_flag(c, "help"))
		ENSURE(c->n_args >= c->cmd->min_args && c->n_args <= c->cmd->max_args);
}

static void quiet(void)
{
	static FILE *nowhere; /* state: opened once; reports of sanitizers do not go through it */

	if (nowhere == NULL)
		nowhere = fopen("/dev/null", "w");
	if (nowhere != NULL)
		stderr = nowhere;
}

/* The first byte chooses the command; the rest are its words, each ended by a NUL. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cli c = {0};
	char *argv[WORDS_MAX], *text;
	int argc = 0, rc;

	if (size == 0)
		return 0;
	quiet();
	c.cmd = command(data[0]);
	c.arena = arena_new();
	text = mem_alloc(size); /* zeroed: the last word ends, too */
	memcpy(text, data + 1, size - 1);
	for (size_t i = 0; i < size - 1 && argc < WORDS_MAX; i += strlen(text + i) + 1)
		argv[argc++] = text + i;
	rc = options_read(&c, argc, argv);
	ENSURE(rc == 0 || rc == EXIT_USAGE);
	if (rc == 0)
		check(&c, argv, argc);
	mem_free(text);
	arena_free(c.arena);
	return 0;
}
