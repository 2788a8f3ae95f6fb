/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ca_world.h"

/*
 * To which endpoint a new certificate belongs: a new one, a computed one, or one that was named -
 * and who may join it.
 */
static const char config[] =
	"dnsNames: [ca.example]\n"
	"authorities:\n"
	"- {name: default, root: r.crt, crt: i.crt, key: i.key, isolation: thread}\n"
	"- {name: second, root: r.crt, crt: i.crt, key: i.key, isolation: thread}\n";

static char memory[] = "memory", rocksdb[] UNUSED = "rocksdb"; /* state: cmocka's initial state */

static bool both_ready(struct world *w)
{
	return is_ready(w) && kms_key_state(w->ca->authorities[1].key, NULL) == KMS_READY;
}

static int setup(void **state)
{
	struct world *w = world_new(*state, config);

	site_jwk(&w->site, "provisioners.d/1.yaml", "admin", w->admin, NULL,
		 "authority: default\n");
	site_jwk(&w->site, "provisioners.d/2.yaml", "other", w->admin, NULL,
		 "authority: default\n");
	site_jwk(&w->site, "provisioners.d/3.yaml", "fixed", w->admin, NULL,
		 "authority: default\nclaims: {disableRenewal: true}\n");
	site_jwk(&w->site, "provisioners.d/4.yaml", "fixed 2", w->admin, NULL,
		 "authority: default\nclaims: {disableRenewal: true}\n");
	site_jwk(&w->site, "provisioners.d/5.yaml", "away", w->admin, NULL,
		 "authority: second\nclaims: {disableRenewal: true}\n");
	prov_set_unref(w->set);
	w->set = site_load(&w->site);
	store_up(w, 0);
	ca_up(w);
	turn_until(w, both_ready);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	world_free(*state);
	return 0;
}

/* One request. `sans`: texts up to NULL; NULL: those of make_grant. */
struct ask {
	const char *prov, *cn;
	const char *const *sans;
	const char *by_token, *by_request; /* 16 characters each */
};

static void ask_begin(struct world *w, struct issuing *s, const struct ask *q)
{
	static unsigned n; /* state: each token is another one */
	struct grant *g;
	char token[16];
	struct err e = ERR_INIT;

	snprintf(token, sizeof(token), "t%u", n++);
	issue_prepare(w, s, token);
	g = s->i.grant;
	g->prov = prov_by_name(w->set, str_c(q->prov));
	assert_non_null(g->prov);
	s->i.authority = ca_authority(w->ca, str_c(g->prov->authority));
	if (q->cn)
		g->subject = str_c(q->cn);
	if (q->sans) {
		size_t k = 0;

		g->names.items = ARENA_ARRAY(s->arena, struct san, 10);
		for (; q->sans[k]; k++)
			assert_int_equal(
				san_from_text(str_c(q->sans[k]), s->arena, &g->names.items[k], &e),
				0);
		g->names.n = k;
	}
	g->endpoint = str_c(q->by_token);
	s->i.endpoint = str_c(q->by_request);
	flow_start(&s->i.flow);
}

/* The row of an endpoint; what it says lives until run_end(r). */
static struct rec_endpoint row_of(struct world *w, struct str id, struct run *r)
{
	struct rec_endpoint ep;
	struct err e = ERR_INIT;

	*r = (struct run){.cf = CF_ENDPOINT, .key = id};
	run_begin(r, w->loop, w->store, RUN_GET);
	run_until(w->loop, &r->over);
	assert_true(r->get.found);
	assert_int_equal(rec_decode(&rec_endpoint_info, r->get.value, r->arena, &ep, &e), 0);
	return ep;
}

/* Asks and succeeds; the endpoint, in the arena of `a`. */
static struct str endpoint_of(struct world *w, struct arena *a, const struct ask *q)
{
	struct issuing s;
	struct str id;

	ask_begin(w, &s, q);
	if (issue_finish(w, &s) != ERR_OK)
		fail_msg("%s", s.i.flow.err.msg);
	assert_int_equal(s.i.endpoint.n, 16);
	id = arena_str(a, s.i.endpoint);
	issue_free(&s);
	return id;
}

static void refused(struct world *w, const struct ask *q, const char *public)
{
	struct issuing s;

	ask_begin(w, &s, q);
	assert_int_equal(issue_finish(w, &s), ERR_FORBIDDEN);
	assert_string_equal(s.i.flow.err.pub, public);
	issue_free(&s);
}

static void assert_same(struct str a, struct str b)
{
	assert_true(a.n == 16 && str_eq(a, b));
}

static void assert_other(struct str a, struct str b)
{
	assert_true(a.n == 16 && b.n == 16 && !str_eq(a, b));
}

/* ---- nobody named one ---- */

/* What comes after it is a renewal: each certificate begins its own. */
static void fresh(void **state)
{
	struct world *w = *state;
	struct arena *a = arena_new();
	const struct ask q = {.prov = "admin"};
	struct issuing s;
	struct renewing n;
	struct str one = endpoint_of(w, a, &q), two = endpoint_of(w, a, &q);

	assert_other(one, two);
	assert_int_equal(rows(w, CF_ENDPOINT, NULL), 2);
	ask_begin(w, &s, &q);
	assert_int_equal(issue_finish(w, &s), ERR_OK);
	renew_begin(w, &n, s.i.der);
	assert_int_equal(renew_finish(w, &n), ERR_OK);
	assert_same(s.i.endpoint, n.r.issue.endpoint);
	assert_int_equal(rows(w, CF_ENDPOINT, NULL), 3);
	arena_free(n.arena);
	issue_free(&s);
	arena_free(a);
}

/* Renewal is disabled: the same names are the same endpoint, however they are written. */
static void computed(void **state)
{
	static const char *const sans[] = {"a.example", "10.0.0.1", "x@b.example", NULL};
	static const char *const mixed[] = {"x@B.example", "A.Example", "10.0.0.1", "a.example",
					    NULL};
	static const char *const fewer[] = {"a.example", "10.0.0.1", NULL};
	static const char *const more[] = {"a.example", "10.0.0.1", "x@b.example", "b.example",
					   NULL};
	const struct ask base = {.prov = "fixed", .cn = "Host", .sans = sans};
	struct world *w = *state;
	struct arena *a = arena_new();
	struct str id = endpoint_of(w, a, &base);
	struct ask q = base;
	struct rec_endpoint ep;
	struct run r;

	q.sans = mixed;
	q.cn = "hOST";
	assert_same(id, endpoint_of(w, a, &q));
	q.prov = "fixed 2"; /* of the same authority */
	assert_same(id, endpoint_of(w, a, &q));
	assert_int_equal(rows(w, CF_ENDPOINT, NULL), 1);
	ep = row_of(w, id, &r);
	assert_true(str_eqc(ep.provisioner, "fixed") && str_eqc(ep.common_name, "Host") &&
		    str_eqc(ep.authority, "default") && str_eqc(ep.kind, "x509"));
	run_end(&r);
	q = base;
	q.sans = fewer;
	assert_other(id, endpoint_of(w, a, &q));
	q.sans = more;
	assert_other(id, endpoint_of(w, a, &q));
	q = base;
	q.cn = "Host2";
	assert_other(id, endpoint_of(w, a, &q));
	q = base;
	q.prov = "away";
	assert_other(id, endpoint_of(w, a, &q));
	q.prov = "admin";
	assert_other(id, endpoint_of(w, a, &q));
	assert_int_equal(rows(w, CF_ENDPOINT, NULL), 6);
	arena_free(a);
}

/* The common name is no SAN, and texts do not run together. */
static void computed_apart(void **state)
{
	static const char *const one[] = {"ab.example", "c.example", NULL};
	static const char *const other[] = {"b.example", "c.example", NULL};
	static const char *const swapped[] = {"a.example", NULL};
	static const char *const names[] = {"b.example", NULL};
	const struct ask asks[] = {
		{.prov = "fixed", .cn = "x", .sans = one},
		{.prov = "fixed", .cn = "xa", .sans = other},
		{.prov = "fixed", .cn = "b.example", .sans = swapped},
		{.prov = "fixed", .cn = "a.example", .sans = names},
	};
	struct world *w = *state;
	struct arena *a = arena_new();
	struct str id[ARRAY_LEN(asks)];

	for (size_t i = 0; i < ARRAY_LEN(asks); i++) {
		id[i] = endpoint_of(w, a, &asks[i]);
		for (size_t k = 0; k < i; k++)
			assert_other(id[i], id[k]);
	}
	arena_free(a);
}

/* ---- somebody named one ---- */

#define ID_A "AAAAAAAAAAAAAAAA"
#define ID_B "BBBBBBBBBBBBBBBB"

static void named(void **state)
{
	struct world *w = *state;
	struct arena *a = arena_new();
	struct rec_endpoint ep;
	struct run r;

	assert_same(endpoint_of(w, a, &(struct ask){.prov = "admin", .by_request = ID_A}),
		    STR(ID_A));
	ep = row_of(w, STR(ID_A), &r);
	assert_true(str_eqc(ep.provisioner, "admin") && str_eqc(ep.authority, "default") &&
		    str_eqc(ep.common_name, "Host.Example.com"));
	run_end(&r);
	/* joined by the same provisioner; the token's word counts more than the request's */
	assert_same(endpoint_of(w, a, &(struct ask){.prov = "admin", .by_request = ID_A}),
		    STR(ID_A));
	assert_same(
		endpoint_of(w, a,
			    &(struct ask){.prov = "admin", .by_request = ID_A, .by_token = ID_B}),
		STR(ID_B));
	/* also where it would be computed */
	assert_same(endpoint_of(w, a, &(struct ask){.prov = "fixed", .by_token = ID_A}), STR(ID_A));
	assert_same(endpoint_of(w, a, &(struct ask){.prov = "other", .by_token = ID_A}), STR(ID_A));
	assert_int_equal(rows(w, CF_ENDPOINT, NULL), 2);
	assert_int_equal(rows(w, CF_CERT_BY_ENDPOINT, NULL), 5);
	arena_free(a);
}

static void named_not_allowed(void **state)
{
	static const char *const by_other = "the endpoint belongs to another provisioner";
	static const char *const by_away = "the endpoint belongs to another authority";
	static const char *const self = "the endpoint is the certificate authority's own";
	struct world *w = *state;
	struct arena *a = arena_new();
	struct rec_endpoint ep = {.kind = STR("self"), .authority = STR("default")};
	struct store_batch *b = store_batch_new(w->store);
	size_t tokens;

	index_put(b, CF_ENDPOINT, STR(ID_B), &rec_endpoint_info, &ep);
	assert_int_equal(commit_now(w->loop, w->store, b, NULL), ERR_OK);
	(void)endpoint_of(w, a, &(struct ask){.prov = "admin", .by_request = ID_A});
	tokens = rows(w, CF_ONCE, NULL);
	refused(w, &(struct ask){.prov = "other", .by_request = ID_A}, by_other);
	refused(w, &(struct ask){.prov = "away", .by_request = ID_A}, by_away);
	refused(w, &(struct ask){.prov = "away", .by_token = ID_A}, by_away);
	refused(w, &(struct ask){.prov = "admin", .by_request = ID_B}, self);
	refused(w, &(struct ask){.prov = "admin", .by_token = ID_B}, self);
	assert_int_equal(rows(w, CF_ONCE, NULL), tokens); /* nothing is used up */
	assert_int_equal(rows(w, CF_CERT, NULL), 1);
	arena_free(a);
}

/* Made at the same time, by one provisioner and by another: the second one is held against it. */
static void made_at_once(void **state)
{
	static const char *const provs[] = {"admin", "other", "admin", "other"};
	struct world *w = *state;
	struct issuing s[ARRAY_LEN(provs)];
	enum err_code code[ARRAY_LEN(provs)];
	unsigned good = 0;

	for (size_t i = 0; i < ARRAY_LEN(s); i++)
		ask_begin(w, &s[i], &(struct ask){.prov = provs[i], .by_request = ID_A});
	for (size_t i = 0; i < ARRAY_LEN(s); i++) {
		code[i] = issue_finish(w, &s[i]);
		good += code[i] == ERR_OK;
		if (code[i] != ERR_OK) {
			assert_int_equal(code[i], ERR_FORBIDDEN);
			assert_string_equal(s[i].i.flow.err.pub,
					    "the endpoint belongs to another provisioner");
		}
		issue_free(&s[i]);
	}
	assert_int_equal(good, 2); /* both of the one who was first */
	assert_true(code[0] == code[2] && code[1] == code[3]);
	assert_int_equal(rows(w, CF_CERT_BY_ENDPOINT, NULL), 2);
	assert_int_equal(rows(w, CF_ONCE, NULL), 2);
	assert_int_equal(rows(w, CF_RESERVATION, NULL) + rows(w, CF_REVOKED, NULL), 0);
	assert_int_equal(w->ca->authorities[0].key->slots, 0);
}

/* The daemon's own keeps the one that it is given, without a look. */
static void self_keeps(void **state)
{
	struct world *w = *state;
	struct issuing s;
	struct rec_endpoint ep;
	struct run r;

	for (int i = 0; i < 2; i++) {
		issue_prepare(w, &s, "t1");
		s.i.grant = grant_for_self(s.arena, STR("Signet"), &s.i.grant->names);
		s.i.endpoint = STR(ID_A);
		s.i.endpoint_kind = "self";
		flow_start(&s.i.flow);
		assert_int_equal(issue_finish(w, &s), ERR_OK);
		assert_same(s.i.endpoint, STR(ID_A));
		issue_free(&s);
	}
	ep = row_of(w, STR(ID_A), &r);
	assert_true(str_eqc(ep.kind, "self") && ep.provisioner.n == 0);
	run_end(&r);
}

#if MEMORY_ONLY
#define ROCKSDB(f)                                                                                 \
	{                                                                                          \
		"memory: " #f ", again", f, setup, teardown, memory                                \
	}
#else
#define ROCKSDB(f)                                                                                 \
	{                                                                                          \
		"rocksdb: " #f, f, setup, teardown, rocksdb                                        \
	}
#endif
#define MEMORY(f)                                                                                  \
	{                                                                                          \
		"memory: " #f, f, setup, teardown, memory                                          \
	}

static int run(void)
{
	const struct CMUnitTest tests[] = {
		MEMORY(fresh),
		MEMORY(computed),
		MEMORY(computed_apart),
		MEMORY(named),
		ROCKSDB(named),
		MEMORY(named_not_allowed),
		ROCKSDB(named_not_allowed),
		MEMORY(made_at_once),
		ROCKSDB(made_at_once),
		MEMORY(self_keeps),
	};

	return cmocka_run_group_tests_name("ca_endpoint", tests, NULL, NULL);
}

int main(void)
{
	return world_group(run);
}
