/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "control/priv.h"

/*
 * revoke.c - POST revoke: a certificate by its serial, or all those of an endpoint that are neither
 * expired nor revoked.
 *
 * An endpoint is walked page by page, one revocation after the other, and again until a walk finds
 * nothing more: a renewal that was under way may have added a certificate, and that of a revoked
 * one is refused. What somebody else revokes meanwhile is not counted. When one fails, those before
 * it stay revoked, and the answer says how many; asking again goes on. A client that leaves after
 * the first was begun changes nothing.
 */
#define PAGE_ROWS  250
#define WALKS_MAX  10
#define ENDPOINT_N 16

struct revoke_op {
	struct http_req *r;
	struct flow flow;
	struct wait wait;
	struct revoke_body body;
	struct revoke revoke;
	/* an endpoint's */
	struct catalog_endpoint endpoint;
	struct catalog_list list;
	struct catalog_cert cert;
	struct str cursor;
	size_t at;
	uint64_t revoked, in_walk;
	unsigned walks;
};

static void prepare(struct revoke_op *s, struct str magnitude)
{
	s->revoke = (struct revoke){
		.ca = control_of(s->r)->ca,
		.serial = magnitude,
		.reason = s->body.reason,
		.text = s->body.text,
		.by = REVOKE_BY_OPERATOR,
		.actor = control_actor(s->r),
		.request_id = str_c(s->r->id),
	};
	revoke_init(&s->revoke, s->r->arena);
}

/* ---- one ---- */

static enum step one_begin(struct flow *f, void *op)
{
	struct revoke_op *s = op;

	prepare(s, s->body.serial);
	flow_call(f, &s->wait, &s->revoke.flow);
	return STEP_WAIT;
}

static enum step one_end(struct flow *f, void *op)
{
	struct revoke_op *s = op;
	struct buf serial = BUF_INIT;
	json_t *v;

	control_take_failure(f, &s->revoke.flow);
	if (f->failed) {
		control_error(s->r, &f->err);
		return STEP_DONE;
	}
	serial_to_decimal(s->body.serial, &serial);
	http_log_field(s->r, "serial", buf_view(&serial));
	v = json_object();
	json_object_set_new(v, "status", json_string("ok"));
	control_set_text(v, "serial", buf_view(&serial));
	control_set_time(v, "revokedAt", s->revoke.at);
	buf_release(&serial);
	control_reply(s->r, v);
	return STEP_DONE;
}

static const struct flow_step one_steps[] = {
	{"control.revoke", one_begin, 0},
	{"control.revoke_end", one_end, 0},
	{NULL, NULL, 0},
};

/* ---- an endpoint ---- */

static enum step find(struct flow *f, void *op)
{
	struct revoke_op *s = op;

	s->endpoint = (struct catalog_endpoint){
		.ca = control_of(s->r)->ca,
		.id = s->body.endpoint,
	};
	catalog_endpoint_init(&s->endpoint, s->r->arena);
	flow_call(f, &s->wait, &s->endpoint.flow);
	return STEP_WAIT;
}

static enum step found(struct flow *f, void *op)
{
	struct revoke_op *s = op;

	if (s->endpoint.flow.failed)
		return flow_fail(f, &s->endpoint.flow.err);
	return STEP_NEXT;
}

static enum step read_page(struct flow *f, struct revoke_op *s)
{
	s->list = (struct catalog_list){
		.ca = control_of(s->r)->ca,
		.filter = {.endpoint = s->body.endpoint, .status = CATALOG_CURRENT, .self = true},
		.limit = PAGE_ROWS,
		.cursor = s->cursor,
	};
	s->at = 0;
	catalog_list_init(&s->list, s->r->arena);
	flow_call(f, &s->wait, &s->list.flow);
	return STEP_AGAIN;
}

/* The child that has just ended: true when another one was started. */
static bool take_child(struct flow *f, struct revoke_op *s, struct err *e)
{
	const struct flow *child = s->wait.arg;

	if (child == &s->revoke.flow && child->failed && child->err.code == ERR_INVALID) {
		/* Revoked by somebody else, or refused as a request? */
		s->cert = (struct catalog_cert){
			.ca = s->list.ca,
			.serial = s->list.rows[s->at].serial,
		};
		catalog_cert_init(&s->cert, s->r->arena);
		flow_call(f, &s->wait, &s->cert.flow);
		return true;
	}
	if (child == &s->cert.flow && !child->failed && !s->cert.revoked)
		*e = s->revoke.flow.err;
	else if (child->failed)
		*e = child->err;
	if (child == &s->list.flow || e->code != ERR_OK)
		return false;
	if (child == &s->revoke.flow) {
		s->revoked++;
		s->in_walk++;
	}
	s->at++;
	return false;
}

/* Starts the next child: one more revocation, or a page. STEP_NEXT: that was all. */
static enum step go_on(struct flow *f, struct revoke_op *s)
{
	while (s->at < s->list.n && s->list.rows[s->at].listing.revoked_at != 0)
		s->at++;
	if (s->at < s->list.n) {
		struct str key = s->list.rows[s->at].serial;

		while (key.n > 1 && key.p[0] == '\0')
			key = str_mem(key.p + 1, key.n - 1);
		prepare(s, key);
		flow_call(f, &s->wait, &s->revoke.flow);
		return STEP_AGAIN;
	}
	s->cursor = s->list.next;
	if (s->cursor.n == 0) {
		if (s->walks > 0 && (s->in_walk == 0 || s->walks == WALKS_MAX))
			return STEP_NEXT;
		s->walks++;
		s->in_walk = 0;
	}
	return read_page(f, s);
}

static enum step walk(struct flow *f, void *op)
{
	struct revoke_op *s = op;
	struct err e = ERR_INIT;

	if (s->walks > 0) {
		if (take_child(f, s, &e))
			return STEP_AGAIN;
		if (e.code != ERR_OK)
			return flow_fail(f, &e);
	}
	return go_on(f, s);
}

static enum step walk_end(struct flow *f, void *op)
{
	struct revoke_op *s = op;
	json_t *v;

	if (f->failed && s->revoked > 0)
		err_wrap(&f->err, "after %" PRIu64 " certificates were revoked", s->revoked);
	if (f->failed) {
		control_error(s->r, &f->err);
		return STEP_DONE;
	}
	v = json_object();
	json_object_set_new(v, "status", json_string("ok"));
	control_set_text(v, "endpoint", endpoint_to_text(s->r->arena, s->body.endpoint));
	json_object_set_new(v, "revoked", json_integer((json_int_t)s->revoked));
	control_reply(s->r, v);
	return STEP_DONE;
}

static const struct flow_step endpoint_steps[] = {
	{"control.revoke_find", find, 0},
	{"control.revoke_found", found, 0},
	{"control.revoke_walk", walk, 0},
	{"control.revoke_walked", walk_end, 0},
	{NULL, NULL, 0},
};

void control_revoke(struct http_req *r)
{
	struct revoke_op *s = ARENA_NEW(r->arena, struct revoke_op);
	struct err e = ERR_INIT;
	json_t *body = control_body(r, revoke_body_members, &e);

	s->r = r;
	if (body == NULL || revoke_body_read(body, r->arena, &s->body, &e) != 0) {
		control_error(r, &e);
		return;
	}
	http_req_run(r, &s->flow, s->body.endpoint.n > 0 ? endpoint_steps : one_steps, s);
}
