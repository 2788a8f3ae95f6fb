/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/json.h"
#include "codec/priv.h"
#include "codec/yaml.h"

/*
 * yaml_write.c - a JSON tree as YAML in block style, two spaces a level.
 *
 *     type: JWK
 *     key:
 *       kty: EC
 *     names:
 *     - a
 *     - "-b"
 *
 * A string stays plain only where nobody could take it for something else: it starts with a letter,
 * has letters, digits, '_', '.' and '-' only, and is no word of YAML 1.1 or 1.2 for true, false or
 * null. Everything else is in double quotes, with escapes for what cannot be printed. Recursive:
 * trees come from readers that bound depth.
 */
#define WRITE_DEPTH_MAX 1000

static bool is_letter(char c)
{
	c = ascii_lower(c);
	return c >= 'a' && c <= 'z';
}

static bool is_plain(struct str s)
{
	static const char *const words[] = {"true", "false", "null", "yes", "no", "on", "off"};

	if (s.n == 0 || !is_letter(s.p[0]))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!is_letter(c) && !(c >= '0' && c <= '9') && c != '_' && c != '.' && c != '-')
			return false;
	}
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_ieqc(s, words[i]))
			return false;
	return true;
}

/* Code point of a sequence of n bytes. */
static uint32_t code_point(const unsigned char *p, size_t n)
{
	uint32_t c = n == 1 ? p[0] : p[0] & (0xffU >> (n + 1));

	for (size_t i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3fU);
	return c;
}

/* YAML 1.2, 5.1: may stand as it is. Blanks that are not visible as such are escaped too. */
static bool printable(uint32_t c)
{
	return (c >= 0x20 && c < 0x7f) || (c > 0xa0 && c != 0xad && c < 0x2000) ||
	       (c > 0x206f && c < 0xd800) || (c >= 0xe000 && c < 0xfeff) ||
	       (c > 0xfeff && c < 0xfff0) || (c >= 0x10000 && c <= 0x10ffff);
}

static void write_quoted(struct buf *out, struct str s)
{
	buf_putc(out, '"');
	for (size_t i = 0, n; i < s.n; i += n) {
		const unsigned char *p = (const unsigned char *)s.p + i;
		uint32_t c;

		n = utf8_sequence(p, s.n - i);
		c = n > 0 ? code_point(p, n) : 0xfffd;
		if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", (char)c);
		else if (c == '\n')
			buf_puts(out, "\\n");
		else if (c == '\t')
			buf_puts(out, "\\t");
		else if (printable(c))
			buf_add(out, p, n);
		else
			buf_printf(out, c < 0x100 ? "\\x%02X" : "\\u%04X", (unsigned)c);
		n = n > 0 ? n : 1;
	}
	buf_putc(out, '"');
}

static void write_string(struct buf *out, struct str s)
{
	if (is_plain(s))
		buf_str(out, s);
	else
		write_quoted(out, s);
}

/* As in JSON, but 1000.0 is no integer. */
static void write_real(struct buf *out, const json_t *v)
{
	struct buf text = BUF_INIT;

	json_write(v, &text);
	if (!str_has(buf_view(&text), '.') && !str_has(buf_view(&text), 'e'))
		buf_puts(&text, ".0");
	buf_str(out, buf_view(&text));
	buf_release(&text);
}

static void write_scalar(struct buf *out, const json_t *v)
{
	if (json_is_string(v))
		write_string(out, json_str_view(v));
	else if (json_is_array(v))
		buf_puts(out, "[]");
	else if (json_is_object(v))
		buf_puts(out, "{}");
	else if (json_is_real(v))
		write_real(out, v);
	else
		json_write(v, out); /* null, true, false and numbers are the same in both */
}

static bool has_lines(const json_t *v)
{
	return json_object_size(v) > 0 || json_array_size(v) > 0;
}

static void write_indent(struct buf *out, unsigned n)
{
	buf_printf(out, "%*s", (int)n, "");
}

/* `begun`: the first line's indentation, or the "- " in its place, is there already. */
static void write_block(struct buf *out, const json_t *v, unsigned indent, bool begun)
{
	json_t *o = (json_t *)(uintptr_t)v, *child; /* iterators want it mutable */
	const char *name;
	size_t i;

	if (indent > 2 * WRITE_DEPTH_MAX)
		return;
	json_object_foreach(o, name, child)
	{
		if (!begun)
			write_indent(out, indent);
		begun = false;
		write_string(out, str_c(name));
		buf_putc(out, ':');
		if (has_lines(child)) {
			buf_putc(out, '\n');
			write_block(out, child, indent + (json_is_array(child) ? 0 : 2), false);
			continue;
		}
		buf_putc(out, ' ');
		write_scalar(out, child);
		buf_putc(out, '\n');
	}
	json_array_foreach(v, i, child)
	{
		if (!begun)
			write_indent(out, indent);
		begun = false;
		buf_puts(out, "- ");
		if (has_lines(child)) {
			write_block(out, child, indent + 2, true);
			continue;
		}
		write_scalar(out, child);
		buf_putc(out, '\n');
	}
}

void yaml_write(const json_t *v, struct buf *out)
{
	if (has_lines(v)) {
		write_block(out, v, 0, false);
		return;
	}
	write_scalar(out, v);
	buf_putc(out, '\n');
}
