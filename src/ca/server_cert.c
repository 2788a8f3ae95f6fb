/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ca/ca.h"

#include "base/bug.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/hook.h"
#include "base/log.h"
#include "base/mem.h"

/*
 * server_cert.c - the daemon's own TLS key and leaf.
 *
 * The key is a local P-256 key in tls/server.key, never in an HSM, so that a handshake never
 * waits for one. The leaf in tls/server.crt is issued by the first authority through ca/issue
 * like any other (endpoint kind "self", one endpoint for ever), and persists: neither an HSM
 * outage nor a crash loop stops TLS or issues certificates. A leaf that is still good, for the
 * same names and from the present issuer, is used at once; otherwise, and at two thirds of its
 * life, a new one is made as soon as the CA can sign, but not twice in a minute. The new pair is
 * first on disk (job on the slow pool), then handed to on_creds: connections keep what they began
 * with.
 *
 * An operator may revoke the leaf. Then a new one follows, after a moment in which he may be
 * revoking all of its endpoint. When he blocked the key for key compromise, the issuance is refused
 * for that, and a new key is made; it is written before its leaf. A death between the two leaves a
 * key without a leaf, which the next start mends.
 */

#define RETRY_MS 200
/* How often the wall clock is looked at: it may be set, and timers stand still while the machine
 * sleeps. */
#define LOOK_MS	   60000
#define PAUSE_S	   60 /* from one leaf to the next, at least, unless the leaf is shorter */
#define FILE_MAX_  (256 * 1024)
#define REPLACE_MS 3000

struct server_cert {
	struct ca *ca;
	void (*on_creds)(void *arg, const struct tls_creds *c);
	void *arg;
	struct arena *arena;
	struct key *key;
	struct secret pkcs8;
	char *key_path, *crt_path;
	struct san_list names;
	struct timer timer;
	bool have;	    /* a usable leaf was handed out */
	int64_t not_before; /* of that leaf: the clock may be set back behind it */
	int64_t due;	    /* when it is to be replaced */
	unsigned failures;
	bool key_unsaved; /* a new key that is not on disk yet */
	/* one issuance at a time */
	struct arena *op;
	struct issue issue;
	struct save_job *saving;
	struct post next;
	bool closing;
};

struct save_job {
	struct job job;
	struct server_cert *owner;
	char *path, *key_path;
	struct buf pem, key_pem; /* the latter only when the key is new */
	int64_t not_before, not_after;
	bool saved;
	int rc;
	struct err err;
};

static void wait_until_due(struct server_cert *s)
{
	int64_t left = s->due - clock_now();

	timer_set(&s->timer, left < 1		     ? 1000
			     : left > LOOK_MS / 1000 ? LOOK_MS
						     : (uint64_t)left * 1000);
}

static void schedule(struct server_cert *s, int64_t not_before, int64_t not_after)
{
	s->not_before = not_before;
	s->due = not_before + (not_after - not_before) * 2 / 3;
	wait_until_due(s);
}

static void hand_out(struct server_cert *s, struct str chain_pem)
{
	struct tls_creds c = {.chain_pem = chain_pem, .key_pkcs8 = secret_view(&s->pkcs8)};

	if (s->closing)
		return;
	s->have = true;
	s->on_creds(s->arg, &c);
}

/* ---- writing ---- */

static void save_run(struct job *j)
{
	struct save_job *sj = CONTAINER_OF(j, struct save_job, job);

	test_crash("server_cert.save");
	sj->rc = 0;
	if (sj->key_pem.n > 0)
		sj->rc = file_replace(sj->key_path, buf_view(&sj->key_pem), 0600, &sj->err);
	if (sj->rc == 0)
		sj->rc = file_replace(sj->path, buf_view(&sj->pem), 0644, &sj->err);
	sj->saved = sj->rc == 0;
}

static void save_free(struct job *j)
{
	struct save_job *sj = CONTAINER_OF(j, struct save_job, job);

	mem_free(sj->path);
	mem_free(sj->key_path);
	buf_release(&sj->pem);
	buf_wipe_release(&sj->key_pem);
	mem_free(sj);
}

/*
 * Much backdating, or an issuer near its end, must not make a new one each second; but a short one
 * (claims of some seconds) may not end before the next is there.
 */
static void pause_after(struct server_cert *s, int64_t not_after)
{
	int64_t now = clock_now(), pause = (not_after - now) * 2 / 3;

	pause = pause < 1 ? 1 : pause > PAUSE_S ? PAUSE_S : pause;
	if (s->due >= now + pause)
		return;
	s->due = now + pause;
	wait_until_due(s);
}

static void save_done(struct job *j)
{
	struct save_job *sj = CONTAINER_OF(j, struct save_job, job);
	struct server_cert *s = sj->owner;

	s->saving = NULL;
	if (sj->rc < 0)
		log_error("server_cert.save", F_ERR(&sj->err));
	if (sj->saved)
		s->key_unsaved = false;
	log_info("server_cert.new", F_TIME("not_after", sj->not_after));
	hand_out(s, buf_view(&sj->pem));
	schedule(s, sj->not_before, sj->not_after);
	pause_after(s, sj->not_after);
}

static void save(struct server_cert *s, const struct cert *c)
{
	struct save_job *sj = NEW(struct save_job);
	const struct authority *au = s->issue.authority;
	struct err e = ERR_INIT;

	sj->job.name = "server_cert.save";
	sj->job.run = save_run;
	sj->job.done = save_done;
	sj->job.free = save_free;
	sj->owner = s;
	sj->path = mem_strdup(s->crt_path);
	sj->key_path = mem_strdup(s->key_path);
	if (s->key_unsaved && key_to_pem(s->key, NULL, &sj->key_pem, &e) < 0)
		log_error("server_cert.save", F_ERR(&e));
	sj->not_before = c->not_before;
	sj->not_after = c->not_after;
	cert_to_pem(c->der, &sj->pem);
	for (size_t i = 0; i < au->n_chain; i++)
		cert_to_pem(au->chain[i], &sj->pem);
	s->saving = sj;
	if (pool_submit(s->ca->slow, &sj->job, &e) < 0) {
		/* Not saved now; in use all the same. */
		log_error("server_cert.save", F_ERR(&e));
		sj->rc = 0;
		save_done(&sj->job);
		save_free(&sj->job);
	}
}

/* ---- issuing ---- */

/* Here on the loop, against the rule: well under a millisecond, and once after a revocation. */
static void replace_key(struct server_cert *s)
{
	struct err e = ERR_INIT;
	struct key *k = key_generate(KEY_P256, 0, &e);

	if (k == NULL) {
		log_error("server_cert.key", F_ERR(&e));
		return;
	}
	key_free(s->key);
	s->key = k;
	secret_release(&s->pkcs8);
	key_to_pkcs8(k, &s->pkcs8);
	s->key_unsaved = true;
	log_warn("server_cert.new_key", F_C("why", "the old one was revoked for key compromise"));
}

/* Posted after the flow ended: takes the result, frees what the issuance used. */
static void after_issue(struct post *p)
{
	struct server_cert *s = CONTAINER_OF(p, struct server_cert, next);
	struct cert c;
	struct err e = s->issue.flow.err;

	if (!s->issue.flow.failed && cert_parse(s->issue.der, s->op, &c, &e) == 0) {
		s->failures = 0;
		save(s, &c);
	} else {
		s->failures++;
		log_error("server_cert.issue", F_ERR(&e));
		if (s->issue.key_blocked)
			replace_key(s);
		timer_set(&s->timer, s->failures > 5 ? 60000 : RETRY_MS * (1u << s->failures));
	}
	arena_free(s->op);
	s->op = NULL;
}

static void on_issued(struct flow *f)
{
	struct server_cert *s =
		CONTAINER_OF(CONTAINER_OF(f, struct issue, flow), struct server_cert, issue);

	loop_reap(s->ca->loop, &s->next);
}

static struct str self_endpoint(struct server_cert *s)
{
	unsigned char h[HASH_MAX];
	struct buf b = BUF_INIT;
	struct str id;

	buf_puts(&b, "self");
	buf_u8(&b, 0);
	buf_puts(&b, s->ca->authorities[0].name);
	hash(HASH_SHA256, buf_view(&b), h);
	buf_release(&b);
	id = arena_str(s->op, str_mem(h, 16));
	return id;
}

static void begin(struct server_cert *s)
{
	s->op = arena_new();
	s->issue = (struct issue){
		.ca = s->ca,
		.grant = grant_for_self(s->op, str_c(s->ca->conf->common_name), &s->names),
		.authority = &s->ca->authorities[0],
		.subject_key = s->key,
		.endpoint = self_endpoint(s),
		.endpoint_kind = "self",
	};
	issue_init(&s->issue, s->op);
	s->issue.flow.on_end = on_issued;
	flow_start(&s->issue.flow);
}

static void on_timer(struct timer *t)
{
	struct server_cert *s = CONTAINER_OF(t, struct server_cert, timer);

	if (server_cert_busy(s) || s->closing)
		return;
	if (s->have && clock_now() >= s->not_before && clock_now() < s->due) {
		wait_until_due(s);
		return;
	}
	if (!s->ca->ready || kms_key_state(s->ca->authorities[0].key, NULL) != KMS_READY) {
		timer_set(&s->timer, s->have ? RETRY_MS : 20);
		return;
	}
	begin(s);
}

/* ---- start ---- */

static int own_names(struct server_cert *s, struct err *e)
{
	const struct conf_strings *d = &s->ca->conf->dns_names;

	s->names.items = ARENA_ARRAY(s->arena, struct san, d->n + 1);
	for (size_t i = 0; i < d->n; i++) {
		struct str n = str_c(d->items[i]);

		if (n.n > 2 && n.p[0] == '[' && n.p[n.n - 1] == ']')
			n = str_mem(n.p + 1, n.n - 2);
		if (san_from_text(n, s->arena, &s->names.items[i], e) < 0)
			return err_wrap(e, "dnsNames");
	}
	s->names.n = d->n;
	return 0;
}

static int load_key(struct server_cert *s, struct err *e)
{
	struct buf pem = BUF_INIT;
	struct secret text = SECRET_INIT;
	int rc = -1;

	if (file_exists(s->key_path)) {
		if (file_read_secret(s->key_path, FILE_MAX_, &text, e) < 0)
			goto out;
		s->key = key_from_file_data(secret_view(&text), NULL, e);
	} else {
		s->key = key_generate(KEY_P256, 0, e);
		if (s->key != NULL && (key_to_pem(s->key, NULL, &pem, e) < 0 ||
				       file_create(s->key_path, buf_view(&pem), 0600, e) < 0))
			goto out;
	}
	if (s->key == NULL) {
		err_wrap(e, "%s", s->key_path);
		goto out;
	}
	if (key_type(s->key) != KEY_P256) {
		ERR(e, ERR_INVALID,
		    "%s: must be a P-256 key; remove the file, and a new one is made", s->key_path);
		goto out;
	}
	key_to_pkcs8(s->key, &s->pkcs8);
	rc = 0;
out:
	buf_wipe_release(&pem);
	secret_release(&text);
	return rc;
}

static bool same_names(const struct san_list *a, const struct san_list *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!san_equal(&a->items[i], &b->items[i]))
			return false;
	return true;
}

static bool still_good(struct server_cert *s, const struct cert *c, struct arena *a)
{
	const struct authority *au = &s->ca->authorities[0];
	struct buf spki = BUF_INIT;
	int64_t now = clock_now();
	bool good;

	(void)a;
	key_to_spki(s->key, &spki);
	good = str_eq(buf_view(&spki), c->spki) &&
	       name_der_equal(c->issuer.der, au->cert.subject.der) &&
	       str_eq(c->aki, au->cert.ski) && same_names(&c->sans, &s->names) &&
	       c->not_before <= now && c->not_after > now;
	buf_release(&spki);
	return good;
}

/* Uses the leaf on disk when it is good. */
static void load_leaf(struct server_cert *s)
{
	struct arena *a = arena_new();
	struct buf pem = BUF_INIT;
	struct str *ders;
	size_t n;
	struct cert c;
	struct err e = ERR_INIT;

	if (file_exists(s->crt_path) && file_read(s->crt_path, FILE_MAX_, &pem, &e) == 0 &&
	    cert_pem_read(buf_view(&pem), a, &ders, &n, &e) == 0 &&
	    cert_parse(ders[0], a, &c, &e) == 0 && still_good(s, &c, a)) {
		hand_out(s, buf_view(&pem));
		schedule(s, c.not_before, c.not_after);
	} else {
		timer_set(&s->timer, 1);
	}
	buf_release(&pem);
	arena_free(a);
}

struct server_cert *server_cert_new(struct ca *ca,
				    void (*on_creds)(void *, const struct tls_creds *), void *arg,
				    struct err *e)
{
	struct server_cert *s = NEW(struct server_cert);
	char *dir = file_join(ca->conf->data_dir, "tls");

	s->ca = ca;
	s->on_creds = on_creds;
	s->arg = arg;
	s->arena = arena_new();
	s->key_path = file_join(dir, "server.key");
	s->crt_path = file_join(dir, "server.crt");
	s->next = (struct post){.fn = after_issue, .name = "server_cert.after_issue"};
	timer_init(&s->timer, ca->loop, "server_cert.timer", on_timer);
	if (file_mkdir_p(dir, 0700, e) < 0 || own_names(s, e) < 0 || load_key(s, e) < 0) {
		mem_free(dir);
		server_cert_free(s);
		return NULL;
	}
	mem_free(dir);
	load_leaf(s);
	return s;
}

void server_cert_stop(struct server_cert *s)
{
	if (s != NULL)
		s->closing = true;
}

void server_cert_replace(struct server_cert *s)
{
	if (s == NULL || s->closing)
		return;
	s->due = 0;
	if (!server_cert_busy(s))
		timer_set(&s->timer, REPLACE_MS);
}

bool server_cert_busy(const struct server_cert *s)
{
	return s != NULL && (s->op != NULL || s->saving != NULL);
}

void server_cert_free(struct server_cert *s)
{
	if (s == NULL)
		return;
	ENSURE(!server_cert_busy(s));
	timer_release(&s->timer);
	key_free(s->key);
	secret_release(&s->pkcs8);
	mem_free(s->key_path);
	mem_free(s->crt_path);
	arena_free(s->arena);
	mem_free(s);
}
