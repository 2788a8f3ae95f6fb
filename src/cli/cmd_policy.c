/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/policy_files.h"

#include "codec/der.h"
#include "codec/uri.h"

/*
 * cmd_policy.c - the name policy without a daemon: which rule decides about a name, and whether a
 * policy is one. All policies that are given must allow a name, as in the daemon.
 */
#define MAX_GROUPS 100U

/* ---- test ---- */

enum as { AS_GUESS, AS_CN, AS_USER, AS_HOST, AS_SAN, AS_UPN, AS_DEVICE };
struct question {
	enum as as;
	enum san_type type;
	struct policy_request request;
};

static int read_type(struct cli *c, struct question *q, struct err *e)
{
	static const struct {
		const char *name;
		enum as as;
		enum san_type type;
	} types[] = {
		{"dns", AS_SAN, SAN_DNS},
		{"ip", AS_SAN, SAN_IP},
		{"email", AS_SAN, SAN_EMAIL},
		{"uri", AS_SAN, SAN_URI},
		{"cn", AS_CN, SAN_DNS},
		{"upn", AS_UPN, SAN_OTHER},
		{"permanentIdentifier", AS_DEVICE, SAN_OTHER},
	};
	const char *ssh = cli_value(c, "ssh"), *type = cli_value(c, "type");

	if ((ssh != NULL) + (type != NULL) + cli_flag(c, "cn") > 1)
		return cli_misuse(c, e, "one of --ssh, --cn and --type is enough");
	if (cli_flag(c, "cn"))
		q->as = AS_CN;
	if (ssh != NULL && strcmp(ssh, "user") != 0 && strcmp(ssh, "host") != 0)
		return cli_misuse(c, e, "--ssh %s: neither user nor host", ssh);
	if (ssh != NULL)
		q->as = strcmp(ssh, "user") == 0 ? AS_USER : AS_HOST;
	if (type == NULL)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (strcmp(types[i].name, type) == 0) {
			q->as = types[i].as;
			q->type = types[i].type;
			return 0;
		}
	return cli_misuse(c, e,
			  "--type %s: there are dns, ip, email, uri, cn, upn, permanentIdentifier",
			  type);
}

static int read_request(struct cli *c, struct policy_request *r, struct err *e)
{
	const char *source = cli_value(c, "source"), *groups[MAX_GROUPS];
	size_t n = cli_values(c, "group", groups, MAX_GROUPS);
	struct str *list = ARENA_ARRAY(c->arena, struct str, n + 1);
	unsigned char ip[16];

	for (size_t i = 0; i < n; i++)
		list[i] = str_c(groups[i]);
	r->groups = list;
	r->n_groups = n;
	if (source == NULL)
		return 0;
	r->source.n = ip_parse(str_c(source), ip);
	r->source.p = arena_dup(c->arena, ip, sizeof(ip));
	if (r->source.n == 0)
		return cli_misuse(c, e, "--source %s: not an IP address", source);
	return 0;
}

/* The one string of an otherName: "upn", or the identifier of a device. */
static struct str other_name(struct cli *c, const char *oid, struct str text, bool in_sequence)
{
	struct buf b = BUF_INIT, der = BUF_INIT;
	struct err ignored = ERR_INIT;
	struct der_mark outer, inner = {0};
	struct str out;

	if (oid_from_dotted(str_c(oid), &der, &ignored) == 0)
		der_put_oid(&b, buf_view(&der));
	outer = der_begin(&b, DER_CTX_CONS(0));
	if (in_sequence)
		inner = der_begin(&b, DER_SEQUENCE);
	der_put(&b, DER_UTF8_STRING, text);
	if (in_sequence)
		der_end(&b, inner);
	der_end(&b, outer);
	out = arena_str(c->arena, buf_view(&b));
	buf_release(&b);
	buf_release(&der);
	return out;
}

static void as_san(struct cli *c, const struct question *q, struct str name, struct san *out)
{
	policy_guess_san(name, c->arena, out);
	if (q->as == AS_UPN || q->as == AS_DEVICE)
		*out = (struct san){SAN_OTHER, other_name(c,
							  q->as == AS_UPN ? "1.3.6.1.4.1.311.20.2.3"
									  : "1.3.6.1.5.5.7.8.3",
							  name, q->as == AS_DEVICE)};
	else if (q->as == AS_SAN && out->type != q->type)
		*out = (struct san){q->type, name};
}

static int decide(struct cli *c, const struct level *l, const struct question *q, struct str name,
		  struct policy_verdict *v, struct err *e)
{
	struct name subject = {0};
	struct san_list sans = {0};
	struct san san;

	if (q->as == AS_USER || q->as == AS_HOST)
		return policy_check_ssh(l->policy,
					q->as == AS_USER ? POLICY_SSH_USER : POLICY_SSH_HOST, &name,
					1, &q->request, v, e);
	if (q->as == AS_CN) {
		subject = name_from_cn(name, c->arena);
	} else {
		as_san(c, q, name, &san);
		sans = (struct san_list){&san, 1};
	}
	return policy_check_x509(l->policy, &subject, &sans, &q->request, v, e);
}

static json_t *reason_json(const struct level *l, const struct policy_verdict *v, int rc,
			   const struct err *e)
{
	json_t *o = json_object();

	json_object_set_new(o, "file", json_str_new(str_c(l->file)));
	json_object_set_new(o, "allowed", json_boolean(rc == 0));
	json_object_set_new(o, "verdict", json_str_new(buf_view(&v->text)));
	if (rc < 0)
		json_object_set_new(o, "error", json_str_new(str_c(e->pub)));
	return o;
}

static void print_reason(const struct level *l, const struct policy_verdict *v, struct buf *out)
{
	buf_puts(out, "  ");
	text_put_safe(out, str_c(l->file));
	buf_puts(out, ": ");
	text_put_safe(out, buf_view(&v->text));
	buf_putc(out, '\n');
}

/* All levels are asked, so that one sees what else would be in the way. */
static bool test_name(struct levels *l, const struct question *q, const char *name, json_t *list)
{
	struct policy_verdict v = {0};
	struct buf why = BUF_INIT, line = BUF_INIT;
	json_t *o = json_object(), *reasons = json_array();
	bool allowed = true;

	for (size_t i = 0; i < l->n; i++) {
		struct err e = ERR_INIT;
		int rc = decide(l->c, &l->items[i], q, str_c(name), &v, &e);

		allowed = allowed && rc == 0;
		print_reason(&l->items[i], &v, &why);
		json_array_append_new(reasons, reason_json(&l->items[i], &v, rc, &e));
	}
	text_put_safe(&line, str_c(name));
	buf_puts(&line, ": ");
	text_put_coloured(&line, str_c(allowed ? "allowed" : "refused"),
			  allowed ? TABLE_GOOD : TABLE_BAD);
	buf_putc(&line, '\n');
	buf_puts(&line, l->n > 0 ? why.p : "  there is no policy\n");
	if (list == NULL)
		fwrite(line.p, 1, line.n, stdout);
	json_object_set_new(o, "name", json_str_new(str_c(name)));
	json_object_set_new(o, "allowed", json_boolean(allowed));
	json_object_set_new(o, "policies", reasons);
	if (list != NULL)
		json_array_append(list, o);
	json_decref(o);
	buf_release(&v.text);
	buf_release(&why);
	buf_release(&line);
	return allowed;
}

static void print_json(json_t *v)
{
	struct buf out = BUF_INIT;

	json_write(v, &out);
	puts(out.p);
	buf_release(&out);
	json_decref(v);
}

static int run_test(struct cli *c, struct levels *l, struct err *e)
{
	json_t *list = cli_flag(c, "json") ? json_array() : NULL;
	struct question q = {0};
	const char *provisioner;
	size_t refused = 0;
	json_t *all;

	if (read_type(c, &q, e) < 0 || read_request(c, &q.request, e) < 0 ||
	    levels_load(l, &provisioner, e) < 0) {
		json_decref(list);
		return -1;
	}
	q.request.provisioner = str_c(provisioner);
	for (size_t i = 0; i < c->n_args; i++)
		refused += !test_name(l, &q, c->args[i], list);
	if (list != NULL) {
		all = json_object();
		json_object_set_new(all, "names", list);
		json_object_set_new(all, "refused", json_integer((json_int_t)refused));
		print_json(all);
	}
	return refused > 0 ? EXIT_REFUSED : EXIT_DONE;
}

static int finish(struct cli *c, struct levels *l, int rc, struct err *e)
{
	levels_release(l);
	if (rc < 0 || out_flush(e) < 0)
		return cli_fail(c, e);
	return rc;
}

static int test(struct cli *c)
{
	struct levels *l = ARENA_NEW(c->arena, struct levels);
	struct err e = ERR_INIT;

	l->c = c;
	return finish(c, l, run_test(c, l, &e), &e);
}

/* ---- check ---- */

static size_t count_names(const json_t *lists)
{
	const char *key;
	json_t *list;
	size_t n = 0;

	json_object_foreach((json_t *)(uintptr_t)lists, key, list) n += json_array_size(list);
	return n;
}

/* What is right but most likely not what was meant. */
static void check_part(const json_t *part, const char *path, struct cli *c, json_t *notes)
{
	const json_t *allow = json_object_get(part, "allow"), *deny = json_object_get(part, "deny");

	if (json_is_object(allow) && count_names(allow) == 0)
		json_array_append_new(
			notes,
			json_string(arena_printf(
				c->arena, "%s.allow lists no name, so that it allows %s", path,
				count_names(deny) > 0 ? "all that is not denied" : "everything")));
	if (json_is_true(json_object_get(part, "allowWildcardNames")) &&
	    count_names(allow) + count_names(deny) == 0)
		json_array_append_new(notes,
				      json_string(arena_printf(c->arena,
							       "%s.allowWildcardNames: without "
							       "rules everything is allowed",
							       path)));
}

static json_t *check_level(const struct level *l, struct cli *c)
{
	static const char *const sides[] = {"allow", "deny"};
	const json_t *x509 = json_object_get(l->tree, "x509"),
		     *ssh = json_object_get(l->tree, "ssh"), *parts[3];
	const char *paths[3];
	json_t *o = json_object(), *notes = json_array();
	size_t counts[2] = {0};

	parts[0] = x509;
	parts[1] = json_object_get(ssh, "user");
	parts[2] = json_object_get(ssh, "host");
	paths[0] = arena_printf(c->arena, "%s.x509", l->where);
	paths[1] = arena_printf(c->arena, "%s.ssh.user", l->where);
	paths[2] = arena_printf(c->arena, "%s.ssh.host", l->where);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		check_part(parts[i], paths[i], c, notes);
		for (size_t k = 0; k < ARRAY_LEN(sides); k++)
			counts[k] += count_names(json_object_get(parts[i], sides[k]));
	}
	json_object_set_new(o, "file", json_str_new(str_c(l->file)));
	json_object_set_new(o, "policy", json_str_new(str_c(l->where)));
	json_object_set_new(o, "allow", json_integer((json_int_t)counts[0]));
	json_object_set_new(o, "deny", json_integer((json_int_t)counts[1]));
	json_object_set_new(o, "notices", notes);
	return o;
}

static void print_level(const struct level *l, const json_t *o)
{
	const json_t *notes = json_object_get(o, "notices");
	struct buf b = BUF_INIT;

	text_put_safe(&b, str_c(l->file));
	buf_printf(&b, ": %s: %" JSON_INTEGER_FORMAT " allowed, %" JSON_INTEGER_FORMAT " denied\n",
		   l->where, json_integer_value(json_object_get(o, "allow")),
		   json_integer_value(json_object_get(o, "deny")));
	for (size_t i = 0; i < json_array_size(notes); i++)
		buf_printf(&b, "  %s\n", json_string_value(json_array_get(notes, i)));
	fwrite(b.p, 1, b.n, stdout);
	buf_release(&b);
}

static int run_check(struct cli *c, struct levels *l, struct err *e)
{
	json_t *list = NULL;

	if (levels_load_all(l, e) < 0)
		return -1;
	if (cli_flag(c, "json"))
		list = json_array();
	for (size_t i = 0; i < l->n; i++) {
		json_t *o = check_level(&l->items[i], c);

		if (list != NULL)
			json_array_append(list, o);
		else
			print_level(&l->items[i], o);
		json_decref(o);
	}
	if (list != NULL)
		print_json(list);
	else if (l->n == 0)
		puts("There is no policy: every name is allowed.");
	return EXIT_DONE;
}

static int check(struct cli *c)
{
	struct levels *l = ARENA_NEW(c->arena, struct levels);
	struct err e = ERR_INIT;

	l->c = c;
	return finish(c, l, run_check(c, l, &e), &e);
}

/* ---- table ---- */

#define CONFIG_OPT                                                                                 \
	{                                                                                          \
		"config", "FILE",                                                                  \
			"signetd.yaml of the daemon (default: ./signetd.yaml, "                    \
			"/etc/signet/signetd.yaml)",                                               \
			false, false                                                               \
	}
static const struct cli_opt test_opts[] = {
	{"policy", "FILE", "a policy on its own, or any file that holds one", false, false},
	{"provisioner-file", "FILE", "a provisioner's file", false, false},
	CONFIG_OPT,
	{"authority", "NAME",
	 "which one of signetd.yaml (default: the provisioner's, or the first)", false, false},
	{"ssh", "user|host", "the names are principals of an SSH certificate", false, false},
	{"cn", NULL, "the names are common names", false, false},
	{"type", "TYPE",
	 "the names are of this type: dns, ip, email, uri, cn, upn, permanentIdentifier", false,
	 false},
	{"group", "GROUP", "the request comes from a member of this group", true, false},
	{"source", "ADDR", "the request comes from this address", false, false},
	{"provisioner", "NAME", "the request comes by this provisioner; with --config, its policy",
	 false, false},
	{NULL, NULL, NULL, false, false},
};
static const struct cli_cmd test_cmd = {
	.name = "policy test",
	.args = "NAME ...",
	.min_args = 1,
	.max_args = CLI_MAX_ARGS,
	.summary = "Tell whether names are allowed, and which rule decides",
	.about = "Without a type a name is what it looks like: an address, a URI, an e-mail "
		 "address, "
		 "else a DNS name.\n"
		 "All policies that are given must allow it. Exit status 3 when a name is refused.",
	.opts = test_opts,
	.offline = true,
	.json = true,
	.run = test,
};
static const struct cli_opt check_opts[] = {
	CONFIG_OPT,
	{NULL, NULL, NULL, false, false},
};
static const struct cli_cmd check_cmd = {
	.name = "policy check",
	.args = "[FILE ...]",
	.max_args = 500,
	.summary = "Tell whether policies are right",
	.about = "Without files: that of every authority of signetd.yaml, and of every provisioner "
		 "in its provisioners.d.",
	.opts = check_opts,
	.offline = true,
	.json = true,
	.run = check,
};
static const struct cli_cmd *const subs[] = {&test_cmd, &check_cmd, NULL};
const struct cli_cmd cmd_policy = {
	.name = "policy",
	.args = "",
	.summary = "Try and check the rules about names",
	.offline = true,
	.subs = subs,
};
