/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "http/msg.h"
#include "http/syntax.h"

/*
 * One request head (RFC 9112 3 and 5), strictly: whatever two implementations might read
 * differently is refused, because that difference is how requests are smuggled past the one in
 * front. Nothing is repaired.
 *
 * parse_line and parse_fields cut the bytes into views; derive_* judge the fields that decide about
 * framing, the connection and the host. Each failure sets out->status, which is what the peer is
 * answered before the connection is closed, and a message that never contains a field's value. To
 * add a field that the server itself understands, add it to `derived` below.
 */
#define METHOD_MAX 32

static int fail(struct http_head *h, int status, struct err *e, const char *what)
{
	h->status = status;
	return ERR(e, ERR_INVALID, "request: %s", what);
}

/* Takes the next line off *rest, without its CR LF. */
static bool take_line(struct str *rest, struct str *line)
{
	const char *cr = rest->n ? memchr(rest->p, '\r', rest->n) : NULL;
	size_t n;

	if (cr == NULL)
		return false;
	n = (size_t)(cr - rest->p);
	if (rest->n < n + 2 || cr[1] != '\n')
		return false;
	*line = str_mem(rest->p, n);
	rest->p += n + 2;
	rest->n -= n + 2;
	return true;
}

static int parse_version(struct str v, struct http_head *h, struct err *e)
{
	if (v.n != 8 || memcmp(v.p, "HTTP/", 5) != 0 || v.p[6] != '.' || v.p[5] < '0' ||
	    v.p[5] > '9' || v.p[7] < '0' || v.p[7] > '9')
		return fail(h, 400, e, "malformed version");
	if (v.p[5] != '1')
		return fail(h, 505, e, "version is not HTTP/1");
	h->minor = v.p[7] - '0';
	return 0;
}

/* uri-host [ ":" port ] of RFC 9110 7.2; empty is allowed. */
static bool host_valid(struct str s)
{
	size_t i = 0;

	if (s.n > 0 && s.p[0] == '[') {
		for (i = 1; i < s.n && s.p[i] != ']'; i++)
			if (http_hex_value((unsigned char)s.p[i]) < 0 && s.p[i] != ':' &&
			    s.p[i] != '.')
				return false;
		if (i < 3 || i == s.n)
			return false;
		i++;
	} else {
		for (; i < s.n && s.p[i] != ':'; i++)
			if (!http_is_path_char((unsigned char)s.p[i]) || s.p[i] == '/' ||
			    s.p[i] == '@' || s.p[i] == ',')
				return false;
	}
	if (i == s.n)
		return true;
	if (s.p[i] != ':' || s.n - i > 6)
		return false;
	for (i++; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return true;
}

/* "http://host/path": the part from the path on; the authority replaces the Host field (RFC
 * 9112 3.2.2). */
static int absolute_form(struct str *target, struct http_head *h, struct err *e)
{
	size_t scheme = 0, i;

	if (target->n >= 7 && str_ieqc(str_mem(target->p, 7), "http://"))
		scheme = 7;
	else if (target->n >= 8 && str_ieqc(str_mem(target->p, 8), "https://"))
		scheme = 8;
	if (scheme == 0)
		return fail(h, 400, e, "the target is neither a path nor an http URI");
	for (i = scheme; i < target->n && target->p[i] != '/' && target->p[i] != '?'; i++)
		;
	h->host = str_mem(target->p + scheme, i - scheme);
	if (h->host.n == 0 || !host_valid(h->host))
		return fail(h, 400, e, "malformed authority in the target");
	*target = str_mem(target->p + i, target->n - i);
	return 0;
}

static int parse_target(const struct http_limits *lim, struct http_head *h, struct err *e)
{
	struct str t = h->target;
	size_t i;

	if (t.n > lim->max_target)
		return fail(h, 414, e, "the target is too long");
	if (t.n == 0)
		return fail(h, 400, e, "no target");
	if (str_eqc(h->method, "CONNECT"))
		return fail(h, 400, e, "CONNECT is for proxies");
	if (str_eqc(t, "*") && str_eqc(h->method, "OPTIONS")) {
		h->path = t;
		return 0;
	}
	if (t.p[0] != '/' && absolute_form(&t, h, e) < 0)
		return -1;
	for (i = 0; i < t.n && t.p[i] != '?'; i++)
		if (!http_is_path_char((unsigned char)t.p[i]))
			return fail(h, 400, e, "invalid character in the path");
	h->path = i > 0 ? str_mem(t.p, i) : STR("/");
	if (i == t.n)
		return 0;
	h->query = str_mem(t.p + i + 1, t.n - i - 1);
	for (i = 0; i < h->query.n; i++) {
		unsigned char c = (unsigned char)h->query.p[i];

		if (!http_is_path_char(c) && c != '?' && c != '[' && c != ']')
			return fail(h, 400, e, "invalid character in the query");
	}
	return 0;
}

static int parse_line(struct str line, const struct http_limits *lim, struct http_head *h,
		      struct err *e)
{
	struct str rest, version;

	h->method = str_cut(line, ' ', &rest);
	h->target = str_cut(rest, ' ', &version);
	if (!http_is_token(h->method))
		return fail(h, 400, e, "malformed method");
	if (parse_version(version, h, e) < 0) {
		if (h->target.n > lim->max_target)
			h->status = 414;
		return -1;
	}
	if (h->method.n > METHOD_MAX)
		return fail(h, 501, e, "unknown method");
	return parse_target(lim, h, e);
}

static int parse_field(struct str line, struct http_header *out, struct http_head *h, struct err *e)
{
	struct str value;

	if (line.p[0] == ' ' || line.p[0] == '\t')
		return fail(h, 400, e, "a folded header line");
	out->name = str_cut(line, ':', &value);
	if (out->name.n == line.n)
		return fail(h, 400, e, "a header line without a colon");
	if (!http_is_token(out->name))
		return fail(h, 400, e, "invalid character in a header's name");
	for (size_t i = 0; i < value.n; i++)
		if (!http_is_field_char((unsigned char)value.p[i]))
			return fail(h, 400, e, "control character in a header's value");
	out->value = str_trim(value);
	return 0;
}

static int parse_fields(struct str rest, const struct http_limits *lim, struct arena *a,
			struct http_head *h, struct err *e)
{
	struct str line, scan = rest;
	unsigned n = 0;

	while (take_line(&scan, &line) && line.n > 0)
		n++;
	if (n > lim->max_headers)
		return fail(h, 431, e, "too many header lines");
	h->headers = ARENA_ARRAY(a, struct http_header, n + 1);
	for (;;) {
		if (!take_line(&rest, &line))
			return fail(h, 400, e, "a header line that does not end with CR LF");
		if (line.n == 0)
			break;
		if (parse_field(line, &h->headers[h->n_headers], h, e) < 0)
			return -1;
		h->n_headers++;
	}
	if (rest.n > 0)
		return fail(h, 400, e, "bytes after the head");
	return 0;
}

static int derive_length(struct str v, struct http_head *h, struct err *e)
{
	if (h->has_length)
		return fail(h, 400, e, "two Content-Length fields");
	if (!str_u64(v, &h->length))
		return fail(h, 400, e, "malformed Content-Length");
	h->has_length = true;
	return 0;
}

static int derive_coding(struct str v, struct http_head *h, struct err *e)
{
	if (h->chunked)
		return fail(h, 400, e, "two Transfer-Encoding fields");
	if (!str_ieqc(v, "chunked"))
		return fail(h, 400, e, "a Transfer-Encoding other than chunked");
	if (h->minor == 0)
		return fail(h, 400, e, "Transfer-Encoding in HTTP/1.0");
	h->chunked = true;
	return 0;
}

static int derive_expect(struct str v, struct http_head *h, struct err *e)
{
	if (!str_ieqc(v, "100-continue"))
		return fail(h, 417, e, "an expectation other than 100-continue");
	h->expect_continue = h->minor > 0;
	return 0;
}

static int derive_host(struct str v, struct http_head *h, struct err *e)
{
	if (!host_valid(v))
		return fail(h, 400, e, "malformed Host");
	if (h->host.n == 0)
		h->host = v;
	return 0;
}

static const struct {
	const char *name;
	int (*fn)(struct str value, struct http_head *h, struct err *e);
} derived[] = {
	{"Content-Length", derive_length},
	{"Transfer-Encoding", derive_coding},
	{"Host", derive_host},
	{"Expect", derive_expect},
};

/* RFC 9112 9.3: "close" anywhere wins. */
static void derive_connection(struct http_head *h)
{
	bool close = false, keep = h->minor > 0;

	for (unsigned i = 0; i < h->n_headers; i++) {
		struct str v = h->headers[i].value;

		if (!str_ieqc(h->headers[i].name, "Connection"))
			continue;
		while (v.n > 0) {
			struct str option = str_trim(str_cut(v, ',', &v));

			close = close || str_ieqc(option, "close");
			keep = keep || str_ieqc(option, "keep-alive");
		}
	}
	h->keep_alive = keep && !close;
}

static int derive(struct http_head *h, struct err *e)
{
	unsigned hosts = 0;

	derive_connection(h);
	for (unsigned i = 0; i < h->n_headers; i++) {
		struct http_header *f = &h->headers[i];

		hosts += str_ieqc(f->name, "Host");
		for (size_t k = 0; k < ARRAY_LEN(derived); k++)
			if (str_ieqc(f->name, derived[k].name) && derived[k].fn(f->value, h, e) < 0)
				return -1;
	}
	if (hosts > 1)
		return fail(h, 400, e, "two Host fields");
	if (hosts == 0 && h->minor > 0)
		return fail(h, 400, e, "no Host field");
	if (h->has_length && h->chunked)
		return fail(h, 400, e, "both Content-Length and Transfer-Encoding");
	return 0;
}

int http_head_parse(struct str in, const struct http_limits *lim, struct arena *a,
		    struct http_head *out, struct err *e)
{
	struct str rest = in, line;

	*out = (struct http_head){0};
	if (in.n > lim->max_head)
		return fail(out, 431, e, "the head is too long");
	if (!take_line(&rest, &line))
		return fail(out, 400, e, "a request line that does not end with CR LF");
	if (parse_line(line, lim, out, e) < 0 || parse_fields(rest, lim, a, out, e) < 0)
		return -1;
	return derive(out, e);
}
