/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "api/answer.h"
#include "api/page.h"

#include "base/clock.h"
#include "codec/uri.h"
#include "net/addr.h"

/*
 * page.c - GET /: one page for a person who has typed the CA's address into a browser. It says what
 * this is, which root to expect and how to begin. No script, no style, nothing from elsewhere, and
 * a policy that forbids all of it; every value is escaped, though the operator chose most of them.
 *
 * The browser has no reason yet to trust this connection, so the page says where the fingerprint
 * has to be compared with.
 */

static void put_escaped(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		switch (s.p[i]) {
		case '&':
			buf_puts(b, "&amp;");
			break;
		case '<':
			buf_puts(b, "&lt;");
			break;
		case '>':
			buf_puts(b, "&gt;");
			break;
		case '"':
			buf_puts(b, "&quot;");
			break;
		case '\'':
			buf_puts(b, "&#39;");
			break;
		default:
			buf_putc(b, s.p[i]);
			break;
		}
	}
}

/* ---- the address ---- */

static bool same_name(struct str a, struct str b)
{
	unsigned char x[16], y[16];
	size_t n = ip_parse(a, x);

	if (n > 0)
		return ip_parse(b, y) == n && memcmp(x, y, n) == 0;
	return str_ieq(a, b);
}

/* "name", "name:port", "[v6]", "[v6]:port"; port 0 when there is none, or none that is one. */
static void split_host(struct str host, struct str *name, int *port)
{
	struct str rest = STR_NULL;
	uint64_t n;

	if (host.n > 0 && host.p[0] == '[') {
		*name = str_cut(str_mem(host.p + 1, host.n - 1), ']', &rest);
		if (rest.n > 0 && rest.p[0] == ':')
			rest = str_mem(rest.p + 1, rest.n - 1);
	} else {
		*name = str_cut(host, ':', &rest);
	}
	*port = str_u64(rest, &n) && n > 0 && n <= 65535 ? (int)n : 0;
}

char *page_address(struct arena *a, struct str host, const char *const *names, size_t n_names,
		   int port)
{
	struct str name, shown = n_names > 0 ? str_c(names[0]) : STR("localhost");
	unsigned char ip[16];
	const char *open = "", *close = "";
	int asked;

	split_host(host, &name, &asked);
	for (size_t i = 0; i < n_names; i++)
		if (same_name(name, str_c(names[i]))) {
			shown = str_c(names[i]);
			port = asked > 0 ? asked : 443;
		}
	if (port == 0)
		port = asked > 0 ? asked : 443;
	if (ip_parse(shown, ip) == 16) {
		open = "[";
		close = "]";
	}
	if (port == 443)
		return arena_printf(a, "https://%s" STR_FMT "%s", open, STR_ARG(shown), close);
	return arena_printf(a, "https://%s" STR_FMT "%s:%d", open, STR_ARG(shown), close, port);
}

static int configured_port(const struct ca *ca)
{
	struct addr a;
	struct err ignored = ERR_INIT;

	return addr_parse(ca->conf->address, &a, &ignored) == 0 ? addr_port(&a) : 0;
}

/* ---- the page ---- */

static void put_head(struct buf *b)
{
	buf_puts(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		    "<meta name=\"viewport\" content=\"width=device-width\">\n"
		    "<meta name=\"color-scheme\" content=\"light dark\">\n"
		    "<title>Signet certificate authority</title>\n</head>\n<body>\n"
		    "<h1>Signet certificate authority</h1>\n"
		    "<p>This server issues certificates. It speaks to programs; this page is for "
		    "people.</p>\n");
}

static void put_root(struct buf *b, const struct cert *root)
{
	char fingerprint[65], day[24];
	struct str cn = name_get(&root->subject, OID_CN);
	struct buf name = BUF_INIT;

	cert_fingerprint(root->der, fingerprint);
	time_format_rfc3339(root->not_after, day);
	day[10] = '\0';
	name_to_text(&root->subject, &name);
	buf_puts(b, "<dt>");
	put_escaped(b, cn.n > 0 ? cn : buf_view(&name));
	buf_printf(b, ", valid to %s</dt>\n<dd><code>%s</code></dd>\n", day, fingerprint);
	buf_release(&name);
}

static void put_command(struct buf *b, const char *program, const char *address,
			const struct cert *root)
{
	char fingerprint[65];

	cert_fingerprint(root->der, fingerprint);
	buf_printf(b, "%s bootstrap --ca-url ", program);
	put_escaped(b, str_c(address));
	buf_printf(b, " --fingerprint %s\n", fingerprint);
}

static void put_body(struct buf *b, const struct authority *au, const char *address)
{
	buf_puts(b, "<h2>Root certificate</h2>\n<p>SHA-256 fingerprint. Compare it with what the "
		    "operator of this CA told you on another way: until then, nothing here proves "
		    "itself.</p>\n<dl>\n");
	for (size_t i = 0; i < au->n_roots; i++)
		put_root(b, &au->root_certs[i]);
	buf_puts(b, "</dl>\n<h2>Begin</h2>\n<p>Trust this CA on a machine, with its own command or "
		    "with <code>step</code>:</p>\n<pre>\n");
	if (au->n_roots > 0) {
		put_command(b, "signet", address, &au->root_certs[0]);
		put_command(b, "step ca", address, &au->root_certs[0]);
	}
	buf_puts(b, "</pre>\n<p>Then get a certificate:</p>\n<pre>\n"
		    "signet certificate host.example.com host.crt host.key\n"
		    "step ca certificate host.example.com host.crt host.key\n</pre>\n"
		    "<h2>Files</h2>\n<ul>\n"
		    "<li><a href=\"/roots.pem\">roots.pem</a>: the root, for a trust store</li>\n"
		    "<li><a href=\"/intermediates.pem\">intermediates.pem</a>: what stands between "
		    "the root and certificates</li>\n"
		    "<li><a href=\"/health\">health</a>: whether this server is up</li>\n</ul>\n");
	buf_puts(b, "<p>Signet " PACKAGE_VERSION "</p>\n</body>\n</html>\n");
}

void api_page(struct http_req *r)
{
	const struct ca *ca = r->app;
	const char *address = page_address(r->arena, r->host, ca->conf->dns_names.items,
					   ca->conf->dns_names.n, configured_port(ca));
	struct buf b = BUF_INIT;

	put_head(&b);
	put_body(&b, answer_authority(r), address);
	http_reply_header(r, "Content-Security-Policy",
			  "default-src 'none'; base-uri 'none'; form-action 'none'; "
			  "frame-ancestors 'none'");
	http_reply_header(r, "X-Content-Type-Options", "nosniff");
	http_reply_header(r, "Referrer-Policy", "no-referrer");
	http_reply_header(r, "Cache-Control", "no-cache");
	http_reply(r, 200, "text/html; charset=utf-8", buf_view(&b));
	buf_release(&b);
}
