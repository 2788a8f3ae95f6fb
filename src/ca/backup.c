/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ca/ca.h"
#include "ca/backup_priv.h"
#include "ca/index.h"

#include "base/log.h"
#include "base/mem.h"

/*
 * backup.c - a backup while the CA is at work.
 *
 *     prepare   job: may it be made there; DIR.partial-XXXXXX beside it
 *     store     the store's copy, between two commits
 *     finish    job: configuration and certificates around it, backup.json last, then the name DIR
 *     record    the audit entry
 *
 * What is under its name is whole: everything is synced before the rename. A kill leaves a folder
 * .partial-XXXXXX without backup.json, which no restore takes. Where DIR is on another file
 * system, the store's copy is made of links beside the store, and carried over by the job, so that
 * commits wait for the links only; the next start or backup removes such a copy that a kill has
 * left.
 *
 * From the first step on a client that leaves changes nothing. One backup at a time.
 */
#define PREPARE_MS 60000
#define STORE_MS   600000
#define FINISH_MS  7200000
#define CLEAN_MS   600000
#define AUDIT_MS   30000

enum work { WORK_PREPARE, WORK_FINISH, WORK_CLEAN };

struct backup_job {
	struct wait_job wait;
	struct backup_state *st; /* loop only */
	struct ca *ca;		 /* loop only */
	enum work work;
	struct conf *conf;
	bool with_keys;
	struct backup_place place; /* moved to and fro */
	char *dir;
	int rc;
	struct err err;
};

struct backup_state {
	struct arena *arena;
	struct wait wait;
	struct store_backup copy;
	struct store_commit commit;
	struct backup_place place;
	bool begun, made, cleaned;
};

/* ---- jobs ---- */

static void on_run(struct job *job)
{
	struct backup_job *j = CONTAINER_OF(job, struct backup_job, wait.job);

	switch (j->work) {
	case WORK_PREPARE:
		j->rc = backup_prepare(j->conf, j->dir, &j->place, &j->err);
		break;
	case WORK_FINISH:
		j->rc = backup_finish(j->conf, j->with_keys, &j->place, &j->err);
		break;
	case WORK_CLEAN:
		backup_clean(&j->place);
		break;
	}
}

static int on_done(struct wait_job *w, struct err *e)
{
	struct backup_job *j = CONTAINER_OF(w, struct backup_job, wait);

	j->st->place = j->place;
	j->place = (struct backup_place){0};
	if (j->rc == 0)
		return 0;
	*e = j->err;
	return -1;
}

static void on_free(struct job *job)
{
	struct backup_job *j = CONTAINER_OF(job, struct backup_job, wait.job);

	j->ca->backup_job = false;
	conf_unref(j->conf);
	backup_place_release(&j->place);
	mem_free(j->dir);
	mem_free(j);
}

/* The place goes along. */
static int submit(struct backup *b, struct flow *f, enum work work, uint64_t ms, struct err *e)
{
	struct backup_job *j = NEW(struct backup_job);

	j->wait.job.name = "backup";
	j->wait.job.run = on_run;
	j->wait.job.free = on_free;
	j->wait.on_done = on_done;
	j->st = b->st;
	j->ca = b->ca;
	j->work = work;
	j->conf = conf_ref(b->ca->conf);
	j->with_keys = b->with_keys;
	j->dir = mem_strndup(b->dir.p != NULL ? b->dir.p : "", b->dir.n);
	j->place = b->st->place;
	if (wait_submit(&b->st->wait, f, b->ca->slow, &j->wait, ms, e) == 0) {
		b->st->place = (struct backup_place){0};
		b->ca->backup_job = true;
		return 0;
	}
	j->place = (struct backup_place){0};
	on_free(&j->wait.job);
	return -1;
}

/* ---- the flow ---- */

static enum step prepare(struct flow *f, void *op)
{
	struct backup *b = op;
	struct err e = ERR_INIT;

	if (b->ca->backing_up || b->ca->backup_job)
		return flow_failf(f, ERR_CONFLICT, "a backup is under way: try again later");
	if (submit(b, f, WORK_PREPARE, PREPARE_MS, &e) != 0)
		return flow_fail(f, &e);
	b->ca->backing_up = true;
	b->st->begun = true;
	return STEP_WAIT;
}

static enum step copy_store(struct flow *f, void *op)
{
	struct backup *b = op;

	store_backup(b->ca->store, b->st->place.store, &b->st->copy, f, STORE_MS);
	return STEP_WAIT;
}

static enum step complete(struct flow *f, void *op)
{
	struct backup *b = op;
	struct err e = ERR_INIT;

	if (submit(b, f, WORK_FINISH, FINISH_MS, &e) != 0)
		return flow_fail(f, &e);
	return STEP_WAIT;
}

static enum step record(struct flow *f, void *op)
{
	struct backup *b = op;
	struct store_batch *batch = store_batch_new(b->ca->store);
	struct rec_audit a = {
		.event = STR("backup"),
		.actor = b->actor,
		.detail = str_c(arena_printf(b->st->arena, STR_FMT "%s", STR_ARG(b->dir),
					     b->with_keys ? " with keys" : "")),
		.request_id = b->request_id,
	};

	b->st->made = true;
	log_info("backup.made", F_STR("dir", b->dir), F_BOOL("keys", b->with_keys),
		 F_STR("by", b->actor));
	index_add_audit(batch, &a);
	store_batch_urgent(batch);
	store_commit(b->ca->store, batch, &b->st->commit, f, AUDIT_MS);
	return STEP_WAIT;
}

static enum step finish(struct flow *f, void *op)
{
	struct backup *b = op;
	struct backup_state *st = b->st;
	struct err e = ERR_INIT;

	if (!st->begun)
		return STEP_DONE;
	if (st->made && !f->failed && wait_error(&st->commit.wait) != NULL)
		log_error("backup.audit", F_ERR(wait_error(&st->commit.wait)));
	if (!st->cleaned && (st->place.partial != NULL || st->place.staged)) {
		st->cleaned = true;
		if (submit(b, f, WORK_CLEAN, CLEAN_MS, &e) == 0)
			return STEP_AGAIN;
		log_error("backup.left_behind", F_C("dir", st->place.partial), F_ERR(&e));
	}
	backup_place_release(&st->place);
	b->ca->backing_up = false;
	return STEP_DONE;
}

static const struct flow_step backup_steps[] = {
	{"backup.prepare", prepare, FLOW_DETACH},
	{"backup.store", copy_store, FLOW_AUTO_FAIL},
	{"backup.complete", complete, FLOW_AUTO_FAIL},
	{"backup.record", record, FLOW_AUTO_FAIL},
	{"backup.finish", finish, 0},
	{NULL, NULL, 0},
};

void backup_init(struct backup *b, struct arena *arena)
{
	b->st = ARENA_NEW(arena, struct backup_state);
	b->st->arena = arena;
	flow_init(&b->flow, b->ca->loop, backup_steps, b, arena);
}
