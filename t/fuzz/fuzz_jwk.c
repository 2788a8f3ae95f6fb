/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "jose/jwk.h"

/* A key that is read is written and read again as the same key. The first byte chooses public
 * (even) or private. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct err e = ERR_INIT;

	(void)argc;
	(void)argv;
	return crypto_init(NULL, &e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = ERR_INIT;
	struct jwk j, again;
	bool want_private;
	json_t *o;

	if (size < 1)
		return 0;
	want_private = data[0] & 1;
	o = json_parse(str_mem(data + 1, size - 1), &json_limits_request, JSON_REFUSE_DUPLICATES,
		       &e);
	if (!o)
		return 0;
	if (jwk_parse(o, want_private, &j, &e) == 0) {
		json_t *w = jwk_json(j.key, j.kid, want_private);
		ENSURE(key_is_private(j.key) == want_private);
		ENSURE(jwk_parse(w, want_private, &again, &e) == 0);
		ENSURE(key_equal(j.key, again.key));
		jwk_release(&again);
		json_decref(w);
		jwk_release(&j);
	}
	json_decref(o);
	return 0;
}
