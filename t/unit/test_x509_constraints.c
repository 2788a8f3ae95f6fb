/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include <setjmp.h>
#include <cmocka.h>

#include "x509_util.h"

/* Name constraints (RFC 5280 4.2.1.10): one subtree against one name. */

enum { OUT, IN, DOUBT }; /* DOUBT: refused whether the subtree is permitted or excluded */

static const struct {
	enum san_type type;
	const char *base, *name;
	int is;	     /* as a permitted subtree */
	int covered; /* as an excluded one; -1: the same */
} text_rows[] = {
	{SAN_DNS, "example.com", "example.com", IN, -1},
	{SAN_DNS, "example.com", "EXAMPLE.com", IN, -1},
	{SAN_DNS, "example.com", "a.example.com", IN, -1},
	{SAN_DNS, "example.com", "a.b.example.com", IN, -1},
	{SAN_DNS, "example.com", "evilexample.com", OUT, -1},
	{SAN_DNS, "example.com", "example.com.evil", OUT, -1},
	{SAN_DNS, "example.com", "com", OUT, -1},
	{SAN_DNS, "example.com", "example.com.", IN, -1},
	{SAN_DNS, "example.com.", "a.example.com", IN, -1},
	{SAN_DNS, ".example.com", "a.example.com", IN, -1},
	{SAN_DNS, ".example.com", "example.com", OUT, -1},
	{SAN_DNS, ".example.com", "evilexample.com", OUT, -1},
	{SAN_DNS, "", "anything.example", IN, -1},
	{SAN_DNS, "example.com", "*.example.com", IN, -1},
	{SAN_DNS, ".example.com", "*.example.com", IN, -1},
	{SAN_DNS, "a.example.com", "*.example.com", OUT, IN},
	{SAN_DNS, "a.b.example.com", "*.example.com", OUT, OUT},
	{SAN_DNS, "b.example.com", "*.a.example.com", OUT, OUT},
	{SAN_DNS, "example.com", "a b.example.com", DOUBT, -1},
	{SAN_DNS, "example.com", "a..example.com", DOUBT, -1},
	{SAN_DNS, "example.com", "a.*.example.com", DOUBT, -1},
	{SAN_EMAIL, "u@example.com", "u@example.com", IN, -1},
	{SAN_EMAIL, "u@example.com", "u@EXAMPLE.com", IN, -1},
	{SAN_EMAIL, "u@example.com", "U@example.com", OUT, -1},
	{SAN_EMAIL, "u@example.com", "\"u\"@example.com", OUT, IN},
	{SAN_EMAIL, "root@example.com", "\"r\\oot\"@EXAMPLE.com", OUT, IN},
	{SAN_EMAIL, "root@example.com", "r\\oot@example.com", OUT, IN},
	{SAN_EMAIL, "root@example.com", "\"ro ot\"@example.com", OUT, OUT},
	{SAN_EMAIL, "root@example.com", "\"root@example.com", OUT, OUT},
	/* What is no base holds nothing as a permitted one, everything as an excluded one. */
	{SAN_EMAIL, "*.example.com", "u@a.example.com", DOUBT, -1},
	{SAN_EMAIL, "u@", "u@example.com", DOUBT, -1},
	{SAN_EMAIL, "@example.com", "u@example.com", OUT, IN},
	{SAN_DNS, "*.example.com", "a.example.com", DOUBT, -1},
	{SAN_DNS, ".", "a.example.com", DOUBT, -1},
	{SAN_DNS, "..", "a.example.com", DOUBT, -1},
	{SAN_DNS, "https://example.com", "a.example.com", DOUBT, -1},
	{SAN_URI, "*.example.com", "https://a.example.com", DOUBT, -1},
	{SAN_URI, "https://example.com", "https://example.com", DOUBT, -1},
	{SAN_EMAIL, "u@example.com", "v@example.com", OUT, -1},
	{SAN_EMAIL, "example.com", "u@example.com", IN, -1},
	{SAN_EMAIL, "example.com", "u@a.example.com", OUT, -1},
	{SAN_EMAIL, ".example.com", "u@a.example.com", IN, -1},
	{SAN_EMAIL, ".example.com", "u@example.com", OUT, -1},
	{SAN_EMAIL, "example.com", "\"x@evil\"@example.com", IN, -1},
	{SAN_EMAIL, "example.com", "u@example.com@evil.org", OUT, -1},
	{SAN_EMAIL, "example.com", "u@[10.0.0.1]", DOUBT, -1},
	{SAN_EMAIL, "", "u@example.com", IN, -1},
	{SAN_URI, "example.com", "https://example.com/x", IN, -1},
	{SAN_URI, "example.com", "https://example.com:8443/x", IN, -1},
	{SAN_URI, "example.com", "https://a.example.com/x", OUT, -1},
	{SAN_URI, ".example.com", "https://a.example.com/x", IN, -1},
	{SAN_URI, ".example.com", "https://example.com/x", OUT, -1},
	{SAN_URI, "example.com", "https://example.com@evil.org/", OUT, -1},
	{SAN_URI, "example.com", "https://evil.org/example.com", OUT, -1},
	{SAN_URI, "example.com", "spiffe://Example.Com/a", IN, -1},
	{SAN_URI, "example.com", "urn:uuid:1", DOUBT, -1},
	{SAN_URI, "example.com", "https://10.0.0.1/", DOUBT, -1},
	{SAN_URI, "example.com", "https://[::1]/", DOUBT, -1},
	{SAN_URI, "example.com", "https://exa%6dple.com/", DOUBT, -1},
	{SAN_URI, "", "https://example.com/", IN, -1},
};

static const struct {
	struct str base, name;
	int is, covered;
} ip_rows[] = {
	{STR("\x0a\0\0\0\xff\0\0\0"), STR("\x0a\x01\x02\x03"), IN, -1},
	{STR("\x0a\0\0\0\xff\0\0\0"), STR("\x0b\x01\x02\x03"), OUT, -1},
	{STR("\x0a\x01\x02\x03\xff\xff\xff\xff"), STR("\x0a\x01\x02\x03"), IN, -1},
	{STR("\x0a\x01\x02\x03\xff\xff\xff\xff"), STR("\x0a\x01\x02\x04"), OUT, -1},
	{STR("\0\0\0\0\0\0\0\0"), STR("\x7f\0\0\x01"), IN, -1},
	{STR("\xc0\xa8\0\0\xff\xf0\0\0"), STR("\xc0\xaf\xff\xff"), IN, -1},
	{STR("\xc0\xa8\0\0\xff\xf0\0\0"), STR("\xc0\xb0\0\0"), OUT, -1},
	{STR("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\0\0\0"),
	 STR("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"), IN, -1},
	{STR("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\0\0\0"),
	 STR("\x20\x01\x0d\xb9\0\0\0\0\0\0\0\0\0\0\0\x01"), OUT, -1},
	{STR("\0\0\0\0\0\0\0\0"), STR("\x20\x01\x0d\xb9\0\0\0\0\0\0\0\0\0\0\0\x01"), OUT, -1},
	/* ::ffff:10.1.2.3 may be reached as 10.1.2.3: excluded with it, not permitted with it. */
	{STR("\x0a\0\0\0\xff\0\0\0"), STR("\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\x01\x02\x03"), OUT, IN},
	/* The other way round, ::ffff:10.0.0.0/104. */
	{STR("\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\0"
	     "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0"),
	 STR("\x0a\x01\x02\x03"), OUT, IN},
	{STR("\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\0"
	     "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0"),
	 STR("\x0b\x01\x02\x03"), OUT, OUT},
	{STR("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
	     "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
	 STR("\x0b\x01\x02\x03"), OUT, OUT},
};

/* NameConstraints of one subtree. */
static struct str constraints(struct arena *a, enum san_type type, struct str base, bool excluded)
{
	struct buf b = BUF_INIT;
	struct der_mark all = der_begin(&b, DER_SEQUENCE);
	struct der_mark part = der_begin(&b, DER_CTX_CONS(excluded ? 1U : 0U));
	struct der_mark tree = der_begin(&b, DER_SEQUENCE);
	struct str s;

	der_put(&b,
		type == SAN_DIRNAME || type == SAN_OTHER ? DER_CTX_CONS((unsigned)type)
							 : DER_CTX((unsigned)type),
		base);
	der_end(&b, tree);
	der_end(&b, part);
	der_end(&b, all);
	s = arena_str(a, buf_view(&b));
	buf_release(&b);
	return s;
}

static int apply(struct arena *a, enum san_type type, struct str base, bool excluded,
		 const struct cert *leaf, struct err *e)
{
	struct ext x = {.oid = oid_der(OID_NAME_CONSTRAINTS),
			.critical = true,
			.value = constraints(a, type, base, excluded)};
	struct cert ca = {.exts = {&x, 1}, .subject = name_from_cn(STR("CA"), a)};

	return name_constraints_check(&ca, leaf, e);
}

static void assert_row(struct arena *a, struct san san, struct str base, int is, int covered)
{
	struct cert leaf = {.sans = {&san, 1}};

	for (int excluded = 0; excluded < 2; excluded++) {
		struct err e = ERR_INIT;
		int now = excluded && covered >= 0 ? covered : is;
		bool good = now == (excluded ? OUT : IN);
		int rc = apply(a, san.type, base, excluded, &leaf, &e);

		if ((rc == 0) != good)
			fail_msg("'%.*s' %s, name '%.*s': %s", (int)base.n, base.p,
				 excluded ? "excluded" : "permitted", (int)san.value.n, san.value.p,
				 rc == 0 ? "was taken" : e.msg);
		if (rc < 0) {
			assert_int_equal(e.code, ERR_FORBIDDEN);
			assert_true(e.pub[0] != '\0');
		}
	}
}

static void text_names(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(text_rows); i++)
		assert_row(a, t_san(text_rows[i].type, text_rows[i].name), str_c(text_rows[i].base),
			   text_rows[i].is, text_rows[i].covered);
	arena_free(a);
}

static void addresses(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ip_rows); i++)
		assert_row(a, (struct san){SAN_IP, ip_rows[i].name}, ip_rows[i].base, ip_rows[i].is,
			   ip_rows[i].covered);
	arena_free(a);
}

/* A constraint of one type says nothing about names of another. */
static void other_types(void **state)
{
	struct arena *a = arena_new();
	struct san items[] = {t_san(SAN_EMAIL, "u@evil.org"), {SAN_IP, STR("\x01\x02\x03\x04")}};
	struct cert leaf = {.sans = {items, 2}};
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(apply(a, SAN_DNS, STR("example.com"), false, &leaf, &e), 0);
	assert_int_equal(apply(a, SAN_DNS, STR("evil.org"), true, &leaf, &e), 0);
	arena_free(a);
}

/* Types that cannot be compared: harmless without a name of that type, refused with one. */
static void unsupported(void **state)
{
	struct arena *a = arena_new();
	struct san dns = t_san(SAN_DNS, "a.example.com"), rid = {SAN_RID, STR("\x2a\x03\x04")};
	struct san other = {SAN_OTHER, STR("\x06\x03\x2a\x03\x04\xa0\x03\x0c\x01y")};
	struct cert leaf = {.sans = {&dns, 1}};
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(apply(a, SAN_RID, rid.value, false, &leaf, &e), 0);
	leaf.sans.items = &rid;
	assert_int_equal(apply(a, SAN_RID, rid.value, false, &leaf, &e), -1);
	assert_int_equal(apply(a, SAN_RID, STR("\x2a\x03\x05"), true, &leaf, &e), -1);
	leaf.sans.items = &other;
	assert_int_equal(apply(a, SAN_OTHER, other.value, false, &leaf, &e), -1);
	arena_free(a);
}

static struct str other_name(struct arena *a, const char *oid, const char *text)
{
	struct buf b = BUF_INIT, der = BUF_INIT;
	struct err e = ERR_INIT;
	struct der_mark m;
	struct str s;

	assert_int_equal(oid_from_dotted(str_c(oid), &der, &e), 0);
	der_put_oid(&b, buf_view(&der));
	m = der_begin(&b, DER_CTX_CONS(0));
	der_put(&b, DER_UTF8_STRING, str_c(text));
	der_end(&b, m);
	s = arena_str(a, buf_view(&b));
	buf_release(&b);
	buf_release(&der);
	return s;
}

/* User principal names are compared; a type of otherName says nothing about another one. */
static void principal_names(void **state)
{
	static const char *const upn = "1.3.6.1.4.1.311.20.2.3";
	static const struct {
		const char *base, *name;
		int is;
	} rows[] = {
		{"corp.example", "jane@corp.example", IN},
		{"@corp.example", "jane@CORP.example", IN},
		{"corp.example", "jane@a.corp.example", OUT},
		{".corp.example", "jane@a.corp.example", IN},
		{".corp.example", "jane@corp.example", OUT},
		{"jane@corp.example", "JANE@corp.example", IN},
		{"jane@corp.example", "joe@corp.example", OUT},
		{"", "jane@corp.example", IN},
		{"@", "jane@corp.example", IN},
		{"*.corp.example", "jane@a.corp.example", DOUBT},
		{"corp.example", "jane", DOUBT},
		{"corp.example", "jane@", DOUBT},
	};
	struct arena *a = arena_new();
	struct san device = {SAN_OTHER, other_name(a, "1.3.6.1.4.1.99", "SN1")};
	struct cert leaf = {.sans = {&device, 1}};
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_row(a, (struct san){SAN_OTHER, other_name(a, upn, rows[i].name)},
			   other_name(a, upn, rows[i].base), rows[i].is, -1);
	assert_int_equal(apply(a, SAN_OTHER, other_name(a, upn, "x.example"), false, &leaf, &e), 0);
	assert_int_equal(apply(a, SAN_OTHER, other_name(a, upn, ""), true, &leaf, &e), 0);
	device.value = STR("\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x14\x02\x03\xa0\x03\x02\x01\x01");
	assert_int_equal(apply(a, SAN_OTHER, other_name(a, upn, ""), false, &leaf, &e), -1);
	arena_free(a);
}

/* A mailbox beyond ASCII is held against the subtrees of e-mail addresses (RFC 9598 6). */
static void utf8_mailbox(void **state)
{
	struct arena *a = arena_new();
	struct san mail = {SAN_OTHER, other_name(a, "1.3.6.1.5.5.7.8.9", "ä@bücher.example")};
	struct cert leaf = {.sans = {&mail, 1}};
	struct str base = STR("xn--bcher-kva.example");
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(apply(a, SAN_EMAIL, base, false, &leaf, &e), 0);
	assert_int_equal(apply(a, SAN_EMAIL, base, true, &leaf, &e), -1);
	assert_int_equal(apply(a, SAN_EMAIL, STR("example.com"), false, &leaf, &e), -1);
	assert_int_equal(apply(a, SAN_EMAIL, STR("example.com"), true, &leaf, &e), 0);
	assert_int_equal(apply(a, SAN_DNS, base, true, &leaf, &e), 0);
	mail.value = other_name(a, "1.3.6.1.5.5.7.8.9", "ä");
	assert_int_equal(apply(a, SAN_EMAIL, base, true, &leaf, &e), -1);
	arena_free(a);
}

static struct name_attr attr(enum oid id, const char *value, unsigned rdn)
{
	return (struct name_attr){.oid = oid_der(id), .value = str_c(value), .rdn = rdn};
}

static struct str name_der(struct arena *a, struct name_attr *attrs, size_t n)
{
	struct name name = {.attrs = attrs, .n = n};
	struct buf b = BUF_INIT;
	struct str s;

	name_write(&name, &b);
	s = arena_str(a, buf_view(&b));
	buf_release(&b);
	return s;
}

static void directory_names(void **state)
{
	struct arena *a = arena_new();
	struct name_attr subject[] = {attr(OID_C, "DE", 0), attr(OID_O, "Some  Org ", 1),
				      attr(OID_CN, "x", 2)};
	struct name_attr base[] = {attr(OID_C, "de", 0), attr(OID_O, "some org", 1)};
	struct name_attr wrong[] = {attr(OID_C, "DE", 0), attr(OID_O, "someorg", 1)};
	struct name_attr longer[] = {attr(OID_C, "DE", 0), attr(OID_O, "Some Org", 1),
				     attr(OID_CN, "x", 2), attr(OID_CN, "y", 3)};
	struct name_attr merged[] = {attr(OID_C, "DE", 0), attr(OID_O, "Some Org", 0)};
	struct str good = name_der(a, base, 2), none = name_der(a, base, 0);
	struct cert leaf = {.subject = {.attrs = subject, .n = 3}};
	struct san dir = {SAN_DIRNAME, STR_NULL};
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(apply(a, SAN_DIRNAME, good, false, &leaf, &e), 0);
	assert_int_equal(apply(a, SAN_DIRNAME, good, true, &leaf, &e), -1);
	assert_int_equal(apply(a, SAN_DIRNAME, name_der(a, wrong, 2), false, &leaf, &e), -1);
	assert_int_equal(apply(a, SAN_DIRNAME, name_der(a, wrong, 2), true, &leaf, &e), 0);
	assert_int_equal(apply(a, SAN_DIRNAME, name_der(a, longer, 4), false, &leaf, &e), -1);
	assert_int_equal(apply(a, SAN_DIRNAME, name_der(a, merged, 2), false, &leaf, &e), -1);
	assert_int_equal(apply(a, SAN_DIRNAME, none, false, &leaf, &e), 0);
	assert_int_equal(apply(a, SAN_DIRNAME, none, true, &leaf, &e), -1);
	/* A directory name among the alternative names counts as well. */
	dir.value = name_der(a, wrong, 2);
	leaf.sans = (struct san_list){&dir, 1};
	assert_int_equal(apply(a, SAN_DIRNAME, good, false, &leaf, &e), -1);
	/* No subject, no such name: nothing to refuse. */
	leaf = (struct cert){0};
	assert_int_equal(apply(a, SAN_DIRNAME, good, false, &leaf, &e), 0);
	arena_free(a);
}

/* E-mail addresses and host names in the subject. */
static void subject_names(void **state)
{
	struct arena *a = arena_new();
	struct name_attr mail[] = {attr(OID_EMAIL_ADDRESS, "u@evil.org", 0),
				   attr(OID_CN, "Jane Doe", 1)};
	struct name_attr host[] = {attr(OID_CN, "www.evil.org", 0)};
	struct name_attr two[] = {attr(OID_CN, "www.evil.org", 0),
				  attr(OID_CN, "a.example.com", 1)};
	struct name_attr address[] = {attr(OID_CN, "10.1.2.3", 0)};
	struct cert leaf = {.subject = {.attrs = mail, .n = 2}};
	struct san dns = t_san(SAN_DNS, "a.example.com");
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(apply(a, SAN_EMAIL, STR("example.com"), false, &leaf, &e), -1);
	assert_int_equal(apply(a, SAN_EMAIL, STR("evil.org"), true, &leaf, &e), -1);
	assert_int_equal(apply(a, SAN_EMAIL, STR("evil.org"), false, &leaf, &e), 0);
	assert_int_equal(apply(a, SAN_DNS, STR("example.com"), false, &leaf, &e), 0);
	leaf.subject = (struct name){.attrs = host, .n = 1};
	assert_int_equal(apply(a, SAN_DNS, STR("example.com"), false, &leaf, &e), -1);
	leaf.sans = (struct san_list){&dns, 1};
	assert_int_equal(apply(a, SAN_DNS, STR("example.com"), false, &leaf, &e), 0);
	leaf.sans.n = 0;
	leaf.is_ca = true;
	assert_int_equal(apply(a, SAN_DNS, STR("example.com"), false, &leaf, &e), 0);
	/* Every common name, not the last one alone; addresses where there is nothing else. */
	leaf = (struct cert){.subject = {.attrs = two, .n = 2}};
	assert_int_equal(apply(a, SAN_DNS, STR("example.com"), false, &leaf, &e), -1);
	leaf.subject = (struct name){.attrs = address, .n = 1};
	assert_int_equal(apply(a, SAN_IP, STR("\x0a\0\0\0\xff\0\0\0"), true, &leaf, &e), -1);
	assert_int_equal(apply(a, SAN_IP, STR("\x0b\0\0\0\xff\0\0\0"), true, &leaf, &e), 0);
	leaf.sans = (struct san_list){&dns, 1};
	assert_int_equal(apply(a, SAN_IP, STR("\x0a\0\0\0\xff\0\0\0"), true, &leaf, &e), 0);
	arena_free(a);
}

/* Several subtrees: any permitted one will do, any excluded one will not. */
static void several(void **state)
{
	struct arena *a = arena_new();
	struct ext x = {.oid = oid_der(OID_NAME_CONSTRAINTS), .critical = true};
	struct cert ca = {.exts = {&x, 1}}, leaf = {0};
	struct san san;
	struct err e = ERR_INIT;

	(void)state;
	x.value = STR("\x30\x24\xa0\x16\x30\x09\x82\x07"
		      "a.local"
		      "\x30\x09\x82\x07"
		      "b.local"
		      "\xa1\x0a\x30\x08\x82\x06"
		      "c.b.lo");
	leaf.sans = (struct san_list){&san, 1};
	san = t_san(SAN_DNS, "x.b.local");
	assert_int_equal(name_constraints_check(&ca, &leaf, &e), 0);
	san = t_san(SAN_DNS, "x.a.local");
	assert_int_equal(name_constraints_check(&ca, &leaf, &e), 0);
	san = t_san(SAN_DNS, "x.c.local");
	assert_int_equal(name_constraints_check(&ca, &leaf, &e), -1);
	/* A CA without the extension permits everything. */
	ca.exts.n = 0;
	assert_int_equal(name_constraints_check(&ca, &leaf, &e), 0);
	arena_free(a);
}

/* Two issuers: what both permit, without what either excludes. */
static void levels(void **state)
{
	static const struct {
		const char *name;
		int root, issuer;
	} rows[] = {
		{"x.a.example", 0, 0},	 {"x.b.example", 0, -1},  {"x.c.example", -1, 0},
		{"x.d.example", -1, -1}, {"no.a.example", 0, -1},
	};
	struct arena *a = arena_new();
	struct ext root_x = {.oid = oid_der(OID_NAME_CONSTRAINTS), .critical = true},
		   issuer_x = root_x;
	struct cert root = {.exts = {&root_x, 1}}, issuer = {.exts = {&issuer_x, 1}};
	struct san san;
	struct cert leaf = {.sans = {&san, 1}};
	struct err e = ERR_INIT;

	(void)state;
	/* permitted a.example, b.example */
	root_x.value = STR("\x30\x1c\xa0\x1a\x30\x0b\x82\x09"
			   "a.example"
			   "\x30\x0b\x82\x09"
			   "b.example");
	/* permitted a.example, c.example; excluded no.a.example */
	issuer_x.value = STR("\x30\x2e\xa0\x1a\x30\x0b\x82\x09"
			     "a.example"
			     "\x30\x0b\x82\x09"
			     "c.example"
			     "\xa1\x10\x30\x0e\x82\x0c"
			     "no.a.example");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		san = t_san(SAN_DNS, rows[i].name);
		if (name_constraints_check(&root, &leaf, &e) != rows[i].root)
			fail_msg("%s under the root: %s", rows[i].name, e.msg);
		if (name_constraints_check(&issuer, &leaf, &e) != rows[i].issuer)
			fail_msg("%s under the issuer: %s", rows[i].name, e.msg);
	}
	arena_free(a);
}

static void malformed(void **state)
{
	static const struct str bad[] = {
		STR("\x30\x00"),
		STR("\x30\x02\xa0\x00"),
		STR("\x30\x07\xa0\x05\x30\x03\x82\x01"),
		STR("\x30\x0a\xa0\x08\x30\x06\x82\x01x\x80\x01\x01"),	 /* minimum */
		STR("\x30\x0a\xa0\x08\x30\x06\x82\x01x\x81\x01\x01"),	 /* maximum */
		STR("\x30\x0a\xa0\x08\x30\x06\x87\x04\x01\x02\x03\x04"), /* address without mask */
		STR("\x30\x0e\xa0\x0c\x30\x0a\x87\x08\x0a\0\0\0\xff\0\xff\0"), /* mask with a hole
										*/
		STR("\x30\x07\xa1\x05\x30\x03\x82\x01\x00"),		       /* NUL */
	};
	struct arena *a = arena_new();
	struct san dns = t_san(SAN_DNS, "x");
	struct cert leaf = {.sans = {&dns, 1}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct ext x = {.oid = oid_der(OID_NAME_CONSTRAINTS), .value = bad[i]};
		struct cert ca = {.exts = {&x, 1}};
		struct err e = ERR_INIT;

		if (name_constraints_check(&ca, &leaf, &e) == 0)
			fail_msg("row %zu was taken", i);
	}
	arena_free(a);
}

/* The number of comparisons is bounded. */
static void bounded(void **state)
{
	struct arena *a = arena_new();
	struct san *items = ARENA_ARRAY(a, struct san, 1000);
	struct cert leaf = {.sans = {items, 1000}};
	struct ext x = {.oid = oid_der(OID_NAME_CONSTRAINTS)};
	struct cert ca = {.exts = {&x, 1}};
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;
	struct der_mark all = der_begin(&b, DER_SEQUENCE), part = der_begin(&b, DER_CTX_CONS(1));

	(void)state;
	for (size_t i = 0; i < 1000; i++) {
		struct der_mark tree = der_begin(&b, DER_SEQUENCE);

		items[i] = t_san(SAN_DNS, "a.example.com");
		der_put(&b, DER_CTX(SAN_DNS), STR("x.example.com"));
		der_end(&b, tree);
	}
	der_end(&b, part);
	der_end(&b, all);
	x.value = buf_view(&b);
	assert_int_equal(name_constraints_check(&ca, &leaf, &e), -1);
	assert_non_null(strstr(e.msg, "too many"));
	leaf.sans.n = 200;
	assert_int_equal(name_constraints_check(&ca, &leaf, &e), 0);
	buf_release(&b);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_names),	   cmocka_unit_test(addresses),
		cmocka_unit_test(other_types),	   cmocka_unit_test(unsupported),
		cmocka_unit_test(directory_names), cmocka_unit_test(subject_names),
		cmocka_unit_test(several),	   cmocka_unit_test(malformed),
		cmocka_unit_test(principal_names), cmocka_unit_test(utf8_mailbox),
		cmocka_unit_test(levels),	   cmocka_unit_test(bounded),
	};

	return cmocka_run_group_tests_name("x509_constraints", tests, NULL, NULL);
}
