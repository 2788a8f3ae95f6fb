/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/metric.h"
#include "jose/jwe.h"
#include "jose/priv.h"

/* The stage before any derivation, and symmetric keys: whatever comes, nothing is derived. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char key[64] =
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde";
	static const size_t lengths[] = {16, 24, 32, 48, 64};
	struct arena *a = arena_new();
	struct err e = ERR_INIT;
	struct secret plain = SECRET_INIT;
	struct jwe j;

	if (jwe_parse(str_mem(data, size), a, &j, &e) == 0) {
		ENSURE(j.alg && j.enc);
		if (j.alg->wrap == JWE_PBES2)
			ENSURE(j.p2c >= 1000 && j.p2c <= 1000000 && j.p2s.n >= 8 &&
			       j.p2s.n <= 1024);
		else
			for (size_t i = 0; i < ARRAY_LEN(lengths); i++)
				if (jwe_decrypt_key(str_mem(data, size), str_mem(key, lengths[i]),
						    &plain, &e) < 0)
					ENSURE(plain.n == 0);
	}
	ENSURE(metric_value(METRIC_KDF_DERIVATIONS) == 0);
	secret_release(&plain);
	arena_free(a);
	return 0;
}
