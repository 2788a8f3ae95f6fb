/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/file.h"
#include "kms/kms.h"

static void good(const char *uri, const char *dir, const char *path, const char *password)
{
	struct arena *a = arena_new();
	struct err e = ERR_INIT;
	struct key_uri u;

	if (key_uri_parse(uri, dir, a, &u, &e) != 0)
		fail_msg("%s: %s", uri, e.msg);
	assert_string_equal(u.scheme, "file");
	assert_string_equal(u.path, path);
	if (password)
		assert_string_equal(u.password_file, password);
	else
		assert_null(u.password_file);
	arena_free(a);
}

static void bad(const char *uri, enum err_code code, const char *part)
{
	struct arena *a = arena_new();
	struct err e = ERR_INIT;
	struct key_uri u;

	assert_int_equal(key_uri_parse(uri, "/etc/signet", a, &u, &e), -1);
	assert_int_equal(e.code, code);
	if (!strstr(e.msg, part))
		fail_msg("\"%s\" lacks \"%s\"", e.msg, part);
	arena_free(a);
}

static void test_good(void **state)
{
	(void)state;
	good("file:secrets/ca.key", "/etc/signet", "/etc/signet/secrets/ca.key", NULL);
	good("file:secrets/ca.key?passwordFile=secrets/password", "/etc/signet",
	     "/etc/signet/secrets/ca.key", "/etc/signet/secrets/password");
	good("file:/run/ca.key?passwordFile=/run/pw", "/etc/signet", "/run/ca.key", "/run/pw");
	good("file:///run/ca.key", "/etc/signet", "/run/ca.key", NULL);
	good("FILE:ca.key", "/etc/signet", "/etc/signet/ca.key", NULL);
	good("file:a%20b.key?passwordFile=p%2Fw", "/d", "/d/a b.key", "/d/p/w");
	good("secrets/ca.key", "/etc/signet", "/etc/signet/secrets/ca.key", NULL);
	good("/abs/ca.key", "/etc/signet", "/abs/ca.key", NULL);
	good("./a:b", "/d", "/d/./a:b", NULL);
}

static void test_bad(void **state)
{
	(void)state;
	bad("", ERR_INVALID, "empty");
	bad("file:", ERR_INVALID, "path is empty");
	bad("file:?passwordFile=x", ERR_INVALID, "path is empty");
	bad("file://host/key", ERR_INVALID, "without a host");
	bad("file:key#frag", ERR_INVALID, "fragment");
	bad("file:key?passwordfile=x", ERR_INVALID, "passwordFile only");
	bad("file:key?passwordFile=", ERR_INVALID, "empty");
	bad("file:key?passwordFile", ERR_INVALID, "passwordFile");
	bad("file:key?passwordFile=a&passwordFile=b", ERR_INVALID, "twice");
	bad("file:key?passwordFile=a&pin=1", ERR_INVALID, "\"pin\"");
	bad("file:a%00b", ERR_INVALID, "key URI");
	bad("file:a%zz", ERR_INVALID, "key URI");
	bad("file:a b", ERR_INVALID, "key URI");
	bad("key?passwordFile=x", ERR_INVALID, "file:PATH?passwordFile=PATH");
	bad("pkcs11:token=x", ERR_UNSUPPORTED, "not supported by this version");
	bad("awskms:key-id=x", ERR_UNSUPPORTED, "not supported by this version");
}

static void test_too_long(void **state)
{
	char uri[6000];

	(void)state;
	memset(uri, 'a', sizeof(uri) - 1);
	uri[sizeof(uri) - 1] = 0;
	bad(uri, ERR_INVALID, "longer");
}

/* systemd's credentials: only for a bare name that is not beside the configuration. */
static void test_credentials(void **state)
{
	char dir[] = "/tmp/signet-cred-XXXXXX", in_dir[64], other[64];
	struct err e = ERR_INIT;

	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(in_dir, sizeof(in_dir), "%s/pw", dir);
	assert_int_equal(file_replace(in_dir, STR("secret\n"), 0600, &e), 0);
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", dir, 1), 0);
	good("file:k?passwordFile=pw", "/nowhere", "/nowhere/k", in_dir);
	good("file:k?passwordFile=missing", "/nowhere", "/nowhere/k", "/nowhere/missing");
	good("file:k?passwordFile=./pw", "/nowhere", "/nowhere/k", "/nowhere/./pw");
	good("file:k?passwordFile=/nowhere/pw", "/nowhere", "/nowhere/k", "/nowhere/pw");
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", "relative", 1), 0);
	good("file:k?passwordFile=pw", "/nowhere", "/nowhere/k", "/nowhere/pw");
	/* beside the configuration wins */
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", "/nowhere", 1), 0);
	(void)snprintf(other, sizeof(other), "%s/k", dir);
	good("file:k?passwordFile=pw", dir, other, in_dir);
	unsetenv("CREDENTIALS_DIRECTORY");
	unlink(in_dir);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_credentials),
	};

	return cmocka_run_group_tests_name("kms_uri", tests, NULL, NULL);
}
