/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include <fcntl.h>
#include <setjmp.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "codec/b64.h"
#include "codec/json.h"
#include "profile/content_priv.h"
#include "x509_util.h"

/* What a leaf's template may not say, whichever way; keys that nobody may have. */

/* ---- forbidden results ---- */

struct world {
	struct arena *a;
	struct key *key;
	struct cert issuer;
};

static void build(struct world *w)
{
	struct err e = ERR_INIT;

	*w = (struct world){.a = arena_new()};
	t_cert(w->a, "step-inter.pem", &w->issuer);
	w->issuer.max_path_len = -1;
	w->key = key_generate(KEY_P256, 0, &e);
	assert_non_null(w->key);
}

static void drop(struct world *w)
{
	key_free(w->key);
	arena_free(w->a);
}

static void make(struct world *w, const char *json, bool past, struct cert *out)
{
	struct profile_fields f;
	struct profile_tbs p = {
		.serial = STR("\x01"),
		.issuer = &w->issuer,
		.sig_alg = SIG_ECDSA_SHA256,
		.subject_key = w->key,
		.not_before = T_NOW,
		.not_after = past ? w->issuer.not_after + 1 : T_NOW + 60,
		.past_issuer = past,
		.no_names = true,
	};
	struct buf tbs = BUF_INIT;
	struct err e = ERR_INIT;

	if (content_read(str_c(json), w->a, &f, &e) < 0 ||
	    profile_tbs(&f, &p, w->a, &tbs, &e) < 0 ||
	    cert_parse_tbs(arena_str(w->a, buf_view(&tbs)), w->a, out, &e) < 0)
		fail_msg("%s: %s", json, e.msg);
	buf_release(&tbs);
}

static void forbidden(void **state)
{
	static const struct {
		const char *json, *word;
		unsigned flag;
	} rows[] = {
		{"{\"subject\":\"x\",\"basicConstraints\":{\"isCA\":true}}", "isCA", CONTENT_CA},
		/* The same by OID, where the fields say that it is none. */
		{"{\"subject\":\"x\",\"basicConstraints\":{\"isCA\":false},\"extensions\":[{\"id\":"
		 "\"2.5.29.19\",\"critical\":true,\"value\":\"MAMBAf8=\"}]}",
		 "isCA", CONTENT_CA},
		{"{\"subject\":\"x\",\"extensions\":[{\"id\":\"2.5.29.19\",\"value\":\"MAYBAf8CAQA="
		 "\"}]}",
		 "isCA", CONTENT_CA},
		{"{\"subject\":\"x\",\"keyUsage\":\"certSign\"}", "isCA", CONTENT_CA},
		{"{\"subject\":\"x\",\"keyUsage\":[\"digitalSignature\",\"CRL_SIGN\"]}", "isCA",
		 CONTENT_CA},
		{"{\"subject\":\"x\",\"extensions\":[{\"id\":\"2.5.29.15\",\"value\":\"AwIBBg==\"}]"
		 "}",
		 "isCA", CONTENT_CA},
		{"{\"subject\":\"x\",\"nameConstraints\":{\"permittedDNSDomains\":\"a\"}}", "isCA",
		 CONTENT_CA},
		{"{\"subject\":\"x\",\"extensions\":[{\"id\":\"2.16.840.1.113730.1.1\",\"value\":"
		 "\"AwIAAg==\"}]}",
		 "isCA", CONTENT_CA},
		{"{\"subject\":\"x\",\"extKeyUsage\":\"OCSPsigning\"}", "ocspSigning",
		 CONTENT_OCSP_SIGNING},
		{"{\"subject\":\"x\",\"unknownExtKeyUsage\":[\"1.2.3\",\"1.3.6.1.5.5.7.3.9\"]}",
		 "ocspSigning", CONTENT_OCSP_SIGNING},
		{"{\"subject\":\"x\",\"extensions\":[{\"id\":\"2.5.29.37\",\"value\":"
		 "\"MAoGCCsGAQUFBwMJ\"}]}",
		 "ocspSigning", CONTENT_OCSP_SIGNING},
		{"{\"subject\":\"x\",\"extKeyUsage\":\"any\"}", "anyExtendedKeyUsage",
		 CONTENT_ANY_USAGE},
		{"{\"subject\":\"x\",\"unknownExtKeyUsage\":\"2.5.29.37.0\"}",
		 "anyExtendedKeyUsage", CONTENT_ANY_USAGE},
		{"{\"subject\":\"x\",\"extensions\":[{\"id\":\"2.5.29.37\",\"value\":\"MAYGBFUdJQA="
		 "\"}]}",
		 "anyExtendedKeyUsage", CONTENT_ANY_USAGE},
		{"{}", "noNames", CONTENT_NO_NAMES},
		{"past", "notAfterBeyondIssuer", CONTENT_PAST_ISSUER},
	};
	struct world w;

	(void)state;
	build(&w);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bool past = strcmp(rows[i].json, "past") == 0;
		struct err e = ERR_INIT;
		struct cert c;

		make(&w, past ? "{\"subject\":\"x\"}" : rows[i].json, past, &c);
		assert_int_equal(content_check_forbidden(&c, &w.issuer, ~rows[i].flag, &e), -1);
		assert_int_equal(e.code, ERR_FORBIDDEN);
		if (strstr(e.msg, rows[i].word) == NULL || strstr(e.pub, rows[i].word) == NULL)
			fail_msg("%s: %s", rows[i].json, e.msg);
		assert_int_equal(content_check_forbidden(&c, &w.issuer, rows[i].flag, &e), 0);
	}
	drop(&w);
}

static void harmless(void **state)
{
	static const char *const rows[] = {
		"{\"subject\":\"x\",\"basicConstraints\":{},\"keyUsage\":[\"digitalSignature\"]}",
		"{\"dnsNames\":\"a.b\",\"extKeyUsage\":[\"serverAuth\",\"timeStamping\"]}",
		"{\"sans\":[{\"type\":\"userPrincipalName\",\"value\":\"u@d\"}]}",
		("{\"subject\":\"x\",\"extensions\":[{\"id\":\"2.16.840.1.113730.1.1\",\"value\":"
		 "\"AwIFoA==\"}]}"),
	};
	struct world w;

	(void)state;
	build(&w);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = ERR_INIT;
		struct cert c;

		make(&w, rows[i], false, &c);
		if (content_check_forbidden(&c, &w.issuer, 0, &e) < 0)
			fail_msg("%s: %s", rows[i], e.msg);
	}
	drop(&w);
}

static void allow_words(void **state)
{
	json_t *all = json_pack("[s,s,s,s,s,s]", "isCA", "ocspSigning", "anyExtendedKeyUsage",
				"notAfterBeyondIssuer", "validityBeyondClaims", "noNames");
	json_t *bad = json_pack("[s,s]", "isCA", "isca"), *number = json_pack("[i]", 1);
	unsigned flags = 99;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(content_allow_parse(NULL, &flags, &e), 0);
	assert_int_equal(flags, 0);
	assert_int_equal(content_allow_parse(all, &flags, &e), 0);
	assert_int_equal(flags, 63);
	assert_int_equal(content_allow_parse(bad, &flags, &e), -1);
	assert_non_null(strstr(e.msg, "'isca' is unknown"));
	assert_non_null(strstr(e.msg, "noNames"));
	assert_int_equal(content_allow_parse(number, &flags, &e), -1);
	assert_int_equal(content_allow_parse(json_object_get(number, "x"), &flags, &e), 0);
	json_decref(all);
	json_decref(bad);
	json_decref(number);
}

/* ---- weak keys ---- */

static void weak_keys(void **state)
{
	static const struct {
		const char *file, *msg;
	} rows[] = {
		{"key-weak-roca.der", "CVE-2017-15361"},
		{"key-weak-close.der", "CVE-2022-26320"},
		{"key-weak-near.der", "CVE-2022-26320"},
		{"key-weak-square.der", "CVE-2022-26320"},
		{"key-weak-factor.der", "divisible by 997"},
		{"key-rsa-good.der", NULL},
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = ERR_INIT;
		struct key *k = key_from_spki(t_file(a, rows[i].file), &e);
		int rc;

		if (k == NULL)
			fail_msg("%s: %s", rows[i].file, e.msg);
		rc = profile_key_check(k, &e);
		key_free(k);
		if (rows[i].msg == NULL) {
			assert_int_equal(rc, 0);
			continue;
		}
		assert_int_equal(rc, -1);
		assert_int_equal(e.code, ERR_FORBIDDEN);
		if (strstr(e.msg, rows[i].msg) == NULL || strstr(e.pub, rows[i].msg) == NULL)
			fail_msg("%s: %s", rows[i].file, e.msg);
	}
	arena_free(a);
}

static void other_keys(void **state)
{
	static const enum key_type good[] = {KEY_P256, KEY_P384, KEY_P521, KEY_ED25519};
	struct err e = ERR_INIT;
	struct key *k;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		k = key_generate(good[i], 0, &e);
		assert_non_null(k);
		assert_int_equal(profile_key_check(k, &e), 0);
		key_free(k);
	}
	k = key_generate(KEY_X25519, 0, &e);
	assert_int_equal(profile_key_check(k, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	key_free(k);
}

/* ---- blocked keys ---- */

static void put_list(const char *path, const char *text)
{
	struct err e = ERR_INIT;

	if (file_replace(path, str_c(text), 0600, &e) < 0)
		fail_msg("%s", e.msg);
}

static void block_list(void **state)
{
	struct arena *a = arena_new();
	struct err e = ERR_INIT;
	struct key *rsa = key_from_spki(t_file(a, "key-rsa-good.der"), &e);
	struct key *ec = key_generate(KEY_P256, 0, &e);
	struct key_parts parts = {0};
	struct key_blocklist *b;
	struct buf hex[2] = {BUF_INIT, BUF_INIT}, spki = BUF_INIT;
	unsigned char sum[32];
	char dir[] = "/tmp/signet-test-XXXXXX", *path;

	(void)state;
	assert_non_null(mkdtemp(dir));
	path = arena_printf(a, "%s/blocked", dir);
	key_to_spki(ec, &spki);
	hash(HASH_SHA256, buf_view(&spki), sum);
	hex_encode(str_mem(sum, 32), &hex[0]);
	key_parts(rsa, false, &parts);
	hash(HASH_SHA256, buf_view(&parts.n), sum);
	hex_encode(str_mem(sum, 32), &hex[1]);
	assert_int_equal(key_blocklist_check(NULL, ec, &e), 0);
	put_list(path, arena_printf(a, "# ours\n\n%s # a laptop\r\n", hex[0].p));
	assert_int_equal(key_blocklist_load(path, &b, &e), 0);
	assert_int_equal(key_blocklist_count(b), 1);
	assert_int_equal(key_blocklist_check(b, ec, &e), -1);
	assert_int_equal(e.code, ERR_FORBIDDEN);
	assert_true(e.pub[0] != '\0');
	assert_int_equal(key_blocklist_check(b, rsa, &e), 0);
	key_blocklist_free(b);
	put_list(path, arena_printf(a, "%s\n%064d\n%s", hex[1].p, 0, hex[0].p));
	assert_int_equal(key_blocklist_load(path, &b, &e), 0);
	assert_int_equal(key_blocklist_count(b), 3);
	assert_int_equal(key_blocklist_check(b, ec, &e), -1);
	assert_int_equal(key_blocklist_check(b, rsa, &e), -1);
	key_blocklist_free(b);
	put_list(path, arena_printf(a, "%s\n1234\n", hex[1].p));
	assert_int_equal(key_blocklist_load(path, &b, &e), -1);
	assert_non_null(strstr(e.msg, "line 2"));
	put_list(path, "");
	assert_int_equal(key_blocklist_load(path, &b, &e), 0);
	assert_int_equal(key_blocklist_check(b, ec, &e), 0);
	key_blocklist_free(b);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(key_blocklist_load(path, &b, &e), -1);
	assert_int_equal(rmdir(dir), 0);
	key_parts_release(&parts);
	buf_release(&hex[0]);
	buf_release(&hex[1]);
	buf_release(&spki);
	key_free(rsa);
	key_free(ec);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forbidden),   cmocka_unit_test(harmless),
		cmocka_unit_test(allow_words), cmocka_unit_test(weak_keys),
		cmocka_unit_test(other_keys),  cmocka_unit_test(block_list),
	};
	struct err e = ERR_INIT;

	if (crypto_init(NULL, &e) < 0)
		return 1;
	return cmocka_run_group_tests_name("profile_forbid", tests, NULL, NULL);
}
