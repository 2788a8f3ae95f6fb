/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/clock.h"
#include "base/mem.h"
#include "http/outbound_priv.h"

/*
 * The daemon's HTTP(S) calls as flows: check the URL, resolve, judge the addresses, transfer.
 *
 * Where a call goes is decided once. The host's addresses come from net/dns; when the address rules
 * refuse one of them the whole call is refused, since an answer that mixes public and forbidden
 * addresses is how a name is turned against the one who asks. The transfer gets exactly these
 * addresses (CURLOPT_RESOLVE), and opens no socket to another one, so that neither a second answer
 * of the name server nor a URL that libcurl reads otherwise than we do leads elsewhere.
 *
 * A call's state lives in its flow's arena and is in its outbound's list from the first step to the
 * last. Whatever ends the call early (deadline, cancel, outbound_free) takes the transfer out of
 * libcurl at once; nothing of libcurl's points to the state afterwards. The flow's own memory is
 * the caller's and is not touched after its end.
 */
#define DEFAULT_TIMEOUT_MS 10000
#define DEFAULT_MAX_CALLS  256

/* ---- ends ---- */

static void leave(struct outbound_state *st)
{
	outbound_easy_end(st);
	if (st->o != NULL) {
		st->o->n_calls--;
		list_remove(&st->node);
		st->o = NULL;
	}
	buf_wipe_release(&st->answer);
}

/* The arena's last word, for a flow that never came to its end. */
static void on_arena_end(void *arg)
{
	leave(arg);
}

static void on_cancel(struct wait *w)
{
	outbound_easy_end(CONTAINER_OF(w, struct outbound_state, wait));
}

/* ---- steps ---- */

/* scheme://host:port/path: no query, no user and password. */
static const char *shown_url(const struct uri *u, struct arena *a)
{
	char port[8] = "";

	if (u->has_port)
		snprintf(port, sizeof(port), ":%u", (unsigned)u->port);
	return arena_printf(a, STR_FMT "://%s" STR_FMT "%s%s" STR_FMT, STR_ARG(u->scheme),
			    u->host_is_ipv6 ? "[" : "", STR_ARG(u->host),
			    u->host_is_ipv6 ? "]" : "", port, STR_ARG(u->path));
}

static int check_url(struct outbound_state *st, struct arena *a, struct err *e)
{
	struct uri *u = &st->uri;
	bool tls;

	if (uri_parse(str_c(st->call->url), u, e) != 0)
		return err_wrap(e, "outbound call");
	tls = str_ieqc(u->scheme, "https");
	if ((!tls && !str_ieqc(u->scheme, "http")) || !u->has_authority || u->host.n == 0)
		return ERR(e, ERR_INVALID, "outbound call: not an http or https URL with a host");
	st->shown = shown_url(u, a);
	if (u->userinfo.n > 0 || memchr(st->call->url, '@', (size_t)(u->host.p - st->call->url)))
		return ERR(e, ERR_INVALID, "%s: a user or password in the URL is not taken",
			   st->shown);
	if (u->has_port && u->port == 0)
		return ERR(e, ERR_INVALID, "%s: port 0", st->shown);
	st->port = u->has_port ? u->port : tls ? 443 : 80;
	return 0;
}

static int check_headers(const struct outbound_state *st, struct err *e)
{
	const char *const *h = st->call->headers;

	for (size_t i = 0; h != NULL && h[i] != NULL; i++)
		if (strchr(h[i], ':') == NULL || strpbrk(h[i], "\r\n") != NULL)
			return ERR(e, ERR_INVALID, "%s: header %zu is malformed", st->shown, i + 1);
	if ((st->call->cert_file == NULL) != (st->call->key_file == NULL))
		return ERR(e, ERR_INVALID,
			   "%s: a client certificate needs its key, and a key its certificate",
			   st->shown);
	return 0;
}

static enum step resolve(struct flow *f, void *op)
{
	struct outbound_call *c = op;
	struct outbound *o = c->outbound;
	struct outbound_state *st = ARENA_NEW(f->arena, struct outbound_state);
	unsigned ms = c->timeout_ms ? c->timeout_ms : DEFAULT_TIMEOUT_MS;
	struct err e = ERR_INIT;

	c->st = st;
	st->call = c;
	st->lib = o->lib;
	st->until_ms = clock_mono_ms() + ms;
	if (check_url(st, f->arena, &e) != 0 || check_headers(st, &e) != 0)
		return flow_fail(f, &e);
	if (o->n_calls >= o->max_calls)
		return flow_failf(f, ERR_UNAVAILABLE, "%s: %u calls are under way already",
				  st->shown, o->n_calls);
	st->o = o;
	o->n_calls++;
	list_add_tail(&o->calls, &st->node);
	arena_on_free(f->arena, on_arena_end, st);
	st->dns.arena = f->arena;
	dns_resolve(o->dns, st->uri.host, &st->dns, f, ms);
	return STEP_WAIT;
}

/* All of the host's addresses, or none. */
static int check_addrs(struct outbound_state *st, struct err *e)
{
	char text[ADDR_TEXT];

	for (size_t i = 0; i < st->dns.n; i++) {
		struct addr *a = &st->dns.addrs[i];

		if (a->u.sa.sa_family == AF_INET6)
			a->u.in6.sin6_port = htons((uint16_t)st->port);
		else
			a->u.in.sin_port = htons((uint16_t)st->port);
		if (!addr_rules_permit(st->o->rules, a))
			return ERR(
				e, ERR_FORBIDDEN,
				"%s: calls to %s are refused by the address rules; outbound.allow "
				"in signetd.yaml makes exceptions",
				st->shown, addr_format(a, text));
	}
	return 0;
}

static enum step transfer(struct flow *f, void *op)
{
	struct outbound_call *c = op;
	struct outbound_state *st = c->st;
	const struct err *failed = wait_error(&st->dns.wait);
	struct err e = ERR_INIT;
	uint64_t now = clock_mono_ms();

	if (failed != NULL) {
		e = *failed;
		(void)err_wrap(&e, "%s", st->shown);
		return flow_fail(f, &e);
	}
	if (st->o == NULL)
		return flow_failf(f, ERR_CANCELLED, "%s: the daemon is ending", st->shown);
	if (now >= st->until_ms)
		return flow_failf(f, ERR_TIMEOUT, "%s: no answer in time", st->shown);
	if (check_addrs(st, &e) != 0 || outbound_easy_start(st, &e) != 0)
		return flow_fail(f, &e);
	wait_arm(&st->wait, f, "http.outbound", st->until_ms - now, on_cancel);
	return STEP_WAIT;
}

/* Also the last step of a call that failed or was cancelled before. */
static enum step finish(struct flow *f, void *op)
{
	struct outbound_call *c = op;
	struct outbound_state *st = c->st;
	const struct err *e = f->failed || st == NULL ? NULL : wait_error(&st->wait);

	if (st == NULL)
		return STEP_DONE; /* cancelled before it began */
	if (!f->failed && e == NULL)
		c->answer = arena_str(f->arena, buf_view(&st->answer));
	leave(st);
	if (e == NULL)
		return STEP_DONE;
	if (e->code == ERR_TIMEOUT)
		return flow_failf(f, ERR_TIMEOUT, "%s: no answer in time", st->shown);
	return flow_fail(f, e);
}

static const struct flow_step steps[] = {
	{"http.outbound.resolve", resolve, 0},
	{"http.outbound.transfer", transfer, 0},
	{"http.outbound.finish", finish, 0},
	{NULL, NULL, 0},
};

void outbound_call_init(struct outbound_call *c, struct arena *arena)
{
	c->status = 0;
	c->answer = STR_NULL;
	c->st = NULL;
	flow_init(&c->flow, c->outbound->loop, steps, c, arena);
}

/* ---- the client ---- */

struct outbound *outbound_new(const struct outbound_config *c, struct err *e)
{
	const struct libcurl *lib = libcurl_get(e);
	struct outbound *o;

	if (lib == NULL)
		return NULL;
	o = NEW(struct outbound);
	o->loop = c->loop;
	o->dns = c->dns;
	o->rules = c->rules;
	o->max_calls = c->max_calls ? c->max_calls : DEFAULT_MAX_CALLS;
	o->lib = lib;
	list_init(&o->calls);
	if (outbound_multi_new(o, e) != 0) {
		outbound_free(o);
		return NULL;
	}
	return o;
}

void outbound_free(struct outbound *o)
{
	struct list *n;

	if (o == NULL)
		return;
	while ((n = list_pop(&o->calls)) != NULL) {
		struct outbound_state *st = LIST_ENTRY(n, struct outbound_state, node);
		struct err e = ERR_INIT;

		outbound_easy_end(st);
		st->o = NULL;
		(void)ERR(&e, ERR_CANCELLED, "%s: the daemon is ending", st->shown);
		wait_done(&st->wait, &e); /* one that resolves looks at `o` afterwards */
	}
	outbound_multi_free(o);
	mem_free(o);
}
