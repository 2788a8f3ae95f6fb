/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_TMPL_PARSE_H
#define SIGNET_TMPL_PARSE_H

#include "base/map.h"
#include "tmpl/lex.h"
#include "tmpl/priv.h"

/*
 * parse.h - private to the parser. `struct parse` is one compilation, `struct scope` one tree of it
 * (the text itself, a `define`, a `block`): each has its own items read ahead and its own
 * variables, the lexer is common. Functions return NULL or -1 after parse_error().
 */
#define PARSE_NEST_MAX	1000
#define PARSE_NODES_MAX 200000

struct var_entry {
	unsigned id, before; /* the place + 1 of the variable of that name that this one hides */
};
struct parse {
	struct tmpl *t;
	struct arena *arena;  /* of the template */
	struct arena *errors; /* of the caller */
	struct tmpl_error_info *why;
	struct lexer lex;
	struct func_index funcs;
	struct map *trees;    /* name -> struct tree */
	struct map *var_ids;  /* "$x" -> &var_places[id] + 1... as a number */
	unsigned *var_places; /* by id: place + 1 in vars, 0: not declared */
	size_t nvar_ids, cap_var_ids;
	struct var_entry *vars;
	size_t nvars, cap_vars;
	struct node *templates; /* all {{template}} nodes */
	unsigned nest;
	size_t nodes;
	bool failed;
};
struct scope {
	struct parse *p;
	struct str name;
	struct item token[3];
	int ahead;
	unsigned action_line; /* 0: not in an action */
	int ranges;	      /* that are open */
	size_t vars_base;
	struct node_list root;
};

/* ---- items ---- */
struct item scope_next(struct scope *s);
struct item scope_peek(struct scope *s);
struct item scope_next_solid(struct scope *s); /* not a space */
struct item scope_peek_solid(struct scope *s);
void scope_back(struct scope *s);
void scope_back2(struct scope *s, struct item first);
void scope_back3(struct scope *s, struct item second, struct item first);

/* ---- errors: the first one stays ---- */
int parse_error(struct scope *s, const char *fmt, ...) PRINTF(2, 3);
int parse_error_str(struct scope *s, struct str text);
int parse_unexpected(struct scope *s, struct item i, const char *where);

struct node *parse_node(struct scope *s, enum node_kind kind, size_t pos); /* NULL: too many */
void node_append(struct parse *p, struct node_list *l, struct node *n);

/* ---- variables ---- */
unsigned parse_var_id(struct parse *p, struct str name);
void parse_declare(struct scope *s, unsigned id);
void parse_forget(struct parse *p, size_t down_to);
bool parse_declared(const struct scope *s, unsigned id);

/* ---- expressions (parse_expr.c) ---- */
struct node *parse_pipe(struct scope *s, const char *context, enum item_kind end);

/* ---- constants (parse_const.c) ---- */
/* strconv.Unquote of "..." or `...`. False: invalid syntax. */
bool unquote(struct str quoted, struct arena *a, struct str *out);
/* Fills *n from a NUMBER, COMPLEX or CHAR_CONSTANT; -1 after parse_error(). */
int parse_number(struct scope *s, const struct item *i, struct node_number *n);

/* ---- statements (parse.c) ---- */
/* 0, or -1 with p->why set. */
int parse_template(struct parse *p);

#endif
