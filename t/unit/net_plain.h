/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef T_UNIT_NET_PLAIN_H
#define T_UNIT_NET_PLAIN_H

/* net_plain.h - a plain listener on a loop, and sockets that the test drives in the same thread.
 * Include after cmocka.h. */
#include "base/clock.h"
#include "loop/loop.h"
#include "net/addr.h"
#include "net/stream.h"

#include <event2/buffer.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define GUARD_MS 20000
#define MAX_SEEN 32

enum mode { KEEP, ECHO, ABORT_AT_INPUT, CLOSE_AT_EOF, NO_USER };

struct peer {
	struct stream *s;
	unsigned n[STREAM_GONE + 1];
	enum stream_event seen[MAX_SEEN];
	unsigned n_seen;
};

struct fix {
	struct loop *loop;
	struct listener *l;
	enum mode mode;
	struct peer peers[8];
	unsigned n_peers;
	bool inside; /* a stream_ function runs: no event may come */
	unsigned fds;
};

static UNUSED unsigned count_fds(void)
{
	unsigned i, n = 0;

	for (i = 0; i < 1024; i++)
		n += fcntl((int)i, F_GETFD) >= 0;
	return n;
}

static void on_event(void *arg, struct stream *s, enum stream_event ev)
{
	struct fix *f = arg;
	unsigned i = f->n_peers - 1;
	struct peer *p;

	assert_false(f->inside);
	while (f->peers[i].s != s && i > 0)
		i--;
	p = &f->peers[i];
	assert_ptr_equal(p->s, s);
	p->n[ev]++;
	if (p->n_seen < MAX_SEEN)
		p->seen[p->n_seen++] = ev;
	f->inside = true;
	if (ev == STREAM_INPUT && f->mode == ECHO)
		stream_write(s, stream_input(s));
	if (ev == STREAM_INPUT && f->mode == ABORT_AT_INPUT) {
		stream_write_str(s, STR("never seen"));
		stream_abort(s);
		p->s = NULL;
	}
	if (ev == STREAM_EOF && f->mode == CLOSE_AT_EOF) {
		stream_write_str(s, STR("bye"));
		stream_close(s);
		p->s = NULL;
	}
	f->inside = false;
}

static void on_accept(void *arg, struct stream *s)
{
	struct fix *f = arg;
	struct stream_user u = {on_event, f};

	assert_true(f->n_peers < 8);
	f->peers[f->n_peers++].s = s;
	if (f->mode != NO_USER)
		stream_set_user(s, &u);
}

static UNUSED void start(struct fix *f, enum mode mode, unsigned max)
{
	struct listener_config c = {
		.address = "127.0.0.1:0", .max_streams = max, .on_accept = on_accept, .arg = f};
	struct err e = ERR_INIT;

	memset(f, 0, sizeof(*f));
	f->fds = count_fds();
	f->mode = mode;
	f->loop = loop_new(&e);
	assert_non_null(f->loop);
	f->l = listener_new(f->loop, &c, &e);
	if (!f->l)
		fail_msg("%s", e.msg);
}

static UNUSED void finish(struct fix *f)
{
	listener_free(f->l);
	loop_turn(f->loop, 0);
	loop_free(f->loop);
	assert_int_equal(count_fds(), f->fds);
}

#define UNTIL(f, cond)                                                                             \
	do {                                                                                       \
		uint64_t end_ = clock_mono_ms() + GUARD_MS;                                        \
		while (!(cond) && clock_mono_ms() < end_)                                          \
			loop_turn((f)->loop, 5);                                                   \
		assert_true(cond);                                                                 \
	} while (0)

static UNUSED void turns(struct fix *f, unsigned n)
{
	while (n-- > 0)
		loop_turn(f->loop, 1);
}

static UNUSED int dial(struct fix *f)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons((uint16_t)listener_port(f->l))};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

/* Connects and waits until the stream is there. */
static UNUSED int dial_ready(struct fix *f)
{
	unsigned n = f->n_peers;
	int fd = dial(f);

	UNTIL(f, f->n_peers == n + 1 && f->peers[n].n[STREAM_READY] == 1);
	return fd;
}

static UNUSED void reset(int fd)
{
	struct linger l = {1, 0};

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l)), 0);
	close(fd);
}

#endif
