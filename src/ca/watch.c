/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ca/ca.h"
#include "ca/index.h"

#include "base/bug.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "codec/b64.h"

/*
 * watch.c - everything that the CA does by itself, in small pages so that the store stays free.
 *
 * Reservations: one that is open belongs to an issuance of this process, or to one that died. At
 * start-up every open one is of a dead process; later, one older than ten minutes (issuance gives
 * up much earlier) is one whose last commit failed or was not answered. It becomes `orphaned` and
 * its serial is put on record as revoked: a signature may exist, and nobody vouches for it. Its
 * token stays used. The version precondition decides against an issuance that is just finishing.
 * Until the first pass is over ca->ready is false, and nothing is issued.
 *
 * Tokens: rows of `once` that expired more than a day ago are pruned, so that the store does not
 * grow with use.
 *
 * A row that cannot be read is named in the log and left alone.
 *
 * A pass walks one column family after the other, one short flow a page, then sleeps an hour;
 * after an error it tries again a minute later. A further kind of upkeep is one more row in
 * `chores`.
 */

#define PAGE_ROWS  200
#define OPEN_AGE_S 600
#define READ_MS	   30000
#define PERIOD_MS  3600000
#define RETRY_MS   60000

/*
 * What is done to the rows of a family: adds to *b (made when first needed); -1 with *e when the
 * row is damaged.
 */
struct chore {
	enum cf cf;
	int (*act)(struct ca_watch *w, const struct store_row *row, struct store_batch **b,
		   struct err *e);
	void (*end)(struct ca_watch *w); /* after the family's last page; may be NULL */
};

struct ca_watch {
	struct ca *ca;
	struct timer timer;
	struct flow flow;
	struct post again;
	struct arena *arena; /* of one page */
	struct store_page page;
	struct store_commit commit;
	struct buf from;
	size_t chore;
	unsigned found;
	bool running, starting, closing;
};

static struct store_batch *batch(struct ca_watch *w, struct store_batch **b)
{
	if (*b == NULL)
		*b = store_batch_new(w->ca->store);
	return *b;
}

/* ---- reservations ---- */

static bool is_orphan(const struct ca_watch *w, const struct rec_reservation *r)
{
	return r->state == 0 && (w->starting || r->made < clock_now() - OPEN_AGE_S);
}

static int resolve(struct ca_watch *w, const struct store_row *row, struct store_batch **out,
		   struct err *e)
{
	struct rec_revoked rv = {
		.at = clock_now(), .text = STR("issuance was interrupted"), .by = STR("signetd")};
	struct rec_audit audit = {.event = STR("certificate.orphaned")};
	struct rec_reservation r;
	struct store_batch *b;
	struct buf v = BUF_INIT;

	if (rec_decode(&rec_reservation_info, row->value, w->arena, &r, e) < 0)
		return -1;
	if (!is_orphan(w, &r))
		return 0;
	b = batch(w, out);
	r.state = 2;
	r.why = STR("interrupted");
	rec_encode(&rec_reservation_info, &r, &v);
	store_put_version(b, CF_RESERVATION, row->key, buf_view(&v), row->version);
	buf_release(&v);
	rv.not_after = r.not_after;
	index_add_revoked(b, row->key, &rv);
	audit.actor = r.provisioner;
	audit.serial = index_serial_text(w->arena, row->key);
	index_add_audit(b, &audit);
	store_batch_urgent(b);
	log_warn("reservation.orphaned", F_STR("serial", audit.serial),
		 F_STR("authority", r.authority));
	w->found++;
	return 0;
}

static void resolved(struct ca_watch *w)
{
	if (!w->starting)
		return;
	w->starting = false;
	w->ca->ready = true;
	log_info("ca.ready", F_U("orphaned", w->found));
}

/* ---- tokens ---- */

static int prune(struct ca_watch *w, const struct store_row *row, struct store_batch **out,
		 struct err *e)
{
	struct rec_once o;

	if (rec_decode(&rec_once_info, row->value, w->arena, &o, e) < 0)
		return -1;
	if (o.expiry < clock_now() - 86400)
		store_del(batch(w, out), CF_ONCE, row->key);
	return 0;
}

static const struct chore chores[] = {
	{CF_RESERVATION, resolve, resolved},
	{CF_ONCE, prune, NULL},
};

/* ---- one page ---- */

static enum step read_page(struct flow *f, void *op)
{
	struct ca_watch *w = op;

	w->page = (struct store_page){.arena = w->arena};
	store_page(w->ca->store, chores[w->chore].cf, buf_view(&w->from), STR_NULL, PAGE_ROWS,
		   &w->page, f, READ_MS);
	return STEP_WAIT;
}

/* One bad row must neither keep the CA from starting nor hide the rows behind it. */
static void note_damaged(struct ca_watch *w, const struct store_row *row, struct err *e)
{
	struct buf key = BUF_INIT;

	hex_encode(row->key, &key);
	log_error("watch.damaged_row", F_C("family", cf_name(chores[w->chore].cf)),
		  F_STR("key", buf_view(&key)), F_ERR(e));
	buf_release(&key);
	*e = (struct err)ERR_INIT;
}

static enum step act(struct flow *f, void *op)
{
	struct ca_watch *w = op;
	struct store_batch *b = NULL;
	struct err e = ERR_INIT;

	for (size_t i = 0; i < w->page.n; i++)
		if (chores[w->chore].act(w, &w->page.rows[i], &b, &e) < 0)
			note_damaged(w, &w->page.rows[i], &e);
	if (b == NULL)
		return STEP_NEXT;
	store_commit(w->ca->store, b, &w->commit, f, READ_MS);
	return STEP_WAIT;
}

static enum step acted(struct flow *f, void *op)
{
	(void)f;
	(void)op;
	return STEP_NEXT;
}

static enum step finish(struct flow *f, void *op)
{
	struct ca_watch *w = op;

	if (f->failed)
		log_warn("watch.failed", F_C("family", cf_name(chores[w->chore].cf)),
			 F_ERR(&f->err));
	return STEP_DONE;
}

static const struct flow_step watch_steps[] = {
	{"watch.read_page", read_page, 0},
	{"watch.act", act, FLOW_AUTO_FAIL},
	{"watch.acted", acted, FLOW_AUTO_FAIL},
	{"watch.finish", finish, 0},
	{NULL, NULL, 0},
};

/*
 * Where to go after a page: the next page, the next family, or to sleep. Milliseconds until then.
 */
static uint64_t advance(struct ca_watch *w)
{
	if (w->flow.failed)
		return w->starting ? 1000 : RETRY_MS;
	if (w->page.n > 0 && w->page.more) {
		buf_reset(&w->from);
		buf_str(&w->from, w->page.rows[w->page.n - 1].key);
		buf_u8(&w->from, 0);
		return 1;
	}
	if (chores[w->chore].end != NULL)
		chores[w->chore].end(w);
	buf_reset(&w->from);
	w->found = 0;
	w->chore = (w->chore + 1) % ARRAY_LEN(chores);
	return w->chore == 0 ? PERIOD_MS : 1;
}

static void after_page(struct post *p)
{
	struct ca_watch *w = CONTAINER_OF(p, struct ca_watch, again);
	uint64_t ms = advance(w);

	arena_free(w->arena);
	w->arena = NULL;
	w->running = false;
	if (!w->closing)
		timer_set(&w->timer, ms);
}

static void on_page_end(struct flow *f)
{
	struct ca_watch *w = CONTAINER_OF(f, struct ca_watch, flow);

	loop_reap(w->ca->loop, &w->again);
}

static void on_timer(struct timer *t)
{
	struct ca_watch *w = CONTAINER_OF(t, struct ca_watch, timer);

	if (w->running || w->closing)
		return;
	w->running = true;
	w->arena = arena_new();
	flow_init(&w->flow, w->ca->loop, watch_steps, w, w->arena);
	w->flow.on_end = on_page_end;
	flow_start(&w->flow);
}

struct ca_watch *ca_watch_new(struct ca *ca)
{
	struct ca_watch *w = NEW(struct ca_watch);

	w->ca = ca;
	w->starting = true;
	w->again = (struct post){.fn = after_page, .name = "watch.after_page"};
	timer_init(&w->timer, ca->loop, "watch.timer", on_timer);
	timer_set(&w->timer, 0);
	return w;
}

void ca_watch_stop(struct ca_watch *w)
{
	if (w != NULL)
		w->closing = true;
}

bool ca_watch_busy(const struct ca_watch *w)
{
	return w != NULL && w->running;
}

void ca_watch_free(struct ca_watch *w)
{
	if (w == NULL)
		return;
	ENSURE(!w->running);
	timer_release(&w->timer);
	buf_release(&w->from);
	mem_free(w);
}
