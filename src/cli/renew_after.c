/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/renew.h"

#include "base/file.h"

#include <limits.h>
#include <spawn.h>
#include <sys/wait.h>

/*
 * renew_after.c - what follows when the new files are in place: --exec, then --pid or --pid-file
 * with --signal. The command runs in /bin/sh with an empty standard input and the two paths in its
 * environment; it never sees a half-written file.
 */

static char *variable(struct arena *a, const char *name, const char *path)
{
	char real[PATH_MAX];

	return arena_printf(a, "%s=%s", name, realpath(path, real) != NULL ? real : path);
}

static char **environment(const struct renewal *r, struct arena *a)
{
	size_t n = 0;
	char **env;

	while (environ[n] != NULL)
		n++;
	env = ARENA_ARRAY(a, char *, n + 3);
	env[0] = variable(a, "SIGNET_CERT", r->out);
	env[1] = variable(a, "SIGNET_KEY", r->rekey ? r->out_key : r->key);
	for (size_t i = 0, to = 2; i < n; i++)
		if (strncmp(environ[i], "SIGNET_CERT=", 12) != 0 &&
		    strncmp(environ[i], "SIGNET_KEY=", 11) != 0)
			env[to++] = environ[i];
	return env;
}

static int spawn(char *command, char **env, pid_t *pid)
{
	char sh[] = "sh", c[] = "-c";
	char *argv[] = {sh, c, command, NULL};
	posix_spawnattr_t attr;
	posix_spawn_file_actions_t files;
	sigset_t none, dflt;
	int rc;

	sigemptyset(&none);
	sigemptyset(&dflt);
	sigaddset(&dflt, SIGPIPE);
	sigaddset(&dflt, SIGHUP);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &dflt);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", 0, 0);
	rc = posix_spawn(pid, "/bin/sh", &files, &attr, argv, env);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	return rc;
}

pid_t renew_exec(const struct renewal *r, struct err *e)
{
	struct arena *a;
	pid_t pid = 0;
	int rc;

	if (r->exec == NULL)
		return 0;
	a = arena_new();
	fflush(NULL);
	rc = spawn(arena_strdup(a, r->exec), environment(r, a), &pid);
	arena_free(a);
	if (rc != 0)
		return err_errno(e, rc, "--exec: /bin/sh does not start");
	return pid;
}

int renew_exec_result(const struct renewal *r, int status, struct err *e)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFSIGNALED(status))
		return ERR(e, ERR_INTERNAL,
			   "the certificate is renewed, but --exec was ended by signal %d: %s",
			   WTERMSIG(status), r->exec);
	return ERR(e, ERR_INTERNAL,
		   "the certificate is renewed, but --exec ended with status %d: %s",
		   WEXITSTATUS(status), r->exec);
}

static int pid_of_file(const char *path, int64_t *pid, struct err *e)
{
	struct buf text = BUF_INIT;
	uint64_t n = 0;
	struct str s;
	int rc = file_read(path, 64, &text, e);

	if (rc == 0) {
		s = buf_view(&text);
		while (s.n > 0 && strchr(" \t\r\n", s.p[s.n - 1]) != NULL)
			s.n--;
		if (!str_u64(str_trim(s), &n) || n == 0 || n > INT_MAX)
			rc = ERR(e, ERR_INVALID, "%s: has no process number in it", path);
	}
	buf_release(&text);
	*pid = (int64_t)n;
	return rc;
}

int renew_signal(const struct renewal *r, struct err *e)
{
	int64_t pid = r->pid;

	if (r->pid_file != NULL && pid_of_file(r->pid_file, &pid, e) < 0)
		return err_wrap(e, "the certificate is renewed, but nobody was told");
	if (pid != 0 && kill((pid_t)pid, r->signal) < 0)
		return err_errno(
			e, errno,
			"the certificate is renewed, but process %lld could not be signalled",
			(long long)pid);
	return 0;
}
