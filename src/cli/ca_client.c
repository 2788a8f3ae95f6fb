/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/cli.h"

#include "http/client.h"

/* A refusal's own sentence, or the status alone when the body is not the CA's. */
static void refusal(struct cli *c, const struct http_call *h, const json_t *v, struct err *e)
{
	struct err ignore = ERR_INIT;
	struct str text = STR_NULL;

	c->refused = true;
	if (v != NULL && json_is_object(v) && json_opt_str(v, "message", 0, &text, &ignore) == 0 &&
	    text.n > 0)
		ERR(e, ERR_FORBIDDEN, "the CA refused (%d): " STR_FMT "%s%s%s", h->status,
		    STR_ARG(text), h->request_id[0] ? " (request " : "", h->request_id,
		    h->request_id[0] ? ")" : "");
	else
		ERR(e, ERR_FORBIDDEN, "the CA answered with status %d to %s", h->status, h->url);
}

static int ask(void *arg, struct err *e)
{
	return http_call_run(arg, e);
}

/*
 * 503 is "not now": the CA is starting, or busy, and has used nothing up (the token neither).
 * Tried again after 1, 2 and 4 seconds; not in a daemon, which has a time table of its own.
 */
static int run_patiently(struct http_call *h, bool once, struct err *e)
{
	for (unsigned try = 0;; try++) {
		const struct timespec pause = {.tv_sec = 1 << try};
		int rc = once ? http_call_run(h, e) : slow_run("Asking the CA", ask, h, e);

		if (rc < 0 || h->status != 503 || try == 3 || once)
			return rc;
		fprintf(stderr, "The CA is not ready; trying again in %ld s ...\n",
			(long)pause.tv_sec);
		http_call_release(h);
		clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
	}
}

json_t *ca_call(struct cli *c, struct ca_call *call, struct err *e)
{
	static const struct json_limits limits = {
		.max_bytes = 4 << 20, .max_depth = 32, .max_values = 100000};
	const char *headers[3] = {NULL};
	size_t n = 0;
	struct buf body = BUF_INIT;
	struct http_call h = {
		.method = call->method,
		.url = arena_printf(c->arena, "%s%s", c->ca_url, call->path),
		.ca_file = call->insecure ? NULL : c->root,
		.insecure = call->insecure,
		.cert_file = call->cert_file,
		.key_file = call->key_file,
		.headers = headers,
		.max_body = limits.max_bytes,
	};
	struct err why = ERR_INIT;
	json_t *v = NULL;

	if (strcmp(call->method, "POST") == 0)
		headers[n++] = "Content-Type: application/json";
	if (call->bearer != NULL)
		headers[n++] = arena_printf(c->arena, "Authorization: Bearer %s", call->bearer);
	if (call->body != NULL)
		json_write(call->body, &body);
	h.body = buf_view(&body);
	if (run_patiently(&h, cli_flag(c, "daemon"), e) < 0) {
		c->unreachable = e->code == ERR_UNAVAILABLE;
		if (c->unreachable && !cli_flag(c, "daemon"))
			ERR(e, ERR_UNAVAILABLE, "%s; is the CA running, and is this its address?",
			    arena_strdup(c->arena, e->msg));
	} else {
		v = json_parse(buf_view(&h.answer), &limits, JSON_ALLOW_TRAILING, &why);
		if (h.status >= 400) {
			refusal(c, &h, v, e);
			json_decref(v);
			v = NULL;
		} else if (v == NULL) {
			ERR(e, ERR_INVALID, "%s: the answer is no JSON: %s", h.url, why.msg);
		}
	}
	call->status = h.status;
	buf_release(&body);
	http_call_release(&h);
	return v;
}
