/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/keyfile.h"

#include "base/file.h"
#include "base/mem.h"
#include "codec/b64.h"
#include "codec/pem.h"
#include "jose/jwk.h"
#include "x509/x509.h"

/* cmd_key.c - `signet key`: making keys, their public halves, passwords, fingerprints. No CA. */

static int form_option(struct cli *c, enum key_form *form, struct err *e)
{
	const char *text = cli_value(c, "format");

	*form = KEY_FORM_PEM;
	if (text == NULL || strcmp(text, "pem") == 0 || strcmp(text, "pkcs8") == 0)
		return 0;
	if (strcmp(text, "jwk") != 0)
		return cli_misuse(c, e, "--format %s: pem or jwk", text);
	*form = KEY_FORM_JWK;
	return 0;
}

/* Empty: the key stays plain. */
static int new_password(struct cli *c, const char *opt, bool ask, struct secret *out, struct err *e)
{
	if (cli_flag(c, opt) && cli_flag(c, "no-password"))
		return cli_misuse(c, e, "--%s and --no-password exclude each other", opt);
	if (cli_flag(c, "no-password") || (!cli_flag(c, opt) && !ask))
		return 0;
	return password_get(c, opt, "New password of the key", true, out, e);
}

/* ---- make ---- */

static int write_new(struct cli *c, const struct key_text *t, struct err *e)
{
	const char *public = cli_value(c, "public");
	struct buf text = BUF_INIT, pub = BUF_INIT;
	int rc = key_file_text(t, &text, e);

	key_public_text(t->key, t->form, t->kid, &pub);
	if (rc == 0 && public == NULL) {
		rc = file_replace(c->args[0], buf_view(&text), 0600, e);
	} else if (rc == 0) {
		const struct file_text a = {c->args[0], buf_view(&text), 0600};
		const struct file_text b = {public, buf_view(&pub), 0644};

		rc = write_pair(c, &a, &b, e);
	}
	buf_wipe_release(&text);
	buf_release(&pub);
	return rc;
}

static int make(struct cli *c)
{
	const char *public = cli_value(c, "public");
	struct secret password = SECRET_INIT;
	struct key_text t = {0};
	struct key_wanted wanted;
	struct key *k = NULL;
	struct err e = ERR_INIT;
	int rc = EXIT_DONE;

	if (public != NULL && same_place(public, c->args[0]))
		return cli_usage_error(c, "FILE and --public are the same file");
	if (cli_flag(c, "encrypt") && cli_flag(c, "no-password"))
		return cli_usage_error(c, "--encrypt and --no-password exclude each other");
	if (key_options(c, &wanted, &e) < 0 || form_option(c, &t.form, &e) < 0 ||
	    may_write(c, c->args[0], &e) < 0 || (public != NULL && may_write(c, public, &e) < 0) ||
	    new_password(c, "password-file", cli_flag(c, "encrypt"), &password, &e) < 0 ||
	    (k = key_make(&wanted, &e)) == NULL) {
		rc = cli_fail(c, &e);
	} else {
		t.key = k;
		t.password = password.n > 0 ? &password : NULL;
		if (write_new(c, &t, &e) < 0)
			rc = cli_fail(c, &e);
		else
			printf("The %s key is in %s%s.\n", key_type_name(key_type(k)), c->args[0],
			       t.password ? ", encrypted" : "");
	}
	key_free(k);
	secret_release(&password);
	return rc;
}

/* ---- a public key, from whatever has one ---- */

struct public
{
	struct key *key;
	const char *kid;
};

static int public_of_block(struct cli *c, const struct pem_block *b, struct key **out,
			   struct err *e)
{
	struct str der = arena_str(c->arena, buf_view(&b->der));
	struct cert cert;
	struct csr csr;

	if (str_eqc(b->label, "PUBLIC KEY")) {
		*out = key_from_spki(der, e);
	} else if (str_eqc(b->label, "CERTIFICATE")) {
		if (cert_parse(der, c->arena, &cert, e) < 0)
			return -1;
		*out = key_from_spki(cert.spki, e);
	} else if (str_ends(b->label, "CERTIFICATE REQUEST")) {
		if (csr_parse(der, c->arena, &csr, e) < 0)
			return -1;
		*out = key_from_spki(csr.spki, e);
	} else {
		return ERR(e, ERR_INVALID, "a block \"" STR_FMT "\", which has no public key",
			   STR_ARG(b->label));
	}
	return *out ? 0 : -1;
}

/* The first block that has one. 0 with *out NULL: there is a private key, or no PEM at all. */
static int public_in_pem(struct cli *c, struct str text, struct key **out, struct err *e)
{
	struct pem_block b = {0};
	int rc = 0;

	if (memmem(text.p ? text.p : "", text.n, "PRIVATE KEY-----", 16) != NULL ||
	    memmem(text.p ? text.p : "", text.n, "-----BEGIN ", 11) == NULL)
		return 0;
	if (pem_next(&text, &b, e) <= 0)
		return ERR(e, ERR_INVALID, "no PEM block in it");
	rc = public_of_block(c, &b, out, e);
	pem_block_release(&b);
	return rc;
}

/* A JWK without the private part; *out NULL when it is none. */
static int public_in_jwk(struct cli *c, struct str text, struct public *out, struct err *e)
{
	struct err ignore = ERR_INIT;
	json_t *v = json_parse(text, &json_limits_request, JSON_REFUSE_DUPLICATES | JSON_TOP_OBJECT,
			       &ignore);
	int rc;

	if (v == NULL || json_member(v, "kty", 0) == NULL || json_member(v, "d", 0) != NULL) {
		json_decref(v);
		return 0;
	}
	rc = key_from_jwk(c, v, false, &out->key, &out->kid, e);
	json_decref(v);
	return rc;
}

static int public_read(struct cli *c, const char *path, struct public *out, struct err *e)
{
	struct secret text = SECRET_INIT;
	struct key_file f;
	int rc;

	memset(out, 0, sizeof(*out));
	if (file_read_secret(path, KEY_FILE_MAX, &text, e) < 0)
		return -1;
	rc = public_in_pem(c, secret_view(&text), &out->key, e);
	if (rc == 0 && out->key == NULL)
		rc = public_in_jwk(c, secret_view(&text), out, e);
	secret_release(&text);
	if (rc < 0)
		return err_wrap(e, "%s", path);
	if (out->key != NULL)
		return 0;
	if (key_file_read(c, path, "password-file", &f, e) < 0)
		return -1;
	*out = (struct public){f.key, f.kid};
	return 0;
}

static int public(struct cli *c)
{
	const char *file = c->n_args > 1 ? c->args[1] : NULL;
	struct public p = {0};
	struct buf text = BUF_INIT;
	enum key_form form;
	struct err e = ERR_INIT;
	int rc;

	if (file != NULL && same_place(file, c->args[0]))
		return cli_usage_error(c, "OUT is the key: the public key would replace it");
	rc = form_option(c, &form, &e);
	if (rc == 0 && file != NULL)
		rc = may_write(c, file, &e);
	if (rc == 0)
		rc = public_read(c, c->args[0], &p, &e);
	if (rc == 0) {
		key_public_text(p.key, form, p.kid, &text);
		if (file != NULL)
			rc = file_replace(file, buf_view(&text), 0644, &e);
		else
			fwrite(text.p, 1, text.n, stdout);
	}
	if (rc == 0)
		rc = out_flush(&e);
	buf_release(&text);
	key_free(p.key);
	return rc < 0 ? cli_fail(c, &e) : EXIT_DONE;
}

/* ---- fingerprint ---- */

static int fingerprint_text(struct cli *c, const struct key *k, struct buf *out, struct err *e)
{
	const char *format = cli_value(c, "format");
	unsigned char digest[HASH_MAX];
	struct buf spki = BUF_INIT;
	char thumb[44];

	if (format != NULL && strcmp(format, "thumbprint") == 0) {
		jwk_thumbprint(k, thumb);
		buf_puts(out, thumb);
		return 0;
	}
	key_to_spki(k, &spki);
	hash(HASH_SHA256, buf_view(&spki), digest);
	buf_release(&spki);
	if (format == NULL || strcmp(format, "hex") == 0)
		hex_encode(str_mem(digest, 32), out);
	else if (strcmp(format, "base64") == 0)
		b64_encode(B64_STD, str_mem(digest, 32), out);
	else
		return cli_misuse(c, e, "--format %s: hex, base64 or thumbprint", format);
	return 0;
}

static int fingerprint(struct cli *c)
{
	struct public p = {0};
	struct buf text = BUF_INIT;
	struct err e = ERR_INIT;
	int rc = public_read(c, c->args[0], &p, &e);

	if (rc == 0)
		rc = fingerprint_text(c, p.key, &text, &e);
	if (rc == 0) {
		puts(text.p);
		rc = out_flush(&e);
	}
	buf_release(&text);
	key_free(p.key);
	return rc < 0 ? cli_fail(c, &e) : EXIT_DONE;
}

/* ---- password ---- */

/* Whatever else is in the file would be lost. */
static int only_a_key(const char *path, struct err *e)
{
	struct secret text = SECRET_INIT;
	struct pem_block b = {0};
	unsigned keys = 0;
	struct str rest;
	int rc;

	if (file_read_secret(path, KEY_FILE_MAX, &text, e) < 0)
		return -1;
	rest = secret_view(&text);
	while ((rc = pem_next(&rest, &b, e)) > 0) {
		bool key = str_ends(b.label, "PRIVATE KEY");

		if ((key && ++keys > 1) || (!key && !str_eqc(b.label, "EC PARAMETERS")))
			rc = ERR(e, ERR_INVALID,
				 "there is more in it than one private key (\"" STR_FMT
				 "\"), which would be lost: move that elsewhere first",
				 STR_ARG(b.label));
		pem_block_release(&b);
		if (rc < 0)
			break;
	}
	secret_release(&text);
	return rc < 0 ? err_wrap(e, "%s", path) : 0;
}

static int change(struct cli *c, const char *path, struct key_file *f, struct err *e)
{
	struct secret password = SECRET_INIT;
	struct key_text t;
	struct buf text = BUF_INIT;
	int rc = -1;

	if (can_write(path, e) < 0 || only_a_key(path, e) < 0 ||
	    key_file_read(c, path, "password-file", f, e) < 0)
		return -1;
	if (new_password(c, "new-password-file", true, &password, e) == 0) {
		t = (struct key_text){f->key, f->form, f->kid, password.n ? &password : NULL};
		rc = key_file_text(&t, &text, e);
	}
	if (rc == 0)
		rc = rewrite_file(path, buf_view(&text), e);
	if (rc == 0)
		printf("%s %s.\n", path,
		       password.n > 0 ? "is encrypted under the new password"
				      : "is not encrypted any more");
	secret_release(&password);
	buf_wipe_release(&text);
	return rc;
}

static int password(struct cli *c)
{
	struct key_file f = {0};
	struct err e = ERR_INIT;
	int rc = change(c, c->args[0], &f, &e) < 0 ? cli_fail(c, &e) : EXIT_DONE;

	key_free(f.key);
	return rc;
}

/* ---- the tables ---- */

static const struct cli_opt make_opts[] = {
	{"kty", "KIND", "EC, OKP or RSA (default EC)", false, false},
	{"curve", "CURVE", "P-256, P-384, P-521 or Ed25519", false, false},
	{"size", "BITS", "of an RSA key, 2048 to 4096 (default 2048)", false, false},
	{"password-file", "FILE", "encrypt it under the password in this file", false, false},
	{"encrypt", NULL, "encrypt it under a password that is asked for", false, false},
	{"no-password", NULL, "do not encrypt it (the default)", false, false},
	{"format", "FORMAT", "pem (PKCS#8, the default) or jwk", false, false},
	{"public", "FILE", "write the public key there", false, false},
	{"force", NULL, "overwrite files", false, false},
	{NULL, NULL, NULL, false, false},
};
static const struct cli_cmd key_make_cmd = {
	.name = "key make",
	.args = "FILE",
	.min_args = 1,
	.max_args = 1,
	.summary = "Make a private key",
	.about = "FILE gets mode 0600. An encrypted JWK is written as a JWE, as `step` does.",
	.opts = make_opts,
	.offline = true,
	.run = make,
};
static const struct cli_opt public_opts[] = {
	{"password-file", "FILE", "file with the password of KEY", false, false},
	{"format", "FORMAT", "pem (the default) or jwk", false, false},
	{"force", NULL, "overwrite OUT", false, false},
	{NULL, NULL, NULL, false, false},
};
static const struct cli_cmd key_public_cmd = {
	.name = "key public",
	.args = "KEY [OUT]",
	.min_args = 1,
	.max_args = 2,
	.summary = "Print or save the public half of a key",
	.about = "KEY is a private or public key (PEM, DER, JWK), a certificate or a certificate "
		 "request.",
	.opts = public_opts,
	.offline = true,
	.run = public,
};
static const struct cli_opt password_opts[] = {
	{"password-file", "FILE", "file with the password that it has", false, false},
	{"new-password-file", "FILE", "file with the new one", false, false},
	{"no-password", NULL, "take the password away", false, false},
	{NULL, NULL, NULL, false, false},
};
static const struct cli_cmd key_password_cmd = {
	.name = "key password",
	.args = "KEY",
	.min_args = 1,
	.max_args = 1,
	.summary = "Change the password of a private key, or take it away",
	.about = "The file is replaced at once; its mode and owner stay. What is asked for on the "
		 "terminal need not be given.",
	.opts = password_opts,
	.offline = true,
	.run = password,
};
static const struct cli_opt fingerprint_opts[] = {
	{"password-file", "FILE", "file with the password of KEY", false, false},
	{"format", "FORMAT",
	 "hex (the default), base64, or thumbprint (RFC 7638, the kid of a JWK)", false, false},
	{NULL, NULL, NULL, false, false},
};
static const struct cli_cmd key_fingerprint_cmd = {
	.name = "key fingerprint",
	.args = "KEY",
	.min_args = 1,
	.max_args = 1,
	.summary = "Print the SHA-256 of a key's public half",
	.about =
		"It is that of the SubjectPublicKeyInfo, so that a private key, its public key and "
		"its certificates have\n"
		"the same. KEY is what `signet key public` takes.",
	.opts = fingerprint_opts,
	.offline = true,
	.run = fingerprint,
};
static const struct cli_cmd *const subs[] = {&key_make_cmd, &key_public_cmd, &key_password_cmd,
					     &key_fingerprint_cmd, NULL};
const struct cli_cmd cmd_key = {
	.name = "key",
	.args = "",
	.summary = "Make private keys, show their public half, change passwords",
	.offline = true,
	.subs = subs,
};
