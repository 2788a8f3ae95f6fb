/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "api/answer.h"

#include "base/log.h"
#include "base/metric.h"

/*
 * error.c - the one place where an error becomes an HTTP answer of the `step` protocol:
 * {"status":N,"message":"..."}. The client gets the standard sentence of its status, with the
 * error's public text where there is one; the operator's text goes to the log only.
 */

struct sentence {
	enum err_code code;
	int status;
	const char *stem;  /* followed by ": <public>." */
	const char *plain; /* without a public text */
};

#define SEE_LOGS " Please see the certificate authority logs for more info."

static const struct sentence sentences[] = {
	{ERR_INVALID, 400, "The request could not be completed",
	 "The request could not be completed; malformed or missing data." SEE_LOGS},
	{ERR_UNAUTHORIZED, 401, "The request lacked necessary authorization to be completed",
	 "The request lacked necessary authorization to be completed." SEE_LOGS},
	{ERR_FORBIDDEN, 403, "The request was forbidden by the certificate authority",
	 "The request was forbidden by the certificate authority." SEE_LOGS},
	{ERR_NOT_FOUND, 404, NULL, "The requested resource could not be found." SEE_LOGS},
	{ERR_CONFLICT, 409, NULL, "The request conflicts with another one." SEE_LOGS},
	{ERR_TOO_LARGE, 413, "The request is too large", "The request is too large."},
	{ERR_RATE_LIMITED, 429, NULL, "Too many requests. Try again later."},
	{ERR_UNSUPPORTED, 501,
	 "The requested method is not implemented by the certificate authority",
	 "The requested method is not implemented by the certificate authority." SEE_LOGS},
	{ERR_UNAVAILABLE, 503, NULL,
	 "The certificate authority cannot do this now. Try again later."},
	{ERR_TIMEOUT, 503, NULL, "The certificate authority took too long. Try again later."},
	{ERR_CANCELLED, 503, NULL, "The request was cancelled."},
	{ERR_INTERNAL, 500, NULL,
	 "The certificate authority encountered an Internal Server Error." SEE_LOGS},
};

static const struct sentence *sentence_of(enum err_code code)
{
	for (size_t i = 0; i < ARRAY_LEN(sentences); i++)
		if (sentences[i].code == code)
			return &sentences[i];
	return &sentences[ARRAY_LEN(sentences) - 1];
}

void api_reply_json(struct http_req *r, int status, const json_t *v)
{
	struct buf b = BUF_INIT;

	json_write(v, &b);
	buf_putc(&b, '\n');
	http_reply(r, status, "application/json", buf_view(&b));
	buf_release(&b);
}

static void reply_error(struct http_req *r, const struct err *e, int status, const char *text)
{
	json_t *v = json_object();

	if (status >= 500)
		log_error("api.failed", F_C("request", r->id), F_C("route", r->route->name),
			  F_ERR(e));
	else
		log_info("api.refused", F_C("request", r->id), F_C("route", r->route->name),
			 F_ERR(e));
	if (status == 503)
		http_reply_header(r, "Retry-After", "5");
	json_object_set_new(v, "status", json_integer(status));
	json_object_set_new(v, "message", json_str_new(str_c(text)));
	api_reply_json(r, status, v);
	json_decref(v);
}

void api_error(struct http_req *r, const struct err *e)
{
	const struct sentence *s = sentence_of(e->code);
	const char *text = s->plain;

	if (e->pub[0] != '\0' && s->stem != NULL)
		text = arena_printf(r->arena, "%s: %s.", s->stem, e->pub);
	else if (e->pub[0] != '\0')
		text = e->pub;
	reply_error(r, e, s->status, text);
}

void answer_bare(struct http_req *r, const struct err *e, const char *text)
{
	reply_error(r, e, sentence_of(e->code)->status, text);
}
