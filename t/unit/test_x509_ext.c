/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include <setjmp.h>
#include <cmocka.h>

#include "x509_util.h"

/* Extensions and AlgorithmIdentifiers, byte for byte. */

static void assert_ext(struct ext x, enum oid id, bool critical, struct str value)
{
	assert_true(str_eq(x.oid, oid_der(id)));
	assert_int_equal(x.critical, critical);
	assert_int_equal(x.value.n, value.n);
	assert_memory_equal(x.value.p, value.p, value.n);
}

/* The values are those of a leaf and an intermediate that step-ca made. */
static void builders(void **state)
{
	static const enum oid usages[] = {OID_EKU_SERVER_AUTH, OID_EKU_CLIENT_AUTH};
	struct arena *a = arena_new();
	struct san items[] = {t_san(SAN_DNS, "a.example.com"),
			      t_san(SAN_EMAIL, "u@example.com"),
			      {SAN_IP, STR("\x0a\0\0\x01")},
			      t_san(SAN_URI, "spiffe://a/b")};
	struct san_list sans = {items, ARRAY_LEN(items)};

	(void)state;
	assert_ext(ext_key_usage(a, KU_DIGITAL_SIGNATURE), OID_KEY_USAGE, true,
		   STR("\x03\x02\x07\x80"));
	assert_ext(ext_key_usage(a, KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT), OID_KEY_USAGE,
		   true, STR("\x03\x02\x05\xa0"));
	assert_ext(ext_key_usage(a, KU_CERT_SIGN | KU_CRL_SIGN), OID_KEY_USAGE, true,
		   STR("\x03\x02\x01\x06"));
	assert_ext(ext_eku(a, usages, 2), OID_EXT_KEY_USAGE, false,
		   STR("\x30\x14\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01\x06\x08\x2b\x06\x01\x05"
		       "\x05\x07"
		       "\x03\x02"));
	assert_ext(ext_basic_constraints(a, true, 0), OID_BASIC_CONSTRAINTS, true,
		   STR("\x30\x06\x01\x01\xff\x02\x01\x00"));
	assert_ext(ext_basic_constraints(a, true, -1), OID_BASIC_CONSTRAINTS, true,
		   STR("\x30\x03\x01\x01\xff"));
	assert_ext(ext_basic_constraints(a, false, 3), OID_BASIC_CONSTRAINTS, true,
		   STR("\x30\x00"));
	assert_ext(ext_ski(a, STR("abc")), OID_SUBJECT_KEY_ID, false,
		   STR("\x04\x03"
		       "abc"));
	assert_ext(ext_aki(a, STR("abc")), OID_AUTHORITY_KEY_ID, false,
		   STR("\x30\x05\x80\x03"
		       "abc"));
	assert_ext(ext_san(a, &sans, false), OID_SAN, false,
		   STR("\x30\x32\x82\x0d"
		       "a.example.com"
		       "\x81\x0d"
		       "u@example.com"
		       "\x87\x04\x0a\0\0\x01"
		       "\x86\x0c"
		       "spiffe://a/b"));
	arena_free(a);
}

static void provisioner(void **state)
{
	struct arena *a = arena_new();
	struct step_provisioner p = {.type = 1, .name = STR("admin"), .credential_id = STR("kid")},
				back;
	const struct str pairs[] = {STR("InstanceID"), STR("i-1"), STR("Name"), STR("a*b")};
	struct err e = ERR_INIT;
	struct ext x;

	(void)state;
	x = ext_step_provisioner(a, &p);
	assert_ext(x, OID_STEP_PROVISIONER, false,
		   STR("\x30\x0f\x02\x01\x01\x04\x05"
		       "admin"
		       "\x04\x03"
		       "kid"));
	assert_int_equal(ext_step_provisioner_parse(x.value, a, &back, &e), 0);
	assert_int_equal(back.type, 1);
	assert_str(back.name, "admin");
	assert_str(back.credential_id, "kid");
	assert_int_equal(back.n_pairs, 0);
	p.pairs = pairs;
	p.n_pairs = 4;
	p.credential_id = STR_NULL;
	x = ext_step_provisioner(a, &p);
	assert_ext(x, OID_STEP_PROVISIONER, false,
		   STR("\x30\x2a\x02\x01\x01\x04\x05"
		       "admin"
		       "\x04\x00\x30\x1c\x13\x0a"
		       "InstanceID"
		       "\x13\x03"
		       "i-1"
		       "\x13\x04"
		       "Name"
		       "\x0c\x03"
		       "a*b"));
	assert_int_equal(ext_step_provisioner_parse(x.value, a, &back, &e), 0);
	assert_int_equal(back.n_pairs, 4);
	assert_str(back.pairs[3], "a*b");
	for (size_t n = 0; n < x.value.n; n++)
		assert_int_equal(
			ext_step_provisioner_parse((struct str){x.value.p, n}, a, &back, &e), -1);
	/* A negative type. */
	assert_int_equal(ext_step_provisioner_parse(STR("\x30\x07\x02\x01\xff\x04\x00\x04\x00"), a,
						    &back, &e),
			 -1);
	arena_free(a);
}

static void list(void **state)
{
	struct arena *a = arena_new();
	struct ext items[] = {ext_key_usage(a, KU_CERT_SIGN), ext_ski(a, STR("id"))};
	struct ext_list l = {items, 2}, back;
	struct buf der = BUF_INIT;
	struct err e = ERR_INIT;
	struct str in, seq;

	(void)state;
	ext_list_write(&l, &der);
	in = buf_view(&der);
	assert_true(der_get(&in, DER_SEQUENCE, &seq));
	assert_int_equal(ext_list_parse(seq, a, &back, &e), 0);
	assert_int_equal(back.n, 2);
	assert_ext(back.items[0], OID_KEY_USAGE, true, items[0].value);
	assert_ext(*ext_find(&back, OID_SUBJECT_KEY_ID), OID_SUBJECT_KEY_ID, false, items[1].value);
	assert_null(ext_find(&back, OID_SAN));
	items[1] = items[0];
	buf_reset(&der);
	ext_list_write(&l, &der);
	in = buf_view(&der);
	assert_true(der_get(&in, DER_SEQUENCE, &seq));
	assert_int_equal(ext_list_parse(seq, a, &back, &e), -1);
	assert_non_null(strstr(e.msg, "keyUsage is there twice"));
	/* critical FALSE is not DER; nor is 0x01 for TRUE. */
	assert_int_equal(ext_list_parse(STR("\x30\x0b\x06\x03\x2a\x03\x04\x01\x01\x00\x04\x01x"), a,
					&back, &e),
			 -1);
	assert_int_equal(ext_list_parse(STR("\x30\x0b\x06\x03\x2a\x03\x04\x01\x01\x01\x04\x01x"), a,
					&back, &e),
			 -1);
	assert_int_equal(ext_list_parse(STR("\x30\x0b\x06\x03\x2a\x03\x04\x01\x01\xff\x04\x01x"), a,
					&back, &e),
			 0);
	buf_release(&der);
	arena_free(a);
}

static void algorithms(void **state)
{
	static const struct str bad[] = {
		STR(""),
		STR("\x30\x00"),
		STR("\x30\x0c\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02\x05\x00"), /* ECDSA with NULL
										  */
		STR("\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"), /* RSA without NULL */
		/* Ed25519 with NULL */
		STR("\x30\x07\x06\x03\x2b\x65\x70\x05\x00"),
		STR("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05\x00"), /* SHA-1 */
		STR("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04\x05\x00"), /* MD5 */
		STR("\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"), /* PSS, SHA-1 by
										default */
		STR("\x30\x05\x06\x03\x2b\x65\x71"),			     /* Ed448 */
		STR("\x30\x05\x06\x03\x2b\x65\x70\x00"),
	};

	(void)state;
	for (int i = SIG_ECDSA_SHA256; i <= SIG_PSS_SHA512; i++) {
		struct buf b = BUF_INIT;

		x509_sig_alg_write((enum sig_alg)i, &b);
		assert_int_equal(x509_sig_alg_parse(buf_view(&b)), i);
		for (size_t n = 0; n < b.n; n++)
			assert_int_equal(x509_sig_alg_parse((struct str){b.p, n}), SIG_NONE);
		buf_release(&b);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(x509_sig_alg_parse(bad[i]), SIG_NONE);
}

/* What a real CA wrote gives the same list again. */
static void round_trip(void **state)
{
	static const char *const files[] = {"step-leaf.pem", "step-inter.pem", "leaf.pem",
					    "certtool-root.pem"};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct buf b = BUF_INIT;
		struct cert c;

		t_cert(a, files[i], &c);
		ext_list_write(&c.exts, &b);
		assert_non_null(memmem(c.tbs.p, c.tbs.n, b.p, b.n));
		buf_release(&b);
	}
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(builders),   cmocka_unit_test(provisioner), cmocka_unit_test(list),
		cmocka_unit_test(algorithms), cmocka_unit_test(round_trip),
	};

	return cmocka_run_group_tests_name("x509_ext", tests, t_crypto_setup, t_crypto_teardown);
}
