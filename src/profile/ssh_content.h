/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_PROFILE_SSH_CONTENT_H
#define SIGNET_PROFILE_SSH_CONTENT_H

#include "ssh/ssh.h"
#include "tmpl/tmpl.h"

#include <jansson.h>

/*
 * ssh_content.h - SSH certificates by template (step-api 4.4, 4.6): variables, default templates,
 * the JSON that comes out. Pure, as all of profile.
 */

/* ---- variables (ssh_vars.c) ---- */
struct ssh_content_request { /* what the client asks for: .Insecure.CR */
	const struct ssh_key *key;
	struct str type, key_id; /* as written */
	const struct str *principals;
	size_t n_principals;
	bool has_principals; /* false: a nil list */
};
struct ssh_content_input { /* borrowed for the run; what is absent is absent in the template */
	uint32_t type;	   /* .Type: SSH_CERT_USER or SSH_CERT_HOST */
	struct str key_id; /* .KeyID */
	const struct str *principals; /* .Principals */
	size_t n_principals;
	const json_t *extensions; /* .Extensions; NULL: the usual five of a user, null for a host */
	const json_t *critical;	  /* .CriticalOptions */
	const json_t *token, *user, *webhooks, *inventory;
	const json_t *data; /* options.ssh.templateData: top-level variables, over all others */
	struct tv authorization; /* .AuthorizationCrt; nil: absent */
	struct ssh_content_request request;
	struct str endpoint; /* .Endpoint */
	int64_t now;	     /* .Now; 0: absent */
};
struct tv ssh_content_vars(const struct ssh_content_input *in, struct arena *a);
/* .Insecure.CR alone */
struct tv ssh_content_request_tv(const struct ssh_content_request *r, struct arena *a);
extern const struct tv_type ssh_type_template_data; /* of the dot and of .Insecure */

/* ---- templates (ssh_content.c) ---- */
enum ssh_content_template {
	SSH_TEMPLATE_DEFAULT,
	SSH_TEMPLATE_ADMIN,
	SSH_TEMPLATE_IID,
	SSH_TEMPLATE_REQUEST
};
/* The text of conf/templates/ssh-NAME.tpl. */
struct str ssh_content_template(enum ssh_content_template t);
/* `text` empty: the default. Errors: "line L, column C: ...". */
int ssh_content_compile(struct str text, bool allow_slow, struct tmpl **out,
			struct err *e) NODISCARD;

/*
 * Runs the template and reads what came out. `fail` in it: ERR_INVALID with its text, bare, as the
 * public sentence; anything else ERR_INTERNAL with the public sentence "error applying certificate
 * template". Nonce, serial and times that the template does not give are empty and 0.
 */
int ssh_content_render(const struct tmpl *t, const struct ssh_content_input *in, struct arena *a,
		       struct ssh_cert_fields *out, struct buf *json /* may be NULL */,
		       struct err *e) NODISCARD;
/*
 * The text alone. Refused, other than by step: no type, no principals (OpenSSH takes such a
 * certificate for everybody), control characters and commas in names, a nonce under 16 bytes,
 * reserved bytes, an end before the beginning.
 */
int ssh_content_read(struct str json, struct arena *a, struct ssh_cert_fields *out,
		     struct err *e) NODISCARD;
/* As step does it, odd things too: for comparing with its results, never for signing. */
int ssh_content_read_as_step(struct str json, struct arena *a, struct ssh_cert_fields *out,
			     struct err *e) NODISCARD;

#endif
