/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/b64.h"
#include "tmpl/parse.h"
#include "tmpl/unicode.h"

#include <math.h>

/*
 * Constants as Go reads them: quoted strings and characters (strconv.Unquote), integers of base
 * 0, floats with underscores, hexadecimal floats, imaginary numbers. A number keeps every type
 * that can hold it, since the place where it is used decides.
 */

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* \x, \u, \U and octal: n digits. */
static bool escape_digits(struct str *s, size_t n, unsigned base, uint32_t *value)
{
	uint32_t v = 0;

	if (s->n < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int d = hex_value(s->p[i]);
		if (d < 0 || (unsigned)d >= base)
			return false;
		v = v * base + (unsigned)d;
	}
	*s = (struct str){s->p + n, s->n - n};
	*value = v;
	return true;
}

/* What follows a backslash. *byte: the value is a byte, not a code point. */
static bool unquote_escape(struct str *s, char quote, uint32_t *r, bool *byte)
{
	static const char letters[] = "abfnrtv\\", values[] = "\a\b\f\n\r\t\v\\";
	char c;

	if (s->n == 0)
		return false;
	c = s->p[0];
	const char *known = c != '\0' ? strchr(letters, c) : NULL;
	if (c >= '0' && c <= '7') {
		*byte = true;
		return escape_digits(s, 3, 8, r) && *r <= 255;
	}
	*s = (struct str){s->p + 1, s->n - 1};
	if (known != NULL) {
		*r = (unsigned char)values[known - letters];
		return true;
	}
	if (c == '\'' || c == '"') {
		*r = (unsigned char)c;
		return c == quote;
	}
	if (c == 'x') {
		*byte = true;
		return escape_digits(s, 2, 16, r);
	}
	if (c != 'u' && c != 'U')
		return false;
	return escape_digits(s, c == 'u' ? 4 : 8, 16, r) && *r <= 0x10ffff &&
	       (*r < 0xd800 || *r > 0xdfff);
}

/* strconv.UnquoteChar. */
static bool unquote_char(struct str *s, char quote, uint32_t *r, bool *byte)
{
	*byte = false;
	if (s->n == 0 || s->p[0] == quote)
		return false;
	if (s->p[0] == '\\') {
		*s = (struct str){s->p + 1, s->n - 1};
		return unquote_escape(s, quote, r, byte);
	}
	size_t width = rune_first(*s, r);
	*s = (struct str){s->p + width, s->n - width};
	return true;
}

/* A raw string without its carriage returns. */
static struct str unquote_raw(struct str body, struct arena *a)
{
	char *p = arena_alloc(a, body.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < body.n; i++)
		if (body.p[i] != '\r')
			p[n++] = body.p[i];
	return (struct str){p, n};
}

bool unquote(struct str quoted, struct arena *a, struct str *out)
{
	struct str body = {quoted.p + 1, quoted.n - 2};
	bool byte;
	uint32_t r;

	if (quoted.n < 2)
		return false;
	if (quoted.p[0] == '`') {
		*out = unquote_raw(body, a);
		return true;
	}
	if (memchr(body.p, '\\', body.n) == NULL && utf8_valid(body)) {
		*out = body;
		return true;
	}
	struct buf b = BUF_INIT;
	while (body.n > 0) {
		if (!unquote_char(&body, '"', &r, &byte)) {
			buf_release(&b);
			return false;
		}
		if (byte || r < 0x80)
			buf_putc(&b, (char)r);
		else
			rune_add(&b, r);
	}
	*out = arena_str(a, buf_view(&b));
	buf_release(&b);
	return true;
}

/* Go's rule for `_`: between digits, or between a base prefix and a digit. */
static bool underscores_fine(struct str s)
{
	char before = '^'; /* ^ beginning, 0 digit, _ underscore, ! other */
	size_t i = 0;
	bool hex = false;

	if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+'))
		i++;
	if (s.n >= i + 2 && s.p[i] == '0') {
		char c = ascii_lower(s.p[i + 1]);
		if (c == 'b' || c == 'o' || c == 'x') {
			before = '0';
			hex = c == 'x';
			i += 2;
		}
	}
	for (; i < s.n; i++) {
		char c = s.p[i];
		if ((c >= '0' && c <= '9') || (hex && hex_value(c) >= 0)) {
			before = '0';
		} else if (c == '_') {
			if (before != '0')
				return false;
			before = '_';
		} else {
			if (before == '_')
				return false;
			before = '!';
		}
	}
	return before != '_';
}

/* The text without underscores, NUL-terminated. NULL: an underscore in a wrong place. */
static char *strip(struct str s, struct arena *a)
{
	char *p = arena_alloc(a, s.n + 1);
	size_t n = 0;

	if (str_has(s, '_') && !underscores_fine(s))
		return NULL;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '_')
			p[n++] = s.p[i];
	p[n] = '\0';
	return p;
}

/* strconv.ParseUint(s, 0, 64) of digits without a sign. */
static bool parse_uint(const char *p, uint64_t *out)
{
	unsigned base = 10;

	if (p[0] == '0' && p[1] != '\0') {
		char c = ascii_lower(p[1]);
		base = c == 'x' ? 16 : c == 'b' ? 2 : 8;
		p += c == 'x' || c == 'b' || c == 'o' ? 2 : 1;
	}
	if (*p == '\0')
		return false;
	*out = 0;
	for (; *p != '\0'; p++) {
		int d = hex_value(*p);
		if (d < 0 || (unsigned)d >= base || __builtin_mul_overflow(*out, base, out) ||
		    __builtin_add_overflow(*out, (uint64_t)d, out))
			return false;
	}
	return true;
}

/* Digits of a float; whether there was one. */
static bool skip_digits(const char **p, bool hex)
{
	const char *from = *p;

	while ((**p >= '0' && **p <= '9') || (hex && hex_value(**p) >= 0))
		(*p)++;
	return *p > from;
}

/* strconv.ParseFloat of what the lexer lets through (no inf, no nan). */
static bool parse_float(const char *text, double *out)
{
	const char *p = text;

	if (*p == '+' || *p == '-')
		p++;
	bool hex = p[0] == '0' && (p[1] == 'x' || p[1] == 'X');
	p += hex ? 2 : 0;
	bool digits = skip_digits(&p, hex);
	if (*p == '.') {
		p++;
		digits = skip_digits(&p, hex) || digits;
	}
	if (!digits)
		return false;
	if (ascii_lower(*p) == (hex ? 'p' : 'e')) {
		p++;
		if (*p == '+' || *p == '-')
			p++;
		if (!skip_digits(&p, false))
			return false;
	} else if (hex) {
		return false;
	}
	if (*p != '\0')
		return false;
	*out = strtod(text, NULL);
	return !isinf(*out);
}

/* The integers that equal a float. */
static void integers_of(struct node_number *n, double f)
{
	if (!n->is_int && f >= -0x1p63 && f < 0x1p63 && f == trunc(f)) {
		n->is_int = true;
		n->i = (int64_t)f;
	}
	if (!n->is_uint && f >= 0 && f < 0x1p64 && f == trunc(f)) {
		n->is_uint = true;
		n->u = (uint64_t)f;
	}
}

static int set_complex(struct node_number *n, double real, double imaginary)
{
	n->is_complex = true;
	n->f = real;
	n->imaginary = imaginary;
	n->is_float = imaginary == 0;
	if (n->is_float)
		integers_of(n, real);
	return 0;
}

static int number_error(struct scope *s, const char *what, struct str text, bool quoted)
{
	struct buf b = BUF_INIT;

	buf_puts(&b, what);
	if (quoted)
		tv_quote(text, &b);
	else
		buf_str(&b, text);
	parse_error_str(s, buf_view(&b));
	buf_release(&b);
	return -1;
}

static int parse_char(struct scope *s, struct str text, struct node_number *n)
{
	struct str tail = {text.p + 1, text.n - 1};
	uint32_t r = 0;
	bool byte;

	if (!unquote_char(&tail, '\'', &r, &byte))
		return parse_error(s, "invalid syntax");
	if (!str_eqc(tail, "'"))
		return number_error(s, "malformed character constant: ", text, false);
	n->is_int = n->is_uint = n->is_float = true;
	n->i = r;
	n->u = r;
	n->f = r;
	return 0;
}

/* 1+2i: the sign that is not an exponent's parts the two. */
static int parse_complex(struct scope *s, struct str text, struct node_number *n)
{
	size_t cut = 1;
	double real, imaginary;
	bool hex = text.n > 2 &&
		   (text.p[1] == 'x' || text.p[1] == 'X' || text.p[2] == 'x' || text.p[2] == 'X');

	while (cut < text.n) {
		char c = text.p[cut], b = ascii_lower(text.p[cut - 1]);
		if ((c == '+' || c == '-') && b != 'p' && (hex || b != 'e'))
			break;
		cut++;
	}
	if (cut < text.n) {
		char *re = strip((struct str){text.p, cut}, s->p->arena);
		char *im = strip((struct str){text.p + cut, text.n - cut - 1}, s->p->arena);
		if (re != NULL && im != NULL && parse_float(re, &real) &&
		    parse_float(im, &imaginary))
			return set_complex(n, real, imaginary);
	}
	return number_error(s, "illegal number syntax: ", text, true);
}

/* A signed number in every type that holds it exactly; none: false. */
static void parse_ints(const char *p, struct node_number *n)
{
	bool minus = p[0] == '-', sign = minus || p[0] == '+';
	uint64_t u;

	if (!parse_uint(p + sign, &u))
		return;
	if (!sign) {
		n->is_uint = true;
		n->u = u;
	}
	if (u > (uint64_t)INT64_MAX + minus)
		return;
	n->is_int = true;
	n->i = minus ? (int64_t)(0 - u) : (int64_t)u;
	if (u == 0)
		n->is_uint = true; /* -0 */
}

int parse_number(struct scope *s, const struct item *i, struct node_number *n)
{
	struct str text = i->text;
	double f;

	n->text = text;
	if (i->kind == ITEM_CHAR_CONSTANT)
		return parse_char(s, text, n);
	if (i->kind == ITEM_COMPLEX)
		return parse_complex(s, text, n);
	if (text.n > 0 && text.p[text.n - 1] == 'i') {
		char *p = strip((struct str){text.p, text.n - 1}, s->p->arena);
		if (p != NULL && parse_float(p, &f))
			return set_complex(n, 0, f);
	}
	char *p = strip(text, s->p->arena);
	if (p != NULL)
		parse_ints(p, n);
	if (n->is_int || n->is_uint) {
		n->is_float = true;
		n->f = n->is_int ? (double)n->i : (double)n->u;
		return 0;
	}
	if (p == NULL || !parse_float(p, &f))
		return number_error(s, "illegal number syntax: ", text, true);
	if (strpbrk(p, ".eEpP") == NULL)
		return number_error(s, "integer overflow: ", text, true);
	n->is_float = true;
	n->f = f;
	integers_of(n, f);
	return 0;
}
