/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "control/priv.h"

/* inventories_import.c - the calls of an import (ca/inventory.h). */

struct import_op {
	struct http_req *r;
	struct flow flow;
	struct wait wait;
	struct inventory_import import;
};

static enum step begin(struct flow *f, void *op)
{
	struct import_op *s = op;

	s->import.ca = control_of(s->r)->ca;
	s->import.list = http_req_param(s->r, "list");
	s->import.actor = control_actor(s->r);
	s->import.request_id = str_c(s->r->id);
	inventory_import_init(&s->import, s->r->arena);
	flow_call(f, &s->wait, &s->import.flow);
	return STEP_WAIT;
}

static json_t *answer(const struct inventory_import *i)
{
	json_t *v = i->act == INVENTORY_COMMIT ? inventory_list_json(&i->info) : json_object();

	switch (i->act) {
	case INVENTORY_BEGIN:
		json_object_set_new(v, "import", json_string(i->new_id));
		json_object_set_new(v, "version", json_integer((json_int_t)i->info.version));
		break;
	case INVENTORY_ADD:
		json_object_set_new(v, "status", json_string("ok"));
		json_object_set_new(v, "records", json_integer((json_int_t)i->records));
		break;
	case INVENTORY_ABANDON:
		json_object_set_new(v, "status", json_string("ok"));
		break;
	case INVENTORY_COMMIT:
		break;
	}
	return v;
}

static enum step end(struct flow *f, void *op)
{
	struct import_op *s = op;

	control_take_failure(f, &s->import.flow);
	if (f->failed)
		control_error(s->r, &f->err);
	else
		control_reply(s->r, answer(&s->import));
	return STEP_DONE;
}

static const struct flow_step steps[] = {
	{"control.import", begin, 0},
	{"control.import_end", end, 0},
	{NULL, NULL, 0},
};

static struct import_op *import_op(struct http_req *r, enum inventory_import_act act)
{
	struct import_op *s = ARENA_NEW(r->arena, struct import_op);

	s->r = r;
	s->import.act = act;
	if (act != INVENTORY_BEGIN)
		s->import.id = http_req_param(r, "id");
	return s;
}

void control_import_begin(struct http_req *r)
{
	static const char *const members[] = {"mode", NULL};
	struct import_op *s = import_op(r, INVENTORY_BEGIN);
	struct err e = ERR_INIT;
	json_t *body = control_body(r, members, &e);
	struct str mode;

	if (body == NULL || json_get_str(body, "mode", 0, &mode, &e) != 0) {
		control_error(r, &e);
		return;
	}
	if (!str_eqc(mode, "replace") && !str_eqc(mode, "merge")) {
		control_fail(r, ERR_INVALID, "mode: must be replace or merge");
		return;
	}
	s->import.merge = str_eqc(mode, "merge");
	http_req_run(r, &s->flow, steps, s);
}

void control_import_add(struct http_req *r)
{
	struct import_op *s = import_op(r, INVENTORY_ADD);

	s->import.text = r->body;
	http_req_run(r, &s->flow, steps, s);
}

void control_import_commit(struct http_req *r)
{
	static const char *const members[] = {"records", NULL};
	struct import_op *s = import_op(r, INVENTORY_COMMIT);
	struct err e = ERR_INIT;
	json_t *body = control_body(r, members, &e);
	int64_t n;

	if (body == NULL || json_get_i64(body, "records", 0, &n, &e) != 0) {
		control_error(r, &e);
		return;
	}
	if (n < 0) {
		control_fail(r, ERR_INVALID, "records: must be how many were added");
		return;
	}
	s->import.expect = (uint64_t)n;
	http_req_run(r, &s->flow, steps, s);
}

void control_import_abandon(struct http_req *r)
{
	struct import_op *s = import_op(r, INVENTORY_ABANDON);

	http_req_run(r, &s->flow, steps, s);
}
