/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A request's head as a connection takes it, then its path and route. */
#include "base/compat.h"

#include "http/priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const struct http_limits limits = {.max_head = 4096, .max_target = 512, .max_headers = 16};

static const struct http_route routes[] = {
	{"GET", "/", NULL, 0, "root"},
	{"GET", "/root/{sha}", NULL, 0, "sha"},
	{"POST", "/acme/{p}/order/{id}/{x}", NULL, 10, "order"},
	{NULL, NULL, NULL, 0, NULL},
};

static void check(const struct http_head *h)
{
	ENSURE(h->method.n > 0 && h->path.n > 0);
	ENSURE(h->path.p[0] == '/' || str_eqc(h->path, "*"));
	ENSURE(!(h->has_length && h->chunked));
	ENSURE(h->n_headers <= limits.max_headers && h->target.n <= limits.max_target);
	for (unsigned i = 0; i < h->n_headers; i++) {
		struct str v = h->headers[i].value;

		for (size_t k = 0; k < v.n; k++)
			ENSURE(v.p[k] != '\r' && v.p[k] != '\n' && v.p[k] != 0);
		ENSURE(v.n == 0 || (v.p[0] != ' ' && v.p[v.n - 1] != ' '));
		ENSURE(http_head_get(h, "Host").p != NULL || h->minor == 0);
	}
}

static void parse(struct str in)
{
	struct arena *a = arena_new();
	struct http_head h;
	struct http_match m;
	struct err e = ERR_INIT;

	if (http_head_parse(in, &limits, a, &h, &e) == 0) {
		/* What parses is what the connection would have cut out. */
		ENSURE(http_head_length(in, limits.max_head) == (ssize_t)in.n);
		check(&h);
		http_route_find(routes, &h, a, &m);
		ENSURE(m.status != 0 || m.route != NULL);
		ENSURE(m.status != 405 || m.allow != NULL);
		for (unsigned i = 0; i < m.n_params; i++)
			ENSURE(m.values[i].n > 0 && !str_has(m.values[i], '/') &&
			       !str_has(m.values[i], '\0'));
	} else {
		ENSURE(h.status >= 400 && h.status <= 505 && e.code != ERR_OK);
	}
	arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str in = str_mem(data, n);
	ssize_t length = http_head_length(in, limits.max_head);

	ENSURE(length <= (ssize_t)n);
	if (length > 0)
		parse(str_mem(data, (size_t)length));
	parse(in);
	return 0;
}
