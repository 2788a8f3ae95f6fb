/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/cli.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "codec/uuid.h"
#include "jose/jws.h"
#include "profile/content.h"
#include "profile/lint.h"

/*
 * cmd_template.c - `signet template`: what a certificate template yields, without a daemon. `check`
 * only compiles; `render` runs it as the CA would, with the variables that the options make up,
 * and shows the JSON and the certificate, signed by a key that is thrown away. What the CA would
 * refuse is refused here with the same words.
 */
#define TEMPLATE_MAX (1024 * 1024)
#define DATA_MAX     (1024 * 1024)
#define DAY	     86400

/* ---- reading ---- */

static int read_template(struct cli *c, const char *path, struct tmpl **out, struct err *e)
{
	struct buf text = BUF_INIT;
	int rc = 0;

	if (strcmp(path, "default") == 0)
		buf_puts(&text, content_default_leaf);
	else
		rc = read_input(path, TEMPLATE_MAX, &text, e);
	if (rc == 0 && text.n == 0)
		rc = ERR(e, ERR_INVALID, "%s: empty", path);
	else if (rc == 0 &&
		 content_compile(buf_view(&text), cli_flag(c, "slow-functions"), out, e) < 0)
		rc = err_wrap(e, "%s", path);
	buf_release(&text);
	return rc;
}

/* An object, owned by the command's arena. */
static int parse_object(struct cli *c, const char *path, struct str text, const json_t **out,
			struct err *e)
{
	static const struct json_limits limits = {DATA_MAX, 64, 100000};
	json_t *v = json_parse(text, &limits, JSON_TOP_OBJECT, e);

	*out = v;
	if (v == NULL)
		return err_wrap(e, "%s", path);
	json_free_with(v, c->arena);
	return 0;
}

/* The JSON file that an option names; NULL: not given. */
static int read_json(struct cli *c, const char *opt, const json_t **out, struct err *e)
{
	const char *path = cli_value(c, opt);
	struct buf text = BUF_INIT;
	int rc;

	*out = NULL;
	if (path == NULL)
		return 0;
	rc = read_input(path, DATA_MAX, &text, e);
	if (rc == 0)
		rc = parse_object(c, path, buf_view(&text), out, e);
	buf_release(&text);
	return rc;
}

/* A token as it is, or the JSON of its claims; the signature is not looked at. */
static int read_token(struct cli *c, const json_t **claims, struct err *e)
{
	const char *path = cli_value(c, "token");
	struct buf text = BUF_INIT;
	struct jws jws;
	struct str s;
	int rc;

	*claims = NULL;
	if (path == NULL)
		return 0;
	if (read_input(path, DATA_MAX, &text, e) < 0)
		return -1;
	s = arena_str(c->arena, trim_text(buf_view(&text)));
	buf_wipe_release(&text);
	if (s.n > 0 && s.p[0] == '{')
		return parse_object(c, path, s, claims, e);
	rc = jws_parse(s, c->arena, &jws, e);
	if (rc == 0 && jws.payload == NULL)
		rc = ERR(e, ERR_INVALID, "the token's payload is no JSON object");
	if (rc < 0)
		return err_wrap(e, "%s", path);
	json_free_with(json_incref(jws.payload), c->arena);
	*claims = jws.payload;
	jws_release(&jws);
	return 0;
}

static int read_csr(struct cli *c, struct csr *csr, struct key **key, struct err *e)
{
	const char *path = cli_value(c, "csr");
	struct buf text = BUF_INIT;
	int rc;

	if (path == NULL) {
		*key = key_generate(KEY_P256, 0, e);
		return *key == NULL ? -1 : 0;
	}
	if (read_input(path, DATA_MAX, &text, e) < 0)
		return -1;
	rc = csr_pem_parse(arena_str(c->arena, buf_view(&text)), c->arena, csr, e);
	buf_release(&text);
	if (rc == 0)
		rc = csr_verify(csr, key, e);
	return rc < 0 ? err_wrap(e, "%s", path) : 0;
}

/* ---- variables ---- */

struct render {
	struct cli *c;
	struct tmpl *tmpl;
	struct content_input in;
	struct csr csr;
	struct key *key;
	struct san_list sans;
	json_t *user;
	unsigned allow;
	struct profile_fields fields;
	struct buf json;
	struct str der;
	struct cert issuer, made;
};

static int add_san(struct render *r, struct str text, struct err *e)
{
	return san_from_text(text, r->c->arena, &r->sans.items[r->sans.n++], e);
}

/* --san, else the token's sans, else the request's names, else the subject: as the CA takes them.
 */
static int find_sans(struct render *r, struct err *e)
{
	const char *given[CLI_MAX_OPTS];
	size_t n = cli_values(r->c, "san", given, ARRAY_LEN(given));
	const json_t *list = json_object_get(r->in.token, "sans");
	size_t room = n + json_array_size(list) + 1;

	r->sans.items = ARENA_ARRAY(r->c->arena, struct san, room);
	for (size_t i = 0; i < n; i++)
		if (add_san(r, str_c(given[i]), e) < 0)
			return err_wrap(e, "--san");
	for (size_t i = 0; n == 0 && i < json_array_size(list); i++)
		if (add_san(r, json_str_view(json_array_get(list, i)), e) < 0)
			return err_wrap(e, "token: sans");
	if (r->sans.n > 0)
		return 0;
	if (r->in.csr != NULL && r->csr.sans.n > 0) {
		r->sans = r->csr.sans;
		return 0;
	}
	return r->in.common_name.n > 0 ? add_san(r, r->in.common_name, e) : 0;
}

static void find_subject(struct render *r)
{
	const char *given = cli_value(r->c, "subject");

	if (given != NULL)
		r->in.common_name = str_c(given);
	else if (r->in.token != NULL)
		r->in.common_name = json_str_view(json_object_get(r->in.token, "sub"));
	else if (r->in.csr != NULL)
		r->in.common_name = name_get(&r->csr.subject, OID_CN);
}

static int read_allow(struct render *r, struct err *e)
{
	const char *given[CLI_MAX_OPTS];
	size_t n = cli_values(r->c, "allow", given, ARRAY_LEN(given));
	json_t *list = json_array();
	int rc;

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_str_new(str_c(given[i])));
	rc = content_allow_parse(list, &r->allow, e);
	json_decref(list);
	return rc < 0 ? err_wrap(e, "--allow") : 0;
}

static int read_all(struct render *r, struct err *e)
{
	struct cli *c = r->c;
	unsigned char id[16];
	char *endpoint = arena_alloc(c->arena, 37);

	if (read_template(c, c->args[0], &r->tmpl, e) < 0 || read_allow(r, e) < 0 ||
	    read_csr(c, &r->csr, &r->key, e) < 0 || read_token(c, &r->in.token, e) < 0 ||
	    read_json(c, "inventory", &r->in.inventory, e) < 0 ||
	    read_json(c, "webhooks", &r->in.webhooks, e) < 0 ||
	    read_json(c, "data", &r->in.data, e) < 0 || set_options(c, &r->user, e) < 0)
		return -1;
	rand_bytes(id, sizeof(id));
	uuid_format(id, endpoint);
	r->in.endpoint = str_c(endpoint);
	r->in.now = clock_now();
	r->in.csr = cli_value(c, "csr") != NULL ? &r->csr : NULL;
	r->in.subject_key = r->key;
	r->in.user = r->user;
	find_subject(r);
	r->in.sans = &r->sans;
	return find_sans(r, e);
}

/* ---- the certificate that would result ---- */

static int sign_tbs(struct render *r, struct key *signer, struct str tbs, struct str *der,
		    struct err *e)
{
	struct buf sig = BUF_INIT, out = BUF_INIT;
	enum sig_alg alg = sig_alg_for_key(signer);
	int rc = key_sign(signer, alg, tbs, &sig, e);

	if (rc == 0) {
		cert_assemble(tbs, alg, buf_view(&sig), &out);
		*der = arena_str(r->c->arena, buf_view(&out));
	}
	buf_release(&sig);
	buf_release(&out);
	return rc;
}

/* An issuer that exists for this run only; it may issue to authorities, as far as it goes. */
static int make_issuer(struct render *r, struct key *signer, struct err *e)
{
	struct arena *a = r->c->arena;
	struct name name = name_from_cn(STR("Issuer of this preview"), a);
	unsigned char serial[16];
	struct profile_fields f = {0};
	struct profile_tbs p = {
		.serial = str_mem(serial, sizeof(serial)),
		.sig_alg = sig_alg_for_key(signer),
		.subject_key = signer,
		.not_before = r->in.now - DAY,
		.not_after = r->in.now + (int64_t)10 * 365 * DAY,
	};
	struct buf tbs = BUF_INIT;
	struct str der;
	int rc;

	profile_serial(serial);
	profile_ca_fields(&f, &name, -1);
	rc = profile_tbs(&f, &p, a, &tbs, e);
	if (rc == 0)
		rc = sign_tbs(r, signer, buf_view(&tbs), &der, e);
	buf_release(&tbs);
	return rc < 0 ? -1 : cert_parse(der, a, &r->issuer, e);
}

static int check_lint(const struct render *r, struct str tbs, struct err *e)
{
	const struct lint_options o = {.no_names = (r->allow & CONTENT_NO_NAMES) != 0};
	struct lint_report report = {.arena = r->c->arena};
	const struct lint_finding *l;

	lint_tbs(tbs, &o, &report);
	l = lint_refusal(&report, &o);
	return l == NULL ? 0
			 : ERR(e, ERR_FORBIDDEN, "lint: %s: %s (%s)", l->code, l->text, l->section);
}

static int make_leaf(struct render *r, struct key *signer, struct err *e)
{
	struct arena *a = r->c->arena;
	unsigned char serial[16];
	struct profile_tbs p = {
		.serial =
			r->fields.serial.n > 0 ? r->fields.serial : str_mem(serial, sizeof(serial)),
		.issuer = &r->issuer,
		.sig_alg = sig_alg_for_key(signer),
		.subject_key = r->key,
		.not_before = r->fields.has_not_before ? r->fields.not_before : r->in.now - 60,
		.not_after = r->fields.has_not_after ? r->fields.not_after : r->in.now + DAY,
		.past_issuer = (r->allow & CONTENT_PAST_ISSUER) != 0,
		.no_names = (r->allow & CONTENT_NO_NAMES) != 0,
	};
	struct buf tbs = BUF_INIT;
	int rc;

	profile_serial(serial);
	rc = profile_tbs(&r->fields, &p, a, &tbs, e);
	if (rc == 0)
		rc = sign_tbs(r, signer, buf_view(&tbs), &r->der, e);
	if (rc == 0)
		rc = cert_parse(r->der, a, &r->made, e);
	if (rc == 0)
		rc = content_check_forbidden(&r->made, &r->issuer, r->allow, e);
	if (rc == 0)
		rc = check_lint(r, buf_view(&tbs), e);
	buf_release(&tbs);
	return rc;
}

static int make_cert(struct render *r, struct err *e)
{
	struct key *signer = key_generate(KEY_P256, 0, e);
	int rc = -1;

	if (signer != NULL && make_issuer(r, signer, e) == 0)
		rc = make_leaf(r, signer, e);
	key_free(signer);
	return rc < 0 ? err_wrap(e, "the CA would refuse this") : 0;
}

/* ---- commands ---- */

static int write_cert(struct render *r, struct err *e)
{
	const char *out = cli_value(r->c, "out");
	struct buf pem = BUF_INIT;
	int rc = 0;

	cert_to_pem(r->der, &pem);
	if (out != NULL)
		rc = may_write(r->c, out, e) < 0 ? -1 : file_replace(out, buf_view(&pem), 0644, e);
	buf_release(&pem);
	return rc;
}

static void show(struct render *r)
{
	struct buf text = BUF_INIT, safe = BUF_INIT;
	json_t *v;

	if (cli_flag(r->c, "json")) {
		v = json_object();
		cert_to_pem(r->der, &text);
		json_object_set_new(v, "rendered", json_str_new(buf_view(&r->json)));
		json_object_set_new(v, "certificate", json_str_new(buf_view(&text)));
		json_write(v, &safe);
		json_decref(v);
	} else {
		buf_puts(&safe, "\n");
		cert_describe(&r->made, false, &safe);
	}
	fwrite(safe.p, 1, safe.n, stdout);
	if (cli_flag(r->c, "json"))
		putchar('\n');
	buf_release(&text);
	buf_release(&safe);
}

/* What came out, before it is judged: that is what shows why it is refused. */
static void show_json(const struct render *r)
{
	struct str rest = buf_view(&r->json);
	struct buf line = BUF_INIT;

	if (cli_flag(r->c, "json") || rest.n == 0)
		return;
	if (!term_is_tty()) {
		fwrite(rest.p, 1, rest.n, stdout);
		if (rest.p[rest.n - 1] != '\n')
			putchar('\n');
		return;
	}
	while (rest.n > 0) {
		text_put_safe(&line, str_cut(rest, '\n', &rest));
		puts(line.p != NULL ? line.p : "");
		buf_reset(&line);
	}
	buf_release(&line);
}

static int run_render(struct render *r, struct err *e)
{
	int rc = read_all(r, e);

	if (rc < 0)
		return -1;
	rc = content_render(r->tmpl, &r->in, r->c->arena, &r->fields, &r->json, e);
	show_json(r);
	if (rc < 0 || make_cert(r, e) < 0)
		return -1;
	show(r);
	if (write_cert(r, e) < 0)
		return -1;
	return out_flush(e);
}

static int render(struct cli *c)
{
	struct render r = {.c = c};
	struct err e = ERR_INIT;
	int rc = run_render(&r, &e) < 0 ? cli_fail(c, &e) : EXIT_DONE;

	tmpl_unref(r.tmpl);
	key_free(r.key);
	json_decref(r.user);
	buf_release(&r.json);
	return rc;
}

static int check(struct cli *c)
{
	struct err e = ERR_INIT;
	int rc = EXIT_DONE;

	for (size_t i = 0; i < c->n_args; i++) {
		struct tmpl *t = NULL;

		if (read_template(c, c->args[i], &t, &e) < 0)
			rc = cli_fail(c, &e);
		else
			printf("%s: fine\n", c->args[i]);
		tmpl_unref(t);
	}
	return rc;
}

static int show_default(struct cli *c)
{
	(void)c;
	fputs(content_default_leaf, stdout);
	return EXIT_DONE;
}

#define SLOW                                                                                       \
	{                                                                                          \
		"slow-functions", NULL, "functions that take over a millisecond may be used",      \
			false, false                                                               \
	}
static const struct cli_opt render_opts[] = {
	{"csr", "FILE", "the request; without it a new P-256 key", false, false},
	{"token", "FILE", "a token, or the JSON of its claims: .Token", false, false},
	{"subject", "NAME", ".Subject; else the token's sub, else the request's", false, false},
	{"san", "NAME", ".SANs; else the token's sans, else the request's", true, false},
	{"set", "KEY=VALUE", ".Insecure.User", true, false},
	{"set-file", "FILE", "JSON object: .Insecure.User", false, false},
	{"inventory", "FILE", "JSON object, the record's attributes: .Inventory", false, false},
	{"webhooks", "FILE", "JSON object, name to data: .Webhooks", false, false},
	{"data", "FILE", "JSON object: options.x509.templateData", false, false},
	{"allow", "WORD", "as options.x509.allow, such as isCA", true, false},
	{"out", "FILE", "write the certificate, signed by a key that is thrown away", false, false},
	{"force", NULL, "write over the file", false, false},
	SLOW,
	{NULL, NULL, NULL, false, false},
};
static const struct cli_opt check_opts[] = {
	SLOW,
	{NULL, NULL, NULL, false, false},
};
static const struct cli_opt no_opts[] = {{NULL, NULL, NULL, false, false}};

static const struct cli_cmd cmd_template_render = {
	.name = "template render",
	.args = "FILE",
	.min_args = 1,
	.max_args = 1,
	.summary = "Show what a template yields for a request",
	.about = "Runs the template as the CA would, with variables from the options, and prints "
		 "the "
		 "JSON and the certificate that would result. FILE is a template, - for standard "
		 "input, or the word default. Nothing is sent anywhere; the token's signature is "
		 "not "
		 "checked.",
	.opts = render_opts,
	.offline = true,
	.json = true,
	.run = render,
};
static const struct cli_cmd cmd_template_check = {
	.name = "template check",
	.args = "FILE...",
	.min_args = 1,
	.max_args = CLI_MAX_ARGS,
	.summary = "Find mistakes in templates that show without running them",
	.opts = check_opts,
	.offline = true,
	.run = check,
};
static const struct cli_cmd cmd_template_default = {
	.name = "template default",
	.args = "",
	.summary = "Print the template that is used when there is no other",
	.opts = no_opts,
	.offline = true,
	.run = show_default,
};
static const struct cli_cmd *const subs[] = {
	&cmd_template_render,
	&cmd_template_check,
	&cmd_template_default,
	NULL,
};
const struct cli_cmd cmd_template = {
	.name = "template",
	.args = "",
	.summary = "Try certificate templates without a CA",
	.offline = true,
	.subs = subs,
};
