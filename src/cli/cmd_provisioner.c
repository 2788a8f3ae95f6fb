/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/certs.h"
#include "cli/jwk_provisioner.h"
#include "cli/keyfile.h"
#include "cli/look.h"

#include "base/clock.h"
#include "base/file.h"
#include "codec/uri.h"
#include "codec/yaml.h"
#include "jose/jwk.h"

/*
 * cmd_provisioner.c - provisioners of the running daemon: added, shown, removed through its control
 * socket. The daemon checks what it is given, writes or removes the file in provisioners.d, and
 * uses it at once. Keys are made here: the daemon sees the private half only under its password.
 */

/* ---- add: what to send ---- */

struct adding {
	struct cli *c;
	const char *name;
	json_t *object; /* arena's */
	struct key *key;
	struct secret password;
	struct jwk_pair pair;
};

static const struct {
	const char *option, *claim;
} durations[] = {
	{"x509-min-dur", "minTLSCertDuration"},
	{"x509-max-dur", "maxTLSCertDuration"},
	{"x509-default-dur", "defaultTLSCertDuration"},
};
static const struct {
	const char *option, *claim;
} switches[] = {
	{"disable-renewal", "disableRenewal"},
	{"allow-renewal-after-expiry", "allowRenewalAfterExpiry"},
};

/* Claims that options name, onto what the object has. */
static int add_claims(struct adding *a, struct err *e)
{
	json_t *claims = json_object_get(a->object, "claims");
	int64_t ns;

	claims = json_is_object(claims) ? json_incref(claims) : json_object();
	for (size_t i = 0; i < ARRAY_LEN(durations); i++) {
		const char *v = cli_value(a->c, durations[i].option);

		if (v == NULL)
			continue;
		if (duration_parse(str_c(v), &ns, e) < 0 || ns < DURATION_SECOND) {
			json_decref(claims);
			return cli_misuse(a->c, e, "--%s %s: a duration of at least 1s, e.g. 24h",
					  durations[i].option, v);
		}
		json_object_set_new(claims, durations[i].claim, json_string(v));
	}
	for (size_t i = 0; i < ARRAY_LEN(switches); i++)
		if (cli_flag(a->c, switches[i].option))
			json_object_set_new(claims, switches[i].claim, json_true());
	if (json_object_size(claims) > 0)
		json_object_set(a->object, "claims", claims);
	json_decref(claims);
	return 0;
}

/* A public key: PEM or DER, or a JWK (the public half is taken of a private one). */
static int public_key(struct adding *a, const char *path, struct err *e)
{
	struct look_input in;
	struct buf text = BUF_INIT; /* may hold a private JWK */
	struct str t;
	struct jwk jwk;
	json_t *v;
	int rc = 0;

	if (file_read(path, KEY_FILE_MAX, &text, e) < 0)
		return -1;
	t = trim_text(buf_view(&text));
	if (t.n > 0 && t.p[0] == '{') {
		v = json_parse(t, &json_limits_request, JSON_REFUSE_DUPLICATES, e);
		rc = v == NULL || jwk_parse(v, false, &jwk, e) < 0 ? -1 : 0;
		json_decref(v);
		if (rc == 0) {
			a->key = key_public(jwk.key);
			jwk_release(&jwk);
		}
	} else if (look_read(a->c, path, &in, e) < 0) {
		buf_wipe_release(&text);
		return -1;
	} else {
		if (in.items[0].kind != LOOK_PUBLIC_KEY)
			rc = ERR(e, ERR_INVALID, "no public key (PEM \"PUBLIC KEY\", or a JWK)");
		if (rc == 0)
			a->key = key_from_spki(in.items[0].der, e);
	}
	buf_wipe_release(&text);
	return rc < 0 || a->key == NULL ? err_wrap(e, "%s", path) : 0;
}

static int private_key(struct adding *a, const char *path, struct err *e)
{
	struct key_file f;

	if (key_file_read(a->c, path, "key-password-file", &f, e) < 0)
		return -1;
	a->key = f.key;
	return 0;
}

static int make_pair(void *arg, struct err *e)
{
	struct adding *a = arg;

	return jwk_pair_make(a->key, &a->password, &a->pair, e);
}

static int add_key(struct adding *a, struct err *e)
{
	const char *pub = cli_value(a->c, "public-key"), *priv = cli_value(a->c, "private-key");
	const char *what = arena_printf(a->c->arena, "Password for provisioner %s", a->name);

	if (pub != NULL) {
		if (public_key(a, pub, e) < 0)
			return -1;
		json_object_set_new(a->object, "key", jwk_json(a->key, NULL, false));
		return 0;
	}
	if (priv != NULL && private_key(a, priv, e) < 0)
		return -1;
	if (priv == NULL && (a->key = key_generate(KEY_P256, 0, e)) == NULL)
		return -1;
	if (key_type(a->key) == KEY_X25519)
		return ERR(e, ERR_INVALID, "%s: an X25519 key cannot sign tokens", priv);
	if (password_get(a->c, "password-file", what, true, &a->password, e) < 0 ||
	    slow_run("Encrypting the key", make_pair, a, e) < 0)
		return -1;
	json_object_set(a->object, "key", a->pair.key);
	json_object_set_new(a->object, "encryptedKey", json_str_new(buf_view(&a->pair.encrypted)));
	return 0;
}

/* The object of a YAML file. Its name may be absent, or must be NAME. */
static int from_file(struct adding *a, const char *path, struct err *e)
{
	const char *file = strcmp(path, "-") == 0 ? "standard input" : path;
	struct buf text = BUF_INIT;
	struct yaml_doc doc;
	struct str name;
	int rc = 0;

	if (read_input(path, 1 << 20, &text, e) < 0 ||
	    yaml_parse(file, buf_view(&text), &doc, e) < 0) {
		buf_release(&text);
		return -1;
	}
	buf_release(&text);
	name = json_text(doc.root, "name");
	if (!json_is_object(doc.root))
		rc = ERR(e, ERR_INVALID, "%s: not a provisioner's file", file);
	else if (name.n > 0 && !str_eqc(name, a->name))
		rc = cli_misuse(a->c, e, "%s: its name is \"" STR_FMT "\", not \"%s\"", file,
				STR_ARG(name), a->name);
	if (rc == 0) {
		a->object = yaml_core_value(&doc, doc.root);
		json_free_with(a->object, a->c->arena);
		json_object_set_new(a->object, "name", json_string(a->name));
	}
	yaml_release(&doc);
	return rc;
}

/* ---- add: which options go together ---- */

static int check_type(struct adding *a, struct err *e)
{
	const char *type = cli_value(a->c, "type");

	if (type == NULL || str_ieqc(str_c(type), "JWK"))
		return 0;
	return cli_misuse(a->c, e,
			  "--type %s: this version makes JWK; another one that a plugin brings is "
			  "added with --from-file FILE.yaml",
			  type);
}

static int check_options(struct adding *a, struct err *e)
{
	static const char *const alone[] = {"type",	   "authority",	    "public-key",
					    "private-key", "password-file", "key-password-file"};
	const bool pub = cli_value(a->c, "public-key") != NULL;

	if (check_type(a, e) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(alone) && cli_value(a->c, "from-file") != NULL; i++)
		if (cli_value(a->c, alone[i]) != NULL)
			return cli_misuse(a->c, e, "--from-file says it all: --%s is too much",
					  alone[i]);
	if (pub && cli_value(a->c, "private-key") != NULL)
		return cli_misuse(a->c, e, "--public-key and --private-key exclude each other");
	if (pub && cli_value(a->c, "password-file") != NULL)
		return cli_misuse(
			a->c, e,
			"--public-key: there is nothing to encrypt, so --password-file is "
			"too much");
	if (cli_value(a->c, "key-password-file") != NULL && cli_value(a->c, "private-key") == NULL)
		return cli_misuse(a->c, e, "--key-password-file is for --private-key");
	if (cli_flag(a->c, "disable-renewal") && cli_flag(a->c, "allow-renewal-after-expiry"))
		return cli_misuse(a->c, e,
				  "--disable-renewal and --allow-renewal-after-expiry exclude each "
				  "other");
	return 0;
}

/* Names stand in URLs, as one segment of the path. */
static bool fits_url(struct str s)
{
	return !str_has(s, '/') && !str_eqc(s, ".") && !str_eqc(s, "..");
}

static int check_name(struct adding *a, struct err *e)
{
	struct str s = str_c(a->name);

	if (s.n == 0 || s.n > 200)
		return cli_misuse(a->c, e, "NAME: 1 to 200 bytes are needed");
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return cli_misuse(a->c, e, "NAME: control characters are not allowed");
	if (!fits_url(s))
		return cli_misuse(a->c, e, "NAME: a slash, \".\" and \"..\" are not allowed");
	return 0;
}

static int build(struct adding *a, struct err *e)
{
	const char *file = cli_value(a->c, "from-file"), *auth = cli_value(a->c, "authority");

	if (check_name(a, e) < 0 || check_options(a, e) < 0)
		return -1;
	if (file != NULL)
		return from_file(a, file, e) < 0 ? -1 : add_claims(a, e);
	a->object = json_object();
	json_free_with(a->object, a->c->arena);
	json_object_set_new(a->object, "type", json_string("JWK"));
	json_object_set_new(a->object, "name", json_string(a->name));
	if (auth != NULL)
		json_object_set_new(a->object, "authority", json_string(auth));
	/* What is wrong with an option is told before a password is typed. */
	return add_claims(a, e) < 0 ? -1 : add_key(a, e);
}

/* ---- add ---- */

static void print_json(const json_t *v)
{
	struct buf out = BUF_INIT;

	json_write(v, &out);
	buf_putc(&out, '\n');
	fwrite(out.p, 1, out.n, stdout);
	buf_release(&out);
}

static void report_added(const struct adding *a)
{
	struct buf name = BUF_INIT;
	bool file = cli_value(a->c, "from-file") != NULL;

	text_put_safe(&name, str_c(a->name));
	printf("Provisioner " STR_FMT " is there.\n", STR_ARG(buf_view(&name)));
	if (!file && a->pair.encrypted.n > 0)
		printf("\nGet certificates with its password:\n"
		       "  signet certificate host.example.com host.crt host.key "
		       "--provisioner " STR_FMT "\n",
		       STR_ARG(buf_view(&name)));
	else if (!file)
		puts("\nIts private key signs tokens: signet token NAME --key FILE.");
	buf_release(&name);
}

static int add(struct cli *c)
{
	struct adding a = {.c = c, .name = c->args[0], .password = SECRET_INIT};
	struct control_call call = {.method = "POST", .path = "/control/v1/provisioners"};
	struct err e = ERR_INIT;
	json_t *answer = NULL;
	int rc;

	if (build(&a, &e) == 0) {
		call.body = a.object;
		answer = control_call(c, &call, &e);
	}
	if (answer == NULL) {
		rc = cli_fail(c, &e);
	} else {
		if (cli_flag(c, "json"))
			print_json(answer);
		else
			report_added(&a);
		rc = output_end(c);
	}
	json_decref(answer);
	key_free(a.key);
	secret_release(&a.password);
	jwk_pair_release(&a.pair);
	return rc;
}

/* ---- list and show ---- */

static json_t *fetch(struct cli *c, struct err *e)
{
	struct control_call call = {.method = "GET", .path = "/control/v1/provisioners"};
	json_t *v = control_call(c, &call, e), *list;

	if (v == NULL)
		return NULL;
	json_free_with(v, c->arena);
	list = json_member(v, "provisioners", 0);
	if (!json_is_array(list)) {
		ERR(e, ERR_INVALID, "the daemon's answer has no list of provisioners");
		return NULL;
	}
	return list;
}

static struct str claim_text(const json_t *p, const char *key)
{
	struct str s = json_text(json_member(p, "claims", 0), key);

	return s.n > 0 ? s : STR("inherited");
}

static bool claim_set(const json_t *p, const char *key)
{
	const json_t *v = json_member(json_member(p, "claims", 0), key, 0);

	return json_is_true(v) || str_eqc(json_str_view(v), "true");
}

static struct str renewal(const json_t *p)
{
	if (claim_set(p, "disableRenewal"))
		return STR("no");
	if (claim_set(p, "allowRenewalAfterExpiry"))
		return STR("after expiry too");
	return json_member(json_member(p, "claims", 0), "disableRenewal", 0) != NULL
		       ? STR("yes")
		       : STR("inherited");
}

static int list(struct cli *c)
{
	static const char *const headers[] = {"NAME",	 "TYPE",    "AUTHORITY", "SHORTEST",
					      "DEFAULT", "LONGEST", "RENEWAL"};
	struct table *t = table_new(c->arena, headers, ARRAY_LEN(headers));
	struct err e = ERR_INIT;
	json_t *all = fetch(c, &e), *v;

	if (all == NULL)
		return cli_fail(c, &e);
	if (cli_flag(c, "json")) {
		v = json_pack("{s:O}", "provisioners", all);
		print_json(v);
		json_decref(v);
		return output_end(c);
	}
	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *p = json_array_get(all, i);

		table_cell(t, json_text(p, "name"), TABLE_PLAIN);
		table_cell(t, json_text(p, "type"), TABLE_PLAIN);
		table_cell(t, json_text(p, "authority"), TABLE_PLAIN);
		table_cell(t, claim_text(p, "minTLSCertDuration"), TABLE_PLAIN);
		table_cell(t, claim_text(p, "defaultTLSCertDuration"), TABLE_PLAIN);
		table_cell(t, claim_text(p, "maxTLSCertDuration"), TABLE_PLAIN);
		table_cell(t, renewal(p), TABLE_PLAIN);
	}
	if (json_array_size(all) > 0)
		table_print(t);
	else if (term_is_tty())
		fputs("There is no provisioner: nobody can get a certificate.\n", stderr);
	return output_end(c);
}

/* Block style; JSON for what is empty or inside of a list, and for every string: it is YAML too. */
static void put_yaml(struct buf *out, json_t *object, unsigned depth)
{
	const char *key;
	json_t *v;

	json_object_foreach(object, key, v)
	{
		buf_printf(out, "%*s%s:", (int)depth * 2, "", key);
		if (json_is_object(v) && json_object_size(v) > 0) {
			buf_putc(out, '\n');
			put_yaml(out, v, depth + 1);
			continue;
		}
		buf_putc(out, ' ');
		json_write(v, out);
		buf_putc(out, '\n');
	}
}

static int show(struct cli *c)
{
	struct err e = ERR_INIT;
	const json_t *all = fetch(c, &e);
	json_t *found = NULL;
	struct buf out = BUF_INIT;

	if (all == NULL)
		return cli_fail(c, &e);
	for (size_t i = 0; i < json_array_size(all); i++)
		if (str_eqc(json_text(json_array_get(all, i), "name"), c->args[0]))
			found = json_array_get(all, i);
	if (found == NULL) {
		c->refused = true;
		ERR(&e, ERR_NOT_FOUND,
		    "there is no provisioner \"%s\"; `signet provisioner list` names them",
		    c->args[0]);
		return cli_fail(c, &e);
	}
	if (cli_flag(c, "json")) {
		print_json(found);
	} else {
		put_yaml(&out, found, 0);
		fwrite(out.p, 1, out.n, stdout);
	}
	buf_release(&out);
	return output_end(c);
}

/* ---- remove ---- */

static int delete_it(struct cli *c, struct err *e)
{
	struct control_call call = {.method = "DELETE"};
	struct buf path = BUF_INIT;
	json_t *v;

	buf_puts(&path, "/control/v1/provisioners/");
	uri_escape(str_c(c->args[0]), &path);
	call.path = path.p;
	v = control_call(c, &call, e);
	buf_release(&path);
	json_decref(v);
	return v == NULL ? -1 : 0;
}

static int remove_it(struct cli *c)
{
	struct err e = ERR_INIT;

	if (!fits_url(str_c(c->args[0])))
		return cli_usage_error(c,
				       "\"%s\" cannot be named here: remove its file from "
				       "provisioners.d, then `signet reload`",
				       c->args[0]);
	if (!cli_flag(c, "force")) {
		if (!prompt_available())
			return cli_usage_error(c, "without a terminal to ask on, give --force");
		if (!prompt_yes(
			    arena_printf(c->arena,
					 "Remove provisioner %s? Certificates that it gave stay "
					 "valid, but can no longer be renewed.",
					 c->args[0]))) {
			fputs("Nothing was removed.\n", stderr);
			return EXIT_FAILED;
		}
	}
	if (delete_it(c, &e) < 0)
		return cli_fail(c, &e);
	printf("Provisioner %s is gone.\n", c->args[0]);
	return output_end(c);
}

/* ---- tables ---- */

static const struct cli_opt add_opts[] = {
	{"type", "TYPE", "JWK (default): a key pair, the private half under a password", false,
	 false},
	{"authority", "NAME", "authority that signs for it (default: default)", false, false},
	{"password-file", "FILE", "file with its password (default: ask)", false, false},
	{"private-key", "FILE", "its key, PEM or JWK, instead of a new one", false, false},
	{"key-password-file", "FILE", "file with the password of --private-key", false, false},
	{"public-key", "FILE",
	 "its public key, PEM or JWK: the private one stays where it is, tokens are made there",
	 false, false},
	{"x509-min-dur", "TIME", "shortest lifetime that may be asked for", false, false},
	{"x509-max-dur", "TIME", "longest lifetime that may be asked for", false, false},
	{"x509-default-dur", "TIME", "lifetime when none is asked for", false, false},
	{"disable-renewal", NULL, "its certificates may not be renewed", false, false},
	{"allow-renewal-after-expiry", NULL, "they may be renewed when they have expired", false,
	 false},
	{"from-file", "FILE",
	 "all of it from a YAML file as in provisioners.d; - reads it from "
	 "standard input",
	 false, false},
	{NULL, NULL, NULL, false, false},
};
static const struct cli_cmd cmd_add = {
	.name = "provisioner add",
	.args = "NAME",
	.min_args = 1,
	.max_args = 1,
	.summary = "Add a provisioner: who may get certificates, and how they prove it",
	.about = "Makes a key pair. Its private half is kept by the CA under a password: who knows "
		 "that gets certificates.\n"
		 "Works at once and stays: the daemon writes it into provisioners.d.",
	.opts = add_opts,
	.json = true,
	.operator= true,
	.run = add,
};
static const struct cli_cmd cmd_list_provisioners = {
	.name = "provisioner list",
	.args = "",
	.summary = "List the provisioners",
	.json = true,
	.operator= true,
	.run = list,
};
static const struct cli_cmd cmd_show_provisioner = {
	.name = "provisioner show",
	.args = "NAME",
	.min_args = 1,
	.max_args = 1,
	.summary = "Show a provisioner, as YAML",
	.json = true,
	.operator= true,
	.run = show,
};
static const struct cli_opt remove_opts[] = {
	{"force", NULL, "do not ask", false, false},
	{NULL, NULL, NULL, false, false},
};
static const struct cli_cmd cmd_remove = {
	.name = "provisioner remove",
	.args = "NAME",
	.min_args = 1,
	.max_args = 1,
	.summary = "Remove a provisioner",
	.about = "Certificates that it gave stay valid, but can no longer be renewed.",
	.opts = remove_opts,
	.operator= true,
	.run = remove_it,
};
static const struct cli_cmd *const subs[] = {&cmd_add, &cmd_list_provisioners,
					     &cmd_show_provisioner, &cmd_remove, NULL};
const struct cli_cmd cmd_provisioner = {
	.name = "provisioner",
	.args = "COMMAND",
	.summary = "Add, list, show and remove provisioners",
	.operator= true,
	.subs = subs,
};
