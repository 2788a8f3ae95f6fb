/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/clock.h"
#include "profile/content_json.h"
#include "profile/ssh_content.h"

/*
 * ssh_content.c - what an SSH template yields, member by member, in the text's order: a later
 * member replaces an earlier one of its name, but objects of options merge. Unknown names are
 * ignored. To add a member: a row in `members`, a reader above it.
 */
#define NONCE_MIN   16
#define OPTIONS_MAX 1024 /* a certificate of 64 KiB holds no more that make sense */

struct reading {
	struct arena *a;
	struct ssh_cert_fields *out;
	bool has_type;
};

static int read_nonce(struct str v, struct reading *r, struct err *e)
{
	return cj_get_base64(v, "nonce", r->a, &r->out->nonce, e);
}

static int read_serial(struct str v, struct reading *r, struct err *e)
{
	return cj_get_u64(v, "serial", &r->out->serial, e);
}

static int read_type(struct str v, struct reading *r, struct err *e)
{
	struct str text = STR_NULL;

	if (cj_get_text(v, "type", r->a, &text, e) != 0)
		return -1;
	if (str_ieqc(text, "user"))
		r->out->type = SSH_CERT_USER;
	else if (str_ieqc(text, "host"))
		r->out->type = SSH_CERT_HOST;
	else
		return ERR(e, ERR_INVALID, "type: \"%.*s\" is neither \"user\" nor \"host\"",
			   text.n < 40 ? (int)text.n : 40, text.p != NULL ? text.p : "");
	r->has_type = true;
	return 0;
}

static int read_key_id(struct str v, struct reading *r, struct err *e)
{
	return cj_get_text(v, "keyId", r->a, &r->out->key_id, e);
}

static int read_principals(struct str v, struct reading *r, struct err *e)
{
	r->out->has_principals = !cj_is_null(v);
	return cj_get_texts(v, "principals", r->a, &r->out->principals, &r->out->n_principals, e);
}

/* Seconds since 1970; Go's zero time counts as absent. */
static int read_time(struct str v, const char *what, uint64_t *out, struct err *e)
{
	static const int64_t year_one = INT64_C(-62135596800);
	bool set = false;
	int64_t t = 0;

	if (cj_get_time(v, what, &set, &t, e) != 0)
		return -1;
	if (!set)
		return 0;
	if (t < 0 && t != year_one)
		return ERR(e, ERR_INVALID, "%s: before 1970", what);
	*out = t == year_one ? 0 : (uint64_t)t;
	return 0;
}

static int read_valid_after(struct str v, struct reading *r, struct err *e)
{
	return read_time(v, "validAfter", &r->out->valid_after, e);
}

static int read_valid_before(struct str v, struct reading *r, struct err *e)
{
	return read_time(v, "validBefore", &r->out->valid_before, e);
}

/* An object of texts, added to what is there; null empties it. */
static int read_options(struct str v, const char *what, struct arena *a, struct ssh_options *o,
			bool *present, struct err *e)
{
	struct cj_walk w = cj_walk(v);

	if (cj_is_null(v)) {
		*present = false;
		*o = (struct ssh_options){0};
		return 0;
	}
	if (cj_kind(v) != CJ_OBJECT)
		return cj_wrong_type(v, what, "an object", e);
	*present = true;
	if (o->items == NULL)
		o->items = ARENA_ARRAY(a, struct ssh_option, OPTIONS_MAX);
	while (cj_member(&w)) {
		if (o->n == OPTIONS_MAX)
			return ERR(e, ERR_INVALID, "%s: more than %d", what, OPTIONS_MAX);
		struct ssh_option *one = &o->items[o->n++];
		*one = (struct ssh_option){.name = cj_text(w.key, a)};
		if (cj_get_text(w.value, what, a, &one->value, e) != 0)
			return -1;
	}
	return 0;
}

static int read_critical(struct str v, struct reading *r, struct err *e)
{
	return read_options(v, "criticalOptions", r->a, &r->out->critical, &r->out->has_critical,
			    e);
}

static int read_extensions(struct str v, struct reading *r, struct err *e)
{
	return read_options(v, "extensions", r->a, &r->out->extensions, &r->out->has_extensions, e);
}

static int read_reserved(struct str v, struct reading *r, struct err *e)
{
	return cj_get_base64(v, "reserved", r->a, &r->out->reserved, e);
}

static const char *const member_names[] = {
	"nonce",       "serial",	  "type",	"keyId",    "principals", "validAfter",
	"validBefore", "criticalOptions", "extensions", "reserved", NULL};
static int (*const members[])(struct str v, struct reading *r, struct err *e) = {
	read_nonce,	  read_serial,	     read_type,	    read_key_id,     read_principals,
	read_valid_after, read_valid_before, read_critical, read_extensions, read_reserved};

int ssh_content_read_as_step(struct str json, struct arena *a, struct ssh_cert_fields *out,
			     struct err *e)
{
	struct reading r = {.a = a, .out = out};
	struct str value;

	*out = (struct ssh_cert_fields){0};
	if (cj_first(json, &value, e) != 0)
		return -1;
	if (cj_is_null(value))
		return 0;
	if (cj_kind(value) != CJ_OBJECT)
		return cj_wrong_type(value, "SSH certificate", "an object", e);
	for (struct cj_walk w = cj_walk(value); cj_member(&w);) {
		int i = cj_key_index(w.key, member_names);
		if (i >= 0 && members[i](w.value, &r, e) != 0)
			return -1;
	}
	ssh_options_sort(&out->critical);
	ssh_options_sort(&out->extensions);
	return 0;
}

/* ---- what Signet does not sign ---- */
static bool has_control(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return true;
	return false;
}

static int check_principals(const struct ssh_cert_fields *f, struct err *e)
{
	if (f->n_principals == 0)
		return ERR(e, ERR_INVALID,
			   "principals: none, and that would be valid for everybody");
	if (f->n_principals > SSH_PRINCIPALS_MAX)
		return ERR(e, ERR_INVALID, "principals: %zu, OpenSSH takes %d", f->n_principals,
			   SSH_PRINCIPALS_MAX);
	for (size_t i = 0; i < f->n_principals; i++)
		if (f->principals[i].n == 0 || has_control(f->principals[i]) ||
		    str_has(f->principals[i], ','))
			return ERR(
				e, ERR_INVALID,
				"principals: one is empty or holds a comma or control characters");
	return 0;
}

static int check_options(const struct ssh_options *o, const char *what, struct err *e)
{
	for (size_t i = 0; i < o->n; i++) {
		struct str value = o->items[i].value;
		if (o->items[i].name.n == 0 || has_control(o->items[i].name))
			return ERR(e, ERR_INVALID,
				   "%s: a name is empty or holds control characters", what);
		if (value.n > 0 && memchr(value.p, 0, value.n) != NULL)
			return ERR(e, ERR_INVALID, "%s: a value holds a NUL byte", what);
	}
	return 0;
}

int ssh_content_read(struct str json, struct arena *a, struct ssh_cert_fields *out, struct err *e)
{
	if (ssh_content_read_as_step(json, a, out, e) != 0)
		return -1;
	if (out->type == 0)
		return ERR(e, ERR_INVALID, "type: missing; write \"user\" or \"host\"");
	if (has_control(out->key_id))
		return ERR(e, ERR_INVALID, "keyId: holds control characters");
	if (check_principals(out, e) != 0 ||
	    check_options(&out->critical, "criticalOptions", e) != 0 ||
	    check_options(&out->extensions, "extensions", e) != 0)
		return -1;
	if (out->nonce.n > 0 && out->nonce.n < NONCE_MIN)
		return ERR(e, ERR_INVALID, "nonce: under %d bytes; leave it out", NONCE_MIN);
	if (out->reserved.n > 0)
		return ERR(e, ERR_INVALID, "reserved: must be empty");
	if (out->valid_before != 0 && out->valid_before <= out->valid_after)
		return ERR(e, ERR_INVALID, "validBefore: not after validAfter");
	return 0;
}

/* ---- templates ---- */
struct str ssh_content_template(enum ssh_content_template t)
{
	switch (t) {
	case SSH_TEMPLATE_DEFAULT:
		break;
	case SSH_TEMPLATE_ADMIN:
		return STR("{{- /* For administrators: what the request asks for, whatever the "
			   "token says. */ -}}\n"
			   "{{- $request := .Insecure.CR -}}\n"
			   "{\n"
			   "\t\"type\": {{ $request.Type | toJson }},\n"
			   "\t\"keyId\": {{ $request.KeyID | toJson }},\n"
			   "\t\"principals\": {{ $request.Principals | toJson }}\n"
			   "{{- if eq $request.Type \"user\" }},\n"
			   "\t\"criticalOptions\": {{ .CriticalOptions | toJson }},\n"
			   "\t\"extensions\": {{ .Extensions | toJson }}\n"
			   "{{- end }}\n"
			   "}\n");
	case SSH_TEMPLATE_IID:
		return STR("{{- /* For cloud instances: the principals of the request, or those "
			   "of the identity document. */ -}}\n"
			   "{\n"
			   "\t\"type\": {{ .Type | toJson }},\n"
			   "\t\"keyId\": {{ .KeyID | toJson }},\n"
			   "\t\"principals\": {{ default .Principals .Insecure.CR.Principals | "
			   "toJson }},\n"
			   "\t\"extensions\": {{ .Extensions | toJson }}\n"
			   "}\n");
	case SSH_TEMPLATE_REQUEST:
		return STR("{{- /* The request and nothing else, with the usual extensions of a "
			   "user. */ -}}\n"
			   "{\n"
			   "\t\"type\": {{ .Insecure.CR.Type | toJson }},\n"
			   "\t\"keyId\": {{ .Insecure.CR.KeyID | toJson }},\n"
			   "\t\"principals\": {{ .Insecure.CR.Principals | toJson }},\n"
			   "\t\"extensions\": {\n"
			   "\t\t\"permit-X11-forwarding\": \"\",\n"
			   "\t\t\"permit-agent-forwarding\": \"\",\n"
			   "\t\t\"permit-port-forwarding\": \"\",\n"
			   "\t\t\"permit-pty\": \"\",\n"
			   "\t\t\"permit-user-rc\": \"\"\n"
			   "\t}\n"
			   "}\n");
	}
	return STR("{\n"
		   "\t\"type\": {{ .Type | toJson }},\n"
		   "\t\"keyId\": {{ .KeyID | toJson }},\n"
		   "\t\"principals\": {{ .Principals | toJson }},\n"
		   "\t\"criticalOptions\": {{ .CriticalOptions | toJson }},\n"
		   "\t\"extensions\": {{ .Extensions | toJson }}\n"
		   "}\n");
}

int ssh_content_compile(struct str text, bool allow_slow, struct tmpl **out, struct err *e)
{
	struct tmpl_options o = {.name = STR("template"),
				 .set = TMPL_STEP_SSH,
				 .flags = allow_slow ? TMPL_ALLOW_SLOW : 0};
	struct tmpl_error_info why;
	struct arena *a = arena_new();
	struct buf b = BUF_INIT;

	if (text.n == 0)
		text = ssh_content_template(SSH_TEMPLATE_DEFAULT);
	int rc = tmpl_compile(text, &o, a, out, &why);
	if (rc != 0) {
		tmpl_error_describe(&why, &b);
		rc = ERR(e, ERR_INVALID, STR_FMT, STR_ARG(buf_view(&b)));
	}
	buf_release(&b);
	arena_free(a);
	return rc;
}

static int run_error(const struct tmpl_error_info *why, struct err *e)
{
	if (why->class == TMPL_FAIL) {
		ERR(e, ERR_INVALID, STR_FMT, STR_ARG(why->message));
		return err_public(e, STR_FMT, STR_ARG(why->message));
	}
	ERR(e, ERR_INTERNAL, "error applying certificate template: " STR_FMT,
	    STR_ARG(why->message));
	return err_public(e, "error applying certificate template");
}

int ssh_content_render(const struct tmpl *t, const struct ssh_content_input *in, struct arena *a,
		       struct ssh_cert_fields *out, struct buf *json, struct err *e)
{
	struct tmpl_error_info why;
	struct buf text = BUF_INIT;
	struct err reading = ERR_INIT;

	int rc = tmpl_run(t, ssh_content_vars(in, a), &tmpl_limits_loop, a, &text, &why);
	if (rc != 0) {
		rc = run_error(&why, e);
	} else {
		/* The fields are views into the text. */
		struct str copy = arena_str(a, buf_view(&text));
		if (json != NULL)
			buf_str(json, copy);
		rc = ssh_content_read(copy, a, out, &reading);
		if (rc != 0) {
			ERR(e, ERR_INTERNAL, "error applying certificate template: %s",
			    reading.msg);
			err_public(e, "error applying certificate template");
		}
	}
	buf_release(&text);
	return rc;
}
