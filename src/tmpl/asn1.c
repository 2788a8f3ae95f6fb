/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/b64.h"
#include "codec/der.h"
#include "tmpl/asn1_priv.h"

/*
 * asn1.c - Go's encoding/asn1, writing: the Go type of a value says what becomes of it, and a text
 * of parameters ("explicit,tag:1", "ia5", "set") changes that. The tags that come out may be
 * anything that Go accepts; what is a certificate's extension is checked by who puts it there.
 *
 * Lists may nest and share: each element costs a step of the run, the depth is bounded, and the
 * output by the run's memory.
 */
#define DEPTH_MAX 100

static int refuse(struct asn1_out *o, const char *text)
{
	buf_puts(o->why, text);
	return -1;
}

static int structural(struct asn1_out *o, const char *text)
{
	buf_printf(o->why, "asn1: structure error: %s", text);
	return -1;
}

static int spend(struct asn1_out *o, uint64_t steps)
{
	if (o->call == NULL || tmpl_steps(o->call, steps) == 0)
		return 0;
	o->limited = true;
	return -1;
}

const char *asn1_read_int(struct str s, int64_t *out)
{
	bool negative = s.n > 0 && s.p[0] == '-';
	uint64_t v = 0, limit = negative ? UINT64_C(1) << 63 : INT64_MAX;

	*out = 0;
	if (negative || (s.n > 0 && s.p[0] == '+'))
		s = str_mem(s.p + 1, s.n - 1);
	if (s.n == 0)
		return "invalid syntax";
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return "invalid syntax";
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (unsigned)(s.p[i] - '0'), &v))
			return "value out of range";
	}
	if (v > limit)
		return "value out of range";
	*out = (int64_t)(negative ? 0 - v : v);
	return NULL;
}

static void read_param(struct str word, struct asn1_params *p)
{
	int64_t n;

	if (str_eqc(word, "optional"))
		p->optional = true;
	else if (str_eqc(word, "explicit"))
		p->is_explicit = p->has_tag = true; /* [0] when no tag is said */
	else if (str_eqc(word, "generalized"))
		p->time_tag = DER_GENERALIZED_TIME;
	else if (str_eqc(word, "utc"))
		p->time_tag = DER_UTC_TIME;
	else if (str_eqc(word, "ia5"))
		p->string_tag = DER_IA5_STRING;
	else if (str_eqc(word, "printable"))
		p->string_tag = DER_PRINTABLE_STRING;
	else if (str_eqc(word, "numeric"))
		p->string_tag = DER_NUMERIC_STRING;
	else if (str_eqc(word, "utf8"))
		p->string_tag = DER_UTF8_STRING;
	else if (str_eqc(word, "set"))
		p->set = true;
	else if (str_eqc(word, "application"))
		p->application = p->has_tag = true;
	else if (str_eqc(word, "private"))
		p->private_class = p->has_tag = true;
	else if (str_eqc(word, "omitempty"))
		p->omit_empty = true;
	else if (str_starts(word, "default:") &&
		 asn1_read_int(str_mem(word.p + 8, word.n - 8), &n) == NULL) {
		p->has_default = true;
		p->default_value = n;
	} else if (str_starts(word, "tag:") &&
		   asn1_read_int(str_mem(word.p + 4, word.n - 4), &n) == NULL) {
		p->has_tag = true;
		p->tag = n;
	}
}

void asn1_params_read(struct str text, struct asn1_params *p)
{
	while (text.n > 0)
		read_param(str_cut(text, ',', &text), p);
}

/* ---- headers ---- */
static void put_base128(struct buf *out, int64_t v)
{
	unsigned bits = 0;

	/* A negative number has no digits at all: Go's way. */
	for (int64_t rest = v; rest > 0; rest >>= 7)
		bits += 7;
	if (v == 0)
		bits = 7;
	while (bits > 0) {
		bits -= 7;
		buf_u8(out, (uint8_t)((v >> bits & 0x7f) | (bits > 0 ? 0x80 : 0)));
	}
}

static void put_header(struct buf *out, unsigned class, int64_t tag, bool constructed, size_t n)
{
	unsigned first = class << 6 | (constructed ? 0x20U : 0);

	if (tag >= 31) {
		buf_u8(out, (uint8_t)(first | 0x1f));
		put_base128(out, tag);
	} else {
		buf_u8(out, (uint8_t)(first | (uint8_t)tag));
	}
	unsigned bytes = 0;
	for (size_t rest = n; n >= 128 && rest > 0; rest >>= 8)
		bytes++;
	if (bytes > 0)
		buf_u8(out, (uint8_t)(0x80 | bytes));
	else
		buf_u8(out, (uint8_t)n);
	while (bytes > 0)
		buf_u8(out, (uint8_t)(n >> 8 * --bytes));
}

int asn1_wrap(struct asn1_out *o, struct str body, unsigned tag, bool constructed,
	      const struct asn1_params *p)
{
	unsigned class = p->application ? 1 : p->private_class ? 3 : 2;
	struct buf inner = BUF_INIT;

	if (!p->has_tag) {
		put_header(o->out, 0, tag, constructed, body.n);
	} else if (p->is_explicit) {
		put_header(&inner, 0, tag, constructed, body.n);
		put_header(o->out, class, p->tag, true, inner.n + body.n);
		buf_str(o->out, buf_view(&inner));
	} else {
		put_header(o->out, class, p->tag, constructed, body.n);
	}
	buf_release(&inner);
	buf_str(o->out, body);
	return spend(o, body.n / 16);
}

/* ---- bodies ---- */
static bool printable(unsigned char c, bool asterisk)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != 0 && strchr("'() +,-./:=?", c) != NULL) || (asterisk && c == '*');
}

static bool all_printable(struct str s, bool asterisk)
{
	for (size_t i = 0; i < s.n; i++)
		if (!printable((unsigned char)s.p[i], asterisk))
			return false;
	return true;
}

static int marshal_string(struct asn1_out *o, struct str s, const struct asn1_params *p)
{
	unsigned tag = p->string_tag;
	bool fine = true;

	if (spend(o, s.n) < 0)
		return -1;
	if (tag == 0) {
		tag = all_printable(s, false) ? DER_PRINTABLE_STRING : DER_UTF8_STRING;
		if (tag == DER_UTF8_STRING && !utf8_valid(s))
			return refuse(o, "asn1: string not valid UTF-8");
	}
	if (p->set)
		return structural(o, "non sequence tagged as set");
	if (p->string_tag == DER_PRINTABLE_STRING && !all_printable(s, true))
		return structural(o, "PrintableString contains invalid character");
	for (size_t i = 0; fine && i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (p->string_tag == DER_IA5_STRING)
			fine = c < 128;
		else if (p->string_tag == DER_NUMERIC_STRING)
			fine = (c >= '0' && c <= '9') || c == ' ';
	}
	if (!fine)
		return structural(o, p->string_tag == DER_IA5_STRING
					     ? "IA5String contains invalid character"
					     : "NumericString contains invalid character");
	return asn1_wrap(o, s, tag, false, p);
}

static int marshal_int(struct asn1_out *o, int64_t v, const struct asn1_params *p)
{
	char body[8];
	size_t n = 8;

	for (size_t i = 0; i < 8; i++)
		body[i] = (char)((uint64_t)v >> (56 - 8 * i));
	size_t at = 0;
	while (n > 1 && ((body[at] == 0 && (body[at + 1] & 0x80) == 0) ||
			 ((unsigned char)body[at] == 0xff && (body[at + 1] & 0x80) != 0))) {
		at++;
		n--;
	}
	return asn1_wrap(o, str_mem(body + at, n), DER_INTEGER, false, p);
}

static int marshal_time(struct asn1_out *o, const struct tv_time *t, const struct asn1_params *p)
{
	struct time_fields f;
	struct buf body = BUF_INIT;
	int offset;

	time_fields(t, &f, NULL, &offset);
	bool general = p->time_tag == DER_GENERALIZED_TIME || f.year < 1950 || f.year >= 2050;
	if (general && (f.year < 0 || f.year > 9999))
		return structural(o, "cannot represent time as GeneralizedTime");
	time_format(t, general ? STR("20060102150405") : STR("060102150405"), &body);
	int minutes = offset / 60;
	if (minutes == 0) {
		buf_putc(&body, 'Z');
	} else {
		buf_putc(&body, minutes > 0 ? '+' : '-');
		minutes = minutes > 0 ? minutes : -minutes;
		buf_printf(&body, "%02d%02d", minutes / 60 % 100, minutes % 60);
	}
	int r = asn1_wrap(o, buf_view(&body), general ? DER_GENERALIZED_TIME : DER_UTC_TIME, false,
			  p);
	buf_release(&body);
	return r;
}

/* The elements' encodings in ascending order (DER of a SET OF). */
static int by_bytes(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void sort_elements(struct asn1_out *o, struct buf *body, const size_t *ends, size_t n)
{
	struct str copy = arena_str(o->arena, buf_view(body));
	struct str *items = ARENA_ARRAY(o->arena, struct str, n);

	for (size_t i = 0; i < n; i++) {
		size_t from = i > 0 ? ends[i - 1] : 0;
		items[i] = str_mem(copy.p + from, ends[i] - from);
	}
	qsort(items, n, sizeof(items[0]), by_bytes);
	buf_reset(body);
	for (size_t i = 0; i < n; i++)
		buf_str(body, items[i]);
}

/* Room for a list's scratch: the run pays for it. */
static int take_room(struct asn1_out *o, uint64_t n)
{
	if (o->call == NULL || tmpl_room(o->call, n) == 0)
		return 0;
	o->limited = true;
	return -1;
}

static int marshal_items(struct asn1_out *o, const struct tv *items, size_t n, bool set,
			 unsigned depth)
{
	static const struct asn1_params plain = {0};
	struct buf *body = o->out;
	size_t *ends = NULL;

	if (set && n > 1) {
		if (take_room(o, n * (sizeof(size_t) + sizeof(struct str))) < 0)
			return -1;
		ends = ARENA_ARRAY(o->arena, size_t, n);
	}
	for (size_t i = 0; i < n; i++) {
		if (asn1_marshal(o, items[i], &plain, depth + 1) < 0)
			return -1;
		if (ends != NULL)
			ends[i] = body->n;
	}
	if (ends != NULL && !body->failed) {
		if (take_room(o, body->n) < 0)
			return -1;
		sort_elements(o, body, ends, n);
	}
	return 0;
}

static int marshal_fields(struct asn1_out *o, struct tv v, unsigned depth)
{
	static const struct asn1_params plain = {0};

	if (v.type->fields == NULL)
		return structural(o, "struct contains unexported fields");
	for (const struct tv_field *f = v.type->fields; f->name != NULL; f++)
		if (asn1_marshal(o, f->get(&v, o->arena), &plain, depth + 1) < 0)
			return -1;
	return 0;
}

static int marshal_sequence(struct asn1_out *o, struct tv v, const struct asn1_params *p,
			    unsigned depth)
{
	struct buf body = {.limit = o->call != NULL ? o->call->room + 1 : 0};
	struct asn1_out inner = *o;
	int r;

	inner.out = &body;
	if (v.type->kind == TV_STRUCT)
		r = marshal_fields(&inner, v, depth);
	else
		r = marshal_items(&inner, v.list.items, v.nil ? 0 : v.list.n, p->set, depth);
	o->limited = inner.limited;
	if (r == 0 && body.failed) {
		r = take_room(o, UINT64_MAX);
	} else if (r == 0) {
		r = asn1_wrap(o, buf_view(&body), p->set ? ASN1_SET : ASN1_SEQUENCE, true, p);
	}
	buf_release(&body);
	return r;
}

/* Is v what its type is without a value? */
static bool is_zero(struct tv v)
{
	switch (v.type->kind) {
	case TV_BOOL:
		return !v.b;
	case TV_INT:
	case TV_INT32:
	case TV_INT64:
		return v.i == 0;
	case TV_UINT8:
	case TV_UINT32:
	case TV_UINT64:
		return v.u == 0;
	case TV_FLOAT64:
		return v.f == 0;
	case TV_COMPLEX128:
		return v.c[0] == 0 && v.c[1] == 0;
	case TV_STRING:
		return v.s.n == 0;
	case TV_SLICE:
	case TV_MAP:
	case TV_PTR:
	case TV_FUNC:
		return v.nil;
	case TV_STRUCT:
		if (v.type == &tv_type_time) {
			const struct tv_time *t = v.p;
			return t->sec == YEAR_ONE && t->nsec == 0 && t->zone == NULL;
		}
		return false;
	case TV_ARRAY:
	case TV_INVALID:
	case TV_INTERFACE:
		break;
	}
	return false;
}

static bool is_int(struct tv v)
{
	enum tv_kind k = v.type->kind;

	return k == TV_INT || k == TV_INT32 || k == TV_INT64;
}

static int unknown_type(struct asn1_out *o, struct tv v)
{
	buf_printf(o->why, "asn1: structure error: unknown Go type: %s", v.type->name);
	return -1;
}

int asn1_marshal(struct asn1_out *o, struct tv v, const struct asn1_params *p, unsigned depth)
{
	if (spend(o, 8) < 0)
		return -1;
	if (depth > DEPTH_MAX)
		return refuse(o, "asn1: lists nested too deep");
	if (v.type == NULL)
		return refuse(o, "asn1: cannot marshal nil value");
	enum tv_kind kind = v.type->kind;
	bool empty = tv_is_bytes(v) ? v.s.n == 0 : v.list.n == 0;
	if (kind == TV_SLICE && (v.nil || empty) && p->omit_empty)
		return 0;
	if (p->optional && (p->has_default ? is_int(v) && v.i == p->default_value : is_zero(v)))
		return 0;
	bool is_time = v.type == &tv_type_time;
	if (kind != TV_BOOL && kind != TV_STRING && kind != TV_SLICE && kind != TV_STRUCT &&
	    !is_int(v))
		return unknown_type(o, v);
	if (p->time_tag != 0 && !is_time)
		return structural(o, "explicit time type given to non-time member");
	if (p->string_tag != 0 && kind != TV_STRING)
		return structural(o, "explicit string type given to non-string member");
	if (kind == TV_STRING)
		return marshal_string(o, v.s, p);
	bool octets = tv_is_bytes(v);
	if (p->set && (is_time || octets || (kind != TV_SLICE && kind != TV_STRUCT)))
		return structural(o, "non sequence tagged as set");
	if (is_time)
		return marshal_time(o, v.p, p);
	if (octets)
		return asn1_wrap(o, v.nil ? STR_NULL : v.s, DER_OCTET_STRING, false, p);
	if (kind == TV_BOOL)
		return asn1_wrap(o, v.b ? STR("\xff") : str_mem("", 1), DER_BOOLEAN, false, p);
	if (is_int(v))
		return marshal_int(o, v.i, p);
	return marshal_sequence(o, v, p, depth);
}
