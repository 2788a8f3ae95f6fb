/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/mem.h"
#include "codec/b64.h"
#include "codec/idna.h"

#include <idn2.h>

/*
 * idna.c - libidn2 decides on names that are not plain ASCII and on A-labels; other ASCII names
 * only become lower case. The library alone is not trusted with syntax: what comes out must be an
 * LDH name.
 */

#define NAME_MAX_UTF8 1024

static bool label_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

static bool label_valid(struct str l)
{
	if (l.n == 0 || l.n > 63 || l.p[0] == '-' || l.p[l.n - 1] == '-')
		return false;
	for (size_t i = 0; i < l.n; i++)
		if (!label_char(l.p[i]))
			return false;
	return true;
}

bool dns_name_valid(struct str name, bool allow_wildcard)
{
	if (name.n == 0 || name.n > 253)
		return false;
	if (allow_wildcard && str_starts(name, "*.")) {
		name.p += 2;
		name.n -= 2;
	}
	for (;;) {
		const char *dot = name.n > 0 ? memchr(name.p, '.', name.n) : NULL;
		struct str label = {name.p, dot != NULL ? (size_t)(dot - name.p) : name.n};

		if (!label_valid(label))
			return false;
		if (dot == NULL)
			return true;
		name.p += label.n + 1;
		name.n -= label.n + 1;
	}
}

/* Has it a label that libidn2 must see: a byte over 0x7f, or the prefix of A-labels? */
static bool needs_library(struct str name)
{
	bool start = true;

	for (size_t i = 0; i < name.n; i++) {
		struct str four = {name.p + i, name.n - i < 4 ? name.n - i : 4};

		if ((unsigned char)name.p[i] >= 0x80 || (start && str_ieqc(four, "xn--")))
			return true;
		start = name.p[i] == '.';
	}
	return false;
}

static int convert(struct str name, struct arena *a, struct str *out, struct err *e)
{
	char *ascii = NULL, *text;
	int rc;

	text = arena_cstr(a, name);
	rc = idn2_lookup_u8((const uint8_t *)text, (uint8_t **)&ascii,
			    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL | IDN2_ALABEL_ROUNDTRIP);
	if (rc != IDN2_OK)
		return ERR(e, ERR_INVALID, "DNS name: %s", idn2_strerror(rc));
	*out = arena_str(a, str_c(ascii));
	idn2_free(ascii);
	return 0;
}

int idna_to_ascii(struct str name, struct arena *a, struct str *out, struct err *e)
{
	struct str body = name, low;
	bool wildcard = str_starts(name, "*.");
	char *p;

	if (name.n == 0 || name.n > NAME_MAX_UTF8 || str_has(name, '\0') || !utf8_valid(name))
		return ERR(e, ERR_INVALID, "DNS name: empty, too long or not UTF-8");
	if (wildcard) {
		body.p += 2;
		body.n -= 2;
	}
	if (needs_library(body) && convert(body, a, &body, e) != 0)
		return -1;
	p = arena_printf(a, "%s" STR_FMT, wildcard ? "*." : "", STR_ARG(body));
	low = str_c(p);
	for (; *p != '\0'; p++)
		*p = ascii_lower(*p);
	if (!dns_name_valid(low, true))
		return ERR(e, ERR_INVALID,
			   "DNS name: a label is empty, over 63 characters, or has others than "
			   "letters, digits, hyphen and underscore");
	*out = low;
	return 0;
}
