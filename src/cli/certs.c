/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/certs.h"

#include "base/clock.h"
#include "codec/uri.h"
#include "codec/uuid.h"

/* certs.c - what the operator's commands share: pages of certificates, their words and colours. */

struct str json_text(const json_t *o, const char *key)
{
	return json_str_view(json_member(o, key, 0));
}

bool json_time(const json_t *o, const char *key, int64_t *out)
{
	struct str s = json_text(o, key);
	struct err ignore = ERR_INIT;

	return s.n > 0 && time_parse_rfc3339(s, out, &ignore) == 0;
}

/* ---- pages ---- */

void query_add(struct buf *q, const char *key, struct str value)
{
	if (q->n > 0)
		buf_putc(q, '&');
	buf_puts(q, key);
	buf_putc(q, '=');
	uri_escape(value, q);
}

static json_t *ask_page(struct cli *c, struct str query, unsigned limit, struct str cursor,
			struct err *e)
{
	struct control_call call = {.method = "GET"};
	struct buf path = BUF_INIT, q = BUF_INIT;
	json_t *page;

	buf_str(&q, query);
	query_add(&q, "limit", str_c(arena_printf(c->arena, "%u", limit)));
	if (cursor.n > 0)
		query_add(&q, "cursor", cursor);
	buf_puts(&path, "/control/v1/certificates?");
	buf_str(&path, buf_view(&q));
	call.path = path.p;
	page = control_call(c, &call, e);
	buf_release(&path);
	buf_release(&q);
	return page;
}

json_t *certs_page(struct cli *c, struct str query, unsigned limit, struct str cursor,
		   struct err *e)
{
	for (;; limit /= 4) {
		json_t *page = ask_page(c, query, limit, cursor, e);

		if (page != NULL && !json_is_array(json_member(page, "certificates", 0))) {
			ERR(e, ERR_INVALID, "the daemon's answer has no list of certificates");
			json_decref(page);
			return NULL;
		}
		/* Certificates with hundreds of names: fewer fit. */
		if (page != NULL || e->code != ERR_TOO_LARGE || limit < 4)
			return page;
	}
}

struct str certs_next(const json_t *page)
{
	return json_text(page, "nextCursor");
}

/* ---- words ---- */

enum table_colour cert_colour(struct str status)
{
	if (str_eqc(status, "valid"))
		return TABLE_GOOD;
	if (str_eqc(status, "revoked"))
		return TABLE_BAD;
	return str_eqc(status, "expired") ? TABLE_DIM : TABLE_WARN;
}

struct str cert_expiry(struct arena *a, const json_t *cert, int64_t now, enum table_colour *colour)
{
	int64_t from = 0, to;

	*colour = TABLE_PLAIN;
	if (!json_time(cert, "notAfter", &to))
		return STR("-");
	(void)json_time(cert, "notBefore", &from);
	if (to < now)
		*colour = TABLE_DIM;
	else if (to - now < (to - from) / 5)
		*colour = TABLE_WARN;
	return str_c(time_distance(a, to, now));
}

struct str cert_label(const json_t *cert)
{
	struct str s = json_text(cert, "commonName");

	if (s.n == 0)
		s = json_str_view(json_array_get(json_member(cert, "names", 0), 0));
	return s.n > 0 ? s : STR("-");
}

struct str cert_names(struct arena *a, const json_t *cert)
{
	const json_t *names = json_member(cert, "names", 0);
	struct buf out = BUF_INIT;
	struct str text;

	for (size_t i = 0; i < json_array_size(names); i++) {
		if (out.n > 0)
			buf_putc(&out, ' ');
		buf_str(&out, json_str_view(json_array_get(names, i)));
	}
	text = arena_str(a, buf_view(&out));
	buf_release(&out);
	return text;
}

/* ---- reasons for revoking (RFC 5280 5.3.1) ---- */

static const char *const reasons[] = {
	"unspecified",	 "keyCompromise",	 "cACompromise",    "affiliationChanged",
	"superseded",	 "cessationOfOperation", "certificateHold", NULL /* not used */,
	"removeFromCRL", "privilegeWithdrawn",	 "aACompromise",
};

const char *reason_name(int64_t n)
{
	return n >= 0 && n < (int64_t)ARRAY_LEN(reasons) ? reasons[n] : NULL;
}

int reason_number(const char *text)
{
	char plain[32];
	size_t n = 0;

	for (; *text != '\0'; text++)
		if (*text != '-' && *text != '_' && n < sizeof(plain) - 1)
			plain[n++] = *text;
	for (int i = 0; i < (int)ARRAY_LEN(reasons); i++)
		if (reasons[i] != NULL && str_ieqc(str_mem(plain, n), reasons[i]))
			return i;
	return -1;
}

/* ---- what names a certificate or an endpoint ---- */

#define SERIAL_HEX_MAX	   40
#define SERIAL_DECIMAL_MAX 49

static bool all_of(struct str s, const char *set)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '\0' || strchr(set, s.p[i]) == NULL)
			return false;
	return s.n > 0;
}

/* Digits of a hex serial without colons and a leading 0x; empty when it is none. */
static struct str hex_digits(struct arena *a, struct str text)
{
	struct buf out = BUF_INIT;
	struct str s = STR_NULL;

	if (str_starts(text, "0x") || str_starts(text, "0X"))
		text = str_mem(text.p + 2, text.n - 2);
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] != ':')
			buf_putc(&out, ascii_lower(text.p[i]));
	if (all_of(buf_view(&out), "0123456789abcdef") && out.n <= SERIAL_HEX_MAX)
		s = arena_str(a, buf_view(&out));
	buf_release(&out);
	return s;
}

int cert_id_parse(struct cli *c, const char *text, struct cert_id *out, struct err *e)
{
	struct str s = str_c(text), hex = hex_digits(c->arena, s);
	unsigned char id[16];
	char uuid[37];

	*out = (struct cert_id){0};
	if (all_of(s, "0123456789") && s.n <= SERIAL_DECIMAL_MAX)
		out->serial = text;
	else if (hex.n > 0)
		out->serial = arena_printf(c->arena, "0x" STR_FMT, STR_ARG(hex));
	if (out->serial != text && uuid_parse(s, id) == 0) {
		uuid_format(id, uuid);
		out->endpoint = arena_strdup(c->arena, uuid);
	}
	if (out->serial != NULL || out->endpoint != NULL)
		return 0;
	return cli_misuse(
		c, e,
		"\"%s\": neither a serial number (decimal, or hexadecimal as 0x1f or 1f:2e) "
		"nor an endpoint's id (a UUID)",
		text);
}

int output_done(bool *gone, struct err *e)
{
	*gone = false;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	*gone = errno == EPIPE;
	if (*gone)
		clearerr(stdout);
	return *gone ? 0 : err_errno(e, errno != 0 ? errno : EIO, "standard output");
}

int output_end(struct cli *c)
{
	struct err e = ERR_INIT;
	bool gone;

	return output_done(&gone, &e) < 0 ? cli_fail(c, &e) : EXIT_DONE;
}
