/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/mem.h"
#include "codec/b64.h"
#include "codec/pem.h"

/*
 * pem.c - textual encoding of RFC 7468, its "standard" grammar: white space may end a line, blank
 * lines may follow the BEGIN line, lines end in LF or CRLF. What is outside of a block is text and
 * ignored, except that an END line there means a damaged file. Messages count lines from where the
 * caller's `rest` began. Buffers that see base64 are sized once and wiped, since a block may be a
 * private key.
 */

#define PEM_MAX_DER (16U << 20)

struct lines {
	struct str rest;
	unsigned number; /* of the line returned last */
};

/* The next line without its end; false at the end of the text. */
static bool next_line(struct lines *l, struct str *line)
{
	const char *nl;

	if (l->rest.n == 0)
		return false;
	nl = memchr(l->rest.p, '\n', l->rest.n);
	line->p = l->rest.p;
	line->n = nl != NULL ? (size_t)(nl - l->rest.p) : l->rest.n;
	l->rest.p += line->n;
	l->rest.n -= line->n;
	if (nl != NULL) {
		l->rest.p++;
		l->rest.n--;
	}
	if (line->n > 0 && line->p[line->n - 1] == '\r')
		line->n--;
	l->number++;
	return true;
}

static struct str trim_end(struct str s)
{
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

/* RFC 7468 section 3: printable, single spaces and hyphens inside only. */
static bool label_valid(struct str s)
{
	bool joint = true;

	if (s.n == 0 || s.n > 64)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		bool is_joint = s.p[i] == ' ' || s.p[i] == '-';

		if (s.p[i] < 0x20 || s.p[i] > 0x7e || (is_joint && joint))
			return false;
		joint = is_joint;
	}
	return !joint;
}

/* Is it "-----WHAT LABEL-----"? Sets the label, empty when it is no valid one. */
static bool boundary(struct str line, const char *what, struct str *label)
{
	if (!str_starts(line, what))
		return false;
	line = trim_end(line);
	*label = STR_NULL;
	if (line.n < strlen(what) + 5 || !str_ends(line, "-----"))
		return true;
	line.p += strlen(what);
	line.n -= strlen(what) + 5;
	if (label_valid(line))
		*label = line;
	return true;
}

/* Looks for BEGIN; 1, 0 or -1. */
static int find_begin(struct lines *l, struct str *label, struct err *e)
{
	struct str line;

	while (next_line(l, &line)) {
		if (boundary(line, "-----BEGIN ", label)) {
			if (label->n == 0)
				return ERR(e, ERR_INVALID, "PEM: line %u: malformed BEGIN line",
					   l->number);
			return 1;
		}
		if (str_starts(line, "-----END "))
			return ERR(e, ERR_INVALID, "PEM: line %u: END without BEGIN", l->number);
	}
	return 0;
}

/* RFC 1421 headers, if the first line is one: up to a blank line. */
static int take_headers(struct lines *l, struct str *headers, struct err *e)
{
	struct lines ahead = *l;
	struct str line;

	*headers = STR_NULL;
	if (!next_line(&ahead, &line) || !str_has(line, ':'))
		return 0;
	headers->p = line.p;
	do {
		if (trim_end(line).n == 0) {
			*l = ahead;
			return 0;
		}
		if (str_starts(line, "-----"))
			break;
		headers->n = (size_t)(line.p + line.n - headers->p);
	} while (next_line(&ahead, &line));
	return ERR(e, ERR_INVALID, "PEM: line %u: no blank line after the headers", ahead.number);
}

/* Gathers base64 lines up to the END line, which must bear the same label. */
static int take_body(struct lines *l, struct str label, struct buf *text, struct err *e)
{
	struct str line, end;

	while (next_line(l, &line)) {
		if (boundary(line, "-----END ", &end)) {
			if (!str_eq(end, label))
				return ERR(e, ERR_INVALID,
					   "PEM: line %u: END does not match BEGIN " STR_FMT,
					   l->number, STR_ARG(label));
			return 0;
		}
		line = trim_end(line);
		if (line.n == 0 && text->n > 0)
			return ERR(e, ERR_INVALID, "PEM: line %u: blank line inside the data",
				   l->number);
		if (str_starts(line, "-----"))
			return ERR(e, ERR_INVALID,
				   "PEM: line %u: " STR_FMT " block has no END line", l->number,
				   STR_ARG(label));
		buf_str(text, line);
	}
	return ERR(e, ERR_INVALID, "PEM: " STR_FMT " block has no END line", STR_ARG(label));
}

static int read_block(struct lines *l, struct pem_block *out, struct err *e)
{
	struct buf text = BUF_INIT;
	unsigned first = l->number;
	const char *end;
	size_t room;
	int rc = -1;

	if (take_headers(l, &out->headers, e) != 0)
		return -1;
	/* The base64 cannot be longer than what is left up to the next END: one allocation, no
	 * stale copies. */
	end = l->rest.n > 0 ? memmem(l->rest.p, l->rest.n, "\n-----END ", 10) : NULL;
	room = end != NULL ? (size_t)(end - l->rest.p) : 0;
	if (room > PEM_MAX_DER / 3 * 4)
		return ERR(e, ERR_TOO_LARGE, "PEM: line %u: block of more than 16 MiB", first);
	if (room > 0 && buf_reserve(&text, room) == NULL)
		return ERR(e, ERR_TOO_LARGE, "PEM: line %u: block too large", first);
	if (take_body(l, out->label, &text, e) != 0)
		goto out;
	if (text.n == 0) {
		ERR(e, ERR_INVALID, "PEM: line %u: empty " STR_FMT " block", first,
		    STR_ARG(out->label));
		goto out;
	}
	if (b64_decode(B64_STD, buf_view(&text), &out->der, e) != 0) {
		err_wrap(e, "PEM: " STR_FMT " block at line %u", STR_ARG(out->label), first);
		goto out;
	}
	rc = 0;
out:
	buf_wipe_release(&text);
	return rc;
}

int pem_next(struct str *rest, struct pem_block *out, struct err *e)
{
	struct lines l = {.rest = *rest};
	int rc;

	*out = (struct pem_block){0};
	rc = find_begin(&l, &out->label, e);
	if (rc == 1 && read_block(&l, out, e) != 0) {
		pem_block_release(out);
		return -1;
	}
	if (rc >= 0)
		*rest = l.rest;
	return rc;
}

void pem_block_release(struct pem_block *b)
{
	buf_wipe_release(&b->der);
	*b = (struct pem_block){0};
}

void pem_write(struct buf *out, const char *label, struct str der)
{
	ENSURE(label_valid(str_c(label)));
	buf_puts(out, "-----BEGIN ");
	buf_puts(out, label);
	buf_puts(out, "-----\n");
	for (size_t i = 0; i < der.n; i += 48) {
		size_t n = der.n - i < 48 ? der.n - i : 48;

		b64_encode(B64_STD, (struct str){der.p + i, n}, out);
		buf_putc(out, '\n');
	}
	buf_puts(out, "-----END ");
	buf_puts(out, label);
	buf_puts(out, "-----\n");
}
