/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include <dirent.h>
#include <setjmp.h>
#include <cmocka.h>

#include "codec/pem.h"
#include "x509_util.h"

/* Certification requests: each file of t/vectors/x509/csr-*.der has a row here. */

enum stage { PARSE, VERIFY, GOOD };
static const struct {
	const char *name;
	enum stage ends; /* where it is refused */
	enum err_code code;
} rows[] = {
	{"bad-101-requests", PARSE, ERR_INVALID},
	{"bad-300-attributes", PARSE, ERR_INVALID},
	{"bad-alg-ecdsa-null", VERIFY, ERR_INVALID},
	{"bad-alg-ed25519-null", VERIFY, ERR_INVALID},
	{"bad-alg-other-key", VERIFY, ERR_INVALID},
	{"bad-alg-pss-as-pkcs1", VERIFY, ERR_INVALID},
	{"bad-alg-pss-default", VERIFY, ERR_INVALID},
	{"bad-alg-pss-mgf", VERIFY, ERR_INVALID},
	{"bad-alg-pss-salt", VERIFY, ERR_INVALID},
	{"bad-alg-rsa-absent", VERIFY, ERR_INVALID},
	{"bad-alg-unknown", VERIFY, ERR_INVALID},
	{"bad-cn-bmp-nul", PARSE, ERR_INVALID},
	{"bad-cn-bmp-odd", PARSE, ERR_INVALID},
	{"bad-cn-nul", PARSE, ERR_INVALID},
	{"bad-cn-octets", PARSE, ERR_INVALID},
	{"bad-cn-printable", PARSE, ERR_INVALID},
	{"bad-cn-utf8", PARSE, ERR_INVALID},
	{"bad-critical", PARSE, ERR_INVALID},
	{"bad-empty", PARSE, ERR_INVALID},
	{"bad-indefinite", PARSE, ERR_INVALID},
	{"bad-key-compressed", VERIFY, ERR_INVALID},
	{"bad-key-dsa", VERIFY, ERR_INVALID},
	{"bad-key-ed448", VERIFY, ERR_INVALID},
	{"bad-key-explicit", VERIFY, ERR_INVALID},
	{"bad-key-infinity", VERIFY, ERR_INVALID},
	{"bad-key-k256", VERIFY, ERR_INVALID},
	{"bad-key-off-curve", VERIFY, ERR_INVALID},
	{"bad-key-p192", VERIFY, ERR_INVALID},
	{"bad-key-p224", VERIFY, ERR_INVALID},
	{"bad-key-rsa-e-even", VERIFY, ERR_INVALID},
	{"bad-key-rsa-e-one", VERIFY, ERR_INVALID},
	{"bad-key-rsa-e-three", VERIFY, ERR_INVALID},
	{"bad-key-rsa1024", VERIFY, ERR_FORBIDDEN},
	{"bad-key-rsa4608", VERIFY, ERR_INVALID},
	{"bad-md5", VERIFY, ERR_INVALID},
	{"bad-no-attributes", PARSE, ERR_INVALID},
	{"bad-pem", PARSE, ERR_INVALID},
	{"bad-rdn-empty", PARSE, ERR_INVALID},
	{"bad-rdn-order", PARSE, ERR_INVALID},
	{"bad-san-empty", PARSE, ERR_INVALID},
	{"bad-san-ip5", PARSE, ERR_INVALID},
	{"bad-san-nul", PARSE, ERR_INVALID},
	{"bad-san-tag", PARSE, ERR_INVALID},
	{"bad-san-trailing", PARSE, ERR_INVALID},
	{"bad-san-utf8", PARSE, ERR_INVALID},
	{"bad-sha1-ecdsa", VERIFY, ERR_INVALID},
	{"bad-sha1-rsa", VERIFY, ERR_INVALID},
	{"bad-short", PARSE, ERR_INVALID},
	{"bad-signature", VERIFY, ERR_INVALID},
	{"bad-trailing", PARSE, ERR_INVALID},
	{"bad-two-requests", PARSE, ERR_INVALID},
	{"bad-two-sans", PARSE, ERR_INVALID},
	{"bad-two-values", PARSE, ERR_INVALID},
	{"bad-version1", PARSE, ERR_INVALID},
	{"good-asks-ca", GOOD, ERR_OK},
	{"good-bmp", GOOD, ERR_OK},
	{"good-certtool", GOOD, ERR_OK},
	{"good-challenge", GOOD, ERR_OK},
	{"good-cn65", GOOD, ERR_OK},
	{"good-ed25519", GOOD, ERR_OK},
	{"good-multi", GOOD, ERR_OK},
	{"good-nfd", GOOD, ERR_OK},
	{"good-p256", GOOD, ERR_OK},
	{"good-p256-sha384", GOOD, ERR_OK},
	{"good-p384", GOOD, ERR_OK},
	{"good-p521", GOOD, ERR_OK},
	{"good-pss", GOOD, ERR_OK},
	{"good-rekey", GOOD, ERR_OK},
	{"good-rsa", GOOD, ERR_OK},
	{"good-teletex", GOOD, ERR_OK},
	{"good-types", GOOD, ERR_OK},
};

static void t_csr(struct arena *a, const char *name, struct csr *out)
{
	struct err e = ERR_INIT;

	if (csr_parse(t_file(a, arena_printf(a, "csr-%s.der", name)), a, out, &e) < 0)
		fail_msg("%s: %s", name, e.msg);
}

static void vectors(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str der = t_file(a, arena_printf(a, "csr-%s.der", rows[i].name));
		struct err e = ERR_INIT;
		struct key *k = NULL;
		struct csr c;
		enum stage got = PARSE;

		if (csr_parse(der, a, &c, &e) == 0) {
			got = csr_verify(&c, &k, &e) == 0 ? GOOD : VERIFY;
			assert_true((got == GOOD) == (k != NULL));
		}
		if (got != rows[i].ends || (got != GOOD && e.code != rows[i].code))
			fail_msg("%s: ended at %d with %d: %s", rows[i].name, (int)got, (int)e.code,
				 e.msg);
		assert_true((e.code == ERR_FORBIDDEN) == (e.pub[0] != '\0'));
		key_free(k);
	}
	arena_free(a);
}

/* No file without a row. */
static void all_listed(void **state)
{
	const char *root = getenv("SIGNET_SRCDIR");
	struct arena *a = arena_new();
	DIR *d = opendir(arena_printf(a, "%s/t/vectors/x509", root != NULL ? root : "."));
	struct dirent *f;
	size_t n = 0;

	(void)state;
	assert_non_null(d);
	while ((f = readdir(d)) != NULL) {
		struct str name = str_c(f->d_name);

		n += str_starts(name, "csr-") && str_ends(name, ".der");
	}
	closedir(d);
	arena_free(a);
	assert_int_equal(n, ARRAY_LEN(rows));
}

static void not_accepted_says_so(void **state)
{
	static const char *const names[] = {"bad-md5", "bad-sha1-rsa", "bad-alg-unknown"};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct err e = ERR_INIT;
		struct key *k;
		struct csr c;

		t_csr(a, names[i], &c);
		assert_int_equal(c.sig_alg, SIG_NONE);
		assert_int_equal(csr_verify(&c, &k, &e), -1);
		assert_null(k);
		assert_non_null(strstr(e.msg, "signature algorithm not accepted"));
	}
	arena_free(a);
}

static void fields(void **state)
{
	static const enum san_type types[] = {SAN_DNS, SAN_EMAIL,   SAN_IP,  SAN_IP,
					      SAN_URI, SAN_DIRNAME, SAN_RID, SAN_OTHER};
	struct arena *a = arena_new();
	struct csr c;

	(void)state;
	t_csr(a, "good-types", &c);
	assert_str(name_get(&c.subject, OID_CN), "a.example.com");
	assert_int_equal(c.sig_alg, SIG_ECDSA_SHA256);
	assert_int_equal(c.exts.n, 1);
	assert_int_equal(c.sans.n, ARRAY_LEN(types));
	for (size_t i = 0; i < c.sans.n; i++)
		assert_int_equal(c.sans.items[i].type, types[i]);
	assert_str(c.sans.items[0].value, "a.example.com");
	assert_int_equal(c.sans.items[3].value.n, 16);

	t_csr(a, "good-rekey", &c);
	assert_int_equal(c.subject.n, 0);
	assert_int_equal(c.sans.n, 0);
	t_csr(a, "good-bmp", &c);
	assert_str(name_get(&c.subject, OID_CN), "a\xc3\xa9\xe2\x82\xac");
	t_csr(a, "good-teletex", &c);
	assert_str(name_get(&c.subject, OID_CN), "caf\xc3\xa9");
	t_csr(a, "good-nfd", &c);
	assert_str(name_get(&c.subject, OID_CN), "cafe\xcc\x81");
	t_csr(a, "good-cn65", &c);
	assert_int_equal(name_get(&c.subject, OID_CN).n, 65);
	t_csr(a, "good-multi", &c);
	assert_int_equal(c.subject.n, 3);
	assert_int_equal(c.subject.attrs[1].rdn, c.subject.attrs[2].rdn);
	t_csr(a, "good-asks-ca", &c);
	assert_int_equal(c.exts.n, 3);
	arena_free(a);
}

/* What the `step` client sends. */
static void from_pem(void **state)
{
	struct arena *a = arena_new();
	struct err e = ERR_INIT;
	struct key *k;
	struct csr c;
	struct str pem = t_file(a, "step-csr.pem");
	struct buf text = BUF_INIT;

	(void)state;
	assert_int_equal(csr_pem_parse(pem, a, &c, &e), 0);
	assert_int_equal(csr_verify(&c, &k, &e), 0);
	assert_int_equal(key_type(k), KEY_P256);
	key_free(k);
	assert_int_equal(c.sans.n, 1);
	/* Any label is taken. */
	pem_write(&text, "NEW CERTIFICATE REQUEST", c.der);
	assert_int_equal(csr_pem_parse(buf_view(&text), a, &c, &e), 0);
	buf_release(&text);
	assert_int_equal(csr_pem_parse(STR(""), a, &c, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_int_equal(csr_pem_parse(c.der, a, &c, &e), -1);
	/* Padded garbage inside. */
	assert_int_equal(
		csr_pem_parse(STR("-----BEGIN X-----\nAAAA=\n-----END X-----\n"), a, &c, &e), -1);
	arena_free(a);
}

static void too_large(void **state)
{
	struct arena *a = arena_new();
	char *big = arena_alloc(a, 200000);
	struct err e = ERR_INIT;
	struct csr c;

	(void)state;
	memcpy(big, "\x30\x83\x01\x00\x00", 5);
	assert_int_equal(csr_parse(str_mem(big, 5 + 65536), a, &c, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_int_equal(csr_pem_parse(str_mem(big, 200000), a, &c, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	arena_free(a);
}

static void built(void **state)
{
	static const enum key_type types[] = {KEY_P256, KEY_P384, KEY_P521, KEY_ED25519, KEY_RSA};
	struct arena *a = arena_new();
	struct san items[] = {t_san(SAN_DNS, "a.example.com"), {SAN_IP, STR("\x0a\0\0\x01")}};
	struct san_list sans = {items, 2};
	struct name subject = name_from_cn(STR("a.example.com"), a), none = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct err e = ERR_INIT;
		struct key *k = key_generate(types[i], 2048, &e), *back;
		struct buf der = BUF_INIT;
		struct csr c;

		assert_non_null(k);
		assert_int_equal(csr_build(k, &subject, &sans, &der, &e), 0);
		assert_int_equal(csr_parse(buf_view(&der), a, &c, &e), 0);
		assert_int_equal(csr_verify(&c, &back, &e), 0);
		assert_true(key_equal(k, back));
		assert_int_equal(c.sans.n, 2);
		assert_str(name_get(&c.subject, OID_CN), "a.example.com");
		key_free(back);
		buf_reset(&der);
		assert_int_equal(csr_build(k, &none, NULL, &der, &e), 0);
		assert_int_equal(csr_parse(buf_view(&der), a, &c, &e), 0);
		assert_int_equal(c.subject.n + c.exts.n, 0);
		buf_release(&der);
		key_free(k);
	}
	arena_free(a);
}

/* Cut anywhere it is no request; changed anywhere it is none that verifies. */
static void mutations(void **state)
{
	struct arena *a = arena_new();
	struct str der = t_file(a, "csr-good-ed25519.der");

	(void)state;
	for (size_t n = 0; n < der.n; n++) {
		struct err e = ERR_INIT;
		struct csr c;

		assert_int_equal(csr_parse((struct str){der.p, n}, a, &c, &e), -1);
	}
	for (size_t n = 0; n < der.n; n++) {
		char *copy = arena_dup(a, der.p, der.n);
		struct err e = ERR_INIT;
		struct key *k = NULL;
		struct csr c;

		copy[n] = (char)(copy[n] ^ 0x55);
		if (csr_parse(str_mem(copy, der.n), a, &c, &e) == 0 && csr_verify(&c, &k, &e) == 0)
			fail_msg("byte %zu can be changed", n);
	}
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors),
		cmocka_unit_test(all_listed),
		cmocka_unit_test(not_accepted_says_so),
		cmocka_unit_test(fields),
		cmocka_unit_test(from_pem),
		cmocka_unit_test(too_large),
		cmocka_unit_test(built),
		cmocka_unit_test(mutations),
	};

	return cmocka_run_group_tests_name("x509_csr", tests, t_crypto_setup, t_crypto_teardown);
}
