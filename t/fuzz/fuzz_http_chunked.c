/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The chunked coding: in one piece and in small ones the result must be the same. The first byte is
 * the size of a piece. */
#include "base/compat.h"

#include "base/bug.h"
#include "http/msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define MAX_BODY 4096

/* Bytes consumed, or -1. */
static ssize_t decode(struct str in, size_t step, struct buf *out, bool *done)
{
	struct http_chunked c;
	struct err e = ERR_INIT;
	size_t at = 0;

	http_chunked_init(&c, MAX_BODY);
	while (at < in.n && !c.done) {
		size_t n = in.n - at < step ? in.n - at : step;
		ssize_t used = http_chunked_feed(&c, str_mem(in.p + at, n), out, &e);

		if (used < 0) {
			ENSURE(e.code == ERR_INVALID || e.code == ERR_TOO_LARGE);
			return -1;
		}
		ENSURE(used == (ssize_t)n || c.done);
		at += (size_t)used;
	}
	*done = c.done;
	return (ssize_t)at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct buf one = BUF_INIT, two = BUF_INIT;
	bool done_one = false, done_two = false;
	struct str in;
	ssize_t a, b;

	if (n == 0)
		return 0;
	in = str_mem(data + 1, n - 1);
	a = decode(in, n, &one, &done_one);
	b = decode(in, (size_t)data[0] + 1, &two, &done_two);
	ENSURE(a == b && done_one == done_two);
	ENSURE(one.n <= MAX_BODY && two.n <= MAX_BODY);
	ENSURE(a < 0 || str_eq(buf_view(&one), buf_view(&two)));
	buf_release(&one);
	buf_release(&two);
	return 0;
}
