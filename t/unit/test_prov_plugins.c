/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "prov_util.h"

/* ---- plugins that do not keep to the rules ---- */

/* What the misbehaving plugin does; read from its instance's configuration. */
enum rogue {
	GRANT_AT_ONCE,
	NO_CHECK,
	NO_ONCE,
	WAIT_FOR_NOTHING,
	WAIT_AND_GRANT,
	TWO_WAITS,
	EARLY_CLAIMS,
	NO_REASON,
	STRANGE_RC,
	RESULT_OF_NOTHING,
	ASK_NAMES
};
struct rogue_prov {
	enum rogue what;
	struct signet_key *key;
	char id[256];
};
static unsigned cancelled;

static int rogue_create(const struct signet_host *host, const struct signet_prov_config *c,
			void **instance, struct signet_err *e)
{
	struct rogue_prov *p = calloc(1, sizeof(*p));
	struct signet_str kid;
	int64_t what = -1;

	assert_true(host->value_int(host->value_get(c->value, "what"), &what));
	p->what = (enum rogue)what;
	p->key = host->key_from_jwk(host->value_get(c->value, "key"), e);
	assert_non_null(p->key);
	kid = host->key_kid(p->key);
	snprintf(p->id, sizeof(p->id), "%s:%.*s", c->name, (int)kid.n, kid.p);
	*instance = p;
	return 0;
}

static void rogue_destroy(const struct signet_host *host, void *instance)
{
	struct rogue_prov *p = instance;

	host->key_free(p->key);
	free(p);
}

static int rogue_id(const void *instance, char out[256])
{
	memcpy(out, ((const struct rogue_prov *)instance)->id, 256);
	return 0;
}

static void ask_names(const struct signet_host *host, struct signet_prov_op *op)
{
	static const struct {
		int type;
		const char *text;
		int rc;
	} names[] = {
		{0, "a.example", 0},
		{0, "10.0.0.1", 0},
		{0, "x@example.com", 0},
		{0, "https://a.example/x", 0},
		{0, "A.example", 0},
		{SIGNET_SAN_DNS, "b.example", 0},
		{SIGNET_SAN_DNS, "10.0.0.2", -1},
		{SIGNET_SAN_IP, "10.0.0.2", 0},
		{SIGNET_SAN_IP, "c.example", -1},
		{SIGNET_SAN_EMAIL, "y@example.com", 0},
		{SIGNET_SAN_URI, "urn:x:y", 0},
		{SIGNET_SAN_URI, "d.example", -1},
		{99, "d.example", -1},
		{0, "", -1},
		{0, "a b", -1},
	};
	struct signet_err e;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_int_equal(
			host->grant_name(op, names[i].type,
					 (struct signet_str){names[i].text, strlen(names[i].text)},
					 &e),
			names[i].rc);
	host->grant_not_after(op, 5000);
	host->grant_not_after(op, 4000);
	host->grant_not_after(op, 6000);
	host->grant_data(op, "extra", host->op_token_claims(op));
	host->grant_data(op, "Token", host->op_token_header(op)); /* not theirs */
	host->grant_credential(op, (struct signet_str){"cred", 4});
}

static enum signet_prov_rc rogue_after(const struct rogue_prov *p, const struct signet_host *host,
				       struct signet_prov_op *op, struct signet_err *e)
{
	const struct signet_token_rules rules = {.max_age = 0};

	if (host->wait_result(op, e) < 0)
		return SIGNET_PROV_DENY;
	if (p->what != NO_CHECK && host->check_claims(op, &rules, e) < 0)
		return SIGNET_PROV_DENY;
	if (p->what != NO_ONCE)
		host->grant_once(op, (struct signet_str){"id", 2});
	if (p->what == ASK_NAMES)
		ask_names(host, op);
	return SIGNET_PROV_GRANT;
}

static enum signet_prov_rc rogue_authorize(const void *instance, const struct signet_host *host,
					   struct signet_prov_op *op, void *scratch,
					   struct signet_err *e)
{
	const struct rogue_prov *p = instance;
	const struct signet_token_rules rules = {.max_age = 0};
	int *calls = scratch;

	if ((*calls)++)
		return rogue_after(p, host, op, e);
	switch (p->what) {
	case GRANT_AT_ONCE:
		host->grant_once(op, (struct signet_str){"id", 2});
		return SIGNET_PROV_GRANT;
	case WAIT_FOR_NOTHING:
		return SIGNET_PROV_WAIT;
	case WAIT_AND_GRANT:
		assert_int_equal(host->verify_token(op, p->key, e), 0);
		return SIGNET_PROV_GRANT;
	case TWO_WAITS:
		assert_int_equal(host->verify_token(op, p->key, e), 0);
		assert_int_equal(host->verify_token(op, p->key, e), -1);
		return SIGNET_PROV_WAIT;
	case EARLY_CLAIMS:
		return host->check_claims(op, &rules, e) < 0 ? SIGNET_PROV_DENY : SIGNET_PROV_GRANT;
	case NO_REASON:
		return SIGNET_PROV_DENY;
	case STRANGE_RC:
		return (enum signet_prov_rc)17;
	case RESULT_OF_NOTHING:
		return host->wait_result(op, e) < 0 ? SIGNET_PROV_DENY : SIGNET_PROV_GRANT;
	case NO_CHECK:
	case NO_ONCE:
	case ASK_NAMES:
		break;
	}
	return host->verify_token(op, p->key, e) < 0 ? SIGNET_PROV_DENY : SIGNET_PROV_WAIT;
}

static void rogue_cancel(const void *instance, const struct signet_host *host,
			 struct signet_prov_op *op, void *scratch)
{
	(void)instance;
	assert_int_equal(host->op_method(op), SIGNET_SIGN);
	assert_int_equal(*(int *)scratch, 1);
	cancelled++;
}

static const struct signet_conf_key rogue_keys[] = {
	{"what", SIGNET_CONF_INT, NULL, true, "x."},
	{"key", SIGNET_CONF_ANY, NULL, true, "x."},
	{NULL, SIGNET_CONF_STRING, NULL, false, NULL},
};
static const struct signet_prov_driver rogue_driver = {.size = sizeof(rogue_driver),
						       .scratch_size = sizeof(int),
						       .create = rogue_create,
						       .destroy = rogue_destroy,
						       .token_id = rogue_id,
						       .authorize = rogue_authorize,
						       .cancel = rogue_cancel};
static const struct signet_plugin rogue = {SIGNET_PLUGIN_HEAD(SIGNET_PROVISIONER),
					   .name = "Rogue",
					   .version = "1",
					   .licence = "none",
					   .conf = rogue_keys,
					   .driver = &rogue_driver};

static const struct signet_plugin *const builtin[] = {&signet_plugin_jwk, &signet_plugin_skeleton,
						      &rogue, NULL};

#include "prov_world.h"

/* A provisioner of another type with admin's key; `head` is its file up to the key. */
static void with_key(const char *file, const char *head)
{
	struct buf y = BUF_INIT, text = BUF_INIT;
	json_t *jwk = jwk_json(w.admin, NULL, false);

	json_write(jwk, &text);
	buf_printf(&y, "%skey: %s\n", head, text.p);
	site_write(&w.site, file, y.p);
	json_decref(jwk);
	buf_release(&y);
	buf_release(&text);
}

static void more_provisioners(void)
{
	for (int i = GRANT_AT_ONCE; i <= ASK_NAMES; i++) {
		char file[64], head[64];
		snprintf(file, sizeof(file), "provisioners.d/r%d.yaml", i);
		snprintf(head, sizeof(head), "type: Rogue\nname: rogue%d\nwhat: %d\n", i, i);
		with_key(file, head);
	}
	with_key("provisioners.d/s.yaml",
		 "type: Skeleton\nname: my printer\ndnsName: printer.example\nmaxMinutes: 30\n");
}

/* ---- the skeleton ---- */

static void skeleton(void **state)
{
	const char *good = "{\"iss\":\"my "
			   "printer\",\"sub\":\"printer.example\",\"aud\":\"https://ca.example/1.0/"
			   "sign#skeleton/my%20printer\"}";
	char *t = token(good);
	struct outcome o;

	(void)state;
	authorize(&o, SIGNET_SIGN, t, NULL);
	if (o.code != ERR_OK)
		fail_msg("%s", o.err.msg);
	assert_true(str_eqc(o.a.grant->subject, "printer.example"));
	assert_int_equal(o.a.grant->names.n, 1);
	assert_true(o.a.grant->not_after >= w.now + 1800 &&
		    o.a.grant->not_after < w.now + 1800 + 600);
	assert_int_equal(o.a.grant->credential_id.n, 0);
	done(&o);
	mem_free(t);
	assert_int_equal(
		patched(SIGNET_SIGN,
			"{\"iss\":\"my "
			"printer\",\"aud\":\"https://ca.example/1.0/sign#skeleton/my%20printer\"}"),
		ERR_FORBIDDEN);
	assert_int_equal(patched(SIGNET_SIGN,
				 "{\"iss\":\"admin\",\"sub\":\"printer.example\",\"aud\":"
				 "\"https://ca.example/1.0/sign#skeleton/my%20printer\"}"),
			 ERR_UNAUTHORIZED);
	assert_int_equal(patched(SIGNET_SIGN,
				 "{\"iss\":\"my "
				 "printer\",\"sub\":\"printer.example\",\"aud\":\"https://"
				 "ca.example/1.0/revoke#skeleton/my%20printer\"}"),
			 ERR_UNAUTHORIZED);
	assert_int_equal(patched(SIGNET_REVOKE, "{\"iss\":\"my "
						"printer\",\"sub\":\"1\",\"aud\":\"https://"
						"ca.example/1.0/revoke#skeleton/my%20printer\"}"),
			 ERR_UNSUPPORTED);
	t = token_by(w.other, SIG_ECDSA_SHA256, NULL, good);
	assert_int_equal(code_of(SIGNET_SIGN, t), ERR_UNAUTHORIZED);
	mem_free(t);
}

/* ---- plugins that break the rules deny ---- */

static void rogues(void **state)
{
	static const struct {
		enum rogue what;
		enum err_code code;
		const char *needle;
	} cases[] = {
		{GRANT_AT_ONCE, ERR_INTERNAL, "without a verified signature"},
		{NO_CHECK, ERR_INTERNAL, "without having the claims checked"},
		{NO_ONCE, ERR_INTERNAL, "single use"},
		{WAIT_FOR_NOTHING, ERR_INTERNAL, "waits for nothing"},
		{WAIT_AND_GRANT, ERR_INTERNAL, "did not wait"},
		{TWO_WAITS, ERR_OK, NULL},
		{EARLY_CLAIMS, ERR_INTERNAL, "not known to be right"},
		{NO_REASON, ERR_INTERNAL, "no reason"},
		{STRANGE_RC, ERR_INTERNAL, "answered 17"},
		{RESULT_OF_NOTHING, ERR_INTERNAL, "did not start"},
	};
	struct outcome o;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char patch[64], *t;
		snprintf(patch, sizeof(patch), "{\"iss\":\"rogue%d\"}", (int)cases[i].what);
		t = token(patch);
		authorize(&o, SIGNET_SIGN, t, NULL);
		if (o.code != cases[i].code ||
		    (cases[i].needle && !strstr(o.err.msg, cases[i].needle)))
			fail_msg("%d: %s: %s", (int)cases[i].what, err_code_name(o.code),
				 o.err.msg);
		if (o.code != ERR_OK)
			assert_true(strncmp(o.err.msg, "provisioner rogue", 17) == 0);
		done(&o);
		mem_free(t);
	}
}

static void grant_functions(void **state)
{
	char patch[64], *t;
	struct outcome o;
	const struct grant *g;

	(void)state;
	snprintf(patch, sizeof(patch), "{\"iss\":\"rogue%d\"}", (int)ASK_NAMES);
	t = token(patch);
	authorize(&o, SIGNET_SIGN, t, NULL);
	assert_int_equal(o.code, ERR_OK);
	g = o.a.grant;
	assert_int_equal(g->names.n, 8);
	assert_int_equal(g->not_after, 4000);
	assert_false(g->match_csr);
	assert_true(str_eqc(g->credential_id, "cred"));
	assert_string_equal(text_of(json_object_get(g->data, "Token"), "sub"), "a.example");
	assert_true(
		json_equal(json_object_get(g->data, "Token"), json_object_get(g->data, "extra")));
	done(&o);
	mem_free(t);
}

/* ---- leaving, and a full queue ---- */

static void client_leaves(void **state)
{
	char patch[64], *t;
	struct outcome o;

	(void)state;
	snprintf(patch, sizeof(patch), "{\"iss\":\"rogue%d\"}", (int)ASK_NAMES);
	t = token(patch);
	/* before the first step: the plugin never hears of it */
	cancelled = 0;
	begin(&o, SIGNET_SIGN, t, NULL);
	flow_cancel(&o.a.flow);
	finish(&o);
	assert_int_equal(o.code, ERR_CANCELLED);
	assert_int_equal(cancelled, 0);
	done(&o);
	/* while the job is out */
	begin(&o, SIGNET_SIGN, t, NULL);
	while (!o.a.flow.parked && !o.ended)
		loop_turn(w.loop, 0);
	if (!o.ended) {
		flow_cancel(&o.a.flow);
		finish(&o);
		assert_int_equal(o.code, ERR_CANCELLED);
		assert_int_equal(cancelled, 1);
	}
	done(&o); /* the job may still be running: it has its own copies */
	flow_cancel(&o.a.flow);
	mem_free(t);
}

static void hog_run(struct job *j)
{
	(void)j;
	nanosleep(&(struct timespec){.tv_nsec = 30 * 1000 * 1000}, NULL);
}

static void hog_free(struct job *j)
{
	(void)j;
}

static void queue_is_full(void **state)
{
	struct job hogs[6] = {0};
	int64_t refused = metric_value(METRIC_TOKENS_REFUSED);
	char *t = token(NULL);
	struct err e = ERR_INIT;
	struct outcome o;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hogs); i++) {
		hogs[i] = (struct job){.name = "hog", .run = hog_run, .free = hog_free};
		assert_int_equal(pool_submit(w.cpu, &hogs[i], &e), 0);
	}
	authorize(&o, SIGNET_SIGN, t, NULL);
	assert_int_equal(o.code, ERR_UNAVAILABLE);
	done(&o);
	assert_int_equal(metric_value(METRIC_TOKENS_REFUSED), refused); /* not the token's fault */
	for (;;) {
		struct pool_stats st;
		pool_stats(w.cpu, &st);
		if (!st.queued && !st.running)
			break;
		loop_turn(w.loop, 5);
	}
	loop_turn(w.loop, 5);
	assert_int_equal(code_of(SIGNET_SIGN, t), ERR_OK);
	mem_free(t);
}

/* Many at a time over one key: each has its own handle. */
static void many(void **state)
{
	struct outcome o[6];
	char *tokens[ARRAY_LEN(o)];

	(void)state;
	for (int round = 0; round < 5; round++) {
		for (size_t i = 0; i < ARRAY_LEN(o); i++) {
			tokens[i] = i & 1 ? token_by(w.other, SIG_ECDSA_SHA256, NULL, NULL)
					  : token(NULL);
			begin(&o[i], SIGNET_SIGN, tokens[i], NULL);
		}
		for (size_t i = 0; i < ARRAY_LEN(o); i++) {
			finish(&o[i]);
			assert_int_equal(o[i].code, i & 1 ? ERR_UNAUTHORIZED : ERR_OK);
			done(&o[i]);
			mem_free(tokens[i]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(skeleton),	   cmocka_unit_test(rogues),
		cmocka_unit_test(grant_functions), cmocka_unit_test(client_leaves),
		cmocka_unit_test(queue_is_full),   cmocka_unit_test(many),
	};

	return cmocka_run_group_tests_name("prov plugins", tests, setup, teardown);
}
