/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/clock.h"
#include "base/mem.h"
#include "bench.h"

#include <sys/epoll.h>

/*
 * bench_load.c - a run: so many clients, each of which asks, waits for the answer, and asks again;
 * or, with a rate, requests that come due at even distances whatever the server does, whose time
 * counts from when they were due.
 *
 * One thread, one epoll. First a warm-up, from whose rate follows how many requests the measured
 * time needs at most; they are made, then comes the measured time, then what is under way is
 * waited for, uncounted. A request whose answer is not 2xx is an error and counts for nothing else.
 */
#define EVENTS	     256
#define SETTLE_S     0.3
#define DRAIN_US     10000000U
#define OPEN_US	     120000000U
#define FIRST	     1000 /* requests made for the warm-up, at least */
#define SPARE	     1.4
#define SLOW_TICK_US 1000000U

struct run {
	struct load *l;
	int ep;
	struct conn *conns, *slow;
	unsigned n_conns;
	struct WOLFSSL_CTX **contexts;
	unsigned n_contexts, next_context;
	struct buf plain, *requests;
	size_t n_requests, next_request;
	struct key **keys; /* of the requests, where they are kept */
	void (*on_answer)(struct run *r, struct conn *c);
	bool asking, measuring, ran_out;
	unsigned busy;
	uint64_t due_us, tick_us;
	uint64_t *times, errors, reconnects, slow_broken;
	size_t n_times, cap_times;
	char first_error[300];
};

/* ---- requests ---- */

static void make_requests(struct run *r, size_t n)
{
	if (r->l->work != WORK_SIGN)
		return;
	for (size_t i = 0; i < r->n_requests; i++)
		buf_release(&r->requests[i]);
	mem_free(r->requests);
	r->requests = mem_calloc(n, sizeof(*r->requests));
	r->n_requests = n;
	r->next_request = 0;
	r->ran_out = false;
	for (size_t i = 0; i < n; i++)
		maker_sign(&r->l->maker, !r->l->kept, r->keys ? &r->keys[i] : NULL,
			   &r->requests[i]);
}

static bool next_request(struct run *r, struct str *out, size_t *index)
{
	if (r->l->work != WORK_SIGN) {
		*out = buf_view(&r->plain);
		return true;
	}
	if (r->next_request == r->n_requests) {
		r->ran_out = true;
		return false;
	}
	*index = r->next_request;
	*out = buf_view(&r->requests[r->next_request++]);
	return true;
}

/* ---- connections ---- */

static void watch(struct run *r, struct conn *c, bool is_new)
{
	struct epoll_event ev = {.events = EPOLLIN, .data = {.ptr = c}};

	if (c->state == CONN_CLOSED || (!is_new && c->want_write == c->watched_write))
		return;
	if (c->want_write)
		ev.events |= EPOLLOUT;
	c->watched_write = c->want_write;
	if (epoll_ctl(r->ep, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, c->fd, &ev) < 0)
		die("epoll_ctl: error %d", errno);
}

static void connect_it(struct run *r, struct conn *c)
{
	struct WOLFSSL_CTX *ctx = r->contexts[r->next_context++ % r->n_contexts];

	if (conn_open(c, &r->l->to, ctx) < 0)
		die("cannot connect: error %d", errno);
	watch(r, c, true);
}

static void note_error(struct run *r, const char *what, struct str text)
{
	r->errors++;
	if (r->first_error[0] == '\0')
		snprintf(r->first_error, sizeof(r->first_error), "%s%.*s", what,
			 (int)(text.n < 200 ? text.n : 200), text.p ? text.p : "");
}

static void note_time(struct run *r, uint64_t us)
{
	if (r->n_times == r->cap_times) {
		r->cap_times = r->cap_times ? r->cap_times * 2 : 4096;
		r->times = mem_realloc(r->times, r->cap_times * sizeof(*r->times));
	}
	r->times[r->n_times++] = us;
}

/* Something to ask for: false when there is nothing (more). */
static bool ask(struct run *r, struct conn *c, uint64_t since)
{
	struct str request;

	if (!next_request(r, &request, &c->asked))
		return false;
	c->since_us = since;
	r->busy++;
	if (c->state == CONN_CLOSED)
		connect_it(r, c);
	conn_ask(c, request);
	return true;
}

static void answered(struct run *r, struct conn *c)
{
	char what[40];

	r->busy--;
	if (c->status / 100 != 2) {
		snprintf(what, sizeof(what), "HTTP %d: ", c->status);
		note_error(r, what, c->body);
	} else if (r->measuring) {
		note_time(r, clock_mono_us() - c->since_us);
	}
	if (r->on_answer != NULL && c->status / 100 == 2)
		r->on_answer(r, c);
	if (!r->l->kept || c->last)
		conn_close(c, true);
}

static void failed(struct run *r, struct conn *c)
{
	bool had_request = c->out.n > 0;

	if (had_request) {
		r->busy--;
		note_error(r, c->why, STR_NULL);
	} else {
		r->reconnects++;
	}
	c->out = STR_NULL;
	conn_close(c, false);
}

/* Whatever can be done on it now; in a closed loop that includes the next request. */
static void advance(struct run *r, struct conn *c)
{
	for (;;) {
		bool had_request = c->out.n > 0;
		enum conn_result rc = conn_go(c);

		if (rc == CONN_WAIT) {
			watch(r, c, false);
			return;
		}
		if (rc == CONN_BROKEN)
			failed(r, c);
		else if (had_request && c->out.n == 0)
			answered(r, c);
		if (!r->asking || r->l->rate > 0 || !ask(r, c, clock_mono_us()))
			break;
	}
	watch(r, c, false);
}

static bool is_slow(const struct run *r, const struct conn *c)
{
	return c >= r->slow && c < r->slow + r->l->slow;
}

static void advance_slow(struct run *r, struct conn *c)
{
	if (conn_go(c) == CONN_BROKEN) {
		r->slow_broken++;
		conn_close(c, false);
		c->sent = 0;
		connect_it(r, c);
	}
	watch(r, c, false);
}

static void tick_slow(struct run *r, uint64_t now)
{
	if (r->l->slow == 0 || now < r->tick_us)
		return;
	r->tick_us = now + SLOW_TICK_US;
	for (unsigned i = 0; i < r->l->slow; i++) {
		if (!conn_dribble(&r->slow[i]))
			advance_slow(r, &r->slow[i]);
	}
}

/* ---- time ---- */

static struct conn *free_conn(struct run *r)
{
	for (unsigned i = 0; i < r->n_conns; i++)
		if (r->conns[i].out.n == 0)
			return &r->conns[i];
	return NULL;
}

static void begin_due(struct run *r, uint64_t now)
{
	struct conn *c;

	while (r->asking && r->due_us <= now && (c = free_conn(r)) != NULL) {
		if (!ask(r, c, r->due_us))
			return;
		r->due_us += (uint64_t)(1e6 / r->l->rate);
		advance(r, c);
	}
}

static void turn(struct run *r, uint64_t now)
{
	struct epoll_event ev[EVENTS];
	int n, wait = 10;

	if (r->l->rate > 0)
		wait = r->due_us > now + 1000 ? 1 : 0;
	n = epoll_wait(r->ep, ev, EVENTS, wait);
	if (n < 0 && errno != EINTR)
		die("epoll_wait: error %d", errno);
	for (int i = 0; i < n; i++) {
		struct conn *c = ev[i].data.ptr;

		if (is_slow(r, c))
			advance_slow(r, c);
		else
			advance(r, c);
	}
}

/* Asks for so long, or until nothing is left to ask. Seconds that it took. */
static double ask_for(struct run *r, double seconds)
{
	uint64_t start = clock_mono_us(), end = start + (uint64_t)(seconds * 1e6), now = start;

	r->asking = true;
	r->due_us = start;
	if (r->l->rate <= 0) {
		for (unsigned i = 0; i < r->n_conns; i++)
			if (r->conns[i].out.n == 0 && ask(r, &r->conns[i], clock_mono_us()))
				advance(r, &r->conns[i]);
	}
	while (now < end && !(r->ran_out && r->busy == 0)) {
		if (r->l->rate > 0)
			begin_due(r, now);
		tick_slow(r, now);
		turn(r, now);
		now = clock_mono_us();
	}
	r->asking = false;
	return (double)(now - start) / 1e6;
}

static void drain(struct run *r)
{
	uint64_t end = clock_mono_us() + DRAIN_US;

	while (r->busy > 0 && clock_mono_us() < end)
		turn(r, r->due_us);
}

/* ---- client certificates ---- */

static void keep_identity(struct run *r, struct conn *c)
{
	json_t *o = json_loadb(c->body.p, c->body.n, 0, NULL), *chain, *one;
	struct buf pem = BUF_INIT;
	size_t i;

	chain = json_object_get(o, "certChain");
	json_array_foreach(chain, i, one) buf_puts(&pem, json_string_value(one));
	if (pem.n == 0)
		die("the answer to /1.0/sign has no certChain");
	r->contexts[r->n_contexts++] = client_context(buf_view(&pem), r->keys[c->asked]);
	buf_release(&pem);
	json_decref(o);
}

static void run_init(struct run *r, struct load *l, unsigned conns)
{
	*r = (struct run){.l = l, .n_conns = conns, .ep = epoll_create1(EPOLL_CLOEXEC)};
	r->conns = mem_calloc(conns, sizeof(*r->conns));
	r->slow = mem_calloc(l->slow + 1U, sizeof(*r->slow));
	for (unsigned i = 0; i < conns; i++)
		r->conns[i].number = i;
	for (unsigned i = 0; i < l->slow; i++)
		r->slow[i].number = conns + i;
	r->contexts = mem_calloc(l->identities + 1U, sizeof(struct WOLFSSL_CTX *));
}

/* As many certificates as there are identities, each with its context. */
static void get_identities(struct run *to)
{
	struct load sign = *to->l;
	struct WOLFSSL_CTX *plain = client_context(STR_NULL, NULL);
	struct run r;

	sign.work = WORK_SIGN;
	sign.rate = 0;
	sign.slow = 0;
	run_init(&r, &sign, 4);
	r.keys = mem_calloc(sign.identities, sizeof(struct key *));
	make_requests(&r, sign.identities);
	r.on_answer = keep_identity;
	/* contexts are collected behind the plain one */
	r.contexts[0] = plain;
	r.n_contexts = 1;
	while (!r.ran_out && r.errors == 0)
		ask_for(&r, 1);
	drain(&r);
	if (r.errors > 0 || r.n_contexts != sign.identities + 1)
		die("no client certificates: %s", r.first_error);
	memcpy(to->contexts, r.contexts + 1, sign.identities * sizeof(struct WOLFSSL_CTX *));
	to->n_contexts = sign.identities;
	to->l->maker.made = sign.maker.made;
	for (unsigned i = 0; i < r.n_conns; i++)
		conn_close(&r.conns[i], true);
	close(r.ep);
}

static void get_contexts(struct run *r)
{
	if (r->l->work == WORK_RENEW) {
		get_identities(r);
		return;
	}
	r->contexts[0] = client_context(STR_NULL, NULL);
	r->n_contexts = 1;
}

/* ---- the result ---- */

static int by_size(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static double part_of(const struct run *r, double q)
{
	size_t i = (size_t)((double)r->n_times * q);

	if (r->n_times == 0)
		return 0;
	return (double)r->times[i < r->n_times ? i : r->n_times - 1] / 1000.0;
}

static json_t *result(struct run *r, double took, double own_ms, const struct usage *from,
		      const struct usage *to)
{
	double n = r->n_times > 0 ? (double)r->n_times : 1;
	json_t *o = json_object();
	uint64_t now = clock_mono_us();

	qsort(r->times, r->n_times, sizeof(*r->times), by_size);
	json_object_set_new(o, "requests", json_integer((json_int_t)r->n_times));
	json_object_set_new(o, "seconds", json_real(took));
	json_object_set_new(o, "rate", json_real((double)r->n_times / took));
	json_object_set_new(o, "cpu_ms", json_real((to->cpu_ms - from->cpu_ms) / n));
	json_object_set_new(o, "cpu_share", json_real((to->cpu_ms - from->cpu_ms) / took / 1e3));
	json_object_set_new(o, "load_share", json_real(own_ms / took / 1e3));
	json_object_set_new(o, "p50_ms", json_real(part_of(r, 0.50)));
	json_object_set_new(o, "p99_ms", json_real(part_of(r, 0.99)));
	json_object_set_new(o, "max_ms", json_real(part_of(r, 1)));
	json_object_set_new(o, "rss_mb", json_real((double)to->rss_kb / 1024));
	json_object_set_new(o, "peak_mb", json_real((double)to->peak_kb / 1024));
	json_object_set_new(o, "processes", json_integer(to->processes));
	if (to->certificates > from->certificates) {
		double made = (double)(to->certificates - from->certificates);

		json_object_set_new(o, "fsyncs",
				    json_real((double)(to->syncs - from->syncs) / made));
	}
	json_object_set_new(o, "errors", json_integer((json_int_t)r->errors));
	json_object_set_new(o, "ran_out", json_boolean(r->ran_out));
	json_object_set_new(o, "reconnects", json_integer((json_int_t)r->reconnects));
	if (r->l->rate > 0) { /* due, and not begun for want of a client */
		double late = now > r->due_us ? (double)(now - r->due_us) / 1e6 : 0;

		json_object_set_new(o, "unserved", json_integer((json_int_t)(late * r->l->rate)));
	}
	if (r->l->slow > 0)
		json_object_set_new(o, "slow_cut", json_integer((json_int_t)r->slow_broken));
	if (r->first_error[0] != '\0')
		json_object_set_new(o, "first_error", json_string(r->first_error));
	return o;
}

static void open_slow(struct run *r)
{
	for (unsigned i = 0; i < r->l->slow; i++) {
		connect_it(r, &r->slow[i]);
		if (i % 64 == 63)
			turn(r, clock_mono_us());
	}
}

static void warm_up(struct run *r)
{
	double took, rate;
	size_t before;

	make_requests(r, (size_t)(r->l->warmup * FIRST) + FIRST);
	open_slow(r);
	r->measuring = true; /* to count */
	took = ask_for(r, r->l->warmup);
	drain(r);
	before = r->n_times;
	rate = r->l->rate > 0 ? r->l->rate : (double)before / took;
	r->n_times = 0;
	make_requests(r, (size_t)(rate * SPARE * (r->l->seconds + SETTLE_S)) + 100);
	r->measuring = false;
	ask_for(r, SETTLE_S);
}

json_t *load_run(struct load *l)
{
	struct usage from, to;
	struct run r;
	double own, took;
	json_t *o;

	run_init(&r, l, l->clients);
	make_plain(l->work == WORK_HEALTH ? "GET" : "POST",
		   l->work == WORK_HEALTH ? "/health" : "/1.0/renew", !l->kept, &r.plain);
	get_contexts(&r);
	warm_up(&r);
	r.errors = 0;
	r.first_error[0] = '\0';
	r.measuring = true;
	probe_read(&l->probe, &from);
	own = own_cpu_ms();
	took = ask_for(&r, l->seconds);
	own = own_cpu_ms() - own;
	probe_read(&l->probe, &to);
	r.measuring = false;
	o = result(&r, took, own, &from, &to);
	drain(&r);
	if (r.busy > 0)
		json_object_set_new(o, "stuck", json_integer(r.busy));
	return o;
}

/* ---- idle connections ---- */

/* Opens them all, at most 64 at a time, unless the server refuses some. How many stand. */
static unsigned open_idle(struct run *r)
{
	unsigned open = 0, ready = 0, n = r->n_conns;
	uint64_t now = clock_mono_us(), end = now + OPEN_US;

	while (now < end && ready < n && r->reconnects == 0) {
		for (; open < n && open < ready + 64; open++)
			connect_it(r, &r->conns[open]);
		turn(r, now);
		ready = 0;
		for (unsigned i = 0; i < open; i++)
			ready += r->conns[i].state == CONN_READY;
		now = clock_mono_us();
	}
	return ready;
}

json_t *idle_run(struct load *l)
{
	json_t *o = json_object();
	struct usage from, to;
	struct run r;
	uint64_t refused, opened, now, end;
	unsigned n;

	run_init(&r, l, l->idle);
	get_contexts(&r);
	l->kept = true;
	probe_read(&l->probe, &from);
	n = open_idle(&r);
	refused = r.reconnects;
	probe_read(&l->probe, &to);
	opened = now = clock_mono_us();
	end = opened + (uint64_t)(l->seconds * 1e6);
	for (; now < end && r.reconnects < refused + n; now = clock_mono_us())
		turn(&r, now);
	json_object_set_new(o, "open", json_integer(n));
	json_object_set_new(o, "refused", json_integer((json_int_t)refused));
	json_object_set_new(o, "rss_before_mb", json_real((double)from.rss_kb / 1024));
	json_object_set_new(o, "rss_mb", json_real((double)to.rss_kb / 1024));
	json_object_set_new(
		o, "kb_each",
		json_real(((double)to.rss_kb - (double)from.rss_kb) / (n > 0 ? (double)n : 1)));
	json_object_set_new(o, "closed", json_integer((json_int_t)(r.reconnects - refused)));
	json_object_set_new(o, "closed_after_s", json_real((double)(now - opened) / 1e6));
	json_object_set_new(o, "errors", json_integer((json_int_t)r.errors));
	return o;
}
