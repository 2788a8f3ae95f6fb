/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/file.h"
#include "base/mem.h"
#include "codec/b64.h"
#include "tmpl/asn1.h"
#include "tmpl/tmpl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* One template of the file: what it gives, or its error, must be Go's. */
static void check_template(const json_t *v)
{
	struct tmpl_options o = {.name = STR("template"), .set = TMPL_STEP};
	const char *text = json_string_value(json_object_get(v, "template"));
	json_t *data = json_pack("{s:n,s:{s:f}}", "nil", "map", "a", 1.0);
	struct arena *a = arena_new();
	struct tmpl_error_info why = {0};
	struct buf out = BUF_INIT;
	struct tmpl *t = NULL;

	int rc = tmpl_compile(str_c(text), &o, a, &t, &why);
	if (rc == 0)
		rc = tmpl_run(t, tv_from_json(data, a), &tmpl_limits_loop, a, &out, &why);
	const json_t *want = json_object_get(v, rc == 0 ? "want" : "message");
	struct str got = rc == 0 ? buf_view(&out) : why.message;
	if (want == NULL ||
	    !str_eq(got, str_mem(json_string_value(want), json_string_length(want))))
		fail_msg("%s: got \"" STR_FMT "\", Go has \"%s\"", text, STR_ARG(got),
			 want != NULL ? json_string_value(want) : "the other kind of result");
	buf_release(&out);
	tmpl_unref(t);
	arena_free(a);
	json_decref(data);
}

static void test_go_templates(void **state)
{
	const char *dir = getenv("SIGNET_SRCDIR");
	char *path = mem_asprintf("%s/t/vectors/time/go-templates.jsonl", dir != NULL ? dir : ".");
	struct buf file = BUF_INIT;
	struct err e = ERR_INIT;
	size_t n = 0;

	(void)state;
	if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) != 0)
		skip(); /* some lines want zones */
	if (file_read(path, 16U << 20, &file, &e) != 0)
		fail_msg("%s", e.msg);
	for (struct str rest = buf_view(&file); rest.n > 0; n++) {
		struct str line = str_cut(rest, '\n', &rest);
		json_t *v = json_loadb(line.p, line.n, 0, NULL);
		assert_non_null(v);
		check_template(v);
		json_decref(v);
	}
	assert_true(n > 1000);
	buf_release(&file);
	mem_free(path);
}

static void test_base64(void **state)
{
	static const struct {
		const char *in, *hex;
		int bad; /* -1: it is fine */
	} rows[] = {
		{"", "", -1},
		{"AAEC", "000102", -1},
		{"AA==", "00", -1},
		{"AAE=", "0001", -1},
		{"A\nA\r\nEC\n", "000102", -1},
		{"AA=\n=\n", "00", -1},
		{"AB==", "00", -1}, /* unused bits */
		{"A", "", 0},
		{"AA", "", 0},
		{"AAECAA", "", 4},
		{"AA=", "", 3},
		{"AA=A", "", 2},
		{"AA==A", "", 4},
		{"AAE=A", "", 4},
		{"====", "", 0},
		{"A===", "", 1},
		{"AAEC=", "", 4},
		{"A-AA", "", 1},
		{"AA==\nAA==", "", 5},
		{"A AA", "", 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out = BUF_INIT, hex = BUF_INIT;
		size_t bad = 99;
		int rc = b64_go_decode(str_c(rows[i].in), &out, &bad);
		assert_int_equal(rc, rows[i].bad < 0 ? 0 : -1);
		if (rc == 0) {
			hex_encode(buf_view(&out), &hex);
			assert_true(str_eqc(buf_view(&hex), rows[i].hex));
		} else {
			assert_int_equal(bad, rows[i].bad);
		}
		buf_release(&out);
		buf_release(&hex);
	}
}

static void check_text(const char *params, const char *value, bool is_explicit, const char *want)
{
	struct arena *a = arena_new();
	struct buf out = BUF_INIT, why = BUF_INIT, hex = BUF_INIT;

	if (asn1_text_value(str_c(value), str_c(params), is_explicit, a, &out, &why) == 0)
		hex_encode(buf_view(&out), &hex);
	else
		buf_str(&hex, buf_view(&why));
	if (!str_eqc(buf_view(&hex), want))
		fail_msg("%s:%s: " STR_FMT, params, value, STR_ARG(buf_view(&hex)));
	buf_release(&out);
	buf_release(&why);
	buf_release(&hex);
	arena_free(a);
}

static void test_explicit(void **state)
{
	(void)state;
	check_text("", "x", true, "a003130178");
	check_text("utf8", "x", true, "a0030c0178");
	check_text("utf8,tag:3", "x", true, "a3030c0178");
	check_text("int", "5", true, "a003020105");
	check_text("oid", "1.2.3", true, "a00406022a03");
	check_text("bool", "true", true, "a0030101ff");
	check_text("raw", "BAEA", true, "040100"); /* as it stands */
	check_text("utc", "2024-07-02T23:16:02Z", true, "a00f170d3234303730323233313630325a");
	check_text("ia5", "\xc3\xa9", true, "invalid ia5 value");
}

static int call(const char *name, const struct tv *args, size_t n, struct tv *out, struct arena *a)
{
	struct buf error = BUF_INIT;
	struct tmpl_call c = {.arena = a, .name = name, .room = 1U << 20, .error = &error};
	const struct tmpl_func *f = tmpl_funcs_crypto;

	while (f->name != NULL && strcmp(f->name, name) != 0)
		f++;
	assert_non_null(f->name);
	int rc = f->call(&c, args, n, out);
	if (rc != 0)
		*out = tv_str(arena_str(a, buf_view(&error)));
	buf_release(&error);
	return rc;
}

static void test_aes(void **state)
{
	struct arena *a = arena_new();
	struct tv args[2] = {tv_str(STR("secretkey")), tv_str(STR("plain\0text"))}, out;

	(void)state;
	assert_int_equal(call("encryptAES", args, 2, &out, a), 0);
	assert_int_equal(out.s.n, 44); /* IV and one block */
	args[1] = out;
	assert_int_equal(call("decryptAES", args, 2, &out, a), 0);
	assert_true(str_eq(out.s, STR("plain\0text")));
	/* what Go made */
	args[0] = tv_str(STR("k"));
	args[1] = tv_str(STR("AAAA"));
	assert_int_equal(call("decryptAES", args, 2, &out, a), -1);
	args[1] = tv_str(STR(""));
	assert_int_equal(call("decryptAES", args, 2, &out, a), 0);
	assert_int_equal(out.s.n, 0);
	args[1] = tv_str(STR("AAECAwQFBgcICQoLDA0ODxA="));
	assert_int_equal(call("decryptAES", args, 2, &out, a), -1);
	assert_true(str_eqc(out.s, "crypto/cipher: input not full blocks"));
	args[1] = tv_str(STR("AAECAwQFBgcICQoLDA0ODw=="));
	assert_int_equal(call("decryptAES", args, 2, &out, a), -1);
	arena_free(a);
}

static void test_passwords(void **state)
{
	struct arena *a = arena_new();
	struct tv args[2] = {tv_str(STR("user")), tv_str(STR("secret"))}, out;

	(void)state;
	assert_int_equal(call("htpasswd", args, 2, &out, a), 0);
	assert_true(str_starts(out.s, "user:$2a$10$"));
	assert_int_equal(out.s.n, 5 + 60);
	args[0] = tv_str(STR("u:v"));
	assert_int_equal(call("htpasswd", args, 2, &out, a), 0);
	assert_true(str_eqc(out.s, "invalid username: u:v"));
	args[0] = tv_str(str_mem("0123456789012345678901234567890123456789"
				 "012345678901234567890123456789012",
				 73));
	assert_int_equal(call("bcrypt", args, 1, &out, a), 0);
	assert_true(str_starts(out.s, "failed to encrypt string with bcrypt: "));
	args[0] = tv_str(STR("nope"));
	assert_int_equal(call("genPrivateKey", args, 1, &out, a), 0);
	assert_true(str_eqc(out.s, "Unknown type nope"));
	args[0] = tv_str(STR("ecdsa"));
	assert_int_equal(call("genPrivateKey", args, 1, &out, a), 0);
	assert_true(str_starts(out.s, "-----BEGIN EC PRIVATE KEY-----\n"));
	arena_free(a);
}

static void test_not_there(void **state)
{
	static const char *const names[] = {"env",	"expandenv",	 "getHostByName", "bcrypt",
					    "htpasswd", "genPrivateKey", "derivePassword"};
	struct tmpl_options o = {.name = STR("template"), .set = TMPL_STEP};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct arena *a = arena_new();
		char *text = mem_asprintf("{{%s}}", names[i]);
		struct tmpl_error_info why;
		struct tmpl *t = NULL;
		assert_int_equal(tmpl_compile(str_c(text), &o, a, &t, &why), -1);
		assert_int_equal(why.class, TMPL_PARSE);
		mem_free(text);
		arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_go_templates), cmocka_unit_test(test_base64),
		cmocka_unit_test(test_explicit),     cmocka_unit_test(test_aes),
		cmocka_unit_test(test_passwords),    cmocka_unit_test(test_not_there),
	};

	return cmocka_run_group_tests_name("tmpl/asn1", tests, NULL, NULL);
}
