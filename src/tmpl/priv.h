/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_TMPL_PRIV_H
#define SIGNET_TMPL_PRIV_H

#include "tmpl/node.h"
#include "tmpl/tmpl.h"

/*
 * priv.h - what the files of the engine share: the function index, the state of one run and the
 * steps of the interpreter. Functions (funcs_*.c) need none of it.
 */

/* ---- functions by name (funcs.c) ---- */
struct func_entry {
	const struct tmpl_func *fn;
	bool hidden; /* known, but only with TMPL_ALLOW_SLOW */
};
struct func_index {
	struct func_entry slots[1024]; /* open addressing; a quarter full */
};
/* Fills `x` with the functions of a set. Go's builtins yield to others, `extra` comes first. */
void func_index_init(struct func_index *x, const struct tmpl_options *o);
const struct func_entry *func_index_find(const struct func_index *x, struct str name);

/* Whether its time does not depend on the size of its arguments. */
bool func_is_cheap(const char *name);

/* The parameters of a function: `fixed` letters, then any number of `more` (0: none). */
struct func_shape {
	unsigned fixed;
	char more;
};
struct func_shape func_shape(const struct tmpl_func *fn);

/* ---- a run ---- */
enum walk { WALK_OK, WALK_BREAK, WALK_CONTINUE, WALK_FAIL };

#define VAR_DOLLAR 0 /* the id of "$" */

struct run_var {
	unsigned id;
	struct tv value;
};
struct run {
	const struct tmpl *t;
	const struct tree *tree; /* that is executed, for messages */
	const struct node *at;	 /* the node that an error is blamed on */
	struct arena *arena;
	struct buf *out;
	const struct tmpl_limits *limits;
	struct tmpl_error_info *why;
	struct tmpl_call call; /* one at a time: functions do not call back */
	struct buf error;      /* call.error */
	uint64_t steps;	       /* left */
	uint64_t look;	       /* at the clock when `steps` falls below */
	uint64_t deadline;     /* run_clock_us() */
	size_t arena_start;
	unsigned depth;	   /* of templates */
	const char *stack; /* address in the frame of tmpl_run */
	struct run_var *vars;
	size_t nvars, cap_vars, base; /* `base`: the first of this template, its $ */
	struct tv *args;	      /* values of calls that are being prepared */
	size_t nargs, cap_args;
	bool failed; /* `why` is set */
};

uint64_t run_clock_us(void); /* the thread's processor time */
/* Takes steps; looks at the clock now and then. -1 past a bound, with the error set. */
int run_steps(struct run *r, uint64_t n) NODISCARD;
/* -1 when the arena or the run's own stacks have passed the bound. */
int run_memory(struct run *r) NODISCARD;
/* Guards recursion: -1 when the C stack of this run grows past its bound. */
int run_stack(struct run *r) NODISCARD;
size_t run_room(const struct run *r);

/* Sets the error: Go's "template: NAME:L:C: executing "X" at <node>: text". -1. */
int run_error(struct run *r, const char *fmt, ...) PRINTF(2, 3);
/* The same with a text that may hold any byte. */
int run_error_str(struct run *r, enum tmpl_class class, struct str text);
int run_limit(struct run *r, const char *fmt, ...) PRINTF(2, 3);

void run_push(struct run *r, unsigned id, struct tv v);
struct run_var *run_find_var(struct run *r, unsigned id); /* NULL: not there, or past a bound */
/* A value on the stack of arguments, where it waits for its call. */
void run_push_arg(struct run *r, struct tv v);

enum walk walk_list(struct run *r, struct tv dot, const struct node_list *list);
enum walk walk_range(struct run *r, struct tv dot, const struct node *n);

/* ---- evaluating: 0 or -1 with the run's error set ---- */
int eval_pipe(struct run *r, struct tv dot, const struct node *pipe, struct tv *out) NODISCARD;
/* What a call gets: args[0] is the callee itself (or there are none), `final` the piped value. */
struct call_args {
	struct tv dot;
	const struct node *node;  /* blamed when the function fails */
	struct node *const *args; /* args[0] is the function or the field itself */
	size_t n;
	const struct tv *final;
	bool cheap; /* the function is */
};
int eval_field_chain(struct run *r, struct tv receiver, const struct str *names, size_t n,
		     const struct call_args *c, struct tv *out) NODISCARD;
int eval_function(struct run *r, const struct node *ident, const struct call_args *c,
		  struct tv *out) NODISCARD;
int eval_call(struct run *r, const struct tmpl_func *fn, struct str name, const struct tv *receiver,
	      const struct call_args *c, struct tv *out) NODISCARD;
int eval_constant(struct run *r, const struct node *number, struct tv *out) NODISCARD;
int eval_variable(struct run *r, const struct node *n, const struct call_args *c,
		  struct tv *out) NODISCARD;
int eval_field(struct run *r, const struct node *n, const struct call_args *c,
	       struct tv *out) NODISCARD;
int eval_chain(struct run *r, const struct node *n, const struct call_args *c,
	       struct tv *out) NODISCARD;

/* ---- arguments (args.c) ---- */
/* Evaluates node `n` for a parameter of type `letter`; 0 is "any type, as it is". */
int eval_arg(struct run *r, struct tv dot, char letter, const struct node *n,
	     struct tv *out) NODISCARD;
/* Checks a value that was evaluated before. */
int check_arg(struct run *r, struct tv v, char letter, struct tv *out) NODISCARD;
const char *letter_type_name(char letter); /* "map[string]interface {}" */

/* ---- values ---- */
/* Follows pointers: reflect's indirect(). A nil pointer or interface stays; *nil says so. */
struct tv value_indirect(struct tv v, bool *nil);
/* The type's name as reflect's Type() of the slot: "interface {}" for values in such a slot. */
const char *value_static_type(struct tv v);
/* What fmt.Fprint shall get: pointers followed unless they print themselves. */
struct tv value_printable(struct tv v);
/* Nil of a type that can be nil, or nothing at all. */
bool value_is_nil(struct tv v);

/* ---- comparing (compare.c): 0, or -1 with tmpl_error() set ---- */
int compare_eq(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out) NODISCARD;
int compare_ne(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out) NODISCARD;
int compare_lt(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out) NODISCARD;
int compare_le(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out) NODISCARD;
int compare_gt(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out) NODISCARD;
int compare_ge(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out) NODISCARD;

#endif
