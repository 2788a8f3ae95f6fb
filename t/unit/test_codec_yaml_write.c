/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/json.h"
#include "codec/yaml.h"

#include <setjmp.h>
#include <cmocka.h>

/* yaml_write: the text as a person sees it, and the same tree when it is read again. */

static json_t *tree(const char *json)
{
	static const struct json_limits lim = {65536, 32, 2000};
	struct err e = ERR_INIT;
	json_t *v = json_parse(str_c(json), &lim, 0, &e);

	if (!v)
		fail_msg("%s", e.msg);
	return v;
}

static void round_trip(const char *json, const char *want)
{
	json_t *v = tree(json), *back;
	struct buf text = BUF_INIT;
	struct err e = ERR_INIT;
	struct yaml_doc d;

	yaml_write(v, &text);
	if (want)
		assert_string_equal(text.p, want);
	if (yaml_parse("f", buf_view(&text), &d, &e) != 0)
		fail_msg("%s\n%s", e.msg, text.p);
	back = yaml_core_value(&d, d.root);
	if (!json_equal(v, back))
		fail_msg("reads as another tree:\n%s", text.p);
	json_decref(back);
	yaml_release(&d);
	buf_release(&text);
	json_decref(v);
}

static void looks(void **state)
{
	(void)state;
	round_trip("{\"type\":\"JWK\",\"name\":\"admin\",\"key\":{\"kty\":\"EC\",\"crv\":\"P-256\","
		   "\"x\":\"-_1\",\"y\":\"eyJ.a_b-c\"},\"claims\":{\"disableRenewal\":true,"
		   "\"maxTLSCertDuration\":\"24h\",\"n\":-5,\"none\":null},\"options\":{},"
		   "\"list\":[\"a\",[],{\"b\":1,\"c\":[2,3]},[\"x\",\"y\"]],\"empty\":[]}",
		   "type: JWK\n"
		   "name: admin\n"
		   "key:\n"
		   "  kty: EC\n"
		   "  crv: P-256\n"
		   "  x: \"-_1\"\n"
		   "  y: eyJ.a_b-c\n"
		   "claims:\n"
		   "  disableRenewal: true\n"
		   "  maxTLSCertDuration: \"24h\"\n"
		   "  n: -5\n"
		   "  none: null\n"
		   "options: {}\n"
		   "list:\n"
		   "- a\n"
		   "- []\n"
		   "- b: 1\n"
		   "  c:\n"
		   "  - 2\n"
		   "  - 3\n"
		   "- - x\n"
		   "  - y\n"
		   "empty: []\n");
	round_trip("{}", "{}\n");
	round_trip("[]", "[]\n");
}

/* What YAML would read as something else. */
static void strings(void **state)
{
	static const char *const texts[] = {
		"",	     " ",
		"~",	     "null",
		"Null",	     "true",
		"FALSE",     "yes",
		"No",	     "on",
		"y",	     "1",
		"-1",	     "+1",
		"0x1f",	     "0o7",
		"1.5",	     ".5",
		"1e3",	     ".inf",
		"a b",	     " a",
		"a ",	     "a:",
		"a: b",	     ": a",
		"a #b",	     "#a",
		"- a",	     "-",
		"---",	     "...",
		"?",	     "? a",
		"[a]",	     "{a: b}",
		"*a",	     "&a",
		"!a",	     "!!int 1",
		"|",	     ">",
		"'a'",	     "@a",
		"`a`",	     "%a",
		"a,b",	     "C:\\\\x",
		"\\\"q\\\"", "a\\nb",
		"\\n",	     "\\t",
		"\\r\\n",    "\\u0001",
		"\\u007f",   "\\u0085",
		"\\u00a0",   "\\u00e9",
		"\\u2028",   "\\ufeff",
		"\\uffff",   "\\ud83d\\ude00",
		"<<",	     "2026-01-01",
		"\\\\",	     "x\\\\",
	};
	char json[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		snprintf(json, sizeof(json), "{\"k\":\"%s\",\"l\":[\"%s\"]}", texts[i], texts[i]);
		round_trip(json, NULL);
		if (!texts[i][0])
			continue;
		snprintf(json, sizeof(json), "[{\"%s\":\"%s\"}]", texts[i], texts[i]);
		round_trip(json, NULL);
	}
}

static void numbers(void **state)
{
	(void)state;
	round_trip("[0,-0.0,-0.5,1000.0,1e21,1.5e300,9223372036854775807,-9223372036854775808]",
		   NULL);
	round_trip("[true,false,null]", NULL);
}

static void deep(void **state)
{
	char json[128] = "";

	(void)state;
	for (int i = 0; i < 30; i++)
		json[i] = '[';
	snprintf(json + 30, sizeof(json) - 30, "{\"a\":[1]}");
	memset(json + strlen(json), ']', 30);
	round_trip(json, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(looks),
		cmocka_unit_test(strings),
		cmocka_unit_test(numbers),
		cmocka_unit_test(deep),
	};

	return cmocka_run_group_tests_name("codec/yaml_write", tests, NULL, NULL);
}
