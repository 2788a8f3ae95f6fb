/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "codec/json.h"
#include "codec/priv.h"

#include <math.h>

/*
 * json_write.c - writing JSON as Go's encoding/json does, byte for byte: escapes of < > & U+2028
 * U+2029, the shortest digits of a
 * float, exponents outside of 1e-6..1e21. Recursive: trees come from readers that bound depth to
 * 256.
 */
#define WRITE_DEPTH_MAX 1000

static void write_escape(struct buf *out, uint32_t c)
{
	switch (c) {
	case '"':
		buf_puts(out, "\\\"");
		break;
	case '\\':
		buf_puts(out, "\\\\");
		break;
	case '\b':
		buf_puts(out, "\\b");
		break;
	case '\f':
		buf_puts(out, "\\f");
		break;
	case '\n':
		buf_puts(out, "\\n");
		break;
	case '\r':
		buf_puts(out, "\\r");
		break;
	case '\t':
		buf_puts(out, "\\t");
		break;
	default:
		buf_printf(out, "\\u%04x", (unsigned)c);
	}
}

/* Is the character at p to be escaped? *c is which, *len its bytes. */
static bool needs_escape(const unsigned char *p, size_t n, uint32_t *c, size_t *len)
{
	*len = 1;
	*c = p[0];
	if (p[0] < 0x20 || p[0] == '"' || p[0] == '\\' || p[0] == '<' || p[0] == '>' || p[0] == '&')
		return true;
	if (n >= 3 && p[0] == 0xe2 && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9)) {
		*len = 3;
		*c = 0x2000U + (p[2] & 0x3fU);
		return true;
	}
	return false;
}

static void write_string(struct buf *out, struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t from = 0, len;
	uint32_t c;

	buf_putc(out, '"');
	for (size_t i = 0; i < s.n; i += len) {
		if (!needs_escape(p + i, s.n - i, &c, &len))
			continue;
		buf_add(out, p + from, i - from);
		write_escape(out, c);
		from = i + len;
	}
	buf_add(out, p + from, s.n - from);
	buf_putc(out, '"');
}

/* Decimal form from "d.ddde+xx": digits that the shortest form does not have are zeros. */
static void write_decimal(struct buf *out, double v, const char *text, int precision, int exponent)
{
	char plain[64];

	if (exponent <= precision) {
		snprintf(plain, sizeof(plain), "%.*f", precision - exponent, v);
		buf_puts(out, plain);
		return;
	}
	for (; *text != 'e'; text++)
		if (*text != '.')
			buf_putc(out, *text);
	for (; exponent > precision; exponent--)
		buf_putc(out, '0');
}

static void write_real(struct buf *out, double v)
{
	char text[64], *x;
	double size = fabs(v);
	int precision;

	if (!isfinite(v)) {
		buf_puts(out, "null");
		return;
	}
	for (precision = 0; precision < 17; precision++) {
		snprintf(text, sizeof(text), "%.*e", precision, v);
		if (memcmp(&(double){strtod(text, NULL)}, &v, sizeof(v)) == 0)
			break;
	}
	x = strchr(text, 'e');
	ENSURE(x != NULL);
	if (fpclassify(v) == FP_ZERO || (size >= 1e-6 && size < 1e21)) {
		write_decimal(out, v, text, precision, (int)strtol(x + 1, NULL, 10));
		return;
	}
	/* Go: e-07 becomes e-7; the smallest positive exponent is 21. */
	buf_add(out, text, (size_t)(x - text) + 2);
	buf_puts(out, x[2] == '0' ? x + 3 : x + 2);
}

static void write_value(const json_t *v, struct buf *out, unsigned depth);

static void write_object(const json_t *v, struct buf *out, unsigned depth)
{
	json_t *o = (json_t *)(uintptr_t)v; /* iterators want it mutable */
	const char *key;
	json_t *child;
	bool first = true;

	buf_putc(out, '{');
	json_object_foreach(o, key, child)
	{
		if (!first)
			buf_putc(out, ',');
		first = false;
		write_string(out, str_c(key));
		buf_putc(out, ':');
		write_value(child, out, depth + 1);
	}
	buf_putc(out, '}');
}

static void write_value(const json_t *v, struct buf *out, unsigned depth)
{
	ENSURE(v != NULL && depth < WRITE_DEPTH_MAX);
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		write_object(v, out, depth);
		break;
	case JSON_ARRAY:
		buf_putc(out, '[');
		for (size_t i = 0; i < json_array_size(v); i++) {
			if (i > 0)
				buf_putc(out, ',');
			write_value(json_array_get(v, i), out, depth + 1);
		}
		buf_putc(out, ']');
		break;
	case JSON_STRING:
		write_string(out, json_str_view(v));
		break;
	case JSON_INTEGER:
		buf_printf(out, "%" PRId64, (int64_t)json_integer_value(v));
		break;
	case JSON_REAL:
		write_real(out, json_real_value(v));
		break;
	case JSON_TRUE:
		buf_puts(out, "true");
		break;
	case JSON_FALSE:
		buf_puts(out, "false");
		break;
	case JSON_NULL:
		buf_puts(out, "null");
		break;
	}
}

void json_write(const json_t *v, struct buf *out)
{
	write_value(v, out, 0);
}

json_t *json_str_new(struct str s)
{
	struct buf fixed = BUF_INIT;
	json_t *v = json_stringn(s.n > 0 ? s.p : "", s.n);

	if (v == NULL) {
		utf8_repair(s, &fixed);
		v = json_stringn(fixed.p, fixed.n);
		ENSURE(v != NULL);
		buf_wipe_release(&fixed);
	}
	return v;
}
