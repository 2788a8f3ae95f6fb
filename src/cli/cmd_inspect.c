/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/look.h"

#include "base/clock.h"
#include "codec/b64.h"
#include "codec/pem.h"

/*
 * cmd_inspect.c - shows certificates, requests and keys of a file, and the chain that a server
 * shows. Of a private key it shows which one it is, never the key.
 */

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_PEM, FORMAT_DER };

static int read_format(struct cli *c, enum format *out, struct err *e)
{
	static const char *const names[] = {"text", "json", "pem", "der"};
	const char *want = cli_value(c, "format");

	*out = cli_flag(c, "json") ? FORMAT_JSON : FORMAT_TEXT;
	if (want == NULL)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strcmp(want, names[i]) != 0)
			continue;
		if (cli_flag(c, "json") && i != FORMAT_JSON)
			return cli_misuse(c, e, "--json and --format %s: choose one", want);
		*out = (enum format)i;
		return 0;
	}
	return cli_misuse(c, e, "--format %s: must be text, json, pem or der", want);
}

/* ---- keys ---- */

/* *out stays NULL when the key is encrypted and no password was named. */
static int open_key(struct cli *c, const struct look_item *i, struct key **out, bool *encrypted,
		    struct err *e)
{
	struct secret password = SECRET_INIT;
	struct err why = ERR_INIT;

	*out = NULL;
	*encrypted = key_file_is_encrypted(i->text);
	if (*encrypted && cli_value(c, "password-file") == NULL)
		return 0;
	if (*encrypted &&
	    password_get(c, "password-file", "Password of the key", false, &password, e) < 0)
		return -1;
	*out = key_from_file_data(i->text, *encrypted ? &password : NULL, &why);
	secret_release(&password);
	if (*out != NULL)
		return 0;
	*e = why;
	return -1;
}

static void describe_public(struct str spki, const char *title, struct buf *out)
{
	struct str seq, bits;
	unsigned char id[20], sum[32];
	struct str cur = spki;
	struct buf type = BUF_INIT;
	unsigned size = spki_kind(spki, &type);

	buf_printf(out, "%s: %s", title, type.p);
	if (size > 0 && str_eqc(buf_view(&type), "RSA"))
		buf_printf(out, " %u", size);
	buf_release(&type);
	hash(HASH_SHA256, spki, sum);
	buf_puts(out, "\n    SHA-256 of the public key: ");
	hex_encode(str_mem(sum, sizeof(sum)), out);
	if (der_get(&cur, DER_SEQUENCE, &seq) && der_get(&seq, DER_SEQUENCE, NULL) &&
	    der_get_bit_string(&seq, &bits)) {
		hash(HASH_SHA1, bits, id);
		buf_puts(out, "\n    Key identifier: ");
		hex_encode(str_mem(id, sizeof(id)), out);
	}
	buf_putc(out, '\n');
}

static int show_private(struct cli *c, const struct look_item *i, struct buf *out, json_t **json,
			struct err *e)
{
	struct buf spki = BUF_INIT;
	struct key *k;
	bool encrypted;

	if (open_key(c, i, &k, &encrypted, e) < 0)
		return -1;
	if (k != NULL)
		key_to_spki(k, &spki);
	if (json != NULL) {
		*json = json_object();
		json_object_set_new(*json, "type", json_string("privateKey"));
		json_object_set_new(*json, "encrypted", json_boolean(encrypted));
		if (k != NULL)
			json_object_set_new(*json, "publicKey", spki_to_json(buf_view(&spki)));
	} else if (k != NULL) {
		describe_public(buf_view(&spki),
				encrypted ? "Private key (encrypted)" : "Private key", out);
	} else {
		buf_puts(out,
			 "Private key (encrypted): with --password-file FILE it is shown which\n");
	}
	key_free(k);
	buf_release(&spki);
	return 0;
}

static int show_public(const struct look_item *i, struct buf *out, json_t **json)
{
	if (json == NULL) {
		describe_public(i->der, "Public key", out);
		return 0;
	}
	*json = json_object();
	json_object_set_new(*json, "type", json_string("publicKey"));
	json_object_set_new(*json, "publicKey", spki_to_json(i->der));
	return 0;
}

/* ---- one item: text to out, or *json ---- */

static int show_cert(struct cli *c, const struct look_item *i, struct buf *out, json_t **json,
		     struct err *e)
{
	struct cert cert;

	if (cert_parse(i->der, c->arena, &cert, e) < 0)
		return -1;
	if (json != NULL)
		*json = cert_to_json(&cert, c->arena);
	else
		cert_describe(&cert, cli_flag(c, "short"), out);
	return 0;
}

static int show_csr(struct cli *c, const struct look_item *i, struct buf *out, json_t **json,
		    struct err *e)
{
	struct csr csr;

	if (csr_parse(i->der, c->arena, &csr, e) < 0)
		return -1;
	if (json != NULL)
		*json = csr_to_json(&csr, c->arena);
	else
		csr_describe(&csr, cli_flag(c, "short"), out);
	return 0;
}

static int show_item(struct cli *c, const struct look_item *i, struct buf *out, json_t **json,
		     struct err *e)
{
	struct buf label = BUF_INIT;

	switch (i->kind) {
	case LOOK_CERT:
		return show_cert(c, i, out, json, e);
	case LOOK_CSR:
		return show_csr(c, i, out, json, e);
	case LOOK_PRIVATE_KEY:
		return show_private(c, i, out, json, e);
	case LOOK_PUBLIC_KEY:
		return show_public(i, out, json);
	case LOOK_OTHER:
		break;
	}
	text_put_safe(&label, str_c(i->label));
	if (json != NULL) {
		*json = json_object();
		json_object_set_new(*json, "type", json_string("other"));
		json_object_set_new(*json, "label", json_str_new(buf_view(&label)));
	} else {
		buf_printf(out, "(a block \"%s\" is not shown)\n", label.p);
	}
	buf_release(&label);
	return 0;
}

static int print_item(const struct look_item *i, bool pem, struct buf *out, struct err *e)
{
	static const char *const labels[] = {
		[LOOK_CERT] = "CERTIFICATE",
		[LOOK_CSR] = "CERTIFICATE REQUEST",
		[LOOK_PUBLIC_KEY] = "PUBLIC KEY",
	};

	if (i->kind == LOOK_PRIVATE_KEY)
		return ERR(e, ERR_INVALID, "a private key is not printed");
	if (!pem)
		buf_str(out, i->der);
	else if (i->kind != LOOK_OTHER)
		pem_write(out, labels[i->kind], i->der);
	else
		pem_write(out, i->label, i->der);
	return 0;
}

/* ---- the command ---- */

/* The first certificate, else the first request, else what comes first. */
static size_t pick(const struct look_input *in)
{
	for (size_t i = 0; i < in->n; i++)
		if (in->items[i].kind == LOOK_CERT)
			return i;
	for (size_t i = 0; i < in->n; i++)
		if (in->items[i].kind == LOOK_CSR)
			return i;
	return 0;
}

/* What is left out without --bundle. */
static void tell_rest(const struct look_input *in)
{
	size_t certs = 0;

	for (size_t i = 0; i < in->n; i++)
		certs += in->items[i].kind == LOOK_CERT;
	if (certs > 1)
		fprintf(stderr, "This is the first of %zu certificates; --bundle shows them all.\n",
			certs);
	else if (in->n > 1)
		fprintf(stderr, "There is more in it (%zu blocks); --bundle shows everything.\n",
			in->n);
}

static int show(struct cli *c, const struct look_input *in, enum format f, struct buf *out,
		struct err *e)
{
	bool bundle = cli_flag(c, "bundle");
	size_t from = bundle ? 0 : pick(in), to = bundle ? in->n : from + 1;
	json_t *list = json_array();
	int rc = 0;

	if (f == FORMAT_DER && to - from > 1)
		rc = cli_misuse(c, e, "--format der: holds one certificate, so not with --bundle");
	for (size_t i = from; i < to && rc == 0; i++) {
		json_t *one = NULL;

		if (f == FORMAT_TEXT && i > from)
			buf_putc(out, '\n');
		if (f == FORMAT_TEXT || f == FORMAT_JSON)
			rc = show_item(c, &in->items[i], out, f == FORMAT_JSON ? &one : NULL, e);
		else
			rc = print_item(&in->items[i], f == FORMAT_PEM, out, e);
		if (one != NULL)
			json_array_append_new(list, one);
	}
	if (rc < 0 && !c->misused)
		err_wrap(e, "%s", in->name);
	if (rc == 0 && f == FORMAT_JSON) {
		json_write(bundle ? list : json_array_get(list, 0), out);
		buf_putc(out, '\n');
	}
	json_decref(list);
	return rc;
}

/* What a server shows is shown when it is trusted; with --insecure always, and it is said. */
static int check_server(struct cli *c, const struct look_input *in, struct err *e)
{
	struct look_trust trust;
	struct look_check q = {.trust = &trust,
			       .host = in->host,
			       .usage = OID_EKU_SERVER_AUTH,
			       .now = clock_now()};
	struct cert *certs;
	int rc;

	rc = look_roots(c, &trust, e);
	if (rc == 0)
		rc = look_certs(c, in, &certs, &q.n, e);
	if (rc == 0) {
		q.certs = certs;
		rc = look_check(c, &q, e);
	}
	if (rc == 0 && !in->complete) {
		*e = in->why;
		rc = -1;
	}
	if (rc == 0 || c->misused)
		return rc;
	if (!cli_flag(c, "insecure"))
		return ERR(e, ERR_UNAUTHORIZED, "%s: %s; --insecure shows what it sent", in->name,
			   arena_strdup(c->arena, e->msg));
	fprintf(stderr, "NOT TRUSTED: %s\n", e->msg);
	return 0;
}

static int inspect(struct cli *c)
{
	struct buf out = BUF_INIT;
	struct look_input in;
	struct err e = ERR_INIT;
	enum format f;
	int rc = read_format(c, &f, &e);

	if (rc == 0 && !look_is_url(c->args[0]) &&
	    (cli_flag(c, "servername") || cli_flag(c, "insecure") || cli_flag(c, "roots")))
		rc = cli_misuse(c, &e,
				"--servername, --roots and --insecure go with https:// only");
	if (rc == 0)
		rc = look_read(c, c->args[0], &in, &e);
	if (rc == 0 && in.is_url)
		rc = check_server(c, &in, &e);
	if (rc == 0)
		rc = show(c, &in, f, &out, &e);
	if (rc == 0) {
		fwrite(out.p, 1, out.n, stdout);
		rc = out_flush(&e);
	}
	if (rc == 0 && !cli_flag(c, "bundle"))
		tell_rest(&in);
	buf_release(&out);
	return rc < 0 ? cli_fail(c, &e) : EXIT_DONE;
}

static const struct cli_opt opts[] = {
	{"bundle", NULL, "everything in the file, the server's whole chain", false, false},
	{"short", NULL, "the essentials only", false, false},
	{"format", "text|json|pem|der", "what to print (default: text)", false, false},
	{"servername", "NAME", "https://: the host to ask for and to check, if another one", false,
	 false},
	{"roots", "FILE", "https://: roots to trust (default: the CA's, else the system's)", false,
	 false},
	{"insecure", NULL, "https://: show also what is not trusted", false, false},
	{"password-file", "FILE", "password of an encrypted private key", false, false},
	{NULL, NULL, NULL, false, false},
};
const struct cli_cmd cmd_inspect = {
	.name = "inspect",
	.args = "FILE|-|https://HOST[:PORT]",
	.min_args = 1,
	.max_args = 1,
	.summary = "Show certificates, requests and keys, of a file or a server",
	.about = "FILE is PEM or DER: certificates, certificate requests, public and private keys "
		 "(of which it is\n"
		 "only shown which they are). Of several certificates the first is shown, unless "
		 "--bundle asks for all.\n"
		 "A server's chain must be trusted: by the root that `signet bootstrap` got, "
		 "else by the system's.",
	.opts = opts,
	.offline = true,
	.json = true,
	.run = inspect,
};
