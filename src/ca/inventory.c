/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ca/inventory_priv.h"

#include "ca/index.h"

#include "base/clock.h"

/*
 * inventory.c - how inventories are stored, and how one record is read.
 *
 *   inventory          the list's name            kind, generation, count ...
 *   inventory_record   generation (u64) | key     the record; the key folded where the list says so
 *
 * The row of a list says which generation its records are of, and this row is what makes everything
 * atomic. A single change puts the record and the list's row in one commit, expecting the version
 * that the row had when it was read, so changes of a list come one after the other. An import
 * writes its rows under a generation of its own, which nobody looks for; one commit of the list's
 * row then makes it the list's. Killed before that, the import never was: its rows are swept at the
 * next start (inventory_sweep.c), as are those of the generation that it replaced. A generation is
 * a random number and never used again.
 *
 * A list's version is the version of its row in the store: 1 when it is made, one more with each
 * change. A record's version is the one that the list had after the change which wrote it.
 *
 * Reading: the list's row, then the record's. Between the two the list may be replaced and the old
 * rows be swept; so a record that was not found counts as absent only when the list still has the
 * generation that was looked in. Both reads are served from the store's cache without a thread when
 * they can be.
 *
 * A key that cannot be in a list (empty, too long, control characters) is one that is not found: it
 * may be what a template made of a request.
 */
#define TRIES 4U

static const struct rec_field list_fields[] = {
	REC_FIELD(REC_TEXT, struct rec_inventory, kind),
	REC_FIELD(REC_BOOL, struct rec_inventory, fold_case),
	REC_FIELD(REC_U64, struct rec_inventory, generation),
	REC_FIELD(REC_U64, struct rec_inventory, count),
	REC_FIELD(REC_I64, struct rec_inventory, created),
	REC_FIELD(REC_I64, struct rec_inventory, changed),
};
const struct rec_type_info rec_inventory_info = {"inventory", 1, list_fields,
						 ARRAY_LEN(list_fields)};

static const struct rec_field record_fields[] = {
	REC_FIELD(REC_TEXT, struct rec_inventory_record, key),
	REC_FIELD(REC_TEXT, struct rec_inventory_record, attributes),
	REC_FIELD(REC_U64, struct rec_inventory_record, version),
	REC_FIELD(REC_I64, struct rec_inventory_record, changed),
};
const struct rec_type_info rec_inventory_record_info = {"inventory record", 1, record_fields,
							ARRAY_LEN(record_fields)};

/* ---- rows ---- */

int inventory_list_decode(struct str name, struct str value, uint64_t version, struct arena *a,
			  struct rec_inventory *rec, struct inventory_list *info, struct err *e)
{
	if (rec_decode(&rec_inventory_info, value, a, rec, e) < 0)
		return err_wrap(e, "inventory \"" STR_FMT "\"", STR_ARG(name));
	*info = (struct inventory_list){
		.name = name,
		.kind = rec->kind,
		.fold_case = rec->fold_case,
		.version = version,
		.count = rec->count,
		.edition = rec->generation,
		.created = rec->created,
		.changed = rec->changed,
	};
	return 0;
}

int inventory_list_take(struct str name, const struct store_get *g, struct rec_inventory *rec,
			struct inventory_list *info, struct err *e)
{
	const struct err *why = wait_error(&g->wait);

	if (why != NULL) {
		*e = *why;
		return -1;
	}
	if (!g->found)
		return ERR(
			e, ERR_NOT_FOUND,
			"there is no inventory \"%.*s\"; `signet inventory list` names those that "
			"are there, `signet inventory create` makes one",
			name.n > INVENTORY_NAME_MAX ? INVENTORY_NAME_MAX : (int)name.n,
			name.p != NULL ? name.p : "");
	return inventory_list_decode(name, g->value, g->version, g->arena, rec, info, e);
}

struct str inventory_row_key(struct arena *a, uint64_t generation, bool fold, struct str key)
{
	char *p = arena_alloc(a, INVENTORY_GENERATION + key.n + 1);

	for (size_t i = 0; i < INVENTORY_GENERATION; i++)
		p[i] = (char)(unsigned char)(generation >> (8 * (INVENTORY_GENERATION - 1 - i)));
	for (size_t i = 0; i < key.n; i++)
		p[INVENTORY_GENERATION + i] = fold ? ascii_lower(key.p[i]) : key.p[i];
	return str_mem(p, INVENTORY_GENERATION + key.n);
}

void inventory_list_get(struct ca *ca, struct str name, struct store_get *g, struct arena *a,
			struct flow *f)
{
	*g = (struct store_get){.arena = a};
	store_get(ca->store, CF_INVENTORY, name, g, f, INVENTORY_READ_MS);
}

uint64_t inventory_new_generation(void)
{
	uint64_t g = 0;

	while (g == 0 || g == UINT64_MAX)
		rand_bytes(&g, sizeof(g));
	return g;
}

void inventory_put_list(struct store_batch *b, struct str name, const struct rec_inventory *rec,
			uint64_t version)
{
	struct buf v = BUF_INIT;

	rec_encode(&rec_inventory_info, rec, &v);
	if (version == 0)
		store_put_absent(b, CF_INVENTORY, name, buf_view(&v));
	else
		store_put_version(b, CF_INVENTORY, name, buf_view(&v), version);
	buf_release(&v);
}

void inventory_audit(struct store_batch *b, const char *event, struct str actor, struct str detail,
		     struct str request_id)
{
	struct rec_audit entry = {
		.event = str_c(event), .actor = actor, .detail = detail, .request_id = request_id};

	index_add_audit(b, &entry);
}

/* ---- one record ---- */

enum phase { AT_LIST, AT_RECORD };
struct inventory_get_state {
	struct arena *arena;
	struct store_get list, record;
	uint64_t looked_in; /* generation; 0: none yet */
	unsigned tries;
	enum phase phase;
	bool possible; /* the key can be in a list */
};

static enum step get_begin(struct flow *f, void *op)
{
	struct inventory_get *g = op;
	struct err e = ERR_INIT;

	g->st->possible = inventory_key_check(g->key, &e) == 0;
	inventory_list_get(g->ca, g->list, &g->st->list, g->st->arena, f);
	return STEP_WAIT;
}

static int take_record(struct inventory_get *g, struct err *e)
{
	struct rec_inventory_record rec;

	if (rec_decode(&rec_inventory_record_info, g->st->record.value, g->st->arena, &rec, e) < 0)
		return err_wrap(e, "inventory \"" STR_FMT "\", a record", STR_ARG(g->list));
	g->record = json_parse(rec.attributes, &inventory_line_limits,
			       JSON_TOP_OBJECT | JSON_REFUSE_DUPLICATES, e);
	if (g->record == NULL) {
		e->code = ERR_INTERNAL;
		return err_wrap(e, "inventory \"" STR_FMT "\", a record is damaged",
				STR_ARG(g->list));
	}
	json_free_with(g->record, g->st->arena);
	json_object_set_new(g->record, INVENTORY_KEY_MEMBER, json_str_new(rec.key));
	g->found = true;
	g->text = rec.attributes;
	g->stored_key = rec.key;
	g->version = rec.version;
	g->changed = rec.changed;
	return 0;
}

/* The list was read. NEXT: the record is not there. */
static enum step look_in_list(struct inventory_get *g, struct flow *f)
{
	struct inventory_get_state *st = g->st;
	struct rec_inventory rec;
	struct inventory_list info;
	struct err e = ERR_INIT;

	if (inventory_list_take(g->list, &st->list, &rec, &info, &e) < 0)
		return flow_fail(f, &e);
	if (!st->possible || rec.generation == st->looked_in)
		return STEP_NEXT;
	if (st->tries++ == TRIES)
		return flow_failf(f, ERR_UNAVAILABLE,
				  "inventory \"" STR_FMT
				  "\" is replaced again and again: try later",
				  STR_ARG(g->list));
	st->looked_in = rec.generation;
	st->phase = AT_RECORD;
	st->record = (struct store_get){.arena = st->arena};
	store_get(g->ca->store, CF_INVENTORY_RECORD,
		  inventory_row_key(st->arena, rec.generation, rec.fold_case, g->key), &st->record,
		  f, INVENTORY_READ_MS);
	return STEP_AGAIN;
}

static enum step get_look(struct flow *f, void *op)
{
	struct inventory_get *g = op;
	struct inventory_get_state *st = g->st;
	const struct err *why;
	struct err e = ERR_INIT;

	if (st->phase == AT_LIST)
		return look_in_list(g, f);
	why = wait_error(&st->record.wait);
	if (why != NULL)
		return flow_fail(f, why);
	if (st->record.found)
		return take_record(g, &e) < 0 ? flow_fail(f, &e) : STEP_NEXT;
	st->phase = AT_LIST; /* is it still the list that was looked in? */
	inventory_list_get(g->ca, g->list, &st->list, st->arena, f);
	return STEP_AGAIN;
}

static enum step get_end(struct flow *f, void *op)
{
	(void)f;
	(void)op;
	return STEP_DONE;
}

static const struct flow_step get_steps[] = {
	{"inventory.get", get_begin, 0},
	{"inventory.look", get_look, 0},
	{"inventory.end", get_end, 0},
	{NULL, NULL, 0},
};

void inventory_get_init(struct inventory_get *g, struct arena *arena)
{
	g->st = ARENA_NEW(arena, struct inventory_get_state);
	g->st->arena = arena;
	g->found = false;
	g->record = NULL;
	g->text = g->stored_key = STR_NULL;
	g->version = 0;
	g->changed = 0;
	flow_init(&g->flow, g->ca->loop, get_steps, g, arena);
}
