/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/renew.h"

#include "base/clock.h"

#include <limits.h>
#include <sys/wait.h>

/*
 * cmd_renew.c - renews a certificate with itself as the credential, once or again and again. The
 * options and the single run are rekey's too.
 */

/* ---- options ---- */

static int signal_number(const char *text)
{
	struct str s = str_c(text);
	uint64_t n;

	if (str_u64(s, &n))
		return n > 0 && n < 32 ? (int)n : -1;
	if (s.n > 3 && str_ieq(str_mem(s.p, 3), STR("SIG"))) {
		s.p += 3;
		s.n -= 3;
	}
	for (int i = 1; i < 32; i++)
		if (str_ieqc(s, sigabbrev_np(i) != NULL ? sigabbrev_np(i) : "-"))
			return i;
	return -1;
}

static int signal_options(struct renewal *r)
{
	const char *pid = cli_value(r->c, "pid"), *name = cli_value(r->c, "signal");
	uint64_t n = 0;

	r->pid_file = cli_value(r->c, "pid-file");
	if (pid != NULL && r->pid_file != NULL)
		return cli_usage_error(r->c, "--pid and --pid-file exclude each other");
	if (pid != NULL && (!str_u64(str_c(pid), &n) || n == 0 || n > INT_MAX))
		return cli_usage_error(r->c, "--pid %s: must be the number of a process", pid);
	if (name != NULL && pid == NULL && r->pid_file == NULL)
		return cli_usage_error(r->c, "--signal needs --pid or --pid-file");
	r->pid = (int64_t)n;
	r->signal = name ? signal_number(name) : SIGHUP;
	if (r->signal < 0)
		return cli_usage_error(r->c,
				       "--signal %s: must be a name as HUP or USR1, or a number "
				       "from 1 to 31",
				       name);
	return 0;
}

static int span_option(struct renewal *r, const char *opt, int64_t *ns)
{
	const char *text = cli_value(r->c, opt);
	struct err e = ERR_INIT;

	*ns = 0;
	if (text == NULL)
		return 0;
	if (duration_parse(str_c(text), ns, &e) < 0 || *ns < DURATION_SECOND)
		return cli_usage_error(r->c, "--%s %s: must be a time of a second or more, e.g. 8h",
				       opt, text);
	return 0;
}

/* A time, or a share of the lifetime as in "33%". */
static int expires_in_option(struct renewal *r)
{
	const char *text = cli_value(r->c, "expires-in");
	struct str s = str_c(text);
	uint64_t percent;

	if (text == NULL || !str_ends(s, "%"))
		return span_option(r, "expires-in", &r->expires_in);
	s.n--;
	if (!str_u64(s, &percent) || percent < 1 || percent > 99)
		return cli_usage_error(r->c, "--expires-in %s: must be from 1%% to 99%%", text);
	r->expires_percent = (int64_t)percent;
	return 0;
}

int64_t renewal_expires_in(const struct renewal *r, int64_t lifetime)
{
	if (r->expires_percent == 0)
		return r->expires_in;
	return lifetime * DURATION_SECOND / 100 * r->expires_percent;
}

static int mtls_option(struct renewal *r)
{
	const char *mtls = cli_value(r->c, "mtls");

	if (mtls != NULL && strcmp(mtls, "true") != 0 && strcmp(mtls, "false") != 0)
		return cli_usage_error(r->c, "--mtls %s: must be true or false", mtls);
	r->by_token = mtls != NULL && strcmp(mtls, "false") == 0;
	return 0;
}

static int check_places(const struct renewal *r)
{
	if (same_place(r->out, r->key))
		return cli_usage_error(r->c, "%s is the key: the certificate would replace it",
				       r->out);
	if (r->rekey && (same_place(r->out, r->out_key) || same_place(r->out_key, r->crt)))
		return cli_usage_error(r->c, "%s: key and certificate need a file each",
				       r->out_key);
	return 0;
}

int renewal_options(struct renewal *r)
{
	struct cli *c = r->c;
	int rc;

	r->crt = c->args[0];
	r->key = c->args[1];
	r->out = cli_value(c, "out") ? cli_value(c, "out") : r->crt;
	r->out_key = cli_value(c, "out-key") ? cli_value(c, "out-key") : r->key;
	r->exec = cli_value(c, "exec");
	r->watched = cli_flag(c, "daemon");
	rc = check_places(r);
	rc = rc != 0 ? rc : signal_options(r);
	rc = rc != 0 ? rc : mtls_option(r);
	rc = rc != 0 ? rc : expires_in_option(r);
	rc = rc != 0 ? rc : span_option(r, "renew-period", &r->period);
	if (rc == 0 && r->period > 0 && !r->watched)
		rc = cli_usage_error(c, "--renew-period needs --daemon");
	if (rc == 0 && r->period > 0 && (r->expires_in > 0 || r->expires_percent > 0))
		rc = cli_usage_error(c, "--renew-period and --expires-in exclude each other");
	return rc;
}

/* ---- once ---- */

/* 1 when there is still time enough, and says so; 0 when not; -1. */
static int not_yet(struct renewal *r, struct err *e)
{
	struct pair p = {0};
	char when[24], left[40];
	int64_t ns;
	int rc;

	if (r->expires_in == 0 && r->expires_percent == 0)
		return 0;
	rc = pair_read_cert(&p, r->crt, e);
	ns = rc < 0 ? 0 : p.cert.not_after * DURATION_SECOND - clock_now_ns();
	if (rc == 0 && ns > renewal_expires_in(r, p.cert.not_after - p.cert.not_before)) {
		printf("%s is good until %s, for another %s: nothing was done.\n", r->crt,
		       time_format_rfc3339(p.cert.not_after, when),
		       duration_format(ns / DURATION_SECOND * DURATION_SECOND, left));
		rc = 1;
	}
	pair_release(&p);
	return rc;
}

static void say_done(struct renewal *r)
{
	struct pair p = {0};
	struct err ignore = ERR_INIT;
	char when[24] = "";

	if (pair_read_cert(&p, r->out, &ignore) == 0)
		time_format_rfc3339(p.cert.not_after, when);
	if (r->rekey)
		printf("The new certificate is in %s, its private key in %s; it is good until "
		       "%s.\n",
		       r->out, r->out_key, when);
	else
		printf("The renewed certificate is in %s; it is good until %s.\n", r->out, when);
	pair_release(&p);
}

/* --exec and the signal do not depend on each other; each failure is told. */
static int after(struct renewal *r)
{
	struct err e = ERR_INIT;
	pid_t pid = renew_exec(r, &e);
	int status = 0, rc = EXIT_DONE;

	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid < 0 || (pid > 0 && renew_exec_result(r, status, &e) < 0))
		rc = cli_fail(r->c, &e);
	if (renew_signal(r, &e) < 0)
		rc = cli_fail(r->c, &e);
	return rc;
}

static int once(struct renewal *r)
{
	struct err e = ERR_INIT;
	int rc = not_yet(r, &e);

	if (rc > 0)
		return EXIT_DONE;
	if (rc < 0 || may_write(r->c, r->out, &e) < 0 ||
	    (r->rekey && may_write(r->c, r->out_key, &e) < 0) || renew_once(r, &e) < 0)
		return cli_fail(r->c, &e);
	say_done(r);
	return after(r);
}

int renewal_run(struct renewal *r)
{
	int rc = renewal_options(r);

	if (rc != 0)
		return rc;
	return r->watched ? renew_daemon(r) : once(r);
}

/* ---- the command ---- */

static int renew(struct cli *c)
{
	struct renewal r = {.c = c};

	return renewal_run(&r);
}

static const struct cli_opt opts[] = {
	{"out", "FILE", "where the new certificate goes (default: CRT is replaced)", false, false},
	RENEWAL_OPTS,
	{"mtls", "BOOL", "false: with a token signed by KEY instead of mutual TLS", false, false},
	{NULL, NULL, NULL, false, false},
};
const struct cli_cmd cmd_renew = {
	.name = "renew",
	.args = "CRT KEY",
	.min_args = 2,
	.max_args = 2,
	.summary = "Renew a certificate, with itself as the credential",
	.about =
		"The file is replaced at once, whole: a server that reads it meanwhile sees the "
		"old or the new one.\n"
		"An expired certificate is renewed where the CA allows it "
		"(allowRenewalAfterExpiry).\n"
		"With --daemon: at two thirds of the lifetime, or when --expires-in is left, or "
		"each\n"
		"--renew-period, a little earlier at random; a failure is tried again, ever more "
		"slowly, and\n"
		"never given up. SIGHUP renews now, SIGTERM ends it. One line an event on standard "
		"error.",
	.opts = opts,
	.run = renew,
};
