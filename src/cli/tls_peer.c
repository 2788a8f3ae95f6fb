/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/look.h"

#include "codec/idna.h"
#include "codec/uri.h"
#include "net/tls.h"

/* tls_peer.c - https://host[:port] as a source of certificates. */

#define SCHEME "https://"

bool look_is_url(const char *what)
{
	return strstr(what, "://") != NULL;
}

static int bad_url(struct cli *c, const char *url, struct err *e)
{
	return cli_misuse(c, e, "%s: not a URL of the form https://HOST or https://HOST:PORT", url);
}

/* A name or an address as it is connected to; Unicode becomes A-labels. NULL when it is none. */
static const char *host_of(struct cli *c, struct str text)
{
	struct err ignored = ERR_INIT;
	struct str name = text;
	unsigned char ip[16];

	if (ip_parse(text, ip) > 0)
		return arena_cstr(c->arena, text);
	if (str_ends(name, "."))
		name.n--;
	if (idna_to_ascii(name, c->arena, &name, &ignored) < 0 || !dns_name_valid(name, false))
		return NULL;
	return arena_cstr(c->arena, name);
}

/* What follows the host and port (a path) has no meaning for a handshake and is dropped. */
static int split_url(struct cli *c, const char *url, struct tls_peer *p, struct err *e)
{
	struct str s = str_c(url + strlen(SCHEME)), host, port = STR_NULL;
	uint64_t n = 443;

	s.n = strcspn(s.p, "/?#");
	if (s.n > 0 && s.p[0] == '[') {
		s = (struct str){s.p + 1, s.n - 1};
		host = str_cut(s, ']', &port);
		if (port.p == NULL || (port.n > 0 && port.p[0] != ':'))
			return bad_url(c, url, e);
		if (port.n > 0)
			port = (struct str){port.p + 1, port.n - 1};
		else
			port.p = NULL;
	} else {
		host = str_cut(s, ':', &port);
	}
	if (port.p != NULL && (!str_u64(port, &n) || n == 0 || n > 65535))
		return bad_url(c, url, e);
	p->host = host_of(c, host);
	p->port = (uint16_t)n;
	return p->host != NULL ? 0 : bad_url(c, url, e);
}

struct asking {
	struct tls_peer *p;
	struct arena *a;
};

static int ask(void *arg, struct err *e)
{
	struct asking *q = arg;

	return tls_peer_look(q->p, q->a, e);
}

int look_server(struct cli *c, const char *url, struct look_input *out, struct err *e)
{
	const char *name = cli_value(c, "servername");
	struct tls_peer p = {0};
	struct asking q = {&p, c->arena};

	if (strncmp(url, SCHEME, strlen(SCHEME)) != 0)
		return cli_misuse(c, e, "%s: only https:// can be looked at", url);
	if (split_url(c, url, &p, e) < 0)
		return -1;
	if (name != NULL) {
		p.server_name = host_of(c, str_c(name));
		if (p.server_name == NULL)
			return cli_misuse(c, e, "--servername %s: not a host name", name);
	}
	/* A resolver that does not answer must not take half a minute. */
	setenv("RES_OPTIONS", "timeout:2 attempts:2", 0);
	if (slow_run(arena_printf(c->arena, "Asking %s", p.host), ask, &q, e) < 0) {
		c->unreachable = e->code == ERR_UNAVAILABLE || e->code == ERR_TIMEOUT;
		return -1;
	}
	*out = (struct look_input){
		.name = url,
		.is_url = true,
		.complete = p.complete,
		.host = p.server_name != NULL ? p.server_name : p.host,
		.version = p.version,
		.suite = p.suite,
		.address = p.address,
		.why = p.why,
		.items = ARENA_ARRAY(c->arena, struct look_item, p.n_chain),
		.n = p.n_chain,
	};
	for (size_t i = 0; i < p.n_chain; i++)
		out->items[i] = (struct look_item){.kind = LOOK_CERT, .der = p.chain[i]};
	return 0;
}
