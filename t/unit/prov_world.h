/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_T_PROV_WORLD_H
#define SIGNET_T_PROV_WORLD_H

/* A loop, a pool, a set with some provisioners, and one authorization after the other. The
 * including file defines `builtin`, the table of its plugins, before it includes this. */

#include "base/metric.h"
#include "prov_util.h"

struct world {
	struct site site;
	struct loop *loop;
	struct pool *cpu;
	struct prov_set *set;
	struct key *admin, *second, *rsa, *other;
	char kid[44];
	int64_t now;
};
static struct world w; /* the tests run one after the other */

struct outcome {
	enum err_code code;
	struct err err;
	struct prov_authorize a;
	struct arena *arena;
	bool ended;
};

static inline void on_end(struct flow *f)
{
	((struct outcome *)(void *)((char *)f->op - offsetof(struct outcome, a)))->ended = true;
}

static __attribute__((noinline, unused)) void begin(struct outcome *o, enum signet_prov_method m,
						    const char *token, const struct csr *csr)
{
	static const char *const hosts[] = {"ca.example", "127.0.0.1", "::1"};

	memset(o, 0, sizeof(*o));
	o->arena = arena_new();
	o->a.set = w.set;
	o->a.method = m;
	o->a.token = str_c(token);
	o->a.hosts = hosts;
	o->a.n_hosts = ARRAY_LEN(hosts);
	o->a.csr = csr;
	o->a.cpu = w.cpu;
	prov_authorize_init(&o->a, w.loop, o->arena);
	o->a.flow.on_end = on_end;
	flow_start(&o->a.flow);
}

static __attribute__((noinline, unused)) void finish(struct outcome *o)
{
	while (!o->ended)
		loop_turn(w.loop, 1000);
	o->code = o->a.flow.failed ? o->a.flow.err.code : ERR_OK;
	o->err = o->a.flow.err;
	assert_int_equal(o->a.grant != NULL, o->code == ERR_OK);
	if (o->code != ERR_OK)
		assert_true(o->err.msg[0] != 0);
}

static __attribute__((noinline, unused)) void
authorize(struct outcome *o, enum signet_prov_method m, const char *token, const struct csr *csr)
{
	begin(o, m, token, csr);
	finish(o);
}

static __attribute__((noinline, unused)) void done(struct outcome *o)
{
	arena_free(o->arena);
}

/* Only how it ends. */
static __attribute__((noinline, unused)) enum err_code code_of(enum signet_prov_method m,
							       const char *token)
{
	struct outcome o;
	enum err_code code;

	authorize(&o, m, token, NULL);
	code = o.code;
	done(&o);
	return code;
}

/* A token by `admin` whose claims are the good ones with `patch` laid over (null removes). */
static __attribute__((noinline, unused)) char *token_by(struct key *k, enum sig_alg alg,
							const char *header, const char *patch)
{
	json_t *c = json_object(), *p = patch ? json_of(patch) : json_object(), *v;
	struct buf text = BUF_INIT, t = BUF_INIT;
	char h[200];
	const char *key;

	json_object_set_new(c, "iss", json_string("admin"));
	json_object_set_new(c, "sub", json_string("a.example"));
	json_object_set_new(c, "aud", json_string("https://ca.example:9000/1.0/sign"));
	json_object_set_new(c, "jti", json_string("0123"));
	json_object_set_new(c, "iat", json_integer(w.now));
	json_object_set_new(c, "nbf", json_integer(w.now));
	json_object_set_new(c, "exp", json_integer(w.now + 300));
	json_object_foreach(p, key, v) if (json_is_null(v)) json_object_del(c, key);
	else json_object_set(c, key, v);
	json_write(c, &text);
	snprintf(h, sizeof(h), "{\"alg\":\"ES256\",\"kid\":\"%s\",\"typ\":\"JWT\"}", w.kid);
	make_token(&t, header ? header : h, text.p, k, alg);
	json_decref(c);
	json_decref(p);
	buf_release(&text);
	return buf_steal(&t);
}

static __attribute__((noinline, unused)) char *token(const char *patch)
{
	return token_by(w.admin, SIG_ECDSA_SHA256, NULL, patch);
}

static __attribute__((noinline, unused)) enum err_code patched(enum signet_prov_method m,
							       const char *patch)
{
	char *t = token(patch);
	enum err_code code = code_of(m, t);

	mem_free(t);
	return code;
}

/* Further files, by the including test. */
static void more_provisioners(void);

static inline int setup(void **state)
{
	const struct pool_config pc = {
		.name = "cpu", .threads = 2, .bound = 4, .thread_end = crypto_thread_end};
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(crypto_init(NULL, &e), 0);
	w.now = clock_now();
	w.admin = key_generate(KEY_P256, 0, &e);
	w.second = key_generate(KEY_ED25519, 0, &e);
	w.rsa = key_generate(KEY_RSA, 2048, &e);
	w.other = key_generate(KEY_P256, 0, &e);
	jwk_thumbprint(w.admin, w.kid);
	site_new(&w.site, builtin);
	site_jwk(&w.site, "provisioners.d/1.yaml", "admin", w.admin, NULL, NULL);
	site_jwk(&w.site, "provisioners.d/2.yaml", "twin", w.admin, NULL,
		 NULL); /* the same key id, another name */
	site_jwk(&w.site, "provisioners.d/3.yaml", "ed", w.second, "k2", NULL);
	site_jwk(&w.site, "provisioners.d/4.yaml", "rsa", w.rsa, "k3",
		 NULL); /* the JWK says RS256 */
	more_provisioners();
	w.set = site_load(&w.site);
	w.loop = loop_new(&e);
	w.cpu = pool_new(w.loop, &pc, &e);
	return w.loop && w.cpu ? 0 : -1;
}

static inline int teardown(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++)
		loop_turn(w.loop, 5);
	assert_true(pool_free(w.cpu, 5000));
	loop_free(w.loop);
	assert_int_equal(atomic_load(&w.set->ref.n), 1); /* nothing holds it any more */
	prov_set_unref(w.set);
	key_free(w.admin);
	key_free(w.second);
	key_free(w.rsa);
	key_free(w.other);
	site_free(&w.site);
	crypto_thread_end();
	crypto_end();
	return 0;
}

#endif
