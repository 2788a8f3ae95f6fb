/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/mem.h"
#include "tmpl/print.h"
#include "tmpl/unicode.h"

/*
 * json_read.c - json.Unmarshal into an interface {}, with Go's messages.
 *
 * One pass with stacks of its own, so that depth costs no C stack. Values wait on `items` until
 * their list or object is closed and are then copied to the arena. Go checks the whole text before
 * it decodes: a syntax error anywhere wins over a number out of range, which only leaves a null
 * behind. The end of the text counts as one space: that is how Go's scanner ends what is
 * unfinished, and where messages like "invalid character ' ' in literal true" come from.
 */
#define DEPTH_MAX 10000

enum state { VALUE, VALUE_OR_END, KEY, KEY_OR_END, AFTER };

struct frame {
	size_t base; /* of its values, in items */
	bool object;
};
struct reader {
	struct str s;
	size_t i;
	struct arena *arena;
	struct buf *why;
	struct tv_entry *items;
	size_t n, cap;
	struct frame *frames;
	size_t depth, cap_frames;
	struct str range; /* the first number that was out of range */
};

static int invalid(struct reader *r, unsigned char c, const char *context)
{
	struct buf q = BUF_INIT;
	char utf8[4];

	if (c == '\'') {
		buf_puts(&q, "'\\''");
	} else if (c == '"') {
		buf_puts(&q, "'\"'");
	} else {
		tv_quote(str_mem(utf8, rune_encode(c, utf8)), &q);
		q.p[0] = q.p[q.n - 1] = '\'';
	}
	buf_puts(r->why, "invalid character ");
	buf_str(r->why, buf_view(&q));
	buf_putc(r->why, ' ');
	buf_puts(r->why, context);
	buf_release(&q);
	return -1;
}

static int unexpected_end(struct reader *r)
{
	buf_puts(r->why, "unexpected end of JSON input");
	return -1;
}

static inline bool at_end(const struct reader *r)
{
	return r->i >= r->s.n;
}
static inline unsigned char peek(const struct reader *r)
{
	return at_end(r) ? ' ' : (unsigned char)r->s.p[r->i];
}
static inline bool is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static void skip_space(struct reader *r)
{
	while (!at_end(r)) {
		char c = r->s.p[r->i];
		if (c != ' ' && c != '\t' && c != '\r' && c != '\n')
			break;
		r->i++;
	}
}

static struct tv_entry *push(struct reader *r)
{
	if (r->n == r->cap) {
		r->cap = r->cap == 0 ? 32 : r->cap * 2;
		r->items = mem_realloc(r->items, r->cap * sizeof(*r->items));
	}
	struct tv_entry *e = &r->items[r->n++];
	*e = (struct tv_entry){0};
	return e;
}

/* The value that is read goes to the entry whose key is there, or to a new one. */
static void put(struct reader *r, struct tv v)
{
	if (r->depth > 0 && r->frames[r->depth - 1].object)
		r->items[r->n - 1].value = v;
	else
		push(r)->value = v;
}

static int open_frame(struct reader *r, bool object)
{
	if (r->depth >= DEPTH_MAX)
		return invalid(r, object ? '{' : '[', "exceeded max depth");
	if (r->depth == r->cap_frames) {
		r->cap_frames = r->cap_frames == 0 ? 16 : r->cap_frames * 2;
		r->frames = mem_realloc(r->frames, r->cap_frames * sizeof(*r->frames));
	}
	r->frames[r->depth++] = (struct frame){.base = r->n, .object = object};
	r->i++;
	return 0;
}

static void close_frame(struct reader *r)
{
	struct frame f = r->frames[--r->depth];
	size_t n = r->n - f.base;
	struct tv v;

	if (f.object) {
		v = tv_map_new(r->arena, &tv_type_map, n);
		for (size_t i = f.base; i < r->n; i++)
			tv_map_append(v.map, r->items[i].key, r->items[i].value);
		tv_map_sort(v.map);
	} else {
		struct tv *items = n == 0 ? NULL : ARENA_ARRAY(r->arena, struct tv, n);
		for (size_t i = 0; i < n; i++)
			items[i] = tv_any(r->items[f.base + i].value);
		v = tv_list(&tv_type_list, items, n);
	}
	r->n = f.base;
	r->i++;
	put(r, v);
}

static bool is_hex(unsigned char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static uint32_t hex4(const char *p)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++) {
		char c = ascii_lower(p[i]);
		v = v << 4 | (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return v;
}

/* After "\u": the code point, a second half of a surrogate pair taken along. */
static uint32_t escape_u(const char **p, const char *end)
{
	uint32_t r = hex4(*p);

	*p += 4;
	if (r < 0xd800 || r > 0xdfff)
		return r;
	if (r < 0xdc00 && end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u') {
		uint32_t low = hex4(*p + 2);
		if (low >= 0xdc00 && low <= 0xdfff) {
			*p += 6;
			return 0x10000 + ((r - 0xd800) << 10) + (low - 0xdc00);
		}
	}
	return RUNE_ERROR;
}

/* Of checked text between quotes. No result is longer than three times its source. */
static struct str unquote(struct reader *r, const char *p, const char *end)
{
	char *text = arena_alloc(r->arena, 3 * (size_t)(end - p) + 4);
	size_t n = 0;

	while (p < end) {
		if (*p == '\\') {
			static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
			char c = p[1];
			const char *at = strchr(from, c);
			p += 2;
			if (c == 'u')
				n += rune_encode(escape_u(&p, end), text + n);
			else
				text[n++] = at != NULL ? to[at - from] : c;
		} else if ((unsigned char)*p < 0x80) {
			text[n++] = *p++;
		} else {
			uint32_t c;
			p += rune_first(str_mem(p, (size_t)(end - p)), &c);
			n += rune_encode(c, text + n);
		}
	}
	return str_mem(text, n);
}

static int skip_escape(struct reader *r)
{
	r->i++;
	unsigned char c = peek(r);
	if (c == ' ' || strchr("bfnrt\\/\"u", c) == NULL || c == '\0')
		return invalid(r, c, "in string escape code");
	r->i++;
	for (int k = 0; c == 'u' && k < 4; k++, r->i++) {
		if (!is_hex(peek(r)))
			return invalid(r, peek(r), "in \\u hexadecimal character escape");
	}
	return 0;
}

static int read_text(struct reader *r, struct str *out)
{
	size_t from = ++r->i;
	bool plain = true;

	for (;;) {
		if (at_end(r))
			return unexpected_end(r);
		unsigned char c = (unsigned char)r->s.p[r->i];
		if (c == '"')
			break;
		if (c < 0x20)
			return invalid(r, c, "in string literal");
		if (c == '\\') {
			plain = false;
			if (skip_escape(r) < 0)
				return -1;
			continue;
		}
		plain &= c < 0x80;
		r->i++;
	}
	const char *p = r->s.p + from, *end = r->s.p + r->i++;
	*out = plain ? str_mem(arena_dup(r->arena, p, (size_t)(end - p)), (size_t)(end - p))
		     : unquote(r, p, end);
	return 0;
}

static int digits(struct reader *r, const char *context)
{
	if (!is_digit(peek(r)))
		return invalid(r, peek(r), context);
	while (is_digit(peek(r)))
		r->i++;
	return 0;
}

static int read_number(struct reader *r)
{
	size_t from = r->i;
	double f;
	bool range;

	if (peek(r) == '-')
		r->i++;
	if (peek(r) == '0')
		r->i++;
	else if (digits(r, "in numeric literal") < 0)
		return -1;
	if (peek(r) == '.') {
		r->i++;
		if (digits(r, "after decimal point in numeric literal") < 0)
			return -1;
	}
	if (peek(r) == 'e' || peek(r) == 'E') {
		r->i++;
		if (peek(r) == '+' || peek(r) == '-')
			r->i++;
		if (digits(r, "in exponent of numeric literal") < 0)
			return -1;
	}
	struct str s = str_mem(r->s.p + from, r->i - from);
	if (float_parse(s, &f, &range) && !range) {
		put(r, tv_float(f));
		return 0;
	}
	if (r->range.n == 0)
		r->range = s;
	put(r, tv_null());
	return 0;
}

static int read_word(struct reader *r, const char *word, struct tv v)
{
	char context[48];

	for (const char *w = word + 1; *w != '\0'; w++) {
		r->i++;
		if (peek(r) != (unsigned char)*w || at_end(r)) {
			snprintf(context, sizeof(context), "in literal %s (expecting '%c')", word,
				 *w);
			return invalid(r, peek(r), context);
		}
	}
	r->i++;
	put(r, v);
	return 0;
}

static int read_value(struct reader *r, enum state *state)
{
	struct str s;
	unsigned char c = peek(r);

	*state = AFTER;
	switch (c) {
	case '{':
		*state = KEY_OR_END;
		return open_frame(r, true);
	case '[':
		*state = VALUE_OR_END;
		return open_frame(r, false);
	case '"':
		if (read_text(r, &s) < 0)
			return -1;
		put(r, tv_str(s));
		return 0;
	case 't':
		return read_word(r, "true", tv_bool(true));
	case 'f':
		return read_word(r, "false", tv_bool(false));
	case 'n':
		return read_word(r, "null", tv_null());
	}
	if (c == '-' || is_digit(c))
		return read_number(r);
	return invalid(r, c, "looking for beginning of value");
}

static int read_key(struct reader *r, enum state *state)
{
	struct str key;

	if (peek(r) != '"')
		return invalid(r, peek(r), "looking for beginning of object key string");
	if (read_text(r, &key) < 0)
		return -1;
	push(r)->key = key;
	skip_space(r);
	if (at_end(r))
		return unexpected_end(r);
	if (peek(r) != ':')
		return invalid(r, peek(r), "after object key");
	r->i++;
	*state = VALUE;
	return 0;
}

/* Inside a list or object, after a value. */
static int read_next(struct reader *r, enum state *state)
{
	bool object = r->frames[r->depth - 1].object;
	unsigned char c = peek(r);

	if (c == ',') {
		r->i++;
		*state = object ? KEY : VALUE;
	} else if (c == (object ? '}' : ']')) {
		close_frame(r);
	} else {
		return invalid(r, c,
			       object ? "after object key:value pair" : "after array element");
	}
	return 0;
}

static int read_all(struct reader *r)
{
	enum state state = VALUE;

	for (;;) {
		skip_space(r);
		if (state == AFTER && r->depth == 0)
			break;
		if (at_end(r))
			return unexpected_end(r);
		int e = 0;
		if ((state == VALUE_OR_END && peek(r) == ']') ||
		    (state == KEY_OR_END && peek(r) == '}')) {
			close_frame(r);
			state = AFTER;
		} else if (state == AFTER) {
			e = read_next(r, &state);
		} else if (state == KEY || state == KEY_OR_END) {
			e = read_key(r, &state);
		} else {
			e = read_value(r, &state);
		}
		if (e < 0)
			return -1;
	}
	return at_end(r) ? 0 : invalid(r, peek(r), "after top-level value");
}

int tv_parse_json(struct str text, struct arena *a, struct tv *out, struct buf *why)
{
	struct reader r = {.s = text, .arena = a, .why = why};
	int e = read_all(&r);

	*out = tv_null();
	if (e == 0) {
		*out = r.items[0].value;
		if (r.range.n > 0) {
			buf_puts(why, "json: cannot unmarshal number ");
			buf_str(why, r.range);
			buf_puts(why, " into Go value of type float64");
			e = -1;
		}
	}
	mem_free(r.items);
	mem_free(r.frames);
	return e;
}
