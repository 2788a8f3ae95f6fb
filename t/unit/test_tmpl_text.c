/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "crypto/crypto.h"
#include "tmpl/unicode.h"
#include "tmpl_util.h"

/* The text functions: what the vectors do not reach, refusals, bounds. Wanted texts are Go's. */

static void runes(void **state)
{
	static const struct {
		struct str s;
		uint32_t first, last;
		size_t width, last_width, count;
	} cases[] = {{STR("a"), 'a', 'a', 1, 1, 1},
		     {STR("\xc3\xa9x"), 0xe9, 'x', 2, 1, 2},
		     {STR("\xf0\x9f\x99\x82"), 0x1f642, 0x1f642, 4, 4, 1},
		     {STR("\xff"), 0xfffd, 0xfffd, 1, 1, 1},
		     {STR("\xe2\x98"), 0xfffd, 0xfffd, 1, 1, 2},	 /* cut */
		     {STR("\xc0\x80"), 0xfffd, 0xfffd, 1, 1, 2},	 /* overlong */
		     {STR("\xed\xa0\x80"), 0xfffd, 0xfffd, 1, 1, 3},	 /* surrogate */
		     {STR("\xf4\x90\x80\x80"), 0xfffd, 0xfffd, 1, 1, 4}, /* over U+10FFFF */
		     {STR("\xef\xbf\xbd"), 0xfffd, 0xfffd, 3, 3, 1},
		     {STR("\0"), 0, 0, 1, 1, 1}};
	uint32_t r;
	char t[4];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(rune_first(cases[i].s, &r), cases[i].width);
		assert_int_equal(r, cases[i].first);
		assert_int_equal(rune_last(cases[i].s, &r), cases[i].last_width);
		assert_int_equal(r, cases[i].last);
		assert_int_equal(rune_count(cases[i].s), cases[i].count);
	}
	assert_int_equal(rune_first(STR_NULL, &r), 0);
	assert_int_equal(rune_last(STR_NULL, &r), 0);
	assert_int_equal(rune_encode(0xd800, t), 3);
	assert_memory_equal(t, "\xef\xbf\xbd", 3);
	for (uint32_t c = 0; c <= 0x10ffff; c += 7) {
		size_t n = rune_encode(c, t);

		assert_int_equal(rune_first(str_mem(t, n), &r), n);
		assert_true(r == c || (c >= 0xd800 && c <= 0xdfff && r == RUNE_ERROR));
	}
}

static void properties(void **state)
{
	(void)state;
	assert_int_equal(rune_upper(0xdf), 0xdf); /* sharp s */
	assert_int_equal(rune_title(0x1c6), 0x1c5);
	assert_int_equal(rune_upper(0x1c6), 0x1c4);
	assert_int_equal(rune_lower(0x130), 'i');
	assert_true(rune_is_space(0xa0) && rune_is_space(0x3000) && !rune_is_space(0x200b));
	assert_true(rune_is_title(0x1c5) && !rune_is_upper(0x1c5));
	assert_true(rune_is_print(' ') && !rune_is_print(0x7f) && !rune_is_print(0xa0));
	assert_true(rune_is_print(0xe9) && !rune_is_print(0x2028) && !rune_is_print(0xad));
	assert_true(rune_is_print(0x1fae8)); /* new in Unicode 15.0 */
	assert_true(rune_is_print(0x31350) && rune_is_letter(0x323af) && !rune_is_print(0x323b0));
	assert_false(rune_is_print(0x110000) || rune_is_letter(UINT32_MAX));
}

static void cases_of_texts(void **state)
{
	static const struct tmpl_case cases[] = {
		{"{{trim \"\\u00a0\\u3000 x \\t\"}}|", "x|", false},
		{"{{trimAll \"\xc3\xa9-\" \"-\xc3\xa9x\xc3\xa9\"}}", "x", false},
		{"{{trimAll \"\" \" x\"}}", " x", false},
		{"{{upper \"stra\xc3\x9f\x65\"}} {{title \"i'm o_k x\"}}",
		 "STRA\xc3\x9f\x45 I'M O_k X", false},
		{"{{upper \"\\xff\" | len}}", "3", false},
		{"{{swapcase \"aB cD\"}} {{untitle \"AB CD\"}}", "Ab Cd aB cD", false},
		{"{{nospace \"a b\\u00e9\"}} {{initials \"ab \\u00e9 c\"}}",
		 "ab\xc3\x83\xc2\xa9 a\xc3\x83\x63", false},
		{"{{repeat -1 \"x\"}}", "error calling repeat: strings: negative Repeat count",
		 true},
		{"{{repeat 9223372036854775807 \"ab\"}}",
		 "error calling repeat: strings: Repeat output length overflow", true},
		{"{{substr -1 2 \"abc\"}}{{substr 1 -1 \"abc\"}}{{substr 0 9 \"abc\"}}", "abbcabc",
		 false},
		{"{{substr -1 -2 \"abc\"}}", "slice bounds out of range [:-2]", true},
		{"{{substr -1 9 \"abc\"}}", "slice bounds out of range [:9] with length 3", true},
		{"{{substr 5 9 \"abc\"}}", "slice bounds out of range [5:3]", true},
		{"{{substr 2 1 \"abc\"}}", "slice bounds out of range [2:1]", true},
		{"{{trunc 2 \"abc\"}}{{trunc -2 \"abc\"}}{{trunc -9 \"abc\"}}", "abbcabc", false},
		{"{{trunc -9223372036854775808 \"abc\"}}", "abc", false},
		{"{{abbrev 5 \"hello world\"}} {{abbrev 3 \"hello\"}}", "he... hello", false},
		{"{{abbrevboth 5 10 \"1234 5678 9123\"}}", "...5678...", false},
		{"{{abbrevboth 9 10 \"1234 5678 9123\"}}", "...78 9123", false},
		{"{{abbrevboth -9223372036854775808 5 \"1234567\"}}|", "|", false},
		{"{{quote \"a\\\"b\" nil 1 .x}}", "\"a\\\"b\" \"1\"", false},
		{"{{squote \"a'b\" nil 1}}{{squote nil}}", "'a'b' '1'", false},
		{"{{cat \" a\" nil 1}}|{{cat}}|", " a 1||", false},
		{"{{indent 2 \"a\\n\\nb\"}}|{{nindent 1 \"\"}}|", "  a\n  \n  b|\n |", false},
		{"{{indent -1 \"x\"}}", "strings: negative Repeat count", true},
		{"{{replace \"\" \"-\" \"\xc3\xa9\\xffx\"}}", "-\xc3\xa9-\xff-x-", false},
		{"{{replace \"ab\" \"\" \"xababy\"}}{{replace \"q\" \"z\" \"a\"}}", "xya", false},
		{"{{snakecase \"HTTPServer2xx-x\"}} {{kebabcase \"FirstName Bld4Floor\"}}",
		 "http_server_2xx_x first-name-bld4-floor", false},
		{"{{camelcase \"__HTTPServer_id\"}} {{camelcase \"_\"}}", "__HttpserverId __",
		 false},
		{"{{wrap 5 \"Hello big World\"}}", "Hello\nbig\nWorld", false},
		{"{{wrapWith 4 \"|\" \"Hello big\"}}", "Hell|o|big", false},
		{"{{split \"/\" \"a/b\"}} {{splitn \"/\" 2 \"a/b/c\"}} {{splitn \"/\" 0 \"a\"}}",
		 "map[_0:a _1:b] map[_0:a _1:b/c] map[]", false},
		{"{{split \"\" \"a\\xff\" | toJson}}", "{\"_0\":\"a\",\"_1\":\"\\ufffd\"}", false},
		{"{{(split \",\" \"0,1,2,3,4,5,6,7,8,9,10,11\")._11}}", "11", false},
		{"{{splitList \",\" \"\" | toJson}}{{splitList \"\" \"\" | toJson}}", "[\"\"][]",
		 false},
		{"{{join \"-\" (list 1 nil \"a\" 2.5)}} {{join \"-\" 5}}|{{join \"-\" nil}}",
		 "1-a-2.5 5|", false},
		{"{{sortAlpha (list 3 \"b\" 10 nil)}} {{sortAlpha nil}} {{sortAlpha \"x\"}}",
		 "[10 3 b] [<nil>] [x]", false},
		{"{{toStrings (until 3) | typeOf}}{{toStrings nil}}", "[]string[]", false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tmpl_check(&cases[i], "{\"x\":null}");
}

static void keys_of_split(void **state)
{
	struct arena *a = arena_new();
	struct tmpl_error_info why;
	struct buf out = BUF_INIT;

	(void)state;
	/* every part is there, in the order of the map */
	assert_int_equal(
		tmpl_try("{{$m := split \",\" (repeat 1234 \",\")}}{{len $m}} {{len $m._1234}} "
			 "{{$m._1235}} {{range $i := until 1235}}{{index $m (print \"_\" "
			 "$i)}}{{end}}",
			 NULL, a, &out, &why),
		0);
	assert_string_equal(out.p, "1235 0 <no value> ");
	buf_release(&out);
	arena_free(a);
}

static void paths_and_urls(void **state)
{
	static const struct tmpl_case cases[] = {
		{"{{clean \"/../a/./b//../c/\"}} {{clean \"../../a/../..\"}} {{clean \"\"}}",
		 "/a/c ../../.. .", false},
		{"{{base \"a/b//\"}} {{base \"///\"}} {{base \"\"}} {{dir \"/a\"}} {{dir \"a\"}}",
		 "b / . / .", false},
		{"{{ext \"a.b/c\"}}|{{ext \"a.tar.gz\"}} {{isAbs \"/\"}} {{osBase \"x/y\"}}",
		 "|.gz true y", false},
		{"{{urlParse \"HTTP://u:p%40@[fe80::1%25en0]:80/a%2Fb?q#f%20g\"}}",
		 "map[fragment:f g host:[fe80::1%en0]:80 hostname:fe80::1%en0 opaque: path:/a/b "
		 "query:q scheme:http userinfo:u:p%40]",
		 false},
		{"{{urlParse \"mailto:a@b\"}}",
		 "map[fragment: host: hostname: opaque:a@b path: query: scheme:mailto userinfo:]",
		 false},
		{"{{urlParse \"http://a b\"}}",
		 "unable to parse url: parse \"http://a b\": invalid character \" \" in host name",
		 true},
		{"{{urlParse \"http://x/%zz\"}}", "invalid URL escape \"%zz\"", true},
		{"{{urlParse \":x\"}}", "parse \":x\": missing protocol scheme", true},
		{"{{urlParse \"http://[::1\"}}", "missing ']' in host", true},
		{"{{urlParse \"http://[1.2.3.4]\"}}", "invalid IP-literal", true},
		{"{{urlParse \"http://[::1::]\"}}", "multiple :: in address (at \":\")", true},
		{"{{urlParse \"http://h:x\"}}", "invalid port \":x\" after host", true},
		{"{{urlParse \"http://a:1:2\"}}", "invalid port \":1:2\" after host", true},
		{"{{urlParse \"http://\xc3\xa9@h\"}}", "net/url: invalid userinfo", true},
		{"{{urlParse \"a\\x00\"}}", "net/url: invalid control character in URL", true},
		{"{{urlJoin (dict \"scheme\" \"http\" \"host\" \"h\" \"path\" \"a b\" \"userinfo\" "
		 "\"u:p\")}}",
		 "http://u:p@h/a%20b", false},
		{"{{urlJoin (dict \"path\" \"a:b/c\")}} {{urlJoin (dict)}}|", "./a:b/c |", false},
		{"{{urlJoin (dict \"path\" 1)}}",
		 "unable to parse path key, must be of type string, but int found", true},
		{"{{urlJoin (dict \"userinfo\" \"a b\")}}", "net/url: invalid userinfo", true}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tmpl_check(&cases[i], NULL);
}

static void encodings(void **state)
{
	static const struct tmpl_case cases[] = {
		{"{{b64enc \"hi\"}} {{b64dec \"a\\nGk=\\r\"}} {{b32enc \"hello\"}} {{b32enc "
		 "\"hi\"}}",
		 "aGk= hi NBSWY3DP NBUQ====", false},
		{"{{b64dec \"a Gk=\"}}", "illegal base64 data at input byte 1", false},
		{"{{b64dec \"aGk\"}}", "illegal base64 data at input byte 0", false},
		{"{{b32dec \"NBUQ====\"}}{{b32dec \"NB\\nUQ====\"}}", "hihi", false},
		{"{{b32dec \"NBUQ\"}}", "illegal base32 data at input byte 0", false},
		{"{{b32dec \"NBU=====\"}}", "illegal base32 data at input byte 3", false},
		{"{{b32dec \"nb\"}}", "illegal base32 data at input byte 0", false},
		{"{{sha1sum \"abc\"}} {{adler32sum \"Wikipedia\"}}",
		 "a9993e364706816aba3e25717850c26c9cd0d89d 300286872", false},
		{"{{sha256sum \"\" | trunc 16}} {{sha512sum \"\" | trunc 16}}",
		 "e3b0c44298fc1c14 cf83e1357eefb8bd", false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tmpl_check(&cases[i], NULL);
}

static void randoms(void **state)
{
	static const struct tmpl_case cases[] = {
		{"{{regexMatch \"^[0-9A-Za-z]{100}$\" (randAlphaNum 100)}}", "true", false},
		{"{{regexMatch \"^[A-Za-z]{100}$\" (randAlpha 100)}}", "true", false},
		{"{{regexMatch \"^[0-9]{100}$\" (randNumeric 100)}}", "true", false},
		{"{{regexMatch \"^[ -~]{100}$\" (randAscii 100)}}", "true", false},
		{"{{regexMatch \"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$\" uuidv4}}", "true",
		 false},
		{"{{eq uuidv4 uuidv4}} {{eq (randAlpha 40) (randAlpha 40)}}", "false false", false},
		{"{{randAlpha 0}}{{randAscii -5}}|{{randBytes 3 | len}}", "|4", false},
		{"{{randInt 5 6}} {{randInt -3 -2}}", "5 -3", false},
		{"{{randInt 5 5}}", "error calling randInt: invalid argument to Intn", true},
		{"{{randBytes -1}}", "runtime error: makeslice: len out of range", true},
		{"{{shuffle \"\"}}{{shuffle \"aaa\"}}{{shuffle \"\xc3\xa9\" | len}}", "aaa2",
		 false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tmpl_check(&cases[i], NULL);
}

/* All of a set is drawn, and nothing else. */
static void random_spread(void **state)
{
	unsigned seen[256] = {0};
	struct arena *a = arena_new();
	struct tmpl_error_info why;
	struct buf out = BUF_INIT;
	unsigned kinds = 0;

	(void)state;
	assert_int_equal(tmpl_try("{{randAscii 20000}}", NULL, a, &out, &why), 0);
	assert_int_equal(out.n, 20000);
	for (size_t i = 0; i < out.n; i++)
		seen[(unsigned char)out.p[i]]++;
	for (size_t i = 0; i < 256; i++) {
		kinds += seen[i] > 0;
		assert_true(seen[i] == 0 || (i >= 32 && i < 127 && seen[i] > 60 && seen[i] < 500));
	}
	assert_int_equal(kinds, 95);
	buf_release(&out);
	arena_free(a);
}

/* Each is refused before it allocates: the run's 8 MiB hold, and no time passes. */
static void hostile(void **state)
{
	static const char *const templates[] = {
		"{{repeat 100000000 \"x\"}}",
		"{{indent 10000000 \"x\"}}",
		"{{indent 9223372036854775807 \"x\\ny\"}}",
		"{{indent 1000 (repeat 100000 \"\\n\")}}",
		"{{randAlpha 50000000}}",
		"{{randBytes 4611686018427387903}}",
		"{{randBytes 50000000}}",
		"{{$x := repeat 3000 \"a\"}}{{replace \"a\" $x (replace \"a\" $x $x)}}",
		"{{$x := repeat 100000 \"a\"}}{{replace \"a\" $x $x}}",
		"{{wrapWith 1 (repeat 100000 \"-\") (repeat 100000 \"a\")}}",
		"{{split \"\" (repeat 1000000 \"x\")}}",
		"{{splitList \"\" (repeat 1000000 \"x\")}}",
		"{{join (repeat 1000000 \"x\") (until 100)}}",
		"{{quote (repeat 3000000 \"\\x01\")}}",
		"{{b64enc (repeat 7000000 \"x\")}}",
		"{{regexReplaceAll \"\" (repeat 10000 \"x\") (repeat 10000 \"y\")}}",
		"{{regexReplaceAll \"x\" (repeat 10000 \"x\") (repeat 1000 \"$0\")}}",
		"{{regexReplaceAllLiteral \"x\" (repeat 100000 \"x\") (repeat 1000 \"y\")}}",
		"{{range until 100000}}{{regexMatch \"(a|b)*c\" \"ababab\"}}{{end}}",
		"{{range until 100000}}{{sha512sum (repeat 10000 \"x\")}}{{end}}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(templates); i++) {
		struct arena *a = arena_new();
		struct tmpl_error_info why = {0};
		struct buf out = BUF_INIT;

		if (tmpl_try(templates[i], NULL, a, &out, &why) == 0)
			print_error("not refused: %s\n", templates[i]);
		assert_int_equal(why.class, TMPL_LIMIT);
		assert_true(arena_used(a) < 10u << 20);
		buf_release(&out);
		arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runes),	  cmocka_unit_test(properties),
		cmocka_unit_test(cases_of_texts), cmocka_unit_test(keys_of_split),
		cmocka_unit_test(paths_and_urls), cmocka_unit_test(encodings),
		cmocka_unit_test(randoms),	  cmocka_unit_test(random_spread),
		cmocka_unit_test(hostile)};
	struct err e = ERR_INIT;

	if (crypto_init(NULL, &e) != 0)
		return 1;
	return cmocka_run_group_tests_name("tmpl_text", tests, NULL, NULL);
}
