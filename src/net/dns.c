/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/list.h"
#include "base/mem.h"
#include "codec/uri.h"
#include "net/dns.h"

#include <ares.h>
#include <event2/event.h>
#include <sys/stat.h>

/*
 * Name resolution by c-ares on the loop.
 *
 * A channel is one c-ares resolver with its sockets, each a libevent event, and one timer, set anew
 * after each call into c-ares. Nothing blocks: sockets are non-blocking, and what c-ares reads from
 * files (resolv.conf when a channel is made, /etc/hosts in each look-up) is a few lines. When
 * resolv.conf has changed, which is looked at every five seconds at most, new look-ups go to a new
 * channel; the old one goes when its last look-up has ended.
 *
 * A look-up is an object of its own, since c-ares cannot end a single one: when its waiter leaves
 * (deadline, cancel), the look-up forgets the waiter and ends by itself, within RETRY_MS doubled
 * TRIES times. At most LOOKUPS_MAX are under way.
 *
 * The environment decides nothing (no HOSTALIASES, no LOCALDOMAIN), there is no search list, and of
 * a long answer only the first addresses of each family are taken. A name whose last label is a
 * number is no name: other programs read "127.1" or "0x7f000001" as an address.
 */
#define LOOKUPS_MAX    512
#define RETRY_MS       1500
#define TRIES	       3
#define ADDRS_MAX      8 /* of a family */
#define RESOLV_CONF    "/etc/resolv.conf"
#define LOOK_EVERY_MS  5000
#define NAME_TEXT_MAX  253
#define LABEL_TEXT_MAX 63

struct channel {
	struct list node;
	struct dns *dns;
	ares_channel ares;
	struct list sockets;
	struct timer timer;
	unsigned pending;
	struct post reap;
};

struct dns {
	struct loop *loop;
	char *resolver; /* NULL: resolv.conf */
	char *resolv_conf;
	unsigned look_every_ms;
	struct list channels; /* the last one takes new look-ups */
	struct stat conf;     /* resolv.conf when that channel was made; zeroed: none */
	uint64_t looked_ms;
	unsigned pending;
};

struct sock {
	struct list node;
	struct channel *channel;
	int fd;
	struct event *ev;
};

struct lookup {
	struct channel *channel;
	struct dns_addrs *q; /* NULL: nobody waits any more */
	char *name;
};

/* ---- sockets and time ---- */

static void set_timer(struct channel *c)
{
	struct timeval tv;

	if (ares_timeout(c->ares, NULL, &tv) == NULL)
		timer_clear(&c->timer);
	else
		timer_set(&c->timer, (uint64_t)tv.tv_sec * 1000 + (uint64_t)tv.tv_usec / 1000 + 1);
}

static void on_timer(struct timer *t)
{
	struct channel *c = CONTAINER_OF(t, struct channel, timer);

	ares_process_fd(c->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	set_timer(c);
}

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
	struct sock *s = arg;
	struct channel *c = s->channel; /* s may go meanwhile */
	struct loop *l = c->dns->loop;
	uint64_t token = loop_enter(l, "net.dns");

	ares_process_fd(c->ares, what & EV_READ ? fd : ARES_SOCKET_BAD,
			what & EV_WRITE ? fd : ARES_SOCKET_BAD);
	set_timer(c);
	loop_leave(l, "net.dns", token);
}

static void sock_free(struct sock *s)
{
	list_remove(&s->node);
	if (s->ev != NULL)
		event_free(s->ev);
	mem_free(s);
}

static struct sock *sock_find(struct channel *c, int fd)
{
	struct list *n;

	LIST_EACH(n, &c->sockets)
	{
		struct sock *s = LIST_ENTRY(n, struct sock, node);

		if (s->fd == fd)
			return s;
	}
	return NULL;
}

/* What c-ares wants to know about a socket; neither: it is about to close it. */
static void on_want(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct channel *c = arg;
	struct sock *s = sock_find(c, fd);
	short what = (short)((readable ? EV_READ : 0) | (writable ? EV_WRITE : 0) | EV_PERSIST);

	if (!readable && !writable) {
		if (s != NULL)
			sock_free(s);
		return;
	}
	if (s == NULL) {
		s = NEW(struct sock);
		s->channel = c;
		s->fd = fd;
		list_add_tail(&c->sockets, &s->node);
	} else {
		event_free(s->ev);
	}
	s->ev = event_new(loop_base(c->dns->loop), fd, what, on_socket, s);
	ENSURE(s->ev != NULL && event_add(s->ev, NULL) == 0);
}

/* ---- channels ---- */

static void channel_free(struct channel *c)
{
	struct list *n, *tmp;

	ares_destroy(c->ares); /* ends its look-ups and closes its sockets */
	LIST_EACH_SAFE(n, tmp, &c->sockets)
	sock_free(LIST_ENTRY(n, struct sock, node));
	timer_release(&c->timer);
	loop_unpost(c->dns->loop, &c->reap);
	list_remove(&c->node);
	mem_free(c);
}

static void on_reap(struct post *p)
{
	channel_free(CONTAINER_OF(p, struct channel, reap));
}

static struct channel *newest(struct dns *d)
{
	return LIST_ENTRY(d->channels.prev, struct channel, node);
}

static void retire_if_idle(struct channel *c)
{
	if (c->pending == 0 && c != newest(c->dns))
		loop_reap(c->dns->loop, &c->reap);
}

static int channel_new(struct dns *d, struct err *e)
{
	struct ares_options o = {
		.flags = ARES_FLAG_NOALIASES | ARES_FLAG_NOSEARCH,
		.timeout = RETRY_MS,
		.tries = TRIES,
		.ndots = 0,
		.ndomains = 0, /* no search list */
		.sock_state_cb = on_want,
	};
	char lookups[] = "fb"; /* the hosts file, then DNS */
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS |
		   ARES_OPT_DOMAINS | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB |
		   ARES_OPT_RESOLVCONF;
	struct channel *c = NEW(struct channel);
	int rc;

	c->dns = d;
	list_init(&c->sockets);
	o.lookups = lookups;
	o.resolvconf_path = d->resolv_conf;
	o.sock_state_cb_data = c;
	rc = ares_init_options(&c->ares, &o, mask);
	if (rc != ARES_SUCCESS) {
		mem_free(c);
		return ERR(e, ERR_INTERNAL, "resolver: %s", ares_strerror(rc));
	}
	timer_init(&c->timer, d->loop, "net.dns", on_timer);
	c->reap.fn = on_reap;
	c->reap.name = "net.dns";
	list_add_tail(&d->channels, &c->node);
	if (d->resolver != NULL &&
	    ares_set_servers_ports_csv(c->ares, d->resolver) != ARES_SUCCESS) {
		channel_free(c);
		return ERR(e, ERR_INVALID,
			   "resolver \"%s\": not an address with or without port, or several of "
			   "them with commas between",
			   d->resolver);
	}
	return 0;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* The channel that new look-ups go to, a new one when resolv.conf has changed. */
static struct channel *current(struct dns *d)
{
	struct channel *old = newest(d);
	struct stat st = {0};
	struct err e = ERR_INIT;
	uint64_t now = loop_now_ms(d->loop);

	if (d->resolver != NULL || now - d->looked_ms < d->look_every_ms)
		return old;
	d->looked_ms = now;
	if (stat(d->resolv_conf, &st) != 0 || same_file(&st, &d->conf))
		return old;
	d->conf = st;
	if (channel_new(d, &e) == 0)
		retire_if_idle(old);
	return newest(d);
}

struct dns *dns_new(struct loop *l, const struct dns_config *c, struct err *e)
{
	struct dns *d = NEW(struct dns);
	int rc = ares_library_init(ARES_LIB_INIT_ALL);

	if (rc != ARES_SUCCESS) {
		mem_free(d);
		ERR(e, ERR_INTERNAL, "resolver: %s", ares_strerror(rc));
		return NULL;
	}
	d->loop = l;
	d->resolver =
		c->resolver != NULL && c->resolver[0] != '\0' ? mem_strdup(c->resolver) : NULL;
	d->looked_ms = loop_now_ms(l);
	d->resolv_conf = mem_strdup(c->resolv_conf != NULL ? c->resolv_conf : RESOLV_CONF);
	d->look_every_ms = c->resolv_conf != NULL ? 0 : LOOK_EVERY_MS;
	if (stat(d->resolv_conf, &d->conf) != 0)
		memset(&d->conf, 0, sizeof(d->conf));
	list_init(&d->channels);
	if (channel_new(d, e) != 0) {
		dns_free(d);
		return NULL;
	}
	return d;
}

void dns_free(struct dns *d)
{
	struct list *n, *tmp;

	if (d == NULL)
		return;
	LIST_EACH_SAFE(n, tmp, &d->channels)
	channel_free(LIST_ENTRY(n, struct channel, node));
	mem_free(d->resolver);
	mem_free(d->resolv_conf);
	mem_free(d);
	ares_library_cleanup();
}

/* ---- look-ups ---- */

static bool take_addr(const struct ares_addrinfo_node *node, struct addr *a)
{
	bool v6 = node->ai_family == AF_INET6;

	if (!v6 && node->ai_family != AF_INET)
		return false;
	if (node->ai_addrlen < (v6 ? sizeof(a->u.in6) : sizeof(a->u.in)))
		return false;
	addr_wildcard(a, node->ai_family, 0);
	a->any = false;
	if (v6)
		memcpy(&a->u.in6.sin6_addr,
		       (const char *)node->ai_addr + offsetof(struct sockaddr_in6, sin6_addr), 16);
	else
		memcpy(&a->u.in.sin_addr,
		       (const char *)node->ai_addr + offsetof(struct sockaddr_in, sin_addr), 4);
	return true;
}

static void take_addrs(const struct ares_addrinfo *ai, struct dns_addrs *q)
{
	unsigned v4 = 0, v6 = 0;

	q->addrs = ARENA_ARRAY(q->arena, struct addr, 2 * (size_t)ADDRS_MAX);
	for (const struct ares_addrinfo_node *n = ai->nodes; n != NULL; n = n->ai_next) {
		unsigned *count = n->ai_family == AF_INET6 ? &v6 : &v4;

		if (*count < ADDRS_MAX && take_addr(n, &q->addrs[q->n])) {
			q->n++;
			(*count)++;
		}
	}
}

static void no_address(const char *name, int status, struct err *e)
{
	switch (status) {
	case ARES_EDESTRUCTION:
	case ARES_ECANCELLED:
		(void)ERR(e, ERR_CANCELLED, "%s: the resolver has ended", name);
		break;
	case ARES_ENOTFOUND:
	case ARES_ENODATA:
	case ARES_SUCCESS: /* with an empty list */
		(void)ERR(e, ERR_UNAVAILABLE, "%s: there is no such host, or it has no address",
			  name);
		break;
	default:
		(void)ERR(e, ERR_UNAVAILABLE, "%s: the name could not be looked up: %s", name,
			  ares_strerror(status));
	}
}

static void on_result(void *arg, int status, int timeouts, struct ares_addrinfo *ai)
{
	struct lookup *k = arg;
	struct channel *c = k->channel;
	struct dns_addrs *q = k->q;
	struct err e = ERR_INIT;

	(void)timeouts;
	c->pending--;
	c->dns->pending--;
	if (q != NULL) {
		if (status == ARES_SUCCESS && ai != NULL)
			take_addrs(ai, q);
		if (q->n == 0)
			no_address(k->name, status, &e);
		q->link = NULL;
		wait_done(&q->wait, &e);
	}
	if (ai != NULL)
		ares_freeaddrinfo(ai);
	mem_free(k->name);
	mem_free(k);
	if (status != ARES_EDESTRUCTION)
		retire_if_idle(c);
}

static void on_cancel(struct wait *w)
{
	struct dns_addrs *q = CONTAINER_OF(w, struct dns_addrs, wait);
	struct lookup *k = q->link;

	if (k != NULL)
		k->q = NULL;
	q->link = NULL;
}

static bool take_number(struct str name, struct dns_addrs *q)
{
	unsigned char ip[16];
	size_t n = ip_parse(name, ip);

	if (n == 0)
		return false;
	q->addrs = ARENA_NEW(q->arena, struct addr);
	q->n = 1;
	addr_wildcard(q->addrs, n == 4 ? AF_INET : AF_INET6, 0);
	q->addrs->any = false;
	if (n == 4)
		memcpy(&q->addrs->u.in.sin_addr, ip, 4);
	else
		memcpy(&q->addrs->u.in6.sin6_addr, ip, 16);
	return true;
}

static bool is_label(struct str label)
{
	for (size_t i = 0; i < label.n; i++) {
		char c = ascii_lower(label.p[i]);

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '_')
			return false;
	}
	return label.n > 0 && label.n <= LABEL_TEXT_MAX;
}

/* "1", "0x7f000001": what inet_aton() would take for a part of an address. */
static bool is_number(struct str label)
{
	bool hex = label.n > 1 && label.p[0] == '0' && ascii_lower(label.p[1]) == 'x';

	for (size_t i = hex ? 2 : 0; i < label.n; i++) {
		char c = ascii_lower(label.p[i]);

		if (!(c >= '0' && c <= '9') && !(hex && c >= 'a' && c <= 'f'))
			return false;
	}
	return true;
}

/* Labels of letters, digits, '-' and '_'; the last one is no number. */
static bool is_host_name(struct str name)
{
	struct str label = STR_NULL, rest = name;

	if (name.n == 0 || name.n > NAME_TEXT_MAX || str_ends(name, "."))
		return false;
	while (rest.p != NULL) {
		label = str_cut(rest, '.', &rest);
		if (!is_label(label))
			return false;
	}
	return !is_number(label);
}

void dns_resolve(struct dns *d, struct str name, struct dns_addrs *q, struct flow *f,
		 uint64_t deadline_ms)
{
	struct ares_addrinfo_hints hints = {.ai_flags = ARES_AI_NOSORT, .ai_family = AF_UNSPEC};
	struct err e = ERR_INIT;
	struct lookup *k;
	struct channel *c;

	q->addrs = NULL;
	q->n = 0;
	q->link = NULL;
	wait_arm(&q->wait, f, "net.dns", deadline_ms, on_cancel);
	if (!take_number(name, q)) {
		if (!is_host_name(name))
			(void)ERR(&e, ERR_UNAVAILABLE,
				  STR_FMT ": neither a host name nor an address", STR_ARG(name));
		else if (d->pending >= LOOKUPS_MAX)
			(void)ERR(&e, ERR_UNAVAILABLE,
				  STR_FMT ": too many names are being looked up", STR_ARG(name));
	}
	if (q->n > 0 || e.code != ERR_OK) {
		wait_done(&q->wait, &e);
		return;
	}
	k = NEW(struct lookup);
	k->channel = c = current(d);
	k->q = q;
	k->name = mem_strndup(name.p, name.n);
	q->link = k;
	c->pending++;
	d->pending++;
	ares_getaddrinfo(c->ares, k->name, NULL, &hints, on_result, k); /* may end k at once */
	set_timer(c);
}
