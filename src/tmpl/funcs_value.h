/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_TMPL_FUNCS_VALUE_H
#define SIGNET_TMPL_FUNCS_VALUE_H

#include "tmpl/func.h"

/* funcs_value.h - what the functions of lists, maps, numbers and defaults share. */
#define FN(name)                                                                                   \
	int name(struct tmpl_call *c UNUSED, const struct tv *args UNUSED, size_t n UNUSED,        \
		 struct tv *out UNUSED)

/* `n` values in the arena after asking for room and steps; NULL past a bound (NULL for none, too:
 * look at *ok). */
struct tv *value_array(struct tmpl_call *c, size_t n, bool *ok);
/* Sets Go's text, which may hold any byte; -1. */
int value_error(struct tmpl_call *c, struct str text);
/* What Go says when reflect.TypeOf(nil).Kind() is called. */
int nil_error(struct tmpl_call *c);
/* sprig's empty(). */
bool value_empty(struct tv v);
/* reflect.DeepEqual, bounded: 1, 0, or -1 past a bound. */
int value_equal(struct tmpl_call *c, struct tv a, struct tv b);

/* ---- cast.c: spf13/cast, errors ignored ---- */
int64_t cast_int64(struct tv v);
double cast_float64(struct tv v);
enum parse_int { PARSE_OK, PARSE_SYNTAX, PARSE_RANGE };
/* strconv.ParseInt(s, base, 64); out of range: the nearest. */
enum parse_int parse_int(struct str s, unsigned base, int64_t *out);

/* ---- funcs_decimal.c ---- */
FN(fn_addf);
FN(fn_add1f);
FN(fn_subf);
FN(fn_mulf);
FN(fn_divf);
/* ---- funcs_merge.c ---- */
FN(fn_merge);
FN(fn_merge_overwrite);
FN(fn_deep_copy);
/* ---- funcs_json.c ---- */
FN(fn_to_json);
FN(fn_must_to_json);
FN(fn_to_pretty_json);
FN(fn_must_to_pretty_json);
FN(fn_to_raw_json);
FN(fn_from_json);
FN(fn_must_from_json);

#endif
