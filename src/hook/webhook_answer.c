/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/b64.h"
#include "hook/webhook_priv.h"

/*
 * What a webhook said: {"allow": true, "data": ..., "error": {"code": "", "message": ""}}.
 *
 * Everything that leaves a doubt is a refusal: text that is not one JSON object, a member that
 * occurs twice (also in another case, since the receivers' JSON libraries fold it), `allow` that is
 * missing or not a boolean, an error that is none, permission and an error's words at the same
 * time. Members that are not known are ignored. `data` is any JSON: templates find it under
 * .Webhooks.NAME and nowhere else. Its size is bounded so that reading it and giving it to a
 * template stay below the loop's 10 ms.
 */
static const struct json_limits limits = {
	.max_bytes = 1024 * 1024, .max_depth = 64, .max_values = 20000};

/* ---- text of others ---- */

/* Bytes of the UTF-8 character at p, and its code. Well-formed text only. */
static size_t next_char(const unsigned char *p, uint32_t *c)
{
	if (p[0] < 0x80) {
		*c = p[0];
		return 1;
	}
	if (p[0] < 0xe0) {
		*c = (p[0] & 0x1fU) << 6 | (p[1] & 0x3fU);
		return 2;
	}
	if (p[0] < 0xf0) {
		*c = (p[0] & 0x0fU) << 12 | (p[1] & 0x3fU) << 6 | (p[2] & 0x3fU);
		return 3;
	}
	*c = (p[0] & 0x07U) << 18 | (p[1] & 0x3fU) << 12 | (p[2] & 0x3fU) << 6 | (p[3] & 0x3fU);
	return 4;
}

/* Controls, and what changes the direction or breaks the line of the text around it. */
static bool is_harmful(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff0 && c <= 0xffff) ||
	       (c >= 0xe0000 && c <= 0xe0fff);
}

void webhook_escape(struct str s, char *out, size_t size)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t at = 0, len;
	char one[16];
	uint32_t c;

	out[0] = '\0';
	if (!utf8_valid(s))
		return;
	for (size_t i = 0; i < s.n; i += len) {
		size_t n = len = next_char(p + i, &c);

		if (is_harmful(c))
			n = (size_t)snprintf(one, sizeof(one), "\\u%04x", (unsigned)c);
		else
			memcpy(one, p + i, len);
		if (at + n >= size)
			break;
		memcpy(out + at, one, n);
		at += n;
	}
	out[at] = '\0';
}

/* ---- members ---- */

static int doubt(struct err *e, const char *what)
{
	return ERR(e, ERR_FORBIDDEN, "its answer %s", what);
}

/* Names that differ in case only. Equal ones were refused before. */
static bool has_twins(json_t *o)
{
	const char *name, *other;
	json_t *v, *w;

	json_object_foreach(o, name, v)
	{
		json_object_foreach(o, other, w)
		{
			if (strcmp(name, other) != 0 && str_ieqc(str_c(name), other))
				return true;
		}
	}
	return false;
}

static int take_text(const json_t *error, const char *name, char out[WEBHOOK_TEXT_MAX + 1],
		     struct err *e)
{
	const json_t *v = json_member(error, name, JSON_FOLD_KEYS);

	if (v == NULL || json_is_null(v))
		return 0;
	if (!json_is_string(v))
		return doubt(e, "has an error whose code or message is not a string");
	webhook_escape(json_str_view(v), out, WEBHOOK_TEXT_MAX + 1);
	return 0;
}

static int take_error(const json_t *o, struct webhook_answer *a, struct err *e)
{
	json_t *error = json_member(o, "error", JSON_FOLD_KEYS);

	if (error == NULL || json_is_null(error))
		return 0;
	if (!json_is_object(error) || json_object_size(error) > 100 || has_twins(error))
		return doubt(e, "has an error that is not an object with code and message");
	if (take_text(error, "code", a->code, e) != 0 ||
	    take_text(error, "message", a->message, e) != 0)
		return -1;
	return 0;
}

static int take(json_t *o, struct webhook_answer *a, struct err *e)
{
	const json_t *allow;

	if (json_object_size(o) > 100)
		return doubt(e, "has more than 100 members");
	if (has_twins(o))
		return doubt(e, "has two members that differ in case only");
	allow = json_member(o, "allow", JSON_FOLD_KEYS);
	if (allow == NULL)
		return doubt(e, "does not say \"allow\"");
	if (!json_is_boolean(allow))
		return doubt(e, "has an \"allow\" that is neither true nor false");
	if (take_error(o, a, e) != 0)
		return -1;
	a->allow = json_is_true(allow);
	if (a->allow && (a->code[0] != '\0' || a->message[0] != '\0'))
		return doubt(e, "allows and has an error at the same time");
	a->data = json_incref(json_member(o, "data", JSON_FOLD_KEYS));
	return 0;
}

int webhook_answer_parse(struct str text, struct webhook_answer *out, struct err *e)
{
	json_t *o;
	int rc;

	memset(out, 0, sizeof(*out));
	o = json_parse(text, &limits, JSON_REFUSE_DUPLICATES | JSON_TOP_OBJECT, e);
	if (o == NULL) {
		(void)err_wrap(e, "its answer is not taken");
		e->code = ERR_FORBIDDEN;
		return -1;
	}
	rc = take(o, out, e);
	if (rc != 0)
		memset(out, 0, sizeof(*out)); /* data was not taken */
	json_decref(o);
	return rc;
}

void webhook_answer_release(struct webhook_answer *a)
{
	json_decref(a->data);
	a->data = NULL;
}
