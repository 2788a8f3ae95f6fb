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
	struct str subject_der; /* wins over subject when set (renewal, templates) */
	struct san_list sans;	/* without those of a hand-made extension, see exts */
	uint32_t key_usage;
	const enum oid *ekus;
	size_t n_ekus;
	bool is_ca, has_basic_constraints;
	int max_path_len;
	/* the rest only from templates */
	struct text_list eku_oids; /* contents octets; behind ekus */
	bool has_ski;
	struct str ski; /* with has_ski: instead of the computed one; empty: no extension */
	struct str aki; /* only where step would use it: the issuer has the subject's own name */
	struct text_list ocsp, issuers, crls; /* URLs: AIA and CRL distribution points */
	struct text_list policies;	      /* contents octets */
	bool constraints_critical;
	struct subtrees permitted, excluded;
	/*
	 * Given by OID: each replaces what would be generated for its OID, and all stand at the end
	 * in this order. A SAN extension with names that are no plain DNS, e-mail, IP or URI is the
	 * first of them.
	 */
	struct ext_list exts;
	/*
	 * For who asks for the certificate: profile_tbs() takes its own from struct profile_tbs.
	 * Empty or SIG_NONE: the template says nothing.
	 */
	struct str serial; /* magnitude, no leading zero; not zero */
	bool has_not_before, has_not_after;
	int64_t not_before, not_after;
	enum sig_alg sig_alg;
	struct content_odd *odd; /* see content.h; NULL in the daemon */
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
/*
 * Strength of a subject key: RSA under 2048 bits, with a public exponent that is even or too small,
 * with a small factor, with the pattern of ROCA or with primes so close that they are found at once
 * (Fermat): ERR_FORBIDDEN. X25519 or unknown: ERR_INVALID. About 0.2 ms for RSA, else nothing.
 */
int profile_key_check(const struct key *k, struct err *e) NODISCARD;

/*
 * Keys that nobody may use: a file with one key a line, as hexadecimal SHA-256 of either the
 * SubjectPublicKeyInfo or (RSA) the modulus (its bytes without leading zeros); '#' begins a
 * comment. Immutable once loaded. At most 64 MiB.
 */
struct key_blocklist;
int key_blocklist_load(const char *path, struct key_blocklist **out, struct err *e) NODISCARD;
void key_blocklist_free(struct key_blocklist *b); /* NULL is fine */
size_t key_blocklist_count(const struct key_blocklist *b);
/* ERR_FORBIDDEN with a public sentence when the key is listed; NULL: nothing is. */
int key_blocklist_check(const struct key_blocklist *b, const struct key *k,
			struct err *e) NODISCARD;

struct profile_tbs {
	struct str serial;
	const struct cert *issuer; /* for the name, AKI; self_signed: NULL */
	enum sig_alg sig_alg;
	struct key *subject_key;
	int64_t not_before, not_after;
	const struct step_provisioner *provisioner; /* NULL: no extension */
	bool past_issuer; /* not_after may be beyond the issuer's: allowed by name */
	bool no_names;	  /* neither subject nor alternative names is allowed by name */
};
/*
 * KU, EKU, BC, SKI, AKI, AIA, SAN, policies, name constraints, CRL points, those given by OID, the
 * provisioner, in this order (step-api 4.1, 9). A provisioner extension from the fields is dropped,
 * also when p->provisioner is NULL. The result is read again: what is malformed or there twice is
 * ERR_INVALID.
 */
int profile_tbs(const struct profile_fields *f, const struct profile_tbs *p, struct arena *a,
		struct buf *out, struct err *e) NODISCARD;
/*
 * Renewal (step-api 1.6): SKI when the key changes and AKI anew, then all other extensions of
 * `old` in their order, its subject too. A new key that is no RSA key loses keyEncipherment.
 * `p->provisioner` is not looked at: the old one's extension is copied. */
int profile_tbs_renew(const struct cert *old, const struct profile_tbs *p, struct arena *a,
		      struct buf *out, struct err *e) NODISCARD;
/*
 * What to sign with: what the template asks for when the issuer's key can do it, else `issuers`.
 * ERR_INVALID when it cannot; profile_tbs() then insists on p->sig_alg being the asked one.
 */
int profile_sig_alg(const struct profile_fields *f, enum sig_alg issuers, enum sig_alg *out,
		    struct err *e) NODISCARD;
/* 16 random bytes, the first 0x01-0x7f. */
void profile_serial(unsigned char out[16]);

#endif
