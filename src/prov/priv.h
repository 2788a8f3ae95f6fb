/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_PROV_PRIV_H
#define SIGNET_PROV_PRIV_H

#include "base/bug.h"
#include "base/map.h"
#include "base/ref.h"
#include "jose/jwk.h"
#include "jose/jwt.h"
#include "prov/prov.h"

/* Shared by the files of this folder and its tests. */

#define PROV_TOKEN_MAX	 65536U
#define PROV_TOKEN_AGE	 3600 /* seconds, DESIGN 10 */
#define PROV_ONCE_GRACE	 120  /* a used id is remembered longer than the leeway of exp */
#define PROV_SCRATCH_MAX 65536U
#define PROV_VERIFY_MS	 10000
#define PROV_NAMES_MAX	 500U

/* ---- one loaded provisioner ---- */
struct prov_entry {
	struct provisioner pub;
	const struct signet_plugin *plugin;
	struct conf_provisioner conf; /* the plugin's tree lives in it */
	json_t *listed;
	struct str encrypted_key; /* borrowed from listed */
};
struct prov_set {
	struct ref ref;
	const struct prov_rules_ops *rules; /* may be NULL */
	void *common;			    /* while it is loaded: of rules->begin */
	struct arena *arena;
	struct prov_entry *entries;
	size_t n;
	struct map *by_name, *by_id;
};

/*
 * A key that plugins verify with. Each verification borrows a handle of its own, since a key is
 * used by one thread at a time. Handles that come back are kept for the next one. Loop thread, but
 * for making it. Freed when the plugin is done with it and no handle is out.
 */
#define SIGNET_KEY_MAGIC 0x706b6579U
#define SIGNET_KEY_IDLE	 16
struct signet_key {
	uint32_t magic;
	struct jwk jwk;
	char thumbprint[44];
	struct key *idle[SIGNET_KEY_IDLE];
	size_t n_idle;
	unsigned out;
	bool closed;
};
struct key *signet_key_take(struct signet_key *k);
void signet_key_give(struct signet_key *k, struct key *handle);

/* ---- audiences (step-api 2.1) ---- */
struct prov_audiences {
	struct str *op; /* what the operation accepts */
	size_t n_op;
	struct str *all; /* what any operation accepts: to find the provisioner */
	size_t n_all;
};
void prov_audiences_make(struct prov_audiences *out, enum signet_prov_method m,
			 const char *const *hosts, size_t n_hosts, struct arena *a);
/* Does an element name one of `want`, with this fragment (unescaped; NULL: with none)? */
bool prov_audience_has(const json_t *aud, const struct str *want, size_t n, const char *fragment);
/* From unverified claims; NULL when there is none. */
const struct prov_entry *prov_find(const struct prov_set *s, const struct jws *j,
				   const struct jwt_claims *c, const struct prov_audiences *au,
				   struct arena *a);

/* ---- one authorization; what plugins know as struct signet_prov_op ---- */
#define PROV_OP_MAGIC 0x70726f70U
struct prov_op {
	uint32_t magic;
	struct prov_authorize *a;
	struct arena *arena;
	const struct prov_entry *entry;
	struct jws jws;
	struct jwt_claims claims;
	struct prov_audiences audiences;
	int64_t now;
	unsigned char csr_sha256[32];
	unsigned char token_sha256[32];
	void *scratch;
	bool started, ended;	/* the plugin was called; it said GRANT or DENY */
	bool waiting;		/* it has started a wait in this call */
	bool resumed;		/* a wait has ended, wait_err says how */
	bool verified, checked; /* signature; claims */
	struct err wait_err;
	struct grant *grant; /* being filled */
	size_t names_cap;
};
struct signet_prov_op *prov_op_abi(struct prov_op *op);
struct prov_op *prov_op_of(const struct signet_prov_op *op);
/* Starts the job. The wait a->wait is armed on success. */
int prov_verify_start(struct prov_op *op, struct signet_key *k, struct err *e) NODISCARD;

/* ---- a renew token before its signature is verified (renew_token.c); for its fuzzer ---- */
struct renew_token_parts {
	struct jws jws; /* released by the arena */
	struct jwt_claims claims;
	struct cert leaf; /* may sign and authenticate a client */
};
/* *p and the token live as long as the arena. */
int renew_token_parse(struct str token, struct arena *a, struct renew_token_parts *p,
		      struct err *e) NODISCARD;

/* ---- functions of the host table (abi/host.h says what each does) that are not in host.c ---- */
struct signet_key *host_key_from_jwk(const struct signet_value *jwk, struct signet_err *e);
struct signet_str host_key_kid(const struct signet_key *k);
void host_key_free(struct signet_key *k);
void host_grant_once(struct signet_prov_op *op, struct signet_str id);
void host_grant_subject(struct signet_prov_op *op, struct signet_str common_name);
int host_grant_name(struct signet_prov_op *op, int type, struct signet_str value,
		    struct signet_err *e);
void host_grant_match_csr(struct signet_prov_op *op);
void host_grant_not_after(struct signet_prov_op *op, int64_t latest);
void host_grant_credential(struct signet_prov_op *op, struct signet_str id);
void host_grant_data(struct signet_prov_op *op, const char *key, const struct signet_value *v);
void host_grant_serial(struct signet_prov_op *op, struct signet_str decimal);

/* ---- between the two worlds ---- */
static inline struct str str_of_abi(struct signet_str s)
{
	return (struct str){s.p, s.n};
}
static inline struct signet_str str_to_abi(struct str s)
{
	return (struct signet_str){s.p, s.n};
}
int err_to_abi(struct signet_err *out, const struct err *e); /* -1 */
/* What a plugin said; unknown codes, and SIGNET_OK for a failure, become ERR_INTERNAL. */
int err_from_abi(struct err *out, const struct signet_err *e); /* -1 */
const json_t *json_of_abi(const struct signet_value *v);
const struct signet_value *json_to_abi(const json_t *v);

#endif
