/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "control/priv.h"

#include "ca/index.h"

#include "base/clock.h"
#include "codec/b64.h"

/* show.c - a certificate and an endpoint as JSON, and the requests for one of them. */

void control_set_text(json_t *o, const char *key, struct str s)
{
	json_object_set_new(o, key, json_str_new(s));
}

void control_set_time(json_t *o, const char *key, int64_t t)
{
	char text[24];

	json_object_set_new(o, key, json_string(time_format_rfc3339(t, text)));
}

static struct str magnitude(struct str key)
{
	while (key.n > 1 && key.p[0] == '\0')
		key = str_mem(key.p + 1, key.n - 1);
	return key;
}

static void set_serial(json_t *o, const char *key, struct str serial)
{
	struct buf b = BUF_INIT;

	if (serial.n > 0)
		serial_to_decimal(magnitude(serial), &b);
	control_set_text(o, key, buf_view(&b));
	buf_release(&b);
}

static void set_hex(json_t *o, const char *key, struct str bytes)
{
	struct buf b = BUF_INIT;

	hex_encode(bytes, &b);
	control_set_text(o, key, buf_view(&b));
	buf_release(&b);
}

static void set_endpoint(json_t *o, const char *key, struct str id)
{
	struct arena *a = arena_new();

	control_set_text(o, key, endpoint_to_text(a, id));
	arena_free(a);
}

static const char *status_text(const struct rec_listing *l, int64_t now)
{
	if (l->revoked_at != 0)
		return "revoked";
	if (l->not_after < now)
		return "expired";
	return l->not_before > now ? "notYetValid" : "valid";
}

json_t *control_cert_json(const struct catalog_row *row, int64_t now)
{
	const struct rec_listing *l = &row->listing;
	json_t *o = json_object(), *names = json_array();

	for (size_t i = 0; i < l->names.n; i++)
		json_array_append_new(names, json_str_new(l->names.items[i]));
	set_serial(o, "serial", row->serial);
	set_hex(o, "serialHex", magnitude(row->serial));
	control_set_text(o, "commonName", l->common_name);
	json_object_set_new(o, "names", names);
	control_set_text(o, "authority", l->authority);
	control_set_text(o, "provisioner", l->provisioner);
	set_endpoint(o, "endpoint", l->endpoint);
	control_set_text(o, "kind", l->kind.n > 0 ? l->kind : STR("x509"));
	json_object_set_new(o, "status", json_string(status_text(l, now)));
	control_set_time(o, "notBefore", l->not_before);
	control_set_time(o, "notAfter", l->not_after);
	if (l->revoked_at == 0)
		return o;
	control_set_time(o, "revokedAt", l->revoked_at);
	json_object_set_new(o, "revocationReason", json_integer(l->revoked_reason));
	return o;
}

/* ---- certificates/{serial} ---- */

struct cert_op {
	struct http_req *r;
	struct flow flow;
	struct wait wait;
	struct catalog_cert cert;
};

static enum step cert_begin(struct flow *f, void *op)
{
	struct cert_op *s = op;
	struct err e = ERR_INIT;

	if (control_serial(http_req_param(s->r, "serial"), s->r->arena, &s->cert.serial, &e) != 0)
		return flow_fail(f, &e);
	s->cert.ca = control_of(s->r)->ca;
	catalog_cert_init(&s->cert, s->r->arena);
	flow_call(f, &s->wait, &s->cert.flow);
	return STEP_WAIT;
}

static json_t *whole_cert(const struct catalog_cert *c)
{
	const struct rec_cert *rec = &c->cert;
	struct catalog_row row = {.serial = c->serial, .listing = index_listing(rec)};
	struct buf pem = BUF_INIT;
	char hex[65];
	json_t *o;

	/* the row in `revoked` decides */
	row.listing.revoked_at = c->revoked ? c->revocation.at : 0;
	row.listing.revoked_reason = c->revoked ? c->revocation.reason : 0;
	o = control_cert_json(&row, clock_now());
	cert_fingerprint(rec->der, hex);
	cert_to_pem(rec->der, &pem);
	control_set_text(o, "provisionerType", rec->provisioner_type);
	control_set_time(o, "issuedAt", rec->issued);
	set_serial(o, "renewedFrom", rec->renewed_from);
	control_set_text(o, "keyId", rec->key_id);
	control_set_text(o, "requestId", rec->request_id);
	json_object_set_new(o, "fingerprint", json_string(hex));
	control_set_text(o, "pem", buf_view(&pem));
	buf_release(&pem);
	if (c->revoked) {
		control_set_text(o, "revokedBy", c->revocation.by);
		control_set_text(o, "revocationText", c->revocation.text);
	}
	return o;
}

static enum step cert_end(struct flow *f, void *op)
{
	struct cert_op *s = op;

	control_take_failure(f, &s->cert.flow);
	if (f->failed)
		control_error(s->r, &f->err);
	else
		control_reply(s->r, whole_cert(&s->cert));
	return STEP_DONE;
}

static const struct flow_step cert_steps[] = {
	{"control.cert", cert_begin, 0},
	{"control.cert_end", cert_end, 0},
	{NULL, NULL, 0},
};

void control_certificate(struct http_req *r)
{
	struct cert_op *s = ARENA_NEW(r->arena, struct cert_op);

	s->r = r;
	http_req_run(r, &s->flow, cert_steps, s);
}

/* ---- endpoints/{id} ---- */

struct endpoint_op {
	struct http_req *r;
	struct flow flow;
	struct wait wait;
	struct catalog_endpoint endpoint;
};

static enum step endpoint_begin(struct flow *f, void *op)
{
	struct endpoint_op *s = op;
	struct err e = ERR_INIT;

	if (endpoint_parse(http_req_param(s->r, "id"), s->r->arena, &s->endpoint.id, &e) != 0)
		return flow_fail(f, &e);
	s->endpoint.ca = control_of(s->r)->ca;
	catalog_endpoint_init(&s->endpoint, s->r->arena);
	flow_call(f, &s->wait, &s->endpoint.flow);
	return STEP_WAIT;
}

static json_t *whole_endpoint(const struct catalog_endpoint *c)
{
	json_t *o = json_object(), *list = json_array();
	int64_t now = clock_now();

	for (size_t i = 0; i < c->certs.n; i++)
		json_array_append_new(list, control_cert_json(&c->certs.rows[i], now));
	set_endpoint(o, "id", c->id);
	control_set_text(o, "kind", c->endpoint.kind);
	control_set_text(o, "authority", c->endpoint.authority);
	control_set_text(o, "provisioner", c->endpoint.provisioner);
	control_set_text(o, "commonName", c->endpoint.common_name);
	control_set_time(o, "created", c->endpoint.created);
	json_object_set_new(o, "certificates", list);
	control_set_text(o, "nextCursor", c->certs.next);
	return o;
}

static enum step endpoint_end(struct flow *f, void *op)
{
	struct endpoint_op *s = op;

	control_take_failure(f, &s->endpoint.flow);
	if (f->failed)
		control_error(s->r, &f->err);
	else
		control_reply(s->r, whole_endpoint(&s->endpoint));
	return STEP_DONE;
}

static const struct flow_step endpoint_steps[] = {
	{"control.endpoint", endpoint_begin, 0},
	{"control.endpoint_end", endpoint_end, 0},
	{NULL, NULL, 0},
};

void control_endpoint(struct http_req *r)
{
	struct endpoint_op *s = ARENA_NEW(r->arena, struct endpoint_op);

	s->r = r;
	http_req_run(r, &s->flow, endpoint_steps, s);
}
