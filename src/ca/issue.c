/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ca/issue_priv.h"

#include "base/bug.h"
#include "base/clock.h"
#include "base/hook.h"
#include "base/log.h"
#include "base/metric.h"
#include "ca/check.h"
#include "ca/index.h"

/*
 * issue.c - the one way to a signature.
 *
 *   choose   its endpoint; reads the row of one that was named            (the asker may leave)
 *   look_up  the inventory's record for this request
 *   enrich   webhooks that add data
 *   build    template, names, limits, the exact TBS, and its checks
 *   approve  webhooks that may refuse it
 *   queue    a place in the key's queue
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
 * What others may do meanwhile is decided by preconditions of the two commits, not by what was read
 * before them. Both expect that neither the certificate being renewed nor a key of this or of the
 * new one was revoked: so a renewal that was overtaken by a revocation is not recorded, and is
 * undone like one that got no signature. A provisioner that a reload has removed is seen before the
 * first.
 *
 * The grant is the only entry: it can be made by an authorize step alone (prov/grant.h), and is
 * checked here again.
 */

#define READ_MS	  10000
#define COMMIT_MS 20000
#define SIGN_MS	  15000

enum { RESERVATION_OPEN = 0, RESERVATION_FAILED = 1 };

static const char *prov_name(const struct issue *i)
{
	return i->grant->prov ? i->grant->prov->name : "";
}

/* ---- choose, build ---- */

static void read_endpoint(struct flow *f, struct issue *i)
{
	struct issue_state *st = i->st;

	st->get = (struct store_get){.arena = st->arena};
	store_get(i->ca->store, CF_ENDPOINT, str_mem(st->endpoint, sizeof(st->endpoint)), &st->get,
		  f, READ_MS);
}

/* The endpoint's row was read. */
static int join_endpoint(struct issue *i, struct err *e)
{
	const struct err *why = wait_error(&i->st->get.wait);

	if (why == NULL)
		return issue_join_endpoint(i, e);
	*e = *why;
	return -1;
}

static enum step choose(struct flow *f, void *op)
{
	struct issue *i = op;

	ENSURE(i->grant != NULL && i->grant->magic == GRANT_MAGIC);
	ENSURE(i->old != NULL ? i->grant->method == SIGNET_RENEW && i->grant->prov != NULL
			      : i->grant->method == SIGNET_SIGN);
	if (!i->ca->ready)
		return flow_failf(f, ERR_UNAVAILABLE,
				  "the store's open reservations are still being resolved");
	issue_choose_endpoint(i);
	i->endpoint = str_mem(i->st->endpoint, sizeof(i->st->endpoint));
	if (!i->st->named)
		return STEP_NEXT;
	read_endpoint(f, i);
	return STEP_WAIT;
}

/* Also when no endpoint's row was read. */
static enum step look_up(struct flow *f, void *op)
{
	struct issue *i = op;
	struct issue_state *st = i->st;
	struct err e = ERR_INIT;
	struct str key;

	if (st->named && join_endpoint(i, &e) < 0)
		return flow_fail(f, &e);
	if (issue_check_request(i, &e) < 0)
		return flow_fail(f, &e);
	issue_prepare_content(i);
	if (!issue_wants_record(i))
		return STEP_NEXT;
	if (issue_record_key(i, &key, &e) < 0)
		return flow_fail(f, &e);
	if (key.n == 0)
		return issue_record_found(i, NULL, &e) < 0 ? flow_fail(f, &e) : STEP_NEXT;
	st->record = (struct inventory_get){
		.ca = i->ca, .list = str_c(st->rules->inventory->list), .key = key};
	inventory_get_init(&st->record, st->arena);
	st->looked_up = true;
	flow_call(f, &st->child, &st->record.flow);
	return STEP_WAIT;
}

static enum step enrich(struct flow *f, void *op)
{
	struct issue *i = op;
	struct issue_state *st = i->st;
	struct err e = ERR_INIT;

	if (st->looked_up && st->record.flow.failed) {
		e = st->record.flow.err;
		if (e.code == ERR_NOT_FOUND) /* of the list: the operator's to mend */
			e.code = ERR_INTERNAL;
		return flow_fail(f, &e);
	}
	if (st->looked_up &&
	    issue_record_found(i, st->record.found ? st->record.record : NULL, &e) < 0)
		return flow_fail(f, &e);
	if (!issue_wants_hooks(i, WEBHOOK_ENRICHING))
		return STEP_NEXT;
	issue_call_hooks(f, i, WEBHOOK_ENRICHING);
	st->asked = true;
	return STEP_WAIT;
}

static enum step build(struct flow *f, void *op)
{
	struct issue *i = op;
	struct issue_state *st = i->st;
	struct err e = ERR_INIT;

	if (st->asked && st->hooks.flow.failed)
		return flow_fail(f, &st->hooks.flow.err);
	if (st->asked)
		st->in.webhooks = st->hooks.data;
	st->asked = false;
	profile_serial(st->serial_bytes);
	st->serial = str_mem(st->serial_bytes, sizeof(st->serial_bytes));
	if (issue_build_tbs(i, &e) < 0 || issue_check_content(i, &e) < 0)
		return flow_fail(f, &e);
	st->serial = st->made.serial; /* a template may have chosen it */
	i->serial = st->serial;
	serial_key(st->serial, st->key);
	return STEP_NEXT;
}

static enum step approve(struct flow *f, void *op)
{
	struct issue *i = op;

	if (!issue_wants_hooks(i, WEBHOOK_AUTHORIZING))
		return STEP_NEXT;
	issue_call_hooks(f, i, WEBHOOK_AUTHORIZING);
	i->st->asked = true;
	return STEP_WAIT;
}

static void release_slot(void *arg)
{
	struct issue_state *st = arg;

	kms_slot_release(&st->slot);
}

static enum step queue(struct flow *f, void *op)
{
	struct issue *i = op;
	struct issue_state *st = i->st;
	struct err e = ERR_INIT;

	if (st->asked && st->hooks.flow.failed)
		return flow_fail(f, &st->hooks.flow.err);
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
		.renewed_from = i->old ? str_mem(st->old_key, SERIAL_KEY) : STR_NULL,
		.not_after = i->not_after,
	};
}

/* Preconditions of both commits: nothing that it stands on was revoked. */
static void expect_not_revoked(struct issue *i, struct store_batch *b)
{
	struct issue_state *st = i->st;
	struct str spki = str_mem(st->spki, sizeof(st->spki));
	struct str old_spki = str_mem(st->old_spki, sizeof(st->old_spki));

	st->revoked_at = st->old_blocked_at = -1;
	if (i->old != NULL)
		st->revoked_at =
			(int)store_expect_absent(b, CF_REVOKED, str_mem(st->old_key, SERIAL_KEY));
	if (i->old != NULL && !str_eq(spki, old_spki))
		st->old_blocked_at = (int)store_expect_absent(b, CF_BLOCKED_KEY, old_spki);
	st->blocked_at = (int)store_expect_absent(b, CF_BLOCKED_KEY, spki);
}

/* Was it one of these that did not hold? Then *e says which. */
static bool is_revoked(struct issue *i, struct err *e)
{
	const struct issue_state *st = i->st;
	int failed = (int)st->commit.failed;

	if (failed == st->revoked_at) {
		ERR(e, ERR_UNAUTHORIZED, "the certificate is revoked");
	} else if (failed == st->old_blocked_at) {
		ERR(e, ERR_UNAUTHORIZED, "the certificate's key was revoked for key compromise");
	} else if (failed == st->blocked_at) {
		i->key_blocked = true;
		ERR(e, ERR_INVALID, "the key was revoked for key compromise");
		err_public(e, "the key was revoked for key compromise");
	} else {
		return false;
	}
	return true;
}

static void use_token(struct issue *i, struct store_batch *b, struct str key)
{
	struct rec_once once = {.expiry = i->grant->once_expiry, .serial = serial_of(i->st)};
	struct buf v = BUF_INIT;

	rec_encode(&rec_once_info, &once, &v);
	i->st->once_at = (int)store_put_absent(b, CF_ONCE, key, buf_view(&v));
	buf_release(&v);
}

/*
 * The row of an endpoint that was named and did not exist. Here and not with the certificate,
 * because who comes second must be held against the first one's row.
 */
static void create_endpoint(struct issue *i, struct store_batch *b)
{
	struct issue_state *st = i->st;
	struct buf v = BUF_INIT;

	issue_endpoint_row(i, i->grant->subject, &v);
	st->endpoint_at = (int)store_put_absent(
		b, CF_ENDPOINT, str_mem(st->endpoint, sizeof(st->endpoint)), buf_view(&v));
	buf_release(&v);
}

static void commit_reservation(struct flow *f, struct issue *i)
{
	struct issue_state *st = i->st;
	const struct grant *g = i->grant;
	struct store_batch *b = store_batch_new(i->ca->store);
	struct rec_reservation r;
	struct buf v = BUF_INIT;

	reservation_fill(i, &r);
	st->once_at = st->endpoint_at = -1;
	if (g->has_once)
		use_token(i, b, r.once);
	expect_not_revoked(i, b);
	if (st->creates_endpoint)
		create_endpoint(i, b);
	store_expect_absent(b, CF_CERT, serial_of(st));
	rec_encode(&rec_reservation_info, &r, &v);
	store_put_absent(b, CF_RESERVATION, serial_of(st), buf_view(&v));
	buf_release(&v);
	if (g->prov == NULL)
		store_batch_urgent(b); /* the daemon's own leaf: without it nobody could even ask */
	store_commit(i->ca->store, b, &st->commit, f, COMMIT_MS);
}

static enum step reserve(struct flow *f, void *op)
{
	struct issue *i = op;

	test_crash("issue.before_reserve");
	if (!grant_prov_remains(i->grant, i->ca->provs))
		return flow_failf(f, ERR_UNAUTHORIZED, "its provisioner was removed meanwhile");
	commit_reservation(f, i);
	return STEP_WAIT;
}

static enum step refuse_reserve(struct flow *f, struct issue *i, const struct err *why)
{
	struct issue_state *st = i->st;
	struct err e = ERR_INIT;

	if (why->code != ERR_CONFLICT)
		return flow_fail(f, why);
	if ((int)st->commit.failed == st->once_at) {
		metric_inc(METRIC_TOKENS_REFUSED);
		return flow_failf(f, ERR_UNAUTHORIZED, "token already used");
	}
	if (is_revoked(i, &e))
		return flow_fail(f, &e);
	if ((int)st->commit.failed == st->endpoint_at) {
		/* Another one has made it meanwhile: may this one join? */
		st->rereading = true;
		read_endpoint(f, i);
		return STEP_AGAIN;
	}
	return flow_failf(f, ERR_INTERNAL, "the serial number is taken");
}

/* The second try. Now the row is there, and rows of endpoints stay. */
static enum step reserve_again(struct flow *f, struct issue *i)
{
	struct err e = ERR_INIT;

	i->st->rereading = false;
	if (join_endpoint(i, &e) < 0)
		return flow_fail(f, &e);
	commit_reservation(f, i);
	return STEP_AGAIN;
}

/* ---- sign, check ---- */

static enum step sign(struct flow *f, void *op)
{
	struct issue *i = op;
	struct issue_state *st = i->st;
	const struct err *why;

	if (st->rereading)
		return reserve_again(f, i);
	why = wait_error(&st->commit.wait);
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

	*r = (struct rec_cert){
		.der = i->der,
		.authority = str_c(i->authority->name),
		.provisioner = str_c(prov_name(i)),
		.provisioner_type = str_c(i->grant->prov ? i->grant->prov->type : ""),
		.provisioner_id = str_c(i->grant->prov ? i->grant->prov->id : ""),
		.endpoint = str_mem(st->endpoint, sizeof(st->endpoint)),
		.key_id = str_c(kms_key_id(i->authority->key)),
		.common_name = name_get(&c->subject, OID_CN),
		.names = index_names(st->arena, c),
		.not_before = c->not_before,
		.not_after = c->not_after,
		.issued = clock_now(),
		.renewed_from = i->old ? str_mem(st->old_key, SERIAL_KEY) : STR_NULL,
		.request_id = i->request_id,
		.kind = str_c(i->endpoint_kind ? i->endpoint_kind : "x509"),
	};
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
	struct buf v = BUF_INIT;

	fill_cert(i, c, &r);
	audit.detail = r.common_name;
	store_expect_version(b, CF_RESERVATION, serial_of(st), 1);
	expect_not_revoked(i, b);
	store_del(b, CF_RESERVATION, serial_of(st));
	index_add_cert(b, st->arena, &r, c);
	issue_endpoint_row(i, r.common_name, &v);
	store_put_if_absent(b, CF_ENDPOINT, r.endpoint, buf_view(&v));
	buf_release(&v);
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
	struct err e = ERR_INIT;

	if (why != NULL && why->code == ERR_CONFLICT && is_revoked(i, &e)) {
		st->undo = true; /* nothing was recorded: the reservation is still there */
		return flow_fail(f, &e);
	}
	if (why != NULL && why->code == ERR_CONFLICT)
		return flow_failf(f, ERR_INTERNAL,
				  "the reservation was taken for interrupted meanwhile");
	if (why != NULL)
		return flow_fail(f, why);
	test_crash("issue.recorded");
	i->endpoint = str_mem(st->endpoint, sizeof(st->endpoint));
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
 * The signature failed, or may not be given out any more: say so on disk, give the token back, keep
 * the serial as one that must not be trusted.
 */
static void send_undo(struct flow *f, struct issue *i)
{
	struct issue_state *st = i->st;
	struct store_batch *b = store_batch_new(i->ca->store);
	struct rec_reservation r;
	struct rec_revoked rv = {
		.at = clock_now(),
		.text = st->sign.signature.n > 0 ? STR("not given out") : STR("signing failed"),
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
	{"issue.choose", choose, 0},
	{"issue.look_up", look_up, 0},
	{"issue.enrich", enrich, 0},
	{"issue.build", build, 0},
	{"issue.approve", approve, 0},
	{"issue.queue", queue, 0},
	{"issue.reserve", reserve, FLOW_DETACH},
	{"issue.sign", sign, 0},
	{"issue.check", check, 0},
	{"issue.record", record, 0},
	{"issue.recorded", recorded, 0},
	{"issue.finish", finish, 0},
	{NULL, NULL, 0},
};

void issue_init(struct issue *i, struct arena *arena)
{
	i->st = ARENA_NEW(arena, struct issue_state);
	i->st->arena = arena;
	flow_init(&i->flow, i->ca->loop, issue_steps, i, arena);
}
