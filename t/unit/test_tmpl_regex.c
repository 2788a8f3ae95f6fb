/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/mem.h"
#include "tmpl/regex.h"
#include "tmpl_util.h"

/* RE2's syntax and rules of matching on PCRE2, and the bounds of a match. Wanted texts are Go's. */

struct meter {
	uint64_t used, max;
};

static int take(void *arg, uint64_t n)
{
	struct meter *m = arg;

	m->used += n;
	return m->max > 0 && m->used > m->max ? -1 : 0;
}

static void refusals(void **state)
{
	static const struct {
		const char *pattern, *why;
	} cases[] = {{"(", "missing closing ): `(`"},
		     {"a)b", "unexpected ): `a)b`"},
		     {"[a", "missing closing ]: `[a`"},
		     {"[", "missing closing ]: `[`"},
		     {"[]", "missing closing ]: `[]`"},
		     {"*a", "missing argument to repetition operator: `*`"},
		     {"(|*a)", "missing argument to repetition operator: `*`"},
		     {"(?i)*", "missing argument to repetition operator: `*`"},
		     {"{1}", "missing argument to repetition operator: `{1}`"},
		     {"a**", "invalid nested repetition operator: `**`"},
		     {"a++", "invalid nested repetition operator: `++`"},
		     {"a??+", "invalid nested repetition operator: `??+`"},
		     {"a{2}{3}", "invalid nested repetition operator: `{2}{3}`"},
		     {"a{1001}", "invalid repeat count: `{1001}`"},
		     {"a{2,1}", "invalid repeat count: `{2,1}`"},
		     {"a{99999999999}", "invalid repeat count: `{99999999999}`"},
		     {"(a{100}){11}", "invalid repeat count: `{11}`"},
		     {"((a{10}){10}){11}", "invalid repeat count: `{11}`"},
		     {"(?=x)", "invalid or unsupported Perl syntax: `(?=`"},
		     {"(?!x)", "invalid or unsupported Perl syntax: `(?!`"},
		     {"(?<=x)", "invalid named capture: `(?<=x)`"},
		     {"(?>x)", "invalid or unsupported Perl syntax: `(?>`"},
		     {"(?#c)", "invalid or unsupported Perl syntax: `(?#`"},
		     {"(?x)a", "invalid or unsupported Perl syntax: `(?x`"},
		     {"(?|a)", "invalid or unsupported Perl syntax: `(?|`"},
		     {"(?R)", "invalid or unsupported Perl syntax: `(?R`"},
		     {"(?1)", "invalid or unsupported Perl syntax: `(?1`"},
		     {"(?&n)", "invalid or unsupported Perl syntax: `(?&`"},
		     {"(?'n'a)", "invalid or unsupported Perl syntax: `(?'`"},
		     {"(?P=n)", "invalid or unsupported Perl syntax: `(?P`"},
		     {"(?C1)", "invalid or unsupported Perl syntax: `(?C`"},
		     {"(?--i)", "invalid or unsupported Perl syntax: `(?--`"},
		     {"(?i-)", "invalid or unsupported Perl syntax: `(?i-)`"},
		     {"(?", "invalid or unsupported Perl syntax: `(?`"},
		     {"(*ACCEPT)", "missing argument to repetition operator: `*`"},
		     {"(?P<n", "invalid named capture: `(?P<n`"},
		     {"(?P<>a)", "invalid named capture: `(?P<>`"},
		     {"(?P<a b>a)", "invalid named capture: `(?P<a b>`"},
		     {"(a)\\1", "invalid escape sequence: `\\1`"},
		     {"\\8", "invalid escape sequence: `\\8`"},
		     {"\\C", "invalid escape sequence: `\\C`"},
		     {"\\G", "invalid escape sequence: `\\G`"},
		     {"\\Z", "invalid escape sequence: `\\Z`"},
		     {"\\E", "invalid escape sequence: `\\E`"},
		     {"\\u0041", "invalid escape sequence: `\\u`"},
		     {"\\xg1", "invalid escape sequence: `\\xg1`"},
		     {"\\x{110000}", "invalid escape sequence: `\\x{110000`"},
		     {"\\x{}", "invalid escape sequence: `\\x{}`"},
		     {"\\", "trailing backslash at end of expression: ``"},
		     {"[\\b]", "invalid escape sequence: `\\b`"},
		     {"[a-\\d]", "invalid escape sequence: `\\d`"},
		     {"[b-a]", "invalid character class range: `b-a`"},
		     {"[[:foo:]]", "invalid character class range: `[:foo:]`"},
		     {"\\p{Nope}", "invalid character class range: `\\p{Nope}`"},
		     {"\\p", "invalid character class range: `\\p`"},
		     {"\\p{L", "invalid character class range: `\\p{L`"},
		     {"a\xff", "invalid UTF-8: `\xff`"},
		     {"[\xff]", "invalid UTF-8: `\xff]`"},
		     {"\\Qa\xff", "invalid UTF-8: `\xff`"},
		     {"\\\xff", "invalid UTF-8: `\xff`"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf why = BUF_INIT;
		struct regex *r = NULL;
		int rc = regex_compile(str_c(cases[i].pattern), 0, &r, &why);

		if (rc == 0)
			print_error("accepted: %s\n", cases[i].pattern);
		assert_int_equal(rc, -1);
		assert_true(str_starts(buf_view(&why), "error parsing regexp: "));
		assert_string_equal(why.p + strlen("error parsing regexp: "), cases[i].why);
		buf_release(&why);
	}
}

/* Where `pattern` matches `text`; "-" when it does not. */
static void matches(void **state)
{
	static const struct {
		const char *pattern, *text, *want;
	} cases[] = {{"a|ab", "xab", "a"},
		     {"a+?", "aa", "a"},
		     {"(?U)a+", "aa", "a"},
		     {"(?U)a+?", "aa", "aa"},
		     {"b$", "ab\n", "-"},
		     {"(?m)b$", "ab\nc", "b"},
		     {"(?m)^", "a", ""},
		     {"(?m)\\n^$", "a\n", "\n"}, /* a line begins after the last line feed, too */
		     {".", "\r", "\r"},
		     {"a.b", "a\nb", "-"},
		     {"(?s)a.b", "a\nb", "a\nb"},
		     {"(?s:.)b.", "\nb\n", "-"},
		     {"\\s", "\v", "-"},
		     {"\\S", "\v", "\v"},
		     {"[\\s]", "\v", "-"},
		     {"[^\\S]", "\v", "-"},
		     {"[[:space:]]", "\v", "\v"},
		     {"\\d", "\xd9\xa3", "-"},
		     {"\\w+", "\xc3\xa9x", "x"},
		     {"\\W", "\xc3\xa9x", "\xc3\xa9"},
		     {"(?i)k", "\xe2\x84\xaa", "\xe2\x84\xaa"},
		     {"(?i)\\w", "\xe2\x84\xaa", "\xe2\x84\xaa"},
		     {"(?i)\\W", "\xc5\xbf", "-"},
		     {"(?i)[[:^lower:]]", "A", "-"},
		     {"(?i)[^\\x{80}-\\x{10ffff}]", "\xc5\xbf!", "!"},
		     {"(?i)[\\x{80}-\\x{10ffff}]", "k", "k"},
		     {"(?i)[\\x{80}-\\x{10ffff}]", "q", "-"},
		     {"(?i)\\x{e9}", "\xc3\x89", "\xc3\x89"},
		     {"a(?i)b|c", "C", "C"},
		     {"(?:a(?i)b)c", "aBC", "-"},
		     {"a(?i)*", "aa", "aa"},
		     {"a*\\Q\\E+", "aa", "aa"},
		     {"\\Qa.b\\E+", "a.bb", "a.bb"},
		     {"^*a", "a", "a"},
		     {"\\b+a", "a", "a"},
		     {"a{,2}", "a{,2}", "a{,2}"},
		     {"a{1,2", "a{1,2", "a{1,2"},
		     {"x{2}{", "xx{", "xx{"},
		     {"[]a]+", "]a", "]a"},
		     {"[^]a]", "]b", "b"},
		     {"[a-]+", "-a", "-a"},
		     {"[\\d-z]+", "-1z", "-1z"},
		     {"[[.a.]+", "[.a", "[.a"},
		     {"[^\\x00-\\x{10FFFF}]", "a", "-"},
		     {"\\p{Greek}+", "a\xce\xb1", "\xce\xb1"},
		     {"\\p{^Lu}\\PL", "A1!", "1!"},
		     {"\\pN", "\xc2\xb2", "\xc2\xb2"},
		     {"\\x{d800}", "a", "-"},
		     {"\\101\\0", "A", "-"},
		     {"\xef\xbf\xbd", "a\xff", "\xff"},
		     {".", "\xff", "\xff"},
		     {"..", "\xe2\x98z", "\xe2\x98"},
		     {"", "", ""}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct meter meter = {0};
		const struct regex_meter m = {.steps = take, .arg = &meter};
		struct buf why = BUF_INIT;
		struct regex_text t;
		struct regex *r;
		enum regex_result found;
		struct str part = STR("-");
		size_t at[2];

		assert_int_equal(regex_compile(str_c(cases[i].pattern), 0, &r, &why), 0);
		regex_text_init(&t, str_c(cases[i].text));
		found = regex_search(r, &t, 0, &m, at);
		assert_int_not_equal(found, REGEX_STOPPED);
		if (found == REGEX_YES)
			part = regex_part(&t, at[0], at[1]);
		if (!str_eqc(part, cases[i].want))
			print_error("%s on %s: " STR_FMT "\n", cases[i].pattern, cases[i].text,
				    STR_ARG(part));
		assert_true(str_eqc(part, cases[i].want));
		assert_true(meter.used > 0);
		regex_text_release(&t);
		regex_free(r);
		buf_release(&why);
	}
}

static void loops(void **state)
{
	static const struct tmpl_case cases[] = {
		{"{{regexReplaceAll \"b*\" \"abc\" \"X\"}} {{regexReplaceAll \"a*\" \"baac\" "
		 "\"x\"}}",
		 "XaXcX xbxcx", false},
		{"{{regexReplaceAll \"(a)(?P<n>b)?\" \"abac\" \"[$n|${2}|$1x|$$|$|$9]\"}}",
		 "[b|b||$|$|][|||$|$|]c", false},
		{"{{regexReplaceAll \"(?P<n>a)|(?P<n>b)\" \"ab\" \"<$n>\"}}", "<a><b>", false},
		{"{{regexReplaceAll \"(?P<1n>a)\" \"a\" \"$1n-${1n-\\\\1\"}}", "a-${1n-\\1", false},
		{"{{regexReplaceAllLiteral \"a\" \"aa\" \"$0\"}}", "$0$0", false},
		{"{{regexReplaceAllLiteral \"b\" \"\\xffb\\xe2\\x98\" \"c\" | quote}}",
		 "\"\\xffc\\xe2\\x98\"", false},
		{"{{regexFindAll \"\" \"\xc3\xa9\\xff\" -1 | len}} {{regexFindAll \"a\" \"aaa\" "
		 "2}}",
		 "3 [a a]", false},
		{"{{regexFindAll \"z\" \"a\" -1 | toJson}} {{regexFindAll \"a\" \"a\" 0 | toJson}}",
		 "null null", false},
		{"{{regexSplit \"a*\" \"baab\" -1 | toJson}} {{regexSplit \"b\" \"abcb\" 2 | "
		 "toJson}}",
		 "[\"b\",\"b\"] [\"a\",\"cb\"]", false},
		{"{{regexSplit \"b\" \"\" -1 | toJson}} {{regexSplit \"\" \"\" -1 | toJson}} "
		 "{{regexSplit "
		 "\"b\" \"x\" 0 | toJson}}",
		 "[\"\"] [] null", false},
		{"{{regexQuoteMeta \"a.b[c]\\\\-\"}}", "a\\.b\\[c\\]\\\\-", false},
		{"{{regexMatch \"[\" \"x\"}} {{regexMatch \"x(?=y)\" \"xy\"}}", "false false",
		 false},
		{"{{mustRegexMatch \"[\" \"x\"}}",
		 "error calling mustRegexMatch: error parsing regexp: missing closing ]: `[`",
		 true},
		{"{{regexFind \"a`(\" \"x\"}}",
		 "error calling regexFind: regexp: Compile(\"a`(\"): error parsing regexp: missing "
		 "closing ): `a`(`",
		 true},
		{"{{mustRegexSplit \"(\" \"x\" 1}}", "error parsing regexp: missing closing ): `(`",
		 true}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tmpl_check(&cases[i], NULL);
}

static int compile_repeated(const char *open, const char *middle, const char *close, size_t n)
{
	struct buf b = BUF_INIT, why = BUF_INIT;
	struct regex *r = NULL;
	int rc;

	for (size_t i = 0; i < n; i++)
		buf_puts(&b, open);
	buf_puts(&b, middle);
	for (size_t i = 0; i < n; i++)
		buf_puts(&b, close);
	rc = regex_compile(buf_view(&b), 0, &r, &why);
	assert_int_equal(rc != 0, why.n > 0);
	regex_free(r);
	buf_release(&b);
	buf_release(&why);
	return rc;
}

static void sizes(void **state)
{
	(void)state;
	assert_int_equal(compile_repeated("(", "", ")", 999), 0);
	assert_int_equal(compile_repeated("(", "", ")", 1000), -1); /* nests too deeply */
	assert_int_equal(compile_repeated("(", "", "", 1001), -1);
	assert_int_equal(compile_repeated("(?:", "a", ")*", 300), 0);
	assert_int_equal(compile_repeated("(?i:", "a", ")", 100), 0);
	assert_int_equal(compile_repeated("(?i:(?-i:", "a", "))", 1000), -1);
	assert_int_equal(compile_repeated("a", "", "", REGEX_PATTERN_MAX), 0);
	assert_int_equal(compile_repeated("a", "a", "", REGEX_PATTERN_MAX), -1);
	assert_int_equal(compile_repeated("", "(?:[a-f]|[g-z]|[0-9]){1000}", "", 1),
			 -1); /* too large */
	assert_int_equal(compile_repeated("", "(?:abc){1000}", "", 1), 0);
	assert_int_equal(compile_repeated("(?i)[\\x{100}-\\x{1e000}]", "", "", 50), -1);
}

/* None of these runs away: each search ends, or is stopped after its share of steps. */
static void catastrophes(void **state)
{
	static const char *const patterns[] = {"(a+)+[yz]",
					       "(.*){1,1000}[yz]",
					       "(x+x+)+[yz]",
					       "(a|aa)+$",
					       "(a|a)*[yz]",
					       "(.*.*)*[yz]",
					       ".*.*.*[yz]",
					       "[^b]*[bc]",
					       "a*a*a*a*a*[yz]",
					       "(?:a?){1000}a{1000}[yz]",
					       "(((a*)*)*)*[yz]",
					       "(?:a?){30}a{30}[yz]",
					       ".*?.*?.*?[yz]",
					       "(?:.{0,100}){0,10}[yz]",
					       "(?s)(.)*(.)*(.)*[yz]",
					       "(?i)[a-z]*[[:digit:]]",
					       "\\pL+\\pN",
					       "(?:\\b|a)+[yz]",
					       "(a{1,30}){1,30}[yz]"};
	const size_t n = 100000;
	char *text = mem_alloc(n);
	struct regex_text t;

	(void)state;
	memset(text, 'a', n);
	text[n - 1] = '!';
	regex_text_init(&t, str_mem(text, n));
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
		for (unsigned flags = 0; flags <= REGEX_CAPTURE; flags++) {
			struct meter meter = {.max = 200000};
			const struct regex_meter m = {.steps = take, .arg = &meter};
			struct buf why = BUF_INIT;
			struct regex *r;
			size_t at[8];

			assert_int_equal(regex_compile(str_c(patterns[i]), flags, &r, &why), 0);
			assert_int_equal(regex_search(r, &t, 0, &m, at),
					 i == 2 ? REGEX_NO : REGEX_STOPPED);
			assert_true(meter.used < 400000);
			regex_free(r);
			buf_release(&why);
		}
	}
	regex_text_release(&t);
	mem_free(text);
}

/* A match that is stopped is an error of the run, never "no match". */
static void stopped_is_an_error(void **state)
{
	static const struct tmpl_case cases[] = {
		{"{{regexMatch \"(a+)+[yz]\" (repeat 100000 \"a\")}}",
		 "error calling regexMatch: the regular expression takes too long on this text",
		 true},
		{"{{regexFind \"(a|a)*[yz]\" (repeat 100000 \"a\")}}",
		 "error calling regexFind: the regular expression takes too long on this text",
		 true},
		{"{{regexMatch \"(x+x+)+y\" (repeat 100000 \"x\")}}", "false", false},
		{"{{regexMatch (repeat 20000 \"a\") \"a\" | not}}", "`", true}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tmpl_check(&cases[i], NULL);
}

static void names(void **state)
{
	struct buf why = BUF_INIT;
	struct regex *r;

	(void)state;
	assert_int_equal(regex_compile(STR("(a)(?P<x1>b)(?:c)(?<_>d)"), REGEX_CAPTURE, &r, &why),
			 0);
	assert_int_equal(regex_groups(r), 3);
	assert_true(str_eqc(regex_group_name(r, 1), ""));
	assert_true(str_eqc(regex_group_name(r, 2), "x1"));
	assert_true(str_eqc(regex_group_name(r, 3), "_"));
	assert_true(str_eqc(regex_group_name(r, 4), ""));
	regex_free(r);
	regex_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refusals),	cmocka_unit_test(matches),
		cmocka_unit_test(loops),	cmocka_unit_test(sizes),
		cmocka_unit_test(catastrophes), cmocka_unit_test(stopped_is_an_error),
		cmocka_unit_test(names)};

	return cmocka_run_group_tests_name("tmpl_regex", tests, NULL, NULL);
}
