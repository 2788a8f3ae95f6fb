/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CONTROL_PRIV_H
#define SIGNET_CONTROL_PRIV_H

#include "ca/inventory.h"
#include "control/control.h"

/* What the files of this folder share. */

/* ---- routes.c ---- */
void control_reply(struct http_req *r, json_t *v);	     /* 200; takes the reference */
void control_error(struct http_req *r, const struct err *e); /* answers, and logs */
void control_fail(struct http_req *r, enum err_code code, const char *fmt, ...) PRINTF(3, 4);
static inline struct control *control_of(const struct http_req *r)
{
	return r->app;
}
/* Who asks, for audit entries: "uid 0". In the request's arena. */
struct str control_actor(const struct http_req *r);
/*
 * The body as an object, which the request's arena frees. `known`: the names of its members,
 * NULL-terminated; another one is an error.
 */
json_t *control_body(const struct http_req *r, const char *const *known, struct err *e) NODISCARD;
/* Gives `f` the failure of a child; for last steps. */
void control_take_failure(struct flow *f, const struct flow *child);

/* ---- query.c: no store, no daemon ---- */
#define CONTROL_LIMIT_MAX     1000
#define CONTROL_LIMIT_DEFAULT 100
#define CONTROL_LIMIT_PEM     100
struct control_query {
	struct catalog_filter filter;
	unsigned limit;
	struct str cursor;
	bool pem;
};
int control_query_parse(struct str query, struct arena *a, struct control_query *out,
			struct err *e) NODISCARD;
/* "123" or "0x7b": 20 bytes, the key in the store, in the arena. */
int control_serial(struct str text, struct arena *a, struct str *key, struct err *e) NODISCARD;
struct revoke_body {
	struct str serial;   /* magnitude; or */
	struct str endpoint; /* 16 bytes */
	int64_t reason;
	struct str text;
};
int revoke_body_read(const json_t *o, struct arena *a, struct revoke_body *out,
		     struct err *e) NODISCARD;
extern const char *const revoke_body_members[];

/* ---- show.c ---- */
void control_set_text(json_t *o, const char *key, struct str s);
void control_set_time(json_t *o, const char *key, int64_t t);
json_t *control_cert_json(const struct catalog_row *row, int64_t now); /* new reference */

/* ---- inventories_query.c: no store, no daemon ---- */
struct inventory_query {
	struct str prefix, cursor;
	unsigned limit; /* 1 to CONTROL_LIMIT_MAX */
	bool has_if_version;
	uint64_t if_version;
};
/* Of a page (prefix, limit, cursor), or of a change (ifVersion). */
int inventory_query_parse(struct str query, bool change, struct arena *a,
			  struct inventory_query *out, struct err *e) NODISCARD;
/* A key as it stands in a path: itself, or "~" and its base64url. */
int inventory_key_read(struct str segment, struct arena *a, struct str *key,
		       struct err *e) NODISCARD;
json_t *inventory_list_json(const struct inventory_list *l); /* new reference; inventories.c */

/* ---- handlers ---- */
void control_status(struct http_req *r);
void control_certificates(struct http_req *r);
void control_certificate(struct http_req *r);
void control_endpoint(struct http_req *r);
void control_revoke(struct http_req *r);
void control_reload(struct http_req *r);
void control_backup(struct http_req *r);
void control_provisioners(struct http_req *r);
void control_provisioner_add(struct http_req *r);
void control_provisioner_remove(struct http_req *r);
/* inventories.c */
void control_inventories(struct http_req *r);
void control_inventory_create(struct http_req *r);
void control_inventory_page(struct http_req *r);
void control_inventory_drop(struct http_req *r);
void control_inventory_get(struct http_req *r);
void control_inventory_set(struct http_req *r);
void control_inventory_unset(struct http_req *r);
/* inventories_import.c */
void control_import_begin(struct http_req *r);
void control_import_add(struct http_req *r);
void control_import_commit(struct http_req *r);
void control_import_abandon(struct http_req *r);

#endif
