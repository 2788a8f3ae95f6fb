/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/print.h"
#include "tmpl/unicode.h"

/*
 * print_format.c - fmt.Sprintf's formats: flags, width, precision, '*' and argument indexes. There
 * is no wrong format: what does not fit shows in the output, in Go's words.
 */
struct format {
	struct printer p;
	struct str s;
	size_t at; /* in s */
	const struct tv *args;
	size_t n, arg;
	bool reordered, good, after_index;
};

static bool too_large(int64_t x)
{
	return x > 1000000 || x < -1000000;
}

/* Digits from `at` to `end`; a crazy number eats all the rest. */
static int parse_number(const struct format *f, size_t at, size_t end, bool *found, size_t *next)
{
	int64_t n = 0;

	*found = false;
	*next = end;
	for (; at < end && f->s.p[at] >= '0' && f->s.p[at] <= '9'; at++) {
		if (too_large(n)) {
			*found = false;
			return 0;
		}
		n = n * 10 + (f->s.p[at] - '0');
		*found = true;
	}
	*next = at < end ? at : end;
	return (int)n;
}

/* [n] */
static void parse_index(struct format *f)
{
	const char *p = f->s.p + f->at;
	size_t left = f->s.n - f->at, next;
	bool ok;

	f->after_index = false;
	if (left == 0 || *p != '[')
		return;
	f->reordered = true;
	const char *close = left < 3 ? NULL : memchr(p + 1, ']', left - 1);
	if (close == NULL) {
		f->at++;
		f->good = false;
		return;
	}
	size_t end = (size_t)(close - f->s.p);
	int index = parse_number(f, f->at + 1, end, &ok, &next);
	f->at = end + 1;
	f->after_index = ok && next == end;
	if (f->after_index && index >= 1 && (size_t)index <= f->n)
		f->arg = (size_t)index - 1;
	else
		f->good = false;
}

/* '*': false when the argument is no fitting number. */
static bool star(struct format *f, int *out)
{
	*out = 0;
	if (f->arg >= f->n)
		return false;
	struct tv v = f->args[f->arg++];
	int64_t i = 0;
	switch (tv_kind(v)) {
	case TV_INT:
	case TV_INT32:
	case TV_INT64:
		i = v.i;
		break;
	case TV_UINT8:
	case TV_UINT32:
	case TV_UINT64:
		i = v.u > INT64_MAX ? INT64_MAX : (int64_t)v.u;
		break;
	case TV_INVALID:
	case TV_BOOL:
	case TV_FLOAT64:
	case TV_COMPLEX128:
	case TV_STRING:
	case TV_INTERFACE:
	case TV_SLICE:
	case TV_ARRAY:
	case TV_MAP:
	case TV_STRUCT:
	case TV_PTR:
	case TV_FUNC:
		return false;
	}
	if (too_large(i))
		return false;
	*out = (int)i;
	return true;
}

static bool flag(struct print_flags *f, char c)
{
	switch (c) {
	case '#':
		return f->sharp = true;
	case '0':
		return f->zero = true;
	case '+':
		return f->plus = true;
	case '-':
		return f->minus = true;
	case ' ':
		return f->space = true;
	}
	return false;
}

static void width(struct format *f)
{
	struct print_flags *pf = &f->p.f;

	if (f->at < f->s.n && f->s.p[f->at] == '*') {
		f->at++;
		pf->has_width = star(f, &pf->width);
		if (!pf->has_width)
			buf_puts(f->p.out, "%!(BADWIDTH)");
		if (pf->width < 0) {
			pf->width = -pf->width;
			pf->minus = true;
			pf->zero = false;
		}
		f->after_index = false;
		return;
	}
	pf->width = parse_number(f, f->at, f->s.n, &pf->has_width, &f->at);
	if (f->after_index && pf->has_width)
		f->good = false;
}

static void precision(struct format *f)
{
	struct print_flags *pf = &f->p.f;

	if (f->at + 1 >= f->s.n || f->s.p[f->at] != '.')
		return;
	f->at++;
	if (f->after_index)
		f->good = false;
	parse_index(f);
	if (f->at < f->s.n && f->s.p[f->at] == '*') {
		f->at++;
		pf->has_precision = star(f, &pf->precision);
		if (pf->precision < 0) {
			pf->precision = 0;
			pf->has_precision = false;
		}
		if (!pf->has_precision)
			buf_puts(f->p.out, "%!(BADPREC)");
		f->after_index = false;
		return;
	}
	pf->precision = parse_number(f, f->at, f->s.n, &pf->has_precision, &f->at);
	if (!pf->has_precision) {
		pf->precision = 0;
		pf->has_precision = true;
	}
}

static void run_verb(struct format *f, uint32_t verb)
{
	struct print_flags *pf = &f->p.f;

	if (verb == '%') {
		buf_putc(f->p.out, '%');
	} else if (!f->good) {
		print_verb_name(&f->p, verb);
		buf_puts(f->p.out, "(BADINDEX)");
	} else if (f->arg >= f->n) {
		print_verb_name(&f->p, verb);
		buf_puts(f->p.out, "(MISSING)");
	} else {
		if (verb == 'v' || verb == 'w') {
			pf->sharp_v = pf->sharp;
			pf->sharp = false;
			pf->plus_v = pf->plus;
			pf->plus = false;
		}
		print_arg(&f->p, f->args[f->arg++], verb);
	}
}

/* After a '%'. */
static void directive(struct format *f)
{
	uint32_t verb;

	f->good = true;
	f->p.f = (struct print_flags){0};
	while (f->at < f->s.n && flag(&f->p.f, f->s.p[f->at]))
		f->at++;
	/* A letter right after the flags ends it, when there is an argument. */
	if (f->at < f->s.n && f->arg < f->n && f->s.p[f->at] >= 'a' && f->s.p[f->at] <= 'z') {
		run_verb(f, (unsigned char)f->s.p[f->at++]);
		return;
	}
	parse_index(f);
	width(f);
	precision(f);
	if (!f->after_index)
		parse_index(f);
	if (f->at >= f->s.n) {
		buf_puts(f->p.out, "%!(NOVERB)");
		return;
	}
	f->at += rune_first(str_mem(f->s.p + f->at, f->s.n - f->at), &verb);
	run_verb(f, verb);
}

static void extra(struct format *f)
{
	f->p.f = (struct print_flags){0};
	buf_puts(f->p.out, "%!(EXTRA ");
	for (size_t i = f->arg; i < f->n && !f->p.out->failed; i++) {
		if (i > f->arg)
			buf_puts(f->p.out, ", ");
		if (f->args[i].type == NULL) {
			buf_puts(f->p.out, "<nil>");
			continue;
		}
		buf_puts(f->p.out, f->args[i].type->name);
		buf_putc(f->p.out, '=');
		print_arg(&f->p, f->args[i], 'v');
	}
	buf_putc(f->p.out, ')');
}

void print_format(const struct printer *p, struct str format, const struct tv *args, size_t n)
{
	struct format f = {.p = *p, .s = format, .args = args, .n = n};
	struct buf *out = p->out;

	while (f.at < format.n && !out->failed) {
		const char *from = format.p + f.at;
		const char *pct = memchr(from, '%', format.n - f.at);
		size_t plain = pct ? (size_t)(pct - from) : format.n - f.at;
		buf_add(out, from, plain);
		f.at += plain;
		if (pct == NULL)
			break;
		f.at++;
		directive(&f);
	}
	if (!f.reordered && f.arg < n)
		extra(&f);
}

int tv_sprintf(struct str format, const struct tv *args, size_t n, size_t max, struct arena *a,
	       struct buf *out)
{
	struct printer p = {.out = out, .arena = a};
	size_t old = print_limit(out, max);

	print_format(&p, format, args, n);
	return print_unlimit(out, old);
}
