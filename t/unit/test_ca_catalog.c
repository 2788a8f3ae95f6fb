/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The catalogue over rows that the test writes: which rows a page has, cursors, single records. */
#include "base/compat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "store_run.h"

#include "ca/ca.h"
#include "ca/index.h"
#include "codec/b64.h"
#include "crypto/crypto.h"

#include <ftw.h>
#include <sys/stat.h>

#define HOUR 3600

struct fix {
	struct ca ca; /* loop and store are all that the catalogue uses */
	struct arena *arena;
	const char *driver;
	char path[64];
	unsigned serials;
};

static int up(void **state, const char *driver)
{
	struct fix *f = NEW(struct fix);
	struct err e = ERR_INIT;
	struct store_config c = {.driver = driver, .readers = 1};

	f->driver = driver;
	f->arena = arena_new();
	snprintf(f->path, sizeof(f->path), "/tmp/signet-catalog-XXXXXX");
	if (!mkdtemp(f->path))
		return -1;
	c.path = f->path;
	f->ca.loop = loop_new(&e);
	f->ca.store = store_open(f->ca.loop, &c, &e);
	if (!f->ca.store)
		fail_msg("%s", e.msg);
	*state = f;
	return 0;
}

static int up_memory(void **state)
{
	return up(state, "memory");
}

static int up_rocksdb(void **state)
{
	return up(state, MEMORY_ONLY ? "memory" : "rocksdb");
}

static int rm_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static int down(void **state)
{
	struct fix *f = *state;

	store_close(f->ca.store);
	for (int i = 0; i < 4; i++)
		loop_turn(f->ca.loop, 0);
	loop_free(f->ca.loop);
	arena_free(f->arena);
	nftw(f->path, rm_one, 8, FTW_DEPTH | FTW_PHYS);
	mem_free(f);
	return 0;
}

/* ---- rows ---- */

struct seed {
	const char *names; /* separated by commas; the first is the CN */
	int64_t not_after; /* seconds from now */
	const char *provisioner, *authority, *kind;
	char endpoint; /* 16 times; 0: 'E' */
	int64_t revoked_at;
	int64_t not_before; /* from now; 0: an hour ago */
};

static struct rec_list split(struct arena *a, const char *text)
{
	struct str *items = ARENA_ARRAY(a, struct str, 400), rest = str_c(text);
	size_t n = 0;

	while (rest.n > 0)
		items[n++] = str_cut(rest, ',', &rest);
	return (struct rec_list){items, n};
}

static void seed_into(struct fix *f, struct store_batch *b, const struct seed *s)
{
	unsigned n = ++f->serials;
	unsigned char serial[16] = {1};
	char endpoint[16];
	struct cert c = {.serial = str_mem(serial, sizeof(serial))};
	int64_t now = clock_now();
	struct rec_cert rec = {
		.der = STR("der"),
		.authority = str_c(s->authority ? s->authority : "default"),
		.provisioner = str_c(s->provisioner ? s->provisioner : "admin"),
		.provisioner_type = STR("JWK"),
		.endpoint = str_mem(endpoint, sizeof(endpoint)),
		.names = split(f->arena, s->names),
		.not_before = now + (s->not_before ? s->not_before : -HOUR),
		.not_after = now + s->not_after,
		.issued = now,
		.revoked_at = s->revoked_at,
		.kind = str_c(s->kind ? s->kind : "x509"),
	};

	serial[14] = (unsigned char)(n >> 8);
	serial[15] = (unsigned char)n;
	memset(endpoint, s->endpoint ? s->endpoint : 'E', sizeof(endpoint));
	rec.common_name = rec.names.n > 0 ? rec.names.items[0] : STR_NULL;
	index_add_cert(b, f->arena, &rec, &c);
}

static void commit(struct fix *f, struct store_batch *b)
{
	struct run r = {.batch = b};

	run_begin(&r, f->ca.loop, f->ca.store, RUN_COMMIT);
	run_until(f->ca.loop, &r.over);
	assert_int_equal(r.err.code, ERR_OK);
	run_end(&r);
}

static void seed(struct fix *f, const struct seed *s, size_t n)
{
	struct store_batch *b = store_batch_new(f->ca.store);

	for (size_t i = 0; i < n; i++)
		seed_into(f, b, &s[i]);
	commit(f, b);
}

/* ---- pages ---- */

struct asked {
	struct catalog_list l;
	struct arena *arena;
	bool over;
};

static void on_list_end(struct flow *f)
{
	CONTAINER_OF(CONTAINER_OF(f, struct catalog_list, flow), struct asked, l)->over = true;
}

static void ask_begin(struct fix *f, struct asked *q, const struct catalog_filter *filter,
		      unsigned limit, struct str cursor)
{
	memset(q, 0, sizeof(*q));
	q->arena = arena_new();
	q->l.ca = &f->ca;
	q->l.filter = *filter;
	q->l.limit = limit;
	q->l.cursor = cursor;
	catalog_list_init(&q->l, q->arena);
	q->l.flow.on_end = on_list_end;
	flow_start(&q->l.flow);
}

static enum err_code ask(struct fix *f, struct asked *q, const struct catalog_filter *filter,
			 unsigned limit, struct str cursor)
{
	ask_begin(f, q, filter, limit, cursor);
	run_until(f->ca.loop, &q->over);
	return q->l.flow.failed ? q->l.flow.err.code : ERR_OK;
}

static void drop(struct asked *q)
{
	arena_free(q->arena);
}

/* The first name of each row, of all pages. `between` is called after each page. */
static void all_pages(struct fix *f, const struct catalog_filter *filter, unsigned limit,
		      struct buf *out, void (*between)(struct fix *f))
{
	struct buf cursor = BUF_INIT;
	struct asked q;

	for (unsigned pages = 0; pages < 1000; pages++) {
		bool last;

		if (ask(f, &q, filter, limit, buf_view(&cursor)) != ERR_OK)
			fail_msg("%s", q.l.flow.err.msg);
		assert_true(q.l.n <= limit);
		for (size_t i = 0; i < q.l.n; i++) {
			assert_int_equal(q.l.rows[i].serial.n, SERIAL_KEY);
			if (out->n > 0)
				buf_putc(out, ' ');
			buf_str(out, q.l.rows[i].listing.common_name);
		}
		buf_reset(&cursor);
		buf_str(&cursor, q.l.next);
		last = cursor.n == 0;
		drop(&q);
		if (last)
			break;
		if (between)
			between(f);
	}
	assert_int_equal(cursor.n, 0);
	buf_release(&cursor);
}

static void expect(struct fix *f, const char *what, const struct catalog_filter *filter,
		   const char *want)
{
	for (unsigned limit = 1; limit <= 8; limit += limit == 3 ? 5 : 1) {
		struct buf got = BUF_INIT;

		all_pages(f, filter, limit, &got, NULL);
		if (!str_eqc(buf_view(&got), want))
			fail_msg("%s: limit %u: got \"%s\", want \"%s\"", what, limit,
				 got.p ? got.p : "", want);
		buf_release(&got);
	}
}

static const struct seed site[] = {
	{.names = "e.example.com", .not_after = 5 * HOUR, .provisioner = "web"},
	{.names = "a.example.com,www.example.com", .not_after = 1 * HOUR},
	{.names = "*.example.com,example.com", .not_after = 3 * HOUR, .authority = "second"},
	{.names = "old.example.com,www.example.com", .not_after = -2 * HOUR},
	{.names = "older.example.com", .not_after = -3 * HOUR, .revoked_at = 1},
	{.names = "bad.example.com",
	 .not_after = 2 * HOUR,
	 .revoked_at = 1,
	 .provisioner = "web",
	 .endpoint = 'B'},
	{.names = "future.example.net",
	 .not_after = 9 * HOUR,
	 .not_before = 8 * HOUR,
	 .endpoint = 'B'},
	{.names = "localhost", .not_after = 4 * HOUR, .kind = "self", .endpoint = 'S'},
	{.names = "web1,web2,web3,10.0.0.1", .not_after = 6 * HOUR},
	{.names = "web2,10.0.0.1", .not_after = 7 * HOUR},
};

static void test_names(void **state)
{
	static const struct {
		const char *name, *want;
	} rows[] = {
		{"example.com", "*.example.com"},
		{"*.example.com", "*.example.com"},
		{"*.EXAMPLE.com", "*.example.com"},
		{"nothing", ""},
		{"www.example.co", ""},
		{"www.example.com.", ""},
		{"10.0.0.1", "web1 web2"},
		{"web*", "web1 web2"},
		{"web2*", "web1 web2"},
		{"web3*", "web1"},
		{"10.*", "web1 web2"},
		{"*.example*", "*.example.com"},
		{"*example.net", "future.example.net"},
		{"*ample.com", "older.example.com old.example.com a.example.com bad.example.com "
			       "*.example.com e.example.com"},
		{"*.1", ""},
		{"*0.1", "web1 web2"},
		{"*old*", "older.example.com old.example.com"},
		{"*.*", "*.example.com"},
		{"**", "older.example.com old.example.com a.example.com bad.example.com "
		       "*.example.com e.example.com web1 web2 future.example.net"},
		{"*", "older.example.com old.example.com a.example.com bad.example.com "
		      "*.example.com e.example.com web1 web2 future.example.net"},
	};
	struct fix *f = *state;

	seed(f, site, ARRAY_LEN(site));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct catalog_filter filter = {.name = str_c(rows[i].name), .status = CATALOG_ALL};

		expect(f, rows[i].name, &filter, rows[i].want);
	}
}

/* Within one name by not_after; of several names of a certificate the first stands for it. */
static void test_name_order(void **state)
{
	struct fix *f = *state;
	struct catalog_filter filter = {.status = CATALOG_ALL};

	seed(f, site, ARRAY_LEN(site));
	filter.name = STR("www.example.com");
	expect(f, "exact", &filter, "old.example.com a.example.com");
	filter.name = STR("WWW.Example.COM");
	expect(f, "any case", &filter, "old.example.com a.example.com");
	filter.name = STR("w*");
	expect(f, "begins", &filter, "web1 web2 old.example.com a.example.com");
	filter.status = CATALOG_CURRENT;
	expect(f, "begins, current", &filter, "web1 web2 a.example.com");
	filter.expires_within = 2 * HOUR;
	expect(f, "begins, soon", &filter, "a.example.com");
}

static void test_filters(void **state)
{
	static const struct {
		const char *what;
		struct catalog_filter filter;
		const char *want;
	} rows[] = {
		{"current",
		 {.status = CATALOG_CURRENT},
		 "a.example.com bad.example.com *.example.com e.example.com web1 web2 "
		 "future.example.net"},
		{"valid",
		 {.status = CATALOG_VALID},
		 "a.example.com *.example.com e.example.com web1 web2"},
		{"revoked", {.status = CATALOG_REVOKED}, "older.example.com bad.example.com"},
		{"expired", {.status = CATALOG_EXPIRED}, "older.example.com old.example.com"},
		{"self",
		 {.status = CATALOG_VALID, .self = true},
		 "a.example.com *.example.com localhost e.example.com web1 web2"},
		{"soon",
		 {.status = CATALOG_VALID, .expires_within = 3 * HOUR + 60},
		 "a.example.com *.example.com"},
		{"soon, all",
		 {.status = CATALOG_ALL, .expires_within = 60},
		 "older.example.com old.example.com"},
		{"soon, expired",
		 {.status = CATALOG_EXPIRED, .expires_within = 60},
		 "older.example.com old.example.com"},
		{"for ever",
		 {.status = CATALOG_CURRENT, .expires_within = INT64_MAX},
		 "a.example.com bad.example.com *.example.com e.example.com web1 web2 "
		 "future.example.net"},
		{"provisioner",
		 {.status = CATALOG_CURRENT, .provisioner = STR("web")},
		 "bad.example.com e.example.com"},
		{"provisioner's case", {.status = CATALOG_ALL, .provisioner = STR("Web")}, ""},
		{"authority", {.status = CATALOG_ALL, .authority = STR("second")}, "*.example.com"},
		{"both",
		 {.status = CATALOG_ALL, .authority = STR("second"), .provisioner = STR("web")},
		 ""},
		{"endpoint",
		 {.status = CATALOG_CURRENT, .endpoint = STR("BBBBBBBBBBBBBBBB")},
		 "bad.example.com future.example.net"},
		{"endpoint, valid",
		 {.status = CATALOG_VALID, .endpoint = STR("BBBBBBBBBBBBBBBB")},
		 ""},
		{"endpoint and name",
		 {.status = CATALOG_ALL, .endpoint = STR("BBBBBBBBBBBBBBBB"), .name = STR("bad*")},
		 "bad.example.com"},
		{"endpoint and end",
		 {.status = CATALOG_ALL, .endpoint = STR("BBBBBBBBBBBBBBBB"), .name = STR("*.net")},
		 ""},
		{"no endpoint", {.status = CATALOG_ALL, .endpoint = STR("CCCCCCCCCCCCCCCC")}, ""},
		{"self's endpoint",
		 {.status = CATALOG_ALL, .endpoint = STR("SSSSSSSSSSSSSSSS")},
		 ""},
		{"name and provisioner",
		 {.status = CATALOG_ALL, .name = STR("web*"), .provisioner = STR("web")},
		 ""},
	};
	struct fix *f = *state;

	seed(f, site, ARRAY_LEN(site));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		expect(f, rows[i].what, &rows[i].filter, rows[i].want);
}

/* A listing is what index_add_cert was given. */
static void test_row(void **state)
{
	struct fix *f = *state;
	struct catalog_filter filter = {.name = STR("web3"), .status = CATALOG_ALL};
	const struct rec_listing *l;
	int64_t now = clock_now();
	struct asked q;

	seed(f, site, ARRAY_LEN(site));
	assert_int_equal(ask(f, &q, &filter, 10, STR_NULL), ERR_OK);
	assert_int_equal(q.l.n, 1);
	assert_int_equal(q.l.next.n, 0);
	assert_int_equal((unsigned char)q.l.rows[0].serial.p[SERIAL_KEY - 1], 9);
	l = &q.l.rows[0].listing;
	assert_true(str_eqc(l->authority, "default") && str_eqc(l->provisioner, "admin"));
	assert_true(str_eqc(l->kind, "x509") && str_eqc(l->endpoint, "EEEEEEEEEEEEEEEE"));
	assert_int_equal(l->names.n, 4);
	assert_true(str_eqc(l->names.items[3], "10.0.0.1"));
	assert_true(l->not_after <= now + 6 * HOUR && l->not_after > now + 5 * HOUR);
	assert_true(l->not_before <= now - HOUR && l->revoked_at == 0);
	drop(&q);
}

/* ---- issuing meanwhile ---- */

static void issue_more(struct fix *f)
{
	static const struct seed more[] = {{.names = "new", .not_after = HOUR / 2},
					   {.names = "new", .not_after = HOUR},
					   {.names = "new", .not_after = 5 * HOUR},
					   {.names = "new,web0", .not_after = 9 * HOUR}};

	if (f->serials < 60)
		seed(f, more, ARRAY_LEN(more));
}

/* What was there comes exactly once, whatever is added before, at and behind the cursor. */
static void test_growing(void **state)
{
	static const char *const names[] = {"", "web*", "*example.com", "www.example.com"};
	struct fix *f = *state;

	seed(f, site, ARRAY_LEN(site));
	for (size_t k = 0; k < ARRAY_LEN(names); k++) {
		struct catalog_filter filter = {.name = str_c(names[k]), .status = CATALOG_ALL};
		struct buf got = BUF_INIT;

		all_pages(f, &filter, 1, &got, issue_more);
		for (size_t i = 0; i < ARRAY_LEN(site); i++) {
			char word[64];
			const char *first;

			snprintf(word, sizeof(word), "%.*s", (int)strcspn(site[i].names, ","),
				 site[i].names);
			first = strstr(got.p, word);
			if (first && strlen(word) > 4 && word[0] != '*' &&
			    strcmp(word, "old.example.com") != 0 && strstr(first + 1, word))
				fail_msg("\"%s\": %s twice in %s", names[k], word, got.p);
			if (k == 0 && !first && site[i].kind == NULL)
				fail_msg("%s is missing in %s", word, got.p);
		}
		buf_release(&got);
	}
}

/* ---- cursors ---- */

static struct str cursor_of(struct fix *f, const struct catalog_filter *filter)
{
	struct asked q;
	struct str s;

	assert_int_equal(ask(f, &q, filter, 1, STR_NULL), ERR_OK);
	assert_true(q.l.next.n > 0);
	s = arena_str(f->arena, q.l.next);
	drop(&q);
	return s;
}

static void refused(struct fix *f, const struct catalog_filter *filter, struct str cursor,
		    const char *what)
{
	struct asked q;

	if (ask(f, &q, filter, 5, cursor) != ERR_INVALID)
		fail_msg("%s was taken", what);
	assert_non_null(strstr(q.l.flow.err.msg, "cursor: "));
	assert_int_equal(q.l.n, 0);
	assert_int_equal(q.l.next.n, 0);
	drop(&q);
}

static void test_cursors(void **state)
{
	static const char *const bad[] = {"x", "eA", "eA==", "%", "AAAA", "*", "eHh4eHh4eHh4"};
	const struct catalog_filter walks[] = {
		{.status = CATALOG_ALL},
		{.status = CATALOG_ALL, .name = STR("web2")},
		{.status = CATALOG_ALL, .name = STR("w*")},
		{.status = CATALOG_ALL, .endpoint = STR("BBBBBBBBBBBBBBBB")},
	};
	struct catalog_filter other = {.status = CATALOG_ALL, .name = STR("10*")};
	struct fix *f = *state;
	struct str c[ARRAY_LEN(walks)];

	seed(f, site, ARRAY_LEN(site));
	for (size_t i = 0; i < ARRAY_LEN(walks); i++)
		c[i] = cursor_of(f, &walks[i]);
	for (size_t i = 0; i < ARRAY_LEN(walks); i++) {
		for (size_t k = 0; k < ARRAY_LEN(bad); k++)
			refused(f, &walks[i], str_c(bad[k]), bad[k]);
		for (size_t k = 0; k < ARRAY_LEN(walks); k++)
			if (k != i)
				refused(f, &walks[i], c[k], "another walk's cursor");
		for (size_t n = 1; n < c[i].n && n < 36; n++)
			refused(f, &walks[i], str_mem(c[i].p, n), "a cut cursor");
	}
	refused(f, &other, c[2], "another prefix's cursor");
	refused(f, &walks[0],
		arena_str(f->arena, str_c(arena_printf(f->arena, "%s%s", c[0].p, c[0].p))),
		"a long cursor");
}

/* Not of the range (any more): the range begins where it begins. */
static void test_cursor_before(void **state)
{
	struct catalog_filter all = {.status = CATALOG_ALL}, valid = {.status = CATALOG_VALID};
	struct fix *f = *state;
	struct asked q;

	seed(f, site, ARRAY_LEN(site));
	assert_int_equal(ask(f, &q, &valid, 1, cursor_of(f, &all)), ERR_OK);
	assert_int_equal(q.l.n, 1);
	assert_true(str_eqc(q.l.rows[0].listing.common_name, "a.example.com"));
	drop(&q);
}

static void test_bad_arguments(void **state)
{
	struct catalog_filter filter = {.status = CATALOG_ALL};
	struct fix *f = *state;
	char name[1002];
	struct asked q;

	assert_int_equal(ask(f, &q, &filter, 0, STR_NULL), ERR_INVALID);
	drop(&q);
	assert_int_equal(ask(f, &q, &filter, 1001, STR_NULL), ERR_INVALID);
	drop(&q);
	memset(name, 'n', sizeof(name));
	filter.name = str_mem(name, 1001);
	assert_int_equal(ask(f, &q, &filter, 1, STR_NULL), ERR_INVALID);
	drop(&q);
	filter.name = str_mem(name, 1000);
	assert_int_equal(ask(f, &q, &filter, 1, STR_NULL), ERR_OK);
	drop(&q);
	filter.name = str_mem("a\0b", 3);
	assert_int_equal(ask(f, &q, &filter, 1, STR_NULL), ERR_INVALID);
	drop(&q);
}

/* ---- much to pass over ---- */

static void test_long_scan(void **state)
{
	struct fix *f = *state;
	struct catalog_filter filter = {.status = CATALOG_ALL, .name = STR("*needle")};
	struct seed s = {.names = "hay", .not_after = HOUR};
	struct buf got = BUF_INIT;
	bool cancelled = false;
	struct asked q;

	for (unsigned i = 0; i < 25; i++) {
		struct store_batch *b = store_batch_new(f->ca.store);

		for (unsigned k = 0; k < 1000; k++)
			seed_into(f, b, &s);
		commit(f, b);
	}
	s = (struct seed){.names = "the-needle", .not_after = 2 * HOUR};
	seed(f, &s, 1);
	assert_int_equal(ask(f, &q, &filter, 10, STR_NULL), ERR_OK);
	assert_int_equal(q.l.n, 0);
	assert_true(q.l.next.n > 0);
	drop(&q);
	all_pages(f, &filter, 10, &got, NULL);
	assert_true(str_eqc(buf_view(&got), "the-needle"));
	buf_release(&got);
	for (unsigned tries = 0; tries < 100 && !cancelled; tries++) {
		ask_begin(f, &q, &filter, 10, STR_NULL);
		loop_turn(f->ca.loop, 0);
		flow_cancel(&q.l.flow);
		run_until(f->ca.loop, &q.over);
		cancelled = q.l.flow.failed && q.l.flow.err.code == ERR_CANCELLED;
		drop(&q);
	}
	assert_true(cancelled);
	ask_begin(f, &q, &filter, 10, STR_NULL);
	flow_cancel(&q.l.flow); /* before its first step */
	run_until(f->ca.loop, &q.over);
	assert_true(q.l.flow.failed);
	drop(&q);
}

/* A page is bounded in bytes as well. */
static void test_long_names(void **state)
{
	struct fix *f = *state;
	struct catalog_filter filter = {.status = CATALOG_ALL};
	char *name = mem_alloc(30001);
	struct seed s = {.names = name, .not_after = HOUR};
	struct store_batch *b = store_batch_new(f->ca.store);
	struct asked q;
	struct str next;
	size_t first;

	memset(name, 'n', 30000);
	for (unsigned i = 0; i < 60; i++)
		seed_into(f, b, &s);
	commit(f, b);
	assert_int_equal(ask(f, &q, &filter, 1000, STR_NULL), ERR_OK);
	assert_true(q.l.n > 10 && q.l.n < 60);
	assert_true(q.l.next.n > 0);
	first = q.l.n;
	next = arena_str(f->arena, q.l.next);
	drop(&q);
	assert_int_equal(ask(f, &q, &filter, 1000, next), ERR_OK);
	assert_int_equal(q.l.n, 60 - first);
	assert_int_equal(q.l.next.n, 0);
	drop(&q);
	mem_free(name);
}

#define MANY 300U

/* Its own name, then the others: 40 bytes each. */
static void many_names(struct buf *out)
{
	for (unsigned i = 0; i < MANY; i++)
		buf_printf(out, "%sn%03u.%s.example.com", i > 0 ? "," : "", (i * 7) % MANY,
			   "abcdefghijklmnopqrstuvw");
}

static bool lists(const struct catalog_row *row, struct str name)
{
	for (size_t i = 0; i < row->listing.names.n; i++)
		if (str_eq(row->listing.names.items[i], name))
			return true;
	return false;
}

/* All rows of cert_by_name, however short a page is on a busy machine, and what they hold. */
static size_t rows_by_name(struct fix *f, size_t *bytes)
{
	struct buf from = BUF_INIT;
	bool more = true;
	size_t n = 0;

	while (more) {
		struct run r = {.cf = CF_CERT_BY_NAME, .key = buf_view(&from), .limit = 1000};
		run_begin(&r, f->ca.loop, f->ca.store, RUN_PAGE);
		run_until(f->ca.loop, &r.over);
		assert_int_equal(r.err.code, ERR_OK);
		for (size_t i = 0; i < r.page.n; i++)
			*bytes += r.page.rows[i].value.n;
		n += r.page.n;
		buf_reset(&from);
		if (r.page.n > 0)
			buf_str(&from, r.page.rows[r.page.n - 1].key);
		buf_putc(&from, '\0');
		more = r.page.more;
		run_end(&r);
	}
	buf_release(&from);
	return n;
}

/*
 * The rows of a certificate with many names do not all hold all of them. It is found by each, and
 * once by what many of them have in common.
 */
static void test_many_names(void **state)
{
	struct fix *f = *state;
	struct catalog_filter filter = {.status = CATALOG_ALL};
	struct buf names = BUF_INIT;
	struct seed s = {.not_after = HOUR};
	struct rec_list all;
	struct asked q;
	size_t bytes = 0;

	many_names(&names);
	s.names = names.p;
	seed(f, &s, 1);
	all = split(f->arena, names.p);
	assert_int_equal(all.n, MANY);
	for (size_t i = 0; i < all.n; i += 23) {
		filter.name = all.items[i];
		assert_int_equal(ask(f, &q, &filter, 10, STR_NULL), ERR_OK);
		assert_int_equal(q.l.n, 1);
		assert_true(lists(&q.l.rows[0], all.items[i]));
		drop(&q);
	}
	filter.name = STR("n*");
	expect(f, "all begin so", &filter, "n000.abcdefghijklmnopqrstuvw.example.com");
	filter.name = STR("n1*");
	expect(f, "some begin so", &filter, "n000.abcdefghijklmnopqrstuvw.example.com");
	filter.name = STR("n299*");
	expect(f, "one begins so", &filter, "n000.abcdefghijklmnopqrstuvw.example.com");
	filter.name = STR("*299.*");
	expect(f, "one contains it", &filter, "n000.abcdefghijklmnopqrstuvw.example.com");
	filter.name = STR_NULL;
	assert_int_equal(ask(f, &q, &filter, 10, STR_NULL), ERR_OK);
	assert_int_equal(q.l.rows[0].listing.names.n, MANY);
	drop(&q);
	assert_int_equal(rows_by_name(f, &bytes), MANY);
	assert_true(bytes < MANY * 3000);
	buf_release(&names);
}

/* A row that cannot be read hides nothing but itself. */
static void test_damage(void **state)
{
	struct fix *f = *state;
	struct store_batch *b = store_batch_new(f->ca.store);
	struct catalog_filter filter = {.status = CATALOG_ALL};

	seed(f, site, 2);
	store_put(b, CF_CERT_BY_EXPIRY,
		  STR("\0\0\0\0\0\0\0\1"
		      "aaaaaaaaaaaaaaaaaaaa"),
		  STR(""));
	store_put(b, CF_CERT_BY_EXPIRY,
		  STR("\0\0\0\0\0\0\0\1"
		      "bbbbbbbbbbbbbbbbbbbb"),
		  STR("\xc1\xff"));
	store_put(b, CF_CERT_BY_EXPIRY, STR("short"), STR("x"));
	commit(f, b);
	expect(f, "damaged", &filter, "a.example.com e.example.com");
}

/* ---- one record ---- */

struct one {
	struct catalog_cert c;
	struct catalog_endpoint e;
	struct arena *arena;
	bool over;
};

static void on_cert_end(struct flow *f)
{
	CONTAINER_OF(CONTAINER_OF(f, struct catalog_cert, flow), struct one, c)->over = true;
}

static void on_endpoint_end(struct flow *f)
{
	CONTAINER_OF(CONTAINER_OF(f, struct catalog_endpoint, flow), struct one, e)->over = true;
}

static enum err_code get_cert(struct fix *f, struct one *o, struct str serial)
{
	memset(o, 0, sizeof(*o));
	o->arena = arena_new();
	o->c.ca = &f->ca;
	o->c.serial = serial;
	catalog_cert_init(&o->c, o->arena);
	o->c.flow.on_end = on_cert_end;
	flow_start(&o->c.flow);
	run_until(f->ca.loop, &o->over);
	return o->c.flow.failed ? o->c.flow.err.code : ERR_OK;
}

static void test_cert(void **state)
{
	struct fix *f = *state;
	unsigned char serial[SERIAL_KEY] = {0, 0, 0, 0, 1, [SERIAL_KEY - 1] = 2};
	const struct rec_revoked why = {
		.at = 77, .reason = 4, .text = STR("sold"), .by = STR("uid 0")};
	struct str key = str_mem(serial, sizeof(serial));
	struct store_batch *b;
	struct one o;

	seed(f, site, ARRAY_LEN(site));
	assert_int_equal(get_cert(f, &o, key), ERR_OK);
	assert_true(str_eqc(o.c.cert.common_name, "a.example.com"));
	assert_true(str_eqc(o.c.cert.der, "der"));
	assert_false(o.c.revoked);
	arena_free(o.arena);
	b = store_batch_new(f->ca.store);
	index_add_revoked(b, key, &why);
	serial[SERIAL_KEY - 1] = 200;
	index_add_revoked(b, key, &why); /* an orphan: no certificate */
	commit(f, b);
	assert_int_equal(get_cert(f, &o, key), ERR_NOT_FOUND);
	arena_free(o.arena);
	serial[SERIAL_KEY - 1] = 2;
	assert_int_equal(get_cert(f, &o, key), ERR_OK);
	assert_true(o.c.revoked);
	assert_int_equal(o.c.revocation.reason, 4);
	assert_true(str_eqc(o.c.revocation.text, "sold"));
	arena_free(o.arena);
}

static enum err_code get_endpoint(struct fix *f, struct one *o, struct str id)
{
	memset(o, 0, sizeof(*o));
	o->arena = arena_new();
	o->e.ca = &f->ca;
	o->e.id = id;
	catalog_endpoint_init(&o->e, o->arena);
	o->e.flow.on_end = on_endpoint_end;
	flow_start(&o->e.flow);
	run_until(f->ca.loop, &o->over);
	return o->e.flow.failed ? o->e.flow.err.code : ERR_OK;
}

static void test_endpoint(void **state)
{
	const struct rec_endpoint rec = {.kind = STR("x509"),
					 .authority = STR("default"),
					 .provisioner = STR("admin"),
					 .common_name = STR("bad.example.com"),
					 .created = 5};
	struct fix *f = *state;
	struct store_batch *b = store_batch_new(f->ca.store);
	struct one o;

	index_put(b, CF_ENDPOINT, STR("BBBBBBBBBBBBBBBB"), &rec_endpoint_info, &rec);
	index_put(b, CF_ENDPOINT, STR("DDDDDDDDDDDDDDDD"), &rec_endpoint_info, &rec);
	store_put(b, CF_ENDPOINT, STR("XXXXXXXXXXXXXXXX"), STR("damaged"));
	commit(f, b);
	seed(f, site, ARRAY_LEN(site));
	assert_int_equal(get_endpoint(f, &o, STR("BBBBBBBBBBBBBBBB")), ERR_OK);
	assert_true(str_eqc(o.e.endpoint.common_name, "bad.example.com"));
	assert_int_equal(o.e.endpoint.created, 5);
	assert_int_equal(o.e.certs.n, 2);
	assert_true(str_eqc(o.e.certs.rows[1].listing.common_name, "future.example.net"));
	arena_free(o.arena);
	assert_int_equal(get_endpoint(f, &o, STR("DDDDDDDDDDDDDDDD")), ERR_OK);
	assert_int_equal(o.e.certs.n, 0);
	arena_free(o.arena);
	assert_int_equal(get_endpoint(f, &o, STR("CCCCCCCCCCCCCCCC")), ERR_NOT_FOUND);
	arena_free(o.arena);
	assert_int_equal(get_endpoint(f, &o, STR("XXXXXXXXXXXXXXXX")), ERR_INTERNAL);
	arena_free(o.arena);
}

static void test_ids(void **state)
{
	static const char *const bad[] = {"", "B", "42424242-4242-4242-4242-42424242424",
					  "4242424242424242424242424242424g",
					  "{42424242-4242-4242-4242-424242424242}"};
	struct fix *f = *state;
	struct err e = ERR_INIT;
	struct str id = STR_NULL;
	struct str text = endpoint_to_text(f->arena, STR("BBBBBBBBBBBBBBBB"));

	assert_true(str_eqc(text, "42424242-4242-4242-4242-424242424242"));
	assert_int_equal(endpoint_parse(text, f->arena, &id, &e), 0);
	assert_true(str_eqc(id, "BBBBBBBBBBBBBBBB"));
	assert_int_equal(endpoint_parse(STR("42424242424242424242424242424242"), f->arena, &id, &e),
			 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(endpoint_parse(str_c(bad[i]), f->arena, &id, &e), -1);
	assert_int_equal(endpoint_to_text(f->arena, STR("short")).n, 0);
}

#define BOTH(t)                                                                                    \
	cmocka_unit_test_setup_teardown(t, up_memory, down),                                       \
		cmocka_unit_test_setup_teardown(t, up_rocksdb, down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(test_names),	  BOTH(test_name_order),    BOTH(test_filters),
		BOTH(test_row),		  BOTH(test_growing),	    BOTH(test_cursors),
		BOTH(test_cursor_before), BOTH(test_bad_arguments), BOTH(test_damage),
		BOTH(test_cert),	  BOTH(test_endpoint),	    BOTH(test_ids),
		BOTH(test_long_scan),	  BOTH(test_long_names),    BOTH(test_many_names),
	};
	struct err e = ERR_INIT;

	if (crypto_init(NULL, &e) != 0)
		return 1;
	return cmocka_run_group_tests_name("ca_catalog", tests, NULL, NULL);
}
