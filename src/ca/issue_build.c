/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ca/issue_priv.h"

#include "base/bug.h"
#include "base/clock.h"
#include "ca/index.h"
#include "codec/b64.h"

/*
 * issue_build.c - what issue.c will have signed: names, limits, the exact TBS; and the endpoint
 * that the certificate belongs to.
 *
 * An endpoint is one line of certificates that follow each other: the laptop, the service. The
 * rules, in this order:
 *
 *   - a renewal stays in its endpoint, and so does the daemon's own leaf;
 *   - an id that the token names, else one that the request names, is joined when it exists and may
 *     be joined, or else made;
 *   - where renewal is enabled every certificate begins a new one: what follows will be a renewal;
 *   - where it is disabled what follows is one more of these, so the id is computed from what both
 *     have in common: authority, common name, names. No read is needed, and case, order and
 *     repetition do not matter.
 */

/* ---- names and limits ---- */

/* The operator's and the client's sentence are the same here. */
static int refuse(struct err *e, enum err_code code, const char *text)
{
	err_set(e, code, "%s", text);
	return err_public(e, "%s", text);
}

/* Dates that the template chose, where the operator lets it: options.x509.allow. */
static void relax(const struct issue *i, struct claims *c, int64_t *latest)
{
	if (i->st->rules->allow & CONTENT_VALIDITY) {
		c->min_tls = 0;
		c->max_tls = DURATION_MAX;
	}
	if (i->st->rules->allow & CONTENT_PAST_ISSUER)
		*latest = INT64_MAX;
}

/* The request's dates win over the template's (step-api 4.1). */
static int resolve_validity(struct issue *i, struct err *e)
{
	struct issue_state *st = i->st;
	struct profile_validity v = {0};
	struct claims claims;
	int64_t now = clock_now(), latest = i->authority->cert.not_after;
	bool templated = false;

	if (i->grant->prov != NULL)
		claims = i->grant->prov->claims;
	else if (claims_resolve(&i->ca->conf->claims, NULL, &claims, e) < 0)
		return -1;
	if (profile_time_parse(i->asked.not_before, now, &v.has_not_before, &v.not_before, e) < 0)
		return err_wrap(e, "notBefore");
	if (!v.has_not_before && st->fields.has_not_before) {
		v.has_not_before = templated = true;
		v.not_before = st->fields.not_before;
	}
	if (profile_time_parse(i->asked.not_after, v.has_not_before ? v.not_before : now,
			       &v.has_not_after, &v.not_after, e) < 0)
		return err_wrap(e, "notAfter");
	if (!v.has_not_after && st->fields.has_not_after) {
		v.has_not_after = templated = true;
		v.not_after = st->fields.not_after;
	}
	if (templated)
		relax(i, &claims, &latest);
	return profile_validity_resolve(&v, &claims, i->authority->backdate, now,
					i->grant->not_after, latest, &st->not_before, &i->not_after,
					e);
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
	int64_t now = clock_now();

	if (length > longest)
		length = longest;
	if (length < c->min_tls / DURATION_SECOND + (c->min_tls % DURATION_SECOND > 0)) {
		char a[40], b[40];

		duration_format(length * DURATION_SECOND, a);
		duration_format(c->min_tls, b);
		ERR(e, ERR_FORBIDDEN,
		    "the certificate's lifetime of %s is less than the authorized minimum of %s", a,
		    b);
		return err_public(e, "%s", e->msg);
	}
	i->st->not_before = now - i->authority->backdate;
	i->not_after = i->st->not_before + length;
	if (i->not_after > i->authority->cert.not_after)
		i->not_after = i->authority->cert.not_after;
	if (i->not_after <= now)
		return ERR(e, ERR_UNAVAILABLE, "authority %s: its certificate has expired",
			   i->authority->name);
	return 0;
}

static bool has_key(const struct cert *certs, size_t n, struct str spki)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(certs[i].spki, spki))
			return true;
	return false;
}

/* Strength, and whose it is. Leaves its hash for the precondition. */
static int check_key(struct issue *i, struct err *e)
{
	struct buf spki = BUF_INIT;
	bool of_ca = false;

	const struct ca_rules *rules = ca_rules_of(i->grant->prov);

	if (profile_key_check(i->subject_key, e) < 0 ||
	    (rules != NULL && key_blocklist_check(rules->common->blocked, i->subject_key, e) < 0))
		return -1;
	key_to_spki(i->subject_key, &spki);
	hash(HASH_SHA256, buf_view(&spki), i->st->spki);
	for (size_t k = 0; k < i->ca->n_authorities && !of_ca; k++) {
		const struct authority *au = &i->ca->authorities[k];

		of_ca = has_key(au->chain_certs, au->n_chain, buf_view(&spki)) ||
			has_key(au->root_certs, au->n_roots, buf_view(&spki));
	}
	buf_release(&spki);
	return of_ca ? refuse(e, ERR_INVALID, "the key is one of the certificate authority's own")
		     : 0;
}

/* By the template of the provisioner; the daemon's own leaf has none. */
static int fill_fields(struct issue *i, struct err *e)
{
	struct issue_state *st = i->st;

	if (st->rules != NULL)
		return content_render(st->rules->x509, &st->in, st->arena, &st->fields, NULL, e);
	profile_leaf_fields(&st->fields, i->grant->subject, &i->grant->names,
			    key_type(i->subject_key), st->arena);
	return 0;
}

/* The key signs in one way only (kms_key_alg). */
static int check_alg(const struct issue *i, struct err *e)
{
	enum sig_alg asked = i->st->fields.sig_alg, ours = kms_key_alg(i->authority->key);

	if (asked == SIG_NONE || asked == ours)
		return 0;
	return ERR(e, ERR_INTERNAL,
		   "the template's signatureAlgorithm is not what authority %s signs with",
		   i->authority->name);
}

/*
 * The checks of the finished certificate decide; this one only comes first because profile_tbs()
 * would say of the issuer what is to be said of the template.
 */
static int check_ca(const struct issue *i, struct err *e)
{
	const struct cert wanted = {.is_ca = true};

	if (i->st->rules == NULL || !i->st->fields.is_ca)
		return 0;
	return content_check_forbidden(&wanted, NULL, i->st->rules->allow | CONTENT_NO_NAMES, e);
}

static int build_new(struct issue *i, struct profile_tbs *p, struct buf *out, struct err *e)
{
	struct issue_state *st = i->st;

	if (fill_fields(i, e) < 0 || check_ca(i, e) < 0 || check_alg(i, e) < 0 ||
	    resolve_validity(i, e) < 0)
		return -1;
	if (st->fields.serial.n > 0)
		p->serial = st->fields.serial;
	p->not_before = st->not_before;
	p->not_after = i->not_after;
	p->past_issuer = st->rules != NULL && (st->rules->allow & CONTENT_PAST_ISSUER) != 0;
	p->no_names = st->rules != NULL && (st->rules->allow & CONTENT_NO_NAMES) != 0;
	return profile_tbs(&st->fields, p, st->arena, out, e);
}

static int build_renewed(struct issue *i, struct profile_tbs *p, struct buf *out, struct err *e)
{
	if (renewed_validity(i, e) < 0)
		return -1;
	serial_key(i->old->serial, i->st->old_key);
	hash(HASH_SHA256, i->old->spki, i->st->old_spki);
	p->not_before = i->st->not_before;
	p->not_after = i->not_after;
	return profile_tbs_renew(i->old, p, i->st->arena, out, e);
}

int issue_check_request(struct issue *i, struct err *e)
{
	if (i->old == NULL && (!utf8_valid(i->grant->subject) || str_has(i->grant->subject, '\0')))
		return ERR(e, ERR_INVALID, "subject: not UTF-8, or with a NUL");
	if (i->csr != NULL && grant_check_csr(i->grant, i->csr, e) < 0)
		return -1;
	return check_key(i, e);
}

int issue_build_tbs(struct issue *i, struct err *e)
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

	if (pr != NULL && pr->step_type != 0 && !pr->claims.disable_smallstep_extensions) {
		ext.type = pr->step_type;
		ext.name = str_c(pr->name);
		ext.credential_id = i->grant->credential_id;
		p.provisioner = &ext;
	}
	rc = i->old != NULL ? build_renewed(i, &p, &out, e) : build_new(i, &p, &out, e);
	if (rc == 0)
		st->tbs = arena_str(st->arena, buf_view(&out));
	buf_release(&out);
	return rc;
}

/* ---- the endpoint ---- */

static int compare(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* With its length, so that no two lists of texts look alike. */
static void add_text(struct hash_ctx *h, struct str s)
{
	struct buf n = BUF_INIT;

	buf_u64(&n, s.n);
	hash_update(h, buf_view(&n));
	hash_update(h, s);
	buf_release(&n);
}

/* What is computed from: see the head of the file. */
static void common_endpoint(const struct issue *i, unsigned char id[ENDPOINT_ID])
{
	const struct cert names = {.sans = i->grant->names}; /* without a common name */
	struct arena *a = i->st->arena;
	struct rec_list l = index_names(a, &names);
	struct str *sorted = ARENA_ARRAY(a, struct str, l.n + 1);
	struct hash_ctx *h = hash_new(HASH_SHA256);
	unsigned char digest[HASH_MAX];
	char *cn = arena_cstr(a, i->grant->subject);

	for (size_t k = 0; k < i->grant->subject.n; k++)
		cn[k] = ascii_lower(cn[k]);
	for (size_t k = 0; k < l.n; k++)
		sorted[k] = l.items[k];
	qsort(sorted, l.n, sizeof(*sorted), compare);
	add_text(h, STR("signet endpoint 1"));
	add_text(h, str_c(i->authority->name));
	add_text(h, str_mem(cn, i->grant->subject.n));
	for (size_t k = 0; k < l.n; k++)
		add_text(h, sorted[k]);
	hash_final(h, digest);
	memcpy(id, digest, ENDPOINT_ID);
}

void issue_choose_endpoint(struct issue *i)
{
	struct issue_state *st = i->st;
	const struct grant *g = i->grant;
	bool fresh = i->old == NULL && i->endpoint_kind == NULL; /* neither renewal nor self */
	struct str named = fresh && g->endpoint.n > 0 ? g->endpoint : i->endpoint;

	ENSURE(named.n == 0 || named.n == ENDPOINT_ID);
	st->named = fresh && named.n > 0;
	st->named_by_token = st->named && g->endpoint.n > 0;
	if (named.n > 0)
		memcpy(st->endpoint, named.p, ENDPOINT_ID);
	else if (fresh && g->prov != NULL && g->prov->claims.disable_renewal)
		common_endpoint(i, st->endpoint);
	else
		rand_bytes(st->endpoint, ENDPOINT_ID);
}

int issue_join_endpoint(struct issue *i, struct err *e)
{
	const struct provisioner *prov = i->grant->prov;
	struct issue_state *st = i->st;
	struct rec_endpoint ep;

	st->creates_endpoint = !st->get.found;
	if (!st->get.found)
		return 0;
	if (rec_decode(&rec_endpoint_info, st->get.value, st->arena, &ep, e) < 0)
		return -1;
	if (str_eqc(ep.kind, "self"))
		return refuse(e, ERR_FORBIDDEN, "the endpoint is the certificate authority's own");
	if (!str_eqc(ep.authority, i->authority->name))
		return refuse(e, ERR_FORBIDDEN, "the endpoint belongs to another authority");
	if (!st->named_by_token && !str_eqc(ep.provisioner, prov ? prov->name : ""))
		return refuse(e, ERR_FORBIDDEN, "the endpoint belongs to another provisioner");
	return 0;
}

void issue_endpoint_row(const struct issue *i, struct str common_name, struct buf *out)
{
	const struct rec_endpoint ep = {
		.kind = str_c(i->endpoint_kind ? i->endpoint_kind : "x509"),
		.authority = str_c(i->authority->name),
		.provisioner = str_c(i->grant->prov ? i->grant->prov->name : ""),
		.common_name = common_name,
		.created = clock_now(),
	};

	rec_encode(&rec_endpoint_info, &ep, out);
}
