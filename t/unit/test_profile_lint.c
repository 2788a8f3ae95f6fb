/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "codec/b64.h"
#include "profile/lint.h"
#include "x509_util.h"

/*
 * Each row changes one thing in a certificate without a fault, and names what must be found: these
 * codes and no others.
 */

enum kind { LEAF, CA, ROOT };
struct one_ext {
	const char *oid;
	bool critical;
	const char *hex;
};
struct one_san {
	unsigned tag;
	const char *text;
};
struct row {
	const char *codes; /* in alphabetical order */
	enum kind kind;
	bool tls;
	const char *drop; /* extensions without these: dotted, separated by spaces */
	struct one_ext ext[3];
	struct one_san san[4];
	bool no_san, san_critical, no_subject, no_issuer, no_exts, empty_exts, unique_id;
	const char *serial;    /* contents, hex */
	int version;	       /* 0: 3 */
	const char *from, *to; /* "u260101000000Z", "g20500101000000Z" */
	const char *alg;       /* hex of the inner one */
	struct one_san cn;     /* tag and text of the common name */
	struct one_san attr;   /* one more of the subject: tag and text */
	enum oid attr_oid;
	unsigned rsa_bits, rsa_e;
	const char *spki;
};

#define ECDSA_SHA256 "300a06082a8648ce3d040302"
#define P256_KEY                                                                                   \
	"3059301306072a8648ce3d020106082a8648ce3d03010703420004"                                   \
	"55fc1a5dd767ab925ae1ae13f0021ff224032bc432a86cef3ed6986ad6055721"                         \
	"e43fc6f6a55d81b429f15baaf70ad6e64ebfcebcf5b57a35cd912e558b62521c"

static void put_bytes(struct buf *out, const char *hex)
{
	struct err e = ERR_INIT;

	assert_int_equal(hex_decode(str_c(hex), out, &e), 0);
}

static void put_attr(struct buf *out, enum oid oid, unsigned tag, const char *text)
{
	struct der_mark set = der_begin(out, DER_SET), seq = der_begin(out, DER_SEQUENCE);

	der_put_oid(out, oid_der(oid));
	der_put(out, tag, str_c(text));
	der_end(out, seq);
	der_end(out, set);
}

static void put_name(struct buf *out, const char *cn, unsigned tag, const struct row *r)
{
	struct der_mark seq = der_begin(out, DER_SEQUENCE);

	if (cn != NULL)
		put_attr(out, OID_CN, tag != 0 ? tag : DER_UTF8_STRING, cn);
	if (r != NULL && r->attr.text != NULL)
		put_attr(out, r->attr_oid, r->attr.tag, r->attr.text);
	der_end(out, seq);
}

static void put_ext(struct buf *out, const char *oid, bool critical, struct str value)
{
	struct der_mark seq = der_begin(out, DER_SEQUENCE);
	struct buf der = BUF_INIT;
	struct err e = ERR_INIT;

	assert_int_equal(oid_from_dotted(str_c(oid), &der, &e), 0);
	der_put_oid(out, buf_view(&der));
	if (critical)
		der_put_bool(out, true);
	der_put(out, DER_OCTET_STRING, value);
	der_end(out, seq);
	buf_release(&der);
}

static void put_hex_ext(struct buf *out, const struct one_ext *x)
{
	struct buf value = BUF_INIT;

	put_bytes(&value, x->hex);
	put_ext(out, x->oid, x->critical, buf_view(&value));
	buf_release(&value);
}

/* What a good one has; replaced by a row's extension of the same identifier. */
static void put_exts(struct buf *out, const struct row *r)
{
	static const struct one_ext leaf[] = {
		{"2.5.29.15", true, "03020780"},
		{"2.5.29.37", false, "300a06082b06010505070301"},
		{"2.5.29.14", false, "04020102"},
		{"2.5.29.35", false, "300480020304"},
		{"1.3.6.1.5.5.7.1.1", false,
		 "301b301906082b06010505073001860d687474703a2f2f612e622f63"
		 "64"},
	};
	static const struct one_ext ca[] = {
		{"2.5.29.15", true, "03020106"},
		{"2.5.29.19", true, "30060101ff020100"},
		{"2.5.29.14", false, "04020102"},
		{"2.5.29.35", false, "300480020304"},
	};
	const struct one_ext *list = r->kind == LEAF ? leaf : ca;
	size_t n = r->kind == LEAF ? ARRAY_LEN(leaf) : ARRAY_LEN(ca);

	for (size_t i = 0; i < n; i++) {
		bool drop = r->drop != NULL && strstr(r->drop, list[i].oid) != NULL;

		for (size_t k = 0; k < ARRAY_LEN(r->ext); k++)
			drop |= r->ext[k].oid != NULL && strcmp(r->ext[k].oid, list[i].oid) == 0;
		if (!drop && !(r->kind == ROOT && strcmp(list[i].oid, "2.5.29.35") == 0))
			put_hex_ext(out, &list[i]);
	}
	for (size_t k = 0; k < ARRAY_LEN(r->ext) && r->ext[k].oid != NULL; k++)
		put_hex_ext(out, &r->ext[k]);
}

static void put_sans(struct buf *out, const struct row *r)
{
	struct buf value = BUF_INIT;
	struct der_mark m = der_begin(&value, DER_SEQUENCE);

	if (r->san[0].text == NULL)
		der_put(&value, DER_CTX(SAN_DNS), STR("a.example.com"));
	for (size_t i = 0; i < ARRAY_LEN(r->san) && r->san[i].text != NULL; i++)
		der_put(&value, r->san[i].tag, str_c(r->san[i].text));
	der_end(&value, m);
	put_ext(out, "2.5.29.17", r->san_critical, buf_view(&value));
	buf_release(&value);
}

static void put_rsa(struct buf *out, unsigned bits, unsigned exponent)
{
	struct der_mark all = der_begin(out, DER_SEQUENCE), alg, key;
	struct buf rsa = BUF_INIT, n = BUF_INIT;

	alg = der_begin(out, DER_SEQUENCE);
	der_put_oid(out, oid_der(OID_RSA_ENCRYPTION));
	der_put_null(out);
	der_end(out, alg);
	buf_u8(&n, (uint8_t)(0xff >> (7 - (bits - 1) % 8)));
	while (n.n < (bits + 7) / 8)
		buf_u8(&n, 0xa7);
	key = der_begin(&rsa, DER_SEQUENCE);
	der_put_integer(&rsa, buf_view(&n));
	der_put_uint(&rsa, exponent);
	der_end(&rsa, key);
	der_put_bit_string(out, buf_view(&rsa));
	der_end(out, all);
	buf_release(&rsa);
	buf_release(&n);
}

static void put_time(struct buf *out, const char *text, const char *otherwise)
{
	const char *t = text != NULL ? text : otherwise;

	der_put(out, t[0] == 'u' ? DER_UTC_TIME : DER_GENERALIZED_TIME, str_c(t + 1));
}

static void put_tail(struct buf *out, const struct row *r)
{
	struct der_mark outer, seq;

	if (r->unique_id)
		der_put(out, DER_CTX(1), str_mem("\0\1", 2));
	if (r->no_exts)
		return;
	outer = der_begin(out, DER_CTX_CONS(3));
	seq = der_begin(out, DER_SEQUENCE);
	if (!r->empty_exts) {
		put_exts(out, r);
		if (r->kind == LEAF && !r->no_san)
			put_sans(out, r);
	}
	der_end(out, seq);
	der_end(out, outer);
}

static void put_tbs(struct buf *out, const struct row *r)
{
	struct der_mark all = der_begin(out, DER_SEQUENCE), m;
	const char *cn = r->cn.text != NULL ? r->cn.text : "a.example.com";
	const char *issuer = r->kind == ROOT ? cn : "The CA";
	struct buf serial = BUF_INIT;

	if (r->version != 1) {
		m = der_begin(out, DER_CTX_CONS(0));
		der_put_uint(out, r->version > 0 ? (uint64_t)r->version - 1 : 2);
		der_end(out, m);
	}
	put_bytes(&serial, r->serial != NULL ? r->serial : "11223344556677889900");
	der_put(out, DER_INTEGER, buf_view(&serial));
	buf_release(&serial);
	put_bytes(out, r->alg != NULL ? r->alg : ECDSA_SHA256);
	put_name(out, r->no_issuer ? NULL : issuer, 0, NULL);
	m = der_begin(out, DER_SEQUENCE);
	put_time(out, r->from, "u260101000000Z");
	put_time(out, r->to, "u260401000000Z");
	der_end(out, m);
	put_name(out, r->no_subject ? NULL : cn, r->cn.tag, r->no_subject ? NULL : r);
	if (r->rsa_bits > 0)
		put_rsa(out, r->rsa_bits, r->rsa_e > 0 ? r->rsa_e : 65537);
	else
		put_bytes(out, r->spki != NULL ? r->spki : P256_KEY);
	put_tail(out, r);
	der_end(out, all);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The codes of a report, sorted, separated by spaces. */
static const char *codes_of(const struct lint_report *r)
{
	const char **codes = ARENA_ARRAY(r->arena, const char *, LINT_MAX);
	const char *text = "";

	for (size_t i = 0; i < r->n; i++)
		codes[i] = r->items[i].code;
	qsort(codes, r->n, sizeof(*codes), by_text);
	for (size_t i = 0; i < r->n; i++)
		text = arena_printf(r->arena, "%s%s%s", text, i > 0 ? " " : "", codes[i]);
	return text;
}

#define DNS   DER_CTX(SAN_DNS)
#define EMAIL DER_CTX(SAN_EMAIL)
#define URI   DER_CTX(SAN_URI)
#define IP    DER_CTX(SAN_IP)
#define UTF8  DER_UTF8_STRING
#define S10   "0123456789"
#define S60   S10 S10 S10 S10 S10 S10

static const struct row rows[] = {
	/* nothing */
	{.codes = ""},
	{"", .kind = CA},
	{"", .kind = ROOT},
	{"", .tls = true},
	{"", .rsa_bits = 2048},
	{"", .no_subject = true, .san_critical = true},
	{"", .san = {{DNS, "a.example.com"},
		     {DNS, "*.example.com"},
		     {IP, "1234"},
		     {URI, "spiffe://a.b/c"}}},
	{"", .san = {{DNS, "a.example.com"},
		     {EMAIL, "a.b@example.com"},
		     {DNS, "xn--bcher-kva.example"}}},
	/* fields */
	{"serial_negative", .serial = "ff223344"},
	{"serial_zero", .serial = "00"},
	{"serial_not_minimal", .serial = "0011223344556677"},
	{"serial_long", .serial = "112233445566778899001122334455667788990011"},
	{"serial_malformed", .serial = ""},
	{"version_with_exts", .version = 2, .drop = "2.5.29.14 2.5.29.35"},
	{"version_with_exts", .version = 1, .drop = "2.5.29.14 2.5.29.35"},
	{"version_old", .version = 1, .no_exts = true},
	{"aki_missing exts_empty ski_missing", .empty_exts = true},
	{"unique_id", .unique_id = true},
	{"validity_order", .from = "u260501000000Z"},
	{"time_not_utctime", .to = "g20260501000000Z"},
	{"time_form", .to = "u2605010000Z"},
	{"time_form", .to = "u260501000000+0100"},
	{"time_form time_not_utctime", .to = "g20260501000000.5Z"},
	{"", .to = "g20500101000000Z"},
	{"algorithm_sha1", .alg = "300906072a8648ce3d0401"},
	{"algorithm_sha1", .kind = ROOT, .alg = "300906072a8648ce3d0401"},
	{"algorithm_parameters", .alg = "300c06082a8648ce3d0403020500"},
	{"algorithm_unusual", .alg = "3005060312345f"},
	{"rsa_short", .rsa_bits = 1024},
	{"rsa_odd_size", .rsa_bits = 2049},
	{"rsa_exponent_small", .rsa_bits = 2048, .rsa_e = 3},
	{"rsa_exponent", .rsa_bits = 2048, .rsa_e = 65536},
	{"rsa_exponent", .rsa_bits = 2048, .rsa_e = 1},
	{"key_malformed", .spki = "300a300506032b6570030100"},
	{"key_unusual", .spki = "300f300506032b657103060011223344"
				"55"},
	{"issuer_empty", .no_issuer = true},
	{"subject_empty", .no_subject = true, .no_san = true},
	{"san_not_critical", .no_subject = true},
	{"san_critical", .san_critical = true},
	{"subject_empty_ca", .kind = CA, .no_subject = true},
	/* extensions */
	{"ext_twice", .ext = {{"2.5.29.14", false, "04020102"}, {"2.5.29.14", false, "04020102"}}},
	{"ext_unknown_critical", .ext = {{"1.2.3.4", true, "0500"}}},
	{"", .ext = {{"1.2.3.4", false, "0500"}}},
	{"ext_must_not_be_critical", .ext = {{"2.5.29.14", true, "04020102"}}},
	{"ext_must_not_be_critical", .ext = {{"2.5.29.35", true, "300480020304"}}},
	{"ext_should_be_critical", .ext = {{"2.5.29.15", false, "03020780"}}},
	{"ext_should_not_be_critical", .ext = {{"2.5.29.31", true, "3000"}}},
	{"ext_not_for_leaf", .ext = {{"2.5.29.30", true, "3000"}}},
	{"ext_must_be_critical", .kind = CA, .ext = {{"2.5.29.30", false, "3000"}}},
	{"ext_malformed", .ext = {{"2.5.29.15", true, "0500"}}},
	{"ext_malformed", .ext = {{"2.5.29.37", false, "0500"}}},
	{"ext_malformed", .ext = {{"2.5.29.19", false, "300101"}}},
	{"ca_false", .ext = {{"2.5.29.19", false, "3003010100"}}},
	{"bc_not_critical", .kind = CA, .ext = {{"2.5.29.19", false, "30030101ff"}}},
	{"ca_without_ku", .kind = CA, .drop = "2.5.29.15"},
	{"ca_cannot_sign path_len_without_sign", .kind = CA,
	 .ext = {{"2.5.29.15", true, "03020102"}}},
	{"cert_sign_without_ca", .ext = {{"2.5.29.15", true, "03020284"}}},
	{"path_len_without_ca", .ext = {{"2.5.29.19", false, "3003020100"}}},
	{"ku_empty", .ext = {{"2.5.29.15", true, "030100"}}, .drop = "2.5.29.37"},
	{"ku_encipher_ec", .ext = {{"2.5.29.15", true, "030205a0"}}},
	{"", .rsa_bits = 2048, .ext = {{"2.5.29.15", true, "030205a0"}}},
	{"ku_agreement_rsa", .rsa_bits = 2048, .ext = {{"2.5.29.15", true, "03020388"}}},
	{"ku_only_without_agreement", .ext = {{"2.5.29.15", true, "03020081"}}},
	{"eku_empty", .ext = {{"2.5.29.37", false, "3000"}}},
	{"eku_twice",
	 .ext = {{"2.5.29.37", false, "301406082b0601050507030106082b06010505070301"}}},
	{"eku_any_critical", .ext = {{"2.5.29.37", true, "30060604551d2500"}}},
	{"eku_without_ku", .ext = {{"2.5.29.15", true, "03020640"}}},
	{"eku_time_stamping", .ext = {{"2.5.29.37", false, "300a06082b06010505070308"}}},
	{"", .ext = {{"2.5.29.37", true, "300a06082b06010505070308"}}},
	{"ski_missing", .drop = "2.5.29.14"},
	{"ski_missing_ca", .kind = CA, .drop = "2.5.29.14"},
	{"aki_missing", .drop = "2.5.29.35"},
	{"aki_without_id", .ext = {{"2.5.29.35", false, "3000"}}},
	{"policy_twice", .ext = {{"2.5.29.32", false, "300a30030601293003060129"}}},
	/* names */
	{"attr_long cn_not_in_san", .cn = {UTF8, S60 "12345"}},
	{"cn_not_in_san", .cn = {UTF8, S60 "1234"}},
	{"cn_not_in_san", .cn = {UTF8, "\xc3\xa4\xc3\xa4 " S60 "1"}},
	{"attr_empty", .cn = {UTF8, ""}},
	{"attr_space cn_not_in_san", .cn = {UTF8, " a"}},
	{"attr_old_type", .cn = {DER_T61_STRING, "a.example.com"}},
	{"attr_printable_chars cn_not_in_san", .cn = {DER_PRINTABLE_STRING, "a*b"}},
	{"attr_malformed", .cn = {DER_PRINTABLE_STRING, "a_b"}},
	{"attr_malformed", .cn = {UTF8, "\xff"}},
	{"attr_not_printable", .attr_oid = OID_C, .attr = {UTF8, "DE"}},
	{"country_form", .attr_oid = OID_C, .attr = {DER_PRINTABLE_STRING, "D"}},
	{"attr_long country_form", .attr_oid = OID_C, .attr = {DER_PRINTABLE_STRING, "DEU"}},
	{"attr_not_ia5", .attr_oid = OID_EMAIL_ADDRESS, .attr = {UTF8, "a@b.c"}},
	{"dns_label", .san = {{DNS, "a.example.com"}, {DNS, "-a.example.com"}}},
	{"dns_label", .san = {{DNS, "a.example.com"}, {DNS, "a b.example.com"}}},
	{"dns_underscore", .san = {{DNS, "a.example.com"}, {DNS, "_a.example.com"}}},
	{"dns_label_length", .san = {{DNS, "a.example.com"}, {DNS, "a..com"}}},
	{"dns_label_length", .san = {{DNS, "a.example.com"}, {DNS, S60 "1234.com"}}},
	{"dns_long", .san = {{DNS, "a.example.com"}, {DNS, S60 "." S60 "." S60 "." S60 "." S10}}},
	{"dns_wildcard", .san = {{DNS, "a.example.com"}, {DNS, "a*.example.com"}}},
	{"dns_wildcard", .san = {{DNS, "a.example.com"}, {DNS, "a.*.example.com"}}},
	{"dns_wildcard_wide", .san = {{DNS, "a.example.com"}, {DNS, "*.com"}}},
	{"dns_wildcard_wide", .san = {{DNS, "a.example.com"}, {DNS, "*"}}},
	{"dns_final_dot", .san = {{DNS, "a.example.com"}, {DNS, "b.example.com."}}},
	{"dns_is_address", .san = {{DNS, "a.example.com"}, {DNS, "192.0.2.1"}}},
	{"dns_characters", .san = {{DNS, "a.example.com"}, {DNS, "\xc3\xa4.example.com"}}},
	{"dns_characters", .san = {{DNS, "a.example.com"}, {DNS, ""}}},
	{"dns_reserved_label", .san = {{DNS, "a.example.com"}, {DNS, "ab--c.example.com"}}},
	{"dns_idna", .san = {{DNS, "a.example.com"}, {DNS, "xn--a.example.com"}}},
	{"ip_length", .san = {{DNS, "a.example.com"}, {IP, "12345"}}},
	{"email_form", .san = {{DNS, "a.example.com"}, {EMAIL, "a.example.com"}}},
	{"email_form", .san = {{DNS, "a.example.com"}, {EMAIL, "A <a@example.com>"}}},
	{"uri_relative", .san = {{DNS, "a.example.com"}, {URI, "a/b"}}},
	{"uri_form", .san = {{DNS, "a.example.com"}, {URI, "http://a b"}}},
	{"uri_host", .san = {{DNS, "a.example.com"}, {URI, "http://-a-/"}}},
	{"san_type", .san = {{DNS, "a.example.com"}, {0x9f - 0x10, "a"}}},
	{"san_twice", .san = {{DNS, "a.example.com"}, {DNS, "A.example.com"}}},
	/* tls */
	{"", .tls = true, .to = "u270202235959Z"},
	{"tls_lifetime", .tls = true, .to = "u270203000000Z"},
	{"tls_serial_short", .tls = true, .serial = "11223344556677"},
	{"tls_eku_client", .tls = true,
	 .ext = {{"2.5.29.37", false, "301406082b0601050507030106082b06010505070302"}}},
	{"tls_eku_missing tls_eku_other", .tls = true,
	 .ext = {{"2.5.29.37", false, "30060604551d2500"}}},
	{"tls_eku_missing", .tls = true, .drop = "2.5.29.37"},
	{"tls_ku_other", .tls = true, .ext = {{"2.5.29.15", true, "030206c0"}}},
	{"tls_ku_signature", .tls = true, .ext = {{"2.5.29.15", true, "03020308"}}},
	{"tls_cn_not_in_san tls_no_san", .tls = true, .no_san = true},
	{"tls_san_type", .tls = true, .san = {{DNS, "a.example.com"}, {EMAIL, "a@example.com"}}},
	{"tls_internal_name", .tls = true, .san = {{DNS, "a.example.com"}, {DNS, "host"}}},
	{"tls_internal_name", .tls = true, .san = {{DNS, "a.example.com"}, {DNS, "host.local"}}},
	{"dns_underscore tls_underscore", .tls = true,
	 .san = {{DNS, "a.example.com"}, {DNS, "a_b.example.com"}}},
	{"tls_reserved_address", .tls = true,
	 .san = {{DNS, "a.example.com"},
		 {IP, "\x0a"
		      "234"}}},
	{"tls_cn_not_in_san", .tls = true, .cn = {UTF8, "other.example.com"}},
	{"tls_no_revocation", .tls = true, .drop = "1.3.6.1.5.5.7.1.1"},
	{"rsa_odd_size", .tls = true, .rsa_bits = 2049},
};

static void test_rows(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_new();
		struct lint_options o = {.tls = rows[i].tls};
		struct lint_report r = {.arena = a};
		struct buf tbs = BUF_INIT;

		put_tbs(&tbs, &rows[i]);
		lint_tbs(buf_view(&tbs), &o, &r);
		if (strcmp(codes_of(&r), rows[i].codes) != 0) {
			print_error("row %zu: found \"%s\", expected \"%s\" (%s)\n", i,
				    codes_of(&r), rows[i].codes, r.n > 0 ? r.items[0].text : "");
			wrong++;
		}
		assert_int_equal(r.count[0] + r.count[1] + r.count[2], r.n);
		for (size_t k = 0; k < r.n; k++) {
			assert_true(strlen(r.items[k].section) > 1);
			assert_true(strlen(r.items[k].text) > 10);
		}
		buf_release(&tbs);
		arena_free(a);
	}
	assert_int_equal(wrong, 0);
}

static enum lint_severity severity_of(const struct row *row, const char *code)
{
	struct arena *a = arena_new();
	struct lint_options o = {.tls = row->tls};
	struct lint_report r = {.arena = a};
	enum lint_severity s = LINT_NOTICE;
	struct buf tbs = BUF_INIT;
	bool found = false;

	put_tbs(&tbs, row);
	lint_tbs(buf_view(&tbs), &o, &r);
	for (size_t i = 0; i < r.n; i++)
		if (strcmp(r.items[i].code, code) == 0) {
			s = r.items[i].severity;
			found = true;
		}
	assert_true(found);
	buf_release(&tbs);
	arena_free(a);
	return s;
}

static void test_severity(void **state)
{
	static const char sha1[] = "300906072a8648ce3d0401";

	(void)state;
	assert_int_equal(severity_of(&(struct row){"", .alg = sha1}, "algorithm_sha1"), LINT_ERROR);
	assert_int_equal(
		severity_of(&(struct row){"", .kind = ROOT, .alg = sha1}, "algorithm_sha1"),
		LINT_NOTICE);
	assert_int_equal(severity_of(&(struct row){"", .rsa_bits = 2049}, "rsa_odd_size"),
			 LINT_NOTICE);
	assert_int_equal(
		severity_of(&(struct row){"", .tls = true, .rsa_bits = 2049}, "rsa_odd_size"),
		LINT_ERROR);
	assert_int_equal(severity_of(&(struct row){"", .cn = {UTF8, "b"}}, "cn_not_in_san"),
			 LINT_NOTICE);
	assert_int_equal(severity_of(&(struct row){"", .san_critical = true}, "san_critical"),
			 LINT_WARNING);
	assert_string_equal(lint_severity_name(LINT_ERROR), "error");
	assert_string_equal(lint_severity_name(LINT_WARNING), "warning");
	assert_string_equal(lint_severity_name(LINT_NOTICE), "notice");
}

/* A whole certificate around a TBS, which nobody has signed. */
static struct str whole(struct arena *a, const struct row *r, const char *outer, bool trailing)
{
	struct buf out = BUF_INIT;
	struct der_mark m = der_begin(&out, DER_SEQUENCE);
	struct str s;

	put_tbs(&out, r);
	put_bytes(&out, outer);
	der_put_bit_string(&out, STR("x"));
	der_end(&out, m);
	if (trailing)
		buf_u8(&out, 0);
	s = arena_str(a, buf_view(&out));
	buf_release(&out);
	return s;
}

static const char *codes_der(struct arena *a, struct str der)
{
	struct lint_options o = {0};
	struct lint_report r = {.arena = a};

	lint_der(der, &o, &r);
	return codes_of(&r);
}

static void test_whole(void **state)
{
	struct arena *a = arena_new();
	struct row good = {.codes = ""}, bad = {.ext = {{"2.5.29.14", false, "0500"}}};
	struct str der = whole(a, &good, ECDSA_SHA256, false);

	(void)state;
	assert_string_equal(codes_der(a, der), "");
	assert_string_equal(codes_der(a, whole(a, &good, "300a06082a8648ce3d040303", false)),
			    "algorithm_differs");
	assert_string_equal(codes_der(a, whole(a, &good, ECDSA_SHA256, true)), "der_trailing");
	/* No check of ours sees it, but the parser refuses it: still an error. */
	assert_string_equal(codes_der(a, whole(a, &bad, ECDSA_SHA256, false)), "not_readable");
	assert_string_equal(codes_der(a, STR_NULL), "der_malformed");
	assert_string_equal(codes_der(a, STR("0\x03\x02\x01\x01")), "der_malformed");
	assert_string_equal(codes_der(a, STR("garbage that is no DER")), "der_malformed");
	/* Cut anywhere it is malformed, and nothing is read behind its end. */
	for (size_t n = 0; n < der.n; n++) {
		struct arena *b = arena_new();
		struct str cut = {arena_dup(b, der.p, n), n};

		assert_string_equal(codes_der(b, cut), "der_malformed");
		arena_free(b);
	}
	arena_free(a);
}

/* With any one byte changed it comes to an end, and says something or the parser is content. */
static void test_flips(void **state)
{
	struct arena *a = arena_new();
	struct row good = {.codes = ""};
	struct str der = whole(a, &good, ECDSA_SHA256, false);
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < der.n; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			struct arena *b = arena_new();
			char *copy = arena_dup(b, der.p, der.n);
			struct lint_report r = {.arena = b};
			struct lint_options o = {.tls = true};
			struct cert c;

			copy[i] = (char)(copy[i] ^ (1 << bit));
			lint_der(str_mem(copy, der.n), &o, &r);
			if (cert_parse(str_mem(copy, der.n), b, &c, &e) < 0)
				assert_true(r.count[LINT_ERROR] > 0);
			arena_free(b);
		}
	arena_free(a);
}

/* More findings than are kept are counted all the same. */
static void test_many(void **state)
{
	struct arena *a = arena_new();
	struct lint_options o = {0};
	struct lint_report r = {.arena = a};
	struct row row = {.no_san = true};
	struct buf tbs = BUF_INIT, exts = BUF_INIT, sans = BUF_INIT, all = BUF_INIT;
	struct der_mark m = der_begin(&sans, DER_SEQUENCE), outer, seq;
	struct str in, contents, part = STR_NULL;
	bool present;

	(void)state;
	for (unsigned i = 0; i < 300; i++)
		der_put(&sans, DNS, str_c(arena_printf(a, "-%u.example.com", i)));
	der_end(&sans, m);
	put_tbs(&tbs, &row);
	in = buf_view(&tbs);
	assert_true(der_get(&in, DER_SEQUENCE, &contents));
	/* The fields up to the key as they are, then one more extension. */
	m = der_begin(&all, DER_SEQUENCE);
	in = contents;
	for (unsigned i = 0; i < 7; i++)
		assert_true(der_get_any(&contents, NULL, NULL, NULL));
	buf_add(&all, in.p, in.n - contents.n);
	assert_true(der_get_optional(&contents, DER_CTX_CONS(3), &present, &part) && present);
	assert_true(der_get(&part, DER_SEQUENCE, &contents));
	outer = der_begin(&all, DER_CTX_CONS(3));
	seq = der_begin(&all, DER_SEQUENCE);
	buf_str(&all, contents);
	put_ext(&all, "2.5.29.17", false, buf_view(&sans));
	der_end(&all, seq);
	der_end(&all, outer);
	der_end(&all, m);
	lint_tbs(buf_view(&all), &o, &r);
	assert_int_equal(r.count[LINT_ERROR], 300);
	assert_int_equal(r.n, LINT_MAX);
	buf_release(&tbs);
	buf_release(&exts);
	buf_release(&sans);
	buf_release(&all);
	arena_free(a);
}

/* What this authority and others issue has no fault. */
static void test_real(void **state)
{
	static const char *const files[] = {
		"step-leaf.pem",    "step-leaf-rsa.pem", "step-inter.pem",   "step-root.pem",
		"step-renewed.pem", "inter-nc.pem",	 "certtool-root.pem"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct arena *a = arena_new();
		struct lint_options o = {0};
		struct lint_report r = {.arena = a};
		struct cert c;

		t_cert(a, files[i], &c);
		lint_cert(&c, &o, &r);
		if (r.n > 0)
			fail_msg("%s: %s", files[i], codes_of(&r));
		arena_free(a);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),  cmocka_unit_test(test_severity),
		cmocka_unit_test(test_whole), cmocka_unit_test(test_flips),
		cmocka_unit_test(test_many),  cmocka_unit_test(test_real),
	};

	return cmocka_run_group_tests_name("profile_lint", tests, t_crypto_setup,
					   t_crypto_teardown);
}
