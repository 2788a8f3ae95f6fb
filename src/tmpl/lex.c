/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/lex.h"
#include "tmpl/unicode.h"
#include "tmpl/value.h"

/*
 * The lexer works on demand, as Go's does, so that of two mistakes in a text the same one is found
 * first. Outside of actions the text up to "{{" is one item; trim markers are dealt with here and
 * never seen by the parser. `line` counts the newlines before `pos`.
 */
#define RUNE_EOF INT32_C(-1)

static const struct keyword {
	const char *name;
	enum item_kind kind;
} keywords[] = {{"block", ITEM_BLOCK},	     {"break", ITEM_BREAK},
		{"continue", ITEM_CONTINUE}, {"define", ITEM_DEFINE},
		{"else", ITEM_ELSE},	     {"end", ITEM_END},
		{"false", ITEM_BOOL},	     {"if", ITEM_IF},
		{"nil", ITEM_NIL},	     {"range", ITEM_RANGE},
		{"template", ITEM_TEMPLATE}, {"true", ITEM_BOOL},
		{"with", ITEM_WITH}};

static bool is_space(int32_t r)
{
	return r == ' ' || r == '\t' || r == '\r' || r == '\n';
}

static bool is_word(int32_t r)
{
	if (r >= 0 && r < 0x80)
		return r == '_' || (r >= '0' && r <= '9') || (r >= 'a' && r <= 'z') ||
		       (r >= 'A' && r <= 'Z');
	return r >= 0 && (rune_is_letter((uint32_t)r) || rune_is_digit((uint32_t)r));
}

static struct str rest(const struct lexer *l)
{
	return (struct str){l->input.p + l->pos, l->input.n - l->pos};
}

static int32_t peek(const struct lexer *l, size_t *width)
{
	uint32_t r = 0;

	*width = rune_first(rest(l), &r);
	return *width == 0 ? RUNE_EOF : (int32_t)r;
}

static int32_t next(struct lexer *l)
{
	size_t width;
	int32_t r = peek(l, &width);

	l->pos += width;
	if (r == '\n')
		l->line++;
	return r;
}

static bool take_one(struct lexer *l, const char *valid)
{
	if (l->pos >= l->input.n || l->input.p[l->pos] == '\0' ||
	    strchr(valid, l->input.p[l->pos]) == NULL)
		return false;
	l->pos++;
	return true;
}

static void take_run(struct lexer *l, const char *valid)
{
	while (take_one(l, valid))
		;
}

static void count_lines(struct lexer *l)
{
	for (size_t i = l->start; i < l->pos; i++)
		l->line += l->input.p[i] == '\n';
}

/* Ends an item whose newlines are counted already. */
static struct item take(struct lexer *l, enum item_kind kind)
{
	struct item i = {.kind = kind,
			 .pos = (uint32_t)l->start,
			 .line = l->start_line,
			 .text = {l->input.p + l->start, l->pos - l->start}};

	l->start = l->pos;
	l->start_line = l->line;
	return i;
}

/* Forgets what lies before pos and was passed without next(). */
static void ignore(struct lexer *l)
{
	count_lines(l);
	l->start = l->pos;
	l->start_line = l->line;
}

static struct item fail(struct lexer *l, struct str message)
{
	struct item i = {.kind = ITEM_ERROR,
			 .pos = (uint32_t)l->start,
			 .line = l->start_line,
			 .text = message};

	l->start = l->pos = 0;
	l->input.n = 0;
	return i;
}

static struct item fail_buf(struct lexer *l, struct buf *b)
{
	struct str s = arena_str(l->arena, buf_view(b));

	buf_release(b);
	return fail(l, s);
}

void lex_print_rune(uint32_t r, struct buf *out)
{
	buf_printf(out, "U+%04" PRIX32, r);
	if (rune_is_print(r)) {
		buf_puts(out, " '");
		rune_add(out, r);
		buf_putc(out, '\'');
	}
}

static struct item fail_rune(struct lexer *l, const char *what, int32_t r)
{
	struct buf b = BUF_INIT;

	buf_puts(&b, what);
	lex_print_rune((uint32_t)r, &b);
	return fail_buf(l, &b);
}

static bool left_trim(struct str s)
{
	return s.n >= 2 && s.p[0] == '-' && is_space(s.p[1]);
}

static bool starts(const struct lexer *l, size_t at, const char *with)
{
	return at <= l->input.n && str_starts((struct str){l->input.p + at, l->input.n - at}, with);
}

/* Whether pos stands before "}}", maybe with a trim marker. */
static bool right_delim(const struct lexer *l, size_t pos, bool *trim)
{
	*trim = pos + 2 <= l->input.n && is_space(l->input.p[pos]) && l->input.p[pos + 1] == '-' &&
		starts(l, pos + 2, "}}");
	return *trim || starts(l, pos, "}}");
}

static void skip_space(struct lexer *l)
{
	while (l->pos < l->input.n && is_space(l->input.p[l->pos]))
		l->pos++;
	ignore(l);
}

/* A comment from its slash. false: *bad is the error. */
static bool lex_comment(struct lexer *l, struct item *bad)
{
	bool trim;
	struct str s = rest(l);

	l->pos += 2;
	const char *end = s.n < 4 ? NULL : memmem(s.p + 2, s.n - 2, "*/", 2);
	if (end == NULL) {
		*bad = fail(l, STR("unclosed comment"));
		return false;
	}
	l->pos = (size_t)(end - l->input.p) + 2;
	if (!right_delim(l, l->pos, &trim)) {
		*bad = fail(l, STR("comment ends before closing delimiter"));
		return false;
	}
	l->pos += trim ? 4 : 2;
	ignore(l);
	if (trim)
		skip_space(l);
	return true;
}

/* Text up to "{{". Returns true when there is some; else pos is at "{{" or at the end. */
static bool lex_text(struct lexer *l, struct item *out)
{
	struct str s = rest(l);
	const char *open = s.n < 2 ? NULL : memmem(s.p, s.n, "{{", 2);
	size_t end = open != NULL ? (size_t)(open - l->input.p) : l->input.n, cut = end;

	if (open != NULL && left_trim((struct str){open + 2, l->input.n - end - 2}))
		while (cut > l->start && is_space(l->input.p[cut - 1]))
			cut--;
	l->pos = cut;
	count_lines(l);
	*out = take(l, ITEM_TEXT);
	l->pos = end;
	ignore(l);
	return out->text.n > 0;
}

static struct item lex_outside(struct lexer *l)
{
	struct item i;

	for (;;) {
		if (lex_text(l, &i))
			return i;
		if (l->pos >= l->input.n)
			return take(l, ITEM_EOF);
		bool trim =
			left_trim((struct str){l->input.p + l->pos + 2, l->input.n - l->pos - 2});
		size_t after = l->pos + 2 + (trim ? 2 : 0);
		if (starts(l, after, "/*")) {
			l->pos = after;
			ignore(l);
			if (!lex_comment(l, &i))
				return i;
			continue;
		}
		l->pos += 2;
		i = take(l, ITEM_LEFT_DELIM);
		l->inside = true;
		l->pos = after;
		ignore(l);
		l->parens = 0;
		return i;
	}
}

static struct item lex_right_delim(struct lexer *l, bool trim)
{
	if (trim) {
		l->pos += 2;
		ignore(l);
	}
	l->pos += 2;
	struct item i = take(l, ITEM_RIGHT_DELIM);
	if (trim)
		skip_space(l);
	l->inside = false;
	return i;
}

/* A run of spaces; the last one may belong to a trim marker. */
static struct item lex_space(struct lexer *l)
{
	size_t begin = l->pos;
	bool trim;

	while (l->pos < l->input.n && is_space(l->input.p[l->pos]))
		l->pos++;
	if (right_delim(l, l->pos - 1, &trim) && trim) {
		l->pos--;
		if (l->pos == begin)
			return lex_right_delim(l, true);
	}
	count_lines(l);
	return take(l, ITEM_SPACE);
}

/* Whether what follows may stand behind a word. */
static bool at_terminator(const struct lexer *l)
{
	size_t width;
	int32_t r = peek(l, &width);

	switch (r) {
	case RUNE_EOF:
	case ' ':
	case '\t':
	case '\r':
	case '\n':
	case '.':
	case ',':
	case '|':
	case ':':
	case ')':
	case '(':
		return true;
	default:
		return starts(l, l->pos, "}}");
	}
}

/* Reads letters and digits. False: what follows is bad, and *bad is the error. */
static bool lex_word(struct lexer *l, struct item *bad)
{
	size_t width;
	int32_t r;

	while (is_word(r = peek(l, &width)))
		l->pos += width;
	if (at_terminator(l))
		return true;
	*bad = fail_rune(l, "bad character ", r);
	return false;
}

static struct item lex_identifier(struct lexer *l)
{
	struct item i;
	enum item_kind kind = ITEM_IDENTIFIER;

	if (!lex_word(l, &i))
		return i;
	struct str word = {l->input.p + l->start, l->pos - l->start};
	for (size_t k = 0; k < ARRAY_LEN(keywords); k++)
		if (str_eqc(word, keywords[k].name))
			kind = keywords[k].kind;
	return take(l, kind);
}

/* Behind a dot or a dollar sign. */
static struct item lex_name(struct lexer *l, enum item_kind kind, enum item_kind alone)
{
	struct item i;

	if (at_terminator(l))
		return take(l, alone);
	return lex_word(l, &i) ? take(l, kind) : i;
}

/* A constant in quotes, whose first is passed. */
static struct item lex_quoted(struct lexer *l, char quote, enum item_kind kind, const char *open)
{
	for (;;) {
		int32_t r = next(l);
		if (r == quote)
			return take(l, kind);
		if (r == '\\') {
			r = next(l);
			if (r != RUNE_EOF && r != '\n')
				continue;
		}
		if (r == RUNE_EOF || r == '\n')
			return fail(l, str_c(open));
	}
}

static struct item lex_raw(struct lexer *l)
{
	int32_t r;

	do
		r = next(l);
	while (r != RUNE_EOF && r != '`');
	return r == RUNE_EOF ? fail(l, STR("unterminated raw quoted string"))
			     : take(l, ITEM_RAW_STRING);
}

static bool scan_number(struct lexer *l)
{
	const char *digits = "0123456789_";
	size_t width;
	int base = 10;

	take_one(l, "+-");
	if (take_one(l, "0")) {
		if (take_one(l, "xX")) {
			digits = "0123456789abcdefABCDEF_";
			base = 16;
		} else if (take_one(l, "oO")) {
			digits = "01234567_";
			base = 8;
		} else if (take_one(l, "bB")) {
			digits = "01_";
			base = 2;
		}
	}
	take_run(l, digits);
	if (take_one(l, "."))
		take_run(l, digits);
	if ((base == 10 && take_one(l, "eE")) || (base == 16 && take_one(l, "pP"))) {
		take_one(l, "+-");
		take_run(l, "0123456789_");
	}
	take_one(l, "i");
	if (is_word(peek(l, &width))) {
		l->pos += width;
		return false;
	}
	return true;
}

static struct item lex_number(struct lexer *l)
{
	struct buf b = BUF_INIT;
	size_t width;
	bool good = scan_number(l);
	enum item_kind kind = ITEM_NUMBER;

	if (good) {
		int32_t sign = peek(l, &width);
		if (sign == '+' || sign == '-') {
			kind = ITEM_COMPLEX;
			good = scan_number(l) && l->input.p[l->pos - 1] == 'i';
		}
	}
	if (good)
		return take(l, kind);
	buf_puts(&b, "bad number syntax: ");
	tv_quote((struct str){l->input.p + l->start, l->pos - l->start}, &b);
	return fail_buf(l, &b);
}

static struct item lex_other(struct lexer *l, int32_t r)
{
	if (is_word(r)) {
		l->pos = l->start;
		return lex_identifier(l);
	}
	if (r == '(') {
		l->parens++;
		return take(l, ITEM_LEFT_PAREN);
	}
	if (r == ')') {
		if (--l->parens < 0)
			return fail(l, STR("unexpected right paren"));
		return take(l, ITEM_RIGHT_PAREN);
	}
	if (r > 0x20 && r < 0x7f)
		return take(l, ITEM_CHAR);
	return fail_rune(l, "unrecognized character in action: ", r);
}

static struct item lex_inside(struct lexer *l)
{
	bool trim;

	if (right_delim(l, l->pos, &trim)) {
		if (l->parens == 0)
			return lex_right_delim(l, trim);
		return fail(l, STR("unclosed left paren"));
	}
	size_t width;
	int32_t r = peek(l, &width);
	if (is_space(r))
		return lex_space(l);
	l->pos += width;
	switch (r) {
	case RUNE_EOF:
		return fail(l, STR("unclosed action"));
	case '=':
		return take(l, ITEM_ASSIGN);
	case ':':
		if (next(l) != '=')
			return fail(l, STR("expected :="));
		return take(l, ITEM_DECLARE);
	case '|':
		return take(l, ITEM_PIPE);
	case '"':
		return lex_quoted(l, '"', ITEM_STRING, "unterminated quoted string");
	case '`':
		return lex_raw(l);
	case '$':
		return lex_name(l, ITEM_VARIABLE, ITEM_VARIABLE);
	case '\'':
		return lex_quoted(l, '\'', ITEM_CHAR_CONSTANT, "unterminated character constant");
	case '.':
		if (l->pos < l->input.n && (l->input.p[l->pos] < '0' || l->input.p[l->pos] > '9'))
			return lex_name(l, ITEM_FIELD, ITEM_DOT);
		break;
	default:
		if (r != '+' && r != '-' && (r < '0' || r > '9'))
			return lex_other(l, r);
	}
	l->pos -= width;
	return lex_number(l);
}

void lex_init(struct lexer *l, struct str input, struct arena *a)
{
	*l = (struct lexer){.input = input, .line = 1, .start_line = 1, .arena = a};
}

struct item lex_next(struct lexer *l)
{
	return l->inside ? lex_inside(l) : lex_outside(l);
}

void item_print(const struct item *i, struct buf *out)
{
	struct str s = i->text, head = {s.p, 0};

	if (i->kind == ITEM_EOF) {
		buf_puts(out, "EOF");
	} else if (i->kind == ITEM_ERROR) {
		buf_str(out, s);
	} else if (i->kind > ITEM_KEYWORD) {
		buf_putc(out, '<');
		buf_str(out, s);
		buf_putc(out, '>');
	} else if (s.n > 10) {
		for (int k = 0; k < 10 && head.n < s.n; k++) {
			uint32_t r;
			head.n += rune_first((struct str){s.p + head.n, s.n - head.n}, &r);
		}
		tv_quote(head, out);
		buf_puts(out, "...");
	} else {
		tv_quote(s, out);
	}
}
