/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/uri.h"

/*
 * uri.c - RFC 3986, taken by its grammar: every component has its set of characters, and an
 * escape is '%' and two hexadecimal digits. A relative reference is taken too and has an empty
 * scheme; who needs a URI checks `scheme.n`.
 */

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_unreserved(char c)
{
	return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Value of the escape at p (which has n bytes), -1 when it is none. */
static int escape_value(const char *p, size_t n)
{
	int hi, lo;

	if (n < 3 || p[0] != '%')
		return -1;
	hi = hex_value(p[1]);
	lo = hex_value(p[2]);
	return hi < 0 || lo < 0 ? -1 : hi << 4 | lo;
}

/* unreserved / pct-encoded / sub-delims / one of extra */
static bool component_valid(struct str s, const char *extra)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '%') {
			if (escape_value(s.p + i, s.n - i) < 0)
				return false;
			i += 2;
		} else if (!is_unreserved(c) && (c == '\0' || (strchr("!$&'()*+,;=", c) == NULL &&
							       strchr(extra, c) == NULL))) {
			return false;
		}
	}
	return true;
}

/* Takes the bytes before the first of `ends` from the front of *s. */
static struct str take_until(struct str *s, const char *ends)
{
	struct str part = {s->p, 0};

	while (part.n < s->n && (s->p[part.n] == '\0' || strchr(ends, s->p[part.n]) == NULL))
		part.n++;
	s->p += part.n;
	s->n -= part.n;
	return part;
}

static int take_scheme(struct str *s, struct str *scheme, struct err *e)
{
	struct str ahead = *s, part = take_until(&ahead, ":/?#");

	*scheme = STR_NULL;
	if (ahead.n == 0 || ahead.p[0] != ':')
		return 0;
	if (part.n == 0 || !is_alpha(part.p[0]))
		return ERR(e, ERR_INVALID, "URI: scheme does not start with a letter");
	for (size_t i = 0; i < part.n; i++)
		if (!is_alpha(part.p[i]) && !is_digit(part.p[i]) && part.p[i] != '+' &&
		    part.p[i] != '-' && part.p[i] != '.')
			return ERR(e, ERR_INVALID, "URI: character not allowed in the scheme");
	*scheme = part;
	*s = (struct str){ahead.p + 1, ahead.n - 1};
	return 0;
}

static int parse_port(struct str s, struct uri *out, struct err *e)
{
	uint64_t v;

	if (s.n == 0)
		return 0;
	if (s.n > 5 || !str_u64(s, &v) || v > 65535)
		return ERR(e, ERR_INVALID, "URI: port is not a number up to 65535");
	out->port = (uint16_t)v;
	out->has_port = true;
	return 0;
}

static int parse_ipv6(struct str *s, struct uri *out, struct err *e)
{
	const char *end = memchr(s->p, ']', s->n);
	unsigned char ip[16];

	if (end == NULL)
		return ERR(e, ERR_INVALID, "URI: no ']' in the host");
	out->host = (struct str){s->p + 1, (size_t)(end - s->p) - 1};
	if (ip_parse(out->host, ip) != 16)
		return ERR(e, ERR_INVALID, "URI: not an IPv6 address between the brackets");
	out->host_is_ipv6 = true;
	s->n -= (size_t)(end + 1 - s->p);
	s->p = end + 1;
	if (s->n > 0 && s->p[0] != ':')
		return ERR(e, ERR_INVALID, "URI: text behind the host");
	return 0;
}

static int parse_authority(struct str s, struct uri *out, struct err *e)
{
	struct str rest;

	out->has_authority = true;
	if (str_has(s, '@')) {
		out->userinfo = str_cut(s, '@', &rest);
		if (!component_valid(out->userinfo, ":"))
			return ERR(e, ERR_INVALID,
				   "URI: character not allowed in the user information");
		s = rest.p != NULL ? rest : (struct str){s.p + s.n, 0};
	}
	if (s.n > 0 && s.p[0] == '[') {
		if (parse_ipv6(&s, out, e) != 0)
			return -1;
	} else {
		out->host = take_until(&s, ":");
		if (!component_valid(out->host, ""))
			return ERR(e, ERR_INVALID, "URI: character not allowed in the host");
	}
	if (s.n == 0)
		return 0;
	return parse_port((struct str){s.p + 1, s.n - 1}, out, e);
}

int uri_parse(struct str s, struct uri *out, struct err *e)
{
	*out = (struct uri){0};
	if (s.n == 0)
		return ERR(e, ERR_INVALID, "URI: empty");
	if (take_scheme(&s, &out->scheme, e) != 0)
		return -1;
	if (str_starts(s, "//")) {
		s.p += 2;
		s.n -= 2;
		if (parse_authority(take_until(&s, "/?#"), out, e) != 0)
			return -1;
	}
	out->path = take_until(&s, "?#");
	if (!component_valid(out->path, ":@/"))
		return ERR(e, ERR_INVALID, "URI: character not allowed in the path");
	if (s.n > 0 && s.p[0] == '?') {
		s.p++;
		s.n--;
		out->has_query = true;
		out->query = take_until(&s, "#");
		if (!component_valid(out->query, ":@/?"))
			return ERR(e, ERR_INVALID, "URI: character not allowed in the query");
	}
	if (s.n > 0) {
		out->has_fragment = true;
		out->fragment = (struct str){s.p + 1, s.n - 1};
		if (!component_valid(out->fragment, ":@/?"))
			return ERR(e, ERR_INVALID, "URI: character not allowed in the fragment");
	}
	return 0;
}

/* Result is NUL-terminated; NULL when there is a bad escape or a NUL. */
static char *unescape(struct str s, bool plus_is_space, struct arena *a, size_t *len)
{
	char *p = arena_alloc(a, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		int v = (unsigned char)s.p[i];

		if (v == '%') {
			v = escape_value(s.p + i, s.n - i);
			i += 2;
		} else if (v == '+' && plus_is_space) {
			v = ' ';
		}
		if (v <= 0)
			return NULL;
		p[n++] = (char)v;
	}
	*len = n;
	return p;
}

int uri_unescape(struct str s, struct arena *a, struct str *out, struct err *e)
{
	size_t n = 0;
	char *p = unescape(s, false, a, &n);

	if (p == NULL)
		return ERR(e, ERR_INVALID, "URI: bad escape or NUL character");
	*out = (struct str){p, n};
	return 0;
}

void uri_escape(struct str s, struct buf *out)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (is_unreserved(s.p[i])) {
			buf_putc(out, s.p[i]);
		} else {
			buf_putc(out, '%');
			buf_putc(out, digits[c >> 4]);
			buf_putc(out, digits[c & 15]);
		}
	}
}

bool uri_query(struct str query, const char *key, struct arena *a, struct str *out)
{
	while (query.n > 0) {
		struct str pair = str_cut(query, '&', &query), value = STR_NULL, name;
		size_t n = 0;
		char *p;

		name = str_cut(pair, '=', &value);
		p = unescape(name, true, a, &n);
		if (p == NULL || !str_eqc((struct str){p, n}, key))
			continue;
		p = unescape(value, true, a, &n);
		if (p == NULL)
			return false;
		*out = (struct str){p, n};
		return true;
	}
	return false;
}
