/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ca/restored.h"

#include "base/buf.h"
#include "base/bug.h"
#include "ca/index.h"

#define STORE_MS 60000
#define TURN_MS	 100

struct access {
	struct flow flow;
	struct store *store;
	struct store_get get;
	struct store_commit commit;
	struct store_batch *batch; /* NULL: only reading */
	bool over;
};

static enum step start(struct flow *f, void *op)
{
	struct access *a = op;

	if (a->batch != NULL)
		store_commit(a->store, a->batch, &a->commit, f, STORE_MS);
	else
		store_get(a->store, CF_META, STR("restored"), &a->get, f, STORE_MS);
	return STEP_WAIT;
}

static enum step finish(struct flow *f, void *op)
{
	(void)f;
	(void)op;
	return STEP_DONE;
}

static const struct flow_step steps[] = {
	{"restored.start", start, 0},
	{"restored.finish", finish, FLOW_AUTO_FAIL},
	{NULL, NULL, 0},
};

static void on_end(struct flow *f)
{
	struct access *a = CONTAINER_OF(f, struct access, flow);

	a->over = true;
}

static int run(struct access *a, struct loop *l, struct arena *arena, struct err *e)
{
	a->get.arena = arena;
	flow_init(&a->flow, l, steps, a, arena);
	a->flow.on_end = on_end;
	flow_start(&a->flow);
	while (!a->over)
		loop_turn(l, TURN_MS);
	if (!a->flow.failed)
		return 0;
	*e = a->flow.err;
	return -1;
}

int restored_read(struct loop *l, struct store *s, int64_t *when, struct err *e)
{
	struct arena *arena = arena_new();
	struct access a = {.store = s};
	uint64_t v = 0;
	int rc = run(&a, l, arena, e);

	if (rc == 0 && a.get.found && (!str_u64(a.get.value, &v) || v > INT64_MAX))
		rc = ERR(e, ERR_INTERNAL, "store: the row meta/restored is damaged");
	*when = (int64_t)v;
	arena_free(arena);
	return rc;
}

int restored_write(struct loop *l, struct store *s, int64_t when, struct err *e)
{
	struct arena *arena = arena_new();
	struct access a = {.store = s, .batch = store_batch_new(s)};
	struct rec_audit audit = {.event = STR("restored"), .actor = STR("signetd --restore")};
	struct buf v = BUF_INIT;
	int rc;

	buf_printf(&v, "%" PRId64, when);
	store_put(a.batch, CF_META, STR("restored"), buf_view(&v));
	buf_release(&v);
	index_add_audit(a.batch, &audit);
	rc = run(&a, l, arena, e);
	arena_free(arena);
	return rc;
}
