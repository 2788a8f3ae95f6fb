/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/renew.h"

#include "base/clock.h"
#include "cli/certs.h"
#include "cli/issue.h"

/*
 * cmd_revoke.c - says that a certificate is not to be trusted any more. Four kinds of people may:
 *   who holds its key            --cert and --key: mutual TLS with the certificate itself
 *   who was given a token        --token, --token-file
 *   who has a provisioner's key  a token is made on the spot
 *   the operator                 the daemon's control socket
 * The socket is taken when it is named (--socket, --config signetd.yaml), or when it is here and
 * may be used and nothing on the command line belongs to one of the others.
 */
enum how { BY_CERT, BY_TOKEN, BY_PROVISIONER, BY_SOCKET };

struct revocation {
	struct cli *c;
	enum how how;
	const char *serial; /* decimal */
	const char *endpoint;
	int64_t code;
	const char *text;
	struct pair pair; /* BY_CERT */
};

/* ---- why ---- */

static int read_reason(struct revocation *r, struct err *e)
{
	const char *code = cli_value(r->c, "reason-code"), *step = cli_value(r->c, "reasonCode");
	uint64_t n = 0;

	r->text = cli_value(r->c, "reason");
	if (code != NULL && step != NULL)
		return cli_misuse(r->c, e, "--reason-code and --reasonCode are the same");
	code = code ? code : step;
	if (code == NULL) {
		r->code = r->text ? reason_number(r->text) : 0;
		if (r->code > 0)
			r->text = NULL; /* the number says it */
		if (r->code < 0)
			r->code = 0;
		return 0;
	}
	if (str_u64(str_c(code), &n) && n <= 10 && reason_name((int64_t)n) != NULL)
		r->code = (int64_t)n;
	else
		r->code = reason_number(code);
	if (r->code >= 0)
		return 0;
	return cli_misuse(r->c, e,
			  "--reason-code %s: must be a number from 0 to 10 but 7, or its name: "
			  "keyCompromise (1), superseded (4), cessationOfOperation (5) ...",
			  code);
}

/* ---- which certificate ---- */

static const char *decimal(struct cli *c, struct str magnitude)
{
	struct buf text = BUF_INIT;
	const char *s;

	serial_to_decimal(magnitude, &text);
	s = arena_cstr(c->arena, buf_view(&text));
	buf_release(&text);
	return s;
}

static int serial_of_text(struct revocation *r, const char *text, struct err *e)
{
	struct cert_id id;
	struct str magnitude;

	if (cert_id_parse(r->c, text, &id, e) < 0)
		return -1;
	if (id.serial == NULL)
		return cli_misuse(r->c, e, "%s is an endpoint: give it with --endpoint", text);
	if (serial_parse(str_c(id.serial), r->c->arena, &magnitude, e) < 0) {
		r->c->misused = true;
		return -1;
	}
	r->serial = decimal(r->c, magnitude);
	return 0;
}

static int serial_of_file(struct revocation *r, const char *path, struct err *e)
{
	struct renewal files = {.c = r->c,
				.crt = path,
				.key = cli_value(r->c, "key"),
				.out = path,
				.out_key = cli_value(r->c, "key")};
	int rc = r->how == BY_CERT ? pair_read(&files, &r->pair, e)
				   : pair_read_cert(&r->pair, path, e);

	if (rc == 0)
		r->serial = decimal(r->c, r->pair.cert.serial);
	return rc;
}

static int read_target(struct revocation *r, struct err *e)
{
	const char *file = cli_value(r->c, "cert");
	bool given = r->c->n_args > 0;

	if (endpoint_option(r->c, &r->endpoint, e) < 0)
		return -1;
	if (given + (file != NULL) + (r->endpoint != NULL) != 1)
		return cli_misuse(
			r->c, e,
			"which certificate? Give SERIAL, or --cert FILE, or --endpoint ID");
	if (r->endpoint != NULL)
		return 0;
	return given ? serial_of_text(r, r->c->args[0], e) : serial_of_file(r, file, e);
}

/* ---- how ---- */

static bool any_of(struct cli *c, const char *const *names)
{
	for (; *names != NULL; names++)
		if (cli_value(c, *names) != NULL)
			return true;
	return false;
}

static int choose(struct revocation *r, struct err *e)
{
	static const char *const tokens[] = {"token", "token-file", NULL};
	static const char *const api[] = {"ca-url",	   "root", "provisioner",
					  "issuer",	   "kid",  "provisioner-password-file",
					  "password-file", "key",  NULL};
	struct cli *c = r->c;
	bool token = any_of(c, tokens), others = token || any_of(c, api);
	bool pair = cli_value(c, "cert") != NULL && cli_value(c, "key") != NULL;

	if (cli_value(c, "token") != NULL && cli_value(c, "token-file") != NULL)
		return cli_misuse(c, e, "--token and --token-file exclude each other");
	if ((control_wanted(c) || cli_value(c, "endpoint") != NULL) && others)
		return cli_misuse(c, e,
				  "--socket, --config signetd.yaml and --endpoint ask the daemon "
				  "as its operator: "
				  "leave out what belongs to a token or a certificate's key");
	if (control_wanted(c) || cli_value(c, "endpoint") != NULL)
		r->how = BY_SOCKET;
	else if (token)
		r->how = BY_TOKEN;
	else if (pair)
		r->how = BY_CERT;
	else
		r->how = !others && control_available(c) ? BY_SOCKET : BY_PROVISIONER;
	return 0;
}

/* ---- asking ---- */

static json_t *body_of(const struct revocation *r, const char *serial)
{
	json_t *body = json_object();

	json_object_set_new(body, "serial", json_string(serial));
	json_object_set_new(body, "reasonCode", json_integer(r->code));
	if (r->text != NULL)
		json_object_set_new(body, "reason", json_str_new(str_c(r->text)));
	return body;
}

static int own_token(struct revocation *r, struct buf *token, struct err *e)
{
	const struct token_request t = {.subject = r->serial, .aud_path = "/1.0/revoke"};

	return token_make(r->c, &t, token, e);
}

/* The certificate speaks for itself, as long as it is valid. */
static int check_pair(const struct revocation *r, struct err *e)
{
	char when[24];

	if (r->pair.cert.not_after >= clock_now())
		return 0;
	return ERR(e, ERR_INVALID,
		   "%s: expired at %s, so nobody trusts it any more; the CA takes no expired "
		   "certificate as a credential",
		   cli_value(r->c, "cert"), time_format_rfc3339(r->pair.cert.not_after, when));
}

static int by_api(struct revocation *r, struct err *e)
{
	struct ca_call call = {.method = "POST", .path = "/1.0/revoke"};
	struct buf token = BUF_INIT;
	struct str given = STR_NULL;
	json_t *body, *answer = NULL;
	int rc = trust_load(r->c, true, e);

	if (rc == 0 && r->how == BY_CERT)
		rc = check_pair(r, e);
	if (rc == 0 && r->how == BY_TOKEN)
		rc = token_option(r->c, &given, e);
	if (rc == 0 && r->how == BY_PROVISIONER)
		rc = own_token(r, &token, e);
	if (rc == 0) {
		body = body_of(r, r->serial);
		json_object_set_new(body, "passive", json_true());
		json_object_set_new(body, "ott",
				    json_str_new(given.n > 0 ? given : buf_view(&token)));
		call.body = body;
		answer = r->how == BY_CERT ? pair_call(r->c, &r->pair, &call, e)
					   : ca_call(r->c, &call, e);
		json_decref(body);
	}
	buf_wipe_release(&token);
	json_decref(answer);
	return answer != NULL ? 0 : -1;
}

static int by_socket(struct revocation *r, const char *serial, struct err *e)
{
	struct control_call call = {.method = "POST", .path = "/control/v1/revoke"};
	json_t *body = body_of(r, serial), *answer;

	call.body = body;
	answer = control_call(r->c, &call, e);
	json_decref(body);
	json_decref(answer);
	return answer != NULL ? 0 : -1;
}

static void say(const char *serial)
{
	printf("The certificate with serial number %s is revoked.\n", serial);
}

/* The first of an endpoint's certificates that is not over; *serial NULL when there is none. */
static int next_of_endpoint(struct revocation *r, const char **serial, struct err *e)
{
	const struct control_call call = {
		.method = "GET",
		.path = arena_printf(r->c->arena, "/control/v1/endpoints/%s", r->endpoint)};
	json_t *answer = control_call(r->c, &call, e), *list, *one;
	size_t i;

	*serial = NULL;
	if (answer == NULL)
		return -1;
	list = json_member(answer, "certificates", 0);
	for (i = 0; i < json_array_size(list) && *serial == NULL; i++) {
		one = json_array_get(list, i);
		if (str_eqc(json_text(one, "status"), "valid") ||
		    str_eqc(json_text(one, "status"), "notYetValid"))
			*serial = arena_cstr(r->c->arena, json_text(one, "serial"));
	}
	json_decref(answer);
	return 0;
}

/* Looked up anew after each one: it may be renewing itself meanwhile. */
static int whole_endpoint(struct revocation *r, struct err *e)
{
	const char *serial, *last = "";
	size_t n = 0;

	for (;; n++) {
		if (next_of_endpoint(r, &serial, e) < 0)
			return -1;
		if (serial == NULL)
			break;
		if (strcmp(serial, last) == 0)
			return ERR(e, ERR_INTERNAL,
				   "the certificate with serial number %s is still shown as valid",
				   serial);
		if (by_socket(r, serial, e) < 0)
			return -1;
		say(serial);
		last = serial;
	}
	if (n == 0)
		printf("No certificate of endpoint %s is valid: nothing was done.\n", r->endpoint);
	return 0;
}

static int revoke_cmd(struct cli *c)
{
	struct revocation r = {.c = c};
	struct err e = ERR_INIT;
	int rc = EXIT_DONE;

	if (choose(&r, &e) < 0 || read_reason(&r, &e) < 0 || read_target(&r, &e) < 0) {
		rc = cli_fail(c, &e);
	} else if (r.endpoint != NULL) {
		rc = whole_endpoint(&r, &e) < 0 ? cli_fail(c, &e) : EXIT_DONE;
	} else if ((r.how == BY_SOCKET ? by_socket(&r, r.serial, &e) : by_api(&r, &e)) < 0) {
		rc = cli_fail(c, &e);
	} else {
		say(r.serial);
	}
	pair_release(&r.pair);
	return rc;
}

static const struct cli_opt opts[] = {
	{"cert", "FILE", "the certificate, instead of its serial number", false, false},
	{"key", "FILE", "its private key, which entitles to revoke it", false, false},
	{"endpoint", "ID", "as operator: whatever is valid of an endpoint", false, false},
	{"reason", "TEXT", "why, for the records; or the name of a reason", false, false},
	{"reason-code", "CODE",
	 "reason of RFC 5280, by name or number: keyCompromise, superseded ... (default 0)", false,
	 false},
	{"reasonCode", "CODE", "the same, as `step` calls it", false, false},
	{"token", "TOKEN", "a token made by `signet token --revoke` or `step ca token --revoke`",
	 false, false},
	{"token-file", "FILE", "the same, from a file, so that it is in no process list", false,
	 false},
	{"provisioner", "NAME", "provisioner whose key signs a token for it", false, false},
	{"issuer", "NAME", "the same as --provisioner", false, false},
	{"kid", "KID", "the provisioner with this key id", false, false},
	{"password-file", "FILE", "file with the password of that key, or of --key", false, false},
	{"provisioner-password-file", "FILE", "the same as --password-file", false, false},
	{"socket", "PATH", "as operator: the daemon's control socket", false, false},
	{"config", "FILE", "as operator: the daemon's signetd.yaml; else the defaults file", false,
	 false},
	{NULL, NULL, NULL, false, false},
};
const struct cli_cmd cmd_revoke = {
	.name = "revoke",
	.args = "[SERIAL]",
	.min_args = 0,
	.max_args = 1,
	.summary = "Revoke a certificate",
	.about = "SERIAL is decimal, or hexadecimal as 0x1f or 1f:2e. Who may: the holder of the "
		 "key (--cert and\n"
		 "--key), whoever has a token or a provisioner's key, and the operator through "
		 "the daemon's socket\n"
		 "(--socket, or --config with its signetd.yaml; by itself when that is found and "
		 "nothing else is\n"
		 "given). A revoked certificate is not renewed and opens nothing at the CA.",
	.opts = opts,
	.run = revoke_cmd,
};
