/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "http/priv.h"

/*
 * Which route serves a head. The table is small and static, so it is read from top to bottom for
 * each request: no tree, no order that matters. Of several routes that fit, the one whose segments
 * are literal where the others have a parameter wins, segment by segment from the left. A path that
 * some route has, but not for this method, is 405 with what it allows; a method that HTTP does not
 * define is 501 wherever it points to.
 */

static bool method_known(struct str m)
{
	static const char *const known[] = {"GET",    "HEAD",  "POST",	  "PUT",
					    "DELETE", "PATCH", "OPTIONS", "TRACE"};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_eqc(m, known[i]))
			return true;
	return false;
}

/* Takes the next segment off a route's path. False at its end. */
static bool next_segment(struct str *pattern, struct str *seg)
{
	if (pattern->n == 0)
		return false;
	pattern->p++; /* the slash */
	pattern->n--;
	for (seg->p = pattern->p, seg->n = 0; seg->n < pattern->n && seg->p[seg->n] != '/';
	     seg->n++)
		;
	pattern->p += seg->n;
	pattern->n -= seg->n;
	return true;
}

static bool is_param(struct str seg)
{
	return seg.n > 2 && seg.p[0] == '{' && seg.p[seg.n - 1] == '}';
}

static bool path_fits(const char *path, const struct str *segs, unsigned n)
{
	struct str pattern = str_c(path), seg;
	unsigned i = 0;

	if (str_eqc(pattern, "/"))
		return n == 0;
	for (; next_segment(&pattern, &seg); i++) {
		if (i == n)
			return false;
		if (is_param(seg) ? segs[i].n == 0 : !str_eq(seg, segs[i]))
			return false;
	}
	return i == n;
}

static bool method_fits(const struct http_route *r, struct str method)
{
	return str_eqc(method, r->method) ||
	       (str_eqc(method, "HEAD") && strcmp(r->method, "GET") == 0);
}

/* Both fit the same path: is a more literal than b? */
static bool more_literal(const struct http_route *a, const struct http_route *b)
{
	struct str pa = str_c(a->path), pb = str_c(b->path), sa, sb;

	while (next_segment(&pa, &sa) && next_segment(&pb, &sb))
		if (is_param(sa) != is_param(sb))
			return is_param(sb);
	return false;
}

static void take_params(struct http_match *m, const struct str *segs)
{
	struct str pattern = str_c(m->route->path), seg;

	for (unsigned i = 0; next_segment(&pattern, &seg); i++) {
		if (!is_param(seg))
			continue;
		ENSURE(m->n_params < HTTP_MAX_PARAMS);
		m->names[m->n_params] = str_mem(seg.p + 1, seg.n - 2);
		m->values[m->n_params++] = segs[i];
	}
}

static void allow_add(struct buf *allow, const char *method)
{
	struct str have = buf_view(allow);

	while (have.n > 0)
		if (str_eqc(str_trim(str_cut(have, ',', &have)), method))
			return;
	if (allow->n > 0)
		buf_puts(allow, ", ");
	buf_puts(allow, method);
}

static void find_allowed(const struct http_route *routes, const struct str *segs, unsigned n,
			 bool any, struct buf *allow)
{
	for (const struct http_route *r = routes; r->path != NULL; r++) {
		if (!any && !path_fits(r->path, segs, n))
			continue;
		allow_add(allow, r->method);
		if (strcmp(r->method, "GET") == 0)
			allow_add(allow, "HEAD");
	}
}

void http_route_find(const struct http_route *routes, const struct http_head *h, struct arena *a,
		     struct http_match *m)
{
	struct str segs[HTTP_MAX_SEGMENTS];
	struct buf allow = BUF_INIT;
	struct err e = ERR_INIT;
	unsigned n = 0;
	bool any = str_eqc(h->path, "*");

	*m = (struct http_match){.status = 404};
	if (!method_known(h->method)) {
		m->status = 501;
		return;
	}
	if (!any && http_path_split(h->path, a, segs, HTTP_MAX_SEGMENTS, &n, &e) < 0) {
		m->status = e.code == ERR_TOO_LARGE ? 404 : 400;
		return;
	}
	for (const struct http_route *r = routes; !any && r->path != NULL; r++)
		if (path_fits(r->path, segs, n) && method_fits(r, h->method) &&
		    (m->route == NULL || more_literal(r, m->route)))
			m->route = r;
	if (m->route != NULL) {
		m->status = 0;
		take_params(m, segs);
		return;
	}
	find_allowed(routes, segs, n, any, &allow);
	if (allow.n > 0) {
		m->status = 405;
		m->allow = arena_cstr(a, buf_view(&allow));
	}
	buf_release(&allow);
}
