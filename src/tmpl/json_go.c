/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/b64.h"
#include "tmpl/print.h"
#include "tmpl/unicode.h"

#include <math.h>

/*
 * json_go.c - json.Marshal.
 *
 * Maps come sorted by themselves. A type's own `json` is asked first. What is nested deeper than
 * TV_DEPTH_MAX is taken for the cycle that it most likely is (Go looks for one from level 1,000 on
 * and would write deeper acyclic data); the output's limit ends everything else.
 */
#define CYCLE_FROM 1001 /* the level whose type Go names */

struct encoder {
	struct buf *out, *why;
	struct arena *arena;
	struct tmpl_call *call; /* pays; may be NULL */
	bool raw;		/* no escapes for HTML */
	unsigned depth, ticks;
	const char *cycle; /* type at CYCLE_FROM */
};

/* What stands for itself in a JSON text: 1 always, 2 not where HTML is feared. */
static const unsigned char
	plain[256] =
		{
			[' '] = 1,	    ['!'] = 1,		['#' ... '%'] = 1, ['&'] = 2,
			['\'' ... ';'] = 1, ['<'] = 2,		['='] = 1,	   ['>'] = 2,
			['?' ... '['] = 1,  [']' ... 0x7f] = 1,
};

static void escape_byte(unsigned char c, struct buf *out)
{
	static const char hex[] = "0123456789abcdef";
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *at = c == 0 ? NULL : strchr(from, c);
	char text[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};

	if (at != NULL) {
		text[1] = to[at - from];
		buf_add(out, text, 2);
	} else {
		buf_add(out, text, 6);
	}
}

void json_put_text(struct str s, bool raw, struct buf *out)
{
	size_t i = 0;

	buf_putc(out, '"');
	while (i < s.n && !out->failed) {
		size_t from = i;
		while (i < s.n && (plain[(unsigned char)s.p[i]] == 1 ||
				   (raw && plain[(unsigned char)s.p[i]] == 2)))
			i++;
		if (i > from)
			buf_add(out, s.p + from, i - from);
		if (i >= s.n)
			break;
		if ((unsigned char)s.p[i] < 0x80) {
			escape_byte((unsigned char)s.p[i++], out);
			continue;
		}
		uint32_t r;
		size_t w = rune_first(str_mem(s.p + i, s.n - i), &r);
		if (rune_bad(r, w))
			buf_puts(out, "\\ufffd");
		else if (r == 0x2028 || r == 0x2029)
			buf_puts(out, r == 0x2028 ? "\\u2028" : "\\u2029");
		else
			buf_add(out, s.p + i, w);
		i += w;
	}
	buf_putc(out, '"');
}

static int unsupported_value(struct encoder *e, const char *what)
{
	buf_printf(e->why, "json: unsupported value: %s", what);
	return -1;
}

static WALK_ASIDE int put_float(struct encoder *e, double f)
{
	double abs = fabs(f);

	if (!isfinite(f))
		return unsupported_value(e, isnan(f) ? "NaN" : f > 0 ? "+Inf" : "-Inf");
	if (abs == 0 || (abs >= 1e-6 && abs < 1e21)) {
		tv_float_text(f, 'f', -1, e->out);
		return 0;
	}
	tv_float_text(f, 'e', -1, e->out);
	struct buf *b = e->out; /* e-09 becomes e-9 */
	if (!b->failed && b->n >= 4 && b->p[b->n - 4] == 'e' && b->p[b->n - 2] == '0') {
		b->p[b->n - 2] = b->p[b->n - 1];
		b->p[--b->n] = '\0';
	}
	return 0;
}

static WALK_ASIDE void put_integer(struct encoder *e, bool negative, uint64_t u)
{
	char text[24];
	size_t at = sizeof(text);

	do {
		text[--at] = (char)('0' + u % 10);
		u /= 10;
	} while (u != 0);
	if (negative)
		text[--at] = '-';
	buf_add(e->out, text + at, sizeof(text) - at);
}

static int encode(struct encoder *e, const struct tv *v);

static int put_null(struct encoder *e)
{
	buf_puts(e->out, "null");
	return 0;
}

/* An array of bytes: numbers, where a slice is base64. */
static WALK_ASIDE int put_byte_array(struct encoder *e, const struct tv *v)
{
	for (size_t i = 0; i < v->s.n && !e->out->failed; i++) {
		if (i > 0)
			buf_putc(e->out, ',');
		put_integer(e, false, (unsigned char)v->s.p[i]);
	}
	buf_putc(e->out, ']');
	return 0;
}

static WALK_ASIDE int put_bytes(struct encoder *e, struct str s)
{
	buf_putc(e->out, '"');
	if (e->out->limit == 0 || e->out->limit - e->out->n > s.n)
		b64_encode(B64_STD, s, e->out);
	else
		e->out->failed = true;
	buf_putc(e->out, '"');
	return 0;
}

static WALK_ASIDE int put_list(struct encoder *e, const struct tv *v)
{
	bool bytes = v->type->elem == &tv_type_uint8;

	if (v->nil)
		return put_null(e);
	if (bytes && v->type->kind == TV_SLICE)
		return put_bytes(e, v->s);
	buf_putc(e->out, '[');
	if (bytes)
		return put_byte_array(e, v);
	for (size_t i = 0; i < v->list.n; i++) {
		if (i > 0)
			buf_putc(e->out, ',');
		if (encode(e, &v->list.items[i]) < 0)
			return -1;
	}
	buf_putc(e->out, ']');
	return 0;
}

/* The whole argument of a call is paid for when it is called; what stands inside of it is not. */
static void put_text(struct encoder *e, struct str s)
{
	if (e->depth > 0 && !walk_pay(e->call, s.n))
		e->out->failed = true;
	else
		json_put_text(s, e->raw, e->out);
}

static WALK_ASIDE int put_map(struct encoder *e, const struct tv *v)
{
	if (v->nil || v->map == NULL)
		return put_null(e);
	buf_putc(e->out, '{');
	for (size_t i = 0; i < v->map->n; i++) {
		const struct tv_entry *t = &v->map->entries[i];
		if (i > 0)
			buf_putc(e->out, ',');
		put_text(e, t->key);
		buf_putc(e->out, ':');
		if (encode(e, &t->value) < 0)
			return -1;
	}
	buf_putc(e->out, '}');
	return 0;
}

static bool is_empty(struct tv v)
{
	bool ok;

	return v.type == NULL || v.nil || (v.type->kind != TV_STRUCT && !tv_truth(v, &ok));
}

static WALK_ASIDE int put_struct(struct encoder *e, const struct tv *v)
{
	bool first = true;

	buf_putc(e->out, '{');
	for (const struct tv_field *f = v->type->fields; f != NULL && f->name != NULL; f++) {
		if (f->json == NULL)
			continue;
		struct tv item = f->get(v, e->arena);
		if (f->omit_empty && is_empty(item))
			continue;
		if (!first)
			buf_putc(e->out, ',');
		first = false;
		json_put_text(str_c(f->json), e->raw, e->out);
		buf_putc(e->out, ':');
		if (encode(e, &item) < 0)
			return -1;
	}
	buf_putc(e->out, '}');
	return 0;
}

static WALK_ASIDE int put_pointed(struct encoder *e, const struct tv *v)
{
	if (v->nil || v->type->elem == NULL)
		return put_null(e);
	struct tv target = *v;
	target.type = v->type->elem;
	return encode(e, &target);
}

static WALK_ASIDE int by_method(struct encoder *e, const struct tv *v)
{
	struct buf why = BUF_INIT;

	if (v->nil && v->type->kind == TV_PTR)
		return put_null(e);
	int r = v->type->json(v, e->out, &why);
	if (r < 0 && str_starts(buf_view(&why), "json: "))
		buf_str(e->why, buf_view(&why));
	else if (r < 0)
		buf_printf(e->why, "json: error calling MarshalJSON for type %s: " STR_FMT,
			   v->type->name, STR_ARG(buf_view(&why)));
	buf_release(&why);
	return r;
}

/* What holds nothing else. */
static WALK_ASIDE int put_basic(struct encoder *e, const struct tv *v)
{
	switch (v->type->kind) {
	case TV_BOOL:
		buf_puts(e->out, v->b ? "true" : "false");
		return 0;
	case TV_INT:
	case TV_INT32:
	case TV_INT64:
		put_integer(e, v->i < 0, v->i < 0 ? -(uint64_t)v->i : (uint64_t)v->i);
		return 0;
	case TV_UINT8:
	case TV_UINT32:
	case TV_UINT64:
		put_integer(e, false, v->u);
		return 0;
	case TV_FLOAT64:
		return put_float(e, v->f);
	case TV_STRING:
	case TV_SLICE:
	case TV_ARRAY:
	case TV_MAP:
	case TV_STRUCT:
	case TV_PTR:
	case TV_COMPLEX128:
	case TV_FUNC:
	case TV_INVALID:
	case TV_INTERFACE:
		break;
	}
	buf_printf(e->why, "json: unsupported type: %s", v->type->name);
	return -1;
}

static int by_kind(struct encoder *e, const struct tv *v)
{
	enum tv_kind k = v->type->kind;
	int r;

	if (e->depth == CYCLE_FROM)
		e->cycle = v->type->name;
	if (e->depth >= TV_DEPTH_MAX) {
		buf_printf(e->why, "json: unsupported value: encountered a cycle via %s", e->cycle);
		return -1;
	}
	e->depth++;
	if (k == TV_SLICE || k == TV_ARRAY)
		r = put_list(e, v);
	else if (k == TV_MAP)
		r = put_map(e, v);
	else if (k == TV_STRUCT)
		r = put_struct(e, v);
	else if (k == TV_PTR)
		r = put_pointed(e, v);
	else
		r = put_basic(e, v);
	e->depth--;
	return r;
}

static int encode(struct encoder *e, const struct tv *v)
{
	if (!walk_tick(e->call, &e->ticks))
		e->out->failed = true;
	if (e->out->failed) {
		buf_puts(e->why, "json: the text would be too long");
		return -1;
	}
	if (v->type == NULL)
		return put_null(e);
	if (v->type->json != NULL)
		return by_method(e, v);
	if (v->type->kind == TV_STRING) {
		put_text(e, v->s);
		return 0;
	}
	return by_kind(e, v);
}

static void new_line(struct tmpl_call *call, struct buf *out, size_t depth)
{
	if (!walk_pay(call, depth / 4))
		out->failed = true;
	buf_putc(out, '\n');
	buf_fill(out, ' ', 2 * depth);
}

/* After a quote: where the text ends, behind its closing quote. */
static size_t end_of_text(struct str s, size_t at)
{
	for (; at < s.n && s.p[at] != '"'; at++)
		at += s.p[at] == '\\';
	return at < s.n ? at + 1 : s.n;
}

/* json.Indent of compact text: two spaces, empty lists and objects as they are. */
static void indent(struct tmpl_call *call, struct str s, struct buf *out)
{
	size_t depth = 0;

	for (size_t i = 0; i < s.n && !out->failed; i++) {
		size_t end;
		switch (s.p[i]) {
		case '"':
			end = end_of_text(s, i + 1);
			buf_add(out, s.p + i, end - i);
			i = end - 1;
			break;
		case '{':
		case '[':
			buf_putc(out, s.p[i]);
			if (i + 1 < s.n && (s.p[i + 1] == '}' || s.p[i + 1] == ']'))
				buf_putc(out, s.p[++i]);
			else
				new_line(call, out, ++depth);
			break;
		case '}':
		case ']':
			new_line(call, out, --depth);
			buf_putc(out, s.p[i]);
			break;
		case ',':
			buf_putc(out, ',');
			new_line(call, out, depth);
			break;
		case ':':
			buf_puts(out, ": ");
			break;
		default:
			buf_putc(out, s.p[i]);
			break;
		}
	}
}

int json_encode(struct tv v, unsigned flags, struct tmpl_call *call, struct arena *a,
		struct buf *out, struct buf *why)
{
	struct buf compact = {.limit = out->limit};
	struct encoder e = {.out = (flags & TV_JSON_INDENT) ? &compact : out,
			    .why = why,
			    .arena = a,
			    .call = call,
			    .raw = (flags & TV_JSON_RAW) != 0};
	int r = encode(&e, &v);

	if (r == 0 && (flags & TV_JSON_INDENT))
		indent(call, buf_view(&compact), out);
	if (compact.failed)
		out->failed = true;
	buf_release(&compact);
	if (r == 0 && out->failed) {
		buf_puts(why, "json: the text would be too long");
		r = -1;
	}
	return r;
}

int tv_to_json(struct tv v, unsigned flags, struct arena *a, struct buf *out, struct buf *why)
{
	return json_encode(v, flags, NULL, a, out, why);
}
