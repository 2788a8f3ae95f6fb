/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "x509/x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A request, DER or PEM: read, shown, its names compared and written again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct err e = ERR_INIT;
	struct buf out = BUF_INIT;
	struct str in = str_mem(data, size);
	struct csr c;
	int rc = csr_parse(in, a, &c, &e);

	if (rc < 0)
		rc = csr_pem_parse(in, a, &c, &e);
	if (rc == 0) {
		struct key *k = NULL;

		csr_describe(&c, true, &out);
		csr_describe(&c, false, &out);
		buf_reset(&out);
		if (c.sans.n > 0) {
			san_write(&c.sans, &out);
			ENSURE(str_eq(buf_view(&out), ext_find(&c.exts, OID_SAN)->value));
		}
		for (size_t i = 0; i < c.sans.n; i++)
			ENSURE(san_equal(&c.sans.items[i], &c.sans.items[i]));
		if (csr_verify(&c, &k, &e) < 0)
			ENSURE(k == NULL && e.code != ERR_OK && e.code != ERR_UNAUTHORIZED);
		key_free(k);
	} else {
		ENSURE(e.code == ERR_INVALID);
	}
	buf_release(&out);
	arena_free(a);
	return 0;
}
