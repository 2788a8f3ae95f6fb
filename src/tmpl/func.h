/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_TMPL_FUNC_H
#define SIGNET_TMPL_FUNC_H

#include "tmpl/value.h"

/*
 * func.h - functions that templates may call. A family of functions is one file, funcs_TOPIC.c,
 * with one table; funcs.c lists the tables. The interpreter checks the number and the types of the
 * arguments by `params` and converts constants as Go does, so that a function sees exactly what it
 * declared. A function touches nothing outside the run: no clock but call->now, no files, no
 * network, no environment.
 *
 * params, one letter a parameter:
 *   s string      b bool        i int         I int64       f float64     u uint32     n uint64
 *   a interface{} l []interface{}   S []string    m map[string]interface{}
 *   M map[string]string   t time.Time   c sprig.certificate (opaque; funcs of profile)
 *   v reflect.Value (the builtins: index, len, eq ...)
 *   d time.Duration (methods of times; kind int64: integer constants fit)
 * The receiver of a method (args[0]) has no letter.
 *   "*x" as the last: any number of x, none too
 * returns: one letter of the same set, 0 when the type differs from call to call (`a` in Go: the
 * result then is put into an interface slot, as for `a`).
 */
struct tmpl_call {
	struct arena *arena; /* of the run */
	const char *name;    /* of the function */
	int64_t now;	     /* seconds since the epoch, and */
	uint32_t now_ns;
	size_t room;	   /* bytes that the run may still make; see tmpl_room() */
	struct buf *error; /* Go's text, without "error calling NAME: " */
	bool failed;	   /* by `fail`: the text is the client's */
	bool limited;	   /* a bound of the run was passed */
	void *run;	   /* the interpreter's own */
};

enum {
	TMPL_FUNC_SPRIG = 1,   /* in the sets sprig, step and step-ssh */
	TMPL_FUNC_STEP = 2,    /* step and step-ssh */
	TMPL_FUNC_X509 = 4,    /* step only */
	TMPL_FUNC_SLOW = 8,    /* costs more than 1 ms: only with TMPL_ALLOW_SLOW */
	TMPL_FUNC_BUILTIN = 16 /* Go's own: in all sets; another of the same name hides it */
};
struct tmpl_func {
	const char *name; /* NULL ends a table */
	const char *params;
	char returns;
	unsigned flags;
	/* 0 and *out, or -1 after tmpl_error(), tmpl_room() ... */
	int (*call)(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out);
};

/* Sets Go's error text; -1. */
int tmpl_error(struct tmpl_call *c, const char *fmt, ...) PRINTF(2, 3);
/*
 * Before something of `n` bytes is made in the arena (and n may be huge: negative sizes are the
 * caller's to check): takes it from the run's allowance. 0, or -1 with the error set: return -1.
 * Small fixed results (< 1 KiB) need not ask: the interpreter charges each call.
 */
int tmpl_room(struct tmpl_call *c, uint64_t n) NODISCARD;
/* For long loops: `n` steps of about 10 ns. -1 when the run has used up its steps or time. */
int tmpl_steps(struct tmpl_call *c, uint64_t n) NODISCARD;
/* A string result from a buffer: asks for room, copies to the arena, releases `b`. */
int tmpl_return_buf(struct tmpl_call *c, struct buf *b, struct tv *out) NODISCARD;

/*
 * Printing within the run's allowance of memory, charged as steps while it goes on (values may hold
 * themselves, or the same part a million times). After -1 release `out` and return -1: when no
 * other bound was passed, tmpl_return_buf() of the failed buffer says that the text is too long.
 */
int tmpl_print(struct tmpl_call *c, struct tv v, size_t max, struct buf *out) NODISCARD; /* %v */
/* Sprint, and Sprintln with `line` */
int tmpl_sprint(struct tmpl_call *c, const struct tv *args, size_t n, bool line,
		struct buf *out) NODISCARD;
int tmpl_sprintf(struct tmpl_call *c, struct str format, const struct tv *args, size_t n,
		 struct buf *out) NODISCARD;
/* tv_text() (toString) likewise; -1 with the error set. */
int tmpl_text(struct tmpl_call *c, struct tv v, struct str *out) NODISCARD;

/* All tables, NULL-terminated (funcs.c). */
extern const struct tmpl_func *const tmpl_func_tables[];
extern const struct tmpl_func tmpl_funcs_builtin[], tmpl_funcs_text[], tmpl_funcs_list[],
	tmpl_funcs_map[], tmpl_funcs_math[], tmpl_funcs_reflect[], tmpl_funcs_default[],
	tmpl_funcs_encoding[], tmpl_funcs_regex[], tmpl_funcs_path[], tmpl_funcs_url[],
	tmpl_funcs_semver[], tmpl_funcs_date[], tmpl_funcs_random[], tmpl_funcs_hash[],
	tmpl_funcs_crypto[], tmpl_funcs_asn1[];

/* ---- time.Time (time.c) ---- */
struct tmpl_zone; /* UTC, a fixed offset, or one of the zone database */
struct tv_time {
	int64_t sec; /* since the epoch; the whole range of years 1 to 9999 and beyond */
	uint32_t nsec;
	const struct tmpl_zone *zone; /* NULL: UTC */
};
extern const struct tv_type tv_type_time;
extern const struct tv_type tv_type_duration /* kind TV_INT64, nanoseconds */, tv_type_month,
	tv_type_weekday /* kind TV_INT */;
/*
 * Reads the zone database once; tmpl_compile() calls it for a template that names a function of
 * tmpl_func_needs_zones() (start-up, reload: off the loop). Immutable afterwards; without it, and
 * when it is missing, all zones but UTC are unknown. Any thread.
 */
void tmpl_zones_load(void);
bool tmpl_func_needs_zones(struct str name);
struct tv tv_time(struct arena *a, int64_t sec, uint32_t nsec); /* UTC */

#endif
