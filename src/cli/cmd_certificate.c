/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/cli.h"

#include "base/file.h"
#include "base/mem.h"
#include "codec/pem.h"
#include "jose/jws.h"
#include "x509/x509.h"

/*
 * cmd_certificate.c - a key, a request, a token, a certificate. Nothing is written before the
 * certificate is there. Then it is written beside its place, so that a full disk is noticed
 * before one of an existing pair is replaced; the key takes its place first, so that no
 * certificate stands without its key.
 */

struct request {
	const char *subject;
	const char *sans[CLI_MAX_OPTS];
	size_t n_sans;
	struct key *key;
	struct str token; /* arena */
	struct buf csr;	  /* DER */
};

static int make_key(struct cli *c, struct key **key, struct err *e)
{
	const char *kty = cli_value(c, "kty"), *curve = cli_value(c, "curve"),
		   *size = cli_value(c, "size");
	enum key_type type;
	unsigned bits;
	uint64_t n = 0;

	if (size != NULL && (!str_u64(str_c(size), &n) || n > 16384))
		return cli_misuse(c, e, "--size %s: a number of bits, 2048 to 4096", size);
	if (key_type_parse(kty ? kty : "EC", curve, (unsigned)n, &type, &bits, e) < 0) {
		c->misused = true;
		return -1;
	}
	if (type == KEY_X25519)
		return cli_misuse(c, e, "--curve %s: such a key cannot sign", curve);
	if (type == KEY_RSA)
		fputs("Making an RSA key ...\n", stderr);
	*key = key_generate(type, bits, e);
	return *key == NULL ? -1 : 0;
}

/* A token that somebody else made decides the names. */
static int names_of_token(struct cli *c, struct request *r, struct err *e)
{
	struct jws jws;
	json_t *list, *v;
	size_t i;

	if (jws_parse(r->token, c->arena, &jws, e) < 0)
		return err_wrap(e, "token");
	list = json_member(jws.payload, "sans", 0);
	if (r->n_sans == 0)
		json_array_foreach(list, i,
				   v) if (json_is_string(v) && r->n_sans < ARRAY_LEN(r->sans))
			r->sans[r->n_sans++] = arena_strdup(c->arena, json_string_value(v));
	jws_release(&jws);
	return 0;
}

static int get_token(struct cli *c, struct request *r, struct err *e)
{
	const char *file = cli_value(c, "token-file"), *given = cli_value(c, "token");
	struct token_request tr = {.subject = r->subject, .sans = r->sans, .n_sans = r->n_sans};
	struct buf out = BUF_INIT;
	int rc;

	if (file == NULL && given == NULL) {
		rc = token_make(c, &tr, &out, e);
		r->token = arena_str(c->arena, buf_view(&out));
	} else if (file != NULL) {
		rc = file_read(file, 65536, &out, e);
		r->token = arena_str(c->arena, str_trim(buf_view(&out)));
		while (r->token.n > 0 &&
		       (r->token.p[r->token.n - 1] == '\n' || r->token.p[r->token.n - 1] == '\r'))
			r->token.n--;
	} else {
		r->token = str_c(given);
		rc = 0;
	}
	buf_wipe_release(&out);
	return rc < 0 || (file == NULL && given == NULL) ? rc : names_of_token(c, r, e);
}

static int make_csr(struct cli *c, struct request *r, struct err *e)
{
	struct name subject = name_from_cn(str_c(r->subject), c->arena);
	struct san_list list = {.items = ARENA_ARRAY(c->arena, struct san, CLI_MAX_OPTS)};

	for (size_t i = 0; i < r->n_sans; i++)
		if (san_from_text(str_c(r->sans[i]), c->arena, &list.items[list.n++], e) < 0)
			return -1;
	if (list.n == 0 && san_from_text(str_c(r->subject), c->arena, &list.items[list.n++], e) < 0)
		return -1;
	return csr_build(r->key, &subject, &list, &r->csr, e);
}

static json_t *ask(struct cli *c, struct request *r, struct err *e)
{
	const char *nb = cli_value(c, "not-before"), *na = cli_value(c, "not-after");
	struct ca_call call = {.method = "POST", .path = "/sign"};
	struct buf pem = BUF_INIT;
	json_t *body = json_object(), *answer;

	pem_write(&pem, "CERTIFICATE REQUEST", buf_view(&r->csr));
	json_object_set_new(body, "csr", json_str_new(buf_view(&pem)));
	json_object_set_new(body, "ott", json_str_new(r->token));
	json_object_set_new(body, "notBefore", json_string(nb ? nb : ""));
	json_object_set_new(body, "notAfter", json_string(na ? na : ""));
	call.body = body;
	answer = ca_call(c, &call, e);
	json_decref(body);
	buf_release(&pem);
	return answer;
}

int answer_chain(const json_t *answer, struct buf *pem, struct err *e)
{
	const json_t *chain = json_member(answer, "certChain", 0);
	struct str one;

	for (size_t i = 0; chain != NULL && i < json_array_size(chain); i++)
		buf_str(pem, json_str_view(json_array_get(chain, i)));
	if (pem->n > 0)
		return 0;
	if (json_get_str(answer, "crt", 0, &one, e) < 0)
		return -1;
	buf_str(pem, one);
	if (json_opt_str(answer, "ca", 0, &one, e) < 0)
		return -1;
	buf_str(pem, one);
	return 0;
}

static int save(struct cli *c, struct request *r, const json_t *answer, struct err *e)
{
	const char *beside = arena_printf(c->arena, "%s.new-%ld", c->args[1], (long)getpid());
	struct buf chain = BUF_INIT, key = BUF_INIT;
	int rc = answer_chain(answer, &chain, e);

	if (rc == 0)
		rc = key_to_pem(r->key, NULL, &key, e);
	if (rc == 0)
		rc = file_replace(beside, buf_view(&chain), 0644, e);
	if (rc == 0) {
		rc = file_replace(c->args[2], buf_view(&key), 0600, e);
		if (rc == 0 && rename(beside, c->args[1]) != 0)
			rc = err_errno(e, errno, "%s", c->args[1]);
		if (rc < 0)
			unlink(beside);
	}
	buf_release(&chain);
	buf_wipe_release(&key);
	return rc;
}

static int certificate(struct cli *c)
{
	struct request r = {.subject = c->args[0]};
	struct err e = ERR_INIT;
	json_t *answer = NULL;
	int rc = EXIT_DONE;

	bool tokens = cli_value(c, "token") != NULL || cli_value(c, "token-file") != NULL;

	r.n_sans = cli_values(c, "san", r.sans, ARRAY_LEN(r.sans));
	if (cli_value(c, "token") != NULL && cli_value(c, "token-file") != NULL)
		return cli_usage_error(c, "--token and --token-file exclude each other");
	if (same_place(c->args[1], c->args[2]))
		return cli_usage_error(
			c, "CRT and KEY are the same file: one would replace the other");
	if (trust_load(c, true, &e) < 0 || may_write(c, c->args[1], &e) < 0 ||
	    may_write(c, c->args[2], &e) < 0 ||
	    names_check(c, r.subject, r.sans, r.n_sans, tokens, &e) < 0 ||
	    make_key(c, &r.key, &e) < 0 || get_token(c, &r, &e) < 0 || make_csr(c, &r, &e) < 0 ||
	    (answer = ask(c, &r, &e)) == NULL || save(c, &r, answer, &e) < 0)
		rc = cli_fail(c, &e);
	else
		printf("The certificate is in %s, its private key in %s.\n", c->args[1],
		       c->args[2]);
	json_decref(answer);
	key_free(r.key);
	buf_release(&r.csr);
	return rc;
}

static const struct cli_opt opts[] = {
	{"san", "NAME", "name in the certificate: DNS, address, e-mail or URI (default: SUBJECT)",
	 true, false},
	{"provisioner", "NAME", "provisioner that vouches for it", false, false},
	{"password-file", "FILE", "file with the provisioner's password (default: ask)", false,
	 false},
	{"token", "TOKEN", "a token made by `signet token` or `step ca token`", false, false},
	{"token-file", "FILE", "the same, from a file, so that it is in no process list", false,
	 false},
	{"not-before", "TIME", "start: RFC 3339, or a duration from now", false, false},
	{"not-after", "TIME", "end: RFC 3339, or a duration from the start, e.g. 1h", false, false},
	{"kty", "KIND", "EC, OKP or RSA (default EC)", false, false},
	{"curve", "CURVE", "P-256, P-384, P-521 or Ed25519", false, false},
	{"size", "BITS", "of an RSA key, 2048 to 4096 (default 2048)", false, false},
	{"force", NULL, "overwrite CRT and KEY", false, false},
	{"csr", "FILE", "", false, true},
	{"set", "KEY=VALUE", "", true, true},
	{NULL, NULL, NULL, false, false},
};
const struct cli_cmd cmd_certificate = {
	.name = "certificate",
	.args = "SUBJECT CRT KEY",
	.min_args = 3,
	.max_args = 3,
	.summary = "Make a private key and get a certificate for it",
	.about = "CRT gets the certificate followed by its chain, KEY the private key (mode 0600, "
		 "not encrypted).\n"
		 "Without a token the provisioner's password is asked for, or read from "
		 "--password-file.",
	.opts = opts,
	.run = certificate,
};
