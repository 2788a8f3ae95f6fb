/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include <setjmp.h>
#include <cmocka.h>

#include "x509_util.h"

/* Reading certificates. */

static void fields(void **state)
{
	struct arena *a = arena_new();
	struct cert c;
	char hex[65];

	(void)state;
	t_cert(a, "leaf.pem", &c);
	assert_int_equal(c.version, 3);
	assert_int_equal(c.serial.n, 2);
	assert_memory_equal(c.serial.p, "\x10\x02", 2);
	assert_int_equal(c.sig_alg, SIG_ECDSA_SHA256);
	assert_str(name_get(&c.issuer, OID_CN), "Intermediate");
	assert_str(name_get(&c.subject, OID_CN), "a.example.com");
	assert_int_equal(c.not_before, INT64_C(1767225600));
	assert_int_equal(c.not_after, INT64_C(2398377600));
	assert_true(c.has_key_usage && c.has_eku && !c.has_basic_constraints && !c.is_ca);
	assert_int_equal(c.key_usage, KU_DIGITAL_SIGNATURE);
	assert_int_equal(c.max_path_len, -1);
	assert_int_equal(c.ski.n, 20);
	assert_int_equal(c.aki.n, 20);
	assert_int_equal(c.n_ekus, 2);
	assert_true(cert_eku_allows(&c, OID_EKU_SERVER_AUTH));
	assert_false(cert_eku_allows(&c, OID_EKU_CODE_SIGNING));
	assert_int_equal(c.sans.n, 6);
	assert_int_equal(c.sans.items[3].type, SAN_IP);
	cert_fingerprint(STR("abc"), hex);
	assert_string_equal(hex,
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");

	t_cert(a, "inter.pem", &c);
	assert_true(c.is_ca);
	assert_int_equal(c.max_path_len, 0);
	assert_int_equal(c.key_usage, KU_CERT_SIGN | KU_CRL_SIGN);
	t_cert(a, "leaf-sha1.pem", &c);
	assert_int_equal(c.sig_alg, SIG_NONE);
	t_cert(a, "leaf-pss.pem", &c);
	assert_int_equal(c.sig_alg, SIG_PSS_SHA256);
	t_cert(a, "certtool-leaf.pem", &c);
	assert_int_equal(c.sans.n, 2);
	arena_free(a);
}

static void key_id(void **state)
{
	struct arena *a = arena_new();
	struct err e = ERR_INIT;
	unsigned char id[20];
	struct key *k;
	struct cert c;

	(void)state;
	t_cert(a, "step-leaf.pem", &c);
	k = key_from_spki(c.spki, &e);
	assert_non_null(k);
	x509_key_id(k, id);
	assert_true(str_eq(c.ski, str_mem(id, sizeof(id))));
	key_free(k);
	arena_free(a);
}

static void cut_and_longer(void **state)
{
	struct arena *a = arena_new();
	struct str der = t_pem_der(a, "leaf.pem");
	char *longer = arena_alloc(a, der.n + 1);
	struct err e = ERR_INIT;
	struct cert c;

	(void)state;
	for (size_t n = 0; n < der.n; n++)
		assert_int_equal(cert_parse((struct str){der.p, n}, a, &c, &e), -1);
	memcpy(longer, der.p, der.n);
	assert_int_equal(cert_parse(str_mem(longer, der.n + 1), a, &c, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	arena_free(a);
}

/* A certificate from parts, with a signature that nobody checks. */
struct parts {
	const char *version; /* hex DER of the [0] element or "" */
	const char *serial;  /* hex DER of the INTEGER */
	const char *issuer;  /* hex DER; NULL: CN=x */
	const char *times;   /* hex of the two times' DER; NULL: 2026 */
	const char *tail;    /* hex DER behind the key */
};

#define V3	"a003020102"
#define SERIAL1 "020101"

static void put_hex(struct buf *b, const char *hex)
{
	for (; *hex != '\0'; hex += 2) {
		unsigned v;

		assert_int_equal(sscanf(hex, "%2x", &v), 1);
		buf_u8(b, (uint8_t)v);
	}
}

static int parse_parts(struct arena *a, const struct parts *p, struct cert *c, struct err *e)
{
	const char *name = "300c310a300806035504030c0178";
	struct buf b = BUF_INIT;
	struct cert real;
	struct der_mark cert, tbs, time;
	struct str der;

	t_cert(a, "leaf.pem", &real);
	cert = der_begin(&b, DER_SEQUENCE);
	tbs = der_begin(&b, DER_SEQUENCE);
	put_hex(&b, p->version);
	put_hex(&b, p->serial);
	buf_str(&b, real.sig_alg_der);
	put_hex(&b, p->issuer != NULL ? p->issuer : name);
	time = der_begin(&b, DER_SEQUENCE);
	if (p->times != NULL) {
		put_hex(&b, p->times);
	} else {
		der_put_time(&b, T_NOW);
		der_put_time(&b, T_NOW + 1);
	}
	der_end(&b, time);
	put_hex(&b, name);
	buf_str(&b, real.spki);
	put_hex(&b, p->tail);
	der_end(&b, tbs);
	buf_str(&b, real.sig_alg_der);
	der_put_bit_string(&b, STR("sig"));
	der_end(&b, cert);
	der = arena_str(a, buf_view(&b));
	buf_release(&b);
	return cert_parse(der, a, c, e);
}

static void shapes(void **state)
{
	static const struct {
		const char *what;
		struct parts p;
		bool good;
	} rows[] = {
		{"plain", {V3, SERIAL1, NULL, NULL, ""}, true},
		{"version 1", {"", SERIAL1, NULL, NULL, ""}, true},
		{"version 1 explicit", {"a003020100", SERIAL1, NULL, NULL, ""}, false},
		{"version 2", {"a003020101", SERIAL1, NULL, NULL, ""}, true},
		{"version 4", {"a003020103", SERIAL1, NULL, NULL, ""}, false},
		{"20 octets",
		 {V3, "02147fffffffffffffffffffffffffffffffffffffff", NULL, NULL, ""},
		 true},
		{"20 octets and a zero",
		 {V3, "021500ffffffffffffffffffffffffffffffffffffffff", NULL, NULL, ""},
		 false},
		{"21 octets",
		 {V3, "02157fffffffffffffffffffffffffffffffffffffffff", NULL, NULL, ""},
		 false},
		{"19 octets and a zero",
		 {V3, "021400ffffffffffffffffffffffffffffffffffffff", NULL, NULL, ""},
		 true},
		{"serial 0", {V3, "020100", NULL, NULL, ""}, false},
		{"negative", {V3, "0201ff", NULL, NULL, ""}, false},
		{"not minimal", {V3, "02020001", NULL, NULL, ""}, false},
		{"empty integer", {V3, "0200", NULL, NULL, ""}, false},
		{"empty issuer", {V3, SERIAL1, "3000", NULL, ""}, false},
		{"general time",
		 {V3, SERIAL1, NULL,
		  "180f32303530303130313030303030305a180f39393939313233313233353935395a", ""},
		 true},
		{"general time, fraction",
		 {V3, SERIAL1, NULL,
		  "170d3236303130313030303030305a181132303530303130313030303030302e315a", ""},
		 false},
		{"no seconds",
		 {V3, SERIAL1, NULL, "170b323630313031303030305a170d3236303130313030303030305a",
		  ""},
		 false},
		{"unique ids in version 2",
		 {"a003020101", SERIAL1, NULL, NULL,
		  "81020001"
		  "82020001"},
		 true},
		{"unique id in version 1", {"", SERIAL1, NULL, NULL, "81020001"}, false},
		{"extensions in version 1",
		 {"", SERIAL1, NULL, NULL, "a30f300d300b0603551d0f0404030206c0"},
		 false},
		{"extensions in version 2",
		 {"a003020101", SERIAL1, NULL, NULL, "a30f300d300b0603551d0f0404030206c0"},
		 false},
		{"key usage",
		 {V3, SERIAL1, NULL, NULL, "a30f300d300b0603551d0f0404030206c0"},
		 true},
		{"key usage, zero bits",
		 {V3, SERIAL1, NULL, NULL,
		  "a30d300b30090603551d0f0402"
		  "0301"
		  "00"},
		 false},
		{"key usage, no bits",
		 {V3, SERIAL1, NULL, NULL, "a30e300c300a0603551d0f0403030100"},
		 false},
		{"key usage, spare bits set",
		 {V3, SERIAL1, NULL, NULL, "a30f300d300b0603551d0f0404030206ff"},
		 false},
		{"key usage, trailing zeros",
		 {V3, SERIAL1, NULL, NULL,
		  "a30f300d300b0603551d0f04040302"
		  "0080"},
		 false},
		{"no extensions", {V3, SERIAL1, NULL, NULL, "a3023000"}, false},
		{"key usage twice",
		 {V3, SERIAL1, NULL, NULL,
		  "a31c301a300b0603551d0f0404030206c0300b0603551d0f0404030206c0"},
		 false},
		{"empty EKU", {V3, SERIAL1, NULL, NULL, "a30d300b30090603551d2504023000"}, false},
		{"CA with path length",
		 {V3, SERIAL1, NULL, NULL, "a316301430120603551d130101ff040830060101ff020101"},
		 true},
		{"path length without CA",
		 {V3, SERIAL1, NULL, NULL, "a310300e300c0603551d1304053003020100"},
		 false},
		{"CA FALSE written",
		 {V3, SERIAL1, NULL, NULL, "a310300e300c0603551d1304053003010100"},
		 false},
		{"negative path length",
		 {V3, SERIAL1, NULL, NULL,
		  "a313301130"
		  "0f0603551d13040830060101ff0201ff"},
		 false},
		{"SAN empty", {V3, SERIAL1, NULL, NULL, "a30d300b30090603551d1104023000"}, false},
		{"AKI empty", {V3, SERIAL1, NULL, NULL, "a30d300b30090603551d2304023000"}, true},
		{"AKI, serial without issuer",
		 {V3, SERIAL1, NULL, NULL, "a310300e300c0603551d2304053003820101"},
		 false},
		{"SKI empty", {V3, SERIAL1, NULL, NULL, "a30d300b30090603551d0e04020400"}, false},
		{"name constraints empty",
		 {V3, SERIAL1, NULL, NULL, "a30d300b30090603551d1e04023000"},
		 false},
		{"extension behind extensions",
		 {V3, SERIAL1, NULL, NULL, "a30f300d300b0603551d0f0404030206c00500"},
		 false},
		{"unknown extension",
		 {V3, SERIAL1, NULL, NULL, "a30f300d300b06032a03040101ff040100"},
		 true},
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = ERR_INIT;
		struct cert c;
		int rc = parse_parts(a, &rows[i].p, &c, &e);

		if ((rc == 0) != rows[i].good)
			fail_msg("%s: %s", rows[i].what, rc == 0 ? "was taken" : e.msg);
		if (rc < 0)
			assert_int_equal(e.code, ERR_INVALID);
	}
	arena_free(a);
}

/* The algorithm inside and outside must be the same bytes. */
static void algorithms_differ(void **state)
{
	struct arena *a = arena_new();
	struct str der = t_pem_der(a, "leaf.pem");
	struct err e = ERR_INIT;
	struct cert c;
	char *copy = arena_dup(a, der.p, der.n);

	(void)state;
	assert_int_equal(cert_parse(der, a, &c, &e), 0);
	copy[c.sig_alg_der.p - der.p + (ptrdiff_t)c.sig_alg_der.n - 1] ^= 1; /* SHA-384 outside */
	assert_int_equal(cert_parse(str_mem(copy, der.n), a, &c, &e), -1);
	assert_non_null(strstr(e.msg, "differ"));
	arena_free(a);
}

static void pem(void **state)
{
	struct arena *a = arena_new();
	struct err e = ERR_INIT;
	struct buf text = BUF_INIT;
	struct str *ders, leaf = t_pem_der(a, "leaf.pem"), inter = t_pem_der(a, "inter.pem");
	size_t n;

	(void)state;
	cert_to_pem(leaf, &text);
	buf_puts(&text, "a comment\n-----BEGIN OTHER-----\nAAAA\n-----END OTHER-----\n");
	cert_to_pem(inter, &text);
	assert_int_equal(cert_pem_read(buf_view(&text), a, &ders, &n, &e), 0);
	assert_int_equal(n, 2);
	assert_true(str_eq(ders[0], leaf) && str_eq(ders[1], inter));
	assert_int_equal(cert_pem_read(STR("nothing"), a, &ders, &n, &e), -1);
	assert_int_equal(
		cert_pem_read(STR("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"), a,
			      &ders, &n, &e),
		-1);
	buf_reset(&text);
	for (int i = 0; i < 100; i++)
		cert_to_pem(STR("x"), &text);
	assert_int_equal(cert_pem_read(buf_view(&text), a, &ders, &n, &e), 0);
	cert_to_pem(STR("x"), &text);
	assert_int_equal(cert_pem_read(buf_view(&text), a, &ders, &n, &e), -1);
	buf_release(&text);
	arena_free(a);
}

static void signatures(void **state)
{
	static const struct {
		const char *cert, *issuer;
		bool good;
	} rows[] = {
		{"leaf.pem", "inter.pem", true},
		{"inter.pem", "root.pem", true},
		{"root.pem", "root.pem", true},
		{"leaf.pem", "root.pem", false},
		{"leaf-badsig.pem", "inter.pem", false},
		{"inter.pem", "root-fake.pem", false},
		{"leaf-rsa.pem", "root-rsa.pem", true},
		{"leaf-pss.pem", "root-rsa.pem", true},
		{"leaf-sha1.pem", "root-rsa.pem", false},
		{"leaf-ed25519.pem", "root-ed25519.pem", true},
		{"leaf-ed25519.pem", "root-rsa.pem", false},
		{"certtool-leaf.pem", "certtool-root.pem", true},
		{"step-leaf.pem", "step-inter.pem", true},
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = ERR_INIT;
		struct cert c, issuer;
		int rc;

		t_cert(a, rows[i].cert, &c);
		t_cert(a, rows[i].issuer, &issuer);
		rc = cert_check_signature(&c, &issuer, &e);
		if ((rc == 0) != rows[i].good)
			fail_msg("%s by %s: %s", rows[i].cert, rows[i].issuer, e.msg);
		if (rc < 0)
			assert_int_equal(e.code, ERR_UNAUTHORIZED);
	}
	arena_free(a);
}

/* ---- text ---- */

static void assert_no_trailing_space(const struct buf *b)
{
	assert_true(b->n > 0 && b->p[b->n - 1] == '\n');
	for (size_t i = 1; i < b->n; i++)
		if (b->p[i] == '\n' && (b->p[i - 1] == ' ' || b->p[i - 1] == '\t'))
			fail_msg("a line ends in a space: %s", b->p);
}

static void describe_brief(void **state)
{
	struct arena *a = arena_new();
	struct buf b = BUF_INIT;
	struct cert c;
	struct csr r;
	struct err e = ERR_INIT;

	(void)state;
	t_cert(a, "step-leaf.pem", &c);
	cert_describe(&c, true, &b);
	assert_no_trailing_space(&b);
	assert_non_null(strstr(b.p, "X.509v3 TLS certificate (P-256) [Serial: "));
	assert_non_null(
		strstr(b.p, "\n  Subject:     a.example.com\n               u@example.com\n"
			    "               10.0.0.1\n               spiffe://a/b\n"
			    "  Issuer:      Matrix Intermediate CA\n  Provisioner: admin [ID: "));
	assert_non_null(strstr(b.p, "\n  Valid from:  2026-11-24T07:42:28Z\n"
				    "          to:  2026-11-24T08:43:28Z\n"));
	buf_reset(&b);
	t_cert(a, "root-rsa.pem", &c);
	cert_describe(&c, true, &b);
	assert_non_null(strstr(b.p, "X.509v3 root CA certificate (RSA 2048) [Serial: "));
	buf_reset(&b);
	assert_int_equal(csr_parse(t_file(a, "csr-good-rekey.der"), a, &r, &e), 0);
	csr_describe(&r, true, &b);
	assert_no_trailing_space(&b);
	assert_string_equal(b.p, "X.509 certificate request (P-256)\n  Subject:     (empty)\n");
	buf_release(&b);
	arena_free(a);
}

static void describe_full(void **state)
{
	static const char *const wanted[] = {
		"Certificate:\n    Version: 3\n    Serial number: 4098 (0x1002)\n",
		"    Signature algorithm: ECDSA-SHA256\n",
		"    Issuer: CN=Intermediate,O=Test\n",
		"    Not before: 2026-01-01T00:00:00Z\n    Not after: 2046-01-01T00:00:00Z\n",
		"    Subject: CN=a.example.com\n    Public key: P-256\n        04:",
		"        Key usage (critical):\n            digitalSignature\n",
		"        Extended key usage:\n            serverAuth, clientAuth\n",
		"            DNS:a.example.com\n            DNS:*.b.example.com\n",
		"            IP:10.0.0.1\n            IP:2001:db8::1\n",
		"            email:u@example.com\n            URI:spiffe://a/b\n",
		"    SHA-256 fingerprint: ",
	};
	static const char *const files[] = {"leaf.pem",		 "inter-nc.pem",
					    "certtool-root.pem", "leaf-critical.pem",
					    "step-leaf-rsa.pem", "leaf-sha1.pem"};
	struct arena *a = arena_new();
	struct buf b = BUF_INIT;
	struct cert c;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		buf_reset(&b);
		t_cert(a, files[i], &c);
		cert_describe(&c, false, &b);
		assert_no_trailing_space(&b);
		for (size_t k = 0; i == 0 && k < ARRAY_LEN(wanted); k++)
			if (strstr(b.p, wanted[k]) == NULL)
				fail_msg("missing: %s in\n%s", wanted[k], b.p);
		if (i == 1)
			assert_non_null(strstr(b.p, "        Name constraints (critical):\n"
						    "            permitted DNS:example.com\n"
						    "            permitted IP:10.0.0.0/8\n"
						    "            excluded DNS:bad.example.com\n"));
		if (i == 3)
			assert_non_null(
				strstr(b.p, "        1.2.3.4 (critical):\n            05:00\n"));
		if (i == 5)
			assert_non_null(
				strstr(b.p, "Signature algorithm: not known or not accepted\n"));
	}
	buf_release(&b);
	arena_free(a);
}

static void describe_requests(void **state)
{
	static const char *const files[] = {"good-types", "bad-key-p224", "bad-md5", "good-asks-ca",
					    "bad-key-infinity"};
	struct arena *a = arena_new();
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct err e = ERR_INIT;
		struct csr c;

		assert_int_equal(
			csr_parse(t_file(a, arena_printf(a, "csr-%s.der", files[i])), a, &c, &e),
			0);
		buf_reset(&b);
		csr_describe(&c, false, &b);
		assert_no_trailing_space(&b);
		assert_non_null(
			strstr(b.p, "Certificate request:\n    Subject: CN=a.example.com\n"));
	}
	buf_release(&b);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields),
		cmocka_unit_test(key_id),
		cmocka_unit_test(cut_and_longer),
		cmocka_unit_test(shapes),
		cmocka_unit_test(algorithms_differ),
		cmocka_unit_test(pem),
		cmocka_unit_test(signatures),
		cmocka_unit_test(describe_brief),
		cmocka_unit_test(describe_full),
		cmocka_unit_test(describe_requests),
	};

	return cmocka_run_group_tests_name("x509_cert", tests, t_crypto_setup, t_crypto_teardown);
}
