/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ca/ca.h"

#include "base/bug.h"
#include "base/clock.h"

/*
 * renew.c - what a presented certificate must be before it may be renewed or get a new key:
 * byte-equal to the one in the store, valid now, not revoked, of a provisioner that still exists
 * and allows renewal. Names and limits are checked anew where every certificate is made
 * (issue_build.c), and revocation once more inside both commits there.
 *
 * Two ways to present it. By mutual TLS: the chain was verified, and that the client has the key.
 * By a renew token (prov/renew_token.c): a signature by the key; no chain is verified, because what
 * proves the certificate ours is that the store has it to the byte. Only the token renews after
 * expiry, and only where the provisioner says so: an expired certificate never gets through TLS.
 * A token is good once; its id is scoped by the provisioner, which is known only after the record
 * was read, and it is used up in the reservation.
 *
 * A rekey is a renewal with another key, which the caller has proved the client to have.
 */

#define READ_MS	 10000
#define CLIENT	 "step-ca-client/1.0" /* iss of `step`'s renew tokens */
#define SENTENCE "error validating renew token"

struct renew_state {
	struct arena *arena;
	struct renew_token token;
	struct cert cert;
	unsigned char key[SERIAL_KEY];
	struct store_get get;
	struct rec_cert rec;
	struct wait child;
};

/* The certificate is not ours, or the token is no good: of a token no more is said. */
static enum step deny(struct flow *f, struct renew *r, const struct err *e)
{
	if (r->token.n > 0 && e->code == ERR_UNAUTHORIZED)
		r->bare = arena_strdup(r->st->arena, e->pub[0] != '\0' ? e->pub : SENTENCE);
	return flow_fail(f, e);
}

/* ---- what is presented ---- */

static enum step begin(struct flow *f, void *op)
{
	struct renew *r = op;
	struct renew_state *st = r->st;

	ENSURE(r->token.n == 0 || (r->leaf_der.n == 0 && r->new_key == NULL));
	if (r->token.n == 0)
		return STEP_NEXT;
	st->token = (struct renew_token){
		.token = r->token,
		.hosts = r->ca->conf->dns_names.items,
		.n_hosts = r->ca->conf->dns_names.n,
		.cpu = r->ca->cpu,
		.issued_after = r->ca->restored,
	};
	renew_token_init(&st->token, f->loop, st->arena);
	flow_call(f, &st->child, &st->token.flow);
	return STEP_WAIT;
}

static enum step load(struct flow *f, void *op)
{
	struct renew *r = op;
	struct renew_state *st = r->st;
	struct err e = ERR_INIT;
	struct str der;

	if (r->token.n > 0 && st->token.flow.failed)
		return deny(f, r, &st->token.flow.err);
	der = r->token.n > 0 ? st->token.leaf_der : arena_str(st->arena, r->leaf_der);
	if (cert_parse(der, st->arena, &st->cert, &e) < 0) {
		e.code = ERR_UNAUTHORIZED;
		return deny(f, r, &e);
	}
	serial_key(st->cert.serial, st->key);
	st->get.arena = st->arena;
	store_get(r->ca->store, CF_CERT, str_mem(st->key, SERIAL_KEY), &st->get, f, READ_MS);
	return STEP_WAIT;
}

/* Is it one of ours, to the byte? Then where it came from. */
static int identify(struct renew *r, struct err *e)
{
	struct renew_state *st = r->st;

	if (!st->get.found)
		return ERR(e, ERR_UNAUTHORIZED, "no certificate with this serial was issued here");
	if (rec_decode(&rec_cert_info, st->get.value, st->arena, &st->rec, e) < 0)
		return -1;
	if (!str_eq(st->rec.der, st->cert.der))
		return ERR(e, ERR_UNAUTHORIZED, "the certificate is not the one that was issued");
	r->issue.authority = ca_authority(r->ca, st->rec.authority);
	if (r->issue.authority == NULL)
		return ERR(e, ERR_UNAUTHORIZED,
			   "its authority \"" STR_FMT "\" does not exist any more",
			   STR_ARG(st->rec.authority));
	return 0;
}

static enum step compare(struct flow *f, void *op)
{
	struct renew *r = op;
	struct renew_state *st = r->st;
	struct err e = ERR_INIT;

	if (identify(r, &e) < 0)
		return deny(f, r, &e);
	st->get = (struct store_get){.arena = st->arena};
	store_get(r->ca->store, CF_REVOKED, str_mem(st->key, SERIAL_KEY), &st->get, f, READ_MS);
	return STEP_WAIT;
}

/* ---- what it may ---- */

static const struct provisioner *provisioner_of(const struct renew *r, struct err *e)
{
	const struct rec_cert *rec = &r->st->rec;
	const struct provisioner *p = prov_by_name(r->ca->provs, rec->provisioner);

	const char *why = NULL;

	if (p == NULL)
		why = "does not exist any more";
	else if (!str_eqc(rec->provisioner_type, p->type) || !str_eqc(rec->provisioner_id, p->id))
		why = "was replaced by another one of that name";
	else if (!str_eqc(rec->authority, p->authority))
		why = "belongs to another authority now";
	if (why == NULL)
		return p;
	ERR(e, ERR_UNAUTHORIZED, "its provisioner \"" STR_FMT "\" %s", STR_ARG(rec->provisioner),
	    why);
	return NULL;
}

static int check_time(const struct renew *r, const struct claims *c, struct err *e)
{
	const struct cert *cert = &r->st->cert;
	int64_t now = clock_now();
	char when[24];

	if (now < cert->not_before)
		return ERR(e, ERR_UNAUTHORIZED, "the certificate is not valid before %s",
			   time_format_rfc3339(cert->not_before, when));
	if (now <= cert->not_after || (r->token.n > 0 && c->allow_renewal_after_expiry))
		return 0;
	ERR(e, ERR_UNAUTHORIZED, "certificate expired on %s",
	    time_format_rfc3339(cert->not_after, when));
	return err_public(e, "%s", e->msg);
}

static int authenticate(struct renew *r, const struct provisioner *p, struct err *e)
{
	if (r->st->get.found)
		return ERR(e, ERR_UNAUTHORIZED, "the certificate is revoked");
	if (p->claims.disable_renewal)
		return ERR(e, ERR_UNAUTHORIZED, "renew is disabled for provisioner '%s'", p->name);
	return check_time(r, &p->claims, e);
}

static bool issuer_fits(const struct renew *r, const struct provisioner *p)
{
	struct str iss = r->st->token.iss;

	return r->token.n == 0 || str_eqc(iss, CLIENT) || str_eqc(iss, p->name);
}

/* ---- issue ---- */

static void make_grant(struct renew *r, const struct provisioner *p)
{
	struct renew_state *st = r->st;
	struct grant *g = grant_for_renewal(st->arena, r->ca->provs, p);
	const struct ext *x = ext_find(&st->cert.exts, OID_STEP_PROVISIONER);
	struct step_provisioner ext;
	struct err ignored = ERR_INIT;

	if (x != NULL && ext_step_provisioner_parse(x->value, st->arena, &ext, &ignored) == 0)
		g->credential_id = ext.credential_id;
	if (r->token.n > 0) {
		renew_token_once(&st->token, g);
		g->token_hash = st->token.hash;
	}
	r->issue.grant = g;
}

static int prepare(struct renew *r, struct err *e)
{
	struct renew_state *st = r->st;
	struct issue *i = &r->issue;

	i->ca = r->ca;
	i->old = &st->cert;
	i->endpoint = st->rec.endpoint;
	i->request_id = r->request_id;
	i->source = r->source;
	i->subject_key = r->new_key;
	if (i->subject_key == NULL) {
		i->subject_key = key_from_spki(st->cert.spki, e);
		if (i->subject_key == NULL)
			return -1;
		key_free_with(i->subject_key, st->arena);
	}
	issue_init(i, st->arena);
	return 0;
}

static enum step issue(struct flow *f, void *op)
{
	struct renew *r = op;
	struct err e = ERR_INIT;
	const struct provisioner *p = provisioner_of(r, &e);

	if (p == NULL)
		return flow_fail(f, &e);
	if (!issuer_fits(r, p)) {
		ERR(&e, ERR_UNAUTHORIZED,
		    "renew token: claims: iss: neither " CLIENT " nor the provisioner's name");
		return deny(f, r, &e);
	}
	if (authenticate(r, p, &e) < 0)
		return flow_fail(f, &e);
	make_grant(r, p);
	if (prepare(r, &e) < 0)
		return flow_fail(f, &e);
	flow_call(f, &r->st->child, &r->issue.flow);
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
	{"renew.begin", begin, 0},
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
