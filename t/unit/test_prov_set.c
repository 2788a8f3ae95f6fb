/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "prov_util.h"

/* Has no token flow, like ACME; counts its instances. */
static int instances;

static int plain_create(const struct signet_host *host, const struct signet_prov_config *c,
			void **instance, struct signet_err *e)
{
	struct signet_str s;

	assert_true(host->size >= sizeof(struct signet_host));
	assert_non_null(c->authority);
	if (host->value_string(host->value_get(c->value, "note"), &s) && s.n == 4 &&
	    memcmp(s.p, "fail", 4) == 0)
		return host->error(e, SIGNET_INVALID, "note: %s", "is fail");
	instances++;
	*instance = &instances;
	return 0;
}

static void plain_destroy(const struct signet_host *host, void *instance)
{
	(void)host;
	assert_ptr_equal(instance, &instances);
	instances--;
}

static const struct signet_conf_key plain_keys[] = {
	{"note", SIGNET_CONF_STRING, "none", false, "Whatever."},
	{NULL, SIGNET_CONF_STRING, NULL, false, NULL},
};
static const struct signet_prov_driver plain_driver = {.size = sizeof(plain_driver),
						       .step_type = 6,
						       .create = plain_create,
						       .destroy = plain_destroy};
static const struct signet_plugin plain = {SIGNET_PLUGIN_HEAD(SIGNET_PROVISIONER),
					   .name = "ACME",
					   .version = "1",
					   .licence = "none",
					   .conf = plain_keys,
					   .driver = &plain_driver};
static const struct signet_prov_driver greedy_driver = {.size = sizeof(greedy_driver),
							.scratch_size = PROV_SCRATCH_MAX + 1,
							.create = plain_create,
							.destroy = plain_destroy};
static const struct signet_plugin greedy = {SIGNET_PLUGIN_HEAD(SIGNET_PROVISIONER),
					    .name = "Greedy", .version = "1", .licence = "none",
					    .driver = &greedy_driver};
static const struct signet_plugin refused = {SIGNET_PLUGIN_HEAD(SIGNET_PROVISIONER),
					     .name = "Refused", .version = "1", .licence = "none"};
static const struct signet_plugin *const builtin[] = {
	&signet_plugin_jwk, &signet_plugin_skeleton, &plain, &greedy, &refused, NULL};

static void loads(void **state)
{
	struct err e = ERR_INIT;
	struct key *k1 = key_generate(KEY_P256, 0, &e), *k2 = key_generate(KEY_ED25519, 0, &e);
	const struct provisioner *p;
	struct buf listed = BUF_INIT;
	struct prov_set *set;
	struct site s;
	char thumb[44], id[64];

	(void)state;
	site_new(&s, builtin);
	site_jwk(&s, "provisioners.d/b-admin.yaml", "admin", k1, NULL,
		 "encryptedKey: eyJ.a.b.c.d\nauthority: second\nclaims: {defaultTLSCertDuration: "
		 "1h, disableRenewal: true}\n");
	site_jwk(&s, "provisioners.d/c-ed.yaml", "ed", k2, "my-kid", NULL);
	site_write(&s, "provisioners.d/a-acme.yaml", "type: acme\nname: acme\n");
	site_write(&s, "provisioners.d/ignored.txt", "nonsense: [");
	set = site_load(&s);
	assert_int_equal(prov_count(set), 3);
	assert_int_equal(instances, 1);
	p = prov_at(set, 0);
	assert_string_equal(p->name, "acme");
	assert_string_equal(p->type, "ACME");
	assert_string_equal(p->id, "acme/acme");
	assert_string_equal(p->authority, "default");
	assert_false(p->accepts_tokens);
	assert_int_equal(p->step_type, 6);
	assert_null(p->options->x509.template);
	assert_null(p->rules);
	json_write(p->listed, &listed);
	assert_string_equal(listed.p, "{\"type\":\"ACME\",\"name\":\"acme\"}");
	assert_true(p->claims.max_tls == 48 * 3600 * DURATION_SECOND);
	assert_false(p->claims.disable_renewal);

	p = prov_by_name(set, STR("admin"));
	assert_ptr_equal(p, prov_at(set, 1));
	jwk_thumbprint(k1, thumb);
	snprintf(id, sizeof(id), "admin:%s", thumb);
	assert_string_equal(p->id, id);
	assert_true(p->accepts_tokens);
	assert_int_equal(p->step_type, 1);
	assert_string_equal(p->authority, "second");
	assert_true(p->claims.default_tls == 3600 * DURATION_SECOND);
	assert_true(p->claims.disable_renewal);
	buf_reset(&listed);
	json_write(p->listed, &listed);
	{
		/* the order of step's ca.json */
		const char *key = strstr(listed.p, "{\"type\":\"JWK\",\"name\":\"admin\",\"key\":{"
						   "\"use\":\"sig\",\"kty\":\"EC\",\"kid\":");
		const char *rest =
			strstr(listed.p,
			       "},\"encryptedKey\":\"eyJ.a.b.c.d\",\"claims\":{"
			       "\"defaultTLSCertDuration\":\"1h0m0s\",\"disableRenewal\":true}}");
		assert_ptr_equal(key, listed.p);
		assert_non_null(rest);
	}
	assert_true(str_eqc(prov_encrypted_key(set, str_c(thumb)), "eyJ.a.b.c.d"));
	assert_int_equal(prov_encrypted_key(set, STR("my-kid")).n, 0);
	assert_int_equal(prov_encrypted_key(set, STR("")).n, 0);
	assert_int_equal(prov_encrypted_key(set, STR("other")).n, 0);
	assert_string_equal(prov_by_name(set, STR("ed"))->id, "ed:my-kid");
	assert_null(prov_by_name(set, STR("Admin")));
	assert_null(prov_at(set, 3));
	assert_ptr_equal(prov_set_ref(set), set);
	prov_set_unref(set);
	assert_int_equal(instances, 1);
	prov_set_unref(set);
	assert_int_equal(instances, 0);
	prov_set_unref(NULL);
	buf_release(&listed);
	key_free(k1);
	key_free(k2);
	site_free(&s);
}

/* What `step` lists for its own configuration comes out of the same configuration here. */
static void listed_like_step(void **state)
{
	json_t *v = load_vectors("t/vectors/jose/step.json"),
	       *want = json_object_get(v, "provisioner");
	struct buf text = BUF_INIT, a = BUF_INIT, b = BUF_INIT;
	struct prov_set *set;
	struct site s;

	(void)state;
	site_new(&s, builtin);
	json_object_del(want, "claims"); /* of SSH, which is not here yet */
	json_write(want, &text);	 /* JSON is YAML */
	site_write(&s, "provisioners.d/admin.yaml", text.p);
	set = site_load(&s);
	json_write(want, &a);
	json_write(prov_at(set, 0)->listed, &b);
	assert_string_equal(a.p, b.p);
	assert_true(
		str_eqc(prov_encrypted_key(set, STR("rOvAVwPmc-kvL0sfS0WtOR6Yi-Xue8XrG_nU7TGzvTA")),
			text_of(want, "encryptedKey")));
	prov_set_unref(set);
	buf_release(&text);
	buf_release(&a);
	buf_release(&b);
	site_free(&s);
	json_decref(v);
}

static void empty_set(void **state)
{
	struct prov_set *set;
	struct site s;

	(void)state;
	site_new(&s, builtin);
	set = site_load(&s);
	assert_int_equal(prov_count(set), 0);
	assert_null(prov_at(set, 0));
	prov_set_unref(set);
	site_free(&s);
}

#define GOOD_KEY                                                                                   \
	"key: {kty: EC, crv: P-256, x: f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU, y: "           \
	"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0}\n"

static const struct {
	const char *text, *needle;
} bad_files[] = {
	{"type: JWK\nname: admin\nauthority: third\n" GOOD_KEY,
	 "z.yaml:3: authority: no authority \"third\""},
	{"type: Nothing\nname: x\n", "z.yaml:1: "},
	{"type: ../jwk\nname: x\n", "z.yaml:1: "},
	{"name: x\n", "type"},
	{"type: JWK\n" GOOD_KEY, "name"},
	{"type: JWK\nname: x\n", "key"},
	{"type: JWK\nname: x\nkey: text\n", "jwk: "},
	{"type: JWK\nname: x\nkey: {kty: oct, k: AAAA}\n", "kty: must be"},
	{"type: JWK\nname: x\nkey: {kty: EC, crv: P-256, x: "
	 "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU, y: "
	 "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0, d: AAAA}\n",
	 "private member"},
	{"type: JWK\nname: x\nkey: {kty: EC, crv: P-256, x: "
	 "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU, y: "
	 "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a4}\n",
	 "jwk: "},
	{"type: JWK\nname: x\nencryptedKeys: a\n" GOOD_KEY, "z.yaml:3: encryptedKeys"},
	{"type: JWK\nname: x\nclaims: {defaultTLSCertDuration: 3h, maxTLSCertDuration: "
	 "2h}\n" GOOD_KEY,
	 "z.yaml:3: claims"},
	{"type: JWK\nname: x\nclaims: {minTLSCertDuration: 0s}\n" GOOD_KEY, "claims"},
	{"type: JWK\nname: first\n" GOOD_KEY, "z.yaml:2: name: \"first\" is also the name in"},
	{"type: ACME\nname: a\nnote: fail\n", "note: is fail"},
	{"type: Greedy\nname: a\n", "bytes for each authorization"},
	{"type: Refused\nname: a\n", "driver is missing"},
	{"type: Skeleton\nname: a\ndnsName: a.example\nmaxMinutes: 1\n" GOOD_KEY,
	 "maxMinutes: must be between"},
	{"type: Skeleton\nname: a\ndnsName: \"\"\n" GOOD_KEY, "dnsName"},
};

static void errors(void **state)
{
	struct site s;

	(void)state;
	site_new(&s, builtin);
	site_write(&s, "provisioners.d/a.yaml", "type: ACME\nname: first\n");
	for (size_t i = 0; i < ARRAY_LEN(bad_files); i++) {
		struct prov_set *set = NULL;
		struct err e = ERR_INIT;
		const char *text = bad_files[i].text;

		site_write(&s, "provisioners.d/z.yaml", text);
		if (prov_set_load(s.conf, s.plugins, &set, &e) == 0)
			fail_msg("accepted: %s", text);
		if (!strstr(e.msg, bad_files[i].needle) || !strstr(e.msg, "z.yaml"))
			fail_msg("\"%s\" does not say \"%s\" and the file", e.msg,
				 bad_files[i].needle);
		assert_null(set);
		assert_int_equal(instances, 0); /* what was loaded before is released */
	}
	site_free(&s);
}

/* Same kid, other name: two provisioners. */
static void same_kid(void **state)
{
	struct err e = ERR_INIT;
	struct key *k = key_generate(KEY_P256, 0, &e);
	struct prov_set *set;
	struct site s;

	(void)state;
	site_new(&s, builtin);
	site_jwk(&s, "provisioners.d/1.yaml", "one", k, "kid", NULL);
	site_jwk(&s, "provisioners.d/2.yaml", "two", k, "kid", "encryptedKey: second\n");
	set = site_load(&s);
	assert_string_equal(prov_at(set, 0)->id, "one:kid");
	assert_string_equal(prov_at(set, 1)->id, "two:kid");
	assert_true(str_eqc(prov_encrypted_key(set, STR("kid")), "second"));
	prov_set_unref(set);
	/* but not when name and kid run into each other */
	site_jwk(&s, "provisioners.d/1.yaml", "one", k, "a:kid", NULL);
	site_jwk(&s, "provisioners.d/2.yaml", "one:a", k, "kid", NULL);
	assert_int_equal(prov_set_load(s.conf, s.plugins, &set, &e), -1);
	assert_non_null(strstr(e.msg, "tokens cannot tell it from"));
	key_free(k);
	site_free(&s);
}

/* Handles of a key: each is lent to one at a time, and closing waits for them. */
static void key_handles(void **state)
{
	struct err e = ERR_INIT;
	struct signet_err se;
	struct key *k = key_generate(KEY_P256, 0, &e), *lent[40];
	json_t *jwk = jwk_json(k, NULL, false);
	struct signet_key *sk = prov_host.key_from_jwk(json_to_abi(jwk), &se);

	(void)state;
	assert_non_null(sk);
	for (size_t i = 0; i < ARRAY_LEN(lent); i++) {
		lent[i] = signet_key_take(sk);
		for (size_t j = 0; j < i; j++)
			assert_ptr_not_equal(lent[i], lent[j]);
	}
	for (size_t i = 0; i < ARRAY_LEN(lent); i++)
		signet_key_give(sk, lent[i]);
	assert_int_equal(sk->n_idle, SIGNET_KEY_IDLE);
	lent[0] = signet_key_take(sk);
	assert_int_equal(sk->n_idle, SIGNET_KEY_IDLE - 1);
	prov_host.key_free(sk); /* the plugin is done with it, a job is not */
	signet_key_give(sk, lent[0]);
	prov_host.key_free(NULL);
	assert_null(prov_host.key_from_jwk(NULL, &se));
	assert_int_equal(se.code, SIGNET_INVALID);
	json_decref(jwk);
	key_free(k);
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
		cmocka_unit_test(loads),     cmocka_unit_test(listed_like_step),
		cmocka_unit_test(empty_set), cmocka_unit_test(errors),
		cmocka_unit_test(same_kid),  cmocka_unit_test(key_handles),
	};

	return cmocka_run_group_tests_name("prov set", tests, setup, teardown);
}
