/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_T_CA_WORLD_H
#define SIGNET_T_CA_WORLD_H

/*
 * ca_world.h - a CA in a temporary folder: the test CA's files, one provisioner, a store of
 * either driver, and one issuance after the other. The key back-end is told what to do through
 * the file that SIGNET_TEST_KMS_FILE names.
 */
#include "prov_util.h"

#include "store_run.h"

#include "ca/ca.h"
#include "ca/index.h"
#include "kms/priv.h"

struct world {
	struct site site;
	const char *driver;
	struct prov_set *set;
	struct loop *loop;
	struct pool *cpu, *slow;
	struct store *store;
	struct ca *ca;
	struct key *subject, *admin;
};

static const struct signet_plugin *const plugins[] = {&signet_plugin_jwk, NULL};

/*
 * A scenario that tells the key what to do: left out of a build whose key back-end does not
 * listen.
 */
#ifdef ENABLE_TEST_HOOKS
#define NEEDS_KEY_HOOK() ((void)0)
#else
#define NEEDS_KEY_HOOK()                                                                           \
	do {                                                                                       \
		print_message("# left out: built without --enable-test-hooks\n");                  \
		return;                                                                            \
	} while (0)
#endif

static void kms_tell(const char *text)
{
	struct err e = ERR_INIT;

	if (file_replace(getenv("SIGNET_TEST_KMS_FILE"), str_c(text), 0600, &e) < 0)
		fail_msg("%s", e.msg);
}

static UNUSED void copy_file(struct site *s, const char *from, const char *to)
{
	const char *src = getenv("SIGNET_SRCDIR");
	char *path = mem_asprintf("%s/t/vectors/ca/%s", src ? src : ".", from);
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;

	if (file_read(path, 65536, &b, &e) < 0)
		fail_msg("%s", e.msg);
	site_write(s, to, b.p);
	buf_release(&b);
	mem_free(path);
}

static void turn_until(struct world *w, bool (*over)(struct world *w))
{
	uint64_t guard = clock_mono_ms() + 20000;

	while (!over(w)) {
		loop_turn(w->loop, 20);
		if (clock_mono_ms() > guard)
			fail_msg("hangs");
	}
}

static void store_up(struct world *w, uint64_t min_free)
{
	char *path = file_join(w->site.dir, "db");
	struct store_config c = {
		.driver = w->driver, .path = path, .readers = 1, .min_free = min_free};
	struct err e = ERR_INIT;

	w->store = store_open(w->loop, &c, &e);
	if (!w->store)
		fail_msg("%s", e.msg);
	mem_free(path);
}

static UNUSED bool is_ready(struct world *w)
{
	return w->ca->ready && kms_key_state(w->ca->authorities[0].key, NULL) == KMS_READY;
}

static void ca_up(struct world *w)
{
	struct ca_config c = {.loop = w->loop,
			      .store = w->store,
			      .cpu = w->cpu,
			      .slow = w->slow,
			      .conf = w->site.conf,
			      .provs = w->set,
			      .plugins = w->site.plugins};
	struct err e = ERR_INIT;

	w->ca = ca_new(&c, &e);
	if (!w->ca)
		fail_msg("%s", e.msg);
}

static bool is_idle(struct world *w)
{
	return !ca_busy(w->ca);
}

static void ca_down(struct world *w)
{
	ca_stop(w->ca);
	turn_until(w, is_idle);
	server_cert_free(w->ca->server_cert);
	ca_free(w->ca);
	w->ca = NULL;
}

static struct world *world_new(const char *driver, const char *config)
{
	const struct pool_config cpu = {
		.name = "cpu", .threads = 2, .bound = 16, .thread_end = crypto_thread_end};
	const struct pool_config slow = {
		.name = "slow", .threads = 1, .bound = 16, .thread_end = crypto_thread_end};
	struct world *w = NEW(struct world);
	struct err e = ERR_INIT;
	char *path;

	w->driver = driver;
	kms_tell("");
	site_new(&w->site, plugins);
	conf_unref(w->site.conf);
	site_write(&w->site, "signetd.yaml", config);
	path = file_join(w->site.dir, "signetd.yaml");
	w->site.conf = conf_load(path, &e);
	if (!w->site.conf)
		fail_msg("%s", e.msg);
	mem_free(path);
	copy_file(&w->site, "root.crt", "r.crt");
	copy_file(&w->site, "intermediate.crt", "i.crt");
	copy_file(&w->site, "intermediate.key", "i.key");
	w->admin = key_generate(KEY_P256, 0, &e);
	w->subject = key_generate(KEY_P256, 0, &e);
	site_jwk(&w->site, "provisioners.d/1.yaml", "admin", w->admin, NULL, NULL);
	w->set = site_load(&w->site);
	w->loop = loop_new(&e);
	w->cpu = pool_new(w->loop, &cpu, &e);
	w->slow = pool_new(w->loop, &slow, &e);
	assert_true(w->loop && w->cpu && w->slow && w->admin && w->subject);
	return w;
}

static void world_free(struct world *w)
{
	kms_tell("");
	if (w->ca)
		ca_down(w);
	store_close(w->store);
	assert_true(pool_free(w->slow, 5000) && pool_free(w->cpu, 5000));
	for (int i = 0; i < 4; i++)
		loop_turn(w->loop, 0);
	loop_free(w->loop);
	prov_set_unref(w->set);
	key_free(w->admin);
	key_free(w->subject);
	site_free(&w->site);
	mem_free(w);
}

/* ---- one issuance ---- */

struct issuing {
	struct issue i;
	struct arena *arena;
	bool over;
};

static UNUSED void on_issue_end(struct flow *f)
{
	CONTAINER_OF(CONTAINER_OF(f, struct issue, flow), struct issuing, i)->over = true;
}

static void unref_set(void *set)
{
	prov_set_unref(set);
}

/* A grant as the authorize step makes it: host.example.com and a token of which this is the id. */
static UNUSED struct grant *make_grant(struct world *w, struct arena *a, const char *token)
{
	struct grant *g = ARENA_NEW(a, struct grant);
	struct san *san = ARENA_ARRAY(a, struct san, 2);
	struct err e = ERR_INIT;

	g->magic = GRANT_MAGIC;
	g->set = prov_set_ref(w->set);
	arena_on_free(a, unref_set, g->set);
	g->prov = prov_by_name(w->set, STR("admin"));
	g->method = SIGNET_SIGN;
	g->subject = STR("Host.Example.com");
	assert_int_equal(san_from_text(STR("host.example.com"), a, &san[0], &e), 0);
	assert_int_equal(san_from_text(STR("10.1.2.3"), a, &san[1], &e), 0);
	g->names = (struct san_list){san, 2};
	hash(HASH_SHA256, str_c(token), g->once);
	g->has_once = true;
	g->once_expiry = clock_now() + 600;
	return g;
}

/* Everything but the start: the test changes what it wants first. */
static UNUSED void issue_prepare(struct world *w, struct issuing *s, const char *token)
{
	memset(s, 0, sizeof(*s));
	s->arena = arena_new();
	s->i.ca = w->ca;
	s->i.grant = make_grant(w, s->arena, token);
	s->i.authority = &w->ca->authorities[0];
	s->i.subject_key = w->subject;
	s->i.request_id = STR("req-1");
	issue_init(&s->i, s->arena);
	s->i.flow.on_end = on_issue_end;
}

static UNUSED void issue_begin(struct world *w, struct issuing *s, const char *token)
{
	issue_prepare(w, s, token);
	flow_start(&s->i.flow);
}

static UNUSED enum err_code issue_finish(struct world *w, struct issuing *s)
{
	run_until(w->loop, &s->over);
	return s->i.flow.failed ? s->i.flow.err.code : ERR_OK;
}

static UNUSED void issue_free(struct issuing *s)
{
	arena_free(s->arena);
}

static UNUSED enum err_code issue_once(struct world *w, const char *token)
{
	struct issuing s;
	enum err_code code;

	issue_begin(w, &s, token);
	code = issue_finish(w, &s);
	issue_free(&s);
	return code;
}

/* One certificate; the caller frees. */
static UNUSED void issue_one(struct world *w, struct issuing *s, const char *token)
{
	issue_begin(w, s, token);
	assert_int_equal(issue_finish(w, s), ERR_OK);
}

/* ---- one renewal, one revocation ---- */

struct renewing {
	struct renew r;
	struct arena *arena;
	bool over;
};

static UNUSED void on_renew_end(struct flow *f)
{
	CONTAINER_OF(CONTAINER_OF(f, struct renew, flow), struct renewing, r)->over = true;
}

/* By certificate, or with `token` by that. Everything but the start. */
static UNUSED void renew_prepare(struct world *w, struct renewing *s, struct str der,
				 const char *token)
{
	memset(s, 0, sizeof(*s));
	s->arena = arena_new();
	s->r.ca = w->ca;
	s->r.leaf_der = der;
	s->r.token = str_c(token);
	s->r.request_id = STR("req-2");
	renew_init(&s->r, s->arena);
	s->r.flow.on_end = on_renew_end;
}

static UNUSED void renew_begin(struct world *w, struct renewing *s, struct str der)
{
	renew_prepare(w, s, der, NULL);
	flow_start(&s->r.flow);
}

static UNUSED enum err_code renew_finish(struct world *w, struct renewing *s)
{
	run_until(w->loop, &s->over);
	return s->r.flow.failed ? s->r.flow.err.code : ERR_OK;
}

struct revoking {
	struct revoke r;
	struct arena *arena;
	bool over;
};

static UNUSED void on_revoke_end(struct flow *f)
{
	CONTAINER_OF(CONTAINER_OF(f, struct revoke, flow), struct revoking, r)->over = true;
}

/* As operator. Everything but the start. */
static UNUSED void revoke_prepare(struct world *w, struct revoking *s, struct str serial)
{
	memset(s, 0, sizeof(*s));
	s->arena = arena_new();
	s->r.ca = w->ca;
	s->r.serial = arena_str(s->arena, serial);
	s->r.by = REVOKE_BY_OPERATOR;
	s->r.actor = STR("uid 0");
	s->r.request_id = STR("req-3");
	revoke_init(&s->r, s->arena);
	s->r.flow.on_end = on_revoke_end;
}

static UNUSED enum err_code revoke_finish(struct world *w, struct revoking *s)
{
	run_until(w->loop, &s->over);
	return s->r.flow.failed ? s->r.flow.err.code : ERR_OK;
}

static UNUSED enum err_code revoke_run(struct world *w, struct revoking *s)
{
	flow_start(&s->r.flow);
	return revoke_finish(w, s);
}

static UNUSED enum err_code revoke_once(struct world *w, struct str serial, int64_t reason)
{
	struct revoking s;
	enum err_code code;

	revoke_prepare(w, &s, serial);
	s.r.reason = reason;
	code = revoke_run(w, &s);
	arena_free(s.arena);
	return code;
}

static UNUSED const char *serial_text(struct revoking *s, struct str serial)
{
	return index_serial_text(s->arena, serial).p;
}

/* ---- what changes under it ---- */

/* The files of provisioners.d anew, as a reload does it. */
static UNUSED void set_swap(struct world *w)
{
	struct prov_set *s = site_load(&w->site);

	prov_set_unref(w->set);
	w->set = s;
	prov_set_unref(w->ca->provs);
	w->ca->provs = prov_set_ref(s);
}

/* Seconds that clock_now() is ahead; see NEEDS_KEY_HOOK. */
static UNUSED void clock_tell(int64_t seconds)
{
	char text[32];
	struct err e = ERR_INIT;

	snprintf(text, sizeof(text), "%" PRId64, seconds);
	if (file_replace(getenv("SIGNET_TEST_CLOCK_FILE"), str_c(text), 0600, &e) < 0)
		fail_msg("%s", e.msg);
}

/* ---- what is in the store ---- */

/* All rows of a family: their number. `r` (optional) keeps them until run_end(). */
static UNUSED size_t rows(struct world *w, enum cf cf, struct run *keep)
{
	struct run own = {0}, *r = keep ? keep : &own;
	size_t n;

	memset(r, 0, sizeof(*r));
	r->cf = cf;
	r->limit = 1000;
	run_begin(r, w->loop, w->store, RUN_PAGE);
	run_until(w->loop, &r->over);
	if (r->err.code != ERR_OK)
		fail_msg("%s", r->err.msg);
	n = r->page.n;
	if (!keep)
		run_end(r);
	return n;
}

static UNUSED void assert_empty(struct world *w)
{
	for (unsigned cf = CF_CERT; cf < CF_COUNT; cf++)
		if (rows(w, (enum cf)cf, NULL) != 0)
			fail_msg("a row in %s", cf_name((enum cf)cf));
}

/* The only record of a family, decoded into obj (of the arena of `r`). */
static UNUSED void only_row(struct world *w, enum cf cf, const struct rec_type_info *t, void *obj,
			    struct run *r)
{
	struct err e = ERR_INIT;

	assert_int_equal(rows(w, cf, r), 1);
	if (t && rec_decode(t, r->page.rows[0].value, r->arena, obj, &e) < 0)
		fail_msg("%s", e.msg);
}

/* The first audit entry of this event. */
static UNUSED void find_audit(struct world *w, const char *event, struct rec_audit *out,
			      struct run *r)
{
	struct err e = ERR_INIT;
	size_t n = rows(w, CF_AUDIT, r);

	for (size_t i = 0; i < n; i++) {
		assert_int_equal(
			rec_decode(&rec_audit_info, r->page.rows[i].value, r->arena, out, &e), 0);
		if (str_eqc(out->event, event))
			return;
	}
	fail_msg("no audit entry %s", event);
}

/* ---- the group: the files of the test hooks are named before there are threads ---- */

static int world_group(int (*run)(void))
{
	static char path[] = "/tmp/signet-cactl-XXXXXX"; /* state: environment */
	struct err e = ERR_INIT;
	int fd = mkstemp(path), rc;
	char *clock = mem_asprintf("%s.clock", path);

	if (fd < 0 || setenv("SIGNET_TEST_KMS_FILE", path, 1) != 0 ||
	    setenv("SIGNET_TEST_CLOCK_FILE", clock, 1) != 0 || crypto_init(NULL, &e) != 0)
		return 1;
	close(fd);
	rc = run();
	crypto_end();
	unlink(path);
	unlink(clock);
	mem_free(clock);
	return rc;
}

#endif
