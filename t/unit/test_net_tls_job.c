/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Handshakes made by hand, and how one travels through the worker pool. */
#include "base/compat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "net_tls.h"

/* ---- hand-made hellos ---- */

static void ext(struct buf *b, unsigned type, const struct buf *body)
{
	buf_u16(b, (uint16_t)type);
	buf_u16(b, (uint16_t)body->n);
	buf_add(b, body->p, body->n);
}

static void hex_ext(struct buf *b, unsigned type, const void *p, size_t n)
{
	struct buf body = BUF_INIT;

	buf_add(&body, p, n);
	ext(b, type, &body);
	buf_release(&body);
}

/* As the `step` client's: a hybrid share first, which no one here knows, then X25519. */
static void hybrid_hello(struct buf *out)
{
	static const char zeros[100];
	struct buf exts = BUF_INIT, share = BUF_INIT, hello = BUF_INIT;
	size_t i;

	hex_ext(&exts, 43, "\x04\x03\x04\x03\x03", 5);
	hex_ext(&exts, 10, "\x00\x08\x11\xec\x00\x1d\x00\x17\x00\x18", 10);
	hex_ext(&exts, 13, "\x00\x08\x08\x04\x04\x03\x08\x07\x05\x03", 10);
	hex_ext(&exts, 11, "\x01\x00", 2);
	hex_ext(&exts, 16, "\x00\x0c\x02h2\x08http/1.1", 14);
	hex_ext(&exts, 0,
		"\x00\x0e\x00\x00\x0b"
		"ca.internal",
		16);
	hex_ext(&exts, 21, zeros, sizeof(zeros));
	buf_u16(&share, 4 + 1216 + 4 + 32);
	buf_u16(&share, 0x11ec);
	buf_u16(&share, 1216);
	for (i = 0; i < 1216; i++)
		buf_u8(&share, (uint8_t)sample(i));
	buf_u16(&share, 0x001d);
	buf_u16(&share, 32);
	buf_u8(&share, 9);
	for (i = 1; i < 32; i++)
		buf_u8(&share, 0);
	ext(&exts, 51, &share);

	buf_u16(&hello, 0x0303);
	for (i = 0; i < 32; i++)
		buf_u8(&hello, (uint8_t)(i * 7 + 1));
	buf_u8(&hello, 32);
	for (i = 0; i < 32; i++)
		buf_u8(&hello, (uint8_t)(i + 100));
	buf_u16(&hello, 6);
	buf_add(&hello, "\x13\x01\x13\x02\x13\x03", 6);
	buf_u16(&hello, 0x0100);
	buf_u16(&hello, (uint16_t)exts.n);
	buf_add(&hello, exts.p, exts.n);

	buf_u8(out, 22);
	buf_u16(out, 0x0301);
	buf_u16(out, (uint16_t)(hello.n + 4));
	buf_u32(out, (uint32_t)(0x01000000 | hello.n));
	buf_add(out, hello.p, hello.n);
	buf_release(&exts);
	buf_release(&share);
	buf_release(&hello);
}

/* The group of the ServerHello in b; -1 when it is a HelloRetryRequest or something else. */
static int server_group(const unsigned char *b, size_t n)
{
	static const unsigned char retry[8] = {0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11};
	size_t at = 5 + 4 + 2 + 32, end, type, len;

	if (n < 100 || b[0] != 22 || b[5] != 2 || memcmp(b + 11, retry, sizeof(retry)) == 0)
		return -1;
	at += 1U + b[at] + 2 + 1;
	end = at + 2 + ((size_t)b[at] << 8 | b[at + 1]);
	for (at += 2; at + 4 <= end && end <= n; at += 4 + len) {
		type = (size_t)b[at] << 8 | b[at + 1];
		len = (size_t)b[at + 2] << 8 | b[at + 3];
		if (type == 51 && len >= 2)
			return b[at + 4] << 8 | b[at + 5];
	}
	return -1;
}

static int dial(struct fix *f)
{
	unsigned n = f->n_peers;
	int fd = dial_port(listener_port(f->l));

	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	UNTIL(f, f->n_peers == n + 1);
	return fd;
}

static void turns(struct fix *f, unsigned n)
{
	while (n-- > 0)
		loop_turn(f->loop, 1);
}

static ssize_t answer(struct fix *f, int fd, void *b, size_t size)
{
	ssize_t n = -1;

	UNTIL(f, n >= 0 || (n = recv(fd, b, size, 0)) >= 0);
	return n;
}

static void test_hybrid_hello(void **state)
{
	struct fix f;
	struct buf hello = BUF_INIT;
	static unsigned char b[8192];
	struct pool_stats st;
	ssize_t n;
	size_t i;
	int fd;

	(void)state;
	start(&f, &(struct fix_config){.mode = ECHO});
	hybrid_hello(&hello);
	assert_true(hello.n > 1460);
	fd = dial(&f);
	assert_int_equal(send(fd, hello.p, 1460, 0), 1460);
	turns(&f, 5);
	pool_stats(f.cpu, &st);
	assert_int_equal(st.done, 0); /* half a record wakes nobody */
	assert_int_equal(send(fd, hello.p + 1460, hello.n - 1460, 0), (ssize_t)(hello.n - 1460));
	n = answer(&f, fd, b, sizeof(b));
	assert_int_equal(server_group(b, (size_t)n), 0x1d);
	close(fd);

	/* Byte by byte: one job all the same. */
	fd = dial(&f);
	for (i = 0; i < hello.n; i++) {
		assert_int_equal(send(fd, hello.p + i, 1, 0), 1);
		loop_turn(f.loop, 0);
	}
	n = answer(&f, fd, b, sizeof(b));
	assert_int_equal(server_group(b, (size_t)n), 0x1d);
	pool_stats(f.cpu, &st);
	assert_int_equal(st.done, 2);
	close(fd);
	UNTIL(&f, listener_streams(f.l) == 0);
	assert_int_equal(f.peers[1].err.code, ERR_CANCELLED);
	buf_release(&hello);
	finish(&f);
}

static void test_not_tls(void **state)
{
	static const struct str t[] = {
		{"GET / HTTP/1.1\r\n\r\n", 18},
		{"\x16\x03\x01\xff\xff\x01\x00\x00\x00", 9},
		{"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", 10},
		{"\x17\x03\x03\x00\x01x", 6},
		{"\x15\x03\x03\x00\x02\x02\x28", 7},
		{"\0\0\0\0\0\0\0\0\0\0\0\0", 12},
		{"\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10", 11},
	};
	struct fix f;
	char b[512];
	size_t i;
	int fd;

	(void)state;
	start(&f, &(struct fix_config){.mode = ECHO});
	for (i = 0; i < ARRAY_LEN(t); i++) {
		fd = dial(&f);
		assert_int_equal(send(fd, t[i].p, t[i].n, 0), (ssize_t)t[i].n);
		UNTIL(&f, recv(fd, b, sizeof(b), 0) == 0); /* an alert or not, then our FIN */
		close(fd);
		UNTIL(&f, listener_streams(f.l) == 0);
		assert_int_equal(f.peers[i].n[STREAM_GONE], 1);
		assert_int_equal(f.peers[i].n[STREAM_READY], 0);
		assert_int_equal(f.peers[i].err.code, ERR_INVALID);
		assert_non_null(strstr(f.peers[i].err.msg, "TLS handshake"));
	}
	assert_int_equal(n_failed(&f), ARRAY_LEN(t));
	/* A peer that only looks whether the port is open is no failure. */
	fd = dial(&f);
	close(fd);
	UNTIL(&f, listener_streams(f.l) == 0);
	assert_int_equal(n_failed(&f), ARRAY_LEN(t));
	finish(&f);
}

static void test_deadline(void **state)
{
	struct fix f;
	int fd;

	(void)state;
	start(&f, &(struct fix_config){.mode = ECHO, .handshake_ms = 100});
	fd = dial(&f);
	assert_int_equal(send(fd, "\x16\x03\x01\x02", 4, 0), 4);
	UNTIL(&f, f.peers[0].n[STREAM_GONE] == 1);
	assert_int_equal(f.peers[0].err.code, ERR_TIMEOUT);
	assert_int_equal(n_failed(&f), 1);
	assert_int_equal(listener_streams(f.l), 0);
	close(fd);
	finish(&f);
}

/* ---- the worker pool ---- */

struct block {
	struct job job;
	atomic_bool go, running;
	bool freed;
};

static void block_run(struct job *j)
{
	struct block *b = CONTAINER_OF(j, struct block, job);

	atomic_store(&b->running, true);
	while (!atomic_load(&b->go))
		poll(NULL, 0, 1);
}

static void block_free(struct job *j)
{
	CONTAINER_OF(j, struct block, job)->freed = true;
}

static void block(struct fix *f, struct block *b)
{
	struct err e = ERR_INIT;

	memset(b, 0, sizeof(*b));
	b->job.name = "block";
	b->job.run = block_run;
	b->job.free = block_free;
	assert_int_equal(pool_submit(f->cpu, &b->job, &e), 0);
}

/* Streams that end while their handshake is queued, while it runs, and when the result is on its
 * way back. */
static void test_abort_meanwhile(void **state)
{
	struct fix f;
	struct buf hello = BUF_INIT;
	struct block b;
	int fd, i;

	(void)state;
	hybrid_hello(&hello);
	start(&f, &(struct fix_config){.mode = KEEP, .threads = 1});
	block(&f, &b);
	fd = dial(&f);
	assert_int_equal(send(fd, hello.p, hello.n, 0), (ssize_t)hello.n);
	turns(&f, 5); /* queued behind the block */
	stream_abort(f.peers[0].s);
	assert_int_equal(listener_streams(f.l), 0);
	close(fd);
	atomic_store(&b.go, true);
	UNTIL(&f, b.freed);
	for (i = 1; i < 12; i++) {
		fd = dial(&f);
		assert_int_equal(send(fd, hello.p, hello.n, 0), (ssize_t)hello.n);
		loop_turn(f.loop, 20);
		if (i % 2 == 0)
			poll(NULL, 0, i); /* the worker is done, the loop does not know */
		stream_abort(f.peers[i].s);
		turns(&f, 2);
		close(fd);
	}
	assert_int_equal(listener_streams(f.l), 0);
	assert_int_equal(n_done(&f), 0);
	buf_release(&hello);
	finish(&f);
}

/* A full queue is no failure: the handshake waits its turn. */
static void test_pool_full(void **state)
{
	struct fix f;
	struct block running, queued;
	struct client c = {.bytes = 10};
	struct pool_stats st;

	(void)state;
	start(&f, &(struct fix_config){.mode = ECHO, .threads = 1, .bound = 1});
	block(&f, &running);
	UNTIL(&f, atomic_load(&running.running));
	block(&f, &queued);
	client_start(&f, &c);
	do {
		loop_turn(f.loop, 5);
		pool_stats(f.cpu, &st);
	} while (st.refused < 3);
	assert_int_equal(n_failed(&f), 0);
	atomic_store(&running.go, true);
	atomic_store(&queued.go, true);
	client_join(&f, &c);
	assert_true(c.echoed);
	buf_release(&c.server_leaf);
	UNTIL(&f, listener_streams(f.l) == 0);
	finish(&f);
}

/* The pool ends first, with a handshake in its queue. */
static void test_pool_ends(void **state)
{
	struct fix f;
	struct buf hello = BUF_INIT;
	struct block b;
	int fd;

	(void)state;
	hybrid_hello(&hello);
	start(&f, &(struct fix_config){.mode = ECHO, .threads = 1});
	block(&f, &b);
	fd = dial(&f);
	assert_int_equal(send(fd, hello.p, hello.n, 0), (ssize_t)hello.n);
	turns(&f, 5);
	listener_stop(f.l);
	atomic_store(&b.go, true);
	assert_true(pool_free(f.cpu, 10000));
	f.cpu = NULL;
	UNTIL(&f, listener_streams(f.l) == 0);
	assert_true(f.peers[0].n[STREAM_GONE] == 1);
	close(fd);
	listener_free(f.l);
	tls_context_unref(f.tls);
	loop_turn(f.loop, 0);
	loop_free(f.loop);
	buf_release(&hello);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hybrid_hello), cmocka_unit_test(test_not_tls),
		cmocka_unit_test(test_deadline),     cmocka_unit_test(test_abort_meanwhile),
		cmocka_unit_test(test_pool_full),    cmocka_unit_test(test_pool_ends),
	};

	return cmocka_run_group_tests_name("net_tls_job", tests, tls_setup, tls_teardown);
}
