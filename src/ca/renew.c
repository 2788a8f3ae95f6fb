/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ca/ca.h"

#include "base/bug.h"
#include "base/clock.h"

/*
 * renew.c - what a presented certificate must be before it may be renewed: byte-equal to the one
 * in the store, valid now, not revoked, of a provisioner that still exists and allows renewal.
 * TLS has verified the chain and that the client has the key; the reservation in issue.c checks
 * revocation once more, inside its commit.
 */

#define READ_MS 10000

struct renew_state {
	struct arena *arena;
	struct cert cert;
	unsigned char key[SERIAL_KEY];
	struct store_get get;
	struct rec_cert rec;
	struct wait child;
};

static enum step load(struct flow *f, void *op)
{
	struct renew *r = op;
	struct renew_state *st = r->st;
	struct err e = ERR_INIT;

	if (cert_parse(arena_str(st->arena, r->leaf_der), st->arena, &st->cert, &e) < 0) {
		e.code = ERR_UNAUTHORIZED;
		return flow_fail(f, &e);
	}
	r->issue.authority = ca_issuer_of(r->ca, &st->cert);
	if (r->issue.authority == NULL)
		return flow_failf(f, ERR_UNAUTHORIZED, "the certificate is of no authority here");
	serial_key(st->cert.serial, st->key);
	st->get.arena = st->arena;
	store_get(r->ca->store, CF_CERT, str_mem(st->key, SERIAL_KEY), &st->get, f, READ_MS);
	return STEP_WAIT;
}

static enum step compare(struct flow *f, void *op)
{
	struct renew *r = op;
	struct renew_state *st = r->st;
	struct err e = ERR_INIT;

	if (!st->get.found)
		return flow_failf(f, ERR_UNAUTHORIZED,
				  "no certificate with this serial was issued here");
	if (rec_decode(&rec_cert_info, st->get.value, st->arena, &st->rec, &e) < 0)
		return flow_fail(f, &e);
	if (!str_eq(st->rec.der, st->cert.der))
		return flow_failf(f, ERR_UNAUTHORIZED,
				  "the certificate is not the one that was issued");
	st->get = (struct store_get){.arena = st->arena};
	store_get(r->ca->store, CF_REVOKED, str_mem(st->key, SERIAL_KEY), &st->get, f, READ_MS);
	return STEP_WAIT;
}

static int authenticate(struct renew *r, const struct provisioner **prov, struct err *e)
{
	struct renew_state *st = r->st;
	int64_t now = clock_now();
	char when[24];

	if (st->get.found)
		return ERR(e, ERR_UNAUTHORIZED, "the certificate is revoked");
	if (now < st->cert.not_before)
		return ERR(e, ERR_UNAUTHORIZED, "the certificate is not valid before %s",
			   time_format_rfc3339(st->cert.not_before, when));
	if (now > st->cert.not_after)
		return ERR(e, ERR_UNAUTHORIZED, "certificate expired on %s",
			   time_format_rfc3339(st->cert.not_after, when));
	*prov = prov_by_name(r->ca->provs, st->rec.provisioner);
	if (*prov == NULL || !str_eqc(st->rec.provisioner_type, (*prov)->type))
		return ERR(e, ERR_UNAUTHORIZED,
			   "its provisioner \"" STR_FMT "\" does not exist any more",
			   STR_ARG(st->rec.provisioner));
	if ((*prov)->claims.disable_renewal)
		return ERR(e, ERR_UNAUTHORIZED, "renew is disabled for provisioner '%s'",
			   (*prov)->name);
	return 0;
}

static enum step issue(struct flow *f, void *op)
{
	struct renew *r = op;
	struct renew_state *st = r->st;
	const struct provisioner *prov = NULL;
	struct step_provisioner ext;
	const struct ext *x;
	struct err e = ERR_INIT;
	struct issue *i = &r->issue;

	if (authenticate(r, &prov, &e) < 0)
		return flow_fail(f, &e);
	i->ca = r->ca;
	i->grant = grant_for_renewal(st->arena, r->ca->provs, prov);
	x = ext_find(&st->cert.exts, OID_STEP_PROVISIONER);
	if (x != NULL && ext_step_provisioner_parse(x->value, st->arena, &ext, &e) == 0)
		i->grant->credential_id = ext.credential_id;
	i->old = &st->cert;
	i->old_endpoint = st->rec.endpoint;
	i->request_id = r->request_id;
	i->subject_key = key_from_spki(st->cert.spki, &e);
	if (i->subject_key == NULL)
		return flow_fail(f, &e);
	key_free_with(i->subject_key, st->arena);
	issue_init(i, st->arena);
	flow_call(f, &st->child, &i->flow);
	return STEP_WAIT;
}

static enum step finish(struct flow *f, void *op)
{
	struct renew *r = op;

	if (!f->failed && r->issue.flow.failed) {
		f->failed = true;
		f->err = r->issue.flow.err;
	}
	return STEP_DONE;
}

static const struct flow_step renew_steps[] = {
	{"renew.load", load, 0},
	{"renew.compare", compare, FLOW_AUTO_FAIL},
	{"renew.issue", issue, FLOW_AUTO_FAIL},
	{"renew.finish", finish, 0},
	{NULL, NULL, 0},
};

void renew_init(struct renew *r, struct arena *arena)
{
	r->st = ARENA_NEW(arena, struct renew_state);
	r->st->arena = arena;
	flow_init(&r->flow, r->ca->loop, renew_steps, r, arena);
}
