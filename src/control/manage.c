/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "control/priv.h"

/* manage.c - reload, backup, provisioners. */

/* ---- reload, with or without an edit ---- */

struct reload_op {
	struct http_req *r;
	struct flow flow;
	struct wait wait;
	struct reload reload;
};

static enum step reload_begin(struct flow *f, void *op)
{
	struct reload_op *s = op;

	s->reload.ca = control_of(s->r)->ca;
	s->reload.actor = control_actor(s->r);
	s->reload.request_id = str_c(s->r->id);
	reload_init(&s->reload, s->r->arena);
	flow_call(f, &s->wait, &s->reload.flow);
	return STEP_WAIT;
}

static enum step reload_end(struct flow *f, void *op)
{
	struct reload_op *s = op;
	json_t *v;

	control_take_failure(f, &s->reload.flow);
	if (f->failed) {
		control_error(s->r, &f->err);
		return STEP_DONE;
	}
	v = json_object();
	json_object_set_new(v, "status", json_string("ok"));
	json_object_set_new(v, "provisioners", json_integer((json_int_t)s->reload.provisioners));
	control_reply(s->r, v);
	return STEP_DONE;
}

static const struct flow_step reload_steps[] = {
	{"control.reload", reload_begin, 0},
	{"control.reload_end", reload_end, 0},
	{NULL, NULL, 0},
};

static void run_reload(struct http_req *r, enum reload_edit edit, struct str name,
		       const json_t *object)
{
	struct reload_op *s = ARENA_NEW(r->arena, struct reload_op);

	s->r = r;
	s->reload.edit = edit;
	s->reload.name = name;
	s->reload.object = object;
	http_req_run(r, &s->flow, reload_steps, s);
}

void control_reload(struct http_req *r)
{
	run_reload(r, RELOAD_PLAIN, STR_NULL, NULL);
}

void control_provisioner_add(struct http_req *r)
{
	struct err e = ERR_INIT;
	json_t *object = control_body(r, NULL, &e);
	struct str name;

	if (object == NULL || json_get_str(object, "name", 0, &name, &e) != 0) {
		control_error(r, &e);
		return;
	}
	run_reload(r, RELOAD_ADD, name, object);
}

void control_provisioner_remove(struct http_req *r)
{
	run_reload(r, RELOAD_REMOVE, http_req_param(r, "name"), NULL);
}

void control_provisioners(struct http_req *r)
{
	const struct prov_set *set = control_of(r)->ca->provs;
	json_t *v = json_object(), *list = json_array();

	for (size_t i = 0; i < prov_count(set); i++) {
		const struct provisioner *p = prov_at(set, i);
		json_t *o = json_deep_copy(p->listed);

		json_object_set_new(o, "authority", json_string(p->authority));
		json_array_append_new(list, o);
	}
	json_object_set_new(v, "provisioners", list);
	control_reply(r, v);
}

/* ---- backup ---- */

struct backup_op {
	struct http_req *r;
	struct flow flow;
	struct wait wait;
	struct backup backup;
};

static enum step backup_begin(struct flow *f, void *op)
{
	struct backup_op *s = op;

	s->backup.ca = control_of(s->r)->ca;
	s->backup.actor = control_actor(s->r);
	s->backup.request_id = str_c(s->r->id);
	backup_init(&s->backup, s->r->arena);
	flow_call(f, &s->wait, &s->backup.flow);
	return STEP_WAIT;
}

static enum step backup_end(struct flow *f, void *op)
{
	struct backup_op *s = op;
	json_t *v;

	control_take_failure(f, &s->backup.flow);
	if (f->failed) {
		control_error(s->r, &f->err);
		return STEP_DONE;
	}
	v = json_object();
	json_object_set_new(v, "status", json_string("ok"));
	control_set_text(v, "dir", s->backup.dir);
	control_reply(s->r, v);
	return STEP_DONE;
}

static const struct flow_step backup_steps[] = {
	{"control.backup", backup_begin, 0},
	{"control.backup_end", backup_end, 0},
	{NULL, NULL, 0},
};

void control_backup(struct http_req *r)
{
	static const char *const members[] = {"dir", "withKeys", NULL};
	struct backup_op *s = ARENA_NEW(r->arena, struct backup_op);
	struct err e = ERR_INIT;
	json_t *body = control_body(r, members, &e);

	s->r = r;
	if (body == NULL || json_get_str(body, "dir", 0, &s->backup.dir, &e) != 0 ||
	    json_opt_bool(body, "withKeys", 0, false, &s->backup.with_keys, &e) != 0) {
		control_error(r, &e);
		return;
	}
	if (s->backup.dir.n == 0 || s->backup.dir.p[0] != '/' || str_has(s->backup.dir, '\0')) {
		control_fail(r, ERR_INVALID, "dir: must be an absolute path");
		return;
	}
	http_req_run(r, &s->flow, backup_steps, s);
}
