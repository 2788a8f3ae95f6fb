/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ca/inventory_priv.h"

#include "base/bug.h"
#include "base/clock.h"
#include "base/hook.h"
#include "base/log.h"
#include "base/mem.h"

/*
 * inventory_import.c - a list's records from a file.
 *
 *   begin     a place (inventory_sweep.c) and a generation for the rows that will come
 *   add       a job reads and encodes the lines; the rows are committed in slices, each expected to
 *             be absent, so that a key that comes twice is found wherever it stands
 *   commit    merge: the list's other records are copied to the new rows, or, when these are few,
 *             they are put over the list's (inventory_merge.c); then one commit of the list's row,
 *             which expects the version that the list had at the beginning        (detached)
 *   abandon   the place is free, the rows are swept
 *
 * Whatever fails ends the import, since what it has added is no longer known for certain; the file
 * is simply imported again. Memory: one call's text, twice, and its rows.
 */
#define JOB_MS	    60000
#define SLICE_ROWS  2000U /* of one commit: others want to write as well */
#define SLICE_BYTES (512U << 10)

struct inventory_import_state {
	struct arena *arena;
	struct open_import *import; /* marked busy, by this flow */
	struct store_get get;
	struct rec_inventory rec;
	struct wait wait;
	struct store_commit commit;
	struct inventory_merge merge;
	/* add */
	struct inventory_rows rows;
	size_t from, to; /* rows of the slice that is being committed */
	bool committing;
	bool done;
};

static enum step take_import(struct inventory_import *i, struct flow *f)
{
	struct err e = ERR_INIT;

	i->st->import = inventory_import_find(i->ca, i->list, i->id, &e);
	if (i->st->import == NULL)
		return flow_fail(f, &e);
	i->st->import->busy = true;
	return STEP_NEXT;
}

/* For last steps. */
static void give_import_back(struct inventory_import *i, const struct flow *f)
{
	struct open_import *im = i->st->import;

	if (im == NULL)
		return;
	i->st->import = NULL;
	im->busy = false;
	im->touched_ms = loop_now_ms(i->ca->loop);
	if (!f->failed)
		return;
	log_info("inventory.import_failed", F_C("list", im->list), F_C("import", im->id),
		 F_ERR(&f->err));
	inventory_import_close(i->ca, im);
}

/* ---- begin ---- */

static enum step begin_read(struct flow *f, void *op)
{
	struct inventory_import *i = op;

	inventory_list_get(i->ca, i->list, &i->st->get, i->st->arena, f);
	return STEP_WAIT;
}

static enum step begin_open(struct flow *f, void *op)
{
	struct inventory_import *i = op;
	struct open_import *im;
	struct err e = ERR_INIT;

	if (f->failed)
		return STEP_DONE;
	if (inventory_list_take(i->list, &i->st->get, &i->st->rec, &i->info, &e) < 0)
		return flow_fail(f, &e);
	im = inventory_import_open(i->ca, inventory_new_generation(), &e);
	if (im == NULL)
		return flow_fail(f, &e);
	ENSURE(i->list.n < sizeof(im->list));
	memcpy(im->list, i->list.p, i->list.n);
	im->merge = i->merge;
	im->fold_case = i->info.fold_case;
	im->base = i->info.version;
	memcpy(i->new_id, im->id, sizeof(i->new_id));
	return STEP_DONE;
}

static const struct flow_step begin_steps[] = {
	{"inventory.import", begin_read, 0},
	{"inventory.import_open", begin_open, 0},
	{NULL, NULL, 0},
};

/* ---- add: the job ---- */

struct rows_job {
	struct wait_job wait;
	struct inventory_import_state *st; /* loop only */
	char *text;
	size_t text_n;
	bool fold;
	uint64_t version;
	int64_t now;
	struct inventory_rows rows;
	int rc;
	struct err err;
};

static void on_run(struct job *job)
{
	struct rows_job *j = CONTAINER_OF(job, struct rows_job, wait.job);

	j->rc = inventory_rows_read(str_mem(j->text, j->text_n), j->fold, j->version, j->now,
				    &j->rows, &j->err);
}

static int on_done(struct wait_job *w, struct err *e)
{
	struct rows_job *j = CONTAINER_OF(w, struct rows_job, wait);

	if (j->rc != 0) {
		*e = j->err;
		return -1;
	}
	j->st->rows = j->rows;
	j->rows = (struct inventory_rows){.n = 0};
	return 0;
}

static void on_free(struct job *job)
{
	struct rows_job *j = CONTAINER_OF(job, struct rows_job, wait.job);

	inventory_rows_release(&j->rows);
	mem_free(j->text);
	mem_free(j);
}

static enum step add_read(struct flow *f, void *op)
{
	struct inventory_import *i = op;
	struct rows_job *j;
	struct err e = ERR_INIT;

	if (i->text.n > INVENTORY_ADD_MAX)
		return flow_failf(f, ERR_TOO_LARGE, "body: at most %u bytes in one call",
				  INVENTORY_ADD_MAX);
	if (take_import(i, f) != STEP_NEXT || f->failed)
		return STEP_NEXT;
	j = NEW(struct rows_job);
	j->wait.job.name = "inventory.rows";
	j->wait.job.run = on_run;
	j->wait.job.free = on_free;
	j->wait.on_done = on_done;
	j->st = i->st;
	j->text = mem_dup(i->text.p, i->text.n);
	j->text_n = i->text.n;
	j->fold = i->st->import->fold_case;
	j->version = i->st->import->base + 1;
	j->now = clock_now();
	if (wait_submit(&i->st->wait, f, i->ca->slow, &j->wait, JOB_MS, &e) != 0) {
		on_free(&j->wait.job);
		return flow_fail(f, &e);
	}
	return STEP_WAIT;
}

/* ---- add: the rows ---- */

static struct store_batch *next_slice(struct inventory_import *i)
{
	struct inventory_import_state *st = i->st;
	struct store_batch *b = store_batch_new(i->ca->store);
	struct buf key = BUF_INIT;
	size_t bytes = 0;

	st->from = st->to;
	for (; st->to < st->rows.n && st->to - st->from < SLICE_ROWS && bytes < SLICE_BYTES;
	     st->to++) {
		const struct inventory_row *r = &st->rows.rows[st->to];

		buf_reset(&key);
		buf_u64(&key, st->import->generation);
		buf_add(&key, st->rows.bytes.p + r->key, r->key_n);
		(void)store_put_absent(b, CF_INVENTORY_RECORD, buf_view(&key),
				       str_mem(st->rows.bytes.p + r->value, r->value_n));
		bytes += r->key_n + r->value_n;
	}
	st->import->bytes += bytes;
	buf_release(&key);
	return b;
}

static enum step add_rows(struct flow *f, void *op)
{
	struct inventory_import *i = op;
	struct inventory_import_state *st = i->st;
	const struct err *why = wait_error(st->committing ? &st->commit.wait : &st->wait);

	if (why != NULL && st->committing && why->code == ERR_CONFLICT)
		return flow_failf(f, ERR_INVALID, "line %u: its key was added before",
				  st->rows.rows[st->from + st->commit.failed].line);
	if (why != NULL)
		return flow_fail(f, why);
	if (st->import->records + st->rows.n > INVENTORY_RECORDS_MAX)
		return flow_failf(f, ERR_INVALID, "more than %u records", INVENTORY_RECORDS_MAX);
	if (st->to == st->rows.n)
		return STEP_NEXT;
	st->committing = true;
	test_crash("inventory.add");
	store_commit(i->ca->store, next_slice(i), &st->commit, f, INVENTORY_COMMIT_MS);
	return STEP_AGAIN;
}

static enum step add_end(struct flow *f, void *op)
{
	struct inventory_import *i = op;

	if (!f->failed) {
		i->st->import->records += i->st->rows.n;
		i->records = i->st->import->records;
	}
	give_import_back(i, f);
	inventory_rows_release(&i->st->rows);
	return STEP_DONE;
}

static const struct flow_step add_steps[] = {
	{"inventory.add", add_read, 0},
	{"inventory.add_rows", add_rows, 0},
	{"inventory.add_end", add_end, 0},
	{NULL, NULL, 0},
};

/* ---- commit ---- */

static enum step commit_read(struct flow *f, void *op)
{
	struct inventory_import *i = op;
	const struct open_import *im;

	if (take_import(i, f) != STEP_NEXT || f->failed)
		return STEP_NEXT;
	im = i->st->import;
	if (im->records != i->expect)
		return flow_failf(f, ERR_INVALID,
				  "records: the import has %" PRIu64 ", not %" PRIu64
				  ": import again",
				  im->records, i->expect);
	inventory_list_get(i->ca, i->list, &i->st->get, i->st->arena, f);
	return STEP_WAIT;
}

static int check_base(struct inventory_import *i, struct err *e)
{
	if (inventory_list_take(i->list, &i->st->get, &i->st->rec, &i->info, e) < 0)
		return -1;
	if (i->info.version == i->st->import->base && i->info.fold_case == i->st->import->fold_case)
		return 0;
	return ERR(e, ERR_CONFLICT,
		   "inventory \"" STR_FMT "\" was changed while this import ran (version %" PRIu64
		   " became %" PRIu64 "): nothing was imported, import again",
		   STR_ARG(i->list), i->st->import->base, i->info.version);
}

static enum step commit_merge(struct flow *f, void *op)
{
	struct inventory_import *i = op;
	struct err e = ERR_INIT;

	if (check_base(i, &e) < 0)
		return flow_fail(f, &e);
	if (!i->st->import->merge)
		return STEP_NEXT;
	i->st->merge =
		(struct inventory_merge){.ca = i->ca, .import = i->st->import, .list = i->st->rec};
	inventory_merge_init(&i->st->merge, i->st->arena);
	flow_call(f, &i->st->wait, &i->st->merge.flow);
	return STEP_WAIT;
}

static void audit_import(struct inventory_import *i, struct store_batch *b)
{
	const struct open_import *im = i->st->import;
	const char *detail =
		arena_printf(i->st->arena, "%s: %s %" PRIu64 " records, %" PRIu64 " now", im->list,
			     im->merge ? "merged" : "replaced by", im->records, i->st->rec.count);

	inventory_audit(b, "inventory.imported", i->actor, str_c(detail), i->request_id);
}

static enum step commit_list(struct flow *f, void *op)
{
	struct inventory_import *i = op;
	struct inventory_import_state *st = i->st;
	struct store_batch *b = NULL;

	if (st->import->merge) {
		if (st->merge.flow.failed)
			return flow_fail(f, &st->merge.flow.err);
		b = st->merge.b;
		st->merge.b = NULL;
		st->rec.count = st->merge.records;
	} else {
		st->rec.count = st->import->records;
	}
	if (b == NULL)
		b = store_batch_new(i->ca->store);
	if (!st->import->merge || !st->merge.small)
		st->rec.generation = st->import->generation;
	if (st->rec.count > INVENTORY_RECORDS_MAX) {
		store_batch_free(b);
		return flow_failf(f, ERR_INVALID, "the inventory would have more than %u records",
				  INVENTORY_RECORDS_MAX);
	}
	st->rec.changed = clock_now();
	inventory_put_list(b, i->list, &st->rec, st->import->base);
	audit_import(i, b);
	test_crash("inventory.before_import");
	st->committing = true;
	store_commit(i->ca->store, b, &st->commit, f, INVENTORY_COMMIT_MS);
	return STEP_WAIT;
}

static void imported(struct inventory_import *i)
{
	struct open_import *im = i->st->import;

	test_crash("inventory.imported");
	i->records = im->records;
	i->info.version = im->base + 1;
	i->info.count = i->st->rec.count;
	i->info.edition = i->st->rec.generation;
	i->info.changed = i->st->rec.changed;
	log_info("inventory.imported", F_STR("list", i->list), F_U("records", im->records),
		 F_U("count", i->info.count), F_C("how", im->merge ? "merge" : "replace"),
		 F_U("version", i->info.version), F_STR("by", i->actor),
		 F_STR("request", i->request_id));
	i->st->import = NULL;
	inventory_import_close(i->ca, im);
}

static enum step commit_end(struct flow *f, void *op)
{
	struct inventory_import *i = op;
	struct inventory_import_state *st = i->st;
	const struct err *why = st->committing ? wait_error(&st->commit.wait) : NULL;
	struct err e = ERR_INIT;

	store_batch_free(st->merge.b);
	st->merge.b = NULL;
	if (st->committing && !f->failed && why == NULL) {
		imported(i);
		return STEP_DONE;
	}
	if (st->committing && (why == NULL || why->code != ERR_CONFLICT))
		inventory_generation_doubt(i->ca, st->import->generation);
	if (why != NULL && why->code == ERR_CONFLICT)
		(void)ERR(
			&e, ERR_CONFLICT,
			"inventory \"" STR_FMT
			"\" was changed while this import ran: nothing was imported, import again",
			STR_ARG(i->list));
	else if (why != NULL)
		e = *why;
	if (!f->failed)
		(void)flow_fail(f, &e);
	give_import_back(i, f);
	return STEP_DONE;
}

static const struct flow_step commit_steps[] = {
	{"inventory.commit", commit_read, 0},
	{"inventory.commit_merge", commit_merge, 0},
	{"inventory.commit_list", commit_list, FLOW_DETACH},
	{"inventory.commit_end", commit_end, 0},
	{NULL, NULL, 0},
};

/* ---- abandon ---- */

static enum step abandon(struct flow *f, void *op)
{
	struct inventory_import *i = op;
	struct open_import *im;
	struct err e = ERR_INIT;

	if (f->failed)
		return STEP_DONE;
	im = inventory_import_find(i->ca, i->list, i->id, &e);
	if (im == NULL)
		return flow_fail(f, &e);
	log_info("inventory.import_abandoned", F_C("list", im->list), F_C("import", im->id));
	inventory_import_close(i->ca, im);
	return STEP_DONE;
}

static const struct flow_step abandon_steps[] = {
	{"inventory.abandon", abandon, 0},
	{NULL, NULL, 0},
};

static void free_rows(void *arg)
{
	struct inventory_import_state *st = arg;

	inventory_rows_release(&st->rows);
}

void inventory_import_init(struct inventory_import *i, struct arena *arena)
{
	static const struct flow_step *const steps[] = {
		[INVENTORY_BEGIN] = begin_steps,
		[INVENTORY_ADD] = add_steps,
		[INVENTORY_COMMIT] = commit_steps,
		[INVENTORY_ABANDON] = abandon_steps,
	};

	i->st = ARENA_NEW(arena, struct inventory_import_state);
	i->st->arena = arena;
	arena_on_free(arena, free_rows, i->st);
	i->new_id[0] = '\0';
	i->records = 0;
	i->info = (struct inventory_list){.version = 0};
	flow_init(&i->flow, i->ca->loop, steps[i->act], i, arena);
}
