/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/certs.h"

#include <limits.h>

/*
 * cmd_backup.c - a backup of the running daemon, written by the daemon. What the operator must know
 * about it is said when it is made, not when it is needed.
 */

#define BACKUP_TIMEOUT_MS (60U * 60 * 1000)

/* The daemon runs in another folder: it wants the whole path. */
static int absolute(struct cli *c, const char *dir, const char **out, struct err *e)
{
	char here[PATH_MAX];
	struct str s = str_c(dir);

	while (s.n > 1 && s.p[s.n - 1] == '/')
		s.n--;
	if (s.p[0] == '/') {
		*out = arena_cstr(c->arena, s);
		return 0;
	}
	while (str_starts(s, "./"))
		s = str_mem(s.p + 2, s.n - 2);
	if (getcwd(here, sizeof(here)) == NULL)
		return err_errno(e, errno, "this folder");
	*out = arena_printf(c->arena, "%s/" STR_FMT, strcmp(here, "/") == 0 ? "" : here,
			    STR_ARG(s));
	return 0;
}

static void report(struct cli *c, const char *dir)
{
	printf("The backup is in %s:\n"
	       "  db/  signetd.yaml  provisioners.d/  templates/  certs/%s\n\n",
	       dir, cli_flag(c, "with-keys") ? "  secrets/  tls/" : "");
	if (cli_flag(c, "with-keys"))
		puts("It holds the CA's keys: whoever has it and their password can sign. Keep it "
		     "like a key.");
	else
		puts("It holds no keys. Keep a copy of secrets/ elsewhere: without the key of the "
		     "CA "
		     "a restored\nCA cannot sign. (--with-keys takes them along.)");
	printf("\nTo restore it on a machine without a CA:\n"
	       "  signetd --restore %s --config /var/lib/signet/signetd.yaml\n",
	       dir);
}

static int backup(struct cli *c)
{
	struct control_call call = {.method = "POST",
				    .path = "/control/v1/backup",
				    .timeout_ms = BACKUP_TIMEOUT_MS,
				    .what = "Writing the backup"};
	struct err e = ERR_INIT;
	struct buf out = BUF_INIT;
	const char *dir = NULL;
	json_t *body = json_object(), *answer;

	json_free_with(body, c->arena);
	if (absolute(c, c->args[0], &dir, &e) < 0)
		return cli_fail(c, &e);
	json_object_set_new(body, "dir", json_string(dir));
	json_object_set_new(body, "withKeys", json_boolean(cli_flag(c, "with-keys")));
	call.body = body;
	answer = control_call(c, &call, &e);
	if (answer == NULL)
		return cli_fail(c, &e);
	if (cli_flag(c, "json")) {
		json_write(answer, &out);
		puts(out.p);
	} else {
		report(c, dir);
	}
	buf_release(&out);
	json_decref(answer);
	return output_end(c);
}

static const struct cli_opt opts[] = {
	{"with-keys", NULL, "also secrets/ and tls/: the CA's keys", false, false},
	{NULL, NULL, NULL, false, false},
};
const struct cli_cmd cmd_backup = {
	.name = "backup",
	.args = "DIR",
	.min_args = 1,
	.max_args = 1,
	.summary = "Write a backup of the running CA into a new folder",
	.about = "The daemon writes it, so it must be able to write there; DIR must not exist. It "
		 "is "
		 "complete or not there.\nCertificates go on being issued meanwhile.",
	.opts = opts,
	.json = true,
	.operator= true,
	.run = backup,
};
