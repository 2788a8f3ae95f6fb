/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "http/msg.h"
#include "http/syntax.h"

/*
 * The chunked transfer coding (RFC 9112 7.1), decoded a byte at a time except for the data.
 *
 * Lines end with CR LF and nothing else: every decoder that takes a bare LF, white space after the
 * size or a sign before it has been used to smuggle requests. Extensions and trailer fields are
 * checked for form and dropped. What is bounded: the decoded body (max, before its chunk's data is
 * read), each size line with its extension (LINE_MAX_BYTES), all trailer fields together
 * (TRAILER_MAX_BYTES), so that a sender cannot keep a decoder busy without sending data.
 */
enum {
	CH_SIZE_FIRST, /* first digit of a size */
	CH_SIZE,
	CH_EXT_SPACE, /* white space after the size: only before ';' */
	CH_EXT,
	CH_SIZE_LF,
	CH_DATA,
	CH_DATA_CR,
	CH_DATA_LF,
	CH_TRAILER, /* first byte of a trailer line, or the CR of the end */
	CH_TRAILER_NAME,
	CH_TRAILER_VALUE,
	CH_TRAILER_LF,
	CH_END_LF
};
#define LINE_MAX_BYTES	  256
#define TRAILER_MAX_BYTES 4096

void http_chunked_init(struct http_chunked *c, uint64_t max)
{
	*c = (struct http_chunked){.state = CH_SIZE_FIRST, .max = max};
}

static int size_digit(struct http_chunked *c, int digit, struct err *e)
{
	if (c->left > (UINT64_MAX >> 4))
		return ERR(e, ERR_INVALID, "chunk: the size does not fit into 64 bits");
	c->left = (c->left << 4) | (uint64_t)digit;
	return 0;
}

/* The size line is complete. */
static int size_end(struct http_chunked *c, struct err *e)
{
	c->line = 0;
	if (c->left == 0) {
		c->state = CH_TRAILER;
		return 0;
	}
	if (c->left > c->max - c->total)
		return ERR(e, ERR_TOO_LARGE, "body: more than %" PRIu64 " bytes", c->max);
	c->total += c->left;
	c->state = CH_DATA;
	return 0;
}

/* States of the size line. */
static int feed_size(struct http_chunked *c, unsigned char b, struct err *e)
{
	int digit = http_hex_value(b);

	if (++c->line > LINE_MAX_BYTES)
		return ERR(e, ERR_INVALID, "chunk: the size line is too long");
	if (c->state == CH_SIZE_LF) {
		if (b != '\n')
			return ERR(e, ERR_INVALID, "chunk: CR without LF");
		return size_end(c, e);
	}
	if ((c->state == CH_SIZE || c->state == CH_SIZE_FIRST) && digit >= 0) {
		c->state = CH_SIZE;
		return size_digit(c, digit, e);
	}
	if (c->state == CH_SIZE_FIRST)
		return ERR(e, ERR_INVALID, "chunk: the size is not hexadecimal");
	if (b == '\r' && c->state != CH_EXT_SPACE)
		c->state = CH_SIZE_LF;
	else if (b == ';' && c->state != CH_EXT)
		c->state = CH_EXT;
	else if ((b == ' ' || b == '\t') && c->state != CH_EXT)
		c->state = CH_EXT_SPACE;
	else if (c->state != CH_EXT || !http_is_field_char(b))
		return ERR(e, ERR_INVALID, "chunk: invalid character in the size line");
	return 0;
}

/* States after the last chunk. */
static int feed_trailer(struct http_chunked *c, unsigned char b, struct err *e)
{
	if (++c->line > TRAILER_MAX_BYTES)
		return ERR(e, ERR_INVALID, "chunk: the trailer is too long");
	if (c->state == CH_TRAILER_LF || c->state == CH_END_LF) {
		if (b != '\n')
			return ERR(e, ERR_INVALID, "chunk: CR without LF");
		c->done = c->state == CH_END_LF;
		c->state = CH_TRAILER;
		return 0;
	}
	if (c->state == CH_TRAILER_VALUE) {
		if (b == '\r')
			c->state = CH_TRAILER_LF;
		else if (!http_is_field_char(b))
			return ERR(e, ERR_INVALID, "chunk: invalid character in the trailer");
		return 0;
	}
	if (c->state == CH_TRAILER && b == '\r')
		c->state = CH_END_LF;
	else if (c->state == CH_TRAILER_NAME && b == ':')
		c->state = CH_TRAILER_VALUE;
	else if (http_is_tchar(b))
		c->state = CH_TRAILER_NAME;
	else
		return ERR(e, ERR_INVALID, "chunk: invalid name in the trailer");
	return 0;
}

static int feed_byte(struct http_chunked *c, unsigned char b, struct err *e)
{
	if (c->state == CH_DATA_CR || c->state == CH_DATA_LF) {
		if (b != (c->state == CH_DATA_CR ? '\r' : '\n'))
			return ERR(e, ERR_INVALID, "chunk: the data is longer than its size");
		c->state = c->state == CH_DATA_CR ? CH_DATA_LF : CH_SIZE_FIRST;
		return 0;
	}
	if (c->state < CH_DATA)
		return feed_size(c, b, e);
	return feed_trailer(c, b, e);
}

ssize_t http_chunked_feed(struct http_chunked *c, struct str in, struct buf *out, struct err *e)
{
	size_t at = 0;

	while (at < in.n && !c->done) {
		if (c->state != CH_DATA) {
			if (feed_byte(c, (unsigned char)in.p[at], e) < 0)
				return -1;
			at++;
			continue;
		}
		size_t n = in.n - at;

		if (n > c->left)
			n = (size_t)c->left;
		buf_add(out, in.p + at, n);
		if (out->failed)
			return ERR(e, ERR_TOO_LARGE, "body: too many bytes");
		at += n;
		c->left -= n;
		if (c->left == 0)
			c->state = CH_DATA_CR;
	}
	return (ssize_t)at;
}
