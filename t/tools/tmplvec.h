/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_T_TMPLVEC_H
#define SIGNET_T_TMPLVEC_H

#include "tmpl/tmpl.h"

#include <jansson.h>

/*
 * tmplvec.h - a tool of the tests: reads template vectors, one JSON object a line, and writes what
 * Signet makes of each. `vector` is the line; `out` is the answer, which has its "id" already.
 */

/*
 * A certificate vector ("csr" or "ssh_cr"): makes the dot with the structs behind .Insecure.CR and
 * so on, renders (vec_render), and puts "want" (vec_want) and "cert" or "ssh_cert" into `out`; or
 * vec_error(). Weak defaults render with the plain data only. Returns 0.
 */
int vec_x509(const json_t *vector, const char *ca_dir, json_t *out);
int vec_ssh(const json_t *vector, const char *ca_dir, json_t *out);

/* "data" as encoding/json decodes it; nil when absent. */
struct tv vec_data(const json_t *vector, struct arena *a);
/* go, sprig, step, step-ssh. */
enum tmpl_set vec_set(const json_t *vector);
/*
 * Compiles "template" and runs it with `dot`, appending to `text`. 0, or -1 with the error object
 * in `out`. The process zone and the clock play no part.
 */
int vec_render(const json_t *vector, struct tv dot, struct arena *a, struct buf *text, json_t *out);
/* Puts "want", or "want_b64" when it is not UTF-8. */
void vec_want(json_t *out, struct str text);
/* A number of 64 bits, which jansson has no value for: written as its digits. */
json_t *vec_u64(uint64_t v);
/* class: parse exec fail cert sign panic; line 0 and col -1: not known. */
void vec_error(json_t *out, const char *class, struct str message, unsigned line, int col);

#endif
