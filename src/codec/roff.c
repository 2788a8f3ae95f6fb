/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/roff.h"

/* Sources of pages are read too (by packagers, and by mandoc -Tlint): lines stay below 80 bytes. */
#define WRAP_AT 74U

static void put_char(struct buf *out, char ch, bool exact)
{
	if (ch == '\\')
		buf_puts(out, "\\e");
	else if (ch == '-' && exact)
		buf_puts(out, "\\-");
	else
		buf_putc(out, ch);
}

void roff_name(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		put_char(out, s.p[i], true);
}

void roff_prose(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		put_char(out, s.p[i], false);
}

void roff_bold(struct buf *out, struct str s)
{
	buf_puts(out, "\\fB");
	roff_name(out, s);
	buf_puts(out, "\\fR");
}

void roff_italic(struct buf *out, struct str s)
{
	buf_puts(out, "\\fI");
	roff_name(out, s);
	buf_puts(out, "\\fR");
}

/* ---- paragraphs ---- */

struct fill {
	struct buf *out;
	size_t line; /* where the line begins in out */
	bool open;   /* it has a word */
	bool code;   /* between backquotes */
};

/* A request begins with one of these. */
static void guard(struct buf *out, struct str s)
{
	if (s.n > 0 && (s.p[0] == '.' || s.p[0] == '\''))
		buf_puts(out, "\\&");
}

static void put_word(struct fill *f, struct str word)
{
	/* Options are no hyphenated words. */
	bool option = word.n > 1 && (word.p[0] == '-' || (word.p[0] == '(' && word.p[1] == '-'));

	if (f->open && f->out->n - f->line + 1 + word.n > WRAP_AT) {
		buf_putc(f->out, '\n');
		f->open = false;
	}
	if (!f->open)
		f->line = f->out->n;
	else
		buf_putc(f->out, ' ');
	if (!f->open)
		guard(f->out, word);
	f->open = true;
	for (size_t i = 0; i < word.n; i++) {
		if (word.p[i] != '`') {
			put_char(f->out, word.p[i], f->code || option);
			continue;
		}
		f->code = !f->code;
		buf_puts(f->out, f->code ? "\\fB" : "\\fR");
	}
}

static void put_words(struct fill *f, struct str s)
{
	while (s.n > 0) {
		struct str word = str_cut(s, ' ', &s);

		if (word.n > 0)
			put_word(f, word);
	}
}

static void end_fill(struct fill *f)
{
	if (f->code)
		buf_puts(f->out, "\\fR");
	if (f->open)
		buf_putc(f->out, '\n');
	f->open = f->code = false;
}

static void put_exact(struct buf *out, struct str line)
{
	guard(out, line);
	roff_name(out, line);
	buf_putc(out, '\n');
}

void roff_text(struct buf *out, const char *text)
{
	struct fill f = {.out = out};
	struct str rest = str_c(text), line;
	bool exact = false, gap = false;

	while (rest.n > 0) {
		line = str_cut(rest, '\n', &rest);
		if (line.n == 0) {
			end_fill(&f);
			gap = true;
			continue;
		}
		if ((line.p[0] == ' ') != exact) {
			end_fill(&f);
			buf_puts(out, exact ? ".fi\n.RE\n" : ".PP\n.RS 4\n.nf\n");
			gap = gap && exact;
			exact = !exact;
		}
		if (gap)
			buf_puts(out, exact ? "\n" : ".PP\n");
		gap = false;
		if (exact)
			put_exact(out, str_trim(line));
		else
			put_words(&f, line);
	}
	end_fill(&f);
	if (exact)
		buf_puts(out, ".fi\n.RE\n");
}

void roff_doc(struct buf *out, struct str doc)
{
	struct buf text = BUF_INIT;

	buf_str(&text, doc);
	if (doc.n > 0 && strchr(".?!", doc.p[doc.n - 1]) == NULL)
		buf_putc(&text, '.');
	roff_text(out, text.p != NULL ? text.p : "");
	buf_release(&text);
}
