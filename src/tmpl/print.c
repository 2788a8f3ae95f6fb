/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/print.h"
#include "tmpl/unicode.h"

/*
 * print.c - values as Go's package fmt prints them.
 *
 * A value is printed by its type's `string` where the verb takes texts, else by its kind; lists,
 * maps and structs hand the verb to what they hold. What does not fit a verb becomes
 * %!v(type=value) and is never an error. All output goes through a buffer with a limit; when that
 * is reached, or the value is nested deeper than TV_DEPTH_MAX, `failed` is set and everything
 * returns quickly.
 *
 * Addresses are not shown: what Go prints as 0xc000123456 is one made-up number here.
 */
#define ADDRESS UINT64_C(0xc000010000)

void print_verb_name(struct printer *p, uint32_t verb)
{
	buf_puts(p->out, "%!");
	rune_add(p->out, verb);
}

void print_bad_verb(struct printer *p, struct tv v, uint32_t verb)
{
	p->erroring = true;
	print_verb_name(p, verb);
	buf_putc(p->out, '(');
	if (v.type != NULL) {
		buf_puts(p->out, v.type->name);
		buf_putc(p->out, '=');
		print_arg(p, v, 'v');
	} else {
		buf_puts(p->out, "<nil>");
	}
	buf_putc(p->out, ')');
	p->erroring = false;
}

static bool takes_text(uint32_t verb)
{
	return verb == 'v' || verb == 's' || verb == 'x' || verb == 'X' || verb == 'q';
}

/* Stringer and error. */
static WALK_ASIDE void print_by_method(struct printer *p, const struct tv *v, uint32_t verb)
{
	struct buf b = BUF_INIT;

	if (v->type->kind == TV_PTR && v->nil) {
		buf_puts(p->out, "<nil>");
		return;
	}
	v->type->string(v, &b);
	print_string(p, *v, buf_view(&b), verb);
	buf_release(&b);
}

static bool by_method(struct printer *p, const struct tv *v, uint32_t verb)
{
	if (p->erroring)
		return false;
	if (v->type->format != NULL && !v->nil && v->type->format(v, verb, p->out))
		return true;
	if (verb == 'w') {
		print_bad_verb(p, *v, verb);
		return true;
	}
	if (v->type->string == NULL || p->f.sharp_v || !takes_text(verb))
		return false;
	print_by_method(p, v, verb);
	return true;
}

static WALK_ASIDE void print_pointer(struct printer *p, struct tv v, uint32_t verb)
{
	enum tv_kind k = tv_kind(v);

	if (k != TV_FUNC && k != TV_MAP && k != TV_PTR && k != TV_SLICE) {
		print_bad_verb(p, v, verb);
		return;
	}
	uint64_t u = v.nil ? 0 : ADDRESS;
	if (verb == 'v' && p->f.sharp_v) {
		buf_putc(p->out, '(');
		buf_puts(p->out, v.type->name);
		buf_puts(p->out, ")(");
		if (u == 0)
			buf_puts(p->out, "nil");
		else
			print_hex(p, u, true);
		buf_putc(p->out, ')');
	} else if (verb == 'v' && u == 0) {
		print_pad(p, STR("<nil>"));
	} else if (verb == 'v' || verb == 'p') {
		print_hex(p, u, !p->f.sharp);
	} else if (verb == 'b' || verb == 'o' || verb == 'd' || verb == 'x' || verb == 'X') {
		print_u64(p, u, false, verb);
	} else {
		print_bad_verb(p, v, verb);
	}
}

/* "[" or "type{", and what belongs between two elements. */
static const char *open_list(struct printer *p, const char *type)
{
	if (!p->f.sharp_v) {
		buf_putc(p->out, '[');
		return " ";
	}
	buf_puts(p->out, type);
	buf_putc(p->out, '{');
	return ", ";
}

static void close_list(struct printer *p)
{
	buf_putc(p->out, p->f.sharp_v ? '}' : ']');
}

static bool nil_in_go_syntax(struct printer *p, const struct tv *v, const char *name)
{
	if (!p->f.sharp_v || !v->nil)
		return false;
	buf_puts(p->out, name);
	buf_puts(p->out, "(nil)");
	return true;
}

static void by_kind(struct printer *p, const struct tv *v, uint32_t verb, bool top);

static WALK_ASIDE void print_bytes(struct printer *p, struct tv v, uint32_t verb, const char *name)
{
	struct str s = v.nil ? STR_NULL : v.s;

	if (verb == 's') {
		print_text(p, s);
		return;
	}
	if (verb == 'x' || verb == 'X' || verb == 'q') {
		print_string(p, v, s, verb);
		return;
	}
	if (verb != 'v' && verb != 'd') {
		by_kind(p, &v, verb, true);
		return;
	}
	if (nil_in_go_syntax(p, &v, name))
		return;
	const char *gap = open_list(p, name);
	for (size_t i = 0; i < s.n && !p->out->failed; i++) {
		if (i > 0)
			buf_puts(p->out, gap);
		if (!walk_tick(p->call, &p->ticks))
			p->out->failed = true;
		if (p->f.sharp_v)
			print_hex(p, (uint8_t)s.p[i], true);
		else
			print_u64(p, (uint8_t)s.p[i], false, verb);
	}
	close_list(p);
}

static void print_inner(struct printer *p, const struct tv *v, uint32_t verb);

/* Under a verb that print_bytes() has no form for. */
static WALK_ASIDE void print_byte_items(struct printer *p, const struct tv *v, uint32_t verb,
					const char *gap)
{
	size_t n = tv_count(*v);

	for (size_t i = 0; i < n && !p->out->failed; i++) {
		struct tv item = tv_item(*v, i);
		if (i > 0)
			buf_puts(p->out, gap);
		print_inner(p, &item, verb);
	}
}

static WALK_ASIDE void print_list(struct printer *p, const struct tv *v, uint32_t verb)
{
	if (nil_in_go_syntax(p, v, v->type->name))
		return;
	const char *gap = open_list(p, v->type->name);
	if (v->type->elem == &tv_type_uint8) {
		print_byte_items(p, v, verb, gap);
	} else {
		size_t n = v->nil ? 0 : v->list.n;
		for (size_t i = 0; i < n && !p->out->failed; i++) {
			if (i > 0)
				buf_puts(p->out, gap);
			print_inner(p, &v->list.items[i], verb);
		}
	}
	close_list(p);
}

static WALK_ASIDE void print_key(struct printer *p, const struct tv_entry *e, uint32_t verb)
{
	print_string(p, tv_str(e->key), e->key, verb);
	buf_putc(p->out, ':');
}

static WALK_ASIDE void print_map(struct printer *p, const struct tv *v, uint32_t verb)
{
	if (nil_in_go_syntax(p, v, v->type->name))
		return;
	if (!p->f.sharp_v)
		buf_puts(p->out, "map");
	const char *gap = open_list(p, v->type->name);
	size_t n = v->nil || v->map == NULL ? 0 : v->map->n;
	for (size_t i = 0; i < n && !p->out->failed; i++) {
		const struct tv_entry *e = &v->map->entries[i];
		if (i > 0)
			buf_puts(p->out, gap);
		print_key(p, e, verb);
		print_inner(p, &e->value, verb);
	}
	close_list(p);
}

static WALK_ASIDE void print_struct(struct printer *p, const struct tv *v, uint32_t verb)
{
	if (p->f.sharp_v)
		buf_puts(p->out, v->type->name);
	buf_putc(p->out, '{');
	for (const struct tv_field *f = v->type->fields; f != NULL && f->name != NULL; f++) {
		if (p->out->failed)
			return;
		if (f != v->type->fields)
			buf_puts(p->out, p->f.sharp_v ? ", " : " ");
		if (p->f.plus_v || p->f.sharp_v) {
			buf_puts(p->out, f->name);
			buf_putc(p->out, ':');
		}
		struct tv item = f->get(v, p->arena);
		print_inner(p, &item, verb);
	}
	buf_putc(p->out, '}');
}

static WALK_ASIDE void print_ptr(struct printer *p, const struct tv *v, uint32_t verb, bool top)
{
	const struct tv_type *to = v->type->elem;

	if (!top || v->nil || to == NULL || to->kind != TV_STRUCT) {
		print_pointer(p, *v, verb);
		return;
	}
	struct tv target = *v;
	target.type = to;
	buf_putc(p->out, '&');
	print_inner(p, &target, verb);
}

/* What holds nothing else. */
static WALK_ASIDE void print_basic(struct printer *p, const struct tv *v, uint32_t verb)
{
	switch (v->type->kind) {
	case TV_BOOL:
		print_bool(p, *v, verb);
		break;
	case TV_INT:
	case TV_INT32:
	case TV_INT64:
	case TV_UINT8:
	case TV_UINT32:
	case TV_UINT64:
		print_integer(p, *v, verb);
		break;
	case TV_FLOAT64:
		print_float(p, *v, v->f, verb);
		break;
	case TV_COMPLEX128:
		print_complex(p, *v, verb);
		break;
	case TV_STRING:
		print_string(p, *v, v->s, verb);
		break;
	case TV_FUNC:
		print_pointer(p, *v, verb);
		break;
	case TV_SLICE:
	case TV_ARRAY:
	case TV_MAP:
	case TV_STRUCT:
	case TV_PTR:
	case TV_INVALID:
	case TV_INTERFACE:
		break;
	}
}

static void by_kind(struct printer *p, const struct tv *v, uint32_t verb, bool top)
{
	enum tv_kind k = v->type->kind;

	if (p->depth >= TV_DEPTH_MAX || !walk_tick(p->call, &p->ticks))
		p->out->failed = true;
	if (p->out->failed)
		return;
	p->depth++;
	if ((k == TV_SLICE || k == TV_ARRAY) && v->type->elem == &tv_type_uint8 &&
	    (verb == 's' || verb == 'q' || verb == 'x' || verb == 'X'))
		print_bytes(p, *v, verb, v->type->name);
	else if (k == TV_SLICE || k == TV_ARRAY)
		print_list(p, v, verb);
	else if (k == TV_MAP)
		print_map(p, v, verb);
	else if (k == TV_STRUCT)
		print_struct(p, v, verb);
	else if (k == TV_PTR)
		print_ptr(p, v, verb, top);
	else
		print_basic(p, v, verb);
	p->depth--;
}

/* Something inside of an argument. */
static void print_inner(struct printer *p, const struct tv *v, uint32_t verb)
{
	if (v->type == NULL)
		buf_puts(p->out, p->f.sharp_v ? "interface {}(nil)" : "<nil>");
	else if (!by_method(p, v, verb))
		by_kind(p, v, verb, false);
}

void print_arg(struct printer *p, struct tv v, uint32_t verb)
{
	if (v.type == NULL) {
		if (verb == 'T' || verb == 'v')
			print_pad(p, STR("<nil>"));
		else
			print_bad_verb(p, v, verb);
	} else if (verb == 'T') {
		print_text(p, str_c(v.type->name));
	} else if (verb == 'p') {
		print_pointer(p, v, 'p');
	} else if (v.type == &tv_type_bytes) {
		print_bytes(p, v, verb, "[]byte");
	} else if (!by_method(p, &v, verb)) {
		by_kind(p, &v, verb, true);
	}
}

void tv_print(struct tv v, struct arena *a, struct buf *out)
{
	struct printer p = {.out = out, .arena = a};

	print_arg(&p, v, 'v');
}

size_t print_limit(struct buf *out, size_t max)
{
	size_t old = out->limit;
	size_t want = max > SIZE_MAX - out->n ? SIZE_MAX : out->n + max;

	if (old == 0 || want < old)
		out->limit = want == 0 ? 1 : want;
	return old;
}

int print_unlimit(struct buf *out, size_t old)
{
	out->limit = old;
	return out->failed ? -1 : 0;
}

int print_values(struct printer *p, const struct tv *args, size_t n, bool line)
{
	bool before = false;

	for (size_t i = 0; i < n && !p->out->failed; i++) {
		bool text = tv_is_string(args[i]);
		if (i > 0 && (line || (!text && !before)))
			buf_putc(p->out, ' ');
		print_arg(p, args[i], 'v');
		before = text;
	}
	if (line)
		buf_putc(p->out, '\n');
	return p->out->failed ? -1 : 0;
}

int tv_sprint(const struct tv *args, size_t n, size_t max, struct arena *a, struct buf *out)
{
	struct printer p = {.out = out, .arena = a};
	size_t old = print_limit(out, max);

	(void)print_values(&p, args, n, false);
	return print_unlimit(out, old);
}

int tv_sprintln(const struct tv *args, size_t n, size_t max, struct arena *a, struct buf *out)
{
	struct printer p = {.out = out, .arena = a};
	size_t old = print_limit(out, max);

	(void)print_values(&p, args, n, true);
	return print_unlimit(out, old);
}

/* ---- the same, paid for by a call ---- */
static int paid(struct tmpl_call *c, size_t before, struct buf *out, size_t old)
{
	if (print_unlimit(out, old) < 0)
		return -1;
	return tmpl_steps(c, (out->n - before) / 32);
}

int tmpl_print(struct tmpl_call *c, struct tv v, size_t max, struct buf *out)
{
	struct printer p = {.out = out, .arena = c->arena, .call = c};
	size_t before = out->n, old = print_limit(out, max);

	print_arg(&p, v, 'v');
	return paid(c, before, out, old);
}

int tmpl_sprint(struct tmpl_call *c, const struct tv *args, size_t n, bool line, struct buf *out)
{
	struct printer p = {.out = out, .arena = c->arena, .call = c};
	size_t before = out->n, old = print_limit(out, c->room);

	(void)print_values(&p, args, n, line);
	return paid(c, before, out, old);
}

int tmpl_sprintf(struct tmpl_call *c, struct str format, const struct tv *args, size_t n,
		 struct buf *out)
{
	struct printer p = {.out = out, .arena = c->arena, .call = c};
	size_t before = out->n, old = print_limit(out, c->room);

	print_format(&p, format, args, n);
	return paid(c, before, out, old);
}
