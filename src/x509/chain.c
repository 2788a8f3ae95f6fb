/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/clock.h"
#include "x509/priv.h"

/*
 * chain.c - finding and checking a path (RFC 5280 6.1, without policies).
 *
 * The search goes from the leaf upward, depth first: an issuer is tried when its subject is the
 * issuer's name byte for byte and the key identifiers, where both are there, agree. Cheap checks
 * come first, then the signature, then the name constraints of that issuer on everything below it.
 * A root that fits ends the search.
 *
 * What it guarantees: it ends. No certificate and no pair of subject and key comes twice into a
 * path, a path has at most DEPTH_MAX certificates, and SIGNATURES_MAX signatures and NAMES_MAX
 * names are compared in all, whatever was handed in. Roots are held to the same checks as other
 * issuers (dates, CA, key usage, constraints), but their own signature is not looked at. Extended
 * key usage is taken as nested: a CA that has the extension must allow the usage as well. A root
 * given as the leaf is trusted as it is, after the checks of a leaf.
 *
 * When several paths fail, the error of the one that came farthest is returned.
 */
#define DEPTH_MAX      10U
#define SIGNATURES_MAX 100U
#define NAMES_MAX      250000U

struct search {
	const struct chain_params *p;
	const struct cert *path[DEPTH_MAX]; /* leaf first */
	size_t n;
	unsigned signatures; /* left */
	size_t names;	     /* left */
	struct err best;
	size_t best_depth;
};

static bool self_issued(const struct cert *c)
{
	return name_der_equal(c->issuer.der, c->subject.der);
}

/* Keeps the error of the deepest attempt. */
static int note(struct search *s, const struct err *why)
{
	if (s->n > s->best_depth) {
		s->best_depth = s->n;
		s->best = *why;
	}
	return -1;
}

static int check_dates(const struct cert *c, int64_t now, struct err *e)
{
	char who[120], when[24];

	if (now < c->not_before)
		return ERR(e, ERR_UNAUTHORIZED, "certificate %s: not valid before %s",
			   x509_who(c, who), time_format_rfc3339(c->not_before, when));
	if (now > c->not_after)
		return ERR(e, ERR_UNAUTHORIZED, "certificate %s: expired at %s", x509_who(c, who),
			   time_format_rfc3339(c->not_after, when));
	return 0;
}

static int check_critical(const struct cert *c, struct err *e)
{
	for (size_t i = 0; i < c->exts.n; i++) {
		struct buf oid = BUF_INIT;
		char who[120];

		if (!c->exts.items[i].critical || x509_ext_known(c->exts.items[i].oid))
			continue;
		x509_put_oid(&oid, c->exts.items[i].oid);
		err_set(e, ERR_UNAUTHORIZED,
			"certificate %s: critical extension %s is not understood", x509_who(c, who),
			oid.p);
		buf_release(&oid);
		return -1;
	}
	return 0;
}

/* What holds for the leaf and for its issuers. */
static int check_common(const struct search *s, const struct cert *c, struct err *e)
{
	char who[120];

	if (check_dates(c, s->p->now, e) < 0 || check_critical(c, e) < 0)
		return -1;
	if (s->p->usage != OID_NONE && !cert_eku_allows(c, s->p->usage))
		return ERR(e, ERR_UNAUTHORIZED,
			   "certificate %s: extended key usage does not allow %s", x509_who(c, who),
			   oid_name(s->p->usage));
	return 0;
}

static int check_issuer(const struct search *s, const struct cert *ca, struct err *e)
{
	char who[120];
	int below = 0;

	if (check_common(s, ca, e) < 0)
		return -1;
	if (!ca->is_ca)
		return ERR(e, ERR_UNAUTHORIZED, "certificate %s: not a CA", x509_who(ca, who));
	if (ca->has_key_usage && (ca->key_usage & KU_CERT_SIGN) == 0)
		return ERR(e, ERR_UNAUTHORIZED,
			   "certificate %s: key usage does not allow to sign certificates",
			   x509_who(ca, who));
	for (size_t i = 1; i < s->n; i++)
		below += !self_issued(s->path[i]);
	if (ca->max_path_len >= 0 && below > ca->max_path_len)
		return ERR(e, ERR_UNAUTHORIZED, "certificate %s: path length %d exceeded",
			   x509_who(ca, who), ca->max_path_len);
	return 0;
}

static bool may_have_issued(const struct cert *ca, const struct cert *c)
{
	if (!name_der_equal(ca->subject.der, c->issuer.der))
		return false;
	return ca->ski.n == 0 || c->aki.n == 0 || str_eq(ca->ski, c->aki);
}

static bool in_path(const struct search *s, const struct cert *ca)
{
	for (size_t i = 0; i < s->n; i++)
		if (str_eq(s->path[i]->der, ca->der) ||
		    (str_eq(s->path[i]->spki, ca->spki) &&
		     name_der_equal(s->path[i]->subject.der, ca->subject.der)))
			return true;
	return false;
}

/* RFC 5280 6.1.3 (b): self-issued certificates are exempt, unless they are the last one. */
static int check_names(struct search *s, const struct cert *ca, struct err *e)
{
	for (size_t i = 0; i < s->n; i++)
		if ((i == 0 || !self_issued(s->path[i])) &&
		    x509_name_constraints_apply(ca, s->path[i], &s->names, e) < 0)
			return -1;
	return 0;
}

static int extend(struct search *s);

static int try_issuer(struct search *s, const struct cert *ca, bool root)
{
	struct err why = ERR_INIT;
	int rc;

	if (check_issuer(s, ca, &why) < 0)
		return note(s, &why);
	if (s->signatures == 0) {
		err_set(&why, ERR_UNAUTHORIZED, "certificate chain: too many signatures to check");
		return note(s, &why);
	}
	s->signatures--;
	if (cert_check_signature(s->path[s->n - 1], ca, &why) < 0 || check_names(s, ca, &why) < 0) {
		why.code = ERR_UNAUTHORIZED;
		return note(s, &why);
	}
	if (root)
		return 0;
	s->path[s->n++] = ca;
	rc = extend(s);
	s->n--;
	return rc;
}

static int extend(struct search *s)
{
	const struct cert *c = s->path[s->n - 1];
	struct err why = ERR_INIT;
	bool tried = false;
	char who[120];

	for (size_t i = 0; i < s->p->n_roots; i++) {
		if (!may_have_issued(&s->p->roots[i], c) || in_path(s, &s->p->roots[i]))
			continue;
		tried = true;
		if (try_issuer(s, &s->p->roots[i], true) == 0)
			return 0;
	}
	for (size_t i = 0; s->n < DEPTH_MAX && i < s->p->n_intermediates; i++) {
		if (!may_have_issued(&s->p->intermediates[i], c) ||
		    in_path(s, &s->p->intermediates[i]))
			continue;
		tried = true;
		if (try_issuer(s, &s->p->intermediates[i], false) == 0)
			return 0;
	}
	if (tried)
		return -1;
	err_set(&why, ERR_UNAUTHORIZED,
		"certificate %s: its issuer is neither a trusted root nor among the certificates "
		"given",
		x509_who(c, who));
	return note(s, &why);
}

int chain_verify(const struct cert *leaf, const struct chain_params *p, struct err *e)
{
	struct search s = {
		.p = p,
		.path = {leaf},
		.n = 1,
		.signatures = SIGNATURES_MAX,
		.names = NAMES_MAX,
	};

	if (check_common(&s, leaf, e) < 0)
		return -1;
	for (size_t i = 0; i < p->n_roots; i++)
		if (str_eq(p->roots[i].der, leaf->der))
			return 0;
	if (extend(&s) == 0)
		return 0;
	*e = s.best;
	return -1;
}
