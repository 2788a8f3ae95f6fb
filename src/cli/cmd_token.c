/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/issue.h"

#include "base/file.h"
#include "base/mem.h"
#include "x509/x509.h"

/*
 * cmd_token.c - `signet token`: one-time tokens for /sign and /revoke (token.c,
 * provisioner_key.c), renew tokens by a certificate's own key.
 */

/* Pairs of which one makes the other meaningless. */
static int check_pairs(struct cli *c)
{
	static const char *const pairs[][2] = {
		{"revoke", "renew"},
		{"revoke", "san"},
		{"revoke", "set"},
		{"revoke", "set-file"},
		{"revoke", "cnf"},
		{"revoke", "cnf-file"},
		{"revoke", "endpoint"},
		{"renew", "san"},
		{"renew", "set"},
		{"renew", "set-file"},
		{"renew", "cnf"},
		{"renew", "cnf-file"},
		{"renew", "endpoint"},
		{"renew", "offline"},
		{"renew", "provisioner"},
		{"renew", "issuer"},
		{"renew", "not-before"},
		{"renew", "not-after"},
		{"cnf", "cnf-file"},
		{"provisioner", "issuer"},
		{"x5c-cert", "cert"},
		{"revoke", "cert-not-after"},
		{"revoke", "cert-not-before"},
		{"x5c-key", "key"},
	};

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		if (cli_flag(c, pairs[i][0]) && cli_flag(c, pairs[i][1]))
			return cli_usage_error(c, "--%s and --%s exclude each other", pairs[i][0],
					       pairs[i][1]);
	if (!cli_flag(c, "renew") &&
	    (cli_flag(c, "x5c-cert") || cli_flag(c, "x5c-key") || cli_flag(c, "cert")))
		return cli_usage_error(c, "--x5c-cert, --cert and --x5c-key go with --renew");
	if (c->n_args == 0 && !cli_flag(c, "renew"))
		return cli_usage_error(c, "missing argument: usage is signet token %s",
				       c->cmd->args);
	return 0;
}

/* A token carries no lifetime of the certificate, whoever makes it: `step` takes these likewise. */
static int check_cert_times(struct cli *c, struct err *e)
{
	static const char *const opts[] = {"cert-not-before", "cert-not-after"};
	int64_t ignore;

	for (size_t i = 0; i < ARRAY_LEN(opts); i++) {
		const char *text = cli_value(c, opts[i]);

		if (text == NULL)
			continue;
		if (time_option(c, opts[i], text, 0, &ignore, e) < 0)
			return -1;
		fprintf(stderr,
			"signet: --%s is not in the token; give --%s to `signet certificate`\n",
			opts[i], opts[i] + strlen("cert-"));
	}
	return 0;
}

/* ---- --renew ---- */

static int read_chain(struct cli *c, const char *path, struct str **ders, size_t *n, struct err *e)
{
	struct buf pem = BUF_INIT;
	int rc;

	if (file_read(path, 1 << 20, &pem, e) < 0)
		return -1;
	rc = cert_pem_read(buf_view(&pem), c->arena, ders, n, e);
	buf_release(&pem);
	return rc < 0 ? err_wrap(e, "%s", path) : 0;
}

static int check_leaf(struct cli *c, const char *path, struct str der, const struct key *k,
		      struct err *e)
{
	const char *key_path =
		cli_value(c, "x5c-key") ? cli_value(c, "x5c-key") : cli_value(c, "key");
	struct buf spki = BUF_INIT;
	struct cert leaf;
	struct str cn;
	bool same;

	if (cert_parse(der, c->arena, &leaf, e) < 0)
		return err_wrap(e, "%s", path);
	key_to_spki(k, &spki);
	same = str_eq(buf_view(&spki), leaf.spki);
	buf_release(&spki);
	if (!same)
		return ERR(e, ERR_INVALID, "%s is not the private key of %s", key_path, path);
	cn = name_get(&leaf.subject, OID_CN);
	if (c->n_args > 0 && !str_eqc(cn, c->args[0]))
		return cli_misuse(c, e, "SUBJECT %s: %s is for \"" STR_FMT "\"", c->args[0], path,
				  STR_ARG(cn));
	return 0;
}

static int renew_token(struct cli *c, struct buf *out, struct err *e)
{
	const char *cert = cli_value(c, "x5c-cert"), *key = cli_value(c, "x5c-key");
	struct key *k = NULL;
	struct str *ders;
	size_t n;
	int rc = -1;

	if (cert == NULL)
		cert = cli_value(c, "cert");
	if (key == NULL)
		key = cli_value(c, "key");
	if (cert == NULL || key == NULL)
		return cli_misuse(c, e,
				  "--renew needs the certificate and its key: --x5c-cert FILE "
				  "--x5c-key FILE");
	if (trust_load(c, false, e) < 0 || read_chain(c, cert, &ders, &n, e) < 0 ||
	    read_key_file(c, key, "password-file", &k, e) < 0)
		return -1;
	if (check_leaf(c, cert, ders[0], k, e) == 0)
		rc = token_make_renew(c, ders, n, k, out, e);
	key_free(k);
	return rc;
}

/* ---- for /sign and /revoke ---- */

static int revoke_token(struct cli *c, struct buf *out, struct err *e)
{
	struct token_request r = {.not_after = cli_value(c, "not-after"),
				  .not_before = cli_value(c, "not-before"),
				  .aud_path = "/1.0/revoke"};
	struct buf decimal = BUF_INIT;
	struct str serial;

	if (serial_parse(str_c(c->args[0]), c->arena, &serial, e) < 0)
		return cli_misuse(
			c, e,
			"SUBJECT %s: with --revoke it is a serial number, decimal or with "
			"0x",
			c->args[0]);
	serial_to_decimal(serial, &decimal);
	r.subject = arena_cstr(c->arena, buf_view(&decimal));
	buf_release(&decimal);
	if (trust_load(c, true, e) < 0)
		return -1;
	return token_make(c, &r, out, e);
}

static int sign_token(struct cli *c, struct buf *out, struct err *e)
{
	const char *sans[CLI_MAX_OPTS];
	struct token_request r = {.subject = c->args[0],
				  .sans = sans,
				  .not_after = cli_value(c, "not-after"),
				  .not_before = cli_value(c, "not-before")};
	json_t *set = NULL;
	int rc = -1;

	r.n_sans = cli_values(c, "san", sans, ARRAY_LEN(sans));
	if (names_check(c, r.subject, sans, r.n_sans, false, e) < 0 ||
	    cnf_option(c, &r.cnf, e) < 0 || endpoint_option(c, &r.endpoint, e) < 0 ||
	    set_options(c, &set, e) < 0)
		return -1;
	if (set == NULL)
		set = json_object(); /* as `step` does */
	r.set = set;
	if (check_cert_times(c, e) == 0 && trust_load(c, true, e) == 0)
		rc = token_make(c, &r, out, e);
	json_decref(set);
	return rc;
}

static int deliver(struct cli *c, struct buf *out, struct err *e)
{
	const char *file = cli_value(c, "output-file");

	buf_putc(out, '\n');
	if (file != NULL)
		return file_replace(file, buf_view(out), 0600, e);
	fwrite(out->p, 1, out->n, stdout);
	return out_flush(e);
}

static int token(struct cli *c)
{
	const char *file = cli_value(c, "output-file");
	struct buf out = BUF_INIT;
	struct err e = ERR_INIT;
	int rc = check_pairs(c);

	if (rc != 0)
		return rc;
	if (file != NULL)
		rc = may_write(c, file, &e);
	if (rc == 0 && cli_flag(c, "renew"))
		rc = renew_token(c, &out, &e);
	else if (rc == 0 && cli_flag(c, "revoke"))
		rc = revoke_token(c, &out, &e);
	else if (rc == 0)
		rc = sign_token(c, &out, &e);
	if (rc == 0)
		rc = deliver(c, &out, &e);
	buf_wipe_release(&out);
	return rc < 0 ? cli_fail(c, &e) : EXIT_DONE;
}

static const struct cli_opt opts[] = {
	{"san", "NAME", "allowed name: DNS, address, e-mail or URI (default: SUBJECT)", true,
	 false},
	{"not-before", "TIME", "start of the token: duration or RFC 3339, within 30m (default now)",
	 false, false},
	{"not-after", "TIME", "end of the token: duration or RFC 3339, 10s to 1h (default 5m)",
	 false, false},
	{"cert-not-before", "TIME", "checked, but not in the token: see `signet certificate`",
	 false, false},
	{"cert-not-after", "TIME", "the same", false, false},
	{"set", "KEY=VALUE", "data for templates, in the claim user: JSON or text", true, false},
	{"set-file", "FILE", "JSON object with data for templates", false, false},
	{"cnf", "FINGERPRINT", "only for this request: SHA-256 of it, base64url or hexadecimal",
	 false, false},
	{"cnf-file", "FILE", "only for this certificate request", false, false},
	{"endpoint", "ID", "the certificate continues this endpoint, a UUID", false, false},
	{"provisioner", "NAME", "provisioner that vouches for it", false, false},
	{"issuer", "NAME", "the same as --provisioner", false, false},
	{"kid", "KID", "the provisioner with this key id", false, false},
	{"key", "FILE",
	 "the provisioner's private key, PEM or JWK, instead of the CA's encrypted copy", false,
	 false},
	{"password-file", "FILE", "file with the provisioner's (or the key's) password", false,
	 false},
	{"provisioner-password-file", "FILE", "the same as --password-file", false, false},
	{"offline", NULL, "without asking the CA: with --key and --provisioner", false, false},
	{"revoke", NULL, "for revoking: SUBJECT is the serial number", false, false},
	{"renew", NULL, "for renewing, also after the end: with --x5c-cert and --x5c-key", false,
	 false},
	{"x5c-cert", "FILE", "with --renew: the certificate and its chain", false, false},
	{"x5c-key", "FILE", "with --renew: the certificate's private key", false, false},
	{"cert", "FILE", "the same as --x5c-cert", false, false},
	{"output-file", "FILE", "write the token there (mode 0600) instead of printing it", false,
	 false},
	{"force", NULL, "overwrite the file", false, false},
	{NULL, NULL, NULL, false, false},
};
const struct cli_cmd cmd_token = {
	.name = "token",
	.args = "SUBJECT",
	.max_args = 1,
	.summary = "Make a one-time token with which somebody else can get one certificate",
	.about = "The token is printed on standard output. It is good for one certificate with the "
		 "names that it lists, and\n"
		 "ends after five minutes. Hand it over on a way that you trust.\n\n"
		 "With --revoke SUBJECT is a serial number, with --renew it is taken from the "
		 "certificate.",
	.opts = opts,
	.run = token,
};
