/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/issue.h"
#include "cli/keyfile.h"

#include "base/file.h"
#include "base/mem.h"

/*
 * cmd_certificate.c - a key, a request, a token, a certificate.
 *
 * Nothing is written before the certificate is there. Then both files are written whole beside
 * their places, synced, so that a full disk is noticed while an existing pair is still a pair; at
 * last the two are renamed, the key first, so that no certificate stands without its key. Between
 * the two renames no signal interrupts. Should the power fail just there, the key is the new one,
 * and its certificate lies complete beside its place as CRT.new-PID: rename it by hand.
 */

struct certificate {
	struct issue issue;
	const char *crt, *key_path; /* key_path NULL: no key is written */
	struct key_wanted wanted;
	struct key *key;
	struct secret key_password; /* empty: plain */
	struct buf key_text;
};

static void certificate_release(struct certificate *m)
{
	issue_release(&m->issue);
	key_free(m->key);
	secret_release(&m->key_password);
	buf_wipe_release(&m->key_text);
}

/* ---- before anything is asked ---- */

static int read_arguments(struct cli *c, struct certificate *m)
{
	bool own_key = cli_flag(c, "private-key"), csr = cli_flag(c, "csr");

	m->issue.subject = c->args[0];
	m->crt = c->args[1];
	if (own_key && csr)
		return cli_usage_error(c, "--csr and --private-key exclude each other");
	if ((own_key || csr) && c->n_args > 2)
		return cli_usage_error(c, "KEY and --%s exclude each other: no key is written",
				       csr ? "csr" : "private-key");
	if (!own_key && !csr && c->n_args < 3)
		return cli_usage_error(c, "missing argument: usage is signet certificate %s",
				       c->cmd->args);
	if ((own_key || csr) && (cli_flag(c, "kty") || cli_flag(c, "curve") || cli_flag(c, "size")))
		return cli_usage_error(c, "--kty, --curve and --size are for a new key");
	if (csr && cli_flag(c, "san"))
		return cli_usage_error(c, "--csr and --san exclude each other: the names are those "
					  "of the request");
	if (csr && cli_flag(c, "key-password-file"))
		return cli_usage_error(c,
				       "--csr and --key-password-file exclude each other: no key "
				       "is read or written");
	if (cli_flag(c, "key-password-file") && cli_flag(c, "no-password"))
		return cli_usage_error(c,
				       "--key-password-file and --no-password exclude each other");
	if (!own_key && !csr)
		m->key_path = c->args[2];
	if (m->key_path != NULL && same_place(m->crt, m->key_path))
		return cli_usage_error(
			c, "CRT and KEY are the same file: one would replace the other");
	if (own_key && same_place(m->crt, cli_value(c, "private-key")))
		return cli_usage_error(c,
				       "CRT is the private key: the certificate would replace it");
	return 0;
}

/* SUBJECT is how people make sure that it is the request that they mean. */
static int csr_from_file(struct cli *c, struct issue *i, struct err *e)
{
	const char *path = cli_value(c, "csr"), *subject = i->subject;

	if (issue_read_csr(c, path, i, e) < 0)
		return -1;
	if (issue_names_of_csr(c, i, e) < 0)
		return err_wrap(e, "%s", path);
	if (str_ieqc(str_c(subject), i->subject))
		return 0;
	for (size_t n = 0; n < i->n_sans; n++)
		if (str_ieqc(str_c(subject), i->sans[n]))
			return 0;
	return ERR(e, ERR_INVALID, "%s is a request for %s, not for %s", path, i->subject, subject);
}

static int key_ready(struct cli *c, struct certificate *m, struct err *e)
{
	const char *path = cli_value(c, "private-key");
	struct key_text t = {.form = KEY_FORM_PEM};

	if (path != NULL) {
		if (read_key_file(c, path, "key-password-file", &m->key, e) < 0)
			return -1;
		if (key_type(m->key) == KEY_X25519)
			return ERR(e, ERR_INVALID, "%s: such a key cannot sign", path);
		return 0;
	}
	m->key = key_make(&m->wanted, e);
	if (m->key == NULL)
		return -1;
	t.key = m->key;
	t.password = m->key_password.n > 0 ? &m->key_password : NULL;
	return key_file_text(&t, &m->key_text, e);
}

static int prepare(struct cli *c, struct certificate *m, struct err *e)
{
	bool token = cli_flag(c, "token") || cli_flag(c, "token-file"), csr = cli_flag(c, "csr");
	struct issue *i = &m->issue;

	if (issue_options(c, i, e) < 0 || (!csr && key_options(c, &m->wanted, e) < 0) ||
	    (!csr && names_check(c, i->subject, i->sans, i->n_sans, token, e) < 0) ||
	    trust_load(c, true, e) < 0 || may_write(c, m->crt, e) < 0 ||
	    (m->key_path != NULL && may_write(c, m->key_path, e) < 0))
		return -1;
	if (csr && csr_from_file(c, i, e) < 0)
		return -1;
	if (m->key_path != NULL && cli_flag(c, "key-password-file") &&
	    secret_read_password(&m->key_password, cli_value(c, "key-password-file"), e) < 0)
		return -1;
	if (issue_given_token(c, i, e) < 0)
		return -1;
	if (!csr && (key_ready(c, m, e) < 0 || issue_make_csr(c, i, m->key, e) < 0))
		return -1;
	return token ? issue_check_bound(c, i, e) : issue_own_token(c, i, e);
}

/* ---- what comes back ---- */

static int save(struct cli *c, const struct certificate *m, struct str chain, struct err *e)
{
	const struct file_text crt = {m->crt, chain, 0644};
	const struct file_text key = {m->key_path, buf_view(&m->key_text), 0600};

	if (m->key_path == NULL)
		return file_replace(m->crt, chain, 0644, e);
	return write_pair(c, &key, &crt, e);
}

static int certificate(struct cli *c)
{
	struct certificate m = {0};
	struct buf chain = BUF_INIT;
	struct err e = ERR_INIT;
	int rc = read_arguments(c, &m);

	if (rc != 0)
		return rc;
	if (prepare(c, &m, &e) < 0 || issue_ask(c, &m.issue, &chain, &e) < 0 ||
	    save(c, &m, buf_view(&chain), &e) < 0)
		rc = cli_fail(c, &e);
	else if (m.key_path != NULL)
		printf("The certificate is in %s, its private key in %s.\n", m.crt, m.key_path);
	else
		printf("The certificate is in %s.\n", m.crt);
	buf_release(&chain);
	certificate_release(&m);
	return rc;
}

static const struct cli_opt opts[] = {
	{"san", "NAME", "name in the certificate: DNS, address, e-mail or URI (default: SUBJECT)",
	 true, false},
	ISSUE_TIME_OPTS,
	{"kty", "KIND", "EC, OKP or RSA (default EC)", false, false},
	{"curve", "CURVE", "P-256, P-384, P-521 or Ed25519", false, false},
	{"size", "BITS", "of an RSA key, 2048 to 4096 (default 2048)", false, false},
	{"key-password-file", "FILE", "encrypt KEY under this password (of --private-key: its own)",
	 false, false},
	{"no-password", NULL, "do not encrypt KEY (the default)", false, false},
	{"private-key", "FILE", "for this private key, instead of a new one in KEY", false, false},
	{"csr", "FILE", "for this certificate request, instead of a new key in KEY", false, false},
	ISSUE_OPTS,
	{"force", NULL, "overwrite CRT and KEY", false, false},
	{NULL, NULL, NULL, false, false},
};
const struct cli_cmd cmd_certificate = {
	.name = "certificate",
	.args = "SUBJECT CRT [KEY]",
	.min_args = 2,
	.max_args = 3,
	.summary = "Make a private key and get a certificate for it",
	.about = "CRT gets the certificate followed by its chain, KEY the new private key (mode "
		 "0600). With --private-key or\n"
		 "--csr there is no new key, and KEY is left out.\n\n"
		 "Without a token the provisioner's password is asked for, or read from "
		 "--password-file.",
	.opts = opts,
	.run = certificate,
};
