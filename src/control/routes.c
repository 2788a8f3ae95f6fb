/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "control/priv.h"

#include "base/log.h"

/*
 * routes.c - the routes of the control socket, who may use them, and errors.
 *
 * Every route has the same handler, enter(), which looks at the peer's credentials and only then
 * calls the route's own: no handler can be reached around it, and none checks anything itself. A
 * new route is one line in ROUTES.
 */
#define BODY_MAX (64 * 1024)

#define ROUTES(X)                                                                                  \
	X("GET", "/control/v1/status", 0, control_status, "control.status")                        \
	X("GET", "/control/v1/certificates", 0, control_certificates, "control.certificates")      \
	X("GET", "/control/v1/certificates/{serial}", 0, control_certificate,                      \
	  "control.certificate")                                                                   \
	X("GET", "/control/v1/endpoints/{id}", 0, control_endpoint, "control.endpoint")            \
	X("POST", "/control/v1/revoke", BODY_MAX, control_revoke, "control.revoke")                \
	X("POST", "/control/v1/reload", 0, control_reload, "control.reload")                       \
	X("POST", "/control/v1/backup", BODY_MAX, control_backup, "control.backup")                \
	X("GET", "/control/v1/provisioners", 0, control_provisioners, "control.provisioners")      \
	X("POST", "/control/v1/provisioners", BODY_MAX, control_provisioner_add,                   \
	  "control.provisioner_add")                                                               \
	X("DELETE", "/control/v1/provisioners/{name}", 0, control_provisioner_remove,              \
	  "control.provisioner_remove")                                                            \
	X("GET", "/control/v1/inventories", 0, control_inventories, "control.inventories")         \
	X("PUT", "/control/v1/inventories/{list}", BODY_MAX, control_inventory_create,             \
	  "control.inventory_create")                                                              \
	X("GET", "/control/v1/inventories/{list}", 0, control_inventory_page,                      \
	  "control.inventory_page")                                                                \
	X("DELETE", "/control/v1/inventories/{list}", 0, control_inventory_drop,                   \
	  "control.inventory_drop")                                                                \
	X("GET", "/control/v1/inventories/{list}/{key}", 0, control_inventory_get,                 \
	  "control.inventory_get")                                                                 \
	X("PUT", "/control/v1/inventories/{list}/{key}", BODY_MAX, control_inventory_set,          \
	  "control.inventory_set")                                                                 \
	X("DELETE", "/control/v1/inventories/{list}/{key}", 0, control_inventory_unset,            \
	  "control.inventory_unset")                                                               \
	X("POST", "/control/v1/inventories/{list}/import", BODY_MAX, control_import_begin,         \
	  "control.import_begin")                                                                  \
	X("POST", "/control/v1/inventories/{list}/import/{id}", INVENTORY_ADD_MAX,                 \
	  control_import_add, "control.import_add")                                                \
	X("DELETE", "/control/v1/inventories/{list}/import/{id}", 0, control_import_abandon,       \
	  "control.import_abandon")                                                                \
	X("POST", "/control/v1/inventories/{list}/import/{id}/commit", BODY_MAX,                   \
	  control_import_commit, "control.import_commit")

static void enter(struct http_req *r);

#define AS_ROUTE(method, path, max, handler, name)   {method, path, enter, max, name},
#define AS_HANDLER(method, path, max, handler, name) handler,

const struct http_route control_routes[] = {ROUTES(AS_ROUTE){NULL, NULL, NULL, 0, NULL}};
static void (*const handlers[])(struct http_req *r) = {ROUTES(AS_HANDLER)};

/* ---- who may ---- */

static bool in_group(const struct stream_cred *c, unsigned gid)
{
	if (c->gid == gid)
		return true;
	for (size_t i = 0; i < c->n_groups; i++)
		if (c->groups[i] == gid)
			return true;
	return false;
}

static bool is_operator(const struct http_req *r)
{
	return r->has_cred && (r->cred.uid == 0 || r->cred.uid == geteuid());
}

static bool may(const struct http_req *r)
{
	const struct control *c = r->app;

	if (is_operator(r))
		return true;
	return r->has_cred && c->has_gid && strcmp(r->route->method, "GET") == 0 &&
	       in_group(&r->cred, c->gid);
}

static void refuse(struct http_req *r)
{
	const struct control *c = r->app;
	bool reader = r->has_cred && c->has_gid && in_group(&r->cred, c->gid);

	log_warn("control.forbidden", F_U("uid", r->cred.uid), F_I("pid", r->cred.pid),
		 F_C("route", r->route->name), F_C("request", r->id));
	control_fail(r, ERR_FORBIDDEN,
		     reader ? "uid %u may only read: ask as root or as the daemon's user"
			    : "uid %u may not use this socket: ask as root or as the daemon's user",
		     r->cred.uid);
}

static void enter(struct http_req *r)
{
	size_t i = (size_t)(r->route - control_routes);

	if (may(r))
		handlers[i](r);
	else
		refuse(r);
}

struct str control_actor(const struct http_req *r)
{
	return str_c(arena_printf(r->arena, "uid %u", r->cred.uid));
}

/* ---- answers ---- */

static int status_of(enum err_code code)
{
	switch (code) {
	case ERR_INVALID:
		return 400;
	case ERR_UNAUTHORIZED:
		return 401;
	case ERR_FORBIDDEN:
		return 403;
	case ERR_NOT_FOUND:
		return 404;
	case ERR_CONFLICT:
		return 409;
	case ERR_TOO_LARGE:
		return 413;
	case ERR_RATE_LIMITED:
		return 429;
	case ERR_TIMEOUT:
	case ERR_UNAVAILABLE:
	case ERR_CANCELLED:
		return 503;
	case ERR_UNSUPPORTED:
		return 501;
	case ERR_OK:
	case ERR_INTERNAL:
		break;
	}
	return 500;
}

static void reply(struct http_req *r, int status, json_t *v)
{
	struct buf b = BUF_INIT;

	json_write(v, &b);
	buf_putc(&b, '\n');
	http_reply(r, status, "application/json", buf_view(&b));
	buf_release(&b);
	json_decref(v);
}

void control_reply(struct http_req *r, json_t *v)
{
	reply(r, 200, v);
}

void control_error(struct http_req *r, const struct err *e)
{
	int status = status_of(e->code);
	json_t *v = json_object();

	if (status >= 500 && e->code != ERR_CANCELLED)
		log_error("control.failed", F_C("request", r->id), F_C("route", r->route->name),
			  F_ERR(e));
	else
		log_info("control.refused", F_C("request", r->id), F_C("route", r->route->name),
			 F_ERR(e));
	json_object_set_new(v, "status", json_integer(status));
	json_object_set_new(v, "message", json_str_new(str_c(e->msg)));
	if (status == 503)
		http_reply_header(r, "Retry-After", "5");
	reply(r, status, v);
}

void control_fail(struct http_req *r, enum err_code code, const char *fmt, ...)
{
	struct err e = ERR_INIT;
	char text[sizeof(e.msg)];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)ERR(&e, code, "%s", text);
	control_error(r, &e);
}

/* ---- bodies and flows ---- */

json_t *control_body(const struct http_req *r, const char *const *known, struct err *e)
{
	json_t *v = json_parse(r->body, &json_limits_request,
			       JSON_REFUSE_DUPLICATES | JSON_TOP_OBJECT, e);
	const char *key;
	json_t *member;

	if (v == NULL) {
		err_wrap(e, "body");
		return NULL;
	}
	json_free_with(v, r->arena);
	if (known == NULL)
		return v;
	json_object_foreach(v, key, member)
	{
		size_t i = 0;

		while (known[i] != NULL && strcmp(known[i], key) != 0)
			i++;
		if (known[i] != NULL)
			continue;
		(void)ERR(e, ERR_INVALID, "body: \"%.60s\" is unknown", key);
		return NULL;
	}
	return v;
}

void control_take_failure(struct flow *f, const struct flow *child)
{
	if (f->failed || !child->failed)
		return;
	f->failed = true;
	f->err = child->err;
}
