/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include <setjmp.h>
#include <cmocka.h>

#include "x509_util.h"

/* Path finding and checking on the certificates of t/vectors/x509. */

#define MAX_GIVEN 5

struct row {
	const char *leaf;
	const char *roots[MAX_GIVEN], *inters[MAX_GIVEN];
	enum oid usage;
	const char *error; /* NULL: a good path; else what the message must hold */
	int64_t now;	   /* 0: T_NOW */
};

#define ROOT                                                                                       \
	{                                                                                          \
		"root.pem"                                                                         \
	}
#define INTER                                                                                      \
	{                                                                                          \
		"inter.pem"                                                                        \
	}
#define SERVER OID_EKU_SERVER_AUTH

static const struct row rows[] = {
	{"leaf.pem", ROOT, INTER, OID_NONE, NULL, 0},
	{"leaf.pem", ROOT, INTER, SERVER, NULL, 0},
	{"leaf.pem", ROOT, INTER, OID_EKU_CODE_SIGNING, "does not allow codeSigning", 0},
	{"leaf.pem", ROOT, {NULL}, OID_NONE, "CN=a.example.com: its issuer is neither", 0},
	{"leaf.pem", {NULL}, INTER, OID_NONE, "CN=Intermediate,O=Test: its issuer is neither", 0},
	{"leaf.pem", {"root-rsa.pem"}, INTER, OID_NONE, "its issuer is neither", 0},
	{"leaf.pem", INTER, {NULL}, SERVER, NULL, 0}, /* a trust anchor need not be self-signed
							   */
	{"leaf.pem",
	 {"root-fake.pem", "root.pem"},
	 {"inter-nc.pem", "leaf.pem", "inter.pem"},
	 SERVER,
	 NULL,
	 0},
	{"leaf.pem", {"root-fake.pem"}, INTER, OID_NONE, "CN=Intermediate,O=Test: signature", 0},
	{"leaf.pem", {"leaf.pem"}, {NULL}, SERVER, NULL, 0},
	{"root.pem", ROOT, {NULL}, OID_NONE, NULL, 0},
	{"inter.pem", ROOT, {NULL}, OID_NONE, NULL, 0},
	{"leaf.pem", ROOT, INTER, OID_NONE, "not valid before 2026-01-01T00:00:00Z",
	 INT64_C(1767225599)},
	{"leaf.pem", ROOT, INTER, OID_NONE, NULL, INT64_C(1767225600)},
	{"leaf.pem", ROOT, INTER, OID_NONE, NULL, INT64_C(2398377600)},
	{"leaf.pem", ROOT, INTER, OID_NONE, "expired at 2046-01-01T00:00:00Z", INT64_C(2398377601)},
	{"leaf-expired.pem", ROOT, INTER, OID_NONE, "CN=expired: expired at 2025-02-01T00:00:00Z",
	 0},
	{"leaf-future.pem", ROOT, INTER, OID_NONE, "CN=future: not valid before", 0},
	{"leaf-codesign.pem", ROOT, INTER, SERVER,
	 "CN=codesign: extended key usage does not allow serverAuth", 0},
	{"leaf-codesign.pem", ROOT, INTER, OID_NONE, NULL, 0},
	{"leaf-critical.pem", ROOT, INTER, OID_NONE, "CN=critical: critical extension 1.2.3.4", 0},
	{"leaf-badsig.pem", ROOT, INTER, OID_NONE, "CN=a.example.com: signature", 0},
	{"leaf-pathlen.pem",
	 ROOT,
	 {"inter.pem", "inter2.pem"},
	 OID_NONE,
	 "CN=Intermediate,O=Test: path length 0 exceeded",
	 0},
	{"inter2.pem", ROOT, INTER, OID_NONE, NULL, 0}, /* the last certificate does not count */
	{"leaf-notca.pem",
	 ROOT,
	 {"inter.pem", "notca.pem"},
	 OID_NONE,
	 "CN=Not a CA,O=Test: not a CA",
	 0},
	{"leaf-nosign.pem",
	 ROOT,
	 {"nosign.pem"},
	 OID_NONE,
	 "CN=No keyCertSign,O=Test: key usage",
	 0},
	{"leaf-inter-expired.pem",
	 ROOT,
	 {"inter-expired.pem"},
	 OID_NONE,
	 "CN=Expired CA,O=Test: expired",
	 0},
	{"leaf-inter-client.pem",
	 ROOT,
	 {"inter-client.pem"},
	 SERVER,
	 "CN=Clients only,O=Test: extended key usage",
	 0},
	{"leaf-inter-client.pem", ROOT, {"inter-client.pem"}, OID_EKU_CLIENT_AUTH, NULL, 0},
	{"leaf-nc-good.pem", ROOT, {"inter-nc.pem"}, OID_NONE, NULL, 0},
	{"leaf-nc-outside.pem",
	 ROOT,
	 {"inter-nc.pem"},
	 OID_NONE,
	 "'example.org' is not permitted",
	 0},
	{"leaf-nc-excluded.pem",
	 ROOT,
	 {"inter-nc.pem"},
	 OID_NONE,
	 "'x.bad.example.com' is excluded",
	 0},
	{"leaf-nc-ip.pem", ROOT, {"inter-nc.pem"}, OID_NONE, "'192.0.2.1' is not permitted", 0},
	{"leaf-nc-deep.pem",
	 ROOT,
	 {"inter-nc-below.pem", "inter-nc.pem"},
	 OID_NONE,
	 "'example.net' is not permitted",
	 0},
	{"leaf-nc-outside.pem",
	 {"inter-nc.pem"},
	 {NULL},
	 OID_NONE,
	 "is not permitted",
	 0}, /* a root's count too */
	{"leaf-loop.pem",
	 ROOT,
	 {"loop-a-by-b.pem", "loop-b-by-a.pem", "loop-a.pem", "loop-b.pem"},
	 OID_NONE,
	 "its issuer|signature|neither",
	 0},
	{"leaf-loop.pem",
	 {"loop-b.pem"},
	 {"loop-b-by-a.pem", "loop-a-by-b.pem"},
	 OID_NONE,
	 NULL,
	 0},
	{"leaf-rsa.pem", {"root-rsa.pem"}, {NULL}, SERVER, NULL, 0},
	{"leaf-pss.pem", {"root-rsa.pem"}, {NULL}, SERVER, NULL, 0},
	{"leaf-sha1.pem",
	 {"root-rsa.pem"},
	 {NULL},
	 SERVER,
	 "CN=by sha1: signature algorithm not accepted",
	 0},
	{"leaf-ed25519.pem", {"root-ed25519.pem"}, {NULL}, SERVER, NULL, 0},
	{"certtool-leaf.pem", {"certtool-root.pem"}, {NULL}, SERVER, NULL, 0},
	{"step-leaf.pem", {"step-root.pem"}, {"step-inter.pem"}, SERVER, NULL, INT64_C(1795506300)},
	{"step-renewed.pem",
	 {"step-root.pem"},
	 {"step-inter.pem"},
	 OID_EKU_CLIENT_AUTH,
	 NULL,
	 INT64_C(1795506300)},
};

static size_t load(struct arena *a, const char *const *names, struct cert *out)
{
	size_t n = 0;

	while (n < MAX_GIVEN && names[n] != NULL) {
		t_cert(a, names[n], &out[n]);
		n++;
	}
	return n;
}

static void vectors(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *r = &rows[i];
		struct cert leaf, roots[MAX_GIVEN], inters[MAX_GIVEN];
		struct chain_params p = {.roots = roots,
					 .intermediates = inters,
					 .now = r->now != 0 ? r->now : T_NOW,
					 .usage = r->usage};
		struct err e = ERR_INIT;
		int rc;

		t_cert(a, r->leaf, &leaf);
		p.n_roots = load(a, r->roots, roots);
		p.n_intermediates = load(a, r->inters, inters);
		rc = chain_verify(&leaf, &p, &e);
		if ((rc == 0) != (r->error == NULL))
			fail_msg("row %zu, %s: %s", i, r->leaf, rc == 0 ? "was taken" : e.msg);
		if (rc == 0)
			continue;
		assert_int_equal(e.code, ERR_UNAUTHORIZED);
		if (strchr(r->error, '|') == NULL && strstr(e.msg, r->error) == NULL)
			fail_msg("row %zu, %s: '%s' is not in '%s'", i, r->leaf, r->error, e.msg);
	}
	arena_free(a);
}

/* ---- paths made here ---- */

struct made {
	struct key *key;
	struct cert cert;
};

static void make(struct arena *a, struct made *m, const char *cn, const struct made *issuer,
		 unsigned serial)
{
	struct err e = ERR_INIT;
	struct name name = name_from_cn(str_c(cn), a);
	struct buf subject = BUF_INIT, spki = BUF_INIT, tbs = BUF_INIT, sig = BUF_INIT,
		   der = BUF_INIT;
	struct ext exts[] = {ext_key_usage(a, KU_CERT_SIGN), ext_basic_constraints(a, true, -1)};
	unsigned char sn[2] = {(unsigned char)(1 + serial / 256), (unsigned char)(serial % 256)};
	struct tbs_spec s = {.serial = str_mem(sn, 2),
			     .sig_alg = SIG_ED25519,
			     .not_before = 0,
			     .not_after = T_NOW * 2,
			     .exts = {exts, 2}};

	if (m->key == NULL)
		m->key = key_generate(KEY_ED25519, 0, &e);
	assert_non_null(m->key);
	name_write(&name, &subject);
	key_to_spki(m->key, &spki);
	s.subject_der = buf_view(&subject);
	s.issuer_der = issuer != NULL ? issuer->cert.subject.der : s.subject_der;
	s.spki = buf_view(&spki);
	tbs_build(&s, &tbs);
	assert_int_equal(key_sign(issuer != NULL ? issuer->key : m->key, SIG_ED25519,
				  buf_view(&tbs), &sig, &e),
			 0);
	cert_assemble(buf_view(&tbs), SIG_ED25519, buf_view(&sig), &der);
	assert_int_equal(cert_parse(arena_str(a, buf_view(&der)), a, &m->cert, &e), 0);
	buf_release(&subject);
	buf_release(&spki);
	buf_release(&tbs);
	buf_release(&sig);
	buf_release(&der);
}

/* Ten certificates and a root are too many, nine are not. */
static void depth(void **state)
{
	struct arena *a = arena_new();
	struct made ca[12] = {{0}};
	struct cert certs[12];

	(void)state;
	for (unsigned i = 0; i < 12; i++) {
		make(a, &ca[i], arena_printf(a, "ca %u", i), i > 0 ? &ca[i - 1] : NULL, i);
		certs[i] = ca[i].cert;
	}
	for (unsigned leaf = 1; leaf < 12; leaf++) {
		struct chain_params p = {.roots = certs,
					 .n_roots = 1,
					 .intermediates = certs + 1,
					 .n_intermediates = 11,
					 .now = T_NOW};
		struct err e = ERR_INIT;

		assert_int_equal(chain_verify(&certs[leaf], &p, &e), leaf <= 10 ? 0 : -1);
	}
	for (unsigned i = 0; i < 12; i++)
		key_free(ca[i].key);
	arena_free(a);
}

/* A mesh of CAs that all sign each other without reaching a root: the search gives up. */
static void mesh(void **state)
{
	enum { N = 6 };
	struct arena *a = arena_new();
	struct made ca[N] = {{0}}, root = {0}, one;
	struct cert certs[N * N];
	struct chain_params p = {
		.roots = &root.cert, .n_roots = 1, .intermediates = certs, .now = T_NOW};
	struct err e = ERR_INIT;

	(void)state;
	make(a, &root, "root", NULL, 1);
	for (unsigned i = 0; i < N; i++)
		make(a, &ca[i], arena_printf(a, "mesh %u", i), NULL, 100 + i);
	for (unsigned i = 0; i < N; i++) {
		for (unsigned k = 0; k < N; k++) {
			one = ca[i];
			make(a, &one, arena_printf(a, "mesh %u", i), &ca[k], 200 + i * N + k);
			certs[p.n_intermediates++] = one.cert;
		}
	}
	assert_int_equal(chain_verify(&certs[1], &p, &e), -1);
	assert_int_equal(e.code, ERR_UNAUTHORIZED);
	/* With a way out it is found. */
	one = ca[N - 1];
	make(a, &one, arena_printf(a, "mesh %d", N - 1), &root, 999);
	certs[0] = one.cert;
	assert_int_equal(chain_verify(&certs[1], &p, &e), 0);
	for (unsigned i = 0; i < N; i++)
		key_free(ca[i].key);
	key_free(root.key);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors),
		cmocka_unit_test(depth),
		cmocka_unit_test(mesh),
	};

	return cmocka_run_group_tests_name("x509_chain", tests, t_crypto_setup, t_crypto_teardown);
}
