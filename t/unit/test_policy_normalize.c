/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include <setjmp.h>
#include <cmocka.h>

#include "policy_util.h"

/* One spelling for each name, and that no other spelling slips by a rule. */

static void assert_same(struct str got, const char *want, const char *of)
{
	if (want == NULL || !str_eqc(got, want))
		fail_msg("'%s' became '%.*s', not '%s'", of, (int)got.n, got.p,
			 want != NULL ? want : "an error");
}

static const struct {
	const char *in, *out; /* NULL: no such name */
} dns_rows[] = {
	{"example.com", "example.com"},
	{"EXAMPLE.com", "example.com"},
	{"example.com.", "example.com"},
	{"EXAMPLE.COM.", "example.com"},
	{"bücher.example", "xn--bcher-kva.example"},
	{"BÜCHER.example", "xn--bcher-kva.example"},
	{"bu\u0308cher.example", "xn--bcher-kva.example"},
	{"XN--BCHER-KVA.Example", "xn--bcher-kva.example"},
	{"www\xe3\x80\x82"
	 "example\xef\xbc\x8e"
	 "com\xef\xbd\xa1",
	 "www.example.com"},
	{"\xef\xbd\x97\xef\xbd\x97\xef\xbd\x97.example.com", "www.example.com"},
	{"exa\xc2\xadmple.com", "example.com"},
	{"straße.example", "xn--strae-oqa.example"},
	{"*.EXAMPLE.com", "*.example.com"},
	{"*.bücher.example.", "*.xn--bcher-kva.example"},
	{"a_b.example", "a_b.example"},
	{"a", "a"},
	{"10.0.0.1", "10.0.0.1"},
	{"", NULL},
	{".", NULL},
	{"..", NULL},
	{"*", NULL},
	{"*.", NULL},
	{"*..", NULL},
	{"a..b", NULL},
	{"a..", NULL},
	{".a", NULL},
	{"a b", NULL},
	{"*a.example", NULL},
	{"a.*.example", NULL},
	{"*.*.example", NULL},
	{"-a.example", NULL},
	{"xn--\x01.example", NULL},
	{"xn--a.example", NULL},
	{"xn--example-.com", NULL},
	{"xn--99999999.example", NULL},
	{"\xff.example", NULL},
	{"\xed\xa0\x80.example", NULL},
	{"a\nb.example", NULL},
};

static void dns(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(dns_rows); i++) {
		struct arena *a = arena_new();
		struct err e = ERR_INIT;
		struct str out, again;
		int rc = policy_normalize_dns(str_c(dns_rows[i].in), a, &out, &e);

		if (rc < 0) {
			if (dns_rows[i].out != NULL)
				fail_msg("'%s': %s", dns_rows[i].in, e.msg);
			assert_int_equal(e.code, ERR_INVALID);
		} else {
			assert_same(out, dns_rows[i].out, dns_rows[i].in);
			assert_int_equal(policy_normalize_dns(out, a, &again, &e), 0);
			assert_true(str_eq(out, again));
		}
		arena_free(a);
	}
}

static void dns_lengths(void **state)
{
	struct arena *a = arena_new();
	struct err e = ERR_INIT;
	struct str out;
	char name[2000];

	(void)state;
	memset(name, 'a', sizeof(name));
	for (size_t i = 63; i < sizeof(name); i += 64)
		name[i] = '.';
	assert_int_equal(policy_normalize_dns(str_mem(name, 63), a, &out, &e), 0);
	assert_int_equal(policy_normalize_dns(str_mem(name, 253), a, &out, &e), 0);
	assert_int_equal(policy_normalize_dns(str_mem(name, 254), a, &out, &e), -1);
	assert_int_equal(policy_normalize_dns(str_mem(name, sizeof(name)), a, &out, &e), -1);
	memset(name, 'a', 64);
	assert_int_equal(policy_normalize_dns(str_mem(name, 64), a, &out, &e), -1);
	assert_int_equal(policy_normalize_dns(str_mem("a\0b", 3), a, &out, &e), -1);
	/* 127 labels are as deep as 253 bytes go. */
	for (size_t i = 0; i < 253; i++)
		name[i] = i % 2 ? '.' : 'a';
	assert_int_equal(policy_normalize_dns(str_mem(name, 253), a, &out, &e), 0);
	arena_free(a);
}

static const struct {
	const char *in, *local, *domain; /* local NULL: no such name */
} email_rows[] = {
	{"jane@example.com", "jane", "example.com"},
	{"Jane@EXAMPLE.com", "Jane", "example.com"},
	{"jane@example.com.", "jane", "example.com"},
	{"\"jane\"@example.com", "jane", "example.com"},
	{"\"ja\\ne\"@example.com", "jane", "example.com"},
	{"ja\\ne@example.com", "jane", "example.com"},
	{"\"j.d\"@example.com", "j.d", "example.com"},
	{"\"a b\"@example.com", "\"a b\"", "example.com"},
	{"\"a\\ b\"@example.com", "\"a b\"", "example.com"},
	{"\"a@b\"@example.com", "\"a@b\"", "example.com"},
	{"\"a\\\"b\"@example.com", "\"a\\\"b\"", "example.com"},
	{"\"a\\\\b\"@example.com", "\"a\\\\b\"", "example.com"},
	{"\"\"@example.com", "\"\"", "example.com"},
	{"\".a\"@example.com", "\".a\"", "example.com"},
	{"\"a..b\"@example.com", "\"a..b\"", "example.com"},
	{"jane+tag@bücher.example", "jane+tag", "xn--bcher-kva.example"},
	{"jane", NULL, NULL},
	{"", NULL, NULL},
	{"@example.com", NULL, NULL},
	{"jane@", NULL, NULL},
	{"jane@.", NULL, NULL},
	{"jane@*.example.com", NULL, NULL},
	{"jane@[10.0.0.1]", NULL, NULL},
	{"a@b@example.com", NULL, NULL},
	{"a..b@example.com", NULL, NULL},
	{".a@example.com", NULL, NULL},
	{"a.@example.com", NULL, NULL},
	{"a b@example.com", NULL, NULL},
	{"\"a@example.com", NULL, NULL},
	{"\"a\\", NULL, NULL},
	{"\"a\"b@example.com", NULL, NULL},
	{"a\\", NULL, NULL},
	{"\"", NULL, NULL},
	{"<jane@example.com>", NULL, NULL},
	{"\xc3\xa4@example.com", NULL, NULL},
};

static void email(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(email_rows); i++) {
		struct arena *a = arena_new();
		struct err e = ERR_INIT;
		struct str local, domain, local2, domain2;
		const char *again;

		if (policy_normalize_email(str_c(email_rows[i].in), a, &local, &domain, &e) < 0) {
			if (email_rows[i].local != NULL)
				fail_msg("'%s': %s", email_rows[i].in, e.msg);
			arena_free(a);
			continue;
		}
		assert_same(local, email_rows[i].local, email_rows[i].in);
		assert_same(domain, email_rows[i].domain, email_rows[i].in);
		again = arena_printf(a, STR_FMT "@" STR_FMT, STR_ARG(local), STR_ARG(domain));
		assert_int_equal(policy_normalize_email(str_c(again), a, &local2, &domain2, &e), 0);
		assert_true(str_eq(local, local2) && str_eq(domain, domain2));
		arena_free(a);
	}
}

static const struct {
	const char *in, *host;
} uri_rows[] = {
	{"https://example.com/", "example.com"},
	{"https://EXAMPLE.com:8443/x", "example.com"},
	{"https://user:pw@example.com/", "example.com"},
	{"https://evil.example@example.com/", "example.com"},
	{"https://example.com@evil.example/", "evil.example"},
	{"https://ex%61mple.com/", "example.com"},
	{"https://example%2ecom./", "example.com"},
	{"https://b%C3%BCcher.example/", "xn--bcher-kva.example"},
	{"https://XN--BCHER-KVA.example/", "xn--bcher-kva.example"},
	{"https://10.0.0.1/", "10.0.0.1"},
	{"https://[::1]/", "::1"},
	{"https://[::FFFF:10.0.0.1]:443/", "10.0.0.1"},
	{"https://[2001:DB8:0::1]/", "2001:db8::1"},
	{"spiffe://td/x", "td"},
	{"//example.com/x", "example.com"},
	{"urn:x:y", NULL},
	{"mailto:a@example.com", NULL},
	{"https:///x", NULL},
	{"https://*.example.com/", NULL},
	{"https://a%00b/", NULL},
	{"https://a%2fb/", NULL},
	{"https://a%zz/", NULL},
	{"https://a b/", NULL},
	{"", NULL},
};

static void uri(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(uri_rows); i++) {
		struct arena *a = arena_new();
		struct err e = ERR_INIT;
		struct str host;

		if (policy_normalize_uri_host(str_c(uri_rows[i].in), a, &host, &e) == 0)
			assert_same(host, uri_rows[i].host, uri_rows[i].in);
		else if (uri_rows[i].host != NULL)
			fail_msg("'%s': %s", uri_rows[i].in, e.msg);
		arena_free(a);
	}
}

/* ---- X14: every spelling of what is denied is refused, also where all else is allowed ---- */

static const char denying[] =
	"{\"x509\": {\"allowWildcardNames\": true, \"deny\": {"
	"\"dns\": [\"admin.example.com\", \"*.secret.example\", \"bücher.example\"],"
	"\"ip\": [\"10.1.2.3\", \"192.0.2.0/24\", \"2001:db8::/32\"],"
	"\"email\": [\"root@example.com\", \"@evil.example\", \"x@bücher.example\"],"
	"\"uri\": [\"admin.example.com\", \"*.secret.example\"],"
	"\"cn\": [\"Root CA\", \"cn.example.com\"]}}}";
static const char *const denied[] = {
	"dns:admin.example.com",
	"dns:ADMIN.example.com",
	"dns:admin.EXAMPLE.COM",
	"dns:admin.example.com.",
	"dns:admin。example.com",
	"dns:ａdmin.example.com",
	"dns:ad\xc2\xadmin.example.com",
	"dns:*.example.com",
	"dns:*.EXAMPLE.com",
	"dns:\xef\xbc\x8a.example.com",
	"dns:x.secret.example",
	"dns:*.secret.example",
	"dns:bücher.example",
	"dns:BÜCHER.example",
	"dns:bu\u0308cher.example",
	"dns:xn--bcher-kva.example",
	"dns:XN--BCHER-KVA.EXAMPLE",
	"dns:xn--bcher-kva.example.",
	"dns:10.1.2.3",
	"dns:",
	"dns:*",
	"dns:*.",
	"dns:.",
	"dns:..",
	"ip:10.1.2.3",
	"ip:::ffff:10.1.2.3",
	"ip:::FFFF:0A01:0203",
	"ip:192.0.2.255",
	"ip:::ffff:192.0.2.1",
	"ip:2001:db8:0:0::1",
	"email:root@example.com",
	"email:ROOT@example.com",
	"email:root@EXAMPLE.com",
	"email:\"root\"@example.com",
	"email:\"r\\oot\"@example.com",
	"email:r\\oot@example.com",
	"email:\"ROOT\"@EXAMPLE.com",
	"email:root@example.com.",
	"email:any@evil.example",
	"email:\"a@b\"@EVIL.example",
	"email:x@xn--bcher-kva.example",
	"email:X@XN--bcher-kva.example",
	"email:root@",
	"email:@example.com",
	"uri:https://admin.example.com/",
	"uri:https://ADMIN.example.com/",
	"uri:https://admin.example.com:1/",
	"uri:https://u:p@admin.example.com/",
	"uri:https://www.example.com@admin.example.com/",
	"uri:https://adm%69n.example.com/",
	"uri:https://%61dmin%2Eexample.com/",
	"uri:https://admin.example.com./",
	"uri:https://x.secret.example",
	"uri:spiffe://ADMIN.example.com",
	"uri://admin.example.com/",
	"uri:urn:x",
	"uri:https://10.1.2.3/",
	"uri:https://[::1]/",
};
static const char *const denied_cn[] = {
	"Root CA",	  "ROOT ca",	    " Root  CA ",      "Root\tCA",
	"cn.example.com", "CN.EXAMPLE.com", "cn.example.com.", "cn。example.com",
};
static const char *const taken[] = {
	"dns:www.example.com",
	"dns:a.admin.example.com",
	"dns:y.x.secret.example",
	"dns:secret.example",
	"dns:*.other.example",
	"dns:adminexample.com",
	"ip:10.1.2.4",
	"ip:2001:db9::1",
	"ip:::10.1.2.3",
	"email:jane@example.com",
	"email:root@www.example.com",
	"email:\"ro ot\"@example.com",
	"uri:https://www.example.com/",
	"uri:https://admin.example.com.evil.org/",
};

static int one(const struct policy *p, struct san san, const char *cn, struct err *e)
{
	struct arena *a = arena_new();
	struct name subject = name_from_cn(str_c(cn), a);
	struct san_list sans = {&san, cn[0] == '\0'};
	int rc = policy_check_x509(p, &subject, &sans, NULL, NULL, e);

	arena_free(a);
	return rc;
}

static void bypass(void **state)
{
	struct policy *p = t_policy(denying);
	struct arena *a = arena_new();
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(denied); i++) {
		if (one(p, t_name(a, denied[i]), "", &e) == 0)
			fail_msg("slipped by: %s", denied[i]);
		assert_int_equal(e.code, ERR_FORBIDDEN);
	}
	for (size_t i = 0; i < ARRAY_LEN(denied_cn); i++)
		if (one(p, (struct san){0}, denied_cn[i], &e) == 0)
			fail_msg("slipped by: CN=%s", denied_cn[i]);
	for (size_t i = 0; i < ARRAY_LEN(taken); i++)
		if (one(p, t_name(a, taken[i]), "", &e) < 0)
			fail_msg("refused: %s: %s", taken[i], e.msg);
	arena_free(a);
	policy_free(p);
}

/* The same as common names, where they are held against the rules of what they look like. */
static void bypass_cn(void **state)
{
	struct policy *p =
		t_policy("{\"x509\": {\"deny\": {\"dns\": [\"admin.example.com\"], \"ip\": "
			 "[\"10.0.0.0/8\"], \"email\": [\"root@example.com\"], \"uri\": "
			 "[\"admin.example.com\"]}}}");
	static const char *const rows[] = {
		"admin.example.com",
		"ADMIN.example.com",
		"admin.example.com.",
		"*.example.com",
		"10.0.0.1",
		"::ffff:10.0.0.1",
		"root@example.com",
		"\"ROOT\"@example.com",
		"https://admin.example.com",
		"https://u@ADMIN.example.com:1/",
		"*",
		".",
	};
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (one(p, (struct san){0}, rows[i], &e) == 0)
			fail_msg("slipped by: CN=%s", rows[i]);
		if (strncmp(e.pub, "cn name", 7) != 0 && strstr(e.pub, " cn ") == NULL)
			fail_msg("CN=%s: %s", rows[i], e.pub);
	}
	policy_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dns), cmocka_unit_test(dns_lengths), cmocka_unit_test(email),
		cmocka_unit_test(uri), cmocka_unit_test(bypass),      cmocka_unit_test(bypass_cn),
	};

	return cmocka_run_group_tests_name("policy_normalize", tests, NULL, NULL);
}
