/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "x509/x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A certificate: read, shown, held against itself, its extensions written again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct err e = ERR_INIT;
	struct buf out = BUF_INIT;
	struct cert c;

	if (cert_parse(str_mem(data, size), a, &c, &e) == 0) {
		struct chain_params p = {.roots = &c,
					 .n_roots = 1,
					 .intermediates = &c,
					 .n_intermediates = 1,
					 .now = c.not_before,
					 .usage = OID_EKU_SERVER_AUTH};
		struct step_provisioner prov;
		const struct ext *x = ext_find(&c.exts, OID_STEP_PROVISIONER);

		ENSURE(c.serial.n >= 1 && c.serial.n <= 20);
		cert_describe(&c, true, &out);
		cert_describe(&c, false, &out);
		buf_reset(&out);
		if (c.exts.n > 0) {
			ext_list_write(&c.exts, &out);
			ENSURE(memmem(c.tbs.p, c.tbs.n, out.p, out.n) != NULL);
		}
		(void)!name_constraints_check(&c, &c, &e);
		(void)!chain_verify(&c, &p, &e);
		if (x != NULL)
			(void)!ext_step_provisioner_parse(x->value, a, &prov, &e);
	} else {
		ENSURE(e.code == ERR_INVALID);
	}
	buf_release(&out);
	arena_free(a);
	return 0;
}
