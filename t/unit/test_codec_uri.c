/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/idna.h"
#include "codec/uri.h"

#include <setjmp.h>
#include <cmocka.h>

static void splits(void **state)
{
	struct uri u;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(
		uri_parse(STR("https://us%65r:pw@ca.example:9000/a/b%20c?x=1&y=?/#frag"), &u, &e),
		0);
	assert_true(str_eqc(u.scheme, "https"));
	assert_true(str_eqc(u.userinfo, "us%65r:pw"));
	assert_true(str_eqc(u.host, "ca.example"));
	assert_true(u.has_authority && u.has_port && u.has_query && u.has_fragment &&
		    !u.host_is_ipv6);
	assert_int_equal(u.port, 9000);
	assert_true(str_eqc(u.path, "/a/b%20c"));
	assert_true(str_eqc(u.query, "x=1&y=?/"));
	assert_true(str_eqc(u.fragment, "frag"));
	assert_int_equal(uri_parse(STR("https://[2001:db8::1]:0"), &u, &e), 0);
	assert_true(u.host_is_ipv6 && u.has_port && u.port == 0);
	assert_true(str_eqc(u.host, "2001:db8::1"));
	assert_int_equal(uri_parse(STR("https://h:/"), &u, &e), 0);
	assert_false(u.has_port);
	assert_int_equal(uri_parse(STR("file:secrets/key?passwordFile=secrets/pw"), &u, &e), 0);
	assert_true(!u.has_authority && str_eqc(u.path, "secrets/key"));
	assert_int_equal(uri_parse(STR("file:///etc/key"), &u, &e), 0);
	assert_true(u.has_authority && u.host.n == 0 && str_eqc(u.path, "/etc/key"));
	assert_int_equal(uri_parse(STR("urn:uuid:f81d4fae?#"), &u, &e), 0);
	assert_true(str_eqc(u.path, "uuid:f81d4fae") && u.has_query && u.query.n == 0 &&
		    u.has_fragment);
	assert_int_equal(uri_parse(STR("secrets/key"), &u, &e), 0);
	assert_true(u.scheme.n == 0 && str_eqc(u.path, "secrets/key"));
	assert_int_equal(uri_parse(STR("https://@h"), &u, &e), 0);
	assert_true(u.userinfo.n == 0 && str_eqc(u.host, "h"));
}

static void refuses(void **state)
{
	static const struct str bad[] = {
		{"", 0},
		{"1a:b", 4},
		{":b", 2},
		{"a_b:c", 5},
		{"http://h:65536", 14},
		{"http://h:8x", 11},
		{"http://h:-1", 11},
		{"http://a@b@c", 12},
		{"http://[::1", 11},
		{"http://[::1]x", 13},
		{"http://[1.2.3.4]", 16},
		{"http://[fe80::1%25eth0]", 23},
		{"http://h/a b", 12},
		{"http://h/\x7f", 10},
		{"http://h/\xc3\xa9", 11},
		{"http://h/%", 10},
		{"http://h/%2", 11},
		{"http://h/%zz", 12},
		{"http://h/<", 10},
		{"http://h/\\", 10},
		{"http://h/#a#b", 13},
		{"http://h/?\"", 11},
		{"a:b\0c", 5},
		{"http://h\n/", 10},
		{"http://h|", 9},
		{"http://::1/", 11},
		{"http://h:1:2", 12},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err e = ERR_INIT;
		struct uri u;
		int rc = uri_parse(bad[i], &u, &e);

		if (rc == 0)
			print_error("accepted: " STR_FMT "\n", STR_ARG(bad[i]));
		assert_int_equal(rc, -1);
		assert_int_equal(e.code, ERR_INVALID);
	}
}

static void escapes(void **state)
{
	struct arena *a = arena_new();
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;
	struct str s;

	(void)state;
	uri_escape(STR("aZ09-._~ /+%\xc3\xa9"), &b);
	assert_true(str_eqc(buf_view(&b), "aZ09-._~%20%2F%2B%25%C3%A9"));
	assert_int_equal(uri_unescape(buf_view(&b), a, &s, &e), 0);
	assert_true(str_eqc(s, "aZ09-._~ /+%\xc3\xa9"));
	assert_int_equal(uri_unescape(STR("a+b"), a, &s, &e), 0);
	assert_true(str_eqc(s, "a+b"));
	assert_int_equal(uri_unescape(STR("%00"), a, &s, &e), -1);
	assert_int_equal(uri_unescape(STR("%4"), a, &s, &e), -1);
	assert_true(uri_query(STR("a=1&b=x+y%26&c&=z"), "b", a, &s));
	assert_true(str_eqc(s, "x y&"));
	assert_true(uri_query(STR("a=1&c&d"), "c", a, &s));
	assert_int_equal(s.n, 0);
	assert_true(uri_query(STR("%61=1&a=2"), "a", a, &s));
	assert_true(str_eqc(s, "1"));
	assert_false(uri_query(STR("a=1"), "b", a, &s));
	assert_false(uri_query(STR("b=%0"), "b", a, &s));
	assert_false(uri_query(STR("b=%00"), "b", a, &s));
	assert_false(uri_query(STR_NULL, "b", a, &s));
	buf_release(&b);
	arena_free(a);
}

static void addresses(void **state)
{
	static const struct {
		const char *in, *out; /* out NULL: refused */
	} cases[] = {
		{"127.0.0.1", "127.0.0.1"},
		{"255.255.255.255", "255.255.255.255"},
		{"01.2.3.4", NULL},
		{"1.2.3", NULL},
		{"1.2.3.256", NULL},
		{"1.2.3.4 ", NULL},
		{"0x7f.1", NULL},
		{"::", "::"},
		{"::1", "::1"},
		{"1::", "1::"},
		{"2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
		{"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
		{"1:0:0:2:0:0:0:3", "1:0:0:2::3"},
		{"::ffff:1.2.3.4", "::ffff:1.2.3.4"},
		{"::1.2.3.4", "::102:304"},
		{"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
		{"0:0:1::", "0:0:1::"},
		{"fe80::1%eth0", NULL},
		{"[::1]", NULL},
		{"1:2:3:4:5:6:7:8:9", NULL},
		{":::", NULL},
		{"", NULL},
		{"localhost", NULL},
	};
	unsigned char ip[16];
	char text[46];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t n = ip_parse(str_c(cases[i].in), ip);

		assert_int_equal(n != 0, cases[i].out != NULL);
		if (n == 0)
			continue;
		assert_string_equal(ip_format(ip, n, text), cases[i].out);
		assert_int_equal(n, strchr(cases[i].in, ':') != NULL ? 16 : 4);
	}
	assert_int_equal(ip_parse(STR("1.2.3.4\0"), ip), 0);
}

static void names(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"Example.COM", "example.com"},
		{"*.Example.com", "*.example.com"},
		{"b\xc3\xbc"
		 "cher.example",
		 "xn--bcher-kva.example"},
		{"B\xc3\x9c"
		 "CHER.example",
		 "xn--bcher-kva.example"},
		{"*.b\xc3\xbc"
		 "cher.example",
		 "*.xn--bcher-kva.example"},
		{"fa\xc3\x9f.de", "xn--fa-hia.de"},
		{"XN--bcher-KVA.example", "xn--bcher-kva.example"},
		{"r3---sn-a.example", "r3---sn-a.example"},
		{"_acme-challenge.example", "_acme-challenge.example"},
		{"localhost", "localhost"},
		{"xn--zzzzzzzzzz\xc3\xbc", NULL},
		{"xn--\xff", NULL},
		{"a..b", NULL},
		{"a.", NULL},
		{".a", NULL},
		{"", NULL},
		{"*", NULL},
		{"a.*.b", NULL},
		{"*.*.b", NULL},
		{"-a.b", NULL},
		{"a-.b", NULL},
		{"a b", NULL},
		{"a/b", NULL},
		{"\xff", NULL},
		{"0123456789012345678901234567890123456789012345678901234567890123.a", NULL},
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err e = ERR_INIT;
		struct str out;
		int rc = idna_to_ascii(str_c(cases[i].in), a, &out, &e);

		if (rc != (cases[i].out != NULL ? 0 : -1))
			print_error("%s: %s\n", cases[i].in, e.msg);
		assert_int_equal(rc, cases[i].out != NULL ? 0 : -1);
		if (rc == 0)
			assert_true(str_eqc(out, cases[i].out));
		else
			assert_int_equal(e.code, ERR_INVALID);
	}
	arena_free(a);
}

static void name_syntax(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	assert_true(dns_name_valid(STR("a.b-c.d_e"), false));
	assert_true(dns_name_valid(STR("*.a"), true));
	assert_false(dns_name_valid(STR("*.a"), false));
	assert_false(dns_name_valid(STR("*."), true));
	assert_false(dns_name_valid(STR("a.b."), false));
	assert_false(dns_name_valid(STR("a\0b"), false));
	for (unsigned i = 0; i < 126; i++)
		buf_puts(&b, "a.");
	buf_putc(&b, 'a');
	assert_int_equal(b.n, 253);
	assert_true(dns_name_valid(buf_view(&b), false));
	buf_putc(&b, 'a');
	assert_false(dns_name_valid(buf_view(&b), false));
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splits),  cmocka_unit_test(refuses),
		cmocka_unit_test(escapes), cmocka_unit_test(addresses),
		cmocka_unit_test(names),   cmocka_unit_test(name_syntax),
	};

	return cmocka_run_group_tests_name("codec/uri", tests, NULL, NULL);
}
