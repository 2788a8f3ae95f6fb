/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "profile/lint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The linter reads what the parser refuses; what it finds nothing against, the parser takes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (unsigned tls = 0; tls < 2; tls++) {
		struct arena *a = arena_new();
		struct lint_options o = {.tls = tls};
		struct lint_report r = {.arena = a}, of_tbs = {.arena = a};
		struct err e = ERR_INIT;
		struct cert c;

		lint_der(str_mem(data, size), &o, &r);
		lint_tbs(str_mem(data, size), &o, &of_tbs);
		for (size_t i = 0; i < r.n; i++)
			ENSURE(r.items[i].code[0] != '\0' && r.items[i].text[0] != '\0');
		if (r.count[LINT_ERROR] == 0)
			ENSURE(cert_parse(str_mem(data, size), a, &c, &e) == 0);
		arena_free(a);
	}
	return 0;
}
