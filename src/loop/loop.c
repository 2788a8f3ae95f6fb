/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "loop/priv.h"

#include <event2/event.h>
#include <pthread.h>
#include <sys/eventfd.h>

/*
 * The event loop: one thread, four phases per iteration.
 *
 *   1. libevent: sockets, timers, signals. It blocks only when nothing is posted or to be reaped.
 *   2. posted: rounds over the queue. A round takes what is there; what it posts runs in the next
 *      round, so that nothing runs inside the call that posted it and the order is first in, first
 *      out. After LOOP_ROUNDS rounds the rest waits for the next iteration, because two flows that
 *      post each other must not starve the sockets.
 *   3. before sleep: the registered hooks, each once. What they post makes phase 1 not block.
 *   4. reap: frees. Only here may an object disappear that another callback of the same iteration
 *      could still name.
 *
 * Other threads touch exactly one thing: the remote list, under `remote_lock`, with an eventfd that
 * is written when the list was empty. A post that is posted remotely stays under that lock until
 * the moment it runs; therefore posting it again meanwhile is noticed and is once, and a post must
 * not be used with both loop_post() and loop_post_remote() at a time. libevent itself is used by
 * the loop's thread alone and needs no thread support.
 *
 * Time. Each callback is bracketed by loop_enter() and loop_leave(); what takes longer than
 * LOOP_STALL_US is logged with the innermost name and counted. Brackets nest (a flow's step in a
 * post): `charged` is the time already reported, and a token is the clock minus `charged`, so an
 * outer bracket is reported only for time that no inner one has answered for. The outermost bracket
 * also refreshes loop_now_ms().
 */
struct loop {
	struct event_base *base;
	struct event *wake_event, *turn_event;
	int wake_fd;
	struct list posted, reap, hooks;
	pthread_mutex_t remote_lock;
	struct list remote, remote_now;
	bool stop, turning;
	unsigned depth;
	uint64_t now_ms, charged;
};

struct loop_signal {
	struct loop *loop;
	struct event *ev;
	void (*fn)(void *arg);
	void *arg;
};

uint64_t loop_enter(struct loop *l, const char *name)
{
	uint64_t now = clock_mono_us();

	(void)name;
	if (l->depth++ == 0)
		l->now_ms = now / 1000;
	return now - l->charged;
}

void loop_leave(struct loop *l, const char *name, uint64_t token)
{
	uint64_t spent = clock_mono_us() - l->charged - token;

	ENSURE(l->depth > 0);
	l->depth--;
	if (spent <= LOOP_STALL_US)
		return;
	l->charged += spent;
	metric_inc(METRIC_LOOP_STALLS);
	log_warn("loop.stall", F_C("name", name), F_U("ms", spent / 1000));
}

uint64_t loop_now_ms(struct loop *l)
{
	return l->now_ms;
}

struct event_base *loop_base(struct loop *l)
{
	return l->base;
}

static void run_post(struct loop *l, struct post *p)
{
	const char *name = p->name != NULL ? p->name : "post"; /* p may be gone afterwards */
	uint64_t token = loop_enter(l, name);

	p->fn(p);
	loop_leave(l, name, token);
}

void loop_post(struct loop *l, struct post *p)
{
	if (!list_linked(&p->node))
		list_add_tail(&l->posted, &p->node);
}

void loop_reap(struct loop *l, struct post *p)
{
	if (!list_linked(&p->node))
		list_add_tail(&l->reap, &p->node);
}

void loop_before_sleep(struct loop *l, struct post *p)
{
	if (!list_linked(&p->node))
		list_add_tail(&l->hooks, &p->node);
}

void loop_unpost(struct loop *l, struct post *p)
{
	pthread_mutex_lock(&l->remote_lock); /* it may be in the remote list */
	list_remove(&p->node);
	pthread_mutex_unlock(&l->remote_lock);
}

void loop_post_remote(struct loop *l, struct post *p)
{
	const uint64_t one = 1;

	pthread_mutex_lock(&l->remote_lock);
	bool wake = list_empty(&l->remote);
	if (!list_linked(&p->node))
		list_add_tail(&l->remote, &p->node);
	if (wake) {
		ssize_t n = write(l->wake_fd, &one, sizeof(one));
		(void)n; /* EAGAIN: it is readable already */
	}
	pthread_mutex_unlock(&l->remote_lock);
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
	uint64_t count;
	ssize_t n = read(fd, &count, sizeof(count));

	(void)n; /* the lists tell what there is to do */
	(void)what;
	(void)arg;
}

static void on_turn_over(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

static void take_remote(struct loop *l)
{
	pthread_mutex_lock(&l->remote_lock);
	list_splice(&l->remote_now, &l->remote);
	pthread_mutex_unlock(&l->remote_lock);
}

static struct post *next_remote(struct loop *l)
{
	pthread_mutex_lock(&l->remote_lock);
	struct list *n = list_pop(&l->remote_now);
	pthread_mutex_unlock(&l->remote_lock);
	return n != NULL ? LIST_ENTRY(n, struct post, node) : NULL;
}

static void run_list(struct loop *l, struct list *from)
{
	struct list round, *n;

	list_init(&round);
	list_splice(&round, from);
	while ((n = list_pop(&round)) != NULL)
		run_post(l, LIST_ENTRY(n, struct post, node));
}

static void run_posted(struct loop *l)
{
	for (unsigned round = 0; round < LOOP_ROUNDS; round++) {
		struct post *p;
		take_remote(l);
		bool any = !list_empty(&l->posted);
		while ((p = next_remote(l)) != NULL) {
			any = true;
			run_post(l, p);
		}
		if (!any)
			break;
		run_list(l, &l->posted);
	}
}

static void run_hooks(struct loop *l)
{
	struct list todo, *n;

	list_init(&todo);
	list_splice(&todo, &l->hooks);
	while ((n = list_pop(&todo)) != NULL) {
		list_add_tail(&l->hooks, n); /* before it runs: it may take itself or others off */
		run_post(l, LIST_ENTRY(n, struct post, node));
	}
}

static void run_reap(struct loop *l)
{
	for (unsigned round = 0; round < LOOP_ROUNDS && !list_empty(&l->reap); round++)
		run_list(l, &l->reap);
}

static int run_events(struct loop *l, unsigned max_ms)
{
	int flags = EVLOOP_ONCE;

	if (max_ms == 0 || l->stop || !list_empty(&l->posted) || !list_empty(&l->reap)) {
		flags = EVLOOP_NONBLOCK;
	} else if (max_ms != UINT32_MAX) {
		struct timeval tv = {.tv_sec = max_ms / 1000,
				     .tv_usec = (suseconds_t)(max_ms % 1000) * 1000};
		event_add(l->turn_event, &tv);
	}
	int rc = event_base_loop(l->base, flags);
	event_del(l->turn_event);
	return rc;
}

static int turn(struct loop *l, unsigned max_ms)
{
	ENSURE(!l->turning);
	l->turning = true;
	int rc = run_events(l, max_ms);
	l->now_ms = clock_mono_ms();
	run_posted(l);
	run_hooks(l);
	run_reap(l);
	l->turning = false;
	return rc;
}

void loop_turn(struct loop *l, unsigned max_ms)
{
	ENSURE(turn(l, max_ms) >= 0);
}

int loop_run(struct loop *l, struct err *e)
{
	while (!l->stop) {
		if (turn(l, UINT32_MAX) < 0)
			return err_errno(e, errno, "event loop");
	}
	l->stop = false;
	return 0;
}

void loop_stop(struct loop *l)
{
	l->stop = true;
}

static struct event_base *new_base(void)
{
	struct event_config *c = event_config_new();
	struct event_base *base = NULL;

	if (c != NULL && event_config_set_flag(c, EVENT_BASE_FLAG_NOLOCK) == 0)
		base = event_base_new_with_config(c);
	if (c != NULL)
		event_config_free(c);
	return base;
}

struct loop *loop_new(struct err *e)
{
	struct loop *l = NEW(struct loop);

	list_init(&l->posted);
	list_init(&l->reap);
	list_init(&l->hooks);
	list_init(&l->remote);
	list_init(&l->remote_now);
	pthread_mutex_init(&l->remote_lock, NULL);
	l->now_ms = clock_mono_ms();
	l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	l->base = new_base();
	if (l->wake_fd >= 0 && l->base != NULL) {
		l->wake_event = event_new(l->base, l->wake_fd, EV_READ | EV_PERSIST, on_wake, l);
		l->turn_event = event_new(l->base, -1, 0, on_turn_over, l);
	}
	if (l->wake_event == NULL || l->turn_event == NULL || event_add(l->wake_event, NULL) != 0) {
		err_errno(e, errno, "event loop: cannot start");
		loop_free(l);
		return NULL;
	}
	return l;
}

void loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	ENSURE(!l->turning);
	run_reap(l);
	ENSURE(list_empty(&l->posted) && list_empty(&l->reap) && list_empty(&l->hooks));
	ENSURE(list_empty(&l->remote) && list_empty(&l->remote_now));
	if (l->wake_event != NULL)
		event_free(l->wake_event);
	if (l->turn_event != NULL)
		event_free(l->turn_event);
	if (l->base != NULL)
		event_base_free(l->base);
	if (l->wake_fd >= 0)
		close(l->wake_fd);
	pthread_mutex_destroy(&l->remote_lock);
	mem_free(l);
}

static void on_signal(evutil_socket_t signo, short what, void *arg)
{
	struct loop_signal *s = arg;
	struct loop *l = s->loop; /* fn may free s */

	(void)signo;
	(void)what;
	uint64_t token = loop_enter(l, "signal");
	s->fn(s->arg);
	loop_leave(l, "signal", token);
}

struct loop_signal *loop_signal_new(struct loop *l, int signo, void (*fn)(void *arg), void *arg)
{
	struct loop_signal *s = NEW(struct loop_signal);

	s->loop = l;
	s->fn = fn;
	s->arg = arg;
	s->ev = event_new(l->base, signo, EV_SIGNAL | EV_PERSIST, on_signal, s);
	ENSURE(s->ev != NULL && event_add(s->ev, NULL) == 0);
	return s;
}

void loop_signal_free(struct loop_signal *s)
{
	if (s == NULL)
		return;
	event_free(s->ev);
	mem_free(s);
}
