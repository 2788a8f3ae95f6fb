/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef T_UNIT_HTTP_CANNED_H
#define T_UNIT_HTTP_CANNED_H

/*
 * http_canned.h - a plain server that says exactly what a test wants, driven in the same thread:
 * canned_serve() between turns of the loop. One connection at a time. Include after cmocka.h.
 */
#include "base/buf.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

struct canned {
	int listener, fd, port;
	struct buf in; /* all requests since canned_say() */
	struct str say;
	const char *repeat; /* sent again and again after `say` */
	bool reset;	    /* instead of an answer */
	bool keep;	    /* the connection stays open after the answer */
	unsigned accepted, answered;
};

static UNUSED void canned_start(struct canned *c, const char *ip)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t n = sizeof(a);

	memset(c, 0, sizeof(*c));
	c->fd = -1;
	c->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(inet_pton(AF_INET, ip, &a.sin_addr), 1);
	assert_int_equal(bind(c->listener, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(c->listener, 8), 0);
	assert_int_equal(getsockname(c->listener, (struct sockaddr *)&a, &n), 0);
	c->port = ntohs(a.sin_port);
}

static UNUSED void canned_hang_up(struct canned *c)
{
	struct linger now = {.l_onoff = 1};

	if (c->fd < 0)
		return;
	if (c->reset)
		(void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(c->fd);
	c->fd = -1;
}

static UNUSED void canned_say(struct canned *c, const char *what)
{
	canned_hang_up(c);
	c->say = str_c(what);
	c->repeat = NULL;
	c->reset = c->keep = false;
	buf_reset(&c->in);
}

static UNUSED void canned_stop(struct canned *c)
{
	canned_hang_up(c);
	close(c->listener);
	buf_release(&c->in);
}

static bool canned_have_request(const struct canned *c)
{
	return c->in.n >= 4 && memmem(c->in.p, c->in.n, "\r\n\r\n", 4) != NULL;
}

static UNUSED void canned_serve(struct canned *c)
{
	char b[4096];
	ssize_t n;

	if (c->fd < 0) {
		c->fd = accept4(c->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		c->accepted += c->fd >= 0;
	}
	if (c->fd < 0)
		return;
	n = recv(c->fd, b, sizeof(b), 0);
	if (n > 0)
		buf_add(&c->in, b, (size_t)n);
	if (n == 0) {
		canned_hang_up(c);
		return;
	}
	if (!canned_have_request(c))
		return;
	if (c->say.n > 0) {
		assert_int_equal(send(c->fd, c->say.p, c->say.n, MSG_NOSIGNAL), c->say.n);
		c->say.n = 0;
		c->answered++;
	}
	for (int i = 0; c->repeat != NULL && i < 100; i++)
		(void)send(c->fd, c->repeat, strlen(c->repeat), MSG_NOSIGNAL);
	if (c->repeat == NULL && !c->keep)
		canned_hang_up(c);
}

#endif
