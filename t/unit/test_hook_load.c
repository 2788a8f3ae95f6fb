/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Webhooks as the configuration describes them: what is refused with which words, what is shown. */
#include "base/compat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "hook_world.h"

#define URL "\"url\":\"https://h.example/x\""
#define N   "\"name\":\"a\""
#define K   "\"kind\":\"ENRICHING\""
#define ALL N "," URL "," K

static void test_words(void **state)
{
	static const struct {
		const char *text;
		enum err_code code;
		const char *part;
	} cases[] = {
		{"{}", ERR_INVALID, "options.webhooks: must be a list"},
		{"[1]", ERR_INVALID, "options.webhooks[0]: must be a mapping"},
		{"[{" URL "," K "}]", ERR_INVALID, "[0]: name: missing"},
		{"[{\"name\":\"a b\"," URL "," K "}]", ERR_INVALID, "name: at most 64 letters"},
		{"[{\"name\":\"\"," URL "," K "}]", ERR_INVALID, "name: empty"},
		{"[{\"name\":7," URL "," K "}]", ERR_INVALID, "name: must be a text"},
		{"[{" ALL "},{" ALL "}]", ERR_INVALID, "[1]: name: \"a\" is there already"},
		{"[{" N "," K "}]", ERR_INVALID, "url: missing"},
		{"[{" N "," URL "}]", ERR_INVALID, "kind: missing"},
		{"[{" N "," URL ",\"kind\":\"SCEPCHALLENGE\"}]", ERR_UNSUPPORTED,
		 "SCEPCHALLENGE and NOTIFYING come with SCEP"},
		{"[{" N "," URL ",\"kind\":\"NOTIFYING\"}]", ERR_UNSUPPORTED, "come with SCEP"},
		{"[{" N "," URL ",\"kind\":\"enriching\"}]", ERR_UNSUPPORTED, "no such kind"},
		{"[{" ALL ",\"certType\":\"PGP\"}]", ERR_INVALID, "certType: ALL, X509 or SSH"},
		{"[{" ALL ",\"secret\":\"c2VjcmV0\"}]", ERR_INVALID, "secret: put it into a file"},
		{"[{" ALL ",\"bearerToken\":\"x\"}]", ERR_INVALID, "put it into a file"},
		{"[{" ALL ",\"retries\":3}]", ERR_INVALID, "retries: there is no such setting"},
		{"[{" ALL ",\"onRenew\":\"yes\"}]", ERR_INVALID, "onRenew: must be true or false"},
		{"[{" ALL ",\"id\":\"a\\r\\nX: y\"}]", ERR_INVALID, "id: it is sent in a header"},
		{"[{" ALL ",\"secretFile\":\"none\"}]", ERR_NOT_FOUND, "/none: No such file"},
		{"[{" ALL ",\"secretFile\":\"bad.b64\"}]", ERR_INVALID, "is not base64"},
		{"[{" ALL ",\"secretFile\":\"empty\"}]", ERR_INVALID, "empty"},
		{"[{" ALL ",\"bearerTokenFile\":\"split\"}]", ERR_INVALID, "bearerTokenFile: "},
		{"[{" ALL ",\"basicUser\":\"u\"}]", ERR_INVALID, "belong together"},
		{"[{" ALL ",\"basicUser\":\"u:v\",\"basicPasswordFile\":\"password\"}]",
		 ERR_INVALID, "basicUser: "},
		{"[{" ALL ",\"bearerTokenFile\":\"bearer\",\"basicUser\":\"u\","
		 "\"basicPasswordFile\":\"password\"}]",
		 ERR_INVALID, "exclude each other"},
		{"[{" ALL ",\"caFile\":\"none\"}]", ERR_NOT_FOUND, "caFile: "},
		{"[{" ALL ",\"caFile\":\"no.pem\"}]", ERR_INVALID, "certificate in PEM"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct webhook_set *set = NULL;
		struct err e = ERR_INIT;

		if (try_set(cases[i].text, &set, &e) == 0 || e.code != cases[i].code ||
		    strstr(e.msg, cases[i].part) == NULL)
			fail_msg("%s: %s: %s", cases[i].text, err_code_name(e.code), e.msg);
	}
}

static void test_url_words(void **state)
{
	static const struct {
		const char *url;
		enum err_code code;
		const char *part;
	} cases[] = {
		{"http://h/", ERR_INVALID, "must begin with https://"},
		{"file:///etc/passwd", ERR_INVALID, "must begin with https://"},
		{"https://", ERR_INVALID, "must begin with https://"},
		{"https:///x", ERR_INVALID, "must begin with https://"},
		{"{{ .Token.url }}", ERR_INVALID, "must begin with https://"},
		{"https://{{ .Token.host }}/x", ERR_INVALID, "the host must stand in the text"},
		{"https://h{{ .Token.host }}/x", ERR_INVALID, "the host must stand in the text"},
		{"https://h:80{{ .Token.port }}/x", ERR_INVALID, "the host must stand in the text"},
		{"https://user:pass@h/", ERR_INVALID, "must not hold a user or password"},
		{"https://@h/", ERR_INVALID, "must not hold a user or password"},
		{"https://h:0/", ERR_INVALID, "port 0"},
		{"https://h:99999/", ERR_INVALID, "port"},
		{"https://h/a b", ERR_INVALID, "url: "},
		{"https://h/#x", ERR_INVALID, "\\\"#\\\""},
		{"https://h/a/../b", ERR_INVALID, "in its path"},
		{"https://h/{{ .x ", ERR_INVALID, "url: line 1"},
		{"https://h/{{ nosuch }}", ERR_INVALID, "nosuch"},
		{"https://h/{{ env }}", ERR_INVALID, "env"},
		{"https://169.254.169.254/latest", ERR_FORBIDDEN, "refused by the address rules"},
		{"https://[fe80::1]/", ERR_FORBIDDEN, "refused by the address rules"},
		{"https://[::ffff:169.254.169.254]/{{ .x }}", ERR_FORBIDDEN, "address rules"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct webhook_set *set = NULL;
		struct err e = ERR_INIT;
		char text[300], part[100];
		size_t n = 0;

		snprintf(text, sizeof(text), "[{" N "," K ",\"url\":\"%s\"}]", cases[i].url);
		for (const char *p = cases[i].part; *p != '\0'; p++)
			if (*p != '\\')
				part[n++] = *p;
		part[n] = '\0';
		if (try_set(text, &set, &e) == 0 || e.code != cases[i].code ||
		    strstr(e.msg, part) == NULL)
			fail_msg("%s: %s: %s", cases[i].url, err_code_name(e.code), e.msg);
		assert_null(strstr(e.msg, "pass@"));
	}
}

static void test_listed(void **state)
{
	struct buf b = BUF_INIT;
	json_t *list;

	(void)state;
	use_set("[{\"name\":\"x\",\"url\":\"https://h.example/a/{{ .Token.sub }}?token=hidden\","
		"\"kind\":\"AUTHORIZING\",\"certType\":\"SSH\",\"secretFile\":\"hook.b64\","
		"\"bearerTokenFile\":\"bearer\",\"id\":\"id\"},"
		"{\"name\":\"y\",\"url\":\"https://h.example/{{ if eq .x \\\"?\\\" }}k{{ end }}\","
		"\"kind\":\"ENRICHING\",\"basicUser\":\"u\",\"basicPasswordFile\":\"password\","
		"\"secretFile\":\"short.b64\",\"caFile\":\"system\"}]");
	list = webhook_set_listed(w.set);
	json_write(list, &b);
	assert_string_equal(b.p,
			    "[{\"name\":\"x\",\"url\":\"https://h.example\","
			    "\"kind\":\"AUTHORIZING\",\"certType\":\"SSH\"},"
			    "{\"name\":\"y\",\"url\":\"https://h.example\","
			    "\"kind\":\"ENRICHING\",\"certType\":\"ALL\"}]");
	json_decref(list);
	buf_release(&b);
	assert_true(logged("webhook.secret_short"));
	assert_false(logged("zzz"));
	assert_true(logged("webhook.secret_file_open"));
	list = webhook_set_listed(NULL);
	assert_int_equal(json_array_size(list), 0);
	json_decref(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {T(test_words), T(test_url_words), T(test_listed)};

	return cmocka_run_group_tests_name("hook_load", tests, group_up, group_down);
}
