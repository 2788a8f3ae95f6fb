/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/idna.h"
#include "codec/uri.h"
#include "policy/priv.h"
#include "tmpl/unicode.h"

/*
 * normalize.c - one spelling for each name.
 *
 * What it guarantees: two spellings of a name that some program takes for the same give the same
 * bytes here, and normalising twice changes nothing. What has no such spelling (a DNS name with an
 * empty label, a mailbox without a domain) is an error and never compared. Rules and names go
 * through the same functions, so that no rule is missed for a letter's case, a dot, an A-label, a
 * pair of quotes or an escape.
 */

#define TEXT_MAX 4096U

/* ---- letters ---- */

static uint32_t fold_rune(uint32_t r)
{
	/* Turkish i: folded with nothing else (Unicode, status T). */
	if (r == 0x130 || r == 0x131)
		return r;
	return rune_lower(rune_upper(r));
}

static bool is_ascii(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

struct str policy_ascii_lower(struct str s, struct arena *a)
{
	char *p = arena_alloc(a, s.n + 1);

	for (size_t i = 0; i < s.n; i++)
		p[i] = ascii_lower(s.p[i]);
	return (struct str){p, s.n};
}

struct str policy_fold(struct str s, struct arena *a)
{
	struct buf b = BUF_INIT;
	struct str out;

	if (is_ascii(s))
		return policy_ascii_lower(s, a);
	while (s.n > 0) {
		uint32_t r;
		size_t width = rune_first(s, &r);

		if (rune_bad(r, width))
			buf_putc(&b, s.p[0]);
		else
			rune_add(&b, fold_rune(r));
		s.p += width;
		s.n -= width;
	}
	out = arena_str(a, buf_view(&b));
	buf_release(&b);
	return out;
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str policy_squeeze(struct str s, struct arena *a)
{
	char *p = arena_alloc(a, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (!is_blank(s.p[i]))
			p[n++] = s.p[i];
		else if (n > 0 && p[n - 1] != ' ')
			p[n++] = ' ';
	}
	if (n > 0 && p[n - 1] == ' ')
		n--;
	return (struct str){p, n};
}

/* One code point of a quoted text: as it is, or as Go escapes it. */
static void quote_rune(uint32_t r, struct str raw, struct buf *out)
{
	static const char named[] = "\aa\bb\ff\nn\rr\tt\vv";

	if (rune_bad(r, raw.n)) {
		buf_printf(out, "\\x%02x", (unsigned char)raw.p[0]);
		return;
	}
	if (r == '"' || r == '\\') {
		buf_putc(out, '\\');
		buf_str(out, raw);
		return;
	}
	if (rune_is_print(r)) {
		buf_str(out, raw);
		return;
	}
	for (size_t i = 0; i + 1 < sizeof(named); i += 2)
		if (r == (unsigned char)named[i]) {
			buf_printf(out, "\\%c", named[i + 1]);
			return;
		}
	if (r < 0x20 || r == 0x7f)
		buf_printf(out, "\\x%02x", r);
	else
		buf_printf(out, r < 0x10000 ? "\\u%04x" : "\\U%08x", r);
}

void policy_quote(struct str s, struct buf *out)
{
	size_t from = out->n;

	buf_putc(out, '"');
	while (s.n > 0) {
		uint32_t r;
		size_t width = rune_first(s, &r);

		quote_rune(r, (struct str){s.p, width}, out);
		s.p += width;
		s.n -= width;
		if (out->n - from > 150 && s.n > 8) {
			buf_puts(out, "...");
			break;
		}
	}
	buf_putc(out, '"');
}

/* ---- DNS ---- */

/* Without the dot at the end, in any of the forms that IDNA takes for a dot. */
static struct str without_dot(struct str s)
{
	static const char *const dots[] = {".", "\xe3\x80\x82", "\xef\xbc\x8e", "\xef\xbd\xa1"};

	for (size_t i = 0; i < ARRAY_LEN(dots); i++) {
		size_t n = strlen(dots[i]);

		if (s.n > n && str_ends(s, dots[i])) {
			s.n -= n;
			break;
		}
	}
	return s;
}

int policy_normalize_dns(struct str name, struct arena *a, struct str *out, struct err *e)
{
	return idna_to_ascii(without_dot(name), a, out, e);
}

bool policy_spend(size_t *budget, struct str name)
{
	bool idn = false;

	for (size_t i = 0; i < name.n && !idn; i++) {
		struct str four = {name.p + i, 4};

		idn = (unsigned char)name.p[i] >= 0x80 || name.p[i] == '%' ||
		      (name.n - i >= 4 && str_ieqc(four, "xn--"));
	}
	if (!idn)
		return true;
	if (name.n > *budget) {
		*budget = 0;
		return false;
	}
	*budget -= name.n;
	return true;
}

/* A label by STD3 and with RFC 5891 4.2.3.1: no '_', "--" in third place only in an A-label. */
static bool label_strict(struct str l)
{
	if (str_has(l, '_'))
		return false;
	return l.n <= 4 || l.p[2] != '-' || l.p[3] != '-' || str_starts(l, "xn--");
}

int policy_strict_dns(struct str name, struct arena *a, struct str *out, struct err *e)
{
	struct str rest, label;

	if (without_dot(name).n != name.n)
		return ERR(e, ERR_INVALID, "a dot at the end");
	if (policy_normalize_dns(name, a, out, e) < 0)
		return -1;
	for (rest = *out; rest.n > 0;) {
		label = str_cut(rest, '.', &rest);
		if (!label_strict(label))
			return ERR(e, ERR_INVALID,
				   "DNS name: '_', or '--' in third place, in a label");
	}
	return 0;
}

/* ---- e-mail ---- */

static bool is_atext(char c)
{
	char l = ascii_lower(c);

	return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static bool is_dot_atom(struct str s)
{
	bool dot = true;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '.' ? dot : !is_atext(s.p[i]))
			return false;
		dot = s.p[i] == '.';
	}
	return !dot;
}

/* quoted-pair, and in practice what is escaped outside of quotes: any ASCII but NUL, LF, CR */
static bool may_be_escaped(char c)
{
	return c != '\0' && (unsigned char)c < 0x80 && c != '\n' && c != '\r';
}

/* "..."@: takes it from *s; its contents to raw. */
static bool take_quoted(struct str *s, char *raw, size_t *n)
{
	size_t i;

	for (i = 1; i < s->n && s->p[i] != '"'; i++) {
		char c = s->p[i];

		if (c == '\\' && ++i == s->n)
			return false;
		if (!may_be_escaped(s->p[i]) || (c != '\\' && c == '\t'))
			return false;
		raw[(*n)++] = s->p[i];
	}
	if (i >= s->n)
		return false;
	s->p += i + 1;
	s->n -= i + 1;
	return true;
}

/* Dot-string, with escapes as RFC 3696 shows them: takes it from *s. */
static bool take_atoms(struct str *s, char *raw, size_t *n)
{
	size_t i = 0;

	for (; i < s->n && (is_atext(s->p[i]) || s->p[i] == '.' || s->p[i] == '\\'); i++) {
		if (s->p[i] == '\\' && ++i == s->n)
			return false;
		if (!may_be_escaped(s->p[i]))
			return false;
		raw[(*n)++] = s->p[i];
	}
	s->p += i;
	s->n -= i;
	if (*n == 0 || raw[0] == '.' || raw[*n - 1] == '.')
		return false;
	for (i = 1; i < *n; i++)
		if (raw[i] == '.' && raw[i - 1] == '.')
			return false;
	return true;
}

/* Contents of a local part in its one spelling: quoted only where it must be. */
static struct str local_spelling(struct str raw, struct arena *a)
{
	char *p = arena_alloc(a, 2 * raw.n + 3);
	size_t n = 0;

	if (is_dot_atom(raw))
		return arena_str(a, raw);
	p[n++] = '"';
	for (size_t i = 0; i < raw.n; i++) {
		if (raw.p[i] == '"' || raw.p[i] == '\\')
			p[n++] = '\\';
		p[n++] = raw.p[i];
	}
	p[n++] = '"';
	return (struct str){p, n};
}

bool policy_mailbox(struct str s, struct arena *a, struct str *local, struct str *domain)
{
	char *raw;
	size_t n = 0;

	if (s.n == 0 || s.n > TEXT_MAX)
		return false;
	raw = arena_alloc(a, s.n + 1);
	if (s.p[0] == '"' ? !take_quoted(&s, raw, &n) : !take_atoms(&s, raw, &n))
		return false;
	if (s.n < 2 || s.p[0] != '@')
		return false;
	*local = local_spelling((struct str){raw, n}, a);
	*domain = (struct str){s.p + 1, s.n - 1};
	return true;
}

int policy_normalize_email(struct str name, struct arena *a, struct str *local, struct str *domain,
			   struct err *e)
{
	struct str host;

	if (!policy_mailbox(name, a, local, &host))
		return ERR(e, ERR_INVALID, "not an e-mail address");
	if (policy_normalize_dns(host, a, domain, e) < 0)
		return err_wrap(e, "e-mail address");
	if (str_has(*domain, '*'))
		return ERR(e, ERR_INVALID, "e-mail address: '*' in the domain");
	return 0;
}

/* ---- addresses, URIs ---- */

struct str policy_unmapped(struct str ip)
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (ip.n == 16 && memcmp(ip.p, mapped, sizeof(mapped)) == 0)
		return (struct str){ip.p + 12, 4};
	return ip;
}

static int parse_host(struct str uri, struct uri *u, struct err *e)
{
	if (uri.n > TEXT_MAX)
		return ERR(e, ERR_INVALID, "URI: too long");
	if (uri_parse(uri, u, e) < 0)
		return -1;
	if (u->host.n == 0)
		return ERR(e, ERR_INVALID, "URI: without a host");
	return 0;
}

int policy_normalize_uri_host(struct str uri, struct arena *a, struct str *host, struct err *e)
{
	unsigned char ip[16];
	struct str plain;
	struct uri u;
	char text[46];
	size_t n;

	if (parse_host(uri, &u, e) < 0 || uri_unescape(u.host, a, &plain, e) < 0)
		return -1;
	n = ip_parse(plain, ip);
	if (n > 0) {
		struct str bytes = policy_unmapped(str_mem(ip, n));

		ip_format((const unsigned char *)bytes.p, bytes.n, text);
		*host = arena_str(a, str_c(text));
		return 0;
	}
	if (str_has(plain, '*'))
		return ERR(e, ERR_INVALID, "URI: '*' in the host");
	return policy_normalize_dns(plain, a, host, e);
}

int policy_plain_uri_host(struct str uri, struct arena *a, struct str *host, struct err *e)
{
	unsigned char ip[16];
	struct uri u;

	if (parse_host(uri, &u, e) < 0)
		return -1;
	if (u.host_is_ipv6 || ip_parse(u.host, ip) > 0)
		return ERR(e, ERR_INVALID, "URI: an address as the host");
	if (str_has(u.host, '%') || str_has(u.host, '*') || u.host.p[u.host.n - 1] == '.')
		return ERR(e, ERR_INVALID, "URI: an escape, '*' or a dot at the end of the host");
	return policy_normalize_dns(u.host, a, host, e);
}

/* A scheme and ':' first (RFC 3986 3.1); what stands behind it is not looked at. */
static bool has_scheme(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i], l = ascii_lower(c);

		if (c == ':')
			return i > 0;
		if ((l < 'a' || l > 'z') &&
		    (i == 0 || ((c < '0' || c > '9') && c != '+' && c != '-' && c != '.')))
			return false;
	}
	return false;
}

static bool has_control(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return true;
	return false;
}

enum kind policy_guess(struct str name)
{
	unsigned char ip[16];

	if (ip_parse(name, ip) > 0)
		return KIND_IP;
	if (has_scheme(name) && !has_control(name))
		return KIND_URI;
	return str_has(name, '@') ? KIND_EMAIL : KIND_DNS;
}

void policy_guess_san(struct str name, struct arena *a, struct san *out)
{
	unsigned char ip[16];
	struct str value = name;

	out->type = SAN_DNS;
	switch (policy_guess(name)) {
	case KIND_IP:
		out->type = SAN_IP;
		value = policy_unmapped(str_mem(ip, ip_parse(name, ip)));
		break;
	case KIND_URI:
		out->type = SAN_URI;
		break;
	case KIND_EMAIL:
		out->type = SAN_EMAIL;
		break;
	case KIND_DNS:
	case KIND_CN:
	case KIND_PRINCIPAL:
	case KIND_OTHER:
	case KIND_PERMANENT:
	case KIND_COUNT:
		break;
	}
	out->value = arena_str(a, value);
}
