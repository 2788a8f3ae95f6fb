/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/mem.h"
#include "codec/uri.h"
#include "hook/webhook_priv.h"

/*
 * Where a webhook's call goes.
 *
 * The URL is a template, and what it is filled with comes from whoever asks for a certificate. So
 * scheme, host and port stand in the text before the first action, are checked when the
 * configuration is read, and must be what the filled URL begins with. Behind them data may be a
 * part of the path or of the query. It cannot climb in the path (dot segments are refused, also
 * escaped ones), cannot cut the rest off (no fragment), cannot begin a query or add to one (no '?'
 * and '&' beyond those of the text), and what is no character of a URL (a space, a quote, "<no
 * value>") is refused rather than repaired: templates have urlquery for that.
 */
#define URL_MAX 8192

static const struct tmpl_limits url_limits = {.steps = 20000,
					      .output = URL_MAX,
					      .memory = 1024 * 1024,
					      .depth = 20,
					      .time_ns = 2 * 1000 * 1000};

static bool is_dots(struct str segment)
{
	size_t dots = 0;

	for (size_t i = 0; i < segment.n; dots++) {
		if (segment.p[i] == '.')
			i++;
		else if (segment.n - i >= 3 && str_ieqc(str_mem(segment.p + i, 3), "%2e"))
			i += 3;
		else
			return false;
	}
	return dots == 1 || dots == 2;
}

static bool climbs(struct str path)
{
	for (struct str rest = path; rest.p != NULL;)
		if (is_dots(str_cut(rest, '/', &rest)))
			return true;
	return false;
}

static unsigned count(struct str s, char c)
{
	unsigned n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == c;
	return n;
}

/* What holds for the URL of each call. */
static int check(const struct webhook *h, struct str url, struct uri *u, struct err *e)
{
	if (uri_parse(url, u, e) != 0)
		return -1;
	if (url.n < h->origin || memcmp(url.p, h->url, h->origin) != 0)
		return ERR(e, ERR_INVALID, "scheme, host and port are not those of the text");
	if (u->has_fragment)
		return ERR(e, ERR_INVALID, "there is a \"#\" in it");
	if (count(url, '?') > h->questions || count(url, '&') > h->ampersands)
		return ERR(e, ERR_INVALID,
			   "there is a \"?\" or \"&\" in it that the text does not have; urlquery "
			   "makes data a part of a query");
	if (climbs(u->path))
		return ERR(e, ERR_INVALID, "there is a \"..\" or \".\" in its path");
	return 0;
}

/* ---- when the configuration is read ---- */

/* The text before the first action. */
static struct str literal(const char *url)
{
	const char *action = strstr(url, "{{");

	return str_mem(url, action != NULL ? (size_t)(action - url) : strlen(url));
}

/* Those outside of actions. */
static unsigned count_fixed(const char *url, char c)
{
	unsigned n = 0;

	while (*url != '\0') {
		const char *end = strncmp(url, "{{", 2) == 0 ? strstr(url + 2, "}}") : NULL;

		n += *url == c;
		url = end != NULL ? end + 2 : url + 1;
	}
	return n;
}

static bool is_delimiter(char c)
{
	return c == '/' || c == '?' || c == '#';
}

/* Bytes of scheme, host, port, and of the character that ends them when there is one. */
static size_t origin_length(struct str text)
{
	size_t n = 8;

	if (text.n < 8 || !str_ieqc(str_mem(text.p, 8), "https://"))
		return 0;
	while (n < text.n && !is_delimiter(text.p[n]))
		n++;
	return n < text.n ? n + 1 : n;
}

static int check_address(const struct uri *u, const struct addr_rules *rules, struct err *e)
{
	unsigned char ip[16];
	size_t n = ip_parse(u->host, ip);
	char text[ADDR_TEXT];
	struct addr a;

	if (n == 0 || rules == NULL)
		return 0;
	addr_wildcard(&a, n == 4 ? AF_INET : AF_INET6, 443);
	a.any = false;
	if (n == 4)
		memcpy(&a.u.in.sin_addr, ip, 4);
	else
		memcpy(&a.u.in6.sin6_addr, ip, 16);
	if (addr_rules_permit(rules, &a))
		return 0;
	return ERR(e, ERR_FORBIDDEN,
		   "calls to %s are refused by the address rules; outbound.allow in signetd.yaml "
		   "makes exceptions",
		   addr_format(&a, text));
}

static int check_origin(const struct webhook *h, struct str text, const struct addr_rules *rules,
			struct err *e)
{
	bool whole = h->url[text.n] == '\0';
	struct uri u;

	if (h->origin == 0 || (whole && h->origin == 8))
		return ERR(e, ERR_INVALID, "must begin with https:// and a host");
	if (!whole && (h->origin == 8 || !is_delimiter(text.p[h->origin - 1])))
		return ERR(e, ERR_INVALID,
			   "the host must stand in the text, with a / before the first {{");
	if (uri_parse(str_mem(text.p, h->origin), &u, e) != 0)
		return -1;
	if (u.host.n == 0)
		return ERR(e, ERR_INVALID, "must begin with https:// and a host");
	if (memchr(text.p, '@', h->origin) != NULL)
		return ERR(e, ERR_INVALID,
			   "must not hold a user or password; use basicUser and basicPasswordFile");
	if (u.has_port && u.port == 0)
		return ERR(e, ERR_INVALID, "port 0 cannot be called");
	if (whole && check(h, str_c(h->url), &u, e) != 0)
		return -1;
	return check_address(&u, rules, e);
}

int webhook_url_load(struct webhook *h, const struct addr_rules *rules, struct err *e)
{
	const struct tmpl_options o = {.name = STR("url"), .set = TMPL_STEP};
	struct tmpl_error_info why = {0};
	struct arena *a;
	struct buf text = BUF_INIT;
	int rc;

	if (strlen(h->url) > URL_MAX)
		return ERR(e, ERR_TOO_LARGE, "longer than %d bytes", URL_MAX);
	h->origin = origin_length(literal(h->url));
	h->questions = count_fixed(h->url, '?');
	h->ampersands = count_fixed(h->url, '&');
	if (check_origin(h, literal(h->url), rules, e) != 0)
		return -1;
	a = arena_new();
	rc = tmpl_compile(str_c(h->url), &o, a, &h->url_tmpl, &why);
	if (rc != 0) {
		tmpl_error_describe(&why, &text);
		(void)ERR(e, ERR_INVALID, STR_FMT, STR_ARG(buf_view(&text)));
	}
	buf_release(&text);
	arena_free(a);
	return rc;
}

/* ---- for a call ---- */

int webhook_url_render(const struct webhook *h, struct tv vars, struct arena *arena,
		       const char **out, struct err *e)
{
	struct tmpl_error_info why = {0};
	struct buf b = BUF_INIT;
	struct uri u;
	int rc;

	b.limit = URL_MAX;
	if (tmpl_run(h->url_tmpl, vars, &url_limits, arena, &b, &why) != 0) {
		buf_release(&b);
		return ERR(e, ERR_FORBIDDEN, "its URL: " STR_FMT, STR_ARG(why.message));
	}
	*out = arena_cstr(arena, buf_view(&b));
	rc = memchr(b.p != NULL ? b.p : "", '\0', b.n) != NULL
		     ? ERR(e, ERR_INVALID, "there is a NUL in it")
		     : check(h, buf_view(&b), &u, e);
	buf_release(&b);
	if (rc == 0)
		return 0;
	(void)err_wrap(e, "its URL as filled in for this request");
	e->code = ERR_FORBIDDEN;
	return -1;
}
