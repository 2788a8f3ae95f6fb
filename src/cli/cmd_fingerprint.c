/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/look.h"

#include "codec/b64.h"

/*
 * cmd_fingerprint.c - the hash of a certificate's bytes, in the forms that other programs want. A
 * server's certificate is taken as it comes: a fingerprint is what it will be compared by.
 */

enum form { FORM_HEX, FORM_COLON, FORM_BASE64, FORM_BASE64URL };

static int read_form(struct cli *c, enum form *out, struct err *e)
{
	static const char *const names[] = {"hex", "colon", "base64", "base64url"};
	const char *want = cli_value(c, "format");

	*out = FORM_HEX;
	if (want == NULL)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strcmp(want, names[i]) == 0) {
			*out = (enum form)i;
			return 0;
		}
	}
	return cli_misuse(c, e, "--format %s: must be hex, colon, base64 or base64url", want);
}

static void put_form(struct buf *out, struct str sum, enum form f)
{
	switch (f) {
	case FORM_HEX:
		hex_encode(sum, out);
		return;
	case FORM_COLON:
		for (size_t i = 0; i < sum.n; i++)
			buf_printf(out, "%s%02X", i > 0 ? ":" : "", (unsigned char)sum.p[i]);
		return;
	case FORM_BASE64:
		b64_encode(B64_STD, sum, out);
		return;
	case FORM_BASE64URL:
		b64_encode(B64_URL, sum, out);
		return;
	}
}

/* Certificates and requests count; NULL when there is none. */
static int print_all(struct cli *c, const struct look_input *in, enum form f, struct buf *out,
		     struct err *e)
{
	enum hash_alg alg = cli_flag(c, "sha1") ? HASH_SHA1 : HASH_SHA256;
	unsigned char sum[HASH_MAX];
	size_t n = 0;

	for (size_t i = 0; i < in->n && (n == 0 || cli_flag(c, "bundle")); i++) {
		struct cert cert;
		struct csr csr;

		if (in->items[i].kind != LOOK_CERT && in->items[i].kind != LOOK_CSR)
			continue;
		if ((in->items[i].kind == LOOK_CERT
			     ? cert_parse(in->items[i].der, c->arena, &cert, e)
			     : csr_parse(in->items[i].der, c->arena, &csr, e)) < 0)
			return err_wrap(e, "%s", in->name);
		hash(alg, in->items[i].der, sum);
		put_form(out, str_mem(sum, hash_size(alg)), f);
		buf_putc(out, '\n');
		n++;
	}
	return n > 0 ? 0 : ERR(e, ERR_INVALID, "%s: no certificate in it", in->name);
}

static int fingerprint(struct cli *c)
{
	struct buf out = BUF_INIT;
	struct look_input in;
	struct err e = ERR_INIT;
	enum form f;
	int rc = read_form(c, &f, &e);

	if (rc == 0)
		rc = look_read(c, c->args[0], &in, &e);
	if (rc == 0)
		rc = print_all(c, &in, f, &out, &e);
	if (rc == 0) {
		fwrite(out.p, 1, out.n, stdout);
		rc = out_flush(&e);
	}
	buf_release(&out);
	return rc < 0 ? cli_fail(c, &e) : EXIT_DONE;
}

static const struct cli_opt opts[] = {
	{"format", "hex|colon|base64|base64url", "how to print it, colon: AB:CD (default: hex)",
	 false, false},
	{"sha1", NULL, "SHA-1 instead of SHA-256, for old programs", false, false},
	{"bundle", NULL, "one line for each certificate instead of the first one's", false, false},
	{"servername", "NAME", "https://: the host to ask for, if another one", false, false},
	{NULL, NULL, NULL, false, false},
};
const struct cli_cmd cmd_fingerprint = {
	.name = "fingerprint",
	.args = "FILE|-|https://HOST[:PORT]",
	.min_args = 1,
	.max_args = 1,
	.summary = "Print the SHA-256 fingerprint of a certificate",
	.about = "FILE is PEM or DER, a certificate or a request. A server's certificate is taken "
		 "as it comes, trusted or\nnot.",
	.opts = opts,
	.offline = true,
	.run = fingerprint,
};
