/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ca/ca.h"
#include "ca/index.h"
#include "ca/reload_priv.h"
#include "ca/rules.h"

#include "base/bug.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

/*
 * reload.c - another configuration for a CA that is at work.
 *
 * A job on the slow pool reads everything anew, checks it, compares it with what runs
 * (conf/follow.c) and, with an edit, writes or removes the one file (reload_edit.c); up to there
 * any error leaves all as it was, memory and disk. Then, in one step on the loop, the two
 * snapshots are swapped. A kill between the file and the swap loses nothing: the file was checked
 * as part of the whole, and the next start reads it.
 *
 * Whoever has begun keeps what he has: flows hold references to their set of provisioners, and
 * strings of the configuration that cannot change live as long as the process. The old set goes,
 * with its plugins' instances, when its last reference does; that is always on the loop.
 *
 * The plugin registry belongs to the job while it runs: one reload at a time, and nobody else uses
 * it after the start. A job that takes longer than anyone waits for it keeps the next one off.
 * From the first step on a client that leaves changes nothing.
 */
#define RELOAD_MS 300000
#define AUDIT_MS  30000

struct reload_job {
	struct wait_job wait;
	struct reload_state *st; /* loop only */
	struct ca *ca;		 /* loop only */
	char *file;
	struct conf *running;
	struct plugin_registry *plugins;
	struct reload_edit_in edit;
	/* out */
	int rc;
	struct err err;
	struct conf *conf;
	struct prov_set *provs;
};

struct reload_state {
	struct arena *arena;
	struct wait wait;
	struct store_commit commit;
	struct conf *conf;
	struct prov_set *provs;
	bool begun;
};

/* ---- the job ---- */

static int run(struct reload_job *j, struct err *e)
{
	struct reload_edit_plan plan = {0};
	struct prov_source from = {.plugins = j->plugins, .rules = &ca_rules_ops};
	int rc = -1;

	j->conf = conf_load(j->file, e);
	if (j->conf == NULL || conf_follow(j->running, j->conf, e) != 0)
		return -1;
	plan.arena = arena_new();
	from.conf = j->conf;
	rc = reload_edit_plan(j->conf, &j->edit, &plan, e);
	from.overlay = plan.path != NULL ? &plan.overlay : NULL;
	if (rc == 0)
		rc = prov_set_load_with(&from, &j->provs, e);
	if (rc == 0)
		rc = reload_edit_write(&plan, e);
	buf_release(&plan.text);
	arena_free(plan.arena);
	return rc;
}

static void on_run(struct job *job)
{
	struct reload_job *j = CONTAINER_OF(job, struct reload_job, wait.job);

	j->rc = run(j, &j->err);
}

static int on_done(struct wait_job *w, struct err *e)
{
	struct reload_job *j = CONTAINER_OF(w, struct reload_job, wait);

	if (j->rc != 0) {
		*e = j->err;
		return -1;
	}
	j->st->conf = j->conf;
	j->st->provs = j->provs;
	j->conf = NULL;
	j->provs = NULL;
	return 0;
}

static void on_free(struct job *job)
{
	struct reload_job *j = CONTAINER_OF(job, struct reload_job, wait.job);

	if (j->provs != NULL)
		prov_set_unref(j->provs);
	conf_unref(j->conf);
	conf_unref(j->running);
	j->ca->reload_job = false;
	json_decref(j->edit.object);
	mem_free(j->edit.name);
	mem_free(j->edit.actor);
	mem_free(j->file);
	mem_free(j);
}

static struct reload_job *job_new(struct reload *r)
{
	struct reload_job *j = NEW(struct reload_job);

	j->wait.job.name = "reload";
	j->wait.job.run = on_run;
	j->wait.job.free = on_free;
	j->wait.on_done = on_done;
	j->st = r->st;
	j->ca = r->ca;
	j->file = mem_strdup(r->ca->conf->file);
	j->running = conf_ref(r->ca->conf);
	j->plugins = r->ca->plugins;
	j->edit.kind = r->edit;
	j->edit.name = mem_strndup(r->name.p != NULL ? r->name.p : "", r->name.n);
	j->edit.actor = mem_strndup(r->actor.p != NULL ? r->actor.p : "", r->actor.n);
	j->edit.object = r->object != NULL ? json_deep_copy(r->object) : NULL;
	return j;
}

/* ---- the flow ---- */

static enum step start(struct flow *f, void *op)
{
	struct reload *r = op;
	struct reload_job *j;
	struct err e = ERR_INIT;

	if (r->ca->plugins == NULL)
		return flow_failf(f, ERR_UNSUPPORTED, "this CA cannot be reloaded");
	if (r->ca->reloading || r->ca->reload_job)
		return flow_failf(f, ERR_CONFLICT, "a reload is under way: try again");
	r->ca->reload_job = true;
	j = job_new(r);
	if (wait_submit(&r->st->wait, f, r->ca->slow, &j->wait, RELOAD_MS, &e) != 0) {
		on_free(&j->wait.job);
		return flow_fail(f, &e);
	}
	r->ca->reloading = true;
	r->st->begun = true;
	return STEP_WAIT;
}

static struct rec_audit audit_entry(const struct reload *r, struct str detail)
{
	struct rec_audit a = {.actor = r->actor, .detail = detail, .request_id = r->request_id};

	switch (r->edit) {
	case RELOAD_PLAIN:
		a.event = STR("reloaded");
		return a;
	case RELOAD_ADD:
		a.event = STR("provisioner.added");
		break;
	case RELOAD_REPLACE:
		a.event = STR("provisioner.replaced");
		break;
	case RELOAD_REMOVE:
		a.event = STR("provisioner.removed");
		break;
	}
	a.detail = r->name;
	return a;
}

/* Before what is logged when the log becomes more talkative by it, else after. */
static void tell(struct ca *ca)
{
	if (ca->on_reload != NULL)
		ca->on_reload(ca->on_reload_arg, ca->conf);
}

static enum step swap(struct flow *f, void *op)
{
	struct reload *r = op;
	struct reload_state *st = r->st;
	struct ca *ca = r->ca;
	struct conf *conf = ca->conf;
	struct prov_set *provs = ca->provs;
	struct store_batch *b = store_batch_new(ca->store);
	struct prov_changes n;
	struct rec_audit a;

	ca->conf = st->conf;
	ca->provs = st->provs;
	ca->reloaded = clock_now();
	r->provisioners = prov_count(ca->provs);
	prov_set_compare(provs, ca->provs, &n);
	a = audit_entry(r, str_c(arena_printf(st->arena,
					      "provisioners: %zu added, %zu removed, %zu changed",
					      n.added, n.removed, n.changed)));
	if (ca->conf->log.level > conf->log.level)
		tell(ca);
	log_info("reloaded", F_U("provisioners", r->provisioners), F_U("added", n.added),
		 F_U("removed", n.removed), F_U("changed", n.changed), F_STR("by", r->actor));
	if (r->provisioners == 0)
		log_warn("provisioners.none", F_C("effect", "nobody can get a certificate"));
	if (ca->conf->log.level <= conf->log.level)
		tell(ca);
	prov_set_unref(provs);
	conf_unref(conf);
	index_add_audit(b, &a);
	store_batch_urgent(b);
	store_commit(ca->store, b, &st->commit, f, AUDIT_MS);
	return STEP_WAIT;
}

/* What was swapped stays so, whatever the disk says. */
static enum step recorded(struct flow *f, void *op)
{
	const struct reload *r = op;
	const struct err *e = wait_error(&r->st->commit.wait);

	(void)f;
	if (e != NULL)
		log_error("reload.audit", F_ERR(e));
	return STEP_NEXT;
}

static enum step finish(struct flow *f, void *op)
{
	struct reload *r = op;

	(void)f;
	if (r->st->begun)
		r->ca->reloading = false;
	return STEP_DONE;
}

static const struct flow_step reload_steps[] = {
	{"reload.start", start, FLOW_DETACH},
	{"reload.swap", swap, FLOW_AUTO_FAIL},
	{"reload.recorded", recorded, 0},
	{"reload.finish", finish, 0},
	{NULL, NULL, 0},
};

void reload_init(struct reload *r, struct arena *arena)
{
	r->st = ARENA_NEW(arena, struct reload_state);
	r->st->arena = arena;
	flow_init(&r->flow, r->ca->loop, reload_steps, r, arena);
}
