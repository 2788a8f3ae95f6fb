/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/node.h"

/*
 * Nodes as Go's messages show them: normalised source. Recursion is bounded by the parser's
 * nesting; a buffer with a limit bounds the text.
 */
static void print_names(const struct names *names, bool dot_first, struct buf *out)
{
	for (size_t i = 0; i < names->n; i++) {
		if (i > 0 || dot_first)
			buf_putc(out, '.');
		buf_str(out, names->items[i]);
	}
}

static void print_list(const struct node_list *l, const char *between, struct buf *out)
{
	for (size_t i = 0; i < l->n && !out->failed; i++) {
		if (i > 0)
			buf_puts(out, between);
		node_print(l->items[i], out);
	}
}

static void print_pipe(const struct node_pipe *p, struct buf *out)
{
	if (p->decl.n > 0) {
		print_list(&p->decl, ", ", out);
		buf_puts(out, p->assign ? " = " : " := ");
	}
	print_list(&p->commands, " | ", out);
}

static void print_paren(const struct node *n, struct buf *out)
{
	if (n->kind == NODE_PIPE)
		buf_putc(out, '(');
	node_print(n, out);
	if (n->kind == NODE_PIPE)
		buf_putc(out, ')');
}

static void print_branch(const struct node *n, const char *word, struct buf *out)
{
	const struct node_branch *b = &n->branch;

	buf_puts(out, word);
	node_print(b->pipe, out);
	buf_puts(out, "}}");
	print_list(&b->list, "", out);
	if (b->has_else) {
		buf_puts(out, "{{else}}");
		print_list(&b->otherwise, "", out);
	}
	buf_puts(out, "{{end}}");
}

static void print_statement(const struct node *n, struct buf *out)
{
	if (n->kind == NODE_ACTION) {
		buf_puts(out, "{{");
		node_print(n->pipe, out);
	} else {
		buf_puts(out, "{{template ");
		tv_quote(n->tmpl.name, out);
		if (n->tmpl.pipe != NULL) {
			buf_putc(out, ' ');
			node_print(n->tmpl.pipe, out);
		}
	}
	buf_puts(out, "}}");
}

static void print_command(const struct node_list *args, struct buf *out)
{
	for (size_t i = 0; i < args->n && !out->failed; i++) {
		if (i > 0)
			buf_putc(out, ' ');
		print_paren(args->items[i], out);
	}
}

static void print_statement_node(const struct node *n, struct buf *out);

void node_print(const struct node *n, struct buf *out)
{
	switch (n->kind) {
	case NODE_PIPE:
		print_pipe(&n->pipeline, out);
		break;
	case NODE_COMMAND:
		print_command(&n->args, out);
		break;
	case NODE_IDENT:
		buf_str(out, n->ident.name);
		break;
	case NODE_VARIABLE:
		print_names(&n->variable.names, false, out);
		break;
	case NODE_FIELD:
		print_names(&n->field, true, out);
		break;
	case NODE_CHAIN:
		print_paren(n->chain.inner, out);
		print_names(&n->chain.names, true, out);
		break;
	case NODE_DOT:
		buf_putc(out, '.');
		break;
	case NODE_NIL:
		buf_puts(out, "nil");
		break;
	case NODE_BOOL:
		buf_puts(out, n->b ? "true" : "false");
		break;
	case NODE_NUMBER:
		buf_str(out, n->number->text);
		break;
	case NODE_STRING:
		buf_str(out, n->string.quoted);
		break;
	case NODE_TEXT:
	case NODE_ACTION:
	case NODE_IF:
	case NODE_RANGE:
	case NODE_WITH:
	case NODE_TEMPLATE:
	case NODE_BREAK:
	case NODE_CONTINUE:
	case NODE_END:
	case NODE_ELSE:
		print_statement_node(n, out);
		break;
	}
}

static void print_statement_node(const struct node *n, struct buf *out)
{
	if (n->kind == NODE_TEXT)
		buf_str(out, n->text);
	else if (n->kind == NODE_IF)
		print_branch(n, "{{if ", out);
	else if (n->kind == NODE_RANGE)
		print_branch(n, "{{range ", out);
	else if (n->kind == NODE_WITH)
		print_branch(n, "{{with ", out);
	else if (n->kind == NODE_ACTION || n->kind == NODE_TEMPLATE)
		print_statement(n, out);
	else
		buf_puts(out, n->kind == NODE_BREAK	 ? "{{break}}"
			      : n->kind == NODE_CONTINUE ? "{{continue}}"
			      : n->kind == NODE_END	 ? "{{end}}"
							 : "{{else}}");
}

void node_position(const struct tmpl *t, const struct node *n, unsigned *line, int *col)
{
	size_t begin = 0;

	*line = 1;
	for (size_t i = 0; i < n->pos && i < t->text.n; i++)
		if (t->text.p[i] == '\n') {
			++*line;
			begin = i + 1;
		}
	*col = (int)(n->pos - begin);
}
