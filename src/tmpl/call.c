/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/mem.h"
#include "tmpl/priv.h"

/*
 * What functions use of the run: their error text, their share of memory and steps. A call without
 * a run (unit tests of single functions) has no bound of steps.
 */
#define ERROR_MAX 65536

int tmpl_error(struct tmpl_call *c, const char *fmt, ...)
{
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	buf_reset(c->error);
	if (n > 0) {
		char *p = mem_alloc((size_t)n + 1);
		vsnprintf(p, (size_t)n + 1, fmt, again);
		buf_add(c->error, p, n > ERROR_MAX ? ERROR_MAX : (size_t)n);
		mem_free(p);
	}
	va_end(again);
	return -1;
}

int tmpl_room(struct tmpl_call *c, uint64_t n)
{
	if (n <= c->room) {
		c->room -= (size_t)n;
		return 0;
	}
	c->limited = true;
	return tmpl_error(c, "the template needs more memory than it may use");
}

int tmpl_steps(struct tmpl_call *c, uint64_t n)
{
	if (c->run == NULL || run_steps(c->run, n / 4 + 1) == 0)
		return 0;
	c->limited = true; /* the run has its error already */
	return -1;
}

int tmpl_return_buf(struct tmpl_call *c, struct buf *b, struct tv *out)
{
	if (b->failed) {
		c->limited = true;
		buf_release(b);
		return tmpl_error(c, "the template makes a text larger than it may");
	}
	if (tmpl_room(c, b->n + 1) != 0) {
		buf_release(b);
		return -1;
	}
	*out = tv_str(arena_str(c->arena, buf_view(b)));
	buf_release(b);
	return 0;
}
