/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/clock.h"
#include "base/mem.h"
#include "tmpl/priv.h"

/*
 * The bounds of a run, its errors and its variables.
 *
 * Steps are counted for every node, argument and iteration, and by functions for their loops; the
 * clock is read every LOOK_STEPS. It is the thread's own time: that a busy machine let the thread
 * wait is no fault of the template. Memory is what the arena grew by plus the run's own stacks.
 * Recursion (nested templates, blocks, calls) is bounded by the bytes of C stack that it takes,
 * whatever a frame costs in this build.
 */
#define LOOK_STEPS  1000
#define STACK_MAX   ((size_t)2 * 1024 * 1024)
#define CONTEXT_MAX 4096
#define MESSAGE_MAX 65536

uint64_t run_clock_us(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts) != 0)
		return clock_mono_us();
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static int out_of_time(struct run *r)
{
	return run_limit(r, "the template takes longer than %" PRIu64 " ms",
			 r->limits->time_ns / 1000000);
}

int run_steps(struct run *r, uint64_t n)
{
	if (n > r->steps) {
		r->steps = 0;
		return run_limit(r, "the template takes more than %" PRIu64 " steps",
				 r->limits->steps);
	}
	r->steps -= n;
	if (r->steps >= r->look)
		return 0;
	r->look = r->steps > LOOK_STEPS ? r->steps - LOOK_STEPS : 0;
	if (r->limits->time_ns > 0 && run_clock_us() > r->deadline)
		return out_of_time(r);
	return run_memory(r);
}

static size_t memory_used(const struct run *r)
{
	return arena_used(r->arena) - r->arena_start + r->cap_vars * sizeof(*r->vars) +
	       r->cap_args * sizeof(*r->args);
}

size_t run_room(const struct run *r)
{
	size_t used = memory_used(r);

	return used < r->limits->memory ? r->limits->memory - used : 0;
}

int run_memory(struct run *r)
{
	if (memory_used(r) <= r->limits->memory)
		return 0;
	return run_limit(r, "the template needs more than %zu bytes of memory", r->limits->memory);
}

int run_stack(struct run *r)
{
	const char *here = __builtin_frame_address(0);
	size_t deep = here < r->stack ? (size_t)(r->stack - here) : (size_t)(here - r->stack);

	return deep < STACK_MAX ? 0 : run_limit(r, "the template calls are nested too deep");
}

/* Go's prefix: place, template, node. */
static void add_place(const struct run *r, struct buf *b, unsigned *line, int *col)
{
	struct buf context = {.limit = CONTEXT_MAX};

	node_position(r->t, r->at, line, col);
	buf_puts(b, "template: ");
	buf_str(b, r->t->name);
	buf_printf(b, ":%u:%d: executing ", *line, *col);
	tv_quote(r->tree->name, b);
	buf_puts(b, " at <");
	node_print(r->at, &context);
	buf_str(b, buf_view(&context));
	buf_puts(b, context.failed ? "...>: " : ">: ");
	buf_release(&context);
}

int run_error_str(struct run *r, enum tmpl_class class, struct str text)
{
	struct tmpl_error_info *why = r->why;
	struct buf b = BUF_INIT;

	if (r->failed)
		return -1;
	r->failed = true;
	if (text.n > MESSAGE_MAX)
		text.n = MESSAGE_MAX;
	*why = (struct tmpl_error_info){.class = class, .col = -1};
	add_place(r, &b, &why->line, &why->col);
	buf_str(&b, text);
	why->message = arena_str(r->arena, buf_view(&b));
	buf_release(&b);
	return -1;
}

PRINTF(3, 0)
static int error_va(struct run *r, enum tmpl_class class, const char *fmt, va_list ap)
{
	char *p = NULL;
	int n = vasprintf(&p, fmt, ap);

	if (n >= 0)
		run_error_str(r, class, (struct str){p, (size_t)n});
	free(p);
	return -1;
}

int run_error(struct run *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	error_va(r, TMPL_EXEC, fmt, ap);
	va_end(ap);
	return -1;
}

int run_limit(struct run *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	error_va(r, TMPL_LIMIT, fmt, ap);
	va_end(ap);
	return -1;
}

void run_push(struct run *r, unsigned id, struct tv v)
{
	if (r->nvars == r->cap_vars) {
		r->cap_vars = r->cap_vars == 0 ? 16 : r->cap_vars * 2;
		r->vars = mem_realloc(r->vars, r->cap_vars * sizeof(*r->vars));
	}
	r->vars[r->nvars++] = (struct run_var){.id = id, .value = v};
}

struct run_var *run_find_var(struct run *r, unsigned id)
{
	size_t i = r->nvars;

	while (i > r->base && r->vars[i - 1].id != id)
		i--;
	/* a long search is work as well */
	if (r->nvars - i > 64 && run_steps(r, (r->nvars - i) / 16) != 0)
		return NULL;
	return i > r->base ? &r->vars[i - 1] : NULL;
}

void run_push_arg(struct run *r, struct tv v)
{
	if (r->nargs == r->cap_args) {
		r->cap_args = r->cap_args == 0 ? 16 : r->cap_args * 2;
		r->args = mem_realloc(r->args, r->cap_args * sizeof(*r->args));
	}
	r->args[r->nargs++] = v;
}
