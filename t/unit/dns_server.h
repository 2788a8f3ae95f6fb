/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef T_UNIT_DNS_SERVER_H
#define T_UNIT_DNS_SERVER_H

/*
 * dns_server.h - a name server on 127.0.0.1 that the test drives in the same thread: dns_serve()
 * between turns of the loop. Answers A and AAAA from a table. Include after cmocka.h.
 */
#include "base/buf.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

struct dns_entry {
	const char *name;    /* "turn....": each question gets the next address alone */
	const char *ips[24]; /* ends with NULL */
};
struct dns_server {
	int fd, port;
	const struct dns_entry *table; /* ends with a NULL name */
	bool silent;
	unsigned asked;
	unsigned turn; /* of names that begin with "turn." */
	char last[300];
};

static UNUSED void dns_server_start(struct dns_server *s, const struct dns_entry *table)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t n = sizeof(a);

	memset(s, 0, sizeof(*s));
	s->table = table;
	s->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)&a, &n), 0);
	s->port = ntohs(a.sin_port);
}

static UNUSED void dns_server_stop(struct dns_server *s)
{
	close(s->fd);
}

/* The question's name as text; the offset behind it. */
static size_t dns_question(const unsigned char *p, size_t n, char out[300])
{
	size_t at = 12, len = 0;

	while (at < n && p[at] != 0) {
		if (len > 0)
			out[len++] = '.';
		assert_true(at + p[at] + 1 < n && len + p[at] < 290);
		memcpy(out + len, p + at + 1, p[at]);
		len += p[at];
		at += p[at] + 1U;
	}
	out[len] = '\0';
	return at + 1;
}

static void dns_add(struct buf *b, const char *text, unsigned type)
{
	unsigned char ip[16];
	int family = type == 28 ? AF_INET6 : AF_INET;
	size_t n = type == 28 ? 16 : 4;

	if (inet_pton(family, text, ip) != 1)
		return;
	buf_u16(b, 0xc00c);
	buf_u16(b, (uint16_t)type);
	buf_u16(b, 1);
	buf_u32(b, 0); /* TTL */
	buf_u16(b, (uint16_t)n);
	buf_add(b, ip, n);
	b->p[7]++;
}

static void dns_answer(struct dns_server *s, const unsigned char *p, size_t n, struct buf *b)
{
	size_t end = dns_question(p, n, s->last);
	const struct dns_entry *t = s->table;
	unsigned type = p[end] << 8U | p[end + 1];

	buf_add(b, p, end + 4);
	b->p[2] = (char)0x81;
	b->p[3] = (char)0x80;
	memset(b->p + 6, 0, 6);
	while (t->name != NULL && strcasecmp(t->name, s->last) != 0)
		t++;
	if (t->name == NULL) {
		b->p[3] = (char)0x83; /* no such name */
		return;
	}
	if (strncmp(t->name, "turn.", 5) == 0) { /* another one each time */
		if (type == 1)
			dns_add(b, t->ips[s->turn++], type);
		return;
	}
	for (size_t i = 0; t->ips[i] != NULL; i++)
		dns_add(b, t->ips[i], type);
}

static UNUSED void dns_serve(struct dns_server *s)
{
	unsigned char in[512];
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	ssize_t n;

	while ((n = recvfrom(s->fd, in, sizeof(in), 0, (struct sockaddr *)&from, &len)) > 16) {
		struct buf b = BUF_INIT;

		s->asked++;
		if (!s->silent) {
			dns_answer(s, in, (size_t)n, &b);
			assert_true(sendto(s->fd, b.p, b.n, 0, (struct sockaddr *)&from, len) > 0);
		}
		buf_release(&b);
		len = sizeof(from);
	}
}

#endif
