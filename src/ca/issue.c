/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ca/ca.h"
#include "ca/check.h"
#include "ca/index.h"

#include "base/bug.h"
#include "base/clock.h"
#include "base/hook.h"
#include "base/log.h"
#include "base/metric.h"
#include "codec/b64.h"
#include "profile/profile.h"

/*
 * issue.c - the one way to a signature.
 *
 *   build    names, limits, the exact TBS; a place in the key's queue     (the asker may leave)
 *   reserve  one synced commit: token used, serial unique, TBS, key id    (from here nobody may)
 *   sign     the TBS goes to the key's pool
 *   check    the signature that came back is verified
 *   record   one synced commit: certificate, indexes, endpoint, audit; the reservation goes
 *   finish   releases the slot; after a failed sign or check: failure recorded, token released
 *
 * What holds at every instant, whatever dies: no signature without a reservation on disk; no
 * certificate given out without its record; no token used twice. A crash between reserve and
 * record leaves an open reservation, which ca/watch.c turns into `orphaned`, shown as revoked.
 * When `record` fails or its outcome is unknown, the reservation stays open for the same
 * treatment: nothing was given out.
 *
 * The grant is the only entry: it can be made by an authorize step alone (prov/grant.h), and is
 * checked here again.
 */

#define COMMIT_MS 20000
#define SIGN_MS	  15000

enum { RESERVATION_OPEN = 0, RESERVATION_FAILED = 1 };

struct issue_state {
	struct arena *arena;
	struct profile_fields fields;
	struct str tbs, serial; /* serial: magnitude */
	unsigned char serial_bytes[16];
	unsigned char key[SERIAL_KEY];
	unsigned char endpoint[16];
	int64_t not_before;
	struct kms_slot slot;
	struct kms_sign sign;
	struct store_commit commit;
	struct wait check;
	int once_at, revoked_at; /* index of the precondition; -1 none */
	bool reserved, undo, undo_sent, recorded;
};

static const char *prov_name(const struct issue *i)
{
	return i->grant->prov ? i->grant->prov->name : "";
}

/* ---- build ---- */

static int resolve_validity(struct issue *i, struct err *e)
{
	struct profile_validity v = {0};
	struct claims claims;
	int64_t now = clock_now();

	if (i->grant->prov != NULL)
		claims = i->grant->prov->claims;
	else if (claims_resolve(&i->ca->conf->claims, NULL, &claims, e) < 0)
		return -1;
	if (profile_time_parse(i->asked.not_before, now, &v.has_not_before, &v.not_before, e) < 0)
		return err_wrap(e, "notBefore");
	if (profile_time_parse(i->asked.not_after, v.has_not_before ? v.not_before : now,
			       &v.has_not_after, &v.not_after, e) < 0)
		return err_wrap(e, "notAfter");
	return profile_validity_resolve(&v, &claims, i->authority->backdate, now,
					i->grant->not_after, i->authority->cert.not_after,
					&i->st->not_before, &i->not_after, e);
}

/*
 * A renewal keeps the lifetime, clipped to what the provisioner allows now and to the issuer's
 * own end.
 */
static int renewed_validity(struct issue *i, struct err *e)
{
	const struct claims *c = &i->grant->prov->claims;
	int64_t length = i->old->not_after - i->old->not_before;
	int64_t longest = c->max_tls / DURATION_SECOND + i->authority->backdate;

	if (length > longest)
		length = longest;
	i->st->not_before = clock_now() - i->authority->backdate;
	i->not_after = i->st->not_before + length;
	if (i->not_after > i->authority->cert.not_after)
		i->not_after = i->authority->cert.not_after;
	if (i->not_after <= clock_now())
		return ERR(e, ERR_UNAVAILABLE, "authority %s: its certificate has expired",
			   i->authority->name);
	return 0;
}

/* RFC 5280 4.2.1.10 over every CA on the path. */
static int check_constraints(struct issue *i, const struct cert *leaf, struct err *e)
{
	const struct authority *au = i->authority;

	for (size_t k = 0; k < au->n_chain; k++)
		if (name_constraints_check(&au->chain_certs[k], leaf, e) < 0)
			return -1;
	for (size_t k = 0; k < au->n_roots; k++)
		if (name_constraints_check(&au->root_certs[k], leaf, e) < 0)
			return -1;
	return 0;
}

static int build_new(struct issue *i, struct profile_tbs *p, struct buf *out, struct err *e)
{
	struct issue_state *st = i->st;
	struct cert probe = {.sans = i->grant->names};

	if (!utf8_valid(i->grant->subject) || str_has(i->grant->subject, '\0'))
		return ERR(e, ERR_INVALID, "subject: not UTF-8, or with a NUL");
	if (i->csr != NULL && grant_check_csr(i->grant, i->csr, e) < 0)
		return -1;
	if (resolve_validity(i, e) < 0)
		return -1;
	p->not_before = st->not_before;
	p->not_after = i->not_after;
	profile_leaf_fields(&st->fields, i->grant->subject, &i->grant->names,
			    key_type(i->subject_key), st->arena);
	probe.subject = st->fields.subject;
	if (check_constraints(i, &probe, e) < 0)
		return -1;
	return profile_tbs(&st->fields, p, st->arena, out, e);
}

static int build_renewed(struct issue *i, struct profile_tbs *p, struct buf *out, struct err *e)
{
	if (renewed_validity(i, e) < 0 || check_constraints(i, i->old, e) < 0)
		return -1;
	p->not_before = i->st->not_before;
	p->not_after = i->not_after;
	return profile_tbs_renew(i->old, p, i->st->arena, out, e);
}

static int build_tbs(struct issue *i, struct err *e)
{
	struct issue_state *st = i->st;
	const struct provisioner *pr = i->grant->prov;
	struct step_provisioner ext = {0};
	struct profile_tbs p = {
		.serial = st->serial,
		.issuer = &i->authority->cert,
		.sig_alg = kms_key_alg(i->authority->key),
		.subject_key = i->subject_key,
	};
	struct buf out = BUF_INIT;
	int rc;

	if (profile_key_check(i->subject_key, e) < 0)
		return -1;
	if (pr != NULL && pr->step_type != 0 && !pr->claims.disable_smallstep_extensions) {
		ext.type = pr->step_type;
		ext.name = str_c(pr->name);
		ext.credential_id = i->grant->credential_id;
		p.provisioner = &ext;
	}
	rc = i->grant->method == SIGNET_RENEW ? build_renewed(i, &p, &out, e)
					      : build_new(i, &p, &out, e);
	if (rc == 0)
		st->tbs = arena_str(st->arena, buf_view(&out));
	buf_release(&out);
	return rc;
}

static void release_slot(void *arg)
{
	struct issue_state *st = arg;

	kms_slot_release(&st->slot);
}

static enum step build(struct flow *f, void *op)
{
	struct issue *i = op;
	struct issue_state *st = i->st;
	struct err e = ERR_INIT;

	ENSURE(i->grant != NULL && i->grant->magic == GRANT_MAGIC);
	ENSURE(i->grant->method == SIGNET_SIGN ||
	       (i->grant->method == SIGNET_RENEW && i->old != NULL));
	if (!i->ca->ready)
		return flow_failf(f, ERR_UNAVAILABLE,
				  "the store's open reservations are still being resolved");
	profile_serial(st->serial_bytes);
	st->serial = str_mem(st->serial_bytes, sizeof(st->serial_bytes));
	i->serial = st->serial;
	serial_key(st->serial, st->key);
	if (i->old_endpoint.n == sizeof(st->endpoint))
		memcpy(st->endpoint, i->old_endpoint.p, sizeof(st->endpoint));
	else
		rand_bytes(st->endpoint, sizeof(st->endpoint));
	if (build_tbs(i, &e) < 0)
		return flow_fail(f, &e);
	if (kms_slot_take(i->authority->key, &st->slot, &e) < 0)
		return flow_fail(f, &e);
	arena_on_free(st->arena, release_slot, st);
	return STEP_NEXT;
}

/* ---- reserve ---- */

static struct str serial_of(const struct issue_state *st)
{
	return str_mem(st->key, sizeof(st->key));
}

static void reservation_fill(const struct issue *i, struct rec_reservation *r)
{
	const struct issue_state *st = i->st;
	const struct grant *g = i->grant;

	*r = (struct rec_reservation){
		.tbs = st->tbs,
		.key_id = str_c(kms_key_id(i->authority->key)),
		.authority = str_c(i->authority->name),
		.provisioner = str_c(prov_name(i)),
		.made = clock_now(),
		.once = g->has_once ? str_mem(g->once, sizeof(g->once)) : STR_NULL,
		.endpoint = str_mem(st->endpoint, sizeof(st->endpoint)),
		.not_after = i->not_after,
	};
}

static void expect_not_revoked(struct issue *i, struct store_batch *b, struct rec_reservation *r)
{
	unsigned char *old = ARENA_ARRAY(i->st->arena, unsigned char, SERIAL_KEY);

	serial_key(i->old->serial, old);
	r->renewed_from = str_mem(old, SERIAL_KEY);
	i->st->revoked_at = (int)store_expect_absent(b, CF_REVOKED, r->renewed_from);
}

static enum step reserve(struct flow *f, void *op)
{
	struct issue *i = op;
	struct issue_state *st = i->st;
	const struct grant *g = i->grant;
	struct store_batch *b = store_batch_new(i->ca->store);
	struct rec_reservation r;
	struct buf v = BUF_INIT;

	test_crash("issue.before_reserve");
	reservation_fill(i, &r);
	st->once_at = st->revoked_at = -1;
	if (i->old != NULL)
		expect_not_revoked(i, b, &r);
	if (g->has_once) {
		struct rec_once once = {.expiry = g->once_expiry, .serial = serial_of(st)};

		rec_encode(&rec_once_info, &once, &v);
		st->once_at = (int)store_put_absent(b, CF_ONCE, r.once, buf_view(&v));
		buf_reset(&v);
	}
	store_expect_absent(b, CF_CERT, serial_of(st));
	rec_encode(&rec_reservation_info, &r, &v);
	store_put_absent(b, CF_RESERVATION, serial_of(st), buf_view(&v));
	buf_release(&v);
	if (g->prov == NULL)
		store_batch_urgent(b); /* the daemon's own leaf: without it nobody could even ask */
	store_commit(i->ca->store, b, &st->commit, f, COMMIT_MS);
	return STEP_WAIT;
}

static enum step refuse_reserve(struct flow *f, struct issue *i, const struct err *why)
{
	struct issue_state *st = i->st;

	if (why->code != ERR_CONFLICT)
		return flow_fail(f, why);
	if ((int)st->commit.failed == st->once_at) {
		metric_inc(METRIC_TOKENS_REFUSED);
		return flow_failf(f, ERR_UNAUTHORIZED, "token already used");
	}
	if ((int)st->commit.failed == st->revoked_at)
		return flow_failf(f, ERR_UNAUTHORIZED, "the certificate is revoked");
	return flow_failf(f, ERR_INTERNAL, "the serial number is taken");
}

/* ---- sign, check ---- */

static enum step sign(struct flow *f, void *op)
{
	struct issue *i = op;
	struct issue_state *st = i->st;
	const struct err *why = wait_error(&st->commit.wait);

	if (why != NULL)
		return refuse_reserve(f, i, why);
	st->reserved = true;
	test_crash("issue.reserved");
	st->sign.arena = st->arena;
	kms_sign(&st->slot, st->tbs, &st->sign, f, SIGN_MS);
	return STEP_WAIT;
}

static enum step check(struct flow *f, void *op)
{
	struct issue *i = op;
	struct issue_state *st = i->st;
	const struct err *why = wait_error(&st->sign.wait);
	struct err e = ERR_INIT;

	st->undo = true;
	if (why != NULL) {
		e = *why;
		/* What the signer refused was made here: it is never the client's fault. */
		if (e.code != ERR_TIMEOUT && e.code != ERR_UNAVAILABLE)
			e.code = ERR_INTERNAL;
		return flow_fail(f, &e);
	}
	test_crash("issue.signed");
	if (check_signature(&st->check, f, i->ca->cpu, i->authority->verify,
			    kms_key_alg(i->authority->key), st->tbs, st->sign.signature, &e) < 0)
		return flow_fail(f, &e);
	return STEP_WAIT;
}

/* ---- record ---- */

static void fill_cert(const struct issue *i, const struct cert *c, struct rec_cert *r)
{
	const struct issue_state *st = i->st;
	unsigned char *old = NULL;

	if (i->old != NULL) {
		old = ARENA_ARRAY(st->arena, unsigned char, SERIAL_KEY);
		serial_key(i->old->serial, old);
	}
	*r = (struct rec_cert){
		.der = i->der,
		.authority = str_c(i->authority->name),
		.provisioner = str_c(prov_name(i)),
		.provisioner_type = str_c(i->grant->prov ? i->grant->prov->type : ""),
		.endpoint = str_mem(st->endpoint, sizeof(st->endpoint)),
		.key_id = str_c(kms_key_id(i->authority->key)),
		.common_name = name_get(&c->subject, OID_CN),
		.names = index_names(st->arena, c),
		.not_before = c->not_before,
		.not_after = c->not_after,
		.issued = clock_now(),
		.renewed_from = old ? str_mem(old, SERIAL_KEY) : STR_NULL,
		.request_id = i->request_id,
	};
}

static void add_endpoint(const struct issue *i, struct store_batch *b, const struct rec_cert *r)
{
	struct rec_endpoint ep = {
		.kind = str_c(i->endpoint_kind ? i->endpoint_kind : "x509"),
		.authority = r->authority,
		.provisioner = r->provisioner,
		.common_name = r->common_name,
		.created = r->issued,
	};
	struct buf v = BUF_INIT;

	rec_encode(&rec_endpoint_info, &ep, &v);
	store_put_if_absent(b, CF_ENDPOINT, r->endpoint, buf_view(&v));
	buf_release(&v);
}

static struct store_batch *record_batch(struct issue *i, const struct cert *c)
{
	struct issue_state *st = i->st;
	struct store_batch *b = store_batch_new(i->ca->store);
	struct rec_cert r;
	struct rec_audit audit = {
		.event = str_c(i->old ? "certificate.renewed" : "certificate.issued"),
		.actor = str_c(prov_name(i)),
		.serial = index_serial_text(st->arena, st->serial),
		.request_id = i->request_id,
	};

	fill_cert(i, c, &r);
	audit.detail = r.common_name;
	store_expect_version(b, CF_RESERVATION, serial_of(st), 1);
	store_del(b, CF_RESERVATION, serial_of(st));
	index_add_cert(b, st->arena, &r, c);
	add_endpoint(i, b, &r);
	index_add_audit(b, &audit);
	store_batch_urgent(b);
	return b;
}

static enum step record(struct flow *f, void *op)
{
	struct issue *i = op;
	struct issue_state *st = i->st;
	const struct err *why = wait_error(&st->check);
	struct err e = ERR_INIT;
	struct buf der = BUF_INIT;
	struct cert c;

	if (why != NULL)
		return flow_fail(f, why);
	cert_assemble(st->tbs, kms_key_alg(i->authority->key), st->sign.signature, &der);
	i->der = arena_str(st->arena, buf_view(&der));
	buf_release(&der);
	if (cert_parse(i->der, st->arena, &c, &e) < 0)
		return flow_failf(f, ERR_INTERNAL, "made a certificate that does not parse: %s",
				  e.msg);
	st->undo = false; /* from here the outcome is the commit's */
	store_commit(i->ca->store, record_batch(i, &c), &st->commit, f, COMMIT_MS);
	return STEP_WAIT;
}

static enum step recorded(struct flow *f, void *op)
{
	struct issue *i = op;
	struct issue_state *st = i->st;
	const struct err *why = wait_error(&st->commit.wait);

	if (why != NULL && why->code == ERR_CONFLICT)
		return flow_failf(f, ERR_INTERNAL,
				  "the reservation was taken for interrupted meanwhile");
	if (why != NULL)
		return flow_fail(f, why);
	test_crash("issue.recorded");
	st->recorded = true;
	metric_inc(METRIC_CERTIFICATES_ISSUED);
	log_info("cert.issued", F_STR("serial", index_serial_text(st->arena, st->serial)),
		 F_STR("subject", i->grant->subject.n > 0 ? i->grant->subject
				  : i->old		  ? name_get(&i->old->subject, OID_CN)
							  : STR_NULL),
		 F_C("provisioner", prov_name(i)), F_C("authority", i->authority->name),
		 F_BOOL("renewal", i->old != NULL), F_TIME("not_after", i->not_after),
		 F_STR("request", i->request_id));
	return STEP_NEXT;
}

/* ---- finish ---- */

/*
 * The signature failed: say so on disk, give the token back, keep the serial as one that must not
 * be trusted.
 */
static void send_undo(struct flow *f, struct issue *i)
{
	struct issue_state *st = i->st;
	struct store_batch *b = store_batch_new(i->ca->store);
	struct rec_reservation r;
	struct rec_revoked rv = {
		.at = clock_now(),
		.text = STR("signing failed"),
		.by = STR("signetd"),
		.not_after = i->not_after,
	};
	struct rec_audit audit = {
		.event = STR("certificate.failed"),
		.actor = str_c(prov_name(i)),
		.serial = index_serial_text(st->arena, st->serial),
		.detail = str_c(f->err.msg),
		.request_id = i->request_id,
	};
	struct buf v = BUF_INIT;

	reservation_fill(i, &r);
	r.state = RESERVATION_FAILED;
	r.why = str_c(f->err.msg);
	rec_encode(&rec_reservation_info, &r, &v);
	store_put_version(b, CF_RESERVATION, serial_of(st), buf_view(&v), 1);
	buf_release(&v);
	if (i->grant->has_once)
		store_del(b, CF_ONCE, r.once);
	index_add_revoked(b, serial_of(st), &rv);
	index_add_audit(b, &audit);
	store_batch_urgent(b);
	store_commit(i->ca->store, b, &st->commit, f, COMMIT_MS);
}

static enum step finish(struct flow *f, void *op)
{
	struct issue *i = op;
	struct issue_state *st = i->st;

	if (!f->failed)
		return STEP_DONE;
	if (st->undo && !st->undo_sent) {
		st->undo_sent = true;
		send_undo(f, i);
		return STEP_AGAIN;
	}
	if (st->undo_sent && wait_error(&st->commit.wait) != NULL)
		log_error("issue.undo_failed",
			  F_STR("serial", index_serial_text(st->arena, st->serial)),
			  F_ERR(wait_error(&st->commit.wait)));
	else if (st->reserved && !st->undo_sent)
		log_error("issue.unrecorded",
			  F_STR("serial", index_serial_text(st->arena, st->serial)),
			  F_ERR(&f->err));
	kms_slot_release(&st->slot);
	return STEP_DONE;
}

static const struct flow_step issue_steps[] = {
	{"issue.build", build, 0},   {"issue.reserve", reserve, FLOW_DETACH},
	{"issue.sign", sign, 0},     {"issue.check", check, 0},
	{"issue.record", record, 0}, {"issue.recorded", recorded, 0},
	{"issue.finish", finish, 0}, {NULL, NULL, 0},
};

void issue_init(struct issue *i, struct arena *arena)
{
	i->st = ARENA_NEW(arena, struct issue_state);
	i->st->arena = arena;
	flow_init(&i->flow, i->ca->loop, issue_steps, i, arena);
}
