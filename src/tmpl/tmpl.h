/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_TMPL_TMPL_H
#define SIGNET_TMPL_TMPL_H

#include "base/ref.h"
#include "tmpl/func.h"

/*
 * tmpl.h - Go's text/template. Compiled once (start-up, reload), then immutable and shared by any
 * number of runs and threads; a run never blocks and is bounded.
 */
enum tmpl_set { /* which functions there are */
	TMPL_GO, /* Go's builtins */
	TMPL_SPRIG, /* and sprig's text functions without env and expandenv */
	TMPL_STEP, /* and those of X.509 templates */
	TMPL_STEP_SSH /* the same without asn1... */
};
enum { TMPL_ALLOW_SLOW = 1 /* functions that cost more than 1 ms */ };

enum tmpl_class { TMPL_OK, TMPL_PARSE, TMPL_EXEC, TMPL_FAIL, TMPL_LIMIT };
struct tmpl_error_info {
	enum tmpl_class class;
	/* Go's whole text ("template: NAME:1:5: executing ..."); of TMPL_FAIL the text of `fail` */
	struct str message; /* in the arena given */
	struct str whole;   /* of TMPL_FAIL: Go's whole text; else empty */
	unsigned line;	    /* from 1; 0: not known */
	int col;	    /* bytes from 0; -1: none (parse errors) */
};

struct tmpl_options {
	struct str name; /* "template" as x509util calls it */
	enum tmpl_set set;
	unsigned flags;
	const struct tmpl_func *extra; /* a table of the caller's (flags as above); may be NULL */
};
struct tmpl;
/*
 * At most 1 MiB of text, nested at most 1,000 deep (a limit: TMPL_PARSE with our own words). New
 * reference. The message lives in `a`.
 */
int tmpl_compile(struct str text, const struct tmpl_options *o, struct arena *a, struct tmpl **out,
		 struct tmpl_error_info *why) NODISCARD;
struct tmpl *tmpl_ref(struct tmpl *t);
void tmpl_unref(struct tmpl *t); /* NULL is fine */

struct tmpl_limits {
	uint64_t steps; /* nodes evaluated, and steps that functions report */
	size_t output, memory; /* bytes */
	unsigned depth; /* nested template calls */
	uint64_t time_ns; /* of the processor, looked at now and then; 0: no bound */
};
/* What runs on the loop gets: 200,000 steps, 1 MiB out, 8 MiB, 1,000 deep, 8 ms. */
extern const struct tmpl_limits tmpl_limits_loop;
/*
 * Appends to `out`; after -1 what was appended is of no use. `dot` and all it holds must be in the
 * arena `a`, or outlive it, and no other run may use its maps at the same time.
 */
int tmpl_run(const struct tmpl *t, struct tv dot, const struct tmpl_limits *l, struct arena *a,
	     struct buf *out, struct tmpl_error_info *why) NODISCARD;
/* For err messages at load: "line 3, column 7: text" without Go's prefix. */
void tmpl_error_describe(const struct tmpl_error_info *why, struct buf *out);

#endif
