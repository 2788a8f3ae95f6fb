/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/inventory.h"

#include "cli/certs.h"
#include "codec/b64.h"
#include "codec/yaml.h"

/*
 * cmd_inventory.c - `signet inventory`: lists of records that templates and policy read. Files go
 * in and out in inventory_import.c and inventory_export.c; inventory_list.c shows what there is.
 */
void inv_print_json(const json_t *v)
{
	struct buf out = BUF_INIT;

	json_write(v, &out);
	puts(out.p);
	buf_release(&out);
}

static const char *safe(struct cli *c, const char *text)
{
	struct buf b = BUF_INIT;
	const char *s;

	text_put_safe(&b, str_c(text));
	s = arena_cstr(c->arena, buf_view(&b));
	buf_release(&b);
	return s;
}

/* ---- create ---- */

static int create(struct cli *c)
{
	const char *kind = cli_value(c, "kind");
	struct control_call call = {.method = "PUT"};
	json_t *body = json_object(), *v;
	struct err e = ERR_INIT;

	json_free_with(body, c->arena);
	if (inventory_name_check(str_c(c->args[0]), &e) < 0)
		return cli_usage_error(c, "%s", e.msg);
	if (kind != NULL && !inventory_kind_valid(str_c(kind)))
		return cli_usage_error(c, "--kind %s: host, service, person, device or free", kind);
	if (kind != NULL)
		json_object_set_new(body, "kind", json_string(kind));
	json_object_set_new(body, "foldCase", json_boolean(cli_flag(c, "fold-case")));
	call.body = body;
	call.path = inv_path(c, c->args[0], "");
	v = control_call(c, &call, &e);
	if (v == NULL)
		return cli_fail(c, &e);
	if (cli_flag(c, "json"))
		inv_print_json(v);
	else
		printf("Inventory %s is there. Fill it:\n  signet inventory import %s FILE\n",
		       c->args[0], c->args[0]);
	json_decref(v);
	return output_end(c);
}

/* ---- get ---- */

static json_t *fetch(struct cli *c, struct err *e)
{
	struct control_call call = {.method = "GET"};
	json_t *v;

	if (inventory_key_check(str_c(c->args[1]), e) < 0) {
		c->misused = true;
		return NULL;
	}
	call.path = inv_key_path(c, c->args[0], c->args[1]);
	v = control_call(c, &call, e);
	if (v != NULL)
		json_free_with(v, c->arena);
	return v;
}

static int get(struct cli *c)
{
	struct err e = ERR_INIT;
	const json_t *v = fetch(c, &e);
	struct buf out = BUF_INIT;

	if (v == NULL)
		return cli_fail(c, &e);
	if (cli_flag(c, "json")) {
		inv_print_json(v);
	} else {
		yaml_write(v, &out);
		fwrite(out.p, 1, out.n, stdout);
		buf_release(&out);
	}
	return output_end(c);
}

/* ---- set ---- */

static int take_pair(struct cli *c, json_t *attributes, const char *text, struct err *e)
{
	struct str value, name = str_cut(str_c(text), '=', &value);

	if (value.p == NULL || name.n == 0)
		return cli_misuse(c, e,
				  "\"%.80s\": NAME=VALUE, or one JSON object in quotes, is needed",
				  text);
	if (!utf8_valid(str_c(text)))
		return cli_misuse(c, e, "\"%.80s\": is not UTF-8", text);
	json_object_set_new(attributes, arena_cstr(c->arena, name), json_str_new(value));
	return 0;
}

static int take_attributes(struct cli *c, json_t **out, struct err *e)
{
	json_t *o;

	if (c->n_args == 3 && c->args[2][0] == '{') {
		o = json_parse(str_c(c->args[2]), &inventory_line_limits,
			       JSON_REFUSE_DUPLICATES | JSON_TOP_OBJECT, e);
		if (o == NULL) {
			c->misused = true;
			return err_wrap(e, "attributes");
		}
		json_free_with(o, c->arena);
		*out = o;
		return 0;
	}
	*out = json_object();
	json_free_with(*out, c->arena);
	for (size_t i = 2; i < c->n_args; i++)
		if (take_pair(c, *out, c->args[i], e) < 0)
			return -1;
	return 0;
}

/* The path, with the version that is asked for: by the option, or `version`. */
static int change_path(struct cli *c, const char **out, struct err *e)
{
	const char *text = cli_value(c, "if-version");
	uint64_t n;

	if (inventory_key_check(str_c(c->args[1]), e) < 0) {
		c->misused = true;
		return -1;
	}
	*out = inv_key_path(c, c->args[0], c->args[1]);
	if (text == NULL)
		return 0;
	if (!str_u64(str_c(text), &n))
		return cli_misuse(c, e, "--if-version %s: a number", text);
	*out = arena_printf(c->arena, "%s?ifVersion=%" PRIu64, *out, n);
	return 0;
}

/* --keep: what the record has besides; its version then must be what it was. */
static int keep_others(struct cli *c, json_t **attributes, const char **path, struct err *e)
{
	const json_t *old = fetch(c, e);
	json_t *all;

	if (old == NULL)
		return -1;
	all = json_deep_copy(json_member(old, "attributes", 0));
	json_free_with(all, c->arena);
	json_object_update(all, *attributes);
	*attributes = all;
	if (cli_value(c, "if-version") == NULL)
		*path = arena_printf(c->arena, "%s?ifVersion=%" JSON_INTEGER_FORMAT, *path,
				     json_integer_value(json_member(old, "version", 0)));
	return 0;
}

static json_t *put(struct cli *c, struct err *e)
{
	struct control_call call = {.method = "PUT"};
	json_t *attributes = NULL, *body, *v;
	struct buf checked = BUF_INIT;

	if (take_attributes(c, &attributes, e) < 0 || change_path(c, &call.path, e) < 0)
		return NULL;
	if (cli_flag(c, "keep") && keep_others(c, &attributes, &call.path, e) < 0)
		return NULL;
	c->misused = inventory_attributes_write(attributes, &checked, e) < 0;
	buf_release(&checked);
	if (c->misused)
		return NULL;
	body = json_object();
	json_object_set(body, "attributes", attributes);
	call.body = body;
	v = control_call(c, &call, e);
	json_decref(body);
	return v;
}

static int set(struct cli *c)
{
	struct err e = ERR_INIT;
	json_t *v = put(c, &e);

	if (v == NULL)
		return cli_fail(c, &e);
	if (cli_flag(c, "json"))
		inv_print_json(v);
	else
		printf("%s %s in inventory %s (version %" JSON_INTEGER_FORMAT ").\n",
		       safe(c, c->args[1]),
		       json_is_true(json_member(v, "created", 0)) ? "is new" : "was changed",
		       c->args[0], json_integer_value(json_member(v, "version", 0)));
	json_decref(v);
	return output_end(c);
}

/* ---- remove ---- */

static int confirm(struct cli *c, bool *go)
{
	*go = cli_flag(c, "force");
	if (*go)
		return 0;
	if (!prompt_available())
		return cli_usage_error(c, "without a terminal to ask on, give --force");
	*go = prompt_yes(
		arena_printf(c->arena,
			     "Remove inventory %s with all its records? Who needs a record "
			     "of it gets no certificate any more.",
			     c->args[0]));
	if (*go)
		return 0;
	fputs("Nothing was removed.\n", stderr);
	return EXIT_FAILED;
}

static int remove_it(struct cli *c)
{
	struct control_call call = {.method = "DELETE"};
	bool whole = c->n_args == 1, go = true;
	struct err e = ERR_INIT;
	json_t *v;
	int rc;

	if (whole && cli_value(c, "if-version") != NULL)
		return cli_usage_error(c, "--if-version is for a record: name its key");
	if (whole) {
		rc = confirm(c, &go);
		if (!go)
			return rc;
		call.path = inv_path(c, c->args[0], "");
	} else if (change_path(c, &call.path, &e) < 0) {
		return cli_fail(c, &e);
	}
	v = control_call(c, &call, &e);
	if (v == NULL)
		return cli_fail(c, &e);
	if (whole)
		printf("Inventory %s is gone.\n", c->args[0]);
	else
		printf("%s is gone from inventory %s.\n", safe(c, c->args[1]), c->args[0]);
	json_decref(v);
	return output_end(c);
}

/* ---- tables ---- */

static const struct cli_opt create_opts[] = {
	{"kind", "KIND", "host, service, person, device or free (default), for people to see",
	 false, false},
	{"fold-case", NULL,
	 "keys are the same in upper and lower case (A-Z): right for names of hosts, e-mail", false,
	 false},
	{NULL, NULL, NULL, false, false},
};
static const struct cli_cmd cmd_create = {
	.name = "inventory create",
	.args = "LIST",
	.min_args = 1,
	.max_args = 1,
	.summary = "Make an empty inventory",
	.about = "LIST is up to 64 of a-z 0-9 . _ - .\n"
		 "Keys are compared byte by byte, unless --fold-case is given; that cannot be "
		 "changed later.",
	.opts = create_opts,
	.json = true,
	.operator= true,
	.run = create,
};
static const struct cli_cmd cmd_import = {
	.name = "inventory import",
	.args = "LIST FILE|-",
	.min_args = 2,
	.max_args = 2,
	.summary = "Fill an inventory from a file: CSV, JSON, JSON Lines or YAML",
	.about =
		"The whole file is checked; what is wrong is named by file and line, and nothing "
		"is "
		"changed then.\nWho reads the list sees it as it was or as it is afterwards, never "
		"something between.\n"
		"\n"
		"CSV: the first row names the columns. The first column is the key (or --key "
		"COLUMN), the others are\nattributes, texts. An empty cell is no attribute, \"\" "
		"an "
		"empty text; --list COLUMN makes a|b a list.\n"
		"\n"
		"JSON, YAML: an array of objects that have the key as \"key\" (or --key NAME), or "
		"an "
		"object from keys to\nattributes. JSON Lines: one such object a line.",
	.opts = inventory_import_opts,
	.json = true,
	.operator= true,
	.run = inventory_import,
};
static const struct cli_cmd cmd_export = {
	.name = "inventory export",
	.args = "LIST [FILE|-]",
	.min_args = 1,
	.max_args = 2,
	.summary = "Write an inventory to a file that import reads",
	.opts = inventory_export_opts,
	.operator= true,
	.run = inventory_export,
};
static const struct cli_opt set_opts[] = {
	{"keep", NULL, "the record's other attributes stay", false, false},
	{"if-version", "N", "only if the record has this version; 0: only if it is not there",
	 false, false},
	{NULL, NULL, NULL, false, false},
};
static const struct cli_cmd cmd_set = {
	.name = "inventory set",
	.args = "LIST KEY [NAME=VALUE ... | JSON]",
	.min_args = 2,
	.max_args = CLI_MAX_ARGS,
	.summary = "Put one record into an inventory",
	.about = "The record has exactly these attributes then; with --keep the others stay.\nAs "
		 "NAME=VALUE they are texts; anything else is given as one JSON object:\n"
		 " signet inventory set hosts web1 '{\"names\":[\"www\",\"shop\"]}'",
	.opts = set_opts,
	.json = true,
	.operator= true,
	.run = set,
};
static const struct cli_cmd cmd_get = {
	.name = "inventory get",
	.args = "LIST KEY",
	.min_args = 2,
	.max_args = 2,
	.summary = "Show one record, as YAML",
	.json = true,
	.operator= true,
	.run = get,
};
static const struct cli_cmd cmd_list_inventory = {
	.name = "inventory list",
	.args = "[LIST]",
	.max_args = 1,
	.summary = "List the inventories, or the records of one",
	.about = "On a terminal a table; else one line each, separated by tabs.",
	.opts = inventory_list_opts,
	.json = true,
	.operator= true,
	.run = inventory_list,
};
static const struct cli_opt remove_opts[] = {
	{"if-version", "N", "only if the record has this version", false, false},
	{"force", NULL, "remove a whole inventory without asking", false, false},
	{NULL, NULL, NULL, false, false},
};
static const struct cli_cmd cmd_remove = {
	.name = "inventory remove",
	.args = "LIST [KEY]",
	.min_args = 1,
	.max_args = 2,
	.summary = "Remove a record, or a whole inventory",
	.opts = remove_opts,
	.operator= true,
	.run = remove_it,
};
static const struct cli_cmd *const subs[] = {&cmd_create, &cmd_import, &cmd_export,
					     &cmd_set,	  &cmd_get,    &cmd_list_inventory,
					     &cmd_remove, NULL};
const struct cli_cmd cmd_inventory = {
	.name = "inventory",
	.args = "COMMAND",
	.summary = "Lists of hosts, people, devices that templates and policy read",
	.operator= true,
	.subs = subs,
};
