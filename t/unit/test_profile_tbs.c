/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include <fcntl.h>
#include <setjmp.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "profile/profile.h"
#include "x509_util.h"

/* The bytes to be signed: equal to what step-ca makes, and good for others' verifiers. */

#define DAY INT64_C(86400)

/* ---- the same bytes as step-ca ---- */

static void assert_same(struct str a, struct str b)
{
	for (size_t i = 0; i < a.n && i < b.n; i++)
		if (a.p[i] != b.p[i])
			fail_msg("byte %zu differs", i);
	assert_int_equal(a.n, b.n);
}

static void like_step_leaf(struct arena *a, const char *file)
{
	struct cert model, issuer;
	struct step_provisioner prov;
	struct profile_fields f;
	struct profile_tbs p = {
		.issuer = &issuer, .sig_alg = SIG_ECDSA_SHA256, .provisioner = &prov};
	struct san_list mixed;
	struct buf out = BUF_INIT;
	struct err e = ERR_INIT;

	t_cert(a, file, &model);
	t_cert(a, "step-inter.pem", &issuer);
	assert_int_equal(ext_step_provisioner_parse(
				 ext_find(&model.exts, OID_STEP_PROVISIONER)->value, a, &prov, &e),
			 0);
	p.serial = model.serial;
	p.not_before = model.not_before;
	p.not_after = model.not_after;
	p.subject_key = key_from_spki(model.spki, &e);
	assert_non_null(p.subject_key);
	/* The names in any order: they are sorted by kind. */
	mixed.items = ARENA_ARRAY(a, struct san, model.sans.n);
	mixed.n = model.sans.n;
	for (size_t i = 0; i < mixed.n; i++)
		mixed.items[i] = model.sans.items[mixed.n - 1 - i];
	profile_leaf_fields(&f, name_get(&model.subject, OID_CN), &mixed, key_type(p.subject_key),
			    a);
	/* step-ca writes common names as PrintableString, Signet as UTF8String. */
	f.subject_der = model.subject.der;
	assert_int_equal(profile_tbs(&f, &p, a, &out, &e), 0);
	assert_same(buf_view(&out), model.tbs);
	buf_release(&out);
	key_free(p.subject_key);
}

static void step_leaf(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	like_step_leaf(a, "step-leaf.pem");
	like_step_leaf(a, "step-leaf-rsa.pem");
	arena_free(a);
}

static void step_intermediate(void **state)
{
	struct arena *a = arena_new();
	struct cert model, issuer;
	struct profile_fields f;
	struct profile_tbs p = {.issuer = &issuer, .sig_alg = SIG_ECDSA_SHA256};
	struct buf out = BUF_INIT;
	struct err e = ERR_INIT;
	int64_t end;

	(void)state;
	t_cert(a, "step-inter.pem", &model);
	t_cert(a, "step-root.pem", &issuer);
	/* That intermediate ends a second after its root, which Signet refuses. */
	end = issuer.not_after;
	assert_int_equal(end + 1, model.not_after);
	issuer.not_after = model.not_after;
	p.serial = model.serial;
	p.not_before = model.not_before;
	p.not_after = model.not_after;
	p.subject_key = key_from_spki(model.spki, &e);
	profile_ca_fields(&f, &model.subject, 0);
	assert_int_equal(profile_tbs(&f, &p, a, &out, &e), 0);
	assert_same(buf_view(&out), model.tbs);
	key_free(p.subject_key);
	/* And the root, which has no authority key id. */
	p.serial = issuer.serial;
	p.not_before = issuer.not_before;
	p.not_after = end;
	p.issuer = NULL;
	p.subject_key = key_from_spki(issuer.spki, &e);
	profile_ca_fields(&f, &issuer.subject, 1);
	buf_reset(&out);
	assert_int_equal(profile_tbs(&f, &p, a, &out, &e), 0);
	assert_same(buf_view(&out), issuer.tbs);
	key_free(p.subject_key);
	buf_release(&out);
	arena_free(a);
}

/* model: what step-ca answered to the renewal of old. */
static void like_step_renewal(struct arena *a, const char *file)
{
	struct cert model, old, issuer;
	struct profile_tbs p = {.issuer = &issuer, .sig_alg = SIG_ECDSA_SHA256};
	struct buf out = BUF_INIT;
	struct err e = ERR_INIT;

	t_cert(a, "step-leaf.pem", &old);
	t_cert(a, file, &model);
	t_cert(a, "step-inter.pem", &issuer);
	p.serial = model.serial;
	p.not_before = model.not_before;
	p.not_after = model.not_after;
	p.subject_key = key_from_spki(model.spki, &e);
	assert_int_equal(profile_tbs_renew(&old, &p, a, &out, &e), 0);
	assert_same(buf_view(&out), model.tbs);
	buf_release(&out);
	key_free(p.subject_key);
}

static void step_renewals(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	like_step_renewal(a, "step-renewed.pem");
	like_step_renewal(a, "step-rekeyed.pem");
	arena_free(a);
}

/* ---- our own hierarchy ---- */

struct made {
	struct key *key;
	struct cert cert;
	unsigned char serial[16];
};

static void make(struct arena *a, struct made *m, const struct profile_fields *f,
		 const struct made *issuer, int64_t days)
{
	struct step_provisioner prov = {
		.type = 1, .name = STR("admin"), .credential_id = STR("kid")};
	struct profile_tbs p = {.serial = str_mem(m->serial, 16),
				.subject_key = m->key,
				.not_before = T_NOW - 60,
				.not_after = T_NOW + days * DAY};
	struct key *signer = issuer != NULL ? issuer->key : m->key;
	struct buf tbs = BUF_INIT, sig = BUF_INIT, der = BUF_INIT;
	struct err e = ERR_INIT;

	profile_serial(m->serial);
	p.issuer = issuer != NULL ? &issuer->cert : NULL;
	p.provisioner = f->is_ca ? NULL : &prov;
	p.sig_alg = sig_alg_for_key(signer);
	if (profile_tbs(f, &p, a, &tbs, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(key_sign(signer, p.sig_alg, buf_view(&tbs), &sig, &e), 0);
	cert_assemble(buf_view(&tbs), p.sig_alg, buf_view(&sig), &der);
	if (cert_parse(arena_str(a, buf_view(&der)), a, &m->cert, &e) < 0)
		fail_msg("%s", e.msg);
	buf_release(&tbs);
	buf_release(&sig);
	buf_release(&der);
}

static void write_pem(const char *path, struct str der)
{
	struct buf pem = BUF_INIT;
	struct err e = ERR_INIT;

	cert_to_pem(der, &pem);
	if (file_replace(path, buf_view(&pem), 0600, &e) < 0)
		fail_msg("%s", e.msg);
	buf_release(&pem);
}

/* openssl verify; -1 when there is no openssl. */
static int openssl_verify(const char *root, const char *inter, const char *leaf)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, 1);
		execlp("openssl", "openssl", "verify", "-x509_strict", "-attime", "1800000000",
		       "-purpose", "sslserver", "-CAfile", root, "-untrusted", inter, leaf,
		       (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status) == 127 ? -1 : WEXITSTATUS(status);
}

static void check_with_openssl(struct arena *a, const struct made *root, const struct made *inter,
			       const struct made *leaf)
{
	char dir[] = "/tmp/signet-test-XXXXXX";
	char *r, *i, *l;
	int rc;

	assert_non_null(mkdtemp(dir));
	r = arena_printf(a, "%s/root.pem", dir);
	i = arena_printf(a, "%s/inter.pem", dir);
	l = arena_printf(a, "%s/leaf.pem", dir);
	write_pem(r, root->cert.der);
	write_pem(i, inter->cert.der);
	write_pem(l, leaf->cert.der);
	rc = openssl_verify(r, i, l);
	unlink(r);
	unlink(i);
	unlink(l);
	rmdir(dir);
	if (rc < 0)
		print_message("openssl is missing: not asked\n");
	else
		assert_int_equal(rc, 0);
}

static void hierarchy(void **state)
{
	static const enum key_type types[] = {KEY_P256, KEY_P384, KEY_P521, KEY_ED25519, KEY_RSA};
	struct san items[] = {t_san(SAN_DNS, "a.example.com"), {SAN_IP, STR("\x0a\0\0\x01")}};
	struct san_list sans = {items, 2};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct arena *a = arena_new();
		struct made root = {0}, inter = {0}, leaf = {0};
		struct name root_name = name_from_cn(STR("Root CA"), a),
			    inter_name = name_from_cn(STR("Intermediate CA"), a);
		struct chain_params p = {.roots = &root.cert,
					 .n_roots = 1,
					 .intermediates = &inter.cert,
					 .n_intermediates = 1,
					 .now = T_NOW,
					 .usage = OID_EKU_SERVER_AUTH};
		struct profile_fields f;
		struct err e = ERR_INIT;

		root.key = key_generate(types[i], 2048, &e);
		inter.key = key_generate(types[i], 2048, &e);
		leaf.key = key_generate(types[(i + 1) % ARRAY_LEN(types)], 2048, &e);
		profile_ca_fields(&f, &root_name, 1);
		make(a, &root, &f, NULL, 3650);
		profile_ca_fields(&f, &inter_name, 0);
		make(a, &inter, &f, &root, 3649);
		/* Once without a subject: the names are critical then. */
		profile_leaf_fields(&f, i % 2 == 0 ? STR("a.example.com") : STR_NULL, &sans,
				    key_type(leaf.key), a);
		make(a, &leaf, &f, &inter, 1);
		assert_int_equal(ext_find(&leaf.cert.exts, OID_SAN)->critical, i % 2 == 1);
		assert_int_equal(leaf.cert.key_usage,
				 key_type(leaf.key) == KEY_RSA
					 ? KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT
					 : KU_DIGITAL_SIGNATURE);
		if (chain_verify(&leaf.cert, &p, &e) < 0)
			fail_msg("%s", e.msg);
		p.n_intermediates = 0;
		assert_int_equal(chain_verify(&leaf.cert, &p, &e), -1);
		check_with_openssl(a, &root, &inter, &leaf);
		key_free(root.key);
		key_free(inter.key);
		key_free(leaf.key);
		arena_free(a);
	}
}

/* ---- refusals ---- */

static void refusals(void **state)
{
	static const struct {
		const char *what;
		struct str serial;
		int64_t nb, na; /* relative to the issuer's end */
		bool ca, no_names;
		enum err_code code;
	} rows[] = {
		{"fine", STR("\x01"), -DAY, 0, false, false, ERR_OK},
		{"beyond the issuer", STR("\x01"), -DAY, 1, false, false, ERR_FORBIDDEN},
		{"reversed", STR("\x01"), -DAY, -DAY - 1, false, false, ERR_INVALID},
		{"serial zero", STR("\0"), -DAY, 0, false, false, ERR_INTERNAL},
		{"serial empty", STR(""), -DAY, 0, false, false, ERR_INTERNAL},
		{"20 octets",
		 STR("\x7f"
		     "1234567890123456789"),
		 -DAY, 0, false, false, ERR_OK},
		{"21 octets with the sign",
		 STR("\x80"
		     "1234567890123456789"),
		 -DAY, 0, false, false, ERR_INTERNAL},
		{"21 octets",
		 STR("\x01"
		     "12345678901234567890"),
		 -DAY, 0, false, false, ERR_INTERNAL},
		{"a CA under path length 0", STR("\x01"), -DAY, 0, true, false, ERR_FORBIDDEN},
		{"no names", STR("\x01"), -DAY, 0, false, true, ERR_INVALID},
	};
	struct arena *a = arena_new();
	struct san san = t_san(SAN_DNS, "a.example.com");
	struct san_list sans = {&san, 1}, none = {NULL, 0};
	struct cert issuer, leaf;
	struct err e = ERR_INIT;
	struct key *k;

	(void)state;
	t_cert(a, "inter.pem", &issuer);
	t_cert(a, "leaf.pem", &leaf);
	k = key_from_spki(leaf.spki, &e);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct profile_tbs p = {.serial = rows[i].serial,
					.issuer = &issuer,
					.sig_alg = SIG_ECDSA_SHA256,
					.subject_key = k,
					.not_before = issuer.not_after + rows[i].nb,
					.not_after = issuer.not_after + rows[i].na};
		struct profile_fields f;
		struct buf out = BUF_INIT;
		int rc;

		e = (struct err)ERR_INIT;
		profile_leaf_fields(&f, rows[i].no_names ? STR_NULL : STR("x"),
				    rows[i].no_names ? &none : &sans, KEY_P256, a);
		f.is_ca = rows[i].ca;
		rc = profile_tbs(&f, &p, a, &out, &e);
		if ((rc == 0) != (rows[i].code == ERR_OK) || e.code != rows[i].code)
			fail_msg("%s: %d, code %d: %s", rows[i].what, rc, (int)e.code, e.msg);
		buf_release(&out);
	}
	/* A leaf issues nothing. */
	{
		struct profile_tbs p = {.serial = STR("\x01"),
					.issuer = &leaf,
					.sig_alg = SIG_ECDSA_SHA256,
					.subject_key = k,
					.not_before = T_NOW,
					.not_after = T_NOW};
		struct profile_fields f;
		struct buf out = BUF_INIT;

		profile_leaf_fields(&f, STR("x"), &sans, KEY_P256, a);
		assert_int_equal(profile_tbs(&f, &p, a, &out, &e), -1);
		assert_int_equal(profile_tbs_renew(&leaf, &p, a, &out, &e), -1);
		assert_int_equal(out.n, 0);
	}
	key_free(k);
	arena_free(a);
}

static void keys(void **state)
{
	static const struct {
		enum key_type type;
		enum err_code code;
	} rows[] = {
		{KEY_P256, ERR_OK},    {KEY_P384, ERR_OK}, {KEY_P521, ERR_OK},
		{KEY_ED25519, ERR_OK}, {KEY_RSA, ERR_OK},  {KEY_X25519, ERR_INVALID},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = ERR_INIT;
		struct key *k = key_generate(rows[i].type, 2048, &e);

		assert_non_null(k);
		assert_int_equal(profile_key_check(k, &e), rows[i].code == ERR_OK ? 0 : -1);
		assert_int_equal(e.code, rows[i].code);
		key_free(k);
	}
}

static void serials(void **state)
{
	unsigned char last[16] = {0}, sn[16];
	unsigned bits[2] = {0, 0};

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		profile_serial(sn);
		assert_in_range(sn[0], 1, 0x7f);
		assert_memory_not_equal(sn, last, sizeof(sn));
		memcpy(last, sn, sizeof(sn));
		for (unsigned k = 8; k < 128; k++)
			bits[sn[k / 8] >> (k % 8) & 1U]++;
	}
	/* 2.4 million fair coins: within five deviations. */
	assert_in_range(bits[0], 1200000 - 3900, 1200000 + 3900);
}

/* Other bytes than the old certificate's do not change with its key id. */
static void renew_other_issuer(void **state)
{
	struct arena *a = arena_new();
	struct cert old, issuer, made;
	struct profile_tbs p = {.serial = STR("\x05"),
				.issuer = &issuer,
				.sig_alg = SIG_ECDSA_SHA256,
				.not_before = T_NOW,
				.not_after = T_NOW + DAY};
	struct buf tbs = BUF_INIT, der = BUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	t_cert(a, "leaf.pem", &old);
	t_cert(a, "root.pem", &issuer);
	p.subject_key = key_from_spki(old.spki, &e);
	assert_int_equal(profile_tbs_renew(&old, &p, a, &tbs, &e), 0);
	cert_assemble(buf_view(&tbs), SIG_ECDSA_SHA256, STR("none"), &der);
	assert_int_equal(cert_parse(buf_view(&der), a, &made, &e), 0);
	assert_true(str_eq(made.aki, issuer.ski));
	assert_true(str_eq(made.ski, old.ski));
	assert_true(str_eq(made.subject.der, old.subject.der));
	assert_true(str_eq(made.issuer.der, issuer.subject.der));
	assert_int_equal(made.sans.n, old.sans.n);
	assert_int_equal(made.exts.n, old.exts.n);
	key_free(p.subject_key);
	buf_release(&tbs);
	buf_release(&der);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(step_leaf),	 cmocka_unit_test(step_intermediate),
		cmocka_unit_test(step_renewals), cmocka_unit_test(hierarchy),
		cmocka_unit_test(refusals),	 cmocka_unit_test(keys),
		cmocka_unit_test(serials),	 cmocka_unit_test(renew_other_issuer),
	};

	return cmocka_run_group_tests_name("profile_tbs", tests, t_crypto_setup, t_crypto_teardown);
}
