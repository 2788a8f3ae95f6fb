/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "prov_util.h"

/* A CSR against a grant (step-api 2.3): table of names on both sides. */
struct names {
	const char *cn;
	const char *list[6]; /* text; "other:" is an otherName */
};

static struct san_list make_list(const char *const *texts, size_t max, struct arena *a)
{
	struct san_list l = {ARENA_ARRAY(a, struct san, max), 0};
	struct err e = ERR_INIT;

	for (size_t i = 0; i < max && texts[i]; i++) {
		if (strcmp(texts[i], "other:") == 0)
			l.items[l.n] = (struct san){SAN_OTHER,
						    STR("\x06\x03\x2a\x03\x04\xa0\x03\x0c\x01x")};
		else if (san_from_text(str_c(texts[i]), a, &l.items[l.n], &e) < 0)
			fail_msg("%s", e.msg);
		l.n++;
	}
	return l;
}

static enum err_code check(struct key *k, const char *subject, const char *const *granted,
			   const struct names *asked, bool match)
{
	struct arena *a = arena_new();
	struct err e = ERR_INIT;
	struct buf der = BUF_INIT;
	struct name n = {0};
	struct san_list sans = make_list(asked->list, ARRAY_LEN(asked->list), a);
	struct grant g = {.magic = GRANT_MAGIC,
			  .subject = str_c(subject),
			  .match_csr = match,
			  .names = make_list(granted, 6, a)};
	enum err_code code = ERR_OK;
	struct csr c;

	if (asked->cn)
		n = name_from_cn(str_c(asked->cn), a);
	assert_int_equal(csr_build(k, &n, &sans, &der, &e), 0);
	if (csr_parse(buf_view(&der), a, &c, &e) < 0)
		fail_msg("%s", e.msg);
	if (grant_check_csr(&g, &c, &e) < 0) {
		code = e.code;
		assert_true(e.pub[0] != 0);
	}
	buf_release(&der);
	arena_free(a);
	return code;
}

static void csr_names(void **state)
{
	static const char *const granted[6] = {"a.example", "b.example", "10.0.0.1", "u@a.example"};
	static const char *const one[6] = {"a.example"};
	static const struct {
		const char *const *granted;
		struct names csr;
		enum err_code code;
	} cases[] = {
		/* common name */
		{one, {NULL, {0}}, ERR_OK},
		{one, {"a.example", {0}}, ERR_OK},
		{one, {"the subject", {0}}, ERR_OK},
		{one, {"A.EXAMPLE", {0}}, ERR_OK},
		{one, {"The Subject", {0}}, ERR_FORBIDDEN},
		{one, {"b.example", {0}}, ERR_FORBIDDEN},
		{granted, {"10.0.0.1", {0}}, ERR_OK},
		{granted, {"u@a.example", {0}}, ERR_OK},
		{granted, {"U@a.example", {0}}, ERR_FORBIDDEN},
		/* names: none of a type is fine, else all of it */
		{granted, {NULL, {"a.example", "b.example", "10.0.0.1", "u@a.example"}}, ERR_OK},
		{granted, {NULL, {"b.example", "a.example"}}, ERR_OK},
		{granted, {NULL, {"10.0.0.1"}}, ERR_OK},
		{granted, {NULL, {"B.example", "A.example"}}, ERR_OK},
		{granted, {NULL, {"a.example", "a.example", "b.example"}}, ERR_OK},
		{granted, {NULL, {"a.example"}}, ERR_FORBIDDEN},
		{granted, {NULL, {"a.example", "b.example", "c.example"}}, ERR_FORBIDDEN},
		{granted, {NULL, {"a.example", "c.example"}}, ERR_FORBIDDEN},
		{granted, {NULL, {"10.0.0.1", "10.0.0.2"}}, ERR_FORBIDDEN},
		{granted, {NULL, {"v@a.example"}}, ERR_FORBIDDEN},
		{one, {"a.example", {"a.example", "*.example"}}, ERR_FORBIDDEN},
		{one, {NULL, {"*.example"}}, ERR_FORBIDDEN},
		/* a type that was not granted at all */
		{one, {NULL, {"a.example", "10.0.0.1"}}, ERR_FORBIDDEN},
		{one, {NULL, {"https://a.example/"}}, ERR_FORBIDDEN},
		{one, {NULL, {"other:"}}, ERR_FORBIDDEN},
	};
	struct err e = ERR_INIT;
	struct key *k = key_generate(KEY_P256, 0, &e);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		enum err_code code = check(k, "the subject", cases[i].granted, &cases[i].csr, true);
		if (code != cases[i].code)
			fail_msg("case %zu: %s", i, err_code_name(code));
		assert_int_equal(check(k, "the subject", cases[i].granted, &cases[i].csr, false),
				 ERR_OK);
	}
	key_free(k);
}

/* Every common name counts, not only the last. */
static void two_common_names(void **state)
{
	struct err e = ERR_INIT;
	struct key *k = key_generate(KEY_P256, 0, &e);
	struct arena *a = arena_new();
	struct buf der = BUF_INIT;
	struct san_list none = {0};
	struct grant g = {.magic = GRANT_MAGIC, .subject = STR("a.example"), .match_csr = true};
	struct name n = {0};
	struct csr c;

	(void)state;
	n.attrs = ARENA_ARRAY(a, struct name_attr, 2);
	n.n = 2;
	n.attrs[0] =
		(struct name_attr){.oid = oid_der(OID_CN), .value = STR("evil.example"), .rdn = 0};
	n.attrs[1] =
		(struct name_attr){.oid = oid_der(OID_CN), .value = STR("a.example"), .rdn = 1};
	assert_int_equal(csr_build(k, &n, &none, &der, &e), 0);
	assert_int_equal(csr_parse(buf_view(&der), a, &c, &e), 0);
	assert_int_equal(grant_check_csr(&g, &c, &e), -1);
	assert_int_equal(e.code, ERR_FORBIDDEN);
	assert_non_null(strstr(e.msg, "evil.example"));
	buf_release(&der);
	arena_free(a);
	key_free(k);
}

static void renewal(void **state)
{
	static const struct signet_plugin *const builtin[] = {&signet_plugin_jwk,
							      &signet_plugin_skeleton, NULL};
	struct err e = ERR_INIT;
	struct key *k = key_generate(KEY_P256, 0, &e);
	struct arena *a = arena_new();
	struct prov_set *set;
	struct grant *g;
	struct site s;

	(void)state;
	site_new(&s, builtin);
	site_jwk(&s, "provisioners.d/1.yaml", "admin", k, NULL, NULL);
	set = site_load(&s);
	g = grant_for_renewal(a, set, prov_at(set, 0));
	assert_int_equal(g->magic, GRANT_MAGIC);
	assert_int_equal(g->method, SIGNET_RENEW);
	assert_false(g->has_once);
	prov_set_unref(set); /* a reload: the grant keeps what it needs */
	assert_string_equal(g->prov->name, "admin");
	arena_free(a);
	key_free(k);
	site_free(&s);
}

static int setup(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	return crypto_init(NULL, &e);
}

static int teardown(void **state)
{
	(void)state;
	crypto_thread_end();
	crypto_end();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(csr_names),
		cmocka_unit_test(two_common_names),
		cmocka_unit_test(renewal),
	};

	return cmocka_run_group_tests_name("prov grant", tests, setup, teardown);
}
