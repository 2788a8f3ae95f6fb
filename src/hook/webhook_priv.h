/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_HOOK_WEBHOOK_PRIV_H
#define SIGNET_HOOK_WEBHOOK_PRIV_H

#include "base/secret.h"
#include "hook/webhook.h"

/*
 * webhook_priv.h - between the files of webhooks: webhook_load.c (configuration), webhook_url.c
 * (where a call goes), webhook_answer.c (what an answer says), webhook_run.c (the calls).
 */
enum { WEBHOOK_CERT_ALL = WEBHOOK_X509 | WEBHOOK_SSH };

struct webhook {
	char *name, *id;
	enum webhook_kind kind;
	unsigned certs; /* enum webhook_cert, together */
	bool on_renew;
	char *url; /* the template's text */
	struct tmpl *url_tmpl;
	size_t origin; /* bytes of `url` with scheme, host, port and what ends them: no action */
	unsigned questions, ampersands; /* '?' and '&' in the text, outside of actions */
	char *ca_file;			/* NULL: the system's */
	char *cert_file, *key_file;	/* NULL: no client certificate */
	struct secret key;		/* of the HMAC; empty: not signed */
	struct secret authorization;	/* "Authorization: ..." and NUL; empty: none */
};

struct webhook_set {
	size_t n;
	struct webhook *hooks;
};

/* ---- webhook_url.c ---- */
/* Compiles h->url and looks at what is fixed in it. The message has no prefix. */
int webhook_url_load(struct webhook *h, const struct addr_rules *rules, struct err *e) NODISCARD;
/* The URL for these variables, in `arena`, checked. */
int webhook_url_render(const struct webhook *h, struct tv vars, struct arena *arena,
		       const char **out, struct err *e) NODISCARD;

/* ---- webhook_answer.c ---- */
#define WEBHOOK_TEXT_MAX 200 /* bytes of a hook's own words in messages */

struct webhook_answer {
	bool allow;
	json_t *data; /* NULL: none; webhook_answer_release() */
	char code[WEBHOOK_TEXT_MAX + 1], message[WEBHOOK_TEXT_MAX + 1]; /* escaped, "" */
};
/*
 * -1 with ERR_FORBIDDEN: not an answer that can be understood without a doubt. Otherwise `allow`
 * says what it is.
 */
int webhook_answer_parse(struct str text, struct webhook_answer *out, struct err *e) NODISCARD;
void webhook_answer_release(struct webhook_answer *a);
/* Text of others for messages: control and direction characters as \u202e, cut to fit `size`. */
void webhook_escape(struct str s, char *out, size_t size);

#endif
