/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plain streams. */
#include "base/compat.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "net_plain.h"

static char pattern(size_t at)
{
	return (char)((at * 2654435761U) >> 13);
}

/* Sends as much as the socket takes, of a stream of `total` pattern bytes. */
static void push(int fd, size_t *at, size_t total)
{
	char b[8192];
	size_t i, n = total - *at < sizeof(b) ? total - *at : sizeof(b);
	ssize_t sent;

	for (i = 0; i < n; i++)
		b[i] = pattern(*at + i);
	sent = send(fd, b, n, MSG_NOSIGNAL);
	if (sent > 0)
		*at += (size_t)sent;
}

/* Reads what is there and checks it; returns true at the end of file. */
static bool pull(int fd, size_t *at)
{
	char b[8192];
	ssize_t i, n = recv(fd, b, sizeof(b), 0);

	if (n < 0)
		assert_true(errno == EAGAIN);
	for (i = 0; i < n; i++)
		if (b[i] != pattern(*at + (size_t)i))
			fail_msg("byte %zu is wrong", *at + (size_t)i);
	if (n > 0)
		*at += (size_t)n;
	return n == 0;
}

static bool at_end(int fd)
{
	char c;

	return recv(fd, &c, 1, 0) == 0;
}

/* ---- bytes ---- */

static void test_echo(void **state)
{
	struct stream_tls_info info;
	struct sockaddr_in me;
	socklen_t n = sizeof(me);
	struct fix f;
	char b[16], text[ADDR_TEXT];
	int fd;

	(void)state;
	start(&f, ECHO, 8);
	fd = dial_ready(&f);
	assert_int_equal(listener_streams(f.l), 1);
	assert_false(stream_is_tls(f.peers[0].s));
	assert_false(stream_tls_info(f.peers[0].s, &info));
	assert_int_equal(getsockname(fd, (struct sockaddr *)&me, &n), 0);
	snprintf(text, sizeof(text), "127.0.0.1:%d", ntohs(me.sin_port));
	assert_string_equal(stream_peer(f.peers[0].s), text);
	assert_int_equal(send(fd, "hello", 5, 0), 5);
	UNTIL(&f, f.peers[0].n[STREAM_DRAINED] == 1);
	assert_int_equal(recv(fd, b, sizeof(b), 0), 5);
	assert_memory_equal(b, "hello", 5);
	assert_int_equal(f.peers[0].seen[0], STREAM_READY);
	assert_int_equal(f.peers[0].seen[1], STREAM_INPUT);
	assert_int_equal(f.peers[0].seen[2], STREAM_DRAINED);
	close(fd);
	UNTIL(&f, f.peers[0].n[STREAM_EOF] == 1);
	stream_close(f.peers[0].s);
	UNTIL(&f, listener_streams(f.l) == 0);
	finish(&f);
}

static void test_big(void **state)
{
	const size_t total = 10U * 1000 * 1000;
	size_t sent = 0, got = 0;
	uint64_t end = clock_mono_ms() + 60000;
	struct fix f;
	int fd;

	(void)state;
	start(&f, ECHO, 8);
	fd = dial_ready(&f);
	while (got < total && clock_mono_ms() < end) {
		if (sent < total)
			push(fd, &sent, total);
		loop_turn(f.loop, 0);
		assert_true(evbuffer_get_length(stream_input(f.peers[0].s)) <= 65536);
		assert_false(pull(fd, &got));
	}
	assert_int_equal(got, total);
	turns(&f, 2);
	assert_int_equal(stream_pending(f.peers[0].s), 0);
	assert_true(f.peers[0].n[STREAM_DRAINED] >= 1);
	close(fd);
	finish(&f);
}

/* What the user does not read stays with the peer, and nothing is lost. */
static void test_backpressure(void **state)
{
	const size_t total = 20U * 1000 * 1000;
	size_t sent = 0, got = 0, before;
	struct evbuffer *in;
	struct fix f;
	char b[4096];
	int fd, i, n;

	(void)state;
	start(&f, KEEP, 8);
	fd = dial_ready(&f);
	in = stream_input(f.peers[0].s);
	do {
		before = sent;
		for (i = 0; i < 20; i++) {
			push(fd, &sent, total);
			loop_turn(f.loop, 0);
		}
	} while (sent != before);
	assert_true(sent < total);
	assert_int_equal(evbuffer_get_length(in), 65536);
	while (got < sent) {
		UNTIL(&f, evbuffer_get_length(in) > 0);
		while ((n = evbuffer_remove(in, b, sizeof(b))) > 0)
			for (i = 0; i < n; i++, got++)
				assert_int_equal(b[i], pattern(got));
	}
	assert_int_equal(got, sent);
	assert_int_equal(f.peers[0].n[STREAM_EOF] + f.peers[0].n[STREAM_GONE], 0);
	close(fd);
	finish(&f);
}

/* ---- the peer ends ---- */

static void test_half_close(void **state)
{
	struct fix f;
	char b[16];
	int fd;

	(void)state;
	start(&f, CLOSE_AT_EOF, 8);
	fd = dial_ready(&f);
	assert_int_equal(send(fd, "request", 7, 0), 7);
	shutdown(fd, SHUT_WR);
	UNTIL(&f, f.peers[0].n[STREAM_EOF] == 1);
	assert_int_equal(f.peers[0].n[STREAM_INPUT], 1);
	assert_int_equal(f.peers[0].seen[1], STREAM_INPUT); /* before EOF */
	UNTIL(&f, listener_streams(f.l) == 0);
	assert_int_equal(recv(fd, b, sizeof(b), 0), 3);
	assert_memory_equal(b, "bye", 3);
	assert_true(at_end(fd));
	assert_int_equal(f.peers[0].n_seen, 3);
	close(fd);
	finish(&f);
}

static void test_reset(void **state)
{
	struct fix f;
	int fd;

	(void)state;
	start(&f, KEEP, 8);
	fd = dial_ready(&f);
	reset(fd);
	UNTIL(&f, f.peers[0].n[STREAM_GONE] == 1);
	assert_int_equal(stream_error(f.peers[0].s)->code, ERR_CANCELLED);
	assert_non_null(strstr(stream_error(f.peers[0].s)->msg, "connection lost"));
	stream_write_str(f.peers[0].s, STR("dropped"));
	assert_int_equal(stream_pending(f.peers[0].s), 0);
	turns(&f, 3);
	assert_int_equal(f.peers[0].n[STREAM_GONE], 1);
	assert_int_equal(f.peers[0].n[STREAM_DRAINED], 0);
	stream_close(f.peers[0].s);
	assert_int_equal(listener_streams(f.l), 0);
	finish(&f);
}

/* The peer sends more than is read ahead, then goes away: seen although the user never reads. */
static void test_leaves_unread(void **state)
{
	size_t sent = 0;
	struct fix f;
	int fd;

	(void)state;
	start(&f, KEEP, 8);
	fd = dial_ready(&f);
	while (sent < 200000) {
		push(fd, &sent, 200000);
		loop_turn(f.loop, 0);
	}
	UNTIL(&f, evbuffer_get_length(stream_input(f.peers[0].s)) == 65536);
	reset(fd);
	UNTIL(&f, f.peers[0].n[STREAM_GONE] == 1);
	assert_int_equal(f.peers[0].n[STREAM_EOF], 0);
	assert_int_equal(evbuffer_get_length(stream_input(f.peers[0].s)), 65536);
	stream_abort(f.peers[0].s);
	finish(&f);
}

/* The same with a FIN: EOF is told while input is held back, and all of it still comes. */
static void test_ends_unread(void **state)
{
	const size_t total =
		100000; /* fits into what the kernel takes: a FIN behind more would not arrive */
	size_t sent = 0, got = 0;
	struct evbuffer *in;
	struct fix f;
	int fd;

	(void)state;
	start(&f, KEEP, 8);
	fd = dial_ready(&f);
	while (sent < total) {
		push(fd, &sent, total);
		loop_turn(f.loop, 0);
	}
	shutdown(fd, SHUT_WR);
	UNTIL(&f, f.peers[0].n[STREAM_EOF] == 1);
	in = stream_input(f.peers[0].s);
	assert_int_equal(evbuffer_get_length(in), 65536);
	while (got < total) {
		UNTIL(&f, evbuffer_get_length(in) > 0);
		got += evbuffer_get_length(in);
		evbuffer_drain(in, evbuffer_get_length(in));
	}
	assert_int_equal(got, total);
	turns(&f, 5);
	assert_int_equal(f.peers[0].n[STREAM_EOF], 1);
	assert_int_equal(f.peers[0].n[STREAM_GONE], 0);
	close(fd);
	finish(&f);
}

/* The peer takes nothing and resets: the write side notices. */
static void test_reset_while_writing(void **state)
{
	struct fix f;
	char *big = mem_alloc(8U << 20);
	int fd;

	(void)state;
	start(&f, KEEP, 8);
	fd = dial_ready(&f);
	stream_write_str(f.peers[0].s, str_mem(big, 8U << 20));
	turns(&f, 20);
	assert_true(stream_pending(f.peers[0].s) > 0);
	assert_int_equal(f.peers[0].n[STREAM_DRAINED], 0);
	reset(fd);
	UNTIL(&f, f.peers[0].n[STREAM_GONE] == 1);
	assert_int_equal(f.peers[0].n[STREAM_DRAINED], 0);
	mem_free(big);
	finish(&f);
}

/* ---- we end ---- */

static void test_abort_in_event(void **state)
{
	struct fix f;
	char b[16];
	int fd;

	(void)state;
	start(&f, ABORT_AT_INPUT, 8);
	fd = dial_ready(&f);
	assert_int_equal(send(fd, "x", 1, 0), 1);
	shutdown(fd, SHUT_WR); /* its EOF must not be told */
	UNTIL(&f, listener_streams(f.l) == 0);
	turns(&f, 5);
	assert_int_equal(f.peers[0].n_seen, 2);
	UNTIL(&f, recv(fd, b, sizeof(b), 0) == 0);
	close(fd);
	finish(&f);
}

/* All that was written arrives although the peer is slow and goes on sending. */
static void test_linger(void **state)
{
	const size_t total = 3U * 1000 * 1000;
	size_t got = 0, i;
	char *big = mem_alloc(total);
	uint64_t end = clock_mono_ms() + 60000;
	bool done = false;
	struct fix f;
	int fd;

	(void)state;
	for (i = 0; i < total; i++)
		big[i] = pattern(i);
	start(&f, KEEP, 8);
	fd = dial_ready(&f);
	stream_write_str(f.peers[0].s, str_mem(big, total));
	stream_close(f.peers[0].s);
	while (!done && clock_mono_ms() < end) {
		(void)!send(fd, "noise", 5, MSG_NOSIGNAL);
		loop_turn(f.loop, 0);
		done = pull(fd, &got);
	}
	assert_true(done);
	assert_int_equal(got, total);
	assert_int_equal(listener_streams(f.l), 1); /* waits for our FIN */
	close(fd);
	UNTIL(&f, listener_streams(f.l) == 0);
	assert_int_equal(f.peers[0].n_seen, 1); /* READY alone */
	mem_free(big);
	finish(&f);
}

/* A peer that never closes does not keep the stream. */
static void test_linger_ends(void **state)
{
	struct fix f;
	int fd;

	(void)state;
	start(&f, KEEP, 8);
	fd = dial_ready(&f);
	stream_close(f.peers[0].s);
	turns(&f, 3);
	assert_true(at_end(fd));
	assert_int_equal(listener_streams(f.l), 1);
	UNTIL(&f, listener_streams(f.l) == 0);
	close(fd);
	finish(&f);
}

static void test_close_twice_ways(void **state)
{
	struct fix f;
	int fd;

	(void)state;
	start(&f, NO_USER, 8);
	fd = dial(&f); /* nobody takes it: closed at once */
	UNTIL(&f, f.n_peers == 1);
	assert_int_equal(listener_streams(f.l), 0);
	UNTIL(&f, at_end(fd));
	close(fd);
	f.mode = KEEP;
	fd = dial_ready(&f);
	stream_close(f.peers[1].s);
	stream_abort(f.peers[1].s); /* before the first turn */
	assert_int_equal(listener_streams(f.l), 0);
	close(fd);
	finish(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_echo),	       cmocka_unit_test(test_big),
		cmocka_unit_test(test_backpressure),   cmocka_unit_test(test_half_close),
		cmocka_unit_test(test_reset),	       cmocka_unit_test(test_leaves_unread),
		cmocka_unit_test(test_ends_unread),    cmocka_unit_test(test_reset_while_writing),
		cmocka_unit_test(test_abort_in_event), cmocka_unit_test(test_linger),
		cmocka_unit_test(test_linger_ends),    cmocka_unit_test(test_close_twice_ways),
	};

	return cmocka_run_group_tests_name("net_stream", tests, NULL, NULL);
}
