/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ca/ca.h"

#include "base/bug.h"
#include "base/clock.h"
#include "base/log.h"
#include "codec/b64.h"

/*
 * catalog.c - reading what was issued, in pages.
 *
 * A list is a scan of one index, whose rows hold all that a list shows (rec_listing). Which one:
 *
 *   an endpoint                cert_by_endpoint   its rows
 *   a name                     cert_by_name       its rows
 *   "web*": names that begin   cert_by_name       the rows of all such names
 *   else                       cert_by_expiry     from now on, to now + expires_within, as far as
 *                                                 the status allows; names "*.com" end, "*web*"
 *                                                 contain are looked for row by row
 *
 * A name that begins with "*." is meant literally, since certificates have such names ("*web.net"
 * finds everything that ends so). What the index does not decide is decided by each row.
 *
 * A certificate has a row for each of its names; where several match "web*", the row of the first
 * in byte order stands for it, so that it comes once. That order is then also the order of the
 * list: by name, and by not_after within a name.
 *
 * The cursor is the key of the last row that was looked at, behind a letter for the kind of scan.
 * The next page begins behind this key, whatever was added before it meanwhile: nothing comes
 * twice. The rows of one call are read in pages of the store, each with an arena of its own; only
 * what is shown is kept. After SCAN_MAX rows that were looked at, or KEEP_MAX bytes that are shown,
 * the page ends as it is, with a cursor.
 */
#define READ_MS	   30000
#define LIMIT_MAX  1000
#define READ_MAX   250 /* rows at once: they are decoded on the loop */
#define SCAN_MAX   20000
#define KEEP_MAX   (2U << 20) /* bytes of rows shown: certificates may have many names */
#define NAME_MAX_N 1000
#define WHEN_SIZE  8
#define TAIL_SIZE  (WHEN_SIZE + SERIAL_KEY) /* not_after, serial */
#define ENDPOINT_N 16

enum name_match { NAME_ANY, NAME_EXACT, NAME_BEGINS, NAME_ENDS, NAME_CONTAINS };

/* How the index is walked; the letter stands in cursors. */
enum walk { WALK_EXPIRY = 'x', WALK_NAME = 'n', WALK_NAMES = 'p', WALK_ENDPOINT = 'e' };

struct catalog_state {
	int64_t now;
	enum name_match match;
	struct str name; /* lower case, without '*' */
	enum walk walk;
	enum cf cf;
	struct str prefix; /* of every key */
	struct str from, to;
	struct str last; /* key of the row looked at last */
	struct arena *scratch;
	struct store_page page;
	bool reading;
	size_t scanned, kept; /* rows, bytes */
};

/* ---- the range ---- */

static struct str lower(struct arena *a, struct str s)
{
	char *p = arena_cstr(a, s);

	for (size_t i = 0; i < s.n; i++)
		p[i] = ascii_lower(p[i]);
	return str_mem(p, s.n);
}

static int parse_name(struct catalog_state *st, struct str name, struct arena *a, struct err *e)
{
	bool front, back;

	if (name.n == 0)
		return 0;
	if (name.n > NAME_MAX_N)
		return ERR(e, ERR_INVALID, "name: longer than %d bytes", NAME_MAX_N);
	if (str_has(name, '\0'))
		return ERR(e, ERR_INVALID, "name: holds a NUL");
	back = name.p[name.n - 1] == '*';
	front = name.p[0] == '*' && name.n > 1 && name.p[1] != '.';
	if (back)
		name.n--;
	if (front)
		name = str_mem(name.p + 1, name.n - 1);
	st->name = lower(a, name);
	if (front)
		st->match = back ? NAME_CONTAINS : NAME_ENDS;
	else if (name.n > 0)
		st->match = back ? NAME_BEGINS : NAME_EXACT;
	return 0;
}

static void choose_walk(struct catalog_state *st, const struct catalog_filter *f, struct arena *a)
{
	struct buf b = BUF_INIT;

	if (f->endpoint.n > 0) {
		st->walk = WALK_ENDPOINT;
		st->cf = CF_CERT_BY_ENDPOINT;
		buf_str(&b, f->endpoint);
	} else if (st->match == NAME_EXACT) {
		st->walk = WALK_NAME;
		st->cf = CF_CERT_BY_NAME;
		buf_str(&b, st->name);
		buf_u8(&b, 0);
	} else if (st->match == NAME_BEGINS) {
		st->walk = WALK_NAMES;
		st->cf = CF_CERT_BY_NAME;
		buf_str(&b, st->name);
	} else {
		st->walk = WALK_EXPIRY;
		st->cf = CF_CERT_BY_EXPIRY;
	}
	st->prefix = arena_str(a, buf_view(&b));
	buf_release(&b);
}

static int64_t add_seconds(int64_t t, int64_t s)
{
	return s > INT64_MAX - t ? INT64_MAX : t + s;
}

/* not_after of what may match: from <= not_after < to. */
static void time_range(const struct catalog_state *st, const struct catalog_filter *f,
		       int64_t *from, int64_t *to)
{
	*from = 0;
	*to = INT64_MAX;
	if (f->expires_within > 0)
		*to = add_seconds(add_seconds(st->now, f->expires_within), 1);
	switch (f->status) {
	case CATALOG_CURRENT:
	case CATALOG_VALID:
		*from = st->now;
		break;
	case CATALOG_EXPIRED:
		if (*to > st->now)
			*to = st->now;
		break;
	case CATALOG_REVOKED:
	case CATALOG_ALL:
		break;
	}
}

/* The first key behind all that begin so; empty when there is none. */
static struct str behind(struct arena *a, struct str prefix)
{
	unsigned char *p = arena_dup(a, prefix.p, prefix.n);
	size_t n = prefix.n;

	while (n > 0 && p[n - 1] == 0xff)
		n--;
	if (n > 0)
		p[n - 1]++;
	return str_mem(p, n);
}

static void set_range(struct catalog_state *st, const struct catalog_filter *f, struct arena *a)
{
	struct buf b = BUF_INIT;
	int64_t from, to;

	if (st->walk == WALK_NAMES) {
		st->from = st->prefix;
		st->to = behind(a, st->prefix);
		return;
	}
	time_range(st, f, &from, &to);
	buf_str(&b, st->prefix);
	buf_u64(&b, (uint64_t)from);
	st->from = arena_str(a, buf_view(&b));
	buf_reset(&b);
	buf_str(&b, st->prefix);
	buf_u64(&b, (uint64_t)to);
	st->to = arena_str(a, buf_view(&b));
	buf_release(&b);
}

/* ---- cursors ---- */

/* Where all keys have the same prefix, it is left out. */
static struct str cursor_text(const struct catalog_state *st, struct arena *a)
{
	struct str key = st->last, s;
	struct buf raw = BUF_INIT, text = BUF_INIT;

	if (st->walk != WALK_NAMES)
		key = str_mem(key.p + st->prefix.n, key.n - st->prefix.n);
	buf_u8(&raw, (uint8_t)st->walk);
	buf_str(&raw, key);
	b64_encode(B64_URL, buf_view(&raw), &text);
	s = arena_str(a, buf_view(&text));
	buf_release(&raw);
	buf_release(&text);
	return s;
}

static int fail_cursor(struct err *e)
{
	return ERR(e, ERR_INVALID,
		   "cursor: is none that was given for these filters: begin without it");
}

static int read_cursor(struct catalog_state *st, struct str text, struct arena *a, struct err *e)
{
	struct buf raw CLEANUP(buf_release) = BUF_INIT, key CLEANUP(buf_release) = BUF_INIT;
	struct err why = ERR_INIT;
	bool names = st->walk == WALK_NAMES, fits;

	if (text.n == 0)
		return 0;
	if (b64_decode(B64_URL, text, &raw, &why) != 0 || raw.n < 1 + TAIL_SIZE ||
	    raw.p[0] != (char)st->walk)
		return fail_cursor(e);
	if (!names)
		buf_str(&key, st->prefix);
	buf_add(&key, raw.p + 1, raw.n - 1);
	fits = names ? key.n > st->prefix.n + TAIL_SIZE : key.n == st->prefix.n + TAIL_SIZE;
	if (!fits || (st->prefix.n > 0 && memcmp(key.p, st->prefix.p, st->prefix.n) != 0))
		return fail_cursor(e);
	buf_u8(&key, 0);
	if (str_cmp(buf_view(&key), st->from) > 0)
		st->from = arena_str(a, buf_view(&key));
	return 0;
}

/* ---- rows ---- */

static bool name_matches(const struct catalog_state *st, struct str s)
{
	struct str n = st->name;

	switch (st->match) {
	case NAME_ANY:
		return true;
	case NAME_EXACT:
		return str_eq(s, n);
	case NAME_BEGINS:
		return s.n >= n.n && memcmp(s.p, n.p, n.n) == 0;
	case NAME_ENDS:
		return s.n >= n.n && (n.n == 0 || memcmp(s.p + s.n - n.n, n.p, n.n) == 0);
	case NAME_CONTAINS:
		return n.n == 0 || (s.n > 0 && memmem(s.p, s.n, n.p, n.n) != NULL);
	}
	return false;
}

static bool has_name(const struct catalog_state *st, const struct rec_listing *l)
{
	if (st->match == NAME_ANY)
		return true;
	for (size_t i = 0; i < l->names.n; i++)
		if (name_matches(st, l->names.items[i]))
			return true;
	return false;
}

/* Of the rows of this certificate that a walk of names meets, this is the first. */
static bool is_first_name(const struct catalog_state *st, struct str key,
			  const struct rec_listing *l)
{
	struct str own = str_mem(key.p, key.n - TAIL_SIZE - 1);

	if (l->before.n > 0 && name_matches(st, l->before))
		return false;
	for (size_t i = 0; i < l->names.n; i++)
		if (name_matches(st, l->names.items[i]) && str_cmp(l->names.items[i], own) < 0)
			return false;
	return true;
}

static bool status_matches(const struct catalog_state *st, enum catalog_status want,
			   const struct rec_listing *l)
{
	bool expired = l->not_after < st->now, revoked = l->revoked_at != 0;

	switch (want) {
	case CATALOG_CURRENT:
		return !expired;
	case CATALOG_VALID:
		return !expired && !revoked && l->not_before <= st->now;
	case CATALOG_REVOKED:
		return revoked;
	case CATALOG_EXPIRED:
		return expired;
	case CATALOG_ALL:
		break;
	}
	return true;
}

static bool row_matches(const struct catalog_state *st, const struct catalog_filter *f,
			struct str key, const struct rec_listing *l)
{
	if (!f->self && str_eqc(l->kind, "self"))
		return false;
	if (f->authority.n > 0 && !str_eq(f->authority, l->authority))
		return false;
	if (f->provisioner.n > 0 && !str_eq(f->provisioner, l->provisioner))
		return false;
	if (f->expires_within > 0 && l->not_after > add_seconds(st->now, f->expires_within))
		return false;
	if (!status_matches(st, f->status, l))
		return false;
	return st->walk == WALK_NAMES ? is_first_name(st, key, l) : has_name(st, l);
}

static void keep_row(struct catalog_list *l, struct str key, const struct rec_listing *from)
{
	struct arena *a = l->flow.arena;
	struct catalog_row *row = &l->rows[l->n++];
	struct str *names = ARENA_ARRAY(a, struct str, from->names.n + 1);

	row->serial = arena_str(a, str_mem(key.p + key.n - SERIAL_KEY, SERIAL_KEY));
	row->listing = *from;
	row->listing.common_name = arena_str(a, from->common_name);
	row->listing.authority = arena_str(a, from->authority);
	row->listing.provisioner = arena_str(a, from->provisioner);
	row->listing.endpoint = arena_str(a, from->endpoint);
	row->listing.kind = arena_str(a, from->kind);
	row->listing.before = STR_NULL;
	for (size_t i = 0; i < from->names.n; i++)
		names[i] = arena_str(a, from->names.items[i]);
	row->listing.names.items = names;
}

static void look_at(struct catalog_list *l, const struct store_row *row)
{
	struct catalog_state *st = l->st;
	struct rec_listing listing;
	struct err e = ERR_INIT;

	if (row->key.n < st->prefix.n + TAIL_SIZE ||
	    (st->walk == WALK_NAMES && row->key.n < st->prefix.n + 1 + TAIL_SIZE))
		(void)ERR(&e, ERR_INTERNAL, "its key is too short");
	else if (rec_decode(&rec_listing_info, row->value, st->scratch, &listing, &e) == 0 &&
		 row_matches(st, &l->filter, row->key, &listing)) {
		keep_row(l, row->key, &listing);
		st->kept += row->value.n;
	}
	if (e.code != ERR_OK)
		log_error("catalog.damaged", F_C("family", cf_name(st->cf)), F_ERR(&e));
}

static bool is_full(const struct catalog_list *l)
{
	return l->n == l->limit || l->st->scanned >= SCAN_MAX || l->st->kept >= KEEP_MAX;
}

/* What the store gave. True: the page is complete, or there is nothing more. */
static bool take_page(struct catalog_list *l)
{
	struct catalog_state *st = l->st;
	size_t i;

	for (i = 0; i < st->page.n && !is_full(l); i++) {
		st->scanned++;
		look_at(l, &st->page.rows[i]);
	}
	if (i > 0)
		st->last = arena_str(l->flow.arena, st->page.rows[i - 1].key);
	if (i == st->page.n && !st->page.more)
		return true;
	if (!is_full(l))
		return false;
	/* A cursor needs the whole tail of a key; a damaged one is walked over. */
	if (st->last.n >= st->prefix.n + TAIL_SIZE)
		l->next = cursor_text(st, l->flow.arena);
	return true;
}

/* ---- the flow of a list ---- */

static void free_scratch(void *arg)
{
	struct catalog_state *st = arg;

	arena_free(st->scratch);
	st->scratch = NULL;
}

static enum step list_begin(struct flow *f, void *op)
{
	struct catalog_list *l = op;
	struct catalog_state *st = ARENA_NEW(f->arena, struct catalog_state);
	struct err e = ERR_INIT;

	l->st = st;
	arena_on_free(f->arena, free_scratch, st);
	ENSURE(l->filter.endpoint.n == 0 || l->filter.endpoint.n == ENDPOINT_N);
	if (l->limit < 1 || l->limit > LIMIT_MAX)
		return flow_failf(f, ERR_INVALID, "limit: must be 1 to %d", LIMIT_MAX);
	st->now = clock_now();
	if (parse_name(st, l->filter.name, f->arena, &e) != 0)
		return flow_fail(f, &e);
	choose_walk(st, &l->filter, f->arena);
	set_range(st, &l->filter, f->arena);
	if (read_cursor(st, l->cursor, f->arena, &e) != 0)
		return flow_fail(f, &e);
	l->rows = ARENA_ARRAY(f->arena, struct catalog_row, l->limit);
	return STEP_NEXT;
}

/* One more than is wanted shows whether that was all; when rows are passed over, many at once. */
static unsigned rows_to_read(const struct catalog_list *l)
{
	size_t want = l->limit - l->n + 1;

	return l->st->scanned > 0 || want > READ_MAX ? READ_MAX : (unsigned)want;
}

static enum step list_scan(struct flow *f, void *op)
{
	struct catalog_list *l = op;
	struct catalog_state *st = l->st;

	if (st->reading) {
		const struct err *why = wait_error(&st->page.wait);

		if (why)
			return flow_fail(f, why);
		if (take_page(l))
			return STEP_NEXT;
		st->from = arena_str(f->arena, str_mem(st->last.p, st->last.n + 1)); /* its NUL */
	}
	if (str_cmp(st->from, st->to) >= 0 && st->to.n > 0)
		return STEP_NEXT;
	free_scratch(st);
	st->scratch = arena_new();
	st->page.arena = st->scratch;
	st->reading = true;
	store_page(l->ca->store, st->cf, st->from, st->to, rows_to_read(l), &st->page, f, READ_MS);
	return STEP_AGAIN;
}

static enum step list_end(struct flow *f, void *op)
{
	struct catalog_list *l = op;

	(void)f;
	if (l->st) /* NULL: cancelled before it began */
		free_scratch(l->st);
	return STEP_DONE;
}

static const struct flow_step list_steps[] = {
	{"catalog.begin", list_begin, 0},
	{"catalog.scan", list_scan, 0},
	{"catalog.end", list_end, 0},
	{NULL, NULL, 0},
};

void catalog_list_init(struct catalog_list *l, struct arena *arena)
{
	l->st = NULL;
	l->rows = NULL;
	l->n = 0;
	l->next = STR_NULL;
	flow_init(&l->flow, l->ca->loop, list_steps, l, arena);
}
