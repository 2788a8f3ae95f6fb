/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "loop/timer.h"

#include <event2/event.h>

#define TIMER_MS_MAX (UINT64_C(1000) * 86400 * 3650)

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct timer *t = arg;
	struct loop *l = t->loop; /* fn may release the timer and its owner may go */
	const char *name = t->name;

	(void)fd;
	(void)what;
	uint64_t token = loop_enter(l, name);
	t->fn(t);
	loop_leave(l, name, token);
}

void timer_init(struct timer *t, struct loop *l, const char *name, void (*fn)(struct timer *))
{
	t->loop = l;
	t->ev = NULL;
	t->name = name;
	t->fn = fn;
}

void timer_set(struct timer *t, uint64_t ms)
{
	if (ms > TIMER_MS_MAX)
		ms = TIMER_MS_MAX;
	struct timeval tv = {.tv_sec = (time_t)(ms / 1000),
			     .tv_usec = (suseconds_t)(ms % 1000) * 1000};
	if (t->ev == NULL)
		t->ev = event_new(loop_base(t->loop), -1, 0, on_timer, t);
	ENSURE(t->ev != NULL && event_add(t->ev, &tv) == 0);
}

void timer_clear(struct timer *t)
{
	if (t->ev != NULL)
		event_del(t->ev);
}

bool timer_pending(const struct timer *t)
{
	return t->ev != NULL && event_pending(t->ev, EV_TIMEOUT, NULL) != 0;
}

void timer_release(struct timer *t)
{
	if (t->ev != NULL)
		event_free(t->ev);
	t->ev = NULL;
}
