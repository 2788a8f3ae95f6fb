/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/arena.h"
#include "base/bug.h"
#include "jose/jwt.h"

/* Parsing a token and its claims, up to the signature. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct str want[] = {{"https://ca.example/1.0/sign", 27},
					  {"step-certificate-authority", 26}};
	struct arena *a = arena_new();
	struct err e = ERR_INIT;
	struct jwt_claims c;
	struct jws j;

	if (jws_parse(str_mem(data, size), a, &j, &e) == 0) {
		ENSURE(json_is_object(j.header) && j.alg != SIG_NONE && j.signature.n > 0);
		ENSURE(j.signing_input.n < size);
		if (jwt_claims(j.payload, &c, &e) == 0) {
			(void)jwt_audience(c.aud, want, ARRAY_LEN(want));
			if (jwt_check_time(&c, INT64_C(1800000000), 3600, &e) == 0)
				ENSURE(c.exp >= INT64_C(1800000000) - 60 &&
				       c.exp <= INT64_C(1800000000) + 3660);
		}
		jws_release(&j);
	} else {
		ENSURE(e.code != ERR_OK && e.msg[0] && !j.header && !j.payload);
	}
	arena_free(a);
	return 0;
}
