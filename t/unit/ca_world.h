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
			      .provs = w->set};
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

/* A grant as the authorize step makes it: host.example.com and a token of which this is the id. */
static UNUSED struct grant *make_grant(struct world *w, struct arena *a, const char *token)
{
	struct grant *g = ARENA_NEW(a, struct grant);
	struct san *san = ARENA_ARRAY(a, struct san, 2);
	struct err e = ERR_INIT;

	g->magic = GRANT_MAGIC;
	g->set = w->set;
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

static UNUSED void issue_begin(struct world *w, struct issuing *s, const char *token)
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

/* ---- the group: SIGNET_TEST_KMS_FILE is set before there are threads ---- */

static int world_group(int (*run)(void))
{
	static char path[] = "/tmp/signet-cactl-XXXXXX"; /* state: environment */
	struct err e = ERR_INIT;
	int fd = mkstemp(path), rc;

	if (fd < 0 || setenv("SIGNET_TEST_KMS_FILE", path, 1) != 0 || crypto_init(NULL, &e) != 0)
		return 1;
	close(fd);
	rc = run();
	crypto_end();
	unlink(path);
	return rc;
}

#endif
