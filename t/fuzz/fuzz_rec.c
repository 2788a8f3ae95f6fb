/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "codec/rec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct thing {
	struct str raw, text;
	int64_t when;
	uint64_t count;
	bool yes;
	struct rec_list names;
};
static const struct rec_field fields[] = {
	REC_FIELD(REC_BYTES, struct thing, raw), REC_FIELD(REC_TEXT, struct thing, text),
	REC_FIELD(REC_I64, struct thing, when),	 REC_FIELD(REC_U64, struct thing, count),
	REC_FIELD(REC_BOOL, struct thing, yes),	 REC_FIELD(REC_LIST, struct thing, names),
};
static const struct rec_type_info info = {"thing", 1, fields, ARRAY_LEN(fields)};

/*
 * A damaged record is an error; one that reads can be written, and reads again as the same bytes.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct buf first = BUF_INIT, second = BUF_INIT;
	struct err e = ERR_INIT;
	struct thing t;

	if (rec_decode(&info, str_mem(data, size), a, &t, &e) == 0) {
		rec_encode(&info, &t, &first);
		ENSURE(!first.failed);
		if (first.n <= 1 << 20) {
			ENSURE(rec_decode(&info, buf_view(&first), a, &t, &e) == 0);
			rec_encode(&info, &t, &second);
			ENSURE(str_eq(buf_view(&first), buf_view(&second)));
		}
	} else {
		ENSURE(e.code == ERR_INTERNAL);
	}
	buf_release(&first);
	buf_release(&second);
	arena_free(a);
	return 0;
}
