/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CA_CA_H
#define SIGNET_CA_CA_H

#include "codec/rec.h"
#include "conf/conf.h"
#include "kms/kms.h"
#include "loop/flow.h"
#include "net/tls.h"
#include "prov/prov.h"
#include "store/store.h"
#include "x509/x509.h"

/*
 * ca.h - the certificate authority: its authorities, and the one way to a signature (ca/issue.c).
 */
struct authority {
	const char *name;
	struct cert cert; /* the issuing certificate */
	const struct str
		*chain; /* DER: issuing certificate first, then the rest of the chain, no root */
	size_t n_chain;
	const struct str *roots, *federated; /* DER */
	size_t n_roots, n_federated;
	struct cert *root_certs;  /* parsed */
	struct cert *chain_certs; /* parsed, as chain */
	struct kms_key *key;
	int64_t backdate; /* seconds */
	struct verify_handles
		*verify; /* ca/check.c: public key handles for checking what was signed */
};

struct ca {
	struct loop *loop;
	struct store *store;
	struct pool *cpu, *slow;
	struct conf *conf;
	struct prov_set *provs; /* current snapshot */
	struct authority *authorities;
	size_t n_authorities;
	struct arena *arena;
	bool ready; /* open reservations of an earlier run are resolved: issuing may begin */
	struct server_cert *server_cert;
	struct ca_watch *watch;
};
struct ca_config {
	struct loop *loop;
	struct store *store;
	struct pool *cpu, *slow;
	struct conf *conf;
	struct prov_set *provs;
};
/*
 * Reads the certificates of every authority (chain checked up to a root), starts opening the
 * keys. Start-up only (reads files).
 */
struct ca *ca_new(const struct ca_config *c, struct err *e) NODISCARD;
/* What ca_new() would say of the authorities' certificates; opens no key. For --check-config. */
int ca_check_certs(struct conf *conf, struct err *e) NODISCARD;
/*
 * Before the end: nothing is begun any more (the daemon's own leaf, upkeep). Turn the loop until
 * !ca_busy(), then ca_free().
 */
void ca_stop(struct ca *ca);
bool ca_busy(const struct ca *ca); /* something of its own is running; it may use store and pools */
void ca_free(struct ca *ca);
const struct authority *ca_authority(const struct ca *ca, struct str name);
/* The authority whose issuing certificate, or one of its chain, has this subject and key id. */
const struct authority *ca_issuer_of(const struct ca *ca, const struct cert *c);
/*
 * PEM of all roots and intermediates of all authorities: what client certificates are checked
 * against.
 */
void ca_client_trust(const struct ca *ca, struct buf *pem);

/* ---- records (ca/record.c): what is stored, keys and values ---- */
struct rec_cert { /* cf cert, key: serial padded to 20 */
	struct str der;
	struct str authority, provisioner, provisioner_type;
	struct str endpoint; /* 16 bytes */
	struct str key_id;   /* of the signing key */
	struct str common_name;
	struct rec_list names; /* text */
	int64_t not_before, not_after, issued;
	struct str renewed_from; /* serial key, or empty */
	struct str request_id;
};
struct rec_reservation { /* cf reservation, key: serial */
	struct str tbs, key_id, authority, provisioner;
	int64_t made;
	struct str once; /* key in `once`, empty for renewals */
	struct str endpoint;
	struct str renewed_from;
	uint64_t state; /* 0 open, 1 failed, 2 orphaned */
	struct str why;
	int64_t not_after;
};
struct rec_once { /* cf once */
	int64_t expiry;
	struct str serial;
};
struct rec_endpoint {	 /* cf endpoint, key: id (16) */
	struct str kind; /* "x509", "self" */
	struct str authority, provisioner, common_name;
	int64_t created;
};
struct rec_revoked { /* cf revoked, key: serial */
	int64_t at;
	int64_t reason;
	struct str text;
	struct str by;
	int64_t not_after;
};
struct rec_audit { /* cf audit, key: time ns (u64) + 8 random bytes */
	struct str event, actor, serial, detail, request_id;
	int64_t at;
};
extern const struct rec_type_info rec_cert_info, rec_reservation_info, rec_once_info,
	rec_endpoint_info, rec_revoked_info, rec_audit_info;
#define SERIAL_KEY 20
void serial_key(struct str magnitude, unsigned char out[SERIAL_KEY]); /* left-padded */

/* ---- issue (ca/issue.c): a child flow; DESIGN 5, steps 4 to 7 ---- */
struct issue {
	/* in */
	struct ca *ca;
	struct grant *grant; /* method SIGN: new certificate; RENEW: with old */
	const struct authority *authority;
	const struct csr *csr;	 /* SIGN */
	struct key *subject_key; /* loaded and proved by the caller */
	struct profile_validity_in {
		struct str not_before, not_after; /* text as the client sent it */
	} asked;
	const struct cert *old;	 /* RENEW */
	struct str old_endpoint; /* 16 bytes */
	struct str request_id;
	const char *endpoint_kind; /* NULL: "x509"; "self" for the daemon's own leaf */
	/* out */
	struct str der;	   /* the certificate, in the flow's arena, committed */
	struct str serial; /* magnitude */
	int64_t not_after;
	/* state */
	struct flow flow;
	struct issue_state *st;
};
void issue_init(struct issue *i, struct arena *arena);

/* ---- renew (ca/renew.c): checks a presented certificate, then issue ---- */
struct renew {
	/* in */
	struct ca *ca;
	struct str leaf_der; /* presented, chain verified by TLS */
	struct str request_id;
	/* out */
	struct issue issue; /* issue.der and issue.authority */
	/* state */
	struct flow flow;
	struct renew_state *st;
};
void renew_init(struct renew *r, struct arena *arena);

/*
 * ---- the daemon's own TLS leaf (ca/server_cert.c): tls/server.key, tls/server.crt; issued
 * through issue as endpoint
 * kind "self"; renewed at 2/3 of its life ---- */
struct server_cert;
struct tls_context;
/*
 * Loads key and leaf from tls/ or makes the key (and, until the CA can sign, a leaf valid for the
 * names is waited for). on_creds is called on the loop with
 * each new pair, the first time before or after ca is ready. Start-up. */
struct server_cert *server_cert_new(struct ca *ca,
				    void (*on_creds)(void *arg, const struct tls_creds *c),
				    void *arg, struct err *e) NODISCARD;
void server_cert_stop(struct server_cert *s); /* NULL is fine, as below */
bool server_cert_busy(const struct server_cert *s);
void server_cert_free(struct server_cert *s); /* not while it is busy */

/*
 * ---- in the background (ca/watch.c): open reservations at start-up (then ca->ready), pruning of
 * `once` ----
 */
struct ca_watch *ca_watch_new(struct ca *ca);
void ca_watch_stop(struct ca_watch *w);
bool ca_watch_busy(const struct ca_watch *w);
void ca_watch_free(struct ca_watch *w); /* not while it is busy */

#endif
