/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "control/priv.h"

#include "base/clock.h"

/*
 * inventories.c - lists and records. The attributes of a page are put into the answer as the text
 * that they are stored as, which was checked when it came: a thousand records are not built as
 * trees on the loop.
 */

static struct str list_param(const struct http_req *r)
{
	return http_req_param(r, "list");
}

json_t *inventory_list_json(const struct inventory_list *l)
{
	json_t *o = json_object();
	char edition[17];

	snprintf(edition, sizeof(edition), "%016" PRIx64, l->edition);
	control_set_text(o, "name", l->name);
	control_set_text(o, "kind", l->kind);
	json_object_set_new(o, "foldCase", json_boolean(l->fold_case));
	json_object_set_new(o, "version", json_integer((json_int_t)l->version));
	json_object_set_new(o, "count", json_integer((json_int_t)l->count));
	json_object_set_new(o, "edition", json_string(edition));
	control_set_time(o, "created", l->created);
	control_set_time(o, "changed", l->changed);
	return o;
}

/* ---- all lists ---- */

struct lists_op {
	struct http_req *r;
	struct flow flow;
	struct wait wait;
	struct inventory_lists lists;
};

static enum step lists_begin(struct flow *f, void *op)
{
	struct lists_op *s = op;

	s->lists.ca = control_of(s->r)->ca;
	inventory_lists_init(&s->lists, s->r->arena);
	flow_call(f, &s->wait, &s->lists.flow);
	return STEP_WAIT;
}

static enum step lists_end(struct flow *f, void *op)
{
	struct lists_op *s = op;
	json_t *v, *list;

	control_take_failure(f, &s->lists.flow);
	if (f->failed) {
		control_error(s->r, &f->err);
		return STEP_DONE;
	}
	v = json_object();
	list = json_array();
	for (size_t i = 0; i < s->lists.n; i++)
		json_array_append_new(list, inventory_list_json(&s->lists.lists[i]));
	json_object_set_new(v, "inventories", list);
	control_reply(s->r, v);
	return STEP_DONE;
}

static const struct flow_step lists_steps[] = {
	{"control.inventories", lists_begin, 0},
	{"control.inventories_end", lists_end, 0},
	{NULL, NULL, 0},
};

void control_inventories(struct http_req *r)
{
	struct lists_op *s = ARENA_NEW(r->arena, struct lists_op);

	s->r = r;
	http_req_run(r, &s->flow, lists_steps, s);
}

/* ---- a page ---- */

struct page_op {
	struct http_req *r;
	struct flow flow;
	struct wait wait;
	struct inventory_page page;
};

static enum step page_begin(struct flow *f, void *op)
{
	struct page_op *s = op;
	struct inventory_query q;
	struct err e = ERR_INIT;

	if (inventory_query_parse(s->r->query, false, s->r->arena, &q, &e) != 0)
		return flow_fail(f, &e);
	s->page.ca = control_of(s->r)->ca;
	s->page.list = list_param(s->r);
	s->page.prefix = q.prefix;
	s->page.limit = q.limit;
	s->page.cursor = q.cursor;
	inventory_page_init(&s->page, s->r->arena);
	flow_call(f, &s->wait, &s->page.flow);
	return STEP_WAIT;
}

static void put_record(struct buf *out, const struct rec_inventory_record *rec)
{
	json_t *key = json_str_new(rec->key);
	char changed[24];

	buf_puts(out, "{\"key\":");
	json_write(key, out);
	json_decref(key);
	buf_printf(out, ",\"version\":%" PRIu64 ",\"changed\":\"%s\",\"attributes\":", rec->version,
		   time_format_rfc3339(rec->changed, changed));
	buf_str(out, rec->attributes.n > 0 ? rec->attributes : STR("{}"));
	buf_putc(out, '}');
}

static void page_text(const struct inventory_page *p, struct buf *out)
{
	json_t *head = inventory_list_json(&p->info), *next = json_str_new(p->next);

	json_write(head, out);
	out->n--; /* the closing brace */
	buf_puts(out, ",\"records\":[");
	for (size_t i = 0; i < p->n; i++) {
		if (i > 0)
			buf_putc(out, ',');
		put_record(out, &p->records[i]);
	}
	buf_puts(out, "],\"nextCursor\":");
	json_write(next, out);
	buf_puts(out, "}\n");
	json_decref(next);
	json_decref(head);
}

static enum step page_end(struct flow *f, void *op)
{
	struct page_op *s = op;
	struct buf out = BUF_INIT;

	control_take_failure(f, &s->page.flow);
	if (f->failed) {
		control_error(s->r, &f->err);
		return STEP_DONE;
	}
	page_text(&s->page, &out);
	http_reply(s->r, 200, "application/json", buf_view(&out));
	buf_release(&out);
	return STEP_DONE;
}

static const struct flow_step page_steps[] = {
	{"control.inventory_page", page_begin, 0},
	{"control.inventory_page_end", page_end, 0},
	{NULL, NULL, 0},
};

void control_inventory_page(struct http_req *r)
{
	struct page_op *s = ARENA_NEW(r->arena, struct page_op);

	s->r = r;
	http_req_run(r, &s->flow, page_steps, s);
}

/* ---- a record ---- */

struct get_op {
	struct http_req *r;
	struct flow flow;
	struct wait wait;
	struct inventory_get get;
};

static enum step get_begin(struct flow *f, void *op)
{
	struct get_op *s = op;
	struct err e = ERR_INIT;

	if (inventory_key_read(http_req_param(s->r, "key"), s->r->arena, &s->get.key, &e) != 0)
		return flow_fail(f, &e);
	s->get.ca = control_of(s->r)->ca;
	s->get.list = list_param(s->r);
	inventory_get_init(&s->get, s->r->arena);
	flow_call(f, &s->wait, &s->get.flow);
	return STEP_WAIT;
}

static enum step get_end(struct flow *f, void *op)
{
	struct get_op *s = op;
	json_t *v;

	control_take_failure(f, &s->get.flow);
	if (f->failed) {
		control_error(s->r, &f->err);
		return STEP_DONE;
	}
	if (!s->get.found) {
		control_fail(s->r, ERR_NOT_FOUND,
			     "inventory \"" STR_FMT "\" has no record \"" STR_FMT "\"",
			     STR_ARG(s->get.list), STR_ARG(s->get.key));
		return STEP_DONE;
	}
	v = json_object();
	json_object_del(s->get.record, INVENTORY_KEY_MEMBER); /* it has its own place here */
	control_set_text(v, "key", s->get.stored_key);
	json_object_set_new(v, "version", json_integer((json_int_t)s->get.version));
	control_set_time(v, "changed", s->get.changed);
	json_object_set(v, "attributes", s->get.record);
	control_reply(s->r, v);
	return STEP_DONE;
}

static const struct flow_step get_steps[] = {
	{"control.inventory_get", get_begin, 0},
	{"control.inventory_get_end", get_end, 0},
	{NULL, NULL, 0},
};

void control_inventory_get(struct http_req *r)
{
	struct get_op *s = ARENA_NEW(r->arena, struct get_op);

	s->r = r;
	http_req_run(r, &s->flow, get_steps, s);
}

/* ---- changes ---- */

struct change_op {
	struct http_req *r;
	struct flow flow;
	struct wait wait;
	struct inventory_change change;
};

static enum step change_begin(struct flow *f, void *op)
{
	struct change_op *s = op;

	s->change.ca = control_of(s->r)->ca;
	s->change.list = list_param(s->r);
	s->change.actor = control_actor(s->r);
	s->change.request_id = str_c(s->r->id);
	inventory_change_init(&s->change, s->r->arena);
	flow_call(f, &s->wait, &s->change.flow);
	return STEP_WAIT;
}

static enum step change_end(struct flow *f, void *op)
{
	struct change_op *s = op;
	json_t *v;

	control_take_failure(f, &s->change.flow);
	if (f->failed) {
		control_error(s->r, &f->err);
		return STEP_DONE;
	}
	if (s->change.act == INVENTORY_CREATE) {
		control_reply(s->r, inventory_list_json(&s->change.info));
		return STEP_DONE;
	}
	v = json_object();
	json_object_set_new(v, "status", json_string("ok"));
	if (s->change.act == INVENTORY_SET)
		json_object_set_new(v, "created", json_boolean(s->change.created));
	if (s->change.act != INVENTORY_DROP)
		json_object_set_new(v, "version", json_integer((json_int_t)s->change.info.version));
	control_reply(s->r, v);
	return STEP_DONE;
}

static const struct flow_step change_steps[] = {
	{"control.inventory_change", change_begin, 0},
	{"control.inventory_change_end", change_end, 0},
	{NULL, NULL, 0},
};

static struct change_op *change_op(struct http_req *r, enum inventory_act act)
{
	struct change_op *s = ARENA_NEW(r->arena, struct change_op);

	s->r = r;
	s->change.act = act;
	return s;
}

void control_inventory_create(struct http_req *r)
{
	static const char *const members[] = {"kind", "foldCase", NULL};
	struct change_op *s = change_op(r, INVENTORY_CREATE);
	struct err e = ERR_INIT;
	json_t *body = control_body(r, members, &e);

	if (body == NULL || json_opt_str(body, "kind", 0, &s->change.kind, &e) != 0 ||
	    json_opt_bool(body, "foldCase", 0, false, &s->change.fold_case, &e) != 0) {
		control_error(r, &e);
		return;
	}
	http_req_run(r, &s->flow, change_steps, s);
}

void control_inventory_drop(struct http_req *r)
{
	struct change_op *s = change_op(r, INVENTORY_DROP);

	http_req_run(r, &s->flow, change_steps, s);
}

static int read_record_change(struct http_req *r, struct inventory_change *c, struct err *e)
{
	struct inventory_query q;

	if (inventory_key_read(http_req_param(r, "key"), r->arena, &c->key, e) != 0 ||
	    inventory_query_parse(r->query, true, r->arena, &q, e) != 0)
		return -1;
	c->has_if_version = q.has_if_version;
	c->if_version = q.if_version;
	return 0;
}

void control_inventory_set(struct http_req *r)
{
	static const char *const members[] = {"attributes", NULL};
	struct change_op *s = change_op(r, INVENTORY_SET);
	struct err e = ERR_INIT;
	const json_t *body = control_body(r, members, &e);

	if (body == NULL || read_record_change(r, &s->change, &e) != 0) {
		control_error(r, &e);
		return;
	}
	s->change.attributes = json_object_get(body, "attributes");
	if (s->change.attributes == NULL) {
		control_fail(r, ERR_INVALID, "body: needs \"attributes\", an object");
		return;
	}
	http_req_run(r, &s->flow, change_steps, s);
}

void control_inventory_unset(struct http_req *r)
{
	struct change_op *s = change_op(r, INVENTORY_UNSET);
	struct err e = ERR_INIT;

	if (read_record_change(r, &s->change, &e) != 0) {
		control_error(r, &e);
		return;
	}
	http_req_run(r, &s->flow, change_steps, s);
}
