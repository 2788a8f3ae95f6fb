/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include <setjmp.h>
#include <cmocka.h>

#include "x509_util.h"

/* Distinguished names and alternative names. */

static void text_to_san(void **state)
{
	static const struct {
		const char *text;
		int type; /* -1: refused */
	} rows[] = {
		{"a.example.com", SAN_DNS},
		{"*.example.com", SAN_DNS},
		{"localhost", SAN_DNS},
		{"_x.example.com", SAN_DNS},
		{"EXAMPLE.com", SAN_DNS},
		{"10.0.0.1", SAN_IP},
		{"::1", SAN_IP},
		{"2001:db8::1", SAN_IP},
		{"u@example.com", SAN_EMAIL},
		{"https://a/b", SAN_URI},
		{"spiffe://a/b", SAN_URI},
		{"localhost:8080", SAN_URI},
		{"urn:uuid:1", SAN_URI},
		{"mailto:u@example.com", SAN_URI},
		{"", -1},
		{"*", -1},
		{".", -1},
		{"*.", -1},
		{"a.example.com.", -1},
		{"a..b", -1},
		{"a b", -1},
		{"*.*.example.com", -1},
		{"a*.example.com", -1},
		{"@example.com", -1},
		{"u@", -1},
		{"u@@example.com", -1},
		{"\"a b\"@example.com", -1},
		{"a@b@example.com", -1},
		{".u@example.com", -1},
		{"u.@example.com", -1},
		{"u@*.example.com", -1},
		{"a,b", -1},
		{"a\nb.example.com", -1},
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = ERR_INIT;
		struct san s;
		int rc = san_from_text(str_c(rows[i].text), a, &s, &e);

		if (rows[i].type < 0) {
			if (rc == 0)
				fail_msg("'%s' was taken", rows[i].text);
			assert_int_equal(e.code, ERR_INVALID);
			continue;
		}
		if (rc < 0)
			fail_msg("'%s': %s", rows[i].text, e.msg);
		if ((int)s.type != rows[i].type)
			fail_msg("'%s': type %d", rows[i].text, (int)s.type);
	}
	arena_free(a);
}

static void text_to_san_values(void **state)
{
	struct arena *a = arena_new();
	struct err e = ERR_INIT;
	char name[254];
	struct san s;

	(void)state;
	assert_int_equal(san_from_text(STR("::ffff:10.0.0.1"), a, &s, &e), 0);
	assert_true(s.type == SAN_IP && str_eq(s.value, str_mem("\x0a\0\0\1", 4)));
	assert_int_equal(san_from_text(STR("10.0.0.1"), a, &s, &e), 0);
	assert_int_equal(s.value.n, 4);
	assert_memory_equal(s.value.p, "\x0a\0\0\x01", 4);
	assert_int_equal(san_from_text(STR("b\xc3\xbc"
					   "cher.example"),
				       a, &s, &e),
			 0);
	assert_str(s.value, "xn--bcher-kva.example");
	assert_int_equal(san_from_text(STR("a\0b.example.com"), a, &s, &e), -1);
	/* 253 bytes are the longest name, 254 too long. */
	memset(name, 'a', sizeof(name));
	for (size_t i = 49; i < sizeof(name); i += 50)
		name[i] = '.';
	assert_int_equal(san_from_text(str_mem(name, 253), a, &s, &e), 0);
	assert_int_equal(san_from_text(str_mem(name, 254), a, &s, &e), -1);
	arena_free(a);
}

static void san_equality(void **state)
{
	struct san dns = t_san(SAN_DNS, "a.Example.com"), dns2 = t_san(SAN_DNS, "A.example.COM");
	struct san mail = t_san(SAN_EMAIL, "u@Example.com"),
		   mail2 = t_san(SAN_EMAIL, "u@example.com");
	struct san mail3 = t_san(SAN_EMAIL, "U@example.com");
	struct san uri = t_san(SAN_URI, "https://a/B"), uri2 = t_san(SAN_URI, "https://a/b");
	struct san as_mail = t_san(SAN_EMAIL, "a.Example.com");

	(void)state;
	assert_true(san_equal(&dns, &dns2));
	assert_true(san_equal(&mail, &mail2));
	assert_false(san_equal(&mail, &mail3));
	assert_false(san_equal(&uri, &uri2));
	assert_true(san_equal(&uri, &uri));
	assert_false(san_equal(&dns, &as_mail));
}

static void san_der(void **state)
{
	static const char ip6[16] = {0x20, 0x01, 0x0d, (char)0xb8, 0, 0, 0, 0,
				     0,	   0,	 0,    0,	   0, 0, 0, 1};
	struct san items[] = {
		t_san(SAN_DNS, "a.example.com"),
		t_san(SAN_EMAIL, "u@example.com"),
		{SAN_IP, STR("\x0a\0\0\x01")},
		{SAN_IP, {ip6, 16}},
		t_san(SAN_URI, "spiffe://a/b"),
		{SAN_DIRNAME, STR("\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01x")},
		{SAN_RID, STR("\x2a\x03\x04")},
		{SAN_OTHER, STR("\x06\x03\x2a\x03\x04\xa0\x03\x0c\x01y")},
	};
	static const char *const texts[] = {
		"a.example.com", "u@example.com", "10.0.0.1",	 "2001:db8::1",
		"spiffe://a/b",	 "dirName:CN=x",  "RID:1.2.3.4", "otherName:1.2.3.4:a0030c0179"};
	struct san_list l = {items, ARRAY_LEN(items)}, back;
	struct arena *a = arena_new();
	struct buf der = BUF_INIT, text = BUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	san_write(&l, &der);
	assert_int_equal(san_parse(buf_view(&der), a, &back, &e), 0);
	assert_int_equal(back.n, l.n);
	for (size_t i = 0; i < l.n; i++) {
		assert_true(san_equal(&l.items[i], &back.items[i]));
		buf_reset(&text);
		san_to_text(&back.items[i], &text);
		assert_str(buf_view(&text), texts[i]);
	}
	/* Any cut is refused. */
	for (size_t n = 0; n < der.n; n++)
		assert_int_equal(san_parse((struct str){der.p, n}, a, &back, &e), -1);
	buf_release(&der);
	buf_release(&text);
	arena_free(a);
}

static void san_bounded(void **state)
{
	struct arena *a = arena_new();
	struct err e = ERR_INIT;
	struct san_list l = {ARENA_ARRAY(a, struct san, 1001), 1000}, back;
	struct buf der = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < 1001; i++)
		l.items[i] = t_san(SAN_DNS, "a");
	san_write(&l, &der);
	assert_int_equal(san_parse(buf_view(&der), a, &back, &e), 0);
	assert_int_equal(back.n, 1000);
	l.n = 1001;
	buf_reset(&der);
	san_write(&l, &der);
	assert_int_equal(san_parse(buf_view(&der), a, &back, &e), -1);
	buf_release(&der);
	arena_free(a);
}

static void san_malformed(void **state)
{
	static const struct str rows[] = {
		STR("\x30\x00"),
		STR("\x30\x02\x82\x00"),	     /* empty DNS name */
		STR("\x30\x03\x82\x01\x00"),	     /* NUL */
		STR("\x30\x03\x82\x01\x80"),	     /* not ASCII */
		STR("\x30\x05\x87\x03\x01\x02\x03"), /* three bytes of an address */
		STR("\x30\x0a\x87\x08\x01\x02\x03\x04\xff\xff\x00\x00"), /* with a mask */
		STR("\x30\x03\x81\x01x"),				 /* e-mail without @ */
		STR("\x30\x03\xa2\x01x"),				 /* constructed DNS name */
		STR("\x30\x04\xa4\x02\x31\x00"),     /* directory name that is a SET */
		STR("\x30\x03\x88\x01\x80"),	     /* malformed identifier */
		STR("\x30\x03\x89\x01x"),	     /* no such type */
		STR("\x30\x05\xa0\x03\x06\x01\x2a"), /* otherName without value */
		STR("\x31\x03\x82\x01x"),
		STR("\x30\x03\x82\x01x\x00"),
		STR("\x30\x80\x82\x01x\x00\x00"),
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = ERR_INIT;
		struct san_list l;

		if (san_parse(rows[i], a, &l, &e) == 0)
			fail_msg("row %zu was taken", i);
		assert_int_equal(e.code, ERR_INVALID);
	}
	arena_free(a);
}

/* ---- distinguished names ---- */

static struct name_attr attr(enum oid id, const char *value, unsigned rdn)
{
	return (struct name_attr){.oid = oid_der(id), .value = str_c(value), .rdn = rdn};
}

static void name_types(void **state)
{
	struct name_attr attrs[] = {attr(OID_C, "DE", 0),
				    attr(OID_O, "Org", 1),
				    attr(OID_CN, "a.example.com", 2),
				    attr(OID_EMAIL_ADDRESS, "u@example.com", 3),
				    attr(OID_SERIAL_NUMBER, "a*b", 4),
				    attr(OID_DC, "example", 5)};
	static const unsigned tags[] = {DER_PRINTABLE_STRING, DER_UTF8_STRING, DER_UTF8_STRING,
					DER_IA5_STRING,	      DER_UTF8_STRING, DER_IA5_STRING};
	struct name n = {.attrs = attrs, .n = ARRAY_LEN(attrs)}, back;
	struct arena *a = arena_new();
	struct buf der = BUF_INIT, text = BUF_INIT, again = BUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	name_write(&n, &der);
	assert_int_equal(name_parse(buf_view(&der), a, &back, &e), 0);
	assert_int_equal(back.n, n.n);
	for (size_t i = 0; i < n.n; i++) {
		assert_true(str_eq(back.attrs[i].value, attrs[i].value));
		assert_int_equal(back.attrs[i].tag, tags[i]);
		assert_int_equal(back.attrs[i].rdn, i);
	}
	assert_str(name_get(&back, OID_O), "Org");
	assert_int_equal(name_get(&back, OID_L).n, 0);
	name_to_text(&back, &text);
	assert_str(buf_view(&text), "DC=example,serialNumber=a*b,emailAddress=u@example.com,"
				    "CN=a.example.com,O=Org,C=DE");
	/* From attributes or from its own bytes: the same. */
	back.der = STR_NULL;
	name_write(&back, &again);
	assert_true(name_der_equal(buf_view(&der), buf_view(&again)));
	for (size_t i = 0; i < der.n; i++)
		assert_int_equal(name_parse((struct str){der.p, i}, a, &back, &e), -1);
	buf_release(&der);
	buf_release(&text);
	buf_release(&again);
	arena_free(a);
}

static void name_multi_valued(void **state)
{
	struct name_attr attrs[] = {attr(OID_O, "Org", 0), attr(OID_UID, "7", 1),
				    attr(OID_CN, "b", 1), attr(OID_CN, "a", 1)};
	struct name n = {.attrs = attrs, .n = ARRAY_LEN(attrs)}, back;
	struct arena *a = arena_new();
	struct buf der = BUF_INIT, text = BUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	name_write(&n, &der);
	assert_int_equal(name_parse(buf_view(&der), a, &back, &e), 0);
	name_to_text(&back, &text);
	assert_str(buf_view(&text), "CN=a+CN=b+UID=7,O=Org");
	assert_str(name_get(&back, OID_CN), "b");
	assert_int_equal(
		name_parse(
			STR("\x30\x18\x31\x16\x30\x08\x06\x03\x55\x04\x03\x0c\x01y\x30\x08\x06\x03"
			    "\x55\x04\x03\x0c\x01x"),
			a, &back, &e),
		-1); /* not sorted */
	assert_int_equal(e.code, ERR_INVALID);
	buf_release(&der);
	buf_release(&text);
	arena_free(a);
}

static void name_escapes(void **state)
{
	static const struct {
		const char *value, *text;
	} rows[] = {
		{"a,b", "CN=a\\,b"},
		{"a+b;c<d>e\"f\\g", "CN=a\\+b\\;c\\<d\\>e\\\"f\\\\g"},
		{"#a#", "CN=\\#a#"},
		{" a b ", "CN=\\ a b\\20"},
		{"a\nb\x1b[2J", "CN=a\\0ab\\1b[2J"},
		{"caf\xc3\xa9", "CN=caf\xc3\xa9"},
		{"a\xc2\x9b", "CN=a\\c2\\9b"},
		{"a\xe2\x80\xae"
		 "b",
		 "CN=a\\e2\\80\\aeb"},
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct name n = name_from_cn(str_c(rows[i].value), a);
		struct buf text = BUF_INIT;

		name_to_text(&n, &text);
		assert_str(buf_view(&text), rows[i].text);
		buf_release(&text);
	}
	assert_int_equal(name_from_cn(STR_NULL, a).n, 0);
	arena_free(a);
}

static void name_unknown_type(void **state)
{
	static const struct str der =
		STR("\x30\x0e\x31\x0c\x30\x0a\x06\x05\x2a\x03\x04\x05\x06\x0c\x01x");
	struct arena *a = arena_new();
	struct buf text = BUF_INIT;
	struct err e = ERR_INIT;
	struct name n;

	(void)state;
	assert_int_equal(name_parse(der, a, &n, &e), 0);
	name_to_text(&n, &text);
	assert_str(buf_view(&text), "1.2.3.4.5.6=#0c0178");
	buf_release(&text);
	arena_free(a);
}

static void name_limits(void **state)
{
	struct arena *a = arena_new();
	struct name n = {.attrs = ARENA_ARRAY(a, struct name_attr, 101), .n = 100}, back;
	struct buf der = BUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	for (unsigned i = 0; i < 101; i++)
		n.attrs[i] = attr(OID_OU, "x", i);
	name_write(&n, &der);
	assert_int_equal(name_parse(buf_view(&der), a, &back, &e), 0);
	assert_int_equal(back.n, 100);
	n.n = 101;
	buf_reset(&der);
	name_write(&n, &der);
	assert_int_equal(name_parse(buf_view(&der), a, &back, &e), -1);
	assert_int_equal(name_parse(STR("\x30\x00"), a, &back, &e), 0);
	assert_int_equal(back.n, 0);
	buf_release(&der);
	arena_free(a);
}

/* ---- serial numbers ---- */

static void serials(void **state)
{
	static const struct {
		const char *text, *decimal; /* NULL: refused */
	} rows[] = {
		{"1", "1"},
		{"255", "255"},
		{"256", "256"},
		{"0x7f", "127"},
		{"0xFf", "255"},
		{"0x0100", "256"},
		{"38452340958340957843095834095834098543",
		 "38452340958340957843095834095834098543"},
		{"0xffffffffffffffffffffffffffffffffffffffff",
		 "1461501637330902918203684832716283019655932542975"},
		{"1461501637330902918203684832716283019655932542975",
		 "1461501637330902918203684832716283019655932542975"},
		{"1461501637330902918203684832716283019655932542976", NULL},
		{"0x10000000000000000000000000000000000000000", NULL},
		{"", NULL},
		{"0", NULL},
		{"0x", NULL},
		{"0x0", NULL},
		{"017", NULL},
		{"0b11", NULL},
		{"0X7f", NULL},
		{"-1", NULL},
		{"+1", NULL},
		{"1_000", NULL},
		{" 1", NULL},
		{"1 ", NULL},
		{"7f", NULL},
		{"0x7g", NULL},
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = ERR_INIT;
		struct buf text = BUF_INIT;
		struct str m;
		int rc = serial_parse(str_c(rows[i].text), a, &m, &e);

		if (rows[i].decimal == NULL) {
			if (rc == 0)
				fail_msg("'%s' was taken", rows[i].text);
			assert_int_equal(e.code, ERR_INVALID);
			continue;
		}
		if (rc < 0)
			fail_msg("'%s': %s", rows[i].text, e.msg);
		assert_true(m.p[0] != 0);
		serial_to_decimal(m, &text);
		assert_str(buf_view(&text), rows[i].decimal);
		buf_release(&text);
	}
	assert_int_equal(serial_parse(STR("1\0"
					  "2"),
				      a, &(struct str){0}, &(struct err)ERR_INIT),
			 -1);
	arena_free(a);
}

static void serial_zero_text(void **state)
{
	struct buf text = BUF_INIT;

	(void)state;
	serial_to_decimal(STR("\0"), &text);
	serial_to_decimal(STR_NULL, &text);
	serial_to_decimal(STR("\0\0\x01\0"), &text);
	assert_str(buf_view(&text), "00256");
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_to_san),	    cmocka_unit_test(text_to_san_values),
		cmocka_unit_test(san_equality),	    cmocka_unit_test(san_der),
		cmocka_unit_test(san_bounded),	    cmocka_unit_test(san_malformed),
		cmocka_unit_test(name_types),	    cmocka_unit_test(name_multi_valued),
		cmocka_unit_test(name_escapes),	    cmocka_unit_test(name_unknown_type),
		cmocka_unit_test(name_limits),	    cmocka_unit_test(serials),
		cmocka_unit_test(serial_zero_text),
	};

	return cmocka_run_group_tests_name("x509_names", tests, NULL, NULL);
}
