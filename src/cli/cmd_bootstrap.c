/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/install.h"

#include "base/file.h"
#include "x509/x509.h"

/*
 * cmd_bootstrap.c - trusting a CA for the first time (bootstrap, root), and asking whether it
 * lives (health).
 */

/* Digits of a fingerprint: dashes, colons and spaces go, lower case. */
static bool fingerprint_clean(const char *in, char out[65])
{
	size_t n = 0;

	for (; *in; in++) {
		char ch = ascii_lower(*in);

		if (ch == '-' || ch == ':' || ch == ' ')
			continue;
		if (n == 64 || !((ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'f')))
			return false;
		out[n++] = ch;
	}
	out[n] = '\0';
	return n == 64;
}

/*
 * Gets the root without trusting the connection: what comes must have the fingerprint that the
 * user brought from elsewhere.
 */
static int fetch_root(struct cli *c, const char *fingerprint, struct str *pem, struct err *e)
{
	struct ca_call call = {
		.method = "GET",
		.path = arena_printf(c->arena, "/root/%s", fingerprint),
		.insecure = true,
	};
	struct str text, *ders;
	char have[65];
	size_t n;
	json_t *v = ca_call(c, &call, e);
	int rc = -1;

	if (v == NULL)
		return -1;
	if (json_get_str(v, "ca", 0, &text, e) == 0 &&
	    cert_pem_read(text, c->arena, &ders, &n, e) == 0) {
		struct buf out = BUF_INIT;

		cert_fingerprint(ders[0], have);
		cert_to_pem(ders[0], &out);
		*pem = arena_str(c->arena, buf_view(&out));
		buf_release(&out);
		rc = strcmp(have, fingerprint) == 0 ? 0
						    : ERR(e, ERR_UNAUTHORIZED,
							  "%s gave a root with fingerprint %s, not "
							  "the one asked for: do not trust it",
							  c->ca_url, have);
	}
	json_decref(v);
	return rc;
}

static int install_pem(struct cli *c, struct str pem, struct err *e)
{
	struct str *ders;
	size_t n;

	if (cert_pem_read(pem, c->arena, &ders, &n, e) < 0)
		return -1;
	return install_root(c, ders[0], e);
}

static int bootstrap(struct cli *c)
{
	const char *given = cli_value(c, "fingerprint"), *trusted;
	char fingerprint[65];
	struct str pem;
	struct err e = ERR_INIT;

	if (cli_value(c, "ca-url") == NULL || given == NULL)
		return cli_usage_error(c, "--ca-url and --fingerprint are needed");
	if (!fingerprint_clean(given, fingerprint))
		return cli_usage_error(c, "--fingerprint: 64 hexadecimal digits, the SHA-256 of "
					  "the root certificate");
	if (cli_flag(c, "into") && !cli_flag(c, "install"))
		return cli_usage_error(c, "--into goes with --install");
	trusted = arena_printf(c->arena, "%s/certs/root_ca.crt", trust_dir(c));
	if ((cli_flag(c, "install") && install_ready(c, &e) < 0) ||
	    (file_exists(trusted) &&
	     may_write(c, trusted, &e) < 0) || /* its folder is made when it is missing */
	    trust_load(c, false, &e) < 0 ||
	    fetch_root(c, fingerprint, &pem, &e) < 0 ||
	    trust_save(c, c->ca_url, fingerprint, pem, &e) < 0)
		return cli_fail(c, &e);
	printf("Trusting %s.\nThe root certificate is in %s/certs/root_ca.crt.\n", c->ca_url,
	       trust_dir(c));
	if (cli_flag(c, "install") && install_pem(c, pem, &e) < 0)
		return cli_fail(c, &e);
	return EXIT_DONE;
}

static int root(struct cli *c)
{
	const char *given = cli_value(c, "fingerprint");
	char fingerprint[65];
	struct str pem;
	struct err e = ERR_INIT;

	if (given == NULL || !fingerprint_clean(given, fingerprint))
		return cli_usage_error(c, "--fingerprint: 64 hexadecimal digits, the SHA-256 of "
					  "the root certificate");
	if (trust_load(c, false, &e) < 0 || fetch_root(c, fingerprint, &pem, &e) < 0)
		return cli_fail(c, &e);
	if (c->n_args == 0) {
		fwrite(pem.p, 1, pem.n, stdout);
		return EXIT_DONE;
	}
	if (may_write(c, c->args[0], &e) < 0 || file_replace(c->args[0], pem, 0644, &e) < 0)
		return cli_fail(c, &e);
	printf("The root certificate has been saved in %s.\n", c->args[0]);
	return EXIT_DONE;
}

static int health(struct cli *c)
{
	struct ca_call call = {.method = "GET", .path = "/health"};
	struct str status;
	struct buf out = BUF_INIT;
	struct err e = ERR_INIT;
	json_t *v;

	if (trust_load(c, true, &e) < 0)
		return cli_fail(c, &e);
	v = ca_call(c, &call, &e);
	if (v == NULL || json_get_str(v, "status", 0, &status, &e) < 0) {
		json_decref(v);
		return cli_fail(c, &e);
	}
	if (cli_flag(c, "json"))
		json_write(v, &out);
	else
		text_put_safe(&out, status);
	puts(out.p);
	buf_release(&out);
	json_decref(v);
	return EXIT_DONE;
}

static const struct cli_opt bootstrap_opts[] = {
	{"ca-url", "URL", "address of the CA, https://host:port", false, false},
	{"fingerprint", "HEX",
	 "SHA-256 of the root certificate, as `signet init` or `signet fingerprint` printed it",
	 false, false},
	{"force", NULL, "replace what is trusted now", false, false},
	{"install", NULL,
	 "also let the whole machine trust the root (needs root), as `signet install`", false,
	 false},
	{"into", "DIR", "with --install: this folder instead of the system's, and run nothing",
	 false, false},
	{NULL, NULL, NULL, false, false},
};
const struct cli_cmd cmd_bootstrap = {
	.name = "bootstrap",
	.args = "",
	.summary = "Trust a CA: get its root certificate and remember its address",
	.about = "Needs --ca-url and --fingerprint. The fingerprint must come to you on a way that "
		 "you trust; the root\n"
		 "that the CA gives is checked against it. Writes defaults.json and "
		 "certs/root_ca.crt into $SIGNETPATH\n"
		 "(default ~/.signet).",
	.opts = bootstrap_opts,
	.run = bootstrap,
};
static const struct cli_opt root_opts[] = {
	{"fingerprint", "HEX", "SHA-256 of the root certificate", false, false},
	{"force", NULL, "overwrite FILE", false, false},
	{NULL, NULL, NULL, false, false},
};
const struct cli_cmd cmd_root = {
	.name = "root",
	.args = "[FILE]",
	.max_args = 1,
	.summary = "Download the root certificate and check it by fingerprint",
	.opts = root_opts,
	.run = root,
};
static const struct cli_opt no_opts[] = {{NULL, NULL, NULL, false, false}};
const struct cli_cmd cmd_health = {
	.name = "health",
	.args = "",
	.summary = "Ask the CA whether it is up",
	.opts = no_opts,
	.json = true,
	.run = health,
};
