/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ca/inventory_priv.h"

#include "base/clock.h"
#include "base/hook.h"
#include "base/log.h"

/*
 * inventory_change.c - making and dropping a list, putting and removing a record.
 *
 * All expect the version that the list's row had when it was read, so that the count and the
 * versions are right whatever else goes on. Somebody else's change in between is no failure of this
 * one: it is decided anew, on what is there then. Only what was asked for (--if-version) fails.
 */
#define TRIES 20U

enum stage { ST_LIST, ST_RECORD, ST_COMMIT };
struct inventory_change_state {
	struct arena *arena;
	enum stage stage;
	struct store_get get, record;
	struct store_page lists;
	struct store_commit commit;
	struct rec_inventory rec;
	struct buf attributes;
	unsigned tries;
	bool done;
};

static void free_attributes(void *arg)
{
	struct inventory_change_state *st = arg;

	buf_release(&st->attributes);
}

static int check_input(struct inventory_change *c, struct err *e)
{
	switch (c->act) {
	case INVENTORY_CREATE:
		if (c->kind.n > 0 && !inventory_kind_valid(c->kind))
			return ERR(e, ERR_INVALID,
				   "kind: must be free, host, service, person or device");
		return inventory_name_check(c->list, e);
	case INVENTORY_DROP:
		return 0;
	case INVENTORY_SET:
		if (inventory_key_check(c->key, e) < 0)
			return -1;
		return inventory_attributes_write(c->attributes, &c->st->attributes, e);
	case INVENTORY_UNSET:
		return inventory_key_check(c->key, e);
	}
	return 0;
}

static enum step begin(struct flow *f, void *op)
{
	struct inventory_change *c = op;
	struct err e = ERR_INIT;

	arena_on_free(c->st->arena, free_attributes, c->st);
	if (check_input(c, &e) < 0)
		return flow_fail(f, &e);
	if (c->act != INVENTORY_CREATE) {
		inventory_list_get(c->ca, c->list, &c->st->get, c->st->arena, f);
		return STEP_WAIT;
	}
	c->st->lists = (struct store_page){.arena = c->st->arena};
	store_page(c->ca->store, CF_INVENTORY, STR_NULL, STR_NULL, INVENTORY_LISTS, &c->st->lists,
		   f, INVENTORY_READ_MS);
	return STEP_WAIT;
}

/* ---- what is committed ---- */

static enum step hand_over(struct inventory_change *c, struct store_batch *b, struct flow *f)
{
	c->st->stage = ST_COMMIT;
	test_crash("inventory.before_commit");
	store_commit(c->ca->store, b, &c->st->commit, f, INVENTORY_COMMIT_MS);
	return STEP_AGAIN;
}

static enum step create(struct inventory_change *c, struct flow *f)
{
	const struct err *why = wait_error(&c->st->lists.wait);
	struct store_batch *b;

	if (why != NULL)
		return flow_fail(f, why);
	if (c->st->lists.n >= INVENTORY_LISTS)
		return flow_failf(f, ERR_INVALID,
				  "there are %u inventories already: remove one that is not needed",
				  INVENTORY_LISTS);
	b = store_batch_new(c->ca->store);
	c->st->rec = (struct rec_inventory){
		.kind = c->kind.n > 0 ? c->kind : str_c(inventory_kinds[0]),
		.fold_case = c->fold_case,
		.generation = inventory_new_generation(),
		.created = clock_now(),
		.changed = clock_now(),
	};
	inventory_generation_keep(c->ca, c->st->rec.generation);
	inventory_put_list(b, c->list, &c->st->rec, 0);
	inventory_audit(b, "inventory.created", c->actor, c->list, c->request_id);
	return hand_over(c, b, f);
}

static enum step drop(struct inventory_change *c, struct flow *f)
{
	struct store_batch *b = store_batch_new(c->ca->store);

	store_expect_version(b, CF_INVENTORY, c->list, c->info.version);
	store_del(b, CF_INVENTORY, c->list);
	inventory_audit(b, "inventory.removed", c->actor, c->list, c->request_id);
	return hand_over(c, b, f);
}

static int check_version(const struct inventory_change *c, bool found, uint64_t version,
			 struct err *e)
{
	if (!c->has_if_version)
		return 0;
	if (c->if_version == 0 && found)
		return ERR(e, ERR_CONFLICT, "the record is there already, with version %" PRIu64,
			   version);
	if (c->if_version != 0 && !found)
		return ERR(e, ERR_CONFLICT,
			   "the record is not there (any more), so its version is not %" PRIu64,
			   c->if_version);
	if (found && version != c->if_version)
		return ERR(e, ERR_CONFLICT,
			   "the record has version %" PRIu64 ", not %" PRIu64
			   ": somebody changed it; look at it again",
			   version, c->if_version);
	return 0;
}

static void put_record(struct inventory_change *c, struct store_batch *b, struct str row_key)
{
	struct rec_inventory_record rec = {
		.key = c->key,
		.attributes = buf_view(&c->st->attributes),
		.version = c->info.version + 1,
		.changed = clock_now(),
	};
	struct buf v = BUF_INIT;

	rec_encode(&rec_inventory_record_info, &rec, &v);
	store_put(b, CF_INVENTORY_RECORD, row_key, buf_view(&v));
	buf_release(&v);
}

static enum step change_record(struct inventory_change *c, struct flow *f)
{
	struct inventory_change_state *st = c->st;
	const struct err *why = wait_error(&st->record.wait);
	struct rec_inventory_record old = {.version = 0};
	struct rec_inventory rec = st->rec;
	bool set = c->act == INVENTORY_SET;
	struct err e = ERR_INIT;
	struct store_batch *b;
	struct str row_key;

	if (why != NULL)
		return flow_fail(f, why);
	if (st->record.found &&
	    rec_decode(&rec_inventory_record_info, st->record.value, st->arena, &old, &e) < 0) {
		log_error("inventory.damaged", F_STR("list", c->list), F_ERR(&e));
		e = (struct err)ERR_INIT; /* it can be written over, and removed */
	}
	if (check_version(c, st->record.found, old.version, &e) < 0)
		return flow_fail(f, &e);
	if (!set && !st->record.found)
		return flow_failf(f, ERR_NOT_FOUND,
				  "inventory \"" STR_FMT "\" has no record \"" STR_FMT "\"",
				  STR_ARG(c->list), STR_ARG(c->key));
	if (set && !st->record.found && rec.count >= INVENTORY_RECORDS_MAX)
		return flow_failf(f, ERR_INVALID,
				  "the inventory has %u records, more it cannot have",
				  INVENTORY_RECORDS_MAX);
	b = store_batch_new(c->ca->store);
	row_key = inventory_row_key(st->arena, rec.generation, rec.fold_case, c->key);
	if (set)
		put_record(c, b, row_key);
	else
		store_del(b, CF_INVENTORY_RECORD, row_key);
	rec.count = rec.count + (set && !st->record.found) - (!set && rec.count > 0);
	rec.changed = clock_now();
	c->created = set && !st->record.found;
	inventory_put_list(b, c->list, &rec, c->info.version);
	c->info.count = rec.count;
	c->info.changed = rec.changed;
	inventory_audit(b, set ? "inventory.record_set" : "inventory.record_removed", c->actor,
			str_c(arena_printf(st->arena, STR_FMT ": " STR_FMT, STR_ARG(c->list),
					   STR_ARG(c->key))),
			c->request_id);
	return hand_over(c, b, f);
}

static enum step with_list(struct inventory_change *c, struct flow *f)
{
	struct inventory_change_state *st = c->st;
	struct err e = ERR_INIT;

	if (inventory_list_take(c->list, &st->get, &st->rec, &c->info, &e) < 0)
		return flow_fail(f, &e);
	if (c->act == INVENTORY_DROP)
		return drop(c, f);
	st->stage = ST_RECORD;
	st->record = (struct store_get){.arena = st->arena};
	store_get(c->ca->store, CF_INVENTORY_RECORD,
		  inventory_row_key(st->arena, st->rec.generation, st->rec.fold_case, c->key),
		  &st->record, f, INVENTORY_READ_MS);
	return STEP_AGAIN;
}

/* ---- what became of it ---- */

static void committed(struct inventory_change *c)
{
	static const char *const words[] = {
		[INVENTORY_CREATE] = "inventory.created",
		[INVENTORY_DROP] = "inventory.removed",
		[INVENTORY_SET] = "inventory.record_set",
		[INVENTORY_UNSET] = "inventory.record_removed",
	};

	if (c->act == INVENTORY_CREATE)
		c->info = (struct inventory_list){
			.name = c->list,
			.kind = c->st->rec.kind,
			.fold_case = c->st->rec.fold_case,
			.edition = c->st->rec.generation,
			.created = c->st->rec.created,
			.changed = c->st->rec.changed,
		};
	if (c->act != INVENTORY_DROP)
		c->info.version++;
	c->st->done = true;
	log_info(words[c->act], F_STR("list", c->list), F_STR("key", c->key),
		 F_U("version", c->info.version), F_STR("by", c->actor),
		 F_STR("request", c->request_id));
	if (c->act == INVENTORY_DROP)
		inventory_sweep_soon(c->ca);
}

static enum step after_commit(struct inventory_change *c, struct flow *f)
{
	struct inventory_change_state *st = c->st;
	const struct err *why = wait_error(&st->commit.wait);

	if (why == NULL) {
		test_crash("inventory.committed");
		committed(c);
		return STEP_NEXT;
	}
	if (why->code != ERR_CONFLICT)
		return flow_fail(f, why);
	if (c->act == INVENTORY_CREATE)
		return flow_failf(f, ERR_CONFLICT, "inventory \"" STR_FMT "\" is there already",
				  STR_ARG(c->list));
	if (++st->tries == TRIES)
		return flow_failf(f, ERR_UNAVAILABLE,
				  "inventory \"" STR_FMT "\" is changed too often: try again",
				  STR_ARG(c->list));
	st->stage = ST_LIST;
	inventory_list_get(c->ca, c->list, &st->get, st->arena, f);
	return STEP_AGAIN;
}

static enum step run(struct flow *f, void *op)
{
	struct inventory_change *c = op;

	switch (c->st->stage) {
	case ST_LIST:
		return c->act == INVENTORY_CREATE ? create(c, f) : with_list(c, f);
	case ST_RECORD:
		return change_record(c, f);
	case ST_COMMIT:
		break;
	}
	return after_commit(c, f);
}

static enum step end(struct flow *f, void *op)
{
	(void)f;
	(void)op;
	return STEP_DONE;
}

static const struct flow_step change_steps[] = {
	{"inventory.begin", begin, 0},
	{"inventory.change", run, FLOW_DETACH},
	{"inventory.change_end", end, 0},
	{NULL, NULL, 0},
};

void inventory_change_init(struct inventory_change *c, struct arena *arena)
{
	c->st = ARENA_NEW(arena, struct inventory_change_state);
	c->st->arena = arena;
	c->created = false;
	c->info = (struct inventory_list){.version = 0};
	flow_init(&c->flow, c->ca->loop, change_steps, c, arena);
}
