/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ca/rules.h"

#include "base/bug.h"
#include "base/file.h"
#include "base/mem.h"
#include "codec/b64.h"

/*
 * rules.c - compiles what a provisioner's file says about content. Start-up, reload and
 * --check-config; it reads files (templates, webhooks' secrets), so never on the loop. Every
 * message begins with the file, the line and the key that is wrong.
 */
#define TEMPLATE_MAX (1024 * 1024)

struct maker {
	const struct conf *conf;
	const struct conf_provisioner *pc;
	struct ca_rules *r;
};

/* The line of a key: path "options.x509.template"; 0 when it is not written in the file. */
static unsigned line_of(const struct maker *m, const char *path)
{
	const json_t *o = m->pc->doc.root;
	struct str rest = str_c(path);
	unsigned line = 0;

	while (rest.n > 0 && json_is_object(o)) {
		struct str part = str_cut(rest, '.', &rest);
		char *key = mem_strndup(part.p, part.n);
		unsigned found = yaml_key_line(&m->pc->doc, o, key);

		line = found > 0 ? found : line;
		o = json_object_get(o, key);
		mem_free(key);
	}
	return line;
}

static int at(const struct maker *m, const char *path, struct err *e)
{
	unsigned line = line_of(m, path);

	return line > 0 ? err_wrap(e, "%s:%u: %s", m->pc->file, line, path)
			: err_wrap(e, "%s: %s", m->pc->file, path);
}

/* The same when the message has the key already. */
static int at_line(const struct maker *m, const char *path, struct err *e)
{
	return err_wrap(e, "%s:%u", m->pc->file, line_of(m, path));
}

/* ---- template ---- */

static bool is_blank(char c)
{
	return c != '\0' && strchr(" \t\r\n", c) != NULL;
}

/* As step reads it: text when it begins like JSON or an action, else base64, in lines or not. */
static int inline_text(const char *given, struct buf *out, struct err *e)
{
	struct buf packed = BUF_INIT;
	const char *p = given;
	int rc;

	while (is_blank(*p))
		p++;
	if (*p == '{') {
		buf_puts(out, given);
		return 0;
	}
	for (; *p != '\0'; p++)
		if (!is_blank(*p))
			buf_putc(&packed, *p);
	rc = packed.n > 0 ? b64_decode(B64_STD, buf_view(&packed), out, e) : -1;
	buf_release(&packed);
	return rc < 0 ? ERR(e, ERR_INVALID,
			    "neither a template that begins with { nor one in base64")
		      : 0;
}

static int file_text(const struct maker *m, const char *given, struct buf *out, struct err *e)
{
	char *path = given[0] == '/' ? mem_strdup(given) : file_join(m->conf->dir, given);
	int rc = file_read(path, TEMPLATE_MAX, out, e);

	mem_free(path);
	return rc;
}

static int make_template(struct maker *m, struct err *e)
{
	const char *given = m->pc->options.x509.template;
	const char *file = m->pc->options.x509.template_file;
	const char *key = given != NULL ? "options.x509.template" : "options.x509.templateFile";
	struct buf text = BUF_INIT;
	int rc = 0;

	if (given != NULL && file != NULL) {
		ERR(e, ERR_INVALID, "there is a templateFile too: one of the two");
		return at(m, key, e);
	}
	if (given != NULL)
		rc = inline_text(given, &text, e);
	else if (file != NULL)
		rc = file_text(m, file, &text, e);
	m->r->own_template = given != NULL || file != NULL;
	if (rc == 0) {
		rc = content_compile(buf_view(&text), m->pc->options.x509.slow_functions,
				     &m->r->x509, e);
		if (rc < 0 && file != NULL)
			err_wrap(e, "%s", file);
	}
	buf_release(&text);
	return rc < 0 ? at(m, key, e) : 0;
}

static int make_content(struct maker *m, struct err *e)
{
	const struct conf_options *o = &m->pc->options;

	if (make_template(m, e) < 0)
		return -1;
	if (o->x509.template_data != NULL && !json_is_object(o->x509.template_data)) {
		ERR(e, ERR_INVALID, "must be a mapping (key: value)");
		return at(m, "options.x509.templateData", e);
	}
	m->r->template_data = o->x509.template_data;
	m->r->lint_tls = o->x509.lint == 1;
	if (o->x509.allow != NULL && content_allow_parse(o->x509.allow, &m->r->allow, e) < 0)
		return at(m, "options.x509.allow", e);
	return 0;
}

/* ---- policy, webhooks, inventory ---- */

static int make_policies(struct maker *m, struct err *e)
{
	const struct conf_authority *a = m->conf->authorities.items;

	for (size_t i = 0; i < m->conf->authorities.n; i++)
		if (strcmp(a[i].name, m->pc->authority) == 0)
			m->r->authority_policy = m->r->common->policies[i];
	if (m->pc->policy != NULL && policy_compile(m->pc->policy, "policy", &m->r->policy, e) < 0)
		return at_line(m, "policy", e);
	return 0;
}

static int load_hooks(struct maker *m, struct webhook_env *env, struct err *e)
{
	const struct conf *c = m->conf;
	struct addr_rules *rules;
	int rc;

	if (addr_rules_new(c->outbound.allow.items, c->outbound.allow.n, c->outbound.refuse.items,
			   c->outbound.refuse.n, &rules, e) < 0)
		return err_wrap(e, "%s: outbound", c->file);
	env->rules = rules;
	rc = webhook_set_load(m->pc->options.webhooks, env, "options.webhooks", &m->r->hooks, e);
	addr_rules_free(rules);
	return rc < 0 ? at_line(m, "options.webhooks", e) : 0;
}

static int make_hooks(struct maker *m, struct err *e)
{
	char *roots = file_join(m->conf->data_dir, CA_ROOTS_FILE);
	char *crt = file_join(m->conf->data_dir, "tls/server.crt");
	char *key = file_join(m->conf->data_dir, "tls/server.key");
	struct webhook_env env = {
		.dir = m->conf->dir, .ca_file = roots, .cert_file = crt, .key_file = key};
	int rc = 0;

	if (m->pc->options.webhooks != NULL)
		rc = load_hooks(m, &env, e);
	mem_free(roots);
	mem_free(crt);
	mem_free(key);
	return rc;
}

static int make_inventory(struct maker *m, struct err *e)
{
	const struct conf_inventory *inv = &m->pc->inventory;

	if (inv->list == NULL) {
		if (inv->key == NULL && inv->allowed_names == NULL && !inv->required)
			return 0;
		ERR(e, ERR_INVALID, "missing: the name of a list; see signet inventory list");
		return at(m, "inventory.list", e);
	}
	if (inv->key == NULL) {
		ERR(e, ERR_INVALID, "missing: a template such as '{{ .Token.sub }}'");
		return at(m, "inventory.key", e);
	}
	m->r->inventory = inv;
	if (content_compile(str_c(inv->key), false, &m->r->inventory_key, e) < 0)
		return at(m, "inventory.key", e);
	return 0;
}

/* ---- what all have in common ---- */

static void common_unref(void *common)
{
	struct ca_common *c = common;

	if (!ref_put(&c->ref))
		return;
	for (size_t i = 0; i < c->n_policies; i++)
		policy_free(c->policies[i]);
	mem_free(c->policies);
	key_blocklist_free(c->blocked);
	mem_free(c);
}

/* "authorities[0].policy" begins the messages, at the line where it stands. */
static int authority_policy(const struct conf *c, size_t i, struct policy **out, struct err *e)
{
	const struct conf_authority *a = c->authorities.items;
	const json_t *list = json_object_get(c->doc.root, "authorities");
	char where[64];

	if (a[i].policy == NULL)
		return 0;
	snprintf(where, sizeof(where), "authorities[%zu].policy", i);
	if (policy_compile(a[i].policy, where, out, e) == 0)
		return 0;
	return err_wrap(e, "%s:%u", c->file,
			yaml_key_line(&c->doc, json_array_get(list, i), "policy"));
}

static int common_make(const struct conf *conf, void **out, struct err *e)
{
	struct ca_common *c = NEW(struct ca_common);
	int rc = 0;

	ref_init(&c->ref);
	c->n_policies = conf->authorities.n;
	c->policies = mem_calloc(c->n_policies, sizeof(*c->policies));
	for (size_t i = 0; i < c->n_policies && rc == 0; i++)
		rc = authority_policy(conf, i, &c->policies[i], e);
	if (rc == 0 && conf->blocked_keys != NULL &&
	    key_blocklist_load(conf->blocked_keys, &c->blocked, e) < 0)
		rc = err_wrap(e, "%s:%u: blockedKeys", conf->file,
			      yaml_key_line(&conf->doc, conf->doc.root, "blockedKeys"));
	if (rc < 0)
		common_unref(c);
	else
		*out = c;
	return rc;
}

/* ---- one provisioner's ---- */

static void rules_free(void *rules)
{
	struct ca_rules *r = rules;

	tmpl_unref(r->x509);
	tmpl_unref(r->inventory_key);
	policy_free(r->policy);
	webhook_set_free(r->hooks);
	common_unref(r->common);
	mem_free(r);
}

static int rules_make(const struct conf *c, void *common, const struct conf_provisioner *pc,
		      void **out, struct err *e)
{
	struct maker m = {.conf = c, .pc = pc, .r = NEW(struct ca_rules)};

	m.r->common = common;
	ref_get(&m.r->common->ref);
	if (make_content(&m, e) < 0 || make_policies(&m, e) < 0 || make_hooks(&m, e) < 0 ||
	    make_inventory(&m, e) < 0) {
		rules_free(m.r);
		return -1;
	}
	*out = m.r;
	return 0;
}

/* The public list shows which programs are asked; templates and policies stay here. */
static void rules_describe(const void *rules, json_t *options)
{
	const struct ca_rules *r = rules;

	if (r->hooks != NULL)
		json_object_set_new(options, "webhooks", webhook_set_listed(r->hooks));
}

const struct prov_rules_ops ca_rules_ops = {
	.begin = common_make,
	.make = rules_make,
	.end = common_unref,
	.free = rules_free,
	.describe = rules_describe,
};
