/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/metric.h"
#include "codec/b64.h"
#include "codec/uuid.h"
#include "prov/priv.h"

/*
 * authorize.c - from a token to a grant: the child flow of DESIGN 5, step 3.
 *
 *     find      parse, choose the provisioner by claims that nobody has vouched for yet
 *     plugin    its authorize(), again after each wait; GRANT or DENY
 *     end       tells the plugin when it was cut short
 *
 * A plugin that says GRANT is not simply believed. The host looks whether the signature was
 * verified and the claims were checked by its own functions, and whether the grant can be used once
 * only; what is missing is a bug of the plugin, and denies. So a forgotten line in a plugin does
 * not become an open door.
 *
 * What holds for tokens of every type is looked at here too, after the plugin: that it was not
 * issued before the backup that the store was restored from (its id may have been used after it),
 * and the endpoint that it names for the certificate.
 *
 * Nothing here writes: the token's id is burned by ca/issue in the reservation. A client that
 * leaves cancels the wait; the plugin hears of it through cancel(). Everything lives in the arena
 * of the flow: operation, scratch, token tree, a reference to the set.
 */

static enum step deny(struct flow *f, struct err *e)
{
	if (e->code == ERR_INVALID || e->code == ERR_UNAUTHORIZED || e->code == ERR_FORBIDDEN)
		metric_inc(METRIC_TOKENS_REFUSED);
	return flow_fail(f, e);
}

/* A token that cannot be read authenticates nobody. */
static enum step deny_unread(struct flow *f, struct err *e)
{
	e->code = ERR_UNAUTHORIZED;
	e->pub[0] = 0;
	return deny(f, e);
}

static void release_op(void *arg)
{
	struct prov_op *op = arg;

	if (op->grant)
		json_decref(op->grant->data);
	jws_release(&op->jws);
	OBJ_DEAD(op);
}

static struct prov_op *new_op(struct prov_authorize *a)
{
	struct prov_op *op = ARENA_NEW(a->flow.arena, struct prov_op);

	OBJ_INIT(op, PROV_OP_MAGIC);
	op->a = a;
	op->arena = a->flow.arena;
	op->now = clock_now();
	hash(HASH_SHA256, a->token, op->token_sha256);
	if (a->csr)
		hash(HASH_SHA256, a->csr->der, op->csr_sha256);
	arena_on_free(a->flow.arena, release_op, op);
	a->op = op;
	return op;
}

static void new_grant(struct prov_op *op)
{
	struct grant *g = ARENA_NEW(op->arena, struct grant);
	struct buf hex = BUF_INIT;

	OBJ_INIT(g, GRANT_MAGIC);
	g->set = op->a->set; /* the flow's reference lives in the same arena */
	g->prov = &op->entry->pub;
	g->method = op->a->method;
	g->data = json_object();
	json_object_set(g->data, "Token", op->jws.payload);
	hex_encode(str_mem(op->token_sha256, sizeof(op->token_sha256)), &hex);
	g->token_hash = arena_str(op->arena, buf_view(&hex));
	buf_release(&hex);
	op->grant = g;
}

static enum step find(struct flow *f, void *arg)
{
	struct prov_authorize *a = arg;
	struct prov_op *op = new_op(a);
	struct err e = ERR_INIT;

	if (a->token.n > PROV_TOKEN_MAX || jws_parse(a->token, op->arena, &op->jws, &e) < 0 ||
	    jwt_claims(op->jws.payload, &op->claims, &e) < 0) {
		if (e.code == ERR_OK)
			ERR(&e, ERR_UNAUTHORIZED, "%zu bytes, at most %u are accepted", a->token.n,
			    PROV_TOKEN_MAX);
		err_wrap(&e, "token");
		return deny_unread(f, &e);
	}
	prov_audiences_make(&op->audiences, a->method, a->hosts, a->n_hosts, op->arena);
	op->entry = prov_find(a->set, &op->jws, &op->claims, &op->audiences, op->arena);
	if (!op->entry) {
		ERR(&e, ERR_UNAUTHORIZED,
		    "token: provisioner not found or invalid audience (iss \"%.*s\", kid \"%.*s\")",
		    (int)(op->claims.iss.n < 60 ? op->claims.iss.n : 60),
		    op->claims.iss.n ? op->claims.iss.p : "",
		    (int)(op->jws.kid.n < 60 ? op->jws.kid.n : 60),
		    op->jws.kid.n ? op->jws.kid.p : "");
		return deny(f, &e);
	}
	if (!op->entry->pub.accepts_tokens) {
		ERR(&e, ERR_INVALID, "provisioner %s: token flow is not supported",
		    op->entry->pub.name);
		err_public(&e, "token flow is not supported");
		return deny(f, &e);
	}
	op->scratch = arena_alloc(op->arena, op->entry->pub.driver->scratch_size + 1);
	new_grant(op);
	return STEP_NEXT;
}

static int check_grant(const struct prov_op *op, struct err *e)
{
	if (!op->verified)
		return ERR(e, ERR_INTERNAL, "the plugin granted without a verified signature");
	if (!op->checked)
		return ERR(e, ERR_INTERNAL, "the plugin granted without having the claims checked");
	if (!op->grant->has_once)
		return ERR(e, ERR_INTERNAL, "the plugin granted without an id for single use");
	return 0;
}

/* The claim `endpoint` of a token for a certificate. */
static int read_endpoint(const struct prov_op *op, struct err *e)
{
	const json_t *v = json_object_get(op->jws.payload, "endpoint");
	struct grant *g = op->grant;
	unsigned char id[16];

	if (!v || json_is_null(v) || g->method != SIGNET_SIGN)
		return 0;
	if (uuid_parse(json_str_view(v), id) < 0) {
		ERR(e, ERR_INVALID,
		    "token: claims: endpoint: must be a UUID or 32 hexadecimal digits");
		return err_public(e, "endpoint must be a UUID or 32 hexadecimal digits");
	}
	g->endpoint = arena_str(op->arena, str_mem(id, sizeof(id)));
	return 0;
}

/* What is the host's to check, whatever the type. */
static int check_token(const struct prov_op *op, struct err *e)
{
	if (op->a->issued_after > 0 && op->claims.iat < op->a->issued_after)
		return ERR(e, ERR_UNAUTHORIZED, "token: issued before the backup was restored");
	return read_endpoint(op, e);
}

/* What the plugin's answer means. */
static enum step conclude(struct flow *f, struct prov_op *op, enum signet_prov_rc rc,
			  const struct signet_err *se)
{
	struct err e = ERR_INIT;

	if ((rc == SIGNET_PROV_WAIT) != op->waiting) {
		op->ended = true;
		ERR(&e, ERR_INTERNAL, "provisioner %s: the plugin %s", op->entry->pub.name,
		    op->waiting ? "started a wait and did not wait" : "waits for nothing");
		return deny(f, &e);
	}
	switch (rc) {
	case SIGNET_PROV_WAIT:
		op->resumed = true;
		return STEP_AGAIN;
	case SIGNET_PROV_GRANT:
		op->ended = true;
		if (check_grant(op, &e) == 0 && check_token(op, &e) == 0) {
			op->a->grant = op->grant;
			return STEP_NEXT;
		}
		break;
	case SIGNET_PROV_DENY:
		op->ended = true;
		err_from_abi(&e, se);
		break;
	}
	if (e.code == ERR_OK)
		ERR(&e, ERR_INTERNAL, "the plugin answered %d", (int)rc);
	err_wrap(&e, "provisioner %s", op->entry->pub.name);
	return deny(f, &e);
}

static enum step call_plugin(struct flow *f, void *arg)
{
	struct prov_authorize *a = arg;
	struct prov_op *op = a->op;
	const struct prov_entry *p = op->entry;
	struct signet_err se = {.code = SIGNET_OK};
	enum signet_prov_rc rc;
	uint64_t token;

	if (op->resumed) {
		const struct err *e = wait_error(&a->wait);
		op->wait_err = e ? *e : (struct err)ERR_INIT;
	}
	op->waiting = false;
	op->started = true;
	/* Timed under the plugin's name; descriptors live as long as the process. */
	token = loop_enter(f->loop, p->plugin->name);
	rc = p->pub.driver->authorize(p->pub.instance, &prov_host, prov_op_abi(op), op->scratch,
				      &se);
	loop_leave(f->loop, p->plugin->name, token);
	return conclude(f, op, rc, &se);
}

static enum step end(struct flow *f, void *arg)
{
	struct prov_authorize *a = arg;
	struct prov_op *op = a->op;

	if (f->failed)
		a->grant = NULL;
	if (op && op->started && !op->ended && op->entry->pub.driver->cancel)
		op->entry->pub.driver->cancel(op->entry->pub.instance, &prov_host, prov_op_abi(op),
					      op->scratch);
	return STEP_DONE;
}

static const struct flow_step steps[] = {
	{"prov.find", find, 0},
	{"prov.plugin", call_plugin, 0},
	{"prov.end", end, 0},
	{NULL, NULL, 0},
};

static void unref_set(void *set)
{
	prov_set_unref(set);
}

void prov_authorize_init(struct prov_authorize *a, struct loop *l, struct arena *arena)
{
	ENSURE(a->set && a->cpu);
	arena_on_free(arena, unref_set, prov_set_ref(a->set));
	flow_init(&a->flow, l, steps, a, arena);
}
