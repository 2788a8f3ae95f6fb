/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/priv.h"
#include "tmpl/unicode.h"

/*
 * Go's own functions. and, or and call are made by the interpreter (exec_call.c): here only their
 * parameters matter. print and its kin format by print.c.
 */
static int never(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	(void)args;
	(void)n;
	(void)out;
	return tmpl_error(c, "unreachable");
}

static int builtin_not(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	bool ok;

	(void)c;
	(void)n;
	*out = tv_bool(!tv_truth(tv_bare(args[0]), &ok));
	return 0;
}

static int builtin_len(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	bool nil;
	struct tv v = value_indirect(args[0], &nil);
	enum tv_kind k = tv_kind(v);

	(void)n;
	if (nil)
		return tmpl_error(c, "len of nil pointer");
	if (k == TV_INVALID)
		return tmpl_error(c, "reflect: call of reflect.Value.Type on zero Value");
	if (k != TV_STRING && k != TV_SLICE && k != TV_ARRAY && k != TV_MAP)
		return tmpl_error(c, "len of type %s", tv_type_name(v));
	*out = tv_int((int64_t)tv_count(v));
	return 0;
}

/* An index of a list or text: 0 to cap, both included. */
static int index_arg(struct tmpl_call *c, struct tv v, size_t cap, size_t *out)
{
	enum tv_kind k = tv_kind(v);
	int64_t x = v.i;

	if (k == TV_UINT8 || k == TV_UINT32 || k == TV_UINT64)
		x = (int64_t)v.u;
	else if (k == TV_INVALID)
		return tmpl_error(c, "cannot index slice/array with nil");
	else if (k != TV_INT && k != TV_INT32 && k != TV_INT64)
		return tmpl_error(c, "cannot index slice/array with type %s", tv_type_name(v));
	if (x < 0 || (uint64_t)x > cap)
		return tmpl_error(c, "index out of range: %" PRId64, x);
	*out = (size_t)x;
	return 0;
}

static int index_list(struct tmpl_call *c, struct tv *item, struct tv index)
{
	size_t n = tv_count(*item), i;

	if (index_arg(c, index, n, &i) != 0)
		return -1;
	if (i == n) /* Go lets it pass, and reflect panics */
		return tmpl_error(c, "reflect: %s index out of range",
				  tv_is_string(*item) ? "string" : "slice");
	*item = tv_item(*item, i);
	return 0;
}

/* The zero value of a map's elements. */
static struct tv zero_of(const struct tv_type *t)
{
	if (t == NULL || t->kind == TV_INTERFACE)
		return tv_null();
	struct tv v = {.type = t};
	v.nil = t->kind == TV_SLICE || t->kind == TV_MAP || t->kind == TV_PTR;
	return v;
}

static int index_map(struct tmpl_call *c, struct tv *item, struct tv index)
{
	if (index.type == NULL)
		return tmpl_error(c, "value is nil; should be of type string");
	if (index.type != &tv_type_string)
		return tmpl_error(c, "value has type %s; should be string", tv_type_name(index));
	const struct tv *e = tv_count(*item) > 0 ? tv_map_get(item->map, index.s) : NULL;
	*item = e != NULL ? *e : zero_of(item->type->elem);
	return 0;
}

static int builtin_index(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	struct tv item = tv_bare(args[0]);
	bool nil;

	if (item.type == NULL)
		return tmpl_error(c, "index of untyped nil");
	for (size_t i = 1; i < n; i++) {
		item = value_indirect(item, &nil);
		if (nil)
			return tmpl_error(c, "index of nil pointer");
		enum tv_kind k = tv_kind(item);
		if (k == TV_SLICE || k == TV_ARRAY || k == TV_STRING) {
			if (index_list(c, &item, args[i]) != 0)
				return -1;
		} else if (k == TV_MAP) {
			if (index_map(c, &item, args[i]) != 0)
				return -1;
		} else {
			return tmpl_error(c, "can't index item of type %s", tv_type_name(item));
		}
	}
	*out = item;
	return 0;
}

static struct tv cut(struct tv v, size_t from, size_t to)
{
	if (from == 0 && to == tv_count(v))
		return v;
	if (tv_is_string(v) || tv_is_bytes(v)) {
		v.s = (struct str){v.s.p + from, to - from};
	} else {
		v.list.items += from;
		v.list.n = to - from;
	}
	return v;
}

/* Go's own slice; sprig hides it. The capacity of a list is its length here. */
static int builtin_slice(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	struct tv item = tv_bare(args[0]);
	size_t at[3] = {0};
	bool nil;

	if (item.type == NULL)
		return tmpl_error(c, "slice of untyped nil");
	item = value_indirect(item, &nil);
	if (nil)
		return tmpl_error(c, "slice of nil pointer");
	if (n > 4)
		return tmpl_error(c, "too many slice indexes: %zu", n - 1);
	if (tv_is_string(item) && n == 4)
		return tmpl_error(c, "cannot 3-index slice a string");
	if (!tv_is_string(item) && item.type->kind != TV_SLICE && item.type->kind != TV_ARRAY)
		return tmpl_error(c, "can't slice item of type %s", tv_type_name(item));
	at[1] = tv_count(item);
	for (size_t i = 1; i < n; i++)
		if (index_arg(c, args[i], tv_count(item), &at[i - 1]) != 0)
			return -1;
	if (at[0] > at[1])
		return tmpl_error(c, "invalid slice index: %zu > %zu", at[0], at[1]);
	if (n == 4 && at[1] > at[2])
		return tmpl_error(c, "invalid slice index: %zu > %zu", at[1], at[2]);
	*out = cut(item, at[0], at[1]);
	return 0;
}

static int print_joined(struct tmpl_call *c, const struct tv *args, size_t n, bool line,
			struct tv *out)
{
	struct buf b = BUF_INIT;

	if (tmpl_sprint(c, args, n, line, &b) != 0)
		b.failed = true;
	return tmpl_return_buf(c, &b, out);
}

static int builtin_print(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	return print_joined(c, args, n, false, out);
}

static int builtin_println(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	return print_joined(c, args, n, true, out);
}

static int builtin_printf(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	struct buf b = BUF_INIT;

	if (tmpl_sprintf(c, args[0].s, args + 1, n - 1, &b) != 0)
		b.failed = true;
	return tmpl_return_buf(c, &b, out);
}

/* The arguments as one text, as an action would print them. */
static int text_of_args(struct tmpl_call *c, const struct tv *args, size_t n, struct str *text)
{
	struct tv joined, *v = NULL;

	if (n == 1 && args[0].type == &tv_type_string) {
		*text = args[0].s;
		return 0;
	}
	if (tmpl_room(c, n * sizeof(*v)) != 0)
		return -1;
	v = ARENA_ARRAY(c->arena, struct tv, n);
	for (size_t i = 0; i < n; i++) {
		v[i] = value_printable(args[i]);
		if (v[i].type == NULL)
			v[i] = tv_str(STR("<no value>"));
	}
	if (print_joined(c, v, n, false, &joined) != 0)
		return -1;
	*text = joined.s;
	return 0;
}

static int escape(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out,
		  void (*add)(struct str s, struct buf *out))
{
	struct buf b = {.limit = c->room};
	struct str s;

	if (text_of_args(c, args, n, &s) != 0)
		return -1;
	if (b.limit == 0)
		return tmpl_room(c, s.n + 1);
	if (s.n >= 64 && tmpl_steps(c, 2 * (uint64_t)s.n) != 0)
		return -1;
	add(s, &b);
	return tmpl_return_buf(c, &b, out);
}

static void add_html(struct str s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		switch (s.p[i]) {
		case '\0':
			buf_puts(out, "\xef\xbf\xbd");
			break;
		case '"':
			buf_puts(out, "&#34;");
			break;
		case '\'':
			buf_puts(out, "&#39;");
			break;
		case '&':
			buf_puts(out, "&amp;");
			break;
		case '<':
			buf_puts(out, "&lt;");
			break;
		case '>':
			buf_puts(out, "&gt;");
			break;
		default:
			buf_putc(out, s.p[i]);
		}
	}
}

/* \u and at least four digits, upper case. */
static void add_js_escape(uint32_t r, struct buf *out)
{
	static const char hex[] = "0123456789ABCDEF";
	char text[8] = {'\\', 'u'};
	size_t n = 2;

	for (int shift = 20; shift >= 0; shift -= 4)
		if (shift < 16 || r >> shift != 0)
			text[n++] = hex[(r >> shift) & 15];
	buf_add(out, text, n);
}

static void add_js(struct str s, struct buf *out)
{
	uint32_t r;
	size_t width;

	for (size_t i = 0; i < s.n; i += width) {
		width = rune_first((struct str){s.p + i, s.n - i}, &r);
		if (r == '\\' || r == '\'' || r == '"') {
			buf_putc(out, '\\');
			buf_putc(out, (char)r);
		} else if (r == '<' || r == '>' || r == '&' || r == '=' || r < ' ' ||
			   (r >= 0x80 && !rune_is_print(r))) {
			add_js_escape(r, out);
		} else {
			buf_add(out, s.p + i, width);
		}
	}
}

static void add_query(struct str s, struct buf *out)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i], lower = ascii_lower(c);
		if ((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
		    (c != '\0' && strchr("-_.~", c) != NULL))
			buf_putc(out, c);
		else if (c == ' ')
			buf_putc(out, '+');
		else
			buf_add(out, (const char[]){'%', hex[(unsigned char)c >> 4], hex[c & 15]},
				3);
	}
}

static int builtin_html(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	return escape(c, args, n, out, add_html);
}

static int builtin_js(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	return escape(c, args, n, out, add_js);
}

static int builtin_urlquery(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	return escape(c, args, n, out, add_query);
}

#define GO TMPL_FUNC_BUILTIN
const struct tmpl_func tmpl_funcs_builtin[] = {{"and", "v*v", 'v', GO, never},
					       {"call", "v*v", 'v', GO, never},
					       {"eq", "v*v", 'b', GO, compare_eq},
					       {"ge", "vv", 'b', GO, compare_ge},
					       {"gt", "vv", 'b', GO, compare_gt},
					       {"html", "*a", 's', GO, builtin_html},
					       {"index", "v*v", 'v', GO, builtin_index},
					       {"js", "*a", 's', GO, builtin_js},
					       {"le", "vv", 'b', GO, compare_le},
					       {"len", "v", 'i', GO, builtin_len},
					       {"lt", "vv", 'b', GO, compare_lt},
					       {"ne", "vv", 'b', GO, compare_ne},
					       {"not", "v", 'b', GO, builtin_not},
					       {"or", "v*v", 'v', GO, never},
					       {"print", "*a", 's', GO, builtin_print},
					       {"printf", "s*a", 's', GO, builtin_printf},
					       {"println", "*a", 's', GO, builtin_println},
					       {"slice", "v*v", 'v', GO, builtin_slice},
					       {"urlquery", "*a", 's', GO, builtin_urlquery},
					       {0}};
