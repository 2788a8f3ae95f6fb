/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "kms/check.h"
#include "kms/msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Requests and answers as a stranger writes them: what parses must be written back to the same
 * bytes; a TBS is taken apart. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_mem(data, size), body;
	struct kms_request r;
	struct err e = ERR_INIT;
	struct buf again = BUF_INIT;

	if (kms_request_parse(in, &r, &e) == 0) {
		kms_request_write(&r, &again);
		ENSURE(!again.failed && str_eq(buf_view(&again), in));
		if (r.type == KMS_MSG_SIGN)
			(void)!kms_check_tbs(r.tbs, r.issuer, r.alg, &e);
	} else {
		ENSURE(e.code == ERR_INVALID);
	}
	buf_reset(&again);
	e = (struct err)ERR_INIT;
	if (kms_answer_parse(in, &body, &e) == 0) {
		kms_answer_ok(body, &again);
		ENSURE(str_eq(buf_view(&again), in));
	} else {
		ENSURE(e.code != ERR_OK);
	}
	buf_release(&again);
	return 0;
}
