/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/cli.h"

#include "base/file.h"
#include "codec/pem.h"
#include "x509/x509.h"

/* cmd_inspect.c - shows certificates and requests, PEM (every block) or DER. */

#define INSPECT_MAX (1 << 20)

static int show_cert(struct cli *c, struct str der, struct buf *out, struct err *e)
{
	struct cert cert;

	if (cert_parse(arena_str(c->arena, der), c->arena, &cert, e) < 0)
		return -1;
	cert_describe(&cert, cli_flag(c, "short"), out);
	return 0;
}

static int show_csr(struct cli *c, struct str der, struct buf *out, struct err *e)
{
	struct csr csr;

	if (csr_parse(arena_str(c->arena, der), c->arena, &csr, e) < 0)
		return -1;
	csr_describe(&csr, cli_flag(c, "short"), out);
	return 0;
}

static int show_block(struct cli *c, const struct pem_block *b, struct buf *out, struct err *e)
{
	if (str_eqc(b->label, "CERTIFICATE"))
		return show_cert(c, buf_view(&b->der), out, e);
	if (str_eqc(b->label, "CERTIFICATE REQUEST") ||
	    str_eqc(b->label, "NEW CERTIFICATE REQUEST"))
		return show_csr(c, buf_view(&b->der), out, e);
	buf_printf(out, "(a block \"" STR_FMT "\" is not shown)\n", STR_ARG(b->label));
	return 0;
}

static int show_pem(struct cli *c, struct str text, struct buf *out, struct err *e)
{
	struct pem_block b = {0};
	unsigned n = 0;
	int rc;

	while ((rc = pem_next(&text, &b, e)) > 0) {
		if (n++ > 0)
			buf_putc(out, '\n');
		rc = show_block(c, &b, out, e);
		pem_block_release(&b);
		if (rc < 0)
			return -1;
	}
	if (rc == 0 && n == 0)
		return ERR(e, ERR_INVALID, "no PEM block in it");
	return rc;
}

static int inspect(struct cli *c)
{
	struct buf text = BUF_INIT, out = BUF_INIT;
	struct err e = ERR_INIT, ignore = ERR_INIT;
	int rc = file_read(c->args[0], INSPECT_MAX, &text, &e);

	if (rc == 0) {
		if (strstr(text.p ? text.p : "", "-----BEGIN ") != NULL)
			rc = show_pem(c, buf_view(&text), &out, &e);
		else if (show_cert(c, buf_view(&text), &out, &ignore) < 0 &&
			 show_csr(c, buf_view(&text), &out, &ignore) < 0)
			rc = ERR(&e, ERR_INVALID,
				 "neither PEM nor a certificate or request in DER");
		if (rc < 0)
			err_wrap(&e, "%s", c->args[0]);
	}
	if (rc == 0)
		fwrite(out.p, 1, out.n, stdout);
	buf_release(&text);
	buf_release(&out);
	return rc < 0 ? cli_fail(c, &e) : EXIT_DONE;
}

static const struct cli_opt opts[] = {
	{"short", NULL, "the essentials only", false, false},
	{NULL, NULL, NULL, false, false},
};
const struct cli_cmd cmd_inspect = {
	.name = "inspect",
	.args = "FILE",
	.min_args = 1,
	.max_args = 1,
	.summary = "Show certificates and certificate requests in a file",
	.opts = opts,
	.offline = true,
	.run = inspect,
};
