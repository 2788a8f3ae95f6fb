/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ca_world.h"

/*
 * ca/renew as a flow: by certificate and by renew token, before and after expiry, with a new key;
 * what is checked anew, and what a refusal tells the client.
 */
static const char config[] =
	"dnsNames: [ca.example, 127.0.0.1]\n"
	"authorities:\n"
	"- {name: default, root: r.crt, crt: i.crt, key: i.key, isolation: thread}\n"
	"- {name: second, root: r.crt, crt: i.crt, key: i.key, isolation: thread}\n";

#define SENTENCE "error validating renew token"

static char memory[] = "memory"; /* state: cmocka's initial state */

static void provisioner(struct world *w, const char *more)
{
	site_jwk(&w->site, "provisioners.d/1.yaml", "admin", w->admin, NULL, more);
	set_swap(w);
}

static int setup(void **state)
{
	struct world *w = world_new(*state, config);

	store_up(w, 0);
	ca_up(w);
	turn_until(w, is_ready);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	clock_tell(0);
	world_free(*state);
	return 0;
}

/* ---- tokens ---- */

/* A renew token for `der` by `k`; `patch` is laid over its claims (null removes). Heap. */
static char *token_for(struct str der, struct key *k, const char *patch)
{
	json_t *c = json_object(), *p = json_of(patch ? patch : "{}"), *v;
	struct buf text = BUF_INIT, b64 = BUF_INIT, t = BUF_INIT;
	int64_t now = clock_now();
	const char *key;
	char *header;

	json_object_set_new(c, "iss", json_string("step-ca-client/1.0"));
	json_object_set_new(c, "sub", json_string("Host.Example.com"));
	json_object_set_new(c, "aud", json_string("https://ca.example:9000/renew"));
	json_object_set_new(c, "iat", json_integer(now));
	json_object_set_new(c, "nbf", json_integer(now));
	json_object_set_new(c, "exp", json_integer(now + 300));
	json_object_foreach(p, key, v) if (json_is_null(v)) json_object_del(c, key);
	else json_object_set(c, key, v);
	json_write(c, &text);
	b64_encode(B64_STD, der, &b64);
	header = mem_asprintf("{\"alg\":\"ES256\",\"kid\":\"x\",\"typ\":\"JWT\","
			      "\"x5cInsecure\":[\"%s\"]}",
			      b64.p);
	make_token(&t, header, text.p, k, SIG_ECDSA_SHA256);
	json_decref(c);
	json_decref(p);
	buf_release(&text);
	buf_release(&b64);
	mem_free(header);
	return buf_steal(&t);
}

/* Renews by this token; frees it. n->arena is the caller's. */
static enum err_code by_token(struct world *w, struct renewing *n, char *token)
{
	enum err_code code;

	renew_prepare(w, n, STR_NULL, token);
	flow_start(&n->r.flow);
	code = renew_finish(w, n);
	mem_free(token);
	return code;
}

static enum err_code by_patched(struct world *w, const struct issuing *s, const char *patch,
				const char *bare)
{
	struct renewing n;
	enum err_code code = by_token(w, &n, token_for(s->i.der, w->subject, patch));

	if (code != ERR_OK && bare) {
		assert_non_null(n.r.bare);
		assert_string_equal(n.r.bare, bare);
	} else if (n.r.bare) {
		fail_msg("%s: bare", n.r.bare);
	}
	arena_free(n.arena);
	return code;
}

static enum err_code by_cert(struct world *w, struct str der)
{
	struct renewing n;
	enum err_code code;

	renew_begin(w, &n, der);
	code = renew_finish(w, &n);
	assert_null(n.r.bare);
	arena_free(n.arena);
	return code;
}

static void assert_str(struct str got, struct str want)
{
	assert_int_equal(got.n, want.n);
	assert_memory_equal(got.p, want.p, want.n);
}

static void parse(struct arena *a, struct str der, struct cert *c)
{
	struct err e = ERR_INIT;

	if (cert_parse(der, a, c, &e) < 0)
		fail_msg("%s", e.msg);
}

static void record_of(struct world *w, struct str serial, struct rec_cert *out, struct run *r)
{
	unsigned char key[SERIAL_KEY];
	struct err e = ERR_INIT;

	serial_key(serial, key);
	*r = (struct run){.cf = CF_CERT, .key = str_mem(key, sizeof(key))};
	run_begin(r, w->loop, w->store, RUN_GET);
	run_until(w->loop, &r->over);
	assert_true(r->get.found);
	assert_int_equal(rec_decode(&rec_cert_info, r->get.value, r->arena, out, &e), 0);
}

/* ---- by token ---- */

static void token(void **state)
{
	struct world *w = *state;
	struct issuing s;
	struct renewing n;
	struct rec_cert a, b;
	struct run ra, rb;
	struct cert old, fresh;
	unsigned char key[SERIAL_KEY];
	char *t;

	issue_one(w, &s, "t1");
	t = token_for(s.i.der, w->subject, NULL);
	assert_int_equal(by_token(w, &n, mem_strdup(t)), ERR_OK);
	parse(n.arena, s.i.der, &old);
	parse(n.arena, n.r.issue.der, &fresh);
	assert_str(fresh.subject.der, old.subject.der);
	assert_str(fresh.spki, old.spki);
	assert_int_equal(fresh.exts.n, old.exts.n);
	assert_int_equal(n.r.issue.grant->token_hash.n, 64);
	record_of(w, s.i.serial, &a, &ra);
	record_of(w, n.r.issue.serial, &b, &rb);
	assert_str(b.endpoint, a.endpoint);
	serial_key(s.i.serial, key);
	assert_str(b.renewed_from, str_mem(key, sizeof(key)));
	assert_true(str_eqc(b.provisioner, "admin") && str_eqc(b.authority, "default"));
	run_end(&ra);
	run_end(&rb);
	arena_free(n.arena);
	assert_int_equal(rows(w, CF_ONCE, NULL), 2);
	/* once only; and that is no secret of the token */
	assert_int_equal(by_token(w, &n, t), ERR_UNAUTHORIZED);
	assert_string_equal(n.r.flow.err.msg, "token already used");
	assert_null(n.r.bare);
	arena_free(n.arena);
	assert_int_equal(rows(w, CF_CERT, NULL), 2);
	assert_int_equal(by_patched(w, &s, "{\"jti\":\"j1\"}", NULL), ERR_OK);
	assert_int_equal(by_patched(w, &s, "{\"jti\":\"j1\",\"x\":1}", NULL), ERR_UNAUTHORIZED);
	assert_int_equal(by_patched(w, &s, "{\"jti\":\"j2\"}", NULL), ERR_OK);
	assert_int_equal(by_patched(w, &s, "{\"iss\":\"admin\"}", NULL), ERR_OK);
	issue_free(&s);
}

static void token_claims(void **state)
{
	struct world *w = *state;
	struct issuing s;

	issue_one(w, &s, "t1");
	assert_int_equal(by_patched(w, &s, "{\"sub\":\"host.example.com\"}",
				    SENTENCE ": invalid subject claim (sub)"),
			 ERR_UNAUTHORIZED);
	assert_int_equal(by_patched(w, &s, "{\"iss\":\"second\"}", SENTENCE), ERR_UNAUTHORIZED);
	assert_int_equal(by_patched(w, &s, "{\"iss\":null}", SENTENCE), ERR_UNAUTHORIZED);
	assert_int_equal(by_patched(w, &s, "{\"aud\":\"https://ca.example/sign\"}", SENTENCE),
			 ERR_UNAUTHORIZED);
	assert_int_equal(by_patched(w, &s, "{\"exp\":1}", SENTENCE), ERR_UNAUTHORIZED);
	assert_int_equal(rows(w, CF_CERT, NULL), 1);
	assert_int_equal(rows(w, CF_ONCE, NULL), 1);
	w->ca->restored = clock_now() + 30;
	assert_int_equal(by_patched(w, &s, NULL, SENTENCE), ERR_UNAUTHORIZED);
	w->ca->restored = clock_now() - 30;
	assert_int_equal(by_patched(w, &s, NULL, NULL), ERR_OK);
	w->ca->restored = 0;
	issue_free(&s);
}

/* The signature is right, but whose is it? */
static void token_strangers(void **state)
{
	struct world *w = *state;
	struct issuing s;
	struct renewing n;
	struct err e = ERR_INIT;
	struct key *thief = key_generate(KEY_P256, 0, &e);
	struct buf spki = BUF_INIT, der = BUF_INIT, sig = BUF_INIT, tbs = BUF_INIT;
	struct cert c;
	char *altered;

	issue_one(w, &s, "t1");
	parse(s.arena, s.i.der, &c);
	/* by another key */
	assert_int_equal(by_token(w, &n, token_for(s.i.der, thief, NULL)), ERR_UNAUTHORIZED);
	assert_string_equal(n.r.bare, SENTENCE);
	arena_free(n.arena);
	/* the same to-be-signed part, another signature on it */
	altered = mem_dup(s.i.der.p, s.i.der.n);
	altered[s.i.der.n - 1] ^= 1;
	assert_int_equal(by_token(w, &n, token_for(str_mem(altered, s.i.der.n), w->subject, NULL)),
			 ERR_UNAUTHORIZED);
	assert_string_equal(n.r.bare, SENTENCE);
	arena_free(n.arena);
	mem_free(altered);
	/* serial, names and issuer of ours, but the thief's key; then with a serial of its own */
	key_to_spki(thief, &spki);
	for (int i = 0; i < 2; i++) {
		struct tbs_spec spec = {.serial = i ? STR("\x01\x02") : c.serial,
					.sig_alg = SIG_ECDSA_SHA256,
					.issuer_der = c.issuer.der,
					.subject_der = c.subject.der,
					.not_before = c.not_before,
					.not_after = c.not_after,
					.spki = buf_view(&spki),
					.exts = c.exts};

		tbs_build(&spec, &tbs);
		assert_int_equal(key_sign(thief, SIG_ECDSA_SHA256, buf_view(&tbs), &sig, &e), 0);
		cert_assemble(buf_view(&tbs), SIG_ECDSA_SHA256, buf_view(&sig), &der);
		assert_int_equal(by_token(w, &n, token_for(buf_view(&der), thief, NULL)),
				 ERR_UNAUTHORIZED);
		assert_string_equal(n.r.bare, SENTENCE);
		arena_free(n.arena);
		assert_int_equal(by_cert(w, buf_view(&der)), ERR_UNAUTHORIZED);
		buf_reset(&der);
		buf_reset(&sig);
		buf_reset(&tbs);
	}
	/* what issues is not what was issued */
	assert_int_equal(by_cert(w, w->ca->authorities[0].cert.der), ERR_UNAUTHORIZED);
	assert_int_equal(by_cert(w, STR("junk")), ERR_UNAUTHORIZED);
	assert_int_equal(rows(w, CF_CERT, NULL), 1);
	buf_release(&spki);
	buf_release(&der);
	buf_release(&sig);
	buf_release(&tbs);
	key_free(thief);
	issue_free(&s);
}

/* ---- time ---- */

static void expired(void **state)
{
	struct world *w = *state;
	struct issuing s;
	struct renewing n;
	char want[64], when[24];

	NEEDS_KEY_HOOK();
	issue_one(w, &s, "t1");
	clock_tell(24 * 3600 + 60); /* a used token is forgotten a day after its end */
	snprintf(want, sizeof(want), "certificate expired on %s",
		 time_format_rfc3339(s.i.not_after, when));
	for (int i = 0; i < 2; i++) {
		char *t = token_for(s.i.der, w->subject, NULL);

		renew_prepare(w, &n, i ? s.i.der : STR_NULL, i ? NULL : t);
		flow_start(&n.r.flow);
		assert_int_equal(renew_finish(w, &n), ERR_UNAUTHORIZED);
		assert_string_equal(n.r.flow.err.pub, want);
		assert_null(n.r.bare);
		arena_free(n.arena);
		mem_free(t);
	}
	assert_int_equal(rows(w, CF_ONCE, NULL), 1);
	provisioner(w, "claims: {allowRenewalAfterExpiry: true}\n");
	assert_int_equal(by_cert(w, s.i.der), ERR_UNAUTHORIZED); /* only by token */
	assert_int_equal(by_patched(w, &s, NULL, NULL), ERR_OK);
	assert_int_equal(rows(w, CF_CERT, NULL), 2);
	/* revoked is revoked, even then */
	assert_int_equal(revoke_once(w, s.i.serial, 0), ERR_OK);
	assert_int_equal(by_patched(w, &s, "{\"n\":1}", NULL), ERR_UNAUTHORIZED);
	clock_tell(0);
	issue_free(&s);
}

/* Its authority signs no more of what a provisioner has given, once that is another one's. */
static void moved(void **state)
{
	struct world *w = *state;
	struct issuing s;

	issue_one(w, &s, "t1");
	provisioner(w, "authority: second\n");
	assert_int_equal(by_cert(w, s.i.der), ERR_UNAUTHORIZED);
	provisioner(w, NULL);
	assert_int_equal(by_cert(w, s.i.der), ERR_OK);
	issue_free(&s);
}

static void not_yet_valid(void **state)
{
	struct world *w = *state;
	struct issuing s;

	NEEDS_KEY_HOOK();
	provisioner(w, "claims: {allowRenewalAfterExpiry: true}\n");
	issue_one(w, &s, "t1");
	clock_tell(-3600);
	assert_int_equal(by_cert(w, s.i.der), ERR_UNAUTHORIZED);
	assert_int_equal(by_patched(w, &s, NULL, NULL), ERR_UNAUTHORIZED);
	clock_tell(0);
	assert_int_equal(by_cert(w, s.i.der), ERR_OK);
	issue_free(&s);
}

/* ---- what the provisioner allows now ---- */

static void claims(void **state)
{
	struct world *w = *state;
	struct issuing s;
	struct renewing n;
	struct cert c;

	issue_one(w, &s, "t1");
	provisioner(w, "claims: {disableRenewal: true}\n");
	assert_int_equal(by_cert(w, s.i.der), ERR_UNAUTHORIZED);
	assert_int_equal(by_patched(w, &s, NULL, NULL), ERR_UNAUTHORIZED);
	provisioner(w, "claims: {maxTLSCertDuration: 1h, defaultTLSCertDuration: 1h}\n");
	renew_begin(w, &n, s.i.der);
	assert_int_equal(renew_finish(w, &n), ERR_OK);
	parse(n.arena, n.r.issue.der, &c);
	assert_int_equal(c.not_after - c.not_before, 3600 + 60);
	arena_free(n.arena);
	provisioner(w, "claims: {minTLSCertDuration: 48h, defaultTLSCertDuration: 48h, "
		       "maxTLSCertDuration: 48h}\n");
	renew_begin(w, &n, s.i.der);
	assert_int_equal(renew_finish(w, &n), ERR_FORBIDDEN);
	assert_string_equal(n.r.flow.err.pub, "the certificate's lifetime of 24h1m0s is less than "
					      "the authorized minimum of 48h0m0s");
	arena_free(n.arena);
	assert_int_equal(rows(w, CF_CERT, NULL), 2);
	issue_free(&s);
}

static void provisioner_gone(void **state)
{
	struct world *w = *state;
	struct issuing s, n;
	struct cert old;

	issue_one(w, &s, "t1");
	site_jwk(&w->site, "provisioners.d/1.yaml", "other", w->admin, NULL, NULL);
	set_swap(w);
	assert_int_equal(by_cert(w, s.i.der), ERR_UNAUTHORIZED);
	assert_int_equal(by_patched(w, &s, NULL, NULL), ERR_UNAUTHORIZED);
	/* one of the same name with another key does not take over its certificates */
	site_jwk(&w->site, "provisioners.d/1.yaml", "admin", w->subject, NULL, NULL);
	set_swap(w);
	assert_int_equal(by_cert(w, s.i.der), ERR_UNAUTHORIZED);
	assert_int_equal(by_patched(w, &s, NULL, NULL), ERR_UNAUTHORIZED);
	provisioner(w, NULL);
	assert_int_equal(by_cert(w, s.i.der), ERR_OK);
	/* and when it goes between the check and the reservation */
	issue_prepare(w, &n, "t2");
	parse(n.arena, s.i.der, &old);
	n.i.grant = grant_for_renewal(n.arena, w->set, prov_by_name(w->set, STR("admin")));
	n.i.old = &old;
	site_jwk(&w->site, "provisioners.d/1.yaml", "other", w->admin, NULL, NULL);
	set_swap(w);
	flow_start(&n.i.flow);
	assert_int_equal(issue_finish(w, &n), ERR_UNAUTHORIZED);
	assert_string_equal(n.i.flow.err.msg, "its provisioner was removed meanwhile");
	issue_free(&n);
	/* a snapshot with the same one in it is no reason */
	provisioner(w, NULL);
	issue_prepare(w, &n, "t2");
	provisioner(w, "claims: {maxTLSCertDuration: 30h}\n");
	flow_start(&n.i.flow);
	assert_int_equal(issue_finish(w, &n), ERR_OK);
	issue_free(&n);
	/* but one of the same name with another key is another one */
	issue_prepare(w, &n, "t3");
	site_jwk(&w->site, "provisioners.d/1.yaml", "admin", w->subject, NULL, NULL);
	set_swap(w);
	flow_start(&n.i.flow);
	assert_int_equal(issue_finish(w, &n), ERR_UNAUTHORIZED);
	issue_free(&n);
	assert_int_equal(w->ca->authorities[0].key->slots, 0);
	issue_free(&s);
}

/* ---- rekey ---- */

static bool same_but(const struct cert *a, const struct cert *b, enum oid x)
{
	const struct ext *l = ext_find(&a->exts, x), *r = ext_find(&b->exts, x);

	assert_true(l && r);
	return l->critical == r->critical && str_eq(l->value, r->value);
}

static void check_rekeyed(struct world *w, const struct renewing *n, struct str old_der,
			  const struct key *k)
{
	struct cert old, fresh;
	struct buf spki = BUF_INIT;
	unsigned char id[20];
	struct rec_cert rec;
	struct run r;

	parse(n->arena, old_der, &old);
	parse(n->arena, n->r.issue.der, &fresh);
	key_to_spki(k, &spki);
	assert_str(fresh.spki, buf_view(&spki));
	buf_release(&spki);
	x509_key_id(k, id);
	assert_str(fresh.ski, str_mem(id, sizeof(id)));
	assert_str(fresh.aki, w->ca->authorities[0].cert.ski);
	assert_str(fresh.subject.der, old.subject.der);
	assert_int_equal(fresh.exts.n, old.exts.n);
	assert_true(same_but(&old, &fresh, OID_SAN) && same_but(&old, &fresh, OID_EXT_KEY_USAGE) &&
		    same_but(&old, &fresh, OID_STEP_PROVISIONER));
	/* as the model has them: both key ids first, the rest in its order */
	assert_int_equal(oid_find(fresh.exts.items[0].oid), OID_SUBJECT_KEY_ID);
	assert_int_equal(oid_find(fresh.exts.items[1].oid), OID_AUTHORITY_KEY_ID);
	assert_int_equal(oid_find(fresh.exts.items[2].oid), OID_KEY_USAGE);
	assert_int_equal(fresh.not_after - fresh.not_before, old.not_after - old.not_before);
	record_of(w, n->r.issue.serial, &rec, &r);
	assert_int_equal(rec.renewed_from.n, SERIAL_KEY);
	run_end(&r);
}

static enum err_code rekey(struct world *w, struct renewing *n, struct str der, struct key *k)
{
	renew_prepare(w, n, der, NULL);
	n->r.new_key = k;
	flow_start(&n->r.flow);
	return renew_finish(w, n);
}

static void rekeys(void **state)
{
	static const enum key_type types[] = {KEY_P256, KEY_P384, KEY_ED25519, KEY_RSA};
	struct world *w = *state;
	struct issuing s;
	struct renewing n;
	struct err e = ERR_INIT;
	struct str der;
	struct arena *a = arena_new();
	struct cert c;

	issue_one(w, &s, "t1");
	der = s.i.der;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct key *k = key_generate(types[i], 2048, &e);

		assert_int_equal(rekey(w, &n, der, k), ERR_OK);
		check_rekeyed(w, &n, der, k);
		der = arena_str(a, n.r.issue.der); /* the next one goes on from here */
		arena_free(n.arena);
		key_free(k);
	}
	assert_int_equal(rows(w, CF_ENDPOINT, NULL), 1);
	assert_int_equal(rows(w, CF_CERT_BY_ENDPOINT, NULL), 1 + ARRAY_LEN(types));
	/* the same key again is a renewal */
	assert_int_equal(rekey(w, &n, s.i.der, w->subject), ERR_OK);
	parse(n.arena, n.r.issue.der, &c);
	assert_int_equal(oid_find(c.exts.items[0].oid), OID_AUTHORITY_KEY_ID);
	arena_free(n.arena);
	arena_free(a);
	issue_free(&s);
}

/* keyEncipherment is RSA's: the leaf of an RSA key has it, what follows with an EC key has not. */
static void rekey_usage(void **state)
{
	struct world *w = *state;
	struct issuing s;
	struct renewing n;
	struct err e = ERR_INIT;
	struct key *rsa = key_generate(KEY_RSA, 2048, &e), *next = key_generate(KEY_RSA, 2048, &e);
	struct cert c;

	issue_prepare(w, &s, "t1");
	s.i.subject_key = rsa;
	flow_start(&s.i.flow);
	assert_int_equal(issue_finish(w, &s), ERR_OK);
	parse(s.arena, s.i.der, &c);
	assert_int_equal(c.key_usage, KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT);
	assert_int_equal(rekey(w, &n, s.i.der, w->subject), ERR_OK);
	parse(n.arena, n.r.issue.der, &c);
	assert_int_equal(c.key_usage, KU_DIGITAL_SIGNATURE);
	assert_true(ext_find(&c.exts, OID_KEY_USAGE)->critical);
	arena_free(n.arena);
	assert_int_equal(rekey(w, &n, s.i.der, next), ERR_OK);
	parse(n.arena, n.r.issue.der, &c);
	assert_int_equal(c.key_usage, KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT);
	arena_free(n.arena);
	key_free(next);
	key_free(rsa);
	issue_free(&s);
}

static void rekey_refused(void **state)
{
	struct world *w = *state;
	struct issuing s;
	struct renewing n;
	struct err e = ERR_INIT;
	struct key *x = key_generate(KEY_X25519, 0, &e);
	struct key *issuer = key_from_spki(w->ca->authorities[0].cert.spki, &e);
	struct key *root = key_from_spki(w->ca->authorities[0].root_certs[0].spki, &e);
	struct key *const own[] = {issuer, root};

	assert_true(x && issuer && root);
	issue_one(w, &s, "t1");
	assert_int_equal(rekey(w, &n, s.i.der, x), ERR_INVALID);
	arena_free(n.arena);
	for (size_t i = 0; i < ARRAY_LEN(own); i++) {
		struct issuing fresh;

		assert_int_equal(rekey(w, &n, s.i.der, own[i]), ERR_INVALID);
		assert_string_equal(n.r.flow.err.pub,
				    "the key is one of the certificate authority's own");
		arena_free(n.arena);
		issue_prepare(w, &fresh, "t2");
		fresh.i.subject_key = own[i];
		flow_start(&fresh.i.flow);
		assert_int_equal(issue_finish(w, &fresh), ERR_INVALID);
		issue_free(&fresh);
	}
	assert_int_equal(revoke_once(w, s.i.serial, 0), ERR_OK);
	assert_int_equal(rekey(w, &n, s.i.der, w->admin), ERR_UNAUTHORIZED);
	arena_free(n.arena);
	assert_int_equal(rows(w, CF_CERT, NULL), 1);
	assert_int_equal(rows(w, CF_ONCE, NULL), 1);
	key_free(x);
	key_free(issuer);
	key_free(root);
	issue_free(&s);
}

/* ---- cancelled ---- */

static void cancelled(void **state)
{
	struct world *w = *state;
	struct issuing s;
	struct renewing n;
	char *t;

	issue_one(w, &s, "t1");
	t = token_for(s.i.der, w->subject, NULL);
	for (int turns = 0; turns < 6; turns++) {
		renew_prepare(w, &n, STR_NULL, t);
		flow_start(&n.r.flow);
		for (int i = 0; i < turns && !n.over && !n.r.flow.detached; i++)
			loop_turn(w->loop, 20);
		if (n.over || n.r.flow.detached) {
			(void)renew_finish(w, &n);
			arena_free(n.arena);
			break;
		}
		flow_cancel(&n.r.flow);
		assert_int_equal(renew_finish(w, &n), ERR_CANCELLED);
		assert_null(n.r.bare);
		arena_free(n.arena);
		assert_int_equal(rows(w, CF_ONCE, NULL), 1); /* nothing is used up */
	}
	mem_free(t);
	issue_free(&s);
}

#define T(f)                                                                                       \
	{                                                                                          \
#f, f, setup, teardown, memory                                                     \
	}

static int run(void)
{
	const struct CMUnitTest tests[] = {
		T(token),	  T(token_claims),  T(token_strangers),	 T(expired),
		T(not_yet_valid), T(claims),	    T(provisioner_gone), T(rekeys),
		T(rekey_usage),	  T(rekey_refused), T(cancelled),	 T(moved),
	};

	return cmocka_run_group_tests_name("ca_renew", tests, NULL, NULL);
}

int main(void)
{
	return world_group(run);
}
