/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ca/ca.h"
#include "ca/index.h"

#include "base/bug.h"
#include "base/clock.h"
#include "base/hook.h"
#include "base/log.h"
#include "base/metric.h"
#include "codec/b64.h"

/*
 * revoke.c - who may revoke a certificate, and the commit that does it.
 *
 *   load     what can be refused without a look at the store; reads the certificate's record
 *   commit   the rest; one synced commit                                   (from here to the end)
 *   end      what the commit's outcome means
 *
 * Revoked is what has a row in `revoked`: it is put there once, by this commit or by none, and
 * together with it the token is used up, the listings change, and the audit entry is written. So
 * there is no moment at which a revocation is known to one reader and not to another, and one that
 * was answered is on disk. Renewing expects the row's absence in both of its commits (issue.c):
 * which of the two came first is decided there, never by what was read before.
 *
 * A serial that was only ever reserved (signing failed, or the daemon died) stands in `revoked` as
 * well, but has no record in `cert`: it was given to nobody, and is not found here.
 *
 * What nobody may: use a token for another serial than its subject, revoke what another
 * provisioner issued, revoke by a certificate anything but itself. A revoked certificate
 * authenticates nothing; it is only told that it is revoked.
 */

#define READ_MS	    10000
#define COMMIT_MS   20000
#define TEXT_MAX    1000
#define REASON_LAST 10 /* RFC 5280 5.3.1 */
#define REASON_KEY  1
#define REASON_NONE 7 /* not used */

struct revoke_state {
	struct arena *arena;
	unsigned char key[SERIAL_KEY];
	struct str serial; /* decimal */
	struct store_get get;
	struct rec_cert rec;
	struct cert cert;
	struct store_commit commit;
	int once_at, revoked_at; /* index of the precondition; -1: none */
};

static const char *const reason_names[REASON_LAST + 1] = {
	"unspecified",	 "keyCompromise",	 "cACompromise",    "affiliationChanged",
	"superseded",	 "cessationOfOperation", "certificateHold", NULL,
	"removeFromCRL", "privilegeWithdrawn",	 "aACompromise"};

/* The same words for the operator and for the client. */
static int refuse(struct err *e, enum err_code code, const char *fmt, ...) PRINTF(3, 4);
static int refuse(struct err *e, enum err_code code, const char *fmt, ...)
{
	char text[sizeof(e->pub)];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	err_set(e, code, "%s", n >= 0 ? text : fmt);
	return err_public(e, "%s", n >= 0 ? text : fmt);
}

/* ---- load ---- */

bool revoke_reason_known(int64_t reason)
{
	return reason >= 0 && reason <= REASON_LAST && reason != REASON_NONE;
}

static int check_request(const struct revoke *r, struct err *e)
{
	if (!revoke_reason_known(r->reason))
		return refuse(e, ERR_INVALID, "reasonCode out of bounds");
	if (r->text.n > TEXT_MAX || !utf8_valid(r->text) || str_has(r->text, '\0'))
		return refuse(e, ERR_INVALID, "reason: at most %d bytes of UTF-8", TEXT_MAX);
	if (r->serial.n == 0 || r->serial.n > SERIAL_KEY)
		return refuse(e, ERR_INVALID, "serial: 1 to %d octets", SERIAL_KEY);
	return 0;
}

static int check_token(const struct revoke *r, struct err *e)
{
	const struct grant *g = r->grant;
	struct str sub = g->serial;

	ENSURE(g->magic == GRANT_MAGIC && g->method == SIGNET_REVOKE && g->prov != NULL);
	ENSURE(g->has_once);
	if (str_eq(sub, r->st->serial))
		return 0;
	if (sub.n > 60)
		sub.n = 60;
	return refuse(e, ERR_FORBIDDEN,
		      "request serial number \"" STR_FMT "\" and token subject \"" STR_FMT
		      "\" do not match",
		      STR_ARG(r->st->serial), STR_ARG(sub));
}

static int check_presented(const struct revoke *r, struct err *e)
{
	struct arena *a = r->st->arena;
	struct cert c;
	struct str own;

	if (cert_parse(arena_str(a, r->leaf_der), a, &c, e) < 0) {
		e->code = ERR_UNAUTHORIZED;
		return err_wrap(e, "presented certificate");
	}
	own = index_serial_text(a, c.serial);
	if (str_eq(own, r->st->serial))
		return 0;
	return refuse(e, ERR_FORBIDDEN,
		      "request serial number \"" STR_FMT "\" and certificate serial number "
		      "\"" STR_FMT "\" do not match",
		      STR_ARG(r->st->serial), STR_ARG(own));
}

static int check_asker(const struct revoke *r, struct err *e)
{
	switch (r->by) {
	case REVOKE_BY_TOKEN:
		return check_token(r, e);
	case REVOKE_BY_CERT:
		return check_presented(r, e);
	case REVOKE_BY_OPERATOR:
		break;
	}
	return 0;
}

static enum step load(struct flow *f, void *op)
{
	struct revoke *r = op;
	struct revoke_state *st = r->st;
	struct err e = ERR_INIT;

	if (check_request(r, &e) < 0)
		return flow_fail(f, &e);
	serial_key(r->serial, st->key);
	st->serial = index_serial_text(st->arena, r->serial);
	if (check_asker(r, &e) < 0)
		return flow_fail(f, &e);
	st->get.arena = st->arena;
	store_get(r->ca->store, CF_CERT, str_mem(st->key, SERIAL_KEY), &st->get, f, READ_MS);
	return STEP_WAIT;
}

/* ---- commit ---- */

static int read_record(struct revoke *r, struct err *e)
{
	struct revoke_state *st = r->st;

	if (!st->get.found)
		return refuse(e, ERR_NOT_FOUND,
			      "certificate with serial number '" STR_FMT "' was not issued here",
			      STR_ARG(st->serial));
	if (rec_decode(&rec_cert_info, st->get.value, st->arena, &st->rec, e) < 0 ||
	    cert_parse(st->rec.der, st->arena, &st->cert, e) < 0) {
		e->code = ERR_INTERNAL;
		return err_wrap(e, "record of certificate " STR_FMT, STR_ARG(st->serial));
	}
	return 0;
}

static int check_provisioner(const struct revoke *r, struct err *e)
{
	const struct provisioner *p = r->grant->prov;
	const struct rec_cert *rec = &r->st->rec;

	if (!grant_prov_remains(r->grant, r->ca->provs))
		return ERR(e, ERR_UNAUTHORIZED, "its provisioner was removed meanwhile");
	if (str_eqc(rec->provisioner, p->name) && str_eqc(rec->provisioner_type, p->type))
		return 0;
	return refuse(e, ERR_FORBIDDEN,
		      "certificate with serial number '" STR_FMT
		      "' was not issued by provisioner '%.60s'",
		      STR_ARG(r->st->serial), p->name);
}

static int check_owner(const struct revoke *r, struct err *e)
{
	const struct cert *c = &r->st->cert;
	int64_t now = clock_now();

	if (!str_eq(r->leaf_der, c->der))
		return ERR(e, ERR_UNAUTHORIZED, "the certificate is not the one that was issued");
	if (now < c->not_before || now > c->not_after)
		return ERR(e, ERR_UNAUTHORIZED, "the certificate is not valid now");
	return 0;
}

static int check_entitled(const struct revoke *r, struct err *e)
{
	switch (r->by) {
	case REVOKE_BY_TOKEN:
		return check_provisioner(r, e);
	case REVOKE_BY_CERT:
		return check_owner(r, e);
	case REVOKE_BY_OPERATOR:
		break;
	}
	return 0;
}

/* Who revoked it, as the records name him. */
static struct str actor(const struct revoke *r)
{
	switch (r->by) {
	case REVOKE_BY_TOKEN:
		return str_c(r->grant->prov->name);
	case REVOKE_BY_CERT:
		return STR("certificate");
	case REVOKE_BY_OPERATOR:
		break;
	}
	return r->actor;
}

static void use_token(struct revoke *r, struct store_batch *b)
{
	const struct grant *g = r->grant;
	struct rec_once once = {.expiry = g->once_expiry,
				.serial = str_mem(r->st->key, SERIAL_KEY)};
	struct buf v = BUF_INIT;

	rec_encode(&rec_once_info, &once, &v);
	r->st->once_at =
		(int)store_put_absent(b, CF_ONCE, str_mem(g->once, sizeof(g->once)), buf_view(&v));
	buf_release(&v);
}

static void put_revoked(struct revoke *r, struct store_batch *b)
{
	struct rec_revoked rv = {
		.at = r->at,
		.reason = r->reason,
		.text = r->text,
		.by = actor(r),
		.not_after = r->st->rec.not_after,
	};
	struct buf v = BUF_INIT;

	rec_encode(&rec_revoked_info, &rv, &v);
	r->st->revoked_at =
		(int)store_put_absent(b, CF_REVOKED, str_mem(r->st->key, SERIAL_KEY), buf_view(&v));
	buf_release(&v);
}

static void block_key(struct revoke *r, struct store_batch *b)
{
	struct rec_blocked_key bk = {.at = r->at, .serial = str_mem(r->st->key, SERIAL_KEY)};
	unsigned char id[HASH_MAX];
	struct buf v = BUF_INIT;

	hash(HASH_SHA256, r->st->cert.spki, id);
	rec_encode(&rec_blocked_key_info, &bk, &v);
	store_put_if_absent(b, CF_BLOCKED_KEY, str_mem(id, 32), buf_view(&v));
	buf_release(&v);
}

static struct store_batch *make_batch(struct revoke *r)
{
	struct revoke_state *st = r->st;
	struct store_batch *b = store_batch_new(r->ca->store);
	struct rec_audit audit = {
		.event = STR("certificate.revoked"),
		.actor = actor(r),
		.serial = st->serial,
		.detail = str_c(arena_printf(st->arena, "%s%s" STR_FMT, reason_names[r->reason],
					     r->text.n > 0 ? ": " : "", STR_ARG(r->text))),
		.request_id = r->request_id,
	};

	r->at = clock_now();
	st->once_at = st->revoked_at = -1;
	if (r->by == REVOKE_BY_TOKEN) /* first: a used token is refused as that */
		use_token(r, b);
	put_revoked(r, b);
	st->rec.revoked_at = r->at;
	st->rec.revoked_reason = r->reason;
	index_add_cert(b, st->arena, &st->rec, &st->cert);
	if (r->reason == REASON_KEY)
		block_key(r, b);
	index_add_audit(b, &audit);
	store_batch_urgent(b);
	return b;
}

static enum step commit(struct flow *f, void *op)
{
	struct revoke *r = op;
	const struct err *why = wait_error(&r->st->get.wait);
	struct err e = ERR_INIT;

	if (why != NULL)
		return flow_fail(f, why);
	if (read_record(r, &e) < 0 || check_entitled(r, &e) < 0)
		return flow_fail(f, &e);
	test_crash("revoke.before_commit");
	store_commit(r->ca->store, make_batch(r), &r->st->commit, f, COMMIT_MS);
	return STEP_WAIT;
}

/* ---- end ---- */

static void refused_commit(const struct revoke *r, const struct err *why, struct err *e)
{
	const struct revoke_state *st = r->st;

	*e = *why;
	if (why->code != ERR_CONFLICT)
		return;
	if ((int)st->commit.failed == st->once_at) {
		metric_inc(METRIC_TOKENS_REFUSED);
		ERR(e, ERR_UNAUTHORIZED, "token already used");
		return;
	}
	ENSURE((int)st->commit.failed == st->revoked_at);
	refuse(e, ERR_INVALID, "certificate with serial number '" STR_FMT "' is already revoked",
	       STR_ARG(st->serial));
}

static enum step end(struct flow *f, void *op)
{
	static const char *const by[] = {"token", "certificate", "operator"};
	struct revoke *r = op;
	const struct err *why;
	struct err e = ERR_INIT;

	if (f->failed)
		return STEP_DONE;
	why = wait_error(&r->st->commit.wait);
	if (why != NULL) {
		refused_commit(r, why, &e);
		return flow_fail(f, &e);
	}
	test_crash("revoke.committed");
	metric_inc(METRIC_CERTIFICATES_REVOKED);
	if (str_eqc(r->st->rec.kind, "self"))
		server_cert_replace(r->ca->server_cert);
	log_info("cert.revoked", F_STR("serial", r->st->serial),
		 F_STR("subject", r->st->rec.common_name), F_C("reason", reason_names[r->reason]),
		 F_C("by", by[r->by]), F_STR("actor", actor(r)),
		 F_STR("provisioner", r->st->rec.provisioner), F_STR("request", r->request_id));
	return STEP_DONE;
}

static const struct flow_step revoke_steps[] = {
	{"revoke.load", load, 0},
	{"revoke.commit", commit, FLOW_DETACH},
	{"revoke.end", end, 0},
	{NULL, NULL, 0},
};

void revoke_init(struct revoke *r, struct arena *arena)
{
	r->st = ARENA_NEW(arena, struct revoke_state);
	r->st->arena = arena;
	flow_init(&r->flow, r->ca->loop, revoke_steps, r, arena);
}
