/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ca/inventory_priv.h"

#include "base/log.h"
#include "codec/b64.h"

/*
 * inventory_list.c - all lists, and the records of one in pages.
 *
 * A page is one scan of the store: what it gives (1 MiB, 1,000 rows, 5 ms at most) is cut to the
 * asked number and to KEEP_MAX bytes. The list's row is read before and after it: when the list was
 * replaced in between, the rows may have been half swept, so all is read again. The cursor is the
 * last key as it is compared, without the generation: it goes on in the list's present records,
 * whatever was done to it since.
 */
#define LIMIT_MAX 1000U
#define KEEP_MAX  (256U << 10)
#define TRIES	  4U

/* ---- all lists ---- */

static void add_list(struct inventory_lists *l, const struct inventory_list *list)
{
	struct inventory_list *more;

	if (l->n == l->cap) {
		l->cap = l->cap > 0 ? l->cap * 2 : 32;
		more = ARENA_ARRAY(l->arena, struct inventory_list, l->cap);
		if (l->n > 0)
			memcpy(more, l->lists, l->n * sizeof(*more));
		l->lists = more;
	}
	l->lists[l->n++] = *list;
}

/* Damaged ones are named in the log and left out. */
static void take_lists(struct inventory_lists *l)
{
	for (size_t i = 0; i < l->page.n; i++) {
		const struct store_row *row = &l->page.rows[i];
		struct rec_inventory rec;
		struct inventory_list list;
		struct err e = ERR_INIT;

		if (inventory_list_decode(row->key, row->value, row->version, l->arena, &rec, &list,
					  &e) == 0)
			add_list(l, &list);
		else
			log_error("inventory.damaged", F_STR("list", row->key), F_ERR(&e));
	}
}

/* A page of the store may be short: it ends when that has taken long enough. */
static enum step lists_read(struct flow *f, void *op)
{
	struct inventory_lists *l = op;
	const struct err *why = l->reading ? wait_error(&l->page.wait) : NULL;
	struct str from = STR_NULL;

	if (why != NULL)
		return flow_fail(f, why);
	if (l->reading) {
		take_lists(l);
		if (l->page.n == 0 || !l->page.more)
			return STEP_NEXT;
		from = l->page.rows[l->page.n - 1].key;
		from = arena_str(l->arena, str_mem(from.p, from.n + 1)); /* its NUL */
	}
	l->reading = true;
	l->page = (struct store_page){.arena = l->arena};
	store_page(l->ca->store, CF_INVENTORY, from, STR_NULL, INVENTORY_LISTS, &l->page, f,
		   INVENTORY_READ_MS);
	return STEP_AGAIN;
}

static enum step lists_end(struct flow *f, void *op)
{
	(void)f;
	(void)op;
	return STEP_DONE;
}

static const struct flow_step lists_steps[] = {
	{"inventory.lists", lists_read, 0},
	{"inventory.lists_end", lists_end, 0},
	{NULL, NULL, 0},
};

void inventory_lists_init(struct inventory_lists *l, struct arena *arena)
{
	l->arena = arena;
	l->lists = NULL;
	l->n = l->cap = 0;
	l->reading = false;
	flow_init(&l->flow, l->ca->loop, lists_steps, l, arena);
}

/* ---- records ---- */

struct inventory_page_state {
	struct arena *arena;
	struct store_get before, after;
	struct rec_inventory rec;
	struct store_page page;
	struct str first;  /* where the cursor says to go on, without the generation */
	struct str prefix; /* folded where the list folds */
	unsigned tries;
	bool scanned;
};

static int read_cursor(struct inventory_page *p, struct err *e)
{
	struct buf raw = BUF_INIT;
	struct err why = ERR_INIT;
	int rc = 0;

	if (p->cursor.n == 0)
		return 0;
	if (p->cursor.n > 2 * INVENTORY_KEY_MAX ||
	    b64_decode(B64_URL, p->cursor, &raw, &why) != 0 || raw.n == 0 ||
	    raw.n > INVENTORY_KEY_MAX)
		rc = ERR(e, ERR_INVALID, "cursor: is none that was given: begin without it");
	if (rc == 0) {
		buf_u8(&raw, 0); /* behind it */
		p->st->first = arena_str(p->st->arena, buf_view(&raw));
	}
	buf_release(&raw);
	return rc;
}

static enum step page_begin(struct flow *f, void *op)
{
	struct inventory_page *p = op;
	struct err e = ERR_INIT;

	if (p->limit < 1 || p->limit > LIMIT_MAX)
		return flow_failf(f, ERR_INVALID, "limit: must be 1 to %u", LIMIT_MAX);
	if (p->prefix.n > INVENTORY_KEY_MAX)
		return flow_failf(f, ERR_INVALID, "prefix: longer than %d bytes",
				  INVENTORY_KEY_MAX);
	if (read_cursor(p, &e) < 0)
		return flow_fail(f, &e);
	inventory_list_get(p->ca, p->list, &p->st->before, p->st->arena, f);
	return STEP_WAIT;
}

/* The first key behind all that begin so; the generation is never all ones. */
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

static void scan(struct inventory_page *p, struct flow *f)
{
	struct inventory_page_state *st = p->st;
	struct arena *a = st->arena;
	struct str from = inventory_row_key(a, st->rec.generation, st->rec.fold_case, p->prefix);
	struct str to = behind(a, from);
	struct str after = inventory_row_key(a, st->rec.generation, false, st->first);

	if (st->first.n > 0 && str_cmp(after, from) > 0)
		from = after;
	if (str_cmp(from, to) > 0)
		to = from;
	st->page = (struct store_page){.arena = a};
	store_page(p->ca->store, CF_INVENTORY_RECORD, from, to, p->limit, &st->page, f,
		   INVENTORY_READ_MS);
}

static enum step page_scan(struct flow *f, void *op)
{
	struct inventory_page *p = op;
	struct inventory_page_state *st = p->st;
	struct err e = ERR_INIT;

	if (inventory_list_take(p->list, &st->before, &st->rec, &p->info, &e) < 0)
		return flow_fail(f, &e);
	scan(p, f);
	return STEP_WAIT;
}

static enum step page_again(struct flow *f, void *op)
{
	struct inventory_page *p = op;

	inventory_list_get(p->ca, p->list, &p->st->after, p->st->arena, f);
	return STEP_WAIT;
}

static void set_cursor(struct inventory_page *p, struct str row_key)
{
	struct buf text = BUF_INIT;

	b64_encode(B64_URL,
		   str_mem(row_key.p + INVENTORY_GENERATION, row_key.n - INVENTORY_GENERATION),
		   &text);
	p->next = arena_str(p->st->arena, buf_view(&text));
	buf_release(&text);
}

static void take_rows(struct inventory_page *p)
{
	const struct store_page *page = &p->st->page;
	size_t bytes = 0, i;

	p->records = ARENA_ARRAY(p->st->arena, struct rec_inventory_record, page->n + 1);
	for (i = 0; i < page->n && (bytes < KEEP_MAX || i == 0); i++) {
		struct err e = ERR_INIT;

		bytes += page->rows[i].value.n;
		if (rec_decode(&rec_inventory_record_info, page->rows[i].value, p->st->arena,
			       &p->records[p->n], &e) == 0)
			p->n++;
		else
			log_error("inventory.damaged", F_STR("list", p->list), F_ERR(&e));
	}
	if (i > 0 && (i < page->n || page->more))
		set_cursor(p, page->rows[i - 1].key);
}

static enum step page_take(struct flow *f, void *op)
{
	struct inventory_page *p = op;
	struct inventory_page_state *st = p->st;
	struct inventory_list now;
	struct rec_inventory rec;
	struct err e = ERR_INIT;
	const struct err *why;

	if (st->scanned) { /* again, since the list was another one meanwhile */
		st->scanned = false;
		inventory_list_get(p->ca, p->list, &st->after, st->arena, f);
		return STEP_AGAIN;
	}
	why = wait_error(&st->page.wait);
	if (why != NULL)
		return flow_fail(f, why);
	if (inventory_list_take(p->list, &st->after, &rec, &now, &e) < 0)
		return flow_fail(f, &e);
	if (rec.generation == st->rec.generation) {
		take_rows(p);
		return STEP_NEXT;
	}
	if (++st->tries == TRIES)
		return flow_failf(f, ERR_UNAVAILABLE,
				  "inventory \"" STR_FMT
				  "\" is replaced again and again: try later",
				  STR_ARG(p->list));
	st->rec = rec;
	p->info = now;
	st->scanned = true;
	scan(p, f);
	return STEP_AGAIN;
}

static enum step page_end(struct flow *f, void *op)
{
	(void)f;
	(void)op;
	return STEP_DONE;
}

static const struct flow_step page_steps[] = {
	{"inventory.page", page_begin, 0},
	{"inventory.scan", page_scan, 0},
	{"inventory.list_again", page_again, FLOW_AUTO_FAIL},
	{"inventory.take", page_take, 0},
	{"inventory.page_end", page_end, 0},
	{NULL, NULL, 0},
};

void inventory_page_init(struct inventory_page *p, struct arena *arena)
{
	p->st = ARENA_NEW(arena, struct inventory_page_state);
	p->st->arena = arena;
	p->records = NULL;
	p->n = 0;
	p->next = STR_NULL;
	flow_init(&p->flow, p->ca->loop, page_steps, p, arena);
}
