/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "api/body.h"
#include "base/bug.h"
#include "codec/b64.h"

/* Bodies of /sign, /rekey and /revoke; the first byte says which: 's', 'k', or 'r'. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void refused(const struct err *e)
{
	ENSURE(e->code == ERR_INVALID || e->code == ERR_TOO_LARGE || e->code == ERR_UNSUPPORTED);
	ENSURE(e->msg[0] != '\0' && e->pub[0] != '\0');
}

static void sign(struct str text, struct arena *a)
{
	struct sign_body b;
	struct err e = ERR_INIT;

	if (sign_body_parse(text, a, &b, &e) < 0) {
		refused(&e);
		return;
	}
	ENSURE(b.csr.der.n > 0 && b.csr.spki.n > 0);
	ENSURE(b.endpoint.n == 0 || b.endpoint.n == 16);
	ENSURE(utf8_valid(b.ott) && utf8_valid(b.not_before) && utf8_valid(b.not_after));
}

static void rekey(struct str text, struct arena *a)
{
	struct rekey_body b;
	struct err e = ERR_INIT;

	if (rekey_body_parse(text, a, &b, &e) < 0)
		refused(&e);
	else
		ENSURE(b.csr.der.n > 0 && b.csr.spki.n > 0);
}

/* What was read is written as decimal, and read again the same. */
static void revoke_request(struct str text, struct arena *a)
{
	struct revoke_body b;
	struct str again;
	struct err e = ERR_INIT;

	if (revoke_body_parse(text, a, &b, &e) < 0) {
		refused(&e);
		return;
	}
	ENSURE(b.serial.n >= 1 && b.serial.n <= 20 && b.serial.p[0] != '\0');
	ENSURE(b.decimal.n >= 1 && b.decimal.p[0] != '0');
	ENSURE(serial_parse(b.decimal, a, &again, &e) == 0 && str_eq(again, b.serial));
	ENSURE(b.reason >= 0 && b.reason <= 10 && b.reason != 7);
	ENSURE(b.text.n <= REVOKE_TEXT_MAX && utf8_valid(b.text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();

	if (size > 0 && data[0] == 's')
		sign(str_mem(data + 1, size - 1), a);
	else if (size > 0 && data[0] == 'k')
		rekey(str_mem(data + 1, size - 1), a);
	else if (size > 0 && data[0] == 'r')
		revoke_request(str_mem(data + 1, size - 1), a);
	arena_free(a);
	return 0;
}
