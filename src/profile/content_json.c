/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "codec/b64.h"
#include "profile/content_json.h"

/*
 * content_json.c - grammar, walking, strings. See content_json.h; the typed readers are in
 * content_json_get.c.
 *
 * cj_first() goes over the bytes once with a bit for each open bracket. What it has accepted needs
 * no checks any more: skip() only looks for where a value ends.
 */

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* ---- grammar ---- */

struct scan {
	struct str s;
	size_t i;
	size_t depth;
	unsigned char object[CJ_MAX_DEPTH / 8 + 1]; /* which open brackets are braces */
};

static void skip_space(struct scan *c)
{
	while (c->i < c->s.n && is_space(c->s.p[c->i]))
		c->i++;
}

static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool scan_escape(struct scan *c)
{
	char x = c->i < c->s.n ? c->s.p[c->i++] : '\0';

	if (x != 'u')
		return x != '\0' && strchr("\"\\/bfnrt", x) != NULL;
	for (unsigned k = 0; k < 4; k++, c->i++)
		if (c->i >= c->s.n || hex_value(c->s.p[c->i]) < 0)
			return false;
	return true;
}

static bool scan_string(struct scan *c)
{
	if (c->i >= c->s.n || c->s.p[c->i] != '"')
		return false;
	for (c->i++; c->i < c->s.n;) {
		char x = c->s.p[c->i++];

		if (x == '"')
			return true;
		if ((unsigned char)x < 0x20 || (x == '\\' && !scan_escape(c)))
			return false;
	}
	return false;
}

static bool scan_digits(struct scan *c)
{
	size_t at = c->i;

	while (c->i < c->s.n && is_digit(c->s.p[c->i]))
		c->i++;
	return c->i > at;
}

static bool scan_number(struct scan *c)
{
	if (c->s.p[c->i] == '-')
		c->i++;
	if (c->i < c->s.n && c->s.p[c->i] == '0')
		c->i++;
	else if (!scan_digits(c))
		return false;
	if (c->i < c->s.n && c->s.p[c->i] == '.') {
		c->i++;
		if (!scan_digits(c))
			return false;
	}
	if (c->i < c->s.n && (c->s.p[c->i] == 'e' || c->s.p[c->i] == 'E')) {
		c->i++;
		if (c->i < c->s.n && (c->s.p[c->i] == '+' || c->s.p[c->i] == '-'))
			c->i++;
		return scan_digits(c);
	}
	return true;
}

static bool scan_word(struct scan *c, const char *word)
{
	size_t n = strlen(word);

	if (c->s.n - c->i < n || memcmp(c->s.p + c->i, word, n) != 0)
		return false;
	c->i += n;
	return true;
}

/* Opens an object or array. 1: its first element comes next, 0: it is empty and closed. */
static int scan_open(struct scan *c, bool object)
{
	if (c->depth == CJ_MAX_DEPTH)
		return -1;
	if (object)
		c->object[c->depth / 8] |= (unsigned char)(1U << c->depth % 8);
	else
		c->object[c->depth / 8] &= (unsigned char)~(1U << c->depth % 8);
	c->i++;
	skip_space(c);
	if (c->i < c->s.n && c->s.p[c->i] == (object ? '}' : ']')) {
		c->i++;
		return 0;
	}
	c->depth++;
	return 1;
}

/* 1: a value must follow (an opened bracket), 0: a whole value was read, -1: wrong. */
static int scan_value(struct scan *c)
{
	if (c->i >= c->s.n)
		return -1;
	switch (c->s.p[c->i]) {
	case '{':
		return scan_open(c, true);
	case '[':
		return scan_open(c, false);
	case '"':
		return scan_string(c) ? 0 : -1;
	case 't':
		return scan_word(c, "true") ? 0 : -1;
	case 'f':
		return scan_word(c, "false") ? 0 : -1;
	case 'n':
		return scan_word(c, "null") ? 0 : -1;
	default:
		return (is_digit(c->s.p[c->i]) || c->s.p[c->i] == '-') && scan_number(c) ? 0 : -1;
	}
}

static bool in_object(const struct scan *c)
{
	return (c->object[(c->depth - 1) / 8] >> (c->depth - 1) % 8 & 1) != 0;
}

/* "name": before a member's value. */
static bool scan_name(struct scan *c)
{
	if (!scan_string(c))
		return false;
	skip_space(c);
	if (c->i >= c->s.n || c->s.p[c->i] != ':')
		return false;
	c->i++;
	skip_space(c);
	return true;
}

/* Behind a value: closes what closes; true when another element follows, *ok false if wrong. */
static bool scan_next(struct scan *c, bool *ok)
{
	while (c->depth > 0) {
		char x;

		skip_space(c);
		x = c->i < c->s.n ? c->s.p[c->i++] : '\0';
		if (x == ',') {
			skip_space(c);
			return true;
		}
		if (x != (in_object(c) ? '}' : ']')) {
			*ok = false;
			return false;
		}
		c->depth--;
	}
	return false;
}

static bool scan_all(struct scan *c)
{
	bool ok = true;

	for (;;) {
		int rc;

		if (c->depth > 0 && in_object(c) && !scan_name(c))
			return false;
		rc = scan_value(c);
		if (rc < 0)
			return false;
		if (rc == 0 && !scan_next(c, &ok))
			return ok;
	}
}

int cj_first(struct str text, struct str *value, struct err *e)
{
	struct scan c = {.s = text};
	size_t begin;

	skip_space(&c);
	begin = c.i;
	if (begin == text.n)
		return ERR(e, ERR_INVALID, "JSON: there is none");
	if (!scan_all(&c)) {
		unsigned line = 1;

		for (size_t i = 0; i < c.i && i < text.n; i++)
			line += text.p[i] == '\n';
		return ERR(e, ERR_INVALID, "JSON: syntax error in line %u, byte %zu of the text",
			   line, c.i);
	}
	*value = (struct str){text.p + begin, c.i - begin};
	return 0;
}

int cj_only(struct str text, struct str *value, struct err *e)
{
	const char *end = text.p + text.n;

	if (cj_first(text, value, e) < 0)
		return -1;
	for (const char *p = value->p + value->n; p < end; p++)
		if (!is_space(*p))
			return ERR(e, ERR_INVALID, "JSON: something follows the value");
	return 0;
}

/* ---- walking ---- */

enum cj_kind cj_kind(struct str v)
{
	ENSURE(v.n > 0);
	switch (v.p[0]) {
	case '{':
		return CJ_OBJECT;
	case '[':
		return CJ_ARRAY;
	case '"':
		return CJ_STRING;
	case 't':
	case 'f':
		return CJ_BOOL;
	case 'n':
		return CJ_NULL;
	default:
		return CJ_NUMBER;
	}
}

const char *cj_kind_name(enum cj_kind k)
{
	static const char *const names[] = {"null",	"a boolean", "a number",
					    "a string", "an array",  "an object"};

	return names[k];
}

static size_t string_end(const char *p, size_t i) /* of a string that begins at i */
{
	for (i++; p[i] != '"'; i++)
		i += p[i] == '\\';
	return i + 1;
}

static bool ends_word(char c)
{
	return c == ',' || c == ']' || c == '}' || is_space(c);
}

/* Length of the (checked) value that s begins with. */
static size_t value_length(struct str s)
{
	size_t depth = 0, i = 0;

	if (s.p[0] == '"')
		return string_end(s.p, 0);
	while (i < s.n) {
		switch (s.p[i]) {
		case '"':
			i = string_end(s.p, i);
			break;
		case '{':
		case '[':
			depth++;
			i++;
			continue;
		case '}':
		case ']':
			depth--;
			i++;
			break;
		case ',':
		case ':':
		case ' ':
		case '\t':
		case '\n':
		case '\r':
			i++;
			continue;
		default: /* number or word */
			while (i < s.n && !ends_word(s.p[i]))
				i++;
			break;
		}
		if (depth == 0)
			return i;
	}
	return i;
}

static struct str past(struct str s, size_t n)
{
	s.p += n;
	s.n -= n;
	while (s.n > 0 && (is_space(s.p[0]) || s.p[0] == ',' || s.p[0] == ':')) {
		s.p++;
		s.n--;
	}
	return s;
}

struct cj_walk cj_walk(struct str v)
{
	enum cj_kind k = cj_kind(v);
	struct cj_walk w = {0};

	/* Without its brackets. */
	if (k == CJ_OBJECT || k == CJ_ARRAY)
		w.rest = past((struct str){v.p + 1, v.n - 2}, 0);
	return w;
}

bool cj_item(struct cj_walk *w)
{
	if (w->rest.n == 0)
		return false;
	w->value = (struct str){w->rest.p, value_length(w->rest)};
	w->rest = past(w->rest, w->value.n);
	return true;
}

bool cj_member(struct cj_walk *w)
{
	if (w->rest.n == 0)
		return false;
	w->key = (struct str){w->rest.p, string_end(w->rest.p, 0)};
	w->rest = past(w->rest, w->key.n);
	return cj_item(w);
}

size_t cj_count(struct str array)
{
	struct cj_walk w = cj_walk(array);
	size_t n = 0;

	if (cj_kind(array) == CJ_ARRAY)
		while (cj_item(&w))
			n++;
	return n;
}

/* ---- strings ---- */

#define REPLACEMENT 0xfffdU

static unsigned escape_u(const char *p) /* "\uXXXX" */
{
	unsigned v = 0;

	for (unsigned k = 2; k < 6; k++)
		v = v << 4 | (unsigned)hex_value(p[k]);
	return v;
}

/* A surrogate pair, or U+FFFD for half of one. */
static uint32_t next_escaped(struct str *s)
{
	uint32_t c = escape_u(s->p);

	s->p += 6;
	s->n -= 6;
	if (c < 0xd800 || c > 0xdfff)
		return c;
	if (c < 0xdc00 && s->n >= 6 && s->p[0] == '\\' && s->p[1] == 'u') {
		uint32_t low = escape_u(s->p);

		if (low >= 0xdc00 && low <= 0xdfff) {
			s->p += 6;
			s->n -= 6;
			return 0x10000 + ((c - 0xd800) << 10 | (low - 0xdc00));
		}
	}
	return REPLACEMENT;
}

static uint32_t next_utf8(struct str *s)
{
	unsigned char c = (unsigned char)s->p[0];
	size_t n = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	uint32_t v = REPLACEMENT;

	if (c >= 0x80 && s->n >= n && n > 1 && utf8_valid((struct str){s->p, n})) {
		v = c & (0xffU >> (n + 1));
		for (size_t k = 1; k < n; k++)
			v = v << 6 | ((unsigned char)s->p[k] & 0x3fU);
	} else {
		n = 1;
		if (c < 0x80)
			v = c;
	}
	s->p += n;
	s->n -= n;
	return v;
}

/* Next character of what stands between the quotes. */
static uint32_t next_char(struct str *s)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	char c;

	if (s->p[0] != '\\')
		return next_utf8(s);
	c = s->p[1];
	if (c == 'u')
		return next_escaped(s);
	s->p += 2;
	s->n -= 2;
	for (size_t i = 0; i < sizeof(from) - 1; i++)
		if (c == from[i])
			return (unsigned char)to[i];
	return (unsigned char)c;
}

static struct str inside(struct str string)
{
	return (struct str){string.p + 1, string.n - 2};
}

static size_t put_utf8(char *p, uint32_t c)
{
	if (c < 0x80) {
		p[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		p[0] = (char)(0xc0 | c >> 6);
		p[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		p[0] = (char)(0xe0 | c >> 12);
		p[1] = (char)(0x80 | (c >> 6 & 0x3f));
		p[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	p[0] = (char)(0xf0 | c >> 18);
	p[1] = (char)(0x80 | (c >> 12 & 0x3f));
	p[2] = (char)(0x80 | (c >> 6 & 0x3f));
	p[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

struct str cj_text(struct str string, struct arena *a)
{
	struct str s = inside(string);
	size_t n = 0;
	char *out;

	if (memchr(s.p, '\\', s.n) == NULL && utf8_valid(s))
		return s;
	/* A byte that is not UTF-8 becomes three; an escape never grows. */
	out = arena_alloc(a, 3 * s.n + 1);
	while (s.n > 0)
		n += put_utf8(out + n, next_char(&s));
	return str_mem(out, n);
}

/*
 * Go folds by the smallest character of a fold class; of those with an ASCII member only U+017F (s)
 * and U+212A (k) are not ASCII themselves.
 */
static uint32_t fold(uint32_t c)
{
	if (c == 0x17f)
		return 's';
	if (c == 0x212a)
		return 'k';
	return c < 0x80 ? (unsigned char)ascii_lower((char)c) : c;
}

#define NAME_MAX_LEN 40U /* no field's name is longer */

/* The name folded, as ASCII; 0 when it has another character or is too long. */
static size_t fold_key(struct str raw_key, char out[NAME_MAX_LEN])
{
	struct str s = inside(raw_key);
	size_t n = 0;

	while (s.n > 0) {
		uint32_t c;

		if (n == NAME_MAX_LEN)
			return 0;
		c = fold(next_char(&s));
		if (c == 0 || c >= 0x80)
			return 0;
		out[n++] = (char)c;
	}
	return n;
}

static bool folded_is(const char *key, size_t n, const char *name)
{
	if (n == 0 || key[0] != ascii_lower(name[0]) || strlen(name) != n)
		return false;
	for (size_t i = 1; i < n; i++)
		if (key[i] != ascii_lower(name[i]))
			return false;
	return true;
}

bool cj_key_is(struct str raw_key, const char *name)
{
	char key[NAME_MAX_LEN];

	return folded_is(key, fold_key(raw_key, key), name);
}

int cj_key_index(struct str raw_key, const char *const *names)
{
	char key[NAME_MAX_LEN];
	size_t n = fold_key(raw_key, key);

	for (int i = 0; n > 0 && names[i] != NULL; i++)
		if (folded_is(key, n, names[i]))
			return i;
	return -1;
}
