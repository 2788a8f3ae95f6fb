/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/inventory.h"

#include <fcntl.h>
#include <sys/stat.h>

/*
 * inventory_source.c - a file of any size, read through a window of the bytes that are looked at:
 * what was taken is dropped when more is read, so memory holds a piece and one record.
 */
#define PIECE	   (256U << 10)
#define LINE_MAX_N (2U << 20) /* nothing that is looked at as a whole is longer */

int inv_source_open(struct inv_source *s, const char *path, struct err *e)
{
	struct stat st;

	*s = (struct inv_source){.name = path, .fd = STDIN_FILENO, .line = 1};
	if (strcmp(path, "-") == 0) {
		s->name = "standard input";
		return 0;
	}
	s->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0)
		return err_errno(e, errno, "%s", path);
	if (fstat(s->fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		inv_source_close(s);
		return ERR(e, ERR_INVALID, "%s: is a folder", path);
	}
	if (S_ISREG(st.st_mode))
		s->size = (uint64_t)st.st_size;
	return 0;
}

void inv_source_text(struct inv_source *s, const char *name, struct str text)
{
	*s = (struct inv_source){.name = name, .fd = -1, .line = 1, .size = text.n};
	buf_str(&s->window, text);
}

void inv_source_close(struct inv_source *s)
{
	if (s->fd > STDIN_FILENO)
		close(s->fd);
	s->fd = -1;
	buf_release(&s->window);
}

struct str inv_rest(const struct inv_source *s)
{
	return str_mem(s->window.p != NULL ? s->window.p + s->at : "", s->window.n - s->at);
}

static void drop_taken(struct inv_source *s)
{
	if (s->at == 0)
		return;
	memmove(s->window.p, s->window.p + s->at, s->window.n - s->at);
	s->window.n -= s->at;
	s->at = 0;
}

int inv_more(struct inv_source *s, struct err *e)
{
	char *to;
	ssize_t got;

	if (s->fd < 0 || s->ended)
		return 0;
	drop_taken(s);
	if (s->window.n > LINE_MAX_N)
		return inv_error(s, s->line, e, "a record, or a line, of more than %u bytes",
				 LINE_MAX_N);
	to = buf_reserve(&s->window, PIECE);
	do
		got = read(s->fd, to, PIECE);
	while (got < 0 && errno == EINTR && (s->interrupted == NULL || *s->interrupted == 0));
	if (got < 0 && errno == EINTR)
		return ERR(e, ERR_CANCELLED, "interrupted: nothing was imported");
	if (got < 0)
		return err_errno(e, errno, "%s", s->name);
	s->window.n += (size_t)got;
	s->window.p[s->window.n] = '\0';
	s->read += (uint64_t)got;
	s->ended = got == 0;
	return got > 0;
}

void inv_skip(struct inv_source *s, size_t n)
{
	const char *p, *end;

	if (n == 0)
		return;
	p = s->window.p + s->at;
	end = p + n;
	while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		s->line++;
		p++;
	}
	s->at += n;
}

int inv_line(struct inv_source *s, struct str *out, struct err *e)
{
	size_t seen = 0;

	for (;;) {
		struct str rest = inv_rest(s);
		const char *end = rest.n > seen ? memchr(rest.p + seen, '\n', rest.n - seen) : NULL;
		int rc;

		if (end != NULL) {
			*out = str_mem(rest.p, (size_t)(end - rest.p));
			inv_skip(s, out->n + 1);
			if (out->n > 0 && out->p[out->n - 1] == '\r')
				out->n--;
			return 1;
		}
		seen = rest.n;
		rc = inv_more(s, e);
		if (rc < 0)
			return -1;
		if (rc == 0) {
			*out = inv_rest(s);
			inv_skip(s, out->n);
			return out->n > 0;
		}
	}
}

int inv_error(const struct inv_source *s, unsigned line, struct err *e, const char *fmt, ...)
{
	char text[sizeof(e->msg)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return ERR(e, ERR_INVALID, "%s:%u: %s", s->name, line, text);
}

/* "JSON: line 3, column 4: malformed" of text that begins in line 10 is of line 12. */
int inv_wrap(const struct inv_source *s, unsigned line, struct err *e)
{
	char text[sizeof(e->msg)];
	unsigned in, column;
	int n = 0;

	if (sscanf(e->msg, "JSON: line %u, column %u: %n", &in, &column, &n) == 2 && n > 0) {
		snprintf(text, sizeof(text), "%s", e->msg + n);
		return inv_error(s, line + in - 1, e, "JSON: column %u: %s", column, text);
	}
	return err_wrap(e, "%s:%u", s->name, line);
}
