/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "crypto/priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Public keys and the DER of ECDSA signatures. What is accepted is the one encoding of it: written
 * again it is the same bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_mem(data, size);
	struct buf raw = BUF_INIT, der = BUF_INIT;
	struct err e = ERR_INIT;

	struct key *k = key_from_spki(in, &e);
	if (k != NULL) {
		key_to_spki(k, &der);
		ENSURE(str_eq(buf_view(&der), in));
		key_free(k);
	}
	for (enum key_type t = KEY_P256; t <= KEY_P521; t++) {
		buf_reset(&raw);
		buf_reset(&der);
		if (sig_der_to_raw(t, in, &raw, &e) != 0)
			continue;
		ENSURE(raw.n == 2 * key_type_info(t)->width);
		ENSURE(sig_raw_to_der(t, buf_view(&raw), &der, &e) == 0);
		ENSURE(str_eq(buf_view(&der), in));
	}
	buf_release(&raw);
	buf_release(&der);
	return 0;
}
