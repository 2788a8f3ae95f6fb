/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/semver.h"
#include "tmpl_util.h"

/* Versions and constraints. */

static void versions(void **state)
{
	static const struct tmpl_case cases[] = {
		{"{{semver \"v1.2\"}} {{(semver \"v1.2\").Original}} {{semver \"01.02.03\"}}",
		 "1.2.0 v1.2 1.2.3", false},
		{"{{with semver \"1.2.3-a.1+b\"}}{{.Major}}{{.Minor}}{{.Patch}} {{.Prerelease}} "
		 "{{.Metadata}} {{.String}}{{end}}",
		 "123 a.1 b 1.2.3-a.1+b", false},
		{"{{(semver \"v1.2.3\").IncMajor}} {{(semver \"1.2.3-rc\").IncPatch}} "
		 "{{(semver \"1.2.3\").IncMinor}}",
		 "2.0.0 1.2.3 1.3.0", false},
		{"{{(semver \"18446744073709551615.0.0\").IncMajor}}",
		 "major version increment would overflow uint64", true},
		{"{{(semver \"1.2.3\").SetPrerelease \"rc.1\"}} {{(semver \"1\").SetMetadata "
		 "\"b\"}}",
		 "1.2.3-rc.1 1.0.0+b", false},
		{"{{(semver \"1.2.3\").SetPrerelease \"01\"}}", "version segment starts with 0",
		 true},
		{"{{(semver \"1.2.3\").SetMetadata \"a..b\"}}", "invalid metadata string", true},
		{"{{(semver \"1\").GreaterThan (semver \"1.0.0-rc\")}} {{(semver \"1+a\").Equal "
		 "(semver \"1+b\")}} {{(semver \"1-2\").LessThanEqual (semver \"1-10\")}}",
		 "true true true", false},
		{"{{(semver \"1-a.b\").Compare (semver \"1-a\")}} {{(semver \"1-1\").Compare "
		 "(semver "
		 "\"1-a\")}}",
		 "1 -1", false},
		{"{{semver \"1.2.3\" | toJson}} {{printf \"%s\" (semver \"1\")}}",
		 "\"1.2.3\" 1.0.0", false},
		{"{{semver \"1.2.3.4\"}}", "error calling semver: invalid semantic version", true},
		{"{{semver \"1.2-\"}}", "invalid semantic version", true},
		{"{{semver \"1.2.3-01\"}}", "version segment starts with 0", true},
		{"{{semver \"99999999999999999999\"}}",
		 "error parsing version segment: strconv.ParseUint: parsing "
		 "\"99999999999999999999\": value out of range",
		 true},
		{"{{semver (repeat 257 \"1\")}}", "version string is too long (max 256 bytes)",
		 true}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tmpl_check(&cases[i], NULL);
}

static void constraints(void **state)
{
	static const struct {
		const char *constraint, *version;
		int want;
	} cases[] = {{"*", "1.2.3", 1},
		     {"*", "1.2.3-a", 0},
		     {"^1.2", "1.9.0", 1},
		     {"^1.2", "2.0.0", 0},
		     {"^0.2.3", "0.2.9", 1},
		     {"^0.2.3", "0.3.0", 0},
		     {"^0.0.3", "0.0.4", 0},
		     {"^0.0", "0.0.9", 1},
		     {"^0", "0.9.9", 1},
		     {"~1.2.3", "1.2.9", 1},
		     {"~1.2.3", "1.3.0", 0},
		     {"~1", "1.9.9", 1},
		     {"~>2.0", "2.0.9", 1},
		     {"~0.0.0", "7.0.0", 1},
		     {"1.2.x", "1.2.9", 1},
		     {"1.2", "1.3.0", 0},
		     {"=1.2.3", "1.2.3+b", 1},
		     {"!=1.2.x", "1.2.3", 0},
		     {"!=1.x", "2.0.0", 1},
		     {">1", "1.9.9", 0},
		     {">1", "2.0.0", 1},
		     {">1.2", "1.2.9", 0},
		     {"<=1", "1.9.9", 1},
		     {"<=1.2", "1.3.0", 0},
		     {">=1.0, <2.0", "1.5.0", 1},
		     {">=1.0 <2.0", "2.0.0", 0},
		     {"<1 || >2", "3.0.0", 1},
		     {"<1 || >2", "1.5.0", 0},
		     {"1.2 - 1.4.5", "1.4.5", 1},
		     {"1.2 - 1.4.5", "1.4.6", 0},
		     {">1-0", "1.5.0-rc", 0},
		     {">=1.0.0-0, <2", "1.5.0-rc", 1},
		     {"=>1", "1.0.0", 1},
		     {"=<1", "1.0.0", 1},
		     {"", "1.0.0", -1},
		     {">", "1.0.0", -1},
		     {"1.2.3.4", "1.0.0", -1},
		     {"1 2,", "1.0.0", -1},
		     {"1x", "1.0.0", -1},
		     {"a || 1", "1.0.0", -1},
		     {"1", "x", -1},
		     {"1 -2", "1.0.0", -1}};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf why = BUF_INIT;
		int got =
			semver_check(str_c(cases[i].constraint), str_c(cases[i].version), a, &why);

		if (got != cases[i].want)
			print_error("%s, %s: %s\n", cases[i].constraint, cases[i].version,
				    why.p ? why.p : "");
		assert_int_equal(got, cases[i].want);
		assert_int_equal(got<0, why.n> 0);
		buf_release(&why);
	}
	arena_free(a);
}

static void errors(void **state)
{
	static const struct tmpl_case cases[] = {
		{"{{semverCompare \"\" \"1\"}}", "improper constraint: \"\"", true},
		{"{{semverCompare \"1 || a\" \"1\"}}", "improper constraint: \" a\"", true},
		{"{{semverCompare \"1xx\" \"1\"}}", "constraint parser error", true},
		{"{{semverCompare \"a\" \"b\"}}", "improper constraint: \"a\"", true},
		{"{{semverCompare \"1\" \"b\"}}", "invalid semantic version", true},
		{"{{semverCompare (repeat 513 \"1\") \"1\"}}",
		 "constraint string is too long (max 512 bytes)", true},
		{"{{semverCompare (repeat 33 \"1||\") \"1\"}}",
		 "too many constraint groups (max 32)", true}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tmpl_check(&cases[i], NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(versions),
					   cmocka_unit_test(constraints), cmocka_unit_test(errors)};

	return cmocka_run_group_tests_name("tmpl_semver", tests, NULL, NULL);
}
