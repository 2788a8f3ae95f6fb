/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HTTP/1.1 syntax: heads, the chunked coding, paths, routes. */
#include "base/compat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "http/priv.h"

static const struct http_limits limits = {.max_head = 1024, .max_target = 128, .max_headers = 8};

/* ---- heads ---- */

#define HOST "Host: ca.internal\r\n"

static int parse(struct str in, struct arena *a, struct http_head *h)
{
	struct err e = ERR_INIT;
	char *copy = malloc(in.n + 1); /* an exact copy: a sanitizer sees a read beyond it */
	int rc;

	assert_non_null(copy);
	memcpy(copy, in.p, in.n);
	arena_on_free(a, free, copy);
	rc = http_head_parse(str_mem(copy, in.n), &limits, a, h, &e);
	assert_int_equal(rc < 0, e.code != ERR_OK);
	assert_int_equal(rc < 0, h->status != 0);
	return rc;
}

static const struct {
	const char *in, *method, *path, *query, *host;
	int minor;
	bool keep, chunked, has_length, expect;
	unsigned long length;
} good[] = {
	{"GET / HTTP/1.1\r\n" HOST "\r\n", "GET", "/", "", "ca.internal", 1, .keep = true},
	{"GET /a/b?x=1&y=%20 HTTP/1.1\r\n" HOST "\r\n", "GET", "/a/b", "x=1&y=%20", "ca.internal",
	 1, .keep = true},
	{"GET /a? HTTP/1.1\r\n" HOST "\r\n", "GET", "/a", "", "ca.internal", 1, .keep = true},
	{"GET /a?b?c HTTP/1.1\r\n" HOST "\r\n", "GET", "/a", "b?c", "ca.internal", 1, .keep = true},
	{"GET / HTTP/1.0\r\n\r\n", "GET", "/", "", "", 0, .keep = false},
	{"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "GET", "/", "", "", 0, .keep = true},
	{"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", "GET", "/", "", "", 0,
	 .keep = false},
	{"GET / HTTP/1.2\r\n" HOST "\r\n", "GET", "/", "", "ca.internal", 2, .keep = true},
	{"GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", "GET", "/", "", "ca.internal", 1,
	 .keep = false},
	{"GET / HTTP/1.1\r\n" HOST "Connection: Upgrade,  CLOSE\r\nUpgrade: h2c\r\n\r\n", "GET",
	 "/", "", "ca.internal", 1, .keep = false},
	{"GET / HTTP/1.1\r\n" HOST "Connection: close\r\nConnection: keep-alive\r\n\r\n", "GET",
	 "/", "", "ca.internal", 1, .keep = false},
	{"GET / HTTP/1.1\r\nhOST:ca.internal\t \r\n\r\n", "GET", "/", "", "ca.internal", 1,
	 .keep = true},
	{"GET / HTTP/1.1\r\nHost:\r\n\r\n", "GET", "/", "", "", 1, .keep = true},
	{"GET / HTTP/1.1\r\nHost: [::1]:9000\r\n\r\n", "GET", "/", "", "[::1]:9000", 1,
	 .keep = true},
	{"GET / HTTP/1.1\r\nHost: 127.0.0.1:65535\r\n\r\n", "GET", "/", "", "127.0.0.1:65535", 1,
	 .keep = true},
	{"GET http://other:1/x?q HTTP/1.1\r\n" HOST "\r\n", "GET", "/x", "q", "other:1", 1,
	 .keep = true},
	{"GET HTTPS://other HTTP/1.1\r\n" HOST "\r\n", "GET", "/", "", "other", 1, .keep = true},
	{"GET http://other?q HTTP/1.1\r\n" HOST "\r\n", "GET", "/", "q", "other", 1, .keep = true},
	{"OPTIONS * HTTP/1.1\r\n" HOST "\r\n", "OPTIONS", "*", "", "ca.internal", 1, .keep = true},
	{"POST /p HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", "POST", "/p", "", "ca.internal",
	 1, .keep = true, .has_length = true},
	{"POST /p HTTP/1.1\r\n" HOST "content-length:  18446744073709551615 \r\n\r\n", "POST", "/p",
	 "", "ca.internal", 1, .keep = true, .has_length = true, .length = UINT64_MAX},
	{"POST /p HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n\r\n", "POST", "/p", "",
	 "ca.internal", 1, .keep = true, .chunked = true},
	{"POST /p HTTP/1.1\r\n" HOST "Content-Length: 5\r\nExpect: 100-Continue\r\n\r\n", "POST",
	 "/p", "", "ca.internal", 1, .keep = true, .has_length = true, .length = 5, .expect = true},
	{"POST /p HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n", "POST", "/p", "",
	 "", 0, .has_length = true, .length = 5},
	{"M-SEARCH!#$%&'*+.^_`|~ / HTTP/1.1\r\n" HOST "\r\n", "M-SEARCH!#$%&'*+.^_`|~", "/", "",
	 "ca.internal", 1, .keep = true},
	{"GET / HTTP/1.1\r\n" HOST "X: \xc3\xa4 \t b\r\nY:\r\n\r\n", "GET", "/", "", "ca.internal",
	 1, .keep = true},
};

static void test_good_heads(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct arena *a = arena_new();
		struct http_head h;

		if (parse(str_c(good[i].in), a, &h) < 0)
			fail_msg("refused: %s", good[i].in);
		if (!str_eqc(h.method, good[i].method) || !str_eqc(h.path, good[i].path) ||
		    !str_eqc(h.query, good[i].query) || !str_eqc(h.host, good[i].host))
			fail_msg("wrong parts: %s", good[i].in);
		if (h.minor != good[i].minor || h.keep_alive != good[i].keep ||
		    h.chunked != good[i].chunked || h.has_length != good[i].has_length ||
		    h.length != good[i].length || h.expect_continue != good[i].expect)
			fail_msg("wrong meaning: %s", good[i].in);
		assert_int_equal(http_head_length(str_c(good[i].in), 1024), strlen(good[i].in));
		arena_free(a);
	}
}

#define BAD(s, status)                                                                             \
	{                                                                                          \
		{s, sizeof(s) - 1}, status                                                         \
	}
static const struct {
	struct str in;
	int status;
} bad[] = {
	/* request lines */
	BAD("\r\n", 400),
	BAD("GET\r\n\r\n", 400),
	BAD("GET /\r\n\r\n", 400),
	BAD("GET / \r\n" HOST "\r\n", 400),
	BAD(" GET / HTTP/1.1\r\n" HOST "\r\n", 400),
	BAD("GET  / HTTP/1.1\r\n" HOST "\r\n", 400),
	BAD("GET /  HTTP/1.1\r\n" HOST "\r\n", 400),
	BAD("GET / HTTP/1.1 \r\n" HOST "\r\n", 400),
	BAD("GET\t/ HTTP/1.1\r\n" HOST "\r\n", 400),
	BAD("GET /a b HTTP/1.1\r\n" HOST "\r\n", 400),
	BAD("G(T / HTTP/1.1\r\n" HOST "\r\n", 400),
	BAD("GET / http/1.1\r\n" HOST "\r\n", 400),
	BAD("GET / HTTP/1\r\n" HOST "\r\n", 400),
	BAD("GET / HTTP/11.1\r\n" HOST "\r\n", 400),
	BAD("GET / HTTP/1,1\r\n" HOST "\r\n", 400),
	BAD("GET / HTTP/2.0\r\n" HOST "\r\n", 505),
	BAD("GET / HTTP/0.9\r\n" HOST "\r\n", 505),
	BAD("PRI * HTTP/2.0\r\n\r\n", 505),
	BAD("\x16\x03\x01", 400),
	/* targets */
	BAD("GET * HTTP/1.1\r\n" HOST "\r\n", 400),
	BAD("CONNECT ca:443 HTTP/1.1\r\n" HOST "\r\n", 400),
	BAD("GET a HTTP/1.1\r\n" HOST "\r\n", 400),
	BAD("GET ftp://ca/ HTTP/1.1\r\n" HOST "\r\n", 400),
	BAD("GET http:///x HTTP/1.1\r\n" HOST "\r\n", 400),
	BAD("GET http://u@h/x HTTP/1.1\r\n" HOST "\r\n", 400),
	BAD("GET http://h:123456/ HTTP/1.1\r\n" HOST "\r\n", 400),
	BAD("GET /a#b HTTP/1.1\r\n" HOST "\r\n", 400),
	BAD("GET /a\\b HTTP/1.1\r\n" HOST "\r\n", 400),
	BAD("GET /\xc3\xa4 HTTP/1.1\r\n" HOST "\r\n", 400),
	BAD("GET /a?<b> HTTP/1.1\r\n" HOST "\r\n", 400),
	BAD("GET /a\0b HTTP/1.1\r\n" HOST "\r\n", 400),
	/* lines */
	BAD("GET / HTTP/1.1\n" HOST "\r\n", 400),
	BAD("GET / HTTP/1.1\r\nHost: a\n\r\n", 400),
	BAD("GET / HTTP/1.1\r\nHost: a\r\n\n", 400),
	BAD("GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", 400),
	BAD("GET / HTTP/1.1\r\nHost: a", 400),
	BAD("GET / HTTP/1.1\r\nHost: a\r\n", 400),
	BAD("GET / HTTP/1.1\r\nHost: a\r\n\r", 400),
	BAD("GET / HTTP/1.1\r\nHost: a\r\n\r\nX", 400),
	/* fields */
	BAD("GET / HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n", 400),
	BAD("GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400),
	BAD("GET / HTTP/1.1\r\n\tHost: a\r\n\r\n", 400),
	BAD("GET / HTTP/1.1\r\n" HOST "X : a\r\n\r\n", 400),
	BAD("GET / HTTP/1.1\r\n" HOST "X\t: a\r\n\r\n", 400),
	BAD("GET / HTTP/1.1\r\n" HOST ": a\r\n\r\n", 400),
	BAD("GET / HTTP/1.1\r\n" HOST "X\r\n\r\n", 400),
	BAD("GET / HTTP/1.1\r\n" HOST "X(: a\r\n\r\n", 400),
	BAD("GET / HTTP/1.1\r\n" HOST "X\xe4: a\r\n\r\n", 400),
	BAD("GET / HTTP/1.1\r\n" HOST "X: a\0b\r\n\r\n", 400),
	BAD("GET / HTTP/1.1\r\n" HOST "X: a\x1b\r\n\r\n", 400),
	BAD("GET / HTTP/1.1\r\n" HOST "X: a\x7f\r\n\r\n", 400),
	/* hosts */
	BAD("GET / HTTP/1.1\r\n\r\n", 400),
	BAD("GET http://a/ HTTP/1.1\r\n\r\n", 400),
	BAD("GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400),
	BAD("GET / HTTP/1.0\r\n" HOST HOST "\r\n", 400),
	BAD("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400),
	BAD("GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", 400),
	BAD("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
	BAD("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400),
	BAD("GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", 400),
	BAD("GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n", 400),
	BAD("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400),
	BAD("GET / HTTP/1.1\r\nHost: [::1]a\r\n\r\n", 400),
	BAD("GET / HTTP/1.1\r\nHost: []\r\n\r\n", 400),
	/* framing: what smuggles */
	BAD("POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
	    400),
	BAD("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
	    400),
	BAD("POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 400),
	BAD("POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", 400),
	BAD("POST / HTTP/1.1\r\n" HOST "Content-Length: 5, 5\r\n\r\n", 400),
	BAD("POST / HTTP/1.1\r\n" HOST "Content-Length: +5\r\n\r\n", 400),
	BAD("POST / HTTP/1.1\r\n" HOST "Content-Length: -5\r\n\r\n", 400),
	BAD("POST / HTTP/1.1\r\n" HOST "Content-Length: 0x5\r\n\r\n", 400),
	BAD("POST / HTTP/1.1\r\n" HOST "Content-Length: 5 5\r\n\r\n", 400),
	BAD("POST / HTTP/1.1\r\n" HOST "Content-Length: 5;\r\n\r\n", 400),
	BAD("POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n", 400),
	BAD("POST / HTTP/1.1\r\n" HOST "Content-Length: 18446744073709551616\r\n\r\n", 400),
	BAD("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n", 400),
	BAD("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, identity\r\n\r\n", 400),
	BAD("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n\r\n", 400),
	BAD("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n", 400),
	BAD("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: \"chunked\"\r\n\r\n", 400),
	BAD("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding:\x0b"
	    "chunked\r\n\r\n",
	    400),
	BAD("POST / HTTP/1.1\r\n" HOST
	    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
	    400),
	BAD("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding : chunked\r\n\r\n", 400),
	BAD("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
	BAD("POST / HTTP/1.1\r\n" HOST "Expect: 200-maybe\r\n\r\n", 417),
	BAD("POST / HTTP/1.1\r\n" HOST "Expect:\r\n\r\n", 417),
	/* limits */
	BAD("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHI / HTTP/1.1\r\n" HOST "\r\n", 501),
	BAD("GET / HTTP/1.1\r\n" HOST "A:\r\nB:\r\nC:\r\nD:\r\nE:\r\nF:\r\nG:\r\nH:\r\n\r\n", 431),
};

static void test_bad_heads(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct arena *a = arena_new();
		struct http_head h;

		if (parse(bad[i].in, a, &h) == 0)
			fail_msg("accepted: %s", bad[i].in.p);
		if (h.status != bad[i].status)
			fail_msg("%d, not %d: %s", h.status, bad[i].status, bad[i].in.p);
		arena_free(a);
	}
}

static void test_head_limits(void **state)
{
	struct arena *a = arena_new();
	struct http_head h;
	struct buf b = BUF_INIT;

	(void)state;
	buf_printf(&b, "GET /%0127d HTTP/1.1\r\n" HOST "\r\n", 0);
	assert_int_equal(parse(buf_view(&b), a, &h), 0);
	buf_reset(&b);
	buf_printf(&b, "GET /%0128d HTTP/1.1\r\n" HOST "\r\n", 0);
	assert_int_equal(parse(buf_view(&b), a, &h), -1);
	assert_int_equal(h.status, 414);
	buf_reset(&b);
	buf_printf(&b, "GET /%0200d\r\n\r\n", 0);
	assert_int_equal(parse(buf_view(&b), a, &h), -1);
	assert_int_equal(h.status, 414);
	buf_reset(&b);
	buf_printf(&b, "GET / HTTP/1.1\r\n" HOST "X: %01100d\r\n\r\n", 0);
	assert_int_equal(parse(buf_view(&b), a, &h), -1);
	assert_int_equal(h.status, 431);
	buf_release(&b);
	arena_free(a);
}

static void test_head_length(void **state)
{
	struct str s = STR("GET / HTTP/1.1\r\n" HOST "\r\nnext");

	(void)state;
	for (size_t n = 0; n < s.n - 4; n++)
		assert_int_equal(http_head_length(str_mem(s.p, n), 1024), 0);
	assert_int_equal(http_head_length(s, 1024), s.n - 4);
	assert_int_equal(http_head_length(s, s.n - 4), s.n - 4);
	assert_int_equal(http_head_length(s, s.n - 5), -1);
	assert_int_equal(http_head_length(str_mem(s.p, 10), 11), 0);
	assert_int_equal(http_head_length(str_mem(s.p, 10), 10), -1);
	/* What cannot become a head ends at once. */
	assert_int_equal(http_head_length(STR("GET / HTTP/1.1\nHost"), 1024), 15);
	assert_int_equal(http_head_length(STR("GET / HTTP/1.1\rHost"), 1024), 16);
	assert_int_equal(http_head_length(STR("GE\0 / HTTP/1.1"), 1024), 3);
	assert_int_equal(http_head_length(STR("\x16\x03\x01"), 1024), 1);
	assert_int_equal(http_head_length(STR("GET / HTTP/1.1\r"), 1024), 0);
}

static void test_head_get(void **state)
{
	struct arena *a = arena_new();
	struct http_head h;

	(void)state;
	assert_int_equal(
		parse(STR("GET / HTTP/1.1\r\n" HOST "A:  one \r\na: two\r\nEmpty:\r\n\r\n"), a, &h),
		0);
	assert_int_equal(h.n_headers, 4);
	assert_true(str_eqc(http_head_get(&h, "A"), "one"));
	assert_true(str_eqc(http_head_get(&h, "eMPTY"), ""));
	assert_non_null(http_head_get(&h, "Empty").p);
	assert_null(http_head_get(&h, "B").p);
	assert_true(str_eqc(h.headers[2].value, "two"));
	arena_free(a);
	assert_string_equal(http_reason(431), "Request Header Fields Too Large");
	assert_string_equal(http_reason(599), "Status");
}

/* ---- chunked ---- */

/* Decodes `in` in pieces of `step` bytes. Bytes consumed, or -1 and *e. */
static ssize_t decode(struct str in, size_t step, uint64_t max, struct buf *out, struct err *e)
{
	struct http_chunked c;
	size_t at = 0;

	http_chunked_init(&c, max);
	while (at < in.n && !c.done) {
		size_t n = in.n - at < step ? in.n - at : step;
		char *copy = malloc(n);
		ssize_t used;

		assert_non_null(copy);
		memcpy(copy, in.p + at, n);
		used = http_chunked_feed(&c, str_mem(copy, n), out, e);
		free(copy);
		if (used < 0)
			return -1;
		assert_true(used == (ssize_t)n || c.done);
		at += (size_t)used;
	}
	return c.done ? (ssize_t)at : -2;
}

static void test_chunked_good(void **state)
{
	static const struct {
		const char *in, *out;
		size_t rest; /* bytes that are left for the next request */
	} t[] = {
		{"0\r\n\r\n", "", 0},
		{"5\r\nhello\r\n0\r\n\r\n", "hello", 0},
		{"5\r\nhello\r\n0\r\n\r\nGET /", "hello", 5},
		{"1\r\na\r\n2\r\nbc\r\n0000\r\n\r\n", "abc", 0},
		{"A\r\n0123456789\r\n0\r\n\r\n", "0123456789", 0},
		{"00000000000000000000a\r\n0123456789\r\n0\r\n\r\n", "0123456789", 0},
		{"2;name=value;x=\"y z\"\r\n\r\n\r\n0;last\r\n\r\n", "\r\n", 0},
		{"2 \t;a\r\nab\r\n0\r\n\r\n", "ab", 0},
		{"0\r\nTrailer: x\r\nOther:\r\n\r\nZ", "", 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		for (size_t step = 1; step < 40; step++) {
			struct buf out = BUF_INIT;
			struct err e = ERR_INIT;
			ssize_t n = decode(str_c(t[i].in), step, 1000, &out, &e);

			if (n != (ssize_t)(strlen(t[i].in) - t[i].rest))
				fail_msg("%zd (%s): %s", n, e.msg, t[i].in);
			assert_true(str_eqc(buf_view(&out), t[i].out));
			buf_release(&out);
		}
}

static void test_chunked_bad(void **state)
{
	static const struct {
		struct str in;
		enum err_code code;
	} t[] = {
		{{"\r\n", 2}, ERR_INVALID},
		{{"g\r\n", 3}, ERR_INVALID},
		{{"-1\r\n", 4}, ERR_INVALID},
		{{"+1\r\n", 4}, ERR_INVALID},
		{{" 1\r\n", 4}, ERR_INVALID},
		{{"0x1\r\n", 5}, ERR_INVALID},
		{{"1\na", 3}, ERR_INVALID},
		{{"1\ra", 3}, ERR_INVALID},
		{{"1 \r\na", 5}, ERR_INVALID},
		{{"1 1\r\na", 6}, ERR_INVALID},
		{{"1\0\r\na", 5}, ERR_INVALID},
		{{";x\r\n", 4}, ERR_INVALID},
		{{"1;\x01\r\n", 5}, ERR_INVALID},
		{{"1;a\n", 4}, ERR_INVALID},
		{{"1\r\nab\r\n", 7}, ERR_INVALID},
		{{"1\r\na\n0\r\n\r\n", 10}, ERR_INVALID},
		{{"1\r\na\rb", 6}, ERR_INVALID},
		{{"0\r\n\n", 4}, ERR_INVALID},
		{{"0\r\n\rX", 5}, ERR_INVALID},
		{{"0\r\n folded\r\n", 12}, ERR_INVALID},
		{{"0\r\nA b\r\n", 8}, ERR_INVALID},
		{{"0\r\n: b\r\n", 8}, ERR_INVALID},
		{{"0\r\nA: \0\r\n", 9}, ERR_INVALID},
		{{"0\r\nA: b\n\r\n", 10}, ERR_INVALID},
		{{"10000000000000000\r\n", 19}, ERR_INVALID},
		{{"ffffffffffffffff\r\n", 18}, ERR_TOO_LARGE},
		{{"65\r\n", 4}, ERR_TOO_LARGE},
		{{"64\r\n", 4}, ERR_OK},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		for (size_t step = 1; step < 4; step++) {
			struct buf out = BUF_INIT;
			struct err e = ERR_INIT;
			ssize_t n = decode(t[i].in, step, 100, &out, &e);

			if (n != (t[i].code == ERR_OK ? -2 : -1) || e.code != t[i].code)
				fail_msg("%zd, %s: %s", n, err_code_name(e.code), t[i].in.p);
			buf_release(&out);
		}
}

static void test_chunked_bounds(void **state)
{
	struct buf in = BUF_INIT, out = BUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	/* The sum counts, not the single chunk. */
	assert_int_equal(decode(STR("3\r\nabc\r\n3\r\nabc\r\n0\r\n\r\n"), 7, 6, &out, &e), 21);
	assert_int_equal(decode(STR("3\r\nabc\r\n3\r\nabc\r\n0\r\n\r\n"), 7, 5, &out, &e), -1);
	assert_int_equal(e.code, ERR_TOO_LARGE);
	/* Nothing at all is allowed, but an empty body is. */
	assert_int_equal(decode(STR("0\r\n\r\n"), 1, 0, &out, &e), 5);
	assert_int_equal(decode(STR("1\r\na\r\n0\r\n\r\n"), 1, 0, &out, &e), -1);
	/* Extensions and trailers do not go on for ever. */
	buf_printf(&in, "1;%0300d\r\n", 0);
	assert_int_equal(decode(buf_view(&in), 9, 100, &out, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	buf_reset(&in);
	buf_puts(&in, "0\r\n");
	for (int i = 0; i < 1000; i++)
		buf_puts(&in, "A: b\r\n");
	e.code = ERR_OK;
	assert_int_equal(decode(buf_view(&in), 9, 100, &out, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	buf_release(&in);
	buf_release(&out);
}

/* ---- paths and routes ---- */

static void test_paths(void **state)
{
	static const struct {
		struct str in;
		const char *out; /* segments joined by '|'; NULL: refused */
	} t[] = {
		{{"/", 1}, ""},
		{{"/a", 2}, "a|"},
		{{"/a/", 3}, "a||"},
		{{"/a/b", 4}, "a|b|"},
		{{"/a%20b/%41%7e", 13}, "a b|A~|"},
		{{"/a+b", 4}, "a+b|"},
		{{"/...", 4}, "...|"},
		{{"", 0}, NULL},
		{{"a", 1}, NULL},
		{{"//", 2}, NULL},
		{{"//a", 3}, NULL},
		{{"/a//b", 5}, NULL},
		{{"/.", 2}, NULL},
		{{"/..", 3}, NULL},
		{{"/a/../b", 7}, NULL},
		{{"/%2e%2E/b", 9}, NULL},
		{{"/.%2e", 5}, NULL},
		{{"/a%2Fb", 6}, NULL},
		{{"/a%2fb", 6}, NULL},
		{{"/a%00b", 6}, NULL},
		{{"/a%", 3}, NULL},
		{{"/a%4", 4}, NULL},
		{{"/a%zz", 5}, NULL},
		{{"/1/2/3/4/5", 10}, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct arena *a = arena_new();
		struct buf joined = BUF_INIT;
		struct str seg[4];
		struct err e = ERR_INIT;
		unsigned n = 0;
		int rc = http_path_split(t[i].in, a, seg, 4, &n, &e);

		if ((rc == 0) != (t[i].out != NULL))
			fail_msg("%d: %s", rc, t[i].in.p);
		assert_int_equal(e.code == ERR_OK, rc == 0);
		for (unsigned k = 0; rc == 0 && k < n; k++) {
			buf_str(&joined, seg[k]);
			buf_putc(&joined, '|');
		}
		if (rc == 0)
			assert_true(str_eqc(buf_view(&joined), t[i].out));
		buf_release(&joined);
		arena_free(a);
	}
}

static const struct http_route routes[] = {
	{"GET", "/", NULL, 0, "root"},
	{"GET", "/root/{sha}", NULL, 0, "sha"},
	{"GET", "/root/list", NULL, 0, "list"},
	{"POST", "/root/{sha}", NULL, 0, "post"},
	{"DELETE", "/acme/{p}/order/{id}", NULL, 0, "order"},
	{"GET", "/acme/{p}/{what}/new", NULL, 0, "new"},
	{NULL, NULL, NULL, 0, NULL},
};

static void find(struct arena *a, const char *method, const char *path, struct http_match *m)
{
	struct http_head h = {.method = str_c(method), .path = str_c(path)};

	http_route_find(routes, &h, a, m);
}

static void test_routes(void **state)
{
	static const struct {
		const char *method, *path, *name;
		int status;
		const char *allow;
	} t[] = {
		{"GET", "/", "root", 0, NULL},
		{"HEAD", "/", "root", 0, NULL},
		{"GET", "/root/abc", "sha", 0, NULL},
		{"GET", "/root/list", "list", 0, NULL},
		{"GET", "/root/l%69st", "list", 0, NULL},
		{"POST", "/root/list", "post", 0, NULL},
		{"GET", "/acme/x/order/new", "new", 0, NULL},
		{"DELETE", "/acme/x/order/new", "order", 0, NULL},
		{"DELETE", "/root/list", NULL, 405, "GET, HEAD, POST"},
		{"POST", "/", NULL, 405, "GET, HEAD"},
		{"PATCH", "/acme/x/order/1", NULL, 405, "DELETE"},
		{"OPTIONS", "*", NULL, 405, "GET, HEAD, POST, DELETE"},
		{"GET", "/root", NULL, 404, NULL},
		{"GET", "/root/", NULL, 404, NULL},
		{"GET", "/root/a/b", NULL, 404, NULL},
		{"GET", "/Root/a", NULL, 404, NULL},
		{"GET", "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18", NULL, 404, NULL},
		{"GET", "/root/..", NULL, 400, NULL},
		{"GET", "/root/%2f", NULL, 400, NULL},
		{"get", "/", NULL, 501, NULL},
		{"BREW", "/nowhere", NULL, 501, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct arena *a = arena_new();
		struct http_match m;

		find(a, t[i].method, t[i].path, &m);
		if (m.status != t[i].status)
			fail_msg("%d: %s %s", m.status, t[i].method, t[i].path);
		if (t[i].name != NULL)
			assert_string_equal(m.route->name, t[i].name);
		if (t[i].allow != NULL)
			assert_string_equal(m.allow, t[i].allow);
		arena_free(a);
	}
}

static void test_params(void **state)
{
	struct arena *a = arena_new();
	struct http_match m;

	(void)state;
	find(a, "DELETE", "/acme/a%20b/order/17", &m);
	assert_int_equal(m.status, 0);
	assert_int_equal(m.n_params, 2);
	assert_true(str_eqc(m.names[0], "p") && str_eqc(m.values[0], "a b"));
	assert_true(str_eqc(m.names[1], "id") && str_eqc(m.values[1], "17"));
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_heads),  cmocka_unit_test(test_bad_heads),
		cmocka_unit_test(test_head_limits), cmocka_unit_test(test_head_length),
		cmocka_unit_test(test_head_get),    cmocka_unit_test(test_chunked_good),
		cmocka_unit_test(test_chunked_bad), cmocka_unit_test(test_chunked_bounds),
		cmocka_unit_test(test_paths),	    cmocka_unit_test(test_routes),
		cmocka_unit_test(test_params),
	};

	return cmocka_run_group_tests_name("http_msg", tests, NULL, NULL);
}
