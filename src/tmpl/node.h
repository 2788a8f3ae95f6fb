/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_TMPL_NODE_H
#define SIGNET_TMPL_NODE_H

#include "base/ref.h"
#include "tmpl/value.h"

/*
 * node.h - a compiled template: one tree for the text and one for each `define` and `block`. All
 * of it is in the arena of struct tmpl and never changes after tmpl_compile(). Names of fields and
 * texts are views of the template's text.
 */
enum node_kind {
	NODE_TEXT,
	NODE_ACTION,
	NODE_IF,
	NODE_RANGE,
	NODE_WITH,
	NODE_TEMPLATE,
	NODE_BREAK,
	NODE_CONTINUE,
	NODE_END, /* these two only while parsing */
	NODE_ELSE,
	NODE_PIPE,
	NODE_COMMAND,
	NODE_IDENT,
	NODE_VARIABLE,
	NODE_FIELD,
	NODE_CHAIN,
	NODE_DOT,
	NODE_NIL,
	NODE_BOOL,
	NODE_NUMBER,
	NODE_STRING
};

struct node;
struct tree;
struct node_list {
	struct node **items;
	size_t n, cap;
};
struct names { /* .a.b.c; of a variable the first is "$x" */
	struct str *items;
	size_t n;
};

struct node_branch { /* if, range, with */
	const struct node *pipe;
	struct node_list list, otherwise;
	bool has_else;
};
struct node_template {
	struct str name;
	const struct node *pipe; /* NULL: none */
	const struct tree *tree; /* NULL: not defined, an error when it is reached */
	struct node *next;	 /* of all, until the names are resolved */
};
struct node_pipe {
	struct node_list decl, commands;
	bool assign; /* = instead of := */
};
struct node_ident {
	struct str name;
	const struct tmpl_func *fn;
	unsigned fixed; /* parameters, then any number of `more` */
	char more;
	bool cheap; /* takes the same time for arguments of any size */
};
struct node_variable {
	unsigned id;
	struct names names;
};
struct node_chain {
	const struct node *inner;
	struct names names;
};
struct node_number { /* all the types that can hold the constant */
	struct str text;
	bool is_int, is_uint, is_float, is_complex;
	int64_t i;
	uint64_t u;
	double f, imaginary; /* of a complex one: f is the real part */
};
struct node_string {
	struct str quoted, value;
};

struct node {
	enum node_kind kind;
	uint32_t pos; /* byte in the text */
	union {
		struct str text;
		const struct node *pipe; /* NODE_ACTION */
		struct node_branch branch;
		struct node_template tmpl;
		struct node_pipe pipeline;
		struct node_list args; /* NODE_COMMAND */
		struct node_ident ident;
		struct node_variable variable;
		struct names field;
		struct node_chain chain;
		bool b;
		struct node_number *number;
		struct node_string string;
	};
};

struct tree {
	struct str name;
	struct node_list root;
};

struct tmpl {
	struct ref ref;
	struct arena *arena;
	struct str name, text;
	const struct tree *main;
};

/* Go's String() of a node. */
void node_print(const struct node *n, struct buf *out);
/* Line from 1 and column from 0, in bytes. */
void node_position(const struct tmpl *t, const struct node *n, unsigned *line, int *col);

#endif
