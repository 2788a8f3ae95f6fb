/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/cli.h"

#include "base/file.h"
#include "x509/x509.h"

#include <sys/mman.h>

/* cmd_renew.c - renews a certificate once, over mutual TLS with the certificate itself. */

static bool same_key(const struct cert *cert, const struct key *k)
{
	struct buf spki = BUF_INIT;
	bool same;

	key_to_spki(k, &spki);
	same = str_eq(buf_view(&spki), cert->spki);
	buf_release(&spki);
	return same;
}

/* Certificate and key must belong together: TLS would only say that the handshake failed. */
static int check_pair(struct cli *c, const struct key *k, struct err *e)
{
	struct buf pem = BUF_INIT;
	struct str *ders;
	struct cert cert;
	size_t n;
	int rc = file_read(c->args[0], 1 << 20, &pem, e);

	if (rc == 0 && (cert_pem_read(buf_view(&pem), c->arena, &ders, &n, e) < 0 ||
			cert_parse(ders[0], c->arena, &cert, e) < 0))
		rc = err_wrap(e, "%s", c->args[0]);
	buf_release(&pem);
	if (rc == 0 && !same_key(&cert, k))
		rc = ERR(e, ERR_INVALID, "%s is not the private key of %s", c->args[1], c->args[0]);
	return rc;
}

/*
 * The TLS library reads keys from files: an encrypted one is handed to it decrypted, in a file
 * that exists in memory only.
 */
static int plain_key_path(struct cli *c, const struct key *k, const char **path, int *fd,
			  struct err *e)
{
	struct buf pem = BUF_INIT;
	ssize_t put;

	*fd = memfd_create("key", MFD_CLOEXEC);
	if (*fd < 0)
		return err_errno(e, errno, "memfd_create");
	if (key_to_pem(k, NULL, &pem, e) < 0)
		return -1;
	put = write(*fd, pem.p, pem.n);
	if (put < 0 || (size_t)put != pem.n) {
		buf_wipe_release(&pem);
		return err_errno(e, errno, "memfd");
	}
	buf_wipe_release(&pem);
	*path = arena_printf(c->arena, "/proc/self/fd/%d", *fd);
	return 0;
}

static int renew_to(struct cli *c, const char *out, const char *key_path, struct err *e)
{
	struct ca_call call = {
		.method = "POST", .path = "/renew", .cert_file = c->args[0], .key_file = key_path};
	struct buf chain = BUF_INIT;
	json_t *answer = ca_call(c, &call, e);
	int rc;

	if (answer == NULL)
		return -1;
	rc = answer_chain(answer, &chain, e);
	if (rc == 0)
		rc = file_replace(out, buf_view(&chain), 0644, e);
	buf_release(&chain);
	json_decref(answer);
	return rc;
}

static int renew(struct cli *c)
{
	const char *out = cli_value(c, "out"), *key_path = NULL;
	struct key *k = NULL;
	struct err e = ERR_INIT;
	int fd = -1, rc = EXIT_DONE;

	if (out == NULL)
		out = c->args[0];
	if (same_place(out, c->args[1]))
		return cli_usage_error(c, "%s is the key: the certificate would replace it", out);
	if (trust_load(c, true, &e) < 0 ||
	    read_key_file(c, c->args[1], "password-file", &k, &e) < 0 || check_pair(c, k, &e) < 0 ||
	    may_write(c, out, &e) < 0 || plain_key_path(c, k, &key_path, &fd, &e) < 0 ||
	    renew_to(c, out, key_path, &e) < 0)
		rc = cli_fail(c, &e);
	else
		printf("The renewed certificate is in %s.\n", out);
	if (fd >= 0)
		close(fd);
	key_free(k);
	return rc;
}

static const struct cli_opt opts[] = {
	{"out", "FILE", "where the new certificate goes (default: CRT is replaced)", false, false},
	{"force", NULL, "overwrite without asking", false, false},
	{"password-file", "FILE", "file with the password of KEY", false, false},
	{"expires-in", "TIME", "", false, true},
	{"daemon", NULL, "", false, true},
	{"renew-period", "TIME", "", false, true},
	{"exec", "COMMAND", "", false, true},
	{"pid", "PID", "", false, true},
	{"signal", "NUMBER", "", false, true},
	{NULL, NULL, NULL, false, false},
};
const struct cli_cmd cmd_renew = {
	.name = "renew",
	.args = "CRT KEY",
	.min_args = 2,
	.max_args = 2,
	.summary = "Renew a certificate that is still valid, with itself as the credential",
	.about = "The file is replaced at once, whole: a server that reads it meanwhile sees the "
		 "old or the new one.",
	.opts = opts,
	.run = renew,
};
