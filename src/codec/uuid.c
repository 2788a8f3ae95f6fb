/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/uuid.h"

static const char digits[] = "0123456789abcdef";

/* A dash stands before these bytes. */
static bool dash_before(size_t i)
{
	return i == 4 || i == 6 || i == 8 || i == 10;
}

static int nibble(char c)
{
	const char *p = c ? strchr(digits, ascii_lower(c)) : NULL;

	return p ? (int)(p - digits) : -1;
}

int uuid_parse(struct str text, unsigned char out[16])
{
	bool dashes = text.n == 36;
	unsigned char id[16];
	const char *p = text.p;

	if (!dashes && text.n != 32)
		return -1;
	for (size_t i = 0; i < sizeof(id); i++) {
		int hi, lo;

		if (dashes && dash_before(i) && *p++ != '-')
			return -1;
		hi = nibble(*p++);
		lo = nibble(*p++);
		if (hi < 0 || lo < 0)
			return -1;
		id[i] = (unsigned char)(hi << 4 | lo);
	}
	memcpy(out, id, sizeof(id));
	return 0;
}

void uuid_format(const unsigned char id[16], char out[37])
{
	char *p = out;

	for (size_t i = 0; i < 16; i++) {
		if (dash_before(i))
			*p++ = '-';
		*p++ = digits[id[i] >> 4];
		*p++ = digits[id[i] & 15];
	}
	*p = 0;
}
