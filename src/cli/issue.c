/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/issue.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "codec/b64.h"
#include "codec/pem.h"
#include "jose/jws.h"
#include "jose/jwt.h"

/*
 * issue.c - from a subject or a request to a certificate: what `certificate` and `sign` share.
 *
 * A token is good once. So whatever can be found wrong here is found before it goes to the CA: the
 * request's signature, names that do not fit, a token that is over, for something else, or bound to
 * another request. Tokens that are made here are bound to the request (cnf), as `step ca sign`
 * does: nobody who sees one can use it for another key.
 */

#define CSR_MAX	  (64 * 1024)
#define LEEWAY	  60
#define TOKEN_MAX 65536

void issue_release(struct issue *i)
{
	buf_release(&i->csr);
	json_decref(i->set);
	i->set = NULL;
}

/* ---- options ---- */

int issue_options(struct cli *c, struct issue *i, struct err *e)
{
	static const char *const times[] = {"not-before", "not-after"};
	int64_t ignore;

	if (cli_flag(c, "token") && cli_flag(c, "token-file"))
		return cli_misuse(c, e, "--token and --token-file exclude each other");
	if (cli_flag(c, "provisioner") && cli_flag(c, "issuer"))
		return cli_misuse(c, e, "--provisioner and --issuer exclude each other");
	for (size_t k = 0; k < ARRAY_LEN(times); k++) {
		const char *text = cli_value(c, times[k]);

		if (text != NULL && time_option(c, times[k], text, 0, &ignore, e) < 0)
			return -1;
	}
	i->sans = ARENA_ARRAY(c->arena, const char *, CLI_MAX_OPTS);
	i->n_sans = cli_values(c, "san", i->sans, CLI_MAX_OPTS);
	if (endpoint_option(c, &i->endpoint, e) < 0)
		return -1;
	return set_options(c, &i->set, e);
}

const char *csr_cnf(struct cli *c, struct str der)
{
	unsigned char digest[HASH_MAX];
	struct buf text = BUF_INIT;
	const char *out;

	hash(HASH_SHA256, der, digest);
	b64_encode(B64_URL, str_mem(digest, 32), &text);
	out = arena_cstr(c->arena, buf_view(&text));
	buf_release(&text);
	return out;
}

int cnf_option(struct cli *c, const char **out, struct err *e)
{
	const char *text = cli_value(c, "cnf"), *file = cli_value(c, "cnf-file");
	struct issue i = {0};
	struct buf raw = BUF_INIT, b64 = BUF_INIT;
	struct err ignore = ERR_INIT;

	*out = NULL;
	if (file != NULL) {
		if (issue_read_csr(c, file, &i, e) < 0)
			return -1;
		*out = csr_cnf(c, buf_view(&i.csr));
		issue_release(&i);
		return 0;
	}
	if (text == NULL)
		return 0;
	if ((strlen(text) == 64 && hex_decode(str_c(text), &raw, &ignore) == 0) ||
	    (b64_decode(B64_URL, str_c(text), &raw, &ignore) == 0 && raw.n == 32)) {
		b64_encode(B64_URL, buf_view(&raw), &b64);
		*out = arena_cstr(c->arena, buf_view(&b64));
	}
	buf_release(&raw);
	buf_release(&b64);
	if (*out == NULL)
		return cli_misuse(c, e,
				  "--cnf %s: the SHA-256 of the request is needed, base64url or "
				  "hexadecimal",
				  text);
	return 0;
}

/* ---- the request ---- */

static bool is_request(struct str label)
{
	return str_eqc(label, "CERTIFICATE REQUEST") || str_eqc(label, "NEW CERTIFICATE REQUEST");
}

/* The first request among the blocks. */
static int request_in_pem(struct cli *c, struct str text, struct str *der, struct err *e)
{
	struct pem_block b = {0};
	const char *other = NULL;
	int rc;

	while ((rc = pem_next(&text, &b, e)) > 0) {
		bool found = is_request(b.label);

		if (found)
			*der = arena_str(c->arena, buf_view(&b.der));
		else if (other == NULL)
			other = arena_cstr(c->arena, b.label);
		pem_block_release(&b);
		if (found)
			return 0;
	}
	if (rc < 0)
		return -1;
	if (other != NULL)
		return ERR(e, ERR_INVALID, "no certificate request in it, but a block \"%s\"",
			   other);
	return ERR(e, ERR_INVALID, "no PEM block in it");
}

static int parse_request(struct cli *c, struct str text, struct issue *i, struct err *e)
{
	struct key *k = NULL;
	struct str der;
	int rc;

	if (memmem(text.p ? text.p : "", text.n, "-----BEGIN ", 11) == NULL) {
		der = arena_str(c->arena, text);
		if (csr_parse(der, c->arena, &i->parsed, e) < 0)
			return ERR(e, ERR_INVALID, "neither PEM nor a certificate request in DER");
	} else if (request_in_pem(c, text, &der, e) < 0 ||
		   csr_parse(der, c->arena, &i->parsed, e) < 0) {
		return -1;
	}
	rc = csr_verify(&i->parsed, &k, e);
	key_free(k);
	if (rc == 0)
		buf_str(&i->csr, der);
	return rc;
}

int issue_read_csr(struct cli *c, const char *path, struct issue *i, struct err *e)
{
	struct buf text = BUF_INIT;
	int rc;

	if (read_input(path, CSR_MAX, &text, e) < 0) {
		buf_release(&text);
		return -1;
	}
	rc = parse_request(c, buf_view(&text), i, e);
	buf_release(&text);
	if (rc < 0)
		return err_wrap(e, "%s", strcmp(path, "-") == 0 ? "standard input" : path);
	return 0;
}

int issue_make_csr(struct cli *c, struct issue *i, struct key *k, struct err *e)
{
	struct name subject = name_from_cn(str_c(i->subject), c->arena);
	struct san_list list = {.items = ARENA_ARRAY(c->arena, struct san, i->n_sans + 1)};

	for (size_t n = 0; n < i->n_sans; n++)
		if (san_from_text(str_c(i->sans[n]), c->arena, &list.items[list.n++], e) < 0)
			return -1;
	if (list.n == 0 && san_from_text(str_c(i->subject), c->arena, &list.items[list.n++], e) < 0)
		return -1;
	return csr_build(k, &subject, &list, &i->csr, e);
}

static const char *san_text(struct cli *c, const struct san *s)
{
	struct buf text = BUF_INIT;
	const char *out;

	san_to_text(s, &text);
	out = arena_cstr(c->arena, buf_view(&text));
	buf_release(&text);
	return out;
}

static bool token_can_name(const struct san *s)
{
	return s->type == SAN_DNS || s->type == SAN_IP || s->type == SAN_EMAIL ||
	       s->type == SAN_URI;
}

int issue_names_of_csr(struct cli *c, struct issue *i, struct err *e)
{
	const struct san_list *l = &i->parsed.sans;
	struct str cn = name_get(&i->parsed.subject, OID_CN);

	i->sans = ARENA_ARRAY(c->arena, const char *, l->n + 1);
	i->n_sans = 0;
	for (size_t n = 0; n < l->n; n++) {
		if (!token_can_name(&l->items[n]))
			return ERR(e, ERR_INVALID,
				   "the request has a name of a kind that a token cannot allow "
				   "(only DNS, address, e-mail and URI)");
		i->sans[i->n_sans++] = san_text(c, &l->items[n]);
	}
	if (cn.n > 0)
		i->subject = arena_cstr(c->arena, cn);
	else if (i->n_sans > 0)
		i->subject = i->sans[0];
	else
		return ERR(e, ERR_INVALID,
			   "the request names nothing: it has neither a common "
			   "name nor other names");
	return 0;
}

/* ---- the token ---- */

static bool ends_in_sign(const json_t *aud)
{
	size_t i;
	json_t *v;

	if (json_is_string(aud)) {
		struct str before, s = str_cut(json_str_view(aud), '#', &before);

		return str_ends(s, "/sign");
	}
	json_array_foreach(aud, i, v) if (ends_in_sign(v)) return true;
	return false;
}

static bool allows(const json_t *sans, struct str sub, const char *name)
{
	size_t i;
	json_t *v;

	if (str_ieqc(sub, name))
		return true;
	json_array_foreach(sans, i, v) if (str_ieqc(json_str_view(v), name)) return true;
	return false;
}

static int check_times(const struct jwt_claims *t, struct err *e)
{
	int64_t now = clock_now();
	char text[24];

	if (t->exp != 0 && t->exp < now - LEEWAY)
		return ERR(e, ERR_INVALID, "the token ended at %s: a new one is needed",
			   time_format_rfc3339(t->exp, text));
	if (t->nbf > now + LEEWAY)
		return ERR(e, ERR_INVALID, "the token begins at %s: wait until then",
			   time_format_rfc3339(t->nbf, text));
	return 0;
}

static void names_of_token(struct cli *c, struct issue *i, const json_t *sans)
{
	size_t n;
	json_t *v;

	i->sans = ARENA_ARRAY(c->arena, const char *, json_array_size(sans) + 1);
	json_array_foreach(sans, n, v) if (json_is_string(v)) i->sans[i->n_sans++] =
		arena_strdup(c->arena, json_string_value(v));
}

/*
 * Only tokens made by `signet token` and `step ca token` have `sha` or `sans`; of others (an
 * identity provider's) the CA alone knows what they mean.
 */
static int check_claims(struct cli *c, struct issue *i, const json_t *payload, struct err *e)
{
	const json_t *sans = json_member(payload, "sans", 0);
	struct jwt_claims t;

	if (jwt_claims(payload, &t, e) < 0 || check_times(&t, e) < 0)
		return -1;
	if (sans == NULL && json_member(payload, "sha", 0) == NULL)
		return 0;
	if (t.aud != NULL && !ends_in_sign(t.aud))
		return ERR(e, ERR_INVALID,
			   "the token is not for certificates: its audience is "
			   "another");
	if (i->subject != NULL && !allows(sans, t.sub, i->subject))
		return ERR(e, ERR_INVALID, "the token is for " STR_FMT ", not for %s",
			   STR_ARG(t.sub), i->subject);
	if (i->n_sans == 0)
		names_of_token(c, i, sans);
	i->cnf = arena_str(c->arena, json_str_view(json_member(json_member(payload, "cnf", 0),
							       "x5rt#S256", 0)));
	return 0;
}

int token_option(struct cli *c, struct str *out, struct err *e)
{
	const char *file = cli_value(c, "token-file");
	struct buf text = BUF_INIT;

	if (file == NULL) {
		*out = trim_text(str_c(cli_value(c, "token")));
		return out->n > 0 ? 0 : ERR(e, ERR_INVALID, "the token is empty");
	}
	if (read_input(file, TOKEN_MAX, &text, e) < 0) {
		buf_wipe_release(&text);
		return -1;
	}
	*out = arena_str(c->arena, trim_text(buf_view(&text)));
	buf_wipe_release(&text);
	return out->n > 0 ? 0
			  : ERR(e, ERR_INVALID, "%s: the token is empty",
				strcmp(file, "-") == 0 ? "standard input" : file);
}

int issue_given_token(struct cli *c, struct issue *i, struct err *e)
{
	struct jws jws;
	int rc = 0;

	if (!cli_flag(c, "token") && !cli_flag(c, "token-file"))
		return 0;
	if (token_option(c, &i->token, e) < 0)
		return -1;
	if (jws_parse(i->token, c->arena, &jws, e) < 0)
		return err_wrap(e, "this is no token");
	if (jws.payload != NULL)
		rc = check_claims(c, i, jws.payload, e);
	jws_release(&jws);
	return rc;
}

int issue_check_bound(struct cli *c, const struct issue *i, struct err *e)
{
	if (i->cnf.n == 0 || str_eqc(i->cnf, csr_cnf(c, buf_view(&i->csr))))
		return 0;
	if (i->parsed.der.n == 0)
		return ERR(e, ERR_INVALID,
			   "the token is bound to a certificate request: give that "
			   "with --csr");
	return ERR(e, ERR_INVALID, "the token is bound to another certificate request");
}

int issue_own_token(struct cli *c, struct issue *i, struct err *e)
{
	struct token_request r = {.subject = i->subject,
				  .sans = i->sans,
				  .n_sans = i->n_sans,
				  .cnf = csr_cnf(c, buf_view(&i->csr)),
				  .endpoint = i->endpoint};
	struct buf out = BUF_INIT;
	int rc = token_make(c, &r, &out, e);

	i->token = arena_str(c->arena, buf_view(&out));
	buf_wipe_release(&out);
	return rc;
}

/* ---- asking ---- */

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

int issue_ask(struct cli *c, struct issue *i, struct buf *chain, struct err *e)
{
	const char *nb = cli_value(c, "not-before"), *na = cli_value(c, "not-after");
	struct ca_call call = {.method = "POST", .path = "/sign"};
	struct buf pem = BUF_INIT;
	json_t *body = json_object(), *answer;
	int rc;

	pem_write(&pem, "CERTIFICATE REQUEST", buf_view(&i->csr));
	json_object_set_new(body, "csr", json_str_new(buf_view(&pem)));
	json_object_set_new(body, "ott", json_str_new(i->token));
	json_object_set_new(body, "notBefore", json_string(nb ? nb : ""));
	json_object_set_new(body, "notAfter", json_string(na ? na : ""));
	if (i->set != NULL)
		json_object_set(body, "templateData", i->set);
	if (i->endpoint != NULL)
		json_object_set_new(body, "endpoint", json_string(i->endpoint));
	call.body = body;
	answer = ca_call(c, &call, e);
	json_decref(body);
	buf_release(&pem);
	if (answer == NULL)
		return -1;
	rc = answer_chain(answer, chain, e);
	json_decref(answer);
	return rc;
}
