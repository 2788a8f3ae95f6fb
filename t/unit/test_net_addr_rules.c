/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which addresses outbound calls may go to: the defaults, each form of an address, the lists. */
#include "base/compat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "net/dns.h"

#include <arpa/inet.h>

static bool permits(const struct addr_rules *r, const char *text)
{
	bool v6 = strchr(text, ':') != NULL;
	struct addr a;

	addr_wildcard(&a, v6 ? AF_INET6 : AF_INET, 443);
	if (v6)
		assert_int_equal(inet_pton(AF_INET6, text, &a.u.in6.sin6_addr), 1);
	else
		assert_int_equal(inet_pton(AF_INET, text, &a.u.in.sin_addr), 1);
	return addr_rules_permit(r, &a);
}

static void expect(const struct addr_rules *r, const char *const *texts, size_t n, bool permitted)
{
	for (size_t i = 0; i < n; i++)
		if (permits(r, texts[i]) != permitted)
			fail_msg("%s is %s", texts[i], permitted ? "refused" : "permitted");
}

static struct addr_rules *rules(const char *const *allow, size_t n_allow, const char *const *refuse,
				size_t n_refuse)
{
	struct addr_rules *r = NULL;
	struct err e = ERR_INIT;

	if (addr_rules_new(allow, n_allow, refuse, n_refuse, &r, &e) != 0)
		fail_msg("%s", e.msg);
	return r;
}

static const char *const bad[] = {
	"169.254.169.254",
	"169.254.0.0",
	"169.254.255.255",
	"0.0.0.0",
	"0.1.2.3",
	"224.0.0.1",
	"239.255.255.255",
	"240.0.0.1",
	"255.255.255.255",
	"100.100.100.200",
	"192.0.0.192",
	"168.63.129.16",
	"::",
	"fe80::1",
	"febf:ffff::1",
	"fec0::1",
	"ff02::1",
	"fd00:ec2::254",
	"fd20:ce::254",
	"fd00:c1::a9fe:a9fe",
	"fd00:42::42",
	/* what leads there by another form */
	"::ffff:169.254.169.254",
	"::ffff:0.0.0.0",
	"::169.254.169.254",
	"64:ff9b::169.254.169.254",
	"64:ff9b:1::100.100.100.200",
	"2002:a9fe:a9fe::1",
	"2001:0:a9fe:a9fe::1",
	"2001:0:4136:e378:8000:63bf:5601:5601",
	"fd00::5efe:169.254.169.254",
	"fd00::200:5efe:169.254.169.254",
};
static const char *const good[] = {
	"127.0.0.1",
	"10.0.0.1",
	"172.16.0.1",
	"192.168.1.1",
	"100.64.0.1",
	"192.0.2.1",
	"8.8.8.8",
	"169.253.255.255",
	"169.255.0.0",
	"223.255.255.255",
	"100.100.100.201",
	"192.0.0.191",
	"::1",
	"fd00::1",
	"fd00:ec2::253",
	"2001:db8::1",
	"fe00::1",
	"2606:4700::1111",
	"::ffff:10.0.0.1",
	"64:ff9b::8.8.8.8",
	"2002:808:808::1",
	"fd00::5efe:10.0.0.1",
};

static void test_defaults(void **state)
{
	struct addr_rules *r = rules(NULL, 0, NULL, 0);
	struct addr unix_addr = {.u.sa.sa_family = AF_UNIX, .len = sizeof(sa_family_t)};

	(void)state;
	expect(r, bad, ARRAY_LEN(bad), false);
	expect(r, good, ARRAY_LEN(good), true);
	assert_false(addr_rules_permit(r, &unix_addr));
	addr_rules_free(r);
	addr_rules_free(NULL);
}

/* An exception holds for the plain and the mapped form; a wide IPv6 one opens no IPv4. */
static void test_allow(void **state)
{
	static const char *const allow[] = {"169.254.169.254", "fe80::/64", "::/0"};
	static const char *const yes[] = {"169.254.169.254", "::ffff:169.254.169.254", "fe80::1",
					  "64:ff9b::169.254.169.254"};
	static const char *const no[] = {"169.254.169.253", "::ffff:169.254.169.253",
					 "64:ff9b::169.254.1.1"};
	struct addr_rules *r = rules(allow, ARRAY_LEN(allow), NULL, 0);

	(void)state;
	expect(r, yes, ARRAY_LEN(yes), true);
	expect(r, no, ARRAY_LEN(no), false);
	addr_rules_free(r);
}

static void test_allow_list(void **state)
{
	static const char *const allow[] = {"10.1.2.0/23", "2001:db8:0:8000::/49"};
	static const char *const refuse[] = {"0.0.0.0/0", "::/0"};
	static const char *const yes[] = {"10.1.2.0", "10.1.3.255", "::ffff:10.1.3.1",
					  "2001:db8:0:8000::1", "2001:db8:0:ffff::1"};
	static const char *const no[] = {"10.1.1.255", "10.1.4.0",	     "127.0.0.1",
					 "::1",	       "::ffff:127.0.0.1",   "2001:db8:0:7fff::1",
					 "8.8.8.8",    "2001:db8:1:8000::1", "169.254.169.254"};
	struct addr_rules *r = rules(allow, ARRAY_LEN(allow), refuse, ARRAY_LEN(refuse));

	(void)state;
	expect(r, yes, ARRAY_LEN(yes), true);
	expect(r, no, ARRAY_LEN(no), false);
	addr_rules_free(r);
}

static void test_refuse_one(void **state)
{
	static const char *const refuse[] = {"127.0.0.0/8", "::1", "0.0.0.0/1"};
	static const char *const no[] = {"127.0.0.1", "127.255.255.255",    "::ffff:127.0.0.1",
					 "::1",	      "64:ff9b::127.0.0.1", "1.1.1.1"};
	struct addr_rules *r = rules(NULL, 0, refuse, ARRAY_LEN(refuse));

	(void)state;
	expect(r, no, ARRAY_LEN(no), false);
	assert_true(permits(r, "128.0.0.1"));
	assert_true(permits(r, "::2"));
	addr_rules_free(r);
}

static void test_words(void **state)
{
	static const struct {
		const char *text, *part;
	} cases[] = {
		{"", "neither an address"},
		{"localhost", "neither an address"},
		{"10.0.0.1/", "prefix is not a number from 0 to 32"},
		{"10.0.0.0/33", "from 0 to 32"},
		{"::/129", "from 0 to 128"},
		{"::/-1", "from 0 to 128"},
		{"10.0.0.0/8 ", "from 0 to 32"},
		{"10.0.0.1/8", "bits behind its prefix"},
		{"fd00::1/64", "bits behind its prefix"},
		{"::ffff:10.0.0.0/104", "in their own form"},
		{"fe80::1%eth0", "neither an address"},
		{"[::1]", "neither an address"},
		{"10.1/16", "neither an address"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct addr_rules *r = NULL;
		struct err e = ERR_INIT;
		bool first = i % 2 == 0;

		assert_int_equal(addr_rules_new(first ? &cases[i].text : NULL, first,
						first ? NULL : &cases[i].text, !first, &r, &e),
				 -1);
		assert_int_equal(e.code, ERR_INVALID);
		if (strstr(e.msg, cases[i].part) == NULL)
			fail_msg("%s: %s", cases[i].text, e.msg);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),   cmocka_unit_test(test_allow),
		cmocka_unit_test(test_allow_list), cmocka_unit_test(test_refuse_one),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests_name("net_addr_rules", tests, NULL, NULL);
}
