/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_TMPL_FUNCS_TEXT_H
#define SIGNET_TMPL_FUNCS_TEXT_H

#include "tmpl/func.h"

/*
 * funcs_text.h - what the text functions share. A result that is a part of an argument is a view of
 * it; everything else asks for room first. Passes over long texts are charged as steps.
 */
#define TMPL_CALL(name)                                                                            \
	int name(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)

/* Steps for work of about a nanosecond a byte on `n` bytes. */
int text_work(struct tmpl_call *c, uint64_t n) NODISCARD;
/* A builder that fails at what the run may still make. */
struct buf text_buf(const struct tmpl_call *c);
/* `n` bytes of the arena, after asking for room; NULL past it. */
char *text_alloc(struct tmpl_call *c, uint64_t n) NODISCARD;
/* `count` elements of `size` bytes likewise. */
void *text_array(struct tmpl_call *c, uint64_t count, size_t size) NODISCARD;
/* Sets the error to the builder's text (which may hold any byte) and releases it; -1. */
int text_error(struct tmpl_call *c, struct buf *b);
/* The offset of `what` in `s` from `from` on; SIZE_MAX: none. */
size_t text_find(struct str s, struct str what, size_t from);
struct str text_from(struct str s, size_t from);
struct str text_cut(struct str s, size_t from, size_t to);

TMPL_CALL(fn_upper);
TMPL_CALL(fn_lower);
TMPL_CALL(fn_title);
TMPL_CALL(fn_untitle);
TMPL_CALL(fn_swapcase);
TMPL_CALL(fn_nospace);
TMPL_CALL(fn_initials);
TMPL_CALL(fn_snakecase);
TMPL_CALL(fn_kebabcase);
TMPL_CALL(fn_camelcase);
TMPL_CALL(fn_wrap);
TMPL_CALL(fn_wrap_with);
TMPL_CALL(fn_split);
TMPL_CALL(fn_splitn);
TMPL_CALL(fn_split_list);
TMPL_CALL(fn_join);
TMPL_CALL(fn_to_strings);
TMPL_CALL(fn_sort_alpha);

#endif
