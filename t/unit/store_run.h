/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_T_STORE_RUN_H
#define SIGNET_T_STORE_RUN_H

/*
 * store_run.h - for the store's tests: each operation is a flow of its own, and run_until() turns
 * the loop until it is over. A hang guard of 20 s.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "store/store.h"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define MEMORY_ONLY true /* RocksDB is not instrumented */
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define MEMORY_ONLY true
#elif !defined(MEMORY_ONLY)
#define MEMORY_ONLY false
#endif

enum run_kind { RUN_COMMIT, RUN_GET, RUN_PAGE, RUN_BACKUP };

struct run {
	struct flow flow;
	struct arena *arena;
	enum run_kind kind;
	struct store *store;
	bool over;
	unsigned *finished; /* counts */
	struct err err;	    /* of the wait */
	enum cf cf;
	struct str key, to;
	unsigned limit;
	uint64_t deadline_ms;
	struct store_batch *batch;
	struct store_commit commit;
	struct store_get get;
	struct store_page page;
	struct store_backup backup;
	const char *path; /* of the backup */
};

static enum step run_start(struct flow *f, void *op)
{
	struct run *r = op;

	switch (r->kind) {
	case RUN_COMMIT:
		store_commit(r->store, r->batch, &r->commit, f, r->deadline_ms);
		break;
	case RUN_GET:
		store_get(r->store, r->cf, r->key, &r->get, f, r->deadline_ms);
		break;
	case RUN_PAGE:
		store_page(r->store, r->cf, r->key, r->to, r->limit, &r->page, f, r->deadline_ms);
		break;
	case RUN_BACKUP:
		store_backup(r->store, r->path, &r->backup, f, r->deadline_ms);
		break;
	}
	return STEP_WAIT;
}

static enum step run_check(struct flow *f, void *op)
{
	struct run *r = op;
	const struct err *e = NULL;

	if (f->failed) {
		r->err = f->err;
		return STEP_DONE;
	}
	switch (r->kind) {
	case RUN_COMMIT:
		e = wait_error(&r->commit.wait);
		break;
	case RUN_GET:
		e = wait_error(&r->get.wait);
		break;
	case RUN_PAGE:
		e = wait_error(&r->page.wait);
		break;
	case RUN_BACKUP:
		e = wait_error(&r->backup.wait);
		break;
	}
	if (e)
		r->err = *e;
	return STEP_DONE;
}

static const struct flow_step run_steps[] = {
	{.name = "run", .run = run_start},
	{.name = "check", .run = run_check},
	{.name = NULL},
};

static void on_run_end(struct flow *f)
{
	struct run *r = f->op;

	r->over = true;
	if (r->finished)
		(*r->finished)++;
}

static void run_begin(struct run *r, struct loop *l, struct store *s, enum run_kind kind)
{
	r->kind = kind;
	r->store = s;
	r->arena = arena_new();
	r->get.arena = r->page.arena = r->arena;
	r->deadline_ms = r->deadline_ms ? r->deadline_ms : 60000;
	flow_init(&r->flow, l, run_steps, r, r->arena);
	r->flow.on_end = on_run_end;
	flow_start(&r->flow);
}

static void run_until(struct loop *l, const bool *over)
{
	uint64_t guard = clock_mono_ms() + 20000;

	while (!*over) {
		loop_turn(l, 100);
		if (clock_mono_ms() > guard)
			fail_msg("hangs");
	}
}

static void run_end(struct run *r)
{
	arena_free(r->arena);
	memset(r, 0, sizeof(*r));
}

/* One commit to its end: its error. failed may be NULL. */
static enum err_code UNUSED commit_now(struct loop *l, struct store *s, struct store_batch *b,
				       unsigned *failed)
{
	struct run r = {.batch = b};
	enum err_code code;

	run_begin(&r, l, s, RUN_COMMIT);
	run_until(l, &r.over);
	if (failed)
		*failed = r.commit.failed;
	code = r.err.code;
	run_end(&r);
	return code;
}

/* Version of a row, or -1 when it is absent. *value (optional) is heap memory. */
static int64_t UNUSED get_now(struct loop *l, struct store *s, enum cf cf, struct str key,
			      char **value)
{
	struct run r = {.cf = cf, .key = key};
	int64_t version;

	run_begin(&r, l, s, RUN_GET);
	run_until(l, &r.over);
	if (r.err.code != ERR_OK)
		fail_msg("%s", r.err.msg);
	version = r.get.found ? (int64_t)r.get.version : -1;
	if (value)
		*value = r.get.found
				 ? mem_strndup(r.get.value.p ? r.get.value.p : "", r.get.value.n)
				 : NULL;
	run_end(&r);
	return version;
}

/* rm -r for test folders (one level) under /tmp. */
#include <dirent.h>
#include <sys/stat.h>
static void UNUSED remove_folder(const char *path)
{
	DIR *d = opendir(path);
	const struct dirent *n;
	char file[512];

	if (!d)
		return;
	while ((n = readdir(d)))
		if (n->d_name[0] != '.' &&
		    snprintf(file, sizeof(file), "%s/%s", path, n->d_name) < (int)sizeof(file))
			unlink(file);
	closedir(d);
	rmdir(path);
}

#endif
