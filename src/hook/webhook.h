/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_HOOK_WEBHOOK_H
#define SIGNET_HOOK_WEBHOOK_H

#include "codec/json.h"
#include "http/outbound.h"
#include "tmpl/tmpl.h"

/*
 * webhook.h - asking other programs about a certificate before it is signed: step-api 3.5.
 *
 * A set is what a provisioner's options.webhooks says, secrets read from their files; immutable,
 * made off the loop (start-up, reload). Fields of one:
 *   name, url (https; a template over the template's variables), kind ENRICHING | AUTHORIZING,
 *   certType ALL | X509 | SSH, disableTLSClientAuth, caFile ("system": the system's roots),
 *   secretFile (base64; the HMAC's key), bearerTokenFile, basicUser, basicPasswordFile,
 *   id (default: the name), onRenew
 */
enum webhook_kind { WEBHOOK_ENRICHING = 1, WEBHOOK_AUTHORIZING = 2 };
enum webhook_cert { WEBHOOK_X509 = 1, WEBHOOK_SSH = 2 };
struct webhook_set;
struct webhook_env {
	const char *dir;     /* relative paths start here */
	const char *ca_file; /* PEM of the CA's roots: the trust when there is no caFile */
	const char *cert_file, *key_file; /* the daemon's own leaf, for mTLS; NULL: none */
	const struct addr_rules *rules;	  /* a URL with a refused address is refused; NULL: later */
};
/*
 * `list`: the JSON array of options.webhooks. Messages begin with `where`. ERR_UNSUPPORTED: a kind
 * that comes later. Blocks; logs a warning when others may read a secret's file.
 */
int webhook_set_load(const json_t *list, const struct webhook_env *env, const char *where,
		     struct webhook_set **out, struct err *e) NODISCARD;
void webhook_set_free(struct webhook_set *s); /* NULL is fine */
bool webhook_set_has(const struct webhook_set *s, enum webhook_kind k, enum webhook_cert c,
		     bool renewal);
/* For GET /provisioners: name, kind, certType, url without its path. New reference. */
json_t *webhook_set_listed(const struct webhook_set *s);

struct webhook_run { /* a child flow: all hooks of the kind at the same time */
	/* in; borrowed */
	const struct webhook_set *set;
	struct outbound *outbound; /* NULL: hooks cannot be asked, which is a refusal */
	struct pool *pool; /* reads long answers; NULL: an answer has 64 KiB at most, not 1 MiB */
	enum webhook_kind kind;
	enum webhook_cert cert;
	bool renewal;
	const json_t *body; /* without timestamp and provisionerName */
	struct tv vars;	    /* for the URL's template */
	struct str provisioner, request_id;
	/* out: ENRICHING: {name: data}; in the flow's arena; an empty object when there was none */
	json_t *data;
	/* state */
	struct flow flow;
	struct webhook_state *st;
};
/*
 * Fails with ERR_FORBIDDEN (denied: the public sentence names the hook, and its error.message when
 * it gave one), else ERR_UNAVAILABLE: any doubt denies.
 */
void webhook_run_init(struct webhook_run *w, struct loop *l, struct arena *arena);

#endif
