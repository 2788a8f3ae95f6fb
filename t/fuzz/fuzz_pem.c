/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "codec/b64.h"
#include "codec/pem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_base64(struct str in, enum b64_kind kind)
{
	struct buf raw = BUF_INIT, text = BUF_INIT;
	struct err e = ERR_INIT;

	if (b64_decode(kind, in, &raw, &e) == 0) {
		b64_encode(kind, buf_view(&raw), &text);
		ENSURE(str_eq(in, buf_view(&text)));
	}
	buf_release(&raw);
	buf_release(&text);
}

/* All blocks of a text, each written and read again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_mem(data, size), rest = in;
	struct pem_block b, again;
	struct err e = ERR_INIT;

	while (pem_next(&rest, &b, &e) == 1) {
		struct buf text = BUF_INIT;
		char *label = strndup(b.label.p, b.label.n);
		struct str back;

		ENSURE(label != NULL);
		pem_write(&text, label, buf_view(&b.der));
		back = buf_view(&text);
		ENSURE(pem_next(&back, &again, &e) == 1 && back.n == 0);
		ENSURE(str_eq(b.label, again.label) &&
		       str_eq(buf_view(&b.der), buf_view(&again.der)));
		pem_block_release(&again);
		pem_block_release(&b);
		buf_release(&text);
		free(label);
	}
	try_base64(in, B64_STD);
	try_base64(in, B64_URL);
	return 0;
}
