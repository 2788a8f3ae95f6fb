/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "abi/abi.h"
#include "base/clock.h"
#include "codec/json.h"
#include "conf/conf.h"
#include "conf_util.h"

#include <setjmp.h>
#include <sys/stat.h>
#include <cmocka.h>

static const struct signet_conf_key jwk_keys[] = {
	{"key", SIGNET_CONF_ANY, NULL, true, "Public key."},
	{"encryptedKey", SIGNET_CONF_STRING, NULL, false, "Private key."},
	{0},
};
static const struct signet_conf_key all_keys[] = {
	{"s", SIGNET_CONF_STRING, "text: with colon", false, "A string."},
	{"b", SIGNET_CONF_BOOL, "true", false, "A switch."},
	{"i", SIGNET_CONF_INT, "-5", false, "A number."},
	{"d", SIGNET_CONF_DURATION, "1m30s", false, "A duration."},
	{"l", SIGNET_CONF_STRINGS, "[http-01, 5]", false, "A list."},
	{"a", SIGNET_CONF_ANY, "{x: 1}", false, "A tree."},
	{"none", SIGNET_CONF_STRING, NULL, false, "Nothing."},
	{0},
};

static const struct signet_conf_key *keys_of(void *arg, const char *type)
{
	(void)arg;
	if (strcmp(type, "JWK") == 0)
		return jwk_keys;
	return strcmp(type, "ALL") == 0 ? all_keys : NULL;
}

static int load(const char *text, struct conf_provisioner *out, struct err *e)
{
	struct conf_dir d;
	char *path;
	int rc;

	conf_dir_init(&d);
	path = conf_dir_write(&d, "p.yaml", text);
	rc = conf_provisioner_load(path, keys_of, NULL, out, e);
	conf_dir_remove(&d, "p.yaml");
	conf_dir_release(&d);
	mem_free(path);
	return rc;
}

static void check_plugin(const char *text, const char *json)
{
	struct conf_provisioner p;
	struct err e = ERR_INIT;
	struct buf b = BUF_INIT;

	if (load(text, &p, &e) != 0) {
		print_error("%s\n", e.msg);
		fail();
	}
	json_write(p.plugin, &b);
	if (!str_eqc(buf_view(&b), json))
		print_error("%s\n", b.p);
	assert_true(str_eqc(buf_view(&b), json));
	buf_release(&b);
	conf_provisioner_release(&p);
}

static void plugin_keys(void **state)
{
	(void)state;
	check_plugin("type: ALL\nname: x\n", "{\"s\":\"text: with "
					     "colon\",\"b\":true,\"i\":-5,\"d\":90000000000,\"l\":["
					     "\"http-01\",\"5\"],\"a\":{\"x\":1}}");
	check_plugin("type: ALL\nname: x\ns: 5\nb: FALSE\ni: 7\nd: 1h\nl: []\na: [1, '1', true, "
		     "~]\nnone: ''\n",
		     "{\"s\":\"5\",\"b\":false,\"i\":7,\"d\":3600000000000,\"l\":[],\"a\":[1,\"1\","
		     "true,null],\"none\":\"\"}");
	check_plugin("type: JWK\nname: x\nkey: {kty: EC, kid: \"1\"}\nencryptedKey: eyJ\n",
		     "{\"key\":{\"kty\":\"EC\",\"kid\":\"1\"},\"encryptedKey\":\"eyJ\"}");
}

static void common_keys(void **state)
{
	struct conf_provisioner p;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(load("type: ALL\nname: me@example.com\nauthority: two\nclaims: "
			      "{maxTLSCertDuration: 2h, disableRenewal: false}\n"
			      "options: {x509: {template: '{}', allow: [isCA], lint: tls}}\n"
			      "inventory: {list: hosts, key: '{{ .Token.sub }}'}\n"
			      "policy: {x509: {allow: {dns: [a.example]}}}\n",
			      &p, &e),
			 0);
	assert_string_equal(p.type, "ALL");
	assert_string_equal(p.name, "me@example.com");
	assert_string_equal(p.authority, "two");
	assert_true(str_ends(str_c(p.file), "/p.yaml"));
	assert_true(p.claims.max_tls == 7200 * DURATION_SECOND);
	assert_true(p.claims.min_tls == -1);
	assert_int_equal(p.claims.disable_renewal, 1);
	assert_string_equal(p.options.x509.template, "{}");
	assert_int_equal(json_array_size(p.options.x509.allow), 1);
	assert_int_equal(p.options.x509.lint, 1);
	assert_null(p.options.webhooks);
	assert_string_equal(p.inventory.list, "hosts");
	assert_false(p.inventory.required);
	assert_non_null(json_object_get(p.policy, "x509"));
	assert_int_equal(yaml_key_line(&p.doc, p.doc.root, "authority"), 3);
	conf_provisioner_release(&p);
	assert_int_equal(load("type: ALL\nname: x\noptions:\nclaims:\n", &p, &e), 0);
	assert_string_equal(p.authority, "default");
	assert_null(p.options.x509.template);
	assert_null(p.inventory.list);
	assert_null(p.policy);
	assert_true(p.claims.default_tls == -1);
	conf_provisioner_release(&p);
}

static const struct {
	const char *text, *want;
} bad[] = {
	{"", "1: type: missing; it is required"},
	{"- a\n", "1: must be a mapping"},
	{"name: x\n", "1: type: missing; it is required"},
	{"type: [JWK]\n", "1: type: must be a single value"},
	{"name: x\ntype: NOPE\n", "2: type: no plugin for provisioners of type \"NOPE\" is loaded"},
	{"type: ALL\n", "1: name: missing; it is required"},
	{"type: ALL\nname: ''\n", "2: name: must have 1 to 255 characters"},
	{"type: ALL\nname: \"a\\nb\"\n", "2: name: must have 1 to 255 characters"},
	{"type: ALL\nname: x\nencryptedKey: y\n", "3: encryptedKey: unknown key"},
	{"type: JWK\nname: x\nencryptdKey: y\n",
	 "3: encryptdKey: unknown key, did you mean encryptedKey?"},
	{"type: JWK\nname: x\nclaim: {}\n", "3: claim: unknown key, did you mean claims?"},
	{"type: JWK\nname: x\n", "1: key: missing; it is required"},
	{"type: ALL\nname: x\nb: yes\n", "3: b: must be true or false"},
	{"type: ALL\nname: x\ni: 1.5\n", "3: i: must be a whole number"},
	{"type: ALL\nname: x\ni: [1]\n", "3: i: must be a single value"},
	{"type: ALL\nname: x\nd: 5\n", "3: d: must be a duration"},
	{"type: ALL\nname: x\nl: a\n", "3: l: must be a list"},
	{"type: ALL\nname: x\nl:\n- a\n- {}\n", "5: l[1]: must be a single value, not empty"},
	{"type: ALL\nname: x\nclaims: {maxTLSCertDuratio: 1h}\n",
	 "3: claims.maxTLSCertDuratio: unknown key, did you mean maxTLSCertDuration?"},
	{"type: ALL\nname: x\nclaims: {enableSSHCA: true}\n",
	 "3: claims.enableSSHCA: not supported by this version"},
	{"type: ALL\nname: x\noptions: []\n", "3: options: must be a mapping"},
	{"type: ALL\nname: x\noptions:\n  x509: {templat: '{}'}\n",
	 "4: options.x509.templat: unknown key, did you mean template?"},
	{"type: ALL\nname: x\noptions:\n  x509: {lint: all}\n", "4: options.x509.lint: "},
	{"type: ALL\nname: x\noptions:\n  ssh: {}\n",
	 "4: options.ssh: not supported by this version"},
	{"type: ALL\nname: x\ninventory: {lists: hosts}\n",
	 "3: inventory.lists: unknown key, did you mean list?"},
	{"type: ALL\nname: x\nname: y\n", "3:1: key occurs twice"},
};

static void bad_provisioners(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct conf_provisioner p;
		struct err e = ERR_INIT;
		int rc = load(bad[i].text, &p, &e);
		const char *msg;

		if (rc == 0)
			print_error("accepted: %s\n", bad[i].text);
		assert_int_equal(rc, -1);
		assert_int_equal(e.code, ERR_INVALID);
		msg = strstr(e.msg, "p.yaml:");
		assert_non_null(msg);
		msg += strlen("p.yaml:");
		if (!str_starts(str_c(msg), bad[i].want))
			print_error("%s\n got: %s\nwant: %s\n", bad[i].text, msg, bad[i].want);
		assert_true(str_starts(str_c(msg), bad[i].want));
	}
}

static void sample_loads(void **state)
{
	char *path = file_join(conf_srcdir(), "conf/provisioners.d/jwk.yaml");
	struct conf_provisioner p;
	struct err e = ERR_INIT;
	const json_t *key;
	struct str s;

	(void)state;
	if (conf_provisioner_load(path, keys_of, NULL, &p, &e) != 0) {
		print_error("%s\n", e.msg);
		fail();
	}
	assert_string_equal(p.type, "JWK");
	assert_string_equal(p.authority, "default");
	key = json_object_get(p.plugin, "key");
	assert_int_equal(json_get_str(key, "x", 0, &s, &e), 0);
	assert_int_equal(s.n, 43);
	assert_null(json_object_get(key, "d"));
	conf_provisioner_release(&p);
	mem_free(path);
}

static void lists_files(void **state)
{
	static const char *const names[] = {"provisioners.d/b.yaml", "provisioners.d/a.yaml",
					    "provisioners.d/.c.yaml", "provisioners.d/d.yaml~",
					    "provisioners.d/e.yml"};
	struct conf_dir d;
	struct arena *a = arena_new();
	struct conf c = {0};
	struct err e = ERR_INIT;
	const char **paths;
	size_t n;
	char *folder;

	(void)state;
	conf_dir_init(&d);
	c.dir = d.path;
	assert_int_equal(conf_provisioner_files(&c, a, &paths, &n, &e), 0);
	assert_int_equal(n, 0);
	folder = file_join(d.path, "provisioners.d");
	assert_int_equal(mkdir(folder, 0700), 0);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		mem_free(conf_dir_write(&d, names[i], "x"));
	assert_int_equal(conf_provisioner_files(&c, a, &paths, &n, &e), 0);
	assert_int_equal(n, 2);
	assert_true(str_ends(str_c(paths[0]), "/provisioners.d/a.yaml"));
	assert_true(str_ends(str_c(paths[1]), "/provisioners.d/b.yaml"));
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		conf_dir_remove(&d, names[i]);
	conf_dir_remove(&d, "provisioners.d");
	conf_dir_release(&d);
	mem_free(folder);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plugin_keys),	    cmocka_unit_test(common_keys),
		cmocka_unit_test(bad_provisioners), cmocka_unit_test(sample_loads),
		cmocka_unit_test(lists_files),
	};

	return cmocka_run_group_tests_name("conf/provisioner", tests, NULL, NULL);
}
