/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_TMPL_PRINT_H
#define SIGNET_TMPL_PRINT_H

#include "tmpl/func.h"

/* print.h - what print.c, print_verb.c, float.c and json_go.c share. */

/*
 * As deep as values are walked: Go would overflow its stack on a cycle, we say no. A level must not
 * take more than some 500 bytes of stack, in sanitizer builds too: what has large locals and is not
 * itself on the way down is kept out of line.
 */
#define WALK_ASIDE   __attribute__((noinline))
#define TV_DEPTH_MAX 10001

/* One verb's flags, as in package fmt. */
struct print_flags {
	bool minus, plus, sharp, space, zero;
	bool plus_v, sharp_v; /* %+v and %#v */
	bool has_width, has_precision;
	int width, precision;
};
struct printer {
	struct buf *out;
	struct arena *arena;
	struct print_flags f;
	struct tmpl_call *call; /* pays for what is printed; may be NULL */
	bool erroring;		/* inside %!v(...): no methods */
	unsigned depth, ticks;
};

/* Pays for one more value; false when the run's steps are used up. */
static inline bool walk_tick(struct tmpl_call *call, unsigned *ticks)
{
	return call == NULL || ++*ticks % 64 != 0 || tmpl_steps(call, 2 * 64) == 0;
}

/* Pays for a text inside of a value: `n` bytes of about 10 ns each; false when that is too much. */
static inline bool walk_pay(struct tmpl_call *call, size_t n)
{
	return call == NULL || n < 64 || tmpl_steps(call, 2 * (uint64_t)n) == 0;
}

/* ---- print.c ---- */
void print_arg(struct printer *p, struct tv v, uint32_t verb);
void print_bad_verb(struct printer *p, struct tv v, uint32_t verb);
void print_verb_name(struct printer *p, uint32_t verb); /* %!v */
/* Sets the limit for `max` more bytes and returns the old one; then puts that back: 0 or -1. */
size_t print_limit(struct buf *out, size_t max);
int print_unlimit(struct buf *out, size_t old);
int print_values(struct printer *p, const struct tv *args, size_t n, bool line);
/* ---- print_format.c ---- */
void print_format(const struct printer *p, struct str format, const struct tv *args, size_t n);
/* ---- print_verb.c ---- */
void buf_fill(struct buf *b, char c, size_t n);
void print_pad(struct printer *p, struct str s);
void print_text(struct printer *p, struct str s); /* %s */
void print_u64(struct printer *p, uint64_t u, bool negative, uint32_t verb);
void print_hex(struct printer *p, uint64_t u, bool prefix);
/* Each takes `v` only to name it when the verb is none of its kind. */
void print_bool(struct printer *p, struct tv v, uint32_t verb);
void print_integer(struct printer *p, struct tv v, uint32_t verb);
void print_float(struct printer *p, struct tv v, double f, uint32_t verb);
void print_complex(struct printer *p, struct tv v, uint32_t verb);
void print_string(struct printer *p, struct tv v, struct str s, uint32_t verb);
/* ---- quote.c ---- */
enum { QUOTE_ASCII = 1 };
void quote_text(struct str s, unsigned flags, struct buf *out);
void quote_rune(uint32_t r, unsigned flags, struct buf *out);
bool quote_raw_possible(struct str s);

/* ---- float.c ---- */
#define FLOAT_DIGITS 1100
struct float_digits { /* 0.d1d2d3... * 10^point; n 0: zero */
	int n, point;
	char d[FLOAT_DIGITS];
};
/* Of v >= 0, finite. */
void float_shortest(double v, struct float_digits *d);
/* ---- float_read.c ---- */
/* strconv.ParseFloat: false when s is no float; *range: too large, *out is an infinity. */
bool float_parse(struct str s, double *out, bool *range);
/* Whether the '_' in a number stand where Go's syntax allows them. */
bool go_underscores_ok(struct str s);
/* ---- json_go.c ---- */
/* tv_to_json() that `call` pays for. */
int json_encode(struct tv v, unsigned flags, struct tmpl_call *call, struct arena *a,
		struct buf *out, struct buf *why);
void json_put_text(struct str s, bool raw, struct buf *out);

#endif
