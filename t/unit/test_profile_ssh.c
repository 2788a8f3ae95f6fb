/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/file.h"
#include "base/mem.h"
#include "profile/ssh_content.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* ---- reading ---- */
#define OK "\"type\":\"user\",\"keyId\":\"k\",\"principals\":[\"p\"]"

static void test_read(void **state)
{
	struct arena *a = arena_new();
	struct ssh_cert_fields f;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(
		ssh_content_read(
			STR("{\"TYPE\":\"HOST\",\"keyid\":\"x\",\"keyId\":\"k\",\"principals\":"
			    "[\"a\",\"b\"],\"validAfter\":\"2030-01-01T00:00:00Z\","
			    "\"validBefore\":\"2030-01-02T00:00:00+01:00\",\"serial\":"
			    "18446744073709551615,\"criticalOptions\":{\"b\":\"2\",\"a\":"
			    "\"1\"},\"extensions\":{\"x\":null},\"extensions\":{\"w\":\"\"},"
			    "\"foo\":1,\"nonce\":\"MDEyMzQ1Njc4OWFiY2RlZg==\"} rest"),
			a, &f, &e),
		0);
	assert_int_equal(f.type, SSH_CERT_HOST);
	assert_true(str_eqc(f.key_id, "k"));
	assert_int_equal(f.n_principals, 2);
	assert_true(str_eqc(f.principals[1], "b"));
	assert_int_equal(f.valid_after, 1893456000);
	assert_int_equal(f.valid_before, 1893538800);
	assert_true(f.serial == UINT64_MAX);
	assert_int_equal(f.critical.n, 2);
	assert_true(str_eqc(f.critical.items[0].name, "a"));
	assert_true(str_eqc(f.critical.items[0].value, "1"));
	assert_int_equal(f.extensions.n, 2); /* objects merge */
	assert_true(str_eqc(f.extensions.items[0].name, "w"));
	assert_true(str_eqc(f.nonce, "0123456789abcdef"));
	/* null leaves, or empties */
	assert_int_equal(ssh_content_read(STR("{" OK ",\"keyId\":null,\"extensions\":{\"a\":\"\"},"
					      "\"extensions\":null,\"serial\":null,\"validAfter\":"
					      "\"0001-01-01T00:00:00Z\"}"),
					  a, &f, &e),
			 0);
	assert_true(str_eqc(f.key_id, "k"));
	assert_int_equal(f.extensions.n, 0);
	assert_false(f.has_extensions);
	assert_int_equal(f.valid_after, 0);
	arena_free(a);
}

static void test_refused(void **state)
{
	static const char *const both[] = {
		"",
		"[]",
		"\"x\"",
		"{\"type\":null}",
		"{\"type\":\"root\"}",
		"{\"type\":1}",
		"{\"keyId\":5}",
		"{\"principals\":\"p\"}",
		"{\"principals\":[1]}",
		"{\"serial\":\"1\"}",
		"{\"serial\":-1}",
		"{\"serial\":1.0}",
		"{\"serial\":18446744073709551616}",
		"{\"validAfter\":\"x\"}",
		"{\"validAfter\":5}",
		"{\"validAfter\":\"1960-01-01T00:00:00Z\"}",
		"{\"nonce\":\"!\"}",
		"{\"extensions\":[\"x\"]}",
		"{\"extensions\":{\"x\":1}}",
		"{\"criticalOptions\":\"x\"}",
		"{\"type\":\"user\",}",
	};
	static const char *const ours[] = {
		"null",
		"{}",
		"{\"keyId\":\"k\",\"principals\":[\"p\"]}",
		"{\"type\":\"user\",\"keyId\":\"k\"}",
		"{\"type\":\"user\",\"keyId\":\"k\",\"principals\":[]}",
		"{\"type\":\"user\",\"keyId\":\"k\",\"principals\":[\"\"]}",
		"{\"type\":\"user\",\"keyId\":\"k\",\"principals\":[\"a,b\"]}",
		"{\"type\":\"user\",\"keyId\":\"k\",\"principals\":[\"a\\u0000b\"]}",
		"{\"type\":\"user\",\"keyId\":\"k\",\"principals\":[\"a\\nb\"]}",
		"{" OK ",\"keyId\":\"k\\u0000\"}",
		"{" OK ",\"nonce\":\"AQIDBAUGBwg=\"}",
		"{" OK ",\"reserved\":\"AA==\"}",
		"{" OK ",\"extensions\":{\"\":\"\"}}",
		"{" OK ",\"extensions\":{\"a\\u0001\":\"\"}}",
		"{" OK ",\"criticalOptions\":{\"force-command\":\"a\\u0000b\"}}",
		"{" OK ",\"validAfter\":\"2030-01-02T00:00:00Z\",\"validBefore\":"
		"\"2030-01-01T00:00:00Z\"}",
	};
	struct arena *a = arena_new();
	struct ssh_cert_fields f;
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(both); i++) {
		if (ssh_content_read_as_step(str_c(both[i]), a, &f, &e) == 0)
			fail_msg("as step: %s", both[i]);
		assert_int_equal(e.code, ERR_INVALID);
		assert_int_equal(ssh_content_read(str_c(both[i]), a, &f, &e), -1);
	}
	for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
		if (ssh_content_read_as_step(str_c(ours[i]), a, &f, &e) != 0)
			fail_msg("as step: %s: %s", ours[i], e.msg);
		if (ssh_content_read(str_c(ours[i]), a, &f, &e) == 0)
			fail_msg("%s", ours[i]);
	}
	arena_free(a);
}

static void test_many(void **state)
{
	struct arena *a = arena_new();
	struct buf b = BUF_INIT;
	struct ssh_cert_fields f;
	struct err e = ERR_INIT;

	(void)state;
	buf_puts(&b, "{\"type\":\"user\",\"principals\":[\"p\"");
	for (unsigned i = 0; i < 300; i++)
		buf_puts(&b, ",\"p\"");
	buf_puts(&b, "]}");
	assert_int_equal(ssh_content_read(buf_view(&b), a, &f, &e), -1);
	buf_reset(&b);
	buf_puts(&b, "{\"type\":\"user\",\"principals\":[\"p\"],\"extensions\":{\"x\":\"\"");
	for (unsigned i = 0; i < 2000; i++)
		buf_printf(&b, ",\"x%u\":\"\"", 5000 - i);
	buf_puts(&b, "}}");
	assert_int_equal(ssh_content_read(buf_view(&b), a, &f, &e), -1);
	buf_release(&b);
	arena_free(a);
}

/* ---- templates ---- */
static const char key_text[] =
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILn6+VqndZKguwebQ4nYkptc+wt5oLlxAqNp3zU29SB8";

struct world {
	struct arena *a;
	struct ssh_key key;
	struct ssh_content_input in;
	json_t *token;
};

static void open_key(struct world *w, const char *text)
{
	struct err e = ERR_INIT;
	struct ssh_text t;

	assert_int_equal(ssh_text_parse(str_c(text), &t, &e), 0);
	assert_int_equal(ssh_key_parse(arena_str(w->a, buf_view(&t.blob)), &w->key, &e), 0);
	ssh_text_release(&t);
}

static void world_init(struct world *w, uint32_t type)
{
	static const struct str principals[] = {{"alice", 5}, {"alice@example.com", 17}};
	static const struct str asked[] = {{"root", 4}};

	*w = (struct world){.a = arena_new(),
			    .token = json_pack("{s:s,s:[s]}", "sub", "alice", "groups", "dev")};
	open_key(w, key_text);
	w->in = (struct ssh_content_input){
		.type = type,
		.key_id = STR("alice@example.com"),
		.principals = principals,
		.n_principals = 2,
		.token = w->token,
		.now = 1700000000,
		.request = {.key = &w->key,
			    .type = type == SSH_CERT_HOST ? STR("host") : STR("user"),
			    .key_id = STR("asked"),
			    .principals = asked,
			    .n_principals = 1,
			    .has_principals = true},
	};
}

static void world_release(struct world *w)
{
	json_decref(w->token);
	arena_free(w->a);
}

static int render(struct world *w, struct str text, struct ssh_cert_fields *f, struct err *e)
{
	struct tmpl *t;

	if (ssh_content_compile(text, false, &t, e) != 0)
		return -1;
	int rc = ssh_content_render(t, &w->in, w->a, f, NULL, e);
	tmpl_unref(t);
	return rc;
}

static void test_files(void **state)
{
	static const char *const names[] = {"default", "admin", "iid", "request"};
	const char *dir = getenv("SIGNET_SRCDIR");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char *path = mem_asprintf("%s/conf/templates/ssh-%s.tpl", dir != NULL ? dir : ".",
					  names[i]);
		struct buf b = BUF_INIT;
		struct err e = ERR_INIT;
		if (file_read(path, 65536, &b, &e) != 0)
			fail_msg("%s", e.msg);
		if (!str_eq(buf_view(&b), ssh_content_template((enum ssh_content_template)i)))
			fail_msg("%s is not what is compiled in", path);
		buf_release(&b);
		mem_free(path);
	}
}

static void test_defaults(void **state)
{
	struct ssh_cert_fields f;
	struct err e = ERR_INIT;
	struct world w;

	(void)state;
	world_init(&w, SSH_CERT_USER);
	assert_int_equal(render(&w, STR_NULL, &f, &e), 0);
	assert_int_equal(f.type, SSH_CERT_USER);
	assert_true(str_eqc(f.key_id, "alice@example.com"));
	assert_int_equal(f.n_principals, 2);
	assert_int_equal(f.extensions.n, 5);
	assert_int_equal(f.critical.n, 0);
	assert_int_equal(f.serial, 0);
	assert_int_equal(render(&w, ssh_content_template(SSH_TEMPLATE_ADMIN), &f, &e), 0);
	assert_true(str_eqc(f.key_id, "asked"));
	assert_true(str_eqc(f.principals[0], "root"));
	assert_int_equal(f.extensions.n, 5);
	assert_int_equal(render(&w, ssh_content_template(SSH_TEMPLATE_IID), &f, &e), 0);
	assert_true(str_eqc(f.principals[0], "root"));
	w.in.request.n_principals = 0;
	w.in.request.has_principals = false;
	assert_int_equal(render(&w, ssh_content_template(SSH_TEMPLATE_IID), &f, &e), 0);
	assert_int_equal(f.n_principals, 2);
	world_release(&w);

	world_init(&w, SSH_CERT_HOST);
	assert_int_equal(render(&w, STR_NULL, &f, &e), 0);
	assert_int_equal(f.type, SSH_CERT_HOST);
	assert_int_equal(f.extensions.n, 0);
	assert_int_equal(render(&w, ssh_content_template(SSH_TEMPLATE_REQUEST), &f, &e), 0);
	assert_int_equal(f.type, SSH_CERT_HOST);
	assert_int_equal(f.extensions.n, 5);
	world_release(&w);
}

/* The key id that a template gives. */
static void shows(struct world *w, const char *expression, const char *want)
{
	char *text = mem_asprintf("{\"type\":\"user\",\"principals\":[\"p\"],\"keyId\":{{ %s | "
				  "toString | toJson }}}",
				  expression);
	struct ssh_cert_fields f;
	struct err e = ERR_INIT;

	if (render(w, str_c(text), &f, &e) != 0)
		fail_msg("%s: %s", expression, e.msg);
	if (!str_eqc(f.key_id, want))
		fail_msg("%s: " STR_FMT, expression, STR_ARG(f.key_id));
	mem_free(text);
}

static void test_variables(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, SSH_CERT_USER);
	w.in.critical = json_pack("{s:s}", "force-command", "x");
	w.in.user = json_pack("{s:i}", "n", 5);
	w.in.webhooks = json_pack("{s:{s:b}}", "w", "ok", 1);
	w.in.inventory = json_pack("{s:s}", "owner", "o");
	w.in.data = json_pack("{s:s,s:s}", "Site", "berlin", "KeyID", "over");
	w.in.endpoint = STR("uuid");
	shows(&w, "typeOf .", "sshutil.TemplateData");
	shows(&w, "typeOf .Insecure", "sshutil.TemplateData");
	shows(&w, "typeOf .Insecure.CR", "sshutil.CertificateRequest");
	shows(&w, "typeOf .Principals", "[]string");
	shows(&w, "typeOf .Extensions", "map[string]interface {}");
	shows(&w, "typeOf .Insecure.CR.Key", "ssh.ed25519PublicKey");
	shows(&w, ".Insecure.CR.Key.Type", "ssh-ed25519");
	shows(&w, ".Insecure.CR.Key.Marshal | len", "51");
	shows(&w, "len .Insecure.CR.Key", "32");
	shows(&w, "toJson .Insecure.CR",
	      "{\"Key\":\"ufr5Wqd1kqC7B5tDidiSm1z7C3mguXECo2nfNTb1IHw=\",\"Type\":\"user\","
	      "\"KeyID\":\"asked\",\"Principals\":[\"root\"]}");
	shows(&w, ".CriticalOptions", "map[force-command:x]");
	shows(&w, ".Insecure.User.n", "5");
	shows(&w, ".Webhooks.w.ok", "true");
	shows(&w, ".Inventory.owner", "o");
	shows(&w, "printf \"%v %v\" .Site .KeyID", "berlin over");
	shows(&w, ".Endpoint", "uuid");
	shows(&w, ".Now | formatTime", "2023-11-14T22:13:20Z");
	shows(&w, ".Type", "user");
	shows(&w, "first .Token.groups", "dev");
	shows(&w, "index .Extensions \"permit-pty\" | quote", "\"\"");
	open_key(&w, "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBPeV"
		     "Qi7QbaAOaqolEXZoQy0hnnuTNJz1DeSyGyQZ3vo1X9YQbYq38kSRpfIMeqxBx8aV/"
		     "qolRpKWRsl4LpoXVXo=");
	shows(&w, "typeOf .Insecure.CR.Key", "*ssh.ecdsaPublicKey");
	shows(&w, ".Insecure.CR.Key.Type", "ecdsa-sha2-nistp256");
	shows(&w, "toJson .Insecure.CR.Key",
	      "{\"Curve\":{},\"X\":"
	      "111984990590085265926287192646125083060480610294073620403383852759389891918389,"
	      "\"Y\":"
	      "43347939268457383903616207156969290075772025716482793807996997090801188558202}");
	json_decref((json_t *)(uintptr_t)w.in.critical);
	json_decref((json_t *)(uintptr_t)w.in.user);
	json_decref((json_t *)(uintptr_t)w.in.webhooks);
	json_decref((json_t *)(uintptr_t)w.in.inventory);
	json_decref((json_t *)(uintptr_t)w.in.data);
	world_release(&w);
}

static void test_errors(void **state)
{
	struct ssh_cert_fields f;
	struct world w;
	struct err e = ERR_INIT;
	struct tmpl *t;

	(void)state;
	world_init(&w, SSH_CERT_USER);
	assert_int_equal(render(&w, STR("{{ fail \"not you\" }}"), &f, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_string_equal(e.pub, "not you");
	assert_int_equal(render(&w, STR("{{ index .Principals 9 }}"), &f, &e), -1);
	assert_int_equal(e.code, ERR_INTERNAL);
	assert_string_equal(e.pub, "error applying certificate template");
	assert_int_equal(render(&w, STR("no JSON"), &f, &e), -1);
	assert_int_equal(e.code, ERR_INTERNAL);
	assert_string_equal(e.pub, "error applying certificate template");
	/* An injection by hand-made JSON changes the type; no principals are left. */
	w.in.request.key_id = STR("x\",\"principals\":[],\"type\":\"host");
	assert_int_equal(render(&w,
				STR("{\"type\":\"user\",\"principals\":[\"p\"],\"keyId\":\"{{ "
				    ".Insecure.CR.KeyID }}\"}"),
				&f, &e),
			 -1);
	/* at load */
	assert_int_equal(ssh_content_compile(STR("{\n  {{ asn1Enc \"x\" }}}"), false, &t, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_non_null(strstr(e.msg, "line 2"));
	assert_int_equal(ssh_content_compile(STR("{{ bcrypt \"x\" }}"), false, &t, &e), -1);
	assert_int_equal(ssh_content_compile(STR("{{ bcrypt \"x\" }}"), true, &t, &e), 0);
	tmpl_unref(t);
	world_release(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),	 cmocka_unit_test(test_refused),
		cmocka_unit_test(test_many),	 cmocka_unit_test(test_files),
		cmocka_unit_test(test_defaults), cmocka_unit_test(test_variables),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests_name("profile/ssh", tests, NULL, NULL);
}
