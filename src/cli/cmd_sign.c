/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/issue.h"

#include "base/file.h"

/* cmd_sign.c - `signet sign`: a certificate for a request that somebody else made. */

/* Somebody else's token may allow names that ours cannot: the CA decides. */
static int get_token(struct cli *c, struct issue *i, struct err *e)
{
	int rc = issue_names_of_csr(c, i, e);

	if (cli_flag(c, "token") || cli_flag(c, "token-file"))
		return issue_given_token(c, i, e) < 0 ? -1 : issue_check_bound(c, i, e);
	if (rc < 0)
		return err_wrap(e, "%s", c->args[0]);
	return issue_own_token(c, i, e);
}

static int prepare(struct cli *c, struct issue *i, const char *out, struct err *e)
{
	if (issue_options(c, i, e) < 0 || trust_load(c, true, e) < 0 ||
	    (out != NULL && may_write(c, out, e) < 0) || issue_read_csr(c, c->args[0], i, e) < 0)
		return -1;
	return get_token(c, i, e);
}

static int deliver(const char *out, struct str chain, struct err *e)
{
	if (out != NULL)
		return file_replace(out, chain, 0644, e);
	fwrite(chain.p, 1, chain.n, stdout);
	return out_flush(e);
}

static int sign(struct cli *c)
{
	const char *out = c->n_args > 1 ? c->args[1] : NULL;
	struct issue i = {0};
	struct buf chain = BUF_INIT;
	struct err e = ERR_INIT;
	int rc = EXIT_DONE;

	if (out != NULL && same_place(c->args[0], out))
		return cli_usage_error(c, "CRT is the request: the certificate would replace it");
	if (prepare(c, &i, out, &e) < 0 || issue_ask(c, &i, &chain, &e) < 0 ||
	    deliver(out, buf_view(&chain), &e) < 0)
		rc = cli_fail(c, &e);
	else if (out != NULL)
		printf("The certificate is in %s.\n", out);
	buf_release(&chain);
	issue_release(&i);
	return rc;
}

static const struct cli_opt opts[] = {
	ISSUE_TIME_OPTS,
	ISSUE_OPTS,
	{"force", NULL, "overwrite CRT", false, false},
	{NULL, NULL, NULL, false, false},
};
const struct cli_cmd cmd_sign = {
	.name = "sign",
	.args = "CSR [CRT]",
	.min_args = 1,
	.max_args = 2,
	.summary = "Get a certificate for a certificate request",
	.about = "CSR is a file, PEM or DER, or - for standard input. The certificate, followed by "
		 "its chain, goes to CRT or\n"
		 "to standard output. The names are those of the request.",
	.opts = opts,
	.run = sign,
};
