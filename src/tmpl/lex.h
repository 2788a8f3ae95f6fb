/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_TMPL_LEX_H
#define SIGNET_TMPL_LEX_H

#include "base/arena.h"
#include "base/buf.h"

/*
 * lex.h - the items of a template's text, one at a time. After an error item nothing of use comes.
 */
enum item_kind {
	ITEM_ERROR, /* text is the message */
	ITEM_BOOL,
	ITEM_CHAR, /* any other printable ASCII character */
	ITEM_CHAR_CONSTANT,
	ITEM_COMPLEX,
	ITEM_ASSIGN,
	ITEM_DECLARE,
	ITEM_EOF,
	ITEM_FIELD,
	ITEM_IDENTIFIER,
	ITEM_LEFT_DELIM,
	ITEM_LEFT_PAREN,
	ITEM_NUMBER,
	ITEM_PIPE,
	ITEM_RAW_STRING,
	ITEM_RIGHT_DELIM,
	ITEM_RIGHT_PAREN,
	ITEM_SPACE,
	ITEM_STRING,
	ITEM_TEXT,
	ITEM_VARIABLE,
	ITEM_KEYWORD, /* what follows are keywords */
	ITEM_BLOCK,
	ITEM_BREAK,
	ITEM_CONTINUE,
	ITEM_DOT,
	ITEM_DEFINE,
	ITEM_ELSE,
	ITEM_END,
	ITEM_IF,
	ITEM_NIL,
	ITEM_RANGE,
	ITEM_TEMPLATE,
	ITEM_WITH
};
struct item {
	enum item_kind kind;
	uint32_t pos;
	unsigned line;
	struct str text;
};

struct lexer {
	struct str input;
	size_t pos, start; /* of the item that is being read */
	unsigned line, start_line;
	int parens;
	bool inside;	     /* an action */
	struct arena *arena; /* for messages */
};
void lex_init(struct lexer *l, struct str input, struct arena *a);
struct item lex_next(struct lexer *l);
/* As messages show an item. */
void item_print(const struct item *i, struct buf *out);
/* " U+0041 'A'" without the space: Go's %#U. */
void lex_print_rune(uint32_t r, struct buf *out);

#endif
