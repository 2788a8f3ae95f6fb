/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/b64.h"
#include "codec/der.h"
#include "tmpl/asn1_priv.h"

/*
 * asn1_text.c - a text and the name of a type as DER: "int:42", "utf8:Zoë". smallstep's asn1Enc
 * and the values of other names. To add a type: a row in `types`.
 */
enum text_type {
	TEXT_PRINTABLE,
	TEXT_UTF8,
	TEXT_IA5,
	TEXT_NUMERIC,
	TEXT_INT,
	TEXT_OID,
	TEXT_BOOL,
	TEXT_TIME,
	TEXT_RAW
};
static const struct {
	const char *name;
	unsigned char type;
	bool param; /* encoding/asn1 knows the word, too */
} types[] = {
	{"printable", TEXT_PRINTABLE, true},
	{"utf8", TEXT_UTF8, true},
	{"ia5", TEXT_IA5, true},
	{"numeric", TEXT_NUMERIC, true},
	{"int", TEXT_INT, false},
	{"oid", TEXT_OID, false},
	{"bool", TEXT_BOOL, false},
	{"boolean", TEXT_BOOL, false},
	{"utc", TEXT_TIME, true},
	{"generalized", TEXT_TIME, true},
	{"raw", TEXT_RAW, false},
};

struct text_value {
	enum text_type type;
	const char *name; /* "utc" */
	struct asn1_params params;
};

/* The last type said counts; other words are parameters. */
static void read_params(struct str text, struct text_value *out)
{
	while (text.n > 0) {
		struct str word = str_cut(text, ',', &text);
		size_t i = 0;
		while (i < ARRAY_LEN(types) && !str_eqc(word, types[i].name))
			i++;
		if (i < ARRAY_LEN(types)) {
			out->type = types[i].type;
			out->name = types[i].name;
		}
		if (i == ARRAY_LEN(types) || types[i].param)
			asn1_params_read(word, &out->params);
	}
}

static int invalid(struct asn1_out *o, const char *name)
{
	buf_printf(o->why, "invalid %s value", name);
	return -1;
}

static int bad_number(struct asn1_out *o, struct str value, const char *type, const char *func,
		      const char *what)
{
	buf_printf(o->why, "invalid %s value: strconv.%s: parsing ", type, func);
	tv_quote(value, o->why);
	buf_printf(o->why, ": %s", what);
	return -1;
}

static int int_value(struct asn1_out *o, struct str value, const struct asn1_params *p)
{
	int64_t v;
	const char *bad = asn1_read_int(value, &v);

	if (bad != NULL)
		return bad_number(o, value, "int", "Atoi", bad);
	return asn1_marshal(o, tv_int(v), p, 0);
}

static int bool_value(struct asn1_out *o, struct str value, const struct asn1_params *p)
{
	static const char *const words[] = {"0", "f", "F", "false", "FALSE", "False",
					    "1", "t", "T", "true",  "TRUE",  "True"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_eqc(value, words[i]))
			return asn1_marshal(o, tv_bool(i >= ARRAY_LEN(words) / 2), p, 0);
	return bad_number(o, value, "bool", "ParseBool", "invalid syntax");
}

static void put_arc(struct buf *out, int64_t v)
{
	unsigned bits = v == 0 ? 7 : 0;

	for (int64_t rest = v; rest > 0; rest >>= 7)
		bits += 7;
	while (bits > 0) { /* nothing for a negative one, as Go */
		bits -= 7;
		buf_u8(out, (uint8_t)((v >> bits & 0x7f) | (bits > 0 ? 0x80 : 0)));
	}
}

static int oid_parameter(struct asn1_out *o, const struct asn1_params *p)
{
	buf_printf(o->why, "asn1: structure error: %s",
		   p->time_tag != 0	? "explicit time type given to non-time member"
		   : p->string_tag != 0 ? "explicit string type given to non-string member"
					: "non sequence tagged as set");
	return -1;
}

static int oid_value(struct asn1_out *o, struct str value, const struct asn1_params *p)
{
	struct buf body = BUF_INIT;
	struct str rest = value;
	int64_t arc, first = 0;
	bool fine = true;
	size_t n = 0;
	int r = -1;

	for (; value.n > 0 && rest.p != NULL; n++) {
		if (asn1_read_int(str_cut(rest, '.', &rest), &arc) != NULL) {
			buf_puts(o->why, "invalid oid value: error unmarshaling json: ");
			buf_str(o->why, value);
			buf_puts(o->why, " is not an ASN1 object identifier");
			buf_release(&body);
			return -1;
		}
		if (n == 0)
			first = arc;
		else
			put_arc(&body, n == 1 ? wrap_add(wrap_mul(first, 40), arc) : arc);
		if (n == 1 && (first > 2 || (first < 2 && arc >= 40)))
			fine = false;
	}
	if (n == 0 && p->omit_empty)
		r = 0;
	else if (p->set || p->string_tag != 0 || p->time_tag != 0)
		r = oid_parameter(o, p);
	else if (n < 2 || !fine)
		buf_puts(o->why, "asn1: structure error: invalid object identifier");
	else
		r = asn1_wrap(o, buf_view(&body), DER_OID, false, p);
	buf_release(&body);
	return r;
}

static int time_value(struct asn1_out *o, struct str value, const struct text_value *t)
{
	struct buf first = BUF_INIT, second = BUF_INIT;
	struct tv_time when;
	int r = 0;

	if (time_parse(str_c(time_layout_string), value, NULL, &zone_local, o->arena, &when,
		       &first) < 0 &&
	    time_parse(str_c(time_layout_rfc3339), value, NULL, &zone_local, o->arena, &when,
		       &second) < 0) {
		r = invalid(o, t->name);
		buf_puts(o->why, ": ");
		buf_str(o->why, buf_view(&first));
	}
	buf_release(&first);
	buf_release(&second);
	return r < 0 ? r : asn1_marshal(o, tv_time_in(o->arena, when), &t->params, 0);
}

static int raw_value(struct asn1_out *o, struct str value)
{
	size_t bad;

	if (b64_go_decode(value, o->out, &bad) == 0)
		return 0;
	buf_printf(o->why, "illegal base64 data at input byte %zu", bad);
	return -1;
}

/* Does every byte fit the type? */
static bool text_fits(enum text_type type, struct str s)
{
	if (type == TEXT_UTF8)
		return utf8_valid(s);
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool digit = c >= '0' && c <= '9';
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (c >= 0x80 || (type == TEXT_NUMERIC && !digit && c != ' ') ||
		    (type == TEXT_PRINTABLE && !digit && !letter &&
		     (c == 0 || strchr("'() +,-./:=?*&", c) == NULL)))
			return false;
	}
	return true;
}

static int text_value(struct asn1_out *o, struct str value, struct text_value *t)
{
	switch (t->type) {
	case TEXT_INT:
		return int_value(o, value, &t->params);
	case TEXT_OID:
		return oid_value(o, value, &t->params);
	case TEXT_BOOL:
		return bool_value(o, value, &t->params);
	case TEXT_TIME:
		return time_value(o, value, t);
	case TEXT_RAW:
		return raw_value(o, value);
	case TEXT_PRINTABLE:
	case TEXT_UTF8:
	case TEXT_IA5:
	case TEXT_NUMERIC:
		break;
	}
	if (!text_fits(t->type, value))
		return invalid(o, t->name);
	return asn1_marshal(o, tv_str(value), &t->params, 0);
}

int asn1_text_value(struct str value, struct str params, bool is_explicit, struct arena *a,
		    struct buf *out, struct buf *why)
{
	struct text_value t = {.type = TEXT_PRINTABLE, .name = "printable"};
	struct asn1_out o = {.arena = a, .out = out, .why = why};

	if (is_explicit)
		asn1_params_read(STR("explicit"), &t.params);
	read_params(params, &t);
	return text_value(&o, value, &t);
}
