/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_PROFILE_PROFILE_H
#define SIGNET_PROFILE_PROFILE_H

#include "conf/conf.h"
#include "x509/x509.h"

/*
 * profile.h - what a certificate says: from a request, the allowed names and limits to the exact
 * TBS. Pure: no store, no plugins, no loop; the daemon and the command share it. (The template
 * engine plugs in here: fields come from a template instead of profile_leaf_fields.)
 */
struct profile_fields { /* what a template decides */
	struct name subject;
	struct str subject_der; /* wins over subject when set (renewal) */
	struct san_list sans;
	uint32_t key_usage;
	const enum oid *ekus;
	size_t n_ekus;
	bool is_ca, has_basic_constraints;
	int max_path_len;
};
/*
 * DefaultLeaf of step-api 4.6: subject CN, SANs; digitalSignature (and keyEncipherment for RSA);
 * serverAuth, clientAuth.
 */
void profile_leaf_fields(struct profile_fields *f, struct str common_name,
			 const struct san_list *sans, enum key_type subject_key, struct arena *a);
/* Root and intermediate: certSign, crlSign, CA with path length. */
void profile_ca_fields(struct profile_fields *f, const struct name *subject, int max_path_len);

struct profile_validity { /* all seconds; as asked by the client */
	bool has_not_before, has_not_after;
	int64_t not_before, not_after;
};
/* "", RFC 3339 or a Go duration relative to now (notAfter: relative to not_before). ERR_INVALID. */
int profile_time_parse(struct str text, int64_t base, bool *set, int64_t *out,
		       struct err *e) NODISCARD;
/*
 * Applies default, back-dating (only without has_not_before), min/max claims with step's messages
 * (step-api 1.5:
 * 400 in the past, 403 min and max), the grant's limit, the issuer's
 * not_after (clipped when the client asked for nothing, ERR_FORBIDDEN when it asked for more). */
int profile_validity_resolve(const struct profile_validity *asked, const struct claims *c,
			     int64_t backdate_s, int64_t now, int64_t grant_not_after,
			     int64_t issuer_not_after, int64_t *not_before, int64_t *not_after,
			     struct err *e) NODISCARD;
/* Strength of a subject key: RSA under 2048 ERR_FORBIDDEN, X25519 or unknown ERR_INVALID. */
int profile_key_check(const struct key *k, struct err *e) NODISCARD;

struct profile_tbs {
	struct str serial;
	const struct cert *issuer; /* for the name, AKI; self_signed: NULL */
	enum sig_alg sig_alg;
	struct key *subject_key;
	int64_t not_before, not_after;
	const struct step_provisioner *provisioner; /* NULL: no extension */
};
/* KU, EKU, BC, SKI, AKI, SAN, provisioner, in this order (step-api 9). */
int profile_tbs(const struct profile_fields *f, const struct profile_tbs *p, struct arena *a,
		struct buf *out, struct err *e) NODISCARD;
/*
 * Renewal (step-api 1.6): SKI when the key changes and AKI anew, then all other extensions of
 * `old` in their order, its subject too. A new key that is no RSA key loses keyEncipherment.
 * `p->provisioner` is not looked at: the old one's extension is copied. */
int profile_tbs_renew(const struct cert *old, const struct profile_tbs *p, struct arena *a,
		      struct buf *out, struct err *e) NODISCARD;
/* 16 random bytes, the first 0x01-0x7f. */
void profile_serial(unsigned char out[16]);

#endif
