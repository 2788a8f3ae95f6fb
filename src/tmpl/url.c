/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/unicode.h"
#include "tmpl/url.h"
#include "tmpl/value.h"

/* What is escaped where. */
enum part { PART_PATH, PART_USER, PART_HOST, PART_ZONE, PART_FRAGMENT };

struct url_parse {
	struct arena *a;
	struct buf *why;
};

static bool must_escape(unsigned char c, enum part part)
{
	if ((c < 0x80 && (rune_is_letter(c) || rune_is_digit(c))) ||
	    (c != '\0' && strchr("-_.~", c) != NULL))
		return false;
	if (c == '\0')
		return true;
	switch (part) {
	case PART_HOST:
	case PART_ZONE:
		return strchr("!$&'()*+,;=:[]<>\"", c) == NULL;
	case PART_PATH:
		return strchr("$&+,/:;=@", c) == NULL;
	case PART_USER:
		return strchr("$&+,;=", c) == NULL;
	case PART_FRAGMENT:
		return strchr("$&+,/:;=?@!()*", c) == NULL;
	}
	return true;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int bad_escape(struct url_parse *u, struct str s)
{
	buf_puts(u->why, "invalid URL escape ");
	tv_quote(str_mem(s.p, s.n > 3 ? 3 : s.n), u->why);
	return -1;
}

/* Whether the escape at s.p[i] may stand in `part`. */
static bool escape_fits(struct str s, size_t i, enum part part)
{
	int value = hex_value(s.p[i + 1]) << 4 | hex_value(s.p[i + 2]);

	if ((part != PART_HOST && part != PART_ZONE) || value == '%')
		return true;
	if (part == PART_HOST)
		return value >= 0x80;
	return value == ' ' || !must_escape((unsigned char)value, PART_HOST);
}

static int unescape(struct url_parse *u, struct str s, enum part part, struct str *out)
{
	char *p = NULL;
	size_t n = 0, escapes = 0;

	for (size_t i = 0; i < s.n; i++) {
		struct str rest = str_mem(s.p + i, s.n - i);

		if (s.p[i] == '%') {
			if (rest.n < 3 || hex_value(s.p[i + 1]) < 0 || hex_value(s.p[i + 2]) < 0 ||
			    !escape_fits(s, i, part))
				return bad_escape(u, rest);
			escapes++;
			i += 2;
		} else if ((part == PART_HOST || part == PART_ZONE) &&
			   (unsigned char)s.p[i] < 0x80 &&
			   must_escape((unsigned char)s.p[i], part)) {
			buf_puts(u->why, "invalid character ");
			tv_quote(str_mem(s.p + i, 1), u->why);
			buf_puts(u->why, " in host name");
			return -1;
		}
	}
	*out = s;
	if (escapes == 0)
		return 0;
	p = arena_alloc(u->a, s.n);
	for (size_t i = 0; i < s.n; i++) {
		p[n++] = s.p[i];
		if (s.p[i] == '%') {
			p[n - 1] = (char)(hex_value(s.p[i + 1]) << 4 | hex_value(s.p[i + 2]));
			i += 2;
		}
	}
	*out = str_mem(p, n);
	return 0;
}

static void escape(struct str s, enum part part, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (must_escape(c, part))
			buf_printf(out, "%%%02X", c);
		else
			buf_putc(out, (char)c);
	}
}

static bool escapes_to(struct str s, enum part part, struct str want)
{
	struct buf b = BUF_INIT;
	bool same;

	escape(s, part, &b);
	same = str_eq(buf_view(&b), want);
	buf_release(&b);
	return same;
}

/* An encoded text of the input may be written as it was. */
static bool valid_encoded(struct str s, enum part part)
{
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] == '\0' || strchr("!$&'()*+,;=:@[]%", s.p[i]) == NULL) &&
		    must_escape((unsigned char)s.p[i], part))
			return false;
	return true;
}

static int say(struct url_parse *u, const char *text)
{
	buf_puts(u->why, text);
	return -1;
}

static size_t find(struct str s, char c)
{
	const char *at = s.n > 0 ? memchr(s.p, c, s.n) : NULL;

	return at == NULL ? SIZE_MAX : (size_t)(at - s.p);
}

static size_t find_last(struct str s, char c)
{
	const char *at = s.n > 0 ? memrchr(s.p, c, s.n) : NULL;

	return at == NULL ? SIZE_MAX : (size_t)(at - s.p);
}

/* ---- addresses in brackets: netip.ParseAddr, for its words ---- */
static int bad_address(struct url_parse *u, struct str in, const char *what, struct str at)
{
	buf_puts(u->why, "invalid host: ParseAddr(");
	tv_quote(in, u->why);
	buf_printf(u->why, "): %s", what);
	if (at.n > 0) {
		buf_puts(u->why, " (at ");
		tv_quote(at, u->why);
		buf_putc(u->why, ')');
	}
	return -1;
}

static int check_ipv4(struct url_parse *u, struct str in, struct str s)
{
	unsigned value = 0, digits = 0, fields = 0;

	for (size_t i = 0; i < s.n; i++) {
		struct str rest = str_mem(s.p + i, s.n - i);

		if (s.p[i] >= '0' && s.p[i] <= '9') {
			if (digits == 1 && value == 0)
				return bad_address(u, in, "IPv4 field has octet with leading zero",
						   STR_NULL);
			value = value * 10 + (unsigned)(s.p[i] - '0');
			digits++;
			if (value > 255)
				return bad_address(u, in, "IPv4 field has value >255", STR_NULL);
			continue;
		}
		if (s.p[i] != '.')
			return bad_address(u, in, "unexpected character", rest);
		if (i == 0 || i == s.n - 1 || s.p[i - 1] == '.')
			return bad_address(u, in, "IPv4 field must have at least one digit", rest);
		if (fields == 3)
			return bad_address(u, in, "IPv4 address too long", STR_NULL);
		fields++;
		value = digits = 0;
	}
	return fields < 3 ? bad_address(u, in, "IPv4 address too short", STR_NULL) : 0;
}

/* The hexadecimal digits at the beginning of s. */
static int hex_field(struct url_parse *u, struct str in, struct str s, size_t *digits)
{
	*digits = 0;
	while (*digits < s.n && hex_value(s.p[*digits]) >= 0) {
		if (*digits > 3)
			return bad_address(u, in, "each group must have 4 or less digits", s);
		(*digits)++;
	}
	if (*digits == 0)
		return bad_address(u, in, "each colon-separated field must have at least one digit",
				   s);
	return 0;
}

/* An IPv4 address `s` at the end of the IPv6 address `in`, after `bytes` of it. */
static int check_embedded(struct url_parse *u, struct str in, struct str s, unsigned bytes,
			  bool gap)
{
	if (!gap && bytes != 12)
		return bad_address(
			u, in,
			"embedded IPv4 address must replace the final 2 fields of the address", s);
	if (bytes + 4 > 16)
		return bad_address(u, in,
				   "too many hex fields to fit an embedded IPv4 at the end of the "
				   "address",
				   s);
	return check_ipv4(u, in, s);
}

static int check_ipv6(struct url_parse *u, struct str in)
{
	size_t percent = find(in, '%'), digits;
	struct str s = percent == SIZE_MAX ? in : str_mem(in.p, percent);
	unsigned bytes = 0;
	bool gap = false;

	if (percent != SIZE_MAX && percent + 1 == in.n)
		return bad_address(u, in, "zone must be a non-empty string", STR_NULL);
	if (str_starts(s, "::")) {
		gap = true;
		s = str_mem(s.p + 2, s.n - 2);
		if (s.n == 0)
			return 0;
	}
	while (bytes < 16) {
		if (hex_field(u, in, s, &digits) != 0)
			return -1;
		if (digits < s.n && s.p[digits] == '.') {
			if (check_embedded(u, in, s, bytes, gap) != 0)
				return -1;
			s.n = 0;
			bytes += 4;
			break;
		}
		bytes += 2;
		s = str_mem(s.p + digits, s.n - digits);
		if (s.n == 0)
			break;
		if (s.p[0] != ':')
			return bad_address(u, in, "unexpected character, want colon", s);
		if (s.n == 1)
			return bad_address(u, in, "colon must be followed by more characters", s);
		s = str_mem(s.p + 1, s.n - 1);
		if (s.p[0] != ':')
			continue;
		if (gap)
			return bad_address(u, in, "multiple :: in address", s);
		gap = true;
		s = str_mem(s.p + 1, s.n - 1);
		if (s.n == 0)
			break;
	}
	if (s.n > 0)
		return bad_address(u, in, "trailing garbage after address", s);
	if (bytes < 16 && !gap)
		return bad_address(u, in, "address string too short", STR_NULL);
	if (bytes == 16 && gap)
		return bad_address(u, in, "the :: must expand to at least one field of zeros",
				   STR_NULL);
	return 0;
}

static int check_literal(struct url_parse *u, struct str in)
{
	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] == ':')
			return check_ipv6(u, in);
		if (in.p[i] == '%')
			return bad_address(u, in, "missing IPv6 address", STR_NULL);
		if (in.p[i] == '.')
			return check_ipv4(u, in, in) != 0 ? -1 : say(u, "invalid IP-literal");
	}
	return bad_address(u, in, "unable to parse IP", STR_NULL);
}

/* ---- authority ---- */
static int check_port(struct url_parse *u, struct str port)
{
	bool ok = port.n == 0 || port.p[0] == ':';

	for (size_t i = 1; i < port.n; i++)
		ok = ok && port.p[i] >= '0' && port.p[i] <= '9';
	if (ok)
		return 0;
	buf_puts(u->why, "invalid port ");
	tv_quote(port, u->why);
	buf_puts(u->why, " after host");
	return -1;
}

static int bracketed_host(struct url_parse *u, struct str host, struct str *out)
{
	size_t close = find_last(host, ']'), zone = SIZE_MAX;
	struct str name, port, first, second = STR_NULL;
	const char *at;

	if (close == SIZE_MAX)
		return say(u, "missing ']' in host");
	port = str_mem(host.p + close + 1, host.n - close - 1);
	name = str_mem(host.p + 1, close - 1);
	if (check_port(u, port) != 0)
		return -1;
	at = name.n >= 3 ? memmem(name.p, name.n, "%25", 3) : NULL;
	zone = at == NULL ? name.n : (size_t)(at - name.p);
	if (unescape(u, str_mem(name.p, zone), PART_HOST, &first) != 0 ||
	    unescape(u, str_mem(name.p + zone, name.n - zone), PART_ZONE, &second) != 0)
		return -1;
	name = str_c(arena_printf(u->a, "[" STR_FMT STR_FMT "]" STR_FMT, STR_ARG(first),
				  STR_ARG(second), STR_ARG(port)));
	*out = name;
	return check_literal(u, str_mem(name.p + 1, first.n + second.n));
}

static int parse_host(struct url_parse *u, struct str scheme, struct str host, struct str *out)
{
	size_t open = find_last(host, '['), colon = find(host, ':');

	if (open != SIZE_MAX)
		return open > 0 ? say(u, "invalid IP-literal") : bracketed_host(u, host, out);
	/* lists of hosts, but not for the web's schemes */
	if (colon != SIZE_MAX && !str_eqc(scheme, "http") && !str_eqc(scheme, "https"))
		colon = find_last(host, ':');
	if (colon != SIZE_MAX && check_port(u, str_mem(host.p + colon, host.n - colon)) != 0)
		return -1;
	return unescape(u, host, PART_HOST, out);
}

static bool valid_userinfo(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c >= 0x80 || c == '\0')
			return false;
		if (!rune_is_letter(c) && !rune_is_digit(c) &&
		    strchr("-._:~!$&'()*+,;=%@", c) == NULL)
			return false;
	}
	return true;
}

static int parse_authority(struct url_parse *u, struct str s, struct tmpl_url *out)
{
	size_t at = find_last(s, '@'), from = at == SIZE_MAX ? 0 : at + 1, colon;
	struct str user;

	if (parse_host(u, out->scheme, str_mem(s.p + from, s.n - from), &out->host) != 0)
		return -1;
	if (at == SIZE_MAX)
		return 0;
	user = str_mem(s.p, at);
	if (!valid_userinfo(user))
		return say(u, "net/url: invalid userinfo");
	out->has_user = true;
	colon = find(user, ':');
	if (colon == SIZE_MAX)
		return unescape(u, user, PART_USER, &out->user);
	out->has_password = true;
	if (unescape(u, str_mem(user.p, colon), PART_USER, &out->user) != 0)
		return -1;
	return unescape(u, str_mem(user.p + colon + 1, user.n - colon - 1), PART_USER,
			&out->password);
}

/* ---- the whole ---- */
/* "scheme:" at the beginning. */
static int parse_scheme(struct url_parse *u, struct str s, struct tmpl_url *out, struct str *rest)
{
	*rest = s;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x80 && rune_is_letter(c))
			continue;
		if (i > 0 && ((c < 0x80 && rune_is_digit(c)) || c == '+' || c == '-' || c == '.'))
			continue;
		if (c != ':')
			return 0;
		if (i == 0)
			return say(u, "missing protocol scheme");
		char *p = arena_alloc(u->a, i);
		for (size_t k = 0; k < i; k++)
			p[k] = ascii_lower(s.p[k]);
		out->scheme = str_mem(p, i);
		*rest = str_mem(s.p + i + 1, s.n - i - 1);
		return 0;
	}
	return 0;
}

static void cut_query(struct str *rest, struct tmpl_url *out)
{
	size_t at = find(*rest, '?');

	if (at == SIZE_MAX)
		return;
	if (at + 1 == rest->n)
		out->force_query = true;
	out->raw_query = str_mem(rest->p + at + 1, rest->n - at - 1);
	rest->n = at;
}

static int parse_before_fragment(struct url_parse *u, struct str s, struct tmpl_url *out)
{
	struct str rest, segment, authority;
	size_t slash;

	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return say(u, "net/url: invalid control character in URL");
	if (str_eqc(s, "*")) {
		out->path = s;
		return 0;
	}
	if (parse_scheme(u, s, out, &rest) != 0)
		return -1;
	cut_query(&rest, out);
	if (!str_starts(rest, "/")) {
		if (out->scheme.n > 0) {
			out->opaque = rest;
			return 0;
		}
		slash = find(rest, '/');
		segment = slash == SIZE_MAX ? rest : str_mem(rest.p, slash);
		if (str_has(segment, ':'))
			return say(u, "first path segment in URL cannot contain colon");
	}
	if (str_starts(rest, "//") && (out->scheme.n > 0 || !str_starts(rest, "///"))) {
		authority = str_mem(rest.p + 2, rest.n - 2);
		slash = find(authority, '/');
		rest = STR_NULL;
		if (slash != SIZE_MAX) {
			rest = str_mem(authority.p + slash, authority.n - slash);
			authority.n = slash;
		}
		if (parse_authority(u, authority, out) != 0)
			return -1;
	} else if (out->scheme.n > 0 && str_starts(rest, "/")) {
		out->omit_host = true;
	}
	if (unescape(u, rest, PART_PATH, &out->path) != 0)
		return -1;
	if (!escapes_to(out->path, PART_PATH, rest))
		out->raw_path = rest;
	return 0;
}

int tmpl_url_parse(struct str s, struct arena *a, struct tmpl_url *out, struct buf *why)
{
	struct buf what = BUF_INIT;
	struct url_parse u = {.a = a, .why = &what};
	size_t hash = find(s, '#');
	struct str before = hash == SIZE_MAX ? s : str_mem(s.p, hash), blame = before;
	int rc;

	*out = (struct tmpl_url){0};
	rc = parse_before_fragment(&u, before, out);
	if (rc == 0 && hash != SIZE_MAX && hash + 1 < s.n) {
		struct str fragment = str_mem(s.p + hash + 1, s.n - hash - 1);

		blame = s;
		rc = unescape(&u, fragment, PART_FRAGMENT, &out->fragment);
		if (rc == 0 && !escapes_to(out->fragment, PART_FRAGMENT, fragment))
			out->raw_fragment = fragment;
	}
	if (rc != 0) {
		buf_puts(why, "parse ");
		tv_quote(blame, why);
		buf_puts(why, ": ");
		buf_str(why, buf_view(&what));
	}
	buf_release(&what);
	return rc;
}

struct str tmpl_url_hostname(const struct tmpl_url *u)
{
	struct str host = u->host;
	size_t colon = find_last(host, ':');
	bool port = colon != SIZE_MAX;

	for (size_t i = port ? colon + 1 : host.n; i < host.n; i++)
		port = port && host.p[i] >= '0' && host.p[i] <= '9';
	if (port)
		host.n = colon;
	if (str_starts(host, "[") && str_ends(host, "]"))
		host = str_mem(host.p + 1, host.n - 2);
	return host;
}

void tmpl_url_userinfo(const struct tmpl_url *u, struct buf *out)
{
	escape(u->user, PART_USER, out);
	if (!u->has_password)
		return;
	buf_putc(out, ':');
	escape(u->password, PART_USER, out);
}

static void put_path(const struct tmpl_url *u, struct buf *out)
{
	struct str raw = u->raw_path;
	size_t start = out->n, slash;

	if (raw.n > 0 && valid_encoded(raw, PART_PATH))
		buf_str(out, raw);
	else if (str_eqc(u->path, "*"))
		buf_putc(out, '*');
	else
		escape(u->path, PART_PATH, out);
	if (start > 0 || out->failed)
		return;
	/* a colon in the first segment would make it a scheme */
	slash = find(buf_view(out), '/');
	if (!str_has(str_mem(out->p, slash == SIZE_MAX ? out->n : slash), ':'))
		return;
	buf_puts(out, "./");
	if (!out->failed) {
		memmove(out->p + 2, out->p, out->n - 2);
		memcpy(out->p, "./", 2);
	}
}

void tmpl_url_string(const struct tmpl_url *u, struct buf *out)
{
	struct buf b = {.limit = out->limit};

	if (u->scheme.n > 0) {
		buf_str(&b, u->scheme);
		buf_putc(&b, ':');
	}
	if (u->opaque.n > 0) {
		buf_str(&b, u->opaque);
	} else {
		bool authority = u->scheme.n > 0 || u->host.n > 0 || u->has_user;

		if (authority && !(u->omit_host && u->host.n == 0 && !u->has_user)) {
			if (u->host.n > 0 || u->path.n > 0 || u->has_user)
				buf_puts(&b, "//");
			if (u->has_user) {
				tmpl_url_userinfo(u, &b);
				buf_putc(&b, '@');
			}
			escape(u->host, PART_HOST, &b);
		}
		if (u->path.n > 0 && u->path.p[0] != '/' && u->host.n > 0)
			buf_putc(&b, '/');
		put_path(u, &b);
	}
	if (u->force_query || u->raw_query.n > 0) {
		buf_putc(&b, '?');
		buf_str(&b, u->raw_query);
	}
	if (u->fragment.n > 0) {
		buf_putc(&b, '#');
		if (u->raw_fragment.n > 0 && valid_encoded(u->raw_fragment, PART_FRAGMENT))
			buf_str(&b, u->raw_fragment);
		else
			escape(u->fragment, PART_FRAGMENT, &b);
	}
	if (b.failed)
		out->failed = true;
	buf_str(out, buf_view(&b));
	buf_release(&b);
}
