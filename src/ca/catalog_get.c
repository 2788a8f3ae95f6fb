/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ca/ca.h"

#include "base/bug.h"
#include "codec/uuid.h"

/* catalog_get.c - reading one certificate, or one endpoint with its certificates; their ids. */
#define READ_MS	   30000
#define CERTS_MAX  1000
#define ENDPOINT_N 16

/* ---- one certificate ---- */

static enum step cert_begin(struct flow *f, void *op)
{
	struct catalog_cert *c = op;

	c->get.arena = c->arena;
	store_get(c->ca->store, CF_CERT, c->serial, &c->get, f, READ_MS);
	return STEP_WAIT;
}

static enum step cert_found(struct flow *f, void *op)
{
	struct catalog_cert *c = op;
	const struct err *why = wait_error(&c->get.wait);
	struct err e = ERR_INIT;

	if (why)
		return flow_fail(f, why);
	if (!c->get.found)
		return flow_failf(f, ERR_NOT_FOUND,
				  "no certificate with this serial was issued here");
	if (rec_decode(&rec_cert_info, c->get.value, c->arena, &c->cert, &e) != 0)
		return flow_fail(f, &e);
	store_get(c->ca->store, CF_REVOKED, c->serial, &c->get, f, READ_MS);
	return STEP_WAIT;
}

static enum step cert_revoked(struct flow *f, void *op)
{
	struct catalog_cert *c = op;
	const struct err *why;
	struct err e = ERR_INIT;

	if (f->failed)
		return STEP_DONE;
	why = wait_error(&c->get.wait);
	if (why)
		return flow_fail(f, why);
	c->revoked = c->get.found;
	if (c->revoked &&
	    rec_decode(&rec_revoked_info, c->get.value, c->arena, &c->revocation, &e) != 0)
		return flow_fail(f, &e);
	return STEP_DONE;
}

static const struct flow_step cert_steps[] = {
	{"catalog.cert", cert_begin, 0},
	{"catalog.found", cert_found, 0},
	{"catalog.revoked", cert_revoked, 0},
	{NULL, NULL, 0},
};

void catalog_cert_init(struct catalog_cert *c, struct arena *arena)
{
	ENSURE(c->serial.n == SERIAL_KEY);
	c->arena = arena;
	c->revoked = false;
	flow_init(&c->flow, c->ca->loop, cert_steps, c, arena);
}

/* ---- one endpoint ---- */

static enum step endpoint_begin(struct flow *f, void *op)
{
	struct catalog_endpoint *c = op;

	c->get.arena = c->arena;
	store_get(c->ca->store, CF_ENDPOINT, c->id, &c->get, f, READ_MS);
	return STEP_WAIT;
}

static enum step endpoint_found(struct flow *f, void *op)
{
	struct catalog_endpoint *c = op;
	const struct err *why = wait_error(&c->get.wait);
	struct err e = ERR_INIT;

	if (why)
		return flow_fail(f, why);
	if (!c->get.found)
		return flow_failf(f, ERR_NOT_FOUND, "there is no endpoint with this id");
	if (rec_decode(&rec_endpoint_info, c->get.value, c->arena, &c->endpoint, &e) != 0)
		return flow_fail(f, &e);
	c->certs = (struct catalog_list){
		.ca = c->ca,
		.filter = {.endpoint = c->id, .status = CATALOG_ALL, .self = true},
		.limit = CERTS_MAX,
	};
	catalog_list_init(&c->certs, c->arena);
	flow_call(f, &c->wait, &c->certs.flow);
	return STEP_WAIT;
}

static enum step endpoint_end(struct flow *f, void *op)
{
	struct catalog_endpoint *c = op;

	if (!f->failed && c->certs.flow.failed)
		return flow_fail(f, &c->certs.flow.err);
	return STEP_DONE;
}

static const struct flow_step endpoint_steps[] = {
	{"catalog.endpoint", endpoint_begin, 0},
	{"catalog.certs", endpoint_found, 0},
	{"catalog.end", endpoint_end, 0},
	{NULL, NULL, 0},
};

void catalog_endpoint_init(struct catalog_endpoint *c, struct arena *arena)
{
	ENSURE(c->id.n == ENDPOINT_N);
	c->arena = arena;
	flow_init(&c->flow, c->ca->loop, endpoint_steps, c, arena);
}

/* ---- ids ---- */

struct str endpoint_to_text(struct arena *a, struct str id)
{
	unsigned char bytes[ENDPOINT_N];
	char text[37];

	if (id.n != sizeof(bytes))
		return STR_NULL;
	memcpy(bytes, id.p, sizeof(bytes));
	uuid_format(bytes, text);
	return arena_str(a, str_c(text));
}

int endpoint_parse(struct str text, struct arena *a, struct str *id, struct err *e)
{
	unsigned char bytes[ENDPOINT_N];

	if (uuid_parse(text, bytes) != 0)
		return ERR(e, ERR_INVALID,
			   "endpoint: is no id like 123e4567-e89b-12d3-a456-426614174000");
	*id = arena_str(a, str_mem(bytes, sizeof(bytes)));
	return 0;
}
