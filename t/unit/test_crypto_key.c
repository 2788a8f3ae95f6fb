/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/der.h"
#include "crypto/priv.h"
#include "crypto_util.h"

/* Keys: kinds, generation, copies, SubjectPublicKeyInfo, parts, and what the constructors refuse.
 */

static const struct {
	enum key_type type;
	unsigned bits;
	const char *name, *file;
} kinds[] = {
	{KEY_P256, 256, "P-256", "p256"},      {KEY_P384, 384, "P-384", "p384"},
	{KEY_P521, 521, "P-521", "p521"},      {KEY_ED25519, 255, "Ed25519", "ed25519"},
	{KEY_X25519, 255, "X25519", "x25519"}, {KEY_RSA, 2048, "RSA", "rsa2048"},
	{KEY_RSA, 3072, "RSA", "rsa3072"},     {KEY_RSA, 4096, "RSA", "rsa4096"},
};

static struct key *kind_private(size_t i)
{
	struct err e = ERR_INIT;
	char *name = mem_asprintf("%s.pem", kinds[i].file);
	struct key *k = must(load_private(name, NULL, &e), &e);

	mem_free(name);
	return k;
}

static struct key *kind_public(size_t i)
{
	struct err e = ERR_INIT;
	char *name = mem_asprintf("%s.pub.pem", kinds[i].file);
	struct key *k = must(load_public(name, &e), &e);

	mem_free(name);
	return k;
}

static void test_type_parse(void **state)
{
	static const struct {
		const char *kind, *curve;
		unsigned size;
		enum key_type type;
		unsigned bits;
	} cases[] = {
		{"EC", NULL, 0, KEY_P256, 256},		{"EC", "", 0, KEY_P256, 256},
		{"EC", "P-384", 0, KEY_P384, 384},	{"EC", "P-521", 0, KEY_P521, 521},
		{"OKP", NULL, 0, KEY_ED25519, 255},	{"OKP", "X25519", 0, KEY_X25519, 255},
		{"RSA", NULL, 0, KEY_RSA, 2048},	{"RSA", "", 3072, KEY_RSA, 3072},
		{"RSA", NULL, 4096, KEY_RSA, 4096},	{"P-256", NULL, 0, KEY_P256, 256},
		{"Ed25519", NULL, 0, KEY_ED25519, 255}, {"P-384", "P-384", 0, KEY_P384, 384},
		{"RSA", NULL, 1024, KEY_NONE, 0},	{"RSA", NULL, 8192, KEY_NONE, 0},
		{"RSA", NULL, 2049, KEY_NONE, 0},	{"RSA", "P-256", 0, KEY_NONE, 0},
		{"EC", "Ed25519", 0, KEY_NONE, 0},	{"EC", "P-224", 0, KEY_NONE, 0},
		{"EC", NULL, 256, KEY_NONE, 0},		{"OKP", "P-256", 0, KEY_NONE, 0},
		{"oct", NULL, 0, KEY_NONE, 0},		{"", NULL, 0, KEY_NONE, 0},
		{NULL, NULL, 0, KEY_NONE, 0},		{"P-256", "P-384", 0, KEY_NONE, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		enum key_type t = KEY_NONE;
		unsigned bits = 0;
		struct err e = ERR_INIT;
		int rc =
			key_type_parse(cases[i].kind, cases[i].curve, cases[i].size, &t, &bits, &e);

		assert_int_equal(rc, cases[i].type == KEY_NONE ? -1 : 0);
		assert_int_equal(t, cases[i].type);
		assert_int_equal(bits, cases[i].bits);
		assert_int_equal(e.code, rc == 0 ? ERR_OK : ERR_INVALID);
	}
}

/* The orders in alg.c are those of wolfCrypt's tables. */
static void test_orders(void **state)
{
	(void)state;
	for (enum key_type t = KEY_P256; t <= KEY_P521; t++) {
		const struct key_type_info *info = key_type_info(t);
		const ecc_set_type *set =
			wc_ecc_get_curve_params(wc_ecc_get_curve_idx(info->curve));
		struct buf hex = BUF_INIT;
		unsigned char v[KEY_WIDTH_MAX];

		hex_encode(str_mem(info->order, info->width), &hex);
		struct str mine = buf_view(&hex);
		if (t == KEY_P521)
			mine = str_mem(hex.p + 1, hex.n - 1); /* theirs has 131 digits */
		assert_true(str_ieqc(mine, set->order));
		buf_release(&hex);

		memset(v, 0, sizeof(v));
		assert_false(ec_scalar_in_range(info, v));
		v[info->width - 1] = 1;
		assert_true(ec_scalar_in_range(info, v));
		memcpy(v, info->order, info->width);
		assert_false(ec_scalar_in_range(info, v));
		v[info->width - 1]--;
		assert_true(ec_scalar_in_range(info, v));
	}
}

static void same_spki(const struct key *a, const struct key *b)
{
	struct buf x = BUF_INIT, y = BUF_INIT;

	key_to_spki(a, &x);
	key_to_spki(b, &y);
	assert_true(str_eq(buf_view(&x), buf_view(&y)));
	buf_release(&x);
	buf_release(&y);
}

/* Parts out and in, PKCS#8 out and in, copies: all the same key. */
static void round_trip(const struct key *k)
{
	struct err e = ERR_INIT;
	struct key_parts p;
	struct secret der = SECRET_INIT, again = SECRET_INIT;

	key_parts(k, true, &p);
	struct key *from_parts = must(key_from_parts(key_type(k), &p, &e), &e);
	secret_release(&p.d);
	struct key *pub_parts = must(key_from_parts(key_type(k), &p, &e), &e);
	key_parts_release(&p);
	key_to_pkcs8(k, &der);
	struct key *from_der = must(key_from_file_data(secret_view(&der), NULL, &e), &e);
	key_to_pkcs8(from_der, &again);
	assert_true(str_eq(secret_view(&der), secret_view(&again)));
	struct key *dup = key_dup(k), *pub = key_public(k), *pub_dup = key_dup(pub);
	key_to_pkcs8(dup, &again);
	assert_true(str_eq(secret_view(&der), secret_view(&again)));
	key_to_pkcs8(from_parts, &again);
	assert_true(str_eq(secret_view(&der), secret_view(&again)));

	struct key *all[] = {from_parts, pub_parts, from_der, dup, pub, pub_dup};
	static const bool is_private[] = {true, false, true, true, false, false};
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		assert_true(key_equal(k, all[i]));
		assert_int_equal(key_is_private(all[i]), is_private[i]);
		assert_int_equal(key_bits(all[i]), key_bits(k));
		same_spki(k, all[i]);
		key_free(all[i]);
	}
	secret_release(&der);
	secret_release(&again);
}

static void test_generate(void **state)
{
	(void)state;
	for (size_t i = 0; i < 6; i++) {
		struct err e = ERR_INIT;
		unsigned bits = kinds[i].type == KEY_RSA ? 2048 : 0;
		struct key *a = must(key_generate(kinds[i].type, bits, &e), &e);
		struct key *b = kind_private(i);

		assert_int_equal(key_type(a), kinds[i].type);
		assert_string_equal(key_type_name(key_type(a)), kinds[i].name);
		assert_int_equal(key_bits(a), kinds[i].bits);
		assert_true(key_is_private(a));
		assert_false(key_equal(a, b));
		round_trip(a);
		key_free(a);
		key_free(b);
	}
	struct err e = ERR_INIT;
	assert_null(key_generate(KEY_RSA, 1024, &e));
	assert_int_equal(e.code, ERR_INVALID);
}

static void test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct key *k = kind_private(i), *pub = kind_public(i);
		char *name = mem_asprintf("%s.pub.pem", kinds[i].file);
		struct buf file = load("keys", name), pem = BUF_INIT;

		assert_int_equal(key_type(k), kinds[i].type);
		assert_int_equal(key_bits(k), kinds[i].bits);
		assert_true(key_equal(k, pub));
		assert_false(key_is_private(pub));
		key_public_to_pem(k, &pem);
		assert_true(str_eq(buf_view(&pem), buf_view(&file)));
		round_trip(k);
		for (size_t j = 0; j < i; j++) {
			struct key *other = kind_public(j);
			assert_false(key_equal(k, other));
			key_free(other);
		}
		key_free(k);
		key_free(pub);
		mem_free(name);
		buf_release(&file);
		buf_release(&pem);
	}
}

static void test_spki_refused(void **state)
{
	static const struct {
		const char *file;
		enum err_code code;
	} cases[] = {
		{"bad-rsa1024.pub.pem", ERR_FORBIDDEN},	 {"bad-rsa4608.pub.pem", ERR_UNSUPPORTED},
		{"bad-rsa-e3.pub.pem", ERR_INVALID},	 {"bad-p224.pub.pem", ERR_UNSUPPORTED},
		{"bad-k256.pub.pem", ERR_UNSUPPORTED},	 {"bad-ed448.pub.pem", ERR_UNSUPPORTED},
		{"bad-dsa.pub.pem", ERR_UNSUPPORTED},	 {"bad-rsapss.pub.pem", ERR_UNSUPPORTED},
		{"bad-compressed.pub.pem", ERR_INVALID}, {"bad-explicit.pub.pem", ERR_INVALID},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err e = ERR_INIT;
		struct key *k = load_public(cases[i].file, &e);

		if (k != NULL || e.code != cases[i].code)
			fail_msg("%s: %s %s", cases[i].file, err_code_name(e.code), e.msg);
	}
}

/* Cut anywhere, or with a byte more: refused. Any byte changed: refused, or another key. */
static void test_spki_damage(void **state)
{
	(void)state;
	for (size_t i = 0; i < 6; i++) {
		struct key *k = kind_public(i);
		struct buf der = BUF_INIT;
		struct err e = ERR_INIT;

		key_to_spki(k, &der);
		for (size_t n = 0; n < der.n; n++)
			assert_null(key_from_spki(str_mem(der.p, n), &e));
		buf_u8(&der, 0);
		assert_null(key_from_spki(buf_view(&der), &e));
		der.n--;
		for (size_t at = 0; at < der.n; at++) {
			der.p[at] ^= 0x04;
			struct key *other = key_from_spki(buf_view(&der), &e);
			if (other != NULL)
				assert_false(key_equal(k, other));
			key_free(other);
			der.p[at] ^= 0x04;
		}
		key_free(k);
		buf_release(&der);
	}
}

static void refuse_parts(enum key_type t, const struct key_parts *p)
{
	struct err e = ERR_INIT;

	assert_null(key_from_parts(t, p, &e));
	assert_int_equal(e.code, ERR_INVALID);
}

static void test_parts_ec(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct key *k = kind_private(i);
		size_t w = key_type_info(kinds[i].type)->width;
		struct key_parts p;

		key_parts(k, true, &p);
		assert_int_equal(p.x.n, w);
		assert_int_equal(p.y.n, w);
		assert_int_equal(p.d.n, w);
		p.y.p[w - 1] ^= 1; /* off the curve, and another's public part */
		refuse_parts(kinds[i].type, &p);
		secret_resize(&p.d, 0);
		refuse_parts(kinds[i].type, &p);
		memset(p.x.p, 0,
		       w); /* the point at infinity has no coordinates: 0, 0 is not on the curve */
		memset(p.y.p, 0, w);
		refuse_parts(kinds[i].type, &p);
		memset(p.x.p, 0xff, w); /* not below the field's prime */
		refuse_parts(kinds[i].type, &p);
		key_parts_release(&p);

		key_parts(k, true, &p);
		secret_set(&p.d, key_type_info(kinds[i].type)->order, w);
		refuse_parts(kinds[i].type, &p);
		memset(p.d.p, 0, w);
		refuse_parts(kinds[i].type, &p);
		p.d.p[w - 1] = 1; /* a good scalar, of another key */
		refuse_parts(kinds[i].type, &p);
		secret_resize(&p.d, w - 1);
		refuse_parts(kinds[i].type, &p);
		key_parts_release(&p);

		key_parts(k, false, &p);
		assert_int_equal(p.d.n, 0);
		p.x.n--;
		refuse_parts(kinds[i].type, &p);
		p.x.n++;
		refuse_parts(i == 0 ? KEY_P384 : KEY_P256, &p);
		key_parts_release(&p);
		key_free(k);
	}
}

/* y = 7 is on no point; 2^255-18 is 1 plus p, not canonical; the rest have small order. */
static void test_parts_ed25519(void **state)
{
	static const char *const bad[] = {
		"0700000000000000000000000000000000000000000000000000000000000000",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0000000000000000000000000000000000000000000000000000000000000080",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
	};
	struct key_parts p = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		p.x = unhex(bad[i]);
		refuse_parts(KEY_ED25519, &p);
		key_parts_release(&p);
	}
	/* RFC 8032 7.1, test 2 */
	struct err e = ERR_INIT;
	struct buf seed = unhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
	p.x = unhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
	secret_set(&p.d, seed.p, seed.n);
	struct key *k = must(key_from_parts(KEY_ED25519, &p, &e), &e);
	p.d.p[0] ^= 1;
	refuse_parts(KEY_ED25519, &p);
	secret_resize(&p.d, 31);
	refuse_parts(KEY_ED25519, &p);
	key_free(k);
	buf_release(&seed);
	key_parts_release(&p);
}

/* RFC 7748 6.1; the scalar comes back as it was given, not clamped. */
static void test_parts_x25519(void **state)
{
	struct buf d = unhex("77076d0a7318a57d3c16c17251b26645df50a36ad4c9d3dbe0e8a6d5d3a1ae5d");
	struct key_parts p = {0}, back;
	struct err e = ERR_INIT;

	(void)state;
	d.p[0] = (char)0xff;
	secret_set(&p.d, d.p, d.n);
	p.x = unhex("00");
	refuse_parts(KEY_X25519, &p);
	struct key *k = must(key_okp_new(KEY_X25519, STR_NULL, buf_view(&d), false, &e), &e);
	key_parts(k, true, &back);
	assert_true(str_eq(secret_view(&back.d), buf_view(&d)));
	round_trip(k);
	key_free(k);
	key_parts_release(&back);
	key_parts_release(&p);
	buf_release(&d);
}

static void flip_secret(struct key_parts *p, struct secret *s)
{
	s->p[s->n / 2] ^= 0x10;
	refuse_parts(KEY_RSA, p);
	s->p[s->n / 2] ^= 0x10;
}

static void test_parts_rsa(void **state)
{
	struct key *k = kind_private(5);
	struct err e = ERR_INIT;
	struct key_parts p;

	(void)state;
	key_parts(k, true, &p);
	assert_int_equal(p.n.n, 256);
	assert_int_equal(p.e.n, 3);
	struct secret *each[] = {&p.d, &p.p, &p.q, &p.dp, &p.dq, &p.qi};
	for (size_t i = 0; i < ARRAY_LEN(each); i++) {
		flip_secret(&p, each[i]);
		struct secret kept = *each[i];
		*each[i] = (struct secret)SECRET_INIT;
		if (i > 0) /* without d it is a public key */
			refuse_parts(KEY_RSA, &p);
		*each[i] = kept;
	}
	p.n.p[255] ^= 1; /* even */
	refuse_parts(KEY_RSA, &p);
	p.n.p[255] ^= 1;
	p.n.p[100] ^= 1;
	refuse_parts(KEY_RSA, &p);
	p.n.p[100] ^= 1;

	/* the primes may be exchanged, with the rest to match: qi is computed here as p^-1 mod q */
	struct secret t = p.p;
	p.p = p.q;
	p.q = t;
	t = p.dp;
	p.dp = p.dq;
	p.dq = t;
	refuse_parts(KEY_RSA, &p); /* qi is still the old one */
	mp_int m, q, inv;
	assert_int_equal(mp_init_multi(&m, &q, &inv, NULL, NULL, NULL), 0);
	assert_int_equal(mp_read_unsigned_bin(&m, p.p.p, (word32)p.p.n), 0);
	assert_int_equal(mp_read_unsigned_bin(&q, p.q.p, (word32)p.q.n), 0);
	assert_int_equal(mp_invmod(&q, &m, &inv), 0);
	key_rsa_integer_secret(&inv, &p.qi);
	struct key *swapped = must(key_from_parts(KEY_RSA, &p, &e), &e);
	struct buf sig = BUF_INIT;
	for (int i = 0; i < 5; i++) {
		buf_reset(&sig);
		assert_int_equal(
			key_sign(swapped, SIG_RSA_SHA256, str_mem(&i, sizeof(i)), &sig, &e), 0);
		assert_int_equal(
			key_verify(k, SIG_RSA_SHA256, str_mem(&i, sizeof(i)), buf_view(&sig), &e),
			0);
	}
	buf_release(&sig);
	key_free(swapped);

	struct buf zero = BUF_INIT; /* leading zeros are not minimal */
	buf_u8(&zero, 0);
	buf_str(&zero, buf_view(&p.e));
	buf_release(&p.e);
	p.e = zero;
	refuse_parts(KEY_RSA, &p);
	key_parts_release(&p);
	key_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_type_parse),   cmocka_unit_test(test_orders),
		cmocka_unit_test(test_generate),     cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_spki_refused), cmocka_unit_test(test_spki_damage),
		cmocka_unit_test(test_parts_ec),     cmocka_unit_test(test_parts_ed25519),
		cmocka_unit_test(test_parts_x25519), cmocka_unit_test(test_parts_rsa),
	};

	return cmocka_run_group_tests_name("crypto_key", tests, crypto_up, crypto_down);
}
