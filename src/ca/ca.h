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
	struct plugin_registry *plugins;
	struct outbound *outbound; /* for webhooks; NULL: there are none */
	struct authority *authorities;
	size_t n_authorities;
	struct arena *arena;
	bool ready; /* open reservations of an earlier run are resolved: issuing may begin */
	struct server_cert *server_cert;
	struct ca_watch *watch;
	struct inventory_keeper *inventories; /* ca/inventory.h */
	int64_t restored; /* tokens issued before it are refused: the store is a restored backup */
	int64_t reloaded; /* when the snapshot was last swapped */
	bool reloading, reload_job; /* a reload's flow; its job, which may outlast it */
	bool backing_up, backup_job;
	/* after a swap of `conf` and `provs`, on the loop; set by the daemon */
	void (*on_reload)(void *arg, const struct conf *conf);
	void *on_reload_arg;
};
struct ca_config {
	struct loop *loop;
	struct store *store;
	struct pool *cpu, *slow;
	struct conf *conf;
	struct prov_set *provs;
	struct plugin_registry *plugins; /* for reloading; outlives the ca */
	struct outbound *outbound;	 /* outlives the ca */
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
	int64_t revoked_at;	   /* 0: it is not; what decides is the row in `revoked` */
	int64_t revoked_reason;	   /* RFC 5280 5.3.1 */
	struct str kind;	   /* of its endpoint: "x509", "self" */
	struct str provisioner_id; /* as struct provisioner's id: another key is another one */
};
/*
 * What a list shows of a certificate: the value of its rows in cert_by_expiry, cert_by_name and
 * cert_by_endpoint, so that a page is one scan. Written by index_add_cert from a rec_cert.
 */
struct rec_listing {
	struct str common_name, authority, provisioner;
	struct str endpoint; /* 16 bytes */
	struct rec_list names;
	int64_t not_before, not_after, revoked_at, revoked_reason;
	struct str kind;
	/*
	 * In cert_by_name, where `names` are not all (see ca/index.c): the certificate's last name
	 * in byte order before that of the row. Else empty.
	 */
	struct str before;
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
struct rec_blocked_key { /* cf blocked_key, key: SHA-256 of the SubjectPublicKeyInfo */
	int64_t at;
	struct str serial; /* of the certificate that was revoked for keyCompromise */
};
struct rec_audit { /* cf audit, key: time ns (u64) + 8 random bytes */
	struct str event, actor, serial, detail, request_id;
	int64_t at;
};
extern const struct rec_type_info rec_cert_info, rec_reservation_info, rec_once_info,
	rec_endpoint_info, rec_revoked_info, rec_audit_info, rec_listing_info, rec_blocked_key_info;
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
	const struct cert *old; /* RENEW */
	/*
	 * 16 bytes, or empty. RENEW: the old certificate's. SIGN: asked for by the request; the
	 * token's own (grant->endpoint) wins over it. Afterwards: the certificate's.
	 */
	struct str endpoint;
	struct str request_id;
	const json_t *user;	   /* SIGN: the request's templateData, or NULL */
	struct str source;	   /* the client's address, 4 or 16 bytes; empty: not known */
	const char *endpoint_kind; /* NULL: "x509"; "self" for the daemon's own leaf */
	/* out */
	struct str der;	   /* the certificate, in the flow's arena, committed */
	struct str serial; /* magnitude */
	int64_t not_after;
	bool key_blocked; /* why it failed: the subject's key was revoked for key compromise */
	/* state */
	struct flow flow;
	struct issue_state *st;
};
void issue_init(struct issue *i, struct arena *arena);

/*
 * ---- renew and rekey (ca/renew.c): check what is presented, then issue ----
 * Either leaf_der (mTLS) or token (Authorization: Bearer, step-api 2.3 "Renew token"), never both.
 */
struct renew {
	/* in */
	struct ca *ca;
	struct str leaf_der; /* presented, chain verified by TLS; empty with a token */
	struct str token;    /* renew token; only /renew takes one */
	struct str source;   /* the client's address, as in struct issue */
	struct key *new_key; /* rekey: loaded and proved by the caller; NULL keeps the old one's */
	struct str request_id;
	/* out */
	struct issue issue; /* issue.der and issue.authority */
	/*
	 * Not NULL after a failure: the whole message to answer, with 401, without the standard
	 * words around it (step-api 9, renew-token errors). Lives in the flow's arena.
	 */
	const char *bare;
	/* state */
	struct flow flow;
	struct renew_state *st;
};
void renew_init(struct renew *r, struct arena *arena);

/* ---- revoke (ca/revoke.c): who may, then one commit ---- */
enum revoke_by {
	REVOKE_BY_TOKEN,   /* grant: its serial is this one, its provisioner issued it */
	REVOKE_BY_CERT,	   /* leaf_der: chain verified by TLS; the very certificate */
	REVOKE_BY_OPERATOR /* the control socket */
};
struct revoke {
	/* in */
	struct ca *ca;
	struct str serial; /* magnitude */
	int64_t reason;	   /* RFC 5280 5.3.1: 0 to 10 without 7; else ERR_INVALID */
	struct str text;   /* the client's words, at most 1,000 bytes of UTF-8; may be empty */
	enum revoke_by by;
	struct grant *grant;
	struct str leaf_der;
	struct str actor; /* operator: "uid 0" for the audit entry */
	struct str request_id;
	/* out */
	int64_t at;
	/* state */
	struct flow flow;
	struct revoke_state *st;
};
/*
 * Ends well when the revocation is synced. ERR_NOT_FOUND: never issued here, nothing is stored (nor
 * is the token used up); ERR_INVALID with a public sentence: already revoked; ERR_FORBIDDEN,
 * ERR_UNAUTHORIZED: who asks may not. Reason 1 (keyCompromise) also blocks the key: no certificate
 * for it any more.
 */
void revoke_init(struct revoke *r, struct arena *arena);
bool revoke_reason_known(int64_t reason); /* RFC 5280 5.3.1: 0 to 10 without 7 */

/* ---- reading the catalogue (ca/catalog.c) ---- */
enum catalog_status {
	CATALOG_CURRENT, /* not expired, revoked or not */
	CATALOG_VALID,	 /* neither expired nor revoked nor before its beginning */
	CATALOG_REVOKED,
	CATALOG_EXPIRED,
	CATALOG_ALL
};
struct catalog_filter {
	/*
	 * Any of the names, in any case: exact, "web*" begins, "*web.net" ends, "*web*" contains. A
	 * leading "*." is meant literally.
	 */
	struct str name;
	struct str provisioner, authority; /* exact */
	struct str endpoint;		   /* 16 bytes */
	enum catalog_status status;
	int64_t expires_within; /* seconds from now; 0: no limit */
	bool self;		/* the daemon's own leaves too */
};
struct catalog_row {
	struct str serial; /* key: 20 bytes */
	struct rec_listing listing;
};
/*
 * Ascending by not_after, then serial; when the filter's name is "web*" and there is no endpoint,
 * by name first. Certificates that are issued meanwhile make nothing come twice.
 */
struct catalog_list {
	/* in */
	struct ca *ca;
	struct catalog_filter filter;
	unsigned limit;	   /* 1 to 1,000 */
	struct str cursor; /* from an earlier page; empty: from the start */
	/* out, in the flow's arena */
	struct catalog_row *rows;
	size_t n;
	struct str next; /* cursor as text; empty: that was all */
	/* state */
	struct flow flow;
	struct catalog_state *st;
};
/* A page may be short, with `next` set, when much had to be passed over: at most 20,000 rows. */
void catalog_list_init(struct catalog_list *l, struct arena *arena);
struct catalog_cert {
	/* in */
	struct ca *ca;
	struct str serial; /* key: 20 bytes */
	/* out; ERR_NOT_FOUND */
	struct rec_cert cert;
	bool revoked;
	struct rec_revoked revocation;
	/* state */
	struct flow flow;
	struct store_get get;
	struct arena *arena;
};
void catalog_cert_init(struct catalog_cert *c, struct arena *arena);
struct catalog_endpoint {
	/* in */
	struct ca *ca;
	struct str id; /* 16 bytes */
	/* out; ERR_NOT_FOUND */
	struct rec_endpoint endpoint;
	struct catalog_list certs; /* the first page of its certificates, all states */
	/* state */
	struct flow flow;
	struct store_get get;
	struct wait wait;
	struct arena *arena;
};
void catalog_endpoint_init(struct catalog_endpoint *c, struct arena *arena);
/* Endpoint ids as people see them: UUID form; 32 hex digits are understood too. */
struct str endpoint_to_text(struct arena *a, struct str id);
int endpoint_parse(struct str text, struct arena *a, struct str *id, struct err *e) NODISCARD;

/*
 * ---- reload (ca/reload.c) ----
 * Reads signetd.yaml and provisioners.d anew in a job, compares, and swaps the snapshot on the
 * loop: claims, provisioners, log level. What cannot change while running is refused by name, and
 * nothing is changed then. One at a time (ERR_CONFLICT). Flows that have begun keep the snapshot
 * they have.
 *
 * With an edit: the file of one provisioner is written or removed as part of it. It is checked
 * before anything is written; a refusal leaves the folder as it was.
 */
enum reload_edit { RELOAD_PLAIN, RELOAD_ADD, RELOAD_REPLACE, RELOAD_REMOVE };
struct reload {
	/* in */
	struct ca *ca;
	enum reload_edit edit;
	struct str name;	      /* of the provisioner to add, replace or remove */
	const json_t *object;	      /* what to add, as in its YAML file; borrowed */
	struct str actor, request_id; /* for the audit entry */
	/* out */
	size_t provisioners; /* how many there are now */
	/* state */
	struct flow flow;
	struct reload_state *st;
};
void reload_init(struct reload *r, struct arena *arena);

/*
 * ---- backup (ca/backup.c) ----
 * A folder that `signetd --restore` takes: db/ (store_backup), signetd.yaml, provisioners.d/,
 * templates/, certs/, backup.json {version, made, schema, keys}; with_keys also secrets/ and tls/.
 * Written beside `dir` and renamed: it is complete or not there.
 */
struct backup {
	/* in */
	struct ca *ca;
	struct str dir; /* absolute; must not exist */
	bool with_keys;
	struct str actor, request_id;
	/* state */
	struct flow flow;
	struct backup_state *st;
};
void backup_init(struct backup *b, struct arena *arena);

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
/* One of its leaves was revoked: it makes a new one soon, with a new key if that was blocked. */
void server_cert_replace(struct server_cert *s);
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
