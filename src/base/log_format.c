/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/clock.h"
#include "base/log_format.h"

/*
 * The text of a log line. Values may come from clients: a line break, a quote, a control character,
 * a character that reorders text on a terminal or bytes that are not UTF-8 must not be able to fake
 * or hide anything. So all of these are escaped in both formats, and long values are cut. Keys and
 * events are literals of the program and are not escaped.
 */
#define VALUE_MAX 2048 /* bytes of one value */
#define LINE_MAX  8192 /* bytes after which further fields are left out */

/* Length of the UTF-8 sequence at p, and its code point; 0 when it is not valid. */
static size_t decode(const unsigned char *p, size_t n, uint32_t *cp)
{
	static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len = p[0] < 0x80   ? 1
		     : p[0] < 0xc2 ? 0
		     : p[0] < 0xe0 ? 2
		     : p[0] < 0xf0 ? 3
		     : p[0] < 0xf5 ? 4
				   : 0;

	if (len == 0 || len > n)
		return 0;
	*cp = len == 1 ? p[0] : p[0] & (0x7fU >> len);
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*cp = *cp << 6 | (p[i] & 0x3fU);
	}
	if (*cp < least[len] || *cp > 0x10ffff || (*cp >= 0xd800 && *cp <= 0xdfff))
		return 0;
	return len;
}

/*
 * Must not reach a terminal: controls, line and paragraph separators, bidirectional marks, byte
 * order mark.
 */
static bool is_unsafe(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp <= 0x9f) || cp == 0x61c || cp == 0x200e ||
	       cp == 0x200f || (cp >= 0x2028 && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069) ||
	       cp == 0xfeff;
}

static void put_escaped(struct buf *out, struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t n = s.n < VALUE_MAX ? s.n : VALUE_MAX;

	if (n < s.n) { /* do not cut a character in two */
		for (size_t back = 0; back < 3 && (p[n] & 0xc0) == 0x80; back++)
			n--;
	}
	for (size_t i = 0; i < n;) {
		uint32_t cp = 0;
		size_t len = decode(p + i, n - i, &cp);
		if (len == 0) {
			buf_puts(out, "\\ufffd");
			i++;
			continue;
		}
		if (cp == '"' || cp == '\\') {
			buf_putc(out, '\\');
			buf_putc(out, (char)cp);
		} else if (cp == '\n') {
			buf_puts(out, "\\n");
		} else if (cp == '\r') {
			buf_puts(out, "\\r");
		} else if (cp == '\t') {
			buf_puts(out, "\\t");
		} else if (is_unsafe(cp)) {
			buf_printf(out, "\\u%04x", (unsigned)cp);
		} else {
			buf_add(out, p + i, len);
		}
		i += len;
	}
	if (n < s.n)
		buf_puts(out, "...");
}

/* logfmt values without quotes: printable ASCII other than space, quote, backslash and '='. */
static bool is_plain(struct str s)
{
	if (s.n == 0 || s.n > VALUE_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c <= ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '=')
			return false;
	}
	return true;
}

static void put_key(struct buf *out, enum log_format format, const char *key)
{
	if (format == LOG_JSON)
		buf_printf(out, ",\"%s\":", key);
	else
		buf_printf(out, " %s=", key);
}

static void put_text(struct buf *out, enum log_format format, const char *key, struct str s)
{
	put_key(out, format, key);
	if (format == LOG_LOGFMT && is_plain(s)) {
		buf_str(out, s);
		return;
	}
	buf_putc(out, '"');
	put_escaped(out, s);
	buf_putc(out, '"');
}

static void put_field(struct buf *out, enum log_format format, const struct log_field *f)
{
	char text[24];

	switch (f->kind) {
	case LOG_END:
		break;
	case LOG_STR:
		put_text(out, format, f->key, f->v.s);
		break;
	case LOG_CSTR:
		put_text(out, format, f->key, str_c(f->v.c));
		break;
	case LOG_I64:
		put_key(out, format, f->key);
		buf_printf(out, "%" PRId64, f->v.i);
		break;
	case LOG_U64:
		put_key(out, format, f->key);
		buf_printf(out, "%" PRIu64, f->v.u);
		break;
	case LOG_BOOL:
		put_key(out, format, f->key);
		buf_puts(out, f->v.b ? "true" : "false");
		break;
	case LOG_ERRV:
		put_text(out, format, f->key, str_c(f->v.e != NULL ? f->v.e->msg : NULL));
		put_text(out, format, "code",
			 str_c(err_code_name(f->v.e != NULL ? f->v.e->code : ERR_OK)));
		break;
	case LOG_TIME:
		put_text(out, format, f->key, str_c(time_format_rfc3339(f->v.i, text)));
		break;
	}
}

static const char *level_name(enum log_level level)
{
	switch (level) {
	case LOG_ERROR:
		return "error";
	case LOG_WARN:
		return "warn";
	case LOG_INFO:
		return "info";
	case LOG_DEBUG:
		return "debug";
	}
	return "unknown";
}

void log_format_line(struct buf *out, enum log_format format, enum log_level level,
		     const char *event, const struct log_field *fields)
{
	size_t start = out->n;
	int64_t now = clock_now_ns();
	char date[24];

	time_format_rfc3339(now / DURATION_SECOND, date);
	date[19] = '\0'; /* milliseconds instead of the Z */
	int ms = (int)(now / 1000000 % 1000);
	if (format == LOG_JSON)
		buf_printf(out, "{\"time\":\"%s.%03dZ\",\"level\":\"%s\",\"event\":\"%s\"", date,
			   ms, level_name(level), event);
	else
		buf_printf(out, "time=%s.%03dZ level=%s event=%s", date, ms, level_name(level),
			   event);
	for (; fields != NULL && fields->kind != LOG_END; fields++) {
		if (out->n - start > LINE_MAX) {
			put_key(out, format, "cut");
			buf_puts(out, "true");
			break;
		}
		put_field(out, format, fields);
	}
	buf_puts(out, format == LOG_JSON ? "}\n" : "\n");
}
