/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ca_world.h"

#include "base/log.h"
#include "ca/reload_priv.h"

#include <sys/stat.h>

/*
 * ca/reload as a flow: what is swapped, what is refused and leaves everything as it was, and the
 * files of provisioners.d that are written by it.
 */
static const char config[] =
	"dnsNames: [ca.example]\n"
	"log: {level: info}\n"
	"authorities:\n"
	"- {name: default, root: r.crt, crt: i.crt, key: i.key, isolation: thread}\n";

static unsigned told; /* state: of the test */

static void on_reload(void *arg, const struct conf *conf)
{
	struct world *w = arg;

	assert_ptr_equal(w->ca->conf, conf);
	told++;
}

static int setup(void **state)
{
	struct world *w = world_new("memory", config);

	store_up(w, 0);
	ca_up(w);
	w->ca->on_reload = on_reload;
	w->ca->on_reload_arg = w;
	turn_until(w, is_ready);
	told = 0;
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	world_free(*state);
	return 0;
}

/* ---- one reload ---- */

struct reloading {
	struct reload r;
	struct arena *arena;
	json_t *object;
	bool over;
};

static void on_end(struct flow *f)
{
	CONTAINER_OF(CONTAINER_OF(f, struct reload, flow), struct reloading, r)->over = true;
}

static void begin(struct world *w, struct reloading *s, enum reload_edit edit, const char *name,
		  const char *json)
{
	struct err e = ERR_INIT;

	memset(s, 0, sizeof(*s));
	s->arena = arena_new();
	s->object = json ? json_parse(str_c(json), &json_limits_request, 0, &e) : NULL;
	if (json && !s->object)
		fail_msg("%s", e.msg);
	s->r.ca = w->ca;
	s->r.edit = edit;
	s->r.name = str_c(name);
	s->r.object = s->object;
	s->r.actor = STR("uid 7");
	s->r.request_id = STR("req-9");
	reload_init(&s->r, s->arena);
	s->r.flow.on_end = on_end;
	flow_start(&s->r.flow);
}

static struct err end(struct world *w, struct reloading *s)
{
	struct err e = ERR_INIT;

	run_until(w->loop, &s->over);
	if (s->r.flow.failed)
		e = s->r.flow.err;
	else
		assert_int_equal(s->r.provisioners, prov_count(w->ca->provs));
	json_decref(s->object);
	arena_free(s->arena);
	turn_until(w, is_idle);
	return e;
}

static struct err reload(struct world *w, enum reload_edit edit, const char *name, const char *json)
{
	struct reloading s;

	begin(w, &s, edit, name, json);
	return end(w, &s);
}

static void good(struct world *w, enum reload_edit edit, const char *name, const char *json)
{
	struct err e = reload(w, edit, name, json);

	if (e.code != ERR_OK)
		fail_msg("%s", e.msg);
}

/* Refused with this code, and nothing has changed. `text`: in the message. */
static void bad(struct world *w, enum reload_edit edit, const char *name, const char *json,
		enum err_code code, const char *text)
{
	struct conf *conf = w->ca->conf;
	struct prov_set *provs = w->ca->provs;
	struct err e = reload(w, edit, name, json);

	if (e.code != code || !strstr(e.msg, text))
		fail_msg("%s: %s", err_code_name(e.code), e.msg);
	assert_ptr_equal(w->ca->conf, conf);
	assert_ptr_equal(w->ca->provs, provs);
}

static char *folder_of(struct world *w)
{
	return file_join(w->site.dir, "provisioners.d");
}

static unsigned files(struct world *w)
{
	char *path = folder_of(w);
	DIR *d = opendir(path);
	const struct dirent *n;
	unsigned count = 0;

	while (d && (n = readdir(d)))
		count += n->d_name[0] != '.';
	closedir(d);
	mem_free(path);
	return count;
}

static char *file_text(struct world *w, const char *file, unsigned *mode)
{
	char *dir = folder_of(w), *path = file_join(dir, file);
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;
	struct stat st;

	if (file_read(path, 65536, &b, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(stat(path, &st), 0);
	if (mode)
		*mode = st.st_mode & 0777;
	mem_free(path);
	mem_free(dir);
	return buf_steal(&b);
}

/* A JWK provisioner as an object; `more` are further members. */
static char *object(const struct key *k, const char *name, const char *more)
{
	json_t *jwk = jwk_json(k, NULL, false), *n = json_string(name);
	struct buf text = BUF_INIT;

	buf_puts(&text, "{\"type\":\"JWK\",\"key\":");
	json_write(jwk, &text);
	buf_puts(&text, ",\"name\":");
	json_write(n, &text);
	buf_printf(&text, "%s}", more ? more : "");
	json_decref(jwk);
	json_decref(n);
	return buf_steal(&text);
}

static int64_t max_tls(struct world *w, const char *name)
{
	const struct provisioner *p = prov_by_name(w->ca->provs, str_c(name));

	assert_non_null(p);
	return p->claims.max_tls / DURATION_SECOND;
}

/* ---- plain ---- */

static void plain(void **state)
{
	struct world *w = *state;
	struct prov_set *old = prov_set_ref(w->ca->provs);
	const char *const *names = w->ca->conf->dns_names.items;
	struct rec_audit audit;
	struct run r;

	good(w, RELOAD_PLAIN, "", NULL); /* nothing has changed: that is fine */
	assert_int_equal(max_tls(w, "admin"), 86400);
	site_write(&w->site, "signetd.yaml",
		   "dnsNames: [ca.example]\n"
		   "log: {level: debug}\n"
		   "claims: {maxTLSCertDuration: 48h}\n"
		   "authorities:\n"
		   "- {name: default, root: r.crt, crt: i.crt, key: i.key, isolation: thread}\n");
	site_jwk(&w->site, "provisioners.d/2.yaml", "second", w->subject, NULL,
		 "claims: {maxTLSCertDuration: 12h}\n");
	good(w, RELOAD_PLAIN, "", NULL);
	assert_int_equal(told, 2);
	assert_int_equal(prov_count(w->ca->provs), 2);
	assert_int_equal(max_tls(w, "admin"), 2 * 86400);
	assert_int_equal(max_tls(w, "second"), 43200);
	assert_int_equal(w->ca->conf->log.level, LOG_DEBUG);
	assert_true(w->ca->reloaded > 0);
	/* Who has begun keeps what he has. */
	assert_int_equal(prov_count(old), 1);
	assert_int_equal(prov_by_name(old, STR("admin"))->claims.max_tls / DURATION_SECOND, 86400);
	assert_string_equal(names[0], "ca.example");
	prov_set_unref(old);
	find_audit(w, "reloaded", &audit, &r);
	assert_true(str_eqc(audit.actor, "uid 7"));
	assert_true(str_eqc(audit.request_id, "req-9"));
	run_end(&r);
	assert_int_equal(issue_once(w, "t1"), ERR_OK);
}

static void refusals(void **state)
{
	struct world *w = *state;

	site_write(&w->site, "provisioners.d/9.yaml", "type: JWK\nname: [\n");
	bad(w, RELOAD_PLAIN, "", NULL, ERR_INVALID, "/provisioners.d/9.yaml:3:");
	site_write(&w->site, "provisioners.d/9.yaml", "type: JWK\nname: x\nclaims: {max: 1h}\n");
	bad(w, RELOAD_PLAIN, "", NULL, ERR_INVALID, "/provisioners.d/9.yaml:3: claims.max: ");
	site_jwk(&w->site, "provisioners.d/9.yaml", "admin", w->subject, NULL, NULL);
	bad(w, RELOAD_PLAIN, "", NULL, ERR_INVALID, "is also the name in");
	site_jwk(&w->site, "provisioners.d/9.yaml", "nine", w->subject, NULL, NULL);
	site_write(&w->site, "signetd.yaml", "dnsNames: [");
	bad(w, RELOAD_PLAIN, "", NULL, ERR_INVALID, "/signetd.yaml:");
	site_write(&w->site, "signetd.yaml",
		   "dnsNames: [ca.example]\naddress: \":1\"\nclaims: {maxTLSCertDuration: 48h}\n"
		   "authorities:\n- {name: default, root: r.crt, crt: i.crt, key: i.key}\n");
	bad(w, RELOAD_PLAIN, "", NULL, ERR_INVALID,
	    "/signetd.yaml:2: address: cannot change while signetd runs; restart it");
	assert_int_equal(max_tls(w, "admin"), 86400);
	assert_int_equal(told, 0);
	assert_int_equal(rows(w, CF_AUDIT, NULL), 0);
	site_write(&w->site, "signetd.yaml", config);
	good(w, RELOAD_PLAIN, "", NULL);
	assert_int_equal(prov_count(w->ca->provs), 2);
	assert_int_equal(issue_once(w, "t1"), ERR_OK);
}

/* One at a time; a client that leaves changes nothing; many leave nothing behind. */
static void in_turn(void **state)
{
	struct world *w = *state;
	struct reloading a, b;
	struct err e;

	begin(w, &a, RELOAD_PLAIN, "", NULL);
	begin(w, &b, RELOAD_PLAIN, "", NULL);
	e = end(w, &b);
	assert_int_equal(e.code, ERR_CONFLICT);
	e = end(w, &a);
	assert_int_equal(e.code, ERR_OK);
	site_jwk(&w->site, "provisioners.d/2.yaml", "second", w->subject, NULL, NULL);
	begin(w, &a, RELOAD_PLAIN, "", NULL);
	loop_turn(w->loop, 0);
	flow_cancel(&a.r.flow);
	e = end(w, &a);
	assert_int_equal(e.code, ERR_OK);
	assert_int_equal(prov_count(w->ca->provs), 2);
	/* Before it has begun it is cancelled as others are. */
	begin(w, &a, RELOAD_PLAIN, "", NULL);
	flow_cancel(&a.r.flow);
	e = end(w, &a);
	assert_int_equal(e.code, ERR_CANCELLED);
	for (int i = 0; i < 100; i++)
		good(w, RELOAD_PLAIN, "", NULL);
	assert_int_equal(issue_once(w, "t1"), ERR_OK);
}

/* ---- with an edit ---- */

static void adds(void **state)
{
	struct world *w = *state;
	struct rec_audit audit;
	struct run r;
	unsigned mode;
	char *json = object(w->subject, "web", ",\"claims\":{\"maxTLSCertDuration\":\"12h\"}"),
	     *text;

	good(w, RELOAD_ADD, "web", json);
	assert_int_equal(prov_count(w->ca->provs), 2);
	assert_int_equal(max_tls(w, "web"), 43200);
	text = file_text(w, "web.yaml", &mode);
	assert_int_equal(mode, 0644); /* as its neighbour */
	assert_true(str_starts(str_c(text), "# Written by signetd at "));
	assert_non_null(strstr(text, "\ntype: JWK\nname: web\nkey:\n"));
	assert_non_null(strstr(text, "\nclaims:\n  maxTLSCertDuration: \"12h\"\n"));
	mem_free(text);
	find_audit(w, "provisioner.added", &audit, &r);
	assert_true(str_eqc(audit.detail, "web"));
	assert_true(str_eqc(audit.actor, "uid 7"));
	run_end(&r);
	good(w, RELOAD_PLAIN, "", NULL); /* the file says the same */
	assert_int_equal(prov_count(w->ca->provs), 2);

	bad(w, RELOAD_ADD, "web", json, ERR_CONFLICT, "\"web\" exists already, in ");
	bad(w, RELOAD_ADD, "other", json, ERR_INVALID, "\"web\" is not \"other\"");
	mem_free(json);
	/* A file of that name is somebody else's. */
	site_jwk(&w->site, "provisioners.d/app.yaml", "odd", w->subject, "kid-1", NULL);
	json = object(w->subject, "app", NULL);
	bad(w, RELOAD_ADD, "app", json, ERR_CONFLICT, "app.yaml exists already");
	mem_free(json);
	assert_int_equal(files(w), 3);
}

static void adds_nothing_bad(void **state)
{
	struct world *w = *state;
	static const char *const objects[] = {
		"{\"name\":\"x\"}",
		"{\"type\":\"JWK\",\"name\":\"x\"}",
		"{\"type\":\"Nonsense\",\"name\":\"x\"}",
		"{\"type\":\"JWK\",\"name\":\"x\",\"key\":{\"kty\":\"EC\"}}",
		"{\"type\":\"JWK\",\"name\":\"x\",\"nonsense\":1}",
		"{\"type\":[\"JWK\"],\"name\":\"x\"}",
	};
	json_t *jwk = jwk_json(w->subject, NULL, true);
	struct buf text = BUF_INIT;
	char *json;

	for (size_t i = 0; i < ARRAY_LEN(objects); i++)
		bad(w, RELOAD_ADD, "x", objects[i], ERR_INVALID, "provisioners.d/x.yaml");
	bad(w, RELOAD_ADD, "x", "[]", ERR_INVALID, "must be an object");
	bad(w, RELOAD_ADD, "", "{}", ERR_INVALID, "name: is missing");
	json = object(w->subject, "x", ",\"authority\":\"none\"");
	bad(w, RELOAD_ADD, "x", json, ERR_INVALID, "no authority \"none\"");
	mem_free(json);
	/*
	 * A second name for a key that a token cannot tell from another: by its kid and name it
	 * can.
	 */
	json = object(w->subject, "x\ny", NULL);
	bad(w, RELOAD_ADD, "x\ny", json, ERR_INVALID, "name: must have 1 to 255 characters");
	mem_free(json);
	/* A private key must not get into the folder. */
	buf_puts(&text, "{\"type\":\"JWK\",\"name\":\"x\",\"key\":");
	json_write(jwk, &text);
	buf_putc(&text, '}');
	json_decref(jwk);
	bad(w, RELOAD_ADD, "x", text.p, ERR_INVALID, "private");
	buf_wipe_release(&text);
	assert_int_equal(files(w), 1);
	assert_int_equal(rows(w, CF_AUDIT, NULL), 0);
}

static void file_names(void **state)
{
	static const char *const rows[][2] = {
		{"web", "web.yaml"},
		{"A.b_c-9", "A.b_c-9.yaml"},
		{"../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd.yaml"},
		{".hidden", "%2Ehidden.yaml"},
		{"a b", "a%20b.yaml"},
		{"a/b", "a%2Fb.yaml"},
		{"100%", "100%25.yaml"},
		{"caf\xc3\xa9", "caf%C3%A9.yaml"},
		{"", ".yaml"},
	};
	struct world *w = *state;
	struct arena *a = arena_new();
	const char *one, *other;
	char name[256], *json;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *want = rows[i][1];

		assert_string_equal(reload_edit_file_name(a, str_c(rows[i][0])), want);
	}
	memset(name, '/', 255);
	name[255] = '\0';
	one = reload_edit_file_name(a, str_c(name));
	name[254] = 'x';
	other = reload_edit_file_name(a, str_c(name));
	assert_true(strlen(one) < 255 && strlen(other) < 255 && strcmp(one, other) != 0);
	assert_null(strchr(one, '/'));
	json = object(w->subject, "..x y\xe2\x82\xac", NULL);
	good(w, RELOAD_ADD, "..x y\xe2\x82\xac", json);
	mem_free(json);
	assert_int_equal(files(w), 2);
	assert_non_null(prov_by_name(w->ca->provs, STR("..x y\xe2\x82\xac")));
	good(w, RELOAD_REMOVE, "..x y\xe2\x82\xac", NULL);
	assert_int_equal(files(w), 1);
	json = object(w->subject, "a/b", NULL); /* no request could name it */
	assert_int_equal(reload(w, RELOAD_ADD, "a/b", json).code, ERR_INVALID);
	mem_free(json);
	assert_int_equal(files(w), 1);
	arena_free(a);
}

static void replaces(void **state)
{
	struct world *w = *state;
	char *json = object(w->subject, "admin", ",\"claims\":{\"disableRenewal\":true}"), *text;
	char *path = file_join(w->site.dir, "provisioners.d/1.yaml");
	struct rec_audit audit;
	struct run r;
	unsigned mode;

	assert_int_equal(chmod(path, 0640), 0);
	good(w, RELOAD_REPLACE, "admin", json);
	text = file_text(w, "1.yaml", &mode); /* the file that it had */
	assert_int_equal(mode, 0640);
	assert_non_null(strstr(text, "disableRenewal: true"));
	mem_free(text);
	assert_int_equal(files(w), 1);
	assert_true(prov_by_name(w->ca->provs, STR("admin"))->claims.disable_renewal);
	find_audit(w, "provisioner.replaced", &audit, &r);
	run_end(&r);
	mem_free(json);

	/* A broken file is mended by it. */
	site_write(&w->site, "provisioners.d/1.yaml", "name: admin\nnonsense: 1\n");
	bad(w, RELOAD_PLAIN, "", NULL, ERR_INVALID, "1.yaml:1: type: missing");
	json = object(w->admin, "admin", NULL);
	good(w, RELOAD_REPLACE, "admin", json);
	assert_false(prov_by_name(w->ca->provs, STR("admin"))->claims.disable_renewal);
	mem_free(json);

	json = object(w->subject, "none", NULL);
	bad(w, RELOAD_REPLACE, "none", json, ERR_NOT_FOUND, "no provisioner \"none\" in ");
	mem_free(json);
	bad(w, RELOAD_REPLACE, "admin", "{\"type\":\"JWK\",\"name\":\"admin\"}", ERR_INVALID,
	    "1.yaml:");
	text = file_text(w, "1.yaml", NULL);
	assert_null(strstr(text, "nonsense"));
	mem_free(text);
	mem_free(path);
}

static void removes(void **state)
{
	struct world *w = *state;
	struct prov_set *old;
	struct rec_audit audit;
	struct run r;

	bad(w, RELOAD_REMOVE, "none", NULL, ERR_NOT_FOUND, "no provisioner \"none\"");
	site_jwk(&w->site, "provisioners.d/2.yaml", "second", w->subject, NULL, NULL);
	good(w, RELOAD_REMOVE, "second", NULL); /* never loaded, but there */
	assert_int_equal(files(w), 1);
	old = prov_set_ref(w->ca->provs);
	good(w, RELOAD_REMOVE, "admin", NULL); /* the last one: allowed */
	assert_int_equal(files(w), 0);
	assert_int_equal(prov_count(w->ca->provs), 0);
	assert_non_null(prov_by_name(old, STR("admin")));
	prov_set_unref(old);
	find_audit(w, "provisioner.removed", &audit, &r);
	run_end(&r);
	bad(w, RELOAD_REMOVE, "admin", NULL, ERR_NOT_FOUND, "no provisioner \"admin\"");
}

/* The folder as a whole must be fine before one file of it is touched. */
static void edits_nothing_beside_a_bad_file(void **state)
{
	struct world *w = *state;
	char *json = object(w->subject, "web", NULL);

	site_write(&w->site, "provisioners.d/9.yaml", "type: JWK\n");
	bad(w, RELOAD_ADD, "web", json, ERR_INVALID, "9.yaml:1: ");
	bad(w, RELOAD_REMOVE, "admin", NULL, ERR_INVALID, "9.yaml:1: ");
	assert_int_equal(files(w), 2);
	mem_free(json);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static int tests(void)
{
	const struct CMUnitTest list[] = {
		T(plain),    T(refusals),	  T(in_turn),
		T(adds),     T(adds_nothing_bad), T(file_names),
		T(replaces), T(removes),	  T(edits_nothing_beside_a_bad_file),
	};

	return cmocka_run_group_tests_name("ca/reload", list, NULL, NULL);
}

int main(void)
{
	return world_group(tests);
}
