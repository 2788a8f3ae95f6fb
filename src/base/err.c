/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/err.h"

/*
 * Every text is built in a local buffer first and copied after, because arguments often point into
 * the error that is being replaced: ERR(e, code, "%s", e->msg).
 */

/* Length of s without a UTF-8 sequence that was cut at its end. */
static size_t whole_chars(const char *s, size_t n)
{
	size_t back = 0;
	while (back < n && back < 3 && ((unsigned char)s[n - 1 - back] & 0xc0) == 0x80)
		back++;
	if (back == n)
		return n;

	unsigned char lead = (unsigned char)s[n - 1 - back];
	size_t want = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
	return want > back ? n - 1 - back : n;
}

static void take_text(char *to, size_t size, char *text, int printed)
{
	size_t n;

	if (printed < 0)
		text[0] = '\0';
	n = strlen(text);
	if (n >= size)
		n = size - 1;
	if ((size_t)(printed < 0 ? 0 : printed) > n)
		n = whole_chars(text, n);
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];
		to[i] = c < 0x20 || c == 0x7f ? '?' : text[i];
	}
	to[n] = '\0';
}

int err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	char text[sizeof(e->msg)];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	e->code = code;
	e->pub[0] = '\0';
	take_text(e->msg, sizeof(e->msg), text, n);
	return -1;
}

static enum err_code code_of_errno(int errnum)
{
	switch (errnum) {
	case ENOENT:
		return ERR_NOT_FOUND;
	case ENOSPC:
		return ERR_UNAVAILABLE;
	default:
		return ERR_INTERNAL;
	}
}

int err_errno(struct err *e, int errnum, const char *fmt, ...)
{
	char text[sizeof(e->msg)], both[sizeof(e->msg) + 160], why[128];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		text[0] = '\0';
	const char *reason = strerror_r(errnum, why, sizeof(why));
	n = snprintf(both, sizeof(both), "%s: %s", text, reason);
	e->code = code_of_errno(errnum);
	e->pub[0] = '\0';
	take_text(e->msg, sizeof(e->msg), both, n);
	return -1;
}

int err_wrap(struct err *e, const char *fmt, ...)
{
	char text[sizeof(e->msg)], both[2 * sizeof(e->msg) + 4];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		text[0] = '\0';
	n = snprintf(both, sizeof(both), "%s: %s", text, e->msg);
	take_text(e->msg, sizeof(e->msg), both, n);
	return -1;
}

int err_public(struct err *e, const char *fmt, ...)
{
	char text[sizeof(e->pub)];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	take_text(e->pub, sizeof(e->pub), text, n);
	return -1;
}

const char *err_code_name(enum err_code code)
{
	switch (code) {
	case ERR_OK:
		return "ok";
	case ERR_INVALID:
		return "invalid";
	case ERR_UNAUTHORIZED:
		return "unauthorized";
	case ERR_FORBIDDEN:
		return "forbidden";
	case ERR_NOT_FOUND:
		return "not_found";
	case ERR_CONFLICT:
		return "conflict";
	case ERR_TOO_LARGE:
		return "too_large";
	case ERR_RATE_LIMITED:
		return "rate_limited";
	case ERR_TIMEOUT:
		return "timeout";
	case ERR_UNAVAILABLE:
		return "unavailable";
	case ERR_CANCELLED:
		return "cancelled";
	case ERR_UNSUPPORTED:
		return "unsupported";
	case ERR_INTERNAL:
		return "internal";
	}
	return "unknown";
}
