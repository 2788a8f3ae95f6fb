/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "daemon/reload.h"

#include "base/log.h"
#include "base/mem.h"

/*
 * reload.c - SIGHUP. The log is reopened first, on the slow pool, so that what the reload says
 * stands in the new file. A reload that is refused is an error in the log, and the daemon goes on
 * with what it has. Signals that come during a reload are one more reload after it: the file may
 * have changed since it was read.
 */

#define RETRY_MS 50

/* ---- the log's file ---- */

static void reopen_run(struct job *j)
{
	struct err e = ERR_INIT;

	(void)j;
	if (log_reopen(&e) < 0)
		log_error("log.reopen", F_ERR(&e));
	else
		log_info("log.reopened");
}

static void reopen_free(struct job *j)
{
	mem_free(j);
}

static void reopen(struct pool *slow)
{
	struct job *j = NEW(struct job);
	struct err e = ERR_INIT;

	j->name = "daemon.reopen";
	j->run = reopen_run;
	j->free = reopen_free;
	if (pool_submit(slow, j, &e) < 0) {
		log_error("log.reopen", F_ERR(&e));
		mem_free(j);
	}
}

/* ---- the configuration ---- */

void daemon_on_reload(void *arg, const struct conf *conf)
{
	(void)arg;
	log_set_level((enum log_level)conf->log.level);
}

static void on_reload_end(struct flow *f)
{
	struct hup *h = CONTAINER_OF(CONTAINER_OF(f, struct reload, flow), struct hup, reload);

	if (f->failed && f->err.code == ERR_CONFLICT)
		h->again = true; /* who is at it may have read the files before they changed */
	else if (f->failed)
		log_error("reload.failed", F_ERR(&f->err), F_C("effect", "nothing has changed"));
	loop_reap(h->loop, &h->reap);
}

static void reload(struct hup *h)
{
	h->again = false;
	h->arena = arena_new();
	h->reload = (struct reload){.ca = h->ca, .actor = STR("SIGHUP")};
	reload_init(&h->reload, h->arena);
	h->reload.flow.on_end = on_reload_end;
	flow_start(&h->reload.flow);
}

static void on_retry(struct timer *t)
{
	reload(CONTAINER_OF(t, struct hup, retry));
}

static void on_reap(struct post *p)
{
	struct hup *h = CONTAINER_OF(p, struct hup, reap);

	arena_free(h->arena);
	h->arena = NULL;
	if (h->again)
		timer_set(&h->retry, RETRY_MS);
}

void hup_init(struct hup *h, struct loop *l, struct pool *slow)
{
	*h = (struct hup){.loop = l, .slow = slow};
	h->reap = (struct post){.fn = on_reap, .name = "daemon.reload_end"};
	timer_init(&h->retry, l, "daemon.reload_again", on_retry);
}

void hup_release(struct hup *h)
{
	timer_release(&h->retry);
}

void hup_signal(struct hup *h, struct ca *ca)
{
	reopen(h->slow);
	if (ca == NULL)
		return;
	h->ca = ca;
	if (hup_busy(h))
		h->again = true;
	else
		reload(h);
}

bool hup_busy(const struct hup *h)
{
	return h->arena != NULL || timer_pending(&h->retry);
}
